"""Loading the directory: what is added, ended and changed, nothing half-loaded, nothing deleted; on both databases."""

from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from drp.database.directory_tables import ChildRow, CoverRow, PersonRow, PostRow, UnitRow
from drp.database.engine import Store
from drp.database.ids import Randomness
from drp.directory.files import Unloadable, read_files
from drp.directory.importing import apply_plan, import_directory, read_standing_directory
from drp.directory.lookup import posts_nobody_holds
from drp.directory.plan import plan_import
from drp.directory.vacancies import PostsVacant
from drp.directory.values import Directory
from tests.cast.councils import PATIENT, directory_files, procedures
from tests.cast.staff import FIRST, load
from workflows.model.authority import HeldFor
from workflows.model.ladder import StageCopy

FILES = directory_files(PATIENT)
PEOPLE, UNITS, POSTS, COVERS, CHILDREN = FILES.values()
READ = procedures(PATIENT)
LATER = date(2026, 4, 1)


def stands(store: Store) -> Directory:
    with store.read("marsh") as connection:
        return read_standing_directory(connection, "marsh")


def counted(store: Store) -> tuple[int, ...]:
    tables: Any = (PersonRow, UnitRow, PostRow, CoverRow, ChildRow)
    with store.read("marsh") as connection:
        return tuple(connection.execute(select(func.count()).select_from(table)).scalar_one() for table in tables)


def held(store: Store, role: str, key: str = "") -> list[str]:
    """A post's history: who, from when, until when."""
    posts = [post for post in stands(store).posts if (post.role, post.key) == (role, key)]
    return [f"{p.person} {p.since}–{p.until or ''}" for p in sorted(posts, key=lambda p: (p.since, p.person))]


def test_what_is_loaded_stands_as_it_was_listed(store: Store, chance: Randomness) -> None:
    made = load(store, chance)
    found = stands(store)
    assert counted(store) == (16, 4, 13, 0, 2)
    assert found.people["nina"].agency == "health"
    child = found.children["C-2"]
    assert (child.initials, child.born, child.conferences) == ("JO", date(2016, 7, 8), 2)
    assert (child.statuses, child.facts) == (("child_protection", "looked_after"), ("unregistered_placement",))
    assert (child.in_plo, child.in_proceedings, child.team, child.next_review) == (True, False, "south", None)
    assert held(store, "iro", "C-1") == ["irene 2026-03-02–"]
    assert held(store, "team_manager", "north") == ["tess 2020-01-01–"]
    assert {post.held_for for post in found.posts} == set(HeldFor)
    assert not made.is_nothing


def test_loading_the_same_files_again_changes_nothing(store: Store, chance: Randomness) -> None:
    load(store, chance)
    before = stands(store)
    for day in (FIRST, LATER):
        assert load(store, chance, day).is_nothing
        assert str(load(store, chance, day)) == "Nothing changes."
    assert stands(store) == before


def test_a_later_file_ends_posts_and_lists_what_it_moved(store: Store, chance: Randomness) -> None:
    load(store, chance)
    posts = POSTS.replace("tess,team_manager,north,2020-01-01", "tom,team_manager,north,2026-04-01")
    made = load(store, chance, LATER, {"posts.csv": posts})
    assert made.words.changed == ("Team Manager of North Team: Tess → Tom from 2026-04-01",)
    assert not made.words.added
    assert not made.words.ended
    assert held(store, "team_manager", "north") == ["tess 2020-01-01–2026-03-31", "tom 2026-04-01–"]
    assert held(store, "team_manager", "south") == ["tom 2020-01-01–"]


def test_a_childs_new_iro_and_team_are_listed(store: Store, chance: Randomness) -> None:
    load(store, chance)
    row = "C-1,KT,2014-05-06,looked_after,no,yes,,south,sam,ivor,2026-01-10,2026-07-10,0"
    children = CHILDREN.splitlines()[0] + f"\n{row}\n" + CHILDREN.splitlines()[2] + "\n"
    made = load(store, chance, LATER, {"children.csv": children})
    assert made.words.changed == (
        "child C-1: proceedings no → yes",
        "child C-1: team North Team → South Team",
        "IRO of C-1: Irene → Ivor from 2026-04-01",
    )
    assert held(store, "iro", "C-1") == ["irene 2026-03-02–2026-03-31", "ivor 2026-04-01–"]


