"""Do the rows of a directory's files fit each other, the authority's catalogue, and what stands? Every fault at once. Pure."""

import difflib
from collections.abc import Iterable
from datetime import date, timedelta
from itertools import pairwise

from drp.directory.cells import show_cell
from drp.directory.files import ChildLine, CoverLine, DirectoryFiles, PersonLine, PostLine, UnitLine
from drp.directory.values import Directory, DirectoryUnit, Person, is_over
from workflows.ladder_language.strict_yaml import FileFault
from workflows.model.authority import Authority, Capacity, HeldFor, Role

OLDEST = 30
"""Years: nobody older is on the list of an Independent Reviewing Officer, so such a date of birth is a slip."""

MOST_GUESSES = 200

SOCIAL_WORKER = "social_worker"
"""The role that the column of that name fills."""


def iro_role(authority: Authority) -> str | None:
    """The role that the column `iro` fills: the catalogue's own for each child that acts as IRO."""
    roles = (role for role in authority.roles if role.held_for is HeldFor.CHILD and role.acts_as is Capacity.IRO)
    return next((role.key for role in roles), None)


def social_worker_role(authority: Authority) -> str | None:
    """The role that the column `social_worker` fills, if the catalogue holds it for each child."""
    known = authority.has_role(SOCIAL_WORKER) and authority.role(SOCIAL_WORKER).held_for is HeldFor.CHILD
    return SOCIAL_WORKER if known else None


def people_after(listed: DirectoryFiles, before: Directory, day: date) -> dict[str, Person]:
    """Everybody known after the import: those listed, and those not listed any more, whose last day was the day before."""
    after = dict(before.people)
    if listed.people is None:
        return after
    for line in listed.people:
        known = before.people.get(line.key)
        after[line.key] = Person(line.key, line.name, line.email, line.agency, line.left_on, known.id if known else None)
    if "people.csv" in listed.unread:
        return after
    named = {line.key for line in listed.people} | {key for file, key in listed.spoiled if file == "people.csv"}
    last = day - timedelta(days=1)
    for key, person in before.people.items():
        if key not in named and person.is_here_on(day):
            after[key] = Person(key, person.name, person.email, person.agency, last, person.id)
    return after


def units_after(listed: DirectoryFiles, before: Directory) -> dict[tuple[str, str], DirectoryUnit]:
    """Every unit known after the import, those not listed any more included: nothing is deleted."""
    after = dict(before.units)
    for line in listed.units or ():
        after[line.kind, line.key] = DirectoryUnit(line.kind, line.key, line.name, line.within)
    return after


def dropped_units(listed: DirectoryFiles, before: Directory) -> set[tuple[str, str]]:
    """Units that stood and are not listed any more."""
    if listed.units is None or "units.csv" in listed.unread:
        return set()
    named = {(line.kind, line.key) for line in listed.units}
    return {unit for unit in before.units if unit not in named and ("units.csv", unit[1]) not in listed.spoiled}


def faults_in(listed: DirectoryFiles, before: Directory, authority: Authority, day: date) -> tuple[FileFault, ...]:
    """What is wrong between the rows: unknown people, roles, units, the wrong scope, the same thing twice, overlaps."""
    check = _Check(listed, before, authority, day)
    check.twice("people.csv", ((line.line, line.key) for line in listed.people or ()))
    check.twice("units.csv", ((line.line, f"{line.kind} {line.key}") for line in listed.units or ()))
    check.twice("children.csv", ((line.line, line.number) for line in listed.children or ()))
    for person in listed.people or ():
        check.person(person)
    for unit in listed.units or ():
        check.unit(unit)
    for post in listed.posts or ():
        check.post(post)
    for cover in listed.covers or ():
        check.cover(cover)
    for child in listed.children or ():
        check.child(child)
    check.overlaps("posts.csv", ((p.line, (p.person, p.role, p.of), p.since, p.until) for p in listed.posts or ()))
    covers = listed.covers or ()
    check.overlaps("covers.csv", ((c.line, (c.of, c.by, str(c.is_delegate)), c.since, c.until) for c in covers))
    check.dropped_teams()
    return tuple(check.faults)


Span = tuple[int, tuple[str, str, str], date, date | None]


