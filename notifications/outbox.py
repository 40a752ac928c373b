"""The outbox: what was decided to be told leaves here, at least once, to nobody but those it is for.

1. Claim what is waiting and due: one conditional UPDATE, one row changed is the only yes.
2. Outside sending hours (urgent items excepted) it waits; above the brake it is held for release by hand.
3. A reminder whose window has closed, or a question on an item that has ended, lapses unsent.
4. Everybody is checked again: who left, or no longer holds the post, is skipped.
5. Send; note for each person what the server said. What cannot be reached is tried again with growing waits.
6. What can never be delivered becomes a failure that the IRO manager sees, and a climb by itself waits for the IRO.
"""

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from sqlalchemy import Connection, RowMapping, select, update
from sqlmodel import col

from drp import load
from drp.directory.lookup import holds_role
from drp.handle import Casework
from drp.load import Loaded
from drp.store import Unavailable
from drp.tables import AuthorityRow, DeliveryRow, NotificationRow, PersonRow, UnitRow
from notifications.brake import is_braked
from notifications.channels import Channel, Outcome, Post, UnsafeMessage, is_address
from notifications.wording import letter
from workflows.challenge import Party, Window, WindowKey, WindowKind
from workflows.events import DeliveryFailed
from workflows.procedure import Authority, Rules
from workflows.recipients import Establishment, reach
from workflows.turn import Subject
from workflows.working_days import LONDON, at_local, local_date

log = logging.getLogger("drp.outbox")

WAITS = tuple(timedelta(minutes=m) for m in (1, 5, 15, 60, 120, 240, 480, 720, 720, 720, 720))
"""Between attempts: about three days in all, then it has failed."""

ALARM_AFTER = 6
"""Attempts, about three hours: from then on a climb waits for the IRO, while the attempts go on."""

LEASE = timedelta(minutes=10)
"""How long an attempt may take before another replica may believe that its sender died."""

CHASING = frozenset(
    {
        Subject.REMINDER, Subject.WILL_CLIMB, Subject.WHAT_NEXT, Subject.WHAT_NEXT_AGAIN, Subject.STILL_WAITING,
        Subject.TO_JUDGE, Subject.TO_ARRANGE, Subject.TO_ENDORSE, Subject.ABOUT_CAFCASS, Subject.OUTCOME_WANTED,
    }
)  # fmt: skip
"""Messages that have no point once their window is closed."""

ASKING = frozenset({Subject.ASKED, Subject.REDIRECTED, Subject.EXTENDED, Subject.POST_TAKEN_OVER, Subject.OBSERVED})
"""Messages that have no point once the item has ended."""

_Key = tuple[UUID, int, int]


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


@dataclass(frozen=True)
class Sender:
    """How messages leave, and what their links and addresses begin and end with."""

    channel: Channel
    link: str
    domain: str
    allowed_domains: tuple[str, ...] = ()


def deliver(casework: Casework, authority: str, now: datetime, sender: Sender, most: int = 200) -> Delivered:
    """Send what is waiting. Raises Unavailable if the database cannot be had; never for what one message meets."""
    done = Delivered()
    for key in _waiting(casework, authority, now, most):
        try:
            _one(casework, authority, key, now, sender, done)
        except Unavailable:
            raise
        except Exception:
            # A fault in one must not keep the others back: it is put off, and said.
            log.exception("message not sent", extra={"authority": authority, "challenge": str(key[0])})
            _put_off(casework, authority, key, now, done)
    return done


def _waiting(casework: Casework, authority: str, now: datetime, most: int) -> list[_Key]:
    with casework.store.read(authority) as connection:
        rows = connection.execute(
            select(col(NotificationRow.challenge), col(NotificationRow.version), col(NotificationRow.n))
            .where(
                col(NotificationRow.authority) == authority,
                col(NotificationRow.state) == "waiting",
                col(NotificationRow.next_at) <= now,
            )
            .order_by(col(NotificationRow.next_at), col(NotificationRow.at))
            .limit(most)
        )
        return [(row.challenge, row.version, row.n) for row in rows]


