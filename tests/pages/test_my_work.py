"""My tasks: each person sees what presses on them, first what presses most, and nothing that is not theirs."""

from tests.cast.world import World
from tests.pages.browser import at_browser


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
