"""A backup is what has been restored: everything acknowledged is there, nothing is sent again, no date is acted on."""

from datetime import timedelta
from hashlib import sha256
from threading import Event, Thread
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import inspect, select, text, update

from api.cli.backup_commands import restore_backup
from api.jobs import checkpoints
from drp.backup import after_restore, contents, manifest, postgresql
from drp.database.account_tables import SessionRow
from drp.database.authority_tables import AuthorityRow
from drp.database.challenge_tables import WindowRow
from drp.database.engine import Store
from drp.database.message_tables import NotificationRow
from drp.messages.sending_pause import SendingPause, release_messages, store_pause
from drp.proof.checkpoint import name_of
from tests.backup.restoring import FRIDAY, Back, Town
from tests.cast.councils import ELSEWHERE
from tests.cast.world import Caller
from tests.store.files import pdf

Plant = pytest.MonkeyPatch
MANY = 400
PLAN = pdf()


def test_everything_acknowledged_before_the_backup_began_is_there_though_people_went_on_writing(town: Town) -> None:
    said: list[str] = []
    writer, going, over = Caller(town.world, town.irene.token), Event(), Event()

    def writing() -> None:
        for n in range(MANY):
            if over.is_set():
                return
            assert writer.brings(town.references[1], "noted", text=f"While it ran {n}").status_code == 200
            said.append(f"While it ran {n}")
            if n == 5:
                going.set()

    thread = Thread(target=writing, daemon=True)
    thread.start()
    assert going.wait(60)
    before = len(said)
    report = town.backs_up()
    over.set()
    thread.join(60)
    assert not thread.is_alive()
    assert report.is_clean
    back = town.comes_back()
    texts = back.texts()
    assert {f"Note {n}" for n in range(3)} | set(said[:before]) <= texts
    there = [n for n in range(len(said)) if f"While it ran {n}" in texts]
    assert there == list(range(len(there))), "one moment of the database, with no gap"
    (reference,) = town.references[1:2]
    assert len(back.entries()[reference]) >= before


def test_the_service_starts_on_it_and_every_timeline_proves_itself(town: Town) -> None:
    before = {reference: len(town.world.entries(reference)) for reference in town.references}
    town.backs_up()
    back = town.comes_back()
    client = town.serves(back)
    headers = {"Authorization": f"Bearer {town.irene.token}"}
    for reference in town.references:
        seen = client.get(f"/api/v1/challenges/{reference}/timeline", headers=headers).json()
        assert seen["proven"], seen
        assert len(back.entries()[reference]) == before[reference]
    noted = {"type": "noted", "text": "After it came back"}
    assert client.post(f"/api/v1/challenges/{town.references[0]}/events", headers=headers, json=noted).status_code == 200
    verdict = checkpoints.verify_authority(
        back.service,
        town.key,
        checkpoints.files_of(back.settings.checkpoints_folder, town.key),
        back.service.signing.public_key(),
    )
    assert verdict.is_clean
    assert back.service.attachments.get(town.key, sha256(PLAN).hexdigest()) == PLAN
    log = {row["person"] for row in back.service.access_log.of(town.key, town.references[0])}
    assert str(town.world.id("irene")) in log
    assert "by checkpoint 1" in back.said
    assert "nothing is missing" in back.said


def test_rights_policies_and_triggers_are_as_they_were(town: Town) -> None:
    town.backs_up()
    settings = town.place()
    restore_backup(settings, town.out, lambda: town.world.now)
    assert shape(Store(settings.database_url)) == shape(Store(town.owner.database_url))


