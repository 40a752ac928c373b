"""Where in a file something stands, in words: `stages.formal_1.copy.1` is "Formal stage 1, second copy"."""

from collections.abc import Sequence

from workflows.model.authority import Authority
from workflows.model.ladder import Ladder

_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")

_WORDS = {
    "in_force": "first day",
    "until": "last day",
    "version": "version",
    "process": "name of the process",
    "items": "kinds of item",
    "raised_by": "who may raise it",
    "covers": "which children",
    "priorities": "priorities",
    "whole_process": "limit of the whole",
    "judge_within": "time to judge an answer",
    "remind_before": "reminder",
    "remind": "reminder",
    "revision": "revision",
    "enter_at": "where to start",
    "starts_at": "where some items start",
    "repeat": "what a repeat does",
    "must_raise": "what must be raised",
    "before_skipping": "advice before skipping",
    "label": "name",
    "to": "to whom",
    "copy": "copies",
    "observers": "observers",
    "sent_by": "in whose name",
    "endorsed_by": "who endorses",
    "respond_within": "time to answer",
    "counted_from": "what starts the time",
    "complete_within": "second date",
    "no_reply": "no reply",
    "judged_by": "who judges",
    "reasons": "usual reasons",
    "raise_within": "time to raise it",
    "stand_in": "stand-ins",
    "tell": "who is told",
    "same": "what counts as the same",
    "go_to": "where it goes",
    "stage": "which stage",
    "stage.key": "the stage at which it counts",
    "stage.label": "name of the stage at which it counts",
    "item": "kind of item",
    "contact": "means",
    "contact.by": "means",
    "contact.form": "form",
    "contact.followed_by": "what follows it up",
    "contact.meeting": "meeting",
    "contact.meeting.called": "name of the meeting",
    "contact.meeting.arranged_by": "who arranges the meeting",
    "contact.meeting.attended_by": "who attends the meeting",
    "contact.meeting.others": "others at the meeting",
    "contact.meeting.outcome_recorded_by": "who records the outcome",
}
_WORDS_FOR_ONE = {
    "copy": "copy",
    "items": "kind of item",
    "repeat": "rule for a repeat",
    "enter_at": "rule on where to start",
    "must_raise": "rule on what must be raised",
    "contact.meeting.attended_by": "attendee of the meeting",
}


def locate_in_ladder(ladder: Ladder, path: str) -> str:
    """A place in a ladder's file."""
    parts = path.split(".")
    if parts[0] == "stages" and len(parts) > 1 and ladder.has(parts[1]):
        return f"{ladder.stage(parts[1]).label}, {_in_words(parts[2:]) or 'the whole stage'}"
    return _begun(_in_words(parts))


def locate_in_authority_file(authority: Authority, path: str) -> str:
    """A place in an authority file."""
    part, _, under = path.partition(".")
    key, *below = under.split(".")
    if part == "roles" and authority.has_role(key):
        parts = {"for": "for what it is held", "acts_as": "what it acts as", "title": "title"}
        return ", ".join([authority.role(key).title, *(parts.get(name, _opened(name)) for name in below)])
    themes = {theme.key: theme for theme in authority.themes}
    if part == "themes" and key in themes:
        if len(below) > 1 and authority.has_reason(below[1]):
            return f"Reason “{authority.reason(below[1]).label}”"
        return f"Reasons under “{themes[key].label}”" if below else f"Theme “{themes[key].label}”"
    if part == "facts" and key:
        return f"Fact “{authority.facts_of().get(key, _opened(key))}”"
    if part == "labels" and key:
        return f"The word for “{_opened(key)}”"
    return _begun(_in_words(path.split(".")))


def _in_words(parts: Sequence[str]) -> str:
    """The longest beginning that has words of its own, a place in a list as an ordinal, and what stands below in turn."""
    if not parts:
        return ""
    if parts[0] == "text" and len(parts) > 1:
        return f"note “{_opened(parts[1])}”"
    beginnings = (".".join(parts[:most]) for most in range(len(parts), 0, -1))
    key = next((beginning for beginning in beginnings if beginning in _WORDS), parts[0])
    below = parts[key.count(".") + 1 :]
    words = _WORDS.get(key, _opened(key))
    if key in _WORDS and below and below[0].isdigit():
        n, below = int(below[0]), below[1:]
        words = f"{_ORDINALS[n] if n < len(_ORDINALS) else f'number {n + 1}'} {_WORDS_FOR_ONE.get(key, f'of {words}')}"
    return ", ".join([words, *([_in_words(below)] if below else [])])


def _opened(key: str) -> str:
    return key.replace("_", " ")


def _begun(text: str) -> str:
    return text[:1].upper() + text[1:]
