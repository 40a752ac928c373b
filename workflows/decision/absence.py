"""Who acts where whoever raised an item is away and nobody covers for them: an order that is never empty. Pure.

docs/architecture.md rule 10: a recorded cover acts alone. After them act, the first whom independence does not bar: the child's
IRO now; an IRO manager; another IRO; whom the authority's file names. Whoever of these acts needs a second name to end,
withdraw, extend or seal; never to go higher, to remind or to refer.
"""

from collections.abc import Callable, Collection
from datetime import date

from workflows.decision.decision_builder import DecisionBuilder
from workflows.decision.recipients import About, Establishment, iro_of
from workflows.model import events as e
from workflows.model.actor import Actor
from workflows.model.authority import Authority, Capacity
from workflows.model.challenge import Challenge, SecondName
from workflows.model.events import Event, SecondNameGiven
from workflows.model.refusals import NotYours

NEEDS_SECOND: frozenset[type[Event]] = frozenset(
    {e.Resolved, e.EndedUnresolved, e.Overtaken, e.Withdrawn, e.WindowExtended, e.RecordedInError}
)
"""What somebody who acts for an absent raiser does not do alone; and to find an answer enough, which ends it too."""


def acting_groups(
    about: About, authority: Authority, establishment: Establishment, person: str, elsewhere: Collection[str], day: date
) -> list[frozenset[str]]:
    """Who acts for an absent raiser, group by group. `elsewhere`: the roles that `person` holds anywhere, for other children."""

    def there(holders: Collection[str]) -> frozenset[str]:
        return frozenset(by for holder in holders for by in establishment.covers.there_for(holder, day))

    def holding(roles: Collection[str]) -> frozenset[str]:
        return there([one for role in roles for one in establishment.holders(authority, role, about, day)])

    iros = authority.roles_acting_as(Capacity.IRO)
    return [
        there(iro_of(authority, establishment, about, day)),
        holding(authority.roles_acting_as(Capacity.IRO_MANAGER)),
        frozenset({person} if set(elsewhere) & set(iros) else ()),
        holding(authority.for_absent_raiser),
    ]


def acts_for_absent(groups: Collection[frozenset[str]], person: str, is_barred: Callable[[str], bool]) -> bool:
    """Is somebody of the first group in which anybody is free to act?"""
    for group in groups:
        free = {one for one in group if not is_barred(one)}
        if free:
            return person in free
    return False


def give_second_name(turn: DecisionBuilder, event: SecondNameGiven) -> None:
    """Somebody puts their name beside what another will do for an absent raiser: it holds for the present stay, once."""
    turn.note_event(event)
    turn.change(second_name=SecondName(turn.by.person, turn.challenge.sequence))


def second_name_missing(challenge: Challenge, actor: Actor) -> NotYours | None:
    """Does somebody act for an absent raiser, with nobody else's name beside theirs for this stay?"""
    if not actor.acts_for_absent:
        return None
    given = challenge.second_name
    if given and given.sequence == challenge.sequence and given.person != actor.person:
        return None
    return NotYours(
        "Whoever raised it is away and nobody covers for them, so this takes a second name.",
        "Ask a colleague of the IRO service to put theirs on this item. To go higher, remind or refer you need nobody.",
    )


def ends_for_absent(event: Event) -> bool:
    """Is it one of the acts that need a second name?"""
    return type(event) in NEEDS_SECOND or (isinstance(event, e.Judged) and event.verdict == "enough")


def forget_second_name(turn: DecisionBuilder, event: Event) -> None:
    """A second name is for one act: what needed it has been done."""
    if turn.challenge.second_name is not None and ends_for_absent(event):
        turn.change(second_name=None)
