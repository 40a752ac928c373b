"""The bundle: one ZIP, the same bytes for the same record and checkpoint, with a signed list of what is in it."""

import base64
import hashlib
import zipfile
from collections.abc import Mapping, Sequence
from io import BytesIO
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from api.exports.export_files import Fetch, document_file_name, json_bytes, put_in_zip
from api.exports.referral import paper
from api.exports.referral.contents import Contents, EnclosedDocument
from api.exports.referral.gather import GatheredReferral
from drp.database.engine import Unavailable
from drp.items.attachments import NotAsAttached
from drp.items.referrals import names_others, words_go
from drp.proof import bundle as proof
from drp.proof.checkpoint import Checkpoint, CheckpointedLength, name_of

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


def pack_bundle(
    gathered: GatheredReferral,
    fetch: Fetch,
    authority: str,
    challenge: UUID,
    checkpoint: Checkpoint | None,
    standings: Sequence[CheckpointedLength],
    key: Ed25519PrivateKey,
) -> bytes:
    """The whole bundle as bytes; nothing touches the disk. A document that cannot be had is said to be missing, in its place."""
    contents, enclosed = _enclosed(gathered.contents, fetch)
    public = key.public_key()
    files: dict[str, bytes] = {
        "referral.html": paper.referral_html(contents),
        "referral.json": json_bytes(contents.model_dump(mode="json")),
        "referral.schema.json": json_bytes(Contents.model_json_schema()),
        "proof.json": _proof(gathered, authority, challenge, checkpoint, standings).encode(),
        "public-key.txt": f"{public.public_bytes(Encoding.Raw, PublicFormat.Raw).hex()}\n".encode(),
        **enclosed,
    }
    try:
        files["referral.pdf"] = paper.referral_pdf(contents)
    except paper.NotDrawn as fault:
        # The referral goes all the same: the page and the JSON hold all of it.
        files["referral.pdf is missing.txt"] = f"The PDF could not be made: {fault}\nreferral.html says all of it.\n".encode()
    mark = paper.MARKS[contents.standing]
    files["READ-ME-FIRST.txt"] = README.format(
        authority=contents.authority, key=name_of(public), mark=f"{mark}.\n\n" if mark else ""
    ).encode()
    manifest = "".join(f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files)).encode()
    files["manifest.sha256"] = manifest
    files["manifest.signature"] = base64.b64encode(key.sign(manifest)) + b"\n"
    return _zipped(files)


def _enclosed(contents: Contents, fetch: Fetch) -> tuple[Contents, dict[str, bytes]]:
    """The documents that were ticked, each under a name that is safe anywhere."""
    listed: list[EnclosedDocument] = []
    files: dict[str, bytes] = {}
    for document in contents.documents:
        if document.left_out:
            listed.append(document)
            continue
        name = f"documents/{len(files) + 1:02}-{document_file_name(document.name, document.media_type)}"
        try:
            files[name] = fetch(document.sha256, document.size)
            listed.append(document.model_copy(update={"file": name}))
        except (NotAsAttached, Unavailable) as gone:
            listed.append(document.model_copy(update={"left_out": f"NOT ENCLOSED although it was ticked. {gone}"}))
    return contents.model_copy(update={"documents": listed}), files


def _proof(
    gathered: GatheredReferral,
    authority: str,
    challenge: UUID,
    checkpoint: Checkpoint | None,
    standings: Sequence[CheckpointedLength],
) -> str:
    selection, black = gathered.selection, gathered.black
    return proof.make_proof(
        authority,
        challenge,
        gathered.contents.reference,
        gathered.kept,
        # An entry whose facts name other items proves itself by its hash alone.
        lambda entry: entry.number in selection.shown and not names_others(entry),
        lambda entry, word: words_go(entry, word.field, selection) and not black.touches(word.text),
        checkpoint,
        standings,
    )


def _zipped(files: Mapping[str, bytes]) -> bytes:
    """Every file, in one order."""
    made = BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            put_in_zip(archive, name, files[name])
    return made.getvalue()