def _here(authority: str, key: _Key) -> list[object]:
    return [
        col(NotificationRow.authority) == authority,
        col(NotificationRow.challenge) == key[0],
        col(NotificationRow.version) == key[1],
        col(NotificationRow.n) == key[2],
    ]


def _set(connection: Connection, authority: str, key: _Key, **values: object) -> None:
    connection.execute(update(NotificationRow).where(*_here(authority, key)).values(**values))  # type: ignore[arg-type]


def _one(casework: Casework, authority: str, key: _Key, now: datetime, sender: Sender, done: Delivered) -> None:
    with casework.store.write(authority) as connection:
        claimed = connection.execute(
            update(NotificationRow)
            .where(
                *_here(authority, key),  # type: ignore[arg-type]
                col(NotificationRow.state) == "waiting",
                col(NotificationRow.next_at) <= now,
            )
            .values(next_at=now + LEASE, attempts=col(NotificationRow.attempts) + 1)
        )
        if claimed.rowcount != 1:
            return
        table = NotificationRow.__table__  # type: ignore[attr-defined]
        row = connection.execute(select(table).where(*_here(authority, key))).mappings().one()  # type: ignore[arg-type]
        loaded = load.challenges(connection, authority, [key[0]])[key[0]]
        value = loaded.challenge
        rules = casework.procedures.rules(connection, authority, value.ladder_hash, value.authority_hash)
        if _has_lapsed(row, loaded):
            _set(connection, authority, key, state="lapsed")
            done.lapsed += 1
            return
        opens = _sending_opens(rules, now)
        if opens > now and not row["urgent"]:
            _set(connection, authority, key, next_at=opens, attempts=row["attempts"] - 1)
            done.waiting += 1
            return
        brake = connection.execute(select(col(AuthorityRow.brake)).where(col(AuthorityRow.key) == authority)).scalar() or ""
        if is_braked(brake, row, rules):
            _set(connection, authority, key, state="braked", attempts=row["attempts"] - 1)
            done.braked += 1
            return
        ready = _ready(connection, casework, authority, key, row, loaded, rules, now, sender)
    _settle(casework, authority, key, now, _try(sender, ready.post, authority), ready, done, row["attempts"])


def _try(sender: Sender, post: Post | None, authority: str) -> Outcome:
    if post is None:
        return Outcome()
    try:
        return sender.channel.send(post)
    except UnsafeMessage as error:
        log.error("message not sent: %s", error, extra={"authority": authority})
        return Outcome(refused=dict.fromkeys(post.envelope, str(error)))
    except Exception as error:
        log.exception("message not sent", extra={"authority": authority})
        return Outcome(again=type(error).__name__)


def _has_lapsed(row: RowMapping, loaded: Loaded) -> bool:
    subject = Subject(row["subject"])
    if loaded.challenge.is_sealed:
        return True
    if subject in ASKING:
        return not loaded.challenge.is_open
    if subject not in CHASING or not row["window"]:
        return False
    window = _window_of(loaded, row["window"])
    return window is None or not window.is_open


def _sending_opens(rules: Rules, now: datetime) -> datetime:
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


@dataclass(frozen=True)
class _Ready:
    """One attempt: the message (None where nobody is left), whose each address is, and who cannot be written to and why."""

    post: Post | None
    people: Mapping[str, Sequence[RowMapping]]
    unreachable: Sequence[tuple[RowMapping, str]]


