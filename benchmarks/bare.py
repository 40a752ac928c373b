"""A bare service as somebody would begin one: FastAPI, SQLModel, no access, no proof. `python -m benchmarks.bare PORT URL`.

`POST /items` keeps one row; `GET /items` lists twenty challenges of the service's own tables with what a list says of each;
`GET /` answers with nothing. The engine has the service's own settings: SQLite durable to the disk, one connection a request.
"""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID, uuid4

import uvicorn
from fastapi import Depends, FastAPI
from pydantic import BaseModel
from sqlmodel import Field, Session, SQLModel, col, select

from drp.database.challenge_tables import ChallengeRow, WindowRow
from drp.database.directory_tables import ChildRow
from drp.database.engine import Store


class ItemRow(SQLModel, table=True):
    """What is kept."""

    __tablename__ = "bare_item"
    id: UUID = Field(primary_key=True)
    child: str
    item_type: str
    reason: str
    concern: str
    at: datetime


class ItemBody(BaseModel):
    """What is sent."""

    child: str
    item_type: str
    reasons: list[str]
    concern: str


def bare_app(url: str) -> FastAPI:
    """The application on a database that has the service's tables."""
    store, app = Store(url, 20), FastAPI()
    SQLModel.metadata.create_all(store.writer, tables=[ItemRow.__table__])  # type: ignore[attr-defined]

    def session() -> Iterator[Session]:
        with Session(store.writer) as one:
            yield one

    def reading() -> Iterator[Session]:
        with Session(store.reader) as one:
            yield one

    @app.get("/")
    def nothing() -> dict[str, str]:
        return {}

    @app.post("/items", status_code=201)
    def keep(body: ItemBody, session: Annotated[Session, Depends(session)]) -> dict[str, Any]:
        row = ItemRow(
            id=uuid4(), child=body.child, item_type=body.item_type, reason=body.reasons[0], concern=body.concern,
            at=datetime.now(UTC),
        )  # fmt: skip
        session.add(row)
        session.commit()
        session.refresh(row)
        return row.model_dump(mode="json")

    @app.get("/items")
    def listed(authority: str, raiser: UUID, session: Annotated[Session, Depends(reading)]) -> list[dict[str, Any]]:
        challenges = session.exec(
            select(ChallengeRow)
            .where(ChallengeRow.authority == authority, ChallengeRow.raiser == raiser, col(ChallengeRow.is_open))
            .order_by(col(ChallengeRow.raised_at).desc())
            .limit(20)
        ).all()
        found = []
        for one in challenges:
            windows = session.exec(
                select(WindowRow).where(
                    WindowRow.authority == authority, WindowRow.challenge == one.id, col(WindowRow.closed_at).is_(None)
                )
            ).all()
            child = session.get(ChildRow, (authority, one.child)) if one.child else None
            nearest = min(windows, key=lambda window: window.closes_at, default=None)
            found.append(
                {
                    "reference": one.reference,
                    "item_type": one.item_type,
                    "team": one.team,
                    "stage": one.stage,
                    "phase": one.phase,
                    "is_open": one.is_open,
                    "raised_at": one.raised_at.isoformat(),
                    "child": {"number": child.number, "initials": child.initials} if child else None,
                    "next_due": nearest.due.isoformat() if nearest else None,
                }
            )
        return found

    return app


if __name__ == "__main__":
    uvicorn.run(bare_app(sys.argv[2]), host="127.0.0.1", port=int(sys.argv[1]), log_level="critical", access_log=False)
