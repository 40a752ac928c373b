"""Who asks: a person who proved who they are, and what their posts open to them before any one item is looked at."""

from dataclasses import dataclass
from enum import StrEnum

from workflows.model.authority import Capacity


class NotPermitted(Exception):
    """A known person asks for what their capacity does not give."""


class RouteAudience(StrEnum):
    """Whom a route serves, before any one item is looked at."""

    ANYONE = "anyone, signed in or not"
    PERSON = "any signed-in person"
    IRO_SERVICE = "IROs, IRO managers and business support"
    DESK = "IRO managers and business support"
    IRO_MANAGERS = "IRO managers"
    RAISERS = "whoever a procedure lets raise an item"
    MANAGERS = "IRO managers and administrators"
    ADMINISTRATORS = "administrators"
    AUDITORS = "auditors"
    AUDITORS_AND_LEADERS = "auditors and leaders"
    LEADING = "IRO managers and leaders"
    ON_IT = "people on the item"
    FIGURES = "the IRO service and leaders"


@dataclass(frozen=True)
class Principal:
    """A person who proved who they are, and the capacities that their posts give them today."""

    authority: str
    person: str
    name: str
    capacities: frozenset[Capacity]
    roles: frozenset[str]
    """Every role they hold somewhere in the authority today, by post or cover."""


def serves_principal(who: RouteAudience, capacities: frozenset[Capacity]) -> bool:
    """Does a route of this kind serve somebody of these capacities? Item by item is decided by `actor_on`."""
    if who in (RouteAudience.ANYONE, RouteAudience.PERSON, RouteAudience.ON_IT, RouteAudience.RAISERS):
        return True
    wanted = {
        RouteAudience.IRO_SERVICE: {Capacity.IRO, Capacity.IRO_MANAGER, Capacity.BUSINESS_SUPPORT},
        RouteAudience.DESK: {Capacity.IRO_MANAGER, Capacity.BUSINESS_SUPPORT},
        RouteAudience.IRO_MANAGERS: {Capacity.IRO_MANAGER},
        RouteAudience.FIGURES: {Capacity.IRO, Capacity.IRO_MANAGER, Capacity.BUSINESS_SUPPORT, Capacity.LEADER},
        RouteAudience.LEADING: {Capacity.IRO_MANAGER, Capacity.LEADER},
        RouteAudience.MANAGERS: {Capacity.IRO_MANAGER, Capacity.ADMINISTRATOR},
        RouteAudience.ADMINISTRATORS: {Capacity.ADMINISTRATOR},
        RouteAudience.AUDITORS: {Capacity.AUDITOR},
        RouteAudience.AUDITORS_AND_LEADERS: {Capacity.AUDITOR, Capacity.LEADER},
    }[who]
    return bool(wanted & capacities)
