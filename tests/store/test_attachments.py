"""Documents kept: by digest, once, whole or not at all; attached as one act with their entry on the timeline."""

import json
import os
import re
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select
from sqlmodel import col

from drp.casework import amounts
from drp.casework.access import NotFound
from drp.casework.preconditions import Precondition, StaleView
from drp.casework.retry_keys import Answer, KeyReused, RetryKey
from drp.casework.service import ActionResult, Casework
from drp.database.challenge_tables import EntryRow, WordsRow
from drp.database.engine import Conflict
from drp.database.unavailable import Unavailable
from drp.items import attachments as keeping
from drp.items.attachments import Attachments, NotAsAttached, StoredDocument, attach_file
from tests.cast.councils import PATIENT
from tests.cast.marsh import Marsh
from tests.store.files import ABUSES, docx, pdf, png
from workflows.model.events import DocumentAttached, RecordedInError
from workflows.model.refusals import NotOpen, NotYours, Unfit

MARCH_2, MARCH_9 = (datetime(2026, 3, day, 10, tzinfo=UTC) for day in (2, 9))
LIMIT = 10 * 1024 * 1024
PLAN = pdf(b"We will hold the meeting on 16 March.")
DIGEST = sha256(PLAN).hexdigest()
one_engine = pytest.mark.parametrize("store", ["sqlite"], indirect=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "var" / "attachments"


@pytest.fixture
def files(folder: Path) -> Attachments:
    return Attachments(folder, LIMIT)


def kept_in(folder: Path) -> list[str]:
    """Every file below a folder, whatever it is called."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())


# The folder.


def test_a_document_is_kept_by_its_digest_and_comes_back_as_it_was(files: Attachments, folder: Path) -> None:
    stored = files.put("marsh", PLAN)
    assert (stored.digest, stored.size) == (DIGEST, len(PLAN))
    assert kept_in(folder) == [f"marsh/{DIGEST[:2]}/{DIGEST}"]
    assert files.get("marsh", DIGEST) == PLAN


def test_only_the_service_itself_reads_the_folder(files: Attachments, folder: Path) -> None:
    files.put("marsh", PLAN)
    for path in (folder, *folder.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_the_same_document_is_kept_once_in_each_authority(files: Attachments, folder: Path) -> None:
    files.put("marsh", PLAN)
    before = (folder / kept_in(folder)[0]).stat()
    files.put("marsh", PLAN)
    now = (folder / kept_in(folder)[0]).stat()
    # Not the whole of it: looking whether it is there already is a reading, which has a time of its own.
    assert (now.st_ino, now.st_mtime_ns, now.st_size) == (before.st_ino, before.st_mtime_ns, before.st_size), (
        "it is not written again"
    )
    files.put("elsewhere", PLAN)
    assert [path.split("/")[0] for path in kept_in(folder)] == ["elsewhere", "marsh"]
    with pytest.raises(NotAsAttached, match="missing"):
        files.get("other", DIGEST)


def test_many_at_once_keep_one_whole_document(files: Attachments, folder: Path) -> None:
    large = pdf(bytes(range(256)) * 4000)
    with ThreadPoolExecutor(8) as people:
        digests = {stored.digest for stored in people.map(lambda _: files.put("marsh", large), range(24))}
    assert digests == {sha256(large).hexdigest()}
    assert len(kept_in(folder)) == 1
    assert files.get("marsh", digests.pop()) == large


def altered(path: Path) -> None:
    path.write_bytes(PLAN.replace(b"16", b"19"))


def cut_short(path: Path) -> None:
    path.write_bytes(PLAN[:-5])


def led_elsewhere(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to(path.with_name("elsewhere"))


def made_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


HARM = [altered, cut_short, led_elsewhere]


@pytest.mark.parametrize("harm", HARM)
def test_what_was_altered_is_never_shown_and_is_said_plainly(
    files: Attachments, folder: Path, harm: Callable[[Path], None]
) -> None:
    files.put("marsh", PLAN)
    harm(folder / kept_in(folder)[0])
    with pytest.raises(NotAsAttached, match="altered"):
        files.get("marsh", DIGEST)
    files.put("marsh", PLAN)
    assert files.get("marsh", DIGEST) == PLAN, "attached again, it is whole again"


def test_what_is_missing_is_said_plainly(files: Attachments, folder: Path) -> None:
    with pytest.raises(NotAsAttached, match="missing"):
        files.get("marsh", DIGEST)
    files.put("marsh", PLAN)
    (folder / kept_in(folder)[0]).unlink()
    with pytest.raises(NotAsAttached, match="missing") as refusal:
        files.get("marsh", DIGEST)
    assert "restored" in refusal.value.do


def test_a_folder_in_a_documents_place_is_no_document(files: Attachments, folder: Path) -> None:
    files.put("marsh", PLAN)
    made_a_folder(folder / kept_in(folder)[0])
    with pytest.raises((NotAsAttached, Unavailable)):
        files.get("marsh", DIGEST)


@pytest.mark.parametrize("digest", ["", "..", "../" * 4 + "etc/passwd", DIGEST.upper(), f"{DIGEST}\n", f"/{DIGEST[1:]}"])
def test_nothing_but_a_digest_is_looked_up(files: Attachments, digest: str) -> None:
    files.put("marsh", PLAN)
    with pytest.raises(NotAsAttached):
        files.get("marsh", digest)


@pytest.mark.parametrize("authority", ["", "..", "../elsewhere", "a/b", "/etc", "Marsh", "a\x00"])
def test_nothing_but_the_key_of_an_authority_is_a_folder(files: Attachments, folder: Path, authority: str) -> None:
    for use in (lambda: files.put(authority, PLAN), lambda: files.get(authority, DIGEST)):
        with pytest.raises(ValueError, match="key of an authority"):
            use()
    assert not folder.parent.exists()


def test_it_is_on_the_disk_before_it_has_its_name_and_its_name_before_anybody_is_told(
    files: Attachments, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power cut at any moment leaves the whole document or none."""
    done: list[str] = []
    sync, rename = os.fsync, os.replace

    def fsync(descriptor: int) -> None:
        is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        done.append(Path(os.readlink(f"/proc/self/fd/{descriptor}")).name if is_folder else "the file")
        sync(descriptor)

    def replace(source: str, target: Path) -> None:
        assert stat.S_IMODE(os.stat(source).st_mode) == 0o600
        done.append("renamed")
        rename(source, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", replace)
    files.put("marsh", PLAN)
    folders = [DIGEST[:2], "marsh", "attachments", "var"]
    assert done == ["the file", "renamed", *folders]
    done.clear()
    files.put("marsh", PLAN)
    assert done == folders, "another may have renamed it a moment ago"


@pytest.mark.parametrize("fails", ["fsync", "replace"])
def test_a_disk_that_takes_nothing_leaves_nothing_half_written(
    files: Attachments, folder: Path, fails: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, fails, full)
    with pytest.raises(Unavailable, match="No space left"):
        files.put("marsh", PLAN)
    assert kept_in(folder) == []


# Attached, as one act.


@pytest.fixture
def reference(casework: Casework) -> str:
    """A challenge about C-1 of North Team, raised by Irene on Monday 2 March; Tess and Otto are asked."""
    return Marsh.founded(casework, PATIENT).raised(MARCH_2)


def shown(connection: Connection, done: ActionResult) -> Answer:
    return {"entry": done.entry}


class Desk:
    """People who attach files to one item, and what stands on its timeline."""

    def __init__(self, casework: Casework, files: Attachments, reference: str, folder: Path) -> None:
        self.casework, self.files, self.reference, self.folder = casework, files, reference, folder

    def attach(self, who: str, octets: bytes = PLAN, name: str = "Action plan.pdf", **said: Any) -> Answer:
        now, render = said.pop("now", MARCH_9), said.pop("render", shown)
        signed = Marsh(self.casework).as_(who, now)
        return keeping.attach_file(self.casework, self.files, signed, self.reference, octets, name, now, render, **said)

    def entries(self) -> list[Any]:
        with self.casework.store.read("marsh") as connection:
            kind, number = col(EntryRow.kind), col(EntryRow.number)
            query = select(EntryRow.__table__).where(kind == "document_attached").order_by(number)  # type: ignore[attr-defined]
            return list(connection.execute(query).all())

    def words(self, number: int) -> dict[str, str]:
        with self.casework.store.read("marsh") as connection:
            query = select(col(WordsRow.field), col(WordsRow.text)).where(col(WordsRow.number) == number)
            return {row.field: row.text for row in connection.execute(query)}

    def is_untouched(self) -> bool:
        return not self.entries() and kept_in(self.folder) == []


@pytest.fixture
def desk(casework: Casework, files: Attachments, reference: str, folder: Path) -> Desk:
    return Desk(casework, files, reference, folder)


def test_a_manager_attaches_their_action_plan_and_whoever_reads_the_entry_opens_it(desk: Desk) -> None:
    answer = desk.attach("tess", name="C:\\plans\\Kay\u202e.PDF", about=" What we\n will do. ")
    [entry] = desk.entries()
    assert answer == {"entry": entry.number}
    facts, words = json.loads(entry.facts), desk.words(entry.number)
    assert facts == {"digest": DIGEST, "media_type": "application/pdf", "size": len(PLAN), "iro_service_only": False}
    assert words == {"name": "Kay.PDF", "about": "What we will do."}
    document = desk.files.open("marsh", facts, words["name"])
    assert (document.octets, document.media_type) == (PLAN, "application/pdf")
    assert document.disposition == "attachment; filename=\"document.pdf\"; filename*=UTF-8''Kay.PDF"


def test_the_iro_service_keeps_one_to_itself_and_a_recipient_may_not(desk: Desk) -> None:
    desk.attach("irene", iro_service_only=True)
    assert desk.entries()[0].visible == "iro_service"
    with pytest.raises(NotYours):
        desk.attach("tess", png(), iro_service_only=True)
    assert len(desk.entries()) == len(kept_in(desk.folder)) == 1


def test_whoever_may_not_attach_leaves_nothing_behind(desk: Desk) -> None:
    for who, refusal in (("tom", NotFound), ("ivor", NotFound), ("nina", NotFound)):
        with pytest.raises(refusal):
            desk.attach(who)
    with pytest.raises(StaleView):
        desk.attach("tess", if_match="7.nowhere.awaiting")
    with pytest.raises(Unfit):
        desk.attach("tess", about="x" * 201)
    with pytest.raises(NotFound):
        Desk(desk.casework, desk.files, "AAAA-AAAA", desk.folder).attach("irene")
    assert desk.is_untouched()


def test_what_is_sealed_takes_none(desk: Desk) -> None:
    signed = Marsh(desk.casework).as_("irene", MARCH_9)
    desk.casework.act(signed, desk.reference, RecordedInError("Another child's."), MARCH_9, shown)
    with pytest.raises(NotOpen):
        desk.attach("irene")
    with pytest.raises(NotFound):
        desk.attach("tess")
    assert desk.is_untouched()


@one_engine
@pytest.mark.parametrize("what", ABUSES)
def test_a_file_that_is_not_taken_leaves_nothing_behind(desk: Desk, what: str) -> None:
    with pytest.raises(Unfit) as refusal:
        desk.attach("tess", ABUSES[what](), "../../plan.pdf")
    assert refusal.value.field == "file"
    assert desk.is_untouched()


def test_no_entry_is_ever_without_its_file(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as while_full:
        while_full.setattr(os, "replace", full)
        with pytest.raises(Unavailable):
            desk.attach("tess")
    assert desk.is_untouched()
    desk.attach("tess", now=MARCH_9 + timedelta(minutes=1))
    assert desk.files.get("marsh", json.loads(desk.entries()[0].facts)["digest"]) == PLAN


def test_a_commit_that_fails_leaves_at_most_a_file_that_nothing_names(desk: Desk) -> None:
    def breaks(connection: Connection, done: ActionResult) -> Answer:
        assert kept_in(desk.folder), "the file is there before the entry is"
        raise Unavailable("the database went away")

    with pytest.raises(Unavailable):
        desk.attach("tess", render=breaks)
    assert desk.entries() == []
    desk.attach("tess")
    assert len(desk.entries()) == len(kept_in(desk.folder)) == 1


def test_decided_again_after_another_came_first_it_is_attached_once(desk: Desk) -> None:
    tried: list[int] = []

    def beaten_once(connection: Connection, done: ActionResult) -> Answer:
        tried.append(done.entry)
        if len(tried) == 1:
            raise Conflict
        return shown(connection, done)

    desk.attach("tess", render=beaten_once)
    assert len(tried) == 2
    assert len(desk.entries()) == len(kept_in(desk.folder)) == 1


def test_a_repeat_with_its_key_attaches_nothing_more(desk: Desk) -> None:
    first = desk.attach("tess", key="k-1")
    assert desk.attach("tess", key="k-1") == first
    assert len(desk.entries()) == 1
    for other in ({"octets": png()}, {"name": "Other.pdf"}, {"about": "Another."}):
        with pytest.raises(KeyReused):
            desk.attach("tess", key="k-1", **other)
    assert len(kept_in(desk.folder)) == 1


@one_engine
def test_one_person_attaches_fifty_documents_at_most(desk: Desk) -> None:
    for n in range(50):
        desk.attach("tess", pdf(b"Page %d" % n), now=MARCH_9 + timedelta(seconds=n))
    with pytest.raises(Unfit) as refusal:
        desk.attach("tess", docx(), now=MARCH_9 + timedelta(hours=1))
    assert refusal.value.field == "file"
    desk.attach("irene", docx(), now=MARCH_9 + timedelta(hours=1))
    assert len(desk.entries()) == len(kept_in(desk.folder)) == 51


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"digest": DIGEST, "media_type": "text/html", "size": len(PLAN)},
        {"digest": DIGEST, "media_type": "application/pdf", "size": 1},
        {"digest": f"../{DIGEST}", "media_type": "application/pdf", "size": len(PLAN)},
    ],
)
def test_an_entry_that_was_tampered_with_opens_nothing(files: Attachments, facts: dict[str, Any]) -> None:
    files.put("marsh", PLAN)
    with pytest.raises(NotAsAttached):
        files.open("marsh", facts, "plan.pdf")


