"""What holds for every ladder and every life: docs/architecture.md.1 to 4.5, and what a decision is."""

import copy
from collections import Counter
from dataclasses import FrozenInstanceError
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cast.rules import NOTICES
from tests.cast.story import Story
from tests.decision.lives import BOUNDED, begin, ladders, live, lives, long_life, tried
from tests.decision.samples import everybody, sample
from tests.decision.states import chosen_for
from workflows.decision.decide import decide
from workflows.decision.event_rules import open_moves
from workflows.model import events as e
from workflows.model.actor import THE_SERVICE, Act
from workflows.model.ladder import ItemType
from workflows.model.refusals import Refused


def sweep(story: Story, now) -> None:
    """One tick at `now`, as a sweep makes it: it names the earliest window that is due."""
    due = [w for w in story.challenge.open_windows() if w.held_since is None and w.acts_at <= now]
    if due:
        key = min(due, key=lambda w: (w.acts_at, w.key)).key
        closes = e.WindowClosed(key.sequence, key.kind.value, key.n)
        decision = decide(story.rules, story.challenge, Act(closes, THE_SERVICE), now)
        assert not decision.is_nothing
        story.challenge = decision.challenge
        story.entries += decision.entries
        story.tellings += decision.tellings


@BOUNDED
@given(lives())
def test_a_sweep_just_before_an_event_changes_nothing(life):
    """The tick is an optimisation, never a rule (4.1)."""
    rules, at, plan = life
    story = begin(rules, at)

    def compare(before: Story, act: Act) -> None:
        swept = copy.copy(before)
        swept.entries, swept.tellings = [], []
        sweep(swept, before.now)
        direct = tried(rules, before.challenge, act, before.now)
        after = tried(rules, swept.challenge, act, before.now)
        assert (direct is None) == (after is None)
        if direct and after:
            assert direct.challenge == after.challenge
            assert direct.entries == (*swept.entries, *after.entries)
            assert direct.tellings == (*swept.tellings, *after.tellings)

    live(story, plan, each=compare, punctual=False)


@BOUNDED
@given(lives())
def test_dates_never_depend_on_how_late_the_tick_is(life):
    """A punctual service and one that only looks when somebody acts come to the same (4.3)."""
    rules, at, plan = life
    punctual, late = begin(rules, at), begin(rules, at)
    # The acts of the one are brought to the other, so that both are told the same.
    for act, now in live(punctual, plan):
        decision = decide(rules, late.challenge, act, now)
        late.challenge = decision.challenge
        late.entries += decision.entries
        late.tellings += decision.tellings
    last = Act(e.Noted("The end of the tale."), everybody(punctual))
    ended = [tried(rules, story.challenge, last, punctual.now) for story in (punctual, late)]
    for story, decision in zip((punctual, late), ended, strict=True):
        if decision:
            story.challenge = decision.challenge
            story.entries += decision.entries
            story.tellings += decision.tellings
    if ended[0]:
        assert punctual.challenge == late.challenge
        assert punctual.entries == late.entries
        assert punctual.tellings == late.tellings


@BOUNDED
@given(lives())
def test_a_window_that_is_not_there_or_not_due_decides_nothing_and_repeating_is_harmless(life):
    """A closing window names itself (4.2)."""
    rules, at, plan = life
    story = begin(rules, at)
    live(story, plan)
    now, challenge = story.now, story.challenge
    for window in challenge.windows:
        named = Act(e.WindowClosed(window.key.sequence, window.key.kind.value, window.key.n), THE_SERVICE)
        decision = decide(rules, challenge, named, now)
        if not window.is_open or window.held_since or window.acts_at > now:
            assert decision.is_nothing
            assert decision.challenge is challenge
        else:
            again = decide(rules, decision.challenge, named, now)
            assert again.is_nothing, "said twice, it closes once"
    for stranger in (e.WindowClosed(99, "reply", 1), e.WindowClosed(1, "reply", 99), e.WindowClosed(1, "tea", 1)):
        assert decide(rules, challenge, Act(stranger, THE_SERVICE), now + timedelta(days=400)).is_nothing


@BOUNDED
@given(lives())
def test_the_same_acts_tell_the_same_story(life):
    """An audit can replay it."""
    rules, at, plan = life
    first = begin(rules, at)
    acts = live(first, plan, punctual=False)
    second = begin(rules, at)
    for act, now in acts:
        decision = decide(rules, second.challenge, act, now)
        second.challenge = decision.challenge
        second.entries += decision.entries
        second.tellings += decision.tellings
    assert second.challenge == first.challenge
    assert second.entries == first.entries
    assert second.tellings == first.tellings


@BOUNDED
@given(lives())
def test_deciding_changes_nothing_that_it_was_given(life):
    rules, at, plan = life
    story = begin(rules, at)

    def unchanged(before: Story, act: Act) -> None:
        shown = repr(before.challenge)
        first = tried(rules, before.challenge, act, before.now)
        second = tried(rules, before.challenge, act, before.now)
        assert first == second
        assert repr(before.challenge) == shown

    live(story, plan, each=unchanged)
    with pytest.raises(FrozenInstanceError):
        story.challenge.stage = "elsewhere"  # type: ignore[misc]


