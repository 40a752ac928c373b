"""The folder's files are whole or not there, one a message, and named after nothing that anybody wrote."""

import os
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from notifications.channels import Folder, OutgoingMail
from notifications.wording import WordedMessage
from tests.cast.marsh import RAISED

SENDER = "resolution@marsh.example"


def post(identity: str = "<0123abcd@marsh.example>", minutes: int = 0) -> OutgoingMail:
    from datetime import timedelta

    words = WordedMessage("A reply is asked of you: 7K3F-QX9M", "Text.\n", "<p>Text.</p>\n")
    return OutgoingMail(
        identity, ("a@marsh.example",), ("b@marsh.example",), ("a@marsh.example",), words, RAISED + timedelta(minutes=minutes)
    )


def test_a_message_is_one_whole_file(tmp_path: Path) -> None:
    outcome = Folder(tmp_path / "mail", SENDER).send(post())
    assert outcome.accepted == {"a@marsh.example"}
    (file,) = (tmp_path / "mail").iterdir()
    message = message_from_bytes(file.read_bytes(), policy=policy.default)
    assert message["To"] == "a@marsh.example"
    assert message["Cc"] == "b@marsh.example"
    assert message["Message-ID"] == "<0123abcd@marsh.example>"


def test_a_repeat_writes_the_same_file_again(tmp_path: Path) -> None:
    folder = Folder(tmp_path, SENDER)
    folder.send(post())
    folder.send(post(minutes=11))
    folder.send(post("<ffff@marsh.example>", minutes=11))
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("step", ["write_bytes", "rename"])
def test_if_it_cannot_be_written_nothing_is_there_to_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    def fails(self: Path, *given: object) -> int:
        if step == "write_bytes":
            with self.open("wb") as file:
                file.write(given[0][:10])  # type: ignore[index]
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(Path, step, fails)
    outcome = Folder(tmp_path, SENDER).send(post())
    assert not outcome.accepted
    assert "No space" in outcome.again
    assert list(tmp_path.glob("*.eml")) == []
    monkeypatch.undo()
    assert Folder(tmp_path, SENDER).send(post()).accepted
    assert len(list(tmp_path.glob("*.eml"))) == 1
    assert [name for name in os.listdir(tmp_path) if name.endswith(".part")] == []


def test_a_folder_that_is_none_is_tried_again_and_nothing_is_lost(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert Folder(tmp_path / "file", SENDER).send(post()).again


def test_an_identity_cannot_lead_out_of_the_folder(tmp_path: Path) -> None:
    Folder(tmp_path / "mail", SENDER).send(post("<../../x@marsh.example>"))
    assert [path.parent for path in tmp_path.rglob("*.eml")] == [tmp_path / "mail"]
