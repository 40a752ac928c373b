"""The IRO service's board: what each IRO has in hand, and what waits for the service's own desk. Supervision, not blame."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from hashlib import sha256
from uuid import UUID

from fastapi import APIRouter, Response
from sqlalchemy import Connection

from api.pages.frame import layout
from api.pages.frame.browser_request import CurrentPage, FormSubmission, PageContext, SentForm
from api.pages.frame.form_fields import Form, RadioPick, TextArea
from api.pages.item import item_page
from api.pages.my_work.my_tasks import about_in_words, child_in_words
from api.pages.staffing.directory import show_gaps
from api.presenters import item_reader, item_view
from api.presenters.item_reader import SeenItem
from drp.casework.access import AccessEnded, NotFound
from drp.casework.service import RetryKey
from drp.database.engine import Unavailable
from drp.directory import people
from drp.directory.people import IRO_SERVICE, ListedCover
from drp.items import service_board
from drp.staffing import caseloads
from drp.staffing.caseloads import IroCaseload
from notifications.record_outcome import refused_why
from workflows.calendar.working_days import local_date
from workflows.model.authority import Capacity
from workflows.model.challenge import WindowKind
from workflows.model.events import WindowsReleased
from workflows.model.refusals import Refused

router = APIRouter(include_in_schema=False)

MOST = 100
"""Items that one list of the board shows; the rest are counted. So many held items are released at one press."""

RELEASE = (
    RadioPick(
        name="how",
        label="How",
        options=[
            ("as due", "As due", "What passed meanwhile is acted on now; the next stage has its full time."),
            (
                "time given back",
                "With the lost time given back",
                "Each date that was lost is promised again, later by what was lost.",
            ),
        ],
        need="Choose how they are released.",
    ),
    TextArea(name="why", label="Why", hint="It stands on the record of each item.", need="Say why.", rows=2),
)


@dataclass(frozen=True)
class BoardItem:
    """One item in a list of the board."""

    reference: str
    child: str
    about: str
    where: str
    said: str = ""
    due: date | None = None
    is_late: bool = False
    since: datetime | None = None


@dataclass(frozen=True)
class BoardList:
    """Some lines of a list, and how many there are in all."""

    lines: tuple[BoardItem, ...] = ()
    total: int = 0


@dataclass(frozen=True)
class CaseloadLine:
    """One line of the table: an IRO, what they have in hand, and who covers for them today."""

    name: str
    load: IroCaseload
    person: str = ""
    away: str = ""


@router.get("/board")
def show_board(visit: CurrentPage, handed: int = 0, released: int = -1, left: int = 0) -> Response:
    """The board."""
    return _page(visit, Form(RELEASE), _done(handed, released, left))


def _done(handed: int, released: int, left: int) -> str:
    if handed:
        children = "1 child" if handed == 1 else f"{handed} children"
        return f"The hand-over of {children} is recorded. Whoever takes over is told of each open item, from the first day on."
    if released >= 0:
        said = f"{released} {'item was' if released == 1 else 'items were'} released."
        rest = f" {left} could not be: open {'it' if left == 1 else 'them'} to see why." if left else ""
        return said + rest
    return ""


@router.post("/board/release")
def release_held_windows(sent: SentForm) -> Response:
    """Everything that was held after an outage is released at one press; each item keeps who did it, and why."""
    visit = sent.visit
    form, values = sent.form(RELEASE)
    if form.is_faulty:
        return _page(visit, form, "")
    with visit.service.store.read(visit.authority) as connection:
        held, _ = _held(connection, visit)
    event = WindowsReleased(values["how"], str(values["why"]))
    let, left = _release(visit, [one.loaded.reference for one in held.values()], event, sent)
    return layout.go_to(f"/board?released={let}&left={left}#held")


def _release(visit: PageContext, references: Sequence[str], event: WindowsReleased, sent: FormSubmission) -> tuple[int, int]:
    """How many were released, and how many could not be. One that is refused does not keep the others."""
    let: list[str] = []
    for reference in references:
        hashed = sha256(f"release {reference} {event!r}".encode()).hexdigest()
        retry = RetryKey(f"{sent.once}/{reference}" if sent.once else "", hashed)
        try:
            visit.service.casework.act(visit.signed, reference, event, visit.now, item_page.receipt_values, retry)
        except (Refused, NotFound, AccessEnded):
            continue
        except Unavailable:
            if not let:
                raise
            break
        let.append(reference)
    with suppress(Unavailable):  # it is done, and each item's own entry says by whom
        visit.service.access_log.record(visit.authority, visit.now, visit.signed.person, "event", *let)
    return len(let), len(references) - len(let)


def _page(visit: PageContext, form: Form, done: str) -> Response:
    day = local_date(visit.now)
    with visit.service.store.read(visit.authority) as connection:
        counted = caseloads.read_board(connection, visit.words, visit.now)
        stand_ins = _covers(connection, visit, day)
        held, held_in_all = _held(connection, visit)
        meetings = _meetings(connection, visit)
        failed = _failed(connection, visit)
        empty = show_gaps(connection, visit, name_children=True)
    shown = [line.reference for listed in (meetings, failed) for line in listed.lines]
    references = [*(one.loaded.reference for one in held.values()), *shown]
    visit.service.access_log.record(visit.authority, visit.now, visit.signed.person, "board", *dict.fromkeys(references))
    manages = Capacity.IRO_MANAGER in visit.signed.capacities
    return layout.render_page(
        visit, "board.html", 422 if form.is_faulty else 200, title="Service board", form=form, done=done,
        rows=_rows(visit, counted, stand_ins), total=counted.total, meetings=meetings, failed=failed, gaps=empty,
        held=BoardList(tuple(_held_line(one) for one in held.values()), held_in_all), covers=stand_ins, manages=manages,
        once=visit.service.casework.chance.salt(),
    )  # fmt: skip


def _rows(visit: PageContext, board: caseloads.ServiceBoard, stand_ins: Sequence[ListedCover]) -> list[CaseloadLine]:
    away: dict[UUID, list[str]] = {}
    for one in stand_ins:
        if not one.is_delegate:
            away.setdefault(one.of, []).append(one.by_name)
    rows = [CaseloadLine(one.name, load, str(one.id), ", ".join(away.get(one.id, ()))) for one, load in board.iros]
    rows.sort(key=lambda row: (-row.load.past, -row.load.to_consider, -row.load.open, row.name))
    iro = visit.label("iro")
    if board.nobodys.open:
        rows.append(CaseloadLine(f"No {iro} today: with the IRO manager", board.nobodys))
    if board.others.open:
        rows.append(CaseloadLine(f"Raised by others than an {iro}", board.others))
    return rows


def _covers(connection: Connection, visit: PageContext, day: date) -> list[ListedCover]:
    """Cover and delegates of the service's own people that run today."""
    ids = {one.id for one in people.people_acting_as(connection, visit.words, IRO_SERVICE, day)}
    found = people.stand_ins(connection, visit.authority, day, ids) if ids else ()
    return [one for one in found if one.of in ids and one.runs_on(day)]


