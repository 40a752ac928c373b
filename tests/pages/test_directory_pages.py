"""The directory: looked up by name, role and team; a person's page; signing out, ending tokens, and somebody who leaves."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select

from api import request_context
from drp.database.directory_tables import PersonRow
from drp.identity import accounts
from drp.identity.principal import RouteAudience
from drp.staffing import changes
from tests.cast.councils import NORTH
from tests.cast.world import World
from tests.pages.browser import Visitor, at_browser, day


def post(visitor: Visitor, path: str, **said: str) -> int:
    """A form sent without the page that gives it."""
    token = visitor.open("/cover").form("/cover").inputs["form_token"][0]
    return int(visitor.send("POST", path, data={"form_token": token, **said}).status_code)


def of(world: World, person: str) -> str:
    return f"/directory/{world.id(person)}"


def named(world: World, visitor: Visitor, q: str) -> set[str]:
    """Whom a search finds, by the link to their page."""
    keys = {f"/directory/{row.id}": row.key for row in world.rows(select(PersonRow.id, PersonRow.key))}
    return {keys[href] for href, _ in visitor.open(f"/directory?q={q}").links if href in keys}


# Looking people up.


@pytest.mark.parametrize(
    ("person", "status"), [("mona", 200), ("ada", 200), ("irene", 403), ("bob", 403), ("tess", 403), ("cora", 403)]
)
def test_the_directory_is_for_those_who_keep_it(world: World, person: str, status: int) -> None:
    visitor = at_browser(world, person)
    for path in ("/directory", of(world, "sam")):
        assert visitor.open(path).status == status


def test_a_directory_for_everybody_would_be_noticed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(request_context.ROUTES, ("GET", "/directory"), RouteAudience.PERSON)
    assert at_browser(world, "tess").open("/directory").status == 200


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("irEN", {"irene"}),
        ("Team Manager", {"tess", "tom"}),
        ("north", {"tess"}),
        ("care service", {"otto", "lena"}),
        ("iro op", {"mona"}),
        ("no such person", set()),
        ("%25", set()),
        ("_", set()),
        ("%00", set()),
        ("'--", set()),
    ],
)
def test_people_are_found_by_name_role_and_team(world: World, q: str, found: set[str]) -> None:
    assert named(world, at_browser(world, "ada"), q) == found


def test_a_partner_agency_is_found_by_its_name(build) -> None:
    world = build(NORTH)
    assert named(world, at_browser(world, "ada"), "Moors Health") == {"nina", "nora", "noel"}


def test_posts_covers_and_gaps_are_told_without_a_child(world: World) -> None:
    world.cover("irene", "ivor", until="2026-04-30")
    world.post_ends("silas", "social_worker", "2026-03-31")
    page = at_browser(world, "ada").open("/directory")
    for said in (
        "IRO of 3 children",
        "Team Manager of North Team",
        "Ivor covers, Thu 1 Jan 2026 to Thu 30 Apr 2026",
        "covers for Irene, Thu 1 Jan 2026 to Thu 30 Apr 2026",
        "Social Worker: nobody for 2 children",
    ):
        assert said in page.text, said
    assert "T-4" not in page.text


def test_who_left_comes_last(world: World) -> None:
    world.leaves("ada", "2026-12-31")
    world.leaves("bob", "2026-03-31")
    page = at_browser(world, "ada").open("/directory")
    assert page.text.index("left Tue 31 Mar 2026") > page.text.index("Tom")
    assert "last day Thu 31 Dec 2026" in page.text


def test_many_people_stand_on_pages(world: World) -> None:
    key = world.council.key
    rows: list[dict[str, Any]] = [
        {"authority": key, "id": world.chance.identity(), "key": f"p{n}", "name": f"Zoe {n:03}", "email": "", "agency": ""}
        for n in range(120)
    ]
    world.write(insert(PersonRow).values(left_on=None), rows)
    ada = at_browser(world, "ada")
    page = ada.open("/directory?q=Zoe")
    assert "120 people for “Zoe”, page 1 of 3" in page.text
    assert "Zoe 049" in page.text
    assert "Zoe 050" not in page.text
    page = ada.open(page.link("Next page"))
    assert "Zoe 050" in page.text
    page = ada.open(page.link("Next page"))
    assert "Zoe 119" in page.text
    assert not [text for _, text in page.links if text == "Next page"]
    for odd in ("0", "-5", "99999999999"):
        assert ada.open(f"/directory?q=Zoe&page={odd}").status == 200


def test_another_authoritys_people_are_not_here(two: World) -> None:
    ada = at_browser(two, "ada")
    two.leaves("irene", "2026-03-31")
    assert len(named(two, ada, "irene")) == 1
    there = two.id("sam", "elsewhere")
    for path in (f"/directory/{there}", "/directory/no-such", f"/directory/{there}/leaves"):
        assert ada.open(path).status == 404
    for path in (
        f"/directory/{there}/sign-out",
        f"/directory/{there}/accounts",
        f"/directory/{there}/tokens",
        f"/directory/{there}/leaves",
    ):
        assert post(ada, path, **{"last_day-day": "1", "last_day-month": "4", "last_day-year": "2026"}) == 404


# One person.


def test_a_persons_page_tells_posts_stand_ins_and_how_they_sign_in(world: World) -> None:
    world.cover("irene", "ivor")
    with world.store.write(world.council.key) as connection:
        word = accounts.BoundBy.ADMINISTRATOR
        named = ("https://login.example", "irene")
        accounts.link_account(connection, world.service.seal, world.council.key, named, world.id("irene"), word, world.now)
    at_browser(world, "irene")
    world.token("irene")
    page = at_browser(world, "ada").open(of(world, "irene"))
    for said in (
        "IRO of 3 children",
        "irene@dunmoor.example",
        "Accounts that sign them in 1",
        "Signed in now 1 session, last seen Wednesday 1 April 2026, 10:00",
        "API tokens in force 1",
        "Ivor covers for them, from Thursday 1 January 2026",
    ):
        assert said in page.text, said
    world.now += timedelta(days=2)
    page = at_browser(world, "ada").open(of(world, "irene"))
    assert "not now; last seen Wednesday 1 April 2026, 10:00" in page.text
    assert "Sign them out everywhere" not in page.text


def test_somebody_is_signed_out_everywhere_and_their_tokens_end(world: World) -> None:
    tess, caller = at_browser(world, "tess"), world.as_("tess")
    ada = at_browser(world, "ada")
    page = ada.fill(ada.open(of(world, "tess")), f"{of(world, 'tess')}/sign-out")
    assert "They are signed out everywhere." in page.text
    assert tess.open("/").title.startswith("Sign in")
    assert caller.get("/me").status_code == 200
    page = ada.fill(page, f"{of(world, 'tess')}/tokens")
    assert "Their tokens have ended." in page.text
    assert caller.get("/me").status_code == 401
    assert at_browser(world, "tess").open("/").status == 200, "they may sign in again"


def test_an_account_that_was_ended_signs_nobody_in_and_another_takes_its_place(world: World) -> None:
    def comes(subject: str) -> str:
        with world.store.write(world.council.key) as connection:
            key = world.council.key
            account = accounts.VouchedAccount("https://idp.example", subject, "tess", accounts.BoundBy.TRUSTED)
            return str(accounts.person_signing_in(connection, world.service.seal, key, account, world.now).person)

    tess = at_browser(world, "tess")
    assert comes("first") == str(world.id("tess"))
    with pytest.raises(accounts.NotLetIn, match="another account"):
        comes("second")
    ada = at_browser(world, "ada")
    page = ada.fill(ada.open(of(world, "tess")), f"{of(world, 'tess')}/accounts")
    assert "That account signs nobody in any more." in page.text
    assert "End the account" not in page.text
    assert tess.open("/").title.startswith("Sign in"), "its sessions end with it"
    with pytest.raises(accounts.NotLetIn, match="was ended"):
        comes("first")
    assert comes("second") == str(world.id("tess"))


def test_an_iro_manager_reaches_the_people_of_the_service_only(world: World) -> None:
    for person in ("tess", "bob"):
        at_browser(world, person)
        world.token(person)
    mona = at_browser(world, "mona")
    assert "Change" not in mona.open(of(world, "tess")).text
    for path in ("sign-out", "accounts", "tokens"):
        assert post(mona, f"{of(world, 'tess')}/{path}") == 403
        assert post(mona, f"{of(world, 'bob')}/{path}") == 303
    assert mona.open(f"{of(world, 'tess')}/leaves").status == 403
    assert (
        post(mona, f"{of(world, 'tess')}/leaves", **{"last_day-day": "1", "last_day-month": "4", "last_day-year": "2026"}) == 403
    )


def test_a_page_that_asked_nobody_would_be_noticed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "may_change", lambda *given: True)
    mona = at_browser(world, "mona")
    assert mona.open(f"{of(world, 'tess')}/leaves").status == 200
    assert post(mona, f"{of(world, 'tess')}/sign-out") == 303


@pytest.mark.parametrize("path", ["sign-out", "accounts", "tokens", "leaves"])
def test_a_form_of_no_session_changes_nothing(world: World, path: str) -> None:
    tess = at_browser(world, "tess")
    ada = at_browser(world, "ada")
    sent = {"form_token": "0" * 64, "last_day-day": "31", "last_day-month": "3", "last_day-year": "2026"}
    assert ada.send("POST", f"{of(world, 'tess')}/{path}", data=sent).status_code in (403, 422)
    assert tess.open("/").status == 200


# Leaving.


def test_a_leaver_is_recorded_with_their_last_day(world: World) -> None:
    ada = at_browser(world, "ada")
    page = ada.open(ada.open(of(world, "tess")).link("Record that they leave"))
    assert "Their posts end with that day: Team Manager of North Team." in page.text
    page = ada.fill(page, **day("last_day", "10 4 2026"))
    assert "Their last day is recorded." in page.text
    assert "Last day Friday 10 April 2026" in page.text
    world.at("Mon 13 April 2026, 10:00")
    assert at_browser(world, "tess").open("/").title.startswith("Sign in")
    page = at_browser(world, "ada").open(of(world, "tess"))
    assert "Posts today none" in page.text
    assert "Record that they leave" not in page.text


def test_a_leaver_with_children_is_handed_over_first(world: World) -> None:
    mona = at_browser(world, "mona")
    page = mona.open(of(world, "irene") + "/leaves")
    answer = mona.fill(page, **day("last_day", "30 4 2026"))
    assert answer.status == 422
    assert "3 children would have no IRO after that day." in answer.text
    hand = mona.open(answer.link("hand it over"))
    means = mona.fill(hand, to=str(world.id("ivor")), **day("since", "1 5 2026"))
    mona.fill(means, press=("confirmed", "yes"))
    assert "Their last day is recorded." in mona.fill(page, **day("last_day", "30 4 2026")).text


@pytest.mark.parametrize(
    ("typed", "said"),
    [("1 1 2026", "has passed"), ("1 4 2062", "more than two years away"), ("31 2 2026", "There is no such day")],
)
def test_a_last_day_that_makes_no_sense_is_said_and_kept(world: World, typed: str, said: str) -> None:
    ada = at_browser(world, "ada")
    answer = ada.fill(ada.open(of(world, "tess") + "/leaves"), **day("last_day", typed))
    assert answer.status == 422
    assert said in answer.text
    assert answer.form().inputs["last_day-year"] == [typed.split()[2]]
    assert world.rows(select(PersonRow.left_on).where(PersonRow.id == world.id("tess"))) == [(None,)]
