"""How often one source may begin to sign in, by a link or at its provider.

Counted in this process's memory, at the clock that is passed in.
"""

from collections import OrderedDict, deque
from datetime import datetime, timedelta
from ipaddress import IPv4Address, ip_address
from threading import Lock

from fastapi import Request, Response

from api.pages.frame import layout

AT_MOST, WITHIN = 60, timedelta(minutes=10)
"""Wide enough for a council whose people all come from one address in the morning; one person is sent five an hour at most
(drp.identity.sign_in), from wherever they are asked for."""

SOURCES = 10_000
"""Sources that are remembered; beyond it the one that asked longest ago is forgotten."""


class RateLimit:
    """A count for each source. Of this process alone: behind so many replicas a source may ask so many times as often."""

    def __init__(self, at_most: int = AT_MOST, within: timedelta = WITHIN, sources: int = SOURCES) -> None:
        self._at_most, self._within, self._sources = at_most, within, sources
        self._asked: OrderedDict[str, deque[datetime]] = OrderedDict()
        self._lock = Lock()

    def wait(self, source: str, now: datetime) -> timedelta | None:
        """Count one request: None, or for how long this source is to wait. What is refused is not counted."""
        with self._lock:
            asked = self._asked.setdefault(source, deque())
            self._asked.move_to_end(source)
            while asked and asked[0] <= now - self._within:
                asked.popleft()
            if len(asked) >= self._at_most:
                return asked[0] + self._within - now
            asked.append(now)
            while len(self._asked) > self._sources:
                self._asked.popitem(last=False)
            return None


def source_of(request: Request) -> str:
    """Where a request comes from: an IPv4 address, or the network (/64) of an IPv6 address, which is one household's."""
    host = request.client.host if request.client else ""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return host[:64]
    if isinstance(address, IPv4Address):
        return str(address)
    return str(address.ipv4_mapped) if address.ipv4_mapped else f"{address.exploded[:19]}::/64"


def too_often(wait: timedelta) -> Response:
    """What is shown instead of a link."""
    minutes = max(1, -(-wait // timedelta(minutes=1)))
    response = layout.trouble_page(
        429,
        "Too many sign-ins were begun",
        "From where you are, many people began to sign in within a few minutes. This time nothing was sent or begun.",
        f"Use a link that you have, or try again in {minutes} minute{'s' if minutes > 1 else ''}.",
        back="/sign-in",
        back_text="Back to signing in",
    )
    response.headers["Retry-After"] = str(max(1, -(-wait // timedelta(seconds=1))))
    return response
