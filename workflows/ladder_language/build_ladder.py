"""Builds the values that `decide` works with (an authority, a ladder) from files that have been read and found well-formed."""

import hashlib
from collections.abc import Mapping
from datetime import time

from workflows.calendar.working_days import Length, LengthUnit
from workflows.ladder_language.file_schema import (
    EXAMPLES,
    WrittenAuthority,
    WrittenBetweenReviews,
    WrittenContact,
    WrittenLadder,
    WrittenNotice,
    WrittenReason,
    WrittenReporting,
    WrittenStage,
)
from workflows.ladder_language.strict_yaml import FileTree, Path
from workflows.model.authority import Authority, NamedFact, Reason, Role, SendingHours, Serves, Theme
from workflows.model.ladder import (
    Assumption,
    BeforeSkipping,
    Choice,
    Contact,
    CountedFrom,
    Endorsement,
    EnterAt,
    ItemType,
    Ladder,
    Meeting,
    MustRaise,
    NoReply,
    RepeatRule,
    Stage,
    WholeProcess,
    Within,
)
from workflows.model.reporting import Reporting, ReportSchedule, SeriesBreak, StagesTogether

FOLLOWED_STAGE = "followed"
"""The single stage of what is followed between two reviews."""

NOTICE_STAGE = "notice"
"""The single stage of a notice that does not say at which stage it counts."""

ASKS_NO_REPLY = {
    ItemType.EXCELLENT_PRACTICE: "A notice of excellent practice asks for no reply.",
    ItemType.SENIOR_SCRUTINY: "Senior scrutiny is put on the record and told; it asks for no reply.",
}

REFERRAL_WINDOW = Within(none_because="The IRO decides about a referral; nobody is waited for.")


def content_hash(text: str) -> str:
    """What identifies a version: SHA-256 of its text, line endings made alike."""
    return hashlib.sha256(text.replace("\r\n", "\n").encode(errors="surrogatepass")).hexdigest()


def authority_of(w: WrittenAuthority, text: str) -> Authority:
    """An authority file's value."""

    def reason(theme: str, key: str, r: str | WrittenReason) -> Reason:
        return Reason(key, r, theme) if isinstance(r, str) else Reason(key, r.label, theme, r.needs_words)

    sending = SendingHours()
    if w.sending_hours:
        hours = w.sending_hours
        sending = SendingHours(time.fromisoformat(hours.start), time.fromisoformat(hours.end), hours.on == "working days")
    return Authority(
        key=w.authority,
        name=w.name,
        version=w.version,
        in_force=w.in_force,
        source=w.source,
        roles=tuple(Role(key, r.title, r.held_for, r.acts_as, r.plural, r.beside_child) for key, r in w.roles.items()),
        themes=tuple(
            Theme(key, theme.label, tuple(reason(key, *named) for named in theme.reasons.items()))
            for key, theme in w.themes.items()
        ),
        serves=tuple(Serves(serves.ladder, serves.when) for serves in w.ladders),
        hash=content_hash(text),
        facts=tuple(NamedFact(key, f) if isinstance(f, str) else NamedFact(key, f.label, f.of) for key, f in w.facts.items()),
        labels=tuple(w.labels.items()),
        closures=tuple((closure.day, closure.why) for closure in w.closure_days),
        sending=sending,
        acts_at=time.fromisoformat(w.day.acts_at),
        warns_at=time.fromisoformat(w.day.warns_at),
        kept_years=(w.retention.child_protection, w.retention.others),
        log_kept_years=w.retention.access_log,
        asks_at_mid_point=w.follow_up.mid_point,
        for_absent_raiser=w.for_absent_raiser,
        duty_numbers=tuple((duty.who, duty.telephone) for duty in w.at_immediate_risk),
        reporting=_reporting(w.reporting),
        assumed=_assumed(w.assumed),
    )


def _reporting(w: WrittenReporting) -> Reporting:
    return Reporting(
        stages=w.maps_to.stages,
        reasons=w.maps_to.reasons,
        together=tuple(StagesTogether(group.label, group.stages) for group in w.together),
        breaks=tuple(SeriesBreak(b.since, b.why) for b in sorted(w.breaks, key=lambda b: b.since)),
        counts_practice=w.excellent_practice == "counted in",
        reports=tuple(ReportSchedule(one.report, one.every, one.to, one.months_after) for one in w.reports),
        shared=w.shared,
    )


