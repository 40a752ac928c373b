"""What must hold after every decision, whatever the ladder and the story. Read beside docs/architecture.md."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from workflows.decision.decision_builder import Decision, NotificationKind
from workflows.model.authority import Rules
from workflows.model.challenge import ASKS_RECIPIENTS, OUTLIVE_CLOSING, Challenge, Outcome, Phase, ReferralState, WindowKind
from workflows.model.ladder import RAISER

ASKS_THE_ASKED = {"asked", "reminder", "will_climb", "extended", "extension_taken_back", "redirected", "to_endorse", "to_arrange"}
"""Subjects with which people are asked, or asked again."""


def must_hold(rules: Rules, decision: Decision, now: datetime) -> None:
    """Every rule, after one decision."""
    if decision.is_nothing:
        assert decision.before == decision.challenge
        return
    times_never_run_backwards(decision, now)
    an_open_state_has_an_owner_and_a_window(rules, decision.challenge)
    at_most_one_window_asks(decision.challenge)
    what_has_ended_asks_and_climbs_no_more(decision)
    the_service_never_refers(decision)
    words_stay_out_of_the_facts(decision)
    a_notice_has_no_window(rules, decision.challenge)
    the_highest_stage_never_falls(rules, decision)
    windows_are_named_once(decision.challenge)
    reminders_do_not_outlive_what_they_remind_of(decision.challenge)
    everybody_told_is_a_role_of_the_authority(rules, decision)
    nobody_is_copied_in_what_is_addressed_to_them(decision)
    no_promise_is_over_before_it_is_made(decision)
    a_date_moves_only_by_a_named_act(decision)
    what_is_sealed_stays_sealed(decision)


def times_never_run_backwards(decision: Decision, now: datetime) -> None:
    at = decision.before.last_at if decision.before else None
    for entry in decision.entries:
        assert at is None or entry.at >= at, f"{entry.kind} at {entry.at}, after {at}"
        at = entry.at
    assert decision.challenge.last_at is not None
    assert at is None or decision.challenge.last_at >= at
    before = decision.before.last_at if decision.before else None
    # An outage that held nothing is no event: what had closed before it closed at its own time.
    only_closings = all("service" in entry.by.parts and entry.at < now for entry in decision.entries)
    assert decision.challenge.last_at <= max(now, before or now)
    if not only_closings:
        assert decision.challenge.last_at == max(now, before or now)


def an_open_state_has_an_owner_and_a_window(rules: Rules, challenge: Challenge) -> None:
    """Nobody's turn is nobody's fault: an open state is somebody's, until a date, or the ladder says why not."""
    if not challenge.is_open:
        return
    stage = rules.ladder.stage(challenge.stage)
    if stage.keeps_watch:
        return  # watched until somebody ends it: what was chosen has a window, and a low priority may choose nothing
    decisive = [w for w in challenge.open_windows() if w.key.kind not in OUTLIVE_CLOSING and w.parent is None]
    decisive = [w for w in decisive if w.key.kind is not WindowKind.WHOLE_PROCESS]
    if decisive:
        assert all(w.owner.role for w in decisive)
        return
    if challenge.visit.how == "talked" and not challenge.visit.sent:
        assert challenge.phase is Phase.ASKING, "a talk is the raiser's"
        assert not challenge.windows, "a talk has no clock"
        return
    passed = ("no reply", "part answered", "not reached")
    on_the_record = any(w.key.sequence == challenge.sequence and w.closed_as in passed for w in challenge.windows)
    assert challenge.phase is Phase.AWAITING, f"{challenge.state} is nobody's"
    assert stage.no_reply == "nothing", f"{challenge.state} is nobody's"
    assert on_the_record, f"{challenge.state} is nobody's"


def at_most_one_window_asks(challenge: Challenge) -> None:
    asking = ASKS_RECIPIENTS | {WindowKind.ENDORSEMENT, WindowKind.COMPLETION}
    for kinds in (asking, {WindowKind.JUDGEMENT}, {WindowKind.WHOLE_PROCESS}):
        running = [w for w in challenge.open_windows() if w.key.kind in kinds]
        assert len(running) <= 1, [w.key for w in running]
        assert all(w.key.sequence == challenge.sequence for w in running if w.key.kind is not WindowKind.WHOLE_PROCESS)


