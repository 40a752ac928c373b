"""The service board: counts that hold, what waits for the desk, held dates released at one press, a caseload handed over."""

import re
from datetime import date
from typing import Any

import pytest
from sqlalchemy import insert, select, update
from sqlmodel import col

from api import request_context
from api.pages.service_board import board
from drp.casework.service import Casework
from drp.database.challenge_tables import ChallengeRow, WindowRow
from drp.database.directory_tables import PersonRow, PostRow
from drp.database.message_tables import DeliveryRow, NotificationRow
from drp.directory.importing import read_standing_directory
from drp.directory.lookup import posts_nobody_holds
from drp.directory.vacancies import vacant_posts
from drp.identity.principal import RouteAudience
from tests.cast.councils import procedures
from tests.cast.world import World
from tests.pages.browser import Page, Visitor, at_browser, day
from tests.service.test_statements import counted
from workflows.model.refusals import NotYours

FORMAL: dict[str, Any] = {"item_type": "formal", "effect_on_child": "She waits.", "outcome_sought": "A plan."}
MEETING: dict[str, Any] = {**FORMAL, "stage": "stage_4", "stage_reason": "It cannot wait."}


def raised(world: World, child: str = "T-1", by: str = "irene", **said: Any) -> str:
    answer = world.as_(by).raises(child, **(FORMAL | said))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["reference"])


def row_of(page: Page, name: str) -> list[int]:
    """One line of the table: children, open, to consider, past the date, talks."""
    found = re.search(rf"<th[^>]*>(?:<a[^>]*>)?{re.escape(name)}(?:</a>)?(?:<span.*?</span>)?</th>(.*?)</tr>", page.html, re.S)
    assert found, name
    cells = re.findall(r'govuk-table__cell--numeric">(?:<span[^>]*>)?(\d+)', found[1])
    return [int(cell) for cell in cells]


def sections(page: Page) -> dict[str, int]:
    """How many items stand under each heading of My tasks."""
    return {
        heading: int(count) for heading, count in re.findall(r'<h2[^>]*>([^<]+?) <span class="app-quiet">\((\d+)\)', page.html)
    }


def hold_everything(world: World) -> None:
    """The service is away while dates pass, and comes back."""
    world.sweep()
    world.at("Mon 27 April 2026, 10:00").sweep()
    assert world.rows(select(WindowRow.n).where(WindowRow.held_since.is_not(None)))


# The table.


def a_busy_week(world: World) -> None:
    raised(world, "T-1")
    answered = raised(world, "T-2")
    world.as_("tess").brings(answered, "responded", position="disagrees", answer="No.")
    raised(world, "T-1", item_type="informal", without_clock=True)
    raised(world, "T-4", by="ivor")
    world.pass_to("Fri 10 April 2026, 10:00")
    raised(world, "T-2")


def test_the_board_counts_what_each_iro_has_in_hand(world: World) -> None:
    a_busy_week(world)
    page = at_browser(world, "mona").open("/board")
    assert row_of(page, "Irene") == [3, 4, 1, 0, 1]
    assert row_of(page, "Ivor") == [1, 1, 0, 0, 0]
    assert row_of(page, "Together") == [5, 5, 1, 0, 1]
    assert re.search(r"Irene.*Ivor.*Together", page.text), "what presses most comes first"


@pytest.mark.parametrize("iro", ["irene", "ivor"])
def test_the_board_counts_what_each_iro_finds_under_my_work(world: World, iro: str) -> None:
    a_busy_week(world)
    board_says = row_of(at_browser(world, "mona").open("/board"), iro.capitalize())
    mine = sections(at_browser(world, iro).open("/"))
    asked = mine.get("Waiting for others", 0) + mine.get("Past the date: no reply yet", 0)
    listed = [
        mine.get("For you to consider", 0),
        mine.get("Past the date: no reply yet", 0),
        mine.get("Talks: settle, or make formal", 0),
    ]
    assert board_says[2:] == listed
    assert board_says[1] == listed[0] + asked + listed[2]


def test_a_date_that_passed_counts_until_it_is_acted_on(world: World) -> None:
    raised(world)
    world.at("Thu 9 April 2026, 00:30")
    assert row_of(at_browser(world, "mona").open("/board"), "Irene") == [3, 1, 0, 1, 0]


