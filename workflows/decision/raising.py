"""Raising an item: where it starts, what the procedure asks to consider, and the first stage entered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from workflows.calendar import working_days
from workflows.decision import addressing
from workflows.decision.decision_builder import DecisionBuilder, EntryVisibility, NotificationKind
from workflows.decision.item_facts import check_item_facts
from workflows.decision.stage_entry import check_stage_exists, enter_stage, log_talk, set_resolve_by
from workflows.decision.watching import begin_watching
from workflows.decision.windows import check_day_has_come
from workflows.model.actor import Part
from workflows.model.altered import altered
from workflows.model.authority import Capacity, Edition, HeldFor, Rules
from workflows.model.challenge import Challenge, EnteredHow, Facts, Outcome, Party, StageVisit
from workflows.model.events import EarlierItem, Raised
from workflows.model.ladder import WITHOUT_CHILD, ItemType, Ladder
from workflows.model.refusals import NotYours, Unfit

SKIPPED = "stage_skipped"
"""The kind of entry that keeps why a stage was skipped."""

WHY_SKIPPED = ("stage_reason", "advice_before_skipping")
"""The words of what is raised that say it."""


@dataclass(frozen=True)
class RaisingPrompt:
    """Something that the procedure asks the raiser to consider. Never a refusal."""

    kind: str
    text: str
    stages: tuple[str, ...] = ()
    reference: str = ""


def blank_challenge(rules: Rules, event: Raised, facts: Facts, about_child: bool, now: datetime) -> Challenge:
    """The challenge before its first move. Without a child the facts hold only the team and service it is about."""
    return Challenge(
        item_type=event.item_type,
        raiser_role=event.raiser_role,
        reasons=event.reasons,
        raised_at=now,
        ladder_hash=rules.ladder.hash,
        authority_hash=rules.authority.hash,
        about_child=about_child,
        facts=facts,
        facts_at_raising=facts,
        priority=event.priority,
        happened=event.happened,
        agency=event.agency,
        last_at=now,
        taken_over_from=event.taken_over_from,
        item_facts=event.facts,
    )


def prompts_at_raising(
    rules: Rules, event: Raised, challenge: Challenge, earlier: Sequence[EarlierItem], now: datetime
) -> tuple[RaisingPrompt, ...]:
    """What the procedure asks to consider before this is raised: shown at raising, kept with the first entry."""
    ladder, authority = rules.ladder, rules.authority
    found: list[RaisingPrompt] = []
    exist = {stage.key for stage in ladder.stages_for(event.item_type)}
    for entry in ladder.enter_at:
        stages = tuple(key for key in entry.stages if key in exist)
        if stages and addressing.condition_holds(entry.when, challenge, authority) and event.stage not in stages:
            labels = " or ".join(ladder.stage(key).label for key in stages)
            why = entry.why or f"The procedure proposes {labels} here."
            found.append(RaisingPrompt("enter_at", why, stages))
    for repeat in [one for one in ladder.repeats if one.go_to in exist]:
        for item in earlier:
            if repeat.earlier is not None and item.item_type is not repeat.earlier:
                continue
            if _same(rules, repeat.same, event.reasons, item.reasons) and _start(ladder, event) != repeat.go_to:
                label = ladder.stage(repeat.go_to).label
                text = f"{item.reference} raised the same {repeat.same} before: the procedure proposes {label} for a repeat."
                found.append(RaisingPrompt("repeat", text, (repeat.go_to,), item.reference))
    for item in earlier:
        if item.is_open and set(item.reasons) & set(event.reasons):
            found.append(
                RaisingPrompt("already_open", f"{item.reference} is open for the same child and reason.", (), item.reference)
            )
    happened, today = dict(event.happened), working_days.local_date(now)
    stage = ladder.stage(_start(ladder, event))
    for deadline in (*ladder.raise_within, *stage.raise_within):
        since = happened.get(deadline.of)
        if since is None:
            text = f"This should be raised within {deadline.length} of the {deadline.of}: say when that was."
            found.append(RaisingPrompt("raise_within", text))
            continue
        moment = working_days.at_local(since, rules.authority.acts_at)
        due = working_days.promise_from_instant(deadline.length, moment, rules.calendar).due
        if today > due:
            text = (
                f"This should have been raised within {deadline.length} of the {deadline.of}, by {working_days.long_date(due)}."
            )
            found.append(RaisingPrompt("raised_late", text))
    return tuple(found)


def _same(rules: Rules, what: str, reasons: tuple[str, ...], others: tuple[str, ...]) -> bool:
    if what == "reason":
        return bool(set(reasons) & set(others))
    authority = rules.authority
    return bool(
        {authority.reason(r).theme for r in reasons if authority.has_reason(r)}
        & {authority.reason(r).theme for r in others if authority.has_reason(r)}
    )


def _start(ladder: Ladder, event: Raised) -> str:
    return event.stage or ladder.first_for(event.item_type).key


def raise_challenge_at_stage(turn: DecisionBuilder, event: Raised, earlier: Sequence[EarlierItem]) -> tuple[RaisingPrompt, ...]:
    """Raise it: note what was said, enter the first stage (or the one that the raiser judged right)."""
    rules, ladder = turn.rules, turn.rules.ladder
    check_raised(turn, event)
    asked = prompts_at_raising(rules, event, turn.challenge, earlier, turn.at)
    told = [{"kind": prompt.kind, "stages": list(prompt.stages), "reference": prompt.reference} for prompt in asked]
    under = {"ladder_hash": ladder.hash} if rules.edition is not Edition.FIRST else {}
    note_raised(turn, event, {"prompts": told, "about_child": turn.challenge.about_child, **under})
    if ladder.is_notice:
        enter_notice(turn, event)
        return asked
    if ladder.stages[0].keeps_watch:
        begin_watching(turn, f"raise_at_{ladder.stages[0].key}", EnteredHow.RAISED, event.to, event.copies)
        return asked
    proposed = [
        e
        for e in ladder.enter_at
        if len(e.stages) == 1
        and ladder.stage(e.stages[0]) in ladder.stages_for(event.item_type)
        and addressing.condition_holds(e.when, turn.challenge, rules.authority)
    ]
    start = event.stage or (proposed[0].stages[0] if proposed and not ladder_is_statutory(rules) else _start(ladder, event))
    if event.resolve_by:
        set_resolve_by(turn, event.resolve_by)
    if event.without_clock:
        log_talk(turn, start, event.to, event.copies)
    else:
        enter_stage(
            turn, f"raise_at_{start}", EnteredHow.RAISED, chosen=event.to, copied=event.copies, respond_by=event.respond_by
        )
    tell_childs_iro(turn)
    return asked


def note_raised(turn: DecisionBuilder, event: Raised, more: dict[str, object]) -> None:
    """Put it on the timeline; why a stage was skipped apart, for the child's IRO alone (architecture.md rule 11)."""
    skipping = {name: text for name in WHY_SKIPPED if (text := getattr(event, name))}
    if turn.rules.edition is Edition.FIRST or not skipping:
        turn.note_event(event, more)
        return
    turn.note_event(altered(event, stage_reason="", advice_before_skipping=""), more)
    turn.note(SKIPPED, {}, skipping, EntryVisibility.CHILDS_IRO)


