"""The questions of a referral, section by section, and the event that the answers make."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from api.exports.referral.material import GROUNDS
from api.pages.frame.browser_request import PageContext
from api.pages.frame.form_fields import DayField, Form, FormField, Option, TextArea, TickBox, TickBoxes
from api.pages.item.item_page import ItemOnPage
from api.presenters import timeline_text
from api.presenters.shapes import EntryShape
from drp.items import drafts
from workflows.calendar.working_days import local_date, long_date
from workflows.model.events import ReferralStatement, ReferredToCafcass
from workflows.model.referral import BY_KEY, SECTIONS, ReferralSection, asked_in

NOT_APPLICABLE = "-na"
"""Ends the name of the tick beside each item."""


@dataclass(frozen=True)
class ReferralDraft:
    """A referral that somebody is writing about one item: what they wrote so far, section by section."""

    whole: ItemOnPage
    draft: drafts.Draft | None

    def given(self, section: ReferralSection) -> dict[str, tuple[str, ...]]:
        """What was typed in a section."""
        kept = self.draft.said["steps"].get(section.value, {}) if self.draft else {}
        return {name: tuple(values) for name, values in kept.items()}

    @property
    def event(self) -> ReferredToCafcass:
        """The referral as it is written now. An answer that cannot be read is left out, never in the way."""
        values: dict[str, Any] = {}
        for section in SECTIONS:
            values |= Form(fields_of_section(self.whole, section), self.given(section)).read()
        everything = readable_entries(self.whole) if values.get("everything") else ()
        ticked = {int(n) for n in (*values.get("entries", ()), *values.get("documents", ()))} | set(everything)
        return ReferredToCafcass(
            grounds=values.get("grounds", ()),
            why=values.get("failure", ""),
            follow_up_on=values.get("follow_up_on"),
            said=tuple(_said(values)),
            includes=tuple(sorted(ticked)),
            leaves_out=values.get("leaves_out", ""),
        )


def read_referral_draft(connection: Connection, visit: PageContext, whole: ItemOnPage) -> ReferralDraft:
    """What this person has begun to write about an item, or nothing yet."""
    mine = drafts.drafts_of(connection, visit.authority, visit.person)
    reference = whole.shape.reference
    return ReferralDraft(whole, next((one for one in mine if one.said.get("referral") == reference), None))


def _said(values: Mapping[str, Any]) -> Iterator[ReferralStatement]:
    for section in SECTIONS:
        for item in asked_in(section):
            words = str(values.get(item.key, "")) if item.key != "failure" else ""
            if words:
                yield ReferralStatement(item.key, words)
            elif values.get(item.key + NOT_APPLICABLE):
                yield ReferralStatement(item.key, applies=False)


def fields_of_section(whole: ItemOnPage, section: ReferralSection) -> list[FormField]:
    """The questions of one section. None of them must be answered."""
    found: list[FormField] = []
    if section is ReferralSection.WHY:
        options = [(key, label, "") for key, label in GROUNDS.items()]
        found.append(TickBoxes(name="grounds", label=f"{BY_KEY['grounds'].number}. {BY_KEY['grounds'].title}", options=options))
    for item in asked_in(section):
        found.append(TextArea(name=item.key, label=f"{item.number}. {item.title}", hint=item.hint, rows=3))
        found.append(TickBox(name=item.key + NOT_APPLICABLE, label="Not applicable"))
    if section is ReferralSection.DOCUMENTS:
        found += _enclosures(whole)
    if section is ReferralSection.HANDLING:
        found.append(DayField(name="follow_up_on", label="Follow up on", hint="A day on which you want to be reminded."))
    return found


def _enclosures(whole: ItemOnPage) -> list[FormField]:
    everything = TickBox(
        name="everything",
        label=f"The challenge and its replies, in their own words ({len(readable_entries(whole))} entries)",
        hint="All that everybody on this item could read. Without it only what happened, when and by whom is shown.",
    )
    documents = TickBoxes(
        name="documents",
        label="Attached documents",
        hint="A document goes as it is: words that you leave out below stay in it. Look at each first.",
        options=_options(whole, documents=True),
    )
    entries = TickBoxes(
        name="entries",
        label="What only the IRO service reads, entry by entry",
        hint="Notes and a child's confidence go only if you tick them. Advice goes without what it says.",
        options=_options(whole, documents=False),
    )
    leaves_out = TextArea(
        name="leaves_out",
        label="Words about others to leave out",
        hint="Names of third parties, say: one phrase a line. Each is made unreadable wherever it stands.",
        rows=3,
    )
    return [everything, *(ticks for ticks in (documents, entries) if ticks.options), leaves_out]


def readable_entries(whole: ItemOnPage) -> tuple[int, ...]:
    """The entries with words that everybody on the item could read, documents aside."""
    return tuple(
        entry.number
        for entry in whole.timeline.entries
        if entry.words and not entry.iro_service_only and entry.kind not in ("document_attached", "referred_to_cafcass")
    )


def _options(whole: ItemOnPage, documents: bool) -> list[Option]:
    """Entries to tick, each by what it is, when it was and how it begins."""
    headlines = {one.number: one.headline for one in timeline_text.entries_in_words(whole.item, whole.timeline)}
    entries = [entry for entry in whole.timeline.entries if entry.words and entry.number in headlines]
    if documents:
        return [_document_option(entry) for entry in entries if entry.kind == "document_attached"]
    # What is corrected goes with what it corrects, where that goes.
    apart = ("document_attached", "referral_statement", "corrected")
    return [
        _entry_option(entry, headlines[entry.number])
        for entry in entries
        if entry.iro_service_only and entry.kind not in apart
    ]  # fmt: skip


def _document_option(entry: EntryShape) -> Option:
    only = ", only the IRO service reads it" if entry.iro_service_only else ""
    return (str(entry.number), f"{entry.number}. {_begins(entry)}", f"{long_date(local_date(entry.at))}{only}")


def _entry_option(entry: EntryShape, headline: str) -> Option:
    begins = entry.words.get("source", "") if entry.kind == "legal_advice_taken" else _begins(entry)
    return (str(entry.number), f"{entry.number}. {headline}", f"{long_date(local_date(entry.at))}: {begins[:100]}")


def _begins(entry: EntryShape) -> str:
    return str(entry.words.get("name") or next(iter(entry.words.values())))
