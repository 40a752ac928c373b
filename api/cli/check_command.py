"""`drp check` and `drp ladder`: files in, what they keep or what is wrong with them out."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from importlib import resources
from pathlib import Path

from rich.progress import Progress

from api.assembly import from_folder, shipped_calendar, shipped_procedures
from workflows.calendar.working_days import so_many
from workflows.ladder_language import fault_location
from workflows.ladder_language.reader import AuthorityProcedures, Unreadable, ladder_file_schema, read_procedures
from workflows.model.authority import Rules
from workflows.model.ladder import Assumption, Ladder
from workflows.proofs import drawing
from workflows.proofs.ladder_check import HANDBOOK_LIMIT, Proof, last_day, prove_ladder

NOBODY_NAMED = (
    "the authority file names nobody (`for_absent_raiser`) to act, or to lend the second name, where an IRO is away and neither "
    "another IRO nor an IRO manager may"
)


def check_files(files: Sequence[Path], in_force: bool = False) -> int:
    """Check files and folders; each ladder is read with the authority file beside it. Returns the exit status.

    `in_force`: they are in force already, so that what a later release refuses in new files is only to be weighed.
    """
    folders: dict[Path, set[Path]] = {}
    for path in files:
        if path.is_dir():
            folders[path] = set(path.glob("*.yaml"))
        elif path.is_file():
            folders.setdefault(path.parent, set()).add(path)
        else:
            print(f"{path}:1: there is no such file; check the path")
            return 1
    tally = Counter[str]()
    for folder, chosen in folders.items():
        try:
            read = read_procedures(_texts(folder), is_in_force=lambda content: in_force)
        except Unreadable as refused:
            print(refused)
            tally["wrong"] += len(refused.faults)
            continue
        ladders, days = _wanted(read, chosen), shipped_calendar()
        if read.authority.closures:
            days = days.closed_also_on(dict(read.authority.closures), read.authority.hash[:8])
        with Progress(transient=True) as progress:
            for ladder in progress.track(ladders, description=f"Playing the ladders of {read.authority.name}"):
                tally.update(_show_proof(Rules(ladder, read.authority, days), read.ladders, in_force))
        to_weigh = [*map(str, read.to_weigh), *([] if read.authority.for_absent_raiser else [NOBODY_NAMED])]
        for fault in to_weigh:
            print(f"  weigh    {fault}")
        tally["to weigh"] += len(to_weigh)
        _show_assumed(
            "assumed (authority file)", read.authority.assumed, partial(fault_location.locate_in_authority_file, read.authority)
        )
    found = (f"{so_many(tally[kind], 'things') if tally[kind] else 'nothing'} {kind}" for kind in ("wrong", "to weigh"))
    print(f"{so_many(tally['procedures'], 'procedures')} read, {', '.join(found)}.")
    return 1 if tally["wrong"] else 0


def _wanted(read: AuthorityProcedures, chosen: Iterable[Path]) -> list[Ladder]:
    """The ladders of the chosen files, each one's versions in order; all of them, where the authority file is chosen."""
    texts = {path.read_text(encoding="utf-8") for path in chosen}
    every = read.texts[read.authority.hash] in texts
    ladders = [ladder for ladder in read.ladders if every or read.texts[ladder.hash] in texts]
    keys = [serves.ladder for serves in read.authority.serves]
    return sorted(ladders, key=lambda ladder: (keys.index(ladder.key), ladder.in_force))


def _texts(folder: Path) -> dict[str, str]:
    texts = {}
    for path in sorted(folder.glob("*.yaml")):
        # A file over the limit is named and not read.
        with path.open(encoding="utf-8", errors="replace") as file:
            texts[str(path)] = file.read(256 * 1024 + 2)
    return texts


def _show_proof(rules: Rules, versions: Sequence[Ladder], in_force: bool) -> dict[str, int]:
    """Print what a ladder keeps. Gives how many things are wrong with it, and how many are to be weighed.

    `in_force`: what is wrong is to be weighed too, for what is stored stays in force.
    """
    proof, ladder = prove_ladder(rules, versions), rules.ladder
    print(f"{rules.authority.name}: {ladder.title} {ladder.version_in_words} ({ladder.key}), {_in_force(ladder, versions)}")
    for failure in proof.failures:
        print(f"  {'weigh' if in_force else 'WRONG'}    {failure}")
    if not proof.failures:
        for shown in _shown(proof, ladder):
            print(f"  shown    {shown}")
        if proof.counted:
            limit = f"; the Handbook's limit for the formal process is {HANDBOOK_LIMIT} working days" if proof.has_formal else ""
            print(f"  counted  {proof.counted}{limit}")
    for warning in proof.warnings:
        print(f"  weigh    {warning}")
    _show_assumed("assumed", ladder.assumed, partial(fault_location.locate_in_ladder, ladder))
    wrong, to_weigh = len(proof.failures), len(proof.warnings)
    return {"procedures": 1, "wrong": 0 if in_force else wrong, "to weigh": to_weigh + (wrong if in_force else 0)}


