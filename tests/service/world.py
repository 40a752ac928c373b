"""A service with people in it and a clock that only the test moves; every answer is held against the OpenAPI description."""

import random
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID

import httpx2
from fastapi import FastAPI
from fastapi.testclient import TestClient
from jsonschema import Draft202012Validator
from sqlalchemy import func, insert, select, update

from api.app import create_app
from api.jobs import heartbeat
from api.request_context import ROUTES
from drp.casework.procedures import Procedures
from drp.casework.sweep import SweepResult
from drp.database.challenge_tables import ChallengeRow, EntryRow, WindowRow
from drp.database.directory_tables import ChildRow, CoverRow, PersonRow, PostRow
from drp.database.engine import Store
from drp.database.ids import Randomness
from drp.database.message_tables import DeliveryRow, NotificationRow
from drp.directory.importing import import_directory
from drp.directory.lookup import person_by_key
from drp.identity import tokens
from drp.settings import Settings
from tests.service.cast import Council, directory_files, procedures
from tests.store.council import read_once
from workflows.calendar.working_days import LONDON, Calendar

JSON_ROUTES = {key for key in ROUTES if key[1].startswith(("/api/", "/docs"))}
"""Every route that programs use, and its description. The others are pages: tests/pages/test_page_access.py."""

WEDNESDAY = "Wed 1 April 2026, 10:00"


def when(text: str) -> datetime:
    """An instant as people write it, in London: "Wed 1 April 2026, 10:00". The weekday must be true."""
    local = datetime.strptime(text, "%a %d %B %Y, %H:%M").replace(tzinfo=LONDON)
    assert f"{local:%a}" == text[:3], f"{text} is a {local:%A}"
    return local.astimezone(UTC)


class Contract:
    """The OpenAPI description of an application, against which every answer is held.

    The routes are the same in every world, and describing them takes half a second: it is done once.
    """

    _documents: ClassVar[list[dict[str, Any]]] = []
    _validators: ClassVar[dict[str, Draft202012Validator]] = {}

    def __init__(self, app: FastAPI) -> None:
        if not self._documents:
            self._documents.append(app.openapi())
        self.document = self._documents[0]
        self.seen: set[tuple[str, str, int]] = set()

    def check(self, method: str, path: str, answer: httpx2.Response) -> None:
        """Fail unless this status, this kind of content and this body are declared for the route."""
        template = self._template(method, path)
        self.seen.add((method, template, answer.status_code))
        if template not in self.document["paths"]:
            return
        operation = self.document["paths"][template][method.lower()]
        declared = operation["responses"].get(str(answer.status_code))
        assert declared is not None, (
            f"{method} {template} answered {answer.status_code}, which it does not declare: {answer.text}"
        )
        kind = answer.headers["content-type"].partition(";")[0]
        assert kind in declared["content"], f"{method} {template} answered {answer.status_code} with undeclared {kind}"
        if not kind.endswith("json"):
            return
        schema = declared["content"][kind]["schema"]
        name = f"{method} {template} {answer.status_code}"
        if name not in self._validators:
            self._validators[name] = Draft202012Validator({**schema, "components": self.document["components"]})
        faults = [error.message for error in self._validators[name].iter_errors(answer.json())]
        assert not faults, f"{name}: {faults}"

    def _template(self, method: str, path: str) -> str:
        parts = path.partition("?")[0].split("/")
        for known, template in ROUTES:
            wanted = template.split("/")
            fits = len(wanted) == len(parts) and all(w[:1] == "{" or w == p for w, p in zip(wanted, parts, strict=True))
            if known == method and fits:
                return template
        return ""


