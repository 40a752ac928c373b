"""Teams: for a team's meeting, its excellent practice and what is open for its children, as far as each may see it."""

from datetime import date

from fastapi import Response
from sqlalchemy import Connection

from api.pages.frame.browser_request import CurrentPage, PageContext, router
from api.pages.my_work.my_tasks import HEADINGS
from api.pages.my_work.search import FoundItem, found_item, printable_text
from api.presenters import item_reader, item_view
from api.queries import report_query
from api.queries.item_list import list_items
from drp.directory import lookup
from drp.identity.principal import RouteAudience, serves_principal
from drp.items import team_items
from drp.items.item_search import ListFilter, match_outcome
from drp.reports.aggregate import Dimension
from drp.reports.display_labels import read_labels
from drp.reports.theme_tables import read_table
from workflows.decision.tasks import tasks_of
from workflows.model.challenge import Outcome
from workflows.model.ladder import ItemType

MOST_NOTICES = 20
MOST_OPEN = 50
"""As many as a meeting gets through; the search finds the rest."""

OTHERS = "Open, and nothing asked of you"


@router.get("/teams")
def show_teams(visit: CurrentPage) -> Response:
    """Every team, by service; one's own first."""
    with visit.reading() as connection:
        units = lookup.list_units(connection, visit.authority, ("team", "service"))
        own = lookup.list_own_teams(connection, visit.words, visit.person, visit.today)
    services = {unit.key: unit.name for unit in units if unit.kind == "service"}
    every = [unit for unit in units if unit.kind == "team"]
    mine = [(unit.key, unit.name) for unit in every if unit.key in own]
    others: dict[str, list[tuple[str, str]]] = {}
    for unit in every:
        if unit.key not in own:
            others.setdefault(services.get(unit.within, ""), []).append((unit.key, unit.name))
    return visit.page("teams.html", title="Teams", mine=mine, others=sorted(others.items()))


@router.get("/teams/{team}")
def show_team(visit: CurrentPage, team: str) -> Response:
    """One team. Whether it exists shows in nothing but its name: it is in the directory for everybody."""
    key = printable_text(team)
    with visit.reading() as connection:
        name = lookup.list_team_names(connection, visit.authority).get(key, "This team")
        sent = match_outcome(Outcome.NOTICED)  # not one that was recorded in error
        praised = ListFilter("all", item_type=ItemType.EXCELLENT_PRACTICE.value, team=key, also=sent)
        practice = list_items(connection, visit, praised, MOST_NOTICES)
        notices = _notices(connection, visit, practice.items)
        running = list_items(connection, visit, ListFilter("open", team=key), MOST_OPEN)
        themes = _themes(connection, visit, key)
    shown = [item.loaded.reference for item in (*practice.items, *running.items)]
    visit.log_access("team", *shown)
    groups = _groups(visit, running.items)
    return visit.page(
        "team.html", title=name, team=key, notices=notices, more_notices=practice.next, groups=groups,
        number=len(running.items), more_open=running.next, day=visit.today, themes=themes,
    )  # fmt: skip


def _themes(connection: Connection, visit: PageContext, team: str) -> list[tuple[str, int, int, str]]:
    """What the team's challenges are about, this quarter and the one before, for whoever reads figures."""
    if not serves_principal(RouteAudience.FIGURES, visit.signed.capacities):
        return []
    today, its = visit.today, read_labels(connection, visit.service.casework.procedures, visit.words)
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


def _notices(
    connection: Connection, visit: PageContext, items: tuple[item_reader.SeenItem, ...]
) -> list[tuple[item_reader.SeenItem, list[str], dict[str, str]]]:
    """Each notice of excellent practice with whom it went to, and what was written."""
    words = item_reader.raised_words(connection, visit, items)
    told = team_items.list_recipients(connection, visit.authority, [item.loaded.id for item in items])
    found = []
    for item in items:
        authority, raiser = item.rules.authority, item.loaded.challenge.raiser_role
        titles = [f"{name} ({item_view.title_of(authority, role, raiser)})" for name, role in told.get(item.loaded.id, ())]
        found.append((item, titles, words.get(item.loaded.id, {})))
    return found


def _groups(visit: PageContext, items: tuple[item_reader.SeenItem, ...]) -> list[tuple[str, list[FoundItem]]]:
    """What is open, by what presses on whoever looks, first what presses most."""
    ranked = []
    for item in items:
        presses = tasks_of(item.loaded.challenge, item.actor, visit.now)
        heading, order = (HEADINGS[presses[0].task], presses[0].order()) if presses else (OTHERS, (len(HEADINGS), date.max))
        ranked.append((order, heading, found_item(visit, item)))
    groups: dict[str, list[FoundItem]] = {}
    for _, heading, line in sorted(ranked, key=lambda one: (one[0], one[2].summary.reference)):
        groups.setdefault(heading, []).append(line)
    return list(groups.items())
