"""What can happen to a challenge: a small closed union of frozen values. The actor comes beside an event, never in it."""

from dataclasses import Field, dataclass, field, fields
from datetime import date, datetime
from functools import cache
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


class ClosedValue:
    """A value whose JSON form has no key but its fields: another is refused."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}


class Event(ClosedValue):
    """Something that happened. Each class of events gives the name under which JSON and the timeline keep it."""

    type: str

    def __init_subclass__(cls, type: str) -> None:
        """Add the last field, `type`: it has no value but the name of this class of events, which never changes."""
        cls.__annotations__["type"] = Literal[type]
        cls.type = type


@dataclass(frozen=True)
class Action(ClosedValue):
    """One thing that somebody agreed to do, by a date (Europe/London)."""

    what: Words
    by: date


@dataclass(frozen=True)
class Chosen(ClosedValue):
    """Whom the sender chose at a stage that leaves it open: a role, or a person in a role. `person` is a directory id."""

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
class Raised(Event, type="raised"):
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
    line_for_skipped: Words = field(default="", metadata=LATER)
    """What those whom the item passes over read, beside that it was entered at its stage; why it was is for the child's IRO."""
    """Brought over from a register kept elsewhere, where it was raised on this day: there, and in its quarter, it counts."""
    took_part: Words = ""
    """Of senior scrutiny: who looked at it together."""
    facts: tuple[str, ...] = field(default=(), metadata=LATER)
    """Facts of the item (`Authority.item_facts`), beside those that the directory has of the child."""
    owner: Words = field(default="", metadata=LATER)
    """Of a review decision: who is to carry it out, where that is nobody of the directory."""
    first_known_on: date | None = field(default=None, metadata=LATER)
    """When the raiser first knew of it, where that was before the day of raising."""


@dataclass(frozen=True)
class Acknowledged(Event, type="acknowledged"):
    """A person asked says that it has arrived. That is not an answer."""


@dataclass(frozen=True)
class NotForMe(Event, type="not_for_me"):
    """A person asked says that it should go to somebody else. The window runs on."""

    why: Words
    suggests: Words = ""


@dataclass(frozen=True)
class Redirected(Event, type="redirected"):
    """The IRO side puts the same question to another role or person, within the same window."""

    of: str
    to: Chosen
    why: Words


@dataclass(frozen=True)
class ToldOtherwise(Event, type="told_otherwise"):
    """The IRO side told somebody who is asked of the question in another way: it counts as reached from that day.

    `role` is the one asked. It is no reply, and moves no date.
    """

    role: str
    how: Literal["rang", "met", "wrote"]
    on: date
    words: Words = ""


@dataclass(frozen=True)
class DidNotArrive(Event, type="did_not_arrive"):
    """The IRO side says that what was sent to somebody who is asked did not arrive: as if it had come back."""

    role: str
    words: Words = ""


@dataclass(frozen=True)
class Reminded(Event, type="reminded_by_hand"):
    """The IRO side reminds those who still owe an answer: at most once a day (Europe/London) for an item."""

    words: Words = ""


@dataclass(frozen=True)
class ClarificationAsked(Event, type="clarification_asked"):
    """A person asked puts a question to the IRO. The window runs on."""

    question: Words


@dataclass(frozen=True)
class ClarificationGiven(Event, type="clarification_given"):
    """The IRO answers a clarifying question."""

    answer: Words


Position = Literal["agrees", "in_part", "disagrees", "needs_others", "beyond_our_control"]


@dataclass(frozen=True)
class Responded(Event, type="responded"):
    """A person asked answers: their position, their words, what they will do by when."""

    position: Position
    answer: Words
    actions: tuple[Action, ...] = ()


@dataclass(frozen=True)
class Judged(Event, type="judged"):
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


@dataclass(frozen=True)
class MeetingArranged(Event, type="meeting_arranged"):
    """A meeting is booked, or booked anew. The due date does not move. `at` is an aware instant."""

    at: datetime
    where: Words = ""


@dataclass(frozen=True)
class MeetingCalledOff(Event, type="meeting_called_off"):
    """A meeting that was booked does not take place. The due date does not move."""

    why: Words = ""


