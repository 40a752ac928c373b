"""A ladder as a value: one authority's procedure for one kind of item, as its file says it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cached_property

from workflows.calendar.working_days import Length

RAISER = "raiser"
"""The one party every ladder knows without naming a role: whoever raised the item (docs/architecture.md rule 9)."""

RECIPIENTS = "recipients"
"""In a meeting's attendance: whoever the stage is addressed to."""

EVERYONE_ABOVE = "everyone above"
"""In a copy list: of each stage before, who was told there, or (not passed through) whom it names whatever anybody chooses."""


FilePlace = tuple[str | int, ...]
"""Where something stands in a file: keys and list positions from the top."""


class ItemType(StrEnum):
    """What kind of matter is raised. The words people see are labels; these are keys."""

    INFORMAL = "informal"
    FORMAL = "formal"
    URGENT = "urgent"
    PARTNER_AGENCY = "partner_agency"
    ABOUT_IRO_SERVICE = "about_iro_service"
    ABOUT_SERVICE = "about_service"
    ABOUT_CARER = "about_carer"
    EXCELLENT_PRACTICE = "excellent_practice"
    SENIOR_SCRUTINY = "senior_scrutiny"
    REVIEW_DECISION = "review_decision"
    TRACKED_CASE = "tracked_case"
    MID_POINT = "mid_point"


TOLD_ONCE = (ItemType.EXCELLENT_PRACTICE, ItemType.SENIOR_SCRUTINY)
"""Item types that ask for no reply: no window, no climb, and counted apart from challenges."""

BETWEEN_REVIEWS = frozenset({ItemType.REVIEW_DECISION, ItemType.TRACKED_CASE, ItemType.MID_POINT})
"""What an IRO follows between two reviews: on a ladder of one stage, and never counted among challenges."""

WITHOUT_CHILD = frozenset({ItemType.ABOUT_SERVICE, ItemType.ABOUT_CARER, ItemType.ABOUT_IRO_SERVICE})
"""Item types that may be raised without naming a child."""


class Status(StrEnum):
    """A child's legal standing, as far as a ladder asks for it."""

    LOOKED_AFTER = "looked_after"
    CHILD_PROTECTION = "child_protection"
    CHILD_IN_NEED = "child_in_need"
    CARE_LEAVER = "care_leaver"
    OTHER_COUNCIL = "other_council"
    """Looked after by another council, and placed here: the child's own IRO is that council's."""
    NONE_RECORDED = "none_recorded"


class NoReply(StrEnum):
    """What a passed date does (docs/architecture.md rule 4)."""

    ESCALATE = "escalate"
    PROMPT = "prompt"
    NOTHING = "nothing"


class Need(StrEnum):
    """How many of several people must act."""

    ALL = "all of"
    ANY = "any of"


class Choice(StrEnum):
    """How a stage's recipients are found."""

    ALL = "all of"
    ANY = "any of"
    ONE = "one of"
    CHOSEN = "chosen"


@dataclass(frozen=True)
class Term:
    """One fact asked for: `kind` is status, plo, proceedings, fact, priority, reason, theme, item or chosen."""

    kind: str
    value: str = ""
    negated: bool = False


@dataclass(frozen=True)
class LadderCondition:
    """Facts joined by and / or; holds if every term of one alternative holds."""

    text: str
    alternatives: tuple[tuple[Term, ...], ...]

    def terms(self) -> Iterable[Term]:
        """Every fact that this condition asks for."""
        return (term for alternative in self.alternatives for term in alternative)


@dataclass(frozen=True)
class Recipients:
    """To whom a stage is addressed: all or any of several roles, one that the sender picks, or people chosen."""

    how: Choice
    roles: tuple[str, ...]
    chosen_by: str = RAISER


@dataclass(frozen=True)
class StageCopy:
    """A role (or everyone above) copied in for information, perhaps only where a condition holds."""

    role: str
    when: LadderCondition | None = None


@dataclass(frozen=True)
class Within:
    """How long: a length, one per priority, a date the raiser names, the dates agreed, or none for a stated reason."""

    length: Length | None = None
    by_priority: tuple[tuple[str, Length], ...] = ()
    set_by_raiser: bool = False
    at_most: Length | None = None
    as_agreed: bool = False
    none_because: str = ""
    unit_stated: bool = True


