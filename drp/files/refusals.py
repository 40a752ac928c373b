"""Why a document is not taken: always Unfit, and of two kinds where the web has a status for it."""

from workflows.model.refusals import Unfit

FIELD = "file"
"""The field of a form that a refusal is shown beside."""


class TooLarge(Unfit):
    """The document, or what it unpacks to, is larger than is taken (413)."""


class WrongKind(Unfit):
    """The document is not of a kind that is taken, or is not whole (415)."""


def not_whole(what: str, do: str) -> WrongKind:
    """The refusal of a file that begins as one of its kind and does not go on so, or goes on as something else too."""
    return WrongKind(f"This {what} is not whole, or holds something besides.", do, FIELD)
