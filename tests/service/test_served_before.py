"""A database that is missing where there was one stops the start: nobody's record is silently begun anew."""

import shutil
from pathlib import Path

import pytest
from sqlalchemy import make_url
from typer.testing import CliRunner

from api import readiness
from api.app import create_app
from api.cli.main import app
from api.jobs import checkpoints
from api.json.health import DOCUMENTS_MISSING, health_of
from api.readiness import NotReady
from api.served_before import mark_file, read_mark, signs_of_service
from drp.data_protection.admin_audit_log import latest_admin_changes
from drp.database.engine import Store
from drp.database.migrate import migrate_database
from drp.database.unavailable import Unavailable
from tests.cast.stores import APP, OWNER, Postgresql
from tests.cast.world import World
from tests.referral.matter import attach

one_engine = pytest.mark.parametrize("store", ["sqlite"], indirect=True)


@pytest.fixture
def served(world: World) -> World:
    """A service that was started, has an item, and was started again."""
    assert world.as_("irene").raises().status_code == 201
    restarted(world)
    return world


@pytest.fixture
def missing(request: pytest.FixtureRequest, served: World, tmp_path: Path):  # type: ignore[no-untyped-def]
    """The address of a database that is not there: misspelt, or on a volume that is not mounted."""
    if served.store.is_sqlite:
        yield f"sqlite:///{tmp_path / 'unmounted' / 'drp.sqlite'}"
        return
    server: Postgresql = request.getfixturevalue("postgresql")
    name = f"{server.name}_empty"
    with server.connect_as_admin() as connection:
        connection.execute(f"CREATE DATABASE {name} OWNER {OWNER} TEMPLATE template0 ENCODING 'UTF8'")
    yield make_url(server.url(OWNER)).set(database=name).render_as_string(hide_password=False)
    with server.connect_as_admin() as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def restarted(world: World, **settings: object) -> None:
    """Start the service anew."""
    create_app(world.settings.model_copy(update=settings), lambda: world.now).state.service.close()


def typed(world: World, url: str, *words: str) -> tuple[int, str]:
    """A command, as an operator types it beside the service's own files. Gives the exit status and what it says."""
    done = CliRunner().invoke(app, words, env={"DRP_DATABASE_URL": url, "DRP_VAR": str(world.settings.var), "DRP_MAIL": "none"})
    return done.exit_code, done.output


def is_untouched(url: str) -> bool:
    """Has nobody made anything there?"""
    place = make_url(url)
    if place.get_backend_name() == "sqlite":
        return not Path(str(place.database)).exists()
    store = Store(url)
    try:
        with store.look() as connection:
            return not connection.dialect.get_table_names(connection)
    finally:
        store.close()


def test_a_first_start_on_nothing_goes_on_and_leaves_no_mark_until_an_authority_is_served(world: World) -> None:
    assert not mark_file(world.settings).exists(), "the world was started before its council came"
    restarted(world)
    (line,) = read_mark(world.settings)
    assert line.kind == "served"
    restarted(world)
    assert read_mark(world.settings) == (line,)


def test_the_mark_names_no_password(served: World) -> None:
    text = mark_file(served.settings).read_text()
    assert "@" not in text
    assert mark_file(served.settings).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("command", [["serve"], ["migrate"], ["tick"], ["deliver"], ["audit", "verify"]], ids=" ".join)
def test_no_command_makes_a_database_where_one_is_missing(served: World, missing: str, command: list[str]) -> None:
    code, said = typed(served, missing, *command)
    assert code == 1
    assert "There was one:" in said
    assert str(mark_file(served.settings)) in said
    assert "drp begin-anew --why" in said
    assert "Traceback" not in said
    assert is_untouched(missing)


def test_the_application_itself_does_not_start_on_it(served: World, missing: str) -> None:
    with pytest.raises(NotReady, match="There was one:"):
        restarted(served, database_url=missing)
    assert is_untouched(missing)


def test_planted_start_that_looks_for_no_sign_makes_it_anew(served: World, missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "why_not_new", lambda *_: "")
    monkeypatch.setattr("api.cli.service_commands.why_not_new", lambda *_: "")
    assert typed(served, missing, "migrate")[0] == 0
    assert not is_untouched(missing)


