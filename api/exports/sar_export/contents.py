"""What a subject access export says, as closed models: `subject-access.json` is exactly this, its JSON Schema made from it."""

from datetime import date, datetime
from typing import Literal

from api.exports.referral.contents import BundlePart

MarkKey = Literal[
    "outside_the_authority",
    "may_name_others",
    "told_in_confidence",
    "iro_service_only",
    "privileged",
    "may_be_legal_advice",
    "sealed",
    "not_sent",
    "not_looked_into",
]


class Mark(BundlePart):
    """Why a piece must be considered before it is released. `found`: what it was marked for, where that can be said."""

    key: MarkKey
    said: str
    found: list[str]


class MarkMeaning(BundlePart):
    """What a mark means, what to do about it, and how many pieces bear it."""

    key: MarkKey
    title: str
    means: str
    pieces: int


class Writer(BundlePart):
    """Who wrote or did something: their posts on that day, what they were on this item, for whom they acted."""

    name: str
    posts: list[str]
    acting_as: list[str]
    agency: str
    """The outside agency that they are of; empty: the authority's own."""
    on_behalf_of: str


class Words(BundlePart):
    """What somebody wrote, whole, under the name of its question."""

    field: str
    question: str
    text: str
    marks: list[Mark]


class Detail(BundlePart):
    """One structured fact of an entry as it is kept: text, or JSON where it is more than that. People stand by name."""

    name: str
    value: str


class Entry(BundlePart):
    """One line of a timeline. `erased`: it had words, and they were lawfully erased."""

    number: int
    kind: str
    at: datetime
    at_in_words: str
    recorded_at: datetime
    headline: str
    by: Writer
    stage: str
    read_by: Literal[
        "everyone on the item",
        "the IRO service only",
        "the child's IRO and whoever covers",
        "the IRO and their manager",
        "sealed",
    ]
    lines: list[str]
    words: list[Words]
    erased: str
    marks: list[Mark]
    details: list[Detail]


class Document(BundlePart):
    """A document on the record: `file` is its place in the ZIP, or empty with the reason in `missing`."""

    entry: int
    name: str
    about: str
    by: Writer
    media_type: str
    size: int
    sha256: str
    file: str
    missing: str
    marks: list[Mark]


class AskedHeld(BundlePart):
    """Somebody who was asked within a promise: whether they said that it had arrived, and what they answered when."""

    role: str
    name: str
    acknowledged: str
    answered: str
    answer: str
    late: bool


class PromiseHeld(BundlePart):
    """A date that was promised, and what became of it. Days are local (Europe/London)."""

    kind: str
    stage: str
    owner: str
    opened: str
    due: date | None
    working: str
    asked: list[AskedHeld]
    closed: str
    closed_as: str


class Reached(BundlePart):
    """Somebody to whom the item was addressed or copied."""

    name: str
    role: str
    as_to: bool
    since: str


class Message(BundlePart):
    """One person's copy of one message: what it was about, when, in which post, and what became of the mail."""

    subject: str
    subject_in_words: str
    at: datetime
    at_in_words: str
    stage: str
    name: str
    post: str
    as_to: bool
    mail: str
    mailed: str
    read: str
    opened: str
    trouble: str


class Item(BundlePart):
    """One challenge or notice about the child, whole. Of items linked to it (brothers and sisters) only the references."""

    reference: str
    kind: str
    procedure: str
    standing: str
    sealed: bool
    raised_at: datetime
    raised_at_in_words: str
    raised_by: str
    raised_as: str
    reasons: list[str]
    priority: str
    highest_stage: str
    referral: str
    child_then: list[str]
    child_now: list[str]
    linked: list[str]
    reached: list[Reached]
    promises: list[PromiseHeld]
    timeline: list[Entry]
    documents: list[Document]
    messages: list[Message]
    marks: list[Mark]
    erasure: str
    """That its words were erased: when, by whom, on what ground; empty where they were not."""
    proven: bool
    fault: str
    """What is wrong with the timeline's chain; empty where it proves itself."""


class Unsent(BundlePart):
    """What somebody has begun to write about the child, and not sent."""

    by: Writer
    about: str
    began: str
    changed: str
    words: list[Words]


class PostHeld(BundlePart):
    """Who held a post for the child, from a day until a day (both included)."""

    post: str
    name: str
    agency: str
    since: date
    until: date | None


class HandOver(BundlePart):
    """The child's case was handed over in the service: by whom, from whom to whom, from which day."""

    at_in_words: str
    by: str
    of: str
    to: str
    since: str


class HoldHeld(BundlePart):
    """What keeps, or kept, the record from being erased: why, by whom it was decided, from when until when."""

    why: str
    by: str
    since: date
    lifted: date | None
    of_everybody: bool


class Kept(BundlePart):
    """Until when the record is kept, and why; what the case system said of the child for that."""

    kept_as: str
    until: date | None
    why: str
    died: date | None
    last_contact: date | None
    holds: list[HoldHeld]


class ChildHeld(BundlePart):
    """The directory's row of the child. It holds no name and no address."""

    number: str
    initials: str
    born: date
    statuses: list[str]
    in_plo: bool
    in_proceedings: bool
    facts: list[str]
    team: str
    service: str
    last_review: date | None
    next_review: date | None
    conferences: int
    posts: list[PostHeld]
    hand_overs: list[HandOver]
    kept: Kept


class DecisionHeld(BundlePart):
    """One decision of a review, as the register of reviews has it. `followed`: the item that follows it, or empty."""

    number: str
    text: str
    owner: str
    due: date | None
    state: str
    followed: str
    by: str
    at_in_words: str
    marks: list[Mark]


class ReviewKept(BundlePart):
    """One review that was held: the days of its paper and of the plans it heard of, and what it decided."""

    held_on: date
    decisions_agreed_on: date | None
    record_out_on: date | None
    care_plan_ratified_on: date | None
    pathway_plan_due_on: date | None
    pathway_plan_made_on: date | None
    by: str
    at_in_words: str
    decisions: list[DecisionHeld]


class ExampleHeld(BundlePart):
    """An example in a report, from one of the child's items, in words that were changed so that nobody knows whose it is."""

    reference: str
    report: str
    text: str
    state: str
    marks: list[Mark]


class LineHeld(BundlePart):
    """One line of the register that came from a sheet of the authority's own: the sheet knew this much, and no more is held."""

    reference: str
    sheet: str
    brought_in: str
    raised_on: date
    ended_on: date | None
    kind: str
    stage: str
    reasons: list[str]
    status: str
    team: str
    service: str
    outcome: str
    impact: str
    raised_by: str


class SubjectAccess(BundlePart):
    """Everything that the service holds about one child. Who read it stands in `who-read-it.csv` beside it."""

    format: Literal["drp subject access 1"]
    authority: str
    made_of: str
    """How far the record went of which this was made."""
    consider_first: list[str]
    marks: list[MarkMeaning]
    number: str
    """The child's case-system number, as it was asked for."""
    child: ChildHeld | None
    """None: the directory does not know the child; only lines from a sheet do."""
    reviews: list[ReviewKept]
    examples: list[ExampleHeld]
    items: list[Item]
    lines: list[LineHeld]
    unsent: list[Unsent]
    not_here: list[str]
    """What the service does not hold, or holds and this file does not: said, never silent."""
