"""What a directory import does, in words: added, ended, changed, and what follows for the items that are open. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from drp.database.gathering import gather_by_key
from drp.directory.spans import Span
from drp.directory.spellings import doubtful_numbers
from drp.directory.values import Directory, DirectoryChild, OpenItem, PostHolding, StandIn, is_over
from workflows.model.authority import Authority, Capacity, HeldFor


@dataclass(frozen=True)
class ImportWords:
    """One line for each thing that an import does. `consequences` are for open items, on the day of the import."""

    added: tuple[str, ...] = ()
    ended: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    consequences: tuple[str, ...] = ()
    to_look_at: tuple[str, ...] = ()
    """What is loaded all the same, and wants somebody's eye."""

    def __str__(self) -> str:
        parts = (("Added", self.added), ("Ended", self.ended), ("Changed", self.changed), ("Follows", self.consequences))
        shown = [f"{title} ({len(lines)}):\n" + "\n".join(f"  {line}" for line in lines) for title, lines in parts if lines]
        look = [f"Look at ({len(self.to_look_at)}):", *(f"  {line}" for line in self.to_look_at)] if self.to_look_at else []
        return "\n".join([*(shown or ["Nothing changes."]), *look])


def import_in_words(
    before: Directory, after: Directory, authority: Authority, day: date, gone: set[tuple[str, str]], unlisted: set[str]
) -> ImportWords:
    """The difference between two directories. `gone` and `unlisted`: units and children that the files no longer list."""
    teller = _Teller(before, after, authority, day)
    teller.people()
    teller.units(gone)
    teller.children(unlisted)
    teller.posts()
    teller.covers()
    return ImportWords(
        tuple(teller.added),
        tuple(teller.ended),
        tuple(teller.changed),
        tuple(line for item in before.items for line in teller.consequences(item)),
        (*_shared_addresses(after, day), *doubtful_numbers(before.children, after.children)),
    )


def _shared_addresses(after: Directory, day: date) -> Iterator[str]:
    """Addresses that several people have: a link sent there would sign in whoever opens it, so none of them gets one."""
    here = (person for person in after.people.values() if person.email and person.is_here_on(day))
    for email, people in gather_by_key((person.email.lower(), person) for person in here).items():
        if len(people) > 1:
            names = ", ".join(f"{person.name} ({person.key})" for person in people)
            yield f"{email} is the address of {len(people)} people, and none of them signs in by a link: {names}"


