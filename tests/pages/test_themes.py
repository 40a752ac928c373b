"""Themes at a browser: this quarter beside the one before, every figure a way to its items, a sheet to take away."""

import csv
import io
import json
import re
from typing import Any
from urllib.parse import parse_qsl
from xml.etree import ElementTree

import pytest
from openpyxl import load_workbook

from tests.cast.world import World
from tests.pages.browser import Page, Visitor, at_browser

FORMAL: dict[str, Any] = {"item_type": "formal", "effect_on_child": "She waits.", "outcome_sought": "A plan."}
WHICH = {"delay": "permanence_plan_delayed", "report": "report_not_available"}


def raised(world: World, reason: str, child: str = "T-1") -> str:
    answer = world.as_("irene").raises(child, **FORMAL, reasons=[WHICH[reason]])
    assert answer.status_code == 201, answer.text
    return str(answer.json()["reference"])


@pytest.fixture
def two_quarters(world: World) -> World:
    """On 1 April a year begins: two raised in March, three in April."""
    world.at("Mon 16 March 2026, 10:00")
    raised(world, "delay")
    raised(world, "report", "T-2")
    world.at("Wed 1 April 2026, 10:00")
    for _ in range(2):
        raised(world, "delay")
    raised(world, "report")
    return world


def leader(world: World) -> Visitor:
    return at_browser(world, "hugo")


def figures_of(page: Page, row: str) -> list[int]:
    """The numbers of one row of the table, the total last."""
    found = re.search(rf'<th scope="row"[^>]*>(?:<a[^>]*>)?{re.escape(row)}(?:</a>)?</th>(.*?)</tr>', page.html, re.S)
    assert found, row
    return [int(number) for number in re.findall(r'numeric">(?:<a[^>]*>|<span class="app-quiet">)([\d,]+)', found[1])]


def test_a_leader_sees_this_quarter_beside_the_one_before(two_quarters: World) -> None:
    page = leader(two_quarters).open("/themes")
    assert figures_of(page, "Delay in a plan of permanence") == [1, 2, 3]
    assert figures_of(page, "Report not available for a meeting") == [1, 1, 2]
    assert figures_of(page, "Total") == [2, 3, 5]
    assert "Q4 2025/26" in page.html
    assert "Q1 2026/27" in page.html
    assert "3 in Q1 2026/27, 2 in Q4 2025/26: 3 − 2 = +1; +1 of 2 is +50.0%." in page.html
    assert "Most often: “Delay in a plan of permanence”, 3 of 5 (60.00%); 2 in Q1 2026/27, 1 in Q4 2025/26." in page.html


def test_what_happens_is_counted_at_once(two_quarters: World) -> None:
    world = two_quarters
    assert figures_of(leader(world).open("/themes"), "Total") == [2, 3, 5]
    raised(world, "report")
    assert figures_of(leader(world).open("/themes"), "Total") == [2, 4, 6]


def test_a_quarter_with_nothing_in_it_stands_beside_the_other(world: World) -> None:
    raised(world, "delay")
    assert figures_of(leader(world).open("/themes"), "Total") == [0, 1, 1]


def test_every_figure_opens_the_register_narrowed_to_it(two_quarters: World) -> None:
    page = leader(two_quarters).open("/themes")
    links = {link.replace("&amp;", "&") for link in re.findall(r'href="(/register\?[^"]+)"', page.html)}
    wanted = "/register?since=2026-01&until=2026-06&reason=permanence_plan_delayed&quarter=2026-Q1"
    assert wanted in links
    drawn = re.search(r"<svg.*?</svg>", page.html, re.S)
    assert drawn
    assert wanted.replace("&", "&amp;") in drawn[0]


def test_the_drawing_is_whole_and_says_what_it_shows(two_quarters: World) -> None:
    answer = leader(two_quarters).send("GET", "/themes/file?format=svg")
    made = ElementTree.fromstring(answer.text)
    assert made.attrib["role"] == "group"
    assert "Most often: “Delay in a plan of permanence”" in made.attrib["aria-label"]
    assert "href" not in answer.text
    texts = [element.text for element in made.iter("{http://www.w3.org/2000/svg}text")]
    assert "2 (66.67%)" in texts


@pytest.mark.parametrize("kind", ["csv", "xlsx", "json"])
def test_the_sheet_that_is_taken_away_says_the_same(two_quarters: World, kind: str) -> None:
    answer = leader(two_quarters).send("GET", f"/themes/file?format={kind}")
    assert f'filename="themes-2026-04-01.{kind}"' in answer.headers["content-disposition"]
    if kind == "json":
        made = json.loads(answer.text)
        assert made["items"] == 5
        assert [(row["label"], row["items"], [cell["items"] for cell in row["cells"]]) for row in made["rows"]] == [
            ("Delay in a plan of permanence", 3, [1, 2]), ("Report not available for a meeting", 2, [1, 1]),
        ]  # fmt: skip
        return
    if kind == "csv":
        rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    else:
        book = load_workbook(io.BytesIO(answer.content))
        assert book.sheetnames == ["Themes", "About"]
        rows = [["" if cell is None else str(cell) for cell in row] for row in book["Themes"].iter_rows(values_only=True)]
    assert rows[0] == ["Reason", "Q4 2025/26", "Q4 2025/26, %", "Q1 2026/27", "Q1 2026/27, %", "Total", "Total, %"]
    assert rows[1] == ["Delay in a plan of permanence", "1", "50.00%", "2", "66.67%", "3", "60.00%"]
    assert rows[3] == ["Total", "2", "100.00%", "3", "100.00%", "5", "100.00%"]


