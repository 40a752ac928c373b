"""The directory as people look things up in it: who holds what, who stands in for whom, what nobody holds; and a leaver."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, BackgroundTasks, Response
from sqlalchemy import Connection

from api.pages.frame import layout
from api.pages.frame.browser_request import CurrentPage, PageContext, SentForm
from api.pages.frame.form_fields import DayField, Form
from api.presenters import wording
from drp.casework.access import NotFound
from drp.directory import lookup, people
from drp.directory.people import DirectoryPerson, ListedCover
from drp.identity import accounts, sessions, tokens
from drp.identity.principal import NotPermitted
from drp.staffing import changes
from drp.staffing.changes import DirectoryChange
from workflows.calendar.working_days import local_date
from workflows.model.authority import Capacity, HeldFor
from workflows.model.refusals import Unfit

router = APIRouter(include_in_schema=False)

A_PAGE = 50
"""People on one page."""

NAMED = 10
"""Children whose numbers are said where nobody holds a post for them; more are counted."""


@dataclass(frozen=True)
class SignInState:
    """How somebody signs in: their accounts, whether they are signed in now, their tokens in force."""

    email: str
    accounts: int
    sessions: int
    last_seen: datetime | None
    tokens: int


def person_in(text: str) -> UUID:
    """An identity out of a link or a form. Raises NotFound for what is none."""
    try:
        return UUID(text)
    except ValueError:
        raise NotFound from None


@router.get("/directory")
def show_directory(visit: CurrentPage, q: str = "", page: int = 1) -> Response:
    """Everybody, or those whom a search finds."""
    day, q = local_date(visit.now), q.strip()[:100]
    page = min(max(page, 1), 10_000)
    with visit.service.store.read(visit.authority) as connection:
        found = people.search_people(connection, visit.words, q, day, (page - 1) * A_PAGE, A_PAGE)
        stand_ins = people.stand_ins(connection, visit.authority, day, [one.id for one in found.people])
        first = not q and page == 1
        empty = show_gaps(connection, visit, name_children=False) if first else []
    pages = max(1, -(-found.total // A_PAGE))
    return layout.render_page(
        visit, "directory.html", title="Directory", q=q, page=page, pages=pages, total=found.total, gaps=empty, first=first,
        rows=[(one, one.titles(visit.words), _in_words(one, stand_ins), one.is_here_on(day)) for one in found.people],
        link=lambda n: f"/directory?{urlencode({'q': q, 'page': n} if q else {'page': n})}",
    )  # fmt: skip


def _in_words(of: DirectoryPerson, stand_ins: Sequence[ListedCover]) -> list[str]:
    """Who stands in for somebody, and for whom they do, in short."""
    said = []
    for one in stand_ins:
        if one.of == of.id:
            said.append(f"{one.by_name} {'is their delegate' if one.is_delegate else 'covers'}{_days(one)}")
        if one.by == of.id:
            said.append(f"{'delegate of' if one.is_delegate else 'covers for'} {one.of_name}{_days(one)}")
    return said


def _days(one: ListedCover) -> str:
    return (
        f", {wording.short_date(one.since)} to {wording.short_date(one.until)}"
        if one.until
        else f" since {wording.short_date(one.since)}"
    )


def show_gaps(connection: Connection, visit: PageContext, name_children: bool) -> list[str]:
    """Posts that a procedure in force names and nobody holds, one line each. Posts held for a child are told together."""
    ladders = [rules.ladder for rules in visit.service.casework.procedures.current(connection, visit.authority)]
    lines: list[str] = []
    of_children: dict[str, list[str]] = {}
    for vacancy in lookup.posts_nobody_holds(connection, visit.words, ladders, local_date(visit.now)):
        if vacancy.held_for is HeldFor.CHILD:
            of_children.setdefault(vacancy.role, []).append(vacancy.key)
        else:
            lines.append(vacancy.said)
    for role, numbers in of_children.items():
        count = f"{len(numbers)} {'child' if len(numbers) == 1 else 'children'}"
        named = f": {', '.join(numbers[:NAMED])}{' and others' if len(numbers) > NAMED else ''}" if name_children else ""
        lines.append(f"{visit.words.role(role).title}: nobody for {count}{named}")
    return lines


@router.get("/directory/{person}")
def show_person(visit: CurrentPage, person: str, done: str = "") -> Response:
    """One person: posts, stand-ins, how they sign in, and what may be changed."""
    with visit.service.store.read(visit.authority) as connection:
        one = _somebody(connection, visit, person)
        stand_ins = people.stand_ins(connection, visit.authority, local_date(visit.now), [one.id])
        access = _access(connection, visit, one.id)
    iro_roles = visit.words.roles_acting_as(Capacity.IRO)
    return layout.render_page(
        visit, "person.html", title=one.name, one=one, titles=one.titles(visit.words), access=access,
        of_them=[each for each in stand_ins if each.of == one.id], by_them=[each for each in stand_ins if each.by == one.id],
        may={change.name: changes.may_change(visit.signed, visit.words, change, one) for change in DirectoryChange},
        has_cases=any(post.children and post.role in iro_roles for post in one.posts), here=f"/directory/{one.id}",
        is_here=one.is_here_on(local_date(visit.now)), done=DONE.get(done, ""),
    )  # fmt: skip


DONE = {
    "out": "They are signed out everywhere.",
    "accounts": "That account signs nobody in any more. Another that is known by their address or key takes its place.",
    "tokens": "Their tokens have ended. A program that used one stops working.",
    "leaves": "Their last day is recorded. Their posts and covers end with it.",
    "ended": "It has ended. What is open is told to whoever has it now.",
}


def _somebody(connection: Connection, visit: PageContext, person: str) -> DirectoryPerson:
    found = people.read_person(connection, visit.authority, person_in(person), local_date(visit.now))
    if found is None:
        raise NotFound
    return found


def _access(connection: Connection, visit: PageContext, person: UUID) -> SignInState:
    authority, now = visit.authority, visit.now
    return SignInState(
        people.read_email(connection, authority, person),
        accounts.count_accounts(connection, authority, person),
        sessions.count_in_force(connection, authority, person, now, visit.service.settings.session_limits),
        sessions.read_last_use(connection, authority, person),
        tokens.count_tokens(connection, authority, person, now),
    )


@router.post("/directory/{person}/sign-out")
def sign_person_out(sent: SentForm, person: str) -> Response:
    """Signed out everywhere, at their next request."""
    sent.confirm()
    of = person_in(person)
    changes.sign_out_person(sent.visit.service.casework, sent.visit.signed, sent.visit.now, of)
    return layout.go_to(f"/directory/{of}?done=out")


@router.post("/directory/{person}/accounts")
def end_persons_accounts(sent: SentForm, person: str) -> Response:
    """The accounts that sign them in end, and with them their sessions."""
    sent.confirm()
    of = person_in(person)
    changes.end_accounts(sent.visit.service.casework, sent.visit.signed, sent.visit.now, of)
    return layout.go_to(f"/directory/{of}?done=accounts")


@router.post("/directory/{person}/tokens")
def revoke_tokens_on_page(sent: SentForm, person: str) -> Response:
    """Their tokens end, at their next use."""
    sent.confirm()
    of = person_in(person)
    changes.revoke_tokens_of(sent.visit.service.casework, sent.visit.signed, sent.visit.now, of)
    return layout.go_to(f"/directory/{of}?done=tokens")


LAST_DAY = (
    DayField(
        name="last_day",
        label="Their last day",
        hint="For example, 27 3 2026. If they have gone already: yesterday.",
        need="Write their last day.",
    ),
)


@router.get("/directory/{person}/leaves")
def ask_last_day(visit: CurrentPage, person: str) -> Response:
    """When is their last day, and what does it mean?"""
    with visit.service.store.read(visit.authority) as connection:
        one = _leaver(connection, visit, person)
    return _leaves_page(visit, one, Form(LAST_DAY))


@router.post("/directory/{person}/leaves")
def record_last_day(sent: SentForm, background: BackgroundTasks, person: str) -> Response:
    """Their last day is recorded."""
    visit = sent.visit
    with visit.service.store.read(visit.authority) as connection:
        one = _leaver(connection, visit, person)
    form, values = sent.form(LAST_DAY)
    if form.is_faulty:
        return _leaves_page(visit, one, form)
    try:
        changes.record_leaver(visit.service.casework, visit.signed, visit.now, of=one.id, last_day=values["last_day"])
    except Unfit as refusal:
        form.refused(refusal)
        return _leaves_page(visit, one, form)
    background.add_task(changes.tell_open_items, visit.service.casework, visit.authority, visit.now)
    return layout.go_to(f"/directory/{one.id}?done=leaves")


def _leaver(connection: Connection, visit: PageContext, person: str) -> DirectoryPerson:
    one = _somebody(connection, visit, person)
    if not changes.may_change(visit.signed, visit.words, DirectoryChange.LEAVING, one):
        raise NotPermitted
    return one


def _leaves_page(visit: PageContext, one: DirectoryPerson, form: Form) -> Response:
    return layout.render_page(
        visit,
        "directory_leaves.html",
        422 if form.is_faulty else 200,
        title=f"{one.name} leaves",
        form=form,
        one=one,
        titles=one.titles(visit.words),
        may_hand_over=changes.may_change(visit.signed, visit.words, DirectoryChange.CASELOAD, one),
    )
