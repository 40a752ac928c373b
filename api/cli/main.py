"""The command line: every command with its options. Each is light to start: what does its work is imported when it runs."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from api.cli.declare import declare, end

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Dispute resolution for Independent Reviewing Officers.")
audit_app = typer.Typer(no_args_is_help=True, help="Checkpoints of every timeline, and whether all of them still hold.")
retention_app = typer.Typer(no_args_is_help=True, help="Until when each child's record is kept; holds; lawful erasure.")
register_app = typer.Typer(no_args_is_help=True, help="Past challenges from an authority's own spreadsheet, into the register.")
reviews_app = typer.Typer(no_args_is_help=True, help="What children's reviews decided, from an authority's own spreadsheet.")
population_app = typer.Typer(no_args_is_help=True, help="How many children there were in each quarter: what rates are of.")
benchmark_app = typer.Typer(no_args_is_help=True, help="A year in counts that several authorities' files add up to.")
directory_app = typer.Typer(no_args_is_help=True, help="People, posts, teams, cover and children, from CSV files.")
keys_app = typer.Typer(no_args_is_help=True, help="The keys that prove the record and let people in: files outside the database.")
token_app = typer.Typer(no_args_is_help=True, help="API tokens: shown once, kept hashed, expiring.")
app.add_typer(audit_app, name="audit")
app.add_typer(retention_app, name="retention")
app.add_typer(register_app, name="register")
app.add_typer(reviews_app, name="reviews")
app.add_typer(population_app, name="population")
app.add_typer(benchmark_app, name="benchmark")
app.add_typer(directory_app, name="directory")
app.add_typer(token_app, name="token")
app.add_typer(keys_app, name="keys")

DAY = ["%Y-%m-%d"]
"""How a day is written."""

Key = Annotated[str, typer.Argument(help="The authority's key.")]
Child = Annotated[str, typer.Argument(help="The child's case-system number.")]
By = Annotated[str, typer.Option(help="Who decided it: a name and a post.")]
Why = Annotated[str, typer.Option(help="On what ground.")]
Csv = Annotated[Path, typer.Option(help="The CSV to write.")]
Since = Annotated[datetime | None, typer.Option(formats=DAY, help="From this day on.")]
Until = Annotated[datetime | None, typer.Option(formats=DAY, help="Up to this day, included.")]
Sheet = Annotated[Path, typer.Argument(help="The spreadsheet: .xlsx or .csv.")]
MappingFile = Annotated[Path | None, typer.Option("--mapping", help="YAML: which column is which field (docs/running.md).")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check it all, say what would come in, keep nothing.")]


def main() -> None:
    """The entry point of `drp`. What is refused is said in a line, with exit status 1."""
    from api.own_alone import write_for_oneself
    from drp.database.unavailable import Unavailable

    write_for_oneself()
    try:
        app()
    except Unavailable as error:
        end(f"The database cannot be had: {error}. Check DRP_DATABASE_URL, and that its disk is not full.")


@declare(app, "themes", "api.cli.export_commands:print_themes")
def themes(
    authority: Key,
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


@declare(app, "serve", "api.cli.serve_command:run_service")
def serve(
    host: str = "127.0.0.1", port: int = 8000, authorities: Annotated[Path | None, typer.Option(help="Folder of folders.")] = None
) -> None:
    """Run the service. Put a proxy with TLS in front of it; `--authorities` loads your own ladder files first."""


@declare(app, "live", "api.cli.service_commands:go_live_by")
def live(
    authority: Key, person: Annotated[str, typer.Argument(help="The IRO manager who says so: their key in people.csv.")]
) -> None:
    """Let an authority be in use: its trial items are sealed, and mail leaves from now on."""


@declare(app, "demo", "api.demo.run:run_demo")
def demo(port: Annotated[int, typer.Option(envvar="PORT")] = 8000, serve: bool = True) -> None:
    """A fresh database with four authorities and invented people, told up to now; then the service, on this machine only."""


@declare(app, "check", "api.cli.check_command:check_files")
def check(
    files: Annotated[list[Path], typer.Argument(help="Ladder, notice or authority files, or folders of them.")],
    in_force: Annotated[
        bool, typer.Option("--in-force", help="They are in force already: only weigh what new files are refused for.")
    ] = False,
) -> None:
    """Read files strictly, and show what each ladder keeps. Exit status 1 if anything is wrong."""


@declare(app, "ladder", "api.cli.check_command:print_ladder")
def ladder(
    name: Annotated[str, typer.Argument(help="AUTHORITY, or AUTHORITY/LADDER, or a folder of files.")],
    diagram: Annotated[str, typer.Option(help="svg or mermaid")] = "",
) -> None:
    """Show a ladder in words, or drawn."""


@declare(app, "schema", "api.cli.check_command:print_schema")
def schema() -> None:
    """The JSON Schema of ladder, notice and authority files, for editors."""


@declare(app, "referral", "api.cli.export_commands:write_referral")
def referral(
    reference: Annotated[str, typer.Argument(help="The challenge's reference, such as ABCD-2345.")],
    out: Annotated[Path, typer.Option(help="The file to write.")],
    number: Annotated[int, typer.Option(help="The entry by which it was made; by default the last referral.")] = 0,
    authority: Annotated[str, typer.Option(help="Only needed where two authorities have the same reference.")] = "",
) -> None:
    """Write the bundle of a referral to Cafcass: it needs the database to be read, and nothing else of the service."""


@declare(app, "verify", "api.cli.export_commands:verify_bundle")
def verify(
    file: Annotated[Path, typer.Argument(help="A bundle, as it came.")],
    public_key: Annotated[str, typer.Option(help="64 hex digits from the authority; by default the key in the bundle.")] = "",
) -> None:
    """Check a bundle with neither database nor key at hand: nothing altered, its timeline under a signed checkpoint."""


@declare(app, "subject-access", "api.cli.export_commands:write_subject_access")
def subject_access(
    authority: str,
    child: Annotated[str, typer.Argument(help="The child's number in the case system, as it is written there.")],
    out: Annotated[Path, typer.Option(help="The ZIP to write.")],
) -> None:
    """Everything held about one child, for the officer who answers a subject access request: marked for redaction, not cut."""


@declare(app, "access-log", "api.cli.export_commands:write_access_log")
def access_log(
    authority: str,
    out: Csv,
    since: Since = None,
    until: Until = None,
    person: Annotated[str, typer.Option(help="Only what this person read: their key in people.csv.")] = "",
    reference: Annotated[str, typer.Option(help="Only who read this item.")] = "",
) -> None:
    """Who read what and when, as a table. That it was exported is in the log as well."""


@declare(app, "send-log", "api.cli.export_commands:write_send_log")
def send_log(authority: str, out: Csv, since: Since = None, until: Until = None) -> None:
    """Who was sent what and when, and what became of the mail, as a table."""


@declare(app, "backup", "api.cli.backup_commands:keep_backup")
def backup(out: Annotated[Path, typer.Option(help="The folder to make; it must not be there, or be empty.")]) -> None:
    """Keep everything but the keys in one folder, while the service runs. On PostgreSQL, as the tables' owner."""


