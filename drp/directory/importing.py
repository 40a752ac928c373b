"""Loading the directory: what stands is read, what the files say is planned, what differs is written, in one transaction."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, insert, text
from sqlmodel import col

from drp.database.challenge_tables import ChallengeRow, WindowRow
from drp.database.directory_tables import ChildRow, CoverRow, PersonRow, PostRow, UnitRow
from drp.database.folding import folded_values
from drp.database.gathering import gather_by_key
from drp.database.ids import Randomness
from drp.database.scope import core_table, in_authority, select_of, update_of
from drp.database.tables import Row
from drp.directory.files import read_files
from drp.directory.lookup import make_child
from drp.directory.plan import ImportPlan, plan_import
from drp.directory.vacancies import PostsVacant, vacant_posts
from drp.directory.values import Directory, DirectoryChild, DirectoryUnit, OpenItem, Person, PostHolding, StandIn
from workflows.model.authority import Authority, HeldFor
from workflows.model.ladder import RAISER, Ladder

_LOCK = 7_301_115
"""Two imports for one authority happen one after the other (PostgreSQL advisory lock; SQLite has one writer)."""


def import_directory(
    connection: Connection,
    authority: Authority,
    ladders: Iterable[Ladder],
    files: Mapping[str, bytes | str],
    day: date,
    chance: Randomness,
    allow_vacancies: bool = False,
) -> ImportPlan:
    """Load files from a day (Europe/London) on, in the caller's transaction; returns what was done.

    Raises Unloadable with every fault, or PostsVacant where a ladder in force names a post that would be empty. Either way
    nothing is written. After the commit, `bring_consequences` tells the open items.
    """
    lock_imports(connection, authority.key)
    plan = plan_import(read_files(files), read_standing_directory(connection, authority.key), authority, day)
    if not allow_vacancies and (empty := vacant_posts(plan.after, authority, ladders, day)):
        raise PostsVacant(empty)
    apply_plan(connection, plan, chance)
    return plan


def lock_imports(connection: Connection, authority: str) -> None:
    """Let no other import for this authority begin before this transaction ends."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock, hashtext(:key))"), {"lock": _LOCK, "key": authority})


def read_standing_directory(connection: Connection, authority: str) -> Directory:
    """The directory as it is stored, with the open items that it touches."""
    people = {
        row.id: Person(row.key, row.name, row.email, row.agency, row.left_on, row.id)
        for row in _all(connection, PersonRow, authority)
    }
    children = {row.id: make_child(row) for row in _all(connection, ChildRow, authority)}
    units = [DirectoryUnit(row.kind, row.key, row.name, row.within) for row in _all(connection, UnitRow, authority)]
    return Directory(
        {person.key: person for person in people.values()},
        {(unit.kind, unit.key): unit for unit in units},
        tuple(_held(row, people, children) for row in _all(connection, PostRow, authority)),
        tuple(
            StandIn(people[row.of].key, people[row.by].key, row.since, row.until, row.is_delegate, row.made_here, row.id)
            for row in _all(connection, CoverRow, authority)
        ),
        {child.number: child for child in children.values()},
        _items(connection, authority, children),
    )


def _all(connection: Connection, table: type[Row], authority: str) -> Sequence[Any]:
    return connection.execute(select_of(table, authority).order_by(*core_table(table).primary_key)).all()


def _held(row: Any, people: Mapping[UUID, Person], children: Mapping[UUID, DirectoryChild]) -> PostHolding:
    held_for = HeldFor(row.held_for)
    key = children[UUID(row.key)].number if held_for is HeldFor.CHILD else row.key
    return PostHolding(people[row.person].key, row.role, held_for, key, row.since, row.until, row.id)


