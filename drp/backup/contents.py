"""What a database holds that a backup must answer for: revision, authorities, checkpoints, documents, rows."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import Connection, inspect, text
from sqlmodel import col

from drp.backup.manifest import BackedUpAuthority
from drp.data_protection.admin_audit_log import RECORD, read_record_length
from drp.database.challenge_tables import ChallengeRow, EntryRow
from drp.database.migrate import stored_revision
from drp.database.scope import count_of, select_of
from drp.proof.take_checkpoint import last_checkpoint


@dataclass(frozen=True)
class DatabaseContents:
    """What was found in a database at one moment. `documents`: authority and digest of every attached document.

    `rows`: how many rows of each table each file of the copy holds. `server`, `roles`: as in `Manifest`.
    `strange`: what it runs by itself and no release made.
    """

    revision: str
    authorities: Mapping[str, BackedUpAuthority]
    documents: frozenset[tuple[str, str]]
    rows: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    server: int = 0
    roles: tuple[str, ...] = ()
    strange: tuple[str, ...] = ()


def read_contents(connection: Connection) -> DatabaseContents:
    """Look at everything within one transaction; on PostgreSQL one authority after the other."""
    authorities: dict[str, BackedUpAuthority] = {}
    documents: set[tuple[str, str]] = set()
    for authority in authorities_in(connection):
        choose_authority_rows(connection, authority)
        checkpoint = last_checkpoint(connection, authority)
        authorities[authority] = BackedUpAuthority(
            checkpoint=checkpoint.number if checkpoint else 0, challenges=count_of(connection, ChallengeRow, authority)
        )
        attached = select_of(EntryRow, authority, EntryRow.facts).where(col(EntryRow.kind) == "document_attached")
        documents |= {(authority, str(json.loads(facts).get("digest"))) for facts in connection.execute(attached).scalars()}
    return DatabaseContents(stored_revision(connection), authorities, frozenset(documents))


def authorities_in(connection: Connection) -> tuple[str, ...]:
    """The authorities in it."""
    is_sqlite = connection.dialect.name == "sqlite"
    query = "SELECT key FROM authority ORDER BY key" if is_sqlite else "SELECT * FROM drp_authorities()"
    return tuple(connection.execute(text(query)).scalars())


def timelines_in(connection: Connection, authority: str) -> Mapping[UUID, tuple[str, int]]:
    """The reference of every challenge and how many entries it has; the administrators' record too."""
    found = {
        row.id: (str(row.reference), int(row.entries))
        for row in connection.execute(
            select_of(ChallengeRow, authority, ChallengeRow.id, ChallengeRow.reference, ChallengeRow.entries)
        )
    }
    record = read_record_length(connection, authority)
    return {**found, RECORD: ("the administrators' record", record.count)} if record else found


def choose_authority_rows(connection: Connection, authority: str) -> None:
    """See this authority's rows from here on, where row level security (PostgreSQL) binds us."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT set_config('drp.authority', :key, true)"), {"key": authority})


def all_tables(connection: Connection) -> tuple[str, ...]:
    """Every table there is."""
    return tuple(sorted(inspect(connection).get_table_names()))


def count_rows(connection: Connection, table: str, authority: str = "") -> int:
    """How many rows a table has, all or of one authority."""
    counting = text(f'SELECT count(*) FROM "{table}"' + (" WHERE authority = :key" if authority else ""))
    return int(connection.execute(counting, {"key": authority} if authority else {}).scalar_one())
