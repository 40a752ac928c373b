"""The alarm clock: APScheduler, in memory, on every replica. What is due is a query; no job is ever kept for a challenge."""

import logging
from collections.abc import Callable

from apscheduler.schedulers.background import BackgroundScheduler  # type: ignore[import-untyped]
from sqlalchemy.exc import IntegrityError

from api.assembly import Service, system_clock
from api.audit import PutBack
from api.audit import witness as take_and_leave
from drp import drafts, migrate, register, sessions, sign_ins
from drp.directory.consequences import claim_day, consequences
from drp.proof.taking import Broken
from drp.store import Unavailable
from drp.sweep import Swept, sweep
from notifications.outbox import Delivered, deliver
from notifications.sign_in_links import send_links
from notifications.signed_heads import send_heads
from workflows.working_days import local_date

log = logging.getLogger("drp.heartbeat")

CLOCKS_MAY_DIFFER_SECONDS = 300


def tick(service: Service, authority: str) -> Swept:
    """One look at what has closed, for one authority; on the first of a day, at who came and went with that day too."""
    now = service.clock()
    if claim_day(service.store, authority, local_date(now)):
        consequences(service.casework, authority, now)
        forget(service, authority)
    return sweep(service.casework, authority, now, service.settings.sweep_batch)


def forget(service: Service, authority: str) -> None:
    """What lasts only while somebody works is taken out when it is over: drafts, sessions, sign-ins."""
    now = service.clock()
    with service.store.write(authority) as connection:
        drafts.forget(connection, authority, now)
        sessions.forget(connection, authority, now, service.settings.session_limits)
        sign_ins.forget(connection, authority, now)
    with service.store.write(authority) as connection:
        # What a replica of an earlier release raised while the database was brought up has no line yet.
        register.catch_up(connection, service.casework.procedures, authority)


def post(service: Service, authority: str) -> Delivered:
    """One round of the outbox, for one authority; links to sign in, and the day's signed head for its auditors."""
    send_links(service.casework, authority, service.clock(), service.sender)
    delivered = deliver(service.casework, authority, service.clock(), service.sender)
    send_heads(service.casework, authority, service.clock(), service.sender)
    return delivered


def witness(service: Service, authority: str) -> None:
    """One checkpoint, for one authority, where anything was written since the last. Said where a timeline does not go on."""
    try:
        take_and_leave(service, authority)
    except Broken as broken:
        log.error("no checkpoint is signed over what was altered; run `drp audit verify`: %s", broken)
    except PutBack as put_back:
        log.error("no checkpoint is signed: %s", put_back)
    except IntegrityError:
        log.info("another replica took the checkpoint of %s", authority)


def clocks_agree(service: Service) -> bool:
    """Do this machine's clock and the database's agree? If not, nothing that passes a date is acted on here.

    Only the machine's own clock is compared: a test that owns the clock owns it altogether.
    """
    if service.clock is not system_clock:
        return True
    database = service.store.now_in_database()
    return database is None or abs((service.clock() - database).total_seconds()) <= CLOCKS_MAY_DIFFER_SECONDS


def beat(service: Service) -> None:
    """Tick, then deliver, each authority in turn."""
    each(service, tick, post)


def each(service: Service, *works: Callable[[Service, str], object]) -> None:
    """Do some work for each authority in turn. One authority's trouble does not keep the next from its turn."""
    try:
        authorities = service.store.authorities()
        if not clocks_agree(service):
            log.error("the clock of this machine and the database's disagree: nothing is acted on")
            return
    except Unavailable as error:
        log.warning("the database cannot be had: %s", error)
        return
    for authority in authorities:
        for work in works:
            try:
                work(service, authority)
            except Unavailable as error:
                log.warning("%s did not run for %s: %s", work.__name__, authority, error)
            except Exception:
                # One authority's fault must not keep the next from its turn; it is said, and health shows what is late.
                log.exception("%s failed for %s", work.__name__, authority)


def start(service: Service) -> BackgroundScheduler:
    """Start the heartbeat; an older replica beside a newer schema keeps still."""
    with service.store.engine.connect() as connection:
        stands = migrate.revision(connection)
    if stands != migrate.newest():
        raise RuntimeError(
            f"The database stands at {stands or 'nothing'}, this release expects {migrate.newest()}: run `drp migrate`."
        )
    # In UTC: a weekday rule at local midnight skips the Monday after the clocks change (measured).
    scheduler = BackgroundScheduler(timezone="UTC")
    every = service.settings.tick_seconds
    # A job each: a mail relay that hangs must not keep windows from their dates, nor look like an outage.
    for work, seconds in ((tick, every), (post, every), (witness, service.settings.checkpoint_minutes * 60)):
        scheduler.add_job(
            each,
            "interval",
            args=[service, work],
            seconds=seconds,
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
            next_run_time=service.clock() if service.clock is system_clock else None,
        )
    scheduler.start()
    return scheduler
