"""What the IRO puts on the record beside a challenge, over JSON and on its page: it is kept, shown, and moves nothing."""

import html
import io
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from api.exports.sar_export.export import export_subject_access
from tests.cast.councils import WATCHING
from tests.cast.world import World
from tests.pages.browser import at_browser
from tests.service.test_json_api import problem


@pytest.fixture
def watching(build: Callable[..., World]) -> World:
    return build(WATCHING)


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


# A review asked for early, and one adjourned.

EARLY = {"review_by": "2026-04-20", "under": "regulation 37", "why": "The school place is gone."}
ADJOURNED = {"review_on": "2026-04-01", "adjourned_to": "2026-05-01", "why": "The school was not there."}
"""20 working days: Easter and 1 May stand between, and 4 May is a bank holiday."""


def test_a_review_asked_for_early_is_on_the_record_and_tells_nobody_by_itself(world: World) -> None:
    reference = world.as_("irene").raises().json()["reference"]
    before = world.as_("irene").item(reference)["windows"]
    assert world.as_("irene").brings(reference, "review_asked_for", **EARLY).status_code == 200
    assert world.as_("irene").item(reference)["windows"] == before, "no date moves"
    assert world.told(reference, "review_day") == []
    page = at_browser(world, "sam").open(f"/challenges/{reference}?all=1").text
    assert re.search(r"A review was asked for before its day.*To be held by Monday 20 April 2026.*Regulation 37", page), page
    assert "The school place is gone." in page, "everybody on the item reads it"


def test_whom_the_iro_ticks_is_told_and_nobody_who_does_not_know_of_it(world: World) -> None:
    reference = world.as_("irene").raises().json()["reference"]
    irene = at_browser(world, "irene")
    days = {"review_by-day": "20", "review_by-month": "4", "review_by-year": "2026"}
    page = irene.open(f"/challenges/{reference}/do/review_asked_for")
    irene.fill(page, under="regulation 33", why="He cannot wait.", tells="social_worker", **days)
    assert world.told(reference, "review_day") == [("informal", set(), {"sam"})]
    answer = world.as_("irene").brings(reference, "review_asked_for", **EARLY, tells=["chief_executive"])
    problem(answer, 422, "unfit", "tells")


def test_an_adjourned_review_is_held_within_twenty_working_days_unless_the_iro_is_sure(world: World) -> None:
    reference = world.as_("irene").raises().json()["reference"]
    irene = world.as_("irene")
    for to, status in (("2026-05-01", 200), ("2026-05-05", 422), ("2026-04-01", 422), ("2027-06-01", 422)):
        assert irene.brings(reference, "review_adjourned", **ADJOURNED | {"adjourned_to": to}).status_code == status, to
    answer = irene.brings(reference, "review_adjourned", **ADJOURNED | {"adjourned_to": "2026-05-05"})
    assert "21 working days" in problem(answer, 422, "unfit", "sure")["title"]
    assert irene.brings(reference, "review_adjourned", **ADJOURNED | {"adjourned_to": "2026-05-05"}, sure=True).status_code == 200
    page = at_browser(world, "irene").open(f"/challenges/{reference}").text
    assert "The review of Wednesday 1 April 2026" in page
    assert "Adjourned to Tuesday 5 May 2026" in page


def test_the_form_asks_whether_the_iro_is_sure_once_the_day_is_too_far(world: World) -> None:
    reference = world.as_("irene").raises().json()["reference"]
    irene = at_browser(world, "irene")
    days = {f"{name}-{part}": text for name, day in (("review_on", "1 4 2026"), ("adjourned_to", "5 5 2026"))
            for part, text in zip(("day", "month", "year"), day.split(), strict=True)}  # fmt: skip
    page = irene.open(f"/challenges/{reference}/do/review_adjourned")
    assert "I am sure" not in page.text
    page = irene.fill(page, why="The school was not there.", **days)
    assert "I am sure: that is the day to which it was adjourned" in page.text, page.text
    irene.fill(page, sure="yes")
    assert last_entry(world, reference)["kind"] == "review_adjourned"


def test_a_review_is_asked_for_from_every_kind_of_item_that_is_open(watching: World) -> None:
    irene = watching.as_("irene")
    said = {"child": "T-1", "why": "It drifts.", "priority": "high", "on": "2026-04-01"}
    assert irene.post("/reviews/tracking", said).status_code == 201
    (tracked,) = (one["reference"] for one in irene.get("/challenges", item_type="tracked_case").json()["items"])
    formal = irene.raises(item_type="formal").json()["reference"]
    for reference in (tracked, formal):
        assert irene.brings(reference, "review_asked_for", **EARLY).status_code == 200
        assert irene.brings(reference, "review_adjourned", **ADJOURNED).status_code == 200
    assert irene.brings(formal, "withdrawn", why="Settled.").status_code == 200
    assert irene.brings(formal, "review_asked_for", **EARLY).status_code == 409


