"""A browser at which somebody signed in before: it is not held up by what strangers do from the same address.

It holds a text that only the service can have made. It signs nobody in, and opens nothing.
"""

from datetime import date, datetime, timedelta
from uuid import UUID

from drp.identity.seal import Seal
from workflows.calendar.working_days import local_date

KEPT = timedelta(days=90)


def remember_browser(seal: Seal, authority: str, person: UUID, now: datetime) -> str:
    """What a browser is given when somebody signs in."""
    said = f"{authority}.{person}.{local_date(now)}"
    return f"{said}.{seal.word_of(f'known browser {said}')}"


def read_known_browser(seal: Seal, held: str, authority: str, now: datetime) -> UUID | None:
    """The person who signed in at a browser before; None where it holds nothing of ours, of another authority, or too old."""
    said, _, word = held.rpartition(".")
    if not said.isascii() or not seal.confirms(f"known browser {said}", word):
        return None
    named, person, day = said.split(".")
    is_new = local_date(now) - date.fromisoformat(day) <= KEPT
    return UUID(person) if named == authority and is_new else None
