"""The IRO service's board: what each IRO has in hand, and what waits for the service's own desk. Supervision, not blame."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from uuid import UUID

from fastapi import BackgroundTasks, Response
from sqlalchemy import Connection

from api.pages.frame.browser_request import CurrentPage, FormSubmission, PageContext, SentForm, go_to, router
from api.pages.frame.form_fields import Form, RadioPick, TextArea, WrongAnswer
from api.pages.item import item_page
from api.pages.staffing.directory import count_in_words, read_vacancies, show_gaps
from api.presenters import item_reader
from api.presenters.readings import identities_among
from drp.casework.access import AccessEnded, NotFound
from drp.casework.retry_keys import RetryKey
from drp.database.unavailable import Unavailable
from drp.directory import people
from drp.directory.vacancies import Vacancy
from drp.items import service_board
from drp.reviews.tracking import list_tracked
from drp.staffing import caseloads, changes, giving_cover, handing_back
from drp.staffing.supervision import list_children_without_iro
from notifications.record_outcome import refused_why
from workflows.model.authority import Capacity, HeldFor
from workflows.model.challenge import WindowKind
from workflows.model.events import WindowsReleased
from workflows.model.refusals import Refused, Unfit

MOST = 100
"""Items that one list of the board shows; the rest are counted. So many held items are released at one press."""

LOOKED_THROUGH = 500
"""Items that a list looks through where only some of them belong on it; beyond, its count is the least."""

ENOUGH_TO_ACT = 3
"""Who must be there so that, where one is away, another acts and a third lends the second name."""

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

    item: item_reader.SeenItem
    said: str = ""
    due: date | None = None
    is_late: bool = False
    since: datetime | None = None


@dataclass(frozen=True)
class BoardList:
    """Some lines of a list, and how many there are in all."""

    lines: list[BoardItem]
    total: int
    is_least: bool = False
    """Were not all looked through, so that there may be more?"""

    @property
    def count(self) -> str:
        """How many there are, as the page says it."""
        return f"{self.total} or more" if self.is_least else str(self.total)


@dataclass(frozen=True)
class CaseloadLine:
    """One line of the table: an IRO, what they have in hand, and who covers for them today."""

    name: str
    load: caseloads.IroCaseload
    person: str = ""
    away: str = ""


@router.get("/board")
def show_board(
    visit: CurrentPage, handed: int = 0, back: int = 0, released: int = -1, left: int = 0, change: str = ""
) -> Response:
    """The board."""
    return _page(visit, Form(RELEASE), _done(handed, back, released, left), change if handed else "")


def _done(handed: int, back: int, released: int, left: int) -> str:
    if back:
        children = count_in_words(back, "child was", "children were")
        return (
            f"{children} handed back, from today on. What was done meanwhile stands. Whoever has them again is told of each open "
            "item; nothing more needs doing."
        )
    if handed:
        children = count_in_words(handed, "child", "children")
        return f"The hand-over of {children} is recorded. Whoever takes over is told of each open item, from the first day on."
    if released < 0:
        return ""
    rest = f" {left} could not be: open {'it' if left == 1 else 'them'} to see why." if left else ""
    return f"{count_in_words(released, 'item was', 'items were')} released.{rest}"


@router.post("/board/hand-back")
def hand_back_on_page(visit: CurrentPage, sent: SentForm, background: BackgroundTasks) -> Response:
    """The children of a hand-over go back at the one press that its confirmation offers; why not is said on the board."""
    named = identities_among(sent.pressed("change"))
    try:
        made = handing_back.hand_back_cases(visit.service.casework, visit.signed, visit.now, UUID(named.pop()) if named else None)
    except Unfit as refusal:
        form = Form(RELEASE)
        form.faults[""] = WrongAnswer(f"{refusal.said} {refusal.do}", "iros")
        return _page(visit, form)
    background.add_task(changes.tell_open_items, visit.service.casework, visit.authority, visit.now)
    with suppress(Unavailable):  # it is done, and the record of changes says by whom
        visit.log_access("hand over", *made.references)
    return go_to(f"/board?back={len({case.child for case in made.cases})}")


@router.post("/board/release")
def release_held_windows(visit: CurrentPage, sent: SentForm) -> Response:
    """Everything that was held after an outage is released at one press; each item keeps who did it, and why."""
    form, values = sent.form(RELEASE)
    if form.is_faulty:
        return _page(visit, form)
    with visit.reading() as connection:
        held = _held(connection, visit)
    event = WindowsReleased(values["how"], values["why"])
    let, left = _release(visit, [line.item.loaded.reference for line in held.lines], event, sent)
    return go_to(f"/board?released={let}&left={left}#held")


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
        visit.log_access("event", *let)
    return len(let), len(references) - len(let)


def _page(visit: PageContext, form: Form, done: str = "", change: str = "") -> Response:
    manages = Capacity.IRO_MANAGER in visit.signed.capacities
    with visit.reading() as connection:
        made = _hand_over(connection, visit, change) if change and manages else None
        counted = caseloads.read_board(connection, visit.words, visit.now)
        stand_ins = _covers(connection, visit)
        held, meetings, failed = _held(connection, visit), _meetings(connection, visit), _failed(connection, visit)
        tracked = _tracked(connection, visit)
        below = _below_their_start(connection, visit)
        able = giving_cover.how_many_could_act(connection, visit.words, visit.today)
        vacancies = read_vacancies(connection, visit)
        unserved = list_children_without_iro(connection, visit.words, _without_iro(visit, vacancies), visit.today)
    gaps = show_gaps(visit, vacancies, name_children=True)
    visit.log_access(
        "board",
        *(line.item.loaded.reference for listed in (held, meetings, failed, tracked) for line in listed.lines),
        *(line.item.loaded.reference for line in below.lines),
    )
    return visit.page(
        "board.html", title="Service board", form=form, done=done, rows=_rows(visit, counted, stand_ins),
        total=counted.total, gaps=gaps, covers=stand_ins, manages=manages,
        held=held, meetings=meetings, failed=failed, tracked=tracked, below=below, able=able, is_thin=able < ENOUGH_TO_ACT,
        undo=made, change=change, unserved=unserved[:MOST], unserved_in_all=len(unserved),
    )  # fmt: skip


def _without_iro(visit: PageContext, vacancies: Sequence[Vacancy]) -> list[str]:
    """The case numbers of the children for whom a procedure names an IRO and nobody is."""
    roles = visit.words.roles_acting_as(Capacity.IRO)
    return [one.key for one in vacancies if one.held_for is HeldFor.CHILD and one.role in roles]


def _hand_over(connection: Connection, visit: PageContext, change: str) -> handing_back.PastHandOver | None:
    """The hand-over that can be handed back from here; None where the address names none."""
    named = identities_among(change)
    return handing_back.read_hand_over(connection, visit.authority, UUID(change), visit.now) if named else None


def _rows(visit: PageContext, board: caseloads.ServiceBoard, stand_ins: Sequence[people.ListedCover]) -> list[CaseloadLine]:
    rows = []
    # By person for supervision alone: whoever else reads the board has the service's items together.
    iros = board.iros if Capacity.IRO_MANAGER in visit.signed.capacities else ()
    for one, load in sorted(iros, key=lambda pair: _urgency(*pair)):
        away = [cover.by_name for cover in stand_ins if cover.of == one.id and not cover.is_delegate]
        rows.append(CaseloadLine(one.name, load, str(one.id), ", ".join(away)))
    iro = visit.label("iro")
    others = ((f"No {iro} today: with the IRO manager", board.nobodys), (f"Raised by others than an {iro}", board.others))
    return rows + [CaseloadLine(name, load) for name, load in others if load.open]


def _urgency(one: people.DirectoryPerson, load: caseloads.IroCaseload) -> tuple[int, int, int, str]:
    return (-load.past, -load.to_consider, -load.open, one.name)


def _covers(connection: Connection, visit: PageContext) -> list[people.ListedCover]:
    """Cover and delegates of the service's own people that run today."""
    ids = {one.id for one in people.people_acting_as(connection, visit.words, people.IRO_SERVICE, visit.today)}
    found = people.stand_ins(connection, visit.authority, visit.today, ids) if ids else ()
    return [one for one in found if one.of in ids and one.runs_on(visit.today)]


