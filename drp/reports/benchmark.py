"""For a region: one authority's year in counts that others' can be added to, and several of them side by side.

A file holds no item, child, person or team: how many challenges there were in all, by themes that every authority shares and by
how far they were taken, and how many looked-after children there are, which rates are of, as the annual reports have it. Totals
of the whole authority are never left out (decision 13), and nothing here crosses anything about a child. Nobody is ranked.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, NonNegativeInt, PositiveFloat, ValidationError, field_validator
from sqlalchemy import Connection

from drp.reports.aggregate import CountQuery, Dimension, count_items
from drp.reports.chance import counts_differ, rate_interval
from drp.reports.display_labels import DisplayLabels
from drp.reports.status_rates import rates_of_period
from drp.reports.theme_tables import TableQuestion
from workflows.calendar.reporting_periods import months_in, year_in_words
from workflows.model.ladder import Ladder, Status
from workflows.model.reporting import SHARED_LABELS, SharedTheme

REACHED = {"informal": "Settled or left at an informal stage", "formal": "A formal stage", "referral": "Referred to Cafcass"}
"""How far challenges were taken, as every authority's stages can be told apart."""

LARGEST = 64 * 1024
"""Bytes of a file; one has some hundred."""


class BadBenchmark(Exception):
    """A file that cannot be added up with the others: which, and why."""


class BenchmarkFile(BaseModel):
    """One authority's year. `children`: the mean of the year's quarters; None where not all are known: then there is no rate."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    format: Literal["drp benchmark 1"] = "drp benchmark 1"
    authority: str
    year: str
    """The reporting year by its first calendar year: 2025 is April 2025 to March 2026."""
    children: PositiveFloat | None
    items: NonNegativeInt
    themes: dict[SharedTheme, NonNegativeInt]
    reached: dict[str, NonNegativeInt]

    @field_validator("reached")
    @classmethod
    def _known(cls, reached: dict[str, int]) -> dict[str, int]:
        if reached.keys() - REACHED.keys():
            raise ValueError(f"stages are counted as one of {', '.join(REACHED)}")
        return reached


def count_benchmark(connection: Connection, labels: DisplayLabels, ladders: Sequence[Ladder], year: str) -> BenchmarkFile:
    """Count one authority's year: challenges, whoever they are about. Raises ValueError for what is no year."""
    first, last = months_in(year)
    here = labels.words.key

    def counted(by: Dimension, *only: tuple[Dimension, tuple[str, ...]]) -> CountQuery:
        return CountQuery(by, None, first, last, only)

    reasons = [key for key, _ in count_items(connection, here, counted(Dimension.REASON)).cells]
    gathered: dict[SharedTheme, list[str]] = {}
    for reason in reasons:
        theme = labels.words.reporting.shared.get(labels.words.reporting.reason(reason), SharedTheme.OTHER)
        gathered.setdefault(theme, []).append(reason)
    # Each item once under a theme, whichever of its reasons count there.
    themes = {
        theme: count_items(connection, here, counted(Dimension.MONTH, (Dimension.REASON, tuple(kept)))).items
        for theme, kept in gathered.items()
    }
    stages = count_items(connection, here, counted(Dimension.STAGE))
    reached = dict.fromkeys(REACHED, 0)
    for (stage, _), number in stages.cells.items():
        reached[_how_far(labels.words.reporting.stage(stage), ladders)] += number
    rates = rates_of_period(connection, labels, TableQuestion(Dimension.STAGE, None, first, last))
    children = next((rate.children for rate in rates if rate.status == Status.LOOKED_AFTER.value), None)
    return BenchmarkFile(
        authority=labels.words.name, year=year, children=float(children) if children else None, items=stages.items,
        themes=themes, reached=reached,
    )  # fmt: skip


def _how_far(stage: str, ladders: Iterable[Ladder]) -> str:
    named = [one for ladder in ladders for one in ladder.stages if one.key == stage]
    if any(one.referral for one in named):
        return "referral"
    return "informal" if any(one.informal for one in named) else "formal"


def read_benchmark(text: str, name: str) -> BenchmarkFile:
    """Read one authority's file. Raises BadBenchmark, which names it."""
    try:
        return BenchmarkFile.model_validate(json.loads(text))
    except (ValueError, ValidationError) as fault:
        raise BadBenchmark(f"{name} is no file of `drp benchmark export`: {str(fault).splitlines()[0]}") from fault


