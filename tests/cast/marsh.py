"""Marsh Council at work in a store: items are raised, time passes, and its people are written to."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

from sqlalchemy import select

from drp.casework import load
from drp.casework.load import StoredChallenge, id_of_reference
from drp.casework.service import ActionResult, Casework
from drp.casework.sweep import SweepResult, sweep_authority
from drp.database.directory_tables import PersonRow
from drp.database.engine import Store
from drp.database.ids import Randomness
from drp.database.message_tables import DeliveryRow, NotificationRow
from drp.identity.principal import Principal
from drp.identity.tokens import principal_of
from notifications.channels import Channel, OutgoingMail, SendOutcome
from notifications.outbox import Delivered, Sender, deliver_messages
from notifications.smtp import Smtp
from tests.cast.clock import when
from tests.cast.councils import MARSH, Council, procedures
from tests.cast.staff import Staff
from workflows.calendar.working_days import LONDON
from workflows.model import events as e
from workflows.model.ladder import ItemType

KEY = MARSH.key
RAISED = when("Wed 1 April 2026, 10:00")
"""A Wednesday before Easter: stage 1 is due on Wednesday 8 April, acted on at 09:00 on the 9th."""
CLIMBS = when("Thu 9 April 2026, 09:00")


@dataclass
class Box:
    """A channel that keeps what it was given; `answer` says what becomes of it."""

    posts: list[OutgoingMail] = field(default_factory=list)
    answer: Callable[[OutgoingMail], SendOutcome] = lambda post: SendOutcome(accepted=frozenset(post.envelope))

    def send(self, post: OutgoingMail) -> SendOutcome:
        self.posts.append(post)
        return self.answer(post)

    def reached(self) -> list[str]:
        return [address for post in self.posts for address in post.envelope]


def sender(channel: Channel, domains: tuple[str, ...] = ()) -> Sender:
    made = Sender(channel, "https://drp.marsh.example", "marsh.example", domains)
    return replace(made, reaches=channel.reaches, cut=channel.cut) if isinstance(channel, Smtp) else made


@dataclass
class Marsh(Staff):
    """The council at work."""

    casework: Casework
    council: Council = MARSH

    @classmethod
    def founded(cls, casework: Casework, council: Council = MARSH, files: Mapping[str, bytes | str] | None = None) -> "Marsh":
        """Its procedures and its directory, loaded on 2 March 2026."""
        made = cls(casework, council)
        made.found(council, files=files)
        return made

    @property
    def store(self) -> Store:
        return self.casework.store

    @property
    def chance(self) -> Randomness:
        return self.casework.chance

    def as_(self, person: str, now: datetime) -> Principal:
        """A person, signed in."""
        with self.store.read(KEY) as connection:
            return principal_of(connection, procedures(self.council).authority, self.id(person), now)

    def raised(self, now: datetime = RAISED, child: str = "C-1", by: str = "irene", event: e.Raised | None = None) -> str:
        """A formal challenge; gives its reference."""
        event = event or e.Raised(ItemType.FORMAL, ("drift",), "The plan drifts.")
        answer = self.casework.raise_item(self.as_(by, now), child, event, now, _reference)
        return str(answer["reference"])

    def act(self, by: str, reference: str, event: e.Event, now: datetime) -> None:
        self.casework.act(self.as_(by, now), reference, event, now, _reference)

    def sweep(self, now: datetime) -> SweepResult:
        return sweep_authority(self.casework, KEY, now)

    def swept_daily(self, until: datetime, since: datetime = RAISED) -> None:
        """Sweep whenever a passed date is acted on or warned of, from one moment to another."""
        day = since.astimezone(LONDON).date()
        while day <= until.astimezone(LONDON).date():
            for hour in (9, 16):
                now = datetime.combine(day, time(hour), LONDON).astimezone(UTC)
                if since < now <= until:
                    self.sweep(now)
            day += timedelta(days=1)

    def deliver(self, now: datetime, channel: Channel, domains: tuple[str, ...] = ()) -> Delivered:
        return deliver_messages(self.casework, KEY, lambda: now, sender(channel, domains))

    def notifications(self, reference: str = "") -> list[dict[str, Any]]:
        """Every message, or those of one item, as they are stored, in order."""
        query = select(NotificationRow.__table__).where(NotificationRow.authority == KEY)
        if reference:
            query = query.where(NotificationRow.challenge == self.stored(reference).id)
        return self.dicts(query.order_by(NotificationRow.version, NotificationRow.n))

    def state_of(self, subject: str, reference: str = "") -> list[str]:
        return [row["state"] for row in self.notifications(reference) if row["subject"] == subject]

    def mails(self, reference: str = "") -> list[tuple[str, str, str, str]]:
        """Subject, person's key, what became of the mail, and why, of every delivery."""
        here = [getattr(NotificationRow, n) == getattr(DeliveryRow, n) for n in ("authority", "challenge", "version", "n")]
        query = (
            select(NotificationRow.subject, PersonRow.key, DeliveryRow.mail, DeliveryRow.error)
            .select_from(DeliveryRow)
            .join(NotificationRow, here[0] & here[1] & here[2] & here[3])
            .join(PersonRow, (PersonRow.authority == KEY) & (PersonRow.id == DeliveryRow.person))
            .where(DeliveryRow.authority == KEY)
            .order_by(NotificationRow.version, NotificationRow.n, PersonRow.key)
        )
        if reference:
            query = query.where(DeliveryRow.challenge == self.stored(reference).id)
        return [tuple(row) for row in self.rows(query)]

    def stored(self, reference: str) -> StoredChallenge:
        """An item as it is stored."""
        with self.store.read(KEY) as connection:
            id_ = id_of_reference(connection, KEY, reference)
            assert id_ is not None, reference
            return load.load_challenges(connection, KEY, [id_])[id_]

    def climbs_by_itself(self, reference: str) -> str:
        """What the present window does when its date passes."""
        main = self.stored(reference).challenge.main_window()
        assert main is not None
        # A message that came back makes the climb wait, whatever the stage's policy is.
        return "prompt" if getattr(main, "climb_waits", False) else main.on_close.value


def _reference(*given: Any) -> dict[str, Any]:
    done = next(one for one in given if isinstance(one, ActionResult))
    return {"reference": done.loaded.reference}
