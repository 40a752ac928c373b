"""What the service's role may do on PostgreSQL: every right with its reason, nothing more, and nothing that stops an item.

A table, a function or a column of a later release fails here until it has its line.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DBAPIError, ProgrammingError

from api.readiness import begin_records
from drp.database import scope
from drp.database.account_tables import AttemptRow, SessionRow
from drp.database.authority_tables import DocumentRow
from drp.database.challenge_tables import ChallengeRow, EntryRow, IdempotencyRow, InvolvedRow, LinkRow, WindowRow, WordsRow
from drp.database.draft_tables import DraftRow
from drp.database.engine import Store
from drp.database.message_tables import DeliveryRow, NotificationRow
from drp.database.migrate import CLOSES, lines_to_close, migrate_database
from drp.database.record_tables import AdministeredRow, CheckpointRow, StandingRow
from drp.database.register_tables import RegisterRow, StayRow
from drp.database.schema import metadata
from drp.database.scope import core_table, delete_rows
from drp.database.tables import Row
from drp.items import drafts
from tests.cast.stores import APP, OWNER, Postgresql
from tests.cast.world import Caller, World
from workflows.ladder_language.reader import Unreadable

on_postgresql = pytest.mark.parametrize("store", ["postgresql"], indirect=True)

EVERY = "*"
"""Every column but the key."""

TABLES: dict[str, tuple[str, str]] = {
    "account": ("ended_at bound_by bound_at seal", "a provider's account is bound at the first sign-in, confirmed, ended"),
    "administered": ("", "each change of power is noted, and never changed"),
    "assumption": ("person at verdict", "a verdict on an assumption takes the place of the one before"),
    "attempt": ("count", "sign-ins that are begun are counted up"),
    "authority": (
        "last_tick directory_day brake brake_by brake_why brake_since brake_until standing_order files_left_out is_live "
        "live_since label_pack witnessed_at witness_fault verify_day verified_at verify_fault head_day "
        "passed_over condition condition_at",
        "an authority comes by `drp serve --authorities`; ticks, pauses and verdicts are noted; never its key or a restore",
    ),
    "challenge": (EVERY + " -reference", "every decision writes its item; its reference never changes"),
    "checkpoint": ("", "what was signed stays as it was signed"),
    "child": (EVERY, "the directory is loaded again"),
    "cover": (EVERY, "people give, change and take back cover"),
    "delivery": ("mail mailed_at sent_as error read_at opened_at", "what became of a message; whom it was for never changes"),
    "document": ("is_current", "which version of a file is in force; its text never changes"),
    "draft": ("changed_at said", "somebody goes on writing"),
    "entry": ("", "the timeline is append-only"),
    "idempotency": ("", "an answer is kept word for word"),
    "involved": ("as_to", "who was copied is asked later"),
    "link": ("", "items that were raised together stay so"),
    "notification": ("released state attempts next_at sent_at error", "what became of a message; what it is about never changes"),
    "person": (EVERY, "the directory is loaded again; somebody is suspended"),
    "population": ("", "numbers are taken out and put in anew"),
    "post": (EVERY, "the directory is loaded again; a case is handed over"),
    "register": (EVERY, "a decision puts what changes of its item's line anew; two spellings of one child are joined"),
    "report_copy": ("told_at read_at", "somebody was told, or has read it"),
    "report_due": ("first last due", "a schedule moves on to its next period"),
    "report_example": ("state why said_by said_at", "the child's IRO says whether it may be printed"),
    "report_file": ("", "what was released is kept as it was"),
    "report_request": ("", "a wish for a change is kept beside the report"),
    "review": (
        "decisions_agreed_on record_out_on care_plan_ratified_on pathway_plan_due_on pathway_plan_made_on",
        "days that become known later",
    ),
    "review_decision": ("child state state_on looked_on item", "how a decision stands, and which item follows it"),
    "saved_view": ("", "a view is saved under its name, or forgotten"),
    "session": ("seen_at ended_at seal", "a session is used, and ends"),
    "sheet": ("", "a spreadsheet comes in once"),
    "sign_in": ("hash used_at seal", "a link is made, used up, or not sent"),
    "standing": ("", "how a timeline stood at the last checkpoint is put in anew"),
    "stay": (EVERY, "a decision puts the visit to a stage that it changes anew"),
    "token": ("revoked_at confirm_by seal", "a token is ended or confirmed"),
    "unit": ("name name_folded within", "the directory is loaded again"),
    "voice": ("words", "words that name somebody are taken out"),
    "window": (EVERY, "every decision opens and closes windows"),
    "words": ("", "what was written stays; erasing is the owner's"),
    "written_report": ("version contents edits released_at released_by", "a draft is edited and released"),
}
"""Into which tables the role puts rows, which columns of them it changes, and why. It reads them all."""

ONLY_READ = {
    "alembic_version": "a start looks at which release the database stands",
    "erasure": "a verification knows what was lawfully erased; erasing is the owner's",
    "hold": "an item says that it is held; holds are the owner's",
    "kept_child": "until when a record is kept; what is known of a child's death is the owner's",
}

FUNCTIONS = {
    "drp_authorities()": "the sweep works one authority after the other",
    "drp_conditions()": "health reads how the service is, of all authorities at once, and whose it is of none",
    "access_log.showings_of(text)": "who saw an item among others, found by an index that row level security would hide",
    "access_log.thin(timestamp with time zone,integer)": "readings that were kept for their time are taken out, none of a year",
    "drp_take_out(text,jsonb)": "the service takes out what has had its time, from a closed list of tables",
}

TAKEN_OUT = {
    "account": "one that nobody vouched for, once its provider does",
    "attempt": "counts that are over",
    "draft": "sent, thrown away, or left for 14 days",
    "population": "before the same quarter comes in anew",
    "register": "an item in error, or before its line is written anew whole; never a line of a sheet",
    "report_copy": "a draft that was released is nobody's to edit",
    "report_due": "a schedule that the authority's file has no longer",
    "report_example": "out of a draft",
    "review": "two spellings of one child were joined",
    "saved_view": "forgotten, or saved anew",
    "session": "long over",
    "sign_in": "over",
    "standing": "before it is put in anew",
    "stay": "with its item's line",
}


def columns_of(table: str, said: str) -> set[str]:
    """Columns as the lists above write them."""
    named = said.split()
    if EVERY not in named:
        return set(named)
    without = {name[1:] for name in named if name[0] == "-"}
    return {column.name for column in metadata.tables[table].c if not column.primary_key} - without


_OURS = f"n.nspname IN ('public', 'access_log') AND (a.grantee = 0 OR a.grantee = '{APP}'::regrole)"
_NAMED = "CASE n.nspname WHEN 'public' THEN '' ELSE n.nspname || '.' END || c.relname"
RIGHTS = (
    f"SELECT 'table', {_NAMED}, '', a.privilege_type FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, "
    f"aclexplode(c.relacl) a WHERE {_OURS}",
    f"SELECT 'column', {_NAMED}, t.attname, a.privilege_type FROM pg_attribute t JOIN pg_class c ON c.oid = t.attrelid "
    f"JOIN pg_namespace n ON n.oid = c.relnamespace, aclexplode(t.attacl) a WHERE {_OURS}",
    "SELECT 'function', p.oid::regprocedure::text, '', a.privilege_type FROM pg_proc p JOIN pg_namespace n "
    f"ON n.oid = p.pronamespace, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a WHERE {_OURS}",
    f"SELECT 'schema', n.nspname, '', a.privilege_type FROM pg_namespace n, aclexplode(n.nspacl) a WHERE {_OURS}",
    "SELECT 'database', '', '', a.privilege_type FROM pg_database d, "
    "aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a "
    f"WHERE d.datname = current_database() AND (a.grantee = 0 OR a.grantee = '{APP}'::regrole)",
    f"SELECT 'role', r.rolname::text, '', 'MEMBER' FROM pg_roles r "
    f"WHERE r.rolname <> '{APP}' AND pg_has_role('{APP}', r.oid, 'MEMBER')",
    f"SELECT 'role', '{APP}', '', 'ATTRIBUTE' FROM pg_roles WHERE rolname = '{APP}' AND "
    "(rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls)",
)
"""What the catalogue knows of the rights of the role, and of everybody, that are ours to give: what, on what, which."""


def rights(connection: psycopg.Connection) -> set[tuple[str, ...]]:
    """Every right of the role, or of everybody."""
    return {tuple(map(str, row)) for query in RIGHTS for row in connection.execute(query).fetchall()}


def wanted() -> set[tuple[str, ...]]:
    """The rights that the lists above give reasons for."""
    found = {("table", table, "", "SELECT") for table in (*TABLES, *ONLY_READ)} | {
        ("table", table, "", "INSERT") for table in TABLES
    }
    found |= {("column", table, name, "UPDATE") for table, (said, _) in TABLES.items() for name in columns_of(table, said)}
    found |= {("function", name, "", "EXECUTE") for name in FUNCTIONS}
    found |= {("table", "access_log.access", "", right) for right in ("SELECT", "INSERT")}  # to which is added, and read
    found |= {("schema", name, "", "USAGE") for name in ("public", "access_log")}
    return found | {("database", "", "", "CONNECT")}


def test_the_role_has_the_rights_that_have_a_reason_and_no_other(postgresql: Postgresql) -> None:
    with postgresql.connect_as_admin(postgresql.name) as connection:
        found = rights(connection)
    assert found - wanted() == set(), "it may do what nobody gave a reason for"
    assert wanted() - found == set(), "it may not do what it needs"
    assert TABLES.keys() | ONLY_READ.keys() == metadata.tables.keys() | {"alembic_version"}


@pytest.mark.parametrize(
    "line",
    [
        "GRANT UPDATE ON words TO drp_app", "GRANT DELETE ON draft TO drp_app", "GRANT TEMPORARY ON DATABASE {} TO PUBLIC",
        "GRANT UPDATE (reference) ON challenge TO drp_app", "GRANT CREATE ON SCHEMA public TO PUBLIC",
        "CREATE FUNCTION more() RETURNS int LANGUAGE sql AS 'SELECT 1'", "CREATE TABLE more (); GRANT SELECT ON more TO drp_app",
    ],
)  # fmt: skip
def test_planted_a_right_more_is_noticed(postgresql: Postgresql, line: str) -> None:
    with postgresql.connect_as_admin(postgresql.name) as connection, connection.transaction(force_rollback=True):
        connection.execute(line.format(postgresql.name))
        assert rights(connection) - wanted()


# What it cannot do.


@on_postgresql
@pytest.mark.parametrize(
    "statement",
    [
        *(f"LOCK TABLE {table} IN SHARE MODE" for table in ("challenge", "draft", '"window"', "entry", "authority")),
        "CREATE TEMPORARY TABLE mine (x int)", "CREATE TABLE mine (x int)", "CREATE SCHEMA mine",
        "UPDATE words SET text = 'x'", "UPDATE alembic_version SET version_num = '0001'", "DELETE FROM draft",
        "INSERT INTO alembic_version VALUES ('9999')", "UPDATE idempotency SET answer = '{}'", "TRUNCATE attempt",
        "UPDATE authority SET restored_at = now()", "UPDATE challenge SET reference = 'AAAA-2222'",
        "SELECT drp_take_out('words', '[]')", "SELECT drp_take_out('entry', '[]')",
        "ALTER TABLE entry DISABLE TRIGGER ALL", "SET session_replication_role = replica",
    ],
)  # fmt: skip
def test_what_the_service_never_does_is_refused(world: World, statement: str) -> None:
    with (
        pytest.raises(ProgrammingError, match=r"permission denied|must be owner|takes nothing out of"),
        world.store.write(world.key) as writing,
    ):
        writing.execute(text(statement))


@on_postgresql
def test_the_function_takes_out_of_the_transactions_own_authority_alone(two: World) -> None:
    person = two.id("irene", "elsewhere")
    with two.store.write("elsewhere") as connection:
        id_ = drafts.begin_draft(connection, two.chance, "elsewhere", person, {"concern": "x"}, two.now)
    with two.store.write(two.key) as connection:
        gone = connection.execute(text("SELECT drp_take_out('draft', CAST(:k AS jsonb))"), {"k": f'[{{"id": "{id_}"}}]'}).scalar()
    assert gone == 0
    with two.store.write("elsewhere") as connection:
        assert delete_rows(connection, DraftRow, "elsewhere", DraftRow.id == id_) == 1


def test_every_table_that_rows_are_taken_out_of_has_its_reason(postgresql: Postgresql) -> None:
    with postgresql.connect_as_admin(postgresql.name) as connection:
        (row,) = connection.execute("SELECT prosrc FROM pg_proc WHERE proname = 'drp_take_out'").fetchall()
    assert set(re.findall(r"WHEN '(\w+)'", row[0])) == TAKEN_OUT.keys()


@on_postgresql
def test_each_of_these_tables_can_be_taken_out_of(world: World) -> None:
    for mapper in metadata.tables.values():
        if mapper.name in TAKEN_OUT:
            row = next(one for one in Row.__subclasses__() if one.__tablename__ == mapper.name)
            with world.store.write(world.key) as connection:
                assert delete_rows(connection, row, world.key, mapper.c.authority == "nobody's") == 0
                assert connection.execute(text("SELECT drp_take_out(:table, '[{}]')"), {"table": mapper.name}).scalar() == 0


def test_rows_are_taken_out_by_their_keys_on_both_engines(world: World) -> None:
    with world.store.write(world.key) as connection:
        for source in ("one", "two"):
            connection.execute(insert(AttemptRow).values(authority=world.key, source=source, began_at=world.now, count=1))
        assert delete_rows(connection, AttemptRow, world.key, AttemptRow.source == "one") == 1
        assert delete_rows(connection, AttemptRow, world.key, AttemptRow.source == "one") == 0
        assert connection.execute(select(AttemptRow.source)).scalars().all() == ["two"]
        assert delete_rows(connection, SessionRow, world.key) == 0


@on_postgresql
def test_planted_a_plain_delete_is_refused_to_the_service(world: World) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), world.store.write(world.key) as connection:
        connection.execute(scope.delete_of(DraftRow, world.key))


# A database that was given to everybody.


def test_what_everybody_has_of_a_new_database_is_taken_or_said(postgresql: Postgresql) -> None:
    owner, name = Store(postgresql.url(OWNER)), postgresql.name
    try:
        assert lines_to_close(owner) == ()
        with postgresql.connect_as_admin(name) as connection:
            connection.execute(f"GRANT TEMPORARY ON DATABASE {name} TO PUBLIC")
        assert lines_to_close(owner) == tuple(f"{line.format(name)};" for line in CLOSES)
        migrate_database(owner)
        assert lines_to_close(owner) == ()
        with postgresql.connect_as_admin(name) as connection:
            connection.execute(f"GRANT TEMPORARY ON DATABASE {name} TO {APP}")
        migrate_database(owner)
        assert lines_to_close(owner)
    finally:
        owner.close()
        with postgresql.connect_as_admin(name) as connection:
            connection.execute(f"REVOKE TEMPORARY ON DATABASE {name} FROM {APP}")


# One row, put in by somebody who has the role's password.


def copied(world: World, table: type[Any], id_: Any, **changes: Any) -> dict[str, Any]:
    """A row of an item, as it would be in the way: the newest one with its key moved on."""
    own = "id" if "id" in core_table(table).c and "challenge" not in core_table(table).c else "challenge"
    found = world.rows(select(core_table(table)).where(core_table(table).c[own] == id_).order_by(*core_table(table).primary_key))
    return {**found[-1]._mapping, **changes}


def in_the_way(world: World, id_: Any) -> Iterator[tuple[type[Any], dict[str, Any]]]:
    """For each table of an item, a row that a later decision would meet, or read."""
    (item,) = world.rows(select(core_table(ChallengeRow)).where(ChallengeRow.id == id_))
    yield ChallengeRow, {**item._mapping, "id": world.chance.identity(), "reference": "ZZZZ-2345", "phase": "nonsense"}
    (text_in_force, *_) = world.rows(
        select(core_table(DocumentRow)).where(DocumentRow.kind == "ladder").order_by(DocumentRow.hash)
    )
    yield DocumentRow, {**text_in_force._mapping, "hash": "f" * 64, "text": "nonsense", "is_current": True}
    for more in (1, 2):
        yield EntryRow, copied(world, EntryRow, id_, number=item.entries + more, previous="p" * 64, hash=str(more) * 64)
    yield EntryRow, copied(world, EntryRow, id_, number=item.entries + 9, previous=item.head, hash="h" * 64)
    yield WordsRow, copied(world, WordsRow, id_, field="another")
    for n in (1, 2):
        yield WindowRow, copied(world, WindowRow, id_, n=n, closed_as="nonsense")
    yield WindowRow, copied(world, WindowRow, id_, sequence=2)
    for more in (1, 2):
        yield NotificationRow, copied(world, NotificationRow, id_, version=item.version + more, n=0)
    yield NotificationRow, copied(world, NotificationRow, id_, n=99, subject="nonsense")
    its = {"as_to": True, "how": "holder", "mail": "nonsense"}
    yield DeliveryRow, copied(world, DeliveryRow, id_, person=world.id("mona"), **its)
    yield InvolvedRow, copied(world, InvolvedRow, id_, role="nonsense")
    yield LinkRow, {"authority": world.key, "challenge": id_, "other": id_}
    yield RegisterRow, copied(world, RegisterRow, id_, n=1, reason="nonsense")
    yield StayRow, copied(world, StayRow, id_, sequence=2)
    yield StandingRow, {"authority": world.key, "challenge": id_, "count": 99, "head": "h", "digest": "d"}
    answered = {"body_hash": "x", "challenge": id_, "entry": 1, "status": 200, "answer": {}, "at": world.now}
    yield IdempotencyRow, {"authority": world.key, "person": world.id("irene"), "key": "mine", **answered}
    (last,) = world.rows(select(core_table(AdministeredRow)).order_by(AdministeredRow.number.desc()).limit(1))
    yield AdministeredRow, {**last._mapping, "id": world.chance.identity(), "number": 2**31 - 1}
    taken = {"at": world.now, "size": 1, "root": "r", "previous": "p", "signer": "s", "signature": "s"}
    yield CheckpointRow, {"authority": world.key, "number": 2**31 - 1, **taken}


OF_AN_ITEM = {"entry", "window", "notification"}
"""What is written with its item alone: by itself it is refused. A row of another table of an item stops none (tried below)."""


@contextmanager
def nobody_looks(server: Postgresql) -> Iterator[None]:
    """The database as it was before: nothing looks at what is put in."""
    theirs = "SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1"
    with server.connect_as_admin(server.name) as connection:
        tables = [row[0] for row in connection.execute(theirs).fetchall()]
        for table in tables:
            connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield
        for table in tables:
            connection.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def put_in(world: World, table: type[Any], row: dict[str, Any]) -> str:
    """Put one row in, as somebody who has the role's password. Gives the refusal, empty where there was none."""
    try:
        with world.store.write(world.key) as connection:
            connection.execute(insert(table), row)
    except DBAPIError as refused:
        return str(refused.orig)
    return ""