class _Check:
    """One comparison; what is already at fault by its form is not blamed again through those who refer to it."""

    def __init__(self, listed: DirectoryFiles, before: Directory, authority: Authority, day: date) -> None:
        self.listed, self.before, self.authority, self.day = listed, before, authority, day
        self.faults: list[FileFault] = []
        self._people = people_after(listed, before, day)
        self._units = units_after(listed, before)
        self._gone = dropped_units(listed, before)
        self._guesses = MOST_GUESSES

    def _fault(self, file: str, line: int, wrong: str, instead: str) -> None:
        self.faults.append(FileFault(file, line, wrong, instead))

    def _instead(self, wrong: str, options: Iterable[str], otherwise: str) -> str:
        """What was probably meant. Guessing is slow, so a file of nothing but mistakes gets only so many guesses."""
        known = sorted(options)
        if 0 < len(known) <= 12:
            near = difflib.get_close_matches(wrong, known, 1)
            return f"did you mean `{near[0]}`" if near else f"write one of {', '.join(known)}, or {otherwise}"
        if self._guesses and len(known) <= 5_000:
            self._guesses -= 1
            near = difflib.get_close_matches(wrong, known, 1)
            if near:
                return f"did you mean `{near[0]}`"
        return otherwise

    def twice(self, file: str, lines: Iterable[tuple[int, str]]) -> None:
        """The same key on two rows."""
        first: dict[str, int] = {}
        for line, key in lines:
            if key in first:
                self._fault(file, line, f"`{key}` stands on line {first[key]} too", "keep one of the two rows")
            first.setdefault(key, line)

    def overlaps(self, file: str, spans: Iterable[Span]) -> None:
        """The same thing on two rows whose days overlap."""
        grouped: dict[tuple[str, str, str], list[Span]] = {}
        for span in spans:
            grouped.setdefault(span[1], []).append(span)
        for group in grouped.values():
            group.sort(key=lambda span: (span[2], span[0]))
            for one, other in pairwise(group):
                if one[3] is None or other[2] <= one[3]:
                    line, earlier = max(one[0], other[0]), min(one[0], other[0])
                    said = f"it holds on days on which line {earlier} says the same"
                    self._fault(file, line, said, "keep one row, or end the earlier before the later begins")

    def _person(self, file: str, line: int, column: str, key: str) -> Person | None:
        """Somebody named in a row. None: unknown (said), or spoiled on a row of their own (said there)."""
        found = self._people.get(key)
        if found is None and not self._is_spoiled("people.csv", key):
            where = "people.csv" if self.listed.people is not None else "the directory"
            said = f"`{column}` is `{show_cell(key)}`, who is not in {where}"
            self._fault(file, line, said, self._instead(key, self._people, "add them to people.csv"))
        return found

    def _is_spoiled(self, file: str, key: str) -> bool:
        return file in self.listed.unread or (file, key) in self.listed.spoiled

    def _unit(self, file: str, line: int, column: str, kind: str, key: str) -> DirectoryUnit | None:
        """A unit named in a row. None: unknown (said), or spoiled on a row of its own."""
        found = self._units.get((kind, key))
        if found is not None and (kind, key) not in self._gone:
            return found
        if self._is_spoiled("units.csv", key):
            return None
        if found is not None:
            said, instead = (
                f"`{column}` is {kind} `{key}`, which units.csv does not list any more",
                f"name a {kind} that it lists",
            )
        else:
            others = [other for other, known in self._units if known == key and (other, known) not in self._gone]
            said = f"`{column}` is `{show_cell(key)}`, and there is no such {kind}"
            if others:
                said = f"`{column}` is `{key}`, which is a {others[0]} and not a {kind}"
            known = [known for other, known in self._units if other == kind and (other, known) not in self._gone]
            instead = self._instead(key, known, "add it to units.csv")
        self._fault(file, line, said, instead)
        return None

    def _still_there(self, file: str, line: int, column: str, person: Person, until: date | None) -> None:
        left = person.left_on
        if left is not None and (until is None or until > left):
            said = f"`{column}` is {show_cell(person.name)}, whose last day {'was' if left < self.day else 'is'} {left}"
            self._fault(file, line, said, f"write {left} or an earlier day under `until`, or name who follows them")

    def person(self, line: PersonLine) -> None:
        """The agency must be one."""
        if line.agency:
            self._unit("people.csv", line.line, "agency", "agency", line.agency)

    def unit(self, line: UnitLine) -> None:
        """A team's service must be one."""
        if line.kind == "team":
            self._unit("units.csv", line.line, "within", "service", line.within)

    def post(self, line: PostLine) -> None:
        """The person, the role and what it is held for must fit."""
        person = self._person("posts.csv", line.line, "person", line.person)
        if person:
            self._still_there("posts.csv", line.line, "person", person, line.until)
        if not self.authority.has_role(line.role):
            known = [role.key for role in self.authority.roles if role.held_for is not HeldFor.CHILD]
            said = f"`{show_cell(line.role)}` is not a role of {self.authority.name}"
            self._fault("posts.csv", line.line, said, self._instead(line.role, known, "add it to the authority's file"))
            return
        role = self.authority.role(line.role)
        if role.held_for is HeldFor.CHILD:
            said = f"{role.title} is held for each child"
            self._fault("posts.csv", line.line, said, "write it on the child's row of children.csv")
        elif role.held_for is HeldFor.AUTHORITY:
            if line.of:
                said = f"{role.title} is held for the whole authority, and `of` is `{show_cell(line.of)}`"
                self._fault("posts.csv", line.line, said, "leave `of` empty")
        elif not line.of:
            said = f"{role.title} is held for each {role.held_for.value}, and `of` is empty"
            self._fault("posts.csv", line.line, said, f"write the key of the {role.held_for.value}")
        else:
            self._unit("posts.csv", line.line, "of", role.held_for.value, line.of)
        if person:
            self._inside_or_out(line, person, role)

    def _inside_or_out(self, line: PostLine, person: Person, role: Role) -> None:
        """People of an outside agency hold its posts and no others; its posts are held by nobody else."""
        if role.held_for is HeldFor.AGENCY and person.agency != line.of:
            works = f"works for `{person.agency}`" if person.agency else "works for no outside agency"
            said = f"{show_cell(person.name)} {works}, and the post is one of `{show_cell(line.of)}`"
            self._fault("posts.csv", line.line, said, "correct `agency` in people.csv, or name somebody of that agency")
        elif role.held_for is not HeldFor.AGENCY and person.agency:
            said = f"{show_cell(person.name)} works for the outside agency `{person.agency}` and cannot be {role.title}"
            self._fault("posts.csv", line.line, said, "name somebody of the authority")

    def cover(self, line: CoverLine) -> None:
        """Both people must be known, and there for as long as it runs; cover is not given across the authority's edge."""
        both = [self._person("covers.csv", line.line, column, key) for column, key in (("of", line.of), ("by", line.by))]
        for column, person in zip(("of", "by"), both, strict=True):
            if person:
                self._still_there("covers.csv", line.line, column, person, line.until)
        of, by = both
        if of and by and of.agency != by.agency:
            said = f"{show_cell(by.name)} and {show_cell(of.name)} do not work for the same agency"
            self._fault("covers.csv", line.line, said, "name somebody who does: cover sees what the other sees")

    def child(self, line: ChildLine) -> None:
        """Team, people, facts and date of birth must fit."""
        self._unit("children.csv", line.line, "team", "team", line.team)
        for column, key, role in (
            ("social_worker", line.social_worker, social_worker_role(self.authority)),
            ("iro", line.iro, iro_role(self.authority)),
        ):
            if key:
                self._of_child(line, column, key, role)
        if line.iro and line.iro == line.social_worker:
            said = f"`{line.iro}` is both the child's social worker and their IRO"
            self._fault("children.csv", line.line, said, "name two people: the IRO is independent of the child's case")
        known = [key for key, _ in self.authority.facts]
        for fact in line.facts:
            if fact not in known:
                said = f"`{show_cell(fact)}` is not a fact that {self.authority.name} asks for"
                self._fault("children.csv", line.line, said, self._instead(fact, known, "leave it out"))
        if line.born > self.day:
            self._fault("children.csv", line.line, f"born on {line.born}, after {self.day}", "check the year")
        elif line.born.year < self.day.year - OLDEST:
            self._fault("children.csv", line.line, f"born on {line.born}, over {OLDEST} years ago", "check the year")

    def _of_child(self, line: ChildLine, column: str, key: str, role: str | None) -> None:
        person = self._person("children.csv", line.line, column, key)
        if role is None:
            said = f"{self.authority.name} has no such role, held for each child"
            self._fault("children.csv", line.line, f"`{column}` is `{show_cell(key)}`: {said}", f"leave `{column}` empty")
        elif person and not person.is_here_on(self.day):
            said = f"`{column}` is {show_cell(person.name)}, whose last day was {person.left_on}"
            self._fault("children.csv", line.line, said, "name who it is now, or leave it empty")
        elif person and person.agency:
            said = f"`{column}` is {show_cell(person.name)}, who works for the outside agency `{person.agency}`"
            self._fault("children.csv", line.line, said, "name somebody of the authority")

    def dropped_teams(self) -> None:
        """A team that is not listed any more must not keep children. (One within such a service is at fault by its own row.)"""
        if self.listed.children is None and self._gone:
            for child in self.before.children.values():
                if ("team", child.team) in self._gone and self._is_served(child.number):
                    said = f"team `{child.team}` is not listed any more, and child {child.number} is in it"
                    self._fault("units.csv", 1, said, "list it, or give children.csv too")

    def _is_served(self, child: str) -> bool:
        return any(not is_over(post, self.day) for post in self.before.posts_of(HeldFor.CHILD, child))
