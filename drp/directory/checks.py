"""Do the rows of a directory's files fit each other, the authority's catalogue, and what stands? Every fault at once. Pure."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

from drp.directory.cells import show_cell
from drp.directory.files import ChildLine, DirectoryFiles, PostLine
from drp.directory.values import Directory, DirectoryUnit, Person, StandIn
from workflows.ladder_language.strict_yaml import FileFault
from workflows.model.authority import Authority, Capacity, FactOf, HeldFor, Role

OLDEST = 30
"""Years: nobody older is on the list of an Independent Reviewing Officer, so such a date of birth is a slip."""

MOST_GUESSES = 200

SOCIAL_WORKER = "social_worker"
"""The role that the column of that name fills."""


def iro_role(authority: Authority) -> str | None:
    """The role that the column `iro` fills: the catalogue's own for each child that acts as IRO."""
    return next((role.key for role in authority.roles if role.held_for is HeldFor.CHILD and role.acts_as is Capacity.IRO), None)


def social_worker_role(authority: Authority) -> str | None:
    """The role that the column `social_worker` fills, if the catalogue holds it for each child."""
    known = authority.has_role(SOCIAL_WORKER) and authority.role(SOCIAL_WORKER).held_for is HeldFor.CHILD
    return SOCIAL_WORKER if known else None


def people_after(listed: DirectoryFiles, before: Directory, day: date) -> dict[str, Person]:
    """Everybody known after the import: those listed, and those not listed any more, whose last day was the day before."""
    after = dict(before.people)
    if listed.people is None:
        return after
    for person in listed.people.values():
        known = before.people.get(person.key)
        after[person.key] = replace(person, id=known.id if known else None)
    if "people.csv" not in listed.unread:
        named = {person.key for person in listed.people.values()} | {key for file, key in listed.spoiled if file == "people.csv"}
        last = day - timedelta(days=1)
        after |= {
            key: replace(person, left_on=last)
            for key, person in before.people.items()
            if key not in named and person.is_here_on(day)
        }
    return after


def units_after(listed: DirectoryFiles, before: Directory) -> dict[tuple[str, str], DirectoryUnit]:
    """Every unit known after the import, those not listed any more included: nothing is deleted."""
    return {**before.units, **{(unit.kind, unit.key): unit for unit in (listed.units or {}).values()}}


def dropped_units(listed: DirectoryFiles, before: Directory) -> set[tuple[str, str]]:
    """Units that stood and are not listed any more."""
    if listed.units is None or "units.csv" in listed.unread:
        return set()
    named = {(unit.kind, unit.key) for unit in listed.units.values()}
    return {unit for unit in before.units if unit not in named and ("units.csv", unit[1]) not in listed.spoiled}


