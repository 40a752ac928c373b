"""Finding items: a query narrows to what a person could possibly see; each is then judged like any other request for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Text, and_, bindparam, cast, func, literal_column, or_, select, union
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


@dataclass(frozen=True)
class Sight:
    """What a person could possibly see: a condition on challenges, and the values of its parameters."""

    condition: Any
    values: Mapping[str, Any]


def list_newest(
    connection: Connection, authority: str, wanted: ListFilter, theirs: Sight, after: Sequence[Any] | None, most: int
) -> Sequence[tuple[datetime, UUID]]:
    """List so many items, newest first, from the one that follows a place on (None: from the newest).

    `theirs` is what a person could possibly see, as `might_see` gives it.
    """
    narrowed = {name: getattr(wanted, name) for name in ("stage", "item_type", "team", "child") if getattr(wanted, name)}
    query = _newest(theirs.condition, wanted.state, frozenset(narrowed))
    if wanted.also is not None:
        query = query.where(wanted.also)
    values = {**theirs.values, "authority": authority, "most": most, **{f"its_{name}": said for name, said in narrowed.items()}}
    return [(row.raised_at, row.id) for row in connection.execute(start_after(query, NEWEST, after), values)]


@lru_cache(maxsize=512)
def _newest(theirs: Any, state: str, narrowed: frozenset[str]) -> Any:
    """The query of a list that is narrowed by these: its parameters are `its_stage` and so on."""
    conditions: list[Any] = [in_authority(ChallengeRow, _AUTHORITY), theirs]
    columns = {"stage": ChallengeRow.stage, "item_type": ChallengeRow.item_type, "team": ChallengeRow.team}
    conditions += [col(column) == bindparam(f"its_{name}") for name, column in columns.items() if name in narrowed]
    if state != "all":
        conditions.append(col(ChallengeRow.is_open) == (state == "open"))
    if "child" in narrowed:
        child = select_of(ChildRow, _AUTHORITY, ChildRow.id).where(col(ChildRow.number) == bindparam("its_child"))
        conditions.append(col(ChallengeRow.child).in_(child))
    return select(*NEWEST).where(*conditions).order_by(*(key.desc() for key in NEWEST)).limit(bindparam("most"))


def might_see(connection: Connection, signed: Principal, day: date) -> Sight:
    """All challenges for the service's own desk; for others what they raised, review, were told of, or have taken over with a
    post (or with one they cover). Wide enough for everything that `access.actor_on` lets them see."""
    if signed.capacities & {Capacity.IRO_MANAGER, Capacity.BUSINESS_SUPPORT}:
        return Sight(_OF_AUTHORITY, {"authority": signed.authority})
    return _theirs(connection, signed, day)


_AUTHORITY: Any = bindparam("authority")
_OF_AUTHORITY = in_authority(ChallengeRow, _AUTHORITY)


def _live() -> Any:
    """A union of the challenges on which something may be somebody's to do: a part of the condition that keeps the rest cheap."""
    running = (
        select_of(WindowRow, _AUTHORITY, WindowRow.challenge)
        .where(
            col(WindowRow.closed_at).is_(None),
            col(WindowRow.kind).in_((WindowKind.ACTION.value, WindowKind.FOLLOW_UP.value)),
        )
    )  # fmt: skip
    # Literally, as the index has it: a database that is asked with a parameter does not know that the index will do.
    left_open = select_of(WindowRow, _AUTHORITY, WindowRow.challenge).where(
        col(WindowRow.kind) == literal_column(f"'{WindowKind.ACTION.value}'"),
        col(WindowRow.closed_as) == literal_column(f"'{ClosedAs.NOT_RECORDED.value}'"),
    )
    still_open = select_of(ChallengeRow, _AUTHORITY, ChallengeRow.id).where(col(ChallengeRow.is_open).is_(True))
    return union(still_open, running, left_open)


def list_pressing_items(connection: Connection, signed: Principal, day: date) -> list[UUID]:
    """The items on which something may be this person's to do: the earliest date first, then those without one, the oldest
    first. So whoever looks through the first of them misses none that presses more."""
    # Sorted here: asked for an order, a database walks through every item there is instead of the few that are live.
    due = (
        select_of(WindowRow, _AUTHORITY, func.min(col(WindowRow.due)))
        .where(col(WindowRow.challenge) == col(ChallengeRow.id), col(WindowRow.closed_at).is_(None))
        .correlate(core_table(ChallengeRow))
        .scalar_subquery()
    )
    # Copies ask nothing of anybody.
    theirs = _theirs(connection, signed, day, is_pressing=True)
    query = select(col(ChallengeRow.id), col(ChallengeRow.raised_at), due.label("due")).where(theirs.condition)
    rows = connection.execute(query, theirs.values).all()
    return [row.id for row in sorted(rows, key=lambda row: (row.due or date.max, row.raised_at, row.id))]


