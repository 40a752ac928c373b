"""Kept until its day, held while somebody must not lose it, erased for good on that day; and the proof outlives the words."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, func, select
from sqlmodel import col

from api.assembly import Service, assemble_service
from api.cli.retention_commands import erase_child
from api.exports.referral.bundle import write_bundle
from api.jobs import checkpoints
from drp.casework.load import id_of_reference
from drp.data_protection import retention as keeping
from drp.data_protection.retention import NoSuchChild, RecordHeld
from drp.database.challenge_tables import EntryRow, IdempotencyRow, WordsRow
from drp.database.directory_tables import ChildRow
from drp.database.record_tables import ErasureRow
from drp.database.report_tables import ReportExampleRow
from drp.database.review_tables import ReviewDecisionRow, ReviewRow
from drp.items import drafts
from drp.settings import Settings
from tests.cast.councils import procedures
from tests.cast.stores import OWNER
from tests.cast.world import World
from tests.referral.matter import CONCERN, CONFIDENCE, matter, opened_bundle, refer
from tests.subject_access.test_export import CANARY, offer_examples
from workflows.ladder_language.reader import read_procedures
from workflows.model.events import ChildFactsChanged
from workflows.model.ladder import Status
from workflows.model.retention import KeptAs, retention_of

one_engine = pytest.mark.parametrize("store", ["sqlite"], indirect=True)


class Owned(World):
    """The service, and beside it the tables' owner: on PostgreSQL the service's own role erases nothing."""

    hands: Service


@pytest.fixture
def owner(world: World, request: pytest.FixtureRequest) -> Iterator[Owned]:
    url = world.store.url if world.store.is_sqlite else request.getfixturevalue("postgresql").url(OWNER)
    settings = Settings(database_url=url, heartbeat=False, mail="none", pool_size=2, var=world.settings.var)
    world.hands = assemble_service(settings, lambda: world.now)
    yield world
    world.hands.close()


def authority(world: World):
    return procedures(world.council).authority


# Until when.


def test_a_looked_after_childs_record_is_kept_for_75_years_from_birth_or_15_from_an_early_death(world: World) -> None:
    here, born = authority(world), date(2014, 5, 6)
    assert retention_of(here, {Status.LOOKED_AFTER}, born, None, None).until == date(2089, 5, 6)
    assert retention_of(here, {Status.LOOKED_AFTER}, born, date(2026, 1, 2), None).until == date(2041, 1, 2)
    assert retention_of(here, {Status.LOOKED_AFTER}, born, date(2032, 5, 6), None).until == date(2089, 5, 6), "dead at 18"
    both = retention_of(here, {Status.LOOKED_AFTER, Status.CHILD_PROTECTION}, born, None, date(2026, 4, 1))
    assert both.kept_as is KeptAs.LOOKED_AFTER, "once looked after, kept as such"


def test_other_records_are_kept_as_the_authority_says_and_without_its_word_for_ever(world: World) -> None:
    from tests.ladders.reading import SHIPPED, texts

    silent = retention_of(authority(world), {Status.CHILD_PROTECTION}, date(2014, 5, 6), None, date(2026, 4, 1))
    assert (silent.until, silent.kept_as) == (None, KeptAs.CHILD_PROTECTION)
    assert not silent.is_over(date(2300, 1, 1))
    files = {
        name: text + "\nretention: {child_protection: 35}\n" if text.startswith("authority:") else text
        for name, text in texts(SHIPPED / "durham").items()
    }
    said = read_procedures(files).authority
    kept = retention_of(said, {Status.CHILD_PROTECTION}, date(2014, 5, 6), None, date(2024, 2, 29))
    assert kept.until == date(2059, 3, 1)
    assert not kept.is_over(date(2059, 3, 1))
    assert kept.is_over(date(2059, 3, 2))
    assert retention_of(said, {Status.CHILD_IN_NEED}, date(2014, 5, 6), None, date(2024, 2, 29)).until is None
    assert retention_of(said, {Status.CHILD_PROTECTION}, date(2014, 5, 6), None, None).until is None


@given(
    st.sets(st.sampled_from(Status)), st.dates(date(1950, 1, 1), date(2030, 1, 1)),
    st.none() | st.dates(date(1950, 1, 1), date(2060, 1, 1)), st.none() | st.dates(date(1990, 1, 1), date(2060, 1, 1)),
)  # fmt: skip
def test_nothing_looked_after_is_ever_reviewed_before_the_law_allows(statuses, born, died, contact) -> None:
    from tests.ladders.reading import procedures as shipped

    found = retention_of(shipped("durham").authority, statuses, born, died, contact)
    if Status.LOOKED_AFTER in statuses:
        least = born.year + 75 if not died or died.year - born.year >= 19 else min(born.year + 75, died.year + 15)
        assert found.until is not None
        assert found.until.year >= least


# The list.


def test_the_list_knows_what_a_child_once_was_and_what_holds_them(owner: Owned) -> None:
    matter(owner)
    store = owner.hands.store
    with store.write(owner.council.key) as connection:
        child = keeping.child_by_case_number(connection, owner.council.key, "T-1")
        connection.execute(ChildRow.__table__.update().where(col(ChildRow.id) == child).values(statuses=["child_in_need"]))
        keeping.hold_record(
            connection, owner.chance, owner.council.key, None, "An inquiry.", "Ada, administrator", date(2026, 4, 16)
        )
        listed = {one.number: one for one in keeping.every_child(connection, authority(owner))}
    assert listed["T-1"].retention.kept_as is KeptAs.LOOKED_AFTER, "looked after when it was raised"
    assert listed["T-1"].challenges == 1
    assert listed["T-2"].holds == ("An inquiry.",)
    with store.write(owner.council.key) as connection:
        assert keeping.lift_holds(connection, owner.council.key, None, date(2026, 4, 17)) == 1
        assert not any(one.holds for one in keeping.every_child(connection, authority(owner)))
        with pytest.raises(NoSuchChild):
            keeping.child_by_case_number(connection, owner.council.key, "T-99")


# Erasure.


def erased(world: World, **more: bool) -> str:
    hands = getattr(world, "hands", world.service)
    return erase_child(hands, authority(world), "T-1", "Ordered by the court.", "Ada, administrator", **more)


def words_left(world: World) -> list[str]:
    with world.service.store.read(world.council.key) as connection:
        return [row.text for row in connection.execute(select(col(WordsRow.text)))]


def test_erasure_takes_every_word_and_document_and_leaves_a_chain_that_proves_itself(owner: Owned, tmp_path: Path) -> None:
    reference = matter(owner)
    refer(owner, reference, includes=tuple(range(1, 25)))
    another = str(owner.as_("irene").raises("T-2", concern="Of another child.").json()["reference"])
    with pytest.raises(RecordHeld, match="75th anniversary"):
        erased(owner, really=True)
    assert CONCERN in words_left(owner), "refused, nothing went"
    assert "Would erase" in erased(owner, ordered=True)
    assert CONCERN in words_left(owner), "only tried"
    said = erased(owner, ordered=True, really=True)
    assert "1 document" in said
    assert "Copies of the database" in said
    left = words_left(owner)
    assert left == ["Of another child."]
    assert not [path for path in owner.settings.attachments_folder.rglob("*") if path.is_file()]
    with owner.service.store.read(owner.council.key) as connection:
        child = connection.execute(select(ChildRow.__table__).where(col(ChildRow.initials) == "")).mappings().one()
        answers = connection.execute(select(col(IdempotencyRow.answer))).scalars().all()
        note = connection.execute(select(ErasureRow.__table__)).mappings().one()
    assert child["number"].startswith("erased-")
    assert (child["born"].month, child["born"].day) == (1, 1)
    assert CONFIDENCE not in str(answers)
    assert (note["why"], note["documents"]) == ("Ordered by the court.", 1)
    for one in (reference, another):
        timeline = owner.as_("mona").timeline(one)
        assert timeline["proven"], timeline["first_fault"]
    verdict = checkpoints.verify_authority(
        owner.service, owner.council.key, checkpoints.files_of(owner.settings.checkpoints_folder, owner.council.key),
        owner.service.signing.public_key(),
    )  # fmt: skip
    assert verdict.is_clean
    assert checkpoints.replay_authority(owner.service, owner.council.key)[1] == ()
    page = owner.as_("mona").item(reference)
    assert page["referral"]["state"] == "referred", "that it happened stays"
    write_bundle(owner.service, reference, tmp_path / "after.zip")
    after = (tmp_path / "after.zip").read_bytes()
    assert opened_bundle(after).proven.entries == len(owner.entries(reference))
    assert b"It was lawfully erased." in after
    assert CONCERN.encode() not in after


def test_what_somebody_had_begun_to_write_about_the_child_goes_too(owner: Owned) -> None:
    reference = matter(owner)
    person = owner.id("irene")
    with owner.store.write(owner.council.key) as connection:
        for said in ({"referral": reference, "steps": {}}, {"child": "T-1", "steps": {}}, {"child": "T-2", "steps": {}}):
            drafts.begin_draft(connection, owner.chance, owner.council.key, person, said, owner.now)
    erased(owner, ordered=True, really=True)
    with owner.store.read(owner.council.key) as connection:
        assert [one.said.get("child") for one in drafts.drafts_of(connection, owner.council.key, person)] == ["T-2"]


def test_looked_after_for_some_weeks_of_a_challenge_is_looked_after(owner: Owned) -> None:
    """Raised under a protection plan, ended under one; what lay between counts (regulation 50)."""
    reference = str(owner.as_("irene").raises("T-3").json()["reference"])
    with owner.store.read(owner.council.key) as connection:
        id_ = id_of_reference(connection, owner.council.key, reference)
    assert id_
    for n, statuses in enumerate((("looked_after",), ("child_protection",))):
        owner.at(f"Thu {2 + 7 * n} April 2026, 10:00")
        event = ChildFactsChanged(statuses, False, False, (), "north", "care")
        owner.service.casework.note_change(owner.council.key, id_, [event], owner.now)
    with owner.store.read(owner.council.key) as connection:
        listed = {one.number: one for one in keeping.every_child(connection, authority(owner))}
    assert listed["T-3"].retention.kept_as is KeptAs.LOOKED_AFTER


def test_a_document_that_another_childs_record_names_stays(owner: Owned) -> None:
    matter(owner)
    other = str(owner.as_("irene").raises("T-2").json()["reference"])
    from tests.referral.matter import attach

    attach(owner, other, "The same plan.pdf")
    assert "0 documents" in erased(owner, ordered=True, really=True)
    assert [path for path in owner.settings.attachments_folder.rglob("*") if path.is_file()]


def test_a_hold_binds_even_an_order(owner: Owned) -> None:
    matter(owner)
    with owner.hands.store.write(owner.council.key) as connection:
        child = keeping.child_by_case_number(connection, owner.council.key, "T-1")
        keeping.hold_record(connection, owner.chance, owner.council.key, child, "A claim.", "Ada", date(2026, 4, 16))
    with pytest.raises(RecordHeld, match="A claim"):
        erased(owner, ordered=True, really=True)
    assert CONCERN in words_left(owner)


def test_when_its_day_has_passed_it_is_listed_and_may_go(owner: Owned) -> None:
    matter(owner)
    owner.at("Mon 9 May 2089, 10:00")
    with owner.service.store.read(owner.council.key) as connection:
        over = [
            one.number for one in keeping.every_child(connection, authority(owner)) if one.retention.is_over(date(2089, 5, 9))
        ]
    assert "T-1" in over
    assert "Erased" in erased(owner, really=True)


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
def test_the_services_own_role_erases_nothing(world: World) -> None:
    matter(world)
    with pytest.raises(Exception, match="permission denied"):
        erased(world, ordered=True, really=True)
    assert CONCERN in words_left(world)


@one_engine
def test_planted_an_erasure_that_takes_the_entry_too(owner: Owned, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = keeping.erase_record

    def with_entries(connection, here, child, *given, **more):
        done = whole(connection, here, child, *given, **more)
        connection.exec_driver_sql("DROP TRIGGER entry_never_delete")
        connection.execute(delete(EntryRow).where(col(EntryRow.kind) == "noted"))
        return done

    monkeypatch.setattr(keeping, "erase_record", with_entries)
    with pytest.raises(AssertionError):
        test_erasure_takes_every_word_and_document_and_leaves_a_chain_that_proves_itself(owner, tmp_path)


@one_engine
def test_what_a_repeat_would_be_answered_goes_too(owner: Owned) -> None:
    """What a repeat would be answered names the child: it goes too."""
    reference = str(owner.as_("irene").raises("T-1", headers={"Idempotency_Key": "k"}).json()["reference"])
    with owner.service.store.read(owner.council.key) as connection:
        kept = connection.execute(select(col(IdempotencyRow.answer))).scalars().all()
    assert reference in str(kept)
    erased(owner, ordered=True, really=True)
    with owner.service.store.read(owner.council.key) as connection:
        assert not connection.execute(select(col(IdempotencyRow.answer))).scalars().all()


DECIDED = "Contact with her brother each month."


def reviews_are_gone(owner: Owned) -> None:
    irene = owner.as_("irene")
    for child, said in (("T-1", DECIDED), ("T-2", "Of another child.")):
        body = {"child": child, "held_on": "2026-03-30", "decisions": [{"words": said, "due": "2026-04-30", "follow": True}]}
        assert irene.post("/reviews", body).status_code == 201
    (item,) = irene.get("/challenges", item_type="review_decision", child="T-1").json()["items"]
    erased(owner, ordered=True, really=True)
    left = [row.words for row in owner.rows(select(col(ReviewDecisionRow.words)))]
    assert (left, DECIDED in words_left(owner)) == (["Of another child."], False)
    assert owner.rows(select(func.count()).select_from(ReviewRow))[0][0] == 1
    assert owner.as_("mona").timeline(item["reference"])["proven"]


def test_what_reviews_decided_goes_too(owner: Owned) -> None:
    reviews_are_gone(owner)


def examples_are_gone(owner: Owned) -> None:
    offer_examples(owner)
    erased(owner, ordered=True, really=True)
    assert [row.words for row in owner.rows(select(col(ReportExampleRow.words)))] == [CANARY], "of another child"


def test_examples_in_reports_go_too(owner: Owned) -> None:
    examples_are_gone(owner)


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_planted_examples_that_are_left_are_found(owner: Owned, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "forget_examples", lambda *given: 0)
    with pytest.raises(AssertionError):
        examples_are_gone(owner)


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_planted_reviews_that_are_left_are_found(owner: Owned, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "erase_reviews", lambda *given: 0)
    with pytest.raises(AssertionError):
        reviews_are_gone(owner)
