"""Stories as a timeline would have them, for the replay; and the golden histories that later releases must still replay.

After a release, and never to make a red test green, write this release's own beside the older ones:

    .venv/bin/python -m tests.decision.retelling RELEASE
"""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from typing import Any

from tests.cast.clock import CALENDAR
from tests.cast.rules import SHIPPED
from tests.cast.story import Story
from tests.decision.lives import begin, live, long_life
from tests.ladders.reading import SHIPPED as FOLDER
from tests.ladders.reading import texts
from workflows.decision.decision_builder import TimelineEntry
from workflows.ladder_language.reader import read_procedures
from workflows.model.actor import Actor, Part
from workflows.model.authority import Rules
from workflows.model.challenge import Challenge, Facts
from workflows.model.ladder import Status
from workflows.proofs.replay import RecordedEntry, replay_timeline

GOLDEN = Path(__file__).with_name("golden")
SEEDS = {
    "durham 2016/17": 3,
    "durham 2022/23": 5,
    "derby": 8,
    "north yorkshire": 13,
    "north yorkshire multi-agency": 21,
    "thurrock": 34,
}


def plain(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(one) for key, one in value.items()}
    if isinstance(value, frozenset | set):
        return sorted(plain(one) for one in value)
    if isinstance(value, tuple | list):
        return [plain(one) for one in value]
    return value


def recorded(entries: Sequence[TimelineEntry]) -> list[RecordedEntry]:
    """Entries as a timeline has them: through JSON and back."""
    return [
        RecordedEntry(
            number, entry.kind, entry.at, entry.stage, entry.sequence, entry.visible.value, json.loads(json.dumps(entry.facts)),
            {name: text for name, text in entry.words.items() if text}, any(entry.words.values()), not entry.by.person,
            entry.edition.value,
        )
        for number, entry in enumerate(entries, 1)
    ]  # fmt: skip


def again(story: Story, rules: Rules, entries: Sequence[RecordedEntry] | None = None) -> Challenge:
    """A story decided again from its own entries."""
    told = entries if entries is not None else recorded(story.entries)
    by = [entry.by for entry in story.entries]
    others = {story.rules.ladder.hash: story.rules, rules.ladder.hash: rules}
    facts = story.challenge.facts_at_raising
    return replay_timeline(rules, told, facts, lambda entry, _: by[entry.number - 1], others.__getitem__).challenge


# Golden histories.


def lived(name: str) -> Story:
    """A long life on one shipped ladder."""
    rules = SHIPPED[name]()
    story = begin(rules, SEEDS[name] % len(rules.ladder.stages))
    live(story, long_life(SEEDS[name]).plan)
    return story


def history(name: str) -> dict[str, Any]:
    """A life with everything that it takes to live it again: the files' own text, every entry with its actor, the end."""
    story = lived(name)
    authority = story.rules.authority.key
    return {
        "texts": texts(FOLDER / authority),
        "ladder": story.rules.ladder.hash,
        "facts": plain(asdict(story.challenge.facts_at_raising)),
        "entries": [plain(vars(one)) for one in recorded(story.entries)],
        "actors": [plain(asdict(entry.by)) for entry in story.entries],
        "end": plain(asdict(story.challenge)),
    }


def replayed(told: Mapping[str, Any]) -> dict[str, Any]:
    """A golden history's end as this release decides it."""
    read = read_procedures(told["texts"], is_in_force=lambda content: True)
    ladder = next(one for one in read.ladders if one.hash == told["ladder"])
    entries = [RecordedEntry(**{**one, "at": datetime.fromisoformat(one["at"])}) for one in told["entries"]]
    actors = [
        Actor(
            **{
                # What independence kept from somebody then binds no replay: 0.1 kept it as `in_their_line`.
                **{name: value for name, value in one.items() if name not in ("in_their_line", "is_concerned", "may_not_end")},
                "parts": frozenset(Part(part) for part in one["parts"]), "roles": frozenset(one["roles"]),
                "standing_for": frozenset(one["standing_for"]),
            }
        )
        for one in told["actors"]
    ]  # fmt: skip
    said = told["facts"]
    review = said.get("next_review")  # not in the histories of 0.1
    facts = Facts(
        **{
            **said, "statuses": frozenset(map(Status, said["statuses"])), "facts": frozenset(said["facts"]),
            "next_review": date.fromisoformat(review) if review else None,
        }
    )  # fmt: skip
    rules = Rules(ladder, read.authority, CALENDAR)
    found = replay_timeline(rules, entries, facts, lambda entry, _: actors[entry.number - 1], {ladder.hash: rules}.__getitem__)
    ended: dict[str, Any] = plain(asdict(found.challenge))
    return ended


def parts(golden: Any, now: Any, at: str = "") -> str:
    """Where an end is another than it was; what a later release adds beside it is no difference."""
    if isinstance(golden, dict) and isinstance(now, dict):
        return next((said for name in golden if (said := parts(golden[name], now.get(name), f"{at}.{name}"))), "")
    if isinstance(golden, list) and isinstance(now, list) and len(golden) == len(now):
        return next((said for n, (a, b) in enumerate(zip(golden, now, strict=True)) if (said := parts(a, b, f"{at}.{n}"))), "")
    return "" if golden == now else f"{at}: {golden!r} was decided, {now!r} is"


if __name__ == "__main__":
    folder = GOLDEN / sys.argv[1]
    folder.mkdir(parents=True, exist_ok=True)
    for each in SEEDS:
        text = json.dumps(history(each), indent=0, sort_keys=True, ensure_ascii=False)
        (folder / f"{each.replace(' ', '_').replace('/', '-')}.json").write_text(text + "\n", encoding="utf-8")
