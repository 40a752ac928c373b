"""Each event declared once: who may bring it, when it is open, what it does. Buttons, refusals and `decide` read this table."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from workflows.decision import (
    absence,
    escalation,
    extensions,
    impact,
    item_facts,
    off_ladder_events,
    outcomes,
    practice,
    reaching,
    replies,
    review_days,
    watching,
    windows,
)
from workflows.decision.decision_builder import DecisionBuilder, not_open
from workflows.decision.moves import moves_of
from workflows.model import events as e
from workflows.model.actor import Act, Actor, Part
from workflows.model.authority import Rules
from workflows.model.challenge import Challenge
from workflows.model.events import Event
from workflows.model.refusals import NotYours, Refused

Handler = Callable[[DecisionBuilder, Any], None]
Need = Callable[[Rules, Challenge], Refused | None]
NeedOfDay = Callable[[Rules, Challenge, Actor, date], Refused | None]


class Bars(StrEnum):
    """Whom independence keeps from bringing an event."""

    NOBODY = "nobody"
    """Their own answer, what only records, and what statute gives: a referral to Cafcass is never refused for it."""
    CONCERNED = "whoever is concerned"
    ENDING = "whoever is concerned, and an appointed IRO with a past in the child's line"


@dataclass(frozen=True)
class EventRule:
    """What the procedure says of one kind of event."""

    may: frozenset[Part]
    """The parts that may bring it."""
    does: Handler | None
    """What it does. None: `decide` has a way of its own for it (it is raised, moved to another version, closed or held)."""
    move: str = ""
    """The machine's move that must be open; one of a family, where it ends with an underscore. Empty: open in every state."""
    needs: tuple[Need, ...] = ()
    """What must hold beside the state: each gives the refusal, or None."""
    bars: Bars = Bars.CONCERNED
    """Whom independence keeps from it, by person and through every door (docs/architecture.md rule 10)."""
    needs_of_day: NeedOfDay | None = None
    """What must hold of the person who brings it and of the day (Europe/London): it gives the refusal, or None."""
    only_while_open: bool = False
    """Does it decide nothing, and refuse nothing, on an item that has ended?"""

    def is_open(self, rules: Rules, challenge: Challenge) -> bool:
        """May it be brought to a challenge as it stands, whoever brings it?"""
        return self.refusal(rules, challenge) is None

    def refusal(self, rules: Rules, challenge: Challenge) -> Refused | None:
        """Why it may not be brought to a challenge as it stands; None where it may."""
        moves = moves_of(rules.ladder).open_in(challenge.state)
        if self.move and self.move not in moves and not _has_one_of_family(moves, self.move):
            return not_open(rules, challenge, moves)
        return next((refused for need in self.needs if (refused := need(rules, challenge))), None)


def _has_one_of_family(moves: Collection[str], family: str) -> bool:
    return family.endswith("_") and any(move.startswith(family) for move in moves)


_IRO_SIDE = frozenset({Part.RAISER, Part.IRO_MANAGER})
_EVERYBODY_ON_IT = frozenset(
    {Part.RAISER, Part.CHILDS_IRO, Part.IRO_MANAGER, Part.BUSINESS_SUPPORT, Part.ASKED, Part.WAS_ASKED, Part.COPIED}
    | {Part.JUDGE, Part.ARRANGER, Part.RECORDER, Part.SENDER, Part.ENDORSER, Part.TELLER}
)
_BOOKING = frozenset({Part.RAISER, Part.IRO_MANAGER, Part.BUSINESS_SUPPORT, Part.ARRANGER})
_REMINDING = frozenset({Part.RAISER, Part.CHILDS_IRO, Part.IRO_MANAGER})
_RAISER = frozenset({Part.RAISER})
_ASKED = frozenset({Part.ASKED})
_CHILDS_IRO = frozenset({Part.CHILDS_IRO})
_TRACKING = _RAISER | {Part.BUSINESS_SUPPORT}
_IRO = _RAISER | _CHILDS_IRO
_IRO_MANAGER = frozenset({Part.IRO_MANAGER})
_COPIED = frozenset({Part.COPIED})
_NAMED = frozenset({Part.NAMED})
_ENDORSER = frozenset({Part.ENDORSER})
_SERVICE = frozenset({Part.SERVICE})

