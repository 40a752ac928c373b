"""What an operator sets: read once at the edge from the environment (DRP_…), passed down as a value."""

from datetime import timedelta
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


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
    mail_domains: tuple[str, ...] = ()
    """Domains that mail may go to; empty allows those of the directory's own people."""
    pool_size: int = Field(default=10, ge=1)
    body_limit_bytes: int = 256 * 1024

    @property
    def hold_after(self) -> timedelta:
        """How long an absence of the service is too long to act on by itself."""
        return timedelta(minutes=self.hold_after_minutes)

    @property
    def key_file(self) -> Path:
        """Where the chain's key stands."""
        return self.chain_key_file or self.var / "chain.key"

    @property
    def access_url(self) -> str:
        """Where the access log stands."""
        return self.access_log_url or f"sqlite:///{self.var / 'access.sqlite'}"
