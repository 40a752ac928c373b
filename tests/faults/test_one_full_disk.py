"""Everything on one disk, and it is full: reading goes on and is logged, a child is referred, health says which disk it is.

Where no disk can be mounted, `test_what_no_disk_takes_is_held` and the tests of the reserve have tried the parts.
"""

import json
import os
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from api import disks
from api.app import create_app
from api.assembly import Service
from api.disks import DiskReserve, disks_in_words
from api.jobs.access_log_care import keep_room
from drp.data_protection import access_log
from drp.data_protection.access_log import AccessLog
from drp.data_protection.access_log_file import ReadingsFile
from drp.database.engine import Store
from drp.database.unavailable import DiskFull, Unavailable
from tests.cast.marsh import KEY, RAISED
from tests.cast.stores import APP, Postgresql
from tests.faults.checker import faults
from tests.faults.test_database import small_disk
from tests.faults.world import founded, raise_body, settings
from tests.referral.matter import SAID

READINGS = int(os.environ.get("FAULTS_READINGS", "20"))
"""Readings of each kind while the disk is full."""

ALL = "the database, the access log, the service's own files, checkpoints and attached documents"
REFERRED = {"type": "referred_to_cafcass", "grounds": SAID["grounds"], "why": SAID["why"], "said": []}


class OneDisk:
    """A service with all that it writes on one small disk, whose readings are counted here too."""

    def __init__(self, template: Path, folder: Path) -> None:
        self.folder = folder
        shutil.copy(template, folder / "drp.sqlite")
        self.store = Store(f"sqlite:///{folder / 'drp.sqlite'}")
        self.marsh, self.tokens = founded(self.store)
        made = settings(self.store.url, folder / "var", checkpoints=folder / "checkpoints")
        self.client = TestClient(create_app(made, lambda: RAISED), raise_server_exceptions=False)
        self.read: Counter[str] = Counter()
        self.fillers = 0

    @property
    def service(self) -> Service:
        service: Service = self.client.app.state.service  # type: ignore[attr-defined]
        return service

    def ask(self, method: str, path: str, body: Any = None, key: str = "", who: str = "irene") -> Any:
        headers = {"Authorization": f"Bearer {self.tokens[who]}"} | ({"Idempotency-Key": key} if key else {})
        return self.client.request(method, f"/api/v1{path}", json=body, headers=headers)

    def reads(self, reference: str) -> None:
        """Look at one item, and at a list: each is answered, and each is to be in the log."""
        for path, what in ((f"/challenges/{reference}", "challenge"), ("/challenges", "list")):
            answer = self.ask("GET", path)
            assert answer.status_code == 200, answer.text
            self.read[what] += 1

    def fill(self) -> None:
        """Write to the disk until it takes nothing more, and to the database until it does not either."""
        self.fillers += 1
        with (self.folder / f"filler-{self.fillers}").open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                pass

    def fill_to_the_brim(self) -> None:
        for n in range(200):
            self.fill()
            key = f"brim{self.fillers}-{n}"
            if self.ask("POST", "/challenges", raise_body(key), key).status_code == 503:
                return
        raise AssertionError("the database went on taking what it was given")

    def empty(self) -> None:
        for filler in self.folder.glob("filler-*"):
            filler.unlink()

    def logged(self) -> Counter[str]:
        found = self.service.access_log.readings(KEY, people={str(self.marsh.id("irene"))}, most=100_000)
        return Counter(one.what for one in found if one.what in ("challenge", "list"))

    @property
    def reasons(self) -> str:
        return " ".join(self.ask("GET", "/health", who="mona").json()["reasons"])


