"""Posts that nobody holds, found for a page: only what `vacancies.vacant` asks of a directory is loaded, so that it is quick."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from sqlalchemy import Connection
from sqlmodel import col

from drp.database.challenge_tables import ChallengeRow
from drp.database.directory_tables import ChildRow, PostRow, UnitRow
from drp.database.scope import select_of
from drp.directory.vacancies import Vacancy, vacant_posts
from drp.directory.values import Directory, DirectoryChild, DirectoryUnit, OpenItem, PostHolding
from workflows.model.authority import Authority, HeldFor
from workflows.model.ladder import Ladder

_HELD_FOR = {held_for.value: held_for for held_for in HeldFor}
_BORN = date.min
"""Nothing here asks when a child was born."""


def posts_nobody_holds(connection: Connection, authority: Authority, ladders: Iterable[Ladder], day: date) -> tuple[Vacancy, ...]:
    """Every post that a ladder in force on a day names and nobody holds: as `importing.vacancies`, in four statements."""
    here = authority.key
    children = connection.execute(select_of(ChildRow, here, ChildRow.id, ChildRow.number, ChildRow.statuses, ChildRow.team)).all()
    numbers = {str(row.id): row.number for row in children}
    posts = connection.execute(
        select_of(PostRow, here, PostRow.role, PostRow.held_for, PostRow.key, PostRow.since, PostRow.until)
    )
    units = connection.execute(select_of(UnitRow, here, UnitRow.kind, UnitRow.key, UnitRow.name, UnitRow.within))
    items = connection.execute(
        select_of(ChallengeRow, here, ChallengeRow.child)
        .where(col(ChallengeRow.is_open), col(ChallengeRow.child).is_not(None))
        .distinct()
    ).scalars()
    directory = Directory(
        units={(row.kind, row.key): DirectoryUnit(*row) for row in units},
        posts=tuple(
            PostHolding(
                "", role, _HELD_FOR[held_for], numbers.get(key, key) if held_for == HeldFor.CHILD.value else key, since, until
            )
            for role, held_for, key, since, until in posts
        ),
        children={
            row.number: DirectoryChild(row.number, "", _BORN, tuple(row.statuses), False, False, (), row.team) for row in children
        },
        items=tuple(_item(numbers, child) for child in items),
    )
    return vacant_posts(directory, authority, ladders, day)


def _item(numbers: dict[str, str], child: UUID | None) -> OpenItem:
    return OpenItem("", numbers[str(child)], "", "", "")
