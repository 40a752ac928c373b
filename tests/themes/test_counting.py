"""Whatever is asked of the register is what counting its lines one by one gives; the rollup says the same, always."""

import random
from collections.abc import Iterator
from itertools import permutations

import pytest
from sqlalchemy import delete, select, text

from drp import counting, register, rollup
from drp.chance import Chance
from drp.counting import Asked, By
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


@pytest.mark.parametrize("seed", range(6))
def test_the_rollup_is_always_what_the_lines_say(store: Store, chance: Chance, seed: int) -> None:
    rng = random.Random(seed)
    lines: list[Entered] = []
    questions = [one for one in every_question() if By.IRO not in one.names]
    for _ in range(25):
        with store.write(HERE) as connection:
            for _ in range(rng.randrange(1, 8)):
                register.write(connection, chance, HERE, [changed(rng, lines)])
        if rng.random() < 0.5:
            with store.write(HERE) as connection:
                rollup.recount(connection, HERE, most=rng.choice((1, 3, 9)))
        first, last = rng.choice(PERIODS[:3])
        with store.read(HERE) as connection:
            for one in rng.sample(questions, 4):
                asked = Asked(one.by, one.across, first, last, (), rng.choice(((CHALLENGE,), BOTH)))
                assert rollup.count(connection, HERE, asked) == plainly(lines, asked), asked


def test_planted_a_change_that_marks_no_quarter_is_noticed(store: Store, chance: Chance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(register, "touch", lambda *given: None)
    with pytest.raises(AssertionError):
        test_the_rollup_is_always_what_the_lines_say(store, chance, 1)


def test_planted_a_line_that_moves_and_marks_only_its_new_quarter_is_noticed(
    store: Store, chance: Chance, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = register.touch

    def only_last(connection, chance, authority, quarters):  # type: ignore[no-untyped-def]
        whole(connection, chance, authority, list(quarters)[-1:])

    monkeypatch.setattr(register, "touch", only_last)
    with pytest.raises(AssertionError):
        test_the_rollup_is_always_what_the_lines_say(store, chance, 2)


def test_when_all_is_counted_nothing_is_asked_of_the_lines(filled: tuple[Store, list[Entered]]) -> None:
    store, lines = filled
    with store.write(HERE) as connection:
        while rollup.recount(connection, HERE):
            pass
        assert connection.execute(select(TouchedRow.id).where(TouchedRow.authority == HERE)).first() is None
        connection.execute(delete(register.RegisterRow).where(register.RegisterRow.authority == HERE))
        asked = Asked(By.STAGE, By.QUARTER, kinds=BOTH)
        assert rollup.count(connection, HERE, asked) == plainly(lines, asked)


def test_a_change_that_commits_while_a_quarter_is_counted_again_stays_marked(
    filled: tuple[Store, list[Entered]], chance: Chance, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, lines = filled
    if store.is_sqlite:
        return  # one writer at a time: nothing commits meanwhile
    new = some_lines(random.Random(11), 5)
    cells = rollup._cells

    def meanwhile(connection, authority, quarter):  # type: ignore[no-untyped-def]
        if new[0] not in lines:
            lines.extend(new)
            with store.write(HERE) as other:
                register.write(other, chance, HERE, [Change(one.id, None, one) for one in new])
        return cells(connection, authority, quarter)

    monkeypatch.setattr(rollup, "_cells", meanwhile)
    with store.write(HERE) as connection:
        rollup.recount(connection, HERE, most=99)
    marked = {quarter_of(one.line.raised_on) for one in new}
    with store.read(HERE) as connection:
        assert rollup.touched(connection, HERE) == marked
        asked = Asked(By.REASON, By.STAGE)
        assert rollup.count(connection, HERE, asked) == plainly(lines, asked)


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
