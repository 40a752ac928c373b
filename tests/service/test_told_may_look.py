"""Whoever is only told may look: at the head, the stages and the dates, and not at the concern or anybody's words."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from api.presenters import item_reader
from tests.cast import rules
from tests.cast.councils import MARSH
from tests.cast.world import World

CONCERN = "The move was never planned."

WATCHED = replace(MARSH, ladders=(rules.PATIENT.replace("judge_within:", "observers: [head_of_quality]\njudge_within:"),))
"""Marsh Council, whose head of quality is told of every item and asked nothing."""


@pytest.fixture
def watched(build: Callable[..., World]) -> World:
    return build(WATCHED)


def raised(world: World) -> str:
    answer = world.as_("irene").raises("C-1", item_type="formal", concern=CONCERN)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["reference"])


def test_an_observer_opens_head_stages_and_dates(watched: World) -> None:
    reference = raised(watched)
    assert watched.told(reference, "observed") == [("stage_1", {"quinn"}, set())]
    seen = watched.as_("quinn").item(reference)
    assert seen["you_are"] == ["observer"]
    assert seen["stage"]["key"] == "stage_1"
    assert seen["windows"][0]["due"]
    assert seen["moves"] == []
    timeline = watched.as_("quinn").timeline(reference)
    assert [entry["kind"] for entry in timeline["entries"]] == ["stage_entered", "window_opened"]


def test_what_the_concern_is_stays_with_those_asked_and_copied(watched: World) -> None:
    reference = raised(watched)
    assert (
        watched.as_("irene").brings(reference, "child_view_recorded", about="the issue", view="I want to stay.").status_code
        == 200
    )
    for person, may in (("tess", True), ("sam", True), ("quinn", False)):
        for path in (f"/challenges/{reference}", f"/challenges/{reference}/timeline"):
            text = watched.as_(person).get(path).text
            assert ("I want to stay." in text or CONCERN in text) is (may and path.endswith("timeline")), (person, path)
    assert watched.as_("quinn").item(reference)["reasons"] == []
    assert watched.as_("quinn").brings(reference, "noted", text="I look.").status_code == 403


def test_planted_observer_who_reads_everything_is_caught(watched: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(item_reader, "sees_head_only", lambda actor: False)
    with pytest.raises(AssertionError):
        test_what_the_concern_is_stays_with_those_asked_and_copied(watched)
