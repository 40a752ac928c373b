"""The contents as a tagged PDF and as a page of HTML: the same text, for people who print and people who listen."""

import json
from collections.abc import Sequence
from importlib.resources import files
from unicodedata import category

import typst

from api.exports.export_files import export_template
from api.exports.referral.contents import Contents
from api.exports.referral.gather import missing_in_referral
from workflows.calendar.working_days import local_date
from workflows.model.referral import SECTIONS

MARKS = {
    "draft": "Draft: not a referral yet", "rehearsal": "Rehearsal: nothing was sent", "referral": "",
    "trial": "Trial: made before the service went live, about nobody",
}  # fmt: skip

_SECTIONS = [{"key": key.value, "title": title} for key, title in SECTIONS.items()]


_LATIN = 0x24F
"""The last of the Latin letters that every font at hand draws."""


class NotDrawn(Exception):
    """The PDF could not be made; the message is the typesetter's own. The HTML and the JSON hold everything."""


def referral_html(contents: Contents) -> bytes:
    """The page: no script, no file beside it."""
    page = export_template("referral/referral.html")
    missing = missing_in_referral(contents)
    return page.render(it=contents, mark=MARKS[contents.standing], sections=_SECTIONS, missing=missing).encode()


def referral_pdf(contents: Contents) -> bytes:
    """The PDF (tagged, with an outline; the same bytes for the same contents). Raises NotDrawn.

    A character that no font at hand can draw is written as its code, and the first page says so: nothing is dropped.
    """
    text = json.dumps(contents.model_dump(mode="json"), ensure_ascii=False)
    try:
        return _drawn(contents, text, undrawable(text))
    except typst.TypstError:
        # Something in it stops the typesetter all the same: every mark beyond Latin letters stands as its code, so that there
        # is a paper.
        try:
            return _drawn(contents, text, sorted({mark for mark in text if ord(mark) > _LATIN}))
        except typst.TypstError as fault:
            raise NotDrawn(str(fault)) from fault


def _drawn(contents: Contents, text: str, undrawn: Sequence[str]) -> bytes:
    text = text.translate({ord(mark): f"[U+{ord(mark):04X}]" for mark in undrawn})
    inputs = {"contents": text, "sections": json.dumps(_SECTIONS), "day": json.dumps(_day(contents))}
    if undrawn:
        inputs["undrawn"] = (
            f"{len(undrawn)} characters cannot be drawn in this PDF and stand here as codes such as [U+4E2D]; "
            "referral.html and referral.json hold them as they were written."
        )
    return _compiled(files("api").joinpath("templates", "referral", "referral.typ").read_bytes(), inputs)


def _day(contents: Contents) -> list[int]:
    """The paper's own date, so that the same contents make the same bytes: of the referral, or of the last entry."""
    at = contents.referred_at or contents.chronology[-1].at
    day = local_date(at)
    return [day.year, day.month, day.day]


def undrawable(text: str) -> list[str]:
    """The characters for which no font at hand has a shape. PDF/UA refuses them, and names them."""
    # Control characters, private use, unassigned, half of a character: no font has a shape for them that means anything.
    found = sorted({mark for mark in text if mark not in "\n\r\t" and category(mark) in ("Cc", "Co", "Cn", "Cs")})
    asked = sorted({mark for mark in text if ord(mark) > _LATIN and mark.isprintable()})
    while asked:
        try:
            _compiled(_PROBE, {"text": " ".join(asked)})
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
        _compiled(_PROBE, {"text": mark})
    except typst.TypstError:
        return False
    return True


_PROBE = (
    b'#set document(title: "probe")\n'
    b'#set text(lang: "en", font: ("Libertinus Serif", "New Computer Modern", "DejaVu Sans Mono"))\n#sys.inputs.text\n'
)


def _compiled(source: bytes, inputs: dict[str, str]) -> bytes:
    """The one place that calls the typesetter. Only its own fonts, so that every machine makes the same bytes."""
    made = typst.compile(source, format="pdf", sys_inputs=inputs, ignore_system_fonts=True, pdf_standards="ua-1")
    assert isinstance(made, bytes)
    return made
