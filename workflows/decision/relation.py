"""What a person is on one item, on a day: the one place where posts, cover and what was asked become parts."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from workflows.calendar.working_days import local_date
from workflows.decision.absence import acting_groups
from workflows.decision.absence import acts_for_absent as acts_for_absent_raiser
from workflows.decision.independence import concern_of
from workflows.decision.recipients import (
    ANSWERING,
    About,
    Establishment,
    holders_behind,
    iro_of,
    nobody_is_there,
    raiser_of,
    raisers_among,
    reach_asked,
)
from workflows.model.actor import Actor, Part
from workflows.model.altered import altered
from workflows.model.authority import Authority, Capacity, Rules
from workflows.model.challenge import ASKS_RECIPIENTS, THE_RAISER, Challenge, Party, WindowKind
from workflows.model.ladder import RAISER, RECIPIENTS, ItemType

PART_OF_CAPACITY = {
    Capacity.IRO_MANAGER: Part.IRO_MANAGER,
    Capacity.BUSINESS_SUPPORT: Part.BUSINESS_SUPPORT,
    Capacity.ADMINISTRATOR: Part.ADMINISTRATOR,
    Capacity.LEADER: Part.LEADER,
    Capacity.AUDITOR: Part.AUDITOR,
}
"""The part that a capacity gives on every item of the authority. An IRO's parts are asked of the item itself."""

SEES_ALL = frozenset({Part.IRO_MANAGER, Part.BUSINESS_SUPPORT})
"""The IRO service's own desk: it sees every item of its authority."""

SEES = SEES_ALL | {
    Part.RAISER, Part.CHILDS_IRO, Part.ASKED, Part.COPIED, Part.OBSERVER, Part.JUDGE, Part.ARRANGER, Part.RECORDER,
    Part.SENDER, Part.ENDORSER, Part.TELLER, Part.SECOND, Part.READER,
}  # fmt: skip
"""Parts that see an item. Leaders, auditors and administrators see none by their capacity alone (need to know)."""

IRO_SERVICE_PARTS = frozenset({Part.RAISER, Part.CHILDS_IRO, Part.IRO_MANAGER, Part.BUSINESS_SUPPORT})
"""Parts that see what the IRO service keeps to itself: advice, supervision, a child's confidence."""


@dataclass(frozen=True)
class PersonStanding:
    """For whom a person stands on one item on a day, and which roles that gives them there.

    Whoever covers does all that the covered person can (`acts_for`, `roles`); a delegate sees what they see and answers
    for them, and no more (`sees_for`, `seen_roles`).
    """

    person: str
    acts_for: frozenset[str]
    sees_for: frozenset[str]
    roles: frozenset[str]
    seen_roles: frozenset[str]
    raisers: frozenset[str]
    iros: frozenset[str]
    is_raiser: bool
    is_raiser_away: bool
    """Is nobody there for whoever raised it?"""
    establishment: Establishment
    day: date

    def acts_as_any(self, parties: Iterable[Party]) -> bool:
        """Is any of these parties the person, or somebody whom they cover?"""
        return any(self._is(party, self.acts_for, self.roles) for party in parties)

    def sees_as_any(self, parties: Iterable[Party]) -> bool:
        """The same, or somebody whose delegate they are?"""
        return any(self._is(party, self.sees_for, self.seen_roles) for party in parties)

    def _is(self, party: Party, people: frozenset[str], roles: frozenset[str]) -> bool:
        if party.role == RAISER:
            return self.is_raiser
        if party.person:
            return party.person in people and self.establishment.holds(party.person, party.role, self.day)
        return party.role in roles