def shape(store: Store) -> Any:
    """What the engine knows of its tables beside their rows: columns, keys, rights, policies, triggers, functions."""
    with store.engine.connect() as connection:
        names = contents.all_tables(connection)
        if store.is_sqlite:
            found: Any = connection.execute(text("SELECT type, name, sql FROM sqlite_master ORDER BY 1, 2")).all()
        else:
            here = "= 'public'::regnamespace"
            queries = (
                "SELECT relname, relkind::text, relacl::text, relrowsecurity, relforcerowsecurity FROM pg_class "
                f"WHERE relnamespace {here} ORDER BY relkind, relname",
                "SELECT tablename, policyname, qual, with_check, roles::text FROM pg_policies ORDER BY 1, 2",
                f"SELECT proname, proacl::text, prosecdef, proconfig::text FROM pg_proc WHERE pronamespace {here} ORDER BY 1",
                "SELECT attrelid::regclass::text, attname, attacl::text FROM pg_attribute WHERE attacl IS NOT NULL ORDER BY 1, 2",
                f"SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace {here} ORDER BY 1",
                "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1",
            )
            found = [connection.execute(text(query)).all() for query in queries]
            assert len(found[1]) > 20, "policies"
        columns = [inspect(connection).get_columns(name) for name in names]
    store.close()
    return names, [[(c["name"], str(c["type"])) for c in listed] for listed in columns], [tuple(row) for row in found]


def test_several_authorities_come_back_each_with_its_own(town: Town) -> None:
    town.world.found(ELSEWHERE)
    assert town.world.as_("irene", "elsewhere").raises("T-1").status_code == 201
    town.backs_up()
    back = town.comes_back()
    assert back.store.authorities() == ("dunmoor", "elsewhere")
    with back.store.read("elsewhere") as connection:
        assert len(contents.timelines_in(connection, "elsewhere")) == 1
    with back.store.read(town.key) as connection:
        assert len(contents.timelines_in(connection, town.key)) == 3
    assert "2 authorities, 4 challenges" in back.said


# Nothing is sent again.


def waits(town: Town) -> int:
    """How many messages wait; one of them was let go by hand before the backup, and had not left."""
    with town.world.store.write(town.key) as connection:
        store_pause(connection, town.key, SendingPause("stage_2", why="A rehearsal."))
    town.world.write(update(NotificationRow).where(NotificationRow.challenge == town.challenge()).values(released=True))
    states = [row.state for row in town.world.rows(select(NotificationRow.state))]
    assert set(states) == {"waiting"}
    return len(states)


def sent_by_itself(town: Town) -> int:
    """What leaves by itself once the service is back, in the days after."""
    waits(town)
    town.backs_up()
    back = town.comes_back(FRIDAY)
    for day in ("Fri 10 April 2026, 10:01", "Mon 13 April 2026, 11:00", "Tue 14 April 2026, 11:00"):
        town.world.at(day)
        town.round(back)
    return len(back.sent.posts)


def test_nothing_is_sent_again_until_somebody_lets_it_go(town: Town) -> None:
    number = waits(town)
    town.backs_up()
    back = town.comes_back(FRIDAY)
    _, delivered = town.round(back)
    assert (delivered.sent, back.sent.posts) == (0, [])
    assert delivered.braked + delivered.lapsed >= number
    town.world.at("Mon 13 April 2026, 11:00")
    assert town.round(back)[1].sent == 0
    assert "No mail leaves: the brake is on" in back.said
    with back.store.write(town.key) as connection:
        assert release_messages(connection, town.key, town.world.now) > 0
    assert town.round(back)[1].sent > 0
    assert back.sent.posts


def test_planted_the_brake_is_not_set(town: Town, monkeypatch: Plant) -> None:
    monkeypatch.setattr(after_restore, "settle_after_restore", lambda *_, **__: None)
    assert sent_by_itself(town) > 0


def test_planted_what_was_let_go_before_is_let_go_still(town: Town, monkeypatch: Plant) -> None:
    real = after_restore.settle_after_restore

    def settle(connection: Any, **more: Any) -> None:
        real(connection, **more)
        for authority in contents.authorities_in(connection):
            contents.choose_authority_rows(connection, authority)
            connection.execute(update(NotificationRow).where(NotificationRow.authority == authority).values(released=True))

    monkeypatch.setattr(after_restore, "settle_after_restore", settle)
    assert sent_by_itself(town) > 0


def test_nobody_is_signed_in_any_more(town: Town) -> None:
    now = town.world.now
    signed = {"authority": town.key, "hash": "h" * 64, "person": town.world.id("irene"), "how": "link"}
    town.world.write(SessionRow.__table__.insert(), [{**signed, "began_at": now, "seen_at": now}])
    town.backs_up()
    assert town.comes_back().rows(select(SessionRow.hash)) == []


