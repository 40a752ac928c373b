"""`drp check` and `drp ladder`: files in, what they keep or what is wrong with them out."""

from collections.abc import Sequence
from importlib.resources import files as resources
from pathlib import Path

from api.assembly import calendar, from_folder, shipped
from workflows import drawing
from workflows.check import prove
from workflows.procedure import Rules
from workflows.reader import Procedures, Unreadable, read_procedures


def check_files(paths: Sequence[Path]) -> int:
    """Check files and folders; each ladder is read with the authority file beside it. Returns the exit status."""
    from rich.progress import Progress

    folders: dict[Path, set[Path]] = {}
    for path in paths:
        if path.is_dir():
            folders[path] = set(path.glob("*.yaml"))
        elif path.is_file():
            folders.setdefault(path.parent, set()).add(path)
        else:
            print(f"{path}:1: there is no such file; check the path")
            return 1
    status = 0
    for folder, chosen in folders.items():
        try:
            read = read_procedures(_texts(folder))
        except Unreadable as refused:
            print(refused)
            status = 1
            continue
        wanted = {text for path in chosen for text in [path.read_text(encoding="utf-8")]}
        ladders = [ladder for ladder in read.ladders if read.texts[ladder.hash] in wanted]
        if read.texts[read.authority.hash] in wanted:
            ladders = list(read.ladders)
        with Progress(transient=True) as progress:
            for ladder in progress.track(ladders, description=f"Playing the ladders of {read.authority.name}"):
                status |= _show_proof(Rules(ladder, read.authority, calendar()))
    return status


def _texts(folder: Path) -> dict[str, str]:
    texts = {}
    for path in sorted(folder.glob("*.yaml")):
        # A file over the limit is named and not read.
        with path.open(encoding="utf-8", errors="replace") as file:
            texts[str(path)] = file.read(256 * 1024 + 2)
    return texts


def _show_proof(rules: Rules) -> int:
    proof, ladder = prove(rules), rules.ladder
    print(f"{rules.authority.name}: {ladder.title} {ladder.version} ({ladder.key}), in force from {ladder.in_force}")
    for failure in proof.failures:
        print(f"  WRONG    {failure}")
    if not proof.failures and not ladder.is_notice:
        print(f"  shown    in each of {proof.states} states somebody owns the next step, with a date or a stated reason for none")
        print("  shown    Cafcass is open to the child's IRO in every open state for a looked-after child, and to nobody else")
        counted = f"{proof.formal_days} working days in its formal stages, {proof.with_informal_days} with the informal"
        print(f"  counted  {counted}; the Handbook's limit for the formal process is 20")
    if not proof.failures and ladder.is_notice:
        print("  shown    it asks for no reply, has no window and never climbs")
    for warning in proof.warnings:
        print(f"  weigh    {warning}")
    for assumption in proof.assumptions:
        print(f"  assumed  {assumption}")
    return 1 if proof.failures else 0


def show_ladder(name: str, diagram: str) -> int:
    """Show shipped ladders, or those of a folder. Returns the exit status."""
    authority, _, key = name.partition("/")
    try:
        if Path(name).is_dir():
            read, key = from_folder(Path(name)), ""
        else:
            known = sorted(one.name for one in resources("workflows").joinpath("authorities").iterdir() if one.is_dir())
            if authority not in known:
                print(f"There is no authority {authority}. Shipped are: {', '.join(known)}. A folder of your own works too.")
                return 1
            read = shipped(authority)
    except Unreadable as refused:
        print(refused)
        return 1
    return _show(read, key, diagram)


def _show(read: Procedures, key: str, diagram: str) -> int:
    chosen = [ladder for ladder in read.ladders if not key or ladder.key == key]
    if not chosen:
        print(f"{read.authority.name} has no ladder {key}. It has: {', '.join(ladder.key for ladder in read.ladders)}.")
        return 1
    if diagram not in ("", "svg", "mermaid"):
        print(f"`{diagram}` is not a kind of diagram: write svg or mermaid.")
        return 1
    for ladder in chosen:
        if diagram:
            print((drawing.svg if diagram == "svg" else drawing.mermaid)(ladder, read.authority), end="")
            continue
        print(f"{read.authority.name}: {ladder.title} {ladder.version}, from {ladder.in_force}. Source: {ladder.source}")
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
