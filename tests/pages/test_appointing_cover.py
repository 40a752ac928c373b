"""Cover of an IRO is the authority's appointment: whoever is covered hears at once, and somebody is always there to give it."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from drp.database.directory_tables import CoverRow
from drp.staffing import giving_cover
from notifications import cover_letters
from notifications.channels import OutgoingMail, SendOutcome
from notifications.cover_letters import tell_the_covered
from tests.cast.councils import DERBY
from tests.cast.world import World
from tests.pages.browser import at_browser, day


class Letters:
    """A relay that keeps what it takes."""

    def __init__(self) -> None:
        self.taken: list[OutgoingMail] = []

    def send(self, post: OutgoingMail) -> SendOutcome:
        self.taken.append(post)
        return SendOutcome(accepted=frozenset(post.envelope))


@pytest.fixture
def letters(world: World) -> Letters:
    relay = Letters()
    object.__setattr__(world.service.sender, "channel", relay)
    return relay


def press(world: World, who: str, path: str, **fields: str) -> int:
    """Send a form that this person's page does not show. Gives the status."""
    visitor = at_browser(world, who)
    token = visitor.open("/cover").form("/cover").inputs["form_token"][0]
    return visitor.send("POST", path, data={"form_token": token, **fields}).status_code


def tell(world: World) -> int:
    return tell_the_covered(world.service.casework, world.key, world.now, world.service.sender)


def covers(world: World) -> list[Any]:
    return world.rows(select(CoverRow.__table__).order_by(CoverRow.since))  # type: ignore[attr-defined]


def test_whoever_is_covered_by_another_is_told_at_once_and_keeps_their_inbox(world: World, letters: Letters) -> None:
    mona = at_browser(world, "mona")
    page = mona.fill(mona.open(f"/cover?of={world.id('irene')}"), by=str(world.id("ivor")), **day("until", "10 4 2026"))
    assert "It is on the directory now." in page.text
    (letter,) = letters.taken
    assert letter.envelope == ("irene@dunmoor.example",)
    assert "Ivor covers for you from Wednesday 1 April 2026 until Friday 10 April 2026. Mona entered it." in letter.letter.text
    assert tell(world) == 0, "once"
    irene = at_browser(world, "irene").open("/")
    assert "Ivor covers for you from Wednesday 1 April 2026 until Friday 10 April 2026" in irene.text
    assert at_browser(world, "irene").open("/inbox").status == 200


def test_who_names_their_own_cover_is_not_written_to(world: World, letters: Letters) -> None:
    irene = at_browser(world, "irene")
    irene.fill(irene.open("/cover"), by=str(world.id("ivor")))
    assert letters.taken == []


def test_a_letter_that_the_relay_refuses_goes_at_the_next_beat(world: World, letters: Letters, monkeypatch: Any) -> None:
    with monkeypatch.context() as refusing:
        refusing.setattr(letters, "send", lambda post: SendOutcome(again="busy"))
        mona = at_browser(world, "mona")
        mona.fill(mona.open(f"/cover?of={world.id('irene')}"), by=str(world.id("ivor")))
    assert tell(world) == 1


def test_planted_silence_to_the_covered_is_caught(world: World, letters: Letters, monkeypatch: Any) -> None:
    monkeypatch.setattr(cover_letters, "list_untold_covers", lambda connection, authority, day: [])
    with pytest.raises((AssertionError, ValueError)):
        test_whoever_is_covered_by_another_is_told_at_once_and_keeps_their_inbox(world, letters)


