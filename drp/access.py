"""Who may see and do what: the parts a person plays on one item, and the table of routes. Deny by default."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from drp.load import Loaded
from workflows.challenge import ASKS_RECIPIENTS, Party, WindowKind
from workflows.ladder import RAISER, RECIPIENTS, ItemType
from workflows.permits import Actor, Part
from workflows.procedure import Authority, Capacity, HeldFor, Rules
from workflows.recipients import About, Establishment, iro_of, raiser_of
from workflows.working_days import local_date


class NotFound(Exception):
    """It does not exist, or may not be seen: the two look the same."""


class AccessEnded(Exception):
    """It was theirs to see, and no longer is: said so, not denied (DESIGN.md rule 11)."""


class NotPermitted(Exception):
    """A known person asks for what their capacity does not give."""


class Who(StrEnum):
    """Whom a route serves, before any one item is looked at."""

    ANYONE = "anyone, signed in or not"
    PERSON = "any signed-in person"
    IRO_SERVICE = "IROs, IRO managers and business support"
    DESK = "IRO managers and business support"
    IRO_MANAGERS = "IRO managers"
    RAISERS = "whoever a procedure lets raise an item"
    MANAGERS = "IRO managers and administrators"
    ADMINISTRATORS = "administrators"
    ON_IT = "people on the item"
    FIGURES = "the IRO service and leaders"


_CAPACITY_PARTS = {
    Capacity.IRO_MANAGER: Part.IRO_MANAGER,
    Capacity.BUSINESS_SUPPORT: Part.BUSINESS_SUPPORT,
    Capacity.ADMINISTRATOR: Part.ADMINISTRATOR,
    Capacity.LEADER: Part.LEADER,
    Capacity.AUDITOR: Part.AUDITOR,
}

SEES_ALL = frozenset({Part.IRO_MANAGER, Part.BUSINESS_SUPPORT})
"""The IRO service's own desk: it sees every item of its authority."""

SEES = SEES_ALL | {
    Part.RAISER, Part.CHILDS_IRO, Part.ASKED, Part.COPIED, Part.JUDGE, Part.ARRANGER, Part.RECORDER, Part.SENDER, Part.ENDORSER,
    Part.TELLER,
}  # fmt: skip
"""Parts that see an item. Leaders, auditors and administrators see none by their capacity alone (need to know)."""

IRO_SERVICE_PARTS = frozenset({Part.RAISER, Part.CHILDS_IRO, Part.IRO_MANAGER, Part.BUSINESS_SUPPORT})
"""Parts that see what the IRO service keeps to itself: advice, supervision, a child's confidence."""


@dataclass(frozen=True)
class Signed:
    """A person who proved who they are, and the capacities that their posts give them today."""

    authority: str
    person: str
    name: str
    capacities: frozenset[Capacity]
    roles: frozenset[str]
    """Every role they hold somewhere in the authority today, by post or cover."""


