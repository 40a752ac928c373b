"""Raising: what an item must say, what the procedure asks to consider, and where it starts."""

from dataclasses import replace

import pytest

from tests.cast.clock import on
from tests.cast.people import BUSINESS_SUPPORT, COVER, IRO, IRO_MANAGER, in_their_line, the
from tests.cast.rules import NOTICES, durham_2016, invented
from tests.cast.story import Story
from workflows.model import events as e
from workflows.model.ladder import ItemType
from workflows.model.refusals import NotYours, Unfit

PLAIN = """
  one: {label: One, informal: true, to: team_manager, respond_within: 2 working days, no_reply: prompt}
  two: {label: Two, to: director, copy: [everyone above], respond_within: 2 working days, no_reply: prompt}
"""
AT = "Wed 8 April 2026, 10:00"


def test_the_first_entry_holds_what_was_said_words_apart():
    story = Story(invented(PLAIN)).raise_(
        AT, reasons=("drift",), concern="No plan.", effect_on_child="She cannot sleep.", outcome_sought="A plan by May."
    )
    first = story.entries[0]
    assert first.kind == "raised"
    assert first.words == {"concern": "No plan.", "effect_on_child": "She cannot sleep.", "outcome_sought": "A plan by May."}
    assert first.facts["reasons"] == ["drift"]
    assert first.facts["about_child"] is True
    assert story.kinds == ["raised", "stage_entered", "window_opened"]


def test_the_iro_or_their_cover_or_business_support_for_them_raises_it_and_nobody_else():
    for actor in (IRO, COVER, BUSINESS_SUPPORT):
        assert Story(invented(PLAIN)).raise_(AT, by=actor).entries[0].by is actor
    for actor in (IRO_MANAGER, the("team_manager"), in_their_line(IRO)):
        with pytest.raises(NotYours):
            Story(invented(PLAIN)).raise_(AT, by=actor)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"concern": "  "}, "concern"),
        ({"reasons": ()}, "reasons"),
        ({"reasons": ("weather",)}, "reasons"),
        ({"reasons": ("drift", "drift")}, "reasons"),
        ({"reasons": ("other",)}, "other_reason"),
        ({"item_type": ItemType.URGENT}, "item_type"),
        ({"raiser_role": "team_manager"}, "raiser_role"),
        ({"priority": "high"}, "priority"),
        ({"stage": "nine", "stage_reason": "High."}, "stage"),
        ({"stage": "two"}, "stage_reason"),
        ({"to": (e.Chosen("director"),)}, "to"),
        ({"copies": ("director",)}, "copies"),
        ({"resolve_by": on("Tue 7 April 2026")}, "resolve_by"),
        ({"facts": None}, "child"),
        ({"concern": "x" * 10_001}, "concern"),
        ({"linked": ("x" * 201,)}, "linked"),
        ({"happened": (("x" * 201, on("Wed 8 April 2026")),)}, "happened"),
    ],
)
def test_what_does_not_fit_is_sent_back_with_its_field_and_what_to_do(said, field):
    with pytest.raises(Unfit) as refused:
        Story(invented(PLAIN)).raise_(AT, **said)
    assert refused.value.field == field
    assert refused.value.do


def test_an_informal_item_starts_at_the_informal_step_and_a_formal_one_above_it():
    assert Story(invented(PLAIN)).raise_(AT).state == "one.awaiting"
    assert Story(invented(PLAIN)).raise_(AT, item_type=ItemType.FORMAL).state == "two.awaiting"


def test_a_deadline_on_the_raiser_is_recorded_and_never_refused():
    top = "items: [informal]\njudge_within: 3 working days\nraise_within: 3 working days of the review\n"
    stages = "  one: {label: One, to: team_manager, respond_within: 2 working days, no_reply: prompt}\n"
    rules = invented(stages, top)
    in_time = Story(rules).raise_(AT, happened=(("review", on("Thu 2 April 2026")),))
    assert in_time.prompts == ()
    late = Story(rules).raise_(AT, happened=(("review", on("Tue 31 March 2026")),))
    assert [prompt.kind for prompt in late.prompts] == ["raised_late"]
    assert "by Tuesday 7 April 2026" in late.prompts[0].text
    unsaid = Story(rules).raise_(AT)
    assert [prompt.kind for prompt in unsaid.prompts] == ["raise_within"]
    assert late.state == "one.awaiting"


