"""Changes to the directory that a person makes in the service: a caseload handed over, a leaver, access ended (cover: beside).

Each is one transaction under the import's own lock, ends what it ends as the import does (the past is not rewritten,
nothing is deleted), and marks the directory as to be looked at again: `tell_open_items`, or the next heartbeat, then brings
to the open items what follows. Only people of the directory can be named. Who changed what stands in
`drp.data_protection.admin_audit_log`.
"""

import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Connection, insert, or_, update
from sqlmodel import col

from drp.casework.access import NotFound
from drp.casework.service import Casework
from drp.data_protection import admin_audit_log
from drp.database.authority_tables import AuthorityRow
from drp.database.directory_tables import CoverRow, PersonRow, PostRow
from drp.database.scope import count_of, match_day, select_of, update_of
from drp.database.unavailable import Unavailable
from drp.directory import importing, people
from drp.directory.people import DirectoryPerson
from drp.identity import accounts, sessions, sign_in, tokens
from drp.identity.principal import NotPermitted, Principal
from drp.identity.seal import Seal
from drp.staffing import caseloads
from drp.staffing.caseloads import HeldCase
from drp.staffing.consequences import bring_consequences, claim_day
from workflows.calendar.working_days import local_date, long_date
from workflows.model.authority import Authority, Capacity, HeldFor, Rules
from workflows.model.refusals import Unfit

log = logging.getLogger("drp.directory")

FARTHEST = timedelta(days=730)
"""A day farther away than this is a slip of the pen."""

CHOOSE = "Choose somebody of the list."

HAND_OVER = "hand-over"
"""What a hand-over is called among the changes that people made."""


class DirectoryChange(StrEnum):
    """What somebody may change of a person in the directory."""

    COVER = "who stands in for them"
    CASELOAD = "whose children they have"
    LEAVING = "that they leave"
    ACCESS = "how they are signed in"


def may_change(signed: Principal, words: Authority, change: DirectoryChange, of: DirectoryPerson) -> bool:
    """May they make this change for somebody? The one place where it is decided.

    Everybody names their own stand-in: who is away must not have to wait for others. An IRO manager answers for the people
    of the IRO service, and alone hands a caseload over: who is a child's IRO is for the service to say, whose independence
    it is. An administrator keeps the directory, for everybody; but cover for the IRO service is the IRO service's to give.
    Nobody records their own leaving.
    """
    own = signed.person == str(of.id)
    if change is DirectoryChange.CASELOAD:
        return Capacity.IRO_MANAGER in signed.capacities
    if own:
        return change is not DirectoryChange.LEAVING
    if change is DirectoryChange.COVER and of.is_of_iro_service(words):
        return Capacity.IRO_MANAGER in signed.capacities
    if Capacity.ADMINISTRATOR in signed.capacities:
        return True
    return Capacity.IRO_MANAGER in signed.capacities and of.is_of_iro_service(words)


def may_name_themselves(words: Authority, of: DirectoryPerson, by: DirectoryPerson) -> bool:
    """May somebody make themselves the stand-in of another? Whoever covers sees what the other sees, so nobody does.

    But an IRO manager may for the people of the service, all of whose items they see already; by a post of their own, or
    whoever covers for them could make it last.
    """
    return Capacity.IRO_MANAGER in by.acts_as(words) and of.is_of_iro_service(words)


@dataclass(frozen=True)
class HandOverResult:
    """What a hand-over moves: children by their posts, and the references of the open items that go with them."""

    cases: tuple[HeldCase, ...]
    change: UUID | None = None
    """What the hand-over, once made, can be found again by: so it can be handed back."""

    @property
    def references(self) -> tuple[str, ...]:
        """The open items that go along."""
        return tuple(dict.fromkeys(reference for case in self.cases for reference in case.references))


@dataclass(frozen=True)
class ChangeDesk:
    """One change under way: the transaction, the authority's words, who makes it, on which day."""

    connection: Connection
    words: Authority
    signed: Principal
    day: date
    current: Sequence[Rules]
    """The rules of every ladder of the authority's present files."""

    def record(self, casework: Casework, now: datetime, what: str, **which: object) -> UUID:
        """Write down who changed what, with the change. Returns what it can be found again by."""
        return admin_audit_log.note_admin_change(self.connection, casework, self.signed, now, what, **which)

    def somebody(self, person: UUID) -> DirectoryPerson:
        """A person of the directory. Raises NotFound."""
        found = people.read_person(self.connection, self.words.key, person, self.day)
        if found is None:
            raise NotFound
        return found

    def allowed(self, change: DirectoryChange, person: UUID) -> DirectoryPerson:
        """The person whom a change is about. Raises NotFound, NotPermitted."""
        found = self.somebody(person)
        if not may_change(self.signed, self.words, change, found):
            raise NotPermitted
        return found


