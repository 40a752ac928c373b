"""Values to what a person is shown: windows with their working, who is asked, the moves open to them."""

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import Connection

from api.presenters.followed_words import FOLLOWED_WORDS
from api.presenters.shapes import (
    AskedShape,
    ChallengeShape,
    ChildShape,
    OpenItemShape,
    PromptShape,
    ReceiptShape,
    ReferralShape,
    StageShape,
    SummaryShape,
    TellingShape,
    WindowShape,
)
from drp.casework.load import StoredChallenge
from drp.casework.preconditions import etag_of
from drp.casework.service import ActionResult
from drp.directory import lookup
from workflows.calendar.promise_in_words import explain_promise
from workflows.calendar.working_days import Promise, local_date, long_date
from workflows.decision.event_rules import open_moves
from workflows.decision.recipients import Establishment, reach_asked
from workflows.decision.relation import reads_iro_service, sees_head_only
from workflows.model.actor import Actor, Part
from workflows.model.authority import Authority, Rules
from workflows.model.challenge import (
    ASKS_RECIPIENTS,
    AskedParty,
    Challenge,
    Outcome,
    Party,
    Phase,
    ReferralState,
    Window,
    WindowKind,
)
from workflows.model.ladder import RAISER, ItemType, NoReply
from workflows.model.register_entry import is_resolved_by_another

SHOWN = frozenset(WindowKind) - {WindowKind.REMINDER, WindowKind.WARNING}


class ItemViewer:
    """One item as one person sees it, with the names of those it speaks of."""

    def __init__(
        self,
        connection: Connection,
        loaded: StoredChallenge,
        rules: Rules,
        establishment: Establishment,
        actor: Actor,
        now: datetime,
        told: Collection[str] = (),
    ) -> None:
        """`told`: people whom it is to know by name besides, by their ids."""
        self.loaded, self.rules, self.actor, self.now = loaded, rules, actor, now
        self.challenge: Challenge = loaded.challenge
        parties = {asked.party for w in self.challenge.windows if w.key.kind in SHOWN for asked in w.asked}
        parties |= {party for visit in self.challenge.visits[-1:] for party in (*visit.told, *visit.copied)}
        about, day, stage = loaded.about(), local_date(now), self.challenge.stage
        self._reached = {
            party: [one.person for one in reach_asked(party, stage, rules, establishment, about, day)] for party in parties
        }
        people = {person for reached in self._reached.values() for person in reached}
        self.names = lookup.names_of(connection, rules.authority.key, people | {*told})

    def title(self, party: Party) -> str:
        """A party in the authority's own words."""
        return title_of(self.rules.authority, party.role, self.challenge.raiser_role)

    def asked(self, asked: AskedParty) -> AskedShape:
        """One party asked, with the names of those who hold it today."""
        return AskedShape(
            role=asked.party.role,
            title=self.title(asked.party),
            people=[self.names.get(person, "") for person in self._reached.get(asked.party, ())],
            acknowledged_at=asked.acknowledged_at,
            answered_at=asked.answered_at,
            answer="" if sees_head_only(self.actor) else asked.answer,
            late=asked.late,
        )

    def window(self, window: Window) -> WindowShape:
        """A promise with its working."""
        policy = {
            NoReply.ESCALATE: "It goes to the next stage.",
            NoReply.PROMPT: f"The {self.rules.authority.label('iro')} is asked what next.",
            NoReply.NOTHING: "",
        }[window.on_close]
        asks = window.key.kind in ASKS_RECIPIENTS | {WindowKind.COMPLETION, WindowKind.ENDORSEMENT}
        promise = window.promise
        dated = not promise.is_without_date
        return WindowShape(
            kind=window.key.kind.value,
            sequence=window.key.sequence,
            n=window.key.n,
            stage=self.challenge.stage_of(window),
            owner=self.title(window.owner),
            due=promise.due if dated else None,
            due_in_words=due_in_words(promise),
            closes_at=promise.closes_at if dated else None,
            working=explain_promise(promise),
            expected=promise.expected,
            is_open=window.is_open,
            past_its_date=window.is_open and window.is_late(self.now),
            held=window.held_since is not None,
            closed_as=window.closed_as.value,
            if_no_reply=policy if asks and window.is_open else "",
            asked=[self.asked(asked) for asked in window.asked],
        )

    def challenge_shape(self) -> ChallengeShape:
        """The whole item."""
        challenge, authority, ladder = self.challenge, self.rules.authority, self.rules.ladder
        main = challenge.main_window()
        asked = list(main.asked) if main and main.is_open and main.key.kind in ASKS_RECIPIENTS else []
        copied = challenge.visits[-1].copied if challenge.visits and challenge.visits[-1].sent else ()
        stage = ladder.stage(challenge.stage) if challenge.stage else None
        moves = open_moves(self.rules, challenge, self.actor, local_date(self.now))
        exist = [one.key for one in ladder.stages_for(challenge.item_type)]
        return ChallengeShape(
            reference=self.loaded.reference,
            item_type=challenge.item_type.value,
            label=authority.label(challenge.item_type.value),
            child=child_shape(self.loaded),
            team=challenge.facts.team,
            ladder=ladder.key,
            ladder_version=ladder.version,
            stage=StageShape(key=stage.key, label=stage.label) if stage else None,
            phase=challenge.phase.value,
            where=where_in_words(self.rules, challenge),
            is_open=challenge.is_open,
            highest_stage=challenge.highest_stage,
            priority=challenge.priority,
            reasons=[] if sees_head_only(self.actor) else list(challenge.reasons),
            raised_at=challenge.raised_at,
            windows=[self.window(window) for window in challenge.windows if window.key.kind in SHOWN],
            asked=[self.asked(one) for one in asked],
            copied=[self.title(party) for party in copied],
            you_are=sorted(part.value for part in self.actor.parts),
            moves=list(moves),
            stages_to=[key for key in exist if key != challenge.stage] if "escalated" in moves else [],
            referral=self._referral(moves),
            meeting_at=challenge.meeting_at,
            resolve_by=challenge.resolve_by,
            impact="" if sees_head_only(self.actor) else challenge.impact,
            version=etag_of(self.loaded),
            stay=challenge.sequence,
        )

    def _referral(self, moves: Iterable[str]) -> ReferralShape:
        challenge = self.challenge
        refusals = {
            "This item names no child.": not challenge.about_child,
            "It has ended: open it again first.": not challenge.is_open,
            "Only the child's IRO, or their cover, refers.": Part.CHILDS_IRO not in self.actor.parts,
        }
        why = next((said for said, is_so in refusals.items() if is_so), "")
        state = challenge.referral
        # That a referral was considered and not made is between the IRO and the record.
        if state is ReferralState.CONSIDERED and not reads_iro_service(self.actor):
            state = ReferralState.NONE
        return ReferralShape(state=state.value, open_to_you="referred_to_cafcass" in moves, why_not=why)


