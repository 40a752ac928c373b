"""`drp subject-access`: an operator writes the export of one child as a ZIP, and it is written down who did.

The ZIP is the same bytes for the same record, but for who read it. Documents go one at a time.
"""

import hashlib
import zipfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import IO

from api.assembly import Service
from api.exports import csv_text, export_files
from api.exports.export_files import Fetch, json_bytes, whole_file
from api.exports.log_export import HEADINGS, authority_named, logged_rows, note_log_export
from api.exports.sar_export.contents import Document, SubjectAccess
from api.exports.sar_export.gather import gather_subject_access
from api.exports.sar_export.gatherer import SarGatherer
from drp.database.unavailable import Unavailable
from drp.items.attachments import NotAsAttached
from workflows.calendar.working_days import so_many

WHAT = "subject access"
"""What the access log calls it."""

READ_ME = """Everything that {authority} holds in this service about the child {number}.

IT IS NOT FIT TO BE RELEASED AS IT STANDS. It is for the officer who answers the request: nothing has been taken out,
and what may be other people's, in confidence or legally privileged is marked and not cut.

Begin with subject-access.html.

  subject-access.html         everything, for a browser or a screen reader
  subject-access.json         the same, for programs; subject-access.schema.json describes it
  documents/                  the documents that were attached. Nothing has looked into them: read each
  who-read-it.csv             who opened, or was shown, anything about the child, from the access log
  manifest.sha256             what is in here

To check that nothing changed since:  sha256sum -c manifest.sha256
"""


def export_subject_access(service: Service, authority: str, number: str, out: Path) -> str:
    """Write everything about a child to a ZIP, and say what was written. Raises LookupError, OSError, Unavailable.

    It is read as everything stood at one moment, and logged before a byte is written: if it cannot be, nothing is exported.
    """
    authority_named(service, authority)
    with service.store.snapshot(authority) as connection:
        contents = gather_subject_access(
            SarGatherer(connection, authority, service.casework.procedures, service.casework.keeper.keys), number
        )
    # A child about whom nothing was raised is still written down, by their number as far as it fits.
    logged_as = [one.reference for one in contents.items] or [number[:16]]
    readings = [HEADINGS, *(row for one in logged_as for row in logged_rows(service, authority, reference=one))]
    note_log_export(service, authority, WHAT, *logged_as)
    with whole_file(out) as file:
        placed = pack_subject_access(
            file, contents, lambda digest, size: service.attachments.get(authority, digest, size), readings
        )
    return f"{out}: {_told(placed)}"


def pack_subject_access(
    out: IO[bytes], contents: SubjectAccess, fetch: Fetch, readings: Iterable[Sequence[str]]
) -> SubjectAccess:
    """Write the whole ZIP; returns the contents as they stand in it, each document with its place or why it has none."""
    digests: dict[str, str] = {}
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:

        def put(name: str, octets: bytes) -> None:
            export_files.put_in_zip(archive, name, octets)
            digests[name] = hashlib.sha256(octets).hexdigest()

        items = [
            one.model_copy(update={"documents": [_placed(one.reference, document, fetch, put) for document in one.documents]})
            for one in contents.items
        ]
        placed = contents.model_copy(update={"items": items})
        page = export_files.export_template("subject_access/subject-access.html")
        put("READ-ME-FIRST.txt", READ_ME.format(authority=placed.authority, number=placed.number).encode())
        put("subject-access.html", page.render(it=placed, missing=missing_documents(placed)).encode())
        put("subject-access.json", json_bytes(placed.model_dump(mode="json")))
        put("subject-access.schema.json", json_bytes(SubjectAccess.model_json_schema()))
        put("who-read-it.csv", csv_text.BOM + csv_text.csv_lines(readings))
        put("manifest.sha256", "".join(f"{digests[name]}  {name}\n" for name in sorted(digests)).encode())
    return placed


def missing_documents(contents: SubjectAccess) -> list[Document]:
    """The documents that are on the record and could not be had."""
    return [document for one in contents.items for document in one.documents if document.missing]


def _placed(reference: str, document: Document, fetch: Fetch, put: Callable[[str, bytes], None]) -> Document:
    """One document, put under a name that is safe anywhere; or said to be missing, and why."""
    its_own = export_files.document_file_name(document.name, document.media_type)
    name = f"documents/{reference}-{document.entry:04}-{its_own}"
    try:
        put(name, fetch(document.sha256, document.size))
    except (NotAsAttached, Unavailable) as gone:
        return document.model_copy(update={"missing": f"NOT HERE although it is on the record. {gone}"})
    return document.model_copy(update={"file": name})


def _told(contents: SubjectAccess) -> str:
    """What was written, and what must be known of it."""
    unproven = ", ".join(one.reference for one in contents.items if not one.proven)
    documents, missing = sum(len(one.documents) for one in contents.items), len(missing_documents(contents))
    said = (
        f"child {contents.number}, {so_many(len(contents.items), 'items')}, {so_many(documents, 'documents')}, "
        f"{so_many(len(contents.lines), 'lines')} of earlier registers.\n"
        "It holds everything, with other people's words and legal advice marked and not cut: it is not fit to be released as it "
        "stands. Keep it where only the officer who answers the request can read it, and begin with READ-ME-FIRST.txt."
    )
    if missing:
        said += (
            f"\n{so_many(missing, 'documents')} could not be had and stand in it as missing: have the folder of attachments "
            "restored from its copy, and export again."
        )
    if unproven:
        said += f"\nThe timeline of {unproven} is not as it was written: run `drp audit verify` before you rely on it."
    return said
