"""A file at fault is refused whole: every fault, on its own line, with what to write instead."""

import re
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.ladders.bad_files import AUTHORITY, BAD, GOOD, LADDER, NOTICE, PARTNERS, A, L, N, P
from tests.ladders.reading import AUTHORITIES, INVENTED, INVENTIONS, SHIPPED, faults, texts
from workflows.ladder_language.build_ladder import content_hash
from workflows.ladder_language.reader import Unreadable, ladder_file_schema, read_procedures
from workflows.ladder_language.strict_yaml import LARGEST_FILE, read_tree


def mutated(file: str, old: str, new: str) -> dict[str, str]:
    assert GOOD[file].count(old) >= 1, old
    return GOOD | {file: GOOD[file].replace(old, new, 1)}


def line_of(text: str, marker: str) -> int:
    """The line on which a marker stands: at a line's beginning if it can, else its first place."""
    found = re.search("^" + re.escape(marker), text, re.MULTILINE)
    return text[: found.start() if found else text.index(marker)].count("\n") + 1


def test_the_good_files_read():
    assert faults(GOOD) == ()
    assert len(read_procedures(GOOD).ladders) == 3


def test_there_are_enough_bad_files_and_each_differs():
    assert len(BAD) >= 80
    assert len({name for name, *_ in BAD}) == len(BAD)
    assert all(mutated(file, old, new)[file] != GOOD[file] for _, file, old, new, *_ in BAD)


@pytest.mark.parametrize(("file", "old", "new", "marker", "wrong", "instead"), [pytest.param(*row[1:], id=row[0]) for row in BAD])
def test_a_bad_file_is_refused_on_its_line(file, old, new, marker, wrong, instead):
    files = mutated(file, old, new)
    at = (file, line_of(files[file], marker)) if marker else (N, 1)
    found = faults(files)
    here = [fault for fault in found if (fault.file, fault.line) == at and wrong in fault.wrong]
    assert here, (at, [str(fault) for fault in found])
    assert any(instead in fault.instead for fault in here), [fault.instead for fault in here]


DRAWS_OTHERS = {
    "a stage twice",
    "a key in capitals",
    "a key with a space",
    "an unknown capacity",
    "an unknown priority",
    "a stage that nobody reaches",
    "an assumption of nothing",
    "a ladder that is not there",
}
"""Mistakes that leave something else without its name."""


@pytest.mark.parametrize("row", [pytest.param(row, id=row[0]) for row in BAD if row[0] not in DRAWS_OTHERS])
def test_one_mistake_is_one_fault(row):
    assert len(faults(mutated(*row[1:4]))) == 1


@pytest.mark.parametrize("row", [pytest.param(row, id=row[0]) for row in BAD])
def test_a_fault_is_told_in_one_short_line(row):
    for fault in faults(mutated(*row[1:4])):
        for said in (fault.wrong, fault.instead):
            assert said
            assert "\n" not in said
            assert len(said) < 500
            assert said.count("`") % 2 == 0, said


@pytest.mark.parametrize(
    ("name", "files", "said"),
    [
        ("an empty file", GOOD | {N: ""}, "notice.yaml:1: the file is empty"),
        ("only a comment", GOOD | {N: "# nothing\n"}, "notice.yaml:1: the file is empty"),
        ("a list at the top", GOOD | {N: "- a\n- b\n"}, "notice.yaml:1: the file does not hold keys and values"),
        ("a word at the top", GOOD | {N: "hello\n"}, "notice.yaml:1: the file does not hold keys and values"),
        ("neither one nor other", GOOD | {N: "title: Good work\n"}, "notice.yaml:1: this is neither a ladder, a notice, what"),
        (
            "a ladder that does not say so",
            GOOD | {P: PARTNERS.replace("ladder:", "laddr:")},
            "partners.yaml:1: `laddr` is not a key here; write `ladder`",
        ),
        (
            "a notice that does not say so",
            GOOD | {N: NOTICE.replace("notice:", "notise:")},
            "notice.yaml:1: `notise` is not a key here; write `notice`",
        ),
        ("no files", {}, "(no file):1: no authority file among these"),
        ("no authority", {L: LADDER}, "challenge.yaml:1: no authority file among these"),
        (
            "a ladder that speaks of an authority",
            {L: LADDER.replace("source: Invented", "source: roles are invented")},
            "challenge.yaml:1: no authority file among these",
        ),
        ("two authorities", GOOD | {"b.yaml": AUTHORITY}, "authority.yaml:1: more than one authority file"),
        ("too large", GOOD | {N: NOTICE + "#" * LARGEST_FILE}, "notice.yaml:1: the file is larger than 256 KiB"),
        ("two versions of one day", GOOD | {"b.yaml": NOTICE}, "authority.yaml:1: two versions of good_work are in force"),
    ],
)
def test_files_refused_as_a_whole(name, files, said):
    found = [str(fault) for fault in faults(files)]
    assert any(line.startswith(said) for line in found), found


def test_a_file_too_large_is_not_read():
    started = time.perf_counter()
    (fault,) = read_tree("[" * (LARGEST_FILE + 1), "large.yaml").faults
    assert "was not read" in fault.wrong
    assert time.perf_counter() - started < 0.2


def test_an_alias_bomb_does_not_go_off():
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{after}: &{after} [" + ", ".join([f"*{before}"] * 9) + "]\n"
        for before, after in zip("abcdefgh", "bcdefghi", strict=True)
    )
    started = time.perf_counter()
    found = faults(GOOD | {N: NOTICE + bomb})
    assert time.perf_counter() - started < 1
    # Nine aliases on each of eight lines; what is said twice of one line is told once.
    assert sum("is an alias" in fault.wrong for fault in found) == 8


