"""Makes entries of the register anew from the items themselves: what a release before this one left without one."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection
from sqlmodel import col

from drp.casework import load
from drp.casework.procedures import Procedures
from drp.database.challenge_tables import ChallengeRow
from drp.database.register_tables import RegisterRow
from drp.database.scope import select_of
from drp.database.statements import CHALLENGES_TO_DECIDE
from drp.register.write import EntryToInsert, insert_entries, take_out_entries
from workflows.model.challenge import Outcome
from workflows.model.register_entry import register_entry_of


def rebuild_missing_entries(connection: Connection, procedures: Procedures, authority: str) -> int:
    """Make the lines of items that have none: those of an earlier release. Gives how many were made."""
    lined = select_of(RegisterRow, authority, RegisterRow.id).where(col(RegisterRow.sheet) == "")
    unlined = select_of(ChallengeRow, authority, ChallengeRow.id).where(
        col(ChallengeRow.phase) != Outcome.IN_ERROR.value, col(ChallengeRow.id).not_in(lined)
    )
    return rebuild_entries(connection, procedures, authority, connection.execute(unlined).scalars().all())


def rebuild_entries(connection: Connection, procedures: Procedures, authority: str, ids: Sequence[UUID]) -> int:
    """Make the lines of some items anew from the items themselves. Gives how many were made."""
    count = 0
    for start in range(0, len(ids), 500):
        some = ids[start : start + 500]
        lines = []
        # Nobody decides on them meanwhile, so that a newer line is not put back by an older one.
        for loaded in load.load_challenges(connection, authority, some, CHALLENGES_TO_DECIDE).values():
            value = loaded.challenge
            rules = procedures.rules(connection, authority, value.ladder_hash, value.authority_hash)
            line = register_entry_of(value, rules.authority)
            lines += [EntryToInsert(loaded.id, loaded.reference, line, loaded.child, loaded.raiser)] if line else []
        take_out_entries(connection, authority, some)
        count += insert_entries(connection, authority, lines)
    return count
