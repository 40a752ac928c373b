"""A database that people have worked with is brought to the present schema, and what they were told is still in order."""

from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import column, insert, inspect, select, table, text, update

from api.jobs.checkpoints import replay_authority
from drp.database.challenge_tables import ChallengeRow, WindowRow
from drp.database.engine import Store
from drp.database.message_tables import DeliveryRow, NotificationRow
from drp.database.migrate import alembic_config, is_known, migrate_database, newest_revision, revisions, stored_revision
from drp.database.register_tables import RegisterRow
from drp.database.schema import metadata
from drp.register import write
from drp.register.write import EntryToInsert
from tests.cast.stores import OWNER
from workflows.model.ladder import ItemType
from workflows.model.register_entry import RegisterEntry

AT = datetime(2026, 4, 1, 9, 30, tzinfo=UTC)
ONE = UUID(int=1)


@pytest.fixture
def owner(store, request):
    """The tables' owner, who may migrate."""
    if store.is_sqlite:
        yield store
        return
    made = Store(request.getfixturevalue("postgresql").url(OWNER))
    yield made
    migrate_database(made)
    made.close()


@contextmanager
def unchecked(store, request):
    """A connection that looks at no foreign key and no policy."""
    if store.is_sqlite:
        with store.engine.connect() as connection:
            connection.connection.driver_connection.execute("PRAGMA foreign_keys = OFF")
            yield connection
            connection.commit()
            connection.connection.driver_connection.execute("PRAGMA foreign_keys = ON")
        return
    server = request.getfixturevalue("postgresql")
    made = Store(server.admin.set(database=server.name).render_as_string(hide_password=False))
    with made.engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        yield connection
    made.close()


def test_each_persons_copy_gets_the_moment_of_its_message(store, owner, request):
    with owner.engine.begin() as connection:
        command.downgrade(alembic_config(connection), "0002")
    key = {"authority": "saltmarsh", "challenge": ONE, "version": 1, "n": 0}
    message = {"subject": "asked", "stage": "stage_2", "sequence": 1, "window": "", "at": AT, "urgent": False, "released": False}
    message |= {"state": "sent", "attempts": 1, "next_at": AT, "error": ""}
    copy = {"person": ONE, "as_to": True, "role": "manager", "how": "holder", "party": "", "mail": "accepted", "error": ""}
    told_at = DeliveryRow.__table__.c.told_at
    later = (told_at.name, "opened_at", "also", "sent_as")
    before = [column for column in DeliveryRow.__table__.c if column.name not in later]
    with unchecked(store, request) as connection:
        connection.execute(insert(NotificationRow).values(**key, **message))
        known = {**key, **copy}
        its = [column(name, DeliveryRow.__table__.c[name].type) for name in known]
        connection.execute(insert(table(DeliveryRow.__tablename__, *its)), known)
        assert len(connection.execute(select(*before)).all()) == 1
    assert migrate_database(owner) == newest_revision()
    with unchecked(store, request) as connection:
        assert connection.execute(select(told_at)).scalar_one() == AT
        for emptied in (DeliveryRow, NotificationRow):
            connection.execute(emptied.__table__.delete())


def test_the_files_of_migrations_name_their_revisions_in_their_order():
    walked = ScriptDirectory.from_config(alembic_config()).walk_revisions()
    assert [one.revision for one in walked] == [*reversed(revisions())]
    assert newest_revision() == revisions()[-1]
    assert [is_known(stands) for stands in ("0001", newest_revision(), "", "9999")] == [True, True, False, False]


def test_a_database_without_tables_stands_at_no_revision(owner):
    with owner.engine.begin() as connection:
        assert stored_revision(connection) == newest_revision()
        connection.execute(text("ALTER TABLE alembic_version RENAME TO put_away"))
        assert stored_revision(connection) == ""
        connection.execute(text("ALTER TABLE put_away RENAME TO alembic_version"))


def test_down_and_up_again_gives_the_same_tables(owner):
    def drawn():
        found = inspect(owner.engine)
        return {
            table: (
                sorted((one["name"], str(one["type"]), one["nullable"]) for one in found.get_columns(table)),
                sorted(str(one["name"]) for one in found.get_indexes(table)),
            )
            for table in sorted(metadata.tables)
        }

    before = drawn()
    with owner.engine.begin() as connection:
        command.downgrade(alembic_config(connection), "0002")
    assert migrate_database(owner) == newest_revision()
    assert drawn() == before


def raised(number, day):
    line = RegisterEntry(ItemType.FORMAL, day, "stage_2", (), "north", "field", "looked_after", False, "open", "", None)
    return EntryToInsert(UUID(int=number), f"R-{number}", line)


