"""What climbs, ends, reopens, recalls or extends says for which stage and stay it is meant; nothing else has to."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from drp.casework import preconditions, service
from tests.cast.world import World
from tests.service.test_access import MINIMAL
from tests.service.test_json_api import formal, irene_kinds, problem
from workflows.decision.event_rules import EVENT_RULES, NEEDS_PRECONDITION, NEVER_STALE
from workflows.model import events as e

one_engine = pytest.mark.parametrize("store", ["sqlite"], indirect=True)

MEANT = sorted(kind.type for kind in NEEDS_PRECONDITION)


def bring(world: World, item: str, type_: str, headers: dict[str, str] | None = None, /, **said: Any) -> Any:
    """One request of the IRO's as it is, with nothing added."""
    body = {"type": type_, **said}
    return world.as_("irene").call("POST", f"/api/v1/challenges/{item}/events", headers, json=body)


def present(world: World, reference: str) -> str:
    return str(world.as_("irene").get(f"/challenges/{reference}").headers["etag"])


def here(world: World, reference: str) -> dict[str, Any]:
    item = world.as_("irene").item(reference)
    return {"stage": item["stage"]["key"], "stay": item["stay"]}


@pytest.mark.parametrize("type_", MEANT)
def test_what_moves_an_item_says_for_what_it_is_meant(world: World, type_: str) -> None:
    reference = formal(world, "stage_2")
    etag, before = present(world, reference), world.entries(reference)
    refused = bring(world, reference, type_, **MINIMAL[type_])
    problem(refused, 428, "precondition-required")
    line = f"If-Match: {etag}"
    assert refused.json()["send"] == line
    assert refused.json()["what_to_do"].endswith(line)
    problem(bring(world, reference, type_, {"If-Match": "*"}, **MINIMAL[type_]), 428, "precondition-required")
    # Sent again with that very line, it is judged like any other act.
    name, _, value = line.partition(": ")
    assert world.entries(reference) == before
    assert bring(world, reference, type_, {name: value}, **MINIMAL[type_]).status_code not in (412, 428)


@pytest.mark.parametrize("type_", MEANT)
def test_what_was_meant_for_another_stay_is_refused_as_stale(world: World, type_: str) -> None:
    reference = formal(world, "stage_2")
    etag, seen = present(world, reference), here(world, reference)
    assert world.as_("irene").brings(reference, "escalated", why="Urgent.").status_code == 200
    before = world.entries(reference)
    for headers, said in (({"If-Match": etag}, {}), ({}, {"seen": seen}), ({}, {"seen": {**here(world, reference), "stay": 9}})):
        problem(bring(world, reference, type_, headers, **MINIMAL[type_], **said), 412, "stale")
    # Two things said of it must both fit.
    both = bring(world, reference, type_, {"If-Match": present(world, reference)}, **MINIMAL[type_], seen=seen)
    problem(both, 412, "stale")
    assert world.entries(reference) == before


def test_six_presses_of_take_it_higher_at_once_climb_one_stage(world: World) -> None:
    reference = formal(world, "stage_2")
    irene, seen, stay = world.as_("irene"), here(world, reference), world.as_("irene").item(reference)["stay"]

    def press(n: int) -> int:
        return int(bring(world, reference, "escalated", why=f"Press {n}.", seen=seen).status_code)

    with ThreadPoolExecutor(6) as six:
        answers = sorted(six.map(press, range(6)))
    assert answers == [200, 412, 412, 412, 412, 412]
    assert irene.item(reference)["stay"] == stay + 1
    assert irene_kinds(world, reference).count("escalated") == 1


def test_presses_one_after_the_other_climb_one_stage_too(world: World) -> None:
    reference = formal(world, "stage_2")
    seen, etag = here(world, reference), present(world, reference)
    answers = [bring(world, reference, "escalated", why="Now.", seen=seen).status_code for _ in range(3)]
    answers += [bring(world, reference, "escalated", {"If-Match": etag}, why="Now.").status_code for _ in range(3)]
    assert answers == [200, 412, 412, 412, 412, 412]


def test_a_repeat_with_its_key_gets_the_stored_answer_before_anything_is_asked(world: World) -> None:
    reference = formal(world, "stage_2")
    key = {"Idempotency-Key": "once"}
    etag = {"If-Match": present(world, reference)}
    first = bring(world, reference, "escalated", key | etag, why="Urgent.")
    assert first.status_code == 200
    for headers in (key, key | etag, key | {"If-Match": "*"}, key | {"If-Match": present(world, reference)}):
        again = bring(world, reference, "escalated", headers, why="Urgent.")
        assert (again.status_code, again.json()) == (200, first.json())
    assert irene_kinds(world, reference).count("escalated") == 1


