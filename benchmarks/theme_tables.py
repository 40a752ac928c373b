"""Every theme table of the whole register, counted live on each engine."""

import time
from collections.abc import Callable, Iterator
from itertools import combinations
from typing import Any

from benchmarks.sizeable import KEY
from drp.database.engine import Store
from drp.reports import aggregate
from drp.reports.aggregate import CountQuery, Dimension, count_items

ITEMS, TABLE_AT_MOST_MS, TRIES = 20_000, 10.0, 20
FINE = (
    Dimension.STAGE,
    Dimension.REASON,
    Dimension.THEME,
    Dimension.TEAM,
    Dimension.SERVICE,
    Dimension.STATUS,
    Dimension.ITEM_TYPE,
    Dimension.OUTCOME,
    Dimension.IMPACT,
)
PAIRS = [*combinations(FINE, 2), *((by, period) for by in FINE for period in aggregate.PERIODS)]


def best(times: int, ask: Callable[[], Any]) -> tuple[float, Any]:
    """The shortest of some tries in seconds, and what was answered."""
    took, answer = [], None
    for _ in range(times):
        began = time.perf_counter()
        answer = ask()
        took.append(time.perf_counter() - began)
    return min(took), answer


def count_pairs(stores: dict[str, Store]) -> Iterator[tuple[CountQuery, dict[str, tuple[float, Any]]]]:
    """Each table, by two things: the seconds that it takes each engine, and what it counts."""
    for by, across in PAIRS:
        asked, each = CountQuery(by, across), {}
        for name, store in stores.items():
            with store.read(KEY) as connection:
                each[name] = best(TRIES, lambda c=connection, asked=asked: count_items(c, KEY, asked))  # type: ignore[misc]
        yield asked, each
