"""The referral's pages: open in three clicks, kept as it is written, rehearsed without a trace, sent, followed; never blocked."""

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from api.assembly import assemble_service
from api.exports.referral.bundle import write_bundle
from api.pages.referral import referral_pages
from drp.data_protection.access_log import AccessLog
from drp.database import record_tables
from drp.database.challenge_tables import EntryRow
from drp.database.draft_tables import DraftRow
from drp.database.engine import Store
from drp.database.message_tables import DeliveryRow, NotificationRow
from drp.database.unavailable import Unavailable
from drp.items import drafts
from drp.settings import Settings
from tests.cast.world import World
from tests.pages.browser import Page, Visitor, at_browser, day
from tests.referral.matter import CONFIDENCE, matter, opened_bundle, refer
from workflows.model.referral import CHECKLIST, SECTIONS

one_engine = pytest.mark.parametrize("store", ["sqlite"], indirect=True)


def referral_of(world: World, reference: str) -> str:
    return f"/challenges/{reference}/referral"


def written(irene: Visitor, place: str, section: str, **said: Any) -> Page:
    """A section, filled in and kept."""
    return irene.fill(irene.open(f"{place}/{section}"), f"{place}/{section}", **said)


def missing_on(overview: Page) -> int:
    """How many items the overview counts as missing."""
    return sum(int(number) for number in re.findall(r"(\d+) missing", overview.text))


def test_three_clicks_open_a_draft_and_one_more_sends_it(world: World) -> None:
    reference = matter(world)
    irene = at_browser(world, "irene")
    clicks = [irene.open("/")]
    clicks.append(irene.open(f"/challenges/{reference}"))
    overview = irene.open(clicks[-1].link("Refer to CAFCASS"))
    assert overview.status == 200
    assert "nobody approves it" in overview.text
    assert len(clicks) <= 3
    for _, heading in SECTIONS.items():
        assert heading in overview.text
    send = irene.open(overview.link("Check and send"))
    assert "It goes all the same" in send.text
    after = irene.fill(send)
    assert "Referred. It is on the record from this moment" in after.text
    assert world.as_("irene").item(reference)["referral"]["state"] == "referred"
    octets = irene.send("GET", after.link("Take the bundle (ZIP)")).content
    found = opened_bundle(octets)
    assert (found.reference, found.proven.after) == (reference, 0), "sending brought it under a checkpoint"


def test_what_the_record_knows_is_filled_in_and_what_is_missing_is_marked(world: World) -> None:
    reference = matter(world)
    irene = at_browser(world, "irene")
    place = referral_of(world, reference)
    who = irene.open(f"{place}/who")
    assert "irene@dunmoor.example" in who.text
    assert "Initials KT, case-system number T-1" in who.text
    tried = irene.open(f"{place}/tried")
    assert "of the formal process" in tried.text
    assert "The duty line, Thursday 2 April 2026; conflicts of interest checked" in tried.text
    before = missing_on(irene.open(place))
    said = {"failure": "It was not carried out.", "urgency": "She moves in June.", "grounds": "case_not_reviewed"}
    assert written(irene, place, "why", **said).title.startswith("What was tried")
    assert before - missing_on(irene.open(place)) == 3
    assert all(item.title in irene.open(f"{place}/{item.section.value}").text for item in CHECKLIST)