def _ready(
    connection: Connection,
    casework: Casework,
    authority: str,
    key: _Key,
    row: RowMapping,
    loaded: Loaded,
    rules: Rules,
    now: datetime,
    sender: Sender,
) -> _Ready:
    """The message with everybody still to be told."""
    deliveries = _deliveries(connection, authority, key)
    establishment = load.establishment(connection, authority, [loaded.about()])
    to: list[str] = []
    copy: list[str] = []
    envelope: dict[str, list[RowMapping]] = {}
    unreachable: list[tuple[RowMapping, str]] = []
    for delivery in deliveries:
        waits = delivery["mail"] == "waiting"
        if gone := _no_longer(connection, delivery, rules.authority, establishment, loaded, now):
            if waits:
                _mark(connection, authority, key, delivery["person"], mail="skipped", error=gone)
        elif unfit := _unfit(delivery["email"], sender):
            if waits:
                unreachable.append((delivery, unfit))
        else:
            (to if delivery["as_to"] else copy).append(delivery["email"])
            if waits:
                envelope.setdefault(delivery["email"], []).append(delivery)
    if not envelope:
        return _Ready(None, {}, unreachable)
    stage = rules.ladder.stage(row["stage"]).label if rules.ladder.has(row["stage"]) else ""
    team = connection.execute(
        select(col(UnitRow.name)).where(
            col(UnitRow.authority) == authority, col(UnitRow.kind) == "team", col(UnitRow.key) == loaded.challenge.facts.team
        )
    ).scalar()
    copied = [d["role"] for d in deliveries if not d["as_to"] and d["email"] in copy]
    window = _window_of(loaded, row["window"])
    words = letter(
        Subject(row["subject"]),
        rules.authority,
        loaded.reference,
        stage=stage,
        team=team or "",
        due=row["due"],
        expected=bool(window and window.promise.expected),
        copied=tuple(rules.authority.role(role).title for role in dict.fromkeys(copied) if rules.authority.has_role(role)),
        link=f"{sender.link}/challenges/{loaded.reference}",
    )
    identity = sha256(f"{authority}/{key[0]}/{key[1]}/{key[2]}".encode()).hexdigest()[:32]
    message = Post(
        f"<{identity}@{sender.domain}>",
        tuple(dict.fromkeys(to)),
        tuple(address for address in dict.fromkeys(copy) if address not in to),
        tuple(envelope),
        words,
        now,
    )
    return _Ready(message, envelope, unreachable)


def _window_of(loaded: Loaded, text: str) -> Window | None:
    if not text:
        return None
    sequence, kind, n = text.split("/")
    return loaded.challenge.window(WindowKey(int(sequence), WindowKind(kind), int(n)))


def _deliveries(connection: Connection, authority: str, key: _Key) -> Sequence[RowMapping]:
    return (
        connection.execute(
            select(DeliveryRow.__table__, col(PersonRow.email), col(PersonRow.left_on))  # type: ignore[attr-defined]
            .join(PersonRow, (col(PersonRow.authority) == authority) & (col(PersonRow.id) == col(DeliveryRow.person)))
            .where(
                col(DeliveryRow.authority) == authority,
                col(DeliveryRow.challenge) == key[0],
                col(DeliveryRow.version) == key[1],
                col(DeliveryRow.n) == key[2],
            )
            .order_by(col(DeliveryRow.as_to).desc(), col(PersonRow.email))
        )
        .mappings()
        .all()
    )


def _no_longer(
    connection: Connection,
    delivery: RowMapping,
    authority: Authority,
    establishment: Establishment,
    loaded: Loaded,
    now: datetime,
) -> str:
    """Why somebody is no longer to be told (empty: they are). Frozen at commit, checked again at sending."""
    day = local_date(now)
    if delivery["left_on"] is not None and delivery["left_on"] < day:
        return "has left"
    person, role = str(delivery["person"]), delivery["role"]
    stand_in = delivery["how"] == "stand-in" and role in establishment.held_by({person}, authority, loaded.about(), day)
    if stand_in:
        return ""
    for party in (Party(role),) if delivery["how"] == "IRO manager" else _parties(loaded, delivery["party"]):
        # Somebody chosen by name is told for the role that they were chosen in, and while they hold it.
        if party.person and not holds_role(connection, authority.key, party.person, party.role, day):
            continue
        if any(one.person == person for one in reach(party, authority, establishment, loaded.about(), day)):
            return ""
    return "no longer holds the post"


def _parties(loaded: Loaded, role: str) -> tuple[Party, ...]:
    """Whom a role stands for on this item: its holders, and those who were chosen in it by name."""
    visits = loaded.challenge.visits
    named = (party for visit in visits for party in (*visit.told, *visit.copied) if party.role == role and party.person)
    return (Party(role), *dict.fromkeys(named))


def _unfit(address: str, sender: Sender) -> str:
    """Why an address cannot be written to (empty: it can)."""
    if not is_address(address):
        return "has no address that can be written to"
    domain = address.rpartition("@")[2].lower()
    if sender.allowed_domains and not any(domain == ok or domain.endswith(f".{ok}") for ok in sender.allowed_domains):
        return "the address is outside the domains allowed"
    return ""