# Twins: a bug is planted, and the test must find it.

Plant = pytest.MonkeyPatch
FOUND = (AssertionError, pytest.fail.Exception)


def test_planted_a_folder_that_is_believed(files: Attachments, folder: Path, monkeypatch: Plant) -> None:
    def get(self: Attachments, authority: str, digest: str) -> bytes:
        return (folder / authority / digest[:2] / digest).read_bytes()

    monkeypatch.setattr(Attachments, "get", get)
    with pytest.raises(FOUND):
        test_what_was_altered_is_never_shown_and_is_said_plainly(files, folder, altered)


def test_planted_a_folder_that_is_believed_when_it_is_written(files: Attachments, folder: Path, monkeypatch: Plant) -> None:
    right = Attachments.put

    def put(self: Attachments, authority: str, octets: bytes) -> StoredDocument:
        digest = sha256(octets).hexdigest()
        if (folder / authority / digest[:2] / digest).exists():
            return StoredDocument(digest, len(octets))
        return right(self, authority, octets)

    monkeypatch.setattr(Attachments, "put", put)
    with pytest.raises(NotAsAttached):
        test_what_was_altered_is_never_shown_and_is_said_plainly(files, folder, altered)


def test_planted_a_path_that_takes_anything(files: Attachments, folder: Path, monkeypatch: Plant) -> None:
    monkeypatch.setattr(keeping, "AUTHORITY_KEY", re.compile(".*"))
    with pytest.raises(FOUND):
        test_nothing_but_the_key_of_an_authority_is_a_folder(files, folder, "../elsewhere")


