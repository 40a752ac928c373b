"""One challenge as a page: where it stands on its ladder, what comes next and when, what each may do, all that happened."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, fields
from datetime import date
from hashlib import sha256
from typing import Any

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection

from api.pages.frame import layout
from api.pages.frame.browser_request import CurrentPage, FormSubmission, PageContext, SentForm
from api.pages.frame.field_options import FieldOptions, agreed_actions, holders_to_choose, to_stages
from api.pages.frame.form_fields import Form
from api.pages.item import move_forms
from api.pages.item.move_forms import BY_TYPE, GROUPS, MoveForm
from api.pages.my_work import inbox
from api.pages.my_work.my_tasks import about_in_words, child_in_words
from api.presenters import item_reader, item_view, timeline_text, wording
from api.presenters.item_reader import SeenItem
from api.presenters.shapes import ChallengeShape, TimelineShape
from drp.casework.access import NotFound
from drp.casework.service import ActionResult, Answer, RetryKey
from drp.database.engine import Unavailable
from workflows.calendar.working_days import local_date, long_date
from workflows.decision.event_rules import is_open_to
from workflows.decision.impact import mid_point
from workflows.decision.relation import reads_iro_service
from workflows.decision.tasks import PersonalTask, TaskKind, tasks_of
from workflows.model import events as e
from workflows.model.actor import Part
from workflows.model.authority import HeldFor
from workflows.model.challenge import ASKS_RECIPIENTS, SETTLED, ClosedAs, EnteredHow, Outcome, ReferralState, WindowKind
from workflows.model.events import DocumentAttached, Event, Raised
from workflows.model.ladder import Choice, ItemType
from workflows.model.refusals import Unfit

router = APIRouter(include_in_schema=False)


DONE = {
    "": "Done. It is on the record below, and those whom it concerns have been told.",
    "settled": "The talk is on the record, with what changed for the child. Nobody has been asked anything.",
    "talk": "The talk is on the record. Nobody has been asked anything.",
    "responded": "Your reply is with the {iro}, who now says whether it is enough.",
    "not_for_me": "The {iro} has been told that it is not for you. Until it is put to somebody else, the date stays.",
    "clarification_asked": "Your question is with the {iro}. The date stays as it is.",
    "noted": "Your note is on the record.",
    "document_attached": "The document is on the record.",
}
"""What is said after something was done."""


@dataclass(frozen=True)
class LadderRung:
    """One stage on the drawn ladder."""

    label: str
    to: str
    said: str
    how: str
    """been, here, or empty."""


@dataclass(frozen=True)
class ItemOnPage:
    """Everything about one item that its pages show to one person."""

    item: SeenItem
    shape: ChallengeShape
    timeline: TimelineShape
    presses: tuple[PersonalTask, ...]

    @property
    def raised(self) -> Any:
        """The first entry: what was asked."""
        return self.timeline.entries[0]

    @property
    def raised_stage(self) -> str:
        """The label of the stage where it stands."""
        return self.shape.stage.label if self.shape.stage else ""

    @property
    def asked(self) -> list[tuple[str, str]]:
        """What was asked, question by question, in the order in which it was written."""
        words = self.raised.words
        if self.item.loaded.challenge.item_type is ItemType.SENIOR_SCRUTINY:
            return [(said, words[name]) for name, said in timeline_text.OF_SCRUTINY.items() if name in words]
        return [(timeline_text.QUESTIONS[field.name], words[field.name]) for field in fields(e.Raised) if field.name in words]


def read_item(connection: Connection, visit: PageContext, reference: str) -> ItemOnPage:
    """An item with its timeline, for somebody who may see it. Raises NotFound or AccessEnded."""
    item = item_reader.read_seen_item(connection, visit, reference)
    shape = item_reader.shape_of_item(connection, visit, item)
    presses = tasks_of(item.loaded.challenge, item.actor, visit.now)
    return ItemOnPage(item, shape, item_reader.timeline_shape(connection, visit, item), presses)


def log_reading(visit: PageContext, reference: str) -> None:
    """Who read it is written down; where that cannot be, nobody reads."""
    visit.service.access_log.record(visit.authority, visit.now, visit.signed.person, "page", reference)


@router.get("/challenges/{reference}")
def show_item(request: Request, visit: CurrentPage, reference: str, all: str = "", done: str = "") -> Response:
    """The challenge. Who is asked to reply lands on the one question instead."""
    with visit.service.store.read(visit.authority) as connection:
        seen = read_item(connection, visit, reference)
    log_reading(visit, seen.shape.reference)
    visit = inbox.mark_item_read(request, visit, seen.item.loaded.id)
    side = seen.item.actor.parts & {Part.RAISER, Part.CHILDS_IRO, Part.IRO_MANAGER}
    if not all and not done and not side and seen.presses and seen.presses[0].task is TaskKind.ANSWER:
        return layout.go_to(f"/challenges/{seen.shape.reference}/answer")
    attaches = is_open_to(DocumentAttached, seen.item.rules, seen.item.loaded.challenge, seen.item.actor)
    said = DONE.get(done, DONE[""]) if done else ""
    return layout.render_page(
        visit, "challenge.html", title=f"{seen.shape.reference}", whole=seen, shape=seen.shape, groups=grouped_moves(visit, seen),
        rungs=rungs_of(seen), child=child_in_words(seen.item), about=about_in_words(seen.item), next=what_next(visit, seen),
        asked=seen.asked, answers=answers_of(seen), actions=actions_of(seen),
        entries=list(reversed(timeline_text.entries_in_words(seen.item, seen.timeline))),
        done=done_in_words(visit, said),
        may_answer=seen.presses and any(press.task is TaskKind.ANSWER for press in seen.presses),
        is_talk=is_talk(seen.item), service=reads_iro_service(seen.item.actor), facts=facts_in_words(visit, seen),
        urgent=visit.words.duty_numbers if reads_iro_service(seen.item.actor) else (), may_attach=attaches,
    )  # fmt: skip


def is_talk(item: SeenItem) -> bool:
    """Was it logged as a talk, and has it gone no further?"""
    challenge = item.loaded.challenge
    return bool(challenge.visits) and challenge.visit.how is EnteredHow.TALKED and not challenge.visit.sent


def grouped_moves(visit: PageContext, seen: ItemOnPage) -> list[tuple[str, list[tuple[str, str]]]]:
    """The moves open to this person, under headings, each with its link."""
    found = []
    kinds = {entry.kind for entry in seen.timeline.entries if entry.stage == seen.raised_stage}
    for key, heading in GROUPS:
        mine = [] if key != "cafcass" else _referral(visit, seen)
        mine += [
            (f"/challenges/{seen.shape.reference}/do/{type_}", done_in_words(visit, _title(seen, type_, move)))
            for type_, move in BY_TYPE.items()
            if type_ in seen.shape.moves and (move.group if _is_timely(seen, type_, kinds) else "record") == key
        ]
        if mine:
            found.append((done_in_words(visit, heading), mine))
    return found


def _referral(visit: PageContext, seen: ItemOnPage) -> list[tuple[str, str]]:
    """The way to the referral's own pages: to make one, or to one that was made."""
    shape = seen.shape
    made = seen.item.loaded.challenge.referral not in (ReferralState.NONE, ReferralState.CONSIDERED)
    if not reads_iro_service(seen.item.actor) or not (made or shape.referral.open_to_you):
        return []
    text = "Refer to {cafcass}" if shape.referral.open_to_you else "The referral to {cafcass}"
    return [(f"/challenges/{shape.reference}/referral", done_in_words(visit, text))]


