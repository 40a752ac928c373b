"""For a region: what a year's file holds and does not hold, and that two authorities' files add up."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import insert
from typer.testing import CliRunner

from api.cli.main import app
from drp.database.register_tables import PopulationRow
from drp.register.write import EntryChange, EntryToInsert, write_entries
from drp.reports import benchmark
from drp.reports.benchmark import BadBenchmark, BenchmarkFile, combine_benchmarks, combined_rows, count_benchmark
from drp.reports.display_labels import read_labels
from tests.cast.councils import DERBY
from tests.cast.world import World
from workflows.model.ladder import ItemType
from workflows.model.register_entry import CodedReason, RegisterEntry
from workflows.model.reporting import SharedTheme

ONE = BenchmarkFile(
    authority="Eastshire", year="2025", children=400, items=60, themes={SharedTheme.DRIFT: 30, SharedTheme.REVIEWS: 34},
    reached={"informal": 40, "formal": 19, "referral": 1},
)  # fmt: skip
OTHER = BenchmarkFile(
    authority="Westshire", year="2025", children=800, items=50, themes={SharedTheme.DRIFT: 20, SharedTheme.REVIEWS: 31},
    reached={"informal": 30, "formal": 20, "referral": 0},
)  # fmt: skip


@pytest.fixture
def derby(build: Callable[..., World]) -> World:
    return build(DERBY)


def counted(world: World, year: str = "2026") -> BenchmarkFile:
    with world.service.store.read(world.key) as connection:
        rules = world.service.casework.procedures.current(connection, world.key)
        labels = read_labels(connection, world.service.casework.procedures, rules[0].authority)
        return count_benchmark(connection, labels, [one.ladder for one in rules], year)


def children_known(world: World, number: int = 480, year: str = "2026") -> None:
    with world.store.write(world.key) as connection:
        for quarter in (f"{year}-Q{n}" for n in range(1, 5)):
            row = {"authority": world.key, "quarter": quarter, "status": "looked_after", "number": number}
            connection.execute(insert(PopulationRow).values(**row))


def test_an_item_of_two_reasons_of_one_theme_counts_once_there(derby: World) -> None:
    irene = derby.as_("irene")
    assert irene.raises("T-1", item_type="informal", reasons=["no_progress", "iro_not_informed"]).status_code == 201
    assert irene.raises("T-1", item_type="informal", reasons=["review_not_prepared", "poor_reports"]).status_code == 201
    made = counted(derby)
    assert made.items == 2
    assert made.themes == {SharedTheme.DRIFT: 1, SharedTheme.NOT_TOLD: 1, SharedTheme.REVIEWS: 1}
    assert made.reached == {"informal": 2, "formal": 0, "referral": 0}
    assert made.children is None
    children_known(derby)
    assert counted(derby).children == 480


def test_no_item_child_person_or_team_stands_in_a_file(derby: World) -> None:
    reference = derby.as_("irene").raises("T-1", item_type="informal", reasons=["no_progress"]).json()["reference"]
    written = counted(derby).model_dump_json()
    for word in (reference, "T-1", "KT", "irene", "Irene", "north", "North Team"):
        assert word not in written
    assert set(json.loads(written)) == {"format", "authority", "year", "children", "items", "themes", "reached"}


def test_two_authorities_stand_side_by_side_with_rates_and_intervals() -> None:
    combined = combine_benchmarks([ONE, OTHER])
    every = combined.lines[0]
    assert [(cell.number, cell.rate) for cell in every.cells] == [(60, 15.0), (50, 6.25)]
    assert (every.together.number, round(every.together.rate or 0, 2)) == (110, 9.17)
    assert (round(every.cells[0].low or 0, 2), round(every.cells[0].high or 0, 2)) == (11.45, 19.31)
    assert [cell.differs for cell in every.cells] == ["more", "fewer"]
    assert combined.compared == 2 * len(combined.lines)
    assert "at most one in twenty would differ by chance alone" in combined.note()
    assert combined_rows(combined)[0] == ["2025/26", "Eastshire", "Westshire", "All together"]


def test_a_difference_that_chance_explains_is_not_said() -> None:
    near = OTHER.model_copy(update={"items": 112})
    every = combine_benchmarks([ONE, near]).lines[0]
    assert [cell.differs for cell in every.cells] == ["", ""]


def test_planted_every_difference_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benchmark, "counts_differ", lambda *_: True)
    with pytest.raises(AssertionError):
        test_a_difference_that_chance_explains_is_not_said()


def test_without_children_there_are_numbers_and_no_rates() -> None:
    unknown = OTHER.model_copy(update={"children": None})
    combined = combine_benchmarks([ONE, unknown])
    assert combined.lines[0].cells[1].rate is None
    assert combined.lines[0].together.rate is None
    assert combined.compared == 0
    assert "Nothing is compared" in combined.note()


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ([ONE], "two authorities or more"),
        ([ONE, ONE], "Eastshire is among them twice"),
        ([ONE, OTHER.model_copy(update={"year": "2024"})], "different years: 2024/25, 2025/26"),
    ],
)
def test_what_does_not_add_up_is_refused(files: list[BenchmarkFile], said: str) -> None:
    with pytest.raises(BadBenchmark, match=said):
        combine_benchmarks(files)


def raised_a_year_ago(world: World) -> None:
    """One line of the year before, as a sheet knew it: of no status, and counted all the same."""
    reasons = (CodedReason("no_progress", "poor_practice"),)
    ended = ("resolved", "", date(2025, 5, 9))
    entry = RegisterEntry(ItemType.INFORMAL, date(2025, 5, 1), "informal", reasons, "", "", "", False, *ended)
    line = EntryToInsert(UUID(int=5), "R-5", entry, sheet="c" * 64)
    with world.store.write(world.key) as connection:
        write_entries(connection, world.key, [EntryChange(line.id, None, line)])


def typed(*said: str, code: int = 0) -> str:
    done = CliRunner().invoke(app, said)
    assert done.exit_code == code, done.output
    return str(done.output)


def test_the_commands_write_a_file_and_add_two_up(derby: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if derby.store.url.startswith("postgresql"):
        monkeypatch.setenv("DRP_POOL_SIZE", "2")
    for name, value in {"DRP_DATABASE_URL": derby.store.url, "DRP_VAR": str(derby.settings.var), "DRP_MAIL": "none"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    children_known(derby, year="2025")
    assert "2026/27 is not over" in typed("benchmark", "export", derby.key, "2026", "--out", "derby.json", code=1)
    raised_a_year_ago(derby)
    said = typed("benchmark", "export", derby.key, "2025", "--out", "derby.json")
    assert "1 challenge in 2025/26" in said.replace("\n", " ")
    assert "Rates are of 480 looked-after children." in said
    (tmp_path / "other.json").write_text(OTHER.model_dump_json(), encoding="utf-8")
    said = typed("benchmark", "combine", "derby.json", "other.json", "--out", "both.csv")
    assert "Westshire" in said
    table = (tmp_path / "both.csv").read_text(encoding="utf-8-sig")
    assert 'All challenges,"1 (0.2 per 100, 0.0 to 1.2; fewer than chance explains)"' in table
    (tmp_path / "bad.json").write_text('{"format": "drp benchmark 9"}', encoding="utf-8")
    assert "bad.json is no file of `drp benchmark export`" in typed("benchmark", "combine", "derby.json", "bad.json", code=1)
    assert "is not there" in typed("benchmark", "combine", "derby.json", "gone.json", code=1)
    assert "That is no reporting year" in typed("benchmark", "export", derby.key, "2026/27", "--out", "x.json", code=1)
