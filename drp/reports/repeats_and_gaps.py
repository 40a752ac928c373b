"""What a count does not show: what comes back, what is past its date now, and what is not there at all."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, case, exists, func, select
from sqlmodel import col

from drp.database.challenge_tables import ChallengeRow, WindowRow, match_not_followed
from drp.database.directory_tables import ChildRow
from drp.database.gathering import gather_by_key
from drp.database.register_tables import RegisterRow, StayRow
from drp.database.scope import core_table, in_authority
from drp.database.statements import WINDOW_OF_PRESENT_STAY
from drp.reports.aggregate import Dimension, conditions_of
from drp.reports.display_labels import DisplayLabels, TableHeading
from drp.reports.theme_tables import TableQuestion, asked_of, ids_of_narrowed, read_table
from workflows.model.challenge import ASKS_RECIPIENTS, Outcome
from workflows.model.ladder import Ladder
from workflows.model.register_entry import CHALLENGE, VisitCause


@dataclass(frozen=True)
class RepeatedConcern:
    """One child, one reason, again and again. `references`: the items, the earliest first; `number`: the case system's."""

    number: str
    reason: TableHeading
    references: tuple[str, ...]
    has_climbed: bool


@dataclass(frozen=True)
class PastDate:
    """Items whose reply is past its date now, by the stage at which they stand."""

    stage: TableHeading
    items: int


@dataclass(frozen=True)
class NotUsed:
    """What is not there, in one period."""

    stages: tuple[TableHeading, ...]
    """Stages of the ladders in use that nothing reached."""
    teams: tuple[TableHeading, ...]
    """Teams about which there were concerns, none of which was taken beyond an informal step."""


def past_date(
    connection: Connection, labels: DisplayLabels, now: datetime, question: TableQuestion | None = None
) -> tuple[PastDate, ...]:
    """Open items that wait for a reply past its date, as it stands now and whatever the period: of a team, if one is asked."""
    query = select(col(ChallengeRow.stage), func.count(col(ChallengeRow.id).distinct()))
    if question and question.only:
        query = query.where(col(ChallengeRow.id).in_(ids_of_narrowed(labels, question)))
    rows = connection.execute(waiting_statement(query, labels.words.key, now).group_by(col(ChallengeRow.stage))).all()
    found = Counter[str]()
    for stage, number in rows:
        found[labels.heading(Dimension.STAGE, stage).key] += number
    return tuple(PastDate(stage, found[stage.key]) for stage in labels.headings(Dimension.STAGE, [row[0] for row in rows]))


def waiting_statement(query: Any, authority: str, now: datetime) -> Any:
    """A query of challenges narrowed to those that are open and wait for a reply past its date."""
    return query.join(
        WindowRow,
        WINDOW_OF_PRESENT_STAY,
    ).where(
        in_authority(ChallengeRow, authority),
        match_not_followed(),
        col(ChallengeRow.is_open),
        col(WindowRow.closed_at).is_(None),
        col(WindowRow.kind).in_([kind.value for kind in ASKS_RECIPIENTS]),
        col(WindowRow.closes_at) <= now,
    )


MOST_REPEATS = 200


def repeated_concerns(
    connection: Connection, labels: DisplayLabels, question: TableQuestion, most: int = MOST_REPEATS
) -> tuple[RepeatedConcern, ...]:
    """The same child and the same reason twice or more, and none of them resolved. The most often repeated first.

    A child is known by the case-system number, whether the directory has it or only a sheet; a reason of an earlier list is
    the one that it counts as.
    """
    line, stay, child = core_table(RegisterRow), core_table(StayRow), core_table(ChildRow)
    whose = func.coalesce(child.c.number, line.c.number)
    mapped = dict(labels.words.reporting.reasons)
    reason = case(mapped, value=line.c.reason, else_=line.c.reason) if mapped else line.c.reason
    climbed = exists().where(
        stay.c.authority == line.c.authority,
        stay.c.id == line.c.id,
        stay.c.cause.in_((VisitCause.NO_REPLY, VisitCause.NEEDS_MORE, VisitCause.JUMP, VisitCause.CHOSEN)),
    )
    settled = line.c.outcome.in_((Outcome.RESOLVED.value, Outcome.OVERTAKEN.value))
    asked = asked_of(labels, question, (Dimension.REASON, None))
    with_child = line.outerjoin(child, and_(child.c.authority == line.c.authority, child.c.id == line.c.child))
    here = (
        in_authority(RegisterRow, labels.words.key),
        line.c.kind == CHALLENGE,
        line.c.reason != "",
        whose != "",
        *conditions_of(asked),
    )
    groups = (
        select(whose.label("whose"), reason.label("reason"))
        .select_from(with_child)
        .where(*here)
        .group_by(whose, reason)
        .having(func.count(line.c.id.distinct()) > 1, func.sum(case((settled, 1), else_=0)) == 0)
        .order_by(func.count(line.c.id.distinct()).desc(), whose, reason)
        .limit(most)
        .subquery()
    )
    rows = connection.execute(
        select(groups.c.whose, groups.c.reason, line.c.reference, climbed.label("climbed"))
        .select_from(with_child.join(groups, and_(groups.c.whose == whose, groups.c.reason == reason)))
        .where(*here)
        .order_by(line.c.raised_on, line.c.reference)
    ).all()
    concerns = [
        RepeatedConcern(
            number, labels.heading(Dimension.REASON, key), tuple(dict.fromkeys(row.reference for row in of_child)),
            any(row.climbed for row in of_child),
        )
        for (number, key), of_child in gather_by_key(((row.whose, row.reason), row) for row in rows).items()
    ]  # fmt: skip
    return tuple(sorted(concerns, key=lambda concern: (-len(concern.references), concern.references)))


def what_is_not_used(
    connection: Connection, labels: DisplayLabels, question: TableQuestion, ladders: Sequence[Ladder]
) -> NotUsed:
    """What nobody used, and where concerns stayed concerns."""
    narrowed = replace(question, by=Dimension.STAGE, across=None, with_practice=False, together=False)
    by_stage = read_table(connection, labels, narrowed)
    by_team = read_table(connection, labels, replace(narrowed, by=Dimension.TEAM, across=Dimension.STAGE))
    informal = {stage.key for ladder in ladders for stage in ladder.stages if stage.informal}
    beyond = [stage for stage in by_team.columns if stage.key not in informal and not informal & set(stage.kept)]
    return NotUsed(
        tuple(stage for stage in by_stage.rows if stage.key and not by_stage.cell(stage)),
        tuple(
            team
            for team in by_team.rows
            if team.key and by_team.cell(team) and not any(by_team.cell(team, stage) for stage in beyond)
        ),
    )


def without_own_code(labels: DisplayLabels) -> tuple[str, ...]:
    """The reasons that say "other": each needs words, and is opened for review so that the list can grow."""
    return tuple(reason.key for theme in labels.words.themes for reason in theme.reasons if reason.needs_words)
