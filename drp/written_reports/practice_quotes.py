"""Words about excellent practice in a report: those that may be quoted as it is read, and as they stood when it was released."""

from sqlalchemy import Connection

from drp.reports.display_labels import DisplayLabels
from drp.reports.practice import list_quotable
from drp.written_reports.contents import ReportQuote
from drp.written_reports.drafts import StoredReport


def quoted_practice(connection: Connection, labels: DisplayLabels, report: StoredReport) -> list[ReportQuote]:
    """What a report quotes of the notices of its period: on a team's page that team's; where it is published, no team's name."""
    found = list_quotable(connection, labels, report.period.first, report.period.last)
    named = not report.counted.is_published
    return [
        ReportQuote(words=one.words, of=one.team_label if named else "")
        for one in found
        if not report.unit or one.team == report.unit
    ]
