"""The keys are files outside the database: serving makes none, and does not start with another than the record's own."""

import stat
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from api.app import create_app
from api.assembly import SYSTEM_CHANCE, assemble_service
from api.cli.main import app
from api.jobs import checkpoints, heartbeat
from api.json.health import health_of
from api.keys import KeyIsThere, KeyMissing, KeyName, key_path, make_key, make_missing_keys
from api.readiness import NotReady
from drp.database.authority_tables import AuthorityRow
from drp.proof.key_check import read_key_use
from drp.settings import Settings
from drp.timeline.chain import ChainKey
from tests.cast.world import World

one_engine = pytest.mark.parametrize("store", ["sqlite"], indirect=True)
RED = "A record is not as it was: run `drp audit verify`, which names it."


@pytest.fixture
def kept(world: World) -> World:
    """A record with an item and a checkpoint."""
    assert world.as_("irene").raises().status_code == 201
    checkpoints.leave_checkpoint(world.service, world.key)
    return world


def restarted(world: World, **settings: object) -> None:
    """Start the service anew on the same database."""
    create_app(world.settings.model_copy(update=settings), lambda: world.now).state.service.close()


def reasons(world: World) -> list[str]:
    world.count_how_it_is()
    return health_of(world.service).reasons


@pytest.mark.parametrize("name", list(KeyName))
def test_no_start_makes_a_key(kept: World, name: KeyName) -> None:
    path = key_path(kept.settings, name)
    path.unlink()
    with pytest.raises(KeyMissing, match=f"There is no {name} key at .* `drp keys make {name}`"):
        restarted(kept)
    assert not path.exists()


def test_a_key_made_anew_is_another_and_stops_the_start(kept: World) -> None:
    restarted(kept)
    key_path(kept.settings, KeyName.CHAIN).unlink()
    make_key(kept.settings, KeyName.CHAIN, SYSTEM_CHANCE)
    with pytest.raises(NotReady, match="is not the one that this record was made with"):
        restarted(kept)


def test_planted_service_that_trusts_any_key_of_the_right_name_is_told_apart(kept: World) -> None:
    """The wrong key, and an entry that says it was made with it: only the hash tells."""
    key_path(kept.settings, KeyName.CHAIN).write_text("ab" * 32 + "\n")
    service = assemble_service(kept.settings, lambda: kept.now)
    with kept.store.read(kept.key) as connection:
        use = read_key_use(connection, kept.key, service.casework.keeper.keys)
    service.close()
    assert (use.chain in service.casework.keeper.keys, use.proves) == (True, False)


@pytest.mark.parametrize("name", [KeyName.CHAIN, KeyName.SIGNING])
def test_a_key_that_the_record_names_and_that_is_not_there_stops_the_start_until_it_is_called_lost(
    kept: World, name: KeyName
) -> None:
    path = key_path(kept.settings, name)
    path.write_text("k7 " + "cd" * 32 + "\n" if name is KeyName.CHAIN else "cd" * 32 + "\n")
    with pytest.raises(NotReady) as refused:
        restarted(kept)
    _, _, lost = str(refused.value).partition("--lost ")
    path.unlink()
    make_key(kept.settings, name, SYSTEM_CHANCE, [lost.strip("`.")])
    restarted(kept)


def test_a_key_is_never_put_in_the_place_of_another(kept: World) -> None:
    before = key_path(kept.settings, KeyName.CHAIN).read_text()
    with pytest.raises(KeyIsThere, match="it stays"):
        make_key(kept.settings, KeyName.CHAIN, SYSTEM_CHANCE)
    assert key_path(kept.settings, KeyName.CHAIN).read_text() == before


def test_keys_are_the_services_alone(tmp_path: Path) -> None:
    settings = Settings(var=tmp_path / "var")
    make_missing_keys(settings, SYSTEM_CHANCE)
    assert {stat.S_IMODE(key_path(settings, name).stat().st_mode) for name in KeyName} == {0o600}
    assert stat.S_IMODE(settings.var.stat().st_mode) == 0o700


