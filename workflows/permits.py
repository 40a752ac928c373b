"""Who may do what to one challenge: a table of events and the part a person plays on it. Deny by default."""

from dataclasses import dataclass
from enum import StrEnum

from workflows import events
from workflows.challenge import Challenge, Party
from workflows.events import Event
from workflows.refusals import NotYours


class Part(StrEnum):
    """What somebody is on this challenge, worked out from the directory as of that day."""

    RAISER = "raiser"
    """The IRO as the ladder names them, or their cover (DESIGN.md rule 9)."""
    CHILDS_IRO = "child's IRO"
    """The IRO appointed to the child (Children Act 1989 s.25A), or their cover: the only one who refers to Cafcass."""
    IRO_MANAGER = "IRO manager"
    BUSINESS_SUPPORT = "business support"
    ASKED = "asked"
    WAS_ASKED = "was asked"
    COPIED = "copied"
    JUDGE = "judge"
    ARRANGER = "arranger"
    RECORDER = "recorder"
    SENDER = "sender"
    ENDORSER = "endorser"
    TELLER = "teller"
    """Whom the ladder names to tell everyone above of a referral, until they have."""
    ADMINISTRATOR = "administrator"
    LEADER = "leader"
    AUDITOR = "auditor"
    SERVICE = "service"
    """The service itself: a window that closes, a message that came back."""


@dataclass(frozen=True)
class Actor:
    """Who acts. `roles` are those they hold for this item today, by post, cover or delegation."""

    person: str
    parts: frozenset[Part]
    roles: frozenset[str] = frozenset()
    in_their_line: bool = False
    """Is it about their own casework, now or at the time (or about them)? See DESIGN.md rule 10."""
    behalf_of: str = ""
    standing_for: frozenset[str] = frozenset()
    """People whose questions they may answer besides their own: those they cover, and those whose delegate they are."""
    outside_iro_service: bool = False
    """Do they raise, or review, without being of the IRO service on this item? Then what it keeps to itself is not theirs."""

    def stands_for(self, party: Party) -> bool:
        """Is what is asked of this party theirs to answer?"""
        if party.person:
            return party.person == self.person or party.person in self.standing_for
        return party.role in self.roles


@dataclass(frozen=True)
class Act:
    """An event with the person who brings it."""

    event: Event
    by: Actor


THE_SERVICE = Actor("", frozenset({Part.SERVICE}))

_IRO_SIDE = frozenset({Part.RAISER, Part.IRO_MANAGER})
_EVERYBODY_ON_IT = frozenset(
    {Part.RAISER, Part.CHILDS_IRO, Part.IRO_MANAGER, Part.BUSINESS_SUPPORT, Part.ASKED, Part.WAS_ASKED, Part.COPIED}
    | {Part.JUDGE, Part.ARRANGER, Part.RECORDER, Part.SENDER, Part.ENDORSER, Part.TELLER}
)
_BOOKING = frozenset({Part.RAISER, Part.IRO_MANAGER, Part.BUSINESS_SUPPORT, Part.ARRANGER})

