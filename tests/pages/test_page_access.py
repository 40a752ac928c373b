"""Every page and every relation: what each person gets, written down and read; and what the forbidden looks like.

The table is `page_access_table.txt`. After a change that is meant, write it anew and read the difference:

    .venv/bin/python -m tests.pages.test_page_access
"""

import re
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute, iter_route_contexts

from api.routes import ROUTES
from drp.identity.principal import RouteAudience
from tests.cast.world import JSON_ROUTES
from tests.pages.browser import Visitor
from tests.pages.every_page import HARMLESS, PAGES, SOME, Place, asker_of, named_in_queries, places
from tests.pages.ground import OTHER, OWN, PARTNER, SIGNED_OUT, THEIRS, Ground, made
from workflows.model.authority import Capacity

TABLE = Path(__file__).with_name("page_access_table.txt")
JSON_TABLE = Path(__file__).parents[1] / "service" / "access_table.txt"
PARTS = 6

SAID = {
    "Your post does not give you this.": "403",
    "Your access to this item has ended.": "ended",
    "That form did not come from this service, or from another sign-in.": "form",
}


def shown(answer: Any) -> str:
    """An answer as the table writes it."""
    if answer.status_code == 303 and answer.headers["location"].startswith("/sign-in"):
        return "in"
    if answer.status_code == 403:
        return next((short for said, short in SAID.items() if said in answer.text), "no")
    return str(answer.status_code)


def like_none(text: str, place: Place) -> str:
    """A page without the address that was asked for, and without what makes each form the only one of its kind."""
    text = re.sub(r'name="once" value="\w+"', "", text)
    for part in (place.named, place.unnamed):
        text = text.replace(part, "<this>") if part else text
    for path in (place.path, place.none):
        for part in (path, path.rsplit("/do/", 1)[0]):
            text = text.replace(part, "<here>")
    return text


def rows(ground: Ground, asked: Iterable[Place], relations: Iterable[str]) -> dict[str, list[str]]:
    """What each relation gets at each place. Fails where a refusal changed anything, or tells that something exists."""
    asker, found = asker_of(ground), {}
    relations = list(relations)
    for place in asked:
        cells = []
        unknown = None
        for relation in relations:
            if not is_asked(place, relation):
                cells.append(".")
                continue
            by = ground.everybody[relation]
            answer = asker.ask(place, by)
            cell = f"{shown(answer)}{'+' if ground.is_changed else ''}"
            what = (place.name, relation, cell)
            assert cell.rstrip("+") in ("200", "303") or "+" not in cell, f"{what} was refused and changed something"
            assert relation not in SIGNED_OUT or cell != "200" or ROUTES[place.method, place.template] is RouteAudience.ANYONE, (
                what
            )
            ground.restore()
            if place.none and (cell == "404" or (is_elsewhere(place, by) and relation not in SIGNED_OUT)):
                nothing = unknown if unknown and cell == "404" else asker.ask(place, by, path=place.none)
                unknown = nothing if cell == "404" else unknown
                ground.restore()
                assert shown(answer) == shown(nothing), f"{what} tells that it exists"
                assert like_none(answer.text, place) == like_none(nothing.text, place), f"{what} tells that it exists"
                assert told(answer, place) == told(nothing, place), f"{what} tells that it exists"
            cells.append(cell)
        found[place.name] = cells
    return found


LOOK = ("the child's IRO", "another IRO", "held the post then", "nobody signed in")
"""Who looks at the page of every single move, and writes in every single step; the others at some of them."""
BRING = (*LOOK, "IRO manager", "business support", "asked", "asked earlier", "IRO elsewhere")
"""Who brings every single move."""
ACROSS = (
    *BRING, "same role, other team", "IRO manager elsewhere", "asked at a partner agency", "another of that agency",
    "a session that was ended", "another authority's name in the cookie",
)  # fmt: skip
"""Who asks for what is not of their own item."""


def is_asked(place: Place, relation: str) -> bool:
    """Is this cell probed? Every route is, by everybody, at least once."""
    if "{move}" in place.template and place.whose == OWN and not place.path.endswith(SOME):
        return relation in (LOOK if place.method == "GET" else BRING)
    if "{step}" in place.template and not (place.whose == OWN and place.path.endswith("/child")):
        return relation in (LOOK if place.whose == OWN else BRING)
    return place.whose in ("", OWN) or "?" in place.path or relation in ACROSS


def told(answer: Any, place: Place) -> dict[str, str]:
    """An answer's headers, without its length, which is the address's too."""
    return {name: like_none(value, place) for name, value in answer.headers.items() if name != "content-length"}


def is_elsewhere(place: Place, by: Visitor) -> bool:
    """Does the place name what belongs to another authority than theirs?"""
    belongs = {OWN: "dunmoor", OTHER: "dunmoor", THEIRS: "elsewhere", PARTNER: "northmoor"}.get(place.whose, "")
    return bool(belongs and by.cookie) and not by.cookie.startswith(f"{belongs}.")


def every_place(ground: Ground) -> list[Place]:
    return [place for method, template in PAGES for place in places(ground, method, template)]


