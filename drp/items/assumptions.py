"""What an authority said of each assumption of its files: confirmed or struck, by whom and when. The files stay as they are."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col

from drp.database.authority_tables import AssumptionRow
from drp.database.scope import select_of


@dataclass(frozen=True)
class AssumptionVerdict:
    """What somebody said of an assumption: `confirmed` or `struck`, who, and when (aware UTC)."""

    verdict: str
    person: str
    at: datetime


def note_verdict(connection: Connection, authority: str, file_hash: str, path: str, verdict: AssumptionVerdict) -> None:
    """Write down what somebody said of the assumption at a path of a file, in the place of what was said before."""
    insert = (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(AssumptionRow)
    values = {"person": UUID(verdict.person), "at": verdict.at, "verdict": verdict.verdict}
    connection.execute(
        insert.values(authority=authority, hash=file_hash, path=path, **values).on_conflict_do_update(
            index_elements=["authority", "hash", "path"], set_=values
        )
    )


def read_verdicts(
    connection: Connection, authority: str, file_hashes: Collection[str]
) -> Mapping[tuple[str, str], AssumptionVerdict]:
    """What was said of the assumptions of some files, by the file's hash and the path in it."""
    return {
        (row.hash, row.path): AssumptionVerdict(row.verdict, str(row.person), row.at)
        for row in connection.execute(select_of(AssumptionRow, authority).where(col(AssumptionRow.hash).in_(file_hashes)))
    }
