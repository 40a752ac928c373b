"""Text to values: reads authority, ladder and notice files strictly and reports every fault at once."""

import difflib
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, time
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.json_schema import models_json_schema

from workflows.ladder import (
    Assumption,
    BeforeSkipping,
    Contact,
    CountedFrom,
    Endorsement,
    EnterAt,
    ItemType,
    Ladder,
    Meeting,
    MustRaise,
    NoReply,
    Repeat,
    Stage,
    WholeProcess,
    Within,
)
from workflows.phrases import Miswritten, shown
from workflows.procedure import Authority, Reason, Role, SendingHours, Serves, Theme
from workflows.sense import UNREAD, faults_in_authority, faults_in_ladder
from workflows.strict_yaml import Fault, Path, Tree, read_tree
from workflows.working_days import Length, Unit
from workflows.written import (
    EXAMPLES,
    WrittenAuthority,
    WrittenContact,
    WrittenLadder,
    WrittenNotice,
    WrittenStage,
)

NOTICE_STAGE = "notice"
"""The single stage of an excellent-practice notice."""

REFERRAL_WINDOW = Within(none_because="The IRO decides about a referral; nobody is waited for.")


class Unreadable(Exception):
    """Files were refused. `faults` holds every one, in file and line order."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(set(faults)))
        super().__init__("\n".join(str(fault) for fault in self.faults))


@dataclass(frozen=True)
class Procedures:
    """One authority's file with every version of every ladder it uses."""

    authority: Authority
    ladders: tuple[Ladder, ...]
    texts: Mapping[str, str]
    """The text that each hash stands for: what is stored with the version."""


def content_hash(text: str) -> str:
    """What identifies a version: SHA-256 of its text, line endings made alike."""
    return hashlib.sha256(text.replace("\r\n", "\n").encode(errors="surrogatepass")).hexdigest()


def read_procedures(files: Mapping[str, str], whole: bool = True) -> Procedures:
    """Read one authority's files (name to text). Raises Unreadable with every fault of every file.

    `whole` False reads a stored version, which is one ladder with its authority file and not all of its neighbours.
    """
    faults: list[Fault] = []
    authorities: list[tuple[Authority, Tree]] = []
    ladders: list[tuple[Ladder, Tree]] = []
    unread = False
    for name, text in files.items():
        tree = read_tree(text, name)
        kind = _kind_of(tree)
        written = _validated(kind, tree) if kind else None
        unread = unread or written is None
        if written is not None:
            if isinstance(written, WrittenAuthority):
                authorities.append((_authority(written, text), tree))
            elif isinstance(written, WrittenLadder):
                ladders.append((_ladder(written, text, tree), tree))
            elif isinstance(written, WrittenNotice):
                ladders.append((_notice(written, text), tree))
        faults += tree.faults
    if len(authorities) != 1:
        first = next(iter(files), "(no file)")
        said = "no authority file among these" if not authorities else "more than one authority file"
        if not faults or not any("authority:" in text and "roles:" in text for text in files.values()) or authorities:
            faults.append(Fault(first, 1, said, "give one file that begins `authority:` with the ladders beside it"))
        raise Unreadable(faults)
    authority, its_tree = authorities[0]
    faults_in_authority(authority, [ladder for ladder, _ in ladders], its_tree, every_file_read=whole and not unread)
    for ladder, tree in ladders:
        faults_in_ladder(ladder, authority, tree)
    # A line already at fault in its form says enough: what it seems to mean is not judged as well.
    malformed = {(fault.file, fault.line) for fault in faults}
    sense = [fault for _, tree in [*authorities, *ladders] for fault in tree.faults]
    faults += [fault for fault in sense if (fault.file, fault.line) not in malformed]
    if faults:
        raise Unreadable(faults)
    texts = {content_hash(text): text for text in files.values()}
    return Procedures(authority, tuple(ladder for ladder, _ in ladders), texts)


def _kind_of(tree: Tree) -> type[BaseModel] | None:
    if tree.value is None:
        return None
    if not isinstance(tree.value, dict):
        tree.fault((), "the file does not hold keys and values", "begin with `ladder:`, `notice:` or `authority:`")
        return None
    if "ladder" in tree.value:
        return WrittenLadder
    if "notice" in tree.value:
        return WrittenNotice
    if "stages" in tree.value:
        return WrittenLadder
    if "to" in tree.value:
        return WrittenNotice
    if "authority" in tree.value:
        return WrittenAuthority
    tree.fault((), "this is neither a ladder, a notice nor an authority", "begin with `ladder:`, `notice:` or `authority:`")
    return None


