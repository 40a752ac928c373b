"""The register: every item in one list, to narrow, order, save as a view and take away; a figure opens to its items here."""

from typing import Any

from fastapi import Request, Response
from fastapi.responses import StreamingResponse
from sqlalchemy import Connection

from api.exports import register_export
from api.pages.frame.browser_request import CurrentPage, PageContext, SentForm, go_to, router
from api.pages.frame.form_fields import Form, TextLine, select_params
from api.pages.item.documents_page import AS_A_FILE
from api.presenters import wording
from api.queries import register_query
from api.queries.register_query import KINDS, ON_A_PAGE, RegisterParameters, RegisterQuery
from drp.directory import people
from drp.directory.people import IRO_SERVICE
from drp.reports import register_search, saved_views
from drp.reports.aggregate import Dimension
from drp.reports.display_labels import NOT_RECORDED, DisplayLabels
from drp.reports.register_search import SORTS

SHOWN_BY = (Dimension.STAGE, Dimension.REASON, Dimension.TEAM, Dimension.OUTCOME)
"""What a list is most often narrowed by; the rest stands under “More”."""
MORE = (Dimension.THEME, Dimension.SERVICE, Dimension.STATUS, Dimension.ITEM_TYPE, Dimension.IMPACT)
_ALWAYS_THERE = (Dimension.STAGE, Dimension.ITEM_TYPE, Dimension.OUTCOME)

NAME = TextLine(
    name="name", label="Name of this view", hint="Only you see it. Write no child's name or number.", width="20",
    need="Write a name for the view.", autocomplete="off",
)  # fmt: skip

DONE = {"saved": "The view is saved.", "removed": "The view is removed. The register itself is as it was."}


@router.get("/register")
def show_register_page(visit: CurrentPage, request: Request, done: str = "") -> Response:
    """A page of the list, as it was asked for."""
    query = RegisterParameters.of_address(request.query_params)
    return _page(visit, register_query.read_register_query(query, visit), Form((NAME,)), query.after[:400], done)


@router.post("/register/views")
def save_register_view(sent: SentForm) -> Response:
    """Keep this way of looking under a name."""
    visit = sent.visit
    form, values = sent.form((NAME,))
    given = {name.removeprefix("v-"): said[0] for name, said in form.given.items() if said and name.startswith("v-")}
    one = register_query.read_register_query(RegisterParameters.of_address(given), visit)
    if not form.is_faulty:
        query = one.address("").removeprefix("?")
        name = " ".join("".join(mark if mark.isprintable() else " " for mark in values["name"]).split())
        with form.noting_refusal(), visit.writing() as connection:
            saved_views.save_view(connection, visit.authority, visit.signed.person, name, query, visit.now)
    return _page(visit, one, form, "") if form.faults else go_to(one.address(done="saved"))


@router.post("/register/views/remove")
def remove_register_view(sent: SentForm) -> Response:
    """Forget one of one's own views."""
    visit, name = sent.visit, sent.pressed("view")
    with visit.writing() as connection:
        saved_views.remove_view(connection, visit.authority, visit.signed.person, name)
    return go_to("/register?done=removed")


@router.get("/register/export")
def export_register(visit: CurrentPage, request: Request) -> Response:
    """The lines as a file. It is whole before any of it is handed out, and it is written down that it was."""
    one = register_query.read_register_query(RegisterParameters.of_address(request.query_params), visit)
    kind = request.query_params.get("format", "csv")
    file, count = register_export.write_register_file(visit, visit.words, one, kind)
    try:
        register_export.note_register_export(visit, count)
    except BaseException:
        file.close()
        raise
    named = {"Content-Disposition": f'attachment; filename="{register_export.register_file_name(visit, kind)}"'}
    headers = {**AS_A_FILE, **named}
    return StreamingResponse(register_export.file_pieces(file), media_type=register_export.MEDIA_TYPES[kind], headers=headers)


def _page(visit: PageContext, one: RegisterQuery, form: Form, after: str, done: str = "") -> Response:
    with visit.reading() as connection:
        its, shown = register_query.words_for(connection, visit, visit.words, one.narrowed)
        found = register_search.search_register(connection, its, one.narrowed, visit.now, one.sort, ON_A_PAGE, after)
        total = register_search.count_register(connection, its, one.narrowed, visit.now)
        lines = register_query.register_lines(connection, visit, shown, found.items, one.narrowed.other)
        narrowed = register_query.query_in_words(connection, visit.authority, its, one.narrowed)
        views = saved_views.views_of(connection, visit.authority, visit.signed.person)
        iros = _iros(connection, visit, its, one)
    visit.log_access("register", *(line.reference for line in lines if line.opens))
    menus = [_kind(one), *(_menu(its, one, by) for by in SHOWN_BY), _sort(one)]
    more = [*(_menu(its, one, by) for by in MORE), *iros]
    said = one.said()
    typed = {"since", "until", "child", "practice", "together", "past", "other"}
    shown_names = {"kind", "sort", *typed, *(menu["name"] for menu in (*menus, *more))}
    title = "Save a view of the register" if form.is_faulty else "Register"
    return visit.page(
        "register.html", title=title, form=form, lines=lines, total=total,
        narrowed=narrowed, views=[(name, f"/register?{query}" if query else "/register") for name, query in views],
        menus=menus, more=more, one=one, said=said, kept={n: text for n, text in said.items() if n not in shown_names},
        is_further=bool(after), first=one.address(), next=one.address(after=found.next) if found.next else "",
        done=DONE.get(done, ""), together=bool(visit.words.reporting.together),
        is_open=bool({*said} & {*(by.value for by in MORE), "iro", *typed}),
        is_desk=register_query.sees_children(visit), manages=register_query.sees_iros(visit),
        files=[(kind, one.address("/register/export", format=kind)) for kind in register_export.MEDIA_TYPES],
    )  # fmt: skip


def _kind(one: RegisterQuery) -> dict[str, Any]:
    items = [("", "Challenges")] + [(key, text) for key, text in KINDS.items() if key != "challenge"]
    return select_params("kind", "Kind", items, "" if one.narrowed.kind == "challenge" else one.narrowed.kind)


def _sort(one: RegisterQuery) -> dict[str, Any]:
    return select_params(
        "sort", "Order", [("" if key == "raised" else key, text) for key, text in SORTS.items()], one.said().get("sort", "")
    )


def _menu(its: DisplayLabels, one: RegisterQuery, by: Dimension) -> dict[str, Any]:
    chosen = one.said().get(by.value, "")
    options = [(heading.key, wording.capitalised(heading.label)) for heading in its.every(by)]
    options += [] if by in _ALWAYS_THERE else [("-", wording.capitalised(NOT_RECORDED))]
    if chosen and chosen not in dict(options):
        options.append((chosen, its.label(by, chosen)))
    return select_params(by.value, its.title(by), [("", "Any"), *options], chosen)


def _iros(connection: Connection, visit: PageContext, its: DisplayLabels, one: RegisterQuery) -> list[dict[str, Any]]:
    """For supervision: whoever is of the IRO service today, and whoever was asked for."""
    if not register_query.sees_iros(visit):
        return []
    chosen = one.said().get("iro", "")
    found = people.people_acting_as(connection, visit.words, IRO_SERVICE, visit.today)
    options = [("", "Any"), *((str(each.id), each.name) for each in found), ("-", wording.capitalised(NOT_RECORDED))]
    if chosen not in dict(options):
        options.append((chosen, its.label(Dimension.IRO, chosen)))
    return [select_params("iro", its.title(Dimension.IRO), options, chosen)]
