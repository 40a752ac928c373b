"""Examples in reports: chosen by the IRO manager, and judged by the child's IRO: would the family know it?"""

from uuid import UUID

from fastapi import Response
from sqlalchemy import Connection

from api.pages.frame.browser_request import CurrentPage, PageContext, SentForm, go_to, router
from api.pages.frame.form_fields import Form, FormField, RadioPick, TextArea, TextLine, single_value
from api.pages.reports.report_drafting import draft_found
from drp.written_reports import examples
from drp.written_reports.examples import JudgedExample, ReportExample

CHOSEN: list[FormField] = [
    TextLine(name="reference", label="The item", width="10", need="Name the item by its reference.", spellcheck=False),
    TextArea(
        name="words", label="The example, in words that tell nobody whose it is", rows=6, need="Write the example.",
        hint="Change ages, places and the order of things.",
    ),
]  # fmt: skip

JUDGED: list[FormField] = [
    RadioPick(
        name="verdict", label="Would the family, or anybody who knows them, know that it is theirs?", need="Choose one.",
        options=[("safe", "No: it may be printed", ""), ("known", "Yes, or I am not sure", "It is not printed as it stands.")],
    ),
    TextArea(name="why", label="What gives them away", rows=2, hint="So that the IRO manager can change it."),
]  # fmt: skip


@router.get("/reports/{report}/examples")
def show_examples(visit: CurrentPage, report: UUID) -> Response:
    """The examples of a draft, how each stands, and a form for another."""
    with visit.reading() as connection:
        return _page(connection, visit, report, Form(CHOSEN))


@router.post("/reports/{report}/examples")
def choose_example(visit: CurrentPage, report: UUID, sent: SentForm) -> Response:
    """Another example: its IRO is asked. Or one is taken out, as its button says."""
    if (taken := single_value(sent.form(())[0].given, "remove")).isdecimal():
        sent.confirm()
        with visit.writing() as connection:
            draft_found(connection, visit, report)
            examples.remove_example(connection, visit.authority, report, int(taken[:6]))
        return go_to(f"/reports/{report}/examples")
    form, values = sent.form(CHOSEN)
    if not form.is_faulty:
        with form.noting_refusal():
            with visit.writing() as connection:
                draft_found(connection, visit, report)
                reference = values["reference"].strip().upper()
                examples.offer_example(connection, visit.authority, report, reference, values["words"], visit.person)
            return go_to(f"/reports/{report}/examples")
    with visit.reading() as connection:
        return _page(connection, visit, report, form)


def _page(connection: Connection, visit: PageContext, report: UUID, form: Form) -> Response:
    found = draft_found(connection, visit, report)
    listed = examples.list_examples(connection, visit.authority, report)
    return visit.page("report_examples.html", title="Examples", form=form, report=found, examples=listed)


@router.get("/reports/examples")
def show_example_to_judge(visit: CurrentPage, done: int = 0) -> Response:
    """The first example of which this IRO is asked whether the family would know it."""
    with visit.reading() as connection:
        waiting = examples.examples_to_judge(connection, visit.words, visit.person, visit.today)
    return _judging(visit, waiting, Form(JUDGED), bool(done))


@router.post("/reports/examples")
def judge_example_on_page(visit: CurrentPage, sent: SentForm) -> Response:
    """What the IRO says of it; the next is shown."""
    form, values = sent.form(JUDGED)
    given = form.given
    if not form.is_faulty:
        with form.noting_refusal():
            judged = JudgedExample(
                _identity(single_value(given, "report")), _number(single_value(given, "n")), single_value(given, "seen_words"),
                values["verdict"] == "safe", values["why"],
            )  # fmt: skip
            with visit.writing() as connection:
                examples.judge_example(connection, visit.words, visit.person, judged, visit.now)
            return go_to("/reports/examples?done=1")
    with visit.reading() as connection:
        waiting = examples.examples_to_judge(connection, visit.words, visit.person, visit.today)
    return _judging(visit, waiting, form)


def _judging(visit: PageContext, waiting: list[ReportExample], form: Form, done: bool = False) -> Response:
    return visit.page("report_example_judged.html", title="An example in a report", form=form, waiting=waiting, done=done)


def _identity(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 6 else 0
