"""A challenge as a value: where it stands, what was promised, who is asked."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from workflows.calendar.working_days import Promise, local_date
from workflows.model.events import Chosen, FoundOrNot
from workflows.model.ladder import RAISER, ItemType, Need, NoReply, Status


class Phase(StrEnum):
    """Where an open challenge stands within its stage."""

    ENDORSING = "endorsing"
    AWAITING = "awaiting"
    ANSWERED = "answered"
    ASKING = "asking"
    COMPLETING = "completing"


class Outcome(StrEnum):
    """How a challenge ended. A notice is `noticed` from the start; what was recorded in error is sealed."""

    RESOLVED = "resolved"
    ENDED = "ended_unresolved"
    OVERTAKEN = "overtaken"
    WITHDRAWN = "withdrawn"
    IN_ERROR = "recorded_in_error"
    NOTICED = "noticed"


class WindowKind(StrEnum):
    """What a window promises. A reminder or a warning tells and moves nothing."""

    REPLY = "reply"
    MEETING = "meeting"
    JUDGEMENT = "judgement"
    ENDORSEMENT = "endorsement"
    COMPLETION = "completion"
    REMINDER = "reminder"
    WARNING = "warning"
    WHOLE_PROCESS = "whole_process"
    ACTION = "action"
    FOLLOW_UP = "follow_up"
    UPDATE = "update"
    LOOK_AT_FILE = "look_at_file"
    EARLY_REVIEW = "early_review"
    MID_POINT = "mid_point"
    """Of what is watched between two reviews: past its date it is asked for again, and does not close."""


OUTLIVE_CLOSING = frozenset({WindowKind.ACTION, WindowKind.FOLLOW_UP})
CLOSES_UNANSWERED = frozenset({WindowKind.REPLY, WindowKind.MEETING})
"""Windows that close when their date passes without an answer: before that it is looked whether those who owe were reached."""

ASKS_RECIPIENTS = CLOSES_UNANSWERED | {WindowKind.UPDATE}


class ClosedAs(StrEnum):
    """How a window closed. The values are stored, hashed and shown: a member may be renamed, its value never changes."""

    NOT_CLOSED = ""
    """It still runs."""

    ANSWERED = "answered"
    ANSWERED_LATE = "answered late"
    OUTCOME_RECORDED = "outcome recorded"
    OUTCOME_RECORDED_LATE = "outcome recorded late"
    """Those asked answered, or the outcome of their meeting was recorded: in time, or after the date."""

    NO_REPLY = "no reply"
    PART_ANSWERED = "part answered"
    NOT_REACHED = "not reached"
    DATE_PASSED = "date passed"
    """The date passed: nobody had answered or endorsed; only some had answered; whoever still owed an answer was not reached
    in time (which is no "no reply"); what was agreed, or the whole, was not done."""

    ENDORSED = "endorsed"
    NOT_ENDORSED = "not endorsed"
    """Of an endorsement: it was given, or declined."""

    ENOUGH = "enough"
    NEEDS_MORE = "needs more"
    WAITS_LONGER = "waits longer"
    ANSWERED_MEANWHILE = "answered meanwhile"
    ENDORSED_MEANWHILE = "endorsed meanwhile"
    """Of a judgement: the verdict; or it fell away, because those asked got another date, answered or endorsed."""

    DONE = "done"
    NOT_DONE = "not done"
    LOOKED_AT = "looked at"
    NOT_RECORDED = "not recorded"
    """Of an action or a follow-up: what came of it; not recorded where nobody, asked twice, said so."""

    TOLD = "told"
    LAPSED = "lapsed"
    """Of a reminder or a warning: it was told, or what it reminds of closed or moved first."""

    SUPERSEDED = "superseded"
    RECALLED = "recalled"
    ENDED = "ended"
    RECORDED_IN_ERROR = "recorded in error"
    """The item went to another stage, was taken back from this one, ended, or never should have been here."""


UNANSWERED = frozenset({ClosedAs.NO_REPLY, ClosedAs.PART_ANSWERED})
"""How a window closes whose date passed before all who were asked had answered."""

SETTLED = frozenset({ClosedAs.DONE, ClosedAs.NOT_DONE})
"""How an action closes once somebody has said whether it was done."""


class EnteredHow(StrEnum):
    """How a stage was entered. The values are stored, hashed and shown: a member may be renamed, its value never changes."""

    RAISED = "raised"
    TALKED = "talked"
    """The item began here: it was sent, or an informal talk was put on the record without a clock."""

    CLIMBED = "climbed"
    NO_REPLY = "no_reply"
    NOT_REACHED = "not_reached"
    JUMPED = "jumped"
    SATISFIED = "satisfied"
    """It went on: taken higher, by itself because no reply came or because nobody was reached, straight to this stage, or
    because the answer was enough."""

    RECALLED = "recalled"
    REOPENED = "reopened"
    """Back here: a climb by itself was taken back, or what had ended was opened again."""


NEW = "new"
"""The machine's state before anything is raised."""


