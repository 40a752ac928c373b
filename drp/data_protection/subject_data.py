"""A child as the subject of the record: every row that is about them, and the people who stand in those rows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, or_
from sqlmodel import col

from drp.data_protection.retention import conditions_about_child, every_child
from drp.database.challenge_tables import ChallengeRow, InvolvedRow, WordsRow
from drp.database.directory_tables import ChildRow, PersonRow, PostRow
from drp.database.draft_tables import DraftRow
from drp.database.folding import fold
from drp.database.gathering import gather_by_key
from drp.database.record_tables import AdministeredRow, ErasureRow, HoldRow, KeptChildRow
from drp.database.register_tables import RegisterRow, SheetRow
from drp.database.scope import core_table, in_authority, select_of
from drp.directory import lookup
from drp.directory.lookup import make_child, make_post
from drp.directory.values import DirectoryChild
from workflows.decision.recipients import Post
from workflows.model.authority import Authority, HeldFor
from workflows.model.retention import Retention


@dataclass(frozen=True)
class RecordedPerson:
    """A person who stands in the record: their name, the outside agency that they are of (or empty), their posts ever."""

    name: str
    agency: str
    posts: tuple[Post, ...] = ()


@dataclass(frozen=True)
class UnsentDraft:
    """What somebody has begun to write about the child and not sent."""

    person: str
    began_at: datetime
    changed_at: datetime
    item: str
    """The reference of the item that it is for; empty: it is a new one."""
    said: Mapping[str, Any]


@dataclass(frozen=True)
class RecordedHandOver:
    """The child's case went from one person to another, as it was written down by whoever did it."""

    at: datetime
    by: str
    of: str
    to: str
    since: str


@dataclass(frozen=True)
class ImportedLine:
    """One line that a sheet of an earlier register has about the child. `sheet`: the file's name; `at`: when it came in."""

    reference: str
    sheet: str
    at: datetime
    raised_on: date
    ended_on: date | None
    item_type: str
    stage: str
    reasons: tuple[str, ...]
    status: str
    team: str
    service: str
    outcome: str
    impact: str
    raiser: UUID | None


@dataclass(frozen=True)
class RecordedRecipient:
    """Somebody to whom an item was addressed or copied, in which role, since when."""

    person: str
    role: str
    as_to: bool
    since: datetime


@dataclass(frozen=True)
class RecordHold:
    """What keeps, or kept, the child's record from being erased. `of_everybody`: it is on the whole authority."""

    why: str
    by: str
    since: date
    lifted: date | None
    of_everybody: bool


@dataclass(frozen=True)
class RecordErasure:
    """That an item's words were erased."""

    at: datetime
    by: str
    why: str
    words: int
    documents: int


@dataclass(frozen=True)
class RecordKeeping:
    """Until when the child's record is kept and why, what the case system said for that, and every hold there was."""

    retention: Retention
    died: date | None
    last_contact: date | None
    holds: tuple[RecordHold, ...]


def keeping_of(connection: Connection, authority: Authority, child: UUID) -> RecordKeeping:
    """Until when a child's record is kept."""
    row = connection.execute(
        select_of(KeptChildRow, authority.key, KeptChildRow.died, KeptChildRow.last_contact).where(
            col(KeptChildRow.child) == child
        )
    ).first()
    holds = connection.execute(
        select_of(HoldRow, authority.key)
        .where(or_(col(HoldRow.child) == child, col(HoldRow.child).is_(None)))
        .order_by(col(HoldRow.since), col(HoldRow.id))
    )
    return RecordKeeping(
        next(record.retention for record in every_child(connection, authority) if record.child == child),
        row.died if row else None,
        row.last_contact if row else None,
        tuple(RecordHold(hold.why, hold.by, hold.since, hold.lifted, hold.child is None) for hold in holds),
    )


def erasure_of(connection: Connection, authority: str, item: UUID) -> RecordErasure | None:
    """That an item's words were erased, if they were."""
    row = connection.execute(select_of(ErasureRow, authority).where(col(ErasureRow.challenge) == item)).first()
    return RecordErasure(row.at, row.by, row.why, row.words, row.documents) if row else None


def child_row(connection: Connection, authority: str, number: str) -> DirectoryChild | None:
    """What the directory has of a child, by case-system number."""
    found = lookup.children_of_number(connection, authority, number)
    row = (
        connection.execute(select_of(ChildRow, authority).where(col(ChildRow.id).in_(found))).first() if len(found) == 1 else None
    )
    return make_child(row) if row else None


def items_about_child(connection: Connection, authority: str, child: UUID) -> tuple[UUID, ...]:
    """Everything that was ever raised about a child, in the order of raising: open, ended and sealed."""
    return tuple(
        connection.execute(
            select_of(ChallengeRow, authority, ChallengeRow.id)
            .where(col(ChallengeRow.child) == child)
            .order_by(col(ChallengeRow.raised_at), col(ChallengeRow.reference))
        ).scalars()
    )


