"""Whom an item concerns, by person and through every door, so that nobody settles what concerns them. Pure.

docs/architecture.md rule 10: whoever is or was asked, holds a post that a stage of its ladder asks, or was part of the child's
own casework, neither settles nor ends it, in whatever capacity they come: as cover, delegate, IRO or IRO manager.
"""

from collections.abc import Collection, Iterator
from datetime import date

from workflows.calendar.working_days import local_date
from workflows.decision.recipients import About, Establishment, Post, ReachedHow, holders_behind, raisers_asked, reach_asked
from workflows.model.authority import Authority, Capacity, HeldFor, Rules
from workflows.model.challenge import ASKS_RECIPIENTS, Challenge, Window
from workflows.model.ladder import RAISER, ItemType

OF_IRO_SERVICE = frozenset({Capacity.IRO, Capacity.IRO_MANAGER, Capacity.BUSINESS_SUPPORT})
"""Capacities of the IRO service: a post of it bars from the stage that asks it, and from no other."""


def concern_of(
    challenge: Challenge,
    about: About,
    rules: Rules,
    establishment: Establishment,
    person: str,
    iros: Collection[str],
    day: date,
) -> tuple[bool, bool]:
    """Does an item concern somebody on a day; and else, are they its child's appointed IRO (one of `iros`), who may not end it?

    What somebody raised in a role other than an IRO's they carry to its end themselves while they hold that role.
    """
    authority = rules.authority
    posts = establishment.of_person(person)
    if challenge.item_type is ItemType.ABOUT_IRO_SERVICE:
        return is_complained_of(authority, about, posts), False
    raised_as_iro = challenge.raiser_role in authority.roles_acting_as(Capacity.IRO)
    in_line = is_in_line(challenge, about, authority, establishment, person, day)
    if raised_it(challenge, about, establishment, person, raised_as_iro, iros, day):
        return False, raised_as_iro and in_line
    if person in iros:
        return is_asked_now(challenge, rules, posts, day), in_line
    concerned = in_line or holds_a_post_asked(challenge, about, rules, posts, day)
    return concerned or was_asked(challenge, rules, establishment, about, person, day), False


def raised_it(
    challenge: Challenge,
    about: About,
    establishment: Establishment,
    person: str,
    as_iro: bool,
    iros: Collection[str],
    day: date,
) -> bool:
    """Did they raise it, and hold the role that they raised it in (as an IRO: of this child)? Then they carry it on."""
    holds = person in iros if as_iro and about.child else establishment.holds(person, challenge.raiser_role, day)
    return person == about.raiser and holds


def is_complained_of(authority: Authority, about: About, posts: Collection[Post]) -> bool:
    """On an item about the IRO service: are these the posts of the IRO complained of?"""
    roles = authority.roles_acting_as(Capacity.IRO)
    own = [post for post in posts if post.role in roles and post.held_for is HeldFor.CHILD]
    return bool(about.child) and any(post.key == about.child for post in own)


def is_in_line(
    challenge: Challenge, about: About, authority: Authority, establishment: Establishment, person: str, day: date
) -> bool:
    """Is somebody part of the child's casework by a post: held for the child ever, or for their team or service since it was
    raised (where it is now, or was then)?"""
    since = local_date(challenge.raised_at)
    return any(
        _is_of_line(post, authority) and _counts(post, since, day)
        for place in _places(challenge, about)
        for post in establishment.at(person, place)
    )


def holds_a_post_asked(challenge: Challenge, about: About, rules: Rules, posts: Collection[Post], day: date) -> bool:
    """Is one of these posts asked by any stage of the ladder version, held while the item was open, for its child, team,
    service, agency or the whole authority?"""
    authority, since = rules.authority, local_date(challenge.raised_at)
    asked = {role for stage in rules.ladder.stages for role in stage.roles_to() if not _is_of_service(authority, role)}
    places = _places(challenge, about) | {(HeldFor.AUTHORITY, ""), (HeldFor.AGENCY, about.agency)}
    held = (post for post in posts if post.role in asked and (post.held_for, post.key) in places)
    return any(_overlaps(post, since, day) for post in held) or is_asked_now(challenge, rules, posts, day)