def list_items_owing(connection: Connection, signed: Principal, day: date, most: int) -> list[UUID]:
    """The open items that they might see where a reply or a meeting is asked for now, by its date, at most so many."""
    asks, theirs = [kind.value for kind in ASKS_RECIPIENTS], might_see(connection, signed, day)
    query = (
        select(col(ChallengeRow.id))
        .join(WindowRow, WINDOW_OF_PRESENT_STAY)
        .where(
            col(ChallengeRow.is_open), col(WindowRow.closed_at).is_(None), col(WindowRow.kind).in_(asks),
            theirs.condition,
        )
        .group_by(col(ChallengeRow.id))
        .order_by(func.min(col(WindowRow.due)), col(ChallengeRow.id))
        .limit(most)
    )  # fmt: skip
    return list(connection.execute(query, theirs.values).scalars())


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


def _theirs(connection: Connection, signed: Principal, day: date, is_pressing: bool = False) -> Sight:
    """`is_pressing`: only items on which something may be to do, and only where something was addressed to them."""
    people = people_acted_for(connection, signed.authority, UUID(signed.person), day, as_delegate=True)
    posts = connection.execute(POSTS_ON_DAY, {"authority": signed.authority, "people": people, "day": day}).all()
    of_children = [UUID(post.key) for post in posts if post.held_for == HeldFor.CHILD.value]
    # In an order of their own, each once: whoever holds the same kinds of posts has the same condition.
    placed = sorted({(post.held_for, post.key, post.role) for post in posts if post.held_for in _PLACES})
    wide = sorted({post.role for post in posts if post.held_for == HeldFor.AUTHORITY.value})
    kinds = tuple(held_for for held_for, _, _ in placed)
    condition = _condition(bool(of_children), kinds, Capacity.LEADER in signed.capacities, bool(wide), is_pressing)
    values: dict[str, Any] = {"authority": signed.authority, "people": people, "children": of_children, "wide": wide}
    for n, (_, key, role) in enumerate(placed):
        values |= {f"key_{n}": key, f"role_{n}": role}
    return Sight(condition, values)


_PLACES = {HeldFor.TEAM.value: ChallengeRow.team, HeldFor.SERVICE.value: ChallengeRow.service}


@lru_cache(maxsize=512)
def _condition(has_children: bool, places: tuple[str, ...], is_leader: bool, is_wide: bool, is_pressing: bool) -> Any:
    """The condition for whoever holds such posts, made once: to make it takes longer than the database needs to answer."""
    live = _live() if is_pressing else None
    people: Any = bindparam("people", expanding=True)
    conditions: list[Any] = [
        col(ChallengeRow.raiser).in_(people), col(ChallengeRow.id).in_(_told(live, col(InvolvedRow.person).in_(people)))
    ]  # fmt: skip
    if has_children:
        conditions.append(col(ChallengeRow.child).in_(bindparam("children", expanding=True)))
    for n, held_for in enumerate(places):
        told = _told(live, col(InvolvedRow.role) == bindparam(f"role_{n}"))
        conditions.append(and_(col(_PLACES[held_for]) == bindparam(f"key_{n}"), col(ChallengeRow.id).in_(told)))
    if is_leader:
        conditions.append(col(ChallengeRow.item_type) == ItemType.EXCELLENT_PRACTICE.value)
    if is_wide:
        told = _told(live, col(InvolvedRow.role).in_(bindparam("wide", expanding=True)))
        conditions.append(col(ChallengeRow.id).in_(told))
    theirs = and_(_OF_AUTHORITY, or_(*conditions))
    return theirs if live is None else and_(col(ChallengeRow.id).in_(live), theirs)


def _told(live: Any, which: Any) -> Any:
    told = select_of(InvolvedRow, _AUTHORITY, InvolvedRow.challenge).where(which)
    return told if live is None else told.where(col(InvolvedRow.as_to).is_(True), col(InvolvedRow.challenge).in_(live))