def _assumed(written: Mapping[str, str]) -> tuple[Assumption, ...]:
    return tuple(Assumption(path, why) for path, why in written.items())


def _contact(w: WrittenContact | None) -> Contact:
    if w is None:
        return Contact()
    meeting = None
    if m := w.meeting:
        meeting = Meeting(m.called, m.arranged_by, m.attended_by, m.others, m.outcome_recorded_by, m.only_if)
    return Contact(w.by, w.form, w.followed_by, meeting)


def _stage(key: str, w: WrittenStage, keys: list[str], tree: FileTree) -> Stage:
    at: Path = ("stages", key)
    # A referral that cannot be read is still meant as one.
    referral = "cafcass" if (*at, "referral") in tree.lines else ""
    given = {
        "to": w.to,
        "respond_within": w.respond_within,
        "no_reply": w.no_reply,
        "complete_within": w.complete_within,
        "endorsed_by": w.endorsed_by,
        "copy": w.copies or None,
        "stand_in": w.stand_in or None,
    }
    has_no_window = bool(w.respond_within and w.respond_within.none_because)
    needed = ("to", "respond_within") if has_no_window else ("to", "respond_within", "no_reply")
    for name, value in given.items():
        if referral and value is not None:
            tree.fault((*at, name), f"a referral stage has no `{name}`", "remove it: here the IRO is asked to decide")
        if not referral and name in needed and value is None and (*at, name) not in tree.lines:
            tree.fault(at, f"`{name}` is missing from {key}", f"add {EXAMPLES[name]}")
    above = keys[keys.index(key) + 1 : keys.index(key) + 2]
    policy, policy_to = w.no_reply or (NoReply.PROMPT if referral else NoReply.NOTHING, None)
    return Stage(
        key=key,
        label=w.label,
        to=w.to,
        respond_within=w.respond_within or (REFERRAL_WINDOW if referral else Within(set_by_raiser=True)),
        no_reply=policy,
        no_reply_to=policy_to,
        informal=w.informal,
        copies=w.copies,
        observers=w.observers,
        sent_by=w.sent_by,
        endorsed_by=Endorsement(w.endorsed_by.role, w.endorsed_by.within) if w.endorsed_by else None,
        contact=_contact(w.contact),
        counted_from=w.counted_from if isinstance(w.counted_from, CountedFrom) else CountedFrom.SENT,
        counted_from_event="" if isinstance(w.counted_from, CountedFrom) else w.counted_from,
        complete_within=w.complete_within,
        judged_by=w.judged_by,
        judge_within=w.judge_within,
        satisfied=None if w.satisfied == "resolved" else w.satisfied,
        not_satisfied=tuple(next(iter(above), "next") if step == "next" else step for step in w.not_satisfied),
        obstacle_stops=w.obstacle == "judged",
        stand_ins=tuple(w.stand_in.items()),
        raise_within=w.raise_within,
        reasons=w.reasons,
        referral=referral,
        tell=w.tell.who if w.tell else "",
        told_by=w.tell.by if w.tell else "",
        texts=tuple(w.text.items()),
    )


def ladder_of(w: WrittenLadder, text: str, tree: FileTree) -> Ladder:
    """A ladder file's value; what only a whole ladder shows to be at fault is noted in the tree."""
    keys = list(w.stages)
    whole = w.whole_process
    return Ladder(
        key=w.ladder,
        version=w.version,
        authority=w.authority,
        title=w.process,
        source=w.source,
        in_force=w.in_force,
        until=w.until,
        items=w.items,
        raised_by=tuple(role for role, _ in w.raised_by),
        raises_only=tuple((role, items) for role, items in w.raised_by if items),
        starts_at=tuple(w.starts_at.items()),
        covers=w.covers,
        stages=tuple(_stage(key, stage, keys, tree) for key, stage in w.stages.items()),
        judge_within=w.judge_within,
        hash=content_hash(text),
        reminder_before=w.remind_before,
        reminds_half_way=w.remind == "half-way",
        revision=w.revision,
        whole_process=WholeProcess(whole.limit, whole.counted_from == "raising") if whole else None,
        observers=w.observers,
        priorities=w.priorities,
        enter_at=tuple(EnterAt(entry.when, entry.stage, entry.why) for entry in w.enter_at),
        repeats=tuple(RepeatRule(r.same, r.of, r.go_to) for r in w.repeat),
        must_raise=tuple(MustRaise(rule.when, rule.reason or "") for rule in w.must_raise),
        raise_within=w.raise_within,
        before_skipping=BeforeSkipping(w.before_skipping.talk_to, w.before_skipping.required) if w.before_skipping else None,
        labels=tuple(w.labels.items()),
        texts=tuple(w.text.items()),
        assumed=_assumed(w.assumed),
    )