class _Teller:
    """Finds the differences, kind by kind."""

    def __init__(self, before: Directory, after: Directory, authority: Authority, day: date) -> None:
        self.before, self.after, self.authority, self.day = before, after, authority, day
        self.added: list[str] = []
        self.ended: list[str] = []
        self.changed: list[str] = []

    def people(self) -> None:
        """Who is new, who left, who came back, whose name, address or agency is another."""
        for key, now in self.after.people.items():
            was = self.before.people.get(key)
            if was is None:
                self.added.append(f"{now.name} ({key})")
                continue
            here, there = now.is_here_on(self.day), was.is_here_on(self.day)
            if was.left_on != now.left_on and now.left_on is not None and not (here and not there):
                self.ended.append(f"{now.name} ({key}): last day {now.left_on}")
            elif was.left_on != now.left_on:
                self.changed.append(f"{now.name} ({key}): back" if not there else f"{now.name} ({key}): stays")
            before, after = ({"name": person.name, "e-mail": person.email, "agency": person.agency} for person in (was, now))
            self._differing(f"{now.name} ({key})", before, after)

    def units(self, gone: set[tuple[str, str]]) -> None:
        """Teams, services and agencies that are new, renamed, moved to another service, or not listed any more."""
        for (kind, key), now in self.after.units.items():
            was = self.before.units.get((kind, key))
            if was is None:
                self.added.append(f"{kind} {now.name} ({key})")
            else:
                services = [self.after.unit_name("service", unit.within) for unit in (was, now)]
                before, after = {"name": was.name, "service": services[0]}, {"name": now.name, "service": services[1]}
                self._differing(f"{kind} {now.name} ({key})", before, after)
        for kind, key in sorted(gone):
            if self.before.has_live_posts(HeldFor(kind), key, self.day):
                self.ended.append(f"{kind} {self.before.units[kind, key].name} ({key}): not listed any more")

    def children(self, unlisted: set[str]) -> None:
        """Children who are new, not listed any more, or of whom something else is true."""
        for number, now in self.after.children.items():
            was = self.before.children.get(number)
            if was is None:
                self.added.append(f"child {number}")
            elif was != now:
                before, after = self._child_in_words(self.before, was), self._child_in_words(self.after, now)
                self._differing(f"child {number}", before, after)
        for number in sorted(unlisted):
            if self.before.has_live_posts(HeldFor.CHILD, number, self.day):
                self.ended.append(f"child {number}: not listed any more")

    def _child_in_words(self, directory: Directory, child: DirectoryChild) -> dict[str, str]:
        return {
            "initials": child.initials,
            "born": str(child.born),
            **self._facts_in_words(directory, child),
            "last review": str(child.last_review or "none"),
            "next review": str(child.next_review or "none"),
            "conferences": str(child.conferences),
        }

    def _facts_in_words(self, directory: Directory, child: DirectoryChild) -> dict[str, str]:
        """What ladders ask of a child."""
        facts = self.authority.facts_of()

        def labels(keys: Iterable[str]) -> str:
            return " and ".join(facts.get(key) or self.authority.label(key) for key in sorted(keys)) or "none"

        return {
            "status": labels(child.statuses),
            "PLO": "yes" if child.in_plo else "no",
            "proceedings": "yes" if child.in_proceedings else "no",
            "placement": labels(child.facts),
            "team": directory.unit_name("team", child.team),
        }

    def _differing(self, what: str, before: Mapping[str, str], after: Mapping[str, str]) -> None:
        for name, was in before.items():
            if was != after[name]:
                self.changed.append(f"{what}: {name} {was or 'none'} → {after[name] or 'none'}")

    def posts(self) -> None:
        """Who holds what from now on; a holder who ends where another begins is one line."""
        places: dict[tuple[str, HeldFor, str], tuple[list[PostHolding], list[PostHolding]]] = {}
        posts = sorted(self.after.posts, key=lambda post: (post.held_for, post.key, post.role, post.since, post.person))
        for was, now in _changed(self.before.posts, posts):
            begun, over = places.setdefault(now.place, ([], []))
            if was is None or (is_over(was, self.day) and not is_over(now, self.day)):
                begun.append(now)
            elif _is_shorter(was, now, self.day):
                over.append(now)
            else:
                self.changed.append(f"{self._place(now.place)}: {self._holder(now)}{_days(now)}")
        for place, (begun, over) in places.items():
            if begun and over:
                names = [", ".join(dict.fromkeys(self._holder(post) for post in posts)) for posts in (over, begun)]
                since = min(post.since if post.id is None else self.day for post in begun)
                self.changed.append(f"{self._place(place)}: {names[0]} → {names[1]} from {since}")
            else:
                self.added += [f"{self._place(place)}: {self._holder(post)}{_days(post)}" for post in begun]
                self.ended += [f"{self._place(place)}: {self._holder(post)}{_ending(post)}" for post in over]

    def _place(self, place: tuple[str, HeldFor, str]) -> str:
        return self.after.place_in_words(self.authority, *place)

    def _holder(self, post: PostHolding) -> str:
        return self.after.name_of(post.person)

    def covers(self) -> None:
        """Who stands in for whom from now on."""
        covers = sorted(self.after.covers, key=lambda cover: (cover.of, cover.by, cover.since))
        for was, now in _changed(self.before.covers, covers):
            of, by = self.after.name_of(now.of), self.after.name_of(now.by)
            line = f"{by} as delegate of {of}" if now.is_delegate else f"{by} covers for {of}"
            if was is None:
                self.added.append(line + _days(now))
            elif _is_shorter(was, now, self.day):
                self.ended.append(line + _ending(now))
            else:
                self.changed.append(line + _days(now))
        for away in dict.fromkeys(cover.of for cover in covers):
            if not self.after.stand_ins.there_for(away, self.day) and self.before.stand_ins.there_for(away, self.day):
                name = self.after.name_of(away)
                self.changed.append(f"nobody is there for {name}: whoever covers is away too, or holds no post here")

    def consequences(self, item: OpenItem) -> Iterable[str]:
        """What follows for one open item today: facts, IRO, and each role that still owes an answer."""
        was, now = self.before.children.get(item.child), self.after.children.get(item.child)
        team, service = item.team, item.service
        if was is not None and now is not None:
            before, after = self._facts_in_words(self.before, was), self._facts_in_words(self.after, now)
            facts = [(name, old, after[name]) for name, old in before.items() if old != after[name]]
            team, service = now.team, self.after.service_of(now.team)
            if service != item.service:
                facts.append(("service", self.after.unit_name("service", item.service), self.after.unit_name("service", service)))
            if facts:
                differ = ", ".join(f"{name} {old} → {new}" for name, old, new in facts)
                yield f"{item.reference}: the child's facts change ({differ}); their IRO is told, no date moves"
        about = item.about()
        moved = OpenItem(item.reference, item.child, team, service, item.raiser_role).about()
        standing, settled = self.before.establishment(about), self.after.establishment(moved)
        if item.child and item.raiser_role in self.authority.roles_acting_as(Capacity.IRO):
            old, new = (posts.holders(self.authority, item.raiser_role, about, self.day) for posts in (standing, settled))
            if old != new and new:
                yield f"{item.reference}: the child's IRO is {self.after.names_of(new)} now and takes over what the IRO is asked"
            elif old != new:
                yield f"{item.reference}: the child has no IRO now; the IRO manager is told in their place"
        for role, due in item.asked:
            old = standing.holders(self.authority, role, about, self.day)
            new = settled.holders(self.authority, role, moved, self.day)
            title = self.authority.role(role).title if self.authority.has_role(role) else role
            if old and not new:
                yield f"{item.reference}: nobody is {title} now; the IRO manager is alarmed, the date {due} stands"
            elif set(new) - set(old):
                names = self.after.names_of(person for person in new if person not in old)
                yield f"{item.reference}: what {title} is asked by {due} passes to {names}, with the same date"


def _changed(before: Iterable[Span], after: Iterable[Span]) -> Iterator[tuple[Span | None, Span]]:
    """Each post or cover that is new or another than before, with what it was."""
    known = {span.id: span for span in before}
    for now in after:
        was = known.get(now.id) if now.id else None
        if was != now:
            yield was, now


def _is_shorter(was: PostHolding | StandIn, now: PostHolding | StandIn, day: date) -> bool:
    """Does it end sooner than it would have? One that has yet to begin is changed, unless it is taken back."""
    if now.until is None or (was.until is not None and was.until <= now.until):
        return False
    return was.since <= day or is_over(now, day)


def _days(span: PostHolding | StandIn) -> str:
    return f" from {span.since}" + (f" until {span.until}" if span.until else "")


def _ending(span: PostHolding | StandIn) -> str:
    return " (taken back before it began)" if span.until and span.until < span.since else f" until {span.until}"
