"""What was followed and becomes a challenge: it ends in the transaction that raises the challenge, linked both ways."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from drp.casework import access, load
from drp.casework.load import StoredChallenge
from drp.casework.procedures import Procedures
from drp.casework.resolve_recipients import resolve_recipients
from drp.casework.save import DecisionToSave
from drp.database.statements import CHALLENGES_TO_DECIDE
from drp.identity.principal import Principal
from workflows.calendar.working_days import local_date
from workflows.decision import decide as deciding
from workflows.decision.decision_builder import Decision
from workflows.model.actor import THE_SERVICE, Act, Part
from workflows.model.authority import Rules
from workflows.model.events import MadeChallenge
from workflows.model.ladder import ItemType

MAY_END = frozenset({Part.RAISER, Part.IRO_MANAGER, Part.BUSINESS_SUPPORT})
"""By what part on the item somebody may end a decision that has become a challenge."""

ClosedSoFar = Callable[[Connection, str, Rules, StoredChallenge, datetime], Decision | None]
"""What a sweep at a moment would decide on an item, or None."""


def end_what_was_followed(
    connection: Connection,
    procedures: Procedures,
    signed: Principal,
    linked: Sequence[UUID],
    reference: str,
    now: datetime,
    closed_so_far: ClosedSoFar,
) -> list[DecisionToSave]:
    """Decide the end of each linked review decision that is open and theirs: it is the challenge `reference` from now on."""
    authority, day = signed.authority, local_date(now)
    found = load.load_challenges(connection, authority, list(linked), CHALLENGES_TO_DECIDE) if linked else {}
    ended: list[DecisionToSave] = []
    for loaded in found.values():
        challenge = loaded.challenge
        if challenge.item_type is not ItemType.REVIEW_DECISION or not challenge.is_open:
            continue
        rules = procedures.rules(connection, authority, challenge.ladder_hash, challenge.authority_hash)
        establishment = load.load_establishment(connection, authority, loaded.abouts())
        so_far = closed_so_far(connection, authority, rules, loaded, now)
        decision = so_far or Decision(challenge, challenge, (), ())
        stands = replace(loaded, challenge=decision.challenge)
        if not access.actor_on(stands, rules, establishment, signed.person, day, signed.roles).parts & MAY_END:
            continue
        made = deciding.decide(rules, decision.challenge, Act(MadeChallenge(reference), THE_SERVICE), now)
        whole = replace(decision.then(made), before=challenge)
        whole, messages = resolve_recipients(connection, rules, establishment, loaded, whole, now)
        ended.append(DecisionToSave(loaded, whole, messages, rules.authority))
    return ended
