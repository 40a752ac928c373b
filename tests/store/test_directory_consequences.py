"""What follows for open challenges when the directory changes: who takes over, who is alarmed; repeats are harmless."""

import json
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select
from sqlmodel import col

from drp.casework import load as loading
from drp.casework.service import Casework
from drp.casework.sweep import sweep_authority
from drp.database.challenge_tables import EntryRow
from drp.database.directory_tables import PersonRow
from drp.database.engine import Store
from drp.database.ids import Randomness
from drp.database.message_tables import DeliveryRow, NotificationRow
from drp.staffing.consequences import bring_consequences
from tests.cast.councils import PATIENT, directory_files
from tests.cast.marsh import Marsh
from tests.cast.staff import load
from workflows.model.challenge import Challenge
from workflows.model.events import Responded, Withdrawn

FILES = directory_files(PATIENT)
PEOPLE, _, POSTS, COVERS, CHILDREN = FILES.values()
MARCH_2, MARCH_9, MARCH_10 = (datetime(2026, 3, day, 10, tzinfo=UTC) for day in (2, 9, 10))
DAY_9 = date(2026, 3, 9)


@pytest.fixture
def reference(casework: Casework) -> str:
    """A challenge about C-1 of North Team, raised by Irene on Monday 2 March; Tess and Otto are asked."""
    found = Marsh.founded(casework, PATIENT).raised(MARCH_2)
    assert not bring_consequences(casework, "marsh", MARCH_2).brought, "nothing has changed yet"
    return found


def challenge(store: Store, reference: str) -> Challenge:
    with store.read("marsh") as connection:
        id_ = loading.id_of_reference(connection, "marsh", reference)
        assert id_ is not None
        return loading.load_challenges(connection, "marsh", [id_])[id_].challenge


def told(store: Store, subject: str) -> list[str]:
    """Who was told of a subject, to before copy."""
    with store.read("marsh") as connection:
        rows = connection.execute(
            select(col(PersonRow.key), col(DeliveryRow.as_to))
            .join(DeliveryRow, col(DeliveryRow.person) == col(PersonRow.id))
            .join(
                NotificationRow,
                (col(NotificationRow.challenge) == col(DeliveryRow.challenge))
                & (col(NotificationRow.version) == col(DeliveryRow.version))
                & (col(NotificationRow.n) == col(DeliveryRow.n)),
            )
            .where(col(NotificationRow.subject) == subject)
            .order_by(col(NotificationRow.at), col(DeliveryRow.as_to).desc(), col(PersonRow.key))
        )
        return [row.key if row.as_to else f"copy {row.key}" for row in rows]


def entries(store: Store, *kinds: str) -> list[tuple[str, str]]:
    with store.read("marsh") as connection:
        rows = connection.execute(
            select(col(EntryRow.kind), col(EntryRow.facts)).where(col(EntryRow.kind).in_(kinds)).order_by(col(EntryRow.number))
        )
        return [(row.kind, json.loads(row.facts).get("role", "")) for row in rows]


def brought(casework: Casework, now: datetime) -> list[str]:
    """What a run brings; a second run at once must bring nothing."""
    done = bring_consequences(casework, "marsh", now)
    assert not done.failed
    again = bring_consequences(casework, "marsh", now)
    assert not again.brought
    assert not again.failed
    return [f"{event.type} {getattr(event, 'role', '')}".strip() for _, event in done.brought]


def test_a_manager_who_takes_over_a_post_takes_over_what_it_is_asked(
    store: Store, casework: Casework, chance: Randomness, reference: str
) -> None:
    before = challenge(store, reference)
    posts = POSTS.replace("tess,team_manager,north,2020-01-01", "tom,team_manager,north,2026-03-09")
    made = load(store, chance, DAY_9, {"posts.csv": posts})
    assert made.words.consequences == (
        f"{reference}: what Team Manager is asked by 2026-03-16 passes to Tom, with the same date",
    )
    assert brought(casework, MARCH_9) == ["post_taken_over team_manager"]
    assert told(store, "post_taken_over") == ["tom"]
    after = challenge(store, reference)
    assert [window.promise for window in after.windows] == [window.promise for window in before.windows]
    assert entries(store, "post_taken_over") == [("post_taken_over", "team_manager")]


def test_a_post_that_becomes_empty_alarms_and_the_window_runs_on(
    store: Store, casework: Casework, chance: Randomness, reference: str
) -> None:
    before = challenge(store, reference)
    fewer = POSTS.replace("tess,team_manager,north,2020-01-01,\n", "")
    made = load(store, chance, DAY_9, {"posts.csv": fewer}, allow_vacancies=True)
    assert made.words.consequences == (
        f"{reference}: nobody is Team Manager now; the IRO manager is alarmed, the date 2026-03-16 stands",
    )
    assert brought(casework, MARCH_9) == ["post_emptied team_manager"]
    assert told(store, "post_empty") == ["mona", "copy irene"]
    assert challenge(store, reference).windows == before.windows
    load(store, chance, date(2026, 3, 10), {"posts.csv": fewer + "tom,team_manager,north,2026-03-10,\n"})
    assert brought(casework, MARCH_10) == ["post_taken_over team_manager"]


