"""The timeline in words: each entry's headline, who and when, and what was written, under the names of its questions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from api.presenters import item_view
from api.presenters.followed_words import FOLLOWED_WORDS, FollowedWords
from api.presenters.item_reader import SeenItem
from api.presenters.shapes import TimelineShape
from api.presenters.wording import capitalised, moment_in_words
from workflows.calendar.working_days import long_date
from workflows.model.authority import Authority
from workflows.model.challenge import ClosedAs, EnteredHow
from workflows.model.ladder import ItemType
from workflows.model.referral import BY_KEY

HEADLINES = {
    "raised": "Raised",
    "talk_logged": "Logged as a talk, without a clock",
    "stage_entered": "At {stage}",
    "window_opened": "A date was promised",
    "window_closed": "A date is over",
    "acknowledged": "It has arrived",
    "not_for_me": "It may belong to somebody else",
    "redirected": "Put to somebody else",
    "clarification_asked": "A question before a reply",
    "clarification_given": "The question was answered",
    "responded": "A reply",
    "judged": "The answer was judged",
    "meeting_arranged": "A meeting was booked",
    "meeting_called_off": "The meeting was called off",
    "meeting_held": "The meeting was held",
    "outcome_recorded": "What the meeting agreed",
    "escalated": "Taken higher",
    "escalation_held": "Held, so that it does not go up by itself",
    "escalation_recalled": "The climb was taken back",
    "window_extended": "Another date was given",
    "extension_taken_back": "The other date was taken back",
    "second_name_given": "A second name was put on it",
    "reader_named": "Somebody was let read what is kept to the child's {iro}",
    "reader_removed": "Somebody reads it no more",
    "stage_skipped": "Why a stage was skipped",
    "copy_added": "Somebody was copied in",
    "fact_said": "What is so here",
    "legal_advice_taken": "Legal advice was taken",
    "child_view_recorded": "The child's view",
    "child_told": "Telling the child",
    "advocate_recorded": "An advocate",
    "complaint_opened": "A complaint runs beside it",
    "court_told": "The court was told",
    "risk_acted_on": "A risk today was acted on elsewhere",
    "rights_explained": "The child’s right to advice, and to go to court",
    "guardian_told": "The children’s guardian was told",
    "guardian_handed_over": "The children’s guardian and the {iro} handed over",
    "review_asked_for": "A review was asked for before its day",
    "review_adjourned": "A review was adjourned",
    "learning_noted": "What was learned",
    "thanked": "Thanks for the work",
    "quote_offered": "Words that reports may quote were offered",
    "quote_answered": "Asked whether reports may quote it",
    "quote_taken_back": "The words were taken back from reports",
    "referral_considered": "A referral was considered, and not made",
    "referred_to_cafcass": "Referred to {cafcass}",
    "referral_acknowledged": "{cafcass} acknowledged the referral",
    "referral_outcome": "What {cafcass} did",
    "referral_statement": "What the referral says",
    "referral_told": "Everyone above was told of the referral",
    "resolved": "Resolved",
    "ended_unresolved": "Ended without being resolved",
    "overtaken": "Overtaken by events",
    "withdrawn": "Withdrawn",
    "reopened": "Opened again",
    "action_done": "An action was done",
    "action_not_done": "An action was not done",
    "impact_recorded": "What changed for the child",
    "noted": "A note",
    "corrected": "A correction",
    "recorded_in_error": "Recorded in error, and sealed",
    "endorsed": "Endorsed",
    "endorsement_declined": "Not endorsed",
    "windows_released": "What was held was released",
    "windows_held": "Held: the service was away",
    "ladder_moved": "Moved to another version of the procedure",
    "told_otherwise": "Told in another way",
    "did_not_arrive": "It did not arrive",
    "reminded_by_hand": "A reminder was sent by hand",
    "automatic_reply": "An automatic reply came, which is no reply",
    "ask_not_reached": "Not everybody asked was reached",
    "delivery_failed": "A message could not be delivered",
    "post_taken_over": "Somebody else holds the post now",
    "post_emptied": "Nobody is there for a post that is asked",
    "child_joined": "Two spellings of the child's number were joined",
    "tracking_agreed": "How closely it is tracked",
    "tracked_done": "Done, of what was chosen",
    "looked_through": "The decisions were looked through",
    "mid_point_contact": "Contact with the child",
    "review_held": "The next review was held",
    "made_challenge": "Made a challenge",
    "conflict_noted": "Noted: whoever referred is concerned by it",
    "iro_changed": "The child has another {iro}",
    "child_facts_changed": "The directory says something new of the child",
    "advice_before_skipping": "Advice before a stage was skipped",
    "document_attached": "A document was attached",
    "due": "The date came",
    "reminded": "A reminder went out",
    "warned": "The {iro} was told that it would go up by itself",
    "still_waiting": "The manager of the service was told: a decision is past its date",
    "window_counted_from_acknowledgement": "The date counts from when it was said to have arrived",
}

QUESTIONS = {
    "concern": "The concern",
    "effect_on_child": "The effect on the child",
    "took_part": "Who took part",
    "owner": "Who is to do it",
    "placement": "How the placement stands",
    "to_raise": "Anything to raise",
    "outcome_sought": "The outcome sought",
    "other_reason": "The reason, in words",
    "stage_reason": "Why this stage",
    "line_for_skipped": "For those whom it passes over",
    "advice_before_skipping": "Advice before skipping",
    "advice": "Advice",
    "review_decision": "The decision of the review",
    "why": "Why",
    "why_not": "Why not",
    "answer": "The reply",
    "question": "The question",
    "what_changed": "What changed for the child",
    "childs_words": "What changed, in the child’s own words",
    "by_what": "What happened",
    "outcome": "What was agreed",
    "view": "The view",
    "text": "",
    "words": "",
    "suggests": "Suggests",
    "where": "Where",
    "others": "Who else was there",
    "who": "Who helps the child",
    "handed_over": "What was handed over",
    "learned": "What was learned",
    "told_of_it": "Who was told of it",
    "quote": "The words",
    "source": "From whom",
    "content": "The advice",
    "reference": "Reference",
    "cafcass_reference": "Their reference",
    "by": "By whom",
    "name": "Document",
    "leaves_out": "Words made unreadable in the bundle",
    "about": "About it",
}

OF_SCRUTINY = {
    "concern": "What was looked at",
    "effect_on_child": "What was found, and what it means for the child",
    "took_part": "Who took part",
}
"""Senior scrutiny asks nobody anything: its words go by other names."""

OF_PRACTICE = {"concern": "What went well", "effect_on_child": "What it meant for the child"}
"""Nor does a notice of excellent practice."""

OF_NOTICES = {ItemType.SENIOR_SCRUTINY: OF_SCRUTINY, ItemType.EXCELLENT_PRACTICE: OF_PRACTICE}

POSITIONS = {
    "agrees": "Agrees",
    "in_part": "Agrees in part",
    "disagrees": "Disagrees",
    "needs_others": "Others are needed",
    "beyond_our_control": "Beyond our control",
}

VERDICTS = {"enough": "It is enough", "needs_more": "It needs more"}

_ASKED_AGAIN = {
    "update": "The update is past its date: it was asked for again",
    "look_at_file": "The look at the file is past its date: the {iro} was told again",
    "early_review": "The early review is past its date: the {iro} was told again",
    "mid_point": "The mid-point is past its date: the {iro} was asked again",
}
"""What is said where something that is watched between reviews is past its date."""

_HELP = {
    "an adult": "An appropriate adult was found who helps",
    "a lawyer": "A lawyer was found who helps",
    "not yet": "Nobody was found yet who helps",
    "not wanted": "The child wants nobody to help",
}
"""What is said of who helps a child to take advice or to go to court."""

_PASSED = {
    ClosedAs.NO_REPLY: "The date passed with no reply",
    ClosedAs.PART_ANSWERED: "The date passed; some had replied",
    ClosedAs.NOT_REACHED: "The date passed; not everybody asked was reached",
    ClosedAs.DATE_PASSED: "The date passed",
}
_ENTERED = {
    EnteredHow.NO_REPLY: "It went up by itself: no reply came",
    EnteredHow.NOT_REACHED: "It went up by itself: those asked before were not reached",
    EnteredHow.JUMPED: "Straight to this stage",
    EnteredHow.RECALLED: "Taken back",
}


@dataclass(frozen=True)
class EntryInWords:
    """One entry, ready to be read."""

    number: int
    kind: str
    headline: str
    at: Any
    by: str
    for_whom: str
    stage: str
    facts: Sequence[str]
    words: Sequence[tuple[str, str]]
    actions: Sequence[tuple[str, date]]
    kept: str
    """Who alone reads it, as its mark says; empty: everyone on the item."""
    file: str
    """The document's place, where one was attached."""