@dataclass(frozen=True)
class MeetingHeld(Event, type="meeting_held"):
    """A meeting took place; until its outcome is recorded the IRO owns the window."""

    on: date
    attended: tuple[str, ...] = ()
    others: Words = ""


@dataclass(frozen=True)
class OutcomeRecorded(Event, type="outcome_recorded"):
    """What came of the meeting: where the answer is a meeting, this meets the window."""

    outcome: Words
    actions: tuple[Action, ...] = ()


@dataclass(frozen=True)
class Escalated(Event, type="escalated"):
    """The IRO (or the stage's sender) takes it higher: to the next stage, or straight to a stage that they choose."""

    why: Words
    to_stage: str = ""
    to: tuple[Chosen, ...] = ()
    respond_by: date | None = None
    resolve_by: date | None = None
    copies: tuple[str, ...] = ()
    advice_before_skipping: Words = ""


@dataclass(frozen=True)
class EscalationHeld(Event, type="escalation_held"):
    """The IRO stops a climb that would come by itself, to consider."""

    why: Words


@dataclass(frozen=True)
class EscalationRecalled(Event, type="escalation_recalled"):
    """The IRO takes back a climb that came by itself."""

    why: Words


@dataclass(frozen=True)
class WindowExtended(Event, type="window_extended"):
    """The IRO gives the people asked until another date (Europe/London)."""

    until: date
    why: Words
    sure: bool = field(default=False, metadata=LATER)
    """A date that is surprisingly far is meant: past the child's next review, or much longer than the stage's own time."""


@dataclass(frozen=True)
class ExtensionTakenBack(Event, type="extension_taken_back"):
    """Whoever gave another date by mistake takes it back on the same day: the earlier promise holds again."""

    why: Words = ""


@dataclass(frozen=True)
class SecondNameGiven(Event, type="second_name_given"):
    """A second of the IRO service agrees to what a colleague will do for an absent raiser: end, withdraw, extend or seal it."""

    words: Words = ""


@dataclass(frozen=True)
class CopyAdded(Event, type="copy_added"):
    """The IRO side copies in one more role of the ladder's own people."""

    role: str
    why: Words = ""


@dataclass(frozen=True)
class FactSaid(Event, type="fact_said"):
    """A fact of the item is so from now on, or is so no longer. Who is copied where it is so is copied in at once."""

    fact: str
    holds: bool = True
    words: Words = ""


AdviceFrom = Literal[
    "Cafcass duty line", "a neighbouring authority", "a solicitor outside", "the authority's own lawyer", "another source"
]
ADVICE_FROM: tuple[str, ...] = get_args(AdviceFrom)
"""The kinds of source of legal advice that are counted (IRO Handbook 6.13)."""


@dataclass(frozen=True)
class LegalAdviceTaken(Event, type="legal_advice_taken"):
    """Independent legal advice (IRO Handbook 6.13). Seen by the IRO service only."""

    source: Words
    on: date
    conflict_checked: bool
    content: Words = ""
    from_whom: AdviceFrom | Literal[""] = field(default="", metadata=LATER)
    """What kind of source it was: what is counted. Empty: not said."""


@dataclass(frozen=True)
class ChildViewRecorded(Event, type="child_view_recorded"):
    """What the child thinks: of the issue, of taking it higher, of a referral. `in_confidence` keeps it to the IRO."""

    about: Literal["the issue", "taking it higher", "a referral"]
    view: Words
    in_confidence: bool = False


@dataclass(frozen=True)
class ChildTold(Event, type="child_told"):
    """The child was told, by whom and when, or was not, and why."""

    told: bool
    on: date | None = None
    by: Words = ""
    why_not: Words = ""


@dataclass(frozen=True)
class AdvocateRecorded(Event, type="advocate_recorded"):
    """An advocate was offered, is in place, or was declined."""

    state: Literal["offered", "in place", "declined"]


@dataclass(frozen=True)
class ComplaintOpened(Event, type="complaint_opened"):
    """A complaint runs beside this; its reference only, never its content."""

    reference: Words


@dataclass(frozen=True)
class CourtTold(Event, type="court_told"):
    """The IRO's view went to court for a hearing."""

    hearing: date
    view: Words = ""


