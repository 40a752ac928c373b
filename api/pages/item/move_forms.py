"""The events that a person may bring, as forms in one table; answering and referring have pages of their own."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import UTC, date, datetime
from typing import Any

from api.pages.frame.field_options import (
    chosen_parties,
    day_for_actions,
)
from api.pages.frame.form_fields import (
    ActionsField,
    DayField,
    FormField,
    MomentField,
    RadioPick,
    TextArea,
    TextLine,
    TickBox,
)
from api.pages.item.move_questions import (
    ABOUT,
    ACTED_ON,
    ADVICE_OPTIONS,
    ADVOCATE,
    CAFCASS_DID,
    CONTACT_HOW,
    ENDS_TO_LOOK_AT,
    FOUND,
    IMPACT,
    LOOK_AGAIN,
    TOLD_HOW,
    WHY,
    MoveForm,
    ask_at_end,
    ask_day,
    ask_for_reader,
    ask_of_adjourning,
    ask_of_climb,
    ask_of_judgement,
    ask_of_meeting,
    ask_of_reopening,
    ask_of_rights,
    ask_of_tracking,
    ask_these,
    ask_to_hold_review,
    ask_to_whom,
    ask_what_was_done,
    ask_which_action,
    ask_which_entry,
    ask_which_fact,
    ask_which_version,
    ask_who_was_told,
    ask_whom_to_copy,
    ask_whom_to_remove,
)
from api.pages.item.practice_moves import PRACTICE_MOVES
from workflows.decision.relation import reads_iro_service
from workflows.model import events as e

KEPT_TO = (
    TickBox(name="iro_service_only", label="Only the IRO service reads it"),
    TickBox(name="for_supervision", label="For supervision: only the IRO and their manager read it"),
)


MOVES: tuple[MoveForm, ...] = (
    MoveForm(e.Judged, "next", "Judge the answer", "An answer is not accepted until you say so.", "Send my judgement", ask_of_judgement),
    MoveForm(
        e.Escalated, "next", "Take it higher", "You may go to any stage that you judge right.", "Take it higher", ask_of_climb
    ),
    MoveForm(
        e.EscalationHeld, "next", "Hold it: do not let it go up by itself",
        "It stays here, and is yours to consider.", "Hold it", ask_these(WHY),
    ),
    MoveForm(
        e.EscalationRecalled, "next", "Take back the climb", "It went up by itself; it comes back to the stage before.",
        "Take it back", ask_these(WHY),
    ),
    MoveForm(
        e.WindowExtended, "next", "Give another date", "Those asked are told of the new date.", "Give this date",
        ask_these(DayField(name="until", label="Reply by", hint="For example, 27 3 2026", need="Write the new date."), WHY),
        (TickBox(name="sure", label="I am sure: that is the date that I mean"),),
    ),
    MoveForm(
        e.ExtensionTakenBack, "next", "Take back the date that I gave", "The date promised before holds again, and those asked are told.",
        "Take it back", ask_these(TextArea(name="why", label="Why", rows=2)),
    ),
    MoveForm(
        e.SecondNameGiven, "next", "Put your name beside a colleague's",
        "Whoever raised it is away and nobody covers for them: a colleague ends or extends it, and you agree.",
        "Put my name to it", ask_these(TextArea(name="words", label="Anything to add", rows=2)),
    ),
    MoveForm(e.Acknowledged, "next", "Say that it has arrived", "That is not an answer: the date stays.", "It has arrived", ask_these()),
    MoveForm(
        e.Endorsed, "next", "Endorse it", "It is sent on at once.", "Endorse and send",
        ask_these(TextArea(name="words", label="Anything to add", rows=2)),
    ),
    MoveForm(e.EndorsementDeclined, "next", "Do not endorse it", "Whoever raised it is asked what next.", "Do not endorse", ask_these(WHY)),
    MoveForm(
        e.MeetingArranged, "next", "Book the meeting", "Those who attend are told, with a file for their calendar. The due date does not move.",
        "Book it",
        ask_these(
            MomentField(name="at", label="When", hint="For example, 27 3 2026", need="Write when it is."),
            TextLine(name="where", label="Where, or the link"),
        ),
    ),
    MoveForm(
        e.MeetingCalledOff, "next", "Call the meeting off", "It goes out of everybody's diary. The due date does not move.",
        "Call it off", ask_these(TextArea(name="why", label="Why", hint="Everybody on the item reads it.", rows=2)),
    ),
    MoveForm(e.MeetingHeld, "next", "The meeting was held", "Then its outcome is to be written down.", "It was held", ask_of_meeting),
    MoveForm(
        e.OutcomeRecorded, "next", "Write down what the meeting agreed", "Where the answer is a meeting, this meets its date.",
        "Put it on the record",
        lambda c: [
            TextArea(name="outcome", label="What was agreed", need="Say what was agreed."),
            ActionsField(
                name="actions", label="What will be done, by when", offered=day_for_actions(c.item.loaded.challenge, c.today)
            ),
        ],
    ),
    MoveForm(
        e.ClarificationGiven, "next", "Answer the question", "Everybody asked reads it. The date stays.", "Send my answer",
        ask_these(TextArea(name="answer", label="Your answer", need="Write your answer.")),
    ),
    MoveForm(e.Redirected, "next", "Put it to somebody else", "The same question, to the same date.", "Put it to them", ask_to_whom),
    MoveForm(
        e.Reminded, "next", "Remind them", "Whoever still owes an answer is reminded, once a day. No date moves.", "Remind them",
        ask_these(TextArea(name="words", label="A line of yours", hint="Optional. They read it on the item, not in the mail.", rows=2)),
    ),
    MoveForm(
        e.ToldOtherwise, "record", "They were told in another way",
        "You rang or met somebody who is asked. They count as reached from that day; no date moves.", "Put it on the record",
        lambda c: [
            RadioPick(name="role", label="Who was told", options=c.asked(), need="Choose who was told."),
            RadioPick(name="how", label="How", options=TOLD_HOW, need="Choose how."), ask_day("When"),
            TextArea(name="words", label="What was said", rows=2),
        ],
    ),
    MoveForm(
        e.DidNotArrive, "record", "It did not arrive",
        "What was sent to somebody who is asked has not arrived: it counts as if it had come back.", "Put it on the record",
        lambda c: [
            RadioPick(name="role", label="Whom it did not reach", options=c.asked(), need="Choose whom."),
            TextArea(name="words", label="How you know", rows=2),
        ],
    ),
    MoveForm(
        e.ActionDone, "next", "An action was done", "You saw that it was done.", "It was done",
        lambda c: [*ask_which_action(c), TextArea(name="words", label="What you saw", rows=2)],
    ),
    MoveForm(
        e.ActionNotDone, "next", "An action was not done", "You saw that it was not done.", "It was not done",
        lambda c: [*ask_which_action(c), WHY, LOOK_AGAIN],
    ),
    MoveForm(
        e.TrackedDone, "next", "It was done", "You looked at the file, or the early review was held.", "Put it on the record",
        ask_what_was_done,
    ),
    MoveForm(
        e.TrackingAgreed, "next", "Agree the tracking anew", "What was chosen before gives way to it.", "Track it so", ask_of_tracking,
    ),
    MoveForm(
        e.LookedThrough, "next", "The decisions were looked through", "Of the last review: those of several children can be marked at once from Reviews.",
        "Put it on the record", lambda c: [ask_day("When"), TextArea(name="words", label="What you found", rows=3)],
    ),
    MoveForm(
        e.MidPointContact, "next", "Contact with the child", "How, on which day, and how the placement stands. It is no statutory visit.",
        "Put it on the record",
        ask_these(
            RadioPick(name="how", label="How", options=CONTACT_HOW, need="Choose how."), DayField(name="on", label="When"),
            TickBox(name="alone", label="The child was spoken with alone"),
            TextArea(name="why_not", label="If there was none: why not", rows=2),
            TextArea(name="placement", label="How the placement stands", rows=2),
            TextArea(name="to_raise", label="Anything to raise", rows=2),
        ),
    ),
    MoveForm(
        e.ImpactRecorded, "next", "Say what changed for the child", "Afterwards: did it make a difference?", "Put it on the record",
        ask_these(
            RadioPick(name="found", label="How it is for the child now", options=FOUND, need="Choose one."),
            TextArea(name="what_changed", label="What changed", rows=3),
            TextArea(
                name="childs_words", label="What the child says changed, in the child’s own words", rows=2,
                hint="Everybody on this item reads it. What was told in confidence goes under the child’s view.",
            ),
            LOOK_AGAIN,
        ),
    ),
    *PRACTICE_MOVES,
    MoveForm(
        e.WindowsReleased, "next", "Release what was held", "The service was away while dates passed. Nothing moves until you decide.",
        "Release",
        ask_these(
            RadioPick(
                name="how", label="How",
                options=[
                    ("as due", "As due", "What passed meanwhile is acted on now; the next stage has its full time."),
                    ("time given back", "With the lost time given back", ""),
                ],
                need="Choose one.",
            ),
            WHY,
        ),
    ),
    MoveForm(
        e.ReferralConsidered, "cafcass", "Record that I considered a referral", "That you did not refer, and why. Kept to the {iro_service}.",
        "Put it on the record", ask_these(TextArea(name="why_not", label="Why not", need="Say why not.")),
    ),
    MoveForm(
        e.ReferralAcknowledged, "cafcass", "{cafcass} has acknowledged it", "", "Put it on the record",
        ask_these(TextLine(name="cafcass_reference", label="Their reference", need="Write their reference."), ask_day()),
    ),
    MoveForm(
        e.ReferralOutcome, "cafcass", "Record what {cafcass} did", "", "Put it on the record",
        ask_these(
            RadioPick(name="outcome", label="What they did", options=CAFCASS_DID, need="Choose one."), ask_day(),
            TextArea(name="words", label="In words", rows=3),
        ),
    ),
    MoveForm(
        e.ReferralTold, "cafcass", "Everyone above was told of the referral",
        "Your task by the procedure: you tell them yourself, by the way that suits each; no message goes out from here.",
        "Put it on the record", ask_who_was_told,
    ),
    MoveForm(
        e.Resolved, "end", "It is resolved", "Settled to your satisfaction. Actions are still followed.", "End it as resolved",
        ask_at_end(
            IMPACT, TextArea(name="what_changed", label="In your words", need="Say what changed, or what you will look at again."),
        ),
    ),
    MoveForm(e.EndedUnresolved, "end", "End it without its being resolved", "", "End it", ask_at_end(WHY, IMPACT)),
    MoveForm(
        e.Overtaken, "end", "Events have overtaken it", "", "End it",
        ask_these(TextArea(name="by_what", label="What happened", need="Say what happened."), IMPACT, LOOK_AGAIN),
    ),
    MoveForm(e.Withdrawn, "end", "Withdraw it", "Yours to do, with a reason. It stays on the record.", "Withdraw it", ask_these(WHY)),
    MoveForm(e.Reopened, "end", "Open it again", "", "Open it again", ask_of_reopening),
    MoveForm(
        e.RecordedInError, "end", "It was recorded in error", "For the wrong child, say. It is sealed at once and kept.", "Seal it",
        ask_these(WHY),
    ),
    MoveForm(
        e.Noted, "record", "Add a note", "Everybody on this item reads it, unless you keep it to the {iro_service}.", "Add it",
        lambda c: [
            TextArea(name="text", label="Note", need="Write the note."),
            *(KEPT_TO if reads_iro_service(c.item.actor) else []),
        ],
    ),
    MoveForm(
        e.ReaderNamed, "record", "Let somebody read what is kept to you",
        "A child's confidence, legal advice, what the court was told, why a stage was skipped.", "Let them read it", ask_for_reader,
    ),
    MoveForm(
        e.ReaderRemoved, "record", "Let them read it no more",
        "From now on. What they read, they have read: both stand on the record.", "Take it back", ask_whom_to_remove,
    ),
    MoveForm(
        e.ChildViewRecorded, "record", "The child's view", "", "Put it on the record",
        ask_these(
            RadioPick(name="about", label="Of what", options=ABOUT, need="Choose one."),
            TextArea(name="view", label="What the child thinks", need="Write what the child thinks."),
            TickBox(name="in_confidence", label="Told in confidence: only the child's IRO, and whoever covers, reads it"),
        ),
    ),
    MoveForm(
        e.ChildTold, "record", "The child was told, or not", "", "Put it on the record",
        ask_these(
            RadioPick(name="told", label="Was the child told?", options=[("yes", "Yes", ""), ("no", "No", "")], need="Choose one."),
            DayField(name="on", label="When"), TextLine(name="by", label="By whom"), TextArea(name="why_not", label="If not: why not", rows=2),
        ),
    ),
    MoveForm(
        e.AdvocateRecorded, "record", "An advocate", "", "Put it on the record",
        ask_these(RadioPick(name="state", label="An advocate is", options=ADVOCATE, need="Choose one.")),
    ),
    MoveForm(
        e.ComplaintOpened, "record", "A complaint runs beside it", "Its reference only, never its content.", "Put it on the record",
        ask_these(TextLine(name="reference", label="The complaint's reference", need="Write its reference.")),
    ),
    MoveForm(
        e.RiskActedOn, "record", "A risk today was acted on elsewhere", "A child at risk of significant harm today is taken to those who act at once. Keep here that it was done.",
        "Put it on the record",
        ask_these(
            RadioPick(name="how", label="Where it was taken", options=ACTED_ON, need="Choose where."), ask_day(),
            TextArea(name="words", label="In your words", rows=2),
        ),
    ),
    MoveForm(
        e.RightsExplained, "record", "The child's right to advice, and to go to court", "Regulation 45. Only the child's {iro}, and whoever covers, reads this.",
        "Put it on the record", ask_of_rights,
    ),
    MoveForm(
        e.GuardianTold, "record", "The children's guardian was told", "Where there are proceedings. Only the child's {iro}, and whoever covers, reads this.",
        "Put it on the record", ask_these(ask_day(), TextArea(name="words", label="In your words", rows=2)),
    ),
    MoveForm(
        e.GuardianHandedOver, "record", "The children's guardian and I handed over", "At the end of proceedings. Only the child's {iro}, and whoever covers, reads this.",
        "Put it on the record", ask_these(ask_day(), TextArea(name="handed_over", label="What was handed over", need="Say what.", rows=2)),
    ),
    MoveForm(
        e.ReviewAskedFor, "record", "Ask for a review before its day", "It stands on the record here; no date of this item moves.",
        "Put it on the record", ask_to_hold_review,
    ),
    MoveForm(
        e.ReviewAdjourned, "record", "A review was adjourned", "Once, and as we read regulation 36 to a day within 20 working days.",
        "Put it on the record", ask_of_adjourning, (TickBox(name="sure", label="I am sure: that is the day to which it was adjourned"),),
    ),
    MoveForm(
        e.LearningNoted, "record", "What was learned", "What others can learn from it, and who was told.", "Put it on the record",
        ask_these(
            TextArea(name="learned", label="What was learned", need="Say what was learned."),
            TextLine(name="told_of_it", label="Who was told of it", need="Say who was told."), ask_day(),
        ),
    ),
    MoveForm(
        e.LegalAdviceTaken, "record", "Legal advice was taken", "Only the child's {iro}, and whoever covers, reads this.", "Put it on the record",
        ask_these(
            RadioPick(name="from_whom", label="Where it came from", hint="This alone is counted, for the whole authority.", options=ADVICE_OPTIONS),
            TextLine(name="source", label="From whom", need="Say from whom."), ask_day(),
            TickBox(name="conflict_checked", label="It was checked that they act for nobody else in this"),
            TextArea(name="content", label="The advice"),
        ),
    ),
    MoveForm(
        e.CourtTold, "record", "The court was told", "Only the child's {iro}, and whoever covers, reads this. A statement once filed: the court's rules decide who may.", "Put it on the record",
        ask_these(
            DayField(name="hearing", label="Hearing on", need="Write the day of the hearing."),
            TextArea(name="view", label="The view that you gave"),
        ),
    ),
    MoveForm(e.CopyAdded, "record", "Copy somebody in", "One more of the procedure's own people.", "Copy them in", ask_whom_to_copy),
    MoveForm(
        e.FactSaid, "record", "Say what is so here", "What the procedure asks of the item itself: who is copied may follow from it.",
        "Put it on the record", ask_which_fact,
    ),
    MoveForm(e.Corrected, "record", "Correct an entry of mine", "", "Correct it", ask_which_entry),
    MoveForm(
        e.LadderMoved, "record", "Move to another version of the procedure", "Every date promised stays as it was.", "Move it",
        ask_which_version,
    ),
)  # fmt: skip
"""Answering and referring have pages of their own; every other event is here."""

BY_TYPE = {move.event.type: move for move in MOVES}

GROUPS = (
    ("next", "What you can do"), ("cafcass", "{cafcass}"), ("end", "Ending it"), ("record", "Put on the record"),
)  # fmt: skip


def event_of_form(move: MoveForm, values: Mapping[str, Any]) -> e.Event:
    """The event that a form's answers make."""
    said = {name: value for name, value in values.items() if value is not None}
    names = {field.name for field in fields(move.event)}  # type: ignore[arg-type]
    if "to" in said:
        said["to"] = chosen_parties([said["to"]])[0] if move.event is e.Redirected else chosen_parties(said["to"])
    if move.event is e.Judged:
        said["climb"] = not said.pop("consider_first", False)
    if said.get("no_look_again"):
        said.pop("look_again_on", None)
    if move.event in (e.ChildTold, e.RightsExplained):
        said["told"] = said["told"] == "yes"
    if move.event is e.QuoteAnswered:
        answer, _, offer = said["agrees"].partition("-")
        said |= {"agrees": answer == "yes", "offer": int(offer)}
    if move.event is e.FactSaid:
        said["holds"] = said["holds"] == "yes"
    for number in ("action", "entry"):
        if number in said:
            said[number] = int(said[number])
    if isinstance(said.get("at"), datetime):
        said["at"] = said["at"].astimezone(UTC)
    return move.event(**{name: value for name, value in said.items() if name in names})


def initial_values(move: MoveForm, asks: Sequence[FormField], today: date, mid_point: date | None) -> dict[str, tuple[str, ...]]:
    """What a form shows at first: today, where the day is most often today; half-way to the next review, at an end."""
    found: dict[str, tuple[str, ...]] = {}
    for each in asks:
        if each.name == "on" and each.need:
            found |= each.show(today)
        if each.name == LOOK_AGAIN.name and move.event in ENDS_TO_LOOK_AT:
            found |= each.show(mid_point)
    return found
