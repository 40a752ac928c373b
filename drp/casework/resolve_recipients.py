"""Finds the people for each notification need on its day. Adds an alarm where nobody holds a post that is asked."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from drp.casework.load import StoredChallenge
from drp.casework.save import ResolvedMessage
from drp.database.statements import SENT_THE_MEETING
from workflows.calendar.working_days import local_date
from workflows.decision.decide import decide
from workflows.decision.decision_builder import Decision, NotificationKind
from workflows.decision.reach import ASKS
from workflows.decision.recipients import (
    Establishment,
    ReachedHow,
    ReachedPerson,
    nobody_is_asked,
    reach_asked,
    reach_people,
)
from workflows.model.actor import THE_SERVICE, Act
from workflows.model.authority import Rules
from workflows.model.challenge import THE_RAISER, Party
from workflows.model.events import PostEmptied


def resolve_recipients(
    connection: Connection, rules: Rules, establishment: Establishment, loaded: StoredChallenge, decision: Decision, now: datetime
) -> tuple[Decision, tuple[ResolvedMessage, ...]]:
    """Find the people for each notification need on its day.

    Where nobody holds a post that is asked, `decide` is asked once more, for the alarm (`PostEmptied`). That a meeting is no
    more is told to everybody who was sent it, also past their post.
    """
    about = replace(loaded, challenge=decision.challenge).about()
    authority, alarmed = rules.authority, set[str]()
    for telling in decision.tellings:
        day = local_date(telling.at)
        for party in telling.to if telling.subject is NotificationKind.ASKED else ():
            if party.role not in alarmed and nobody_is_asked(party, telling.stage, rules, establishment, about, day):
                alarmed.add(party.role)
    for role in sorted(alarmed):
        more = decide(rules, decision.challenge, Act(PostEmptied(role), THE_SERVICE), now)
        decision = decision.then(more)
    messages: list[ResolvedMessage] = []
    for telling in decision.tellings:
        day = local_date(telling.at)
        stage = rules.ladder.stage(telling.stage) if rules.ladder.has(telling.stage) else None
        stand_ins = dict(stage.stand_ins) if stage else {}
        asks = telling.subject in ASKS
        to, copy = (
            tuple(
                (party, reached)
                for party in parties
                for reached in (
                    reach_asked(party, telling.stage, rules, establishment, about, day)
                    if asks and parties is telling.to
                    else reach_people(party, authority, establishment, about, day, stand_ins.get(party.role, ""))
                )
            )
            for parties in (telling.to, telling.copy)
        )
        if telling.subject is NotificationKind.ENDED_BY_ANOTHER:
            # By name, whoever covers for them: what they raised is not to end behind their back.
            # Where they have left the service, the child's IRO now is told.
            to = tuple(
                (party, ReachedPerson(party.person, party.role, ReachedHow.HOLDER))
                for party in telling.to
                if establishment.holds(party.person, party.role, day)
            ) or tuple(
                (party, one) for party in telling.to for one in reach_people(THE_RAISER, authority, establishment, about, day)
            )
        elif telling.subject is NotificationKind.RAISED_BY_ANOTHER:
            to = tuple((party, one) for party, one in to if one.person != about.raiser)
        elif telling.subject is NotificationKind.LET_READ:
            # By name and in no post: never a cover or delegate of theirs.
            copy = tuple((party, ReachedPerson(party.person, party.role, ReachedHow.HOLDER)) for party in telling.copy)
        elif telling.subject in (NotificationKind.THANKED, NotificationKind.QUOTE_OFFERED):
            # Who did the work, by name: nobody who covers for them, or holds the post since, stands in for that.
            named = ((party, ReachedPerson(party.person, party.role, ReachedHow.HOLDER)) for party in telling.to if party.person)
            to = (*named, *(one for one in to if not one[0].person))
        elif telling.subject is NotificationKind.MEETING_OFF:
            to = _those_who_were_sent_it(connection, authority.key, loaded.id, telling.sequence)
        messages.append(ResolvedMessage(telling, to, _without_managers_again(to, copy)))
    return decision, tuple(messages)


def _those_who_were_sent_it(
    connection: Connection, authority: str, challenge: UUID, sequence: int
) -> tuple[tuple[Party, ReachedPerson], ...]:
    """Everybody in whose diary the meeting of a stay is: those to whom it was sent, and nobody else."""
    rows = connection.execute(SENT_THE_MEETING, {"authority": authority, "challenge": challenge, "sequence": sequence})
    return tuple(dict.fromkeys((Party(row.party), ReachedPerson(str(row.person), row.role, ReachedHow(row.how))) for row in rows))


def _without_managers_again(
    to: Sequence[tuple[Party, ReachedPerson]], copy: Sequence[tuple[Party, ReachedPerson]]
) -> tuple[tuple[Party, ReachedPerson], ...]:
    """Take out of the copies everybody who is addressed, and every IRO manager who only stands in for an empty copied post."""
    addressed_to = {reached.person for _, reached in to}
    return tuple((p, r) for p, r in copy if r.person not in addressed_to and r.how is not ReachedHow.MANAGER)
