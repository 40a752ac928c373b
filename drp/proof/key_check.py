"""Are the keys at hand those that the record was made with? Asked of each authority's newest entry and last checkpoint."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection
from sqlmodel import col

from drp.database.challenge_tables import ChallengeRow, EntryRow
from drp.database.scope import select_of
from drp.proof.take_checkpoint import last_checkpoint
from drp.timeline.chain import ChainKey, keyed_hash_of


@dataclass(frozen=True)
class KeyUse:
    """The keys that an authority's newest entry and last checkpoint name; empty where there is none."""

    authority: str
    chain: str
    signing: str
    proves: bool
    """Was the newest entry made with the key at hand of that name?"""


def read_key_use(connection: Connection, authority: str, keys: Mapping[str, ChainKey]) -> KeyUse:
    """Read which keys an authority's record was last made with, and hold its newest entry against the keys at hand."""
    checkpoint = last_checkpoint(connection, authority)
    signing = checkpoint.signer if checkpoint else ""
    newest = (
        select_of(ChallengeRow, authority, ChallengeRow.id, ChallengeRow.entries)
        .where(col(ChallengeRow.entries) > 0)
        .order_by(col(ChallengeRow.last_at).desc(), col(ChallengeRow.id))
        .limit(1)
    )
    challenge = connection.execute(newest).first()
    if challenge is None:
        return KeyUse(authority, "", signing, True)
    its = (col(EntryRow.challenge) == challenge.id, col(EntryRow.number) == challenge.entries)
    entry = connection.execute(select_of(EntryRow, authority).where(*its)).mappings().first()
    if entry is None:
        return KeyUse(authority, "", signing, False)
    key = keys.get(entry["key_id"])
    proves = key is not None and keyed_hash_of(key, authority, challenge.id, dict(entry)) == entry["hash"]
    return KeyUse(authority, entry["key_id"], signing, proves)