def _mark(connection: Connection, authority: str, key: _Key, person: UUID, **values: object) -> None:
    connection.execute(
        update(DeliveryRow)
        .where(
            col(DeliveryRow.authority) == authority,
            col(DeliveryRow.challenge) == key[0],
            col(DeliveryRow.version) == key[1],
            col(DeliveryRow.n) == key[2],
            col(DeliveryRow.person) == person,
        )
        .values(**values)
    )


def _settle(
    casework: Casework,
    authority: str,
    key: _Key,
    now: datetime,
    outcome: Outcome,
    ready: _Ready,
    done: Delivered,
    attempts: int,
) -> None:
    """Note what became of an attempt. A refusal and what follows from it on the item are one transaction."""
    refused = {address: why for address, why in outcome.refused.items() if address in ready.people}
    left = set(ready.people) - outcome.accepted - set(refused)
    if left and attempts > len(WAITS):
        refused |= dict.fromkeys(left, outcome.again or "no answer")
        left = set()
    returned = [(delivery, why) for address, why in refused.items() for delivery in ready.people[address]]
    returned += ready.unreachable

    def noted(connection: Connection) -> None:
        for address in outcome.accepted & set(ready.people):
            for delivery in ready.people[address]:
                _mark(connection, authority, key, delivery["person"], mail="accepted", mailed_at=now, error="")

    def settled(connection: Connection) -> None:
        for delivery, why in returned:
            _mark(connection, authority, key, delivery["person"], mail="refused", error=why[:200])
        mails = [delivery["mail"] for delivery in _deliveries(connection, authority, key)]
        if left:
            wait = WAITS[min(attempts, len(WAITS)) - 1]
            _set(connection, authority, key, next_at=now + wait, error=outcome.again[:200])
        elif "refused" in mails:
            # Also where the refusal came at an earlier attempt: it stays in sight until somebody releases it.
            why = returned[0][1] if returned else "refused at an earlier attempt"
            _set(connection, authority, key, state="failed", error=why[:200])
        elif "accepted" in mails:
            _set(connection, authority, key, state="sent", sent_at=now, error="")
        else:
            _set(connection, authority, key, state="lapsed", error="nobody is left to be told")
        states.append("waiting" if left else "failed" if "refused" in mails else "sent" if "accepted" in mails else "lapsed")

    states: list[str] = []
    unreached = [one for address in left for one in ready.people[address]] if attempts == ALARM_AFTER else []
    if returned or unreached:
        with casework.store.write(authority) as connection:
            noted(connection)  # first and by itself: whatever follows, nobody is sent a second copy
        asked = sorted({one["party"] for one in [*(delivery for delivery, _ in returned), *unreached] if one["as_to"]})
        why = refused_why(returned[0][1] if returned else outcome.again)
        events = [DeliveryFailed(party, why) for party in asked]
        casework.note_change(authority, key[0], events, now, settled)
    else:
        with casework.store.write(authority) as connection:
            noted(connection)
            settled(connection)
    setattr(done, states[-1], getattr(done, states[-1]) + 1)


def refused_why(why: str) -> str:
    """A reason without any address in it."""
    return re.sub(r"\S*@\S*", "(an address)", why)[:150].strip()


def _put_off(casework: Casework, authority: str, key: _Key, now: datetime, done: Delivered) -> None:
    """Take a message that could not even be tried out of the others' way; after as many tries as any, it has failed."""
    with casework.store.write(authority) as connection:
        tries = connection.execute(select(col(NotificationRow.attempts)).where(*_here(authority, key))).scalar_one()  # type: ignore[arg-type]
        if tries < len(WAITS):
            _set(connection, authority, key, attempts=tries + 1, next_at=now + WAITS[tries], error="a fault of the service")
            done.waiting += 1
            return
        for delivery in _deliveries(connection, authority, key):
            if delivery["mail"] == "waiting":
                _mark(connection, authority, key, delivery["person"], mail="refused", error="a fault of the service")
        _set(connection, authority, key, state="failed", error="a fault of the service")
        done.failed += 1
