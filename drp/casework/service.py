"""One event, one transaction: loaded, decided by the pure function, addressed to people, kept whole or not at all."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError
from sqlmodel import col

from drp.casework import access, load
from drp.casework.access import NotFound
from drp.casework.amounts import check_amount
from drp.casework.asks import asks_of, mark_did_not_arrive
from drp.casework.dear_items import DearItems
from drp.casework.followed import end_what_was_followed
from drp.casework.load import StoredChallenge
from drp.casework.outage_hold import decide_up_to, read_last_look
from drp.casework.preconditions import NOT_SAID, Precondition, check_meant
from drp.casework.procedures import Procedures
from drp.casework.raise_item import check_chosen, preview_raising
from drp.casework.resolve_recipients import resolve_recipients
from drp.casework.retry_keys import NO_KEY, Answer, RetryKey, find_answer, keep_answer
from drp.casework.save import DecisionToSave, DecisionWriter, ResolvedMessage
from drp.database.challenge_tables import EntryRow
from drp.database.engine import Conflict, Store
from drp.database.ids import Randomness
from drp.database.scope import select_of
from drp.database.statements import CHALLENGE_TO_DECIDE, CHALLENGES_TO_DECIDE, WAS_INVOLVED
from drp.database.unavailable import Busy, DiskFull
from drp.directory import people
from drp.identity.principal import Principal
from drp.timeline.chain import GENESIS
from workflows.calendar.working_days import local_date
from workflows.decision import decide as deciding
from workflows.decision.decision_builder import Decision, EntryVisibility
from workflows.decision.event_rules import open_moves
from workflows.decision.extensions import check_far_date
from workflows.decision.raising import RaisingPrompt
from workflows.decision.recipients import Establishment
from workflows.decision.sensible_days import check_days
from workflows.decision.windows import next_due
from workflows.model.actor import THE_SERVICE, Act, Actor, Part
from workflows.model.authority import Rules
from workflows.model.events import (
    ChildFactsChanged,
    ConflictNoted,
    Corrected,
    DidNotArrive,
    EarlierItem,
    Event,
    LadderMoved,
    Raised,
    ReaderNamed,
    ReferredToCafcass,
    WindowExtended,
)
from workflows.model.refusals import NotOpen, NotYours, Unfit

TRIES = 5
"""How often a decision is made again because another on the same challenge committed first."""


@dataclass(frozen=True)
class ActionResult:
    """What was done: the item as it now stands, the number of the event's own entry, and who was told."""

    loaded: StoredChallenge
    rules: Rules
    actor: Actor
    entry: int
    messages: tuple[ResolvedMessage, ...]
    establishment: Establishment
    prompts: tuple[RaisingPrompt, ...] = ()
    already_open: tuple[EarlierItem, ...] = ()


Written = TypeVar("Written")
ResponseBuilder = Callable[[Connection, ActionResult], Answer]


