"""The directory as people look things up in it: who holds what, who stands in for whom, what nobody holds; and a leaver."""

from collections.abc import Sequence
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import BackgroundTasks, Depends, Response
from sqlalchemy import Connection

from api.pages.frame.browser_request import CurrentPage, PageContext, SentForm, go_to, router
from api.pages.frame.form_fields import DayField, Form
from api.presenters import wording
from drp.casework.access import NotFound
from drp.directory import lookup, people
from drp.directory.vacancies import Vacancy
from drp.identity import accounts, sessions, tokens
from drp.identity.principal import NotPermitted
from drp.staffing import changes
from workflows.model.authority import Capacity, HeldFor

A_PAGE = 50
"""People on one page."""

NAMED = 10
"""Children whose numbers are said where nobody holds a post for them; more are counted."""


def person_in(text: str) -> UUID:
    """An identity out of a link or a form. Raises NotFound for what is none."""
    try:
        return UUID(text)
    except ValueError:
        raise NotFound from None


@router.get("/directory")
def show_directory(visit: CurrentPage, q: str = "", page: int = 1) -> Response:
    """Everybody, or those whom a search finds."""
    day, q = visit.today, q.strip()[:100]
    page = min(max(page, 1), 10_000)
    with visit.reading() as connection:
        found = people.search_people(connection, visit.words, q, day, (page - 1) * A_PAGE, A_PAGE)
        stand_ins = people.stand_ins(connection, visit.authority, day, [one.id for one in found.people])
        first = not q and page == 1
        empty = show_gaps(visit, read_vacancies(connection, visit), name_children=False) if first else []
    pages = max(1, -(-found.total // A_PAGE))
    return visit.page(
        "directory.html", title="Directory", q=q, page=page, pages=pages, total=found.total, gaps=empty, first=first,
        rows=[(one, one.titles(visit.words), _in_words(one, stand_ins), one.is_here_on(day)) for one in found.people],
        link=lambda n: f"/directory?{urlencode({'q': q, 'page': n} if q else {'page': n})}",
    )  # fmt: skip


def count_in_words(count: int, one: str, several: str) -> str:
    """How many there are of something."""
    return f"{count} {one if count == 1 else several}"


def _in_words(of: people.DirectoryPerson, stand_ins: Sequence[people.ListedCover]) -> list[str]:
    """Who stands in for somebody, and for whom they do, in short."""
    said = []
    for one in stand_ins:
        if one.of == of.id:
            said.append(f"{one.by_name} {'is their delegate' if one.is_delegate else 'covers'}{_days(one)}")
        if one.by == of.id:
            said.append(f"{'delegate of' if one.is_delegate else 'covers for'} {one.of_name}{_days(one)}")
    return said


def _days(one: people.ListedCover) -> str:
    since = wording.short_date(one.since)
    return f", {since} to {wording.short_date(one.until)}" if one.until else f" since {since}"


def read_vacancies(connection: Connection, visit: PageContext) -> tuple[Vacancy, ...]:
    """Posts that a procedure in force names and nobody holds."""
    ladders = [rules.ladder for rules in visit.procedures(connection)]
    return lookup.posts_nobody_holds(connection, visit.words, ladders, visit.today)


def show_gaps(visit: PageContext, vacancies: Sequence[Vacancy], name_children: bool) -> list[str]:
    """Vacant posts, one line each. Posts held for a child are told together."""
    lines: list[str] = []
    of_children: dict[str, list[str]] = {}
    for vacancy in vacancies:
        if vacancy.held_for is HeldFor.CHILD:
            of_children.setdefault(vacancy.role, []).append(vacancy.key)
        else:
            lines.append(vacancy.said)
    for role, numbers in of_children.items():
        count = count_in_words(len(numbers), "child", "children")
        named = f": {', '.join(numbers[:NAMED])}{' and others' if len(numbers) > NAMED else ''}" if name_children else ""
        lines.append(f"{visit.words.role(role).title}: nobody for {count}{named}")
    return lines


def person_of_page(visit: CurrentPage, person: str) -> people.DirectoryPerson:
    """The person whom an address names. Raises NotFound."""
    with visit.reading() as connection:
        return read_somebody(connection, visit, person_in(person))


def read_somebody(connection: Connection, visit: PageContext, person: UUID) -> people.DirectoryPerson:
    """Somebody of the authority's directory, as they are today. Raises NotFound."""
    found = people.read_person(connection, visit.authority, person, visit.today)
    if found is None:
        raise NotFound
    return found


PersonOfPage = Annotated[people.DirectoryPerson, Depends(person_of_page)]


def leaver_of_page(visit: CurrentPage, one: PersonOfPage) -> people.DirectoryPerson:
    """The same, for whoever may record that they leave. Raises NotPermitted too."""
    if not changes.may_change(visit.signed, visit.words, changes.DirectoryChange.LEAVING, one):
        raise NotPermitted
    return one


LeaverOfPage = Annotated[people.DirectoryPerson, Depends(leaver_of_page)]


@router.get("/directory/{person}")
def show_person(visit: CurrentPage, one: PersonOfPage, done: str = "") -> Response:
    """One person: posts, stand-ins, how they sign in, and what may be changed."""
    with visit.reading() as connection:
        stand_ins = people.stand_ins(connection, visit.authority, visit.today, [one.id])
        access = {
            "email": people.read_email(connection, visit.authority, one.id),
            "accounts": accounts.count_accounts(connection, visit.authority, one.id),
            "sessions": sessions.count_in_force(
                connection, visit.authority, one.id, visit.now, visit.service.settings.session_limits
            ),
            "last_seen": sessions.read_last_use(connection, visit.authority, one.id),
            "tokens": tokens.count_tokens(connection, visit.authority, one.id, visit.now),
            "suspended_at": people.read_suspended(connection, visit.authority, one.id),
        }
    iro_roles = visit.words.roles_acting_as(Capacity.IRO)
    return visit.page(
        "person.html", title=one.name, one=one, titles=one.titles(visit.words), access=access,
        of_them=[each for each in stand_ins if each.of == one.id], by_them=[each for each in stand_ins if each.by == one.id],
        may={change.name: changes.may_change(visit.signed, visit.words, change, one) for change in changes.DirectoryChange},
        has_cases=any(post.children and post.role in iro_roles for post in one.posts), here=f"/directory/{one.id}",
        is_here=one.is_here_on(visit.today), done=DONE.get(done, ""),
    )  # fmt: skip


DONE = {
    "out": "They are signed out everywhere.",
    "accounts": "That account signs nobody in any more. Another that is known by their address or key takes its place.",
    "tokens": "Their tokens have ended. A program that used one stops working.",
    "suspended": "Nobody signs in as them, by any way, until somebody lets them in again. What they had open has ended.",
    "let-in": "They may sign in again.",
    "leaves": "Their last day is recorded. Their posts and covers end with it.",
    "ended": "It has ended. What is open is told to whoever has it now.",
}


ENDINGS = {
    "sign-out": (changes.sign_out_person, "out"),
    "accounts": (changes.end_accounts, "accounts"),
    "tokens": (changes.revoke_tokens_of, "tokens"),
    "suspend": (changes.suspend_person, "suspended"),
    "let-in": (changes.lift_suspension, "let-in"),
}
"""What ends somebody's access, by the end of its address, each with what is said then."""


@router.post("/directory/{person}/sign-out")
@router.post("/directory/{person}/accounts")
@router.post("/directory/{person}/tokens")
@router.post("/directory/{person}/suspend")
@router.post("/directory/{person}/let-in")
def end_persons_access(visit: CurrentPage, sent: SentForm, person: str) -> Response:
    """Their sessions, their accounts (and with them all else), their tokens end at their next use; or nobody signs in as them."""
    sent.confirm()
    of = person_in(person)
    end, done = ENDINGS[visit.path.rpartition("/")[2]]
    end(visit.service.casework, visit.signed, visit.now, of)
    return go_to(f"/directory/{of}?done={done}")


LAST_DAY = (
    DayField(
        name="last_day",
        label="Their last day",
        hint="For example, 27 3 2026. If they have gone already: yesterday.",
        need="Write their last day.",
    ),
)


@router.get("/directory/{person}/leaves")
def ask_last_day(visit: CurrentPage, one: LeaverOfPage) -> Response:
    """When is their last day, and what does it mean?"""
    return _leaves_page(visit, one, Form(LAST_DAY))


@router.post("/directory/{person}/leaves")
def record_last_day(visit: CurrentPage, sent: SentForm, background: BackgroundTasks, one: LeaverOfPage) -> Response:
    """Their last day is recorded."""
    form, values = sent.form(LAST_DAY)
    if not form.is_faulty:
        with form.noting_refusal():
            changes.record_leaver(visit.service.casework, visit.signed, visit.now, of=one.id, last_day=values["last_day"])
            background.add_task(changes.tell_open_items, visit.service.casework, visit.authority, visit.now)
            return go_to(f"/directory/{one.id}?done=leaves")
    return _leaves_page(visit, one, form)


def _leaves_page(visit: PageContext, one: people.DirectoryPerson, form: Form) -> Response:
    return visit.page(
        "directory_leaves.html", title=f"{one.name} leaves", form=form, one=one, titles=one.titles(visit.words),
        may_hand_over=changes.may_change(visit.signed, visit.words, changes.DirectoryChange.CASELOAD, one),
    )  # fmt: skip