class CountedFrom(StrEnum):
    """What starts a stage's window. An item stands in the recipient's inbox when it is sent, so receipt is that day."""

    SENT = "sent"
    RECEIPT = "receipt"
    ACKNOWLEDGEMENT = "acknowledgement"
    NOT_STATED = "not stated"


@dataclass(frozen=True)
class Meeting:
    """A meeting as the means of contact: who arranges, who attends, who records what came of it."""

    called: str = "meeting"
    arranged_by: str = RAISER
    attended_by: tuple[str, ...] = ()
    others: str = ""
    outcome_recorded_by: str = RAISER
    only_if: str = ""
    """Under which condition it is held. One that is always held is the stage's answer; one held "if required" is not."""


@dataclass(frozen=True)
class Contact:
    """By what means a stage is carried: talk, e-mail, case note, form, letter, meeting."""

    by: tuple[str, ...] = ()
    form: str = ""
    followed_by: str = ""
    meeting: Meeting | None = None


@dataclass(frozen=True)
class Endorsement:
    """Someone who must agree before an item is sent on (partner routes only, never IRO to authority)."""

    role: str
    within: Length


@dataclass(frozen=True)
class Judges:
    """Who decides whether an answer is good enough."""

    how: Need = Need.ALL
    roles: tuple[str, ...] = (RAISER,)


@dataclass(frozen=True)
class RaiseWithin:
    """A deadline on the raiser: late is recorded, never refused."""

    length: Length
    of: str


@dataclass(frozen=True)
class Stage:
    """One level of a ladder."""

    key: str
    label: str
    to: Recipients | None
    respond_within: Within
    no_reply: NoReply = NoReply.PROMPT
    no_reply_to: str | None = None
    informal: bool = False
    copies: tuple[StageCopy, ...] = ()
    observers: tuple[str, ...] = ()
    sent_by: tuple[str, ...] = ()
    endorsed_by: Endorsement | None = None
    contact: Contact = Contact()
    counted_from: CountedFrom = CountedFrom.SENT
    counted_from_event: str = ""
    complete_within: Within | None = None
    judged_by: Judges = Judges()
    judge_within: Length | None = None
    satisfied: str | None = None
    not_satisfied: tuple[str, ...] = ()
    obstacle_stops: bool = True
    stand_ins: tuple[tuple[str, str], ...] = ()
    raise_within: tuple[RaiseWithin, ...] = ()
    reasons: tuple[str, ...] = ()
    referral: str = ""
    tell: str = ""
    told_by: str = ""
    texts: tuple[tuple[str, str], ...] = ()
    keeps_watch: bool = False
    """Is an item here neither answered nor judged, and stays until somebody ends it? (A tracked case, a mid-point.)"""

    @property
    def answer_is_a_meeting(self) -> bool:
        """Is this stage's window met by a meeting's recorded outcome, rather than by replies?"""
        return self.contact.meeting is not None and not self.contact.meeting.only_if

    def roles_to(self) -> tuple[str, ...]:
        """The roles that the stage may be addressed to."""
        return self.to.roles if self.to else ()

    def named_roles(self) -> list[tuple[FilePlace, tuple[str, ...]]]:
        """Every role that the stage names, and where below the stage. The raiser is among them."""
        meeting = self.contact.meeting or Meeting()
        return [
            (("to",), (*self.to.roles, self.to.chosen_by) if self.to else ()),
            *((("copy", n), (copy.role,)) for n, copy in enumerate(self.copies) if copy.role != EVERYONE_ABOVE),
            *((("stand_in", away), (away, stand_in)) for away, stand_in in self.stand_ins),
            (("observers",), self.observers),
            (("sent_by",), self.sent_by),
            (("judged_by",), self.judged_by.roles),
            (("contact", "meeting", "arranged_by"), (meeting.arranged_by,)),
            (("contact", "meeting", "attended_by"), tuple(role for role in meeting.attended_by if role != RECIPIENTS)),
            (("contact", "meeting", "outcome_recorded_by"), (meeting.outcome_recorded_by,)),
            (("tell", "by"), (self.told_by,) if self.told_by else ()),
            (("endorsed_by", "role"), (self.endorsed_by.role,) if self.endorsed_by else ()),
        ]