@dataclass(frozen=True)
class RiskActedOn(Event, type="risk_acted_on"):
    """A risk to the child today was taken where it is acted on at once: a challenge is no substitute for that."""

    how: Literal["section 47", "LADO", "the police", "another way"]
    on: date
    words: Words = ""


@dataclass(frozen=True)
class RightsExplained(Event, type="rights_explained"):
    """Whether the child knows of the right to take advice and to apply to court, and whether somebody was found who helps with
    it: an appropriate adult, or a lawyer (Care Planning Regulations 2010, regulation 45). Read by the child's IRO only."""

    told: bool
    help_found: Literal["an adult", "a lawyer", "not yet", "not wanted"] = "not yet"
    on: date | None = None
    """When the child was told."""
    who: Words = ""
    found_on: date | None = None
    why_not: Words = ""


@dataclass(frozen=True)
class GuardianTold(Event, type="guardian_told"):
    """The children's guardian of proceedings was told of it."""

    on: date
    words: Words = ""


@dataclass(frozen=True)
class GuardianHandedOver(Event, type="guardian_handed_over"):
    """At the end of proceedings the children's guardian and the IRO spoke, and what one leaves to the other was handed over."""

    on: date
    handed_over: Words


@dataclass(frozen=True)
class ReviewAskedFor(Event, type="review_asked_for"):
    """The IRO asks that a review be held before its day: of their own (regulation 33), at the review (36), or because of what
    they were told of a failure or a change (37). `tells`: roles told of it, of those who were told of the item before."""

    review_by: date
    under: Literal["regulation 33", "regulation 36", "regulation 37"]
    why: Words
    tells: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReviewAdjourned(Event, type="review_adjourned"):
    """The IRO adjourned the review of a day to another (Care Planning Regulations 2010, regulation 36)."""

    review_on: date
    adjourned_to: date
    why: Words
    tells: tuple[str, ...] = ()
    sure: bool = False
    """A day further away than the regulation gives is meant."""


@dataclass(frozen=True)
class LearningNoted(Event, type="learning_noted"):
    """What was learned from an item, and who was told of it (Derby, section 13: action and learning)."""

    learned: Words
    told_of_it: Words
    on: date


@dataclass(frozen=True)
class Thanked(Event, type="thanked"):
    """Somebody who was told of excellent practice thanks whoever the notice names."""

    words: Words


@dataclass(frozen=True)
class QuoteOffered(Event, type="quote_offered"):
    """Words about excellent practice that reports may quote, changed until the family would not know it.

    `tells_nothing`: its raiser says that nothing in them tells who the child is.
    """

    quote: Words
    tells_nothing: bool


@dataclass(frozen=True)
class QuoteAnswered(Event, type="quote_answered"):
    """Somebody whom a notice of excellent practice names agrees to be quoted in reports, or not, or not any more.

    `offer`: which words, as they were offered: 1 for the first that were.
    """

    agrees: bool
    offer: int
    words: Words = ""


@dataclass(frozen=True)
class QuoteTakenBack(Event, type="quote_taken_back"):
    """Its raiser takes back words that they had offered to reports."""

    why: Words = ""


Ground = Literal["care_plan_not_prepared", "case_not_reviewed", "decision_not_carried_out", "other_material_breach"]
"""Care Planning Regulations 2010, regulation 45."""


@dataclass(frozen=True)
class ReferralStatement(ClosedValue):
    """What a referral says to one item of the list (`workflows.model.referral`): in words, or that it does not apply."""

    item: str
    words: Words = ""
    applies: bool = True


@dataclass(frozen=True)
class ReferralConsidered(Event, type="referral_considered"):
    """The IRO considered a referral to Cafcass and did not make one, and why (Care Planning Regulations 2010, reg. 45)."""

    why_not: Words


@dataclass(frozen=True)
class ReferredToCafcass(Event, type="referred_to_cafcass"):
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


@dataclass(frozen=True)
class ReferralAcknowledged(Event, type="referral_acknowledged"):
    """Cafcass says that it has the referral."""

    cafcass_reference: Words
    on: date


@dataclass(frozen=True)
class ReferralOutcome(Event, type="referral_outcome"):
    """What Cafcass did."""

    outcome: Literal["advice", "negotiation", "proceedings", "no_action"]
    on: date
    words: Words = ""