# No key acts twice.


def notes(town: Town, client: TestClient, key: str, text: str, **headers: str) -> Any:
    """A program's request: a note under a key, or without one."""
    headers |= {"Authorization": f"Bearer {town.irene.token}", **({"Idempotency-Key": key} if key else {})}
    url = f"/api/v1/challenges/{town.references[0]}/events"
    return client.post(url, headers=headers, json={"type": "noted", "text": text})


def keyed_twice(town: Town) -> tuple[Back, TestClient]:
    """A key that is in the backup, and one whose effect came after it; both were answered. Then the backup comes back."""
    serving = town.world.client
    assert notes(town, serving, "before", "Kept").status_code == 200
    town.backs_up()
    town.world.now += timedelta(hours=1)
    assert notes(town, serving, "lost", "Lost").status_code == 200
    town.world.now += timedelta(hours=1)
    back = town.comes_back()
    return back, town.serves(back)


def test_a_key_from_before_the_restore_does_not_act_twice(town: Town) -> None:
    back, client = keyed_twice(town)
    before = back.entries()
    assert notes(town, client, "before", "Kept").status_code == 200
    assert back.entries() == before, "what it did is in the backup: the same answer, and no second effect"
    refused = notes(town, client, "lost", "Lost")
    assert refused.status_code == 409
    assert refused.json()["type"] == "urn:drp:restored-since"
    assert "from 2026-04-01T09:00:00Z to 2026-04-01T11:00:00Z is lost here" in refused.json()["what_to_do"]
    assert back.entries() == before
    name, _, value = refused.json()["send"].partition(": ")
    assert notes(town, client, "lost", "Lost", **{name: "2025-01-01T00:00:00Z"}).status_code == 409, "another restore's"
    assert notes(town, client, "lost", "Lost", **{name: value}).status_code == 200
    assert back.texts() >= {"Kept", "Lost"}
    assert notes(town, client, "lost", "Lost").status_code == 200, "now it is known"
    assert len(back.entries()[town.references[0]]) == len(before[town.references[0]]) + 1


def test_other_requests_and_later_ones_are_asked_nothing(town: Town) -> None:
    _, client = keyed_twice(town)
    assert notes(town, client, "", "Without a key").status_code == 200
    assert notes(town, client, "new", "Of the same week").status_code == 409
    town.world.now += timedelta(days=7)
    assert notes(town, client, "new", "A week later").status_code == 200


def test_a_referral_waits_for_no_word_about_its_key(town: Town) -> None:
    """Better one that Cafcass has twice than none: a restore stands in nobody's way to it."""
    _, client = keyed_twice(town)
    headers = {"Authorization": f"Bearer {town.irene.token}", "Idempotency-Key": "refers"}
    body = {"type": "referred_to_cafcass", "grounds": ["case_not_reviewed"], "why": "Nobody answers."}
    answer = client.post(f"/api/v1/challenges/{town.references[0]}/events", headers=headers, json=body)
    assert answer.status_code == 200, answer.text


def test_items_are_raised_by_the_same_rule(town: Town) -> None:
    _, client = keyed_twice(town)
    headers = {"Authorization": f"Bearer {town.irene.token}", "Idempotency-Key": "raised"}
    body = {"child": "T-1", "item_type": "formal", "reasons": [town.world.reason], "concern": "No plan."}
    refused = client.post("/api/v1/challenges", headers=headers, json=body)
    assert refused.status_code == 409, refused.json()
    name, _, value = refused.json()["send"].partition(": ")
    assert client.post("/api/v1/challenges", headers={**headers, name: value}, json=body).status_code == 201


def test_planted_a_lost_key_acts_again_unsaid(town: Town, monkeypatch: Plant) -> None:
    monkeypatch.setattr(after_restore, "mark_restored", lambda *_: None)
    with pytest.raises(AssertionError):
        test_a_key_from_before_the_restore_does_not_act_twice(town)


