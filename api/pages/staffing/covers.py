"""While I am away: who answers in somebody's place, who sees and answers beside them; what runs, and ending it."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from fastapi import BackgroundTasks, Response
from sqlalchemy import Connection

from api.pages.frame.browser_request import CurrentPage, PageContext, SentForm, go_to, router, safe_path
from api.pages.frame.form_fields import DayField, Form, FormField, Option, RadioPick, SelectMenu, TickBox, single_value
from api.pages.staffing.directory import person_in, read_somebody
from drp.directory import people
from drp.identity.principal import NotPermitted
from drp.staffing import changes, cover_changes, giving_cover
from notifications.cover_letters import tell_the_covered
from workflows.model.authority import Capacity

ORDER = 4
"""People whom the page asks for in the standing order."""

MOST = 200
"""People in the menu; a search narrows the rest."""

WARNED = "independence"
"""The tick that is asked for where the stand-in is of a child's own casework."""


@dataclass(frozen=True)
class AbsentPerson:
    """Somebody, who may stand in for them, and what runs already."""

    person: people.DirectoryPerson
    own: bool
    colleagues: Sequence[people.DirectoryPerson]
    total: int
    of_them: Sequence[people.ListedCover]
    by_them: Sequence[people.ListedCover]
    others: Sequence[people.DirectoryPerson]
    """Of the IRO service: for whom an IRO manager may choose."""
    decides: bool = False
    """Do they act as an IRO or IRO manager, so that cover is the authority's appointment?"""
    manages: bool = False
    """Is it an IRO manager who looks?"""
    order: Sequence[UUID] = ()
    """The standing order, for an IRO manager to see."""
    deciding: Sequence[people.DirectoryPerson] = ()
    """The IROs and IRO managers, of whom the order is made."""
    by_order: bool = False
    """Is it the standing order that names who covers?"""


@router.get("/cover")
def show_cover_form(visit: CurrentPage, of: str = "", find: str = "", done: str = "", cover: str = "") -> Response:
    """Who stands in for me (or for somebody whom I may choose for)?"""
    with visit.reading() as connection:
        absent = _absent(connection, visit, of, find)
    begins = {"kind": ("cover",), **DayField(name="since", label="").show(visit.today)}
    return _page(visit, absent, Form(_fields(visit, absent), begins), find, done, cover)


@router.post("/cover")
def begin_cover(visit: CurrentPage, sent: SentForm, background: BackgroundTasks) -> Response:
    """The cover is on the directory at once, or what was wrong with it is said."""
    given = sent.form(())[0].given
    find = single_value(given, "find")
    with visit.reading() as connection:
        absent = _absent(connection, visit, single_value(given, "of"), find)
    stand_in = next((each for each in absent.colleagues if str(each.id) == single_value(given, "by")), None)
    form, values = sent.form(_fields(visit, absent, _near(visit, absent.person, stand_in)))
    if not form.is_faulty:
        with form.noting_refusal():
            begun = cover_changes.start_cover(
                visit.service.casework, visit.signed, visit.now, of=absent.person.id, by=UUID(values["by"]),
                since=values["since"], until=values["until"], is_delegate=values["kind"] == "delegate",
                is_appointed=bool(values.get("appointed")),
            )  # fmt: skip
            background.add_task(changes.tell_open_items, visit.service.casework, visit.authority, visit.now)
            background.add_task(tell_the_covered, visit.service.casework, visit.authority, visit.now, visit.service.sender)
            return go_to(f"/cover?done=begun&cover={begun}{_whose(absent)}")
    return _page(visit, absent, form, find)


@router.post("/cover/end")
def end_cover_now(visit: CurrentPage, sent: SentForm, background: BackgroundTasks) -> Response:
    """It ends now: what was asked of whoever was away is theirs again."""
    cover_changes.end_cover(visit.service.casework, visit.signed, visit.now, person_in(sent.pressed("cover")))
    background.add_task(changes.tell_open_items, visit.service.casework, visit.authority, visit.now)
    return go_to(safe_path(sent.pressed("then") or "/cover?done=ended"))


@router.post("/cover/take-back")
def take_back_cover_on_page(visit: CurrentPage, sent: SentForm, background: BackgroundTasks) -> Response:
    """What was just entered is taken back, by the one press that the confirmation offers."""
    cover_changes.take_back_cover(visit.service.casework, visit.signed, visit.now, person_in(sent.pressed("cover")))
    background.add_task(changes.tell_open_items, visit.service.casework, visit.authority, visit.now)
    return go_to(safe_path(sent.pressed("then") or "/cover?done=taken-back"))


@router.post("/cover/appointed")
def record_appointment_on_page(visit: CurrentPage, sent: SentForm) -> Response:
    """That a cover of an IRO is the authority's appointment, regulation 46 looked at, stands on the record."""
    cover_changes.record_appointment(visit.service.casework, visit.signed, visit.now, person_in(sent.pressed("cover")))
    return go_to(safe_path(sent.pressed("then") or "/cover?done=appointed"))


@router.post("/cover/order")
def write_order_on_page(visit: CurrentPage, sent: SentForm) -> Response:
    """Who covers, in this order, where nobody of the IRO service is there to give cover."""
    named = [sent.pressed(f"order-{n}") for n in range(1, ORDER + 1)]
    order = [person_in(one) for one in named if one]
    giving_cover.write_standing_order(visit.service.casework, visit.signed, order, visit.now)
    return go_to("/cover?done=order")


