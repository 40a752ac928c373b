"""Turns of threads of one process: so many at once, in the order in which they came."""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock


class NoTurn(Exception):
    """It did not come in time."""


class Turns:
    """Lets `at_once` threads go on; each of the others waits for one of them to be done, and none goes before another.

    On SQLite, where all are in one process: threads that read at once take the interpreter from each other at each row, and
    those that write try again and again whether the file is free, the longer the longer they have waited.
    """

    def __init__(self, at_once: int) -> None:
        self._free = at_once
        self._guard = Lock()
        self._waiting: deque[Lock] = deque()

    @contextmanager
    def taken(self, seconds: float) -> Iterator[None]:
        """A turn, until the block ends. Raises NoTurn where it has not come in so many seconds."""
        self._take(seconds)
        try:
            yield
        finally:
            self._give_on()

    def _take(self, seconds: float) -> None:
        with self._guard:
            if self._free:
                self._free -= 1
                return
            mine = Lock()
            mine.acquire()
            self._waiting.append(mine)
        if mine.acquire(timeout=seconds):
            return
        with self._guard:
            if mine in self._waiting:
                self._waiting.remove(mine)
                raise NoTurn
        # It was given at the last moment.

    def _give_on(self) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._free += 1
