"""Posts and covers from a day on, as properties: the file is the whole truth from then, the past stays, nothing is deleted."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import count
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from drp.directory.spans import ListedSpan, settle_spans
from drp.directory.values import PostHolding, is_over, runs_on
from workflows.model.authority import HeldFor

START = date(2026, 1, 1)
DAYS = [START + timedelta(days=n) for n in range(60)]
BLANK = PostHolding("archer", "team_manager", HeldFor.TEAM, "north", START)


@st.composite
def wanted(draw: st.DrawFn) -> list[ListedSpan]:
    """Rows of one person in one post that do not overlap, the last perhaps without an end."""
    edges = sorted(draw(st.lists(st.integers(0, 50), max_size=6, unique=True)))
    pairs = [(DAYS[a], DAYS[b]) for a, b in zip(edges[::2], edges[1::2], strict=False)]
    rows = [ListedSpan(since, until) for since, until in pairs]
    if len(edges) % 2:
        rows.append(ListedSpan(DAYS[edges[-1]], None))
    return rows


def stored(spans: tuple[PostHolding, ...], number: "count[int]") -> tuple[PostHolding, ...]:
    return tuple(span if span.id else replace(span, id=UUID(int=next(number))) for span in spans)


def held(spans: tuple[PostHolding, ...]) -> set[date]:
    return {day for day in DAYS if any(runs_on(span, day) for span in spans)}


def listed(rows: list[ListedSpan]) -> set[date]:
    return {day for day in DAYS for row in rows if row.since and row.since <= day and (row.until is None or day <= row.until)}


@given(st.lists(st.tuples(wanted(), st.integers(0, 55)), min_size=1, max_size=5))
def test_a_file_is_the_whole_truth_from_its_day_on(imports: list[tuple[list[ListedSpan], int]]) -> None:
    number, spans = count(1), tuple[PostHolding, ...]()
    for rows, n in sorted(imports, key=lambda each: each[1]):
        day = DAYS[n]
        before = spans
        spans = stored(settle_spans(rows, before, BLANK, day), number)
        assert {span.id for span in before} <= {span.id for span in spans}, "nothing is deleted"
        assert {d for d in held(spans) if d >= day} == {d for d in listed(rows) if d >= day}
        if all(row.until is None or row.until >= day for row in rows):
            assert {d for d in held(before) if d < day} <= held(spans), "the past stays"
        again = settle_spans(rows, spans, BLANK, day)
        assert set(again) == set(spans), "a repeat changes nothing"
        live = [span for span in spans if not is_over(span, day)]
        assert all(
            (a.until is not None and a.until < b.since) or (b.until is not None and b.until < a.since)
            for i, a in enumerate(live)
            for b in live[i + 1 :]
        ), "nobody holds one post twice"
