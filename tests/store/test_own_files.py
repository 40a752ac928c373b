"""A start of the service loads an authority's own files, or leaves them out: an empty post or a bad file stops nobody's work."""

from pathlib import Path

import pytest

from api.cli.own_files import NothingToServe, load_own_files
from drp.casework.procedures import Procedures
from tests.cast.councils import procedures
from tests.cast.world import World

LEFT_OUT = "Files of a procedure were left out at the last start: earlier ones stay in force."


@pytest.fixture
def own(world: World, tmp_path: Path) -> Path:
    """The files of Dunmoor, as whoever runs the service has them in a folder."""
    folder = tmp_path / "own" / world.key
    folder.mkdir(parents=True)
    for text in procedures(world.council).texts.values():
        kind, key = text.partition("\n")[0].split(": ")
        (folder / f"{'authority' if kind == 'authority' else key}.yaml").write_text(text, encoding="utf-8")
    return folder


def starts(world: World, own: Path) -> list[str]:
    return list(load_own_files(world.service, own.parent))


def in_force(world: World) -> set[str]:
    with world.store.read(world.key) as connection:
        return {rules.ladder.hash for rules in world.service.casework.procedures.current(connection, world.key)}


def reasons(world: World) -> list[str]:
    said: list[str] = world.as_("mona").get("/health").json()["reasons"]
    return said


def change(own: Path, old: str = "judge_within: 3 working days", new: str = "judge_within: 4 working days") -> None:
    path = own / "resolution.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_its_own_unchanged_files_start_the_service_with_a_post_empty(world: World, own: Path) -> None:
    before = in_force(world)
    world.post_ends("tess", "team_manager", "2026-03-01")
    assert not [said for said in starts(world, own) if "left out" in said]
    assert in_force(world) == before
    assert LEFT_OUT not in reasons(world)
    assert world.as_("irene").raises(item_type="formal").status_code == 201


def test_a_changed_file_that_names_an_empty_post_is_left_out_and_the_last_good_one_stays(world: World, own: Path) -> None:
    before = in_force(world)
    world.post_ends("tess", "team_manager", "2026-03-01")
    change(own)
    (said,) = [said for said in starts(world, own) if "left out" in said]
    assert "nobody holds it for" in said
    assert in_force(world) == before
    assert LEFT_OUT in reasons(world)
    page = world.as_("irene").raises(item_type="formal")
    assert page.status_code == 201, "it serves"
    world.post_begins("tess", "team_manager", "2026-03-01", "team", "north")
    assert not [said for said in starts(world, own) if "left out" in said]
    assert in_force(world) != before
    assert LEFT_OUT not in reasons(world)


def test_a_file_that_cannot_be_read_is_left_out(world: World, own: Path) -> None:
    before = in_force(world)
    change(own, "respond_within: 3 working days", "respond_within: three moons")
    (said,) = [said for said in starts(world, own) if "left out" in said]
    assert "resolution.yaml" in said
    assert in_force(world) == before
    assert LEFT_OUT in reasons(world)


def test_one_authoritys_bad_file_keeps_no_other_from_being_loaded(two: World, own: Path) -> None:
    change(own, "respond_within: 3 working days", "respond_within: three moons")
    other = own.parent / "elsewhere"
    other.mkdir()
    for path in own.glob("*.yaml"):
        text = path.read_text(encoding="utf-8").replace("authority: dunmoor\n", "authority: elsewhere\n")
        text = text.replace("three moons", "3 working days")
        (other / path.name).write_text(text.replace("judge_within: 3", "judge_within: 4"), encoding="utf-8")
    with two.store.read("elsewhere") as connection:
        before = {rules.ladder.hash for rules in two.service.casework.procedures.current(connection, "elsewhere")}
    assert len([said for said in starts(two, own) if "left out" in said]) == 1
    with two.store.read("elsewhere") as connection:
        assert {rules.ladder.hash for rules in two.service.casework.procedures.current(connection, "elsewhere")} != before


def test_where_nothing_good_is_stored_nothing_is_served(world: World, own: Path) -> None:
    fresh = own.parent / "fresh"
    fresh.mkdir()
    (fresh / "authority.yaml").write_text("authority: fresh\nname: Fresh\n", encoding="utf-8")
    with pytest.raises(NothingToServe, match="fresh was not loaded, and nothing of it is stored"):
        starts(world, own)


def test_planted_a_start_that_asks_of_files_in_force_what_it_asks_of_new_ones(
    world: World, own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Procedures, "stored", lambda *given: frozenset())
    with pytest.raises(Exception, match=r"left out|UNIQUE|assert"):
        test_its_own_unchanged_files_start_the_service_with_a_post_empty(world, own)
