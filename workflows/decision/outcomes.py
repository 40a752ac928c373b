"""How an item ends: settled, ended, overtaken, withdrawn, recorded in error; and how it is opened again."""

from workflows.decision.decision_builder import DecisionBuilder, EntryVisibility, NotificationKind
from workflows.decision.impact import record_impact_at_end
from workflows.decision.stage_entry import check_stage_exists, enter_stage, withdraw_meeting
from workflows.decision.watching import begin_watching
from workflows.decision.windows import close_all, close_window, move_promise
from workflows.model.challenge import ASKS_RECIPIENTS, THE_RAISER, ClosedAs, EnteredHow, Outcome, Party
from workflows.model.events import (
    EndedUnresolved,
    Judged,
    MadeChallenge,
    Overtaken,
    RecordedInError,
    Reopened,
    Resolved,
    Withdrawn,
)
from workflows.model.refusals import Unfit

End = Resolved | EndedUnresolved | Overtaken | Withdrawn

_ENDS: dict[type, str] = {Resolved: "resolve", EndedUnresolved: "end", Overtaken: "overtake", Withdrawn: "withdraw"}


def end_challenge(turn: DecisionBuilder, event: End) -> None:
    """End it. Reply, judgement and limit windows close; actions and follow-ups run on."""
    turn.note_event(event)
    finish_challenge(turn, _ENDS[type(event)], event)


def finish_challenge(turn: DecisionBuilder, move: str, event: End | Judged) -> None:
    """Close what an end closes, keep what it says of the child, make the move, tell those who took part."""
    if turn.challenge.phase is not Outcome.NOTICED:
        close_all(turn, ClosedAs.ENDED)
    withdraw_meeting(turn)
    if not isinstance(event, Withdrawn):
        record_impact_at_end(turn, event)
    present = turn.challenge.visit if turn.challenge.visits else None
    turn.move(move)
    now = (*present.told, *present.copied) if present and present.sent else ()
    told = [party for party in turn.challenge.everyone_told() if party not in now]
    turn.tell(NotificationKind.ENDED, now, told)
    tell_raiser_by_name(turn)


def make_challenge(turn: DecisionBuilder, event: MadeChallenge) -> None:
    """What was followed is a challenge now: it ends here, not done, and goes on there."""
    turn.note_event(event)
    close_all(turn, ClosedAs.ENDED)
    turn.move("end")
    turn.tell(NotificationKind.ENDED, turn.challenge.visit.told, turn.challenge.visit.copied)


def tell_raiser_by_name(turn: DecisionBuilder) -> None:
    """Where another hand than whoever raised it ends it, that person is told by name (docs/architecture.md rule 10)."""
    by = turn.by
    if by.raiser and by.person and by.person != by.raiser:
        turn.tell(NotificationKind.ENDED_BY_ANOTHER, [Party(turn.challenge.raiser_role, by.raiser)])


def seal_challenge(turn: DecisionBuilder, event: RecordedInError) -> None:
    """It never should have been here: everything stops, nobody but the IRO service sees it, it is kept."""
    for window in [w for w in turn.challenge.open_windows() if w.parent is None]:
        close_window(turn, window, ClosedAs.RECORDED_IN_ERROR, quietly=True)
    withdraw_meeting(turn)
    turn.note_event(event, visible=EntryVisibility.SEALED)
    turn.move("seal")
    tell_raiser_by_name(turn)


def reopen_challenge(turn: DecisionBuilder, event: Reopened) -> None:
    """Open again at a stage: with a fresh window, or to the date that was promised there if it is still to come."""
    check_stage_exists(turn, event.stage)
    move = f"reopen_at_{event.stage}"
    respond_by = event.respond_by
    if event.clock == "as it was":
        earlier = [
            w for w in turn.challenge.windows if turn.challenge.stage_of(w) == event.stage and w.key.kind in ASKS_RECIPIENTS
        ]
        if not earlier or earlier[-1].is_late(turn.at):
            raise Unfit("The date that was promised there has passed.", "Open it with a fresh window.", "clock")
        respond_by = earlier[-1].promise.due
    turn.note_event(event)
    if turn.rules.ladder.stage(event.stage).keeps_watch:
        begin_watching(turn, move, EnteredHow.REOPENED)
        return
    enter_stage(turn, move, EnteredHow.REOPENED, chosen=event.to, respond_by=respond_by)
    if event.clock == "as it was":
        main = turn.challenge.main_window()
        if main:
            move_promise(turn, main, earlier[-1].promise)
    turn.tell(NotificationKind.REOPENED, [THE_RAISER])