class ReferralState(StrEnum):
    """The small machine beside the ladder: the ladder runs on."""

    NONE = "none"
    CONSIDERED = "considered, not referred"
    REFERRED = "referred"
    ACKNOWLEDGED = "acknowledged"
    CONCLUDED = "concluded"


class QuoteState(StrEnum):
    """May reports quote the words offered of a notice of excellent practice? The values are stored: they never change."""

    NONE = ""
    """No words are offered."""
    OFFERED = "offered"
    """Its raiser offered words; whoever it names has not agreed yet."""
    AGREED = "agreed"
    DECLINED = "declined"


@dataclass(frozen=True, order=True)
class Party:
    """One side of a message or a window: a role (or the raiser), perhaps narrowed to one person of the directory."""

    role: str
    person: str = ""

    @classmethod
    def of(cls, chosen: Chosen) -> "Party":
        """The party that a sender chose."""
        return cls(chosen.role, chosen.person)


THE_RAISER = Party(RAISER)


@dataclass(frozen=True)
class AskedParty:
    """One person (by role) asked within one window, and how far they got."""

    party: Party
    acknowledged_at: datetime | None = None
    answered_at: datetime | None = None
    answer: str = ""
    late: bool = False
    told_on: date | None = None
    """The day (Europe/London) on which the IRO side told them otherwise: rang them, or met."""
    unreached: bool = False
    """Did a message that asks them come back or not leave? Said once for a window."""
    reminded_on: date | None = None
    """The day (Europe/London) on which somebody reminded them by hand last."""


@dataclass(frozen=True, order=True)
class WindowKey:
    """What names a window within its challenge."""

    sequence: int
    kind: WindowKind
    n: int


@dataclass(frozen=True)
class Window:
    """A promise with a date and an owner. `acts_at` (UTC) is when its passing is acted on."""

    key: WindowKey
    owner: Party
    promise: Promise
    acts_at: datetime
    opened_at: datetime
    asked: tuple[AskedParty, ...] = ()
    answer: Need = Need.ALL
    on_close: NoReply = NoReply.NOTHING
    parent: WindowKey | None = None
    closed_at: datetime | None = None
    closed_as: ClosedAs = ClosedAs.NOT_CLOSED
    held_since: datetime | None = None
    times_told: int = 0
    climb_waits: bool = False
    """Did a message come back, or has a meeting been held? Then a climb by itself waits for the IRO."""

    @property
    def is_open(self) -> bool:
        """Still running (perhaps past its date, or held)."""
        return self.closed_at is None

    def is_late(self, now: datetime) -> bool:
        """Is its date past?"""
        return now >= self.promise.closes_at

    def is_answered(self) -> bool:
        """Have all, or any, of those asked answered, as this window needs?"""
        answers = [asked.answered_at is not None for asked in self.asked]
        return bool(answers) and (all(answers) if self.answer is Need.ALL else any(answers))


@dataclass(frozen=True)
class SecondName:
    """Whose name stands beside what somebody will do for an absent raiser, and in which stay."""

    person: str
    sequence: int


@dataclass(frozen=True)
class ExtensionGiven:
    """Another date that was given within a running window, for as long as whoever gave it may take it back."""

    window: WindowKey
    promise: Promise
    """What was promised before."""
    on_close: NoReply
    """What was to happen when that date passed."""
    person: str
    """Who gave it: a directory id."""
    on: date
    """The day (Europe/London) on which it was given."""


@dataclass(frozen=True)
class StageVisit:
    """One stay at a stage: how it came there, to whom it is addressed and copied, whether it has been sent."""

    sequence: int
    stage: str
    entered_at: datetime
    how: EnteredHow
    told: tuple[Party, ...] = ()
    copied: tuple[Party, ...] = ()
    sent: bool = True
    respond_by: date | None = None
    meeting_at: datetime | None = None
    """When its meeting was to be, as it was booked last (aware UTC); kept when it is called off."""


