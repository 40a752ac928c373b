"""`drp audit verify` looks beside each timeline too: at the challenge, its windows, its line in the register, its messages."""

from collections.abc import Callable

import pytest
from sqlalchemy import text

from api.jobs import checkpoints
from drp.proof import replay_store
from tests.cast.world import World


def altered(world: World) -> list[tuple[str, str]]:
    """What a verification names, and what it says of it, with no checkpoint at hand."""
    verdict = checkpoints.verify_authority(world.service, world.key, [], world.service.signing.public_key())
    return [(one.reference, one.said) for one in verdict.faults]


def lived(world: World) -> str:
    """An item that was asked, answered, taken higher and asked again."""
    reference = str(world.as_("irene").raises(item_type="formal").json()["reference"])
    world.pass_to("Tue 7 April 2026, 12:00")
    assert world.as_("tess").brings(reference, "responded", position="disagrees", answer="No.").status_code == 200
    assert world.as_("irene").brings(reference, "escalated", why="It is no answer.").status_code == 200
    world.pass_to("Thu 9 April 2026, 12:00")
    assert altered(world) == []
    return reference


BY_HAND = {
    "closed": ("UPDATE challenge SET phase = 'resolved', is_open = false", "its phase is not what its events decide"),
    "a date moved by years": (
        "UPDATE \"window\" SET closes_at = '2030-01-01 09:00:00.000000+00:00' WHERE kind = 'reply'",
        "its windows is not what its events decide",
    ),
    "a window gone": ("DELETE FROM \"window\" WHERE kind = 'warning'", "its windows is not what its events decide"),
    "an outcome rewritten": ("UPDATE register SET outcome = 'resolved'", "its line in the register has another outcome"),
    "a line taken out": ("DELETE FROM register", "its line in the register is gone"),
    "a reply called late": (
        "UPDATE stay SET reply = 'late' WHERE reply = 'in time'",
        "its line in the register has another reply",
    ),
    "copies deleted": ("DELETE FROM delivery", "nobody's copy is left of the message"),
    "a copy turned to somebody else": (
        "UPDATE delivery SET person = (SELECT id FROM person WHERE name = 'Ivor') WHERE as_to AND party = 'team_manager'",
        "whom was told what is not what entry 4 commits to",
    ),
    "a copied person made one of the asked": ("UPDATE delivery SET as_to = true", "is not what entry"),
    "another date told": ("UPDATE notification SET due = '2030-01-01' WHERE due IS NOT NULL", "is not what entry 4 commits to"),
    "the row's own digest": ("UPDATE challenge SET told = ''", "not what the challenge's own row commits to"),
    "messages deleted": ("DELETE FROM delivery; DELETE FROM notification", "is gone"),
}
"""What somebody who may write to the whole database does, and what is said of it."""


@pytest.fixture
def database(world: World, request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Does something to the tables that the service's own role may not: as the engine's own user."""

    def write(statements: str) -> None:
        for statement in statements.split("; "):
            if world.store.is_sqlite:
                world.write(text(statement))
                continue
            server = request.getfixturevalue("postgresql")
            with server.connect_as_admin(server.name) as connection:
                connection.execute(statement)

    return write


@pytest.mark.parametrize("done", BY_HAND)
def test_what_was_done_beside_the_timeline_is_named(world: World, database: Callable[[str], None], done: str) -> None:
    reference = lived(world)
    statement, said = BY_HAND[done]
    database(statement)
    ((about, found),) = altered(world)
    assert about == reference
    assert said in found


def test_planted_a_verification_that_passes_over_the_messages(
    world: World, database: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    for looks in ("missing_message", "told_otherwise_than_committed"):
        monkeypatch.setattr(replay_store, looks, lambda *given: "")
    with pytest.raises(ValueError, match="not enough values"):
        test_what_was_done_beside_the_timeline_is_named(world, database, "copies deleted")


def test_planted_a_verification_that_asks_no_entry_whom_it_told(
    world: World, database: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay_store, "told_otherwise_than_committed", lambda *given: "")
    with pytest.raises(ValueError, match="not enough values"):
        test_what_was_done_beside_the_timeline_is_named(world, database, "a copy turned to somebody else")


def test_what_becomes_of_a_message_is_no_difference(world: World) -> None:
    reference = lived(world)
    world.mail_leaves()
    world.as_("tess").item(reference)
    assert altered(world) == []


def test_planted_a_verification_that_passes_over_the_register(
    world: World, database: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay_store, "unlike_stored", lambda *given: "")
    with pytest.raises(ValueError, match="not enough values"):
        test_what_was_done_beside_the_timeline_is_named(world, database, "an outcome rewritten")