def test_items_go_with_the_child_and_nobodys_are_the_managers(world: World) -> None:
    raised(world, "T-1")
    raised(world, "T-4", by="ivor")
    world.post_ends("ivor", "iro", "2026-03-31")
    hand_over(world, to="Ivor")
    page = at_browser(world, "mona").open("/board")
    assert row_of(page, "Ivor")[:2] == [3, 1]
    assert row_of(page, "No IRO today: with the IRO manager")[:2] == [0, 1]
    assert "Irene" not in re.findall(r"<th[^>]*>(?:<a[^>]*>)?(\w+)", page.html), "who has no child any more is on no line"


def test_no_child_is_on_the_board_where_nothing_waits_for_the_desk(world: World) -> None:
    a_busy_week(world)
    page = at_browser(world, "mona").open("/board")
    said = re.sub(r"\b\w{4}-\w{4}\b", "", page.text)  # a reference may hold initials by chance
    assert not [secret for secret in ("T-1", "T-2", "KT", "JO", "She waits") if secret in said]


def test_another_authoritys_items_are_not_counted(two: World) -> None:
    two.as_("irene", "elsewhere").raises(**FORMAL)
    assert row_of(at_browser(two, "mona").open("/board"), "Together") == [5, 0, 0, 0, 0]
    assert row_of(at_browser(two, "mona", "elsewhere").open("/board"), "Together")[:2] == [5, 1]


def test_mail_that_came_back_stands_on_the_board_until_the_item_is_opened(world: World) -> None:
    reference = raised(world, "T-1")
    world.mail_leaves()
    assert "All e-mail arrived, as far as is known." in at_browser(world, "mona").open("/board").text
    assert world.as_("irene").brings(reference, "did_not_arrive", role="team_manager").status_code == 200
    page = at_browser(world, "bob").open("/board")
    assert "Messages that did not arrive (1)" in page.text
    assert "Tess: the mail came back" in page.text
    assert world.as_("tess").get(f"/challenges/{reference}").status_code == 200
    assert "All e-mail arrived, as far as is known." in at_browser(world, "mona").open("/board").text


def test_the_board_costs_the_same_however_many_items_there_are(world: World) -> None:
    mona, costs = at_browser(world, "mona"), []
    for _ in range(3):
        for child in ("T-1", "T-2", "T-3"):
            raised(world, child)
        mona.open("/board")
        with counted(world) as seen:
            mona.open("/board")
        costs.append(len(seen))
    assert len(set(costs)) == 1, costs
    assert costs[0] <= 29


# Who sees it.


@pytest.mark.parametrize(
    ("person", "status"),
    [("mona", 200), ("bob", 200), ("irene", 403), ("ada", 403), ("tess", 403), ("cora", 403), ("audrey", 403)],
)
def test_the_board_is_for_the_desk(world: World, person: str, status: int) -> None:
    assert at_browser(world, person).open("/board").status == status


def test_a_board_for_everybody_would_be_noticed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(request_context.ROUTES, ("GET", "/board"), RouteAudience.PERSON)
    assert at_browser(world, "irene").open("/board").status == 200


def test_business_support_sees_the_board_and_hands_nothing_over(world: World) -> None:
    raised(world)
    hold_everything(world)
    bob = at_browser(world, "bob")
    page = bob.open("/board")
    assert "Hand over" not in page.text
    assert "Release all" not in page.text
    assert bob.open("/board/hand-over").status == 403
    token = bob.open("/cover").form("/cover").inputs["form_token"][0]
    answer = bob.send("POST", "/board/release", data={"form_token": token, "how": "as due", "why": "So."})
    assert answer.status_code == 403


# Meetings.


def test_meetings_to_arrange_are_listed_until_they_are_arranged(world: World) -> None:
    reference = raised(world, **MEETING)
    bob = at_browser(world, "bob")
    page = bob.open("/board")
    assert "Meetings to arrange (1)" in page.text
    arranging = bob.open(page.link(f"{reference}: KT (T-1)"))
    assert arranging.title.startswith("Book the meeting")
    done = bob.fill(arranging, **day("at", "7 4 2026"), at__time="2.30pm", where="County Hall")
    assert done.status == 200
    assert "Meetings to arrange (0)" in bob.open("/board").text


def test_what_the_board_lists_is_in_the_access_log(world: World) -> None:
    reference = raised(world, **MEETING)
    at_browser(world, "mona").open("/board")
    read = world.service.access_log.of(world.council.key, reference)
    assert [(line["what"], line["person"]) for line in read if line["what"] == "board"] == [("board", str(world.id("mona")))]


