"""What an authority's records know: the values that a sheet may name, by key and in the authority's own words."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection
from sqlmodel import col

from drp.database.authority_tables import DocumentRow
from drp.database.directory_tables import ChildRow, PersonRow, UnitRow
from drp.database.folding import fold, without_zeros
from drp.database.gathering import gather_by_key
from drp.database.register_tables import RegisterRow
from drp.database.scope import select_of
from workflows.ladder_language.strict_yaml import read_tree
from workflows.model.authority import Authority
from workflows.model.challenge import Outcome
from workflows.model.ladder import ItemType, Status
from workflows.model.register_entry import OPEN

IMPACTS = ("better", "partly", "no change", "worse", "too early")
"""What an IRO finds to have changed for the child: `ImpactRecorded.found`."""


def plain_words(text: str) -> str:
    """Words as they are compared: small letters, one space between them."""
    return " ".join(text.casefold().split())


@dataclass(frozen=True)
class FieldWords:
    """The words for one field's values: what each may mean. More than one meaning is a fault of whoever says it."""

    meanings: Mapping[str, tuple[str, ...]]
    keys: tuple[str, ...]

    @classmethod
    def of(cls, named: Iterable[tuple[str, str]]) -> "FieldWords":
        """From pairs of a key and a word for it. A key itself always means that key."""
        pairs = list(named)
        keys = tuple(dict.fromkeys(key for key, _ in pairs))
        found = gather_by_key((plain_words(word), key) for key, named in pairs for word in (named, key.replace("_", " ")))
        meanings = {word: tuple(dict.fromkeys(meant)) for word, meant in found.items()}
        return cls(meanings | {plain_words(key): (key,) for key in keys}, keys)


@dataclass(frozen=True)
class Vocabulary:
    """Everything that a sheet's cells are held against."""

    words: Mapping[str, FieldWords]
    """By field: item_type, stage, reason, status, team, service, outcome, impact, iro (a person's id as text), to (a role)."""
    children: Mapping[str, UUID]
    """Those of the directory, by number as it is written, and folded where only one child's number reads so."""
    services: Mapping[str, str]
    """The service of each team, today."""
    references: frozenset[str]
    """Every reference of the register, in small letters."""

    def child(self, number: str) -> UUID | None:
        """The child whom a number names in the directory, however it is spelt."""
        return self.children.get(number) or self.children.get(fold(number))

    def near(self, number: str) -> list[str]:
        """Numbers of the directory that differ by zeros at the beginning of their figures alone: perhaps the same child."""
        return sorted(one for one in self.children if without_zeros(one) == without_zeros(number))


def read_vocabulary(connection: Connection, authority: Authority) -> Vocabulary:
    """Read it all: some queries, whatever the sheet's size."""
    key = authority.key
    units = connection.execute(select_of(UnitRow, key, UnitRow.kind, UnitRow.key, UnitRow.name, UnitRow.within)).all()
    people = connection.execute(select_of(PersonRow, key, PersonRow.id, PersonRow.key, PersonRow.name)).all()
    children = connection.execute(select_of(ChildRow, key, ChildRow.number, ChildRow.id)).all()
    references = connection.execute(select_of(RegisterRow, key, RegisterRow.reference).where(col(RegisterRow.n) == 0)).scalars()
    words = {
        "item_type": _labelled(authority, ItemType),
        "stage": FieldWords.of(_stages(connection, key)),
        "reason": FieldWords.of((reason.key, reason.label) for theme in authority.themes for reason in theme.reasons),
        "status": _labelled(authority, Status),
        "team": FieldWords.of((unit.key, unit.name) for unit in units if unit.kind == "team"),
        "service": FieldWords.of((unit.key, unit.name) for unit in units if unit.kind == "service"),
        "outcome": _labelled(authority, (OPEN, *(outcome.value for outcome in Outcome if outcome is not Outcome.IN_ERROR))),
        "impact": FieldWords.of((impact, impact) for impact in IMPACTS),
        "iro": _people(people),
        "to": FieldWords.of((role.key, role.title) for role in authority.roles),
    }
    services = {unit.key: unit.within for unit in units if unit.kind == "team"}
    return Vocabulary(words, _children(children), services, frozenset(reference.casefold() for reference in references))


def _children(rows: Iterable[Any]) -> dict[str, UUID]:
    listed = list(rows)
    by_folded = gather_by_key((fold(row.number), row.id) for row in listed)
    return {folded: ids[0] for folded, ids in by_folded.items() if len(ids) == 1} | {row.number: row.id for row in listed}


def status_words(authority: Authority) -> FieldWords:
    """The words for a child's status."""
    return _labelled(authority, Status)


def _labelled(authority: Authority, keys: Iterable[str]) -> FieldWords:
    return FieldWords.of((str(key), authority.label(str(key))) for key in keys)


def _people(people: Iterable[Any]) -> FieldWords:
    rows = list(people)
    by_name = gather_by_key((plain_words(row.name), str(row.id)) for row in rows)
    by_key = {plain_words(row.key): (str(row.id),) for row in rows}
    return FieldWords({name: tuple(ids) for name, ids in by_name.items()} | by_key, ())


def _stages(connection: Connection, authority: str) -> Iterator[tuple[str, str]]:
    """Every stage of every version of every ladder that was ever loaded, with its label."""
    texts = connection.execute(
        select_of(DocumentRow, authority, DocumentRow.text)
        .where(col(DocumentRow.kind) == "ladder")
        .order_by(col(DocumentRow.key), col(DocumentRow.in_force))
    ).scalars()
    for text in texts:
        # It was read whole when it was stored; an old version may not fit today's authority file, and its stages count.
        tree = read_tree(text, "ladder")
        for key, stage in (tree.at(("stages",)) or {}).items():
            yield key, str(stage.get("label") or key) if isinstance(stage, dict) else key
