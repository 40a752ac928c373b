"""An item about a service, without a child: it stays with the IRO who raised it, by the role that they hold for children."""

from collections.abc import Callable
from typing import Any

import pytest

from drp.casework import load
from tests.cast.councils import DERBY, LEVELS, procedures
from tests.cast.world import World
from tests.pages.browser import at_browser
from workflows.decision import recipients
from workflows.decision.recipients import Establishment
from workflows.ladder_language.reader import AuthorityProcedures, read_procedures
from workflows.model.challenge import Party
from workflows.model.ladder import RAISER, Ladder

ABOUT_NORTH = {"item_type": "about_service", "team": "north", "to": [{"role": "strategic_manager_cs"}]}


@pytest.fixture
def levels(build: Callable[..., World]) -> World:
    """Durham as of 2022/23, whose procedure carries items about a service."""
    return build(LEVELS)


def test_whoever_raised_it_reads_it_and_ends_it(levels: World) -> None:
    irene = levels.as_("irene")
    raised = irene.raises("", **ABOUT_NORTH)
    assert raised.status_code == 201, raised.text
    reference = str(raised.json()["reference"])
    assert irene.item(reference)["reference"] == reference
    assert irene.brings(reference, "withdrawn", why="It was put right.").status_code == 200


def test_planted_raiser_whose_posts_are_not_read_is_caught(levels: World, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = load.load_establishment

    def without_raisers(connection: Any, authority: str, abouts: Any) -> Establishment:
        found, raisers = whole(connection, authority, abouts), {about.raiser for about in abouts}
        return Establishment(tuple(post for post in found.posts if post.person not in raisers), found.covers)

    monkeypatch.setattr(load, "load_establishment", without_raisers)
    with pytest.raises((AssertionError, KeyError)):
        test_whoever_raised_it_reads_it_and_ends_it(levels)


def test_it_starts_with_those_who_run_it_and_asks_and_copies_nobody_of_a_child(levels: World) -> None:
    irene = levels.as_("irene")
    raised = irene.raises("", **ABOUT_NORTH)
    reference = str(raised.json()["reference"])
    assert raised.json()["challenge"]["stage"]["key"] == "level_4"
    assert levels.told(reference) == [("level_4", {"clara"}, {"otto", "mona"})]
    assert "level_2" not in irene.item(reference)["stages_to"]
    down = irene.raises("", **ABOUT_NORTH, stage="level_2", stage_reason="They asked for it.")
    assert (down.status_code, down.json()["field"]) == (422, "stage")
    assert irene.brings(reference, "escalated", why="Down.", to_stage="informal").status_code == 422


def test_its_raiser_judges_and_records_though_their_role_is_held_for_children(levels: World) -> None:
    """The stage names the IRO to record the outcome of its meeting: that is who raised it, and nobody is alarmed."""
    irene = levels.as_("irene")
    reference = str(irene.raises("", **ABOUT_NORTH).json()["reference"])
    levels.pass_to("Mon 6 April 2026, 10:00")
    assert levels.as_("mona").brings(reference, "meeting_arranged", at="2026-04-07T10:00:00+01:00").status_code == 200
    assert levels.told(reference, "meeting")[0][1] == {"clara", "mona", "irene"}
    levels.pass_to("Tue 7 April 2026, 12:00")
    assert levels.as_("mona").brings(reference, "meeting_held", on="2026-04-07").status_code == 200
    assert levels.told(reference, "outcome_wanted") == [("level_4", {"irene"}, set())]
    assert irene.brings(reference, "outcome_recorded", outcome="A rota.").status_code == 200
    assert irene.brings(reference, "judged", verdict="enough", what_changed="Reports come.").status_code == 200
    assert irene.item(reference)["phase"] == "resolved"


def test_at_derby_the_manager_of_the_iro_service_raises_it_and_no_iro(build: Callable[..., World]) -> None:
    derby = build(DERBY)
    about = {"item_type": "about_service", "team": "north"}
    refused = derby.as_("irene").raises("", **about)
    assert (refused.status_code, refused.json()["field"]) == (422, "item_type")
    mona = derby.as_("mona")
    raised = mona.raises("", **about, raiser_role="deputy_head_of_service_qa")
    assert raised.status_code == 201, raised.text
    reference = str(raised.json()["reference"])
    assert derby.told(reference) == [("formal_3", {"hugo"}, set())], "the quality side meets beside him and is not asked"
    assert derby.told(reference, "to_arrange") == [("formal_3", {"quinn"}, set())]
    assert mona.brings(reference, "resolved", what_changed="It is put right.").status_code == 200


def test_planted_start_at_the_first_stage_is_caught(levels: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Ladder, "first_for", lambda ladder, item: ladder.stages[0])
    with pytest.raises((AssertionError, KeyError)):
        test_it_starts_with_those_who_run_it_and_asks_and_copies_nobody_of_a_child(levels)


def test_planted_role_of_other_children_that_nobody_holds_is_caught(levels: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def held_for_this_item(party: Party, authority: Any, establishment: Any, about: Any, day: Any) -> tuple[str, ...]:
        if party.role == RAISER:
            return recipients.raiser_of(authority, establishment, about, day)
        return (party.person,) if party.person else tuple(establishment.holders(authority, party.role, about, day))

    monkeypatch.setattr(recipients, "holders_behind", held_for_this_item)
    with pytest.raises(AssertionError):
        test_its_raiser_judges_and_records_though_their_role_is_held_for_children(levels)


def loads(world: World, read: AuthorityProcedures) -> None:
    with world.store.write(world.key) as connection:
        world.service.casework.procedures.seed(connection, read, world.now)


def test_one_that_stands_below_its_start_is_listed_for_the_iro_manager_to_move(build: Callable[..., World]) -> None:
    """Raised under the file as it was; then the authority says where such items start. Nothing moves it but a person."""
    world, now = build(LEVELS), procedures(LEVELS)
    stripped = ("starts_at: {", "  starts_at: ")
    before = {
        name: "".join(line for line in text.splitlines(keepends=True) if not line.startswith(stripped))
        for name, text in now.texts.items()
    }
    loads(world, read_procedures(before, is_in_force=lambda content: True))
    reference = str(world.as_("irene").raises("", item_type="about_service", team="north").json()["reference"])
    assert "To move to where they start" not in at_browser(world, "mona").open("/board").text
    loads(world, now)
    page = at_browser(world, "mona").open("/board")
    assert "To move to where they start" in page.text
    assert reference in page.text
    assert world.as_("irene").item(reference)["stage"]["key"] == "informal"
    moved = world.as_("mona").brings(reference, "ladder_moved", version="2022/23", stage="level_4", why="They start there now.")
    assert moved.status_code == 200, moved.text
    assert "To move to where they start" not in at_browser(world, "mona").open("/board").text