def test_going_down_to_counts_kept_beforehand_marks_every_quarter_to_be_counted(store, owner, request):
    days = {"saltmarsh": [date(2026, 2, 2), date(2026, 3, 3), date(2025, 6, 1)], "elsewhere": [date(2026, 2, 2)]}
    for authority, raised_on in days.items():
        with store.write(authority) as connection:
            write.insert_entries(connection, authority, [raised(n, day) for n, day in enumerate(raised_on)])
    with owner.engine.begin() as connection:
        command.downgrade(alembic_config(connection), "0009")
    marked = {("saltmarsh", "2025-Q1"), ("saltmarsh", "2025-Q4"), ("elsewhere", "2025-Q4")}
    with unchecked(store, request) as connection:
        found = connection.execute(text("SELECT authority, quarter FROM touched")).all()
        assert sorted(map(tuple, found)) == sorted(marked)
        assert not connection.execute(text("SELECT 1 FROM cell UNION ALL SELECT 1 FROM moved")).all()
    with store.write("saltmarsh") as connection:
        if not store.is_sqlite:
            assert set(connection.execute(text("SELECT authority FROM touched")).scalars()) == {"saltmarsh"}
        for table in ("cell", "touched", "moved"):
            connection.execute(text(f"UPDATE {table} SET quarter = quarter"))
            connection.execute(text(f"DELETE FROM {table}"))
        connection.execute(text("INSERT INTO cell VALUES ('saltmarsh', 'stage', '', '2025-Q1', 'challenge', 'stage_2', '', 1)"))
    assert migrate_database(owner) == newest_revision()
    assert not {"cell", "touched", "moved"} & {*inspect(owner.engine).get_table_names()}
    with unchecked(store, request) as connection:
        assert len(connection.execute(select(RegisterRow.__table__)).all()) == 4, "no line is lost on the way"


def test_rows_of_earlier_releases_are_put_right_and_counted(world, store, owner, caplog):
    """As releases before 0.2 kept them: a reminder ended with its window, a sweep's own moment, and that as the last act."""
    answered, judged = (str(world.as_("irene").raises(item_type="formal").json()["reference"]) for _ in range(2))
    world.as_("tess").brings(judged, "responded", position="disagrees", answer="No.")
    world.pass_to("Wed 8 April 2026, 12:00")
    world.as_("irene").brings(answered, "resolved", what_changed="All.")
    assert replay_authority(world.service, world.key) == (2, ())
    late = world.now + timedelta(minutes=9)
    window, item = WindowRow.__table__, ChallengeRow.__table__
    with store.write(world.key) as connection:
        ended = connection.execute(
            update(window)
            .where(window.c.kind.in_(("reminder", "warning")), window.c.closed_as == "lapsed")
            .values(closed_as="ended")
        ).rowcount
        theirs = select(item.c.id).where(item.c.reference == judged).scalar_subquery()
        told = window.c.challenge == theirs, window.c.kind == "reminder", window.c.closed_as == "told"
        assert connection.execute(update(window).where(*told).values(closed_at=late)).rowcount == 1
        connection.execute(update(item).where(item.c.reference == judged).values(last_at=late))
    assert len(replay_authority(world.service, world.key)[1]) == 2
    with owner.engine.begin() as connection:
        command.downgrade(alembic_config(connection), "0012")
    assert migrate_database(owner) == newest_revision()
    assert replay_authority(world.service, world.key) == (2, ())
    said = [record.getMessage().split(" ", 3)[:3] for record in caplog.records if record.name == "drp.migrations"]
    assert said == [["put", "right:", str(ended)], ["put", "right:", "1"], ["put", "right:", "1"]]


def test_copies_of_what_lapsed_say_so_and_those_that_wait_go_on_waiting(store, owner, request):
    with owner.engine.begin() as connection:
        command.downgrade(alembic_config(connection), "0025")
    with unchecked(store, request) as connection:
        for n, state in enumerate(("lapsed", "waiting", "sent")):
            message = {"authority": "marsh", "challenge": ONE, "version": 1, "n": n}
            told = {"subject": "asked", "stage": "stage_1", "sequence": 1, "at": AT, "next_at": AT}
            connection.execute(insert(NotificationRow).values(**message, **told, state=state))
            mail = "accepted" if state == "sent" else "waiting"
            copy = {"person": ONE, "role": "team_manager", "how": "holder", "as_to": True, "told_at": AT}
            connection.execute(insert(DeliveryRow).values(**message, **copy, mail=mail))
    migrate_database(owner)
    asked = select(DeliveryRow.n, DeliveryRow.mail, DeliveryRow.error).order_by(DeliveryRow.n)
    with unchecked(store, request) as connection:
        (lapsed, waiting, sent) = connection.execute(asked).all()
    assert lapsed[1:] == ("lapsed", "it had no point any more before the mail left")
    assert (waiting[1:], sent[1:]) == (("waiting", ""), ("accepted", ""))
    with owner.engine.begin() as connection:
        command.downgrade(alembic_config(connection), "0025")
    with unchecked(store, request) as connection:
        assert [tuple(row[1:]) for row in connection.execute(asked)] == [("waiting", ""), ("waiting", ""), ("accepted", "")]
    migrate_database(owner)
