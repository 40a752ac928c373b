"""PostgreSQL's own programs, of the server's own version: a dump by an older one fails, by a newer one may not come back."""

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

import psycopg

from drp.backup.manifest import BackupRefused

DEBIAN = "/usr/lib/postgresql/{major}/bin"
"""Where Debian and Ubuntu keep each version's programs beside the others'."""

_ENVIRONMENT = {option.keyword.decode(): option.envvar.decode() for option in psycopg.pq.Conninfo.get_defaults() if option.envvar}


def find_program(name: str, major: int) -> Path:
    """The program of this major version. Raises Refused, naming the version wanted and those that were found."""
    folders = [DEBIAN.format(major=major), *os.environ.get("PATH", "").split(os.pathsep)]
    others: list[str] = []
    for path in (Path(folder) / name for folder in folders if folder):
        if path.is_file() and os.access(path, os.X_OK):
            version = _version(path)
            if version == major:
                return path
            others.append(f"{path} is {version or 'none'}")
    found = f" ({'; '.join(others)})" if others else ""
    raise BackupRefused(
        f"The server is PostgreSQL {major}, and there is no {name} {major} in {folders[0]} or on PATH{found}. "
        f"Nothing was written. Install postgresql-client-{major}, or put the folder of {name} {major} on PATH; run this again."
    )


def _version(path: Path) -> int:
    try:
        said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False, timeout=30).stdout
    except (OSError, subprocess.TimeoutExpired):
        return 0
    matched = re.search(r"\(PostgreSQL\) (\d+)", said)
    return int(matched[1]) if matched else 0


def program_environment(connection: psycopg.Connection) -> Mapping[str, str]:
    """How a program reaches the same database: by its environment, for a command line can be read by everybody."""
    info = connection.info
    given = {_ENVIRONMENT[name]: value for name, value in info.get_parameters().items() if name in _ENVIRONMENT}
    return os.environ | given | ({"PGPASSWORD": info.password} if info.password else {})


def run_program(command: list[str], env: Mapping[str, str]) -> bytes:
    """What a program writes. Raises Refused with what it said."""
    ended = subprocess.run(command, env=dict(env), capture_output=True, check=False)
    if ended.returncode:
        raise failure_in_words(command[0], ended.stderr)
    return ended.stdout


def failure_in_words(program: str, said: bytes) -> BackupRefused:
    """What a program said when it gave up."""
    words = said.decode("utf-8", "replace").strip()[-600:]
    return BackupRefused(
        f"{Path(program).name} gave up: {words}. Nothing is left of what was begun. Put that right, and run this again."
    )
