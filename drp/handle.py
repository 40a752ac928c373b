"""One event, one transaction: loaded, decided by the pure function, addressed to people, kept whole or not at all."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError
from sqlmodel import col

from drp import access, load
from drp.access import NotFound
from drp.catching_up import hold, last_tick, up_to
from drp.chance import Chance
from drp.intake import check_chosen, intake
from drp.keep import Keeper, Kept, Message
from drp.load import Loaded
from drp.principal import Signed
from drp.procedures import Procedures
from drp.store import Conflict, Store, Unavailable
from drp.tables import EntryRow, IdempotencyRow, InvolvedRow
from drp.telling import addressed
from drp.timeline import GENESIS
from workflows import decide as deciding
from workflows.event_rules import open_moves
from workflows.events import (
    ChildFactsChanged,
    Corrected,
    Earlier,
    Event,
    LadderMoved,
    Raised,
    Resolved,
)
from workflows.permits import THE_SERVICE, Act, Actor, Part
from workflows.procedure import Rules
from workflows.raising import Prompt
from workflows.recipients import Establishment
from workflows.refusals import NotOpen, NotYours, Unfit
from workflows.turn import Decision, Visible
from workflows.working_days import local_date

TRIES = 5
"""How often a decision is made again because another on the same challenge committed first."""


class KeyReused(Exception):
    """An idempotency key came again with another body."""


class Stale(Exception):
    """The challenge is no longer at the stage and state that the person was looking at."""


@dataclass(frozen=True)
class Retry:
    """What makes a repeat harmless: the caller's key, and a hash of the body it came with."""

    key: str = ""
    body_hash: str = ""


@dataclass(frozen=True)
class Done:
    """What was done: the item as it now stands, the number of the event's own entry, and who was told."""

    loaded: Loaded
    rules: Rules
    actor: Actor
    entry: int
    messages: tuple[Message, ...]
    establishment: Establishment
    prompts: tuple[Prompt, ...] = ()
    already_open: tuple[Earlier, ...] = ()


Answer = dict[str, Any]
Render = Callable[[Connection, Done], Answer]


def etag_of(loaded: Loaded) -> str:
    """Covers stage and state, so that a reminder does not throw away an answer that somebody is typing."""
    challenge = loaded.challenge
    return f"{challenge.sequence}.{challenge.state}"