# Held after an outage.


def test_held_dates_are_released_at_one_press_with_a_reason(world: World) -> None:
    references = [raised(world, child) for child in ("T-1", "T-2")]
    hold_everything(world)
    mona = at_browser(world, "mona")
    page = mona.open("/board")
    assert "Held after an outage (2)" in page.text
    assert {f"/challenges/{one}/do/windows_released" for one in references} <= {href for href, _ in page.links}
    empty = mona.fill(page, "/board/release")
    assert empty.status == 422
    assert "Choose how they are released." in empty.text
    assert "Say why." in empty.text
    done = mona.fill(empty, "/board/release", how="time given back", why="The server was down.")
    assert "2 items were released." in done.text
    assert "Held after an outage (0)" in done.text
    for reference in references:
        last = world.as_("irene").timeline(reference)["entries"][-1]
        assert (last["kind"], last["by"], last["words"]) == ("windows_released", "Mona", {"why": "The server was down."})


def test_one_item_that_is_refused_does_not_keep_the_others(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    references = [raised(world, child) for child in ("T-1", "T-2", "T-3")]
    hold_everything(world)
    honest = Casework.act

    def act(self: Casework, signed: Any, reference: str, *more: Any, **named: Any) -> Any:
        if reference == references[1]:
            raise NotYours("This concerns your own casework.", "Ask somebody else.")
        return honest(self, signed, reference, *more, **named)

    monkeypatch.setattr(Casework, "act", act)
    mona = at_browser(world, "mona")
    done = mona.fill(mona.open("/board"), "/board/release", how="as due", why="The server was down.")
    assert "2 items were released. 1 could not be: open it to see why." in done.text
    assert "Held after an outage (1)" in done.text


def test_releasing_twice_does_it_once(world: World) -> None:
    reference = raised(world)
    hold_everything(world)
    mona = at_browser(world, "mona")
    page = mona.open("/board")
    for _ in range(2):
        mona.fill(page, "/board/release", how="as due", why="The server was down.")
    assert [entry.kind for entry in world.entries(reference)].count("windows_released") == 1


# Mail and posts.


def test_mail_that_did_not_arrive_is_listed_without_an_address(world: World) -> None:
    reference = raised(world)
    world.write(update(NotificationRow).values(state="failed"))
    why = "550 no such user tess@dunmoor.example"
    world.write(update(DeliveryRow).where(DeliveryRow.person == world.id("tess")).values(mail="refused", error=why))
    page = at_browser(world, "mona").open("/board")
    assert "Messages that did not arrive (1)" in page.text
    assert "Tess: 550 no such user (an address)" in page.text
    assert page.link(f"{reference}: KT (T-1)") == f"/challenges/{reference}?all=1"
    assert "tess@" not in page.html


def test_gaps_are_told_with_children_together(world: World) -> None:
    mona = at_browser(world, "mona")
    assert "Gaps in posts (0)" in mona.open("/board").text
    world.post_ends("tess", "team_manager", "2026-03-31")
    world.post_ends("ivor", "iro", "2026-03-31")
    world.post_begins("silas", "social_worker", "2026-01-01", "child", str(world.child("T-4")))
    page = mona.open("/board")
    assert "nobody holds it for North Team" in page.text
    assert "IRO: nobody for 1 child: T-4" in page.text


def gaps_both_ways(world: World) -> tuple[set[str], set[str]]:
    read = procedures(world.council)
    with world.store.read(world.council.key) as connection:
        quick = posts_nobody_holds(connection, read.authority, read.ladders, date(2026, 4, 1))
        whole = vacant_posts(
            read_standing_directory(connection, world.council.key), read.authority, read.ladders, date(2026, 4, 1)
        )
    return {one.said for one in quick}, {one.said for one in whole}


def test_gaps_for_a_page_are_those_that_an_import_would_find(world: World) -> None:
    quick, whole = gaps_both_ways(world)
    assert quick == whole == set()
    raised(world, "T-4", by="ivor")
    for person, role in (("ivor", "iro"), ("silas", "social_worker"), ("tom", "team_manager"), ("gina", "legal_manager")):
        world.post_ends(person, role, "2026-03-31")
    world.post_ends("sam", "social_worker", "2026-04-01")
    quick, whole = gaps_both_ways(world)
    assert quick == whole
    assert len(quick) >= 4


# Handing over.


def hand_over(world: World, to: str = "Ivor", of: str = "Irene", **said: Any) -> Page:
    mona = at_browser(world, "mona")
    page = mona.open(mona.open("/board").link(f"Hand over the caseload of {of}"))
    means = mona.fill(page, to=str(world.id(to.lower())), **said)
    assert means.title.startswith("What this means"), means.text
    return mona.fill(means, press=("confirmed", "yes"))


def iros(world: World) -> dict[str, list[str]]:
    """Who is whose IRO today."""
    names = {row.id: row.name for row in world.rows(select(PersonRow.id, PersonRow.name))}
    children = {str(world.child(number)): number for number in ("T-1", "T-2", "T-3", "T-4", "T-5")}
    found: dict[str, list[str]] = {}
    for row in world.rows(select(PostRow.key, PostRow.person, PostRow.since, PostRow.until).where(PostRow.role == "iro")):
        if row.since <= date(2026, 4, 1) and (row.until is None or row.until >= date(2026, 4, 1)):
            found.setdefault(children[row.key], []).append(names[row.person])
    return found


def test_a_caseload_is_handed_over_in_five_clicks_from_my_work(world: World) -> None:
    reference = raised(world)
    mona, clicks = at_browser(world, "mona"), 0
    page = mona.open("/")
    for link in ("Service board", "Hand over the caseload of Irene"):
        page, clicks = mona.open(page.link(link)), clicks + 1
    clicks += 1  # choosing Ivor; the day is today's, and all children are chosen
    page, clicks = mona.fill(page, to=str(world.id("ivor"))), clicks + 1
    for said in (
        "Open items that go with them 1",
        "Ivor is told of the open item",
        "Irene no longer sees",
        "Children 3",
        f"KT (T-1), North Team: {reference}",
    ):
        assert said in page.text, said
    assert iros(world)["T-1"] == ["Irene"], "nothing is done before it is confirmed"
    page, clicks = mona.fill(page, press=("confirmed", "yes")), clicks + 1
    assert "The hand-over of 3 children is recorded." in page.text
    assert clicks == 5
    assert iros(world) == {"T-1": ["Ivor"], "T-2": ["Ivor"], "T-3": ["Ivor"], "T-4": ["Ivor"], "T-5": ["Colin"]}
    assert world.as_("ivor").item(reference)["reference"] == reference


def test_whoever_takes_over_is_told_and_the_dates_stand(world: World) -> None:
    world.at("Tue 31 March 2026, 10:00")
    reference = raised(world)
    before = world.as_("irene").item(reference)["windows"]
    world.at("Wed 1 April 2026, 10:00")
    hand_over(world)
    assert [to for _, to, _ in world.told(reference, "iro_changed")] == [{"ivor"}]
    after = world.as_("ivor").item(reference)["windows"]
    assert [window["due"] for window in after] == [window["due"] for window in before]


def test_some_children_are_handed_over_and_the_others_stay(world: World) -> None:
    page = hand_over(world, which="some", children=[str(world.child("T-2"))])
    assert "The hand-over of 1 child is recorded." in page.text
    assert iros(world) == {"T-1": ["Irene"], "T-2": ["Ivor"], "T-3": ["Irene"], "T-4": ["Ivor"], "T-5": ["Colin"]}


def asking(world: World) -> tuple[Visitor, Page]:
    mona = at_browser(world, "mona")
    return mona, mona.open(f"/board/hand-over?of={world.id('irene')}")


def test_what_was_chosen_is_kept_where_something_is_to_be_put_right(world: World) -> None:
    mona, page = asking(world)
    answer = mona.fill(page, which="some", **day("since", "27 4 2026"))
    assert answer.status == 422
    assert "Choose who takes over." in answer.text
    answer = mona.fill(answer, to=str(world.id("ivor")))
    assert "Tick the children who are to have another IRO." in answer.text
    means = mona.fill(answer, children=[str(world.child("T-3"))])
    assert "Monday 27 April 2026" in means.text
    back = mona.fill(means, press=("change", "yes")).form("/board/hand-over").inputs
    assert back["to"] == [str(world.id("ivor"))]
    assert back["since-day"] == ["27"]
    assert back["children"] == [str(world.child("T-3"))]


def test_a_hand_over_that_makes_no_sense_says_so_beside_the_field(world: World) -> None:
    mona, page = asking(world)
    answer = mona.fill(page, to=str(world.id("ivor")), **day("since", "27 3 2026"))
    assert answer.status == 422
    assert "Friday 27 March 2026 has passed. Name today or a later day." in answer.text
    world.post_begins("mona", "team_manager", "2026-01-01", "team", "north")
    answer = mona.fill(page, to=str(world.id("mona")))
    assert "Mona is or was part of the casework for T-1, T-2, T-3: their IRO is independent of it." in answer.text


def test_somebody_who_is_not_on_the_list_cannot_be_chosen(world: World) -> None:
    mona, page = asking(world)
    assert str(world.id("tess")) not in page.html
    answer = mona.fill(page, to=str(world.id("tess")))
    assert answer.status == 422
    assert "Choose one of those listed." in answer.text


def test_what_changed_between_the_two_pages_is_said(world: World) -> None:
    mona, page = asking(world)
    one = mona.fill(page, to=str(world.id("ivor")), which="some", children=[str(world.child("T-1"))])
    hand_over(world)
    answer = mona.fill(one, press=("confirmed", "yes"))
    assert answer.status in (409, 422)
    assert iros(world)["T-1"] == ["Ivor"]


@pytest.mark.parametrize("person", ["irene", "bob", "ada", "tess"])
def test_only_an_iro_manager_hands_over(world: World, person: str) -> None:
    visitor = at_browser(world, person)
    path = f"/board/hand-over?of={world.id('irene')}"
    assert visitor.open(path).status == 403
    token = visitor.open("/cover").form("/cover").inputs["form_token"][0]
    sent = {"form_token": token, "of": str(world.id("irene")), "to": str(world.id("ivor")), "which": "all", "confirmed": "yes"}
    sent |= {"since-day": "1", "since-month": "4", "since-year": "2026"}
    assert visitor.send("POST", "/board/hand-over", data=sent).status_code == 403
    assert iros(world)["T-1"] == ["Irene"]


def test_a_form_of_another_session_hands_nothing_over(world: World) -> None:
    mona, page = asking(world)
    means = mona.fill(page, to=str(world.id("ivor")))
    means.form().inputs["form_token"] = ["0" * 64]
    assert mona.fill(means, press=("confirmed", "yes")).status == 422
    assert iros(world)["T-1"] == ["Irene"]


def test_a_leavers_children_are_not_forgotten(world: World) -> None:
    world.leaves("irene", "2026-03-31")
    world.post_ends("irene", "iro", "2026-03-31")
    mona = at_browser(world, "mona")
    page = mona.open("/board/hand-over")
    assert "left on Tuesday 31 March 2026; 3 children have no IRO" in page.text
    page = mona.fill(mona.open(page.link("Irene")), to=str(world.id("ivor")))
    mona.fill(page, press=("confirmed", "yes"))
    assert iros(world)["T-1"] == ["Ivor"]


def test_children_who_are_shown_with_their_items_are_in_the_access_log(world: World) -> None:
    reference = raised(world)
    asking(world)
    assert "hand over" in [line["what"] for line in world.service.access_log.of(world.council.key, reference)]


def test_many_to_choose_from_are_in_a_menu(world: World) -> None:
    for n in range(board.MOST // 8):
        made = world.chance.identity()
        said = {"authority": world.council.key, "id": made, "key": f"iro{n}", "name": f"Iro {n}", "email": "", "agency": ""}
        world.write(insert(PersonRow).values(**said, left_on=None))
        post = {"role": "iro", "held_for": "child", "key": str(world.child("T-4")), "since": date(2026, 1, 1), "until": None}
        world.write(insert(PostRow).values(authority=world.council.key, id=world.chance.identity(), person=made, **post))
    _, page = asking(world)
    assert '<select class="govuk-select" id="to"' in page.html
    assert world.rows(select(col(ChallengeRow.id))) == []


def test_where_fewer_than_three_could_act_the_board_says_that_it_is_thin(world: World) -> None:
    said = "there today who could act where an IRO is away"
    assert said not in at_browser(world, "mona").open("/board").text
    world.post_ends("colin", "iro", "2026-03-31")
    assert said not in at_browser(world, "mona").open("/board").text
    world.post_ends("ivor", "iro", "2026-03-31")
    assert f"Only 2 people are {said}" in at_browser(world, "mona").open("/board").text
