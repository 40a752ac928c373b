"""Safety checks that cannot fail are worth nothing: each is shown to fail where its safeguard is taken out."""

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import update
from sqlmodel import col

from api import request_context
from api.exports import court_statement
from api.json import challenges
from api.presenters import item_reader
from api.queries import item_list
from drp.casework import access, preconditions, resolve_recipients, retry_keys, save, service
from drp.casework import load as loading
from drp.casework import sweep as sweeping
from drp.database.challenge_tables import ChallengeRow
from drp.database.engine import Store, Waits
from drp.identity import tokens
from drp.items.item_search import Sight
from drp.timeline import chain
from tests.cast.councils import CLIMBING
from tests.cast.world import World
from tests.decision.planting import plant_rule
from tests.service import test_access as accesses
from tests.service import test_acts_beside as beside
from tests.service import test_chain as chains
from tests.service import test_concurrency as together
from tests.service import test_done_when as done_when
from tests.service import test_json_api as api
from tests.service.test_access import Scene
from tests.service.test_chain import Stored, stored  # noqa: F401 -- a fixture
from workflows.decision import raising, review_days
from workflows.decision.decision_builder import EntryVisibility
from workflows.decision.event_rules import EVENT_RULES
from workflows.model.actor import Part
from workflows.model.authority import Capacity
from workflows.model.events import ReviewAskedFor, RightsExplained

Plant = pytest.MonkeyPatch
one_engine = pytest.mark.parametrize("store", ["sqlite"], indirect=True)


def must_fail(check: Callable[[], Any]) -> None:
    """The check must find the planted bug."""
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        check()


@one_engine
def test_an_item_shown_to_whoever_asks_is_noticed(two: World, monkeypatch: Plant) -> None:
    scene = Scene(two)
    monkeypatch.setattr(access, "check_sees", lambda actor, was_involved: None)
    must_fail(lambda: accesses.test_a_strangers_item_answers_byte_for_byte_like_one_that_does_not_exist(scene))


@one_engine
def test_a_concern_known_before_it_could_be_is_noticed(world: World, monkeypatch: Plant) -> None:
    monkeypatch.setattr(raising, "check_day_has_come", lambda turn, day, do, field: None)
    must_fail(lambda: beside.test_a_day_to_come_is_no_day_on_which_it_was_known(world))


@one_engine
def test_an_adjournment_without_its_limit_is_noticed(world: World, monkeypatch: Plant) -> None:
    monkeypatch.setattr(review_days, "LONGEST_ADJOURNMENT", 366)
    must_fail(lambda: beside.test_an_adjourned_review_is_held_within_twenty_working_days_unless_the_iro_is_sure(world))


@one_engine
def test_a_review_asked_for_by_whoever_is_on_it_is_noticed(world: World, monkeypatch: Plant) -> None:
    plant_rule(monkeypatch, ReviewAskedFor, may=frozenset(Part))
    must_fail(lambda: beside.test_only_the_iro_asks_for_it(world))


@one_engine
def test_who_helps_a_child_shown_to_everybody_is_noticed(world: World, monkeypatch: Plant) -> None:
    plant_rule(monkeypatch, RightsExplained, does=lambda turn, event: turn.note_event(event))
    must_fail(lambda: beside.test_that_the_child_knows_and_who_helps_is_kept_to_the_childs_iro(world))
    must_fail(lambda: beside.test_not_yet_says_why_and_half_of_it_is_refused(world))


@one_engine
def test_a_statement_to_the_court_that_forgets_its_mark_is_noticed(world: World, monkeypatch: Plant) -> None:
    monkeypatch.setattr(court_statement, "DRAFT", "")
    must_fail(lambda: beside.test_it_is_a_draft_until_the_court_was_told_for_that_hearing(world))


@one_engine
def test_a_statement_to_the_court_of_every_entry_is_noticed(world: World, monkeypatch: Plant) -> None:
    monkeypatch.setattr(court_statement, "REPLIES", ("responded", "legal_advice_taken"))
    must_fail(lambda: beside.test_the_statement_says_what_was_challenged_when_and_what_remains_and_nothing_kept_to_few(world))


