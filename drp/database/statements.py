"""Statements that nearly every request or sweep runs, each written once: who asks, the item, the people, the writes, the inbox.

To build a statement in Python takes longer than SQLite needs to answer it, so these are built when the service starts, with
bound parameters. `authority` is the authority's key; the docstring below each names the others.
"""

from typing import Any

from sqlalchemy import (
    ColumnElement,
    Uuid,
    and_,
    bindparam,
    delete,
    false,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col

from drp.database.account_tables import SessionRow
from drp.database.authority_tables import AuthorityRow
from drp.database.challenge_tables import ChallengeRow, EntryRow, IdempotencyRow, InvolvedRow, LinkRow, WindowRow, WordsRow
from drp.database.directory_tables import ChildRow, CoverRow, PersonRow, PostRow
from drp.database.message_tables import DeliveryRow, NotificationRow
from drp.database.register_tables import RegisterRow, StayRow
from drp.database.scope import core_table, in_authority, match_day, select_of
from workflows.model.challenge import Outcome

_AUTHORITY: Any = bindparam("authority")
_PERSON = bindparam("person", type_=Uuid())


def _among(column: Any, name: str) -> ColumnElement[bool]:
    """Is a column one of the values in a parameter that holds a list?"""
    return col(column).in_(bindparam(name, expanding=True))


# How rows belong together.

_NOTIFICATION_KEY = ("authority", "challenge", "version", "n")
MESSAGE_OF_COPY = and_(*(core_table(NotificationRow).c[name] == core_table(DeliveryRow).c[name] for name in _NOTIFICATION_KEY))
"""Joins a person's copy to the message that it is a copy of."""

WINDOW_OF_PRESENT_STAY = and_(
    col(WindowRow.authority) == col(ChallengeRow.authority),
    col(WindowRow.challenge) == col(ChallengeRow.id),
    col(WindowRow.sequence) == col(ChallengeRow.sequence),
)
"""Joins a challenge to the windows of its present stay at a stage."""

# Who asks.

SESSION_IN_FORCE = (
    select_of(
        SessionRow, _AUTHORITY, SessionRow.person, SessionRow.how, SessionRow.began_at, SessionRow.seen_at, SessionRow.ended_at,
        PersonRow.left_on,
    )
    .join(PersonRow, in_authority(PersonRow, _AUTHORITY) & (col(PersonRow.id) == col(SessionRow.person)))
    .where(col(SessionRow.hash) == bindparam("hash"))
)  # fmt: skip
"""The session behind a cookie, by the `hash` of its secret."""

_DAY: Any = bindparam("day")
_COVERED = select_of(CoverRow, _AUTHORITY, CoverRow.of).where(
    col(CoverRow.by) == _PERSON, col(CoverRow.is_delegate).is_(False), *match_day(CoverRow, _DAY)
)
ROLES_ON_DAY = (
    select_of(PersonRow, _AUTHORITY, PersonRow.name, PostRow.role)
    .outerjoin(
        PostRow,
        and_(
            in_authority(PostRow, _AUTHORITY),
            or_(col(PostRow.person) == _PERSON, col(PostRow.person).in_(_COVERED)),
            *match_day(PostRow, _DAY),
        ),
    )
    .where(col(PersonRow.id) == _PERSON)
    .distinct()
)
"""The name of a `person`, with each role that they, or whom they cover, hold on a `day`."""

# The item.

ID_OF_REFERENCE = select_of(ChallengeRow, _AUTHORITY, ChallengeRow.id).where(
    col(ChallengeRow.reference) == bindparam("reference")
)
"""The id behind a `reference`."""

CHALLENGES = (
    select_of(ChallengeRow, _AUTHORITY, core_table(ChallengeRow), ChildRow.number, ChildRow.initials)
    .outerjoin(ChildRow, in_authority(ChildRow, _AUTHORITY) & (col(ChildRow.id) == col(ChallengeRow.child)))
    .where(_among(ChallengeRow.id, "ids"))
)
"""Challenges by `ids`, each with its child's number and initials."""

CHALLENGES_TO_DECIDE = CHALLENGES.with_for_update(of=core_table(ChallengeRow))
"""The same; on PostgreSQL nobody else decides on them until this transaction ends."""

CHALLENGES_TO_SWEEP = CHALLENGES.with_for_update(of=core_table(ChallengeRow), skip_locked=True)
"""The same, without those that somebody else decides on."""

WINDOWS = (
    select_of(WindowRow, _AUTHORITY)
    .where(_among(WindowRow.challenge, "challenges"))
    .order_by(col(WindowRow.opened_at), col(WindowRow.sequence), col(WindowRow.kind), col(WindowRow.n))
)
"""Every window of some `challenges`."""

WAS_INVOLVED = select_of(InvolvedRow, _AUTHORITY, InvolvedRow.role).where(
    col(InvolvedRow.person) == _PERSON, col(InvolvedRow.challenge) == bindparam("challenge", type_=Uuid())
)
"""In which roles anything of a `challenge` was addressed or copied to a `person`."""

FIND_ANSWER = select_of(IdempotencyRow, _AUTHORITY, IdempotencyRow.body_hash, IdempotencyRow.answer).where(
    col(IdempotencyRow.person) == _PERSON, col(IdempotencyRow.key) == bindparam("key")
)
"""What a `person` was answered under an idempotency `key`."""

LAST_TICK = select(col(AuthorityRow.last_tick)).where(col(AuthorityRow.key) == _AUTHORITY)
"""When the service last looked for windows that closed."""

# The people of items: posts and covers in one statement, each with what it is.

_POST, _COVER = core_table(PostRow).c, core_table(CoverRow).c
_NO_COVER = (null().cast(Uuid()).label("by"), false().label("is_delegate"))
PEOPLE_OF_ITEMS = (
    select_of(
        PostRow, _AUTHORITY, literal("post").label("what"), _POST.role, _POST.held_for, _POST.key, _POST.person, *_NO_COVER,
        _POST.since, _POST.until,
    )
    .where(tuple_(_POST.held_for, _POST.key).in_(bindparam("places", expanding=True)))
    .union(
        select_of(
            PostRow, _AUTHORITY, literal("post"), _POST.role, _POST.held_for, func.min(_POST.key), _POST.person, *_NO_COVER,
            _POST.since, _POST.until,
        )
        .where(_among(PostRow.person, "raisers"))
        .group_by(_POST.role, _POST.held_for, _POST.person, _POST.since, _POST.until),
        select_of(
            CoverRow, _AUTHORITY, literal("cover"), literal(""), literal(""), literal(""), _COVER.of, _COVER.by,
            _COVER.is_delegate, _COVER.since, _COVER.until,
        ),
    )
)  # fmt: skip
"""The posts of some `places` (for what they are held, and the key of which), and the authority's covers.

Of whoever raised an item (`raisers`) one post of each role and span is enough: it is asked only whether they hold the role, and
an IRO has a post for each of their children.
"""

# What a decision writes. Every parameter is a column's name; `b_` stands before those that say which row.


def _changes(row: type[Any], key: tuple[str, ...], *counted: str) -> Any:
    """Change rows found by their key, every other column to a parameter of its name, but for those `counted` up by one."""
    table = core_table(row)
    others: dict[str, Any] = {c.name: bindparam(c.name) for c in table.c if c.name not in {*key, *counted, "reference"}}
    return (
        update(table)
        .where(*(table.c[name] == bindparam(f"b_{name}") for name in (*key, *counted)))
        .values({**others, **{name: table.c[name] + 1 for name in counted}})
    )


CHANGE_CHALLENGE = _changes(ChallengeRow, ("authority", "id"), "version")
"""A challenge, only at the version that it was decided from."""

CHANGE_WINDOW = _changes(WindowRow, ("authority", "challenge", "sequence", "kind", "n"))

INSERTS = {
    row: insert(core_table(row))
    for row in (
        ChallengeRow, EntryRow, WordsRow, WindowRow, LinkRow, NotificationRow, DeliveryRow, IdempotencyRow, RegisterRow, StayRow,
    )
}  # fmt: skip
"""A new row of each of these tables."""


def _involve(dialect: Any) -> Any:
    statement = dialect.insert(core_table(InvolvedRow))
    return statement.on_conflict_do_update(
        index_elements=["authority", "person", "challenge", "role"],
        set_={"as_to": statement.excluded.as_to},
        where=statement.excluded.as_to.is_(True),
    )


INVOLVE = {"sqlite": _involve(sqlite), "postgresql": _involve(postgresql)}
"""Somebody who was addressed or copied; addressed wins over copied. By the name of the engine's dialect."""

TAKE_OUT_ENTRIES = [
    delete(core_table(row)).where(in_authority(row, _AUTHORITY), _among(row.id, "ids")) for row in (StayRow, RegisterRow)
]
"""An item's entry in the register with its visits to stages, by `ids`."""

# The sweep.

DUE = (
    select_of(WindowRow, _AUTHORITY, WindowRow.challenge, func.min(col(WindowRow.acts_at)).label("first"))
    .where(
        col(WindowRow.closed_at).is_(None),
        col(WindowRow.held_since).is_(None),
        col(WindowRow.acts_at) <= bindparam("now"),
        col(WindowRow.challenge).not_in(bindparam("aside", expanding=True)),
    )
    .group_by(col(WindowRow.challenge))
    .order_by("first")
    .limit(bindparam("most"))
)
"""The challenges whose windows have come to their time by `now`, earliest first, at most so many, without those `aside`."""

LOOKED = (
    update(AuthorityRow)
    .where(
        col(AuthorityRow.key) == bindparam("b_authority"),
        or_(col(AuthorityRow.last_tick).is_(None), col(AuthorityRow.last_tick) < bindparam("now")),
    )
    .values(last_tick=bindparam("now"))
)
"""The service has looked for windows that closed by `now`: never backwards."""

# The inbox.

_ITEM = in_authority(ChallengeRow, _AUTHORITY) & (col(ChallengeRow.id) == col(DeliveryRow.challenge))
_NOT_IN_ERROR = col(ChallengeRow.phase) != Outcome.IN_ERROR.value

MESSAGES = (
    select_of(
        DeliveryRow, _AUTHORITY, core_table(DeliveryRow), NotificationRow.subject, NotificationRow.stage, NotificationRow.due,
        NotificationRow.at, NotificationRow.attempts, NotificationRow.next_at, col(NotificationRow.error).label("trouble"),
        ChallengeRow.reference, ChallengeRow.ladder_hash, ChallengeRow.authority_hash,
    )
    .join(NotificationRow, MESSAGE_OF_COPY)
    .join(ChallengeRow, _ITEM)
)  # fmt: skip
"""Every person's copy of every message of an authority, with the item that it is about."""

MESSAGES_OF_PERSON = (
    MESSAGES.where(col(DeliveryRow.person) == _PERSON, _NOT_IN_ERROR)
    .order_by(col(DeliveryRow.told_at).desc(), col(DeliveryRow.challenge), col(DeliveryRow.version).desc(), col(DeliveryRow.n))
    .limit(bindparam("most"))
    .offset(bindparam("skip"))
)
"""What a `person` was told, newest first. What was recorded in error is nobody's to read of any more."""

_SOME_UNREAD = (
    select_of(DeliveryRow, _AUTHORITY, DeliveryRow.n)
    .join(ChallengeRow, _ITEM)
    .where(col(DeliveryRow.person) == _PERSON, col(DeliveryRow.read_at).is_(None), _NOT_IN_ERROR)
    .limit(bindparam("most"))
    .subquery()
)
PACK_AND_UNREAD = select(col(AuthorityRow.label_pack), select(func.count()).select_from(_SOME_UNREAD).scalar_subquery()).where(
    col(AuthorityRow.key) == _AUTHORITY
)
"""The authority's label pack, and how many messages a `person` has not read, counted no further than `most`."""
