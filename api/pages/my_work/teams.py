"""Teams: for a team's meeting, its excellent practice and what is open for its children, as far as each may see it."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from fastapi import APIRouter, Response
from sqlalchemy import Connection

from api.pages.frame import layout
from api.pages.frame.browser_request import CurrentPage, PageContext
from api.pages.my_work import search
from api.pages.my_work.my_tasks import HEADINGS, child_in_words
from api.pages.my_work.search import FoundItem, printable_text
from api.presenters import item_reader, item_view
from api.presenters.item_reader import SeenItem
from api.queries import report_query
from api.queries.item_list import list_items
from drp.directory import lookup
from drp.identity.principal import RouteAudience, serves_principal
from drp.items import team_items
from drp.items.item_search import ListFilter, match_outcome
from drp.reports.aggregate import Dimension
from drp.reports.display_labels import read_labels
from drp.reports.theme_tables import read_table
from workflows.calendar.working_days import local_date
from workflows.decision.tasks import tasks_of
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
        units = lookup.list_units(connection, visit.authority, ("team", "service"))
        own = lookup.list_own_teams(connection, visit.words, UUID(visit.signed.person), local_date(visit.now))
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
        name = lookup.list_team_names(connection, visit.authority).get(key, "This team")
        sent = match_outcome(Outcome.NOTICED)  # not one that was recorded in error
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


def _notices(connection: Connection, visit: PageContext, items: tuple[SeenItem, ...]) -> list[PracticeNotice]:
    words = item_reader.raised_words(connection, visit, items)
    told = team_items.list_recipients(connection, visit.authority, [item.loaded.id for item in items])
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