@dataclass(frozen=True)
class BenchmarkCell:
    """One authority's number on one line. `rate`, with its 95 % interval: per 100 looked-after children; None: not known."""

    number: int
    rate: float | None
    low: float | None
    high: float | None
    differs: str
    """more or fewer than the others together, beyond chance; empty: no difference is said."""


@dataclass(frozen=True)
class BenchmarkLine:
    """One line: what is counted, each authority's cell in the order of the files, and all of them together."""

    label: str
    cells: tuple[BenchmarkCell, ...]
    together: BenchmarkCell


@dataclass(frozen=True)
class CombinedBenchmark:
    """Several authorities' year side by side. `compared`: how many times one was compared with the others together."""

    year: str
    authorities: tuple[str, ...]
    lines: tuple[BenchmarkLine, ...]
    compared: int

    def note(self) -> str:
        """What is to be known of the differences that are said."""
        if not self.compared:
            return "Nothing is compared: of fewer than two authorities it is known how many children there were."
        return (
            f"{self.compared} comparisons at 95% (exact Poisson), each of one authority with the others together: at most one in "
            "twenty would differ by chance alone, and more where one family's children come together. More challenges can mean "
            "more concern, or IROs who say more of what they see."
        )


def combine_benchmarks(files: Sequence[BenchmarkFile]) -> CombinedBenchmark:
    """Put several authorities' files side by side. Raises BadBenchmark for fewer than two, two years, or one authority twice."""
    if len(files) < 2:
        raise BadBenchmark("Name the files of two authorities or more.")
    years, names = {one.year for one in files}, [one.authority for one in files]
    if len(years) > 1:
        raise BadBenchmark(f"They are of different years: {', '.join(map(year_in_words, sorted(years)))}.")
    if twice := next((name for name in names if names.count(name) > 1), ""):
        raise BadBenchmark(f"{twice} is among them twice.")
    lines = [_line("All challenges", files, [one.items for one in files])]
    lines += [_line(SHARED_LABELS[theme], files, [one.themes.get(theme, 0) for one in files]) for theme in SharedTheme]
    lines += [_line(label, files, [one.reached.get(key, 0) for one in files]) for key, label in REACHED.items()]
    kept = tuple(line for line in lines if line.together.number)
    known = sum(one.children is not None for one in files)
    return CombinedBenchmark(files[0].year, tuple(names), kept, len(kept) * known if known > 1 else 0)


def _line(label: str, files: Sequence[BenchmarkFile], numbers: Sequence[int]) -> BenchmarkLine:
    cells = []
    known = [(number, one.children) for number, one in zip(numbers, files, strict=True) if one.children]
    for number, one in zip(numbers, files, strict=True):
        others = sum(count for count, _ in known) - number, sum(children for _, children in known) - (one.children or 0)
        differs = ""
        if one.children and others[1] > 0 and counts_differ(number, others[0], one.children, others[1]):
            differs = "more" if number / one.children > others[0] / others[1] else "fewer"
        cells.append(_cell(number, one.children, differs))
    whole = sum(children for _, children in known) if len(known) == len(files) else None
    return BenchmarkLine(label, tuple(cells), _cell(sum(numbers), whole, ""))


def _cell(number: int, children: float | None, differs: str) -> BenchmarkCell:
    if not children:
        return BenchmarkCell(number, None, None, None, differs)
    return BenchmarkCell(number, 100 * number / children, *rate_interval(number, children), differs)


def combined_rows(combined: CombinedBenchmark) -> list[list[str]]:
    """The combined table as lines of text, its head first."""
    head = [year_in_words(combined.year), *combined.authorities, "All together"]
    return [head, *([line.label, *map(_shown, (*line.cells, line.together))] for line in combined.lines)]


def _shown(cell: BenchmarkCell) -> str:
    if cell.rate is None:
        return str(cell.number)
    said = f"; {cell.differs} than chance explains" if cell.differs else ""
    return f"{cell.number} ({cell.rate:.1f} per 100, {cell.low:.1f} to {cell.high:.1f}{said})"
