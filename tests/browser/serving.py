"""The whole service, served to a real browser on a loopback port, with a clock that only the test moves."""

import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import UUID

import uvicorn
from sqlalchemy import Connection, func, select

from api.app import create_app
from api.assembly import Service, shipped_calendar
from api.demo.scene import CAST, SceneAuthority, SceneCast, SceneChild, scene_procedures, seed_scene
from api.jobs import heartbeat
from drp.casework.load import StoredChallenge, id_of_reference, load_challenges, load_establishment
from drp.casework.service import ActionResult
from drp.database.challenge_tables import WindowRow
from drp.database.directory_tables import PersonRow
from drp.database.unavailable import Unavailable
from drp.identity import sessions
from drp.settings import Settings
from tests.cast.clock import when
from tests.cast.keyed import keyed
from tests.cast.stores import read_once
from workflows.calendar.working_days import local_date
from workflows.model.actor import Part as Playing
from workflows.model.authority import Authority, Capacity, Rules
from workflows.model.events import Event, Raised
from workflows.model.ladder import ItemType, Ladder
from workflows.proofs import simulate

BEGINS = when("Wed 15 April 2026, 10:00")
PARTS = {part.key: part for part in CAST}


@cache
def rules_of(part: str) -> tuple[Rules, ...]:
    """What an authority's ladders are decided by, on the day when the tests begin."""
    read = scene_procedures(PARTS[part])
    newest: dict[str, Ladder] = {}
    for ladder in sorted(read.ladders, key=lambda one: one.in_force):
        newest[ladder.key] = ladder
    return tuple(Rules(ladder, read.authority, shipped_calendar()) for ladder in newest.values())


def carrying(part: str, item: ItemType) -> Rules | None:
    """The rules by which an authority carries such an item."""
    return next((rules for rules in rules_of(part) if item in rules.ladder.items), None)


class Served:
    """One running service. `now` is its clock; the heartbeat beats only when a test says so."""

    def __init__(self, folder: Path, template: Path | None = None, **settings: Any) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        if template:
            shutil.copytree(template, folder, dirs_exist_ok=True)
        self.now: datetime = BEGINS
        listening = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.link = f"http://127.0.0.1:{listening.getsockname()[1]}"
        chosen = {"heartbeat": False, "mail": "folder", "choose_a_person": True, "link": self.link, "var": folder}
        self.settings = keyed(Settings(database_url=f"sqlite:///{folder / 'drp.sqlite'}", **(chosen | settings)))
        self.app = create_app(self.settings, lambda: self.now)
        self.service: Service = self.app.state.service
        read_once(self.service.casework.procedures)
        config = uvicorn.Config(self.app, log_level="error", access_log=False, ws="none", timeout_graceful_shutdown=1)
        self._server = uvicorn.Server(config)
        self._thread = Thread(target=self._server.run, kwargs={"sockets": [listening]}, name=f"serving {self.link}")
        self._listening = listening

    def __enter__(self) -> "Served":
        self._thread.start()
        return self

    def __exit__(self, *gone: object) -> None:
        self._server.should_exit = True
        self._thread.join(timeout=20)
        self._listening.close()
        assert not self._thread.is_alive(), "the server did not end"

    def close(self) -> None:
        """Let go of what a service that was never started holds."""
        self.service.close()
        self._listening.close()

    def council(self, key: str) -> "Council":
        """One of the authorities."""
        return Council(self, PARTS[key])

    def cookie(self, authority: str, person: UUID) -> dict[str, str]:
        """A session of somebody's, for tests of which signing in is no part."""
        with self.service.store.write(authority) as connection:
            secret = sessions.begin_session(
                connection, self.service.casework.chance, self.service.seal, authority, person, "demonstration", self.now
            )
        return {"name": "drp", "value": secret, "url": self.link}

    @contextmanager
    def unavailable(self) -> Iterator[None]:
        """While this holds, nothing can be written."""
        store = self.service.store

        @contextmanager
        def refused(authority: str, is_patient: bool = False) -> Iterator[Connection]:
            raise Unavailable("the disk is away")
            yield

        store.write = refused
        try:
            yield
        finally:
            del store.write


def sow(folder: Path) -> Path:
    """The template of every database: five authorities, their directories, nothing raised."""
    served = Served(folder)
    for part in CAST:
        seed_scene(served.service, part, BEGINS)
    served.close()
    return folder


