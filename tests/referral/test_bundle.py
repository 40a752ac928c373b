"""The bundle: the least by default, the same bytes twice, nothing silently left out, proven with neither database nor key."""

import hashlib
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import typst
from jsonschema import Draft202012Validator
from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError

from api.exports import typesetting
from api.exports.referral import paper
from api.exports.referral.bundle import find_referral, verify_file, write_bundle
from api.exports.referral.contents import Contents
from api.exports.referral.gather import gather_referral
from api.presenters import item_reader
from drp.database.challenge_tables import ChallengeRow
from drp.database.directory_tables import UnitRow
from drp.items.referrals import BLACK, Redaction
from drp.proof import open_bundle as open_bundle_module
from drp.proof.open_bundle import NoBundle
from tests.cast.world import World
from tests.referral.matter import ADVICE, CONCERN, CONFIDENCE, NEIGHBOUR, attach, matter, opened_bundle, refer
from workflows.decision import decide
from workflows.model.actor import THE_SERVICE

one_engine = pytest.mark.parametrize("store", ["sqlite"], indirect=True)

EVERYTHING = tuple(range(1, 30))


def bundle_of(world: World, reference: str, folder: Path) -> bytes:
    out = folder / "bundle.zip"
    write_bundle(world.service, reference, out)
    return out.read_bytes()


