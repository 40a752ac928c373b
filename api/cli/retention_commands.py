"""`drp retention …`: the review list, holds, and lawful erasure; by the tables' owner, never by the service itself."""

import sys
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy import Connection

    from api.assembly import Service
    from workflows.model.authority import Authority

app = typer.Typer(no_args_is_help=True, help="Until when each child's record is kept; holds; lawful erasure.")

Key = Annotated[str, typer.Argument(help="The authority's key.")]
Child = Annotated[str, typer.Argument(help="The child's case-system number.")]
DAY = ["%Y-%m-%d"]
By = Annotated[str, typer.Option(help="Who decided it: a name and a post.")]
Why = Annotated[str, typer.Option(help="On what ground.")]


def _open(authority: str) -> tuple["Service", "Authority"]:
    from api.assembly import assemble_service
    from drp.settings import Settings

    service = assemble_service(Settings())
    with service.store.read(authority) as connection:
        current = service.casework.procedures.current(connection, authority)
    if not current:
        _stop(f"There is no authority {authority} here. `drp audit verify` lists those that there are.")
    return service, current[0].authority


def _stop(said: str) -> None:
    print(said, file=sys.stderr)
    raise SystemExit(1)


@app.command("review")
def review_retention(
    authority: Key, everybody: Annotated[bool, typer.Option("--all", help="Also those whose time has not come.")] = False
) -> None:
    """List the children whose record may be reviewed for erasure, with what holds it."""
    from drp.data_protection import retention
    from workflows.calendar.working_days import local_date, long_date

    service, its_own = _open(authority)
    today, shown = local_date(service.clock()), 0
    with service.store.snapshot(authority) as connection:
        for one in retention.every_child(connection, its_own):
            over = one.retention.is_over(today)
            if one.is_erased or not (over or everybody):
                continue
            shown += 1
            until = f"until {long_date(one.retention.until)}" if one.retention.until else "with no end"
            held = f"; HELD: {'; '.join(one.holds)}" if one.holds else ""
            mark = "to review" if over else "kept"
            print(
                f"{one.number}: {mark}, {one.retention.kept_as}, {until} ({one.retention.why}); {one.challenges} on record{held}"
            )
    service.close()
    print(f"{shown} listed. Nothing is erased by itself: `drp retention erase` does it, one child at a time.")


@app.command("child")
def know_child(
    authority: Key, child: Child,
    died: Annotated[datetime | None, typer.Option(formats=DAY, help="Day of death.")] = None,
    last_contact: Annotated[datetime | None, typer.Option(formats=DAY, help="Day of last contact, by the case system.")] = None,
) -> None:  # fmt: skip
    """Keep what the case system says of a child and the directory does not: a death, the last contact."""
    from drp.data_protection import retention

    service, _ = _open(authority)
    with service.store.write(authority) as connection:
        id_ = _child(connection, authority, child)
        retention.note_from_case_system(
            connection, authority, id_, died.date() if died else None, last_contact.date() if last_contact else None
        )
    service.close()
    print(f"Kept. `drp retention review {authority} --all` shows what follows from it.")


def _child(connection: "Connection", authority: str, number: str) -> "UUID":
    from drp.data_protection import retention

    try:
        return retention.child_by_case_number(connection, authority, number)
    except retention.NoSuchChild as fault:
        _stop(str(fault))
        raise


@app.command("hold")
def hold_child(
    authority: Key, why: Why, by: By, child: Annotated[str, typer.Option(help="One child; without it everybody's record.")] = ""
) -> None:
    """Let nothing be erased: of one child, or of everybody (an inquiry's ban on destruction, a claim)."""
    from drp.data_protection import retention
    from workflows.calendar.working_days import local_date

    service, _ = _open(authority)
    with service.store.write(authority) as connection:
        id_ = _child(connection, authority, child) if child else None
        retention.hold_record(connection, service.casework.chance, authority, id_, why, by, local_date(service.clock()))
    service.close()
    print(f"Held: {child or 'every record'} of {authority}. `drp retention lift` ends it.")


@app.command("lift")
def lift_hold(
    authority: Key, child: Annotated[str, typer.Option(help="One child; without it the hold on everybody.")] = ""
) -> None:
    """Lift the holds on one child, or that on everybody."""
    from drp.data_protection import retention
    from workflows.calendar.working_days import local_date

    service, _ = _open(authority)
    with service.store.write(authority) as connection:
        id_ = _child(connection, authority, child) if child else None
        count = retention.lift_holds(connection, authority, id_, local_date(service.clock()))
    service.close()
    print(f"{count} lifted.")


@app.command("erase")
def erase_command(
    authority: Key, child: Child, why: Why, by: By,
    ordered: Annotated[bool, typer.Option(help="Before its time: by a court, or on a right to erasure.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do it. Without this it is only said what would be erased.")] = False,
) -> None:  # fmt: skip
    """Erase for good what a child's record says in words, and its documents. The timeline goes on proving itself."""
    from api.cli.erase_child import erase_child
    from drp.data_protection.retention import NoSuchChild, RecordHeld
    from drp.proof.take_checkpoint import Unsigned

    service, its_own = _open(authority)
    try:
        print(erase_child(service, its_own, child, why, by, ordered, yes))
    except (RecordHeld, NoSuchChild, Unsigned) as fault:
        _stop(f"Nothing was erased. {fault}")
    finally:
        service.close()
