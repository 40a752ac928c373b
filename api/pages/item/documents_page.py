"""Documents of one item: what is attached and who may open it, and attaching one more."""

from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Any, get_args

from fastapi import Depends, Request, Response

from api.pages.frame.browser_request import CurrentPage, FormSubmission, PageContext, SentForm, go_to, router
from api.pages.frame.form_fields import FileField, Form, FormField, Given, TextLine, TickBox, WrongAnswer
from api.pages.item import item_page
from api.presenters import item_reader
from api.presenters.shapes import EntryShape
from api.presenters.wording import in_megabytes
from drp.casework.access import NotFound
from drp.database.unavailable import Unavailable
from drp.files.names import ENDINGS
from drp.items import attachments
from workflows.decision.event_rules import is_open_to
from workflows.decision.relation import reads_iro_service
from workflows.model.events import DocumentAttached, MediaType
from workflows.model.refusals import NotOpen, NotYours

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
class ItemWithDocuments:
    """An item, and the entries of the documents that its reader may open, in order."""

    item: item_reader.SeenItem
    entries: list[EntryShape]

    @property
    def path(self) -> str:
        """Where its documents are listed."""
        return f"/challenges/{self.item.loaded.reference}/documents"


@dataclass(frozen=True, kw_only=True)
class DocumentToAttach(FileField):
    """The document to attach."""

    def params(self, given: Given, fault: WrongAnswer | None) -> dict[str, Any]:
        """With the endings that a browser offers first."""
        endings = ",".join(ending for kind in get_args(MediaType) for ending in ENDINGS[kind])
        return super().params(given, fault) | {"attributes": {"accept": endings}}


def may_attach_to(visit: CurrentPage, reference: str) -> item_reader.SeenItem:
    """The item, for somebody who may attach to it: asked before anything of what they send is read."""
    with visit.reading() as connection:
        found = item_reader.read_seen_item(connection, visit, reference)
    if not _may(found):
        if found.loaded.challenge.is_sealed:
            raise NotOpen("This was recorded in error and is sealed.", "Nothing more can be done on it.")
        raise NotYours("Attaching a document here is not yours.", "Ask the IRO if something is to be added.")
    return found


async def uploaded(
    request: Request, allowed: Annotated[item_reader.SeenItem, Depends(may_attach_to)], sent: SentForm
) -> AsyncIterator[FormSubmission]:
    """What was sent, by somebody who may. What was set aside on the disk meanwhile is gone when this ends."""
    try:
        yield sent
    finally:
        await request.close()


Uploaded = Annotated[FormSubmission, Depends(uploaded)]


def item_with_documents(visit: CurrentPage, reference: str) -> ItemWithDocuments:
    """An item and what is attached to it, for somebody who may see it. Raises NotFound or AccessEnded."""
    with visit.reading() as connection:
        found = item_reader.read_seen_item(connection, visit, reference)
        # Judged entry by entry where every timeline is (reading.may_read): no second way to a document.
        entries = item_reader.timeline_shape(connection, visit, found).entries
    return ItemWithDocuments(found, [entry for entry in entries if entry.kind == KIND])


CurrentDocuments = Annotated[ItemWithDocuments, Depends(item_with_documents)]


@router.get("/challenges/{reference}/documents")
def show_documents(visit: CurrentPage, seen: CurrentDocuments, done: str = "") -> Response:
    """What is attached, and (for who may) the form to attach one more."""
    return _page(visit, seen, Form(_fields(visit, seen.item)), done)


@router.post("/challenges/{reference}/documents")
def attach_on_page(visit: CurrentPage, sent: Uploaded, seen: CurrentDocuments) -> Response:
    """One document more, or what was wrong with it beside what was typed."""
    form, values = sent.form(_fields(visit, seen.item))
    octets, name = _file(sent, visit.service.attachments.limit)
    if not name and not octets:
        form.refuse("Choose the document.", "file")
    elif form.is_faulty:
        form.refuse("Choose the document once more: a browser does not keep it.", "file")
    else:
        with form.noting_refusal():
            _keep(sent, seen.item, octets, name, values)
            return go_to(f"{seen.path}?done=1")
    return _page(visit, seen, form)


@router.get("/challenges/{reference}/documents/{number}")
def download_document(visit: CurrentPage, seen: CurrentDocuments, number: str) -> Response:
    """The document of one entry, as a file. One that is not theirs to read does not exist."""
    entry = next((one for one in seen.entries if str(one.number) == number), None)
    if entry is None:
        raise NotFound
    document = visit.service.attachments.open(visit.authority, entry.facts, entry.words.get("name", ""))
    visit.log_access(f"document {entry.number}", seen.item.loaded.reference)
    headers = AS_A_FILE | {"Content-Disposition": document.disposition}
    return Response(document.octets, media_type=document.media_type, headers=headers)


def _may(found: item_reader.SeenItem) -> bool:
    return is_open_to(DocumentAttached, found.rules, found.loaded.challenge, found.actor)


def _fields(visit: PageContext, found: item_reader.SeenItem) -> list[FormField]:
    limit = in_megabytes(visit.service.attachments.limit)
    taken = f"A PDF, a Word document (.docx), a PNG or a JPEG, of at most {limit}. "
    taken += "Where and by which device a picture was taken is taken out of it."
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


def _keep(sent: FormSubmission, found: item_reader.SeenItem, octets: bytes, name: str, values: dict[str, Any]) -> None:
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
        visit.log_access("event", found.loaded.reference)


def _page(visit: PageContext, seen: ItemWithDocuments, form: Form, done: str = "") -> Response:
    visit.log_access("page", seen.item.loaded.reference)
    return visit.page(
        "documents.html", title=f"Documents of {seen.item.loaded.reference}", form=form, seen=seen, called=CALLED,
        size_in_words=_size,  may_attach=_may(seen.item), done=done,
        only_us=reads_iro_service(seen.item.actor),
    )  # fmt: skip


def _size(size: int) -> str:
    if size >= 1024 * 1024:
        return f"{size / (1024 * 1024):.1f} MB"
    return f"{max(1, size // 1024)} KB"
