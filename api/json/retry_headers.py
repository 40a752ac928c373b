"""The headers that make a repeat of a request harmless, also across a restore."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header


@dataclass(frozen=True)
class RepeatHeaders:
    """What a program says of its request: its own key, and which restore it knows of. Empty: not said."""

    key: str
    made_after: str


def repeat_headers(
    idempotency_key: Annotated[
        str, Header(alias="Idempotency-Key", max_length=128, pattern=r"^[!-~]*$", description="Makes a repeat harmless.")
    ] = "",
    made_after: Annotated[
        str,
        Header(
            alias="Made-After-Restore",
            max_length=32,
            pattern=r"^[!-~]*$",
            description="For a week after a restore, with a new `Idempotency-Key`: what the refusal (`restored-since`) names.",
        ),
    ] = "",
) -> RepeatHeaders:
    """Read both headers."""
    return RepeatHeaders(idempotency_key, made_after)


SaidOfRepeats = Annotated[RepeatHeaders, Depends(repeat_headers)]