@BOUNDED
@given(lives(), st.integers(1, 400))
def test_left_alone_no_life_ever_refers_and_every_life_comes_to_rest(life, days):
    rules, at, plan = life
    story = begin(rules, at)
    live(story, plan)
    referral, moved = story.challenge.referral, len(story.challenge.visits)
    story.fast_forward(to=story.now + timedelta(days=days))
    assert story.challenge.referral is referral
    assert len(story.challenge.visits) - moved < len(rules.ladder.stages), "one stage for each closed window, and never round"


@BOUNDED
@given(lives())
def test_what_is_listed_can_be_done_and_what_can_be_done_is_listed(life):
    rules, at, plan = life
    story = begin(rules, at)
    live(story, plan)
    sweep(story, story.now)
    actor = everybody(story)
    listed = open_moves(rules, story.challenge, actor)
    asked = any(w.asked for w in story.challenge.windows if w.key.kind in ("reply", "meeting"))
    for kind in e.EXTERNAL_TYPES:
        if kind in (e.LadderMoved, e.Acknowledged, e.CopyAdded, e.Reminded, e.ExtensionTakenBack, e.ReaderNamed, e.ReaderRemoved):
            continue  # another function; or a matter of whom or of which day, not only of where
        event = sample(kind, story)
        if isinstance(event, e.Redirected) and event.of == "nobody":
            continue
        if not asked and kind.type in ("responded", "not_for_me", "clarification_asked"):
            continue
        if kind is e.Escalated and len(rules.ladder.stages) == 1:
            assert kind.type not in listed
        try:
            decide(rules, story.challenge, Act(event, actor), story.now)
            accepted = True
        except Refused:
            accepted = False
        assert accepted == (kind.type in listed), f"{kind.type} in {story.state}"


@BOUNDED
@given(lives())
def test_a_looked_after_child_can_be_referred_at_every_moment_of_every_open_life(life):
    rules, at, plan = life
    story = begin(rules, at)

    def referable(before: Story, act: Act) -> None:
        # What closed by now comes first, as it does in every decision.
        now = copy.copy(before)
        now.entries, now.tellings = [], []
        sweep(now, before.now)
        challenge = now.challenge
        under_way = challenge.referral in ("referred", "acknowledged")
        if challenge.is_open and challenge.facts.is_looked_after and not under_way:
            decision = tried(rules, challenge, Act(sample(e.ReferredToCafcass, before), everybody(before)), before.now)
            assert decision is not None
            assert (decision.challenge.state, decision.challenge.visits) == (challenge.state, challenge.visits)

    live(story, plan, each=referable, punctual=False)


@BOUNDED
@given(ladders(), st.integers(0, 4), st.integers(0, 30))
def test_nobody_asked_at_a_stage_is_ever_copied_there(rules, at, n):
    story = begin(rules, min(at, len(rules.ladder.stages) - 1))
    for _ in range(len(rules.ladder.stages)):
        told, copied = set(story.challenge.visit.told), set(story.challenge.visit.copied)
        assert not told & copied
        event = sample(e.Escalated, story, n)
        if not tried(rules, story.challenge, Act(event, everybody(story)), story.now):
            return
        story.do(event, by=everybody(story))


@BOUNDED
@given(st.sampled_from(sorted(NOTICES)), st.lists(st.sampled_from(e.EXTERNAL_TYPES), max_size=12), st.integers(0, 20))
def test_a_notice_never_has_a_window_and_never_climbs(name, kinds, n):
    rules = NOTICES[name]()
    story = Story(rules)
    to = chosen_for(rules, rules.ladder.stages[0])
    story.raise_("Wed 8 April 2026, 10:00", item_type=ItemType.EXCELLENT_PRACTICE, reasons=(), to=to)
    for kind in kinds:
        if kind is e.LadderMoved:
            continue
        story.now += timedelta(days=n)
        decision = tried(rules, story.challenge, Act(sample(kind, story, n), everybody(story)), story.now)
        if decision:
            story.challenge = decision.challenge
        assert all(window.key.kind == "follow_up" for window in story.challenge.windows)
        assert len(story.challenge.visits) == 1
        assert story.challenge.referral == "none"


@pytest.mark.parametrize("seed", range(120))
def test_long_lives_from_fixed_seeds(seed):
    """Every rule at every step, and a sweep just before each that changes nothing."""
    test_a_sweep_just_before_an_event_changes_nothing.hypothesis.inner_test(long_life(seed))
    test_dates_never_depend_on_how_late_the_tick_is.hypothesis.inner_test(long_life(seed))


def test_the_lives_do_try_something():
    """A property that only ever met refusals would prove nothing."""
    lived: Counter[str] = Counter()
    for seed in range(240):
        rules, at, plan = long_life(seed)
        story = begin(rules, at)
        lived.update(act.event.type for act, _ in live(story, plan, punctual=False))
        lived.update(f"came by {visit.how}" for visit in story.challenge.visits)
        lived.update(f"closed as {window.closed_as}" for window in story.challenge.windows)
    for often in ("responded", "escalated", "referred_to_cafcass", "window_extended", "came by no_reply", "closed as no reply"):
        assert lived[often] >= 10, (often, lived)
    for sometimes in (
        "judged", "escalation_held", "outcome_recorded", "reopened", "redirected", "windows_held", "closed as part answered",
        "closed as ended", "closed as answered", "came by jumped", "came by climbed", "delivery_failed", "windows_released",
        "escalation_recalled", "closed as enough", "closed as answered late", "resolved", "action_done",
        "extension_taken_back",
    ):  # fmt: skip
        assert lived[sometimes] >= 1, (sometimes, lived)
