"""What the IRO puts on the record beside a challenge, over JSON and on its page: it is kept, shown, and moves nothing."""

import io
import json
import re
import zipfile
from typing import Any

from tests.cast.world import World
from tests.pages.browser import at_browser
from tests.service.test_json_api import problem


def last_entry(world: World, reference: str, by: str = "irene") -> dict[str, Any]:
    entry: dict[str, Any] = world.as_(by).timeline(reference)["entries"][-1]
    return entry


def bundle_of(world: World, reference: str) -> dict[str, Any]:
    """What the referral's own JSON says."""
    irene = world.as_("irene")
    assert irene.brings(reference, "referred_to_cafcass").status_code == 200
    with zipfile.ZipFile(io.BytesIO(irene.get(f"/challenges/{reference}/referral/0/bundle").content)) as found:
        name = next(name for name in found.namelist() if name.endswith("referral.json"))
        said: dict[str, Any] = json.loads(found.read(name))
    return said


# When the IRO first knew.


def test_when_it_was_first_known_stands_with_the_raising_and_in_the_bundle(world: World) -> None:
    reference = world.as_("irene").raises(first_known_on="2026-03-02").json()["reference"]
    entry = world.as_("irene").timeline(reference)["entries"][0]
    assert (entry["kind"], entry["facts"]["first_known_on"]) == ("raised", "2026-03-02")
    page = at_browser(world, "irene").open(f"/challenges/{reference}")
    assert re.search(r"First known\s*Monday 2 March 2026", page.text)
    assert "First known on Monday 2 March 2026" in bundle_of(world, reference)["chronology"][0]["lines"]


def test_a_day_to_come_is_no_day_on_which_it_was_known(world: World) -> None:
    for day, status in (("2026-04-01", 201), ("2026-04-02", 422)):
        answer = world.as_("irene").raises(first_known_on=day)
        assert answer.status_code == status, day
    problem(answer, 422, "unfit", "first_known_on")


def test_where_it_is_not_said_the_record_is_as_it_was(world: World) -> None:
    reference = world.as_("irene").raises().json()["reference"]
    assert "first_known_on" not in world.as_("irene").timeline(reference)["entries"][0]["facts"]
    assert "First known" not in at_browser(world, "irene").open(f"/challenges/{reference}").text