def _is_timely(seen: ItemOnPage, type_: str, kinds: set[str]) -> bool:
    """Is there a reason to offer this first, and not only among what may be put on the record?"""
    challenge = seen.item.loaded.challenge
    asks = {press.task for press in seen.presses}
    return {
        "clarification_given": "clarification_asked" in kinds,
        "meeting_held": challenge.meeting_at is not None,
        "outcome_recorded": "meeting_held" in kinds or TaskKind.RECORD in asks,
        "meeting_arranged": TaskKind.ARRANGE in asks
        or any(window.kind == WindowKind.MEETING and window.is_open for window in seen.shape.windows),
        "impact_recorded": TaskKind.LOOK_AGAIN in asks or not challenge.is_open,
        "redirected": "not_for_me" in kinds,
        "action_done": TaskKind.CHECK in asks,
        "action_not_done": TaskKind.CHECK in asks,
    }.get(type_, True)


_AS_TALK = {"escalated": "Make it formal", "window_extended": "Ask for an answer"}
"""A talk that is taken higher is made formal; one that is given a date is asked for an answer."""


def _title(seen: ItemOnPage, type_: str, move: MoveForm) -> str:
    return _AS_TALK.get(type_, move.title) if is_talk(seen.item) else move.title


def _button(seen: ItemOnPage, type_: str, move: MoveForm) -> str:
    return _AS_TALK.get(type_, move.button) if is_talk(seen.item) else move.button


