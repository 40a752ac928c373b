"""A ladder drawn: as mermaid text and as an SVG made here, without a system program. What it says is in words too."""

from html import escape
from textwrap import wrap
from unicodedata import east_asian_width

from workflows.decision.windows import FEWEST_DAYS_REMINDED
from workflows.ladder_language.carried_text import on_one_line
from workflows.model.authority import Authority
from workflows.model.ladder import RAISER, Choice, Ladder, NoReply, Recipients, Stage, StageCopy, Within


def role_title(authority: Authority, role: str) -> str:
    """A role as its authority titles it."""
    if authority.has_role(role):
        return authority.role(role).title
    return "the raiser" if role == RAISER else role.replace("_", " ")


def recipients_in_words(authority: Authority, to: Recipients | None) -> str:
    """To whom a stage is addressed, as somebody would say it."""
    if to is None:
        return ""
    titles = [role_title(authority, role) for role in to.roles]
    either, every = (
        titles[0] if len(titles) == 1 else f"{'; '.join(titles[:-1])}; {joined} {titles[-1]}" for joined in ("or", "and")
    )
    return {
        Choice.ALL: every,
        Choice.ANY: f"{either} (one answer is enough)",
        Choice.ONE: f"{either} (the sender picks)",
        Choice.CHOSEN: f"chosen by {role_title(authority, to.chosen_by)} from {every}",
    }[to.how]


def copy_in_words(authority: Authority, copy: StageCopy) -> str:
    """A copy with its condition."""
    return role_title(authority, copy.role) + (f" ({copy.when.text})" if copy.when else "")


def raiser_in_words(authority: Authority, ladder: Ladder, role: str) -> str:
    """A role that raises, and what it raises where that is not everything."""
    items = ", ".join(authority.label(item) for item in dict(ladder.raises_only).get(role, ()))
    return f"{role_title(authority, role)} ({items} only)" if items else role_title(authority, role)


def reminder_in_words(ladder: Ladder) -> str:
    """When those who have not answered are reminded by themselves; empty: never."""
    if ladder.reminds_half_way:
        return f"half-way to the date, where that is {FEWEST_DAYS_REMINDED} working days or more"
    return f"{ladder.reminder_before} before the date" if ladder.reminder_before else ""


def within_in_words(within: Within) -> str:
    """How long a window runs, as somebody would say it."""
    if within.none_because:
        return f"no window: {within.none_because}"
    if within.set_by_raiser:
        return "by the date that the raiser sets" + (f" (at most {within.at_most})" if within.at_most else "")
    if within.as_agreed:
        return "by the dates agreed"
    if within.by_priority:
        return "; ".join(f"{priority}: {length}" for priority, length in within.by_priority)
    unit = "" if within.unit_stated else " (kind of day not stated: calendar days)"
    return f"{within.length}{unit}"


def no_reply_in_words(authority: Authority, ladder: Ladder, stage: Stage) -> str:
    """What a passed date does at a stage."""
    if stage.referral or stage.respond_within.none_because:
        return ""
    if stage.no_reply is NoReply.ESCALATE:
        target = ladder.climbs_to(stage.key)
        return f"it goes to {ladder.stage(target).label}" if target else ""
    if stage.no_reply is NoReply.PROMPT:
        return f"the {authority.label('iro')} is asked what next"
    return "the record shows it"


_IN_MERMAID = {'"': "#quot;", "<": "#lt;", ">": "#gt;", "&": "#amp;", "#": "#35;", "`": "#96;", "%": "#37;"}
"""What mermaid would take for its own, and how it writes each as a character."""


def draw_mermaid(ladder: Ladder, authority: Authority) -> str:
    """The ladder as a mermaid flow chart."""

    def text(raw: str) -> str:
        return "".join(_IN_MERMAID.get(mark, mark) for mark in on_one_line(raw))

    lines = ["flowchart BT"]
    for stage in ladder.stages:
        to = recipients_in_words(authority, stage.to) or authority.label("cafcass")
        lines.append(f'  {stage.key}["{text(stage.label)}<br/>{text(to)}<br/>{text(within_in_words(stage.respond_within))}"]')
    for stage in ladder.stages:
        for target in ladder.ways_up(stage.key):
            by_itself = stage.no_reply is NoReply.ESCALATE and target == ladder.climbs_to(stage.key)
            arrow = '-- "no reply, or needs more" -->' if by_itself else '-. "needs more" .->'
            lines.append(f"  {stage.key} {arrow} {target}")
    return "\n".join(lines) + "\n"


_WIDE, _LEFT, _GAP, _LINE, _CHARS = 760, 40, 34, 20, 84
_BOLD = ' font-weight="bold"'
_WIDE_MARKS = ("W", "F", "A")


def _wrapped(text: str, most: int = _CHARS) -> list[str]:
    """A text as lines that fit: capitals and the letters of some scripts are wide, so that fewer of them do."""
    shown = on_one_line(text)
    weight = sum(1.8 if east_asian_width(mark) in _WIDE_MARKS else 1.35 if mark.isupper() else 1 for mark in shown)
    return wrap(shown, max(1, int(most * len(shown) / weight))) if shown else []


