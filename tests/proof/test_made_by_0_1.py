"""What release 0.1 made is read for ever: a referral bundle, checkpoints, a backup. They lie in `made_by_0.1`, as it wrote them.

The council is Dunmoor as tests found it then: four challenges, one of them referred to Cafcass on Thursday 16 April 2026. Every
person is invented, and the keys are of no service.
"""

import shutil
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func

from api.assembly import Service, assemble_service
from api.cli.audit_commands import verify_timelines
from api.cli.backup_commands import restore_backup
from api.exports.referral.bundle import verify_file
from drp.backup.manifest import BackupRefused
from drp.casework import load
from drp.database.challenge_tables import EntryRow
from drp.database.scope import select_of
from drp.settings import Settings
from tests.cast.clock import when
from tests.cast.keyed import keyed

MADE = Path(__file__).parent / "made_by_0.1"
REFERRED = "TNQH-JVEN"
THEN = when("Thu 16 April 2026, 13:00")


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """The backup, unpacked, with the copies of the keys beside it."""
    with zipfile.ZipFile(MADE / "backup.zip") as archive:
        archive.extractall(tmp_path / "kept")
    return tmp_path / "kept"


def brought_back(kept: Path) -> Service:
    """The service of today, on what the backup held."""
    var = kept / "var"
    var.mkdir()
    for key in ("chain.key", "signing.key"):
        shutil.copy(kept / "keys" / key, var / key)
    settings = Settings(var=var, database_url=f"sqlite:///{var / 'drp.sqlite'}", heartbeat=False, mail="none")
    restore_backup(keyed(settings), kept / "backup", lambda: THEN + timedelta(hours=1))
    return assemble_service(settings, lambda: THEN + timedelta(hours=1))


def test_its_bundle_holds() -> None:
    code, said = verify_file(MADE / "bundle.zip")
    assert code == 0, said
    assert f"Referral {REFERRED}" in said


def test_planted_byte_in_its_bundle_is_found(tmp_path: Path) -> None:
    octets = bytearray((MADE / "bundle.zip").read_bytes())
    octets[len(octets) // 2] ^= 1
    (tmp_path / "bundle.zip").write_bytes(octets)
    code, said = verify_file(tmp_path / "bundle.zip")
    assert code == 1, said


def test_its_backup_comes_back_and_its_checkpoints_hold(kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    service = brought_back(kept)
    assert verify_timelines(service, None, "") == 0
    assert "every timeline holds, against checkpoint 2" in capsys.readouterr().out
    with service.store.read("dunmoor") as connection:
        editions = connection.execute(
            select_of(EntryRow, "dunmoor", EntryRow.schema_version, func.count()).group_by("schema_version")
        )
        assert {row[0] for row in editions} == {1}
        id_ = load.id_of_reference(connection, "dunmoor", REFERRED)
        assert id_ is not None
        referred = load.load_challenges(connection, "dunmoor", [id_])[id_]
    assert (referred.challenge.referral.value, referred.challenge.is_open) == ("referred", True)
    service.close()


def test_planted_word_in_what_it_kept_is_found(kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    service = brought_back(kept)
    with service.store.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE words SET text = text || '.' WHERE number = 1")
    assert verify_timelines(service, None, "") == 1
    assert "NOT AS IT WAS" in capsys.readouterr().out
    service.close()


def test_planted_change_to_its_backup_is_refused(kept: Path) -> None:
    with (kept / "backup" / "database.sqlite").open("ab") as file:
        file.write(b"\0")
    with pytest.raises(BackupRefused):
        brought_back(kept)
