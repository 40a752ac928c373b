"""Excellent practice over JSON: who is told, thanks, and words that reports may quote only where everybody agreed."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from sqlmodel import col

from drp.casework import access, resolve_recipients
from drp.database.challenge_tables import ChallengeRow, WindowRow, WordsRow
from drp.proof.replay_store import replay_faults
from drp.reports import practice
from drp.reports.display_labels import read_labels
from drp.reports.practice import PracticeFigures, QuotablePractice
from tests.cast.world import World
from tests.decision.planting import plant_rule
from workflows.decision import relation
from workflows.model import events as e
from workflows.model.challenge import QuoteState

one_engine = pytest.mark.parametrize("store", ["sqlite"], indirect=True)
QUOTE = "A worker kept every visit for a year, and the young person noticed."
OFFER = {"quote": QUOTE, "tells_nothing": True}


def noticed(world: World, child: str = "T-1", by: str = "irene") -> str:
    """Irene's notice about Sam's work for T-1."""
    answer = world.as_(by).post("/notices", {"child": child, "what_went_well": "He was there every Tuesday."})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["reference"])


def brought(world: World, person: str, item: str, event: str, **said: Any) -> None:
    answer = world.as_(person).brings(item, event, **said)
    assert answer.status_code == 200, (person, event, answer.text)


def refused(world: World, person: str, item: str, event: str, **said: Any) -> int:
    answer = world.as_(person).brings(item, event, **said)
    assert answer.status_code >= 400, (person, event)
    return int(answer.status_code)


def agreed(world: World) -> str:
    item = noticed(world)
    brought(world, "irene", item, "quote_offered", **OFFER)
    brought(world, "sam", item, "quote_answered", agrees=True, offer=1)
    return item


def quotable(world: World, first: str = "", last: str = "") -> tuple[QuotablePractice, ...]:
    with world.store.read(world.key) as connection:
        labels = read_labels(connection, world.service.casework.procedures, words_of(world))
        return practice.list_quotable(connection, labels, first, last)


def figures(world: World) -> tuple[PracticeFigures, ...]:
    with world.store.read(world.key) as connection:
        return practice.figures_of_practice(
            connection, read_labels(connection, world.service.casework.procedures, words_of(world))
        )


def words_of(world: World) -> Any:
    with world.store.read(world.key) as connection:
        return world.service.casework.procedures.current(connection, world.key)[0].authority


def replays(world: World) -> None:
    with world.store.read(world.key) as connection:
        faults = list(replay_faults(connection, world.key, world.service.casework.procedures))
    assert faults
    assert set(faults) == {None}


# Who is told.


def test_a_notice_reaches_the_practitioner_the_team_and_its_leaders(world: World) -> None:
    assert world.told(noticed(world), "notice") == [("", {"sam"}, {"tess", "hugo"})]


def test_whoever_was_told_thanks_and_the_practitioner_and_the_iro_hear_of_it(world: World) -> None:
    item = noticed(world)
    for person in ("tess", "hugo", "hugo"):
        brought(world, person, item, "thanked", words=f"Thank you, from {person}.")
    assert world.told(item, "thanked") == [("", {"sam"}, {"irene"})] * 3
    said = [entry for entry in world.as_("sam").timeline(item)["entries"] if entry["kind"] == "thanked"]
    assert [entry["words"] for entry in said] == [{"words": f"Thank you, from {one}."} for one in ("tess", "hugo", "hugo")]
    assert refused(world, "sam", item, "thanked", words="w") == 403
    assert refused(world, "irene", item, "thanked", words="w") == 403
    assert refused(world, "tom", item, "thanked", words="w") == 404
    assert world.rows(select(col(WindowRow.kind))) == []
    world.pass_to("Thu 1 April 2027, 10:00")
    assert world.told(item, "thanked") == [("", {"sam"}, {"irene"})] * 3
    replays(world)


def thanks_reach_whoever_did_the_work(world: World) -> None:
    """Silas works with T-1 since; the notice was about Sam."""
    item = noticed(world)
    brought(world, "irene", item, "quote_offered", **OFFER)
    world.post_ends("sam", "social_worker", "2026-04-05")
    world.post_begins("silas", "social_worker", "2026-04-06", "child", str(world.child("T-1")))
    world.post_begins("sam", "social_worker", "2026-04-06", "child", str(world.child("T-4")))
    world.at("Tue 7 April 2026, 10:00")
    brought(world, "hugo", item, "thanked", words="w")
    assert world.told(item, "thanked")[0][1] == {"sam"}
    brought(world, "silas", item, "thanked", words="w")
    assert refused(world, "silas", item, "quote_answered", agrees=True, offer=1) == 403
    assert refused(world, "sam", item, "quote_answered", agrees=True, offer=1) == 403, "the child is no longer theirs to read of"
    assert quotable(world) == ()
    replays(world)


def test_thanks_reach_whoever_did_the_work_and_not_whoever_holds_the_post_since(world: World) -> None:
    thanks_reach_whoever_did_the_work(world)


@one_engine
def test_planted_a_notice_that_names_whoever_holds_the_post_now_is_seen(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    right = relation.relation_to

    def now(challenge: Any, about: Any, rules: Any, establishment: Any, person: str, day: Any, elsewhere: Any = ()) -> Any:
        with monkeypatch.context() as here:
            here.setattr(relation, "local_date", lambda moment: day)
            return right(challenge, about, rules, establishment, person, day, elsewhere)

    monkeypatch.setattr(access, "relation_to", now)
    with pytest.raises(AssertionError):
        thanks_reach_whoever_did_the_work(world)


def test_a_cover_of_the_practitioner_neither_agrees_for_them_nor_hears_their_thanks(world: World) -> None:
    item = noticed(world)
    brought(world, "irene", item, "quote_offered", **OFFER)
    world.cover("sam", "silas", "2026-04-01")
    assert refused(world, "silas", item, "quote_answered", agrees=True, offer=1) == 403
    brought(world, "hugo", item, "thanked", words="w")
    assert world.told(item, "thanked") == [("", {"sam"}, {"irene"})]
    replays(world)


@one_engine
def test_planted_thanks_that_go_to_whoever_covers_are_seen(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    right = resolve_recipients.ReachedPerson
    monkeypatch.setattr(resolve_recipients, "ReachedPerson", lambda person, role, how: right(str(world.id("silas")), role, how))
    with pytest.raises(AssertionError):
        test_a_cover_of_the_practitioner_neither_agrees_for_them_nor_hears_their_thanks(world)


# What may be quoted.


def quoted_as_it_should_be(world: World) -> None:
    item = agreed(world)
    assert world.told(item, "quote_offered") == [("", {"sam"}, set())]
    assert world.told(item, "quote_answered") == [("", {"irene"}, set())]
    (one,) = quotable(world, "2026-04", "2026-04")
    assert (one.reference, one.words, one.team, one.team_label, one.thanked) == (item, QUOTE, "north", "North Team", 0)
    assert quotable(world, "2026-05", "") == quotable(world, "", "2026-03") == ()
    brought(world, "hugo", item, "thanked", words="w")
    assert quotable(world)[0].thanked == 1
    offered_only, declined = noticed(world, "T-2"), noticed(world, "T-3")
    for other in (offered_only, declined):
        brought(world, "irene", other, "quote_offered", **OFFER)
    brought(world, "sam", declined, "quote_answered", agrees=False, offer=1)
    assert [found.reference for found in quotable(world)] == [item]
    assert [(row.heading.label, row.notices, row.thanked, row.quotable) for row in figures(world)] == [("North Team", 3, 1, 1)]
    replays(world)


def test_only_what_was_offered_and_agreed_may_be_quoted_and_it_is_counted_by_team(world: World) -> None:
    quoted_as_it_should_be(world)


@one_engine
def test_planted_words_quoted_before_anybody_agreed_are_seen(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def at_once(turn: Any, event: e.QuoteOffered) -> None:
        turn.note_event(event)
        turn.change(quote=QuoteState.AGREED, quotes_offered=turn.challenge.quotes_offered + 1)

    plant_rule(monkeypatch, e.QuoteOffered, does=at_once)
    with pytest.raises(AssertionError):
        quoted_as_it_should_be(world)


Undone = Callable[[World, str], None]


def other_words(world: World, item: str) -> None:
    brought(world, "irene", item, "quote_offered", quote="A worker kept every visit.", tells_nothing=True)


def taken_back_by_the_practitioner(world: World, item: str) -> None:
    brought(world, "sam", item, "quote_answered", agrees=False, offer=1)


def taken_back_by_the_iro(world: World, item: str) -> None:
    brought(world, "irene", item, "quote_taken_back")


def corrected(world: World, item: str) -> None:
    entries = world.as_("irene").timeline(item)["entries"]
    number = next(entry["number"] for entry in entries if entry["kind"] == "quote_offered")
    brought(world, "irene", item, "corrected", entry=number, text="It was two years.")


def withdrawn(world: World, item: str) -> None:
    brought(world, "irene", item, "withdrawn", why="It was another worker.")


def recorded_in_error(world: World, item: str) -> None:
    brought(world, "irene", item, "recorded_in_error", why="The wrong child.")


@pytest.mark.parametrize(
    "undo",
    [other_words, taken_back_by_the_practitioner, taken_back_by_the_iro, corrected, withdrawn, recorded_in_error],
)
def test_what_was_agreed_is_quoted_no_more(world: World, undo: Undone) -> None:
    item = agreed(world)
    assert len(quotable(world)) == 1
    undo(world, item)
    assert quotable(world) == ()
    assert sum(row.quotable for row in figures(world)) == 0
    replays(world)


@one_engine  # on PostgreSQL the service's own role erases nothing
def test_words_that_were_erased_are_quoted_no_more(world: World) -> None:
    agreed(world)
    with world.store.write(world.key) as connection:
        connection.execute(delete(WordsRow).where(col(WordsRow.field) == "quote"))
    assert quotable(world) == ()


def test_an_agreement_written_into_the_database_by_hand_is_found_by_replay(world: World) -> None:
    item = noticed(world)
    brought(world, "irene", item, "quote_offered", **OFFER)
    with world.store.write(world.key) as connection:
        connection.execute(update(ChallengeRow).where(col(ChallengeRow.reference) == item).values(quote="agreed"))
    with world.store.read(world.key) as connection:
        (fault,) = replay_faults(connection, world.key, world.service.casework.procedures)
    assert fault
    assert fault.said == "its quote is not what its events decide"
