"""One item about the child, whole: where it stands, what was promised, everything on its timeline, what was sent to whom."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from api.exports.log_export import subject_in_words
from api.exports.sar_export.contents import (
    AskedHeld,
    Detail,
    Document,
    Entry,
    Item,
    Mark,
    MarkKey,
    Message,
    PromiseHeld,
    Reached,
    Words,
    Writer,
)
from api.exports.sar_export.gatherer import SarGatherer, SarWriters
from api.exports.sar_export.marks import mark_words, of_law, of_others
from api.presenters import item_reader, item_view, timeline_text
from api.presenters.followed_words import FOLLOWED_WORDS
from api.presenters.shapes import EntryShape
from api.presenters.wording import moment_in_words
from drp.casework import load
from drp.data_protection import subject_data
from drp.messages.sent_messages import sent_messages
from drp.timeline.chain import ChainedEntry, canonical_text, first_fault
from drp.timeline.read import read_timeline
from workflows.calendar.promise_in_words import explain_promise
from workflows.calendar.working_days import local_date, so_many
from workflows.decision.decision_builder import EntryVisibility
from workflows.model.challenge import Facts, Window

ERASED = "It had words here. They were lawfully erased, and the service does not hold them any more."

_READ_BY: Mapping[str, Any] = {
    EntryVisibility.EVERYONE.value: "everyone on the item",
    EntryVisibility.IRO_SERVICE.value: "the IRO service only",
    EntryVisibility.CHILDS_IRO.value: "the child's IRO and whoever covers",
    EntryVisibility.SUPERVISION.value: "the IRO and their manager",
    EntryVisibility.SEALED.value: "sealed",
}

_IDENTITY = re.compile(r'"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"')
"""Somebody's identity among an entry's facts, which are JSON."""


class _Whole:
    """One item with what it is read by."""

    def __init__(self, desk: SarGatherer, id_: UUID) -> None:
        self.desk, self.loaded = desk, load.load_challenges(desk.connection, desk.authority, [id_])[id_]
        self.challenge = self.loaded.challenge
        hashes = self.challenge.ladder_hash, self.challenge.authority_hash
        self.rules = desk.procedures.rules(desk.connection, desk.authority, *hashes)
        self.kept = read_timeline(desk.connection, desk.authority, id_)
        self.told = subject_data.recipients_of_item(desk.connection, desk.authority, id_)
        self.known = desk.people(self._everybody())
        self.writers = SarWriters(self.rules.authority, self.known, self.challenge.raiser_role)

    def _everybody(self) -> Iterator[str]:
        """Everybody who stands anywhere in the item."""
        yield str(self.loaded.raiser)
        yield from (one.person for one in self.told)
        for entry in self.kept.entries:
            yield from (str(person or "") for person in (entry.person, entry.behalf_of))
            yield from _IDENTITY.findall(entry.facts)
        for window in self.challenge.windows:
            yield from (party.person for party in (window.owner, *(asked.party for asked in window.asked)))

    def stage(self, key: str) -> str:
        """A stage by its label."""
        return self.rules.ladder.stage(key).label if self.rules.ladder.has(key) else key


def gather_item(desk: SarGatherer, id_: UUID) -> Item:
    """Everything of one item."""
    it = _Whole(desk, id_)
    loaded, rules, challenge, words = it.loaded, it.rules, it.challenge, it.rules.authority
    rows = [vars(entry) for entry in it.kept.entries]
    fault = first_fault(desk.keys, desk.authority, id_, rows, it.kept.words, loaded.entries, loaded.head)
    names = {person: known.name for person, known in it.known.items()}
    shapes = [item_reader.entry_shape(entry, it.kept, names, rules) for entry in it.kept.entries]
    timeline = [_entry(it, entry, shape) for entry, shape in zip(it.kept.entries, shapes, strict=True)]
    attached = [pair for pair in zip(timeline, shapes, strict=True) if pair[0].kind == "document_attached"]
    return Item(
        reference=loaded.reference,
        kind=words.label(challenge.item_type.value),
        procedure=f"{rules.ladder.title}, {rules.ladder.version_in_words}",
        standing=item_view.where_in_words(rules, challenge),
        sealed=challenge.is_sealed,
        raised_at=challenge.raised_at,
        raised_at_in_words=moment_in_words(challenge.raised_at),
        raised_by=it.writers.name(str(loaded.raiser)),
        raised_as=it.writers.title(challenge.raiser_role),
        reasons=[words.reason(reason).label if words.has_reason(reason) else reason for reason in challenge.reasons],
        priority=words.label(challenge.priority) if challenge.priority else "",
        highest_stage=it.stage(challenge.highest_stage),
        referral=challenge.referral.value,
        child_then=_facts(it, challenge.facts_at_raising),
        child_now=_facts(it, challenge.facts),
        linked=load.list_siblings(desk.connection, desk.authority, id_),
        reached=[
            Reached(
                name=it.writers.name(one.person), role=it.writers.title(one.role), as_to=one.as_to,
                since=moment_in_words(one.since),
            )
            for one in it.told
        ],
        promises=[_promise(it, window) for window in challenge.windows],
        timeline=timeline,
        documents=[_document(it, line, shape) for line, shape in attached],
        messages=_messages(it, id_),
        marks=[mark_words("sealed")] if challenge.is_sealed else [],
        erasure=_erasure(desk, id_),
        proven=fault is None,
        fault=fault or "",
    )  # fmt: skip


def _erasure(desk: SarGatherer, id_: UUID) -> str:
    gone = subject_data.erasure_of(desk.connection, desk.authority, id_)
    if gone is None:
        return ""
    what = f"{so_many(gone.words, 'pieces of writing')} and {so_many(gone.documents, 'documents')}"
    return f"Erased {moment_in_words(gone.at)} by {gone.by}: {what}. The ground: {gone.why}"


def _facts(it: _Whole, facts: Facts) -> list[str]:
    said = [it.rules.authority.label(status.value) for status in sorted(facts.statuses)]
    said += ["in proceedings"] if facts.in_proceedings else []
    said += ["in the public law outline, before proceedings"] if facts.in_plo else []
    return [*said, *sorted(facts.facts), *([f"team: {facts.team}"] if facts.team else [])]


# The timeline.


def _entry(it: _Whole, entry: ChainedEntry, shape: EntryShape) -> Entry:
    one = timeline_text.entry_in_words(
        shape, it.rules.authority, it.challenge.raiser_role, it.loaded.reference, FOLLOWED_WORDS.get(it.challenge.item_type)
    )
    by = it.writers.writer(str(entry.person or ""), local_date(entry.at), shape.acting_as, str(entry.behalf_of or ""))
    marks = _of_the_entry(it, entry, by)
    return Entry(
        number=entry.number, kind=entry.kind, at=entry.at, at_in_words=moment_in_words(entry.at), recorded_at=entry.recorded_at,
        headline=one.headline if timeline_text.is_told(shape) else timeline_text.HEADLINES[entry.kind], by=by,
        stage=one.stage, read_by=_READ_BY[entry.visible], lines=list(one.facts),
        words=[
            Words(
                field=field, question=timeline_text.question_in_words(field), text=text,
                marks=[*marks, *of_others(text, it.desk.names), *of_law(text, by.posts)],
            )
            for field, text in sorted(shape.words.items())
        ],
        erased=ERASED if entry.words and not shape.words else "", marks=marks,
        details=[Detail(name=name, value=_plain(it, value)) for name, value in sorted(shape.facts.items())],
    )  # fmt: skip


def _of_the_entry(it: _Whole, entry: ChainedEntry, by: Writer) -> list[Mark]:
    """The marks of a whole entry: by who wrote it, who reads it, what kind it is. A correction bears those of its first."""
    first = _corrected(it, entry)
    bears: dict[MarkKey, bool] = {
        "sealed": it.challenge.is_sealed or entry.visible == EntryVisibility.SEALED,
        "outside_the_authority": bool(by.agency),
        "privileged": first.kind == "legal_advice_taken",
        "told_in_confidence": bool(json.loads(first.facts).get("in_confidence")),
        "iro_service_only": bool({EntryVisibility.IRO_SERVICE, EntryVisibility.CHILDS_IRO} & {entry.visible, first.visible}),
    }
    found: dict[MarkKey, list[str]] = {"outside_the_authority": [by.agency]}
    return [mark_words(key, found.get(key, ())) for key, is_borne in bears.items() if is_borne]


def _corrected(it: _Whole, entry: ChainedEntry) -> ChainedEntry:
    """What an entry corrects, however often that was corrected; itself where it corrects nothing."""
    while entry.kind == "corrected":
        number = json.loads(entry.facts).get("entry", 0)
        if not 0 < number < entry.number:
            break
        entry = it.kept.entries[number - 1]
    return entry


def _plain(it: _Whole, value: Any) -> str:
    value = _named(it, value)
    return value if isinstance(value, str) else canonical_text(value)


def _named(it: _Whole, value: Any) -> Any:
    """The same with people by name where an identity stands for them."""
    if isinstance(value, str):
        return it.known[value].name if value in it.known else value
    if isinstance(value, dict):
        return {name: _named(it, inside) for name, inside in value.items()}
    return [_named(it, inside) for inside in value] if isinstance(value, list) else value


def _document(it: _Whole, line: Entry, shape: EntryShape) -> Document:
    name, about = shape.words.get("name", ""), shape.words.get("about", "")
    return Document(
        entry=line.number, name=name or "A document whose name was erased", about=about, by=line.by,
        media_type=str(shape.facts.get("media_type", "")), size=int(shape.facts.get("size", 0)),
        sha256=str(shape.facts.get("digest", "")), file="", missing="",
        marks=[mark_words("not_looked_into"), *line.marks, *of_others(f"{name}\n{about}", it.desk.names)],
    )  # fmt: skip


# What was promised, and what was sent.


def _promise(it: _Whole, window: Window) -> PromiseHeld:
    promise = None if window.promise.is_without_date else window.promise
    owner = [it.writers.name(window.owner.person), it.writers.title(window.owner.role)]
    return PromiseHeld(
        kind=window.key.kind.value.replace("_", " "),
        stage=it.stage(it.challenge.stage_of(window)),
        owner=", ".join(filter(None, owner)),
        opened=moment_in_words(window.opened_at),
        due=promise.due if promise else None,
        working=explain_promise(promise) if promise else "",
        asked=[
            AskedHeld(
                role=it.writers.title(asked.party.role), name=it.writers.name(asked.party.person),
                acknowledged=moment_in_words(asked.acknowledged_at), answered=moment_in_words(asked.answered_at),
                answer=asked.answer, late=asked.late,
            )
            for asked in window.asked
        ],
        closed=moment_in_words(window.closed_at),
        closed_as=window.closed_as.value,
    )  # fmt: skip


def _messages(it: _Whole, id_: UUID) -> list[Message]:
    return [
        Message(
            subject=one.subject, subject_in_words=subject_in_words(one.subject, it.rules.authority),
            at=one.at, at_in_words=moment_in_words(one.at),
            stage=it.stage(one.stage), name=one.name, post=it.writers.title(one.role), as_to=one.as_to, mail=one.mail,
            mailed=moment_in_words(one.mailed_at), read=moment_in_words(one.read_at),
            opened=moment_in_words(one.opened_at), trouble=one.error,
        )
        for one in sent_messages(it.desk.connection, it.desk.authority, [id_])
    ]  # fmt: skip
