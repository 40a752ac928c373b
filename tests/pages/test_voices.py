"""Once a year, what people say of the process: no name, no item, shown from ten answers of a side on once the form has closed."""

import re
from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import insert, select, text
from sqlmodel import col

from api.pages.reports import voices_page
from drp.database.challenge_tables import IdempotencyRow
from drp.database.scope import core_table
from drp.database.tables import metadata
from drp.database.voice_tables import VoiceRow
from drp.reports import voices
from tests.cast.world import World
from tests.pages.browser import Page, at_browser
from tests.pages.test_between_reviews_figures import table
from workflows.model.voices import LEAST, VoiceSide

OPEN, CLOSED = "Mon 1 February 2027, 10:00", "Thu 1 April 2027, 10:00"
ALL_YES = {"clear": "yes", "fair": "yes", "heard": "yes", "changed": "yes"}
one_engine = pytest.mark.parametrize("store", ["sqlite"], indirect=True)


@pytest.fixture
def february(world: World) -> World:
    world.mails = False
    return world.at(OPEN)


def said(world: World, person: str, side: str, **answers: str) -> Page:
    there = at_browser(world, person)
    return there.fill(there.open(f"/voices/{side}"), **(ALL_YES | answers))


def kept(world: World, number: int, side: VoiceSide = VoiceSide.ANSWERED, **more: Any) -> None:
    """So many forms of a side are in the store, as they are kept."""
    row = {"authority": world.key, "year": 2026, "side": side.value, "answers": ALL_YES, "words": ""} | more
    world.write(insert(core_table(VoiceRow)), [row | {"id": world.chance.identity()} for _ in range(number)])


def read(world: World, person: str = "hugo", path: str = "/themes/voices") -> Page:
    return at_browser(world, person).open(path)


def part(page: Page, heading: str) -> str:
    """What the page says under a heading."""
    return page.html.partition(f">{heading}</h2>")[2].partition("</h2>")[0]


# What is kept.


def test_a_form_is_kept_with_the_year_the_side_and_the_answers_and_nothing_else(february: World) -> None:
    before = {name: february.rows(select(one)) for name, one in metadata.tables.items() if name not in ("voice", "session")}
    done = said(february, "sam", "answered", fair="no", words="  Meetings   came late. ")
    assert "It is kept without your name" in done.text
    (row,) = february.dicts(select(core_table(VoiceRow)))
    assert set(row) == {"authority", "id", "year", "side", "answers", "words"}
    assert (row["year"], row["side"], row["words"]) == (2026, "answered", "Meetings came late.")
    assert row["answers"] == ALL_YES | {"fair": "no"}
    after = {name: february.rows(select(one)) for name, one in metadata.tables.items() if name not in ("voice", "session")}
    assert after == before, "nothing beside it says who answered"
    assert february.rows(select(col(IdempotencyRow.person))) == []


@one_engine
def test_rows_stand_in_the_order_of_their_random_identities(february: World) -> None:
    for n in range(6):
        said(february, "sam", "answered", words=f"Line {'abcdef'[n]}")
    found = [str(row[0]) for row in february.rows(select(col(VoiceRow.id)))]
    assert found == sorted(found)
    made = february.rows(text("SELECT sql FROM sqlite_master WHERE name = 'voice'"))[0][0]
    assert made.rstrip().endswith("WITHOUT ROWID"), "no number of its own says which row came first"


@one_engine
def test_planted_a_form_that_leaves_who_sent_it_is_seen(february: World, monkeypatch: pytest.MonkeyPatch) -> None:
    right = voices_page.voices.keep_voice

    def logged(connection: Any, authority: str, *more: Any) -> None:
        right(connection, authority, *more)
        row = {"authority": authority, "person": february.id("sam"), "key": "k", "body_hash": "", "entry": 0, "status": 1}
        connection.execute(insert(IdempotencyRow).values(**row, challenge=february.id("sam"), answer={}, at=february.now))

    monkeypatch.setattr(voices_page.voices, "keep_voice", logged)
    with pytest.raises(AssertionError):
        test_a_form_is_kept_with_the_year_the_side_and_the_answers_and_nothing_else(february)


SIDES: Mapping[str, set[str]] = {
    "irene": {"iro", "child", "advocate"}, "mona": {"child", "advocate"}, "bob": {"child", "advocate"},
    "sam": {"answered"}, "tess": {"answered"}, "hugo": {"answered"}, "ada": set(), "audrey": set(),
}  # fmt: skip


@pytest.mark.parametrize("person", SIDES)
def test_each_speaks_for_their_own_side_and_the_service_enters_what_children_and_advocates_say(
    february: World, person: str
) -> None:
    there = at_browser(february, person)
    listed = {href.rpartition("/")[2] for href, _ in there.open("/voices").links if href.startswith("/voices/")}
    assert listed == SIDES[person]
    for side in VoiceSide:
        assert (there.open(f"/voices/{side}").status == 200) is (side in SIDES[person]), side
    assert there.open("/voices/nobody").status == 404


def test_a_child_is_asked_in_plainer_words(february: World) -> None:
    page = at_browser(february, "bob").open("/voices/child")
    assert "Did people listen to you?" in page.text
    assert "Do not write who it was." in page.text