PERMITS: dict[type[Event], frozenset[Part]] = {
    events.Raised: frozenset({Part.RAISER, Part.BUSINESS_SUPPORT}),
    events.Acknowledged: frozenset({Part.ASKED}),
    events.NotForMe: frozenset({Part.ASKED}),
    events.Redirected: _IRO_SIDE,
    events.ClarificationAsked: frozenset({Part.ASKED}),
    events.ClarificationGiven: frozenset({Part.RAISER}),
    events.Responded: frozenset({Part.ASKED, Part.WAS_ASKED}),
    events.Judged: frozenset({Part.RAISER, Part.JUDGE}),
    events.MeetingArranged: _BOOKING,
    events.MeetingHeld: _BOOKING,
    events.OutcomeRecorded: frozenset({Part.RAISER, Part.RECORDER}),
    events.Escalated: frozenset({Part.RAISER, Part.SENDER}),
    events.EscalationHeld: frozenset({Part.RAISER}),
    events.EscalationRecalled: frozenset({Part.RAISER}),
    events.WindowExtended: frozenset({Part.RAISER}),
    events.CopyAdded: _IRO_SIDE,
    events.LegalAdviceTaken: _IRO_SIDE,
    events.ChildViewRecorded: frozenset({Part.RAISER, Part.CHILDS_IRO}),
    events.ChildTold: frozenset({Part.RAISER, Part.CHILDS_IRO}),
    events.AdvocateRecorded: frozenset({Part.RAISER, Part.CHILDS_IRO}),
    events.ComplaintOpened: frozenset({Part.RAISER, Part.CHILDS_IRO}),
    events.CourtTold: frozenset({Part.RAISER, Part.CHILDS_IRO}),
    events.ReferralConsidered: frozenset({Part.CHILDS_IRO}),
    events.ReferredToCafcass: frozenset({Part.CHILDS_IRO}),
    events.ReferralAcknowledged: frozenset({Part.CHILDS_IRO}),
    events.ReferralOutcome: frozenset({Part.CHILDS_IRO}),
    events.ReferralTold: frozenset({Part.CHILDS_IRO, Part.TELLER}),
    events.Resolved: frozenset({Part.RAISER}),
    events.EndedUnresolved: frozenset({Part.RAISER}),
    events.Overtaken: frozenset({Part.RAISER}),
    events.Withdrawn: frozenset({Part.RAISER}),
    events.Reopened: frozenset({Part.RAISER}),
    events.ActionDone: frozenset({Part.RAISER}),
    events.ActionNotDone: frozenset({Part.RAISER}),
    events.ImpactRecorded: frozenset({Part.RAISER}),
    events.Noted: _EVERYBODY_ON_IT,
    events.DocumentAttached: _EVERYBODY_ON_IT,
    events.Corrected: _EVERYBODY_ON_IT,
    events.RecordedInError: _IRO_SIDE,
    events.Endorsed: frozenset({Part.ENDORSER}),
    events.EndorsementDeclined: frozenset({Part.ENDORSER}),
    events.WindowsReleased: frozenset({Part.IRO_MANAGER}),
    events.LadderMoved: frozenset({Part.IRO_MANAGER}),
    **{kind: frozenset({Part.SERVICE}) for kind in events.INTERNAL_TYPES},
}
"""Each event and the parts that may bring it."""

STATUTE_OVER_LINE = (events.ReferralConsidered, events.ReferredToCafcass)
"""Acts that nothing may block: not even a conflict of interest, which is recorded instead."""

_THEIR_OWN_ANSWER = (
    events.Acknowledged, events.NotForMe, events.ClarificationAsked, events.Responded, events.Noted,
    events.DocumentAttached, events.Corrected, events.MeetingArranged, events.MeetingHeld,
)  # fmt: skip
"""What somebody asked may do although it concerns their own casework: it is why they are asked."""


def may(actor: Actor, event: type[Event]) -> bool:
    """May this person bring such an event, whatever the state?"""
    if not actor.parts & PERMITS.get(event, frozenset()):
        return False
    return not (actor.in_their_line and event not in _THEIR_OWN_ANSWER + STATUTE_OVER_LINE)


def check(challenge: Challenge | None, act: Act) -> None:
    """Raise NotYours unless this person may bring this event."""
    kind = type(act.event)
    if may(act.by, kind):
        return
    if act.by.in_their_line and act.by.parts & PERMITS.get(kind, frozenset()):
        raise NotYours(
            "This concerns your own casework, so somebody else must do it.",
            "Ask the IRO, or their cover, or the IRO manager.",
        )
    if kind in (events.ReferralConsidered, events.ReferredToCafcass):
        raise NotYours(
            "Only the child's IRO, or whoever covers for them, refers a child to Cafcass.",
            "Tell the IRO, who can do it at once and needs nobody's approval.",
        )
    raise NotYours("This is not yours to do on this item.", "Ask the person named as its owner.")
