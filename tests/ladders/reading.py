"""Folders of ladder files, read as the service reads them."""

from functools import cache
from pathlib import Path

import workflows
from workflows.ladder_language.reader import AuthorityProcedures, Unreadable, read_procedures
from workflows.ladder_language.strict_yaml import FileFault
from workflows.model.ladder import Ladder

SHIPPED = Path(workflows.__path__[0]) / "authorities"
INVENTED = Path(__file__).parent / "invented"
AUTHORITIES = ("derby", "durham", "north_yorkshire", "thurrock")
INVENTIONS = ("eastmoor", "hartsea", "vale_of_arrow")


def texts(folder: Path) -> dict[str, str]:
    """Every file of a folder, by name."""
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.yaml"))}


@cache
def procedures(name: str) -> AuthorityProcedures:
    """The procedures of a shipped or an invented authority."""
    return read_procedures(texts((SHIPPED if name in AUTHORITIES else INVENTED) / name))


def ladder(name: str, key: str, version: str = "") -> Ladder:
    """One ladder of an authority."""
    (found,) = (one for one in procedures(name).ladders if one.key == key and version in ("", one.version))
    return found


def faults(files: dict[str, str]) -> tuple[FileFault, ...]:
    """What is refused in some files; none if they read."""
    try:
        read_procedures(files)
    except Unreadable as refusal:
        return refusal.faults
    return ()
