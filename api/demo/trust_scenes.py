"""What a service does to be trusted, a scene each: mail that does not arrive, who stands in for whom, what another hand ends.

Told after the story, on the last working days before it ends: each of these needs somebody to be away, or mail to fail.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from uuid import UUID

from api.assembly import Service, clock_at
from drp.casework.load import id_of_reference
from drp.casework.service import ActionResult, Casework
from drp.data_protection.admin_audit_log import note_admin_change
from drp.directory.people import find_people_named, read_email
from drp.identity import tokens
from drp.identity.principal import Principal
from drp.messages.delivery_store import list_copies_mailed_since
from drp.messages.sending_pause import SendingPause, lapses_at, store_pause
from drp.staffing.cover_changes import start_cover
from notifications.cover_letters import tell_the_covered
from notifications.outbox import deliver_messages
from notifications.returns import BELIEVED_FOR, ReturnAddress, take_return
from workflows.calendar.working_days import at_local, local_date
from workflows.model.authority import Rules
from workflows.model.events import (
    Acknowledged,
    Event,
    MeetingArranged,
    MeetingCalledOff,
    Raised,
    Reminded,
    Resolved,
    Responded,
)
from workflows.model.ladder import ItemType

AWAY_FOR = timedelta(days=14)
"""How long those who go away in these scenes stay away."""

PAUSED_SINCE = timedelta(minutes=40)
"""How long ago sending was paused: less than an hour, after which the service's health says so."""

PAUSED = "thurrock"
"""The authority whose sending is paused."""

WHY_PAUSED = "The mail relay is being moved today, and nothing is to be lost on the way"

RETURNED = """\
From: MAILER-DAEMON@relay.example
To: {to}
Subject: Undelivered
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="part"

--part
Content-Type: message/delivery-status

Reporting-MTA: dns; relay.example

Final-Recipient: rfc822; {address}
Action: failed
Status: 5.2.2
Diagnostic-Code: smtp; 552 mailbox full

--part--
"""
"""What a council's relay sends back (RFC 3464) for a mailbox that is full."""


@dataclass(frozen=True)
class SceneToSee:
    """A scene, and where it is seen: whom to be, and which page to open."""

    name: str
    person: str
    path: str
    reference: str = ""
    """The item that the scene is about; empty: none."""


