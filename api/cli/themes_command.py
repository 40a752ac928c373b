"""`drp themes`: the theme tables of the pages, on a terminal or into a file."""

import sys
from pathlib import Path
from typing import Annotated

import typer


def count_themes(
    authority: Annotated[str, typer.Argument(help="The authority's key.")],
    by: Annotated[str, typer.Option(help="year, quarter, month, stage, reason, theme, team, service, status, item_type, "
                                    "outcome or impact.")] = "reason",
    across: Annotated[str, typer.Option(help="The same, or none. Without it: by quarter.")] = "",
    span: Annotated[str, typer.Option(help="quarters, year, years, five or all.")] = "",
    since: Annotated[str, typer.Option(help="From this year, quarter or month on: 2016, 2016-Q1, 2016-04.")] = "",
    until: Annotated[str, typer.Option(help="Up to this one, included.")] = "",
    only: Annotated[list[str] | None, typer.Option(help="Narrow: team=north, status=looked_after; may be repeated.")] = None,
    practice: Annotated[bool | None, typer.Option(help="Count excellent practice in; by default as the authority does.")] = None,
    together: Annotated[bool, typer.Option(help="Stages together, as the authority's file says.")] = False,
    format: Annotated[str, typer.Option(help="table, csv, xlsx, json or svg.")] = "table",
    out: Annotated[Path | None, typer.Option(help="The file to write; xlsx needs one.")] = None,
) -> None:  # fmt: skip
    """Count what the challenges say, by any two things. Numbers are true and not suppressed."""
    from api.assembly import assemble_service
    from api.exports.export_files import whole_file
    from api.exports.log_export import authority_named
    from api.exports.report_files import written_as
    from drp.database.engine import Unavailable
    from drp.settings import Settings
    from workflows.model.refusals import Unfit

    query = {"by": by, "across": across, "span": span, "since": since, "until": until}
    for narrowed in only or []:
        name, equals, value = narrowed.partition("=")
        if not equals:
            _stop(f"--only {narrowed} is not understood. Write team=north.")
        query[name] = value
    query |= {} if practice is None else {"practice": "1" if practice else "0"}
    query |= {"together": "1"} if together else {}
    service = assemble_service(Settings())
    try:
        authority_named(service, authority)
        made = written_as(service, authority, {name: value for name, value in query.items() if value}, format)
        if out:
            with whole_file(out) as file:
                file.write(made)
            print(f"{out}: written. It may point to a child: keep it as you keep the record.")
        elif format == "xlsx":
            _stop("A workbook is no text for a terminal: name a file with --out.")
        else:
            sys.stdout.write(made.decode().removeprefix("\ufeff"))
    except (LookupError, Unfit) as fault:
        _stop(" ".join(str(part) for part in fault.args if part))
    except Unavailable as fault:
        _stop(f"The database cannot be had: {fault}. Check DRP_DATABASE_URL.")
    except OSError as fault:
        _stop(f"The file could not be written: {fault.strerror or fault} ({fault.filename or ''}). Name another with --out.")
    finally:
        service.close()


def _stop(said: str) -> None:
    print(said, file=sys.stderr)
    raise SystemExit(1)
