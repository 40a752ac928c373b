"""The outbox: what was decided to be told leaves here, at least once, to nobody but those it is for.

1. Claim what is waiting and due: one conditional UPDATE, one row changed is the only yes.
2. Outside sending hours (urgent items excepted) it waits; above the brake it is held for release by hand.
3. A reminder whose window has closed, or a question on an item that has ended, lapses unsent.
4. Everybody is checked again: who left, or no longer holds the post, is skipped.
5. Send; note for each person what the server said. What cannot be reached is tried again with growing waits.
6. What can never be delivered becomes a failure that the IRO manager sees, and a climb by itself waits for the IRO.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from sqlalchemy import Connection, RowMapping, select, update
from sqlmodel import col

from drp import load
from drp.handle import Casework
from drp.load import Loaded
from drp.tables import AuthorityRow, DeliveryRow, NotificationRow, PersonRow, UnitRow
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
        except UnsafeMessage as error:
            log.error("message not sent: %s", error, extra={"challenge": str(key[0])})
            _fail(casework, authority, key, now, str(error), done)
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
        if _is_braked(brake, row, rules):
            _set(connection, authority, key, state="braked", attempts=row["attempts"] - 1)
            done.braked += 1
            return
        post = _post(connection, casework, authority, key, row, loaded, rules, now, sender)
    if post is None:
        _settle(casework, authority, key, now, Outcome(), {}, done, row["attempts"])
        return
    message, people = post
    outcome = sender.channel.send(message)
    _settle(casework, authority, key, now, outcome, people, done, row["attempts"])


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


def _is_braked(brake: str, row: RowMapping, rules: Rules) -> bool:
    if not brake:
        return False
    ladder = rules.ladder
    if brake == "all" or not ladder.has(brake) or not ladder.has(row["stage"]):
        return True
    return ladder.position(row["stage"]) > ladder.position(brake)


def _post(
    connection: Connection,
    casework: Casework,
    authority: str,
    key: _Key,
    row: RowMapping,
    loaded: Loaded,
    rules: Rules,
    now: datetime,
    sender: Sender,
) -> tuple[Post, dict[str, RowMapping]] | None:
    """The message with everybody still to be told, and for each address whose it is; None where nobody is left."""
    deliveries = _deliveries(connection, authority, key)
    establishment = load.establishment(connection, authority, [loaded.about()])
    to: list[str] = []
    copy: list[str] = []
    envelope: dict[str, RowMapping] = {}
    skipped: list[tuple[UUID, str]] = []
    for delivery in deliveries:
        reason = _no_longer(delivery, rules.authority, establishment, loaded, now, sender)
        if delivery["mail"] == "waiting" and reason:
            skipped.append((delivery["person"], reason))
        elif not reason:
            (to if delivery["as_to"] else copy).append(delivery["email"])
            if delivery["mail"] == "waiting":
                envelope.setdefault(delivery["email"], delivery)
    for person, reason in skipped:
        _mark(connection, authority, key, person, mail="skipped", error=reason)
    if not envelope:
        return None
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
    return message, envelope


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
    delivery: RowMapping, authority: Authority, establishment: Establishment, loaded: Loaded, now: datetime, sender: Sender
) -> str:
    """Why somebody is no longer to be told (empty: they are). Frozen at commit, checked again at sending."""
    day = local_date(now)
    if delivery["left_on"] is not None and delivery["left_on"] < day:
        return "has left"
    if not is_address(delivery["email"]):
        return "has no address"
    domain = delivery["email"].rpartition("@")[2].lower()
    if sender.allowed_domains and not any(domain == ok or domain.endswith(f".{ok}") for ok in sender.allowed_domains):
        return "the address is outside the domains allowed"
    person = str(delivery["person"])
    if delivery["how"] == "IRO manager":
        party = Party(delivery["role"])
    else:
        named = person if delivery["party"] == delivery["role"] and _is_named(loaded, delivery["party"], person) else ""
        party = Party(delivery["party"], named)
    reached = {one.person for one in reach(party, authority, establishment, loaded.about(), day)}
    stand_in = delivery["how"] == "stand-in" and delivery["role"] in establishment.held_by(person, authority, loaded.about(), day)
    return "" if person in reached or stand_in else "no longer holds the post"


def _is_named(loaded: Loaded, role: str, person: str) -> bool:
    parties = [party for visit in loaded.challenge.visits for party in (*visit.told, *visit.copied)]
    return Party(role, person) in parties


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
    people: dict[str, RowMapping],
    done: Delivered,
    attempts: int,
) -> None:
    refused = {address: why for address, why in outcome.refused.items() if address in people}
    left = set(people) - outcome.accepted - set(refused)
    given_up = bool(left) and attempts > len(WAITS)
    if given_up:
        refused |= dict.fromkeys(left, outcome.again or "no answer")
        left = set()
    with casework.store.write(authority) as connection:
        for address in outcome.accepted & set(people):
            _mark(connection, authority, key, people[address]["person"], mail="accepted", mailed_at=now, error="")
        for address, why in refused.items():
            _mark(connection, authority, key, people[address]["person"], mail="refused", error=why[:200])
        if left:
            wait = WAITS[min(attempts, len(WAITS)) - 1]
            _set(connection, authority, key, next_at=now + wait, error=outcome.again[:200])
            done.waiting += 1
        elif refused:
            _set(connection, authority, key, state="failed", error=next(iter(refused.values()))[:200])
            done.failed += 1
        else:
            _set(connection, authority, key, state="sent", sent_at=now, error="")
            done.sent += 1
    asked = sorted({people[address]["party"] for address in refused if people[address]["as_to"]})
    events = [DeliveryFailed(party, refused_why(refused)) for party in asked]
    if events:
        casework.note_change(authority, key[0], events, now)


def refused_why(refused: dict[str, str]) -> str:
    """The first reason given, without any address in it."""
    return next(iter(refused.values())).split("<")[0][:150].strip()


def _fail(casework: Casework, authority: str, key: _Key, now: datetime, why: str, done: Delivered) -> None:
    with casework.store.write(authority) as connection:
        _set(connection, authority, key, state="failed", error=why[:200])
    done.failed += 1


def set_brake(connection: Connection, authority: str, brake: str) -> None:
    """Hold all mail (`all`), all above a stage (its key), or none (empty)."""
    connection.execute(update(AuthorityRow).where(col(AuthorityRow.key) == authority).values(brake=brake))


def release(connection: Connection, authority: str, now: datetime) -> int:
    """Let held and failed messages go again, by hand, to those they did not reach. Returns how many."""
    failed = select(col(NotificationRow.challenge)).where(
        col(NotificationRow.authority) == authority, col(NotificationRow.state) == "failed"
    )
    connection.execute(
        update(DeliveryRow)
        .where(
            col(DeliveryRow.authority) == authority,
            col(DeliveryRow.mail) == "refused",
            col(DeliveryRow.challenge).in_(failed),
        )
        .values(mail="waiting", error="")
    )
    return connection.execute(
        update(NotificationRow)
        .where(col(NotificationRow.authority) == authority, col(NotificationRow.state).in_(("braked", "failed")))
        .values(state="waiting", next_at=now, attempts=0, error="")
    ).rowcount
