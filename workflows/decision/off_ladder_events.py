"""What moves nothing on the ladder: notes, the child, legal advice, referral, actions; and what the service itself reports
(a message returned, a post taken over or empty, a new IRO, new facts)."""

from typing import get_args

from workflows.decision.decision_builder import DecisionBuilder, EntryVisibility, NotificationKind
from workflows.decision.reaching import is_unanswered
from workflows.decision.watching import move_mid_point
from workflows.decision.windows import (
    acts_at_of_promise,
    check_day_has_come,
    close_window,
    count_promise,
    iro_managers,
    named_date,
    open_window,
)
from workflows.model.actor import Part
from workflows.model.altered import altered
from workflows.model.authority import Edition, Rules
from workflows.model.challenge import (
    ASKS_RECIPIENTS,
    SETTLED,
    THE_RAISER,
    Challenge,
    ClosedAs,
    Facts,
    Party,
    ReferralState,
    Window,
    WindowKind,
)
from workflows.model.events import (
    LONGEST_NAME,
    ActionDone,
    ActionNotDone,
    AdvocateRecorded,
    ChildFactsChanged,
    ChildJoined,
    ChildTold,
    ChildViewRecorded,
    ComplaintOpened,
    ConflictNoted,
    CopyAdded,
    Corrected,
    CourtTold,
    DocumentAttached,
    GuardianHandedOver,
    GuardianTold,
    IroChanged,
    LearningNoted,
    LegalAdviceTaken,
    MediaType,
    Noted,
    PostEmptied,
    PostTakenOver,
    ReaderNamed,
    ReaderRemoved,
    ReferralAcknowledged,
    ReferralConsidered,
    ReferralOutcome,
    ReferralTold,
    ReferredToCafcass,
    RightsExplained,
    RiskActedOn,
    facts_of,
    words_of,
)
from workflows.model.ladder import ItemType, Status
from workflows.model.referral import unknown_items
from workflows.model.refusals import NotOpen, NotYours, Unfit

STATEMENT = "referral_statement"
"""The kind of the entry that holds what a referral says, beside the entry that it was made."""

HELPS = ("an adult", "a lawyer")
"""Who helps a child to take advice, or to go to court, once somebody is found."""

_UNDER_WAY = (ReferralState.REFERRED, ReferralState.ACKNOWLEDGED)
_IRO_SERVICE = frozenset({Part.RAISER, Part.CHILDS_IRO, Part.IRO_MANAGER, Part.BUSINESS_SUPPORT})


def add_note(turn: DecisionBuilder, event: Noted) -> None:
    """A note; only the IRO service may keep one to itself."""
    turn.note_event(event, visible=readers_of(turn, event))


def attach_document(turn: DecisionBuilder, event: DocumentAttached) -> None:
    """A document, wherever a note may be; only the IRO service may keep one to itself. It moves nothing and answers nothing."""
    if len(event.digest) != 64 or set(event.digest) - set("0123456789abcdef"):
        raise Unfit("The document has no proper digest.", "Attach the file itself: the digest is worked out from it.", "digest")
    if event.media_type not in get_args(MediaType):
        raise Unfit("Documents of this kind are not taken.", "Attach a PDF, a Word document, a PNG or a JPEG.", "media_type")
    if event.size < 1:
        raise Unfit("The document is empty.", "Attach it again.", "size")
    for field, text in (("name", event.name), ("about", event.about)):
        if len(text.splitlines()) > 1 or len(text) > LONGEST_NAME:
            raise Unfit(f"This is more than a line of {LONGEST_NAME} characters.", "Shorten it.", field)
    turn.note_event(event, visible=readers_of(turn, event))


def readers_of(turn: DecisionBuilder, event: Noted | DocumentAttached) -> EntryVisibility:
    """Who reads a note or a document. Raises NotYours for somebody outside the IRO service who would keep it there."""
    supervision = isinstance(event, Noted) and event.for_supervision
    if not event.iro_service_only and not supervision:
        return EntryVisibility.EVERYONE
    if turn.by.outside_iro_service or not turn.by.parts & _IRO_SERVICE:
        what = "notes" if isinstance(event, Noted) else "documents"
        raise NotYours(f"Only the IRO service keeps {what} to itself.", "Leave `iro_service_only` out.")
    if not supervision:
        return EntryVisibility.IRO_SERVICE
    if not turn.by.parts & {Part.RAISER, Part.CHILDS_IRO, Part.IRO_MANAGER}:
        raise NotYours("Supervision is between an IRO and their manager.", "Leave `for_supervision` out.")
    return EntryVisibility.SUPERVISION