def test_whoever_is_not_listed_any_more_left_the_day_before_and_nothing_is_deleted(store: Store, chance: Randomness) -> None:
    load(store, chance, files={**FILES, "covers.csv": COVERS + "tess,tom,2026-03-02,,cover\n"})
    people = "\n".join(line for line in PEOPLE.splitlines() if not line.startswith("tess")) + "\n"
    made = load(store, chance, LATER, {"people.csv": people}, allow_vacancies=True)
    assert "Tess (tess): last day 2026-03-31" in made.words.ended
    assert "Team Manager of North Team: Tess until 2026-03-31" in made.words.ended
    assert "Tom covers for Tess until 2026-03-31" in made.words.ended
    assert stands(store).people["tess"].left_on == date(2026, 3, 31)
    assert counted(store) == (16, 4, 13, 1, 2)


def test_a_leaver_who_is_listed_again_is_back(store: Store, chance: Randomness) -> None:
    load(store, chance)
    gone = {
        "people.csv": PEOPLE.replace("tess,Tess,tess@marsh.example,,\n", ""),
        "posts.csv": POSTS.replace("tess,team_manager,north,2020-01-01,\n", ""),
    }
    load(store, chance, LATER, gone, allow_vacancies=True)
    made = load(store, chance, LATER + timedelta(days=30))
    assert "Tess (tess): back" in made.words.changed
    assert held(store, "team_manager", "north") == ["tess 2020-01-01–2026-03-31", "tess 2026-05-01–"]
    assert load(store, chance, LATER + timedelta(days=60)).is_nothing


def test_a_wrong_file_put_right_on_the_same_day_leaves_no_gap(store: Store, chance: Randomness) -> None:
    load(store, chance)
    before = stands(store)
    fewer = POSTS.replace("tess,team_manager,north,2020-01-01,\n", "")
    load(store, chance, LATER, {"posts.csv": fewer}, allow_vacancies=True)
    load(store, chance, LATER)
    assert stands(store) == before


def test_a_post_added_and_taken_back_on_one_day_was_never_held(store: Store, chance: Randomness) -> None:
    load(store, chance)
    load(store, chance, LATER, {"posts.csv": POSTS + "tom,director,,2026-04-01,\n"})
    made = load(store, chance, LATER, {"posts.csv": POSTS})
    assert made.words.ended == ("Director: Tom (taken back before it began)",)
    assert held(store, "director") == ["cora 2020-01-01–", "tom 2026-04-01–2026-03-31"]


def test_a_post_that_begins_later_can_be_moved_before_it_begins(store: Store, chance: Randomness) -> None:
    files = {**FILES, "posts.csv": POSTS + "tom,director,,2026-06-01,\n"}
    load(store, chance, files=files)
    made = load(store, chance, LATER, {"posts.csv": POSTS + "tom,director,,2026-07-01,2026-09-30\n"})
    assert made.words.changed == ("Director: Tom from 2026-07-01 until 2026-09-30",)
    assert held(store, "director") == ["cora 2020-01-01–", "tom 2026-07-01–2026-09-30"]


def test_the_past_is_not_rewritten(store: Store, chance: Randomness) -> None:
    load(store, chance)
    assert load(store, chance, LATER, {"posts.csv": POSTS.replace("2020-01-01", "2019-01-01")}).is_nothing
    ended = POSTS.replace("tess,team_manager,north,2020-01-01,", "tess,team_manager,north,2020-01-01,2026-03-15")
    load(store, chance, LATER, {"posts.csv": ended + "tom,team_manager,north,2026-03-16,\n"})
    assert held(store, "team_manager", "north") == ["tess 2020-01-01–2026-03-15", "tom 2026-03-16–"]


