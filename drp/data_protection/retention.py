"""Retention: which children's records are to be reviewed, what holds them, and their lawful erasure, which leaves the proof."""

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, and_, insert, or_
from sqlmodel import col

from drp.casework.load import facts_from_row
from drp.database.challenge_tables import ChallengeRow, EntryRow, IdempotencyRow, WordsRow
from drp.database.directory_tables import ChildRow
from drp.database.draft_tables import DraftRow
from drp.database.folding import fold
from drp.database.gathering import gather_by_key
from drp.database.ids import Randomness
from drp.database.record_tables import ErasureRow, HoldRow, KeptChildRow
from drp.database.register_tables import RegisterRow
from drp.database.scope import core_table, count_of, delete_of, in_authority, select_of, update_of
from drp.directory import lookup
from drp.directory.lookup import find_birth_date
from drp.reviews.review_register import erase_reviews
from drp.written_reports.examples import forget_examples
from workflows.calendar.working_days import local_date
from workflows.model.authority import Authority
from workflows.model.ladder import Status
from workflows.model.retention import Retention, retention_of


class RecordHeld(Exception):
    """Something holds this child's record, or its time has not come: nothing was erased."""


class NoSuchChild(Exception):
    """The directory knows no child of that number."""


@dataclass(frozen=True)
class ToReview:
    """One child's record, as the review list has it."""

    child: UUID
    number: str
    retention: Retention
    challenges: int
    holds: tuple[str, ...]
    is_erased: bool


@dataclass(frozen=True)
class ErasedRecord:
    """What was erased: fields of words, and the digests of documents that no other entry names any more."""

    challenges: int
    words: int
    documents: tuple[str, ...]
    lines: int = 0
    """Lines of earlier registers that name the child no more."""


def every_child(connection: Connection, authority: Authority) -> Iterator[ToReview]:
    """Every child with what keeps their record, in the order of their numbers."""
    key = authority.key
    rows = connection.execute(
        select_of(ChildRow, key, core_table(ChildRow), KeptChildRow.died, col(KeptChildRow.last_contact).label("contact"))
        .outerjoin(KeptChildRow, in_authority(KeptChildRow, key) & (col(KeptChildRow.child) == col(ChildRow.id)))
        .order_by(col(ChildRow.number))
    ).mappings()
    holds = _holds(connection, key)
    statuses, counts, last = _from_challenges(connection, key)
    erased = set(
        connection.execute(
            select_of(ChallengeRow, key, ChallengeRow.child).join(
                ErasureRow, in_authority(ErasureRow, key) & (col(ErasureRow.challenge) == col(ChallengeRow.id))
            )
        ).scalars()
    )
    for row in rows:
        id_ = row["id"]
        ever = {Status(status) for status in row["statuses"]} | statuses.get(id_, set())
        contact = max(filter(None, (row["contact"], last.get(id_))), default=None)
        kept = retention_of(authority, ever, row["born"], row["died"], contact)
        yield ToReview(id_, row["number"], kept, counts[id_], (*holds.get(None, ()), *holds.get(id_, ())), id_ in erased)


def _holds(connection: Connection, authority: str) -> dict[UUID | None, list[str]]:
    """Why records are held now, by child; None: everybody's."""
    holds = select_of(HoldRow, authority, HoldRow.child, HoldRow.why).where(col(HoldRow.lifted).is_(None))
    return gather_by_key((row.child, row.why) for row in connection.execute(holds))


def is_anything_held(connection: Connection, authority: str) -> bool:
    """Does a hold on a child, or on everybody, keep anything of an authority now?"""
    return bool(_holds(connection, authority))


