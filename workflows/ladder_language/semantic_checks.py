"""Checks what well-formed files say: names that exist, stages that can be reached, left and answered, windows that can run."""

import difflib
import re
from collections.abc import Iterable, Sequence

from workflows.calendar.report_periods import ReportEvery
from workflows.ladder_language.check_notes import Check, note_checks, note_targets, note_unknown
from workflows.ladder_language.item_checks import faults_in_items
from workflows.ladder_language.strict_yaml import FileTree, Path
from workflows.model.authority import Authority, Capacity, HeldFor, may_be_statutory
from workflows.model.ladder import (
    RAISER,
    RECIPIENTS,
    Assumption,
    Choice,
    CountedFrom,
    ItemType,
    Ladder,
    LadderCondition,
    NoReply,
    Stage,
    Within,
)
from workflows.model.reporting import ReportKind

UNREAD = "unread"
"""What stands for a key at fault; nothing is compared with it."""

SEES_ALL = (Capacity.IRO_MANAGER, Capacity.BUSINESS_SUPPORT)
"""Capacities whose holders see every item and every child: the register asks no more than whether somebody holds one."""

_PLAIN_DAYS = re.compile("[0-9]+ days?( of .*)?")


def faults_in_authority(authority: Authority, ladders: Sequence[Ladder], tree: FileTree, *, every_file_read: bool = True) -> None:
    """Note what an authority file names that does not exist, and what it does not name that it must."""
    present = {ladder.key for ladder in ladders}
    every_file_read = every_file_read and UNREAD not in present
    priorities = tuple(dict.fromkeys(priority for ladder in ladders for priority in ladder.priorities))
    for n, serves in enumerate(authority.serves):
        if every_file_read and serves.ladder != UNREAD:
            note_unknown(serves.ladder, present, ("ladders", n, "ladder"), f"there is no ladder `{serves.ladder}`", tree)
        if serves.when:
            # The authority file chooses between ladders by a priority that each ladder lists for itself.
            _condition(serves.when, authority, priorities, ("ladders", n, "if"), tree, every_file_read)
        elif serves.ladder in [earlier.ladder for earlier in authority.serves[:n]]:
            tree.fault(("ladders", n), f"`{serves.ladder}` stands here a second time", "remove one of them")
    theme_of: dict[str, str] = {}
    for theme in authority.themes:
        if not theme.reasons:
            tree.fault(("themes", theme.key, "reasons"), f"{theme.key} has no reasons", "write at least one")
        for reason in theme.reasons:
            if reason.key in theme_of:
                at = ("themes", theme.key, "reasons", reason.key)
                tree.fault(at, f"`{reason.key}` is already a reason of {theme_of[reason.key]}", "give it another key")
            theme_of[reason.key] = theme.key
    _catalogue(authority, tree)
    if authority.sending.start >= authority.sending.end:
        tree.fault(("sending_hours",), "sending hours end before they begin", 'write `{from: "08:00", until: "18:00"}`')
    _assumptions(authority.assumed, tree)
    _roles(authority.for_absent_raiser, ("for_absent_raiser",), authority, tree)
    for n, role in enumerate(authority.for_absent_raiser):
        if authority.has_role(role) and authority.role(role).held_for is not HeldFor.AUTHORITY:
            wrong = f"{role} is held for a part of the authority, and stands in for any of its IROs"
            tree.fault(("for_absent_raiser", n), wrong, "name a role `for: authority`")
    if every_file_read:
        _reporting(authority, ladders, tree)
    versions = [(ladder.key, ladder.in_force) for ladder in ladders]
    for key, in_force in {version for version in versions if versions.count(version) > 1}:
        tree.fault((), f"two versions of {key} are in force from {in_force}", "give each version its own `in_force`")


def _catalogue(authority: Authority, tree: FileTree) -> None:
    """The roles: those that the code itself needs, and none with a scope or a key that cannot be."""
    for capacity in (Capacity.IRO, Capacity.IRO_MANAGER):
        if not authority.roles_acting_as(capacity):
            instead = f"add `acts_as: {capacity.value}` to the role that is it"
            tree.fault(("roles",), f"no role acts as {capacity.value.replace('_', ' ')}", instead)
    for role in authority.roles:
        if role.acts_as in SEES_ALL and role.held_for is not HeldFor.AUTHORITY:
            acts_as = role.acts_as.replace("_", " ")
            wrong = f"{role.key} acts as {acts_as}, which sees every child of the authority, for a part of it"
            tree.fault(("roles", role.key), wrong, "write `for: authority`, or leave `acts_as` out")
        if role.key in (RAISER, RECIPIENTS, "resolved", "next"):
            wrong = f"`{role.key}` has a meaning of its own in the language"
            tree.fault(("roles", role.key), wrong, "give the role another key")