def done_in_words(visit: PageContext, text: str) -> str:
    """A text with the authority's own words in it."""
    return text.format(iro=visit.label("iro"), cafcass=visit.label("cafcass"), iro_service=visit.label("iro_service"))


def rungs_of(seen: ItemOnPage) -> list[LadderRung]:
    """The ladder from its first stage up, with what happened at each."""
    item = seen.item
    challenge, ladder, words = item.loaded.challenge, item.rules.ladder, item.rules.authority
    been = {visit.stage: visit for visit in challenge.visits}
    found = []
    for stage in ladder.stages:
        visit = been.get(stage.key)
        to = ", ".join(words.role(role).title for role in stage.roles_to() if words.has_role(role))
        if visit and visit.told:
            to = ", ".join(item_view.title_of(words, party.role, challenge.raiser_role) for party in visit.told)
        said = f"since {wording.short_date(local_date(visit.entered_at))}" if visit else ""
        here = challenge.is_open and stage.key == challenge.stage
        found.append(LadderRung(stage.label, to, said, "here" if here else "been" if visit else ""))
    return found


def what_next(visit: PageContext, seen: ItemOnPage) -> list[str]:
    """What happens next and when, one sentence for each promise that runs."""
    said = []
    mine = any(press.task is TaskKind.CONSIDER for press in seen.presses)
    order = ["judgement", "endorsement", "reply", "meeting", "completion", "action", "follow_up", "whole_process"]
    for window in sorted(seen.shape.windows, key=lambda one: order.index(one.kind)):
        if not window.is_open:
            continue
        due = window.due_in_words
        names = {
            "reply": f"{window.owner} replies {due}.",
            "meeting": f"The answer here is a meeting; its outcome is due {due}. It is with {window.owner} now.",
            "judgement": f"For you to consider: what comes next, {due}."
            if mine
            else f"{window.owner} considers what comes next, {due}.",
            "endorsement": f"{window.owner} endorses it {due}; nobody else has been told.",
            "completion": f"What was agreed is put right {due}.",
            "whole_process": f"The whole process has its limit {due}.",
            "action": f"An agreed action is due {due}.",
            "follow_up": f"To be looked at again {due}.",
        }
        text = names.get(window.kind, "")
        if window.kind in ASKS_RECIPIENTS and window.past_its_date:
            text = f"No reply yet from {window.owner}: it was due {due}."
        if window.held:
            text += " It is held: the service was away, and an IRO manager releases it."
        elif window.if_no_reply:
            text += f" If there is no reply: {window.if_no_reply[:1].lower()}{window.if_no_reply[1:]}"
        said.append(text)
    if is_talk(seen.item):
        said.append("A talk, on the record: nobody is asked and no date runs. Settle it, ask for an answer, or make it formal.")
    return said


def answers_of(seen: ItemOnPage) -> list[Any]:
    """Every reply and meeting outcome, in order."""
    return [
        entry
        for entry in timeline_text.entries_in_words(seen.item, seen.timeline)
        if entry.kind in ("responded", "outcome_recorded")
    ]


@dataclass(frozen=True)
class AgreedAction:
    """One agreed action as the item lists it. `settles`: may this person say now whether it was done?"""

    number: int
    what: str
    by: date
    who: str
    stands: str
    settles: bool