def test_planted_a_file_written_under_its_own_name(files: Attachments, folder: Path, monkeypatch: Plant) -> None:
    monkeypatch.setattr(keeping, "write_whole", lambda path, octets: path.write_bytes(octets))
    with pytest.raises(FOUND):
        test_it_is_on_the_disk_before_it_has_its_name_and_its_name_before_anybody_is_told(files, folder, monkeypatch)
    with pytest.raises(FOUND):
        test_only_the_service_itself_reads_the_folder(files, folder)


def test_planted_a_name_that_may_be_lost(files: Attachments, folder: Path, monkeypatch: Plant) -> None:
    monkeypatch.setattr(keeping, "sync_folder", lambda folder: None)
    with pytest.raises(FOUND):
        test_it_is_on_the_disk_before_it_has_its_name_and_its_name_before_anybody_is_told(files, folder, monkeypatch)


def test_planted_a_temporary_file_left_behind(files: Attachments, folder: Path, monkeypatch: Plant) -> None:
    monkeypatch.setattr(os, "unlink", lambda path: None)
    with pytest.raises(FOUND):
        test_a_disk_that_takes_nothing_leaves_nothing_half_written(files, folder, "replace", monkeypatch)


def event_of(octets: bytes, name: str, about: str = "", iro_service_only: bool = False) -> DocumentAttached:
    return DocumentAttached(sha256(octets).hexdigest(), "application/pdf", len(octets), name, about, iro_service_only)


