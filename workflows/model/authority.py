"""An authority as a value: its roles, reasons, labels, days and hours, and which ladder serves whom."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, time
from enum import IntEnum, StrEnum
from functools import cached_property

from workflows.calendar.working_days import Calendar
from workflows.model.ladder import Assumption, ItemType, Ladder, LadderCondition, Status
from workflows.model.reporting import NOTHING_SAID, Reporting


class Capacity(StrEnum):
    """What a person may act as. Code knows these and no role; the authority's file says which role carries which."""

    IRO = "iro"
    IRO_MANAGER = "iro_manager"
    BUSINESS_SUPPORT = "business_support"
    ADMINISTRATOR = "administrator"
    LEADER = "leader"
    AUDITOR = "auditor"


class HeldFor(StrEnum):
    """What a role is held for: each child has its own, or each team, service, the authority, or an outside agency."""

    CHILD = "child"
    TEAM = "team"
    SERVICE = "service"
    AUTHORITY = "authority"
    AGENCY = "agency"


@dataclass(frozen=True)
class Role:
    """One role of the authority's catalogue, titled as its staff say it."""

    key: str
    title: str
    held_for: HeldFor
    acts_as: Capacity | None = None
    plural: str = ""
    is_beside_child: bool = False
    """Does it stand beside the child (advocate, guardian, visitor, carer)? Then it is never part of the line that decides."""


@dataclass(frozen=True)
class Reason:
    """Why an item is raised, as a coded list; `needs_words` marks an "other" that must be explained."""

    key: str
    label: str
    theme: str
    needs_words: bool = False


@dataclass(frozen=True)
class Theme:
    """A group of reasons, as reports count them."""

    key: str
    label: str
    reasons: tuple[Reason, ...]


class FactOf(StrEnum):
    """Of what a fact is said: of the child, by the directory; of one item, by whoever raised it; or of both."""

    CHILD = "child"
    ITEM = "item"
    BOTH = "both"


@dataclass(frozen=True)
class NamedFact:
    """A fact that conditions may ask for beside the law's own (docs/writing-a-ladder.md)."""

    key: str
    label: str
    of: FactOf = FactOf.CHILD


@dataclass(frozen=True)
class SendingHours:
    """When messages may leave, in Europe/London local time."""

    start: time = time(8)
    end: time = time(18)
    working_days_only: bool = True


@dataclass(frozen=True)
class Serves:
    """A ladder that this authority uses, perhaps only where a condition holds."""

    ladder: str
    when: LadderCondition | None = None


DEFAULT_LABELS = {
    "child": "child in care",
    "children": "children in care",
    "challenge": "challenge",
    "challenges": "challenges",
    "process": "resolution process",
    "iro": "IRO",
    "iro_service": "IRO service",
    "cafcass": "Cafcass",
    "excellent_practice": "excellent practice",
    "informal": "informal challenge",
    "formal": "formal challenge",
    "urgent": "urgent challenge",
    "partner_agency": "partner agency notification",
    "about_iro_service": "concern about the IRO service",
    "about_service": "concern about a service",
    "about_carer": "concern about a foster carer",
    "senior_scrutiny": "senior scrutiny",
    "review_decision": "review decision",
    "tracked_case": "tracked case",
    "mid_point": "mid-point between reviews",
    "looked_after": "looked after",
    "child_protection": "child protection plan",
    "child_in_need": "child in need",
    "care_leaver": "care leaver",
    "other_council": "looked after by another council",
    "none_recorded": "no status recorded",
}
"""Words that people see; an authority's file may change any of them (docs/architecture.md)."""

LABEL_PACKS: dict[str, dict[str, str]] = {
    "looked_after": {"child": "looked-after child", "children": "looked-after children", "looked_after": "looked after"},
    "cared_for": {"child": "cared-for child", "children": "cared-for children", "looked_after": "cared for"},
    "child_in_care": {"child": "child in care", "children": "children in care", "looked_after": "in care"},
}
"""Shipped words for a child, of which an administrator may choose a pack; the law's own status keeps its key."""


LOG_KEPT_YEARS = 6
"""Years for which it is kept who read what, where an authority does not say: whoever was wronged by a reading may claim for six
years (Limitation Act 1980, sections 2 and 9)."""


