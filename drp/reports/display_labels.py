"""What counted values are called, in which order they stand, and which kept values one of them gathers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection
from sqlmodel import col

from drp.casework.procedures import Procedures
from drp.database.directory_tables import PersonRow
from drp.database.gathering import gather_by_key
from drp.database.scope import select_of
from drp.directory import lookup
from drp.reports.aggregate import PERIODS, Dimension
from workflows.calendar.reporting_periods import period_in_words
from workflows.model.authority import Authority
from workflows.model.challenge import Outcome
from workflows.model.ladder import ItemType, Ladder, Status
from workflows.model.register_entry import OPEN, RESOLVED_BY_RAISER
from workflows.model.reporting import StagesTogether

NOT_RECORDED = "not recorded"

OUTCOMES = {
    OPEN: "open",
    Outcome.RESOLVED.value: "resolved",
    RESOLVED_BY_RAISER: "resolved, as whoever raised it says",
    Outcome.ENDED.value: "ended, not resolved",
    Outcome.OVERTAKEN.value: "overtaken by events",
    Outcome.WITHDRAWN.value: "withdrawn",
    Outcome.NOTICED.value: "told",
}
IMPACTS = {
    "better": "better for the child",
    "partly": "partly better",
    "no change": "no change",
    "worse": "worse",
    "too early": "too early to say",
}
TITLES = {
    Dimension.YEAR: "Year",
    Dimension.QUARTER: "Quarter",
    Dimension.MONTH: "Month",
    Dimension.STAGE: "Highest stage reached",
    Dimension.REASON: "Reason",
    Dimension.THEME: "Theme",
    Dimension.TEAM: "Team",
    Dimension.SERVICE: "Service",
    Dimension.STATUS: "Child's status",
    Dimension.ITEM_TYPE: "Kind of item",
    Dimension.OUTCOME: "Outcome",
    Dimension.IMPACT: "What changed for the child",
    Dimension.IRO: "IRO",
}
"""What each thing is called at the head of a table."""


@dataclass(frozen=True)
class TableHeading:
    """One row or column of a table. `kept`: the values of the register that it gathers."""

    key: str
    label: str
    kept: tuple[str, ...]


class DisplayLabels:
    """An authority's own words for everything that can be counted. `groups`: with stages together, as its file says."""

    def __init__(
        self,
        words: Authority,
        ladders: Sequence[Ladder],
        units: Mapping[tuple[str, str], str],
        people: Mapping[str, str],
        groups: bool = False,
    ) -> None:
        self.words, self._groups = words, groups
        self._stages = _stages(words, ladders)
        newest = {ladder.key: ladder for ladder in sorted(ladders, key=lambda ladder: ladder.in_force) if ladder.climbs}
        self._newest = tuple(stage.key for ladder in newest.values() for stage in ladder.stages)
        self._catalogue: dict[Dimension, dict[str, str]] = {
            Dimension.STAGE: self._grouped_stages(),
            Dimension.REASON: {reason.key: reason.label for theme in words.themes for reason in theme.reasons},
            Dimension.THEME: {theme.key: theme.label for theme in words.themes},
            Dimension.TEAM: {key: name for (kind, key), name in units.items() if kind == "team"},
            Dimension.SERVICE: {key: name for (kind, key), name in units.items() if kind == "service"},
            Dimension.STATUS: {status.value: words.label(status.value) for status in Status},
            Dimension.ITEM_TYPE: {item.value: words.label(item.value) for item in ItemType},
            Dimension.OUTCOME: OUTCOMES,
            Dimension.IMPACT: IMPACTS,
            Dimension.IRO: dict(people),
        }

    def title(self, by: Dimension) -> str:
        """What a thing is called at the head of a table."""
        return self.words.label("iro") if by is Dimension.IRO else TITLES[by]

    def heading(self, by: Dimension, kept: str) -> TableHeading:
        """The row or column under which one kept value stands."""
        key = self._counts_as(by, kept)
        return TableHeading(key, self.label(by, key), (kept,))

    def label(self, by: Dimension, key: str) -> str:
        """What a value is called."""
        if not key:
            return NOT_RECORDED
        if by in PERIODS:
            return period_in_words(key)
        known = self._catalogue[by]
        if by in (Dimension.REASON, Dimension.THEME):
            known = self._catalogue[Dimension.ITEM_TYPE] | known  # a notice without a reason stands under what it is
        return known.get(key, key.replace("_", " "))

    def headings(self, by: Dimension, kept: Iterable[str]) -> tuple[TableHeading, ...]:
        """Rows or columns for some kept values, in the order in which people know them; what is not recorded is last."""
        gathered = gather_by_key((self._counts_as(by, value), value) for value in sorted(set(kept)))
        if by in PERIODS:
            ordered = sorted(gathered)
        else:
            rank = {key: n for n, key in enumerate(self._catalogue[by])}
            ordered = sorted(gathered, key=lambda key: (key == "", rank.get(key, len(rank)), self.label(by, key)))
        return tuple(TableHeading(key, self.label(by, key), tuple(gathered[key])) for key in ordered)

    def kept(self, by: Dimension, key: str) -> tuple[str, ...]:
        """The kept values that a row of this key gathers: those of earlier versions too."""
        reporting = self.words.reporting
        if by is Dimension.STAGE:
            present = next((group.stages for group in self._together() if group.label == key), (key,))
            return tuple(dict.fromkeys([*present, *(old for old, new in reporting.stages.items() if new in present)]))
        if by is Dimension.REASON:
            return (key, *(old for old, new in reporting.reasons.items() if new == key))
        return (key,)

    def every(self, by: Dimension) -> tuple[TableHeading, ...]:
        """Every value that a thing can have, whether or not it occurs."""
        return tuple(TableHeading(key, label, self.kept(by, key)) for key, label in self._catalogue[by].items())

    def in_use(self) -> frozenset[str]:
        """The stages (as they are counted) of the ladders that carry challenges in their newest versions."""
        return frozenset(self._counts_as(Dimension.STAGE, key) for key in self._newest)

    def _counts_as(self, by: Dimension, value: str) -> str:
        if by is Dimension.STAGE:
            stage = self.words.reporting.stage(value)
            return next((group.label for group in self._together() if stage in group.stages), stage)
        return self.words.reporting.reason(value) if by is Dimension.REASON else value

    def _together(self) -> tuple[StagesTogether, ...]:
        return self.words.reporting.together if self._groups else ()

    def _grouped_stages(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for key, label in self._stages.items():
            if key in self.words.reporting.stages:
                continue
            counted = self._counts_as(Dimension.STAGE, key)
            found[counted] = label if counted == key else counted
        return found


def _stages(words: Authority, ladders: Sequence[Ladder]) -> dict[str, str]:
    """Stages by key: those of the ladders in use in the authority's own order, newest version first; then what was before."""
    order = {serves.ladder: n for n, serves in reversed(list(enumerate(words.serves)))}
    newest = sorted(ladders, key=lambda ladder: (order.get(ladder.key, len(order)), -ladder.in_force.toordinal()))
    found: dict[str, str] = {}
    for ladder in newest:
        for stage in ladder.stages:
            found.setdefault(stage.key, stage.label)
    return found


def read_labels(
    connection: Connection, procedures: Procedures, words: Authority, groups: bool = False, with_people: bool = False
) -> DisplayLabels:
    """An authority's labels, from its current files and its directory. `with_people`: IROs by name, for supervision."""
    authority = words.key
    ladders = [rules.ladder for rules in procedures.current(connection, authority)]
    named = {(unit.kind, unit.key): unit.name for unit in lookup.list_units(connection, authority)}
    people = select_of(PersonRow, authority, PersonRow.id, PersonRow.name).order_by(col(PersonRow.name))
    names = {str(row.id): row.name for row in connection.execute(people)} if with_people else {}
    return DisplayLabels(words, ladders, named, names, groups)
