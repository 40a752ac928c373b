"""Open rows become running items only by choice: at their stage, for the child's IRO, counted once and in their own quarter."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from drp.database.challenge_tables import ChallengeRow
from drp.items import rebuild_register
from drp.register_import import create_open_items, import_file
from tests.cast.councils import NORTH
from tests.register.bringing import HEAD, Office
from workflows.calendar.working_days import local_date
from workflows.model import register_entry as lines

OPEN = f"{HEAD}OLD-1,2025-11-05,,formal,stage_3,report_not_available,looked_after,north,open,,T-1,ivor\n"
AND_MORE = (
    f"{OPEN}OLD-2,2019-01-01,2019-02-01,formal,stage_2,,,,resolved,,T-1,\n"
    "OLD-3,2026-03-01,,formal,stage_2,report_not_available,,,,,GONE,\n"
)


def counted_once(office: Office) -> None:
    """One line for the item, in the quarter in which its sheet says that it was raised; and still so when made again."""
    done = office.brings(AND_MORE, takes_over=True)
    (taken,) = done.taken
    assert (taken.row, taken.was) == (2, "OLD-1")
    assert done.stay_open == (4,), "a child that nobody knows has no IRO who could go on with it"
    casework, world = office.world.service.casework, office.world
    for _ in range(2):
        mine = office.line(taken.reference)
        assert (mine["raised_on"], mine["quarter"], mine["sheet"]) == (date(2025, 11, 5), "2025-Q3", "")
        assert [one["reference"] for one in office.lines()] == sorted(["OLD-2", "OLD-3", taken.reference])
        with world.store.write(office.key) as connection:
            assert rebuild_register.rebuild_entries(connection, casework.procedures, office.key, [mine["id"]]) == 1
    kept = world.rows(select(ChallengeRow.quarter))
    assert [row.quarter for row in kept] == ["2025-Q3"]


def test_an_open_row_runs_on_and_is_counted_once_in_its_own_quarter(office: Office) -> None:
    counted_once(office)


def test_planted_an_item_counted_when_it_was_taken_over(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workflows.model.challenge.Challenge.counted_on", property(lambda self: local_date(self.raised_at)))
    with pytest.raises(AssertionError):
        counted_once(office)


def test_planted_a_row_that_stays_beside_its_item(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, read, every = import_file.insert_entries, import_file.read_rows, list[Any]()

    def remembered(*given: Any) -> Any:
        every.extend(read(*given))
        return every

    monkeypatch.setattr(import_file, "read_rows", remembered)
    monkeypatch.setattr(
        import_file, "insert_entries", lambda connection, key, some: whole(connection, key, [one.entered for one in every])
    )
    with pytest.raises(AssertionError):
        counted_once(office)


def test_it_runs_at_its_stage_for_the_childs_iro_with_the_stages_own_window_from_today(office: Office) -> None:
    (taken,) = office.brings(OPEN, takes_over=True).taken
    seen = office.world.as_("irene").item(taken.reference)
    assert seen["stage"]["key"] == "stage_3"
    window = next(one for one in seen["windows"] if one["kind"] == "reply")
    assert window["working"].startswith("4 working days from Wednesday 1 April 2026")
    (first, *_) = office.world.as_("irene").timeline(taken.reference)["entries"]
    assert first["words"]["concern"] == "Taken over from the register, where it is OLD-1, raised on Wednesday 5 November 2025."
    assert first["facts"]["taken_over_from"] == "2025-11-05"
    assert taken.reference in office.world.as_("otto").get("/inbox").text, "whoever is asked is told"


def test_the_date_that_the_sheet_promised_stands_where_the_stage_lets_a_date_be_named(build) -> None:
    office = Office(build(NORTH))
    reason = office.world.reason
    head = "reference,raised_on,ended_on,item_type,stage,reason,child,due,to\n"
    said = f"{head}Q-1,2026-03-02,,informal,alert,{reason},T-1,2026-04-20,Team Manager\n"
    world = office.world
    stages = {stage.key: stage for rules in _rules(office) for stage in rules.ladder.stages}
    named = next(key for key, stage in stages.items() if stage.respond_within.set_by_raiser)
    (taken,) = office.brings(said.replace("alert", named), takes_over=True).taken
    window = next(one for one in world.as_("irene").item(taken.reference)["windows"] if one["kind"] == "reply")
    assert window["due"] == "2026-04-20"
    late = (
        said.replace("Q-1", "Q-2").replace("alert", named).replace("2026-04-20", "2026-03-30").replace("2026-03-02", "2026-03-03")
    )
    refused = office.refused(late, takes_over=True)
    assert "row 2, column “due” (H): it is open and cannot be taken over. At this stage the raiser names the date" in refused


def _rules(office: Office):
    with office.world.store.read(office.key) as connection:
        return office.world.service.casework.procedures.current(connection, office.key)


def all_or_nothing(office: Office) -> None:
    said = office.refused(
        f"{OPEN}OLD-4,2026-02-01,,formal,,report_not_available,,,,,T-2,\nOLD-5,2026-02-01,,formal,stage_2,,,,,,T-2,\n",
        takes_over=True,
    )
    assert "row 3, column “stage” (E): it is open and cannot be taken over. The row does not say at which stage it is" in said
    assert "row 4, column “reason” (F): it is open and cannot be taken over. No reason is ticked" in said
    assert office.world.rows(select(func.count()).select_from(ChallengeRow))[0][0] == 0


def test_if_one_cannot_be_taken_over_none_is_and_nothing_came_in(office: Office) -> None:
    all_or_nothing(office)


def test_planted_items_that_stay_when_another_cannot_be(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    real = create_open_items.take_over
    monkeypatch.setattr(
        "drp.register_import.import_file.take_over", lambda *given: real(*given[:-1], type(given[-1])("elsewhere"))
    )
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        all_or_nothing(office)


def test_what_was_taken_over_is_not_brought_in_again_by_a_later_sheet(office: Office) -> None:
    (taken,) = office.brings(OPEN, takes_over=True).taken
    office.world.now += timedelta(days=1)
    said = office.refused(OPEN.replace(",open,", ",,"), "later.csv")
    assert f"row 2, column “reference” (A): it was taken over before and is {taken.reference} now" in said


def test_what_was_taken_over_by_mistake_and_recorded_in_error_may_come_in_again(office: Office) -> None:
    (taken,) = office.brings(OPEN, takes_over=True).taken
    assert office.world.as_("irene").brings(taken.reference, "recorded_in_error", why="The wrong child.").status_code == 200
    office.world.now += timedelta(days=1)
    assert office.brings(OPEN.replace(",open,", ",,"), "later.csv").lines == 1
    assert [one["reference"] for one in office.lines()] == ["OLD-1"]


def test_the_json_api_offers_no_taking_over(office: Office) -> None:
    answer = office.world.as_("irene").raises(taken_over_from="2020-01-01")
    assert answer.status_code == 422
    assert office.world.rows(select(func.count()).select_from(ChallengeRow))[0][0] == 0


def test_what_was_taken_over_replays_as_it_was_decided(office: Office) -> None:
    from api.jobs.checkpoints import replay_authority

    office.brings(OPEN, takes_over=True)
    assert replay_authority(office.world.service, office.key) == (1, ())
    assert lines.OPEN == "open"
