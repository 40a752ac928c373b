"""An answer that races the closing of its window: whoever commits second sees what the first committed."""

import os
import random
import sys
from dataclasses import replace
from datetime import timedelta
from threading import Barrier, Semaphore, Thread
from typing import Any

import pytest

from drp.casework import load
from drp.casework.service import ActionResult
from drp.casework.sweep import sweep_authority
from drp.database.challenge_tables import ChallengeRow, WindowRow
from drp.database.engine import Store
from drp.database.unavailable import Busy
from tests.cast.clock import when
from tests.cast.marsh import CLIMBS, KEY, RAISED, Box, Marsh
from tests.faults.checker import all_of, faults
from tests.faults.world import casework_on, founded, many
from workflows.model import events as e
from workflows.model.refusals import Refused

SEED = int(os.environ.get("FAULTS_SEED", "20261122"))
RACES = int(os.environ.get("FAULTS_RACES", "100"))
A_ROUND = 200
CLOSES = when("Thu 9 April 2026, 00:00")


@pytest.mark.at_size
def test_never_both_answered_in_time_and_climbed_for_no_reply(store: Store) -> None:
    marsh, _ = founded(store)
    many(marsh, RACES)
    # All are reached, a round of the outbox at a time: what climbs, climbs for want of a reply.
    assert sum(marsh.deliver(RAISED, Box()).sent for _ in range(0, RACES, A_ROUND)) == RACES
    chance = random.Random(SEED)
    with store.read(KEY) as connection:
        references = [row["reference"] for row in all_of(connection, ChallengeRow)]
    chance.shuffle(references)
    moments = (CLOSES - timedelta(seconds=1), CLOSES, CLIMBS - timedelta(seconds=1), CLIMBS, CLIMBS + timedelta(seconds=1))
    acts = [(reference, chance.choice(moments)) for reference in references]
    signed = {who: marsh.as_(who, CLOSES) for who in ("tess", "otto")}
    barrier, unforeseen = Barrier(5), list[BaseException]()

    def guarded(work: Any) -> Any:
        def run() -> None:
            barrier.wait(60)
            try:
                work()
            except BaseException as error:
                unforeseen.append(error)

        return run

    turns = Semaphore(0)

    class Paced(Store):
        """Takes the one writer's place only as often as an answer came: on SQLite the sweep would else do all at one go."""

        def write(self, authority: str, is_patient: bool = False) -> Any:
            turns.acquire(timeout=1)
            return super().write(authority, is_patient)

    def sweeping() -> None:
        casework = casework_on(Paced(store.url))
        for _ in range(3):
            sweep_authority(casework, KEY, CLIMBS, batch=3)
        casework.store.close()

    def answer(casework: Any, who: str, reference: str, now: Any) -> type[Exception] | None:
        try:
            casework.act(signed[who], reference, e.Responded("agrees", "We will."), now, _nothing)
        except (Refused, Busy) as refused:
            return Busy if isinstance(refused, Busy) else Refused
        return None

    def answering(n: int) -> Any:
        who = ("tess", "otto")[n % 2]

        def run() -> None:
            casework = casework_on(Store(store.url))
            for reference, now in acts[n // 2 :: 2]:
                while answer(casework, who, reference, now) is Busy:
                    continue  # told to come back, and does
                turns.release()
            casework.store.close()

        return run

    threads = [Thread(target=guarded(work)) for work in (sweeping, *(answering(n) for n in range(4)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert unforeseen == []
    with store.read(KEY) as connection:
        challenges, windows = all_of(connection, ChallengeRow), all_of(connection, WindowRow)
    assert both(challenges, windows) == []
    hows = {visit["how"] for row in challenges for visit in row["rest"]["visits"]}
    assert hows == {"raised", "no_reply"}
    assert faults(store) == []
    climbed = sum(row["sequence"] > 1 for row in challenges)
    in_time = sum(any(a["answered_at"] and not a["late"] for a in w["asked"]) for w in windows if w["sequence"] == 1)
    late = sum(any(a["answered_at"] and a["late"] for a in w["asked"]) for w in windows if w["sequence"] == 1)
    engine = "sqlite" if store.is_sqlite else "postgresql"
    sys.stdout.write(
        f"seed {SEED}, {engine}: {RACES} races, {climbed} climbed, {in_time} answered in time, {late} late, 0 both\n"
    )


def both(challenges: list[dict[str, Any]], windows: list[dict[str, Any]]) -> list[str]:
    """Windows both answered in time and climbed from by themselves."""
    by_itself = ("no_reply", "not_reached")
    climbed = {row["id"] for row in challenges if [v for v in row["rest"]["visits"] if v["how"] in by_itself]}
    answered = {
        w["challenge"]
        for w in windows
        if w["sequence"] == 1 and w["kind"] == "reply" and any(a["answered_at"] and not a["late"] for a in w["asked"])
    }
    return [str(one) for one in climbed & answered]


def _nothing(*given: Any) -> dict[str, Any]:
    assert any(isinstance(one, ActionResult) for one in given)
    return {}


@pytest.mark.parametrize("first", ["answer", "climb"])
def test_the_later_sees_what_the_first_committed(store: Store, first: str) -> None:
    """Two replicas whose clocks say what they like: commit order wins."""
    marsh, _ = founded(store)
    reference = marsh.raised()
    marsh.deliver(RAISED, Box())
    in_time = CLOSES - timedelta(seconds=1)
    if first == "answer":
        for who in ("tess", "otto"):
            marsh.act(who, reference, e.Responded("agrees", "We will."), in_time)
        marsh.sweep(CLIMBS)
        assert "climbed" not in {row["subject"] for row in marsh.notifications(reference)}
    else:
        marsh.sweep(CLIMBS)
        marsh.act("tess", reference, e.Responded("agrees", "We will."), in_time)  # stamped before, committed after
        assert "late_answer" in {row["subject"] for row in marsh.notifications(reference)}
        with store.read(KEY) as connection:
            reply = next(w for w in all_of(connection, WindowRow) if (w["sequence"], w["kind"]) == (1, "reply"))
        assert [a["late"] for a in reply["asked"] if a["answered_at"]] == [True]
        assert reply["closed_as"] == "no reply"
    assert faults(store) == []


def test_planted_deciding_on_what_was_read_before_is_caught(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The state that somebody read first, with the version that stands now: a guard that guards nothing."""
    marsh: Marsh
    marsh, _ = founded(store)
    reference = marsh.raised()
    marsh.deliver(RAISED, Box())
    real = load.load_challenge
    with store.read(KEY) as connection:
        stale = real(connection, KEY, reference)
    assert stale is not None
    marsh.sweep(CLIMBS)

    def read_before(connection: Any, authority: str, reference: str, *statement: Any) -> Any:
        now = real(connection, authority, reference)
        assert now is not None
        assert stale is not None
        return replace(stale, version=now.version, entries=now.entries, head=now.head)

    monkeypatch.setattr(load, "load_challenge", read_before)
    for who in ("tess",):
        marsh.act(who, reference, e.Responded("agrees", "We will."), CLOSES - timedelta(seconds=1))
    found = faults(store)
    assert found != []