def test_history_may_be_listed_with_the_present(store: Store, chance: Randomness) -> None:
    posts = POSTS + "tom,team_manager,north,2018-01-01,2019-12-31\n"
    load(store, chance, files={**FILES, "posts.csv": posts})
    assert held(store, "team_manager", "north") == ["tom 2018-01-01–2019-12-31", "tess 2020-01-01–"]
    assert load(store, chance, LATER, {"posts.csv": posts}).is_nothing


def test_a_child_not_listed_any_more_keeps_its_row_and_loses_its_posts(store: Store, chance: Randomness) -> None:
    load(store, chance)
    made = load(store, chance, LATER, {"children.csv": "\n".join(CHILDREN.splitlines()[:2]) + "\n"})
    assert made.words.ended[0] == "child C-2: not listed any more"
    assert held(store, "iro", "C-2") == ["ivor 2026-03-02–2026-03-31"]
    assert counted(store)[4] == 2


def test_a_team_not_listed_any_more_ends_with_its_posts_and_is_not_missed(store: Store, chance: Randomness) -> None:
    load(store, chance)
    files = {
        "units.csv": UNITS.replace("team,south,South Team,care\n", ""),
        "posts.csv": POSTS.replace("tom,team_manager,south,2020-01-01,\n", ""),
        "children.csv": CHILDREN.replace("south", "north"),
    }
    made = load(store, chance, LATER, files)
    assert "team South Team (south): not listed any more" in made.words.ended
    assert held(store, "team_manager", "south") == ["tom 2020-01-01–2026-03-31"]
    assert ("team", "south") in stands(store).units


def test_covers_and_delegates_come_and_go(store: Store, chance: Randomness) -> None:
    covers = COVERS + "irene,ivor,2026-03-09,2026-03-20,cover\ncora,mona,2020-01-01,,delegate\n"
    made = load(store, chance, files={**FILES, "covers.csv": covers})
    assert "Ivor covers for Irene from 2026-03-09 until 2026-03-20" in made.words.added
    assert "Mona as delegate of Cora from 2020-01-01" in made.words.added
    made = load(store, chance, date(2026, 3, 12), {"covers.csv": COVERS})
    assert made.words.ended == (
        "Mona as delegate of Cora until 2026-03-11",
        "Ivor covers for Irene until 2026-03-11",
    )


def test_one_bad_row_loads_nothing_of_any_file(store: Store, chance: Randomness) -> None:
    load(store, chance)
    before = stands(store)
    files = {**FILES, "people.csv": PEOPLE + "new,New,new@marsh.example,,\n", "posts.csv": POSTS + "stranger,director,,x,\n"}
    with pytest.raises(Unloadable):
        load(store, chance, LATER, files)
    assert stands(store) == before


def test_a_failure_while_writing_leaves_nothing(store: Store, chance: Randomness) -> None:
    made = plan_import(read_files(dict(FILES)), Directory(), READ.authority, FIRST)
    with suppress(RuntimeError), store.write("marsh") as connection:
        apply_plan(connection, made, chance)
        raise RuntimeError
    assert counted(store) == (0, 0, 0, 0, 0)


def test_a_dry_run_is_the_plan_and_writes_nothing(store: Store) -> None:
    listed = plan_import(read_files(dict(FILES)), stands(store), READ.authority, FIRST)
    assert str(listed).startswith("Added (")
    assert "  child C-1\n" in str(listed)
    assert counted(store) == (0, 0, 0, 0, 0)


def test_another_authority_is_not_touched(store: Store, chance: Randomness) -> None:
    load(store, chance)
    before = stands(store)
    with store.write("hartsea") as connection:
        other = replace(READ.authority, key="hartsea")
        made = plan_import(read_files(dict(FILES)), read_standing_directory(connection, "hartsea"), other, FIRST)
        apply_plan(connection, made, chance)
        moved = plan_import(
            read_files({"posts.csv": POSTS.replace("tess", "tom", 1)}),
            read_standing_directory(connection, "hartsea"),
            other,
            LATER,
        )
        apply_plan(connection, moved, chance)
    assert stands(store) == before


