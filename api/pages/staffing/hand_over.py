"""Handing over a caseload: whose, to whom, from when, which children; what it means; one press."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from fastapi import APIRouter, BackgroundTasks, Response
from sqlalchemy import Connection

from api.pages.frame import layout
from api.pages.frame.browser_request import CurrentPage, PageContext, SentForm
from api.pages.frame.form_fields import DayField, Form, FormField, Option, RadioPick, SelectMenu, TickBoxes, single_value
from api.pages.staffing.directory import person_in
from drp.casework.access import NotFound
from drp.directory import people
from drp.directory.people import DirectoryPerson
from drp.staffing import caseloads, changes
from drp.staffing.caseloads import HeldCase
from drp.staffing.changes import HandOverResult
from workflows.calendar.working_days import local_date, long_date
from workflows.model.refusals import Unfit

router = APIRouter(include_in_schema=False)

FEW = 12
"""So many people to choose from are listed; more are in a menu."""


@dataclass(frozen=True)
class CaseloadToHandOver:
    """Whose caseload it is, what they have, and who may take it."""

    giver: DirectoryPerson
    cases: tuple[HeldCase, ...]
    takers: tuple[tuple[DirectoryPerson, str], ...]
    """Each with what they have in hand, in words."""


@router.get("/board/hand-over")
def show_hand_over_form(visit: CurrentPage, of: str = "") -> Response:
    """Whose caseload; then to whom, and which children."""
    if not of:
        return _whose(visit)
    with visit.service.store.read(visit.authority) as connection:
        giving = _giving(connection, visit, person_in(of))
    form = Form(_fields(visit, giving), DayField(name="since", label="").show(local_date(visit.now)) | {"which": ("all",)})
    return _page(visit, giving, form)


@router.post("/board/hand-over")
def hand_over_on_page(sent: SentForm, background: BackgroundTasks) -> Response:
    """What it would mean is shown first; the second press does it."""
    visit = sent.visit
    with visit.service.store.read(visit.authority) as connection:
        giving = _giving(connection, visit, person_in(single_value(sent.form(())[0].given, "of")))
    form, values = sent.form(_fields(visit, giving))
    if not form.is_faulty and values["which"] == "some" and not values["children"]:
        form.refuse("Tick the children who are to have another IRO.", "children")
    if form.is_faulty or single_value(form.given, "change"):
        return _page(visit, giving, form)
    chosen = None if values["which"] == "all" else {UUID(child) for child in _texts(values["children"])}
    to, since = UUID(str(values["to"])), values["since"]
    try:
        if single_value(form.given, "confirmed"):
            made = changes.hand_over_cases(
                visit.service.casework, visit.signed, visit.now, of=giving.giver.id, to=to, since=since, children=chosen
            )  # fmt: skip
            background.add_task(changes.tell_open_items, visit.service.casework, visit.authority, visit.now)
            return layout.go_to(f"/board?handed={len({case.child for case in made.cases})}")
        taker = next(taker for taker, _ in giving.takers if taker.id == to)
        with visit.service.store.read(visit.authority) as connection:
            made = changes.check_hand_over(
                connection, visit.words, giving.giver, taker, since, chosen, "", local_date(visit.now)
            )  # fmt: skip
            cover = [c.by_name for c in people.stand_ins(connection, visit.authority, since, [to]) if c.of == to]
    except Unfit as refusal:
        form.refused(refusal)
        return _page(visit, giving, form)
    return _meaning(visit, giving, taker, made, cover, form)


def _whose(visit: PageContext) -> Response:
    day = local_date(visit.now)
    with visit.service.store.read(visit.authority) as connection:
        board = caseloads.read_board(connection, visit.words, visit.now)
        left = [
            (gone, len(caseloads.cases_of(connection, visit.words, gone.id, day)))
            for gone in caseloads.left_behind(connection, visit.words, day)
        ]
    return layout.render_page(
        visit, "hand_over.html", title="Hand over a caseload",
        iros=[(one, load) for one, load in board.iros if load.children], left=[pair for pair in left if pair[1]],
    )  # fmt: skip


def _giving(connection: Connection, visit: PageContext, of: UUID) -> CaseloadToHandOver:
    day = local_date(visit.now)
    giver = people.read_person(connection, visit.authority, of, day)
    if giver is None:
        raise NotFound
    cases = caseloads.cases_of(connection, visit.words, of, day)
    board = caseloads.read_board(connection, visit.words, visit.now)
    loads = {one.id: load for one, load in board.iros}
    away = {c.of: c for c in people.stand_ins(connection, visit.authority, day) if c.runs_on(day) and not c.is_delegate}
    takers = []
    for taker in caseloads.people_who_may_take_cases(connection, visit.words, day):
        load = loads.get(taker.id, caseloads.IroCaseload())
        said = f"{_children(load.children)}, {_items(load.open)} open"
        if cover := away.get(taker.id):
            ends = f" until {long_date(cover.until)}" if cover.until else ""
            said += f"; away{ends}, {cover.by_name} covers"
        if taker.id != of:
            takers.append((taker, said))
    return CaseloadToHandOver(giver, cases, tuple(takers))


def _fields(visit: PageContext, giving: CaseloadToHandOver) -> Sequence[FormField]:
    options: list[Option] = [(str(taker.id), taker.name, said) for taker, said in giving.takers]
    need = "Choose who takes over."
    to: FormField = RadioPick(name="to", label="Who takes over", options=options, need=need)
    if len(options) > FEW:
        options = [(value, f"{name}: {said}", "") for value, name, said in options]
        to = SelectMenu(name="to", label="Who takes over", options=options, need=need)
    known: dict[str, Option] = {}
    for case in giving.cases:
        known[str(case.child)] = (
            str(case.child), f"{case.initials} ({case.number})", f"{case.team}; {_items(len(case.references))} open"
        )  # fmt: skip
    count = len(known)
    return (
        to,
        DayField(
            name="since",
            label="From which day",
            hint=f"{giving.giver.name} has them until the day before.",
            need="Write the day.",
        ),
        RadioPick(
            name="which",
            label="Which children",
            options=[
                ("all", "All of them" if count != 1 else "The one child", _children(count)),
                ("some", "Those ticked below", ""),
            ],
            need="Choose which.",
        ),
        TickBoxes(name="children", label="Children", hint="Only if not all of them.", options=list(known.values())),
    )


def _page(visit: PageContext, giving: CaseloadToHandOver, form: Form) -> Response:
    _log(visit, giving.cases)
    return layout.render_page(
        visit, "hand_over_to.html", 422 if form.is_faulty else 200, title=f"Hand over the caseload of {giving.giver.name}",
        form=form, giver=giving.giver, count=len({case.child for case in giving.cases}), takers=giving.takers,
    )  # fmt: skip


def _meaning(
    visit: PageContext, giving: CaseloadToHandOver, taker: DirectoryPerson, made: HandOverResult, cover: Sequence[str], form: Form
) -> Response:
    _log(visit, made.cases)
    values = {name: form.given[name] for name in form.given if name not in ("form_token", "change", "confirmed")}
    return layout.render_page(
        visit, "hand_over_means.html", title="What this means", giver=giving.giver, taker=taker, cases=made.cases,
        children=len({case.child for case in made.cases}), references=made.references, cover=cover, values=values,
        since=next(each for each in form.fields if each.name == "since").read(form.given),
        stays=len({case.child for case in giving.cases} - {case.child for case in made.cases}),
    )  # fmt: skip


def _log(visit: PageContext, cases: Sequence[HeldCase]) -> None:
    references = dict.fromkeys(reference for case in cases for reference in case.references)
    visit.service.access_log.record(visit.authority, visit.now, visit.signed.person, "hand over", *references)


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(value)


def _children(count: int) -> str:
    return f"{count} {'child' if count == 1 else 'children'}"


def _items(count: int) -> str:
    return f"{count} {'item' if count == 1 else 'items'}"
