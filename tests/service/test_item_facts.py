"""A fact of an item: asked at raising on page and JSON, said later, and what follows for who is copied (Derby, section 13)."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.cast.councils import DERBY
from tests.cast.world import Caller, World
from tests.decision.planting import plant_rule
from tests.pages.browser import Page, at_browser
from workflows.decision import addressing
from workflows.model.challenge import Challenge
from workflows.model.events import FactSaid

OVERSIGHT = "managers_oversight_in_question"
SAID = {"item_type": "formal", "reasons": ["drift_or_delay"], "priority": "high"}


@pytest.fixture
def derby(build: Callable[..., World]) -> World:
    return build(DERBY)


def raised(irene: Caller, **more: object) -> str:
    return str(irene.raises("T-1", **SAID, **more).json()["reference"])


def step_of(page: Page) -> str:
    """Where the step that a page shows is sent."""
    return next(form.action for form in page.forms if form.method == "post" and form.action.count("/") == 3)


def copied(world: World, reference: str) -> set[str]:
    return set().union(*(copies for _, _, copies in world.told(reference)))


def test_the_deputy_head_is_alerted_where_the_iro_says_so_at_raising(derby: World) -> None:
    irene = derby.as_("irene")
    assert "mona" in copied(derby, raised(irene, facts=[OVERSIGHT]))
    assert "mona" not in copied(derby, raised(irene))
    assert "mona" not in copied(
        derby, str(irene.raises("T-1", **SAID | {"priority": "low"}, facts=[OVERSIGHT]).json()["reference"])
    )


def test_a_fact_said_later_copies_in_whom_the_procedure_copies_then(derby: World) -> None:
    irene = derby.as_("irene")
    reference = raised(irene)
    assert irene.brings(reference, "fact_said", fact=OVERSIGHT, words="She signed the plan off.").status_code == 200
    assert derby.told(reference, "copied") == [("formal_1", set(), {"mona"})]
    assert irene.item(reference)["copied"] == ["Social Worker", "Deputy Head of Service, Quality Assurance"]
    (entry,) = [one for one in derby.as_("tess").timeline(reference)["entries"] if one["kind"] == "fact_said"]
    assert (entry["facts"]["fact"], entry["facts"]["copy"]) == (OVERSIGHT, ["deputy_head_of_service_qa"])
    again = irene.brings(reference, "fact_said", fact=OVERSIGHT)
    assert (again.status_code, again.json()["field"]) == (422, "fact")
    assert irene.brings(reference, "fact_said", fact=OVERSIGHT, holds=False).status_code == 200
    assert derby.told(reference, "copied") == [("formal_1", set(), {"mona"})], "whoever was told has been told"
    assert irene.brings(reference, "fact_said", fact="shoe_size").json()["field"] == "facts"


def test_an_item_without_the_fact_is_not_copied_where_its_child_has_another(derby: World) -> None:
    refused = derby.as_("irene").raises("T-1", **SAID, facts=["unregistered_placement"])
    assert (refused.status_code, refused.json()["field"]) == (422, "facts")
    assert OVERSIGHT in refused.text


def test_only_the_iros_side_says_it(derby: World) -> None:
    reference = raised(derby.as_("irene"))
    for person in ("tess", "sam"):
        assert derby.as_(person).brings(reference, "fact_said", fact=OVERSIGHT).status_code == 403, person
    assert derby.as_("mona").brings(reference, "fact_said", fact=OVERSIGHT).status_code == 200


def test_it_is_asked_on_the_page_at_raising_and_later(derby: World) -> None:
    irene = at_browser(derby, "irene")
    reference = raised(derby.as_("irene"))
    page = irene.open(f"/challenges/{reference}/do/fact_said")
    assert "The concern includes the manager's oversight of the case" in page.text
    irene.fill(page, fact=OVERSIGHT, holds="yes")
    assert derby.told(reference, "copied") == [("formal_1", set(), {"mona"})]
    assert "What is so here" in irene.open(f"/challenges/{reference}").text
    page = irene.fill(irene.open("/raise"), child="T-1", item_type="formal")
    said = {"reasons__criteria": "drift_or_delay", "priority": "high", "facts": OVERSIGHT}
    page = irene.fill(page, step_of(page), **said)
    page = irene.fill(page, step_of(page), concern="The plan drifts.")
    page = irene.fill(page, step_of(page))
    page = irene.fill(page, step_of(page))
    assert "What is so here" in page.text
    assert "Deputy Head of Service, Quality Assurance" in page.text, "who would be told is shown before it is sent"


def test_a_fact_that_conditions_do_not_read_is_noticed(derby: World, monkeypatch: pytest.MonkeyPatch) -> None:
    reads = addressing.condition_holds

    def forgets(condition: object, challenge: Challenge, *more: object) -> bool:
        return reads(condition, replace(challenge, item_facts=()), *more)  # type: ignore[arg-type]

    monkeypatch.setattr(addressing, "condition_holds", forgets)
    with pytest.raises(AssertionError):
        test_the_deputy_head_is_alerted_where_the_iro_says_so_at_raising(derby)


def test_a_fact_without_its_consequences_is_noticed(derby: World, monkeypatch: pytest.MonkeyPatch) -> None:
    plant_rule(monkeypatch, FactSaid, does=lambda turn, event: turn.note_event(event))
    with pytest.raises(AssertionError):
        test_a_fact_said_later_copies_in_whom_the_procedure_copies_then(derby)