def name_reader(turn: DecisionBuilder, event: ReaderNamed) -> None:
    """One more person reads what is kept to the child's IRO, and is told. That they are of the directory is asked elsewhere."""
    if event.person in turn.challenge.readers:
        raise Unfit("They read it already.", "Nothing needs doing.", "person")
    turn.note_event(event, visible=EntryVisibility.CHILDS_IRO)
    turn.change(readers=(*turn.challenge.readers, event.person))
    turn.tell(NotificationKind.LET_READ, [], [Party("", event.person)])


def somebody_was_named(rules: Rules, challenge: Challenge) -> NotOpen | None:
    """Was anybody let read what is kept to the child's IRO?"""
    return None if challenge.readers else NotOpen("Nobody was let read it.", "There is nobody to take it back from.")


def remove_reader(turn: DecisionBuilder, event: ReaderRemoved) -> None:
    """From now on they read it no more; what they read, they have read, and both stand on the record."""
    if event.person not in turn.challenge.readers:
        raise Unfit("Nobody of that name was let read it.", "Name somebody who was.", "person")
    turn.note_event(event, visible=EntryVisibility.CHILDS_IRO)
    turn.change(readers=tuple(one for one in turn.challenge.readers if one != event.person))


def correct_entry(turn: DecisionBuilder, event: Corrected) -> None:
    """A correction stands beside the first words and never replaces them. Whose entry it is, is checked where it is kept."""
    turn.note_event(event)


def record_about_child(turn: DecisionBuilder, event: ChildViewRecorded | ChildTold | AdvocateRecorded | ComplaintOpened) -> None:
    """The child's view, what they were told, their advocate, their complaint."""
    in_confidence = isinstance(event, ChildViewRecorded) and event.in_confidence
    turn.note_event(
        event, visible=readers_of_the_iro(turn, EntryVisibility.IRO_SERVICE) if in_confidence else EntryVisibility.EVERYONE
    )


def readers_of_the_iro(turn: DecisionBuilder, before: EntryVisibility) -> EntryVisibility:
    """For the child's IRO and whoever covers alone: need to know (rule 11). Under the first edition it was read as `before`."""
    return before if turn.rules.edition is Edition.FIRST else EntryVisibility.CHILDS_IRO


def record_legal_advice(turn: DecisionBuilder, event: LegalAdviceTaken) -> None:
    """That advice was taken, and what it was, for the child's IRO and whoever covers."""
    turn.note_event(event, visible=readers_of_the_iro(turn, EntryVisibility.IRO_SERVICE))


def record_court_told(turn: DecisionBuilder, event: CourtTold) -> None:
    """The IRO's view went to court: a draft is for the child's IRO; once filed, the court's rules decide who may read it."""
    turn.note_event(event, visible=readers_of_the_iro(turn, EntryVisibility.EVERYONE))


def explain_rights(turn: DecisionBuilder, event: RightsExplained) -> None:
    """What the child knows of the right to advice and to go to court, and who helps. Raises Unfit for half of it.

    That a child takes advice about the authority is for the child's IRO: who is asked reads nothing of it (rule 11).
    """
    if event.told and event.on is None:
        raise Unfit("The child was told, and it is not said on which day.", "Name the day.", "on")
    if not event.told and not event.why_not.strip():
        raise Unfit("The child was not told, and it is not said why.", "Say why not.", "why_not")
    if event.help_found in HELPS:
        if not event.who.strip():
            raise Unfit("Somebody was found who helps, and it is not said who.", "Say who.", "who")
        if event.found_on is None:
            raise Unfit("Somebody was found who helps, and it is not said when.", "Name the day.", "found_on")
    for name in ("on", "found_on"):
        if day := getattr(event, name):
            check_day_has_come(turn, day, "Name the day on which it was.", name)
    turn.note_event(event, visible=EntryVisibility.CHILDS_IRO)


