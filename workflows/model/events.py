"""What can happen to a challenge: a small closed union of frozen values. The actor comes beside an event, never in it."""

from dataclasses import dataclass, field, fields
from datetime import date, datetime
from typing import Annotated, Any, ClassVar, Literal, get_args

from workflows.model.ladder import ItemType

Words = Annotated[str, "words"]
"""Text that a person wrote: may hold personal data, is stored in rows of its own, never leaves by e-mail."""

LONGEST_WORDS = 10_000
LONGEST_NAME = 200
MOST_ENTRIES = 20_000
"""Timeline entries that one event may name."""

LATER = {"later": True}
"""Marks a field that an event has gained: a record without it says the default, and the default leaves the record as it was."""

Found = Literal["better", "partly", "no change", "worse", "too early"]
"""What changed for the child; too early to say means that somebody looks again."""

FoundOrNot = Literal["", "better", "partly", "no change", "worse", "too early"]
"""The same at an ending; empty: not said."""


class Event:
    """Something that happened. Events from outside are closed: a key that is not theirs is refused."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}
    type: str


@dataclass(frozen=True)
class Action:
    """One thing that somebody agreed to do, by a date (Europe/London)."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}
    what: Words
    by: date


@dataclass(frozen=True)
class Chosen:
    """Whom the sender chose at a stage that leaves it open: a role, or a person in a role. `person` is a directory id."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}
    role: str
    person: str = ""


@dataclass(frozen=True)
class EarlierItem:
    """An earlier item about the same child, as far as a repeat rule asks for it."""

    reference: str
    item_type: ItemType
    reasons: tuple[str, ...]
    is_open: bool
    raiser: str = ""


@dataclass(frozen=True)
class Raised(Event):
    """An item is raised: by the IRO, or by business support or a colleague on their behalf."""

    item_type: ItemType
    reasons: tuple[str, ...]
    concern: Words
    effect_on_child: Words = ""
    outcome_sought: Words = ""
    other_reason: Words = ""
    stage: str = ""
    stage_reason: Words = ""
    advice_before_skipping: Words = ""
    priority: str = ""
    to: tuple[Chosen, ...] = ()
    respond_by: date | None = None
    resolve_by: date | None = None
    copies: tuple[str, ...] = ()
    happened: tuple[tuple[str, date], ...] = ()
    review_decision: Words = ""
    raiser_role: str = "iro"
    agency: str = ""
    linked: tuple[str, ...] = ()
    without_clock: bool = False
    """An informal talk is logged: nobody is asked and no window opens, until the raiser wants one."""
    taken_over_from: date | None = field(default=None, metadata=LATER)
    """Brought over from a register kept elsewhere, where it was raised on this day: there, and in its quarter, it counts."""
    took_part: Words = ""
    """Of senior scrutiny: who looked at it together."""
    type: Literal["raised"] = "raised"


@dataclass(frozen=True)
class Acknowledged(Event):
    """A person asked says that it has arrived. That is not an answer."""

    type: Literal["acknowledged"] = "acknowledged"


@dataclass(frozen=True)
class NotForMe(Event):
    """A person asked says that it should go to somebody else. The window runs on."""

    why: Words
    suggests: Words = ""
    type: Literal["not_for_me"] = "not_for_me"


@dataclass(frozen=True)
class Redirected(Event):
    """The IRO side puts the same question to another role or person, within the same window."""

    of: str
    to: Chosen
    why: Words
    type: Literal["redirected"] = "redirected"


@dataclass(frozen=True)
class ClarificationAsked(Event):
    """A person asked puts a question to the IRO. The window runs on."""

    question: Words
    type: Literal["clarification_asked"] = "clarification_asked"


@dataclass(frozen=True)
class ClarificationGiven(Event):
    """The IRO answers a clarifying question."""

    answer: Words
    type: Literal["clarification_given"] = "clarification_given"


Position = Literal["agrees", "in_part", "disagrees", "needs_others", "beyond_our_control"]


@dataclass(frozen=True)
class Responded(Event):
    """A person asked answers: their position, their words, what they will do by when."""

    position: Position
    answer: Words
    actions: tuple[Action, ...] = ()
    type: Literal["responded"] = "responded"


@dataclass(frozen=True)
class Judged(Event):
    """A judge says whether the answer is enough. Where more is needed it climbs, unless the IRO wants to consider.

    `found` and `look_again_on` count where "enough" ends it; where something is still to be put right they are asked then.
    """

    verdict: Literal["enough", "needs_more"]
    why: Words = ""
    climb: bool = True
    to_stage: str = ""
    to: tuple[Chosen, ...] = ()
    respond_by: date | None = None
    copies: tuple[str, ...] = ()
    what_changed: Words = ""
    look_again_on: date | None = None
    resolve_by: date | None = None
    found: FoundOrNot = field(default="", metadata=LATER)
    no_look_again: bool = field(default=False, metadata=LATER)
    """The IRO says that nobody needs to look again between reviews (`workflows.decision.impact`)."""
    type: Literal["judged"] = "judged"


@dataclass(frozen=True)
class MeetingArranged(Event):
    """A meeting is booked, or booked anew. The due date does not move. `at` is an aware instant."""

    at: datetime
    where: Words = ""
    type: Literal["meeting_arranged"] = "meeting_arranged"


@dataclass(frozen=True)
class MeetingHeld(Event):
    """A meeting took place; until its outcome is recorded the IRO owns the window."""

    on: date
    attended: tuple[str, ...] = ()
    others: Words = ""
    type: Literal["meeting_held"] = "meeting_held"


@dataclass(frozen=True)
class OutcomeRecorded(Event):
    """What came of the meeting: where the answer is a meeting, this meets the window."""

    outcome: Words
    actions: tuple[Action, ...] = ()
    type: Literal["outcome_recorded"] = "outcome_recorded"


@dataclass(frozen=True)
class Escalated(Event):
    """The IRO (or the stage's sender) takes it higher: to the next stage, or straight to a stage that they choose."""

    why: Words
    to_stage: str = ""
    to: tuple[Chosen, ...] = ()
    respond_by: date | None = None
    resolve_by: date | None = None
    copies: tuple[str, ...] = ()
    advice_before_skipping: Words = ""
    type: Literal["escalated"] = "escalated"


@dataclass(frozen=True)
class EscalationHeld(Event):
    """The IRO stops a climb that would come by itself, to consider."""

    why: Words
    type: Literal["escalation_held"] = "escalation_held"


@dataclass(frozen=True)
class EscalationRecalled(Event):
    """The IRO takes back a climb that came by itself."""

    why: Words
    type: Literal["escalation_recalled"] = "escalation_recalled"


@dataclass(frozen=True)
class WindowExtended(Event):
    """The IRO gives the people asked until another date (Europe/London)."""

    until: date
    why: Words
    type: Literal["window_extended"] = "window_extended"


@dataclass(frozen=True)
class CopyAdded(Event):
    """The IRO side copies in one more role of the ladder's own people."""

    role: str
    why: Words = ""
    type: Literal["copy_added"] = "copy_added"


@dataclass(frozen=True)
class LegalAdviceTaken(Event):
    """Independent legal advice (IRO Handbook 6.13). Seen by the IRO service only."""

    source: Words
    on: date
    conflict_checked: bool
    content: Words = ""
    type: Literal["legal_advice_taken"] = "legal_advice_taken"


@dataclass(frozen=True)
class ChildViewRecorded(Event):
    """What the child thinks: of the issue, of taking it higher, of a referral. `in_confidence` keeps it to the IRO."""

    about: Literal["the issue", "taking it higher", "a referral"]
    view: Words
    in_confidence: bool = False
    type: Literal["child_view_recorded"] = "child_view_recorded"


@dataclass(frozen=True)
class ChildTold(Event):
    """The child was told, by whom and when, or was not, and why."""

    told: bool
    on: date | None = None
    by: Words = ""
    why_not: Words = ""
    type: Literal["child_told"] = "child_told"


@dataclass(frozen=True)
class AdvocateRecorded(Event):
    """An advocate was offered, is in place, or was declined."""

    state: Literal["offered", "in place", "declined"]
    type: Literal["advocate_recorded"] = "advocate_recorded"


@dataclass(frozen=True)
class ComplaintOpened(Event):
    """A complaint runs beside this; its reference only, never its content."""

    reference: Words
    type: Literal["complaint_opened"] = "complaint_opened"


@dataclass(frozen=True)
class CourtTold(Event):
    """The IRO's view went to court for a hearing."""

    hearing: date
    view: Words = ""
    type: Literal["court_told"] = "court_told"


Ground = Literal["care_plan_not_prepared", "case_not_reviewed", "decision_not_carried_out", "other_material_breach"]
"""Care Planning Regulations 2010, regulation 45."""


@dataclass(frozen=True)
class ReferralStatement:
    """What a referral says to one item of the list (`workflows.model.referral`): in words, or that it does not apply."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}
    item: str
    words: Words = ""
    applies: bool = True


@dataclass(frozen=True)
class ReferralConsidered(Event):
    """The IRO considered a referral to Cafcass and did not make one, and why (Care Planning Regulations 2010, reg. 45)."""

    why_not: Words
    type: Literal["referral_considered"] = "referral_considered"


@dataclass(frozen=True)
class ReferredToCafcass(Event):
    """The child's IRO refers the case to Cafcass (Children Act 1989 s.25B(3)). Nobody approves it; the ladder runs on.

    Nothing that is missing blocks it. `includes`: numbers of timeline entries whose words and documents go with it;
    `leaves_out`: words to be made unreadable wherever they stand, one phrase a line.
    """

    grounds: tuple[Ground, ...] = ()
    why: Words = ""
    follow_up_on: date | None = None
    said: tuple[ReferralStatement, ...] = ()
    includes: tuple[int, ...] = ()
    leaves_out: Words = ""
    type: Literal["referred_to_cafcass"] = "referred_to_cafcass"


@dataclass(frozen=True)
class ReferralAcknowledged(Event):
    """Cafcass says that it has the referral."""

    cafcass_reference: Words
    on: date
    type: Literal["referral_acknowledged"] = "referral_acknowledged"


@dataclass(frozen=True)
class ReferralOutcome(Event):
    """What Cafcass did."""

    outcome: Literal["advice", "negotiation", "proceedings", "no_action"]
    on: date
    words: Words = ""
    type: Literal["referral_outcome"] = "referral_outcome"


@dataclass(frozen=True)
class ReferralTold(Event):
    """Whom the ladder names has told everyone above of the referral: the roles told, and when."""

    told: tuple[str, ...]
    on: date
    words: Words = ""
    type: Literal["referral_told"] = "referral_told"


@dataclass(frozen=True)
class Resolved(Event):
    """Settled to the IRO's satisfaction: what changed for the child, or when to look again."""

    what_changed: Words
    look_again_on: date | None = None
    found: FoundOrNot = field(default="", metadata=LATER)
    no_look_again: bool = field(default=False, metadata=LATER)
    """The IRO says that nobody needs to look again between reviews (`workflows.decision.impact`)."""
    type: Literal["resolved"] = "resolved"


@dataclass(frozen=True)
class EndedUnresolved(Event):
    """Ended without being settled."""

    why: Words
    look_again_on: date | None = None
    found: FoundOrNot = field(default="", metadata=LATER)
    no_look_again: bool = field(default=False, metadata=LATER)
    """The IRO says that nobody needs to look again between reviews (`workflows.decision.impact`)."""
    type: Literal["ended_unresolved"] = "ended_unresolved"


@dataclass(frozen=True)
class Overtaken(Event):
    """Events made it pointless."""

    by_what: Words
    look_again_on: date | None = field(default=None, metadata=LATER)
    found: FoundOrNot = field(default="", metadata=LATER)
    type: Literal["overtaken"] = "overtaken"


@dataclass(frozen=True)
class Withdrawn(Event):
    """The IRO withdraws it, with a reason."""

    why: Words
    type: Literal["withdrawn"] = "withdrawn"


@dataclass(frozen=True)
class Reopened(Event):
    """Opened again at a stage: with a fresh window, or to the date that was promised there."""

    stage: str
    why: Words
    clock: Literal["fresh", "as it was"] = "fresh"
    to: tuple[Chosen, ...] = ()
    respond_by: date | None = None
    type: Literal["reopened"] = "reopened"


@dataclass(frozen=True)
class ActionDone(Event):
    """The IRO saw that an agreed action was done. `action` is its number on this challenge."""

    action: int
    words: Words = ""
    type: Literal["action_done"] = "action_done"


@dataclass(frozen=True)
class ActionNotDone(Event):
    """The IRO saw that an agreed action was not done."""

    action: int
    why: Words
    look_again_on: date | None = None
    type: Literal["action_not_done"] = "action_not_done"


@dataclass(frozen=True)
class ImpactRecorded(Event):
    """What changed for the child afterwards, or that it is too early to say and when to look again."""

    found: Found
    what_changed: Words = ""
    look_again_on: date | None = None
    type: Literal["impact_recorded"] = "impact_recorded"


@dataclass(frozen=True)
class Noted(Event):
    """A note by somebody on the challenge."""

    text: Words
    iro_service_only: bool = False
    type: Literal["noted"] = "noted"


MediaType = Literal[
    "application/pdf",
    "image/png",
    "image/jpeg",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
]
"""The kinds of file that may be attached."""


@dataclass(frozen=True)
class DocumentAttached(Event):
    """A file attached by somebody on the challenge. `digest` is its SHA-256: made where the file is kept, never claimed."""

    digest: str
    media_type: MediaType
    size: int
    name: Words
    about: Words = ""
    iro_service_only: bool = False
    type: Literal["document_attached"] = "document_attached"


@dataclass(frozen=True)
class Corrected(Event):
    """A correction to one's own entry. The first words stay; `entry` is its number on the timeline."""

    entry: int
    text: Words
    type: Literal["corrected"] = "corrected"


@dataclass(frozen=True)
class RecordedInError(Event):
    """Never should have been here (the wrong child): sealed at once, kept, logged."""

    why: Words
    type: Literal["recorded_in_error"] = "recorded_in_error"


@dataclass(frozen=True)
class Endorsed(Event):
    """The person whose endorsement a partner route asks for agrees; it is sent on."""

    words: Words = ""
    type: Literal["endorsed"] = "endorsed"


@dataclass(frozen=True)
class EndorsementDeclined(Event):
    """The person whose endorsement a partner route asks for does not agree; the raiser is asked what next."""

    why: Words
    type: Literal["endorsement_declined"] = "endorsement_declined"


@dataclass(frozen=True)
class WindowsReleased(Event):
    """A named person releases windows held after an outage: as due, or with the lost time given back."""

    how: Literal["as due", "time given back"]
    why: Words
    type: Literal["windows_released"] = "windows_released"


@dataclass(frozen=True)
class LadderMoved(Event):
    """A named person moves a running challenge to another version of its ladder, at a stage of that version."""

    version: str
    stage: str
    why: Words
    ladder_hash: str = ""
    type: Literal["ladder_moved"] = "ladder_moved"


# What follows is internal: made by the service itself, never accepted from outside.


@dataclass(frozen=True)
class WindowClosed(Event):
    """A window's time came. It names itself: if the challenge no longer has it, nothing is decided."""

    sequence: int
    kind: str
    n: int
    type: Literal["window_closed"] = "window_closed"


@dataclass(frozen=True)
class WindowsHeld(Event):
    """The service was away from `since` to `until` (UTC): what closed meanwhile waits for a named release."""

    since: datetime
    until: datetime
    why: str = "the service was away"
    type: Literal["windows_held"] = "windows_held"


@dataclass(frozen=True)
class DeliveryFailed(Event):
    """A message to somebody asked came back. That is not "no reply": an automatic climb now waits for the IRO."""

    role: str
    why: str
    type: Literal["delivery_failed"] = "delivery_failed"


@dataclass(frozen=True)
class PostTakenOver(Event):
    """Somebody else holds a post that is asked: they take over what it is asked."""

    role: str
    type: Literal["post_taken_over"] = "post_taken_over"


@dataclass(frozen=True)
class PostEmptied(Event):
    """Nobody holds a post that is asked: cover, then the IRO manager; the window runs on."""

    role: str
    type: Literal["post_emptied"] = "post_emptied"


@dataclass(frozen=True)
class IroChanged(Event):
    """The child's IRO, or who covers for them, changed."""

    role: str = "iro"
    type: Literal["iro_changed"] = "iro_changed"


@dataclass(frozen=True)
class ChildFactsChanged(Event):
    """The directory says something new of the child. `statuses` are Status values."""

    statuses: tuple[str, ...]
    in_plo: bool
    in_proceedings: bool
    facts: tuple[str, ...]
    team: str
    service: str
    next_review: date | None = field(default=None, metadata=LATER)
    type: Literal["child_facts_changed"] = "child_facts_changed"


FromOutside = (
    Acknowledged | NotForMe | Redirected | ClarificationAsked | ClarificationGiven | Responded | Judged
    | MeetingArranged | MeetingHeld | OutcomeRecorded | Escalated | EscalationHeld | EscalationRecalled
    | WindowExtended | CopyAdded | LegalAdviceTaken | ChildViewRecorded | ChildTold | AdvocateRecorded
    | ComplaintOpened | CourtTold | ReferralConsidered | ReferredToCafcass | ReferralAcknowledged | ReferralOutcome
    | ReferralTold | Resolved | EndedUnresolved | Overtaken | Withdrawn | Reopened | ActionDone | ActionNotDone | ImpactRecorded
    | Noted | Corrected | RecordedInError | Endorsed | EndorsementDeclined | WindowsReleased | LadderMoved
)  # fmt: skip
"""Events that a person may bring to a challenge that exists. Raised has a route of its own."""

Internal = (
    WindowClosed | WindowsHeld | DeliveryFailed | PostTakenOver | PostEmptied | IroChanged | ChildFactsChanged
)  # fmt: skip
"""Events that only the service makes."""

EXTERNAL_TYPES: tuple[type[Event], ...] = get_args(FromOutside)
INTERNAL_TYPES: tuple[type[Event], ...] = get_args(Internal)
WITH_FILE_TYPES: tuple[type[Event], ...] = (DocumentAttached,)
"""Events that a person brings together with a file, by a route of its own; never JSON, where any digest could be claimed."""


def words_of(event: Any) -> dict[str, str]:
    """The event's own words (possibly personal), by field; nested actions as `actions.0`."""
    found: dict[str, str] = {}
    for each in fields(event):
        value = getattr(event, each.name)
        if each.type is Words and value:
            found[each.name] = value
        elif each.name == "actions":
            found |= {f"actions.{n}": action.what for n, action in enumerate(value)}
        elif each.name == "said":
            found |= {f"said.{one.item}": one.words for one in value if one.words}
    return found


def facts_of(event: Any) -> dict[str, Any]:
    """The event without its words: types, dates, keys, numbers, as JSON has them; later fields where they say something."""
    found: dict[str, Any] = {}
    for each in fields(event):
        value = getattr(event, each.name)
        if each.type is Words or each.name == "type":
            continue
        if each.metadata.get("later") and value == each.default:
            continue
        if each.name == "actions":
            found["actions"] = [action.by.isoformat() for action in value]
        elif each.name == "said":
            found["said"] = {one.item: one.applies for one in value}
        else:
            found[each.name] = _plain(value)
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, Chosen):
        return {"role": value.role, "person": value.person}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value
