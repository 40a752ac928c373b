"""What changed for the child, in the browser: said at the end, looked at again, and found on the item."""

import pytest

from tests.pages.browser import at_browser, day
from tests.service.world import World


def raised(world: World, **said: object) -> str:
    answer = world.as_("irene").raises(item_type="formal", **said)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["reference"])


@pytest.mark.parametrize(
    ("move", "words"),
    [
        ("resolved", {"what_changed": "She sees her brother."}),
        ("ended_unresolved", {"why": "No way on."}),
        ("overtaken", {"by_what": "She moved home."}),
    ],
)
def test_an_ending_asks_what_changed_and_the_item_says_it(world, move, words):
    reference = raised(world)
    irene = at_browser(world, "irene")
    page = irene.open(f"/challenges/{reference}/do/{move}")
    assert "What changed for the child?" in page.text
    page = irene.fill(page, found="partly", **words)
    assert page.status == 200, page.text
    assert "What changed for the childPartly better" in page.text
    assert world.as_("irene").item(reference)["impact"] == "partly"


def test_an_ending_need_not_say_it_and_the_item_asks_for_it_afterwards(world):
    reference = raised(world)
    irene = at_browser(world, "irene")
    page = irene.fill(irene.open(f"/challenges/{reference}/do/overtaken"), by_what="She moved home.")
    assert "What changed for the childNot said yet" in page.text
    page = irene.fill(irene.open(page.link("Say what changed for the child")), found="worse")
    assert "What changed for the childWorse" in page.text


def test_too_early_without_a_day_is_asked_for_the_day_beside_what_was_typed(world):
    reference = raised(world)
    irene = at_browser(world, "irene")
    page = irene.open(f"/challenges/{reference}/do/resolved")
    page = irene.fill(page, found="too early", what_changed="They have begun.")
    assert page.status == 422
    assert "If it is too early to say, somebody must look again." in page.text
    page = irene.fill(page, **day("look_again_on", "8 7 2026"))
    assert page.status == 200, page.text
    assert "To be looked at again by the end of Wednesday 8 July 2026." in page.text


def test_a_judgement_that_ends_it_says_it_too(world):
    reference = raised(world)
    world.as_("tess").brings(reference, "responded", position="agrees", answer="Yes.")
    irene = at_browser(world, "irene")
    page = irene.fill(irene.open(f"/challenges/{reference}/do/judged"), verdict="enough", found="better")
    assert page.status == 200, page.text
    assert world.as_("irene").item(reference)["impact"] == "better"
