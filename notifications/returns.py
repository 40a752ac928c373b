"""Accepted is not arrived: mail that comes back to the return address is taken to whom it was sent, and said on the item.

Councils' relays accept first and return later. Each person's copy has an envelope sender of its own: the return address with
an HMAC over message and person as its tag. A tag is believed for ten days, and changes nothing for somebody who opened the item
since. An automatic reply shows as a fact, without its text, and is neither returned nor reached.
"""

import base64
import hmac
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from enum import StrEnum
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping

from drp.casework.service import Casework
from drp.database.message_tables import MailState, parties_of
from drp.messages import delivery_store
from drp.messages.delivery_store import Key
from notifications.record_outcome import refused_why
from workflows.decision.recipients import ReachedHow
from workflows.model.events import AutomaticReply, DeliveryFailed, Event

BELIEVED_FOR = timedelta(days=10)
"""How old a delivery may be whose return is believed."""

LARGEST = 1024 * 1024
"""Octets of a returned message that are read; what a bounce says stands at its beginning."""

_TO = ("X-Original-To", "Delivered-To", "Envelope-To", "To")


class ReturnKind(StrEnum):
    """What became of a message that was brought."""

    RETURNED = "returned"
    AUTOMATIC = "automatic reply"
    OPENED = "opened since"
    UNKNOWN = "not ours"
    OTHER = "neither"


@dataclass(frozen=True)
class ReturnAddress:
    """Where returned mail comes to, and the secret that makes each copy's own address."""

    address: str
    secret: bytes

    def for_copy(self, authority: str, sent_as: str, person: UUID) -> str:
        """The envelope sender of one person's mail, by what the mail is called (`identify_messages`)."""
        local, _, domain = self.address.rpartition("@")
        return f"{local}+{self.tag_of(authority, sent_as, person)}@{domain}"

    def tag_of(self, authority: str, sent_as: str, person: UUID) -> str:
        """What only the service could have written: 24 letters and digits."""
        named = f"returns/{authority}/{sent_as}/{person}".encode()
        return base64.b32encode(hmac.new(self.secret, named, sha256).digest()[:15]).decode().lower()

    def tags_in(self, message: EmailMessage) -> Iterator[str]:
        """The tags of the addresses that a message was brought to."""
        local, _, domain = self.address.rpartition("@")
        pattern = re.compile(rf"{re.escape(local)}\+([a-z2-7]{{24}})@{re.escape(domain)}", re.IGNORECASE)
        for name in _TO:
            for value in message.get_all(name, []):
                yield from (found.lower() for found in pattern.findall(str(value)))


def take_return(casework: Casework, returns: ReturnAddress, octets: bytes, now: datetime) -> ReturnKind:
    """Take one returned message (as an MTA pipes it) to the copy that it is about. `now`: aware UTC. Raises Unavailable."""
    message = message_from_bytes(octets[:LARGEST], policy=policy.default)
    assert isinstance(message, EmailMessage)
    tags = set(returns.tags_in(message))
    if not tags:
        return ReturnKind.UNKNOWN
    why = failure_in(message)
    is_automatic = not why and str(message.get("Auto-Submitted", "no")).strip().lower() not in ("", "no")
    if not why and not is_automatic:
        return ReturnKind.OTHER
    for authority in casework.store.authorities():
        with casework.store.read(authority) as connection:
            rows = delivery_store.list_copies_mailed_since(connection, authority, now - BELIEVED_FOR)
        copies = [row for row in rows if returns.tag_of(authority, row["sent_as"], row["person"]) in tags]
        if copies:
            kinds = [_noted(casework, authority, row, why, now) for row in copies]
            return next((kind for kind in kinds if kind is not ReturnKind.OPENED), ReturnKind.OPENED)
    return ReturnKind.UNKNOWN


def failure_in(message: EmailMessage) -> str:
    """Why a message could not be delivered, as a report of its delivery says (RFC 3464); empty: it says nothing of the kind."""
    if message.get_content_type() != "multipart/report":
        return ""
    for part in message.walk():
        if part.get_content_type() == "message/delivery-status":
            for group in part.get_payload():
                fields: Any = group
                if str(fields.get("Action", "")).strip().lower() == "failed":
                    said = f"{fields.get('Status', '')} {fields.get('Diagnostic-Code', '')}".strip() or "it came back"
                    return refused_why(re.sub(r"[^ -~]", " ", said))
    return ""


def _noted(casework: Casework, authority: str, row: RowMapping, why: str, now: datetime) -> ReturnKind:
    """What follows for one copy that left in a mail: a digest holds several, each of an item of its own."""
    key: Key = (row["challenge"], row["version"], row["n"])
    parties = parties_of(row["party"], row["also"]) if row["as_to"] and row["how"] != ReachedHow.DELEGATE.value else ()
    if not why:
        casework.note_change(authority, key[0], [AutomaticReply(party) for party in parties], now)
        return ReturnKind.AUTOMATIC
    if row["opened_at"] is not None:
        return ReturnKind.OPENED

    def marked(connection: Connection) -> None:
        delivery_store.note_copy(connection, authority, key, row["person"], mail=MailState.RETURNED, error=why[:200])

    events: list[Event] = [DeliveryFailed(party, why) for party in parties]
    casework.note_change(authority, key[0], events, now, marked)
    return ReturnKind.RETURNED
