"""An authority with many years behind it: thousands of items, copied from one that was raised."""

import random
from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import insert, select

from drp.chance import Chance
from drp.tables import ChallengeRow, ChildRow, InvolvedRow, PostRow
from tests.service.world import World

LETTERS = "ABCDEFGHKLMNPRST"


def fill(world: World, number: int, reasons: Sequence[str], children: int = 800) -> None:
    """So many items more, over ten years, about so many children more of both teams: M-0, M-1, … AA, BA, …

    Every tenth child is Irene's, as she is of the items about them; she raised one in a hundred about others' children
    too, when they were hers. Tess was asked on every other item.
    """
    key, chance = world.council.key, Chance(random.Random(number).randbytes)
    reference = world.as_("irene").raises(item_type="formal").json()["reference"]
    row = world.rows(select(ChallengeRow.__table__).where(ChallengeRow.reference == reference))[0]._mapping  # type: ignore[attr-defined]
    child = world.rows(select(ChildRow.__table__).where(ChildRow.number == "T-1"))[0]._mapping  # type: ignore[attr-defined]
    irene, others = world.id("irene"), [chance.identity() for _ in range(9)]
    born = [
        {
            **child, "id": chance.identity(), "number": f"M-{n}", "team": ("north", "south")[n % 2],
            "initials": LETTERS[n % 16] + LETTERS[n // 16 % 16],
        }
        for n in range(children)
    ]  # fmt: skip
    posts = [
        {
            "authority": key, "id": chance.identity(), "role": "iro", "held_for": "child", "key": str(one["id"]), "person": irene,
            "since": date(2020, 1, 1), "until": None,
        }
        for one in born[::10]
    ]  # fmt: skip
    items = []
    for n in range(number):
        place, is_open = n * 7 % children, n % 20 == 0
        of = born[place]
        raiser = irene if place % 10 == 0 or n % 100 == 3 else others[place % 9]
        items.append(
            {
                **row, "id": chance.identity(), "reference": chance.reference(), "child": of["id"], "team": of["team"],
                "raiser": raiser, "raised_at": row["raised_at"] - timedelta(hours=4 * n), "is_open": is_open,
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
        for table, rows in ((ChildRow, born), (PostRow, posts), (ChallengeRow, items), (InvolvedRow, told)):
            for start in range(0, len(rows), 2000):
                connection.execute(insert(table), rows[start : start + 2000])
