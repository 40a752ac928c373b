"""The register as a file: made whole before it is handed out, in short readings, so that nobody who writes waits for it."""

from collections.abc import Iterator, Mapping
from tempfile import TemporaryFile
from typing import IO
from uuid import UUID

from api.exports import csv_text
from api.exports.workbooks import Cell, write_workbook
from api.queries import register_query
from api.queries.register_query import RegisterQuery
from api.request_context import RequestContext
from drp.directory import lookup
from drp.reports import register_search
from drp.reports.aggregate import Dimension
from drp.reports.display_labels import DisplayLabels
from drp.reports.register_search import RegisterItem
from drp.timeline.read import read_last_words
from workflows.calendar.working_days import local_date, long_date, so_many
from workflows.model.authority import Authority
from workflows.model.refusals import Unfit

AT_ONCE = 1_000
"""Lines that are held at once, and read in one transaction."""

MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

HEADINGS = (
    "Reference", "Kind of item", "Raised on", "Highest stage reached", "Reasons", "Themes", "Team", "Service", "Child's status",
    "Outcome", "What changed for the child", "Ended on", "Days to the end", "From a sheet",
)  # fmt: skip


SAY_WHAT_CHANGED = ("resolved", "impact_recorded")
"""The events whose words say what changed for the child: what was said last stands in the list."""


FOR_THE_DESK = ("Child's number", "What changed, in words", "In the child's own words")
"""The headings of what only those who see every child are given."""


def register_file_name(asking: RequestContext, kind: str) -> str:
    """What the file is called: nothing of it is anybody's words."""
    return f"register-{local_date(asking.now).isoformat()}.{kind}"


def write_register_file(asked: RequestContext, words: Authority, one: RegisterQuery, kind: str) -> tuple[IO[bytes], int]:
    """A file of every line that is asked for, at its beginning and to be closed, and how many lines it has.

    The file has a place on the disk and no name there, so that nothing of it is left. The rows of a workbook wait meanwhile
    in a folder of their own under the machine's temporary one, which is removed at the end and after every error; only a
    process that is killed leaves it behind. Raises Unfit (also for more lines than a workbook holds), OSError, Unavailable.
    """
    if kind not in MEDIA_TYPES:
        raise Unfit("There is no such kind of file.", f"Choose one of: {', '.join(MEDIA_TYPES)}.", "format")
    with asked.service.store.read(asked.authority) as connection:
        its, shown = register_query.words_for(connection, asked, words, one.narrowed)
        about = _about(asked, words, register_query.query_in_words(connection, asked.authority, its, one.narrowed))
    headings = [
        *HEADINGS,
        *(
            ["Child's number", "What changed, in words", "In the child's own words"]
            if register_query.sees_children(asked)
            else []
        ),
    ]
    headings += [shown.title(Dimension.IRO)] if register_query.sees_iros(asked) else []
    count = 0

    def counted() -> Iterator[list[Cell]]:
        nonlocal count
        for row in _rows(asked, its, shown, one):
            count += 1
            yield row

    # Whoever hands it out closes it.
    file = TemporaryFile()  # noqa: SIM115
    try:
        if kind == "xlsx":
            write_workbook([("About", ["What this is"], ([line] for line in about)), ("Register", headings, counted())], file)
        else:
            file.write(csv_text.BOM + csv_text.csv_lines([*([line] for line in about), [], headings]))
            for row in counted():
                file.write(csv_text.csv_lines([["" if cell is None else str(cell) for cell in row]]))
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file, count


def file_pieces(file: IO[bytes], size: int = 1 << 16) -> Iterator[bytes]:
    """A file piece by piece; it is closed at the end, and when nobody takes any more of it."""
    with file:
        while piece := file.read(size):
            yield piece


def _about(asked: RequestContext, words: Authority, narrowed: list[str]) -> list[str]:
    return [
        f"The register of {words.name}",
        f"Lines: {'; '.join(narrowed)}.",
        f"Taken away on {long_date(local_date(asked.now))}, each item once, newest first.",
        "Counts of these lines are true and not suppressed: they may point to a child. Keep this file as you keep the record.",
    ]


def _rows(asked: RequestContext, its: DisplayLabels, shown: DisplayLabels, one: RegisterQuery) -> Iterator[list[Cell]]:
    """Every line, a page at a time. By the day of raising, which never changes: nothing is missed or comes twice meanwhile."""
    sort = "raised_up" if one.sort == "raised_up" else "raised"
    sees_children, after = register_query.sees_children(asked), ""
    while True:
        with asked.service.store.read(asked.authority) as connection:
            page = register_search.search_register(connection, its, one.narrowed, asked.now, sort, AT_ONCE, after)
            children = [item.child for item in page.items if item.child] if sees_children else []
            numbers = lookup.child_numbers_of(connection, asked.authority, children) if children else {}
            kept = [item.id for item in page.items if not item.sheet] if sees_children else []
            changed, childs = (
                read_last_words(connection, asked.authority, kept, SAY_WHAT_CHANGED, field) if kept else {}
                for field in ("what_changed", "childs_words")
            )
        yield from (_row(asked, shown, item, numbers, changed, childs) for item in page.items)
        if not (after := page.next):
            return


def _row(
    asked: RequestContext,
    shown: DisplayLabels,
    one: RegisterItem,
    numbers: Mapping[UUID, str],
    changed: Mapping[UUID, str],
    childs: Mapping[UUID, str],
) -> list[Cell]:
    said = register_query.plain_line(shown, one)
    row: list[Cell] = [
        one.reference, said["item_type"], one.raised_on, said["stage"], "; ".join(said["reasons"]), "; ".join(said["themes"]),
        said["team"], said["service"], said["status"], said["outcome"], said["impact"], one.ended_on, one.days_to_end,
        "yes" if one.sheet else "",
    ]  # fmt: skip
    if register_query.sees_children(asked):
        row.append(one.number or (numbers.get(one.child, "") if one.child else ""))
        row += [changed.get(one.id, ""), childs.get(one.id, "")]
    if register_query.sees_iros(asked):
        row.append(shown.label(Dimension.IRO, str(one.raiser)) if one.raiser else "")
    return row


def note_register_export(asked: RequestContext, count: int) -> None:
    """Write down who took how much away. Raises Unavailable."""
    what = f"register taken away: {so_many(count, 'lines')}"
    asked.service.access_log.record(asked.authority, asked.now, asked.signed.person, what, "")
