"""One asked person stalls nobody: recipients' amounts have limits that no honest person meets, and the IRO side goes on."""

from datetime import date, timedelta
from time import perf_counter
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from drp.casework import amounts, sweep
from drp.casework.dear_items import DearItems
from drp.database.challenge_tables import ChallengeRow, WindowRow
from drp.identity import tokens
from tests.cast.world import World
from workflows.model import events as e
from workflows.model.refusals import Unfit

one_engine = pytest.mark.parametrize("store", ["sqlite"], indirect=True)


def formal(world: World) -> str:
    raised = world.as_("irene").raises(item_type="formal", stage="stage_2", stage_reason="It cannot wait.")
    return str(raised.json()["reference"])


def actions(number: int) -> list[dict[str, str]]:
    return [{"what": f"Action {n}", "by": "2026-06-01"} for n in range(number)]


def answers(world: World, reference: str, number: int = 1) -> Any:
    said = {"position": "agrees", "answer": "Yes.", "actions": actions(number)}
    return world.as_("tess").brings(reference, "responded", **said)


def test_an_answer_has_twenty_actions_at_most(world: World) -> None:
    reference = formal(world)
    assert answers(world, reference, amounts.MOST_ACTIONS).status_code == 200
    refused = answers(world, reference, amounts.MOST_ACTIONS + 1)
    assert (refused.status_code, refused.json()["field"]) == (422, "actions")
    assert "at most 20 actions" in refused.text


def test_so_many_answers_and_questions_at_a_stage_and_anew_at_the_next(world: World) -> None:
    reference, tess = formal(world), world.as_("tess")
    most = amounts.MOST_AT_A_STAGE
    for _ in range(most[e.ClarificationAsked]):
        assert tess.brings(reference, "clarification_asked", question="Which plan?").status_code == 200
    refused = tess.brings(reference, "clarification_asked", question="Which plan?")
    assert (refused.status_code, "12 times" in refused.text) == (422, True)
    for _ in range(most[e.Responded]):
        assert answers(world, reference).status_code == 200
    refused = answers(world, reference)
    assert (refused.status_code, "whoever raised it" in refused.text) == (422, True)
    irene = world.as_("irene")
    for type_, said in (
        ("noted", {"text": "He goes on and on."}),
        ("clarification_given", {"answer": "The care plan."}),
        ("referred_to_cafcass", {"grounds": ["case_not_reviewed"], "why": "At once."}),
        ("escalated", {"why": "He goes on and on."}),
    ):
        answer = irene.brings(reference, type_, **said)
        assert answer.status_code == 200, answer.text
    otto = world.as_("otto").brings(reference, "responded", position="disagrees", answer="No.")
    assert otto.status_code == 200, "what others reached is not counted against them"
    assert irene.brings(reference, "withdrawn", why="Settled.").status_code == 200


