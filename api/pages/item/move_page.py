"""One move of an item as a page of its own: its questions, then the event that the answers make."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Response
from sqlalchemy import Connection

from api.pages.frame.browser_request import CurrentPage, PageContext, SentForm, go_to, router
from api.pages.frame.field_options import FieldOptions, holders_to_choose, to_stages
from api.pages.frame.form_fields import Form, FormField
from api.pages.item.item_page import ItemOnPage, answers_of, bring_event_on_page, done_in_words, move_title, read_item
from api.pages.item.move_forms import BY_TYPE, event_of_form, initial_values
from api.pages.item.move_questions import MoveForm
from api.presenters.item_reader import SeenItem
from drp.casework.access import NotFound
from drp.directory import people
from workflows.decision.impact import mid_point
from workflows.model import events as e
from workflows.model.authority import HeldFor
from workflows.model.ladder import Choice


@dataclass(frozen=True)
class MoveOnPage:
    """One move of one item, with its questions."""

    seen: ItemOnPage
    type_: str
    move: MoveForm
    questions: list[FormField]


def move_of_page(visit: CurrentPage, reference: str, move: str) -> MoveOnPage:
    """The move that an address names. Raises NotFound or AccessEnded."""
    with visit.reading() as connection:
        seen = read_item(connection, visit, reference)
        if move not in BY_TYPE:
            raise NotFound
        chosen = BY_TYPE[move]
        choices = FieldOptions(seen.item, _people(connection, visit, seen.item, chosen), seen.timeline, visit.today)
        return MoveOnPage(seen, move, chosen, list(chosen.asks(choices)))


MOST_READERS = 400
"""Colleagues of whom one is chosen as a reader; a council with more names the reader over JSON."""

CurrentMove = Annotated[MoveOnPage, Depends(move_of_page)]


@router.get("/challenges/{reference}/do/{move}")
def show_move_form(visit: CurrentPage, asked: CurrentMove, action: str = "") -> Response:
    """The page of one move. `action`: the number of the agreed action that it is about, from the list on the item."""
    visit.log_access("page", asked.seen.shape.reference)
    half_way = mid_point(asked.seen.challenge, visit.today, asked.seen.item.rules.calendar)
    begins = initial_values(asked.move, asked.questions, visit.today, half_way)
    return _page(visit, asked, Form(asked.questions, begins | ({"action": (action,)} if action else {})))


@router.post("/challenges/{reference}/do/{move}")
def make_move(visit: CurrentPage, sent: SentForm, asked: CurrentMove) -> Response:
    """The move is made, or what was wrong with it is said beside what was typed."""
    form, values = sent.form([*asked.questions, *asked.move.if_refused])
    if sent.wants_more():
        form = Form(asked.questions, form.given)
    elif not form.is_faulty:
        with form.noting_refusal():
            bring_event_on_page(visit, asked.seen.shape.reference, event_of_form(asked.move, values), sent)
            return go_to(f"{asked.seen.path}?done={asked.type_}")
    return _page(visit, asked, form)


def _people(connection: Connection, visit: PageContext, item: SeenItem, move: MoveForm) -> dict[str, list[tuple[str, str]]]:
    """Who may be chosen, for the moves that choose somebody."""
    words, ladder = item.rules.authority, item.rules.ladder
    if move.event is e.Redirected:
        roles = [role.key for role in words.roles if role.held_for is not HeldFor.AGENCY or role.key in ladder.roles()]
    elif move.event in (e.Escalated, e.Judged, e.Reopened):
        stages = [ladder.stage(key) for key in (*to_stages(ladder, item.loaded.challenge), item.loaded.challenge.stage) if key]
        roles = [
            role for stage in stages if stage.to and stage.to.how in (Choice.ONE, Choice.CHOSEN) for role in stage.roles_to()
        ]
    elif move.event in (e.ReaderNamed, e.ReaderRemoved):
        own = people.read_person(connection, visit.authority, visit.person, visit.today)
        found = people.colleagues_of(connection, words, own, "", visit.today, MOST_READERS).people if own else ()
        return {"": [(str(one.id), ", ".join([one.name, *one.titles(words)])) for one in found]}
    else:
        return {}
    return holders_to_choose(connection, visit, words, item.establishment, item.loaded.about(), roles)


def _page(visit: PageContext, asked: MoveOnPage, form: Form) -> Response:
    seen, type_, move = asked.seen, asked.type_, asked.move
    # What is asked only after a refusal stays once it was asked.
    form.fields = [each for each in form.fields if each not in move.if_refused or {each.name} & {*form.faults, *form.given}]
    return visit.page(
        "move.html",
        form=form,
        title=done_in_words(visit, move_title(seen, type_, move.title)),
        means=done_in_words(visit, move.means),
        button=done_in_words(visit, move_title(seen, type_, move.button)),
        shape=seen.shape,
        item=seen.item,
        action=f"{seen.path}/do/{type_}",
        is_open=type_ in seen.shape.moves,
        answers=answers_of(seen) if move.event is e.Judged else [],
    )
