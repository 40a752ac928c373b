"""Up and down the ladder: entering a stage, climbing, jumping, holding, recalling, waiting longer."""

from datetime import date

from workflows.calendar.working_days import Promise, local_date, long_date
from workflows.decision import addressing
from workflows.decision.decision_builder import DecisionBuilder, EntryVisibility, NotificationKind, stands_in_words
from workflows.decision.extensions import remember_extension
from workflows.decision.moves import moves_of
from workflows.decision.stage_entry import (
    _start_whole_process,
    ask_what_next,
    check_stage_exists,
    enter_stage,
    send_to_stage,
    set_resolve_by,
    withdraw_meeting,
)
from workflows.decision.windows import (
    close_judgement,
    close_stay,
    close_window,
    iro_managers,
    move_promise,
    named_date,
    open_judgement,
    open_reply,
    open_window,
    promise_of_window,
    reply_promise,
)
from workflows.model.altered import altered
from workflows.model.authority import Edition, Rules
from workflows.model.challenge import (
    ASKS_RECIPIENTS,
    THE_RAISER,
    Challenge,
    ClosedAs,
    EnteredHow,
    Party,
    Phase,
    Window,
    WindowKind,
)
from workflows.model.events import (
    Chosen,
    Endorsed,
    EndorsementDeclined,
    Escalated,
    EscalationHeld,
    EscalationRecalled,
    WindowExtended,
)
from workflows.model.ladder import NoReply
from workflows.model.refusals import NotOpen, Unfit


def climbs_by_itself(rules: Rules, challenge: Challenge, window: Window) -> str | None:
    """The stage to which this window's passed date would take it by itself; None if the IRO is asked instead."""
    if window.on_close is not NoReply.ESCALATE or any(asked.answered_at for asked in window.asked):
        return None
    return climb_target(rules, challenge)


def climb_target(rules: Rules, challenge: Challenge) -> str | None:
    """The stage to which it can be taken from here with nothing to choose; None where there is none."""
    target = rules.ladder.climbs_to(challenge.stage)
    if target is None:
        return None
    stage = rules.ladder.stage(target)
    waits = addressing.needs_choice(stage) or addressing.needs_agency(rules.authority, challenge, stage)
    return None if waits else target


def has_not_ended(rules: Rules, challenge: Challenge) -> NotOpen | None:
    """Is it still open?"""
    return None if challenge.is_open else NotOpen("It has ended.", "Open it again first.")


def may_go_elsewhere(rules: Rules, challenge: Challenge) -> NotOpen | None:
    """Is there another stage to which it may be taken? From every open state, if the ladder has more than one."""
    if not challenge.is_open:
        said = f"This is {stands_in_words(rules, challenge)}: it climbs no more."
        return NotOpen(said, "Open it again first, or raise it anew.")
    if len(rules.ladder.stages) == 1:
        return NotOpen(f"{rules.ladder.stages[0].label} is the only stage.", "Refer to Cafcass, extend the window, or end it.")
    return None


def would_climb_by_itself(rules: Rules, challenge: Challenge) -> NotOpen | None:
    """Would the window that runs take it higher by itself when its date passes?"""
    main = challenge.main_window()
    if main is not None and main.is_open and climbs_by_itself(rules, challenge, main):
        return None
    return NotOpen("No climb would come by itself here.", "There is nothing to hold.")


def climbed_by_itself(rules: Rules, challenge: Challenge) -> NotOpen | None:
    """Was its last move a climb by itself?"""
    moves = moves_of(rules.ladder).open_in(challenge.state)
    came_by_itself = len(challenge.visits) > 1 and challenge.visit.how in (EnteredHow.NO_REPLY, EnteredHow.NOT_REACHED)
    if came_by_itself and f"recall_to_{challenge.visits[-2].stage}_asking" in moves:
        return None
    said = "The last move was not a climb by itself, so there is nothing to recall."
    return NotOpen(said, "Jump to the stage that you want.")


def is_sent(rules: Rules, challenge: Challenge) -> NotOpen | None:
    """Has it been sent to the present stage's people? What waits to be endorsed reaches nobody."""
    if challenge.visit.sent or not challenge.visit.told:
        return None
    return NotOpen("This has not been sent on yet, so there is nobody to tell.", "It waits to be endorsed.")