def goes_on(template: Path, folder: Path) -> None:
    """Fill the disk: first the room that is kept for readings is given up, then readings are held; then there is room again."""
    here = OneDisk(template, folder)
    with here.client:
        reserves = here.service.reserves
        keep_room(here.service)
        assert [one.stands for one in reserves] == [True, True]
        known = here.ask("POST", "/challenges", raise_body("k0"), "k0").json()["reference"]
        other = here.ask("POST", "/challenges", raise_body("k1"), "k1").json()["reference"]
        here.reads(known)

        here.fill_to_the_brim()
        for _ in range(READINGS):
            here.reads(known)
        assert f"The disk of {ALL} is full: " in here.reasons
        assert str(folder) not in here.reasons
        assert here.ask("GET", "/health", who="mona").status_code == 503
        assert here.ask("POST", f"/challenges/{known}/events", REFERRED, "r0").status_code == 200
        assert [one.stands for one in reserves] == [False, True], "of the room for readings some was given up, the other is kept"
        assert here.service.access_log.held_readings == 0

        for _ in range(200):  # whatever is given up is taken by others, and the file's last page by readings
            if here.service.access_log.held_readings:
                break
            here.fill()
            here.reads(known)
        here.fill_to_the_brim()
        for _ in range(READINGS):
            here.reads(known)
        assert here.service.access_log.held_readings >= 2 * READINGS
        assert f"The disk of {ALL} is full: 0 MiB left." in here.reasons
        assert "held in memory" in here.reasons
        referred = here.ask("POST", f"/challenges/{other}/events", REFERRED, "r1")
        assert referred.status_code == 200, referred.text
        bundle = here.ask("GET", f"/challenges/{other}/referral/0/bundle")
        assert (bundle.status_code, bundle.content[:2]) == (200, b"PK")
        keep_room(here.service)
        assert not any(one.stands for one in reserves), "nothing is kept where there is no room"

        here.empty()
        keep_room(here.service)
        assert [one.stands for one in reserves] == [True, True]
        assert here.logged() == here.read
        assert not here.service.access_log.has_fallen_back
        assert "is full" not in here.reasons
        assert "held" not in here.reasons
        assert here.ask("POST", "/challenges", raise_body("k2"), "k2").status_code == 201
    assert faults(here.store) == []
    here.store.close()


@pytest.mark.at_size
def test_everything_on_one_full_disk(sqlite_template: Path, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "48m") as mounted:
        if mounted:
            goes_on(sqlite_template, tmp_path / "disk")


