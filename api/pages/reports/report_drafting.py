"""Making, editing and releasing reports: for the IRO manager alone."""

from typing import Any
from uuid import UUID

from fastapi import Response
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from api.pages.frame.browser_request import CurrentPage, PageContext, SentForm, go_to, router
from api.pages.frame.form_fields import Form, FormField, Option, SelectMenu, TextArea, TextLine
from api.pages.reports.reading_reports import as_printed, report_files, report_found, without_empty
from drp.casework.access import NotFound
from drp.directory import lookup
from drp.written_reports import drafts
from drp.written_reports.contents import ReportPart, figures_to_change
from drp.written_reports.copies import people_of_report
from drp.written_reports.drafts import NewReport, StoredReport
from drp.written_reports.examples import SAFE, list_examples
from drp.written_reports.report_kinds import KINDS
from workflows.calendar.report_periods import ReportEvery, ReportPeriod, period_holding
from workflows.calendar.reporting_periods import month_of
from workflows.model.refusals import NotOpen
from workflows.model.reporting import ReportKind

MOST_BACK = {
    ReportEvery.YEAR: 5, ReportEvery.HALF_YEAR: 4, ReportEvery.QUARTER: 8, ReportEvery.TWO_MONTHS: 6, ReportEvery.MONTH: 12,
}  # fmt: skip
"""How many periods of each length are offered, the last that is over first."""


def _periods(visit: PageContext) -> dict[str, ReportPeriod]:
    found: dict[str, ReportPeriod] = {}
    for every, most in MOST_BACK.items():
        period = period_holding(month_of(visit.today), every)
        for _ in range(most):
            period = period.before()
            found[f"{period.first}/{period.last}"] = period
    return found


def _making_fields(connection: Connection, visit: PageContext) -> list[FormField]:
    kinds: list[Option] = [(kind.value, what.title, f"For {what.for_whom}") for kind, what in KINDS.items()]
    periods: list[Option] = [(key, period.in_words(), "") for key, period in _periods(visit).items()]
    teams: list[Option] = [(key, name, "") for key, name in sorted(lookup.list_team_names(connection, visit.authority).items())]
    return [
        SelectMenu(name="kind", label="Which report", options=kinds, need="Choose which report."),
        SelectMenu(name="period", label="Of which period", options=periods, need="Choose a period."),
        SelectMenu(name="team", label="Of which team", options=teams, hint="For a team's page alone."),
    ]


@router.get("/reports/new")
def ask_which_report(visit: CurrentPage) -> Response:
    """Which report, of which period."""
    with visit.reading() as connection:
        form = Form(_making_fields(connection, visit))
    return visit.page("report_new.html", title="Make a report", form=form)


@router.post("/reports/new")
def make_report_on_page(visit: CurrentPage, sent: SentForm) -> Response:
    """Counted from the record as it stands; where there is one of that period already, that one is opened."""
    check_is_live(visit)
    with visit.reading() as connection:
        form, values = sent.form(_making_fields(connection, visit))
        kind = ReportKind(values["kind"]) if values.get("kind") else None
        if kind and KINDS[kind].of_team and not values.get("team"):
            form.refuse("Choose the team whose page it is.", "team")
        if kind is ReportKind.ANNUAL_CHAPTER and values.get("period") and not _periods(visit)[values["period"]].is_year:
            form.refuse("The chapter is of a whole reporting year: choose one.", "period")
        if form.is_faulty or kind is None:
            return visit.page("report_new.html", title="Make a report", form=form)
        team = values["team"] if KINDS[kind].of_team else ""
        new = NewReport(kind, _periods(visit)[values["period"]], team)
        if already := drafts.find_report(connection, visit.authority, kind, new.period, team):
            return go_to(f"/reports/{already.id}")
        contents = drafts.count_new(connection, visit.service.casework.procedures, visit.authority, new, visit.now)
    id_ = visit.service.casework.chance.identity()
    try:
        with visit.writing() as connection:
            drafts.keep_draft(connection, visit.authority, id_, new, contents, visit.now, visit.person)
    except IntegrityError:  # somebody else, or the schedule, made it at the same moment
        with visit.reading() as connection:
            made = drafts.find_report(connection, visit.authority, kind, new.period, team)
        return go_to(f"/reports/{made.id}" if made else "/reports")
    return go_to(f"/reports/{id_}")


def check_is_live(visit: PageContext) -> None:
    """Raise NotOpen on trial: what is counted then is sealed, and counts nowhere, once the authority is live."""
    if not visit.is_live:
        raise NotOpen("The service is not live yet: what is raised is a trial.", "Make reports once it is live.")


def draft_found(connection: Connection, visit: PageContext, id_: UUID) -> StoredReport:
    """A draft. Raises NotFound, NotOpen for what was released."""
    found = report_found(connection, visit, id_)
    drafts.check_is_draft(found)
    return found


def _part(found: StoredReport, key: str) -> ReportPart:
    part = found.contents.part(key)
    if part is None:
        raise NotFound
    return part


def _part_fields(found: StoredReport, part: ReportPart) -> list[FormField]:
    fields: list[FormField] = [
        TextArea(
            name="words", label="What you write", rows=8,
            hint="It stands before what the record says. An empty line begins a paragraph. Name no child, family or worker.",
        )
    ]  # fmt: skip
    figures: list[Option] = [
        (key, f"{line.label}, {heading} ({figure.record or figure.shown}): {table.caption}", "")
        for key, (table, line, heading, figure) in figures_to_change(found.contents).items()
        if table in part.tables
    ]
    if figures:
        fields += [
            SelectMenu(name="figure", label="Change a figure by hand", options=figures, hint="Where the record is wrong."),
            TextLine(name="shown", label="What it should say", width="10", hint="Empty: the record's own again."),
            TextLine(name="why", label="Why", hint="It is printed beside it, with the record's own figure."),
        ]
    return fields


