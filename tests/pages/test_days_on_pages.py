"""A day or a year far outside any sense, in a form or in an address of a page: said so, never a fault, never kept."""

from datetime import date
from typing import Any

import pytest
from fastapi.routing import APIRoute, iter_route_contexts

from api.pages.frame.day_line import DayLine
from api.pages.frame.form_fields import DayField, WrongAnswer
from tests.pages.every_page import PAGES, asker_of, places
from tests.pages.ground import OWN, Ground

FAR = (("1", "1", "1989"), ("1", "1", "0100"), ("1", "1", "1970"), ("31", "12", "9999"), ("0", "0", "0000"), ("1", "1", "2100"))
QUERIES = ("0", "1", "0000", "0001", "9999", "0001-01", "9999-12", "0001-01-01", "9999-12-31", "-1", "99999999999999999999")


@pytest.mark.parametrize(("day", "month", "year"), FAR)
def test_a_days_inputs_take_no_day_far_outside(day: str, month: str, year: str) -> None:
    with pytest.raises(WrongAnswer):
        DayField(name="on", label="Day").read({"on-day": (day,), "on-month": (month,), "on-year": (year,)})
    for text in (f"{day}/{month}/{year}", f"{year}-{month}-{day}"):
        with pytest.raises(WrongAnswer):
            DayLine(name="on", label="Day", today=date(2026, 4, 1)).read({"on": (text,)})


def test_every_form_refuses_a_day_far_outside_and_keeps_nothing(ground: Ground) -> None:
    asker, irene, tried = asker_of(ground), ground.everybody["the child's IRO"], 0
    for template in [template for method, template in PAGES if method == "POST"]:
        for place in places(ground, "POST", template):
            if place.whose not in ("", OWN):
                continue
            days = [name.removesuffix("-year") for name in asker.controls(place) if name.endswith("-year")]
            for name in days:
                calm = asker.ask(place, irene).status_code
                ground.restore()
                for day, month, year in FAR[:5] if calm in (200, 303) else ():
                    said = {f"{name}-day": [day], f"{name}-month": [month], f"{name}-year": [year]}
                    answer = asker.ask(place, irene, said=said)
                    assert answer.status_code in (200, 422), (place.name, name, year, answer.status_code)
                    assert not ground.is_changed, (place.name, name, year)
                    tried += 1
    assert tried >= 30, tried


DATED = ("since", "until", "year", "quarter", "month", "came_since", "came_until", "before", "after", "page")
READS_ITS_OWN = ("/register", "/themes", "/inbox")
"""Pages that read their address by themselves."""


def test_no_page_fails_for_a_year_or_a_day_in_its_address(ground: Ground) -> None:
    mona, asked = ground.everybody["IRO manager"], 0
    routes: dict[str, Any] = {}
    for context in iter_route_contexts(ground.world.app.routes):
        if isinstance(context.original_route, APIRoute):
            routes[context.original_route.path] = context.original_route
    for template in [template for method, template in PAGES if method == "GET"]:
        names = [one.name for one in routes[template].dependant.query_params]
        named = [name for name in DATED if name in names or template.startswith(READS_ITS_OWN)]
        for place in places(ground, "GET", template)[:1]:
            for name in dict.fromkeys(named):
                for value in QUERIES:
                    answer = mona.send("GET", place.path, params={name: value})
                    assert answer.status_code < 500, (place.name, name, value)
                    asked += 1
    assert asked >= 500, asked