def test_several_faults_are_told_at_once_in_the_order_of_their_lines():
    text = (
        LADDER.replace("informal: true", "informal: yes")
        .replace("to: director", "to: directer")
        .replace("no_reply: escalate", "no_reply: climb")
        .replace("covers: [looked_after]", "covers: [looked]")
        .replace("    label: Step 2\n", "")
    )
    found = faults(GOOD | {L: text})
    assert [(fault.line, fault.wrong) for fault in found] == sorted((fault.line, fault.wrong) for fault in found)
    told = [fault.line for fault in found]
    for marker in ("covers", "    informal: yes", "    no_reply: climb", "  step_2:", "    to: directer"):
        assert line_of(text, marker) in told, marker
    assert len(found) == 5, [str(fault) for fault in found]


def test_faults_of_several_files_are_told_together():
    files = GOOD | {N: NOTICE.replace("to: social_worker", "to: nobody"), P: PARTNERS.replace("label: Lead", "label: 3")}
    assert {fault.file for fault in faults(files)} == {N, P}


@pytest.mark.parametrize(
    ("name", "file", "old", "new"),
    [
        ("an authority's key at fault", A, "authority: moorland", "authority: Moor Land"),
        ("a ladder's key at fault", L, "ladder: challenge", "ladder: The Challenge"),
        ("a file that is not YAML", N, "to: social_worker", 'to: "social_worker'),
        ("a file that cannot be judged", P, PARTNERS[PARTNERS.index("stages:") :], ""),
    ],
)
def test_one_fault_does_not_draw_others_elsewhere(name, file, old, new):
    found = faults(mutated(file, old, new))
    assert [fault.file for fault in found] == [file], [str(fault) for fault in found]


def test_a_refusal_says_file_line_what_and_instead():
    with pytest.raises(Unreadable) as refusal:
        read_procedures(mutated(L, "to: director", "to: directer"))
    line = line_of(LADDER, "    to: director")
    assert str(refusal.value) == (
        f"challenge.yaml:{line}: `directer` is not a role of Moorland Council (invented); did you mean `director`"
    )


def test_line_endings_do_not_make_another_version():
    windows = {name: text.replace("\n", "\r\n") for name, text in GOOD.items()}
    assert faults(windows) == ()
    assert {content_hash(text) for text in windows.values()} == {content_hash(text) for text in GOOD.values()}


def test_the_schema_knows_every_key_that_the_good_files_use():
    definitions = ladder_file_schema()["$defs"]
    for kind, text in (("WrittenAuthority", AUTHORITY), ("WrittenLadder", LADDER), ("WrittenNotice", NOTICE)):
        assert set(read_tree(text, "x").value) <= set(definitions[kind]["properties"])


FOLDERS = {name: texts((SHIPPED if name in AUTHORITIES else INVENTED) / name) for name in (*AUTHORITIES, *INVENTIONS)}
PIECES = [
    "",
    " ",
    "\n",
    "\t",
    ":",
    ": ",
    "- ",
    "? ",
    "[",
    "]",
    "{",
    "}",
    ",",
    "'",
    '"',
    "&a ",
    "*a",
    "!!python/name:os ",
    "!",
    "|",
    ">",
    "%",
    "#",
    "~",
    "null",
    "yes",
    "0755",
    "12:30:00",
    "1e9",
    ".nan",
    "-1",
    "[]",
    "{}",
    "{one of: }",
    "{all of: 3}",
    "{none: }",
    "{chosen by: , from: []}",
    "if ",
    "unless not ",
    "everyone above",
    "2016-04-01",
    "2016-99-99",
    "---\n",
    "...",
    "\x00",
    "\x07",
    "\x85",
    "\u2028",
    "\ud800",
    "\ufeff",
    '"\\ud800"',
    '"\\UFFFFFFFF"',
    "stages",
    "label",
    "next",
    "raiser",
    "unread",
]


@st.composite
def spoiled(draw):
    """A shipped folder with a few random cuts, doublings and insertions in one of its files."""
    files = dict(FOLDERS[draw(st.sampled_from(sorted(FOLDERS)))])
    name = draw(st.sampled_from(sorted(files)))
    text = files[name]
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.sampled_from([0, 0, 1, 2, 5, 20, 200])))
        kind = draw(st.sampled_from(["insert", "double", "line", "value"]))
        if kind == "insert":
            text = text[:start] + draw(st.sampled_from(PIECES)) + text[end:]
        elif kind == "double":
            text = text[:end] + text[start:end] + text[end:]
        else:
            lines = text.split("\n")
            n = draw(st.integers(0, len(lines) - 1))
            if kind == "line":
                lines[n : n + 1] = []
            else:
                lines[n] = lines[n].partition(":")[0] + ": " + draw(st.sampled_from(PIECES))
            text = "\n".join(lines)
    return files | {name: text}


@settings(max_examples=60, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(files=spoiled())
def test_whatever_is_written_is_read_or_refused_and_soon(files):
    started = time.perf_counter()
    found = None
    try:
        read_procedures(files)
    except Unreadable as refusal:
        found = refusal.faults
    assert time.perf_counter() - started < 1
    if found is not None:
        assert found
        for fault in found:
            assert 1 <= fault.line <= files[fault.file].count("\n") + 1
            assert fault.wrong
            assert fault.instead