def actor_on(loaded: Loaded, rules: Rules, establishment: Establishment, person: str, day: date) -> Actor:
    """What a person is on one item on a day (Europe/London): the one place where relation becomes permission.

    Cover does all that the covered person can; a delegate sees what they see and answers for them, and no more.
    """
    about, authority, challenge = loaded.about(), rules.authority, loaded.challenge
    acts_for = establishment.acts_for(person, day)
    sees_for = establishment.acts_for(person, day, as_delegate=True)
    roles = establishment.held_by(acts_for, authority, about, day)
    seen_roles = establishment.held_by(sees_for, authority, about, day)
    seen_roles |= _stood_in_for(seen_roles, loaded, rules, establishment, day)
    raisers = set(raiser_of(authority, establishment, about, day))
    iros = set(iro_of(authority, establishment, about, day))
    parts = {_CAPACITY_PARTS[c] for role in roles if (c := authority.role(role).acts_as) in _CAPACITY_PARTS}
    # Nobody is its raiser any more: it falls to the IRO manager, so that it is never nobody's.
    if acts_for & raisers or (not raisers and Part.IRO_MANAGER in parts):
        parts.add(Part.RAISER)
    if acts_for & iros:
        parts.add(Part.CHILDS_IRO)

    def mine(party: Party, people: frozenset[str], held: frozenset[str]) -> bool:
        if party.role == RAISER:
            return Part.RAISER in parts
        if party.person:
            return party.person in people and establishment.holds(party.person, party.role, day)
        return party.role in held

    def sees(parties: Iterable[Party]) -> bool:
        return any(mine(party, sees_for, seen_roles) for party in parties)

    def acts(parties: Iterable[Party]) -> bool:
        return any(mine(party, acts_for, roles) for party in parties)

    for window in challenge.windows:
        asked = [one.party for one in window.asked]
        if window.key.kind in ASKS_RECIPIENTS and sees(asked):
            current = window.is_open and window.key.sequence == challenge.sequence
            parts.add(Part.ASKED if current else Part.WAS_ASKED)
        elif window.is_open and window.key.kind is WindowKind.JUDGEMENT and acts(asked):
            parts.add(Part.JUDGE)
        elif window.is_open and window.key.kind is WindowKind.ENDORSEMENT and acts(asked):
            parts.add(Part.ENDORSER)
    if acts(challenge.to_tell):
        parts.add(Part.TELLER)
    as_delegate = sees_for - acts_for
    desk = {authority.role(role).acts_as for role in seen_roles - roles} & {Capacity.IRO_MANAGER, Capacity.BUSINESS_SUPPORT}
    if sees(_told(loaded, rules)) or as_delegate & (raisers | iros) or desk:
        parts.add(Part.COPIED)
    if challenge.stage and not rules.ladder.is_notice:
        stage = rules.ladder.stage(challenge.stage)
        if meeting := stage.contact.meeting:
            if acts([Party(meeting.arranged_by)]):
                parts.add(Part.ARRANGER)
            if acts([Party(meeting.outcome_recorded_by)]):
                parts.add(Part.RECORDER)
        if acts(Party(role) for role in stage.sent_by):
            parts.add(Part.SENDER)
    behalf = "" if person in raisers else next((raiser for raiser in sorted(raisers & acts_for)), "")
    line = in_their_line(loaded, authority, establishment, person, day)
    raised_as_iro = challenge.raiser_role in authority.roles_acting_as(Capacity.IRO)
    service = bool(parts & SEES_ALL) or (not line and (Part.CHILDS_IRO in parts or (Part.RAISER in parts and raised_as_iro)))
    return Actor(person, frozenset(parts), seen_roles, line, behalf, sees_for, outside_iro_service=not service)


def _stood_in_for(held: frozenset[str], loaded: Loaded, rules: Rules, establishment: Establishment, day: date) -> frozenset[str]:
    """The roles that nobody holds and for which the ladder names a stand-in whom this person is."""
    ladder = rules.ladder  # of another version perhaps than some stages were visited under
    pairs = {pair for visit in loaded.challenge.visits if ladder.has(visit.stage) for pair in ladder.stage(visit.stage).stand_ins}
    return frozenset(
        away
        for away, stand_in in pairs
        if stand_in in held and not establishment.holders(rules.authority, away, loaded.about(), day)
    )


def _told(loaded: Loaded, rules: Rules) -> Iterator[Party]:
    """Everybody who was told of an item: addressed, copied, observing, attending a meeting that was arranged."""
    for visit in loaded.challenge.visits:
        if not visit.sent:
            continue
        yield from (*visit.told, *visit.copied)
        if not rules.ladder.has(visit.stage):
            continue  # it was moved to a version without this stage since
        stage = rules.ladder.stage(visit.stage)
        yield from (Party(role) for role in (*rules.ladder.observers, *stage.observers))
        here = visit.sequence < loaded.challenge.sequence or loaded.challenge.meeting_at is not None
        if stage.contact.meeting and here:
            yield from (Party(role) for role in stage.contact.meeting.attended_by if role != RECIPIENTS)


