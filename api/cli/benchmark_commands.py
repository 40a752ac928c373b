"""`drp benchmark export` and `combine`: one authority's year in counts, and several authorities' side by side."""

from pathlib import Path

from rich.console import Console
from rich.table import Table

from api.assembly import Service
from api.cli.declare import end, rules_in_force
from api.exports import csv_text
from api.exports.export_files import whole_file
from drp.reports.benchmark import (
    LARGEST,
    BadBenchmark,
    combine_benchmarks,
    combined_rows,
    count_benchmark,
    read_benchmark,
)
from drp.reports.display_labels import read_labels
from workflows.calendar.reporting_periods import month_of, months_in, year_in_words
from workflows.calendar.working_days import local_date, so_many

NO_RATE = "No rates: how many children there were is not known for all four quarters. Bring it with `drp population import`."


def export_benchmark(service: Service, authority: str, year: str, out: Path) -> None:
    """Write one authority's year as a file that others' can be added to, and say what is in it."""
    rules = rules_in_force(service, authority)
    if not (year.isdecimal() and len(year) == 4):
        end("That is no reporting year: write its first calendar year, such as 2025 for April 2025 to March 2026.")
    if months_in(year)[1] >= month_of(local_date(service.clock())):
        end(f"{year_in_words(year)} is not over: a year that is would be compared with a part of one. Name one that is over.")
    with service.store.read(authority) as connection:
        labels = read_labels(connection, service.casework.procedures, rules[0].authority)
        made = count_benchmark(connection, labels, [one.ladder for one in rules], year)
    with whole_file(out) as file:
        file.write(made.model_dump_json(indent=1).encode() + b"\n")
    print(f"{out}: {so_many(made.items, 'challenges')} in {year_in_words(year)}.")
    print(f"Rates are of {made.children:g} looked-after children." if made.children else NO_RATE)
    print("It holds no item, child, person or team.")


def combine_benchmark_files(files: list[Path], out: Path | None) -> None:
    """Put several authorities' files side by side: on the screen, and as CSV where `out` says."""
    read = []
    try:
        for path in files:
            if not path.is_file() or path.stat().st_size > LARGEST:
                raise BadBenchmark(f"{path} is not there, or is no file of `drp benchmark export`.")
            read.append(read_benchmark(path.read_text(encoding="utf-8", errors="replace"), path.name))
        combined = combine_benchmarks(read)
    except BadBenchmark as fault:
        end(f"{fault}\nNothing was added up. Put that right, and run this again.")
    rows = combined_rows(combined)
    if out:
        with whole_file(out) as file:
            file.write(csv_text.BOM + csv_text.csv_lines([*rows, [], [combined.note()]]))
    table = Table(*rows[0])
    for row in rows[1:]:
        table.add_row(*row)
    Console().print(table)
    print(combined.note())
