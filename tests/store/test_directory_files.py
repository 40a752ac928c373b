"""Directory files that cannot be loaded: every bad row named, all at once, with what to write instead."""

from datetime import date

import pytest

from drp.directory.files import MOST_ROWS, Unloadable, read_files
from drp.directory.plan import ImportPlan, plan_import
from drp.directory.values import Directory
from tests.cast.councils import PATIENT, directory_files, procedures
from tests.cast.staff import FIRST

FILES = directory_files(PATIENT)
PEOPLE, UNITS, POSTS, _, CHILDREN = FILES.values()
HEADS = {name: text.partition("\n")[0] + "\n" for name, text in FILES.items()}


def made(files: dict[str, bytes | str], before: Directory | None = None, day: date = FIRST) -> ImportPlan:
    return plan_import(read_files(files), before or Directory(), procedures(PATIENT).authority, day)


def faults(files: dict[str, bytes | str], before: Directory | None = None, day: date = FIRST) -> list[str]:
    with pytest.raises(Unloadable) as refused:
        made(files, before, day)
    return [str(fault) for fault in refused.value.faults]


def with_row(name: str, row: str) -> dict[str, bytes | str]:
    """The council's files with one more row at the end of one."""
    return {**FILES, name: FILES[name] + row + "\n"}


def last_line(name: str) -> int:
    return FILES[name].count("\n") + 1


def test_the_council_loads() -> None:
    words = made(dict(FILES)).words
    assert "Team Manager of North Team: Tess from 2020-01-01" in words.added
    assert "IRO of C-1: Irene from 2026-03-02" in words.added
    assert not words.ended
    assert not words.changed


