"""Over a real server: one message with its true To and Cc, each person's delivery tracked, nothing in clear text abroad."""

from datetime import timedelta
from email import message_from_bytes, policy

import pytest

from notifications import smtp
from notifications.channels import OutgoingMail, SendOutcome
from notifications.record_outcome import WAITS
from notifications.smtp import Relay, Smtp
from notifications.wording import WordedMessage
from tests.cast.councils import addresses
from tests.cast.marsh import RAISED, Marsh
from tests.notifications.messages import identity_of
from tests.notifications.peers import SENDER, Mailbox, Scripted, but, polite, real_server

TO, COPY = addresses("tess", "otto"), addresses("quinn", "sam")


def a_post(*people: str) -> OutgoingMail:
    to = people or ("a@marsh.example", "b@marsh.example")
    return OutgoingMail("<1@marsh.example>", to, (), to, WordedMessage("Asked: 7K3F", "Text.\n", "<p>Text.</p>\n"), RAISED)


def test_one_message_with_its_true_to_and_cc(marsh: Marsh) -> None:
    reference = marsh.raised()
    box = Mailbox()
    with real_server(box) as channel:
        assert marsh.deliver(RAISED, channel).sent == 1
    assert [sorted(got.envelope) for got in box.got] == [sorted(TO), sorted(COPY)]
    messages = [message_from_bytes(got.data, policy=policy.default) for got in box.got]
    for got, message in zip(box.got, messages, strict=True):
        assert got.sender == SENDER
        assert sorted(message["To"].split(", ")) == sorted(TO)
        assert sorted(message["Cc"].split(", ")) == sorted(COPY)
        assert message["Bcc"] is None
        assert message["Auto-Submitted"] == "auto-generated"
    subjects = [message["Subject"] for message in messages]
    assert subjects == [f"A reply is asked of you: {reference}", f"Copied to you: a reply is asked of others: {reference}"]
    assert [identity_of(message["Message-ID"])[1] for message in messages] == ["to", "copy"]
    assert len({identity_of(message["Message-ID"])[0] for message in messages}) == 1
    assert {mail for _, _, mail, _ in marsh.mails()} == {"accepted"}


def test_each_persons_delivery_is_tracked_over_the_attempts_and_the_identity_stays(marsh: Marsh) -> None:
    reference = marsh.raised()
    box = Mailbox(refuses={TO[0]: "550 no such mailbox", COPY[0]: "451 greylisted"})
    with real_server(box) as channel:
        marsh.deliver(RAISED, channel)
        became = {key: mail for subject, key, mail, _ in marsh.mails(reference) if subject == "asked"}
        assert became == {"tess": "refused", "otto": "accepted", "quinn": "waiting", "sam": "accepted"}
        box.refuses.pop(COPY[0])
        marsh.deliver(RAISED + WAITS[0], channel)
    became = {key: mail for subject, key, mail, _ in marsh.mails(reference) if subject == "asked"}
    assert became == {"tess": "refused", "otto": "accepted", "quinn": "accepted", "sam": "accepted"}
    asked = [got for got in box.got if b"reply is asked of" in got.data]
    assert [got.envelope for got in asked] == [[TO[1]], [COPY[1]], [COPY[0]]]
    messages = [message_from_bytes(got.data, policy=policy.default) for got in asked]
    first, copy, again = [message["Message-ID"] for message in messages]
    assert again == copy
    assert identity_of(first)[0] == identity_of(copy)[0]
    # The headers still name everybody whom it is for.
    assert {*messages[2]["To"].split(", "), *messages[2]["Cc"].split(", ")} == {*TO, *COPY}


def test_a_421_in_the_middle_of_the_recipients_accepts_nobody() -> None:
    """The library names only those it had come to: the others were not accepted either."""
    peer = Scripted(lambda step, times: "421 busy" if (step, times) == ("RCPT", 2) else polite(step))
    with peer.running() as channel:
        outcome = channel.send(a_post("a@marsh.example", "b@marsh.example", "c@marsh.example"))
    assert peer.got == []
    assert outcome.accepted == frozenset()
    assert not outcome.refused
    assert outcome.again.startswith("421")


