"""What a directory import would do: files against what stands, as values and in words. Pure: nothing is read or written."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from drp.directory.checks import dropped_units, faults_in, iro_role, people_after, social_worker_role, units_after
from drp.directory.files import ChildLine, DirectoryFiles, Unloadable
from drp.directory.spans import ListedSpan, Span, ended_before, settle_spans
from drp.directory.values import Directory, DirectoryChild, Person, PostHolding, StandIn, is_over
from drp.directory.words import ImportWords, import_in_words
from workflows.model.authority import Authority, HeldFor


@dataclass(frozen=True)
class ImportPlan:
    """What an import does on a day (Europe/London): in words for people to read, and as the directory before and after."""

    authority: str
    day: date
    words: ImportWords
    before: Directory
    after: Directory

    @property
    def is_nothing(self) -> bool:
        """Does everything stand already?"""
        return not (self.words.added or self.words.ended or self.words.changed)

    def __str__(self) -> str:
        return str(self.words)


def plan_import(listed: DirectoryFiles, before: Directory, authority: Authority, day: date) -> ImportPlan:
    """What loading these files on a day does. Each file given is the whole truth for its table from that day on.

    Raises Unloadable with every fault of every file; then nothing may be loaded.
    """
    faults = (*listed.faults, *faults_in(listed, before, authority, day))
    if faults:
        raise Unloadable(faults)
    people = people_after(listed, before, day)
    gone = dropped_units(listed, before)
    children = _children(listed, before)
    unlisted = set(before.children) - {line.number for line in listed.children} if listed.children is not None else set()
    posts = _posts(listed, before, authority, people, day)
    after = Directory(
        people=people,
        units=units_after(listed, before),
        posts=tuple(_shortened(post, people, gone, unlisted, day) for post in posts),
        covers=tuple(_while_here(cover, (cover.of, cover.by), people) for cover in _covers(listed, before, day)),
        children=children,
        items=before.items,
    )
    words = import_in_words(before, after, authority, day, gone, unlisted)
    return ImportPlan(authority.key, day, words, before, after)


def _children(listed: DirectoryFiles, before: Directory) -> dict[str, DirectoryChild]:
    after = dict(before.children)
    for line in listed.children or ():
        known = before.children.get(line.number)
        after[line.number] = DirectoryChild(
            line.number,
            line.initials,
            line.born,
            line.statuses,
            line.in_plo,
            line.in_proceedings,
            line.facts,
            line.team,
            line.last_review,
            line.next_review,
            line.conferences,
            known.id if known else None,
        )
    return after


def _posts(
    listed: DirectoryFiles, before: Directory, authority: Authority, people: dict[str, Person], day: date
) -> list[PostHolding]:
    """Posts as the files have them: posts.csv speaks for all but those held for a child, children.csv for its two roles."""
    of_child = {role for role in (iro_role(authority), social_worker_role(authority)) if role}
    wanted: dict[PostHolding, list[ListedSpan]] = {}
    spoken_for: list[PostHolding] = []
    untouched: list[PostHolding] = []
    for post in before.posts:
        in_children = post.held_for is HeldFor.CHILD and post.role in of_child
        in_posts = post.held_for is not HeldFor.CHILD
        is_spoken_for = (in_children and listed.children is not None) or (in_posts and listed.posts is not None)
        (spoken_for if is_spoken_for else untouched).append(post)
    for line in listed.posts or ():
        held_for = authority.role(line.role).held_for
        blank = PostHolding(line.person, line.role, held_for, line.of, day)
        wanted.setdefault(blank, []).append(ListedSpan(line.since, line.until))
    for child in listed.children or ():
        for person, role in _allocated(child, authority):
            blank = PostHolding(person, role, HeldFor.CHILD, child.number, day)
            wanted.setdefault(blank, []).append(ListedSpan(None, people[person].left_on))
    return untouched + _settled(wanted, spoken_for, day)


def _allocated(child: ChildLine, authority: Authority) -> Iterable[tuple[str, str]]:
    for person, role in ((child.social_worker, social_worker_role(authority)), (child.iro, iro_role(authority))):
        if person and role:
            yield person, role


def _covers(listed: DirectoryFiles, before: Directory, day: date) -> list[StandIn]:
    if listed.covers is None:
        return list(before.covers)
    wanted: dict[StandIn, list[ListedSpan]] = {}
    for line in listed.covers:
        blank = StandIn(line.of, line.by, day, None, line.is_delegate)
        wanted.setdefault(blank, []).append(ListedSpan(line.since, line.until))
    return _settled(wanted, before.covers, day)


def _settled(wanted: dict[Span, list[ListedSpan]], standing: Iterable[Span], day: date) -> list[Span]:
    stands: dict[Span, list[Span]] = {}
    for span in standing:
        blank: Span = replace(span, since=day, until=None, id=None)
        stands.setdefault(blank, []).append(span)
    blanks = list(stands) + [blank for blank in wanted if blank not in stands]
    return [span for blank in blanks for span in settle_spans(wanted.get(blank, ()), stands.get(blank, ()), blank, day)]


def _shortened(
    post: PostHolding, people: dict[str, Person], gone: set[tuple[str, str]], unlisted: set[str], day: date
) -> PostHolding:
    """A post ends with its holder's last day, with its unit, with its child."""
    if is_over(post, day):
        return post
    if (post.held_for.value, post.key) in gone or (post.held_for is HeldFor.CHILD and post.key in unlisted):
        return ended_before(post, day)
    return _while_here(post, (post.person,), people)


def _while_here(span: Span, who: Iterable[str], people: dict[str, Person]) -> Span:
    for key in who:
        left = people[key].left_on
        if left is not None and (span.until is None or span.until > left):
            span = replace(span, until=left)
    return span
