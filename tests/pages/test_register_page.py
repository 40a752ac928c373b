"""The register in the browser: what each of them sees of it, and that a leader sees no child."""

import re
from dataclasses import replace
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from sqlalchemy import text

from api.presenters import item_reader
from api.queries import register_query
from drp.register import write
from drp.register.write import EntryChange
from drp.reports import register_search
from drp.reports.aggregate import Dimension
from drp.reports.register_search import RegisterFilter
from drp.reports.response_times import VisitFilter
from drp.reports.theme_tables import TableQuestion
from tests.cast.world import World
from tests.pages.browser import Page, Visitor, at_browser
from tests.pages.test_teams import notice, raised
from tests.register_list.sheets import from_a_sheet
from workflows.model.reporting import StagesTogether


def shown(page: Page) -> list[str]:
    """The references that the register lists, in order, whether they open or not."""
    assert page.status == 200, page.text
    return re.findall(r'<th scope="row" class="govuk-table__header">(?:<a [^>]*>)?([^<]+)<', page.html)


def opening(page: Page) -> list[str]:
    return [said for href, said in page.links if re.fullmatch(r"/challenges/[0-9A-Z-]{9}", href)]


def logged(world: World, reference: str, what: str = "register") -> int:
    return sum(line["what"] == what for line in world.service.access_log.of(world.council.key, reference))


def number_of(page: Page) -> int:
    found = re.search(r'id="found">([\d,]+) item', page.html)
    assert found, page.text
    return int(found[1].replace(",", ""))


def test_everything_is_one_list_newest_first(world: World) -> None:
    first = raised(world)
    world.at("Thu 2 April 2026, 10:00")
    second = raised(world, "T-4", by="ivor")
    praise = notice(world, "Well done.")
    page = at_browser(world, "mona").open("/register")
    assert shown(page) == [second, first]
    assert number_of(page) == 2
    assert shown(at_browser(world, "mona").open("/register?sort=raised_up")) == [first, second]
    assert shown(at_browser(world, "mona").open("/register?kind=practice")) == [praise]
    assert {*shown(at_browser(world, "mona").open("/register?kind=all"))} == {first, second, praise}
    assert number_of(at_browser(world, "mona").open("/register?practice=1")) == 3


def check_a_leader_sees_no_child(world: World) -> None:
    reference = raised(world)
    page = at_browser(world, "hugo").open("/register")
    assert shown(page) == [reference]
    assert opening(page) == []
    assert "KT" not in page.text.replace(reference, "")  # which may hold them by chance
    assert "T-1" not in page.text
    assert "Irene" not in page.text.partition("Sign out")[2]
    assert logged(world, reference) == 0


def test_a_leader_sees_lines_without_children_names_or_ways_in(world: World) -> None:
    check_a_leader_sees_no_child(world)


def test_planted_a_line_that_says_whose_it_is_to_everybody_is_noticed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    if not world.store.is_sqlite:
        return
    monkeypatch.setattr(item_reader.access, "check_sees", lambda *given: None)
    with pytest.raises(AssertionError):
        check_a_leader_sees_no_child(world)


def test_an_iro_opens_what_is_theirs_and_sees_no_other_child(world: World) -> None:
    mine, other = raised(world), raised(world, "T-4", by="ivor")
    page = at_browser(world, "irene").open("/register")
    assert {*shown(page)} == {mine, other}
    assert opening(page) == [mine]
    assert "KT (T-1)" in page.text
    assert "T-4" not in page.text
    assert (logged(world, mine), logged(world, other)) == (1, 0)


def test_only_the_iro_manager_sees_who_raised_it(world: World) -> None:
    raised(world)
    assert "Irene" in at_browser(world, "mona").open("/register").text
    assert "Irene" not in at_browser(world, "bob").open("/register").text.partition("Sign out")[2]


def test_what_is_not_theirs_to_ask_is_refused_plainly(world: World) -> None:
    raised(world)
    iro = world.id("irene")
    assert at_browser(world, "mona").open(f"/register?iro={iro}").status == 200
    for person in ("irene", "bob", "hugo"):
        page = at_browser(world, person).open(f"/register?iro={iro}")
        assert page.status == 403
        assert "supervision" in page.text
    assert shown(at_browser(world, "bob").open("/register?child=T-1"))
    assert not shown(at_browser(world, "bob").open("/register?child=T-2"))
    for person in ("irene", "hugo"):
        for path in ("/register", "/register/export"):
            page = at_browser(world, person).open(f"{path}?child=T-1")
            assert page.status == 403
            assert "desk" in page.text