def is_stopped(caller: Caller, reference: str, act: str, said: dict[str, str]) -> bool:
    """Can an item not be decided on, or another raised about its child? It is said to be unavailable, or cannot even be read."""
    try:
        return bool(caller.brings(reference, act, **said).status_code >= 500) or caller.raises("T-1").status_code >= 500
    except (ValueError, KeyError, Unreadable):
        return True


def put_in_by_themselves(world: World, only: str = "") -> tuple[set[str], dict[str, str]]:
    """Each row in the way of an item of its own, put in as the role; then events over HTTP. `only`: of one table.

    Gives the tables of which a row stopped an item, and the refusals by table.
    """
    irene, stopped, refusals = world.as_("irene"), set[str](), dict[str, str]()
    begin_records(world.service)
    first = irene.raises("T-1").json()["reference"]
    (one,) = world.rows(select(ChallengeRow.id).where(ChallengeRow.reference == first))
    tables = [str(table.__tablename__) for table, _ in in_the_way(world, one.id)]
    for n in (n for n, name in enumerate(tables) if only in ("", name)):
        if only in stopped:
            break
        reference = irene.raises("T-1").json()["reference"]
        assert irene.brings(reference, "noted", text="Before").status_code == 200
        (item,) = world.rows(select(ChallengeRow.id).where(ChallengeRow.reference == reference))
        table, row = list(in_the_way(world, item.id))[n]
        name = str(table.__tablename__)
        if refusal := put_in(world, table, row):
            refusals[name] = refusal
        for act, said in (("noted", {"text": "A"}), ("escalated", {"why": "No reply will come."}), ("noted", {"text": "B"})):
            if is_stopped(irene, reference, act, said):
                stopped.add(name)
    return stopped, refusals


@on_postgresql
def test_no_row_put_in_by_itself_stops_an_item(world: World) -> None:
    stopped, refusals = put_in_by_themselves(world)
    assert stopped == set()
    assert refusals.keys() >= OF_AN_ITEM | {"challenge", "document", "administered", "checkpoint"}
    assert not [said for said in refusals.values() if "violates" in said], "the test's own row is wrong"


@on_postgresql
@pytest.mark.parametrize("table", ["entry", "notification", "window", "challenge", "document"])
def test_planted_where_nothing_looks_a_row_stops_its_item_for_good(world: World, postgresql: Postgresql, table: str) -> None:
    with nobody_looks(postgresql):
        stopped, _ = put_in_by_themselves(world, only=table)
    assert stopped == {table}
