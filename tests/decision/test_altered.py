"""Values with other fields are made without their constructor: nothing may be lost by that."""

from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from inspect import getmembers, isclass
from typing import Any

import pytest

from tests.cast.rules import SHIPPED
from tests.decision.states import raised_at
from workflows.calendar.working_days import Promise
from workflows.decision.recipients import About
from workflows.model import challenge, events
from workflows.model.altered import altered
from workflows.model.events import Noted

ALTERED = [
    kind
    for module in (challenge, events)
    for _, kind in getmembers(module, isclass)
    if is_dataclass(kind) and kind.__module__ == module.__name__
]


def makes_nothing_of_its_own(kind: type[Any]) -> bool:
    """Is everything that a value of this class has given to its constructor?"""
    works_out = hasattr(kind, "__post_init__") or any(isinstance(one, cached_property) for one in vars(kind).values())
    return not works_out and all(each.init for each in fields(kind))


@pytest.mark.parametrize("kind", [*ALTERED, Promise, About], ids=lambda kind: kind.__name__)
def test_what_decisions_alter_is_made_of_what_it_is_given(kind: type[Any]) -> None:
    assert makes_nothing_of_its_own(kind)


def test_it_is_what_the_constructor_makes() -> None:
    rules = next(iter(SHIPPED.values()))()
    item = raised_at(rules, rules.ladder.stages[0]).challenge
    window = item.windows[0]
    values = (item, window, window.asked[0], window.promise, item.visits[0], Noted("Words."), About("a", "iro"))
    for value in values:
        before = replace(value)  # type: ignore[type-var]
        for each in fields(value):  # type: ignore[arg-type]
            if each.init:
                other = object()
                made = altered(value, **{each.name: other})
                assert made == replace(value, **{each.name: other}), each.name  # type: ignore[type-var]
                assert type(made) is type(value)
        assert value == before, "the value itself is as it was"
    assert hash(altered(window.key, n=3)) == hash(replace(window.key, n=3))


def test_a_field_that_there_is_not_is_refused() -> None:
    with pytest.raises(TypeError, match="Noted has no such field: at"):
        altered(Noted("Words."), at=datetime(2026, 4, 1, tzinfo=UTC))


def test_planted_a_value_that_works_something_out_is_caught() -> None:
    from workflows.calendar.working_days import Length
    from workflows.model.authority import Authority

    assert not makes_nothing_of_its_own(Length), "it looks at its number when it is made"
    assert not makes_nothing_of_its_own(Authority), "it keeps what it worked out"
