"""Finding items: a query narrows to what a person could possibly see; each is then judged like any other request for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Text, and_, cast, func, literal_column, or_, select, union
from sqlmodel import col

from drp.database.challenge_tables import ChallengeRow, InvolvedRow, WindowRow
from drp.database.directory_tables import ChildRow
from drp.database.folding import fold
from drp.database.list_places import start_after
from drp.database.scope import core_table, in_authority, select_of
from drp.database.statements import POSTS_ON_DAY, WINDOW_OF_PRESENT_STAY
from drp.identity.covering import people_acted_for
from drp.identity.principal import Principal
from workflows.model.authority import Authority, Capacity, HeldFor
from workflows.model.challenge import ASKS_RECIPIENTS, ClosedAs, Outcome, WindowKind
from workflows.model.ladder import ItemType

MOST_WORDS = 8
"""Words of a search that are looked for; the rest is passed over."""

NEWEST = (col(ChallengeRow.raised_at), col(ChallengeRow.id))
"""What lists of items are ordered by, downwards: items of one instant are told apart."""


@dataclass(frozen=True)
class ListFilter:
    """What a list is narrowed to. `state`: open, ended or all; `also`: a condition on challenges; the rest: exactly this."""

    state: str = "open"
    stage: str = ""
    item_type: str = ""
    child: str = ""
    team: str = ""
    also: Any = None


def list_newest(
    connection: Connection, authority: str, wanted: ListFilter, theirs: Any, after: Sequence[Any] | None, most: int
) -> Sequence[tuple[datetime, UUID]]:
    """List so many items, newest first, from the one that follows a place on (None: from the newest).

    `theirs` is what a person could possibly see, as `might_see` gives it.
    """
    query = select(*NEWEST).where(*_narrow(authority, wanted), theirs).order_by(*(key.desc() for key in NEWEST)).limit(most)
    return [(row.raised_at, row.id) for row in connection.execute(start_after(query, NEWEST, after))]


def _narrow(authority: str, wanted: ListFilter) -> list[Any]:
    conditions: list[Any] = [in_authority(ChallengeRow, authority)]
    columns = ((ChallengeRow.stage, wanted.stage), (ChallengeRow.item_type, wanted.item_type), (ChallengeRow.team, wanted.team))
    conditions += [col(column) == value for column, value in columns if value]
    if wanted.state != "all":
        conditions.append(col(ChallengeRow.is_open) == (wanted.state == "open"))
    if wanted.child:
        conditions.append(
            col(ChallengeRow.child).in_(select_of(ChildRow, authority, ChildRow.id).where(col(ChildRow.number) == wanted.child))
        )
    if wanted.also is not None:
        conditions.append(wanted.also)
    return conditions


def might_see(connection: Connection, signed: Principal, day: date) -> Any:
    """A condition on challenges: all for the service's own desk; else what they raised, review, were told of, or have
    taken over with a post (or with one they cover). Wide enough for everything that `access.actor_on` lets them see."""
    if signed.capacities & {Capacity.IRO_MANAGER, Capacity.BUSINESS_SUPPORT}:
        return in_authority(ChallengeRow, signed.authority)
    return _theirs(connection, signed, day)


def _might_press(connection: Connection, signed: Principal, day: date) -> Any:
    """A condition on challenges: those on which something may be this person's to do. Copies ask nothing of anybody."""
    running = (
        select_of(WindowRow, signed.authority, WindowRow.challenge)
        .where(
            col(WindowRow.closed_at).is_(None),
            col(WindowRow.kind).in_((WindowKind.ACTION.value, WindowKind.FOLLOW_UP.value)),
        )
    )  # fmt: skip
    # Literally, as the index has it: a database that is asked with a parameter does not know that the index will do.
    left_open = select_of(WindowRow, signed.authority, WindowRow.challenge).where(
        col(WindowRow.kind) == literal_column(f"'{WindowKind.ACTION.value}'"),
        col(WindowRow.closed_as) == literal_column(f"'{ClosedAs.NOT_RECORDED.value}'"),
    )
    still_open = select_of(ChallengeRow, signed.authority, ChallengeRow.id).where(col(ChallengeRow.is_open).is_(True))
    # Restrict to these first, so that the remaining conditions stay cheap.
    live = union(still_open, running, left_open)
    return and_(col(ChallengeRow.id).in_(live), _theirs(connection, signed, day, among=live))


