"""Who somebody is, for whoever redacts: name, outside agency, the posts that they held on a day."""

from collections.abc import Iterable, Mapping
from datetime import date

from api.exports.sar_export.contents import Writer
from api.presenters import item_view
from drp.data_protection.subject_data import RecordedPerson
from workflows.model.authority import Authority

THE_SERVICE = "the service"
UNKNOWN = "somebody whom the directory does not know"


class SarWriters:
    """The people of some rows, spoken of in one authority's words."""

    def __init__(self, words: Authority, known: Mapping[str, RecordedPerson], raiser: str = "") -> None:
        self._words, self._known, self._raiser = words, known, raiser

    def name(self, person: str) -> str:
        """Their name; empty for nobody."""
        return self._known[person].name if person in self._known else UNKNOWN if person else ""

    def agency(self, person: str) -> str:
        """The outside agency that they are of, or empty."""
        return self._known[person].agency if person in self._known else ""

    def title(self, role: str) -> str:
        """A role in the authority's own words."""
        return item_view.title_of(self._words, role, self._raiser)

    def posts(self, person: str, day: date) -> list[str]:
        """What they were on a day, each post once."""
        held = self._known[person].posts if person in self._known else ()
        return sorted({self.title(post.role) for post in held if post.is_held_on(day)})

    def writer(self, person: str, day: date, parts: Iterable[str] = (), behalf_of: str = "") -> Writer:
        """Who did something on a day (Europe/London)."""
        return Writer(
            name=self.name(person) or THE_SERVICE,
            posts=self.posts(person, day),
            acting_as=list(parts) if person else [],
            agency=self.agency(person) or self.agency(behalf_of),
            on_behalf_of=self.name(behalf_of),
        )
