"""A matter that is worth referring: raised, not answered, taken higher, with advice, the child's view and a document."""

from io import BytesIO
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from api.jobs.checkpoints import leave_checkpoint
from drp.identity import tokens
from drp.items.attachments import attach_file as attached
from drp.proof.open_bundle import OpenedBundle, open_bundle
from tests.cast.world import World
from tests.store.files import pdf

CONFIDENCE = "She told me where she sleeps."
ADVICE = "Counsel says that the claim is strong."
NEIGHBOUR = "Mrs Marigold Hartnell"
CONCERN = f"No permanence plan after eleven months; {NEIGHBOUR} was never told."

SAID: dict[str, Any] = {
    "grounds": ["decision_not_carried_out"],
    "why": "The decision of the review of 4 March was not carried out.",
    "follow_up_on": "2026-05-15",
    "said": [
        {"item": "effect", "words": "She asks every week where she will live."},
        {"item": "urgency", "words": f"Her placement ends in June. {NEIGHBOUR} cannot wait either."},
        {"item": "guardian", "applies": False},
    ],
}


def matter(world: World) -> str:
    """Its reference. It stands at the third stage, on Thursday 16 April 2026."""
    irene = world.as_("irene")
    raised = irene.raises(concern=CONCERN, effect_on_child="She waits.", outcome_sought="A plan by May.")
    reference = str(raised.json()["reference"])
    world.pass_to("Thu 2 April 2026, 12:00")
    assert irene.brings(reference, "escalated", why="No reply came.").status_code == 200
    assert world.as_("tess").brings(reference, "responded", position="in_part", answer="We will look at it.").status_code == 200
    assert irene.brings(reference, "judged", verdict="needs_more", why="No date was given.").status_code == 200
    irene.brings(reference, "legal_advice_taken", source="The duty line", on="2026-04-02", conflict_checked=True, content=ADVICE)
    irene.brings(reference, "child_view_recorded", about="the issue", view="I want to stay.")
    irene.brings(reference, "child_view_recorded", about="a referral", view=CONFIDENCE, in_confidence=True)
    irene.brings(reference, "noted", text="The IRO service's own thoughts.", iro_service_only=True)
    attach(world, reference)
    world.pass_to("Thu 16 April 2026, 12:00")
    return reference


def attach(world: World, reference: str, name: str = "Plan of 4 March.pdf", by: str = "irene") -> int:
    """A document on it, and the number of its entry."""
    with world.store.read(world.council.key) as connection:
        rules = world.service.casework.procedures.current(connection, world.council.key)[0]
        signed = tokens.principal_of(connection, rules.authority, world.id(by), world.now)
    answer = attached(
        world.service.casework, world.service.attachments, signed, reference, pdf(), name, world.now,
        lambda connection, done: {"entry": done.entry},
    )  # fmt: skip
    return int(answer["entry"])


def refer(world: World, reference: str, includes: tuple[int, ...] = (), **more: Any) -> int:
    """The child's IRO refers; the record comes under a checkpoint. The number of the referral's entry."""
    answer = world.as_("irene").brings(reference, "referred_to_cafcass", **(SAID | {"includes": list(includes)} | more))
    assert answer.status_code == 200, answer.text
    leave_checkpoint(world.service, world.council.key)
    return int(answer.json()["entry"])


def opened_bundle(octets: bytes, key: Ed25519PublicKey | None = None) -> OpenedBundle:
    """A bundle that came as bytes, opened."""
    return open_bundle(BytesIO(octets), key)
