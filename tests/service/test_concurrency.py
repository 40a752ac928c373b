"""Several at once: one effect each, nothing lost; the database says who did it."""

import threading
from collections.abc import Callable
from contextlib import nullcontext, suppress
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, select, update

from drp.casework.procedures import Procedures
from drp.casework.retry_keys import RetryKey
from drp.casework.service import ActionResult, Casework
from drp.casework.sweep import sweep_authority
from drp.database.authority_tables import AuthorityRow
from drp.database.challenge_tables import ChallengeRow, EntryRow, IdempotencyRow
from drp.database.directory_tables import ChildRow
from drp.database.engine import Conflict
from drp.database.message_tables import NotificationRow
from drp.database.unavailable import Unavailable
from drp.identity import tokens
from drp.identity.principal import Principal
from drp.reviews import tracking
from drp.reviews.tracking import track_case
from tests.cast.councils import DERBY, procedures
from tests.cast.world import World
from tests.service.adding_up import processes
from workflows.calendar.working_days import local_date
from workflows.ladder_language import reader
from workflows.model.events import Acknowledged, Escalated, Event, Noted, Responded, TrackingAgreed, Withdrawn
from workflows.model.refusals import NotOpen


def signed(world: World, person: str) -> Principal:
    with world.store.read(world.council.key) as connection:
        return tokens.principal_of(connection, procedures(world.council).authority, world.id(person), world.now)


