"""Whom I told in another way, about several items: who still owes a reply, tick, how, when; each item judges it for itself."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from fastapi import Response
from sqlalchemy import Connection

from api.json.told_otherwise import ToldAbout, bring_to_each
from api.pages.frame.browser_request import CurrentPage, PageContext, SentForm, go_to, router
from api.pages.frame.form_fields import Form, FormField, Given, RadioPick, TickBoxes, WrongAnswer
from api.pages.frame.layout import about_in_words, child_in_words
from api.pages.item.move_questions import TOLD_HOW, ask_day
from api.pages.staffing.directory import count_in_words
from api.presenters import item_reader
from api.presenters.item_view import title_of
from api.presenters.wording import capitalised
from drp.directory import lookup
from drp.items.item_search import list_items_owing
from workflows.calendar.working_days import long_date
from workflows.decision.event_rules import is_open_to
from workflows.decision.recipients import reach_asked
from workflows.model.challenge import AskedParty
from workflows.model.events import ToldOtherwise

MOST = 100
"""Items that the page looks through, by the date of the reply."""

GROUP = "told-"
"""What the inputs of each person's items are called, before a number."""


@dataclass(frozen=True)
class OwedReply:
    """One item, and one of those asked who still owes a reply there and was told in no other way. `who`: post and names."""

    reference: str
    role: str
    who: str
    item: str
    state: str

    @property
    def value(self) -> str:
        """What the tick carries."""
        return f"{self.reference} {self.role}"


@router.get("/told-otherwise")
def show_telling_form(visit: CurrentPage, told: int = 0) -> Response:
    """Who still owes a reply, and about which items."""
    owed, is_cut = _owed(visit)
    return _page(visit, _form(owed, _on_today(visit)), is_cut, _done(told))


@router.post("/told-otherwise")
def tell_of_many(visit: CurrentPage, sent: SentForm) -> Response:
    """Each item that was ticked has it on its record, or it is said beside it why not; one keeps no other."""
    owed, is_cut = _owed(visit)
    form, values = sent.form(_fields(owed))
    ticked = _ticked(form.given)
    if not ticked and "" not in form.faults:
        form.refuse("Tick the items about which you told somebody.", next((each.name for each in form.fields), ""))
    if form.is_faulty:
        return _page(visit, form, is_cut)
    told = [ToldAbout(reference, ToldOtherwise(role, values["how"], values["on"])) for reference, role in ticked]
    found = bring_to_each(visit, told, sent.once)
    recorded = sum(one.recorded for one in found)
    refused = {
        f"{about.reference} {about.event.role}": f"{about.reference}: {one.title} {one.what_to_do}"
        for about, one in zip(told, found, strict=True)
        if not one.recorded
    }
    if not refused:
        return go_to(f"/told-otherwise?told={recorded}")
    owed, is_cut = _owed(visit)
    return _page(visit, _form(owed, form.given, refused), is_cut, _done(recorded))


def _owed(visit: PageContext) -> tuple[list[OwedReply], bool]:
    """Who still owes a reply on the items where this person may say that they were told, by who it is and the date; and
    whether there are more items than were looked through."""
    with visit.reading() as connection:
        ids = list_items_owing(connection, visit.signed, visit.today, MOST + 1)
        seen = item_reader.items_they_may_see(connection, visit, ids[:MOST])
        owed = [reply for item in seen.values() for reply in _replies(visit, item)]
        named = _names(connection, visit, [people for _, _, people in owed])
    visit.log_access("list", *(reply.reference for reply, _, _ in owed))
    found = [
        replace(reply, who=f"{reply.who}: {', '.join(named[one] for one in people) or 'nobody holds it today'}")
        for reply, _, people in owed
    ]
    order = {reply.value: (late, n) for n, (reply, late, _) in enumerate(owed)}
    return sorted(found, key=lambda reply: (reply.who, order[reply.value])), len(ids) > MOST


