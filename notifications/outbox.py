"""The outbox: what was decided to be told leaves here, at least once, to nobody but those it is for.

1. Claim what is waiting and due: one conditional UPDATE, one row changed is the only yes. A claim is made, and where an attempt
   takes long renewed, at the moment itself; whoever lost theirs stops.
2. Outside sending hours (urgent items excepted) it waits; while sending is paused it is held.
3. A reminder whose window has closed, or a question on an item that has ended, lapses unsent.
4. Everybody is checked again: who left, or no longer holds the post, is skipped.
5. Send, where many are for one person alone as a digest; note for each person and message what the server said. What
   cannot be reached is tried again with growing waits. Where no mail leaves at all, nothing else is tried in this round, and
   what waited or failed for that alone goes as soon as mail leaves again.
6. What can never be delivered becomes a failure that the IRO manager sees, and a climb by itself waits for the IRO.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, RowMapping

from drp.casework import load
from drp.casework.load import StoredChallenge
from drp.casework.service import Casework
from drp.database.gathering import gather_by_key
from drp.database.message_tables import MailState, NotificationState
from drp.database.unavailable import Unavailable
from drp.directory import lookup
from drp.messages import delivery_store
from drp.messages.delivery_store import Key
from drp.messages.sending_pause import SendingPause, lapse_pause, read_pause
from notifications import digest
from notifications.calendar_file import meeting_file
from notifications.channels import Channel, OutgoingMail, SendOutcome, UnsafeMessage, merge_outcomes
from notifications.message_manners import MessageManner, manner_of
from notifications.recheck_recipients import RecheckedRecipients, still_to_be_told
from notifications.record_outcome import WAITS, SendAttempt, identify_messages, note_accepted, record_attempt
from notifications.returns import ReturnAddress
from notifications.wording import DigestLine, sentences_about, word_message
from workflows.calendar.working_days import LONDON, at_local
from workflows.decision.decision_builder import NotificationKind
from workflows.decision.reach import ASKS
from workflows.model.authority import Rules
from workflows.model.challenge import Window

log = logging.getLogger("drp.outbox")

LEASE = timedelta(minutes=10)
"""How long a mail may take before another replica may believe that its sender died."""

RENEW_AFTER = timedelta(minutes=1)
"""How old a claim may be when the next mail of it leaves; an older one is renewed first."""

CHASING = frozenset(
    {
        NotificationKind.REMINDER,
        NotificationKind.WILL_CLIMB,
        NotificationKind.WILL_CLIMB_UNREACHED,
        NotificationKind.TOLD_OTHERWISE,
        NotificationKind.WHAT_NEXT,
        NotificationKind.WHAT_NEXT_AGAIN,
        NotificationKind.STILL_WAITING,
        NotificationKind.TO_JUDGE,
        NotificationKind.TO_ARRANGE,
        NotificationKind.TO_ENDORSE,
        NotificationKind.ABOUT_CAFCASS,
        NotificationKind.OUTCOME_WANTED,
    }
)
"""Messages that have no point once their window is closed."""

ASKING = (ASKS - CHASING) | {NotificationKind.OBSERVED}
"""Messages that have no point once the item has ended."""

OWING_MOST = (MessageManner.TO, MessageManner.ALARMED, MessageManner.DELEGATE, MessageManner.COPY)
"""The manners of being told, whoever has most to do first."""


@dataclass
class Delivered:
    """What one round did, in messages."""

    sent: int = 0
    waiting: int = 0
    braked: int = 0
    lapsed: int = 0
    failed: int = 0

    @property
    def anything(self) -> bool:
        """Was there anything to do?"""
        return any((self.sent, self.waiting, self.braked, self.lapsed, self.failed))

    def count(self, state: NotificationState) -> None:
        """One message more that is now in a state."""
        setattr(self, state.value, getattr(self, state.value) + 1)

    def add(self, other: "Delivered") -> None:
        """What another did as well."""
        for name, number in vars(other).items():
            setattr(self, name, getattr(self, name) + number)


@dataclass(frozen=True)
class Sender:
    """How messages leave, and what their links and addresses begin and end with."""

    channel: Channel
    link: str
    domain: str
    allowed_domains: tuple[str, ...] = ()
    address: str = ""
    """The service's own address, as calendar files name who calls a meeting. Empty: they name nobody."""
    returns: ReturnAddress | None = None
    """Where mail that comes back is taken from; None: nothing is taken."""
    sends_mail: bool = True
    """Does anything leave as e-mail? If not, the inbox in the service is all there is."""
    reaches: Callable[[], bool] = lambda: True
    """Would mail leave now? Asked where it did not before."""
    cut: Callable[[], None] = lambda: None
    """End whatever is in hand at once."""


