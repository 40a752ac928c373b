"""Help, accessibility, privacy and the paper form: there for everybody, signed in or not, even while the database is away."""

import re
from contextlib import contextmanager
from itertools import pairwise

import pytest

from drp.database.engine import Store
from drp.database.unavailable import Unavailable
from tests.cast.councils import procedures
from tests.cast.world import World
from tests.pages.browser import Visitor, at_browser

PAGES = ("/help", "/accessibility", "/privacy", "/paper")


def nobody(world: World) -> Visitor:
    return Visitor(world)


@pytest.mark.parametrize("path", PAGES)
def test_they_are_there_for_everybody(world, path):
    out = at_browser(world, "irene")
    out.fill(out.open("/sign-out"))
    for visitor in (nobody(world), Visitor(world, "nonsense"), Visitor(world, f"dunmoor.{'0' * 64}"), out):
        page = visitor.open(path)
        assert page.status == 200
        assert "Sign out" not in page.text
    for person in ("irene", "tess", "mona", "hugo", "ada"):
        page = at_browser(world, person).open(path)
        assert page.status == 200
        assert "Sign out" in page.text


@pytest.mark.parametrize("path", PAGES)
def test_they_are_there_while_the_database_is_away(world, monkeypatch, path):
    @contextmanager
    def away(*asked: object):
        raise Unavailable("away")
        yield

    irene = at_browser(world, "irene")
    monkeypatch.setattr(Store, "read", away)
    for visitor in (irene, nobody(world)):
        assert visitor.open(path).status == 200


@pytest.mark.parametrize("path", PAGES)
def test_they_speak_in_words_and_in_order(world, path):
    for visitor in (nobody(world), at_browser(world, "irene")):
        page = visitor.open(path)
        main = page.html[page.html.index("<main") : page.html.index("</main>")]
        levels = [int(level) for level in re.findall(r"<h([1-6])", main)]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(after - before <= 1 for before, after in pairwise(levels))
        for key in ("iro_service", "looked_after", "excellent_practice", "about_service", "style="):
            assert key not in main, key
        for word in ("silence", "breach", "unsatisfactory"):
            assert word not in main.lower(), word


def test_every_page_leads_to_them(world):
    page = nobody(world).open("/sign-in")
    for href in PAGES:
        assert href in [where for where, _ in page.links]


def test_the_paper_form_has_the_authoritys_own_stages_for_who_is_signed_in(world):
    page = at_browser(world, "tess").open("/paper")
    read = procedures(world.council)
    ladder = next(one for one in read.ladders if one.key == "resolution")
    for stage in ladder.stages:
        assert stage.label in page.text
    for reason in read.authority.themes[0].reasons:
        assert reason.label in page.text
    assert read.authority.role("head_of_cs").title in page.text
    assert "Formal challenge" in page.text


def test_for_nobody_it_is_general_and_names_no_authority(two):
    page = nobody(two).open("/paper")
    assert "Each council’s procedure has its own stages." in page.text
    for council in ("Durham", "Dunmoor", "Stage 2"):
        assert council not in page.text


def test_the_paper_form_says_what_to_do_afterwards(world):
    text = nobody(world).open("/paper").text
    assert "Sent on paper on (day), to (post)" in text
    assert "999" in text
    assert "No child’s name on this form" in text
    for question in ("The concern", "The effect on the child", "The outcome sought"):
        assert question in text


def test_templates_say_that_they_are_templates(world):
    for path in ("/accessibility", "/privacy"):
        assert "This is a template." in nobody(world).open(path).text
    assert "article 6(1)(c) and (e)" in nobody(world).open("/privacy").text


def test_help_speaks_in_the_authoritys_words(world):
    assert "You may refer to CAFCASS" in at_browser(world, "irene").open("/help").text
    assert "You may refer to Cafcass" in nobody(world).open("/help").text
