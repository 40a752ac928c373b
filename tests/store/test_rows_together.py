"""Rows that are written together stand in the database as one by one they would."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, insert, select

from drp.casework import save
from drp.casework.save import DECISION_ROWS, ITEM_ROWS
from drp.database import rows_together
from drp.database.challenge_tables import ChallengeRow, IdempotencyRow, WindowRow
from drp.database.register_tables import RegisterRow, StayRow
from drp.database.rows_together import ALL, ChangedRows, NewRows, write_together
from drp.database.scope import core_table
from tests.cast.stores import beside_the_service
from tests.cast.world import World

one_engine = pytest.mark.parametrize("store", ["sqlite"], indirect=True)
STRANGE = 'A “word” with "quotes", a \\ and a \\u0041, a tab\t, two\nlines, \u2028, \U0001f642, %s and :name'
AT = datetime(2026, 7, 1, 9, 30, 15, 123456, UTC)


def answer(**more: Any) -> dict[str, Any]:
    row = {
        "authority": "dunmoor", "person": UUID(int=7), "key": STRANGE, "body_hash": "b", "challenge": UUID(int=8), "entry": 3,
        "status": 200, "answer": {"z": [1, 2.5, None, True], "a": {"words": STRANGE}, "": ""}, "at": AT,
    }  # fmt: skip
    return row | more


def stay(sequence: int, **more: Any) -> dict[str, Any]:
    row = {
        "authority": "dunmoor", "id": UUID(int=9), "sequence": sequence, "kind": "challenge", "stage": "stage_1",
        "cause": "raised", "month": "2026-07", "reply": "none", "days_to_acknowledge": None, "days_to_answer": None,
    }  # fmt: skip
    return row | more


def line(n: int, **more: Any) -> dict[str, Any]:
    texts = dict.fromkeys(
        ("reference", "sheet", "kind", "month", "quarter", "item_type", "stage", "reason", "theme", "team", "service", "status",
         "outcome", "impact", "number", "number_folded"), STRANGE[:6],
    )  # fmt: skip
    row = {
        **texts, "authority": "dunmoor", "id": UUID(int=9), "n": n, "is_first": True, "is_first_of_theme": False,
        "raised_on": date(2026, 7, 1), "is_dual": False, "ended_on": None, "days_to_end": None, "child": None,
        "raiser": UUID(int=3),
    }  # fmt: skip
    return row | more


def stands(world: World, row: type[Any]) -> list[dict[str, Any]]:
    with world.store.read("dunmoor") as connection:
        table = core_table(row)
        return [dict(one) for one in connection.execute(select(table).order_by(*table.primary_key)).mappings()]


KINDS = (NewRows(IdempotencyRow), NewRows(RegisterRow, renews=ALL), NewRows(StayRow, renews=("reply", "days_to_answer")))


def test_every_value_is_read_as_it_was_written(world: World) -> None:
    ended = line(1, child=UUID(int=4), ended_on=date(2027, 1, 31), days_to_end=5)
    rows = {"idempotency": [answer()], "register": [line(0), ended], "stay": [stay(1)]}
    with world.store.write("dunmoor") as connection:
        write_together(connection, KINDS, rows)
    assert stands(world, IdempotencyRow) == rows["idempotency"]
    assert list(stands(world, IdempotencyRow)[0]["answer"]) == ["z", "a", ""], "in the order in which it was answered"
    assert stands(world, RegisterRow) == rows["register"]
    assert stands(world, StayRow) == rows["stay"]


def test_they_are_what_single_statements_write(world: World) -> None:
    rows = {"idempotency": [answer(), answer(key="2")], "register": [line(0)], "stay": [stay(1), stay(2)]}
    with world.store.write("dunmoor") as connection:
        write_together(connection, KINDS, rows)
    kept = {kind.row: stands(world, kind.row) for kind in KINDS}
    with beside_the_service(world.store, "dunmoor") as connection:
        for kind in KINDS:
            connection.execute(delete(kind.table))
            connection.execute(insert(kind.table), list(rows[kind.table.name]))
    assert {kind.row: stands(world, kind.row) for kind in KINDS} == kept


def test_what_is_put_anew_takes_the_place_of_what_stood_there(world: World) -> None:
    with world.store.write("dunmoor") as connection:
        write_together(connection, KINDS, {"register": [line(0)], "stay": [stay(1)]})
    later = {
        "register": [line(0, outcome="resolved", is_dual=True), line(1)],
        "stay": [stay(1, reply="late", stage="other"), stay(2)],
    }
    with world.store.write("dunmoor") as connection:
        write_together(connection, KINDS, later)
    assert stands(world, RegisterRow) == later["register"]
    assert stands(world, StayRow) == [stay(1, reply="late"), stay(2)], "of a visit two columns alone are renewed"


def test_nothing_is_nothing(world: World) -> None:
    with world.store.write("dunmoor") as connection:
        write_together(connection, KINDS, {"register": [], "stay": []})
        write_together(connection, (), {"register": [line(0)]})
    assert stands(world, RegisterRow) == []


CHANGED = ChangedRows(StayRow, ("authority", "id"), "sequence", without=("kind",))
"""For a test: visits by their item, with the number of the visit in the place of a version."""


def test_a_row_is_changed_at_the_version_that_was_read_and_at_no_other(world: World) -> None:
    with beside_the_service(world.store, "dunmoor") as connection:
        write_together(connection, KINDS, {"stay": [stay(1), stay(5, id=UUID(int=10))]})
    with beside_the_service(world.store, "dunmoor") as connection:
        assert CHANGED.write(connection, [stay(1, stage="new"), stay(4, id=UUID(int=10), stage="never")]) == 1
    assert stands(world, StayRow) == [stay(2, stage="new"), stay(5, id=UUID(int=10))]


def test_the_tables_of_a_decision_are_named_with_all_their_columns() -> None:
    """A column that a migration adds is written, or is named among those that are not."""
    left_out = {kind.table.name: kind.without for kind in (*ITEM_ROWS, *DECISION_ROWS) if kind.without}
    assert left_out == {"delivery": ("opened_at",)}
    assert ChallengeRow in {kind.row for kind in ITEM_ROWS}
    assert next(kind for kind in DECISION_ROWS if kind.row is WindowRow).renews == ALL


@one_engine
def test_planted_a_kind_of_value_that_is_kept_as_it_comes_is_caught(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def as_it_comes(table: Any, columns: Any) -> Any:
        return lambda row: tuple(str(row[name]) for name in columns)

    monkeypatch.setattr(rows_together, "cells_of", as_it_comes)
    rows_together.for_one_table.cache_clear()
    with pytest.raises(Exception):  # noqa: B017 -- whichever fails first
        test_every_value_is_read_as_it_was_written(world)
    rows_together.for_one_table.cache_clear()


@one_engine
def test_planted_a_decision_that_forgets_a_table_is_caught(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    fewer = tuple(kind for kind in DECISION_ROWS if kind.row is not WindowRow)
    monkeypatch.setattr(save, "DECISION_ROWS", fewer)
    reference = world.as_("irene").raises(item_type="formal").json()["reference"]
    with pytest.raises(AssertionError):
        assert world.count(WindowRow) > 0, reference
