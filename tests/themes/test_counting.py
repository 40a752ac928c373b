"""Whatever is asked of the register is what counting its lines one by one gives; the rollup says the same, always."""

import random
from collections.abc import Iterator
from dataclasses import replace
from itertools import permutations

import pytest
from sqlalchemy import delete, text

from drp import counting, register, rollup
from drp.chance import Chance
from drp.counting import Asked, By, Counts
from drp.register import Change, Entered, TouchedRow
from drp.store import Store
from tests.themes.lines import plainly, some_line, some_lines
from workflows.line import CHALLENGE
from workflows.periods import days_of, months_of, quarter_of, quarter_of_month

HERE = "dunmoor"
BOTH = (CHALLENGE, "practice")
ONLY = (
    (),
    ((By.TEAM, ("north",)),),
    ((By.REASON, ("delay", "other")),),
    ((By.THEME, ("practice",)),),
    ((By.QUARTER, ("2024-Q1", "2024-Q4")), (By.STATUS, ("looked_after",))),
    ((By.YEAR, ("2024",)),),
    ((By.OUTCOME, ("resolved",)), (By.STAGE, ("stage_2", "stage_3"))),
)
PERIODS = (("", ""), ("2024-04", "2025-03"), ("2024-07", "2024-12"), ("2024-05", "2024-08"))


def every_question() -> Iterator[Asked]:
    for by, across in [*permutations(By, 2), *((by, None) for by in By)]:
        yield Asked(by, across)


@pytest.fixture
def filled(store: Store, chance: Chance) -> tuple[Store, list[Entered]]:
    """Three hundred lines, and another authority's, which nobody here counts."""
    lines = some_lines(random.Random(7), 300)
    for authority, entered in ((HERE, lines), ("elsewhere", some_lines(random.Random(8), 40))):
        with store.write(authority) as connection:
            register.write(connection, chance, authority, [Change(one.id, None, one) for one in entered])
    return store, lines


def test_every_pair_is_counted_as_one_would_by_hand(filled: tuple[Store, list[Entered]]) -> None:
    store, lines = filled
    with store.read(HERE) as connection:
        for asked in every_question():
            assert counting.live(connection, HERE, asked) == plainly(lines, asked), asked


def test_narrowed_to_values_periods_and_kinds(filled: tuple[Store, list[Entered]]) -> None:
    store, lines = filled
    rng = random.Random(3)
    with store.read(HERE) as connection:
        for asked in rng.sample(list(every_question()), 60):
            for only in ONLY:
                first, last = rng.choice(PERIODS)
                narrowed = Asked(asked.by, asked.across, first, last, only, rng.choice(((CHALLENGE,), BOTH)))
                assert counting.live(connection, HERE, narrowed) == plainly(lines, narrowed), narrowed


def changed(rng: random.Random, lines: list[Entered]) -> Change:
    """A line comes, changes or goes."""
    if not lines or rng.random() < 0.3:
        one = some_lines(rng, 1)[0]
        lines.append(one)
        return Change(one.id, None, one)
    place = rng.randrange(len(lines))
    before = lines[place]
    if rng.random() < 0.2:
        del lines[place]
        return Change(before.id, before.line, None)
    after = Entered(before.id, before.reference, some_line(rng), raiser=before.raiser)
    lines[place] = after
    return Change(before.id, before.line, after)


