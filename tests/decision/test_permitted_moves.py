"""Who may do what, where: a table that people have read, compared word for word.

The table is `permitted_moves.txt`. After a change that is meant, write it anew and read the difference:

    .venv/bin/python -m tests.decision.test_permitted_moves
"""

from functools import cache
from pathlib import Path

import pytest

from tests.cast.clock import on
from tests.cast.people import PROTECTION_PLAN, in_their_line, the
from tests.cast.rules import NOTICES, SHIPPED
from tests.cast.story import Story
from tests.decision.samples import everybody, sample
from tests.decision.states import chosen_for, in_state, raised_at, states_of, whoever_is
from workflows.decision.decide import decide
from workflows.decision.event_rules import EVENT_RULES, may_bring, open_moves
from workflows.model import events as e
from workflows.model.actor import Act, Actor, Part
from workflows.model.ladder import ItemType
from workflows.model.refusals import Refused

TABLE = Path(__file__).with_name("permitted_moves.txt")
CAFCASS = {"referral_considered", "referred_to_cafcass", "referral_acknowledged", "referral_outcome"}
THE_RAISERS = {
    "resolved", "ended_unresolved", "overtaken", "withdrawn", "reopened", "window_extended", "extension_taken_back",
    "escalation_held", "escalation_recalled", "action_done", "action_not_done", "impact_recorded", "clarification_given",
}  # fmt: skip


@cache
def situations(name: str) -> tuple[tuple[str, Story], ...]:
    """Every state of a ladder, and what more can be the case in one."""
    rules = SHIPPED[name]()
    found = [(state, in_state(rules, state)) for state in states_of(rules)]
    first = rules.ladder.stages[0]
    answering = whoever_is(raised_at(rules, first).challenge.visit.told[0])
    referred = raised_at(rules, first).do(e.ReferredToCafcass(("case_not_reviewed",), "It drifts."))
    found.append(("the first stage, referred to Cafcass", referred))
    done = raised_at(rules, first).do(e.Responded("in_part", "Yes.", (e.Action("Do it", on("Fri 29 May 2026")),)), answering)
    found.append(("the first stage, an action agreed", done))
    held = raised_at(rules, first)
    held.away("Wed 8 April 2026, 11:00", "Fri 29 May 2026, 11:00")
    found.append(("the first stage, held after an outage", held))
    found.append(("the first stage, child not looked after", raised_at(rules, first, facts=PROTECTION_PLAN)))
    for stage in rules.ladder.stages:
        if stage.no_reply == "escalate":
            climbed = raised_at(rules, stage)
            climbed.fast_forward(to=climbed.window("reply").acts_at)
            if climbed.challenge.visit.how == "no_reply":
                found.append((f"{climbed.state}, climbed by itself", climbed))
    return tuple(found)


def actors() -> dict[Part, Actor]:
    """Each part alone."""
    return {part: Actor("somebody", frozenset({part})) for part in Part}


EVERYTHING = Actor("somebody", frozenset(Part))
"""Whoever plays every part at once: only the state says no to them."""


def table() -> str:
    """Both tables as text: who may bring which event, and where each is open. What a person may do is in both."""
    lines = ["Who may do what, and where. Written by tests/decision/test_permitted_moves.py; read every change.", ""]
    lines += ["WHO: each event, and the parts that may bring it. (*) also where it is about their own casework.", ""]
    for kind in (*e.EXTERNAL_TYPES, *e.WITH_FILE_TYPES):
        parts = [
            f"{part}{' (*)' if may_bring(in_their_line(actor), kind) else ''}"
            for part, actor in actors().items()
            if may_bring(actor, kind)
        ]
        lines += _wrapped(", ".join(parts), f"  {kind.type}: ", "    ")
    lines += [
        "",
        "WHERE: each ladder's states, and the events open in them; first what is open in every state that has not ended.",
    ]
    for name in SHIPPED:
        lines += ["", name, ""]
        rows: dict[tuple[str, ...], list[str]] = {}
        for where, story in situations(name):
            rows.setdefault(open_moves(story.rules, story.challenge, EVERYTHING), []).append(where)
        always = set.intersection(*(set(moves) for moves, states in rows.items() if "." in states[0]))
        everywhere = [kind.type for kind in e.EXTERNAL_TYPES if kind.type in always]
        lines += [*_wrapped(", ".join(everywhere), "  while open -> ", "     "), ""]
        for moves, states in rows.items():
            lines += _wrapped(", ".join(states), "  in ", "     ")
            if always <= set(moves):
                lines += _wrapped(", ".join(m for m in moves if m not in always) or "nothing more", "    also -> ", "       ")
            else:
                lines += _wrapped(", ".join(moves) or "nothing", "    only -> ", "       ")
    for name, rules in NOTICES.items():
        story = _notice(rules())
        moves = open_moves(story.rules, story.challenge, EVERYTHING)
        lines += ["", f"{name}, notice of excellent practice", "", *_wrapped(", ".join(moves), "    -> ", "       ")]
    return "\n".join([*lines, ""])


def _notice(rules) -> Story:
    to = chosen_for(rules, rules.ladder.stages[0])
    return Story(rules).raise_("Wed 8 April 2026, 10:00", item_type=ItemType.EXCELLENT_PRACTICE, reasons=(), to=to)


