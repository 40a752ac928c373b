"""Documents of one item: what is attached and who may open it, and attaching one more."""

from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Annotated, Any, get_args

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy import Connection

from api import reading
from api.pages import item, shell
from api.pages.fields import Field, File, Form, Given, Line, Tick, Wrong
from api.pages.visiting import Posted, Sent, Visit, Visiting
from api.pages.work import child_in_words
from api.reading import Seen
from api.shapes import EntryShape
from api.wording import in_megabytes
from drp import attachments
from drp.access import NotFound
from drp.documents.names import ENDINGS
from drp.store import Unavailable
from workflows.event_rules import is_open_to
from workflows.events import DocumentAttached, MediaType
from workflows.refusals import NotOpen, NotYours, Unfit
from workflows.relation import reads_iro_service

router = APIRouter(include_in_schema=False)

KIND = "document_attached"

CALLED: dict[str, str] = {
    "application/pdf": "PDF",
    "image/png": "PNG picture",
    "image/jpeg": "JPEG picture",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "Word document",
}

# A document is handed over, never shown: whatever is in it has no page, no script and no origin of ours.
AS_A_FILE = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True)
class Attached:
    """One document as a list names it."""

    href: str
    name: str
    about: str
    called: str
    size: str
    by: str
    at: datetime
    kept: bool
    """Only the IRO service reads it."""


@dataclass(frozen=True, kw_only=True)
class Chosen(File):
    """The document to attach."""

    def params(self, given: Given, fault: Wrong | None) -> dict[str, Any]:
        """With the endings that a browser offers first."""
        endings = ",".join(ending for kind in get_args(MediaType) for ending in ENDINGS[kind])
        return super().params(given, fault) | {"attributes": {"accept": endings}}


def attaching(visit: Visit, reference: str) -> Seen:
    """The item, for somebody who may attach to it: asked before anything of what they send is read."""
    with visit.service.store.read(visit.authority) as connection:
        found = reading.seen(connection, visit, reference)
    if not _may(found):
        if found.loaded.challenge.is_sealed:
            raise NotOpen("This was recorded in error and is sealed.", "Nothing more can be done on it.")
        raise NotYours("Attaching a document here is not yours.", "Ask the IRO if something is to be added.")
    return found


async def uploaded(request: Request, allowed: Annotated[Seen, Depends(attaching)], sent: Sent) -> AsyncIterator[Posted]:
    """What was sent, by somebody who may. What was set aside on the disk meanwhile is gone when this ends."""
    try:
        yield sent
    finally:
        await request.close()


Uploaded = Annotated[Posted, Depends(uploaded)]


@router.get("/challenges/{reference}/documents")
def show(visit: Visit, reference: str, done: str = "") -> Response:
    """What is attached, and (for who may) the form to attach one more."""
    with visit.service.store.read(visit.authority) as connection:
        found = reading.seen(connection, visit, reference)
        listed = documents(connection, visit, found)
    item.log_reading(visit, found.loaded.reference)
    return _page(visit, found, listed, Form(_fields(visit, found)), done=done)


@router.post("/challenges/{reference}/documents")
def attach(sent: Uploaded, reference: str) -> Response:
    """One document more, or what was wrong with it beside what was typed."""
    visit = sent.visit
    with visit.service.store.read(visit.authority) as connection:
        found = reading.seen(connection, visit, reference)
    form, values = sent.form(_fields(visit, found))
    octets, name = _file(sent, visit.service.attachments.limit)
    if not name and not octets:
        form.refuse("Choose the document.", "file")
    elif form.is_faulty:
        form.refuse("Choose the document once more: a browser does not keep it.", "file")
    if not form.is_faulty:
        try:
            _keep(sent, found, octets, name, values)
        except Unfit as refusal:
            form.refused(refusal)
    if form.is_faulty:
        with visit.service.store.read(visit.authority) as connection:
            listed = documents(connection, visit, found)
        item.log_reading(visit, found.loaded.reference)
        return _page(visit, found, listed, form, sent)
    return shell.go(f"/challenges/{found.loaded.reference}/documents?done=1")


