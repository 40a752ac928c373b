"""Checkpoints: whatever is done to the database after one has left it is found, by somebody who holds the file alone."""

from collections.abc import Callable
from contextlib import closing
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select, text

from api.jobs import checkpoints, heartbeat
from drp.database.challenge_tables import ChallengeRow, EntryRow, WordsRow
from drp.database.engine import Store
from drp.database.record_tables import CheckpointRow, StandingRow
from drp.database.sqlite_driver import sqlite3
from drp.proof import checkpoint as proof
from drp.proof.take_checkpoint import TimelineBroken
from drp.timeline.chain import GENESIS, ChainedEntry, KeptWords, keyed_hash_of, running_digest, words_commitment
from tests.cast.world import World

Plant = pytest.MonkeyPatch


class Town:
    """A few challenges, their checkpoint outside the database, and somebody with every right on the database."""

    def __init__(self, world: World) -> None:
        self.world, self.key = world, world.council.key
        irene = world.as_("irene")
        self.references = [irene.raises(child).json()["reference"] for child in ("T-1", "T-1", "T-2")]
        for n in range(3):
            irene.brings(self.references[0], "noted", text=f"Note {n}: as said")
        self.folder = world.settings.checkpoints_folder

    @property
    def public(self) -> Any:
        return self.world.service.signing.public_key()

    def witnessed(self) -> Any:
        """A checkpoint is taken."""
        return checkpoints.leave_checkpoint(self.world.service, self.key)

    def verdict(self, most: int = 10) -> checkpoints.AuditVerdict:
        return checkpoints.verify_authority(
            self.world.service, self.key, checkpoints.files_of(self.folder, self.key)[-most:], self.public
        )

    def found(self) -> dict[str, str]:
        """What a verification says, by reference."""
        return {fault.reference: fault.said for fault in self.verdict().faults}

    def challenge(self, n: int = 0) -> UUID:
        return UUID(str(self.row(n).id))

    def row(self, n: int = 0) -> Any:
        return self.world.rows(select(ChallengeRow.__table__).where(ChallengeRow.reference == self.references[n]))[0]

    def entries(self, n: int = 0) -> list[dict[str, Any]]:
        query = select(EntryRow.__table__).where(EntryRow.challenge == self.challenge(n)).order_by(EntryRow.number)
        with self.world.store.read(self.key) as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def tampers(self, *statements: tuple[str, dict[str, Any]]) -> None:
        """Past every safeguard that the database itself has: whoever owns the file or the server can do this."""
        with closing(sqlite3.connect(str(self.world.store.engine.url.database))) as connection, connection:
            for act in ("update", "delete"):
                connection.execute(f"DROP TRIGGER IF EXISTS entry_never_{act}")
            for statement, values in statements:
                connection.execute(statement, {name: v.hex if isinstance(v, UUID) else v for name, v in values.items()})

    def rewrites(self, n: int, change: Callable[[list[dict[str, Any]]], None]) -> None:
        """A timeline is written anew with the key of the chain: every hash after the change is right again."""
        entries = self.entries(n)
        change(entries)
        key, head = self.world.service.casework.keeper.key, GENESIS
        for number, entry in enumerate(entries, 1):
            entry |= {"number": number, "previous": head}
            values = {name: entry[name] for name in ChainedEntry.__dataclass_fields__}
            head = entry["hash"] = keyed_hash_of(key, self.key, self.challenge(n), values)
        where = {"challenge": self.challenge(n)}
        statements: list[tuple[str, dict[str, Any]]] = [
            ("UPDATE entry SET previous = 'x' || number, hash = '' WHERE challenge = :challenge", where)
        ]
        statements += [
            (
                "UPDATE entry SET facts = :facts, kind = :kind, words = :words, previous = :previous, hash = :hash "
                "WHERE challenge = :challenge AND number = :number",
                {**where, **{name: entry[name] for name in ("facts", "kind", "words", "previous", "hash", "number")}},
            )
            for entry in entries
        ]
        statements.append(("UPDATE challenge SET head = :head WHERE id = :challenge", {**where, "head": head}))
        self.tampers(*statements)


