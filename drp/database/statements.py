"""Statements that nearly every request or sweep runs, each written once: who asks, the item, the people, the writes, the inbox.

To build a statement in Python takes longer than SQLite needs to answer it, so these are built when the service starts, with
bound parameters. `authority` is the authority's key; the docstring below each names the others.
"""

from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    Text,
    Uuid,
    and_,
    bindparam,
    case,
    cast,
    delete,
    false,
    func,
    literal,
    null,
    or_,
    select,
    text,
    tuple_,
    type_coerce,
    union,
    update,
)
from sqlalchemy.types import NullType
from sqlmodel import col

from drp.database.account_tables import SessionRow, TokenRow
from drp.database.authority_tables import AuthorityRow, DocumentRow
from drp.database.challenge_tables import ChallengeRow, EntryRow, IdempotencyRow, InvolvedRow, WindowRow, match_not_followed
from drp.database.directory_tables import ChildRow, CoverRow, PersonRow, PostRow, UnitRow
from drp.database.message_tables import DeliveryRow, NotificationRow, NotificationState
from drp.database.register_tables import RegisterRow, StayRow
from drp.database.report_tables import ReportCopyRow
from drp.database.scope import core_table, in_authority, match_day, match_here, select_of
from workflows.decision.decision_builder import NotificationKind
from workflows.decision.reach import ASKS
from workflows.decision.recipients import ANSWERING
from workflows.model.challenge import Outcome

_AUTHORITY: Any = bindparam("authority")
_PERSON = bindparam("person", type_=Uuid())


def tokens_in_force(now: Any) -> tuple[ColumnElement[bool], ...]:
    """The conditions for tokens that are in force at an instant."""
    is_confirmed = or_(col(TokenRow.confirm_by).is_(None), col(TokenRow.confirm_by) > now)
    return col(TokenRow.revoked_at).is_(None), col(TokenRow.expires_at) > now, is_confirmed, col(TokenRow.seal) != ""


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
    select_of(SessionRow, _AUTHORITY, core_table(SessionRow), PersonRow.left_on, PersonRow.suspended_at)
    .join(PersonRow, in_authority(PersonRow, _AUTHORITY) & (col(PersonRow.id) == col(SessionRow.person)))
    .where(col(SessionRow.hash) == bindparam("hash"))
)  # fmt: skip
"""The session behind a cookie, by the `hash` of its secret."""

_DAY: Any = bindparam("day")
PERSON_OF_TOKEN = (
    select_of(TokenRow, _AUTHORITY)
    .join(PersonRow, in_authority(PersonRow, _AUTHORITY) & (col(PersonRow.id) == col(TokenRow.person)))
    .where(
        col(TokenRow.hash) == bindparam("hash"), *tokens_in_force(bindparam("now")), match_here(PersonRow, _DAY),
        col(PersonRow.suspended_at).is_(None),
    )
)  # fmt: skip
"""The token of a `hash` that is in force `now`, of somebody who has not left by a `day` and is not suspended."""

CURRENT_DOCUMENTS = (
    select_of(DocumentRow, _AUTHORITY, DocumentRow.hash, DocumentRow.kind, DocumentRow.key, DocumentRow.in_force)
    .where(col(DocumentRow.is_current))
    .order_by(col(DocumentRow.key), col(DocumentRow.in_force))
)
"""The authority's own file and its ladders, as they are now."""

_STANDS_IN = (
    select_of(CoverRow, _AUTHORITY, CoverRow.of)
    .where(col(CoverRow.by) == _PERSON, col(CoverRow.is_delegate).is_(False), *match_day(CoverRow, _DAY))
    .exists()
)
ROLES_ON_DAY = (
    select_of(PersonRow, _AUTHORITY, PersonRow.name, PostRow.role, _STANDS_IN.label("stands_in"))
    .outerjoin(
        PostRow,
        and_(in_authority(PostRow, _AUTHORITY), _among(PostRow.person, "people"), *match_day(PostRow, _DAY)),
    )
    .where(col(PersonRow.id) == _PERSON)
    .distinct()
)
"""The name of a `person`, with each role that they, or other `people`, hold on a `day`, and whether they stand in for anybody."""

POSTS_ON_DAY = select_of(PostRow, _AUTHORITY, PostRow.role, PostRow.held_for, PostRow.key).where(
    _among(PostRow.person, "people"), *match_day(PostRow, _DAY)
)
"""The posts that some `people` hold on a `day`."""

CONTACTS = select_of(PersonRow, _AUTHORITY, PersonRow.id, PersonRow.name, PersonRow.email).where(_among(PersonRow.id, "people"))
"""The names and addresses of some `people`."""

# The item.