def _validated(kind: type[BaseModel], tree: Tree) -> BaseModel | None:
    """Validate; where parts are faulty, note each and look again without them, so that later faults still show."""
    value, noted = tree.value, set[Path]()
    illegible = {fault.line for fault in tree.faults}
    for _ in range(4):
        try:
            return kind.model_validate(value)
        except ValidationError as error:
            wanting = {}
            for problem in error.errors(include_url=False):
                path = _path(problem["loc"])
                if path not in noted and (problem["type"] == "missing" or tree.line_of(path) not in illegible):
                    _note(kind, tree, problem, path)
                noted.add(path)
                wanting[path] = problem["type"] != "extra_forbidden"
            value = _mended(value, wanting)
            if value is None:
                return None
    return None


STAND_INS: dict[str, Any] = {
    **dict.fromkeys(("ladder", "notice", "authority", "by"), UNREAD),
    **dict.fromkeys(("version", "process", "source", "label", "title", "name", "who", "telephone", "why", "at"), "unread"),
    **dict.fromkeys(("in_force", "day"), date(2000, 1, 1)),
    **dict.fromkeys(("limit", "within", "judge_within"), "1 working day"),
    "items": ["informal"],
    "raised_by": ["iro"],
    "for": "authority",
}
"""What is read in place of a required value at fault, only so that the rest of the file can be judged too."""


def _mended(value: Any, wanting: Mapping[Path, bool]) -> Any:
    """The value with each faulty place cut out, or filled if the place is one that a file must have."""
    cut: set[Path] = set()
    fill: dict[Path, dict[str, Any]] = {}
    for path, wanted in wanting.items():
        if wanted and path and path[-1] in STAND_INS:
            fill.setdefault(path[:-1], {})[str(path[-1])] = STAND_INS[str(path[-1])]
        elif _holds(value, path):
            cut.add(path)
        else:
            cut.add(path[:-1])
    if () in cut:
        return None

    def copy(node: Any, at: Path) -> Any:
        if isinstance(node, dict):
            kept = {key: copy(inner, (*at, key)) for key, inner in node.items() if (*at, key) not in cut}
            return kept | fill.get(at, {})
        if isinstance(node, list):
            return [copy(inner, (*at, n)) for n, inner in enumerate(node) if (*at, n) not in cut]
        return node

    return copy(value, ())


def _holds(value: Any, path: Path) -> bool:
    for part in path:
        if isinstance(value, dict) and part in value:
            value = value[str(part)]
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            return False
    return True


def _path(loc: tuple[int | str, ...]) -> Path:
    return tuple(part for part in loc if part not in ("[key]",) and not str(part).startswith(("function-", "Written")))


def _note(kind: type[BaseModel], tree: Tree, problem: Any, path: Path) -> None:
    last = path[-1] if path else ""
    said = problem["type"]
    if said == "missing":
        under = f" from {path[-2]}" if len(path) > 1 else ""
        tree.fault(path, f"`{last}` is missing{under}", f"add {EXAMPLES.get(str(last), f'`{last}: …`')}")
    elif said == "extra_forbidden":
        known = _keys_at(kind, path[:-1])
        near = difflib.get_close_matches(str(last), known, 1)
        instead = f"write `{near[0]}`" if near else f"the keys here are {', '.join(known)}"
        tree.fault(path, f"`{shown(last)}` is not a key here", instead)
    elif said == "value_error":
        error = problem["ctx"]["error"]
        if isinstance(error, Miswritten):
            tree.fault((*path, *error.within), error.wrong, error.instead)
        else:
            tree.fault(path, str(error), EXAMPLES.get(str(last), "see the language's page"))
    elif said in ("date_type", "date_parsing", "date_from_datetime_parsing"):
        tree.fault(path, f"`{last}` is not a date", EXAMPLES.get(str(last), "write year-month-day, such as 2026-04-01"))
    elif said == "literal_error":
        tree.fault(path, f"`{shown(problem['input'])}` is not known here", f"write {problem['ctx']['expected']}")
    elif said == "string_pattern_mismatch":
        tree.fault(path, f"`{shown(problem['input'])}` is not a time of day", 'write it as "09:00", in quotes')
    elif said == "bool_type":
        tree.fault(path, f"`{last}` is true or false", f"write `{last}: true`, or leave it out")
    elif said == "too_short":
        tree.fault(path, f"`{last}` is empty", f"add {EXAMPLES.get(str(last), 'at least one')}")
    else:
        wanted = {"string_type": "text", "dict_type": "keys and values", "list_type": "a list"}.get(said, "")
        wanted = wanted or ("keys and values" if said in ("model_type", "model_attributes_type") else str(problem["msg"]))
        tree.fault(path, f"`{last}` has the wrong form", f"here stands {wanted}")


