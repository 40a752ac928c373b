"""Marsh Council: a ladder that climbs by itself, a partner agency, and people who can be written to, leave and move."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlmodel import col

from drp.casework.load import id_of_reference
from drp.casework.service import ActionResult, Casework
from drp.casework.sweep import SweepResult, sweep_authority
from drp.database.directory_tables import CoverRow, PersonRow, PostRow
from drp.database.engine import Store
from drp.database.ids import Randomness
from drp.database.message_tables import DeliveryRow, NotificationRow
from drp.directory.importing import import_directory
from drp.directory.lookup import person_by_key
from drp.identity.principal import Principal
from drp.identity.tokens import principal_of
from notifications.channels import Channel, OutgoingMail, SendOutcome
from notifications.outbox import Delivered, Sender, deliver_messages
from workflows.calendar.working_days import LONDON
from workflows.ladder_language.reader import AuthorityProcedures as Read
from workflows.ladder_language.reader import read_procedures
from workflows.model import events as e
from workflows.model.ladder import ItemType

KEY = "marsh"

AUTHORITY = """
authority: marsh
name: Marsh Council
version: "1"
in_force: 2020-01-01
source: invented for a test
roles:
  iro: {title: IRO, for: child, acts_as: iro}
  social_worker: {title: Social Worker, for: child}
  team_manager: {title: Team Manager, for: team}
  service_manager: {title: Service Manager, for: service}
  head_of_quality: {title: Head of Quality, for: authority}
  director: {title: Director, for: authority, acts_as: leader}
  chief_executive: {title: Chief Executive, for: authority, acts_as: leader}
  named_nurse: {title: Named Nurse, for: agency}
  iro_manager: {title: IRO Manager, for: authority, acts_as: iro_manager}
  business_support: {title: Business Support, for: authority, acts_as: business_support}
themes:
  plan:
    label: Plan
    reasons:
      drift: Drift
      other: {label: Other, needs_words: true}
ladders:
  - {ladder: process}
  - {ladder: partner}
  - {ladder: excellent}
labels:
  cafcass: CAFCASS
  challenge: formal resolution
"""

LADDER = """
ladder: process
version: "1"
authority: marsh
process: Marsh process
source: invented for a test
in_force: 2020-01-01
raised_by: [iro]
items: [formal, urgent]
covers: [looked_after, child_protection]
judge_within: 3 working days
remind_before: 1 working day
whole_process: {limit: 20 working days, from: first formal stage}
stages:
  stage_1:
    label: Stage 1
    to: {all of: [team_manager, service_manager]}
    copy: [social_worker, head_of_quality]
    respond_within: 3 working days
    no_reply: escalate
  stage_2:
    label: Stage 2
    to: director
    copy: [team_manager]
    respond_within: 5 working days
    no_reply: escalate
  stage_3:
    label: Stage 3
    to: chief_executive
    copy: [director]
    respond_within: 5 working days
    no_reply: prompt
    contact:
      by: [meeting]
      meeting: {called: meeting, arranged_by: business_support, attended_by: [director], outcome_recorded_by: iro}
  stage_4:
    label: Stage 4, referral to CAFCASS
    referral: cafcass
    tell: {who: everyone above, by: iro_manager}
"""

PARTNER = """
ladder: partner
version: "1"
authority: marsh
process: Marsh partner process
source: invented for a test
in_force: 2020-01-01
raised_by: [iro]
items: [partner_agency]
covers: [looked_after, child_protection]
judge_within: 3 working days
stages:
  alert:
    label: Alert
    to: {chosen by: raiser, from: [named_nurse]}
    copy: [director]
    respond_within: 5 working days
    complete_within: 5 working days
    no_reply: prompt
