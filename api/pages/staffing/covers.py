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
from drp.staffing import changes, cover_changes
from workflows.model.authority import Capacity

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


@router.get("/cover")
def show_cover_form(visit: CurrentPage, of: str = "", find: str = "", done: str = "") -> Response:
    """Who stands in for me (or for somebody whom I may choose for)?"""
    with visit.reading() as connection:
        absent = _absent(connection, visit, of, find)
    begins = {"kind": ("cover",), **DayField(name="since", label="").show(visit.today)}
    return _page(visit, absent, Form(_fields(visit, absent), begins), find, done)


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
            cover_changes.start_cover(
                visit.service.casework, visit.signed, visit.now, of=absent.person.id, by=UUID(values["by"]),
                since=values["since"], until=values["until"], is_delegate=values["kind"] == "delegate",
            )  # fmt: skip
            background.add_task(changes.tell_open_items, visit.service.casework, visit.authority, visit.now)
            return go_to(f"/cover?done=begun{_whose(absent)}")
    return _page(visit, absent, form, find)


@router.post("/cover/end")
def end_cover_now(visit: CurrentPage, sent: SentForm, background: BackgroundTasks) -> Response:
    """It ends now: what was asked of whoever was away is theirs again."""
    cover_changes.end_cover(visit.service.casework, visit.signed, visit.now, person_in(sent.pressed("cover")))
    background.add_task(changes.tell_open_items, visit.service.casework, visit.authority, visit.now)
    return go_to(safe_path(sent.pressed("then") or "/cover?done=ended"))


def _absent(connection: Connection, visit: PageContext, of: str, find: str) -> AbsentPerson:
    day, words = visit.today, visit.words
    person = read_somebody(connection, visit, person_in(of) if of else visit.person)
    if not changes.may_change(visit.signed, words, changes.DirectoryChange.COVER, person):
        raise NotPermitted
    found = people.colleagues_of(connection, words, person, find, day, MOST)
    stand_ins = people.stand_ins(connection, visit.authority, day, [person.id])
    manages = Capacity.IRO_MANAGER in visit.signed.capacities
    return AbsentPerson(
        person,
        own=person.id == visit.person,
        colleagues=[one for one in found.people if one.id != visit.person or changes.may_name_themselves(words, person, one)],
        total=found.total,
        of_them=[each for each in stand_ins if each.of == person.id],
        by_them=[each for each in stand_ins if each.by == person.id],
        others=people.people_acting_as(connection, words, people.IRO_SERVICE, day) if manages else (),
    )


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
    "ended": "It has ended. What is open is told to whoever has it now.",
}


def _page(visit: PageContext, absent: AbsentPerson, form: Form, find: str, done: str = "") -> Response:
    title = "While I am away" if absent.own else f"While {absent.person.name} is away"
    return visit.page(
        "covers.html", title=title, form=form, absent=absent, here=f"/cover?done=ended{_whose(absent)}",
        done=DONE.get(done, ""), find=find, most=MOST,
    )  # fmt: skip