class Caller:
    """One person (or nobody) talking to the service."""

    def __init__(self, world: "World", token: str | None) -> None:
        self._world, self.token = world, token

    def call(self, method: str, path: str, headers: Mapping[str, str] | None = None, **more: Any) -> httpx2.Response:
        sent = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        answer = self._world.client.request(method, path, headers={**sent, **(headers or {})}, **more)
        self._world.contract.check(method, path, answer)
        return answer

    def get(self, path: str, **params: Any) -> httpx2.Response:
        return self.call("GET", f"/api/v1{path}", params=params)

    def post(self, path: str, body: Any, **headers: str) -> httpx2.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.call("POST", f"/api/v1{path}", named, json=body)

    def put(self, path: str, body: Any) -> httpx2.Response:
        return self.call("PUT", f"/api/v1{path}", json=body)

    def raises(self, child: str = "T-1", **said: Any) -> httpx2.Response:
        """Raise an informal challenge, if nothing else is said."""
        headers = said.pop("headers", {})
        body = {"child": child, "item_type": "informal", "reasons": [self._world.reason], "concern": "The plan drifts."}
        return self.post("/challenges", body | said, **headers)

    def brings(self, item: str, type: str, headers: Mapping[str, str] | None = None, /, **said: Any) -> httpx2.Response:
        """Bring an event to an item."""
        return self.call("POST", f"/api/v1/challenges/{item}/events", headers, json={"type": type, **said})

    def item(self, reference: str) -> dict[str, Any]:
        """The item as this person sees it."""
        answer = self.get(f"/challenges/{reference}")
        assert answer.status_code == 200, answer.text
        seen: dict[str, Any] = answer.json()
        return seen

    def timeline(self, reference: str) -> dict[str, Any]:
        """The timeline as this person reads it."""
        answer = self.get(f"/challenges/{reference}/timeline")
        assert answer.status_code == 200, answer.text
        seen: dict[str, Any] = answer.json()
        return seen


