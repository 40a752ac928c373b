"""Who may see an item, and who may raise one: what a person is on it, asked of the procedure. Deny by default."""

from collections.abc import Callable, Collection
from datetime import date

from drp.casework.load import StoredChallenge
from drp.identity.principal import NotPermitted, Principal
from workflows.decision.recipients import About, Establishment
from workflows.decision.relation import SEES, relation_of_raiser, relation_to
from workflows.model.actor import Actor
from workflows.model.authority import Authority, Rules


class NotFound(Exception):
    """It does not exist, or may not be seen: the two look the same."""


class AccessEnded(Exception):
    """It was theirs to see, and no longer is: said so, not denied (docs/architecture.md rule 11)."""


def actor_on(
    loaded: StoredChallenge,
    rules: Rules,
    establishment: Establishment,
    person: str,
    day: date,
    elsewhere: Collection[str] = (),
) -> Actor:
    """What a person is on one item on a day (Europe/London). `elsewhere`: the roles that they hold anywhere."""
    return relation_to(loaded.challenge, loaded.about(), rules, establishment, person, day, elsewhere)


def check_sees(actor: Actor, was_involved: Callable[[], bool]) -> None:
    """Raise unless the person may see the item: AccessEnded if they once could, NotFound if they never could.

    `was_involved` says whether anything of it was ever addressed or copied to them; it is asked only of whoever may not.
    """
    if not actor.parts & SEES:
        raise AccessEnded if was_involved() else NotFound


def may_raise(about: About, authority: Authority, establishment: Establishment, signed: Principal, day: date) -> Actor:
    """The actor who raises an item in the role `about.raiser_role`. Raises NotPermitted for whoever may not."""
    actor = relation_of_raiser(about, authority, establishment, signed.person, signed.capacities, day)
    if actor is None:
        raise NotPermitted
    return actor