def what_has_ended_asks_and_climbs_no_more(decision: Decision) -> None:
    challenge = decision.challenge
    if challenge.is_open:
        return
    assert all(w.key.kind in OUTLIVE_CLOSING for w in challenge.open_windows()), [w.key for w in challenge.open_windows()]
    if decision.before and not decision.before.is_open:
        assert challenge.visits == decision.before.visits
        assert not {telling.subject.value for telling in decision.tellings} & ASKS_THE_ASKED


def the_service_never_refers(decision: Decision) -> None:
    """No closing window makes a referral (docs/architecture.md rule 4)."""
    before = decision.before.referral if decision.before else ReferralState.NONE
    if decision.challenge.referral is before:
        return
    by_whom = [entry.by for entry in decision.entries if entry.kind.startswith(("referral", "referred"))]
    assert by_whom, "a referral moved and nobody moved it"
    assert all("child's IRO" in actor.parts for actor in by_whom)


def words_stay_out_of_the_facts(decision: Decision) -> None:
    for entry in decision.entries:
        said = [words for words in entry.words.values() if len(words) > 3]
        for text in _texts(entry.facts):
            assert not any(words in text for words in said), f"{entry.kind}: {text}"


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)
    elif isinstance(value, str):
        yield value
    else:
        assert value is None or isinstance(value, bool | int), f"{value!r} is not plain JSON"


def a_notice_has_no_window(rules: Rules, challenge: Challenge) -> None:
    if rules.ladder.is_notice:
        # A day on which the IRO will look again is theirs alone; nobody is asked for anything.
        assert all(w.key.kind is WindowKind.FOLLOW_UP for w in challenge.windows)
        assert not challenge.is_open


def the_highest_stage_never_falls(rules: Rules, decision: Decision) -> None:
    ladder, after = rules.ladder, decision.challenge.highest_stage
    before = decision.before.highest_stage if decision.before else ""
    if before and ladder.has(before):
        assert ladder.position(after) >= ladder.position(before)
    if after and ladder.stage(after).referral:
        assert decision.challenge.referral not in (ReferralState.NONE, ReferralState.CONSIDERED)


def windows_are_named_once(challenge: Challenge) -> None:
    keys = [w.key for w in challenge.windows]
    assert len(set(keys)) == len(keys)


def reminders_do_not_outlive_what_they_remind_of(challenge: Challenge) -> None:
    for child in challenge.open_windows():
        if child.parent:
            parent = challenge.window(child.parent)
            assert parent is not None
            assert parent.is_open


def everybody_told_is_a_role_of_the_authority(rules: Rules, decision: Decision) -> None:
    for telling in decision.tellings:
        for party in (*telling.to, *telling.copy):
            by_name = telling.subject is NotificationKind.LET_READ and party.person  # whoever the IRO lets read, in no post
            assert party.role == RAISER or by_name or rules.authority.has_role(party.role), party


def nobody_is_copied_in_what_is_addressed_to_them(decision: Decision) -> None:
    for telling in decision.tellings:
        assert not set(telling.to) & set(telling.copy)
        assert len(set(telling.to)) == len(telling.to)
        assert len(set(telling.copy)) == len(telling.copy)
    for visit in decision.challenge.visits:
        assert not {party.role for party in visit.told if not party.person} & {party.role for party in visit.copied}


def no_promise_is_over_before_it_is_made(decision: Decision) -> None:
    """Nobody is asked for something by a date that has passed."""
    for window in decision.opened:
        if window.parent is None:
            assert window.promise.closes_at > window.opened_at, f"{window.key} was over when it was opened"


NAMED_ACTS = {"window_extended", "extension_taken_back", "windows_released", "reopened", "acknowledged"}
"""Acts of a named person that may move a date: the acknowledgement where a procedure counts from it."""


def a_date_moves_only_by_a_named_act(decision: Decision) -> None:
    """docs/architecture.md rule 8."""
    if decision.before is None:
        return
    acts = {entry.kind for entry in decision.entries}
    for window in decision.before.windows:
        after = decision.challenge.window(window.key)
        assert after is not None, f"{window.key} is gone"
        if after.promise != window.promise:
            if window.key.kind is WindowKind.MID_POINT and "child_facts_changed" in acts:
                continue  # the child's next review has another day, and half-way to it the ask
            assert acts & NAMED_ACTS, f"{window.key} moved from {window.promise.due} to {after.promise.due} by {acts}"


def what_is_sealed_stays_sealed(decision: Decision) -> None:
    if decision.before and decision.before.phase is Outcome.IN_ERROR:
        raise AssertionError("something was decided on what is sealed")