def without_reserve(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(DiskReserve, "give_up", lambda self: False)


def without_holding(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(access_log, "MOST_HELD", 0)


def with_readings_dropped(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ReadingsFile, "add", lambda self, rows: None)


@pytest.mark.parametrize("planted", [without_reserve, without_holding, with_readings_dropped])
def test_planted_service_on_a_full_disk_is_caught(
    sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, planted: Callable[[pytest.MonkeyPatch], None]
) -> None:
    planted(monkeypatch)
    with small_disk(tmp_path / "disk", "48m") as mounted:
        if mounted:
            with pytest.raises(AssertionError):
                goes_on(sqlite_template, tmp_path / "disk")


# The parts of it, where no disk can be mounted.

NO_ROOM = Path("/dev/full")


def full_log(folder: Path) -> AccessLog:
    """A log whose store is out of reach, and whose file stands on a full disk."""
    (folder / "no_database").mkdir()
    (folder / "access.jsonl").symlink_to(NO_ROOM)
    return AccessLog(f"sqlite:///{folder / 'no_database'}", folder / "access.jsonl")


def test_what_no_disk_takes_is_held_is_said_and_is_written_when_there_is_room(tmp_path: Path) -> None:
    log = full_log(tmp_path)
    log.record(KEY, RAISED, "irene", "list", "AAAA-2222", "BBBB-2222")
    log.record(KEY, RAISED, "irene", "page", "AAAA-2222")
    assert (log.held_readings, log.has_fallen_back) == (2, True)
    assert [one.references for one in log.fallen_back(KEY)] == [("AAAA-2222", "BBBB-2222"), ("AAAA-2222",)]
    log.settle(RAISED)
    assert log.held_readings == 2
    (tmp_path / "no_database").rmdir()
    assert log.settle(RAISED) == 2
    assert [one.what for one in log.readings(KEY)] == ["page", "list"]
    assert not log.has_fallen_back
    log.close()


def test_what_is_held_is_bounded_and_said_line_by_line_where_the_process_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(access_log, "MOST_HELD", 3)
    log = full_log(tmp_path)
    log.record(KEY, RAISED, "irene", "list", "AAAA-2222", "BBBB-2222")
    with pytest.raises(Unavailable):
        log.record(KEY, RAISED, "irene", "list", "AAAA-2222", "BBBB-2222")
    log.record(KEY, RAISED, "irene", "page", "AAAA-2222")
    log.close()
    assert [json.loads(line.partition(": ")[2])["what"] for line in caplog.messages] == ["list", "page"]


def test_a_file_that_may_not_be_written_holds_nothing_and_refuses_the_reading(tmp_path: Path) -> None:
    (tmp_path / "no_database").mkdir()
    log = AccessLog(f"sqlite:///{tmp_path / 'no_database'}", tmp_path / "no_database")
    with pytest.raises(Unavailable):
        log.record(KEY, RAISED, "irene", "page", "AAAA-2222")
    assert log.held_readings == 0


def test_what_stands_in_the_file_comes_into_the_log_once_whatever_dies_between(tmp_path: Path) -> None:
    (tmp_path / "no_database").mkdir()
    log, file = AccessLog(f"sqlite:///{tmp_path / 'no_database'}", tmp_path / "access.jsonl"), tmp_path / "access.jsonl"
    older = {"authority": KEY, "at": RAISED.isoformat(), "person": "tess", "what": "page", "reference": "CCCC-2222"}
    file.write_text(f"{json.dumps(older)}\n" + '{"authority": "mar')
    log.record(KEY, RAISED, "irene", "list", "AAAA-2222", "BBBB-2222")
    assert len(log.fallen_back(KEY)) == 2, "a line that was cut short swallows no other"
    with pytest.raises(Unavailable):
        log.settle(RAISED)
    (tmp_path / "no_database").rmdir()
    aside, kept = file.with_suffix(".bringing.jsonl"), tmp_path / "kept"
    kept.hardlink_to(aside)
    assert log.settle(RAISED) == 2
    assert not aside.exists()
    kept.rename(aside)  # as if the process had died before the file could go
    assert log.settle(RAISED) == 0
    assert [" ".join(one.references) for one in log.readings(KEY)] == ["AAAA-2222 BBBB-2222", "CCCC-2222"]
    assert not log.has_fallen_back
    log.close()


def test_a_reserve_is_really_allocated_and_made_only_where_there_is_room_to_spare(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reserve = DiskReserve(tmp_path / "room.reserve", 60 * 1024, 20 * 1024)
    assert not reserve.give_up()
    assert reserve.make()
    assert reserve.file.stat().st_blocks * 512 >= reserve.octets
    assert reserve.make()
    assert [reserve.give_up() for _ in range(4)] == [True, True, True, False], "piece by piece"
    assert not reserve.stands
    monkeypatch.setattr(disks, "octets_left", lambda folder: 4 * reserve.octets - 1)
    assert not reserve.make()
    assert list(tmp_path.iterdir()) == []


def test_a_disk_is_named_by_what_it_is_used_for_and_by_no_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders = {"the database": tmp_path, "checkpoints": tmp_path / "not" / "there"}
    said = []
    for left in (0, disks.FULL_BELOW, disks.NEARLY_FULL_BELOW):
        monkeypatch.setattr(disks, "octets_left", lambda folder, left=left: left)
        said.append(disks_in_words(folders))
    assert [(len(one.full), len(one.nearly_full)) for one in said] == [(1, 0), (0, 1), (0, 0)]
    assert said[0].full[0].startswith("The disk of the database and checkpoints is full: 0 MiB left.")
    assert said[1].nearly_full[0].startswith("The disk of the database and checkpoints is nearly full: 16 MiB left.")
    assert str(tmp_path) not in str(said)


TAKES_NOTHING = """
    CREATE FUNCTION takes_nothing() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$;
    CREATE TRIGGER takes_nothing BEFORE INSERT ON entry EXECUTE FUNCTION takes_nothing();
"""
TAKES_AGAIN = "DROP TRIGGER takes_nothing ON entry; DROP FUNCTION takes_nothing()"


@pytest.mark.parametrize("has_room", [True, False])
def test_on_postgresql_a_referral_is_tried_again_in_the_room_that_was_kept(
    postgresql: Postgresql, tmp_path: Path, has_room: bool
) -> None:
    store = Store(postgresql.url(APP))
    gave: list[bool] = []

    def change(statement: str) -> None:
        with postgresql.connect_as_admin(postgresql.name) as connection:
            connection.execute(statement.encode())

    def give_room() -> bool:
        if has_room:
            change(TAKES_AGAIN)
        gave.append(has_room)
        return has_room

    try:
        _, tokens = founded(store)
        app = create_app(settings(store.url, tmp_path / "var"), lambda: RAISED)
        app.state.service.casework.give_room = give_room
        with TestClient(app, raise_server_exceptions=False) as client:

            def ask(path: str, body: Any, key: str) -> Any:
                headers = {"Authorization": f"Bearer {tokens['irene']}", "Idempotency-Key": key}
                return client.post(f"/api/v1{path}", json=body, headers=headers)

            known = ask("/challenges", raise_body("k0"), "k0").json()["reference"]
            change(TAKES_NOTHING)
            with pytest.raises(DiskFull), store.write(KEY) as connection:
                connection.exec_driver_sql("INSERT INTO entry DEFAULT VALUES")
            assert ask("/challenges", raise_body("k1"), "k1").status_code == 503
            assert gave == [], "what is no referral waits until there is room"
            status = ask(f"/challenges/{known}/events", REFERRED, "r0").status_code
            assert (status, gave) == ((200, [True]) if has_room else (503, [False]))
            if not has_room:
                change(TAKES_AGAIN)
                assert ask(f"/challenges/{known}/events", REFERRED, "r0").status_code == 200
        assert faults(store) == []
    finally:
        store.close()
        postgresql.empty()
