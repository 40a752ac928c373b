"""Decides every challenge of an authority again from its timeline, and compares: rules, record and state cannot drift apart."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import Connection, select
from sqlmodel import col

from drp import access, load
from drp.kept_timeline import KeptTimeline, kept_timeline
from drp.load import Loaded
from drp.procedures import Procedures
from drp.tables import ChallengeRow, DocumentRow
from drp.timeline import ChainedEntry
from workflows.challenge import Challenge
from workflows.permits import Actor, Part
from workflows.procedure import Rules
from workflows.recipients import Establishment
from workflows.replay import Recorded, Unlike, differs, replay
from workflows.working_days import local_date


@dataclass(frozen=True)
class Parted:
    """A challenge that is not what its events decide."""

    reference: str
    said: str


def parted(connection: Connection, authority: str, procedures: Procedures) -> Iterator[Parted | None]:
    """One challenge after the other: None where it is what its events decide."""
    ids = connection.execute(select(col(ChallengeRow.id)).where(col(ChallengeRow.authority) == authority)).scalars().all()
    for id_ in sorted(ids, key=str):
        yield _one(connection, authority, procedures, id_)


def _one(connection: Connection, authority: str, procedures: Procedures, id_: UUID) -> Parted | None:
    loaded = load.challenges(connection, authority, [id_])[id_]
    kept = kept_timeline(connection, authority, id_)
    try:
        replayed = _again(connection, authority, procedures, loaded, kept)
    except Unlike as fault:
        return Parted(loaded.reference, str(fault))
    said = differs(replayed, loaded.challenge)
    return Parted(loaded.reference, f"its {said} is not what its events decide") if said else None


def _again(connection: Connection, authority: str, procedures: Procedures, loaded: Loaded, kept: KeptTimeline) -> Challenge:
    challenge = loaded.challenge
    now = procedures.rules(connection, authority, challenge.ladder_hash, challenge.authority_hash)
    establishment = load.establishment(connection, authority, loaded.abouts())
    entries = [recorded(entry, kept) for entry in kept.entries]
    # An item about an agency knows no facts; those of a child or a team are kept as they were when it was raised.
    facts = challenge.facts_at_raising if loaded.child or challenge.facts_at_raising.team else None

    def moved_to(ladder_hash: str) -> Rules:
        return procedures.rules(connection, authority, ladder_hash, challenge.authority_hash)

    def who(entry: Recorded, stood: Challenge | None) -> Actor:
        return acting(kept.entries[entry.number - 1], stood, loaded, now, establishment)

    first_rules = _raised_under(connection, authority, procedures, loaded, kept) or now
    return replay(first_rules, entries, facts, who, moved_to)


def recorded(entry: ChainedEntry, kept: KeptTimeline) -> Recorded:
    """An entry as it is replayed."""
    return Recorded(
        entry.number, entry.kind, entry.at, entry.stage, entry.sequence, entry.visible, json.loads(entry.facts),
        kept.text_of(entry.number), bool(entry.words), entry.person is None, entry.schema_version,
    )  # fmt: skip


def acting(entry: ChainedEntry, stood: Challenge | None, loaded: Loaded, rules: Rules, establishment: Establishment) -> Actor:
    """Who brought an entry: the parts that were recorded, the roles that the directory gives them for that day."""
    parts = frozenset(Part(part) for part in entry.parts.split(",") if part)
    person, behalf = str(entry.person), str(entry.behalf_of or "")
    if stood is None:
        return Actor(person, parts, behalf_of=behalf)
    then = access.actor_on(replace(loaded, challenge=stood), rules, establishment, person, local_date(entry.at))
    return replace(then, parts=parts, behalf_of=behalf)


def _raised_under(
    connection: Connection, authority: str, procedures: Procedures, loaded: Loaded, kept: KeptTimeline
) -> Rules | None:
    """The rules that it was raised under, where it was moved to others since: the version of the same ladder that fits."""
    if not any(entry.kind == "ladder_moved" for entry in kept.entries):
        return None
    rows = connection.execute(
        select(col(DocumentRow.hash)).where(
            col(DocumentRow.authority) == authority, col(DocumentRow.kind) == "ladder", col(DocumentRow.key) == loaded.ladder
        )
    ).scalars()
    day = local_date(loaded.challenge.raised_at)
    known = [procedures.rules(connection, authority, one, loaded.challenge.authority_hash) for one in rows]
    fitting = [one for one in known if one.ladder.in_force <= day and (one.ladder.until is None or day <= one.ladder.until)]
    return max(fitting, key=lambda one: one.ladder.in_force, default=None)
