"""Accepted is not arrived: what comes back is taken to whose copy it was; nobody else's word, and no automatic reply, is."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from drp.database.message_tables import DeliveryRow
from notifications import returns
from notifications.channels import OutgoingMail, SendOutcome
from notifications.outbox import deliver_messages
from notifications.returns import ReturnAddress, ReturnKind, take_return
from tests.cast.world import World

ADDRESS = ReturnAddress("returns@drp.council.example", b"\x05" * 32)

REPORT = """\
From: MAILER-DAEMON@relay.example
To: {to}
Subject: Undelivered
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="part"

--part
Content-Type: text/plain

It could not be delivered to tess@dunmoor.example.
--part
Content-Type: message/delivery-status

Reporting-MTA: dns; relay.example

Final-Recipient: rfc822; tess@dunmoor.example
Action: {action}
Status: 5.1.1
Diagnostic-Code: smtp; 550 no such user tess@dunmoor.example

--part--
"""

AWAY = """\
From: tess@dunmoor.example
To: {to}
Subject: Automatic reply
Auto-Submitted: auto-replied

I am away until Monday; ring my secretary about the boy.
"""


class Kept:
    """A relay that takes everything, and keeps with which envelope."""

    def __init__(self) -> None:
        self.posts: list[OutgoingMail] = []

    def send(self, post: OutgoingMail) -> SendOutcome:
        self.posts.append(post)
        return SendOutcome(accepted=frozenset(post.envelope))


@pytest.fixture
def sent(world: World) -> tuple[World, str, Kept]:
    """An item at the team manager, whose mail has left with return addresses of its own."""
    kept = Kept()
    object.__setattr__(world.service.sender, "channel", kept)
    object.__setattr__(world.service.sender, "returns", ADDRESS)
    reference = str(world.as_("irene").raises(item_type="formal").json()["reference"])
    world.mail_leaves()
    return world, reference, kept


def path_of(kept: Kept, person: str) -> str:
    return next(post.return_path for post in kept.posts if post.envelope == (f"{person}@dunmoor.example",))


def take(world: World, text: str) -> ReturnKind:
    return take_return(world.service.casework, ADDRESS, text.encode(), world.now)


def kinds(world: World, reference: str) -> set[str]:
    return {entry.kind for entry in world.entries(reference)}


def test_each_persons_copy_has_an_envelope_of_its_own_and_the_same_headers(sent: Any) -> None:
    _, _, kept = sent
    assert all(len(post.envelope) == 1 for post in kept.posts)
    assert len({post.return_path for post in kept.posts}) == len(kept.posts)
    assert len({(post.to, post.copy) for post in kept.posts}) == 1


def test_what_came_back_counts_as_a_refusal_does_at_once(sent: Any) -> None:
    world, reference, kept = sent
    assert take(world, REPORT.format(to=path_of(kept, "tess"), action="failed")) is ReturnKind.RETURNED
    assert world.told(reference, "delivery_failed") == [("stage_2", {"mona"}, {"irene"})]
    failed = next(entry for entry in world.as_("irene").timeline(reference)["entries"] if entry["kind"] == "delivery_failed")
    assert failed["facts"]["role"] == "team_manager"
    assert "5.1.1" in failed["facts"]["why"]
    assert "@" not in failed["facts"]["why"]
    world.mails = False
    world.pass_to("Thu 9 April 2026, 12:00")
    windows = world.as_("irene").item(reference)["windows"]
    assert [window["closed_as"] for window in windows if window["kind"] == "reply"][:1] == ["not reached"]


def test_a_tag_that_the_service_did_not_make_changes_nothing(sent: Any) -> None:
    world, reference, kept = sent
    before = world.entries(reference)
    forged = "returns+aaaaaaaaaaaaaaaaaaaaaaaa@drp.council.example"
    for to in (forged, "returns@drp.council.example", path_of(kept, "tess").replace("drp.", "evil.")):
        assert take(world, REPORT.format(to=to, action="failed")) is ReturnKind.UNKNOWN
    assert world.entries(reference) == before


def test_it_is_believed_for_ten_days(sent: Any) -> None:
    world, reference, kept = sent
    world.now += timedelta(days=11)
    assert take(world, REPORT.format(to=path_of(kept, "tess"), action="failed")) is ReturnKind.UNKNOWN
    assert "delivery_failed" not in kinds(world, reference)


def test_it_changes_nothing_for_whoever_opened_the_item(sent: Any) -> None:
    world, reference, kept = sent
    assert world.as_("tess").get(f"/challenges/{reference}").status_code == 200
    assert take(world, REPORT.format(to=path_of(kept, "tess"), action="failed")) is ReturnKind.OPENED
    assert "delivery_failed" not in kinds(world, reference)


def test_an_automatic_reply_shows_without_its_text_and_is_neither_returned_nor_a_reply(sent: Any) -> None:
    world, reference, kept = sent
    assert take(world, AWAY.format(to=path_of(kept, "tess"))) is ReturnKind.AUTOMATIC
    assert "automatic_reply" in kinds(world, reference)
    assert "secretary" not in world.as_("irene").get(f"/challenges/{reference}/timeline").text
    assert world.as_("irene").item(reference)["phase"] == "awaiting"


def test_a_delay_and_an_ordinary_letter_are_neither(sent: Any) -> None:
    world, reference, kept = sent
    to = path_of(kept, "tess")
    assert take(world, REPORT.format(to=to, action="delayed")) is ReturnKind.OTHER
    assert take(world, f"From: tess@dunmoor.example\nTo: {to}\nSubject: Hello\n\nHello.\n") is ReturnKind.OTHER
    assert not {"delivery_failed", "automatic_reply"} & kinds(world, reference)


def test_of_a_digest_that_came_back_each_item_hears_but_what_was_opened(world: World) -> None:
    kept = Kept()
    object.__setattr__(world.service.sender, "channel", kept)
    object.__setattr__(world.service.sender, "returns", ADDRESS)
    references = [str(world.as_("irene").raises(item_type="formal").json()["reference"]) for _ in range(5)]
    for reference in references:
        world.as_("tess").brings(reference, "clarification_asked", question="Which plan?")
    world.mail_leaves()
    digests = [post for post in kept.posts if post.message_id.startswith("<digest-")]
    assert len(digests) == 1, "five questions to the IRO leave as one mail"
    assert world.as_("irene").get(f"/challenges/{references[0]}").status_code == 200
    assert take(world, REPORT.format(to=digests[0].return_path, action="failed")) is ReturnKind.RETURNED
    mails = world.rows(select(DeliveryRow.challenge, DeliveryRow.mail).where(DeliveryRow.sent_as == sent_as(digests[0])))
    assert sorted(mail for _, mail in mails) == ["accepted", *["returned"] * 4]


def sent_as(post: OutgoingMail) -> str:
    return post.message_id.removeprefix("<digest-").partition("@")[0]


def test_twice_the_same_return_is_taken_once(sent: Any) -> None:
    world, reference, kept = sent
    text = REPORT.format(to=path_of(kept, "tess"), action="failed")
    assert [take(world, text), take(world, text)] == [ReturnKind.RETURNED, ReturnKind.UNKNOWN]
    assert len(world.told(reference, "delivery_failed")) == 1


def test_without_a_return_address_one_mail_goes_to_all_who_are_told_alike(world: World) -> None:
    kept = Kept()
    object.__setattr__(world.service.sender, "channel", kept)
    world.as_("irene").raises(item_type="formal")
    deliver_messages(world.service.casework, world.key, lambda: world.now, world.service.sender)
    assert sorted(len(post.envelope) for post in kept.posts) == [1, 3]
    assert {post.return_path for post in kept.posts} == {""}


def test_planted_tag_that_anybody_could_make_is_caught(sent: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ReturnAddress, "tag_of", lambda self, authority, key, person: "a" * 24)
    with pytest.raises(AssertionError):
        test_a_tag_that_the_service_did_not_make_changes_nothing(sent)


def test_planted_automatic_reply_taken_for_a_failure_is_caught(sent: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(returns, "failure_in", lambda message: "it came back")
    with pytest.raises(AssertionError):
        test_an_automatic_reply_shows_without_its_text_and_is_neither_returned_nor_a_reply(sent)