def list_pressing_items(connection: Connection, signed: Principal, day: date) -> list[UUID]:
    """The items on which something may be this person's to do: the earliest date first, then those without one, the oldest
    first. So whoever looks through the first of them misses none that presses more."""
    # Sorted here: asked for an order, a database walks through every item there is instead of the few that are live.
    due = (
        select_of(WindowRow, signed.authority, func.min(col(WindowRow.due)))
        .where(col(WindowRow.challenge) == col(ChallengeRow.id), col(WindowRow.closed_at).is_(None))
        .correlate(core_table(ChallengeRow))
        .scalar_subquery()
    )
    rows = connection.execute(
        select(col(ChallengeRow.id), col(ChallengeRow.raised_at), due.label("due")).where(_might_press(connection, signed, day))
    ).all()
    return [row.id for row in sorted(rows, key=lambda row: (row.due or date.max, row.raised_at, row.id))]


def list_items_owing(connection: Connection, signed: Principal, day: date, most: int) -> list[UUID]:
    """The open items that they might see where a reply or a meeting is asked for now, by its date, at most so many."""
    asks = [kind.value for kind in ASKS_RECIPIENTS]
    query = (
        select(col(ChallengeRow.id))
        .join(WindowRow, WINDOW_OF_PRESENT_STAY)
        .where(
            col(ChallengeRow.is_open), col(WindowRow.closed_at).is_(None), col(WindowRow.kind).in_(asks),
            might_see(connection, signed, day),
        )
        .group_by(col(ChallengeRow.id))
        .order_by(func.min(col(WindowRow.due)), col(ChallengeRow.id))
        .limit(most)
    )  # fmt: skip
    return list(connection.execute(query).scalars())


def match_outcome(outcome: Outcome) -> Any:
    """A condition on challenges: those that ended with this outcome."""
    return col(ChallengeRow.phase) == outcome.value


def match_text(authority: str, words: Authority, teams: Mapping[str, str], text: str) -> Any:
    """A condition on challenges: every word is found in the reference, the child's number or initials, the team, a reason.

    `teams`: the authority's teams, names by key. Of a long text the first `MOST_WORDS` words are looked for, and each as it
    stands: no character of it stands for another.
    """
    return and_(*(_match_word(authority, words, teams, word) for word in text.split()[:MOST_WORDS]))


def _match_word(authority: str, words: Authority, teams: Mapping[str, str], word: str) -> Any:
    initials = word.replace(".", "").upper()
    children = select_of(ChildRow, authority, ChildRow.id).where(
        or_(col(ChildRow.number_folded) == fold(word), func.upper(col(ChildRow.initials)) == initials),
    )
    conditions: list[Any] = [col(ChallengeRow.child).in_(children)]
    if len(word) >= 4:
        conditions.append(col(ChallengeRow.reference).startswith(fold(word).upper(), autoescape=True))
    if named := [key for key, name in teams.items() if _holds(word, key, name)]:
        conditions.append(col(ChallengeRow.team).in_(named))
    conditions += [
        cast(col(ChallengeRow.reasons), Text).contains(f'"{reason.key}"', autoescape=True)
        for theme in words.themes
        for reason in theme.reasons
        if _holds(word, reason.label)
    ]
    return or_(*conditions)


def _holds(word: str, *texts: str) -> bool:
    return any(word.casefold() in text.casefold() for text in texts)


def _theirs(connection: Connection, signed: Principal, day: date, among: Any = None) -> Any:
    """`among`: only items of these, and only where something was addressed to them."""
    person = UUID(signed.person)
    people = people_acted_for(connection, signed.authority, person, day, as_delegate=True)
    posts = connection.execute(POSTS_ON_DAY, {"authority": signed.authority, "people": people, "day": day}).all()
    conditions: list[Any] = [
        col(ChallengeRow.raiser).in_(people),
        col(ChallengeRow.id).in_(_told(signed.authority, among, col(InvolvedRow.person).in_(people))),
    ]
    if children := [UUID(post.key) for post in posts if post.held_for == HeldFor.CHILD.value]:
        conditions.append(col(ChallengeRow.child).in_(children))
    places = {HeldFor.TEAM.value: ChallengeRow.team, HeldFor.SERVICE.value: ChallengeRow.service}
    for post in posts:
        if post.held_for in places:
            conditions.append(
                and_(
                    col(places[post.held_for]) == post.key,
                    col(ChallengeRow.id).in_(_told(signed.authority, among, col(InvolvedRow.role) == post.role)),
                )
            )
    if Capacity.LEADER in signed.capacities:
        conditions.append(col(ChallengeRow.item_type) == ItemType.EXCELLENT_PRACTICE.value)
    if wide := sorted({post.role for post in posts if post.held_for == HeldFor.AUTHORITY.value}):
        conditions.append(col(ChallengeRow.id).in_(_told(signed.authority, among, col(InvolvedRow.role).in_(wide))))
    return and_(in_authority(ChallengeRow, signed.authority), or_(*conditions))


def _told(authority: str, among: Any, which: Any) -> Any:
    told = select_of(InvolvedRow, authority, InvolvedRow.challenge).where(which)
    return told if among is None else told.where(col(InvolvedRow.as_to).is_(True), col(InvolvedRow.challenge).in_(among))
