"""Figures are by stage and by service. By person they are for supervision, the IRO manager alone; by role there are none."""

import re
from typing import Any

import pytest
from sqlalchemy import inspect

from api.json.reports import NARROWS
from api.queries import report_query
from api.routes import ROUTES
from drp.database.register_tables import RegisterRow, StayRow
from drp.identity.principal import RouteAudience
from drp.reports.aggregate import Dimension
from drp.reports.response_times import StageResponseTimes, VisitFilter
from tests.cast.world import World
from tests.pages.browser import Page, at_browser
from tests.pages.test_board import raised, row_of

OTHERS = ("irene", "ivor", "bob", "hugo")
"""Whoever reads figures and is no IRO manager: two IROs, business support, a leader."""

PATHS = (
    "/themes",
    "/themes/time",
    "/themes/patterns",
    "/themes/between-reviews",
    "/themes/practice",
    "/themes/file",
    "/register",
    "/register/export",
)


@pytest.fixture
def replied(world: World) -> World:
    """Two teams were asked by two IROs; one replied in time, one has not yet."""
    answered = raised(world, "T-1")
    raised(world, "T-4", by="ivor")
    world.at("Thu 2 April 2026, 10:00")
    assert world.as_("tess").brings(answered, "responded", position="disagrees", answer="No.").status_code == 200
    return world


def stages_of(page: Page) -> list[str]:
    """What stands at the head of each row of the replies."""
    body = page.html.partition('aria-label="Replies by stage"')[2].partition("</table>")[0]
    return re.findall(r'<th scope="row"[^>]*>([^<]+)</th>', body)


# By IRO.


@pytest.mark.parametrize("person", OTHERS)
def test_nobody_but_the_iro_manager_asks_for_figures_by_iro(replied: World, person: str) -> None:
    visitor, iro = at_browser(replied, person), replied.id("ivor")
    for path in PATHS:
        for asked in ("by=iro", "across=iro", f"iro={iro}", "iro=-"):
            if path.startswith("/register") and not asked.startswith("iro="):
                continue  # it lists, and counts by nothing
            answer = visitor.send("GET", f"{path}?{asked}")
            assert answer.status_code in (403, 422), (path, asked)
            assert "supervision" in answer.text, (path, asked)
            assert "Ivor" not in re.sub(r"<header.*?</header>", "", answer.text, flags=re.S) or person == "ivor", (path, asked)
    for path, asked in (("/themes", {"by": "iro"}), ("/themes", {"across": "iro"}), ("/themes", {"iro": str(iro)}),
                        ("/register", {"iro": str(iro)})):  # fmt: skip
        assert replied.as_(person).get(path, **asked).status_code in (403, 422), (path, asked)


def test_the_iro_manager_sees_them(replied: World) -> None:
    mona, iro = at_browser(replied, "mona"), replied.id("ivor")
    assert "Ivor" in mona.open("/themes?by=iro").text
    assert mona.open(f"/themes/time?iro={iro}").status == 200
    assert replied.as_("mona").get("/themes", by="iro").status_code == 200
    assert replied.as_("mona").get("/register", iro=str(iro)).status_code == 200


@pytest.mark.parametrize("person", OTHERS)
def test_no_figure_and_no_line_names_an_iro_to_others(replied: World, person: str) -> None:
    visitor = at_browser(replied, person)
    other = "Ivor" if person != "ivor" else "Irene"
    for path in PATHS:
        text = visitor.send("GET", path).text
        assert other not in text, path
        assert 'value="iro"' not in text, path
    assert all(not line.get("iro") for line in replied.as_(person).get("/register").json()["items"])


