"""Events as JSON brings them: those that climb, end, reopen, recall or extend may say for which stage and stay (`seen`)."""

from dataclasses import dataclass, fields
from types import new_class
from typing import Annotated, Any, Union

from fastapi import Body
from pydantic import Field

from workflows.decision.event_rules import NEEDS_PRECONDITION
from workflows.model.events import EXTERNAL_TYPES, ClosedValue, Event


@dataclass(frozen=True)
class StageSeen(ClosedValue):
    """The stage's key and the number of the stay there, as the item showed them (`stage.key`, `stay`)."""

    stage: Annotated[str, Field(max_length=64)]
    stay: int


def body_of(kind: type[Event]) -> type[Event]:
    """The same kind of event, with the field `seen` beside its own where it needs to be said for what it is meant."""
    if kind not in NEEDS_PRECONDITION:
        return kind

    def fill(namespace: dict[str, Any]) -> None:
        namespace |= {
            "__annotations__": {"seen": StageSeen | None},
            "__module__": kind.__module__,
            "__doc__": kind.__doc__,
            "seen": None,
        }

    return dataclass(frozen=True)(new_class(kind.__name__, (kind,), {"type": kind.type}, fill))


EventBody: Any = Annotated[Union[tuple(body_of(kind) for kind in EXTERNAL_TYPES)], Body(discriminator="type")]  # noqa: UP007
"""What a person may bring over JSON."""

_KINDS = {kind.type: kind for kind in EXTERNAL_TYPES}


def split_body(body: Event) -> tuple[Event, StageSeen | None]:
    """The event of a body, and for which stage and stay it says that it is meant."""
    kind, seen = _KINDS[body.type], getattr(body, "seen", None)
    if type(body) is kind:
        return body, seen
    named = [each.name for each in fields(kind) if each.name != "type"]  # type: ignore[arg-type]
    return kind(**{name: getattr(body, name) for name in named}), seen
