"""Does a file make sense? Roles, targets, reasons and facts that exist; stages that can be reached and left."""

import difflib
import re
from collections.abc import Iterable, Sequence

from workflows.ladder_language.strict_yaml import FileTree, Path
from workflows.model.authority import Authority, Capacity, HeldFor
from workflows.model.ladder import (
    EVERYONE_ABOVE,
    RAISER,
    RECIPIENTS,
    TOLD_ONCE,
    Assumption,
    Choice,
    CountedFrom,
    ItemType,
    Ladder,
    LadderCondition,
    NoReply,
    Stage,
    Status,
    Within,
)

UNREAD = "unread"
"""What stands for a key at fault; nothing is compared with it."""

SEES_ALL = (Capacity.IRO_MANAGER, Capacity.BUSINESS_SUPPORT)
"""Capacities whose holders see every item and every child: the register asks no more than whether somebody holds one."""

_PLAIN_DAYS = re.compile(r"[0-9]+ days?( of .*)?")


def faults_in_authority(authority: Authority, ladders: Sequence[Ladder], tree: FileTree, *, every_file_read: bool = True) -> None:
    """Note what an authority file names that does not exist, and what it does not name that it must."""
    present = {ladder.key for ladder in ladders}
    every_file_read = every_file_read and UNREAD not in present
    priorities = tuple(dict.fromkeys(priority for ladder in ladders for priority in ladder.priorities))
    for n, serves in enumerate(authority.serves):
        if every_file_read and serves.ladder not in present | {UNREAD}:
            tree.fault(("ladders", n, "ladder"), f"there is no ladder `{serves.ladder}`", _choose(serves.ladder, present))
        if serves.when:
            # The authority file chooses between ladders by a priority that each ladder lists for itself.
            _condition(serves.when, authority, priorities, ("ladders", n, "if"), tree, every_file_read)
    for n, serves in enumerate(authority.serves):
        if serves.when is None and serves.ladder in [earlier.ladder for earlier in authority.serves[:n]]:
            tree.fault(("ladders", n), f"`{serves.ladder}` stands here a second time", "remove one of them")
    seen: dict[str, str] = {}
    for theme in authority.themes:
        if not theme.reasons:
            tree.fault(("themes", theme.key, "reasons"), f"{theme.key} has no reasons", "write at least one")
        for reason in theme.reasons:
            if reason.key in seen:
                at = ("themes", theme.key, "reasons", reason.key)
                tree.fault(at, f"`{reason.key}` is already a reason of {seen[reason.key]}", "give it another key")
            seen[reason.key] = theme.key
    for capacity in (Capacity.IRO, Capacity.IRO_MANAGER):
        if not authority.roles_acting_as(capacity):
            instead = f"add `acts_as: {capacity.value}` to the role that is it"
            tree.fault(("roles",), f"no role acts as {capacity.value.replace('_', ' ')}", instead)
    for role in authority.roles:
        if role.acts_as in SEES_ALL and role.held_for is not HeldFor.AUTHORITY:
            said = (
                f"{role.key} acts as {role.acts_as.replace('_', ' ')}, which sees every child of the authority, for a part of it"
            )
            tree.fault(("roles", role.key), said, "write `for: authority`, or leave `acts_as` out")
    for key in (RAISER, RECIPIENTS, "resolved", "next"):
        if authority.has_role(key):
            tree.fault(("roles", key), f"`{key}` has a meaning of its own in the language", "give the role another key")
    if authority.sending.start >= authority.sending.end:
        tree.fault(("sending_hours",), "sending hours end before they begin", 'write `{from: "08:00", until: "18:00"}`')
    _assumptions(authority.assumed, tree)
    if every_file_read:
        _reporting(authority, ladders, tree)
    versions: dict[tuple[str, object], str] = {}
    for ladder in ladders:
        if (ladder.key, ladder.in_force) in versions:
            said = f"two versions of {ladder.key} are in force from {ladder.in_force}"
            tree.fault((), said, "give each version its own `in_force`")
        versions[ladder.key, ladder.in_force] = ladder.version


def _reporting(authority: Authority, ladders: Sequence[Ladder], tree: FileTree) -> None:
    """What is counted together, or as something else, must exist."""
    stages = {stage.key for ladder in ladders for stage in ladder.stages}
    reporting = authority.reporting
    for key, other in reporting.stages.items():
        if other not in stages:
            tree.fault(("reporting", "maps_to", "stages", key), f"no ladder has a stage `{other}`", _choose(other, stages))
    for key, other in reporting.reasons.items():
        at = ("reporting", "maps_to", "reasons", key)
        _reasons([other], at, authority, tree)
        if authority.has_reason(key):
            tree.fault(at, f"`{key}` is a reason of the present list", "leave it out, or remove it from the list")
    for number, together in enumerate(reporting.together):
        for stage in together.stages:
            if stage not in stages:
                where = ("reporting", "together", number, "stages")
                tree.fault(where, f"no ladder has a stage `{stage}`", _choose(stage, stages))


