"""Every state that a ladder's items can stand in, reached as people reach it."""

from functools import cache

from tests.cast.clock import on
from tests.cast.people import IRO, LOOKED_AFTER, endorser
from tests.cast.story import RESOLVED, Story
from workflows.decision.moves import moves_of
from workflows.model import events as e
from workflows.model.actor import Actor, Part
from workflows.model.authority import HeldFor, Rules
from workflows.model.challenge import THE_RAISER, Facts, Party
from workflows.model.ladder import Choice, ItemType, Stage

NEAR = on("Fri 24 April 2026")
LATER = on("Fri 29 May 2026")


def chosen_for(rules: Rules, stage: Stage) -> tuple[e.Chosen, ...]:
    """Whom a sender would choose at a stage that leaves it open: in another agency, a person by name."""
    if stage.to is None or stage.to.how in (Choice.ALL, Choice.ANY):
        return ()
    role = stage.to.roles[-1]
    return (e.Chosen(role, "nora" if rules.authority.role(role).held_for is HeldFor.AGENCY else ""),)


def whoever_is(party: Party) -> Actor:
    """Somebody who is asked as this party."""
    return Actor(party.person or party.role, frozenset({Part.ASKED}), frozenset({party.role}))


def raised_at(rules: Rules, stage: Stage, facts: Facts | None = LOOKED_AFTER) -> Story:
    """An item raised straight at a stage."""
    priority = rules.ladder.priorities[0] if rules.ladder.priorities else ""
    said = {
        "item_type": rules.ladder.items[0],
        "stage": stage.key,
        "stage_reason": "This stage is right.",
        "to": chosen_for(rules, stage),
        "respond_by": NEAR if stage.respond_within.set_by_raiser else None,
        "resolve_by": LATER,
        "priority": priority,
    }
    if ItemType.FORMAL in rules.ladder.items and not stage.informal:
        said["item_type"] = ItemType.FORMAL
    return Story(rules).raise_("Wed 8 April 2026, 10:00", facts=facts, **said)


def answered(story: Story) -> Story:
    """Everybody asked has answered, or the meeting's outcome is recorded."""
    stage = story.rules.ladder.stage(story.challenge.stage)
    if stage.answer_is_a_meeting:
        return story.do(e.OutcomeRecorded("A plan was agreed."))
    for party in story.challenge.visit.told:
        if story.challenge.phase != "answered":
            story.do(e.Responded("agrees", "Yes."), by=whoever_is(party))
    return story


def asking(story: Story) -> Story:
    """An answer was not enough, and the IRO considers."""
    answered(story)
    judges = story.window("judgement").asked
    if all(asked.party != THE_RAISER for asked in judges):
        return story.do(e.Judged("needs_more", "Not enough.", climb=False), by=IRO)
    return story.do(e.Judged("needs_more", "Not enough.", climb=False))


def completing(story: Story) -> Story:
    """An answer was enough, and is being put into practice."""
    return answered(story).do(e.Judged("enough", resolve_by=LATER))


def in_state(rules: Rules, state: str, facts: Facts | None = LOOKED_AFTER) -> Story:
    """An item that stands in a state."""
    key, _, phase = state.partition(".")
    ends = {
        "resolved": RESOLVED,
        "ended_unresolved": e.EndedUnresolved("No way on."),
        "overtaken": e.Overtaken("She moved home."),
        "withdrawn": e.Withdrawn("Raised twice."),
        "recorded_in_error": e.RecordedInError("Another child's."),
    }
    if not phase:
        return raised_at(rules, rules.ladder.stages[0], facts).do(ends[key])
    stage = rules.ladder.stage(key)
    story = raised_at(rules, stage, facts)
    if stage.endorsed_by and phase != "endorsing":
        story.do(e.Endorsed(), by=endorser(stage.endorsed_by.role))
    ways = {"answered": answered, "asking": asking, "completing": completing}
    if phase in ways and not stage.referral:
        ways[phase](story)
    assert story.state == state
    return story


def open_states(rules: Rules) -> list[str]:
    return [state for state in moves_of(rules.ladder).states() if "." in state]


def every_open_state(rules: Rules, facts: Facts | None = LOOKED_AFTER) -> list[Story]:
    """One item in each open state of a ladder."""
    return [in_state(rules, state, facts) for state in open_states(rules)]


CLOSED = ("resolved", "ended_unresolved", "overtaken", "withdrawn", "recorded_in_error")


@cache
def states_of(rules: Rules) -> tuple[str, ...]:
    """Every state of a ladder in which an item can stand, open and ended."""
    return (*open_states(rules), *CLOSED)
