"""The tables. Every key begins with the authority; instants are aware UTC; rows are suffixed, values are not."""

from typing import Any

from sqlalchemy import JSON, Column, MetaData, Table, event, text
from sqlmodel import Field, SQLModel
from sqlmodel.sql.sqltypes import UTCDateTime

from drp.database.instants import Instant

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


@event.listens_for(Table, "after_parent_attach")
def _read_instants_plainly(table: Table, schema: Any) -> None:
    for column in table.columns if schema is metadata else ():
        if isinstance(column.type, UTCDateTime):
            column.type = Instant()


class Row(SQLModel):
    """A table of the service, with names by convention from the first migration."""

    metadata = metadata


def some_rows(rows: str) -> dict[str, Any]:
    """An index of some rows only, on both engines."""
    return {"sqlite_where": text(rows), "postgresql_where": text(rows)}


def json_column(**more: Any) -> Any:
    """A JSON value that is replaced whole, never changed in place."""
    return Field(sa_column=Column(JSON, nullable=False), **more)


def optional_json_column() -> Any:
    """The same, or nothing at all."""
    return Field(default=None, sa_column=Column(JSON(none_as_null=True), nullable=True))
