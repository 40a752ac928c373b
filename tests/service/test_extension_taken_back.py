"""Another date given by mistake, over HTTP: asked about where it is far, taken back by whoever gave it, told to those asked."""

from dataclasses import replace
from typing import Any

import pytest

from drp.casework import load, service
from drp.database.challenge_tables import ChallengeRow
from drp.proof.replay_store import replay_faults
from tests.cast.world import World
from tests.decision.planting import plant_rule
from tests.pages.browser import at_browser, day
from tests.service.test_json_api import formal, irene_kinds, problem
from workflows.decision import extensions
from workflows.model import events as e

one_engine = pytest.mark.parametrize("store", ["sqlite"], indirect=True)

FAR = "2026-05-29"


def extended(world: World, until: str = "2026-04-14") -> str:
    reference = formal(world, "stage_2")
    answer = world.as_("irene").brings(reference, "window_extended", until=until, why="They asked.")
    assert answer.status_code == 200, answer.text
    return reference


def reply(world: World, reference: str) -> dict[str, Any]:
    return next(window for window in world.as_("irene").item(reference)["windows"] if window["kind"] == "reply")


def replays(world: World) -> None:
    with world.store.read(world.key) as connection:
        faults = list(replay_faults(connection, world.key, world.service.casework.procedures))
    assert faults == [None] * len(faults)


def test_the_earlier_promise_holds_again_and_those_asked_are_told(world: World) -> None:
    plain = reply(world, formal(world, "stage_2"))
    reference = extended(world)
    assert reply(world, reference)["due"] == "2026-04-14"
    replays(world)  # with the extension kept beside it
    assert "extension_taken_back" in world.as_("irene").item(reference)["moves"]
    answer = world.as_("irene").brings(reference, "extension_taken_back", why="Another child's.")
    assert answer.status_code == 200, answer.text
    assert [one["about"] for one in answer.json()["told"]] == ["extension_taken_back"]
    assert reply(world, reference) == plain
    (_, to, copied), = world.told(reference, "extension_taken_back")  # fmt: skip
    assert (to, copied) == ({"tess"}, set())
    messages = world.as_("tess").get("/inbox").json()["messages"]
    message = next(one for one in messages if one["about"] == "extension_taken_back")
    assert message["subject"].startswith("The earlier date holds again")
    assert message["due"] == plain["due"]
    assert "extension_taken_back" not in world.as_("irene").item(reference)["moves"]
    problem(world.as_("irene").brings(reference, "extension_taken_back"), 409, "not-open")
    replays(world)


def test_it_is_theirs_who_gave_it_on_that_day_alone(world: World) -> None:
    reference = extended(world)
    problem(world.as_("tess").brings(reference, "extension_taken_back"), 403, "not-yours")
    problem(world.as_("mona").brings(reference, "extension_taken_back"), 403, "not-yours")
    world.now = world.now.replace(hour=22, minute=59)  # 23:59 in London
    assert "extension_taken_back" in world.as_("irene").item(reference)["moves"]
    world.at("Thu 2 April 2026, 00:00")
    assert "extension_taken_back" not in world.as_("irene").item(reference)["moves"]
    refused = world.as_("irene").brings(reference, "extension_taken_back")
    problem(refused, 409, "not-open")
    assert "extension_taken_back" not in refused.json()["moves"]
    assert irene_kinds(world, reference).count("extension_taken_back") == 0


@pytest.mark.parametrize(
    ("type_", "said"),
    [
        ("acknowledged", {}),
        ("clarification_asked", {"question": "Which sibling?"}),
        ("responded", {"position": "agrees", "answer": "We will."}),
        ("noted", {"text": "We go by the new date."}),
    ],
)
def test_nothing_that_those_asked_built_on_it_is_taken_from_them(world: World, type_: str, said: dict[str, str]) -> None:
    reference = extended(world)
    assert world.as_("tess").brings(reference, type_, **said).status_code == 200
    assert "extension_taken_back" not in world.as_("irene").item(reference)["moves"]
    problem(world.as_("irene").brings(reference, "extension_taken_back"), 409, "not-open")
    replays(world)


def test_the_earlier_date_must_still_be_a_working_day_off(world: World) -> None:
    reference = formal(world, "stage_2")
    assert reply(world, reference)["due"] == "2026-04-08"
    world.pass_to("Wed 8 April 2026, 10:00")
    assert world.as_("irene").brings(reference, "window_extended", until="2026-04-14", why="Ill.").status_code == 200
    refused = world.as_("irene").brings(reference, "extension_taken_back")
    problem(refused, 409, "not-open")
    assert "less than a working day off" in refused.json()["title"]