def _reporting(authority: Authority, ladders: Sequence[Ladder], tree: FileTree) -> None:
    """What is counted together, or as something else, must exist."""
    stages = {stage.key for ladder in ladders for stage in ladder.stages}
    reporting = authority.reporting
    named: list[tuple[Path, str]] = [
        *((("maps_to", "stages", earlier), present) for earlier, present in reporting.stages.items()),
        *((("together", n, "stages"), stage) for n, together in enumerate(reporting.together) for stage in together.stages),
    ]
    for place, stage in named:
        note_unknown(stage, stages, ("reporting", *place), f"no ladder has a stage `{stage}`", tree)
    for earlier, present in reporting.reasons.items():
        at = ("reporting", "maps_to", "reasons", earlier)
        _reasons([present], at, authority, tree)
        if authority.has_reason(earlier):
            tree.fault(at, f"`{earlier}` is a reason of the present list", "leave it out, or remove it from the list")
    for reason in reporting.shared:
        _reasons([reason], ("reporting", "shared", reason), authority, tree)
    seen = set[tuple[ReportKind, ReportEvery]]()
    for n, one in enumerate(reporting.reports):
        _roles(one.to, ("reporting", "reports", n, "to"), authority, tree)
        if RAISER in one.to:
            tree.fault(("reporting", "reports", n, "to"), "a report has no raiser", "name the roles that it goes to")
        if (one.report, one.every) in seen:
            again = f"{one.report.value} is made every {one.every.value} already"
            tree.fault(("reporting", "reports", n), again, "leave one of the two out")
        seen.add((one.report, one.every))


def faults_in_ladder(ladder: Ladder, authority: Authority, tree: FileTree, others: Sequence[Ladder] = ()) -> None:
    """Note what a ladder names that does not exist, and stages that cannot be reached, left or answered.

    `others`: every ladder of the authority, where every file was read; a notice may count at a stage of one of them.
    """
    stages = dict.fromkeys(stage.key for other in others if not other.is_notice for stage in other.stages)
    if ladder.counts_at not in ("", UNREAD) and others:
        note_unknown(ladder.counts_at, stages, ("stage", "key"), f"no ladder has a stage `{ladder.counts_at}`", tree)
    skipping = ladder.before_skipping
    is_statutory = may_be_statutory(ladder, authority) and not _partner_only(ladder)
    checks: list[Check] = [
        (
            ladder.authority != authority.key and UNREAD not in (ladder.authority, authority.key),
            ("authority",),
            f"`{ladder.authority}` is not the authority of this folder",
            f"write `{authority.key}`",
        ),
        (
            ladder.until and ladder.until < ladder.in_force,
            ("until",),
            "the last day is before the first",
            "write `until` after `in_force`",
        ),
        (
            ladder.key not in [UNREAD, *(serves.ladder for serves in authority.serves)],
            (ladder.begins,),
            f"the authority file's `ladders` does not list `{ladder.key}`",
            "add it there, or nothing will use it",
        ),
        (
            ladder.reminder_before and ladder.reminds_half_way,
            ("remind",),
            "the ladder already says how long before the date people are reminded",
            "leave out `remind` or `remind_before`",
        ),
        (
            skipping and skipping.required and is_statutory,
            ("before_skipping", "required"),
            "an IRO may enter at or jump to any stage (IRO Handbook 6.2), so talking first cannot be required",
            "leave `required` out: the advice is asked for and recorded",
        ),
    ]
    note_checks(checks, tree)
    for place, roles in ladder.named_roles():
        _roles(roles, place, authority, tree)
    faults_in_items(ladder, authority, tree)
    for n, entry in enumerate(ladder.enter_at):
        note_targets(entry.stages, ("enter_at", n, "stage"), ladder, tree)
        _condition(entry.when, authority, ladder.priorities, ("enter_at", n, "if"), tree)
    for n, repeat in enumerate(ladder.repeats):
        note_targets((repeat.go_to,), ("repeat", n, "go_to"), ladder, tree)
    for n, rule in enumerate(ladder.must_raise):
        _reasons((rule.reason,) if rule.reason else (), ("must_raise", n, "reason"), authority, tree)
    for stage in ladder.stages:
        _stage(stage, ladder, authority, tree)
    _reachable(ladder, tree)
    _plain_lengths(ladder, tree)
    _assumptions(ladder.assumed, tree)


