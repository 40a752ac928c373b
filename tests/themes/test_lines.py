"""The register says of each item what the item itself says, after anything that happens to it; and can be made again from it."""

from typing import Any

import pytest
from alembic import command
from sqlalchemy import delete, select, update
from sqlmodel import col

from api.assembly import enter_what_is_not
from drp.database.challenge_tables import ChallengeRow
from drp.database.engine import Store
from drp.database.migrate import alembic_config, migrate_database
from drp.database.register_tables import RegisterRow, StayRow
from drp.items import rebuild_register
from drp.register import write
from tests.cast.stores import OWNER, beside_the_service
from tests.cast.world import World

HERE = "dunmoor"
FORMAL: dict[str, Any] = {"item_type": "formal", "effect_on_child": "She waits.", "outcome_sought": "A plan."}


def lines(world: World) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    with world.store.read(HERE) as connection:
        for table in (RegisterRow.__table__, StayRow.__table__):  # type: ignore[attr-defined]
            rows = connection.execute(select(table).where(table.c.authority == HERE).order_by(*table.primary_key))
            found += [dict(row) for row in rows.mappings()]
    return found


def anew(world: World) -> list[dict[str, Any]]:
    """The lines as they are made again from the items."""
    casework = world.service.casework
    ids = [row.id for row in world.rows(select(col(ChallengeRow.id)))]
    with world.store.write(HERE) as connection:
        rebuild_register.rebuild_entries(connection, casework.procedures, HERE, ids)
    return lines(world)


def a_busy_month(world: World) -> dict[str, str]:
    """Items that are answered late, not answered, taken higher, settled, opened again, sealed; a notice; a talk."""
    irene = world.as_("irene")

    def raised(child: str, **more: Any) -> str:
        answer = irene.raises(child, **(FORMAL | more))
        assert answer.status_code == 201, answer.text
        return str(answer.json()["reference"])

    def brings(by: str, reference: str, what: str, **more: Any) -> None:
        answer = world.as_(by).brings(reference, what, **more)
        assert answer.status_code == 200, answer.text

    made = {
        "answered": raised("T-1", reasons=["permanence_plan_delayed", "iro_not_informed", "permanence_no_progress"]),
        "silent": raised("T-2"),
        "jumped": raised("T-1", reasons=["report_not_available"]),
        "sealed": raised("T-2"),
        "talk": raised("T-1", item_type="informal", without_clock=True),
    }
    notice = irene.post("/notices", {"child": "T-1", "what_went_well": "Sam came to school with her.", "reasons": []})
    made["notice"] = notice.json()["reference"]
    brings("irene", made["sealed"], "recorded_in_error", why="The wrong child.")
    brings("tess", made["answered"], "acknowledged")
    brings("irene", made["jumped"], "escalated", why="It cannot wait.", to_stage="stage_4")
    world.pass_to("Thu 2 April 2026, 15:00")
    brings("tess", made["answered"], "responded", position="agrees", answer="We will.", actions=[])
    brings("irene", made["answered"], "judged", verdict="needs_more", why="By when?")
    world.pass_to("Mon 13 April 2026, 09:30")
    brings("irene", made["answered"], "resolved", what_changed="There is a plan.")
    brings("irene", made["answered"], "impact_recorded", found="better", what_changed="She knows.")
    brings("irene", made["jumped"], "withdrawn", why="Settled otherwise.")
    brings("irene", made["jumped"], "reopened", stage="stage_2", why="It was not.")
    brings("irene", made["talk"], "resolved", what_changed="All is well.")
    return made


def test_lines_are_what_their_items_say(world: World) -> None:
    made = a_busy_month(world)
    kept = lines(world)
    assert kept == anew(world)
    of = {row["reference"]: row for row in kept if row.get("n") == 0}
    assert set(of) == {reference for name, reference in made.items() if name != "sealed"}
    answered = of[made["answered"]]
    assert [answered[name] for name in ("stage", "outcome", "impact", "days_to_end")] == ["stage_4", "resolved", "better", 12]
    assert [row["reason"] for row in kept if row.get("reference") == made["answered"]] == [
        "permanence_plan_delayed", "iro_not_informed", "permanence_no_progress",
    ]  # fmt: skip
    assert [row["is_first_of_theme"] for row in kept if row.get("reference") == made["answered"]] == [True, True, False]
    assert (of[made["jumped"]]["outcome"], of[made["jumped"]]["ended_on"]) == ("open", None)
    assert (of[made["notice"]]["kind"], of[made["notice"]]["outcome"]) == ("practice", "noticed")


