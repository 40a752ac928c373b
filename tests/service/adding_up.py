"""Processes that add to one number: in a file of their own, so that each imports no more than it needs."""

import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import select, update

from drp.database.authority_tables import AuthorityRow
from drp.database.engine import Store
from drp.database.unavailable import Unavailable


def add_up(url: str, times: int, start: Any) -> None:
    """In a process of its own: read a number, add one, write it back, in one transaction each time."""
    store = Store(url, pool_size=1)
    start.wait()
    done = 0
    while done < times:
        try:
            with store.write("dunmoor") as connection:
                query = select(AuthorityRow.brake).where(AuthorityRow.key == "dunmoor")
                if not store.is_sqlite:
                    query = query.with_for_update()
                number = int(connection.execute(query).scalar_one() or 0)
                connection.execute(update(AuthorityRow).where(AuthorityRow.key == "dunmoor").values(brake=str(number + 1)))
            done += 1
        except Unavailable:
            continue
    store.close()


@contextmanager
def processes(url: str, number: int, times: int) -> Iterator[None]:
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(number)
    running = [context.Process(target=add_up, args=(url, times, start)) for _ in range(number)]
    for process in running:
        process.start()
    for process in running:
        process.join(120)
    yield
    assert [process.exitcode for process in running] == [0] * number
