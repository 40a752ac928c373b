"""The inbox over JSON: what a person was told, in the words of the authority's file."""

from uuid import UUID

from fastapi import APIRouter
from sqlalchemy import Connection, RowMapping

from api.json.problems import declared_refusals
from api.presenters.shapes import InboxShape, MessageShape
from api.request_context import CurrentRequest, RequestContext
from drp.messages.inbox import messages_of_person
from notifications.wording import WORDS, message_sentences
from workflows.decision.decision_builder import NotificationKind

router = APIRouter(prefix="/api/v1")


@router.get("/inbox", tags=["desk"], responses=declared_refusals(), response_model=InboxShape)
def inbox(asked: CurrentRequest) -> InboxShape:
    """What you have been told, newest first: the delivery of record, whatever became of the mail."""
    with asked.service.store.read(asked.authority) as connection:
        rows = messages_of_person(connection, asked.authority, UUID(asked.signed.person), 200)
        return InboxShape(messages=[message_of(connection, asked, row) for row in rows])


def message_of(connection: Connection, asked: RequestContext, row: RowMapping) -> MessageShape:
    """One copy of a message, in the words of the authority's file."""
    rules = asked.service.casework.procedures.rules(connection, asked.authority, row["ladder_hash"], row["authority_hash"])
    said = message_sentences(WORDS[NotificationKind(row["subject"])], rules.authority, row["due"], False)
    return MessageShape(
        reference=row["reference"],
        about=row["subject"],
        subject=said["subject"],
        said=said["happened"],
        do=said["do"],
        stage=rules.ladder.stage(row["stage"]).label if rules.ladder.has(row["stage"]) else "",
        due=row["due"],
        at=row["at"],
        addressed=row["as_to"],
        read=row["read_at"] is not None,
        mail=row["mail"],
    )