def _items(connection: Connection, authority: str, children: Mapping[UUID, DirectoryChild]) -> tuple[OpenItem, ...]:
    rows = connection.execute(
        select_of(
            ChallengeRow, authority, ChallengeRow.id, ChallengeRow.reference, ChallengeRow.child, ChallengeRow.team,
            ChallengeRow.service, ChallengeRow.raiser_role,
        )
        .where(col(ChallengeRow.is_open))
        .order_by(col(ChallengeRow.raised_at), col(ChallengeRow.reference))
    ).all()  # fmt: skip
    windows = connection.execute(
        select_of(WindowRow, authority, WindowRow.challenge, WindowRow.asked, WindowRow.due)
        .join(ChallengeRow, in_authority(ChallengeRow, authority) & (col(ChallengeRow.id) == col(WindowRow.challenge)))
        .where(col(WindowRow.closed_at).is_(None), col(ChallengeRow.is_open))
        .order_by(col(WindowRow.opened_at), col(WindowRow.kind), col(WindowRow.n))
    )
    asked: dict[UUID, list[tuple[str, date]]] = gather_by_key(
        (window.challenge, (party["role"], window.due))
        for window in windows
        for party in window.asked
        if party["answered_at"] is None and not party["person"] and party["role"] != RAISER
    )
    return tuple(
        OpenItem(
            row.reference,
            children[row.child].number if row.child else "",
            row.team,
            row.service,
            row.raiser_role,
            tuple(dict.fromkeys(asked.get(row.id, ()))),
        )
        for row in rows
    )


def apply_plan(connection: Connection, plan: ImportPlan, chance: Randomness) -> None:
    """Write a plan that was made from what stands in this same transaction. Nothing is deleted."""
    authority, before, after = plan.authority, plan.before, plan.after
    people = {key: replace(person, id=person.id or chance.identity()) for key, person in after.people.items()}
    children = {number: replace(child, id=child.id or chance.identity()) for number, child in after.children.items()}
    _write(connection, authority, PersonRow, _by_id(before.people.values()), (vars(person) for person in people.values()))
    units = {key: vars(unit) for key, unit in before.units.items()}
    _write(connection, authority, UnitRow, units, (vars(unit) for unit in after.units.values()), ("kind", "key"))
    _write(
        connection, authority, ChildRow, _by_id(before.children.values()), (_lists(vars(child)) for child in children.values())
    )

    def post(held: PostHolding) -> dict[str, Any]:
        key = str(children[held.key].id) if held.held_for is HeldFor.CHILD else held.key
        return {**vars(held), "held_for": held.held_for.value, "key": key, "person": people[held.person].id}

    def cover(stand_in: StandIn) -> dict[str, Any]:
        return {**vars(stand_in), "of": people[stand_in.of].id, "by": people[stand_in.by].id}

    posts, covers = {held.id: post(held) for held in before.posts}, {held.id: cover(held) for held in before.covers}
    _write(connection, authority, PostRow, posts, ({**post(held), "id": held.id or chance.identity()} for held in after.posts))
    _write(
        connection,
        authority,
        CoverRow,
        covers,
        ({**cover(stand_in), "id": stand_in.id or chance.identity()} for stand_in in after.covers),
    )


def _by_id(values: Iterable[Person | DirectoryChild]) -> dict[UUID | None, dict[str, Any]]:
    return {value.id: _lists(vars(value)) for value in values}


def _lists(values: dict[str, Any]) -> dict[str, Any]:
    """Tuples as the lists that a JSON column gives back."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


def _write(
    connection: Connection,
    authority: str,
    table: type[Row],
    known: Mapping[Any, dict[str, Any]],
    rows: Iterable[dict[str, Any]],
    key: tuple[str, ...] = ("id",),
) -> None:
    """Insert what is new and update what differs, each in one executemany. `known`: the stored rows by their key."""
    stored = [(known.get(row[key[0]] if len(key) == 1 else tuple(row[name] for name in key)), row) for row in rows]
    new = [{"authority": authority, **row} for was, row in stored if was is None]
    changed = [
        {
            f"b_{name}" if name in key else name: value
            for name, value in {**row, **folded_values(str(table.__tablename__), row)}.items()
        }
        for was, row in stored
        if was is not None and was != row
    ]
    if new:
        connection.execute(insert(table), new)
    if changed:
        connection.execute(
            update_of(table, authority)
            .where(*(core_table(table).c[name] == bindparam(f"b_{name}") for name in key))
            .values({name: bindparam(name) for name in changed[0] if not name.startswith("b_")}),
            changed,
        )