@dataclass
class Line:
    """What one round found of the way that mail leaves: nobody there, or nothing against it."""

    down: SendOutcome | None = None
    is_back: bool | None = None
    """Was it asked whether mail leaves again, and did it?"""

    def leaves_again(self, sender: Sender) -> bool:
        """Does mail leave now? Asked once a round."""
        if self.is_back is None:
            self.is_back = sender.reaches()
        return self.is_back


@dataclass(frozen=True)
class OutboxTurn:
    """One authority's turn in a round of the outbox."""

    casework: Casework
    authority: str
    clock: Callable[[], datetime]
    sender: Sender
    line: Line = field(default_factory=Line)
    done: Delivered = field(default_factory=Delivered)


def deliver_messages(
    casework: Casework, authority: str, clock: Callable[[], datetime], sender: Sender, most: int = 200
) -> Delivered:
    """Send what is waiting. `clock` gives the moment (aware UTC), and is asked at each claim.

    Raises Unavailable if the database cannot be had; never for what one message meets.
    """
    turn = OutboxTurn(casework, authority, clock, sender)
    for keys in list_batches(turn, most):
        deliver_batch(turn, keys)
    return turn.done


def list_batches(turn: OutboxTurn, most: int, is_urgent: bool | None = None) -> list[list[Key]]:
    """What is due of an authority, at most so many messages, in the batches in which it leaves. Raises Unavailable.

    A pause that is over ends here, and what no relay took goes again where mail leaves again.
    """
    store, authority, now = turn.casework.store, turn.authority, turn.clock()
    with store.read(authority) as connection:
        pause = read_pause(connection, authority)
        is_held_up = delivery_store.waits_for_relay(connection, authority, now)
    if pause is not None and pause.is_over(now):
        with store.write(authority) as connection:
            lapse_pause(connection, authority, now)
        log.warning("sending was paused for a working day: it goes on", extra={"authority": authority})
    if is_held_up and turn.line.leaves_again(turn.sender):
        with store.write(authority) as connection:
            back = delivery_store.release_for_relay(connection, authority, now)
        log.warning("mail leaves again: %s messages go now", back, extra={"authority": authority})
    with store.read(authority) as connection:
        return digest.batches_of(delivery_store.list_due_messages(connection, authority, now, most, is_urgent))


def deliver_batch(turn: OutboxTurn, keys: Sequence[Key]) -> None:
    """Send one batch, for whoever it is still for. Raises Unavailable."""
    attempts: list[SendAttempt] = []
    for key in keys:
        with _apart(turn, key):
            attempts += _claimed(turn, key)
    for mail in digest.mails_of_batch(attempts):
        with _apart(turn, *(attempt.key for attempt in mail)):
            _send(turn, mail)


@contextmanager
def _apart(turn: OutboxTurn, *keys: Key) -> Iterator[None]:
    """A fault in one message must not keep the others back: it is put off, and said."""
    try:
        yield
    except Unavailable:
        raise
    except Exception:
        # One mail must not keep the others back: it is said, and put off.
        for key in keys:
            log.exception("message not sent", extra={"authority": turn.authority, "challenge": str(key[0])})
            _put_off(turn, key)


def _claimed(turn: OutboxTurn, key: Key) -> list[SendAttempt]:
    """Steps 1 to 4: the message with everybody still to be told, or nothing where it does not leave now."""
    authority, now = turn.authority, turn.clock()
    with turn.casework.store.write(authority) as connection:
        row = delivery_store.claim_message(connection, authority, key, now, LEASE)
        if row is None:
            return []
        loaded = load.load_challenges(connection, authority, [key[0]])[key[0]]
        value = loaded.challenge
        rules = turn.casework.procedures.rules(connection, authority, value.ladder_hash, value.authority_hash)
        if has_lapsed(row, loaded):
            delivery_store.lapse_message(connection, authority, key, lapsed_because(row, loaded))
            turn.done.lapsed += 1
            return []
        opens = sending_opens(rules, now)
        if opens > now and not row["urgent"]:
            delivery_store.note_message(connection, authority, key, next_at=opens, attempts=row["attempts"] - 1)
            turn.done.waiting += 1
            return []
        if is_braked(read_pause(connection, authority), row, rules):
            delivery_store.note_message(connection, authority, key, state=NotificationState.BRAKED, attempts=row["attempts"] - 1)
            turn.done.braked += 1
            return []
        return [prepare_attempt(connection, key, row, loaded, rules, now, turn.sender)]


