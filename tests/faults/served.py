"""The whole service as a process of its own: `python -m tests.faults.served PORT`, settings from the environment.

Its clock runs `FAULTS_AHEAD` seconds from the machine's, or stands at `FAULTS_STANDS_AT` until the file `FAULTS_GO` is there and
runs from then on: however long several take to start, they begin together. Threads beat then as the heartbeat would, as fast
as they can; with neither, its own heartbeat beats by the machine's clock. `FAULTS_HOLD` seconds away count as an outage.
"""

import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import uvicorn
from fastapi import FastAPI, Request

from api.app import create_app
from api.assembly import Clock, Service, system_clock
from api.jobs.heartbeat import deliver_authority, each_authority, tick_authority, write_reports_of
from api.serving import serve_until_told, take_port


def serve(port: int, env: dict[str, str]) -> None:
    """Run until killed."""
    os.environ.update(env)
    clock = another_clock()
    app = create_app(clock=clock or system_clock)
    if hold := os.environ.get("FAULTS_HOLD"):
        app.state.service.casework.hold_after = timedelta(seconds=float(hold))

    def beating(*works: Callable[[Service, str], object]) -> None:
        while True:
            each_authority(app.state.service, *works)
            time.sleep(0.02)

    if os.environ.get("FAULTS_PLANT") == "leak":
        leak_files(app)
    if clock:
        # As the service has it: a look waits for no mail, so what is away is the replica, not its turn.
        Thread(target=beating, args=(tick_authority,), daemon=True).start()
        Thread(target=beating, args=(write_reports_of, deliver_authority), daemon=True).start()
    serve_until_told(app, take_port("127.0.0.1", port), "error")


def another_clock() -> Clock | None:
    """The clock that the environment names, or None where it is to be the machine's."""
    if "FAULTS_STANDS_AT" in os.environ:
        begins, go = datetime.fromisoformat(os.environ["FAULTS_STANDS_AT"]), Path(os.environ["FAULTS_GO"])

        def stands() -> datetime:
            return begins + (system_clock() - datetime.fromtimestamp(go.stat().st_mtime, UTC)) if go.exists() else begins

        return stands
    if "FAULTS_AHEAD" in os.environ:
        ahead = timedelta(seconds=float(os.environ["FAULTS_AHEAD"]))
        return lambda: system_clock() + ahead
    return None


def leak_files(app: FastAPI) -> None:
    """The planted bug: each request leaves a file open."""
    left: list[object] = []

    @app.middleware("http")
    async def leaks(request: Request, call_next: Any) -> Any:
        left.append(os.open(os.devnull, os.O_RDONLY))
        return await call_next(request)


def serve_in_its_own_order(app: FastAPI, port: int) -> None:
    """As the server does by itself: it begins, and looks only then whether it can listen."""
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="critical", access_log=False)


if __name__ == "__main__":
    serve(int(sys.argv[1]), {})
