"""The ZIP of a subject access export: the same bytes for the same record, but for who read it. Documents go one at a time."""

import hashlib
import zipfile
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import IO

from jinja2 import Environment, PackageLoader

from api.exports import csv_text, zip_files
from api.exports.referral.pack import EXTENSIONS
from api.exports.sar_export.contents import Document, SubjectAccess, sar_schema
from api.exports.zip_files import json_bytes, safe_entry_name
from drp.database.engine import Unavailable
from drp.items.attachments import NotAsAttached

Fetch = Callable[[str, int], bytes]
"""The bytes of a document by digest and size. Raises NotAsAttached, Unavailable."""

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


def pack_subject_access(
    out: IO[bytes], contents: SubjectAccess, fetch: Fetch, readings: Iterable[Sequence[str]]
) -> SubjectAccess:
    """Write the whole ZIP; returns the contents as they stand in it, each document with its place or why it has none."""
    digests: dict[str, str] = {}
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:

        def put(name: str, octets: bytes) -> None:
            zip_files.put_in_zip(archive, name, octets)
            digests[name] = hashlib.sha256(octets).hexdigest()

        placed = _with_documents(contents, fetch, put)
        put("READ-ME-FIRST.txt", READ_ME.format(authority=placed.authority, number=placed.number).encode())
        put("subject-access.html", subject_access_page(placed))
        put("subject-access.json", json_bytes(placed.model_dump(mode="json")))
        put("subject-access.schema.json", json_bytes(sar_schema()))
        put("who-read-it.csv", csv_text.BOM + csv_text.csv_lines(readings))
        put("manifest.sha256", "".join(f"{digests[name]}  {name}\n" for name in sorted(digests)).encode())
    return placed


def missing_documents(contents: SubjectAccess) -> list[Document]:
    """The documents that are on the record and could not be had."""
    return [document for one in contents.items for document in one.documents if document.missing]


def _with_documents(contents: SubjectAccess, fetch: Fetch, put: Callable[[str, bytes], None]) -> SubjectAccess:
    items = []
    for one in contents.items:
        documents = [_placed(one.reference, document, fetch, put) for document in one.documents]
        items.append(one.model_copy(update={"documents": documents}))
    return contents.model_copy(update={"items": items})


def _placed(reference: str, document: Document, fetch: Fetch, put: Callable[[str, bytes], None]) -> Document:
    """One document, put under a name that is safe anywhere; or said to be missing, and why."""
    name = (
        f"documents/{reference}-{document.entry:04}-{safe_entry_name(document.name)}.{EXTENSIONS.get(document.media_type, 'bin')}"
    )
    try:
        put(name, fetch(document.sha256, document.size))
    except (NotAsAttached, Unavailable) as gone:
        return document.model_copy(update={"missing": f"NOT HERE although it is on the record. {gone}"})
    return document.model_copy(update={"file": name})


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("api", "templates/subject_access"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )


def subject_access_page(contents: SubjectAccess) -> bytes:
    """The page: no script, no file beside it."""
    return _environment().get_template("subject-access.html").render(it=contents, missing=missing_documents(contents)).encode()
