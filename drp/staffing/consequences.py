"""What follows for open items when the directory changed: found by comparing, so that a repeat, or a crash between, is harmless.

Nothing is queued. Each open item is compared with the directory as it stands on the day, and with what its own record
says was told already: what is settled gives no event. So it may run after an import, again after a crash, and every day,
which is how a post or a cover that begins later than its import is felt.
"""

import json
import logging
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, update
from sqlmodel import col

from drp.casework import load
from drp.casework.load import StoredChallenge
from drp.casework.service import Casework
from drp.database.authority_tables import AuthorityRow
from drp.database.challenge_tables import ChallengeRow, EntryRow, InvolvedRow
from drp.database.directory_tables import ChildRow, PostRow, UnitRow
from drp.database.engine import Store
from drp.database.gathering import gather_by_key
from drp.database.message_tables import DeliveryRow, NotificationRow
from drp.database.scope import core_table, in_authority, match_day, select_of
from drp.database.statements import MESSAGE_OF_COPY
from drp.database.unavailable import Unavailable
from drp.directory.lookup import facts_of_child
from workflows.calendar.working_days import local_date
from workflows.decision.decision_builder import NotificationKind
from workflows.decision.recipients import About, Establishment, ReachedHow, iro_of, nobody_is_asked, reach_asked, reach_people
from workflows.model.authority import Capacity, Rules
from workflows.model.challenge import Facts, Party
from workflows.model.events import ChildFactsChanged, Event, IroChanged, PostEmptied, PostTakenOver
from workflows.model.ladder import RAISER

log = logging.getLogger("drp.directory")

BATCH = 200
"""Items compared in one reading transaction."""


@dataclass
class BroughtConsequences:
    """What was brought to which item, and the items that could not be decided (logged)."""

    brought: list[tuple[str, Event]] = field(default_factory=list)
    failed: list[UUID] = field(default_factory=list)


def claim_day(store: Store, authority: str, day: date) -> bool:
    """Claim the comparison of a day for this replica. Returns False if another has it: one conditional UPDATE decides."""
    with store.write(authority) as connection:
        older = col(AuthorityRow.directory_day).is_(None) | (col(AuthorityRow.directory_day) < day)
        return (
            connection.execute(
                update(AuthorityRow).where(col(AuthorityRow.key) == authority, older).values(directory_day=day)
            ).rowcount
            == 1
        )


def bring_consequences(casework: Casework, authority: str, now: datetime) -> BroughtConsequences:
    """Bring to every open item what the directory says that it has not been told. `now`: aware UTC.

    A child's new facts come first, in a transaction of their own, so that their team's new posts are then compared.
    Raises Unavailable where the database is; running again goes on where it stopped.
    """
    followed = BroughtConsequences()
    for compare in (_new_facts, _new_people):
        with casework.store.read(authority) as connection:
            open_items = connection.execute(
                select_of(ChallengeRow, authority, ChallengeRow.id)
                .where(col(ChallengeRow.is_open))
                .order_by(col(ChallengeRow.raised_at), col(ChallengeRow.id))
            ).scalars().all()  # fmt: skip
        for start in range(0, len(open_items), BATCH):
            with casework.store.read(authority) as connection:
                found = compare(casework, connection, authority, open_items[start : start + BATCH], local_date(now))
            for loaded, events in found:
                _bring(casework, authority, loaded, events, now, followed)
    return followed


def _bring(
    casework: Casework,
    authority: str,
    loaded: StoredChallenge,
    events: Sequence[Event],
    now: datetime,
    followed: BroughtConsequences,
) -> None:
    try:
        casework.note_change(authority, loaded.id, events, now)
    except Unavailable:
        raise
    except Exception:
        # One item that cannot be decided must not keep the news from the others.
        log.exception("directory change not brought", extra={"authority": authority, "challenge": str(loaded.id)})
        followed.failed.append(loaded.id)
    else:
        followed.brought += [(loaded.reference, event) for event in events]


Found = list[tuple[StoredChallenge, list[Event]]]


def _new_facts(casework: Casework, connection: Connection, authority: str, ids: Sequence[UUID], day: date) -> Found:
    """Items whose child's facts are no longer those that they carry."""
    items = [item for item in load.load_challenges(connection, authority, ids).values() if item.child]
    if not items:
        return []
    on = in_authority(UnitRow, authority) & (col(UnitRow.kind) == "team") & (col(UnitRow.key) == col(ChildRow.team))
    rows = connection.execute(
        select_of(ChildRow, authority, core_table(ChildRow), UnitRow.within)
        .outerjoin(UnitRow, on)
        .where(col(ChildRow.id).in_({item.child for item in items}))
    )
    facts = {row.id: facts_of_child(row, row.within or "") for row in rows}
    return [
        (item, [_facts_changed(facts[item.child])]) for item in items if item.child and facts[item.child] != item.challenge.facts
    ]