class TrackedBy(StrEnum):
    """What an IRO may choose for a tracked case of a priority; each that is chosen has a window."""

    UPDATES = "updates"
    """Updates at set intervals, asked of the stage's people."""
    UPDATE = "update"
    """One update before the next review."""
    EARLY_REVIEW = "early_review"
    LOOK_AT_FILE = "look_at_file"
    """The IRO looks at the child's file."""

    @property
    def said(self) -> str:
        """As a person reads it."""
        return {"updates": "updates at set intervals", "update": "one update", "early_review": "an early review"}.get(
            self.value, "a look at the file"
        )


@dataclass(frozen=True)
class WholeProcess:
    """A limit on the whole: it warns, and moves nothing."""

    limit: Length
    includes_informal: bool


@dataclass(frozen=True)
class EnterAt:
    """Where an item starts if a condition holds: one stage is proposed, several are a choice; neither is a refusal."""

    when: LadderCondition
    stages: tuple[str, ...]
    why: str = ""


@dataclass(frozen=True)
class RepeatRule:
    """An earlier item of the same reason (or theme) prompts for another stage."""

    same: str
    earlier: ItemType | None
    go_to: str


@dataclass(frozen=True)
class MustRaise:
    """A rule under which an item must be raised."""

    when: str
    reason: str = ""


@dataclass(frozen=True)
class BeforeSkipping:
    """Talk to somebody first before a stage is skipped; the advice is recorded. A gate only where statute allows."""

    talk_to: str
    required: bool


@dataclass(frozen=True)
class Assumption:
    """A value that is ours and not the source's: where it stands, and why."""

    path: str
    why: str


