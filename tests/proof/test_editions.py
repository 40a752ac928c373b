"""An item that one release raised and a later one carries on: each entry keeps the edition that it was decided under."""

from dataclasses import replace

import pytest

from drp.proof.replay_store import replay_faults
from tests.cast.world import World
from workflows.model.authority import PRESENT_EDITION, Edition


def as_first_release(world: World, plant: pytest.MonkeyPatch) -> None:
    """Let the service decide as release 0.1 did."""
    procedures = world.service.casework.procedures
    rules, current = procedures.rules, procedures.current
    plant.setattr(procedures, "rules", lambda *given: replace(rules(*given), edition=Edition.FIRST))
    plant.setattr(procedures, "current", lambda *given: tuple(replace(one, edition=Edition.FIRST) for one in current(*given)))


def carried_across(world: World) -> str:
    """Raised and noted by release 0.1, answered and taken higher by this one."""
    irene, tess = world.as_("irene"), world.as_("tess")
    with pytest.MonkeyPatch.context() as plant:
        as_first_release(world, plant)
        reference = str(irene.raises(item_type="formal").json()["reference"])
        assert irene.brings(reference, "noted", text="Under the first edition.").status_code == 200
    assert tess.brings(reference, "responded", position="in_part", answer="Some of it.").status_code == 200
    assert irene.brings(reference, "judged", verdict="needs_more", why="Not the date.").status_code == 200
    return reference


def said_by_replay(world: World) -> list[str]:
    with world.store.read(world.council.key) as connection:
        found = replay_faults(connection, world.council.key, world.service.casework.procedures)
        return [one.said for one in found if one is not None]


def test_an_item_is_carried_from_one_edition_to_the_next(world: World) -> None:
    reference = carried_across(world)
    editions = [entry.schema_version for entry in world.entries(reference)]
    assert editions == sorted(editions)
    assert set(editions) == {Edition.FIRST, PRESENT_EDITION}
    assert world.as_("irene").timeline(reference)["proven"] is True
    assert said_by_replay(world) == []
