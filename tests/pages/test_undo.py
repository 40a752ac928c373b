"""What a page did can be undone there: a cover taken back, children handed back, a pause of sending lifted or set again."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import insert, select

from api.json import outbox
from drp.database.directory_tables import CoverRow, PostRow
from drp.staffing import changes, cover_changes, handing_back
from tests.cast.world import World
from tests.pages.browser import Page, at_browser, day
from tests.pages.test_board import hand_over, iros, raised

TAKE_BACK, END, HAND_BACK = "/cover/take-back", "/cover/end", "/board/hand-back"
BRAKE, BRAKE_BACK = "/administration/outbox/brake", "/administration/outbox/take-back"


def offers(page: Page, action: str) -> list[str]:
    """The words of the buttons of the forms that go to an address."""
    return [said for form in page.forms if form.action == action for _, _, said in form.buttons]


def posted(world: World, who: str, path: str, **fields: str) -> Page:
    """Send a form that this person's page does not show."""
    visitor = at_browser(world, who)
    token = visitor.open("/cover").form("/cover").inputs["form_token"][0]
    return Page(visitor.send("POST", path, data={"form_token": token, **fields}))


# Cover.


def ran(world: World) -> list[bool]:
    """Of each cover: does it run on any day?"""
    rows = world.rows(select(CoverRow.since, CoverRow.until).order_by(CoverRow.since))
    return [row.until is None or row.until >= row.since for row in rows]


@pytest.mark.parametrize("since", ["1 4 2026", "7 4 2026"])
def test_a_cover_just_entered_is_taken_back_at_one_press(world: World, since: str) -> None:
    irene = at_browser(world, "irene")
    page = irene.fill(irene.open("/cover"), by=str(world.id("ivor")), **day("since", since))
    assert offers(page, TAKE_BACK) == ["Undo: take it back"]
    assert ran(world) == [True]
    page = irene.fill(page, TAKE_BACK)
    assert "It was taken back, as if it had never been entered." in page.text
    assert "Who stands in for you" not in page.text
    assert offers(page, TAKE_BACK) == []
    assert ran(world) == [False]
    again = posted(world, "irene", TAKE_BACK, cover=str(world.rows(select(CoverRow.id))[0].id))
    assert "That was taken back, or ended, already." in again.text


def test_taken_back_it_leaves_whoever_was_to_stand_in_with_nothing(world: World) -> None:
    reference = raised(world)
    irene = at_browser(world, "irene")
    page = irene.fill(irene.open("/cover"), by=str(world.id("ivor")))
    assert world.as_("ivor").get(f"/challenges/{reference}").status_code == 200
    irene.fill(page, TAKE_BACK)
    assert world.as_("ivor").get(f"/challenges/{reference}").status_code in (403, 404)
    assert world.as_("irene").item(reference)["you_are"] != []


def test_undo_is_offered_for_what_was_just_entered_and_for_nothing_else(world: World) -> None:
    world.cover("irene", "ivor", "2026-03-01")
    [(before,)] = world.rows(select(CoverRow.id))
    irene = at_browser(world, "irene")
    for path in ("/cover", "/cover?done=begun", f"/cover?done=begun&cover={before}", "/cover?done=begun&cover=no-such"):
        page = irene.open(path)
        assert (page.status, offers(page, TAKE_BACK)) == (200, []), path
    said = posted(world, "irene", TAKE_BACK, cover=str(before)).text
    assert "That has run since Sunday 1 March 2026, so it cannot be taken back as if it had never begun." in said
    assert "End it instead" in said
    assert ran(world) == [True]