@dataclass(frozen=True)
class ReferralTold(Event, type="referral_told"):
    """Whom the ladder names has told everyone above of the referral: the roles told, and when."""

    told: tuple[str, ...]
    on: date
    words: Words = ""


@dataclass(frozen=True)
class Resolved(Event, type="resolved"):
    """Settled to the IRO's satisfaction: what changed for the child, or when to look again."""

    what_changed: Words
    look_again_on: date | None = None
    found: FoundOrNot = field(default="", metadata=LATER)
    no_look_again: bool = field(default=False, metadata=LATER)
    """The IRO says that nobody needs to look again between reviews (`workflows.decision.impact`)."""


@dataclass(frozen=True)
class EndedUnresolved(Event, type="ended_unresolved"):
    """Ended without being settled."""

    why: Words
    look_again_on: date | None = None
    found: FoundOrNot = field(default="", metadata=LATER)
    no_look_again: bool = field(default=False, metadata=LATER)
    """The IRO says that nobody needs to look again between reviews (`workflows.decision.impact`)."""


@dataclass(frozen=True)
class Overtaken(Event, type="overtaken"):
    """Events made it pointless."""

    by_what: Words
    look_again_on: date | None = field(default=None, metadata=LATER)
    found: FoundOrNot = field(default="", metadata=LATER)


@dataclass(frozen=True)
class Withdrawn(Event, type="withdrawn"):
    """The IRO withdraws it, with a reason."""

    why: Words


@dataclass(frozen=True)
class Reopened(Event, type="reopened"):
    """Opened again at a stage: with a fresh window, or to the date that was promised there."""

    stage: str
    why: Words
    clock: Literal["fresh", "as it was"] = "fresh"
    to: tuple[Chosen, ...] = ()
    respond_by: date | None = None


@dataclass(frozen=True)
class ActionDone(Event, type="action_done"):
    """The IRO saw that an agreed action was done. `action` is its number on this challenge."""

    action: int
    words: Words = ""


@dataclass(frozen=True)
class ActionNotDone(Event, type="action_not_done"):
    """The IRO saw that an agreed action was not done."""

    action: int
    why: Words
    look_again_on: date | None = None


@dataclass(frozen=True)
class ImpactRecorded(Event, type="impact_recorded"):
    """What changed for the child afterwards, or that it is too early to say and when to look again."""

    found: Found
    what_changed: Words = ""
    look_again_on: date | None = None
    childs_words: Words = field(default="", metadata=LATER)
    """What the child says changed, in the child's own words."""


@dataclass(frozen=True)
class TrackingAgreed(Event, type="tracking_agreed"):
    """How closely a child's case is watched until the next review, as agreed at one: a priority, and what the IRO chose for it.

    Each day that is named has a window. What was agreed before gives way to it.
    """

    priority: str
    on: date
    """When it was agreed: the day of the review."""
    update_by: date | None = None
    updates_every_weeks: int = 0
    """After the first update, one again after so many weeks; 0: one only."""
    early_review_by: date | None = None
    look_at_file_by: date | None = None
    look_every_weeks: int = 0
    words: Words = ""


@dataclass(frozen=True)
class TrackedDone(Event, type="tracked_done"):
    """The IRO has looked at a tracked case's file, or its early review was held."""

    what: Literal["look_at_file", "early_review"]
    on: date
    words: Words = ""


@dataclass(frozen=True)
class LookedThrough(Event, type="looked_through"):
    """At the mid-point: the decisions of the last review were looked through."""

    on: date
    words: Words = ""


@dataclass(frozen=True)
class MidPointContact(Event, type="mid_point_contact"):
    """At the mid-point: contact with the child, and how the placement stands. It is no statutory visit."""

    how: Literal["in person", "by telephone or video", "in writing", "none"]
    on: date | None = None
    alone: bool = False
    why_not: Words = ""
    placement: Words = ""
    to_raise: Words = ""


@dataclass(frozen=True)
class Noted(Event, type="noted"):
    """A note by somebody on the challenge."""

    text: Words
    iro_service_only: bool = False
    for_supervision: bool = field(default=False, metadata=LATER)
    """Is it for the IRO and their manager alone?"""


@dataclass(frozen=True)
class ReaderNamed(Event, type="reader_named"):
    """The child's IRO lets one more person read what is kept to the child's IRO: a directory id."""

    person: str
    why: Words = ""


