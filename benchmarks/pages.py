"""Is every page as fast with 20,000 challenges as with none? `python -m benchmarks.pages`: 95th percentiles, as ratios.

Both services stand in one process and are asked in turn, so that a noisy machine is noisy for both. A page may take at
most three times what it takes where there is nothing (one challenge, for the pages of a challenge).
"""

import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from starlette.testclient import TestClient

from api.app import create_app
from api.assembly import SYSTEM_CHANCE, Service
from api.keys import make_missing_keys
from api.routes import ROUTES
from benchmarks.council import KEY, fill, found
from drp.database.engine import Store
from drp.database.migrate import migrate_database
from drp.directory.lookup import person_by_key
from drp.identity import sessions
from drp.items import drafts
from drp.settings import Settings

NOW = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)
TIMES_LONGER_AT_MOST = 3.0
SKIPPED = {"/sign-in/link/{secret}", "/sign-in/with/{authority}", "/sign-in/back", "/assets/{name}", "/docs", "/docs/{name}"}
"""Not pages of the service's own data."""


class Side:
    """One of the two services, with its people signed in."""

    def __init__(self, folder: Path, how_many: int) -> None:
        store = Store(f"sqlite:///{folder / 'drp.sqlite'}")
        migrate_database(store)
        store.close()
        settings = Settings(var=folder, database_url=store.url, heartbeat=False, mail="none")
        make_missing_keys(settings, SYSTEM_CHANCE)
        self.app = create_app(settings, lambda: NOW)
        self.client = TestClient(self.app)
        self.service: Service = self.app.state.service
        found(self.service, NOW)
        self.open = fill(self.service, how_many, NOW)
        self.cookies = {person: self._signed_in(person) for person in ("iro0", "tm0", "mona", "cora", "ada", "bob")}

    def _signed_in(self, person: str) -> str:
        with self.service.store.write(KEY) as connection:
            id_ = person_by_key(connection, KEY, person)
            return sessions.begin_session(
                connection, self.service.casework.chance, self.service.seal, KEY, UUID(str(id_)), "link", NOW
            )

    def draft(self) -> str:
        """A draft of the first IRO's, whole as far as the check."""
        steps = {
            "child": {"child": ["C-00000"], "item_type": ["formal"]},
            "reasons": {"reasons-practice": ["permanence_plan_delayed"]},
            "effect": {"concern": ["It drifts."]}, "stage": {"stage": ["stage_2"]},
        }  # fmt: skip
        with self.service.store.write(KEY) as connection:
            id_ = person_by_key(connection, KEY, "iro0")
            said = {"steps": steps, "once": "x", "child": "C-00000"}
            return str(drafts.begin_draft(connection, self.service.casework.chance, KEY, UUID(str(id_)), said, NOW))

    def seconds(self, person: str, path: str) -> tuple[float, int]:
        """How long a page takes, and its status."""
        begun = time.perf_counter()
        answer = self.client.get(path, headers={"Cookie": f"drp={self.cookies[person]}"}, follow_redirects=False)
        return time.perf_counter() - begun, answer.status_code


def of_iro0(side: Side) -> str:
    """An open challenge that the first IRO may see."""
    for reference in side.open:
        if side.seconds("iro0", f"/challenges/{reference}")[1] == 200:
            return reference
    raise LookupError("no open challenge is the first IRO's")


def places(side: Side) -> list[tuple[str, str]]:
    """Every page that is read, and who reads it, with what stands in its place-holders on this side."""
    filled = {
        "{reference}": of_iro0(side), "{move}": "judged", "{draft}": side.draft(), "{step}": "check", "{team}": "team0",
        "{name}": "resolution", "{person}": "", "{number}": "1",
    }  # fmt: skip
    found_places = []
    for method, path in ROUTES:
        if method != "GET" or path.startswith("/api/") or path in SKIPPED:
            continue
        for slot, value in filled.items():
            path = path.replace(slot, value)
        people = ("iro0", "mona", "cora", "ada") if "{" not in path else ()
        found_places += [(person, path) for person in people]
    return [*found_places, ("mona", "/search?q=C-00000"), ("mona", "/search?state=all"), ("bob", "/search?q=AB")]


def p95(times: list[float]) -> float:
    """The 95th percentile, in seconds."""
    return sorted(times)[int(len(times) * 0.95)]


def main(how_many: int = 20_000, rounds: int = 40, begins: str = "/") -> int:
    """Print two percentiles and their ratio for each page whose path begins so; 1 if any is longer than it may be."""
    with tempfile.TemporaryDirectory() as empty_folder, tempfile.TemporaryDirectory() as full_folder:
        begun = time.perf_counter()
        empty, full = Side(Path(empty_folder), 41), Side(Path(full_folder), how_many)
        print(f"{how_many} challenges raised in {time.perf_counter() - begun:.0f} s; {rounds} rounds a page")
        worst = 0.0
        for (person, here), (_, there) in zip(places(empty), places(full), strict=True):
            if not here.startswith(begins):
                continue
            pairs = [(empty.seconds(person, here), full.seconds(person, there)) for _ in range(rounds)]
            statuses = {pair[0][1] for pair in pairs}, {pair[1][1] for pair in pairs}
            if statuses != ({200}, {200}):
                continue
            before, after = p95([pair[0][0] for pair in pairs]), p95([pair[1][0] for pair in pairs])
            worst = max(worst, after / before)
            mark = "  <-- longer than it may be" if after / before > TIMES_LONGER_AT_MOST else ""
            print(f"{after / before:5.2f}  {before * 1000:6.1f} ms -> {after * 1000:6.1f} ms  {person:5} {there}{mark}")
        print(f"worst ratio {worst:.2f}; at most {TIMES_LONGER_AT_MOST} is allowed")
        return int(worst > TIMES_LONGER_AT_MOST)


if __name__ == "__main__":
    sys.exit(main(*(int(each) for each in sys.argv[1:3]), *sys.argv[3:4]))
