"""Papers as tagged PDF: everything comes as data, nothing that somebody wrote is ever markup, nothing is dropped."""

import json
from collections.abc import Mapping, Sequence
from unicodedata import category

import typst

_LATIN = 0x24F
"""The last of the Latin letters that every font at hand draws."""


class NotDrawn(Exception):
    """The PDF could not be made; the message is the typesetter's own. The HTML and the JSON hold everything."""


def typeset_paper(source: bytes, contents: Mapping[str, object], inputs: Mapping[str, str], elsewhere: str) -> bytes:
    """A paper from its source and contents (as `contents` in the source). Raises NotDrawn.

    A character that no font at hand can draw is written as its code, and the paper is told so as `undrawn`; `elsewhere` says
    where such characters stand as they were written.
    """
    text = json.dumps(contents, ensure_ascii=False)
    try:
        return _drawn(source, text, inputs, elsewhere, undrawable(text))
    except typst.TypstError:
        # Something in it stops the typesetter all the same: every mark beyond Latin letters stands as its code, so that there
        # is a paper.
        try:
            return _drawn(source, text, inputs, elsewhere, sorted({mark for mark in text if ord(mark) > _LATIN}))
        except typst.TypstError as fault:
            raise NotDrawn(str(fault)) from fault


def _drawn(source: bytes, text: str, inputs: Mapping[str, str], elsewhere: str, undrawn: Sequence[str]) -> bytes:
    text = text.translate({ord(mark): f"[U+{ord(mark):04X}]" for mark in undrawn})
    told = {}
    if undrawn:
        told["undrawn"] = (
            f"{len(undrawn)} characters cannot be drawn in this PDF and stand here as codes such as [U+4E2D]; {elsewhere}."
        )
    return compile_paper(source, {"contents": text, **inputs, **told})


def undrawable(text: str) -> list[str]:
    """The characters for which no font at hand has a shape. PDF/UA refuses them, and names them."""
    # Control characters, private use, unassigned, half of a character: no font has a shape for them that means anything.
    found = sorted({mark for mark in text if mark not in "\n\r\t" and category(mark) in ("Cc", "Co", "Cn", "Cs")})
    asked = sorted({mark for mark in text if ord(mark) > _LATIN and mark.isprintable()})
    while asked:
        try:
            compile_paper(_PROBE, {"text": " ".join(asked)})
            break
        except typst.TypstError as fault:
            named = {mark for mark in asked if f'"{mark}"' in str(fault)}
            if not named:  # not said of one alone: each by itself
                found += [mark for mark in asked if not _draws(mark)]
                break
            found += sorted(named)
            asked = [mark for mark in asked if mark not in named]
    return found


def _draws(mark: str) -> bool:
    try:
        compile_paper(_PROBE, {"text": mark})
    except typst.TypstError:
        return False
    return True


_PROBE = (
    b'#set document(title: "probe")\n'
    b'#set text(lang: "en", font: ("Libertinus Serif", "New Computer Modern", "DejaVu Sans Mono"))\n#sys.inputs.text\n'
)


def compile_paper(source: bytes, inputs: dict[str, str]) -> bytes:
    """The one place that calls the typesetter. Only its own fonts, so that every machine makes the same bytes."""
    made = typst.compile(source, format="pdf", sys_inputs=inputs, ignore_system_fonts=True, pdf_standards="ua-1")
    assert isinstance(made, bytes)
    return made
