"""What people say of the process once a year: nobody's name, no item, and no time but the year."""

from uuid import UUID

from sqlmodel import Field

from drp.database.tables import Row, json_column


class VoiceRow(Row, table=True):
    """One form that was filled in. Its identity is random and rows stand in its order: which came first is not kept."""

    __tablename__ = "voice"
    authority: str = Field(primary_key=True, max_length=64)
    id: UUID = Field(primary_key=True)
    year: int
    """The reporting year, by its first calendar year."""
    side: str = Field(max_length=16)
    answers: dict[str, str] = json_column()
    words: str = Field(default="", max_length=300)
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 -- as SQLAlchemy has it