def test_a_refusal_for_want_of_it_is_not_kept_under_the_key(world: World) -> None:
    reference = formal(world, "stage_2")
    key = {"Idempotency-Key": "once"}
    assert bring(world, reference, "escalated", key, why="Urgent.").status_code == 428
    assert bring(world, reference, "escalated", key | {"If-Match": present(world, reference)}, why="Urgent.").status_code == 200


def test_the_line_to_send_speaks_of_what_a_passed_date_has_left(climbing: World) -> None:
    reference = formal(climbing, "stage_2")
    etag = present(climbing, reference)
    climbing.mail_leaves()
    climbing.at("Thu 9 April 2026, 09:00")  # the date has passed, and no tick has come yet
    refused = bring(climbing, reference, "withdrawn", why="Mine to end.")
    problem(refused, 428, "precondition-required")
    assert refused.json()["send"] == f"If-Match: {present(climbing, reference)}" != f"If-Match: {etag}"


def test_everything_else_needs_nothing_said(world: World) -> None:
    kinds = set(EVENT_RULES) & set(e.EXTERNAL_TYPES) - NEEDS_PRECONDITION
    reference = formal(world, "stage_2")
    for type_ in sorted(kind.type for kind in kinds if kind.type in MINIMAL):
        # Nothing is asked, whatever else may be wrong with it; and "*" fits whatever stands there.
        for headers in ({}, {"If-Match": "*"}):
            assert bring(world, reference, type_, headers, **MINIMAL[type_]).status_code not in (412, 428), type_


def test_only_what_needs_it_takes_the_field(world: World) -> None:
    reference = formal(world, "stage_2")
    problem(bring(world, reference, "noted", text="w", seen=here(world, reference)), 422, "invalid")


def test_a_referral_is_never_refused_as_stale(world: World) -> None:
    reference = formal(world, "stage_2")
    stale = {"If-Match": present(world, reference)}
    assert world.as_("irene").brings(reference, "escalated", why="Urgent.").status_code == 200
    problem(bring(world, reference, "noted", stale, text="w"), 412, "stale")
    assert bring(world, reference, "referral_considered", stale, **MINIMAL["referral_considered"]).status_code == 200
    assert bring(world, reference, "referred_to_cafcass", stale, **MINIMAL["referred_to_cafcass"]).status_code == 200


def test_whoever_may_not_see_it_learns_nothing_of_where_it_stands(world: World) -> None:
    reference = formal(world, "stage_2")
    for person in ("tom", "ivor"):
        path = f"/api/v1/challenges/{reference}/events"
        answer = world.as_(person).call("POST", path, json={"type": "escalated", "why": "w"})
        problem(answer, 404, "not-found")


# Twins.


@one_engine
def test_planted_moves_of_which_nothing_is_asked_are_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preconditions, "NEEDS_PRECONDITION", frozenset())
    with pytest.raises(AssertionError):
        test_what_moves_an_item_says_for_what_it_is_meant(world, "escalated")


@one_engine
def test_planted_star_that_is_enough_is_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preconditions, "ANYTHING", "nothing")
    with pytest.raises(AssertionError):
        test_what_moves_an_item_says_for_what_it_is_meant(world, "withdrawn")


@one_engine
def test_planted_blindness_to_what_was_meant_climbs_more_than_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "check_meant", lambda *given: None)
    with pytest.raises(AssertionError):
        test_presses_one_after_the_other_climb_one_stage_too(world)


@one_engine
def test_planted_question_before_the_stored_answer_is_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "find_answer", lambda *given: None)
    with pytest.raises(AssertionError):
        test_a_repeat_with_its_key_gets_the_stored_answer_before_anything_is_asked(world)


@one_engine
def test_planted_referral_that_can_be_stale_is_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert NEVER_STALE
    monkeypatch.setattr(preconditions, "NEVER_STALE", frozenset())
    with pytest.raises(AssertionError):
        test_a_referral_is_never_refused_as_stale(world)


@one_engine
def test_planted_note_that_needs_it_is_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preconditions, "NEEDS_PRECONDITION", NEEDS_PRECONDITION | {e.Noted})
    with pytest.raises(AssertionError):
        test_everything_else_needs_nothing_said(world)