@dataclass(frozen=True)
class ReaderRemoved(Event, type="reader_removed"):
    """What was shared is taken back for the future; that it was shared stays on the record."""

    person: str
    why: Words = ""


MediaType = Literal[
    "application/pdf",
    "image/png",
    "image/jpeg",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
]
"""The kinds of file that may be attached."""


@dataclass(frozen=True)
class DocumentAttached(Event, type="document_attached"):
    """A file attached by somebody on the challenge. `digest` is its SHA-256: made where the file is kept, never claimed."""

    digest: str
    media_type: MediaType
    size: int
    name: Words
    about: Words = ""
    iro_service_only: bool = False


@dataclass(frozen=True)
class Corrected(Event, type="corrected"):
    """A correction to one's own entry. The first words stay; `entry` is its number on the timeline."""

    entry: int
    text: Words


@dataclass(frozen=True)
class RecordedInError(Event, type="recorded_in_error"):
    """Never should have been here (the wrong child): sealed at once, kept, logged."""

    why: Words


@dataclass(frozen=True)
class Endorsed(Event, type="endorsed"):
    """The person whose endorsement a partner route asks for agrees; it is sent on."""

    words: Words = ""


@dataclass(frozen=True)
class EndorsementDeclined(Event, type="endorsement_declined"):
    """The person whose endorsement a partner route asks for does not agree; the raiser is asked what next."""

    why: Words


@dataclass(frozen=True)
class WindowsReleased(Event, type="windows_released"):
    """A named person releases windows held after an outage: as due, or with the lost time given back."""

    how: Literal["as due", "time given back"]
    why: Words


@dataclass(frozen=True)
class LadderMoved(Event, type="ladder_moved"):
    """A named person moves a running challenge to another version of its ladder, at a stage of that version."""

    version: str
    stage: str
    why: Words
    ladder_hash: str = ""


# What follows is internal: made by the service itself, never accepted from outside.


@dataclass(frozen=True)
class WindowClosed(Event, type="window_closed"):
    """A window's time came. It names itself: if the challenge no longer has it, nothing is decided."""

    sequence: int
    kind: str
    n: int


@dataclass(frozen=True)
class WindowsHeld(Event, type="windows_held"):
    """The service was away from `since` to `until` (UTC): what closed meanwhile waits for a named release."""

    since: datetime
    until: datetime
    why: str = "the service was away"


@dataclass(frozen=True)
class AskNotReached(Event, type="ask_not_reached"):
    """The question of a window did not reach those who still owe its answer in good time: that is not "no reply".

    `roles` are those not reached, `why` is an `UnreachedWhy`. Before the window's own moment it warns; at it, it closes it.
    """

    sequence: int
    kind: str
    n: int
    roles: tuple[str, ...]
    why: str


@dataclass(frozen=True)
class DeliveryFailed(Event, type="delivery_failed"):
    """A message to somebody asked came back, or does not leave. That is not "no reply"."""

    role: str
    why: str


@dataclass(frozen=True)
class AutomaticReply(Event, type="automatic_reply"):
    """An automatic reply came from somebody asked. It shows as a fact, without its text: nobody replied, nobody was reached."""

    role: str


@dataclass(frozen=True)
class PostTakenOver(Event, type="post_taken_over"):
    """Somebody else holds a post that is asked: they take over what it is asked."""

    role: str


@dataclass(frozen=True)
class PostEmptied(Event, type="post_emptied"):
    """Nobody holds a post that is asked: cover, then the IRO manager; the window runs on."""

    role: str


@dataclass(frozen=True)
class ConflictNoted(Event, type="conflict_noted"):
    """Whoever referred to Cafcass is concerned by the item: noted for the IRO service, and never a reason to refuse."""

    of: str


@dataclass(frozen=True)
class ChildJoined(Event, type="child_joined"):
    """Two spellings of a child's number were one child: the items of both are one child's from now on. By the operator."""

    number: Words
    into: Words
    why: Words
    by: Words


@dataclass(frozen=True)
class ReviewHeld(Event, type="review_held"):
    """The child's next review was held, as the directory says."""

    on: date


