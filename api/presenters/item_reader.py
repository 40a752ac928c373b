"""What somebody may read of items: judged one by one by the same rule, for the JSON interface and the pages alike."""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from api.presenters import item_view
from api.presenters.shapes import ChallengeShape, EntryShape, TimelineShape
from api.request_context import RequestContext
from drp.casework import access, load
from drp.casework.access import AccessEnded, NotFound
from drp.casework.load import StoredChallenge
from drp.casework.service import check_not_sealed, was_involved
from drp.directory import lookup
from drp.timeline.chain import ChainedEntry, first_fault
from drp.timeline.read import StoredTimeline, read_timeline, read_visibility_at_raising, read_words_at_raising
from workflows.calendar.working_days import local_date
from workflows.decision.decision_builder import EntryVisibility
from workflows.decision.recipients import Establishment
from workflows.decision.relation import reads_iro_service, sees_head_only
from workflows.model.actor import Actor, Part
from workflows.model.authority import Rules


@dataclass(frozen=True)
class SeenItem:
    """An item that somebody may see, under its rules, and what they are on it."""

    loaded: StoredChallenge
    rules: Rules
    establishment: Establishment
    actor: Actor


def read_seen_item(connection: Connection, asked: RequestContext, reference: str) -> SeenItem:
    """An item that the person may see. Raises NotFound or AccessEnded."""
    loaded = load.load_challenge(connection, asked.authority, reference)
    if loaded is None:
        raise NotFound
    id_ = loaded.id
    rules = _rules(connection, asked, loaded)
    establishment = load.load_establishment(connection, asked.authority, loaded.abouts())
    # As a sweep at this moment would leave it: what is shown is what an event brought now would meet.
    closed = asked.service.casework.decided_so_far(connection, asked.authority, rules, loaded, asked.now)
    loaded = replace(loaded, challenge=closed.challenge) if closed else loaded
    actor = access.actor_on(loaded, rules, establishment, asked.signed.person, local_date(asked.now), asked.signed.roles)
    check_not_sealed(loaded, actor)
    access.check_sees(actor, lambda: was_involved(connection, asked.authority, asked.signed.person, id_))
    return SeenItem(loaded, rules, establishment, actor)


def items_they_may_see(connection: Connection, asked: RequestContext, ids: Sequence[UUID]) -> dict[UUID, SeenItem]:
    """Of some items, in their order, those that the person may see."""
    if not ids:
        return {}
    found = load.load_challenges(connection, asked.authority, ids)
    establishment = load.load_establishment(
        connection, asked.authority, [about for one in found.values() for about in one.abouts()]
    )
    may: dict[UUID, SeenItem] = {}
    # One that is not found was erased when its time had come.
    for loaded in (found[id_] for id_ in ids if id_ in found):
        rules = _rules(connection, asked, loaded)
        actor = access.actor_on(loaded, rules, establishment, asked.signed.person, local_date(asked.now), asked.signed.roles)
        with suppress(NotFound, AccessEnded):
            access.check_sees(actor, lambda: False)
            check_not_sealed(loaded, actor)
            may[loaded.id] = SeenItem(loaded, rules, establishment, actor)
    return may


def shape_of_item(connection: Connection, asked: RequestContext, item: SeenItem) -> ChallengeShape:
    """The whole item as this person sees it."""
    made = item_view.ItemViewer(connection, item.loaded, item.rules, item.establishment, item.actor, asked.now).challenge_shape()
    made.linked = load.list_siblings(connection, asked.authority, item.loaded.id) if reads_iro_service(item.actor) else []
    return made


def timeline_shape(connection: Connection, asked: RequestContext, item: SeenItem) -> TimelineShape:
    """Every entry that this person may read, and whether the whole chain proves itself."""
    loaded, actor = item.loaded, item.actor
    kept = read_timeline(connection, asked.authority, loaded.id)
    names = names_on(connection, asked.authority, kept)
    keys = asked.service.casework.keeper.keys
    rows = [vars(entry) for entry in kept.entries]
    fault = first_fault(keys, asked.authority, loaded.id, rows, kept.words, loaded.entries, loaded.head)
    entries = [
        entry_shape(entry, kept, names, item.rules, asked.signed.person, lambda facts: _shown_facts(facts, actor))
        for entry in kept.entries
        if may_read(entry.visible, actor, entry.kind) or _is_their_own(entry, asked.signed.person)
    ]
    return TimelineShape(reference=loaded.reference, entries=entries, proven=fault is None, first_fault=fault or "")


