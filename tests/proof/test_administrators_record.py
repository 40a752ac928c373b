"""Who gives power leaves a record: chained, checkpointed, and held against what it last found."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert, select, text, update
from typer.testing import CliRunner

from api.cli.main import app
from api.cli.serve_command import note_settings
from api.jobs import checkpoints
from api.readiness import begin_records
from drp.data_protection import admin_audit_log
from drp.database.account_tables import AccountRow
from drp.database.directory_tables import CoverRow, PersonRow, PostRow
from drp.database.record_tables import AdministeredRow
from tests.cast.keyed import keyed
from tests.cast.stores import Postgresql
from tests.cast.world import World
from tests.pages.browser import at_browser, day

one_engine = pytest.mark.parametrize("store", ["sqlite"], indirect=True)


@pytest.fixture
def begun(world: World) -> World:
    """A record that was begun, under a checkpoint."""
    assert world.as_("irene").raises().status_code == 201
    begin_records(world.service)
    checkpoints.leave_checkpoint(world.service, world.key)
    return world


def verdict(world: World) -> list[str]:
    files = checkpoints.files_of(world.settings.checkpoints_folder, world.key)
    found = checkpoints.verify_authority(world.service, world.key, files, world.service.signing.public_key())
    return found.told(found.faults)


def record(world: World) -> list[tuple[int, str, str]]:
    rows = world.rows(select(AdministeredRow.number, AdministeredRow.person, AdministeredRow.what).order_by("number"))
    names = {admin_audit_log.OPERATOR: "operator", admin_audit_log.SERVICE: "service"}
    people = {row.id: row.key for row in world.rows(select(PersonRow.id, PersonRow.key))}
    return [(row.number, names.get(row.person) or people[row.person], row.what) for row in rows]


def test_each_act_that_gives_or_takes_power_is_an_entry_by_whoever_did_it(begun: World) -> None:
    world = begun
    irene, ada = at_browser(world, "irene"), at_browser(world, "ada")
    form = irene.open(f"/cover?of={world.id('irene')}")
    irene.fill(form, by=str(world.id("ivor")), **day("since", "1 4 2026"))
    here = f"/directory/{world.id('tess')}"
    ada.fill(ada.open(here), f"{here}/suspend")
    ada.fill(ada.open(here), f"{here}/let-in")
    assert record(world) == [
        (1, "service", "record begun"), (2, "irene", "cover"), (3, "ada", "suspended"), (4, "ada", "let in again"),
    ]  # fmt: skip
    assert verdict(world) == []
    checkpoints.leave_checkpoint(world.service, world.key)
    assert verdict(world) == []


@one_engine
def test_the_operator_leaves_a_record_too_and_an_import_is_one_entry(begun: World, tmp_path: Path) -> None:
    world = begun

    def drp(*said: str) -> str:
        env = {"DRP_DATABASE_URL": world.store.url, "DRP_VAR": str(world.settings.var), "DRP_MAIL": "none"}
        done = CliRunner().invoke(app, said, env=env)
        assert done.exit_code == 0, done.output
        return str(done.output)

    people = "key,name,email,agency,left_on\n" + "".join(
        f"{row.key},{row.name},{row.email},,\n" for row in world.rows(select(PersonRow.key, PersonRow.name, PersonRow.email))
    )
    (tmp_path / "people.csv").write_text(people + "newcomer,Newcomer,new@dunmoor.example,,\n", encoding="utf-8")
    drp("directory", "import", "dunmoor", str(tmp_path / "people.csv"), "--dry-run")
    assert record(world) == [(1, "service", "record begun")], "a dry run is none"
    drp("directory", "import", "dunmoor", str(tmp_path / "people.csv"))
    drp("token", "create", "dunmoor", "tess", "--name", "case system")
    assert [(by, what) for _, by, what in record(world)[1:]] == [("operator", "directory loaded"), ("operator", "token made")]
    assert verdict(world) == []
    page = at_browser(world, "ada").open("/administration/changes").text
    assert "the operatorDirectory loaded" in page
    assert "people.csv" in page


def test_settings_by_which_people_come_in_are_noted_when_they_change(begun: World) -> None:
    note_settings(begun.service)
    note_settings(begun.service)
    assert [what for _, _, what in record(begun)].count("settings at the start") == 1


# By hand, beside the service.

BY_HAND: Mapping[str, Callable[[World], Any]] = {
    "a post": lambda world: insert(PostRow).values(
        authority=world.key, id=UUID(int=77), role="iro_manager", held_for="authority", key="", person=world.id("tess"),
        since=date(2026, 1, 1),
    ),
    "a post that goes on": lambda world: update(PostRow).where(PostRow.person == world.id("tess")).values(
        until=date(2030, 1, 1)
    ),
    "a cover": lambda world: insert(CoverRow).values(
        authority=world.key, id=UUID(int=78), of=world.id("irene"), by=world.id("tess"), since=date(2026, 1, 1)
    ),
    "an address, to which the link goes": lambda world: update(PersonRow).where(PersonRow.id == world.id("mona")).values(
        email="stranger@dunmoor.example"
    ),
    "an account": lambda world: insert(AccountRow).values(
        authority=world.key, issuer="https://x.example", subject="x", person=world.id("mona"), bound_by="administrator"
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", sorted(BY_HAND))
def test_power_that_was_given_beside_the_service_is_found(begun: World, what: str) -> None:
    begun.write(BY_HAND[what](begun))
    [said] = verdict(begun)
    assert "the administrators' record" in said
    assert "changed beside the service" in said


def test_what_was_changed_beside_the_service_stays_on_record_when_the_next_change_is_made(begun: World) -> None:
    begun.write(BY_HAND["a post"](begun))
    ada, here = at_browser(begun, "ada"), f"/directory/{begun.id('tess')}"
    ada.fill(ada.open(here), f"{here}/suspend")
    assert record(begun)[1:] == [(2, "service", "changed beside the service"), (3, "ada", "suspended")]
    assert verdict(begun) == []


@one_engine
def test_planted_record_that_commits_to_nothing_finds_none_of_it(begun: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admin_audit_log, "power_digest", lambda connection, authority: begun_digest(begun))
    for what in sorted(BY_HAND):
        with pytest.raises(ValueError, match="not enough values"):
            test_power_that_was_given_beside_the_service_is_found(begun, what)


def begun_digest(world: World) -> str:
    return str(world.rows(select(AdministeredRow.found))[0][0])


def as_owner(world: World, request: pytest.FixtureRequest, *statements: str) -> None:
    """What no role of the service may: change or take out an entry."""
    if world.store.is_sqlite:
        with world.store.engine.begin() as connection:
            for name in ("update", "delete"):
                connection.execute(text(f"DROP TRIGGER IF EXISTS administered_never_{name}"))
            for statement in statements:
                connection.execute(text(statement))
        return
    server: Postgresql = request.getfixturevalue("postgresql")
    with server.connect_as_admin(server.name) as admin, admin.transaction():
        admin.execute("SET LOCAL session_replication_role = replica")
        for statement in statements:
            admin.execute(statement.encode())


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE administered SET what = 'nothing' WHERE number = 2", "entry 2 was altered"),
        ("UPDATE administered SET person = '{somebody}' WHERE number = 2", "entry 2 was altered"),
        ("DELETE FROM administered WHERE number = 2", "entry 2 is missing"),
        ("DELETE FROM administered WHERE number = 3", "entry 3 is missing; checkpoint 2 had 3 entries"),
        ("DELETE FROM administered", "the whole record is gone; checkpoint 2 had 3 entries"),
    ],
)
def test_an_entry_that_was_altered_or_taken_out_is_named(
    begun: World, request: pytest.FixtureRequest, statement: str, said: str
) -> None:
    ada, here = at_browser(begun, "ada"), f"/directory/{begun.id('tess')}"
    ada.fill(ada.open(here), f"{here}/suspend")
    ada.fill(ada.open(here), f"{here}/let-in")
    begun.now += timedelta(minutes=1)
    checkpoints.leave_checkpoint(begun.service, begun.key)
    somebody = begun.id("otto").hex if begun.store.is_sqlite else begun.id("otto")
    as_owner(begun, request, statement.format(somebody=somebody))
    [found] = verdict(begun)
    assert found.endswith(said)


def test_what_was_noted_before_the_record_was_a_chain_is_committed_to(world: World, request: pytest.FixtureRequest) -> None:
    earlier = {"authority": world.key, "id": UUID(int=5), "at": world.now, "person": world.id("ada"), "what": "leaver"}
    world.write(insert(AdministeredRow).values(**earlier, said={"of": str(world.id("tess"))}))
    begin_records(world.service)
    assert verdict(world) == []
    as_owner(world, request, "UPDATE administered SET what = 'cover' WHERE number IS NULL")
    [found] = verdict(world)
    assert found.endswith("what was noted before the record began is not as it was")


def test_a_keyed_service_begins_its_record_where_there_was_none(world: World, tmp_path: Path) -> None:
    assert keyed(world.settings) is world.settings
    begin_records(world.service)
    begin_records(world.service)
    assert record(world) == [(1, "service", "record begun")]