@dataclass(frozen=True)
class MadeChallenge(Event, type="made_challenge"):
    """What was followed has been raised as a challenge, with this reference: it ends, not done."""

    reference: str


@dataclass(frozen=True)
class IroChanged(Event, type="iro_changed"):
    """The child's IRO, or who covers for them, changed."""

    role: str = "iro"


@dataclass(frozen=True)
class ChildFactsChanged(Event, type="child_facts_changed"):
    """The directory says something new of the child. `statuses` are Status values."""

    statuses: tuple[str, ...]
    in_plo: bool
    in_proceedings: bool
    facts: tuple[str, ...]
    team: str
    service: str
    next_review: date | None = field(default=None, metadata=LATER)


FromOutside = (
    Acknowledged | NotForMe | Redirected | ClarificationAsked | ClarificationGiven | Responded | Judged
    | MeetingArranged | MeetingCalledOff | MeetingHeld | OutcomeRecorded | Escalated | EscalationHeld | EscalationRecalled
    | WindowExtended | ExtensionTakenBack | SecondNameGiven
    | ReaderNamed | ReaderRemoved | CopyAdded | FactSaid | LegalAdviceTaken | ChildViewRecorded | ChildTold | AdvocateRecorded
    | ComplaintOpened | RightsExplained | CourtTold | GuardianTold | GuardianHandedOver | RiskActedOn
    | ReviewAskedFor | ReviewAdjourned
    | ToldOtherwise | DidNotArrive | Reminded | ReferralConsidered
    | ReferredToCafcass
    | ReferralAcknowledged
    | ReferralOutcome | ReferralTold | Resolved | EndedUnresolved | Overtaken | Withdrawn | Reopened | ActionDone | ActionNotDone
    | ImpactRecorded | LearningNoted | Thanked | QuoteOffered | QuoteAnswered | QuoteTakenBack | TrackingAgreed
    | TrackedDone | LookedThrough | MidPointContact | Noted | Corrected | RecordedInError
    | Endorsed | EndorsementDeclined | WindowsReleased | LadderMoved
)  # fmt: skip
"""Events that a person may bring to a challenge that exists. Raised has a route of its own."""

Internal = (
    WindowClosed | WindowsHeld | AskNotReached | DeliveryFailed | AutomaticReply
    | PostTakenOver | PostEmptied | ConflictNoted | ChildJoined | ReviewHeld | MadeChallenge | IroChanged
    | ChildFactsChanged
)  # fmt: skip
"""Events that only the service makes."""

EXTERNAL_TYPES: tuple[type[Event], ...] = get_args(FromOutside)
INTERNAL_TYPES: tuple[type[Event], ...] = get_args(Internal)
WITH_FILE_TYPES: tuple[type[Event], ...] = (DocumentAttached,)
"""Events that a person brings together with a file, by a route of its own; never JSON, where any digest could be claimed."""


def words_of(event: Any) -> dict[str, str]:
    """The event's own words (possibly personal), by field; nested actions as `actions.0`."""
    found: dict[str, str] = {}
    kind: Any = type(event)
    for each in _fields_of(kind):
        if each.type is Words:
            if value := getattr(event, each.name):
                found[each.name] = value
        elif each.name == "actions":
            found |= {f"actions.{n}": action.what for n, action in enumerate(event.actions)}
        elif each.name == "said":
            found |= {f"said.{statement.item}": statement.words for statement in event.said if statement.words}
    return found


def facts_of(event: Any) -> dict[str, Any]:
    """The event without its words: types, dates, keys, numbers, as JSON has them; later fields where they say something."""
    found: dict[str, Any] = {}
    kind: Any = type(event)
    for each in _fields_of(kind):
        if each.type is Words or each.name == "type":
            continue
        value = getattr(event, each.name)
        if each.metadata.get("later") and value == each.default:
            continue
        if each.name == "actions":
            found["actions"] = [action.by.isoformat() for action in value]
        elif each.name == "said":
            found["said"] = {statement.item: statement.applies for statement in value}
        else:
            found[each.name] = _plain(value)
    return found


@cache
def _fields_of(kind: Any) -> tuple[Field[Any], ...]:
    return fields(kind)


def _plain(value: Any) -> Any:
    if isinstance(value, Chosen):
        return {"role": value.role, "person": value.person}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value