def is_asked_now(challenge: Challenge, rules: Rules, posts: Collection[Post], day: date) -> bool:
    """Does the present stage ask a post of the IRO service that is among these?"""
    told = {party.role for party in challenge.visits[-1].told} if challenge.visits else set()
    held = {post.role for post in posts if post.is_held_on(day)}
    return any(_is_of_service(rules.authority, role) for role in told & held)


def was_asked(challenge: Challenge, rules: Rules, establishment: Establishment, about: About, person: str, day: date) -> bool:
    """Was what a reply or meeting window asks put to somebody by name, as holder, cover, delegate or stand-in?

    Nobody of the IRO service becomes asked by another's cover or delegation.
    """
    authority = rules.authority
    own = {post.role for post in establishment.of_person(person)}
    if any(_is_of_service(authority, role) for role in own):
        return any(asked.party.person == person for window in _asking(challenge) for asked in window.asked)
    for window in _asking(challenge):
        first, last = local_date(window.opened_at), local_date(window.closed_at) if window.closed_at else day
        for asked in window.asked:
            if asked.party.person == person:
                return True
            if asked.party.role == RAISER or not authority.has_role(asked.party.role):
                continue
            for on in {first, min(last, day)}:
                reached = reach_asked(asked.party, challenge.stage_of(window), rules, establishment, about, on)
                if any(one.person == person and one.how is not ReachedHow.MANAGER for one in reached):
                    return True
            holders = set(holders_behind(asked.party, authority, establishment, about, first))
            holders -= raisers_asked(asked.party, authority, establishment, about, first)
            if _stood_beside(establishment, holders, person, first, last):
                return True
    return False


def _stood_beside(establishment: Establishment, holders: Collection[str], person: str, first: date, last: date) -> bool:
    """Did they cover, or stand beside as delegate, one of some people on a day from `first` to `last`?"""
    return any(
        cover.by == person and cover.of in holders and cover.since <= last and (cover.until is None or cover.until >= first)
        for cover in establishment.covers.covers
    )


def _asking(challenge: Challenge) -> Iterator[Window]:
    return (window for window in challenge.windows if window.key.kind in ASKS_RECIPIENTS)


def _places(challenge: Challenge, about: About) -> set[tuple[HeldFor, str]]:
    """For what posts are held that are of the child's casework: where the child is now, and was when it was raised."""
    then = challenge.facts_at_raising
    places = {
        (HeldFor.CHILD, about.child), (HeldFor.TEAM, about.team), (HeldFor.SERVICE, about.service),
        (HeldFor.TEAM, then.team), (HeldFor.SERVICE, then.service),
    }  # fmt: skip
    return {place for place in places if place[1]}


def _is_of_service(authority: Authority, role: str) -> bool:
    return authority.has_role(role) and authority.role(role).acts_as in OF_IRO_SERVICE


def _is_of_line(post: Post, authority: Authority) -> bool:
    """Is it a post of the child's line, and not of the IRO service, one that only sees, or one that stands beside the child?"""
    role = authority.role(post.role) if authority.has_role(post.role) else None
    return role is not None and role.acts_as is None and not role.is_beside_child


def _counts(post: Post, since: date, day: date) -> bool:
    """Has it begun by `day`; and, but for a child's own, had it not ended before the item was raised (`since`)?"""
    return post.since <= day and (post.held_for is HeldFor.CHILD or post.until is None or post.until >= since)


def _overlaps(post: Post, since: date, day: date) -> bool:
    """Was it held on a day from `since` until `day`?"""
    return post.since <= day and (post.until is None or post.until >= since)