# Where ladder meets directory.


def test_every_empty_post_that_the_ladder_names_is_an_error(store: Store, chance: Randomness) -> None:
    posts = POSTS.splitlines()[0] + "\ntom,team_manager,south,2020-01-01,\n"
    without_iro = CHILDREN.replace("south,sam,ivor,", "south,sam,,")
    files = {**FILES, "posts.csv": posts, "children.csv": without_iro}
    with pytest.raises(PostsVacant) as refused:
        load(store, chance, files=files)
    assert [str(vacancy) for vacancy in refused.value.vacancies] == [
        "Stage 1 asks the Team Manager; nobody holds it for North Team",
        "Stage 1 asks the Service Manager; nobody holds it for Care Service",
        "Stage 2 asks the Director; nobody holds it",
        "Marsh process is raised by the IRO; nobody holds it for child C-2",
        "Whatever finds nobody goes to the IRO Manager; nobody holds it",
    ]
    assert counted(store) == (0, 0, 0, 0, 0)
    load(store, chance, files=files, allow_vacancies=True)
    with store.read("marsh") as connection:
        assert posts_nobody_holds(connection, READ.authority, READ.ladders, FIRST) == refused.value.vacancies
        assert not posts_nobody_holds(connection, READ.authority, READ.ladders, date(2019, 12, 31))[:-1], (
            "no ladder is in force then"
        )


def test_a_child_whom_no_ladder_covers_needs_no_iro(store: Store, chance: Randomness) -> None:
    load(store, chance, files={**FILES, "children.csv": CHILDREN + "C-3,AB,2017-01-01,,no,no,,north,,,,,0\n"})
    assert stands(store).children["C-3"].statuses == ("none_recorded",)


def test_a_child_with_a_plan_and_no_iro_is_no_gap_where_somebody_else_may_raise(store: Store, chance: Randomness) -> None:
    """Of a looked-after child it is: the law gives them an IRO."""
    authority, (ladder,) = READ.authority, READ.ladders
    iro_only = replace(ladder, raised_by=("iro",), covers=frozenset())
    others_too = replace(iro_only, raised_by=("iro", "team_manager"))
    for statuses, alone, together in (("child_protection", 1, 0), ("looked_after", 1, 1)):
        without_iro = CHILDREN.replace("south,sam,ivor,", "south,sam,,").replace("child_protection;looked_after", statuses)
        assert f",{statuses}," in without_iro
        with store.write("marsh") as connection:
            import_directory(
                connection, authority, [ladder], {**FILES, "children.csv": without_iro}, FIRST, chance, allow_vacancies=True
            )
            for ladders, gaps in (([iro_only], alone), ([others_too], together)):
                said = [one.said for one in posts_nobody_holds(connection, authority, ladders, FIRST)]
                assert len([one for one in said if "nobody holds it for child C-2" in one]) == gaps, (statuses, said)


def test_an_agency_role_is_empty_only_if_no_agency_has_it(store: Store, chance: Randomness) -> None:
    authority, (ladder,) = READ.authority, READ.ladders
    (first, second) = ladder.stages
    asking = replace(ladder, stages=(first, replace(second, copies=(*second.copies, StageCopy("named_nurse")))))
    with store.write("marsh") as connection:
        import_directory(connection, authority, [asking], FILES, FIRST, chance)
        assert not posts_nobody_holds(connection, authority, [asking], FIRST)
    fewer = POSTS.replace("nina,named_nurse,health,2020-01-01,\n", "")
    load(store, chance, LATER, {"posts.csv": fewer})
    with store.read("marsh") as connection:
        said = [vacancy.said for vacancy in posts_nobody_holds(connection, authority, [asking], LATER)]
    assert said == ["Stage 2 copies in the Named Nurse; nobody holds it"]