def _facts_changed(facts: Facts) -> ChildFactsChanged:
    return ChildFactsChanged(
        tuple(sorted(status.value for status in facts.statuses)), facts.in_plo, facts.in_proceedings,
        tuple(sorted(facts.facts)), facts.team, facts.service, facts.next_review,
    )  # fmt: skip


def _new_people(casework: Casework, connection: Connection, authority: str, ids: Sequence[UUID], day: date) -> Found:
    """Items whose IRO is another, or of which somebody else, or nobody, holds a post that owes an answer."""
    items = load.load_challenges(connection, authority, ids)
    told, alarmed = _told(connection, authority, ids), _alarmed(connection, authority, ids)
    involved = _involved(connection, authority, ids)
    chosen = {party for item in items.values() for _, party in _owing(item) if party.person}
    holding = _holding(connection, authority, chosen, day)
    found: Found = []
    for item in items.values():
        challenge = item.challenge
        rules = casework.procedures.rules(connection, authority, challenge.ladder_hash, challenge.authority_hash)
        establishment = load.load_establishment(connection, authority, [item.about()])
        known = _Known(rules, item, establishment, item.about(), day, told.get(item.id, ()), set(involved.get(item.id, ())))
        events: list[Event] = []
        if item.child and challenge.raiser_role in rules.authority.roles_acting_as(Capacity.IRO) and known.iro_is_another(item):
            events.append(IroChanged(challenge.raiser_role))
        seen: set[str] = set()
        for sequence, party in _owing(item):
            if party.role in seen or not rules.authority.has_role(party.role):
                continue
            if party.person:
                empty = (party.role, party.person) not in holding
            else:
                stage = _stage_of_stay(item, sequence)
                empty = nobody_is_asked(party, stage, rules, establishment, item.about(), day)
            if empty and party.role not in alarmed[item.id, challenge.sequence]:
                events.append(PostEmptied(party.role))
                seen.add(party.role)
            elif not empty and not party.person and known.is_taken_over(party, sequence):
                events.append(PostTakenOver(party.role))
                seen.add(party.role)
        if events:
            found.append((item, events))
    return found


def _stage_of_stay(item: StoredChallenge, sequence: int) -> str:
    """The stage at which an item was in a stay."""
    return next((visit.stage for visit in item.challenge.visits if visit.sequence == sequence), item.challenge.stage)


def _owing(item: StoredChallenge) -> Iterator[tuple[int, Party]]:
    """Parties, other than the raiser, who owe an answer, with the stay at a stage in which they were asked."""
    for window in item.challenge.open_windows():
        for asked in window.asked:
            if asked.answered_at is None and asked.party.role != RAISER:
                yield window.key.sequence, asked.party