@one_engine
def test_a_route_open_to_every_capacity_is_noticed(two: World, monkeypatch: Plant) -> None:
    scene = Scene(two)
    monkeypatch.setattr(request_context, "serves_principal", lambda who, capacities: True)
    must_fail(lambda: accesses.test_the_whole_table_of_routes_and_relations_is_as_it_is_written(scene))


@one_engine
def test_an_expired_token_that_still_works_is_noticed(two: World, monkeypatch: Plant) -> None:
    scene = Scene(two)
    known: dict[str, Any] = {}
    real = tokens.person_of_token

    def forgetful(connection: Any, seal: Any, authority: str, token: str, now: Any) -> Any:
        if token in known:
            return known[token]
        known[token] = real(connection, seal, authority, token, two.now.replace(year=2025))
        return known[token]

    monkeypatch.setattr(tokens, "person_of_token", forgetful)
    must_fail(lambda: accesses.test_the_whole_table_of_routes_and_relations_is_as_it_is_written(scene))


@one_engine
def test_a_list_that_is_not_judged_item_by_item_is_noticed(two: World, monkeypatch: Plant) -> None:
    monkeypatch.setattr(access, "check_sees", lambda actor, was_involved: None)
    monkeypatch.setattr(item_reader, "check_not_sealed", lambda loaded, actor: None)
    monkeypatch.setattr(
        item_list, "might_see", lambda connection, signed, day: Sight(col(ChallengeRow.authority) == signed.authority, {})
    )
    must_fail(lambda: accesses.test_a_list_shows_exactly_what_can_be_opened(two))


@one_engine
def test_entries_shown_to_everybody_are_noticed(world: World, monkeypatch: Plant) -> None:
    monkeypatch.setattr(item_reader, "may_read", lambda *_: True)
    check = accesses.test_advice_confidence_and_supervision_are_the_iro_services_own_and_so_are_corrections_of_them
    must_fail(lambda: check(world))


@one_engine
def test_a_correction_that_forgets_whose_entry_it_corrects_is_noticed(world: World, monkeypatch: Plant) -> None:
    real = service.Casework.check_own_entry

    def forgetful(*given: Any) -> EntryVisibility:
        real(*given)
        return EntryVisibility.EVERYONE

    monkeypatch.setattr(service.Casework, "check_own_entry", forgetful)
    check = accesses.test_advice_confidence_and_supervision_are_the_iro_services_own_and_so_are_corrections_of_them
    must_fail(lambda: check(world))


@one_engine
def test_a_sealed_item_that_is_still_shown_is_noticed(two: World, monkeypatch: Plant) -> None:
    scene = Scene(two)
    for module in (service, item_reader):
        monkeypatch.setattr(module, "check_not_sealed", lambda loaded, actor: None)
    must_fail(lambda: accesses.test_what_was_recorded_in_error_is_gone_for_all_but_the_iro_and_the_manager(scene))


@one_engine
def test_a_manager_who_may_end_it_is_noticed(world: World, monkeypatch: Plant) -> None:
    for kind in EVENT_RULES:
        plant_rule(monkeypatch, kind, may=frozenset(Part))
    must_fail(lambda: api.test_a_move_that_is_anothers_is_refused_and_changes_nothing(world))


@one_engine
def test_a_key_that_is_everybodys_is_noticed(world: World, monkeypatch: Plant) -> None:
    mona = str(world.id("mona"))

    def anybodys(connection: Any, signed: Any, *more: Any) -> Any:
        return retry_keys.find_answer(connection, replace(signed, person=mona), *more)

    def as_mona(connection: Any, signed: Any, *more: Any) -> Any:
        return retry_keys.keep_answer(connection, replace(signed, person=mona), *more)

    monkeypatch.setattr(service, "find_answer", anybodys)
    monkeypatch.setattr(service, "keep_answer", as_mona)
    must_fail(lambda: api.test_a_key_belongs_to_one_person(world))


@one_engine
def test_a_key_that_is_not_kept_is_noticed(world: World, monkeypatch: Plant) -> None:
    monkeypatch.setattr(service, "find_answer", lambda *given: None)
    monkeypatch.setattr(service, "keep_answer", lambda connection, signed, retry, answer, *more: answer)
    must_fail(lambda: api.test_a_repeat_with_the_same_key_gets_the_same_answer_and_has_one_effect(world))


