"""Coming to a stage: who is asked and copied there, what it waits for, what the IRO is asked where nothing comes by itself."""

from datetime import date

from workflows.calendar.working_days import Length, Promise
from workflows.decision import addressing
from workflows.decision.decision_builder import DecisionBuilder, NotificationKind
from workflows.decision.moves import first_phase
from workflows.decision.windows import (
    acts_at_of_promise,
    close_stay,
    count_promise,
    named_date,
    open_judgement,
    open_reply,
    open_window,
    promise_of_window,
    reply_promise,
)
from workflows.model.authority import Edition
from workflows.model.challenge import (
    ASKS_RECIPIENTS,
    THE_RAISER,
    UNANSWERED,
    Challenge,
    ClosedAs,
    EnteredHow,
    Party,
    Phase,
    StageVisit,
    WindowKind,
)
from workflows.model.events import (
    Chosen,
)
from workflows.model.ladder import ItemType, NoReply, Stage
from workflows.model.refusals import Unfit


def enter_stage(
    turn: DecisionBuilder,
    move: str,
    how: EnteredHow,
    *,
    counts_from: date | None = None,
    chosen: tuple[Chosen, ...] = (),
    copied: tuple[str, ...] = (),
    respond_by: date | None = None,
) -> None:
    """Make the move into a stage, address it, and send it unless it must be endorsed first.

    `counts_from`: the day that was due, after a climb for want of a reply; None counts from the day of the act.
    """
    close_stay(turn, ClosedAs.SUPERSEDED)
    withdraw_meeting(turn)
    turn.move(move)
    stage = turn.stage
    ladder = turn.rules.ladder
    turn.change(sequence=turn.challenge.sequence + 1, meeting_at=None)
    highest = turn.challenge.highest_stage
    if not stage.referral and (not highest or ladder.position(stage.key) > ladder.position(highest)):
        turn.change(highest_stage=stage.key)
    _check_asks_another(turn, chosen)
    told = () if stage.referral else addressing.recipients_of_stage(turn.rules.authority, turn.challenge, stage, chosen)
    copies = () if stage.referral else addressing.copies_of_stage(turn.rules, turn.challenge, stage, told, copied)
    waits = first_phase(stage) is Phase.ENDORSING
    visit = StageVisit(
        turn.challenge.sequence, stage.key, turn.at, how, told, copies, not waits and not stage.referral, respond_by
    )
    turn.change(visits=(*turn.challenge.visits, visit))
    turn.note("stage_entered", {"how": how.value, "label": stage.label, **_parties(told, copies)})
    _start_whole_process(turn, stage, counts_from)
    if stage.referral:
        ask_about_cafcass(turn)
    elif waits:
        assert stage.endorsed_by is not None
        promise_of_window(turn, stage.respond_within, counts_from, respond_by, "respond_by")
        endorser = Party(stage.endorsed_by.role)
        promise = count_promise(turn, stage.endorsed_by.within)
        window = open_window(turn, WindowKind.ENDORSEMENT, endorser, promise, asked=(endorser,), on_close=NoReply.PROMPT)
        turn.tell(NotificationKind.TO_ENDORSE, [endorser], window=window.key)
    else:
        send_to_stage(turn, stage, visit, reply_promise(turn, stage, counts_from, visit.respond_by))


def _check_asks_another(turn: DecisionBuilder, chosen: tuple[Chosen, ...]) -> None:
    """Raise Unfit where whoever raised it is chosen to answer it."""
    raiser = turn.by.raiser or ("" if turn.challenge.visits else turn.by.person)
    if raiser and turn.rules.edition is not Edition.FIRST and any(one.person == raiser for one in chosen):
        raise Unfit("Whoever raised it would answer it themselves.", "Choose somebody else.", "to")


def withdraw_meeting(turn: DecisionBuilder) -> None:
    """A meeting that was booked and is still to come is no more: everybody who was sent it is told, whatever became of it."""
    if turn.challenge.meeting_at is None or turn.rules.edition is Edition.FIRST:
        return
    if turn.challenge.meeting_at > turn.at and turn.challenge.visit.sent:
        turn.tell(NotificationKind.MEETING_OFF, [*turn.challenge.visit.told, THE_RAISER])
    turn.change(meeting_at=None)