def is_not_sent(rules: Rules, challenge: Challenge) -> NotOpen | None:
    """Does it wait to be sent on?"""
    return NotOpen("This has been endorsed and sent already.", "Nothing needs endorsing.") if challenge.visit.sent else None


def act_on_reply_date(turn: DecisionBuilder, window: Window) -> None:
    """A stage's date passed: as its policy says, it climbs, the IRO is asked, or the record shows it."""
    part_answered = any(asked.answered_at for asked in window.asked)
    close_window(turn, window, ClosedAs.PART_ANSWERED if part_answered else ClosedAs.NO_REPLY)
    if turn.challenge.phase is not Phase.AWAITING or window.key.sequence != turn.challenge.sequence:
        return  # the IRO is considering already, or it has moved on
    target = climbs_by_itself(turn.rules, turn.challenge, window)
    if window.on_close is NoReply.NOTHING:
        turn.tell(NotificationKind.PASSED, [THE_RAISER], window=window.key)
    elif target is None:
        ask_what_next(turn)
    else:
        # Acted on later than its moment, it was held and released: only then does another day count (architecture.md rule 3).
        released = turn.at > window.acts_at
        enter_stage(turn, f"climb_to_{target}", EnteredHow.NO_REPLY, counts_from=None if released else window.promise.due)
        turn.tell(NotificationKind.CLIMBED, [THE_RAISER])


def escalate_challenge(turn: DecisionBuilder, event: Escalated) -> None:
    """The IRO takes it higher: next, or wherever they judge right (IRO Handbook 6.2)."""
    turn.note_event(event)
    climb_to(turn, event.to_stage, event.to, event.respond_by, event.copies, event.advice_before_skipping)
    if event.resolve_by:
        set_resolve_by(turn, event.resolve_by)


def climb_to(
    turn: DecisionBuilder,
    to_stage: str,
    chosen: tuple[Chosen, ...],
    respond_by: date | None,
    copied: tuple[str, ...],
    advice: str = "",
) -> None:
    """Climb to a stage named, or to the only one above. Raises Unfit where the ladder leaves a choice."""
    ladder, here = turn.rules.ladder, turn.challenge.stage
    onward = ladder.onward(here)
    if to_stage:
        check_stage_exists(turn, to_stage)
        if to_stage == here:
            raise Unfit(f"It stands at {turn.stage.label} already.", "Name another stage, or extend the window.", "to_stage")
    elif len(onward) == 1:
        to_stage = onward[0]
    elif onward:
        raise Unfit(f"From {turn.stage.label} there is more than one way on.", f"Name one of: {', '.join(onward)}.", "to_stage")
    else:
        raise NotOpen(f"{turn.stage.label} is the highest stage.", "Refer to Cafcass, extend the window, or end it.")
    if to_stage in onward:
        enter_stage(turn, f"climb_to_{to_stage}", EnteredHow.CLIMBED, chosen=chosen, copied=copied, respond_by=respond_by)
        return
    _advice(turn, to_stage, advice)
    enter_stage(turn, f"jump_to_{to_stage}", EnteredHow.JUMPED, chosen=chosen, copied=copied, respond_by=respond_by)


def _advice(turn: DecisionBuilder, to_stage: str, advice: str) -> None:
    """Where the procedure says to talk to somebody first: recorded; a gate only where statute leaves room for one."""
    first = turn.rules.ladder.before_skipping
    if not first or turn.rules.ladder.position(to_stage) < turn.rules.ladder.position(turn.challenge.stage):
        return
    if first.required and not advice and not turn.challenge.facts.is_looked_after:
        who = turn.rules.authority.role(first.talk_to).title
        raise Unfit(
            f"Before a stage is skipped this procedure asks for a talk with the {who}.",
            "Say what they advised; the decision stays yours.",
            "advice_before_skipping",
        )
    visible = EntryVisibility.EVERYONE if turn.rules.edition is Edition.FIRST else EntryVisibility.CHILDS_IRO
    words = {"advice": advice} if advice else {}
    turn.note("advice_before_skipping", {"with": first.talk_to, "given": bool(advice)}, words, visible)


