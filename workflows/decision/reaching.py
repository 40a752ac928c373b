"""Reaching those who are asked: a message that did not arrive, somebody told otherwise, a reminder by hand."""

from workflows.calendar.working_days import local_date, long_date
from workflows.decision.decision_builder import DecisionBuilder, NotificationKind
from workflows.decision.escalation import climbs_by_itself
from workflows.decision.stage_entry import ask_what_next, enter_stage
from workflows.decision.windows import ONE_DAY, close_window, iro_managers
from workflows.model.altered import altered
from workflows.model.authority import Edition, Rules
from workflows.model.challenge import (
    ASKS_RECIPIENTS,
    THE_RAISER,
    AskedParty,
    Challenge,
    ClosedAs,
    EnteredHow,
    Phase,
    Window,
    WindowKey,
    WindowKind,
)
from workflows.model.events import AskNotReached, AutomaticReply, DeliveryFailed, DidNotArrive, Reminded, ToldOtherwise
from workflows.model.ladder import NoReply
from workflows.model.refusals import NotOpen, Unfit


def note_ask_not_reached(turn: DecisionBuilder, event: AskNotReached) -> None:
    """Those who still owe were not reached in time: the IRO is warned, or the window closes as not reached.

    Where the ladder climbs by itself the item climbs on its day; where the stage before was not reached either, it waits
    for the IRO (docs/architecture.md rule 4).
    """
    window = turn.window(WindowKey(event.sequence, WindowKind(event.kind), event.n))
    if window is None or not window.is_open or window.held_since is not None:
        return
    turn.note_event(event)
    if turn.at < window.acts_at:
        _warn(turn, window)
        return
    close_window(turn, window, ClosedAs.NOT_REACHED)
    if turn.challenge.phase is not Phase.AWAITING or window.key.sequence != turn.challenge.sequence:
        return
    turn.tell(NotificationKind.ASK_NOT_REACHED, [THE_RAISER], iro_managers(turn), window=window.key)
    if window.on_close is NoReply.NOTHING:
        return
    target = climbs_by_itself(turn.rules, turn.challenge, window)
    if target is None:
        ask_what_next(turn)
    elif turn.challenge.visit.how is EnteredHow.NOT_REACHED:
        ask_what_next(turn, within=ONE_DAY)
    else:
        released = turn.at > window.acts_at
        enter_stage(turn, f"climb_to_{target}", EnteredHow.NOT_REACHED, counts_from=None if released else window.promise.due)


def _warn(turn: DecisionBuilder, window: Window) -> None:
    """The afternoon before it climbs: the IRO is told that it does so unreached, and may hold it."""
    for child in [
        one for one in turn.challenge.open_windows() if one.parent == window.key and one.key.kind is WindowKind.WARNING
    ]:
        close_window(turn, child, ClosedAs.TOLD, quietly=True)
    if turn.challenge.phase is Phase.AWAITING and climbs_by_itself(turn.rules, turn.challenge, window):
        turn.tell(NotificationKind.WILL_CLIMB_UNREACHED, [THE_RAISER], window=window.key)


def note_delivery_failed(turn: DecisionBuilder, event: DeliveryFailed) -> None:
    """A message that asks came back, or does not leave: the IRO side hears of it at once, once for each window and role.

    Under the first edition a climb by itself then waited for the IRO; since the second the window is looked at on its date.
    """
    asking = [w for w in turn.challenge.open_windows() if w.key.kind in ASKS_RECIPIENTS and is_unanswered(w, event.role)]
    if turn.rules.edition is Edition.FIRST:
        waiting = [window for window in asking if not window.climb_waits]
    else:
        waiting = [w for w in asking if not any(a.unreached for a in w.asked if a.party.role == event.role)]
    if not waiting:
        return
    turn.note_event(event)
    for window in waiting:
        if turn.rules.edition is Edition.FIRST:
            policy = NoReply.PROMPT if window.on_close is NoReply.ESCALATE else window.on_close
            turn.put(altered(window, on_close=policy, climb_waits=True))
        else:
            turn.put(mark_role(window, event.role, unreached=True))
    turn.tell(NotificationKind.DELIVERY_FAILED, iro_managers(turn), [THE_RAISER], window=waiting[-1].key)


