"""What each beat does, an authority at a time. What is due is a query; `api.jobs.alarm_clock` says when it is asked."""

import logging
from collections.abc import Callable
from dataclasses import replace
from time import monotonic, perf_counter

from sqlalchemy.exc import IntegrityError

from api.assembly import InboxOnly, Service, system_clock
from api.jobs.access_log_care import keep_room, thin_access_log
from api.jobs.checkpoints import CheckpointsPutBack, verify_by_night
from api.jobs.checkpoints import leave_checkpoint as take_and_leave
from drp.casework.sweep import SweepResult, sweep_authority
from drp.database.unavailable import Unavailable
from drp.identity import attempts, sessions, sign_in
from drp.identity.principal import Principal
from drp.identity.untied import end_untied
from drp.items import drafts, rebuild_register
from drp.items.attachments import are_documents_missing
from drp.items.service_condition import note_condition
from drp.proof.take_checkpoint import TimelineBroken
from drp.reviews.mid_points import ask_at_mid_points
from drp.staffing.consequences import bring_consequences, claim_day
from drp.staffing.cover_changes import demote_covers
from drp.staffing.going_live import is_live, say_live, seal_trial
from drp.written_reports.schedule import make_due_reports, plan_reports
from notifications.cover_letters import tell_the_covered
from notifications.outbox import Delivered, Sender, deliver_messages
from notifications.outbox_round import deliver_fairly
from notifications.report_letters import tell_of_reports
from notifications.sign_in_links import send_links
from notifications.signed_heads import send_heads
from workflows.calendar.working_days import local_date

log = logging.getLogger("drp.heartbeat")

CLOCKS_MAY_DIFFER_SECONDS = 300


def tick_authority(service: Service, authority: str) -> SweepResult:
    """One look at what has closed, for one authority; on the first of a day, at who came and went with that day too.

    What it found of how the service is, is kept for health to read.
    """
    now = service.clock()
    if claim_day(service.store, authority, local_date(now)):
        demote_covers(service.casework, authority, now)
        bring_consequences(service.casework, authority, now)
        ask_at_mid_points(service.casework, authority, now)
        forget_what_is_over(service, authority)
        service.store.refresh_statistics()
    stops = service.pulse.is_stopping
    swept = sweep_authority(service.casework, authority, now, service.settings.sweep_batch, perf_counter, stops)
    with service.store.write(authority) as connection:
        note_condition(connection, authority, now, are_documents_missing(connection, service.attachments, authority))
    return swept


def write_reports_of(service: Service, authority: str) -> int:
    """Plan the scheduled reports of an authority that is live, and make the drafts whose day has come. Gives how many periods."""
    now = service.clock()
    if not _is_live(service, authority):
        return 0
    plan_reports(service.casework, authority, local_date(now))
    return make_due_reports(service.casework, authority, now)


def forget_what_is_over(service: Service, authority: str) -> None:
    """What lasts only while somebody works is taken out when it is over: drafts, sessions, sign-ins; and whatever lets in
    people whom nothing ties to the service any more ends."""
    now = service.clock()
    with service.store.write(authority) as connection:
        drafts.forget_drafts(connection, authority, now)
        sessions.forget_sessions(connection, authority, now, service.settings.session_limits)
        sign_in.forget_sign_ins(connection, authority, now)
        attempts.forget_attempts(connection, authority, now)
        if current := service.casework.procedures.current(connection, authority):
            end_untied(connection, current[0].authority, now)
    with service.store.write(authority) as connection:
        # What a replica of an earlier release raised while the database was brought up has no line yet.
        rebuild_register.rebuild_missing_entries(connection, service.casework.procedures, authority)
    thin_access_log(service, authority)


def send_links_of(service: Service, authority: str) -> int:
    """Send the links to sign in that wait, of one authority."""
    conversations = service.settings.mail_conversations
    return send_links(service.casework, service.seal, authority, service.clock, service.sender, conversations)


def deliver_urgent(service: Service) -> None:
    """A round of what is urgent, or about a referral: it waits for nothing else."""
    _deliver_round(service, True)


def deliver_rest(service: Service) -> None:
    """A round of everything else: letters beside the items, what is told of them, and the day's signed head for auditors."""
    each_authority(service, write_letters_of)
    _deliver_round(service, False)
    each_authority(service, send_heads_of)


def write_letters_of(service: Service, authority: str) -> None:
    """What is written to people beside the items, of an authority that is live."""
    if _is_live(service, authority):
        _write_letters(service, authority)


