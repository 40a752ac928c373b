"""A referral's bundle for somebody who may have it: gathered, proven, packed; whatever else of the service is unwell.

It is one ZIP, the same bytes for the same record and checkpoint, with a signed list of what is in it.
"""

import base64
import hashlib
import logging
import zipfile
from functools import cache
from io import BytesIO
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import Connection

from api.assembly import Service
from api.exports import typesetting
from api.exports.export_files import Fetch, document_file_name, json_bytes, put_in_zip, whole_file
from api.exports.referral import paper
from api.exports.referral.contents import Contents
from api.exports.referral.gather import GatheredReferral, Kind, gather_referral
from api.jobs.checkpoints import leave_checkpoint
from api.presenters.item_reader import SeenItem
from api.request_context import RequestContext
from drp.casework import load
from drp.casework.access import NotFound
from drp.data_protection.access_log import AN_OPERATOR
from drp.database.unavailable import Unavailable
from drp.items.attachments import NotAsAttached
from drp.items.referrals import MadeReferral, names_others, referrals_of, words_go
from drp.proof.bundle import make_proof
from drp.proof.checkpoint import name_of
from drp.proof.open_bundle import NoBundle, open_bundle
from drp.proof.take_checkpoint import last_checkpoint, standing_at_last
from drp.timeline.read import read_timeline
from workflows.calendar.working_days import so_many
from workflows.model.actor import THE_SERVICE
from workflows.model.events import ReferredToCafcass

log = logging.getLogger("drp.referral")

README = """{mark}This is a referral to Cafcass, made by {authority}.

Begin with referral.pdf, or with referral.html, which says the same and can be read aloud by a screen reader.

  referral.pdf          the referral, with the chronology
  referral.html         the same, for a browser
  referral.json         the same, for programs; referral.schema.json describes it
  documents/            what is enclosed
  proof.json            each entry of the record, led to a signed checkpoint
  manifest.sha256       what is in this bundle; manifest.signature says that nothing was changed since

To check it:  sha256sum -c manifest.sha256
To check all of it, with the service's own program and nothing else:  drp verify THIS-FILE.zip
The key that signed it is called {key}. Ask the authority, by telephone, whether that is its name.
"""


def made_on(connection: Connection, authority: str, seen: SeenItem) -> tuple[MadeReferral, ...]:
    """The referrals that were made on an item, oldest first."""
    return referrals_of(read_timeline(connection, authority, seen.loaded.id))


def find_referral(connection: Connection, authority: str, seen: SeenItem, number: int = 0) -> MadeReferral:
    """A referral by the number of its entry; with 0 the last one. Raises NotFound."""
    named = [one for one in made_on(connection, authority, seen) if number in (0, one.number)]
    if not named:
        raise NotFound
    return named[-1]


def gather_bundle(
    connection: Connection, asked: RequestContext, seen: SeenItem, event: ReferredToCafcass, made: MadeReferral | None, kind: Kind
) -> GatheredReferral:
    """What the bundle will say."""
    return gather_referral(connection, asked.authority, seen, event, made, kind, asked.now)


@cache
def _schema() -> bytes:
    """The form of the contents, which is the same of every bundle of a release."""
    return json_bytes(Contents.model_json_schema())


def make_bundle(connection: Connection, service: Service, authority: str, found: GatheredReferral) -> bytes:
    """The whole bundle as bytes, of one snapshot of the record and its newest checkpoint; nothing touches the disk.

    A document that cannot be had is said to be missing, in its place.
    """
    contents, files = _enclosed(found.contents, lambda digest, size: service.attachments.get(authority, digest, size))
    public = service.signing.public_key()
    files |= {
        "referral.html": paper.referral_html(contents),
        "referral.json": json_bytes(contents.model_dump(mode="json")),
        "referral.schema.json": _schema(),
        "proof.json": _proof(connection, authority, found).encode(),
        "public-key.txt": f"{public.public_bytes(Encoding.Raw, PublicFormat.Raw).hex()}\n".encode(),
    }
    try:
        files["referral.pdf"] = paper.referral_pdf(contents)
    except typesetting.NotDrawn as fault:
        # The referral goes all the same: the page and the JSON hold all of it.
        files["referral.pdf is missing.txt"] = f"The PDF could not be made: {fault}\nreferral.html says all of it.\n".encode()
    mark = paper.MARKS[contents.standing]
    files["READ-ME-FIRST.txt"] = README.format(
        authority=contents.authority, key=name_of(public), mark=f"{mark}.\n\n" if mark else ""
    ).encode()
    manifest = "".join(f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files)).encode()
    files["manifest.sha256"] = manifest
    files["manifest.signature"] = base64.b64encode(service.signing.sign(manifest)) + b"\n"
    made = BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            put_in_zip(archive, name, files[name])
    return made.getvalue()


