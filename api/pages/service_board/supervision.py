"""One IRO's open items on a page or two, for supervision: the IRO manager opens it, and the IRO themself; nobody else does."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from fastapi import Response

from api.pages.frame.browser_request import CurrentPage, PageContext, router
from api.pages.item.item_page import is_talk, text_of_next
from api.pages.staffing.directory import person_in, read_somebody
from api.presenters import item_reader
from api.presenters.followed_words import FOLLOWED_WORDS
from api.presenters.item_view import SHOWN, due_in_words, title_of
from drp.casework.access import NotFound
from drp.directory.people import DirectoryPerson
from drp.identity.principal import NotPermitted
from drp.staffing.supervision import list_items_in_hand, list_missing_contacts
from workflows.model.authority import Capacity
from workflows.model.challenge import Window, WindowKind
from workflows.model.ladder import ItemType

MOST = 200
"""Items that are listed; no IRO's hands hold more, and what is beyond is counted."""

KINDS = {
    ItemType.REVIEW_DECISION: "Review decisions that are followed",
    ItemType.TRACKED_CASE: "Tracked children",
    ItemType.MID_POINT: "Mid-points",
}
"""What is followed between reviews, each under a heading of its own; everything else was raised."""

RAISED = "What was raised"


@dataclass(frozen=True)
class SupervisedItem:
    """One open item: what it waits for, since when (aware UTC), and whether that is past its date."""

    item: item_reader.SeenItem
    waits: str
    since: datetime
    is_late: bool


@router.get("/iros/{person}")
def show_for_supervision(visit: CurrentPage, person: str) -> Response:
    """What one IRO has in hand, the oldest first. Raises NotPermitted for anybody but them and the IRO manager."""
    named = person_in(person)
    check_supervises(visit, named)
    with visit.reading() as connection:
        iro = read_somebody(connection, visit, named)
        if not _is_iro(visit, iro):
            raise NotFound
        in_hand = list_items_in_hand(connection, visit.words, named, visit.today, MOST)
        found = item_reader.items_they_may_see(connection, visit, in_hand.items)
        missing = list_missing_contacts(connection, visit.words, named, visit.today)
    lines = [supervised_item(item, visit.now) for item in found.values()]
    visit.log_access("supervision", *(line.item.loaded.reference for line in lines), *(one.reference for one in missing))
    return visit.page(
        "supervision.html", title=f"{iro.name}: for supervision", iro=iro, children=in_hand.children,
        groups=_groups(lines), more=in_hand.total - len(lines), past=sum(line.is_late for line in lines), missing=missing,
        is_own=named == visit.person, total=in_hand.total,
    )  # fmt: skip


def check_supervises(visit: PageContext, iro: UUID) -> None:
    """Raise NotPermitted unless they are an IRO manager, or ask for what they have in hand themself."""
    if Capacity.IRO_MANAGER not in visit.signed.capacities and visit.person != iro:
        raise NotPermitted


def _is_iro(visit: PageContext, one: DirectoryPerson) -> bool:
    roles = visit.words.roles_acting_as(Capacity.IRO)
    return any(post.role in roles for post in one.posts)


def supervised_item(item: item_reader.SeenItem, now: datetime) -> SupervisedItem:
    """An item by the promise that comes first; one without any waits for the IRO since it came to its stage."""
    challenge = item.loaded.challenge
    waiting = [window for window in challenge.open_windows() if window.key.kind in SHOWN - {WindowKind.WHOLE_PROCESS}]
    window = min(waiting, key=lambda one: (one.promise.closes_at, one.opened_at), default=None)
    if window is None:
        said = "A talk, on the record: nobody is asked." if is_talk(item) else "No date runs."
        return SupervisedItem(item, said, challenge.visits[-1].entered_at if challenge.visits else challenge.raised_at, False)
    is_late = window.is_late(now) and not window.promise.is_without_date
    return SupervisedItem(item, _waits_in_words(item, window, is_late), window.opened_at, is_late)


def _waits_in_words(item: item_reader.SeenItem, window: Window, is_late: bool) -> str:
    challenge = item.loaded.challenge
    text = text_of_next(window.key.kind.value, is_late, FOLLOWED_WORDS.get(challenge.item_type))
    owner = title_of(item.rules.authority, window.owner.role, challenge.raiser_role)
    said = text.format(owner=owner, due=due_in_words(window.promise))
    return f"{said} Held: the service was away." if window.held_since else said


def _groups(lines: list[SupervisedItem]) -> list[tuple[str, list[SupervisedItem]]]:
    groups: dict[str, list[SupervisedItem]] = {heading: [] for heading in (RAISED, *KINDS.values())}
    for line in lines:
        groups[KINDS.get(line.item.loaded.challenge.item_type, RAISED)].append(line)
    return [(heading, found) for heading, found in groups.items() if found]
