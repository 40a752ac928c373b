"""`drp subject-access`: an operator writes the export of one child, and it is written down who did."""

from collections.abc import Iterator
from pathlib import Path

from api.assembly import Service
from api.exports.log_export import HEADINGS, authority_named, logged_rows, note_log_export
from api.exports.sar_export.contents import SubjectAccess
from api.exports.sar_export.gather import gather_subject_access
from api.exports.sar_export.gatherer import SarGatherer
from api.exports.sar_export.pack import missing_documents, pack_subject_access
from api.exports.whole_files import whole_file
from workflows.calendar.working_days import so_many

WHAT = "subject access"
"""What the access log calls it."""


def export_subject_access(service: Service, authority: str, number: str, out: Path) -> str:
    """Write everything about a child to a ZIP, and say what was written. Raises LookupError, OSError, Unavailable.

    It is read as everything stood at one moment, and logged before a byte is written: if it cannot be, nothing is exported.
    """
    authority_named(service, authority)
    with service.store.snapshot(authority) as connection:
        contents = gather_subject_access(
            SarGatherer(connection, authority, service.casework.procedures, service.casework.keeper.keys), number
        )
    readings = [HEADINGS, *_readings(service, authority, contents)]
    # A child about whom nothing was raised is still written down, by their number as far as it fits.
    note_log_export(service, authority, WHAT, *([one.reference for one in contents.items] or [number[:16]]))
    with whole_file(out) as file:
        placed = pack_subject_access(
            file, contents, lambda digest, size: service.attachments.get(authority, digest, size), readings
        )
    return _said(out, placed)


def _readings(service: Service, authority: str, contents: SubjectAccess) -> Iterator[tuple[str, ...]]:
    for one in contents.items:
        yield from logged_rows(service, authority, reference=one.reference)
    if not contents.items:
        yield from logged_rows(service, authority, reference=contents.number[:16])


def _said(out: Path, contents: SubjectAccess) -> str:
    documents = sum(len(one.documents) for one in contents.items)
    unproven = [one.reference for one in contents.items if not one.proven]
    said = [
        f"{out}: child {contents.number}, {so_many(len(contents.items), 'items')}, {so_many(documents, 'documents')}, "
        f"{so_many(len(contents.lines), 'lines')} of earlier registers.",
        "It holds everything, with other people's words and legal advice marked and not cut: it is not fit to be released as it "
        "stands. Keep it where only the officer who answers the request can read it, and begin with READ-ME-FIRST.txt.",
    ]
    if gone := missing_documents(contents):
        said.append(
            f"{so_many(len(gone), 'documents')} could not be had and stand in it as missing: have the folder of attachments "
            "restored from its copy, and export again."
        )
    if unproven:
        said.append(
            f"The timeline of {', '.join(unproven)} is not as it was written: run `drp audit verify` before you rely on it."
        )
    return "\n".join(said)