def test_the_board_counts_by_iro_for_the_iro_manager_and_together_for_business_support(replied: World) -> None:
    page = at_browser(replied, "mona").open("/board")
    assert [row_of(page, iro)[1] for iro in ("Irene", "Ivor")] == [1, 1]
    page = at_browser(replied, "bob").open("/board")
    table = page.html.partition('aria-label="Open items"')[2].partition("</table>")[0]
    assert re.findall(r'<th scope="row"[^>]*>([^<]+)', table) == ["Together"]
    assert row_of(page, "Together")[1] == 2
    assert "What each IRO has in hand is for supervision: the IRO manager sees it." in page.text
    assert ROUTES["GET", "/board"] is RouteAudience.DESK


# By person who replies, and by role.


def test_replies_are_by_stage_for_everybody_who_reads_figures(replied: World) -> None:
    for person in ("mona", *OTHERS):
        page = at_browser(replied, person).open("/themes/time")
        assert (page.status, stages_of(page)) == (200, ["Stage 2"]), person
        for name in ("Tess", "Tom", "Team Manager"):
            assert name not in page.text.partition("Replies, by stage")[2], (person, name)


@pytest.mark.parametrize("person", OTHERS)
def test_replies_of_one_team_are_one_managers_and_so_for_supervision(replied: World, person: str) -> None:
    visitor = at_browser(replied, person)
    answer = visitor.open("/themes/time?team=north")
    assert answer.status == 422
    assert "How soon one team replied is one manager's own figures: the IRO manager sees them." in answer.text
    assert "Look at replies by stage, or narrowed to a service." in answer.text
    for path in ("/register", "/register/export"):
        assert visitor.send("GET", f"{path}?team=north&reply=late").status_code == 403, path
        assert visitor.send("GET", f"{path}?team=north&came_to=stage_2").status_code == 200, path
    assert replied.as_(person).get("/register", team="north", reply="in time").status_code == 403
    assert visitor.open("/themes?team=north").status == 200, "what a team's challenges are about is nobody's figure"
    assert visitor.open(f"/themes/time?service={service_of(replied)}").status == 200


def service_of(world: World) -> str:
    return str(world.as_("mona").get("/themes", by="service", across="none").json()["rows"][0]["key"])


def test_the_iro_manager_sees_the_replies_of_one_team(replied: World) -> None:
    mona = at_browser(replied, "mona")
    assert stages_of(mona.open("/themes/time?team=north")) == ["Stage 2"]
    assert mona.open("/register?team=north&reply=in+time").status == 200
    assert replied.as_("mona").get("/register", team="north", reply="in time").status_code == 200


@pytest.mark.parametrize("person", ["tess", "tom", "sam", "ada", "audrey"])
def test_whoever_answers_reads_no_figures_at_all(replied: World, person: str) -> None:
    for path in PATHS:
        assert at_browser(replied, person).send("GET", path).status_code == 403, path


def test_nothing_is_counted_by_role_or_by_person_who_replies(replied: World) -> None:
    """So no role of fewer than five holders stands by itself: it is only in its stage's figures. Add none without that rule."""
    assert {by.value for by in Dimension} == {
        "year", "quarter", "month", "stage", "reason", "theme", "team", "service", "status", "item_type", "outcome", "impact",
        "iro",
    }  # fmt: skip
    assert set(NARROWS) == {by.value for by in Dimension}
    assert {"role", "person", "people", "asked"}.isdisjoint(StageResponseTimes.__dataclass_fields__)
    assert set(VisitFilter.__dataclass_fields__) == {"stage", "reply", "cause", "first", "last"}
    for table in (RegisterRow, StayRow):
        columns = {column.key for column in inspect(table).columns}
        assert {"role", "person", "asked", "answered_by"}.isdisjoint(columns), table
    for said in ("role", "person", "asked"):
        for person in ("mona", "hugo"):
            visitor = at_browser(replied, person)
            assert visitor.send("GET", f"/themes?by={said}").status_code == 422
            assert visitor.send("GET", f"/themes?across={said}").status_code == 422
            narrowed = visitor.open(f"/themes/time?{said}=team_manager")
            assert stages_of(narrowed) == stages_of(visitor.open("/themes/time")), "it narrows nothing"
            assert replied.as_(person).get("/themes", by=said).status_code == 422