def tell_childs_iro(turn: DecisionBuilder) -> None:
    """The IRO of a looked-after child is told at once of what anybody else raises about the child (architecture.md rule 10)."""
    iros = turn.rules.authority.roles_acting_as(Capacity.IRO)
    is_theirs = not turn.challenge.about_child or turn.challenge.raiser_role in iros
    if turn.rules.edition is Edition.FIRST or is_theirs or not turn.challenge.facts.is_looked_after:
        return
    turn.tell(NotificationKind.RAISED_BY_ANOTHER, [Party(role) for role in iros])


def ladder_is_statutory(rules: Rules) -> bool:
    """Is it a ladder that an IRO raises about a child's case? There the IRO's own choice of stage is never pre-empted."""
    iros = rules.authority.roles_acting_as(Capacity.IRO)
    return any(role in iros for role in rules.ladder.raised_by) and ItemType.PARTNER_AGENCY not in rules.ladder.items


def enter_notice(turn: DecisionBuilder, event: Raised) -> None:
    """Excellent practice or senior scrutiny: told once, no window, no climb."""
    ladder = turn.rules.ladder
    stage = ladder.stages[0]
    to = addressing.recipients_of_stage(turn.rules.authority, turn.challenge, stage, event.to)
    copies = addressing.copies_of_stage(turn.rules, turn.challenge, stage, to, event.copies)
    turn.change(sequence=1, phase=Outcome.NOTICED, visits=(StageVisit(1, stage.key, turn.at, EnteredHow.RAISED, to, copies),))
    if ladder.counts_at:
        turn.change(stage=ladder.counts_at, highest_stage=ladder.counts_at)
    turn.tell(NotificationKind.SCRUTINY if event.item_type is ItemType.SENIOR_SCRUTINY else NotificationKind.NOTICE, to, copies)
    turn.tell(NotificationKind.OBSERVED, addressing.observers_of_stage(turn.rules, turn.challenge, stage, (*to, *copies)))
    tell_childs_iro(turn)