def entries_in_words(item: SeenItem, timeline: TimelineShape) -> list[EntryInWords]:
    """The timeline, oldest first. Dates promised and over are told by what came of them, unless they passed."""
    words, raiser = item.rules.authority, item.loaded.challenge.raiser_role
    own = FOLLOWED_WORDS.get(item.loaded.challenge.item_type)
    return [entry_in_words(entry, words, raiser, item.loaded.reference, own) for entry in timeline.entries if is_told(entry)]


def is_told(entry: Any) -> bool:
    """Does an entry say something that no other says better?"""
    return entry.kind not in ("window_opened", "window_closed") or entry.facts.get("as") in _PASSED


def entry_in_words(entry: Any, words: Authority, raiser: str, reference: str, own: FollowedWords | None = None) -> EntryInWords:
    """One entry in words. `own`: those of what is followed between reviews."""
    labels = {"cafcass": words.label("cafcass"), "iro": words.label("iro"), "stage": entry.stage}
    headline = HEADLINES.get(entry.kind, entry.kind.replace("_", " ").capitalize())
    if entry.kind == "still_waiting":
        headline = _ASKED_AGAIN.get(entry.facts.get("kind", ""), headline)
    headline = headline.format(**labels)
    if entry.kind == "window_closed":
        headline = _PASSED.get(entry.facts.get("as", ""), "The date passed")
    actions = [
        (entry.words.get(f"actions.{n}", ""), date.fromisoformat(day)) for n, day in enumerate(entry.facts.get("actions") or [])
    ]
    named = OF_NOTICES.get(entry.facts.get("item_type")) or (own.questions if own else {})
    spoken = [
        (named.get(name) or question_in_words(name), text)
        for name, text in entry.words.items()
        if not name.startswith("actions.")
    ]
    file = f"/challenges/{reference}/documents/{entry.number}" if entry.kind == "document_attached" else ""
    return EntryInWords(
        entry.number, entry.kind, headline, entry.at, entry.by, entry.on_behalf_of, entry.stage,
        _facts(entry, words, raiser, own), spoken, actions, _kept(entry, words), file,
    )  # fmt: skip


