"""Who read what, looked through: newest first, by item, by person, by day; one authority's readings are its own."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from api.exports.log_export import access_log_rows
from drp.data_protection import access_log
from drp.data_protection.access_log import OF_THE_LOG, AccessLog
from drp.database.engine import Store
from drp.database.migrate import alembic_config, migrate_database
from drp.database.unavailable import Unavailable
from tests.cast.stores import OWNER, Postgresql
from tests.cast.world import World

NINE = datetime(2026, 4, 1, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture(params=["sqlite", "postgresql"])
def log(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[AccessLog]:
    """An empty log; on PostgreSQL in a database of its own role."""
    if request.param == "sqlite":
        made = AccessLog(f"sqlite:///{tmp_path / 'access.sqlite'}", tmp_path / "access.jsonl")
        yield made
        made.close()
        return
    server: Postgresql = request.getfixturevalue("postgresql")
    made = AccessLog(server.url(OWNER), tmp_path / "access.jsonl")
    yield made
    made.close()
    store = Store(server.url(OWNER))
    with store.engine.begin() as connection:
        connection.execute(text("DROP TABLE IF EXISTS access"))
    store.close()


def filled(log: AccessLog) -> AccessLog:
    log.record("dunmoor", NINE, "irene", "list", "AAAA-2222", "BBBB-2222")
    log.record("dunmoor", NINE + MINUTE, "irene", "page", "AAAA-2222")
    log.record("dunmoor", NINE + 2 * MINUTE, "tess", "page", "AAAA-2222")
    log.record("dunmoor", NINE + timedelta(days=1), "tess", "page", "BBBB-2222")
    log.record("elsewhere", NINE, "stranger", "page", "AAAA-2222")
    return log


def said(log: AccessLog, authority: str = "dunmoor", **asked: object) -> list[tuple[str, str, str]]:
    return [(one.person, one.what, " ".join(one.references)) for one in log.readings(authority, **asked)]  # type: ignore[arg-type]


def test_readings_come_newest_first_and_page_by_page(log):
    filled(log)
    everything = said(log)
    assert everything[0] == ("tess", "page", "BBBB-2222")
    assert len(everything) == 4
    assert everything[-1] == ("irene", "list", "AAAA-2222 BBBB-2222"), "a list that was shown is one row"
    first = log.readings("dunmoor", most=2)
    rest = log.readings("dunmoor", before=first[-1].id, most=9)
    assert [*first, *rest] == log.readings("dunmoor")
    assert {one.at.utcoffset() for one in first} == {timedelta(0)}


def test_they_are_found_by_item_by_person_and_by_time(log):
    filled(log)
    assert said(log, reference="BBBB-2222") == [("tess", "page", "BBBB-2222"), ("irene", "list", "AAAA-2222 BBBB-2222")]
    assert {person for person, _, _ in said(log, people={"irene"})} == {"irene"}
    assert said(log, people=set()) == []
    assert said(log, since=NINE + MINUTE, until=NINE + 2 * MINUTE) == [("irene", "page", "AAAA-2222")]


def test_an_authority_finds_its_own_readings_only(log):
    filled(log)
    assert said(log, "elsewhere") == [("stranger", "page", "AAAA-2222")]
    assert "stranger" not in {one.person for one in log.readers("dunmoor", NINE, NINE + timedelta(days=7))}
    assert "stranger" not in {person for person, _, _ in said(log, reference="AAAA-2222")}


def test_planted_a_log_without_its_authority_is_caught(log, monkeypatch):
    real = access_log.match_readings
    monkeypatch.setattr(access_log, "match_readings", lambda *asked: real(*asked)[1:])
    with pytest.raises(AssertionError):
        test_an_authority_finds_its_own_readings_only(log)


def test_who_opened_most_different_items_stands_first_however_long_others_lists_are(log):
    filled(log)
    log.record("dunmoor", NINE, "irene", "list", *(f"LIST-{n:04}" for n in range(40)))
    log.record("dunmoor", NINE, "ada", OF_THE_LOG, "AAAA-2222")
    found = log.readers("dunmoor", NINE, NINE + timedelta(days=7))
    assert [(one.person, one.opened, one.shown, one.readings) for one in found] == [("tess", 2, 2, 2), ("irene", 1, 42, 43)]
    assert found[0].last == NINE + timedelta(days=1)
    assert log.readers("dunmoor", NINE + timedelta(days=2), NINE + timedelta(days=3)) == []


def test_a_list_is_found_by_each_item_that_stood_in_it_and_by_no_part_of_a_reference(log):
    many = [f"LIST-{n:04}" for n in range(2000)]
    log.record("dunmoor", NINE, "irene", "register", *many, *many[:7])
    log.record("dunmoor", NINE, "irene", "list", "AAAA-2222", "LIST-00010")
    log.record("elsewhere", NINE, "stranger", "list", "LIST-0001", "LIST-0002")
    (found,) = log.readings("dunmoor", reference="LIST-0001")
    assert found.references == tuple(many), "each once, in the order shown"
    assert found.reference == ""
    for none in ("LIST", "0001", "LIST-000", "", '"', "LIST-0001 LIST-0002", "%"):
        assert none == "" or log.readings("dunmoor", reference=none) == [], none
    assert [row["what"] for row in log.of("dunmoor", "AAAA-2222")] == ["list"]


def test_what_names_no_item_counts_as_none(log):
    log.record("dunmoor", NINE, "irene", "themes taken away", "")
    assert [(one.opened, one.shown, one.readings) for one in log.readers("dunmoor", NINE, NINE + MINUTE)] == [(0, 0, 1)]
    assert said(log) == [("irene", "themes taken away", "")]


def test_planted_log_that_finds_what_was_opened_alone_is_caught(log, monkeypatch):
    monkeypatch.setattr(
        access_log, "readings_of_item",
        lambda query, reference, **_: query.where(access_log.LOGGED.c.reference == reference),
    )  # fmt: skip
    with pytest.raises((AssertionError, ValueError)):
        test_a_list_is_found_by_each_item_that_stood_in_it_and_by_no_part_of_a_reference(log)


def test_what_is_older_than_its_time_is_taken_out_in_short_transactions_and_it_says_so(log, monkeypatch):
    filled(log)
    monkeypatch.setattr(access_log, "THINNED_AT_ONCE", 2)
    assert log.thin("dunmoor", NINE + timedelta(hours=1), NINE + timedelta(days=700)) == 3
    assert said(log)[-1] == ("tess", "page", "BBBB-2222")
    assert sorted(what for _, what, _ in said(log)[:-1]) == [
        "access log thinned: 1 before 2026-04-01", "access log thinned: 2 before 2026-04-01",
    ]  # fmt: skip
    assert [one.person for one in log.readings("dunmoor", reference="AAAA-2222")] == [], "nor is it found in a list that is gone"
    assert said(log, "elsewhere") == [("stranger", "page", "AAAA-2222")]
    assert log.thin("dunmoor", NINE + timedelta(hours=1), NINE) == 0
    monkeypatch.setattr(access_log, "MOST_THINNINGS", 1)
    assert log.thin("elsewhere", NINE + timedelta(hours=1), NINE) == 1


def log_of_the_release_before(file: Path, *references: str) -> Store:
    """A list as it was kept then: a row for each of its lines."""
    store = Store(f"sqlite:///{file}")
    with store.engine.begin() as connection:
        connection.execute(text(
            "CREATE TABLE access (id INTEGER PRIMARY KEY AUTOINCREMENT, authority VARCHAR(64) NOT NULL, at DATETIME NOT NULL,"
            " person VARCHAR(36) NOT NULL, what VARCHAR(80) NOT NULL, reference VARCHAR(16) NOT NULL)"
        ))  # fmt: skip
        line = text("INSERT INTO access (authority, at, person, what, reference) VALUES ('dunmoor', :at, 'p', 'list', :one)")
        connection.execute(line, [{"at": "2026-03-31 09:00:00", "one": reference} for reference in references])
    return store


def test_a_log_of_an_earlier_release_gets_what_it_lacks(tmp_path):
    store = log_of_the_release_before(tmp_path / "access.sqlite", "BBBB-2222")
    log = filled(AccessLog(store.url, tmp_path / "access.jsonl"))
    assert len(said(log)) == 5
    assert said(log, reference="BBBB-2222")[-2:] == [
        ("irene", "list", "AAAA-2222 BBBB-2222"), ("p", "list", "BBBB-2222"),
    ]  # fmt: skip
    with store.engine.begin() as connection:
        names = set(connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'index'")).scalars())
    assert {"ix_access_person", "ix_access_at"} <= names
    log.close()
    store.close()


def test_what_fell_back_on_the_file_is_said_and_a_log_that_cannot_be_read_is_said(tmp_path):
    (tmp_path / "no_database").mkdir()
    log = AccessLog(f"sqlite:///{tmp_path / 'no_database'}", tmp_path / "access.jsonl")
    assert not log.has_fallen_back
    log.record("dunmoor", NINE, "irene", "page", "AAAA-2222")
    assert log.has_fallen_back
    with pytest.raises(Unavailable):
        log.readings("dunmoor")
    log.close()


# One for all replicas.

on_postgresql = pytest.mark.parametrize("store", ["postgresql"], indirect=True)


@on_postgresql
def test_replicas_on_postgresql_write_one_log_and_none_can_change_it(world: World, tmp_path: Path) -> None:
    settings = world.settings.model_copy(update={"var": tmp_path / "other"})
    other = AccessLog(settings.access_url, tmp_path / "other" / "access.jsonl")
    try:
        world.service.access_log.record(world.key, world.now, "p", "page", "AAAA-2222")
        other.record(world.key, world.now, "q", "page", "BBBB-3333")
        assert {one.reference for one in other.readings(world.key)} == {"AAAA-2222", "BBBB-3333"}
        assert other.readings("elsewhere") == []
        for statement in ("UPDATE access_log.access SET person = 'x'", "DELETE FROM access_log.access"):
            with pytest.raises(DBAPIError), world.store.engine.begin() as connection:
                connection.execute(text(statement))
        with world.store.engine.begin() as connection:
            assert connection.execute(text("SELECT count(*) FROM access_log.access")).scalar() == 0, "of no authority: none"
            assert connection.execute(text("SELECT count(*) FROM access_log.showings_of('AAAA-2222')")).scalar() == 0
        for authority, older_than in ((world.key, "now() - interval '364 days'"), (world.key, "NULL"), ("", "'2001-01-01'")):
            thinning = text(f"SELECT access_log.thin({older_than}, 5) FROM set_config('drp.authority', '{authority}', true)")
            with pytest.raises(DBAPIError, match="not taken out"), world.store.engine.begin() as connection:
                connection.execute(thinning)
        assert len(other.readings(world.key)) == 2
        assert not (tmp_path / "other" / "access.jsonl").exists()
    finally:
        other.close()


@on_postgresql
def test_a_list_is_found_by_row_level_securitys_own_way_in(world: World) -> None:
    log = world.service.access_log
    log.record(world.key, world.now, "p", "list", "AAAA-2222", "BBBB-3333")
    log.record("elsewhere", world.now, "stranger", "list", "AAAA-2222", "CCCC-3333")
    assert said(log, world.key, reference="AAAA-2222") == [("p", "list", "AAAA-2222 BBBB-3333")]
    assert said(log, "elsewhere", reference="AAAA-2222") == [("stranger", "list", "AAAA-2222 CCCC-3333")]
    assert [(one.shown, one.readings) for one in log.readers(world.key, world.now, world.now + MINUTE)] == [(2, 2)]


@on_postgresql
def test_what_stands_in_a_replicas_own_file_is_brought_over_once(world: World, tmp_path: Path) -> None:
    file = tmp_path / "access.sqlite"
    old = AccessLog(f"sqlite:///{file}", tmp_path / "access.jsonl")
    for n in range(3):
        old.record(world.key, world.now, "p", "page", f"AAAA-222{n}")
    old.close()
    log = world.service.access_log
    assert log.bring_over(file) == 3
    assert log.bring_over(file) == 0, "a start that died after it brings nothing twice"
    found = log.readings(world.key)
    assert [one.reference for one in found] == ["AAAA-2222", "AAAA-2221", "AAAA-2220"]
    assert {one.at for one in found} == {world.now}


@on_postgresql
def test_a_file_of_the_release_before_is_brought_over_with_a_row_for_each_line_of_a_list(world: World, tmp_path: Path) -> None:
    log_of_the_release_before(tmp_path / "access.sqlite", "AAAA-2222", "BBBB-2222").close()
    log = world.service.access_log
    assert log.bring_over(tmp_path / "access.sqlite") == 2
    assert log.bring_over(tmp_path / "access.sqlite") == 0, "to read it has not changed it"
    assert said(log, world.key) == [("p", "list", "BBBB-2222"), ("p", "list", "AAAA-2222")]


@on_postgresql
def test_going_back_a_release_takes_a_list_apart_and_loses_nothing(world: World, postgresql: Postgresql) -> None:
    log = world.service.access_log
    log.record(world.key, world.now, "p", "list", "AAAA-2222", "BBBB-2222")
    log.record(world.key, world.now, "p", "page", "AAAA-2222")
    log.close()
    owner = Store(postgresql.url(OWNER))
    try:
        with owner.engine.begin() as connection:
            command.downgrade(alembic_config(connection), "0025")
            rows = connection.execute(text("SELECT what, reference FROM access_log.access ORDER BY what, reference")).all()
        assert [tuple(row) for row in rows] == [("list", "AAAA-2222"), ("list", "BBBB-2222"), ("page", "AAAA-2222")]
    finally:
        migrate_database(owner)
        owner.close()
    assert len(log.readings(world.key, reference="AAAA-2222")) == 2


@on_postgresql
def test_an_export_says_what_it_could_not_reach(world: World, tmp_path: Path) -> None:
    said = access_log_rows(world.service, world.key, tmp_path / "log.csv", None, None)
    assert "what another replica could write to its own file alone" in said


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_planted_export_that_claims_to_be_whole_where_it_is(world: World, tmp_path: Path) -> None:
    """On SQLite there is one process, and nothing that it could not reach."""
    assert "another replica" not in access_log_rows(world.service, world.key, tmp_path / "log.csv", None, None)
