"""A referral's bundle for somebody who may have it: gathered, proven, packed; whatever else of the service is unwell."""

import logging
from collections.abc import Sequence

from sqlalchemy import Connection

from api.assembly import Service
from api.audit import witness
from api.deps import Asking
from api.reading import Seen
from api.referral.gathering import Gathered, Kind, gather
from api.referral.packing import packed
from drp.access import NotFound
from drp.kept_timeline import kept_timeline
from drp.proof.checkpoint import Checkpoint, Standing
from drp.proof.taking import last, standing_at_last
from drp.referral import Made, referrals
from drp.store import Unavailable
from workflows.events import ReferredToCafcass

log = logging.getLogger("drp.referral")


def made_on(connection: Connection, authority: str, seen: Seen) -> tuple[Made, ...]:
    """The referrals that were made on an item, oldest first."""
    return referrals(kept_timeline(connection, authority, seen.loaded.id))


def referral(connection: Connection, authority: str, seen: Seen, number: int = 0) -> Made:
    """A referral by the number of its entry; with 0 the last one. Raises NotFound."""
    found = made_on(connection, authority, seen)
    named = [one for one in found if number in (0, one.number)]
    if not named:
        raise NotFound
    return named[-1]


def gathered(
    connection: Connection, asked: Asking, seen: Seen, event: ReferredToCafcass, made: Made | None, kind: Kind
) -> Gathered:
    """What the bundle will say."""
    return gather(connection, asked.authority, seen, event, made, kind, asked.now)


def bundle(connection: Connection, service: Service, authority: str, found: Gathered) -> bytes:
    """The bundle, made from one snapshot of the record and its newest checkpoint."""
    checkpoint, standings = _checkpoint(connection, authority)
    return packed(
        found,
        lambda digest, size: service.attachments.get(authority, digest, size),
        authority,
        found.seen.loaded.id,
        checkpoint,
        standings,
        service.signing,
    )


def _checkpoint(connection: Connection, authority: str) -> tuple[Checkpoint | None, Sequence[Standing]]:
    checkpoint = last(connection, authority)
    return checkpoint, standing_at_last(connection, authority) if checkpoint else ()


def witness_now(service: Service, authority: str) -> None:
    """Bring what was just written under a checkpoint, so that the bundle proves it. It may wait for the next if it cannot be."""
    try:
        witness(service, authority)
    except Exception:
        # It is done and kept: nothing that comes after may look as if it were not.
        log.exception("what was written waits for the next checkpoint")


def log_export(service: Service, authority: str, by: str, reference: str, what: str = "referral bundle") -> None:
    """Write down who took a bundle, or looked at a referral. It is never refused because that cannot be (RELIABILITY I27)."""
    try:
        service.access_log.record(authority, service.clock(), by[:36], what, reference)
    except Unavailable:
        log.warning("a %s was read and could not be logged: %s", what, reference)


def file_name(reference: str, kind: Kind) -> str:
    """What the bundle is called where it is saved."""
    return f"{kind}-{reference}.zip"
