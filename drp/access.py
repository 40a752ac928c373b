"""Who may see and do what: the parts a person plays on one item, and the table of routes. Deny by default."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from drp.load import Loaded
from workflows.challenge import ASKS_RECIPIENTS, Party, WindowKind
from workflows.ladder import RAISER, ItemType
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
    RAISERS = "whoever a procedure lets raise an item"
    MANAGERS = "IRO managers and administrators"
    ADMINISTRATORS = "administrators"
    ON_IT = "people on the item"


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
    """What a person is on one item on a day (Europe/London): the one place where relation becomes permission."""
    about, authority, challenge = loaded.about(), rules.authority, loaded.challenge
    roles = establishment.held_by(person, authority, about, day)
    standing_for = {person} | {cover.of for cover in establishment.covers if cover.by == person and cover.runs_on(day)}
    raisers = set(raiser_of(authority, establishment, about, day))
    parts: set[Part] = set()
    if standing_for & raisers:
        parts.add(Part.RAISER)
    if standing_for & set(iro_of(authority, establishment, about, day)):
        parts.add(Part.CHILDS_IRO)
    for role in roles:
        capacity = authority.role(role).acts_as
        if capacity in _CAPACITY_PARTS:
            parts.add(_CAPACITY_PARTS[capacity])

    def mine(party: Party) -> bool:
        if party.role == RAISER:
            return Part.RAISER in parts
        return party.person in standing_for if party.person else party.role in roles

    def any_mine(listed: tuple[Party, ...]) -> bool:
        return any(mine(party) for party in listed)

    for window in challenge.windows:
        asks_me = any_mine(tuple(asked.party for asked in window.asked))
        if not asks_me:
            continue
        if window.key.kind in ASKS_RECIPIENTS:
            current = window.is_open and window.key.sequence == challenge.sequence
            parts.add(Part.ASKED if current else Part.WAS_ASKED)
        elif window.is_open and window.key.kind is WindowKind.JUDGEMENT:
            parts.add(Part.JUDGE)
        elif window.is_open and window.key.kind is WindowKind.ENDORSEMENT:
            parts.add(Part.ENDORSER)
    if any(visit.sent and any_mine((*visit.told, *visit.copied)) for visit in challenge.visits):
        parts.add(Part.COPIED)
    if challenge.stage and not rules.ladder.is_notice:
        stage = rules.ladder.stage(challenge.stage)
        if meeting := stage.contact.meeting:
            if mine(Party(meeting.arranged_by)):
                parts.add(Part.ARRANGER)
            if mine(Party(meeting.outcome_recorded_by)):
                parts.add(Part.RECORDER)
        if any(mine(Party(role)) for role in stage.sent_by):
            parts.add(Part.SENDER)
    behalf = next((raiser for raiser in sorted(raisers) if raiser in standing_for and raiser != person), "")
    line = in_their_line(loaded, authority, establishment, person, day)
    return Actor(person, frozenset(parts), frozenset(roles), line, behalf if person not in raisers else "")


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
    keys = {HeldFor.CHILD: about.child, HeldFor.TEAM: about.team, HeldFor.SERVICE: about.service}
    since = local_date(challenge.raised_at)
    for post in establishment.posts:
        key = keys.get(post.held_for)
        if post.person != person or not key or post.key != key or not authority.has_role(post.role):
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
    standing_for = {person} | {cover.of for cover in establishment.covers if cover.by == person and cover.runs_on(day)}
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
        Who.MANAGERS: {Capacity.IRO_MANAGER, Capacity.ADMINISTRATOR},
        Who.ADMINISTRATORS: {Capacity.ADMINISTRATOR},
    }[who]
    return bool(wanted & capacities)