def test_figures_by_iro_are_for_the_iro_manager_alone(two_quarters: World) -> None:
    mona = at_browser(two_quarters, "mona")
    assert figures_of(mona.open("/themes?by=iro"), "Irene") == [2, 3, 5]
    for asked in ("by=iro", "across=iro", "iro=x", "by=stage&iro=-"):
        refused = leader(two_quarters).send("GET", f"/themes?{asked}")
        assert refused.status_code == 422
        assert "Irene" not in refused.text
        assert two_quarters.as_("irene").get("/themes", **dict(parse_qsl(asked))).status_code == 422
    assert 'value="iro"' not in leader(two_quarters).open("/themes").html


def test_planted_figures_by_iro_for_everybody_are_noticed(two_quarters: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from api.queries import report_query

    whole = report_query.read_question
    monkeypatch.setattr(
        report_query, "read_question", lambda query, today, practice, sees, *more: whole(query, today, practice, True, *more)
    )
    with pytest.raises(AssertionError):
        test_figures_by_iro_are_for_the_iro_manager_alone(two_quarters)


def test_managers_who_answer_have_no_figures(two_quarters: World) -> None:
    for person in ("tess", "sam", "ada", "audrey"):
        for path in (
            "/themes",
            "/themes/time",
            "/themes/patterns",
            "/themes/between-reviews",
            "/themes/practice",
            "/themes/file",
        ):
            assert at_browser(two_quarters, person).send("GET", path).status_code == 403, (person, path)
    assert "/themes" not in at_browser(two_quarters, "tess").open("/").html


@pytest.mark.parametrize(
    "query",
    ["by=snakes", "across=snakes", "span=snakes", "since=soon", "since=2026&until=2025", "by=reason&across=reason", "since=²016"],
)
def test_what_cannot_be_counted_is_said(world: World, query: str) -> None:
    answer = leader(world).send("GET", f"/themes?{query}")
    assert answer.status_code == 422
    assert "Traceback" not in answer.text


def test_replies_and_climbs_by_stage(world: World) -> None:
    world.at("Wed 1 April 2026, 10:00")
    first = raised(world, "delay")
    raised(world, "report", "T-2")
    world.sweep()

    page = leader(world).open("/themes/time")
    assert "No item came to another stage than the one where it was raised in this period." in page.html
    assert world.as_("irene").brings(first, "escalated", why="It cannot wait.").status_code == 200
    for day in ("Thu 2 April 2026, 10:00", "Tue 7 April 2026, 09:30", "Thu 9 April 2026, 09:30"):
        world.at(day).sweep()
    page = leader(world).open("/themes/time")
    came_up = re.search(r"Why it climbed.*?<tbody.*?</tbody>", page.html, re.S)
    assert came_up
    assert "Stage 3" in came_up[0]
    heads = re.findall(r'--numeric">([^<]+)</th>', page.html)
    assert {"No reply", "Taken higher by the IRO"} <= set(heads)


def test_what_comes_back_and_what_is_not_there(two_quarters: World) -> None:
    page = leader(two_quarters).open("/themes/patterns?span=years")
    assert "3 times: Delay in a plan of permanence" in page.text
    assert "T-1" not in page.html  # a leader reads no case numbers here
    assert "reference=" not in page.html  # nor which items are one child's: of one of them they may know whose it is
    assert "Stage 7" in page.html  # nothing reached it
    desk = at_browser(two_quarters, "mona").open("/themes/patterns?span=years")
    assert desk.html.count("/register?reference=") == 3
    assert "(child T-1)" in desk.text
    reason = next(href for href, said in page.links if said == "Delay in a plan of permanence")
    assert "reason=permanence_plan_delayed" in reason
    assert leader(two_quarters).open(reason).status == 200


def test_a_team_page_has_the_teams_own_figures(two_quarters: World) -> None:
    page = leader(two_quarters).open("/teams/north")
    assert "Delay in a plan of permanence" in page.html
    assert "team=north" in page.html
    assert "What its challenges are about" not in at_browser(two_quarters, "tom").open("/teams/north").html


def test_a_quarter_that_is_not_over_says_so(two_quarters: World) -> None:
    said = "Q1 2026/27 is not over: it is counted up to Wednesday 1 April 2026."
    assert said in leader(two_quarters).open("/themes").html
    assert said in leader(two_quarters).send("GET", "/themes/file?format=csv").text
    assert "is not over" not in leader(two_quarters).open("/themes?since=2025-Q4&until=2025-Q4").html


def test_by_iro_nobody_is_ranked(two_quarters: World) -> None:
    html = at_browser(two_quarters, "mona").open("/themes?by=iro").html
    assert "5 in all, 5 of them raised here by 1 IRO." in html
    assert "Most often" not in html