@pytest.mark.parametrize(
    ("name", "row", "wrong", "instead"),
    [
        ("people.csv", "tess,Another,x@y.example,,", "`tess` stands on line 2 too", "keep one"),
        ("people.csv", "x y,Somebody,x@y.example,,", "`x y` cannot be a key", "write letters, digits"),
        ("people.csv", ",Somebody,x@y.example,,", "`key` is empty", "write the key"),
        ("people.csv", "new,,x@y.example,,", "`name` is empty", "write the name"),
        ("people.csv", f"new,{'N' * 201},x@y.example,,", "`name` has 201 characters", "at most 200"),
        ("people.csv", "new,New,not an address,,", "`not an address` is not an e-mail address", "name@council.example"),
        ("people.csv", "new,New,a@b.example; c@d.example,,", "is not an e-mail address", "nothing else"),
        ("people.csv", "new,New,New <a@b.example>,,", "is not an e-mail address", "nothing else"),
        ("people.csv", "new,New,,,", "`email` is empty", "write the email"),
        ("people.csv", 'new,New,"a@b.example\r\nBcc: all@c.example",,', "`email` holds a line break", "remove it"),
        ("people.csv", "new,N\x07ew,a@b.example,,", "`name` holds a line break or a control character", "remove it"),
        ("people.csv", "new,N\u202eew,a@b.example,,", "`name` holds a line break or a control character", "remove it"),
        ("people.csv", "new,New,a@b.example,healt,", "`agency` is `healt`, and there is no such agency", "did you mean `health`"),
        ("people.csv", "new,New,a@b.example,,31/03/2026", "not a date as yyyy-mm-dd", "2026-03-31 if 31 March 2026 is meant"),
        ("people.csv", "new,New", "this row has 2 cells and the first row has 5", "double quotes"),
        ("people.csv", "new,New, Esq,a@b.example,,", "this row has 6 cells and the first row has 5", "double quotes"),
        ("units.csv", "team,east,East Team,", "team `east` is within no service", "key of its service"),
        ("units.csv", "team,east,East Team,north", "`within` is `north`, which is a team and not a service", "care"),
        ("units.csv", "service,new,New,care", "only a team is within a service", "leave `within` empty"),
        ("units.csv", "ward,new,New,", "`kind` is `ward`", "write one of service, team, agency"),
        ("units.csv", "team,north,Again,care", "`team north` stands on line 3 too", "keep one"),
        ("posts.csv", "stranger,director,,2020-01-01,", "`person` is `stranger`, who is not in people.csv", "people.csv"),
        ("posts.csv", "tom,team_manger,north,2020-01-01,", "`team_manger` is not a role of Marsh", "mean `team_manager`"),
        ("posts.csv", "tom,team_manager,nort,2020-01-01,", "`of` is `nort`, and there is no such team", "did you mean `north`"),
        ("posts.csv", "tom,team_manager,care,2020-01-01,", "`care`, which is a service and not a team", "north, south"),
        ("posts.csv", "tom,team_manager,,2020-01-01,", "Team Manager is held for each team", "write the key of the team"),
        ("posts.csv", "tom,director,north,2020-01-01,", "Director is held for the whole authority", "leave `of` empty"),
        ("posts.csv", "tom,iro,,2020-01-01,", "IRO is held for each child", "row of children.csv"),
        ("posts.csv", "nina,director,,2020-01-01,", "works for the outside agency `health`", "name somebody of the authority"),
        ("posts.csv", "tom,named_nurse,health,2020-01-01,", "works for no outside agency", "correct `agency`"),
        ("posts.csv", "tom,director,,2026-06-31,", "`since` is 31 June 2026, which does not exist", "ends on 2026-06-30"),
        ("posts.csv", "tom,director,,2026-02-29,", "29 February 2026, which does not exist", "2026-02-28"),
        ("posts.csv", "tom,director,,2026-13-01,", "there is no such month", "2026-04-01"),
        ("posts.csv", "tom,director,,20260401,", "not a date as yyyy-mm-dd", "2026-04-01"),
        ("posts.csv", "tom,director,,0026-04-01,", "in the year 26", "check the year"),
        ("posts.csv", "tom,director,,,", "`since` is empty", "2026-04-01"),
        ("posts.csv", "tom,director,,2026-04-02,2026-04-01", "it ends on 2026-04-01, before it begins", "later `until`"),
        ("posts.csv", "tess,team_manager,north,2025-01-01,", "on which line 2 says the same", "keep one row"),
        ("covers.csv", "tess,tess,2026-03-02,,cover", "cannot stand in for themself", "somebody else"),
        ("covers.csv", "tess,tom,2026-03-02,,holiday", "`kind` is `holiday`", "write one of cover, delegate"),
        ("covers.csv", "tess,nina,2026-03-02,,cover", "do not work for the same agency", "somebody who does"),
        ("children.csv", "C-1,AB,2014-05-06,,no,no,,north,sam,irene,,,0", "`C-1` stands on line 2 too", "keep one"),
        ("children.csv", "C-3,Anna,2014-05-06,,no,no,,north,sam,irene,,,0", "`Anna` are not initials", "no name belongs here"),
        ("children.csv", "C-3,AB,2014-05-06,adopted,no,no,,north,sam,irene,,,0", "`adopted` is no status", "looked_after"),
        ("children.csv", "C-3,AB,2014-05-06,,maybe,no,,north,sam,irene,,,0", "`in_plo` is `maybe`", "yes, no"),
        ("children.csv", "C-3,AB,2014-05-06,,no,no,boat,north,sam,irene,,,0", "`boat` is not a fact", "unregistered"),
        ("children.csv", "C-3,AB,2014-05-06,,no,no,,east,sam,irene,,,0", "`east`, and there is no such team", "north"),
        ("children.csv", "C-3,AB,2014-05-06,,no,no,,north,sam,ivr,,,0", "`iro` is `ivr`, who is not in", "mean `ivor`"),
        ("children.csv", "C-3,AB,2014-05-06,,no,no,,north,irene,irene,,,0", "both the child's social worker and", "independent"),
        ("children.csv", "C-3,AB,2014-05-06,,no,no,,north,nina,irene,,,0", "works for the outside agency", "of the authority"),
        ("children.csv", "C-3,AB,2014-05-06,,no,no,,north,sam,irene,,,-1", "`conferences` is `-1`", "whole number from 0"),
        ("children.csv", "C-3,AB,2027-05-06,,no,no,,north,sam,irene,,,0", "born on 2027-05-06, after 2026", "check the year"),
        ("children.csv", "C-3,AB,1914-05-06,,no,no,,north,sam,irene,,,0", "over 30 years ago", "check the year"),
        ("children.csv", "C-3,AB,2014-05-06,,no,no,,north,sam,irene,2026-04-01,2026-03-01,0", "next review", "check which"),
    ],
)  # fmt: skip
def test_a_bad_row_is_named_with_what_to_write_instead(name: str, row: str, wrong: str, instead: str) -> None:
    said = faults(with_row(name, row))
    assert len(said) == 1, said
    assert said[0].startswith(f"{name}:{last_line(name)}: ")
    assert wrong in said[0]
    assert instead in said[0]


