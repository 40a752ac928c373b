"""What must be true of a database and a mail folder after any fault, as one list of what is not."""

import hashlib
import json
import re
from collections import Counter, defaultdict
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from drp.database.challenge_tables import ChallengeRow, EntryRow, IdempotencyRow, WindowRow, WordsRow
from drp.database.engine import Store
from drp.database.message_tables import DeliveryRow, NotificationRow
from drp.timeline.chain import ChainKey, KeptWords, first_fault
from notifications.message_manners import MessageManner, message_words_for
from notifications.wording import message_sentences
from tests.cast.councils import MARSH, procedures
from tests.cast.marsh import KEY
from tests.faults.world import SECRET
from workflows.decision.decision_builder import NotificationKind


def all_of(connection: Connection, table: Any) -> list[dict[str, Any]]:
    query = select(table.__table__).where(table.authority == KEY).order_by(*table.__table__.primary_key)
    return [dict(row) for row in connection.execute(query).mappings()]


def faults(store: Store, mail: Path | None = None) -> list[str]:
    """Half-done, doubled, forked or untold: state, entries, windows, notifications and mail that do not agree."""
    with store.read(KEY) as connection:
        challenges = all_of(connection, ChallengeRow)
        by: dict[str, dict[Any, list[dict[str, Any]]]] = {}
        for name, table in (("entry", EntryRow), ("window", WindowRow), ("told", NotificationRow), ("words", WordsRow)):
            by[name] = defaultdict(list)
            for row in all_of(connection, table):
                by[name][row["challenge"]].append(row)
        keys = all_of(connection, IdempotencyRow)
        deliveries = {(d["challenge"], d["version"], d["n"]) for d in all_of(connection, DeliveryRow)}
    found: list[str] = []
    ids = {row["id"]: row for row in challenges}
    for row in challenges:
        entries, windows, told = (by[name][row["id"]] for name in ("entry", "window", "told"))
        words: dict[int, list[KeptWords]] = defaultdict(list)
        for kept in by["words"][row["id"]]:
            words[kept["number"]].append(KeptWords(kept["number"], kept["field"], kept["salt"], kept["text"]))
        found += [f"{row['reference']}: {what}" for what in _of_one(row, entries, words, windows, told, deliveries)]
    for known in keys:
        item = ids.get(known["challenge"])
        if item is None or not 1 <= known["entry"] <= item["entries"]:
            found.append(f"the key {known['key']} answers for what is not there")
    if mail is not None:
        told_of = [n for listed in by["told"].values() for n in listed]
        found += _mail(mail, told_of, {id_: row["reference"] for id_, row in ids.items()})
    return found


def _of_one(row: Any, entries: Any, words: Any, windows: Any, told: Any, deliveries: Any) -> list[str]:
    found: list[str] = []
    kept = {number: tuple(listed) for number, listed in words.items()}
    keys = {"k1": ChainKey("k1", SECRET), "test": ChainKey("test", SECRET)}
    fault = first_fault(keys, KEY, row["id"], entries, kept, row["entries"], row["head"])
    if fault:
        found.append(fault)
    kinds = Counter(entry["kind"] for entry in entries)
    if kinds["raised"] != 1:
        found.append(f"raised {kinds['raised']} times")
    entered = [json.loads(entry["facts"])["how"] for entry in entries if entry["kind"] == "stage_entered"]
    visits = row["rest"]["visits"]
    if len(entered) != len(visits) or len(visits) != row["sequence"]:
        found.append(f"{len(entered)} stages entered, {len(visits)} stays, sequence {row['sequence']}")
    opened = Counter(
        (entry["sequence"], json.loads(entry["facts"])["kind"], json.loads(entry["facts"])["n"])
        for entry in entries
        if entry["kind"] == "window_opened"
    )
    shown = [w for w in windows if w["kind"] not in ("reminder", "warning")]
    if opened != Counter((w["sequence"], w["kind"], w["n"]) for w in shown):
        found.append("windows and the timeline do not agree")
    running = [w for w in windows if w["closed_at"] is None and w["kind"] in ("reply", "meeting")]
    if row["phase"] == "awaiting" and [w["sequence"] for w in running] != [row["sequence"]]:
        found.append(f"awaiting, with {len(running)} windows to answer in")
    asked = Counter(n["sequence"] for n in told if n["subject"] == "asked")
    if asked != Counter(visit["sequence"] for visit in visits if visit["sent"]):
        found.append(f"asked {dict(asked)} for {len(visits)} stays")
    found += _climbs(visits, entered, windows, told)
    asked_in = [w for w in windows if w["kind"] in ("reply", "meeting")]
    gone = [w for w in asked_in if w["closed_as"] in ("no reply", "not reached")]
    in_time = [w for w in gone if any(a["answered_at"] and not a["late"] for a in w["asked"])]
    if in_time:
        found.append("answered in time and closed for no reply, or as not reached")
    if max((n["version"] for n in told), default=0) > row["version"]:
        found.append("told of a version that is not there")
    for n in told:
        if n["state"] != "none" and (n["challenge"], n["version"], n["n"]) not in deliveries:
            found.append(f"a message ({n['subject']}) to nobody")
    return found