class TrustScenes:
    """Tells the scenes of one authority, by the names of its invented people, in the past before `now` (aware UTC)."""

    def __init__(self, service: Service, casework: Casework, rules: Rules, now: datetime) -> None:
        self._service, self._casework, self._rules, self._now = service, casework, rules, now
        self._key = rules.authority.key

    def tell(self) -> list[SceneToSee]:
        """Tell the scenes that this authority has, except the pause of its sending."""
        told: dict[str, Callable[[], list[SceneToSee]]] = {
            "durham_2016": self._mail_that_came_back,
            "durham_2022": self._covered_cover_and_meeting_called_off,
            "derby": self._appointed_cover_that_ends_an_item,
            PAUSED: self._reminder_by_hand,
        }
        return told[self._key]() if self._key in told else []

    def pause_sending(self) -> list[SceneToSee]:
        """Pause the sending of the one authority whose mail is held, and raise an item whose mail does not leave."""
        if self._key != PAUSED:
            return []
        since = self._now - PAUSED_SINCE
        signed = self._signed("Ngozi Umeh", since)
        pause = SendingPause("all", UUID(signed.person), WHY_PAUSED, since, lapses_at(since, self._rules.calendar))
        with self._service.store.write(self._key) as connection:
            store_pause(connection, self._key, pause)
            note_admin_change(connection, self._casework, signed, since, "brake", set_to=pause.holds, why=pause.why)
        reference = self._raise("Joseph Mensah", "T0004502", "health_assessment", since + timedelta(minutes=10))
        return [
            SceneToSee("sending is paused", "Ngozi Umeh", "/administration/outbox"),
            SceneToSee(
                "sending is paused, and what is asked does not leave", "Joseph Mensah", f"/challenges/{reference}", reference
            ),
        ]

    def _mail_that_came_back(self) -> list[SceneToSee]:
        """The question to a Team Manager is returned by the council's own relay: nobody is blamed for not replying."""
        reference = self._raise("David Okonkwo", "D-10587", "report_not_available", self._at(1, 10))
        self._return_mail(reference, "Oluwaseun Adeyemi", self._at(1, 11))
        return [SceneToSee("a message came back", "David Okonkwo", f"/challenges/{reference}", reference)]

    def _covered_cover_and_meeting_called_off(self) -> list[SceneToSee]:
        """Two Team Managers away at once: a third is asked. And a meeting that was booked and does not take place."""
        self._cover("Jodie Charlton", "Jodie Charlton", "Nasreen Akhtar", self._at(3, 9))
        self._cover("Nasreen Akhtar", "Nasreen Akhtar", "Beth Robson", self._at(2, 9))
        covered = self._raise("Marta Kowalska", "D-11020", "permanence_plan_delayed", self._at(1, 10))
        self._act("Beth Robson", covered, Acknowledged(), self._at(1, 11))
        meeting = self._raise("Rajesh Menon", "D-10944", "final_plan_not_ratified", self._at(1, 10))
        day = self._rules.calendar.working_day_after(local_date(self._now))
        booked = MeetingArranged(at_local(day, time(14)), "Room 2, and by video")
        self._act("David Okonkwo", meeting, booked, self._at(1, 11))
        called_off = MeetingCalledOff("The Team Manager is in court that day; another day is being looked for.")
        self._act("David Okonkwo", meeting, called_off, self._at(1, 15))
        return [
            SceneToSee("a cover who is covered", "Beth Robson", f"/challenges/{covered}", covered),
            SceneToSee("a meeting called off", "Rajesh Menon", f"/challenges/{meeting}", meeting),
        ]

    def _appointed_cover_that_ends_an_item(self) -> list[SceneToSee]:
        """An IRO is away, and whoever is appointed in their place ends what they had raised: they are told by name."""
        reference = self._raise("Gary Whitmore", "DY20401", "drift_or_delay", self._at(3, 10))
        self._cover("Philippa Draycott", "Gary Whitmore", "Zainab Hussain", self._at(2, 9), is_appointed=True)
        answer = Responded("agrees", "We agree. The plan was written on Monday and goes to panel next week.")
        self._act("Rachel Haslam", reference, answer, self._at(2, 14))
        settled = Resolved("The plan is written, and the date for panel is kept.", found="better")
        self._act("Zainab Hussain", reference, settled, self._at(1, 11))
        return [
            SceneToSee("an item ended by another hand", "Gary Whitmore", "/inbox", reference),
            SceneToSee("a cover recorded as an appointment", "Philippa Draycott", self._cover_page("Gary Whitmore")),
            SceneToSee("a cover with no appointment recorded", "Philippa Draycott", self._cover_page("Olivia Marsh")),
        ]

    def _reminder_by_hand(self) -> list[SceneToSee]:
        """An IRO reminds a Team Manager, before the service does so half-way."""
        reference = self._raise("Patricia Lowe", "T0004655", "pathway_plan_not_completed", self._at(2, 10))
        self._act("Patricia Lowe", reference, Reminded("The birthday is near: please answer this week."), self._at(1, 10))
        return [SceneToSee("a reminder by hand", "Patricia Lowe", f"/challenges/{reference}", reference)]

    # What people do.

    def _raise(self, raiser: str, child: str, reason: str, now: datetime) -> str:
        """Raise a formal item, and let its mail leave. Gives its reference."""
        event = Raised(
            ItemType.FORMAL,
            (reason,),
            "What the review decided has not been done, and nobody has said when it will be.",
            "The waiting shows: every week there is the question whether it has been forgotten.",
            "It is done, or there is a date for it.",
            raiser_role=self._rules.ladder.raisers_of(ItemType.FORMAL)[0],
        )
        answer = self._casework.raise_item(
            self._signed(raiser, now), child, event, now, lambda _, done: {"reference": done.loaded.reference},
            ladder=self._rules.ladder.key,
        )  # fmt: skip
        self._mail(now)
        return str(answer["reference"])

    def _act(self, person: str, reference: str, event: Event, now: datetime) -> None:
        self._casework.act(self._signed(person, now), reference, event, now, _nothing)
        self._mail(now)

    def _cover(self, giver: str, of: str, by: str, now: datetime, is_appointed: bool = False) -> None:
        """Somebody goes away: who covers, and a letter to whoever is covered if another entered it."""
        since = local_date(now)
        start_cover(
            self._casework, self._signed(giver, now), now, of=self._person(of), by=self._person(by), since=since,
            until=local_date(self._now) + AWAY_FOR, is_appointed=is_appointed,
        )  # fmt: skip
        tell_the_covered(self._casework, self._key, now, self._service.sender)

    def _return_mail(self, reference: str, person: str, now: datetime) -> None:
        """What was sent to somebody about an item comes back, as the council's mail server would bring it."""
        returns = ReturnAddress(f"returns@{self._service.sender.domain}", self._casework.chance.octets(32))
        whose = self._person(person)
        with self._service.store.read(self._key) as connection:
            item = id_of_reference(connection, self._key, reference)
            copies = list_copies_mailed_since(connection, self._key, now - BELIEVED_FOR)
            address = read_email(connection, self._key, whose)
        sent_as = next(copy["sent_as"] for copy in copies if (copy["challenge"], copy["person"]) == (item, whose))
        came = RETURNED.format(to=returns.for_copy(self._key, sent_as, whose), address=address)
        take_return(self._casework, returns, came.encode(), now)
        self._mail(now)

    def _mail(self, now: datetime) -> None:
        deliver_messages(self._casework, self._key, clock_at(now + timedelta(minutes=5)), self._service.sender)

    # Who, and when.

    def _at(self, days: int, hour: int) -> datetime:
        """An hour of a working day before today: the last one (1), the one before it (2) and so on."""
        day = local_date(self._now)
        for _ in range(days):
            day = self._rules.calendar.working_day_on_or_before(day - timedelta(days=1))
        return at_local(day, time(hour))

    def _signed(self, person: str, now: datetime) -> Principal:
        """Somebody as if they had signed in then."""
        with self._service.store.read(self._key) as connection:
            return tokens.principal_of(connection, self._rules.authority, self._person(person), now)

    def _person(self, name: str) -> UUID:
        with self._service.store.read(self._key) as connection:
            return find_people_named(connection, self._key, name, 1)[0]

    def _cover_page(self, name: str) -> str:
        return f"/cover?of={self._person(name)}"


def _nothing(connection: object, done: ActionResult) -> dict[str, object]:
    return {}
