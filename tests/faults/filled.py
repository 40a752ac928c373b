"""The service on a disk that fills up and is given room again, as one function that runs here or in a child process."""

import resource
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from api.app import create_app
from drp.database.engine import Store
from tests.cast.marsh import RAISED
from tests.faults.checker import faults, lost
from tests.faults.world import founded, raise_body, settings


def on_a_full_disk(
    template: Path, database: Path, var: Path, full: Callable[[], None], room: Callable[[], None]
) -> dict[str, Any]:
    """Raise until the disk is full, read meanwhile, go on when there is room; gives what happened and what is amiss."""
    shutil.copy(template, database)
    store = Store(f"sqlite:///{database}")
    _, tokens = founded(store)
    full()
    with TestClient(create_app(settings(store.url, var), lambda: RAISED), raise_server_exceptions=False) as client:

        def ask(method: str, path: str, who: str = "irene", body: Any = None, key: str = "") -> Any:
            headers = {"Authorization": f"Bearer {tokens[who]}"} | ({"Idempotency-Key": key} if key else {})
            return client.request(method, f"/api/v1{path}", json=body, headers=headers)

        acknowledged: list[dict[str, Any]] = []
        statuses: list[int] = []
        refused: list[str] = []
        for n in range(120):
            body = raise_body(f"k{n}")
            answer = ask("POST", "/challenges", body=body, key=f"k{n}")
            statuses.append(answer.status_code)
            if answer.status_code == 201:
                acknowledged.append({"key": f"k{n}", "body": body, "answer": answer.json()})
            else:
                refused.append(f"k{n}")
            if len(refused) == 5:
                break
        known = acknowledged[0]["answer"]["reference"]
        reads = [
            ask("GET", path).status_code for path in ("/challenges", f"/challenges/{known}", f"/challenges/{known}/timeline")
        ]
        reads += [ask("GET", path, "tess").status_code for path in ("/inbox", f"/challenges/{known}")]
        while_full = lost(store, acknowledged) + faults(store)
        room()
        again = [ask("POST", "/challenges", body=raise_body(key), key=key).status_code for key in refused]
        retried = ask("POST", "/challenges", body=acknowledged[-1]["body"], key=acknowledged[-1]["key"]).json()
        same = retried == acknowledged[-1]["answer"]
        amiss = while_full + lost(store, acknowledged) + faults(store)
    store.close()
    return {
        "acknowledged": len(acknowledged), "statuses": sorted(set(statuses)), "reads": reads, "again": again, "same": same,
        "amiss": amiss,
    }  # fmt: skip


def in_a_child(template: str, folder: str, most: int, answers: Any) -> None:
    """With a limit on the size of files in place of a full disk: it binds this process only."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    def full() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))

    def room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))

    here = Path(folder)
    try:
        answers.put(on_a_full_disk(Path(template), here / "drp.sqlite", here / "var", full, room))
    except BaseException as error:
        answers.put({"error": repr(error)})
