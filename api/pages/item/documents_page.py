"""Documents of one item: what is attached and who may open it, and attaching one more."""

from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Annotated, Any, get_args

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy import Connection

from api.pages.frame import layout
from api.pages.frame.browser_request import CurrentPage, FormSubmission, PageContext, SentForm
from api.pages.frame.form_fields import FileField, Form, FormField, Given, TextLine, TickBox, WrongAnswer
from api.pages.item import item_page
from api.pages.my_work.my_tasks import child_in_words
from api.presenters import item_reader
from api.presenters.item_reader import SeenItem
from api.presenters.shapes import EntryShape
from api.presenters.wording import in_megabytes
from drp.casework.access import NotFound
from drp.database.engine import Unavailable
from drp.files.names import ENDINGS
from drp.items import attachments
from workflows.decision.event_rules import is_open_to
from workflows.decision.relation import reads_iro_service
from workflows.model.events import DocumentAttached, MediaType
from workflows.model.refusals import NotOpen, NotYours, Unfit

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
class AttachedDocument:
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
class DocumentToAttach(FileField):
    """The document to attach."""

    def params(self, given: Given, fault: WrongAnswer | None) -> dict[str, Any]:
        """With the endings that a browser offers first."""
        endings = ",".join(ending for kind in get_args(MediaType) for ending in ENDINGS[kind])
        return super().params(given, fault) | {"attributes": {"accept": endings}}


def may_attach_to(visit: CurrentPage, reference: str) -> SeenItem:
    """The item, for somebody who may attach to it: asked before anything of what they send is read."""
    with visit.service.store.read(visit.authority) as connection:
        found = item_reader.read_seen_item(connection, visit, reference)
    if not _may(found):
        if found.loaded.challenge.is_sealed:
            raise NotOpen("This was recorded in error and is sealed.", "Nothing more can be done on it.")
        raise NotYours("Attaching a document here is not yours.", "Ask the IRO if something is to be added.")
    return found


async def uploaded(
    request: Request, allowed: Annotated[SeenItem, Depends(may_attach_to)], sent: SentForm
) -> AsyncIterator[FormSubmission]:
    """What was sent, by somebody who may. What was set aside on the disk meanwhile is gone when this ends."""
    try:
        yield sent
    finally:
        await request.close()


Uploaded = Annotated[FormSubmission, Depends(uploaded)]


@router.get("/challenges/{reference}/documents")
def show_documents(visit: CurrentPage, reference: str, done: str = "") -> Response:
    """What is attached, and (for who may) the form to attach one more."""
    with visit.service.store.read(visit.authority) as connection:
        found = item_reader.read_seen_item(connection, visit, reference)
        listed = documents_of_item(connection, visit, found)
    item_page.log_reading(visit, found.loaded.reference)
    return _page(visit, found, listed, Form(_fields(visit, found)), done=done)


@router.post("/challenges/{reference}/documents")
def attach_on_page(sent: Uploaded, reference: str) -> Response:
    """One document more, or what was wrong with it beside what was typed."""
    visit = sent.visit
    with visit.service.store.read(visit.authority) as connection:
        found = item_reader.read_seen_item(connection, visit, reference)
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
            listed = documents_of_item(connection, visit, found)
        item_page.log_reading(visit, found.loaded.reference)
        return _page(visit, found, listed, form, sent)
    return layout.go_to(f"/challenges/{found.loaded.reference}/documents?done=1")


@router.get("/challenges/{reference}/documents/{number}")
def download_document(visit: CurrentPage, reference: str, number: str) -> Response:
    """The document of one entry, as a file. One that is not theirs to read does not exist."""
    with visit.service.store.read(visit.authority) as connection:
        found = item_reader.read_seen_item(connection, visit, reference)
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


def documents_of_item(connection: Connection, visit: PageContext, found: SeenItem) -> list[AttachedDocument]:
    """The documents of an item that this person may read, newest first."""
    return [
        AttachedDocument(
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


def _entries(connection: Connection, visit: PageContext, found: SeenItem) -> list[EntryShape]:
    """Judged entry by entry where every timeline is (reading.may_read): no second way to a document."""
    return [entry for entry in item_reader.timeline_shape(connection, visit, found).entries if entry.kind == KIND]


def _may(found: SeenItem) -> bool:
    return is_open_to(DocumentAttached, found.rules, found.loaded.challenge, found.actor)


def _fields(visit: PageContext, found: SeenItem) -> list[FormField]:
    limit = in_megabytes(visit.service.attachments.limit)
    taken = f"A PDF, a Word document (.docx), a PNG or a JPEG, of at most {limit}."
    fields: list[FormField] = [
        DocumentToAttach(name="file", label="The document", hint=taken),
        TextLine(
            name="about", label="What it is, in a line", hint="Such as: minutes of the meeting on 12 May. You may leave it out."
        ),
    ]
    if reads_iro_service(found.actor):
        only = f"Only the {visit.label('iro_service')} reads it"
        fields.append(TickBox(name="iro_service_only", label=only, hint="Everybody on this item reads it unless you tick this."))
    return fields


def _file(sent: FormSubmission, limit: int) -> tuple[bytes, str]:
    """What was chosen, of which no more is read than it takes to know that it is too large; and what it was called."""
    chosen = sent.files.get("file")
    return (chosen.file.read(limit + 1), chosen.filename or "") if chosen else (b"", "")


def _keep(sent: FormSubmission, found: SeenItem, octets: bytes, name: str, values: dict[str, Any]) -> None:
    visit = sent.visit
    about, only = str(values["about"]), bool(values.get("iro_service_only"))
    # The same form with the same document, sent twice, attaches once; with another document it is another act.
    said = repr((sent.once, sha256(octets).digest(), name, about, only)).encode("utf-8", "backslashreplace")
    key = sha256(said).hexdigest() if sent.once else ""
    attachments.attach_file(
        visit.service.casework, visit.service.attachments, visit.signed, found.loaded.reference, octets, name, visit.now,
        item_page.receipt_values, about=about, iro_service_only=only, key=key,
    )  # fmt: skip
    with suppress(Unavailable):  # it is done, and its own entry says by whom
        visit.service.access_log.record(visit.authority, visit.now, visit.signed.person, "event", found.loaded.reference)


def _page(
    visit: PageContext,
    found: SeenItem,
    listed: list[AttachedDocument],
    form: Form,
    sent: FormSubmission | None = None,
    done: str = "",
) -> Response:
    reference = found.loaded.reference
    return layout.render_page(
        visit, "documents.html", 422 if form.is_faulty else 200, title=f"Documents of {reference}", form=form, listed=listed,
        reference=reference, child=child_in_words(found), action=f"/challenges/{reference}/documents", may_attach=_may(found),
        once=item_page.idempotency_key_of(visit, sent), done=done, newest=listed[0].name if listed else "",
        only_us=reads_iro_service(found.actor),
    )  # fmt: skip


def _size(size: int) -> str:
    if size >= 1024 * 1024:
        return f"{size / (1024 * 1024):.1f} MB"
    return f"{max(1, size // 1024)} KB"
