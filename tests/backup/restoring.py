"""Dunmoor with something to lose; its backup, made while it works; and the service that comes back from it."""

import shutil
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from fastapi.testclient import TestClient
from sqlalchemy import make_url, select

from api.app import create_app
from api.assembly import Service, assemble_service
from api.cli.backup_commands import BackupReport, back_up, restore_backup
from api.jobs import checkpoints, heartbeat
from drp.database.challenge_tables import ChallengeRow, EntryRow, WordsRow
from drp.database.engine import Store
from drp.database.message_tables import NotificationRow
from drp.settings import Settings
from notifications.channels import OutgoingMail, SendOutcome
from tests.cast.clock import when
from tests.cast.marsh import Box
from tests.cast.staff import Staff
from tests.cast.stores import APP
from tests.cast.world import World
from tests.referral.matter import attach

FRIDAY = "Fri 10 April 2026, 10:00"


class Sent(Box):
    """What leaves, but for checkpoints: they go to the auditor, and are no messages of the outbox."""

    def send(self, post: OutgoingMail) -> SendOutcome:
        return self.answer(post) if post.letter.subject.startswith("Checkpoint") else super().send(post)


class Back(Staff):
    """The service as it came back: its store, its own service and what it would send."""

    def __init__(self, town: "Town", settings: Settings, report: BackupReport) -> None:
        self.report, self.town, self.sent = report, town, Sent()
        app = make_url(settings.database_url)
        url = settings.database_url if town.world.store.is_sqlite else app.set(username=APP).render_as_string(hide_password=False)
        self.settings = settings.model_copy(update={"database_url": url})
        self.service = self.assembled()
        self.council = town.world.council

    @property
    def said(self) -> str:
        return "\n".join(self.report.said)

    @property
    def store(self) -> Store:
        return self.service.store

    def assembled(self) -> Service:
        """The service, with the role that owns nothing."""
        made = assemble_service(self.settings, lambda: self.town.world.now)
        return replace(made, sender=replace(made.sender, channel=self.sent))

    def texts(self) -> set[str]:
        return {row.text for row in self.rows(select(WordsRow.text))}

    def entries(self) -> dict[str, list[str]]:
        """The kinds of every timeline's entries, by reference."""
        found: dict[str, list[str]] = defaultdict(list)
        joined = select(ChallengeRow.reference, EntryRow.kind).join(EntryRow, EntryRow.challenge == ChallengeRow.id)
        for row in self.rows(joined.order_by(ChallengeRow.reference, EntryRow.number)):
            found[row.reference].append(row.kind)
        return found

    def states(self) -> dict[str, int]:
        """How many messages are in each state."""
        return Counter(row.state for row in self.rows(select(NotificationRow.state)))

    def close(self) -> None:
        self.service.close()


@dataclass(frozen=True)
class Kept:
    """A backup, copies of its keys, and clean machines to bring it back to."""

    folder: Path
    """Where clean machines are."""
    out: Path
    keys: Path
    owner: Settings
    authority: str
    now: datetime
    fresh: Callable[[], str]
    """Gives the URL of an empty database."""

    @property
    def is_sqlite(self) -> bool:
        return self.owner.database_url.startswith("sqlite")

    @property
    def database(self) -> Path:
        """The file of the database, or the one with an authority's rows."""
        return self.out / ("database.sqlite" if self.is_sqlite else f"database/{self.authority}.dump")

    def place(self, var: str = "back", **more: Any) -> Settings:
        """A clean machine to come back to, with the copies of the keys and nothing else."""
        there = self.folder / var
        there.mkdir(exist_ok=True)
        for name in ("chain.key", "signing.key", "seal.key"):
            shutil.copy(self.keys / name, there / name)
        url = f"sqlite:///{there / 'drp.sqlite'}" if self.is_sqlite else self.fresh()
        return self.owner.model_copy(update={"var": there, "database_url": url, **more})


class Town:
    """Three challenges, a document, a checkpoint, and mail that waits, on Wednesday 1 April 2026 at ten."""

    def __init__(self, world: World, folder: Path, owner: str, fresh: Callable[[], str]) -> None:
        self.world, self.key, self.folder, self.fresh = world, world.key, folder, fresh
        self._opened = ExitStack()
        self.irene = world.as_("irene")
        self.references = [self.irene.raises(child).json()["reference"] for child in ("T-1", "T-1", "T-2")]
        for n in range(3):
            self.irene.brings(self.references[0], "noted", text=f"Note {n}")
        attach(world, self.references[0])
        self.irene.item(self.references[0])
        checkpoints.leave_checkpoint(world.service, self.key)
        self.owner = world.settings.model_copy(update={"database_url": owner})
        self.keeper = replace(world.service, settings=self.owner, store=Store(owner))
        self._opened.callback(self.keeper.store.close)

    def close(self) -> None:
        self._opened.close()

    def note(self, text: str, n: int = 0) -> None:
        assert self.irene.brings(self.references[n], "noted", text=text).status_code == 200

    def challenge(self, n: int = 0) -> UUID:
        return UUID(str(self.world.rows(select(ChallengeRow.id).where(ChallengeRow.reference == self.references[n]))[0][0]))

    # The backup.

    @property
    def out(self) -> Path:
        return self.folder / "kept" / "backup"

    def backs_up(self) -> BackupReport:
        return back_up(self.keeper, self.out)

    @property
    def kept(self) -> Kept:
        """Its backup, as it comes back now."""
        world = self.world
        return Kept(self.folder, self.out, world.settings.var, self.owner, self.key, world.now, self.fresh)

    @property
    def database(self) -> Path:
        """The file of the database, or the one with an authority's rows, in the backup."""
        return self.kept.database

    def place(self, var: str = "back", **more: Any) -> Settings:
        """A clean machine to come back to, with the copies of the keys and nothing else."""
        return self.kept.place(var, **more)

    def comes_back(self, text: str = "", **more: Any) -> Back:
        """Restored at a time, on a clean machine."""
        if text:
            self.world.now = when(text)
        settings = self.place(**more)
        report = restore_backup(settings, self.out, lambda: self.world.now)
        made = Back(self, settings, report)
        self._opened.callback(made.close)
        return made

    def serves(self, back: Back) -> TestClient:
        """The whole service, started on what came back."""
        return self._opened.enter_context(TestClient(create_app(back.settings, lambda: self.world.now)))

    @staticmethod
    def round(back: Back) -> tuple[Any, Any]:
        """A tick and a round of the outbox."""
        return heartbeat.tick_authority(back.service, back.key), heartbeat.deliver_authority(back.service, back.key)