def names_on(connection: Connection, authority: str, kept: StoredTimeline) -> dict[str, str]:
    """The names of everybody who stands on a timeline, by id."""
    people = {str(person) for entry in kept.entries for person in (entry.person, entry.behalf_of) if person}
    return lookup.names_of(connection, authority, people)


def entry_shape(
    entry: ChainedEntry,
    kept: StoredTimeline,
    names: Mapping[str, str],
    rules: Rules,
    person: str = "",
    shown: Callable[[dict[str, Any]], dict[str, Any]] = lambda facts: facts,
) -> EntryShape:
    """One entry as it is read by `person`, with so much of its facts as they may be `shown`."""
    return EntryShape(
        number=entry.number,
        kind=entry.kind,
        at=entry.at,
        recorded_at=entry.recorded_at,
        by=names.get(str(entry.person), "") if entry.person else "the service",
        mine=bool(person) and str(entry.person) == person,
        acting_as=[part for part in entry.parts.split(",") if part],
        on_behalf_of=names.get(str(entry.behalf_of), "") if entry.behalf_of else "",
        stage=rules.ladder.stage(entry.stage).label if rules.ladder.has(entry.stage) else "",
        facts=shown(json.loads(entry.facts)),
        words=kept.text_of(entry.number),
        iro_service_only=entry.visible != EntryVisibility.EVERYONE.value,
        childs_iro_only=entry.visible == EntryVisibility.CHILDS_IRO.value,
        hash=entry.hash,
    )


def raised_words(connection: Connection, asked: RequestContext, items: Sequence[SeenItem]) -> dict[UUID, dict[str, str]]:
    """What was written when some items were raised, by their ids, as far as this person may read it."""
    actors = {item.loaded.id: item.actor for item in items}
    visible = read_visibility_at_raising(connection, asked.authority, list(actors))
    readable = [id_ for id_, seen_by in visible.items() if may_read(seen_by, actors[id_])]
    return read_words_at_raising(connection, asked.authority, readable)


def _is_their_own(entry: ChainedEntry, person: str) -> bool:
    """Did they write it themselves, for the child's IRO? What somebody wrote they may read."""
    return entry.visible == EntryVisibility.CHILDS_IRO.value and str(entry.person) == person


OF_THE_HEAD = frozenset({"stage_entered", "window_opened", "window_closed", "ask_not_reached"})
"""Entries that say where an item stands and what was promised: what whoever was only told may read."""


def may_read(visible: str, actor: Actor, kind: str = "") -> bool:
    """May they read an entry of this visibility, and of this kind?"""
    if sees_head_only(actor) and kind not in OF_THE_HEAD:
        return False
    if visible == EntryVisibility.EVERYONE.value:
        return True
    if visible == EntryVisibility.IRO_SERVICE.value:
        return reads_iro_service(actor)
    if visible == EntryVisibility.CHILDS_IRO.value:
        iros = bool(actor.parts & {Part.RAISER, Part.CHILDS_IRO}) and not actor.outside_iro_service
        return iros or Part.READER in actor.parts
    if visible == EntryVisibility.SUPERVISION.value:
        their_own = bool(actor.parts & {Part.RAISER, Part.CHILDS_IRO}) and not actor.behalf_of
        return not actor.outside_iro_service and (their_own or Part.IRO_MANAGER in actor.parts)
    return bool(actor.parts & {Part.RAISER, Part.IRO_MANAGER})


def _shown_facts(facts: dict[str, Any], actor: Actor) -> dict[str, Any]:
    """Facts without the references of other items, which are the IRO service's to know."""
    if reads_iro_service(actor):
        return facts
    return {name: value for name, value in facts.items() if name not in ("linked", "prompts")}


def _rules(connection: Connection, asked: RequestContext, loaded: StoredChallenge) -> Rules:
    challenge = loaded.challenge
    return asked.service.casework.procedures.rules(connection, asked.authority, challenge.ladder_hash, challenge.authority_hash)
