"""What changed for the child, in the browser: said at the end, looked at again, and found on the item."""

from datetime import date

import pytest
from sqlalchemy import update

from drp.database.directory_tables import ChildRow
from tests.cast.world import World
from tests.pages.browser import at_browser, day


def raised(world: World, **said: object) -> str:
    answer = world.as_("irene").raises(item_type="formal", **said)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["reference"])


def reviewed(world: World, on: date = date(2026, 9, 30)) -> None:
    """The directory knows T-1's next review."""
    world.write(update(ChildRow).where(ChildRow.authority == world.council.key, ChildRow.number == "T-1").values(next_review=on))


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


def test_half_way_to_the_next_review_is_offered_as_the_day_to_look_again(world):
    reviewed(world)
    reference = raised(world)
    irene = at_browser(world, "irene")
    page = irene.open(f"/challenges/{reference}/do/resolved")
    assert "The next review is on Wednesday 30 September 2026." in page.text
    page = irene.fill(page, found="too early", what_changed="They have begun.")
    assert page.status == 200, page.text
    assert "To be looked at again by the end of Wednesday 1 July 2026." in page.text
    assert "What changed for the childToo early to say" in page.text


def test_another_day_may_be_named_or_none(world):
    reviewed(world)
    reference, other = raised(world), raised(world)
    irene = at_browser(world, "irene")
    page = irene.open(f"/challenges/{reference}/do/ended_unresolved")
    page = irene.fill(page, why="No way on.", **day("look_again_on", "1 6 2026"))
    assert "To be looked at again by the end of Monday 1 June 2026." in page.text
    page = irene.open(f"/challenges/{other}/do/resolved")
    page = irene.fill(page, what_changed="She sees her brother.", found="better", no_look_again="yes")
    assert page.status == 200, page.text
    assert "To be looked at again" not in page.text
    assert not [window for window in world.as_("irene").item(other)["windows"] if window["kind"] == "follow_up"]


def test_a_review_that_is_near_is_itself_the_occasion(world):
    reviewed(world, date(2026, 4, 20))
    page = at_browser(world, "irene").open(f"/challenges/{raised(world)}/do/resolved")
    assert page.form().inputs["look_again_on-day"] == [""]


def test_without_a_next_review_nothing_is_offered(world):
    page = at_browser(world, "irene").open(f"/challenges/{raised(world)}/do/resolved")
    assert page.form().inputs["look_again_on-day"] == [""]
    assert "no_look_again" not in page.form().names


# What was agreed to be done.


def test_an_action_is_offered_the_day_of_the_next_review_and_rows_left_alone_are_none(world):
    reviewed(world)
    reference = raised(world)
    tess = at_browser(world, "tess")
    page = tess.open(f"/challenges/{reference}")
    assert page.form().inputs["actions-1-by-month"] == ["9"]
    page = tess.fill(page, position="agrees", answer="We will.", actions__0__what="Write the plan.")
    assert page.status == 200, page.text
    assert "Write the plan. – by Wednesday 30 September 2026" in page.text
    windows = [window for window in world.as_("irene").item(reference)["windows"] if window["kind"] == "action"]
    assert len(windows) == 1


def test_rows_added_later_are_offered_it_too_and_a_day_that_was_cleared_is_asked_for(world):
    reviewed(world)
    reference = raised(world)
    tess = at_browser(world, "tess")
    page = tess.open(f"/challenges/{reference}")
    page = tess.fill(page, press=("more", "actions"), **{f"actions__0__by__{part}": "" for part in ("day", "month", "year")})
    assert page.form().inputs["actions-0-by-month"] == [""], "what was cleared stays clear"
    assert page.form().inputs["actions-3-by-month"] == ["9"]
    page = tess.fill(page, position="agrees", answer="We will.", actions__0__what="Write the plan.")
    assert page.status == 422
    assert "Say by which day this will be done." in page.text


def test_the_item_lists_each_action_and_the_iro_says_whether_it_was_done(world):
    reference = raised(world)
    actions = [{"what": "Write the plan.", "by": "2026-04-20"}, {"what": "Book the contact.", "by": "2026-06-19"}]
    world.as_("tess").brings(reference, "responded", position="agrees", answer="Yes.", actions=actions)
    world.as_("irene").brings(reference, "resolved", what_changed="There is a plan.", found="partly")
    world.pass_to("Tue 21 April 2026, 10:00")
    irene = at_browser(world, "irene")
    assert "Actions to check" in irene.open("/").text
    page = irene.open(f"/challenges/{reference}")
    assert "Write the plan. – by Monday 20 April 2026, agreed by Tess: Past its date" in page.text
    assert "Book the contact. – by Friday 19 June 2026, agreed by Tess: Waiting" in page.text
    page = irene.fill(irene.open(page.link("it was not done: action 1")), why="It never came.")
    assert "agreed by Tess: Not done" in page.text
    page = irene.fill(irene.open(page.link("it was done: action 2")), words="I saw it.")
    assert "agreed by Tess: Done" in page.text
    assert "it was done" not in page.text
    assert "Actions to check" not in irene.open("/").text


def test_only_the_iro_is_offered_to_say_so(world):
    reference = raised(world)
    actions = [{"what": "Write the plan.", "by": "2026-04-20"}]
    world.as_("tess").brings(reference, "responded", position="agrees", answer="Yes.", actions=actions)
    page = at_browser(world, "tess").open(f"/challenges/{reference}?all=1")
    assert "agreed by Tess: Waiting" in page.text
    assert "it was done" not in page.text


def test_an_action_that_nobody_confirmed_stays_in_my_work_until_somebody_does(world):
    reference = raised(world)
    actions = [{"what": "Write the plan.", "by": "2026-04-20"}]
    world.as_("tess").brings(reference, "responded", position="agrees", answer="Yes.", actions=actions)
    world.as_("irene").brings(reference, "resolved", what_changed="There is a plan.", found="better")
    world.pass_to("Mon 1 June 2026, 10:00")
    irene = at_browser(world, "irene")
    assert reference in irene.open("/").text
    page = irene.open(f"/challenges/{reference}")
    assert "agreed by Tess: Past its date" in page.text
    irene.fill(irene.open(page.link("it was done: action 1")))
    assert reference not in irene.open("/").text
