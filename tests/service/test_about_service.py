"""An item about a service, without a child: it stays with the IRO who raised it, by the role that they hold for children."""

from collections.abc import Callable
from typing import Any

import pytest

from drp.casework import load
from tests.cast.councils import LEVELS
from tests.cast.world import World
from workflows.decision.recipients import Establishment


@pytest.fixture
def levels(build: Callable[..., World]) -> World:
    """Durham as of 2022/23, whose procedure carries items about a service."""
    return build(LEVELS)


def test_whoever_raised_it_reads_it_and_ends_it(levels: World) -> None:
    irene = levels.as_("irene")
    raised = irene.raises("", item_type="about_service", team="north")
    assert raised.status_code == 201, raised.text
    reference = str(raised.json()["reference"])
    assert irene.item(reference)["reference"] == reference
    assert irene.brings(reference, "withdrawn", why="It was put right.").status_code == 200


def test_planted_raiser_whose_posts_are_not_read_is_caught(levels: World, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = load.load_establishment

    def without_raisers(connection: Any, authority: str, abouts: Any) -> Establishment:
        found, raisers = whole(connection, authority, abouts), {about.raiser for about in abouts}
        return Establishment(tuple(post for post in found.posts if post.person not in raisers), found.covers)

    monkeypatch.setattr(load, "load_establishment", without_raisers)
    with pytest.raises((AssertionError, KeyError)):
        test_whoever_raised_it_reads_it_and_ends_it(levels)
