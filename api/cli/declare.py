"""A command is declared by its name, its options and where its work is done; what does the work is imported when it runs."""

import os
import re
import sys
from collections.abc import Callable
from contextlib import closing
from functools import wraps
from importlib import import_module
from inspect import signature
from typing import TYPE_CHECKING, Any, NoReturn

import typer

if TYPE_CHECKING:
    from api.assembly import Service
    from drp.settings import Settings
    from workflows.model.authority import Rules

Declared = Callable[..., None]
WORK: dict[Declared, str] = {}
"""Each declared command, and where its work is done."""


def declare(group: typer.Typer, name: str, work: str, is_service: bool = False) -> Callable[[Declared], Declared]:
    """Declare a command of a group. `work`: a module and a function in it, as module:function.

    The work gets what the command declares, by the same names, and an open service where it has a parameter of that name.
    What it returns is the exit status: none, or 0, where all is well. `is_service`: it does a part of the service's own work,
    and waits no longer than the service; other commands may bring in a whole directory.
    """

    def declared(command: Declared) -> Declared:
        @wraps(command)
        def run(**given: Any) -> None:
            function = work_of(work)
            if "service" not in signature(function).parameters:
                raise SystemExit(function(**given))
            with closing(_open_service(is_service)) as service:
                raise SystemExit(function(service, **given))

        WORK[command] = work
        return group.command(name)(run)

    return declared


def work_of(work: str) -> Callable[..., int | None]:
    """The function that does a command's work."""
    module, _, function = work.partition(":")
    found: Callable[..., int | None] = getattr(import_module(module), function)
    return found


def _open_service(is_service: bool) -> "Service":
    """The service, ready to act. Ends the command where a key is missing, or the database is not of this release."""
    from api.assembly import assemble_service
    from api.keys import KeyMissing
    from api.readiness import NotReady, check_ready
    from drp.database.engine import OF_AN_OPERATOR

    try:
        service = assemble_service(read_settings(), waits=None if is_service else OF_AN_OPERATOR)
        check_ready(service)
    except (KeyMissing, NotReady, ValueError) as refused:
        end(str(refused))
    return service


def read_settings() -> "Settings":
    """The settings of the environment. Ends the command, a line for each fault, where any is misspelt or cannot be."""
    from pydantic import ValidationError
    from pydantic_settings import SettingsError

    from drp.settings import Settings, faults_in_settings, misspelt_settings

    faults = list(misspelt_settings(os.environ))
    try:
        settings = Settings()
    except ValidationError as fault:
        faults += faults_in_settings(fault)
    except SettingsError as fault:
        named = re.search(r'field "(\w+)"', str(fault))
        faults.append(f"{f'DRP_{named[1].upper()}' if named else 'One of them'} is not written as JSON")
    if faults:
        end("\n".join(["The settings cannot be right. Nothing was done.", *(f"  {line}" for line in faults)]))
    return settings


def rules_in_force(service: "Service", authority: str) -> "tuple[Rules, ...]":
    """An authority's ladders in force. Ends the command where there is no such authority."""
    with service.store.read(authority) as connection:
        current = service.casework.procedures.current(connection, authority)
    if not current:
        end(f"There is no authority {authority} here. `drp audit verify` lists those that there are.")
    return current


def end(said: str) -> NoReturn:
    """End a command that is refused: in a line, with exit status 1."""
    print(said, file=sys.stderr)
    raise SystemExit(1)
