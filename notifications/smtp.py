"""Mail to the council's own relay: several mails a conversation, and none that holds up the others for ever."""

import re
import smtplib
import socket
import ssl
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from threading import Lock, Timer
from typing import Protocol

from drp.messages.delivery_store import NOT_REACHED
from notifications.channels import OutgoingMail, SendOutcome, build_mail

ANSWERS = 6
"""How many times the time allowed for one answer a whole mail may take."""

MOST_BYTES = 64 * 1024
"""The longest answer that is listened to: no relay has so much to say."""

MOST_MAILS = 50
"""Mails that leave in one conversation."""

IDLE_SECONDS = 5.0
"""How long a conversation is kept for the next mail."""


@dataclass(frozen=True)
class Relay:
    """Where the council's mail relay stands."""

    host: str
    port: int
    user: str = ""
    password: str = ""
    timeout_seconds: float = 20

    @property
    def is_loopback(self) -> bool:
        """Is it on this machine, so that clear text never crosses a wire?"""
        return self.host in ("localhost", "127.0.0.1", "::1")


class _Lines(Protocol):
    def readline(self, size: int, /) -> bytes: ...

    def close(self) -> None: ...


class _Bounded:
    """What a relay says, as lines, up to a number of bytes an answer."""

    def __init__(self, lines: _Lines) -> None:
        self._lines, self.left = lines, MOST_BYTES

    def readline(self, size: int) -> bytes:
        line = self._lines.readline(min(size, self.left + 1))
        self.left -= len(line)
        if self.left < 0:
            raise OSError("the relay says more than any relay has to say")
        return line

    def close(self) -> None:
        self._lines.close()


class _Conversation(smtplib.SMTP):
    """One conversation with a relay; each mail in it is cut off after a few times the time allowed for one answer.

    The library's time-out begins anew with each byte: a relay that drips would hold the outbox, and outlast its claims.
    """

    def __init__(self, relay: Relay) -> None:
        self.mails, self._watch = 0, Timer(0, self.cut)
        self.allow(relay.timeout_seconds * ANSWERS)
        try:
            super().__init__(relay.host, relay.port, timeout=relay.timeout_seconds)
        except BaseException:
            self._watch.cancel()
            raise

    def allow(self, seconds: float) -> None:
        """From now on it may last so many seconds."""
        self._watch.cancel()
        self._watch = Timer(seconds, self.cut)
        self._watch.daemon = True
        self._watch.start()

    def getreply(self) -> tuple[int, bytes]:
        """The relay's next answer, of a bounded length."""
        if self.file is None and self.sock is not None:
            self.file = _Bounded(self.sock.makefile("rb"))
        if self.file is not None:
            self.file.left = MOST_BYTES
        return super().getreply()

    def is_alive(self) -> bool:
        """Does the relay still listen, after a while without a mail?"""
        try:
            return self.rset()[0] == 250
        except (OSError, smtplib.SMTPException):
            return False

    def cut(self) -> None:
        """End it from another thread, whatever it waits for."""
        if self.sock is not None:
            with suppress(OSError):
                # Of the plain socket: TLS is not wound up with somebody who does not answer.
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)

    def close(self) -> None:
        """End it at once."""
        self._watch.cancel()
        super().close()


class _NobodyThere(Exception):
    """No conversation could be begun: no mail leaves at all."""