def _stage(stage: Stage, ladder: Ladder, authority: Authority, tree: FileTree) -> None:
    at = ladder.place_of(stage)
    for n, copy in enumerate(stage.copies):
        if copy.when:
            _condition(copy.when, authority, ladder.priorities, (*at, "copy", n), tree)
    _reasons(stage.reasons, (*at, "reasons"), authority, tree)
    _window(stage.respond_within, (*at, "respond_within"), ladder, tree)
    if stage.complete_within:
        _window(stage.complete_within, (*at, "complete_within"), ladder, tree)
    choice = stage.to.how if stage.to else Choice.ALL
    counted_from = (*at, "counted_from")
    climbs, ways = stage.no_reply is NoReply.ESCALATE, ladder.onward(stage.key)
    checks: list[Check] = [
        (
            stage.key in (RAISER, "resolved", "next", "everyone_above"),
            (),
            f"`{stage.key}` has a meaning of its own in the language",
            "give the stage another key",
        ),
        (
            choice in (Choice.ANY, Choice.ONE) and len(stage.roles_to()) < 2,
            ("to",),
            f"`{choice.value}` needs at least two roles",
            "name them, or write the one role alone",
        ),
        (stage.tell and not stage.referral, ("tell",), "`tell` belongs to a referral stage", "write `copy:` here"),
        (
            stage.endorsed_by and not _partner_only(ladder),
            ("endorsed_by",),
            "nobody endorses what an IRO puts to the authority (Children Act 1989 s.25B)",
            "remove it: endorsement is for partner agency routes only",
        ),
        (
            stage.counted_from is CountedFrom.NOT_STATED and not _is_assumed(ladder, counted_from),
            ("counted_from",),
            "the source does not state what starts this window; it is counted from sending",
            f"say so under `assumed: {{{_dotted(counted_from)}: …}}`",
        ),
        (
            climbs and stage.respond_within.none_because,
            ("no_reply",),
            f"{stage.key} has no window, so no date can pass",
            "write `no_reply: nothing`",
        ),
        (
            climbs and ladder.climbs_to(stage.key) is None,
            ("no_reply",),
            f"{stage.key} is the highest stage: nothing stands above to climb to",
            "write `prompt`",
        ),
        (
            climbs and len(ways) > 1 and not stage.no_reply_to,
            ("no_reply",),
            f"{stage.key} has more than one way on",
            f"write `no_reply: {{escalate: {next(iter(ways), '')}}}`",
        ),
        (
            stage.satisfied == stage.key,
            ("satisfied",),
            f"{stage.key} leads to itself and cannot be left",
            "write `satisfied: resolved`",
        ),
    ]
    note_checks(checks, tree, at)
    _climbs(stage, ladder, at, tree)


def _climbs(stage: Stage, ladder: Ladder, at: Path, tree: FileTree) -> None:
    """Where the file says that an item goes, there must be a stage; and one above, where more is needed."""
    no_reply_to, satisfied = ([target] if target else [] for target in (stage.no_reply_to, stage.satisfied))
    upwards = [*(("not_satisfied", target) for target in stage.not_satisfied), *(("no_reply", target) for target in no_reply_to)]
    for name, target in [*upwards, *(("satisfied", target) for target in satisfied)]:
        note_targets((target,), (*at, name), ladder, tree)
    for name, target in upwards:
        if ladder.has(target) and ladder.position(target) <= ladder.position(stage.key):
            wrong = f"{target} does not stand above {stage.key}, so the item would never get past it"
            tree.fault((*at, name), wrong, "name a stage further down the file, or move it there")