def draw_ladder_svg(ladder: Ladder, authority: Authority) -> str:
    """The ladder as an accessible SVG: the first stage at the foot, arrows up, solid where no reply climbs by itself."""
    head, y = _head(ladder, authority)
    boxes: dict[str, tuple[int, int]] = {}
    drawn: list[str] = []
    for stage in reversed(ladder.stages):
        lines = _box_lines(ladder, authority, stage)
        height = 24 + _LINE * len(lines)
        boxes[stage.key] = y, height
        drawn += _box(stage, lines, y, height)
        y += height + _GAP
    title = on_one_line(f"{ladder.title}, {authority.name}, {ladder.version_in_words}")
    # Ids of its own: a page may hold more than one drawing.
    mark = f"ladder-{ladder.hash[:12]}"
    labels = on_one_line("; ".join(f"{stage.label}: {recipients_in_words(authority, stage.to)}" for stage in ladder.stages))
    frame = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="{mark}-title {mark}-words" '
        f'viewBox="0 0 {_WIDE} {y}" width="{_WIDE}" height="{y}" font-family="Arial, sans-serif" font-size="14">',
        f'<title id="{mark}-title">{escape(title)}</title>',
        f'<desc id="{mark}-words">From the first stage up. {escape(labels)}</desc>',
        f'<defs><marker id="{mark}-arrow" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" orient="auto">'
        '<path d="M0 0 10 5 0 10z" fill="#0b0c0c"/></marker></defs>',
        f'<rect width="{_WIDE}" height="{y}" fill="#fff"/>',
    ]
    return "\n".join([*frame, *head, *drawn, *_arrows(ladder, mark, boxes), "</svg>"]) + "\n"


def _head(ladder: Ladder, authority: Authority) -> tuple[list[str], int]:
    """What stands above the stages, and where they begin."""
    how = f"Solid arrow: goes up by itself if there is no reply. Dashed: the {authority.label('iro')} decides."
    parts = (
        (ladder.title, 60, f' font-size="18"{_BOLD} fill="#0b0c0c"', 22),
        (f"{authority.name}, {ladder.version_in_words}", _CHARS, ' fill="#0b0c0c"', 26),
        (f"{how} Read from the foot up.", 118, ' fill="#505a5f"', 24),
    )
    drawn, y = [], 32
    for text, most, shown_as, below in parts:
        for line in _wrapped(text, most):
            drawn.append(f'<text x="{_LEFT}" y="{y}"{shown_as}>{escape(line)}</text>')
            y += _LINE
        y += below - _LINE
    return drawn, y


def _box(stage: Stage, lines: list[tuple[str, bool]], top: int, height: int) -> list[str]:
    """A stage's box with its lines, each of which is bold or not."""
    fill = "#f3f2f1" if stage.informal else "#ffffff"
    return [
        f'<rect x="{_LEFT}" y="{top}" width="{_WIDE - 2 * _LEFT}" height="{height}" rx="4" fill="{fill}" '
        'stroke="#0b0c0c" stroke-width="1.5"/>',
        *(
            f'<text x="{_LEFT + 14}" y="{top + 26 + n * _LINE}"{_BOLD if is_bold else ""} fill="#0b0c0c">{escape(line)}</text>'
            for n, (line, is_bold) in enumerate(lines)
        ),
    ]


def _box_lines(ladder: Ladder, authority: Authority, stage: Stage) -> list[tuple[str, bool]]:
    """What stands in a stage's box, line by line: its label in bold, then to whom it goes and what its dates do."""
    after = no_reply_in_words(authority, ladder, stage)
    copied = "; ".join(copy_in_words(authority, copy) for copy in stage.copies)
    if stage.referral:
        dates = [f"The {authority.label('iro')} decides; open at every stage for a looked-after child."]
    else:
        dates = [f"Reply within: {within_in_words(stage.respond_within)}", f"No reply: {after}" if after else ""]
    to = f"To: {recipients_in_words(authority, stage.to)}" if stage.to else ""
    sentences = [to, f"Copied: {copied}" if copied else "", *dates]
    label = [(line, True) for line in _wrapped(stage.label, 76)]
    return [*label, *((line, False) for sentence in sentences for line in _wrapped(sentence))]


def _arrows(ladder: Ladder, mark: str, boxes: dict[str, tuple[int, int]]) -> list[str]:
    """The arrows between boxes, each of which is known by its top and its height."""
    arrows = []
    for stage in ladder.stages:
        start, _ = boxes[stage.key]
        for n, target in enumerate(ladder.ways_up(stage.key)):
            solid = stage.no_reply is NoReply.ESCALATE and target == ladder.climbs_to(stage.key)
            dash = "" if solid else ' stroke-dasharray="6 4"'
            top, height = boxes[target]
            path = f"M{_WIDE - _LEFT} {start + 12} H{_WIDE - _LEFT + 8 + 8 * n} V{top + height // 2} H{_WIDE - _LEFT + 2}"
            if ladder.position(target) == ladder.position(stage.key) + 1:
                path = f"M{_WIDE // 2} {start} V{top + height + 2}"
            end_mark = f'marker-end="url(#{mark}-arrow)"'
            arrows.append(f'<path d="{path}" fill="none" stroke="#0b0c0c" stroke-width="1.5"{dash} {end_mark}/>')
    return arrows
