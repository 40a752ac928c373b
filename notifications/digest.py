"""Joins the messages of one round for one person into one mail (docs/architecture.md rule 15). Each is recorded for itself.

Nothing waits for a digest: it joins what would leave in this round anyway. Urgent messages, messages to several people and
those with a file go as they are. A retry joins the same messages again, so that its Message-ID stays the same; new messages
never join a retry.
"""

from collections.abc import Hashable, Sequence
from datetime import datetime
from typing import TypeVar

from drp.messages.delivery_store import Key, Waiting
from notifications.channels import OutgoingMail
from notifications.record_outcome import SendAttempt, identify_messages
from notifications.returns import ReturnAddress
from notifications.wording import digest_letter

_T = TypeVar("_T")

MOST_SINGLY = 3
"""So many messages for one person in one round still go one by one."""


def batches_of(listed: Sequence[Waiting]) -> list[list[Key]]:
    """What may leave together, to be claimed together: for one person alone, not urgent, and all new or tried together."""
    found: dict[Hashable, list[Key]] = {}
    for one in listed:
        alone = one.urgent or len(one.people) != 1
        like: Hashable = one.key if alone else (one.people, one.attempts, one.next_at if one.attempts else None)
        found.setdefault(like, []).append(one.key)
    return [batch for keys in found.values() for batch in _split(keys)]


def mails_of_batch(attempts: Sequence[SendAttempt]) -> list[list[SendAttempt]]:
    """The mails that a batch leaves as, now that it is known what of it is still to be sent, and to which address."""
    to_one: dict[Hashable, list[SendAttempt]] = {}
    for attempt in attempts:
        post = attempt.posts[0] if len(attempt.posts) == 1 else None
        joins = post is not None and post.attachment is None and len({*post.to, *post.copy}) == 1
        to_one.setdefault(post.envelope if post and joins else attempt.key, []).append(attempt)
    return [mail for listed in to_one.values() for mail in _split(listed)]


def _split(listed: list[_T]) -> list[list[_T]]:
    return [listed] if len(listed) > MOST_SINGLY else [[one] for one in listed]


def join_messages(mail: Sequence[SendAttempt], domain: str, now: datetime, returns: ReturnAddress | None = None) -> OutgoingMail:
    """Several messages to one address as one, in the authority's words of the latest."""
    (address,) = {address for attempt in mail for address in attempt.addressees.people}
    authority = mail[-1].authority
    words = digest_letter(authority, [attempt.line for attempt in mail])
    name = identify_messages(authority.key, [attempt.key for attempt in mail])
    person = mail[0].addressees.people[address][0]["person"]
    path = returns.for_copy(authority.key, name, person) if returns else ""
    return OutgoingMail(f"<digest-{name}@{domain}>", (address,), (), (address,), words, now, return_path=path)