def test_documents_are_counted_by_person(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.referral.matter import attach

    monkeypatch.setattr(amounts, "MOST_DOCUMENTS", 2)
    reference = formal(world)
    for _ in range(2):
        attach(world, reference, by="tess")
    with pytest.raises(Unfit, match="You have attached 2"):
        attach(world, reference, by="tess")
    attach(world, reference, by="irene")


@one_engine
def test_planted_limit_that_is_not_asked_is_noticed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("drp.casework.service.check_amount", lambda *given: None)
    with pytest.raises(AssertionError):
        test_so_many_answers_and_questions_at_a_stage_and_anew_at_the_next(world)


@one_engine
def test_planted_limit_for_everybody_refuses_the_iro_and_is_noticed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(amounts, "IRO_SERVICE_PARTS", frozenset())
    monkeypatch.setattr(amounts, "MOST_ACTS_AT_A_STAGE", 1)
    with pytest.raises(AssertionError):
        test_so_many_answers_and_questions_at_a_stage_and_anew_at_the_next(world)


# The sweep.


def test_what_is_dear_goes_alone_from_the_next_time_on() -> None:
    a, b, c, d = (UUID(int=n) for n in range(1, 5))
    dear = DearItems()
    assert dear.first_turn([a, b, c, d]) == [a, b, c, d]
    dear.note({a: 0.001, b: 0.002, c: 3.0, d: 0.001})
    assert [dear.first_turn(ids) for ids in ([a, b, c, d], [c, d], [d], [])] == [[a, b], [c], [d], []]
    dear.note({a: 0.00001, b: 0.00001, d: 0.04})
    assert d not in dear, "what keeps nobody waiting is not dear"


def test_the_sweep_gives_a_dear_item_a_transaction_of_its_own(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(4):
        formal(world)
    world.sweep()
    seen, batches = list[UUID](), list[list[UUID]]()
    real = sweep.decide_up_to
    taken = {"seconds": 0.0}

    def decides(moment: Any, rules: Any, loaded: Any, *more: Any) -> Any:
        seen.append(loaded.id)
        taken["seconds"] += 5.0 if [loaded.id] == seen[2:3] else 0.001
        return real(moment, rules, loaded, *more)

    keep = type(world.service.casework.keeper).keep

    def kept(keeper: Any, connection: Any, authority: str, decided: Any, moment: Any) -> None:
        batches.append([one.loaded.id for one in decided])
        keep(keeper, connection, authority, decided, moment)

    monkeypatch.setattr(sweep, "decide_up_to", decides)
    monkeypatch.setattr(type(world.service.casework.keeper), "keep", kept)
    for _ in range(2):
        world.now = world.next_moment() or world.now
        sweep.sweep_authority(world.service.casework, world.key, world.now, stopwatch=lambda: taken["seconds"])
    # The first time the batch is cut behind it; known by then, it is alone the second time.
    half = len(batches) - next(n for n in range(len(batches)) if sum(map(len, batches[: n + 1])) == 4) - 1
    slow, first, later = seen[2], batches[:-half], batches[-half:]
    assert [slow] not in first
    assert [slow] in later
    assert sorted(one for batch in later for one in batch) == sorted(one for batch in first for one in batch)


# How long it takes.


def with_windows(world: World, number: int) -> str:
    """An item with so many windows, by answers that an earlier release took."""
    reference = formal(world)
    while number > 0:
        assert answers(world, reference, min(50, number)).status_code == 200
        number -= 50
    return reference


@pytest.mark.deep
def test_an_item_with_five_hundred_windows_decides_and_keeps_within_six_times_one_with_ten(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("drp.casework.service.check_amount", lambda *given: None)
    few, many = with_windows(world, 10), with_windows(world, 500)
    of_many = select(func.count()).select_from(WindowRow).join(ChallengeRow, ChallengeRow.id == WindowRow.challenge)
    assert world.rows(of_many.where(ChallengeRow.reference == many))[0][0] >= 500
    with world.store.read(world.key) as connection:
        words = world.service.casework.procedures.current(connection, world.key)[0].authority
        signed = {who: tokens.principal_of(connection, words, world.id(who), world.now) for who in ("irene", "tess")}

    def seconds(reference: str, who: str, event: e.Event) -> float:
        began = perf_counter()
        world.service.casework.act(signed[who], reference, event, world.now, lambda connection, done: {})
        return perf_counter() - began

    for who, event in (
        ("irene", e.Noted("A note.")),
        ("tess", e.Responded("agrees", "Yes.", (e.Action("One more.", date(2026, 6, 1)),))),
    ):
        took = [(seconds(few, who, event), seconds(many, who, event)) for _ in range(15)]
        middle_few, middle_many = (sorted(one)[7] for one in zip(*took, strict=True))
        assert middle_many < 6 * middle_few, (who, middle_few, middle_many)


@pytest.mark.deep
@one_engine
def test_a_thousand_dates_that_pass_at_once_are_decided_in_proportion(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twice as many windows take about twice as long, and not four times: the better of two each, one after the other."""
    monkeypatch.setattr("drp.casework.service.check_amount", lambda *given: None)
    took: dict[int, list[float]] = {500: [], 1000: []}
    for number in (500, 1000, 500, 1000):
        reference = with_windows(world, number)
        with world.store.read(world.key) as connection:
            words = world.service.casework.procedures.current(connection, world.key)[0].authority
            irene = tokens.principal_of(connection, words, world.id("irene"), world.now)
        later = world.now + timedelta(days=90)
        began = perf_counter()
        world.service.casework.act(irene, reference, e.Noted("After."), later, lambda connection, done: {})
        took[number].append(perf_counter() - began)
    assert min(took[1000]) < 3 * min(took[500]), took
