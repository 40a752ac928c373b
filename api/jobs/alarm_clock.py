"""The alarm clock: APScheduler, in memory, on every replica; and a watchdog that wakes it when somebody sets the machine's clock.

APScheduler works out how long to sleep by the clock on the wall: set back by three hours, it would sleep for three hours, and not
wake when the clock is put right. The watchdog measures by a clock that nobody sets, and wakes what should have run by now.
"""

import logging
from collections.abc import Callable
from datetime import UTC
from functools import partial
from threading import Thread
from typing import Any

from apscheduler.schedulers.background import BackgroundScheduler  # type: ignore[import-untyped]

from api.assembly import Service, system_clock
from api.jobs import heartbeat
from api.jobs.access_log_care import keep_room
from api.pulse import LINKS, LOOK
from api.readiness import check_schema

log = logging.getLogger("drp.heartbeat")

VERIFY_EVERY_SECONDS = 3600
"""How often it is looked whether the night's verification is still to be done."""

FINISH_SECONDS = 4.0
"""How long what is in hand may take to finish when the process is to end; then its conversation is cut off."""


class AlarmClock:
    """The jobs of one process, started by `start_heartbeat` and ended by `stop`."""

    def __init__(self, service: Service) -> None:
        self._service = service
        # In UTC: a weekday rule at local midnight skips the Monday after the clocks change (measured).
        self._scheduler = BackgroundScheduler(timezone=UTC)
        self._watchdog = Thread(target=self._watch, name="watchdog", daemon=True)

    def add(self, job: str, every: float, work: Callable[[Service], object]) -> None:
        """Let a job run every so many seconds, and at once."""
        self._service.pulse.expect(job, every)
        self._scheduler.add_job(
            self._service.pulse.note_run,
            "interval",
            id=job,
            args=[job, partial(work, self._service)],
            seconds=every,
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
            next_run_time=system_clock() if self._service.clock is system_clock else None,
        )

    def start(self) -> None:
        """Start every job, and the watchdog."""
        self._scheduler.start()
        self._service.pulse.woken_by(self.wake)
        if self._service.clock is system_clock:
            self._watchdog.start()

    def wake(self, job: str) -> None:
        """Let a job run at once; where it is running, it comes at its next turn."""
        self._scheduler.modify_job(job, next_run_time=system_clock())

    def stop(self) -> None:
        """End it: what is in hand is finished, or cut off where it takes too long; what waits is another's."""
        pulse = self._service.pulse
        pulse.stopping.set()
        self._scheduler.shutdown(wait=False)
        if not pulse.wait_until_quiet(FINISH_SECONDS):
            self._service.sender.cut()
            pulse.wait_until_quiet(1)

    def _watch(self) -> None:
        pulse = self._service.pulse
        while not pulse.stopping.wait(min(1.0, self._service.settings.tick_seconds / 4)):
            for job in pulse.late_jobs():
                log.warning("woken by the watchdog, for the clock was set: %s", job)
                self.wake(job)


def start_heartbeat(service: Service) -> AlarmClock:
    """Start the heartbeat; an older replica beside a newer schema keeps still. Raises NotReady."""
    check_schema(service)
    every = service.settings.tick_seconds
    clock = AlarmClock(service)
    # A round of mail that outlasts its tick is no fault, and nothing to say at every tick.
    logging.getLogger("apscheduler.scheduler").setLevel(logging.ERROR)
    # A job each: a mail relay that hangs must not keep windows from their dates, nor look like an outage.
    clock.add(LOOK, every, _each(heartbeat.tick_authority))
    clock.add("write reports", every, _each(heartbeat.write_reports_of))
    clock.add(LINKS, every, _each(heartbeat.send_links_of))
    clock.add("send what is urgent", every, heartbeat.deliver_urgent)
    clock.add("send", every, heartbeat.deliver_rest)
    clock.add("keep room on the disk", every, keep_room)
    clock.add("checkpoint", service.settings.checkpoint_minutes * 60, _each(heartbeat.checkpoint_authority))
    clock.add("verify", VERIFY_EVERY_SECONDS, _each(heartbeat.verify_authority_by_night))
    clock.start()
    return clock


def _each(work: Callable[[Service, str], Any]) -> Callable[[Service], None]:
    """Some work for each authority in turn."""
    return lambda service: heartbeat.each_authority(service, work)
