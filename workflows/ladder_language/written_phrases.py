"""What may stand at one place of a file: texts, keys, lengths and phrases, each with the form that editors are told."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any

from pydantic import Field, PlainValidator, ValidationInfo, WithJsonSchema

from workflows.calendar.report_periods import ReportEvery
from workflows.calendar.working_days import Length
from workflows.ladder_language import phrase_parser
from workflows.ladder_language.carried_text import check_carried, check_seen, texts_within
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
    TrackedBy,
    Within,
)
from workflows.model.reporting import ReportKind, SharedTheme

LONGEST_TEXT = 2_000
LONGEST_LABEL = 120
AS_NEW = {"is_new": True}
"""The context in which a file is judged as a new one: what not every page and mail can carry is refused too."""


def _phrase(parse: Callable[[Any], Any], *examples: Any, shape: Sequence[str] = ("string", "object")) -> Any:
    def read(raw: Any, info: ValidationInfo) -> Any:
        for text in texts_within(raw) if info.context == AS_NEW else ():
            check_carried(text, is_line=True)
        return parse(raw)

    return PlainValidator(read), WithJsonSchema({"type": list(shape), "examples": list(examples)})


def _text(most: int) -> Callable[[Any, ValidationInfo], str]:
    def parse(raw: Any, info: ValidationInfo) -> str:
        if not isinstance(raw, str):
            raise Miswritten(f"`{show_value(raw)}` is not text", "write it in quotes if text is meant")
        if not raw.strip():
            raise Miswritten("the text is empty", "write it, or leave the key out")
        if len(raw) > most:
            raise Miswritten(f"the text is longer than {most} characters", "shorten it")
        check_seen(raw)
        if info.context == AS_NEW:
            check_carried(raw.strip(), is_line=most == LONGEST_LABEL)
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
ReportKindText = Annotated[
    ReportKind,
    PlainValidator(_one_of(ReportKind)),
    WithJsonSchema({"type": "string", "enum": [member.value for member in ReportKind]}),
]
ReportEveryText = Annotated[
    ReportEvery,
    PlainValidator(_one_of(ReportEvery)),
    WithJsonSchema({"type": "string", "enum": [member.value for member in ReportEvery]}),
]
SharedThemeText = Annotated[
    SharedTheme,
    PlainValidator(_one_of(SharedTheme)),
    WithJsonSchema({"type": "string", "enum": [member.value for member in SharedTheme]}),
]
FactOfText = Annotated[
    FactOf,
    PlainValidator(_one_of(FactOf)),
    WithJsonSchema({"type": "string", "enum": [member.value for member in FactOf]}),
]
TrackedByText = Annotated[
    tuple[TrackedBy, ...],
    PlainValidator(lambda raw: () if raw == [] else _one_of(TrackedBy, plural=True)(raw)),
    WithJsonSchema({"type": ["string", "array"], "examples": [["updates", "early_review", "look_at_file"], []]}),
]
ClockTime = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Revision = Annotated[int, Field(ge=1, le=1000)]
Years = Annotated[int, Field(ge=1, le=100)]