def _held(connection: Connection, visit: PageContext) -> tuple[dict[UUID, SeenItem], int]:
    """Items with a window that was held after an outage, the longest held first; and how many there are."""
    total = service_board.count_held_items(connection, visit.authority)
    ids = service_board.list_held_items(connection, visit.authority, MOST)
    return item_reader.items_they_may_see(connection, visit, ids), total


def _held_line(one: SeenItem) -> BoardItem:
    since = min(window.held_since for window in one.loaded.challenge.open_windows() if window.held_since)
    return replace(_line(one), since=since)


def _meetings(connection: Connection, visit: PageContext) -> BoardList:
    """Items whose answer is a meeting that nobody has arranged yet, by the date that it is due."""
    # Of some a meeting is arranged already, and these are not shown: so more are looked through than are listed.
    ids = service_board.list_items_with_meeting(connection, visit.authority, 5 * MOST)
    found = item_reader.items_they_may_see(connection, visit, ids)
    lines = [_meeting_line(one, visit.now) for one in found.values() if one.loaded.challenge.meeting_at is None]
    return BoardList(tuple(lines[:MOST]), len(lines))


def _meeting_line(one: SeenItem, now: datetime) -> BoardItem:
    window = next(w for w in one.loaded.challenge.open_windows() if w.key.kind is WindowKind.MEETING)
    if window.promise.is_without_date:
        return _line(one)
    return replace(_line(one), due=window.promise.due, is_late=window.is_late(now))


def _failed(connection: Connection, visit: PageContext) -> BoardList:
    """Mail that did not reach somebody, newest first, as the outbox has it."""
    total = service_board.count_refused_mail(connection, visit.authority)
    refused = service_board.list_refused_mail(connection, visit.authority, MOST)
    found = item_reader.items_they_may_see(connection, visit, list(dict.fromkeys(mail.challenge for mail in refused)))
    lines = [
        replace(_line(found[mail.challenge]), said=f"{mail.name}: {refused_why(mail.error) or 'refused'}", since=mail.at)
        for mail in refused
        if mail.challenge in found
    ]
    return BoardList(tuple(lines), total)


def _line(one: SeenItem) -> BoardItem:
    return BoardItem(
        one.loaded.reference, child_in_words(one), about_in_words(one), item_view.where_in_words(one.rules, one.loaded.challenge)
    )
