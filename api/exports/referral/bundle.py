"""A referral's bundle for somebody who may have it: gathered, proven, packed; whatever else of the service is unwell."""

import logging
from collections.abc import Sequence

from sqlalchemy import Connection

from api.assembly import Service
from api.exports.referral.gather import GatheredReferral, Kind, gather_referral
from api.exports.referral.pack import pack_bundle
from api.jobs.checkpoints import leave_checkpoint
from api.presenters.item_reader import SeenItem
from api.request_context import RequestContext
from drp.casework.access import NotFound
from drp.database.engine import Unavailable
from drp.items.referrals import MadeReferral, referrals_of
from drp.proof.checkpoint import Checkpoint, CheckpointedLength
from drp.proof.take_checkpoint import last_checkpoint, standing_at_last
from drp.timeline.read import read_timeline
from workflows.model.events import ReferredToCafcass

log = logging.getLogger("drp.referral")


def made_on(connection: Connection, authority: str, seen: SeenItem) -> tuple[MadeReferral, ...]:
    """The referrals that were made on an item, oldest first."""
    return referrals_of(read_timeline(connection, authority, seen.loaded.id))


def find_referral(connection: Connection, authority: str, seen: SeenItem, number: int = 0) -> MadeReferral:
    """A referral by the number of its entry; with 0 the last one. Raises NotFound."""
    found = made_on(connection, authority, seen)
    named = [one for one in found if number in (0, one.number)]
    if not named:
        raise NotFound
    return named[-1]


def gather_bundle(
    connection: Connection, asked: RequestContext, seen: SeenItem, event: ReferredToCafcass, made: MadeReferral | None, kind: Kind
) -> GatheredReferral:
    """What the bundle will say."""
    return gather_referral(connection, asked.authority, seen, event, made, kind, asked.now)


def make_bundle(connection: Connection, service: Service, authority: str, found: GatheredReferral) -> bytes:
    """The bundle, made from one snapshot of the record and its newest checkpoint."""
    checkpoint, standings = _checkpoint(connection, authority)
    return pack_bundle(
        found,
        lambda digest, size: service.attachments.get(authority, digest, size),
        authority,
        found.seen.loaded.id,
        checkpoint,
        standings,
        service.signing,
    )


def _checkpoint(connection: Connection, authority: str) -> tuple[Checkpoint | None, Sequence[CheckpointedLength]]:
    checkpoint = last_checkpoint(connection, authority)
    return checkpoint, standing_at_last(connection, authority) if checkpoint else ()


def take_checkpoint_now(service: Service, authority: str) -> None:
    """Bring what was just written under a checkpoint, so that the bundle proves it. It may wait for the next if it cannot be."""
    try:
        leave_checkpoint(service, authority)
    except Exception:
        # It is done and kept: nothing that comes after may look as if it were not.
        log.exception("what was written waits for the next checkpoint")


def log_bundle_export(service: Service, authority: str, by: str, reference: str, what: str = "referral bundle") -> None:
    """Write down who took a bundle, or looked at a referral. An export is never refused because this cannot be written."""
    try:
        service.access_log.record(authority, service.clock(), by[:36], what, reference)
    except Unavailable:
        log.warning("a %s was read and could not be logged: %s", what, reference)


def bundle_file_name(reference: str, kind: Kind) -> str:
    """What the bundle is called where it is saved."""
    return f"{kind}-{reference}.zip"
