"""The register: every item in one list, to narrow, order, save as a view and take away; a figure opens to its items here."""

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from sqlalchemy import Connection

from api import register_asking, register_exports, wording
from api.pages import shell
from api.pages.documents import AS_A_FILE
from api.pages.fields import Form, Line
from api.pages.visiting import Sent, Visit, Visiting
from api.register_asking import KINDS, ON_A_PAGE, Viewed
from drp import register_list, saved_views
from drp.counting import By
from drp.directory import people
from drp.directory.people import IRO_SERVICE
from drp.labels import NOT_RECORDED, Labels
from drp.register_list import SORTS
from workflows.refusals import Unfit
from workflows.working_days import local_date

router = APIRouter(include_in_schema=False)

SHOWN_BY = (By.STAGE, By.REASON, By.TEAM, By.OUTCOME)
"""What a list is most often narrowed by; the rest stands under “More”."""
MORE = (By.THEME, By.SERVICE, By.STATUS, By.ITEM_TYPE, By.IMPACT)
_ALWAYS_THERE = (By.STAGE, By.ITEM_TYPE, By.OUTCOME)

NAME = Line(
    name="name", label="Name of this view", hint="Only you see it. Write no child's name or number.", width="20",
    need="Write a name for the view.", autocomplete="off",
)  # fmt: skip

DONE = {"saved": "The view is saved.", "removed": "The view is removed. The register itself is as it was."}


@router.get("/register")
def show(visit: Visit, request: Request, done: str = "") -> Response:
    """A page of the list, as it was asked for."""
    one = register_asking.viewed(request.query_params, visit)
    return _page(visit, one, Form((NAME,)), request.query_params.get("after", "")[:400], done)


@router.post("/register/views")
def save(sent: Sent) -> Response:
    """Keep this way of looking under a name."""
    visit = sent.visit
    form, values = sent.form((NAME,))
    given = {name: said[0] for name, said in form.given.items() if said}
    one = register_asking.viewed({name.removeprefix("v-"): said for name, said in given.items() if name.startswith("v-")}, visit)
    if not form.is_faulty:
        query = one.address("").removeprefix("?")
        name = " ".join("".join(mark if mark.isprintable() else " " for mark in values["name"]).split())
        try:
            with visit.service.store.write(visit.authority) as connection:
                saved_views.save(connection, visit.authority, visit.signed.person, name, query, visit.now)
        except Unfit as refusal:
            form.refused(refusal)
    return _page(visit, one, form, "") if form.is_faulty else shell.go(one.address(done="saved"))


@router.post("/register/views/remove")
def remove(sent: Sent) -> Response:
    """Forget one of one's own views."""
    visit, name = sent.visit, sent.pressed("view")
    with visit.service.store.write(visit.authority) as connection:
        saved_views.remove(connection, visit.authority, visit.signed.person, name)
    return shell.go("/register?done=removed")


@router.get("/register/export")
def export(visit: Visit, request: Request) -> Response:
    """The lines as a file. It is whole before any of it is handed out, and it is written down that it was."""
    one = register_asking.viewed(request.query_params, visit)
    kind = request.query_params.get("format", "csv")
    file, count = register_exports.written(visit, visit.words, one, kind)
    try:
        register_exports.note(visit, count)
    except BaseException:
        file.close()
        raise
    named = {"Content-Disposition": f'attachment; filename="{register_exports.file_name(visit, kind)}"'}
    headers = {**AS_A_FILE, **named}
    return StreamingResponse(register_exports.pieces(file), media_type=register_exports.MEDIA_TYPES[kind], headers=headers)


