"""Whoever covers may be away too: a cover is followed to the nearest who are there, and nobody is asked who is not."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.cast.world import World
from workflows.decision.covers import Covers


def raised(world: World) -> str:
    """A challenge at the stage of the team manager, whom no condition takes away."""
    answer = world.as_("irene").raises(item_type="formal")
    assert answer.status_code == 201, answer.text
    return str(answer.json()["reference"])


def asked(world: World, reference: str) -> set[str]:
    """Who was asked first."""
    _, to, _ = world.told(reference)[0]
    return to


def asks_the_team_manager(world: World) -> bool:
    return asked(world, raised(world)) == {"tess"}


def test_a_cover_who_is_away_is_followed_to_whoever_covers_for_them(world: World) -> None:
    assert asks_the_team_manager(world)
    world.cover("tess", "tom")
    world.cover("tom", "otto")
    reference = raised(world)
    assert asked(world, reference) == {"otto"}
    assert world.as_("otto").brings(reference, "acknowledged").status_code == 200
    assert world.as_("tom").get(f"/challenges/{reference}").status_code == 404


def test_the_nearest_are_asked_and_all_of_them(world: World) -> None:
    world.cover("tess", "tom")
    world.cover("tess", "otto")
    world.cover("tom", "hugo")
    assert asked(world, raised(world)) == {"otto"}
    world.cover("otto", "clara")
    assert asked(world, raised(world)) == {"hugo", "clara"}


def test_in_a_ring_nobody_is_there_and_the_iro_manager_is_alarmed_and_asked_nothing(world: World) -> None:
    world.cover("tess", "tom")
    world.cover("tom", "tess")
    reference = raised(world)
    assert asked(world, reference) <= {"mona"}
    assert world.as_("mona").brings(reference, "acknowledged").status_code == 403
    assert "post_emptied" in {entry.kind for entry in world.entries(reference)}


def test_who_has_left_or_holds_no_post_does_not_cover(world: World) -> None:
    world.cover("tess", "tom")
    world.cover("tess", "nobody")
    world.cover("tom", "otto")
    assert asked(world, raised(world)) == {"otto"}
    world.cover("otto", "hugo")
    world.leaves("hugo", "2026-03-31")
    assert asked(world, raised(world)) <= {"mona"}


def test_a_delegation_is_never_followed_further(world: World) -> None:
    world.cover("tess", "tom", delegate=True)
    world.cover("tom", "clara", delegate=True)
    world.cover("tom", "hugo")
    reference = raised(world)
    assert asked(world, reference) == {"tess", "tom"}
    for stranger in ("clara", "hugo"):
        assert world.as_(stranger).get(f"/challenges/{reference}").status_code == 404


def test_whoever_covers_at_the_second_step_has_the_capacities_of_who_is_away(world: World) -> None:
    reference = raised(world)
    world.cover("irene", "ivor")
    world.cover("ivor", "colin")
    assert world.as_("colin").brings(reference, "noted", text="Looked at in her place.").status_code == 200
    assert world.as_("ivor").get(f"/challenges/{reference}").status_code == 404
    assert reference in world.as_("colin").get("/challenges").text


def test_planted_cover_followed_one_step_only_is_caught(build: Callable[..., World], monkeypatch: pytest.MonkeyPatch) -> None:
    def one_step(self: Covers, person: str, day: Any) -> dict[str, Any]:
        by = [cover.by for cover in self.covers if cover.of == person and not cover.is_delegate and cover.runs_on(day)]
        return dict.fromkeys(by) if by else {person: None}

    monkeypatch.setattr(Covers, "there_since", one_step)
    with pytest.raises(AssertionError):
        test_a_cover_who_is_away_is_followed_to_whoever_covers_for_them(build())
