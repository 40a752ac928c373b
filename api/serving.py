"""Listening and ending: the port is had before anything begins, and a process that is told to end is gone within ten seconds."""

import gc
import os
import resource
import socket
import sys
from threading import Timer
from types import FrameType

import uvicorn
from fastapi import FastAPI

from api.assembly import Service

REQUESTS_SECONDS = 4
"""How long requests in hand may take to be answered when the process is to end."""

GONE_SECONDS = 9.5
"""After so long the process ends whatever is still in hand: nothing that was acknowledged hangs on it."""


MOST_CONNECTIONS = 1000
"""Connections that are open at once; whoever comes then is refused at once."""

WAITING_AT_THE_DOOR = 100
"""Connections that wait to be taken: where no more files can be had, Python tries each of them again, and says so each time."""


COLLECTED_AFTER = (50_000, 20, 50)
"""How many more values were made than let go before the youngest are looked through for circles (Python's own: 700, 10, 10)."""

SWITCH_SECONDS = 0.001
"""How long a thread at work keeps the others from theirs: whoever takes requests in must not wait for all who work on some."""


class PortTaken(Exception):
    """Another process listens there. The message says what to do."""


def take_port(host: str, port: int) -> socket.socket:
    """The address on which to listen, before anything is begun. Raises PortTaken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # By its protocol's name, or what is sent on it is kept back for 40 ms until what was sent before has been acknowledged.
    taken = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((host, port))
    except OSError as error:
        taken.close()
        raise PortTaken(
            f"Nothing was started: port {port} of {host} cannot be had ({error.strerror}). Another process may listen there: "
            "end it, or choose another port with --port."
        ) from error
    return taken


class _Server(uvicorn.Server):
    """Tells the heartbeat at once that the process is to end, so that it finishes while requests do."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        service: Service = self.config.app.state.service  # type: ignore[union-attr]
        if not service.pulse.stopping.is_set():
            service.pulse.stopping.set()
            last = Timer(GONE_SECONDS, os._exit, (1,))
            last.daemon = True
            last.start()
        super().handle_exit(sig, frame)


def serve_until_told(app: FastAPI, listening: socket.socket, log_level: str) -> None:
    """Serve until SIGTERM or Ctrl-C; then what is in hand is finished, and nothing else is begun."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # a connection is a file: as many as the machine allows
    sys.setswitchinterval(SWITCH_SECONDS)
    # What a start has made stays; and what a request makes holds no circles, so that it need not be looked through so often.
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTED_AFTER)
    config = uvicorn.Config(
        app, log_level=log_level, access_log=False, server_header=False, timeout_graceful_shutdown=REQUESTS_SECONDS,
        limit_concurrency=MOST_CONNECTIONS, backlog=WAITING_AT_THE_DOOR,
    )  # fmt: skip
    with listening:
        _Server(config).run(sockets=[listening])
