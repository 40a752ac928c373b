"""One period beside another, with the arithmetic stated."""

from dataclasses import dataclass, replace

from sqlalchemy import Connection

from drp.reports.aggregate import Dimension
from drp.reports.display_labels import DisplayLabels
from drp.reports.percentages import change_in_percent, signed_number
from drp.reports.theme_tables import TableQuestion, break_between, count_question
from workflows.calendar.reporting_periods import months_in, period_in_words


@dataclass(frozen=True)
class PeriodComparison:
    """One period beside another. `broken`: why the two are not to be compared without saying so."""

    now: str
    before: str
    items: int
    items_before: int
    broken: str = ""

    def in_words(self) -> str:
        """The arithmetic, stated: 112 in 2016/17, 164 in 2015/16: 112 − 164 = −52; −52 of 164 is −31.7%."""
        now, before = period_in_words(self.now), period_in_words(self.before)
        more = signed_number(self.items - self.items_before)
        text = f"{self.items:,} in {now}, {self.items_before:,} in {before}: {self.items:,} − {self.items_before:,} = {more}"
        if self.items_before:
            text += f"; {more} of {self.items_before:,} is {change_in_percent(self.items, self.items_before)}"
        return text + "."


def compare_periods(
    connection: Connection, labels: DisplayLabels, question: TableQuestion, now: str, before: str
) -> PeriodComparison:
    """How many items there are in one period and in another, both narrowed as the question is."""
    numbers = []
    for period in (now, before):
        first, last = months_in(period)
        of_period = replace(question, across=None, first=first, last=last, together=False)
        numbers.append(count_question(connection, labels, of_period, (Dimension.MONTH, None)).items)
    broken = break_between(labels, before, now)
    return PeriodComparison(now, before, numbers[0], numbers[1], broken.why if broken else "")