def _held(connection: Connection, visit: PageContext) -> BoardList:
    """Items with a window that was held after an outage, the longest held first; and how many there are."""
    ids = service_board.list_held_items(connection, visit.authority, MOST)
    lines = [
        BoardItem(one, since=min(window.held_since for window in one.loaded.challenge.open_windows() if window.held_since))
        for one in item_reader.items_they_may_see(connection, visit, ids).values()
    ]
    return BoardList(lines, service_board.count_held_items(connection, visit.authority))


def _tracked(connection: Connection, visit: PageContext) -> BoardList:
    """The children whose cases are tracked, those with most past its date first."""
    cases, total = list_tracked(connection, visit.authority, visit.now, MOST)
    found = item_reader.items_they_may_see(connection, visit, [one.id for one in cases])
    lines = []
    for one in cases:
        if one.id in found:
            past = f"{one.past} past the date" if one.past else ""
            said = "; ".join(text for text in (one.priority.replace("_", " ").capitalize(), past) if text)
            lines.append(BoardItem(found[one.id], said, one.due, bool(one.past)))
    return BoardList(lines, total)


def _meetings(connection: Connection, visit: PageContext) -> BoardList:
    """Items whose answer is a meeting that nobody has arranged yet, by the date that it is due."""
    # Of some a meeting is arranged already, and these are not shown: so more are looked through than are listed.
    ids = service_board.list_items_with_meeting(connection, visit.authority, LOOKED_THROUGH)
    found = item_reader.items_they_may_see(connection, visit, ids)
    lines = [_meeting_line(one, visit.now) for one in found.values() if one.loaded.challenge.meeting_at is None]
    return BoardList(lines[:MOST], len(lines), len(ids) == LOOKED_THROUGH)


