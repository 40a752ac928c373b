"""An authority with many years behind it: thousands of items, copied from one that was raised."""

import random
from datetime import timedelta
from uuid import UUID

from sqlalchemy import insert, select

from drp.chance import Chance
from drp.tables import ChallengeRow, ChildRow, InvolvedRow
from tests.service.world import World

REASONS = 5
"""How many different reasons the copies bear, in turn."""


def fill(world: World, number: int, reasons: list[str], children: int = 800) -> None:
    """So many items more, about so many children more of both teams, over ten years; Tess was asked on every other one."""
    key, chance = world.council.key, Chance(random.Random(number).randbytes)
    reference = world.as_("irene").raises(item_type="formal").json()["reference"]
    row = world.rows(select(ChallengeRow.__table__).where(ChallengeRow.reference == reference))[0]._mapping
    child = world.rows(select(ChildRow.__table__).where(ChildRow.number == "T-1"))[0]._mapping
    letters = "ABCDEFGHKLMNPRST"
    born = [
        {
            **child, "id": chance.identity(), "number": f"M-{n}", "team": ("north", "south")[n % 2],
            "initials": letters[n % 16] + letters[n // 16 % 16],
        }
        for n in range(children)
    ]  # fmt: skip
    items = []
    for n in range(number):
        of = born[n * 7 % children]
        is_open = n % 20 == 0
        items.append(
            {
                **row, "id": chance.identity(), "reference": chance.reference(), "child": of["id"], "team": of["team"],
                "raised_at": row["raised_at"] - timedelta(hours=4 * n), "is_open": is_open,
                "phase": row["phase"] if is_open else "resolved", "reasons": [reasons[n % len(reasons)]],
            }
        )  # fmt: skip
    told = [
        {
            "authority": key, "person": world.id("tess"), "challenge": one["id"], "role": "team_manager", "as_to": True,
            "since": one["raised_at"],
        }
        for one in items[::2]
    ]  # fmt: skip
    with world.store.write(key) as connection:
        for table, rows in ((ChildRow, born), (ChallengeRow, items), (InvolvedRow, told)):
            for start in range(0, len(rows), 2000):
                connection.execute(insert(table), rows[start : start + 2000])
    assert isinstance(items[0]["id"], UUID)
