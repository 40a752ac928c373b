"""Suppression attacked over editions and beside other reports: what is subtracted tells nothing small."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from uuid import UUID, uuid5

import pytest

from drp.register.write import EntryChange, EntryToInsert, write_entries
from drp.reports.aggregate import Dimension
from drp.reports.display_labels import TITLES
from drp.written_reports import drafts
from drp.written_reports.contents import HIDDEN, ReportContents, ReportTable
from drp.written_reports.count_report import count_report
from drp.written_reports.report_kinds import KINDS
from tests.cast.councils import NORTH
from tests.cast.world import World
from tests.pages.browser import at_browser
from workflows.calendar.report_periods import ReportEvery, ReportPeriod, period_holding
from workflows.model.ladder import ItemType
from workflows.model.refusals import Unfit
from workflows.model.register_entry import CodedReason, RegisterEntry
from workflows.model.reporting import ReportKind

OWN = (Dimension.STAGE, Dimension.REASON, Dimension.OUTCOME, Dimension.IMPACT)
"""By what the whole authority's own totals are published."""

PLAIN = {"since", "until", "practice", "came_to", "came_since", "came_until", "reply", *(by.value for by in OWN)}
"""What the register may be narrowed to behind a figure that crosses nothing."""

YEAR = ReportPeriod("2025-04", "2026-03")
CROSSES = {TITLES[by] for by in (Dimension.TEAM, Dimension.SERVICE, Dimension.STATUS)}


@pytest.fixture
def north(build: Callable[..., World]) -> World:
    return build(NORTH)


def came(world: World, number: int, status: str, stage: str = "alert", first: date = date(2025, 5, 1)) -> None:
    """So many items of a child's status in the year, a day apart."""
    with world.store.write(world.key) as connection:
        for n in range(number):
            day = first + timedelta(days=n)
            reasons = (CodedReason("decisions_not_acted_on", "reviews"),)
            ended = ("resolved", "", day)
            entry = RegisterEntry(ItemType.INFORMAL, day, stage, reasons, "north", "care", status, False, *ended)
            id_ = uuid5(UUID(int=9), f"{status} {stage} {day}")
            line = EntryToInsert(id_, f"R-{id_.hex[:8]}", entry, sheet="b" * 64)
            write_entries(connection, world.key, [EntryChange(line.id, None, line)])


def children_table(contents: ReportContents) -> ReportTable:
    part = contents.part("children")
    assert part
    return part.tables[0]


def printed(table: ReportTable) -> dict[tuple[str, str], str]:
    return {
        (line.key, heading): figure.shown
        for line in table.lines
        for heading, figure in zip(table.headings[1:], line.figures, strict=True)
    }


def chapter(world: World) -> str:
    """The annual chapter, released: its address."""
    mona = at_browser(world, "mona")
    page = mona.fill(mona.open("/reports/new"), kind="annual_chapter", period="2025-04/2026-03")
    path = page.answer.url.path
    mona.fill(mona.open(f"{path}/release"), f"{path}/release")
    return str(path)


def contents_of(world: World, path: str) -> ReportContents:
    with world.service.store.read(world.key) as connection:
        report = drafts.read_report(connection, world.key, UUID(path.rpartition("/")[2]))
    assert report
    return report.contents


def check_editions_tell_nothing(world: World) -> None:
    came(world, 30, "looked_after")
    came(world, 4, "child_protection")
    path = chapter(world)
    first = printed(children_table(contents_of(world, path)))
    assert first["child_protection", "All"] == HIDDEN
    came(world, 1, "child_protection", first=date(2025, 11, 1))  # found later, and brought in
    mona = at_browser(world, "mona")
    second_path = mona.fill(mona.open(path), f"{path}/edition").answer.url.path
    mona.fill(mona.open(f"{second_path}/release"), f"{second_path}/release")
    second = contents_of(world, second_path)
    assert second.edition == 2
    assert printed(children_table(second)) == first, "34 and then 35 in all, and 5 where nothing stood, would say that it was 4"
    stages = second.part("stages")
    assert stages
    assert stages.tables[0].lines[-1].figures[0].number == 35, "the whole authority's own total stands as it is"


