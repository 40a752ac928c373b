"""Who is there for whom on a day: covers followed to the nearest who is there; a delegation is never followed further. Pure."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date


def _runs_on(since: date, until: date | None, day: date) -> bool:
    return since <= day and (until is None or day <= until)


@dataclass(frozen=True)
class Cover:
    """Somebody who stands in for a person while they are away, or (a delegate) sees and answers beside them."""

    of: str
    by: str
    since: date
    until: date | None = None
    is_delegate: bool = False

    def runs_on(self, day: date) -> bool:
        """Does it run on that day? Both ends count."""
        return _runs_on(self.since, self.until, day)


@dataclass(frozen=True)
class Presence:
    """Days (both ends count) on which somebody holds a post and has not left. Only on such a day can they cover."""

    person: str
    since: date
    until: date | None = None

    def runs_on(self, day: date) -> bool:
        """Does it run on that day? Both ends count."""
        return _runs_on(self.since, self.until, day)


@dataclass(frozen=True)
class Covers:
    """Every cover and delegation of an authority, and when those who cover are there.

    Whoever covers may be away too. So a cover is followed breadth first: at the first distance at which somebody is there
    (holds a post that day, has not left, is not covered themselves) all of these are asked. A person met twice ends the
    branch; a ring, and a chain that ends in nobody, reach nobody (docs/architecture.md rule 14).
    """

    covers: tuple[Cover, ...] = ()
    presences: tuple[Presence, ...] | None = None
    """None: whoever covers is taken to hold a post."""
    _of: dict[str, list[Cover]] = field(init=False, repr=False, compare=False, default_factory=lambda: defaultdict(list))
    _days: dict[str, list[Presence]] = field(init=False, repr=False, compare=False, default_factory=lambda: defaultdict(list))
    _by: dict[date, Mapping[str, frozenset[str]]] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        for cover in self.covers:
            self._of[cover.of].append(cover)
        for presence in self.presences or ():
            self._days[presence.person].append(presence)

    def is_covered(self, person: str, day: date) -> bool:
        """Are they away on a day, so that somebody covers for them?"""
        return any(not cover.is_delegate and cover.runs_on(day) for cover in self._of.get(person, ()))

    def there_since(self, person: str, day: date) -> Mapping[str, date | None]:
        """Who is there for somebody on a day, each with the day since which they have been asked in their place.

        The person alone, with None, where nobody covers for them. Empty: nobody is there.
        """
        if not self.is_covered(person, day):
            return {person: None}
        met, ring = {person}, {person: date.min}
        while ring:
            further: dict[str, date] = {}
            for away, since in ring.items():
                for cover in self._of.get(away, ()):
                    if not cover.is_delegate and cover.runs_on(day) and cover.by not in met:
                        further.setdefault(cover.by, max(since, cover.since))
            met |= set(further)
            there = {by: since for by, since in further.items() if self._is_there(by, day)}
            if there:
                return there
            ring = further
        return {}

    def there_for(self, person: str, day: date) -> tuple[str, ...]:
        """Who is there for somebody on a day: they themselves, or the nearest of those who cover, or nobody."""
        return tuple(self.there_since(person, day))

    def delegates_of(self, person: str, day: date) -> tuple[str, ...]:
        """Who sees and answers beside somebody on a day."""
        delegated = (cover.by for cover in self._of.get(person, ()) if cover.is_delegate and cover.runs_on(day))
        return tuple(dict.fromkeys(delegated))

    def acts_for(self, person: str, day: date, as_delegate: bool = False) -> frozenset[str]:
        """For whom somebody acts on a day: themselves, and everybody for whom they are there.

        With `as_delegate` also those whose delegate they are, for whom they see and answer and no more.
        """
        found = self._acting(day).get(person, frozenset()) | {person}
        if not as_delegate:
            return found
        return found.union(of for of in self._of if person in self.delegates_of(of, day))

    def _acting(self, day: date) -> Mapping[str, frozenset[str]]:
        if day not in self._by:
            acting: dict[str, set[str]] = defaultdict(set)
            for person in self._of:
                for by in self.there_for(person, day):
                    acting[by].add(person)
            self._by[day] = {by: frozenset(people) for by, people in acting.items()}
        return self._by[day]

    def _is_there(self, person: str, day: date) -> bool:
        holds = self.presences is None or any(presence.runs_on(day) for presence in self._days.get(person, ()))
        return holds and not self.is_covered(person, day)
