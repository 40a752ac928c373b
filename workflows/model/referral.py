"""What a referral to Cafcass should say: the list that its page walks, and where each item stands. Nothing missing blocks one.

The list follows regulation 45 of the Care Planning Regulations 2010 and chapters 6 and 8 of the IRO Handbook; no form of
Cafcass's own was seen.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class ReferralSection(StrEnum):
    """A part of the list, and one page."""

    WHO = "who"
    WHY = "why"
    TRIED = "tried"
    VIEW = "view"
    WANTED = "wanted"
    DOCUMENTS = "documents"
    HANDLING = "handling"


class ItemStanding(StrEnum):
    """Where one item stands."""

    INCLUDED = "included"
    NOT_APPLICABLE = "not applicable"
    MISSING = "missing"


@dataclass(frozen=True)
class ReferralItem:
    """One thing that a referral should say. `hint` says what belongs there; `number` counts through the whole list."""

    number: int
    key: str
    section: ReferralSection
    title: str
    hint: str = ""
    is_asked: bool = True
    """May the IRO write to it? What the record alone can say is not asked."""


def _listed(section: ReferralSection, first: int, *items: tuple[str, str, str] | tuple[str, str]) -> tuple[ReferralItem, ...]:
    return tuple(
        ReferralItem(first + n, key, section, title, "".join(hint), is_asked=bool(hint))
        for n, (key, title, *hint) in enumerate(items)
    )


CHECKLIST: tuple[ReferralItem, ...] = (
    *_listed(
        ReferralSection.WHO, 1,
        ("child", "The child", "Full name, date of birth, gender, ethnicity, first language, disability, where they live now (the address only if asked for)."),
        ("legal_status", "Legal status, orders and proceedings", "Orders with their dates; proceedings under way, with the court and the case number."),
        ("family", "Parents, others with parental responsibility, brothers and sisters", "And their solicitors, if known."),
        ("guardian", "Children's guardian or solicitor from earlier proceedings", "Name and how to reach them."),
        ("iro", "The IRO and the IRO manager", "Registration, how to reach you, how long you have been this child's IRO, who employs you."),
        ("authority", "The responsible authority", "Its legal contact."),
        ("advocate", "Independent visitor, advocate", "Names, and how to reach them."),
    ),
    *_listed(
        ReferralSection.WHY, 8,
        ("grounds", "Grounds (Care Planning Regulations 2010, regulation 45)"),
        ("failure", "What has failed", "In plain words, with the duty or the decision that it goes against."),
        ("effect", "The effect on the child", "So far, and as you expect it; human rights that are engaged."),
        ("urgency", "Why now", "The child's own timetable; whether it runs beside the local process, and why."),
    ),
    *_listed(
        ReferralSection.TRIED, 12,
        ("chronology", "What was tried, step by step"),
        ("days", "Working days used"),
        ("senior", "Who senior was told, when, and what they said", "Anything said outside this record."),
        ("bypassed", "Stages passed over, and why", ""),
        ("legal_advice", "Independent legal advice", "From whom and when. Not the advice itself, which is privileged."),
        ("complaints", "Complaints or representations", "That there are any, and how they stand; not what they say."),
    ),
    *_listed(
        ReferralSection.VIEW, 18,
        ("wishes", "The child's wishes and feelings", "On the matter, on this referral, on going to court."),
        ("told", "What the child has been told", "Their age and understanding; the advocate's part."),
        ("adult", "An adult able and willing to bring proceedings", "Who, or why nobody."),
    ),
    *_listed(
        ReferralSection.WANTED, 21,
        ("outcome", "The outcome sought, and by when", "What should be different for the child, by which day."),
        ("interim", "Protection needed meanwhile", "What must not happen, or must go on, until then."),
    ),
    *_listed(
        ReferralSection.DOCUMENTS, 23,
        ("plans", "Care plan and other plans", "The present care plan and earlier ones in issue; placement, health, education, pathway plans: name and date of each."),
        ("reviews", "Records of reviews", "Those in issue, with their dates."),
        ("orders", "Court orders", "With their dates."),
        ("assessments", "Assessments relied on", "With their dates."),
        ("record", "The challenge and its replies, in their own words"),
    ),
    *_listed(
        ReferralSection.HANDLING, 28,
        ("route", "How it goes to Cafcass", "To whom, by what secure route; who else is told (director, IRO manager)."),
        ("receipt", "Cafcass's receipt, follow-up and outcome"),
        ("decision", "The IRO's decision"),
    ),
)  # fmt: skip

BY_KEY: Mapping[str, ReferralItem] = {item.key: item for item in CHECKLIST}

SECTIONS: Mapping[ReferralSection, str] = {
    ReferralSection.WHO: "Who",
    ReferralSection.WHY: "Why",
    ReferralSection.TRIED: "What was tried",
    ReferralSection.VIEW: "The child's view",
    ReferralSection.WANTED: "What is wanted",
    ReferralSection.DOCUMENTS: "Documents",
    ReferralSection.HANDLING: "Handling",
}
"""The sections in their order, with their headings."""


def asked_in(section: ReferralSection) -> tuple[ReferralItem, ...]:
    """The items of a section to which the IRO may write."""
    return tuple(item for item in CHECKLIST if item.section is section and item.is_asked)


def standings_of_items(
    known: Mapping[str, Collection[str]], written: Collection[str], not_applicable: Collection[str]
) -> dict[str, ItemStanding]:
    """Where each item stands: `known` is what the record says to each, `written` the keys that the IRO wrote to."""
    return {
        **{item.key: ItemStanding.MISSING for item in CHECKLIST},
        **{item.key: ItemStanding.NOT_APPLICABLE for item in CHECKLIST if item.key in not_applicable},
        **{item.key: ItemStanding.INCLUDED for item in CHECKLIST if item.key in written or known.get(item.key)},
    }


def missing_items(found: Mapping[str, ItemStanding]) -> tuple[ReferralItem, ...]:
    """The items that are missing, in the order of the list."""
    return tuple(item for item in CHECKLIST if found[item.key] is ItemStanding.MISSING)


def unknown_items(keys: Iterable[str]) -> list[str]:
    """Keys to which nothing on the list may be written."""
    return sorted(key for key in keys if key not in BY_KEY or not BY_KEY[key].is_asked)