def test_whoever_entered_it_may_take_it_back_though_they_may_end_none(world: World) -> None:
    """Business support gives cover by the standing order, and by nothing else: what they entered by mistake they take back."""
    mona, bob = at_browser(world, "mona"), at_browser(world, "bob")
    mona.fill(mona.open("/cover"), "/cover/order", **{"order-1": str(world.id("ivor"))})
    world.post_ends("mona", "iro_operations_manager", "2026-03-31")
    page = bob.fill(bob.open(f"/cover?of={world.id('irene')}"), by=str(world.id("ivor")))
    [(id_,)] = world.rows(select(CoverRow.id))
    assert posted(world, "bob", END, cover=str(id_)).status == 403
    assert posted(world, "tess", TAKE_BACK, cover=str(id_)).status == 403
    assert ran(world) == [True]
    page = bob.fill(page, TAKE_BACK)
    assert "It was taken back, as if it had never been entered." in page.text
    assert ran(world) == [False]


def test_another_authoritys_cover_cannot_be_taken_back(two: World) -> None:
    two.cover("irene", "ivor")
    [(id_,)] = two.rows(select(CoverRow.id))
    theirs = at_browser(two, "mona", "elsewhere")
    token = theirs.open("/cover").form("/cover").inputs["form_token"][0]
    assert theirs.send("POST", TAKE_BACK, data={"form_token": token, "cover": str(id_)}).status_code == 404


def test_planted_take_back_that_takes_nothing_back_is_caught(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cover_changes, "take_back_cover", lambda *given: None)
    with pytest.raises(AssertionError):
        test_a_cover_just_entered_is_taken_back_at_one_press(world, "1 4 2026")


# Children.


def hand_back(world: World, page: Page) -> Page:
    """Press what the confirmation of a hand-over offers."""
    mona = at_browser(world, "mona")
    return mona.fill(mona.open(f"/board?handed=1&change={page.form(HAND_BACK).inputs['change'][0]}"), HAND_BACK)


def test_children_just_handed_over_are_handed_back_at_one_press(world: World) -> None:
    reference = raised(world)
    page = hand_over(world, which="some", children=[str(world.child("T-1")), str(world.child("T-2"))])
    assert "The hand-over of 2 children is recorded." in page.text
    assert offers(page, HAND_BACK) == ["Hand back to Irene"]
    assert world.as_("ivor").brings(reference, "noted", text="Done meanwhile.").status_code == 200
    page = hand_back(world, page)
    assert "2 children were handed back, from today on. What was done meanwhile stands." in page.text
    assert iros(world) == {"T-1": ["Irene"], "T-2": ["Irene"], "T-3": ["Irene"], "T-4": ["Ivor"], "T-5": ["Colin"]}
    assert world.told(reference, "iro_changed")[-1][1] == {"irene"}
    assert "noted" in [entry.kind for entry in world.entries(reference)]
    assert world.as_("ivor").get(f"/challenges/{reference}").status_code in (403, 404)


def test_children_are_handed_back_some_days_later_and_the_days_between_stay_as_they_were(world: World) -> None:
    page = hand_over(world, which="some", children=[str(world.child("T-1"))])
    world.at("Thu 9 April 2026, 10:00")
    page = hand_back(world, page)
    assert "1 child was handed back" in page.text
    assert posts_of(world, "T-1") == [
        ("irene", "2026-03-31"), ("ivor", "2026-04-08"), ("irene", ""),
    ]  # fmt: skip


def posts_of(world: World, number: str) -> list[tuple[str, str]]:
    """Who was and is a child's IRO, and until when, without what never ran."""
    child = str(world.child(number))
    names = {world.id(one): one for one in ("irene", "ivor", "colin")}
    rows = world.rows(select(PostRow.__table__).where(PostRow.role == "iro", PostRow.key == child).order_by(PostRow.since))  # type: ignore[attr-defined]
    return [(names[row.person], str(row.until or "")) for row in rows if row.until is None or row.until >= row.since]


def test_a_hand_over_to_come_is_taken_back_and_no_day_is_left_without_an_iro(world: World) -> None:
    page = hand_over(world, which="some", children=[str(world.child("T-1"))], **day("since", "9 4 2026"))
    assert posts_of(world, "T-1") == [("irene", "2026-04-08"), ("ivor", "")]
    hand_back(world, page)
    assert posts_of(world, "T-1") == [("irene", "2026-04-08"), ("irene", "")]


