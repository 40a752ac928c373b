"""Who is told: the people behind each telling, as of its day, with the alarm where a post that is asked is empty."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from drp.keep import Message
from drp.load import Loaded
from workflows.challenge import Party
from workflows.decide import decide
from workflows.events import PostEmptied
from workflows.permits import THE_SERVICE, Act
from workflows.procedure import Rules
from workflows.recipients import Establishment, Reached, ReachedHow, nobody_holds, reach
from workflows.turn import Decision, Subject
from workflows.working_days import local_date


def addressed(
    rules: Rules, establishment: Establishment, loaded: Loaded, decision: Decision, now: datetime
) -> tuple[Decision, tuple[Message, ...]]:
    """Find the people for each telling as of that day; where a post that is asked is empty, raise the alarm as well."""
    about = replace(loaded, challenge=decision.challenge).about()
    authority, alarmed = rules.authority, set[str]()
    for telling in decision.tellings:
        day = local_date(telling.at)
        for party in telling.to if telling.subject is Subject.ASKED else ():
            if party.role not in alarmed and nobody_holds(party, authority, establishment, about, day):
                alarmed.add(party.role)
    for role in sorted(alarmed):
        more = decide(rules, decision.challenge, Act(PostEmptied(role), THE_SERVICE), now)
        decision = decision.then(more)
    messages: list[Message] = []
    for telling in decision.tellings:
        day = local_date(telling.at)
        stage = rules.ladder.stage(telling.stage) if rules.ladder.has(telling.stage) else None
        stand_ins = dict(stage.stand_ins) if stage else {}
        to, copy = (
            tuple(
                (party, reached)
                for party in parties
                for reached in reach(party, authority, establishment, about, day, stand_ins.get(party.role, ""))
            )
            for parties in (telling.to, telling.copy)
        )
        messages.append(Message(telling, to, _without_managers_again(to, copy)))
    return decision, tuple(messages)


def _without_managers_again(
    to: Sequence[tuple[Party, Reached]], copy: Sequence[tuple[Party, Reached]]
) -> tuple[tuple[Party, Reached], ...]:
    """Nobody stands in copy to what is addressed to them; an empty copied post falls to nobody, an asked one to the manager."""
    addressed_to = {reached.person for _, reached in to}
    return tuple((p, r) for p, r in copy if r.person not in addressed_to and r.how is not ReachedHow.MANAGER)
