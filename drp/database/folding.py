"""One spelling for what people write in several: numbers, references, keys and addresses, and names to be found by.

What is kept is shown as it was first written; a folded column beside it is what every edge looks for. Folding joins nothing.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

_HYPHENS = {ord(mark): "-" for mark in "\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u2212\ufe58\ufe63\uff0d\u00ad\u1806"}
_INVISIBLE = ("Cf", "Cc", "Cs", "Co", "Cn")
_ZEROS = re.compile(r"(?<![0-9])0+(?=[0-9])")


def fold(text: str) -> str:
    """A number, reference, key or address in its one spelling.

    Compatibility form (NFKC), every hyphen alike, invisible marks out, one space between words, case folded.
    """
    if text.isascii() and text.isprintable():
        return " ".join(text.split()).casefold()
    plain = unicodedata.normalize("NFKC", text.translate(_HYPHENS)).translate(_HYPHENS)
    seen = "".join(" " if mark.isspace() else mark for mark in plain if mark.isspace() or not _is_invisible(mark))
    return " ".join(unicodedata.normalize("NFKC", seen.casefold()).split())


def _is_invisible(mark: str) -> bool:
    return unicodedata.category(mark) in _INVISIBLE or "\ufe00" <= mark <= "\ufe0f" or mark in "\u034f\u115f\u1160\u3164\uffa0"


def fold_name(text: str) -> str:
    """A name as it is looked for: folded, and without accents; the same on both engines."""
    folded = fold(text)
    if folded.isascii():
        return folded
    plain = "".join(mark for mark in unicodedata.normalize("NFD", folded) if unicodedata.category(mark) != "Mn")
    return " ".join(unicodedata.normalize("NFC", plain).split())


def without_zeros(text: str) -> str:
    """A folded number without the zeros that its figures begin with: what differs by no more is near, and not the same."""
    return _ZEROS.sub("", fold(text))


Folding = Callable[[str], str]
FOLDED: Mapping[str, Mapping[str, tuple[str, Folding]]] = {
    "person": {"key_folded": ("key", fold), "email_folded": ("email", fold), "name_folded": ("name", fold_name)},
    "unit": {"name_folded": ("name", fold_name)},
    "child": {"number_folded": ("number", fold)},
    "register": {"number_folded": ("number", fold)},
}
"""The folded columns of each table: what each is made from, and how."""


def folded_default(table: str, column: str) -> dict[str, Any]:
    """What a column definition needs so that a new row has its folded value."""
    of, folding = FOLDED[table][column]

    def default(context: Any) -> str:
        return folding(context.get_current_parameters().get(of) or "")

    return {"default": default}


def folded_values(table: str, row: Mapping[str, Any]) -> dict[str, str]:
    """The folded values of a changed row: of those columns that the row says anything of."""
    return {name: folding(row[of]) for name, (of, folding) in FOLDED.get(table, {}).items() if of in row}