"""

NOTICE = """
notice: excellent
version: "1"
authority: marsh
process: Marsh notice
source: invented for a test
in_force: 2020-01-01
raised_by: [iro]
to: social_worker
copy: [team_manager]
"""

PEOPLE = """key,name,email,agency,left_on
archer,A. Archer,a.archer@marsh.example,,
baker,B. Baker,b.baker@marsh.example,,
service,S. Service,s.service@marsh.example,,
quality,Q. Quality,q.quality@marsh.example,,
director,D. Director,d.director@marsh.example,,
chief,C. Chief,c.chief@marsh.example,,
manager,M. Manager,m.manager@marsh.example,,
support,B. Support,b.support@marsh.example,,
irene,Irene Iro,irene.iro@marsh.example,,
ivor,Ivor Iro,ivor.iro@marsh.example,,
worker,W. Worker,w.worker@marsh.example,,
spare,S. Spare,s.spare@marsh.example,,
nurse,N. Nurse,n.nurse@health.example,health,
matron,M. Matron,m.matron@health.example,health,
"""
UNITS = """kind,key,name,within
service,care,Care Service,
team,north,North Team,care
team,south,South Team,care
agency,health,Marsh Health,
"""
POSTS = """person,role,of,since,until
archer,team_manager,north,2020-01-01,
baker,team_manager,south,2020-01-01,
service,service_manager,care,2020-01-01,
quality,head_of_quality,,2020-01-01,
director,director,,2020-01-01,
chief,chief_executive,,2020-01-01,
manager,iro_manager,,2020-01-01,
support,business_support,,2020-01-01,
nurse,named_nurse,health,2020-01-01,
"""
CHILDREN = """number,initials,born,statuses,in_plo,in_proceedings,facts,team,social_worker,iro,last_review,next_review,conferences
C-1,KT,2014-05-06,looked_after,no,no,,north,worker,irene,,,0
C-2,JO,2016-07-08,looked_after,no,no,,south,worker,ivor,,,0
"""
FILES: Mapping[str, str] = {
    "people.csv": PEOPLE,
    "units.csv": UNITS,
    "posts.csv": POSTS,
    "covers.csv": "of,by,since,until,kind\n",
    "children.csv": CHILDREN,
}
FOUNDED = datetime(2026, 3, 2, 8, tzinfo=UTC)
NIGHT_AND_DAY = AUTHORITY + 'sending_hours: {from: "00:00", until: "23:59", on: every day}\n'


@cache
def read(authority: str = AUTHORITY) -> Read:
    """The council's files."""
    return read_procedures({"authority.yaml": authority, "ladder.yaml": LADDER, "partner.yaml": PARTNER, "notice.yaml": NOTICE})


def at(text: str) -> datetime:
    """A Europe/London wall time such as `2026-04-01 10:00`, as an aware UTC instant."""
    return datetime.fromisoformat(text).replace(tzinfo=LONDON).astimezone(UTC)


RAISED = at("2026-04-01 10:00")
"""A Wednesday before Easter: stage 1 is due on Wednesday 8 April, acted on at 09:00 on the 9th."""
CLIMBS = at("2026-04-09 09:00")


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
    return Sender(channel, "https://drp.marsh.example", "marsh.example", domains)