def test_whoever_had_a_child_beside_the_other_keeps_them(world: World) -> None:
    post = {"role": "iro", "held_for": "child", "key": str(world.child("T-1")), "since": date(2026, 1, 1), "until": None}
    world.write(insert(PostRow).values(authority=world.key, id=world.chance.identity(), person=world.id("ivor"), **post))
    page = hand_over(world)
    assert iros(world)["T-1"] == ["Ivor"]
    hand_back(world, page)
    assert sorted(iros(world)["T-1"]) == ["Irene", "Ivor"]
    assert iros(world)["T-2"] == ["Irene"]


def test_nothing_is_handed_back_to_somebody_who_has_left(world: World) -> None:
    page = hand_over(world)
    world.leaves("irene", "2026-03-31")
    page = hand_back(world, page)
    assert page.status == 422
    assert "Irene left on Tuesday 31 March 2026, so the children cannot go back to them: they stay with Ivor." in page.text
    assert "Hand over the caseload of Ivor to somebody who is here." in page.text
    assert iros(world)["T-1"] == ["Ivor"]


def test_what_was_handed_on_since_is_not_handed_back(world: World) -> None:
    page = hand_over(world, which="some", children=[str(world.child("T-1"))])
    hand_over(world, to="Colin", of="Ivor", which="some", children=[str(world.child("T-1"))])
    again = hand_back(world, page)
    assert again.status == 422
    assert "1 of these children are not theirs any more." in again.text
    assert iros(world)["T-1"] == ["Colin"]


@pytest.mark.parametrize("person", ["irene", "ivor", "bob", "ada", "tess"])
def test_only_an_iro_manager_hands_back(world: World, person: str) -> None:
    page = hand_over(world, which="some", children=[str(world.child("T-1"))])
    change = page.form(HAND_BACK).inputs["change"][0]
    assert posted(world, person, HAND_BACK, change=change).status == 403
    assert iros(world)["T-1"] == ["Ivor"]
    for nothing in ("no-such", "00000000-0000-4000-8000-000000000000"):
        answer = posted(world, "mona", HAND_BACK, change=nothing)
        assert (answer.status, "That hand-over is not known here, so nothing was handed back." in answer.text) == (422, True)
    if person == "bob":
        assert offers(at_browser(world, "bob").open(f"/board?handed=3&change={change}"), HAND_BACK) == []


def test_another_authoritys_hand_over_is_not_handed_back(two: World) -> None:
    page = hand_over(two)
    change = page.form(HAND_BACK).inputs["change"][0]
    theirs = at_browser(two, "mona", "elsewhere")
    assert offers(theirs.open(f"/board?handed=3&change={change}"), HAND_BACK) == []
    token = theirs.open("/cover").form("/cover").inputs["form_token"][0]
    assert theirs.send("POST", HAND_BACK, data={"form_token": token, "change": change}).status_code == 422
    assert posts_of(two, "T-1") == [("irene", "2026-03-31"), ("ivor", "")]