def relation_to(
    challenge: Challenge,
    about: About,
    rules: Rules,
    establishment: Establishment,
    person: str,
    day: date,
    elsewhere: Collection[str] = (),
) -> Actor:
    """Work out what a person is on an item on a day (Europe/London): their parts, roles, and for whom they act.

    `about` is what the item is about, as posts are held now; `establishment` the posts and covers that it needs;
    `elsewhere` the roles that the person holds anywhere in the authority.
    """
    stands = standing_on(challenge, about, rules, establishment, person, day)
    parts = (
        capacity_parts(rules.authority, stands.roles)
        | _parts_by_right(stands)
        | asked_parts(challenge, stands)
        | stage_parts(challenge, rules, stands)
    )
    if stands.sees_as_any(told_parties(challenge, rules)) or _sees_beside(rules.authority, stands):
        parts |= {Part.COPIED}
    if challenge.item_type is ItemType.EXCELLENT_PRACTICE and Part.LEADER in parts:
        parts |= {Part.COPIED}  # what went well is for those who lead to see
    named = named_parties(challenge, about, rules.authority, establishment)
    if any(one.person == person for one in named):
        parts |= {Part.NAMED}
    if stands.sees_as_any(observing_parties(challenge, rules)):
        parts |= {Part.OBSERVER}
    if person in challenge.readers:
        parts |= {Part.READER}
    is_concerned, may_not_end = concern_of(challenge, about, rules, establishment, person, stands.iros, day)
    acts_for_absent = False
    if stands.is_raiser_away:
        groups = acting_groups(about, rules.authority, establishment, person, elsewhere, day)

        def is_barred(one: str) -> bool:
            return any(concern_of(challenge, about, rules, establishment, one, stands.iros, day))

        acts_for_absent = Part.RAISER in parts or acts_for_absent_raiser(groups, person, is_barred)
        if acts_for_absent:
            parts |= {Part.RAISER}
        if any(person in group for group in groups):
            parts |= {Part.SECOND}
    outside = not is_of_iro_service(challenge, rules.authority, parts, is_concerned)
    behalf = "" if person in stands.raisers else min(stands.raisers & stands.acts_for, default="")
    return Actor(
        person, parts, stands.seen_roles, is_concerned, may_not_end, about.raiser, behalf, stands.sees_for,
        outside_iro_service=outside, acts_for_absent=acts_for_absent, named=named,
    )  # fmt: skip


def standing_on(
    challenge: Challenge, about: About, rules: Rules, establishment: Establishment, person: str, day: date
) -> PersonStanding:
    """For whom a person stands on an item on a day."""
    authority = rules.authority
    acts_for = establishment.covers.acts_for(person, day)
    sees_for = establishment.covers.acts_for(person, day, as_delegate=True)
    roles = establishment.held_by(acts_for, authority, about, day)
    seen_roles = establishment.held_by(sees_for, authority, about, day)
    raisers = frozenset(raiser_of(authority, establishment, about, day))
    seen_roles |= _stood_in_for(sees_for, seen_roles, raisers, challenge, about, rules, establishment, day)
    is_raiser = bool(acts_for & raisers)
    if is_raiser:
        seen_roles -= _asked_of_raiser(challenge, raisers, about, authority, establishment, day)
    if is_raiser and not about.child:
        roles |= {about.raiser_role}
    is_raiser_away = nobody_is_there(THE_RAISER, authority, establishment, about, day)
    if is_raiser_away:
        # It falls to the IRO manager, so that it is never nobody's.
        is_raiser = is_raiser or Part.IRO_MANAGER in capacity_parts(authority, roles)
    iros = frozenset(iro_of(authority, establishment, about, day))
    return PersonStanding(
        person, acts_for, sees_for, roles, seen_roles, raisers, iros, is_raiser, is_raiser_away, establishment, day
    )


def capacity_parts(authority: Authority, roles: Collection[str]) -> frozenset[Part]:
    """The parts that roles give by their capacity alone."""
    capacities = {authority.role(role).acts_as for role in roles}
    return frozenset(part for capacity, part in PART_OF_CAPACITY.items() if capacity in capacities)


