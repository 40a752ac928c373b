"""The events that a person may bring, as forms in one table; answering and referring have pages of their own."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime
from typing import Any

from api.pages.frame.field_options import (
    FieldOptions,
    advice_before_skipping,
    chosen_parties,
    day_for_actions,
    people_to_choose,
    to_stages,
)
from api.pages.frame.form_fields import (
    ActionsField,
    DayField,
    FormField,
    MomentField,
    RadioPick,
    SelectMenu,
    TextArea,
    TextLine,
    TickBox,
    TickBoxes,
)
from workflows.calendar.working_days import long_date
from workflows.decision.relation import reads_iro_service
from workflows.model import events as e

Asks = Callable[[FieldOptions], Sequence[FormField]]


@dataclass(frozen=True)
class MoveForm:
    """One move as people meet it: its link, what it means, its questions, its button. Words in braces are the authority's."""

    event: type[e.Event]
    group: str
    title: str
    means: str
    button: str
    asks: Asks
    if_refused: tuple[FormField, ...] = ()
    """What is asked only once the move was refused for want of it."""


def _these(*listed: FormField) -> Asks:
    return lambda choices: listed


WHY = TextArea(name="why", label="Why", need="Say why.")
LOOK_AGAIN = DayField(
    name="look_again_on", label="Look again on", hint="A day on which you want to be reminded. Leave it out if none is needed."
)
FOUND = (
    ("better", "Better for the child", ""), ("partly", "Partly better", ""), ("no change", "No change", ""),
    ("worse", "Worse", ""), ("too early", "Too early to say", "Set a day to look again."),
)  # fmt: skip
"""What is found to have changed for the child, in the words of pages."""
_TOLD_HOW = [("rang", "I rang them", ""), ("met", "I met them", ""), ("wrote", "I wrote to them", "")]
ENDS_TO_LOOK_AT = (e.Judged, e.Resolved, e.EndedUnresolved)
"""Moves that may end an item so that somebody looks again between two reviews."""

IMPACT = RadioPick(name="found", label="What changed for the child?", hint="If you can say it today.", options=FOUND)


def _on(label: str = "On which day") -> DayField:
    return DayField(name="on", label=label, hint="For example, 27 3 2026", need="Write the day.")


def _look_again(choices: FieldOptions) -> list[FormField]:
    """When to look again; where the child's next review is known, that no day between is needed may be said too."""
    facts = choices.item.loaded.challenge.facts
    if not facts.next_review or not facts.is_looked_after:
        return [LOOK_AGAIN]
    hint = f"The next review is on {long_date(facts.next_review)}. Half-way to it is offered; you may name another day."
    return [replace(LOOK_AGAIN, hint=hint), TickBox(name="no_look_again", label="Nobody needs to look again before the review")]


def _ends(*first: FormField) -> Asks:
    return lambda choices: [*first, *_look_again(choices)]


def _onward(choices: FieldOptions) -> Sequence[FormField]:
    """Taking it higher: where to, and what that stage leaves to the sender."""
    challenge = choices.item.loaded.challenge
    targets = [key for key in to_stages(choices.ladder, challenge) if not choices.ladder.stage(key).referral]
    onward = choices.ladder.onward(challenge.stage) if challenge.stage else ()
    options = choices.stages(targets)
    hint = f"If you choose nothing it goes to {choices.ladder.stage(onward[0]).label}." if len(onward) == 1 else ""
    need = "" if len(onward) == 1 else "Choose the stage."
    found: list[FormField] = [RadioPick(name="to_stage", label="To which stage", hint=hint, need=need, options=options)]
    return found + choices.for_stages(targets)


def _escalated(choices: FieldOptions) -> Sequence[FormField]:
    return [WHY, *_onward(choices), *advice_before_skipping(choices.item.rules)]


def _judged(choices: FieldOptions) -> Sequence[FormField]:
    verdicts = [
        ("enough", "Yes, it is enough", "It ends here, or what was agreed is put right. Actions are still followed."),
        ("needs_more", "It needs more", "It goes higher, unless you want to consider first."),
    ]
    need = "Say whether the answer is enough."
    verdict = RadioPick(name="verdict", label="Is the answer enough?", options=verdicts, need=need)
    found = replace(IMPACT, label="If it is enough: what changed for the child?")
    changed = TextArea(name="what_changed", label="In your words", hint="Or set a day to look again.", rows=3)
    why = TextArea(name="why", label="If it needs more: why", rows=3)
    wait = TickBox(name="consider_first", label="Let me consider first, do not take it higher now")
    return [verdict, found, changed, *_look_again(choices), why, wait, *_onward(choices)]


