"""Gathers what a referral says: from the record, the directory and the IRO's own words, each item of the list in its place."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection

from api.exports.referral.contents import FORMAT, ChecklistItem, ChronologyEntry, Contents, EnclosedDocument, Spoken
from api.exports.referral.material import GROUNDS, ReferralMaterial, known_to_items, stages_reached, working_days_taken
from api.presenters import item_reader, timeline_text
from api.presenters.followed_words import FOLLOWED_WORDS
from api.presenters.item_reader import SeenItem
from api.presenters.shapes import EntryShape
from api.presenters.wording import moment_in_words
from drp.items.referrals import EntrySelection, MadeReferral, Redaction, select_entries, words_go
from drp.staffing.going_live import is_live
from drp.timeline.read import StoredTimeline, read_timeline
from workflows.calendar.working_days import long_date, so_many
from workflows.decision.decision_builder import EntryVisibility
from workflows.model.events import ReferredToCafcass
from workflows.model.referral import CHECKLIST, ItemStanding, standings_of_items

ERASED = "It was lawfully erased."
NOT_SENT = "Its words are not sent."

Kind = Literal["referral", "draft", "rehearsal", "trial"]


@dataclass(frozen=True)
class GatheredReferral:
    """The contents with what they were made from: for the proof, the enclosed documents, the preview."""

    contents: Contents
    kept: StoredTimeline
    selection: EntrySelection
    black: Redaction
    seen: SeenItem


def gather_referral(
    connection: Connection,
    authority: str,
    seen: SeenItem,
    event: ReferredToCafcass,
    made: MadeReferral | None,
    kind: Kind,
    now: datetime,
) -> GatheredReferral:
    """The contents of a referral that was made, or (`made` None) of one that is being written. `now`: aware UTC.

    Until an authority is live what is made there is a trial, whatever it was asked for as.
    """
    kind = kind if is_live(connection, authority) else "trial"
    kept = read_timeline(connection, authority, seen.loaded.id)
    # Of a referral's own entry the words go: they are the referral.
    selection = select_entries(kept.entries, (*event.includes, *([made.number] if made else ())))
    names = item_reader.names_on(connection, authority, kept)
    entries = tuple(item_reader.entry_shape(entry, kept, names, seen.rules) for entry in kept.entries)
    it = ReferralMaterial(connection, authority, seen, event, made, made.at if made else now, kept, selection, names, entries)
    black = Redaction(event.leaves_out)
    return GatheredReferral(_contents(it, kind, black), kept, selection, black, seen)


def _contents(it: ReferralMaterial, kind: Kind, black: Redaction) -> Contents:
    loaded, ladder, made = it.seen.loaded, it.seen.rules.ladder, it.made
    last = it.kept.entries[-1]
    contents = Contents(
        format="drp referral 1",
        standing=kind,
        reference=loaded.reference,
        authority=it.words.name,
        procedure=f"{ladder.title}, {ladder.version_in_words}",
        about=f"{loaded.child_initials}, case-system number {loaded.child_number}",
        referred_at=made.at if made else None,
        referred_at_in_words=moment_in_words(made.at) if made else "",
        referred_by=black(it.by(made.person, made.behalf_of)) if made else "",
        made_of=f"{so_many(len(it.kept.entries), 'entries')}, the last of {moment_in_words(last.recorded_at)}",
        grounds=[GROUNDS[ground] for ground in it.event.grounds],
        why=black(it.event.why),
        checklist=_checklist(it, black),
        stages=stages_reached(it),
        days_in_words=working_days_taken(it),
        chronology=[_line(it, shape, black) for shape in it.shown],
        documents=_documents(it, black),
        left_out=_left_out(it),
    )
    assert contents.format == FORMAT
    return contents


def _checklist(it: ReferralMaterial, black: Redaction) -> list[ChecklistItem]:
    said = {key: [black(line) for line in lines] for key, lines in known_to_items(it).items()}
    written = {one.item: black(one.words) for one in it.event.said if one.words}
    if it.event.why:
        written["failure"] = "\n\n".join(filter(None, (black(it.event.why), written.get("failure", ""))))
    stands = standings_of_items(said, written.keys(), {one.item for one in it.event.said if not one.applies})
    return [
        ChecklistItem(
            number=item.number, key=item.key, section=item.section.value, title=item.title, standing=stands[item.key].value,
            known=said.get(item.key, []), written=written.get(item.key, ""),
        )
        for item in CHECKLIST
    ]  # fmt: skip


def missing_in_referral(contents: Contents) -> list[ChecklistItem]:
    """The items of the list that are missing."""
    return [item for item in contents.checklist if item.standing == ItemStanding.MISSING.value]


def _line(it: ReferralMaterial, shape: EntryShape, black: Redaction) -> ChronologyEntry:
    one = timeline_text.entry_in_words(
        shape, it.words, it.challenge.raiser_role, it.seen.loaded.reference, FOLLOWED_WORDS.get(it.challenge.item_type)
    )
    promised = [f"To be done by {long_date(day)}" for _, day in one.actions]
    return ChronologyEntry(
        number=one.number, kind=one.kind, at=shape.at, at_in_words=moment_in_words(shape.at), headline=one.headline,
        by=black(one.by), on_behalf_of=black(one.for_whom), stage=one.stage,
        lines=[black(line) for line in [*one.facts, *promised]], words=_spoken(it, shape, black),
    )  # fmt: skip


def _spoken(it: ReferralMaterial, shape: EntryShape, black: Redaction) -> list[Spoken]:
    entry = it.kept.entries[shape.number - 1]
    if not entry.words:
        return []
    if not shape.words:
        return [Spoken(question="", text="", left_out=ERASED)]
    found = [
        Spoken(question=timeline_text.question_in_words(field), text=black(text), left_out="")
        for field, text in shape.words.items()
        if words_go(entry, field, it.selection)
    ]
    return found or [Spoken(question="", text="", left_out=NOT_SENT)]


def _documents(it: ReferralMaterial, black: Redaction) -> list[EnclosedDocument]:
    """The documents on the record. Of one that was not ticked not even the name goes: it is somebody's words too."""
    found = []
    for shape in it.entries:
        sealed = it.kept.entries[shape.number - 1].visible == EntryVisibility.SEALED
        ticked = shape.number in it.selection.spoken
        if shape.kind != "document_attached" or sealed or (shape.iro_service_only and not ticked):
            continue
        words, facts = (shape.words, shape.facts) if ticked else ({}, {})
        found.append(
            EnclosedDocument(
                entry=shape.number, name=black(words.get("name", "")) or f"Document of entry {shape.number}",
                about=black(words.get("about", "")), media_type=str(facts.get("media_type", "")), size=int(facts.get("size", 0)),
                sha256=str(facts.get("digest", "")), file="", left_out="" if ticked else "Not enclosed: it was not ticked.",
            )
        )  # fmt: skip
    return found


def _left_out(it: ReferralMaterial) -> list[str]:
    selection = it.selection
    entries = [entry for entry in it.kept.entries if entry.kind != "referral_statement"]
    hidden = sum(entry.number not in selection.shown for entry in entries)
    silent = sum(entry.number in selection.shown - selection.spoken and bool(entry.words) for entry in entries)
    strangers = sorted(number for number in it.event.includes if number > len(it.kept.entries))
    said = {
        f"{so_many(hidden, 'entries')} that only the {it.words.label('iro_service')} reads": hidden,
        f"The words of {so_many(silent, 'entries')}; what happened, when and by whom is shown": silent,
        "Words about others, made unreadable where they stood": it.event.leaves_out,
        f"Entries that were asked for and do not exist: {', '.join(map(str, strangers))}": strangers,
    }
    return [line for line, is_so in said.items() if is_so]
