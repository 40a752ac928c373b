"""Commands that write a file: a referral's bundle, subject access, logs, figures. Why one was not written is said in a line."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from api.assembly import Service
from api.cli.declare import end
from api.exports.export_files import whole_file
from api.exports.log_export import access_log_rows, authority_named, send_log_rows
from api.exports.referral.bundle import verify_file, write_bundle
from api.exports.report_files import written_as
from api.exports.sar_export.export import export_subject_access
from drp.database.unavailable import Unavailable
from workflows.model.refusals import Unfit

NOT_EXPORTED = "It could not be exported: {}. Check DRP_DATABASE_URL and DRP_ACCESS_LOG_URL, and that no disk is full."


@contextmanager
def _ended_with_why(unavailable: str = NOT_EXPORTED) -> Iterator[None]:
    """End the command with the reason, where a file cannot be written."""
    try:
        yield
    except (LookupError, Unfit) as fault:
        end(" ".join(str(part) for part in fault.args if part))
    except Unavailable as fault:
        end(unavailable.format(fault))
    except OSError as fault:
        end(f"The file could not be written: {fault.strerror or fault} ({fault.filename or ''}). Name another with --out.")


def write_subject_access(service: Service, authority: str, child: str, out: Path) -> None:
    """Write everything that is held about one child."""
    with _ended_with_why():
        print(export_subject_access(service, authority, child, out))


def write_access_log(
    service: Service, authority: str, out: Path, since: datetime | None, until: datetime | None, person: str, reference: str
) -> None:
    """Write who read what."""
    with _ended_with_why():
        print(access_log_rows(service, authority, out, since and since.date(), until and until.date(), person, reference))


def write_send_log(service: Service, authority: str, out: Path, since: datetime | None, until: datetime | None) -> None:
    """Write who was sent what."""
    with _ended_with_why():
        print(send_log_rows(service, authority, out, since and since.date(), until and until.date()))


def write_referral(service: Service, reference: str, out: Path, number: int, authority: str) -> None:
    """Write the bundle of a referral."""
    try:
        print(write_bundle(service, reference, out, number, authority))
    except (LookupError, OSError) as fault:
        end(str(fault))


def verify_bundle(file: Path, public_key: str) -> int:
    """Check a bundle. Returns 1 where it is not as it was sent."""
    code, said = verify_file(file, public_key)
    print(said)
    return code


def print_themes(
    service: Service, authority: str, by: str, across: str, span: str, since: str, until: str, only: list[str] | None,
    practice: bool | None, together: bool, format: str, out: Path | None,
) -> None:  # fmt: skip
    """Print a theme table, or write it to a file."""
    query = {"by": by, "across": across, "span": span, "since": since, "until": until}
    for narrowed in only or []:
        name, equals, value = narrowed.partition("=")
        if not equals:
            end(f"--only {narrowed} is not understood. Write team=north.")
        query[name] = value
    query |= {} if practice is None else {"practice": str(int(practice))}
    query |= {"together": "1"} if together else {}
    with _ended_with_why("The database cannot be had: {}. Check DRP_DATABASE_URL."):
        authority_named(service, authority)
        made = written_as(service, authority, {name: value for name, value in query.items() if value}, format)
        if out:
            with whole_file(out) as file:
                file.write(made)
            print(f"{out}: written. It may point to a child: keep it as you keep the record.")
        elif format == "xlsx":
            end("A workbook is no text for a terminal: name a file with --out.")
        else:
            sys.stdout.write(made.decode().removeprefix("\ufeff"))
