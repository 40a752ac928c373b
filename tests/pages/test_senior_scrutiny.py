"""Senior scrutiny at a browser: offered where the authority has it, recorded on one page, read as what it is."""

from collections.abc import Callable

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from api.presenters import timeline_text
from drp.database.directory_tables import ChildRow
from drp.database.register_tables import RegisterRow
from tests.cast.councils import LEVELS
from tests.cast.world import World
from tests.pages.browser import Page, at_browser
from workflows.model.ladder import ItemType

PLACE = "/notices/new?kind=scrutiny"


@pytest.fixture
def levels(build: Callable[..., World]) -> World:
    """Durham's procedure of 2022/23, on Wednesday 1 April 2026."""
    return build(LEVELS)


def recorded(world: World, **said: object) -> Page:
    irene = at_browser(world, "irene")
    page = irene.open(irene.open("/").link("Record senior scrutiny"))
    words = {"child": "T-1", "concern": "The arrangement, night by night.", "effect_on_child": "Two staff at night."}
    return irene.fill(page, **(words | {"took_part": "The IRO and the head.", "ladder": "scrutiny_level_5"} | said))


def test_it_is_recorded_on_one_page_and_reads_as_what_it_is(levels: World) -> None:
    done = recorded(levels)
    assert done.status == 200, done.text
    assert "It is recorded" in done.text
    assert "To: Head of Children's Services" in done.text
    [line] = levels.rows(select(col(RegisterRow.kind), col(RegisterRow.stage)))
    assert tuple(line) == ("scrutiny", "level_5")
    for person in ("irene", "hugo"):
        here = at_browser(levels, person).open(next(href for href, _ in done.links if href.endswith("?all=1")))
        for text in ("What was looked at", "What was found, and what it means for the child", "Who took part"):
            assert here.text.count(text) == 2, (person, text, here.text)
        assert "Unregistered or unregulated placement" in here.text
        assert "Level 5: on the record" in here.text
        for text in ("excellent practice", "What was asked", "What was answered", "The concern"):
            assert text not in here.text, (person, text)
    inbox = at_browser(levels, "hugo").open("/inbox")
    assert "Senior scrutiny on the record" in inbox.text
    assert "excellent practice" not in inbox.text


def test_the_usual_reason_stands_ticked_and_the_level_is_asked(levels: World) -> None:
    page = at_browser(levels, "irene").open(PLACE)
    assert page.form(PLACE).inputs["reasons"] == ["placement_unregistered"]
    assert "Level 4" in page.text
    assert "Level 5" in page.text
    said = recorded(levels, ladder="")
    assert said.status == 422
    assert "Choose the level." in said.text


def test_at_level_4_somebody_is_named_and_what_was_typed_is_kept(levels: World) -> None:
    page = recorded(levels, ladder="scrutiny_level_4")
    assert page.status == 422
    assert "Choose who is to be told at Level 4." in page.text
    assert page.form(PLACE).inputs["took_part"] == ["The IRO and the head."]
    done = recorded(levels, ladder="scrutiny_level_4", to="strategic_manager_sqd|")
    assert "It is recorded" in done.text
    assert "Strategic Manager, Service Quality and Development" in done.text


def test_it_is_offered_only_where_the_authority_has_it(world: World) -> None:
    irene = at_browser(world, "irene")
    assert "senior scrutiny" not in irene.open("/").text
    assert irene.open(PLACE).status == 403
    assert irene.open("/notices/new?kind=something").status == 404


def test_a_notice_of_excellent_practice_is_asked_as_before(levels: World) -> None:
    irene = at_browser(levels, "irene")
    page = irene.open("/notices/new")
    assert "What went well" in page.text
    assert "What was looked at" not in page.text
    assert "It is sent" in irene.fill(page, child="T-1", concern="The worker stayed late to read with him.").text


def test_planted_words_of_a_challenge_on_scrutiny_are_caught(levels: World, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = {name: timeline_text.QUESTIONS[name] for name in timeline_text.OF_SCRUTINY}
    monkeypatch.setitem(timeline_text.OF_NOTICES, ItemType.SENIOR_SCRUTINY, wrong)
    with pytest.raises(AssertionError):
        test_it_is_recorded_on_one_page_and_reads_as_what_it_is(levels)


def where_it_starts(world: World, reason: str) -> Page:
    """The step that asks where a challenge starts."""
    irene = at_browser(world, "irene")
    page = irene.fill(irene.open("/raise"), "/raise", child="T-1", item_type="formal")
    words = world.service.casework.procedures
    with world.store.read(world.council.key) as connection:
        themes = words.current(connection, world.council.key)[0].authority.themes
    box = next(f"reasons__{theme.key}" for theme in themes if reason in [one.key for one in theme.reasons])
    page = irene.fill(page, _step(page), **{box: reason})
    return irene.fill(page, _step(page), concern="The placement.", effect_on_child="She waits.", outcome_sought="A plan.")


def _step(page: Page) -> str:
    return next(form.action for form in page.forms if form.method == "post" and form.action.count("/") == 3)


def test_whoever_raises_such_a_matter_is_shown_where_its_scrutiny_is_recorded(levels: World) -> None:
    page = where_it_starts(levels, "placement_unregistered")
    assert "Senior scrutiny itself asks for no reply and is recorded apart" in page.text
    assert page.link("record senior scrutiny") == PLACE
    page = where_it_starts(levels, "worker_not_available")
    assert "recorded apart" not in page.text


def test_where_the_procedure_proposes_a_level_of_scrutiny_it_is_shown_too(levels: World) -> None:
    with levels.store.write(levels.council.key) as connection:
        connection.execute(update(ChildRow).where(col(ChildRow.number) == "T-1").values(facts=["unregistered_placement"]))
    page = where_it_starts(levels, "worker_not_available")
    assert "scrutinised at level 4 or 5" in page.text
    assert page.link("record senior scrutiny") == PLACE
