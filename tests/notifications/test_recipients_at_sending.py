"""Whatever changes between commit and sending, the envelope holds nobody but those who are still to be told."""

import random
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select, update
from sqlmodel import col

from drp.casework import load
from drp.database.directory_tables import CoverRow, PersonRow, PostRow
from drp.messages import delivery_store
from notifications import outbox, recheck_recipients
from tests.cast.councils import MARSH, directory_files
from tests.cast.marsh import KEY, RAISED, Box, Marsh, sender
from tests.notifications.messages import messages_of
from workflows.calendar.working_days import local_date
from workflows.model import events as e
from workflows.model.ladder import ItemType

SEED = 20261122
COUNT = {"sqlite": 100, "postgresql": 100}
"""Directories; three messages are made of each, so 600 in all."""
TODAY = local_date(RAISED)
EARLIER, LATER = TODAY - timedelta(days=30), TODAY + timedelta(days=30)
DOMAINS = ("marsh.example", "health.example")


def say(*what: object) -> None:
    """Printed by pytest where a test fails, or with -s."""
    sys.stdout.write(" ".join(map(str, what)) + "\n")


class RolledBack(Exception):
    pass


def test_no_envelope_holds_anybody_outside_the_permitted(marsh: Marsh) -> None:
    chance = random.Random(SEED)
    say("seed", SEED)
    count = COUNT["sqlite" if marsh.store.is_sqlite else "postgresql"]
    reference = marsh.raised()
    nina = str(marsh.id("nina"))
    marsh.raised(event=e.Raised(ItemType.PARTNER_AGENCY, ("drift",), "Words.", to=(e.Chosen("named_nurse", nina),)))
    marsh.cover("otto", "silas", EARLIER, LATER)
    other = marsh.raised(child="C-2", by="ivor")
    assert reference != other
    keys = [(row["challenge"], row["version"], row["n"]) for row in marsh.notifications() if row["subject"] == "asked"]
    assert len(keys) == 3
    outside, seen = 0, Counter[str]()
    for _ in range(count):
        with suppress(RolledBack), marsh.store.write(KEY) as connection:
            for _ in range(chance.randint(0, 4)):
                _change(connection, marsh, chance)
            for key in keys:
                permitted, still = _permitted(connection, key)
                envelope = _envelope(connection, marsh, key)
                outside += len(envelope - permitted)
                seen["sent"] += len(envelope)
                seen["kept from"] += len(still - envelope)
                assert envelope <= permitted, (SEED, envelope - permitted)
                assert still <= envelope, (SEED, still - envelope, "somebody who should be told is not")
            raise RolledBack
    say(f"{count} directories, {seen['sent']} envelope addresses, {outside} outside, {seen['kept from']} wrongly kept from")
    assert outside == 0
    assert seen["sent"] > 3 * count


def _envelope(connection: Connection, marsh: Marsh, key: tuple[Any, int, int]) -> set[str]:
    loaded = load.load_challenges(connection, KEY, [key[0]])[key[0]]
    value = loaded.challenge
    rules = marsh.casework.procedures.rules(connection, KEY, value.ladder_hash, value.authority_hash)
    row = delivery_store.read_message(connection, KEY, key)
    posts = outbox.prepare_attempt(connection, key, row, loaded, rules, RAISED, sender(Box(), DOMAINS)).posts
    for message in messages_of(posts):  # which looks whether all mails of it name the same people, and each person gets one
        return {*message.envelope, *message.to, *message.copy}
    return set()


def _change(connection: Connection, marsh: Marsh, chance: random.Random) -> None:
    """Somebody leaves, moves, gets cover or another address, or a post is emptied or filled."""
    people = (
        connection.execute(select(col(PersonRow.id)).where(col(PersonRow.authority) == KEY).order_by(col(PersonRow.key)))
        .scalars()
        .all()
    )
    posts = (
        connection.execute(select(col(PostRow.id)).where(col(PostRow.authority) == KEY).order_by(col(PostRow.role)))
        .scalars()
        .all()
    )
    person, post = chance.choice(people), chance.choice(posts)
    match chance.randint(0, 6):
        case 0:
            _set(connection, PersonRow, person, left_on=TODAY + timedelta(days=chance.choice((-30, -1, 0, 1))))
        case 1:
            address = chance.choice(
                ("new.one@marsh.example", "x@elsewhere.example", "", "a@b,c@d", "n@sub.health.example", "x\r\ny@marsh.example")
            )
            _set(connection, PersonRow, person, email=address)
        case 2:
            _set(connection, PostRow, post, until=TODAY + timedelta(days=chance.choice((-30, -1, 0, 1))))
        case 3:
            _set(connection, PostRow, post, person=person)
        case 4:
            _set(connection, PostRow, post, since=TODAY + timedelta(days=chance.choice((0, 1))))
        case _:
            by = chance.choice(people)
            if by != person:
                days = chance.choice(((-30, 30), (-30, -1), (-30, 0), (0, 30), (1, 30)))
                values = {
                    "of": person,
                    "by": by,
                    "since": TODAY + timedelta(days=days[0]),
                    "until": TODAY + timedelta(days=days[1]),
                }
                made = {"authority": KEY, "id": marsh.chance.identity(), "is_delegate": chance.random() < 0.4, **values}
                connection.execute(insert(CoverRow).values(**made))