def _reachable(ladder: Ladder, tree: FileTree) -> None:
    """Every stage must be one where an item starts, or one to which another leads."""
    waiting = [ladder.stages[0].key, *(ladder.first_for(item).key for item in ladder.items)]
    waiting += [*(key for entry in ladder.enter_at for key in entry.stages), *(repeat.go_to for repeat in ladder.repeats)]
    reached: set[str] = set()
    while waiting:
        key = waiting.pop()
        if ladder.has(key) and key not in reached:
            reached.add(key)
            waiting += [*ladder.ways_up(key), ladder.stage(key).satisfied or ""]
    for stage in ladder.stages:
        if stage.key not in reached:
            instead = "name it under another stage's `not_satisfied`, or remove it"
            tree.fault(("stages", stage.key), f"no stage leads to {stage.key}", instead)


def _window(within: Within, at: Path, ladder: Ladder, tree: FileTree) -> None:
    for priority, _ in within.by_priority:
        wrong = f"`{priority}` is not a priority of this ladder"
        note_unknown(priority, ladder.priorities, (*at, priority), wrong, tree, "add it to `priorities`")
    missing = [name for name in ladder.priorities if within.by_priority and name not in dict(within.by_priority)]
    checks: list[Check] = [
        (missing, at, f"there is no window for priority {', '.join(missing)}", "write one for each priority"),
        (
            within.as_agreed and at[-1] != "complete_within",
            at,
            "nothing has been agreed when an answer is asked for",
            "write a length; `complete_within: as agreed` may stand",
        ),
    ]
    note_checks(checks, tree)
    if not within.unit_stated:
        _plain_days(ladder, at, tree)


def _plain_lengths(ladder: Ladder, tree: FileTree) -> None:
    """Plain days outside the windows: limits, judgements, endorsements, a raiser's deadlines."""
    top = [("judge_within",), ("remind_before",), ("raise_within",), ("whole_process", "limit")]
    of_stage = [("judge_within",), ("raise_within",), ("endorsed_by", "within")]
    for path in [*top, *(("stages", stage.key, *place) for stage in ladder.stages for place in of_stage)]:
        written = tree.at(path)
        for phrase in written if isinstance(written, list) else [written]:
            if isinstance(phrase, str) and _PLAIN_DAYS.fullmatch(phrase):
                _plain_days(ladder, path, tree)


def _plain_days(ladder: Ladder, at: Path, tree: FileTree) -> None:
    if not _is_assumed(ladder, at):
        wrong = "plain days do not say whether they are working or calendar days; calendar days are counted"
        tree.fault(at, wrong, f"write the unit, or say so under `assumed: {{{_dotted(at)}: …}}`")


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
            tree.fault(("assumed", assumption.path), f"nothing stands at `{assumption.path}`", instead)


def _roles(roles: Iterable[str], at: Path, authority: Authority, tree: FileTree) -> None:
    known = [role.key for role in authority.roles]
    for n, role in enumerate(roles):
        if role != RAISER:
            wrong = f"`{role}` is not a role of {authority.name}"
            note_unknown(role, known, (*at, n), wrong, tree, "add it to `roles`")


def _reasons(reasons: Iterable[str], at: Path, authority: Authority, tree: FileTree) -> None:
    known = [reason.key for theme in authority.themes for reason in theme.reasons]
    for reason in reasons:
        note_unknown(reason, known, at, f"`{reason}` is not a reason of {authority.name}", tree, "add it to `themes`")


def _condition(
    when: LadderCondition, authority: Authority, priorities: Sequence[str], at: Path, tree: FileTree, every_file_read: bool = True
) -> None:
    known = {
        "fact": list(authority.facts_of()),
        "reason": [reason.key for theme in authority.themes for reason in theme.reasons],
        "theme": [theme.key for theme in authority.themes],
        "item": [item.value for item in ItemType],
        "raised_by": [role.key for role in authority.roles],
        **({"priority": list(priorities)} if every_file_read else {}),
    }
    for term in when.terms():
        if term.kind in known:
            wrong = f"`{when.text}` asks for `{term.value}`, which is no {term.kind} here"
            note_unknown(term.value, known[term.kind], at, wrong, tree, f"add it to the authority file's {term.kind}s")


def _partner_only(ladder: Ladder) -> bool:
    return set(ladder.items) <= {ItemType.PARTNER_AGENCY}
