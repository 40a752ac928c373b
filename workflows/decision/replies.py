"""What people asked do: acknowledge, answer, ask back, meet; and how the IRO judges it."""

from workflows.decision import addressing
from workflows.decision.decision_builder import DecisionBuilder, NotificationKind
from workflows.decision.escalation import climb_target, climb_to, completion_promise, open_completion
from workflows.decision.outcomes import finish_challenge
from workflows.decision.stage_entry import enter_stage, set_resolve_by, withdraw_meeting
from workflows.decision.watching import take_update
from workflows.decision.windows import (
    ONE_DAY,
    check_day_has_come,
    close_judgement,
    close_window,
    named_date,
    open_judgement,
    open_window,
    restart_on_acknowledgement,
)
from workflows.model.actor import Part
from workflows.model.altered import altered
from workflows.model.authority import Edition, HeldFor, Rules
from workflows.model.challenge import (
    ASKS_RECIPIENTS,
    THE_RAISER,
    AskedParty,
    Challenge,
    ClosedAs,
    EnteredHow,
    Party,
    Phase,
    Window,
    WindowKind,
)
from workflows.model.events import (
    Acknowledged,
    Action,
    ClarificationAsked,
    ClarificationGiven,
    Judged,
    MeetingArranged,
    MeetingCalledOff,
    MeetingHeld,
    NotForMe,
    OutcomeRecorded,
    Redirected,
    Responded,
)
from workflows.model.ladder import RAISER, RECIPIENTS, NoReply
from workflows.model.refusals import NotOpen, NotYours, Unfit


def window_of_actor(turn: DecisionBuilder) -> Window:
    """The latest window in which this person is asked and has not answered, else the latest in which they are asked.

    What they are asked at the present stay comes first, so that a second answer never counts for an older question.
    """
    mine = [
        w for w in turn.challenge.windows if w.key.kind in ASKS_RECIPIENTS and any(turn.by.stands_for(a.party) for a in w.asked)
    ]
    if not mine:
        raise NotYours("You are not asked on this item.", "Tell the IRO if you should be.")
    mine = [w for w in mine if w.key.sequence == turn.challenge.sequence] or mine
    waiting = [w for w in mine if any(turn.by.stands_for(a.party) and a.answered_at is None for a in w.asked)]
    return (waiting or mine)[-1]


def mark_asked(turn: DecisionBuilder, window: Window, **marks: object) -> Window:
    """Mark what is asked of the actor within a window, and give the window as it is then."""

    def marked(asked: AskedParty) -> AskedParty:
        return altered(asked, **marks) if turn.by.stands_for(asked.party) else asked

    changed = altered(window, asked=tuple(marked(asked) for asked in window.asked))
    turn.put(changed)
    return changed


def acknowledge_request(turn: DecisionBuilder, event: Acknowledged) -> None:
    """Acknowledged is not answered (docs/architecture.md rule 12)."""
    window = window_of_actor(turn)
    mine = [asked for asked in window.asked if turn.by.stands_for(asked.party)]
    if all(asked.acknowledged_at for asked in mine):
        raise NotOpen("You have acknowledged this already.", "The next step is your answer.")
    first = not any(asked.acknowledged_at for asked in window.asked)
    turn.note_event(event)
    window = mark_asked(turn, window, acknowledged_at=turn.at)
    if first and window.is_open and window.key.sequence == turn.challenge.sequence:
        restart_on_acknowledgement(turn, window)


def pass_elsewhere(turn: DecisionBuilder, event: NotForMe) -> None:
    """Somebody asked says that it belongs elsewhere; the IRO and the IRO manager hear of it, the window runs on."""
    window = window_of_actor(turn)
    turn.note_event(event)
    turn.tell(NotificationKind.NOT_FOR_ME, [THE_RAISER], window=window.key)


def somebody_is_asked(rules: Rules, challenge: Challenge) -> NotOpen | None:
    """Is somebody being asked, within a window that runs?"""
    main = challenge.main_window()
    if main is not None and main.is_open and main.key.kind in ASKS_RECIPIENTS:
        return None
    return NotOpen("Nobody is being asked at the moment.", "Extend the window, or take it higher.")


