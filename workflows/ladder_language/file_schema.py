"""What may stand in a file: the ladder language's keys, as closed pydantic models that also give editors their schema."""

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, PlainValidator, Tag, WithJsonSchema

from workflows.ladder_language import phrase_parser
from workflows.ladder_language.written_phrases import (
    CapacityText,
    ClockTime,
    ConditionText,
    CopiesText,
    CountedFromText,
    FactOfText,
    HeldForText,
    Items,
    JudgesText,
    Key,
    Keys,
    Label,
    LengthText,
    NoReplyText,
    OnwardText,
    Parties,
    Party,
    RaisedBy,
    RaiseWithinText,
    RecipientsText,
    ReportEveryText,
    ReportKindText,
    Revision,
    SharedThemeText,
    StartsAt,
    Statuses,
    Text,
    TrackedByText,
    WithinText,
    Years,
)
from workflows.model.authority import LOG_KEPT_YEARS, FactOf
from workflows.model.ladder import (
    CountedFrom,
    ItemType,
    Judges,
)


class Written(BaseModel):
    """A part of a file: closed, strict, frozen."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, populate_by_name=False)


class WrittenMeeting(Written):
    """A meeting as the means of contact."""

    called: Label = "meeting"
    arranged_by: Party = "raiser"
    attended_by: Parties = ()
    others: Text = ""
    outcome_recorded_by: Party = "raiser"
    only_if: Text = Field("", alias="if")


class WrittenContact(Written):
    """By what means a stage is carried."""

    by: Keys = ()
    form: Label = ""
    followed_by: Label = ""
    meeting: WrittenMeeting | None = None


class WrittenEndorsement(Written):
    """Someone who must agree before an item is sent on."""

    role: Key
    within: LengthText


class WrittenTell(Written):
    """Who is told of a referral, and whose task it is."""

    who: Literal["everyone above"]
    by: Party


class WrittenStage(Written):
    """One level of the ladder."""

    label: Label
    informal: bool = False
    to: RecipientsText | None = None
    copies: CopiesText = Field((), alias="copy")
    observers: Keys = ()
    sent_by: Keys = ()
    endorsed_by: WrittenEndorsement | None = None
    contact: WrittenContact | None = None
    respond_within: WithinText | None = None
    counted_from: CountedFromText = CountedFrom.SENT
    complete_within: WithinText | None = None
    no_reply: NoReplyText | None = None
    judged_by: JudgesText = Judges()
    judge_within: LengthText | None = None
    satisfied: Key | None = None
    not_satisfied: OnwardText = ()
    obstacle: Literal["recorded, climbs on", "judged"] = "judged"
    stand_in: dict[Key, Key] = Field(default_factory=dict)
    raise_within: RaiseWithinText = ()
    reasons: Keys = ()
    referral: Literal["cafcass"] | None = None
    tell: WrittenTell | None = None
    text: dict[Key, Text] = Field(default_factory=dict)


class WrittenWholeProcess(Written):
    """A limit on the whole process."""

    limit: LengthText
    counted_from: Literal["first formal stage", "raising"] = Field("first formal stage", alias="from")


class WrittenEnterAt(Written):
    """Where an item starts if a condition holds."""

    when: ConditionText = Field(alias="if")
    stage: Keys
    why: Text = ""


class WrittenRepeat(Written):
    """An earlier item of the same reason or theme prompts for another stage."""

    same: Literal["reason", "theme"]
    of: Annotated[ItemType | None, PlainValidator(phrase_parser.parse_item_type), WithJsonSchema({"type": "string"})] = None
    go_to: Key


class WrittenMustRaise(Written):
    """A rule under which an item must be raised."""

    when: Text = Field(alias="at")
    reason: Key | None = None


class WrittenBeforeSkipping(Written):
    """Talk to somebody first before a stage is skipped."""

    talk_to: Key
    required: bool = False


class WrittenLadder(Written):
    """A ladder file."""

    ladder: Key
    version: Label
    revision: Revision = 1
    authority: Key
    process: Label
    source: Text
    in_force: date
    until: date | None = None
    items: Items
    raised_by: RaisedBy
    covers: Statuses = ()
    priorities: Keys = ()
    whole_process: WrittenWholeProcess | None = None
    judge_within: LengthText
    remind_before: LengthText | None = None
    remind: Literal["half-way"] | None = None
    observers: Keys = ()
    starts_at: StartsAt = Field(default_factory=dict)
    enter_at: list[WrittenEnterAt] = Field(default_factory=list)
    repeat: list[WrittenRepeat] = Field(default_factory=list)
    must_raise: list[WrittenMustRaise] = Field(default_factory=list)
    raise_within: RaiseWithinText = ()
    before_skipping: WrittenBeforeSkipping | None = None
    labels: dict[Key, Label] = Field(default_factory=dict)
    text: dict[Key, Text] = Field(default_factory=dict)
    stages: dict[Key, WrittenStage] = Field(min_length=1)
    assumed: dict[str, Text] = Field(default_factory=dict)


class WrittenCountedAt(Written):
    """The stage of the ladder at which reports count what is told once."""

    key: Key
    label: Label


class WrittenNotice(Written):
    """What is told once, excellent practice or senior scrutiny: recipients and copies, no window, no climb."""

    notice: Key
    item: Literal["excellent_practice", "senior_scrutiny"] = "excellent_practice"
    stage: WrittenCountedAt | None = None
    version: Label
    revision: Revision = 1
    authority: Key
    process: Label
    source: Text
    in_force: date
    until: date | None = None
    raised_by: Keys
    covers: Statuses = ()
    to: RecipientsText
    copies: CopiesText = Field((), alias="copy")
    observers: Keys = ()
    contact: WrittenContact | None = None
    must_raise: list[WrittenMustRaise] = Field(default_factory=list)
    labels: dict[Key, Label] = Field(default_factory=dict)
    text: dict[Key, Text] = Field(default_factory=dict)
    assumed: dict[str, Text] = Field(default_factory=dict)


class WrittenBetweenReviews(Written):
    """What an IRO follows between two reviews: a review decision, a tracked case, the mid-point."""

    between_reviews: Key
    item: Literal["review_decision", "tracked_case", "mid_point"]
    version: Label
    revision: Revision = 1
    authority: Key
    process: Label
    source: Text
    in_force: date
    until: date | None = None
    raised_by: Keys
    covers: Statuses = ()
    to: RecipientsText | None = None
    copies: CopiesText = Field((), alias="copy")
    observers: Keys = ()
    tracking: dict[Key, TrackedByText] = Field(default_factory=dict)
    respond_within: LengthText | None = None
    judge_within: LengthText
    remind_before: LengthText | None = None
    remind: Literal["half-way"] | None = None
    must_raise: list[WrittenMustRaise] = Field(default_factory=list)
    labels: dict[Key, Label] = Field(default_factory=dict)
    text: dict[Key, Text] = Field(default_factory=dict)
    assumed: dict[str, Text] = Field(default_factory=dict)


class WrittenRole(Written):
    """A role of the catalogue."""

    title: Label
    held_for: HeldForText = Field(alias="for")
    acts_as: CapacityText | None = None
    plural: Label = ""
    beside_child: bool = False


class WrittenReason(Written):
    """A coded reason."""

    label: Label
    needs_words: bool = False


class WrittenTheme(Written):
    """Reasons that reports count together."""

    label: Label
    reasons: dict[
        Key,
        Annotated[
            Annotated[Label, Tag("WrittenLabel")] | Annotated[WrittenReason, Tag("WrittenReason")],
            Discriminator(lambda raw: "WrittenReason" if isinstance(raw, dict) else "WrittenLabel"),
        ],
    ]


class WrittenFact(Written):
    """A fact that conditions may ask for, and of what it is said."""

    label: Label
    of: FactOfText = FactOf.CHILD


class WrittenServes(Written):
    """A ladder in use, perhaps under a condition."""

    ladder: Key
    when: ConditionText | None = Field(None, alias="if")


class WrittenSending(Written):
    """When messages may leave, Europe/London."""

    start: ClockTime = Field(alias="from")
    end: ClockTime = Field(alias="until")
    on: Literal["working days", "every day"] = "working days"


class WrittenRetention(Written):
    """For how many years after the last contact what was not looked-after care is kept. Looked-after children: by law.

    `access_log`: for how many years it is kept who read what.
    """

    child_protection: Years | None = None
    others: Years | None = None
    access_log: Years = LOG_KEPT_YEARS


class WrittenMapsTo(Written):
    """Keys of earlier versions, and as which key of the present one each is counted."""

    stages: dict[Key, Key] = Field(default_factory=dict)
    reasons: dict[Key, Key] = Field(default_factory=dict)


class WrittenTogether(Written):
    """Stages that reports count as one row."""

    label: Label
    stages: Keys


class WrittenBreak(Written):
    """From a day on recording changed, so that years on either side do not compare."""

    since: date = Field(alias="from")
    why: Text


class WrittenReport(Written):
    """A report that is made on a schedule: how often, for whom, how many months after its period."""

    report: ReportKindText
    every: ReportEveryText
    to: Keys = ()
    months_after: Annotated[int, Field(ge=0, le=3)] = 0


class WrittenReporting(Written):
    """How figures are read: what counts as what across versions, what stands together, where a series breaks."""

    maps_to: WrittenMapsTo = WrittenMapsTo()
    together: list[WrittenTogether] = Field(default_factory=list)
    breaks: list[WrittenBreak] = Field(default_factory=list)
    excellent_practice: Literal["counted in", "apart"] = "apart"
    reports: list[WrittenReport] = Field(default_factory=list)
    shared: dict[Key, SharedThemeText] = Field(default_factory=dict)


class WrittenFollowUp(Written):
    """Whether the IRO is asked half-way to the child's next review what changed, where an ending does not say it."""

    mid_point: bool = False


