"""The register of reviews: each review of a child that was held, its own paper, and what it decided."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, and_, case, func, insert, or_
from sqlmodel import col

from drp.casework.access import NotFound
from drp.database.challenge_tables import ChallengeRow
from drp.database.directory_tables import ChildRow
from drp.database.ids import Randomness
from drp.database.review_tables import ReviewDecisionRow, ReviewRow
from drp.database.scope import core_table, count_of, delete_of, delete_rows, in_authority, select_of, update_of
from drp.directory import lookup
from drp.identity.principal import Principal
from workflows.calendar.working_days import Calendar, Length, LengthUnit, long_date, promise_from_date
from workflows.model.authority import Authority, Capacity, HeldFor
from workflows.model.refusals import Unfit

OPEN, DONE, NOT_DONE, UNWANTED = "open", "done", "not done", "no longer wanted"
STATES = (OPEN, DONE, NOT_DONE, UNWANTED)
"""What may be said of a decision that is not followed."""

MOST_DECISIONS = 60
"""As many as one review of a child may have: the longest that was seen had 34."""

LONGEST_LINE, LONGEST_NUMBER, LONGEST_OWNER = 300, 16, 200


PAPER_WITHIN = {
    "decisions_agreed_on": Length(5, LengthUnit.WORKING_DAYS),
    "record_out_on": Length(20, LengthUnit.WORKING_DAYS),
}
"""How long after a review its decisions are agreed, and its record is out (statutory guidance on reviews)."""


def paper_due(calendar: Calendar, held_on: date) -> dict[str, date]:
    """The last day (Europe/London) on which each piece of a review's own paper is in time."""
    return {name: promise_from_date(length, held_on, calendar).due for name, length in PAPER_WITHIN.items()}


@dataclass(frozen=True)
class DecisionLine:
    """One decision as it is typed: number, words, who (a role of the authority, or words), by when (Europe/London)."""

    words: str
    number: str = ""
    owner_role: str = ""
    owner: str = ""
    due: date | None = None


@dataclass(frozen=True)
class ReviewDecision:
    """One decision as it stands. `reference` and `phase` are of the item that follows it; empty: it is not followed."""

    id: UUID
    child: UUID
    held_on: date
    line: DecisionLine
    state: str
    state_on: date | None
    looked_on: date | None
    reference: str = ""
    phase: str = ""

    @property
    def is_followed(self) -> bool:
        """Has it a window?"""
        return bool(self.reference)


@dataclass(frozen=True)
class PlanDays:
    """What a review heard of the child's plans (Europe/London): the care plan ratified, the first pathway plan due and made."""

    care_plan_ratified_on: date | None = None
    pathway_plan_due_on: date | None = None
    pathway_plan_made_on: date | None = None

    def check(self, today: date) -> None:
        """Raise Unfit for a plan that was ratified, or made, on a day still to come."""
        for name in ("care_plan_ratified_on", "pathway_plan_made_on"):
            if (day := getattr(self, name)) and day > today:
                raise Unfit("That day is still to come.", "Enter it once it has been, or leave it out.", name)


NO_PLANS = PlanDays()
PLAN_DAYS = tuple(field.name for field in fields(PlanDays))


@dataclass(frozen=True)
class HeldReview:
    """One review that was held, with its own paper, its decisions in the order of their numbers, and what it heard of plans."""

    held_on: date
    decisions_agreed_on: date | None
    record_out_on: date | None
    decisions: tuple[ReviewDecision, ...]
    plans: PlanDays = NO_PLANS


def check_keeps_reviews(connection: Connection, words: Authority, signed: Principal, child: UUID, day: date) -> None:
    """Raise NotFound unless this person keeps the register of a child: their IRO, who covers, the IRO service's desk."""
    if signed.capacities & {Capacity.IRO_MANAGER, Capacity.BUSINESS_SUPPORT}:
        return
    roles = words.roles_acting_as(Capacity.IRO)
    posts = lookup.list_posts(connection, signed.authority, UUID(signed.person), day, HeldFor.CHILD, covering=True)
    if not any(post.role in roles and post.key == str(child) for post in posts):
        raise NotFound


def list_reviews(connection: Connection, authority: str, child: UUID) -> tuple[HeldReview, ...]:
    """Every review of a child, the latest first."""
    reviews = connection.execute(
        select_of(ReviewRow, authority).where(col(ReviewRow.child) == child).order_by(col(ReviewRow.held_on).desc())
    ).all()
    decided: dict[date, list[ReviewDecision]] = {row.held_on: [] for row in reviews}
    for one in _decisions(connection, authority, col(ReviewDecisionRow.child) == child):
        decided[one.held_on].append(one)
    return tuple(
        HeldReview(row.held_on, row.decisions_agreed_on, row.record_out_on, tuple(decided[row.held_on]), _plans(row))
        for row in reviews
    )


def _plans(row: Any) -> PlanDays:
    return PlanDays(**{name: getattr(row, name) for name in PLAN_DAYS})


