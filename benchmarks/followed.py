"""What is followed between reviews at size: 80,000 children with ten decisions a year, one or all of ten followed.

.venv/bin/python -m benchmarks.followed [SHARE]

SHARE of decisions that are followed, each an item of its own; 0.1 without it. The same acts are timed before the rows are there.
On SQLite and, where 127.0.0.1:5432 answers, on PostgreSQL.
"""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import make_url, text

from api.jobs import heartbeat
from drp.database.engine import Store
from drp.database.migrate import migrate_database
from drp.reviews import mid_points, review_register
from tests.cast.councils import WATCHING
from tests.cast.stores import APP, Postgresql
from tests.cast.world import World

CHILDREN, EACH = 80_000, 10
SOURCES = 20
ENDED_OF = 14
"""Of so many sources so many are done; the others are open, and their dates still to come."""

DUE = 1_000
"""Windows of copies that come to their time together, to be swept."""

MINUTES = "t.raised_at - again.n * interval '1 minute'"
COPIED = ("challenge", "register", "window", "entry", "words", "involved", "notification", "delivery")


@contextmanager
def worlds() -> Iterator[list[World]]:
    """A council on each engine."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(f"sqlite:///{Path(folder) / 'drp.sqlite'}")
        migrate_database(store)
        server = Postgresql(make_url("postgresql+psycopg://postgres@127.0.0.1:5432/postgres"))
        server.prepare()
        made = [World(store, Path(folder) / "s", WATCHING), World(Store(server.url(APP)), Path(folder) / "p", WATCHING)]
        made[1].owner = server  # type: ignore[attr-defined]
        try:
            yield made
        finally:
            for world in made:
                world.close()
                world.store.close()
            server.clear()


def statements(world: World, every: Callable[[Any], None]) -> None:
    """Fill past what binds the service: its own role may not write just anything."""
    if world.store.is_sqlite:
        with world.store.write(world.key) as connection:
            every(lambda said: connection.execute(text(said)))
        return
    with world.owner.connect_as_admin(world.owner.name) as connection, connection.transaction():  # type: ignore[attr-defined]
        connection.execute("SET LOCAL session_replication_role = replica")
        every(connection.execute)
    with world.owner.connect_as_admin(world.owner.name) as connection:  # type: ignore[attr-defined]
        connection.execute("VACUUM ANALYZE")


def columns(world: World, table: str) -> list[str]:
    """The columns of a table."""
    from drp.database.schema import metadata

    return [column.name for column in metadata.tables[table].columns]


def copied(world: World, table: str, changed: dict[str, str], source: str) -> str:
    """Insert every row of a table once more, with some of its columns said otherwise."""
    named = ", ".join(f'"{name}"' for name in columns(world, table))
    said = ", ".join(changed.get(name, f't."{name}"') for name in columns(world, table))
    return f'INSERT INTO "{table}" ({named}) SELECT {said} FROM "{table}" t {source}'


def followed(world: World) -> None:
    """Twenty decisions that are followed through the service itself, most of them done."""
    irene = world.as_("irene")
    lines = [{"words": f"Decision {n}.", "due": "2026-06-30", "follow": True} for n in range(SOURCES)]
    assert irene.post("/reviews", {"child": "T-1", "held_on": "2026-03-30", "decisions": lines}).status_code == 201
    items = irene.get("/challenges", state="all", item_type="review_decision").json()["items"]
    for item in items[:ENDED_OF]:
        done = world.as_("sam").brings(item["reference"], "responded", position="agrees", answer="It is done.")
        assert done.status_code == 200, done.text
        seen = irene.brings(item["reference"], "resolved", what_changed="It is done.")
        assert seen.status_code == 200, seen.text


def fill(world: World, share: float) -> None:
    """Children, their reviews and decisions, and an item for each that is followed: copies under keys of their own."""
    lite = world.store.is_sqlite
    new = "lower(hex(randomblob(16)))" if lite else "gen_random_uuid()"
    copies = int(CHILDREN * EACH * share / SOURCES)

    def every(execute: Callable[[str], object]) -> None:
        series = (
            "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {}) SELECT n FROM s" if lite
            else "SELECT n FROM generate_series(1, {}) AS g(n)"
        )  # fmt: skip
        execute(f"CREATE TEMP TABLE one AS SELECT n, {new} AS id FROM ({series.format(CHILDREN)}) q")
        changed = {"id": "one.id", "number": "'C-' || one.n", "number_folded": "'c-' || one.n"}
        execute("CREATE INDEX one_n ON one (n)")
        execute(copied(world, "child", changed, "JOIN one ON t.number = 'T-1'"))
        execute(copied(world, "review", {"child": "one.id"}, "JOIN one ON t.held_on = '2026-03-30'"))
        kept = {"id": new, "child": "one.id", "item": "NULL", "state": "'done'"}
        execute(copied(world, "review_decision", kept, f"JOIN one ON t.words LIKE 'Decision %' AND t.number < '{EACH + 1:02}'"))
        if not copies:
            return
        raised = f"challenge c, ({series.format(copies)}) s WHERE c.item_type = 'review_decision'"
        execute(f"CREATE TEMP TABLE again AS SELECT c.id AS old, s.n, {new} AS id FROM {raised}")
        execute("CREATE INDEX again_old ON again (old)")
        place = f"again.n * {SOURCES} % {CHILDREN} + 1"
        for table in COPIED:
            key = "id" if table in ("challenge", "register") else "challenge"
            apart = "strftime('%Y-%m-%d %H:%M:%f000', t.raised_at, '-' || again.n || ' minutes')" if lite else MINUTES
            other = {"reference": "'X' || substr(replace(CAST(again.id AS TEXT), '-', ''), 1, 12)"} if key == "id" else {}
            who = {"child": f"(SELECT id FROM one WHERE n = {place})", "raised_at": apart} if table == "challenge" else {}
            execute(copied(world, table, {key: "again.id", **other, **who}, f"JOIN again ON again.old = t.{key}"))

    statements(world, every)


def timed(what: Callable[[], object]) -> float:
    """Milliseconds that one call takes."""
    began = time.perf_counter()
    what()
    return (time.perf_counter() - began) * 1_000


def acts(world: World) -> dict[str, float]:
    """What goes on however much is followed: medians of a few, in milliseconds."""
    irene, mona, key = world.as_("irene"), world.as_("mona"), world.key
    day = iter(range(5, 60))

    def enter() -> None:
        held = date(2025, 1, 1) + timedelta(days=next(day))
        body = {"child": "T-1", "held_on": held.isoformat(), "decisions": [{"words": "Dental check.", "due": "2026-06-30"}]}
        assert irene.post("/reviews", body).status_code == 201

    def raises() -> str:
        answer = irene.raises()
        assert answer.status_code == 201, answer.text
        return str(answer.json()["reference"])

    def children() -> None:
        with world.store.read(key) as connection:
            review_register.list_children(connection, key, ["T-1", *(f"C-{n}" for n in range(100))], world.now.date())

    def mid_point_day() -> None:
        mid_points.ask_at_mid_points(world.service.casework, key, world.now)

    def checkpoint() -> None:
        world.now += timedelta(minutes=1)
        assert irene.brings(raises(), "withdrawn", why="Over.").status_code == 200
        heartbeat.checkpoint_authority(world.service, key)

    found = {
        "a challenge raised": [timed(raises) for _ in range(9)],
        "a review entered": [timed(enter) for _ in range(9)],
        "an IRO's hundred children": [timed(children) for _ in range(9)],
        "the board": [timed(lambda: mona.get("/challenges", state="open")) for _ in range(5)],
        "figures of a year": [timed(lambda: mona.get("/themes", by="stage")) for _ in range(5)],
        "a sweep with nothing due": [timed(lambda: world.sweep()) for _ in range(5)],
        "a day's mid-points, none due": [timed(mid_point_day) for _ in range(3)],
        "a checkpoint": [timed(checkpoint) for _ in range(3)],
    }
    return {name: median(took) for name, took in found.items()}


def swept(world: World) -> float:
    """Milliseconds for each of a thousand overdue decisions, swept together. They are moved to be due now."""

    def every(execute: Callable[[str], object]) -> None:
        at = "'2026-04-01 09:00:00'" if world.store.is_sqlite else "'2026-04-01 09:00:00+00'"
        chosen = f'SELECT challenge FROM "window" WHERE closed_at IS NULL AND closes_at > {at} LIMIT {DUE}'
        execute(f'UPDATE "window" SET acts_at = {at} WHERE closed_at IS NULL AND challenge IN ({chosen})')

    statements(world, every)
    return timed(lambda: world.sweep()) / DUE


def main() -> None:
    """Both engines, before and after."""
    share = float(sys.argv[1]) if len(sys.argv) > 1 else 0.1
    with worlds() as made:
        for world in made:
            world.mails = False
            engine = "SQLite" if world.store.is_sqlite else "PostgreSQL"
            followed(world)
            before = acts(world)
            filling = timed(lambda world=world: fill(world, share))
            world.service.store.refresh_statistics()  # as the heartbeat does on the first beat of a day
            after = acts(world)
            decisions = f"{CHILDREN:,} children, {CHILDREN * EACH:,} decisions, {share:.0%} followed"
            print(f"{engine}: {decisions}; filled in {filling / 1e3:.0f} s", flush=True)
            for name, took in after.items():
                print(f"  {name}: {took:,.1f} ms, before {before[name]:,.1f}: {took / before[name]:.1f} times", flush=True)
            print(f"  a thousand overdue at once: {swept(world):,.1f} ms each", flush=True)


if __name__ == "__main__":
    main()
