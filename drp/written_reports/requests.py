"""What readers of a released report asked to have changed in it: kept beside it, with their names, whatever becomes of it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, func, insert
from sqlmodel import col

from drp.database.directory_tables import PersonRow
from drp.database.report_tables import ReportRequestRow, WrittenReportRow
from drp.database.scope import in_authority, select_of
from workflows.model.refusals import Unfit

LONGEST = 10_000


@dataclass(frozen=True)
class ChangeRequest:
    """What somebody asked for. `by`: their name."""

    by: str
    at: datetime
    words: str


def ask_for_change(connection: Connection, authority: str, report: UUID, by: UUID, words: str, now: datetime) -> None:
    """Keep what somebody asked to have changed. Raises Unfit for more words than are kept."""
    if len(words) > LONGEST:
        raise Unfit(f"That is longer than {LONGEST:,} characters.", "Say it shorter, or talk to the IRO manager.", "words")
    lock_report(connection, authority, report)
    last = select_of(ReportRequestRow, authority, func.coalesce(func.max(col(ReportRequestRow.n)), 0))
    n = int(connection.execute(last.where(col(ReportRequestRow.report) == report)).scalar_one()) + 1
    connection.execute(insert(ReportRequestRow).values(authority=authority, report=report, n=n, by=by, at=now, words=words))


def lock_report(connection: Connection, authority: str, report: UUID) -> None:
    """Let whoever else adds something to this report at the same moment wait until this transaction is over."""
    asked = select_of(WrittenReportRow, authority, WrittenReportRow.id).where(col(WrittenReportRow.id) == report)
    connection.execute(asked.with_for_update())


def list_requests(connection: Connection, authority: str, report: UUID) -> list[ChangeRequest]:
    """What was asked of a report, oldest first."""
    asked = (
        select_of(ReportRequestRow, authority, PersonRow.name, ReportRequestRow.at, ReportRequestRow.words)
        .join(PersonRow, in_authority(PersonRow, authority) & (col(PersonRow.id) == col(ReportRequestRow.by)))
        .where(col(ReportRequestRow.report) == report)
        .order_by(col(ReportRequestRow.n))
    )
    return [ChangeRequest(*row) for row in connection.execute(asked)]


def count_requests(connection: Connection, authority: str) -> dict[UUID, int]:
    """How much was asked to be changed in each report; one of which nothing was is not among them."""
    asked = select_of(ReportRequestRow, authority, ReportRequestRow.report, func.count()).group_by(col(ReportRequestRow.report))
    return {row[0]: row[1] for row in connection.execute(asked)}
