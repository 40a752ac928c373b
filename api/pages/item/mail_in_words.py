"""What is so of the messages about an item: they stand in the inbox, and whether and when they leave by e-mail."""

from sqlalchemy import Connection

from api.pages.frame.browser_request import PageContext
from api.presenters.item_reader import SeenItem
from api.presenters.wording import moment_in_words
from drp.database.message_tables import MailState, parties_of
from drp.messages.delivery_store import list_unreached_copies
from drp.messages.sending_pause import read_pause
from notifications.outbox import sending_opens
from workflows.model.challenge import ASKS_RECIPIENTS
from workflows.model.ladder import ItemType

HOW_IT_STANDS = {
    MailState.WAITING: "no mail has left yet",
    MailState.INBOX: "no mail is sent here; not opened yet",
    MailState.RETURNED: "the mail came back",
    MailState.REFUSED: "the mail was refused",
    MailState.SKIPPED: "no longer holds the post",
    MailState.LAPSED: "no mail left: it had no point any more",
}


def mail_in_words(connection: Connection, visit: PageContext, item: SeenItem) -> str:
    """When those whom something concerns hear of it: in their inbox now, and by e-mail when."""
    inbox = "It stands in their inbox in this service now"
    if not visit.service.sender.sends_mail:
        return f"{inbox}; no e-mail is sent here."
    is_urgent = item.loaded.challenge.item_type is ItemType.URGENT
    if read_pause(connection, visit.authority) is not None and not is_urgent:
        return f"{inbox}. Sending is paused, so no e-mail leaves: ring whoever is to answer soon, and put that on the record."
    opens = sending_opens(item.rules, visit.now)
    if opens > visit.now and not is_urgent:
        return f"{inbox}, and leaves by e-mail not before {moment_in_words(opens)}."
    return f"{inbox}, and leaves by e-mail within minutes."


def unreached_in_words(connection: Connection, visit: PageContext, item: SeenItem) -> list[str]:
    """Whoever is asked at the moment and has not been reached, each with how their mail stands. For the IRO service to act on."""
    main = item.loaded.challenge.main_window()
    if main is None or not main.is_open or main.key.kind not in ASKS_RECIPIENTS:
        return []
    owing = {asked.party.role for asked in main.asked if asked.answered_at is None and asked.told_on is None}
    name = f"{main.key.sequence}/{main.key.kind.value}/{main.key.n}"
    rows = list_unreached_copies(connection, visit.authority, item.loaded.id, name)
    words = item.rules.authority
    return [
        f"{row['name']} ({words.role(row['role']).title}): {HOW_IT_STANDS[MailState(row['mail'])]}"
        for row in rows
        if owing.intersection(parties_of(row["party"], row["also"])) and words.has_role(row["role"])
    ]
