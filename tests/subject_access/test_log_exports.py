"""The access log and the send log as tables: whole, in pages, in London's time, never a formula; and their reading logged."""

import csv
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import update
from typer.testing import CliRunner

from api.cli.main import app
from api.exports import csv_text, log_export
from api.exports.log_export import HEADINGS, SENT_HEADINGS, access_log_rows, send_log_rows
from drp.data_protection.access_log import AN_OPERATOR, OF_THE_LOG, AccessLog
from drp.database.directory_tables import PersonRow
from drp.database.unavailable import Unavailable
from tests.cast.world import World
from tests.referral.matter import matter

FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\nx", "  =1+1", "＝1")


def table(path: Path) -> list[list[str]]:
    octets = path.read_bytes()
    assert octets.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(octets.decode("utf-8-sig").splitlines(keepends=True)))


def logged(world: World, folder: Path, **asked: object) -> list[dict[str, str]]:
    out = folder / "log.csv"
    given = {"since": None, "until": None} | asked
    access_log_rows(world.service, world.council.key, out, **given)  # type: ignore[arg-type]
    head, *rows = table(out)
    assert tuple(head) == HEADINGS
    return [dict(zip(head, row, strict=True)) for row in rows]


def sent_to(world: World, folder: Path, since: date | None = None, until: date | None = None) -> list[dict[str, str]]:
    out = folder / "sent.csv"
    send_log_rows(world.service, world.council.key, out, since, until)
    head, *rows = table(out)
    assert tuple(head) == SENT_HEADINGS
    return [dict(zip(head, row, strict=True)) for row in rows]


# The access log.


def test_every_reading_is_there_newest_first_in_london_time_and_so_is_the_export_itself(world: World, tmp_path: Path) -> None:
    reference = matter(world)
    world.as_("tess").item(reference)
    rows = logged(world, tmp_path)
    assert len(rows) == len(world.service.access_log.readings(world.council.key, most=10_000))
    assert (rows[0]["Who"], rows[0]["What, as logged"]) == (AN_OPERATOR, OF_THE_LOG)
    assert (rows[1]["Who"], rows[1]["What"], rows[1]["Reference"]) == ("Tess", "Read by a program", reference)
    assert rows[1]["When (London)"] == "2026-04-16T12:00:00+01:00"
    assert rows[1]["Who, by identity"] == str(world.id("tess"))