_STANDS: Mapping[str, str] = {ClosedAs.DONE: "Done", ClosedAs.NOT_DONE: "Not done", ClosedAs.NOT_RECORDED: "Past its date"}


def actions_of(seen: ItemOnPage) -> list[AgreedAction]:
    """Every agreed action, in the order in which they were agreed, each with how it stands."""
    texts, found = agreed_actions(seen.timeline), []
    for window in sorted((one for one in seen.shape.windows if one.kind == WindowKind.ACTION), key=lambda one: one.n):
        what, who = texts.get(window.n, (f"Action {window.n}", ""))
        stands = _STANDS.get(window.closed_as, "Past its date" if window.past_its_date else "Waiting")
        settles = "action_done" in seen.shape.moves and window.closed_as not in SETTLED
        if window.due:
            found.append(AgreedAction(window.n, what, window.due, who, stands, settles))
    return found


def facts_in_words(visit: PageContext, seen: ItemOnPage) -> list[tuple[str, str]]:
    """The item in short lines."""
    shape, challenge = seen.shape, seen.item.loaded.challenge
    words = seen.item.rules.authority
    lines = [("Where it stands", wording.capitalised(shape.where))]
    if challenge.about_child:
        status = ", ".join(visit.label(status.value) for status in sorted(challenge.facts.statuses))
        lines.append((wording.capitalised(visit.label("child")), f"{child_in_words(seen.item)}{f', {status}' if status else ''}"))
    lines.append(("Kind", wording.capitalised(shape.label)))
    reasons = [words.reason(key).label for key in challenge.reasons if words.has_reason(key)]
    lines.append(("Reasons", "; ".join(reasons)))
    lines.append(("Raised", f"{wording.moment_in_words(shape.raised_at)} by {seen.raised.by}"))
    if shape.asked:
        lines.append(("Now with", "; ".join(f"{', '.join(one.people) or 'nobody'} ({one.title})" for one in shape.asked)))
    if shape.copied:
        lines.append(("Copied", "; ".join(shape.copied)))
    if shape.meeting_at:
        lines.append(("Meeting", wording.moment_in_words(shape.meeting_at)))
    if shape.resolve_by:
        lines.append(("To be put right by", long_date(shape.resolve_by)))
    if shape.impact or challenge.phase in (Outcome.RESOLVED, Outcome.ENDED, Outcome.OVERTAKEN):
        lines.append(
            ("What changed for the child", dict(found[:2] for found in move_forms.FOUND).get(shape.impact, "Not said yet"))
        )
    if shape.referral.state != ReferralState.NONE:
        lines.append((visit.label("cafcass"), wording.capitalised(shape.referral.state)))
    return [line for line in lines if line[1]]


# One move.


@router.get("/challenges/{reference}/do/{move}")
def show_move_form(visit: CurrentPage, reference: str, move: str, action: str = "") -> Response:
    """The page of one move. `action`: the number of the agreed action that it is about, from the list on the item."""
    with visit.service.store.read(visit.authority) as connection:
        seen, chosen, choices = _asked(connection, visit, reference, move)
        questions = list(chosen.asks(choices))
    log_reading(visit, seen.shape.reference)
    today = local_date(visit.now)
    half_way = mid_point(seen.item.loaded.challenge, today, seen.item.rules.calendar)
    begins = move_forms.initial_values(chosen, questions, today, half_way)
    form = Form(questions, begins | ({"action": (action,)} if action else {}))
    return _page(visit, seen, chosen, form)


@router.post("/challenges/{reference}/do/{move}")
def make_move(sent: SentForm, reference: str, move: str) -> Response:
    """The move is made, or what was wrong with it is said beside what was typed."""
    visit = sent.visit
    with visit.service.store.read(visit.authority) as connection:
        seen, chosen, choices = _asked(connection, visit, reference, move)
        questions = list(chosen.asks(choices))
    form, values = sent.form(questions)
    if form.is_faulty or sent.wants_more():
        return _page(visit, seen, chosen, form if not sent.wants_more() else Form(questions, form.given), sent)
    try:
        bring_event_on_page(visit, seen.shape.reference, move_forms.event_of_form(chosen, values), sent)
    except Unfit as refusal:
        form.refused(refusal)
        return _page(visit, seen, chosen, form, sent)
    return layout.go_to(f"/challenges/{seen.shape.reference}?done={move}")


