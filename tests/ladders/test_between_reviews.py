"""Files of what is followed between two reviews: what they say, and what is refused with the line to write."""

import pytest

from tests.cast import rules
from workflows.ladder_language.reader import Unreadable, read_procedures
from workflows.model.ladder import BETWEEN_REVIEWS, Choice, ItemType, TrackedBy

HEAD = """\
between_reviews: {key}
item: {key}
version: "1"
authority: marsh
process: Followed
source: Ours
in_force: 2026-01-01
raised_by: [iro]
judge_within: 3 working days
"""
OWNERS = "to: {chosen by: raiser, from: [social_worker, team_manager]}\n"
TRACKED = "to: social_worker\ntracking: {high: [updates, early_review, look_at_file], medium: [update], low: []}\n"
WHOLE = {"review_decision": OWNERS, "tracked_case": TRACKED, "mid_point": "respond_within: 10 working days\n"}


def ladder_of(key: str, more: str):
    """The ladder that such a file makes, beside Marsh Council's own. Raises Unreadable."""
    files = rules.marsh_files([rules.PROCESS, HEAD.format(key=key) + more])
    return next(one for one in read_procedures(files).ladders if one.key == key)


def test_each_kind_is_a_ladder_of_one_stage_from_which_nothing_climbs():
    for key, more in WHOLE.items():
        one = ladder_of(key, more)
        assert (one.followed, one.is_between_reviews, one.climbs, len(one.stages)) == (ItemType(key), True, False, 1)
        assert one.onward(one.stages[0].key) == ()
    decision, tracked, mid_point = (ladder_of(key, more) for key, more in WHOLE.items())
    assert decision.stages[0].to.how is Choice.CHOSEN
    assert decision.stages[0].respond_within.set_by_raiser
    assert tracked.priorities == ("high", "medium", "low")
    assert dict(tracked.tracking)["high"] == (TrackedBy.UPDATES, TrackedBy.EARLY_REVIEW, TrackedBy.LOOK_AT_FILE)
    assert dict(tracked.tracking)["low"] == ()
    assert str(mid_point.stages[0].respond_within.length) == "10 working days"


@pytest.mark.parametrize(
    ("key", "more", "wrong", "instead"),
    [
        ("review_decision", "", "`to` is missing", "chosen by: raiser"),
        ("review_decision", "to: social_worker\n", "differs from one to the next", "chosen by: raiser"),
        ("review_decision", OWNERS + "respond_within: 3 working days\n", "has no `respond_within`", "remove it"),
        ("review_decision", OWNERS + "stages: {}\n", "`stages` is not a key here", "keys here are"),
        ("tracked_case", "to: social_worker\n", "`tracking` is missing", "look_at_file"),
        ("tracked_case", TRACKED.replace("updates", "visits"), "`visits` is not known here", "updates"),
        ("mid_point", OWNERS + WHOLE["mid_point"], "has no `to`", "remove it"),
        ("mid_point", "", "`respond_within` is missing", "10 working days"),
        ("mid_point", WHOLE["mid_point"] + "remind: weekly\n", "`weekly` is not known here", "half-way"),
    ],
)
def test_what_is_at_fault_is_said_with_what_to_write(key: str, more: str, wrong: str, instead: str):
    with pytest.raises(Unreadable) as refused:
        ladder_of(key, more)
    (fault,) = refused.value.faults
    assert wrong in str(fault)
    assert instead in str(fault)


@pytest.mark.parametrize("item", sorted(BETWEEN_REVIEWS))
def test_none_of_them_stands_on_a_ladder_that_climbs(item: str):
    files = rules.marsh_files([rules.PROCESS.replace("items: [", f"items: [{item}, ")])
    with pytest.raises(Unreadable) as refused:
        read_procedures(files)
    assert "write it as a file that begins `between_reviews:`" in str(refused.value)
