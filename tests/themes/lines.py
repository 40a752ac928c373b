"""Lines of a register as anything may have made them, and the plainest way to count them."""

import random
from collections import Counter
from datetime import date, timedelta
from uuid import UUID

from drp.register.write import EntryToInsert
from drp.reports.aggregate import CountedPairs, CountQuery, Dimension
from workflows.calendar.reporting_periods import quarter_of_month
from workflows.model.ladder import ItemType
from workflows.model.register_entry import CodedReason, RegisterEntry, kind_of

THEMES = {"delay": "practice", "report": "practice", "worker": "resources", "other": ""}
FIRST = date(2024, 1, 15)


def some_line(rng: random.Random) -> RegisterEntry:
    """Any line, many of them alike."""
    reasons = rng.sample(sorted(THEMES), rng.choice((0, 1, 1, 1, 2, 3)))
    ended = rng.random() < 0.6
    raised_on = FIRST + timedelta(days=rng.randrange(700))
    team = rng.choice(("", "north", "south", "west"))
    return RegisterEntry(
        item_type=rng.choice((ItemType.FORMAL, ItemType.FORMAL, ItemType.INFORMAL, ItemType.EXCELLENT_PRACTICE)),
        raised_on=raised_on,
        stage=rng.choice(("informal", "stage_2", "stage_3", "stage_4")),
        reasons=tuple(CodedReason(one, THEMES[one]) for one in reasons),
        team=team,
        service="" if not team else "field" if team != "west" else "care",
        status=rng.choice(("looked_after", "child_protection", "none_recorded")),
        is_dual=False,
        outcome=rng.choice(("resolved", "withdrawn")) if ended else "open",
        impact=rng.choice(("", "better", "no change")) if ended else "",
        ended_on=raised_on + timedelta(days=rng.randrange(60)) if ended else None,
    )


def some_lines(rng: random.Random, number: int) -> list[EntryToInsert]:
    """Lines with an IRO each."""
    raisers = [UUID(int=n) for n in (1, 2)]
    return [
        EntryToInsert(UUID(int=rng.getrandbits(128), version=4), f"R-{n}", some_line(rng), raiser=rng.choice(raisers))
        for n in range(number)
    ]


def values(entered: EntryToInsert, by: Dimension) -> list[str]:
    """What one line counts under."""
    line = entered.line
    if by in (Dimension.MONTH, Dimension.QUARTER, Dimension.YEAR):
        quarter = quarter_of_month(line.month)
        return [{Dimension.MONTH: line.month, Dimension.QUARTER: quarter, Dimension.YEAR: quarter[:4]}[by]]
    if by is Dimension.IRO:
        return [str(entered.raiser)]
    return [str(getattr(line, by.value))]


def plainly(entered: list[EntryToInsert], asked: CountQuery) -> CountedPairs:
    """Counted one line at a time."""
    cells: Counter[tuple[str, str]] = Counter()
    items = 0
    for one in entered:
        line = one.line
        narrowed = list(line.reasons or (CodedReason("", ""),))
        for by, wanted in asked.only:
            if by in (Dimension.REASON, Dimension.THEME):
                narrowed = [coded for coded in narrowed if getattr(coded, by.value) in wanted]
            elif not set(values(one, by)) & set(wanted):
                narrowed = []
        if kind_of(line.item_type) not in asked.kinds or not narrowed:
            continue
        if (asked.first and line.month < asked.first) or (asked.last and line.month > asked.last):
            continue
        items += 1
        pairs = {
            tuple(
                getattr(coded, by.value) if by in (Dimension.REASON, Dimension.THEME) else values(one, by)[0]
                for by in asked.names
            )
            for coded in narrowed
        }
        cells.update((pair[0], pair[1] if asked.across else "") for pair in pairs)
    return CountedPairs(dict(cells), items)
