"""The demonstration's directories: each loads without a fault and leaves no post empty that its authority's ladders name."""

import csv
import io
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

import api
from drp.database.engine import Store
from drp.database.ids import Randomness
from drp.directory.files import COLUMNS
from drp.directory.importing import import_directory, read_standing_directory
from drp.directory.plan import ImportPlan
from drp.directory.vacancies import vacant_posts
from tests.ladders.reading import procedures
from workflows.model.authority import Capacity, HeldFor
from workflows.model.ladder import Status

HERE = Path(api.__path__[0]) / "demo" / "directories"
DEMOS = {
    "durham_2016": "durham",
    "durham_2022": "durham",
    "derby": "derby",
    "north_yorkshire": "north_yorkshire",
    "thurrock": "thurrock",
}
TODAY = date(2026, 4, 1)


def files(name: str) -> dict[str, bytes | str]:
    return {file: (HERE / name / file).read_bytes() for file in COLUMNS}


def loaded(store: Store, chance: Randomness, name: str) -> ImportPlan:
    read = procedures(DEMOS[name])
    with store.write(read.authority.key) as connection:
        return import_directory(connection, read.authority, read.ladders, files(name), TODAY, chance)


@pytest.mark.parametrize("name", DEMOS)
def test_a_demo_directory_loads_and_fills_every_ladder(store: Store, chance: Randomness, name: str) -> None:
    made = loaded(store, chance, name)
    read = procedures(DEMOS[name])
    with store.read(read.authority.key) as connection:
        found = read_standing_directory(connection, read.authority.key)
    assert len(found.posts) == len(made.after.posts)
    for ladder in read.ladders:
        # Also those of another year: a demonstration may set its clock back.
        always = replace(ladder, in_force=date(2014, 1, 1), until=None)
        assert vacant_posts(found, read.authority, [always], TODAY) == ()


@pytest.mark.parametrize("name", DEMOS)
def test_a_demo_directory_has_what_a_story_needs(store: Store, chance: Randomness, name: str) -> None:
    after, authority = loaded(store, chance, name).after, procedures(DEMOS[name]).authority
    statuses = {frozenset(child.statuses) for child in after.children.values()}
    looked_after, protected = frozenset({Status.LOOKED_AFTER.value}), frozenset({Status.CHILD_PROTECTION.value})
    assert {looked_after, protected, looked_after | protected, frozenset({Status.NONE_RECORDED.value})} <= statuses
    assert any(child.in_plo for child in after.children.values())
    assert any(child.in_proceedings for child in after.children.values())
    if authority.facts and authority.key == "durham":
        assert any("unregistered_placement" in child.facts for child in after.children.values())
    assert 10 <= len(after.children) <= 14
    assert len([unit for unit in after.units.values() if unit.kind == "service"]) == 2
    assert len([unit for unit in after.units.values() if unit.kind == "team"]) == 4
    acting = {capacity: authority.roles_acting_as(capacity) for capacity in Capacity}
    for capacity in (Capacity.IRO_MANAGER, Capacity.BUSINESS_SUPPORT, Capacity.ADMINISTRATOR, Capacity.AUDITOR):
        assert any(post.role in acting[capacity] for post in after.posts)
    assert 3 <= len({post.person for post in after.posts if post.role in acting[Capacity.IRO]}) <= 4
    assert [cover.is_delegate for cover in sorted(after.covers, key=lambda cover: cover.is_delegate)] == [False, True]
    assert not any(post.until for post in after.posts)
    with_agencies = name in ("derby", "north_yorkshire")
    assert len([unit for unit in after.units.values() if unit.kind == "agency"]) == (2 if with_agencies else 0)
    assert any(person.agency for person in after.people.values()) is with_agencies
    assert any(post.held_for is HeldFor.AGENCY for post in after.posts) is (name == "north_yorkshire")


@pytest.mark.parametrize("name", DEMOS)
def test_addresses_are_nobodys_and_children_are_numbers(name: str) -> None:
    folder = HERE / name
    for row in csv.DictReader(io.StringIO((folder / "people.csv").read_text(encoding="utf-8"))):
        assert row["email"].endswith(".example")
    for row in csv.DictReader(io.StringIO((folder / "children.csv").read_text(encoding="utf-8"))):
        assert re.fullmatch(r"[A-Z]+-?[0-9]+", row["number"])
        assert re.fullmatch(r"[A-Z]{2}", row["initials"])