def test_only_the_iro_asks_for_it(world: World) -> None:
    reference = world.as_("irene").raises().json()["reference"]
    for person in ("sam", "mona", "bob"):
        for kind, said in (("review_asked_for", EARLY), ("review_adjourned", ADJOURNED)):
            assert world.as_(person).brings(reference, kind, **said).status_code == 403, (person, kind)


# The child's right to advice and to go to court; the children's guardian.

KNOWS = {"told": True, "on": "2026-03-30", "help_found": "a lawyer", "who": "Ms Grey, Grey and Co.", "found_on": "2026-04-01"}


def test_that_the_child_knows_and_who_helps_is_kept_to_the_childs_iro(world: World) -> None:
    reference = world.as_("irene").raises(item_type="formal").json()["reference"]
    assert world.as_("irene").brings(reference, "rights_explained", **KNOWS).status_code == 200
    assert last_entry(world, reference)["childs_iro_only"]
    page = at_browser(world, "irene").open(f"/challenges/{reference}").text
    for said in (
        "The child was told",
        "A lawyer was found who helps",
        "Found on Wednesday 1 April 2026",
        "Ms Grey, Grey and Co.",
    ):
        assert said in page, said
    for person in ("mona", "bob", "tess"):
        kinds = [entry["kind"] for entry in world.as_(person).timeline(reference)["entries"]]
        assert "rights_explained" not in kinds, person
        assert "Ms Grey" not in at_browser(world, person).open(f"/challenges/{reference}?all=1").text, person


def test_not_yet_says_why_and_half_of_it_is_refused(world: World) -> None:
    reference = world.as_("irene").raises().json()["reference"]
    irene = world.as_("irene")
    wrong: tuple[tuple[dict[str, Any], str], ...] = (
        ({"told": True}, "on"),
        ({"told": False}, "why_not"),
        (KNOWS | {"who": " "}, "who"),
        (KNOWS | {"found_on": None}, "found_on"),
        (KNOWS | {"found_on": "2026-04-02"}, "found_on"),
        (KNOWS | {"on": "2026-04-02"}, "on"),
    )
    for said, field in wrong:
        problem(irene.brings(reference, "rights_explained", **said), 422, "unfit", field)
    assert irene.brings(reference, "rights_explained", told=False, why_not="She is four.").status_code == 200
    page = at_browser(world, "irene").open(f"/challenges/{reference}").text
    assert "The child was not told" in page
    assert "Nobody was found yet who helps" in page


def test_the_referral_says_it_to_its_list_and_never_who_helps(world: World) -> None:
    reference = world.as_("irene").raises().json()["reference"]
    irene = world.as_("irene")
    assert irene.brings(reference, "rights_explained", **KNOWS).status_code == 200
    assert irene.brings(reference, "guardian_told", on="2026-03-31").status_code == 200
    assert irene.brings(reference, "guardian_handed_over", on="2026-04-01", handed_over="Time with a brother.").status_code == 200
    said = bundle_of(world, reference)
    known = {item["key"]: (item["standing"], item["known"]) for item in said["checklist"]}
    assert known["adult"] == (
        "included",
        [
            "The child's right to take advice and to apply to court: told on Monday 30 March 2026",
            "A lawyer who helps was found on Wednesday 1 April 2026",
        ],
    )
    told = ["Told of it on Tuesday 31 March 2026", "Handed over with the IRO on Wednesday 1 April 2026"]
    assert known["guardian"] == ("included", told)
    assert "Ms Grey" not in json.dumps(said)
    assert "Time with a brother" not in json.dumps(said)


def test_the_guardian_is_told_and_hands_over_on_days_that_have_come_by_form_too(world: World) -> None:
    reference = world.as_("irene").raises().json()["reference"]
    problem(world.as_("irene").brings(reference, "guardian_told", on="2026-04-02"), 422, "unfit", "on")
    assert world.as_("mona").brings(reference, "guardian_told", on="2026-04-01").status_code == 403
    irene = at_browser(world, "irene")
    irene.fill(irene.open(f"/challenges/{reference}/do/guardian_told"), words="She sees it as I do.")
    entry = last_entry(world, reference)
    assert (entry["kind"], entry["facts"]["on"], entry["childs_iro_only"]) == ("guardian_told", "2026-04-01", True)
    irene.fill(irene.open(f"/challenges/{reference}/do/guardian_handed_over"), handed_over="The order, and time with a brother.")
    assert world.as_("irene").brings(reference, "withdrawn", why="Settled.").status_code == 200
    late = {"on": "2026-04-01", "handed_over": "Once more."}
    assert world.as_("irene").brings(reference, "guardian_handed_over", **late).status_code == 200, "also after the end"
    page = irene.open(f"/challenges/{reference}").text
    assert "The children’s guardian and the IRO handed over" in page
    assert "The order, and time with a brother." in page


# The statement to the court.

