"""The key under which an auditor sees a child: the same for the same child, and only the IRO service can say whose it is."""

import hmac
from hashlib import sha256
from uuid import UUID

from sqlalchemy import Connection

from drp.database.directory_tables import ChildRow
from drp.database.scope import select_of


def child_key(secret: bytes, authority: str, child: UUID | str) -> str:
    """A child's key: an HMAC under a secret of the service's own, which nothing else gives away (sixteen letters and digits)."""
    return hmac.new(secret, f"drp child {authority} {child}".encode(), sha256).hexdigest()[:16]


def child_of_key(connection: Connection, secret: bytes, authority: str, key: str) -> tuple[str, str] | None:
    """The case number and initials of the child of a key; None where there is none."""
    for row in connection.execute(select_of(ChildRow, authority, ChildRow.id, ChildRow.number, ChildRow.initials)):
        if hmac.compare_digest(child_key(secret, authority, row.id).encode(), key.encode()):
            return row.number, row.initials
    return None


def without_children(secret: bytes, authority: str, said: dict[str, str]) -> dict[str, str]:
    """What a change says, with every child under its key."""

    def keyed(text: str) -> str:
        return ",".join(child_key(secret, authority, one) for one in text.split(",") if one)

    return {name: keyed(text) if name in ("child", "children") else text for name, text in said.items()}
