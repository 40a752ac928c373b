"""The export of one child: everything that is held, nothing of another child, other people's words marked and never cut."""

import hashlib
import json
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from sqlalchemy import delete, insert, make_url

from api.exports.sar_export import export, gather, items
from api.exports.sar_export.export import export_subject_access
from api.exports.sar_export.marks import NameFinder, of_law, of_others
from drp.data_protection import admin_audit_log, retention
from drp.data_protection.access_log import AccessLog
from drp.database import record_tables
from drp.database.challenge_tables import WordsRow
from drp.database.engine import Store
from drp.database.unavailable import Unavailable
from drp.items import drafts
from drp.items.attachments import NotAsAttached
from drp.written_reports.drafts import NewReport, count_new, keep_draft
from drp.written_reports.examples import offer_example
from tests.cast.councils import DERBY, NORTH
from tests.cast.stores import OWNER
from tests.cast.world import World
from tests.referral.matter import ADVICE, CONCERN, CONFIDENCE, attach, matter, refer
from workflows.calendar.report_periods import ReportPeriod
from workflows.model.reporting import ReportKind

CANARY = "The canary sings of another child."
SEALED = "This was meant for somebody else."
ERASED = "What was here must go."


def exported(world: World, folder: Path, child: str = "T-1") -> bytes:
    out = folder / "export.zip"
    export_subject_access(world.service, world.council.key, child, out)
    return out.read_bytes()