def _enclosed(contents: Contents, fetch: Fetch) -> tuple[Contents, dict[str, bytes]]:
    """The documents that were ticked, each under a name that is safe anywhere."""
    files: dict[str, bytes] = {}
    listed = list(contents.documents)
    for n, document in enumerate(listed):
        if document.left_out:
            continue
        name = f"documents/{len(files) + 1:02}-{document_file_name(document.name, document.media_type)}"
        try:
            files[name] = fetch(document.sha256, document.size)
            said = {"file": name}
        except (NotAsAttached, Unavailable) as gone:
            said = {"left_out": f"NOT ENCLOSED although it was ticked. {gone}"}
        listed[n] = document.model_copy(update=said)
    return contents.model_copy(update={"documents": listed}), files


def _proof(connection: Connection, authority: str, found: GatheredReferral) -> str:
    checkpoint = last_checkpoint(connection, authority)
    return make_proof(
        authority,
        found.seen.loaded.id,
        found.contents.reference,
        found.kept,
        # An entry whose facts name other items proves itself by its hash alone.
        lambda entry: entry.number in found.selection.shown and not names_others(entry),
        lambda entry, word: words_go(entry, word.field, found.selection) and not found.black.touches(word.text),
        checkpoint,
        standing_at_last(connection, authority) if checkpoint else (),
    )


def take_checkpoint_now(service: Service, authority: str) -> None:
    """Bring what was just written under a checkpoint, so that the bundle proves it. It may wait for the next if it cannot be."""
    try:
        service.casework.with_room(lambda: leave_checkpoint(service, authority))
    except Exception:
        # It is done and kept: nothing that comes after may look as if it were not.
        log.exception("what was written waits for the next checkpoint")


def log_bundle_export(service: Service, authority: str, by: str, reference: str, what: str = "referral bundle") -> None:
    """Write down who took a bundle, or looked at a referral. An export is never refused because this cannot be written."""
    try:
        service.access_log.record(authority, service.clock(), by[:36], what, reference)
    except Unavailable:
        log.warning("a %s was read and could not be logged: %s", what, reference)


def bundle_file_name(reference: str, kind: Kind) -> str:
    """What the bundle is called where it is saved."""
    return f"{kind}-{reference}.zip"


# From the command line: an operator writes the bundle, and anybody checks one.


def write_bundle(service: Service, reference: str, out: Path, number: int = 0, authority: str = "") -> str:
    """Write a referral's bundle to a file, and say what was written. Raises LookupError, OSError."""
    for key in [authority] if authority else service.store.authorities():
        take_checkpoint_now(service, key)
        with service.store.snapshot(key) as connection:
            seen = _seen(connection, service, key, reference)
            if seen is None:
                continue
            try:
                made = find_referral(connection, key, seen, number)
            except NotFound:
                raise LookupError(f"No referral was made on {reference}: there is nothing to send yet.") from None
            found = gather_referral(connection, key, seen, made.event, made, "referral", service.clock())
            octets = make_bundle(connection, service, key, found)
        with whole_file(out) as file:
            file.write(octets)
        log_bundle_export(service, key, AN_OPERATOR, seen.loaded.reference)
        return f"{out}: the referral of {seen.loaded.reference}, {len(octets):,} bytes. Check it anywhere with: drp verify {out}"
    raise LookupError(f"No challenge is called {reference} here.")


def _seen(connection: Connection, service: Service, authority: str, reference: str) -> SeenItem | None:
    """An item as the operator's own hand sees it: whole, for the record is the authority's."""
    id_ = load.id_of_reference(connection, authority, reference)
    if id_ is None:
        return None
    loaded = load.load_challenges(connection, authority, [id_])[id_]
    challenge = loaded.challenge
    rules = service.casework.procedures.rules(connection, authority, challenge.ladder_hash, challenge.authority_hash)
    return SeenItem(loaded, rules, load.load_establishment(connection, authority, loaded.abouts()), THE_SERVICE)


def verify_file(path: Path, public_key: str = "") -> tuple[int, str]:
    """Check a bundle: the exit status, and what to tell."""
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key)) if public_key else None
    except ValueError:
        return 1, "That is no public key. Copy the 64 hex digits that the authority gave you."
    try:
        with path.open("rb") as file:
            found = open_bundle(file, key)
    except OSError as fault:
        return 1, f"{path} cannot be read: {fault.strerror}."
    except NoBundle as fault:
        return 1, f"{path}: NOT AS IT WAS SENT. {fault}"
    said = [f"{path}: it holds. Referral {found.reference} of {found.authority}, {found.files} files, nothing altered."]
    if found.standing != "referral":
        said[0] = said[0].replace("Referral", f"A {found.standing} (NOT a referral)")
    checkpoint = found.proven.checkpoint
    if checkpoint:
        at = f"{checkpoint.at:%d %B %Y, %H:%M} UTC"
        said.append(
            f"{so_many(found.proven.entries, 'entries')} of its record stand under checkpoint {checkpoint.number}, signed {at}."
        )
    if found.proven.after:
        said.append(
            f"{so_many(found.proven.after, 'entries')} came after the last checkpoint: signed with the bundle, not yet by one."
        )
    named = "the key that you named" if key else "the key that came with it: ask the authority by telephone whether it is theirs"
    said.append(f"Signed with key {found.key}, {named}.")
    return 0, "\n".join(said)