def prepare_attempt(
    connection: Connection, key: Key, row: RowMapping, loaded: StoredChallenge, rules: Rules, now: datetime, sender: Sender
) -> SendAttempt:
    """Put a message into words, for everybody who is still to be told: what `sender` would send at `now` (aware UTC)."""
    subject = NotificationKind(row["subject"])
    addressees = still_to_be_told(connection, loaded, rules.authority, key, subject, now, sender.allowed_domains)
    window = _window_of(loaded, row["window"])
    expected = bool(window and window.promise.expected)
    envelopes = _envelopes(addressees)
    manner = next(iter(envelopes), MessageManner.TO)
    is_over = subject in ASKS and bool(row["window"]) and (window is None or not window.is_open)
    about = sentences_about(rules.ladder.followed, subject, manner, rules.authority, row["due"], expected, is_over)["subject"]
    due = None if is_over else row["due"]
    line = DigestLine(loaded.reference, about, due, expected, f"{sender.link}/challenges/{loaded.reference}", is_over)
    posts = tuple(
        replace(
            _post(connection, key, row, loaded, rules, now, sender, addressees, line, manner, one),
            return_path=_return_path(sender, rules.authority.key, key, addressees, one),
        )
        for manner, envelope in envelopes.items()
        for one in _singly(sender, envelope)
    )
    return SendAttempt(key, row["attempts"], addressees, rules.authority, line, posts, now)


def _singly(sender: Sender, envelope: tuple[str, ...]) -> list[tuple[str, ...]]:
    """One envelope a person where each has a return address of their own; else one for all who are told in a manner."""
    return [(address,) for address in envelope] if sender.returns else [envelope]


def _return_path(sender: Sender, authority: str, key: Key, addressees: RecheckedRecipients, envelope: tuple[str, ...]) -> str:
    person: UUID = addressees.people[envelope[0]][0]["person"]
    return sender.returns.for_copy(authority, identify_messages(authority, [key]), person) if sender.returns else ""


def _envelopes(addressees: RecheckedRecipients) -> dict[MessageManner, tuple[str, ...]]:
    """Who is still to be written to, by the manner in which they are told: of two people with one address, whoever owes most."""
    told: list[tuple[MessageManner, str]] = []
    for address, copies in addressees.people.items():
        manners = {manner_of(copy["as_to"], copy["how"]) for copy in copies}
        told.append((next(manner for manner in OWING_MOST if manner in manners), address))
    found = gather_by_key(told)
    return {manner: tuple(found[manner]) for manner in MessageManner if manner in found}


def _post(
    connection: Connection,
    key: Key,
    row: RowMapping,
    loaded: StoredChallenge,
    rules: Rules,
    now: datetime,
    sender: Sender,
    addressees: RecheckedRecipients,
    line: DigestLine,
    manner: MessageManner,
    envelope: tuple[str, ...],
) -> OutgoingMail:
    """The mail for those who are told in one manner: its headers name everybody, so that nobody is told behind another's back."""
    authority = rules.authority
    words = word_message(
        NotificationKind(row["subject"]),
        authority,
        loaded.reference,
        stage=rules.ladder.stage(row["stage"]).label if rules.ladder.has(row["stage"]) else "",
        team=lookup.find_unit_name(connection, authority.key, "team", loaded.challenge.facts.team),
        due=line.due,
        expected=line.expected,
        copied=tuple(authority.role(role).title for role in addressees.copied_roles if authority.has_role(role)),
        link=line.link,
        manner=manner,
        followed=rules.ladder.followed,
        is_over=line.is_over,
    )
    told = "" if manner is MessageManner.TO else f"-{manner}"
    return OutgoingMail(
        f"<{identify_messages(authority.key, [key])}{told}@{sender.domain}>",
        addressees.to,
        addressees.copy,
        envelope,
        words,
        now,
        None if line.is_over else meeting_file(row, loaded, rules, line.link, sender.domain, sender.address),
    )


def _send(turn: OutboxTurn, mail: Sequence[SendAttempt]) -> None:
    """Steps 5 and 6: one mail, and what became of each message in it."""
    is_digest = len(mail) > 1
    name = identify_messages(turn.authority, [attempt.key for attempt in mail])
    mail = [replace(attempt, sent_as=name) for attempt in mail]
    joined = digest.join_messages(mail, turn.sender.domain, turn.clock(), turn.sender.returns) if is_digest else None
    posts = (joined,) if joined else mail[0].posts
    outcomes: list[SendOutcome] = []
    for post in posts:
        if (still := _keep_claims(turn, mail)) is None:
            return
        mail = still
        outcomes.append(_try(turn, post))
        if is_digest or len(posts) > 1:
            # At once: whatever comes later, nobody is mailed twice.
            with turn.casework.store.write(turn.authority, is_patient=True) as connection:
                note_accepted(connection, turn.authority, mail, outcomes[-1], turn.clock())
    outcome = merge_outcomes(outcomes)
    for attempt in mail:
        with _apart(turn, attempt.key):
            turn.done.count(record_attempt(turn.casework, turn.authority, attempt, outcome, turn.clock()))