def _reopened(choices: FieldOptions) -> Sequence[FormField]:
    keys = [stage.key for stage in choices.ladder.stages if not stage.referral]
    clock = [("fresh", "A fresh window", ""), ("as it was", "To the date that was promised there", "")]
    return [
        RadioPick(name="stage", label="At which stage", options=choices.stages(keys), need="Choose the stage."),
        RadioPick(name="clock", label="Its time", options=clock, need="Choose one."),
        WHY,
        *choices.for_stages(keys),
    ]


def _redirected(choices: FieldOptions) -> Sequence[FormField]:
    words = choices.item.rules.authority
    people = people_to_choose(words, [role.key for role in words.roles if choices.people.get(role.key)], choices.people)
    return [
        RadioPick(name="of", label="Whose question goes elsewhere", options=choices.asked(), need="Choose whose."),
        SelectMenu(name="to", label="To whom", options=people, need="Choose to whom it goes."),
        WHY,
    ]


def _copy(choices: FieldOptions) -> Sequence[FormField]:
    roles = choices.roles(sorted(choices.ladder.roles()))
    return [
        SelectMenu(name="role", label="Whom to copy in", options=roles, need="Choose whom."),
        TextArea(name="why", label="Why", rows=2),
    ]


def _held(choices: FieldOptions) -> Sequence[FormField]:
    key, roles = choices.item.loaded.challenge.stage, []
    if key:
        stage = choices.ladder.stage(key)
        roles = [*stage.roles_to(), *(stage.contact.meeting.attended_by if stage.contact.meeting else ())]
    return [
        _on("When it was held"),
        TickBoxes(name="attended", label="Who was there", options=choices.roles(roles)),
        TextArea(name="others", label="Who else was there", rows=2),
    ]


def _told_of_referral(choices: FieldOptions) -> Sequence[FormField]:
    part = [party.role for party in choices.item.loaded.challenge.everyone_told()]
    above = [role for stage in choices.ladder.stages for role in stage.roles_to()]
    return [
        TickBoxes(
            name="told", label="Who was told", hint="Those who took part, and those above them.",
            options=choices.roles((*part, *above)), need="Tick who was told.",
        ),
        _on("When"),
        TextArea(name="words", label="Anything to add", rows=2),
    ]  # fmt: skip


def _action(choices: FieldOptions) -> Sequence[FormField]:
    return [RadioPick(name="action", label="Which action", options=choices.actions(), need="Choose the action.")]


def _corrected(choices: FieldOptions) -> Sequence[FormField]:
    own = [entry for entry in choices.timeline.entries if entry.words and entry.mine]
    options = [(str(n.number), f"{n.number}: {n.kind.replace('_', ' ')}", next(iter(n.words.values()))[:120]) for n in own]
    return [
        RadioPick(name="entry", label="Which entry of yours", options=options, need="Choose the entry."),
        TextArea(
            name="text", label="What is right", hint="Your first words stay on the record beside it.", need="Say what is right."
        ),
    ]


def _ladder_moved(choices: FieldOptions) -> Sequence[FormField]:
    keys = [stage.key for stage in choices.ladder.stages]
    return [
        TextLine(name="version", label="Version of the procedure", need="Name the version, as Procedures lists it."),
        RadioPick(name="stage", label="At which stage of it", options=choices.stages(keys), need="Choose the stage."),
        WHY,
    ]


_CAFCASS_DID = [
    ("advice", "Advice", ""), ("negotiation", "Negotiation", ""), ("proceedings", "Proceedings", ""), ("no_action", "No action", ""),
]  # fmt: skip
_ABOUT = [("the issue", "The issue", ""), ("taking it higher", "Taking it higher", ""), ("a referral", "A referral", "")]
_ADVOCATE = [("offered", "Offered", ""), ("in place", "In place", ""), ("declined", "Declined", "")]

