"""Marsh Council as a service under fire: its settings, its tokens, many items at once, and a client that keeps receipts."""

import http.client
import json
import os
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from drp.casework import load
from drp.casework.load import StoredChallenge
from drp.casework.procedures import Procedures
from drp.casework.resolve_recipients import resolve_recipients
from drp.casework.save import DecisionToSave, DecisionWriter
from drp.casework.service import Casework
from drp.database.engine import Store
from drp.database.ids import Randomness
from drp.directory.lookup import child_by_number
from drp.identity import tokens as tokens_module
from drp.settings import Settings
from drp.timeline.chain import GENESIS, ChainKey
from tests.cast.clock import CALENDAR
from tests.cast.councils import NIGHT_AND_DAY, procedures
from tests.cast.keyed import SEAL
from tests.cast.marsh import KEY, RAISED, Marsh
from tests.cast.staff import FOUNDED
from workflows.decision import decide as deciding
from workflows.model import events as e
from workflows.model.actor import Act, Actor, Part
from workflows.model.authority import Rules
from workflows.model.ladder import ItemType

SECRET = b"\x07" * 32
WHO = ("irene", "tess", "otto", "mona")


def casework_on(store: Store, hold_after: timedelta = timedelta(days=400)) -> Casework:
    """Everything that changes an item, as a replica has it."""
    chance = Randomness(os.urandom)  # noqa: TID251 -- replicas must not draw the same numbers
    return Casework(store, Procedures(CALENDAR), DecisionWriter(ChainKey("k1", SECRET), chance), chance, hold_after)


def founded(store: Store) -> tuple[Marsh, dict[str, str]]:
    """The council on a store, and a token for each of a few people."""
    marsh = Marsh.founded(casework_on(store), NIGHT_AND_DAY)
    tokens: dict[str, str] = {}
    for key in WHO:
        id_ = marsh.id(key)
        with store.write(KEY) as connection:
            tokens[key] = tokens_module.create_token(
                connection, marsh.chance, SEAL, KEY, id_, "test", FOUNDED, timedelta(days=366)
            )
    return marsh, tokens


def settings(url: str, var: Path, **more: Any) -> Settings:
    var.mkdir(parents=True, exist_ok=True)
    (var / "chain.key").write_text(SECRET.hex() + "\n")
    (var / "signing.key").write_text("5e" * 32 + "\n")
    (var / "seal.key").write_text(SEAL.keys[-1].secret.hex() + "\n")
    values: dict[str, Any] = {"hold_after_minutes": 600_000, "heartbeat": False, "mail": "folder", "mail_from": "r@marsh.example"}
    return Settings(database_url=url, var=var, **(values | more))


def many(marsh: Marsh, count: int, now: datetime = RAISED) -> None:
    """So many items raised at once, kept in one transaction."""
    casework, irene = marsh.casework, marsh.as_("irene", now)
    with marsh.store.write(KEY) as connection:
        rules = next(r for r in casework.procedures.current(connection, KEY) if r.ladder.key == "process")
        subject = child_by_number(connection, KEY, "C-1")
        assert subject is not None
        actor = Actor(irene.person, frozenset({Part.RAISER, Part.CHILDS_IRO}))
        event = e.Raised(ItemType.FORMAL, ("drift",), "The plan drifts.")
        decided = deciding.decide_raise(rules, Act(event, actor), subject.facts, (), now)
        kept: list[DecisionToSave] = []
        from uuid import UUID

        establishment = None
        for _ in range(count):
            new = StoredChallenge(
                casework.chance.identity(), casework.chance.reference(), 0, subject.child, subject.number, subject.initials,
                UUID(irene.person), rules.ladder.key, decided.decision.challenge, 0, GENESIS,
            )  # fmt: skip
            establishment = establishment or load.load_establishment(connection, KEY, [new.about()])
            decision, messages = resolve_recipients(connection, rules, establishment, new, decided.decision, now)
            kept.append(DecisionToSave(None, decision, messages, rules.authority, new))
        casework.keeper.keep(connection, KEY, kept, now)


def rules_of(store: Store) -> Rules:
    read = procedures(NIGHT_AND_DAY)
    return Rules(next(x for x in read.ladders if x.key == "process"), read.authority, CALENDAR)


@dataclass
class Client:
    """Speaks HTTP to a service and keeps, fsynced in a file of its own, what was acknowledged."""

    port: int
    tokens: dict[str, str]
    file: Path
    doubtful: list[dict[str, Any]] = field(default_factory=list)

    def ask(self, method: str, path: str, who: str, body: Any = None, key: str = "", timeout: float = 20) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        headers = {"Authorization": f"Bearer {self.tokens[who]}", "Content-Type": "application/json"}
        if key:
            headers["Idempotency-Key"] = key
        try:
            connection.request(method, f"/api/v1{path}", json.dumps(body) if body is not None else None, headers)
            answer = connection.getresponse()
            text = answer.read()
            return answer.status, json.loads(text) if text else None
        finally:
            connection.close()

    def do(self, path: str, who: str, body: Any, key: str) -> tuple[int, Any]:
        """An action with a key. Acknowledged: on the file's disk before anything else. No answer: doubtful."""
        action = {"path": path, "who": who, "body": body, "key": key}
        try:
            status, answer = self.ask("POST", path, who, body, key)
        except (OSError, http.client.HTTPException, ValueError):
            self.doubtful.append(action)
            return 0, None
        if 200 <= status < 300:
            with self.file.open("a") as file:
                file.write(json.dumps(action | {"status": status, "answer": answer}) + "\n")
                file.flush()
                os.fsync(file.fileno())
        elif status >= 500:
            self.doubtful.append(action)
        return status, answer

    def acknowledged(self) -> list[dict[str, Any]]:
        if not self.file.exists():
            return []
        return [json.loads(line) for line in self.file.read_text().splitlines()]


def raise_body(key: str) -> dict[str, Any]:
    """Its concern names the key, so that a second effect of one key can be counted."""
    return {"child": "C-1", "item_type": "formal", "reasons": ["drift"], "concern": f"Concern {key}."}


def note_body(key: str) -> dict[str, Any]:
    return {"type": "noted", "text": f"Note {key}."}