def test_what_is_written_is_kept_and_comes_back_and_goes_with_the_referral(world: World) -> None:
    reference = matter(world)
    irene = at_browser(world, "irene")
    place = referral_of(world, reference)
    written(irene, place, "who", child="Her whole name, born in May.", guardian__na="yes")
    written(irene, place, "handling", route="By the secure portal.", **day("follow_up_on", "15 5 2026"))
    documents = irene.open(f"{place}/documents")
    assert CONFIDENCE in documents.text, "what she may tick is shown to her"
    written(irene, place, "documents", everything="yes", leaves_out="Hartnell")
    assert "Her whole name" in irene.open(f"{place}/who").html
    assert "Go on with the referral of" in irene.open("/").text
    irene.fill(irene.open(f"{place}/send"))
    timeline = world.as_("irene").timeline(reference)
    statement = next(entry for entry in timeline["entries"] if entry["kind"] == "referral_statement")
    assert statement["words"]["said.child"] == "Her whole name, born in May."
    assert statement["facts"]["said"] == {"child": True, "guardian": False, "route": True}
    assert statement["iro_service_only"]
    assert 1 in statement["facts"]["includes"]
    made = next(entry for entry in timeline["entries"] if entry["kind"] == "referred_to_cafcass")
    assert made["facts"]["follow_up_on"] == "2026-05-15"
    assert world.count(DraftRow) == 0
    seen = world.as_("tess").timeline(reference)["entries"]
    assert "Her whole name" not in str(seen), "whoever is asked reads that it was made, not what it tells of the child"


def test_an_answer_that_cannot_be_read_is_said_and_nothing_typed_is_lost(world: World) -> None:
    reference = matter(world)
    irene = at_browser(world, "irene")
    place = referral_of(world, reference)
    page = written(irene, place, "handling", route="By the portal.", **day("follow_up_on", "31 6 2026"))
    assert page.status == 422
    assert "There is no such day" in page.text
    assert "By the portal." in page.html


def test_pressing_twice_refers_once(world: World) -> None:
    reference = matter(world)
    irene = at_browser(world, "irene")
    send = irene.open(f"{referral_of(world, reference)}/send")
    irene.fill(send)
    irene.fill(send)
    assert [entry.kind for entry in world.entries(reference)].count("referred_to_cafcass") == 1


def nothing_written(world: World) -> tuple[int, ...]:
    return tuple(world.count(table) for table in (EntryRow, NotificationRow, DeliveryRow, DraftRow))


def test_a_rehearsal_shows_all_of_it_and_leaves_no_trace(world: World) -> None:
    reference = matter(world)
    irene = at_browser(world, "irene")
    place = referral_of(world, reference)
    before = nothing_written(world)
    page = irene.open(irene.open(place).link("Rehearse it"))
    assert "Nothing was written, nobody was told" in page.text
    assert "Mona (IRO Operations Manager)" in page.text
    octets = irene.send("GET", page.link("Take the rehearsal's bundle (ZIP)")).content
    found = opened_bundle(octets)
    assert found.standing == "rehearsal"
    assert b"Rehearsal: nothing was sent" in octets
    assert nothing_written(world) == before
    assert world.as_("irene").item(reference)["referral"]["state"] == "none"


def test_a_decision_not_to_refer_stands_in_the_same_place(world: World) -> None:
    reference = matter(world)
    irene = at_browser(world, "irene")
    page = irene.open(irene.open(referral_of(world, reference)).link("Record that I considered it, and do not refer"))
    irene.fill(page, why_not="One more stage first.")
    octets = irene.send("GET", f"{referral_of(world, reference)}/draft/bundle").content
    assert b"Considered on Thursday 16 April 2026, and not made then" in octets


def test_whom_the_ladder_names_is_asked_to_tell_everyone_above_and_says_that_it_is_done(world: World) -> None:
    reference = matter(world)
    refer(world, reference)
    assert [to for _, to, _ in world.told(reference, "tell_of_referral")] == [{"mona"}]
    mona = at_browser(world, "mona")
    work = mona.open("/")
    assert "tell everyone above of a referral" in work.text.lower()
    page = mona.open(f"/challenges/{reference}/do/referral_told")
    mona.fill(page, told=["head_of_cs", "corporate_director"], words="By telephone.")
    assert "tell everyone above" not in mona.open("/").text.lower()
    octets = world.as_("irene").get(f"/challenges/{reference}/referral/0/bundle").content
    assert b"Head of Children" in octets
    assert b"Told on Thursday 16 April 2026" in octets


