"""Whatever is asked of the register is what counting its lines one by one gives."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from itertools import permutations

import pytest
from sqlalchemy import Connection, text

from drp.database.engine import Store
from drp.register import write
from drp.register.write import EntryChange, EntryToInsert
from drp.reports import aggregate
from drp.reports.aggregate import CountQuery, Dimension, count_items, counting_statement
from tests.themes.lines import plainly, some_line, some_lines
from workflows.calendar.reporting_periods import first_day, months_of, quarter_of_month
from workflows.model.register_entry import CHALLENGE

HERE = "dunmoor"
BOTH = (CHALLENGE, "practice")
ONLY = (
    (),
    ((Dimension.TEAM, ("north",)),),
    ((Dimension.REASON, ("delay", "other")),),
    ((Dimension.THEME, ("practice",)),),
    ((Dimension.QUARTER, ("2024-Q1", "2024-Q4")), (Dimension.STATUS, ("looked_after",))),
    ((Dimension.YEAR, ("2024",)),),
    ((Dimension.OUTCOME, ("resolved",)), (Dimension.STAGE, ("stage_2", "stage_3"))),
)
PERIODS = (("", ""), ("2024-04", "2025-03"), ("2024-07", "2024-12"), ("2024-05", "2024-08"))


def every_question() -> Iterator[CountQuery]:
    for by, across in [*permutations(Dimension, 2), *((by, None) for by in Dimension)]:
        yield CountQuery(by, across)


@pytest.fixture
def filled(store: Store) -> tuple[Store, list[EntryToInsert]]:
    """Three hundred lines, and another authority's, which nobody here counts."""
    lines = some_lines(random.Random(7), 300)
    for authority, entered in ((HERE, lines), ("elsewhere", some_lines(random.Random(8), 40))):
        with store.write(authority) as connection:
            write.write_entries(connection, authority, [EntryChange(one.id, None, one) for one in entered])
    return store, lines


def test_every_pair_is_counted_as_one_would_by_hand(filled: tuple[Store, list[EntryToInsert]]) -> None:
    store, lines = filled
    with store.read(HERE) as connection:
        for asked in every_question():
            assert count_items(connection, HERE, asked) == plainly(lines, asked), asked


def test_narrowed_to_values_periods_and_kinds(filled: tuple[Store, list[EntryToInsert]]) -> None:
    store, lines = filled
    rng = random.Random(3)
    with store.read(HERE) as connection:
        for asked in rng.sample(list(every_question()), 60):
            for only in ONLY:
                first, last = rng.choice(PERIODS)
                narrowed = CountQuery(asked.by, asked.across, first, last, only, rng.choice(((CHALLENGE,), BOTH)))
                assert count_items(connection, HERE, narrowed) == plainly(lines, narrowed), narrowed


def changed(rng: random.Random, lines: list[EntryToInsert]) -> EntryChange:
    """A line comes, changes or goes."""
    if not lines or rng.random() < 0.3:
        one = some_lines(rng, 1)[0]
        lines.append(one)
        return EntryChange(one.id, None, one)
    place = rng.randrange(len(lines))
    before = lines[place]
    if rng.random() < 0.2:
        del lines[place]
        return EntryChange(before.id, before.line, None)
    after = EntryToInsert(before.id, before.reference, some_line(rng), raiser=before.raiser)
    lines[place] = after
    return EntryChange(before.id, before.line, after)


def many_at_once(connection: Connection, rng: random.Random, lines: list[EntryToInsert]) -> None:
    """Lines of a sheet come in, and others are taken back."""
    new = some_lines(rng, rng.randrange(12))
    write.insert_entries(connection, HERE, new)
    gone = rng.sample(lines, len(lines) // 4)
    write.take_out_entries(connection, HERE, [one.id for one in gone])
    lines[:] = [one for one in (*lines, *new) if one not in gone]


def come_change_and_go(store: Store, seed: int) -> None:
    """Ask after each of some decisions and sheets."""
    rng = random.Random(seed)
    lines: list[EntryToInsert] = []
    questions = list(every_question())
    for _ in range(25):
        with store.write(HERE) as connection:
            if rng.random() < 0.2:
                many_at_once(connection, rng, lines)
            for _ in range(rng.randrange(1, 8)):
                write.write_entries(connection, HERE, [changed(rng, lines)])
        first, last = rng.choice(PERIODS)
        with store.read(HERE) as connection:
            for one in rng.sample(questions, 4):
                asked = CountQuery(one.by, one.across, first, last, (), rng.choice(((CHALLENGE,), BOTH)))
                assert count_items(connection, HERE, asked) == plainly(lines, asked), asked


@pytest.mark.parametrize("seed", range(6))
def test_what_comes_changes_and_goes_is_counted_at_once(store: Store, seed: int) -> None:
    come_change_and_go(store, seed)


def test_planted_a_line_that_goes_and_stays_counted_is_noticed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = write.write_entries

    def never_taken_out(connection: Connection, authority: str, changes: Sequence[EntryChange]) -> None:
        whole(connection, authority, [one for one in changes if one.after])

    monkeypatch.setattr(write, "write_entries", never_taken_out)
    with pytest.raises(AssertionError):
        come_change_and_go(store, 0)


def test_planted_reasons_looked_for_among_first_rows_only_are_noticed(
    filled: tuple[Store, list[EntryToInsert]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aggregate, "is_narrowed_to_reasons", lambda asked: False)
    with pytest.raises(AssertionError):
        test_narrowed_to_values_periods_and_kinds(filled)


def test_quarters_begin_in_april() -> None:
    assert [quarter_of_month(month) for month in ("2026-03", "2026-04", "2026-12", "2027-01")] == [
        "2025-Q4", "2026-Q1", "2026-Q3", "2026-Q4",
    ]  # fmt: skip
    assert months_of("2026-Q4") == ("2027-01", "2027-03")
    assert [first_day(month) for month in months_of("2026-Q4")] == [date(2027, 1, 1), date(2027, 3, 1)]


def test_on_sqlite_every_pair_is_read_off_the_index_alone_and_a_period_is_found_by_its_days(
    filled: tuple[Store, list[EntryToInsert]],
) -> None:
    store, _ = filled
    if not store.is_sqlite:
        return
    with store.read(HERE) as connection:
        for one in every_question():
            if Dimension.IRO in one.names:
                continue
            for asked, found_by in ((one, "authority=?"), (replace(one, first="2024-04", last="2025-03"), "raised_on>?")):
                compiled = counting_statement(HERE, asked).compile(connection, compile_kwargs={"literal_binds": True})
                plan = [row.detail for row in connection.execute(text(f"EXPLAIN QUERY PLAN {compiled}"))]
                assert "USING COVERING INDEX ix_register_by_kind" in plan[0], (asked, plan)
                assert found_by in plan[0], (asked, plan)
