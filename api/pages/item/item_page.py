"""One challenge as a page: where it stands on its ladder, what comes next and when, what each may do, all that happened."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from datetime import date
from hashlib import sha256
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from sqlalchemy import Connection

from api.pages.frame import layout
from api.pages.frame.browser_request import CurrentPage, FormSubmission, PageContext, go_to, router
from api.pages.frame.field_options import agreed_actions
from api.pages.item import move_forms, move_questions
from api.pages.item.mail_in_words import mail_in_words, unreached_in_words
from api.pages.my_work import inbox
from api.presenters import item_reader, item_view, timeline_text, wording
from api.presenters.followed_words import FOLLOWED_WORDS, FollowedWords, tracked_in_words
from api.presenters.shapes import ChallengeShape, TimelineShape, WindowShape
from drp.casework.preconditions import Precondition
from drp.casework.retry_keys import Answer, RetryKey
from drp.casework.service import ActionResult
from drp.database.unavailable import Unavailable
from workflows.calendar.working_days import local_date, long_date
from workflows.decision.event_rules import is_open_to
from workflows.decision.relation import reads_iro_service
from workflows.decision.tasks import PersonalTask, TaskKind, tasks_of
from workflows.model.actor import Part
from workflows.model.challenge import (
    ASKS_RECIPIENTS,
    SETTLED,
    Challenge,
    ClosedAs,
    EnteredHow,
    Outcome,
    QuoteState,
    ReferralState,
    WindowKind,
)
from workflows.model.events import Corrected, DocumentAttached, Event, QuoteOffered, Raised, Resolved, Thanked
from workflows.model.ladder import ItemType

DONE = {
    "": "Done. It is on the record below. Those whom it concerns: {mail}",
    "settled": "The talk is on the record, with what changed for the child. Nobody has been asked anything.",
    "talk": "The talk is on the record. Nobody has been asked anything.",
    "responded": "Your reply is with the {iro}, who now says whether it is enough.",
    "not_for_me": "The {iro} has been told that it is not for you. Until it is put to somebody else, the date stays.",
    "clarification_asked": "Your question is with the {iro}. The date stays as it is.",
    "noted": "Your note is on the record.",
    "thanked": "Your thanks are on the record, and they are told.",
    "quote_offered": "The words are offered. Whoever the notice names is asked; until they agree nothing is quoted.",
    "quote_answered": "Your answer is on the record. You may change it at any time.",
    "quote_taken_back": "The words are taken back: reports quote nothing of this.",
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

    item: item_reader.SeenItem
    shape: ChallengeShape
    timeline: TimelineShape
    presses: tuple[PersonalTask, ...]

    @property
    def challenge(self) -> Challenge:
        """The item as it stands."""
        return self.item.loaded.challenge

    @property
    def path(self) -> str:
        """The address of its page."""
        return f"/challenges/{self.shape.reference}"

    @property
    def own(self) -> FollowedWords | None:
        """The words of its kind, where it is followed between reviews."""
        return FOLLOWED_WORDS.get(self.challenge.item_type)

    @property
    def raised(self) -> Any:
        """The first entry: what was asked."""
        return self.timeline.entries[0]

    @property
    def asked(self) -> list[tuple[str, str]]:
        """What was asked, question by question, in the order in which it was written."""
        questions = timeline_text.OF_NOTICES.get(self.challenge.item_type, {})
        if not questions:
            questions = {field.name: timeline_text.QUESTIONS.get(field.name, "") for field in fields(Raised)}
            questions |= self.own.questions if self.own else {}
        return [(said, self.raised.words[name]) for name, said in questions.items() if name in self.raised.words]


def read_item(connection: Connection, visit: PageContext, reference: str) -> ItemOnPage:
    """An item with its timeline, for somebody who may see it. Raises NotFound or AccessEnded."""
    item = item_reader.read_seen_item(connection, visit, reference)
    shape = item_reader.shape_of_item(connection, visit, item)
    presses = tasks_of(item.loaded.challenge, item.actor, visit.now)
    return ItemOnPage(item, shape, item_reader.timeline_shape(connection, visit, item), presses)


def item_of_page(visit: CurrentPage, reference: str) -> ItemOnPage:
    """The item that an address names, for somebody who may see it. Raises NotFound or AccessEnded."""
    with visit.reading() as connection:
        return read_item(connection, visit, reference)


CurrentItem = Annotated[ItemOnPage, Depends(item_of_page)]


def opened_item(visit: CurrentPage, seen: CurrentItem) -> ItemOnPage:
    """The same item, to be shown: who read it is written down; where that cannot be, nobody reads."""
    visit.log_access("page", seen.shape.reference)
    return seen


OpenedItem = Annotated[ItemOnPage, Depends(opened_item)]


@router.get("/challenges/{reference}")
def show_item(request: Request, visit: CurrentPage, seen: OpenedItem, all: str = "", done: str = "") -> Response:
    """The challenge. Who is asked to reply lands on the one question instead."""
    visit = inbox.mark_item_read(request, visit, seen.item.loaded.id)
    side = seen.item.actor.parts & {Part.RAISER, Part.CHILDS_IRO, Part.IRO_MANAGER}
    if not all and not done and not side and seen.presses and seen.presses[0].task is TaskKind.ANSWER:
        return go_to(f"{seen.path}/answer")
    is_of_service = reads_iro_service(seen.item.actor)
    with visit.reading() as connection:
        mail = mail_in_words(connection, visit, seen.item) if done else ""
        unreached = unreached_in_words(connection, visit, seen.item) if is_of_service else []
    return visit.page(
        "challenge.html", title=f"{seen.shape.reference}", whole=seen, own=seen.own, shape=seen.shape,
        groups=grouped_moves(visit, seen), rungs=rungs_of(seen), item=seen.item, next=what_next(seen),
        practice=practice_of(seen), asked=seen.asked, answers=answers_of(seen), actions=actions_of(seen),
        entries=list(reversed(timeline_text.entries_in_words(seen.item, seen.timeline))),
        done=done_in_words(visit, DONE.get(done, DONE[""]), mail[:1].lower() + mail[1:]) if done else "",
        unreached=unreached, to_court=offers_statement(seen),
        may_answer=seen.presses and any(press.task is TaskKind.ANSWER for press in seen.presses),
        service=is_of_service, facts=facts_in_words(visit, seen), urgent=visit.words.duty_numbers if is_of_service else (),
        may_attach=is_open_to(DocumentAttached, seen.item.rules, seen.challenge, seen.item.actor),
    )  # fmt: skip


def offers_statement(seen: ItemOnPage) -> bool:
    """Is it offered on the item's page: to the child's IRO, where there are proceedings, or the court was told of it?"""
    is_iros = seen.challenge.about_child and Part.CHILDS_IRO in seen.item.actor.parts
    return is_iros and (seen.challenge.facts.in_proceedings or any(one.kind == "court_told" for one in seen.timeline.entries))


def is_talk(item: item_reader.SeenItem) -> bool:
    """Was it logged as a talk, and has it gone no further?"""
    challenge = item.loaded.challenge
    return bool(challenge.visits) and challenge.visit.how is EnteredHow.TALKED and not challenge.visit.sent


def grouped_moves(visit: PageContext, seen: ItemOnPage) -> list[tuple[str, list[tuple[str, str]]]]:
    """The moves open to this person, under headings, each with its link."""
    stage = seen.shape.stage.label if seen.shape.stage else ""
    kinds = {entry.kind for entry in seen.timeline.entries if entry.stage == stage}
    groups: dict[str, list[tuple[str, str]]] = {key: [] for key, _ in move_forms.GROUPS}
    groups["cafcass"] = _referral(seen)
    for type_, move in move_forms.BY_TYPE.items():
        if type_ in seen.shape.moves:
            listed = groups[move.group if _is_timely(seen, type_, kinds) else "record"]
            listed.append((f"{seen.path}/do/{type_}", move_title(seen, type_, move.title)))
    if seen.own and seen.challenge.is_open and seen.item.actor.parts & {Part.RAISER, Part.BUSINESS_SUPPORT}:
        groups["next"].append((f"{seen.path}/make-challenge", "Make it a {challenge}"))
    return [
        (done_in_words(visit, heading), [(href, done_in_words(visit, text)) for href, text in groups[key]])
        for key, heading in move_forms.GROUPS
        if groups[key]
    ]


def _referral(seen: ItemOnPage) -> list[tuple[str, str]]:
    """The way to the referral's own pages: to make one, or to one that was made."""
    may_refer = seen.shape.referral.open_to_you
    made = seen.challenge.referral not in (ReferralState.NONE, ReferralState.CONSIDERED)
    if not reads_iro_service(seen.item.actor) or not (made or may_refer):
        return []
    return [(f"{seen.path}/referral", "Refer to {cafcass}" if may_refer else "The referral to {cafcass}")]


