"""What an operator sets: read once at the edge from the environment (DRP_…), passed down as a value."""

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import make_url

from drp.database.engine import Waits
from drp.identity.sessions import SessionLimits

LOOPBACK = ("127.0.0.1", "localhost", "::1")
"""Names of this machine that no other reaches it by."""


_DOMAIN = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,62})(\.[a-z0-9]([a-z0-9-]{0,62}))+")
_MAILBOX = re.compile(r"[^@\s<>,;]{1,64}@[A-Za-z0-9.-]{1,253}")


ACCESS_LOG_SCHEMA = "access_log"


def in_schema_of_log(database_url: str) -> str:
    """The URL of a PostgreSQL database at which the access log's own schema is found."""
    url = make_url(database_url)
    options = f"{url.query.get('options', '')} -csearch_path={ACCESS_LOG_SCHEMA}".strip()
    return url.update_query_dict({"options": options}).render_as_string(hide_password=False)


def place_in_words(database_url: str) -> str:
    """A database by its file's whole path, or by server and name: no role, no password. SQLite in memory is `:memory:`."""
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        return str(Path(url.database).resolve()) if url.database not in (None, "", ":memory:") else ":memory:"
    return f"{url.host or 'localhost'}:{url.port or 5432}/{url.database}"


def check_address_of_service(link: str) -> str:
    """An address at which a service is reached, as it was given. Raises ValueError for what is none."""
    parts = urlsplit(link)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise ValueError(f"`{link}` is no address: write it as `https://drp.council.gov.example`")
    if parts.path not in ("", "/"):
        raise ValueError(f"`{link}` goes on behind the host: the service is served at the root of its host")
    parts.port  # noqa: B018 -- raises ValueError for a port that is none
    return link


class Provider(BaseModel):
    """An identity provider of one authority: where it is, what it calls us, and where in its claims our answers stand."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    issuer: str
    client_id: str = Field(min_length=1)
    client_secret: str = ""
    scopes: str = "openid profile email"
    subject_claim: str = "sub"
    """The path of the claim that names the account for ever: `sub`, or `oid` for Entra ID."""
    person_claim: str = "email"
    """The path of the claim by which the directory knows the person, on their first sign-in: an address or a key."""
    verified_claim: str = "email_verified"
    """The path of the claim that is true where the provider has verified the address: `xms_edov` for Entra ID."""
    person_claim_is_trusted: bool = False
    """Does the provider itself write `person_claim`, so that nobody can write another's? Then it needs no verified address."""
    roles_claim: str = ""
    """The path of a list of roles: `roles` (Entra ID), `realm_access.roles` (Keycloak). Empty: no role is asked for."""
    role_wanted: str = ""
    """The role that somebody must have there to sign in here."""

    @field_validator("issuer")
    @classmethod
    def _is_issuer(cls, issuer: str) -> str:
        parts = urlsplit(issuer)
        is_ours = parts.scheme == "http" and parts.hostname in LOOPBACK
        if not parts.hostname or not (parts.scheme == "https" or is_ours) or parts.query or parts.fragment:
            raise ValueError(f"`{issuer}` is no https address of a provider")
        return issuer

    @model_validator(mode="after")
    def _agree(self) -> "Provider":
        if self.role_wanted and not self.roles_claim:
            raise ValueError("role_wanted is set and roles_claim is not: nobody could sign in")
        return self