def _climbs(visits: Any, entered: list[str], windows: Any, told: Any) -> list[str]:
    """Climbs by themselves: each from a window that closed for it, and each told as what it was, once."""
    found: list[str] = []
    subjects = Counter(n["subject"] for n in told)
    for how, closed_as in (("no_reply", "no reply"), ("not_reached", "not reached")):
        climbs = Counter(visit["sequence"] for visit in visits if visit["how"] == how)
        if sum(one == how for one in entered) != climbs.total():
            found.append(f"stays entered by {how} and the timeline do not agree")
        closed = [w for w in windows if w["kind"] in ("reply", "meeting") and w["closed_as"] == closed_as]
        if climbs - Counter(w["sequence"] + 1 for w in closed):
            found.append(f"{climbs.total()} climbs for {len(closed)} windows closed as {closed_as}")
        if how == "no_reply":
            if subjects["climbed"] != climbs.total():
                found.append("climbs and what was told of them do not agree")
            continue
        # Nobody decides here before the date does: each such window is told of, and climbs but where the stay before did so.
        if subjects["ask_not_reached"] != len(closed):
            found.append("windows closed as not reached and what was told of them do not agree")
        climbing = [w for w in closed if w["on_close"] == "escalate" and visits[w["sequence"] - 1]["how"] != how]
        if climbs != Counter(w["sequence"] + 1 for w in climbing):
            found.append(f"{climbs.total()} climbs for {len(climbing)} windows that climb as not reached")
    return found


def identity(n: dict[str, Any]) -> str:
    """The left part of a message's Message-ID."""
    return hashlib.sha256(f"{KEY}/{n['challenge']}/{n['version']}/{n['n']}".encode()).hexdigest()[:32]


def _mail(folder: Path, told: list[dict[str, Any]], references: dict[Any, str]) -> list[str]:
    paths = sorted(folder.glob("*.eml")) if folder.exists() else []
    files = Counter(path.stem.partition("-")[2] for path in paths)
    whose = {name: name.partition("-")[0] for name in files if not name.startswith("digest-")}
    known = {identity(n): n for n in told}
    lines = {line for path in paths if "-digest-" in path.stem for line in _lines(path)}
    decided = {line for n in told for line in _line(n, references)}
    found = [f"mail of what was never decided: {name}" for name, identity in whose.items() if identity not in known]
    found += [f"a line of what was never decided: {line}" for line in lines - decided]
    found += [
        f"called sent and never written: {n['subject']}"
        for name, n in known.items()
        if n["state"] == "sent" and name not in whose.values() and not lines & _line(n, references)
    ]
    return found + [f"written {count} times: {name}" for name, count in files.items() if count > 1]


def _line(n: dict[str, Any], references: dict[Any, str]) -> set[tuple[str, str]]:
    """What a message may be as a line of a digest: its item, and what it is about, in whichever manner somebody is told."""
    kind, authority = NotificationKind(n["subject"]), procedures(MARSH).authority
    said = (message_sentences(message_words_for(kind, manner), authority, None, False) for manner in MessageManner)
    return {(references[n["challenge"]], one["subject"]) for one in said}


def _lines(path: Path) -> list[tuple[str, str]]:
    body = message_from_bytes(path.read_bytes(), policy=policy.default).get_body(("plain",))
    assert body is not None
    pattern = r"^(\w{4}-\w{4}): (.*?)\.(?: Date: .*?\.)? https?://\S+$"
    return [line for said in body.get_content().splitlines() for line in re.findall(pattern, said)]


def lost(store: Store, acknowledged: list[dict[str, Any]]) -> list[str]:
    """What was acknowledged and is not there, or is there twice."""
    with store.read(KEY) as connection:
        texts = Counter(row["text"] for row in all_of(connection, WordsRow))
        references = {row["reference"]: row for row in all_of(connection, ChallengeRow)}
    found: list[str] = []
    for action in acknowledged:
        said = action["body"].get("concern") or action["body"].get("text")
        if texts[said] != 1:
            found.append(f"{action['key']}: there {texts[said]} times")
        row = references.get(action["answer"]["reference"])
        if row is None or row["entries"] < action["answer"]["entry"]:
            found.append(f"{action['key']}: its entry is not there")
    twice = [text for text, times in texts.items() if times > 1 and text.startswith(("Concern k", "Note k"))]
    return found + [f"twice: {text}" for text in twice]
