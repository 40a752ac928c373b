"""My tasks: each person sees what presses on them, first what presses most, and nothing that is not theirs."""

from dataclasses import replace

import pytest

from api.pages.my_work import my_tasks
from tests.cast.world import World
from tests.pages.browser import Page, at_browser


def raised(world: World, child: str = "T-1", **said: object) -> str:
    answer = world.as_("irene").raises(child, item_type="formal", **said)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["reference"])


def order(text: str, *parts: str) -> None:
    places = [text.index(part) for part in parts]
    assert places == sorted(places), dict(zip(parts, places, strict=True))


def test_the_iro_considers_first_then_what_is_past_its_date_then_what_waits(world):
    waits, answered = raised(world), raised(world, "T-2")
    world.as_("tess").brings(answered, "responded", position="agrees", answer="Yes.")
    page = at_browser(world, "irene").open("/")
    order(page.text, "For you to consider", answered, "Waiting for others", waits)
    world.now = world.now.replace(day=9, hour=6)  # the date is past, and it has not yet climbed
    order(at_browser(world, "irene").open("/").text, "For you to consider", answered, "Past the date: no reply yet", waits)


def test_a_manager_sees_what_is_asked_of_them_and_not_what_they_are_copied_in(world):
    reference = raised(world)
    assert "A reply is asked of you" in at_browser(world, "tess").open("/").text
    copied = at_browser(world, "otto").open("/").text
    assert "A reply is asked of you" not in copied
    assert reference not in copied


def test_a_head_of_service_sees_their_line_by_team_and_no_child_in_it(world):
    raised(world)
    page = at_browser(world, "otto").open("/")
    assert "Replies asked, by team" in page.text
    assert "T-1" not in page.text
    assert "Your line" not in at_browser(world, "tess").open("/").text


def test_what_one_covers_stands_apart_under_whose_it_is(world):
    reference = raised(world)
    world.cover("irene", "colin")
    page = at_browser(world, "colin").open("/")
    order(page.text, "For colleagues whom you cover", reference, "for Irene")


def test_a_delegate_sees_what_the_director_is_asked(world):
    reference = raised(world, stage="stage_6", stage_reason="It cannot wait.")
    world.cover("cora", "quinn", delegate=True)
    assert reference in at_browser(world, "quinn").open("/").text


def test_with_nothing_to_do_it_says_so(world):
    assert "You have no tasks today." in at_browser(world, "gina").open("/").text


def test_what_is_read_in_a_list_is_in_the_access_log(world):
    reference = raised(world)
    at_browser(world, "tess").open("/")
    log = world.service.access_log.of(world.council.key, reference)
    assert [line["what"] for line in log if line["person"] == str(world.id("tess"))] == ["list"]


def test_whoever_was_copied_first_and_is_asked_later_finds_it_among_their_work(world):
    """Copied at stage 2, asked at stage 3: the same post, the same person."""
    irene = world.as_("irene")
    reference = irene.raises(item_type="formal", stage="stage_2", stage_reason="It cannot wait.").json()["reference"]
    otto = at_browser(world, "otto")
    assert reference not in otto.open("/").text, "a copy asks nothing"
    assert irene.brings(reference, "escalated", why="No reply came.").status_code == 200
    assert reference in otto.open("/").text


# A page at a time.


def references_on(page: Page) -> list[str]:
    """The items that a page of tasks lists, in order."""
    return [text.partition(":")[0] for href, text in page.links if href.startswith("/challenges/") and ": " in text]


def many_tasks(world: World) -> set[str]:
    """Thirty that wait for others, seven that are the IRO's to consider; those to consider were raised last."""
    waiting = [raised(world, ("T-1", "T-2")[n % 2]) for n in range(30)]
    answered = [raised(world) for _ in range(7)]
    for reference in answered:
        assert world.as_("tess").brings(reference, "responded", position="agrees", answer="Yes.").status_code == 200
    return {*waiting, *answered}


def test_tasks_stand_a_page_at_a_time_in_one_order_and_each_number_is_of_all_pages(world, monkeypatch):
    every = many_tasks(world)
    irene = at_browser(world, "irene")
    first, second, third = irene.open("/"), irene.open("/?page=2"), irene.open("/?page=3")
    assert "1 to 25 of 37, most urgent first" in first.text
    assert "26 to 37 of 37, most urgent first" in second.text
    assert "There is nothing on this page." in third.text
    order(first.text, "For you to consider (7)", "Waiting for others (30)")
    assert "For you to consider" not in second.text
    assert "Waiting for others, continued (30)" in second.text
    assert "More urgent" in second.text
    listed = references_on(first) + references_on(second)
    assert (len(listed), set(listed)) == (37, every)
    monkeypatch.setattr(my_tasks, "ON_A_PAGE", 100)
    assert references_on(irene.open("/")) == listed
    assert "most urgent first" not in irene.open("/").text


def test_whatever_is_not_looked_through_has_a_later_date_than_what_is(world, monkeypatch):
    early = raised(world, stage="stage_2", stage_reason="High.")
    world.at("Fri 3 April 2026, 10:00")
    late = raised(world, stage="stage_2", stage_reason="High.")
    monkeypatch.setattr(my_tasks, "MOST", 1)
    page = at_browser(world, "irene").open("/")
    assert early in page.text
    assert late not in page.text
    assert "all of it with later dates" in page.text


def test_planted_a_number_of_the_page_beside_a_heading_is_noticed(world, monkeypatch):
    real = my_tasks.sections_of_page
    monkeypatch.setattr(
        my_tasks, "sections_of_page", lambda lines, first: [replace(one, total=len(one.lines)) for one in real(lines, first)]
    )
    with pytest.raises((AssertionError, ValueError)):
        test_tasks_stand_a_page_at_a_time_in_one_order_and_each_number_is_of_all_pages(world, monkeypatch)