class Settings(BaseSettings):
    """One service's settings. Lengths of time are named in their own unit."""

    model_config = SettingsConfigDict(env_prefix="DRP_", frozen=True, extra="forbid")

    database_url: str = "sqlite:///var/drp.sqlite"
    """SQLAlchemy URL: one SQLite file, or `postgresql+psycopg://…` for several replicas."""
    access_log_url: str = ""
    """Where reads are logged; by default a schema of the PostgreSQL database, or a SQLite file (var/access.sqlite)."""
    var: Path = Path("var")
    """Files of the service's own: the chain's key, the fallback access log, mail of the demonstration."""
    chain_key_file: Path | None = None
    """The key of the timeline's chain (32 bytes, hex); by default var/chain.key. Keep it off the database's machine."""
    signing_key_file: Path | None = None
    """The key that signs checkpoints (Ed25519, 32 bytes, hex); by default var/signing.key."""
    seal_key_file: Path | None = None
    """The key that seals sessions, tokens, links and accounts (32 bytes, hex); by default var/seal.key."""
    checkpoints: Path | None = None
    """Where checkpoints leave the database to; by default var/checkpoints. Better a share that nobody here may write over."""
    checkpoint_minutes: int = Field(default=60, ge=1)
    """How often a checkpoint is taken, where anything was written since the last one."""
    hold_after_minutes: int = Field(default=120, ge=5)
    """After the service was away for longer, what closed meanwhile is held for a named release."""
    tick_seconds: int = Field(default=30, ge=1)
    """How often the heartbeat looks for windows that closed and messages to send."""
    heartbeat: bool = True
    """Off where another process ticks (`drp tick` from cron)."""
    sweep_batch: int = Field(default=100, ge=1, le=1000)
    """Challenges decided in one transaction of a sweep."""
    link: str = "http://127.0.0.1:8000"
    """What links in messages begin with."""
    mail: str = "folder"
    """`folder` writes .eml files under var/mail; `smtp` sends; `none` keeps messages in the inbox only."""
    smtp_host: str = "127.0.0.1"
    smtp_port: int = 25
    smtp_user: str = ""
    smtp_password: str = ""
    smtp_timeout_seconds: float = Field(default=20, gt=0)
    mail_conversations: int = Field(default=3, ge=1, le=20)
    """How many mails leave at once; urgent ones and links to sign in have conversations of their own."""
    mail_from: str = "resolution-service@drp.example"
    return_address: str = ""
    """Where mail that comes back is delivered to, for `drp returns`; each copy leaves with a tag of its own in it. Empty: off."""
    mail_domains: tuple[str, ...] = ()
    """Domains that mail may go to; empty allows those of the directory's own people."""
    pool_size: int = Field(default=10, ge=1)
    """Requests worked on at once, each with a connection to the database; some more are kept aside (`api.admission`)."""
    row_wait_seconds: float = Field(default=2, gt=0, le=20)
    """How long a request waits for an item that another has in hand, and for a connection, before it is told to come back."""
    statement_seconds: float = Field(default=10, ge=1, le=20)
    """How long one statement may take on PostgreSQL, and a transaction lie idle: a frozen replica keeps no item for longer."""
    session_idle_minutes: int = Field(default=60, ge=1)
    """A browser session that was not used for so long has ended."""
    session_hours: int = Field(default=10, ge=1)
    """A browser session ends so long after signing in, used or not."""
    providers: dict[str, Provider] = Field(default_factory=dict)
    """Identity providers by authority, as JSON: people sign in with their council's own account (OpenID Connect)."""
    link_sign_in: bool = True
    """May people sign in by a link sent to their directory address? It needs mail that leaves."""
    links_at_once: int = Field(default=3, ge=1)
    """Links to sign in that may be in force at once for one person; where there are as many, those stay good."""
    sign_ins_per_address: int = Field(default=2000, ge=1)
    """Sign-ins that may be begun within ten minutes from one address (or IPv6 /64): far above what a council behind one needs."""
    sign_ins_per_browser: int = Field(default=30, ge=1)
    """Sign-ins that may be begun within ten minutes at a browser that somebody signed in at before: counted by itself."""
    choose_a_person: bool = False
    """The demonstration's sign-in: anybody may be anybody. Refused wherever the service is not on this machine alone."""
    body_limit_bytes: int = 256 * 1024
    attachments: Path | None = None
    """Where attached documents are kept; by default var/attachments. Every replica must see the same folder."""
    attachment_limit_bytes: int = Field(default=10 * 1024 * 1024, ge=1024, le=20 * 1024 * 1024)
    """The largest document that is taken."""

    @field_validator("link")
    @classmethod
    def _is_address(cls, link: str) -> str:
        """The address without a slash at its end; other than http(s) or with more behind it, it is none."""
        return check_address_of_service(link).rstrip("/")

    @field_validator("mail_domains")
    @classmethod
    def _are_domains(cls, domains: tuple[str, ...]) -> tuple[str, ...]:
        found = tuple(domain.strip().strip(".").lower() for domain in domains)
        for domain in found:
            if not _DOMAIN.fullmatch(domain):
                raise ValueError(f"`{domain}` is no domain: write it as `council.gov.example`, without @ and without https://")
        return found

    @field_validator("mail")
    @classmethod
    def _is_way(cls, mail: str) -> str:
        if mail not in ("folder", "smtp", "none"):
            raise ValueError("it is folder, smtp or none")
        return mail

    @field_validator("mail_from", "return_address")
    @classmethod
    def _is_mailbox(cls, address: str) -> str:
        if address and not _MAILBOX.fullmatch(address):
            raise ValueError(f"`{address}` is no address: write it as `drp@council.gov.example`")
        return address

    @model_validator(mode="after")
    def _agree(self) -> "Settings":
        """Settings that contradict one another stop the start, rather than somebody's sign-in later."""
        if self.session_idle_minutes > self.session_hours * 60:
            raise ValueError("DRP_SESSION_IDLE_MINUTES is longer than DRP_SESSION_HOURS: a session would never be idle")
        if self.smtp_user and self.mail != "smtp":
            raise ValueError("DRP_SMTP_USER is set and DRP_MAIL is not smtp: mail would not leave")
        if self.mail == "smtp" and self.is_https and self.mail_from.endswith(".example"):
            raise ValueError("DRP_MAIL_FROM is still the example: set the address that mail comes from")
        if not (self.link_sign_in and self.mail != "none") and not self.providers and not self.choose_a_person and self.is_https:
            raise ValueError("nobody could sign in: DRP_PROVIDERS is empty, and no link is sent (DRP_LINK_SIGN_IN, DRP_MAIL)")
        return self

    @property
    def is_https(self) -> bool:
        """Do people reach the service by https? Then its cookies travel by nothing else."""
        return self.link.startswith("https://")

    @property
    def session_limits(self) -> SessionLimits:
        """How long a browser session lasts."""
        return SessionLimits(timedelta(minutes=self.session_idle_minutes), timedelta(hours=self.session_hours))

    @property
    def waits(self) -> Waits:
        """How long the service's connections wait."""
        return Waits(self.row_wait_seconds, self.statement_seconds, self.statement_seconds, self.row_wait_seconds)

    @property
    def hold_after(self) -> timedelta:
        """How long an absence of the service is too long to act on by itself."""
        return timedelta(minutes=self.hold_after_minutes)

    @property
    def key_file(self) -> Path:
        """Where the chain's key stands."""
        return self.chain_key_file or self.var / "chain.key"

    @property
    def signing_file(self) -> Path:
        """Where the key that signs checkpoints stands."""
        return self.signing_key_file or self.var / "signing.key"

    @property
    def seal_file(self) -> Path:
        """Where the key that seals who may come in stands."""
        return self.seal_key_file or self.var / "seal.key"

    @property
    def checkpoints_folder(self) -> Path:
        """Where checkpoints are left."""
        return self.checkpoints or self.var / "checkpoints"

    @property
    def attachments_folder(self) -> Path:
        """Where attached documents stand."""
        return self.attachments or self.var / "attachments"

    @property
    def folders(self) -> dict[str, Path]:
        """The folders that the service writes to, by what each is used for. A database's server is another's to watch."""
        files = {"the database": self.database_url, "the access log": self.access_url}
        of_sqlite = {use: make_url(url).database for use, url in files.items() if url.startswith("sqlite")}
        return {
            **{use: Path(file).parent for use, file in of_sqlite.items() if file and file != ":memory:"},
            "the service's own files": self.var,
            "checkpoints": self.checkpoints_folder,
            "attached documents": self.attachments_folder,
        }

    @property
    def access_url(self) -> str:
        """Where the access log stands: on PostgreSQL in a schema of the same database, so that all replicas have one."""
        if self.access_log_url or self.database_url.startswith("sqlite"):
            return self.access_log_url or f"sqlite:///{self.access_file}"
        return in_schema_of_log(self.database_url)

    @property
    def database_place(self) -> str:
        """Which database, without role and password, for several roles reach the same one."""
        return place_in_words(self.database_url)

    @property
    def access_place(self) -> str:
        """Where the access log is, without role and password."""
        return place_in_words(self.access_url)

    @property
    def access_fallback(self) -> Path:
        """The file that takes readings while the access log cannot."""
        return self.var / "access.jsonl"

    @property
    def access_file(self) -> Path:
        """The file in which a service on SQLite, or of an earlier release, keeps its access log."""
        return self.var / "access.sqlite"


def faults_in_settings(fault: ValidationError) -> Iterator[str]:
    """What is wrong with settings, a line each, as whoever set them in the environment knows them."""
    for one in fault.errors():
        name = "_".join(("DRP", str(one["loc"][0]).upper())) if one["loc"] else ""
        inside = ".".join(str(part) for part in one["loc"][1:])
        yield f"{name}{f' ({inside})' if inside else ''}{': ' if name else ''}{one['msg'].removeprefix('Value error, ')}"


def misspelt_settings(environment: Mapping[str, str]) -> Iterator[str]:
    """Variables that begin as settings do and are none: whoever set one believes that it is in force."""
    known = {f"DRP_{name.upper()}" for name in Settings.model_fields}
    for name in sorted(name for name in environment if name.startswith("DRP_") and name not in known):
        near = get_close_matches(name, known, 1)
        yield f"{name} is no setting{f': did you mean {near[0]}?' if near else '.'}"