def test_on_a_partner_route_seriousness_decides_where_it_starts():
    top = """items: [partner_agency]
judge_within: 3 working days
priorities: [high, low]
enter_at:
  - {if: priority is high, stage: two}
"""
    stages = """
  one: {label: One, to: named_nurse, respond_within: 2 working days, no_reply: prompt}
  two: {label: Two, to: director, respond_within: 2 working days, no_reply: prompt}
"""
    said = {"item_type": ItemType.PARTNER_AGENCY, "agency": "health_trust"}
    assert Story(invented(stages, top)).raise_(AT, priority="high", **said).state == "two.awaiting"
    assert Story(invented(stages, top)).raise_(AT, priority="low", **said).state == "one.awaiting"


def test_a_repeat_of_the_same_theme_is_pointed_out_where_the_ladder_says_so():
    top = "items: [informal, formal]\njudge_within: 3 working days\nrepeat: [{same: theme, of: informal, go_to: two}]\n"
    earlier = [e.EarlierItem("KX-204", ItemType.INFORMAL, ("other",), is_open=False)]
    story = Story(invented(PLAIN, top)).raise_(AT, reasons=("drift",), earlier=earlier)
    assert [(prompt.kind, prompt.stages) for prompt in story.prompts] == [("repeat", ("two",))]


def test_observers_hear_of_every_item_and_are_neither_asked_nor_copied_twice():
    top = "items: [informal, formal]\njudge_within: 3 working days\nobservers: [head_of_quality, director]\n"
    story = Story(invented(PLAIN, top)).raise_(AT)
    assert story.told == ["asked: team_manager", "observed: head_of_quality, director"]
    story.do(e.Escalated("Higher."))
    assert story.told == ["asked: director (copy: team_manager)", "observed: head_of_quality"]


@pytest.mark.parametrize("name", NOTICES)
def test_a_notice_has_recipients_and_copies_and_never_a_window(name):
    rules = NOTICES[name]()
    to = (e.Chosen("social_worker"),) if rules.ladder.stages[0].to.how == "chosen" else ()
    story = Story(rules).raise_(AT, item_type=ItemType.EXCELLENT_PRACTICE, reasons=(), to=to)
    assert story.challenge.windows == ()
    assert story.state == "noticed"
    assert story.challenge.highest_stage == ""
    story.do(e.Noted("She was pleased."))
    assert story.challenge.windows == ()


def test_an_item_raised_at_the_last_stage_asks_about_cafcass_at_once():
    story = Story(durham_2016()).raise_(
        AT, item_type=ItemType.FORMAL, stage="stage_8", stage_reason="Everything else was tried last year."
    )
    assert story.state == "stage_8.asking"
    assert story.told == ["about_cafcass: raiser"]


def test_an_item_for_another_agency_says_which_agency():
    stages = """
  one: {label: One, to: named_nurse, respond_within: 2 working days, no_reply: escalate}
  two: {label: Two, to: named_nurse, respond_within: 2 working days, no_reply: prompt}
"""
    rules = invented(stages, "items: [partner_agency]\njudge_within: 3 working days\n")
    with pytest.raises(Unfit, match="it is not said which agency"):
        Story(rules).raise_(AT, item_type=ItemType.PARTNER_AGENCY)
    story = Story(rules).raise_(AT, item_type=ItemType.PARTNER_AGENCY, agency="health_trust")
    assert story.challenge.agency == "health_trust"
    # Said once, it holds for every stage above: a climb by itself needs nobody to name it again.
    assert story.next_date().next_date().state == "two.awaiting"


def test_a_ladder_that_climbs_to_another_agency_asks_for_it_at_the_start_so_that_no_climb_can_stumble():
    top = "items: [partner_agency]\njudge_within: 3 working days\n"
    stages = """
  one: {label: One, to: team_manager, respond_within: 2 working days, no_reply: escalate}
  two: {label: Two, to: named_nurse, respond_within: 2 working days, no_reply: prompt}
"""
    rules, said = invented(stages, top), {"item_type": ItemType.PARTNER_AGENCY}
    with pytest.raises(Unfit) as refused:
        Story(rules).raise_(AT, **said)
    assert refused.value.field == "agency"
    story = Story(rules).raise_(AT, agency="health_trust", **said).fast_forward(to="Mon 13 April 2026, 09:00")
    assert story.state == "two.awaiting"
    # One that moved here from a ladder that never asked is put to the IRO, rather than failing at every tick.
    moved = Story(rules).raise_(AT, agency="health_trust", **said)
    moved.challenge = replace(moved.challenge, agency="")
    assert moved.fast_forward(to="Mon 13 April 2026, 09:00").state == "one.asking"
