"""The witness: checkpoints reach the auditor by mail, health says when they do not, keys change and are lost without a lie."""

from dataclasses import replace
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from api.assembly import assemble_service
from api.jobs import checkpoints, heartbeat
from api.json.health import health_of
from drp.database.authority_tables import AuthorityRow
from drp.proof import checkpoint as proof
from drp.proof.take_checkpoint import TimelineBroken
from drp.proof.verify import timeline_faults
from drp.settings import Settings
from drp.timeline.chain import ChainKey
from notifications.channels import Folder, OutgoingMail, SendOutcome
from tests.cast.keyed import keyed
from tests.cast.world import World
from tests.proof.test_checkpoints import Town

one_engine = pytest.mark.parametrize("store", ["sqlite"], indirect=True)


@pytest.fixture
def town(world: World) -> Town:
    return Town(world)


def heads(world: World) -> list[Any]:
    """The messages that carry a signed head."""
    folder = world.settings.var / "mail"
    found = [message_from_bytes(path.read_bytes(), policy=policy.SMTP) for path in sorted(folder.glob("*.eml"))]
    return [one for one in found if one["Subject"].startswith("Checkpoint")]


def mailing(world: World) -> World:
    folder = Folder(world.settings.var / "mail", "service@drp.example")
    object.__setattr__(world.service, "sender", replace(world.service.sender, channel=folder))
    return world


def test_the_days_signed_head_goes_to_the_auditor_and_names_nobody(town: Town) -> None:
    world = mailing(town.world)
    for _ in range(2):
        heartbeat.checkpoint_authority(world.service, town.key)
        heartbeat.deliver_authority(world.service, town.key)
    (message,) = heads(world)
    assert message["To"] == "audrey@dunmoor.example"
    text = message.get_body(("plain",)).get_content().replace("\r\n", "\n")
    begins = text.index(proof.FORMAT)
    head = proof.tree_head_of(text[begins:])
    assert head.is_signed_by(town.public)
    assert not any(word in text for word in ("T-1", "Irene", *town.references))
    world.at("Thu 2 April 2026, 10:00")
    world.as_("irene").brings(town.references[0], "noted", text="Another day.")
    heartbeat.checkpoint_authority(world.service, town.key)
    heartbeat.deliver_authority(world.service, town.key)
    assert [
        proof.tree_head_of(m.get_body(("plain",)).get_content().replace("\r\n", "\n")[begins:]).number for m in heads(world)
    ] == [
        1,
        2,
    ]


def test_a_relay_that_takes_nothing_is_tried_again_with_the_same_message(town: Town) -> None:
    world = mailing(town.world)
    heartbeat.checkpoint_authority(world.service, town.key)
    asked: list[OutgoingMail] = []

    class Down:
        def send(self, post: OutgoingMail) -> SendOutcome:
            asked.append(post)
            return SendOutcome(again="down")

    folder = world.service.sender.channel
    object.__setattr__(world.service, "sender", replace(world.service.sender, channel=Down()))
    for _ in range(2):
        heartbeat.deliver_authority(world.service, town.key)
    mine = [post for post in asked if post.letter.subject.startswith("Checkpoint")]
    assert len({post.message_id for post in mine}) == 1
    assert len(mine) == 2
    object.__setattr__(world.service, "sender", replace(world.service.sender, channel=folder))
    heartbeat.deliver_authority(world.service, town.key)
    assert len(heads(world)) == 1


def test_one_auditor_who_cannot_be_reached_does_not_flood_the_other(town: Town) -> None:
    world = mailing(town.world)
    world.post_begins("hugo", "auditor", "2026-03-01")
    heartbeat.checkpoint_authority(world.service, town.key)
    asked: list[str] = []

    class Half:
        def send(self, post: OutgoingMail) -> SendOutcome:
            if post.letter.subject.startswith("Checkpoint"):
                asked.append(post.envelope[0])
            is_audrey = post.envelope[0].startswith("audrey")
            return SendOutcome(accepted=frozenset(post.envelope)) if is_audrey else SendOutcome(again="greylisted")

    object.__setattr__(world.service, "sender", replace(world.service.sender, channel=Half()))
    for _ in range(3):
        heartbeat.deliver_authority(world.service, town.key)
    assert sorted(asked) == ["audrey@dunmoor.example", "hugo@dunmoor.example"]


# Health.


def reasons(world: World) -> list[str]:
    world.count_how_it_is()
    return [reason for reason in health_of(world.service).reasons if "heckpoint" in reason]


def test_health_says_that_nobody_looked_for_too_long(town: Town) -> None:
    world = town.world
    assert reasons(world) == []
    world.at("Wed 1 April 2026, 12:30")
    assert "No checkpoint has been looked for" in reasons(world)[0]
    town.witnessed()
    assert reasons(world) == []
    world.at("Wed 1 April 2026, 14:00")
    assert reasons(world) == [], "nothing new is no reason: somebody looked"
    world.at("Wed 1 April 2026, 15:00")
    assert reasons(world)


@one_engine
def test_health_is_red_from_the_first_look_at_a_record_that_was_altered_until_it_is_put_right(town: Town) -> None:
    world = town.world
    town.witnessed()
    kept = town.entries()[-1]
    town.tampers(("DELETE FROM words WHERE challenge = :c AND number = :n", {"c": town.challenge(), "n": kept["number"]}))
    town.tampers(("DELETE FROM entry WHERE challenge = :c AND number = :n", {"c": town.challenge(), "n": kept["number"]}))
    town.tampers(("UPDATE challenge SET entries = entries - 1 WHERE id = :c", {"c": town.challenge()}))
    heartbeat.checkpoint_authority(world.service, town.key)
    assert reasons(world) == ["A record does not go on from its last checkpoint: run `drp audit verify`."]
    with pytest.raises(TimelineBroken):
        town.witnessed()
    world.write(update(AuthorityRow).values(witness_fault=""))
    assert reasons(world) == []
    heartbeat.checkpoint_authority(world.service, town.key)
    assert reasons(world), "and again at the next look"


