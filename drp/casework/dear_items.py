"""Items on which a sweep took far longer than on the others of its batch: next time each goes alone, and keeps nobody waiting."""

from collections.abc import Sequence
from statistics import median
from uuid import UUID

TIMES_THE_MEDIAN = 20
AT_LEAST_SECONDS = 0.05
"""What takes less keeps nobody waiting, whatever the others took."""

MOST = 10_000
"""Items that are remembered; an authority has a few hundred open."""


class DearItems:
    """The items that this process knows as dear."""

    def __init__(self) -> None:
        self._known: dict[UUID, None] = {}

    def first_turn(self, ids: Sequence[UUID]) -> list[UUID]:
        """Of items that are due, those that are taken in one transaction: a dear one alone, else all up to the next dear one."""
        if ids and ids[0] in self._known:
            return [ids[0]]
        until = next((n for n, id_ in enumerate(ids) if id_ in self._known), len(ids))
        return list(ids[:until])

    def note(self, took: dict[UUID, float]) -> None:
        """Remember the items of a batch that took far longer (seconds) than the one in the middle."""
        if len(took) < 2:
            return
        limit = max(TIMES_THE_MEDIAN * median(took.values()), AT_LEAST_SECONDS)
        for id_, seconds in took.items():
            if seconds > limit:
                self._known[id_] = None
        while len(self._known) > MOST:
            del self._known[next(iter(self._known))]

    def __contains__(self, id_: object) -> bool:
        return id_ in self._known