def _keys_at(kind: type[BaseModel], path: Path) -> list[str]:
    """The keys that may stand at a place, followed through the models' own annotations."""
    here: Any = kind
    for part in path:
        model = _model_in(here)
        if _is_collection(here):  # a mapping or list of models: this part is its key or position
            here = model
            continue
        fields = model.model_fields if model else {}
        here = next((field.annotation for name, field in fields.items() if (field.alias or name) == part), None)
    model = _model_in(here)
    return [field.alias or name for name, field in model.model_fields.items()] if model else []


def _is_collection(annotation: Any) -> bool:
    return get_origin(annotation) in (dict, list, tuple)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (dict, list, tuple, Annotated, Union, UnionType):
        return next((found for arg in get_args(annotation) if (found := _model_in(arg))), None)
    return None


def _authority(w: WrittenAuthority, text: str) -> Authority:
    def reason(theme: str, key: str, said: Any) -> Reason:
        return Reason(key, said, theme) if isinstance(said, str) else Reason(key, said.label, theme, said.needs_words)

    sending = SendingHours()
    if w.sending_hours:
        hours = w.sending_hours
        sending = SendingHours(time.fromisoformat(hours.start), time.fromisoformat(hours.end), hours.on == "working days")
    return Authority(
        key=w.authority,
        name=w.name,
        version=w.version,
        in_force=w.in_force,
        source=w.source,
        roles=tuple(Role(key, r.title, r.held_for, r.acts_as, r.plural) for key, r in w.roles.items()),
        themes=tuple(
            Theme(key, theme.label, tuple(reason(key, of, said) for of, said in theme.reasons.items()))
            for key, theme in w.themes.items()
        ),
        serves=tuple(Serves(serves.ladder, serves.when) for serves in w.ladders),
        hash=content_hash(text),
        facts=tuple(w.facts.items()),
        labels=tuple(w.labels.items()),
        closures=tuple((closure.day, closure.why) for closure in w.closure_days),
        sending=sending,
        acts_at=time.fromisoformat(w.day.acts_at),
        warns_at=time.fromisoformat(w.day.warns_at),
        duty_numbers=tuple((duty.who, duty.telephone) for duty in w.at_immediate_risk),
        assumed=_assumed(w.assumed),
    )


def _assumed(written: Mapping[str, str]) -> tuple[Assumption, ...]:
    return tuple(Assumption(path, why) for path, why in written.items())


def _contact(w: WrittenContact | None) -> Contact:
    if w is None:
        return Contact()
    meeting = None
    if m := w.meeting:
        meeting = Meeting(m.called, m.arranged_by, m.attended_by, m.others, m.outcome_recorded_by, m.only_if)
    return Contact(w.by, w.form, w.followed_by, meeting)


