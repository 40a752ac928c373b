"""Drafts and released reports: made once for each period, changed by the IRO manager alone, kept as they were released."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection, insert
from sqlmodel import col

from drp.casework.procedures import Procedures
from drp.database.report_tables import (
    ReportFileRow,
    WrittenReportRow,
)
from drp.database.scope import select_of, update_of
from drp.identity.principal import NotPermitted, Principal
from drp.written_reports.contents import HandFigure, ReportContents, ReportEdits, as_counted, figures_to_change, with_edits
from drp.written_reports.copies import give_copies, people_of_report, take_draft_copies
from drp.written_reports.count_report import count_report
from workflows.calendar.report_periods import ReportPeriod
from workflows.calendar.working_days import local_date
from workflows.model.authority import Authority, Capacity
from workflows.model.refusals import NotOpen, Unfit
from workflows.model.reporting import ReportKind

LONGEST_WORDS = 10_000
LONGEST_FIGURE = 200
LONGEST_REASON = 300


@dataclass(frozen=True)
class NewReport:
    """What a report is of, before it is counted. `due`: the day on which a schedule was to make it."""

    kind: ReportKind
    period: ReportPeriod
    team: str = ""
    due: date | None = None
    edition: int = 1


@dataclass(frozen=True)
class StoredReport:
    """A report as it is kept."""

    id: UUID
    kind: ReportKind
    unit: str
    period: ReportPeriod
    edition: int
    version: int
    due: date | None
    made_at: datetime
    counted: ReportContents
    """As it was counted; once released, as it was released."""
    edits: ReportEdits
    released_at: datetime | None

    @property
    def contents(self) -> ReportContents:
        """As it is read now."""
        return self.counted if self.released_at else with_edits(self.counted, self.edits)

    @property
    def is_late(self) -> bool:
        """Was it made after the day on which the schedule was to make it?"""
        return self.due is not None and local_date(self.made_at) > self.due


def check_edits_reports(signed: Principal) -> None:
    """Raise NotPermitted for anybody but an IRO manager: nobody else holds, edits or releases a report."""
    if Capacity.IRO_MANAGER not in signed.capacities:
        raise NotPermitted


def count_new(connection: Connection, procedures: Procedures, authority: str, new: NewReport, now: datetime) -> ReportContents:
    """Count what a new report holds. Of a later edition of what may be published the tables that cross a child's characteristic
    are those of the first: two counts of them side by side would tell what was left out."""
    contents = count_report(connection, procedures, authority, new.kind, new.period, now, new.team)
    contents = contents.model_copy(update={"edition": new.edition})
    if new.edition == 1 or not contents.is_published:
        return contents
    first = find_first_released(connection, authority, new)
    kept = first.counted.part("children") if first else None
    parts = [as_counted(kept) if kept and part.key == kept.key else part for part in contents.parts]
    return contents.model_copy(update={"parts": parts})


def keep_draft(
    connection: Connection,
    authority: str,
    id_: UUID,
    new: NewReport,
    contents: ReportContents,
    now: datetime,
    by: UUID | None,
    edits: ReportEdits | None = None,
) -> None:
    """Keep a new draft, where there is none of its period yet (the caller has looked)."""
    connection.execute(
        insert(WrittenReportRow).values(
            authority=authority,
            id=id_,
            kind=new.kind.value,
            unit=new.team,
            first=new.period.first,
            last=new.period.last,
            edition=new.edition,
            version=1,
            due=new.due,
            made_at=now,
            made_by=by,
            contents=contents.model_dump(mode="json"),
            edits=(edits or ReportEdits()).model_dump(mode="json"),
        )
    )


def _stored(row: object) -> StoredReport:
    values = row._mapping  # type: ignore[attr-defined]
    return StoredReport(
        values["id"],
        ReportKind(values["kind"]),
        values["unit"],
        ReportPeriod(values["first"], values["last"]),
        values["edition"],
        values["version"],
        values["due"],
        values["made_at"],
        ReportContents.model_validate(values["contents"]),
        ReportEdits.model_validate(values["edits"]),
        values["released_at"],
    )


def read_report(connection: Connection, authority: str, id_: UUID) -> StoredReport | None:
    """One report; None where there is none."""
    row = connection.execute(select_of(WrittenReportRow, authority).where(col(WrittenReportRow.id) == id_)).first()
    return _stored(row) if row else None


def find_report(
    connection: Connection, authority: str, kind: ReportKind, period: ReportPeriod, team: str, edition: int | None = None
) -> StoredReport | None:
    """The report of a kind and period (of a team): one edition, or the latest."""
    asked = (
        select_of(WrittenReportRow, authority)
        .where(
            col(WrittenReportRow.kind) == kind.value,
            col(WrittenReportRow.unit) == team,
            col(WrittenReportRow.first) == period.first,
            col(WrittenReportRow.last) == period.last,
            *([col(WrittenReportRow.edition) == edition] if edition else []),
        )
        .order_by(col(WrittenReportRow.edition).desc())
    )
    row = connection.execute(asked).first()
    return _stored(row) if row else None


def find_first_released(connection: Connection, authority: str, new: NewReport) -> StoredReport | None:
    """The first edition of a report, which was released if there is another."""
    return find_report(connection, authority, new.kind, new.period, new.team, 1)


def list_reports(connection: Connection, authority: str) -> list[StoredReport]:
    """Every report, the newest period first."""
    order = (
        col(WrittenReportRow.last).desc(), col(WrittenReportRow.kind), col(WrittenReportRow.unit),
        col(WrittenReportRow.edition).desc(),
    )  # fmt: skip
    return [_stored(row) for row in connection.execute(select_of(WrittenReportRow, authority).order_by(*order))]


def _change(connection: Connection, authority: str, report: StoredReport, **values: object) -> None:
    """Change a draft as it was read. Raises NotOpen where it was released, or somebody changed it since."""
    changed = connection.execute(
        update_of(WrittenReportRow, authority)
        .where(
            col(WrittenReportRow.id) == report.id,
            col(WrittenReportRow.version) == report.version,
            col(WrittenReportRow.released_at).is_(None),
        )
        .values(version=report.version + 1, **values)
    )
    if changed.rowcount != 1:
        raise NotOpen(
            "The report was changed or released since this page was made.", "Open it again, and do what is still to be done."
        )


def check_is_draft(report: StoredReport) -> None:
    """Raise NotOpen for what was released: it is kept as it was."""
    if report.released_at:
        raise NotOpen("This report was released, and is kept as it was.", "Make a new edition of it instead.")


def check_is_same(report: StoredReport, version: str) -> None:
    """Raise NotOpen where a draft is no longer the one that somebody looked at."""
    if str(report.version) != version:
        raise NotOpen(
            "The report was changed since you looked at it.", "Open it again, read what changed, and release it if it is right."
        )


def lacks_answer(contents: ReportContents) -> bool:
    """Was something raised about the IRO service, to which the IRO manager has not written the answer?"""
    about_us = contents.part("about_us")
    return bool(about_us and about_us.tables and not about_us.written)


def write_part(connection: Connection, authority: str, report: StoredReport, part: str, words: str) -> None:
    """Keep what the IRO manager wrote for a part. Raises NotOpen, Unfit."""
    check_is_draft(report)
    if report.counted.part(part) is None:
        raise Unfit("The report has no such part.", "Choose one of those that it has.")
    if len(words) > LONGEST_WORDS:
        raise Unfit(f"That is longer than {LONGEST_WORDS:,} characters.", "Say it shorter.", "words")
    if part == "about_us" and not words.strip() and report.edits.written.get(part):
        raise Unfit("The answer to what was raised about the service cannot be taken out.", "Write it anew instead.", "words")
    edits = report.edits.model_copy(update={"written": report.edits.written | {part: words.strip()}})
    _change(connection, authority, report, edits=edits.model_dump(mode="json"))


def change_figure(connection: Connection, authority: str, report: StoredReport, key: str, shown: str, why: str) -> None:
    """Keep a figure as the IRO manager has it, with why; empty: the record's own again. Raises NotOpen, Unfit."""
    check_is_draft(report)
    if key not in figures_to_change(report.counted):
        raise Unfit("There is no such figure to change.", "Choose one of those that the form offers.", "figure")
    for name, text, most in (("shown", shown, LONGEST_FIGURE), ("why", why, LONGEST_REASON)):
        if len(text) > most:
            raise Unfit(f"That is longer than {most} characters.", "Say it shorter.", name)
    if shown and not why.strip():
        raise Unfit("It is not said why.", "Say why the figure differs from the record's: it is printed beside it.", "why")
    figures = {one: hand for one, hand in report.edits.figures.items() if one != key}
    if shown:
        figures[key] = HandFigure(shown=shown.strip(), why=why.strip())
    edits = report.edits.model_copy(update={"figures": figures})
    _change(connection, authority, report, edits=edits.model_dump(mode="json"))


