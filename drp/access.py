"""Who may see and do what: a person's relation to one item, and the table of routes. Deny by default."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from drp.load import Loaded
from workflows.permits import Actor
from workflows.procedure import Authority, Capacity, Rules
from workflows.recipients import About, Establishment
from workflows.relation import SEES, relation_of_raiser, relation_to


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
    """What a person is on one item on a day (Europe/London)."""
    return relation_to(loaded.challenge, loaded.about(), rules, establishment, person, day)


def check_sees(actor: Actor, was_involved: bool) -> None:
    """Raise unless the person may see the item: AccessEnded if they once could, NotFound if they never could."""
    if actor.parts & SEES:
        return
    raise AccessEnded if was_involved else NotFound


def may_raise(about: About, authority: Authority, establishment: Establishment, signed: Signed, day: date) -> Actor:
    """The actor who raises an item in the role `about.raiser_role`. Raises NotPermitted for whoever may not."""
    actor = relation_of_raiser(about, authority, establishment, signed.person, signed.capacities, day)
    if actor is None:
        raise NotPermitted
    return actor


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
