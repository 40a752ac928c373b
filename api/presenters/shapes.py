"""What the JSON API takes and gives, as closed models: the OpenAPI description is made from these."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from workflows.decision.sensible_days import NOT_SENSIBLE, is_sensible
from workflows.model.events import Chosen, FoundOrNot
from workflows.model.ladder import ItemType


def _sensible(day: date) -> date:
    if not is_sensible(day):
        raise ValueError(" ".join(NOT_SENSIBLE))
    return day


NamedDay = Annotated[date, AfterValidator(_sensible)]
"""A day that somebody names in a body: one that the service can be about."""

PRINTABLE = r"^[^\x00-\x1f\x7f]*$"
"""What is only looked up holds no control character; what a person writes is judged where it is decided."""


class Shape(BaseModel):
    """Closed: nothing beyond what is described is taken or given."""

    model_config = ConfigDict(extra="forbid")


class RaiseBody(Shape):
    """A challenge to raise: about a child by case number, or (a service matter) about a team."""

    child: str = Field("", max_length=32, pattern=PRINTABLE, description="The child's case-system number.")
    team: str = Field("", max_length=64, pattern=PRINTABLE, description="For a matter about a service: the team.")
    ladder: str = Field(
        "", max_length=64, pattern=PRINTABLE, description="Only to overrule the authority file's own choice of ladder."
    )
    item_type: ItemType
    reasons: list[str] = Field(max_length=20)
    concern: str = Field(description="What the concern is, in the raiser's words.")
    effect_on_child: str = ""
    outcome_sought: str = ""
    other_reason: str = ""
    stage: str = Field("", description="To start at another stage; say why in `stage_reason`.")
    stage_reason: str = ""
    advice_before_skipping: str = ""
    line_for_skipped: str = Field("", description="What those read whom it passes over; why it does is for the child's IRO.")
    priority: str = ""
    to: list[Chosen] = Field(default_factory=list, max_length=20, description="Where the ladder leaves the recipient to you.")
    respond_by: date | None = None
    resolve_by: date | None = None
    copies: list[str] = Field(default_factory=list, max_length=20, description="Copies that the ladder leaves to you.")
    happened: dict[str, date] = Field(
        default_factory=dict, description='Dates that deadlines run from: {"review": "2026-03-30"}.'
    )
    first_known_on: date | None = Field(None, description="When the raiser first knew of it, if that was before today.")
    review_decision: str = ""
    raiser_role: str = "iro"
    agency: str = Field("", max_length=64, description="For a partner agency: which one.")
    linked: list[str] = Field(default_factory=list, max_length=20, description="References of siblings' challenges.")
    facts: list[str] = Field(default_factory=list, max_length=20, description="Facts of the item that its conditions ask for.")
    without_clock: bool = Field(False, description="Log an informal talk: nobody is asked, no window opens.")


class NoticeBody(Shape):
    """What is told once: a notice of excellent practice, or senior scrutiny of an arrangement."""

    child: str = Field(max_length=32, pattern=PRINTABLE)
    item_type: ItemType = Field(ItemType.EXCELLENT_PRACTICE, description="`excellent_practice` or `senior_scrutiny`.")
    ladder: str = Field("", max_length=64, pattern=PRINTABLE, description="Which procedure, where several carry it.")
    what_went_well: str = Field("", description="Of excellent practice.")
    what_was_looked_at: str = Field("", description="Of senior scrutiny.")
    effect_on_child: str = Field("", description="Of senior scrutiny: what was found, and what it means for the child.")
    who_took_part: str = Field("", description="Of senior scrutiny.")
    reasons: list[str] = Field(default_factory=list, max_length=20)
    to: list[Chosen] = Field(default_factory=list, max_length=20)
    copies: list[str] = Field(default_factory=list, max_length=20)
    raiser_role: str = "iro"


class AskedShape(Shape):
    """One party asked, and how far they got. `people` are names."""

    role: str
    title: str
    people: list[str]
    acknowledged_at: datetime | None
    answered_at: datetime | None
    answer: str
    late: bool


class WindowShape(Shape):
    """A promise: its date (Europe/London), its exclusive closing instant (UTC), and how it was worked out."""

    kind: str
    sequence: int
    n: int
    stage: str
    owner: str
    due: date | None
    due_in_words: str
    closes_at: datetime | None
    working: str
    expected: bool
    is_open: bool
    past_its_date: bool
    held: bool
    closed_as: str
    if_no_reply: str
    asked: list[AskedShape]


class StageShape(Shape):
    """A stage by key, with the authority's own label."""

    key: str
    label: str