def first_the_file(casework, files, signed, reference, octets, *said, **more):  # type: ignore[no-untyped-def]
    """Stored before anybody asked what it is, and whether this person may."""
    files.put(signed.authority, octets)
    return attach_file(casework, files, signed, reference, octets, *said, **more)


def by_key_alone(casework, files, signed, reference, octets, name, now, render, key="", **said):  # type: ignore[no-untyped-def]
    """A repeat is known by its key, whatever comes with it."""
    files.put(signed.authority, octets)
    return casework.act(signed, reference, event_of(octets, name, **said), now, render, RetryKey(key))


def first_the_entry(casework, files, signed, reference, octets, name, now, render, key="", if_match="", **said):  # type: ignore[no-untyped-def]
    """Stored when the entry has been committed."""
    answer = casework.act(signed, reference, event_of(octets, name, **said), now, render, RetryKey(key), Precondition(if_match))
    files.put(signed.authority, octets)
    return answer


@one_engine
def test_planted_a_file_kept_before_anybody_asks(desk: Desk, monkeypatch: Plant) -> None:
    monkeypatch.setattr(keeping, "attach_file", first_the_file)
    with pytest.raises(FOUND):
        test_whoever_may_not_attach_leaves_nothing_behind(desk)


@one_engine
def test_planted_a_file_kept_before_anybody_looks(desk: Desk, monkeypatch: Plant) -> None:
    monkeypatch.setattr(keeping, "attach_file", first_the_file)
    with pytest.raises(FOUND):
        test_a_file_that_is_not_taken_leaves_nothing_behind(desk, "a program")