def _parts_by_right(stands: PersonStanding) -> frozenset[Part]:
    """Raiser and child's IRO, and whoever covers them."""
    parts = {Part.RAISER} if stands.is_raiser else set()
    return frozenset(parts | ({Part.CHILDS_IRO} if stands.acts_for & stands.iros else set()))


def asked_parts(challenge: Challenge, stands: PersonStanding) -> frozenset[Part]:
    """The parts of whoever is asked, or was: to answer, to judge, to endorse, to tell of a referral."""
    parts = {Part.TELLER} if stands.acts_as_any(challenge.to_tell) else set()
    for window in challenge.windows:
        asked = [one.party for one in window.asked]
        kind = window.key.kind
        if kind in ASKS_RECIPIENTS and stands.sees_as_any(asked):
            is_present = window.is_open and window.key.sequence == challenge.sequence
            parts.add(Part.ASKED if is_present else Part.WAS_ASKED)
        elif window.is_open and kind is WindowKind.JUDGEMENT and stands.acts_as_any(asked):
            parts.add(Part.JUDGE)
        elif window.is_open and kind is WindowKind.ENDORSEMENT and stands.acts_as_any(asked):
            parts.add(Part.ENDORSER)
    return frozenset(parts)


def stage_parts(challenge: Challenge, rules: Rules, stands: PersonStanding) -> frozenset[Part]:
    """The parts that the present stage gives: who arranges its meeting, records the outcome, sends it."""
    if not challenge.stage or rules.ladder.is_notice:
        return frozenset()
    stage = rules.ladder.stage(challenge.stage)
    parties = {Part.SENDER: [Party(role) for role in stage.sent_by]}
    if meeting := stage.contact.meeting:
        parties |= {Part.ARRANGER: [Party(meeting.arranged_by)], Part.RECORDER: [Party(meeting.outcome_recorded_by)]}
    return frozenset(part for part, given in parties.items() if stands.acts_as_any(given))


def told_parties(challenge: Challenge, rules: Rules) -> Iterator[Party]:
    """Everybody who was told of an item and reads it: addressed, copied, attending a meeting that was arranged."""
    for visit in challenge.visits:
        if not visit.sent:
            continue
        yield from (*visit.told, *visit.copied)
        if not rules.ladder.has(visit.stage):
            continue  # it was moved to a version without this stage since
        stage = rules.ladder.stage(visit.stage)
        is_arranged = visit.sequence < challenge.sequence or challenge.meeting_at is not None
        if stage.contact.meeting and is_arranged:
            yield from (Party(role) for role in stage.contact.meeting.attended_by if role != RECIPIENTS)


def observing_parties(challenge: Challenge, rules: Rules) -> Iterator[Party]:
    """Everybody who was only told that an item had come to a stage."""
    for visit in challenge.visits:
        if visit.sent and rules.ladder.has(visit.stage):
            yield from (Party(role) for role in (*rules.ladder.observers, *rules.ladder.stage(visit.stage).observers))


def named_parties(challenge: Challenge, about: About, authority: Authority, establishment: Establishment) -> tuple[Party, ...]:
    """Whom a notice of excellent practice names: by person, who held the posts that it was addressed to on the day it was.

    Nobody who covers, and nobody who holds the post since: it is their own work, and their own word whether it is quoted.
    """
    if challenge.item_type is not ItemType.EXCELLENT_PRACTICE:
        return ()
    then = at_raising(challenge, about)
    return tuple(
        dict.fromkeys(
            Party(party.role, person)
            for visit in challenge.visits
            for party in visit.told
            for person in holders_behind(party, authority, establishment, then, local_date(visit.entered_at))
        )
    )


def sees_head_only(actor: Actor) -> bool:
    """May they see an item's head, stages and dates, and not the concern, the child's view or anybody's words?"""
    return not actor.parts & (SEES - {Part.OBSERVER})