def faults_in_ladder(ladder: Ladder, authority: Authority, tree: FileTree, others: Sequence[Ladder] = ()) -> None:
    """Note what a ladder names that does not exist, and stages that cannot be reached, left or answered.

    `others`: every ladder of the authority, where every file was read; a notice may count at a stage of one of them.
    """
    stages = [stage.key for other in others if not other.is_notice for stage in other.stages]
    if ladder.counts_at and others and ladder.counts_at not in [UNREAD, *stages]:
        said = f"no ladder has a stage `{ladder.counts_at}`"
        tree.fault(("stage", "key"), said, _choose(ladder.counts_at, dict.fromkeys(stages)))
    if ladder.authority != authority.key and UNREAD not in (ladder.authority, authority.key):
        tree.fault(("authority",), f"`{ladder.authority}` is not the authority of this folder", f"write `{authority.key}`")
    if ladder.until and ladder.until < ladder.in_force:
        tree.fault(("until",), "the last day is before the first", "write `until` after `in_force`")
    if ladder.key not in [UNREAD, *(serves.ladder for serves in authority.serves)]:
        said = f"the authority file's `ladders` does not list `{ladder.key}`"
        tree.fault(("ladder" if not ladder.is_notice else "notice",), said, "add it there, or nothing will use it")
    for item in TOLD_ONCE:
        if item in ladder.items and not ladder.is_notice:
            said = f"{item.value.replace('_', ' ')} has no window and never climbs"
            tree.fault(("items",), said, "write it as a file that begins `notice:`")
    _roles(ladder.raised_by, ("raised_by",), authority, tree)
    _roles(ladder.observers, ("observers",), authority, tree)
    if ladder.before_skipping:
        _roles((ladder.before_skipping.talk_to,), ("before_skipping", "talk_to"), authority, tree)
        looked_after = not ladder.covers or Status.LOOKED_AFTER in ladder.covers
        statutory = looked_after and _raised_by_iro(ladder, authority) and not _partner_only(ladder)
        if ladder.before_skipping.required and statutory:
            said = "an IRO may enter at or jump to any stage (IRO Handbook 6.2), so talking first cannot be required"
            tree.fault(("before_skipping", "required"), said, "leave `required` out: the advice is asked for and recorded")
    for n, entry in enumerate(ladder.enter_at):
        _targets(entry.stages, ("enter_at", n, "stage"), ladder, tree)
        _condition(entry.when, authority, ladder.priorities, ("enter_at", n, "if"), tree)
    for n, repeat in enumerate(ladder.repeats):
        _targets((repeat.go_to,), ("repeat", n, "go_to"), ladder, tree)
    for n, rule in enumerate(ladder.must_raise):
        if rule.reason:
            _reasons((rule.reason,), ("must_raise", n, "reason"), authority, tree)
    for stage in ladder.stages:
        _stage(stage, ladder, authority, tree)
    _reachable(ladder, tree)
    _plain_lengths(ladder, tree)
    _assumptions(ladder.assumed, tree)


