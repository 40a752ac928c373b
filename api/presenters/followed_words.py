"""How pages speak of what is followed between two reviews: where a challenge is answered and judged, this is done and seen."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from workflows.calendar.working_days import so_many
from workflows.model.challenge import Challenge, Outcome, Phase
from workflows.model.ladder import ItemType


@dataclass(frozen=True)
class FollowedWords:
    """The words of one kind. What is not here is said as of a challenge."""

    asked: str
    """The heading of what it is about."""
    answered: str
    """The heading of what was said of it."""
    nothing_said: str
    reply: str
    """What the page is called on which it is said how it stands."""
    positions: Mapping[str, tuple[str, str]]
    """Of each position: its label and its hint."""
    next: Mapping[str, str]
    """Of each kind of window: what is said of one that runs; `late`: of one past its date."""
    phases: Mapping[Phase | Outcome, str]
    moves: Mapping[str, str]
    """Of moves: what each is called here."""
    questions: Mapping[str, str] = field(default_factory=dict)


DECISION = FollowedWords(
    asked="What the review decided",
    answered="What was said of it",
    nothing_said="Nobody has said yet how it stands.",
    reply="How does it stand?",
    positions={
        "agrees": ("It is done", "Say below what was done, and when."),
        "in_part": ("It is done in part", "Say below what is left, and by when."),
        "disagrees": ("It is not done", "Say below what stands in the way."),
        "needs_others": ("Others are needed for it", ""),
        "beyond_our_control": ("It is beyond our control", ""),
        "not_for_me": ("It is not for me", "Say below whose it is. The date stays as it is."),
        "question": ("I have a question first", "Write it below. The date stays as it is."),
    },
    next={
        "reply": "{owner} carries it out {due}.",
        "late": "Nobody has said that it is done: {owner} was to carry it out {due}.",
        "judgement": "{owner} looks whether it is done, {due}.",
    },
    phases={
        Phase.AWAITING: "to be carried out",
        Phase.ANSWERED: "said how it stands; the {iro} looks",
        Phase.ASKING: "with the {iro} to consider",
        Outcome.RESOLVED: "seen to be done",
        Outcome.ENDED: "ended, not done",
    },
    moves={
        "judged": "Say whether you see it done",
        "resolved": "I have seen that it is done",
        "ended_unresolved": "Stop following it",
        "clarification_given": "Answer the question",
        "redirected": "It is somebody else’s to carry out",
    },
    questions={"concern": "The decision", "review_decision": "Its number", "owner": "Who is to carry it out"},
)

TRACKED = FollowedWords(
    asked="Why it is tracked",
    answered="What was said of it",
    nothing_said="No update yet.",
    reply="How does it stand?",
    positions={
        "agrees": ("It goes to plan", "Say below what has happened since."),
        "in_part": ("It goes to plan in part", "Say below what drifts, and what is done about it."),
        "disagrees": ("It does not go to plan", "Say below what stands in the way."),
        "needs_others": ("Others are needed for it", ""),
        "beyond_our_control": ("It is beyond our control", ""),
        "not_for_me": ("It is not for me", "Say below whose it is. The date stays as it is."),
        "question": ("I have a question first", "Write it below. The date stays as it is."),
    },
    next={"update": "{owner} gives an update {due}.", "late": "No update yet from {owner}: it was due {due}."},
    phases={Phase.AWAITING: "tracked", Outcome.RESOLVED: "tracked no longer", Outcome.ENDED: "tracked no longer"},
    moves={
        "resolved": "It need not be tracked any longer",
        "ended_unresolved": "Stop tracking it",
        "window_extended": "Give another date for the update",
    },
    questions={"concern": "Why it is tracked"},
)

MID_POINT = FollowedWords(
    asked="What it is about",
    answered="What was noted",
    nothing_said="Nothing is noted yet.",
    reply="",
    positions={},
    next={"late": "It was to be done {due}."},
    phases={Phase.AWAITING: "to be looked through", Outcome.RESOLVED: "done", Outcome.OVERTAKEN: "overtaken by the review"},
    moves={"resolved": "End it without its parts", "ended_unresolved": "It is not done this time"},
    questions={"concern": "Between which reviews"},
)

FOLLOWED_WORDS: Mapping[ItemType, FollowedWords] = {
    ItemType.REVIEW_DECISION: DECISION,
    ItemType.TRACKED_CASE: TRACKED,
    ItemType.MID_POINT: MID_POINT,
}


def tracked_in_words(challenge: Challenge) -> str:
    """How closely a case is tracked: its priority, and what comes again and again."""
    every = (("an update", challenge.updates_every), ("a look at the file", challenge.looks_every))
    said = [challenge.priority.replace("_", " "), *(f"{what} every {so_many(weeks, 'weeks')}" for what, weeks in every if weeks)]
    return "; ".join(said).capitalize()