def test_an_item_that_an_earlier_release_kept_has_none_to_take_back(world: World) -> None:
    reference = extended(world)
    with world.store.write(world.key) as connection:
        id_ = load.id_of_reference(connection, world.key, reference)
        table = ChallengeRow.__table__
        rest = connection.execute(table.select().where(table.c.id == id_)).mappings().one()["rest"]
        older = {name: value for name, value in rest.items() if name != "extension"}
        connection.execute(table.update().where(table.c.id == id_).values(rest=older))
    assert "extension_taken_back" not in world.as_("irene").item(reference)["moves"]
    problem(world.as_("irene").brings(reference, "extension_taken_back"), 409, "not-open")


# A date that is surprisingly far.


def test_a_surprising_date_is_asked_about_before_it_is_given(world: World) -> None:
    reference = formal(world, "stage_2")
    irene, before = world.as_("irene"), world.entries(reference)
    refused = irene.brings(reference, "window_extended", until=FAR, why="They asked.")
    problem(refused, 422, "unfit", "sure")
    assert "more than 3 times" in refused.json()["title"]
    assert world.entries(reference) == before
    # What is wrong for good is said first.
    problem(irene.brings(reference, "window_extended", until="2026-03-01", why="They asked."), 422, "unfit", "until")
    problem(world.as_("tess").brings(reference, "window_extended", until=FAR, why="w"), 403, "not-yours")
    assert irene.brings(reference, "window_extended", until=FAR, why="They asked.", sure=True).status_code == 200
    assert reply(world, reference)["due"] == FAR
    replays(world)


def test_the_form_asks_whether_one_is_sure_only_after_it_was_refused(world: World) -> None:
    reference = formal(world, "stage_2")
    irene, path = at_browser(world, "irene"), f"/challenges/{reference}/do/window_extended"
    page = irene.open(path)
    assert "I am sure" not in page.text
    page = irene.fill(page, why="They asked.", **day("until", "29 5 2026"))
    assert page.status == 422
    assert "I am sure: that is the date that I mean" in page.text
    assert "more than 3 times as long as Stage 2 gives" in page.text
    assert page.form(path).inputs["until-month"] == ["5"]
    page = irene.fill(page, sure="yes")
    assert page.status == 200, page.text
    assert reply(world, reference)["due"] == FAR


def test_the_page_takes_it_back(world: World) -> None:
    reference = extended(world)
    irene = at_browser(world, "irene")
    page = irene.open(f"/challenges/{reference}?all=1")
    page = irene.fill(irene.open(page.link("Take back the date that I gave")))
    assert page.status == 200, page.text
    assert "The other date was taken back" in page.text
    assert reply(world, reference)["due"] == "2026-04-08"
    assert "Take back the date that I gave" not in page.text


# Twins.


@one_engine
def test_planted_extension_that_is_taken_back_on_any_day_is_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    plant_rule(monkeypatch, e.ExtensionTakenBack, needs_of_day=None)
    with pytest.raises(AssertionError):
        test_it_is_theirs_who_gave_it_on_that_day_alone(world)


@one_engine
def test_planted_extension_that_nobodys_act_uses_up_is_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extensions, "forget_used_extension", lambda *given: None)
    with pytest.raises(AssertionError):
        test_nothing_that_those_asked_built_on_it_is_taken_from_them(world, "acknowledged", {})


@one_engine
def test_planted_earlier_date_that_nobody_can_meet_is_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extensions, "working_days_between", lambda *given: 1)
    with pytest.raises(AssertionError):
        test_the_earlier_date_must_still_be_a_working_day_off(world)


@one_engine
def test_planted_memory_that_is_not_kept_is_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    real = load.load_challenges

    def forgetful(*given: Any) -> Any:
        return {id_: _without_extension(one) for id_, one in real(*given).items()}

    monkeypatch.setattr(load, "load_challenges", forgetful)
    with pytest.raises(AssertionError):
        test_the_earlier_promise_holds_again_and_those_asked_are_told(world)


def _without_extension(loaded: Any) -> Any:
    return replace(loaded, challenge=replace(loaded.challenge, extension=None))


@one_engine
def test_planted_date_that_is_never_asked_about_is_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "check_far_date", lambda *given: None)
    with pytest.raises(AssertionError):
        test_a_surprising_date_is_asked_about_before_it_is_given(world)
