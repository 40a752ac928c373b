"""One thing written in several ways: files are read by the spelling that stands, and what two spellings hold is listed.

Nothing is ever joined by itself. Numbers that differ by zeros at the beginning are near, and not the same.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, func
from sqlmodel import col

from drp.database.challenge_tables import ChallengeRow
from drp.database.directory_tables import ChildRow, PersonRow, PostRow
from drp.database.folding import fold, without_zeros
from drp.database.gathering import gather_by_key
from drp.database.register_tables import RegisterRow
from drp.database.scope import select_of
from drp.directory.files import ChildLine, DirectoryFiles, PostLine
from drp.directory.values import Directory, DirectoryUnit, Person, StandIn
from workflows.model.authority import HeldFor


class _Spelling:
    """How things are written that stand already, by their folded form; where several stand, each is itself alone."""

    def __init__(self, known: Iterable[str]) -> None:
        self._known = gather_by_key((fold(one), one) for one in known)

    def __call__(self, text: str) -> str:
        standing = self._known.get(fold(text), [])
        return standing[0] if text not in standing and len(standing) == 1 else text


def spelt_as_known(listed: DirectoryFiles, before: Directory) -> DirectoryFiles:
    """Files with every key and number spelt as it stands already, where it differs by case, hyphens or invisible marks alone."""
    person, number = _Spelling(before.people), _Spelling(before.children)
    units = {kind: _Spelling(key for known, key in before.units if known == kind) for kind in ("team", "service", "agency")}

    def unit(key: str) -> str:
        return next((spelt for spelling in units.values() if (spelt := spelling(key)) != key), key)

    def of_person(row: Person) -> Person:
        return replace(row, key=person(row.key), agency=units["agency"](row.agency))

    def of_unit(row: DirectoryUnit) -> DirectoryUnit:
        return replace(row, key=units[row.kind](row.key) if row.kind in units else row.key, within=units["service"](row.within))

    def of_post(row: PostLine) -> PostLine:
        return replace(row, person=person(row.person), of=unit(row.of))

    def of_cover(row: StandIn) -> StandIn:
        return replace(row, of=person(row.of), by=person(row.by))

    def of_child(row: ChildLine) -> ChildLine:
        child = replace(row.child, number=number(row.child.number), team=units["team"](row.child.team))
        return replace(row, child=child, social_worker=person(row.social_worker), iro=person(row.iro))

    return replace(
        listed, people=_each(of_person, listed.people), units=_each(of_unit, listed.units), posts=_each(of_post, listed.posts),
        covers=_each(of_cover, listed.covers), children=_each(of_child, listed.children),
    )  # fmt: skip


def _each(change: Any, rows: Mapping[int, Any] | None) -> Mapping[int, Any] | None:
    return None if rows is None else {line: change(row) for line, row in rows.items()}


def doubtful_numbers(before: Iterable[str], after: Iterable[str]) -> Iterator[str]:
    """What somebody should look at among numbers of children: new ones that read like another, or nearly."""
    standing, numbers = set(before), list(after)
    alike, near = gather_by_key((fold(one), one) for one in numbers), gather_by_key((without_zeros(one), one) for one in numbers)
    for number in numbers:
        if number in standing:
            continue
        if others := [one for one in alike[fold(number)] if one != number]:
            yield f"child {number} is new, and reads like {', '.join(others)}: is it the same child? Nothing is joined by itself"
        elif others := [one for one in near[without_zeros(number)] if one != number]:
            yield f"child {number} is new, and differs from {', '.join(others)} by zeros alone: is it the same child?"


@dataclass(frozen=True)
class HeldBySpelling:
    """What stands under one spelling of a child's number."""

    number: str
    child: UUID | None
    """None: only lines brought in from sheets have it."""
    items: int
    posts: int
    lines: int


def list_spellings(connection: Connection, authority: str) -> list[tuple[str, tuple[HeldBySpelling, ...]]]:
    """Numbers that read alike, or nearly, and are written in several ways, with what each holds: `alike` or `near`, and they."""
    held = _held(connection, authority)
    alike = gather_by_key((fold(one.number), one) for one in held)
    near = gather_by_key((without_zeros(one.number), one) for one in held)
    found = [("alike", tuple(ones)) for ones in alike.values() if len(ones) > 1]
    found += [("near", tuple(ones)) for ones in near.values() if len({fold(one.number) for one in ones}) > 1]
    return sorted(found, key=lambda pair: (pair[0], pair[1][0].number))


def _held(connection: Connection, authority: str) -> list[HeldBySpelling]:
    items = _counts(
        connection, select_of(ChallengeRow, authority, ChallengeRow.child, func.count()).group_by(col(ChallengeRow.child))
    )
    of_children = select_of(PostRow, authority, PostRow.key, func.count()).where(col(PostRow.held_for) == HeldFor.CHILD.value)
    posts = _counts(connection, of_children.group_by(col(PostRow.key)))
    brought = select_of(RegisterRow, authority, RegisterRow.number, func.count()).where(
        col(RegisterRow.number) != "", col(RegisterRow.is_first)
    )
    lines = _counts(connection, brought.group_by(col(RegisterRow.number)))
    children = connection.execute(select_of(ChildRow, authority, ChildRow.number, ChildRow.id)).all()
    named = [
        HeldBySpelling(number, id_, items.get(str(id_), 0), posts.get(str(id_), 0), lines.get(number, 0))
        for number, id_ in children
    ]
    known = {one.number for one in named}
    return named + [HeldBySpelling(number, None, 0, 0, count) for number, count in sorted(lines.items()) if number not in known]


def _counts(connection: Connection, query: Any) -> dict[str, int]:
    return {str(of): count for of, count in connection.execute(query) if of is not None}


def people_spelt_alike(connection: Connection, authority: str) -> list[tuple[str, ...]]:
    """Keys of people that read alike and are written in several ways."""
    keys = connection.execute(select_of(PersonRow, authority, PersonRow.key)).scalars()
    return [tuple(sorted(ones)) for ones in gather_by_key((fold(key), key) for key in keys).values() if len(ones) > 1]
