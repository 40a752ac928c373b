"""Decides every challenge of an authority again from its timeline, and compares: rules, record and state cannot drift apart."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from uuid import UUID

from sqlalchemy import Connection, RowMapping
from sqlmodel import col

from drp.casework import access, load
from drp.casework.load import StoredChallenge
from drp.casework.procedures import Procedures
from drp.database.authority_tables import DocumentRow
from drp.database.challenge_tables import ChallengeRow
from drp.database.message_tables import NotificationState
from drp.database.scope import select_of
from drp.register.write import EntryToInsert, unlike_stored
from drp.timeline.chain import ChainedEntry
from drp.timeline.read import StoredTimeline, read_timeline
from drp.timeline.telling import read_messages, told_otherwise_than_committed
from workflows.calendar.working_days import local_date
from workflows.decision.decision_builder import NotificationNeed
from workflows.decision.recipients import Establishment
from workflows.model.actor import Actor, Part
from workflows.model.authority import PRESENT_EDITION, Rules
from workflows.model.challenge import Challenge
from workflows.model.register_entry import register_entry_of
from workflows.proofs.replay import RecordedEntry, ReplayDiffers, ReplayedTimeline, first_difference, replay_timeline


@dataclass(frozen=True)
class ReplayFault:
    """A challenge that is not what its events decide, or whose line in the register is not."""

    challenge: UUID
    reference: str
    said: str


def replay_faults(connection: Connection, authority: str, procedures: Procedures) -> Iterator[ReplayFault | None]:
    """One challenge after the other: None where it is what its events decide."""
    ids = connection.execute(select_of(ChallengeRow, authority, ChallengeRow.id)).scalars().all()
    for id_ in sorted(ids, key=str):
        yield _fault_of(connection, authority, procedures, id_)


def _fault_of(connection: Connection, authority: str, procedures: Procedures, id_: UUID) -> ReplayFault | None:
    try:
        loaded = load.load_challenges(connection, authority, [id_])[id_]
    except (ValueError, KeyError, TypeError) as fault:
        query = select_of(ChallengeRow, authority, ChallengeRow.reference).where(col(ChallengeRow.id) == id_)
        return ReplayFault(id_, connection.execute(query).scalar_one(), f"its rows hold what this service never writes: {fault}")
    kept = read_timeline(connection, authority, id_)
    try:
        replayed = _again(connection, authority, procedures, loaded, kept)
    except ReplayDiffers as fault:
        return ReplayFault(id_, loaded.reference, str(fault))
    challenge = replayed.challenge
    if field := first_difference(challenge, loaded.challenge):
        return ReplayFault(id_, loaded.reference, f"its {field} is not what its events decide")
    rules = procedures.rules(connection, authority, challenge.ladder_hash, challenge.authority_hash)
    line = register_entry_of(challenge, rules.authority)
    entered = EntryToInsert(id_, loaded.reference, line, loaded.child, loaded.raiser) if line else None
    # Whom earlier releases told of what is theirs: a message is looked for from the edition of this one on.
    began = _began(kept)
    needs = [need for need in replayed.needs if need.at >= began]
    messages = read_messages(connection, authority, id_)
    wrong = (
        unlike_stored(connection, authority, id_, entered)
        or missing_message(messages, needs)
        or told_otherwise_than_committed(messages, [(entry.number, entry.told) for entry in kept.entries], loaded.told)
    )
    return ReplayFault(id_, loaded.reference, wrong) if wrong else None


def _again(
    connection: Connection, authority: str, procedures: Procedures, loaded: StoredChallenge, kept: StoredTimeline
) -> ReplayedTimeline:
    challenge = loaded.challenge
    rules_now = procedures.rules(connection, authority, challenge.ladder_hash, challenge.authority_hash)
    establishment = load.load_establishment(connection, authority, loaded.abouts())
    entries = [recorded_entry(entry, kept) for entry in kept.entries]
    # An item about an agency knows no facts; those of a child or a team are kept as they were when it was raised.
    facts = challenge.facts_at_raising if loaded.child or challenge.facts_at_raising.team else None

    def moved_to(ladder_hash: str) -> Rules:
        return procedures.rules(connection, authority, ladder_hash, challenge.authority_hash)

    def who(entry: RecordedEntry, stood: Challenge | None) -> Actor:
        return actor_of_entry(kept.entries[entry.number - 1], stood, loaded, rules_now, establishment)

    first_rules = _raised_under(connection, authority, procedures, loaded, kept) or rules_now
    return replay_timeline(first_rules, entries, facts, who, moved_to, challenge.last_at)


def _began(kept: StoredTimeline) -> datetime:
    """The moment of the first entry that this release's edition decided; after them all where there is none."""
    own = [entry.at for entry in kept.entries if entry.schema_version == PRESENT_EDITION]
    return min(own, default=datetime.max.replace(tzinfo=UTC))