def _check_happened(turn: DecisionBuilder, event: Raised) -> None:
    """Days that something is counted from: of events that the ladder names, not to come, not years ago."""
    ladder, today = turn.rules.ladder, working_days.local_date(turn.at)
    named = {deadline.of for deadline in ladder.raise_within}
    for stage in ladder.stages:
        named |= {deadline.of for deadline in stage.raise_within} | {stage.counted_from_event}
    named |= {"review"} if ladder.is_between_reviews else set()
    for what, day in event.happened:
        if what not in named - {"", "raising"}:
            listed = (
                f"Leave it out, or name: {', '.join(sorted(named - {'', 'raising'}))}."
                if named - {"", "raising"}
                else "Leave it out."
            )
            raise Unfit("Nothing in this procedure is counted from that.", listed, "happened")
        if not today - timedelta(days=1100) <= day <= today:
            raise Unfit(
                "That day is still to come, or more than three years ago.", "Give the day on which it happened.", "happened"
            )


def check_raised(turn: DecisionBuilder, event: Raised) -> None:
    """Raise Unfit for what an item cannot be raised with: each says what to do instead."""
    _check_kind(turn, event)
    if not event.concern.strip():
        raise Unfit("Nothing is said of the concern.", "Say in a line what it is.", "concern")
    _check_reasons(turn, event)
    check_item_facts(turn.rules.authority, event.facts)
    _check_happened(turn, event)
    if event.first_known_on:
        check_day_has_come(turn, event.first_known_on, "Say when you first knew of it, or leave it empty.", "first_known_on")
    _check_priority(turn, event)
    if not turn.rules.ladder.is_notice:
        _check_start(turn, event)


def _check_kind(turn: DecisionBuilder, event: Raised) -> None:
    """Does this procedure carry such an item, raised by such a role?"""
    ladder = turn.rules.ladder
    if Part.SERVICE in turn.by.parts and event.item_type is not ItemType.MID_POINT:
        raise NotYours("The service raises nothing but a mid-point.", "Have somebody raise it.")
    if not turn.challenge.about_child and event.item_type not in WITHOUT_CHILD:
        raise Unfit("This kind of item is about a child.", "Name the child by case number.", "child")
    if not turn.challenge.about_child and turn.rules.edition is not Edition.FIRST:
        _check_names_child(turn, event)
    if event.item_type not in ladder.items:
        raise Unfit(f"{ladder.title} does not carry such an item.", "Choose another kind of item.", "item_type")
    raisers = ladder.raisers_of(event.item_type)
    if event.raiser_role not in raisers:
        raise Unfit(f"{ladder.title} is not raised by that role.", f"It is raised by: {', '.join(raisers)}.", "raiser_role")