def imported_lines(connection: Connection, authority: str, number: str, child: UUID | None) -> tuple[ImportedLine, ...]:
    """The lines brought in from sheets about a child, by the number that the sheet had or by identity; the oldest first."""
    rows = connection.execute(
        select_of(RegisterRow, authority, core_table(RegisterRow), SheetRow.name, SheetRow.at)
        .join(SheetRow, in_authority(SheetRow, authority) & (col(SheetRow.hash) == col(RegisterRow.sheet)))
        .where(conditions_about_child(number, child))
        .order_by(col(RegisterRow.raised_on), col(RegisterRow.reference), col(RegisterRow.id), col(RegisterRow.n))
    ).all()
    reasons = gather_by_key((row.id, row.reason) for row in rows if row.reason)
    return tuple(
        ImportedLine(
            row.reference, row.name, row.at, row.raised_on, row.ended_on, row.item_type, row.stage,
            tuple(reasons.get(row.id, ())), row.status,
            row.team, row.service, row.outcome, row.impact, row.raiser,
        )
        for row in rows
        if row.is_first
    )  # fmt: skip


def posts_for(connection: Connection, authority: str, child: UUID) -> tuple[Post, ...]:
    """Who held which post for the child, and when: the oldest first."""
    rows = connection.execute(
        select_of(PostRow, authority).where(col(PostRow.held_for) == HeldFor.CHILD.value, col(PostRow.key) == str(child))
    )
    return tuple(sorted(map(make_post, rows), key=lambda post: (post.since, post.role, post.until or date.max, post.person)))


def recorded_people(connection: Connection, authority: str, ids: Iterable[str]) -> dict[str, RecordedPerson]:
    """People by their ids, with every post that they ever held."""
    wanted = [UUID(id_) for id_ in sorted(set(ids)) if id_]
    posts = gather_by_key(
        (str(row.person), make_post(row))
        for row in connection.execute(select_of(PostRow, authority).where(col(PostRow.person).in_(wanted)))
    )
    agencies = unit_names(connection, authority, "agency")
    return {
        str(row.id): RecordedPerson(row.name, agencies.get(row.agency, row.agency), tuple(posts.get(str(row.id), ())))
        for row in connection.execute(
            select_of(PersonRow, authority, PersonRow.id, PersonRow.name, PersonRow.agency).where(col(PersonRow.id).in_(wanted))
        )
    }


def all_names(connection: Connection, authority: str) -> frozenset[str]:
    """The name of everybody whom the directory knows, or ever knew."""
    return frozenset(connection.execute(select_of(PersonRow, authority, PersonRow.name)).scalars())


def left_out(connection: Connection, authority: str, items: Iterable[UUID]) -> frozenset[str]:
    """Words that an IRO had made unreadable in a referral on these items: as a rule the names of others."""
    rows = connection.execute(
        select_of(WordsRow, authority, WordsRow.text).where(
            col(WordsRow.challenge).in_(list(items)), col(WordsRow.field) == "leaves_out"
        )
    )
    return frozenset(line.strip() for text in rows.scalars() for line in text.splitlines() if line.strip())


def unit_names(connection: Connection, authority: str, kind: str) -> dict[str, str]:
    """Names of teams, services or agencies by key."""
    return {unit.key: unit.name for unit in lookup.list_units(connection, authority, (kind,))}


def recipients_of_item(connection: Connection, authority: str, item: UUID) -> tuple[RecordedRecipient, ...]:
    """Everybody to whom an item was ever addressed or copied."""
    found = (
        RecordedRecipient(str(row.person), row.role, row.as_to, row.since)
        for row in connection.execute(select_of(InvolvedRow, authority).where(col(InvolvedRow.challenge) == item))
    )
    return tuple(sorted(found, key=lambda recipient: (recipient.since, recipient.role, recipient.person)))


def unsent_drafts(connection: Connection, authority: str, number: str, references: Iterable[str]) -> tuple[UnsentDraft, ...]:
    """Drafts about a child: of a new item, or of a referral on one of theirs. Drafts are few, and gone in a fortnight."""
    own = set(references)
    rows = connection.execute(select_of(DraftRow, authority).order_by(col(DraftRow.began_at), col(DraftRow.id)))
    return tuple(
        UnsentDraft(str(row.person), row.began_at, row.changed_at, str(row.said.get("referral", "")), dict(row.said))
        for row in rows
        if fold(row.said.get("child") or "") == fold(number) or row.said.get("referral") in own
    )


def handed_over(connection: Connection, authority: str, child: UUID) -> tuple[RecordedHandOver, ...]:
    """Each time that the child's case was handed over in the service itself. Of other children nothing comes along."""
    rows = connection.execute(
        select_of(AdministeredRow, authority)
        .where(col(AdministeredRow.what) == "hand-over")
        .order_by(col(AdministeredRow.at), col(AdministeredRow.id))
    )
    return tuple(
        RecordedHandOver(row.at, str(row.person), row.said.get("of", ""), row.said.get("to", ""), row.said.get("since", ""))
        for row in rows
        if str(child) in row.said.get("children", "").split(",")
    )
