"""What people said last year of the process, in one authority: enough of one side to be shown, too few of another."""

from datetime import date, datetime

from api.demo.trust_scenes import SceneToSee
from drp.casework.service import Casework
from drp.reports.voices import keep_voice
from workflows.calendar.working_days import local_date
from workflows.model.voices import OPEN_IN, QUESTIONS, Voice, VoiceSide, year_of

SAID: dict[VoiceSide, tuple[str, ...]] = {
    VoiceSide.IRO: ("yyyp", "yyyy", "ypyp", "pyyn", "yyyp", "yppy", "yyyy", "npyp", "yyyp", "yyy-", "ypyy"),
    VoiceSide.ANSWERED: ("yppp", "ynpy", "yyyy", "ppyp", "ynyp", "yypp", "pyyy"),
}
"""Forms of a side, each as the first letters of its four answers."""

LINES = (
    "The date helps: before, I never knew when to ask again.",
    "More talk first, please; the form comes too soon.",
    "It is quicker.",
)
ANSWERED = {"y": "yes", "p": "partly", "n": "no", "-": ""}


def tell_voices(casework: Casework, authority: str, now: datetime) -> list[SceneToSee]:
    """Keep last year's forms of Thurrock, each on a day of the stretch in which it was open."""
    if authority != "thurrock":
        return []
    year = year_of(local_date(now)) - 1
    day = date(year + 1, OPEN_IN[0], 15)
    with casework.store.write(authority) as connection:
        for side, forms in SAID.items():
            for n, letters in enumerate(forms):
                answers = dict(zip(QUESTIONS, (ANSWERED[letter] for letter in letters), strict=True))
                words = LINES[n] if n < len(LINES) and side is VoiceSide.IRO else ""
                keep_voice(connection, authority, casework.chance, Voice(year, side, answers, words), day)
    return [SceneToSee("what people say of the process", "Roger Fobbing", "/themes/voices")]
