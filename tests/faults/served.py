"""The whole service as a process of its own: `python -m tests.faults.served PORT`, settings from the environment.

Its clock runs `FAULTS_AHEAD` seconds from the machine's, and a thread beats as the heartbeat would, as fast as it can.
"""

import os
import sys
import time
from datetime import datetime, timedelta
from threading import Thread

import uvicorn
from fastapi import FastAPI

from api.app import create_app
from api.assembly import system_clock
from api.jobs.heartbeat import beat_once


def serve(port: int, env: dict[str, str]) -> None:
    """Run until killed."""
    os.environ.update(env)
    ahead = timedelta(seconds=float(os.environ["FAULTS_AHEAD"]))

    def clock() -> datetime:
        return system_clock() + ahead

    app = create_app(clock=clock)

    def beating() -> None:
        while True:
            beat_once(app.state.service)
            time.sleep(0.02)

    Thread(target=beating, daemon=True).start()
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="error", access_log=False)


def serve_in_its_own_order(app: FastAPI, port: int) -> None:
    """As the server does by itself: it begins, and looks only then whether it can listen."""
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="critical", access_log=False)


if __name__ == "__main__":
    serve(int(sys.argv[1]), {})