def _page(visit: Visiting, one: Viewed, form: Form, after: str, done: str = "") -> Response:
    with visit.service.store.read(visit.authority) as connection:
        its, shown = register_asking.words_for(connection, visit, visit.words, one.narrowed)
        found = register_list.listed(connection, its, one.narrowed, visit.now, one.sort, ON_A_PAGE, after)
        total = register_list.total(connection, its, one.narrowed, visit.now)
        lines = register_asking.lines(connection, visit, shown, found.items, one.narrowed.other)
        narrowed = register_asking.in_words(connection, visit.authority, its, one.narrowed)
        views = saved_views.of(connection, visit.authority, visit.signed.person)
        iros = _iros(connection, visit, its, one)
    opened = [line.reference for line in lines if line.opens]
    visit.service.access_log.record(visit.authority, visit.now, visit.signed.person, "register", *opened)
    menus = [_kind(one), *(_menu(its, one, by) for by in SHOWN_BY), _sort(one)]
    more = [*(_menu(its, one, by) for by in MORE), *iros]
    said = one.said()
    shown_names = {"kind", "sort", "since", "until", "child", "practice", "together", "past", "other"}
    shown_names |= {menu["name"] for menu in (*menus, *more)}
    title = "Save a view of the register" if form.is_faulty else "Register"
    return shell.page(
        visit, "register.html", 422 if form.is_faulty else 200, title=title, form=form, lines=lines, total=total,
        narrowed=narrowed, views=[(name, f"/register?{query}" if query else "/register") for name, query in views],
        menus=menus, more=more, one=one, said=said, kept={n: text for n, text in said.items() if n not in shown_names},
        is_further=bool(after), first=one.address(), next=one.address(after=found.next) if found.next else "",
        done=DONE.get(done, ""), together=bool(visit.words.reporting.together), is_open=_is_open(said),
        is_desk=register_asking.sees_children(visit), manages=register_asking.sees_iros(visit),
        files=[(kind, one.address("/register/export", format=kind)) for kind in register_exports.MEDIA_TYPES],
    )  # fmt: skip


def _is_open(said: dict[str, str]) -> bool:
    """Is anything narrowed that stands under “More”?"""
    return bool({*said} & {*(by.value for by in MORE), "iro", "since", "until", "child", "practice", "together", "past", "other"})


def _kind(one: Viewed) -> dict[str, Any]:
    items = [("", "Challenges")] + [(key, text) for key, text in KINDS.items() if key != "challenge"]
    return _select("kind", "Kind", items, "" if one.narrowed.kind == "challenge" else one.narrowed.kind)


def _sort(one: Viewed) -> dict[str, Any]:
    return _select(
        "sort", "Order", [("" if key == "raised" else key, text) for key, text in SORTS.items()], one.said().get("sort", "")
    )


def _menu(its: Labels, one: Viewed, by: By) -> dict[str, Any]:
    chosen = one.said().get(by.value, "")
    options = [(heading.key, wording.sentence(heading.label)) for heading in its.every(by)]
    options += [] if by in _ALWAYS_THERE else [("-", wording.sentence(NOT_RECORDED))]
    if chosen and chosen not in dict(options):
        options.append((chosen, its.label(by, chosen)))
    return _select(by.value, its.title(by), [("", "Any"), *options], chosen)


def _iros(connection: Connection, visit: Visiting, its: Labels, one: Viewed) -> list[dict[str, Any]]:
    """For supervision: whoever is of the IRO service today, and whoever was asked for."""
    if not register_asking.sees_iros(visit):
        return []
    chosen = one.said().get("iro", "")
    found = people.holding(connection, visit.words, IRO_SERVICE, local_date(visit.now))
    options = [("", "Any"), *((str(each.id), each.name) for each in found), ("-", wording.sentence(NOT_RECORDED))]
    if chosen not in dict(options):
        options.append((chosen, its.label(By.IRO, chosen)))
    return [_select("iro", its.title(By.IRO), options, chosen)]


def _select(name: str, label: str, options: list[tuple[str, str]], chosen: str) -> dict[str, Any]:
    items = [{"value": value, "text": text, "selected": value == chosen} for value, text in options]
    return {"id": name, "name": name, "label": {"text": label}, "items": items}
