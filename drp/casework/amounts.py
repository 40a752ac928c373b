"""How much of anything a recipient may bring to one item: more than any honest person does, so that nobody stalls everybody.

The IRO side is never refused for an amount, whoever reached it; nor is a referral or an ending. Items that are beyond a limit
already go on.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection

from drp.casework.load import StoredChallenge
from drp.database.statements import BROUGHT
from workflows.decision.relation import IRO_SERVICE_PARTS
from workflows.model.actor import Actor
from workflows.model.events import ClarificationAsked, DocumentAttached, Event, Noted, Responded
from workflows.model.refusals import Unfit

MOST_ACTIONS = 20
"""Actions in one answer: a plan has three or four."""

MOST_AT_A_STAGE: Mapping[type[Event], int] = {Responded: 12, ClarificationAsked: 12, Noted: 60}
"""How often one person brings one kind of event while an item stays at a stage."""

MOST_ACTS_AT_A_STAGE = 120
"""How often one person brings anything at all while an item stays at a stage."""

MOST_DOCUMENTS = 50
"""Documents that one person attaches to an item, whichever side they are on."""


def check_amount(connection: Connection, authority: str, stands: StoredChallenge, actor: Actor, event: Event) -> None:
    """Raise Unfit where a person has brought as much to an item as anybody may."""
    if isinstance(event, DocumentAttached):
        if _brought(connection, authority, stands, actor).of_kind(event.type) >= MOST_DOCUMENTS:
            raise Unfit(f"You have attached {MOST_DOCUMENTS} documents here.", "Put several into one, or send a link.", "file")
        return
    if actor.parts & IRO_SERVICE_PARTS and not actor.outside_iro_service:
        return
    if isinstance(event, Responded) and len(event.actions) > MOST_ACTIONS:
        raise Unfit(
            f"An answer has at most {MOST_ACTIONS} actions.",
            "Put those together that belong together, or answer again.",
            "actions",
        )
    brought, sequence = _brought(connection, authority, stands, actor), stands.challenge.sequence
    most = MOST_AT_A_STAGE.get(type(event))
    if most is not None and brought.of_kind(event.type, sequence) >= most:
        raise Unfit(
            f"You have done this {most} times while it is at this stage.",
            "Ring or write to whoever raised it: they can take it further.",
        )
    if brought.at(sequence) >= MOST_ACTS_AT_A_STAGE:
        raise Unfit(
            f"You have brought {MOST_ACTS_AT_A_STAGE} things to it while it is at this stage.",
            "Ring or write to whoever raised it: they can take it further.",
        )


@dataclass(frozen=True)
class _Brought:
    """What one person has brought to one item: how often each kind of event, at each stay."""

    times: Mapping[tuple[str, int], int]

    def of_kind(self, kind: str, sequence: int | None = None) -> int:
        """How often one kind, at one stay (None: at any)."""
        return sum(n for (one, stay), n in self.times.items() if one == kind and sequence in (None, stay))

    def at(self, sequence: int) -> int:
        """How often anything at all, at one stay."""
        return sum(n for (_, stay), n in self.times.items() if stay == sequence)


def _brought(connection: Connection, authority: str, stands: StoredChallenge, actor: Actor) -> _Brought:
    asked = {"authority": authority, "challenge": stands.id, "person": UUID(actor.person)}
    return _Brought({(row.kind, row.sequence): row.times for row in connection.execute(BROUGHT, asked)})