def _in_force(ladder: Ladder, versions: Sequence[Ladder]) -> str:
    last, after = last_day(ladder, versions)
    if last is None:
        return f"in force from {ladder.in_force}"
    follows = f"; then {after.version}" if after else ""
    return f"in force from {ladder.in_force} to {last}{follows}"


def _shown(proof: Proof, ladder: Ladder) -> list[str]:
    if ladder.is_notice:
        return ["it asks for no reply, has no window and never climbs"]
    said = {
        f"wherever an open item can stand ({so_many(proof.open_states, 'places')}), somebody owns the next step, "
        "with a date or a stated reason for none": True,
        "Cafcass is open to the child's IRO, wherever an open item stands, for a looked-after child, and to nobody else": (
            proof.open_to_looked_after
        ),
        f"for others too a referral is the IRO's to decide (played: {', '.join(proof.not_looked_after)})": (
            proof.not_looked_after
        ),
    }
    return [line for line, is_so in said.items() if is_so]


def _show_assumed(word: str, assumed: Iterable[Assumption], place: Callable[[str], str]) -> None:
    """Each reason once, after every place that it is given for."""
    by_reason: dict[str, list[str]] = defaultdict(list)
    for assumption in assumed:
        by_reason[assumption.why].append(place(assumption.path))
    for why, where in by_reason.items():
        print(f"  {word:<8} {'; '.join(_said_once(where))}: {why}")


def _said_once(where: Sequence[str]) -> list[str]:
    """Places of the same name in several stages: "Stage 2; Stage 3, no reply"."""
    parted = [place.rpartition(", ") for place in where]
    following = [of for _, _, of in parted[1:]] + [""]
    return [
        stage if stage and of == after else place for place, (stage, _, of), after in zip(where, parted, following, strict=True)
    ]


def print_ladder(name: str, diagram: str) -> int:
    """Show shipped ladders, or those of a folder. Returns the exit status."""
    authority, _, key = name.partition("/")
    try:
        if Path(name).is_dir():
            read, key = from_folder(Path(name)), ""
        else:
            known = sorted(one.name for one in resources.files("workflows").joinpath("authorities").iterdir() if one.is_dir())
            if authority not in known:
                print(f"There is no authority {authority}. Shipped are: {', '.join(known)}. A folder of your own works too.")
                return 1
            read = shipped_procedures(authority)
    except Unreadable as refused:
        print(refused)
        return 1
    return _show(read, key, diagram)


def _show(read: AuthorityProcedures, key: str, diagram: str) -> int:
    chosen = [ladder for ladder in read.ladders if not key or ladder.key == key]
    if not chosen:
        print(f"{read.authority.name} has no ladder {key}. It has: {', '.join(ladder.key for ladder in read.ladders)}.")
        return 1
    if diagram not in ("", "svg", "mermaid"):
        print(f"`{diagram}` is not a kind of diagram: write svg or mermaid.")
        return 1
    for ladder in chosen:
        if diagram:
            print((drawing.draw_ladder_svg if diagram == "svg" else drawing.draw_mermaid)(ladder, read.authority), end="")
            continue
        print(f"{read.authority.name}: {ladder.title} {ladder.version_in_words}, from {ladder.in_force}. Source: {ladder.source}")
        for stage in ladder.stages:
            print(f"  {stage.label}")
            if stage.to:
                print(f"    to      {drawing.recipients_in_words(read.authority, stage.to)}")
            for copy in stage.copies:
                print(f"    copy    {drawing.copy_in_words(read.authority, copy)}")
            if not stage.referral:
                print(f"    within  {drawing.within_in_words(stage.respond_within)}")
            if after := drawing.no_reply_in_words(read.authority, ladder, stage):
                print(f"    if no reply, {after}")
    return 0


def print_schema() -> None:
    """Print the JSON Schema of ladder, notice and authority files."""
    print(json.dumps(ladder_file_schema(), indent=2, ensure_ascii=False))
