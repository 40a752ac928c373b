"""Excellent practice in one authority: noticed, thanked by those who lead, and quoted by leave of whoever it names."""

from datetime import datetime

from api.demo.trust_scenes import SceneToSee, TrustScenes
from workflows.calendar.working_days import local_date
from workflows.model.events import LearningNoted, QuoteAnswered, QuoteOffered, Raised, Thanked
from workflows.model.ladder import ItemType

WELL = (
    "The worker made the life-story book with the child, a page a week, and brought the grandmother in to fill the early years."
)
CHANGED = "The child shows the book to visitors, and asks fewer times a day where home is."
QUOTE = "A worker made a life-story book with a child, a page a week. It answered what nobody had been able to answer before."
LEARNED = "A life-story book is begun in the first weeks, with whoever still remembers, and not left for the plan."
TOLD_OF_IT = "The team's meeting, and the heads of service at the themes meeting."


class PracticeScenes(TrustScenes):
    """Tells the scene of Derby, on the last working days before `now` (aware UTC)."""

    def tell(self) -> list[SceneToSee]:
        """One notice: a manager and a leader thank, the IRO offers words to reports, and the practitioner agrees."""
        if self._key != "derby":
            return []
        item = self._notice("Olivia Marsh", "DY20117", self._at(3, 9))
        self._act("Rachel Haslam", item, Thanked("This is what we want every child to have. Thank you."), self._at(3, 11))
        self._act("Colin Etwall", item, Thanked("I have read it twice. Thank you for the time you gave."), self._at(2, 10))
        self._act("Olivia Marsh", item, QuoteOffered(QUOTE, tells_nothing=True), self._at(2, 11))
        self._act("Hannah Bright", item, QuoteAnswered(agrees=True, offer=1), self._at(1, 10))
        told = self._at(1, 15)
        self._act("Olivia Marsh", item, LearningNoted(LEARNED, TOLD_OF_IT, local_date(told)), told)
        return [
            SceneToSee("excellent practice that is thanked", "Hannah Bright", f"/challenges/{item}", item),
            SceneToSee("words that reports may quote", "Colin Etwall", "/themes/practice"),
        ]

    def _notice(self, raiser: str, child: str, now: datetime) -> str:
        event = Raised(ItemType.EXCELLENT_PRACTICE, ("excellent_practice",), WELL, CHANGED)
        answer = self._casework.raise_item(
            self._signed(raiser, now), child, event, now, lambda _, done: {"reference": done.loaded.reference}
        )
        self._mail(now)
        return str(answer["reference"])