def redirect_request(turn: DecisionBuilder, event: Redirected) -> None:
    """The same question, in the same window, to somebody else."""
    main = turn.challenge.main_window()
    assert main is not None
    check_reachable(turn, event.to.role)
    unanswered = [asked for asked in main.asked if asked.party.role == event.of and not asked.answered_at]
    if not unanswered:
        raise Unfit(f"`{event.of}` is not being asked here.", "Name the role whose question goes elsewhere.", "of")
    to = Party.of(event.to)
    turn.note_event(event)
    were = {asked.party for asked in unanswered}
    known = {asked.party: asked for asked in main.asked if asked.party not in were}
    swapped = tuple(dict.fromkeys(known.get(to, AskedParty(to)) if a.party in were else a for a in main.asked))
    owner = to if main.owner in were else main.owner
    turn.put(altered(main, asked=swapped, owner=owner))
    visit = turn.challenge.visit
    told = tuple(dict.fromkeys(to if party in were else party for party in visit.told))
    copied = addressing.without_parties(visit.copied, told)
    turn.change(visits=(*turn.challenge.visits[:-1], altered(visit, told=told, copied=copied)))
    turn.tell(NotificationKind.REDIRECTED, [to], window=main.key)


def check_reachable(turn: DecisionBuilder, role: str) -> None:
    """Raise Unfit for a role that does not exist, or that is outside the authority and not of this ladder."""
    authority, ladder = turn.rules.authority, turn.rules.ladder
    if not authority.has_role(role):
        raise Unfit(f"`{role}` is not a role of this authority.", "Choose a role from its list.", "to")
    if authority.role(role).held_for is HeldFor.AGENCY and role not in ladder.roles():
        raise Unfit(f"{ladder.title} does not go to a partner agency.", "Raise a matter with the agency for itself.", "to")


def ask_for_clarification(turn: DecisionBuilder, event: ClarificationAsked) -> None:
    """A question to the IRO; the window runs on."""
    window = window_of_actor(turn)
    turn.note_event(event)
    turn.tell(NotificationKind.QUESTION, [THE_RAISER], window=window.key)


def give_clarification(turn: DecisionBuilder, event: ClarificationGiven) -> None:
    """The IRO's answer to a question, to everybody asked."""
    turn.note_event(event)
    turn.tell(NotificationKind.CLARIFIED, turn.challenge.visit.told)


def record_response(turn: DecisionBuilder, event: Responded) -> None:
    """An answer. In time, late before a climb (it stops the climb), or late after one (kept on its own window)."""
    window = window_of_actor(turn)
    late = window.is_late(turn.at)
    mine = [asked for asked in window.asked if turn.by.stands_for(asked.party)]
    more = {"window": [window.key.sequence, window.key.kind.value, window.key.n], "late": late, "as": mine[0].party.role}
    turn.note_event(event, {**more, "again": all(asked.answered_at for asked in mine)})
    _open_actions(turn, event.actions)
    if event.position == "beyond_our_control" and window.is_open and not turn.stage.obstacle_stops:
        # Recorded without stopping the climb: the need is still unmet (IRO Handbook 6.5).
        mark_asked(turn, window, answer=event.position)
        turn.tell(NotificationKind.PART_ANSWERED, [THE_RAISER], window=window.key)
        return
    window = mark_answered(turn, window, event.position, late)
    here = turn.challenge.is_open and turn.challenge.stage_of(window) == turn.challenge.stage
    waiting = here and turn.challenge.phase in (Phase.AWAITING, Phase.ASKING)
    if not waiting:
        turn.tell(NotificationKind.LATE_ANSWER, [THE_RAISER], window=window.key)
    elif window.is_answered() and window.key.kind is WindowKind.UPDATE:
        take_update(turn, window, late)
    elif window.is_answered() and window.key.kind is WindowKind.REPLY:
        if window.is_open:
            close_window(turn, window, ClosedAs.ANSWERED_LATE if late else ClosedAs.ANSWERED)
        pass_to_judges(turn, "answer", stops_climb=late and _stops_a_climb(turn, window))
    else:
        turn.tell(NotificationKind.PART_ANSWERED, [THE_RAISER], window=window.key)


def mark_answered(turn: DecisionBuilder, window: Window, position: str, late: bool) -> Window:
    """The first answer says when and whether in time; a later one only what the position is now."""

    def marked(asked: AskedParty) -> AskedParty:
        if not turn.by.stands_for(asked.party):
            return asked
        if asked.answered_at:
            return altered(asked, answer=position)
        return altered(asked, answered_at=turn.at, answer=position, late=late)

    changed = altered(window, asked=tuple(marked(asked) for asked in window.asked))
    turn.put(changed)
    return changed