@dataclass(frozen=True, eq=False)
class Authority:
    """One authority's file: everything that its ladders share."""

    key: str
    name: str
    version: str
    in_force: date
    source: str
    roles: tuple[Role, ...]
    themes: tuple[Theme, ...]
    serves: tuple[Serves, ...]
    hash: str
    facts: tuple[NamedFact, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    closures: tuple[tuple[date, str], ...] = ()
    sending: SendingHours = SendingHours()
    acts_at: time = time(9)
    warns_at: time = time(16)
    asks_at_mid_point: bool = False
    """Does an ending that does not say what changed open a window half-way to the child's next review?"""
    duty_numbers: tuple[tuple[str, str], ...] = ()
    kept_years: tuple[int | None, int | None] = (None, None)
    """Years after the last contact for which the record of child protection, and of others, is kept; None: not said."""
    log_kept_years: int = LOG_KEPT_YEARS
    """Years for which it is kept who read what."""
    for_absent_raiser: tuple[str, ...] = ()
    """Roles that act, or are the second, where neither IRO nor IRO manager may (regulation 46(3) would let them be appointed)."""
    reporting: Reporting = NOTHING_SAID
    assumed: tuple[Assumption, ...] = ()

    @cached_property
    def _roles(self) -> Mapping[str, Role]:
        return {role.key: role for role in self.roles}

    @cached_property
    def _reasons(self) -> Mapping[str, Reason]:
        return {reason.key: reason for theme in self.themes for reason in theme.reasons}

    @cached_property
    def _acting(self) -> Mapping[Capacity, tuple[str, ...]]:
        return {capacity: tuple(role.key for role in self.roles if role.acts_as is capacity) for capacity in Capacity}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Authority) and other.hash == self.hash

    def __hash__(self) -> int:
        return hash(self.hash)

    def role(self, key: str) -> Role:
        """The role of that key. Raises KeyError if the catalogue has none."""
        return self._roles[key]

    def has_role(self, key: str) -> bool:
        """Does the catalogue hold that role?"""
        return key in self._roles

    def reason(self, key: str) -> Reason:
        """The reason of that key. Raises KeyError if the list has none."""
        return self._reasons[key]

    def has_reason(self, key: str) -> bool:
        """Does the list hold that reason?"""
        return key in self._reasons

    def roles_acting_as(self, capacity: Capacity) -> tuple[str, ...]:
        """The roles that carry a capacity."""
        return self._acting[capacity]

    def facts_of(self, *of: FactOf) -> dict[str, str]:
        """The facts that are said of these, with their labels by key; of anything, where nothing is named."""
        return {fact.key: fact.label for fact in self.facts if not of or fact.of in of}

    @property
    def item_facts(self) -> dict[str, str]:
        """The facts that are said of an item: their labels by key."""
        return self.facts_of(FactOf.ITEM, FactOf.BOTH)

    def label(self, key: str) -> str:
        """The authority's own word for a thing, else the shipped one, else the key with its underscores opened."""
        return dict(self.labels).get(key) or DEFAULT_LABELS.get(key) or key.replace("_", " ")

    def in_words_of(self, pack: str) -> "Authority":
        """The same authority, speaking of a child in the words of a shipped pack. Empty: in its file's own."""
        return replace(self, labels=tuple({**dict(self.labels), **LABEL_PACKS[pack]}.items())) if pack in LABEL_PACKS else self


class Edition(IntEnum):
    """An edition of the code's own rules, as ladder versions are of an authority's.

    Every timeline entry keeps the edition that it was decided under, and replay decides it under that one again: what was
    decided stays decided. A release that changes what `decide` gives for events that there were, or what an entry's hash covers,
    adds an edition. A new event alone needs none.
    """

    FIRST = 1
    """Releases 0.1."""
    SECOND = 2
    """Release 0.2. Closed: its histories stand in `tests/decision/golden/0.2`, and what they decided stays decided."""


PRESENT_EDITION = Edition.SECOND
"""What new acts are decided under."""


@dataclass(frozen=True)
class Rules:
    """What `decide` decides by: one ladder version, the authority file it stands with, the calendar, the code's edition."""

    ladder: Ladder
    authority: Authority
    calendar: Calendar
    edition: Edition = PRESENT_EDITION


def in_force_on(day: date, versions: Iterable[Ladder]) -> tuple[Ladder, ...]:
    """Of several versions of several ladders, the one of each that is in force on a day (Europe/London date)."""
    latest: dict[str, Ladder] = {}
    for ladder in versions:
        if ladder.in_force <= day and (ladder.key not in latest or latest[ladder.key].in_force < ladder.in_force):
            latest[ladder.key] = ladder
    return tuple(ladder for ladder in latest.values() if ladder.until is None or day <= ladder.until)


def rules_that_follow(current: Iterable["Rules"], day: date, item: ItemType) -> "Rules | None":
    """What a kind of item is followed by between reviews on a day (Europe/London date); None: the authority follows none."""
    every = {rules.ladder.hash: rules for rules in current}
    in_force = in_force_on(day, [rules.ladder for rules in every.values()])
    return next((every[ladder.hash] for ladder in in_force if ladder.followed is item), None)


def serves_item(ladder: Ladder, item_type: ItemType, raiser_role: str, statuses: Collection[Status] | None) -> bool:
    """Does this ladder carry such an item, of such a raiser, for a child of such statuses (None: no child)?"""
    if item_type not in ladder.items or raiser_role not in ladder.raisers_of(item_type):
        return False
    return statuses is None or not ladder.covers or any(status in ladder.covers for status in statuses)


def may_be_statutory(ladder: Ladder, authority: Authority) -> bool:
    """May an IRO raise an item about a looked-after child on this ladder? Then the statute comes before it (rule 9)."""
    iros = authority.roles_acting_as(Capacity.IRO)
    return any(role in iros for role in ladder.raised_by) and (not ladder.covers or Status.LOOKED_AFTER in ladder.covers)