CHILDREN_WRITTEN_SO = (
    select_of(ChildRow, _AUTHORITY, core_table(ChildRow), UnitRow.within)
    .outerjoin(
        UnitRow,
        in_authority(UnitRow, _AUTHORITY) & (col(UnitRow.kind) == "team") & (col(UnitRow.key) == col(ChildRow.team)),
    )
    .where(col(ChildRow.number_folded) == bindparam("number"), col(ChildRow.number_folded) != "")
    .order_by(col(ChildRow.number))
)
"""The children whose number reads so when it is folded (`number`), each with the service that their team is `within`."""

ID_OF_REFERENCE = select_of(ChallengeRow, _AUTHORITY, ChallengeRow.id).where(
    col(ChallengeRow.reference) == bindparam("reference")
)
"""The id behind a `reference`."""

_WITH_CHILD = select_of(ChallengeRow, _AUTHORITY, core_table(ChallengeRow), ChildRow.number, ChildRow.initials).outerjoin(
    ChildRow, in_authority(ChildRow, _AUTHORITY) & (col(ChildRow.id) == col(ChallengeRow.child))
)

CHALLENGES = _WITH_CHILD.where(_among(ChallengeRow.id, "ids"))
"""Challenges by `ids`, each with its child's number and initials."""

CHALLENGE = _WITH_CHILD.where(col(ChallengeRow.reference) == bindparam("reference"))
"""The challenge of a `reference`, likewise."""

CHALLENGE_TO_DECIDE = CHALLENGE.with_for_update(of=core_table(ChallengeRow))
"""The same; on PostgreSQL nobody else decides on it until this transaction ends."""

CHALLENGES_TO_DECIDE = CHALLENGES.with_for_update(of=core_table(ChallengeRow))
"""The same; on PostgreSQL nobody else decides on them until this transaction ends."""

CHALLENGES_TO_SWEEP = CHALLENGES.with_for_update(of=core_table(ChallengeRow), skip_locked=True)
"""The same, without those that somebody else decides on."""

EARLIER_OF_CHILD = (
    _WITH_CHILD.where(
        col(ChallengeRow.child) == bindparam("child", type_=Uuid()),
        col(ChallengeRow.phase).not_in((Outcome.IN_ERROR.value, Outcome.NOTICED.value)),
        match_not_followed(),
    )
    .order_by(col(ChallengeRow.raised_at).desc(), col(ChallengeRow.id))
    .limit(200)
)
"""The challenges about a `child`, the newest first: not what was recorded in error, told once, or is followed between reviews."""

_OF_WINDOW = core_table(WindowRow).c
WINDOWS = (
    select_of(
        WindowRow,
        _AUTHORITY,
        # As the driver has it: an item with a thousand windows has one identity, and it is made into one once.
        type_coerce(_OF_WINDOW.challenge, NullType()),
        _OF_WINDOW.sequence, _OF_WINDOW.kind, _OF_WINDOW.n, _OF_WINDOW.parent, _OF_WINDOW.owner_role, _OF_WINDOW.owner_person,
        _OF_WINDOW.due, _OF_WINDOW.closes_at, _OF_WINDOW.acts_at, _OF_WINDOW.opened_at, _OF_WINDOW.closed_at,
        _OF_WINDOW.closed_as, _OF_WINDOW.held_since, _OF_WINDOW.on_close, _OF_WINDOW.answer, _OF_WINDOW.times_told,
        _OF_WINDOW.climb_waits, _OF_WINDOW.asked,
        # As text: many windows were promised the same, and it is read once.
        cast(_OF_WINDOW.promise, Text),
    )
    .where(_among(WindowRow.challenge, "challenges"))
    .order_by(col(WindowRow.opened_at), col(WindowRow.sequence), col(WindowRow.kind), col(WindowRow.n))
)  # fmt: skip
"""Every window of some `challenges`: whose it is, as the driver gives it, then what `drp.casework.load` reads of it."""

BROUGHT = (
    select_of(EntryRow, _AUTHORITY, EntryRow.kind, EntryRow.sequence, func.count().label("times"))
    .where(col(EntryRow.challenge) == bindparam("challenge", type_=Uuid()), col(EntryRow.person) == _PERSON)
    .group_by(col(EntryRow.kind), col(EntryRow.sequence))
)
"""What a `person` has brought to a `challenge`: how often each kind of event, at each stay at a stage."""

WAS_INVOLVED = select_of(InvolvedRow, _AUTHORITY, InvolvedRow.role).where(
    col(InvolvedRow.person) == _PERSON, col(InvolvedRow.challenge) == bindparam("challenge", type_=Uuid())
)
"""In which roles anything of a `challenge` was addressed or copied to a `person`."""

