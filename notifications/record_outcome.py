"""What became of an attempt, written down for each message and each person; what cannot be delivered is said on the item."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import Connection

from drp.casework.service import Casework
from drp.database.message_tables import MailState, NotificationState, parties_of
from drp.messages import delivery_store
from drp.messages.delivery_store import Key
from notifications.channels import OutgoingMail, SendOutcome
from notifications.recheck_recipients import RecheckedRecipients
from notifications.wording import DigestLine
from workflows.model.authority import Authority
from workflows.model.events import DeliveryFailed

WAITS = tuple(timedelta(minutes=m) for m in (1, 5, 15, 60, 120, 240, 480, *(720 for _ in range(9))))
"""Between attempts: about five days in all, then it has failed."""

ALARM_AFTER = 6
"""Attempts, about three hours: from then on a climb waits for the IRO, while the attempts go on."""


@dataclass(frozen=True)
class SendAttempt:
    """One message on its way: which attempt this is, whom it is for, the post, and the line that it is in a digest."""

    key: Key
    number: int
    addressees: RecheckedRecipients
    authority: Authority
    line: DigestLine
    posts: tuple[OutgoingMail, ...]
    """A mail for each manner in which somebody is told; none where nobody is left to write to."""
    claimed_at: datetime
    """When it was last claimed: by this sender alone, until the claim runs out."""
    sent_as: str = ""
    """What the mail is called (`identify_messages`) in which it leaves: by that a copy is known again if the mail comes back."""


def identify_messages(authority: str, keys: Sequence[Key]) -> str:
    """The left part of a Message-ID: the same for the same messages, however often they are tried."""
    return sha256("+".join(f"{authority}/{key[0]}/{key[1]}/{key[2]}" for key in sorted(keys)).encode()).hexdigest()[:32]


def note_accepted(
    connection: Connection, authority: str, attempts: Sequence[SendAttempt], outcome: SendOutcome, now: datetime
) -> None:
    """Mark each copy that the mail server accepted. Runs before all else, so that no later fault can cause a second mail."""
    for attempt in attempts:
        for address in outcome.accepted & set(attempt.addressees.people):
            for delivery in attempt.addressees.people[address]:
                taken = {
                    "mail": MailState.ACCEPTED if outcome.is_mail else MailState.INBOX,
                    "mailed_at": now,
                    "error": "",
                    "sent_as": attempt.sent_as,
                }
                delivery_store.note_copy(connection, authority, attempt.key, delivery["person"], **taken)


def record_attempt(
    casework: Casework, authority: str, attempt: SendAttempt, outcome: SendOutcome, now: datetime
) -> NotificationState:
    """Note what became of a message, and say its state. A refusal and what follows from it on the item are one transaction.

    It waits patiently for the database: what has left and is not noted would leave again.
    """
    key, people, unreachable = attempt.key, attempt.addressees.people, attempt.addressees.unreachable
    refused = {address: why for address, why in outcome.refused.items() if address in people}
    left = set(people) - outcome.accepted - set(refused)
    if left and attempt.number > len(WAITS):
        refused |= dict.fromkeys(left, outcome.again or "no answer")
        left = set()
    returned = [(delivery, why) for address, why in refused.items() for delivery in people[address]]
    returned += unreachable
    states: list[NotificationState] = []

    def settled(connection: Connection) -> None:
        for delivery, why in returned:
            delivery_store.note_copy(connection, authority, key, delivery["person"], mail=MailState.REFUSED, error=why[:200])
        mails = [delivery["mail"] for delivery in delivery_store.list_copies(connection, authority, key)]
        state = _find_state(mails, bool(left))
        if state is NotificationState.WAITING:
            wait = WAITS[min(attempt.number, len(WAITS)) - 1]
            delivery_store.note_message(connection, authority, key, next_at=now + wait, error=outcome.again[:200])
        elif state is NotificationState.FAILED:
            # Also where the refusal came at an earlier attempt: it stays in sight until somebody releases it.
            why = returned[0][1] if returned else "refused at an earlier attempt"
            delivery_store.note_message(connection, authority, key, state=state, error=why[:200])
        elif state is NotificationState.SENT:
            delivery_store.note_message(connection, authority, key, state=state, sent_at=now, error="")
        else:
            delivery_store.note_message(connection, authority, key, state=state, error="nobody is left to be told")
        states.append(state)

    unreached = [one for address in left for one in people[address]] if attempt.number == ALARM_AFTER else []
    if returned or unreached:
        with casework.store.write(authority, is_patient=True) as connection:
            note_accepted(connection, authority, [attempt], outcome, now)
        gone = [one for one in [*(delivery for delivery, _ in returned), *unreached] if one["as_to"]]
        asked = sorted({party for one in gone for party in parties_of(one["party"], one["also"])})
        why = refused_why(returned[0][1] if returned else outcome.again)
        events = [DeliveryFailed(party, why) for party in asked]
        casework.note_change(authority, key[0], events, now, settled)
    else:
        with casework.store.write(authority, is_patient=True) as connection:
            note_accepted(connection, authority, [attempt], outcome, now)
            settled(connection)
    return states[-1]


def _find_state(mails: Sequence[str], some_are_left: bool) -> NotificationState:
    """The state of a message by the mails of all whom it is for; `some_are_left`: to be tried again."""
    if some_are_left:
        return NotificationState.WAITING
    if MailState.REFUSED in mails:
        return NotificationState.FAILED
    arrived = {MailState.ACCEPTED, MailState.INBOX, MailState.RETURNED}
    return NotificationState.SENT if arrived.intersection(mails) else NotificationState.LAPSED


def refused_why(why: str) -> str:
    """A reason without any address in it."""
    return re.sub(r"\S*@\S*", "(an address)", why)[:150].strip()
