"""After a restore: what is missing is named by the newest checkpoint, and no number is ever given to two histories."""

import json
import shutil
from contextlib import closing, suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from api.cli.main import app
from api.jobs import checkpoints, heartbeat
from api.json.health import health_of
from drp.database.record_tables import CheckpointRow
from drp.proof import checkpoint as proof
from drp.proof.checkpoint import Checkpoint, CheckpointedLength
from drp.proof.take_checkpoint import take_checkpoint
from drp.proof.verify import MissingEntries, SeenCheckpoint, missing_entries
from tests.backup.restoring import Back, Town

Plant = pytest.MonkeyPatch
one_engine = pytest.mark.parametrize("store", ["sqlite"], indirect=True)


def lost_since(town: Town) -> Back:
    """A backup after checkpoint 1; then two notes, a new challenge, and checkpoints 2 and 3; then the database is lost.

    The checkpoints stand on a share of another department: they outlive it.
    """
    town.backs_up()
    for n in range(2):
        town.note(f"After the backup {n}", 1)
        town.world.now += timedelta(hours=1)
        assert checkpoints.leave_checkpoint(town.world.service, town.key) is not None
        if n == 0:
            assert town.irene.raises("T-3").status_code == 201
    return town.comes_back(checkpoints=town.world.settings.checkpoints_folder)


def verdict(back: Back) -> checkpoints.AuditVerdict:
    files = checkpoints.files_of(back.settings.checkpoints_folder, back.key)
    return checkpoints.verify_authority(back.service, back.key, files, back.service.signing.public_key())


def test_what_is_missing_is_named_by_the_newest_checkpoint(town: Town) -> None:
    before = len(town.world.entries(town.references[1]))
    back = lost_since(town)
    assert "dunmoor: by checkpoint 3" in back.said
    assert "these are missing (2 timelines)" in back.said
    assert f"  {town.references[1]}: had {before + 2} entries, has {before}: missing from entry {before + 1}" in back.said
    (new,) = {one.challenge for one in verdict(back).faults if not one.reference}
    assert f"  challenge {new}: gone whole, with " in back.said
    assert "The database was put back: it knows of 1 checkpoints, and checkpoint 3 was taken from it." in back.said
    assert "`drp audit checkpoint --after-restore`" in back.said
    assert town.references[0] not in back.said.partition("by checkpoint 3")[2]


def test_without_a_newer_checkpoint_it_is_said_that_nobody_can_know(town: Town) -> None:
    town.backs_up()
    town.note("After the backup")
    back = town.comes_back()
    assert "dunmoor: by checkpoint 1" in back.said
    assert "nothing is missing. What was written after it, nobody can name." in back.said
    assert "after-restore" not in back.said


def test_no_number_is_signed_twice(town: Town, caplog: Any) -> None:
    back = lost_since(town)
    folder = back.settings.checkpoints_folder
    before = {path.name: path.read_bytes() for path in checkpoints.files_of(folder, back.key)}
    with pytest.raises(
        checkpoints.CheckpointsPutBack, match=r"knows of 1 checkpoints, and dunmoor-000003\.checkpoint was taken from it"
    ):
        checkpoints.leave_checkpoint(back.service, back.key)
    heartbeat.checkpoint_authority(back.service, back.key)
    assert "no checkpoint is signed: dunmoor: the database knows of 1" in caplog.text
    assert {path.name: path.read_bytes() for path in checkpoints.files_of(folder, back.key)} == before
    town.world.now += timedelta(hours=1)
    taken = checkpoints.leave_checkpoint(back.service, back.key, after_restore=True)
    assert taken is not None
    third, _ = proof.read_checkpoint(before["dunmoor-000003.checkpoint"].decode(), back.service.signing.public_key())
    assert (taken.checkpoint.number, taken.checkpoint.previous) == (4, third.mark)
    assert {path.name: path.read_bytes() for path in checkpoints.files_of(folder, back.key)[:3]} == before
    assert checkpoints.leave_checkpoint(back.service, back.key) is None, "it goes on as ever"
    assert checkpoints.leave_checkpoint(back.service, back.key, after_restore=True) is None, "said once more, it does no harm"
    found = verdict(back)
    assert found.said == (), "the order of the checkpoints holds"
    assert found.faults, "and what is missing goes on being said, by the checkpoints that saw it"