def _keep_claims(turn: OutboxTurn, mail: Sequence[SendAttempt]) -> list[SendAttempt] | None:
    """The messages of a mail that is about to leave, each claimed no longer ago than a mail may wait.

    None: another has some in hand by now. What of the others was not sent is tried again.
    """
    now = turn.clock()
    if all(now - attempt.claimed_at <= RENEW_AFTER for attempt in mail):
        return list(mail)
    with turn.casework.store.write(turn.authority) as connection:
        kept = [
            delivery_store.renew_claim(connection, turn.authority, attempt.key, attempt.number, now + LEASE) for attempt in mail
        ]
    if not all(kept):
        log.warning("another sender has a message in hand: it is left to them", extra={"authority": turn.authority})
        return None
    return [replace(attempt, claimed_at=now) for attempt in mail]


def _try(turn: OutboxTurn, post: OutgoingMail) -> SendOutcome:
    if turn.line.down is not None:
        return turn.line.down
    try:
        outcome = turn.sender.channel.send(post)
    except UnsafeMessage as error:
        log.error("message not sent: %s", error, extra={"authority": turn.authority})
        return SendOutcome(refused=dict.fromkeys(post.envelope, str(error)))
    except Exception as error:
        log.exception("message not sent", extra={"authority": turn.authority})
        return SendOutcome(again=type(error).__name__)
    if outcome.is_down:
        turn.line.down = outcome
        log.warning("no mail leaves: %s", outcome.again)
    return outcome


def is_braked(pause: SendingPause | None, row: RowMapping, rules: Rules) -> bool:
    """Is a message held because sending is paused? Nothing of an urgent item, or of a referral, nor what was let go by hand."""
    if pause is None or row["released"] or row["urgent"] or row["subject"] in delivery_store.OF_A_REFERRAL:
        return False
    ladder, above = rules.ladder, pause.holds
    if above == "all" or not ladder.has(above) or not ladder.has(row["stage"]):
        return True
    return ladder.position(row["stage"]) > ladder.position(above)


def has_lapsed(row: RowMapping, loaded: StoredChallenge) -> bool:
    """Has a message no point any more, because of what became of its item or its window?"""
    subject = NotificationKind(row["subject"])
    if subject is NotificationKind.ENDED_BY_ANOTHER:
        return False
    if loaded.challenge.is_sealed:
        return True
    if subject in ASKING:
        return not loaded.challenge.is_open
    if subject not in CHASING or not row["window"]:
        return False
    window = _window_of(loaded, row["window"])
    return window is None or not window.is_open


def lapsed_because(row: RowMapping, loaded: StoredChallenge) -> str:
    """Why a message that lapsed has no point any more, as its copies say it."""
    if loaded.challenge.is_sealed:
        return "the item was recorded in error before the mail left"
    if not loaded.challenge.is_open:
        return "the item had ended before the mail left"
    return "what it is about was answered, or its date was over, before the mail left"


def sending_opens(rules: Rules, now: datetime) -> datetime:
    """When a message may leave: now, or when the authority's sending hours next begin (aware UTC)."""
    hours, calendar = rules.authority.sending, rules.calendar
    local = now.astimezone(LONDON)
    day = local.date()
    fits = calendar.is_working_day(day) or not hours.working_days_only
    if fits and hours.start <= local.time() < hours.end:
        return now
    if not fits or local.time() >= hours.end:
        day = calendar.working_day_after(day) if hours.working_days_only else day + timedelta(days=1)
    return at_local(day, hours.start)


def _window_of(loaded: StoredChallenge, text: str) -> Window | None:
    return loaded.challenge.window(load.window_key(text)) if text else None


def _put_off(turn: OutboxTurn, key: Key) -> None:
    """Take a message that could not even be tried out of the others' way; after as many tries as any, it has failed."""
    why, authority = "a fault of the service", turn.authority
    with turn.casework.store.write(authority) as connection:
        tries = delivery_store.read_message(connection, authority, key)["attempts"]
        if tries < len(WAITS):
            delivery_store.note_message(
                connection, authority, key, attempts=tries + 1, next_at=turn.clock() + WAITS[tries], error=why
            )
            turn.done.waiting += 1
            return
        for delivery in delivery_store.list_copies(connection, authority, key):
            if delivery["mail"] == MailState.WAITING:
                delivery_store.note_copy(connection, authority, key, delivery["person"], mail=MailState.REFUSED, error=why)
        delivery_store.note_message(connection, authority, key, state=NotificationState.FAILED, error=why)
        turn.done.failed += 1
