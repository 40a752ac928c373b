"""What was refused is on record too: reads of what exists, by person; tokens that are none, by address. Each once in a while.

It is bounded: a person and an item once a minute, an address once an hour, and no more of either than a list of this process
remembers. A log that cannot be written never changes what is answered.
"""

import logging
from collections import OrderedDict
from contextlib import suppress
from threading import Lock

from fastapi import Request

from api.request_context import RequestContext, address_of, service_of_request
from drp.casework.load import id_of_reference
from drp.database.unavailable import Unavailable
from drp.identity import tokens

log = logging.getLogger("drp.api")

MOST = 10_000
"""Refusals that are remembered as noted; beyond it the oldest is forgotten, and may be noted again."""

MOST_AN_HOUR = 200
"""Addresses whose bad tokens are noted within an hour; a flood of them fills no log."""


class Denials:
    """Which refusals this process has noted, and when."""

    def __init__(self) -> None:
        self._noted: OrderedDict[tuple[str, ...], int] = OrderedDict()
        self._hour, self._within_hour = 0, 0
        self._lock = Lock()

    def is_to_note(self, key: tuple[str, ...], stretch: int) -> bool:
        """Was this refusal not yet noted in this stretch of time?"""
        with self._lock:
            if self._noted.get(key) == stretch:
                return False
            self._noted[key] = stretch
            self._noted.move_to_end(key)
            while len(self._noted) > MOST:
                self._noted.popitem(last=False)
            return True

    def is_within_the_hour(self, hour: int) -> bool:
        """Count one bad token's address: is it among those that are noted within this hour?"""
        with self._lock:
            if self._hour != hour:
                self._hour, self._within_hour = hour, 0
            self._within_hour += 1
            return self._within_hour <= MOST_AN_HOUR


def note_denied_read(request: Request) -> None:
    """Note that somebody asked to read an item that exists and was refused."""
    asked, reference = getattr(request.state, "asked", None), request.path_params.get("reference", "")
    if request.method != "GET" or not isinstance(asked, RequestContext) or not reference:
        return
    denials: Denials = request.app.state.denials
    if not denials.is_to_note((asked.authority, asked.signed.person, reference), int(asked.now.timestamp()) // 60):
        return
    with suppress(Unavailable):
        with asked.service.store.read(asked.authority) as connection:
            exists = id_of_reference(connection, asked.authority, reference) is not None
        if exists:
            route = request.scope["route"].path.removeprefix("/api/v1")
            asked.service.access_log.record(asked.authority, asked.now, asked.signed.person, f"denied {route}"[:80], reference)


def note_bad_token(request: Request) -> None:
    """Note that somebody sent a token that is none, or no longer one: by address."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token:
        return
    service, source = service_of_request(request), address_of(request)
    now, denials = service.clock(), request.app.state.denials
    hour = int(now.timestamp()) // 3600
    if not denials.is_to_note(("token", source), hour) or not denials.is_within_the_hour(hour):
        return
    with suppress(Unavailable, tokens.NotSigned):
        authority = tokens.authority_of_token(token)
        if authority in service.store.authorities():
            service.access_log.record(authority, now, "nobody", f"bad token from {source}"[:80], "")
