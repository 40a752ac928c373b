"""What somebody asks of the register, from a query; and its lines with so much as they may see. For pages and JSON alike."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Self
from urllib.parse import urlencode

from pydantic import BaseModel, Field
from sqlalchemy import Connection

from api.presenters import item_reader
from api.presenters.item_reader import SeenItem
from api.presenters.shapes import RegisterLineShape
from api.queries import report_query
from api.queries.report_query import UNRECORDED
from api.request_context import RequestContext
from drp.reports.aggregate import Dimension
from drp.reports.display_labels import DisplayLabels, read_labels
from drp.reports.register_search import SORTS, RegisterFilter, RegisterItem, find_sheet_name
from drp.reports.response_times import CAUSES, HIGHER, REPLIES, VisitFilter
from drp.reports.theme_tables import kinds_of
from workflows.calendar.working_days import local_date
from workflows.model.authority import Authority, Capacity
from workflows.model.refusals import NotYours, Unfit
from workflows.model.register_entry import CHALLENGE

DESK = frozenset({Capacity.IRO_MANAGER, Capacity.BUSINESS_SUPPORT})
"""Capacities that see every item of their authority, and so whose child each is about (`SEES_ALL` of relation.py)."""

KINDS = {
    "challenge": "Challenges",
    "practice": "Excellent practice",
    "scrutiny": "Senior scrutiny",
    "all": "These three together",
    "decision": "Review decisions followed",
    "tracked": "Tracked cases",
    "mid_point": "Mid-points",
}

ON_A_PAGE = 50

Key = Annotated[str, Field(max_length=120)]
Period = Annotated[str, Field(max_length=10)]
Tick = Annotated[str, Field(max_length=1)]


class RegisterParameters(BaseModel):
    """What may be asked of the register, as it stands in an address: of the JSON interface, the page and its files.

    The JSON interface refuses what is longer than is said here. What is meant by it is read by `read_register_query`.
    """

    kind: str = Field("", max_length=20, description=f"One of: {', '.join(KINDS)}.")
    since: Period = Field("", description="From this year, quarter or month of raising on.")
    until: Period = Field("", description="Up to this one, included.")
    practice: Tick = Field("", description="1: excellent practice is counted in.")
    together: Tick = Field("", description="1: `stage` is one of the file's stages together.")
    past: Tick = Field("", description="1: only past its date now, `stage` being where it stands.")
    other: Tick = Field("", description="1: only reasons that need words.")
    sort: str = Field("", max_length=20, description=f"One of: {', '.join(SORTS)}.")
    after: str = Field("", max_length=400, description="`next` of the page before.")
    child: str = Field("", max_length=32, description="Case number: for IRO managers and business support.")
    came_to: str = Field("", max_length=64, description="Only what once came to this stage.")
    came_since: Period = Field("", description="… from this year, quarter or month on.")
    came_until: Period = Field("", description="… up to this one, included.")
    reply: str = Field("", max_length=10, description=f"… where the reply was: {', '.join(REPLIES)}.")
    cause: str = Field("", max_length=20, description=f"… for this cause: {', '.join((*CAUSES, HIGHER))}.")
    ended: Tick = Field("", description="1: only what ended.")
    sheet: Key = ""
    reference: Key = ""
    year: Key = ""
    quarter: Key = ""
    month: Key = ""
    stage: Key = ""
    reason: Key = ""
    theme: Key = ""
    team: Key = ""
    service: Key = ""
    status: Key = ""
    item_type: Key = ""
    outcome: Key = ""
    impact: Key = ""
    iro: Key = ""

    @classmethod
    def of_address(cls, query: Mapping[str, str]) -> Self:
        """What a page's address asks: of any length, for what is too long is cut or refused where it is read."""
        return cls.model_construct(None, **{name: query[name] for name in cls.model_fields if name in query})

    def ticked(self, name: str) -> bool:
        """Is a box of that name ticked?"""
        return getattr(self, name) not in ("", "0")