def _stage(stage: Stage, ladder: Ladder, authority: Authority, tree: FileTree) -> None:
    at: Path = () if ladder.is_notice else ("stages", stage.key)
    if stage.key in (RAISER, "resolved", "next", "everyone_above"):
        tree.fault(at, f"`{stage.key}` has a meaning of its own in the language", "give the stage another key")
    _roles(stage.roles_to(), (*at, "to"), authority, tree)
    if stage.to and stage.to.chosen_by != RAISER:
        _roles((stage.to.chosen_by,), (*at, "to"), authority, tree)
    if stage.to and stage.to.how is not Choice.CHOSEN and stage.to.how is not Choice.ALL and len(stage.to.roles) < 2:
        tree.fault((*at, "to"), f"`{stage.to.how.value}` needs at least two roles", "name them, or write the one role alone")
    for n, copy in enumerate(stage.copies):
        here = (*at, "copy", n)
        if copy.role != EVERYONE_ABOVE:
            _roles((copy.role,), here, authority, tree)
        if copy.when:
            _condition(copy.when, authority, ladder.priorities, here, tree)
    for n, (away, stand_in) in enumerate(stage.stand_ins):
        _roles((away, stand_in), (*at, "stand_in", stage.stand_ins[n][0]), authority, tree)
    _roles(stage.observers, (*at, "observers"), authority, tree)
    _roles(stage.sent_by, (*at, "sent_by"), authority, tree)
    _roles(stage.judged_by.roles, (*at, "judged_by"), authority, tree)
    if meeting := stage.contact.meeting:
        for name, roles in (
            ("arranged_by", (meeting.arranged_by,)),
            ("attended_by", tuple(role for role in meeting.attended_by if role != RECIPIENTS)),
            ("outcome_recorded_by", (meeting.outcome_recorded_by,)),
        ):
            _roles(roles, (*at, "contact", "meeting", name), authority, tree)
    if stage.told_by:
        _roles((stage.told_by,), (*at, "tell", "by"), authority, tree)
    if stage.tell and not stage.referral:
        tree.fault((*at, "tell"), "`tell` belongs to a referral stage", "write `copy:` here")
    if stage.endorsed_by:
        _roles((stage.endorsed_by.role,), (*at, "endorsed_by", "role"), authority, tree)
        if not _partner_only(ladder):
            said = "nobody endorses what an IRO puts to the authority (Children Act 1989 s.25B)"
            tree.fault((*at, "endorsed_by"), said, "remove it: endorsement is for partner agency routes only")
    _reasons(stage.reasons, (*at, "reasons"), authority, tree)
    _window(stage.respond_within, (*at, "respond_within"), ladder, tree)
    if stage.complete_within:
        _window(stage.complete_within, (*at, "complete_within"), ladder, tree)
    if stage.counted_from is CountedFrom.NOT_STATED and not _is_assumed(ladder, (*at, "counted_from")):
        said = "the source does not state what starts this window; it is counted from sending"
        tree.fault((*at, "counted_from"), said, f"say so under `assumed: {{{_dotted((*at, 'counted_from'))}: …}}`")
    if stage.no_reply is NoReply.ESCALATE and stage.respond_within.none_because:
        tree.fault((*at, "no_reply"), f"{stage.key} has no window, so no date can pass", "write `no_reply: nothing`")
    if stage.no_reply is NoReply.ESCALATE and ladder.climbs_to(stage.key) is None:
        tree.fault((*at, "no_reply"), f"{stage.key} is the highest stage: nothing stands above to climb to", "write `prompt`")
    if stage.no_reply is NoReply.ESCALATE and len(ladder.onward(stage.key)) > 1 and not stage.no_reply_to:
        said = f"{stage.key} has more than one way on"
        tree.fault((*at, "no_reply"), said, f"write `no_reply: {{escalate: {ladder.onward(stage.key)[0]}}}`")
    _climbs(stage, ladder, at, tree)


def _climbs(stage: Stage, ladder: Ladder, at: Path, tree: FileTree) -> None:
    ways = [("not_satisfied", target) for target in stage.not_satisfied]
    if stage.no_reply_to:
        ways.append(("no_reply", stage.no_reply_to))
    for name, target in ways:
        if not ladder.has(target):
            _targets((target,), (*at, name), ladder, tree)
        elif ladder.position(target) <= ladder.position(stage.key):
            said = f"{target} does not stand above {stage.key}, so the item would never get past it"
            tree.fault((*at, name), said, "name a stage further down the file, or move it there")
    if stage.satisfied:
        _targets((stage.satisfied,), (*at, "satisfied"), ladder, tree)
        if stage.satisfied == stage.key:
            tree.fault((*at, "satisfied"), f"{stage.key} leads to itself and cannot be left", "write `satisfied: resolved`")


def _reachable(ladder: Ladder, tree: FileTree) -> None:
    starts = {ladder.first_for(item).key for item in ladder.items} | {ladder.stages[0].key}
    starts |= {key for entry in ladder.enter_at for key in entry.stages} | {repeat.go_to for repeat in ladder.repeats}
    seen: set[str] = set()
    waiting = [key for key in starts if ladder.has(key)]
    while waiting:
        key = waiting.pop()
        if key in seen:
            continue
        seen.add(key)
        stage = ladder.stage(key)
        ways = [*ladder.onward(key), stage.no_reply_to, stage.satisfied]
        waiting += [way for way in ways if way and ladder.has(way)]
    for stage in ladder.stages:
        if stage.key not in seen:
            said = f"no stage leads to {stage.key}"
            tree.fault(("stages", stage.key), said, "name it under another stage's `not_satisfied`, or remove it")


def _window(within: Within, at: Path, ladder: Ladder, tree: FileTree) -> None:
    for priority, _ in within.by_priority:
        if priority not in ladder.priorities:
            said = f"`{priority}` is not a priority of this ladder"
            tree.fault((*at, priority), said, _choose(priority, ladder.priorities, "add it to `priorities`"))
    missing = [name for name in ladder.priorities if within.by_priority and name not in dict(within.by_priority)]
    if missing:
        tree.fault(at, f"there is no window for priority {', '.join(missing)}", "write one for each priority")
    if within.as_agreed and at[-1] != "complete_within":
        tree.fault(
            at, "nothing has been agreed when an answer is asked for", "write a length; `complete_within: as agreed` may stand"
        )
    if not within.unit_stated:
        _plain_days(ladder, at, tree)


