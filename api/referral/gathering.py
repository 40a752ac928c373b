"""Gathers what a referral says: from the record, the directory and the IRO's own words, each item of the list in its place."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection

from api import reading
from api.pages import told
from api.reading import Seen
from api.referral.contents import FORMAT, ChecklistItem, ChronologyEntry, Contents, EnclosedDocument, Spoken
from api.referral.material import GROUNDS, Material
from api.referral.record_says import known
from api.referral.stages import days, stages
from api.shapes import EntryShape
from api.wording import moment
from drp.kept_timeline import KeptTimeline, kept_timeline
from drp.referral import Blacking, Made, Selection, goes, selected
from workflows.events import ReferredToCafcass
from workflows.referral import CHECKLIST, Standing, standings
from workflows.turn import Visible
from workflows.working_days import long_date, so_many

ERASED = "It was lawfully erased."
NOT_SENT = "Its words are not sent."

Kind = Literal["referral", "draft", "rehearsal"]


@dataclass(frozen=True)
class Gathered:
    """The contents with what they were made from: for the proof, the enclosed documents, the preview."""

    contents: Contents
    kept: KeptTimeline
    selection: Selection
    black: Blacking
    seen: Seen


def gather(
    connection: Connection, authority: str, seen: Seen, event: ReferredToCafcass, made: Made | None, kind: Kind, now: datetime
) -> Gathered:
    """The contents of a referral that was made, or (`made` None) of one that is being written. `now`: aware UTC."""
    kept = kept_timeline(connection, authority, seen.loaded.id)
    # Of a referral's own entry the words go: they are the referral.
    selection = selected(kept.entries, (*event.includes, *([made.number] if made else ())))
    names = reading.names_on(connection, authority, kept)
    entries = tuple(reading.entry_shape(entry, kept, names, seen.rules) for entry in kept.entries)
    it = Material(connection, authority, seen, event, made, made.at if made else now, kept, selection, names, entries)
    black = Blacking(event.leaves_out)
    return Gathered(_contents(it, kind, black), kept, selection, black, seen)


def _contents(it: Material, kind: Kind, black: Blacking) -> Contents:
    loaded, ladder, made = it.seen.loaded, it.seen.rules.ladder, it.made
    last = it.kept.entries[-1]
    contents = Contents(
        format="drp referral 1",
        standing=kind,
        reference=loaded.reference,
        authority=it.words.name,
        procedure=f"{ladder.title}, {ladder.version}",
        about=f"{loaded.child_initials}, case-system number {loaded.child_number}",
        referred_at=made.at if made else None,
        referred_at_in_words=moment(made.at) if made else "",
        referred_by=black(it.by(made.person, made.behalf_of)) if made else "",
        made_of=f"{so_many(len(it.kept.entries), 'entries')}, the last of {moment(last.recorded_at)}",
        grounds=[GROUNDS[ground] for ground in it.event.grounds],
        why=black(it.event.why),
        checklist=_checklist(it, black),
        stages=stages(it),
        days_in_words=days(it),
        chronology=[_line(it, shape, black) for shape in it.shown],
        documents=_documents(it, black),
        left_out=_left_out(it),
    )
    assert contents.format == FORMAT
    return contents


def _checklist(it: Material, black: Blacking) -> list[ChecklistItem]:
    said = {key: [black(line) for line in lines] for key, lines in known(it).items()}
    written = {one.item: black(one.words) for one in it.event.said if one.words}
    if it.event.why:
        written["failure"] = "\n\n".join(filter(None, (black(it.event.why), written.get("failure", ""))))
    stands = standings(said, written.keys(), {one.item for one in it.event.said if not one.applies})
    return [
        ChecklistItem(
            number=item.number, key=item.key, section=item.section.value, title=item.title, standing=stands[item.key].value,
            known=said.get(item.key, []), written=written.get(item.key, ""),
        )
        for item in CHECKLIST
    ]  # fmt: skip


def missing(contents: Contents) -> list[ChecklistItem]:
    """The items of the list that are missing."""
    return [item for item in contents.checklist if item.standing == Standing.MISSING.value]


def _line(it: Material, shape: EntryShape, black: Blacking) -> ChronologyEntry:
    one = told.told(shape, it.words, it.challenge.raiser_role, it.seen.loaded.reference)
    promised = [f"To be done by {long_date(day)}" for _, day in one.actions]
    return ChronologyEntry(
        number=one.number, kind=one.kind, at=shape.at, at_in_words=moment(shape.at), headline=one.headline,
        by=black(one.by), on_behalf_of=black(one.for_whom), stage=one.stage,
        lines=[black(line) for line in [*one.facts, *promised]], words=_spoken(it, shape, black),
    )  # fmt: skip


def _spoken(it: Material, shape: EntryShape, black: Blacking) -> list[Spoken]:
    entry = it.kept.entries[shape.number - 1]
    if not entry.words:
        return []
    if not shape.words:
        return [Spoken(question="", text="", left_out=ERASED)]
    found = [
        Spoken(question=_question(field), text=black(text), left_out="")
        for field, text in shape.words.items()
        if goes(entry, field, it.selection)
    ]
    return found or [Spoken(question="", text="", left_out=NOT_SENT)]


def _question(field: str) -> str:
    return "What was agreed" if field.startswith("actions.") else told.question(field)


def _documents(it: Material, black: Blacking) -> list[EnclosedDocument]:
    found = []
    for shape in it.entries:
        sealed = it.kept.entries[shape.number - 1].visible == Visible.SEALED
        ticked = shape.number in it.selection.spoken
        if shape.kind != "document_attached" or sealed or (shape.iro_service_only and not ticked):
            continue
        if not ticked:  # its name is somebody's words too
            left_out = "Not enclosed: it was not ticked."
            found.append(
                EnclosedDocument(
                    entry=shape.number, name=f"Document of entry {shape.number}", about="", media_type="", size=0, sha256="",
                    file="", left_out=left_out,
                )
            )  # fmt: skip
            continue
        found.append(
            EnclosedDocument(
                entry=shape.number, name=black(shape.words.get("name", "")) or f"Document of entry {shape.number}",
                about=black(shape.words.get("about", "")), media_type=str(shape.facts.get("media_type", "")),
                size=int(shape.facts.get("size", 0)), sha256=str(shape.facts.get("digest", "")), file="", left_out="",
            )
        )  # fmt: skip
    return found


def _left_out(it: Material) -> list[str]:
    selection = it.selection
    entries = [entry for entry in it.kept.entries if entry.kind != "referral_statement"]
    hidden = len([entry for entry in entries if entry.number not in selection.shown])
    silent = len([entry for entry in entries if entry.number in selection.shown - selection.spoken and entry.words])
    said = []
    if hidden:
        said.append(f"{so_many(hidden, 'entries')} that only the {it.words.label('iro_service')} reads")
    if silent:
        said.append(f"The words of {so_many(silent, 'entries')}; what happened, when and by whom is shown")
    if it.event.leaves_out:
        said.append("Words about others, made unreadable where they stood")
    strangers = sorted(number for number in it.event.includes if number > len(it.kept.entries))
    if strangers:
        said.append(f"Entries that were asked for and do not exist: {', '.join(map(str, strangers))}")
    return said
