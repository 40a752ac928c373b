"""Handing over a caseload: whose, to whom, from when, which children; what it means; one press."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from fastapi import BackgroundTasks, Response
from sqlalchemy import Connection

from api.pages.frame.browser_request import CurrentPage, PageContext, SentForm, go_to, router
from api.pages.frame.form_fields import DayField, Form, FormField, Option, RadioPick, SelectMenu, TickBoxes, single_value
from api.pages.staffing.directory import count_in_words, person_in, read_somebody
from drp.directory import people
from drp.staffing import caseloads, changes
from workflows.calendar.working_days import long_date

FEW = 12
"""So many people to choose from are listed; more are in a menu."""


@dataclass(frozen=True)
class CaseloadToHandOver:
    """Whose caseload it is, what they have, and who may take it."""

    giver: people.DirectoryPerson
    cases: tuple[caseloads.HeldCase, ...]
    takers: Sequence[tuple[people.DirectoryPerson, str]]
    """Each with what they have in hand, in words."""


@router.get("/board/hand-over")
def show_hand_over_form(visit: CurrentPage, of: str = "") -> Response:
    """Whose caseload; then to whom, and which children."""
    if not of:
        return _whose(visit)
    with visit.reading() as connection:
        giving = _giving(connection, visit, person_in(of))
    form = Form(_fields(giving), DayField(name="since", label="").show(visit.today) | {"which": ("all",)})
    return _page(visit, giving, form)


@router.post("/board/hand-over")
def hand_over_on_page(visit: CurrentPage, sent: SentForm, background: BackgroundTasks) -> Response:
    """What it would mean is shown first; the second press does it."""
    with visit.reading() as connection:
        giving = _giving(connection, visit, person_in(single_value(sent.form(())[0].given, "of")))
    form, values = sent.form(_fields(giving))
    if not form.is_faulty and values["which"] == "some" and not values["children"]:
        form.refuse("Tick the children who are to have another IRO.", "children")
    if form.is_faulty or single_value(form.given, "change"):
        return _page(visit, giving, form)
    chosen = None if values["which"] == "all" else {UUID(child) for child in values["children"]}
    to, since = UUID(values["to"]), values["since"]
    with form.noting_refusal():
        if single_value(form.given, "confirmed"):
            made = changes.hand_over_cases(
                visit.service.casework, visit.signed, visit.now, of=giving.giver.id, to=to, since=since, children=chosen
            )  # fmt: skip
            background.add_task(changes.tell_open_items, visit.service.casework, visit.authority, visit.now)
            return go_to(f"/board?handed={len({case.child for case in made.cases})}&change={made.change}")
        taker = next(taker for taker, _ in giving.takers if taker.id == to)
        with visit.reading() as connection:
            made = changes.check_hand_over(connection, visit.words, giving.giver, taker, since, chosen, "", visit.today)
            cover = [c.by_name for c in people.stand_ins(connection, visit.authority, since, [to]) if c.of == to]
    if form.faults:
        return _page(visit, giving, form)
    return _meaning(visit, giving, taker, made, cover, form, since)


def _whose(visit: PageContext) -> Response:
    day = visit.today
    with visit.reading() as connection:
        board = caseloads.read_board(connection, visit.words, visit.now)
        left = [
            (gone, len(caseloads.cases_of(connection, visit.words, gone.id, day)))
            for gone in caseloads.left_behind(connection, visit.words, day)
        ]
    return visit.page(
        "hand_over.html", title="Hand over a caseload",
        iros=[(one, load) for one, load in board.iros if load.children], left=[pair for pair in left if pair[1]],
    )  # fmt: skip


def _giving(connection: Connection, visit: PageContext, of: UUID) -> CaseloadToHandOver:
    day = visit.today
    giver = read_somebody(connection, visit, of)
    loads = {one.id: load for one, load in caseloads.read_board(connection, visit.words, visit.now).iros}
    away = {c.of: c for c in people.stand_ins(connection, visit.authority, day) if c.runs_on(day) and not c.is_delegate}
    takers = [
        (taker, _in_hand(loads.get(taker.id, caseloads.IroCaseload()), away.get(taker.id)))
        for taker in caseloads.people_who_may_take_cases(connection, visit.words, day)
        if taker.id != of
    ]
    return CaseloadToHandOver(giver, caseloads.cases_of(connection, visit.words, of, day), takers)


def _in_hand(load: caseloads.IroCaseload, cover: people.ListedCover | None) -> str:
    said = f"{count_in_words(load.children, 'child', 'children')}, {count_in_words(load.open, 'item', 'items')} open"
    if cover is None:
        return said
    return f"{said}; away{f' until {long_date(cover.until)}' if cover.until else ''}, {cover.by_name} covers"


def _fields(giving: CaseloadToHandOver) -> Sequence[FormField]:
    takers = [(str(taker.id), taker.name, said) for taker, said in giving.takers]
    to = RadioPick(name="to", label="Who takes over", options=takers, need="Choose who takes over.")
    if len(takers) > FEW:
        to = SelectMenu(
            name=to.name, label=to.label, options=[(value, f"{name}: {said}", "") for value, name, said in takers], need=to.need
        )  # fmt: skip
    children: dict[str, Option] = {
        str(case.child): (
            str(case.child),
            f"{case.initials} ({case.number})",
            f"{case.team}; {count_in_words(len(case.references), 'item', 'items')} open",
        )
        for case in giving.cases
    }
    count = len(children)
    all_of_them = ("all", "All of them" if count != 1 else "The one child", count_in_words(count, "child", "children"))
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
            options=[all_of_them, ("some", "Those ticked below", "")],
            need="Choose which.",
        ),
        TickBoxes(name="children", label="Children", hint="Only if not all of them.", options=list(children.values())),
    )


def _page(visit: PageContext, giving: CaseloadToHandOver, form: Form) -> Response:
    _log(visit, giving.cases)
    return visit.page(
        "hand_over_to.html", title=f"Hand over the caseload of {giving.giver.name}",
        form=form, giver=giving.giver, count=len({case.child for case in giving.cases}), takers=giving.takers,
    )  # fmt: skip


def _meaning(
    visit: PageContext,
    giving: CaseloadToHandOver,
    taker: people.DirectoryPerson,
    made: changes.HandOverResult,
    cover: Sequence[str],
    form: Form,
    since: date,
) -> Response:
    _log(visit, made.cases)
    going = {case.child for case in made.cases}
    values = {name: form.given[name] for name in form.given if name not in ("form_token", "change", "confirmed")}
    return visit.page(
        "hand_over_means.html", title="What this means", giver=giving.giver, taker=taker, cases=made.cases,
        children=len(going), references=made.references, cover=cover, values=values, since=since,
        stays=len({case.child for case in giving.cases} - going),
    )  # fmt: skip


def _log(visit: PageContext, cases: Sequence[caseloads.HeldCase]) -> None:
    visit.log_access("hand over", *(reference for case in cases for reference in case.references))
