"""What a referral is gathered from: the item, its timeline, and what of it goes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from api.presenters import item_view, timeline_text
from api.presenters.item_reader import SeenItem
from api.presenters.shapes import EntryShape
from drp.items.referrals import EntrySelection, MadeReferral, words_go
from drp.timeline.read import StoredTimeline
from workflows.calendar.working_days import local_date
from workflows.decision.decision_builder import EntryVisibility
from workflows.model.authority import Authority
from workflows.model.challenge import Challenge
from workflows.model.events import ReferredToCafcass

GROUNDS = {
    "care_plan_not_prepared": "The care plan was not properly prepared",
    "case_not_reviewed": "The case was not properly reviewed",
    "decision_not_carried_out": "A decision of a review was not carried out",
    "other_material_breach": "Another material breach of the authority's duties to the child",
}
"""Care Planning Regulations 2010, regulation 45."""


@dataclass(frozen=True)
class ReferralMaterial:
    """One referral that was `made`, or (None) is being written. What is asked of the directory is asked as of its day."""

    connection: Connection
    authority: str
    seen: SeenItem
    event: ReferredToCafcass
    made: MadeReferral | None
    at: datetime
    kept: StoredTimeline
    selection: EntrySelection
    names: Mapping[str, str]
    entries: tuple[EntryShape, ...]

    @property
    def day(self) -> date:
        """The local day of the referral, or today."""
        return local_date(self.at)

    @property
    def challenge(self) -> Challenge:
        """The item as it stands."""
        return self.seen.loaded.challenge

    @property
    def words(self) -> Authority:
        """The authority, for its words."""
        return self.seen.rules.authority

    @property
    def shown(self) -> list[EntryShape]:
        """The entries of the chronology."""
        return [entry for entry in self.entries if entry.number in self.selection.shown and timeline_text.is_told(entry)]

    def title(self, role: str) -> str:
        """A role in the authority's own words."""
        return item_view.title_of(self.words, role, self.challenge.raiser_role)

    def by(self, person: UUID | None, behalf_of: UUID | None) -> str:
        """Who did something, and for whom."""
        name = self.names.get(str(person), "")
        return f"{name}, for {self.names.get(str(behalf_of), '')}" if behalf_of else name

    def of(self, kind: str) -> Iterator[tuple[date, Mapping[str, Any], Mapping[str, str]]]:
        """Entries of a kind, sealed ones and those told in confidence left aside: day, facts and words of each."""
        for shape in self.entries:
            sealed = self.kept.entries[shape.number - 1].visible == EntryVisibility.SEALED
            if shape.kind == kind and not sealed and not shape.facts.get("in_confidence"):
                yield local_date(shape.at), shape.facts, shape.words

    def raised_words(self, field: str) -> list[str]:
        """What was written when it was raised, where those words go."""
        text = self.kept.text_of(1).get(field, "")
        return [text] if text and words_go(self.kept.entries[0], field, self.selection) else []