@dataclass(frozen=True)
class ReviewedChild:
    """A child of a list: their reviews, and how many of what was decided are open, followed, and past their date."""

    number: str
    initials: str
    last_review: date | None
    next_review: date | None
    open: int
    followed: int
    past: int


def list_children(connection: Connection, authority: str, numbers: Collection[str], today: date) -> tuple[ReviewedChild, ...]:
    """Children by case number, with what is open of their reviews: those with most past its date first."""
    decision, item = ReviewDecisionRow, ChallengeRow
    is_followed = col(item.is_open).is_(True)
    is_open = or_(is_followed, and_(col(decision.item).is_(None), col(decision.state) == OPEN, col(decision.id).is_not(None)))
    rows = connection.execute(
        select_of(
            ChildRow, authority, ChildRow.number, ChildRow.initials, ChildRow.last_review, ChildRow.next_review,
            _count(is_open).label("open"), _count(is_followed).label("followed"),
            _count(and_(is_open, col(decision.due) < today)).label("past"),
        )
        .outerjoin(decision, and_(in_authority(decision, authority), col(decision.child) == col(ChildRow.id)))
        .outerjoin(item, and_(in_authority(item, authority), col(item.id) == col(decision.item)))
        .where(col(ChildRow.number).in_(numbers))
        .group_by(*(col(one) for one in (ChildRow.number, ChildRow.initials, ChildRow.last_review, ChildRow.next_review)))
    )  # fmt: skip
    found = (ReviewedChild(*row) for row in rows)
    return tuple(sorted(found, key=lambda one: (-one.past, one.next_review or date.max, one.initials, one.number)))


def _count(condition: Any) -> Any:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def find_decision(connection: Connection, authority: str, id_: UUID) -> ReviewDecision:
    """One decision. Raises NotFound."""
    found = _decisions(connection, authority, col(ReviewDecisionRow.id) == id_)
    if not found:
        raise NotFound
    return found[0]


def find_decision_of_item(connection: Connection, authority: str, item: UUID) -> ReviewDecision | None:
    """The decision that an item follows; None: it was raised by itself."""
    return next(iter(_decisions(connection, authority, col(ReviewDecisionRow.item) == item)), None)


def _decisions(connection: Connection, authority: str, condition: Any) -> list[ReviewDecision]:
    table = core_table(ReviewDecisionRow)
    follows = and_(in_authority(ChallengeRow, authority), col(ChallengeRow.id) == col(ReviewDecisionRow.item))
    rows = connection.execute(
        select_of(ReviewDecisionRow, authority, table, col(ChallengeRow.reference), col(ChallengeRow.phase))
        .outerjoin(ChallengeRow, follows)
        .where(condition)
    ).all()
    found = [
        ReviewDecision(
            row.id, row.child, row.held_on, DecisionLine(row.words, row.number, row.owner_role, row.owner, row.due),
            row.state, row.state_on, row.looked_on, row.reference or "", row.phase or "",
        )
        for row in rows
    ]  # fmt: skip
    return sorted(found, key=lambda one: (one.held_on, *_order_of(one.line.number), one.line.words))


def _order_of(number: str) -> tuple[int, str]:
    """Numbers by their size, "2" before "10"; what is no number after them, what has none last."""
    return (int(number), "") if number.isascii() and number.isdigit() else (10**9 if number else 10**10, number)


def note_review(
    connection: Connection,
    authority: str,
    child: UUID,
    held_on: date,
    by: UUID,
    now: datetime,
    decisions_agreed_on: date | None = None,
    record_out_on: date | None = None,
    plans: PlanDays = NO_PLANS,
) -> None:
    """Keep that a review was held, and of its own paper and of plans what is said; what is not said stays as it was."""
    match = (col(ReviewRow.child) == child, col(ReviewRow.held_on) == held_on)
    said = {"decisions_agreed_on": decisions_agreed_on, "record_out_on": record_out_on, **asdict(plans)}
    given = {name: day for name, day in said.items() if day}
    if not count_of(connection, ReviewRow, authority, *match):
        row = {"authority": authority, "child": child, "held_on": held_on, "by": by, "at": now}
        connection.execute(insert(ReviewRow).values(**row, **said))
    elif given:
        connection.execute(update_of(ReviewRow, authority).where(*match).values(**given))