one_engine = pytest.mark.parametrize("store", ["sqlite"], indirect=True)


@pytest.fixture
def town(world: World) -> Town:
    return Town(world)


def test_what_nobody_touched_is_never_accused_and_goes_on(town):
    assert town.verdict().is_clean
    first = town.witnessed()
    assert (first.checkpoint.number, first.checkpoint.size, first.checkpoint.previous) == (1, 3, proof.NONE_BEFORE)
    assert town.witnessed() is None, "nothing was written since"
    town.world.as_("irene").brings(town.references[0], "noted", text="One more")
    town.world.as_("irene").raises("T-3")
    second = town.witnessed()
    assert (second.checkpoint.number, second.checkpoint.size, second.checkpoint.previous) == (2, 4, first.checkpoint.mark)
    verdict = town.verdict()
    assert verdict.is_clean
    assert verdict.against == (1, 2)


def test_the_digest_is_worked_out_without_any_key_and_piece_by_piece(town):
    taken = town.witnessed()
    for n in range(3):
        (one,) = [one for one in taken.standings if one.challenge == town.challenge(n)]
        whole = town.entries(n)
        assert one.digest == running_digest(town.key, town.challenge(n), GENESIS, whole)
        half = running_digest(town.key, town.challenge(n), GENESIS, whole[:2])
        assert one.digest == running_digest(town.key, town.challenge(n), half, whole[2:])


def test_an_authority_has_checkpoints_of_its_own(two):
    town = Town(two)
    town.witnessed()
    assert checkpoints.leave_checkpoint(two.service, "elsewhere").checkpoint.size == 0
    with pytest.raises(proof.NoCheckpoint, match=r"is of dunmoor, not of elsewhere"):
        raise_said(
            checkpoints.verify_authority(two.service, "elsewhere", checkpoints.files_of(town.folder, town.key), town.public)
        )


def raise_said(verdict: checkpoints.AuditVerdict) -> None:
    assert not verdict.is_clean
    raise proof.NoCheckpoint(" ".join(verdict.said))


def edited(town: Town) -> str:
    town.tampers(("UPDATE entry SET facts = '{}' WHERE challenge = :c AND number = 2", {"c": town.challenge()}))
    return "entry 2 was altered"


def deleted(town: Town) -> str:
    where = "WHERE challenge = :c AND number = 3"
    town.tampers((f"DELETE FROM words {where}", {"c": town.challenge()}), (f"DELETE FROM entry {where}", {"c": town.challenge()}))
    return "entry 3 is missing"


def swapped(town: Town) -> str:
    town.tampers(
        ("UPDATE entry SET number = -2 WHERE challenge = :c AND number = 2", {"c": town.challenge()}),
        ("UPDATE entry SET number = 2 WHERE challenge = :c AND number = 3", {"c": town.challenge()}),
        ("UPDATE entry SET number = 3 WHERE challenge = :c AND number = -2", {"c": town.challenge()}),
    )
    return "entry 2 does not follow the one before"


def words_altered(town: Town) -> str:
    number = len(town.entries())
    town.tampers(
        ("UPDATE words SET text = 'Not said' WHERE challenge = :c AND number = :n", {"c": town.challenge(), "n": number})
    )
    return f"the words of entry {number} were altered"


def tail_cut(town: Town) -> str:
    before, last = town.entries()[-2:]
    where = {"c": town.challenge(), "n": last["number"], "m": before["number"], "head": before["hash"]}
    town.tampers(
        ("DELETE FROM words WHERE challenge = :c AND number = :n", where),
        ("DELETE FROM entry WHERE challenge = :c AND number = :n", where),
        ("UPDATE challenge SET entries = :m, head = :head WHERE id = :c", where),
    )
    return f"entry {last['number']} is missing; checkpoint 1 had {last['number']} entries"