@pytest.mark.parametrize("person", ["sam", "tess", "ada", "audrey"])
def test_it_is_not_for_everybody(world: World, person: str) -> None:
    visitor = at_browser(world, person)
    assert visitor.open("/register").status == 403
    assert "/register" not in [urlsplit(href).path for href, _ in visitor.open("/").links]


@pytest.mark.parametrize(
    "query",
    [
        "year=x",
        "month=2026-13",
        "quarter=2026",
        "since=x",
        "iro=x",
        "iro=%00",
        "sort=x",
        "kind=x",
        "after=x",
        "year=-",
        "reply=x",
        "cause=x",
        "came_since=x",
        "came_since=2026&came_until=2025",
    ],
)
def test_what_there_is_not_is_refused_with_what_to_do(world: World, query: str) -> None:
    assert at_browser(world, "mona").open(f"/register?{query}").status == 422


def test_a_childs_number_from_a_sheet_is_the_desks(world: World) -> None:
    with world.store.write(world.council.key) as connection:
        line = from_a_sheet("OLD-1", "N-77")
        write.write_entries(connection, world.council.key, [EntryChange(line.id, None, line)])
    for person, sees in (("mona", True), ("bob", True), ("irene", False), ("hugo", False)):
        page = at_browser(world, person).open("/register?sheet=" + "a" * 64)
        assert shown(page) == ["OLD-1"]
        assert "from a sheet" in page.text
        assert ("N-77" in page.text) is sees, person


def test_what_waits_past_its_date_is_what_the_themes_say(world: World) -> None:
    late = raised(world, stage="stage_2", stage_reason="High.")
    world.at("Thu 30 April 2026, 10:00")
    raised(world, "T-2", stage="stage_2", stage_reason="High.")
    visitor = at_browser(world, "mona")
    themes = visitor.open("/themes/time")
    links = [(href, said) for href, said in themes.links if "past=1" in href]
    assert links
    for href, said in links:
        assert number_of(visitor.open(href)) == int(said.rpartition(": ")[2])
    assert shown(visitor.open("/register?past=1")) == [late]
    assert not [href for href, _ in visitor.open("/themes/time?team=south").links if "past=1" in href]
    of_north = [href for href, _ in visitor.open("/themes/time?team=north&stage=stage_3").links if "past=1" in href]
    assert [shown(visitor.open(href)) for href in of_north] == [[late]]


def test_each_figure_of_the_themes_page_opens_to_as_many_items(world: World) -> None:
    for child, by in (("T-1", "irene"), ("T-2", "irene"), ("T-4", "ivor")):
        raised(world, child, by=by)
    notice(world, "Well done.")
    visitor = at_browser(world, "mona")
    for query in ("", "?by=stage&across=status&span=year&together=1&practice=1", "?by=team&across=theme&span=all", "?by=iro"):
        page = visitor.open(f"/themes{query}")
        figures = [(href, said) for href, said in page.links if href.startswith("/register?") and said.replace(",", "").isdigit()]
        assert figures, query
        for href, said in figures:
            assert number_of(visitor.open(href)) == int(said.replace(",", "")), href


def test_each_figure_of_how_soon_and_why_opens_to_as_many_items(world: World) -> None:
    world.at("Wed 1 April 2026, 10:00")
    late, withdrawn = raised(world, stage="stage_2", stage_reason="High."), raised(world, "T-2")
    raised(world, "T-4", by="ivor")
    assert world.as_("irene").brings(withdrawn, "withdrawn", why="Settled.").status_code == 200
    assert world.as_("irene").brings(late, "escalated", why="It cannot wait.").status_code == 200
    for day in ("Thu 2 April 2026, 10:00", "Tue 7 April 2026, 09:30", "Thu 30 April 2026, 09:30"):
        world.at(day).sweep()
    visitor = at_browser(world, "mona")
    page = visitor.open("/themes/time?span=years")
    figures = [(href, said) for href, said in page.links if href.startswith("/register?") and said.isdigit()]
    assert {"reply", "cause", "ended"} <= {name for href, _ in figures for name, _ in parse_qsl(urlsplit(href).query)}
    for href, said in figures:
        found = visitor.open(href)
        assert number_of(found) == int(said), href
    climbed = next(href for href, _ in figures if "cause=chosen" in href)
    assert shown(visitor.open(climbed)) == [late]
    assert "came to Stage 3, April 2025 to March 2027; why it climbed: taken higher by the IRO." in visitor.open(climbed).text


