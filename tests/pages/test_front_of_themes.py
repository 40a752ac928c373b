"""The front of Themes: what gets better or worse beyond chance, what changed for children, where replies take longest."""

import re
from dataclasses import replace
from datetime import date, timedelta
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID, uuid5

import pytest

from drp.register.write import EntryChange, EntryToInsert, write_entries
from drp.reports import what_changed
from drp.reports.display_labels import read_labels
from drp.reports.front_of_themes import read_front, same_part
from tests.cast.world import World
from tests.pages.browser import Page, at_browser
from workflows.calendar.report_periods import ReportEvery, ReportPeriod, period_holding
from workflows.model.ladder import ItemType, Status
from workflows.model.register_entry import CodedReason, EntryVisit, RegisterEntry
from workflows.model.reporting import SeriesBreak

DELAY, REPORT = "permanence_plan_delayed", "report_not_available"


def lines(
    number: int, first: date, reason: str, *, reply: str = "in time", days: int = 3, impact: str = ""
) -> list[EntryToInsert]:
    """So many lines of a register, one a day from a day on."""
    found = []
    for n in range(number):
        day = first + timedelta(days=n)
        stay = EntryVisit(1, "stage_2", "raised", day, reply, None, days if reply != "none" else None)
        entry = RegisterEntry(
            ItemType.FORMAL, day, "stage_2", (CodedReason(reason, "practice"),), "north", "care", "looked_after", False,
            "resolved" if impact else "open", impact, day if impact else None, (stay,),
        )  # fmt: skip
        id_ = uuid5(UUID(int=7), f"{reason} {first} {reply} {impact} {n}")
        found.append(EntryToInsert(id_, f"R-{id_.hex[:6]}", entry, sheet="a" * 64))
    return found


def registered(world: World, *groups: list[EntryToInsert]) -> World:
    with world.store.write(world.key) as connection:
        for group in groups:
            write_entries(connection, world.key, [EntryChange(one.id, None, one) for one in group])
    return world


def front(world: World, path: str = "/themes") -> Page:
    return at_browser(world, "hugo").open(path)


def side(page: Page, title: str) -> str:
    """What stands under one heading of the front."""
    found = re.search(rf"{title}</h3>(.*?)</div>", page.html, re.S)
    assert found, title
    return " ".join(re.sub(r"<[^>]+>", " ", found[1]).split())


@pytest.mark.parametrize(
    ("period", "today", "now", "before"),
    [
        (ReportPeriod("2026-04", "2027-03"), "2026-05-10", ("2026-04-01", "2026-05-10"), ("2025-04-01", "2025-05-10")),
        (ReportPeriod("2026-04", "2026-06"), "2026-06-30", ("2026-04-01", "2026-06-30"), ("2026-01-01", "2026-03-31")),
        (ReportPeriod("2026-10", "2026-12"), "2026-12-31", ("2026-10-01", "2026-12-31"), ("2026-07-01", "2026-09-30")),
    ],
)
def test_a_period_stands_beside_the_same_part_of_the_one_before(period, today, now, before):
    stretches = same_part(period, date.fromisoformat(today))
    assert [(str(one.first), str(one.last)) for one in stretches] == [now, before]


def test_a_year_counts_from_april():
    assert period_holding("2026-03", ReportEvery.YEAR) == ReportPeriod("2025-04", "2026-03")


def test_what_is_raised_more_often_beyond_chance_is_told_and_what_is_not_is_not(world: World) -> None:
    world.at("Mon 29 June 2026, 10:00")
    registered(
        world,
        lines(30, date(2026, 4, 2), DELAY), lines(8, date(2025, 4, 2), DELAY),
        lines(9, date(2026, 4, 2), REPORT), lines(6, date(2025, 4, 2), REPORT),
    )  # fmt: skip
    page = front(world)
    assert "Wednesday 1 April 2026 to Monday 29 June 2026, beside Tuesday 1 April 2025 to Sunday 29 June 2025" in page.text
    more = side(page, "Worse, or raised more often")
    assert "“Delay in a plan of permanence” is raised more often: 30 , after 8." in more
    assert "Report not available" not in more
    assert side(page, "Better, or raised less often") == "Nothing, beyond chance."
    assert "at most one in twenty would differ by chance alone" in page.text


