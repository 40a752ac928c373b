"""Once a year, what people say of the process: the form that asks no name, and what it says from ten answers of a side on."""

from contextlib import suppress
from uuid import UUID

from fastapi import Response

from api.pages.frame.browser_request import CurrentPage, PageContext, SentForm, go_to, router
from api.pages.frame.form_fields import Form, FormField, RadioPick, TextLine
from drp.casework.access import NotFound
from drp.data_protection.admin_audit_log import note_admin_change
from drp.identity.principal import NotPermitted
from drp.reports import voices
from workflows.calendar.reporting_periods import year_in_words
from workflows.model.authority import Capacity
from workflows.model.voices import (
    LEAST,
    ON_BEHALF,
    QUESTIONS,
    Voice,
    VoiceSide,
    has_closed,
    is_open_on,
    questions_to,
    sides_of,
    year_of,
)

PATH = "/themes/voices"
ANSWER_OPTIONS = [("yes", "Yes", ""), ("partly", "Partly", ""), ("no", "No", "")]
SHOWN_ANSWERS = [("yes", "Yes"), ("partly", "Partly"), ("no", "No"), ("", "Not answered")]


def side_in_words(visit: PageContext, side: VoiceSide) -> str:
    """What a side is called."""
    return {
        VoiceSide.IRO: visit.label("iro"),
        VoiceSide.ANSWERED: "social workers and managers who answer",
        VoiceSide.CHILD: "children",
        VoiceSide.ADVOCATE: "advocates",
    }[side]


def _side(visit: PageContext, text: str) -> VoiceSide:
    """A side for which somebody may fill in a form. Raises NotFound, NotPermitted."""
    if text not in [side.value for side in VoiceSide]:
        raise NotFound
    if text not in sides_of(visit.signed.capacities):
        raise NotPermitted
    return VoiceSide(text)


def _fields(side: VoiceSide) -> list[FormField]:
    asked: list[FormField] = [
        RadioPick(name=key, label=question, options=ANSWER_OPTIONS) for key, question in questions_to(side).items()
    ]
    hint = "Optional, and shown among the lines of others. Write nothing that names or points to anybody."
    return [*asked, TextLine(name="words", label="One line in your own words", hint=hint, autocomplete="off")]


@router.get("/voices")
def choose_whose_voice(visit: CurrentPage, done: str = "") -> Response:
    """For which side a form is filled in."""
    sides = [(side.value, side_in_words(visit, side), side in ON_BEHALF) for side in sides_of(visit.signed.capacities)]
    return visit.page("voices.html", title="How the process works", sides=sides, is_open=is_open_on(visit.today), done=bool(done))


@router.get("/voices/{side}")
def ask_voice(visit: CurrentPage, side: str) -> Response:
    """The form: four questions and a line. Nothing of who opens it is kept beside it."""
    asked = _side(visit, side)
    return _form(visit, asked, Form(_fields(asked)))


@router.post("/voices/{side}")
def keep_voice_on_page(visit: CurrentPage, sent: SentForm, side: str) -> Response:
    """It is kept, and can be found by nobody again."""
    asked = _side(visit, side)
    form, values = sent.form(_fields(asked), may_hold_details=True)
    if not form.is_faulty:
        voice = Voice(year_of(visit.today), asked, {key: values[key] for key in QUESTIONS}, values["words"])
        with form.noting_refusal(), visit.writing() as connection:
            voices.keep_voice(connection, visit.authority, visit.service.casework.chance, voice, visit.today)
    return _form(visit, asked, form) if form.is_faulty else go_to("/voices?done=1")


def _form(visit: PageContext, side: VoiceSide, form: Form) -> Response:
    whose = side_in_words(visit, side)
    return visit.page(
        "voice.html", title=f"How the process works: {whose}", form=form, side=side.value,
        is_open=is_open_on(visit.today), on_behalf=side in ON_BEHALF,
    )  # fmt: skip


@router.get(PATH)
def show_voices(visit: CurrentPage, year: str = "") -> Response:
    """What each side said in a year: the one that was over last, if none is named."""
    this = year_of(visit.today)
    chosen = int(year) if year.isascii() and year.isdigit() and len(year) == 4 else this - 1
    with visit.reading() as connection:
        said = voices.read_voices(connection, visit.authority, chosen, visit.today)
        known = voices.list_voice_years(connection, visit.authority)
    years = sorted({*known, this, this - 1, chosen}, reverse=True)
    return visit.page(
        "themes_voices.html", title="What people say of the process", least=LEAST, over=has_closed(chosen, visit.today),
        said=[(one, side_in_words(visit, one.side), questions_to(one.side)) for one in said], answers=SHOWN_ANSWERS,
        year=year_in_words(str(chosen)), years=[(str(one), year_in_words(str(one)), one == chosen) for one in years],
        manages=Capacity.IRO_MANAGER in visit.signed.capacities,
    )  # fmt: skip


@router.post("/themes/voices/take-out")
def take_line_out(visit: CurrentPage, sent: SentForm) -> Response:
    """A line that names somebody after all is taken out for good."""
    pressed = sent.pressed("line")
    with suppress(ValueError), visit.writing() as connection:  # of what names no line nothing is taken out
        if voices.take_words_out(connection, visit.authority, UUID(pressed)):
            note_admin_change(connection, visit.service.casework, visit.signed, visit.now, "line of the yearly form taken out")
    return go_to(PATH)
