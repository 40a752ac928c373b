"""How many connections one thread holds at a time: a request that took a second would wait for one that nobody gives back."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import get_ident

from sqlalchemy import event

from drp.database.engine import Store


@dataclass
class Held:
    """Connections in hand, by thread, and the most that one had at once."""

    now: dict[int, int] = field(default_factory=dict)
    most: int = 0

    def taken(self, *given: object) -> None:
        self.now[get_ident()] = self.now.get(get_ident(), 0) + 1
        self.most = max(self.most, self.now[get_ident()])

    def given_back(self, *given: object) -> None:
        self.now[get_ident()] -= 1


@contextmanager
def connections_held(store: Store) -> Iterator[Held]:
    """What is held meanwhile, of both pools of a store."""
    held = Held()
    pools = list({id(engine.pool): engine.pool for engine in (store.writer, store.reader)}.values())
    for pool in pools:
        event.listen(pool, "checkout", held.taken)
        event.listen(pool, "checkin", held.given_back)
    try:
        yield held
    finally:
        for pool in pools:
            event.remove(pool, "checkout", held.taken)
            event.remove(pool, "checkin", held.given_back)