def test_planted_every_difference_is_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(what_changed, "counts_differ", lambda *_: True)
    with pytest.raises(AssertionError):
        test_what_is_raised_more_often_beyond_chance_is_told_and_what_is_not_is_not(world)


def test_the_same_days_of_the_year_before_are_compared_and_not_all_of_it(world: World) -> None:
    world.at("Mon 29 June 2026, 10:00")
    registered(world, lines(12, date(2026, 4, 2), DELAY), lines(12, date(2025, 4, 2), DELAY), lines(60, date(2025, 8, 1), DELAY))
    assert "Raised: 12, after 12: no more of a difference than chance explains." in front(world).text


def test_replies_that_come_late_and_what_changed_for_children_are_told(world: World) -> None:
    world.at("Mon 29 June 2026, 10:00")
    registered(
        world,
        lines(20, date(2026, 4, 2), DELAY, reply="late", days=21, impact="no change"),
        lines(20, date(2025, 4, 2), DELAY, reply="in time", days=4, impact="better"),
    )
    page = front(world)
    worse = side(page, "Worse, or raised more often")
    said = "Replies in time, of those asked up to the end of May 2026"
    assert f"{said} : 0.0% (0 of 20), after 100.0% (20 of 20): worse." in worse
    assert "Stage 2, Care Service: 21 days in the middle of 20 replies; 20 late or none" in page.text
    table = re.search(r"By the highest stage reached.*?</table>", page.html, re.S)
    assert table
    assert re.search(r"Stage 2</th>.*>20</a>", table[0], re.S)


def test_nothing_is_compared_where_recording_changed_between(world: World) -> None:
    registered(world, lines(30, date(2026, 4, 2), DELAY), lines(8, date(2025, 4, 2), DELAY))
    procedures = world.service.casework.procedures
    with world.service.store.read(world.key) as connection:
        words = procedures.current(connection, world.key)[0].authority
        broken = replace(words.reporting, breaks=(SeriesBreak(date(2026, 1, 1), "Another system since January."),))
        labels = read_labels(connection, procedures, replace(words, reporting=broken))
        front = read_front(connection, labels, ReportEvery.YEAR, date(2026, 6, 29))
    assert (front.moved.broken, front.compared, front.shares) == ("Another system since January.", 0, ())
    assert not front.moved.every.is_beyond_chance


def test_children_of_other_councils_are_counted_apart(world: World) -> None:
    own, others = lines(3, date(2026, 4, 2), DELAY), lines(2, date(2026, 4, 12), DELAY)
    elsewhere = [replace(one, line=replace(one.line, status=Status.OTHER_COUNCIL.value)) for one in others]
    registered(world, own, elsewhere)
    made = world.as_("mona").get("/themes", by="status", across="none").json()
    assert {row["label"]: row["items"] for row in made["rows"]} == {"looked after": 3, "looked after by another council": 2}


def test_a_figure_of_the_front_opens_its_items(world: World) -> None:
    world.at("Mon 29 June 2026, 10:00")
    registered(world, lines(30, date(2026, 4, 2), DELAY), lines(8, date(2025, 4, 2), DELAY))
    page = front(world)
    found = [href for href, said in page.links if said == "30" and "reason=" in href]
    assert found
    assert world.as_("hugo").get("/register", **dict(parse_qsl(urlsplit(found[0]).query))).json()["items_in_all"] == 30


def test_the_front_stands_where_nothing_is_asked_and_for_the_quarter_too(world: World) -> None:
    world.at("Mon 29 June 2026, 10:00")
    assert "What is getting worse, and what better" in front(world).text
    assert "beside Thursday 1 January 2026 to Tuesday 31 March 2026" in front(world, "/themes?front=quarter").text
    assert "What is getting worse" not in front(world, "/themes?by=stage").text
