"""How values are kept as JSON in rows: read and written by one library, several times as fast as Python's own.

What is hashed is never written by it: the chain's text is `drp.timeline.chain.canonical_text`.
"""

from typing import Any

import orjson

from_json = orjson.loads
"""A value from JSON text. Raises ValueError."""


def to_json(value: Any) -> str:
    """A value as JSON text, as UTF-8 reads; instants, days and identities as they are written. Raises TypeError."""
    return orjson.dumps(value).decode()