def written_anew(town: Town) -> str:
    """Of the same length, with the chain's own key, its words and their commitment too."""
    last = town.entries()[-1]["number"]
    kept = KeptWords(last, "text", "00" * 8, "She was told.")
    town.tampers(
        (
            "UPDATE words SET text = :text, salt = :salt WHERE challenge = :c AND number = :n",
            {"c": town.challenge(), "n": last, "text": kept.text, "salt": kept.salt},
        )
    )
    town.rewrites(0, lambda entries: entries[-1].update(words=words_commitment([kept])))
    return f"an entry from 1 to {last} was written anew since checkpoint 1"


def taken_out_whole(town: Town) -> str:
    for table in ("words", "entry"):
        town.tampers((f"DELETE FROM {table} WHERE challenge = :c", {"c": town.challenge()}))
    town.tampers(("DELETE FROM challenge WHERE id = :c", {"c": town.challenge()}))
    return "the whole timeline is gone; checkpoint 1 had it"


def put_in(town: Town) -> str:
    """An entry more at the end, as if it had been said, without the chain's key."""
    last = town.entries()[-1]
    names = ", ".join(name for name in last if name not in ("number", "previous", "hash"))
    town.tampers(
        (
            f"INSERT INTO entry (number, previous, hash, {names}) SELECT number + 1, hash, 'f', {names} FROM entry "
            "WHERE challenge = :c AND number = :n",
            {"c": town.challenge(), "n": last["number"]},
        ),
        ("UPDATE challenge SET entries = entries + 1, head = 'f' WHERE id = :c", {"c": town.challenge()}),
    )
    return f"entry {last['number'] + 1} was altered"


@one_engine
@pytest.mark.parametrize(
    "act",
    [edited, deleted, swapped, words_altered, tail_cut, written_anew, taken_out_whole, put_in],
    ids=lambda act: act.__name__,
)
def test_whatever_is_done_to_one_timeline_is_found_and_the_others_are_not_accused(town, act):
    town.witnessed()
    reference = town.references[0]
    said = act(town)
    found = town.found()
    assert list(found.values()) == [said]
    assert set(found) <= {reference, ""}


@one_engine
@pytest.mark.parametrize("act", [tail_cut, written_anew, taken_out_whole], ids=lambda act: act.__name__)
def test_planted_no_file_is_at_hand(town, act):
    """What a whole chain with the key shows nothing of is found by the checkpoint alone: without its file it is not."""
    town.witnessed()
    act(town)
    assert checkpoints.verify_authority(town.world.service, town.key, [], town.public).is_clean


@one_engine
def test_checkpoints_narrow_where_it_was_written_anew(town):
    town.witnessed()
    count = len(town.entries())
    for n in range(2):
        town.world.as_("irene").brings(town.references[0], "noted", text=f"Later {n}")
        town.witnessed()
    town.rewrites(0, lambda entries: entries[count].update(facts='{"x":1}'))
    assert town.found()[town.references[0]] == f"an entry from {count + 1} to {count + 1} was written anew since checkpoint 2"


@one_engine
@pytest.mark.parametrize("act", [tail_cut, written_anew, taken_out_whole], ids=lambda act: act.__name__)
def test_nothing_is_signed_over_a_timeline_that_does_not_go_on(town, act, caplog):
    town.witnessed()
    act(town)
    with pytest.raises(TimelineBroken, match="1 timeline does not go on from the last checkpoint"):
        town.witnessed()
    heartbeat.checkpoint_authority(town.world.service, town.key)
    assert "no checkpoint is signed over what was altered" in caplog.text
    assert len(checkpoints.files_of(town.folder, town.key)) == 1


@one_engine
def test_a_database_that_was_put_back_is_found(town, tmp_path):
    town.witnessed()
    with closing(sqlite3.connect(str(town.world.store.engine.url.database))) as connection:
        connection.execute(f"VACUUM INTO '{tmp_path / 'yesterday.sqlite'}'")
    count = len(town.entries(1))
    town.world.as_("irene").brings(town.references[1], "noted", text="Said today")
    town.witnessed()
    town.world.store.close()
    store = Store(f"sqlite:///{tmp_path / 'yesterday.sqlite'}")
    town.world.service.store.__dict__.update(store.__dict__)
    verdict = town.verdict()
    assert verdict.said == ("The database was put back: it knows of 1 checkpoints, and checkpoint 2 was taken from it.",)
    assert [one.said for one in verdict.faults] == [f"entry {count + 1} is missing; checkpoint 2 had {count + 1} entries"]
    store.close()