@router.get("/reports/{report}/parts/{part}")
def ask_for_part(visit: CurrentPage, report: UUID, part: str) -> Response:
    """What the manager writes for one part, and its figures."""
    with visit.reading() as connection:
        found = draft_found(connection, visit, report)
    one = _part(found, part)
    fields = _part_fields(found, one)
    return _part_page(visit, found, one, Form(fields, fields[0].show(one.written)))


@router.post("/reports/{report}/parts/{part}")
def write_part_on_page(visit: CurrentPage, report: UUID, part: str, sent: SentForm) -> Response:
    """What was written is kept in the draft, and a figure that was changed."""
    with visit.reading() as connection:
        found = draft_found(connection, visit, report)
    drafts.check_is_same(found, sent.pressed("version"))
    one = _part(found, part)
    form, values = sent.form(_part_fields(found, one))
    if values.get("figure") is None and (values.get("shown") or values.get("why")):
        form.refuse("Choose the figure that is to be changed.", "figure")
    if not form.is_faulty:
        with form.noting_refusal():
            _keep(visit, found, part, values)
            return go_to(f"/reports/{report}#{part}")
    return _part_page(visit, found, one, form)


def _keep(visit: PageContext, found: StoredReport, part: str, values: dict[str, Any]) -> None:
    with visit.writing() as connection:
        drafts.write_part(connection, visit.authority, found, part, values["words"])
        if values.get("figure"):
            again = drafts.read_report(connection, visit.authority, found.id)
            assert again is not None
            drafts.change_figure(connection, visit.authority, again, values["figure"], values["shown"], values["why"])


def _part_page(visit: PageContext, found: StoredReport, part: ReportPart, form: Form) -> Response:
    return visit.page("report_part.html", title=part.title, form=form, report=found, part=part)


@router.post("/reports/{report}/again")
def count_again_on_page(visit: CurrentPage, report: UUID, sent: SentForm) -> Response:
    """The draft's figures as the record stands now; what was written stays."""
    sent.confirm()
    with visit.writing() as connection:
        found = draft_found(connection, visit, report)
        drafts.count_again(connection, visit.service.casework.procedures, visit.authority, found, visit.now)
    return go_to(f"/reports/{report}")


@router.get("/reports/{report}/release")
def ask_to_release(visit: CurrentPage, report: UUID) -> Response:
    """To whom it goes, what is not in it yet, and that it is kept as it is from then on."""
    with visit.reading() as connection:
        found = draft_found(connection, visit, report)
        people = people_of_report(connection, visit.words, found.kind, found.unit, visit.today)
        names = sorted(lookup.names_of(connection, visit.authority, {str(one) for one in people}).values())
        waiting = [one for one in list_examples(connection, visit.authority, report) if one.state != SAFE]
    return visit.page(
        "report_release.html", title="Release this report", report=found, names=names, waiting=waiting, kind=KINDS[found.kind],
        by_hand=found.edits.figures, unwritten=[part.title for part in found.contents.parts if not part.written],
        unanswered=drafts.lacks_answer(found.contents),
    )  # fmt: skip


@router.post("/reports/{report}/release")
def release_on_page(visit: CurrentPage, report: UUID, sent: SentForm) -> Response:
    """Released: kept as it is, with its files, and in the inboxes of whoever it is for."""
    version = sent.pressed("version")
    with visit.reading() as connection:
        found = draft_found(connection, visit, report)
    drafts.check_is_same(found, version)
    _release(visit, found)
    return go_to(f"/reports/{report}")


def _release(visit: PageContext, found: StoredReport) -> None:
    check_is_live(visit)
    with visit.reading() as connection:
        contents = as_printed(connection, visit, found)
    contents = without_empty(contents).model_copy(update={"released_on": visit.today, "released_by": visit.signed.name})
    files = report_files(contents)
    with visit.writing() as connection:
        drafts.release_report(connection, visit.words, found, contents, files, visit.signed, visit.now)
    visit.log_access("report released", "")


@router.post("/reports/team-pages")
def release_team_pages(visit: CurrentPage, sent: SentForm) -> Response:
    """Every draft of a team's page of one period is released as it stands: each goes to its own team's manager."""
    first, last = sent.pressed("first"), sent.pressed("last")
    with visit.reading() as connection:
        every = drafts.list_reports(connection, visit.authority)
    of_period = [one for one in every if one.kind is ReportKind.TEAM and (one.period.first, one.period.last) == (first, last)]
    for one in of_period:
        if not one.released_at:
            _release(visit, one)
    return go_to("/reports")


@router.post("/reports/{report}/edition")
def begin_new_edition(visit: CurrentPage, report: UUID, sent: SentForm) -> Response:
    """A new draft of the same period, with what was written; the one before stays as it was released."""
    sent.confirm()
    id_ = visit.service.casework.chance.identity()
    try:
        with visit.writing() as connection:
            found = report_found(connection, visit, report)
            drafts.new_edition(
                connection, visit.service.casework.procedures, visit.authority, found, id_, visit.now, visit.person
            )
    except IntegrityError:  # somebody else began it at the same moment
        return go_to("/reports")
    return go_to(f"/reports/{id_}")
