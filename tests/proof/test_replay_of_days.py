"""What days of ordinary work leave behind is what the events decide: nothing is named. One field changed by hand: it is named."""

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from api.app import create_app
from api.assembly import Service, assemble_service
from api.cli.retention_commands import erase_child
from api.demo.scene import CAST
from api.demo.story import tell_story
from api.jobs import checkpoints
from api.jobs.heartbeat import beat_once, tick_authority
from drp.casework import outage_hold
from drp.data_protection import retention
from drp.database.challenge_tables import ChallengeRow, WindowRow
from drp.database.directory_tables import PostRow
from drp.database.engine import Store
from drp.database.scope import select_of
from drp.identity import tokens
from drp.proof import replay_store
from drp.register_import.import_file import GivenSheet, import_sheet
from drp.register_import.mapping import SheetMapping
from drp.settings import Settings
from tests.cast.councils import LEVELS, procedures
from tests.cast.direct import client_of
from tests.cast.keyed import keyed
from tests.cast.stores import OWNER, read_once
from tests.cast.world import World
from tests.ladders.reading import SHIPPED as FOLDER
from tests.ladders.reading import texts
from tests.register.bringing import HEAD
from tests.service.test_about_service import loads
from workflows.ladder_language.reader import read_procedures
from workflows.model.authority import Capacity


def named(world: World) -> list[str]:
    """What replay says of each item that is not what its events decide."""
    return [one.said for one in checkpoints.replay_authority(world.service, world.key)[1]]


def formal(world: World) -> str:
    answer = world.as_("irene").raises(item_type="formal")
    assert answer.status_code == 201, answer.text
    return str(answer.json()["reference"])


# An ordinary day.


def test_at_every_moment_between_two_dates_nothing_is_named(climbing: World) -> None:
    formal(climbing)
    assert named(climbing) == []
    for _ in range(12):
        moment = climbing.next_moment()
        assert moment is not None
        for late in (-1, 0, 7):
            climbing.now = max(climbing.now, moment + timedelta(minutes=late))
            climbing.sweep()
            climbing.sweep()
            climbing.mail_leaves()
            assert named(climbing) == [], climbing.now
    (item,) = climbing.rows(select(ChallengeRow.stage))
    assert item.stage == "stage_6", "it has climbed meanwhile"


def test_a_reminder_to_judge_leaves_no_entry_and_nothing_is_named(world: World) -> None:
    reference = formal(world)
    assert world.as_("tess").brings(reference, "responded", position="disagrees", answer="No.").status_code == 200
    entries = len(world.entries(reference))
    moment = world.next_moment()
    assert moment is not None
    for late in (-1, 7):
        world.now = moment + timedelta(minutes=late)
        world.sweep()
    assert len(world.entries(reference)) == entries, "it tells, and writes nothing down"
    assert world.told(reference, "what_next_again")
    assert named(world) == []


def test_before_the_heartbeat_has_looked_nothing_is_named_either(climbing: World) -> None:
    formal(climbing)
    climbing.at("Thu 9 April 2026, 12:00")
    assert named(climbing) == []


@pytest.mark.parametrize("how", ["as due", "time given back"])
def test_after_an_outage_was_held_and_released_nothing_is_named(climbing: World, how: str) -> None:
    reference = formal(climbing)
    climbing.sweep()
    climbing.at("Fri 10 April 2026, 12:00").sweep()
    assert named(climbing) == []
    released = climbing.as_("mona").brings(reference, "windows_released", how=how, why="All have been told.")
    assert released.status_code == 200
    assert named(climbing) == []
    climbing.sweep()
    assert named(climbing) == []
    climbing.pass_to("Fri 17 April 2026, 12:00")
    assert named(climbing) == []


def test_an_item_that_was_moved_to_another_version_is_not_named(build: Callable[..., World]) -> None:
    world, now = build(LEVELS), procedures(LEVELS)
    earlier = {
        name: text.replace("judge_within: 3 working days", "judge_within: 4 working days") for name, text in now.texts.items()
    }
    loads(world, read_procedures(earlier))
    reference = formal(world)
    loads(world, now)
    moved = world.as_("mona").brings(reference, "ladder_moved", version="2022/23", stage="level_2", why="The new procedure.")
    assert moved.status_code == 200, moved.text
    for day in ("Thu 2 April 2026, 12:00", "Wed 8 April 2026, 18:00", "Thu 16 April 2026, 18:00"):
        world.pass_to(day)
        assert named(world) == []


CHANGED = {
    "last_at": {"last_at": datetime(2026, 4, 30, 12, tzinfo=UTC)},
    "highest stage": {"highest_stage": "stage_4"},
    "raiser role": {"raiser_role": "team_manager"},
    "phase": {"phase": "resolved"},
}