def _stops_a_climb(turn: DecisionBuilder, window: Window) -> bool:
    """Would the item have climbed by itself, had this late reply not come? Under the first edition it then waited for good."""
    if turn.rules.edition is Edition.FIRST or turn.challenge.phase is not Phase.AWAITING:
        return False
    return window.on_close is NoReply.ESCALATE and climb_target(turn.rules, turn.challenge) is not None


def pass_to_judges(turn: DecisionBuilder, move: str, stops_climb: bool = False) -> None:
    """It is answered; its judges have their own window to judge in.

    A late reply stops a climb once at a stage, and is judged within one working day; else the climb goes as it was due
    (docs/architecture.md rule 4).
    """
    close_judgement(turn, ClosedAs.ANSWERED_MEANWHILE)
    turn.move(move)
    window = open_judgement(turn, ONE_DAY, NoReply.ESCALATE) if stops_climb else open_judgement(turn)
    judges = [asked.party for asked in window.asked]
    turn.tell(NotificationKind.TO_JUDGE, judges, [party for party in [THE_RAISER] if party not in judges], window=window.key)


def judge_answer(turn: DecisionBuilder, event: Judged) -> None:
    """Enough, or more is needed. The IRO's own view always prevails; only the IRO's "enough" can settle it."""
    window = next(w for w in turn.challenge.open_windows() if w.key.kind is WindowKind.JUDGEMENT)
    turn.note_event(event)
    judged = tuple(
        altered(asked, answered_at=turn.at, answer=event.verdict) if _judges_as(turn, asked.party) else asked
        for asked in window.asked
    )
    window = altered(window, asked=judged)
    turn.put(window)
    is_raiser = Part.RAISER in turn.by.parts
    raisers = [asked for asked in window.asked if asked.party == THE_RAISER]
    raiser_agrees = any(asked.answer == "enough" for asked in raisers) or (is_raiser and event.verdict == "enough")
    if event.verdict == "needs_more":
        _more_is_needed(turn, window, event, climb_on=event.climb and not raiser_agrees)
        return
    if (is_raiser and not raisers) or (raiser_agrees and window.is_answered()):
        _settled(turn, window, event)
    elif window.is_answered():
        # Judges other than the IRO think it enough; ending it is the IRO's (docs/architecture.md rule 10).
        close_window(turn, window, ClosedAs.ENOUGH)
        let_raiser_consider(turn)


def _more_is_needed(turn: DecisionBuilder, window: Window, event: Judged, climb_on: bool) -> None:
    """It climbs; but where the IRO found it enough and another judge does not, the IRO considers.

    A judge who is not the raiser sends it only the ladder's own single way; to choose a way, and to jump, is the IRO's.
    """
    onward = turn.rules.ladder.onward(turn.challenge.stage)
    if Part.RAISER not in turn.by.parts:
        if event.to_stage:
            raise NotYours("Where it goes next is the IRO's to choose.", "Say that more is needed, and leave the stage out.")
        climb_on = climb_on and len(onward) == 1 and THE_RAISER not in {asked.party for asked in window.asked}
    elif event.to_stage and event.to_stage not in onward and not event.why.strip():
        raise Unfit("That is not the ladder's own next stage, and no reason is given.", "Say why this stage is right.", "why")
    close_window(turn, window, ClosedAs.NEEDS_MORE)
    if climb_on and (event.to_stage or turn.rules.ladder.onward(turn.challenge.stage)):
        climb_to(turn, event.to_stage, event.to, event.respond_by, event.copies)
    else:
        let_raiser_consider(turn)


def let_raiser_consider(turn: DecisionBuilder) -> None:
    """Ask the raiser what next, after a judgement that settled nothing."""
    turn.move("judge_needs_more")
    opened = open_judgement(turn)
    turn.tell(NotificationKind.WHAT_NEXT, [THE_RAISER], window=opened.key)


def _judges_as(turn: DecisionBuilder, party: Party) -> bool:
    return Part.RAISER in turn.by.parts if party == THE_RAISER else turn.by.stands_for(party)


def _settled(turn: DecisionBuilder, window: Window, event: Judged) -> None:
    close_window(turn, window, ClosedAs.ENOUGH)
    if event.resolve_by:
        set_resolve_by(turn, event.resolve_by)
    stage = turn.stage
    if stage.satisfied:
        enter_stage(turn, f"satisfied_to_{stage.satisfied}", EnteredHow.SATISFIED, chosen=event.to, respond_by=event.respond_by)
    elif promise := completion_promise(turn):
        open_completion(turn, promise)
    else:
        finish_challenge(turn, "resolve", event)


