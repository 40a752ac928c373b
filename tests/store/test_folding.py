"""The same thing written in two ways is one thing at every edge; what two spellings hold is listed, and joined by name alone."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, select, update
from typer.testing import CliRunner

from api.cli.main import app
from drp.data_protection import retention
from drp.database.challenge_tables import ChallengeRow
from drp.database.directory_tables import ChildRow, PersonRow
from drp.database.folding import fold, fold_name, without_zeros
from drp.directory import lookup, people
from drp.directory.spellings import list_spellings
from drp.reviews import review_register
from drp.reviews.review_register import DecisionLine
from drp.staffing.joining_children import NotJoined, join_children
from tests.cast.councils import procedures
from tests.cast.world import World

one_engine = pytest.mark.parametrize("store", ["sqlite"], indirect=True)
SPELLINGS = (
    "T-1",
    "t-1",
    "T\u20101",
    "T\u20131",
    "T\u22121",
    "\uff34-1",
    "T\u200b-1",
    " T-1 ",
    "T-\ufeff1",
    "T-\ufe0f1",
    "\u202dT-1\u202c",
)
OTHERS = ("T1", "T-01", "T-11", "T--1", "T_1", "\u0422-1", "")


@pytest.mark.parametrize("text", SPELLINGS)
def test_spellings_of_one_number_fold_alike(text: str) -> None:
    assert fold(text) == "t-1"


@pytest.mark.parametrize("text", OTHERS)
def test_other_numbers_do_not(text: str) -> None:
    assert fold(text) != "t-1"


@given(st.text(max_size=60))
def test_folding_again_changes_nothing_and_nothing_invisible_stays(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert fold_name(fold_name(text)) == fold_name(text)
    assert fold(text) == fold(text).strip()


def test_names_are_found_without_their_accents_and_numbers_are_near_by_zeros() -> None:
    assert fold_name("Siân LLŶR-Gruffŷdd") == "sian llyr-gruffydd"
    assert fold_name("ŠÁRKA Åse Ødegård").startswith("sarka ase ")
    assert without_zeros("T-001") == without_zeros("t-1")
    assert without_zeros("T-100") != without_zeros("T-1")
    assert without_zeros("T-0") == "t-0"


# At every edge.


@pytest.mark.parametrize("text", SPELLINGS)
def test_a_child_is_raised_about_however_the_number_is_spelt(world: World, text: str) -> None:
    raised = world.as_("irene").raises(text)
    assert raised.status_code == 201, raised.text
    assert world.as_("irene").item(raised.json()["reference"])["child"]["number"] == "T-1", "shown as first written"
    with world.store.read(world.key) as connection:
        assert retention.child_by_case_number(connection, world.key, text) == world.child("T-1")


@pytest.mark.parametrize("text", OTHERS[:5])
def test_another_number_is_another_child(world: World, text: str) -> None:
    assert world.as_("irene").raises(text).status_code == 422


def test_an_item_is_found_by_its_reference_however_it_is_spelt(world: World) -> None:
    irene = world.as_("irene")
    reference = str(irene.raises().json()["reference"])
    for text in (reference.lower(), reference.replace("-", "\u2013"), f" {reference} ", f"{reference}\u200b"):
        assert irene.get(f"/challenges/{text}").json()["reference"] == reference
    assert irene.get(f"/challenges/{reference.replace('-', '')}").status_code == 404


def test_people_are_found_by_name_whatever_its_case_and_accents_the_same_on_both_engines(world: World) -> None:
    with world.store.write(world.key) as connection:
        connection.execute(
            insert(PersonRow).values(
                authority=world.key, id=world.chance.identity(), key="sian", name="Siân ŁUCJA Ødegård", email="s@dunmoor.example"
            )
        )
        words = procedures(world.council).authority
        for text in ("sian", "SIÂN", "siân", "Ødeg", "ødegard", "ODEGÅRD"[1:], "łucja"):
            found = people.search_people(connection, words, text, world.now.date(), 0, 10)
            assert [one.name for one in found.people] == ["Siân ŁUCJA Ødegård"], text
            assert len(people.find_people_named(connection, world.key, text, 5)) == 1, text
        assert lookup.person_by_key(connection, world.key, "SIAN")


def test_a_changed_name_and_address_are_found_after_the_next_load(world: World) -> None:
    rows = world.rows(select(PersonRow.key, PersonRow.name, PersonRow.email))
    listed = "".join(
        f"{row.key},{'Zoë' if row.key == 'tess' else row.name},{'ZOE@dunmoor.example' if row.key == 'tess' else row.email},,\n"
        for row in rows
    )
    world.found(world.council, files={"people.csv": f"key,name,email,agency,left_on\n{listed}"})
    folded = select(PersonRow.name_folded, PersonRow.email_folded).where(PersonRow.key == "tess")
    assert world.rows(folded) == [("zoe", "zoe@dunmoor.example")]


@one_engine
def test_planted_lookup_of_raw_text_is_noticed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookup, "fold", lambda text: text)
    world.write(update(ChildRow).values(number_folded=ChildRow.number))
    with pytest.raises(AssertionError):
        test_a_child_is_raised_about_however_the_number_is_spelt(world, "t-1")


# Files.


@pytest.fixture
def drp(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    for name, value in {"DRP_DATABASE_URL": world.store.url, "DRP_VAR": str(world.settings.var), "DRP_MAIL": "none"}.items():
        monkeypatch.setenv(name, value)

    def typed(*said: str, code: int = 0) -> str:
        done = CliRunner().invoke(app, said)
        assert done.exit_code == code, done.output
        return str(done.output)

    return typed


CHILD = "number,initials,born,statuses,in_plo,in_proceedings,facts,team,social_worker,iro,last_review,next_review,conferences\n"


def children_csv(world: World, *more: str) -> str:
    rows = world.rows(select(ChildRow.__table__).order_by(ChildRow.number))  # type: ignore[attr-defined]
    lines = [
        f"{'t-1' if row.number == 'T-1' else row.number},{row.initials},{row.born},{';'.join(row.statuses)},no,no,"
        f"{';'.join(row.facts)},{row.team.upper()},,irene,,,0"
        for row in rows
    ]
    return CHILD + "\n".join([*lines, *more]) + "\n"


@one_engine
def test_a_file_that_spells_a_number_otherwise_means_the_child_that_stands(
    world: World, tmp_path: Path, drp: Callable[..., str]
) -> None:
    before = world.rows(select(ChildRow.id, ChildRow.number).order_by(ChildRow.number))
    (tmp_path / "children.csv").write_text(
        children_csv(world, "T-001,KX,2015-02-02,looked_after,no,no,,north,,irene,,,0"), "utf-8"
    )
    said = drp("directory", "import", world.key, str(tmp_path / "children.csv"), "--allow-vacancies")
    assert "child T-001 is new, and differs from T-1 by zeros alone: is it the same child?" in said
    after = world.rows(select(ChildRow.id, ChildRow.number).order_by(ChildRow.number))
    assert set(before) < set(after)
    assert {row.number for row in after} - {row.number for row in before} == {"T-001"}


def two_spellings(world: World) -> tuple[str, str]:
    """As earlier releases let it come in: two children whose numbers read alike, each with an item."""
    world.write(
        insert(ChildRow).values(
            authority=world.key, id=world.chance.identity(), number="t\u20111", initials="KT", born=world.now.date(),
            statuses=["looked_after"], facts=[], team="north",
        )
    )  # fmt: skip
    ids = dict(world.rows(select(ChildRow.number, ChildRow.id)))
    irene = world.as_("irene")
    here, there = (str(irene.raises("T-1").json()["reference"]) for _ in range(2))
    world.write(update(ChallengeRow).where(ChallengeRow.reference == there).values(child=ids["t\u20111"]))
    return here, there


def test_what_two_spellings_hold_is_listed_and_nobody_is_guessed(world: World) -> None:
    two_spellings(world)
    with world.store.read(world.key) as connection:
        [(kind, ones)] = [one for one in list_spellings(connection, world.key) if one[0] == "alike"]
        assert (kind, {one.number: one.items for one in ones}) == ("alike", {"T-1": 1, "t\u20111": 1})
        with pytest.raises(retention.NoSuchChild, match="2 children"):
            retention.child_by_case_number(connection, world.key, "t-1")
    refused = world.as_("irene").raises("t-1")
    assert (refused.status_code, "each spelt otherwise" in refused.text) == (422, True)
    assert world.as_("irene").raises("T-1").status_code == 201, "written exactly, it is that one"


def test_joining_is_a_named_act_on_both_timelines(world: World) -> None:
    here, there = two_spellings(world)
    done: Any = join_children(
        world.service.casework, world.key, "t\u20111", "T-1", "One child, two exports.", "Ada, data quality", world.now
    )
    assert (done.items, done.timelines) == (1, 2)
    irene = world.as_("irene")
    for reference in (here, there):
        said = irene.timeline(reference)
        assert said["proven"]
        assert said["entries"][-1]["kind"] == "child_joined"
        assert irene.item(reference)["child"]["number"] == "T-1"
    with world.store.read(world.key) as connection:
        [(_, ones)] = [one for one in list_spellings(connection, world.key) if one[0] == "alike"]
        assert {one.number: one.items for one in ones} == {"T-1": 2, "t\u20111": 0}
    with pytest.raises(NotJoined, match="no child whose number is written"):
        join_children(world.service.casework, world.key, "T-99", "T-1", "x", "Ada", world.now)
    with pytest.raises(NotJoined, match="Say why"):
        join_children(world.service.casework, world.key, "t\u20111", "T-1", " ", "Ada", world.now)


def test_joining_takes_the_reviews_of_both_together(world: World) -> None:
    two_spellings(world)
    irene, ids = world.as_("irene"), dict(world.rows(select(ChildRow.number, ChildRow.id)))
    irene.post("/reviews", {"child": "T-1", "held_on": "2026-03-30", "decisions": [{"words": "Of one.", "number": "1"}]})
    held_on, now = date(2026, 3, 30), world.now
    with world.store.write(world.key) as connection:
        words = world.service.casework.procedures.current(connection, world.key)[0].authority
        other, by = ids["t\u20111"], world.id("irene")
        for day in (held_on, date(2025, 9, 29)):
            review_register.note_review(connection, world.key, other, day, by, now)
            lines = [DecisionLine("Of the other.", "1")]
            review_register.add_decisions(connection, world.chance, words, other, day, lines, by, now)
    join_children(world.service.casework, world.key, "t\u20111", "T-1", "One child, two exports.", "Ada, data quality", now)
    reviews = irene.get("/reviews", child="T-1").json()["reviews"]
    assert [(one["held_on"], sorted(each["words"] for each in one["decisions"])) for one in reviews] == [
        ("2026-03-30", ["Of one.", "Of the other."]), ("2025-09-29", ["Of the other."]),
    ]  # fmt: skip


@one_engine
def test_the_commands(world: World, drp: Callable[..., str]) -> None:
    assert "Every number and key is written in one way." in drp("directory", "spellings", world.key)
    two_spellings(world)
    assert "read alike: perhaps one child" in drp("directory", "spellings", world.key)
    said = drp("directory", "join", world.key, "t\u20111", "T-1", "--why", "One child.", "--by", "Ada, data quality")
    assert "1 item and 0 lines of t\u20111 are T-1's now. It stands on 2 timelines." in said
    assert "Nothing was joined" in drp("directory", "join", world.key, "T-1", "T-1", "--why", "x", "--by", "Ada", code=1)
