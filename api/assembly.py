"""The service put together from its settings: what `create_app`, the command line and the heartbeat all use."""

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from api.disks import DiskReserve
from api.keys import Keys, read_keys
from api.lanes import KEPT_ASIDE
from api.pulse import Pulse
from drp.casework.procedures import Procedures
from drp.casework.save import DecisionWriter
from drp.casework.service import Casework
from drp.data_protection.access_log import AccessLog
from drp.database.engine import Store, Waits
from drp.database.ids import Randomness
from drp.identity.seal import Seal
from drp.items import rebuild_register
from drp.items.attachments import Attachments
from drp.settings import Settings
from drp.timeline.chain import ChainKey
from notifications.channels import Channel, Folder, OutgoingMail, SendOutcome
from notifications.outbox import Sender
from notifications.returns import ReturnAddress
from notifications.smtp import Relay, Smtp
from workflows.calendar.working_days import Calendar, read_calendar
from workflows.ladder_language.reader import AuthorityProcedures as ReadProcedures
from workflows.ladder_language.reader import read_procedures

Clock = Callable[[], datetime]
"""Returns an aware UTC instant."""


def system_clock() -> datetime:
    """The machine's clock, read here and nowhere below."""
    return datetime.now(UTC)  # noqa: TID251 -- the edge is where the clock is read


def clock_at(moment: datetime) -> Clock:
    """A clock that stands at one moment."""
    return lambda: moment


SYSTEM_CHANCE = Randomness(secrets.token_bytes)  # noqa: TID251 -- and chance too


FOR_JOBS = 10
"""Connections kept for the heartbeat's jobs, beside those for requests."""


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
    keys: Keys
    reserves: tuple[DiskReserve, ...] = ()
    """Room that is kept on the disk of `var`: for what is read, and for a referral, when it is full."""
    pulse: Pulse = field(default_factory=Pulse)

    @property
    def seal(self) -> Seal:
        """What seals, and proves, every row that lets somebody in."""
        return Seal(self.keys.seal)

    @property
    def signing(self) -> Ed25519PrivateKey:
        """The key that signs checkpoints now. Give its public half to whoever is to check them."""
        return self.keys.signing[-1]

    def close(self) -> None:
        """Let every connection go."""
        self.sender.cut()
        self.store.close()
        self.access_log.close()


def assemble_service(
    settings: Settings, clock: Clock = system_clock, chance: Randomness = SYSTEM_CHANCE, waits: Waits | None = None
) -> Service:
    """Build the service; touches the disk for its keys only. `waits`: other than the settings' own.

    Raises KeyMissing, ValueError for a file that holds no key, OSError if they cannot be read.
    """
    keys = read_keys(settings)
    store = Store(settings.database_url, settings.pool_size + sum(KEPT_ASIDE.values()) + FOR_JOBS, waits or settings.waits)
    *older, key = keys.chain
    keeper = DecisionWriter(key, chance, tuple(older))
    readings, referral = (DiskReserve(settings.var / f"room-for-{what}.reserve") for what in ("readings", "a-referral"))
    casework = Casework(store, Procedures(shipped_calendar()), keeper, chance, settings.hold_after, referral.give_up)
    domain, channel = settings.mail_from.rpartition("@")[2], mail_channel(settings)
    sender = Sender(
        channel,
        settings.link.rstrip("/"),
        domain,
        settings.mail_domains,
        settings.mail_from,
        ReturnAddress(settings.return_address, returns_secret(key)) if settings.return_address else None,
        settings.mail != "none",
    )
    if isinstance(channel, Smtp):
        sender = replace(sender, reaches=channel.reaches, cut=channel.cut)
    log = AccessLog(settings.access_url, settings.access_fallback, readings.give_up)
    attachments = Attachments(settings.attachments_folder, settings.attachment_limit_bytes)
    return Service(settings, clock, store, casework, sender, log, attachments, keys, (readings, referral))


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


def enter_what_is_not(store: Store, procedures: Procedures) -> int:
    """Enter in the register the items of an earlier release, which have no line there. Gives how many there were."""
    made = 0
    for authority in store.authorities():
        with store.write(authority) as connection:
            made += rebuild_register.rebuild_missing_entries(connection, procedures, authority)
    return made


def shipped_procedures(name: str) -> ReadProcedures:
    """An authority's procedures as this release ships them."""
    folder = files("workflows").joinpath("authorities", name)
    texts = {f"{name}/{f.name}": f.read_text(encoding="utf-8") for f in folder.iterdir() if f.name.endswith(".yaml")}
    return read_procedures(dict(sorted(texts.items())))


def from_folder(folder: Path, is_in_force: Callable[[str], bool] = lambda content: False) -> ReadProcedures:
    """An authority's procedures from its own files; `is_in_force`: is the file of such a content hash in force already?"""
    texts = {str(path): path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.yaml"))}
    return read_procedures(texts, is_in_force=is_in_force)
