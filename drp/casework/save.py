"""Values to rows: many decisions in one transaction, each guarded by its version. One row changed is the only yes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from drp.casework.load import StoredChallenge
from drp.database.challenge_tables import ChallengeRow, EntryRow, InvolvedRow, LinkRow, WindowRow, WordsRow
from drp.database.engine import Conflict
from drp.database.ids import Randomness
from drp.database.message_tables import DeliveryRow, MailState, NotificationRow, NotificationState, parties_of
from drp.database.rows_together import ALL, ChangedRows, NewRows, write_together
from drp.register import write
from drp.timeline.chain import GENESIS, ChainKey, chain_entries
from drp.timeline.telling import NOBODY_YET, continue_told
from workflows.calendar.reporting_periods import quarter_of
from workflows.calendar.working_days import Promise
from workflows.decision.decision_builder import Decision, NotificationNeed
from workflows.decision.recipients import ANSWERING, ReachedPerson
from workflows.model.authority import Authority
from workflows.model.challenge import Challenge, ExtensionGiven, Facts, Party, StageVisit, Window, WindowKey, WindowKind
from workflows.model.ladder import ItemType


@dataclass(frozen=True)
class ResolvedMessage:
    """A telling with the people found for it on that day."""

    telling: NotificationNeed
    to: tuple[tuple[Party, ReachedPerson], ...]
    copy: tuple[tuple[Party, ReachedPerson], ...]


@dataclass(frozen=True)
class DecisionToSave:
    """One decision to keep: what was loaded (None for a new challenge), what was decided, who is told."""

    loaded: StoredChallenge | None
    decision: Decision
    messages: tuple[ResolvedMessage, ...]
    words: Authority
    """Whose reasons and themes the item stands under."""
    new: StoredChallenge | None = None
    links: tuple[UUID, ...] = ()


class DecisionWriter:
    """Writes decisions. `chance`, the `key` that new entries are made with and the `older` ones come from the edge."""

    def __init__(self, key: ChainKey, chance: Randomness, older: tuple[ChainKey, ...] = ()) -> None:
        self.key, self._older, self._chance = key, older, chance

    @property
    def keys(self) -> dict[str, ChainKey]:
        """Every key at hand, by the name under which entries were made with it."""
        return {one.id: one for one in (*self._older, self.key)}

    def keep(self, connection: Connection, authority: str, kept: Sequence[DecisionToSave], now: datetime) -> None:
        """Write decisions that were made from what stands in the database. Raises Conflict if any of it has moved on."""
        rows = RowsToSave()
        created: list[dict[str, Any]] = []
        changed: list[dict[str, Any]] = []
        lines: list[write.EntryChange] = []
        for one in kept:
            before = one.loaded or one.new
            assert before is not None
            number, head = (one.loaded.entries, one.loaded.head) if one.loaded else (0, GENESIS)
            version = before.version + 1 if one.loaded else 1
            told = rows.add_messages(authority, before.id, version, one, one.loaded.told if one.loaded else NOBODY_YET)
            for entry, words in chain_entries(
                one.decision.entries,
                authority=authority,
                challenge=before.id,
                number=number,
                head=head,
                recorded_at=now,
                key=self.key,
                chance=self._chance,
                told=told,
            ):
                number, head = entry.number, entry.hash
                rows.entries.append({"authority": authority, "challenge": before.id, **vars(entry)})
                rows.words += [{"authority": authority, "challenge": before.id, **vars(kept_words)} for kept_words in words]
            values = {**_challenge_values(before, one.decision.challenge, number, head), "told": told}
            if one.loaded is None:
                created.append({"authority": authority, "id": before.id, "reference": before.reference, "version": 1, **values})
            else:
                changed.append({"authority": authority, "id": before.id, "version": before.version, **values})
            rows.add_windows(authority, before.id, one.decision)
            line = write.entry_change(
                before.id, before.reference, before.child, before.raiser, one.decision.before if one.loaded else None,
                one.decision.challenge, one.words,
            )  # fmt: skip
            lines += [line] if line else []
            rows.links += [{"authority": authority, "challenge": before.id, "other": other} for other in one.links]
        write_together(connection, ITEM_ROWS, {"challenge": created})
        if changed:
            self.update_challenges(connection, changed)
        rows.lines = write.take_out_changed(connection, authority, lines)
        self.write_rows(connection, rows)

    def update_challenges(self, connection: Connection, changed: list[dict[str, Any]]) -> None:
        """Write challenges that stood in the database, each only at the version it was decided from (`version`).

        Raises Conflict if any of them has another version by now.
        """
        if CHANGED_ITEMS.write(connection, changed) != len(changed):
            raise Conflict

    def write_rows(self, connection: Connection, rows: "RowsToSave") -> None:
        """Write everything that belongs to the challenges: entries, words, windows, links, notifications, who is involved, and
        their lines in the register."""
        # Addressed before copied: who was copied first and is asked later has it among their work from then on.
        ordered = sorted(rows.involved, key=lambda row: row["as_to"])
        involved = list({(r["person"], r["challenge"], r["role"]): r for r in ordered}.values())
        by_table = {
            "entry": rows.entries, "words": rows.words, "window": rows.windows, "link": rows.links,
            "notification": rows.notifications, "delivery": rows.deliveries, "involved": involved, **rows.lines,
        }  # fmt: skip
        write_together(connection, DECISION_ROWS, by_table)


ITEM_ROWS = (NewRows(ChallengeRow),)
CHANGED_ITEMS = ChangedRows(ChallengeRow, ("authority", "id"), "version", without=("reference",))
DECISION_ROWS = (
    NewRows(EntryRow), NewRows(WordsRow), NewRows(WindowRow, renews=ALL), NewRows(LinkRow), NewRows(NotificationRow),
    NewRows(DeliveryRow, without=("opened_at",)), NewRows(InvolvedRow, renews=("as_to",), only_if="as_to"), *write.ENTRY_ROWS,
)  # fmt: skip
"""What a decision writes beside the challenge itself."""


class RowsToSave:
    """Rows gathered from several decisions, so that each table is written once."""

    def __init__(self) -> None:
        self.entries: list[dict[str, Any]] = []
        self.words: list[dict[str, Any]] = []
        self.windows: list[dict[str, Any]] = []
        self.links: list[dict[str, Any]] = []
        self.notifications: list[dict[str, Any]] = []
        self.deliveries: list[dict[str, Any]] = []
        self.involved: list[dict[str, Any]] = []
        self.lines: dict[str, list[dict[str, Any]]] = {}

    def add_windows(self, authority: str, challenge: UUID, decision: Decision) -> None:
        """New windows, and of the known ones those that differ."""
        before = {window.key: window for window in decision.before.windows} if decision.before else {}
        for window in decision.challenge.windows:
            if before.get(window.key) != window:
                key = {"authority": authority, "challenge": challenge, **_key_values(window.key)}
                self.windows.append({**key, **_window_values(window)})

    def add_messages(self, authority: str, challenge: UUID, version: int, kept: DecisionToSave, told: str) -> str:
        """One notification a message, one delivery a person; a person addressed is not copied too. Returns `told` after them.

        Whoever is addressed for several parties is so as whoever answers for one, before as a delegate or alarmed.
        """
        urgent = kept.decision.challenge.item_type is ItemType.URGENT
        promises = {window.key: window.promise for window in kept.decision.challenge.windows}
        for n, message in enumerate(kept.messages):
            telling = message.telling
            promise = promises.get(telling.window) if telling.window else None
            key = {"authority": authority, "challenge": challenge, "version": version, "n": n}
            people: dict[str, dict[str, Any]] = {}
            for as_to, listed in ((True, sorted(message.to, key=lambda one: one[1].how not in ANSWERING)), (False, message.copy)):
                for party, reached in listed:
                    delivery = {**key, "person": UUID(reached.person), "as_to": as_to, "role": reached.role}
                    delivery |= {
                        "how": reached.how.value,
                        "party": party.role,
                        "told_at": telling.at,
                        "mail": MailState.WAITING.value,
                    }
                    new = {"also": None, "mailed_at": None, "sent_as": "", "error": "", "read_at": None}
                    one = people.setdefault(reached.person, delivery | new)
                    if as_to and reached.how in ANSWERING and party.role not in parties_of(one["party"], one["also"]):
                        one["also"] = " ".join([*(one["also"] or "").split(), party.role])
                    self.involved.append(
                        {
                            "authority": authority,
                            "person": UUID(reached.person),
                            "challenge": challenge,
                            "role": reached.role,
                            "as_to": as_to,
                            "since": telling.at,
                        }
                    )
            self.notifications.append(
                {
                    **key,
                    "subject": telling.subject.value,
                    "stage": telling.stage,
                    "sequence": telling.sequence,
                    "window": _key_text(telling.window),
                    "due": promise.due if promise and not promise.is_without_date else None,
                    "at": telling.at,
                    "urgent": urgent,
                    "released": False,
                    "state": (NotificationState.WAITING if people else NotificationState.FOR_NOBODY).value,
                    "attempts": 0,
                    "next_at": telling.at,
                    "sent_at": None,
                    "error": "",
                }
            )
            self.deliveries += people.values()
            told = continue_told(told, self.notifications[-1], people.values())
        return told


def _challenge_values(loaded: StoredChallenge, challenge: Challenge, entries: int, head: str) -> dict[str, Any]:
    return {
        "child": loaded.child,
        "raiser": loaded.raiser,
        "raiser_role": challenge.raiser_role,
        "item_type": challenge.item_type.value,
        "ladder": loaded.ladder,
        "ladder_hash": challenge.ladder_hash,
        "authority_hash": challenge.authority_hash,
        "stage": challenge.stage,
        "phase": challenge.phase.value,
        "is_open": challenge.is_open,
        "sequence": challenge.sequence,
        "highest_stage": challenge.highest_stage,
        "priority": challenge.priority,
        "thanked": challenge.thanked,
        "quote": challenge.quote.value,
        "team": challenge.facts.team,
        "service": challenge.facts.service,
        "raised_at": challenge.raised_at,
        "quarter": quarter_of(challenge.counted_on),
        "last_at": challenge.last_at or challenge.raised_at,
        "referral": challenge.referral.value,
        "reasons": list(challenge.reasons),
        "rest": {
            "facts": facts_values(challenge.facts),
            "facts_at_raising": facts_values(challenge.facts_at_raising),
            "visits": [_visit_values(visit) for visit in challenge.visits],
            "resolve_by": _text(challenge.resolve_by),
            "actions": challenge.actions,
            "meeting_at": _text(challenge.meeting_at),
            "agency": challenge.agency,
            "to_tell": [[party.role, party.person] for party in challenge.to_tell],
            "happened": [[what, day.isoformat()] for what, day in challenge.happened],
            "ended_at": _text(challenge.ended_at),
            "impact": challenge.impact,
            "taken_over_from": _text(challenge.taken_over_from),
            "readers": list(challenge.readers),
            "item_facts": list(challenge.item_facts),
            "updates_every": challenge.updates_every,
            "looks_every": challenge.looks_every,
            "mid_point_done": list(challenge.mid_point_done),
            "quotes_offered": challenge.quotes_offered,
            "quote_agreed": list(challenge.quote_agreed),
            "second_name": [second.person, second.sequence] if (second := challenge.second_name) else None,
            "extension": _extension_values(challenge.extension) if challenge.extension else None,
        },
        "entries": entries,
        "head": head,
    }


def facts_values(facts: Facts) -> dict[str, Any]:
    """The child's facts as they are kept."""
    return {
        "statuses": sorted(status.value for status in facts.statuses),
        "in_plo": facts.in_plo,
        "in_proceedings": facts.in_proceedings,
        "facts": sorted(facts.facts),
        "team": facts.team,
        "service": facts.service,
        "next_review": _text(facts.next_review),
    }