# Keys.


def another(world: World, **files: Path) -> Any:
    """The same database under other keys."""
    settings = Settings(database_url=world.store.url, heartbeat=False, mail="none", pool_size=5, var=world.settings.var, **files)
    return assemble_service(keyed(settings), lambda: world.now)


def test_the_signing_key_may_change_and_old_checkpoints_hold_by_the_old_one(town: Town, tmp_path: Path) -> None:
    world = town.world
    town.witnessed()
    old = town.public
    service = another(world, signing_key_file=tmp_path / "new.signing.key")
    world.as_("irene").brings(town.references[0], "noted", text="Under the new key.")
    checkpoints.leave_checkpoint(service, town.key)
    first, second = checkpoints.files_of(town.folder, town.key)
    new = service.signing.public_key()
    assert proof.name_of(old) != proof.name_of(new)
    assert checkpoints.verify_authority(service, town.key, [first], old).is_clean
    assert checkpoints.verify_authority(service, town.key, [second], new).is_clean
    assert proof.tree_head_of(second.read_text("ascii")).previous == proof.tree_head_of(first.read_text("ascii")).mark
    crossed = checkpoints.verify_authority(service, town.key, [first], new)
    assert "did not sign" in crossed.said[0]
    service.close()


def test_a_lost_chain_key_ends_the_proof_and_not_the_record_and_the_checkpoints_go_on_proving(town: Town, tmp_path: Path) -> None:
    world = town.world
    town.witnessed()
    service = another(world, chain_key_file=tmp_path / "new.chain.key")
    irene = world.as_("irene")
    assert irene.timeline(town.references[0])["proven"]
    verdict = checkpoints.verify_authority(service, town.key, checkpoints.files_of(town.folder, town.key), town.public)
    assert all("altered" in fault.said for fault in verdict.faults), "with another key of the same name nothing proves itself"
    assert len(verdict.faults) == 3
    with world.store.snapshot(town.key) as connection:
        without = list(timeline_faults(connection, town.key, {"other": ChainKey("other", b"k" * 32)}))
    assert all("not at hand" in fault.said for fault in without)
    checkpoints.leave_checkpoint(service, town.key)
    service.close()


def test_two_chain_keys_by_name_prove_a_timeline_that_changed_its_key_on_the_way(town: Town) -> None:
    """A rotation: old entries name the old key, new ones the new; both at hand, all of it holds."""
    world = town.world
    keeper = world.service.casework.keeper
    old = keeper.key
    keeper.key = ChainKey("k2", b"2" * 32)
    world.as_("irene").brings(town.references[0], "noted", text="Under the second key.")
    with world.store.snapshot(town.key) as connection:
        assert list(timeline_faults(connection, town.key, {old.id: old, "k2": keeper.key})) == []
        lost = list(timeline_faults(connection, town.key, {"k2": keeper.key}))
    assert len(lost) == 3
    assert "not at hand" in lost[0].said


def test_a_second_chain_key_is_a_line_more_in_the_file_and_old_and_new_entries_prove_themselves(town: Town) -> None:
    """The operator's rotation: a line with a name below the old one, then start again."""
    world = town.world
    with world.settings.key_file.open("a", encoding="ascii") as file:
        file.write(f"k2 {'2b' * 32}\n")
    service = another(world)
    assert (service.casework.keeper.key.id, sorted(service.casework.keeper.keys)) == ("k2", ["k1", "k2"])
    object.__setattr__(world.service.casework, "keeper", service.casework.keeper)
    assert world.as_("irene").brings(town.references[0], "noted", text="Under the second key.").status_code == 200
    assert [entry.key_id for entry in world.entries(town.references[0])][-1] == "k2"
    assert world.as_("irene").timeline(town.references[0])["proven"]
    town.witnessed()
    assert checkpoints.verify_authority(service, town.key, checkpoints.files_of(town.folder, town.key), town.public).is_clean
    service.close()


@pytest.mark.parametrize("more", ["k1 " + "2b" * 32, "2b" * 32, "k2 2b2b", "k2", "a b " + "2b" * 32])
def test_a_key_file_that_cannot_be_right_stops_the_start(town: Town, more: str) -> None:
    with town.world.settings.key_file.open("a", encoding="ascii") as file:
        file.write(f"{more}\n")
    with pytest.raises(ValueError, match="key"):
        another(town.world)


# Replay, from the database.


def test_every_challenge_of_the_town_is_what_its_events_decide(town: Town) -> None:
    town.world.pass_to("Thu 16 April 2026, 12:00")
    assert checkpoints.replay_authority(town.world.service, town.key) == (3, ())


@one_engine
@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE challenge SET highest_stage = 'stage_4' WHERE id = :c", "highest stage"),
        ("UPDATE window SET due = '2030-01-01' WHERE challenge = :c", "windows"),
        ("UPDATE challenge SET phase = 'resolved', is_open = 0 WHERE id = :c", "phase"),
    ],
)
def test_a_state_that_was_put_by_hand_is_named(town: Town, statement: str, said: str) -> None:
    town.tampers((statement, {"c": town.challenge()}))
    _, found = checkpoints.replay_authority(town.world.service, town.key)
    assert [one.reference for one in found] == [town.references[0]]
    assert said in found[0].said