def render(connection: Connection, done: ActionResult) -> dict[str, Any]:
    return {"entry": done.entry, "version": done.loaded.version}


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Do several things at the same moment; what each gave, or the exception that it met."""
    found: list[Any] = [None] * len(acts)
    start = threading.Barrier(len(acts))

    def run(n: int, act: Callable[[], Any]) -> None:
        start.wait()
        try:
            found[n] = act()
        except Exception as error:
            found[n] = error

    threads = [threading.Thread(target=run, args=(n, act)) for n, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


class Desk:
    """Acts on one item of a world, past HTTP: what the route calls."""

    def __init__(self, world: World, reference: str) -> None:
        self.world, self.reference = world, reference
        self._signed = {person: signed(world, person) for person in ("irene", "tess", "clara", "quinn", "mona")}

    def act(self, person: str, event: Event, key: str = "") -> Callable[[], Any]:
        casework: Casework = self.world.service.casework
        return lambda: casework.act(self._signed[person], self.reference, event, self.world.now, render, RetryKey(key, "h"))

    def kinds(self) -> list[str]:
        return [entry.kind for entry in self.world.entries(self.reference)]

    def is_proven(self) -> bool:
        return bool(self.world.as_("irene").timeline(self.reference)["proven"])


def desk(world: World, stage: str) -> Desk:
    raised = world.as_("irene").raises(item_type="formal", stage=stage, stage_reason="High.")
    return Desk(world, raised.json()["reference"])


ROUNDS = 6


def test_two_who_answer_the_same_item_at_once_have_one_effect_each_and_none_is_lost(world: World) -> None:
    for n in range(ROUNDS):
        here = desk(world, "stage_4")
        found = at_once(
            here.act("clara", Responded("agrees", f"Clara {n}")), here.act("quinn", Responded("disagrees", f"Quinn {n}"))
        )  # fmt: skip
        assert not [one for one in found if isinstance(one, Exception)], found
        assert here.kinds().count("responded") == 2
        asked = world.as_("irene").item(here.reference)["windows"][0]["asked"]
        assert {one["answer"] for one in asked} == {"agrees", "disagrees"}
        assert {one["version"] for one in found} == {2, 3}
        assert here.is_proven()


def test_many_notes_at_once_are_all_kept_in_one_unforked_chain(world: World) -> None:
    here = desk(world, "stage_2")
    found = at_once(*(here.act("irene", Noted(f"Note {n}")) for n in range(5)))
    assert [one for one in found if isinstance(one, Exception) and not isinstance(one, Unavailable)] == []
    kept = [one for one in found if not isinstance(one, Exception)]
    assert len(kept) == here.kinds().count("noted") >= 4
    entries = world.entries(here.reference)
    assert [entry.number for entry in entries] == list(range(1, len(entries) + 1))
    assert len({entry.previous for entry in entries}) == len(entries)
    assert here.is_proven()


def test_of_two_who_end_it_at_once_one_succeeds_and_the_other_is_told_what_stands(world: World) -> None:
    for _ in range(ROUNDS):
        here = desk(world, "stage_2")
        found = at_once(here.act("irene", Withdrawn("First.")), here.act("irene", Escalated("Second.")))
        ended, climbed = found
        kinds = here.kinds()
        assert isinstance(climbed, NotOpen) != ("escalated" in kinds)
        assert not isinstance(ended, Exception)
        assert kinds.count("withdrawn") == 1
        assert here.is_proven()


def test_the_same_key_sent_at_once_has_one_effect_and_one_answer(world: World) -> None:
    for n in range(ROUNDS):
        here = desk(world, "stage_2")
        found = at_once(*(here.act("irene", Noted("Once."), f"key {n}") for _ in range(3)))
        assert found[0] == found[1] == found[2]
        assert here.kinds().count("noted") == 1
    assert world.count(IdempotencyRow) == ROUNDS


def test_an_answer_against_the_tick_is_in_time_or_late_never_both(world: World) -> None:
    for _ in range(ROUNDS):
        world.at("Wed 1 April 2026, 10:00")
        here = desk(world, "stage_2")
        world.at("Thu 9 April 2026, 09:00")
        world.write(update(AuthorityRow).values(last_tick=world.now))
        found = at_once(
            here.act("tess", Responded("agrees", "At last.")),
            lambda: sweep_authority(world.service.casework, "dunmoor", world.now),
            lambda: sweep_authority(world.service.casework, "dunmoor", world.now),
        )
        assert not [one for one in found if isinstance(one, Exception)], found
        kinds = here.kinds()
        assert (kinds.count("stage_entered"), kinds.count("responded")) == (2, 1)
        assert world.told(here.reference)[-1][0] == "stage_3"
        assert len(world.told(here.reference)) == 2
        assert here.is_proven()


def test_two_sweeps_at_once_climb_each_item_once(world: World) -> None:
    references = [desk(world, "stage_2").reference for _ in range(8)]
    world.at("Thu 9 April 2026, 09:00")
    found = at_once(*(lambda: sweep_authority(world.service.casework, "dunmoor", world.now, batch=3) for _ in range(3)))
    assert not [one for one in found if isinstance(one, Exception)], found
    world.sweep()  # what one left because another had it in hand
    for reference in references:
        assert [stage for stage, _, _ in world.told(reference)] == ["stage_2", "stage_3"]
    assert world.as_("irene").get("/challenges", stage="stage_3", limit=100).json()["next"] is None


def test_on_a_conflict_it_is_decided_again_on_what_then_stands(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    here = desk(world, "stage_2")
    keeper = world.service.casework.keeper
    keep, tried = keeper.keep, []

    def twice(connection: Connection, authority: str, kept: Any, now: Any) -> None:
        tried.append(kept[0].loaded.version)
        if len(tried) < 3:
            raise Conflict
        keep(connection, authority, kept, now)

    monkeypatch.setattr(keeper, "keep", twice)
    assert here.act("tess", Acknowledged())() == {"entry": 6, "version": 2}
    assert tried == [1, 1, 1]
    assert here.kinds().count("acknowledged") == 1


def test_who_conflicts_for_ever_is_told_to_try_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    here = desk(world, "stage_2")

    def always(*_: Any) -> None:
        raise Conflict

    monkeypatch.setattr(world.service.casework.keeper, "keep", always)
    answer = world.as_("tess").brings(here.reference, "acknowledged")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")


def test_a_decision_made_from_an_old_version_is_not_kept(world: World) -> None:
    """What the guard is: the row's version in the UPDATE, one row changed is the only yes."""
    from drp.casework import load
    from drp.casework.save import DecisionToSave
    from workflows.decision.decision_builder import Decision

    here = desk(world, "stage_2")
    with world.store.read("dunmoor") as connection:
        id_ = load.id_of_reference(connection, "dunmoor", here.reference)
        assert id_ is not None
        old = load.load_challenges(connection, "dunmoor", [id_])[id_]
        its = world.service.casework.procedures.current(connection, "dunmoor")[0].authority
    assert here.act("tess", Acknowledged())()
    decision = Decision(old.challenge, old.challenge, (), ())
    with pytest.raises(Conflict), world.store.write("dunmoor") as connection:
        world.service.casework.keeper.keep(connection, "dunmoor", [DecisionToSave(old, decision, (), its)], world.now)
    with world.store.read("dunmoor") as connection:
        assert load.load_challenges(connection, "dunmoor", [id_])[id_].version == 2


