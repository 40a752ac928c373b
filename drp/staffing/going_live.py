"""Going live: until somebody says so, what is raised at a new authority is a trial, and no mail leaves but links to sign in.

Going live ends the trial: each trial item is recorded in error (it stays on record, sealed, and counts nowhere), and mail leaves
from then on.
"""

from datetime import datetime

from sqlalchemy import Connection, bindparam, select, update
from sqlmodel import col

from drp.casework.service import Casework
from drp.data_protection.admin_audit_log import note_admin_change
from drp.database.authority_tables import AuthorityRow
from drp.database.challenge_tables import ChallengeRow
from drp.database.scope import select_of
from drp.identity.principal import NotPermitted, Principal
from workflows.model.authority import Capacity
from workflows.model.challenge import Outcome
from workflows.model.events import RecordedInError
from workflows.model.refusals import Unfit

WHY = "A trial before the service went live."


_IS_LIVE = select(col(AuthorityRow.is_live)).where(col(AuthorityRow.key) == bindparam("authority"))


def is_live(connection: Connection, authority: str) -> bool:
    """Is an authority in use, rather than on trial?"""
    return bool(connection.execute(_IS_LIVE, {"authority": authority}).scalar_one())


def begin_trial(connection: Connection, authority: str) -> None:
    """An authority that is new here is not live."""
    connection.execute(update(AuthorityRow).where(col(AuthorityRow.key) == authority).values(is_live=False))


def trial_items(connection: Connection, authority: str) -> list[str]:
    """The references of the items that are not recorded in error: while an authority is not live, its trials."""
    kept = select_of(ChallengeRow, authority, ChallengeRow.reference).where(col(ChallengeRow.phase) != Outcome.IN_ERROR.value)
    return list(connection.execute(kept.order_by(col(ChallengeRow.raised_at), col(ChallengeRow.reference))).scalars())


def seal_trial(casework: Casework, signed: Principal, now: datetime) -> int:
    """Record each trial item in error, in the name of the IRO manager who goes live. Returns how many those were.

    Raises NotPermitted for anybody else, Unfit where it is live already, Unavailable.
    """
    if Capacity.IRO_MANAGER not in signed.capacities:
        raise NotPermitted
    with casework.store.read(signed.authority) as connection:
        if is_live(connection, signed.authority):
            raise Unfit("The service is live already.", "Nothing more needs doing.")
        trials = trial_items(connection, signed.authority)
    for reference in trials:
        casework.act(signed, reference, RecordedInError(WHY), now, lambda connection, done: {})
    return len(trials)


def say_live(casework: Casework, signed: Principal, now: datetime, sealed: int) -> None:
    """Let an authority be in use from now on. Twice is as good as once."""
    with casework.store.write(signed.authority) as connection:
        here = update(AuthorityRow).where(col(AuthorityRow.key) == signed.authority, col(AuthorityRow.is_live).is_(False))
        if connection.execute(here.values(is_live=True, live_since=now)).rowcount == 1:
            note_admin_change(connection, casework, signed, now, "went live", items=sealed)