def _is_timely(seen: ItemOnPage, type_: str, kinds: set[str]) -> bool:
    """Is there a reason to offer this first, and not only among what may be put on the record?"""
    challenge = seen.challenge
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


def move_title(seen: ItemOnPage, type_: str, text: str) -> str:
    """What a move is called: a talk that is taken higher is made formal; one that is given a date is asked for an answer."""
    of_talk = {"escalated": "Make it formal", "window_extended": "Ask for an answer"}
    own = seen.own.moves if seen.own else of_talk if is_talk(seen.item) else {}
    return own.get(type_, text)


def done_in_words(visit: PageContext, text: str, mail: str = "") -> str:
    """One of our texts with the authority's own words in it, and what is said of the mail. It is given no text that has them."""
    words = {name: visit.label(name) for name in ("iro", "cafcass", "iro_service", "challenge")}
    return text.format(mail=mail, **words)


def rungs_of(seen: ItemOnPage) -> list[LadderRung]:
    """The ladder from its first stage up, with what happened at each."""
    challenge, words = seen.challenge, seen.item.rules.authority
    been = {visit.stage: visit for visit in challenge.visits}
    found = []
    for stage in seen.item.rules.ladder.stages_for(challenge.item_type):
        visit = been.get(stage.key)
        told = [item_view.title_of(words, party.role, challenge.raiser_role) for party in visit.told] if visit else []
        to = told or [words.role(role).title for role in stage.roles_to() if words.has_role(role)]
        said = f"since {wording.short_date(local_date(visit.entered_at))}" if visit else ""
        here = challenge.is_open and stage.key == challenge.stage
        found.append(LadderRung(stage.label, ", ".join(to), said, "here" if here else "been" if visit else ""))
    return found