_UNDER_KEY = and_(
    in_authority(IdempotencyRow, col(AuthorityRow.key)),
    col(IdempotencyRow.person) == _PERSON,
    col(IdempotencyRow.key) == bindparam("key"),
)
FIND_ANSWER = (
    select(
        col(IdempotencyRow.body_hash), col(IdempotencyRow.answer), col(AuthorityRow.restored_at), col(AuthorityRow.restored_to)
    )
    .select_from(core_table(AuthorityRow).outerjoin(core_table(IdempotencyRow), _UNDER_KEY))
    .where(col(AuthorityRow.key) == _AUTHORITY)
)
"""What a `person` was answered under an idempotency `key` (no hash: nothing), and the last restore, which may have lost it."""

LAST_LOOK = select(col(AuthorityRow.last_tick), col(AuthorityRow.passed_over)).where(col(AuthorityRow.key) == _AUTHORITY)
"""When the service last looked for windows that closed, and what that look passed over."""

# The people of items: posts, covers and who covers in one statement, each with what it is.

_POST, _COVER = core_table(PostRow).c, core_table(CoverRow).c
_NO_COVER = (null().cast(Uuid()).label("by"), false().label("is_delegate"))
_LAST_DAY = case(
    (col(PersonRow.left_on).is_(None), _POST.until),
    (or_(_POST.until.is_(None), _POST.until > col(PersonRow.left_on)), col(PersonRow.left_on)),
    else_=_POST.until,
)
_COVERS = (
    select_of(
        CoverRow, _AUTHORITY, literal("cover").label("what"), literal("").label("role"), literal("").label("held_for"),
        literal("").label("key"), _COVER.of.label("person"), _COVER.by, _COVER.is_delegate, _COVER.since, _COVER.until,
    ),
    select_of(
        PostRow, _AUTHORITY, literal("there"), literal(""), literal(""), literal(""), _POST.person, *_NO_COVER, _POST.since,
        _LAST_DAY,
    )
    .join(PersonRow, in_authority(PersonRow, _AUTHORITY) & (col(PersonRow.id) == _POST.person))
    .where(_POST.person.in_(select_of(CoverRow, _AUTHORITY, _COVER.by))),
)  # fmt: skip
COVERS = union(*_COVERS)
"""The authority's covers and delegations, and the days on which those who cover hold a post and have not left (`there`)."""

PEOPLE_OF_ITEMS = (
    select_of(
        PostRow, _AUTHORITY, literal("post").label("what"), _POST.role, _POST.held_for, _POST.key,
        type_coerce(_POST.person, NullType()).label("person"),  # as the driver has it: few people hold many posts
        *_NO_COVER, _POST.since, _POST.until,
    )
    .where(tuple_(_POST.held_for, _POST.key).in_(bindparam("places", expanding=True)))
    .union(
        select_of(
            PostRow, _AUTHORITY, literal("post"), _POST.role, _POST.held_for, func.min(_POST.key), _POST.person, *_NO_COVER,
            _POST.since, _POST.until,
        )
        .where(_among(PostRow.person, "raisers"))
        .group_by(_POST.role, _POST.held_for, _POST.person, _POST.since, _POST.until),
        *_COVERS,
    )
)  # fmt: skip
"""The posts of some `places` (for what they are held, and the key of which), and the authority's covers.

Of whoever raised an item (`raisers`) one post of each role and span is enough: it is asked only whether they hold the role, and
an IRO has a post for each of their children.
"""

# What a decision takes out; what it writes is written by `drp.database.rows_together`.

TAKE_OUT_ENTRIES = [
    delete(core_table(row)).where(in_authority(row, _AUTHORITY), _among(row.id, "ids")) for row in (StayRow, RegisterRow)
]
"""An item's entry in the register with its visits to stages, by `ids`: on SQLite."""

TAKE_OUT_BY_KEY = text(
    "SELECT drp_take_out('stay', k), drp_take_out('register', k) FROM (SELECT CAST(:keys AS jsonb) AS k) AS given"
)
"""The same on PostgreSQL, where the service takes rows out by one function (migration 0028); `keys`: JSON, each with its `id`."""

ASKS_OF_ITEMS = (
    select_of(
        DeliveryRow, _AUTHORITY, DeliveryRow.challenge, NotificationRow.window, DeliveryRow.party, DeliveryRow.also,
        DeliveryRow.mail, DeliveryRow.mailed_at, DeliveryRow.opened_at, DeliveryRow.person, DeliveryRow.how,
    )
    .join(NotificationRow, MESSAGE_OF_COPY)
    .where(
        _among(DeliveryRow.challenge, "ids"),
        col(DeliveryRow.as_to),
        col(DeliveryRow.how).in_(sorted(how.value for how in ANSWERING)),
        col(NotificationRow.subject).in_(sorted(subject.value for subject in ASKS)),
        col(NotificationRow.window) != "",
    )
)  # fmt: skip
"""The copies of messages that put the question of a window, of some items (`ids`), to those whose answer it is."""