def files(octets: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(BytesIO(octets)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def said(octets: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(files(octets)["subject-access.json"])
    return found


def item(contents: dict[str, Any], reference: str) -> dict[str, Any]:
    return next(one for one in contents["items"] if one["reference"] == reference)


def words(contents: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every piece of words on any timeline."""
    for one in contents["items"]:
        for entry in one["timeline"]:
            yield from entry["words"]


def marks_of(contents: dict[str, Any], text: str) -> dict[str, list[str]]:
    """The marks of the piece that holds a text, with what was found."""
    piece = next(one for one in words(contents) if text in one["text"])
    return {mark["key"]: mark["found"] for mark in piece["marks"]}


def lives(world: World) -> dict[str, str]:
    """A child with a long record, and others with theirs: the references by what they are."""
    first = matter(world)
    refer(world, first)
    irene = world.as_("irene")
    sealed = irene.raises(concern=SEALED).json()["reference"]
    assert irene.brings(sealed, "recorded_in_error", why="It is about another child.").status_code == 200
    ended = irene.raises(concern="It came right by itself.").json()["reference"]
    assert irene.brings(ended, "withdrawn", why="It is settled.").status_code == 200
    sibling = irene.raises(child="T-2", concern=CANARY, linked=[first]).json()["reference"]
    attach(world, sibling, f"{CANARY}.pdf")
    return {"first": first, "sealed": sealed, "ended": ended, "sibling": sibling}


def test_everything_about_the_child_is_there_and_nothing_of_another(world: World, tmp_path: Path) -> None:
    known = lives(world)
    octets = exported(world, tmp_path)
    contents = said(octets)
    assert {one["reference"] for one in contents["items"]} == {known["first"], known["sealed"], known["ended"]}
    for one in contents["items"]:
        assert len(one["timeline"]) == len(world.entries(one["reference"]))
        assert one["proven"]
    whole = "\n".join(piece["text"] for piece in words(contents))
    for text in (CONCERN, CONFIDENCE, ADVICE, SEALED, "own thoughts", "I want to stay", "We will look at it"):
        assert text in whole
    for name, inside in files(octets).items():
        assert CANARY not in inside.decode("utf-8", "replace"), name
    assert item(contents, known["first"])["linked"] == [known["sibling"]]
    assert [(one["post"], one["name"], one["since"]) for one in contents["child"]["posts"]] == [
        ("IRO", "Irene", "2026-03-02"),
        ("Social Worker", "Sam", "2026-03-02"),
    ]
    assert (contents["child"]["initials"], contents["child"]["born"]) == ("KT", "2014-05-06")


def test_a_matter_about_a_team_is_not_about_the_child_though_the_child_is_in_that_team(
    build: Callable[..., World], tmp_path: Path
) -> None:
    derby = build(DERBY)
    irene = derby.as_("irene")
    own = irene.raises(concern="It is about this child.").json()["reference"]
    role = "deputy_head_of_service_qa"
    about = derby.as_("mona").raises("", item_type="about_service", team="north", raiser_role=role, concern=CANARY)
    assert about.status_code == 201
    octets = exported(derby, tmp_path)
    assert [one["reference"] for one in said(octets)["items"]] == [own]
    assert CANARY.encode() not in octets


def test_a_child_of_another_authority_with_the_same_number_is_another_child(two: World, tmp_path: Path) -> None:
    own = two.as_("irene").raises().json()["reference"]
    assert two.as_("irene", "elsewhere").raises(concern=CANARY).status_code == 201
    octets = exported(two, tmp_path)
    assert [one["reference"] for one in said(octets)["items"]] == [own]
    assert CANARY.encode() not in octets


def test_the_page_says_the_same_as_the_json(world: World, tmp_path: Path) -> None:
    lives(world)
    octets = exported(world, tmp_path)
    html = files(octets)["subject-access.html"].decode()
    for piece in words(said(octets)):
        assert piece["text"].replace("'", "&#39;") in html
    assert "<script" not in html
    assert html.count("<h1") == 1
    assert '<html lang="en">' in html
    levels = [int(part[0]) for part in html.split("<h")[1:] if part[0].isdigit()]
    assert all(after - before <= 1 for before, after in pairwise(levels)), "no level is skipped"


def test_messages_are_there_with_whom_when_and_what_became_of_the_mail(world: World, tmp_path: Path) -> None:
    known = lives(world)
    first = item(said(exported(world, tmp_path)), known["first"])
    asked = [one for one in first["messages"] if one["subject"] == "asked"]
    assert {(one["name"], one["post"], one["mail"]) for one in asked} >= {("Tess", "Team Manager", "accepted")}
    reached = {one["name"].lower() for one in first["messages"]}
    assert reached == world.everyone_reached(known["first"])


def test_what_is_sealed_in_confidence_kept_by_the_iro_service_or_privileged_is_there_and_marked(
    world: World, tmp_path: Path
) -> None:
    known = lives(world)
    contents = said(exported(world, tmp_path))
    sealed = item(contents, known["sealed"])
    assert sealed["sealed"]
    assert [mark["key"] for mark in sealed["marks"]] == ["sealed"]
    assert "sealed" in marks_of(contents, SEALED)
    assert {"told_in_confidence", "iro_service_only"} <= set(marks_of(contents, CONFIDENCE))
    assert "iro_service_only" in marks_of(contents, "own thoughts")
    assert {"privileged", "iro_service_only"} <= set(marks_of(contents, ADVICE))
    assert not set(marks_of(contents, "She waits.")), "what needs no mark has none"
    counted = {one["key"]: one["pieces"] for one in contents["marks"]}
    assert counted["privileged"] >= 2
    assert any("serious harm" in line.lower() for line in contents["consider_first"])


def test_a_correction_of_what_was_kept_back_bears_its_marks(world: World, tmp_path: Path) -> None:
    reference = matter(world)
    irene = world.as_("irene")
    number = next(one.number for one in world.entries(reference) if one.kind == "legal_advice_taken")
    assert irene.brings(reference, "corrected", entry=number, text="It was leading counsel.").status_code == 200
    assert "privileged" in marks_of(said(exported(world, tmp_path)), "It was leading counsel.")


def test_names_and_details_of_others_are_marked_with_what_was_found(world: World, tmp_path: Path) -> None:
    reference = matter(world)
    world.as_("irene").brings(reference, "noted", text="TESS told gran at 12 High Street, AB1 2CD.")
    contents = said(exported(world, tmp_path))
    assert marks_of(contents, CONCERN)["may_name_others"] == ["Mrs Marigold Hartnell"]
    assert marks_of(contents, "High Street")["may_name_others"] == ["TESS", "gran", "a postcode"]


def test_what_an_iro_had_made_unreadable_once_is_marked_wherever_it_stands(world: World, tmp_path: Path) -> None:
    reference = matter(world)
    world.as_("irene").brings(reference, "noted", text="Young  jacob asked for her.")
    assert not marks_of(said(exported(world, tmp_path)), "asked for her")
    refer(world, reference, leaves_out="Young Jacob\n\n")
    assert marks_of(said(exported(world, tmp_path)), "asked for her")["may_name_others"] == ["Young Jacob"]


def test_what_an_outsider_wrote_says_so(build: Callable[..., World], tmp_path: Path) -> None:
    north = build(NORTH)
    chosen = {"role": "agency_practitioner", "person": str(north.id("nina"))}
    raised = north.as_("irene").raises(item_type="partner_agency", to=[chosen], respond_by="2026-04-10", resolve_by="2026-04-30")
    reference = raised.json()["reference"]
    north.as_("nina").brings(reference, "responded", position="agrees", answer="It is in hand.")
    contents = said(exported(north, tmp_path))
    assert marks_of(contents, "It is in hand.")["outside_the_authority"] == ["Moors Health Trust"]
    entry = next(one for one in item(contents, reference)["timeline"] if one["kind"] == "responded")
    assert (entry["by"]["name"], entry["by"]["agency"]) == ("Nina", "Moors Health Trust")
    assert entry["by"]["posts"]
    assert "outside_the_authority" not in marks_of(contents, "The plan drifts.")


def test_erased_words_are_said_to_be_erased(world: World, tmp_path: Path) -> None:
    reference = matter(world)
    noted = world.as_("irene").brings(reference, "noted", text=ERASED).json()["entry"]
    erase(world, reference, noted)
    octets = exported(world, tmp_path)
    entry = item(said(octets), reference)["timeline"][noted - 1]
    assert (entry["words"], entry["erased"]) == ([], items.ERASED)
    assert "lawfully erased" in files(octets)["subject-access.html"].decode()
    assert item(said(octets), reference)["proven"]


def erase(world: World, reference: str, number: int) -> None:
    """As the tables' owner would: the service itself has no way to."""
    entry = world.entries(reference)[number - 1]
    owner = the_owner(world)
    with owner.write(world.council.key) as connection:
        connection.execute(delete(WordsRow).where(WordsRow.challenge == entry.challenge, WordsRow.number == number))
    owner.close()


def the_owner(world: World) -> Store:
    """The tables' owner, who may do what the service itself may not."""
    url = make_url(world.store.url)
    return Store((url if world.store.is_sqlite else url.set(username=OWNER)).render_as_string(hide_password=False))


def test_until_when_it_is_kept_what_holds_it_and_that_it_was_erased_are_there(world: World, tmp_path: Path) -> None:
    reference = matter(world)
    key, child, day = world.council.key, world.child(), date(2026, 4, 1)
    challenge = world.entries(reference)[0].challenge
    owner = the_owner(world)
    with owner.write(key) as connection:
        retention.hold_record(connection, world.chance, key, child, "A claim.", "Ada, administrator", day)
        retention.hold_record(connection, world.chance, key, None, "An inquiry.", "Ada, administrator", day)
        retention.hold_record(connection, world.chance, key, world.child("T-2"), CANARY, "Ada, administrator", day)
        erased = {"at": world.now, "by": "Ada", "why": "Ordered by the court.", "words": 3, "documents": 1}
        connection.execute(insert(record_tables.ErasureRow).values(authority=key, challenge=challenge, **erased))
    owner.close()
    octets = exported(world, tmp_path)
    kept = said(octets)["child"]["kept"]
    assert (kept["kept_as"], kept["until"]) == ("looked after", "2089-05-06")
    assert {(one["why"], one["of_everybody"]) for one in kept["holds"]} == {("A claim.", False), ("An inquiry.", True)}
    assert "Ordered by the court." in item(said(octets), reference)["erasure"]
    assert CANARY.encode() not in octets


def test_documents_go_along_and_one_that_has_gone_is_said_to_be_missing(world: World, tmp_path: Path) -> None:
    reference = matter(world)
    octets = exported(world, tmp_path)
    document = item(said(octets), reference)["documents"][0]
    assert hashlib.sha256(files(octets)[document["file"]]).hexdigest() == document["sha256"]
    assert "not_looked_into" in [mark["key"] for mark in document["marks"]]
    for path in world.settings.attachments_folder.rglob("*"):
        if path.is_file():
            path.unlink()
    out = tmp_path / "again.zip"
    told = export_subject_access(world.service, world.council.key, "T-1", out)
    assert "could not be had" in told
    document = item(said(out.read_bytes()), reference)["documents"][0]
    assert document["file"] == ""
    assert document["missing"].startswith("NOT HERE although it is on the record. This document is missing")
    assert "NOT HERE" in files(out.read_bytes())["subject-access.html"].decode()


def test_drafts_about_the_child_are_there_and_drafts_about_others_are_not(world: World, tmp_path: Path) -> None:
    reference = matter(world)
    begin(world, {"child": "T-1", "steps": {"effect": {"concern": ["Half a thought."]}}})
    begin(world, {"referral": reference, "steps": {"child": {"said-wishes": ["She told Tess."]}}})
    begin(world, {"child": "T-2", "steps": {"effect": {"concern": [CANARY]}}})
    octets = exported(world, tmp_path)
    unsent = said(octets)["unsent"]
    assert [piece["text"] for one in unsent for piece in one["words"]] == ["Half a thought.", "She told Tess."]
    assert {mark["key"] for mark in unsent[1]["words"][0]["marks"]} == {"not_sent", "may_name_others"}
    assert CANARY.encode() not in octets


def begin(world: World, draft: dict[str, Any]) -> None:
    world.now += timedelta(minutes=1)
    with world.store.write(world.council.key) as connection:
        drafts.begin_draft(connection, world.chance, world.council.key, world.id("irene"), draft, world.now)


def test_a_hand_over_in_the_service_is_there_without_the_other_children(world: World, tmp_path: Path) -> None:
    from drp.identity.principal import Principal

    mona = Principal(world.council.key, str(world.id("mona")), "Mona", frozenset(), frozenset())
    ids = f"{world.child('T-2')},{world.child('T-1')}"
    who = {"of": world.id("irene"), "to": world.id("ivor"), "since": date(2026, 4, 1)}
    with world.store.write(world.council.key) as connection:
        admin_audit_log.note_admin_change(connection, world.service.casework, mona, world.now, "hand-over", **who, children=ids)
    octets = exported(world, tmp_path)
    assert [(one["by"], one["of"], one["to"]) for one in said(octets)["child"]["hand_overs"]] == [("Mona", "Irene", "Ivor")]
    assert str(world.child("T-2")).encode() not in octets


# The file.


def test_the_json_fits_its_schema_and_the_manifest_is_sha256sums_own(world: World, tmp_path: Path) -> None:
    lives(world)
    held = files(exported(world, tmp_path))
    schema = json.loads(held["subject-access.schema.json"])
    Draft202012Validator.check_schema(schema)
    assert not list(Draft202012Validator(schema).iter_errors(json.loads(held["subject-access.json"])))
    with zipfile.ZipFile(tmp_path / "export.zip") as archive:
        archive.extractall(tmp_path / "out")
    done = subprocess.run(
        ["sha256sum", "-c", "--strict", "manifest.sha256"], cwd=tmp_path / "out", capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    assert len(done.stdout.splitlines()) == len(held) - 1


def test_the_same_record_makes_the_same_bytes_but_for_who_read_it(world: World, tmp_path: Path) -> None:
    known = lives(world)
    entries = len(world.entries(known["first"]))
    world.mail_leaves()
    first = files(exported(world, tmp_path))
    world.at("Mon 20 April 2026, 10:00")
    second = files(exported(world, tmp_path))
    differ = {name for name in first | second if first.get(name) != second.get(name)}
    assert differ == {"who-read-it.csv", "manifest.sha256"}
    assert len(world.entries(known["first"])) == entries, "an export is not on the timeline"
    assert (tmp_path / "export.zip").stat().st_mode & 0o777 == 0o600


def test_it_is_logged_for_every_item_and_the_next_export_says_so(world: World, tmp_path: Path) -> None:
    known = lives(world)
    exported(world, tmp_path)
    for reference in (known["first"], known["sealed"], known["ended"]):
        logged = [(one.person, one.what) for one in world.service.access_log.readings(world.council.key, reference=reference)]
        assert logged[0] == ("an operator at the command line", "subject access")
    assert not [one for one in readings(world, known["sibling"]) if one.what == "subject access"]
    held = files(exported(world, tmp_path))
    assert b"an operator at the command line" in held["who-read-it.csv"]
    assert known["sibling"].encode() not in held["who-read-it.csv"]


def readings(world: World, reference: str) -> list[Any]:
    return world.service.access_log.readings(world.council.key, reference=reference)


def test_a_child_about_whom_nothing_was_raised_has_an_export_and_it_is_logged(world: World, tmp_path: Path) -> None:
    contents = said(exported(world, tmp_path, "T-3"))
    assert (contents["items"], contents["child"]["number"]) == ([], "T-3")
    assert [one.what for one in readings(world, "T-3")] == ["subject access"]


def test_a_child_or_an_authority_that_is_not_known_writes_nothing(world: World, tmp_path: Path) -> None:
    with pytest.raises(LookupError, match="no child with the case-system number T-99"):
        exported(world, tmp_path, "T-99")
    with pytest.raises(LookupError, match="no authority called nowhere"):
        export_subject_access(world.service, "nowhere", "T-1", tmp_path / "export.zip")
    assert not list(tmp_path.glob("export*"))


def test_what_cannot_be_logged_is_not_exported(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise Unavailable("full")

    matter(world)
    monkeypatch.setattr(AccessLog, "record", full)
    with pytest.raises(Unavailable, match="nothing was exported"):
        exported(world, tmp_path)
    assert not list(tmp_path.glob("export*"))


# What is a name, and what is law.


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Beth rang.", ["Beth"]),
        ("beth robson rang", ["beth robson"]),
        ("Robson's view", ["Robson"]),
        ("BETH said", ["BETH"]),
        ("Will she? I will.", []),
        ("Zoe\u0308 came", ["Zoë"]),
        ("Al is a short part of a name", []),
        ("Miss  Green and her brother", ["Miss Green", "brother"]),
        ("Ring 01632 960 001", ["a telephone number"]),
        ("The plan drifts.", []),
    ],
)
def test_a_text_that_may_name_others_is_found(text: str, found: list[str]) -> None:
    names = NameFinder(["Beth Robson", "Zoë Grey", "Al Marsh"])
    assert [piece for mark in of_others(text, names) for piece in mark.found] == found


def test_words_of_somebody_in_a_legal_post_and_words_about_advice_may_be_privileged() -> None:
    assert of_law("Go on.", ["Legal Adviser"])[0].found == ["Legal Adviser"]
    assert of_law("Our solicitors think so.", [])[0].found == ["solicitors"]
    assert not of_law("Go on.", ["Team Manager"])


# Each of these can fail.

EXAMPLE = "Somebody waited for a plan, and it came."


def offer_examples(world: World) -> None:
    """A draft with an example of T-1 and one of T-2."""
    irene, id_ = world.as_("irene"), world.chance.identity()
    new = NewReport(ReportKind.MANAGEMENT, ReportPeriod("2026-03", "2026-03"))
    found = [(irene.raises(child).json()["reference"], text) for child, text in (("T-1", EXAMPLE), ("T-2", CANARY))]
    with world.service.store.write(world.council.key) as connection:
        contents = count_new(connection, world.service.casework.procedures, world.council.key, new, world.now)
        keep_draft(connection, world.council.key, id_, new, contents, world.now, None)
        for reference, text in found:
            offer_example(connection, world.council.key, id_, reference, text, world.id("mona"))


def reviews_are_there(world: World, folder: Path) -> None:
    irene = world.as_("irene")
    for child, text in (("T-1", "Mrs Okafor takes her to the dentist."), ("T-2", CANARY)):
        decided = [{"words": text, "number": "3", "due": "2026-04-30", "follow": child == "T-1"}]
        said_so = {
            "child": child,
            "held_on": "2026-03-30",
            "record_out_on": "2026-04-01",
            "decisions": decided,
            "care_plan_ratified_on": "2026-03-31",
        }
        assert irene.post("/reviews", said_so).status_code == 201
    octets = exported(world, folder)
    (review,) = said(octets)["reviews"]
    (decision,) = review["decisions"]
    (followed,) = said(octets)["items"]
    assert (review["held_on"], review["record_out_on"], review["by"]) == ("2026-03-30", "2026-04-01", "Irene")
    assert review["care_plan_ratified_on"] == "2026-03-31"
    assert "Care plan ratified: " in files(octets)["subject-access.html"].decode()
    assert (decision["number"], decision["followed"]) == ("3", followed["reference"])
    assert decision["marks"], "somebody else is named"
    assert CANARY.encode() not in octets
    assert "Mrs Okafor takes her" in files(octets)["subject-access.html"].decode()


def examples_are_there(world: World, folder: Path) -> None:
    offer_examples(world)
    octets = exported(world, folder)
    (example,) = said(octets)["examples"]
    assert (example["text"], example["state"]) == (EXAMPLE, "the IRO is asked whether the family would know it")
    assert CANARY.encode() not in octets
    assert EXAMPLE in files(octets)["subject-access.html"].decode()


def test_an_example_in_a_report_is_there_and_of_no_other_child(world: World, tmp_path: Path) -> None:
    examples_are_there(world, tmp_path)


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_planted_examples_left_out_are_found(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gather, "examples_of_items", lambda *given: [])
    with pytest.raises(ValueError, match="unpack"):
        examples_are_there(world, tmp_path)


def test_what_reviews_decided_is_there_and_of_no_other_child(world: World, tmp_path: Path) -> None:
    reviews_are_there(world, tmp_path)


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_planted_reviews_left_out_are_found(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gather, "list_reviews", lambda *given: ())
    with pytest.raises(ValueError, match="unpack"):
        reviews_are_there(world, tmp_path)


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_planted_an_export_of_every_child_is_found(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from drp.messages import sent_messages

    monkeypatch.setattr(
        gather.subject_data,
        "items_about_child",
        lambda connection, authority, child: sent_messages.items_raised_before(connection, authority),
    )
    with pytest.raises(AssertionError):
        test_everything_about_the_child_is_there_and_nothing_of_another(world, tmp_path)


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
@pytest.mark.parametrize("hidden", ["the IRO service only", "sealed"])
def test_planted_what_is_kept_back_left_out_is_found(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hidden: str
) -> None:
    whole = items.gather_item

    def thinner(desk: Any, id_: Any) -> Any:
        made = whole(desk, id_)
        kept = [one for one in made.timeline if one.read_by != hidden]
        return made.model_copy(update={"timeline": kept})

    monkeypatch.setattr(gather, "gather_item", thinner)
    with pytest.raises(AssertionError):
        test_everything_about_the_child_is_there_and_nothing_of_another(world, tmp_path)


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_planted_marks_that_are_not_made_are_found(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = items.gather_item

    def unmarked(desk: Any, id_: Any) -> Any:
        made = whole(desk, id_)
        return made.model_copy(
            update={"timeline": [bare(one, words=[bare(piece) for piece in one.words]) for one in made.timeline]}
        )

    def bare(marked: Any, **more: Any) -> Any:
        return marked.model_copy(update={"marks": [], **more})

    monkeypatch.setattr(gather, "gather_item", unmarked)
    with pytest.raises(AssertionError):
        test_what_is_sealed_in_confidence_kept_by_the_iro_service_or_privileged_is_there_and_marked(world, tmp_path)


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_planted_an_outsiders_words_without_a_mark_are_found(
    build: Callable[..., World], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(items.SarWriters, "agency", lambda self, person: "")
    with pytest.raises((AssertionError, KeyError)):
        test_what_an_outsider_wrote_says_so(build, tmp_path)


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_planted_a_missing_document_passed_over_is_found(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    right = export.pack_subject_access

    def passed_over(out: Any, contents: Any, fetch: export.Fetch, readings: Any) -> Any:
        def empty_if_gone(digest: str, size: int) -> bytes:
            try:
                return fetch(digest, size)
            except NotAsAttached:
                return b""

        return right(out, contents, empty_if_gone, readings)

    monkeypatch.setattr(export, "pack_subject_access", passed_over)
    with pytest.raises(AssertionError):
        test_documents_go_along_and_one_that_has_gone_is_said_to_be_missing(world, tmp_path)


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_planted_a_moment_in_the_bytes_is_found(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gathered = export.gather_subject_access
    monkeypatch.setattr(
        export,
        "gather_subject_access",
        lambda desk, number: gathered(desk, number).model_copy(update={"made_of": str(world.now)}),
    )
    with pytest.raises(AssertionError):
        test_the_same_record_makes_the_same_bytes_but_for_who_read_it(world, tmp_path)


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_planted_an_export_that_is_not_logged_is_found(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "note_log_export", lambda *_: None)
    with pytest.raises(AssertionError):
        test_it_is_logged_for_every_item_and_the_next_export_says_so(world, tmp_path)
