"""Which reports somebody may read, and one of them as it is read now: what every page of reports begins with."""

import logging
from uuid import UUID

from sqlalchemy import Connection

from api.exports.report_paper import report_pdf
from api.exports.typesetting import NotDrawn
from api.pages.frame.browser_request import PageContext
from drp.casework.access import NotFound
from drp.directory import lookup
from drp.reports.display_labels import read_labels
from drp.written_reports import drafts
from drp.written_reports.contents import ReportContents
from drp.written_reports.copies import has_copy
from drp.written_reports.drafts import StoredReport
from drp.written_reports.examples import printed_examples
from drp.written_reports.practice_quotes import quoted_practice
from workflows.model.authority import Capacity

log = logging.getLogger("drp.reports")

MOST_LISTED = 300


def edits_reports(visit: PageContext) -> bool:
    """Do they edit and release reports? The IRO manager alone."""
    return Capacity.IRO_MANAGER in visit.signed.capacities


def may_read_report(connection: Connection, visit: PageContext, report: StoredReport) -> bool:
    """May they read a report? The IRO manager each; others what was released, if it went to them or goes to a post of theirs."""
    if edits_reports(visit):
        return True
    if not report.released_at:
        return False
    if has_copy(connection, visit.authority, visit.person, report.id):
        return True
    if not visit.signed.roles & set(visit.words.reporting.goes_to(report.kind)):
        return False
    return not report.unit or report.unit in lookup.list_own_teams(connection, visit.words, visit.person, visit.today)


def report_found(connection: Connection, visit: PageContext, id_: UUID) -> StoredReport:
    """A report that they may read. Raises NotFound for every other."""
    report = drafts.read_report(connection, visit.authority, id_)
    if report is None or not may_read_report(connection, visit, report):
        raise NotFound
    return report


def as_printed(connection: Connection, visit: PageContext, report: StoredReport) -> ReportContents:
    """A report as it is read now: of a draft with the examples that its IROs let through, and the practice that may be quoted."""
    if report.released_at:
        return report.counted
    contents = report.contents
    labels = read_labels(connection, visit.service.casework.procedures, visit.words)
    quotes = {
        "examples": printed_examples(connection, visit.authority, report.id),
        "practice": quoted_practice(connection, labels, report),
    }
    parts = [part.model_copy(update={"quotes": quotes[part.key]}) if part.key in quotes else part for part in contents.parts]
    return contents.model_copy(update={"parts": parts})


def without_empty(contents: ReportContents) -> ReportContents:
    """A report without the parts that hold nothing."""
    kept = [part for part in contents.parts if part.written or part.sentences or part.tables or part.quotes]
    return contents.model_copy(update={"parts": kept})


def report_files(contents: ReportContents) -> dict[str, bytes]:
    """The files of a report. A PDF that cannot be made is left out: the Word file and the page hold all of it."""
    from api.exports.report_word import report_word  # what writes Word takes 7 MB, and a start waits for it

    files = {"docx": report_word(contents)}
    try:
        files["pdf"] = report_pdf(contents)
    except NotDrawn as fault:
        log.error("the PDF of a report could not be made: %s", fault)
    return files
