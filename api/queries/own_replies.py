"""Somebody's own figures: for pages and JSON alike."""

from uuid import UUID

from sqlalchemy import Connection

from api.queries.report_query import months_of_span
from api.request_context import RequestContext
from drp.reports.aggregate import Dimension
from drp.reports.display_labels import read_labels
from drp.reports.response_times import StageResponseTimes, response_times_by_stage
from drp.reports.theme_tables import TableQuestion
from workflows.calendar.working_days import local_date

PERIOD = "years"
"""Of which months: this reporting year and the one before."""


def read_own_replies(connection: Connection, asked: RequestContext) -> tuple[StageResponseTimes, ...]:
    """How soon there was a reply at the stages that asked whoever is signed in, by stage."""
    procedures = asked.service.casework.procedures
    labels = read_labels(connection, procedures, procedures.current(connection, asked.authority)[0].authority)
    question = TableQuestion(Dimension.STAGE, None, *months_of_span(PERIOD, local_date(asked.now)))
    return response_times_by_stage(connection, labels, question, person=UUID(asked.signed.person))
