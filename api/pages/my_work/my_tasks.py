"""My tasks: what presses on somebody, sorted by what presses; what they began to write; their line's dates."""

from dataclasses import dataclass
from uuid import UUID

from fastapi import APIRouter, Response
from sqlalchemy import Connection

from api.pages.frame import layout
from api.pages.frame.browser_request import CurrentPage, PageContext
from api.presenters import item_reader, item_view, wording
from api.presenters.item_reader import SeenItem
from drp.directory import lookup
from drp.items import drafts, team_items
from drp.items.item_search import list_pressing_items
from drp.items.team_items import TeamWaiting
from workflows.calendar.working_days import local_date
from workflows.decision.tasks import PersonalTask, TaskKind, tasks_of
from workflows.model.authority import Capacity, HeldFor
from workflows.model.ladder import ItemType

router = APIRouter(include_in_schema=False)

MOST = 300
"""Items that the page looks through. Nobody's hands hold more; the search finds the rest."""

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
}

COVERING = "For colleagues whom you cover"


@dataclass(frozen=True)
class TaskLine:
    """One item in a list: what it is about, where it stands, what presses."""

    reference: str
    href: str
    child: str
    about: str
    where: str
    press: PersonalTask
    also: tuple[str, ...]
    covering: str

    @property
    def task(self) -> TaskKind:
        """What presses most."""
        return self.press.task


@router.get("/")
def show_my_tasks(visit: CurrentPage) -> Response:
    """What presses on me, first what presses most."""
    with visit.service.store.read(visit.authority) as connection:
        lines, is_cut = task_lines(connection, visit)
        begun = drafts.drafts_of(connection, visit.authority, UUID(visit.signed.person))
        teams = task_line(connection, visit)
        current = visit.service.casework.procedures.current(connection, visit.authority)
    sections = [(HEADINGS[task], task.name, [one for one in lines if one.task is task and not one.covering]) for task in TaskKind]
    covered = [one for one in lines if one.covering]
    shown = [section for section in sections if section[2]]
    return layout.render_page(
        visit, "work.html", title="My tasks", sections=shown, covered=covered, covering=COVERING, is_cut=is_cut,
        drafts=begun, teams=teams, raises=Capacity.IRO in visit.signed.capacities or may_type(visit),
        praises=any(ItemType.EXCELLENT_PRACTICE in rules.ladder.items for rules in current),
        scrutinises=any(ItemType.SENIOR_SCRUTINY in rules.ladder.items for rules in current),
    )  # fmt: skip


def may_type(visit: PageContext) -> bool:
    """May they write for an IRO (business support, an IRO manager)?"""
    return bool(visit.signed.capacities & {Capacity.BUSINESS_SUPPORT, Capacity.IRO_MANAGER})


def task_lines(connection: Connection, visit: PageContext) -> tuple[list[TaskLine], bool]:
    """What presses on somebody, item by item, each under what presses most; and whether there was more than is shown."""
    ids = list_pressing_items(connection, visit.signed, local_date(visit.now))
    found = item_reader.items_they_may_see(connection, visit, ids[:MOST])
    names = lookup.names_of(connection, visit.authority, {one.actor.behalf_of for one in found.values() if one.actor.behalf_of})
    lines = [line for one in found.values() if (line := _line(visit, one, names)) is not None]
    visit.service.access_log.record(visit.authority, visit.now, visit.signed.person, "list", *(one.reference for one in lines))
    return sorted(lines, key=lambda one: (one.press.order(), one.reference)), len(ids) > MOST


def _line(visit: PageContext, item: SeenItem, names: dict[str, str]) -> TaskLine | None:
    challenge, reference = item.loaded.challenge, item.loaded.reference
    presses = tasks_of(challenge, item.actor, visit.now)
    if not presses:
        return None
    first = presses[0]
    return TaskLine(
        reference,
        f"/challenges/{reference}",
        child_in_words(item),
        about_in_words(item),
        item_view.where_in_words(item.rules, challenge),
        first,
        tuple(
            HEADINGS[press.task].lower()
            for press in presses[1:]
            if press.task not in (first.task, TaskKind.WAIT, TaskKind.WAIT_PAST)
        ),
        names.get(item.actor.behalf_of, ""),
    )


def child_in_words(item: SeenItem) -> str:
    """The child as lists name them: initials and case number. Or the team, where an item is about a service."""
    loaded = item.loaded
    return f"{loaded.child_initials} ({loaded.child_number})" if loaded.child else loaded.challenge.facts.team


def about_in_words(item: SeenItem) -> str:
    """What kind of item it is, and its reasons, in the authority's words."""
    challenge, words = item.loaded.challenge, item.rules.authority
    reasons = [words.reason(key).label for key in challenge.reasons if words.has_reason(key)]
    return (
        f"{wording.capitalised(words.label(challenge.item_type.value))}: {'; '.join(reasons)}"
        if reasons
        else wording.capitalised(words.label(challenge.item_type.value))
    )


def task_line(connection: Connection, visit: PageContext) -> tuple[TeamWaiting, ...]:
    """For heads of service and leaders: by team, how many wait for a reply and how many are past the date. No child in it."""
    if Capacity.LEADER in visit.signed.capacities:
        return team_items.count_waiting(connection, visit.authority, visit.now)
    person, day = UUID(visit.signed.person), local_date(visit.now)
    services = [post.key for post in lookup.list_posts(connection, visit.authority, person, day, HeldFor.SERVICE)]
    return team_items.count_waiting(connection, visit.authority, visit.now, services) if services else ()
