"""The inbox: the delivery of record, newest first; what is not read yet is said in words, and looking marks nothing."""

from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update
from starlette.requests import Request

from api.pages.frame.browser_request import PageContext, page_context
from api.pages.my_work import inbox as room
from drp.database.challenge_tables import ChallengeRow
from drp.database.message_tables import DeliveryRow, NotificationRow
from drp.database.statements import MESSAGES
from drp.messages import inbox
from tests.cast.world import World
from tests.pages.browser import Visitor, at_browser
from workflows.model.challenge import Outcome


def raised(world: World, **said: object) -> str:
    answer = world.as_("irene").raises(item_type="formal", effect_on_child="She waits.", outcome_sought="A plan.", **said)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["reference"])


def unread(world: World, person: str) -> int:
    mine = (DeliveryRow.person == world.id(person), DeliveryRow.read_at.is_(None))
    return len(world.rows(select(DeliveryRow.n).where(*mine)))


def id_of(world: World, reference: str) -> object:
    return world.rows(select(ChallengeRow.id).where(ChallengeRow.reference == reference))[0][0]


def visit_of(world: World, visitor: Visitor, **headers: str) -> tuple[Request, PageContext]:
    sent = {"cookie": f"drp={visitor.cookie}", **headers}
    request = Request(
        {
            "type": "http", "method": "GET", "path": "/inbox", "app": world.app, "query_string": b"",
            "route": type("Route", (), {"path": "/inbox"}),
            "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in sent.items()],
        }
    )  # fmt: skip
    return request, page_context(request)


def test_a_manager_reads_what_happened_what_to_do_and_by_when(world):
    reference = raised(world)
    page = at_browser(world, "tess").open("/inbox")
    assert page.status == 200
    assert page.link(f"{reference}: A reply is asked of you") == f"/challenges/{reference}"
    assert "The IRO asks for your reply to a challenge. By the end of Wednesday 8 April 2026." in page.text
    assert "not read yet" in page.text
    assert "to you" in page.text
    assert "Inbox (1)" in page.text
    for kept in ("She waits.", "KT", "T-1"):
        assert kept not in page.text.replace(reference, "")  # made of letters and digits by chance


def test_the_page_and_the_interface_tell_the_same(world):
    first, second = raised(world), raised(world, child="T-2")
    told = [one["reference"] for one in world.as_("tess").get("/inbox").json()["messages"]]
    page = at_browser(world, "tess").open("/inbox")
    assert sorted(told) == sorted([first, second])
    assert [text.partition(":")[0] for href, text in page.links if href.startswith("/challenges/")] == told


def test_looking_marks_nothing_so_that_a_browser_may_look_ahead(world):
    raised(world)
    tess = at_browser(world, "tess")
    tess.open("/inbox")
    tess.open("/inbox?page=1")
    assert unread(world, "tess") == 1


def test_all_are_marked_as_read_with_one_button(world):
    raised(world)
    raised(world, child="T-2")
    tess = at_browser(world, "tess")
    after = tess.fill(tess.open("/inbox"))
    assert "2 messages are marked as read." in after.text
    assert "not read yet" not in after.text.replace("Nothing is unread", "")
    assert not [one for one in after.forms if one.action == "/inbox"]
    assert (unread(world, "tess"), unread(world, "gina")) == (0, unread(world, "gina"))


def test_what_came_after_the_page_was_made_stays_unread(world):
    raised(world)
    tess = at_browser(world, "tess")
    page = tess.open("/inbox")
    world.now += timedelta(minutes=5)
    later = raised(world, child="T-2")
    after = tess.fill(page)
    assert "One message is marked as read." in after.text
    assert after.text.count("not read yet") == 2  # in the line above the list, and beside the message
    assert after.text.index(later) < after.text.index("not read yet", after.text.index(later))


def test_a_moment_that_is_none_or_is_still_to_come_means_now(world):
    raised(world)
    for until in ("", "soon", "2099-01-01T00:00:00", "2099-01-01T00:00:00+00:00"):
        world.write(update(DeliveryRow).values(read_at=None))
        tess = at_browser(world, "tess")
        tess.fill(tess.open("/inbox"), until=until)
        assert unread(world, "tess") == 0


def test_opening_an_item_marks_what_was_told_of_it_and_nothing_else(world):
    one, other = raised(world), raised(world, child="T-2")
    tess = at_browser(world, "tess")
    request, visit = visit_of(world, tess)
    assert room.mark_item_read(request, visit, id_of(world, one)).unread == 1
    assert unread(world, "tess") == 1
    page = tess.open("/inbox")
    assert page.text.index(other) < page.text.index("not read yet", page.text.index(other))


