"""Teams: for a team's meeting, its excellent practice and what is open for its children, as far as each may see it."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from fastapi import APIRouter, Response
from sqlalchemy import Connection, or_, select
from sqlmodel import col

from api.pages.frame import layout
from api.pages.frame.browser_request import CurrentPage, PageContext
from api.pages.my_work import search
from api.pages.my_work.my_tasks import HEADINGS, child_in_words
from api.pages.my_work.search import FoundItem, printable_text
from api.presenters import item_reader, item_view
from api.presenters.item_reader import SeenItem
from api.queries import report_query
from api.queries.item_list import ListFilter, list_items
from drp.database.challenge_tables import ChallengeRow, InvolvedRow
from drp.database.directory_tables import ChildRow, CoverRow, PersonRow, PostRow, UnitRow
from drp.identity.principal import RouteAudience, serves_principal
from drp.reports.aggregate import Dimension
from drp.reports.display_labels import read_labels
from drp.reports.theme_tables import read_table
from workflows.calendar.working_days import local_date
from workflows.decision.tasks import tasks_of
from workflows.model.authority import HeldFor
from workflows.model.challenge import Outcome
from workflows.model.ladder import ItemType

router = APIRouter(include_in_schema=False)

MOST_NOTICES = 20
MOST_OPEN = 50
"""As many as a meeting gets through; the search finds the rest."""

OTHERS = "Open, and nothing asked of you"


@dataclass(frozen=True)
class PracticeNotice:
    """One notice of excellent practice: who did what well."""

    reference: str
    href: str
    child: str
    sent: date
    to: str
    well: str
    effect: str


@router.get("/teams")
def show_teams(visit: CurrentPage) -> Response:
    """Every team, by service; one's own first."""
    with visit.service.store.read(visit.authority) as connection:
        units = connection.execute(
            select(col(UnitRow.key), col(UnitRow.kind), col(UnitRow.name), col(UnitRow.within))
            .where(col(UnitRow.authority) == visit.authority, col(UnitRow.kind).in_(("team", "service")))
            .order_by(col(UnitRow.name))
        ).all()
        own = _own(connection, visit)
    services = {unit.key: unit.name for unit in units if unit.kind == "service"}
    every = [unit for unit in units if unit.kind == "team"]
    mine = [(unit.key, unit.name) for unit in every if unit.key in own]
    others: dict[str, list[tuple[str, str]]] = {}
    for unit in every:
        if unit.key not in own:
            others.setdefault(services.get(unit.within, ""), []).append((unit.key, unit.name))
    return layout.render_page(visit, "teams.html", title="Teams", mine=mine, others=sorted(others.items()))


@router.get("/teams/{team}")
def show_team(visit: CurrentPage, team: str) -> Response:
    """One team. Whether it exists shows in nothing but its name: it is in the directory for everybody."""
    key = printable_text(team)
    with visit.service.store.read(visit.authority) as connection:
        name = search.teams_of(connection, visit.authority).get(key, "This team")
        sent = col(ChallengeRow.phase) == Outcome.NOTICED.value  # not one that was recorded in error
        praised = ListFilter("all", item_type=ItemType.EXCELLENT_PRACTICE.value, team=key, also=sent)
        practice = list_items(connection, visit, praised, MOST_NOTICES)
        notices = _notices(connection, visit, practice.items)
        running = list_items(connection, visit, ListFilter("open", team=key), MOST_OPEN)
        themes = _themes(connection, visit, key)
    shown = [item.loaded.reference for item in (*practice.items, *running.items)]
    visit.service.access_log.record(visit.authority, visit.now, visit.signed.person, "team", *shown)
    groups = _groups(visit, running.items)
    return layout.render_page(
        visit, "team.html", title=name, team=key, notices=notices, more_notices=practice.next, groups=groups,
        number=len(running.items), more_open=running.next, day=local_date(visit.now), themes=themes,
    )  # fmt: skip


def _themes(connection: Connection, visit: PageContext, team: str) -> list[tuple[str, int, int, str]]:
    """What the team's challenges are about, this quarter and the one before, for whoever reads figures."""
    if not serves_principal(RouteAudience.FIGURES, visit.signed.capacities):
        return []
    today, its = local_date(visit.now), read_labels(connection, visit.service.casework.procedures, visit.words)
    asked = report_query.read_question(
        {Dimension.TEAM.value: team}, today, visit.words.reporting.counts_practice, sees_iros=False
    )
    made = report_query.as_of(read_table(connection, its, asked.question), asked, today)
    if len(made.columns) < 2:
        return []
    before, now = made.columns[-2:]
    return [
        (row.label, made.cell(row, now), made.cell(row, before), report_query.register_address_of_figure(made, asked, row, None))
        for row in made.rows
    ]