class World:
    """A service on one store, with its councils, its people and its clock."""

    def __init__(self, store: Store, folder: Path, calendar: Calendar, council: Council, seed: int = 1) -> None:
        self.store, self.council, self.now = store, council, when(WEDNESDAY)
        self.chance = Randomness(random.Random(seed).randbytes)
        self.calendar = calendar
        self._tokens: dict[tuple[str, str], str] = {}
        self._people: dict[tuple[str, str], UUID] = {}
        self._opened = ExitStack()
        self.settings = Settings(
            database_url=store.url, heartbeat=False, var=folder, mail="none", pool_size=5, body_limit_bytes=64 * 1024
        )
        self.app = create_app(self.settings, lambda: self.now)
        self.client = self._opened.enter_context(TestClient(self.app))
        self.contract = Contract(self.app)
        self.service = self.app.state.service
        read_once(self.service.casework.procedures)
        self.found(council)
        self.reason = procedures(council).authority.themes[0].reasons[0].key

    def close(self) -> None:
        self._opened.close()

    def found(self, council: Council) -> None:
        """Bring a council with its procedures and its directory into the service."""
        read = procedures(council)
        with self.store.write(council.key) as connection:
            Procedures(self.calendar).seed(connection, read, self.now)
            day = date(2026, 3, 2)
            import_directory(connection, read.authority, read.ladders, directory_files(council), day, self.chance)

    # People.

    def id(self, person: str, authority: str = "") -> UUID:
        """The identity of a person of the cast."""
        key = (authority or self.council.key, person)
        if key not in self._people:
            with self.store.read(key[0]) as connection:
                found = person_by_key(connection, *key)
            assert found is not None, person
            self._people[key] = UUID(str(found))
        return self._people[key]

    def token(self, person: str, authority: str = "", lasts: timedelta = timedelta(days=366)) -> str:
        """A new token for a person."""
        key = authority or self.council.key
        id_ = self.id(person, key)
        with self.store.write(key) as connection:
            return tokens.create_token(connection, self.chance, key, id_, "test", self.now, lasts)

    def as_(self, person: str, authority: str = "") -> Caller:
        """A person, signed in."""
        key = (authority or self.council.key, person)
        if key not in self._tokens:
            self._tokens[key] = self.token(person, key[0])
        return Caller(self, self._tokens[key])

    def nobody(self) -> Caller:
        """A caller without a token."""
        return Caller(self, None)

    # The directory, changed under way.

    def write(self, statement: Any, rows: Any = None) -> None:
        with self.store.write(self.council.key) as connection:
            connection.execute(statement, rows) if rows else connection.execute(statement)

    def rows(self, statement: Any, authority: str = "") -> list[Any]:
        with self.store.read(authority or self.council.key) as connection:
            return list(connection.execute(statement).all())

    def dicts(self, statement: Any) -> list[dict[str, Any]]:
        """Rows of its own authority, each as a dictionary of its columns."""
        with self.store.read(self.council.key) as connection:
            return [dict(row) for row in connection.execute(statement).mappings()]

    def cover(self, of: str, by: str, since: str = "2026-01-01", until: str | None = None, delegate: bool = False) -> None:
        """Let somebody stand in for a person, or see beside them."""
        self.write(
            insert(CoverRow).values(
                authority=self.council.key, id=self.chance.identity(), of=self.id(of), by=self.id(by),
                since=date.fromisoformat(since), until=date.fromisoformat(until) if until else None, is_delegate=delegate,
            )
        )  # fmt: skip

    def child(self, number: str = "T-1") -> UUID:
        return UUID(
            str(self.rows(select(ChildRow.id).where(ChildRow.authority == self.council.key, ChildRow.number == number))[0][0])
        )

    def post_ends(self, person: str, role: str, on: str) -> None:
        """Somebody gives a post up; the day is their last."""
        self.write(
            update(PostRow)
            .where(PostRow.authority == self.council.key, PostRow.person == self.id(person), PostRow.role == role)
            .values(until=date.fromisoformat(on))
        )

    def post_begins(self, person: str, role: str, since: str, held_for: str = "authority", key: str = "") -> None:
        """Somebody takes a post up."""
        self.write(
            insert(PostRow).values(
                authority=self.council.key, id=self.chance.identity(), role=role, held_for=held_for, key=key,
                person=self.id(person), since=date.fromisoformat(since), until=None,
            )
        )  # fmt: skip

    def leaves(self, person: str, on: str) -> None:
        """Somebody leaves the authority; the day is their last."""
        self.write(
            update(PersonRow)
            .where(PersonRow.authority == self.council.key, PersonRow.id == self.id(person))
            .values(left_on=date.fromisoformat(on))
        )

    # Time.

    def at(self, text: str) -> "World":
        """Set the clock, and nothing else."""
        self.now = when(text)
        return self

    def sweep(self, authority: str = "") -> SweepResult:
        """One look of the heartbeat."""
        swept = heartbeat.tick_authority(self.service, authority or self.council.key)
        assert not swept.failed
        return swept

    def next_moment(self) -> datetime | None:
        """When the next window comes to its time."""
        return self.rows(
            select(func.min(WindowRow.acts_at)).where(
                WindowRow.authority == self.council.key, WindowRow.closed_at.is_(None), WindowRow.held_since.is_(None)
            )
        )[0][0]

    def pass_to(self, text: str) -> "World":
        """Let time pass with the heartbeat running: a minute before each moment and at it, nothing is ever late."""
        target = when(text)
        while (moment := self.next_moment()) is not None and moment <= target:
            for instant in (moment - timedelta(minutes=1), moment):
                self.now = max(self.now, instant)
                self.sweep()
        self.now = target
        self.sweep()
        return self

    # What stands in the database.

    def told(self, reference: str, subject: str = "asked") -> list[tuple[str, set[str], set[str]]]:
        """Who was addressed and who was copied, by stage, for every message about a subject, in order."""
        names = {row.id: row.key for row in self.rows(select(PersonRow.id, PersonRow.key))}
        notified = self.rows(
            select(NotificationRow.__table__)
            .join(ChallengeRow, ChallengeRow.id == NotificationRow.challenge)
            .where(ChallengeRow.reference == reference, NotificationRow.subject == subject)
            .order_by(NotificationRow.version, NotificationRow.n)
        )
        found = []
        for one in notified:
            deliveries = self.rows(
                select(DeliveryRow.person, DeliveryRow.as_to).where(
                    DeliveryRow.challenge == one.challenge, DeliveryRow.version == one.version, DeliveryRow.n == one.n
                )
            )
            to = {names[row.person] for row in deliveries if row.as_to}
            found.append((one.stage, to, {names[row.person] for row in deliveries} - to))
        return found

    def everyone_reached(self, reference: str) -> set[str]:
        """Everybody to whom anything of an item was ever delivered."""
        rows = self.rows(
            select(PersonRow.key)
            .join(DeliveryRow, DeliveryRow.person == PersonRow.id)
            .join(ChallengeRow, ChallengeRow.id == DeliveryRow.challenge)
            .where(ChallengeRow.reference == reference)
        )
        return {row.key for row in rows}

    def entries(self, reference: str) -> list[Any]:
        """The timeline as it is stored."""
        return self.rows(
            select(EntryRow.__table__)
            .join(ChallengeRow, ChallengeRow.id == EntryRow.challenge)
            .where(ChallengeRow.reference == reference)
            .order_by(EntryRow.number)
        )

    def count(self, table: Any) -> int:
        """How many rows of its own authority a table holds."""
        return int(self.rows(select(func.count()).select_from(table))[0][0])