@pytest.mark.parametrize(
    "words",
    ["It was WTR5-7VR3 again.", "Ring 01632 960123.", "Write to sam@dunmoor.example.", "For (T-1), too late.", "x" * 301],
)
def test_a_line_that_names_somebody_or_something_is_refused(february: World, words: str) -> None:
    answer = said(february, "sam", "answered", words=words)
    assert answer.status == 422
    assert february.count(VoiceRow) == 0


def test_a_form_without_an_answer_is_refused(february: World) -> None:
    there = at_browser(february, "sam")
    assert there.fill(there.open("/voices/answered"), words="Only this.").status == 422
    assert february.count(VoiceRow) == 0


def test_it_is_open_in_the_last_two_months_of_the_reporting_year_only(world: World) -> None:
    world.mails = False
    for moment, is_open in (
        ("Sun 31 January 2027, 23:59", False), ("Mon 1 February 2027, 00:00", True), ("Wed 31 March 2027, 23:59", True),
        ("Thu 1 April 2027, 00:00", False),
    ):  # fmt: skip
        world.at(moment)
        there = at_browser(world, "sam")
        page = there.open("/voices/answered")
        assert ("Send it without a name" in page.html) is is_open, moment
        assert ("say how the process works" in there.open("/").text) is is_open
        token = there.open("/cover").form("/cover").inputs["form_token"]
        answer = there.send("POST", "/voices/answered", data={"form_token": token, **ALL_YES})
        assert answer.status_code == (303 if is_open else 409)
    assert [row[0] for row in world.rows(select(col(VoiceRow.year)))] == [2026, 2026]


# What is shown.


def nine_are_not_shown_and_ten_are(world: World) -> None:
    assert LEAST == 10
    kept(world, 9, words="A line of nine.")
    world.at(CLOSED)
    nine = part(read(world), "Social workers and managers who answer")
    assert "9 of 10: not shown yet." in nine
    assert "<table" not in nine
    assert "A line of nine." not in nine
    assert "0 of 10: not shown yet." in part(read(world), "Children")
    kept(world, 1, answers=ALL_YES | {"heard": "no", "changed": ""}, words="The tenth.")
    page = read(world)
    rows = table(page, "10 answers")
    assert [row[1:] for row in rows] == [["10", "0", "0", "0"]] * 2 + [["9", "0", "1", "0"], ["9", "0", "0", "1"]]
    assert "The tenth." in page.text


def test_nothing_of_a_side_is_shown_before_ten_of_it_have_answered(february: World) -> None:
    nine_are_not_shown_and_ten_are(february)


@one_engine
def test_planted_a_side_shown_at_nine_answers_is_seen(february: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voices, "LEAST", 9)
    with pytest.raises(AssertionError):
        nine_are_not_shown_and_ten_are(february)


def while_it_is_open_nothing_is_shown(world: World) -> None:
    """Or whoever looks each day would tell what each new answer says."""
    kept(world, 12, words="Too early.")
    page = read(world, path="/themes/voices?year=2026")
    assert "12 so far: shown from 1 April on." in page.text
    assert "Too early." not in page.text
    assert "<table" not in page.html


def test_while_the_form_is_open_nothing_is_shown_of_any_number(february: World) -> None:
    while_it_is_open_nothing_is_shown(february)


@one_engine
def test_planted_answers_shown_as_they_come_are_seen(february: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voices, "has_closed", lambda year, day: True)
    with pytest.raises(AssertionError):
        while_it_is_open_nothing_is_shown(february)


def test_lines_stand_in_the_order_of_their_letters(february: World) -> None:
    for words in ("Zeal.", "apt.", "Mild.", *[""] * 7):
        kept(february, 1, words=words)
    february.at(CLOSED)
    found = re.findall(r'<span class="app-words">([^<]+)</span>', read(february).html)
    assert found == ["apt.", "Mild.", "Zeal."]


def test_years_and_authorities_stand_apart(two: World) -> None:
    two.mails = False
    two.at(CLOSED)
    kept(two, 10, year=2025)
    kept(two, 10)
    assert "10 answers" in read(two, path="/themes/voices?year=2025").text
    assert "10 of 10" not in read(two).text
    assert "0 of 10: not shown yet." in at_browser(two, "hugo", "elsewhere").open("/themes/voices").text
    assert read(two, path="/themes/voices?year=²016").status == 200


def test_leaders_and_the_iro_manager_read_it_and_nobody_else(february: World) -> None:
    for person in ("hugo", "mona"):
        assert read(february, person).status == 200
        assert "/themes/voices" in read(february, person, "/themes").html
    for person in ("irene", "bob", "tess", "sam", "ada", "audrey"):
        assert read(february, person).status == 403, person
    assert "/themes/voices" not in read(february, "irene", "/themes").html
    assert "one person could have answered twice" in read(february).text


def test_the_iro_manager_takes_a_line_out_for_good_and_the_answers_stay(february: World) -> None:
    kept(february, 9)
    kept(february, 1, words="It was Sam.")
    february.at(CLOSED)
    assert "Take this line out" not in read(february).text
    mona = at_browser(february, "mona")
    page = mona.open("/themes/voices")
    assert "It was Sam." in page.text
    assert "It was Sam." in mona.fill(page, "/themes/voices/take-out", line="no such").text
    after = mona.fill(page, "/themes/voices/take-out")
    assert after.status == 200
    assert "It was Sam." not in after.text
    assert "10 answers" in after.text
    assert {row[0] for row in february.rows(select(col(VoiceRow.words)))} == {""}
    assert "Line of the yearly form taken out" in mona.open("/administration/changes").text