@dataclass
class Marsh:
    """The council at work."""

    casework: Casework

    @classmethod
    def founded(cls, casework: Casework, authority: str = AUTHORITY, files: Mapping[str, str] = FILES) -> "Marsh":
        casework.hold_after = timedelta(days=400)  # these stories leap from day to day
        made = cls(casework)
        with casework.store.write(KEY) as connection:
            casework.procedures.seed(connection, read(authority), FOUNDED)
            import_directory(
                connection, read(authority).authority, read(authority).ladders, files, date(2026, 3, 2), casework.chance
            )
        return made

    @property
    def store(self) -> Store:
        return self.casework.store

    @property
    def chance(self) -> Randomness:
        return self.casework.chance

    def id(self, key: str) -> UUID:
        with self.store.read(KEY) as connection:
            found = person_by_key(connection, KEY, key)
        assert found is not None
        return found

    def as_(self, key: str, now: datetime) -> Principal:
        with self.store.read(KEY) as connection:
            id_ = person_by_key(connection, KEY, key)
            assert id_ is not None
            return principal_of(connection, read().authority, id_, now)

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
        return deliver_messages(self.casework, KEY, now, sender(channel, domains))

    def notifications(self, reference: str = "") -> list[dict[str, Any]]:
        with self.store.read(KEY) as connection:
            query = (
                select(NotificationRow.__table__)  # type: ignore[attr-defined]
                .where(col(NotificationRow.authority) == KEY)
                .order_by(col(NotificationRow.version), col(NotificationRow.n))
            )
            if reference:
                query = query.where(col(NotificationRow.challenge) == id_of_reference(connection, KEY, reference))
            return [dict(row) for row in connection.execute(query).mappings()]

    def state_of(self, subject: str, reference: str = "") -> list[str]:
        return [row["state"] for row in self.notifications(reference) if row["subject"] == subject]

    def mails(self, reference: str = "") -> list[tuple[str, str, str, str]]:
        """Subject, person's key, what became of the mail, and why, of every delivery."""
        with self.store.read(KEY) as connection:
            here = [getattr(NotificationRow, n) == getattr(DeliveryRow, n) for n in ("authority", "challenge", "version", "n")]
            query = (
                select(
                    col(NotificationRow.subject), col(PersonRow.key), col(DeliveryRow.mail), col(DeliveryRow.error),
                    col(DeliveryRow.challenge),
                )
                .select_from(DeliveryRow)
                .join(NotificationRow, here[0] & here[1] & here[2] & here[3])
                .join(PersonRow, (col(PersonRow.authority) == KEY) & (col(PersonRow.id) == col(DeliveryRow.person)))
                .where(col(DeliveryRow.authority) == KEY)
                .order_by(col(NotificationRow.version), col(NotificationRow.n), col(PersonRow.key))
            )  # fmt: skip
            if reference:
                query = query.where(col(DeliveryRow.challenge) == id_of_reference(connection, KEY, reference))
            return [(row.subject, row.key, row.mail, row.error) for row in connection.execute(query)]

    def change_person(self, key: str, **values: object) -> None:
        with self.store.write(KEY) as connection:
            here = (col(PersonRow.authority) == KEY, col(PersonRow.key) == key)
            connection.execute(update(PersonRow).where(*here).values(**values))

    def end_post(self, key: str, role: str, until: date) -> None:
        id_ = self.id(key)
        with self.store.write(KEY) as connection:
            here = (col(PostRow.authority) == KEY, col(PostRow.person) == id_, col(PostRow.role) == role)
            connection.execute(update(PostRow).where(*here).values(until=until))

    def give_post(self, key: str, role: str, held_for: str = "authority", of: str = "", since: date = date(2020, 1, 1)) -> None:
        id_ = self.id(key)
        with self.store.write(KEY) as connection:
            connection.execute(
                insert(PostRow).values(
                    authority=KEY, id=self.chance.identity(), role=role, held_for=held_for, key=of, person=id_, since=since
                )
            )

    def cover(self, of: str, by: str, since: date, until: date | None = None, is_delegate: bool = False) -> None:
        ids = self.id(of), self.id(by)
        with self.store.write(KEY) as connection:
            connection.execute(
                insert(CoverRow).values(
                    authority=KEY, id=self.chance.identity(), of=ids[0], by=ids[1], since=since, until=until,
                    is_delegate=is_delegate,
                )
            )  # fmt: skip

    def climbs_by_itself(self, reference: str) -> str:
        """What the present window does when its date passes."""
        from drp.casework import load

        with self.store.read(KEY) as connection:
            id_ = id_of_reference(connection, KEY, reference)
            assert id_ is not None
            main = load.load_challenges(connection, KEY, [id_])[id_].challenge.main_window()
        assert main is not None
        # A message that came back makes the climb wait, whatever the stage's policy is.
        return "prompt" if getattr(main, "climb_waits", False) else main.on_close.value


def _reference(*given: Any) -> dict[str, Any]:
    done = next(one for one in given if isinstance(one, ActionResult))
    return {"reference": done.loaded.reference}


def addresses(*keys: str, files: str = PEOPLE) -> Sequence[str]:
    """The addresses of people of the directory as it was loaded."""
    known = {line.split(",")[0]: line.split(",")[2] for line in files.splitlines()[1:]}
    return [known[key] for key in keys]
