"""The inbox over JSON: what a person was told, in the words of the authority's file."""

import logging
from uuid import UUID

from fastapi import APIRouter, Request
from sqlalchemy import Connection, RowMapping

from api.json.problems import declared_refusals
from api.json.written_route import WrittenRoute
from api.presenters.shapes import InboxShape, MessageShape
from api.request_context import CurrentRequest, RequestContext
from drp.database.message_tables import MailState
from drp.database.unavailable import Unavailable
from drp.messages.inbox import has_unopened, mark_opened, messages_of_person
from notifications.message_manners import manner_of
from notifications.wording import sentences_about
from workflows.decision.decision_builder import NotificationKind

log = logging.getLogger("drp.inbox")

router = APIRouter(prefix="/api/v1", route_class=WrittenRoute)


@router.get("/inbox", tags=["desk"], responses=declared_refusals(), response_model=InboxShape)
def inbox(asked: CurrentRequest) -> InboxShape:
    """What you have been told, newest first: the delivery of record, whatever became of the mail."""
    with asked.service.store.read(asked.authority) as connection:
        rows = messages_of_person(connection, asked.authority, UUID(asked.signed.person), 200)
        return InboxShape(messages=[message_of(connection, asked, row) for row in rows])


def is_fetched_ahead(request: Request) -> bool:
    """Does a request only look whether something is there, or fetch it before anybody wants it? Then nobody has opened it."""
    return "prefetch" in request.headers.get("sec-purpose", "") + request.headers.get("purpose", "")


def note_item_opened(asked: RequestContext, challenge: UUID) -> None:
    """Somebody opened an item itself: they were reached with whatever they were told of it.

    Reading goes on where that cannot be written down: then they count as not reached, which blames nobody.
    """
    person = UUID(asked.signed.person)
    try:
        with asked.service.store.read(asked.authority) as connection:
            if not has_unopened(connection, asked.authority, person, challenge):
                return
        with asked.service.store.write(asked.authority) as connection:
            mark_opened(connection, asked.authority, person, challenge, asked.now)
    except Unavailable:
        log.warning("that an item was opened could not be written down")


def message_of(connection: Connection, asked: RequestContext, row: RowMapping) -> MessageShape:
    """One copy of a message, in the words of the authority's file."""
    rules = asked.service.casework.procedures.rules(connection, asked.authority, row["ladder_hash"], row["authority_hash"])
    subject, manner = NotificationKind(row["subject"]), manner_of(row["as_to"], row["how"])
    said = sentences_about(rules.ladder.followed, subject, manner, rules.authority, row["due"], False)
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
        mail_why=row["error"] if row["mail"] == MailState.LAPSED else "",
    )
