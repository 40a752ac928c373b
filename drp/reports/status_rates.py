"""How many items there are for every 100 children of a status."""

from dataclasses import dataclass, replace
from decimal import Decimal

from sqlalchemy import Connection, func
from sqlmodel import col

from drp.database.register_tables import PopulationRow
from drp.database.scope import select_of
from drp.reports.aggregate import CountedPairs, Dimension
from drp.reports.display_labels import DisplayLabels
from drp.reports.percentages import round_as_reports
from drp.reports.theme_tables import TableQuestion, count_question
from workflows.calendar.reporting_periods import periods_between, quarter_of_month


@dataclass(frozen=True)
class StatusRate:
    """Items about children of one status for every 100 such children. `children`: the mean of the quarters that are known."""

    status: str
    items: int
    children: Decimal
    quarters: int

    @property
    def per_100(self) -> str:
        """To one decimal: 10.1."""
        return str(round_as_reports(Decimal(self.items * 100) / self.children, 1))


MOST_QUARTERS = 4
"""Of how many quarters a rate is given: over longer than a year it would say nothing that people know."""


def rates_of_period(connection: Connection, labels: DisplayLabels, question: TableQuestion) -> tuple[StatusRate, ...]:
    """Rates of a period of up to a year, for each status whose number of children is known for all of its quarters."""
    if not question.first or not question.last:
        return ()
    first, last = (quarter_of_month(month) for month in (question.first, question.last))
    quarters = periods_between([first, last])
    if len(quarters) > MOST_QUARTERS:
        return ()
    rows = connection.execute(
        select_of(PopulationRow, labels.words.key, PopulationRow.status, func.sum(col(PopulationRow.number)), func.count())
        .where(col(PopulationRow.quarter).in_(quarters))
        .group_by(col(PopulationRow.status))
        .order_by(col(PopulationRow.status))
    ).all()
    known = [(status, int(total)) for status, total, number in rows if total and number == len(quarters)]
    # Challenges alone: notices of excellent practice are apart, whatever else is counted with them.
    counts = (
        count_question(connection, labels, replace(question, with_practice=False), (Dimension.STATUS, None))
        if known
        else CountedPairs({}, 0)
    )
    return tuple(
        StatusRate(status, counts.cells.get((status, ""), 0), Decimal(total) / len(quarters), len(quarters))
        for status, total in known
    )
