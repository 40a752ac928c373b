"""The signed head of a checkpoint, sent once a day to whoever audits: small enough to be kept in a mailbox for ever."""

import logging
from datetime import date, datetime
from hashlib import sha256

from markupsafe import escape

from drp.casework.service import Casework
from drp.directory import lookup
from drp.proof.checkpoint import Checkpoint
from drp.proof.take_checkpoint import last_checkpoint, move_head_day, read_head_day
from notifications.channels import OutgoingMail, UnsafeMessage, is_address
from notifications.outbox import Sender
from notifications.wording import WordedMessage
from workflows.calendar.working_days import local_date
from workflows.model.authority import Authority, Capacity

log = logging.getLogger("drp.signed_heads")

_SAID = (
    "This is how every record of the resolution service stood, signed. It names no child and no person.",
    "Keep it where nobody who runs the service can reach it. `drp audit verify` holds the database against it: "
    "save the lines below as they are in a file, or use the whole checkpoint file of the same number.",
    "On a day on which nothing was written none comes. If several days pass without one, ask whoever runs the service.",
)


def tree_head_letter(authority: Authority, checkpoint: Checkpoint) -> WordedMessage:
    """The message: the head itself stands in it word for word."""
    lines = [*_SAID[:2], checkpoint.text, _SAID[2], authority.name]
    html = "".join(f"<p>{escape(line)}</p>" for line in _SAID[:2]) + f"<pre>{escape(checkpoint.text)}</pre>"
    html += "".join(f"<p>{escape(line)}</p>" for line in lines[3:])
    subject = f"Checkpoint {checkpoint.number}: the record of {local_date(checkpoint.at):%d.%m.%Y}, signed"
    return WordedMessage(subject, "\n\n".join(lines) + "\n", f'<!doctype html><html lang="en"><body>{html}</body></html>')


def send_heads(casework: Casework, authority: str, now: datetime, sender: Sender) -> int:
    """Send today's head to the auditors, if there is one and it has not gone yet. Returns how many had it accepted.

    Where none is taken, all are tried again at the next turn; where some were, the rest is said in the log: one copy out of
    the operator's reach is what it is for.
    """
    with casework.store.read(authority) as connection:
        day = read_head_day(connection, authority)
        checkpoint = last_checkpoint(connection, authority)
        current = casework.procedures.current(connection, authority)
        if not checkpoint or not current or (day is not None and local_date(checkpoint.at) <= day):
            return 0
        auditors = current[0].authority.roles_acting_as(Capacity.AUDITOR)
        listed = lookup.list_addresses_of_holders(connection, authority, auditors, local_date(now))
    domains = sender.allowed_domains
    addresses = [one for one in listed if is_address(one) and (not domains or one.rpartition("@")[2] in domains)]
    if not addresses:
        return 0
    today = local_date(checkpoint.at)
    if not _claimed(casework, authority, day, today):
        return 0
    words = tree_head_letter(current[0].authority, checkpoint)
    identity = sha256(f"{authority} {checkpoint.mark}".encode()).hexdigest()[:32]
    accepted, again = 0, False
    for address in addresses:
        own = sha256(address.encode()).hexdigest()[:8]
        post = OutgoingMail(f"<{identity}.{own}@{sender.domain}>", (address,), (), (address,), words, now)
        try:
            outcome = sender.channel.send(post)
            accepted += address in outcome.accepted
            again |= bool(outcome.again)
        except UnsafeMessage as error:
            log.error("a signed head was not sent: %s", error)
        except Exception:
            # One address, or a channel's own fault, must not keep the head from the other auditors.
            again = True
            log.exception("a signed head was not sent")
    if accepted < len(addresses):
        log.error("the signed head of %s reached %d of %d auditors", authority, accepted, len(addresses))
    if again and not accepted:  # nobody has it: the next turn tries all of them again, and nobody gets it twice
        _claimed(casework, authority, today, day)
    return accepted


def _claimed(casework: Casework, authority: str, was: date | None, becomes: date | None) -> bool:
    """Move the day for which a head was sent, unless another replica has."""
    with casework.store.write(authority) as connection:
        return move_head_day(connection, authority, was, becomes)
