"""My tasks: what presses on somebody, sorted by what presses; what they began to write; their line's dates."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from fastapi import Query, Response
from sqlalchemy import Connection

from api.pages.frame.browser_request import CurrentPage, PageContext, router
from api.presenters import item_reader
from drp.directory import lookup, people
from drp.items import drafts, team_items
from drp.items.item_search import list_pressing_items
from drp.staffing.taken_caseloads import caseloads_taken_from
from drp.written_reports.examples import examples_to_judge
from workflows.decision.tasks import PersonalTask, TaskKind, tasks_of
from workflows.model.authority import Capacity, HeldFor
from workflows.model.ladder import ItemType
from workflows.model.voices import is_open_on, sides_of

TOLD_FOR = timedelta(days=90)
"""For how long somebody is told here that another took over their children by their own hand."""

MOST = 300
"""Items that are looked through, the earliest date first. Nobody's hands hold more; the search finds the rest."""

ON_A_PAGE = 25

Page = Annotated[int, Query(ge=1, le=1_000)]

HEADINGS = {
    TaskKind.RELEASE: "Held after an outage: for you to release",
    TaskKind.CONSIDER: "For you to consider",
    TaskKind.ANSWER: "A reply is asked of you",
    TaskKind.ENDORSE: "For you to endorse",
    TaskKind.ARRANGE: "Meetings to arrange",
    TaskKind.RECORD: "Outcomes to write down",
    TaskKind.TELL: "Tell everyone above of a referral",
    TaskKind.WAIT_PAST: "Past the date: no reply yet",
    TaskKind.WAIT: "Waiting for others",
    TaskKind.CHECK: "Actions to check",
    TaskKind.LOOK_AGAIN: "Time to look again",
    TaskKind.SETTLE: "Talks: settle, or make formal",
    TaskKind.WATCH: "Tracked: to look at, or to review early",
    TaskKind.MID_POINT: "Half-way between two reviews",
}

COVERING = "For colleagues whom you cover"


@dataclass(frozen=True)
class TaskLine:
    """One item in a list: what presses most, what else does, and for whom where it is a colleague's."""

    item: item_reader.SeenItem
    press: PersonalTask
    also: tuple[str, ...]
    covering: str


@dataclass(frozen=True)
class TaskSection:
    """The tasks of one kind that stand on a page: under which heading and address, and how many there are in all."""

    heading: str
    key: str
    total: int
    lines: list[TaskLine]
    is_continued: bool
    is_cover: bool = False


@router.get("/")
def show_my_tasks(visit: CurrentPage, page: Page = 1) -> Response:
    """What presses on me, first what presses most, a page at a time; the number beside a heading is of all pages."""
    with visit.reading() as connection:
        lines, is_cut = task_lines(connection, visit)
        begun = drafts.drafts_of(connection, visit.authority, visit.person)
        teams = task_line(connection, visit)
        taken = caseloads_taken_from(connection, visit.authority, visit.person, visit.now - TOLD_FOR)
        away = [
            one
            for one in people.stand_ins(connection, visit.authority, visit.today, [visit.person])
            if one.of == visit.person and not one.is_delegate
        ]
        examples = examples_to_judge(connection, visit.words, visit.person, visit.today)
        children = lookup.list_posts(connection, visit.authority, visit.person, visit.today, HeldFor.CHILD)
        kinds = {kind for rules in visit.procedures(connection) for kind in rules.ladder.items}
    first = (page - 1) * ON_A_PAGE
    sections = sections_of_page(lines, first)
    shown = [line for section in sections for line in section.lines]
    visit.log_access("list", *(one.item.loaded.reference for one in shown))
    return visit.page(
        "work.html", title="My tasks", sections=sections, total=len(lines), first=first + 1, last=first + len(shown), number=page,
        away=away, taken=taken, is_cut=is_cut, drafts=begun, teams=teams, examples=len(examples),
        raises=visit.signed.capacities & {Capacity.IRO, Capacity.BUSINESS_SUPPORT, Capacity.IRO_MANAGER},
        is_iro=any(post.role in visit.words.roles_acting_as(Capacity.IRO) for post in children),
        waits=any(one.press.task in (TaskKind.WAIT, TaskKind.WAIT_PAST) for one in lines),
        asks_voices=is_open_on(visit.today) and sides_of(visit.signed.capacities),
        praises=ItemType.EXCELLENT_PRACTICE in kinds, scrutinises=ItemType.SENIOR_SCRUTINY in kinds,
    )  # fmt: skip


def task_lines(connection: Connection, visit: PageContext) -> tuple[list[TaskLine], bool]:
    """What presses on somebody, item by item, each under what presses most; and whether there was more than is shown."""
    ids = list_pressing_items(connection, visit.signed, visit.today)
    found = item_reader.items_they_may_see(connection, visit, ids[:MOST])
    names = lookup.names_of(connection, visit.authority, {one.actor.behalf_of for one in found.values() if one.actor.behalf_of})
    lines = []
    for item in found.values():
        if presses := tasks_of(item.loaded.challenge, item.actor, visit.now):
            left_out = (presses[0].task, TaskKind.WAIT, TaskKind.WAIT_PAST)
            also = tuple(HEADINGS[press.task].lower() for press in presses[1:] if press.task not in left_out)
            lines.append(TaskLine(item, presses[0], also, names.get(item.actor.behalf_of, "")))
    return sorted(lines, key=lambda one: (one.press.order(), one.item.loaded.reference)), len(ids) > MOST


def sections_of_page(lines: Sequence[TaskLine], first: int) -> list[TaskSection]:
    """The sections of the page that begins with the line of this number, from 0: own tasks by kind, then those of colleagues.

    `lines` are all that there are, first what presses most.
    """
    kinds = [
        (HEADINGS[task], task.name, [one for one in lines if one.press.task is task and not one.covering]) for task in TaskKind
    ]
    kinds.append((COVERING, "covering", [one for one in lines if one.covering]))
    found, before = [], 0
    for heading, key, listed in kinds:
        skipped = max(0, first - before)
        here = listed[skipped : max(0, first + ON_A_PAGE - before)]
        if here:
            found.append(TaskSection(heading, key, len(listed), here, skipped > 0, key == "covering"))
        before += len(listed)
    return found


def task_line(connection: Connection, visit: PageContext) -> tuple[team_items.TeamWaiting, ...]:
    """For heads of service and leaders: by team, how many wait for a reply and how many are past the date. No child in it."""
    if Capacity.LEADER in visit.signed.capacities:
        return team_items.count_waiting(connection, visit.authority, visit.now)
    person, day = visit.person, visit.today
    services = [post.key for post in lookup.list_posts(connection, visit.authority, person, day, HeldFor.SERVICE)]
    return team_items.count_waiting(connection, visit.authority, visit.now, services) if services else ()