@dataclass(frozen=True)
class RegisterQuery:
    """What is asked: which lines, in which order."""

    narrowed: RegisterFilter
    sort: str

    def said(self) -> dict[str, str]:
        """The same as a query's parts, without what is as it always is."""
        one, q, came = self.narrowed, self.narrowed.question, self.narrowed.came or VisitFilter()
        said = {by.value: key or UNRECORDED for by, key in q.only}
        said |= {"since": q.first, "until": q.last, "kind": one.kind, "sheet": one.sheet, "child": one.child}
        said |= {"reference": one.reference, "came_to": came.stage, "came_since": came.first, "came_until": came.last}
        said |= {"reply": came.reply, "cause": came.cause}
        ticks = {"practice": q.with_practice, "together": q.together, "past": one.past, "other": one.other, "ended": one.ended}
        said |= {name: "1" for name, ticked in ticks.items() if ticked}
        return {name: value for name, value in said.items() if value} | ({"sort": self.sort} if self.sort != "raised" else {})

    def address(self, path: str = "/register", **more: str) -> str:
        """The address of the same lines."""
        said = {name: value for name, value in (self.said() | more).items() if value}
        return f"{path}?{urlencode(said)}" if said else path


def sees_children(asked: RequestContext) -> bool:
    """Do they see every item, and so the number of every child?"""
    return bool(asked.signed.capacities & DESK)


def sees_iros(asked: RequestContext) -> bool:
    """Do they see who raised each item? That is for supervision."""
    return Capacity.IRO_MANAGER in asked.signed.capacities


_COUNTED = {"since", "until", "practice", "together", *Dimension}
"""What narrows the register as it narrows the figures."""


def read_register_query(query: RegisterParameters, asked: RequestContext) -> RegisterQuery:
    """What a query asks. Raises Unfit for what there is not, NotYours for what is not theirs to ask."""
    if query.iro and not sees_iros(asked):
        raise NotYours("Figures by IRO are for supervision: the IRO manager sees them.", "Look at the register without them.")
    if query.reply and query.team and not sees_iros(asked):
        raise NotYours(report_query.ONE_TEAMS_REPLIES, report_query.BY_STAGE)
    if query.child and not sees_children(asked):
        raise NotYours("Only the IRO service's desk looks a child up in the register.", "Use the search: it finds what is yours.")
    counted = query.model_dump(include=_COUNTED, exclude_defaults=True)
    counted |= {"by": Dimension.MONTH.value, "across": "none", "span": "all"}
    question = report_query.read_question(counted, local_date(asked.now), False, sees_iros(asked)).question
    for field, said, known, title in (
        ("kind", query.kind, KINDS, "There is no such kind."),
        ("sort", query.sort, SORTS, "There is no such order."),
        ("reply", query.reply, REPLIES, "No reply is kept so."),
        ("cause", query.cause, (*CAUSES, HIGHER), "Nothing climbs for that."),
    ):
        if said and said not in known:
            raise Unfit(title, f"Choose one of: {', '.join(known)}.", field)
    came_since, came_until = report_query.months_of_period(query.came_since, query.came_until, ("came_since", "came_until"))
    came = VisitFilter(_plain(query.came_to), query.reply, query.cause, came_since, came_until)
    past, other, ended = (query.ticked(name) for name in ("past", "other", "ended"))
    sheet, child, reference = (_plain(said) for said in (query.sheet, query.child, query.reference))
    narrowed = RegisterFilter(
        question, query.kind, past, other, sheet, child, reference, None if came == VisitFilter() else came, ended
    )
    return RegisterQuery(narrowed, query.sort or "raised")


def _plain(text: str) -> str:
    return "".join(mark if mark.isprintable() else " " for mark in text[:64]).strip()


def words_for(
    connection: Connection, asked: RequestContext, words: Authority, narrowed: RegisterFilter
) -> tuple[DisplayLabels, DisplayLabels]:
    """The words for what lines are narrowed to, and for the lines themselves, whose stages always stand one by one."""
    procedures, people = asked.service.casework.procedures, sees_iros(asked)
    shown = read_labels(connection, procedures, words, with_people=people)
    # A stage that somebody came to may be several together, whether or not the menu shows them so.
    grouped = {one.label for one in words.reporting.together}
    together = narrowed.question.together or (narrowed.came is not None and narrowed.came.stage in grouped)
    return (read_labels(connection, procedures, words, True, people) if together else shown), shown