@dataclass(frozen=True)
class _Known:
    """Who is reached for an item today, and who was told.

    `told`: rows of the copies of its messages, each with its message. `involved`: who was ever told in which role. A message
    reaches a person once, though they hold two of the roles it asks.
    """

    rules: Rules
    item: StoredChallenge
    establishment: Establishment
    about: About
    day: date
    told: Sequence[Any]
    involved: Set[tuple[str, str]]

    def is_taken_over(self, party: Party, sequence: int) -> bool:
        """True if the post has a holder, or who covers for them, who has not been told of what it is asked, and others have."""
        role = party.role
        if not any(told.party == role for told in self.told) and not any(role == known for _, known in self.involved):
            return False
        stage = _stage_of_stay(self.item, sequence)
        for reached in reach_asked(party, stage, self.rules, self.establishment, self.about, self.day):
            if reached.how in (ReachedHow.HOLDER, ReachedHow.COVER):
                since = self._since(reached.person, reached.how, party)
                if not any(self._heard(told, reached.person, role, sequence, since) for told in self.told):
                    return True
        return False

    def _heard(self, told: Any, person: str, role: str, sequence: int, since: date) -> bool:
        if str(told.person) != person or not told.as_to or told.sequence < sequence or local_date(told.at) < since:
            return False
        return told.party == role or (person, role) in self.involved

    def _since(self, person: str, how: ReachedHow, party: Party) -> date:
        """The day from which somebody is reached for a post. What they were told before it does not count."""
        if how is ReachedHow.HOLDER:
            days = [
                p.since for p in self.establishment.posts if (p.person, p.role) == (person, party.role) and p.is_held_on(self.day)
            ]
        else:
            days = [since for one in self._covered if (since := one.get(person))]
        return min(days, default=self.day)

    @cached_property
    def _covered(self) -> Sequence[Mapping[str, date | None]]:
        """Who is there for each person who holds a post that this item needs, and since when."""
        holders = dict.fromkeys(post.person for post in self.establishment.posts if post.is_held_on(self.day))
        return [self.establishment.covers.there_since(holder, self.day) for holder in holders]

    def iro_is_another(self, item: StoredChallenge) -> bool:
        """Is the child's IRO, or who covers for them, another than whoever was told last, or than whoever raised it?"""
        iros = iro_of(self.rules.authority, self.establishment, self.about, self.day)
        reached = reach_people(Party(RAISER), self.rules.authority, self.establishment, self.about, self.day)
        now = {iro.person for iro in reached if iro.how is not ReachedHow.DELEGATE}
        if not now:
            return False  # nobody at all could be told
        told_of_iro = [told for told in self.told if told.subject == NotificationKind.IRO_CHANGED.value]
        if told_of_iro:
            last = max(told.version for told in told_of_iro)
            return now != {str(t.person) for t in told_of_iro if t.version == last and t.how != ReachedHow.DELEGATE.value}
        raised, there = local_date(item.challenge.raised_at), self.establishment.covers.there_since(str(item.raiser), self.day)
        return str(item.raiser) not in iros or any(since and since > raised for since in there.values())


def _told(connection: Connection, authority: str, ids: Sequence[UUID]) -> Mapping[UUID, list[Any]]:
    """What was told of some items, a row for each copy of each message."""
    rows = connection.execute(
        select_of(
            DeliveryRow,
            authority,
            DeliveryRow.challenge,
            DeliveryRow.version,
            DeliveryRow.party,
            DeliveryRow.person,
            DeliveryRow.how,
            DeliveryRow.as_to,
            NotificationRow.subject,
            NotificationRow.sequence,
            NotificationRow.at,
        )
        .join(
            NotificationRow,
            MESSAGE_OF_COPY,
        )
        .where(col(DeliveryRow.challenge).in_(ids))
    )
    return gather_by_key((row.challenge, row) for row in rows)


def _involved(connection: Connection, authority: str, ids: Sequence[UUID]) -> Mapping[UUID, list[tuple[str, str]]]:
    rows = connection.execute(
        select_of(InvolvedRow, authority, InvolvedRow.challenge, InvolvedRow.person, InvolvedRow.role).where(
            col(InvolvedRow.challenge).in_(ids)
        )
    )
    return gather_by_key((row.challenge, (str(row.person), row.role)) for row in rows)


def _alarmed(connection: Connection, authority: str, ids: Sequence[UUID]) -> Mapping[tuple[UUID, int], set[str]]:
    """The roles that were said to be empty in each stay at a stage, since they were last taken over or the child moved."""
    kinds = ("post_emptied", "post_taken_over", "child_facts_changed")
    rows = connection.execute(
        select_of(EntryRow, authority, EntryRow.challenge, EntryRow.sequence, EntryRow.kind, EntryRow.facts)
        .where(col(EntryRow.challenge).in_(ids), col(EntryRow.kind).in_(kinds))
        .order_by(col(EntryRow.challenge), col(EntryRow.number))
    )
    found: dict[tuple[UUID, int], set[str]] = defaultdict(set)
    for row in rows:
        roles = found[row.challenge, row.sequence]
        if row.kind == "post_emptied":
            roles.add(json.loads(row.facts)["role"])
        elif row.kind == "post_taken_over":
            roles.discard(json.loads(row.facts)["role"])
        else:
            roles.clear()
    return found


def _holding(connection: Connection, authority: str, chosen: Set[Party], day: date) -> Set[tuple[str, str]]:
    """Of people chosen by name, those who still hold the role they were chosen in."""
    if not chosen:
        return set()
    of_them = col(PostRow.person).in_({UUID(party.person) for party in chosen})
    posts = select_of(PostRow, authority, PostRow.role, PostRow.person).where(of_them, *match_day(PostRow, day))
    return {(row.role, str(row.person)) for row in connection.execute(posts)}
