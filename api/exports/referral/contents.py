"""What a bundle says, as closed models: `referral.json` is exactly this, and its JSON Schema is made from it."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

FORMAT = "drp referral 1"
"""The version of the schema: it changes when a reader of the JSON would have to."""


class BundlePart(BaseModel):
    """Closed and frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ChecklistItem(BundlePart):
    """One thing that a referral should say. `known` is what the record says to it, `written` the IRO's own words."""

    number: int
    key: str
    section: str
    title: str
    standing: Literal["included", "not applicable", "missing"]
    known: list[str]
    written: str


class StageReached(BundlePart):
    """One stay at a stage: to whom, until when, what came. Working days are Monday to Friday less bank holidays."""

    stage: str
    since: datetime
    since_in_words: str
    how: str
    to: list[str]
    copied: list[str]
    promised: date | None
    """The day by whose end a reply was promised (Europe/London); none: no date runs here."""
    promised_in_words: str
    working: str
    came: str
    """Answered, no reply, part answered, or what else became of the promise."""
    came_on: date | None
    days_allowed: int | None
    days_used: int | None


class Spoken(BundlePart):
    """What somebody wrote, under the name of its question. `text` is empty where `left_out` says why."""

    question: str
    text: str
    left_out: str


class ChronologyEntry(BundlePart):
    """One line of the timeline. `at` is UTC; `at_in_words` is London's time."""

    number: int
    kind: str
    at: datetime
    at_in_words: str
    headline: str
    by: str
    on_behalf_of: str
    stage: str
    lines: list[str]
    words: list[Spoken]


class EnclosedDocument(BundlePart):
    """A document on the record: `file` is its place in the bundle, or empty with the reason in `left_out`."""

    entry: int
    name: str
    about: str
    media_type: str
    size: int
    sha256: str
    file: str
    left_out: str


class Contents(BundlePart):
    """Everything that a bundle says. A rehearsal, a draft or a trial is marked as one throughout."""

    format: Literal["drp referral 1"]
    standing: Literal["referral", "draft", "rehearsal", "trial"]
    reference: str
    authority: str
    procedure: str
    about: str
    referred_at: datetime | None
    referred_at_in_words: str
    referred_by: str
    made_of: str
    """How far the record went of which this was made: its number of entries and the moment of the last."""
    grounds: list[str]
    why: str
    checklist: list[ChecklistItem]
    stages: list[StageReached]
    days_in_words: list[str]
    chronology: list[ChronologyEntry]
    documents: list[EnclosedDocument]
    left_out: list[str]
    """What is on the record and not in this bundle, counted and never silent."""