def test_planted_the_folder_is_not_looked_at(town: Town, monkeypatch: Plant) -> None:
    """Then number 2 is given out again, with other content, and the file that was there is all that stands in the way."""
    back = lost_since(town)
    with monkeypatch.context() as patch:
        patch.setattr(checkpoints, "files_of", lambda *_: [])
        town.world.now += timedelta(hours=1)
        client = town.serves(back)
        noted = {"type": "noted", "text": "After it came back"}
        url = f"/api/v1/challenges/{town.references[0]}/events"
        assert client.post(url, headers={"Authorization": f"Bearer {town.irene.token}"}, json=noted).status_code == 200
        with pytest.raises(FileExistsError, match="another checkpoint 2 stands there and is left"):
            checkpoints.leave_checkpoint(back.service, back.key)


@one_engine
def test_what_our_key_did_not_sign_is_not_followed(town: Town) -> None:
    back = lost_since(town)
    folder = back.settings.checkpoints_folder
    newest = checkpoints.files_of(folder, back.key)[-1]
    whole = newest.read_text()
    newest.write_text(whole[:-3])
    with pytest.raises(checkpoints.CheckpointsPutBack, match="It cannot be followed"):
        checkpoints.leave_checkpoint(back.service, back.key, after_restore=True)
    newest.write_text(whole)
    shutil.copy(folder / "dunmoor-000002.checkpoint", folder / "dunmoor-000009.checkpoint")
    with pytest.raises(checkpoints.CheckpointsPutBack, match="is of another authority or number"):
        checkpoints.leave_checkpoint(back.service, back.key, after_restore=True)


@one_engine
def test_a_checkpoint_file_that_is_there_is_never_written_over(town: Town) -> None:
    town.backs_up()
    there = town.folder / "back" / "checkpoints"
    there.mkdir(parents=True)
    (there / "dunmoor-000001.checkpoint").write_text("another")
    back = town.comes_back()
    assert (there / "dunmoor-000001.checkpoint").read_text() == "another"
    assert "is not the checkpoint of that number in the backup" in back.said


def test_missing_lists_what_a_checkpoint_saw_and_nothing_else() -> None:
    a, b, c, d = (UUID(int=n) for n in range(1, 5))
    lines = {id_: CheckpointedLength(id_, count, "h", "d") for id_, count in ((a, 3), (b, 5), (c, 2))}
    seen = SeenCheckpoint(Checkpoint("x", 7, None, 3, "r", "p"), lines)  # type: ignore[arg-type]
    assert missing_entries(seen, {a: 3, b: 4, d: 9}) == (MissingEntries(b, 5, 4), MissingEntries(c, 2, 0))
    assert missing_entries(seen, {a: 4, b: 5, c: 2}) == ()


# One backup, brought back twice.


def brought_back_twice(town: Town, is_shared: bool) -> tuple[Back, Back]:
    """Two services from one backup: each writes something and signs checkpoint 2, in a folder of both or of its own."""
    town.backs_up()
    folder = town.world.settings.checkpoints_folder
    both = [town.comes_back(var=name, **({"checkpoints": folder} if is_shared else {})) for name in ("one", "two")]
    for n, back in enumerate(both):
        with closing(town.serves(back)) as client:
            noted = {"type": "noted", "text": f"Said to service {n}"}
            url = f"/api/v1/challenges/{town.references[0]}/events"
            assert client.post(url, headers={"Authorization": f"Bearer {town.irene.token}"}, json=noted).status_code == 200
        town.world.now += timedelta(minutes=1)
        with suppress(FileExistsError, checkpoints.CheckpointsPutBack):
            checkpoints.leave_checkpoint(back.service, back.key)
    return both[0], both[1]


SIGNED_TWICE = "Checkpoint 2 is not the one that this database signed: two services sign"


def test_two_services_that_share_the_folder_are_noticed_before_the_second_signs(town: Town) -> None:
    _, second = brought_back_twice(town, is_shared=True)
    found = verdict(second)
    assert any("The database was put back" in said for said in found.said), "it has not signed: the folder knows more than it"
    assert second.rows(select(CheckpointRow.number).order_by(CheckpointRow.number))[-1][0] == 1