def faults_in(listed: DirectoryFiles, before: Directory, authority: Authority, day: date) -> tuple[FileFault, ...]:
    """What is wrong between the rows: unknown people, roles, units, the wrong scope, the same thing twice, overlaps."""
    check = _Check(listed, before, authority, day)
    people, units, children = listed.people or {}, listed.units or {}, listed.children or {}
    posts, covers = listed.posts or {}, listed.covers or {}
    check.twice("people.csv", {line: person.key for line, person in people.items()})
    check.twice("units.csv", {line: f"{unit.kind} {unit.key}" for line, unit in units.items()})
    check.twice("children.csv", {line: row.child.number for line, row in children.items()})
    for line, person in people.items():
        if person.agency:
            check.unit("people.csv", line, "agency", "agency", person.agency)
    for line, unit in units.items():
        if unit.kind == "team":
            check.unit("units.csv", line, "within", "service", unit.within)
    for line, post in posts.items():
        check.post(line, post)
    for line, cover in covers.items():
        check.cover(line, cover)
    for line, row in children.items():
        check.child(line, row)
    check.overlaps("posts.csv", [(line, (p.person, p.role, p.of), p.since, p.until) for line, p in posts.items()])
    check.overlaps("covers.csv", [(line, (c.of, c.by, str(c.is_delegate)), c.since, c.until) for line, c in covers.items()])
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
        self._deciding = self._who_decides()

    def _who_decides(self) -> set[str]:
        """The people who are IROs or IRO managers by the rows, or by what stands where these files are not given."""
        deciding = (Capacity.IRO, Capacity.IRO_MANAGER)
        roles = {role for capacity in deciding for role in self.authority.roles_acting_as(capacity)}
        posts = self.before.posts if self.listed.posts is None else self.listed.posts.values()
        found = {post.person for post in posts if post.role in roles}
        if self.listed.children is None:
            return found | {post.person for post in self.before.posts if post.role in roles}
        return found | {row.iro for row in self.listed.children.values() if row.iro}

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

    def twice(self, file: str, keys: Mapping[int, str]) -> None:
        """The same key on two rows."""
        first: dict[str, int] = {}
        for line, key in keys.items():
            if first.setdefault(key, line) != line:
                self._fault(file, line, f"`{key}` stands on line {first[key]} too", "keep one of the two rows")

    def overlaps(self, file: str, spans: Iterable[Span]) -> None:
        """The same thing on two rows whose days overlap."""
        for earlier, later in pairwise(sorted(spans, key=lambda span: (span[1], span[2], span[0]))):
            if earlier[1] == later[1] and (earlier[3] is None or later[2] <= earlier[3]):
                self._fault(
                    file,
                    max(earlier[0], later[0]),
                    f"it holds on days on which line {min(earlier[0], later[0])} says the same",
                    "keep one row, or end the earlier before the later begins",
                )

    def _is_spoiled(self, file: str, key: str) -> bool:
        return file in self.listed.unread or (file, key) in self.listed.spoiled

    def _person(self, file: str, line: int, column: str, key: str) -> Person | None:
        """Somebody named in a row. None: unknown (a fault of this row), or spoiled (a fault of their own row)."""
        found = self._people.get(key)
        if found is None and not self._is_spoiled("people.csv", key):
            where = "people.csv" if self.listed.people is not None else "the directory"
            self._fault(
                file,
                line,
                f"`{column}` is `{show_cell(key)}`, who is not in {where}",
                self._instead(key, self._people, "add them to people.csv"),
            )
        return found

    def unit(self, file: str, line: int, column: str, kind: str, key: str) -> None:
        """A unit named in a row must be known. One that is spoiled is a fault of its own row."""
        if ((kind, key) in self._units and (kind, key) not in self._gone) or self._is_spoiled("units.csv", key):
            return
        if (kind, key) in self._units:
            wrong = f"`{column}` is {kind} `{key}`, which units.csv does not list any more"
            instead = f"name a {kind} that it lists"
        else:
            others = [other for other, known in self._units if known == key and (other, known) not in self._gone]
            wrong = f"`{column}` is `{show_cell(key)}`, and there is no such {kind}"
            if others:
                wrong = f"`{column}` is `{key}`, which is a {others[0]} and not a {kind}"
            known = [known for other, known in self._units if other == kind and (other, known) not in self._gone]
            instead = self._instead(key, known, "add it to units.csv")
        self._fault(file, line, wrong, instead)

    def _still_there(self, file: str, line: int, column: str, person: Person, until: date | None) -> None:
        left = person.left_on
        if left is not None and (until is None or until > left):
            self._fault(
                file,
                line,
                f"`{column}` is {show_cell(person.name)}, whose last day {'was' if left < self.day else 'is'} {left}",
                f"write {left} or an earlier day under `until`, or name who follows them",
            )

    def post(self, line: int, post: PostLine) -> None:
        """The person, the role and what it is held for must fit."""
        person = self._person("posts.csv", line, "person", post.person)
        if person:
            self._still_there("posts.csv", line, "person", person, post.until)
        if not self.authority.has_role(post.role):
            known = [role.key for role in self.authority.roles if role.held_for is not HeldFor.CHILD]
            self._fault(
                "posts.csv",
                line,
                f"`{show_cell(post.role)}` is not a role of {self.authority.name}",
                self._instead(post.role, known, "add it to the authority's file"),
            )
            return
        role = self.authority.role(post.role)
        place = role.held_for.value
        if role.held_for is HeldFor.CHILD:
            self._fault("posts.csv", line, f"{role.title} is held for each child", "write it on the child's row of children.csv")
        elif role.held_for is HeldFor.AUTHORITY:
            if post.of:
                self._fault(
                    "posts.csv",
                    line,
                    f"{role.title} is held for the whole authority, and `of` is `{show_cell(post.of)}`",
                    "leave `of` empty",
                )
        elif not post.of:
            self._fault(
                "posts.csv", line, f"{role.title} is held for each {place}, and `of` is empty", f"write the key of the {place}"
            )
        else:
            self.unit("posts.csv", line, "of", place, post.of)
        if person:
            self._inside_or_out(line, post, person, role)

    def _inside_or_out(self, line: int, post: PostLine, person: Person, role: Role) -> None:
        """People of an outside agency hold its posts and no others; its posts are held by nobody else."""
        name = show_cell(person.name)
        if role.held_for is HeldFor.AGENCY and person.agency != post.of:
            works = f"works for `{person.agency}`" if person.agency else "works for no outside agency"
            self._fault(
                "posts.csv",
                line,
                f"{name} {works}, and the post is one of `{show_cell(post.of)}`",
                "correct `agency` in people.csv, or name somebody of that agency",
            )
        elif role.held_for is not HeldFor.AGENCY and person.agency:
            self._fault(
                "posts.csv",
                line,
                f"{name} works for the outside agency `{person.agency}` and cannot be {role.title}",
                "name somebody of the authority",
            )

    def cover(self, line: int, cover: StandIn) -> None:
        """Both people must be known, and there for as long as it runs; cover is not given across the authority's edge."""
        of, by = (self._person("covers.csv", line, column, getattr(cover, column)) for column in ("of", "by"))
        for column, person in (("of", of), ("by", by)):
            if person:
                self._still_there("covers.csv", line, column, person, cover.until)
        if of and by and of.agency != by.agency:
            self._fault(
                "covers.csv",
                line,
                f"{show_cell(by.name)} and {show_cell(of.name)} do not work for the same agency",
                "name somebody who does: cover sees what the other sees",
            )
        elif of and by and not cover.is_delegate and of.key in self._deciding and by.key not in self._deciding:
            self._fault(
                "covers.csv",
                line,
                f"{show_cell(of.name)} decides as an IRO or IRO manager, and {show_cell(by.name)} is neither",
                "name somebody who is, or write `delegate`, who sees and answers and never decides",
            )

    def child(self, line: int, row: ChildLine) -> None:
        """Team, people, facts and date of birth must fit."""
        born = row.child.born
        self.unit("children.csv", line, "team", "team", row.child.team)
        self._allocated(line, "social_worker", row.social_worker, social_worker_role(self.authority))
        self._allocated(line, "iro", row.iro, iro_role(self.authority))
        if row.iro and row.iro == row.social_worker:
            self._fault(
                "children.csv",
                line,
                f"`{row.iro}` is both the child's social worker and their IRO",
                "name two people: the IRO is independent of the child's case",
            )
        known = list(self.authority.facts_of(FactOf.CHILD, FactOf.BOTH))
        for fact in row.child.facts:
            if fact not in known:
                self._fault(
                    "children.csv",
                    line,
                    f"`{show_cell(fact)}` is not a fact that {self.authority.name} asks for",
                    self._instead(fact, known, "leave it out"),
                )
        if born > self.day:
            self._fault("children.csv", line, f"born on {born}, after {self.day}", "check the year")
        elif born.year < self.day.year - OLDEST:
            self._fault("children.csv", line, f"born on {born}, over {OLDEST} years ago", "check the year")

    def _allocated(self, line: int, column: str, key: str, role: str | None) -> None:
        """Somebody whom a child's row names must be here, of the authority, and the role one that is held for each child."""
        if not key:
            return
        person = self._person("children.csv", line, column, key)
        if role is None:
            wrong = f"`{column}` is `{show_cell(key)}`: {self.authority.name} has no such role, held for each child"
            self._fault("children.csv", line, wrong, f"leave `{column}` empty")
        elif person and not person.is_here_on(self.day):
            wrong = f"`{column}` is {show_cell(person.name)}, whose last day was {person.left_on}"
            self._fault("children.csv", line, wrong, "name who it is now, or leave it empty")
        elif person and person.agency:
            wrong = f"`{column}` is {show_cell(person.name)}, who works for the outside agency `{person.agency}`"
            self._fault("children.csv", line, wrong, "name somebody of the authority")

    def dropped_teams(self) -> None:
        """A team that is not listed any more must not keep children. (One within such a service is at fault by its own row.)"""
        for child in () if self.listed.children is not None else self.before.children.values():
            if ("team", child.team) in self._gone and self.before.has_live_posts(HeldFor.CHILD, child.number, self.day):
                self._fault(
                    "units.csv",
                    1,
                    f"team `{child.team}` is not listed any more, and child {child.number} is in it",
                    "list it, or give children.csv too",
                )
