"""Facts of an item: said at raising or later, read by conditions beside the child's own, with what follows for its copies."""

from collections.abc import Sequence

from workflows.decision import addressing
from workflows.decision.decision_builder import DecisionBuilder, NotificationKind
from workflows.model.altered import altered
from workflows.model.authority import Authority, Rules
from workflows.model.challenge import Challenge, Party
from workflows.model.events import FactSaid
from workflows.model.refusals import NotOpen, Unfit


def check_item_facts(words: Authority, facts: Sequence[str]) -> None:
    """Raise Unfit for a fact that this authority does not ask of an item, or that stands twice."""
    for fact in facts:
        if fact not in words.item_facts:
            listed = f"Choose from: {', '.join(words.item_facts)}." if words.item_facts else "Leave it out."
            raise Unfit(f"`{fact}` is not a fact that is asked of an item here.", listed, "facts")
    if len(set(facts)) < len(facts):
        raise Unfit("A fact stands twice.", "Tick each once.", "facts")


def any_is_known(rules: Rules, challenge: Challenge) -> NotOpen | None:
    """Does the authority ask any fact of an item?"""
    if rules.authority.item_facts:
        return None
    return NotOpen("This authority's procedures ask no fact of an item.", "Add a note if there is something to say.")


def say_fact(turn: DecisionBuilder, event: FactSaid) -> None:
    """The fact is so, or is so no longer. Whoever is copied at this stage because of it is copied in; nobody is taken back."""
    check_item_facts(turn.rules.authority, [event.fact])
    known = turn.challenge.item_facts
    if event.holds is (event.fact in known):
        raise Unfit("That is what stands here already.", "Nothing needs saying.", "fact")
    before = _copies(turn)
    turn.change(item_facts=(*known, event.fact) if event.holds else tuple(one for one in known if one != event.fact))
    visit = turn.challenge.visit
    added = tuple(party for party in _copies(turn) if party not in (*before, *visit.told, *visit.copied))
    turn.note_event(event, {"copy": [party.role for party in added]})
    turn.change(visits=(*turn.challenge.visits[:-1], altered(visit, copied=(*visit.copied, *added))))
    turn.tell(NotificationKind.COPIED, [], added)


def _copies(turn: DecisionBuilder) -> tuple[Party, ...]:
    """Whom the present stage copies in as it stands; nobody where it was not sent, or asks nobody."""
    visit = turn.challenge.visit
    if not visit.sent or turn.stage.referral:
        return ()
    return addressing.copies_of_stage(turn.rules, turn.challenge, turn.stage, visit.told, ())