def count_again(connection: Connection, procedures: Procedures, authority: str, report: StoredReport, now: datetime) -> None:
    """Count a draft anew; what was written and changed by hand stays. Raises NotOpen."""
    check_is_draft(report)
    new = NewReport(report.kind, report.period, report.unit, report.due, report.edition)
    contents = count_new(connection, procedures, authority, new, now)
    _change(connection, authority, report, contents=contents.model_dump(mode="json"))


def release_report(
    connection: Connection,
    words: Authority,
    report: StoredReport,
    contents: ReportContents,
    files: Mapping[str, bytes],
    signed: Principal,
    now: datetime,
) -> tuple[UUID, ...]:
    """Release a draft: its contents and files are kept as they are, and it goes to whoever it is for. Gives who that is.

    Raises NotOpen, NotPermitted.
    """
    check_edits_reports(signed)
    check_is_draft(report)
    if lacks_answer(contents):
        raise NotOpen(
            "Something was raised about the IRO service, and the report does not say the answer.",
            "Write it in that part, then release the report.",
        )
    values = {"contents": contents.model_dump(mode="json"), "released_at": now, "released_by": UUID(signed.person)}
    _change(connection, words.key, report, **values)
    for name, octets in files.items():
        connection.execute(insert(ReportFileRow).values(authority=words.key, report=report.id, format=name, octets=octets))
    take_draft_copies(connection, words.key, report.id)
    people = people_of_report(connection, words, report.kind, report.unit, local_date(now))
    give_copies(connection, words.key, report.id, people, now)
    return people


def new_edition(
    connection: Connection, procedures: Procedures, authority: str, report: StoredReport, id_: UUID, now: datetime, by: UUID
) -> None:
    """Begin a new edition of what was released, counted anew, with what was written and changed by hand. Raises NotOpen."""
    latest = find_report(connection, authority, report.kind, report.period, report.unit)
    if latest is None or not latest.released_at:
        raise NotOpen("There is a draft of this report already.", "Edit that one.")
    new = NewReport(report.kind, report.period, report.unit, None, latest.edition + 1)
    contents = count_new(connection, procedures, authority, new, now)
    keep_draft(connection, authority, id_, new, contents, now, by, latest.edits)


def read_file(connection: Connection, authority: str, report: UUID, name: str) -> bytes | None:
    """A released report's file: the very bytes; None where there is none of that kind."""
    asked = select_of(ReportFileRow, authority, ReportFileRow.octets).where(
        col(ReportFileRow.report) == report, col(ReportFileRow.format) == name
    )
    octets = connection.execute(asked).scalar_one_or_none()
    return None if octets is None else bytes(octets)
