"""Somebody has an item in hand and does not let go: whoever wants that one waits a little, and nobody else waits at all."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from starlette.testclient import TestClient

from api import app
from api.app import create_app
from drp.casework import load, outage_hold
from drp.casework.sweep import sweep_authority
from drp.database.challenge_tables import ChallengeRow
from drp.database.engine import Store, Waits
from drp.database.statements import CHALLENGES_TO_DECIDE
from drp.items.service_condition import read_conditions
from tests.cast.marsh import CLIMBS, KEY, RAISED, Marsh
from tests.cast.stores import APP, Postgresql
from tests.faults.checker import all_of, faults
from tests.faults.world import casework_on, founded, many, note_body, raise_body, settings

PRESSES = 40
NEVER_ENDED = Waits(idle=0)
ENDED_AFTER_A_WHILE = Waits(idle=3)


@contextmanager
def in_hand(url: str, references: list[str], waits: Waits = NEVER_ENDED) -> Iterator[Event]:
    """Another replica, frozen in the middle of a transaction in which it decides on some items; until the event is set."""
    held, over = Event(), Event()

    def hold() -> None:
        other = Store(url, waits=waits)
        try:
            with other.write(KEY) as connection:
                ids = [load.id_of_reference(connection, KEY, reference) for reference in references]
                assert len(load.load_challenges(connection, KEY, [id_ for id_ in ids if id_], CHALLENGES_TO_DECIDE)) == len(ids)
                held.set()
                over.wait(60)
        except Exception:
            assert waits.idle, "only who may be ended is ended"
        finally:
            other.close()

    thread = Thread(target=hold)
    thread.start()
    assert held.wait(20)
    try:
        yield over
    finally:
        over.set()
        thread.join(30)


@dataclass
class Pressed:
    """What came of many requests that were sent at once."""

    statuses: list[int] = field(default_factory=list)
    longest: float = 0.0


def at_once(works: list[Callable[[], int]]) -> Pressed:
    """Do everything at once; gives the answers' statuses and how long the slowest took."""
    pressed = Pressed()

    def run(work: Callable[[], int]) -> None:
        before = time.monotonic()
        status = work()
        pressed.longest = max(pressed.longest, time.monotonic() - before)
        pressed.statuses.append(status)

    threads = [Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return pressed


@contextmanager
def serving(url: str, tokens: dict[str, str], var: Path, now: datetime = RAISED, **more: Any) -> Iterator[Any]:
    with TestClient(create_app(settings(url, var, **more), lambda: now), raise_server_exceptions=False) as client:

        def ask(method: str, path: str, who: str = "irene", body: Any = None, key: str = "") -> Any:
            headers = {"Authorization": f"Bearer {tokens[who]}"} if who else {}
            headers |= {"Idempotency-Key": key} if key else {}
            return client.request(method, path, json=body, headers=headers)

        yield ask


def raised(ask: Any, count: int) -> list[str]:
    answers = [ask("POST", "/api/v1/challenges", body=raise_body(f"k{n}"), key=f"k{n}") for n in range(count)]
    return [answer.json()["reference"] for answer in answers]


@pytest.fixture
def founded_store(postgresql: Postgresql) -> Iterator[tuple[Store, dict[str, str]]]:
    store = Store(postgresql.url(APP))
    _, tokens = founded(store)
    yield store, tokens
    store.close()
    postgresql.empty()


# A row that another has in hand.


def test_presses_on_a_locked_item_are_told_to_come_back_and_keep_nobody_else_waiting(
    founded_store: tuple[Store, dict[str, str]], tmp_path: Path
) -> None:
    store, tokens = founded_store
    with serving(store.url, tokens, tmp_path / "var", row_wait_seconds=1) as ask:
        locked, other = raised(ask, 2)
        pressed = Pressed()

        def press() -> None:
            works = [
                lambda n=n: int(ask("POST", f"/api/v1/challenges/{locked}/events", body=note_body(f"p{n}")).status_code)  # type: ignore[misc]
                for n in range(PRESSES)
            ]
            pressed.__dict__.update(at_once(works).__dict__)

        with in_hand(store.url, [locked]):
            pressing = Thread(target=press)
            pressing.start()
            others = [
                lambda: int(ask("POST", f"/api/v1/challenges/{other}/events", body=note_body("o")).status_code),
                lambda: int(ask("GET", f"/api/v1/challenges/{other}").status_code),
                lambda: int(ask("GET", f"/api/v1/challenges/{locked}").status_code),
                lambda: int(ask("GET", "/api/v1/inbox", "tess").status_code),
                lambda: int(ask("GET", "/api/v1/health/serving", "").status_code),
                lambda: int(ask("GET", "/sign-in", "").status_code),
            ]
            beside = Pressed()
            while pressing.is_alive():
                one = at_once(others)
                beside.statuses += one.statuses
                beside.longest = max(beside.longest, one.longest)
            pressing.join()
        assert set(beside.statuses) == {200}
        assert beside.longest < 2
        assert set(pressed.statuses) == {503}
        assert pressed.longest < 4
        refused = ask("POST", f"/api/v1/challenges/{locked}/events", body=note_body("after"))
        assert refused.status_code == 200, "whoever held it is gone"
    assert faults(store) == []
    said = f"{PRESSES} presses on a locked item: the longest {pressed.longest:.1f} s; others beside it {beside.longest:.2f} s\n"
    sys.stdout.write(said)


def test_planted_without_lanes_others_wait_for_the_locked_item(
    founded_store: tuple[Store, dict[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything in one queue, as long as it takes: the others stand behind those who press."""
    monkeypatch.setattr(app, "Admission", lambda application, places: application)
    store, tokens = founded_store
    with serving(store.url, tokens, tmp_path / "var", pool_size=1, row_wait_seconds=2) as ask:
        (locked,) = raised(ask, 1)
        with in_hand(store.url, [locked]):
            works: list[Callable[[], int]] = [
                lambda n=n: int(ask("POST", f"/api/v1/challenges/{locked}/events", body=note_body(f"p{n}")).status_code)  # type: ignore[misc]
                for n in range(PRESSES)
            ]
            pressing = Thread(target=at_once, args=(works,))
            pressing.start()
            longest, statuses = 0.0, list[int]()
            while pressing.is_alive():
                one = at_once([lambda: int(ask("GET", "/api/v1/health/serving", "").status_code)])
                longest, statuses = max(longest, one.longest), statuses + one.statuses
            pressing.join()
    assert longest > 1 or 503 in statuses, "health stood behind them"


def test_a_refusal_says_when_to_come_back_and_keeps_what_was_typed(
    founded_store: tuple[Store, dict[str, str]], tmp_path: Path
) -> None:
    store, tokens = founded_store
    with serving(store.url, tokens, tmp_path / "var", row_wait_seconds=0.2) as ask:
        (locked,) = raised(ask, 1)
        with in_hand(store.url, [locked]):
            answer = ask("POST", f"/api/v1/challenges/{locked}/events", body=note_body("n"))
    assert (answer.status_code, answer.headers["retry-after"], answer.json()["type"]) == (503, "2", "urn:drp:busy")
    assert answer.json()["what_to_do"].startswith("Nothing was done.")


REFERRAL = {"type": "referred_to_cafcass", "grounds": ["case_not_reviewed"], "why": "The plan drifts and nobody answers."}


def test_a_referral_outwaits_whoever_holds_its_item(founded_store: tuple[Store, dict[str, str]], tmp_path: Path) -> None:
    """A frozen replica is ended by the database after a while: a note is told to come back, a referral gets through."""
    store, tokens = founded_store
    with serving(store.url, tokens, tmp_path / "var", row_wait_seconds=0.5) as ask:
        (locked,) = raised(ask, 1)
        with in_hand(store.url, [locked], ENDED_AFTER_A_WHILE):
            note = ask("POST", f"/api/v1/challenges/{locked}/events", body=note_body("n"))
            before = time.monotonic()
            referred = ask("POST", f"/api/v1/challenges/{locked}/events", body=REFERRAL)
            took = time.monotonic() - before
        assert note.status_code == 503
        assert referred.status_code == 200, referred.text
        assert 0.5 < took < 10
    assert faults(store) == []
    sys.stdout.write(f"a referral waited {took:.1f} s for a frozen replica, and got through\n")


def test_planted_a_referral_as_impatient_as_a_note_does_not_get_through(
    founded_store: tuple[Store, dict[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Store.write
    monkeypatch.setattr(Store, "write", lambda self, authority, is_patient=False: real(self, authority))
    store, tokens = founded_store
    with serving(store.url, tokens, tmp_path / "var", row_wait_seconds=0.5) as ask:
        (locked,) = raised(ask, 1)
        with in_hand(store.url, [locked], ENDED_AFTER_A_WHILE):
            assert ask("POST", f"/api/v1/challenges/{locked}/events", body=REFERRAL).status_code == 503


# A sweep that is frozen with what it has in hand.


def test_a_look_moves_past_what_another_has_in_hand_and_that_is_followed_by_itself(
    founded_store: tuple[Store, dict[str, str]],
) -> None:
    """After an outage: what could be looked at is held at once; what could not be is held when it can be, and does not climb."""
    store, _ = founded_store
    marsh = Marsh(casework_on(store, hold_after=timedelta(hours=2)))
    many(marsh, 6)
    sweep_authority(marsh.casework, KEY, RAISED)
    locked = references(store)[:2]
    with in_hand(store.url, locked):
        swept = sweep_authority(marsh.casework, KEY, CLIMBS)
        assert (swept.decided, swept.held) == (4, 4)
        with store.read(KEY) as connection:
            look = outage_hold.read_last_look(connection, KEY)
        assert look.at == CLIMBS, "the service did not stand still"
        assert {one.since for one in look.passed_over.values()} == {RAISED}
        again = sweep_authority(marsh.casework, KEY, CLIMBS + timedelta(hours=3))
        assert (again.decided, again.held) == (0, 0), "nobody else's windows are held for them"
    later = CLIMBS + timedelta(hours=3, minutes=1)
    swept = sweep_authority(marsh.casework, KEY, later)
    assert swept.held == 2
    with store.read(KEY) as connection:
        assert {row["sequence"] for row in all_of(connection, ChallengeRow)} == {1}, "held, not climbed"
        assert outage_hold.read_last_look(connection, KEY).passed_over == {}


def test_what_is_let_go_in_time_climbs_as_its_date_says(founded_store: tuple[Store, dict[str, str]]) -> None:
    store, _ = founded_store
    marsh = Marsh(casework_on(store, hold_after=timedelta(hours=2)))
    many(marsh, 2)
    before = CLIMBS - timedelta(minutes=1)
    sweep_authority(marsh.casework, KEY, RAISED)
    for hour in range(1, int((before - RAISED).total_seconds() // 3600)):
        sweep_authority(marsh.casework, KEY, RAISED + timedelta(hours=hour))
    sweep_authority(marsh.casework, KEY, before)
    with in_hand(store.url, references(store)[:1]):
        sweep_authority(marsh.casework, KEY, CLIMBS)
    swept = sweep_authority(marsh.casework, KEY, CLIMBS + timedelta(minutes=1))
    assert swept.held == 0
    with store.read(KEY) as connection:
        assert {row["sequence"] for row in all_of(connection, ChallengeRow)} == {2}


def test_an_item_that_is_locked_for_an_hour_is_said_with_its_reference(
    founded_store: tuple[Store, dict[str, str]], caplog: pytest.LogCaptureFixture
) -> None:
    store, _ = founded_store
    marsh = Marsh(casework_on(store))
    many(marsh, 1)
    (locked,) = references(store)
    with in_hand(store.url, [locked]):
        for minutes in (0, 30, 61):
            sweep_authority(marsh.casework, KEY, CLIMBS + timedelta(minutes=minutes))
            assert (locked in caplog.text) == (minutes > 60)
        (condition,) = read_conditions(store)
        assert condition.locked_since == CLIMBS


def test_planted_a_look_that_forgets_what_it_passed_over_lets_it_climb(
    founded_store: tuple[Store, dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outage_hold.LastLook, "without", lambda self, challenges, now: {})
    with pytest.raises(AssertionError):
        test_a_look_moves_past_what_another_has_in_hand_and_that_is_followed_by_itself(founded_store)


def references(store: Store) -> list[str]:
    with store.read(KEY) as connection:
        return sorted(row["reference"] for row in all_of(connection, ChallengeRow))


# A sweep's transactions are short by time.


def test_a_batch_that_takes_long_is_cut(store: Store) -> None:
    marsh, _ = founded(store)
    many(marsh, 12)
    moments = iter(range(10_000))
    sizes: list[int] = []
    keeper, keep = marsh.casework.keeper, marsh.casework.keeper.keep

    def counted(connection: Any, authority: str, kept: Any, now: datetime) -> None:
        sizes.append(len(kept))
        keep(connection, authority, kept, now)

    keeper.keep = counted  # type: ignore[method-assign]
    swept = sweep_authority(marsh.casework, KEY, CLIMBS, 100, lambda: next(moments) * 0.1)
    assert swept.decided == 12
    assert max(sizes) <= 4, sizes