@one_engine
def test_a_version_that_nobody_compares_is_noticed(world: World, monkeypatch: Plant) -> None:
    monkeypatch.setattr(preconditions, "etag_of", lambda loaded: "1.stage_2.awaiting")
    monkeypatch.setattr(challenges, "etag_of", lambda loaded: "1.stage_2.awaiting")
    must_fail(lambda: api.test_an_answer_to_what_has_moved_on_is_refused_as_stale(world))


@one_engine
def test_a_version_that_every_note_changes_is_noticed(world: World, monkeypatch: Plant) -> None:
    for module in (preconditions, challenges):
        monkeypatch.setattr(module, "etag_of", lambda loaded: f"{loaded.version}")
    must_fail(lambda: api.test_a_reminder_or_a_note_does_not_throw_away_what_somebody_is_typing(world))


@one_engine
def test_a_request_that_does_not_first_apply_what_had_closed_is_noticed(world: World, monkeypatch: Plant) -> None:
    monkeypatch.setattr(service, "decide_up_to", lambda *given: None)
    must_fail(lambda: api.test_a_date_that_passed_before_the_tick_makes_an_answer_stale_too(world))


def test_a_version_guard_that_is_dropped_is_noticed(world: World, monkeypatch: Plant) -> None:
    def unguarded(self: Any, connection: Any, changed: Any) -> None:
        for values in changed:
            rest = {name: value for name, value in values.items() if name not in ("authority", "id", "version")}
            connection.execute(update(ChallengeRow).where(col(ChallengeRow.id) == values["id"]).values(**rest))

    monkeypatch.setattr(save.DecisionWriter, "update_challenges", unguarded)
    must_fail(lambda: together.test_a_decision_made_from_an_old_version_is_not_kept(world))


@one_engine
def test_a_commit_without_its_entries_is_noticed(stored: Stored, world: World, monkeypatch: Plant) -> None:  # noqa: F811
    real = save.DecisionWriter.write_rows

    def forgetful(self: Any, connection: Any, rows: Any) -> None:
        rows.entries, rows.words = [], []
        real(self, connection, rows)

    reference = world.as_("irene").raises().json()["reference"]
    monkeypatch.setattr(save.DecisionWriter, "write_rows", forgetful)
    world.as_("irene").brings(reference, "noted", text="Lost.")
    must_fail(lambda: chains.test_a_chain_that_nobody_touched_is_never_accused(world, Stored(world, reference)))


@one_engine
def test_a_chain_whose_hash_leaves_out_a_field_is_noticed(stored: Stored, monkeypatch: Plant) -> None:  # noqa: F811
    real = chains.first_fault

    def without_two_fields(row: Any) -> dict[str, Any]:
        return {**row, "facts": "", "kind": ""}

    def forgetful(keys: Any, authority: Any, challenge: Any, rows: Any, *more: Any) -> Any:
        return real(keys, authority, challenge, [without_two_fields(row) for row in rows], *more)

    monkeypatch.setattr(chains, "first_fault", forgetful)
    stored.rows = [dict(row) for row in stored.rows]
    head = chain.GENESIS
    for row in stored.rows:
        row["previous"] = head
        row["hash"] = head = chain.keyed_hash_of(stored.key, stored.authority, stored.challenge, without_two_fields(row))
    stored.head = head
    assert stored.fault() is None
    must_fail(lambda: chains.test_every_one_of_1500_random_changes_is_found_and_the_first_bad_entry_named(stored))


@one_engine
def test_a_chain_without_a_count_is_noticed(stored: Stored, monkeypatch: Plant) -> None:  # noqa: F811
    real = chains.first_fault

    def lenient(keys: Any, authority: Any, challenge: Any, rows: Any, words: Any, count: Any, head: Any) -> Any:
        return real(keys, authority, challenge, rows, words, len(rows), rows[-1]["hash"] if rows else chain.GENESIS)

    monkeypatch.setattr(chains, "first_fault", lenient)
    must_fail(lambda: chains.test_every_one_of_1500_random_changes_is_found_and_the_first_bad_entry_named(stored))