@declare(app, "restore", "api.cli.backup_commands:bring_backup")
def restore(
    folder: Annotated[Path, typer.Argument(help="A backup, as `drp backup` made it.")],
    without_keys: Annotated[
        bool, typer.Option(help="The keys are lost for good: no old timeline can be proved any more.")
    ] = False,
) -> None:
    """Bring a backup back into an empty database, with all mail held; say which dates passed, and what is missing."""


@declare(app, "tick", "api.cli.service_commands:tick_once", is_service=True)
def tick() -> None:
    """Look once for windows that have closed, in every authority: for cron, and for tests."""


@declare(app, "deliver", "api.cli.service_commands:deliver_once", is_service=True)
def deliver() -> None:
    """Send once what is waiting in the outbox of every authority."""


@declare(app, "returns", "api.cli.service_commands:take_returns", is_service=True)
def returns(
    folder: Annotated[Path | None, typer.Argument(help="A folder of messages; without it, one from a pipe.")] = None,
) -> None:
    """Take mail that came back to whom it was sent (DRP_RETURN_ADDRESS): from an MTA's pipe, or a folder."""


@declare(app, "migrate", "api.cli.service_commands:bring_to_release")
def migrate() -> None:
    """Bring the database to this release's schema; harmless to repeat. On PostgreSQL, as the tables' owner."""


