"""Told otherwise about many items in one act, by page and over JSON: each item judges it, and one keeps no other."""

import re
from typing import Any

import pytest

from api.json import told_otherwise
from api.pages.service_board import telling_otherwise
from tests.cast.world import World
from tests.pages.browser import Page, at_browser, day
from tests.pages.test_board import raised
from tests.service.test_statements import counted

TOLD: dict[str, Any] = {"role": "team_manager", "how": "rang", "on": "2026-04-01"}


def ticks(page: Page) -> list[str]:
    """What may be ticked, in its order on the page."""
    return re.findall(r'name="told-\d+"[^>]*value="([^"]+)"', page.html)


def group_of(page: Page, value: str) -> str:
    """The name of the input that holds a tick."""
    found = re.search(rf'name="(told-\d+)"[^>]*value="{re.escape(value)}"', page.html)
    assert found, value
    return found[1]


def ticked(page: Page, *values: str) -> dict[str, list[str]]:
    """The inputs with these ticked."""
    said: dict[str, list[str]] = {}
    for value in values:
        said.setdefault(group_of(page, value).replace("-", "__"), []).append(value)
    return said


def told_on(world: World, reference: str) -> list[dict[str, Any]]:
    entries = world.as_("mona").timeline(reference)["entries"]
    return [entry["facts"] for entry in entries if entry["kind"] == "told_otherwise"]


def both(world: World) -> tuple[str, str]:
    return raised(world, "T-1"), raised(world, "T-2")


@pytest.mark.parametrize("who", ["irene", "mona", "bob"])
def test_whoever_rang_about_several_items_says_so_once(world: World, who: str) -> None:
    one, two_, three = *both(world), raised(world, "T-3")
    visitor = at_browser(world, who)
    page = visitor.open("/told-otherwise")
    assert "Team Manager: Tess" in page.text
    assert f"{one}: KT (T-1)" in page.text
    assert "no reply yet" in page.text
    done = visitor.fill(page, "/told-otherwise", how="rang", **ticked(page, f"{one} team_manager", f"{two_} team_manager"))
    assert "It is on the record of 2 items." in done.text
    for reference in (one, two_):
        assert told_on(world, reference) == [{"role": "team_manager", "how": "rang", "on": "2026-04-01"}]
        assert world.told(reference, "told_otherwise") == [("stage_2", {"tess"}, set())]
    assert told_on(world, three) == []
    assert ticks(done) == [f"{three} team_manager"], "whoever is recorded is not listed again"


def test_whoever_was_told_about_each_counts_as_reached(climbing: World) -> None:
    climbing.mails = False
    references = both(climbing)
    left = raised(climbing, "T-3")
    bob = at_browser(climbing, "bob")
    page = bob.open("/told-otherwise")
    bob.fill(page, "/told-otherwise", how="met", **ticked(page, *(f"{one} team_manager" for one in references)))
    climbing.pass_to("Thu 9 April 2026, 12:00")
    closed = {}
    for reference in (*references, left):
        windows = climbing.as_("irene").item(reference)["windows"]
        closed[reference] = [window["closed_as"] for window in windows if window["kind"] == "reply" and window["closed_as"]]
    assert closed == {references[0]: ["no reply"], references[1]: ["no reply"], left: ["not reached"]}


def test_what_did_not_arrive_is_listed_first_and_what_was_answered_not_at_all(world: World) -> None:
    answered, waits, failed = raised(world, "T-1"), raised(world, "T-2"), raised(world, "T-3")
    assert world.as_("tess").brings(answered, "responded", position="disagrees", answer="No.").status_code == 200
    assert world.as_("irene").brings(failed, "did_not_arrive", role="team_manager").status_code == 200
    page = at_browser(world, "irene").open("/told-otherwise")
    assert ticks(page) == [f"{failed} team_manager", f"{waits} team_manager"]
    assert "what was sent did not arrive" in page.text


def test_what_one_item_refuses_is_said_beside_it_and_the_others_go_through(world: World) -> None:
    one, late = both(world)
    irene = at_browser(world, "irene")
    page = irene.open("/told-otherwise")
    assert world.as_("tess").brings(late, "responded", position="disagrees", answer="No.").status_code == 200
    answer = irene.fill(page, "/told-otherwise", how="rang", **ticked(page, f"{one} team_manager", f"{late} team_manager"))
    assert answer.status == 422
    assert "It is on the record of 1 item." in answer.text
    assert f"{late}: Nobody owes an answer here at the moment." in answer.text
    assert [len(told_on(world, each)) for each in (one, late)] == [1, 0]