def record_guardian(turn: DecisionBuilder, event: GuardianTold | GuardianHandedOver) -> None:
    """The children's guardian was told, or handed over: as what the court was told, for the child's IRO and whom they name."""
    check_day_has_come(turn, event.on, "Name the day on which it was done.")
    turn.note_event(event, visible=EntryVisibility.CHILDS_IRO)


def record_act(turn: DecisionBuilder, event: RiskActedOn | LearningNoted) -> None:
    """What the IRO side did beside the ladder: it moves nothing, and everybody on the item reads it."""
    check_day_has_come(turn, event.on, "Name the day on which it was done.")
    turn.note_event(event)


def is_about_child(rules: Rules, challenge: Challenge) -> Unfit | None:
    """Is it about a child, and not about a service?"""
    if challenge.about_child:
        return None
    return Unfit("This item is about a service, not about a child.", "Record it on an item about the child.")


def add_copy(turn: DecisionBuilder, event: CopyAdded) -> None:
    """One more of the ladder's own people copied in: never an address that somebody types (docs/architecture.md rule 14)."""
    ladder = turn.rules.ladder
    if event.role not in ladder.roles():
        raise Unfit(
            f"{ladder.title} does not go to `{event.role}`.", f"Choose from: {', '.join(sorted(ladder.roles()))}.", "role"
        )
    party, visit = Party(event.role), turn.challenge.visit
    if party in (*visit.told, *visit.copied):
        raise Unfit("They have been told of this stage already.", "Nothing needs adding.", "role")
    turn.note_event(event)
    turn.change(visits=(*turn.challenge.visits[:-1], altered(visit, copied=(*visit.copied, party))))
    turn.tell(NotificationKind.COPIED, [], [party])


def consider_referral(turn: DecisionBuilder, event: ReferralConsidered) -> None:
    """A decision not to refer is on the record as one to refer is."""
    turn.note_event(event, visible=EntryVisibility.IRO_SERVICE)
    if turn.challenge.referral is ReferralState.NONE:
        turn.change(referral=ReferralState.CONSIDERED)


def refer_to_cafcass(turn: DecisionBuilder, event: ReferredToCafcass) -> None:
    """The child's IRO refers. Nothing on the ladder stops, nobody approves it."""
    keys = [one.item for one in event.said]
    if wrong := unknown_items(keys) or sorted({key for key in keys if keys.count(key) > 1}):
        raise Unfit(f"Nothing is written to `{wrong[0]}` here, or twice.", "Name items of the list, each once.", "said")
    if any(number < 1 for number in event.includes):
        raise Unfit("Entries are numbered from 1.", "Name them as the timeline does.", "includes")
    # Nothing that is missing blocks it: not even a ground (regulation 45 asks for one; the page says so).
    turn.note_event(altered(event, said=(), includes=(), leaves_out=""))
    # That it was made, and why, everybody on the item reads; what it tells Cafcass of the child is the IRO's to send.
    whole = facts_of(event)
    turn.note(
        STATEMENT,
        {name: whole[name] for name in ("said", "includes")},
        {name: text for name, text in words_of(event).items() if name != "why"},
        EntryVisibility.IRO_SERVICE,
    )
    turn.change(referral=ReferralState.REFERRED)
    ladder = turn.rules.ladder
    top = next((stage for stage in ladder.stages if stage.referral), None)
    if top:
        turn.change(highest_stage=top.key)
    if event.follow_up_on:
        open_window(turn, WindowKind.FOLLOW_UP, THE_RAISER, named_date(turn, event.follow_up_on, "follow_up_on"))
    # A task for whom the ladder names, not a mail shot to people who never heard of it.
    tellers = (Party(top.told_by),) if top and top.told_by else tuple(iro_managers(turn))
    turn.change(to_tell=tellers)
    turn.tell(NotificationKind.TELL_OF_REFERRAL, tellers)


def may_be_referred(rules: Rules, challenge: Challenge) -> NotOpen | None:
    """Is it about a child? Of whom statute speaks (a looked-after child, Children Act 1989 s.25B(3)) the page says; no field
    of a directory refuses a referral: the IRO decides."""
    if challenge.about_child:
        return None
    return NotOpen(
        "This item is about a service and names no child, so there is nobody to refer.",
        "Raise the matter for the child that it touches.",
    )