# A person's own.


def own(world: World, person: str) -> list[tuple[str, int, int, int]]:
    """Their own figures: stage, asked, in time, still waiting."""
    figures = world.as_(person).get("/me/replies").json()
    return [(one["stage"], one["asked"], one["in_time"], one["waiting"]) for one in figures]


def test_whoever_is_asked_sees_their_own_figures_and_nobody_elses(replied: World) -> None:
    assert own(replied, "tess") == [("Stage 2", 1, 1, 0)]
    assert own(replied, "tom") == [("Stage 2", 0, 0, 1)]
    for person in ("mona", *OTHERS):
        assert own(replied, person) == [], "figures of others are not theirs"
    tess = at_browser(replied, "tess")
    assert 'href="/replies"' in tess.open("/").html
    page = tess.open("/replies")
    assert "You see this, and nobody else does." in page.text
    body = page.html.partition('aria-label="Replies asked of you, by stage"')[2].partition("</table>")[0]
    assert re.findall(r"<td[^>]*>([^<]+)</td>", body)[:3] == ["1", "1", "0"]
    assert "No stage asked you" in at_browser(replied, "irene").open("/replies").text


def test_what_was_asked_in_a_colleagues_place_is_nobodys_own_figure(world: World) -> None:
    world.cover("tess", "tom", "2026-04-01")
    reference = raised(world, "T-1")
    assert world.told(reference)[0][1] == {"tom"}
    assert own(world, "tom") == []
    assert own(world, "tess") == []


def test_who_was_not_reached_reads_so_and_gave_no_late_reply(climbing: World) -> None:
    climbing.mails = False
    raised(climbing, "T-1")
    climbing.pass_to("Thu 9 April 2026, 12:00")
    figures = climbing.as_("tess").get("/me/replies").json()
    assert [(one["asked"], one["none"], one["not_reached"]) for one in figures] == [(0, 0, 1)]
    page = at_browser(climbing, "hugo").open("/themes/time")
    row = page.html.partition('aria-label="Replies by stage"')[2].partition("</table>")[0]
    assert re.findall(r'href="[^"]*reply=not\+reached[^"]*">(\d+)</a>', row)[:1] == ["1"]


# Planted.


def test_planted_own_figures_that_are_everybodys_are_caught(replied: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from api.queries import own_replies

    honest: Any = own_replies.response_times_by_stage
    monkeypatch.setattr(own_replies, "response_times_by_stage", lambda *given, person: honest(*given))
    with pytest.raises(AssertionError):
        test_whoever_is_asked_sees_their_own_figures_and_nobody_elses(replied)


def test_planted_figures_of_one_person_for_everybody_are_caught(replied: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from api.pages.reports import themes_page

    monkeypatch.setattr(themes_page, "check_replies", lambda *given: None)
    with pytest.raises(AssertionError):
        test_replies_of_one_team_are_one_managers_and_so_for_supervision(replied, "hugo")


def test_planted_figures_by_iro_in_the_register_are_caught(replied: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from api.queries import register_query

    monkeypatch.setattr(register_query, "sees_iros", lambda asked: True)
    with pytest.raises(AssertionError):
        test_nobody_but_the_iro_manager_asks_for_figures_by_iro(replied, "bob")


def test_planted_question_that_anybody_asks_by_iro_is_caught(replied: World, monkeypatch: pytest.MonkeyPatch) -> None:
    honest: Any = report_query.read_question

    def read(query: Any, today: Any, practice: bool, sees_iros: bool, *more: Any) -> Any:
        return honest(query, today, practice, True, *more)

    monkeypatch.setattr(report_query, "read_question", read)
    with pytest.raises(AssertionError):
        test_nobody_but_the_iro_manager_asks_for_figures_by_iro(replied, "irene")