def test_where_some_authorities_prove_it_serves_and_health_is_red(two: World) -> None:
    assert two.as_("irene").raises().status_code == 201
    keeper = two.service.casework.keeper
    keeper.key, ours = ChainKey("k1", b"another replica's, of 32 octets."), keeper.key
    assert two.as_("irene", "elsewhere").raises().status_code == 201
    keeper.key = ours
    restarted(two)
    assert RED in reasons(two)


# Every night.


def test_the_night_looks_every_timeline_through_once_and_by_one_replica(kept: World) -> None:
    kept.at("Thu 2 April 2026, 00:30")
    assert checkpoints.verify_by_night(kept.service, kept.key) is None, "too early"
    kept.at("Thu 2 April 2026, 01:30")
    found = checkpoints.verify_by_night(kept.service, kept.key)
    assert found is not None
    assert found.is_clean
    assert checkpoints.verify_by_night(kept.service, kept.key) is None, "another replica has begun it"
    kept.at("Fri 3 April 2026, 01:30")
    assert checkpoints.verify_by_night(kept.service, kept.key) is not None


def test_health_is_red_when_no_whole_verification_has_run_for_two_days(kept: World) -> None:
    late = "No whole verification has run for two days: run `drp audit verify`."
    kept.now += timedelta(days=2)
    assert late not in reasons(kept)
    kept.now += timedelta(hours=1)
    assert late in reasons(kept)
    heartbeat.verify_authority_by_night(kept.service, kept.key)
    assert late not in reasons(kept)


@one_engine
def test_health_is_red_from_the_night_in_which_something_is_not_as_it_was_until_it_is(kept: World) -> None:
    with kept.store.write(kept.key) as connection:
        connection.execute(text("UPDATE challenge SET phase = 'resolved'"))
    kept.at("Thu 2 April 2026, 01:30")
    heartbeat.verify_authority_by_night(kept.service, kept.key)
    assert RED in reasons(kept)
    with kept.store.write(kept.key) as connection:
        connection.execute(text("UPDATE challenge SET phase = 'awaiting'"))
    checkpoints.verify_by_own_keys(kept.service, kept.key)
    assert RED not in reasons(kept)


def test_planted_night_that_keeps_no_verdict_stays_green(kept: World) -> None:
    """What is found and not kept is seen by nobody."""
    kept.now += timedelta(days=3)
    checkpoints.verify_authority(kept.service, kept.key, [], kept.service.signing.public_key())
    with kept.store.read(kept.key) as connection:
        assert connection.execute(text("SELECT verified_at FROM authority")).scalar() is None


# As an operator types it.


@one_engine
def test_the_commands_say_what_to_do(kept: World, tmp_path: Path) -> None:
    def typed(*words: str, **env: str) -> tuple[int, str]:
        done = CliRunner().invoke(app, words, env={"DRP_DATABASE_URL": kept.store.url, "DRP_VAR": str(tmp_path / "other"), **env})
        return done.exit_code, done.output

    assert typed("tick")[0] == 1
    assert "There is no chain key at" in typed("tick")[1]
    for name in KeyName:
        assert typed("keys", "make", name)[0] == 0
    assert "it stays" in typed("keys", "make", "chain")[1]
    assert typed("keys", "make", "front door") == (
        1,
        "There is no key called front door. The keys are chain, signing and seal.\n",
    )
    code, said = typed("tick")
    assert (code, "Put the copy of it there" in said) == (1, True)
    code, said = typed("audit", "verify", DRP_DATABASE_URL=f"sqlite:///{tmp_path / 'empty.sqlite'}")
    assert (code, "run `drp migrate`" in said) == (1, True)
    code, said = typed("migrate", DRP_DATABASE_URL=f"sqlite:///{tmp_path / 'empty.sqlite'}", DRP_VAR=str(tmp_path / "keyless"))
    assert (code, said.startswith("The database stands at"), (tmp_path / "keyless").exists()) == (0, True, False)


def test_the_database_says_nothing_of_a_key(kept: World) -> None:
    secrets = [key_path(kept.settings, name).read_text().split()[-1] for name in KeyName]
    with kept.store.read(kept.key) as connection:
        rows = str(connection.execute(AuthorityRow.__table__.select()).all())  # type: ignore[attr-defined]
    assert not [secret for secret in secrets if secret in rows]
