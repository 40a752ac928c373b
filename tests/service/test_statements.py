"""How many statements a decision costs: bounds that a query in a loop would break."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, insert

from drp.casework.sweep import sweep_authority
from drp.database.authority_tables import AuthorityRow
from drp.database.challenge_tables import ChallengeRow
from drp.database.engine import Store, Waits
from drp.database.unavailable import Busy
from tests.cast.clock import when
from tests.cast.world import World
from tests.pages.browser import at_browser
from tests.service.connections import connections_held


@contextmanager
def counted(world: World) -> Iterator[list[str]]:
    """The statements that the service sends meanwhile, without those that begin or choose an authority."""
    seen: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        if "set_config" not in statement and not statement.startswith("BEGIN"):
            seen.append(statement)

    store = world.service.store
    # On PostgreSQL the reader is the writer with other options, and what listens to the one hears both.
    engines = {store.writer, store.reader} if store.reader.pool is not store.writer.pool else {store.writer}
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)


SIGNING_IN = 3
"""Token, current procedures, posts."""

BOUNDS = {"raise": 8, "respond": 7, "judge": 6, "note": 6, "show": 6, "timeline": 6, "list": 6, "inbox": 1, "me": 0}
"""Beyond signing in, on PostgreSQL; an idempotency key costs two more: it is looked for, and kept."""

ONE_FOR_EACH_TABLE = {"raise": 7, "respond": 6, "judge": 6, "note": 1}
"""How many more on SQLite, where a statement writes one table and costs no way to a server."""


def test_a_request_costs_a_bounded_number_of_statements(world: World) -> None:
    irene, tess = world.as_("irene"), world.as_("tess")
    said = {"item_type": "formal", "stage": "stage_2", "stage_reason": "High."}
    for _ in range(12):
        reference = irene.raises(**said).json()["reference"]
    world.sweep()
    spent: dict[str, int] = {}

    def cost(name: str, request: Any) -> Any:
        with counted(world) as seen:
            answer = request()
        assert answer.status_code in (200, 201), answer.text
        spent[name] = len(seen) - SIGNING_IN
        return answer

    cost("raise", lambda: irene.raises(**said))
    cost("note", lambda: irene.brings(reference, "noted", text="w"))
    cost("respond", lambda: tess.brings(reference, "responded", position="agrees", answer="w"))
    seen = {"If-Match": irene.get(f"/challenges/{reference}").headers["etag"]}
    cost("judge", lambda: irene.brings(reference, "judged", seen, verdict="needs_more"))
    cost("show", lambda: irene.get(f"/challenges/{reference}"))
    cost("timeline", lambda: irene.get(f"/challenges/{reference}/timeline"))
    cost("list", lambda: tess.get("/challenges"))
    cost("inbox", lambda: tess.get("/inbox"))
    cost("me", lambda: tess.get("/me"))
    print(f"\nstatements beyond signing in: {spent}")  # noqa: T201
    more = ONE_FOR_EACH_TABLE if world.store.is_sqlite else {}
    over = {name: n for name, n in spent.items() if n > BOUNDS[name] + more.get(name, 0)}
    assert not over


@pytest.mark.parametrize("path", ["/challenges?limit=100", "/inbox"])
def test_a_longer_list_costs_no_more_statements_than_a_short_one(world: World, path: str) -> None:
    irene, tess = world.as_("irene"), world.as_("tess")
    costs = []
    for more in (3, 20):
        for n in range(more):
            irene.raises(("T-1", "T-2")[n % 2], item_type="formal")
        with counted(world) as seen:
            assert tess.call("GET", f"/api/v1{path}").status_code == 200
        costs.append(len(seen))
    assert costs[0] == costs[1]


def test_my_tasks_costs_no_more_statements_with_two_hundred_items_than_with_five(world: World) -> None:
    """And shows, and logs, no more than a page of them."""
    irene = at_browser(world, "irene")
    spent, sizes = {}, {}
    for many in (5, 200):
        while world.count(ChallengeRow) < many:
            assert world.as_("irene").raises(("T-1", "T-2")[many % 2], item_type="formal").status_code == 201
        irene.open("/")
        with counted(world) as seen:
            page = irene.open("/")
        spent[many], sizes[many] = len(seen), page.html.count('<li class="app-card')
    print(f"\nstatements of my tasks: {spent}, items shown: {sizes}")  # noqa: T201
    assert spent[5] == spent[200]
    assert sizes == {5: 5, 200: 25}
    assert "1 to 25 of 200, most urgent first" in page.text


def test_a_swept_batch_of_a_hundred_costs_no_more_statements_than_one_of_ten(world: World) -> None:
    irene, spent = world.as_("irene"), {}
    moments = {
        10: ("Wed 1 April 2026, 10:00", "Wed 8 April 2026, 16:00", "Thu 9 April 2026, 09:00"),
        100: ("Fri 10 April 2026, 10:00", "Wed 15 April 2026, 16:00", "Thu 16 April 2026, 09:00"),
    }
    for number, (raised, warned, due) in moments.items():
        world.at(raised)
        references = [irene.raises(("T-1", "T-3")[n % 2], item_type="formal").json()["reference"] for n in range(number)]
        world.pass_to(warned)
        world.now = when(due) - timedelta(minutes=1)
        world.sweep()
        world.at(due)
        with counted(world) as seen:
            swept = sweep_authority(world.service.casework, world.council.key, world.now)
        assert (swept.decided, swept.held) == (number, 0)
        spent[number] = len(seen)
        for reference in references:  # leave the next batch alone
            irene.brings(reference, "withdrawn", why="Settled.")
    print(f"\nstatements of a sweep, by items due: {spent}")  # noqa: T201
    assert spent[100] == spent[10] <= (17 if world.store.is_sqlite else 11)


# Connections.


def test_no_request_holds_two_connections_at_once(world: World) -> None:
    """So many requests as there are connections can be worked on at once, and none waits for a second that nobody gives back."""
    with connections_held(world.service.store) as held:
        irene, tess, mona = world.as_("irene"), world.as_("tess"), world.as_("mona")
        reference = irene.raises(item_type="formal", stage="stage_2", stage_reason="High.").json()["reference"]
        for path in ("", "/timeline"):
            assert irene.get(f"/challenges/{reference}{path}").status_code == 200
        for path in ("/challenges", "/inbox", "/me", "/register", "/themes", "/ladders"):
            assert irene.get(path).status_code == 200, path
        assert tess.brings(reference, "responded", position="agrees", answer="We will.").status_code == 200
        assert irene.brings(reference, "judged", verdict="needs_more", why="By when?").status_code == 200
        referred = irene.brings(reference, "referred_to_cafcass", grounds=["case_not_reviewed"], why="Nobody answers.")
        assert referred.status_code == 200
        number = referred.json()["entry"]
        assert irene.get(f"/challenges/{reference}/referral/{number}/bundle").status_code == 200
        world.sweep()
        assert mona.get("/outbox").status_code == mona.get("/health").status_code == 200
    assert held.most == 1
    assert set(held.now.values()) == {0}


def test_health_asks_as_much_of_twenty_authorities_as_of_one(world: World) -> None:
    mona = world.as_("mona")
    world.sweep()
    with counted(world) as of_one:
        assert mona.get("/health").status_code == 200
    for n in range(20):
        with world.store.write(f"other{n}") as connection:
            connection.execute(insert(AuthorityRow).values(key=f"other{n}", name=f"Other {n}", last_tick=world.now))
    with counted(world) as of_many:
        assert mona.get("/health").status_code == 200
    assert len(of_many) == len(of_one)


def test_who_finds_no_connection_free_is_told_so_in_time(store: Store) -> None:
    """Never a fault of the service (500): it is busy, and says when to come back."""
    small = Store(store.url, pool_size=1, waits=Waits(connection=0.1))
    try:
        with small.read("dunmoor"), pytest.raises(Busy), small.read("dunmoor"):
            pass
    finally:
        small.close()