class TellingShape(Shape):
    """Who was told just now: a message with its true To and Cc."""

    about: str
    to: list[str]
    copied: list[str]


class PromptShape(Shape):
    """Something that the procedure asks to consider; never a refusal."""

    kind: str
    text: str
    stages: list[str]
    reference: str


class OpenItemShape(Shape):
    """Another item about the same child."""

    reference: str
    item_type: str
    reasons: list[str]


class ReferralShape(Shape):
    """Where a referral to Cafcass stands, and whether this person can make one now."""

    state: str
    open_to_you: bool
    why_not: str


class ChildShape(Shape):
    """A child by case-system number and initials, never by name."""

    number: str
    initials: str


class ChallengeShape(Shape):
    """An item as it stands for the person who asks."""

    reference: str
    item_type: str
    label: str
    child: ChildShape | None
    team: str
    ladder: str
    ladder_version: str
    stage: StageShape | None
    phase: str
    where: str
    is_open: bool
    highest_stage: str
    priority: str
    reasons: list[str]
    raised_at: datetime
    windows: list[WindowShape]
    asked: list[AskedShape]
    copied: list[str]
    you_are: list[str]
    moves: list[str]
    stages_to: list[str]
    referral: ReferralShape
    meeting_at: datetime | None
    resolve_by: date | None
    impact: FoundOrNot = Field(description="What was last found to have changed for the child; empty: not said.")
    version: str = Field(description="Stay and state: what `If-Match` is compared with.")
    stay: int = Field(0, description="The number of the stay at the stage: with its key, what `seen` of an event names.")
    """0 where an answer of release 0.1 is given again: it kept none."""
    linked: list[str] = []


class ReceiptShape(Shape):
    """What an event or a raising did."""

    reference: str
    entry: int
    told: list[TellingShape]
    prompts: list[PromptShape]
    already_open: list[OpenItemShape]
    challenge: ChallengeShape


class SummaryShape(Shape):
    """One item in a list."""

    reference: str
    item_type: str
    child: ChildShape | None
    team: str
    stage: str
    phase: str
    is_open: bool
    raised_at: datetime
    next_due: date | None
    past_its_date: bool
    you_are: list[str]


class PageShape(Shape):
    """A page of a list; `next` asks for the page after it."""

    items: list[SummaryShape]
    next: str | None


class EntryShape(Shape):
    """One line of a timeline. `facts` are its structured part, `words` what a person wrote."""

    number: int
    kind: str
    at: datetime
    recorded_at: datetime
    by: str
    mine: bool
    acting_as: list[str]
    on_behalf_of: str
    stage: str
    facts: dict[str, Any]
    words: dict[str, str]
    iro_service_only: bool
    childs_iro_only: bool = Field(False, description="For the child's IRO and whoever covers, not for the IRO service at large.")
    hash: str


class TimelineShape(Shape):
    """A timeline, and whether its chain proves itself."""

    reference: str
    entries: list[EntryShape]
    proven: bool
    first_fault: str


class AssumptionShape(Shape):
    """A value of the file that is ours and not its source's, and whether the authority has confirmed it."""

    of: Literal["ladder", "authority"]
    path: str
    why: str
    verdict: str
    by: str
    at: datetime | None


class LadderStageShape(Shape):
    """A stage as its ladder says it, in the authority's words."""

    key: str
    label: str
    to: str
    copies: list[str]
    respond_within: str
    if_no_reply: str
    contact: str


class LadderShape(Shape):
    """One version of a ladder."""

    name: str
    version: str
    revision: int = Field(description="Which writing of this version it is: 1 is the first.")
    reminder: str = Field(description="When those who have not answered are reminded by themselves; empty: never.")
    title: str
    in_force: date
    until: date | None
    is_notice: bool
    items: list[str]
    covers: list[str]
    raised_by: list[str]
    starts_at: dict[str, str] = Field(description="Kinds of item that start higher than the first stage, and at which.")
    source: str
    whole_process: str
    must_raise: list[str]
    raise_within: list[str]
    stages: list[LadderStageShape]
    reasons: dict[str, dict[str, str]]
    assumptions: list[AssumptionShape]
    hash: str


class LaddersShape(Shape):
    """The ladders of an authority, every version."""

    authority: str
    ladders: list[LadderShape]


class MessageShape(Shape):
    """A message in one's inbox: the delivery of record."""

    reference: str
    about: str
    subject: str
    said: str
    do: str
    stage: str
    due: date | None
    at: datetime
    addressed: bool
    read: bool
    mail: str
    mail_why: str = Field(description="Why no mail left, where it lapsed; else empty.")


class InboxShape(Shape):
    """What one has been told, newest first."""

    messages: list[MessageShape]