def _absent(connection: Connection, visit: PageContext, of: str, find: str) -> AbsentPerson:
    day, words = visit.today, visit.words
    person = read_somebody(connection, visit, person_in(of) if of else visit.person)
    ordered = None
    if not changes.may_change(visit.signed, words, changes.DirectoryChange.COVER, person):
        current = visit.procedures(connection)
        if Capacity.BUSINESS_SUPPORT in visit.signed.capacities:
            ordered = giving_cover.next_by_standing_order(connection, words, person, day)
        if ordered is None and not giving_cover.may_stand_in_for_service(connection, words, current, visit.signed, person, day):
            raise NotPermitted
    found = people.colleagues_of(connection, words, person, find, day, MOST)
    stand_ins = people.stand_ins(connection, visit.authority, day, [person.id])
    manages = Capacity.IRO_MANAGER in visit.signed.capacities
    return AbsentPerson(
        person,
        own=person.id == visit.person,
        colleagues=[one for one in found.people if _may_be_named(visit, person, one, ordered)],
        total=found.total,
        of_them=[each for each in stand_ins if each.of == person.id],
        by_them=[each for each in stand_ins if each.by == person.id],
        decides=bool(person.acts_as(words).intersection(giving_cover.DECIDING)),
        manages=manages,
        order=giving_cover.read_standing_order(connection, visit.authority) if manages else (),
        deciding=people.people_acting_as(connection, words, giving_cover.DECIDING, day) if manages else (),
        by_order=ordered is not None,
        others=people.people_acting_as(connection, words, people.IRO_SERVICE, day) if manages else (),
    )


def _may_be_named(visit: PageContext, of: people.DirectoryPerson, by: people.DirectoryPerson, ordered: UUID | None) -> bool:
    """May this person name somebody: themselves only where their post gives it, by the standing order only whom it names."""
    may = by.id != visit.person or changes.may_name_themselves(visit.words, of, by)
    return may and ordered in (None, by.id)


def _fields(visit: PageContext, absent: AbsentPerson, near: Sequence[str] = ()) -> Sequence[FormField]:
    whose = "you" if absent.own else absent.person.name
    options: list[Option] = [(str(each.id), ", ".join([each.name, *each.titles(visit.words)]), "") for each in absent.colleagues]
    fields: list[FormField] = [
        RadioPick(
            name="kind",
            label="How",
            options=[
                (
                    "cover",
                    f"While {whose} {'are' if absent.own else 'is'} away",
                    "They are asked and told instead, and do all that could be done.",
                ),
                ("delegate", f"Beside {whose}, all the time", "A delegate sees and answers too. Nothing is taken over."),
            ],
            need="Choose how.",
        ),
        SelectMenu(name="by", label="Who", options=options, need="Choose who."),
        DayField(name="since", label="From", hint="The first day, for example 27 3 2026", need="Write the first day."),
        DayField(
            name="until",
            label="Until",
            hint="The last day. Leave it empty if it is not known: it then runs until somebody ends it.",
        ),
    ]
    if absent.decides:
        hint = "Regulation 46 says who may be a child's IRO: it was looked at. What is not ticked blocks nothing."
        fields.append(TickBox(name="appointed", label="It is the authority's appointment for this time", hint=hint))
    if near:
        warning = (
            f"They are {', '.join(near)}. An {visit.label('iro')} is independent of the casework: where it is about their own, "
            "they can neither judge nor resolve. Choose somebody else, or tick the box if they are to stand in all the same."
        )
        fields.append(TickBox(name=WARNED, label="I have thought of it: they are to stand in all the same", need=warning))
    return fields


def _near(visit: PageContext, of: people.DirectoryPerson, by: people.DirectoryPerson | None) -> tuple[str, ...]:
    """Posts by which a stand-in of an IRO is of children's own casework. `access.actor_on` judges each item; here it is said."""
    if by is None or Capacity.IRO not in of.acts_as(visit.words):
        return ()
    return tuple(post.in_words(visit.words) for post in by.casework(visit.words))


def _whose(absent: AbsentPerson) -> str:
    return "" if absent.own else f"&of={absent.person.id}"


DONE = {
    "begun": "It is on the directory now. Whoever stands in is told of what is open, from the first day on.",
    "taken-back": "It was taken back, as if it had never been entered. What is asked stays with whoever had it. What was done "
    "meanwhile stands, and is told to whoever it concerns. Name somebody else below, if somebody is to stand in.",
    "ended": "It has ended. What is open is told to whoever has it now.",
    "appointed": "The appointment is on the record.",
    "order": "The standing order is written down. It is used only where no manager of the service is there to give cover.",
}


def _page(visit: PageContext, absent: AbsentPerson, form: Form, find: str, done: str = "", cover: str = "") -> Response:
    title = "While I am away" if absent.own else f"While {absent.person.name} is away"
    fresh = [each for each in absent.of_them if str(each.id) == cover and each.since >= visit.today] if done == "begun" else []
    return visit.page(
        "covers.html", title=title, form=form, absent=absent, here=f"/cover?done=ended{_whose(absent)}",
        done=DONE.get(done, ""), find=find, most=MOST, undo=fresh[0] if fresh else None,
        taken_back=f"/cover?done=taken-back{_whose(absent)}",
    )  # fmt: skip
