"""What an operator sets: read once at the edge from the environment (DRP_…), passed down as a value."""

from datetime import timedelta
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from drp.identity.sessions import SessionLimits

LOOPBACK = ("127.0.0.1", "localhost", "::1")
"""Names of this machine that no other reaches it by."""


class Provider(BaseModel):
    """An identity provider of one authority: where it is, what it calls us, and where in its claims our answers stand."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    issuer: str
    client_id: str
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


class Settings(BaseSettings):
    """One service's settings. Lengths of time are named in their own unit."""

    model_config = SettingsConfigDict(env_prefix="DRP_", frozen=True, extra="forbid")

    database_url: str = "sqlite:///var/drp.sqlite"
    """SQLAlchemy URL: one SQLite file, or `postgresql+psycopg://…` for several replicas."""
    access_log_url: str = ""
    """Where reads are logged; by default a SQLite file beside the database (var/access.sqlite)."""
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
    mail_from: str = "resolution-service@drp.example"
    return_address: str = ""
    """Where mail that comes back is delivered to, for `drp returns`; each copy leaves with a tag of its own in it. Empty: off."""
    mail_domains: tuple[str, ...] = ()
    """Domains that mail may go to; empty allows those of the directory's own people."""
    pool_size: int = Field(default=10, ge=1)
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

    @property
    def is_https(self) -> bool:
        """Do people reach the service by https? Then its cookies travel by nothing else."""
        return self.link.startswith("https://")

    @property
    def session_limits(self) -> SessionLimits:
        """How long a browser session lasts."""
        return SessionLimits(timedelta(minutes=self.session_idle_minutes), timedelta(hours=self.session_hours))

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
    def access_url(self) -> str:
        """Where the access log stands."""
        return self.access_log_url or f"sqlite:///{self.var / 'access.sqlite'}"
