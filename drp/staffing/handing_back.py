"""Handing a caseload back: the children of one hand-over go from whoever took over to whoever had them, from today on."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from drp.casework.service import Casework
from drp.data_protection.admin_audit_log import read_admin_change
from drp.directory import people
from drp.directory.people import DirectoryPerson
from drp.identity.principal import Principal
from drp.staffing.changes import HAND_OVER, HandOverResult, hand_over_cases
from workflows.calendar.working_days import local_date, long_date
from workflows.model.refusals import Unfit


@dataclass(frozen=True)
class PastHandOver:
    """A hand-over as it was made: from whom, to whom, and which children. `shared`: whom the second had before as well."""

    giver: DirectoryPerson
    taker: DirectoryPerson
    children: frozenset[UUID]
    shared: frozenset[UUID]


def read_hand_over(connection: Connection, authority: str, change: UUID, now: datetime) -> PastHandOver | None:
    """The hand-over that is found by this; None where there is none, or its people were erased."""
    said = read_admin_change(connection, authority, change, HAND_OVER)
    if said is None:
        return None
    giver, taker = (people.read_person(connection, authority, UUID(said[name]), local_date(now)) for name in ("of", "to"))
    if giver is None or taker is None:
        return None
    children, shared = (frozenset(UUID(one) for one in said.get(name, "").split(",") if one) for name in ("children", "shared"))
    return PastHandOver(giver, taker, children, shared)


def hand_back_cases(casework: Casework, signed: Principal, now: datetime, change: UUID | None) -> HandOverResult:
    """Hand the children of a hand-over back, from today on, by the rules of a hand-over. What was done meanwhile stands.

    Raises Unfit, NotPermitted, Unavailable.
    """
    with casework.store.read(signed.authority) as connection:
        made = read_hand_over(connection, signed.authority, change, now) if change else None
    if made is None:
        raise Unfit("That hand-over is not known here, so nothing was handed back.", "Hand the children over by the form.", "of")
    day, giver, taker = local_date(now), made.giver, made.taker
    if not giver.is_here_on(day):
        last = f" on {long_date(giver.left_on)}" if giver.left_on else ""
        raise Unfit(
            f"{giver.name} left{last}, so the children cannot go back to them: they stay with {taker.name}.",
            f"Hand over the caseload of {taker.name} to somebody who is here.", "of",
        )  # fmt: skip
    return hand_over_cases(
        casework, signed, now, of=taker.id, to=giver.id, since=day, children=made.children, keeps=made.shared
    )  # fmt: skip