@one_engine
def test_a_sweep_that_climbs_two_stages_at_once_is_noticed(climbing: World, monkeypatch: Plant) -> None:
    from datetime import timedelta

    real = sweeping.decide_up_to
    monkeypatch.setattr(sweeping, "decide_up_to", lambda now, *more: real(now + timedelta(days=2), *more))
    must_fail(
        lambda: done_when.test_a_challenge_never_answered_climbs_on_its_dates_to_exactly_its_people(climbing, "T-1", set())
    )  # fmt: skip


@one_engine
def test_a_copy_that_reaches_one_person_too_many_is_noticed(build: Callable[..., World], monkeypatch: Plant) -> None:
    world = build(CLIMBING)
    real = resolve_recipients.reach_people

    def generous(party: Any, authority: Any, establishment: Any, *more: Any) -> Any:
        found = real(party, authority, establishment, *more)
        return (*found, replace(found[0], person=str(world.id("nobody")))) if party.role == "head_of_cs" else found

    monkeypatch.setattr(resolve_recipients, "reach_people", generous)
    must_fail(
        lambda: done_when.test_a_challenge_never_answered_climbs_on_its_dates_to_exactly_its_people(world, "T-1", set())
    )  # fmt: skip


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
def test_an_authority_that_outlives_its_transaction_is_noticed(
    two: World, store: Store, monkeypatch: Plant, request: pytest.FixtureRequest
) -> None:
    from sqlalchemy import text

    scene = Scene(two)

    def for_ever(self: Store, connection: Any, authority: str, waits: Waits | None = None) -> None:
        connection.execute(text("SELECT set_config('drp.authority', :key, false)"), {"key": authority})

    monkeypatch.setattr(Store, "choose_authority", for_ever)
    must_fail(lambda: accesses.test_no_authority_stays_on_a_connection_after_commit_rollback_or_error(scene, store, request))


def unfiltered(monkeypatch: Plant) -> None:
    """Take the application's own filter by authority out of the place that finds an item."""
    from sqlalchemy import select

    real = loading.load_challenge

    def challenge_of(connection: Any, authority: str, reference: str, *given: Any) -> Any:
        one = select(col(ChallengeRow.authority)).where(col(ChallengeRow.reference) == reference.upper())
        owner = connection.execute(one).scalar()
        return real(connection, owner, reference, *given) if owner else None

    monkeypatch.setattr(loading, "load_challenge", challenge_of)
    monkeypatch.setattr(access, "check_sees", lambda actor, was_involved: None)


def another_authoritys_item(two: World) -> int:
    reference = two.as_("irene", "elsewhere").raises(item_type="formal").json()["reference"]
    from fastapi.testclient import TestClient

    quiet = TestClient(two.app, raise_server_exceptions=False)
    headers = {"Authorization": f"Bearer {two.as_('irene').token}"}
    return int(quiet.get(f"/api/v1/challenges/{reference}", headers=headers).status_code)


def test_without_the_applications_filter_row_level_security_alone_still_hides_it(two: World, monkeypatch: Plant) -> None:
    """I31: the two layers agree. On SQLite there is one layer only, and the planted bug shows what it holds back."""
    assert another_authoritys_item(two) == 404
    unfiltered(monkeypatch)
    answered = another_authoritys_item(two)
    assert (answered == 404) != two.store.is_sqlite


@one_engine
def test_a_sweep_without_a_lock_or_a_guard_is_noticed(world: World, monkeypatch: Plant) -> None:
    """The naive version: read, decide, write, whatever happened meanwhile."""
    reference = world.as_("irene").raises(item_type="formal").json()["reference"]
    world.at("Thu 9 April 2026, 09:00")
    monkeypatch.setattr(save.DecisionWriter, "update_challenges", lambda self, connection, changed: None)
    seen = threading.Event()
    for _ in range(2):
        try:
            world.sweep()
        except Exception:
            seen.set()
    must_fail(lambda: _stands_at(world, reference, "stage_3"))


def _stands_at(world: World, reference: str, stage: str) -> None:
    assert world.as_("irene").item(reference)["stage"]["key"] == stage


def test_capacities_are_all_known_to_the_table(world: World) -> None:
    """Every capacity of the procedure stands in the table of access as somebody."""
    people = {"irene", "mona", "bob", "ada", "hugo", "audrey"}
    found = {capacity for person in people for capacity in world.as_(person).get("/me").json()["capacities"]}
    assert found == {capacity.value for capacity in Capacity}
