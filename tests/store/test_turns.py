"""Turns of threads on SQLite: one writes, two read, in the order in which they came."""

from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread

import pytest

from drp.database.engine import READ_AT_ONCE, Store, Waits
from drp.database.turns import NoTurn, Turns
from drp.database.unavailable import Busy

LONG = 20.0


def waiting(turns: Turns, number: int) -> None:
    """Until so many threads wait for their turn: each has said so under the guard, and nothing else tells of it."""
    while len(turns._waiting) < number:
        Event().wait(0.001)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(f"sqlite:///{tmp_path / 'drp.sqlite'}", waits=Waits(row=0.05, connection=0.05))
    yield opened
    opened.close()


def test_whoever_came_first_goes_first() -> None:
    turns, order, threads = Turns(1), list[int](), list[Thread]()

    def go(number: int) -> None:
        with turns.taken(LONG):
            order.append(number)

    with turns.taken(LONG):
        for number in range(20):
            threads.append(Thread(target=go, args=(number,)))
            threads[-1].start()
            waiting(turns, number + 1)
    for thread in threads:
        thread.join(LONG)
    assert order == list(range(20))


def test_whoever_waited_too_long_is_passed_over() -> None:
    turns = Turns(1)
    with turns.taken(LONG), pytest.raises(NoTurn), turns.taken(0.01):
        pass
    with turns.taken(0.01):
        pass  # and takes no turn of anybody's


def test_a_turn_is_given_on_whatever_happened_in_it() -> None:
    turns = Turns(1)
    with pytest.raises(ZeroDivisionError), turns.taken(LONG):
        raise ZeroDivisionError
    with turns.taken(0.01):
        pass


def beside(store: Store) -> list[object]:
    """What another thread comes to that reads, and then writes."""
    said: list[object] = []

    def go() -> None:
        for way in (store.read, store.write):
            try:
                with way("nowhere"):
                    said.append("done")
            except Busy as busy:
                said.append(str(busy))

    thread = Thread(target=go)
    thread.start()
    thread.join(LONG)
    return said


def test_one_writes_and_two_read_at_once_and_whoever_waits_too_long_is_told(store: Store) -> None:
    late = "others came first, and are not done yet"
    with store.write("nowhere"):
        assert beside(store) == ["done", late]
    held, release, threads = [Event() for _ in range(READ_AT_ONCE)], Event(), list[Thread]()

    def hold(mine: Event) -> None:
        with store.read("nowhere"):
            mine.set()
            assert release.wait(LONG)

    for mine in held:
        threads.append(Thread(target=hold, args=(mine,)))
        threads[-1].start()
        assert mine.wait(LONG)
    try:
        assert beside(store) == [late, "done"]
    finally:
        release.set()
        for thread in threads:
            thread.join(LONG)
    assert beside(store) == ["done", "done"]


def test_a_thread_that_has_its_turn_does_not_wait_for_another(store: Store) -> None:
    """Each would wait for the other's end, until both were told that it takes too long."""
    with store.write("nowhere"), store.read("nowhere"), store.read("nowhere"), store.read("nowhere"):
        pass
    with store.read("nowhere"), store.read("nowhere"), store.read("nowhere"):
        pass


def test_a_snapshot_that_is_read_for_long_takes_no_turn(store: Store) -> None:
    with store.snapshot("nowhere"), store.snapshot("nowhere"), store.snapshot("nowhere"):
        assert beside(store) == ["done", "done"]