_RAISING: dict[type[Event], EventRule] = {
    e.Raised: EventRule(frozenset({Part.RAISER, Part.BUSINESS_SUPPORT, Part.SERVICE}), None),
}

_ANSWERING = {
    e.Acknowledged: EventRule(_ASKED, replies.acknowledge_request, "acknowledge", bars=Bars.NOBODY),
    e.NotForMe: EventRule(_ASKED, replies.pass_elsewhere, "not_for_me", bars=Bars.NOBODY),
    e.Redirected: EventRule(_IRO_SIDE, replies.redirect_request, "redirect", (replies.somebody_is_asked,)),
    e.ToldOtherwise: EventRule(_REMINDING | {Part.BUSINESS_SUPPORT}, reaching.tell_otherwise, needs=(reaching.somebody_owes,)),
    e.DidNotArrive: EventRule(_REMINDING | {Part.BUSINESS_SUPPORT}, reaching.say_did_not_arrive, needs=(reaching.somebody_owes,)),
    e.Reminded: EventRule(_REMINDING, reaching.remind_by_hand, needs=(reaching.somebody_owes,)),
    e.ClarificationAsked: EventRule(_ASKED, replies.ask_for_clarification, "clarify", bars=Bars.NOBODY),
    e.ClarificationGiven: EventRule(_RAISER, replies.give_clarification, "clarify", (escalation.is_sent,)),
    e.Responded: EventRule(_ASKED | {Part.WAS_ASKED}, replies.record_response, "respond", bars=Bars.NOBODY),
    e.Judged: EventRule(_RAISER | {Part.JUDGE}, replies.judge_answer, "judge_enough"),
    e.MeetingArranged: EventRule(_BOOKING, replies.arrange_meeting, "arrange_meeting", (escalation.is_sent,), bars=Bars.NOBODY),
    e.MeetingCalledOff: EventRule(_BOOKING, replies.call_meeting_off, needs=(replies.a_meeting_is_booked,), bars=Bars.NOBODY),
    e.MeetingHeld: EventRule(_BOOKING, replies.record_meeting_held, "hold_meeting", bars=Bars.NOBODY),
    e.OutcomeRecorded: EventRule(_RAISER | {Part.RECORDER}, replies.record_outcome, "record_outcome"),
}

_ON_THE_LADDER = {
    e.Escalated: EventRule(
        _RAISER | {Part.SENDER}, escalation.escalate_challenge, needs=(escalation.may_go_elsewhere,), bars=Bars.NOBODY
    ),
    e.EscalationHeld: EventRule(_RAISER, escalation.hold_escalation, "hold", (escalation.would_climb_by_itself,)),
    e.EscalationRecalled: EventRule(_RAISER, escalation.recall_escalation, "recall_to_", (escalation.climbed_by_itself,)),
    e.WindowExtended: EventRule(_RAISER, escalation.extend_window, "wait_longer", (watching.may_wait_longer,)),
    e.ExtensionTakenBack: EventRule(
        _RAISER,
        extensions.take_extension_back,
        needs=(extensions.an_extension_stands,),
        needs_of_day=extensions.is_theirs_today,
    ),
    e.Endorsed: EventRule(_ENDORSER, escalation.endorse_challenge, "endorse", (escalation.is_not_sent,), Bars.NOBODY),
    e.EndorsementDeclined: EventRule(_ENDORSER, escalation.decline_endorsement, "decline", bars=Bars.NOBODY),
    e.WindowsReleased: EventRule(_IRO_MANAGER, windows.release_windows, needs=(windows.some_are_held,)),
    e.LadderMoved: EventRule(_IRO_MANAGER, None, needs=(escalation.has_not_ended,)),
}