@router.get("/challenges/{reference}/documents/{number}")
def download(visit: Visit, reference: str, number: str) -> Response:
    """The document of one entry, as a file. One that is not theirs to read does not exist."""
    with visit.service.store.read(visit.authority) as connection:
        found = reading.seen(connection, visit, reference)
        entries = _entries(connection, visit, found)
    entry = next((one for one in entries if str(one.number) == number), None)
    if entry is None:
        raise NotFound
    document = visit.service.attachments.open(visit.authority, entry.facts, entry.words.get("name", ""))
    visit.service.access_log.record(
        visit.authority, visit.now, visit.signed.person, f"document {entry.number}", found.loaded.reference
    )
    headers = AS_A_FILE | {"Content-Disposition": document.disposition}
    return Response(document.octets, media_type=document.media_type, headers=headers)


def documents(connection: Connection, visit: Visiting, found: Seen) -> list[Attached]:
    """The documents of an item that this person may read, newest first."""
    return [
        Attached(
            href=f"/challenges/{found.loaded.reference}/documents/{entry.number}",
            name=entry.words.get("name") or "A document whose name was erased",
            about=entry.words.get("about", ""),
            called=CALLED.get(str(entry.facts.get("media_type")), ""),
            size=_size(int(entry.facts.get("size") or 0)),
            by=entry.by,
            at=entry.at,
            kept=entry.iro_service_only,
        )
        for entry in reversed(_entries(connection, visit, found))
    ]


def _entries(connection: Connection, visit: Visiting, found: Seen) -> list[EntryShape]:
    """Judged entry by entry where every timeline is (reading.may_read): no second way to a document."""
    return [entry for entry in reading.timeline(connection, visit, found).entries if entry.kind == KIND]


def _may(found: Seen) -> bool:
    return is_open_to(DocumentAttached, found.rules, found.loaded.challenge, found.actor)


def _fields(visit: Visiting, found: Seen) -> list[Field]:
    limit = in_megabytes(visit.service.attachments.limit)
    taken = f"A PDF, a Word document (.docx), a PNG or a JPEG, of at most {limit}."
    fields: list[Field] = [
        Chosen(name="file", label="The document", hint=taken),
        Line(
            name="about", label="What it is, in a line", hint="Such as: minutes of the meeting on 12 May. You may leave it out."
        ),
    ]
    if reads_iro_service(found.actor):
        only = f"Only the {visit.label('iro_service')} reads it"
        fields.append(Tick(name="iro_service_only", label=only, hint="Everybody on this item reads it unless you tick this."))
    return fields


def _file(sent: Posted, limit: int) -> tuple[bytes, str]:
    """What was chosen, of which no more is read than it takes to know that it is too large; and what it was called."""
    chosen = sent.files.get("file")
    return (chosen.file.read(limit + 1), chosen.filename or "") if chosen else (b"", "")


def _keep(sent: Posted, found: Seen, octets: bytes, name: str, values: dict[str, Any]) -> None:
    visit = sent.visit
    about, only = str(values["about"]), bool(values.get("iro_service_only"))
    # The same form with the same document, sent twice, attaches once; with another document it is another act.
    said = repr((sent.once, sha256(octets).digest(), name, about, only)).encode("utf-8", "backslashreplace")
    key = sha256(said).hexdigest() if sent.once else ""
    attachments.attach(
        visit.service.casework, visit.service.attachments, visit.signed, found.loaded.reference, octets, name, visit.now,
        item.receipt, about=about, iro_service_only=only, key=key,
    )  # fmt: skip
    with suppress(Unavailable):  # it is done, and its own entry says by whom
        visit.service.access_log.record(visit.authority, visit.now, visit.signed.person, "event", found.loaded.reference)


def _page(
    visit: Visiting, found: Seen, listed: list[Attached], form: Form, sent: Posted | None = None, done: str = ""
) -> Response:
    reference = found.loaded.reference
    return shell.page(
        visit, "documents.html", 422 if form.is_faulty else 200, title=f"Documents of {reference}", form=form, listed=listed,
        reference=reference, child=child_in_words(found), action=f"/challenges/{reference}/documents", may_attach=_may(found),
        once=item.once(visit, sent), done=done, newest=listed[0].name if listed else "",
        only_us=reads_iro_service(found.actor),
    )  # fmt: skip


def _size(size: int) -> str:
    if size >= 1024 * 1024:
        return f"{size / (1024 * 1024):.1f} MB"
    return f"{max(1, size // 1024)} KB"