def _visit_values(visit: StageVisit) -> dict[str, Any]:
    return {
        "sequence": visit.sequence,
        "stage": visit.stage,
        "entered_at": visit.entered_at.isoformat(),
        "how": visit.how.value,
        "told": [[party.role, party.person] for party in visit.told],
        "copied": [[party.role, party.person] for party in visit.copied],
        "sent": visit.sent,
        "respond_by": _text(visit.respond_by),
        "meeting_at": _text(visit.meeting_at),
    }


def _extension_values(given: ExtensionGiven) -> dict[str, Any]:
    return {
        "window": _key_text(given.window),
        "promise": promise_values(given.promise),
        "due": given.promise.due.isoformat(),
        "closes_at": given.promise.closes_at.isoformat(),
        "on_close": given.on_close.value,
        "person": given.person,
        "on": given.on.isoformat(),
    }


def _text(value: date | datetime | None) -> str | None:
    return value.isoformat() if value else None


def _key_values(key: WindowKey) -> dict[str, Any]:
    return {"sequence": key.sequence, "kind": key.kind.value, "n": key.n}


def _key_text(key: WindowKey | None) -> str:
    return f"{key.sequence}/{key.kind.value}/{key.n}" if key else ""


def _window_values(window: Window) -> dict[str, Any]:
    answered = [asked.answered_at for asked in window.asked if asked.answered_at]
    acknowledged = [asked.acknowledged_at for asked in window.asked if asked.acknowledged_at]
    is_judgement = window.key.kind is WindowKind.JUDGEMENT
    return {
        "parent": _key_text(window.parent),
        "owner_role": window.owner.role,
        "owner_person": window.owner.person,
        "due": window.promise.due,
        "closes_at": window.promise.closes_at,
        "acts_at": window.acts_at,
        "opened_at": window.opened_at,
        "closed_at": window.closed_at,
        "closed_as": window.closed_as.value,
        "held_since": window.held_since,
        "acknowledged_at": min(acknowledged, default=None),
        "answered_at": None if is_judgement else max(answered, default=None),
        "on_close": window.on_close.value,
        "answer": window.answer.value,
        "times_told": window.times_told,
        "climb_waits": window.climb_waits,
        "asked": [
            {
                "role": asked.party.role,
                "person": asked.party.person,
                "acknowledged_at": _text(asked.acknowledged_at),
                "answered_at": _text(asked.answered_at),
                "answer": asked.answer,
                "late": asked.late,
                "told_on": _text(asked.told_on),
                "unreached": asked.unreached,
                "reminded_on": _text(asked.reminded_on),
            }
            for asked in window.asked
        ],
        "promise": promise_values(window.promise),
    }


def promise_values(promise: Promise) -> dict[str, Any]:
    """A promise as numbers; its date and instant stand in columns of their own."""
    return {
        "length": [promise.length.number, promise.length.unit.value] if promise.length else None,
        "counts_from": promise.counts_from.isoformat(),
        "counted": [day.isoformat() for day in promise.counted],
        "skipped": [[day.isoformat(), why] for day, why in promise.skipped],
        "expected": promise.expected,
        "announced_to": promise.announced_to.isoformat(),
        "calendar": promise.calendar,
        "tzdata": promise.tzdata,
        "since": _text(promise.since),
    }