class Council:
    """One authority as it is served: its people by what they are, its children, what was raised in it."""

    def __init__(self, served: Served, part: SceneAuthority) -> None:
        self.served, self.key, self.part = served, part.key, part
        with served.service.store.read(self.key) as connection:
            self.authority: Authority = served.service.casework.procedures.current(connection, self.key)[0].authority
            self.cast = SceneCast(connection, self.authority, served.now)

    # People.

    def acting_as(self, capacity: Capacity) -> UUID:
        """Somebody of a capacity; an IRO is the one of the first child."""
        role = self.authority.roles_acting_as(capacity)[0]
        return self.cast.holder(role, str(self.child().id) if capacity is Capacity.IRO else "")

    def iro_of(self, child: SceneChild) -> UUID:
        """A child's IRO."""
        return self.cast.holder(self.authority.roles_acting_as(Capacity.IRO)[0], str(child.id))

    def name(self, person: UUID) -> str:
        """A person's name."""
        return self.cast.name(person)

    def child(self, n: int = 0) -> SceneChild:
        """One of the looked-after children who have an IRO."""
        return self.children()[n]

    def children(self) -> list[SceneChild]:
        """The looked-after children who have an IRO, those of the first one's IRO first."""
        role = self.authority.roles_acting_as(Capacity.IRO)[0]
        held = [child for child in self.cast.looked_after() if self._has(role, str(child.id))]
        first = self.cast.holder(role, str(held[0].id))
        return sorted(held, key=lambda child: self.cast.holder(role, str(child.id)) != first)

    def _has(self, role: str, key: str) -> bool:
        try:
            return bool(self.cast.holder(role, key))
        except LookupError:
            return False

    def person(self, key: str) -> UUID:
        """A person by their key in the directory."""
        with self.served.service.store.read(self.key) as connection:
            query = select(PersonRow.id).where(PersonRow.authority == self.key, PersonRow.key == key)
            return UUID(str(connection.execute(query).scalar_one()))

    # Items.

    def rules(self, item: ItemType) -> Rules:
        """The rules by which such an item is carried here."""
        found = carrying(self.key, item)
        assert found is not None, f"{self.key} carries no {item}"
        return found

    def raised(self, item: ItemType = ItemType.FORMAL, child: SceneChild | None = None, **said: Any) -> str:
        """Raise an item as the child's IRO would, where it starts if nothing else is said. Returns its reference."""
        rules, child = self.rules(item), child or self.child()
        ladder = rules.ladder
        stage = ladder.stage(said["stage"]) if said.get("stage") else ladder.first_for(item)
        named = Raised(
            **{
                "item_type": item,
                "reasons": () if ladder.is_notice else (self.reason(),),
                "concern": "What the review decided has not been carried out.",
                "effect_on_child": "Nights are unsettled, and nobody can say what comes next.",
                "outcome_sought": "The decision is carried out within the month.",
                "stage_reason": "" if stage is ladder.first_for(item) else "It needs somebody who can decide on it.",
                "advice_before_skipping": "" if stage is ladder.first_for(item) else "Talked over: it cannot wait.",
                "priority": ladder.priorities[0] if ladder.priorities else "",
                "raiser_role": ladder.raised_by[0],
                **simulate.choice_at(self.authority, stage, self.served.now, self.cast.agency_person),
                **said,
            }
        )
        casework = self.served.service.casework
        with self.served.service.store.read(self.key) as connection:
            signed = self.cast.signed(connection, self.iro_of(child))
        answer = casework.raise_item(signed, child.number, named, self.served.now, _reference, ladder=ladder.key)
        return str(answer["reference"])

    def reason(self) -> str:
        """A reason that needs no words."""
        return next(r.key for theme in self.authority.themes for r in theme.reasons if not r.needs_words)

    def acts(self, person: UUID, reference: str, event: Event) -> None:
        """Somebody brings an event."""
        with self.served.service.store.read(self.key) as connection:
            signed = self.cast.signed(connection, person)
        self.served.service.casework.act(signed, reference, event, self.served.now, _reference)

    def answered(self, item: ItemType = ItemType.FORMAL, child: SceneChild | None = None) -> str:
        """An item that was answered and waits for the IRO's judgement."""
        reference = self.raised(item, child)
        rules = self.rules(item)
        while self.loaded(reference).challenge.phase != "answered":
            value = self.loaded(reference).challenge
            facts = value.facts
            step = next(
                step
                for step in simulate.steps_to_try(rules, value, self.served.now, self.cast.agency_person, facts)
                if step.event and step.event.type in ("responded", "outcome_recorded")
            )
            assert step.event is not None
            self.acts(self._taking(step, reference), reference, step.event)
        return reference

    def _taking(self, step: simulate.Step, reference: str) -> UUID:
        if step.part is Playing.RAISER:
            return self.loaded(reference).raiser
        return self.asked(reference)[0]

    def asked(self, reference: str) -> list[UUID]:
        """Whom an item asks and who has not answered, as people."""
        loaded = self.loaded(reference)
        window = loaded.challenge.main_window()
        assert window is not None
        found: list[UUID] = []
        for one in window.asked:
            if one.answered_at is None:
                found += [UUID(one.party.person)] if one.party.person else self.holding(one.party.role, reference)
        return found

    def holding(self, role: str, reference: str) -> list[UUID]:
        """Who holds a role for what an item is about."""
        about = self.loaded(reference).about()
        with self.served.service.store.read(self.key) as connection:
            places = load_establishment(connection, self.key, [about])
        return [UUID(one) for one in places.holders(self.authority, role, about, local_date(self.served.now))]

    def loaded(self, reference: str) -> StoredChallenge:
        """An item as it is kept."""
        with self.served.service.store.read(self.key) as connection:
            id_ = id_of_reference(connection, self.key, reference)
            assert id_ is not None, reference
            return load_challenges(connection, self.key, [id_])[id_]

    # Time.

    def pass_to(self, target: datetime) -> None:
        """Let time pass with the heartbeat running: nothing is ever late."""
        served = self.served
        while (moment := self._next_moment()) is not None and moment <= target:
            for instant in (moment - timedelta(minutes=1), moment):
                served.now = max(served.now, instant)
                assert not heartbeat.tick_authority(served.service, self.key).failed
        served.now = target
        assert not heartbeat.tick_authority(served.service, self.key).failed

    def pass_by_without_the_heartbeat(self, target: datetime) -> None:
        """Let time pass while the service is away; then it is back."""
        self.served.now = target
        assert not heartbeat.tick_authority(self.served.service, self.key).failed

    def _next_moment(self) -> datetime | None:
        with self.served.service.store.read(self.key) as connection:
            query = select(func.min(WindowRow.acts_at)).where(
                WindowRow.authority == self.key,
                WindowRow.closed_at.is_(None),
                WindowRow.held_since.is_(None),
            )
            found: datetime | None = connection.execute(query).scalar()
            return found


def _reference(connection: Connection, done: ActionResult) -> dict[str, object]:
    return {"reference": done.loaded.reference}