def _from_challenges(connection: Connection, authority: str) -> tuple[dict[UUID, set[Status]], Counter[UUID], dict[UUID, date]]:
    """What the challenges about each child add: statuses that the child once had, how many, the last day of one."""
    statuses, counts = defaultdict[UUID, set[Status]](set), Counter[UUID]()
    last: dict[UUID, date] = {}
    for row in connection.execute(
        select_of(ChallengeRow, authority, ChallengeRow.child, ChallengeRow.rest, ChallengeRow.last_at).where(
            col(ChallengeRow.child).is_not(None)
        )
    ):
        day = local_date(row.last_at)
        for facts in ("facts", "facts_at_raising"):
            statuses[row.child] |= facts_from_row(row.rest[facts]).statuses
        counts[row.child] += 1
        last[row.child] = max(last.get(row.child, day), day)
    # And what they were meanwhile: looked after for some weeks of a challenge is looked after.
    changes = (
        select_of(ChallengeRow, authority, ChallengeRow.child, EntryRow.facts)
        .join(EntryRow, in_authority(EntryRow, authority) & (col(EntryRow.challenge) == col(ChallengeRow.id)))
        .where(col(ChallengeRow.child).is_not(None))
        .where(col(EntryRow.kind) == "child_facts_changed")
    )
    for row in connection.execute(changes):
        statuses[row.child] |= {Status(status) for status in json.loads(row.facts)["statuses"]}
    return statuses, counts, last


def child_by_case_number(connection: Connection, authority: str, number: str) -> UUID:
    """The child of a case-system number. Raises NoSuchChild."""
    found = lookup.children_of_number(connection, authority, number)
    if len(found) > 1:
        raise NoSuchChild(
            f"{len(found)} children of {authority} have a number that reads as {number}, each spelt otherwise: "
            "`drp directory spellings` lists them. Write it exactly."
        )
    if not found:
        raise NoSuchChild(f"The directory of {authority} has no child {number}. Check the case-system number.")
    return UUID(str(found[0]))


def note_from_case_system(
    connection: Connection, authority: str, child: UUID, died: date | None, last_contact: date | None
) -> None:
    """Keep what the case system says; what is not said stays as it was."""
    days = {name: day for name, day in (("died", died), ("last_contact", last_contact)) if day}
    if not count_of(connection, KeptChildRow, authority, col(KeptChildRow.child) == child):
        connection.execute(insert(KeptChildRow).values(authority=authority, child=child, **days))
    elif days:
        connection.execute(update_of(KeptChildRow, authority).where(col(KeptChildRow.child) == child).values(**days))


def hold_record(
    connection: Connection, chance: Randomness, authority: str, child: UUID | None, why: str, by: str, today: date
) -> None:
    """Let nothing of a child, or of everybody, be erased until it is lifted."""
    connection.execute(
        insert(HoldRow).values(authority=authority, id=chance.identity(), child=child, why=why, by=by, since=today)
    )


def lift_holds(connection: Connection, authority: str, child: UUID | None, today: date) -> int:
    """Lift every hold on a child, or (None) those on everybody. Gives how many there were."""
    holds = update_of(HoldRow, authority).where(col(HoldRow.child).is_not_distinct_from(child), col(HoldRow.lifted).is_(None))
    return connection.execute(holds.values(lifted=today)).rowcount


def erase_record(
    connection: Connection, authority: Authority, child: UUID, why: str, by: str, now: datetime, ordered: bool = False
) -> ErasedRecord:
    """Erase what a child's record says in words, for good. The chain goes on proving that it happened, and in what order.

    Needs the tables' owner on PostgreSQL: the service's own role may delete no words. Raises RecordHeld. `ordered`: by a
    court or on a right to erasure, before its time; a hold binds all the same.
    """
    key = authority.key
    record = next((record for record in every_child(connection, authority) if record.child == child), None)
    if record is None:
        raise NoSuchChild("That child is not in the directory.")
    _check_not_held(record.holds)
    retention = record.retention
    if not ordered and not retention.is_over(local_date(now)):
        until = f"until {retention.until:%d %B %Y}" if retention.until else "with no end"
        raise RecordHeld(f"It is kept {until}: {retention.why}. Only an order erases it earlier.")
    ids = connection.execute(
        select_of(ChallengeRow, key, ChallengeRow.id).where(col(ChallengeRow.child) == child)
    ).scalars().all()  # fmt: skip
    words = _drafts_gone(connection, key, record.number, ids) + erase_reviews(connection, key, child)
    words += forget_examples(connection, key, ids)
    documents: set[str] = set()
    for id_ in ids:
        attached = (col(EntryRow.challenge) == id_, col(EntryRow.kind) == "document_attached")
        facts = connection.execute(select_of(EntryRow, key, EntryRow.facts).where(*attached)).scalars()
        digests = {str(json.loads(text)["digest"]) for text in facts}
        documents |= digests
        gone = connection.execute(delete_of(WordsRow, key).where(col(WordsRow.challenge) == id_)).rowcount
        words += gone
        # What was answered then, word for word, names the child.
        connection.execute(delete_of(IdempotencyRow, key).where(col(IdempotencyRow.challenge) == id_))
        if gone and not count_of(connection, ErasureRow, key, col(ErasureRow.challenge) == id_):
            connection.execute(
                insert(ErasureRow).values(
                    authority=key, challenge=id_, at=now, by=by, why=why, words=gone, documents=len(digests)
                )
            )
    lines = blank_lines(connection, key, record.number, child)
    born = find_birth_date(connection, key, child)
    assert born is not None
    # The year of birth stays, because the retention rests on it.
    connection.execute(
        update_of(ChildRow, key)
        .where(col(ChildRow.id) == child)
        .values(initials="", number=f"erased-{child.hex[:12]}", born=date(born.year, 1, 1))
    )
    alone = tuple(sorted(digest for digest in documents if not _named_elsewhere(connection, key, digest, ids)))
    return ErasedRecord(len(ids), words, alone, lines)