def test_a_day_that_fits_one_item_and_not_another_is_kept_beside_the_other(world: World) -> None:
    early = raised(world, "T-1")
    world.at("Thu 2 April 2026, 10:00")
    later = raised(world, "T-2")
    irene = at_browser(world, "irene")
    page = irene.open("/told-otherwise")
    said = ticked(page, f"{early} team_manager", f"{later} team_manager")
    answer = irene.fill(page, "/told-otherwise", how="rang", **said, **day("on", "1 4 2026"))
    assert f"{later}: It was asked of them on Thursday 2 April 2026. Name Thursday 2 April 2026 or a later day." in answer.text
    assert [len(told_on(world, each)) for each in (early, later)] == [1, 0]
    form = answer.form("/told-otherwise").inputs
    assert form[group_of(answer, f"{later} team_manager")] == [f"{later} team_manager"], "it is still ticked"
    done = irene.fill(answer, "/told-otherwise", **day("on", "2 4 2026"))
    assert "It is on the record of 1 item." in done.text
    assert [len(told_on(world, each)) for each in (early, later)] == [1, 1]


def test_what_is_left_out_is_asked_for_and_nothing_is_recorded(world: World) -> None:
    one, _ = both(world)
    irene = at_browser(world, "irene")
    page = irene.open("/told-otherwise")
    answer = irene.fill(page, "/told-otherwise", how="rang")
    assert (answer.status, "Tick the items about which you told somebody." in answer.text) == (422, True)
    answer = irene.fill(page, "/told-otherwise", **ticked(page, f"{one} team_manager"))
    assert (answer.status, "Choose how." in answer.text) == (422, True)
    assert told_on(world, one) == []


def test_pressing_twice_records_it_once(world: World) -> None:
    one, _ = both(world)
    irene = at_browser(world, "irene")
    page = irene.open("/told-otherwise")
    for _ in range(2):
        irene.fill(page, "/told-otherwise", how="rang", **ticked(page, f"{one} team_manager"))
    assert len(told_on(world, one)) == 1


def test_where_nobody_owes_a_reply_it_says_so(world: World) -> None:
    page = at_browser(world, "irene").open("/told-otherwise")
    assert "Nobody owes a reply on your items whom you have not recorded as told. Nothing needs doing." in page.text


# Who may.


@pytest.mark.parametrize(
    ("person", "status"),
    [("irene", 200), ("ivor", 200), ("mona", 200), ("bob", 200), ("ada", 403), ("tess", 403), ("cora", 403), ("audrey", 403)],
)
def test_the_page_is_for_the_iro_service(world: World, person: str, status: int) -> None:
    assert at_browser(world, person).open("/told-otherwise").status == status


def test_an_iro_sees_and_records_their_own_items_only(world: World) -> None:
    mine, theirs = raised(world, "T-1"), raised(world, "T-4", by="ivor")
    irene = at_browser(world, "irene")
    page = irene.open("/told-otherwise")
    assert ticks(page) == [f"{mine} team_manager"]
    form = page.form("/told-otherwise")
    sent = {"form_token": form.inputs["form_token"], "how": "rang", "on-day": "1", "on-month": "4", "on-year": "2026"}
    answer = irene.send("POST", "/told-otherwise", data=sent | {"told-1": [f"{theirs} team_manager"]})
    none = irene.send("POST", "/told-otherwise", data=sent | {"told-1": ["ABCD-2345 team_manager"]})
    assert answer.status_code == none.status_code == 422
    assert f"{theirs}: There is no such item, or it is not yours to see." in Page(answer).text
    assert Page(answer).text == Page(none).text.replace("ABCD-2345", theirs)
    assert told_on(world, theirs) == []


def test_what_the_page_lists_and_records_is_in_the_access_log(world: World) -> None:
    one, two_ = both(world)
    irene = at_browser(world, "irene")
    page = irene.open("/told-otherwise")
    irene.fill(page, "/told-otherwise", how="rang", **ticked(page, f"{one} team_manager"))
    read = {ref: [line["what"] for line in world.service.access_log.of(world.council.key, ref)] for ref in (one, two_)}
    assert "event" in read[one]
    assert "event" not in read[two_]
    assert "list" in read[two_]


def test_it_is_reached_from_my_tasks_the_board_and_the_outbox(world: World) -> None:
    both(world)
    for who, path in (("irene", "/"), ("mona", "/board"), ("bob", "/board"), ("mona", "/administration/outbox")):
        assert "/told-otherwise" in {href for href, _ in at_browser(world, who).open(path).links}, (who, path)
    assert "/told-otherwise" not in at_browser(world, "ada").open("/administration/outbox").html
    assert "/told-otherwise" not in at_browser(world, "tess").open("/").html


