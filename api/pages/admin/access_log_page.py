"""The access log to look through: who read what, newest first; and who read most, so that what is unusual is seen."""

from collections.abc import Iterable
from datetime import time, timedelta
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Query, Request, Response
from sqlalchemy import Connection

from api.pages.frame.browser_request import CurrentPage, PageContext, router
from api.pages.frame.form_fields import DayField, Form, TextLine
from api.presenters.readings import identities_among, reader_name, readings_in_words
from drp.data_protection import admin_audit_log
from drp.data_protection.access_log import OF_THE_LOG, LoggedReading, ReaderTotals
from drp.directory import lookup
from drp.directory.people import find_people_named, list_roles_of
from workflows.calendar.working_days import at_local, local_midnight_after

ON_A_PAGE = 50
NAMESAKES = 20
"""People of one name (or part of one) that are looked up together."""

LATELY = timedelta(days=7)

FIELDS = (
    TextLine(name="reference", label="Reference of the item", width="10", spellcheck=False),
    TextLine(name="who", label="Who read it", hint="A name, or part of one", width="20", spellcheck=False),
    DayField(name="on", label="On one day"),
)

CHANGES_IN_WORDS = {
    "of": "whose", "by": "who covers", "to": "who takes over", "since": "from", "until": "until", "set_to": "set to",
    "before": "before", "last_day": "last day", "sessions": "sign-ins ended", "tokens": "tokens", "messages": "messages",
    "files": "files", "name": "for", "added": "added", "ended": "ended", "changed": "changed", "lines": "lines", "items": "items",
    "accounts": "accounts", "number": "number", "path": "at", "by_word": "by the word of", "link": "links begin with",
    "mail": "mail", "mail_domains": "mail goes to", "link_sign_in": "sign-in by link",
    "choose_a_person": "anybody may be anybody", "provider": "provider", "trusts": "claim that is trusted", "why": "why",
}  # fmt: skip
"""What is shown of a change; identities of rows and children are left to the record itself."""

Asked = Annotated[str, Query(max_length=200)]


@router.get("/administration/access-log")
def show_access_log(
    request: Request, visit: CurrentPage, person: Asked = "", before: Annotated[int, Query(ge=0, le=2**62)] = 0
) -> Response:
    """Who read what. That somebody looked here is in the log as well, and whom or what they looked up."""
    given = {name: tuple(request.query_params.getlist(name)) for name in request.query_params}
    form = Form(FIELDS, given)
    values = form.read()
    reference, day = str(values.get("reference", "")).upper(), values.get("on")
    with visit.reading() as connection:
        people = _people(connection, visit, person, str(values.get("who", "")))
    if people is not None and len(people) > NAMESAKES:
        form.refuse(f"More than {NAMESAKES} people are called so: write more of the name.", "who")
    log = visit.service.access_log
    readings: list[LoggedReading] = []
    if not form.is_faulty and len(reference) <= 16:
        readings = log.readings(
            visit.authority, reference=reference, people=people, before=before, most=ON_A_PAGE + 1,
            since=at_local(day, time(0)) if day else None, until=local_midnight_after(day) if day else None,
        )  # fmt: skip
    is_first = not (reference or people is not None or day or before)
    readers = log.readers(visit.authority, visit.now - LATELY, visit.now + timedelta(minutes=1)) if is_first else []
    _note(visit, reference, people)
    older = urlencode([(name, value) for name, values in given.items() if name != "before" for value in values])
    with visit.reading() as connection:
        told, much = readings_in_words(connection, visit.authority, readings[:ON_A_PAGE]), _much(connection, visit, readers)
        sought = lookup.names_of(connection, visit.authority, set(people or ()))
    return visit.page(
        "access_log.html", title="Who read what", form=form, readings=told, readers=much,
        older=f"{older}&before={readings[ON_A_PAGE - 1].id}" if len(readings) > ON_A_PAGE else "", is_first=is_first,
        newest=older if before else "", paged=bool(before), fallen_back=log.has_fallen_back,
        sought=", ".join(sorted(sought.values())) if person else "", asked_item=reference,
    )  # fmt: skip


@router.get("/administration/changes")
def show_admin_changes(visit: CurrentPage) -> Response:
    """What was changed in the directory and in the service's settings: who, when, what."""
    with visit.reading() as connection:
        found = admin_audit_log.latest_admin_changes(connection, visit.authority)
    return visit.page("changes.html", title="Who changed what", changes=found, in_words=CHANGES_IN_WORDS)


def _note(visit: PageContext, reference: str, people: Iterable[str] | None) -> None:
    kinds = [f"{OF_THE_LOG}: {person}" for person in sorted(people)] if people else [OF_THE_LOG]
    for kind in kinds[:NAMESAKES]:
        visit.log_access(kind, reference[:16])


def _people(connection: Connection, visit: PageContext, person: str, name: str) -> frozenset[str] | None:
    """The people whose readings are asked for; None: everybody's. A name is a name: no sign in it stands for another."""
    if person:
        return frozenset({person} & set(lookup.names_of(connection, visit.authority, identities_among(person))))
    if not name:
        return None
    return frozenset(str(id_) for id_ in find_people_named(connection, visit.authority, name, NAMESAKES + 1))


def _much(connection: Connection, visit: PageContext, readers: list[ReaderTotals]) -> list[tuple[str, list[str], ReaderTotals]]:
    """How much some people read lately, each with their name and what they are today."""
    people = identities_among(*(one.person for one in readers))
    names = lookup.names_of(connection, visit.authority, people)
    held = list_roles_of(connection, visit.authority, (UUID(person) for person in people), visit.today)
    titles = {
        str(person): [visit.words.role(role).title if visit.words.has_role(role) else role for role in roles]
        for person, roles in held.items()
    }
    return [(reader_name(one.person, names), titles.get(one.person, []), one) for one in readers]
