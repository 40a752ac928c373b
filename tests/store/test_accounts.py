"""Accounts: a person is found by who vouches for them and as whom, and by nothing else."""

from uuid import UUID

import pytest
from sqlalchemy.exc import IntegrityError

from drp.casework.service import Casework
from drp.database.engine import Store
from drp.identity.tokens import NotSigned, link_account, person_of_account
from tests.cast.marsh import Marsh

ISSUER = "https://sign-in.marsh.example"


@pytest.fixture
def irene(casework: Casework) -> UUID:
    return Marsh.founded(casework).id("irene")


def test_an_account_leads_to_its_person_and_nothing_near_it_does(store: Store, irene: UUID) -> None:
    with store.write("marsh") as connection:
        link_account(connection, "marsh", ISSUER, "subject-1", irene)
    with store.read("marsh") as connection:
        assert person_of_account(connection, "marsh", ISSUER, "subject-1") == irene
        for issuer, subject in ((ISSUER, "subject-2"), (ISSUER + "/", "subject-1"), ("https://other.example", "subject-1")):
            with pytest.raises(NotSigned):
                person_of_account(connection, "marsh", issuer, subject)
    with store.read("elsewhere") as connection, pytest.raises(NotSigned):
        person_of_account(connection, "elsewhere", ISSUER, "subject-1")


def test_one_account_is_never_two_people(store: Store, irene: UUID) -> None:
    with store.write("marsh") as connection:
        link_account(connection, "marsh", ISSUER, "subject-1", irene)
    with pytest.raises(IntegrityError), store.write("marsh") as connection:
        link_account(connection, "marsh", ISSUER, "subject-1", irene)
