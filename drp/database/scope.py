"""Statements of one authority: every one that reads or changes rows of a table begins here, so none forgets whose they are.

PostgreSQL also holds this by row level security; on SQLite nothing else separates authorities. `authority` is its key, or a
bound parameter in a statement that is written once.
"""

from typing import Any

from sqlalchemy import ColumnElement, Connection, Delete, Select, Table, Update, and_, delete, func, literal, or_, select, update
from sqlmodel import col

from drp.database.tables import Row


def core_table(row: type[Row]) -> Table:
    """The table behind a row class."""
    table: Table = row.__table__  # type: ignore[attr-defined]
    return table


def in_authority(row: type[Row], authority: Any) -> ColumnElement[bool]:
    """The condition that rows are of one authority, for a table that a statement joins."""
    condition: ColumnElement[bool] = core_table(row).c.authority == authority
    return condition


def select_of(row: type[Row], authority: Any, *what: Any) -> Select[Any]:
    """Select from one authority's rows of a table. `what`: columns and expressions; none: every column."""
    return select(*(what or (core_table(row),))).select_from(core_table(row)).where(in_authority(row, authority))


def update_of(row: type[Row], authority: Any) -> Update:
    """Change one authority's rows of a table."""
    return update(core_table(row)).where(in_authority(row, authority))


def delete_of(row: type[Row], authority: Any) -> Delete:
    """Delete one authority's rows of a table: on PostgreSQL the tables' owner's, whose hand the service's role has not."""
    return delete(core_table(row)).where(in_authority(row, authority))


def delete_rows(connection: Connection, row: type[Row], authority: str, *conditions: ColumnElement[bool]) -> int:
    """Take out one authority's rows that meet some conditions, as the service. Gives how many there were.

    On PostgreSQL by the one function that takes rows out, named by their keys: a role that may delete from a table may also
    lock it. It does so for a closed list of tables (migration 0028), and for the transaction's own authority.
    """
    if connection.dialect.name == "sqlite":
        return connection.execute(delete_of(row, authority).where(*conditions)).rowcount
    table = core_table(row)
    key = [column for column in table.primary_key if column.name != "authority"]
    named = func.jsonb_build_object(*(part for column in key for part in (literal(column.name), column)))
    keys = select(func.jsonb_agg(named)).select_from(table).where(in_authority(row, authority), *conditions)
    return int(connection.execute(select(func.drp_take_out(literal(table.name), keys.scalar_subquery()))).scalar_one())


def match_day(row: Any, day: Any) -> tuple[ColumnElement[bool], ...]:
    """The conditions for rows of posts, covers or delegations that hold on a day: their first day and their last count."""
    return col(row.since) <= day, or_(col(row.until).is_(None), col(row.until) >= day)


def match_here(row: Any, day: Any) -> ColumnElement[bool]:
    """The condition for rows of people who have not left by a day: their last day counts."""
    return or_(col(row.left_on).is_(None), col(row.left_on) >= day)


def match_not_over(row: Any, day: Any) -> ColumnElement[bool]:
    """The condition for rows of posts, covers or delegations that hold on a day or will later: not those taken back before."""
    return or_(col(row.until).is_(None), and_(col(row.until) >= day, col(row.until) >= col(row.since)))


def count_of(connection: Connection, row: type[Row], authority: str, *conditions: Any) -> int:
    """How many of one authority's rows of a table meet some conditions."""
    return int(connection.execute(select_of(row, authority, func.count()).where(*conditions)).scalar_one())
