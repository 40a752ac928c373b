"""What stood on each authority's register before the story: the year that its report prints, and two invented years up to now."""

import csv
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from importlib.resources import files
from io import StringIO
from random import Random

from api.assembly import Service
from api.demo.scene import SceneAuthority, SceneCast
from drp.register_import.import_file import GivenSheet, import_sheet
from drp.register_import.mapping import SheetMapping
from drp.register_import.population import bring_population
from workflows.calendar.reporting_periods import quarter_before, quarter_of
from workflows.calendar.working_days import local_date
from workflows.model.authority import Rules
from workflows.model.ladder import ItemType, Ladder

BEFORE_THE_STORY = timedelta(days=41)
"""Nothing was raised on the register in the days that the story tells of."""

BACK = timedelta(days=730)
A_WEEK = 1.5
"""Items raised in a week, about."""

OF_PRACTICE = frozenset({"excellent_practice", "exceptional_practice"})
"""Reasons that are for notices alone: nobody disputes what went well."""

QUARTERS = 12
"""For how many quarters it is told how many children there were."""

COLUMNS = ("reference", "raised_on", "ended_on", "item_type", "stage", "reason", "status", "team", "outcome", "impact", "child")
OUTCOMES = ("resolved",) * 8 + ("overtaken", "withdrawn", "ended_unresolved")
IMPACTS = ("better", "better", "better", "partly", "partly", "no change", "no change", "worse", "")


def bring_past(service: Service, part: SceneAuthority, every: Sequence[Rules], cast: SceneCast, now: datetime) -> int:
    """Bring the registers in, as `drp register import` does. Gives how many lines there are."""
    folder = files("api").joinpath("demo", "registers")
    words, today = every[0].authority, local_date(now)
    with service.store.write(part.key) as connection:
        printed = GivenSheet(f"{part.key}.csv", folder.joinpath(f"{part.key}.csv").read_bytes(), SheetMapping())
        made = GivenSheet("the-last-two-years.csv", _two_years(part, every, cast, now), SheetMapping())
        lines = sum(import_sheet(service.casework, connection, tuple(every), one, now, False).lines for one in (printed, made))
        children = folder.joinpath(f"{part.key}_children.csv")
        if children.is_file():
            bring_population(connection, words, GivenSheet("children.csv", children.read_bytes(), SheetMapping()), today)
        invented = GivenSheet("children-of-two-years.csv", _children(part, local_date(now)), SheetMapping())
        bring_population(connection, words, invented, today)
    return lines


CHILDREN = {"durham_2016": 820, "durham_2022": 990, "derby": 480, "north_yorkshire": 430, "thurrock": 310}
"""About how many looked-after children the invented authorities have."""


def _children(part: SceneAuthority, today: date) -> bytes:
    """Invented numbers of looked-after children for the last two reporting years and this one, a quarter each."""
    rng, quarter = Random(part.key), quarter_of(today)
    written = StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(("quarter", "status", "number"))
    for _ in range(QUARTERS):
        writer.writerow((quarter, "looked_after", CHILDREN[part.key] + rng.randrange(-12, 13)))
        quarter = quarter_before(quarter)
    return written.getvalue().encode()


def _two_years(part: SceneAuthority, every: Sequence[Rules], cast: SceneCast, now: datetime) -> bytes:
    """Invented rows, the same on every run of a day: reasons grow fewer and more with the seasons, most end well."""
    rng = Random(part.key)
    ladder = next(rules.ladder for rules in every if rules.ladder.climbs)
    stages = [stage for stage in ladder.stages if not stage.referral]
    notice = any(ItemType.EXCELLENT_PRACTICE in rules.ladder.items for rules in every)
    reasons = [reason.key for theme in every[0].authority.themes for reason in theme.reasons if reason.key not in OF_PRACTICE]
    last = local_date(now) - BEFORE_THE_STORY
    number = int(BACK.days / 7 * A_WEEK)
    written = StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(COLUMNS)
    numbers = [child.number for child in cast.looked_after()]
    teams = cast.teams or [""]
    for n in range(number):
        day = last - BACK + (BACK * n) / number
        while day.weekday() > 4:
            day -= timedelta(days=1)
        # Early ones stand first in the list of reasons more often than late ones: the list's head is what was put right.
        share = rng.random() ** (1.4 - 0.6 * n / number)
        reason = reasons[int(len(reasons) * share)]
        stage = stages[min(int(rng.expovariate(1.1)), len(stages) - 1)]
        item = _item_of(ladder, stage.informal)
        known = rng.choice(numbers) if numbers and rng.random() < 0.15 else f"P-{rng.randrange(2000, 2400)}"
        ended = min(day + timedelta(days=rng.randrange(2, 30)), local_date(now))
        outcome = rng.choice(OUTCOMES)
        said = [f"P-{n + 1:04}", day, ended, item, stage.key, reason, _status(ladder, rng), rng.choice(teams), outcome]
        writer.writerow([*said, rng.choice(IMPACTS) if outcome != "withdrawn" else "", known])
        if notice and n % 17 == 0:
            well = [f"N-{n + 1:04}", day, "", "excellent_practice", "", "", "looked_after", rng.choice(teams), "noticed"]
            writer.writerow([*well, "better", ""])
    return written.getvalue().encode()


def _item_of(ladder: Ladder, is_informal: bool) -> str:
    wanted = "informal" if is_informal else "formal"
    items = [item.value for item in ladder.items]
    return wanted if wanted in items else items[0]


def _status(ladder: Ladder, rng: Random) -> str:
    covered = [status.value for status in ladder.covers] or ["looked_after"]
    return covered[0] if rng.random() < 0.8 else rng.choice(covered)