class Casework:
    """Everything that changes an item passes here: raising, events, and (through `sweep`) the windows that close."""

    def __init__(self, store: Store, procedures: Procedures, keeper: Keeper, chance: Chance, hold_after: timedelta) -> None:
        self.store, self.procedures, self.keeper, self.chance = store, procedures, keeper, chance
        self.hold_after = hold_after

    def act(
        self, signed: Signed, reference: str, event: Event, now: datetime, render: Render,
        retry: Retry = Retry(), if_match: str = "",
    ) -> Answer:  # fmt: skip
        """Bring an event to an item. Raises Refused, NotFound, AccessEnded, Stale, KeyReused, Unavailable."""

        def once(connection: Connection) -> Answer:
            known = self.find_answer(connection, signed, retry)
            if known is not None:
                return known
            authority = signed.authority
            id_ = load.by_reference(connection, authority, reference)
            found = load.challenges(connection, authority, [id_], lock=not self.store.is_sqlite) if id_ else {}
            if id_ is None or id_ not in found:
                raise NotFound
            loaded = found[id_]
            challenge = loaded.challenge
            rules = self.procedures.rules(connection, authority, challenge.ladder_hash, challenge.authority_hash)
            establishment = load.establishment(connection, authority, loaded.abouts())
            # Who they are on it, and what they saw, is asked of the item as a sweep at this moment would have left it.
            closed = up_to(now, rules, loaded, last_tick(connection, authority), self.hold_after)
            before = closed.challenge if closed else challenge
            stands = replace(loaded, challenge=before)
            actor = access.actor_on(stands, rules, establishment, signed.person, local_date(now))
            check_not_sealed(stands, actor)
            access.check_sees(actor, self._was_involved(connection, signed, id_))
            if if_match and if_match != etag_of(stands):
                raise Stale
            corrects = isinstance(event, Corrected) and self.check_own_entry(connection, loaded, event, actor, authority)
            check_chosen(connection, rules.authority, establishment, stands.about(), event, local_date(now))
            try:
                if isinstance(event, LadderMoved):
                    to = self.procedures.version(connection, authority, loaded.ladder, event.version)
                    decision = deciding.move_ladder(rules, to, before, Act(event, actor), now)
                    rules = to
                else:
                    decision = deciding.decide(rules, before, Act(event, actor), now)
            except NotOpen as refused:
                refused.moves = open_moves(rules, before, actor)
                raise
            if corrects:
                decision = _visible_as(corrects, event, decision)
            if closed:
                decision = replace(closed.then(decision), before=challenge)
            decision, messages = addressed(rules, establishment, loaded, decision, now)
            self.keeper.keep(connection, authority, [Kept(loaded, decision, messages, rules.authority)], now)
            offset = next((n for n, entry in enumerate(decision.entries, 1) if entry.kind == event.type), 0)
            after = replace(loaded, challenge=decision.challenge, version=loaded.version + 1)
            done = Done(after, rules, actor, loaded.entries + offset, messages, establishment)
            return self.store_answer(connection, signed, retry, done, 200, now, render)

        return self._settled(signed.authority, once)

    def raise_item(
        self, signed: Signed, child: str, event: Raised, now: datetime, render: Render,
        retry: Retry = Retry(), team: str = "", ladder: str = "", settled: Resolved | None = None,
    ) -> Answer:  # fmt: skip
        """Raise an item about a child (by case number) or, with `team`, about a service. Raises Refused and the like.

        `settled`: a talk that was settled when it is logged; both are kept, or neither.
        """

        def once(connection: Connection) -> Answer:
            known = self.find_answer(connection, signed, retry)
            if known is not None:
                return known
            done = self.raise_within(connection, signed, child, event, now, team, ladder, settled)
            return self.store_answer(connection, signed, retry, done, 201, now, render)

        return self._settled(signed.authority, once)

    def raise_within(
        self, connection: Connection, signed: Signed, child: str, event: Raised, now: datetime, team: str = "", ladder: str = "",
        settled: Resolved | None = None,
    ) -> Done:  # fmt: skip
        """Raise an item as part of a larger transaction, which the caller commits. Raises Refused with nothing written."""
        authority, day = signed.authority, local_date(now)
        taken = intake(connection, self.procedures, signed, child, event, now, team, ladder)
        rules, subject, actor, decided = taken.rules, taken.subject, taken.actor, taken.decided
        establishment = taken.establishment
        raiser = actor.behalf_of or signed.person
        new = Loaded(
            self.chance.identity(), self.chance.reference(), 0, subject.child, subject.number, subject.initials,
            UUID(raiser), rules.ladder.key, decided.decision.challenge, 0, GENESIS,
        )  # fmt: skip
        made = decided.decision
        if settled:
            stands = replace(new, challenge=made.challenge)
            settling = access.actor_on(stands, rules, establishment, signed.person, day)
            made = made.then(deciding.decide(rules, made.challenge, Act(settled, settling), now))
        decision, messages = addressed(rules, establishment, new, made, now)
        links = self._links(connection, authority, event.linked)
        self.keeper.keep(connection, authority, [Kept(None, decision, messages, rules.authority, new, links)], now)
        after = replace(new, challenge=decision.challenge, version=1, entries=len(decision.entries))
        seen = access.actor_on(after, rules, establishment, signed.person, day)
        open_ones = tuple(item for item in taken.earlier if item.is_open)
        return Done(after, rules, seen, 1, messages, establishment, decided.prompts, open_ones)

    def note_change(
        self,
        authority: str,
        challenge: UUID,
        events: Sequence[Event],
        now: datetime,
        beside: Callable[[Connection], None] | None = None,
    ) -> None:
        """What the service itself brings to an item: a post taken over or empty, a child's new facts, a message returned.

        In a transaction of its own, with what is written `beside` it. Nothing is decided where it concerns nobody on the
        item, or the item has ended.
        """

        def once(connection: Connection) -> Answer:
            if beside:
                beside(connection)
            found = load.challenges(connection, authority, [challenge], lock=not self.store.is_sqlite)
            if challenge not in found:
                return {}
            loaded = found[challenge]
            value = loaded.challenge
            rules = self.procedures.rules(connection, authority, value.ladder_hash, value.authority_hash)
            # A child who moves is spoken of to the team that they move to, as well as the one they leave.
            moved = [
                replace(loaded.about(), team=event.team, service=event.service)
                for event in events
                if isinstance(event, ChildFactsChanged)
            ]
            establishment = load.establishment(connection, authority, [*loaded.abouts(), *moved])
            decision = self.held(connection, authority, rules, loaded, now) or Decision(value, value, (), ())
            for event in events:
                decision = decision.then(deciding.decide(rules, decision.challenge, Act(event, THE_SERVICE), now))
            decision = replace(decision, before=value)
            if not decision.is_nothing:
                decision, messages = addressed(rules, establishment, loaded, decision, now)
                self.keeper.keep(connection, authority, [Kept(loaded, decision, messages, rules.authority)], now)
            return {}

        self._settled(authority, once)

    def _settled(self, authority: str, once: Callable[[Connection], Answer]) -> Answer:
        """Run one transaction; where somebody else's decision committed first, decide again on what then stands."""
        for _ in range(TRIES):
            try:
                with self.store.write(authority) as connection:
                    return once(connection)
            except (Conflict, IntegrityError):
                continue
        raise Unavailable("others kept deciding on this at the same moment")

    def held(self, connection: Connection, authority: str, rules: Rules, loaded: Loaded, now: datetime) -> Decision | None:
        """If the service was away too long, hold what closed meanwhile: the first step of a request and a sweep alike."""
        last = last_tick(connection, authority)
        if last is None or now - last <= self.hold_after:
            return None
        return hold(rules, loaded, last, now)

    def find_answer(self, connection: Connection, signed: Signed, retry: Retry) -> Answer | None:
        """Find the answer that this person was given for the same key, if any. Raises KeyReused where the body was another."""
        if not retry.key:
            return None
        row = connection.execute(
            select(col(IdempotencyRow.body_hash), col(IdempotencyRow.answer)).where(
                col(IdempotencyRow.authority) == signed.authority,
                col(IdempotencyRow.person) == UUID(signed.person),
                col(IdempotencyRow.key) == retry.key,
            )
        ).first()
        if row is None:
            return None
        if row.body_hash != retry.body_hash:
            raise KeyReused
        return dict(row.answer)

    def store_answer(
        self, connection: Connection, signed: Signed, retry: Retry, done: Done, status: int, now: datetime, render: Render
    ) -> Answer:
        """Render the answer, and store it under the person and the key for a repeat. Without a key nothing is stored."""
        answer = render(connection, done)
        if retry.key:
            connection.execute(
                insert(IdempotencyRow).values(
                    authority=signed.authority, person=UUID(signed.person), key=retry.key, body_hash=retry.body_hash,
                    challenge=done.loaded.id, entry=done.entry, status=status, answer=answer, at=now,
                )
            )  # fmt: skip
        return answer

    def _links(self, connection: Connection, authority: str, references: Sequence[str]) -> tuple[UUID, ...]:
        found = [load.by_reference(connection, authority, reference) for reference in references]
        if None in found:
            raise Unfit("A linked item is not known to you.", "Check the references.", "linked")
        return tuple(id_ for id_ in found if id_ is not None)

    def _was_involved(self, connection: Connection, signed: Signed, challenge: UUID) -> bool:
        return was_involved(connection, signed.authority, signed.person, challenge)

    def check_own_entry(self, connection: Connection, loaded: Loaded, event: Corrected, actor: Actor, authority: str) -> Visible:
        """Who may read the entry that is corrected. Raises Unfit where there is none, NotYours where another wrote it."""
        author = None
        if 1 <= event.entry <= loaded.entries:
            author = connection.execute(
                select(col(EntryRow.person), col(EntryRow.visible)).where(
                    col(EntryRow.authority) == authority,
                    col(EntryRow.challenge) == loaded.id,
                    col(EntryRow.number) == event.entry,
                )
            ).first()
        if author is None:
            raise Unfit(f"There is no entry {event.entry}.", "Name one of your own entries.", "entry")
        if str(author.person) != actor.person:
            raise NotYours("Only whoever wrote an entry corrects it.", "Add a note instead.")
        return Visible(author.visible)


def _visible_as(visible: Visible, event: Event, decision: Decision) -> Decision:
    """A correction is read by those who may read what it corrects, and by nobody else."""
    entries = tuple(replace(entry, visible=visible) if entry.kind == event.type else entry for entry in decision.entries)
    return replace(decision, entries=entries)


def was_involved(connection: Connection, authority: str, person: str, challenge: UUID) -> bool:
    """Was anything of an item ever addressed or copied to this person?"""
    return (
        connection.execute(
            select(col(InvolvedRow.role)).where(
                col(InvolvedRow.authority) == authority,
                col(InvolvedRow.person) == UUID(person),
                col(InvolvedRow.challenge) == challenge,
            )
        ).first()
        is not None
    )


def check_not_sealed(loaded: Loaded, actor: Actor) -> None:
    """What was recorded in error exists for the IRO service only. Raises NotFound for everybody else."""
    if loaded.challenge.is_sealed and not actor.parts & {Part.RAISER, Part.IRO_MANAGER}:
        raise NotFound