def _kept(entry: Any, words: Authority) -> str:
    """Who alone reads an entry; empty: everyone on the item."""
    if entry.childs_iro_only:
        return f"The child’s {words.label('iro')} only"
    return f"{words.label('iro_service')} only" if entry.iro_service_only else ""


def question_in_words(field: str) -> str:
    """What a field of words is called: an item of the referral's list by its title."""
    if field.startswith("actions."):
        return "What was agreed"
    listed = BY_KEY.get(field.removeprefix("said."))
    return listed.title if listed and field.startswith("said.") else QUESTIONS.get(field, field)


_DATED = {
    "first_known_on": "First known on {}",
    "until": "Reply by {}",
    "on": "On {}",
    "hearing": "Hearing on {}",
    "found_on": "Found on {}",
    "review_by": "To be held by {}",
    "review_on": "The review of {}",
    "adjourned_to": "Adjourned to {}",
    "look_again_on": "Look again on {}",
    "next_review": "Next review on {}",
    "update_by": "An update by {}",
    "early_review_by": "An early review by {}",
    "look_at_file_by": "A look at the file by {}",
}


def _facts(entry: Any, words: Authority, raiser: str, own: FollowedWords | None) -> list[str]:
    """What an entry says beside its words."""
    facts: Mapping[str, Any] = entry.facts
    said: list[str] = []
    if position := facts.get("position"):
        stands = own.positions[position][0] if own and position in own.positions else POSITIONS.get(position, position)
        said.append(stands + (", after the date" if facts.get("late") else ""))
    if (verdict := facts.get("verdict")) and not own:
        said.append(VERDICTS.get(verdict, verdict))
    elif verdict:
        said.append("Seen to be done" if verdict == "enough" else "Not yet seen to be done")
    if entry.kind == "stage_entered":
        said += _addressed(facts, words, raiser)
    if entry.kind == "raised":
        said += [words.reason(key).label for key in facts.get("reasons", []) if words.has_reason(key)]
        said += [words.item_facts[key] for key in facts.get("facts", []) if key in words.item_facts]
    if entry.kind == "fact_said":
        label = words.item_facts.get(facts["fact"], facts["fact"])
        said += [label if facts["holds"] else f"No longer: {label}", *_addressed(facts, words, raiser)]
    if entry.kind != "windows_held":
        said += [text.format(long_date(date.fromisoformat(facts[name]))) for name, text in _DATED.items() if facts.get(name)]
    if entry.kind in ("meeting_arranged", "windows_held"):
        span = [moment_in_words(facts.get(name)) for name in ("at", "since", "until")]
        said.append(span[0] or f"From {span[1]} to {span[2]}")
    if entry.kind in ("told_otherwise", "did_not_arrive", "automatic_reply"):
        said.append(item_view.title_of(words, facts["role"], raiser))
    if entry.kind == "ask_not_reached":
        roles = ", ".join(item_view.title_of(words, role, raiser) for role in facts["roles"])
        said.append(f"What was asked of the {roles} {facts['why']}")
    if entry.kind == "rights_explained":
        said.append(_HELP[facts["help_found"]])
    if entry.kind in ("child_told", "rights_explained"):
        said.append("The child was told" if facts.get("told") else "The child was not told")
    if entry.kind in ("review_asked_for", "review_adjourned"):
        said += [capitalised(facts["under"])] if facts.get("under") else []
        said += _addressed({"copy": facts["tells"]}, words, raiser)
    if entry.kind == "quote_answered":
        said.append("Agrees to be quoted" if facts.get("agrees") else "Does not want to be quoted")
    if entry.kind == "tracking_agreed":
        weeks = (("updates_every_weeks", "then an update every"), ("look_every_weeks", "then a look at the file every"))
        said += [facts["priority"].capitalize(), *(f"{text} {facts[name]} weeks" for name, text in weeks if facts.get(name))]
    if entry.kind in ("tracked_done", "mid_point_contact"):
        said.append(str(facts.get("what") or facts.get("how")).replace("_", " ").capitalize())
        said += ["Alone"] if facts.get("alone") else []
    if entry.kind == "made_challenge":
        said.append(f"It goes on as {facts['reference']}")
    if entry.kind not in ("stage_entered", "raised"):
        named = [facts.get(name) for name in ("state", "found", "about", "outcome", "how", "from_whom")]
        said += [capitalised(text.replace("_", " ")) for text in named if isinstance(text, str)]
    return said


def _addressed(facts: Mapping[str, Any], words: Authority, raiser: str) -> list[str]:
    said = []
    for name, text in (("to", "To: {}"), ("copy", "Copied: {}")):
        roles = [one if isinstance(one, str) else one["role"] for one in facts.get(name, [])]
        if roles:
            said.append(text.format(", ".join(item_view.title_of(words, role, raiser) for role in roles)))
    return [*said, *([_ENTERED[facts["how"]]] if facts.get("how") in _ENTERED else [])]
