"""Who read what is kept for as long as the authority says, never less than a year, and while anything is held."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy.exc import DBAPIError

from api.jobs import access_log_care
from api.jobs.heartbeat import tick_authority
from drp.data_protection import retention as keeping
from tests.cast.councils import procedures
from tests.cast.world import World
from tests.ladders.reading import SHIPPED, texts
from tests.retention.test_retention import Owned, owner
from workflows.ladder_language.reader import Unreadable, read_procedures
from workflows.model.retention import log_kept_since

__all__ = ["owner"]
A_DAY = timedelta(days=1)


def years_ago(world: World, years: int) -> datetime:
    return world.now.replace(year=world.now.year - years)


def kept(world: World) -> list[str]:
    return [one.what for one in reversed(world.service.access_log.readings(world.key, most=500))]


def read_long_ago(world: World) -> None:
    log = world.service.access_log
    log.record(world.key, years_ago(world, 6) - 4 * A_DAY, "p", "page", "AAAA-2222")
    log.record(world.key, years_ago(world, 6) - 3 * A_DAY, "p", "list", "AAAA-2222", "BBBB-2222")
    log.record(world.key, years_ago(world, 6), "p", "search", "AAAA-2222", "BBBB-2222")
    log.record("elsewhere", years_ago(world, 9), "stranger", "page", "AAAA-2222")


def test_the_first_tick_of_a_day_takes_out_what_is_older_than_six_years_and_says_so(world: World) -> None:
    read_long_ago(world)
    tick_authority(world.service, world.key)
    assert kept(world) == ["search", f"access log thinned: 2 before {years_ago(world, 6).date() - 2 * A_DAY}"]
    assert len(world.service.access_log.readings("elsewhere")) == 1


def test_nothing_goes_while_a_child_or_everybody_is_held(owner: Owned) -> None:
    read_long_ago(owner)
    store = owner.hands.store
    with store.write(owner.key) as connection:
        child = keeping.child_by_case_number(connection, owner.key, "T-1")
    for whose in (child, None):
        with store.write(owner.key) as connection:
            keeping.hold_record(connection, owner.chance, owner.key, whose, "Inquiry", "J. Reviewer", owner.now.date())
        assert access_log_care.thin_access_log(owner.service, owner.key) == 0
        assert kept(owner) == ["page", "list", "search"]
        with store.write(owner.key) as connection:
            keeping.lift_holds(connection, owner.key, whose, owner.now.date())
    assert access_log_care.thin_access_log(owner.service, owner.key) == 2


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_planted_thinning_that_asks_for_no_hold_is_caught(owner: Owned, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access_log_care, "is_anything_held", lambda *_: False)
    with pytest.raises(AssertionError):
        test_nothing_goes_while_a_child_or_everybody_is_held(owner)


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
def test_on_postgresql_the_database_itself_keeps_what_is_held(owner: Owned, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access_log_care, "is_anything_held", lambda *_: False)
    test_nothing_goes_while_a_child_or_everybody_is_held(owner)


def test_planted_thinning_of_this_week_is_caught(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access_log_care, "log_kept_since", lambda authority, today: date(today.year + 1, 1, 1))
    with pytest.raises((AssertionError, DBAPIError)):
        test_the_first_tick_of_a_day_takes_out_what_is_older_than_six_years_and_says_so(world)


def test_an_authority_says_for_how_many_years_and_never_less_than_one(world: World) -> None:
    here = procedures(world.council).authority
    assert log_kept_since(here, date(2026, 4, 1)) == date(2020, 3, 30), "six years where nothing is said"
    assert log_kept_since(here, date(2028, 2, 29)) == date(2022, 2, 27)

    def saying(years: str) -> dict[str, str]:
        return {
            name: f"{text}\nretention: {{access_log: {years}}}\n" if text.startswith("authority:") else text
            for name, text in texts(SHIPPED / "durham").items()
        }

    assert log_kept_since(read_procedures(saying("1")).authority, date(2026, 4, 1)) == date(2025, 3, 30)
    for less in ("0", "0.5", "-1", "never"):
        with pytest.raises(Unreadable, match="access_log"):
            read_procedures(saying(less))