def note_automatic_reply(turn: DecisionBuilder, event: AutomaticReply) -> None:
    """It shows on the item, and moves nothing."""
    main = turn.challenge.main_window()
    if main is not None and main.is_open and is_unanswered(main, event.role):
        turn.note_event(event)


def say_did_not_arrive(turn: DecisionBuilder, event: DidNotArrive) -> None:
    """Somebody of the IRO side says so: the same follows as when a message comes back."""
    main = turn.challenge.main_window()
    assert main is not None
    if not is_unanswered(main, event.role):
        raise Unfit(f"`{event.role}` owes no answer here.", "Name a role that is asked and has not answered.", "role")
    turn.note_event(event)
    turn.put(mark_role(main, event.role, unreached=True))
    turn.tell(NotificationKind.DELIVERY_FAILED, iro_managers(turn), [THE_RAISER], window=main.key)


def is_unanswered(window: Window, role: str) -> bool:
    """Does a role still owe an answer within a window?"""
    return any(asked.party.role == role and asked.answered_at is None for asked in window.asked)


def mark_role(window: Window, role: str, **marks: object) -> Window:
    """The window with what is asked of a role marked, where it is not answered."""

    def marked(asked: AskedParty) -> AskedParty:
        unanswered = asked.party.role == role and asked.answered_at is None
        return altered(asked, **marks) if unanswered else asked

    return altered(window, asked=tuple(marked(asked) for asked in window.asked))


def tell_otherwise(turn: DecisionBuilder, event: ToldOtherwise) -> None:
    """Somebody asked was rung, met or written to: they count as reached from that day, and read that it is on the record."""
    main = turn.challenge.main_window()
    assert main is not None
    if not is_unanswered(main, event.role):
        raise Unfit(f"`{event.role}` owes no answer here.", "Name a role that is asked and has not answered.", "role")
    today, opened = local_date(turn.at), local_date(main.opened_at)
    if event.on > today:
        raise Unfit("That day is still to come.", "Record it once they have been told.", "on")
    if event.on < opened:
        raise Unfit(f"It was asked of them on {long_date(opened)}.", f"Name {long_date(opened)} or a later day.", "on")
    turn.note_event(event)
    turn.put(mark_role(main, event.role, told_on=event.on))
    named = [asked.party for asked in main.asked if asked.party.role == event.role and asked.answered_at is None]
    turn.tell(NotificationKind.TOLD_OTHERWISE, named, window=main.key)


def somebody_owes(rules: Rules, challenge: Challenge) -> NotOpen | None:
    """Does somebody still owe an answer within a window that runs?"""
    main = challenge.main_window()
    owes = main is not None and any(asked.answered_at is None for asked in main.asked)
    if main is not None and owes and main.is_open and main.key.kind in ASKS_RECIPIENTS:
        return None
    return NotOpen("Nobody owes an answer here at the moment.", "There is nobody to remind.")


def remind_by_hand(turn: DecisionBuilder, event: Reminded) -> None:
    """Those who still owe are reminded: once for an item and local day, whoever asks for it."""
    main, today = turn.challenge.main_window(), local_date(turn.at)
    assert main is not None
    if any(asked.reminded_on == today for window in turn.challenge.windows for asked in window.asked):
        raise NotOpen("They have been reminded today already.", "A further reminder can go tomorrow; or tell them otherwise.")
    turn.note_event(event)
    asked = tuple(one if one.answered_at else altered(one, reminded_on=today) for one in main.asked)
    turn.put(altered(main, asked=asked))
    tell_who_owes(turn, main)


def tell_who_owes(turn: DecisionBuilder, window: Window) -> None:
    """Remind whoever owes the next step of a window: until a meeting is booked who arranges it, after it was held who records
    its outcome, else those who are asked and have not answered."""
    kind, owing = NotificationKind.REMINDER, [asked.party for asked in window.asked if asked.answered_at is None]
    if window.key.kind is WindowKind.MEETING and turn.rules.edition is not Edition.FIRST:
        if turn.challenge.meeting_at is None:
            kind, owing = NotificationKind.TO_ARRANGE, [window.owner]
        elif window.owner not in owing:
            kind, owing = NotificationKind.OUTCOME_WANTED, [window.owner]
    turn.tell(kind, owing, window=window.key)
