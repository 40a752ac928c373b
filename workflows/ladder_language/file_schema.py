"""What may stand in a file: the ladder language's keys, as closed pydantic models that also give editors their schema."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Annotated, Any, Literal
from unicodedata import category

from pydantic import BaseModel, ConfigDict, Discriminator, Field, PlainValidator, Tag, WithJsonSchema

from workflows.calendar.working_days import Length
from workflows.ladder_language import phrase_parser
from workflows.ladder_language.phrase_parser import Miswritten, show_value
from workflows.model.authority import Capacity, FactOf, HeldFor
from workflows.model.ladder import (
    CountedFrom,
    ItemType,
    Judges,
    LadderCondition,
    NoReply,
    RaiseWithin,
    Recipients,
    StageCopy,
    Status,
    Within,
)

LONGEST_TEXT = 2_000
LONGEST_LABEL = 120
UNSEEN = frozenset({"Cc", "Cf", "Cs"})
"""Kinds of character that nobody sees: controls, marks that turn the writing round, halves of a pair."""


def _phrase(parse: Callable[[Any], Any], *examples: Any, shape: Sequence[str] = ("string", "object")) -> Any:
    return PlainValidator(parse), WithJsonSchema({"type": list(shape), "examples": list(examples)})


def _text(most: int) -> Callable[[Any], str]:
    def parse(raw: Any) -> str:
        if not isinstance(raw, str):
            raise Miswritten(f"`{show_value(raw)}` is not text", "write it in quotes if text is meant")
        if not raw.strip():
            raise Miswritten("the text is empty", "write it, or leave the key out")
        if len(raw) > most:
            raise Miswritten(f"the text is longer than {most} characters", "shorten it")
        if any(category(mark) in UNSEEN and mark != "\n" for mark in raw):
            raise Miswritten("the text holds a character that does not show", "remove it")
        return raw.strip()

    return parse


def _one_of(enum: Any, plural: bool = False) -> Callable[[Any], Any]:
    known = [member.value for member in enum]

    def parse(raw: Any) -> Any:
        items = raw if isinstance(raw, list) and plural else [raw]
        if not items:
            raise Miswritten("the list is empty", "name at least one, or leave the key out")
        for item in items:
            if item not in known:
                raise Miswritten(f"`{show_value(item)}` is not known here", f"write one of {', '.join(known)}")
        return tuple(enum(item) for item in items) if plural else enum(raw)

    return parse


Key = Annotated[str, PlainValidator(phrase_parser.parse_key), WithJsonSchema({"type": "string", "pattern": "^[a-z][a-z0-9_]*$"})]
Keys = Annotated[tuple[str, ...], *_phrase(phrase_parser.parse_keys, ["social_worker"], shape=["string", "array"])]
Party = Annotated[str, *_phrase(phrase_parser.parse_key, "raiser", "team_manager", shape=["string"])]
Parties = Annotated[tuple[str, ...], *_phrase(phrase_parser.parse_keys, ["raiser", "x"], shape=["string", "array"])]
Label = Annotated[str, PlainValidator(_text(LONGEST_LABEL)), WithJsonSchema({"type": "string"})]
Text = Annotated[str, PlainValidator(_text(LONGEST_TEXT)), WithJsonSchema({"type": "string"})]
LengthText = Annotated[Length, *_phrase(phrase_parser.parse_length, "3 working days", "72 hours", shape=["string"])]
WithinText = Annotated[Within, *_phrase(phrase_parser.parse_within, "3 working days", "set by the raiser", {"none": "why"})]
RecipientsText = Annotated[Recipients, *_phrase(phrase_parser.parse_recipients, "team_manager", {"all of": ["a", "b"]})]
CopiesText = Annotated[
    tuple[StageCopy, ...],
    *_phrase(
        phrase_parser.parse_copies, ["social_worker", {"legal_advisor": "if in PLO or proceedings"}], shape=["array", "string"]
    ),
]
ConditionText = Annotated[
    LadderCondition, *_phrase(phrase_parser.parse_condition_under_if, "in PLO or proceedings", shape=["string"])
]
JudgesText = Annotated[Judges, *_phrase(phrase_parser.parse_judges, "raiser", {"any of": ["raiser", "head"]})]
NoReplyText = Annotated[
    tuple[NoReply, str | None], *_phrase(phrase_parser.parse_no_reply, "escalate", "prompt", "nothing", {"escalate": "stage_3"})
]
OnwardText = Annotated[tuple[str, ...], *_phrase(phrase_parser.parse_onward, "next", {"one of": ["stage_3", "stage_4"]})]
RaiseWithinText = Annotated[
    tuple[RaiseWithin, ...],
    *_phrase(phrase_parser.parse_raise_within, "3 working days of the review", shape=["string", "array"]),
]
Items = Annotated[
    tuple[ItemType, ...],
    PlainValidator(phrase_parser.parse_item_types),
    WithJsonSchema({"type": ["string", "array"], "examples": [["informal", "formal"]]}),
]
RaisedBy = Annotated[
    tuple[tuple[str, tuple[ItemType, ...]], ...],
    *_phrase(phrase_parser.parse_raised_by, ["iro"], ["iro", {"service_manager": "about_service"}], shape=["string", "array"]),
]
StartsAt = Annotated[
    dict[ItemType, str],
    PlainValidator(phrase_parser.parse_starts_at),
    WithJsonSchema({"type": "object", "examples": [{"about_service": "level_4"}]}),
]
Statuses = Annotated[
    tuple[Status, ...], PlainValidator(_one_of(Status, plural=True)), WithJsonSchema({"type": ["string", "array"]})
]
CountedFromText = Annotated[
    CountedFrom | str,
    *_phrase(phrase_parser.parse_counted_from, "sent", "receipt", "acknowledgement", "the review", shape=["string"]),
]
CapacityText = Annotated[
    Capacity,
    PlainValidator(_one_of(Capacity)),
    WithJsonSchema({"type": "string", "enum": [member.value for member in Capacity]}),
]
HeldForText = Annotated[
    HeldFor,
    PlainValidator(_one_of(HeldFor)),
    WithJsonSchema({"type": "string", "enum": [member.value for member in HeldFor]}),
]
FactOfText = Annotated[
    FactOf,
    PlainValidator(_one_of(FactOf)),
    WithJsonSchema({"type": "string", "enum": [member.value for member in FactOf]}),
]
ClockTime = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Revision = Annotated[int, Field(ge=1, le=1000)]
Years = Annotated[int, Field(ge=1, le=100)]


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
    """For how many years after the last contact what was not looked-after care is kept. Looked-after children: by law."""

    child_protection: Years | None = None
    others: Years | None = None


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


class WrittenReporting(Written):
    """How figures are read: what counts as what across versions, what stands together, where a series breaks."""

    maps_to: WrittenMapsTo = WrittenMapsTo()
    together: list[WrittenTogether] = Field(default_factory=list)
    breaks: list[WrittenBreak] = Field(default_factory=list)
    excellent_practice: Literal["counted in", "apart"] = "apart"


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
