"""What the IRO puts on the record beside a challenge, over JSON and on its page: it is kept, shown, and moves nothing."""

import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

from api.exports.sar_export.export import export_subject_access
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


# What changed, in the child's own words.

SAYS = "I see my brother now."


def test_the_childs_own_words_for_what_changed_stand_beside_the_iros(world: World) -> None:
    reference = world.as_("irene").raises().json()["reference"]
    said = {"found": "better", "what_changed": "Time with a brother.", "childs_words": SAYS}
    assert world.as_("irene").brings(reference, "impact_recorded", **said).status_code == 200
    entry = last_entry(world, reference)
    assert entry["words"] == {"what_changed": "Time with a brother.", "childs_words": SAYS}
    assert "childs_words" not in entry["facts"], "words stand in rows of their own"
    page = at_browser(world, "irene").open(f"/challenges/{reference}")
    assert re.search(rf"What changed, in the child’s own words\s*{SAYS}", page.text)
    spoken = bundle_of(world, reference)["chronology"]
    assert SAYS not in json.dumps(spoken), "the words of an entry that was not ticked are not sent"


def test_the_form_asks_for_them_and_they_may_stay_empty(world: World) -> None:
    reference = world.as_("irene").raises().json()["reference"]
    irene = at_browser(world, "irene")
    form = f"/challenges/{reference}/do/impact_recorded"
    irene.fill(irene.open(form), found="better", childs_words=SAYS)
    assert last_entry(world, reference)["words"] == {"childs_words": SAYS}
    irene.fill(irene.open(form), found="partly")
    assert last_entry(world, reference)["words"] == {}


def test_whoever_asks_for_the_record_gets_the_childs_words(world: World, tmp_path: Path) -> None:
    reference = world.as_("irene").raises().json()["reference"]
    assert world.as_("irene").brings(reference, "impact_recorded", found="better", childs_words=SAYS).status_code == 200
    out = tmp_path / "export.zip"
    export_subject_access(world.service, world.council.key, "T-1", out)
    with zipfile.ZipFile(out) as found:
        said = json.loads(found.read("subject-access.json"))
    pieces = [piece for item in said["items"] for entry in item["timeline"] for piece in entry["words"]]
    assert [piece["question"] for piece in pieces if piece["text"] == SAYS] == ["What changed, in the child’s own words"]