class WrittenDay(Written):
    """At what time of day the service acts on a passed date, and warns of one to come (Europe/London)."""

    acts_at: ClockTime = "09:00"
    warns_at: ClockTime = "16:00"


class WrittenDuty(Written):
    """Whom to ring where a child is at immediate risk."""

    who: Label
    telephone: Label


class WrittenClosure(Written):
    """A day on which this authority is closed besides the bank holidays."""

    day: date
    why: Label


class WrittenAuthority(Written):
    """An authority file."""

    authority: Key
    name: Label
    version: Label
    in_force: date
    source: Text
    roles: dict[Key, WrittenRole] = Field(min_length=1)
    themes: dict[Key, WrittenTheme] = Field(min_length=1)
    facts: dict[
        Key,
        Annotated[
            Annotated[Label, Tag("WrittenLabel")] | Annotated[WrittenFact, Tag("WrittenFact")],
            Discriminator(lambda raw: "WrittenFact" if isinstance(raw, dict) else "WrittenLabel"),
        ],
    ] = Field(default_factory=dict)
    ladders: list[WrittenServes] = Field(min_length=1)
    labels: dict[Key, Label] = Field(default_factory=dict)
    closure_days: list[WrittenClosure] = Field(default_factory=list)
    sending_hours: WrittenSending | None = None
    day: WrittenDay = WrittenDay()
    retention: WrittenRetention = WrittenRetention()
    follow_up: WrittenFollowUp = WrittenFollowUp()
    for_absent_raiser: Keys = ()
    at_immediate_risk: list[WrittenDuty] = Field(default_factory=list)
    reporting: WrittenReporting = WrittenReporting()
    assumed: dict[str, Text] = Field(default_factory=dict)


EXAMPLES = {
    "label": "`label: Stage 2`",
    "to": "`to: team_manager`",
    "respond_within": "`respond_within: 3 working days`, or `{none: the reason}`",
    "no_reply": "`no_reply: escalate`, `prompt` or `nothing`",
    "judge_within": "`judge_within: 3 working days`",
    "in_force": "`in_force: 2016-04-01`",
    "until": "`until: 2018-07-31`",
    "items": "`items: [informal, formal]`",
    "raised_by": "`raised_by: [iro]`",
    "covers": "`covers: [looked_after, child_protection]`",
    "source": "`source:` and where these rules are written down",
    "process": "`process:` and what staff call it",
    "version": '`version: "2016/17"`',
    "for": "`for: child`, `team`, `service`, `authority` or `agency`",
    "stages": "`stages:` and under it one key for each stage",
    "roles": "`roles:` and under it one key for each role",
    "themes": "`themes:` and under each its label and reasons",
    "ladders": "`ladders: [{ladder: resolution}]`",
}
"""What to write where a key is missing."""
