"""For the child's file, each step that everybody could read and nothing else; for the child, a letter that is kept nowhere."""

from collections.abc import Callable

from tests.cast.councils import LEVELS
from tests.cast.world import World
from tests.pages.browser import at_browser
from tests.referral.matter import ADVICE, CONCERN, CONFIDENCE, matter, refer
from tests.service.test_about_service import ABOUT_NORTH


def test_each_step_has_a_page_and_holds_nothing_that_the_iro_service_keeps(world: World) -> None:
    reference = matter(world)
    refer(world, reference, said=[{"item": "child", "words": "Her whole name."}])
    irene = at_browser(world, "irene")
    whole = irene.open(irene.open(f"/challenges/{reference}").link("Text for the child's file"))
    for said in (CONCERN, "We will look at it.", "Referred to CAFCASS", "I want to stay."):
        assert said in whole.text
    for kept in (ADVICE, CONFIDENCE, "own thoughts", "Her whole name."):
        assert kept not in whole.text
    for entry in world.entries(reference):
        page = irene.open(f"/challenges/{reference}/file/{entry.number}")
        assert page.status in (200, 404)
        assert (page.status == 404) or entry.visible == "everyone"
    one = irene.open(f"/challenges/{reference}/file/1")
    assert CONCERN in one.text
    assert "We will look at it." not in one.text


def test_a_letter_in_plain_words_that_the_iro_makes_their_own_and_that_is_kept_nowhere(world: World) -> None:
    reference = matter(world)
    irene = at_browser(world, "irene")
    before = world.entries(reference)
    page = irene.open(irene.open(f"/challenges/{reference}").link("Write to the child"))
    assert "I am your IRO." in page.html
    assert "by Friday 17 April 2026" in page.html
    assert "advocate" in page.html
    ready = irene.fill(page, name="Kit", letter="Dear me, my own words to you.")
    assert "Dear Kit," in ready.text
    assert "my own words to you" in ready.text
    assert irene.open(ready.link("Put on the record that the child was told")).status == 200
    assert world.entries(reference) == before
    assert "my own words" not in irene.open(f"/challenges/{reference}/letter").html


def test_neither_is_for_whoever_is_asked(world: World) -> None:
    reference = matter(world)
    for path in ("file", "file/1", "letter"):
        assert at_browser(world, "tess").send("GET", f"/challenges/{reference}/{path}").status_code == 403
    assert "Text for the child" not in at_browser(world, "tess").open(f"/challenges/{reference}?all=1").text


def test_there_is_no_letter_where_there_is_no_child(build: Callable[..., World]) -> None:
    world = build(LEVELS)
    reference = world.as_("irene").raises("", **ABOUT_NORTH).json()["reference"]
    assert at_browser(world, "irene").send("GET", f"/challenges/{reference}/letter").status_code == 404
    assert at_browser(world, "irene").send("GET", f"/challenges/{reference}/file").status_code == 200


def test_the_letter_never_says_that_somebody_answered_who_did_not(world: World) -> None:
    reference = str(world.as_("irene").raises().json()["reference"])
    world.pass_to("Fri 10 April 2026, 12:00")
    assert world.as_("irene").item(reference)["phase"] == "asking"
    page = at_browser(world, "irene").open(f"/challenges/{reference}/letter")
    assert "They have answered" not in page.html
    assert "the best next step for you" in page.html