def test_a_checkpoint_is_written_again_where_its_file_could_not_be(town):
    taken = town.witnessed()
    (path,) = checkpoints.files_of(town.folder, town.key)
    before = path.read_bytes()
    path.unlink()
    assert town.witnessed() is None
    assert path.read_bytes() == before == proof.checkpoint_file(taken.checkpoint, taken.standings).encode()
    path.unlink()
    town.world.as_("irene").brings(town.references[0], "noted", text="Said before it could be written again")
    assert town.witnessed().checkpoint.number == 2
    assert path.read_bytes() == before
    assert town.verdict().against == (1, 2)


@one_engine
def test_every_character_of_a_checkpoint_counts(town):
    taken = town.witnessed()
    text_ = proof.checkpoint_file(taken.checkpoint, taken.standings)
    assert proof.read_checkpoint(text_, town.public) == (taken.checkpoint, taken.standings)
    for n in range(len(text_)):
        for other in {"0", "1", "\n"} - {text_[n]}:
            with pytest.raises(proof.NoCheckpoint):
                proof.read_checkpoint(text_[:n] + other + text_[n + 1 :], town.public)
        with pytest.raises(proof.NoCheckpoint):
            proof.read_checkpoint(text_[:n], town.public)
    with pytest.raises(proof.NoCheckpoint, match="did not sign"):
        proof.read_checkpoint(text_, Ed25519PrivateKey.from_private_bytes(b"\x09" * 32).public_key())


@one_engine
def test_two_histories_under_one_number_are_found(town):
    taken = town.witnessed()
    other = proof.sign_checkpoint(town.key, 1, town.world.now, proof.NONE_BEFORE, taken.standings[:2], town.world.service.signing)
    fork = town.folder.parent / f"{town.key}-000001.checkpoint"
    fork.write_text(proof.checkpoint_file(other, taken.standings[:2]))
    verdict = checkpoints.verify_authority(
        town.world.service, town.key, [*checkpoints.files_of(town.folder, town.key), fork], town.public
    )
    there_are_two, of_another = verdict.said
    assert there_are_two.startswith("There are two checkpoints 1, and they do not agree: one history was put for another")
    assert of_another.startswith("Checkpoint 1 is not the one that this database signed")


@one_engine
def test_a_checkpoint_that_does_not_follow_is_found(town):
    taken = town.witnessed()
    other = proof.sign_checkpoint(town.key, 2, town.world.now, "f" * 64, taken.standings, town.world.service.signing)
    checkpoints.write_checkpoint_file(town.folder, checkpoints.TakenCheckpoint(other, taken.standings))
    assert "Checkpoint 2 does not follow checkpoint 1." in town.verdict().said


def test_a_checkpoint_row_stays_as_it_was_signed(town):
    town.witnessed()
    for statement in ("UPDATE checkpoint SET size = 0", "DELETE FROM checkpoint"):
        refused = pytest.raises(Exception, match=r"stays as it was signed|permission denied")
        with refused, town.world.store.write(town.key) as connection:
            connection.execute(text(statement))
    assert len(town.world.rows(select(CheckpointRow.__table__))) == 1
    assert len(town.world.rows(select(StandingRow.__table__))) == 3
    assert {EntryRow.__tablename__, WordsRow.__tablename__} == {"entry", "words"}


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_words_that_were_taken_out_without_a_lawful_erasure_are_missed(town: Town) -> None:
    town.tampers(("DELETE FROM words WHERE challenge = :c AND number = 1", {"c": town.challenge()}))
    assert town.found() == {town.references[0]: "the words of entry 1 are gone, and no erasure is on record"}