def test_a_page_fetched_ahead_marks_nothing(world):
    reference = raised(world)
    for header in ({"sec_purpose": "prefetch;prerender"}, {"purpose": "prefetch"}):
        request, visit = visit_of(world, at_browser(world, "tess"), **header)
        assert room.mark_item_read(request, visit, id_of(world, reference)) is visit
    assert unread(world, "tess") == 1


def test_nobody_marks_anothers_messages(world):
    reference = raised(world)
    before = unread(world, "tess")
    with world.store.write("dunmoor") as connection:
        inbox.mark_read(connection, "dunmoor", world.id("irene"), world.now)
        inbox.mark_read(connection, "dunmoor", world.id("irene"), world.now, id_of(world, reference))
    assert unread(world, "tess") == before == 1


def test_what_was_read_once_keeps_its_moment(world):
    raised(world)
    with world.store.write("dunmoor") as connection:
        assert inbox.mark_read(connection, "dunmoor", world.id("tess"), world.now) == 1
        assert inbox.mark_read(connection, "dunmoor", world.id("tess"), world.now + timedelta(days=1)) == 0


def test_an_inbox_holds_ones_own_messages_only(two):
    reference = raised(two)
    theirs = two.as_("irene", "elsewhere").raises(item_type="formal", effect_on_child="e", outcome_sought="o").json()["reference"]
    assert reference in at_browser(two, "tess").open("/inbox").text
    assert theirs in at_browser(two, "tess", "elsewhere").open("/inbox").text
    for person, authority in (("tom", "dunmoor"), ("cora", "dunmoor"), ("tess", "elsewhere")):
        assert reference not in at_browser(two, person, authority).open("/inbox").text
    assert theirs not in at_browser(two, "tess").open("/inbox").text


def test_planted_an_inbox_of_everybody_is_caught(two, monkeypatch):
    monkeypatch.setattr(
        inbox, "messages_of_person",
        lambda connection, authority, person, most, skip=0: connection.execute(
            MESSAGES.limit(most).offset(skip), {"authority": authority}
        ).mappings().all(),
    )  # fmt: skip
    with pytest.raises(AssertionError):
        test_an_inbox_holds_ones_own_messages_only(two)


def test_what_was_recorded_in_error_is_in_no_inbox(world):
    reference = raised(world)
    world.write(update(ChallengeRow).values(phase=Outcome.IN_ERROR.value))
    page = at_browser(world, "tess").open("/inbox")
    assert reference not in page.text
    assert "Nothing has come yet." in page.text


def test_a_long_inbox_is_turned_page_by_page(world):
    raised(world)
    tells_tess = DeliveryRow.__table__.select().where(DeliveryRow.person == world.id("tess"))
    with world.store.read(world.council.key) as connection:
        message = connection.execute(NotificationRow.__table__.select()).mappings().first()
        copy = connection.execute(tells_tess).mappings().first()
    at = message["at"]
    numbers = range(50, 110)
    world.write(insert(NotificationRow), [{**message, "n": n, "at": at + timedelta(minutes=n)} for n in numbers])
    world.write(insert(DeliveryRow), [{**copy, "n": n, "read_at": at} for n in numbers])
    tess = at_browser(world, "tess")
    first = tess.open("/inbox")
    assert first.text.count("A reply is asked of you") == 25
    second = tess.open(next(href for href, said in first.links if said.startswith("Older")))
    third = tess.open(next(href for href, said in second.links if said.startswith("Older")))
    assert third.text.count("A reply is asked of you") == 11
    assert not [said for _, said in third.links if said.startswith("Older")]
    assert "There is nothing on this page." in tess.open("/inbox?page=99").text
    assert tess.open("/inbox?page=0").status == 422


def test_mail_that_came_back_is_said(world):
    raised(world)
    world.write(update(DeliveryRow).values(mail="refused", error="550 no such mailbox"))
    page = at_browser(world, "tess").open("/inbox")
    assert "the mail did not reach you" in page.text
    assert "550" not in page.text


def test_what_an_inbox_showed_is_in_the_access_log(world):
    reference = raised(world)
    at_browser(world, "tess").open("/inbox")
    read = world.service.access_log.readings("dunmoor", people={str(world.id("tess"))})
    assert [(one.what, one.reference) for one in read] == [("inbox", reference)]
