"""Mail servers on loopback that do as they are told: one real (aiosmtpd), one scripted line by line."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Any

from aiosmtpd.controller import Controller

from notifications.smtp import Relay, Smtp

SENDER = "resolution@marsh.example"


@dataclass
class Got:
    """What a server took: who sent it, to whom, which bytes."""

    sender: str
    envelope: list[str]
    data: bytes


@dataclass
class Mailbox:
    """A handler of aiosmtpd that keeps what it takes."""

    got: list[Got] = field(default_factory=list)
    refuses: dict[str, str] = field(default_factory=dict)

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address in self.refuses:
            return self.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.got.append(Got(envelope.mail_from, list(envelope.rcpt_tos), bytes(envelope.original_content)))
        return "250 OK"


@contextmanager
def real_server(box: Mailbox) -> Iterator[Smtp]:
    """A real SMTP server on a port of its own choosing, and the channel to it."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port, ready_timeout=10)
    controller.start()
    channel = Smtp(Relay("127.0.0.1", port, timeout_seconds=10), SENDER)
    try:
        yield channel
    finally:
        channel.cut()
        controller.stop()


Say = Callable[[str, int], str | None]
"""Given a step (`CONNECT`, `EHLO`, `MAIL`, `RCPT`, `DATA`, `END`) and how often it came: the line to say, or None to
hang up. `HANG` says nothing more."""

HANG = "hang"


@dataclass
class Scripted:
    """A server that answers each step as its script says, and keeps every message whose data it read to the end."""

    say: Say
    got: list[Got] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)
    pause: float = 0.0
    """Between bytes of an answer."""
    slow: dict[str, float] = field(default_factory=dict)
    """Seconds that it takes over a step."""
    came: Event = field(default_factory=Event)
    """Set at each step."""

    @contextmanager
    def running(self, timeout: float = 0.6) -> Iterator[Smtp]:
        """The channel to it, while it serves."""
        with self.serving() as port:
            channel = Smtp(Relay("127.0.0.1", port, timeout_seconds=timeout), SENDER)
            try:
                yield channel
            finally:
                channel.cut()

    @contextmanager
    def serving(self, port: int = 0) -> Iterator[int]:
        """The port on which it serves meanwhile; 0: one that is free."""
        over = Event()
        server = socket.create_server(("127.0.0.1", port))
        server.settimeout(0.1)
        thread = Thread(target=self._serve, args=(server, over), daemon=True)
        thread.start()
        try:
            yield int(server.getsockname()[1])
        finally:
            over.set()
            thread.join(10)
            server.close()

    def _serve(self, server: socket.socket, over: Event) -> None:
        talking: list[Thread] = []
        while not over.is_set():
            try:
                connection, _ = server.accept()
            except TimeoutError:
                continue
            talking.append(Thread(target=self._listen, args=(connection, over), daemon=True))
            talking[-1].start()
        for one in talking:
            one.join(10)

    def _listen(self, connection: socket.socket, over: Event) -> None:
        with connection:
            connection.settimeout(5)
            with suppress(OSError):
                self._converse(connection, over)

    def _answer(self, connection: socket.socket, step: str, over: Event) -> bool:
        self.steps.append(step)
        self.came.set()
        over.wait(self.slow.get(step, 0))
        line = self.say(step, self.steps.count(step))
        if line is None:
            return False
        if line == HANG:
            connection.settimeout(0.1)
            while not over.is_set():
                try:
                    if not connection.recv(1024):
                        return False
                except TimeoutError:
                    continue
            return False
        for byte in f"{line}\r\n".encode() if self.pause else ():
            over.wait(self.pause)
            connection.sendall(bytes([byte]))
        if not self.pause:
            connection.sendall(f"{line}\r\n".encode())
        return not line.startswith("421")

    def _converse(self, connection: socket.socket, over: Event) -> None:
        if not self._answer(connection, "CONNECT", over):
            return
        sender, envelope = "", list[str]()
        lines = connection.makefile("rb")
        for raw in lines:
            line = raw.decode("latin-1").strip()
            step = line[:4].upper().strip()
            if step == "MAIL":
                sender, envelope = line.partition("<")[2].partition(">")[0], []
            if step == "RCPT":
                envelope.append(line.partition("<")[2].partition(">")[0])
            if step in ("RSET", "NOOP"):
                connection.sendall(b"250 OK\r\n")
                continue
            if step == "QUIT":
                return
            before = len(self.steps)
            if not self._answer(connection, step, over):
                return
            said = self.say(self.steps[before], self.steps.count(step))
            if step == "RCPT" and not str(said).startswith("25"):
                envelope.pop()
            if step == "DATA" and str(said).startswith("354"):
                data = b"".join(iter(lines.readline, b".\r\n"))
                self.got.append(Got(sender, list(envelope), data))
                if not self._answer(connection, "END", over):
                    return


def polite(step: str, times: int = 1) -> str:
    """What a server says that has no objections."""
    return {"CONNECT": "220 ready", "EHLO": "250 hello", "HELO": "250 hello", "DATA": "354 go on"}.get(step, "250 OK")


def but(**steps: str | None) -> Say:
    """A polite server, but for these steps."""
    return lambda step, times: steps[step] if step in steps else polite(step)