class Casework:
    """Everything that changes an item passes here: raising, events, and (through `sweep`) the windows that close."""

    def __init__(
        self, store: Store, procedures: Procedures, keeper: DecisionWriter, chance: Randomness, hold_after: timedelta,
        give_room: Callable[[], bool] = lambda: False,
    ) -> None:  # fmt: skip
        self.store, self.procedures, self.keeper, self.chance = store, procedures, keeper, chance
        self.hold_after, self.dear_items, self.give_room = hold_after, DearItems(), give_room

    def act(
        self, signed: Principal, reference: str, event: Event, now: datetime, render: ResponseBuilder,
        retry: RetryKey = NO_KEY, meant: Precondition = NOT_SAID,
    ) -> Answer:  # fmt: skip
        """Bring an event to an item, `meant` for what stands there.

        Raises Refused, NotFound, AccessEnded, PreconditionMissing, StaleView, KeyReused, RestoredSince, Unavailable.
        """
        check_days(event)
        refers = isinstance(event, ReferredToCafcass)
        # A restore keeps no referral waiting for a word about its key: better one that Cafcass has twice than none.
        key = replace(retry, made_after=None) if refers else retry

        def once(connection: Connection) -> Answer:
            known = find_answer(connection, signed, key, now)
            if known is not None:
                return known
            authority = signed.authority
            loaded = load.load_challenge(connection, authority, reference, CHALLENGE_TO_DECIDE)
            if loaded is None:
                raise NotFound
            challenge = loaded.challenge
            rules = self.procedures.rules(connection, authority, challenge.ladder_hash, challenge.authority_hash)
            establishment = load.load_establishment(connection, authority, loaded.abouts())
            # Who they are on it, and what they saw, is asked of the item as a sweep at this moment would have left it.
            closed = self.decided_so_far(connection, authority, rules, loaded, now)
            before = closed.challenge if closed else challenge
            stands = replace(loaded, challenge=before)
            actor = access.actor_on(stands, rules, establishment, signed.person, local_date(now), signed.roles)
            check_not_sealed(stands, actor)
            access.check_sees(actor, lambda: was_involved(connection, authority, signed.person, loaded.id))
            check_meant(stands, event, meant)
            corrects = isinstance(event, Corrected) and self.check_own_entry(connection, loaded, event, actor, authority)
            check_chosen(connection, rules.authority, establishment, stands.about(), event, local_date(now))
            check_amount(connection, authority, stands, actor, event)
            try:
                if isinstance(event, LadderMoved):
                    to = self.procedures.version(connection, authority, loaded.ladder, event.version)
                    decision = deciding.move_ladder(rules, to, before, Act(event, actor), now)
                    rules = to
                else:
                    if isinstance(event, ReaderNamed):
                        check_is_colleague(connection, authority, event.person, now)
                    decision = deciding.decide(rules, before, Act(event, actor), now)
                    if isinstance(event, WindowExtended):
                        check_far_date(rules, before, event, now)
            except NotOpen as refused:
                refused.moves = open_moves(rules, before, actor, local_date(now))
                raise
            if isinstance(event, ReferredToCafcass) and (actor.is_concerned or actor.may_not_end):
                noted = Act(ConflictNoted(event.type), THE_SERVICE)
                decision = decision.then(deciding.decide(rules, decision.challenge, noted, now))
            if corrects:
                decision = _visible_as(corrects, event, decision)
            if closed:
                decision = replace(closed.then(decision), before=challenge)
            if isinstance(event, DidNotArrive):
                mark_did_not_arrive(connection, authority, loaded.id, event.role)
            decision, messages = resolve_recipients(connection, rules, establishment, loaded, decision, now)
            self.keeper.keep(connection, authority, [DecisionToSave(loaded, decision, messages, rules.authority)], now)
            offset = next((n for n, entry in enumerate(decision.entries, 1) if entry.kind == event.type), 0)
            after = replace(loaded, challenge=decision.challenge, version=loaded.version + 1)
            done = ActionResult(after, rules, actor, loaded.entries + offset, messages, establishment)
            return keep_answer(connection, signed, retry, render(connection, done), done.loaded.id, done.entry, 200, now)

        # A referral outwaits whoever holds its item, and has room of its own on a full disk: it gets through.
        settle = partial(self._settled, signed.authority, once, refers)
        return self.with_room(settle) if refers else settle()

    def raise_item(
        self, signed: Principal, child: str, event: Raised, now: datetime, render: ResponseBuilder,
        retry: RetryKey = NO_KEY, team: str = "", ladder: str = "", at_once: Event | None = None,
    ) -> Answer:  # fmt: skip
        """Raise an item about a child (by case number) or, with `team`, about a service. Raises Refused and the like.

        `at_once`: what is brought to it in the same act, such as how a talk was settled; both are kept, or neither.
        """

        def once(connection: Connection) -> Answer:
            known = find_answer(connection, signed, retry, now)
            if known is not None:
                return known
            done = self.raise_within(connection, signed, child, event, now, team, ladder, at_once)
            return keep_answer(connection, signed, retry, render(connection, done), done.loaded.id, done.entry, 201, now)

        return self._settled(signed.authority, once)

    def raise_within(
        self,
        connection: Connection,
        signed: Principal,
        child: str,
        event: Raised,
        now: datetime,
        team: str = "",
        ladder: str = "",
        at_once: Event | None = None,
    ) -> ActionResult:
        """Raise an item as part of a larger transaction, which the caller commits. Raises Refused with nothing written."""
        authority, day = signed.authority, local_date(now)
        taken = preview_raising(connection, self.procedures, signed, child, event, now, team, ladder)
        rules, subject, actor, decided = taken.rules, taken.subject, taken.actor, taken.decided
        establishment = taken.establishment
        raiser = actor.behalf_of or signed.person
        new = StoredChallenge(
            self.chance.identity(), self.chance.reference(), 0, subject.child, subject.number, subject.initials,
            UUID(raiser), rules.ladder.key, decided.decision.challenge, 0, GENESIS,
        )  # fmt: skip
        made = decided.decision
        if at_once:
            stands = replace(new, challenge=made.challenge)
            bringing = access.actor_on(stands, rules, establishment, signed.person, day, signed.roles)
            made = made.then(deciding.decide(rules, made.challenge, Act(at_once, bringing), now))
        decision, messages = resolve_recipients(connection, rules, establishment, new, made, now)
        links = self._links(connection, authority, event.linked)
        kept = [DecisionToSave(None, decision, messages, rules.authority, new, links)]
        kept += end_what_was_followed(
            connection, self.procedures, signed, links, new.reference, now, self.decided_so_far
        )  # fmt: skip
        self.keeper.keep(connection, authority, kept, now)
        after = replace(new, challenge=decision.challenge, version=1, entries=len(decision.entries))
        seen = access.actor_on(after, rules, establishment, signed.person, day, signed.roles)
        open_ones = tuple(item for item in taken.earlier if item.is_open)
        return ActionResult(after, rules, seen, 1, messages, establishment, decided.prompts, open_ones)

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
            found = load.load_challenges(connection, authority, [challenge], CHALLENGES_TO_DECIDE)
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
            establishment = load.load_establishment(connection, authority, [*loaded.abouts(), *moved])
            so_far = self.decided_so_far(connection, authority, rules, loaded, now)
            decision = so_far or Decision(value, value, (), ())
            for event in events:
                decision = decision.then(deciding.decide(rules, decision.challenge, Act(event, THE_SERVICE), now))
            decision = replace(decision, before=value)
            if not decision.is_nothing:
                decision, messages = resolve_recipients(connection, rules, establishment, loaded, decision, now)
                self.keeper.keep(connection, authority, [DecisionToSave(loaded, decision, messages, rules.authority)], now)
            return {}

        self._settled(authority, once)

    def with_room(self, write: Callable[[], Written]) -> Written:
        """Write what belongs to a referral; on a full disk once more, in the room kept for it. Raises what `write` raises."""
        try:
            return write()
        except DiskFull:
            self.give_room()
            return write()

    def _settled(self, authority: str, once: Callable[[Connection], Answer], is_patient: bool = False) -> Answer:
        """Run one transaction; where somebody else's decision committed first, decide again on what then stands."""
        for _ in range(TRIES):
            try:
                with self.store.write(authority, is_patient) as connection:
                    return once(connection)
            except (Conflict, IntegrityError):
                continue
        raise Busy("others kept deciding on this at the same moment")

    def decided_so_far(
        self, connection: Connection, authority: str, rules: Rules, loaded: StoredChallenge, now: datetime
    ) -> Decision | None:
        """What a sweep at `now` would decide on an item: the first step of whatever is done with it. None: nothing."""
        if next_due(loaded.challenge, now) is None:
            return None
        asks = partial(asks_of, connection, authority)
        return decide_up_to(now, rules, loaded, read_last_look(connection, authority).of(loaded.id), self.hold_after, asks)

    def _links(self, connection: Connection, authority: str, references: Sequence[str]) -> tuple[UUID, ...]:
        found = [load.id_of_reference(connection, authority, reference) for reference in references]
        if None in found:
            raise Unfit("A linked item is not known to you.", "Check the references.", "linked")
        return tuple(id_ for id_ in found if id_ is not None)

    def check_own_entry(
        self, connection: Connection, loaded: StoredChallenge, event: Corrected, actor: Actor, authority: str
    ) -> EntryVisibility:
        """Who may read the entry that is corrected. Raises Unfit where there is none, NotYours where another wrote it."""
        author = None
        if 1 <= event.entry <= loaded.entries:
            author = connection.execute(
                select_of(EntryRow, authority, EntryRow.person, EntryRow.visible).where(
                    col(EntryRow.challenge) == loaded.id,
                    col(EntryRow.number) == event.entry,
                )
            ).first()
        if author is None:
            raise Unfit(f"There is no entry {event.entry}.", "Name one of your own entries.", "entry")
        if str(author.person) != actor.person:
            raise NotYours("Only whoever wrote an entry corrects it.", "Add a note instead.")
        return EntryVisibility(author.visible)