_OF_OPEN_CASE = (off_ladder_events.is_about_child, escalation.has_not_ended)

_BESIDE_IT = {
    e.CopyAdded: EventRule(_IRO_SIDE, off_ladder_events.add_copy, "copy_in", (escalation.is_sent,)),
    e.ReaderNamed: EventRule(_IRO, off_ladder_events.name_reader, "child"),
    e.ReaderRemoved: EventRule(_IRO, off_ladder_events.remove_reader, "child", (off_ladder_events.somebody_was_named,)),
    e.FactSaid: EventRule(
        _IRO_SIDE | _CHILDS_IRO, item_facts.say_fact, needs=(escalation.has_not_ended, item_facts.any_is_known)
    ),
    e.LegalAdviceTaken: EventRule(_IRO_SIDE, off_ladder_events.record_legal_advice, "legal_advice"),
    e.ChildViewRecorded: EventRule(_IRO, off_ladder_events.record_about_child, "child", (off_ladder_events.is_about_child,)),
    e.ChildTold: EventRule(_IRO, off_ladder_events.record_about_child, "child", (off_ladder_events.is_about_child,)),
    e.AdvocateRecorded: EventRule(_IRO, off_ladder_events.record_about_child, "advocate", (off_ladder_events.is_about_child,)),
    e.ComplaintOpened: EventRule(_IRO, off_ladder_events.record_about_child, "complaint", (off_ladder_events.is_about_child,)),
    e.CourtTold: EventRule(_IRO, off_ladder_events.record_court_told, "court", (off_ladder_events.is_about_child,)),
    e.RightsExplained: EventRule(_IRO, off_ladder_events.explain_rights, "child", (off_ladder_events.is_about_child,)),
    e.GuardianTold: EventRule(_IRO, off_ladder_events.record_guardian, "child", (off_ladder_events.is_about_child,)),
    e.GuardianHandedOver: EventRule(_IRO, off_ladder_events.record_guardian, "child", (off_ladder_events.is_about_child,)),
    e.RiskActedOn: EventRule(_IRO, off_ladder_events.record_act, "child", (off_ladder_events.is_about_child,)),
    e.ReviewAskedFor: EventRule(_IRO, review_days.ask_for_early_review, "child", _OF_OPEN_CASE),
    e.ReviewAdjourned: EventRule(_IRO, review_days.adjourn_review, "child", _OF_OPEN_CASE),
    e.LearningNoted: EventRule(_IRO_SIDE, off_ladder_events.record_act, "impact"),
    e.ActionDone: EventRule(_RAISER, off_ladder_events.settle_action, "action", (off_ladder_events.an_action_waits,)),
    e.ActionNotDone: EventRule(_RAISER, off_ladder_events.settle_action, "action", (off_ladder_events.an_action_waits,)),
    e.ImpactRecorded: EventRule(_RAISER, impact.record_impact, "impact"),
    e.Thanked: EventRule(_COPIED, practice.thank_practitioner, "thank", bars=Bars.NOBODY, needs_of_day=practice.is_not_named),
    e.QuoteOffered: EventRule(_RAISER, practice.offer_quote, "quote", bars=Bars.NOBODY),
    e.QuoteAnswered: EventRule(_NAMED, practice.answer_quote, "quote", (practice.words_are_offered,), Bars.NOBODY),
    e.QuoteTakenBack: EventRule(_RAISER, practice.take_quote_back, "quote", (practice.words_are_offered,), Bars.NOBODY),
    e.TrackingAgreed: EventRule(_TRACKING, watching.agree_tracking, needs=(watching.is_tracked,)),
    e.TrackedDone: EventRule(_RAISER, watching.do_tracked, needs=(watching.is_tracked, watching.something_is_watched)),
    e.LookedThrough: EventRule(_RAISER, watching.look_through, needs=(watching.is_mid_point,)),
    e.MidPointContact: EventRule(_RAISER, watching.note_contact, needs=(watching.is_mid_point,)),
    e.Noted: EventRule(_EVERYBODY_ON_IT, off_ladder_events.add_note, "note", bars=Bars.NOBODY),
    e.DocumentAttached: EventRule(_EVERYBODY_ON_IT, off_ladder_events.attach_document, "note", bars=Bars.NOBODY),
    e.Corrected: EventRule(_EVERYBODY_ON_IT, off_ladder_events.correct_entry, "correct", bars=Bars.NOBODY),
}