def reads_iro_service(actor: Actor) -> bool:
    """May they read what the IRO service keeps to itself: advice, supervision, a child's confidence?"""
    return bool(actor.parts & IRO_SERVICE_PARTS) and not actor.outside_iro_service


def in_their_line(loaded: Loaded, authority: Authority, establishment: Establishment, person: str, day: date) -> bool:
    """Does it concern the person's own casework, now or at the time (DESIGN.md rule 10)?

    On an item about the IRO service: are they the IRO complained of? Otherwise: do they hold, or did they hold for this
    child ever (or for its team or service since it was raised), a role in the child's line?
    """
    about, challenge = loaded.about(), loaded.challenge
    iro_roles = authority.roles_acting_as(Capacity.IRO)
    if challenge.item_type is ItemType.ABOUT_IRO_SERVICE:
        return any(
            post.person == person and post.role in iro_roles and post.held_for is HeldFor.CHILD and post.key == about.child
            for post in establishment.posts
            if about.child
        )
    keys = {(HeldFor.CHILD, about.child)}
    keys |= {(HeldFor.TEAM, each.team) for each in loaded.abouts()} | {
        (HeldFor.SERVICE, each.service) for each in loaded.abouts()
    }
    since = local_date(challenge.raised_at)
    for post in establishment.posts:
        if post.person != person or not post.key or (post.held_for, post.key) not in keys or not authority.has_role(post.role):
            continue
        if authority.role(post.role).acts_as is not None or post.since > day:
            continue
        if post.held_for is HeldFor.CHILD or post.until is None or post.until >= since:
            return True
    return False


def check_sees(actor: Actor, was_involved: bool) -> None:
    """Raise unless the person may see the item: AccessEnded if they once could, NotFound if they never could."""
    if actor.parts & SEES:
        return
    raise AccessEnded if was_involved else NotFound


def may_raise(
    about: About, authority: Authority, establishment: Establishment, signed: Signed, raiser_role: str, day: date
) -> Actor:
    """The actor who raises an item: whoever holds the raising role for it, or the IRO service's desk on their behalf.

    Raises NotPermitted for everybody else.
    """
    person = signed.person
    standing_for = establishment.acts_for(person, day)
    is_iro_role = raiser_role in authority.roles_acting_as(Capacity.IRO)
    holders = set(establishment.holders(authority, raiser_role, about, day))
    if standing_for & holders:
        own = person in holders
        parts = {Part.RAISER} | ({Part.CHILDS_IRO} if is_iro_role else set())
        return Actor(person, frozenset(parts), behalf_of="" if own else sorted(standing_for & holders)[0])
    if is_iro_role and not about.child and Capacity.IRO in signed.capacities:
        return Actor(person, frozenset({Part.RAISER}))
    desk = signed.capacities & {Capacity.BUSINESS_SUPPORT, Capacity.IRO_MANAGER, Capacity.IRO}
    if is_iro_role and desk and holders:
        return Actor(person, frozenset({Part.BUSINESS_SUPPORT}), behalf_of=sorted(holders)[0])
    raise NotPermitted


def serves(who: Who, capacities: frozenset[Capacity]) -> bool:
    """Does a route of this kind serve somebody of these capacities? Item by item is decided by `actor_on`."""
    if who in (Who.ANYONE, Who.PERSON, Who.ON_IT, Who.RAISERS):
        return True
    wanted = {
        Who.IRO_SERVICE: {Capacity.IRO, Capacity.IRO_MANAGER, Capacity.BUSINESS_SUPPORT},
        Who.DESK: {Capacity.IRO_MANAGER, Capacity.BUSINESS_SUPPORT},
        Who.IRO_MANAGERS: {Capacity.IRO_MANAGER},
        Who.FIGURES: {Capacity.IRO, Capacity.IRO_MANAGER, Capacity.BUSINESS_SUPPORT, Capacity.LEADER},
        Who.MANAGERS: {Capacity.IRO_MANAGER, Capacity.ADMINISTRATOR},
        Who.ADMINISTRATORS: {Capacity.ADMINISTRATOR},
    }[who]
    return bool(wanted & capacities)
