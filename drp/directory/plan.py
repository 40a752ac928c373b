"""What a directory import would do: files against what stands, as values and in words. Pure: nothing is read or written."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from drp.database.gathering import gather_by_key
from drp.directory.checks import dropped_units, faults_in, iro_role, people_after, social_worker_role, units_after
from drp.directory.files import DirectoryFiles, Unloadable
from drp.directory.spans import ListedSpan, Span, ended_before, settle_spans
from drp.directory.spellings import spelt_as_known
from drp.directory.values import Directory, Person, PostHolding, StandIn, is_over
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
    listed = spelt_as_known(listed, before)
    faults = (*listed.faults, *faults_in(listed, before, authority, day))
    if faults:
        raise Unloadable(faults)
    people = people_after(listed, before, day)
    gone = dropped_units(listed, before)
    children = dict(before.children)
    for row in (listed.children or {}).values():
        known = before.children.get(row.child.number)
        children[row.child.number] = replace(row.child, id=known.id if known else None)
    unlisted = set[str]()
    if listed.children is not None:
        unlisted = set(before.children) - {row.child.number for row in listed.children.values()}
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


def _posts(
    listed: DirectoryFiles, before: Directory, authority: Authority, people: dict[str, Person], day: date
) -> list[PostHolding]:
    """Posts as the files have them: posts.csv speaks for all but those held for a child, children.csv for its two roles."""
    social_worker, iro = social_worker_role(authority), iro_role(authority)
    spoken_for: list[PostHolding] = []
    untouched: list[PostHolding] = []
    for post in before.posts:
        if post.held_for is HeldFor.CHILD:
            is_spoken_for = listed.children is not None and post.role in (social_worker, iro)
        else:
            is_spoken_for = listed.posts is not None
        (spoken_for if is_spoken_for else untouched).append(post)
    wanted = [
        (
            PostHolding(line.person, line.role, authority.role(line.role).held_for, line.of, day),
            ListedSpan(line.since, line.until),
        )
        for line in (listed.posts or {}).values()
    ]
    wanted += [
        (PostHolding(person, role, HeldFor.CHILD, row.child.number, day), ListedSpan(None, people[person].left_on))
        for row in (listed.children or {}).values()
        for person, role in ((row.social_worker, social_worker), (row.iro, iro))
        if person and role
    ]
    return untouched + _settled(wanted, spoken_for, day)


def _covers(listed: DirectoryFiles, before: Directory, day: date) -> list[StandIn]:
    if listed.covers is None:
        return list(before.covers)
    # What was made in the service is the service's: a file neither ends it nor says it again.
    made_here = [cover for cover in before.covers if cover.made_here]
    here = {(cover.of, cover.by, cover.is_delegate) for cover in made_here if not is_over(cover, day)}
    rows = (cover for cover in listed.covers.values() if (cover.of, cover.by, cover.is_delegate) not in here)
    wanted = [(replace(cover, since=day, until=None), ListedSpan(cover.since, cover.until)) for cover in rows]
    return made_here + _settled(wanted, [cover for cover in before.covers if not cover.made_here], day)


def _settled(wanted: Iterable[tuple[Span, ListedSpan]], standing: Iterable[Span], day: date) -> list[Span]:
    """The spans after an import. `wanted`: what files list, each with a span of that person and place, from `day` on."""
    listed: dict[Span, list[ListedSpan]] = gather_by_key(wanted)
    stands: dict[Span, list[Span]] = gather_by_key((replace(span, since=day, until=None, id=None), span) for span in standing)
    blanks = list(stands) + [blank for blank in listed if blank not in stands]
    return [span for blank in blanks for span in settle_spans(listed.get(blank, ()), stands.get(blank, ()), blank, day)]


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