def test_what_cafcass_did_is_recorded_and_stands_in_the_next_bundle(world: World) -> None:
    reference = matter(world)
    refer(world, reference)
    irene = at_browser(world, "irene")
    page = irene.open(referral_of(world, reference))
    irene.fill(irene.open(page.link("They acknowledged it")), cafcass_reference="CAF-77")
    irene.fill(irene.open(irene.open(referral_of(world, reference)).link("What they did")), outcome="negotiation")
    octets = irene.send("GET", f"{referral_of(world, reference)}/0/bundle").content
    assert b"reference CAF-77" in octets
    assert b"negotiation" in octets
    again = irene.open(referral_of(world, reference))
    assert "Refer once more" in again.text


@pytest.mark.parametrize("person", ["tess", "otto"])
def test_whoever_is_asked_never_reads_it(world: World, person: str) -> None:
    reference = matter(world)
    number = refer(world, reference)
    visitor = at_browser(world, person)
    for path in ("", "/who", "/send", "/draft/bundle", f"/{number}/bundle", f"/{number}/paper"):
        answer = visitor.send("GET", f"{referral_of(world, reference)}{path}")
        assert answer.status_code == 403, path
        assert "Initials" not in answer.text


def test_for_a_child_who_is_not_looked_after_the_page_says_for_whom_the_laws_route_is_and_refuses_nothing(world: World) -> None:
    reference = str(world.as_("irene").raises("T-3").json()["reference"])
    page = at_browser(world, "irene").open(referral_of(world, reference))
    assert "The directory does not say that this child is" in page.text
    assert "whether to refer is yours to decide" in page.text
    assert "Check and send" in page.text


# While the rest is unwell.


@contextmanager
def no_writing(monkeypatch: pytest.MonkeyPatch, world: World) -> Iterator[None]:
    """The database takes nothing: read-only, full, or locked for good."""

    @contextmanager
    def refuses(self: Store, authority: str, is_patient: bool = False) -> Iterator[None]:
        raise Unavailable("attempt to write a readonly database")
        yield

    with monkeypatch.context() as patched:
        patched.setattr(Store, "write", refuses)
        yield


@contextmanager
def no_log(monkeypatch: pytest.MonkeyPatch, world: World) -> Iterator[None]:
    """Neither the access log nor its file can be written."""

    def full(*_: object) -> None:
        raise Unavailable("the access log cannot be written")

    with monkeypatch.context() as patched:
        patched.setattr(AccessLog, "record", full)
        yield


@contextmanager
def no_disk(monkeypatch: pytest.MonkeyPatch, world: World) -> Iterator[None]:
    """No file can be made anywhere."""

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        for name in ("mkstemp", "NamedTemporaryFile", "TemporaryFile", "mkdtemp"):
            patched.setattr(tempfile, name, full)
        patched.setattr(Path, "write_text", full)
        patched.setattr(Path, "write_bytes", full)
        yield


MODES = {"nothing can be written": no_writing, "the access log is full": no_log, "the disk is full": no_disk}


