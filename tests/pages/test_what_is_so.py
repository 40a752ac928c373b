"""Pages say what is so: a message stands in the inbox, leaves when, or not while sending is paused; and who was not reached."""

import pytest

from api.pages.item import mail_in_words
from tests.cast.world import World
from tests.pages.browser import at_browser

PAUSE = {"brake": "all", "why": "The relay is being moved."}


def raised(world: World) -> str:
    answer = world.as_("irene").raises(item_type="formal", effect_on_child="She waits.", outcome_sought="A plan.")
    assert answer.status_code == 201, answer.text
    return str(answer.json()["reference"])


def said_after_raising(world: World) -> str:
    return at_browser(world, "irene").open(f"/challenges/{raised(world)}/raised").text


def pause(world: World, by: str = "mona") -> None:
    answer = world.as_(by).put("/outbox/brake", PAUSE)
    assert answer.status_code == 200, answer.text


def test_in_sending_hours_it_leaves_within_minutes(world: World) -> None:
    text = said_after_raising(world)
    assert "It stands in their inbox in this service now, and leaves by e-mail within minutes." in text


def test_at_night_it_says_from_when(world: World) -> None:
    world.at("Thu 2 April 2026, 22:00")
    assert "leaves by e-mail not before Tuesday 7 April 2026, 08:00" in said_after_raising(world)


def test_while_sending_is_paused_the_raiser_is_asked_to_ring(world: World) -> None:
    pause(world)
    text = said_after_raising(world)
    assert "Sending is paused, so no e-mail leaves: ring whoever is to answer soon" in text
    assert "leaves by e-mail within" not in text


def test_a_pause_needs_a_reason_and_lapses_after_a_working_day_unless_an_iro_manager_renews_it(world: World) -> None:
    refused = world.as_("ada").put("/outbox/brake", {"brake": "all"})
    assert (refused.status_code, refused.json()["field"]) == (422, "why")
    pause(world, "ada")
    assert world.as_("ada").put("/outbox/brake", PAUSE).status_code == 422, "an IRO manager renews it"
    reference = raised(world)
    world.at("Thu 2 April 2026, 09:00")
    for held in ("stage_3", "all"):  # what it holds may change, which lengthens nothing
        assert world.as_("ada").put("/outbox/brake", PAUSE | {"brake": held}).status_code == 200
    world.at("Thu 2 April 2026, 09:59").mail_leaves()
    assert world.as_("mona").get("/outbox").json()["braked"] > 0
    world.at("Thu 2 April 2026, 10:00").mail_leaves()
    outbox = world.as_("mona").get("/outbox").json()
    assert (outbox["brake"], outbox["braked"]) == ("", 0)
    assert world.told(reference)


def test_an_iro_manager_renews_it(world: World) -> None:
    pause(world, "ada")
    world.at("Thu 2 April 2026, 09:00")
    pause(world, "mona")
    world.at("Thu 2 April 2026, 18:00").mail_leaves()
    assert world.as_("mona").get("/outbox").json()["brake"] == "all"


def test_it_stands_as_a_banner_for_the_iro_service_raisers_and_administrators(world: World) -> None:
    raised(world)
    pause(world)
    for person in ("irene", "mona", "bob", "ada"):
        text = at_browser(world, person).open("/").text
        assert "Sending is paused since Wednesday 1 April 2026, 10:00, by Mona: The relay is being moved." in text, person
    assert "Sending is paused" not in at_browser(world, "tess").open("/inbox").text


def test_health_is_amber_after_an_hour_with_the_number_held_and_serves(world: World) -> None:
    pause(world)
    raised(world)
    world.mail_leaves()
    world.sweep()
    world.at("Wed 1 April 2026, 11:30")
    world.sweep()
    answer = world.as_("mona").get("/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "amber"), answer.text
    assert any("Sending has been paused for more than an hour" in reason for reason in answer.json()["reasons"])
    assert world.nobody().get("/health/serving").status_code == 200


def test_the_raiser_sees_who_was_not_reached_yet_until_they_open_it(world: World) -> None:
    world.mails = False
    reference = raised(world)
    irene = at_browser(world, "irene")
    assert "Tess (Team Manager): no mail has left yet" in irene.open(f"/challenges/{reference}?all=1").text
    assert world.as_("tess").get(f"/challenges/{reference}").status_code == 200
    assert "Not reached yet" not in irene.open(f"/challenges/{reference}?all=1").text


def test_planted_page_that_says_it_leaves_whatever_is_so_is_caught(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail_in_words, "read_pause", lambda *given: None)
    with pytest.raises(AssertionError):
        test_while_sending_is_paused_the_raiser_is_asked_to_ring(world)
