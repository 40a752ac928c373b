"""What this process's heartbeat did and when, by a clock that nobody sets; and whether the process is to end."""

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Condition, Event
from time import monotonic

LOOK = "look for windows that closed"
LINKS = "send links to sign in"
"""Jobs that others ask after, or wake."""

LATE = 1.5
"""A job that has not begun for so many times its interval is late: within two ticks of whatever stopped it."""


@dataclass
class _Job:
    every: float
    ended: float
    is_running: bool = False
    is_wanted: bool = False
    """Was it asked for while it ran?"""


@dataclass
class Pulse:
    """The jobs of this process's heartbeat. Measured by `stopwatch` (seconds), never by the clock on the wall."""

    stopwatch: Callable[[], float] = monotonic
    stopping: Event = field(default_factory=Event)
    clocks_differ: bool = False
    """Did this machine's clock and the database's disagree when it was last looked?"""
    _jobs: dict[str, _Job] = field(default_factory=dict)
    _lock: Condition = field(default_factory=Condition)
    _wakes: Callable[[str], None] | None = None

    def expect(self, job: str, every: float) -> None:
        """From now on a job is to run every so many seconds."""
        with self._lock:
            self._jobs[job] = _Job(every, self.stopwatch())

    def note_run(self, job: str, work: Callable[[], None]) -> None:
        """Run a job, and note that it ran, whatever came of it; again, where it was asked for meanwhile."""
        while True:
            self._mark(job, True)
            try:
                work()
            finally:
                is_wanted = self._mark(job, False)
            if not is_wanted or self.is_stopping():
                return

    def late_jobs(self) -> list[str]:
        """The jobs that are not running and should have begun again by now."""
        now = self.stopwatch()
        with self._lock:
            return [name for name, job in self._jobs.items() if not job.is_running and now - job.ended > LATE * job.every]

    def silent_for(self, job: str) -> float:
        """Seconds since a job last ended; 0 where it is not expected here, as where another process ticks."""
        with self._lock:
            return self.stopwatch() - self._jobs[job].ended if job in self._jobs else 0.0

    def is_stopping(self) -> bool:
        """Is the process to end?"""
        return self.stopping.is_set()

    def wait_until_quiet(self, seconds: float) -> bool:
        """Wait until no job runs, for so many seconds at most. Gives whether none does."""
        with self._lock:
            return self._lock.wait_for(lambda: not any(job.is_running for job in self._jobs.values()), seconds)

    def woken_by(self, wakes: Callable[[str], None]) -> None:
        """Let `wakes` start a job at once, by its name."""
        self._wakes = wakes

    def wake(self, job: str) -> bool:
        """Start a job at once. False: this process has no heartbeat; whoever has comes to it at its next turn."""
        if self._wakes is None:
            return False
        with self._lock:
            self._jobs[job].is_wanted = True
            is_running = self._jobs[job].is_running
        if not is_running:
            self._wakes(job)
        return True

    def _mark(self, job: str, is_running: bool) -> bool:
        with self._lock:
            one = self._jobs[job]
            was_wanted, one.is_wanted = one.is_wanted, one.is_wanted and not is_running
            one.is_running, one.ended = is_running, self.stopwatch()
            self._lock.notify_all()
            return was_wanted
