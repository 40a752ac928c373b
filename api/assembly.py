"""The service put together from its settings: what `create_app`, the command line and the heartbeat all use."""

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from drp.casework.procedures import Procedures
from drp.casework.save import DecisionWriter
from drp.casework.service import Casework
from drp.data_protection.access_log import AccessLog
from drp.database.engine import Store
from drp.database.ids import Randomness
from drp.items import rebuild_register
from drp.items.attachments import Attachments
from drp.settings import Settings
from drp.timeline.chain import ChainKey
from notifications.channels import Channel, Folder, OutgoingMail, Relay, SendOutcome, Smtp
from notifications.outbox import Sender
from notifications.returns import ReturnAddress
from workflows.calendar.working_days import Calendar, read_calendar
from workflows.ladder_language.reader import AuthorityProcedures as ReadProcedures
from workflows.ladder_language.reader import read_procedures

Clock = Callable[[], datetime]
"""Returns an aware UTC instant."""


def system_clock() -> datetime:
    """The machine's clock, read here and nowhere below."""
    return datetime.now(UTC)  # noqa: TID251 -- the edge is where the clock is read


SYSTEM_CHANCE = Randomness(secrets.token_bytes)  # noqa: TID251 -- and chance too


class InboxOnly:
    """No mail leaves: the inbox in the service is the delivery of record."""

    def send(self, post: OutgoingMail) -> SendOutcome:
        """Nothing to do."""
        return SendOutcome(accepted=frozenset(post.envelope), is_mail=False)


@dataclass(frozen=True)
class Service:
    """Everything that a running service holds. Nothing global: two services may run in one process."""

    settings: Settings
    clock: Clock
    store: Store
    casework: Casework
    sender: Sender
    access_log: AccessLog
    attachments: Attachments
    signing: Ed25519PrivateKey

    def close(self) -> None:
        """Let every connection go."""
        self.store.close()
        self.access_log.close()


def assemble_service(settings: Settings, clock: Clock = system_clock, chance: Randomness = SYSTEM_CHANCE) -> Service:
    """Build the service; touches the disk for its keys only. Raises OSError if they cannot be read or made."""
    store = Store(settings.database_url, settings.pool_size)
    *older, key = chain_keys(settings.key_file, chance)
    keeper = DecisionWriter(key, chance, tuple(older))
    casework = Casework(store, Procedures(shipped_calendar()), keeper, chance, settings.hold_after)
    domain = settings.mail_from.rpartition("@")[2]
    sender = Sender(
        mail_channel(settings),
        settings.link.rstrip("/"),
        domain,
        settings.mail_domains,
        settings.mail_from,
        ReturnAddress(settings.return_address, returns_secret(key)) if settings.return_address else None,
        settings.mail != "none",
    )
    log = AccessLog(settings.access_url, settings.var / "access.jsonl")
    attachments = Attachments(settings.attachments_folder, settings.attachment_limit_bytes)
    signing = signing_key(settings.signing_file, chance)
    return Service(settings, clock, store, casework, sender, log, attachments, signing)


def returns_secret(key: ChainKey) -> bytes:
    """What tags of return addresses are made with: derived from the key that every replica has, and useless for the chain."""
    return hmac.new(key.secret, b"drp returns", sha256).digest()


def mail_channel(settings: Settings) -> Channel:
    """The way messages leave. Raises ValueError for a setting that is none."""
    if settings.mail == "folder":
        return Folder(settings.var / "mail", settings.mail_from)
    if settings.mail == "smtp":
        relay = Relay(
            settings.smtp_host, settings.smtp_port, settings.smtp_user, settings.smtp_password, settings.smtp_timeout_seconds
        )
        return Smtp(relay, settings.mail_from)
    if settings.mail == "none":
        return InboxOnly()
    raise ValueError(f"DRP_MAIL is `{settings.mail}`: set it to folder, smtp or none.")


def shipped_calendar() -> Calendar:
    """The bank holidays of England and Wales that this release carries."""
    return read_calendar(files("workflows.calendar").joinpath("england_and_wales.csv").read_text(encoding="utf-8"))


def enter_what_is_not(service: Service) -> int:
    """Enter in the register the items of an earlier release, which have no line there. Gives how many there were."""
    made, casework = 0, service.casework
    for authority in service.store.authorities():
        with service.store.write(authority) as connection:
            made += rebuild_register.rebuild_missing_entries(connection, casework.procedures, authority)
    return made


def chain_keys(path: Path, chance: Randomness) -> tuple[ChainKey, ...]:
    """The timeline's keys, the first made on first use; the last is the one that new entries are made with.

    A line each: 64 hex digits, from the second on with a name before them (`k2 …`), for an entry names the key that it was
    made with. Losing one ends the proof of its entries, not the record: keep a copy elsewhere. Raises OSError, ValueError.
    """
    _made_once(path, chance)
    return _chain_keys(path)


def _chain_keys(path: Path) -> tuple[ChainKey, ...]:
    found: dict[str, ChainKey] = {}
    for line in path.read_text(encoding="ascii").split("\n"):
        *name, secret = line.split() or [""]
        if not secret:
            continue
        id_ = name[0] if name else "k1"
        if id_ in found or len(name) > 1 or len(id_) > 16:
            raise ValueError(f"{path}: each key has a line and a name of its own, such as `k2 ` before its 64 hex digits.")
        found[id_] = ChainKey(id_, _octets(secret, path))
    if not found:
        raise ValueError(f"{path} does not hold a key of 32 bytes.")
    return tuple(found.values())


def signing_key(path: Path, chance: Randomness) -> Ed25519PrivateKey:
    """The key that signs checkpoints, made on first use. Give its public half to whoever is to check them."""
    _made_once(path, chance)
    return _signing_key(path)


def _signing_key(path: Path) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(_octets(path.read_text(encoding="ascii").strip(), path))


def present_keys(settings: Settings) -> tuple[tuple[ChainKey, ...], Ed25519PrivateKey | None]:
    """The chain's keys and the signing key where they stand; none for what is not there. None is made."""
    chain, signing = settings.key_file, settings.signing_file
    return _chain_keys(chain) if chain.exists() else (), _signing_key(signing) if signing.exists() else None


def _made_once(path: Path, chance: Randomness) -> None:
    """Make a file that only we may read, with 32 bytes in hex, where it is not there."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        made = path.with_suffix(".part")
        made.touch(mode=0o600)
        made.write_text(chance.secret() + "\n", encoding="ascii")
        made.rename(path)


def _octets(text: str, path: Path) -> bytes:
    try:
        secret = bytes.fromhex(text)
    except ValueError:
        secret = b""
    if len(secret) != 32:
        raise ValueError(f"{path} does not hold a key of 32 bytes.")
    return secret


def shipped_procedures(name: str) -> ReadProcedures:
    """An authority's procedures as this release ships them."""
    folder = files("workflows").joinpath("authorities", name)
    texts = {f"{name}/{f.name}": f.read_text(encoding="utf-8") for f in folder.iterdir() if f.name.endswith(".yaml")}
    return read_procedures(dict(sorted(texts.items())))


def from_folder(folder: Path, is_in_force: Callable[[str], bool] = lambda content: False) -> ReadProcedures:
    """An authority's procedures from its own files; `is_in_force`: is the file of such a content hash in force already?"""
    texts = {str(path): path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.yaml"))}
    return read_procedures(texts, is_in_force=is_in_force)
