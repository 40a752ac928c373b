"""The questions of a referral, section by section, and the event that the answers make."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from api.pages import told
from api.pages.fields import Day, Field, Form, Option, Tick, Ticks, Words, filled
from api.pages.item import Whole
from api.pages.visiting import Visiting
from api.referral.material import GROUNDS
from drp import drafts
from drp.drafts import Draft
from workflows.events import ReferredToCafcass, Said
from workflows.referral import BY_KEY, SECTIONS, Section, asked_in
from workflows.working_days import local_date, long_date

NOT_APPLICABLE = "-na"
"""Ends the name of the tick beside each item."""


@dataclass(frozen=True)
class Writing:
    """A referral that somebody is writing about one item: what they wrote so far, section by section."""

    whole: Whole
    draft: Draft | None

    def given(self, section: Section) -> dict[str, tuple[str, ...]]:
        """What was typed in a section."""
        kept = self.draft.said["steps"].get(section.value, {}) if self.draft else {}
        return {name: tuple(values) for name, values in kept.items()}

    @property
    def event(self) -> ReferredToCafcass:
        """The referral as it is written now. An answer that cannot be read is left out, never in the way."""
        values: dict[str, Any] = {}
        for section in SECTIONS:
            values |= Form(fields_of(self.whole, section), self.given(section)).read()
        everything = readable(self.whole) if values.get("everything") else ()
        ticked = {int(n) for n in (*values.get("entries", ()), *values.get("documents", ()))} | set(everything)
        return ReferredToCafcass(
            grounds=values.get("grounds", ()),
            why=values.get("failure", ""),
            follow_up_on=values.get("follow_up_on"),
            said=tuple(_said(values)),
            includes=tuple(sorted(ticked)),
            leaves_out=values.get("leaves_out", ""),
        )


def writing(connection: Connection, visit: Visiting, whole: Whole) -> Writing:
    """What this person has begun to write about an item, or nothing yet."""
    mine = drafts.of(connection, visit.authority, UUID(visit.signed.person))
    reference = whole.shape.reference
    return Writing(whole, next((one for one in mine if one.said.get("referral") == reference), None))


def _said(values: Mapping[str, Any]) -> Iterator[Said]:
    for section in SECTIONS:
        for item in asked_in(section):
            words = str(values.get(item.key, "")) if item.key != "failure" else ""
            if words:
                yield Said(item.key, words)
            elif values.get(item.key + NOT_APPLICABLE):
                yield Said(item.key, applies=False)


def fields_of(whole: Whole, section: Section) -> list[Field]:
    """The questions of one section. None of them must be answered."""
    found: list[Field] = []
    if section is Section.WHY:
        options = [(key, label, "") for key, label in GROUNDS.items()]
        found.append(Ticks(name="grounds", label=f"{BY_KEY['grounds'].number}. {BY_KEY['grounds'].title}", options=options))
    for item in asked_in(section):
        found.append(Words(name=item.key, label=f"{item.number}. {item.title}", hint=item.hint, rows=3))
        found.append(Tick(name=item.key + NOT_APPLICABLE, label="Not applicable"))
    if section is Section.DOCUMENTS:
        found += _enclosures(whole)
    if section is Section.HANDLING:
        found.append(Day(name="follow_up_on", label="Follow up on", hint="A day on which you want to be reminded."))
    return found


def _enclosures(whole: Whole) -> list[Field]:
    several = len(readable(whole))
    found: list[Field] = [
        Tick(
            name="everything", label=f"The challenge and its replies, in their own words ({several} entries)",
            hint="All that everybody on this item could read. Without it only what happened, when and by whom is shown.",
        )
    ]  # fmt: skip
    if papers := _options(whole, documents=True):
        hint = "A document goes as it is: words that you leave out below stay in it. Look at each first."
        found.append(Ticks(name="documents", label="Attached documents", hint=hint, options=papers))
    if others := _options(whole, documents=False):
        hint = "Notes and a child's confidence go only if you tick them. Advice goes without what it says."
        found.append(Ticks(name="entries", label="What only the IRO service reads, entry by entry", hint=hint, options=others))
    found.append(
        Words(
            name="leaves_out", label="Words about others to leave out",
            hint="Names of third parties, say: one phrase a line. Each is made unreadable wherever it stands.", rows=3,
        )
    )  # fmt: skip
    return found


def readable(whole: Whole) -> tuple[int, ...]:
    """The entries with words that everybody on the item could read, documents aside."""
    return tuple(
        entry.number
        for entry in whole.timeline.entries
        if entry.words and not entry.iro_service_only and entry.kind not in ("document_attached", "referred_to_cafcass")
    )


def _options(whole: Whole, documents: bool) -> list[Option]:
    """Entries to tick, each by what it is, when it was and how it begins."""
    shown = {one.number: one for one in told.entries(whole.item, whole.timeline)}
    found = []
    for entry in whole.timeline.entries:
        is_document = entry.kind == "document_attached"
        wanted = is_document if documents else entry.iro_service_only and not is_document
        if not wanted or entry.kind == "referral_statement" or not entry.words or entry.number not in shown:
            continue
        if entry.kind == "corrected" and entry.iro_service_only:
            continue  # it goes with what it corrects, where that goes
        begins = entry.words.get("name") or next(iter(entry.words.values()))
        if entry.kind == "legal_advice_taken":
            begins = entry.words.get("source", "")
        day = long_date(local_date(entry.at))
        only = ", only the IRO service reads it" if is_document and entry.iro_service_only else ""
        label = f"{entry.number}. {begins}" if is_document else f"{entry.number}. {shown[entry.number].headline}"
        hint = f"{day}{only}" if is_document else f"{day}: {begins[:100]}"
        found.append((str(entry.number), label, hint))
    return found


def begins_with(writing: Writing, section: Section) -> dict[str, tuple[str, ...]]:
    """What a section shows: what was typed, else nothing."""
    return writing.given(section) or filled(fields_of(writing.whole, section), {})
