"""The contents as a tagged PDF and as a page of HTML: the same text, for people who print and people who listen."""

import json
from importlib.resources import files

from api.exports.export_files import export_template
from api.exports.referral.contents import Contents
from api.exports.referral.gather import missing_in_referral
from api.exports.typesetting import typeset_paper
from workflows.calendar.working_days import local_date
from workflows.model.referral import SECTIONS

MARKS = {
    "draft": "Draft: not a referral yet", "rehearsal": "Rehearsal: nothing was sent", "referral": "",
    "trial": "Trial: made before the service went live, about nobody",
}  # fmt: skip

_SECTIONS = [{"key": key.value, "title": title} for key, title in SECTIONS.items()]


def referral_html(contents: Contents) -> bytes:
    """The page: no script, no file beside it."""
    page = export_template("referral/referral.html")
    missing = missing_in_referral(contents)
    return page.render(it=contents, mark=MARKS[contents.standing], sections=_SECTIONS, missing=missing).encode()


def referral_pdf(contents: Contents) -> bytes:
    """The PDF (tagged, with an outline; the same bytes for the same contents). Raises NotDrawn."""
    source = files("api").joinpath("templates", "referral", "referral.typ").read_bytes()
    inputs = {"sections": json.dumps(_SECTIONS), "day": json.dumps(_day(contents))}
    return typeset_paper(source, contents.model_dump(mode="json"), inputs, "referral.html and referral.json hold them as written")


def _day(contents: Contents) -> list[int]:
    """The paper's own date, so that the same contents make the same bytes: of the referral, or of the last entry."""
    at = contents.referred_at or contents.chronology[-1].at
    day = local_date(at)
    return [day.year, day.month, day.day]