@declare(app, "begin-anew", "api.cli.service_commands:let_begin_anew")
def begin_anew(why: Why) -> None:
    """Let a database begin with nothing where there was one before; a start refuses it until that is said. Written down."""


@declare(benchmark_app, "export", "api.cli.benchmark_commands:export_benchmark")
def benchmark_export(
    authority: Key,
    year: Annotated[str, typer.Argument(help="The reporting year by its first calendar year: 2025 is April 2025 to March 2026.")],
    out: Annotated[Path, typer.Option(help="The JSON to write.")],
) -> None:
    """Write an authority's year in counts by shared themes: no item, child, person or team."""


@declare(benchmark_app, "combine", "api.cli.benchmark_commands:combine_benchmark_files")
def benchmark_combine(
    files: Annotated[list[Path], typer.Argument(help="The files of two authorities or more, of the same year.")],
    out: Annotated[Path | None, typer.Option(help="A CSV to write besides.")] = None,
) -> None:
    """Put several authorities' files side by side, with rates per 100 children and their intervals."""


@declare(directory_app, "import", "api.cli.service_commands:import_directory_files")
def directory_import(
    authority: Key,
    files: Annotated[list[Path], typer.Argument(help="people.csv, units.csv, posts.csv, covers.csv, children.csv: any of them.")],
    dry_run: Annotated[bool, typer.Option(help="Say what would change, and change nothing.")] = False,
    allow_vacancies: Annotated[bool, typer.Option(help="Load although posts that a ladder asks are empty.")] = False,
) -> None:
    """Load the directory: every bad row is named and nothing is half-loaded; what is no longer listed ends."""


@declare(directory_app, "spellings", "api.cli.spelling_commands:list_all_spellings")
def directory_spellings(authority: Key) -> None:
    """List numbers and keys that read alike, or nearly, and are written in several ways, with what each holds."""


@declare(directory_app, "join", "api.cli.spelling_commands:join_two")
def directory_join(
    authority: Key, number: Annotated[str, typer.Argument(help="The child's number whose items move, exactly as written.")],
    into: Annotated[str, typer.Argument(help="The number whose they become, exactly as written.")], why: Why, by: By,
) -> None:  # fmt: skip
    """Join two spellings of one child's number: it stands on the timeline of every item of both."""


@declare(token_app, "create", "api.cli.service_commands:print_token")
def token_create(
    authority: Key,
    person: Annotated[str, typer.Argument(help="What the directory calls the person.")],
    name: Annotated[str, typer.Option(help="What it is for.")] = "command line",
    days: Annotated[int, typer.Option(min=1, max=366)] = 30,
) -> None:
    """Make a token and show it once."""


@declare(keys_app, "make", "api.cli.key_commands:make_one")
def keys_make(
    name: Annotated[str, typer.Argument(help="chain, signing or seal.")],
    lost: Annotated[list[str] | None, typer.Option(help="The name of a key before it that is lost for good.")] = None,
) -> None:
    """Make a key where there is none. Serving never makes one: a replica without the right key must not start."""


@declare(keys_app, "seal", "api.cli.key_commands:seal_once")
def keys_seal() -> None:
    """Once, after the upgrade from 0.1: seal the accounts and tokens that there are, and list them. Tokens end in 14 days
    unless an administrator confirms them."""


@declare(audit_app, "key", "api.cli.audit_commands:print_public_key")
def audit_key() -> None:
    """Show the public key by which anybody can check a checkpoint, and its name to compare over the telephone."""


@declare(audit_app, "checkpoint", "api.cli.audit_commands:take_checkpoints")
def audit_checkpoint(
    after_restore: Annotated[
        bool, typer.Option(help="The database was put back, and what is missing was looked through.")
    ] = False,
) -> None:
    """Take a checkpoint of every authority where anything was written since the last, and write its file."""