def test_cover_of_an_iro_is_recorded_as_an_appointment_and_what_is_not_recorded_blocks_nothing(world: World) -> None:
    mona = at_browser(world, "mona")
    of_irene = f"/cover?of={world.id('irene')}"
    page = mona.fill(mona.open(of_irene), by=str(world.id("ivor")))
    assert "No appointment is recorded. It holds all the same." in page.text
    reference = str(world.as_("irene").raises(item_type="formal").json()["reference"])
    assert world.as_("ivor").brings(reference, "noted", text="I cover.").status_code == 200
    page = mona.fill(mona.open(of_irene), "/cover/appointed")
    assert "The appointment is on the record." in page.text
    assert "Recorded as the authority's appointment; regulation 46 was looked at." in page.text
    assert [row.appointed_at is not None for row in covers(world)] == [True]
    mona.fill(mona.open(f"/cover?of={world.id('ivor')}"), by=str(world.id("colin")), appointed="yes")
    assert [row.appointed_at is not None for row in covers(world)] == [True, True]


def test_nobody_else_records_an_appointment(world: World) -> None:
    mona = at_browser(world, "mona")
    mona.fill(mona.open(f"/cover?of={world.id('irene')}"), by=str(world.id("ivor")))
    row = str(covers(world)[0].id)
    assert press(world, "irene", "/cover/appointed", cover=row) == 403


# Where no manager of the service is there.


def test_a_leader_whom_no_stage_asks_gives_cover_where_no_manager_is_there(build: Callable[..., World]) -> None:
    """At Derby quinn heads quality assurance, whom no stage asks; cora is a director, whom stage 4 asks."""
    derby = build(DERBY)
    of_irene = f"/cover?of={derby.id('irene')}"
    quinn = at_browser(derby, "quinn")
    assert quinn.open(of_irene).status == 403, "mona is there to give it"
    derby.post_ends("mona", "deputy_head_of_service_qa", "2026-03-31")
    assert at_browser(derby, "cora").open(of_irene).status == 403
    page = quinn.fill(quinn.open(of_irene), by=str(derby.id("tess")))
    assert (page.status, covers(derby)) == (422, []), "who covers is an IRO or IRO manager all the same"
    quinn.fill(quinn.open(of_irene), by=str(derby.id("ivor")))
    assert [(row.of, row.by, row.given_by) for row in covers(derby)] == [(derby.id("irene"), derby.id("ivor"), derby.id("quinn"))]


def test_planted_leader_of_any_kind_is_caught(build: Callable[..., World], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(giving_cover, "is_asked_by_no_stage", lambda *_: True)
    with pytest.raises(AssertionError):
        test_a_leader_whom_no_stage_asks_gives_cover_where_no_manager_is_there(build)


def test_business_support_carries_the_standing_order_out_and_nothing_else(world: World) -> None:
    mona, bob = at_browser(world, "mona"), at_browser(world, "bob")
    page = mona.fill(mona.open("/cover"), "/cover/order", **{"order-1": str(world.id("ivor")), "order-2": str(world.id("colin"))})
    assert "The standing order is written down." in page.text
    of_irene = f"/cover?of={world.id('irene')}"
    assert bob.open(of_irene).status == 403, "mona is there to give it"
    world.post_ends("mona", "iro_operations_manager", "2026-03-31")
    page = bob.open(of_irene)
    assert "the standing order that it wrote down names who covers" in page.text
    assert str(world.id("colin")) not in page.html.partition('id="by"')[2].partition("</select>")[0]
    page = bob.fill(page, by=str(world.id("ivor")))
    assert [(row.of, row.by, row.by_standing_order) for row in covers(world)] == [(world.id("irene"), world.id("ivor"), True)]


def test_planted_standing_order_that_is_always_open_is_caught(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(giving_cover, "no_manager_is_there", lambda *_: True)
    with pytest.raises(AssertionError):
        test_business_support_carries_the_standing_order_out_and_nothing_else(world)


def test_only_iros_and_their_managers_stand_in_the_order_and_only_a_manager_writes_it(world: World) -> None:
    assert press(world, "mona", "/cover/order", **{"order-1": str(world.id("tess"))}) == 422
    assert press(world, "irene", "/cover/order", **{"order-1": str(world.id("ivor"))}) == 403