def erase_lines(connection: Connection, authority: str, number: str, ordered: bool) -> ErasedRecord:
    """Blank a child's number in lines of earlier registers, where the directory does not know the child.

    Raises NoSuchChild where no line has it; RecordHeld while everybody's record is held, and without an order: no day of birth
    or of last contact is known from which a time could be counted.
    """
    lines = blank_lines(connection, authority, number, None)
    if not lines:
        raise NoSuchChild(f"Neither the directory nor the register of {authority} has a child {number}. Check the number.")
    _check_not_held(_holds(connection, authority).get(None, ()))
    if not ordered:
        raise RecordHeld(
            "Only lines of an earlier register name this child, and nothing tells until when: only an order erases it."
        )
    return ErasedRecord(0, 0, (), lines)


def _check_not_held(holds: Sequence[str]) -> None:
    """Raise RecordHeld where something holds a record."""
    if holds:
        raise RecordHeld(f"It is held: {'; '.join(holds)}. Lift the hold first, if you may.")


def conditions_about_child(number: str, child: UUID | None) -> ColumnElement[bool]:
    """Lines of the register, brought in from a sheet, that are about a child: by the number, however spelt, or by identity."""
    mine = and_(col(RegisterRow.number_folded) == fold(number), col(RegisterRow.number_folded) != "")
    return and_(col(RegisterRow.sheet) != "", or_(mine, col(RegisterRow.child) == child) if child else mine)


def blank_lines(connection: Connection, authority: str, number: str, child: UUID | None) -> int:
    """Take a child out of the lines brought in from sheets: each stays, and is counted as it was. Gives how many there were."""
    about = conditions_about_child(number, child)
    count = count_of(connection, RegisterRow, authority, about, col(RegisterRow.is_first))
    connection.execute(update_of(RegisterRow, authority).where(about).values(number="", number_folded="", child=None))
    return count


def _drafts_gone(connection: Connection, authority: str, number: str, ids: Collection[UUID]) -> int:
    """Delete the unsent drafts about a child. Gives how many there were."""
    references = set(
        connection.execute(
            select_of(ChallengeRow, authority, ChallengeRow.reference).where(col(ChallengeRow.id).in_(ids))
        ).scalars()
    )
    rows = connection.execute(select_of(DraftRow, authority, DraftRow.id, DraftRow.said)).all()
    mine = [row.id for row in rows if fold(row.said.get("child") or "") == fold(number) or row.said.get("referral") in references]
    connection.execute(delete_of(DraftRow, authority).where(col(DraftRow.id).in_(mine)))
    return len(mine)


def _named_elsewhere(connection: Connection, authority: str, digest: str, ids: Collection[UUID]) -> bool:
    """Does an entry of somebody else's record name the same document? Then its bytes stay."""
    elsewhere = (
        col(EntryRow.kind) == "document_attached",
        col(EntryRow.challenge).not_in(ids),
        col(EntryRow.facts).contains(digest, autoescape=True),
    )
    return count_of(connection, EntryRow, authority, *elsewhere) > 0
