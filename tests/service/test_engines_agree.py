"""The same script on SQLite and on PostgreSQL gives the same history."""

import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from drp.database.challenge_tables import WindowRow
from drp.database.directory_tables import PersonRow
from drp.database.engine import Store
from drp.database.message_tables import DeliveryRow, NotificationRow
from tests.cast.councils import CLIMBING, DUNMOOR, Council
from tests.cast.stores import APP, Postgresql
from tests.cast.world import World
from tests.service.test_access import MINIMAL

OTHERS = ("tess", "sam", "otto", "mona", "bob", "clara", "quinn", "hugo", "ivor", "ada")
ENDS = ("resolved", "ended_unresolved", "overtaken", "withdrawn", "recorded_in_error")
MANY = [type_ for type_ in MINIMAL if type_ not in ENDS]
STEPS = 45


@pytest.fixture
def both(tmp_path: Path, sqlite_template: Path, postgresql: Postgresql) -> Iterator[Any]:
    """Makes a world on each engine, alike in everything else."""
    worlds: list[World] = []
    stores: list[Store] = []

    def make(council: Council, seed: int) -> tuple[World, World]:
        path = tmp_path / "here.sqlite"
        path.write_bytes(sqlite_template.read_bytes())
        for name, url in (("here", f"sqlite:///{path}"), ("there", postgresql.url(APP))):
            (tmp_path / name).mkdir()
            stores.append(Store(url))
            worlds.append(World(stores[-1], tmp_path / name, council, seed))
        return worlds[0], worlds[1]

    yield make
    for opened in (*worlds, *stores):
        opened.close()
    postgresql.empty()


def script(seed: int) -> list[tuple[str, Any]]:
    """A life of three items: who does what, and how time passes, without a word about engines."""
    chance = random.Random(seed)
    steps: list[tuple[str, Any]] = [("raise", ("irene", "T-1", "")), ("raise", ("irene", "T-2", "stage_2"))]
    steps.append(("raise", ("bob", "T-3", "stage_4")))
    for n in range(STEPS):
        if chance.random() < 0.25:
            steps.append(("time", chance.choice((0, 1, 24, 24, 72))))
        elif chance.random() < 0.3:
            asked = chance.choice(("tess", "sam", "otto", "clara", "quinn", "hugo"))
            steps.append(("event", (asked, chance.randrange(3), chance.choice(("acknowledged", "responded")), f"k{n}")))
        elif chance.random() < 0.5:  # something that is open to them, whatever it may be by then
            steps.append(("open", ("irene", chance.randrange(3), chance.randrange(1_000), n > STEPS / 2)))
        else:
            type_ = chance.choice(("judged", "escalated", *MANY, *(ENDS if n > STEPS / 2 else ())))
            person = "irene" if chance.random() < 0.8 else chance.choice(OTHERS)
            steps.append(("event", (person, chance.randrange(3), type_, f"k{chance.randrange(2 * STEPS)}")))
    return steps


def play(world: World, steps: list[tuple[str, Any]]) -> list[str]:
    """Play a script; what was answered, then the whole history, with everything random named anew in order."""
    from datetime import timedelta

    said: list[str] = []
    references: list[str] = []
    for kind, given in steps:
        if kind == "raise":
            person, child, stage = given
            more = {"item_type": "formal", "stage": stage, "stage_reason": "High."} if stage else {}
            answer = world.as_(person).raises(child, **more)
            references.append(answer.json()["reference"])
        elif kind == "time":
            target = world.now + timedelta(hours=given)
            while (moment := world.next_moment()) is not None and moment <= target:
                world.now = max(world.now, moment)
                world.sweep()
            world.now = target
            world.sweep()
            continue
        elif kind == "open":
            person, item, which, may_end = given
            moves = [move for move in world.as_(person).item(references[item])["moves"] if may_end or move not in ENDS]
            type_ = moves[which % len(moves)] if moves else "noted"
            answer = world.as_(person).brings(references[item], type_, **MINIMAL[type_])
        else:
            person, item, type_, key = given
            answer = world.as_(person).brings(references[item], type_, {"Idempotency-Key": key}, **MINIMAL[type_])
        said.append(f"{answer.status_code} {answer.text}")
    for reference in references:
        said.append(json.dumps(world.as_("mona").timeline(reference), sort_keys=True))
        said.append(json.dumps(world.as_("irene").item(reference), sort_keys=True))
    said.append(repr(world.rows(select(WindowRow.acts_at, WindowRow.kind, WindowRow.closed_as).order_by(
        WindowRow.acts_at, WindowRow.kind, WindowRow.closed_as))))  # fmt: skip
    said.append(repr(world.rows(
        select(NotificationRow.subject, NotificationRow.at, PersonRow.key, DeliveryRow.as_to, DeliveryRow.how)
        .join(DeliveryRow, (DeliveryRow.challenge == NotificationRow.challenge)
              & (DeliveryRow.version == NotificationRow.version) & (DeliveryRow.n == NotificationRow.n))
        .join(PersonRow, PersonRow.id == DeliveryRow.person)
        .order_by(NotificationRow.at, NotificationRow.subject, PersonRow.key, DeliveryRow.as_to)
    )))  # fmt: skip
    return [named_anew(line, references) for line in said]


def named_anew(line: str, references: list[str]) -> str:
    """Without what is random or keyed: references in order, hashes as such."""
    for n, reference in enumerate(references):
        line = line.replace(reference, f"<item {n}>")
    return re.sub(r'"hash":\s*"[0-9a-f]{64}"', '"hash": "…"', line)


@pytest.mark.parametrize("council", [DUNMOOR, CLIMBING], ids=["as shipped", "climbing"])
@pytest.mark.parametrize("seed", range(1, 3))
def test_the_same_script_gives_the_same_history_on_both_engines(both: Any, council: Council, seed: int) -> None:
    steps = script(seed)
    here, there = both(council, seed)
    on_sqlite, on_postgresql = play(here, steps), play(there, steps)
    for n, (one, other) in enumerate(zip(on_sqlite, on_postgresql, strict=True)):
        assert one == other, f"seed {seed}, answer {n}"
    done = [line for line in on_sqlite if line.startswith("200")]
    assert len(done) > 8, "a script in which nothing happens shows nothing"
