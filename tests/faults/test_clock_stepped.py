"""Somebody sets the machine's clock while the service runs: within two ticks it acts, or says that it does not."""

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import apscheduler.schedulers.base  # type: ignore[import-untyped]
import pytest

from api import assembly
from api.assembly import Service, assemble_service
from api.jobs import heartbeat
from api.jobs.alarm_clock import start_heartbeat
from api.json.health import health_of
from api.pulse import Pulse
from drp.casework.outage_hold import read_last_look
from drp.casework.sweep import SweepResult
from drp.database.engine import Store
from tests.cast.marsh import KEY, RAISED
from tests.faults.world import founded, many, settings

TICK = 1
HOURS = timedelta(hours=3)
TWO_TICKS = 2 * TICK + 1.0
"""Two ticks, and what a busy machine may take to look once."""


@dataclass
class Wall:
    """The clock on the wall, `ahead` of the machine's own: set by whoever has the hand on it."""

    ahead: timedelta = timedelta()

    def now(self, zone: Any = None) -> datetime:
        return datetime.now(zone or UTC) + self.ahead  # noqa: TID251 -- the clock that is stepped stands on the machine's


@dataclass
class Beating:
    """A service whose heartbeat runs by a clock that can be set, and the moments (monotonic) at which it looked."""

    service: Service
    wall: Wall
    looks: list[float] = field(default_factory=list)
    looked: Event = field(default_factory=Event)

    def look_within(self, seconds: float) -> bool:
        """Was there a look that began after now, within so many seconds?"""
        begun, until = time.monotonic(), time.monotonic() + seconds
        while time.monotonic() < until:
            self.looked.wait(0.05)
            self.looked.clear()
            if self.looks and self.looks[-1] > begun:
                return True
        return False

    def reasons(self) -> str:
        return " ".join(health_of(self.service).reasons)


Starts = Callable[[], Beating]


@pytest.fixture
def starts(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Starts]:
    """Starts the heartbeat of a service by a clock that can be set; it ends with the test."""
    wall, clocks = Wall(), []

    class Stepped(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return wall.now(tz)

    monkeypatch.setattr(apscheduler.schedulers.base, "datetime", Stepped)
    monkeypatch.setattr(assembly, "datetime", Stepped)
    # One database on one machine: its clock is set with the machine's.
    monkeypatch.setattr(Store, "now_in_database", lambda self: wall.now())
    service = assemble_service(settings(store.url, tmp_path / "var", tick_seconds=TICK, hold_after_minutes=120))
    beating = Beating(service, wall)
    real = heartbeat.tick_authority

    def noted(service: Service, authority: str) -> SweepResult:
        begun = time.monotonic()
        swept = real(service, authority)
        beating.looks.append(begun)
        beating.looked.set()
        return swept

    monkeypatch.setattr(heartbeat, "tick_authority", noted)

    def start() -> Beating:
        clocks.append(start_heartbeat(service))
        assert beating.look_within(20)
        return beating

    yield start
    for clock in clocks:
        clock.stop()
    service.close()


def test_set_back_it_goes_on_looking_says_so_and_goes_on_when_it_is_put_right(store: Store, starts: Starts) -> None:
    founded(store)
    beating = starts()
    beating.wall.ahead = -HOURS
    assert beating.look_within(TWO_TICKS), "it stands still for as long as the step was"
    assert "it was set back: no date is acted on" in beating.reasons()
    beating.wall.ahead = timedelta()
    assert beating.look_within(TWO_TICKS)
    assert "set back" not in beating.reasons()
    again = beating.look_within(TWO_TICKS)
    assert again, "and it goes on at its own pace"


def test_set_forward_what_closed_in_between_is_held(store: Store, starts: Starts) -> None:
    """It looks like an outage: nobody is passed over by somebody's slip, and health says that windows are held."""
    marsh, _ = founded(store)
    many(marsh, 3, RAISED)
    beating = starts()  # today: what was raised in April is long due, and was never looked at before
    beating.wall.ahead = HOURS
    assert beating.look_within(TWO_TICKS)
    with store.read(KEY) as connection:
        look = read_last_look(connection, KEY).at
    assert look is not None
    assert look > datetime.now(UTC) + HOURS / 2  # noqa: TID251 -- beside the machine's own clock


def test_a_clock_that_strobes_keeps_nobody_from_looking(store: Store, starts: Starts) -> None:
    founded(store)
    beating = starts()
    for n in range(6):
        beating.wall.ahead = HOURS * (-1) ** n
        assert beating.look_within(TWO_TICKS), n
    sys.stdout.write(f"{len(beating.looks)} looks while the clock was set by three hours, forward and back, six times\n")


def test_health_measures_the_heartbeat_by_a_clock_that_nobody_sets() -> None:
    """The wall's clock would say that it looked a moment ago, or will look in three hours."""
    seconds = [0.0]
    pulse = Pulse(stopwatch=lambda: seconds[0])
    pulse.expect("look for windows that closed", 30)
    pulse.note_run("look for windows that closed", lambda: None)
    seconds[0] = 40
    assert (pulse.silent_for("look for windows that closed"), pulse.late_jobs()) == (40, [])
    seconds[0] = 46
    assert pulse.late_jobs() == ["look for windows that closed"]


def test_planted_without_the_watchdog_it_stands_still(store: Store, starts: Starts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Pulse, "late_jobs", lambda self: [])
    founded(store)
    beating = starts()
    beating.wall.ahead = -HOURS
    beating.look_within(TWO_TICKS)  # the one that was on its way when the clock was set
    assert not beating.look_within(TWO_TICKS)
    silent = beating.service.pulse.silent_for("look for windows that closed")
    assert silent > TICK, "and health sees it all the same"
