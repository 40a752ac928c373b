"""Every table of the service, gathered: what migrations, backups and tests look at."""

from drp.database import (
    account_tables,
    authority_tables,
    challenge_tables,
    directory_tables,
    draft_tables,
    message_tables,
    record_tables,
    register_tables,
    report_tables,
    review_tables,
    voice_tables,
)
from drp.database.tables import metadata

TABLES = (
    account_tables,
    authority_tables,
    challenge_tables,
    directory_tables,
    draft_tables,
    message_tables,
    record_tables,
    register_tables,
    report_tables,
    review_tables,
    voice_tables,
)
"""The modules that hold them: importing one puts its tables into `metadata`."""

__all__ = ["TABLES", "metadata"]