def add_decisions(
    connection: Connection,
    chance: Randomness,
    words: Authority,
    child: UUID,
    held_on: date,
    lines: Sequence[DecisionLine],
    by: UUID,
    now: datetime,
) -> list[UUID]:
    """Keep what a review decided, in the order in which it is given. Raises Unfit, naming the line."""
    known = _decisions(
        connection, words.key, and_(col(ReviewDecisionRow.child) == child, col(ReviewDecisionRow.held_on) == held_on)
    )
    if len(known) + len(lines) > MOST_DECISIONS:
        raise Unfit(
            f"The review of {long_date(held_on)} would have more than {MOST_DECISIONS} decisions.",
            "Keep those that are to be looked at again.", "decisions",
        )  # fmt: skip
    numbers = {one.line.number for one in known if one.line.number}
    rows: list[dict[str, Any]] = []
    for n, line in enumerate(lines):
        _check_line(words, line, n, numbers)
        numbers |= {line.number} - {""}
        rows.append(
            {
                "authority": words.key, "id": chance.identity(), "child": child, "held_on": held_on, "number": line.number,
                "words": line.words, "owner_role": line.owner_role, "owner": line.owner, "due": line.due, "state": OPEN,
                "state_on": None, "looked_on": None, "item": None, "by": by, "at": now,
            }
        )  # fmt: skip
    if rows:
        connection.execute(insert(ReviewDecisionRow), rows)
    return [row["id"] for row in rows]


def _check_line(words: Authority, line: DecisionLine, n: int, numbers: Collection[str]) -> None:
    field = f"decisions.{n}"
    texts = ((line.words, LONGEST_LINE), (line.number, LONGEST_NUMBER), (line.owner, LONGEST_OWNER))
    if not line.words.strip():
        raise Unfit("A decision without words.", "Say in a line what was decided.", f"{field}.words")
    if any(len(text) > most for text, most in texts):
        raise Unfit(
            f"Decision {n + 1} is longer than a short line ({LONGEST_LINE} characters).",
            "Shorten it: the case system keeps the whole.", f"{field}.words",
        )  # fmt: skip
    if any(not (mark.isprintable() or mark == "\n") for text, _ in texts for mark in text):
        raise Unfit("A decision holds a character that nobody can read.", "Remove it.", f"{field}.words")
    if line.number and line.number in numbers:
        raise Unfit(f"Two decisions of this review have the number {line.number}.", "Number them apart.", f"{field}.number")
    if line.owner_role and not words.has_role(line.owner_role):
        raise Unfit(f"`{line.owner_role}` is no post here.", "Choose a post, or say in words who it is.", f"{field}.owner_role")


def mark_decisions(connection: Connection, authority: str, child: UUID, ids: Collection[UUID], state: str, today: date) -> int:
    """Say of several decisions of a child at once how they stand. Gives how many. Those followed are said on their items."""
    if state not in STATES:
        raise Unfit("There is no such state.", f"Choose from: {', '.join(STATES)}.", "state")
    mine = (col(ReviewDecisionRow.child) == child, col(ReviewDecisionRow.id).in_(ids), col(ReviewDecisionRow.item).is_(None))
    marking = update_of(ReviewDecisionRow, authority).where(*mine).values(state=state, state_on=today, looked_on=today)
    return connection.execute(marking).rowcount


def note_followed(connection: Connection, authority: str, decision: UUID, item: UUID) -> None:
    """Keep which item follows a decision. Raises Unfit where one does already."""
    unfollowed = (col(ReviewDecisionRow.id) == decision, col(ReviewDecisionRow.item).is_(None))
    if connection.execute(update_of(ReviewDecisionRow, authority).where(*unfollowed).values(item=item)).rowcount != 1:
        raise Unfit("This decision is followed already.", "Open its own page.", "decision")


def move_reviews(connection: Connection, authority: str, one: UUID, other: UUID) -> None:
    """Make the reviews of one child those of another: two spellings were one child. Of one day, both's decisions stand."""
    held = select_of(ReviewRow, authority).where(col(ReviewRow.child) == one)
    for row in connection.execute(held).all():
        note_review(
            connection, authority, other, row.held_on, row.by, row.at, row.decisions_agreed_on, row.record_out_on, _plans(row)
        )
    theirs = update_of(ReviewDecisionRow, authority).where(col(ReviewDecisionRow.child) == one)
    connection.execute(theirs.values(child=other))
    delete_rows(connection, ReviewRow, authority, col(ReviewRow.child) == one)


def erase_reviews(connection: Connection, authority: str, child: UUID) -> int:
    """Delete every review of a child and what it decided. Gives how many lines of words there were."""
    gone = connection.execute(delete_of(ReviewDecisionRow, authority).where(col(ReviewDecisionRow.child) == child)).rowcount
    connection.execute(delete_of(ReviewRow, authority).where(col(ReviewRow.child) == child))
    return gone


@dataclass(frozen=True)
class ReviewWriter:
    """Who put a decision, or a review, on the register, and when."""

    person: UUID
    at: datetime


def list_writers(connection: Connection, authority: str, child: UUID) -> dict[UUID | date, ReviewWriter]:
    """Who wrote each decision of a child (by its identity) and each review (by its day)."""
    reviews = connection.execute(select_of(ReviewRow, authority).where(col(ReviewRow.child) == child))
    found: dict[UUID | date, ReviewWriter] = {row.held_on: ReviewWriter(row.by, row.at) for row in reviews}
    decisions = connection.execute(select_of(ReviewDecisionRow, authority).where(col(ReviewDecisionRow.child) == child))
    return found | {row.id: ReviewWriter(row.by, row.at) for row in decisions}