def _asked(connection: Connection, visit: PageContext, reference: str, move: str) -> tuple[ItemOnPage, MoveForm, FieldOptions]:
    chosen = BY_TYPE.get(move)
    seen = read_item(connection, visit, reference)
    if chosen is None:
        raise NotFound
    return (
        seen,
        chosen,
        FieldOptions(seen.item, _people(connection, visit, seen.item, chosen), seen.timeline, local_date(visit.now)),
    )


def _people(connection: Connection, visit: PageContext, item: SeenItem, move: MoveForm) -> dict[str, list[tuple[str, str]]]:
    """Who may be chosen, for the moves that choose somebody."""
    words, ladder = item.rules.authority, item.rules.ladder
    if move.event is e.Redirected:
        roles = [role.key for role in words.roles if role.held_for is not HeldFor.AGENCY or role.key in ladder.roles()]
    elif move.event in (e.Escalated, e.Judged, e.Reopened):
        stages = [ladder.stage(key) for key in (*to_stages(ladder, item.loaded.challenge), item.loaded.challenge.stage) if key]
        roles = [
            role for stage in stages if stage.to and stage.to.how in (Choice.ONE, Choice.CHOSEN) for role in stage.roles_to()
        ]
    else:
        return {}
    return holders_to_choose(connection, visit, words, item.establishment, item.loaded.about(), roles)


def _page(visit: PageContext, seen: ItemOnPage, move: MoveForm, form: Form, sent: FormSubmission | None = None) -> Response:
    type_ = next(key for key, known in BY_TYPE.items() if known is move)
    answered = answers_of(seen) if move.event is e.Judged else []
    return layout.render_page(
        visit,
        "move.html",
        422 if form.is_faulty else 200,
        title=done_in_words(visit, _title(seen, type_, move)),
        means=done_in_words(visit, move.means),
        button=done_in_words(visit, _button(seen, type_, move)),
        form=form,
        shape=seen.shape,
        child=child_in_words(seen.item),
        action=f"/challenges/{seen.shape.reference}/do/{type_}",
        once=idempotency_key_of(visit, sent),
        is_open=type_ in seen.shape.moves,
        answers=answered,
    )


def idempotency_key_of(visit: PageContext, sent: FormSubmission | None) -> str:
    """What makes pressing twice harmless: kept while the same form is put right, new with a new one."""
    return (sent and sent.once) or visit.service.casework.chance.salt()


def bring_event_on_page(visit: PageContext, reference: str, event: Event, sent: FormSubmission) -> Answer:
    """Bring an event as the JSON interface would: one decision, one transaction, harmless to repeat."""
    hashed = sha256(f"page {reference} {event!r}".encode()).hexdigest()
    answer = visit.service.casework.act(
        visit.signed, reference, event, visit.now, receipt_values, RetryKey(sent.once, hashed), sent.seen_at
    )
    with suppress(Unavailable):  # it is done, and its own entry says by whom
        visit.service.access_log.record(visit.authority, visit.now, visit.signed.person, "event", reference)
    return answer


def raise_one(
    sent: FormSubmission,
    child: str,
    event: Raised,
    team: str = "",
    once: str = "",
    settled: e.Resolved | None = None,
    ladder: str = "",
) -> Answer:
    """Raise an item as the JSON interface would, harmless to repeat. `once`: a draft's own, where it came from one.

    `settled`: how a talk that is logged was settled already. `ladder`: the procedure that is meant, where several carry it.
    """
    visit = sent.visit
    hashed = sha256(f"page raise {child} {team} {ladder} {event!r} {settled!r}".encode()).hexdigest()
    retry = RetryKey(once or sent.once, hashed)
    return visit.service.casework.raise_item(visit.signed, child, event, visit.now, receipt_values, retry, team, ladder, settled)


def receipt_values(connection: Connection, done: ActionResult) -> Answer:
    """What a page remembers of what was done: nothing that the item itself does not say."""
    return {"reference": done.loaded.reference}