@contextmanager
def changing_directory(casework: Casework, signed: Principal, now: datetime, concerns_items: bool = True) -> Iterator[ChangeDesk]:
    """One transaction in which somebody changes the directory, under the import's own lock. Raises Unavailable."""
    with casework.store.write(signed.authority) as connection:
        importing.lock_imports(connection, signed.authority)
        admin_audit_log.look_before_change(connection, casework, signed.authority, now)
        rules = casework.procedures.current(connection, signed.authority)
        yield ChangeDesk(connection, rules[0].authority, signed, local_date(now), rules)
        if concerns_items:
            # Kept with the change: if nobody gets to tell the open items now, the next heartbeat does.
            connection.execute(update(AuthorityRow).where(col(AuthorityRow.key) == signed.authority).values(directory_day=None))


def tell_open_items(casework: Casework, authority: str, now: datetime) -> None:
    """Bring to the open items what changed, as the heartbeat does with a new day; unless a replica is at it already."""
    try:
        if claim_day(casework.store, authority, local_date(now)):
            bring_consequences(casework, authority, now)
    except Unavailable as error:
        log.warning("open items were not told yet: %s", error)


# Caseloads.


def hand_over_cases(
    casework: Casework, signed: Principal, now: datetime,
    *, of: UUID, to: UUID, since: date, children: Collection[UUID] | None = None, role: str = "", keeps: Collection[UUID] = (),
) -> HandOverResult:  # fmt: skip
    """Hand an IRO's caseload, or some children of it, to another from a day on (children None: all; role empty: every one).

    One IRO's posts end the day before, the other's begin: no child is without an IRO for a day (Children Act 1989 s.25A).
    `keeps`: children whom the first goes on having beside the other. Raises Unfit, NotFound, NotPermitted, Unavailable.
    """
    with changing_directory(casework, signed, now) as desk:
        giver, taker = desk.allowed(DirectoryChange.CASELOAD, of), desk.somebody(to)
        result = check_hand_over(desk.connection, desk.words, giver, taker, since, children, role, desk.day)
        held = select_of(PostRow, signed.authority, PostRow.role, PostRow.key, PostRow.until).where(
            col(PostRow.person) == to, col(PostRow.held_for) == HeldFor.CHILD.value, *match_day(PostRow, since)
        )
        already: dict[tuple[str, str], date] = {}
        for row in desk.connection.execute(held):
            already[row.role, row.key] = max(row.until or date.max, already.get((row.role, row.key), date.min))
        shared = {str(case.child) for case in result.cases if (case.role, str(case.child)) in already}
        begun = []
        for case in sorted(result.cases, key=lambda case: case.since):
            which = (case.role, str(case.child))
            if case.child not in keeps:
                # What had ended with their leaving stays as it was.
                desk.connection.execute(
                    update_of(PostRow, signed.authority)
                    .where(col(PostRow.id) == case.post, or_(col(PostRow.until).is_(None), col(PostRow.until) >= since))
                    .values(until=since - timedelta(days=1))
                )
            # Where they have the child until a later day already (a hand-over to come is taken back), they go on from there.
            held_until = already.get(which, since - timedelta(days=1))
            if held_until >= (taker.left_on or date.max):
                continue
            begun.append({
                "authority": signed.authority, "id": casework.chance.identity(), "role": case.role,
                "held_for": HeldFor.CHILD.value, "key": str(case.child), "person": to,
                "since": max(case.since, held_until + timedelta(days=1)), "until": taker.left_on,
            })  # fmt: skip
            already[which] = date.max
        if begun:
            desk.connection.execute(insert(PostRow), begun)
        children_named = ",".join(dict.fromkeys(str(case.child) for case in result.cases))
        change = desk.record(
            casework, now, HAND_OVER, of=of, to=to, since=since, children=children_named, shared=",".join(sorted(shared))
        )
    return replace(result, change=change)


