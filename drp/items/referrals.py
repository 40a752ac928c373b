"""A referral as the record has it: what was said, which entries go with it, and what is made unreadable."""

import json
import re
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from drp.timeline.chain import ChainedEntry
from drp.timeline.read import StoredTimeline
from workflows.decision.decision_builder import EntryVisibility
from workflows.decision.off_ladder_events import STATEMENT
from workflows.model.events import ReferredToCafcass
from workflows.proofs.replay_events import event_of

BLACK = "█████"
"""What stands where words were made unreadable: always as long, so that it tells nothing of what stood there."""

NEVER_SENT = {"legal_advice_taken": frozenset({"content"}), STATEMENT: frozenset({"leaves_out"})}
"""Fields that no bundle holds, ticked or not: privileged advice, and the very words that are to be left out."""


@dataclass(frozen=True)
class MadeReferral:
    """A referral that was made: the number of its entry, the moment, by whom and for whom."""

    number: int
    at: datetime
    person: UUID | None
    behalf_of: UUID | None
    event: ReferredToCafcass


def referrals_of(kept: StoredTimeline) -> tuple[MadeReferral, ...]:
    """Every referral on a timeline, oldest first, each with its statement."""
    found = []
    for entry in kept.entries:
        if entry.kind == "referred_to_cafcass":
            facts, words = json.loads(entry.facts), kept.text_of(entry.number)
            after = kept.entries[entry.number] if entry.number < len(kept.entries) else None
            if after and after.kind == STATEMENT:
                facts |= json.loads(after.facts)
                words |= kept.text_of(after.number)
            event = event_of(entry.kind, facts, words, had_words=False)
            assert isinstance(event, ReferredToCafcass)
            found.append(MadeReferral(entry.number, entry.at, entry.person, entry.behalf_of, event))
    return tuple(found)


class Redaction:
    """Makes phrases unreadable wherever they stand, however they are cased or composed."""

    def __init__(self, phrases: str) -> None:
        listed = sorted({_composed(line.strip()) for line in phrases.splitlines() if line.strip()}, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(_loosely, listed)), re.IGNORECASE) if listed else None

    def __call__(self, text: str) -> str:
        """The text as it may go."""
        return self._pattern.sub(BLACK, _composed(text)) if self._pattern else text

    def found_in(self, texts: Iterable[str]) -> int:
        """In how many places something is to be made unreadable."""
        return sum(len(self._pattern.findall(_composed(text))) for text in texts) if self._pattern else 0

    def touches(self, text: str) -> bool:
        """Is anything in it to be made unreadable?"""
        return bool(self._pattern and self._pattern.search(_composed(text)))


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


_SAME = ("'’‘ʼ`´", "-‐‑‒–—", '"“”„')
"""Marks that a keyboard, a telephone and a word processor each write in their own way."""

_UNSEEN = "[\u00ad\u200b-\u200f\u2060\ufeff]*"
"""What may stand inside a word and is not seen."""


def _loosely(phrase: str) -> str:
    """A phrase by itself (never part of a longer word), however it is typed: broken over lines, with other quotation marks
    and hyphens, with marks inside that nobody sees."""
    words = [_UNSEEN.join(_alike(mark) for mark in word) for word in phrase.split()]
    before, after = (r"(?<!\w)" if phrase[:1].isalnum() else ""), (r"(?!\w)" if phrase[-1:].isalnum() else "")
    return before + rf"[\s\u00a0]+{_UNSEEN}".join(words) + after


def _alike(mark: str) -> str:
    same = next((marks for marks in _SAME if mark in marks), "")
    return f"[{re.escape(same)}]" if same else re.escape(mark)


@dataclass(frozen=True)
class EntrySelection:
    """Which entries stand in a bundle, and of which the words go with it."""

    shown: frozenset[int]
    spoken: frozenset[int]


def select_entries(entries: Iterable[ChainedEntry], includes: Collection[int]) -> EntrySelection:
    """The least by default: what everybody on the item could read, without its words; the rest where it was ticked.

    What was sealed never goes. A correction goes with what it corrects, so that nobody reads the first words alone.
    """
    ticked = set(includes)
    listed = list(entries)
    silent = corrections_of_what_is_never_sent(listed)
    shown, spoken = set(), set()
    for entry in listed:
        if entry.kind == "corrected" and json.loads(entry.facts).get("entry") in ticked:
            ticked.add(entry.number)
        if entry.visible == EntryVisibility.SEALED.value or entry.kind == STATEMENT:
            continue
        is_ticked = entry.number in ticked
        if entry.visible == EntryVisibility.EVERYONE.value or is_ticked:
            shown.add(entry.number)
        # What corrects privileged advice may say it again: that there was a correction is shown, and no word of it.
        if is_ticked and entry.number not in silent:
            spoken.add(entry.number)
    return EntrySelection(frozenset(shown), frozenset(spoken))


def corrections_of_what_is_never_sent(entries: Iterable[ChainedEntry]) -> frozenset[int]:
    """Corrections whose words go in no bundle, because those that they correct do not."""
    never: set[int] = set()
    found: set[int] = set()
    for entry in entries:
        corrects = json.loads(entry.facts).get("entry") if entry.kind == "corrected" else None
        if corrects is not None and corrects in never:
            found.add(entry.number)
        if entry.kind in NEVER_SENT or entry.number in found:
            never.add(entry.number)
    return frozenset(found)


def words_go(entry: ChainedEntry, field: str, selection: EntrySelection) -> bool:
    """Do the words of this field of an entry go?"""
    return entry.number in selection.spoken and field not in NEVER_SENT.get(entry.kind, frozenset())


def names_others(entry: ChainedEntry) -> bool:
    """Do an entry's facts hold references of other items: of brothers and sisters, of what was open before?"""
    facts = json.loads(entry.facts)
    return bool(facts.get("linked") or any(prompt.get("reference") for prompt in facts.get("prompts", ())))