# Nothing may block a referral: not even a conflict of interest, which is recorded instead (IRO Handbook 8.8).
_CAFCASS = {
    e.ReferralConsidered: EventRule(
        _CHILDS_IRO, off_ladder_events.consider_referral, "refer", (off_ladder_events.may_be_referred,)
    ),
    e.ReferredToCafcass: EventRule(
        _CHILDS_IRO,
        off_ladder_events.refer_to_cafcass,
        "refer",
        (off_ladder_events.may_be_referred, off_ladder_events.is_not_referred),
        bars=Bars.NOBODY,
    ),
    e.ReferralAcknowledged: EventRule(
        _CHILDS_IRO, off_ladder_events.follow_referral, "follow_referral", (off_ladder_events.is_referred,)
    ),
    e.ReferralOutcome: EventRule(
        _CHILDS_IRO, off_ladder_events.follow_referral, "follow_referral", (off_ladder_events.is_referred,)
    ),
    e.ReferralTold: EventRule(
        _CHILDS_IRO | {Part.TELLER},
        off_ladder_events.record_referral_told,
        "follow_referral",
        (off_ladder_events.somebody_is_to_tell,),
    ),
}

_SECOND: dict[type[Event], EventRule] = {
    e.SecondNameGiven: EventRule(
        frozenset({Part.SECOND}), absence.give_second_name, needs=(escalation.has_not_ended,), bars=Bars.ENDING
    ),
}

_ENDINGS = {
    e.Resolved: EventRule(_RAISER, outcomes.end_challenge, "resolve", bars=Bars.ENDING),
    e.EndedUnresolved: EventRule(_RAISER, outcomes.end_challenge, "end", bars=Bars.ENDING),
    e.Overtaken: EventRule(_RAISER, outcomes.end_challenge, "overtake", bars=Bars.ENDING),
    e.Withdrawn: EventRule(_RAISER, outcomes.end_challenge, "withdraw", bars=Bars.ENDING),
    e.Reopened: EventRule(_IRO, outcomes.reopen_challenge, "reopen_at_"),
    e.RecordedInError: EventRule(_IRO_SIDE, outcomes.seal_challenge, "seal", bars=Bars.ENDING),
}

_BY_THE_SERVICE = {
    e.WindowClosed: EventRule(_SERVICE, None),
    e.WindowsHeld: EventRule(_SERVICE, None),
    e.AskNotReached: EventRule(_SERVICE, reaching.note_ask_not_reached, only_while_open=True),
    e.DeliveryFailed: EventRule(_SERVICE, reaching.note_delivery_failed, only_while_open=True),
    e.AutomaticReply: EventRule(_SERVICE, reaching.note_automatic_reply, only_while_open=True),
    e.PostTakenOver: EventRule(_SERVICE, off_ladder_events.note_post_taken_over, only_while_open=True),
    e.PostEmptied: EventRule(_SERVICE, off_ladder_events.note_post_emptied, only_while_open=True),
    e.ConflictNoted: EventRule(_SERVICE, off_ladder_events.note_conflict),
    e.ChildJoined: EventRule(_SERVICE, off_ladder_events.note_child_joined),
    e.ReviewHeld: EventRule(_SERVICE, watching.end_by_review, needs=(watching.is_mid_point,)),
    e.MadeChallenge: EventRule(_SERVICE, outcomes.make_challenge, needs=(escalation.has_not_ended,)),
    e.IroChanged: EventRule(_SERVICE, off_ladder_events.note_iro_changed, only_while_open=True),
    e.ChildFactsChanged: EventRule(_SERVICE, off_ladder_events.note_facts_changed, only_while_open=True),
}

