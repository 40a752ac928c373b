"""Examples for a report: chosen by the IRO manager, and printed once the IRO says that the family would not know it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection, func, insert
from sqlmodel import col

from drp.database.challenge_tables import ChallengeRow
from drp.database.directory_tables import CoverRow, PostRow
from drp.database.report_tables import ReportExampleRow, WrittenReportRow
from drp.database.scope import delete_of, delete_rows, in_authority, match_day, select_of, update_of
from drp.identity.principal import NotPermitted
from drp.written_reports.contents import ReportQuote
from drp.written_reports.requests import lock_report
from workflows.calendar.working_days import local_date
from workflows.model.authority import Authority, Capacity
from workflows.model.challenge import Outcome
from workflows.model.refusals import NotOpen, Unfit

ASKED, SAFE, KNOWN = "asked", "safe", "known"
"""How an example stands: the IRO is asked; the family would not know it; they would."""

LONGEST_EXAMPLE = 10_000


@dataclass(frozen=True)
class ReportExample:
    """One example of a draft. `why`: what the IRO said of it."""

    report: UUID
    n: int
    reference: str
    words: str
    state: str
    why: str


@dataclass(frozen=True)
class JudgedExample:
    """What an IRO says of one example. `words`: as they read it; `why`: what gives the family away."""

    report: UUID
    n: int
    words: str
    is_safe: bool
    why: str


def list_examples(connection: Connection, authority: str, report: UUID) -> list[ReportExample]:
    """The examples of a report, in the order in which they were chosen."""
    asked = select_of(ReportExampleRow, authority).where(col(ReportExampleRow.report) == report).order_by(col(ReportExampleRow.n))
    return [ReportExample(row.report, row.n, row.reference, row.words, row.state, row.why) for row in connection.execute(asked)]


def printed_examples(connection: Connection, authority: str, report: UUID) -> list[ReportQuote]:
    """Those that are printed: of which the IRO said that the family would not know it, and whose item stands."""
    asked = (
        select_of(ReportExampleRow, authority, ReportExampleRow.words)
        .join(ChallengeRow, in_authority(ChallengeRow, authority) & (col(ChallengeRow.id) == col(ReportExampleRow.item)))
        .where(
            col(ReportExampleRow.report) == report,
            col(ReportExampleRow.state) == SAFE,
            col(ChallengeRow.phase) != Outcome.IN_ERROR.value,
        )
        .order_by(col(ReportExampleRow.n))
    )
    return [ReportQuote(words=words) for words in connection.execute(asked).scalars()]


def offer_example(connection: Connection, authority: str, report: UUID, reference: str, words: str, by: UUID) -> None:
    """Choose an item as an example, in words that are changed; its IRO is asked. Raises Unfit for an item that there is not.

    What is recorded in error is no item. Whoever chooses at the same moment waits until this transaction is over.
    """
    if len(words) > LONGEST_EXAMPLE:
        raise Unfit(f"That is longer than {LONGEST_EXAMPLE:,} characters.", "Tell it shorter.", "words")
    item = connection.execute(
        select_of(ChallengeRow, authority, ChallengeRow.id).where(
            col(ChallengeRow.reference) == reference, col(ChallengeRow.phase) != Outcome.IN_ERROR.value
        )
    ).scalar_one_or_none()
    if item is None:
        raise Unfit("There is no such item.", "Copy the reference from the item's page or the register.", "reference")
    lock_report(connection, authority, report)
    last = select_of(ReportExampleRow, authority, func.coalesce(func.max(col(ReportExampleRow.n)), 0))
    n = int(connection.execute(last.where(col(ReportExampleRow.report) == report)).scalar_one()) + 1
    values = {"item": item, "reference": reference, "words": words, "state": ASKED, "why": "", "chosen_by": by}
    connection.execute(insert(ReportExampleRow).values(authority=authority, report=report, n=n, **values))


def remove_example(connection: Connection, authority: str, report: UUID, n: int) -> None:
    """Take an example out of a draft. To word it anew is another example: its IRO is asked of those words."""
    one = (col(ReportExampleRow.report) == report, col(ReportExampleRow.n) == n)
    delete_rows(connection, ReportExampleRow, authority, *one)


def examples_to_judge(connection: Connection, words: Authority, iro: UUID, day: date) -> list[ReportExample]:
    """Examples of drafts that wait for somebody's word: they are the child's IRO, or cover them."""
    authority = words.key
    covered = select_of(CoverRow, authority, CoverRow.of).where(
        col(CoverRow.by) == iro, col(CoverRow.is_delegate).is_(False), *match_day(CoverRow, day)
    )
    iros = {iro, *connection.execute(covered).scalars()}
    children = select_of(PostRow, authority, PostRow.key).where(
        col(PostRow.person).in_(iros), col(PostRow.role).in_(words.roles_acting_as(Capacity.IRO)), *match_day(PostRow, day)
    )
    mine = {UUID(key) for key in connection.execute(children).scalars() if key}
    asked = (
        select_of(ReportExampleRow, authority)
        .join(ChallengeRow, in_authority(ChallengeRow, authority) & (col(ChallengeRow.id) == col(ReportExampleRow.item)))
        .join(
            WrittenReportRow,
            in_authority(WrittenReportRow, authority) & (col(WrittenReportRow.id) == col(ReportExampleRow.report)),
        )
        .where(
            col(ReportExampleRow.state) == ASKED,
            col(ChallengeRow.child).in_(mine) | (col(ChallengeRow.child).is_(None) & col(ChallengeRow.raiser).in_(iros)),
            col(ReportExampleRow.chosen_by) != iro,  # nobody judges their own words
            col(ChallengeRow.phase) != Outcome.IN_ERROR.value,
            col(WrittenReportRow.released_at).is_(None),
        )
        .order_by(col(WrittenReportRow.made_at), col(ReportExampleRow.n))
    )
    return [ReportExample(row.report, row.n, row.reference, row.words, row.state, row.why) for row in connection.execute(asked)]


def judge_example(connection: Connection, words: Authority, iro: UUID, judged: JudgedExample, now: datetime) -> None:
    """Keep what the IRO says of an example, as it was worded when they read it.

    Raises NotPermitted for whoever is not asked, NotOpen where its words changed since, Unfit.
    """
    open_to_them = examples_to_judge(connection, words, iro, local_date(now))
    if not any((one.report, one.n) == (judged.report, judged.n) for one in open_to_them):
        raise NotPermitted
    report, n, is_safe, why = judged.report, judged.n, judged.is_safe, judged.why
    if not is_safe and not why.strip():
        raise Unfit("It is not said what gives the family away.", "Say what to change: the IRO manager words it anew.", "why")
    if len(why) > LONGEST_EXAMPLE:
        raise Unfit(f"That is longer than {LONGEST_EXAMPLE:,} characters.", "Say it shorter.", "why")
    said = {"state": SAFE if is_safe else KNOWN, "why": why.strip(), "said_by": iro, "said_at": now}
    still = (
        col(ReportExampleRow.report) == report,
        col(ReportExampleRow.n) == n,
        col(ReportExampleRow.state) == ASKED,
        col(ReportExampleRow.words) == judged.words,
    )
    if connection.execute(update_of(ReportExampleRow, words.key).where(*still).values(**said)).rowcount != 1:
        raise NotOpen("The example was worded anew since you opened the page.", "Read it again, and say it of the new words.")


@dataclass(frozen=True)
class KeptExample:
    """An example that is kept of a child's item: for which report, in which words, and how it stands."""

    reference: str
    title: str
    period: str
    words: str
    state: str


def examples_of_items(connection: Connection, authority: str, items: Sequence[UUID]) -> list[KeptExample]:
    """Every example that is kept of some items, the earliest report first."""
    asked = (
        select_of(ReportExampleRow, authority, ReportExampleRow, WrittenReportRow.contents)
        .join(
            WrittenReportRow,
            in_authority(WrittenReportRow, authority) & (col(WrittenReportRow.id) == col(ReportExampleRow.report)),
        )
        .where(col(ReportExampleRow.item).in_(items))
        .order_by(col(WrittenReportRow.made_at), col(ReportExampleRow.report), col(ReportExampleRow.n))
    )
    return [
        KeptExample(row.reference, row.contents["title"], row.contents["period"], row.words, row.state)
        for row in connection.execute(asked)
    ]


def forget_examples(connection: Connection, authority: str, items: Sequence[UUID]) -> int:
    """Take the examples of some items out: their record is erased. What was printed names nobody, and stays. Gives how many."""
    gone = delete_of(ReportExampleRow, authority).where(col(ReportExampleRow.item).in_(items))
    return connection.execute(gone).rowcount