def log_talk(turn: DecisionBuilder, stage_key: str, chosen: tuple[Chosen, ...], copied: tuple[str, ...]) -> None:
    """An informal talk is put on the record: nobody is told, no window opens; it is the raiser's to settle or take on.

    Asking for an answer after all (`extend`) sends it as if it had just been raised; climbing makes it formal.
    """
    turn.move(f"raise_at_{stage_key}")
    stage = turn.stage
    turn.change(sequence=1, highest_stage=stage_key)
    told: tuple[Party, ...] = ()
    copies: tuple[Party, ...] = ()
    if chosen or not addressing.needs_choice(stage):
        told = addressing.recipients_of_stage(turn.rules.authority, turn.challenge, stage, chosen)
        copies = addressing.copies_of_stage(turn.rules, turn.challenge, stage, told, copied)
    visit = StageVisit(1, stage_key, turn.at, EnteredHow.TALKED, told, copies, sent=False)
    turn.change(visits=(visit,))
    turn.note("talk_logged", {"label": stage.label})
    turn.move("ask_iro")


def send_to_stage(turn: DecisionBuilder, stage: Stage, visit: StageVisit, promise: Promise) -> None:
    """Ask the stage's people, copy in its copies, open its window."""
    kind = WindowKind.MEETING if stage.answer_is_a_meeting else WindowKind.REPLY
    window = open_reply(turn, promise, visit.told, kind)
    turn.tell(NotificationKind.ASKED, visit.told, visit.copied, window=window.key)
    observers = addressing.observers_of_stage(turn.rules, turn.challenge, stage, (*visit.told, *visit.copied))
    turn.tell(NotificationKind.OBSERVED, observers, window=window.key)
    if stage.sent_by:
        senders = [Party(role) for role in stage.sent_by]
        turn.tell(NotificationKind.TO_SEND, addressing.without_parties(senders, visit.told), window=window.key)
    if kind is WindowKind.MEETING:
        turn.tell(NotificationKind.TO_ARRANGE, [window.owner], window=window.key)


def ask_about_cafcass(turn: DecisionBuilder) -> None:
    """At the top the IRO is asked to decide. No closing window makes a referral (architecture.md rule 4)."""
    window = open_judgement(turn)
    turn.tell(
        NotificationKind.ABOUT_CAFCASS if turn.challenge.facts.is_looked_after else NotificationKind.WHAT_NEXT,
        [THE_RAISER],
        window=window.key,
    )


def ask_what_next(turn: DecisionBuilder, move: str = "ask_iro", within: Length | None = None) -> None:
    """The IRO is asked what next, with a window of their own to decide in (`within`, else as long as the ladder says)."""
    turn.move(move)
    window = open_judgement(turn, within)
    turn.tell(
        NotificationKind.OVERDUE_TWICE if is_overdue_twice(turn.challenge) else NotificationKind.WHAT_NEXT,
        [THE_RAISER],
        window=window.key,
    )


def is_overdue_twice(challenge: Challenge) -> bool:
    """Has a review decision passed two dates? Then somebody senior may have to hear of it (regulations 36 and 37)."""
    passed = [window for window in challenge.windows if window.key.kind in ASKS_RECIPIENTS and window.closed_as in UNANSWERED]
    return challenge.item_type is ItemType.REVIEW_DECISION and len(passed) > 1


def set_resolve_by(turn: DecisionBuilder, day: date) -> None:
    """The raiser's second date: by when it is to be put right."""
    named_date(turn, day, "resolve_by")
    turn.change(resolve_by=day)


def check_stage_exists(turn: DecisionBuilder, stage: str, field: str = "to_stage") -> None:
    """Raise Unfit for a stage that this ladder does not have for such an item."""
    ladder, item = turn.rules.ladder, turn.challenge.item_type
    exist = [known.key for known in ladder.stages_for(item)]
    if stage not in exist:
        below = f"Such an item starts at {ladder.first_for(item).label}, and `{stage}` is below it."
        said = below if ladder.has(stage) else f"This ladder has no stage `{stage}`."
        raise Unfit(said, f"Name one of: {', '.join(exist)}.", field)


def _parties(told: tuple[Party, ...], copied: tuple[Party, ...]) -> dict[str, object]:
    def plain(party: Party) -> object:
        return {"role": party.role, "person": party.person} if party.person else party.role

    return {"to": [plain(party) for party in told], "copy": [plain(party) for party in copied]}


def _start_whole_process(turn: DecisionBuilder, stage: Stage, counts_from: date | None) -> None:
    """The limit on the whole runs from the first formal stage, or from raising where the authority says so."""
    whole = turn.rules.ladder.whole_process
    # A limit that only closed because the item ended does not count: opened again, it is promised anew.
    limits = [window for window in turn.challenge.windows if window.key.kind is WindowKind.WHOLE_PROCESS]
    running = any(window.closed_as is not ClosedAs.ENDED for window in limits)
    if whole is None or running or stage.referral or (stage.informal and not whole.includes_informal):
        return
    promise = count_promise(turn, whole.limit, counts_from)
    open_window(turn, WindowKind.WHOLE_PROCESS, THE_RAISER, promise, acts=acts_at_of_promise(turn.rules, promise))