NEXT = {
    "judgement": "{owner} considers what comes next, {due}.",
    "endorsement": "{owner} endorses it {due}; nobody else has been told.",
    "reply": "{owner} replies {due}.",
    "meeting": "The answer here is a meeting; its outcome is due {due}. It is with {owner} now.",
    "completion": "What was agreed is put right {due}.",
    "update": "{owner} gives an update {due}.",
    "look_at_file": "The file is to be looked at {due}.",
    "early_review": "An early review is to be held {due}.",
    "mid_point": "The decisions are to be looked through, and the child to be in contact, {due}.",
    "action": "An agreed action is due {due}.",
    "follow_up": "To be looked at again {due}.",
    "whole_process": "The whole process has its limit {due}.",
}
"""What is said of each window that runs, in this order."""

LATE = "No reply yet from {owner}: it was due {due}."


def text_of_next(kind: str, is_late: bool, own: FollowedWords | None) -> str:
    """What is said of a window that runs, with places for its `owner` and when it is `due`."""
    if kind in ASKS_RECIPIENTS and is_late:
        return own.next["late"] if own else LATE
    return (own.next if own else {}).get(kind, NEXT[kind])


def what_next(seen: ItemOnPage) -> list[str]:
    """What happens next and when, one sentence for each promise that runs."""
    mine = any(press.task is TaskKind.CONSIDER for press in seen.presses)
    running = [window for window in seen.shape.windows if window.is_open]
    said = [_next_in_words(window, mine, seen.own) for window in sorted(running, key=lambda one: list(NEXT).index(one.kind))]
    if is_talk(seen.item):
        said.append("A talk, on the record: nobody is asked and no date runs. Settle it, ask for an answer, or make it formal.")
    return said


def _next_in_words(window: WindowShape, mine: bool, own: FollowedWords | None) -> str:
    text = text_of_next(window.kind, window.past_its_date, own)
    if window.kind == WindowKind.JUDGEMENT and mine:
        text = "For you to consider: what comes next, {due}."
    text = text.format(owner=window.owner, due=window.due_in_words)
    if window.held:
        return f"{text} It is held: the service was away, and an IRO manager releases it."
    if window.if_no_reply:
        return f"{text} If there is no reply: {window.if_no_reply[:1].lower()}{window.if_no_reply[1:]}"
    return text


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


@dataclass(frozen=True)
class PracticeShown:
    """What a notice of excellent practice shows beside what went well: thanks, and the words that reports may quote."""

    thanks: Sequence[tuple[str, str]]
    """Who thanks, and in what words, the first first."""
    to_you: bool
    """Does the notice name whoever looks?"""
    quote: str
    """The words that stand offered; empty where none do, or the notice was withdrawn."""
    stands: str


QUOTE_STANDS = {
    QuoteState.NONE: "",
    QuoteState.OFFERED: "Not everybody whom the notice names has agreed yet: nothing is quoted.",
    QuoteState.AGREED: "Reports may quote these words.",
    QuoteState.DECLINED: "Whoever the notice names does not want to be quoted: nothing is quoted.",
}


CORRECTED_SINCE = "The words were corrected since: nothing is quoted until they are offered anew."


