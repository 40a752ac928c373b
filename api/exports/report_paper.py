"""A report as a tagged PDF, and the bars of a table as a picture for the Word file."""

import json
from importlib.resources import files

import typst

from api.exports.typesetting import typeset_paper
from drp.written_reports.contents import ReportContents, ReportTable
from workflows.calendar.working_days import local_date, long_date

_FOLDER = files("api").joinpath("templates", "written_report")

NOT_PUBLISHED = "Numbers are true and may be small: this report is not to be published or passed on."
PUBLISHED = "Small numbers that cross a team or something about a child are left out. Items are counted, not children."


def report_marks(contents: ReportContents) -> dict[str, str]:
    """What stands at the head and foot of every page, on whichever paper."""
    counted = f"Counted from the record on {long_date(local_date(contents.counted_at))}."
    released = f"Released on {long_date(contents.released_on)} by {contents.released_by}" if contents.released_on else ""
    edition = f", edition {contents.edition}" if contents.edition > 1 else ""
    return {
        "standing": f"{released}{edition}." if released else "Draft: not released.",
        "counted": counted,
        "published": PUBLISHED if contents.is_published else NOT_PUBLISHED,
        "keeping": "May be published once released" if contents.is_published else "Not to be published",
    }


def report_pdf(contents: ReportContents) -> bytes:
    """The PDF: tagged, with an outline; the same bytes for the same contents. Raises NotDrawn."""
    bars = _FOLDER.joinpath("bars.typ").read_bytes()
    source = _FOLDER.joinpath("report.typ").read_bytes().replace(b"BARS\n", bars, 1)
    day = contents.released_on or local_date(contents.counted_at)
    inputs = {"day": json.dumps([day.year, day.month, day.day]), "marks": json.dumps(report_marks(contents))}
    return typeset_paper(source, contents.model_dump(mode="json"), inputs, "the Word file holds them as they were written")


def bars_picture(table: ReportTable) -> bytes:
    """The bars of a table as a PNG. Raises typst.TypstError."""
    page = b'#set page(width: 16cm, height: auto, margin: 4pt)\n#set text(font: "Libertinus Serif")\n'
    source = page + _FOLDER.joinpath("bars.typ").read_bytes() + b"#bars(json(bytes(sys.inputs.contents)))\n"
    made = typst.compile(
        source, format="png", sys_inputs={"contents": table.model_dump_json()}, ignore_system_fonts=True, ppi=180.0
    )
    assert isinstance(made, bytes)
    return made
