"""The schedule: what is due is a row, moved on in the transaction that keeps the draft, so that each period is made once.

Any number of replicas may tick; a service that was away makes what it missed, the oldest period first, and marks it late.
"""

import logging
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, bindparam, insert
from sqlalchemy.exc import IntegrityError
from sqlmodel import col

from drp.casework.service import Casework
from drp.database.report_tables import ReportDueRow
from drp.database.scope import delete_rows, select_of, update_of
from drp.database.unavailable import Unavailable
from drp.directory import lookup
from drp.written_reports.contents import ReportContents
from drp.written_reports.copies import give_copies, managers_of
from drp.written_reports.drafts import NewReport, count_new, find_report, keep_draft
from drp.written_reports.report_kinds import KINDS
from workflows.calendar.report_periods import ReportPeriod, day_due, period_holding
from workflows.calendar.reporting_periods import month_of
from workflows.calendar.working_days import Calendar, local_date
from workflows.model.authority import Authority, Rules
from workflows.model.reporting import ReportSchedule

log = logging.getLogger("drp.reports")

MOST_A_TICK = 3
"""Scheduled periods that one tick makes, so that a service that was away for long does not stand still over them."""


@dataclass(frozen=True)
class DueReport:
    """A scheduled period that is to be made on a day."""

    schedule: ReportSchedule
    period: ReportPeriod
    due: date


_ORDER = (col(ReportDueRow.due), col(ReportDueRow.last), col(ReportDueRow.kind), col(ReportDueRow.every))
_EVERY_DUE = select_of(ReportDueRow, bindparam("authority")).order_by(*_ORDER)


def list_due(connection: Connection, words: Authority) -> list[DueReport]:
    """What the schedule makes next, the earliest first."""
    known = {(one.report.value, one.every.value): one for one in words.reporting.reports}
    return [
        DueReport(known[row.kind, row.every], ReportPeriod(row.first, row.last), row.due)
        for row in connection.execute(_EVERY_DUE, {"authority": words.key})
        if (row.kind, row.every) in known
    ]


def plan_reports(casework: Casework, authority: str, today: date) -> None:
    """Bring the rows to what the authority's file says: a new report begins with the first that is still to come."""
    with casework.store.read(authority) as connection:
        current = casework.procedures.current(connection, authority)
        if not current:
            return
        rows = connection.execute(_EVERY_DUE, {"authority": authority}).all()
    calendar, have = current[0].calendar, {(row.kind, row.every): row for row in rows}
    wanted = {(one.report.value, one.every.value): one for one in current[0].authority.reporting.reports}
    for key, schedule in wanted.items():
        period = ReportPeriod(have[key].first, have[key].last) if key in have else _first_period(schedule, today, calendar)
        due = day_due(period, schedule.months_after, calendar)
        if key in have and have[key].due == due:
            continue
        try:
            with casework.store.write(authority) as connection:
                if key in have:
                    move_on(connection, authority, DueReport(schedule, period, have[key].due), period, due)
                else:
                    values = {"first": period.first, "last": period.last, "due": due}
                    connection.execute(insert(ReportDueRow).values(authority=authority, kind=key[0], every=key[1], **values))
        except IntegrityError:
            log.info("another replica planned the reports of %s", authority)
    gone = have.keys() - wanted.keys()
    if not gone:
        return
    with casework.store.write(authority) as connection:
        for kind, every in gone:
            row = (col(ReportDueRow.kind) == kind, col(ReportDueRow.every) == every)
            delete_rows(connection, ReportDueRow, authority, *row)


def _first_period(schedule: ReportSchedule, today: date, calendar: Calendar) -> ReportPeriod:
    """The earliest period whose report is not due before today."""
    period = period_holding(month_of(today), schedule.every)
    while day_due(period.before(), schedule.months_after, calendar) >= today:
        period = period.before()
    return period


def move_on(connection: Connection, authority: str, was: DueReport, period: ReportPeriod, due: date) -> bool:
    """Move a row on from what it was; False: another replica has."""
    moved = connection.execute(
        update_of(ReportDueRow, authority)
        .where(
            col(ReportDueRow.kind) == was.schedule.report.value,
            col(ReportDueRow.every) == was.schedule.every.value,
            col(ReportDueRow.first) == was.period.first,
            col(ReportDueRow.due) == was.due,
        )
        .values(first=period.first, last=period.last, due=due)
    )
    return moved.rowcount == 1


def make_due_reports(casework: Casework, authority: str, now: datetime, most: int = MOST_A_TICK) -> int:
    """Make the drafts whose day has come, the earliest first, and put each into the IRO manager's inbox. Gives how many periods.

    Raises Unavailable; what was not made is still due.
    """
    made = 0
    with casework.store.read(authority) as connection:
        current = casework.procedures.current(connection, authority)
        due = [one for one in list_due(connection, current[0].authority) if one.due <= local_date(now)] if current else []
    for one in due:
        if made == most:
            break
        try:
            made += _make(casework, authority, current, one, now)
        except Unavailable:
            raise
        except Exception:
            # One report's fault must not keep the others from their day: it is still due, and is tried again at the next tick.
            log.exception("the report %s of %s was not made", one.schedule.report, authority)
    return made


def _make(casework: Casework, authority: str, current: tuple[Rules, ...], one: DueReport, now: datetime) -> bool:
    with casework.store.read(authority) as connection:  # counted in a reading transaction, so that nobody who writes waits
        teams = sorted(lookup.list_team_names(connection, authority)) if KINDS[one.schedule.report].of_team else [""]
        counted = [_counted(connection, casework, authority, one, team, now) for team in teams]
        managers = managers_of(connection, current[0].authority, local_date(now))
    following = one.period.after()
    with casework.store.write(authority) as connection:
        if not move_on(connection, authority, one, following, day_due(following, one.schedule.months_after, current[0].calendar)):
            return False  # another replica has it
        for new, contents in counted:
            if find_report(connection, authority, new.kind, new.period, new.team):
                continue  # somebody asked for it before its day
            id_ = casework.chance.identity()
            keep_draft(connection, authority, id_, new, contents, now, None)
            give_copies(connection, authority, id_, managers, now)
    return True


def _counted(
    connection: Connection, casework: Casework, authority: str, one: DueReport, team: str, now: datetime
) -> tuple[NewReport, ReportContents]:
    new = NewReport(one.schedule.report, one.period, team, one.due)
    return new, count_new(connection, casework.procedures, authority, new, now)