def query_in_words(connection: Connection, authority: str, its: DisplayLabels, one: RegisterFilter) -> list[str]:
    """What lines are narrowed to, one thing a phrase."""
    q = one.question
    # A kind of item that is counted apart is listed alone, whether or not somebody asked for challenges.
    kind = kinds_of(q)[0] if one.kind in ("", CHALLENGE) else one.kind
    found = [KINDS[kind] if not one.past or one.kind else "Of every kind"]
    found += [f"{its.title(by)}: {its.label(by, key)}" for by, key in q.only]
    if q.first or q.last:
        found.append(f"raised {report_query.months_in_words(q.first, q.last)}")
    if q.with_practice:
        found.append(f"{its.words.label('excellent_practice')} counted in")
    if one.came:
        found += _came_in_words(its, one.came)
    sheet = find_sheet_name(connection, authority, one.sheet) if one.sheet else ""
    more = {
        "ended": one.ended,
        "waiting for a reply past its date now, by the stage at which it stands": one.past,
        "with a reason that needs words of its own": one.other,
        f"brought in from {sheet or 'a file that is not known here'}": one.sheet,
        f"about the child {one.child}": one.child,
        f"reference {one.reference}": one.reference,
    }
    return [*found, *(phrase for phrase, is_asked in more.items() if is_asked)]


def _came_in_words(its: DisplayLabels, came: VisitFilter) -> Iterator[str]:
    """As somebody says it: came to Stage 3, April 2026 to June 2026; why it climbed: no reply; the reply there: late."""
    stage = its.label(Dimension.STAGE, came.stage) if came.stage else "a stage"
    yield ", ".join(filter(None, (f"came to {stage}", report_query.months_in_words(came.first, came.last))))
    if came.cause:
        yield f"why it climbed: {CAUSES[came.cause]}" if came.cause in CAUSES else "it came there from another stage"
    if came.reply:
        yield f"the reply there: {REPLIES[came.reply][0]}"


def register_lines(
    connection: Connection, asked: RequestContext, shown: DisplayLabels, items: tuple[RegisterItem, ...], with_words: bool = False
) -> list[RegisterLineShape]:
    """Lines as this person sees them: an item that they may see opens and says whose it is, every other says neither."""
    kept = [one.id for one in items if not one.sheet]
    may = item_reader.items_they_may_see(connection, asked, kept)
    words = item_reader.raised_words(connection, asked, tuple(may.values())) if with_words else {}
    desk, manages = sees_children(asked), sees_iros(asked)
    return [
        RegisterLineShape(
            reference=one.reference,
            opens=one.id in may,
            child=child_in_line(may[one.id]) if one.id in may else one.number if desk and one.sheet else "",
            iro=shown.label(Dimension.IRO, str(one.raiser)) if manages and one.raiser else "",
            other_reason=words.get(one.id, {}).get("other_reason", ""),
            **plain_line(shown, one),
        )
        for one in items
    ]


def plain_line(shown: DisplayLabels, one: RegisterItem) -> dict[str, Any]:
    """What everybody who may open the register sees of a line, in the authority's words."""
    return {
        "item_type": shown.label(Dimension.ITEM_TYPE, one.item_type),
        "raised_on": one.raised_on,
        "stage": _label(shown, Dimension.STAGE, one.stage),
        "reasons": [_label(shown, Dimension.REASON, reason) for reason in one.reasons],
        "themes": [shown.label(Dimension.THEME, theme) for theme in one.themes],
        "team": _label(shown, Dimension.TEAM, one.team),
        "service": _label(shown, Dimension.SERVICE, one.service),
        "status": _label(shown, Dimension.STATUS, one.status),
        "outcome": _label(shown, Dimension.OUTCOME, one.outcome),
        "impact": _label(shown, Dimension.IMPACT, one.impact),
        "ended_on": one.ended_on,
        "from_sheet": bool(one.sheet),
    }


def _label(shown: DisplayLabels, by: Dimension, kept: str) -> str:
    """What a kept value is called; empty where nothing was recorded, which a line need not say in words."""
    return shown.heading(by, kept).label if kept else ""


def child_in_line(item: SeenItem) -> str:
    """The child by initials and number, never by name; empty for a matter about a service."""
    loaded = item.loaded
    return f"{loaded.child_initials} ({loaded.child_number})".strip() if loaded.child else ""