class HealthShape(Shape):
    """How the service is: green; amber where something wants looking at; red where something is wrong; with the reasons."""

    status: Literal["green", "amber", "red"]
    reasons: list[str]
    last_tick: datetime | None
    oldest_overdue_window: datetime | None
    oldest_unsent_message: datetime | None
    held_windows: int
    failed_messages: int
    schema_version: str
    database: str
    """Which database, and how it keeps what was committed."""


class ServingShape(Shape):
    """May this replica be sent requests; if not, why."""

    serves: bool
    reasons: list[str]


class MeShape(Shape):
    """Who the service takes you for."""

    authority: str
    name: str
    capacities: list[str]
    roles: list[str]


class OwnRepliesShape(Shape):
    """How soon there was a reply where a stage asked you, by a post of yours. Days: whole days, weekends counted."""

    stage: str
    asked: int
    in_time: int
    late: int
    none: int
    not_reached: int
    waiting: int
    median_days_to_answer: float | None


class ConfirmBody(Shape):
    """An assumption to confirm or strike."""

    path: str = Field(max_length=200)
    of: Literal["ladder", "authority"] = Field("ladder", description="Which file the path stands in, as the ladder lists it.")
    verdict: Literal["confirmed", "struck"] = "confirmed"


class BrakeBody(Shape):
    """`all` holds every mail, a stage's key holds all above it, empty holds none. To hold any, say why.

    It lapses one working day later, unless an IRO manager sets it again.
    """

    brake: str = Field("", max_length=64)
    why: str = Field("", max_length=300)


class OutboxShape(Shape):
    """The outbox: what is held, waiting and failed."""

    brake: str
    paused_by: str = Field(description="Who paused sending; empty: the operator, or not recorded.")
    paused_why: str
    paused_since: datetime | None
    lapses_at: datetime | None = Field(description="When mail leaves again by itself, unless an IRO manager renews the pause.")
    waiting: int
    braked: int
    failed: list[MessageShape]


class ToldOtherwiseBody(Shape):
    """Several items about which somebody who is asked was told in another way: who (the role asked), how, on which day."""

    references: list[Annotated[str, Field(max_length=16, pattern=PRINTABLE)]] = Field(min_length=1, max_length=100)
    role: str = Field(max_length=64, pattern=PRINTABLE)
    how: Literal["rang", "met", "wrote"]
    on: NamedDay


class ToldItemShape(Shape):
    """What became of one of them. Where it is not recorded: what kind of refusal it is, what it means, what to do."""

    reference: str
    recorded: bool
    problem: str = Field(description="The kind of refusal, as the item itself would answer: the `type` without `urn:drp:`.")
    title: str
    what_to_do: str
    field: str


class ToldItemsShape(Shape):
    """What became of each, in the order in which they were named; each reference once."""

    items: list[ToldItemShape]


class ReleasedShape(Shape):
    """How many messages were let go."""

    released: int


class HeadingShape(Shape):
    """A row or column of a theme table. `key`: what narrows other figures to it; empty where it is not recorded."""

    key: str
    label: str


class FigureShape(Shape):
    """One figure: items, and their share of the column as reports print it."""

    items: int
    share: str


class ThemeRowShape(HeadingShape):
    """A row, with a cell for each column in order."""

    items: int
    share: str
    cells: list[FigureShape]


class ThemeColumnShape(HeadingShape):
    """A column and its total: each item once."""

    items: int


class BreakShape(Shape):
    """Recording changed before this period, so what comes before is not to be compared with it."""

    before: str
    why: str


class ThemesShape(Shape):
    """A theme table. Rows can add up to more than `items`, where an item has several reasons: `notes` say so."""

    authority: str
    title: str
    by: str
    across: str
    since: str
    until: str
    period: str
    finding: str
    rows: list[ThemeRowShape]
    columns: list[ThemeColumnShape]
    items: int
    notes: list[str]
    breaks: list[BreakShape]


class RegisterLineShape(Shape):
    """One item of the register, in the authority's words. `child`, `iro` and `opens`: as far as you may see them."""

    reference: str
    opens: bool
    child: str
    iro: str
    item_type: str
    raised_on: date
    stage: str
    reasons: list[str]
    themes: list[str]
    team: str
    service: str
    status: str
    outcome: str
    impact: str
    ended_on: date | None
    from_sheet: bool
    other_reason: str


class RegisterShape(Shape):
    """A page of the register; `items_in_all` are counted each once, `next` asks for the page after it."""

    narrowed_to: list[str]
    items_in_all: int
    items: list[RegisterLineShape]
    next: str | None