def test_planted_hand_back_that_forgets_the_children_is_caught(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = changes.hand_over_cases

    def handed(*given: Any, children: Any = None, **more: Any) -> Any:
        return honest(*given, children=None, **more)

    monkeypatch.setattr(handing_back, "hand_over_cases", handed)
    with pytest.raises(AssertionError):
        test_children_just_handed_over_are_handed_back_at_one_press(world)


# Sending.


def paused(world: World) -> tuple[str, str]:
    shown = world.as_("mona").get("/outbox").json()
    return shown["brake"], shown["paused_why"]


@pytest.mark.parametrize("who", ["ada", "mona"])
def test_a_pause_of_sending_is_undone_where_it_was_set_and_its_end_where_it_was_lifted(world: World, who: str) -> None:
    visitor = at_browser(world, who)
    page = visitor.fill(visitor.open("/administration/outbox"), BRAKE, brake="all", why="A rehearsal.", sure="yes")
    assert "Sending is paused. What is asked from now on stands in the inbox" in page.text
    assert offers(page, BRAKE_BACK) == ["Undo: let mail leave again"]
    page = visitor.fill(page, BRAKE_BACK)
    assert paused(world) == ("", "")
    assert "Mail leaves again as it comes." in page.text
    assert offers(page, BRAKE_BACK) == ["Undo: pause it again, for the same reason"]
    page = visitor.fill(page, BRAKE_BACK)
    assert paused(world) == ("all", "A rehearsal.")
    page = visitor.fill(page, BRAKE, brake="none")
    assert paused(world) == ("", "")
    visitor.fill(page, BRAKE_BACK)
    assert paused(world) == ("all", "A rehearsal.")


def test_a_change_of_what_is_paused_is_undone_to_what_it_was(world: World) -> None:
    mona = at_browser(world, "mona")
    page = mona.fill(mona.open("/administration/outbox"), BRAKE, brake="all", why="A rehearsal.", sure="yes")
    page = mona.fill(page, BRAKE, brake="above", stage="stage_3", why="Only above.", sure="yes")
    assert paused(world) == ("stage_3", "Only above.")
    mona.fill(page, BRAKE_BACK)
    assert paused(world) == ("all", "A rehearsal.")


def test_what_was_changed_again_since_is_not_undone(world: World) -> None:
    mona, ada = at_browser(world, "mona"), at_browser(world, "ada")
    page = mona.fill(mona.open("/administration/outbox"), BRAKE, brake="all", why="A rehearsal.", sure="yes")
    ada.fill(ada.open("/administration/outbox"), BRAKE, brake="above", stage="stage_3", why="Only above.", sure="yes")
    answer = mona.fill(page, BRAKE_BACK)
    assert answer.status == 422
    assert "Sending was changed again since, so this cannot be taken back." in answer.text
    assert paused(world) == ("stage_3", "Only above.")
    for change in ("no-such", "00000000-0000-4000-8000-000000000000"):
        assert posted(world, "mona", BRAKE_BACK, change=change).status == 422
        assert offers(mona.open(f"/administration/outbox?done=paused&change={change}"), BRAKE_BACK) == []


def test_nothing_is_offered_where_nothing_was_just_changed(world: World) -> None:
    mona = at_browser(world, "mona")
    mona.fill(mona.open("/administration/outbox"), BRAKE, brake="all", why="A rehearsal.", sure="yes")
    assert offers(mona.open("/administration/outbox"), BRAKE_BACK) == []
    page = mona.fill(mona.open("/administration/outbox"), BRAKE, brake="all", why="It goes on.", sure="yes")
    assert offers(page, BRAKE_BACK) == [], "renewed: nothing was set that was not set before"


@pytest.mark.parametrize("person", ["irene", "bob", "tess", "audrey"])
def test_only_those_who_may_pause_sending_undo_it(world: World, person: str) -> None:
    mona = at_browser(world, "mona")
    page = mona.fill(mona.open("/administration/outbox"), BRAKE, brake="all", why="A rehearsal.", sure="yes")
    assert posted(world, person, BRAKE_BACK, change=page.form(BRAKE_BACK).inputs["change"][0]).status == 403
    assert paused(world) == ("all", "A rehearsal.")


def test_planted_lifting_that_forgets_the_reason_is_caught(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = outbox.pause_before

    def forgets(*given: Any) -> Any:
        before = honest(*given)
        return before.model_copy(update={"why": "So."}) if before and before.brake else before

    monkeypatch.setattr(outbox, "pause_before", forgets)
    with pytest.raises(AssertionError):
        test_a_pause_of_sending_is_undone_where_it_was_set_and_its_end_where_it_was_lifted(world, "mona")
