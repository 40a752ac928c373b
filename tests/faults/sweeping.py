"""A replica as a process that sweeps when told: `go` gives it a database and a moment, it answers what it did."""

from datetime import datetime
from typing import Any

from drp.casework.save import DecisionWriter
from drp.casework.service import Casework
from drp.casework.sweep import sweep_authority
from drp.database.engine import Store
from tests.cast.marsh import KEY
from tests.faults.world import casework_on


def replica(orders: Any, answers: Any, barrier: Any) -> None:
    """Until told to stop: wait for an order, wait for the others, sweep, answer."""
    while (order := orders.get()) is not None:
        url, now, batch, naive = order
        store = Store(url)
        casework = casework_on(store)
        with store.read(KEY) as connection:
            casework.procedures.current(connection, KEY)
        if naive:
            make_naive(casework)
        barrier.wait(60)
        try:
            swept = sweep_authority(casework, KEY, datetime.fromisoformat(now), batch)
            answers.put((swept.decided, len(swept.failed), ""))
        except Exception as error:
            answers.put((0, 0, f"{type(error).__name__}"))
        finally:
            store.close()


def make_naive(casework: Casework) -> None:
    """The planted bug: what is due is read, and only later written, with no lock and no guard of the version."""
    import drp.casework.sweep
    from drp.casework import load

    real = load.load_challenges

    def unlocked(connection: Any, authority: str, ids: Any, statement: Any = None) -> Any:
        return real(connection, authority, ids)

    def unguarded(self: DecisionWriter, connection: Any, changed: list[dict[str, Any]]) -> None:
        from sqlalchemy import bindparam, update

        from drp.database.challenge_tables import ChallengeRow

        found_by = ("authority", "id", "version")
        table: Any = ChallengeRow.__table__  # type: ignore[attr-defined]
        statement = (
            update(table)
            .where(table.c.authority == bindparam("b_authority"), table.c.id == bindparam("b_id"))
            .values(version=table.c.version + 1, **{name: bindparam(name) for name in changed[0] if name not in found_by})
        )
        keys = [{f"b_{name}": one[name] for name in ("authority", "id")} for one in changed]
        rests = [{name: value for name, value in one.items() if name not in found_by} for one in changed]
        connection.execute(statement, [key | rest for key, rest in zip(keys, rests, strict=True)])

    drp.casework.sweep.load.load_challenges = unlocked  # type: ignore[assignment]
    DecisionWriter.update_challenges = unguarded  # type: ignore[method-assign]
