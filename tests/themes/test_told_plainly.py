"""Figures that could mislead and do not: columns that add up to more, any of several who answers, old reasons, the absent."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import insert

from api.queries import report_query
from api.queries.report_query import AskedQuestion
from drp.casework.service import Casework
from drp.database.engine import Store
from drp.database.register_tables import PopulationRow
from drp.register import write
from drp.register.write import EntryChange, EntryToInsert
from drp.reports import repeats_and_gaps, saved_views, theme_tables
from drp.reports.aggregate import Dimension
from drp.reports.display_labels import DisplayLabels, read_labels
from drp.reports.status_rates import rates_of_period
from drp.reports.theme_tables import TableQuestion
from tests.cast.rules import derby
from tests.cast.story import Story
from tests.themes.test_published import Review
from workflows.model.challenge import Challenge
from workflows.model.ladder import ItemType, Need
from workflows.model.refusals import Unfit
from workflows.model.register_entry import CodedReason, RegisterEntry, ReplyState, register_entry_of
from workflows.model.reporting import Reporting

HERE = "durham"
DAY = date(2026, 2, 2)


def line(**said: object) -> RegisterEntry:
    plain = RegisterEntry(
        ItemType.FORMAL,
        DAY,
        "level_2",
        (CodedReason("report_not_available", "practice"),),
        "north",
        "field",
        "looked_after",
        False,
        "withdrawn",
        "",
        None,
    )
    return replace(plain, **said)  # type: ignore[arg-type]


class Lines:
    """Durham's review with lines written straight into its register."""

    def __init__(self, casework: Casework) -> None:
        self.review, self.casework, self._n = Review(casework, HERE), casework, 0

    def enter(self, *lines: RegisterEntry, number: str = "", sheet: str = "x", child: UUID | None = None) -> "Lines":
        changes = []
        for one in lines:
            self._n += 1
            changes.append(
                EntryChange(
                    UUID(int=self._n), None, EntryToInsert(UUID(int=self._n), f"R-{self._n}", one, child, None, sheet, number)
                )
            )
        with self.casework.store.write(HERE) as connection:
            write.write_entries(connection, HERE, changes)
        return self

    def ask(self, what, reporting: Reporting | None = None):  # type: ignore[no-untyped-def]
        with self.casework.store.read(HERE) as connection:
            words = self.casework.procedures.current(connection, HERE)[0].authority
            words = replace(words, reporting=reporting) if reporting else words
            return what(connection, read_labels(connection, self.casework.procedures, words))


@pytest.fixture
def lines(casework: Casework) -> Lines:
    return Lines(casework)


def test_columns_that_add_up_to_more_say_so(lines: Lines) -> None:
    both = line(
        reasons=(CodedReason("report_not_available", "practice"), CodedReason("placement_unregistered", "resources")), team=""
    )
    made = lines.enter(both).ask(
        lambda connection, its: theme_tables.read_table(connection, its, TableQuestion(Dimension.TEAM, Dimension.THEME))
    )
    assert made.items == 1
    assert [made.total(column) for column in made.columns] == [1, 1]
    assert made.notes == (
        "1 of 1 have no team recorded.",
        "An item with more than one theme stands in each column that it has, and once in the total: "
        "the columns add up to 1 more.",
    )


