"""Whose an account becomes at its first sign-in, and whose it stays."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from threading import Barrier, BrokenBarrierError, Thread
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Select, select

from drp.casework.service import Casework
from drp.database.account_tables import AccountRow
from drp.database.directory_tables import PersonRow
from drp.identity import accounts
from drp.identity.accounts import BoundBy, NotLetIn, VouchedAccount, WhyNotLetIn, end_accounts_of, person_signing_in
from tests.cast.keyed import SEAL
from tests.cast.marsh import KEY as HERE
from tests.cast.marsh import Marsh

ISSUER = "https://sign-in.marsh.example"
Plant = pytest.MonkeyPatch
one_engine = pytest.mark.parametrize("store", ["sqlite"], indirect=True)
NOW = datetime(2026, 4, 1, 9, tzinfo=UTC)


class Directory(Marsh):
    """Marsh's people, and accounts that come."""

    def comes(
        self, subject: object, known_as: object, issuer: str = ISSUER, now: datetime = NOW, word: BoundBy = BoundBy.VERIFIED
    ) -> UUID | WhyNotLetIn:
        """Whom an account signs in, or why nobody."""
        with self.store.write(HERE) as connection:
            try:
                return person_signing_in(connection, SEAL, HERE, VouchedAccount(issuer, subject, known_as, word), now).person
            except NotLetIn as error:
                return error.why

    def address(self, key: str) -> str:
        return str(self.rows(select(PersonRow.email).where(PersonRow.key == key))[0].email)

    def accounts(self) -> list[tuple[str, UUID]]:
        return sorted((row.subject, UUID(str(row.person))) for row in self.rows(select(AccountRow.subject, AccountRow.person)))


@pytest.fixture
def directory(casework: Casework) -> Directory:
    return Directory.founded(casework)


def test_the_first_sign_in_goes_by_address_in_any_case_or_by_key_and_the_next_by_nothing_else(directory: Directory) -> None:
    irene, ivor = directory.id("irene"), directory.id("ivor")
    assert directory.comes("one", directory.address("irene").upper()) == irene
    assert directory.comes("two", "IVOR") == ivor
    assert directory.comes("one", "ivor") == irene
    assert directory.comes("one", None) == irene
    assert directory.accounts() == [("one", irene), ("two", ivor)]


@pytest.mark.parametrize("known_as", ["iv%", "", None, 7, "ivor\0", "\u0130vor", "x@nowhere.example", "@", " "])
def test_a_key_or_an_address_is_matched_exactly(directory: Directory, known_as: object) -> None:
    assert directory.comes("one", known_as) is WhyNotLetIn.UNKNOWN
    assert not directory.accounts()


@pytest.mark.parametrize("subject", ["", None, 7, "s" * 201, "a\0b", "a\nb"])
def test_an_account_needs_a_name_that_can_be_kept(directory: Directory, subject: object) -> None:
    assert directory.comes(subject, "ivor") is WhyNotLetIn.UNREADABLE


def test_an_address_of_two_people_is_nobodys_until_one_of_them_has_left(directory: Directory) -> None:
    address = directory.address("irene")
    directory.changes("ivor", email=address)
    assert directory.comes("one", address) is WhyNotLetIn.SEVERAL
    directory.changes("ivor", left_on=(NOW - timedelta(days=1)).date())
    assert directory.comes("one", address) == directory.id("irene")


def test_the_last_day_is_a_day_and_afterwards_neither_account_nor_address_helps(directory: Directory) -> None:
    directory.changes("irene", left_on=NOW.date())
    directory.changes("ivor", left_on=NOW.date())
    assert directory.comes("one", "irene") == directory.id("irene")
    tomorrow = NOW + timedelta(days=1)
    assert directory.comes("one", "irene", now=tomorrow) is WhyNotLetIn.LEFT
    assert directory.comes("two", "ivor", now=tomorrow) is WhyNotLetIn.LEFT


def test_an_account_is_ended_for_good_and_another_may_follow_it(directory: Directory) -> None:
    irene = directory.id("irene")
    directory.comes("one", "irene")
    assert directory.comes("two", "irene") is WhyNotLetIn.TAKEN
    with directory.store.write(HERE) as connection:
        assert end_accounts_of(connection, HERE, irene, NOW) == 1
    assert directory.comes("one", "irene") is WhyNotLetIn.ENDED
    assert directory.comes("two", "irene") == irene


def test_another_provider_has_accounts_of_its_own(directory: Directory) -> None:
    directory.comes("one", "irene")
    assert directory.comes("one", "ivor", issuer="https://other.marsh.example") == directory.id("ivor")
    assert directory.comes("two", "irene", issuer="https://other.marsh.example") == directory.id("irene")


@pytest.mark.parametrize("subjects", [("one", "one"), ("one", "two")], ids=["the same account", "two accounts"])
def test_of_two_first_sign_ins_at_one_moment_one_account_comes_out(
    directory: Directory, subjects: tuple[str, str], monkeypatch: Plant
) -> None:
    irene, found, linking = directory.id("irene"), list[object](), Barrier(2)
    real = accounts.link_account

    def both_at_once(*given: Any) -> None:
        with suppress(BrokenBarrierError):  # the other is kept waiting, as it must be
            linking.wait(timeout=0.5)
        real(*given)

    monkeypatch.setattr(accounts, "link_account", both_at_once)

    def comes(subject: str) -> None:
        found.append(directory.comes(subject, "irene"))

    threads = [Thread(target=comes, args=(subject,)) for subject in subjects]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert len(directory.accounts()) == 1
    assert set(found) == ({irene} if subjects[0] == subjects[1] else {irene, WhyNotLetIn.TAKEN})


# Each safeguard, taken out, is missed.


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
def test_people_who_are_not_locked_are_noticed(directory: Directory, monkeypatch: Plant) -> None:
    monkeypatch.setattr(Select, "with_for_update", lambda self: self)
    check = test_of_two_first_sign_ins_at_one_moment_one_account_comes_out
    with pytest.raises(AssertionError):
        check(directory, ("one", "two"), monkeypatch)


@one_engine
def test_a_second_account_that_becomes_the_same_person_is_noticed(directory: Directory, monkeypatch: Plant) -> None:
    monkeypatch.setattr(accounts, "find_accounts", lambda *given: set())
    with pytest.raises(AssertionError):
        test_an_account_is_ended_for_good_and_another_may_follow_it(directory)


@one_engine
def test_somebody_who_left_and_still_signs_in_is_noticed(directory: Directory, monkeypatch: Plant) -> None:
    monkeypatch.setattr(accounts, "local_date", lambda now: NOW.date())
    with pytest.raises(AssertionError):
        test_the_last_day_is_a_day_and_afterwards_neither_account_nor_address_helps(directory)
