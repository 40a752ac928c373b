"""Nobody is blamed who was never reached: what became of the messages that ask is looked at on each date."""

from typing import Any

import pytest
from sqlalchemy import update

from drp.casework import outage_hold
from drp.database.message_tables import DeliveryRow, NotificationRow
from drp.messages.sending_pause import SendingPause, store_pause
from notifications.channels import OutgoingMail, SendOutcome
from tests.cast.world import World


def raised(world: World) -> str:
    """Raised on Wednesday 1 April 2026: a reply is due on Wednesday 8 April, in good time until the end of Tuesday."""
    answer = world.as_("irene").raises(item_type="formal")
    assert answer.status_code == 201, answer.text
    return str(answer.json()["reference"])


def kinds(world: World, reference: str) -> list[str]:
    return [entry.kind for entry in world.entries(reference)]


def closed(world: World, reference: str) -> list[str]:
    """How the windows that asked somebody closed, the oldest first."""
    windows = world.as_("irene").item(reference)["windows"]
    return [window["closed_as"] for window in windows if window["kind"] in ("reply", "meeting") and window["closed_as"]]


def unreached(world: World, reference: str) -> list[tuple[str, str]]:
    entries = world.as_("irene").timeline(reference)["entries"]
    return [(*entry["facts"]["roles"], entry["facts"]["why"]) for entry in entries if entry["kind"] == "ask_not_reached"]


def test_an_ask_that_never_left_closes_as_not_reached_and_climbs_on_its_day(climbing: World) -> None:
    climbing.mails = False
    reference = raised(climbing)
    climbing.pass_to("Wed 8 April 2026, 17:00")
    assert climbing.told(reference, "will_climb_unreached") == [("stage_2", {"irene"}, set())]
    assert climbing.told(reference, "will_climb") == []
    climbing.pass_to("Thu 9 April 2026, 12:00")
    assert closed(climbing, reference) == ["not reached"]
    assert unreached(climbing, reference) == [("team_manager", "did not leave")] * 2
    assert climbing.as_("irene").item(reference)["stage"]["key"] == "stage_3"
    assert climbing.told(reference, "ask_not_reached") == [("stage_2", {"irene"}, {"mona"})]
    assert climbing.told(reference, "climbed") == []


def test_after_two_stages_that_were_not_reached_it_waits_for_the_iro_and_then_the_iro_manager(climbing: World) -> None:
    climbing.mails = False
    reference = raised(climbing)
    climbing.pass_to("Wed 15 April 2026, 12:00")
    item = climbing.as_("irene").item(reference)
    assert (item["stage"]["key"], item["phase"]) == ("stage_3", "asking")
    assert closed(climbing, reference) == ["not reached", "not reached"]
    climbing.pass_to("Fri 17 April 2026, 12:00")
    assert climbing.told(reference, "still_waiting")[0][1] == {"mona"}
    assert climbing.as_("irene").item(reference)["stage"]["key"] == "stage_3"


def test_a_request_on_the_day_looks_as_a_sweep_does(climbing: World) -> None:
    climbing.mails = False
    reference = raised(climbing)
    climbing.at("Thu 9 April 2026, 09:30")
    assert climbing.as_("irene").item(reference)["stage"]["key"] == "stage_3", "shown as a sweep would have left it"
    assert climbing.as_("irene").brings(reference, "noted", text="I ring her.").status_code == 200
    assert closed(climbing, reference) == ["not reached"]


def test_whoever_opened_the_item_was_reached_by_page_and_over_json(climbing: World) -> None:
    climbing.mails = False
    reference = raised(climbing)
    assert climbing.as_("tess").get(f"/challenges/{reference}").status_code == 200
    climbing.pass_to("Thu 9 April 2026, 12:00")
    assert closed(climbing, reference) == ["no reply"]


def test_marking_all_as_read_and_looking_at_a_list_reach_nobody(climbing: World) -> None:
    climbing.mails = False
    reference = raised(climbing)
    tess = climbing.as_("tess")
    assert tess.get("/inbox").status_code == 200
    assert reference in tess.get("/challenges").text
    climbing.write(update(DeliveryRow).where(DeliveryRow.person == climbing.id("tess")).values(read_at=climbing.now))
    climbing.pass_to("Thu 9 April 2026, 12:00")
    assert closed(climbing, reference) == ["not reached"]


def test_opened_on_the_last_day_it_came_too_late(climbing: World) -> None:
    climbing.mails = False
    reference = raised(climbing)
    climbing.pass_to("Wed 8 April 2026, 09:00")
    assert climbing.as_("tess").get(f"/challenges/{reference}").status_code == 200
    climbing.pass_to("Thu 9 April 2026, 12:00")
    assert closed(climbing, reference) == ["not reached"]
    assert unreached(climbing, reference)[-1] == ("team_manager", "came too late to be answered")


def test_whoever_acknowledged_was_reached(climbing: World) -> None:
    climbing.mails = False
    reference = raised(climbing)
    assert climbing.as_("tess").brings(reference, "acknowledged").status_code == 200
    climbing.pass_to("Thu 9 April 2026, 12:00")
    assert closed(climbing, reference) == ["no reply"]