def between_reviews_of(w: WrittenBetweenReviews, text: str, tree: FileTree) -> Ladder:
    """What is followed between two reviews, as a value: a ladder of one stage, from which nothing climbs."""
    item = ItemType(w.item)
    for name, (of, value) in _KEYS_BETWEEN.items():
        given = getattr(w, value)
        if given and item not in of:
            tree.fault((name,), f"{item.value.replace('_', ' ')} has no `{name}`", "remove it")
        if not given and item in of:
            tree.fault((), f"`{name}` is missing", f"add {_EXAMPLES_BETWEEN[name]}")
    if item is ItemType.REVIEW_DECISION and w.to and w.to.how is not Choice.CHOSEN:
        tree.fault(("to",), "who carries a decision out differs from one to the next", f"write {_EXAMPLES_BETWEEN['to']}")
    within = Within(set_by_raiser=True) if item is ItemType.REVIEW_DECISION else Within(none_because=_TRACKED_WINDOWS)
    stage = Stage(
        key=FOLLOWED_STAGE,
        label=w.process,
        to=w.to,
        respond_within=Within(length=w.respond_within) if w.respond_within else within,
        no_reply=NoReply.PROMPT if item is ItemType.REVIEW_DECISION else NoReply.NOTHING,
        copies=w.copies,
        observers=w.observers,
        keeps_watch=item is not ItemType.REVIEW_DECISION,
    )
    return Ladder(
        key=w.between_reviews,
        version=w.version,
        authority=w.authority,
        title=w.process,
        source=w.source,
        in_force=w.in_force,
        until=w.until,
        items=(item,),
        raised_by=w.raised_by,
        covers=w.covers,
        stages=(stage,),
        judge_within=w.judge_within,
        hash=content_hash(text),
        revision=w.revision,
        reminder_before=w.remind_before,
        reminds_half_way=w.remind == "half-way",
        priorities=tuple(w.tracking),
        tracking=tuple(w.tracking.items()),
        must_raise=tuple(MustRaise(rule.when, rule.reason or "") for rule in w.must_raise),
        labels=tuple(w.labels.items()),
        texts=tuple(w.text.items()),
        assumed=_assumed(w.assumed),
    )


_TRACKED_WINDOWS = "What was chosen for a tracked case has a window, and nothing else."

_KEYS_BETWEEN = {
    "to": ((ItemType.REVIEW_DECISION, ItemType.TRACKED_CASE), "to"),
    "tracking": ((ItemType.TRACKED_CASE,), "tracking"),
    "respond_within": ((ItemType.MID_POINT,), "respond_within"),
}
"""Keys that only some kinds of item have, and these must: each with the field that holds it."""

_EXAMPLES_BETWEEN = {
    "to": "`to: {chosen by: raiser, from: [social_worker, team_manager]}`",
    "tracking": "`tracking: {high: [updates, early_review, look_at_file], medium: [update, look_at_file], low: []}`",
    "respond_within": "`respond_within: 10 working days`",
}


def notice_of(w: WrittenNotice, text: str) -> Ladder:
    """A notice's value: a ladder of one stage, without a window."""
    item = ItemType(w.item)
    stage = Stage(
        key=w.stage.key if w.stage else NOTICE_STAGE,
        label=w.stage.label if w.stage else w.process,
        to=w.to,
        respond_within=Within(none_because=ASKS_NO_REPLY[item]),
        no_reply=NoReply.NOTHING,
        copies=w.copies,
        observers=w.observers,
        contact=_contact(w.contact),
    )
    return Ladder(
        key=w.notice,
        version=w.version,
        authority=w.authority,
        title=w.process,
        source=w.source,
        in_force=w.in_force,
        until=w.until,
        items=(item,),
        raised_by=w.raised_by,
        covers=w.covers,
        stages=(stage,),
        judge_within=Length(3, LengthUnit.WORKING_DAYS),
        hash=content_hash(text),
        is_notice=True,
        revision=w.revision,
        counts_at=stage.key if w.stage else "",
        must_raise=tuple(MustRaise(rule.when, rule.reason or "") for rule in w.must_raise),
        labels=tuple(w.labels.items()),
        texts=tuple(w.text.items()),
        assumed=_assumed(w.assumed),
    )