def _own(connection: Connection, visit: PageContext) -> frozenset[str]:
    """The teams that a person's posts are for (or the posts of those they cover): of a team, of its service, of its children."""
    day, person = local_date(visit.now), UUID(visit.signed.person)
    covered = select(col(CoverRow.of)).where(
        col(CoverRow.authority) == visit.authority,
        col(CoverRow.by) == person,
        col(CoverRow.since) <= day,
        or_(col(CoverRow.until).is_(None), col(CoverRow.until) >= day),
    )
    posts = connection.execute(
        select(col(PostRow.role), col(PostRow.held_for), col(PostRow.key)).where(
            col(PostRow.authority) == visit.authority,
            or_(col(PostRow.person) == person, col(PostRow.person).in_(covered)),
            col(PostRow.since) <= day,
            or_(col(PostRow.until).is_(None), col(PostRow.until) >= day),
        )
    ).all()
    keys: dict[str, list[str]] = {}
    for post in posts:
        # An IRO reviews children of many teams and is of none of them.
        if visit.words.has_role(post.role) and visit.words.role(post.role).acts_as is None:
            keys.setdefault(post.held_for, []).append(post.key)
    own = set(keys.get(HeldFor.TEAM.value, ()))
    if services := keys.get(HeldFor.SERVICE.value):
        of_services = select(col(UnitRow.key)).where(
            col(UnitRow.authority) == visit.authority, col(UnitRow.kind) == "team", col(UnitRow.within).in_(services)
        )
        own |= set(connection.execute(of_services).scalars())
    if children := keys.get(HeldFor.CHILD.value):
        ids = [UUID(child) for child in children]
        of_children = select(col(ChildRow.team)).where(col(ChildRow.authority) == visit.authority, col(ChildRow.id).in_(ids))
        own |= set(connection.execute(of_children).scalars())
    return frozenset(own)


def _notices(connection: Connection, visit: PageContext, items: tuple[SeenItem, ...]) -> list[PracticeNotice]:
    words = item_reader.raised_words(connection, visit, items)
    told = _told(connection, visit, items)
    found = []
    for item in items:
        loaded, said = item.loaded, words.get(item.loaded.id, {})
        titles = [
            f"{name} ({item_view.title_of(item.rules.authority, role, loaded.challenge.raiser_role)})"
            for name, role in told.get(loaded.id, ())
        ]
        found.append(
            PracticeNotice(
                loaded.reference,
                f"/challenges/{loaded.reference}",
                child_in_words(item),
                local_date(loaded.challenge.raised_at),
                ", ".join(titles),
                said.get("concern", ""),
                said.get("effect_on_child", ""),
            )
        )
    return found


def _told(connection: Connection, visit: PageContext, items: tuple[SeenItem, ...]) -> dict[UUID, list[tuple[str, str]]]:
    """To whom each was sent, when it was: names with their roles, by item."""
    rows = connection.execute(
        select(col(InvolvedRow.challenge), col(InvolvedRow.role), col(PersonRow.name))
        .join(PersonRow, (col(PersonRow.authority) == visit.authority) & (col(PersonRow.id) == col(InvolvedRow.person)))
        .where(
            col(InvolvedRow.authority) == visit.authority,
            col(InvolvedRow.as_to),
            col(InvolvedRow.challenge).in_([item.loaded.id for item in items]),
        )
        .order_by(col(PersonRow.name))
    )
    found: dict[UUID, list[tuple[str, str]]] = {}
    for row in rows:
        found.setdefault(row.challenge, []).append((row.name, row.role))
    return found


def _groups(visit: PageContext, items: tuple[SeenItem, ...]) -> list[tuple[str, list[FoundItem]]]:
    """What is open, by what presses on whoever looks, first what presses most."""
    ranked = []
    for item in items:
        presses = tasks_of(item.loaded.challenge, item.actor, visit.now)
        heading, order = (HEADINGS[presses[0].task], presses[0].order()) if presses else (OTHERS, (len(HEADINGS), date.max))
        ranked.append((order, heading, search.found_item(visit, item)))
    groups: dict[str, list[FoundItem]] = {}
    for _, heading, line in sorted(ranked, key=lambda one: (one[0], one[2].reference)):
        groups.setdefault(heading, []).append(line)
    return list(groups.items())