def note_conflict(turn: DecisionBuilder, event: ConflictNoted) -> None:
    """Whoever referred is concerned: the IRO service reads it, the IRO manager alone is told, and nothing is refused."""
    turn.note_event(event, visible=EntryVisibility.IRO_SERVICE)
    turn.tell(NotificationKind.CONFLICT_NOTED, iro_managers(turn))


def note_child_joined(turn: DecisionBuilder, event: ChildJoined) -> None:
    """Both timelines say that two numbers were one child, for the IRO service: numbers name the child."""
    turn.note_event(event, visible=EntryVisibility.IRO_SERVICE)


def is_referred(rules: Rules, challenge: Challenge) -> NotOpen | None:
    """Is a referral to Cafcass under way?"""
    if challenge.referral in _UNDER_WAY:
        return None
    return NotOpen("No referral to Cafcass is under way here.", "Record the referral first.")


def is_not_referred(rules: Rules, challenge: Challenge) -> NotOpen | None:
    """Is no referral to Cafcass under way?"""
    if challenge.referral not in _UNDER_WAY:
        return None
    said = "This child has been referred to Cafcass already."
    return NotOpen(said, "Record what Cafcass did, or write to them again.")


def somebody_is_to_tell(rules: Rules, challenge: Challenge) -> NotOpen | None:
    """Has somebody yet to tell everyone above of a referral?"""
    if challenge.to_tell:
        return None
    return NotOpen("Nobody waits to be told of a referral here.", "Add a note if there is more to say.")


def follow_referral(turn: DecisionBuilder, event: ReferralAcknowledged | ReferralOutcome) -> None:
    """What Cafcass said and did, also after the ladder has ended."""
    turn.note_event(event)
    done = isinstance(event, ReferralOutcome)
    turn.change(referral=ReferralState.CONCLUDED if done else ReferralState.ACKNOWLEDGED)


def record_referral_told(turn: DecisionBuilder, event: ReferralTold) -> None:
    """Everyone above was told: the task is done."""
    if not event.told:
        raise Unfit("Nobody is named who was told.", "Name the posts.", "told")
    known = {role.key for role in turn.rules.authority.roles}
    if strangers := sorted(set(event.told) - known):
        raise Unfit(f"`{strangers[0]}` is no post here.", "Name posts of the authority.", "told")
    turn.note_event(event)
    turn.change(to_tell=())


def an_action_waits(rules: Rules, challenge: Challenge) -> NotOpen | Unfit | None:
    """Was an action agreed of which nobody has said that it was done, or not?"""
    actions = [window for window in challenge.windows if window.key.kind is WindowKind.ACTION]
    if not actions:
        return Unfit("No action was agreed here.", "Record an answer or an outcome with its actions first.", "action")
    if any(window.closed_as not in SETTLED for window in actions):
        return None
    return NotOpen("No agreed action waits here to be settled.", "Add a note if there is more to say.")


def settle_action(turn: DecisionBuilder, event: ActionDone | ActionNotDone) -> None:
    """An agreed action was done, or was not and will be looked at again."""
    windows = [w for w in turn.challenge.windows if w.key.kind is WindowKind.ACTION and w.key.n == event.action]
    if not windows:
        raise Unfit(f"No action {event.action} was agreed here.", "Name one of those listed.", "action")
    window = windows[-1]
    if window.closed_as in SETTLED:
        raise NotOpen("That action has been settled.", "Add a note if there is more to say.")
    again = getattr(event, "look_again_on", None)
    promise = named_date(turn, again, "look_again_on") if again else None
    turn.note_event(event)
    how = ClosedAs.DONE if isinstance(event, ActionDone) else ClosedAs.NOT_DONE
    if window.is_open:
        close_window(turn, window, how)
    else:
        turn.put(altered(window, closed_as=how))
    if promise:
        open_window(turn, WindowKind.FOLLOW_UP, THE_RAISER, promise)


