"""What a database holds that a backup must answer for: revision, authorities, checkpoints, documents, rows."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, func, inspect, select, text
from sqlmodel import col

from drp.backup.manifest import BackedUpAuthority
from drp.database.challenge_tables import ChallengeRow, EntryRow
from drp.database.migrate import stored_revision
from drp.database.scope import in_authority, select_of
from drp.proof.take_checkpoint import last_checkpoint


@dataclass(frozen=True)
class DatabaseContents:
    """What was found in a database at one moment. `documents`: authority and digest of every attached document."""

    revision: str
    authorities: Mapping[str, BackedUpAuthority]
    documents: frozenset[tuple[str, str]]


def read_contents(connection: Connection) -> DatabaseContents:
    """Look at everything within one transaction; on PostgreSQL one authority after the other."""
    kept: dict[str, BackedUpAuthority] = {}
    documents: set[tuple[str, str]] = set()
    for authority in authorities_in(connection):
        choose_authority_rows(connection, authority)
        checkpoint = last_checkpoint(connection, authority)
        here = in_authority(ChallengeRow, authority)
        challenges = connection.execute(select(func.count()).select_from(ChallengeRow).where(here)).scalar_one()
        kept[authority] = BackedUpAuthority(checkpoint=checkpoint.number if checkpoint else 0, challenges=challenges)
        attached = select_of(EntryRow, authority, EntryRow.facts).where(col(EntryRow.kind) == "document_attached")
        documents |= {(authority, str(json.loads(facts).get("digest"))) for facts in connection.execute(attached).scalars()}
    return DatabaseContents(stored_revision(connection), kept, frozenset(documents))


def authorities_in(connection: Connection) -> tuple[str, ...]:
    """The authorities in it."""
    query = "SELECT key FROM authority ORDER BY key" if is_sqlite(connection) else "SELECT * FROM drp_authorities()"
    return tuple(connection.execute(text(query)).scalars())


def timelines_in(connection: Connection, authority: str) -> Mapping[UUID, tuple[str, int]]:
    """The reference of every challenge, and how many entries it has."""
    named = select(col(ChallengeRow.id), col(ChallengeRow.reference), col(ChallengeRow.entries))
    rows = connection.execute(named.where(in_authority(ChallengeRow, authority)))
    return {row.id: (row.reference, row.entries) for row in rows}


def choose_authority_rows(connection: Connection, authority: str) -> None:
    """See this authority's rows from here on, where row level security binds us."""
    if not is_sqlite(connection):
        connection.execute(text("SELECT set_config('drp.authority', :key, true)"), {"key": authority})


def is_sqlite(connection: Connection) -> bool:
    """Is it SQLite, and not PostgreSQL?"""
    return connection.dialect.name == "sqlite"


def all_tables(connection: Connection) -> tuple[str, ...]:
    """Every table there is."""
    return tuple(sorted(inspect(connection).get_table_names()))


def count_rows(connection: Connection, table: str, authority: str = "") -> int:
    """How many rows a table has, all or of one authority."""
    here = " WHERE authority = :key" if authority else ""
    return int(
        connection.execute(text(f'SELECT count(*) FROM "{table}"{here}'), {"key": authority} if authority else {}).scalar_one()
    )
