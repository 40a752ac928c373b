"""A round of the outbox: fair between authorities, in several conversations at once, never longer than a while.

Urgent items and referrals have rounds of their own, and so have links to sign in: none of them waits behind the others.
"""

import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import chain, zip_longest

from drp.casework.service import Casework
from drp.database.unavailable import Unavailable
from drp.messages.delivery_store import Key
from notifications.outbox import Delivered, Line, OutboxTurn, Sender, deliver_batch, list_batches

log = logging.getLogger("drp.outbox")

SHARE = 200
"""Messages of one authority that are looked at in a round; what is left has the next."""

ROUND_SECONDS = 60.0
"""How long a round goes on: then it is looked anew what is due, and whose turn it is."""


def deliver_fairly(
    casework: Casework,
    senders: Mapping[str, Sender],
    clock: Callable[[], datetime],
    is_urgent: bool,
    conversations: int,
    stopwatch: Callable[[], float],
    stops: Callable[[], bool],
) -> dict[str, Delivered]:
    """Send what is due of each authority, by its sender, a batch of each in turn. Gives what was done, by authority.

    `stops`: is the process to end? The mail in hand is finished, and no other begun.
    """
    line, done = Line(), {authority: Delivered() for authority in senders}
    waiting: list[list[tuple[OutboxTurn, list[Key]]]] = []
    for authority, sender in senders.items():
        turn = OutboxTurn(casework, authority, clock, sender, line)
        try:
            waiting.append([(turn, keys) for keys in list_batches(turn, SHARE, is_urgent)])
        except Unavailable as error:
            log.warning("what waits cannot be read: %s", error, extra={"authority": authority})
    units = deque(unit for unit in chain.from_iterable(zip_longest(*waiting)) if unit is not None)
    until = stopwatch() + ROUND_SECONDS

    def converse() -> Sequence[tuple[str, Delivered]]:
        finished: list[tuple[str, Delivered]] = []
        while units and not stops() and stopwatch() < until:
            try:
                turn, keys = units.popleft()
            except IndexError:  # another conversation took the last
                break
            own = OutboxTurn(casework, turn.authority, clock, turn.sender, line)
            try:
                deliver_batch(own, keys)
            except Unavailable as error:
                log.warning("not sent now: %s", error, extra={"authority": turn.authority})
            finished.append((turn.authority, own.done))
        return finished

    many = min(conversations, len(units))
    if many <= 1:
        results = [converse()]
    else:
        with ThreadPoolExecutor(many, thread_name_prefix="mail") as pool:
            results = list(pool.map(lambda _: converse(), range(many)))
    for authority, part in chain.from_iterable(results):
        done[authority].add(part)
    return done