def arrange_meeting(turn: DecisionBuilder, event: MeetingArranged) -> None:
    """A meeting is booked: those asked own the window now. The due date does not move (docs/architecture.md rule 4)."""
    meeting = turn.stage.contact.meeting
    assert meeting is not None
    again = turn.challenge.meeting_at is not None
    turn.note_event(event, {"again": again})
    turn.change(meeting_at=event.at)
    if turn.rules.edition is not Edition.FIRST:  # which did not keep it beside the stay
        turn.change(visits=(*turn.challenge.visits[:-1], altered(turn.challenge.visit, meeting_at=event.at)))
    main = turn.challenge.main_window()
    if main and main.is_open and main.key.kind is WindowKind.MEETING:
        turn.put(altered(main, owner=turn.challenge.visit.told[0]))
    attending = tuple(Party(role) for role in meeting.attended_by if role != RECIPIENTS)
    parties = dict.fromkeys(
        (*turn.challenge.visit.told, *addressing.with_a_holder(turn.rules, turn.challenge, attending), THE_RAISER)
    )
    turn.tell(NotificationKind.MEETING_MOVED if again else NotificationKind.MEETING, parties, window=main.key if main else None)


def a_meeting_is_booked(rules: Rules, challenge: Challenge) -> NotOpen | None:
    """Is a meeting booked at this stage?"""
    if challenge.is_open and challenge.meeting_at is not None:
        return None
    return NotOpen("No meeting is booked here.", "There is nothing to call off.")


def call_meeting_off(turn: DecisionBuilder, event: MeetingCalledOff) -> None:
    """It does not take place: whoever arranges it owns the window again, and everybody who had it in their diary is told."""
    meeting = turn.stage.contact.meeting
    assert meeting is not None
    turn.note_event(event)
    withdraw_meeting(turn)
    main = turn.challenge.main_window()
    if main and main.is_open and main.key.kind is WindowKind.MEETING:
        turn.put(altered(main, owner=Party(meeting.arranged_by)))
        turn.tell(NotificationKind.TO_ARRANGE, [Party(meeting.arranged_by)], window=main.key)


def record_meeting_held(turn: DecisionBuilder, event: MeetingHeld) -> None:
    """It took place: the IRO owns the window until the outcome is recorded."""
    check_day_has_come(turn, event.on, "Record the meeting once it has been held.")
    for role in event.attended:
        if role != RAISER and not turn.rules.authority.has_role(role):
            raise Unfit(f"`{role}` is not a role of this authority.", "Name other people under `others`.", "attended")
    meeting = turn.stage.contact.meeting
    assert meeting is not None
    turn.note_event(event)
    main = turn.challenge.main_window()
    recorder = Party(meeting.outcome_recorded_by)
    if main and main.is_open and main.key.kind is WindowKind.MEETING:
        # Those asked have done their part: what is owed now is the record, so nothing climbs for want of it.
        policy = NoReply.PROMPT if main.on_close is NoReply.ESCALATE else main.on_close
        turn.put(altered(main, owner=recorder, on_close=policy, climb_waits=True))
    turn.tell(NotificationKind.OUTCOME_WANTED, [recorder], window=main.key if main else None)


def record_outcome(turn: DecisionBuilder, event: OutcomeRecorded) -> None:
    """The outcome is on the record: where the answer is a meeting, the window is met."""
    turn.note_event(event)
    _open_actions(turn, event.actions)
    if not turn.stage.answer_is_a_meeting:
        return
    main = turn.challenge.main_window()
    if main and main.is_open:
        late = main.is_late(turn.at)
        asked = tuple(altered(a, answered_at=turn.at, answer="met", late=late) if not a.answered_at else a for a in main.asked)
        main = altered(main, asked=asked)
        close_window(turn, main, ClosedAs.OUTCOME_RECORDED_LATE if late else ClosedAs.OUTCOME_RECORDED)
    pass_to_judges(turn, "record_outcome")


def _open_actions(turn: DecisionBuilder, actions: tuple[Action, ...]) -> None:
    for n, action in enumerate(actions):
        promise = named_date(turn, action.by, f"actions.{n}.by")
        open_window(turn, WindowKind.ACTION, THE_RAISER, promise)
