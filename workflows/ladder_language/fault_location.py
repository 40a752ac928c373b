"""Where in a file something stands, in words: `stages.formal_1.copy.1` is "Formal stage 1, second copy"."""

from collections.abc import Sequence

from workflows.model.authority import Authority
from workflows.model.ladder import Ladder

_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")

_SAID = {
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
    "enter_at": "where to start",
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
_ONE = {
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
        return f"{ladder.stage(parts[1]).label}, {_said(parts[2:]) or 'the whole stage'}"
    return _begun(_said(parts))


def locate_in_authority_file(authority: Authority, path: str) -> str:
    """A place in an authority file."""
    first, *rest = path.split(".")
    if first == "roles" and rest and authority.has_role(rest[0]):
        said = {"for": "for what it is held", "acts_as": "what it acts as", "title": "title"}
        return ", ".join([authority.role(rest[0]).title, *(said.get(part, _opened(part)) for part in rest[1:])])
    themes = {theme.key: theme for theme in authority.themes}
    if first == "themes" and rest and rest[0] in themes:
        if len(rest) > 2 and authority.has_reason(rest[2]):
            return f"Reason “{authority.reason(rest[2]).label}”"
        return f"Reasons under “{themes[rest[0]].label}”" if rest[1:] else f"Theme “{themes[rest[0]].label}”"
    if first == "facts" and rest:
        return f"Fact “{dict(authority.facts).get(rest[0], _opened(rest[0]))}”"
    if first == "labels" and rest:
        return f"The word for “{_opened(rest[0])}”"
    return _begun(_said([first, *rest]))


def _said(parts: Sequence[str]) -> str:
    if not parts:
        return ""
    if parts[0] == "text" and len(parts) > 1:
        return f"note “{_opened(parts[1])}”"
    for most in range(len(parts), 0, -1):
        key = ".".join(parts[:most])
        if key not in _SAID:
            continue
        rest = list(parts[most:])
        said = _SAID[key]
        if rest and rest[0].isdigit():
            n = int(rest.pop(0))
            said = f"{_ORDINALS[n] if n < len(_ORDINALS) else f'number {n + 1}'} {_ONE.get(key, f'of {said}')}"
        return ", ".join([said, *([_said(rest)] if rest else [])])
    return ", ".join([_opened(parts[0]), *([_said(parts[1:])] if parts[1:] else [])])


def _opened(key: str) -> str:
    return key.replace("_", " ")


def _begun(text: str) -> str:
    return text[:1].upper() + text[1:]
