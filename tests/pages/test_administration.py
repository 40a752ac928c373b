"""The administrator's rooms: today's state, the outbox and its brake, the words for a child, messages before they leave,
and who read what."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from api.routes import ROUTES
from drp.data_protection import access_log
from drp.database.authority_tables import AuthorityRow
from drp.database.directory_tables import PersonRow
from drp.database.message_tables import DeliveryRow, NotificationRow
from drp.identity.principal import RouteAudience
from tests.cast.world import World
from tests.pages.browser import Page, Visitor, at_browser
from workflows.decision.decision_builder import NotificationKind

READ = (
    "/administration", "/administration/health", "/administration/labels", "/administration/messages",
    "/administration/messages/letter?subject=asked&at=x", "/administration/outbox", "/administration/access-log",
)  # fmt: skip
PAUSE = {"brake": "all", "why": "A rehearsal.", "sure": "yes"}
SENT = ("/administration/labels", "/administration/outbox/brake", "/administration/outbox/release")


def raised(world: World, **said: object) -> str:
    answer = world.as_("irene").raises(item_type="formal", effect_on_child="She waits.", outcome_sought="A plan.", **said)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["reference"])


def brake_of(world: World) -> str:
    return str(world.rows(AuthorityRow.__table__.select().with_only_columns(AuthorityRow.brake))[0][0])


def states(world: World) -> set[str]:
    return {row[0] for row in world.rows(NotificationRow.__table__.select().with_only_columns(NotificationRow.state))}


# Whose rooms these are.


def test_the_rooms_serve_iro_managers_and_administrators_and_nobody_else(world):
    for person in ("ada", "mona"):
        for path in READ:
            assert at_browser(world, person).send("GET", path).status_code in (200, 422), (person, path)
    for person in ("irene", "tess", "hugo", "audrey", "bob"):
        visitor = at_browser(world, person)
        token = visitor.open("/sign-out").form().inputs["form_token"][0]
        for path in READ:
            assert visitor.send("GET", path).status_code == 403, (person, path)
        for path in SENT:
            assert visitor.send("POST", path, data={"form_token": token}).status_code == 403, (person, path)
    for path in READ:
        assert Visitor(world).send("GET", path).headers["location"].startswith("/sign-in?then=")


@pytest.mark.parametrize("route", [("GET", "/administration/access-log"), ("POST", "/administration/outbox/release")])
def test_planted_opening_a_room_to_everybody_is_caught(world, monkeypatch, route):
    monkeypatch.setitem(ROUTES, route, RouteAudience.PERSON)
    with pytest.raises(AssertionError):
        test_the_rooms_serve_iro_managers_and_administrators_and_nobody_else(world)


def test_no_button_works_for_a_form_of_another_session(world):
    raised(world)
    ada = at_browser(world, "ada")
    for path, said in (
        ("labels", {"pack": "cared_for"}),
        ("outbox/brake", PAUSE),
        ("outbox/release", {}),
    ):
        answer = ada.send("POST", f"/administration/{path}", data={"form_token": "0" * 64, **said})
        assert answer.status_code in (403, 422), path
    assert brake_of(world) == ""


def test_the_first_page_says_how_things_stand_and_leads_everywhere(world):
    raised(world)
    world.sweep()
    ada = at_browser(world, "ada")
    page = ada.open("/administration")
    assert "Dates are acted on and messages leave." in page.text
    assert "Mail leaves as it comes." in page.text
    assert "Now: The words of our own file" in page.text
    for text in (
        "How the service is",
        "Outbox, and pausing it",
        "Who read what",
        "The words for a child",
        "Messages before they leave",
    ):
        assert ada.open(page.link(text)).status == 200, text


def test_a_stopped_heartbeat_is_said_with_what_to_do(world):
    world.sweep()
    world.now += timedelta(hours=1)
    page = at_browser(world, "ada").open("/administration/health")
    assert "The heartbeat has stopped. Tell whoever runs the service" in page.text
    assert "needs somebody" in page.text


# The outbox.


def fail(world: World, why: str = "550 no such mailbox") -> None:
    world.write(update(NotificationRow).values(state="failed", error=why))
    world.write(update(DeliveryRow).values(mail="refused", error=why))


def test_what_could_not_be_delivered_is_shown_with_its_reason_and_let_go_again(world):
    reference = raised(world)
    fail(world)
    ada = at_browser(world, "ada")
    page = ada.open("/administration/outbox")
    assert f"{reference}: A reply is asked of you" in page.text
    assert "550 no such mailbox" in page.text
    assert "Tess" in page.text
    after = ada.fill(page, "/administration/outbox/release")
    assert "goes out again at the next tick" in after.text
    assert states(world) == {"waiting"}
    assert "Could not be delivered" not in after.text


def test_nothing_in_the_outbox_says_more_of_an_item_than_mail_would(world):
    reference = raised(world, concern="Zebra crossing.")
    fail(world)
    page = at_browser(world, "ada").open("/administration/outbox")
    for kept in ("Zebra", "She waits", "KT", "T-1"):
        assert kept not in page.text.replace(reference, "")


def test_the_brake_is_set_for_all_mail_above_a_stage_or_taken_off(world):
    ada = at_browser(world, "ada")
    page = ada.fill(
        ada.open("/administration/outbox"), "/administration/outbox/brake", brake="all", why="A rehearsal.", sure="yes"
    )
    assert "Sending is paused for all mail. The inbox goes on." in page.text
    assert brake_of(world) == "all"
    raised(world)
    page = ada.fill(page, "/administration/outbox/brake", **PAUSE | {"brake": "above", "stage": "stage_3"})
    assert "Sending is paused for all mail above Stage 3" in page.text
    assert brake_of(world) == "stage_3"
    assert page.form("/administration/outbox/brake").inputs["stage"] == ["stage_3"]
    page = ada.fill(page, "/administration/outbox/brake", brake="none")
    assert brake_of(world) == ""
    assert world.as_("ada").get("/outbox").json()["brake"] == ""


def test_a_brake_above_no_stage_is_asked_about_and_one_above_an_unknown_stage_refused(world):
    ada = at_browser(world, "ada")
    page = ada.open("/administration/outbox")
    shown = ada.fill(page, "/administration/outbox/brake", brake="above", stage="")
    assert (shown.status, "Choose the stage above which mail is held." in shown.text) == (422, True)
    assert shown.form("/administration/outbox/brake").inputs["brake"] == ["above"]
    assert ada.fill(page, "/administration/outbox/brake", brake="above", stage="stage_99").status == 422
    assert ada.fill(page, "/administration/outbox/brake", brake="everything").status == 422
    assert brake_of(world) == ""


# The words for a child.


def test_a_pack_of_words_is_shown_in_sentences_and_used_from_the_next_page_on(world):
    ada = at_browser(world, "ada")
    page = ada.open("/administration/labels")
    assert "“The IRO reviews the plans of cared-for children.”" in page.text
    after = ada.fill(page, pack="cared_for")
    assert "Saved. The pages speak so from now on." in after.text
    assert after.form().inputs["pack"] == ["cared_for"]
    assert "for a cared-for child" in at_browser(world, "tess").open("/help").text
    ada.fill(after, pack="own")
    assert "for a child in care" in at_browser(world, "tess").open("/help").text


def test_words_of_one_authority_are_not_anothers(two):
    ada = at_browser(two, "ada")
    ada.fill(ada.open("/administration/labels"), pack="cared_for")
    assert "cared-for" not in at_browser(two, "tess", "elsewhere").open("/help").text


def test_words_that_are_not_listed_are_refused(world):
    ada = at_browser(world, "ada")
    page = ada.open("/administration/labels")
    assert ada.fill(page, pack="naughty").status == 422
    assert "Choose the words." in ada.fill(page, pack="").text


# Messages before they leave.


def stages(page: Page) -> list[str]:
    return re.findall(r'<option value="([0-9a-f]{12}\.[^"]+)"', page.html)


def test_every_message_can_be_read_before_anybody_gets_one(world):
    reference = raised(world)
    ada = at_browser(world, "ada")
    at = stages(ada.open("/administration/messages"))[1]
    for subject in NotificationKind:
        page = ada.open(f"/administration/messages?subject={subject.value}&at={at}")
        assert page.status == 200, subject
        assert "Reference: EXAMPLE" in page.text, subject
        letter = ada.send("GET", f"/administration/messages/letter?subject={subject.value}&at={at}")
        assert (letter.status_code, "EXAMPLE" in letter.text) == (200, True), subject
        assert reference not in page.text + letter.text
    assert world.service.access_log.readings("dunmoor", people={str(world.id("ada"))}) == []


def test_a_letter_is_framed_by_us_alone_and_runs_nothing(world):
    ada = at_browser(world, "ada")
    at = stages(ada.open("/administration/messages"))[0]
    shown = ada.send("GET", f"/administration/messages?subject=asked&at={at}")
    assert shown.headers["content-security-policy"].endswith("; frame-src 'self'")
    assert "frame-ancestors 'none'" in shown.headers["content-security-policy"]
    letter = ada.send("GET", f"/administration/messages/letter?subject=asked&at={at}")
    policy = letter.headers["content-security-policy"]
    assert "frame-ancestors 'self'" in policy
    assert "sandbox" in policy
    assert "script-src" not in policy
    assert letter.headers["x-frame-options"] == "SAMEORIGIN"


def test_a_message_or_a_stage_that_there_is_not_is_said(world):
    ada = at_browser(world, "ada")
    page = ada.open("/administration/messages?subject=asked")
    assert (page.status, "Choose a stage." in page.text) == (422, True)
    assert ada.open("/administration/messages?subject=none&at=none").status == 422
    assert ada.open("/administration/messages/letter?subject=none&at=none").status == 422


# Who read what.


def test_readings_are_found_by_item_by_person_and_by_day(world):
    reference = raised(world)
    at_browser(world, "irene").open(f"/challenges/{reference}")
    world.at("Thu 2 April 2026, 10:00")
    at_browser(world, "tess").open(f"/challenges/{reference}?all=1")
    ada = at_browser(world, "ada")
    log = ada.open("/administration/access-log")
    assert "Thursday 2 April 2026, 10:00 Tess Opened" in log.text
    of_item = ada.open(f"/administration/access-log?reference={reference.lower()}")
    assert "Tess Opened" in of_item.text
    assert "Irene Opened" in of_item.text
    of_tess = ada.open("/administration/access-log?who=tes")
    assert "Tess Opened" in of_tess.text
    assert "Irene Opened" not in of_tess.text
    first = ada.open("/administration/access-log?on-day=1&on-month=4&on-year=2026")
    assert "Irene Opened" in first.text
    assert "Tess Opened" not in first.text
    by_link = ada.open(log.link("Tess"))
    assert "What Tess read" in by_link.text
    assert "Irene Opened" not in by_link.text


def test_looking_in_the_log_is_in_the_log(world):
    reference = raised(world)
    ada = at_browser(world, "ada")
    ada.open("/administration/access-log")
    ada.open(f"/administration/access-log?reference={reference}")
    ada.open("/administration/access-log?who=irene")
    shown = at_browser(world, "mona").open("/administration/access-log").text
    assert "Ada Looked through this log" in shown
    assert f"Ada Looked up here who had read it {reference}" in shown
    assert "Ada Looked up here what Irene had read" in shown


def test_planted_a_look_that_leaves_no_trace_is_caught(world, monkeypatch):
    real = access_log.AccessLog.record
    monkeypatch.setattr(
        access_log.AccessLog, "record",
        lambda self, authority, at, person, what, *references: (
            None if what.startswith("access log") else real(self, authority, at, person, what, *references)
        ),
    )  # fmt: skip
    with pytest.raises(AssertionError):
        test_looking_in_the_log_is_in_the_log(world)


def test_nothing_of_another_authority_is_in_the_log(two):
    theirs = two.as_("irene", "elsewhere").raises().json()["reference"]
    at_browser(two, "irene", "elsewhere").open(f"/challenges/{theirs}")
    ada = at_browser(two, "ada")
    for query in ("", f"?reference={theirs}", "?who=irene", f"?person={two.id('irene', 'elsewhere')}"):
        page = ada.open(f"/administration/access-log{query}")
        assert page.status == 200
        assert "Opened" not in page.text, query
        assert "/administration/access-log?reference=" + theirs not in page.html or query == f"?reference={theirs}"


def test_planted_a_log_of_all_authorities_is_caught(two, monkeypatch):
    real = access_log.match_readings
    monkeypatch.setattr(access_log, "match_readings", lambda *asked: real(*asked)[1:])
    with pytest.raises(AssertionError):
        test_nothing_of_another_authority_is_in_the_log(two)


def test_the_log_is_turned_page_by_page(world):
    log = world.service.access_log
    for n in range(120):
        log.record("dunmoor", world.now, str(world.id("irene")), "page", f"LINE-{n:04}")
    ada = at_browser(world, "ada")
    page, seen = ada.open("/administration/access-log?who=irene"), []
    while True:
        seen += re.findall(r">(LINE-\d{4})</a>", page.html)
        older = [href for href, said in page.links if said.startswith("Older")]
        if not older:
            break
        page = ada.open(older[0])
    assert seen == [f"LINE-{n:04}" for n in reversed(range(120))]
    assert any(said.startswith("Newest") for _, said in page.links)


def test_a_list_that_was_shown_is_one_line_with_its_items_to_be_opened(world):
    log = world.service.access_log
    log.record("dunmoor", world.now, str(world.id("irene")), "list", "AAAA-2222", "BBBB-2222", "CCCC-2222")
    log.record("dunmoor", world.now, "the service", "access log thinned: 12 before 2020-03-30", "")
    ada = at_browser(world, "ada")
    whole = ada.open("/administration/access-log")
    assert "Irene Shown in a list 3 items AAAA-2222 BBBB-2222 CCCC-2222" in whole.text
    assert "the service Took 12 readings from before 2020-03-30 out of this log: their time was over" in whole.text
    assert [said for href, said in whole.links if "reference=BBBB-2222" in href] == ["BBBB-2222"]
    assert "Shown in a list 3 items, BBBB-2222 among them" in ada.open("/administration/access-log?reference=bbbb-2222").text


def test_who_read_unusually_much_stands_at_the_top(world):
    log, now = world.service.access_log, world.now
    log.record("dunmoor", now, str(world.id("irene")), "list", *(f"LIST-{n:04}" for n in range(60)))
    for n in range(9):
        log.record("dunmoor", now, str(world.id("tom")), "page", f"ITEM-{n:04}")
    log.record("dunmoor", now - timedelta(days=8), str(world.id("tess")), "page", *(f"OLD-{n:04}" for n in range(60)))
    text = at_browser(world, "mona").open("/administration/access-log").text
    lately = text[text.index("Who read most") : text.index("Everything, newest first")]
    assert lately.index("Tom Team Manager 9 9 9") < lately.index("Irene IRO 0 60 60")
    assert "Tess" not in lately


def test_a_name_is_a_name_and_no_pattern(world):
    at_browser(world, "irene").open("/")
    raised(world)
    at_browser(world, "irene").open("/")
    ada = at_browser(world, "ada")
    for typed in ("%25", "_", "ire_e", "%27%3B", "\\"):
        assert "Nothing was found." in ada.open(f"/administration/access-log?who={typed}").text, typed
    assert ada.open("/administration/access-log?person=not-a-person").status == 200
    assert ada.open(f"/administration/access-log?reference={'A' * 199}").status == 200


def test_a_name_that_too_many_bear_is_asked_to_be_longer(world):
    one = {"authority": "dunmoor", "email": "m@d.example", "agency": "", "left_on": None}
    many = [one | {"id": world.chance.identity(), "key": f"m{n}", "name": f"Maria {n}"} for n in range(25)]
    world.write(PersonRow.__table__.insert(), many)
    page = at_browser(world, "ada").open("/administration/access-log?who=maria")
    assert (page.status, "More than 20 people are called so" in page.text) == (422, True)


def test_a_day_that_is_none_is_said(world):
    page = at_browser(world, "ada").open("/administration/access-log?on-day=31&on-month=2&on-year=2026")
    assert (page.status, "There is no such day" in page.text) == (422, True)
    assert page.title.startswith("Error: ")


def test_readings_that_fell_back_on_the_file_are_said(world):
    assert isinstance(world.settings.var, Path)
    (world.settings.var / "access.jsonl").write_text("{}\n", encoding="utf-8")
    ada = at_browser(world, "ada")
    assert "they stand in a file on the service's machine (access.jsonl)" in ada.open("/administration/access-log").text
    assert "Some readings stand in a file beside the log" in ada.open("/administration").text


def test_a_log_that_cannot_be_read_is_said(world, tmp_path, monkeypatch):
    unreadable = access_log.AccessLog(f"sqlite:///{tmp_path}", tmp_path / "access.jsonl")  # a folder is no database
    monkeypatch.setattr(world.app.state, "service", replace(world.service, access_log=unreadable))
    page = at_browser(world, "ada").open("/administration/access-log")
    assert page.status == 503


def test_who_changed_what_stands_where_administrators_look(world):
    ada = at_browser(world, "ada")
    ada.fill(ada.open("/administration/outbox"), "/administration/outbox/brake", **PAUSE)
    page = ada.open("/administration/changes")
    assert "Ada" in page.text
    assert "Brake" in page.text
    assert "set to: all" in page.text
    assert at_browser(world, "irene").send("GET", "/administration/changes").status_code == 403


def test_a_delegate_with_no_post_of_their_own_sees_what_the_director_sees(world):
    world.post_ends("quinn", "strategic_manager_sqd", "2026-03-31")
    assert at_browser(world, "quinn").open("/").title.startswith("Sign in")
    world.cover("cora", "quinn", delegate=True)
    assert at_browser(world, "quinn").open("/").title.startswith("My tasks")
