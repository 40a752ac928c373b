"""The referral from the command line: an operator writes the bundle, and anybody checks one."""

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Connection

from api.assembly import Service
from api.exports.export_files import whole_file
from api.exports.referral.bundle import find_referral, log_bundle_export, make_bundle, take_checkpoint_now
from api.exports.referral.gather import gather_referral
from api.presenters.item_reader import SeenItem
from drp.casework import load
from drp.casework.access import NotFound
from drp.data_protection.access_log import AN_OPERATOR
from drp.proof.open_bundle import NoBundle, open_bundle
from workflows.calendar.working_days import so_many
from workflows.model.actor import THE_SERVICE


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
        found = open_bundle(path.read_bytes(), key)
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
