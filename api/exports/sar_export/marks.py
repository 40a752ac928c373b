"""Marks on what somebody wrote, for whoever redacts: who wrote it, whom it may name, what it may be. Marks, never cuts."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import get_args

from api.exports.sar_export.contents import Mark, MarkKey, MarkMeaning
from drp.items.referrals import Redaction
from workflows.model.personal_details import personal_details

MEANINGS: Mapping[MarkKey, tuple[str, str]] = {
    "outside_the_authority": (
        "Written by somebody outside the authority",
        "It is the words of somebody of another agency. Consider asking them before it is released.",
    ),
    "may_name_others": (
        "May name others",
        "A name, a relation, an address or a number stands in it. Read it, and take out what is another person's to keep.",
    ),
    "told_in_confidence": (
        "Told in confidence",
        "The child asked that it be kept to the IRO. It is the child's own; consider what they expected before it goes to "
        "anybody who asks on their behalf.",
    ),
    "iro_service_only": (
        "Only the IRO service reads it",
        "It was kept from everybody else on the item. That alone is no ground to withhold it; read why it was kept.",
    ),
    "privileged": (
        "Legal advice: privileged",
        "Consider the exemption for legal professional privilege (Data Protection Act 2018, Schedule 2, paragraph 19). "
        "Only the authority as the client may give the privilege up.",
    ),
    "may_be_legal_advice": (
        "May be, or repeat, legal advice",
        "Somebody in a legal post wrote it, or it speaks of advice. Ask your lawyer whether it is privileged.",
    ),
    "sealed": (
        "Sealed: recorded in error",
        "It was sealed as never meant for this record; it may be about another child. Find out whose it is before "
        "anything of it goes.",
    ),
    "not_sent": ("Begun and not sent", "Somebody is still writing it. It is held all the same."),
    "not_looked_into": (
        "The service does not read inside documents",
        "No mark says what is in a document. Open it and read all of it, pictures and tracked changes too.",
    ),
}

_WORD = re.compile(r"[^\W\d_]+(?:['’\-][^\W\d_]+)*")
_TITLED = re.compile(
    r"\b(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Professor|Rev|Revd|Sir|Dame|Lady|Lord)\.? +[A-Z][^\W\d_]*(?: [A-Z][^\W\d_]+)?"
)
_RELATIONS = frozenset({
    "mother", "mum", "mummy", "mam", "father", "dad", "daddy", "parent", "parents", "brother", "brothers", "sister",
    "sisters", "sibling", "siblings", "twin", "step-father", "step-mother", "stepfather", "stepmother", "stepdad", "stepmum",
    "grandmother", "grandfather", "grandparent", "grandparents", "gran", "nan", "nana", "grandad", "aunt", "auntie", "uncle",
    "cousin", "cousins", "niece", "nephew", "partner", "boyfriend", "girlfriend", "husband", "wife", "carer", "carers",
    "foster-carer", "neighbour", "neighbours", "friend", "friends",
})  # fmt: skip
_OF_LAW = re.compile(
    r"\b(?:legal(?:ly)? (?:advice|advised|opinion|privilege\w*)|privileged|counsel|barrister|solicitors?|without prejudice)\b",
    re.IGNORECASE,
)
_POST_OF_LAW = re.compile(r"legal|solicitor|barrister|lawyer|monitoring officer", re.IGNORECASE)
_SHORTEST = 3
"""Letters of a part of a name that is looked for by itself."""


class NameFinder:
    """Finds the names of the directory's people in a text: whole ones however they are cased, parts as names are written.

    `phrases`: what an IRO once had made unreadable, which is found however it is cased or spaced.
    """

    def __init__(self, names: Iterable[str], phrases: Iterable[str] = ()) -> None:
        self._phrases = [(phrase, Redaction(phrase)) for phrase in sorted(phrases)]
        self._whole = {tuple(word.casefold() for word in words) for name in names if (words := _words(name))}
        self._longest = max(map(len, self._whole), default=0)
        self._parts = {word for words in self._whole for word in words if len(word) >= _SHORTEST or len(words) == 1}

    def found(self, text: str) -> list[str]:
        """What in a text may be a name, in the order of the alphabet."""
        words = _words(text)
        plain = [word.casefold() for word in words]
        parts = {word for word in words if word[:1].isupper() and word.casefold() in self._parts}
        whole = {
            " ".join(words[n : n + length])
            for length in range(2, self._longest + 1)
            for n in range(len(words) - length + 1)
            if tuple(plain[n : n + length]) in self._whole
        }
        return sorted(parts | whole | {phrase for phrase, blacking in self._phrases if blacking.touches(text)})


def _words(text: str) -> list[str]:
    return [re.sub(r"['’]s?$", "", word) for word in _WORD.findall(unicodedata.normalize("NFC", text))]


def of_others(text: str, names: NameFinder) -> list[Mark]:
    """The mark of a text that may name or find somebody else."""
    relations = {word for word in _words(text) if word.casefold() in _RELATIONS}
    titled = {" ".join(found.split()) for found in _TITLED.findall(unicodedata.normalize("NFC", text))}
    found = list(dict.fromkeys([*names.found(text), *sorted(titled), *sorted(relations), *personal_details(text)]))
    return [mark_words("may_name_others", found)] if found else []


def of_law(text: str, posts: Iterable[str]) -> list[Mark]:
    """The mark of a text that may be legal advice or repeat it."""
    found = [*(post for post in posts if _POST_OF_LAW.search(post)), *dict.fromkeys(_OF_LAW.findall(text))]
    return [mark_words("may_be_legal_advice", found)] if found else []


def mark_words(key: MarkKey, found: Iterable[str] = ()) -> Mark:
    """One mark, in words."""
    return Mark(key=key, said=MEANINGS[key][0], found=list(found))


def mark_meanings(borne: Iterable[Mark]) -> list[MarkMeaning]:
    """Every mark with what it means and on how many pieces it stands: also those that stand on none."""
    keys = [one.key for one in borne]
    return [
        MarkMeaning(key=key, title=MEANINGS[key][0], means=MEANINGS[key][1], pieces=keys.count(key)) for key in get_args(MarkKey)
    ]