def note_post_taken_over(turn: DecisionBuilder, event: PostTakenOver) -> None:
    """A new holder takes over what the post is asked, with the same date."""
    waiting = [w for w in turn.challenge.open_windows() if w.asked and is_unanswered(w, event.role)]
    if not waiting:
        return
    turn.note_event(event)
    turn.tell(NotificationKind.POST_TAKEN_OVER, [Party(event.role)], window=waiting[-1].key)


def note_post_emptied(turn: DecisionBuilder, event: PostEmptied) -> None:
    """Nobody holds a post that is asked: an alarm, and the window runs on."""
    waiting = [w for w in turn.challenge.open_windows() if w.asked and is_unanswered(w, event.role)]
    if not waiting:
        return
    turn.note_event(event)
    turn.tell(NotificationKind.POST_EMPTY, iro_managers(turn), [THE_RAISER], window=waiting[-1].key)


def note_iro_changed(turn: DecisionBuilder, event: IroChanged) -> None:
    """Whoever is the child's IRO now, or covers for them, takes over every window that the IRO owns."""
    turn.note_event(event)
    turn.tell(NotificationKind.IRO_CHANGED, [THE_RAISER])


def note_facts_changed(turn: DecisionBuilder, event: ChildFactsChanged) -> None:
    """The child's facts as the directory has them now. The ladder does not change silently: the IRO is told.

    Another day for the next review goes on the record and tells nobody: no ladder asks for it, and no promised date moves.
    """
    before = turn.challenge.facts
    after = Facts(
        frozenset(Status(status) for status in event.statuses),
        event.in_plo,
        event.in_proceedings,
        frozenset(event.facts),
        event.team,
        event.service,
        event.next_review,
    )
    if after == before:
        return
    more: dict[str, object] = {"was_looked_after": before.is_looked_after, "is_looked_after": after.is_looked_after}
    covered = not turn.rules.ladder.covers or bool(after.statuses & set(turn.rules.ladder.covers))
    turn.note_event(event, {**more, "ladder_still_covers": covered}, visible=EntryVisibility.IRO_SERVICE)
    turn.change(facts=after)
    if turn.rules.ladder.followed is ItemType.MID_POINT:
        move_mid_point(turn)
    if altered(before, next_review=after.next_review) == after:
        return
    moved = (before.team, before.service) != (after.team, after.service)
    asked = [asked.party for w in turn.challenge.open_windows() if w.key.kind in ASKS_RECIPIENTS for asked in w.asked]
    if moved and asked:
        main = turn.challenge.main_window()
        taken_over = [party for party in asked if not party.person]
        turn.tell(NotificationKind.POST_TAKEN_OVER, taken_over, window=main.key if main else None)
    turn.tell(NotificationKind.FACTS_CHANGED, [THE_RAISER])


def remind_of_judgement(turn: DecisionBuilder, window: Window) -> None:
    """A judgement not made: the IRO and the IRO manager are told, and will be again; the promise does not move."""
    length = turn.rules.ladder.judge_within
    again = count_promise(turn, length)
    turn.put(altered(window, times_told=window.times_told + 1, acts_at=acts_at_of_promise(turn.rules, again)))
    turn.note("still_waiting", {"kind": window.key.kind.value, "times": window.times_told + 1})
    waiting = [asked.party for asked in window.asked if asked.answered_at is None]
    turn.tell(NotificationKind.STILL_WAITING, iro_managers(turn), [THE_RAISER, *waiting], window=window.key)


def ask_about_promise(turn: DecisionBuilder, window: Window) -> None:
    """An action or a follow-up is due: the IRO is asked, asked once more with the IRO manager, then it is left as it is."""
    subject = NotificationKind.ACTION_DUE if window.key.kind is WindowKind.ACTION else NotificationKind.FOLLOW_UP_DUE
    if window.times_told == 0:
        again = count_promise(turn, turn.rules.ladder.judge_within)
        turn.put(altered(window, times_told=1, acts_at=acts_at_of_promise(turn.rules, again)))
        turn.note("due", {"kind": window.key.kind.value, "n": window.key.n})
        turn.tell(subject, [THE_RAISER], window=window.key)
    else:
        close_window(turn, window, ClosedAs.NOT_RECORDED)
        turn.tell(subject, [THE_RAISER], iro_managers(turn), window=window.key)