def test_more_than_a_page_is_all_there_once(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(7):
        world.service.access_log.record(world.council.key, world.now, str(world.id("tess")), "page", f"AAAA-{n}")
    monkeypatch.setattr(log_export, "A_PAGE", 3)
    rows = logged(world, tmp_path, person="tess")
    assert [row["Reference"] for row in rows] == [f"AAAA-{n}" for n in reversed(range(7))]


def test_it_is_narrowed_by_day_by_person_and_by_item(world: World, tmp_path: Path) -> None:
    log, key = world.service.access_log, world.council.key
    tess, irene = str(world.id("tess")), str(world.id("irene"))
    # A quarter past midnight in London on the 2nd is still the 1st in UTC.
    log.record(key, datetime(2026, 4, 1, 23, 15, tzinfo=UTC), tess, "page", "AAAA-2222")
    log.record(key, datetime(2026, 4, 1, 22, 15, tzinfo=UTC), irene, "page", "BBBB-2222")
    log.record("elsewhere", datetime(2026, 4, 1, 23, 15, tzinfo=UTC), tess, "page", "CCCC-2222")
    assert [row["Reference"] for row in logged(world, tmp_path, since=date(2026, 4, 2), until=date(2026, 4, 2))] == ["AAAA-2222"]
    assert [row["Who"] for row in logged(world, tmp_path, person="irene")] == ["Irene"]
    assert [row["Who"] for row in logged(world, tmp_path, reference="aaaa-2222")] == [AN_OPERATOR, "Tess"]
    whats = [one.what for one in log.readings(key) if one.person == AN_OPERATOR]
    assert whats == [OF_THE_LOG, f"{OF_THE_LOG}: {irene}", OF_THE_LOG]
    assert "CCCC-2222" not in {row["Reference"] for row in logged(world, tmp_path)}


def test_a_list_that_was_shown_is_one_row_and_names_no_other_item_where_one_is_asked_about(world: World, tmp_path: Path) -> None:
    tess = str(world.id("tess"))
    world.service.access_log.record(world.council.key, world.now, tess, "list", "AAAA-2222", "BBBB-2222")
    (whole,), (of_one,) = logged(world, tmp_path, person="tess"), logged(world, tmp_path, person="tess", reference="BBBB-2222")
    assert (whole["Reference"], whole["Items"]) == ("AAAA-2222 BBBB-2222", "2")
    assert (of_one["Reference"], of_one["Items"]) == ("BBBB-2222", "2")


def test_what_only_the_fallback_file_holds_is_there_too(world: World, tmp_path: Path) -> None:
    tess = str(world.id("tess"))
    (tmp_path / "folder").mkdir()
    broken = AccessLog(f"sqlite:///{tmp_path / 'folder'}", world.settings.var / "access.jsonl")
    broken.record(world.council.key, world.now, tess, "page", "AAAA-2222")
    broken.record("elsewhere", world.now, tess, "page", "CCCC-2222")
    with (world.settings.var / "access.jsonl").open("a") as file:
        file.write('{"authority": "dunm')
    rows = logged(world, tmp_path, person="tess")
    assert [(row["Reference"], row["Kept in"], row["Who"]) for row in rows] == [("AAAA-2222", "fallback file", "Tess")]


@pytest.mark.parametrize("begins", FORMULAS)
def test_a_cell_that_could_be_a_formula_stays_text(begins: str) -> None:
    assert csv_text.text_cell(begins) == f"'{begins}"


@pytest.mark.parametrize("plain", ["", " ", "Tess", "2026-04-01", "a=b", "'=1"])
def test_a_cell_that_could_not_is_left_as_it_is(plain: str) -> None:
    assert csv_text.text_cell(plain) == plain


def test_a_name_that_is_a_formula_is_text_in_both_tables(world: World, tmp_path: Path) -> None:
    reference = matter(world)
    world.as_("tess").item(reference)
    world.write(update(PersonRow).where(PersonRow.id == world.id("tess")).values(name='=HYPERLINK("http://x.example","Tess")'))
    for row in (*logged(world, tmp_path, person="tess"), *(r for r in sent_to(world, tmp_path) if "HYPERLINK" in r["Person"])):
        assert row.get("Who", row.get("Person", "")).startswith("'=")
    assert not any(
        cell[:1] in "=+-@\t\r" for name in ("log.csv", "sent.csv") for row in table(tmp_path / name) for cell in row if cell
    )


def test_what_cannot_be_logged_is_not_exported(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise Unavailable("full")

    monkeypatch.setattr(AccessLog, "record", full)
    for write in (lambda: logged(world, tmp_path), lambda: sent_to(world, tmp_path)):
        with pytest.raises(Unavailable, match="nothing was exported"):
            write()
    assert not list(tmp_path.glob("*.csv"))


# The send log.


def test_every_copy_of_every_message_is_there_with_what_became_of_it(world: World, tmp_path: Path) -> None:
    reference = matter(world)
    rows = sent_to(world, tmp_path)
    assert {row["Person"].lower() for row in rows if row["Reference"] == reference} == world.everyone_reached(reference)
    asked = next(row for row in rows if row["Subject, as kept"] == "asked" and row["Person"] == "Tess")
    assert (asked["Subject"], asked["Post"], asked["To or copy"]) == ("A reply is asked of you", "Team Manager", "to")
    assert (asked["Mail"], asked["Address now"]) == ("accepted", "tess@dunmoor.example")
    assert asked["When (London)"].endswith("+01:00")
    assert not any("{" in row["Subject"] for row in rows)
    assert [one.what for one in world.service.access_log.readings(world.council.key, most=1)] == ["send log"]


def test_messages_are_narrowed_by_day_and_walked_in_pages(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    matter(world)
    for child in ("T-2", "T-3"):
        world.as_("irene").raises(child=child, item_type="formal")
    whole = sent_to(world, tmp_path)
    monkeypatch.setattr(log_export, "SOME_ITEMS", 1)
    assert sent_to(world, tmp_path) == whole
    one_day = sent_to(world, tmp_path, date(2026, 4, 2), date(2026, 4, 2))
    assert one_day == [row for row in whole if row["When (London)"].startswith("2026-04-02")]
    assert one_day


def test_another_authoritys_messages_and_readings_are_not_there(two: World, tmp_path: Path) -> None:
    reference = matter(two)
    out = tmp_path / "out.csv"
    send_log_rows(two.service, "elsewhere", out, None, None)
    assert reference not in out.read_text(encoding="utf-8")
    access_log_rows(two.service, "elsewhere", out, None, None)
    assert reference not in out.read_text(encoding="utf-8")


# From the command line.


@pytest.fixture
def run(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str]]:
    monkeypatch.setenv("DRP_DATABASE_URL", world.store.url)
    monkeypatch.setenv("DRP_VAR", str(tmp_path))

    def one(*said: str) -> tuple[int, str]:
        done = CliRunner().invoke(app, said)
        return done.exit_code, done.output

    return one


def test_each_command_writes_its_file_and_says_so(world: World, tmp_path: Path, run: Callable[..., tuple[int, str]]) -> None:
    matter(world)
    out = str(tmp_path / "out")
    code, told = run("subject-access", "dunmoor", "T-1", "--out", out)
    assert (code, "not fit to be released" in told) == (0, True)
    code, told = run("access-log", "dunmoor", "--since", "2026-04-01", "--until", "2026-04-30", "--person", "tess", "--out", out)
    assert (code, "1 reading." in told) == (0, True)
    code, told = run("send-log", "dunmoor", "--out", out)
    assert (code, "messages" in told) == (0, True)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (("subject-access", "dunmoor", "T-99"), "no child with the case-system number T-99"),
        (("subject-access", "nowhere", "T-1"), "no authority called nowhere"),
        (("access-log", "dunmoor", "--person", "nobody-here"), "nobody called nobody-here"),
        (("access-log", "dunmoor", "--since", "2026-04-02", "--until", "2026-04-01"), "before --since"),
        (("send-log", "nowhere"), "no authority called nowhere"),
    ],
)
def test_what_is_asked_wrongly_is_said_with_exit_status_1(
    tmp_path: Path, run: Callable[..., tuple[int, str]], said: tuple[str, ...], why: str
) -> None:
    code, told = run(*said, "--out", str(tmp_path / "out"))
    assert code == 1
    assert why in told
    assert not list(tmp_path.glob("out*"))


def test_a_file_that_cannot_be_written_is_said(tmp_path: Path, run: Callable[..., tuple[int, str]]) -> None:
    code, told = run("send-log", "dunmoor", "--out", str(tmp_path / "no" / "such" / "out.csv"))
    assert code == 1
    assert "could not be written" in told


# Each of these can fail.


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_planted_a_formula_let_through_is_found(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_text, "text_cell", lambda text: text)
    with pytest.raises(AssertionError):
        test_a_name_that_is_a_formula_is_text_in_both_tables(world, tmp_path)


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_planted_one_page_only_is_found(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    readings = AccessLog.readings
    monkeypatch.setattr(AccessLog, "readings", lambda *a, before=0, **asked: [] if before else readings(*a, **asked))
    with pytest.raises(AssertionError):
        test_more_than_a_page_is_all_there_once(world, tmp_path, monkeypatch)


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_planted_an_export_that_is_not_logged_is_found(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_export, "note_log_export", lambda *_: None)
    with pytest.raises(AssertionError):
        test_every_reading_is_there_newest_first_in_london_time_and_so_is_the_export_itself(world, tmp_path)