@pytest.mark.parametrize("field", CHANGED)
def test_one_field_of_one_row_put_by_hand_is_named(climbing: World, field: str) -> None:
    reference = formal(climbing)
    formal(climbing)
    climbing.pass_to("Tue 7 April 2026, 12:00")
    climbing.write(update(ChallengeRow).where(col(ChallengeRow.reference) == reference).values(**CHANGED[field]))
    (fault,) = checkpoints.replay_authority(climbing.service, climbing.key)[1]
    assert fault.reference == reference


def test_a_date_put_by_hand_is_named(climbing: World) -> None:
    reference = formal(climbing)
    climbing.pass_to("Tue 7 April 2026, 12:00")
    of = select(ChallengeRow.id).where(ChallengeRow.reference == reference).scalar_subquery()
    later = datetime(2030, 1, 1, tzinfo=UTC)
    climbing.write(update(WindowRow).where(col(WindowRow.challenge) == of, col(WindowRow.kind) == "reply").values(acts_at=later))
    assert named(climbing) == ["its windows is not what its events decide"]


# Five days of the demonstration.


class Days:
    """The demonstration on a store, under a clock of the test's own."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.now = datetime(2026, 3, 26, 10, 30, tzinfo=UTC)
        settings = keyed(Settings(database_url=store.url, var=folder, mail="folder", heartbeat=False))
        self.service: Service = assemble_service(settings, clock=lambda: self.now)
        read_once(self.service.casework.procedures)
        tell_story(self.service, self.now, lambda said: None)
        self.app = create_app(settings, lambda: self.now)
        self.client = client_of(self.app)

    def close(self) -> None:
        """Let go of both engines: the heartbeat's and the pages'."""
        self.service.close()
        self.app.state.service.close()

    def named(self) -> list[tuple[str, str]]:
        found = {part.key: checkpoints.replay_authority(self.service, part.key)[1] for part in CAST}
        return [(authority, f"{one.reference}: {one.said}") for authority, faults in found.items() for one in faults]

    def take_over(self, authority: str) -> int:
        """Open rows of a sheet run on as items, one at each of two stages. Returns how many."""
        with self.service.store.write(authority) as connection:
            rules = self.service.casework.procedures.current(connection, authority)
            spoken, ladder = rules[0].authority, max((one.ladder for one in rules), key=lambda one: len(one.stages))
            child = max(retention.every_child(connection, spoken), key=lambda one: one.challenges).number
            reason = spoken.themes[0].reasons[0].key
            stages = [stage.key for stage in ladder.stages[1:3]]
            rows = [f"OLD-{n},2026-01-1{n},,formal,{stage},{reason},,,,,{child},\n" for n, stage in enumerate(stages)]
            sheet = GivenSheet("past.csv", "".join((HEAD, *rows)).encode(), SheetMapping(), "")
            return len(import_sheet(self.service.casework, connection, rules, sheet, self.now, True).taken)

    def move_ladder(self, authority: str) -> None:
        """The authority changes its procedure, and its IRO manager moves an item to it, at the stage at which it is."""
        changed = {
            name: text.replace("judge_within: 3 working days", "judge_within: 4 working days")
            for name, text in texts(FOLDER / authority).items()
        }
        with self.service.store.write(authority) as connection:
            self.service.casework.procedures.seed(connection, read_procedures(changed), self.now)
            every = self.service.casework.procedures.current(connection, authority)
            rules = max(every, key=lambda one: (len(one.ladder.stages), one.ladder.in_force))
            query = select_of(ChallengeRow, authority, ChallengeRow.reference, ChallengeRow.stage).where(
                col(ChallengeRow.ladder) == rules.ladder.key, col(ChallengeRow.ladder_hash) != rules.ladder.hash,
                col(ChallengeRow.phase) == "awaiting",
            )  # fmt: skip
            reference, stage = connection.execute(query).first()
        body = {"type": "ladder_moved", "version": rules.ladder.version, "stage": stage, "why": "The new procedure."}
        headers, path = {"Authorization": f"Bearer {self.manager(authority)}"}, f"/api/v1/challenges/{reference}/events"
        name, _, stands = self.client.post(path, json=body, headers=headers).json()["send"].partition(": ")
        answer = self.client.post(path, json=body, headers={**headers, name: stands})
        assert answer.status_code == 200, answer.text

    def manager(self, authority: str) -> str:
        """A token of the IRO manager."""
        with self.service.store.write(authority) as connection:
            rules = self.service.casework.procedures.current(connection, authority)[0]
            roles = rules.authority.roles_acting_as(Capacity.IRO_MANAGER)
            person = connection.execute(_holders_now(authority, roles)).scalars().first()
            return tokens.create_token(
                connection,
                self.service.casework.chance,
                self.service.seal,
                authority,
                person,
                "test",
                self.now,
                timedelta(days=9),
            )

    def release(self, how: Iterator[str]) -> int:
        """Release everything that an outage held, one as due and the next with the time given back."""
        done = 0
        for part in CAST:
            with self.service.store.read(part.key) as connection:
                held = select_of(WindowRow, part.key, WindowRow.challenge).where(col(WindowRow.held_since).is_not(None))
                query = select_of(ChallengeRow, part.key, ChallengeRow.reference).where(col(ChallengeRow.id).in_(held))
                references = list(connection.execute(query).scalars())
            headers = {"Authorization": f"Bearer {self.manager(part.key)}"} if references else {}
            for reference in references:
                body = {"type": "windows_released", "how": next(how), "why": "All were told."}
                answer = self.client.post(f"/api/v1/challenges/{reference}/events", json=body, headers=headers)
                done += answer.status_code == 200
        return done


def _holders_now(authority: str, roles: Any) -> Any:
    return select_of(PostRow, authority, PostRow.person).where(col(PostRow.role).in_(roles), col(PostRow.until).is_(None))


def test_five_days_of_the_demonstration_leave_nothing_to_name(
    store: Store, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Ticks late and doubled, over the night on which the clocks change; outages held and released both ways; an erasure.

    A ladder that changes on the way and an item that is moved to it; items taken over from a sheet run beside.
    """
    days, rng, how = Days(store, tmp_path), random.Random(20260326), cycle(("as due", "time given back"))
    assert days.take_over(CAST[0].key) == 2
    assert days.named() == []
    end, released, looked = days.now + timedelta(days=5), 0, days.now
    moves = [(days.now + timedelta(days=2), "derby")]
    outages = [days.now + timedelta(days=1), days.now + timedelta(days=3, hours=14)]
    while days.now < end:
        days.now += timedelta(minutes=rng.choice((1, 7, 20, 45, 75)))
        if outages and days.now >= outages[0]:
            outages.pop(0)
            days.now += timedelta(hours=26)
        if moves and days.now >= moves[0][0]:
            days.move_ladder(moves.pop(0)[1])
        beat_once(days.service)
        if rng.random() < 0.2:
            for part in CAST:
                tick_authority(days.service, part.key)
        released += days.release(how)
        if days.now - looked > timedelta(hours=9):
            looked = days.now
            assert days.named() == [], days.now
    assert released > 10, "outages were held, and released"
    part = CAST[0].key
    with days.service.store.read(part) as connection:
        words = days.service.casework.procedures.current(connection, part)[0].authority
        child = max(retention.every_child(connection, words), key=lambda one: one.challenges).number
    url = store.url if store.is_sqlite else request.getfixturevalue("postgresql").url(OWNER)
    hands = assemble_service(days.service.settings.model_copy(update={"database_url": url}), clock=lambda: days.now)
    assert "texts" in erase_child(hands, words, child, "A court.", "Internal auditor", ordered=True, really=True)
    hands.close()
    assert days.named() == []
    with days.service.store.write(part) as connection:
        reference = connection.execute(select_of(ChallengeRow, part, ChallengeRow.reference)).scalars().first()
        connection.execute(
            update(ChallengeRow).where(col(ChallengeRow.authority) == part, col(ChallengeRow.reference) == reference)
            .values(highest_stage="stage_7")
        )  # fmt: skip
    assert [one[1].partition(":")[0] for one in days.named()] == [reference]
    days.close()


# Planted: each makes replay cry wolf, or keep still.


def test_planted_a_replay_that_ends_with_the_last_entry_cries_wolf(climbing: World, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = replay_store.replay_timeline
    monkeypatch.setattr(replay_store, "replay_timeline", lambda *given: whole(*given[:-1]))
    with pytest.raises(AssertionError):
        test_a_reminder_to_judge_leaves_no_entry_and_nothing_is_named(climbing)


def test_planted_a_sweep_that_keeps_its_own_moment_is_named(climbing: World, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = outage_hold.decide

    def late(rules: Any, challenge: Any, act: Any, moment: datetime) -> Any:
        return whole(rules, challenge, act, max(moment, climbing.now))

    monkeypatch.setattr(outage_hold, "decide", late)
    with pytest.raises(AssertionError):
        test_a_reminder_to_judge_leaves_no_entry_and_nothing_is_named(climbing)
