"""Half-way between two reviews: the decisions of several children looked through at once. Contact is one child at a time."""

from contextlib import suppress
from hashlib import sha256

from fastapi import Response
from sqlalchemy import Connection

from api.pages.frame.browser_request import CurrentPage, FormSubmission, PageContext, SentForm, go_to, router
from api.pages.item.item_page import receipt_values
from api.presenters.item_reader import SeenItem
from api.queries.item_list import list_items
from drp.casework.access import AccessEnded, NotFound
from drp.casework.retry_keys import RetryKey
from drp.database.unavailable import Unavailable
from drp.items.item_search import ListFilter
from workflows.decision.event_rules import is_open_to
from workflows.decision.watching import CONTACT, DECISIONS
from workflows.model.events import LookedThrough
from workflows.model.ladder import ItemType
from workflows.model.refusals import Refused

MOST = 100
"""Mid-points that are listed and marked at once: more than one IRO has at a time."""

PARTS = {DECISIONS: "decisions looked through", CONTACT: "contact noted"}


def open_mid_points(connection: Connection, visit: PageContext) -> tuple[list[tuple[SeenItem, str, bool]], bool]:
    """One's own open mid-points: each with what is done of it, and whether its decisions are still to be looked through.

    And whether there may be more than were looked at.
    """
    wanted = ListFilter("open", item_type=ItemType.MID_POINT.value)
    found = []
    listed = list_items(connection, visit, wanted, MOST)
    for item in listed.items:
        challenge = item.loaded.challenge
        if is_open_to(LookedThrough, item.rules, challenge, item.actor):
            done = challenge.mid_point_done
            found.append((item, "; ".join(PARTS[part] for part in done) or "nothing noted yet", DECISIONS not in done))
    return found, bool(listed.next)


@router.post("/reviews/looked-through")
def look_through_on_page(visit: CurrentPage, sent: SentForm) -> Response:
    """Each of those ticked is marked, in an act of its own; one that is refused keeps no other from it."""
    sent.confirm()
    given = sent.form(())[0].given
    ticked = [text.upper() for text in dict.fromkeys(given.get("items", ())) if len(text) <= 16][:MOST]
    done = [reference for reference in ticked if _mark(visit, sent, reference)]
    with suppress(Unavailable):  # it is done, and each item's own entry says by whom
        visit.log_access("event", *done)
    return go_to(f"/reviews?looked={len(done)}&left={len(ticked) - len(done)}")


def _mark(visit: PageContext, sent: FormSubmission, reference: str) -> bool:
    event = LookedThrough(visit.today)
    hashed = sha256(f"looked through {reference} {event!r}".encode()).hexdigest()
    retry = RetryKey(f"{sent.once}/{reference}" if sent.once else "", hashed)
    try:
        visit.service.casework.act(visit.signed, reference, event, visit.now, receipt_values, retry)
    except (Refused, NotFound, AccessEnded):
        return False
    return True