def test_whoever_was_told_otherwise_was_reached(climbing: World) -> None:
    climbing.mails = False
    reference = raised(climbing)
    told = climbing.as_("bob").brings(reference, "told_otherwise", role="team_manager", how="rang", on="2026-04-01")
    assert told.status_code == 200, told.text
    assert climbing.told(reference, "told_otherwise") == [("stage_2", {"tess"}, set())]
    climbing.pass_to("Thu 9 April 2026, 12:00")
    assert closed(climbing, reference) == ["no reply"]


def test_a_delegate_who_reads_it_does_not_stand_for_whoever_is_asked(climbing: World) -> None:
    climbing.mails = False
    climbing.cover("tess", "tom", delegate=True)
    reference = raised(climbing)
    assert climbing.as_("tom").get(f"/challenges/{reference}").status_code == 200
    climbing.pass_to("Thu 9 April 2026, 12:00")
    assert closed(climbing, reference) == ["not reached"]


def test_where_no_mail_is_sent_only_opening_counts(climbing: World) -> None:
    class Inbox:
        def send(self, post: OutgoingMail) -> SendOutcome:
            return SendOutcome(accepted=frozenset(post.envelope), is_mail=False)

    object.__setattr__(climbing.service.sender, "channel", Inbox())
    reference = raised(climbing)
    climbing.pass_to("Thu 9 April 2026, 12:00")
    assert closed(climbing, reference) == ["not reached"]


def test_what_came_back_was_not_reached_until_something_arrives(climbing: World) -> None:
    reference = raised(climbing)
    climbing.mail_leaves()
    said = climbing.as_("irene").brings(reference, "did_not_arrive", role="team_manager", words="She says so.")
    assert said.status_code == 200, said.text
    assert climbing.told(reference, "delivery_failed") == [("stage_2", {"mona"}, {"irene"})]
    climbing.mails = False
    climbing.pass_to("Tue 7 April 2026, 10:00")
    climbing.mails = True
    assert climbing.as_("mona").brings(reference, "reminded_by_hand").status_code == 200
    climbing.pass_to("Thu 9 April 2026, 12:00")
    assert closed(climbing, reference) == ["no reply"], "the reminder arrived in good time: nothing sticks"
    assert climbing.as_("tess").brings(reference, "did_not_arrive", role="team_manager").status_code == 403


def test_a_shipped_ladder_reminds_half_way_and_the_reminder_puts_the_question(world: World) -> None:
    """Durham's level 3 has four working days from Wednesday 1 April 2026: half-way is Tuesday, for Easter lies between."""
    world.mails = False
    answer = world.as_("irene").raises(item_type="formal", stage="stage_3", stage_reason="It is the area's.")
    reference = str(answer.json()["reference"])
    world.pass_to("Tue 7 April 2026, 08:00")
    world.mails = True
    assert world.told(reference, "reminder") == []
    world.pass_to("Tue 7 April 2026, 09:30")
    assert [(stage, to) for stage, to, _ in world.told(reference, "reminder")] == [("stage_3", {"otto"})]
    world.pass_to("Mon 13 April 2026, 12:00")
    assert closed(world, reference) == ["no reply"]


def test_a_pause_that_holds_the_mail_blames_nobody(climbing: World) -> None:
    with climbing.store.write(climbing.key) as connection:
        store_pause(connection, climbing.key, SendingPause("all", why="A rehearsal."))
    reference = raised(climbing)
    climbing.pass_to("Thu 9 April 2026, 12:00")
    assert closed(climbing, reference) == ["not reached"]


def test_what_one_team_manager_was_sent_does_not_reach_another_who_is_asked_by_name(climbing: World) -> None:
    reference = raised(climbing)
    climbing.mail_leaves()
    climbing.mails = False
    climbing.post_begins("tom", "team_manager", "2020-01-01", "team", "north")
    to = {"role": "team_manager", "person": str(climbing.id("tom"))}
    moved = climbing.as_("irene").brings(reference, "redirected", of="team_manager", to=to, why="It is his.")
    assert moved.status_code == 200, moved.text
    climbing.pass_to("Thu 9 April 2026, 12:00")
    assert closed(climbing, reference) == ["not reached"]


def test_it_is_never_counted_as_no_reply(climbing: World) -> None:
    climbing.mails = False
    raised(climbing)
    climbing.pass_to("Thu 9 April 2026, 12:00")
    stays = climbing.rows(NotificationRow.__table__.select().where(NotificationRow.subject == "ask_not_reached"))
    assert stays
    from drp.database.register_tables import StayRow

    replies = [(row.stage, row.reply, row.cause) for row in climbing.rows(StayRow.__table__.select())]
    assert replies == [("stage_2", "not reached", "raised"), ("stage_3", "waiting", "not reached")]


def test_planted_ask_taken_for_reached_whatever_became_of_it_is_caught(climbing: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def reached(*given: Any) -> None:
        return None

    monkeypatch.setattr(outage_hold, "find_unreached", reached)
    with pytest.raises(AssertionError):
        test_an_ask_that_never_left_closes_as_not_reached_and_climbs_on_its_day(climbing)