@pytest.mark.parametrize("mode", MODES)
def test_the_bundle_is_made_whatever_else_is_unwell(world: World, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    reference = matter(world)
    number = refer(world, reference, includes=tuple(range(1, 25)))
    irene = at_browser(world, "irene")
    well = irene.send("GET", f"{referral_of(world, reference)}/{number}/bundle").content
    with MODES[mode](monkeypatch, world):
        place = referral_of(world, reference)
        assert irene.open(place).status == 200
        unwell = irene.send("GET", f"{place}/{number}/bundle")
        assert unwell.content == well
        assert irene.send("GET", f"{place}/{number}/paper").content[:5] == b"%PDF-"


@pytest.mark.parametrize("mode", MODES)
def test_every_stage_offers_it_and_takes_it_whatever_else_is_unwell(
    world: World, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    """What cannot be kept is said, and kept on the screen; everything else goes on."""
    api, irene = world.as_("irene"), at_browser(world, "irene")
    for stage in ("informal", "stage_2", "stage_3", "stage_4", "stage_5", "stage_6", "stage_7"):
        said = {} if stage == "informal" else {"item_type": "formal", "stage": stage, "stage_reason": "It cannot wait."}
        reference = str(api.raises(**said).json()["reference"])
        place = referral_of(world, reference)
        with MODES[mode](monkeypatch, world):
            send = irene.open(f"{place}/send")
            assert "Refer to CAFCASS now" in send.html, stage
            rehearsed = irene.send("GET", f"{place}/rehearsal/bundle")
            assert opened_bundle(rehearsed.content).reference == reference
            after = irene.fill(send)
            if mode == "nothing can be written":
                assert after.status == 503
                assert "Nothing was" in after.text
            else:
                assert "Referred." in after.text, stage
        if mode == "nothing can be written":
            assert "Referred." in irene.fill(send).text, "the same form, once it can"
        assert api.item(reference)["referral"]["state"] == "referred"


@one_engine
def test_a_file_that_is_open_to_read_only_gives_the_bundle_from_the_command_line(world: World, tmp_path: Path) -> None:
    reference = matter(world)
    refer(world, reference)
    database = world.store.engine.url.database
    settings = Settings(
        database_url=f"sqlite:///file:{database}?mode=ro&uri=true", heartbeat=False, var=world.settings.var, mail="smtp",
        smtp_host="127.0.0.1", smtp_port=1,
    )  # fmt: skip
    service = assemble_service(settings, lambda: world.now)
    out = tmp_path / "bundle.zip"
    write_bundle(service, reference, out)
    service.close()
    assert opened_bundle(out.read_bytes()).reference == reference
    assert not Path("file:").exists(), "an address is no folder to make"


def test_a_draft_lies_no_longer_than_any_other(world: World) -> None:
    reference = matter(world)
    written(at_browser(world, "irene"), referral_of(world, reference), "why", failure="Not carried out.")
    with world.store.write(world.council.key) as connection:
        assert drafts.forget_drafts(connection, world.council.key, world.now + drafts.KEPT + timedelta(days=1)) == 1


def test_the_record_comes_under_a_checkpoint_when_it_is_sent(world: World) -> None:
    reference = matter(world)
    irene = at_browser(world, "irene")
    irene.fill(irene.open(f"{referral_of(world, reference)}/send"))
    rows = world.rows(select(func.count()).select_from(record_tables.CheckpointRow))
    assert rows[0][0] == 1


# Twins.


@one_engine
def test_planted_a_log_that_refuses_the_referral(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        referral_pages, "log_bundle_export",
        lambda service, authority, by, reference, what="": service.access_log.record(authority, world.now, by, what, reference),
    )  # fmt: skip
    with pytest.raises(AssertionError):
        test_the_bundle_is_made_whatever_else_is_unwell(world, monkeypatch, "the access log is full")


@one_engine
def test_planted_a_rehearsal_that_is_kept(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    gathered = referral_pages.gather_bundle

    def kept(connection: Any, visit: Any, seen: Any, event: Any, made: Any, kind: str) -> Any:
        if kind == "rehearsal":
            said = {"referral": seen.loaded.reference, "steps": {}}
            person, chance = UUID(visit.signed.person), visit.service.casework.chance
            drafts.begin_draft(connection, chance, visit.authority, person, said, visit.now)
        return gathered(connection, visit, seen, event, made, kind)

    monkeypatch.setattr(referral_pages, "gather_bundle", kept)
    with pytest.raises(AssertionError):
        test_a_rehearsal_shows_all_of_it_and_leaves_no_trace(world)
    assert world.count(DraftRow), "something was kept, and that was seen"


def test_what_the_challenge_said_is_shown_beside_the_question_and_goes_only_if_ticked(world: World) -> None:
    reference = matter(world)
    irene = at_browser(world, "irene")
    place = referral_of(world, reference)
    page = irene.open(f"{place}/why")
    assert "it goes with it only if you tick its own words" in page.text
    assert "She waits." in page.text
    octets = irene.send("GET", f"{place}/draft/bundle").content
    assert b"She waits." not in octets
    written(irene, place, "documents", everything="yes")
    assert b"She waits." in irene.send("GET", f"{place}/draft/bundle").content
