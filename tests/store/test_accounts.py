"""Accounts: a person is found by who vouches for them and as whom, and by nothing else."""

from uuid import UUID

import pytest
from sqlalchemy.exc import IntegrityError

from drp.casework.service import Casework
from drp.database.engine import Store
from drp.database.ids import Randomness
from drp.identity.tokens import NotSigned, link_account, person_of_account
from tests.store.council import load, person, seeded

ISSUER = "https://sign-in.saltmarsh.example"


@pytest.fixture
def irene(store: Store, casework: Casework, chance: Randomness) -> UUID:
    seeded(store, casework.procedures)
    load(store, chance)
    return UUID(person(store, "irene"))


def test_an_account_leads_to_its_person_and_nothing_near_it_does(store: Store, irene: UUID) -> None:
    with store.write("saltmarsh") as connection:
        link_account(connection, "saltmarsh", ISSUER, "subject-1", irene)
    with store.read("saltmarsh") as connection:
        assert person_of_account(connection, "saltmarsh", ISSUER, "subject-1") == irene
        for issuer, subject in ((ISSUER, "subject-2"), (ISSUER + "/", "subject-1"), ("https://other.example", "subject-1")):
            with pytest.raises(NotSigned):
                person_of_account(connection, "saltmarsh", issuer, subject)
    with store.read("elsewhere") as connection, pytest.raises(NotSigned):
        person_of_account(connection, "elsewhere", ISSUER, "subject-1")


def test_one_account_is_never_two_people(store: Store, irene: UUID) -> None:
    with store.write("saltmarsh") as connection:
        link_account(connection, "saltmarsh", ISSUER, "subject-1", irene)
    with pytest.raises(IntegrityError), store.write("saltmarsh") as connection:
        link_account(connection, "saltmarsh", ISSUER, "subject-1", irene)
