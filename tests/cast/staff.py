"""A council in a store: its procedures and its directory are loaded, and its people come, go and stand in for each other."""

from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, date, datetime
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update

from drp.casework.procedures import Procedures
from drp.database.directory_tables import ChildRow, CoverRow, PersonRow, PostRow
from drp.database.engine import Store
from drp.database.folding import folded_values
from drp.database.ids import Randomness
from drp.database.sqlite_driver import sqlite3
from drp.directory.importing import import_directory
from drp.directory.lookup import person_by_key
from drp.directory.plan import ImportPlan
from tests.cast.clock import CALENDAR
from tests.cast.councils import PATIENT, Council, directory_files, procedures
from tests.cast.stores import beside_the_service

FIRST = date(2026, 3, 2)
"""The day on which a directory is loaded."""
FOUNDED = datetime(2026, 3, 2, 8, tzinfo=UTC)
_MADE: dict[tuple[Any, ...], tuple[sqlite3.Connection, Any]] = {}
"""Councils as they were founded in this process, each with where chance stood afterwards."""


def load(
    store: Store,
    chance: Randomness,
    day: date = FIRST,
    files: Mapping[str, bytes | str] | None = None,
    council: Council = PATIENT,
    **more: bool,
) -> ImportPlan:
    """Load a council's directory, or files that change it, in one transaction: Marsh's, if no other is named."""
    read = procedures(council)
    with store.write(council.key) as connection:
        return import_directory(
            connection, read.authority, read.ladders, directory_files(council) if files is None else files, day, chance, **more
        )


class Staff:
    """The people of a council in a store, and other rows of its authority. Days are dates, or as ISO writes them."""

    store: Store
    chance: Randomness
    council: Council

    @property
    def key(self) -> str:
        """The authority's."""
        return self.council.key

    def found(self, council: Council, now: datetime = FOUNDED, files: Mapping[str, bytes | str] | None = None) -> None:
        """Bring a council with its procedures and its directory into the store.

        An empty SQLite file with the same council and the same chance gets the same rows each time: they are copied.
        """
        chance = getattr(self.chance.octets, "__self__", None)
        if not (self.store.is_sqlite and isinstance(chance, Random) and self._is_empty()):
            self._found(council, now, files)
            return
        key = (council, now, tuple(sorted(files.items())) if files else None, chance.getstate())
        with closing(sqlite3.connect(str(self.store.engine.url.database))) as here:
            if key in _MADE:
                made, state = _MADE[key]
                here.execute("PRAGMA synchronous=OFF")
                made.backup(here)
                chance.setstate(state)
            else:
                self._found(council, now, files)
                made = sqlite3.connect(":memory:", check_same_thread=False)
                here.backup(made)
                _MADE[key] = made, chance.getstate()

    def _found(self, council: Council, now: datetime, files: Mapping[str, bytes | str] | None) -> None:
        with self.store.write(council.key) as connection:
            Procedures(CALENDAR).seed(connection, procedures(council), now)
        load(self.store, self.chance, files=files, council=council)

    def _is_empty(self) -> bool:
        with closing(sqlite3.connect(str(self.store.engine.url.database))) as here:
            return not here.execute(f"SELECT EXISTS (SELECT 1 FROM {PersonRow.__tablename__})").fetchone()[0]

    def id(self, person: str, authority: str = "") -> UUID:
        """The identity of a person of the cast."""
        with self.store.read(authority or self.key) as connection:
            found = person_by_key(connection, authority or self.key, person)
        assert found is not None, person
        return UUID(str(found))

    def child(self, number: str = "T-1") -> UUID:
        """The identity of a child."""
        return UUID(str(self.rows(select(ChildRow.id).where(ChildRow.authority == self.key, ChildRow.number == number))[0][0]))

    # Rows.

    def write(self, statement: Any, rows: Any = None) -> None:
        """Write beside the service, as somebody who may do everything."""
        with beside_the_service(self.store, self.key) as connection:
            connection.execute(statement, rows) if rows else connection.execute(statement)

    def rows(self, statement: Any, authority: str = "") -> list[Any]:
        with self.store.read(authority or self.key) as connection:
            return list(connection.execute(statement).all())

    def dicts(self, statement: Any) -> list[dict[str, Any]]:
        """Rows of its own authority, each as a dictionary of its columns."""
        with self.store.read(self.key) as connection:
            return [dict(row) for row in connection.execute(statement).mappings()]

    # The directory, changed under way.

    def changes(self, person: str, **values: object) -> None:
        """Something else stands in somebody's row of the directory."""
        changed = {**values, **folded_values("person", values)}
        self.write(update(PersonRow).where(PersonRow.authority == self.key, PersonRow.key == person).values(**changed))

    def leaves(self, person: str, on: date | str) -> None:
        """Somebody leaves the authority; the day is their last."""
        self.changes(person, left_on=date.fromisoformat(str(on)))

    def cover(
        self, of: str, by: str, since: date | str = "2026-01-01", until: date | str | None = None, delegate: bool = False
    ) -> None:
        """Let somebody stand in for a person, or see beside them."""
        self.write(
            insert(CoverRow).values(
                authority=self.key, id=self.chance.identity(), of=self.id(of), by=self.id(by), is_delegate=delegate,
                made_here=False,
                since=date.fromisoformat(str(since)), until=date.fromisoformat(str(until)) if until else None,
            )
        )  # fmt: skip

    def post_ends(self, person: str, role: str, on: date | str) -> None:
        """Somebody gives a post up; the day is their last."""
        self.write(
            update(PostRow)
            .where(PostRow.authority == self.key, PostRow.person == self.id(person), PostRow.role == role)
            .values(until=date.fromisoformat(str(on)))
        )

    def post_begins(
        self, person: str, role: str, since: date | str = "2020-01-01", held_for: str = "authority", key: str = ""
    ) -> None:
        """Somebody takes a post up."""
        self.write(
            insert(PostRow).values(
                authority=self.key, id=self.chance.identity(), role=role, held_for=held_for, key=key,
                person=self.id(person), since=date.fromisoformat(str(since)), until=None,
            )
        )  # fmt: skip