@one_engine
def test_planted_an_entry_before_its_file(desk: Desk, monkeypatch: Plant) -> None:
    monkeypatch.setattr(keeping, "attach_file", first_the_entry)
    with pytest.raises(FOUND):
        test_no_entry_is_ever_without_its_file(desk, monkeypatch)


@one_engine
def test_planted_a_key_that_covers_no_content(desk: Desk, monkeypatch: Plant) -> None:
    monkeypatch.setattr(keeping, "attach_file", by_key_alone)
    with pytest.raises(FOUND):
        test_a_repeat_with_its_key_attaches_nothing_more(desk)


@one_engine
def test_planted_any_number_of_documents(desk: Desk, monkeypatch: Plant) -> None:
    monkeypatch.setattr(amounts, "MOST_DOCUMENTS", 1_000)
    with pytest.raises(FOUND):
        test_one_person_attaches_fifty_documents_at_most(desk)


@one_engine
def test_planted_files_that_nobody_checks(desk: Desk, monkeypatch: Plant) -> None:
    right = keeping.accept_document
    monkeypatch.setattr(keeping, "accept_document", lambda octets, name, limit: right(PLAN, name, limit))
    for what in ("a program", "Word with macros", "a bomb", "a PDF with a zip behind"):
        with pytest.raises(FOUND):
            test_a_file_that_is_not_taken_leaves_nothing_behind(desk, what)
