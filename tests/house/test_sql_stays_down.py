"""SQL stays on floor 2: above it nothing makes a statement, runs one, or names a table's row class."""

import ast
from collections.abc import Iterator

import pytest

from tests.house.test_house import modules, name_of

ABOVE = modules("notifications", "api")
"""The files of floors 3 and 4 that this is asked of."""

MAY_TAKE = {
    "sqlalchemy": {"Connection", "RowMapping"},
    "sqlalchemy.exc": {"IntegrityError", "ProgrammingError", "SQLAlchemyError"},
}
"""What they may take of SQLAlchemy: the names of what they pass on, and the errors that they catch."""

RUNS = {"execute", "exec_driver_sql", "scalar", "scalars", "__table__"}
"""What runs a statement on a connection, and where one can begin at a table."""


def row_classes() -> frozenset[str]:
    """Every class of floor 2 that is a table's row, and what they all are."""
    classes = (node for path in modules("drp") for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    found = {
        node.name
        for node in classes
        if isinstance(node, ast.ClassDef) and any(isinstance(base, ast.Name) and base.id == "Row" for base in node.bases)
    }
    return frozenset(found | {"Row"})


ROWS = row_classes()


def sql_in(text: str) -> Iterator[tuple[int, str]]:
    """What of SQL a module has, with the line: what it imports, calls or names."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                is_sql = node.module.partition(".")[0] in ("sqlalchemy", "sqlmodel")
                if is_sql and alias.name not in MAY_TAKE.get(node.module, ()):
                    yield node.lineno, f"{node.module}.{alias.name}"
                elif node.module.startswith("drp") and (alias.name in ROWS or _is_tables(f"{node.module}.{alias.name}")):
                    yield node.lineno, alias.name
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.partition(".")[0] in ("sqlalchemy", "sqlmodel") or _is_tables(alias.name):
                    yield node.lineno, alias.name
        elif isinstance(node, ast.Attribute) and node.attr in RUNS | (ROWS - {"Row"}):
            yield node.lineno, node.attr


def _is_tables(name: str) -> bool:
    """Is it a module that holds tables?"""
    return name.startswith("drp.database.") and name.endswith("tables")


def test_no_statement_and_no_row_class_above_floor_2():
    assert len(ABOVE) > 50
    found = [f"{name_of(path)}:{line}: {what}" for path in ABOVE for line, what in sql_in(path.read_text(encoding="utf-8"))]
    assert found == []


PLANTED = {
    "a statement": "from sqlalchemy import Connection, select",
    "a statement under another name": "from sqlalchemy import update as change",
    "a function of the database": "from sqlalchemy import func, exists",
    "an upsert": "from sqlalchemy.dialects import postgresql",
    "all of the library": "import sqlalchemy as sa",
    "a column": "from sqlmodel import col",
    "a row class": "from drp.database.tables import PersonRow",
    "a row class from elsewhere": "from drp.register.write import SheetRow",
    "every row class": "from drp.database import directory_tables",
    "every row class by its path": "import drp.database.tables",
    "a row class of a module": "from drp.register import write\nwrite.SheetRow",
    "a table of something": "kind.__table__",
    "text that is run": "connection.execute(query)",
    "text for the driver": "connection.exec_driver_sql('SELECT 1')",
}


@pytest.mark.parametrize("planted", PLANTED.values(), ids=PLANTED)
def test_planted_sql_above_floor_2_is_found(planted):
    assert list(sql_in(planted))


def test_what_is_only_passed_on_is_left_alone():
    allowed = (
        "from sqlalchemy import Connection, RowMapping",
        "from sqlalchemy.exc import IntegrityError",
        "from drp.casework import load",
    )
    assert list(sql_in("\n".join(allowed))) == []
    assert {"PersonRow", "SheetRow", "DraftRow"} <= ROWS
