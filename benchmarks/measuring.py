"""Several ways of doing one thing, timed in turn: what each takes, beside its floor, as a table of RESULTS.md."""

import gc
import importlib
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from api.serving import COLLECTED_AFTER, SWITCH_SECONDS

Way = Callable[[], Any]


@dataclass(frozen=True)
class Goal:
    """What an operation is held to: at most so many times what another takes."""

    of: str
    """The operation that is held to it."""
    most: float
    than: str
    """The operation that it is measured by."""
    said: str = ""
    """Where it is missed: the physical reason, as the profile shows it."""


@dataclass(frozen=True)
class Table:
    """One table of results: which work counts on each side, and the medians, or what was measured once."""

    title: str
    counts: str
    took: Mapping[str, float]
    floor: str
    goals: tuple[Goal, ...] = ()
    unit: str = "ms"
    """Of what was measured: milliseconds, or another that is written as it is."""

    def markdown(self) -> str:
        """The table as it stands in RESULTS.md."""
        how = "median" if self.unit == "ms" else "measured"
        lines = [f"## {self.title}", "", self.counts, "", f"| | {how} | × {self.floor} |", "|---|---|---|"]
        for name, measure in sorted(self.took.items(), key=lambda one: one[1]):
            said = in_words(measure) if self.unit == "ms" else f"{measure:.1f} {self.unit}"
            lines.append(f"| {name} | {said} | {measure / self.took[self.floor]:.2f} |")
        for goal in self.goals:
            times = self.took[goal.of] / self.took[goal.than]
            met = "met" if times <= goal.most else "**missed**"
            why = f": {goal.said}" if goal.said and times > goal.most else ""
            lines += ["", f"Goal: {goal.of} at most {goal.most:g} × {goal.than}. {times:.2f} ×, {met}{why}."]
        return "\n".join(lines) + "\n"

    @property
    def missed(self) -> list[Goal]:
        """The goals that are missed."""
        return [goal for goal in self.goals if self.took[goal.of] / self.took[goal.than] > goal.most]


def tables_of(module: str) -> list[Table]:
    """The tables of one module of benchmarks, measured now."""
    with as_served():
        return list(importlib.import_module(f"benchmarks.{module}").tables())


@contextmanager
def as_served() -> Iterator[None]:
    """Threads take turns, and memory is looked through, as in the process that serves (`api.serving`)."""
    switched, collected = sys.getswitchinterval(), gc.get_threshold()
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTED_AFTER)
    try:
        yield
    finally:
        gc.set_threshold(*collected)
        gc.unfreeze()
        sys.setswitchinterval(switched)


def in_words(ms: float) -> str:
    """How long something took, in a unit that fits."""
    if ms < 1:
        return f"{ms * 1000:.1f} µs"
    return f"{ms:.2f} ms" if ms < 1000 else f"{ms / 1000:.2f} s"


def timed(way: Way) -> float:
    """How long it takes, in milliseconds."""
    began = time.perf_counter()
    way()
    return (time.perf_counter() - began) * 1000


def in_turn(ways: Mapping[str, Way], rounds: int, warm: int = 10, at_once: int = 1) -> dict[str, float]:
    """Each way once a round, one after the other, after some rounds that fill caches; medians, each of `at_once` together."""
    took: dict[str, list[float]] = {name: [] for name in ways}
    for n in range(warm + rounds):
        for name, way in ways.items():
            ms = timed(lambda way=way: [way() for _ in range(at_once)]) / at_once  # type: ignore[misc]
            if n >= warm:
                took[name].append(ms)
    return {name: statistics.median(each) for name, each in took.items()}
