"""The access log's table on both engines: a row for each reading, and the items of a list found by an index of its own.

A list of several items is one row: their references stand in `shown` as JSON. On PostgreSQL a GIN index finds the lists that an
item stood in, on SQLite a full-text index: at 1,000,000 rows a few milliseconds, where looking through every list takes 0.7 s.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    DateTime,
    Index,
    Integer,
    MetaData,
    Select,
    String,
    Table,
    delete,
    func,
    insert,
    inspect,
    literal,
    literal_column,
    or_,
    select,
    text,
    union_all,
)
from sqlalchemy.dialects.postgresql import JSONB

from workflows.calendar.working_days import local_date

_metadata = MetaData()
LOGGED = Table(
    "access",
    _metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("authority", String(64), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("person", String(36), nullable=False),
    Column("what", String(80), nullable=False),
    Column("reference", String(16), nullable=False, index=True),
    Column("shown", JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql"), nullable=True),
    Index("ix_access_person", "authority", "person", "id"),
    Index("ix_access_at", "authority", "at"),
    Index("ix_access_newest", "authority", "id"),
)
"""`reference`: the item, where it was one; empty where `shown` has several, or none was named."""

_BY_ITEM = Index("ix_access_shown", LOGGED.c.shown, postgresql_using="gin", postgresql_ops={"shown": "jsonb_path_ops"}).ddl_if(
    dialect="postgresql"
)

THINNED, THE_LOG_ITSELF = "access log thinned", "the service"
"""What stands in the log where readings were taken out of it because their time was over, and by whom."""

ADD_READING = insert(LOGGED).inline()
"""Adds readings. Nothing of it is asked back: on PostgreSQL whoever adds one of no authority may not read it."""

_SQLITE = (
    "CREATE VIRTUAL TABLE IF NOT EXISTS access_shown USING fts5(shown, content='access', content_rowid='id', columnsize=0)",
    "CREATE TRIGGER IF NOT EXISTS access_is_shown AFTER INSERT ON access WHEN new.shown IS NOT NULL BEGIN"
    " INSERT INTO access_shown (rowid, shown) VALUES (new.id, new.shown); END",
    "CREATE TRIGGER IF NOT EXISTS access_is_gone AFTER DELETE ON access WHEN old.shown IS NOT NULL BEGIN"
    " INSERT INTO access_shown (access_shown, rowid, shown) VALUES ('delete', old.id, old.shown); END",
)
"""What finds the lists that an item stood in, kept by the database itself."""

_HAS_FUNCTIONS = text(
    "SELECT to_regclass('access') = to_regclass('access_log.access')"
    " AND to_regprocedure('access_log.showings_of(text)') IS NOT NULL"
)
"""Does the log stand in the schema that `drp migrate` makes? There row level security keeps the service's role from the index."""


def bring_log_to_shape(connection: Connection) -> bool:
    """Make the log's table, or what one of an earlier release lacks. Gives whether the log is reached through its functions.

    Its rows stay as they are: each is a reading of one item, and is read as such. Raises SQLAlchemyError.
    """
    is_sqlite = connection.dialect.name == "sqlite"
    _metadata.create_all(connection)
    if "shown" not in log_columns(connection):
        connection.execute(text(f"ALTER TABLE access ADD COLUMN shown {'JSON' if is_sqlite else 'JSONB'}"))
    for index in LOGGED.indexes:
        if not (is_sqlite and index is _BY_ITEM):
            index.create(connection, checkfirst=True)
    for statement in _SQLITE if is_sqlite else ():
        connection.exec_driver_sql(statement)
    return not is_sqlite and bool(connection.execute(_HAS_FUNCTIONS).scalar())


def log_columns(connection: Connection) -> set[str]:
    """The names of the columns that the log's table has there."""
    return {column["name"] for column in inspect(connection).get_columns("access")}


def row_of_reading(authority: str, at: datetime, person: str, what: str, references: Iterable[str]) -> dict[str, Any]:
    """One reading as a row: the item, or the list of items, each once. `at` is aware UTC."""
    named = [reference for reference in dict.fromkeys(references) if reference]
    one = {"authority": authority, "at": at, "person": person, "what": what}
    return one | ({"reference": "", "shown": named} if len(named) > 1 else {"reference": "".join(named), "shown": None})