def is_of_iro_service(challenge: Challenge, authority: Authority, parts: Collection[Part], is_concerned: bool) -> bool:
    """Is somebody of these parts of the IRO service on this item?"""
    if SEES_ALL.intersection(parts):
        return True
    raised_as_iro = challenge.raiser_role in authority.roles_acting_as(Capacity.IRO)
    return not is_concerned and (Part.CHILDS_IRO in parts or (Part.RAISER in parts and raised_as_iro))


def reads_iro_service(actor: Actor) -> bool:
    """May they read what the IRO service keeps to itself: advice, supervision, a child's confidence?"""
    return bool(actor.parts & IRO_SERVICE_PARTS) and not actor.outside_iro_service


def _sees_beside(authority: Authority, stands: PersonStanding) -> bool:
    """Are they the delegate of the raiser, of the child's IRO, or of the IRO service's desk?"""
    if (stands.sees_for - stands.acts_for) & (stands.raisers | stands.iros):
        return True
    return bool(capacity_parts(authority, stands.seen_roles - stands.roles) & SEES_ALL)


def _asked_of_raiser(
    challenge: Challenge, raisers: frozenset[str], about: About, authority: Authority, establishment: Establishment, day: date
) -> frozenset[str]:
    """Of the roles that an item asks, those that whoever raised it holds: nobody answers themselves."""
    asked = {party for visit in challenge.visits for party in visit.told}
    return frozenset(party.role for party in asked if raisers_among(party, raisers, authority, establishment, about, day))


def _stood_in_for(
    sees_for: frozenset[str],
    held: frozenset[str],
    raisers: frozenset[str],
    challenge: Challenge,
    about: About,
    rules: Rules,
    establishment: Establishment,
    day: date,
) -> frozenset[str]:
    """The roles for which nobody is there and for which the ladder names a stand-in whom this person is; and those that
    whoever raised the item holds, where this person is asked in their place."""
    ladder = rules.ladder  # of another version perhaps than some stages were visited under
    pairs = {pair for visit in challenge.visits if ladder.has(visit.stage) for pair in ladder.stage(visit.stage).stand_ins}
    found = {
        away
        for away, stand_in in pairs
        if stand_in in held and nobody_is_there(Party(away), rules.authority, establishment, about, day)
    }
    for visit in challenge.visits:
        for party in visit.told:
            if party.role not in found and raisers_among(party, raisers, rules.authority, establishment, about, day):
                reached = reach_asked(party, visit.stage, rules, establishment, about, day)
                found |= {party.role for one in reached if one.person in sees_for and one.how in ANSWERING}
    return frozenset(found)


def relation_of_raiser(
    about: About, authority: Authority, establishment: Establishment, person: str, capacities: Collection[Capacity], day: date
) -> Actor | None:
    """What somebody is who raises an item in the role `about.raiser_role`; None where they may not.

    Whoever holds that role for it, or covers; an IRO, of an item without a child; the IRO service's desk on their behalf.
    """
    role = about.raiser_role
    is_iro_role = role in authority.roles_acting_as(Capacity.IRO)
    holders = frozenset(establishment.holders(authority, role, about, day))
    covered = establishment.covers.acts_for(person, day) & holders
    if covered:
        parts = {Part.RAISER} | ({Part.CHILDS_IRO} if is_iro_role else set())
        return Actor(person, frozenset(parts), behalf_of="" if person in holders else min(covered))
    if is_iro_role and not about.child and Capacity.IRO in capacities:
        return Actor(person, frozenset({Part.RAISER}))
    desk = {Capacity.BUSINESS_SUPPORT, Capacity.IRO_MANAGER, Capacity.IRO}.intersection(capacities)
    if is_iro_role and desk and holders:
        return Actor(person, frozenset({Part.BUSINESS_SUPPORT}), behalf_of=min(holders))
    return None


def at_raising(challenge: Challenge, about: About) -> About:
    """What an item was about when it was raised: independence asks who was in the line at the time."""
    then = challenge.facts_at_raising
    return altered(about, team=then.team, service=then.service)