def _write_letters(service: Service, authority: str) -> None:
    tell_the_covered(service.casework, authority, service.clock(), service.sender)
    tell_of_reports(service.casework, authority, service.clock(), service.sender)


def send_heads_of(service: Service, authority: str) -> None:
    """The day's signed head for the auditors of an authority that is live."""
    if _is_live(service, authority):
        send_heads(service.casework, authority, service.clock(), service.sender)


def deliver_authority(service: Service, authority: str) -> Delivered:
    """One round of everything that leaves, for one authority."""
    send_links_of(service, authority)
    if not _is_live(service, authority):
        return deliver_messages(service.casework, authority, service.clock, trial_sender(service))
    _write_letters(service, authority)
    delivered = deliver_messages(service.casework, authority, service.clock, service.sender)
    send_heads(service.casework, authority, service.clock(), service.sender)
    return delivered


def trial_sender(service: Service) -> Sender:
    """How messages of an authority on trial leave: the inbox has what people were told, and nobody's mail."""
    return replace(service.sender, channel=InboxOnly(), sends_mail=False)


def _deliver_round(service: Service, is_urgent: bool) -> None:
    senders: dict[str, Sender] = {}

    def take_part(service: Service, authority: str) -> None:
        senders[authority] = service.sender if _is_live(service, authority) else trial_sender(service)

    each_authority(service, take_part)
    stops, conversations = service.pulse.is_stopping, service.settings.mail_conversations
    deliver_fairly(service.casework, senders, service.clock, is_urgent, conversations, monotonic, stops)


def _is_live(service: Service, authority: str) -> bool:
    with service.store.read(authority) as connection:
        return is_live(connection, authority)


def go_live(service: Service, signed: Principal) -> int:
    """End an authority's trial: its items are sealed, what was told of them stays in the inbox, then mail leaves.

    Returns how many items were sealed. Raises NotPermitted, Unfit, Unavailable.
    """
    sealed = seal_trial(service.casework, signed, service.clock())
    deliver_messages(service.casework, signed.authority, service.clock, trial_sender(service))
    say_live(service.casework, signed, service.clock(), sealed)
    return sealed


def checkpoint_authority(service: Service, authority: str) -> None:
    """One checkpoint, for one authority, where anything was written since the last. Said where a timeline does not go on."""
    try:
        take_and_leave(service, authority)
    except TimelineBroken as broken:
        log.error("no checkpoint is signed over what was altered; run `drp audit verify`: %s", broken)
    except CheckpointsPutBack as put_back:
        log.error("no checkpoint is signed: %s", put_back)
    except IntegrityError:
        log.info("another replica took the checkpoint of %s", authority)


def verify_authority_by_night(service: Service, authority: str) -> None:
    """Look every timeline of an authority through, once a night and by one replica. What is not as it was is logged."""
    verdict = verify_by_night(service, authority)
    if verdict is not None and not verdict.is_clean:
        log.error("%s is not as it was; run `drp audit verify`", authority)


def clocks_agree(service: Service) -> bool:
    """Do this machine's clock and the database's agree? If not, nothing that passes a date is acted on here.

    Only the machine's own clock is compared: a test that owns the clock owns it altogether.
    """
    if service.clock is not system_clock:
        return True
    database = service.store.now_in_database()
    return database is None or abs((service.clock() - database).total_seconds()) <= CLOCKS_MAY_DIFFER_SECONDS


def beat_once(service: Service) -> None:
    """Tick, make what reports are due, then deliver, each authority in turn."""
    keep_room(service)
    each_authority(service, tick_authority, write_reports_of, deliver_authority)


def each_authority(service: Service, *works: Callable[[Service, str], object]) -> None:
    """Do some work for each authority in turn. One authority's trouble does not keep the next from its turn."""
    try:
        authorities = service.store.authorities()
        service.pulse.clocks_differ = not clocks_agree(service)
        if service.pulse.clocks_differ:
            log.error("the clock of this machine and the database's disagree: nothing is acted on")
            return
    except Unavailable as error:
        log.warning("the database cannot be had: %s", error)
        return
    for authority in authorities:
        for work in works:
            if service.pulse.is_stopping():
                return
            try:
                work(service, authority)
            except Unavailable as error:
                log.warning("%s did not run for %s: %s", work.__name__, authority, error)
            except Exception:
                # One authority's fault must not keep the next from its turn; it is said, and health shows what is late.
                log.exception("%s failed for %s", work.__name__, authority)