def _wrapped(text: str, first: str, then: str) -> list[str]:
    lines, line = [], first
    for word in text.split(", "):
        if len(line) + len(word) > 118:
            lines.append(line.rstrip())
            line = then
        line += f"{word}, "
    return [*lines, line.removesuffix(", ")]


def test_the_table_is_as_it_was_read():
    assert table() == TABLE.read_text(encoding="utf-8"), "write it anew with the command above, and read the difference"


def test_what_a_person_may_do_is_what_both_tables_say():
    for name, where, story in EVERY:
        anywhere = open_moves(story.rules, story.challenge, EVERYTHING)
        for part, actor in actors().items():
            theirs = tuple(kind.type for kind in e.EXTERNAL_TYPES if may_bring(actor, kind) and kind.type in anywhere)
            assert open_moves(story.rules, story.challenge, actor) == theirs, (name, where, part)


EVERY = [(name, where, story) for name in SHIPPED for where, story in situations(name)]


def each_with(actor: Actor):
    for name, where, story in EVERY:
        yield f"{name}, {where}", set(open_moves(story.rules, story.challenge, actor))


@pytest.mark.parametrize("part", list(Part))
def test_only_the_childs_iro_ever_has_a_move_about_cafcass(part):
    for where, moves in each_with(Actor("somebody", frozenset({part}))):
        assert part is Part.CHILDS_IRO or not moves & CAFCASS, where


@pytest.mark.parametrize("part", list(Part))
def test_only_the_raiser_ends_reopens_holds_recalls_or_gives_time(part):
    for where, moves in each_with(Actor("somebody", frozenset({part}))):
        allowed = {"reopened"} if part is Part.CHILDS_IRO else set()
        assert part is Part.RAISER or moves & THE_RAISERS <= allowed, where


@pytest.mark.parametrize("part", list(Part))
def test_whoever_is_in_the_line_neither_judges_nor_ends_nor_stops_anything(part):
    allowed = {
        "acknowledged", "not_for_me", "clarification_asked", "responded", "noted", "corrected",
        "meeting_arranged", "meeting_held", "meeting_called_off", "referred_to_cafcass", "escalated", "endorsed",
        "endorsement_declined",
    }  # fmt: skip
    for where, moves in each_with(in_their_line(Actor("somebody", frozenset({part})))):
        assert moves <= allowed, where


@pytest.mark.parametrize("part", [Part.LEADER, Part.AUDITOR, Part.SERVICE])
def test_some_only_look(part):
    for where, moves in each_with(Actor("somebody", frozenset({part}))):
        assert moves == set(), where


def test_nobody_without_a_part_has_a_move():
    for where, moves in each_with(Actor("somebody", frozenset())):
        assert moves == set(), where


def test_nothing_is_open_on_what_is_sealed():
    for where, moves in each_with(EVERYTHING):
        assert ("recorded_in_error" not in where) or moves == set(), where


def test_every_event_has_its_rule():
    assert set(EVENT_RULES) == {e.Raised, *e.EXTERNAL_TYPES, *e.WITH_FILE_TYPES, *e.INTERNAL_TYPES}
    for kind in (*e.EXTERNAL_TYPES, *e.WITH_FILE_TYPES):
        assert EVENT_RULES[kind].may
        assert Part.SERVICE not in EVENT_RULES[kind].may
    for kind in e.INTERNAL_TYPES:
        assert EVENT_RULES[kind].may == {Part.SERVICE}


NEEDS_SOMEBODY_ASKED = {"responded", "acknowledged", "not_for_me", "clarification_asked", "redirected"}


@pytest.mark.parametrize("name", SHIPPED)
def test_what_is_listed_is_accepted_and_what_is_not_listed_is_refused(name):
    """The buttons and the decision never disagree: each type is tried by somebody who plays every part at once."""
    tried = 0
    for where, story in situations(name):
        actor = everybody(story)
        listed = open_moves(story.rules, story.challenge, actor)
        for kind in e.EXTERNAL_TYPES:
            if kind is e.LadderMoved:
                continue
            said = kind.type
            nobody_asked = not any(window.asked for window in story.challenge.windows if window.key.kind in ("reply", "meeting"))
            if said in NEEDS_SOMEBODY_ASKED and nobody_asked:
                continue
            accepted = _accepted(story, sample(kind, story), actor)
            assert accepted == (said in listed), f"{said} in {where}: listed {said in listed}, accepted {accepted}"
            tried += accepted
    assert tried > 200


def _accepted(story: Story, event: e.Event, actor: Actor) -> bool:
    try:
        decide(story.rules, story.challenge, Act(event, actor), story.now)
    except Refused:
        return False
    return True


def test_somebody_asked_may_answer_at_every_stage_that_asks_them():
    for name, where, story in EVERY:
        if where.endswith(".awaiting"):
            role = story.challenge.visit.told[0].role
            moves = open_moves(story.rules, story.challenge, the(role))
            assert {"acknowledged", "not_for_me", "clarification_asked", "responded"} <= set(moves), (name, where)


if __name__ == "__main__":
    TABLE.write_text(table(), encoding="utf-8")