def _set(connection: Connection, table: Any, id_: Any, **values: object) -> None:
    connection.execute(update(table).where(table.authority == KEY, table.id == id_).values(**values))


def _permitted(connection: Connection, key: tuple[Any, int, int]) -> tuple[set[str], set[str]]:
    """The addresses that may be in this message, and those that must, by rules written a second time from the rows."""
    people = {row.id: row for row in connection.execute(select(PersonRow.__table__).where(col(PersonRow.authority) == KEY))}  # type: ignore[attr-defined]
    posts = connection.execute(select(PostRow.__table__).where(col(PostRow.authority) == KEY)).all()  # type: ignore[attr-defined]
    covers = [c for c in connection.execute(select(CoverRow.__table__).where(col(CoverRow.authority) == KEY)) if _runs(c)]  # type: ignore[attr-defined]
    about = load.load_challenges(connection, KEY, [key[0]])[key[0]]
    facts, child = about.challenge.facts, str(about.child)
    scopes = {("authority", ""), ("team", facts.team), ("service", facts.service), ("child", child)}
    named = {party.person for visit in about.challenge.visits for party in visit.told if party.person}
    away = {
        cover.of: {c.by for c in covers if c.of == cover.of and not c.is_delegate} for cover in covers if not cover.is_delegate
    }
    at_work = {post.person for post in posts if _runs(post) and not _left(people[post.person])} - set(away)
    may, must = set(), set()
    for delivery in delivery_store.list_copies(connection, KEY, key):
        person = people[delivery["person"]]
        if _left(person) or not _sendable(person.email):
            continue
        holders = {
            post.person
            for post in posts
            if post.role == delivery["role"]
            and _runs(post)
            and ((post.held_for, post.key) in scopes or (post.held_for == "agency" and str(post.person) in named))
        }
        managers = {post.person for post in posts if post.role == "iro_manager" and _runs(post)}
        there = {by for holder in holders for by in _there_for(holder, away, at_work)}
        delegates = {cover.by for cover in covers if cover.is_delegate and cover.of in holders}
        if not there and person.id in {by for manager in managers for by in _there_for(manager, away, at_work)}:
            may.add(person.email)  # where nobody is there it falls to the IRO manager
        if person.id in there | delegates:
            may.add(person.email)
            must.add(person.email)
    return may, must


def _there_for(person: Any, away: dict[Any, set[Any]], at_work: set[Any]) -> set[Any]:
    """Who is there for somebody: the nearest of those who cover, and cover for whoever covers, who are at work."""
    if person not in away:
        return {person}
    met, nearest = {person}, away[person] - {person}
    while nearest and not nearest & at_work:
        met |= nearest
        nearest = {by for one in nearest for by in away.get(one, set())} - met
    return nearest & at_work


def _left(person: Any) -> bool:
    return person.left_on is not None and person.left_on < TODAY


def _runs(row: Any) -> bool:
    return row.since <= TODAY and (row.until is None or row.until >= TODAY)


def _sendable(address: str) -> bool:
    return address in known_good() or address in ("new.one@marsh.example", "n@sub.health.example")


def known_good() -> set[str]:
    return {line.split(",")[2] for line in directory_files(MARSH)["people.csv"].splitlines()[1:]}


def test_planted_an_envelope_from_stale_rows_is_caught(marsh: Marsh, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recheck_recipients, "find_skip_reason", lambda *given: "")
    with pytest.raises(AssertionError):
        test_no_envelope_holds_anybody_outside_the_permitted(marsh)


def test_planted_an_address_that_is_not_checked_is_caught(marsh: Marsh, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recheck_recipients, "find_address_fault", lambda *given: "")
    with pytest.raises(AssertionError):
        test_no_envelope_holds_anybody_outside_the_permitted(marsh)


def subsets() -> Iterator[list[str]]:
    keys = ["tess", "otto", "quinn", "sam"]
    for n in range(16):
        yield [key for bit, key in enumerate(keys) if n & 1 << bit]


@pytest.mark.parametrize("gone", list(subsets()), ids=lambda gone: "+".join(gone) or "nobody")
def test_end_to_end_whoever_left_gets_nothing_and_the_others_do(marsh: Marsh, gone: list[str]) -> None:
    marsh.raised()
    for key in gone:
        marsh.changes(key, left_on=TODAY - timedelta(days=1))
    box = Box()
    marsh.deliver(RAISED, box)
    became = {key: mail for subject, key, mail, _ in marsh.mails() if subject == "asked"}
    assert became == {key: "skipped" if key in gone else "accepted" for key in ("tess", "otto", "quinn", "sam")}
    assert len(box.reached()) == 4 - len(gone)