def test_stays_say_why_it_climbed_and_how_soon_there_was_a_reply(world: World) -> None:
    made = a_busy_month(world)
    kept = lines(world)
    ids = {row["reference"]: row["id"] for row in kept if "reference" in row}

    def stays(name: str) -> list[tuple[Any, ...]]:
        mine = [row for row in kept if "cause" in row and row["id"] == ids[made[name]]]
        return [(row["stage"], row["cause"], row["reply"], row["days_to_acknowledge"], row["days_to_answer"]) for row in mine]

    assert stays("answered") == [
        ("stage_2", "raised", "in time", 0, 1), ("stage_3", "needs more", "none", None, None),
        ("stage_4", "no reply", "", None, None),
    ]  # fmt: skip
    assert stays("silent")[0] == ("stage_2", "raised", "none", None, None)
    assert [stay[:2] for stay in stays("jumped")] == [("stage_2", "raised"), ("stage_4", "jump"), ("stage_2", "reopened")]
    assert stays("talk") == [("informal", "raised", "", None, None)]


def test_what_the_iro_takes_higher_after_its_date_was_not_answered(world: World) -> None:
    """Between the promised date and the morning on which the climb would go by itself, and before the date."""
    made = {}
    for name, day in (("after", "Thu 30 April 2026, 10:00"), ("before", "Thu 2 April 2026, 10:00")):
        world.at("Wed 1 April 2026, 10:00")
        answer = world.as_("irene").raises("T-1", **(FORMAL | {"stage": "stage_2", "stage_reason": "High."}))
        made[name] = str(answer.json()["reference"])
        world.at(day)
        assert world.as_("irene").brings(made[name], "escalated", why="It cannot wait.").status_code == 200
    kept = lines(world)
    ids = {row["id"]: row["reference"] for row in kept if "reference" in row}
    first = {ids[row["id"]]: row["reply"] for row in kept if "cause" in row and row["sequence"] == 1}
    assert first == {made["after"]: "none", made["before"]: ""}


def test_planted_an_ending_that_leaves_the_line_open_is_noticed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = write.entry_change

    def only_new(id_, reference, child, raiser, before, after, words):  # type: ignore[no-untyped-def]
        return None if before and not after.is_open else whole(id_, reference, child, raiser, before, after, words)

    monkeypatch.setattr(write, "entry_change", only_new)
    with pytest.raises(AssertionError):
        test_lines_are_what_their_items_say(world)


def test_items_of_an_earlier_release_are_entered_once(world: World) -> None:
    a_busy_month(world)
    kept = lines(world)
    with beside_the_service(world.store, HERE) as connection:
        for table in (RegisterRow, StayRow):
            connection.execute(delete(table).where(col(table.authority) == HERE))
    procedures = world.service.casework.procedures
    assert enter_what_is_not(world.store, procedures) == len([row for row in kept if row.get("n") == 0])
    assert lines(world) == kept
    assert enter_what_is_not(world.store, procedures) == 0


def test_when_it_ended_and_what_changed_come_from_the_timeline_of_an_older_database(
    world: World, request: pytest.FixtureRequest
) -> None:
    a_busy_month(world)
    before = {row.id: row.rest for row in world.rows(select(col(ChallengeRow.id), col(ChallengeRow.rest)))}
    assert any(rest["ended_at"] for rest in before.values())
    assert any(rest["impact"] for rest in before.values())
    with world.store.write(HERE) as connection:
        for id_, rest in before.items():
            old = {name: value for name, value in rest.items() if name not in ("ended_at", "impact")}
            connection.execute(update(ChallengeRow).where(col(ChallengeRow.id) == id_).values(rest=old))
    is_own = world.store.is_sqlite
    owner = world.store if is_own else Store(request.getfixturevalue("postgresql").url(OWNER))
    with owner.engine.begin() as connection:
        command.downgrade(alembic_config(connection), "0005")
    migrate_database(owner)
    if not is_own:
        owner.close()
    assert {row.id: row.rest for row in world.rows(select(col(ChallengeRow.id), col(ChallengeRow.rest)))} == before