def missing_message(messages: Sequence[tuple[RowMapping, Sequence[RowMapping]]], needs: Sequence[NotificationNeed]) -> str:
    """What the events needed somebody to be told, and no message is there for, or no person's copy; empty where all are."""
    for row, copies in messages:
        if not copies and row["state"] != NotificationState.FOR_NOBODY:
            return f"nobody's copy is left of the message `{row['subject']}` of {row['at']:%Y-%m-%d %H:%M} UTC"
    kept = Counter((row["subject"], row["stage"], row["sequence"], row["at"]) for row, _ in messages)
    needed = Counter((need.subject.value, need.stage, need.sequence, need.at) for need in needs)
    gone = next((key for key, number in needed.items() if kept[key] < number), None)
    return f"the message `{gone[0]}` of {gone[3]:%Y-%m-%d %H:%M} UTC is gone" if gone else ""


def recorded_entry(entry: ChainedEntry, kept: StoredTimeline) -> RecordedEntry:
    """An entry as it is replayed."""
    return RecordedEntry(
        entry.number, entry.kind, entry.at, entry.stage, entry.sequence, entry.visible, json.loads(entry.facts),
        kept.text_of(entry.number), bool(entry.words), entry.person is None, entry.schema_version,
    )  # fmt: skip


def actor_of_entry(
    entry: ChainedEntry, stood: Challenge | None, loaded: StoredChallenge, rules: Rules, establishment: Establishment
) -> Actor:
    """Who brought an entry: the parts that were recorded, the roles that the directory gives them for that day."""
    parts = frozenset(Part(part) for part in entry.parts.split(",") if part)
    person, behalf = str(entry.person), str(entry.behalf_of or "")
    if stood is None:
        return Actor(person, parts, behalf_of=behalf)
    then = access.actor_on(replace(loaded, challenge=stood), rules, establishment, person, local_date(entry.at))
    # What independence and courtesy ask binds new acts: what was decided stands.
    return replace(then, parts=parts, behalf_of=behalf, is_concerned=False, may_not_end=False, acts_for_absent=False)


def _raised_under(
    connection: Connection, authority: str, procedures: Procedures, loaded: StoredChallenge, kept: StoredTimeline
) -> Rules | None:
    """The rules that it was raised under, where it was moved to others since: its first entry says which.

    Entries of edition 1 do not: there it is the newest version of the same ladder that was loaded and in force by then.
    """
    if not any(entry.kind == "ladder_moved" for entry in kept.entries):
        return None
    challenge = loaded.challenge
    if said := json.loads(kept.entries[0].facts).get("ladder_hash"):
        return procedures.rules(connection, authority, said, challenge.authority_hash)
    rows = connection.execute(
        select_of(DocumentRow, authority, DocumentRow.hash)
        .where(col(DocumentRow.kind) == "ladder", col(DocumentRow.key) == loaded.ladder)
        .order_by(col(DocumentRow.stored_at) <= challenge.raised_at, col(DocumentRow.in_force), col(DocumentRow.stored_at))
    ).scalars()
    day = local_date(challenge.raised_at)
    known = [procedures.rules(connection, authority, hash_, challenge.authority_hash) for hash_ in rows]
    fitting = [rules for rules in known if rules.ladder.in_force <= day and day <= (rules.ladder.until or date.max)]
    return fitting[-1] if fitting else None