MOVES: tuple[MoveForm, ...] = (
    MoveForm(e.Judged, "next", "Judge the answer", "An answer is not accepted until you say so.", "Send my judgement", _judged),
    MoveForm(
        e.Escalated, "next", "Take it higher", "You may go to any stage that you judge right.", "Take it higher", _escalated
    ),
    MoveForm(
        e.EscalationHeld, "next", "Hold it: do not let it go up by itself",
        "It stays here, and is yours to consider.", "Hold it", _these(WHY),
    ),
    MoveForm(
        e.EscalationRecalled, "next", "Take back the climb", "It went up by itself; it comes back to the stage before.",
        "Take it back", _these(WHY),
    ),
    MoveForm(
        e.WindowExtended, "next", "Give another date", "Those asked are told of the new date.", "Give this date",
        _these(DayField(name="until", label="Reply by", hint="For example, 27 3 2026", need="Write the new date."), WHY),
        (TickBox(name="sure", label="I am sure: that is the date that I mean"),),
    ),
    MoveForm(
        e.ExtensionTakenBack, "next", "Take back the date that I gave", "The date promised before holds again, and those asked are told.",
        "Take it back", _these(TextArea(name="why", label="Why", rows=2)),
    ),
    MoveForm(e.Acknowledged, "next", "Say that it has arrived", "That is not an answer: the date stays.", "It has arrived", _these()),
    MoveForm(
        e.Endorsed, "next", "Endorse it", "It is sent on at once.", "Endorse and send",
        _these(TextArea(name="words", label="Anything to add", rows=2)),
    ),
    MoveForm(e.EndorsementDeclined, "next", "Do not endorse it", "Whoever raised it is asked what next.", "Do not endorse", _these(WHY)),
    MoveForm(
        e.MeetingArranged, "next", "Book the meeting", "Those who attend are told, with a file for their calendar. The due date does not move.",
        "Book it",
        _these(
            MomentField(name="at", label="When", hint="For example, 27 3 2026", need="Write when it is."),
            TextLine(name="where", label="Where, or the link"),
        ),
    ),
    MoveForm(
        e.MeetingCalledOff, "next", "Call the meeting off", "It goes out of everybody's diary. The due date does not move.",
        "Call it off", _these(TextArea(name="why", label="Why", hint="Everybody on the item reads it.", rows=2)),
    ),
    MoveForm(e.MeetingHeld, "next", "The meeting was held", "Then its outcome is to be written down.", "It was held", _held),
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
        _these(TextArea(name="answer", label="Your answer", need="Write your answer.")),
    ),
    MoveForm(e.Redirected, "next", "Put it to somebody else", "The same question, to the same date.", "Put it to them", _redirected),
    MoveForm(
        e.Reminded, "next", "Remind them", "Whoever still owes an answer is reminded, once a day. No date moves.", "Remind them",
        _these(TextArea(name="words", label="A line of yours", hint="Optional. They read it on the item, not in the mail.", rows=2)),
    ),
    MoveForm(
        e.ToldOtherwise, "record", "They were told in another way",
        "You rang or met somebody who is asked. They count as reached from that day; no date moves.", "Put it on the record",
        lambda c: [
            RadioPick(name="role", label="Who was told", options=c.asked(), need="Choose who was told."),
            RadioPick(name="how", label="How", options=_TOLD_HOW, need="Choose how."), _on("When"),
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
        lambda c: [*_action(c), TextArea(name="words", label="What you saw", rows=2)],
    ),
    MoveForm(
        e.ActionNotDone, "next", "An action was not done", "You saw that it was not done.", "It was not done",
        lambda c: [*_action(c), WHY, LOOK_AGAIN],
    ),
    MoveForm(
        e.ImpactRecorded, "next", "Say what changed for the child", "Afterwards: did it make a difference?", "Put it on the record",
        _these(
            RadioPick(name="found", label="How it is for the child now", options=FOUND, need="Choose one."),
            TextArea(name="what_changed", label="What changed", rows=3), LOOK_AGAIN,
        ),
    ),
    MoveForm(
        e.WindowsReleased, "next", "Release what was held", "The service was away while dates passed. Nothing moves until you decide.",
        "Release",
        _these(
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
        "Put it on the record", _these(TextArea(name="why_not", label="Why not", need="Say why not.")),
    ),
    MoveForm(
        e.ReferralAcknowledged, "cafcass", "{cafcass} has acknowledged it", "", "Put it on the record",
        _these(TextLine(name="cafcass_reference", label="Their reference", need="Write their reference."), _on()),
    ),
    MoveForm(
        e.ReferralOutcome, "cafcass", "Record what {cafcass} did", "", "Put it on the record",
        _these(
            RadioPick(name="outcome", label="What they did", options=_CAFCASS_DID, need="Choose one."), _on(),
            TextArea(name="words", label="In words", rows=3),
        ),
    ),
    MoveForm(
        e.ReferralTold, "cafcass", "Everyone above was told of the referral",
        "Your task by the procedure: you tell them yourself, by the way that suits each; no message goes out from here.",
        "Put it on the record", _told_of_referral,
    ),
    MoveForm(
        e.Resolved, "end", "It is resolved", "Settled to your satisfaction. Actions are still followed.", "End it as resolved",
        _ends(
            IMPACT, TextArea(name="what_changed", label="In your words", need="Say what changed, or what you will look at again."),
        ),
    ),
    MoveForm(e.EndedUnresolved, "end", "End it without its being resolved", "", "End it", _ends(WHY, IMPACT)),
    MoveForm(
        e.Overtaken, "end", "Events have overtaken it", "", "End it",
        _these(TextArea(name="by_what", label="What happened", need="Say what happened."), IMPACT, LOOK_AGAIN),
    ),
    MoveForm(e.Withdrawn, "end", "Withdraw it", "Yours to do, with a reason. It stays on the record.", "Withdraw it", _these(WHY)),
    MoveForm(e.Reopened, "end", "Open it again", "", "Open it again", _reopened),
    MoveForm(
        e.RecordedInError, "end", "It was recorded in error", "For the wrong child, say. It is sealed at once and kept.", "Seal it",
        _these(WHY),
    ),
    MoveForm(
        e.Noted, "record", "Add a note", "Everybody on this item reads it, unless you keep it to the {iro_service}.", "Add it",
        lambda c: [
            TextArea(name="text", label="Note", need="Write the note."),
            *([TickBox(name="iro_service_only", label="Only the IRO service reads it")] if reads_iro_service(c.item.actor) else []),
        ],
    ),
    MoveForm(
        e.ChildViewRecorded, "record", "The child's view", "", "Put it on the record",
        _these(
            RadioPick(name="about", label="Of what", options=_ABOUT, need="Choose one."),
            TextArea(name="view", label="What the child thinks", need="Write what the child thinks."),
            TickBox(name="in_confidence", label="Told in confidence: only the IRO service reads it"),
        ),
    ),
    MoveForm(
        e.ChildTold, "record", "The child was told, or not", "", "Put it on the record",
        _these(
            RadioPick(name="told", label="Was the child told?", options=[("yes", "Yes", ""), ("no", "No", "")], need="Choose one."),
            DayField(name="on", label="When"), TextLine(name="by", label="By whom"), TextArea(name="why_not", label="If not: why not", rows=2),
        ),
    ),
    MoveForm(
        e.AdvocateRecorded, "record", "An advocate", "", "Put it on the record",
        _these(RadioPick(name="state", label="An advocate is", options=_ADVOCATE, need="Choose one.")),
    ),
    MoveForm(
        e.ComplaintOpened, "record", "A complaint runs beside it", "Its reference only, never its content.", "Put it on the record",
        _these(TextLine(name="reference", label="The complaint's reference", need="Write its reference.")),
    ),
    MoveForm(
        e.LegalAdviceTaken, "record", "Legal advice was taken", "Only the {iro_service} reads this.", "Put it on the record",
        _these(
            TextLine(name="source", label="From whom", need="Say from whom."), _on(),
            TickBox(name="conflict_checked", label="It was checked that they act for nobody else in this"),
            TextArea(name="content", label="The advice"),
        ),
    ),
    MoveForm(
        e.CourtTold, "record", "The court was told", "", "Put it on the record",
        _these(
            DayField(name="hearing", label="Hearing on", need="Write the day of the hearing."),
            TextArea(name="view", label="The view that you gave"),
        ),
    ),
    MoveForm(e.CopyAdded, "record", "Copy somebody in", "One more of the procedure's own people.", "Copy them in", _copy),
    MoveForm(e.Corrected, "record", "Correct an entry of mine", "", "Correct it", _corrected),
    MoveForm(
        e.LadderMoved, "record", "Move to another version of the procedure", "Every date promised stays as it was.", "Move it",
        _ladder_moved,
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
    if move.event is e.ChildTold:
        said["told"] = said["told"] == "yes"
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