def test_another_day_for_the_review_is_kept_on_the_item_and_tells_nobody(
    store: Store, casework: Casework, chance: Randomness, reference: str
) -> None:
    before = challenge(store, reference)
    assert before.facts_at_raising.next_review == date(2026, 7, 10)
    made = load(store, chance, DAY_9, {"children.csv": CHILDREN.replace("2026-07-10", "2026-07-24")})
    assert made.words.consequences == (), "nothing follows that anybody need hear of"
    assert brought(casework, MARCH_9) == ["child_facts_changed"]
    after = challenge(store, reference)
    assert after.facts.next_review == date(2026, 7, 24)
    assert after.facts_at_raising == before.facts_at_raising
    assert after.windows == before.windows
    assert told(store, "facts_changed") == []


def test_the_cover_of_somebody_asked_is_told_and_a_delegate_is_not(
    store: Store, casework: Casework, chance: Randomness, reference: str
) -> None:
    covers = COVERS + "tess,tom,2026-03-09,,cover\notto,cora,2026-03-09,,delegate\n"
    load(store, chance, DAY_9, {"covers.csv": covers})
    assert brought(casework, MARCH_9) == ["post_taken_over team_manager"]
    assert told(store, "post_taken_over") == ["tom"]


def test_a_post_that_begins_later_is_felt_on_its_day(
    store: Store, casework: Casework, chance: Randomness, reference: str
) -> None:
    posts = POSTS.replace("north,2020-01-01,", "north,2020-01-01,2026-03-08") + "tom,team_manager,north,2026-03-09,\n"
    load(store, chance, date(2026, 3, 4), {"posts.csv": posts})
    assert brought(casework, datetime(2026, 3, 4, 10, tzinfo=UTC)) == []
    assert brought(casework, datetime(2026, 3, 8, 22, tzinfo=UTC)) == []
    assert brought(casework, MARCH_9) == ["post_taken_over team_manager"]


def test_who_has_answered_is_not_asked_again_through_a_successor(
    store: Store, casework: Casework, chance: Randomness, reference: str
) -> None:
    answered = Responded("agrees", "We agree.")
    casework.act(Marsh(casework).as_("tess", MARCH_2), reference, answered, MARCH_2, lambda *given: {})
    posts = POSTS.replace("tess,team_manager,north,2020-01-01", "tom,team_manager,north,2026-03-09")
    load(store, chance, DAY_9, {"posts.csv": posts})
    assert brought(casework, MARCH_9) == []


def test_a_new_iro_takes_over(store: Store, casework: Casework, chance: Randomness, reference: str) -> None:
    made = load(store, chance, DAY_9, {"children.csv": CHILDREN.replace("north,sam,irene", "north,sam,ivor")})
    assert made.words.consequences == (f"{reference}: the child's IRO is Ivor now and takes over what the IRO is asked",)
    assert brought(casework, MARCH_9) == ["iro_changed iro"]
    assert told(store, "iro_changed") == ["ivor"]


def test_the_cover_of_an_iro_is_told_and_the_iro_when_it_ends(
    store: Store, casework: Casework, chance: Randomness, reference: str
) -> None:
    load(store, chance, DAY_9, {"covers.csv": COVERS + "irene,ivor,2026-03-09,2026-03-09,cover\n"})
    assert brought(casework, MARCH_9) == ["iro_changed iro"]
    assert brought(casework, MARCH_10) == ["iro_changed iro"]
    assert told(store, "iro_changed") == ["ivor", "irene"]


def test_a_child_without_an_iro_falls_to_the_iro_manager(
    store: Store, casework: Casework, chance: Randomness, reference: str
) -> None:
    without = CHILDREN.replace("north,sam,irene", "north,sam,")
    made = load(store, chance, DAY_9, {"children.csv": without}, allow_vacancies=True)
    assert made.words.consequences == (f"{reference}: the child has no IRO now; the IRO manager is told in their place",)
    assert brought(casework, MARCH_9) == ["iro_changed iro"]
    assert told(store, "iro_changed") == ["mona"]