def table(ground: Ground) -> str:
    """The whole of it as text."""
    relations = list(ground.everybody)
    found = rows(ground, every_place(ground), relations)
    lines = [
        "# Every page (rows) for everybody who is something to one formal challenge (columns), and what the answer is.",
        "# Written by `.venv/bin/python -m tests.pages.test_page_access`; read every change.",
        "# in: sent to sign in. 401: the same, to a form. 404: as if it did not exist. 403: their post does not give it.",
        "# ended: “your access has ended”. no: seen, and not theirs to do. 409: not open now. 422: seen, and to be put right.",
        "# <own>: Dunmoor's, at stage 3, came there from stage 2. <another child's>: Dunmoor's too, another IRO's.",
        "# .: not asked for, as others of its kind are.",
        "# +: something was committed (reading marks a message as read). Whatever is refused commits nothing.",
        "# <another authority's>, <a partner agency's>: real items of two other authorities. POSTs carry a whole form.",
    ]
    lines += [f"# {n:2}: {relation}" for n, relation in enumerate(relations, 1)]
    width = max(map(len, found))
    lines.append(" ".join([" " * width, *(f"{n:<5}" for n in range(1, len(relations) + 1))]).rstrip())
    lines += [" ".join([name.ljust(width), *(cell.ljust(5) for cell in cells)]).rstrip() for name, cells in found.items()]
    return "\n".join(lines) + "\n"


def written() -> dict[str, list[str]]:
    """The table as it stands in its file: cells by place."""
    lines = [line for line in TABLE.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    width = len(lines[0]) - len(lines[0].lstrip())
    return {line[:width].strip(): line[width:].split() for line in lines[1:]}


def check(ground: Ground, asked: Iterable[Place], relations: Iterable[str] = ()) -> None:
    """Fail unless these places answer these relations (or all) as it is written."""
    everybody = list(ground.everybody)
    relations = list(relations) or everybody
    expected = written()
    for name, cells in rows(ground, asked, relations).items():
        meant = dict(zip(everybody, expected[name], strict=True))
        assert dict(zip(relations, cells, strict=True)) == {relation: meant[relation] for relation in relations}, name


@pytest.mark.parametrize("part", range(PARTS))
def test_the_whole_table_of_pages_and_relations_is_as_it_is_written(ground: Ground, part: int) -> None:
    check(ground, every_place(ground)[part::PARTS])


def test_every_page_of_the_service_stands_in_the_table(ground: Ground) -> None:
    named = [place.name for place in every_place(ground)]
    assert len(named) == len(set(named))
    assert set(named) == set(written()), "write the table anew (see the top of this file), and read what changed"


def test_two_thousand_cells_and_more_are_probed(ground: Ground) -> None:
    pages = sum(cell != "." for cells in written().values() for cell in cells)
    lines = [line for line in JSON_TABLE.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    programs = sum(line.count("|") for line in lines[1:])
    sys.stdout.write(f"\n{pages} cells of pages and {programs} of the JSON interface: {pages + programs}\n")
    assert pages + programs >= 2_000
    assert len(ground.everybody) * 20 < pages


SERVED = {
    "IRO": {Capacity.IRO}, "IRO manager": {Capacity.IRO_MANAGER}, "business support": {Capacity.BUSINESS_SUPPORT},
    "administrator": {Capacity.ADMINISTRATOR}, "leader": {Capacity.LEADER}, "auditor": {Capacity.AUDITOR},
}  # fmt: skip


def test_what_the_table_says_follows_from_whom_each_route_serves(ground: Ground) -> None:
    """A second reading of the table, by rule: no route serves a capacity that its line in api/routes.py leaves out."""
    from drp.identity.principal import serves_principal

    has = {
        "the child's IRO": "IRO", "the IRO's cover": "IRO", "another IRO": "IRO", "IRO manager": "IRO manager",
        "business support": "business support", "administrator": "administrator", "auditor": "auditor",
        "IRO elsewhere": "IRO", "IRO manager elsewhere": "IRO manager",
    }  # fmt: skip
    nothing = ("asked", "delegate of the asked", "asked earlier", "same role, other team", "asked at a partner agency")
    everybody, cells = list(ground.everybody), written()
    for place in every_place(ground):
        who = ROUTES[place.method, place.template]
        for relation, listed in zip(everybody, cells[place.name], strict=True):
            cell = listed.rstrip("+")
            if cell == ".":
                continue
            if relation in SIGNED_OUT:
                assert who is RouteAudience.ANYONE or cell in ("in", "401"), (place.name, relation)
            elif relation in has or relation in nothing:
                capacities = frozenset(SERVED[has[relation]]) if relation in has else frozenset()
                assert (cell == "403") >= (not serves_principal(who, capacities)), (place.name, relation)
            if place.template.startswith("/challenges/") and cell not in ("in", "401", "404"):
                theirs = {THEIRS: ("elsewhere",), PARTNER: ("at a partner agency",)}.get(place.whose, ("",))
                assert relation.endswith(theirs), (place.name, relation, cell)


def test_whatever_a_query_may_name_is_probed_or_known_to_be_harmless(ground: Ground) -> None:
    probed = {name for _, name in named_in_queries(ground)}
    for context in iter_route_contexts(ground.world.app.routes):
        route = context.original_route
        if isinstance(route, APIRoute) and any((method, route.path) in PAGES for method in route.methods):
            for param in route.dependant.query_params:
                assert param.name in HARMLESS or (route.path, param.name) in named_in_queries(ground), (route.path, param.name)
    assert not probed & set(HARMLESS)


def test_the_pages_and_the_programs_routes_are_all_the_routes_there_are() -> None:
    assert set(PAGES) | JSON_ROUTES == set(ROUTES)
    assert not [path for _, path in PAGES if re.search(r"^/(api|docs)", path)]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        making = made(Path(folder))
        TABLE.write_text(table(next(making)), encoding="utf-8")
        next(making, None)
