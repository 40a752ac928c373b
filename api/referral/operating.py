"""The referral from the command line: an operator writes the bundle, and anybody checks one."""

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Connection

from api.assembly import Service
from api.reading import Seen
from api.referral.bundling import bundle, log_export, referral, witness_now
from api.referral.gathering import gather
from api.whole_files import written
from drp import load
from drp.access import NotFound
from drp.access_log import AN_OPERATOR
from drp.proof.opening import NoBundle, opened
from workflows.permits import THE_SERVICE
from workflows.working_days import so_many


def write_bundle(service: Service, reference: str, out: Path, number: int = 0, authority: str = "") -> str:
    """Write a referral's bundle to a file, and say what was written. Raises LookupError, OSError."""
    for key in [authority] if authority else service.store.authorities():
        witness_now(service, key)
        with service.store.snapshot(key) as connection:
            seen = _seen(connection, service, key, reference)
            if seen is None:
                continue
            try:
                made = referral(connection, key, seen, number)
            except NotFound:
                raise LookupError(f"No referral was made on {reference}: there is nothing to send yet.") from None
            found = gather(connection, key, seen, made.event, made, "referral", service.clock())
            octets = bundle(connection, service, key, found)
        with written(out) as file:
            file.write(octets)
        log_export(service, key, AN_OPERATOR, seen.loaded.reference)
        return f"{out}: the referral of {seen.loaded.reference}, {len(octets):,} bytes. Check it anywhere with: drp verify {out}"
    raise LookupError(f"No challenge is called {reference} here.")


def _seen(connection: Connection, service: Service, authority: str, reference: str) -> Seen | None:
    """An item as the operator's own hand sees it: whole, for the record is the authority's."""
    id_ = load.by_reference(connection, authority, reference)
    if id_ is None:
        return None
    loaded = load.challenges(connection, authority, [id_])[id_]
    challenge = loaded.challenge
    rules = service.casework.procedures.rules(connection, authority, challenge.ladder_hash, challenge.authority_hash)
    return Seen(loaded, rules, load.establishment(connection, authority, loaded.abouts()), THE_SERVICE)


def verify_file(path: Path, public_key: str = "") -> tuple[int, str]:
    """Check a bundle: the exit status, and what to tell."""
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key)) if public_key else None
    except ValueError:
        return 1, "That is no public key. Copy the 64 hex digits that the authority gave you."
    try:
        found = opened(path.read_bytes(), key)
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