def test_a_checkpoint_of_the_same_number_that_another_service_signed_is_noticed(town: Town) -> None:
    """They signed apart; then one of them sees the other's folder."""
    first, second = brought_back_twice(town, is_shared=False)
    assert verdict(first).is_clean
    assert verdict(second).is_clean
    theirs = checkpoints.files_of(first.settings.checkpoints_folder, first.key)
    found = checkpoints.verify_authority(second.service, second.key, theirs, second.service.signing.public_key())
    assert [said for said in found.said if said.startswith(SIGNED_TWICE)]
    for path in theirs:
        shutil.copy(path, second.settings.checkpoints_folder)
    town.world.now += timedelta(hours=1)
    with pytest.raises(checkpoints.TwoServicesSign, match="is another checkpoint 2 than this database signed"):
        checkpoints.leave_checkpoint(second.service, second.key)
    heartbeat.checkpoint_authority(second.service, second.key)
    assert "A record does not go on from its last checkpoint: run `drp audit verify`." in health_of(second.service).reasons


def test_it_is_noticed_although_nothing_was_written_in_either(town: Town) -> None:
    """No timeline differs: the two checkpoints do, by their moment alone."""
    town.backs_up()
    both = [town.comes_back(var=name) for name in ("one", "two")]
    for back in both:
        town.world.now += timedelta(minutes=1)
        follows = checkpoints.proven_checkpoints(
            checkpoints.files_of(back.settings.checkpoints_folder, back.key), back.service.signing.public_key()
        )[0][-1].checkpoint
        with back.store.write(back.key) as connection:
            taken = take_checkpoint(connection, back.key, town.world.now, back.service.signing, follows)
        assert taken is not None
        checkpoints.write_checkpoint_file(back.settings.checkpoints_folder, taken)
    theirs = checkpoints.files_of(both[0].settings.checkpoints_folder, both[0].key)
    found = checkpoints.verify_authority(both[1].service, both[1].key, theirs, both[1].service.signing.public_key())
    assert found.faults == ()
    assert [said for said in found.said if said.startswith(SIGNED_TWICE)]


def test_planted_a_verification_that_knows_the_timelines_alone_notices_nothing(town: Town, monkeypatch: Plant) -> None:
    monkeypatch.setattr(checkpoints, "stored_checkpoints", lambda *_: {})
    with pytest.raises(AssertionError):
        test_it_is_noticed_although_nothing_was_written_in_either(town)


def test_an_auditor_who_has_both_folders_sees_two_of_one_number(town: Town) -> None:
    first, second = brought_back_twice(town, is_shared=False)
    folders = [one.settings.checkpoints_folder for one in (first, second)]
    env = {"DRP_DATABASE_URL": first.settings.database_url, "DRP_VAR": str(first.settings.var), "DRP_MAIL": "none"}
    done = CliRunner().invoke(app, ["audit", "verify", "--checkpoints", str(folders[0])], env=env)
    assert done.exit_code == 0, done.output
    both = [word for folder in folders for word in ("--checkpoints", str(folder))]
    done = CliRunner().invoke(app, ["audit", "verify", *both], env=env)
    assert done.exit_code == 1
    assert "There are two checkpoints 2, and they do not agree" in done.output


# As an operator types it.


@one_engine
def test_the_commands(town: Town, monkeypatch: Plant) -> None:
    def typed(*words: str, **env: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, words, env={"DRP_HEARTBEAT": "false", **env})
        return result.exit_code, result.output

    here = {"DRP_DATABASE_URL": town.owner.database_url, "DRP_VAR": str(town.owner.var)}
    code, said = typed("backup", "--out", str(town.out), **here)
    assert (code, "is a whole backup of" in said) == (0, True)
    code, said = typed("backup", "--out", str(town.out), **here)
    assert (code, "is not an empty folder" in said) == (1, True)
    there = town.place()
    env = {"DRP_DATABASE_URL": there.database_url, "DRP_VAR": str(there.var)}
    code, said = typed("restore", str(town.out), **env)
    assert (code, "No mail leaves: the brake is on" in said) == (0, True)
    code, said = typed("restore", str(town.out), **env)
    assert (code, "There is a database at" in said) == (1, True)
    code, said = typed("deliver", **env)
    assert (code, "0 sent" in said) == (0, True)
    assert typed("audit", "verify", **env)[0] == 0
    shutil.copy(there.var / "checkpoints" / "dunmoor-000001.checkpoint", there.var / "checkpoints" / "dunmoor-000002.checkpoint")
    code, said = typed("audit", "checkpoint", **env)
    assert (code, "an older state was put back" in said.replace("\n", " ")) == (1, True)
    assert json.loads((town.out / "manifest.json").read_text())["format"] == "drp backup 1"