def practice_of(seen: ItemOnPage) -> PracticeShown | None:
    """What a notice of excellent practice shows of its own; None for any other item."""
    if seen.challenge.item_type is not ItemType.EXCELLENT_PRACTICE:
        return None
    entries = seen.timeline.entries
    quote = seen.challenge.quote if seen.challenge.phase is Outcome.NOTICED else QuoteState.NONE
    thanks = [(entry.by, entry.words.get("words", "")) for entry in entries if entry.kind == Thanked.type]
    offered = [entry for entry in entries if entry.kind == QuoteOffered.type and quote]
    corrected = [entry.facts["entry"] for entry in entries if entry.kind == Corrected.type]
    stands = CORRECTED_SINCE if offered and offered[-1].number in corrected else QUOTE_STANDS[quote]
    to_you = Part.NAMED in seen.item.actor.parts
    return PracticeShown(thanks, to_you, offered[-1].words.get("quote", "") if offered else "", stands)


def facts_in_words(visit: PageContext, seen: ItemOnPage) -> list[tuple[str, str]]:
    """The item in short lines."""
    shape, challenge, words = seen.shape, seen.challenge, seen.item.rules.authority
    statuses = [visit.label(status.value) for status in sorted(challenge.facts.statuses)]
    reasons = [words.reason(key).label for key in challenge.reasons if words.has_reason(key)]
    says_impact = shape.impact or challenge.phase in (Outcome.RESOLVED, Outcome.ENDED, Outcome.OVERTAKEN)
    impact = {found: label for found, label, _ in move_questions.FOUND}.get(shape.impact, "Not said yet")
    is_referral = shape.referral.state != ReferralState.NONE
    lines = [
        ("Where it stands", wording.capitalised(shape.where)),
        (
            wording.capitalised(visit.label("child")),
            ", ".join([layout.child_in_words(seen.item), *statuses]) if challenge.about_child else "",
        ),
        ("Kind", wording.capitalised(shape.label)),
        ("Reasons", "; ".join(reasons)),
        ("Tracked", tracked_in_words(challenge) if challenge.item_type is ItemType.TRACKED_CASE else ""),
        ("Raised", f"{wording.moment_in_words(shape.raised_at)} by {seen.raised.by}"),
        ("First known", _first_known(seen.raised.facts)),
        ("Now with", "; ".join(f"{', '.join(one.people) or 'nobody'} ({one.title})" for one in shape.asked)),
        ("Copied", "; ".join(shape.copied)),
        ("Meeting", wording.moment_in_words(shape.meeting_at) if shape.meeting_at else ""),
        ("To be put right by", long_date(shape.resolve_by) if shape.resolve_by else ""),
        ("What changed for the child", impact if says_impact else ""),
        (visit.label("cafcass"), wording.capitalised(shape.referral.state) if is_referral else ""),
    ]
    return [line for line in lines if line[1]]


def _first_known(facts: Mapping[str, Any]) -> str:
    """The day on which whoever raised it first knew of it, where it is said."""
    day = facts.get("first_known_on")
    return long_date(date.fromisoformat(day)) if day else ""


# What pages bring to items.


def bring_event_on_page(visit: PageContext, reference: str, event: Event, sent: FormSubmission) -> None:
    """Bring an event as the JSON interface would: one decision, one transaction, harmless to repeat.

    The form says for which stage and stay it is meant. Raises what `Casework.act` raises.
    """
    hashed = sha256(f"page {reference} {event!r}".encode()).hexdigest()
    retry, meant = RetryKey(sent.once, hashed), Precondition(sent.seen_at, is_required=True)
    visit.service.casework.act(visit.signed, reference, event, visit.now, receipt_values, retry, meant)
    with suppress(Unavailable):  # it is done, and its own entry says by whom
        visit.log_access("event", reference)


def raise_one(
    visit: PageContext,
    sent: FormSubmission,
    child: str,
    event: Raised,
    team: str = "",
    once: str = "",
    settled: Resolved | None = None,
    ladder: str = "",
) -> str:
    """Raise an item as the JSON interface would, harmless to repeat. `once`: a draft's own. Gives the reference.

    `settled`: how a talk that is logged was settled already. `ladder`: the procedure that is meant, where several carry it.
    """
    hashed = sha256(f"page raise {child} {team} {ladder} {event!r} {settled!r}".encode()).hexdigest()
    retry = RetryKey(once or sent.once, hashed)
    answer = visit.service.casework.raise_item(
        visit.signed, child, event, visit.now, receipt_values, retry, team, ladder, settled
    )
    return str(answer["reference"])


def receipt_values(connection: Connection, done: ActionResult) -> Answer:
    """What a page remembers of what was done: nothing that the item itself does not say."""
    return {"reference": done.loaded.reference}
