"""Whoever raised it is away and nobody covers: somebody always acts, in an order that is written down, and ends nothing alone."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.cast import rules
from tests.cast.councils import MARSH
from tests.cast.world import World
from workflows.decision import absence, relation


def without_iro(world: World) -> str:
    """A challenge whose child has no IRO since: irene raised it, and her post has ended."""
    reference = str(world.as_("irene").raises(item_type="formal").json()["reference"])
    world.post_ends("irene", "iro", "2026-03-31")
    return reference


def status(world: World, person: str, reference: str, type_: str, **said: object) -> int:
    return world.as_(person).brings(reference, type_, **said).status_code


def test_an_iro_manager_carries_it_on_and_ends_it_with_a_second_name(world: World) -> None:
    reference = without_iro(world)
    mona = world.as_("mona")
    refused = mona.brings(reference, "resolved", what_changed="It is done.")
    assert refused.status_code == 403
    assert "takes a second name" in refused.text
    assert "resolved" not in mona.item(reference)["moves"]
    assert status(world, "mona", reference, "escalated", why="It cannot wait.") == 200, "to go higher needs nobody"
    assert status(world, "mona", reference, "reminded_by_hand") == 200
    assert status(world, "mona", reference, "second_name_given") == 200
    assert status(world, "mona", reference, "resolved", what_changed="It is done.") == 403, "one's own name is not a second"
    assert status(world, "colin", reference, "second_name_given", words="I have read it.") == 200
    assert status(world, "mona", reference, "window_extended", until="2026-04-09", why="They are ill.") == 200
    assert status(world, "mona", reference, "resolved", what_changed="It is done.") == 403, "a second name is for one act"
    assert status(world, "colin", reference, "second_name_given") == 200
    assert status(world, "mona", reference, "resolved", what_changed="It is done.") == 200


def test_a_second_name_of_another_stay_is_none(world: World) -> None:
    reference = without_iro(world)
    assert status(world, "colin", reference, "second_name_given") == 200
    assert status(world, "mona", reference, "escalated", why="It cannot wait.") == 200
    assert status(world, "mona", reference, "withdrawn", why="Raised twice.") == 403


def test_a_recorded_cover_acts_alone(world: World) -> None:
    reference = str(world.as_("irene").raises(item_type="formal").json()["reference"])
    world.cover("irene", "colin")
    assert status(world, "colin", reference, "resolved", what_changed="It is done.") == 200


def test_where_the_iro_manager_may_not_another_iro_does(world: World) -> None:
    world.post_begins("mona", "social_worker", "2025-01-01", "child", str(world.child("T-1")))
    reference = without_iro(world)
    assert status(world, "mona", reference, "resolved", what_changed="It is done.") == 403
    assert status(world, "mona", reference, "second_name_given") == 403, "whom it concerns is no second"
    assert status(world, "colin", reference, "escalated", why="It cannot wait.") == 200
    assert status(world, "ivor", reference, "second_name_given") == 200
    assert status(world, "colin", reference, "ended_unresolved", why="No way on.") == 200


def test_while_somebody_before_them_is_free_another_iro_only_lends_a_name(world: World) -> None:
    reference = without_iro(world)
    assert status(world, "colin", reference, "escalated", why="It cannot wait.") == 403
    assert world.as_("colin").item(reference)["you_are"] == ["second"]


def test_where_the_raiser_is_there_nobody_is_second_and_no_other_iro_sees_it(world: World) -> None:
    reference = str(world.as_("irene").raises(item_type="formal").json()["reference"])
    assert world.as_("colin").get(f"/challenges/{reference}").status_code == 404
    assert status(world, "mona", reference, "second_name_given") == 403


def test_whom_the_authority_names_acts_last(build: Callable[..., World]) -> None:
    named = build(replace(MARSH, more="for_absent_raiser: [head_of_quality]\n", ladders=(rules.PATIENT,)))
    raised = named.as_("irene").raises("C-1", item_type="formal", reasons=["drift"])
    reference = str(raised.json()["reference"])
    named.post_ends("irene", "iro", "2026-03-31")
    named.post_begins("mona", "social_worker", "2025-01-01", "child", str(named.child("C-1")))
    assert status(named, "quinn", reference, "escalated", why="It cannot wait.") == 200
    assert status(named, "quinn", reference, "withdrawn", why="Raised twice.") == 403
    assert status(named, "ivor", reference, "second_name_given") == 200
    assert status(named, "quinn", reference, "withdrawn", why="Raised twice.") == 200


# Each of them fails where its rule is taken out.


def test_planted_ending_without_a_second_is_caught(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(absence, "second_name_missing", lambda challenge, actor: None)
    with pytest.raises(AssertionError):
        test_an_iro_manager_carries_it_on_and_ends_it_with_a_second_name(world)


def test_planted_order_of_nobody_is_caught(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relation, "acting_groups", lambda *_: [])
    with pytest.raises(AssertionError):
        test_where_the_iro_manager_may_not_another_iro_does(world)


def test_planted_order_without_an_order_is_caught(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relation, "acts_for_absent_raiser", lambda groups, person, is_barred: any(person in g for g in groups))
    with pytest.raises(AssertionError):
        test_while_somebody_before_them_is_free_another_iro_only_lends_a_name(world)
