"""A line that names a child is data about the child: shown to whoever asks for it, and erased with the rest."""

from pathlib import Path

import pytest

from api.assembly import assemble_service
from api.cli.retention_commands import erase_child
from api.exports.sar_export.export import export_subject_access
from drp.data_protection import retention
from drp.data_protection.retention import NoSuchChild, RecordHeld
from drp.settings import Settings
from tests.cast.councils import procedures
from tests.cast.stores import OWNER
from tests.register.bringing import GOOD, Office
from tests.subject_access.test_export import files, said

WHY = "Ordered."


def exported(office: Office, folder: Path, child: str) -> bytes:
    out = folder / f"{child}.zip"
    export_subject_access(office.world.service, office.key, child, out)
    return out.read_bytes()


def listed(office: Office, folder: Path) -> None:
    office.brings(GOOD)
    known, unknown = exported(office, folder, "T-1"), exported(office, folder, "OLD-7")
    (line,) = said(known)["lines"]
    assert (line["reference"], line["sheet"], line["stage"]) == ("R-1", "past.csv", "Stage 2")
    assert line["reasons"] == ["Delay in a plan of permanence", "Report not available for a meeting"]
    assert (line["team"], line["raised_by"], line["impact"]) == ("North Team", "Irene", "better")
    assert "R-1" in files(known)["subject-access.html"].decode()
    assert said(unknown)["child"] is None
    assert [one["reference"] for one in said(unknown)["lines"]] == ["R-2"]
    assert "The directory does not know the child" in files(unknown)["subject-access.html"].decode()


def test_a_childs_lines_are_in_their_export_whether_or_not_the_directory_knows_them(office: Office, tmp_path: Path) -> None:
    listed(office, tmp_path)
    with pytest.raises(LookupError, match="nor has the register"):
        exported(office, tmp_path, "NOBODY")


def test_planted_an_export_that_forgets_earlier_registers(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("drp.data_protection.subject_data.imported_lines", lambda *given: ())
    with pytest.raises((AssertionError, ValueError, LookupError)):
        listed(office, tmp_path)


def erased(office: Office, request: pytest.FixtureRequest) -> None:
    office.brings(GOOD)
    world = office.world
    url = world.store.url if world.store.is_sqlite else request.getfixturevalue("postgresql").url(OWNER)
    hands = assemble_service(
        Settings(database_url=url, heartbeat=False, mail="none", pool_size=2, var=world.settings.var), lambda: world.now
    )
    words = procedures(world.council).authority
    try:
        assert "the number in 1 line of earlier registers" in erase_child(hands, words, "T-1", WHY, "Ada", ordered=True)
        assert office.line("R-1")["number"] == "T-1", "only tried"
        erase_child(hands, words, "T-1", WHY, "Ada", ordered=True, really=True)
        assert {(one["number"], one["child"]) for one in office.lines() if one["reference"] == "R-1"} == {("", None)}
        with pytest.raises(RecordHeld, match="only an order erases it"):
            erase_child(hands, words, "OLD-7", WHY, "Ada", really=True)
        erase_child(hands, words, "OLD-7", WHY, "Ada", ordered=True, really=True)
        assert office.line("R-2")["number"] == ""
        assert len(office.lines()) == 4, "the lines stay, and are counted as before"
        with pytest.raises(NoSuchChild, match="Neither the directory nor the register"):
            erase_child(hands, words, "OLD-7", WHY, "Ada", ordered=True, really=True)
    finally:
        hands.close()


def test_an_erasure_takes_the_child_out_of_the_lines_of_earlier_registers(office: Office, request: pytest.FixtureRequest) -> None:
    erased(office, request)


def test_planted_an_erasure_that_leaves_the_number(
    office: Office, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "blank_lines", lambda *given: 1)
    with pytest.raises(AssertionError):
        erased(office, request)