def _replies(visit: PageContext, seen: item_reader.SeenItem) -> list[tuple[OwedReply, bool, tuple[str, ...]]]:
    """Those asked who still owe, each with whether a message did not arrive (these come first: False) and who they are."""
    challenge, rules = seen.loaded.challenge, seen.rules
    window = challenge.main_window()
    if window is None or not is_open_to(ToldOtherwise, rules, challenge, seen.actor):
        return []
    due = "no date" if window.promise.is_without_date else f"by {long_date(window.promise.due)}"
    found = []
    for asked in window.asked:
        if asked.answered_at is not None or asked.told_on is not None:
            continue
        reached = reach_asked(asked.party, challenge.stage, rules, seen.establishment, seen.loaded.about(), visit.today)
        reply = OwedReply(
            seen.loaded.reference, asked.party.role, title_of(rules.authority, asked.party.role, challenge.raiser_role),
            child_in_words(seen), f"{about_in_words(seen)}. {capitalised(due)}; {_state(asked)}.",
        )  # fmt: skip
        found.append((reply, not asked.unreached, tuple(one.person for one in reached)))
    return found


def _state(asked: AskedParty) -> str:
    if asked.unreached:
        return "what was sent did not arrive"
    return "they said that it has arrived" if asked.acknowledged_at else "no reply yet"


def _names(connection: Connection, visit: PageContext, people: Sequence[Sequence[str]]) -> Mapping[str, str]:
    found = lookup.names_of(connection, visit.authority, {one for each in people for one in each})
    return defaultdict(lambda: "somebody unknown", found)


def _fields(owed: Sequence[OwedReply]) -> list[FormField]:
    """The items of each person under their name; then how and when."""
    by_who: dict[str, list[OwedReply]] = {}
    for reply in owed:
        by_who.setdefault(reply.who, []).append(reply)
    groups = [
        TickBoxes(
            name=f"{GROUP}{n}",
            label=who,
            options=[(one.value, f"{one.reference}: {one.item}", one.state) for one in replies],
        )
        for n, (who, replies) in enumerate(by_who.items(), 1)
    ]
    how = RadioPick(name="how", label="How they were told", options=TOLD_HOW, need="Choose how.")
    return [*groups, how, ask_day("When")] if groups else []


def _form(owed: Sequence[OwedReply], given: Given, refused: Mapping[str, str] | None = None) -> Form:
    """The form, with what was ticked and refused still ticked, and why beside it."""
    refused, fields = dict(refused or {}), _fields(owed)
    shown = {name: values for name, values in given.items() if name == "how" or name.startswith("on-")}
    form = Form(fields, shown)
    for each in fields:
        if isinstance(each, TickBoxes):
            values = [value for value, _, _ in each.options if value in refused]
            shown |= each.show(values)
            if values:
                form.faults[each.name] = WrongAnswer(" ".join(refused.pop(value) for value in values))
    if refused:  # nobody owes a reply there any more
        form.faults[""] = WrongAnswer(" ".join(refused.values()))
    return form


def _on_today(visit: PageContext) -> Given:
    return ask_day().show(visit.today)


def _ticked(given: Given) -> list[tuple[str, str]]:
    """References and roles as the ticks carry them, wherever they stand now: the items themselves judge them."""
    ticks = [value for name, values in given.items() if name.startswith(GROUP) for value in values]
    parts = [value.split(" ") for value in dict.fromkeys(ticks) if len(value) <= 100]
    return [(part[0].upper(), part[1]) for part in parts if len(part) == 2 and all(part)][:MOST]


def _done(recorded: int) -> str:
    if recorded <= 0:
        return ""
    return (
        f"It is on the record of {count_in_words(recorded, 'item', 'items')}. Whoever was told counts as reached from that day, "
        "and reads so. No date moves, and they still owe their reply."
    )


def _page(visit: PageContext, form: Form, is_cut: bool, done: str = "") -> Response:
    return visit.page(
        "told_otherwise.html", title="They were told in another way", form=form, is_cut=is_cut, done=done, most=MOST
    )  # fmt: skip
