"""Frozen values with some of their fields changed, made without their constructor: a decision makes dozens of them."""

from typing import Any, TypeVar

Value = TypeVar("Value")


def altered(value: Value, **changes: Any) -> Value:
    """The same frozen value with some fields changed: what `dataclasses.replace` gives, eight times as fast.

    For values that work nothing out when they are made (no `__post_init__`, nothing cached): a test holds every class of
    `workflows.model` against that. Raises TypeError for a field that there is not.
    """
    made = object.__new__(type(value))
    fields = made.__dict__
    fields.update(value.__dict__)
    count = len(fields)
    fields.update(changes)
    if len(fields) != count:
        raise TypeError(f"{type(value).__name__} has no such field: {', '.join(sorted(changes.keys() - value.__dict__.keys()))}")
    return made