def test_a_later_edition_repeats_the_table_that_crosses_as_it_was_first_released(north: World) -> None:
    check_editions_tell_nothing(north)


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_planted_a_table_counted_again_for_each_edition_is_noticed(north: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafts, "find_first_released", lambda *given: None)
    with pytest.raises(AssertionError):
        check_editions_tell_nothing(north)


@pytest.mark.parametrize("every", ReportEvery)
def test_of_what_may_be_published_only_a_whole_year_crosses_anything(north: World, every: ReportEvery) -> None:
    """One crossing table, of whole reporting years, in one report: no other has its cells, so nothing is subtracted from it."""
    came(north, 30, "looked_after")
    came(north, 4, "child_protection")
    period = period_holding("2026-03", every)
    crossing = []
    for kind in (kind for kind in ReportKind if KINDS[kind].is_published):
        with north.service.store.read(north.key) as connection:
            made = count_report(connection, north.service.casework.procedures, north.key, kind, period, north.now)
        for part in made.parts:
            for table in part.tables:
                narrowed = {key for line in table.lines for figure in line.figures for key in figure.behind}
                if CROSSES & set(table.headings) or narrowed - PLAIN:
                    crossing.append((kind, table.key))
    assert crossing == ([(ReportKind.ANNUAL_CHAPTER, "children")] if every is ReportEvery.YEAR else [])


def test_what_is_said_under_a_table_tells_nothing_of_what_is_left_out(north: World) -> None:
    came(north, 30, "looked_after")
    came(north, 3, "")
    with north.service.store.read(north.key) as connection:
        made = count_report(connection, north.service.casework.procedures, north.key, ReportKind.ANNUAL_CHAPTER, YEAR, north.now)
    table = children_table(made)
    assert printed(table)["-", "All"] == HIDDEN
    assert not [note for note in table.notes if re.search(r"\d", note)], "3 of 33 have no status recorded"


def test_a_figure_of_a_table_that_leaves_some_out_is_not_changed_by_hand(north: World) -> None:
    came(north, 30, "looked_after")
    came(north, 4, "child_protection")
    mona = at_browser(north, "mona")
    path = mona.fill(mona.open("/reports/new"), kind="annual_chapter", period="2025-04/2026-03").answer.url.path
    form = mona.open(f"{path}/parts/children")
    assert "Change a figure by hand" not in form.text
    with north.service.store.write(north.key) as connection:
        report = drafts.read_report(connection, north.key, UUID(path.rpartition("/")[2]))
        assert report
        with pytest.raises(Unfit):
            drafts.change_figure(connection, north.key, report, "children/child_protection/all", "4", "It is four.")


def test_a_later_edition_keeps_the_records_own_figure_beside_the_hand(north: World) -> None:
    came(north, 30, "looked_after")
    came(north, 6, "child_protection")
    mona = at_browser(north, "mona")
    path = mona.fill(mona.open("/reports/new"), kind="annual_chapter", period="2025-04/2026-03").answer.url.path
    key = "children/looked_after/all"
    mona.fill(mona.open(f"{path}/parts/children"), figure=key, shown="31", why="One came late.")
    mona.fill(mona.open(f"{path}/release"), f"{path}/release")
    second = mona.fill(mona.open(path), f"{path}/edition").answer.url.path
    for address in (path, second):
        line = next(line for line in children_table(contents_of(north, address)).lines if line.key == "looked_after")
        assert (line.figures[-1].shown, line.figures[-1].record) == ("31", "30")


def test_the_authoritys_own_totals_stand_however_small(north: World) -> None:
    came(north, 2, "looked_after")
    came(north, 1, "child_protection")
    with north.service.store.read(north.key) as connection:
        made = count_report(connection, north.service.casework.procedures, north.key, ReportKind.ANNUAL_CHAPTER, YEAR, north.now)
    stages = made.part("stages")
    assert stages
    assert stages.tables[0].lines[-1].figures[0].shown == "3"
    assert printed(children_table(made))["all", "All"] == "3"
