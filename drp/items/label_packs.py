"""Which shipped words for a child an authority chose; empty: those of its own file."""

from sqlalchemy import Connection, select, update
from sqlmodel import col

from drp.database.authority_tables import AuthorityRow
from workflows.model.authority import LABEL_PACKS
from workflows.model.refusals import Unfit


def chosen_label_pack(connection: Connection, authority: str) -> str:
    """The pack that is in use."""
    return connection.execute(select(col(AuthorityRow.label_pack)).where(col(AuthorityRow.key) == authority)).scalar() or ""


def choose_label_pack(connection: Connection, authority: str, pack: str) -> None:
    """Speak of a child in the words of a pack from now on. Raises Unfit for one that there is not."""
    if pack and pack not in LABEL_PACKS:
        raise Unfit("There are no such words.", "Choose one of those listed.", "pack")
    connection.execute(update(AuthorityRow).where(col(AuthorityRow.key) == authority).values(label_pack=pack))