@declare(audit_app, "verify", "api.cli.audit_commands:verify_timelines")
def audit_verify(
    checkpoints: Annotated[
        list[Path] | None, typer.Option(help="Folder of checkpoint files, by default the service's own; may be repeated.")
    ] = None,
    public_key: Annotated[str, typer.Option(help="64 hex digits, as `drp audit key` shows them; by default our own.")] = "",
) -> None:
    """Hold every timeline against its chain and the newest checkpoints; name the first bad entry. Exit status 1 if any."""


@declare(audit_app, "replay", "api.cli.audit_commands:replay_timelines")
def audit_replay() -> None:
    """Decide every challenge again from its own events and rules, and compare. Exit status 1 where one differs."""


@declare(register_app, "import", "api.cli.register_commands:import_register")
def register_import(
    authority: Key, file: Sheet, mapping: MappingFile = None, dry_run: DryRun = False,
    take_over: Annotated[
        bool, typer.Option("--take-over", help="Open rows about children of the directory become running items: people are told.")
    ] = False,
) -> None:  # fmt: skip
    """Bring past challenges in as lines of the register: history, on which no clock runs and of which nobody is told."""


@declare(register_app, "take-back", "api.cli.register_commands:take_register_back")
def register_take_back(
    authority: Key, which: Annotated[str, typer.Argument(help="The file's name, or the beginning of its hash.")]
) -> None:
    """Take a file's lines out of the register again. On PostgreSQL as the tables' owner."""


@declare(reviews_app, "import", "api.cli.register_commands:import_reviews")
def reviews_import(authority: Key, file: Sheet, mapping: MappingFile = None, dry_run: DryRun = False) -> None:
    """Put decisions (child, held_on, words; number, who, due, state) on the register of reviews: nobody is asked or told."""


@declare(population_app, "import", "api.cli.register_commands:import_population")
def population_import(authority: Key, file: Sheet, mapping: MappingFile = None, dry_run: DryRun = False) -> None:
    """Put numbers of children (quarter, status, number) in the place of those for the same quarters and statuses."""


@declare(retention_app, "review", "api.cli.retention_commands:review_retention")
def retention_review(
    authority: Key, everybody: Annotated[bool, typer.Option("--all", help="Also those whose time has not come.")] = False
) -> None:
    """List the children whose record may be reviewed for erasure, with what holds it."""


@declare(retention_app, "child", "api.cli.retention_commands:know_child")
def retention_child(
    authority: Key, child: Child,
    died: Annotated[datetime | None, typer.Option(formats=DAY, help="Day of death.")] = None,
    last_contact: Annotated[datetime | None, typer.Option(formats=DAY, help="Day of last contact, by the case system.")] = None,
) -> None:  # fmt: skip
    """Keep what the case system says of a child and the directory does not: a death, the last contact."""


@declare(retention_app, "hold", "api.cli.retention_commands:hold_child")
def retention_hold(
    authority: Key, why: Why, by: By, child: Annotated[str, typer.Option(help="One child; without it everybody's record.")] = ""
) -> None:
    """Let nothing be erased: of one child, or of everybody (an inquiry's ban on destruction, a claim)."""


@declare(retention_app, "lift", "api.cli.retention_commands:lift_hold")
def retention_lift(
    authority: Key, child: Annotated[str, typer.Option(help="One child; without it the hold on everybody.")] = ""
) -> None:
    """Lift the holds on one child, or that on everybody."""


@declare(retention_app, "erase", "api.cli.retention_commands:erase_child_record")
def retention_erase(
    authority: Key, child: Child, why: Why, by: By,
    ordered: Annotated[bool, typer.Option(help="Before its time: by a court, or on a right to erasure.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do it. Without this it is only said what would be erased.")] = False,
) -> None:  # fmt: skip
    """Erase for good what a child's record says in words, and its documents. The timeline goes on proving itself."""


if __name__ == "__main__":
    main()