@dataclass(frozen=True, eq=False)
class Ladder:
    """One authority's procedure for one kind of item: stages in order, and what moves an item between them."""

    key: str
    version: str
    authority: str
    title: str
    source: str
    in_force: date
    items: tuple[ItemType, ...]
    raised_by: tuple[str, ...]
    covers: tuple[Status, ...]
    stages: tuple[Stage, ...]
    judge_within: Length
    hash: str
    until: date | None = None
    raises_only: tuple[tuple[str, tuple[ItemType, ...]], ...] = ()
    """Of roles that raise some item types only: which; nobody else raises those."""
    starts_at: tuple[tuple[ItemType, str], ...] = ()
    """Item types that start higher than the first stage, and where: the stages below do not exist for them."""
    is_notice: bool = False
    """Is it told once (excellent practice, senior scrutiny), without a window, and does it never climb?"""
    counts_at: str = ""
    """Of a notice: the stage of the authority's ladder at which it is counted; empty: at none."""
    reminder_before: Length | None = None
    reminds_half_way: bool = False
    """Are those who have not answered reminded half-way to the date?"""
    revision: int = 1
    """Which writing of this version it is: a file that is changed, and not its authority's procedure, says the next."""
    whole_process: WholeProcess | None = None
    observers: tuple[str, ...] = ()
    priorities: tuple[str, ...] = ()
    tracking: tuple[tuple[str, tuple[TrackedBy, ...]], ...] = ()
    """Of tracked cases: what may be chosen at each priority."""
    enter_at: tuple[EnterAt, ...] = ()
    repeats: tuple[RepeatRule, ...] = ()
    must_raise: tuple[MustRaise, ...] = ()
    raise_within: tuple[RaiseWithin, ...] = ()
    before_skipping: BeforeSkipping | None = None
    labels: tuple[tuple[str, str], ...] = ()
    texts: tuple[tuple[str, str], ...] = ()
    assumed: tuple[Assumption, ...] = ()

    @cached_property
    def _by_key(self) -> Mapping[str, Stage]:
        return {stage.key: stage for stage in self.stages}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ladder) and other.hash == self.hash

    def __hash__(self) -> int:
        return hash(self.hash)

    @property
    def followed(self) -> ItemType | None:
        """The kind of item that is followed on it between two reviews; None: it carries challenges, or what is told once."""
        return next((item for item in self.items if item in BETWEEN_REVIEWS), None)

    @property
    def is_between_reviews(self) -> bool:
        """Does it carry what an IRO follows between two reviews?"""
        return self.followed is not None

    @property
    def climbs(self) -> bool:
        """Does it carry challenges, which climb from stage to stage? Not what is told once or followed between reviews."""
        return not self.is_notice and not self.is_between_reviews

    @property
    def begins(self) -> str:
        """The key with which its file begins."""
        return "notice" if self.is_notice else "between_reviews" if self.is_between_reviews else "ladder"

    @property
    def version_in_words(self) -> str:
        """Its version and, after the first writing of it, its revision: "2016/17, revision 2"."""
        return self.version if self.revision == 1 else f"{self.version}, revision {self.revision}"

    def stage(self, key: str) -> Stage:
        """The stage of that key. Raises KeyError if there is none."""
        return self._by_key[key]

    def has(self, key: str) -> bool:
        """Does a stage of that key exist?"""
        return key in self._by_key

    def position(self, key: str) -> int:
        """How high a stage stands, from 0."""
        return self.stages.index(self._by_key[key])

    def suits_priority(self, priority: str) -> bool:
        """Can every window be given to an item of this priority? (One per priority needs one of them.)"""
        asked = [w for stage in self.stages for w in (stage.respond_within, stage.complete_within) if w and w.by_priority]
        return all(priority in dict(within.by_priority) for within in asked)

    def next_after(self, key: str) -> Stage | None:
        """The stage above in the file's order, or None at the top."""
        above = self.position(key) + 1
        return self.stages[above] if above < len(self.stages) else None

    def onward(self, key: str) -> tuple[str, ...]:
        """Where an item may climb to from a stage: what its file names, else the stage above."""
        above = self.next_after(key)
        return self.stage(key).not_satisfied or ((above.key,) if above else ())

    def climbs_to(self, key: str) -> str | None:
        """Where a passed date takes an item under `escalate`."""
        return self.stage(key).no_reply_to or next(iter(self.onward(key)), None)

    def first_for(self, item_type: ItemType) -> Stage:
        """Where an item starts if nothing else is said: where the file says for its type, else the first formal stage, unless
        it is informal."""
        start = dict(self.starts_at).get(item_type, "")
        if self.has(start):
            return self.stage(start)
        if item_type is ItemType.FORMAL:
            return next((stage for stage in self.stages if not stage.informal), self.stages[0])
        return self.stages[0]

    def stages_for(self, item_type: ItemType) -> tuple[Stage, ...]:
        """The stages that exist for an item: all, or those from where the file says that items of its type start."""
        start = dict(self.starts_at).get(item_type, "")
        return self.stages[self.position(start) :] if self.has(start) else self.stages

    def raisers_of(self, item_type: ItemType) -> tuple[str, ...]:
        """The roles that raise items of a type: those named for it, else those named for none."""
        only = dict(self.raises_only)
        named = tuple(role for role in self.raised_by if item_type in only.get(role, ()))
        return named or tuple(role for role in self.raised_by if role not in only)

    def ways_up(self, key: str) -> tuple[str, ...]:
        """Every stage to which an item may climb from one: because more is needed, or for want of a reply."""
        no_reply_to = self.stage(key).no_reply_to
        return tuple(dict.fromkeys([*self.onward(key), *([no_reply_to] if no_reply_to else [])]))

    def place_of(self, stage: Stage) -> FilePlace:
        """Where in the file a stage stands; the only one of a notice, or of what is followed, is the file itself."""
        return ("stages", stage.key) if self.climbs else ()

    def named_roles(self) -> list[tuple[FilePlace, tuple[str, ...]]]:
        """Every role that the file names, and where. The raiser is among them."""
        return [
            (("raised_by",), self.raised_by),
            (("observers",), self.observers),
            (("before_skipping", "talk_to"), (self.before_skipping.talk_to,) if self.before_skipping else ()),
            *(((*self.place_of(stage), *place), roles) for stage in self.stages for place, roles in stage.named_roles()),
        ]

    def roles(self) -> set[str]:
        """Every role that this ladder names (not the raiser)."""
        return {role for _, roles in self.named_roles() for role in roles} - {RAISER}