def check_hand_over(
    connection: Connection, words: Authority, of: DirectoryPerson, to: DirectoryPerson, since: date,
    children: Collection[UUID] | None, role: str, day: date,
) -> HandOverResult:  # fmt: skip
    """What a hand-over would move. Raises Unfit for one that makes no sense."""
    if of.id == to.id:
        raise Unfit(f"{of.name} has these children already.", "Choose somebody else.", "to")
    if to.agency or not takes_cases(connection, words, to):
        raise Unfit(f"{to.name} is no IRO here.", "Choose an IRO: only one may be a child's.", "to")
    check_day(since, day, "since")
    if not to.is_here_on(since):
        raise Unfit(f"{to.name} has left by then.", CHOOSE, "to")
    if of.left_on is not None and since > (latest := max(day, of.left_on + timedelta(days=1))):
        raise Unfit(
            f"The last day of {of.name} is {long_date(of.left_on)}: the children would have no IRO after it.",
            f"Hand over from {long_date(latest)} at the latest.", "since",
        )  # fmt: skip
    cases = [case for case in caseloads.cases_of(connection, words, of.id, day) if not role or case.role == role]
    if children is not None:
        if unknown := set(children) - {case.child for case in cases}:
            raise Unfit(f"{len(unknown)} of these children are not theirs any more.", "Look at the list again.", "children")
        cases = [case for case in cases if case.child in children]
    if not cases:
        raise Unfit(f"{of.name} has no children to hand over.", "Nothing needs doing.", "of")
    if near := caseloads.in_their_line(connection, words, to.id, {case.child for case in cases}, since):
        numbers = ", ".join(case.number for case in cases if case.child in near)
        raise Unfit(
            f"{to.name} is or was part of the casework for {numbers}: their IRO is independent of it.",
            "Leave these children out, or choose somebody else.", "to",
        )  # fmt: skip
    return HandOverResult(tuple(cases))


def takes_cases(connection: Connection, words: Authority, person: DirectoryPerson) -> bool:
    """May somebody be a child's IRO? They are an IRO or an IRO manager today; or were an IRO, and have become nothing else."""
    if person.posts:
        return bool(person.acts_as(words) & {Capacity.IRO, Capacity.IRO_MANAGER})
    as_iro = (col(PostRow.person) == person.id, col(PostRow.role).in_(words.roles_acting_as(Capacity.IRO)))
    return count_of(connection, PostRow, words.key, *as_iro) > 0


# Leaving.


def record_leaver(casework: Casework, signed: Principal, now: datetime, *, of: UUID, last_day: date) -> None:
    """Record somebody's last day: their posts and covers end with it, and nobody signs in as them after it.

    Refused while children would be left without an IRO. Raises Unfit, NotFound, NotPermitted, Unavailable.
    """
    with changing_directory(casework, signed, now) as desk:
        person = desk.allowed(DirectoryChange.LEAVING, of)
        check_leaver(desk.connection, desk.words, person, last_day, desk.day)
        desk.connection.execute(update_of(PersonRow, signed.authority).where(col(PersonRow.id) == of).values(left_on=last_day))
        for table, until, whose in (
            (PostRow, col(PostRow.until), col(PostRow.person) == of),
            (CoverRow, col(CoverRow.until), or_(col(CoverRow.of) == of, col(CoverRow.by) == of)),
        ):
            desk.connection.execute(
                update_of(table, signed.authority).where(whose, or_(until.is_(None), until > last_day)).values(until=last_day)
            )
        desk.record(casework, now, "leaver", of=of, last_day=last_day)


def check_leaver(connection: Connection, words: Authority, person: DirectoryPerson, last_day: date, day: date) -> None:
    """Raise Unfit for a last day that makes no sense, or that would leave a child without an IRO."""
    if person.left_on is not None and person.left_on < day:
        raise Unfit(f"{person.name} left on {long_date(person.left_on)}.", "Nothing more needs doing.", "last_day")
    if last_day < day - timedelta(days=1):
        raise Unfit(
            f"{long_date(last_day)} has passed, and what is past stays as it was.",
            "Write yesterday, if they have gone already: they can then do nothing here from now on.", "last_day",
        )  # fmt: skip
    if last_day > day + FARTHEST:
        raise Unfit(f"{long_date(last_day)} is more than two years away.", "Check the year.", "last_day")
    if person.left_on is not None and last_day > person.left_on:
        raise Unfit(
            f"Their last day is recorded as {long_date(person.left_on)}.",
            "A later one comes with the next load of the directory.", "last_day",
        )  # fmt: skip
    after = max(last_day + timedelta(days=1), day)
    keys = {str(case.child) for case in caseloads.cases_of(connection, words, person.id, after)}
    if alone := keys - caseloads.children_with_another_iro(connection, words, person.id, keys, after):
        raise Unfit(
            f"{len(alone)} {'child' if len(alone) == 1 else 'children'} would have no IRO after that day.",
            "Have an IRO manager hand over their caseload first; then record that they leave.", "last_day",
        )  # fmt: skip


# Access.


def sign_out_person(casework: Casework, signed: Principal, now: datetime, of: UUID) -> int:
    """Sign somebody out everywhere, in force at their next request; links under way end too. Returns how many sessions ended."""
    return _end_access(casework, signed, now, of, "signed out", "sessions", sessions.end_sessions_of, sign_in.end_links_of)