EVENT_RULES: dict[type[Event], EventRule] = {
    **_RAISING, **_ANSWERING, **_ON_THE_LADDER, **_BESIDE_IT, **_CAFCASS, **_SECOND, **_ENDINGS, **_BY_THE_SERVICE,
}  # fmt: skip
"""Every event of the closed union, with its rule."""

NEEDS_PRECONDITION: frozenset[type[Event]] = frozenset(
    {
        e.Escalated, e.Judged, e.EscalationRecalled, e.WindowExtended, e.Resolved, e.EndedUnresolved, e.Overtaken, e.Withdrawn,
        e.Reopened, e.RecordedInError, e.LadderMoved,
    }
)  # fmt: skip
"""What climbs, ends, reopens, recalls or extends: brought twice it would act on another stage than was meant, so a program says
for which stage and stay it means it."""

NEVER_STALE: frozenset[type[Event]] = frozenset({e.ReferralConsidered, e.ReferredToCafcass})
"""Never refused because it has moved on meanwhile: nothing may block a referral (docs/architecture.md rule 9)."""


def may_bring(actor: Actor, kind: type[Event]) -> bool:
    """May this person bring such an event, whatever the state?"""
    return bool(actor.parts & EVENT_RULES[kind].may) and not is_barred(actor, EVENT_RULES[kind].bars)


def is_barred(actor: Actor, bars: Bars) -> bool:
    """Does independence keep somebody from what bars so many?"""
    if bars is Bars.NOBODY:
        return False
    return actor.is_concerned or (bars is Bars.ENDING and actor.may_not_end)


def check_may_bring(act: Act) -> None:
    """Raise NotYours unless this person may bring this event. To find an answer enough ends it, as far as the judge can."""
    kind, event = type(act.event), act.event
    bars = EVENT_RULES[kind].bars
    if isinstance(event, e.Judged) and event.verdict == "enough":
        bars = Bars.ENDING
    if act.by.parts & EVENT_RULES[kind].may:
        if not is_barred(act.by, bars):
            return
        if act.by.is_concerned:
            raise NotYours(
                "It was put to you, or concerns your own casework, so somebody else must do it.",
                "Ask the IRO, or their cover, or the IRO manager.",
            )
        raise NotYours(
            "You have been part of this child's casework, so ending it is another's; everything else is yours.",
            "Say that it needs more, take it higher or refer; or ask the IRO manager to end it.",
        )
    if kind in (e.ReferralConsidered, e.ReferredToCafcass):
        raise NotYours(
            "Only the child's IRO, or whoever covers for them, refers a child to Cafcass.",
            "Tell the IRO, who can do it at once and needs nobody's approval.",
        )
    raise NotYours("This is not yours to do on this item.", "Ask the person named as its owner.")


def open_moves(rules: Rules, challenge: Challenge, actor: Actor, today: date | None = None) -> tuple[str, ...]:
    """The event types open to this person in this state, in the union's order: the buttons, and the text of a refusal.

    `today` (Europe/London) leaves out what is theirs on another day only; None: what is theirs on some day.
    """
    listed = (kind for kind in e.EXTERNAL_TYPES if is_open_to(kind, rules, challenge, actor))
    return tuple(kind.type for kind in listed if today is None or refusal_of_day(kind, rules, challenge, actor, today) is None)


def is_open_to(kind: type[Event], rules: Rules, challenge: Challenge, actor: Actor) -> bool:
    """May this person bring such an event to a challenge as it stands?"""
    return may_bring(actor, kind) and EVENT_RULES[kind].is_open(rules, challenge)


def refusal_of_day(kind: type[Event], rules: Rules, challenge: Challenge, actor: Actor, today: date) -> Refused | None:
    """Why such an event is not this person's today (Europe/London), though the state has it; None where it is."""
    need = EVENT_RULES[kind].needs_of_day
    if kind in absence.NEEDS_SECOND and (missing := absence.second_name_missing(challenge, actor)):
        return missing
    return need(rules, challenge, actor, today) if need else None