def test_every_fault_of_every_file_is_said_at_once_in_order() -> None:
    files = {
        **FILES,
        "people.csv": PEOPLE + "x y,X,x@y.example,,\nzoe,Zoe,zoe,,\n",
        "posts.csv": POSTS + "zoe,director,,2026-01-01,\ntom,nothing,,2026-01-01,\n",
        "children.csv": CHILDREN + "C-3,AB,2026-02-30,odd,no,no,,nowhere,sam,irene,,,x\n",
        "person.csv": "",
    }
    said = faults(dict(files))
    assert [text.split(": ")[0] for text in said] == [
        *["children.csv:4"] * 3,
        "people.csv:18",
        "people.csv:19",
        "person.csv:1",
        "posts.csv:12",
    ]
    assert not any("zoe`, who" in text for text in said), "a row with a fault of its own is not blamed a second time"


def test_columns_missing_extra_or_twice_are_named() -> None:
    said = faults({"posts.csv": "person,role,since,until,until,notes\n"})
    assert [text.split(": ")[1].split(";")[0] for text in said] == [
        "column `notes` is not known",
        "column `of` is missing",
        "column `until` stands twice",
    ]
    assert all(text.endswith("write the first row as person,role,of,since,until") for text in said)


def test_columns_may_stand_in_another_order() -> None:
    listed = read_files({"covers.csv": "kind,of,by,until,since\ncover,tess,tom,,2026-03-02\n"})
    assert not listed.faults
    assert listed.covers is not None
    assert (listed.covers[2].of, listed.covers[2].since) == ("tess", date(2026, 3, 2))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (PEOPLE.replace("Tess", "Téss").encode("latin-1"), "people.csv:2: the file is not in UTF-8 (byte 0xe9)"),
        (PEOPLE.encode("utf-16"), "people.csv:1: the file is in UTF-16"),
        (PEOPLE.replace(",", ";").encode(), "people.csv:1: the cells are not separated by commas"),
        (b"", "people.csv:1: column `key` is missing"),
        (HEADS["people.csv"].encode(), "people.csv:1: the file has no rows, which would end all that stands"),
        ((PEOPLE + '"x,X,x@y.example,,\n').encode(), "people.csv:18: the row cannot be taken apart"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(data: bytes, said: str) -> None:
    assert any(text.startswith(said) for text in faults({**FILES, "people.csv": data}))


def test_a_byte_order_mark_windows_line_ends_and_quotes_are_read() -> None:
    text = PEOPLE.replace("Tess", '"Archer, A."').replace("\n", "\r\n")
    words = made({**FILES, "people.csv": b"\xef\xbb\xbf" + text.encode() + b",,,,\r\n"}).words
    assert "Archer, A. (tess)" in words.added


def test_what_looks_like_a_formula_is_text() -> None:
    words = made(with_row("people.csv", "sum,=SUM(A1:A9),sum@marsh.example,,")).words
    assert "=SUM(A1:A9) (sum)" in words.added


def test_a_row_after_a_row_of_several_lines_keeps_its_line_number() -> None:
    said = faults({"people.csv": HEADS["people.csv"] + '"a\nb",A,a@b.example,,\nc d,C,c@d.example,,\n'})
    assert said[0].startswith("people.csv:2: `key` holds a line break")
    assert said[1].startswith("people.csv:4: `c d` cannot be a key")


def test_a_file_of_too_many_rows_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MOST_ROWS == 200_000
    monkeypatch.setattr("drp.directory.files.MOST_ROWS", 12)
    assert faults(dict(FILES)) == [
        "people.csv:14: the file has more than 12 rows; split the authority, or ask for a higher limit"
    ]


def test_no_file_at_all_and_files_of_other_names_are_refused() -> None:
    assert faults({})[0].startswith("(no file):1: no file is given")
    assert "is no file of a directory" in faults({"post.csv": POSTS})[0]


def test_people_who_have_left_hold_nothing_further() -> None:
    files = {
        **FILES,
        "people.csv": PEOPLE.replace("tess.example", "").replace("tess@marsh.example,,", "a@b.example,,2026-03-31"),
    }
    said = faults(files)
    assert len(said) == 1
    assert said[0].startswith("posts.csv:2: `person` is Tess, whose last day is 2026-03-31; write 2026-03-31 or an earlier")


def test_a_subset_is_checked_against_what_stands() -> None:
    before = made(dict(FILES)).after
    assert faults({"posts.csv": POSTS + "zoe,director,,2026-01-01,\n"}, before)[0].startswith(
        "posts.csv:11: `person` is `zoe`, who is not in the directory"
    )
    assert faults({"units.csv": UNITS.replace("team,south,South Team,care\n", "")}, before) == [
        "units.csv:1: team `south` is not listed any more, and child C-2 is in it; list it, or give children.csv too"
    ]