def end_accounts(casework: Casework, signed: Principal, now: datetime, of: UUID) -> int:
    """End every account by which somebody signs in, and with them all else that lets them in. Returns how many accounts ended."""
    return _end_access(casework, signed, now, of, "accounts ended", "accounts", accounts.end_accounts_of, *ALL_ELSE)


def revoke_tokens_of(casework: Casework, signed: Principal, now: datetime, of: UUID) -> int:
    """End every token of somebody, in force at its next use. Returns how many ended."""
    return _end_access(casework, signed, now, of, "tokens revoked", "tokens", tokens.revoke_tokens)


ALL_ELSE = (sessions.end_sessions_of, tokens.revoke_tokens, sign_in.end_links_of)
"""What lets somebody in beside their accounts."""


def suspend_person(casework: Casework, signed: Principal, now: datetime, of: UUID) -> int:
    """Let nobody sign in as somebody, by whatever way, until `lift_suspension`; sessions, tokens and links end at once.

    For a lost laptop: one press. Posts and what they are asked stay theirs. Returns how many sessions ended.
    """
    return _end_access(casework, signed, now, of, "suspended", "sessions", *ALL_ELSE, suspend_sign_in)


def lift_suspension(casework: Casework, signed: Principal, now: datetime, of: UUID) -> None:
    """Let somebody sign in again. What ended stays ended: tokens are made anew."""
    with changing_directory(casework, signed, now, concerns_items=False) as desk:
        desk.allowed(DirectoryChange.ACCESS, of)
        if str(of) == signed.person:
            raise NotPermitted
        desk.connection.execute(update_of(PersonRow, signed.authority).where(col(PersonRow.id) == of).values(suspended_at=None))
        desk.record(casework, now, "let in again", of=of)


def approve_account(casework: Casework, seal: Seal, signed: Principal, now: datetime, id_: str) -> None:
    """Say that an account is its person's. Raises NotFound, NotPermitted."""
    with changing_directory(casework, signed, now, concerns_items=False) as desk:
        listed = accounts.list_accounts(desk.connection, signed.authority)
        one = next((one for one in listed if one.id == id_), None)
        if one is None:
            raise NotFound
        desk.allowed(DirectoryChange.ACCESS, one.person)
        if str(one.person) == signed.person:
            raise NotPermitted  # nobody vouches for themselves
        if accounts.bind_account(desk.connection, seal, signed.authority, id_, now) is None:
            raise Unfit(
                f"{one.of} signs in by another account of this provider.", "End that one first, on the page of the person.", ""
            )
        desk.record(casework, now, "account approved", of=one.person, account=id_)


def confirm_token(casework: Casework, seal: Seal, signed: Principal, now: datetime, id_: str) -> None:
    """Let a token go on to its own end. Raises NotFound, NotPermitted."""
    with changing_directory(casework, signed, now, concerns_items=False) as desk:
        one = next((one for one in tokens.list_tokens(desk.connection, signed.authority, now) if one.id == id_), None)
        if one is None:
            raise NotFound
        desk.allowed(DirectoryChange.ACCESS, one.person)
        if tokens.keep_token(desk.connection, seal, signed.authority, id_, now):
            desk.record(casework, now, "token confirmed", of=one.person, token=id_)


def suspend_sign_in(connection: Connection, authority: str, person: UUID, now: datetime) -> int:
    """Keep that nobody signs in as somebody from now on. Returns 1, or 0 where it was so already."""
    theirs = (col(PersonRow.id) == person, col(PersonRow.suspended_at).is_(None))
    return connection.execute(update_of(PersonRow, authority).where(*theirs).values(suspended_at=now)).rowcount


def _end_access(
    casework: Casework, signed: Principal, now: datetime, of: UUID, what: str, ended: str,
    *ends: Callable[[Connection, str, UUID, datetime], int],
) -> int:  # fmt: skip
    """End ways of somebody to be signed in, and record how many of the first kind ended (called `ended`). Returns that number."""
    with changing_directory(casework, signed, now, concerns_items=False) as desk:
        desk.allowed(DirectoryChange.ACCESS, of)
        numbers = [end(desk.connection, signed.authority, of, now) for end in ends]
        desk.record(casework, now, what, of=of, **{ended: numbers[0]})
    return numbers[0]


def check_day(named: date, day: date, field: str) -> None:
    """Raise Unfit for a day that has passed, or that is absurdly far."""
    if named < day:
        raise Unfit(f"{long_date(named)} has passed.", "Name today or a later day.", field)
    if named > day + FARTHEST:
        raise Unfit(f"{long_date(named)} is more than two years away.", "Check the year.", field)