def test_a_fault_after_the_entries_leaves_nothing_behind(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    here = desk(world, "stage_2")
    counts = [world.count(table) for table in (EntryRow, NotificationRow, ChallengeRow)]

    def broken(connection: Connection, done: ActionResult) -> dict[str, Any]:
        raise ValueError("after everything was written")

    casework = world.service.casework
    with pytest.raises(ValueError, match="after everything"):
        casework.act(signed(world, "irene"), here.reference, Escalated("High."), world.now, broken)
    assert [world.count(table) for table in (EntryRow, NotificationRow, ChallengeRow)] == counts
    assert world.as_("irene").item(here.reference)["version"].startswith("1.")


# The lost update.


def test_four_processes_that_read_change_and_write_lose_nothing(world: World) -> None:
    with processes(world.store.url, 4, 100):
        assert world.rows(select(AuthorityRow.brake)) == [("400",)]


# Between the reviews.


def tracked_at_once(world: World) -> list[Any]:
    """Irene, in two windows, tracks the same child's case at the same moment; gives what each met."""
    irene, child = signed(world, "irene"), UUID(str(world.rows(select(ChildRow.id).where(ChildRow.number == "T-1"))[0].id))
    agreed = TrackingAgreed("low", local_date(world.now))

    def track() -> str:
        with world.service.store.write(world.key) as connection:
            done = track_case(connection, world.service.casework, irene, child, "T-1", agreed, "It drifts.", (), world.now)
        return done.loaded.reference

    return at_once(*[track] * 4)


def test_a_case_that_is_tracked_by_several_at_once_is_tracked_once(build: Callable[..., World]) -> None:
    world = build(DERBY)
    met = tracked_at_once(world)
    assert [type(one) for one in met if not isinstance(one, str)] == [NotOpen] * 3, met
    assert len(world.as_("irene").get("/challenges", item_type="tracked_case").json()["items"]) == 1


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
def test_planted_tracking_without_a_lock_is_noticed(build: Callable[..., World], monkeypatch: pytest.MonkeyPatch) -> None:
    world, together = build(DERBY), threading.Barrier(4)
    right = tracking.find_tracked

    def all_look_first(*given: Any) -> Any:
        found = right(*given)
        together.wait(timeout=10)
        return found

    monkeypatch.setattr(tracking, "lock_child", lambda *given: None)
    monkeypatch.setattr(tracking, "find_tracked", all_look_first)
    assert len({one for one in tracked_at_once(world) if isinstance(one, str)}) > 1, "it would be tracked several times"


def reads_at_once(world: World, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many of eight threads read an authority's files where nothing has been read yet, as just after a start."""
    asked = world.service.casework.procedures
    fresh = Procedures(asked.calendar)
    real, reads, met = reader.read_procedures, list[str](), threading.Barrier(2)

    def reading(texts: dict[str, str], **more: Any) -> Any:
        reads.append(texts["ladder"])
        if len(reads) <= 2:
            with suppress(threading.BrokenBarrierError):
                met.wait(0.5)  # whoever could read beside this one has the time to
        return real(texts, **more)

    monkeypatch.setattr(reader, "read_procedures", reading)

    def ask() -> int:
        with world.store.read(world.council.key) as connection:
            return len(fresh.current(connection, world.council.key))

    answers = at_once(*[ask] * 8)
    assert set(answers) == {len(set(reads))}
    return len(reads) - len(set(reads))


def test_a_crowd_after_a_start_reads_each_file_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert reads_at_once(world, monkeypatch) == 0


def test_planted_each_reading_for_itself_is_noticed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("drp.casework.procedures.Lock", nullcontext)
    assert reads_at_once(world, monkeypatch) > 0