def check_is_colleague(connection: Connection, authority: str, person: str, now: datetime) -> None:
    """Raise Unfit for a reader who is nobody of the directory, or has left: no stranger is ever let read."""
    try:
        found = people.read_person(connection, authority, UUID(person), local_date(now))
    except ValueError:
        found = None
    if found is None or not found.is_here_on(local_date(now)):
        raise Unfit("Nobody of that name is in the directory.", "Choose somebody who is.", "person")


def _visible_as(visible: EntryVisibility, event: Event, decision: Decision) -> Decision:
    """A correction is read by those who may read what it corrects, and by nobody else."""
    entries = tuple(replace(entry, visible=visible) if entry.kind == event.type else entry for entry in decision.entries)
    return replace(decision, entries=entries)


def was_involved(connection: Connection, authority: str, person: str, challenge: UUID) -> bool:
    """Was anything of an item ever addressed or copied to this person?"""
    asked = {"authority": authority, "person": UUID(person), "challenge": challenge}
    return connection.execute(WAS_INVOLVED, asked).first() is not None


def check_not_sealed(loaded: StoredChallenge, actor: Actor) -> None:
    """What was recorded in error exists for the IRO service only. Raises NotFound for everybody else."""
    if loaded.challenge.is_sealed and not actor.parts & {Part.RAISER, Part.IRO_MANAGER}:
        raise NotFound
