"""Accounts: a person is found by who vouches for them and as whom, and by nothing else."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy.exc import IntegrityError

from drp.casework.service import Casework
from drp.database.engine import Store
from drp.identity.accounts import BoundBy, NotLetIn, VouchedAccount, link_account, person_signing_in
from tests.cast.keyed import SEAL
from tests.cast.marsh import Marsh

ISSUER = "https://sign-in.marsh.example"
NOW = datetime(2026, 4, 1, 9, tzinfo=UTC)


@pytest.fixture
def irene(casework: Casework) -> UUID:
    return Marsh.founded(casework).id("irene")


def linked(store: Store, irene: UUID) -> None:
    with store.write("marsh") as connection:
        link_account(connection, SEAL, "marsh", (ISSUER, "subject-1"), irene, BoundBy.VERIFIED, NOW)


def signed_in(store: Store, authority: str, issuer: str, subject: str) -> UUID:
    with store.write(authority) as connection:
        return person_signing_in(connection, SEAL, authority, VouchedAccount(issuer, subject, None, BoundBy.VERIFIED), NOW).person


def test_an_account_leads_to_its_person_and_nothing_near_it_does(store: Store, irene: UUID) -> None:
    linked(store, irene)
    assert signed_in(store, "marsh", ISSUER, "subject-1") == irene
    for issuer, subject in ((ISSUER, "subject-2"), (ISSUER + "/", "subject-1"), ("https://other.example", "subject-1")):
        with pytest.raises(NotLetIn):
            signed_in(store, "marsh", issuer, subject)
    with pytest.raises(NotLetIn):
        signed_in(store, "elsewhere", ISSUER, "subject-1")


def test_one_account_is_never_two_people(store: Store, irene: UUID) -> None:
    linked(store, irene)
    with pytest.raises(IntegrityError):
        linked(store, irene)