def _meeting_line(one: item_reader.SeenItem, now: datetime) -> BoardItem:
    window = next(w for w in one.loaded.challenge.open_windows() if w.key.kind is WindowKind.MEETING)
    if window.promise.is_without_date:
        return BoardItem(one)
    return BoardItem(one, due=window.promise.due, is_late=window.is_late(now))


def _below_their_start(connection: Connection, visit: PageContext) -> BoardList:
    """Items at a stage that, in the procedure as it is now, does not exist for such an item: it would ask somebody of a child."""
    ids = service_board.list_items_without_child(connection, visit.authority, LOOKED_THROUGH)
    now = {rules.ladder.key: rules.ladder for rules in visit.procedures(connection) if rules.ladder.starts_at} if ids else {}
    found = []
    for one in item_reader.items_they_may_see(connection, visit, ids).values():
        challenge, ladder = one.loaded.challenge, now.get(one.rules.ladder.key)
        if ladder and ladder.has(challenge.stage) and ladder.stage(challenge.stage) not in ladder.stages_for(challenge.item_type):
            found.append(BoardItem(one, f"such items start at {ladder.first_for(challenge.item_type).label} now"))
    return BoardList(found[:MOST], len(found), len(ids) == LOOKED_THROUGH)


def _failed(connection: Connection, visit: PageContext) -> BoardList:
    """Mail that did not reach somebody, newest first: refused at once, or come back later."""
    lost = service_board.list_lost_mail(connection, visit.authority, MOST)
    found = item_reader.items_they_may_see(connection, visit, list(dict.fromkeys(mail.challenge for mail in lost)))
    lines = [
        BoardItem(found[mail.challenge], f"{mail.name}: {_lost_why(mail)}", since=mail.at)
        for mail in lost
        if mail.challenge in found
    ]
    return BoardList(lines, service_board.count_lost_mail(connection, visit.authority))


def _lost_why(mail: service_board.LostMail) -> str:
    return "the mail came back" if mail.came_back else refused_why(mail.error) or "refused"
