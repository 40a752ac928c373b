"""Who acts: a person, the parts that they play on one challenge, and the event that they bring."""

from dataclasses import dataclass
from enum import StrEnum

from workflows.model.challenge import Party
from workflows.model.events import Event


class Part(StrEnum):
    """What somebody is on this challenge, worked out from the directory as of that day."""

    RAISER = "raiser"
    """The IRO as the ladder names them, or their cover (docs/architecture.md rule 9)."""
    CHILDS_IRO = "child's IRO"
    """The IRO appointed to the child (Children Act 1989 s.25A), or their cover: the only one who refers to Cafcass."""
    IRO_MANAGER = "IRO manager"
    BUSINESS_SUPPORT = "business support"
    ASKED = "asked"
    WAS_ASKED = "was asked"
    COPIED = "copied"
    OBSERVER = "observer"
    """Only told that it came to a stage: they see its head, stages and dates, and not the concern."""
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
    READER = "named reader"
    """Whom the child's IRO lets read what is kept to them."""
    SECOND = "second"
    """Whose name may stand beside what a colleague does for an absent raiser."""
    NAMED = "named"
    """Whom a notice of excellent practice names: who held the post that it was addressed to, when it was."""
    SERVICE = "service"
    """The service itself: a window that closes, a message that came back."""


@dataclass(frozen=True)
class Actor:
    """Who acts. `roles` are those they hold for this item today, by post, cover or delegation."""

    person: str
    parts: frozenset[Part]
    roles: frozenset[str] = frozenset()
    is_concerned: bool = False
    """Was it put to them, does one of its stages ask a post of theirs, or is it about their own casework, now or at the time?
    Then they neither settle nor end it, in whatever capacity they come (docs/architecture.md rule 10)."""
    may_not_end: bool = False
    """Are they the child's appointed IRO with a past in the child's line? They carry everything on; ending it is another's."""
    raiser: str = ""
    """Who raised it; told by name where another hand ends it. Empty: not known (the service itself acts)."""
    behalf_of: str = ""
    standing_for: frozenset[str] = frozenset()
    """People whose questions they may answer besides their own: those they cover, and those whose delegate they are."""
    outside_iro_service: bool = False
    """Do they raise, or review, without being of the IRO service on this item? Then what it keeps to itself is not theirs."""

    acts_for_absent: bool = False
    """Do they act for whoever raised it, who is away and has no cover? Then ending and extending takes a second name."""

    named: tuple[Party, ...] = ()
    """Of a notice of excellent practice: whom it names, by person, each with the post that they held then."""

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