def hold_escalation(turn: DecisionBuilder, event: EscalationHeld) -> None:
    """The IRO stops a climb that would come by itself, and considers."""
    main = turn.challenge.main_window()
    assert main is not None
    turn.note_event(event)
    turn.put(altered(main, on_close=NoReply.PROMPT))
    turn.move("hold")
    open_judgement(turn)


def recall_escalation(turn: DecisionBuilder, event: EscalationRecalled) -> None:
    """The IRO takes back a climb that came by itself: to judge a late reply, or to consider."""
    visits = turn.challenge.visits
    back = visits[-2]
    waited = [
        w
        for w in turn.challenge.windows
        if w.key.sequence == back.sequence and w.asked and w.key.kind is not WindowKind.JUDGEMENT
    ]
    answered = any(asked.answered_at for window in waited for asked in window.asked)
    from_here = turn.challenge.visit
    turn.note_event(event)
    withdraw_meeting(turn)
    close_stay(turn, ClosedAs.RECALLED)
    turn.move(f"recall_to_{back.stage}_{'answered' if answered else 'asking'}")
    turn.change(sequence=turn.challenge.sequence + 1)
    again = altered(back, sequence=turn.challenge.sequence, entered_at=turn.at, how=EnteredHow.RECALLED)
    turn.change(visits=(*visits, again))
    window = open_judgement(turn)
    if from_here.sent:
        turn.tell(NotificationKind.RECALLED, from_here.told, from_here.copied)
    turn.tell(
        NotificationKind.TO_JUDGE if answered else NotificationKind.WHAT_NEXT,
        [asked.party for asked in window.asked],
        window=window.key,
    )


def extend_window(turn: DecisionBuilder, event: WindowExtended) -> None:
    """Another date for those asked; if the IRO was being asked what next, it waits again."""
    main = turn.challenge.main_window()
    promise = named_date(turn, event.until, "until")
    if main and main.is_open and not main.promise.is_without_date and event.until < main.promise.due:
        promised_day = long_date(main.promise.due)
        raise Unfit(f"That is before the day that was promised, {promised_day}.", f"Name {promised_day} or a later day.", "until")
    before = main.promise.due.isoformat() if main and not main.promise.is_without_date else ""
    turn.note_event(event, {"was": before})
    if turn.challenge.visit.how is EnteredHow.TALKED and not turn.challenge.visit.sent:
        _send_talk(turn, promise)
        return
    if not turn.challenge.visit.sent:
        _ask_endorser(turn, promise)
        return
    if main and main.is_open:
        policy = turn.stage.no_reply if main.key.kind in ASKS_RECIPIENTS else main.on_close
        if main.climb_waits and policy is NoReply.ESCALATE:
            policy = NoReply.PROMPT
        extended = move_promise(turn, altered(main, on_close=policy), promise)
        remember_extension(turn, main, extended)
        main = extended
    else:
        # Whoever of several has answered is not asked again; once all have, all are.
        waiting = tuple(asked.party for asked in main.asked if not asked.answered_at) if main else ()
        kind = WindowKind.MEETING if turn.stage.answer_is_a_meeting else WindowKind.REPLY
        main = open_reply(turn, promise, waiting or turn.challenge.visit.told, kind)
    if turn.challenge.phase is Phase.ASKING:
        close_judgement(turn, ClosedAs.WAITS_LONGER)
    turn.move("wait_longer")
    turn.tell(NotificationKind.EXTENDED, [one.party for one in main.asked if not one.answered_at], window=main.key)


def _send_talk(turn: DecisionBuilder, promise: Promise) -> None:
    """An answer is wanted to what was talked over: it goes to the stage's people, with the date named."""
    visit = turn.challenge.visit
    if not visit.told:
        raise NotOpen(f"At {turn.stage.label} somebody must be chosen to answer.", "Take it higher, or raise it anew.")
    sent = altered(visit, sent=True, respond_by=promise.due)
    turn.change(visits=(*turn.challenge.visits[:-1], sent))
    turn.move("wait_longer")
    _start_whole_process(turn, turn.stage, None)
    send_to_stage(turn, turn.stage, sent, promise)