def many_at_once(connection, chance: Chance, rng: random.Random, lines: list[Entered]) -> None:  # type: ignore[no-untyped-def]
    """Lines of a sheet come in, and others are taken back."""
    new = some_lines(rng, rng.randrange(12))
    register.enter(connection, HERE, new)
    gone = rng.sample(lines, len(lines) // 4)
    row = register.RegisterRow
    connection.execute(delete(row).where(row.authority == HERE, row.id.in_([one.id for one in gone])))
    register.touch(connection, chance, HERE, (quarter_of(one.line.raised_on) for one in (*new, *gone)))
    lines[:] = [one for one in (*lines, *new) if one not in gone]


@pytest.mark.parametrize("seed", range(6))
def test_the_rollup_is_always_what_the_lines_say(store: Store, chance: Chance, seed: int) -> None:
    rng = random.Random(seed)
    lines: list[Entered] = []
    questions = [one for one in every_question() if By.IRO not in one.names]
    for _ in range(25):
        with store.write(HERE) as connection:
            if rng.random() < 0.2:
                many_at_once(connection, chance, rng, lines)
            for _ in range(rng.randrange(1, 8)):
                register.write(connection, chance, HERE, [changed(rng, lines)])
        for _ in range(rng.randrange(3)):
            with store.write(HERE) as connection:
                if rng.random() < 0.5:
                    rollup.recount(connection, HERE, most=rng.choice((1, 3, 9)))
                else:
                    rollup.add_up(connection, HERE, most=rng.choice((1, 5, 100)))
        first, last = rng.choice(PERIODS[:3])
        with store.read(HERE) as connection:
            for one in rng.sample(questions, 4):
                asked = Asked(one.by, one.across, first, last, (), rng.choice(((CHALLENGE,), BOTH)))
                assert rollup.count(connection, HERE, asked) == plainly(lines, asked), asked


def some_seeds(store: Store, chance: Chance) -> None:
    for seed in range(3):
        with store.write(HERE) as connection:
            for table in (register.RegisterRow, register.StayRow, register.CellRow, register.MovedRow, TouchedRow):
                connection.execute(delete(table).where(table.authority == HERE))
        test_the_rollup_is_always_what_the_lines_say(store, chance, seed)


def must_be_noticed(store: Store, chance: Chance) -> None:
    with pytest.raises(AssertionError):
        some_seeds(store, chance)


def test_planted_a_change_that_marks_no_quarter_is_noticed(store: Store, chance: Chance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(register, "touch", lambda *given: None)
    must_be_noticed(store, chance)


@pytest.mark.parametrize("lost", [1, -1])
def test_planted_rows_that_came_or_left_unkept_are_noticed(
    store: Store, chance: Chance, monkeypatch: pytest.MonkeyPatch, lost: int
) -> None:
    whole = register.move

    def some(connection, chance, authority, moved):  # type: ignore[no-untyped-def]
        whole(connection, chance, authority, {row: items for row, items in moved.items() if items * lost < 0})

    monkeypatch.setattr(register, "move", some)
    must_be_noticed(store, chance)


def test_planted_rows_added_to_the_cells_and_kept_are_noticed(
    store: Store, chance: Chance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollup, "_take_away", lambda *given: None)
    must_be_noticed(store, chance)


def test_planted_a_line_that_moves_and_marks_only_its_new_quarter_is_noticed(
    store: Store, chance: Chance, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = register.touch

    def only_last(connection, chance, authority, quarters):  # type: ignore[no-untyped-def]
        whole(connection, chance, authority, list(quarters)[-1:])

    monkeypatch.setattr(register, "touch", only_last)
    must_be_noticed(store, chance)


def test_when_all_is_counted_nothing_is_asked_of_the_lines(filled: tuple[Store, list[Entered]], chance: Chance) -> None:
    store, lines = filled
    with store.write(HERE) as connection:
        register.touch(connection, chance, HERE, ["2024-Q1", "2024-Q3"])
        while rollup.add_up(connection, HERE) or rollup.recount(connection, HERE):
            pass
        assert not rollup.is_behind(connection, HERE)
        assert not rollup.touched(connection, HERE)
        connection.execute(delete(register.RegisterRow).where(register.RegisterRow.authority == HERE))
        asked = Asked(By.STAGE, By.QUARTER, kinds=BOTH)
        assert rollup.count(connection, HERE, asked) == plainly(lines, asked)


def test_what_a_decision_changed_is_not_asked_of_the_lines_either(filled: tuple[Store, list[Entered]], chance: Chance) -> None:
    store, lines = filled
    with store.write(HERE) as connection:
        while rollup.add_up(connection, HERE):
            pass
        rng = random.Random(5)
        for _ in range(3):
            register.write(connection, chance, HERE, [changed(rng, lines)])
        connection.execute(delete(register.RegisterRow).where(register.RegisterRow.authority == HERE))
        for asked in (Asked(By.STAGE, By.QUARTER, kinds=BOTH), Asked(By.REASON), Asked(By.THEME, By.TEAM, kinds=BOTH)):
            assert rollup.count(connection, HERE, asked) == plainly(lines, asked)


def test_what_left_is_what_stood_there_whatever_it_is_taken_for(store: Store, chance: Chance) -> None:
    (one,) = some_lines(random.Random(4), 1)
    otherwise = replace(one.line, stage="as_an_earlier_release_had_it")
    with store.write(HERE) as connection:
        register.write(connection, chance, HERE, [Change(one.id, None, one)])
        rollup.add_up(connection, HERE)
        register.write(connection, chance, HERE, [Change(one.id, otherwise, None)])
        for asked in (Asked(By.STAGE, kinds=BOTH), Asked(By.STAGE, By.QUARTER, kinds=BOTH)):
            assert rollup.count(connection, HERE, asked) == Counts({}, 0)
            rollup.add_up(connection, HERE)


class Meanwhile:
    """Decisions, and sheets, that commit while the rollup is counted: on PostgreSQL, for SQLite has one writer at a time."""

    def __init__(self, filled: tuple[Store, list[Entered]], chance: Chance, monkeypatch: pytest.MonkeyPatch) -> None:
        self.store, self.lines = filled
        self._chance, self._rng = chance, random.Random(11)
        self.reads, takes_away = rollup._lines, rollup._take_away
        monkeypatch.setattr(rollup, "_lines", self._around)
        monkeypatch.setattr(rollup, "_take_away", lambda *given: (self.commits(), takes_away(*given)))

    def commits(self) -> None:
        with self.store.write(HERE) as connection:
            for _ in range(5):
                register.write(connection, self._chance, HERE, [changed(self._rng, self.lines)])

    def _around(self, *given):  # type: ignore[no-untyped-def]
        self.commits()
        found = self.reads(*given)
        self.commits()
        return found

    def agrees(self) -> bool:
        """Count anew and add up, and ask."""
        right = True
        with self.store.write(HERE) as connection:
            register.touch(connection, self._chance, HERE, {quarter_of(one.line.raised_on) for one in self.lines[:9]})
        for one in (rollup.recount, rollup.add_up, rollup.recount, rollup.add_up):
            with self.store.write(HERE) as connection:
                one(connection, HERE, most=99)
            with self.store.read(HERE) as connection:
                for asked in (
                    Asked(By.REASON, By.STAGE),
                    Asked(By.STAGE, By.QUARTER),
                    Asked(By.THEME, None, "2024-04", "2024-06"),
                ):
                    right &= rollup.count(connection, HERE, asked) == plainly(self.lines, asked)
        return right


def test_what_commits_meanwhile_is_counted_once(
    filled: tuple[Store, list[Entered]], chance: Chance, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not filled[0].is_sqlite:
        assert Meanwhile(filled, chance, monkeypatch).agrees()


def test_lines_and_what_moved_read_at_two_moments_would_not_agree(
    filled: tuple[Store, list[Entered]], chance: Chance, monkeypatch: pytest.MonkeyPatch
) -> None:
    if filled[0].is_sqlite:
        return
    meanwhile = Meanwhile(filled, chance, monkeypatch)

    def twice(*given):  # type: ignore[no-untyped-def]
        _, moved = meanwhile.reads(*given)
        meanwhile.commits()
        lines, _ = meanwhile.reads(*given)
        return lines, moved

    monkeypatch.setattr(rollup, "_lines", twice)
    assert not meanwhile.agrees()


def test_quarters_begin_in_april() -> None:
    assert [quarter_of_month(month) for month in ("2026-03", "2026-04", "2026-12", "2027-01")] == [
        "2025-Q4", "2026-Q1", "2026-Q3", "2026-Q4",
    ]  # fmt: skip
    assert months_of("2026-Q4") == ("2027-01", "2027-03")
    assert [day.isoformat() for day in days_of("2026-Q3")] == ["2026-10-01", "2027-01-01"]


def test_on_sqlite_every_pair_in_use_is_read_off_an_index_alone(filled: tuple[Store, list[Entered]]) -> None:
    store, _ = filled
    if not store.is_sqlite:
        return
    with store.read(HERE) as connection:
        pages = connection.execute(text("SELECT rootpage FROM sqlite_schema WHERE name = 'register'")).scalar_one()
        for one in every_question():
            if By.IRO in one.names:
                continue
            query = counting.query(connection, HERE, CHALLENGE, one, one.names)[0]
            compiled = query.compile(connection, compile_kwargs={"literal_binds": True})
            plan = [row.detail for row in connection.execute(text(f"EXPLAIN QUERY PLAN {compiled}"))]
            assert not any("TEMP B-TREE" in line for line in plan), (one.names, plan)
            steps = connection.execute(text(f"EXPLAIN {compiled}")).all()
            table = {step.p1 for step in steps if step.opcode == "OpenRead" and step.p2 == pages}
            visits = [step for step in steps if step.opcode in ("Column", "NotExists", "SeekRowid") and step.p1 in table]
            assert not visits, (one.names, plan)