def test_each_sign_is_enough(served: World, missing: str) -> None:
    checkpoints.leave_checkpoint(served.service, served.key)
    mark_file(served.settings).unlink()
    code, said = typed(served, missing, "migrate")
    assert (code, "checkpoints were taken, the newest by name" in said) == (1, True)
    shutil.rmtree(served.settings.checkpoints_folder)
    if served.store.is_sqlite:  # on PostgreSQL the log is in the database
        assert served.as_("irene").get("/challenges").status_code == 200
        code, said = typed(served, missing, "migrate")
        assert (code, "the access log holds what people have read" in said) == (1, True)
        served.settings.access_file.unlink()
    served.settings.access_fallback.write_text("{}\n")
    assert typed(served, missing, "migrate")[0] == 1
    served.settings.access_fallback.unlink()
    assert list(signs_of_service(served.settings)) == []
    assert typed(served, missing, "migrate")[0] == 0, "nothing says that there was one"


def test_an_empty_schema_is_no_database_either(served: World, missing: str) -> None:
    """Somebody has migrated it by hand: it serves no authority, and the mark says that one was served."""
    store = Store(missing)
    migrate_database(store)
    store.close()
    here = missing if served.store.is_sqlite else missing.replace(OWNER, APP, 1)
    with pytest.raises(NotReady, match="serves no authority"):
        restarted(served, database_url=here)


def test_the_operators_word_lets_it_begin_once_and_stands_in_the_record(
    served: World, missing: str, request: pytest.FixtureRequest
) -> None:
    code, said = typed(served, missing, "begin-anew", "--why", "The pilot is over")
    assert code == 0
    assert "move it aside and keep it" in said
    assert typed(served, missing, "migrate")[0] == 0
    here = missing if served.store.is_sqlite else missing.replace(OWNER, APP, 1)
    before = served.store, served.settings
    served.store = Store(here)
    served.settings = served.settings.model_copy(update={"database_url": here})
    fresh = create_app(served.settings, lambda: served.now).state.service
    served.service = fresh
    served.found(served.council)
    fresh.close()
    restarted(served)
    with served.store.read(served.key) as connection:
        changes = latest_admin_changes(connection, served.key)
    assert [one.said["why"] for one in changes if one.what == readiness.BEGUN_ANEW] == ["The pilot is over"]
    kinds = [line.kind for line in read_mark(served.settings)]
    assert kinds == ["served", "new", "served"]
    served.store.close()
    served.store, served.settings = before


def test_nothing_is_begun_anew_where_a_database_serves(served: World) -> None:
    code, said = typed(served, served.store.url, "begin-anew", "--why", "x")
    assert (code, "there is nothing to begin anew" in said) == (1, True)


# The folder of documents.


@pytest.fixture
def with_document(served: World) -> World:
    """An item with a document."""
    reference = served.as_("irene").raises("T-2").json()["reference"]
    attach(served, reference)
    return served


def reasons(world: World) -> list[str]:
    world.count_how_it_is()
    return health_of(world.service).reasons


def test_documents_whose_folder_is_missing_turn_health_red_and_none_is_put_elsewhere(with_document: World) -> None:
    world, folder = with_document, with_document.settings.attachments_folder
    assert DOCUMENTS_MISSING not in reasons(world)
    folder.rename(aside := folder.with_name("unmounted"))
    assert DOCUMENTS_MISSING in reasons(world)
    reference = world.as_("irene").raises("T-1").json()["reference"]
    with pytest.raises(Unavailable, match="is not the one that held those of before"):
        attach(world, reference)
    assert not folder.exists()
    aside.rename(folder)
    assert DOCUMENTS_MISSING not in reasons(world)
    assert attach(world, reference) > 1


def test_where_no_document_was_ever_attached_an_empty_folder_is_right(served: World) -> None:
    assert not served.settings.attachments_folder.exists()
    assert DOCUMENTS_MISSING not in reasons(served)