def due_in_words(promise: Promise) -> str:
    """By when something is due; that it is expected only, where a bank holiday may yet move it."""
    if promise.is_without_date:
        return "no date"
    return f"by the end of {long_date(promise.due)}{' (expected)' if promise.expected else ''}"


def receipt_shape(connection: Connection, done: ActionResult, now: datetime) -> ReceiptShape:
    """What was done, and how the item stands now."""
    people = {one.person for message in done.messages for _, one in (*message.to, *message.copy)}
    viewer = ItemViewer(connection, done.loaded, done.rules, done.establishment, done.actor, now, people)

    def told(listed: Iterable[tuple[Party, object]]) -> list[str]:
        return [f"{viewer.names.get(getattr(one, 'person', ''), '')} ({viewer.title(party)})" for party, one in listed]

    return ReceiptShape(
        reference=done.loaded.reference,
        entry=done.entry,
        told=[TellingShape(about=m.telling.subject.value, to=told(m.to), copied=told(m.copy)) for m in done.messages],
        prompts=[
            PromptShape(kind=prompt.kind, text=prompt.text, stages=list(prompt.stages), reference=prompt.reference)
            for prompt in done.prompts
        ],
        already_open=[
            OpenItemShape(reference=item.reference, item_type=item.item_type.value, reasons=list(item.reasons))
            for item in done.already_open
        ],
        challenge=viewer.challenge_shape(),
    )


def summary_shape(loaded: StoredChallenge, actor: Actor, now: datetime) -> SummaryShape:
    """One item in a list: what presses next."""
    challenge = loaded.challenge
    waiting = [window for window in challenge.open_windows() if window.key.kind in SHOWN - {WindowKind.WHOLE_PROCESS}]
    nearest = min(waiting, key=lambda window: window.promise.closes_at, default=None)
    return SummaryShape(
        reference=loaded.reference,
        item_type=challenge.item_type.value,
        child=child_shape(loaded),
        team=challenge.facts.team,
        stage=challenge.stage,
        phase=challenge.phase.value,
        is_open=challenge.is_open,
        raised_at=challenge.raised_at,
        next_due=nearest.promise.due if nearest and not nearest.promise.is_without_date else None,
        past_its_date=nearest.is_late(now) if nearest else False,
        you_are=sorted(part.value for part in actor.parts),
    )


def child_shape(loaded: StoredChallenge) -> ChildShape | None:
    """The child by number and initials."""
    return ChildShape(number=loaded.child_number, initials=loaded.child_initials) if loaded.child else None


def title_of(authority: Authority, role: str, raiser_role: str) -> str:
    """A role in the authority's own words."""
    key = raiser_role if role == RAISER else role
    return authority.role(key).title if authority.has_role(key) else key.replace("_", " ")


_PHASES = {
    Phase.ENDORSING: "waiting to be endorsed",
    Phase.AWAITING: "no reply yet",
    Phase.ANSWERED: "answered, to be judged",
    Phase.ASKING: "with the {iro} to consider",
    Phase.COMPLETING: "agreed, being put right",
    Outcome.RESOLVED: "resolved",
    Outcome.ENDED: "ended without being resolved",
    Outcome.OVERTAKEN: "overtaken by events",
    Outcome.WITHDRAWN: "withdrawn",
    Outcome.IN_ERROR: "recorded in error",
    Outcome.NOTICED: "sent",
}


def where_in_words(rules: Rules, challenge: Challenge) -> str:
    """Where it stands, in courteous words."""
    own = FOLLOWED_WORDS.get(challenge.item_type)
    said = own.phases.get(challenge.phase) if own else None
    words = (said or _PHASES[challenge.phase]).format(iro=rules.authority.label("iro"))
    if is_resolved_by_another(challenge, rules.authority):
        words = f"resolved, as the {title_of(rules.authority, RAISER, challenge.raiser_role)} says who raised it"
    if challenge.phase is Outcome.NOTICED and challenge.item_type is ItemType.SENIOR_SCRUTINY:
        words = "on the record"
    if challenge.stage and (challenge.is_open or challenge.phase is Outcome.NOTICED):
        return f"{rules.ladder.stage(challenge.stage).label}: {words}"
    return words