@dataclass(frozen=True)
class Facts:
    """What the ladder's conditions ask about the child. Empty for an item about a service."""

    statuses: frozenset[Status] = frozenset()
    in_plo: bool = False
    in_proceedings: bool = False
    facts: frozenset[str] = frozenset()
    team: str = ""
    service: str = ""
    next_review: date | None = None
    """The day (Europe/London) of the child's next review, as far as the directory knows it."""

    @property
    def is_looked_after(self) -> bool:
        """May the child's IRO refer to Cafcass? (Children Act 1989 s.25B(3) speaks of looked-after children.)"""
        return Status.LOOKED_AFTER in self.statuses


@dataclass(frozen=True)
class Challenge:
    """One matter that somebody raised, climbing a ladder."""

    item_type: ItemType
    raiser_role: str
    reasons: tuple[str, ...]
    raised_at: datetime
    ladder_hash: str
    authority_hash: str
    about_child: bool
    facts: Facts
    facts_at_raising: Facts
    item_facts: tuple[str, ...] = ()
    """Facts that are said of this item, whatever the directory says of the child: keys of the authority's list."""
    stage: str = ""
    phase: Phase | Outcome = Phase.AWAITING
    sequence: int = 0
    highest_stage: str = ""
    priority: str = ""
    windows: tuple[Window, ...] = ()
    visits: tuple[StageVisit, ...] = ()
    resolve_by: date | None = None
    referral: ReferralState = ReferralState.NONE
    to_tell: tuple[Party, ...] = ()
    """Who has yet to tell everyone above of a referral."""
    actions: int = 0
    meeting_at: datetime | None = None
    happened: tuple[tuple[str, date], ...] = ()
    agency: str = ""
    last_at: datetime | None = None
    ended_at: datetime | None = None
    """When it last ended; None while it is open."""
    impact: FoundOrNot = ""
    """What was last found to have changed for the child (`ImpactRecorded.found`); empty until that is said."""
    taken_over_from: date | None = None
    """The day of raising in the register from which it was taken over; None for what was raised here."""
    extension: ExtensionGiven | None = None
    """The last date given instead of another, while nothing has been built on it."""
    readers: tuple[str, ...] = ()
    """Whom the child's IRO lets read what is kept to them: directory ids."""
    updates_every: int = 0
    looks_every: int = 0
    """Of a tracked case: after how many weeks an update is asked for again, and the file looked at again; 0: not again."""
    mid_point_done: tuple[str, ...] = ()
    """Of a mid-point: which of its parts are done (`workflows.decision.watching`)."""
    thanked: int = 0
    """Of a notice of excellent practice: how often somebody thanked whoever it names."""
    quote: QuoteState = QuoteState.NONE
    quotes_offered: int = 0
    """How often words were offered: an answer says which it is about."""
    quote_agreed: tuple[str, ...] = ()
    """Who agreed to be quoted: directory ids."""
    second_name: SecondName | None = None
    """Who agreed to what another will do for an absent raiser, until it is done."""

    @property
    def counted_on(self) -> date:
        """The day (Europe/London) on which reports count it as raised: that of the earlier register, if it had one."""
        return self.taken_over_from or local_date(self.raised_at)

    @property
    def is_open(self) -> bool:
        """Has it not ended?"""
        return isinstance(self.phase, Phase)

    @property
    def is_sealed(self) -> bool:
        """Was it recorded in error?"""
        return self.phase is Outcome.IN_ERROR

    @property
    def state(self) -> str:
        """The state's name in the machine: stage and phase, or the outcome."""
        if not self.is_open:
            return str(self.phase)
        return f"{self.stage}.{self.phase}" if self.stage else NEW

    @property
    def visit(self) -> StageVisit:
        """The present stay at a stage."""
        return self.visits[-1]

    def open_windows(self) -> Iterator[Window]:
        """Windows still running."""
        return (window for window in self.windows if window.closed_at is None)

    def window(self, key: WindowKey) -> Window | None:
        """The window of that name, open or closed."""
        return next((window for window in self.windows if window.key == key), None)

    def stage_of(self, window: Window) -> str:
        """The stage at which a window was opened."""
        return next((visit.stage for visit in self.visits if visit.sequence == window.key.sequence), self.stage)

    def main_window(self) -> Window | None:
        """The latest window of the present stay that asks the stage's own people, open or closed."""
        asking = ASKS_RECIPIENTS | {WindowKind.ENDORSEMENT, WindowKind.COMPLETION}
        of_this_stay = (w for w in reversed(self.windows) if w.key.sequence == self.sequence and w.key.kind in asking)
        return next(of_this_stay, None)

    def everyone_told(self) -> tuple[Party, ...]:
        """Everybody who was told or copied so far, in that order, once each."""
        parties = [party for visit in self.visits if visit.sent for party in (*visit.told, *visit.copied)]
        return tuple(dict.fromkeys(parties))
