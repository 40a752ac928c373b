"""What was looked up while raising, what was refused, and tokens that are none: on record, and bounded."""

import re
from datetime import timedelta
from typing import Any

import pytest

from api import denials
from tests.cast.world import Caller, World
from tests.pages.browser import at_browser


def logged(world: World) -> list[tuple[str, str, str]]:
    """Who, what and which item, oldest first."""
    names = {str(world.id(person)): person for person in ("irene", "ivor", "tess", "tom")}
    found = world.service.access_log.readings(world.key, most=500)
    return [(names.get(one.person, one.person), one.what, one.reference) for one in reversed(found)]


def raising_page(world: World, person: str) -> str:
    """The second step of raising about T-1, as somebody sees it."""
    visitor = at_browser(world, person)
    page = visitor.open("/raise")
    return visitor.fill(page, "/raise", child="T-1", item_type="formal").text


def test_how_many_are_open_is_said_and_which_they_are_to_those_who_may_see_them(world: World) -> None:
    irene, ivor = world.as_("irene"), world.as_("ivor")
    hers = str(irene.raises().json()["reference"])
    his = ivor.raises().json()
    assert his["already_open"] == [], "hers is not his to see"
    assert hers not in str(his)
    said = raising_page(world, "irene")
    assert re.search("Open already for this [a-z ]+: 2", said)
    assert hers in said
    assert his["reference"] in said
    said = raising_page(world, "ivor")
    assert re.search("Open already for this [a-z ]+: 2", said)
    assert hers not in said
    assert "2 of them are not yours to see" in said, "what he raised in her place is hers"


def test_looking_a_child_up_while_raising_is_in_the_access_log(world: World) -> None:
    hers = str(world.as_("irene").raises().json()["reference"])
    raising_page(world, "ivor")
    raising_page(world, "irene")
    looked = [one for one in logged(world) if one[1].startswith("raising ")]
    key = looked[0][1].removeprefix("raising ")
    assert looked == [("ivor", f"raising {key}", ""), ("irene", f"raising {key}", hers)]
    assert world.as_("mona").get(f"/audit/children/{key}").json()["number"] == "T-1"
    assert "Shown in raising an item about the child of key" in at_browser(world, "ada").open("/administration/access-log").text


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_planted_lookup_that_shows_whatever_there_is_is_noticed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from drp.casework import access

    monkeypatch.setattr(access, "check_sees", lambda actor, was_involved: None)
    with pytest.raises(AssertionError):
        test_how_many_are_open_is_said_and_which_they_are_to_those_who_may_see_them(world)


def test_a_denied_read_of_what_exists_is_on_record_once_a_minute_and_of_what_does_not_is_none(world: World) -> None:
    reference = str(world.as_("irene").raises(item_type="formal", stage="stage_2", stage_reason="Now.").json()["reference"])
    tom, page = world.as_("tom"), at_browser(world, "tom")
    for _ in range(3):
        assert tom.get(f"/challenges/{reference}").status_code == 404
        assert tom.get(f"/challenges/{reference}/timeline").status_code == 404
        assert page.send("GET", f"/challenges/{reference}").status_code == 404
        assert tom.get("/challenges/ABCD-2345").status_code == 404
    denied = [one for one in logged(world) if one[1].startswith("denied")]
    assert denied == [("tom", "denied /challenges/{reference}", reference)]
    world.now += timedelta(minutes=1)
    page.send("GET", f"/challenges/{reference}")
    assert len([one for one in logged(world) if one[1].startswith("denied")]) == 2


def test_bad_tokens_are_on_record_by_address_once_an_hour_and_of_so_many_addresses(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sends(token: str) -> int:
        return int(Caller(world, token).get("/me").status_code)

    for _ in range(5):
        assert sends(f"drp.{world.key}.{'0' * 64}") == 401
    assert sends("drp.nowhere.0") == 401
    assert [one[1] for one in logged(world)] == ["bad token from testclient"]
    world.now += timedelta(hours=1)
    count = iter(range(10_000))
    monkeypatch.setattr(denials, "address_of", lambda request: f"192.0.2.{next(count)}")
    for _ in range(denials.MOST_AN_HOUR + 20):
        sends(f"drp.{world.key}.{'0' * 64}")
    assert len(logged(world)) == 1 + denials.MOST_AN_HOUR


def test_a_log_that_cannot_be_written_refuses_no_refusal_another_way(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from drp.data_protection.access_log import AccessLog
    from drp.database.unavailable import Unavailable

    reference = str(world.as_("irene").raises(item_type="formal", stage="stage_2", stage_reason="Now.").json()["reference"])

    def full(*given: Any) -> None:
        raise Unavailable("full")

    monkeypatch.setattr(AccessLog, "record", full)
    assert world.as_("tom").get(f"/challenges/{reference}").status_code == 404
    assert Caller(world, f"drp.{world.key}.{'0' * 64}").get("/me").status_code == 401