SENT_THE_MEETING = (
    select_of(DeliveryRow, _AUTHORITY, DeliveryRow.person, DeliveryRow.party, DeliveryRow.role, DeliveryRow.how)
    .join(NotificationRow, MESSAGE_OF_COPY)
    .where(
        col(DeliveryRow.challenge) == bindparam("challenge", type_=Uuid()),
        col(NotificationRow.sequence) == bindparam("sequence"),
        col(NotificationRow.subject).in_([NotificationKind.MEETING.value, NotificationKind.MEETING_MOVED.value]),
    )
    .order_by(col(NotificationRow.version), col(NotificationRow.n), col(DeliveryRow.person))
)
"""To whom the meeting of a stay at a stage (`sequence`) of a `challenge` was sent."""

# The sweep.

_COME = (
    select_of(WindowRow, _AUTHORITY, WindowRow.challenge, WindowRow.acts_at)
    .where(
        col(WindowRow.closed_at).is_(None),
        col(WindowRow.held_since).is_(None),
        col(WindowRow.acts_at) <= bindparam("now"),
        col(WindowRow.challenge).not_in(bindparam("aside", expanding=True)),
    )
    .cte("come")
    .prefix_with("MATERIALIZED")
)
# Found by their time first, and then put together: SQLite would read every window of an authority to spare itself the sorting.

DUE = (
    select(_COME.c.challenge, func.min(_COME.c.acts_at).label("first"))
    .group_by(_COME.c.challenge)
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
    .values(last_tick=bindparam("now"), passed_over=bindparam("passed_over", type_=JSON(none_as_null=True)))
)
"""The service has looked for windows that closed by `now`, and passed some items over: never backwards."""

# The inbox.

_ITEM = in_authority(ChallengeRow, _AUTHORITY) & (col(ChallengeRow.id) == col(DeliveryRow.challenge))
_NOT_IN_ERROR = col(ChallengeRow.phase) != Outcome.IN_ERROR.value
_NOT_HIDDEN = or_(_NOT_IN_ERROR, col(NotificationRow.subject) == NotificationKind.ENDED_BY_ANOTHER.value)

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
    MESSAGES.where(col(DeliveryRow.person) == _PERSON, _NOT_HIDDEN)
    .order_by(col(DeliveryRow.told_at).desc(), col(DeliveryRow.challenge), col(DeliveryRow.version).desc(), col(DeliveryRow.n))
    .limit(bindparam("most"))
    .offset(bindparam("skip"))
)
"""What a `person` was told, newest first. What was recorded in error is nobody's to read of any more, but that it was sealed by
another hand."""

_SOME_UNREAD = (
    select_of(DeliveryRow, _AUTHORITY, DeliveryRow.n)
    .join(ChallengeRow, _ITEM)
    .where(col(DeliveryRow.person) == _PERSON, col(DeliveryRow.read_at).is_(None), _NOT_IN_ERROR)
    .limit(bindparam("most"))
    .subquery()
)
_UNREAD_REPORTS = select_of(ReportCopyRow, _AUTHORITY, func.count()).where(
    col(ReportCopyRow.person) == _PERSON, col(ReportCopyRow.read_at).is_(None)
)
_HELD = select_of(NotificationRow, _AUTHORITY, func.count()).where(
    col(NotificationRow.state) == NotificationState.BRAKED.value, col(AuthorityRow.brake) != ""
)
_BRAKED_BY = select_of(PersonRow, _AUTHORITY, PersonRow.name).where(col(PersonRow.id) == col(AuthorityRow.brake_by))
BEGINNING_OF_PAGE = select(
    col(AuthorityRow.label_pack).label("pack"),
    (select(func.count()).select_from(_SOME_UNREAD).scalar_subquery() + _UNREAD_REPORTS.scalar_subquery()).label("unread"),
    col(AuthorityRow.is_live),
    col(AuthorityRow.brake).label("holds"),
    col(AuthorityRow.brake_why).label("why"),
    col(AuthorityRow.brake_since).label("since"),
    _BRAKED_BY.correlate(core_table(AuthorityRow)).scalar_subquery().label("by"),
    _HELD.correlate(core_table(AuthorityRow)).scalar_subquery().label("held"),
).where(col(AuthorityRow.key) == _AUTHORITY)
"""What every page begins with: the authority's label pack; how many messages and reports a `person` has not read, messages
counted no further than `most`; how sending is paused, by whom, since when, why, and how many messages that holds."""
