"""A service with people in it and a clock that only the test moves; every answer is held against the OpenAPI description."""

import random
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID

import httpx2
from fastapi import FastAPI
from fastapi.testclient import TestClient
from jsonschema import Draft202012Validator
from sqlalchemy import func, select

from api.app import create_app
from api.assembly import clock_at
from api.jobs import heartbeat
from api.request_context import ROUTES
from drp.casework.sweep import SweepResult
from drp.database.challenge_tables import ChallengeRow, EntryRow, WindowRow
from drp.database.directory_tables import PersonRow
from drp.database.engine import Store
from drp.database.ids import Randomness
from drp.database.message_tables import DeliveryRow, NotificationRow
from drp.identity import tokens
from drp.items.attachments import are_documents_missing
from drp.items.service_condition import note_condition
from drp.settings import Settings
from notifications.channels import OutgoingMail, SendOutcome
from notifications.outbox import deliver_messages
from tests.cast.clock import when
from tests.cast.councils import Council, procedures
from tests.cast.direct import client_of
from tests.cast.keyed import keyed
from tests.cast.staff import Staff
from tests.cast.stores import read_once

JSON_ROUTES = {key for key in ROUTES if key[1].startswith(("/api/", "/docs"))}
"""Every route that programs use, and its description. The others are pages: tests/pages/test_page_access.py."""

WEDNESDAY = "Wed 1 April 2026, 10:00"


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
        """Bring an event to an item: where it must say for which stay it is meant, and does not, for the present one."""
        path, body = f"/api/v1/challenges/{item}/events", {"type": type, **said}
        answer = self.call("POST", path, headers, json=body)
        if answer.status_code != 428 or "If-Match" in (headers or {}):
            return answer
        name, _, present = answer.json()["send"].partition(": ")
        return self.call("POST", path, {**(headers or {}), name: present}, json=body)

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


class TakesAll:
    """A relay that takes every message."""

    def send(self, post: OutgoingMail) -> SendOutcome:
        """It is taken."""
        return SendOutcome(accepted=frozenset(post.envelope))


class World(Staff):
    """A service on one store, with its councils, its people and its clock."""

    mails = True
    """Does the outbox run?"""

    def __init__(self, store: Store, folder: Path, council: Council, seed: int = 1) -> None:
        self.store, self.council, self.now = store, council, when(WEDNESDAY)
        self.chance = Randomness(random.Random(seed).randbytes)
        self._tokens: dict[tuple[str, str], str] = {}
        self._people: dict[tuple[str, str], UUID] = {}
        self._opened = ExitStack()
        self.settings = keyed(
            Settings(database_url=store.url, heartbeat=False, var=folder, mail="none", pool_size=5, body_limit_bytes=64 * 1024)
        )
        self.app = create_app(self.settings, lambda: self.now)
        self._opened.enter_context(TestClient(self.app))  # it begins and ends with it
        self.client = self._opened.enter_context(client_of(self.app))
        self.contract = Contract(self.app)
        # A relay that takes everything: what is asked is reached, unless a test says otherwise.
        made = self.app.state.service
        self.app.state.service = self.service = replace(made, sender=replace(made.sender, channel=TakesAll(), sends_mail=True))
        read_once(self.service.casework.procedures)
        self.found(council)
        self.reason = procedures(council).authority.themes[0].reasons[0].key

    def close(self) -> None:
        self._opened.close()

    def found(self, council: Council, now: datetime | None = None, files: Mapping[str, bytes | str] | None = None) -> None:
        """Bring a council with its procedures and its directory into the service, now if nothing else is said."""
        super().found(council, now or self.now, files)

    # People.

    def id(self, person: str, authority: str = "") -> UUID:
        """The identity of a person of the cast, looked up once."""
        key = (authority or self.key, person)
        if key not in self._people:
            self._people[key] = super().id(person, authority)
        return self._people[key]

    def token(self, person: str, authority: str = "", lasts: timedelta = timedelta(days=366)) -> str:
        """A new token for a person."""
        key = authority or self.key
        id_ = self.id(person, key)
        with self.store.write(key) as connection:
            return tokens.create_token(connection, self.chance, self.service.seal, key, id_, "test", self.now, lasts)

    def as_(self, person: str, authority: str = "") -> Caller:
        """A person, signed in."""
        key = (authority or self.key, person)
        if key not in self._tokens:
            self._tokens[key] = self.token(person, key[0])
        return Caller(self, self._tokens[key])

    def nobody(self) -> Caller:
        """A caller without a token."""
        return Caller(self, None)

    # Time.

    def at(self, text: str) -> "World":
        """Set the clock. Until then the outbox was at work, and nothing else."""
        target = when(text)
        self.mail_leaves(target)
        self.now = target
        return self

    def mail_leaves(self, until: datetime | None = None) -> None:
        """The outbox does what it does until a moment, now if none is named; where `mails` is False it stands still."""
        now = self.now
        while self.mails:
            deliver_messages(self.service.casework, self.key, clock_at(now), self.service.sender)
            waiting = self.rows(
                select(func.min(NotificationRow.next_at)).where(
                    NotificationRow.authority == self.key, NotificationRow.state == "waiting", NotificationRow.next_at > now
                )
            )[0][0]
            if waiting is None or until is None or waiting > until:
                return
            now = waiting

    def count_how_it_is(self) -> None:
        """What a look of the heartbeat counts for health, without the look."""
        with self.store.write(self.key) as connection:
            missing = are_documents_missing(connection, self.service.attachments, self.key)
            note_condition(connection, self.key, self.now, missing)

    def sweep(self, authority: str = "") -> SweepResult:
        """One look of the heartbeat."""
        swept = heartbeat.tick_authority(self.service, authority or self.key)
        assert not swept.failed
        return swept

    def next_moment(self) -> datetime | None:
        """When the next window comes to its time."""
        return self.rows(
            select(func.min(WindowRow.acts_at)).where(
                WindowRow.authority == self.key, WindowRow.closed_at.is_(None), WindowRow.held_since.is_(None)
            )
        )[0][0]

    def pass_to(self, text: str) -> "World":
        """Let time pass with the heartbeat running: a minute before each moment and at it, nothing is ever late."""
        target = when(text)
        self.mail_leaves()
        while (moment := self.next_moment()) is not None and moment <= target:
            for instant in (moment - timedelta(minutes=1), moment):
                self.mail_leaves(instant)
                self.now = max(self.now, instant)
                self.sweep()
            self.mail_leaves()
        self.mail_leaves(target)
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
