"""Databases of PostgreSQL that last as long as a benchmark."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from sqlalchemy import create_engine, text

ADMIN = "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"


@contextmanager
def scratch_database(copy_of: str = "") -> Iterator[str]:
    """The address of a new database, empty or a copy of another (by its address, to which nobody is connected)."""
    admin, name = create_engine(ADMIN, isolation_level="AUTOCOMMIT"), f"drp_bench_{uuid4().hex[:8]}"
    template = f" TEMPLATE {copy_of.rpartition('/')[2]}" if copy_of else ""
    try:
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}{template}"))
        yield ADMIN.rpartition("/")[0] + f"/{name}"
    finally:
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        admin.dispose()