BESIDE = {
    "legal_advice_taken": {"source": "Mr Ash", "on": "2026-04-01", "conflict_checked": True, "content": "Canary: apply."},
    "child_view_recorded": {"about": "the issue", "view": "Canary: I am afraid.", "in_confidence": True},
    "noted": {"text": "Canary: ours alone.", "iro_service_only": True},
    "rights_explained": KNOWS,
}
"""What the record keeps to few, and no statement says."""


def answered(world: World) -> str:
    """A challenge that was answered with an action, and taken higher; with what is kept to few beside it."""
    said = {"effect_on_child": "He waits.", "outcome_sought": "A plan.", "first_known_on": "2026-03-02"}
    reference = str(world.as_("irene").raises(item_type="formal", **said).json()["reference"])
    reply = {"position": "in_part", "answer": "The panel is full.", "actions": [{"what": "Ask the panel.", "by": "2026-04-20"}]}
    assert world.as_("tess").brings(reference, "responded", **reply).status_code == 200
    for kind, more in BESIDE.items():
        assert world.as_("irene").brings(reference, kind, **more).status_code == 200, kind
    world.at("Thu 2 April 2026, 10:00")
    assert world.as_("irene").brings(reference, "escalated", why="It cannot wait.").status_code == 200
    return reference


def statement(world: World, reference: str, then: str = "page", by: str = "irene", **said: str) -> Any:
    visitor = at_browser(world, by)
    page = visitor.open(f"/challenges/{reference}/court-statement")
    assert page.status == 200, page.text
    form = page.form(f"/challenges/{reference}/court-statement")
    body = {name: list(values) for name, values in form.inputs.items()} | {"then": [then], **said}
    return visitor.send("POST", form.action, data=body)


def test_the_statement_says_what_was_challenged_when_and_what_remains_and_nothing_kept_to_few(world: World) -> None:
    reference = answered(world)
    text = html.unescape(statement(world, reference, own="He has waited since Christmas.").text)
    for said in (
        "raised on Wednesday 1 April 2026 by Irene. The matter was first known on Monday 2 March 2026.",
        "The plan drifts.",
        "Wednesday 1 April 2026: Stage 2 (raised here). It was put to the Team Manager. A reply was promised by the end of",
        "Answered, on Wednesday 1 April 2026.",
        "Thursday 2 April 2026: Stage 3 (taken higher).",
        "Reply of Wednesday 1 April 2026, by Tess at Stage 2: Agrees in part; to be done by Monday 20 April 2026.",
        "The panel is full.",
        "Agreed, and not yet seen to be done: Ask the panel. (by Monday 20 April 2026)",
        "What was asked for: A plan.",
        "He has waited since Christmas.",
    ):
        assert said in text, (said, text)
    for kept in ("Canary", "Mr Ash", "Ms Grey", "It cannot wait."):
        assert kept not in text, kept


def test_it_is_a_draft_until_the_court_was_told_for_that_hearing(world: World) -> None:
    reference = answered(world)
    mark = "Draft: it is not recorded that the court was told"
    assert mark in statement(world, reference).text
    assert world.as_("irene").brings(reference, "court_told", hearing="2026-05-01", view="Canary: the view.").status_code == 200
    for_hearing = {f"hearing-{part}": text for part, text in zip(("day", "month", "year"), ("1", "5", "2026"), strict=True)}
    for said, is_draft in (({}, False), (for_hearing, False), (for_hearing | {"hearing-day": "8"}, True)):
        made = statement(world, reference, **said).text
        assert (mark in made) is is_draft, said
        assert "Canary" not in made


def test_it_comes_as_a_pdf_of_the_same_bytes_and_is_written_down(world: World) -> None:
    reference = answered(world)
    first, second = (statement(world, reference, "pdf", own="中 He waits.") for _ in range(2))
    assert (first.status_code, first.headers["content-type"], first.content[:5]) == (200, "application/pdf", b"%PDF-")
    assert first.content == second.content
    assert "attachment" in first.headers["content-disposition"]
    made = [line["what"] for line in world.service.access_log.of(world.council.key, reference)]
    assert made.count("court statement") == 2


def test_only_the_childs_iro_and_whoever_covers_makes_it(world: World) -> None:
    reference = answered(world)
    world.cover("irene", "colin", "2026-04-01")
    place = f"/challenges/{reference}/court-statement"
    for person, status in (("irene", 200), ("colin", 200), ("mona", 403), ("bob", 403), ("tess", 403), ("ivor", 404)):
        assert at_browser(world, person).send("GET", place).status_code == status, person
    assert "Statement to the court" not in at_browser(world, "irene").open(f"/challenges/{reference}").text, "no proceedings"
    assert "does not say that there are proceedings" in at_browser(world, "irene").open(place).text
    assert world.as_("irene").brings(reference, "court_told", hearing="2026-05-01").status_code == 200
    for person, offered in (("irene", True), ("mona", False)):
        page = at_browser(world, person).open(f"/challenges/{reference}?all=1")
        assert ("Statement to the court" in page.text) is offered, person
