"""Once a year, what people say of the process: who is asked what, when, and from how many answers on it is shown. Pure.

Nobody's name and no item is asked for, and none is kept.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from workflows.calendar.reporting_periods import quarter_of
from workflows.model.authority import Capacity
from workflows.model.personal_details import personal_details
from workflows.model.refusals import NotOpen, Unfit

LEAST = 10
"""So many answers of a side there are at least before anything of them is shown."""

LONGEST_LINE = 300
"""Characters of the one line of words."""

OPEN_IN = (2, 3)
"""The months in which the form is open: the last two of the reporting year, when its figures are there to look back on and the
yearly report is not written yet. A short stretch, the same for everybody, so that no form stands out by when it came."""

REFERENCE = re.compile(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}\b")
"""What looks like an item's reference, as pages and mail write it."""


class VoiceSide(StrEnum):
    """Who speaks. The values are stored: a member may be renamed, its value never changes."""

    IRO = "iro"
    ANSWERED = "answered"
    """A social worker, manager or leader: those whom challenges are put to."""
    CHILD = "child"
    ADVOCATE = "advocate"


ON_BEHALF = frozenset({VoiceSide.CHILD, VoiceSide.ADVOCATE})
"""Who sits at no screen here: their paper form, or what they say, is entered by the IRO service."""

ANSWERS = ("yes", "partly", "no")

QUESTIONS: Mapping[str, str] = {
    "clear": "Was it clear what was asked, of whom, and by when?",
    "fair": "Was it fair to everybody?",
    "heard": "Were those heard who should be, the child first?",
    "changed": "Did something change for the child?",
}

QUESTIONS_TO_CHILD: Mapping[str, str] = {
    "clear": "Did you know what was going on?",
    "fair": "Was it fair?",
    "heard": "Did people listen to you?",
    "changed": "Did anything get better?",
}
"""The same four, as a child is asked them."""


@dataclass(frozen=True)
class Voice:
    """One form, filled in: answers by the keys of `QUESTIONS`, and a line of words or none."""

    year: int
    side: VoiceSide
    answers: Mapping[str, str]
    words: str = ""


def questions_to(side: VoiceSide) -> Mapping[str, str]:
    """What a side is asked."""
    return QUESTIONS_TO_CHILD if side is VoiceSide.CHILD else QUESTIONS


def year_of(day: date) -> int:
    """The reporting year that a day (Europe/London) lies in, by its first calendar year."""
    return int(quarter_of(day)[:4])


def is_open_on(day: date) -> bool:
    """Is the form open on a day (Europe/London)?"""
    return day.month in OPEN_IN


def has_closed(year: int, day: date) -> bool:
    """Has a reporting year's form closed by a day? Nothing is shown before: the change would tell what each new answer says."""
    return year_of(day) > year


def sides_of(capacities: Collection[Capacity]) -> tuple[VoiceSide, ...]:
    """For which sides somebody of these capacities fills in a form: their own, and those who sit at no screen here."""
    of_service = {Capacity.IRO, Capacity.IRO_MANAGER, Capacity.BUSINESS_SUPPORT}.intersection(capacities)
    looks_only = {Capacity.ADMINISTRATOR, Capacity.AUDITOR}.intersection(capacities)
    found = [VoiceSide.IRO] if Capacity.IRO in capacities else []
    found += [VoiceSide.ANSWERED] if not of_service and not looks_only else []
    found += sorted(ON_BEHALF, reverse=True) if of_service else []
    return tuple(sorted(found, key=list(VoiceSide).index))


def check_voice(voice: Voice, day: date) -> None:
    """Raise unless a form may be kept on a day: NotOpen outside its stretch, Unfit for what names somebody or says nothing."""
    if not is_open_on(day) or voice.year != year_of(day):
        raise NotOpen("The form is open in February and March.", "Come back then.")
    if not any(voice.answers.values()):
        raise Unfit("Nothing is answered.", "Answer at least one question.", next(iter(QUESTIONS)))
    for key, answer in voice.answers.items():
        if key not in QUESTIONS or answer not in ("", *ANSWERS):
            raise Unfit("That is no answer to this.", "Choose yes, partly or no.", key)
    if len(voice.words) > LONGEST_LINE or len(voice.words.splitlines()) > 1:
        raise Unfit(f"This is more than a line of {LONGEST_LINE} characters.", "Shorten it.", "words")
    if REFERENCE.search(voice.words) or personal_details(voice.words):
        raise Unfit("The line seems to name an item or a person.", "Say it without numbers, names and addresses.", "words")