def _stage(key: str, w: WrittenStage, keys: list[str], tree: Tree) -> Stage:
    at: Path = ("stages", key)
    # A referral that cannot be read is still meant as one.
    referral = "cafcass" if (*at, "referral") in tree.lines else ""
    if referral:
        for name, given in (
            ("to", w.to),
            ("respond_within", w.respond_within),
            ("no_reply", w.no_reply),
            ("complete_within", w.complete_within),
            ("endorsed_by", w.endorsed_by),
            ("copy", w.copies or None),
            ("stand_in", w.stand_in or None),
        ):
            if given is not None:
                tree.fault((*at, name), f"a referral stage has no `{name}`", "remove it: here the IRO is asked to decide")
    else:
        for name, given in (("to", w.to), ("respond_within", w.respond_within)):
            if given is None and (*at, name) not in tree.lines:
                tree.fault(at, f"`{name}` is missing from {key}", f"add {EXAMPLES[name]}")
        if w.no_reply is None and (*at, "no_reply") not in tree.lines and not (w.respond_within or Within()).none_because:
            tree.fault(at, f"`no_reply` is missing from {key}", f"add {EXAMPLES['no_reply']}")
    above = keys[keys.index(key) + 1 : keys.index(key) + 2]
    policy, policy_to = w.no_reply or (NoReply.PROMPT if referral else NoReply.NOTHING, None)
    return Stage(
        key=key,
        label=w.label,
        to=w.to,
        respond_within=w.respond_within or (REFERRAL_WINDOW if referral else Within(set_by_raiser=True)),
        no_reply=policy,
        no_reply_to=policy_to,
        informal=w.informal,
        copies=w.copies,
        observers=w.observers,
        sent_by=w.sent_by,
        endorsed_by=Endorsement(w.endorsed_by.role, w.endorsed_by.within) if w.endorsed_by else None,
        contact=_contact(w.contact),
        counted_from=w.counted_from if isinstance(w.counted_from, CountedFrom) else CountedFrom.SENT,
        counted_from_event="" if isinstance(w.counted_from, CountedFrom) else w.counted_from,
        complete_within=w.complete_within,
        judged_by=w.judged_by,
        judge_within=w.judge_within,
        satisfied=None if w.satisfied == "resolved" else w.satisfied,
        not_satisfied=tuple(next(iter(above), "next") if step == "next" else step for step in w.not_satisfied),
        obstacle_stops=w.obstacle == "judged",
        stand_ins=tuple(w.stand_in.items()),
        raise_within=w.raise_within,
        reasons=w.reasons,
        referral=referral,
        tell=w.tell.who if w.tell else "",
        told_by=w.tell.by if w.tell else "",
        texts=tuple(w.text.items()),
    )


def _ladder(w: WrittenLadder, text: str, tree: Tree) -> Ladder:
    keys = list(w.stages)
    whole = w.whole_process
    return Ladder(
        key=w.ladder,
        version=w.version,
        authority=w.authority,
        title=w.process,
        source=w.source,
        in_force=w.in_force,
        until=w.until,
        items=w.items,
        raised_by=w.raised_by,
        covers=w.covers,
        stages=tuple(_stage(key, stage, keys, tree) for key, stage in w.stages.items()),
        judge_within=w.judge_within,
        hash=content_hash(text),
        reminder_before=w.remind_before,
        whole_process=WholeProcess(whole.limit, whole.counted_from == "raising") if whole else None,
        observers=w.observers,
        priorities=w.priorities,
        enter_at=tuple(EnterAt(entry.when, entry.stage, entry.why) for entry in w.enter_at),
        repeats=tuple(Repeat(r.same, r.of, r.go_to) for r in w.repeat),
        must_raise=tuple(MustRaise(rule.when, rule.reason or "") for rule in w.must_raise),
        raise_within=w.raise_within,
        before_skipping=BeforeSkipping(w.before_skipping.talk_to, w.before_skipping.required) if w.before_skipping else None,
        labels=tuple(w.labels.items()),
        texts=tuple(w.text.items()),
        assumed=_assumed(w.assumed),
    )


def _notice(w: WrittenNotice, text: str) -> Ladder:
    stage = Stage(
        key=NOTICE_STAGE,
        label=w.process,
        to=w.to,
        respond_within=Within(none_because="A notice of excellent practice asks for no reply."),
        no_reply=NoReply.NOTHING,
        copies=w.copies,
        observers=w.observers,
        contact=_contact(w.contact),
    )
    return Ladder(
        key=w.notice,
        version=w.version,
        authority=w.authority,
        title=w.process,
        source=w.source,
        in_force=w.in_force,
        until=w.until,
        items=(ItemType.EXCELLENT_PRACTICE,),
        raised_by=w.raised_by,
        covers=w.covers,
        stages=(stage,),
        judge_within=Length(3, Unit.WORKING_DAYS),
        hash=content_hash(text),
        is_notice=True,
        must_raise=tuple(MustRaise(rule.when, rule.reason or "") for rule in w.must_raise),
        labels=tuple(w.labels.items()),
        texts=tuple(w.text.items()),
        assumed=_assumed(w.assumed),
    )


def schema() -> dict[str, Any]:
    """The JSON Schema for editors, generated from the models that read the files."""
    models = [(model, "validation") for model in (WrittenLadder, WrittenNotice, WrittenAuthority)]
    _, definitions = models_json_schema(models, title="A ladder, notice or authority file")  # type: ignore[arg-type]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **definitions,
        "oneOf": [{"$ref": f"#/$defs/{model.__name__}"} for model, _ in models],
    }
