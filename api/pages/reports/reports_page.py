"""Reports: those that somebody may read, one of them as a page or a file, and asking for a change in it."""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from fastapi import Response

from api.exports.report_paper import report_marks
from api.pages.frame.browser_request import CurrentPage, PageContext, SentForm, go_to, router
from api.pages.frame.form_fields import Form, TextArea
from api.pages.item.documents_page import AS_A_FILE
from api.pages.reports.reading_reports import (
    MOST_LISTED,
    as_printed,
    edits_reports,
    may_read_report,
    report_files,
    report_found,
    without_empty,
)
from api.queries.report_query import register_address_of_behind
from drp.casework.access import NotFound
from drp.database.gathering import gather_by_key
from drp.identity.principal import RouteAudience, serves_principal
from drp.written_reports import drafts
from drp.written_reports.contents import ReportContents
from drp.written_reports.copies import copies_of_person, mark_report_read
from drp.written_reports.drafts import StoredReport
from drp.written_reports.examples import list_examples
from drp.written_reports.report_kinds import KINDS
from drp.written_reports.requests import ask_for_change, count_requests, list_requests
from drp.written_reports.schedule import list_due
from workflows.calendar.report_periods import ReportPeriod
from workflows.model.refusals import Unfit
from workflows.model.reporting import ReportKind

MEDIA_TYPES = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}
REQUEST = [
    TextArea(
        name="words", label="What should be changed, and why", rows=3, need="Say what should be changed.",
        hint="It is kept beside the report, with your name. The IRO manager alone changes a report, in a new edition.",
    )
]  # fmt: skip


@dataclass(frozen=True)
class ReportLineShown:
    """One report in the list."""

    report: StoredReport
    address: str
    is_unread: bool
    requests: int = 0
    """How much was asked to be changed in it, for the IRO manager."""


def group_team_pages(lines: list[ReportLineShown]) -> list[tuple[ReportPeriod, list[ReportLineShown]]]:
    """The drafts of teams' pages, by their periods, the newest first: they may be released together."""
    pages = [line for line in lines if line.report.kind is ReportKind.TEAM]
    return sorted(gather_by_key((line.report.period, line) for line in pages).items(), reverse=True)


@router.get("/reports")
def list_reports_page(visit: CurrentPage) -> Response:
    """What they may read, the newest first; for the IRO manager drafts too, and what the schedule makes next."""
    with visit.reading() as connection:
        copies = {one.report: one for one in copies_of_person(connection, visit.authority, visit.person, MOST_LISTED)}
        every = drafts.list_reports(connection, visit.authority)
        shown = [one for one in every if may_read_report(connection, visit, one)][:MOST_LISTED]
        due = list_due(connection, visit.words) if edits_reports(visit) else []
        asked = count_requests(connection, visit.authority) if edits_reports(visit) else {}
    lines = [
        ReportLineShown(one, f"/reports/{one.id}", one.id in copies and not copies[one.id].is_read, asked.get(one.id, 0))
        for one in shown
    ]
    begun = [line for line in lines if not line.report.released_at]
    return visit.page(
        "reports.html", title="Reports", edits=edits_reports(visit), due=due, kinds=KINDS,
        begun=[line for line in begun if line.report.kind is not ReportKind.TEAM], team_pages=group_team_pages(begun),
        released=[line for line in lines if line.report.released_at],
    )  # fmt: skip


@router.get("/reports/{report}")
def show_report(visit: CurrentPage, report: UUID, asked: int = 0) -> Response:
    """One report as a page: figures open their items for whoever may open the register."""
    with visit.writing() as connection:
        found = report_found(connection, visit, report)
        contents = as_printed(connection, visit, found)
        read = mark_report_read(connection, visit.authority, visit.person, visit.now, report)
        requests = list_requests(connection, visit.authority, report)
        examples = [] if found.released_at else list_examples(connection, visit.authority, report)
    visit.log_access(f"report, {'released' if found.released_at else 'draft'}", "")
    visit = replace(visit, unread=max(visit.unread - read, 0))
    return report_page(visit, found, contents, Form(REQUEST), requests=requests, examples=examples, asked=asked)


def report_page(visit: PageContext, found: StoredReport, contents: ReportContents, form: Form, **more: Any) -> Response:
    """The page of a report, with a form to ask for a change."""
    opens = serves_principal(RouteAudience.FIGURES, visit.signed.capacities)
    return visit.page(
        "report.html", title=f"{contents.title}, {contents.period}", form=form, report=found, it=contents,
        marks=report_marks(contents), edits=edits_reports(visit), address=register_address_of_behind if opens else None, **more,
    )  # fmt: skip


@router.get("/reports/{report}/file")
def take_report(visit: CurrentPage, report: UUID, format: str = "pdf") -> Response:
    """A report as PDF or Word: of a released one the very bytes that were kept."""
    if format not in MEDIA_TYPES:
        raise Unfit("There is no such file.", f"Ask for one of: {', '.join(MEDIA_TYPES)}.", "format")
    with visit.reading() as connection:
        found = report_found(connection, visit, report)
        contents = as_printed(connection, visit, found)
        kept = drafts.read_file(connection, visit.authority, report, format) if found.released_at else None
    octets = kept if kept is not None else report_files(without_empty(contents)).get(format)
    if octets is None:
        raise Unfit("The PDF could not be made.", "Take the Word file: it holds all of it.", "format")
    visit.log_access(f"report taken away as {format}", "")
    name = f"{found.kind.value.replace('_', '-')}-{found.period.first}-to-{found.period.last}"
    said = {"Content-Disposition": f'attachment; filename="{name}{f"-{found.unit}" if found.unit else ""}.{format}"'}
    return Response(octets, media_type=MEDIA_TYPES[format], headers={**AS_A_FILE, **said})


@router.post("/reports/{report}/requests")
def ask_for_change_on_page(visit: CurrentPage, report: UUID, sent: SentForm) -> Response:
    """What somebody asks to have changed in a released report is kept beside it."""
    form, values = sent.form(REQUEST)
    with visit.reading() as connection:
        found = report_found(connection, visit, report)
        contents = as_printed(connection, visit, found)
        requests = list_requests(connection, visit.authority, report)
    if not found.released_at:
        raise NotFound
    if not form.is_faulty:
        with form.noting_refusal():
            with visit.writing() as connection:
                ask_for_change(connection, visit.authority, report, visit.person, values["words"], visit.now)
            return go_to(f"/reports/{report}?asked=1#requests")
    return report_page(visit, found, contents, form, requests=requests, examples=[], asked=0)