def _ask_endorser(turn: DecisionBuilder, promise: Promise) -> None:
    """What was never sent waits for its endorsement again, and reaches nobody else before it has it."""
    assert turn.stage.endorsed_by is not None
    endorser = Party(turn.stage.endorsed_by.role)
    close_judgement(turn, ClosedAs.WAITS_LONGER)
    turn.move("wait_for_endorsement")
    window = open_window(turn, WindowKind.ENDORSEMENT, endorser, promise, asked=(endorser,), on_close=NoReply.PROMPT)
    turn.tell(NotificationKind.TO_ENDORSE, [endorser], window=window.key)


def endorse_challenge(turn: DecisionBuilder, event: Endorsed) -> None:
    """Endorsed: it is sent on."""
    turn.note_event(event)
    main = turn.challenge.main_window()
    if main and main.is_open:
        close_window(turn, main, ClosedAs.ENDORSED)
    close_judgement(turn, ClosedAs.ENDORSED_MEANWHILE)
    turn.move("endorse")
    visit = altered(turn.challenge.visit, sent=True)
    turn.change(visits=(*turn.challenge.visits[:-1], visit))
    send_to_stage(turn, turn.stage, visit, reply_promise(turn, turn.stage, None, visit.respond_by))


def decline_endorsement(turn: DecisionBuilder, event: EndorsementDeclined) -> None:
    """Not endorsed: the raiser is asked what next."""
    turn.note_event(event)
    main = turn.challenge.main_window()
    if main and main.is_open:
        close_window(turn, main, ClosedAs.NOT_ENDORSED)
    ask_what_next(turn, "decline")


def act_on_late_judgement(turn: DecisionBuilder, window: Window) -> None:
    """A late reply stopped the climb, and nobody judged it within its day: the climb goes, counted from the day it goes."""
    close_window(turn, window, ClosedAs.DATE_PASSED)
    if turn.challenge.phase is not Phase.ANSWERED:
        return
    target = climb_target(turn.rules, turn.challenge)
    is_enough = any(asked.answer == "enough" for asked in window.asked if asked.party == THE_RAISER)
    if target is None or is_enough:
        # Against the raiser's own view nothing climbs, and where there is nowhere to go by itself they are asked.
        ask_what_next(turn, "judge_needs_more")
        return
    enter_stage(turn, f"climb_to_{target}", EnteredHow.NO_REPLY)
    turn.tell(NotificationKind.CLIMBED, [THE_RAISER])


def act_on_endorsement_date(turn: DecisionBuilder, window: Window) -> None:
    """Nobody endorsed it in time: the raiser and the IRO manager are told."""
    close_window(turn, window, ClosedAs.NO_REPLY)
    if turn.challenge.phase is Phase.ENDORSING:
        ask_what_next(turn)
        turn.tell(NotificationKind.STILL_WAITING, iro_managers(turn), window=window.key)


def completion_promise(turn: DecisionBuilder) -> Promise | None:
    """The second date of a stage that has one: by when what was agreed is to be done. None: there is nothing to wait for."""
    within = turn.stage.complete_within
    if within is None or within.none_because:
        return None
    if within.as_agreed:
        days = [w.promise.due for w in turn.challenge.open_windows() if w.key.kind is WindowKind.ACTION]
        return named_date(turn, max(*days, local_date(turn.at)), "actions") if days else None
    return promise_of_window(turn, within, None, turn.challenge.resolve_by, "resolve_by")


def open_completion(turn: DecisionBuilder, promise: Promise) -> None:
    """The answer is enough, and there is a second window in which it is to be done."""
    turn.move("agree")
    told = turn.challenge.visit.told
    window = open_window(turn, WindowKind.COMPLETION, told[0], promise, asked=told, on_close=NoReply.PROMPT)
    turn.tell(NotificationKind.AGREED, told, [THE_RAISER], window=window.key)


def act_on_completion_date(turn: DecisionBuilder, window: Window) -> None:
    """The date by which it was to be put right passed: the IRO is asked what next."""
    close_window(turn, window, ClosedAs.DATE_PASSED)
    if turn.challenge.phase is Phase.COMPLETING:
        ask_what_next(turn)