def test_a_stage_that_nobody_recorded_opens_its_items_too(world: World) -> None:
    line = from_a_sheet("OLD-1", "N-77")
    ended = replace(line.line, stage="", outcome="resolved", ended_on=line.line.raised_on)
    with world.store.write(world.council.key) as connection:
        write.write_entries(connection, world.council.key, [EntryChange(line.id, None, replace(line, line=ended))])
    raised(world)
    visitor = at_browser(world, "mona")
    [href] = [href for href, _ in visitor.open("/themes/time?span=all").links if "ended=1" in href]
    assert shown(visitor.open(href)) == ["OLD-1"]


def test_stages_that_somebody_came_to_together_stay_together(world: World) -> None:
    reference = raised(world, stage="stage_2", stage_reason="High.")
    words = procedures_of(world)
    words = replace(
        words, reporting=replace(words.reporting, together=(StagesTogether("Stages 2 and 3", ("stage_2", "stage_3")),))
    )
    asked: Any = SimpleNamespace(service=world.service, signed=SimpleNamespace(capacities=frozenset()))
    one = RegisterFilter(TableQuestion(Dimension.MONTH), came=VisitFilter("Stages 2 and 3"))
    with world.store.read(world.council.key) as connection:
        its, _ = register_query.words_for(connection, asked, words, one)
        assert [line.reference for line in register_search.search_register(connection, its, one, world.now).items] == [reference]


def test_other_reasons_stand_with_their_words_for_whoever_may_read_them(world: World) -> None:
    other = next(r.key for theme in procedures_of(world).themes for r in theme.reasons if r.needs_words)
    reference = raised(world, reasons=[other], other_reason="The lift was broken.")
    raised(world, "T-2")
    page = at_browser(world, "irene").open("/register?other=1")
    assert shown(page) == [reference]
    assert "The lift was broken." in page.text
    page = at_browser(world, "hugo").open("/register?other=1")
    assert shown(page) == [reference]
    assert "The lift was broken." not in page.text


def procedures_of(world: World) -> Any:
    with world.store.read(world.council.key) as connection:
        return world.service.casework.procedures.current(connection, world.council.key)[0].authority


# Pages of it, and saved views.


def test_page_after_page_each_item_comes_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.pages.reports.register_page.ON_A_PAGE", 2)
    made = [raised(world, child) for child in ("T-1", "T-2", "T-1", "T-2", "T-1")]
    visitor, href, found = at_browser(world, "irene"), "/register", []
    while href:
        page = visitor.open(href)
        found += shown(page)
        href = next((to for to, said in page.links if "Next" in said), "")
    assert sorted(found) == sorted(made)


def saved(visitor: Visitor, name: str, path: str = "/register?team=north&past=1") -> Page:
    return visitor.fill(visitor.open(path), "/register/views", name=name)


def test_a_view_is_saved_under_a_name_looked_at_again_and_removed(world: World) -> None:
    visitor = at_browser(world, "irene")
    page = saved(visitor, "North, late")
    assert "The view is saved." in page.text
    assert ("/register?team=north&past=1", "North, late") in page.links
    page = saved(visitor, "North, late", "/register?team=south")
    assert [href for href, said in page.links if said == "North, late"] == ["/register?team=south"]
    assert "North, late" not in at_browser(world, "ivor").open("/register").text
    page = visitor.fill(page, "/register/views/remove")
    assert "North, late" not in page.text
    assert "removed" in page.text


def test_a_view_without_a_name_or_one_too_many_is_refused_and_kept_on_the_page(world: World) -> None:
    visitor = at_browser(world, "irene")
    assert saved(visitor, "").status == 422
    assert saved(visitor, "x" * 201).status == 422
    for n in range(30):
        assert saved(visitor, f"View {n}").status == 200
    page = saved(visitor, "One more")
    assert page.status == 422
    assert "as many as there can be" in page.text
    assert world.rows(text("SELECT name FROM saved_view WHERE name = 'One more'")) == []
    assert saved(visitor, "View 3", "/register?team=south").status == 200


def test_json_says_the_same_page_by_page(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(register_query, "ON_A_PAGE", 2)
    made = [raised(world, child) for child in ("T-1", "T-2", "T-1")]
    first = world.as_("hugo").get("/register", team="north").json()
    assert first["items_in_all"] == 3
    assert len(first["items"]) == 2
    assert not any(one["opens"] or one["child"] or one["iro"] for one in first["items"])
    rest = world.as_("hugo").get("/register", team="north", after=first["next"]).json()
    assert rest["next"] is None
    assert {one["reference"] for one in first["items"] + rest["items"]} == {*made}
    first = world.as_("irene").get("/register", sort="reference").json()
    assert all(one["opens"] for one in first["items"])
    assert {one["child"] for one in first["items"]} <= {"KT (T-1)", "JO (T-2)"}
    assert world.as_("irene").get("/register", iro=str(world.id("irene"))).status_code == 403
