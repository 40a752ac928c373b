"""The contributor's pages lead somewhere: what they name is there, and what each recipe lists holds for everything there is."""

import re

import pytest

from api.pages.item.move_forms import BY_TYPE as FORMS
from api.presenters.timeline_text import HEADLINES
from notifications.message_words import WORDS
from tests.house.test_house import FLOORS, ROOT, modules
from workflows.decision.decision_builder import NotificationKind
from workflows.decision.event_rules import EVENT_RULES
from workflows.model import events as e

PAGES = [ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
EVENTS = (e.Raised, *e.EXTERNAL_TYPES, *e.WITH_FILE_TYPES, *e.INTERNAL_TYPES)

# Brought by a page of their own, not by a form among the moves.
OWN_PAGE = {
    "referred_to_cafcass": "the referral is written section by section: api/pages/referral",
    "responded": "the one question on a page of its own: api/pages/item/answer_page.py",
    "not_for_me": "one of the answers to the one question: api/pages/item/answer_page.py",
    "clarification_asked": "one of the answers to the one question: api/pages/item/answer_page.py",
}


def paths_named(text: str) -> set[str]:
    """Every file or folder that a page names between backticks or as a link."""
    named = set(re.findall(r"`([\w.-]+(?:/[\w.-]*)+)`", text))
    return {one for one in named if not one.startswith(("/", "GET")) and "…" not in one}


@pytest.mark.parametrize("page", [ROOT / "CONTRIBUTING.md", ROOT / "docs" / "architecture.md"], ids=lambda page: page.name)
def test_every_place_that_is_named_is_there(page):
    text = page.read_text(encoding="utf-8")
    there = [ROOT, *(ROOT / floor for floor in FLOORS), ROOT / "api" / "pages"]
    missing = sorted(one for one in paths_named(text) if not any((root / one).exists() for root in there))
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_between_documents_leads_somewhere(page):
    links = re.findall(r"\]\(([^)#:]+?)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    assert not [link for link in links if not (page.parent / link).exists()]


def test_no_document_is_cited_that_is_not_there():
    cited = {}
    for path in modules(*FLOORS, "tests"):
        for one in re.findall(r"\b([A-Za-z_][\w/-]*\.md)\b", path.read_text(encoding="utf-8")):
            if not any((root / one).exists() for root in (ROOT, ROOT / "docs")):
                cited.setdefault(one, path.relative_to(ROOT).as_posix())
    assert not cited


def test_every_rule_that_is_cited_is_a_rule_of_the_architecture():
    rules = {int(number) for number in re.findall(r"^(\d+)\. \*\*", ARCHITECTURE, re.M)}
    cited = {
        int(number)
        for path in modules(*FLOORS, "tests")
        for number in re.findall(r"architecture\.md,? rule (\d+)", path.read_text(encoding="utf-8"))
    }
    assert cited
    assert cited <= rules


# An event.


def test_every_event_has_its_rule():
    assert set(EVENT_RULES) == set(EVENTS)


def test_every_event_from_outside_has_its_form():
    assert {kind.type for kind in e.EXTERNAL_TYPES} <= set(FORMS) | set(OWN_PAGE)


def test_every_event_has_its_headline():
    assert {kind.type for kind in EVENTS if kind not in (e.WindowClosed,)} <= set(HEADLINES)


def test_every_kind_of_message_has_its_words():
    assert set(WORDS) == set(NotificationKind)


# The recipes themselves.


def test_every_recipe_has_at_least_two_places():
    recipes = re.findall(r"^### (.+?)\n(.*?)(?=^### |\Z)", CONTRIBUTING, re.M | re.S)
    assert {name for name, _ in recipes} == {
        "An event",
        "A page",
        "A report",
        "A part of a report, or another kind",
        "A setting",
        "A migration",
        "A command",
    }
    for name, steps in recipes:
        assert len(re.findall(r"^\d+\. ", steps, re.M)) >= 2, name