class Smtp:
    """Sends through a relay. STARTTLS is required unless the relay is on this machine; there is no falling back.

    Several threads may send at once, each in a conversation of its own; one that is done is kept for the next mail a while.
    """

    def __init__(self, relay: Relay, sender: str) -> None:
        self._relay, self._sender = relay, sender
        self._idle, self._all, self._lock = deque[_Conversation](), set[_Conversation](), Lock()

    def send(self, post: OutgoingMail) -> SendOutcome:
        """Try once. An answer that never comes is to be tried again: the same Message-ID marks a second copy."""
        data = build_mail(post, self._sender)
        try:
            with self._conversation() as server:
                refused = server.sendmail(post.return_path or self._sender, list(post.envelope), data)
        except _NobodyThere as nobody:
            return SendOutcome(again=_plain(f"{NOT_REACHED}: {nobody}"), is_down=True)
        except smtplib.SMTPRecipientsRefused as error:
            # Nothing was sent to anybody: a 421 ends the conversation before everybody was named.
            return replace(_of_refusals(post.envelope, error.recipients), accepted=frozenset())
        except smtplib.SMTPResponseException as error:
            said = f"{error.smtp_code} {_plain(error.smtp_error)}"
            if 500 <= error.smtp_code < 600 and isinstance(error, smtplib.SMTPSenderRefused | smtplib.SMTPDataError):
                return SendOutcome(refused=dict.fromkeys(post.envelope, said))
            return SendOutcome(again=said)
        except (smtplib.SMTPException, OSError) as error:
            return SendOutcome(again=_plain(f"{type(error).__name__}: {error}"))
        return _of_refusals(post.envelope, refused)

    def reaches(self) -> bool:
        """Is the relay there? A conversation that this begins is kept for the next mail."""
        try:
            with self._conversation():
                return True
        except _NobodyThere:
            return False

    def cut(self) -> None:
        """End every conversation at once: what is in hand is to be tried again."""
        with self._lock:
            idle, listed = list(self._idle), list(self._all)
            self._idle.clear()
        for one in listed:
            one.cut()
        for one in idle:
            self._end(one)

    @contextmanager
    def _conversation(self) -> Iterator[_Conversation]:
        server = self._kept() or self._begun()
        server.mails += 1
        server.allow(self._relay.timeout_seconds * ANSWERS)
        try:
            yield server
        except BaseException:
            self._end(server)
            raise
        if server.mails >= MOST_MAILS or server.sock is None:
            self._end(server)
            return
        server.allow(IDLE_SECONDS)
        with self._lock:
            self._idle.append(server)

    def _kept(self) -> _Conversation | None:
        """A conversation that is still open from an earlier mail."""
        while True:
            with self._lock:
                if not self._idle:
                    return None
                server = self._idle.pop()
            server.allow(self._relay.timeout_seconds)
            if server.is_alive():
                return server
            self._end(server)

    def _begun(self) -> _Conversation:
        """A new conversation, as far as a mail. Raises _NobodyThere."""
        relay, server = self._relay, None
        try:
            server = _Conversation(relay)
            server.ehlo()
            if not relay.is_loopback:
                server.starttls(context=ssl.create_default_context())
                server.ehlo()
            if relay.user:
                server.login(relay.user, relay.password)
        except (smtplib.SMTPException, OSError) as error:
            if server is not None:
                server.close()
            said = error.smtp_error if isinstance(error, smtplib.SMTPResponseException) else f"{type(error).__name__}: {error}"
            code = f"{error.smtp_code} " if isinstance(error, smtplib.SMTPResponseException) else ""
            raise _NobodyThere(f"{code}{_plain(said)}") from error
        with self._lock:
            self._all.add(server)
        return server

    def _end(self, server: _Conversation) -> None:
        with self._lock:
            self._all.discard(server)
        with suppress(OSError, smtplib.SMTPException):
            if server.sock is not None:
                server.putcmd("quit")
        server.close()


def _of_refusals(envelope: Sequence[str], refused: Mapping[str, tuple[int, bytes]]) -> SendOutcome:
    for_good = {who: f"{code} {_plain(said)}" for who, (code, said) in refused.items() if code >= 500}
    for_now = [f"{code} {_plain(said)}" for who, (code, said) in refused.items() if code < 500]
    return SendOutcome(frozenset(set(envelope) - set(refused)), for_good, for_now[0] if for_now else "")


def _plain(said: bytes | str) -> str:
    text = said.decode("ascii", "replace") if isinstance(said, bytes) else said
    return re.sub(r"[^ -~]", " ", text)[:150]