def test_planted_believing_the_librarys_list_loses_a_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "replace", lambda outcome, **changes: outcome)
    with pytest.raises(AssertionError):
        test_a_421_in_the_middle_of_the_recipients_accepts_nobody()


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1"])
def test_only_this_machine_is_spoken_to_in_clear_text(host: str) -> None:
    assert Relay(host, 25).is_loopback
    assert not Relay(f"{host}.example", 25).is_loopback


class Abroad(Relay):
    """A relay on this machine that counts as one elsewhere."""

    @property
    def is_loopback(self) -> bool:
        return False


def abroad(port: int, user: str = "", timeout: float = 5) -> Smtp:
    return Smtp(Abroad("127.0.0.1", port, user, "secret" if user else "", timeout), SENDER)


@pytest.mark.parametrize("user", ["", "drp"])
@pytest.mark.parametrize(
    "script",
    [
        but(),  # offers no STARTTLS
        but(EHLO="250-hello\r\n250 STARTTLS", STAR="454 not now"),
        but(EHLO="250-hello\r\n250 STARTTLS", STAR="502 not here"),
        but(EHLO="250-hello\r\n250 STARTTLS", STAR="220 go on"),  # and then speaks no TLS
        but(EHLO="250-hello\r\n250 STARTTLS", STAR=None),
        but(EHLO="500 what", HELO="250 hello"),
    ],
    ids=["not offered", "refused for now", "refused", "no TLS follows", "hangs up", "no EHLO"],
)
def test_without_starttls_nothing_is_sent_abroad(script, user: str) -> None:  # type: ignore[no-untyped-def]
    peer = Scripted(script)
    with peer.serving() as port:
        channel = abroad(port, user, timeout=1)
        outcome = channel.send(a_post())
        channel.cut()
    assert not outcome.accepted
    assert not outcome.refused
    assert outcome.again
    assert peer.got == []
    assert not {"AUTH", "MAIL", "RCPT", "DATA"} & set(peer.steps)


def test_a_certificate_that_nobody_vouches_for_is_not_enough(tmp_path) -> None:  # type: ignore[no-untyped-def]
    import ssl
    import subprocess

    from aiosmtpd.controller import Controller

    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    subprocess.run(
        [*made, "-keyout", tmp_path / "k.pem", "-out", tmp_path / "c.pem"], check=True, capture_output=True, timeout=30
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "c.pem", tmp_path / "k.pem")
    import socket

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    box = Mailbox()
    controller = Controller(box, hostname="127.0.0.1", port=port, tls_context=context, ready_timeout=10)
    controller.start()
    try:
        outcome = abroad(port).send(a_post())
    finally:
        controller.stop()
    assert not outcome.accepted
    assert "SSL" in outcome.again
    assert box.got == []


def test_planted_falling_back_to_clear_text_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    import smtplib

    monkeypatch.setattr(smtplib.SMTP, "starttls", lambda self, **more: (502, b"not here"))
    with pytest.raises(AssertionError):
        test_without_starttls_nothing_is_sent_abroad(but(), "")


def test_what_a_server_says_cannot_write_a_line_into_a_log_or_a_page() -> None:
    peer = Scripted(but(RCPT="550 <b>no</b>\x1b[31m\x00 a@marsh.example"))
    with peer.running() as channel:
        outcome = channel.send(a_post())
    assert set(outcome.refused) == {"a@marsh.example", "b@marsh.example"}
    assert all(said.isprintable() and said.isascii() for said in outcome.refused.values())


def test_a_retry_at_night_waits_for_the_morning(marsh: Marsh) -> None:
    marsh.raised(RAISED + timedelta(hours=7, minutes=59))
    box = Mailbox(refuses=dict.fromkeys([*TO, *COPY], "451 greylisted"))
    with real_server(box) as channel:
        marsh.deliver(RAISED + timedelta(hours=7, minutes=59), channel)
        box.refuses.clear()
        marsh.deliver(RAISED + timedelta(hours=9), channel)
        assert box.got == []
        marsh.deliver(RAISED + timedelta(hours=22), channel)
    assert [sorted(got.envelope) for got in box.got] == [sorted(TO), sorted(COPY)]


def test_outcomes_hold_no_more_than_was_asked() -> None:
    assert SendOutcome().accepted == frozenset()
    assert SendOutcome().refused == {}