def test_the_page_costs_the_same_however_many_items_there_are(world: World) -> None:
    mona, costs = at_browser(world, "mona"), []
    for _ in range(3):
        for child in ("T-1", "T-2", "T-3"):
            raised(world, child)
        mona.open("/told-otherwise")
        with counted(world) as seen:
            mona.open("/told-otherwise")
        costs.append(len(seen))
    assert len(set(costs)) == 1, costs


def test_more_than_are_looked_through_is_said(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling_otherwise, "MOST", 1)
    both(world)
    page = at_browser(world, "mona").open("/told-otherwise")
    assert "Only the 1 items that are due first are looked through." in page.text
    assert len(ticks(page)) == 1


# Over JSON.


def test_over_json_each_reference_is_answered(world: World) -> None:
    one, two_ = both(world)
    assert world.as_("tess").brings(two_, "responded", position="disagrees", answer="No.").status_code == 200
    answer = world.as_("bob").post("/told-otherwise", {"references": [one.lower(), two_, "ABCD-2345", one], **TOLD})
    assert answer.status_code == 200, answer.text
    items = answer.json()["items"]
    assert [(each["reference"], each["recorded"], each["problem"]) for each in items] == [
        (one, True, ""), (two_, False, "not-open"), ("ABCD-2345", False, "not-found"),
    ]  # fmt: skip
    assert items[1]["title"] == "Nobody owes an answer here at the moment."
    assert items[1]["what_to_do"]
    assert [len(told_on(world, each)) for each in (one, two_)] == [1, 0]


def test_over_json_what_does_not_fit_names_its_field(world: World) -> None:
    one, _ = both(world)
    body = {"references": [one], **TOLD}
    for changed, field in (({"role": "director"}, "role"), ({"on": "2026-04-02"}, "on"), ({"on": "2026-03-31"}, "on")):
        [item] = world.as_("irene").post("/told-otherwise", body | changed).json()["items"]
        assert (item["recorded"], item["problem"], item["field"]) == (False, "unfit", field)
    for wrong in ({"how": "shouted"}, {"references": []}, {"references": [one] * 101}, {"words": "More."}):
        assert world.as_("irene").post("/told-otherwise", body | wrong).status_code == 422
    assert told_on(world, one) == []


def test_over_json_a_repeat_with_its_key_records_it_once(world: World) -> None:
    one, two_ = both(world)
    key = "k" * 128
    for _ in range(2):
        answer = world.as_("mona").post("/told-otherwise", {"references": [one, two_], **TOLD}, Idempotency_Key=key)
        assert [each["recorded"] for each in answer.json()["items"]] == [True, True]
    assert [len(told_on(world, each)) for each in (one, two_)] == [1, 1]
    other = world.as_("mona").post("/told-otherwise", {"references": [one], **TOLD, "how": "met"}, Idempotency_Key=key)
    assert [each["problem"] for each in other.json()["items"]] == ["key-reused"]


def test_over_json_nobody_else_brings_it(two: World) -> None:
    one, _ = both(two)
    for person in ("tess", "ada", "cora", "audrey"):
        assert two.as_(person).post("/told-otherwise", {"references": [one], **TOLD}).status_code == 403
    for caller in (two.as_("ivor"), two.as_("mona", "elsewhere")):
        [item] = caller.post("/told-otherwise", {"references": [one], **TOLD}).json()["items"]
        assert (item["recorded"], item["problem"]) == (False, "not-found")
    assert told_on(two, one) == []


# Planted.


def test_planted_first_refusal_that_keeps_the_others_is_caught(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = told_otherwise.bring_to_each

    def stops(asked: Any, told: Any, *once: Any) -> Any:
        found: list[Any] = []
        for one in told:
            if found and not found[-1].recorded:
                found.append(found[-1])
                continue
            found += honest(asked, [one], *once)
        return found

    monkeypatch.setattr(told_otherwise, "bring_to_each", stops)
    with pytest.raises(AssertionError):
        test_over_json_each_reference_is_answered(world)


def test_planted_refusal_that_nobody_hears_of_is_caught(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = telling_otherwise.bring_to_each

    def glad(*given: Any) -> Any:
        return [one.model_copy(update={"recorded": True}) for one in honest(*given)]

    monkeypatch.setattr(telling_otherwise, "bring_to_each", glad)
    with pytest.raises(AssertionError):
        test_what_one_item_refuses_is_said_beside_it_and_the_others_go_through(world)