def test_a_childs_change_of_team_is_told_and_the_new_team_is_asked(
    store: Store, casework: Casework, chance: Randomness, reference: str
) -> None:
    before = challenge(store, reference)
    made = load(store, chance, DAY_9, {"children.csv": CHILDREN.replace("north,sam", "south,sam")})
    assert made.words.consequences == (
        f"{reference}: the child's facts change (team North Team → South Team); their IRO is told, no date moves",
        f"{reference}: what Team Manager is asked by 2026-03-16 passes to Tom, with the same date",
    )
    assert brought(casework, MARCH_9)[0] == "child_facts_changed"
    after = challenge(store, reference)
    assert after.facts.team == "south"
    assert after.facts_at_raising.team == "north"
    assert after.windows == before.windows
    assert sorted(told(store, "post_taken_over")) == ["otto", "tom"]
    assert told(store, "facts_changed") == ["irene"]


def test_a_childs_change_of_status_is_told_and_moves_nothing(
    store: Store, casework: Casework, chance: Randomness, reference: str
) -> None:
    before = challenge(store, reference)
    load(store, chance, DAY_9, {"children.csv": CHILDREN.replace("2014-05-06,looked_after,no,no", "2014-05-06,,no,yes")})
    assert brought(casework, MARCH_9) == ["child_facts_changed"]
    after = challenge(store, reference)
    assert not after.facts.is_looked_after
    assert after.facts.in_proceedings
    assert (after.stage, after.windows) == (before.stage, before.windows)
    assert told(store, "post_taken_over") == []


def test_a_team_that_moves_to_another_service_moves_its_children(
    store: Store, casework: Casework, chance: Randomness, reference: str
) -> None:
    units = FILES["units.csv"].replace("North Team,care", "North Team,other") + "service,other,Other Service,\n"
    load(store, chance, DAY_9, {"units.csv": units, "posts.csv": POSTS + "tom,service_manager,other,2026-03-09,\n"})
    assert brought(casework, MARCH_9)[0] == "child_facts_changed"
    assert challenge(store, reference).facts.service == "other"
    assert "tom" in told(store, "post_taken_over")


def test_nothing_is_brought_to_what_has_ended(store: Store, casework: Casework, chance: Randomness, reference: str) -> None:
    casework.act(Marsh(casework).as_("irene", MARCH_2), reference, Withdrawn("Raised twice."), MARCH_2, lambda *given: {})
    load(store, chance, DAY_9, {"children.csv": CHILDREN.replace("north,sam,irene", "south,sam,ivor")})
    assert brought(casework, MARCH_9) == []


def test_a_crash_between_loading_and_telling_loses_nothing(
    store: Store, casework: Casework, chance: Randomness, reference: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = Marsh(casework, PATIENT).raised(MARCH_2, "C-2", "ivor")
    people = PEOPLE.replace("otto,Otto,otto@marsh.example,,", "otto,Otto,,,2026-03-08")
    posts = POSTS.replace("otto,service_manager,care,2020-01-01,", "otto,service_manager,care,2020-01-01,2026-03-08")
    posts += "tom,service_manager,care,2026-03-09,\n"
    load(store, chance, DAY_9, {"people.csv": people, "posts.csv": posts})
    note, times = casework.note_change, iter((True, False))

    def crashing(*args: object) -> None:
        if not next(times):
            raise SystemExit
        note(*args)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(casework, "note_change", crashing)
        with pytest.raises(SystemExit):
            bring_consequences(casework, "marsh", MARCH_9)
    assert told(store, "post_taken_over") == ["tom"]
    assert brought(casework, MARCH_9) == ["post_taken_over service_manager"]
    assert told(store, "post_taken_over") == ["tom", "tom"]
    assert challenge(store, second).is_open


def test_one_item_that_cannot_be_decided_does_not_stop_the_others(
    store: Store, casework: Casework, chance: Randomness, reference: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = Marsh(casework, PATIENT).raised(MARCH_2, "C-2", "ivor")
    load(store, chance, DAY_9, {"children.csv": CHILDREN.replace(",irene,", ",colin,").replace(",ivor,", ",colin,")})
    note, times = casework.note_change, iter((False, True))

    def failing(*args: object) -> None:
        if not next(times):
            raise ValueError("cannot be decided")
        note(*args)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(casework, "note_change", failing)
        done = bring_consequences(casework, "marsh", MARCH_9)
    assert len(done.failed) == 1
    assert len(done.brought) == 1
    assert {reference, second} == {done.brought[0][0], bring_consequences(casework, "marsh", MARCH_9).brought[0][0]}


def test_ordinary_life_brings_nothing(store: Store, casework: Casework, reference: str) -> None:
    """A climb, a judgement, a second stage: the people were told as it happened, and are not told again."""
    for day in range(3, 29):
        now = datetime(2026, 3, day, 12, tzinfo=UTC)
        sweep_authority(casework, "marsh", now)
        assert bring_consequences(casework, "marsh", now).brought == []