def references_of_row(row: Any) -> tuple[str, ...]:
    """The items of a row, by reference; none where none was named."""
    return tuple(row["shown"]) if row["shown"] else tuple(filter(None, (row["reference"],)))


def readings_of_item(query: Select[Any], reference: str, *, is_sqlite: bool, by_function: bool) -> Select[Any]:
    """Narrow a query of the log to the rows that an item was read in, alone or among others."""
    shown: Select[Any]
    if is_sqlite:
        index = text("access_shown MATCH :item").bindparams(item='"{}"'.format(reference.replace('"', '""')))
        shown = select(literal_column("rowid")).select_from(text("access_shown")).where(index)
        item = func.json_each(LOGGED.c.shown).table_valued("value")
        # The index knows words; which of them is a whole reference is asked of the list itself.
        is_among = select(literal(1)).select_from(item).where(item.c.value == reference).exists()
        query = query.where(or_(LOGGED.c.reference == reference, is_among))
    elif by_function:
        shown = select(func.access_log.showings_of(reference).column_valued())
    else:
        shown = select(LOGGED.c.id).where(LOGGED.c.shown.cast(JSONB).contains([reference]))
    alone = select(LOGGED.c.id).where(LOGGED.c.reference == reference)
    return query.where(LOGGED.c.id.in_(union_all(alone, shown)))


def count_readers(conditions: Iterable[Any], listed: Iterable[str], most: int, *, is_sqlite: bool) -> Select[Any]:
    """How many different items each person opened, and was shown, how often and when last; first whoever opened most.

    The same list shown again and again is taken apart once.
    """
    c = LOGGED.c
    is_opened = c.what.not_in(tuple(listed)).label("is_opened")
    seen = (
        select(c.person, is_opened, c.reference, c.shown, func.count().label("n"), func.max(c.at).label("last"))
        .where(*conditions)
        .group_by(c.person, "is_opened", c.reference, c.shown)
        .cte("seen")
    )
    apart = func.json_each(seen.c.shown) if is_sqlite else func.jsonb_array_elements_text(seen.c.shown)
    each = apart.table_valued("value", joins_implicitly=True)
    kept = (seen.c.person, seen.c.is_opened, seen.c.n, seen.c.last)
    items = union_all(
        select(*kept, func.nullif(seen.c.reference, "").label("item")).where(seen.c.shown.is_(None)),
        select(*kept, each.c.value.label("item")).where(seen.c.shown.is_not(None)),
    ).cte("items")
    opened = func.count(items.c.item.distinct()).filter(items.c.is_opened).label("opened")
    shown = func.count(items.c.item.distinct()).label("shown")
    return (
        select(items.c.person, opened, shown, func.sum(items.c.n).label("n"), func.max(items.c.last).label("last"))
        .group_by(items.c.person)
        .order_by(opened.desc(), shown.desc(), items.c.person)
        .limit(most)
    )


def thin_once(connection: Connection, authority: str, before: datetime, now: datetime, most: int, by_function: bool) -> int:
    """Take out at most so many of an authority's readings from before an instant (aware UTC), oldest first. Gives how many.

    How many went is a line of the log itself, in the same transaction. Where the log has its functions, theirs writes it, and
    takes out nothing that is younger than a year, and nothing while a hold is in force. Raises SQLAlchemyError.
    """
    if by_function:
        return int(connection.execute(select(func.access_log.thin(before, most))).scalar_one())
    oldest = select(LOGGED.c.id).where(LOGGED.c.authority == authority, LOGGED.c.at < before).order_by(LOGGED.c.at).limit(most)
    gone = connection.execute(delete(LOGGED).where(LOGGED.c.id.in_(oldest))).rowcount
    if gone:
        what = f"{THINNED}: {gone} before {local_date(before)}"
        connection.execute(ADD_READING, row_of_reading(authority, now, THE_LOG_ITSELF, what, ()))
    return gone