def files(octets: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(BytesIO(octets)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def contents(octets: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(files(octets)["referral.json"])
    return found


def rebuilt(octets: bytes, change: Callable[[dict[str, bytes]], None]) -> bytes:
    """The same bundle after somebody changed it; whoever does knows how a ZIP is made, and has no key."""
    held = files(octets)
    change(held)
    made = BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, inside in held.items():
            archive.writestr(name, inside)
    return made.getvalue()


def listed_anew(held: dict[str, bytes]) -> None:
    """The list of files is made to fit."""
    names = sorted(set(held) - {"manifest.sha256", "manifest.signature"})
    held["manifest.sha256"] = "".join(f"{hashlib.sha256(held[name]).hexdigest()}  {name}\n" for name in names).encode()


def test_a_bundle_says_everything_and_proves_itself_where_there_is_no_database(world: World, tmp_path: Path) -> None:
    reference = matter(world)
    number = refer(world, reference, includes=EVERYTHING)
    octets = bundle_of(world, reference, tmp_path)
    found = opened_bundle(octets)
    assert (found.reference, found.standing, found.proven.after) == (reference, "referral", 0)
    assert found.proven.entries == len(world.entries(reference))
    assert number in found.proven.kinds
    code, said = verify_file(tmp_path / "bundle.zip")
    assert code == 0
    assert "it holds" in said
    assert found.key in said
    assert set(files(octets)) == {
        "READ-ME-FIRST.txt", "referral.pdf", "referral.html", "referral.json", "referral.schema.json", "proof.json",
        "public-key.txt", "manifest.sha256", "manifest.signature", "documents/01-Plan-of-4-March.pdf",
    }  # fmt: skip


def test_the_program_that_checks_it_needs_neither_database_nor_key(world: World, tmp_path: Path) -> None:
    reference = matter(world)
    refer(world, reference)
    bundle_of(world, reference, tmp_path)
    away = tmp_path / "away"
    away.mkdir()
    (tmp_path / "bundle.zip").rename(away / "bundle.zip")
    drp = Path(sys.executable).with_name("drp")
    done = subprocess.run([drp, "verify", "bundle.zip"], cwd=away, capture_output=True, text=True, check=False)
    assert (done.returncode, sorted(path.name for path in away.iterdir())) == (0, ["bundle.zip"]), done.stderr
    (away / "bundle.zip").write_bytes((away / "bundle.zip").read_bytes()[:-300])
    done = subprocess.run([drp, "verify", "bundle.zip"], cwd=away, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "cut short" in done.stdout


def test_the_same_record_and_checkpoint_make_the_same_bytes(world: World, tmp_path: Path) -> None:
    reference = matter(world)
    refer(world, reference, includes=EVERYTHING)
    entries = len(world.entries(reference))
    first = bundle_of(world, reference, tmp_path)
    world.at("Fri 17 April 2026, 10:00")
    second = world.as_("irene").get(f"/challenges/{reference}/referral/0/bundle").content
    assert hashlib.sha256(first).digest() == hashlib.sha256(second).digest()
    assert len(world.entries(reference)) == entries, "an export is not on the timeline"
    reads = world.service.access_log.of(world.council.key, reference)
    assert [read["what"] for read in reads].count("referral bundle") == 2


def test_its_json_is_what_its_schema_describes_and_its_list_is_sha256sums_own(world: World, tmp_path: Path) -> None:
    reference = matter(world)
    refer(world, reference, includes=EVERYTHING)
    held = files(bundle_of(world, reference, tmp_path))
    schema = json.loads(held["referral.schema.json"])
    Draft202012Validator.check_schema(schema)
    assert not list(Draft202012Validator(schema).iter_errors(json.loads(held["referral.json"])))
    for line in held["manifest.sha256"].decode().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256(held[name]).hexdigest() == digest


# The least by default.


def test_nothing_that_was_not_ticked_goes(world: World, tmp_path: Path) -> None:
    reference = matter(world)
    refer(world, reference)
    octets = bundle_of(world, reference, tmp_path)
    for name, inside in files(octets).items():
        text = inside.decode("utf-8", "replace")
        for secret in (CONCERN, CONFIDENCE, ADVICE, "own thoughts", "I want to stay", "We will look at it"):
            assert secret not in text, f"{name} holds {secret!r}"
    said = contents(octets)
    assert any("words of" in line for line in said["left_out"])
    assert any("only the IRO service reads" in line for line in said["left_out"])
    assert [one["left_out"] for one in said["documents"]] == ["Not enclosed: it was not ticked."]
    kinds = [one["kind"] for one in said["chronology"]]
    assert {"raised", "stage_entered", "responded", "escalated", "referred_to_cafcass"} <= set(kinds)
    assert not {"noted", "legal_advice_taken"} & set(kinds)


def test_what_was_ticked_goes_and_what_is_privileged_never_does(world: World, tmp_path: Path) -> None:
    reference = matter(world)
    refer(world, reference, includes=EVERYTHING)
    octets = bundle_of(world, reference, tmp_path)
    whole = b"".join(files(octets).values()).decode("utf-8", "replace")
    for said in (CONFIDENCE, "own thoughts", "I want to stay", "We will look at it", "The duty line"):
        assert said in whole
    assert ADVICE not in whole, "privileged advice goes in no bundle"


def test_words_about_others_are_unreadable_everywhere_and_the_rest_still_proves_itself(world: World, tmp_path: Path) -> None:
    reference = matter(world)
    refer(world, reference, includes=EVERYTHING, leaves_out=f"{NEIGHBOUR.upper()}\nlook at it")
    octets = bundle_of(world, reference, tmp_path)
    whole = b"".join(files(octets).values()).decode("utf-8", "replace")
    assert "Hartnell" not in whole
    assert "HARTNELL" not in whole
    assert BLACK in contents(octets)["chronology"][0]["words"][0]["text"]
    assert opened_bundle(octets).proven.entries == len(world.entries(reference))


@pytest.mark.parametrize(
    ("phrases", "text", "left"),
    [
        ("Mr Grey", "mr  grey and MR GREY", f"{BLACK} and {BLACK}"),
        ("Zoë", "Zoe\u0308 came", f"{BLACK} came"),
        ("Ann\nAnn Smith", "Ann Smith, Ann", f"{BLACK}, {BLACK}"),
        ("a.c", "abc a.c", f"abc {BLACK}"),
        ("line end", "line\nend", BLACK),
        ("\n \n", "as it was", "as it was"),
        ("O'Brien", "Mrs O’Brien and O`Brien", f"Mrs {BLACK} and {BLACK}"),
        ("Smith-Jones", "Smith‑Jones, Smith–Jones", f"{BLACK}, {BLACK}"),
        ("Vic", "the service of Vic", f"the service of {BLACK}"),
        ("Marigold", "Mari\u00adgold, Mari\u200bgold", f"{BLACK}, {BLACK}"),
        ("Ann Lee", "Ann\u00a0Lee", BLACK),
    ],
)
def test_a_phrase_is_found_however_it_is_written(phrases: str, text: str, left: str) -> None:
    assert Redaction(phrases)(text) == left


def test_what_was_sealed_never_goes_and_a_correction_goes_with_what_it_corrects(world: World, tmp_path: Path) -> None:
    reference = matter(world)
    irene = world.as_("irene")
    irene.brings(reference, "corrected", entry=1, text="Twelve months.")
    refer(world, reference, includes=(1,))
    whole = files(bundle_of(world, reference, tmp_path))["referral.html"].decode()
    assert "Twelve months." in whole


def test_a_correction_of_privileged_advice_sends_no_word_of_it_either(world: World, tmp_path: Path) -> None:
    reference = matter(world)
    irene = world.as_("irene")
    advice = next(entry.number for entry in world.entries(reference) if entry.kind == "legal_advice_taken")
    first = irene.brings(reference, "corrected", entry=advice, text="Counsel said that we would win.").json()["entry"]
    irene.brings(reference, "corrected", entry=first, text="Counsel said that we might win.")
    refer(world, reference, includes=tuple(range(1, 40)))
    whole = b"".join(files(bundle_of(world, reference, tmp_path)).values()).decode("utf-8", "replace")
    assert "we would win" not in whole
    assert "we might win" not in whole


def test_short_names_to_leave_out_hide_nothing_else_and_the_bundle_still_holds(world: World, tmp_path: Path) -> None:
    reference = matter(world)
    refer(world, reference, includes=EVERYTHING, leaves_out="Ed\nVic\nage\nIrene")
    octets = bundle_of(world, reference, tmp_path)
    assert opened_bundle(octets).reference == reference
    assert "responded" in {one["kind"] for one in contents(octets)["chronology"]}
    assert BLACK in {one["by"] for one in contents(octets)["chronology"]}


def test_the_name_of_a_document_that_is_not_enclosed_does_not_go(world: World, tmp_path: Path) -> None:
    reference = matter(world)
    attach(world, reference, "Sibling medical of June.pdf")
    refer(world, reference)
    whole = b"".join(files(bundle_of(world, reference, tmp_path)).values())
    assert b"Sibling medical" not in whole


def test_nothing_after_the_referral_makes_it_look_as_if_it_had_not_been_made(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from api.exports.referral import bundle

    def taken_by_another(*_: object) -> None:
        raise IntegrityError("insert", {}, Exception("checkpoint 1 is there"))

    monkeypatch.setattr(bundle, "leave_checkpoint", taken_by_another)
    bundle.take_checkpoint_now(world.service, world.council.key)


# What is bad is said.


def test_a_document_that_has_gone_is_said_to_be_missing_and_the_rest_goes(world: World, tmp_path: Path) -> None:
    reference = matter(world)
    refer(world, reference, includes=EVERYTHING)
    for path in world.settings.attachments_folder.rglob("*"):
        if path.is_file():
            path.unlink()
    octets = bundle_of(world, reference, tmp_path)
    document = contents(octets)["documents"][0]
    assert document["left_out"].startswith("NOT ENCLOSED although it was ticked. This document is missing")
    assert "NOT ENCLOSED" in files(octets)["referral.html"].decode()
    assert opened_bundle(octets).reference == reference


def test_every_way_of_altering_a_bundle_is_found(world: World, tmp_path: Path) -> None:
    reference = matter(world)
    refer(world, reference, includes=EVERYTHING)
    octets = bundle_of(world, reference, tmp_path)

    def cut(held: dict[str, bytes]) -> None:
        del held["documents/01-Plan-of-4-March.pdf"]

    def reworded(held: dict[str, bytes]) -> None:
        held["referral.json"] = held["referral.json"].replace(b"We will look at it", b"We will do it now")

    def relisted(held: dict[str, bytes]) -> None:
        reworded(held)
        listed_anew(held)

    def more(held: dict[str, bytes]) -> None:
        held["documents/02-More.pdf"] = b"%PDF-"

    def no_proof(held: dict[str, bytes]) -> None:
        del held["proof.json"]

    for change, said in (
        (cut, "taken out"), (reworded, "altered"), (relisted, "did not sign"), (more, "put in"), (no_proof, "no proof.json"),
    ):  # fmt: skip
        with pytest.raises(NoBundle, match=said):
            opened_bundle(rebuilt(octets, change))
    for broken in (b"", b"PK", octets[: len(octets) // 2], b"GIF89a" + octets[6:], rebuilt(octets, dict.clear)):
        with pytest.raises(NoBundle):
            opened_bundle(broken)


def test_a_bundle_signed_anew_with_another_key_is_not_the_authoritys(world: World, tmp_path: Path) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    reference = matter(world)
    refer(world, reference)
    octets = bundle_of(world, reference, tmp_path)
    stranger = Ed25519PrivateKey.from_private_bytes(b"s" * 32)

    def signed_anew(held: dict[str, bytes]) -> None:
        import base64

        held["public-key.txt"] = stranger.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex().encode()
        listed_anew(held)
        held["manifest.signature"] = base64.b64encode(stranger.sign(held["manifest.sha256"]))

    forged = rebuilt(octets, signed_anew)
    with pytest.raises(NoBundle, match="did not sign checkpoint"):
        opened_bundle(forged)
    with pytest.raises(NoBundle, match="did not sign what is in it"):
        opened_bundle(forged, world.service.signing.public_key())


@one_engine
def test_a_service_that_rewrites_its_own_proof_is_found_by_the_checkpoint(world: World, tmp_path: Path) -> None:
    """Whoever holds the signing key can sign a list of files; under the checkpoint of then they cannot bring other entries."""
    import base64

    reference = matter(world)
    refer(world, reference, includes=EVERYTHING)
    octets = bundle_of(world, reference, tmp_path)

    def each(change: Callable[[dict[str, Any]], None]) -> bytes:
        def inside(held: dict[str, bytes]) -> None:
            proof = json.loads(held["proof.json"])
            change(proof)
            held["proof.json"] = json.dumps(proof).encode()
            listed_anew(held)
            held["manifest.signature"] = base64.b64encode(world.service.signing.sign(held["manifest.sha256"]))

        return rebuilt(octets, inside)

    def kind(proof: dict[str, Any]) -> None:
        proof["entries"][3]["kind"] = "noted"

    def words(proof: dict[str, Any]) -> None:
        proof["entries"][0]["said"][0]["text"] = "Nothing was wrong."

    def tail(proof: dict[str, Any]) -> None:
        proof["entries"].pop()

    def swapped(proof: dict[str, Any]) -> None:
        proof["entries"][4], proof["entries"][5] = proof["entries"][5], proof["entries"][4]

    def line(proof: dict[str, Any]) -> None:
        proof["line"] = proof["line"].replace(" 2", " 1")

    def none(proof: dict[str, Any]) -> None:
        proof["entries"] = "none"

    def twice(proof: dict[str, Any]) -> None:
        proof["entries"][0]["said"][0]["hash"] = "0" * 64

    def endless(proof: dict[str, Any]) -> None:
        proof["place"] = 1e400

    for change in (kind, words, tail, swapped, line, none, twice, endless):
        with pytest.raises(NoBundle):
            opened_bundle(each(change))
    assert opened_bundle(each(lambda proof: None)).reference == reference

    def reworded(held: dict[str, bytes]) -> None:
        held["referral.json"] = held["referral.json"].replace(b"We will look at it", b"We will do it now")
        listed_anew(held)
        held["manifest.signature"] = base64.b64encode(world.service.signing.sign(held["manifest.sha256"]))

    with pytest.raises(NoBundle, match="not those that were written"):
        opened_bundle(rebuilt(octets, reworded))


def test_without_a_checkpoint_yet_it_says_so_and_is_made(world: World, tmp_path: Path) -> None:
    reference = matter(world)
    irene = world.as_("irene")
    number = irene.brings(reference, "referred_to_cafcass").json()["entry"]
    octets = irene.get(f"/challenges/{reference}/referral/{number}/bundle").content
    found = opened_bundle(octets)
    assert (found.proven.checkpoint, found.proven.entries) == (None, 0)
    assert found.proven.after == len(world.entries(reference))
    assert contents(octets)["grounds"] == []
    assert {"grounds", "failure", "family"} <= {
        one["key"] for one in contents(octets)["checklist"] if one["standing"] == "missing"
    }


# The PDF.


def pdf(world: World, reference: str, **more: Any) -> Path:
    refer(world, reference, **more)
    octets = world.as_("irene").get(f"/challenges/{reference}/referral/0/bundle").content
    path = world.settings.var / "referral.pdf"
    path.write_bytes(files(octets)["referral.pdf"])
    return path


def poppler(program: str, *given: str | Path) -> str:
    return subprocess.run([program, *map(str, given)], capture_output=True, text=True, check=True).stdout


def test_the_pdf_is_tagged_titled_in_a_language_and_read_in_order(world: World) -> None:
    reference = matter(world)
    path = pdf(world, reference, includes=EVERYTHING)
    info = poppler("pdfinfo", path)
    assert re.search(r"^Title: +Referral " + reference, info, re.M)
    assert re.search(r"^Tagged: +yes", info, re.M)
    assert b"/Lang (en-GB)" in path.read_bytes() or "en-GB" in path.read_bytes().decode("latin-1")
    tree = poppler("pdfinfo", "-struct-text", path)
    headings = re.findall(r"^ *(H[1-3]) ", tree, re.M)
    assert headings[0] == "H1"
    assert headings.count("H2") >= 10
    assert "Table" in tree
    assert "TH" in tree
    text = poppler("pdftotext", "-layout", path, "-")
    order = [
        text.rindex(word) for word in ("1. The child", "12. What was tried", "21. The outcome", "Stage by stage", "Chronology")
    ]
    assert order == sorted(order)
    assert "No reply by the date" in text
    assert f"Referral {reference} to" in text


def test_welsh_and_right_to_left_names_are_drawn_and_what_cannot_be_is_never_dropped(world: World) -> None:
    reference = matter(world)
    names = 'Siân Llŷr-Gruffŷdd; שרה כהן; محمد علي; 中文 😀; #panic("x") *bold* $x$'
    path = pdf(world, reference, said=[{"item": "family", "words": names}])
    text = poppler("pdftotext", path, "-")
    for shown in ("Siân Llŷr-Gruffŷdd", "שרה", "محمد", '#panic("x") *bold* $x$', "[U+4E2D]", "[U+6587]", "[U+1F600]"):
        assert shown in text
    assert "cannot be drawn in this PDF" in text
    octets = world.as_("irene").get(f"/challenges/{reference}/referral/0/bundle").content
    assert names in contents(octets)["checklist"][2]["written"]


UNREADABLE = "\x80 \x9f \ue000 \U000f0000 \u0378 \U0001fffe \ufdd0"


def test_marks_that_cannot_be_drawn_stand_as_their_codes_and_the_pdf_is_there(world: World, tmp_path: Path) -> None:
    """As earlier releases took them: what is written now is refused at the edge."""
    reference = matter(world)
    refused = world.as_("irene").brings(reference, "noted", text=f"A note {UNREADABLE}.")
    assert (refused.status_code, "nobody can read" in refused.text) == (422, True)
    for mark in UNREADABLE.split():
        assert world.as_("irene").brings(reference, "noted", text=f"A note {mark}.").status_code == 422, f"U+{ord(mark):04X}"
    refer(world, reference)
    found = Contents.model_validate(contents(bundle_of(world, reference, tmp_path)))
    written = found.checklist[0].model_copy(update={"written": f"Before {UNREADABLE} after."})
    changed = found.model_copy(update={"checklist": [written, *found.checklist[1:]]})
    path = tmp_path / "paper.pdf"
    path.write_bytes(paper.referral_pdf(changed))
    text = " ".join(poppler("pdftotext", path, "-").split())
    assert "Before [U+0080] [U+009F] [U+E000] [U+F0000] [U+0378] [U+1FFFE] [U+FDD0] after." in text


def test_planted_edge_that_takes_any_mark_is_noticed(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decide, "check_content", lambda event: None)
    with pytest.raises(AssertionError):
        test_marks_that_cannot_be_drawn_stand_as_their_codes_and_the_pdf_is_there(world, tmp_path)


@one_engine
def test_what_still_stops_the_typesetter_leaves_a_paper_in_codes(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = matter(world)
    refer(world, reference)
    monkeypatch.setattr(typesetting, "undrawable", lambda text: [])
    found = Contents.model_validate(contents(bundle_of(world, reference, tmp_path)))
    written = found.checklist[0].model_copy(update={"written": "中文"})
    drawn = paper.referral_pdf(found.model_copy(update={"checklist": [written, *found.checklist[1:]]}))
    (tmp_path / "paper.pdf").write_bytes(drawn)
    assert "[U+4E2D]" in poppler("pdftotext", tmp_path / "paper.pdf", "-")


@one_engine
def test_no_raw_key_stands_in_it(world: World, tmp_path: Path) -> None:
    reference = matter(world)
    refer(world, reference, includes=EVERYTHING)
    world.write(delete(UnitRow).where(UnitRow.key == "north"))
    world.write(update(ChallengeRow).where(ChallengeRow.reference == reference).values(team="permanence_north"))
    shown = files(bundle_of(world, reference, tmp_path))
    (tmp_path / "paper.pdf").write_bytes(shown["referral.pdf"])
    page = re.sub(r"<style.*?</style>|<[^>]+>", " ", shown["referral.html"].decode(), flags=re.DOTALL)
    for text in (page, poppler("pdftotext", tmp_path / "paper.pdf", "-")):
        assert re.findall(r"\b[a-z]+_[a-z_]+\b", text) == []


@one_engine
def test_a_pdf_that_cannot_be_made_does_not_keep_the_referral_back(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **said: object) -> bytes:
        raise typst.TypstError("no")

    reference = matter(world)
    refer(world, reference)
    monkeypatch.setattr(typst, "compile", broken)
    octets = bundle_of(world, reference, tmp_path)
    assert "referral.pdf is missing.txt" in files(octets)
    assert opened_bundle(octets).reference == reference


@one_engine
def test_ten_thousand_entries_stand_in_it_every_one(world: World, tmp_path: Path) -> None:
    """Bound by the page, not by us: the chronology is repeated until it is as long as no challenge ever was."""
    reference = matter(world)
    refer(world, reference, includes=EVERYTHING)
    with world.store.snapshot(world.council.key) as connection:
        from drp.casework import load

        id_ = load.id_of_reference(connection, world.council.key, reference)
        assert id_
        loaded = load.load_challenges(connection, world.council.key, [id_])[id_]
        challenge = loaded.challenge
        rules = world.service.casework.procedures.rules(
            connection, world.council.key, challenge.ladder_hash, challenge.authority_hash
        )
        seen = item_reader.SeenItem(
            loaded, rules, load.load_establishment(connection, world.council.key, loaded.abouts()), THE_SERVICE
        )
        made = find_referral(connection, world.council.key, seen)
        found = gather_referral(connection, world.council.key, seen, made.event, made, "referral", world.now).contents
    one = found.chronology[0]
    long = found.model_copy(update={"chronology": [one.model_copy(update={"number": n}) for n in range(1, 10_001)]})
    path = tmp_path / "long.pdf"
    path.write_bytes(paper.referral_pdf(long))
    text = poppler("pdftotext", path, "-")
    assert all(f"\n{n}. {one.headline}" in text or f"\x0c{n}. {one.headline}" in text for n in (1, 2, 5_000, 9_999, 10_000))
    assert paper.referral_html(long).decode().count(f". {one.headline}</h3>") == 10_000


# Twins: what these tests would not see if it were broken, they do see.


def must_fail(check: Callable[..., Any], *given: Any) -> None:
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        check(*given)


@one_engine
def test_planted_a_bundle_that_sends_everything(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from api.exports.referral import gather
    from drp.items.referrals import EntrySelection

    every = frozenset(EVERYTHING)
    monkeypatch.setattr(gather, "select_entries", lambda entries, includes: EntrySelection(every, every))
    must_fail(test_nothing_that_was_not_ticked_goes, world, tmp_path)


@one_engine
def test_planted_black_that_is_only_painted_over(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Redaction, "touches", lambda self, text: False)
    must_fail(
        test_words_about_others_are_unreadable_everywhere_and_the_rest_still_proves_itself, world, tmp_path
    )  # the proof would hold the words themselves


@one_engine
def test_planted_a_list_that_nobody_compares(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_bundle_module, "check_manifest", lambda manifest, files: None)
    must_fail(test_every_way_of_altering_a_bundle_is_found, world, tmp_path)


@one_engine
def test_planted_a_clock_in_the_bundle(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = paper.referral_html
    monkeypatch.setattr(paper, "referral_html", lambda it: whole(it) + str(world.now).encode())
    must_fail(test_the_same_record_and_checkpoint_make_the_same_bytes, world, tmp_path)