def test_planted_notes_of_the_rows_alone_are_noticed(lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = theme_tables.explain_totals
    monkeypatch.setattr(
        theme_tables,
        "explain_totals",
        lambda connection, its, question, rows, columns: whole(connection, its, question, rows, None),
    )
    with pytest.raises(AssertionError):
        test_columns_that_add_up_to_more_say_so(lines)


def answered_by_two(need: Need) -> Challenge:
    """A challenge of which two people are asked: one answered in time, the other late."""
    challenge = Story(derby()).raise_("Wed 1 April 2026, 10:00").challenge
    (window,) = challenge.windows
    first, second = window.asked
    in_time = replace(first, answered_at=window.opened_at + timedelta(days=1), answer="agrees", late=False)
    late = replace(second, answered_at=window.opened_at + timedelta(days=20), answer="agrees", late=True)
    return replace(challenge, windows=(replace(window, asked=(in_time, late), answer=need),))


@pytest.mark.parametrize(("need", "said"), [(Need.ANY, ReplyState.IN_TIME), (Need.ALL, ReplyState.LATE)])
def test_where_any_may_answer_a_later_word_makes_no_reply_late(need: Need, said: str) -> None:
    found = register_entry_of(answered_by_two(need), derby().authority)
    assert found is not None
    assert [stay.reply for stay in found.stays] == [said]


def test_a_row_of_stages_together_opens_what_it_was_narrowed_to(lines: Lines) -> None:
    question = TableQuestion(Dimension.STAGE, None, "", "", ((Dimension.STAGE, "level_5"),), False, True)
    lines.enter(line(stage="level_5"), line(stage="level_6"))

    def link(connection, its: DisplayLabels) -> str:  # type: ignore[no-untyped-def]
        grouped = read_labels(connection, lines.casework.procedures, its.words, groups=True)
        made = theme_tables.read_table(connection, grouped, question)
        (row,) = made.rows
        assert made.cell(row) == 1
        return report_query.register_address_of_figure(made, AskedQuestion(question, "all"), row, None)

    assert "stage=level_5" in lines.ask(link)


def test_an_old_reason_and_the_one_it_counts_as_are_one_repeat(lines: Lines) -> None:
    lines.enter(line(), line(reasons=(CodedReason("late_report", "practice"),)), number="D-1")
    reporting = Reporting(reasons={"late_report": "report_not_available"})
    ask = lambda connection, its: repeats_and_gaps.repeated_concerns(connection, its, TableQuestion(Dimension.REASON))  # noqa: E731
    assert lines.ask(ask) == ()
    (one,) = lines.ask(ask, reporting)
    assert (one.number, one.reason.key, one.references) == ("D-1", "report_not_available", ("R-1", "R-2"))


def test_more_repeats_than_are_shown_are_not_given_as_all(lines: Lines) -> None:
    for n in range(4):
        lines.enter(line(), line(), number=f"D-{n}")
    found = lines.ask(
        lambda connection, its: repeats_and_gaps.repeated_concerns(connection, its, TableQuestion(Dimension.REASON), most=3)
    )
    assert len(found) == 3


def test_a_stage_that_counts_as_informal_is_no_climb(lines: Lines) -> None:
    lines.enter(line(stage="talk"), line(stage="informal", team="south"), line(stage="level_2", team="south"))
    reporting = Reporting(stages={"talk": "informal"})

    def teams(connection, its: DisplayLabels) -> list[str]:  # type: ignore[no-untyped-def]
        ladders = [rules.ladder for rules in lines.casework.procedures.current(connection, HERE)]
        return [
            one.key for one in repeats_and_gaps.what_is_not_used(connection, its, TableQuestion(Dimension.STAGE), ladders).teams
        ]

    assert lines.ask(teams, reporting) == ["north"]


def test_a_rate_is_of_challenges_whatever_else_is_counted(lines: Lines) -> None:
    lines.enter(line(), line(item_type=ItemType.EXCELLENT_PRACTICE, reasons=()))
    with lines.casework.store.write(HERE) as connection:
        row = {"authority": HERE, "quarter": "2025-Q4", "status": "looked_after", "number": 100}
        connection.execute(insert(PopulationRow), [row])
    question = TableQuestion(Dimension.STAGE, None, "2026-01", "2026-03", (), with_practice=True)
    (rate,) = lines.ask(lambda connection, its: rates_of_period(connection, its, question))
    assert (rate.items, rate.per_100) == (1, "1.0")


def test_a_notice_without_a_reason_stands_under_the_authoritys_own_word_for_it(lines: Lines) -> None:
    lines.enter(line(item_type=ItemType.EXCELLENT_PRACTICE, reasons=()))
    made = lines.ask(
        lambda connection, its: theme_tables.read_table(
            connection, its, TableQuestion(Dimension.REASON, None, with_practice=True)
        )
    )
    assert [row.label for row in made.rows] == ["excellent practice"]


def test_a_view_of_one_child_is_not_kept(store: Store) -> None:
    person = str(UUID(int=7))
    with store.write(HERE) as connection:
        for query in ("child=D-1", "stage=level_2&child=D-1"):
            with pytest.raises(Unfit, match="A view of one child is not kept"):
                saved_views.save_view(connection, HERE, person, "Mine", query, datetime(2026, 4, 1, tzinfo=UTC))
        assert saved_views.views_of(connection, HERE, person) == []