def _check_names_child(turn: DecisionBuilder, event: Raised) -> None:
    """Raise Unfit where an item that may name no child would ask somebody who is somebody only for a child.

    Not for one about a service: a new file is refused for that, and one in force goes on as it did.
    """
    words = turn.rules.authority
    for stage in turn.rules.ladder.stages_for(event.item_type) if event.item_type is not ItemType.ABOUT_SERVICE else ():
        of_child = [role for role in stage.roles_to() if words.role(role).held_for is HeldFor.CHILD]
        if of_child and len(of_child) == len(stage.roles_to()):
            said = f"At {stage.label} this procedure asks the {words.role(of_child[0]).title} of a child, and no child is named."
            raise Unfit(said, "Name the child by case number.", "child")


def _check_reasons(turn: DecisionBuilder, event: Raised) -> None:
    """Reasons that the authority has, each once, with words where one asks for them."""
    words = turn.rules.authority
    if not event.reasons and turn.rules.ladder.climbs:
        raise Unfit("No reason is ticked.", "Tick at least one.", "reasons")
    for reason in event.reasons:
        if not words.has_reason(reason):
            known = ", ".join(r.key for theme in words.themes for r in theme.reasons)
            raise Unfit(f"`{reason}` is not on the list of reasons.", f"Choose from: {known}.", "reasons")
    if len(set(event.reasons)) < len(event.reasons):
        raise Unfit("A reason stands twice.", "Tick each once.", "reasons")
    if not event.other_reason.strip() and any(words.reason(reason).needs_words for reason in event.reasons):
        raise Unfit('"Other" needs words.', "Say in a line what the reason is.", "other_reason")


def _check_priority(turn: DecisionBuilder, event: Raised) -> None:
    """A priority that the procedure has, where its time depends on one; and the agency, where a stage may need one."""
    ladder = turn.rules.ladder
    if event.priority and event.priority not in ladder.priorities:
        listed = f"Choose from: {', '.join(ladder.priorities)}." if ladder.priorities else "Leave it out."
        raise Unfit("This ladder has no such priority.", listed, "priority")
    if any(addressing.needs_agency(turn.rules.authority, turn.challenge, stage) for stage in ladder.stages_for(event.item_type)):
        raise Unfit("It may go to another agency, and it is not said which agency.", "Name the agency.", "agency")
    if not ladder.suits_priority(event.priority):
        said = "Here the time to answer depends on the priority."
        raise Unfit(said, f"Say which: {', '.join(ladder.priorities)}.", "priority")


def _check_start(turn: DecisionBuilder, event: Raised) -> None:
    """A stage to start at, with its reason, and the talk that the procedure asks for before one is skipped."""
    ladder, usual = turn.rules.ladder, turn.rules.ladder.first_for(event.item_type)
    if event.without_clock and not usual.informal:
        raise Unfit(f"{ladder.title} has no informal stage to log a talk at.", "Raise it with its clock.", "without_clock")
    if event.without_clock and event.stage:
        raise Unfit("A talk is logged at the informal stage.", "Leave the stage out, or raise it with its clock.", "stage")
    if event.stage:
        check_stage_exists(turn, event.stage, "stage")
    if event.stage and event.stage != usual.key and not event.stage_reason.strip():
        raise Unfit("It starts above the first stage, and no reason is given.", "Say why this stage is right.", "stage_reason")
    first = ladder.before_skipping
    skips = event.stage and ladder.position(event.stage) > ladder.position(usual.key)
    if first and first.required and skips and not event.advice_before_skipping and not turn.challenge.facts.is_looked_after:
        who = turn.rules.authority.role(first.talk_to).title
        said = f"Before a stage is skipped this procedure asks for a talk with the {who}."
        raise Unfit(said, "Say what they advised; the decision stays yours.", "advice_before_skipping")
