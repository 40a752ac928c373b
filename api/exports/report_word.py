"""A report as a Word file that the IRO manager can go on editing: headings, tables with head rows, pictures with words."""

import logging
from io import BytesIO
from typing import Any

import typst
from docx import Document
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt

from api.exports.report_paper import bars_picture, report_marks
from api.exports.xml_text import text_for_xml
from drp.written_reports.contents import ReportContents, ReportFigure, ReportPart, ReportTable

log = logging.getLogger("drp.reports")


def report_word(contents: ReportContents) -> bytes:
    """The Word file (.docx): the same words, tables and order as the page."""
    contents = ReportContents.model_validate(_in_xml(contents.model_dump()))
    document, marks = Document(), report_marks(contents)
    _prepare(document, contents)
    document.add_heading(contents.title, 0)
    document.add_paragraph(f"{contents.authority}. {contents.period}. For {contents.for_whom}.")
    for said in (marks["standing"], marks["counted"], marks["published"]):
        document.add_paragraph(said)
    for part in contents.parts:
        _add_part(document, part)
    document.sections[0].footer.paragraphs[0].text = f"{contents.title}, {contents.period}. {marks['keeping']}."
    file = BytesIO()
    document.save(file)
    return file.getvalue()


def _in_xml(value: Any) -> Any:
    """Every text of a value as the file can hold it."""
    if isinstance(value, str):
        return text_for_xml(value)
    if isinstance(value, dict):
        return {key: _in_xml(each) for key, each in value.items()}
    return [_in_xml(each) for each in value] if isinstance(value, list | tuple) else value


def _prepare(document: Any, contents: ReportContents) -> None:
    about = document.core_properties
    about.title, about.author, about.comments = f"{contents.title}, {contents.period}", contents.authority, ""
    about.language = "en-GB"
    about.created = about.modified = contents.counted_at.replace(tzinfo=None)
    style = document.styles["Normal"]
    style.font.name, style.font.size = "Arial", Pt(11)
    language = OxmlElement("w:lang")
    language.set(qn("w:val"), "en-GB")
    style.element.get_or_add_rPr().append(language)
    for section in document.sections:
        section.page_width, section.page_height = Cm(21), Cm(29.7)
        section.left_margin = section.right_margin = Cm(2.2)


def _add_part(document: Any, part: ReportPart) -> None:
    document.add_heading(part.title, 1)
    for paragraph in filter(None, part.written.split("\n\n")):
        document.add_paragraph(paragraph)
    for sentence in part.sentences:
        document.add_paragraph(sentence)
    for quote in part.quotes:
        document.add_paragraph(quote.words + (f" ({quote.of})" if quote.of else ""), style="Quote")
    for table in part.tables:
        document.add_heading(table.caption, 2)
        if table.drawn:
            _add_bars(document, table)
        _add_table(document, table)
        for note in table.notes:
            document.add_paragraph(note).runs[0].font.size = Pt(9)


def _add_bars(document: Any, table: ReportTable) -> None:
    try:
        picture = bars_picture(table)
    except typst.TypstError as fault:
        log.error("bars could not be drawn; the table says the same: %s", fault)
        return
    shape = document.add_picture(BytesIO(picture), width=Cm(16))
    shape._inline.docPr.set("descr", f"Bars of {table.caption}: the table below says the same.")


def _add_table(document: Any, table: ReportTable) -> None:
    made = document.add_table(rows=1, cols=len(table.headings))
    made.style, made.alignment = "Light Grid Accent 1", WD_TABLE_ALIGNMENT.LEFT
    head = made.rows[0]
    mark = OxmlElement("w:tblHeader")
    mark.set(qn("w:val"), "true")
    head._tr.get_or_add_trPr().append(mark)
    for cell, text in zip(head.cells, table.headings, strict=True):
        cell.text = text
    for line in table.lines:
        cells = made.add_row().cells
        cells[0].text = line.label
        for cell, figure in zip(cells[1:], line.figures, strict=True):
            cell.text = figure_in_words(figure)
            cell.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.RIGHT


def figure_in_words(figure: ReportFigure) -> str:
    """A figure as it is printed: changed by hand, with the record's own and why."""
    return f"{figure.shown} (the record: {figure.record}. {figure.why})" if figure.record else figure.shown
