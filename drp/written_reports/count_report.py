"""One report counted from the record as it stands, for one period."""

from datetime import datetime

from sqlalchemy import Connection

from drp.casework.procedures import Procedures
from drp.directory import lookup
from drp.reports.aggregate import Dimension
from drp.reports.display_labels import read_labels
from drp.written_reports.contents import ReportContents
from drp.written_reports.report_kinds import KINDS
from drp.written_reports.report_parts import COUNTED
from drp.written_reports.report_tables import ReportCounting
from workflows.calendar.report_periods import ReportPeriod
from workflows.model.ladder import ItemType
from workflows.model.reporting import ReportKind


def count_report(
    connection: Connection,
    procedures: Procedures,
    authority: str,
    kind: ReportKind,
    period: ReportPeriod,
    now: datetime,
    team: str = "",
) -> ReportContents:
    """Count a report. `team`: the key of the team whose page it is. `now`: aware UTC, at which it says that it was counted."""
    what, current = KINDS[kind], procedures.current(connection, authority)
    words = current[0].authority
    labels = read_labels(connection, procedures, words)
    only = ((Dimension.ITEM_TYPE, ItemType.PARTNER_AGENCY.value),) if kind is ReportKind.PARTNER_AGENCIES else ()
    counting = ReportCounting(connection, labels, period, now, team, what.is_published, only)
    unit = lookup.find_unit_name(connection, authority, "team", team) if team else ""
    return ReportContents(
        authority=words.name,
        kind=kind.value,
        title=f"{what.title}: {unit}" if unit else what.title,
        unit=unit,
        first=period.first,
        last=period.last,
        period=period.in_words(),
        for_whom=what.for_whom,
        counted_at=now,
        is_published=what.is_published,
        parts=[COUNTED[key](counting) for key in what.parts],
    )