def _plain_lengths(ladder: Ladder, tree: FileTree) -> None:
    """Plain days outside the windows: limits, judgements, endorsements, a raiser's deadlines."""
    if not isinstance(tree.value, dict):
        return
    top = [("judge_within",), ("remind_before",), ("raise_within",), ("whole_process", "limit")]
    within = [("judge_within",), ("raise_within",), ("endorsed_by", "within")]
    for path in [*top, *(("stages", stage.key, *inner) for stage in ladder.stages for inner in within)]:
        said = tree.at(path)
        for one in said if isinstance(said, list) else [said]:
            if isinstance(one, str) and _PLAIN_DAYS.fullmatch(one):
                _plain_days(ladder, path, tree)


def _plain_days(ladder: Ladder, at: Path, tree: FileTree) -> None:
    if not _is_assumed(ladder, at):
        said = "plain days do not say whether they are working or calendar days; calendar days are counted"
        tree.fault(at, said, f"write the unit, or say so under `assumed: {{{_dotted(at)}: …}}`")


def _is_assumed(ladder: Ladder, at: Path) -> bool:
    return any(assumption.path == _dotted(at) for assumption in ladder.assumed)


def _dotted(path: Path) -> str:
    return ".".join(str(part) for part in path)


def _assumptions(assumed: Iterable[Assumption], tree: FileTree) -> None:
    known = {_dotted(path) for path in tree.lines if path and path[0] != "assumed"}
    for assumption in assumed:
        if assumption.path not in known:
            near = difflib.get_close_matches(assumption.path, known, 1)
            instead = f"write `{near[0]}`" if near else "name a place that this file has, such as stages.stage_2.no_reply"
            at: Path = ("assumed", assumption.path)
            tree.fault(at, f"nothing stands at `{assumption.path}`", instead)


def _roles(roles: Iterable[str], at: Path, authority: Authority, tree: FileTree) -> None:
    for n, role in enumerate(roles):
        if role != RAISER and not authority.has_role(role):
            known = [known.key for known in authority.roles]
            here = (*at, n) if (*at, n) in tree.lines else at
            tree.fault(here, f"`{role}` is not a role of {authority.name}", _choose(role, known, "add it to `roles`"))


def _targets(stages: Iterable[str], at: Path, ladder: Ladder, tree: FileTree) -> None:
    for key in stages:
        if not ladder.has(key):
            tree.fault(at, f"there is no stage `{key}`", _choose(key, [stage.key for stage in ladder.stages]))


def _reasons(reasons: Iterable[str], at: Path, authority: Authority, tree: FileTree) -> None:
    for reason in reasons:
        if not authority.has_reason(reason):
            known = [known.key for theme in authority.themes for known in theme.reasons]
            tree.fault(at, f"`{reason}` is not a reason of {authority.name}", _choose(reason, known, "add it to `themes`"))


def _condition(
    when: LadderCondition, authority: Authority, priorities: Sequence[str], at: Path, tree: FileTree, every_file_read: bool = True
) -> None:
    known = {
        "fact": [key for key, _ in authority.facts],
        "priority": list(priorities),
        "reason": [reason.key for theme in authority.themes for reason in theme.reasons],
        "theme": [theme.key for theme in authority.themes],
        "item": [item.value for item in ItemType],
        "raised_by": [role.key for role in authority.roles],
    }
    for term in when.terms():
        if term.kind == "priority" and not every_file_read:
            continue
        if term.kind in known and term.value not in known[term.kind]:
            said = f"`{when.text}` asks for `{term.value}`, which is no {term.kind} here"
            tree.fault(at, said, _choose(term.value, known[term.kind], f"add it to the authority file's {term.kind}s"))


def _choose(wrong: str, known: Iterable[str], otherwise: str = "") -> str:
    options = list(known)
    near = difflib.get_close_matches(wrong, options, 1)
    if near:
        return f"did you mean `{near[0]}`"
    listed = f"write one of {', '.join(options[:12])}" if options else ""
    return f"{listed}, or {otherwise}" if listed and otherwise else listed or otherwise or "name one that exists"


def _partner_only(ladder: Ladder) -> bool:
    return set(ladder.items) <= {ItemType.PARTNER_AGENCY}


def _raised_by_iro(ladder: Ladder, authority: Authority) -> bool:
    iros = authority.roles_acting_as(Capacity.IRO)
    return any(role in iros for role in ladder.raised_by)
