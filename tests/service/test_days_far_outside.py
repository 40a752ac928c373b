"""A day far outside any sense, in any field of any body or query: refused with the field named, never a fault, never kept."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from tests.cast.world import World
from workflows.decision import sensible_days
from workflows.decision.sensible_days import FIRST_DAY, LAST_DAY, is_sensible

FAR = ("0001-01-01", "1899-12-31", "1970-01-01", "1989-12-31", "2100-01-01", "9999-12-31")
NO_DAY = ("0000-00-00", "0000-01-01", "10000-01-01", 0, -62135596800, 253402300799)
MONTHS = ("0000", "0001", "0001-01", "0001-Q1", "9998", "9999", "9999-12", "9999-Q4", "2100-01")


def described(document: dict[str, Any], shape: dict[str, Any]) -> dict[str, Any]:
    """A shape, followed to where it is described."""
    while "$ref" in shape:
        shape = document["components"]["schemas"][shape["$ref"].rpartition("/")[2]]
    return shape


def days_in(document: dict[str, Any], shape: dict[str, Any], path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Where a body holds a day or an instant."""
    shape = described(document, shape)
    if shape.get("format") in ("date", "date-time"):
        yield path
    for one in shape.get("anyOf", []):
        yield from days_in(document, one, path)
    for name, inner in shape.get("properties", {}).items():
        yield from days_in(document, inner, (*path, name))
    if isinstance(inner := shape.get("items"), dict):
        yield from days_in(document, inner, (*path, 0))
    if isinstance(inner := shape.get("additionalProperties"), dict):
        yield from days_in(document, inner, (*path, "the review"))


def whole(document: dict[str, Any], shape: dict[str, Any], name: str = "") -> Any:
    """The least that a shape takes."""
    shape = described(document, shape)
    for one in ("const", "default"):
        if one in shape:
            return shape[one]
    if "enum" in shape:
        return shape["enum"][0]
    if "anyOf" in shape:
        return whole(document, shape["anyOf"][0], name)
    if shape.get("type") == "object":
        known = shape.get("properties", {})
        needed = dict.fromkeys([*shape.get("required", []), *(key for key, one in known.items() if "const" in one)])
        return {key: whole(document, known[key], key) for key in needed}
    if shape.get("type") == "array":
        return [whole(document, shape["items"], name) for _ in range(shape.get("minItems", 0))]
    kinds = {"integer": 1, "number": 1, "boolean": True}
    texts = {"date": "2026-04-01", "date-time": "2026-04-02T10:00:00Z"}
    return kinds.get(shape.get("type", ""), texts.get(shape.get("format", ""), "w"))


def with_value(body: Any, path: tuple[str | int, ...], value: Any, document: dict[str, Any], shape: dict[str, Any]) -> Any:
    """A body with a value at a place; what stands on the way there is made."""
    if not path:
        return value
    head, *rest = path
    shape = described(document, shape)
    shape = next((described(document, one) for one in shape.get("anyOf", []) if one.get("type") != "null"), shape)
    if isinstance(head, int):
        inner = shape["items"]
        return [with_value(whole(document, inner), tuple(rest), value, document, inner)]
    inner = shape.get("properties", {}).get(head) or shape.get("additionalProperties") or {}
    held = body if isinstance(body, dict) else {}
    return {**held, head: with_value(held.get(head, whole(document, inner)), tuple(rest), value, document, inner)}


def bodies(world: World) -> list[tuple[str, dict[str, Any], tuple[str | int, ...]]]:
    """Every place of every body of the JSON interface that holds a day: the address, the body's shape, and where."""
    document, found = world.contract.document, []
    for path, operations in document["paths"].items():
        for operation in operations.values():
            shape = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
            for one in shape.get("oneOf", [shape]) if shape else ():
                found += [(path, one, place) for place in days_in(document, one)]
    return found


def named(answer: Any) -> str:
    """What a refusal names, and says."""
    return f"{answer.json()}"


def every_field_refuses(world: World) -> None:
    """Fail where a day of no childhood is answered by anything but 422 with the field named, or anything was kept."""
    irene = world.as_("irene")
    reference = str(irene.raises().json()["reference"])
    before = {table: world.count(table) for table in kept()}
    places = bodies(world)
    assert len(places) >= 55
    for path, shape, place in places:
        document = world.contract.document
        body = whole(document, shape)
        is_instant = "date-time" in str(field_at(document, shape, place))
        address = path.removeprefix("/api/v1").replace("{reference}", reference).replace("{decision}", str(world.id("sam")))
        for day in (*FAR, *NO_DAY):
            far = f"{day}T00:00:00Z" if is_instant and isinstance(day, str) else day
            answer = irene.post(address, with_value(body, place, far, document, shape), **headers_of(path, far))
            assert answer.status_code == 422, (path, place, far, answer.status_code, answer.text)
            assert str(place[-1] if isinstance(place[-1], str) else place[0]) in named(answer), (path, place, far, answer.text)
    assert {table: world.count(table) for table in before} == before


def field_at(document: dict[str, Any], shape: dict[str, Any], place: tuple[str | int, ...]) -> dict[str, Any]:
    """The shape of a place."""
    for part in place:
        shape = described(document, shape)
        shape = next((described(document, one) for one in shape.get("anyOf", []) if one.get("type") != "null"), shape)
        properties = shape.get("properties", {})
        shape = shape["items"] if isinstance(part, int) else properties.get(str(part)) or shape["additionalProperties"]
    return shape


def headers_of(path: str, far: object) -> dict[str, str]:
    """A mark of its own for what asks for one."""
    return {"Idempotency_Key": f"k{far}"} if path.endswith("told-otherwise") else {}


def kept() -> list[Any]:
    """Where a day would stand, had it been kept."""
    from drp.database.challenge_tables import ChallengeRow, EntryRow, WindowRow
    from drp.database.message_tables import NotificationRow

    return [ChallengeRow, EntryRow, WindowRow, NotificationRow]


def test_every_day_of_every_body_is_one_that_the_service_can_be_about(world: World) -> None:
    every_field_refuses(world)


def test_every_period_of_every_query_is_one_that_the_service_can_be_about(world: World) -> None:
    mona = world.as_("mona")
    asked = 0
    for path in ("/themes", "/register"):
        operation = world.contract.document["paths"][f"/api/v1{path}"]["get"]
        for parameter in operation["parameters"]:
            name = parameter["name"]
            for month in MONTHS if name in ("since", "until", "came_since", "came_until", "year", "quarter", "month") else ():
                answer = mona.get(path, **{name: month})
                assert answer.status_code == 422, (path, name, month, answer.text)
                assert name in answer.text
                asked += 1
    assert asked >= 60
    assert mona.get("/themes", since="1990", until="2098").status_code == 200


def test_the_first_and_the_last_day_of_the_rule_pass(world: World) -> None:
    assert [is_sensible(day) for day in (FIRST_DAY, LAST_DAY, date(1989, 12, 31), date(2100, 1, 1))] == [True, True, False, False]
    irene = world.as_("irene")
    assert irene.raises(first_known_on="1990-01-01").status_code == 201


def test_planted_a_rule_that_takes_every_day_is_noticed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sensible_days, "FIRST_DAY", date.min)
    monkeypatch.setattr(sensible_days, "LAST_DAY", date.max)
    with pytest.raises((AssertionError, OverflowError)):
        every_field_refuses(world)
