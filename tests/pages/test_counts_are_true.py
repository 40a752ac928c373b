"""A number beside a heading is of all that there is, or says of what it is: never of the lines that happen to be listed."""

import pytest

from api.pages.my_work import teams
from api.pages.service_board import board, supervision
from tests.cast.world import World
from tests.pages.ground import at_browser
from tests.pages.test_board import MEETING
from tests.pages.test_board import raised as raise_with_meeting


def raised(world: World, many: int) -> None:
    for _ in range(many):
        said = {"item_type": "formal", "stage": "stage_2", "stage_reason": "High."}
        assert world.as_("irene").raises("T-1", **said).status_code == 201


def text_of(world: World, path: str) -> str:
    return " ".join(at_browser(world, "mona").open(path).text.split())


def test_a_teams_list_that_is_cut_says_of_how_many_each_number_is(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    raised(world, 4)
    assert "(4)" in text_of(world, "/teams/north")
    monkeypatch.setattr(teams, "MOST_OPEN", 3)
    page = text_of(world, "/teams/north")
    assert "(the newest 3 of more)" in page
    assert "(3 of the newest 3)" in page
    assert "(3)" not in page


def test_what_an_iro_has_in_hand_counts_what_is_past_among_what_is_listed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    raised(world, 4)
    irene = f"/iros/{world.id('irene')}"
    assert "4 open items, of these 0 past" in text_of(world, irene)
    monkeypatch.setattr(supervision, "MOST", 2)
    page = text_of(world, irene)
    assert "4 open items, of the 2 listed here 0 past" in page
    assert "of the 2 listed)" in page


def test_a_list_of_the_board_that_is_not_looked_through_to_its_end_says_that_there_may_be_more(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        raise_with_meeting(world, **MEETING)
    assert "Meetings to arrange (3)" in text_of(world, "/board")
    monkeypatch.setattr(board, "LOOKED_THROUGH", 2)
    page = text_of(world, "/board")
    assert "Meetings to arrange (2 or more)" in page
    assert "2 or more meetings to arrange" in page


def test_planted_a_count_of_the_listed_as_of_all_is_noticed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    real = teams.list_items

    def without_saying_so(*given: object) -> object:
        page = real(*given)  # type: ignore[arg-type]
        return type(page)(page.items, "")

    monkeypatch.setattr(teams, "list_items", without_saying_so)
    with pytest.raises(AssertionError):
        test_a_teams_list_that_is_cut_says_of_how_many_each_number_is(world, monkeypatch)