def test_a_backup_of_a_release_that_wrote_no_restore_down_is_marked_too(town: Town, monkeypatch: Plant) -> None:
    """Its table has no place for it when it comes back, and has one when it was migrated."""
    monkeypatch.setattr(after_restore, "settle_after_restore", lambda *_, **__: None)
    town.backs_up()
    back = town.comes_back(FRIDAY)
    assert {row[0] for row in back.rows(select(AuthorityRow.restored_at))} == {town.world.now}


# No date that passed is acted on.


def passed(back: Any) -> list[Any]:
    return back.rows(select(WindowRow).where(WindowRow.closed_at.is_(None), WindowRow.held_since.is_not(None)))


def climbed(back: Any) -> list[str]:
    """References that climbed though nobody said so."""
    return [reference for reference, kinds in back.entries().items() if kinds.count("stage_entered") > 1]


def test_dates_that_passed_are_listed_and_held(town: Town) -> None:
    town.world.sweep()
    town.backs_up()
    back = town.comes_back(FRIDAY)
    assert "dunmoor: 3 dates passed since the backup: held when the service starts, for a named release." in back.said
    for reference in town.references:
        assert f"  {reference}: reply, due Thu 2 April 2026, with the social worker" in back.said
    swept, _ = town.round(back)
    assert (swept.held, climbed(back)) == (3, [])
    assert len(passed(back)) >= 3
    town.world.at("Tue 14 April 2026, 11:00")
    town.round(back)
    assert climbed(back) == []


YOUNG = "Tue 7 April 2026, 09:30"
"""Half an hour after every one of the three would climb by itself."""


def young(town: Town) -> Any:
    """A backup of an hour ago: younger than an absence that is acted on by itself. A reply may have come since."""
    town.world.at("Thu 2 April 2026, 16:30")
    town.world.sweep()
    town.world.at("Tue 7 April 2026, 08:30")
    town.world.write(update(AuthorityRow).values(last_tick=town.world.now))
    town.backs_up()
    back = town.comes_back(YOUNG)
    town.round(back)
    return back


def test_a_young_backup_is_held_too_for_a_reply_may_be_lost(town: Town) -> None:
    back = young(town)
    assert "3 dates passed" in back.said
    assert climbed(back) == []
    assert len(passed(back)) == 3


def test_planted_the_last_tick_is_left_as_it_was(town: Town, monkeypatch: Plant) -> None:
    real = after_restore.settle_after_restore

    def settle(connection: Any, moment: Any, now: Any, hold_after: Any) -> None:
        before = connection.execute(text("SELECT last_tick FROM authority")).scalar()
        real(connection, moment, now, hold_after)
        connection.execute(text("UPDATE authority SET last_tick = :at"), {"at": before})

    monkeypatch.setattr(after_restore, "settle_after_restore", settle)
    assert climbed(young(town))


# The keys.


def test_the_keys_are_not_in_it_and_are_named(town: Town) -> None:
    report = town.backs_up()
    var = town.world.settings.var
    secrets = [(var / name).read_text(encoding="ascii").strip() for name in ("chain.key", "signing.key", "seal.key")]
    for _, path in [*manifest.files_in(town.out), ("", town.out / manifest.MANIFEST)]:
        octets = path.read_bytes()
        for secret in secrets:
            assert secret.encode() not in octets
            assert bytes.fromhex(secret) not in octets
        assert path.stat().st_mode & 0o077 == 0
    assert f"The keys are NOT in it: {var / 'chain.key'}, {var / 'signing.key'} and {var / 'seal.key'}" in "\n".join(report.said)
    found, _ = manifest.read_manifest(town.out)
    assert found.keys.signing == name_of(town.world.service.signing.public_key())


def test_every_row_is_counted(town: Town) -> None:
    town.backs_up()
    found, _ = manifest.read_manifest(town.out)
    counted: dict[str, int] = {}
    for listed in found.rows.values():
        for table, number in listed.items():
            counted[table] = counted.get(table, 0) + number
    assert counted["challenge"] == 3
    assert counted["entry"] == sum(len(town.world.entries(reference)) for reference in town.references)
    assert set(counted) >= {"authority", "alembic_version", "words", "person", "checkpoint", "standing"}
    if not town.world.store.is_sqlite:
        assert set(found.rows) == {postgresql.MAIN, f"database/{town.key}.dump"}
