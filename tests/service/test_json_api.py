"""The JSON API: what it does, what it refuses and how it says so. Every answer is held against its description as well."""

import json
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any

import pytest
from sqlalchemy import select, update

from api.assembly import assemble_service
from drp.database import migrate
from drp.database.authority_tables import AuthorityRow
from drp.database.challenge_tables import ChallengeRow, EntryRow, IdempotencyRow
from drp.database.message_tables import NotificationRow
from drp.database.unavailable import Unavailable
from tests.cast.councils import DERBY, NORTH
from tests.cast.world import JSON_ROUTES, World
from workflows.model.events import EXTERNAL_TYPES, INTERNAL_TYPES, WITH_FILE_TYPES

PROBLEM = "application/problem+json"


def formal(world: World, stage: str = "", **said: Any) -> str:
    """A formal challenge about T-1; gives its reference."""
    where = {"stage": stage, "stage_reason": "It cannot wait."} if stage else {}
    answer = world.as_("irene").raises(item_type="formal", **where, **said)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["reference"])


def problem(answer: Any, status: int, kind: str, field: str | None = None) -> dict[str, Any]:
    """The problem that an answer is; fails unless it is the one expected, said with what to do."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM), answer.text
    body: dict[str, Any] = answer.json()
    assert body["type"] == f"urn:drp:{kind}", body
    assert body["status"] == status
    assert body["title"]
    assert body["what_to_do"]
    if field is not None:
        assert body["field"] == field, body
    return body


# Happy paths.


def test_every_route_answers_its_happy_path(world: World) -> None:
    irene, mona = world.as_("irene"), world.as_("mona")
    reference = irene.raises().json()["reference"]
    assert world.as_("sam").brings(reference, "acknowledged").status_code == 200
    notice = {"child": "T-1", "what_went_well": "Sam came to school with her.", "reasons": []}
    assert irene.post("/notices", notice).status_code == 201
    irene.item(reference)
    irene.timeline(reference)
    assert irene.brings(reference, "referred_to_cafcass").status_code == 200
    assert irene.get(f"/challenges/{reference}/referral/0/bundle").content[:2] == b"PK"
    assert irene.get("/challenges").json()["items"]
    assert len(irene.get("/ladders").json()["ladders"]) == 3
    ladder = "resolution"
    path = irene.get(f"/ladders/{ladder}").json()["assumptions"][0]["path"]
    assert irene.get(f"/ladders/{ladder}/diagram").headers["content-type"] == "image/svg+xml"
    assert "flowchart" in irene.get(f"/ladders/{ladder}/diagram", **{"as": "mermaid"}).text
    confirmed = mona.post(f"/ladders/{ladder}/assumptions", {"path": path, "of": "ladder"}).json()
    its_own = [a for a in confirmed["assumptions"] if a["path"] == path and a["of"] == "ladder"]
    assert [(a["verdict"], a["by"]) for a in its_own] == [("confirmed", "Mona")]
    assert world.as_("sam").get("/inbox").json()["messages"][0]["reference"]
    told = {"references": [reference], "role": "social_worker", "how": "rang", "on": "2026-04-01"}
    assert [one["recorded"] for one in irene.post("/told-otherwise", told).json()["items"]] == [True]
    decided = {"words": "Dental check.", "due": "2026-04-30"}
    held = irene.post("/reviews", {"child": "T-1", "held_on": "2026-03-30", "decisions": [decided]})
    assert held.status_code == 201, held.text
    (decision,) = irene.get("/reviews", child="T-1").json()["reviews"][0]["decisions"]
    followed = irene.post(f"/reviews/decisions/{decision['id']}/follow", {"by": decision["due"]}).json()
    assert (followed["challenge"]["item_type"], followed["told"][0]["to"]) == ("review_decision", ["Sam (Social Worker)"])
    world.found(DERBY)
    world.sweep(DERBY.key)
    agreed = {"child": "T-1", "why": "It drifts.", "priority": "high", "on": "2026-04-01"}
    assert world.as_("irene", DERBY.key).post("/reviews/tracking", agreed).status_code == 201
    assert reference in [one["reference"] for one in irene.get("/register").json()["items"]]
    assert irene.get("/themes", by="stage").json()["items"] == 1
    assert irene.get("/me").json()["capacities"] == ["iro"]
    assert irene.get("/me/replies").json() == []
    audrey = world.as_("audrey")
    (audited,) = [one for one in audrey.get("/audit/items").json()["items"] if one["reference"] == reference]
    assert audrey.get("/audit/readings").json()["readings"]
    assert audrey.get("/audit/changes").status_code == 200
    assert audrey.get("/audit/taken-caseloads").json() == []
    assert mona.get(f"/audit/children/{audited['child_key']}").json()["number"] == "T-1"
    assert mona.get("/outbox").json()["waiting"] == 5
    assert mona.put("/outbox/brake", {"brake": "all", "why": "A rehearsal."}).json()["brake"] == "all"
    assert mona.call("POST", "/api/v1/outbox/release").json() == {"released": 0}
    world.sweep()
    assert world.as_("mona").get("/health").status_code == 200
    assert world.nobody().get("/health/serving").status_code == 200
    for path in ("/api/v1/openapi.json", "/docs", "/docs/start.js"):
        assert world.nobody().call("GET", path).status_code == 200
    reached = {(method, template) for method, template, status in world.contract.seen if status < 300}
    assert reached == JSON_ROUTES, JSON_ROUTES ^ reached


def test_raising_answers_who_was_told_and_what_is_open_already(world: World) -> None:
    irene = world.as_("irene")
    first = irene.raises()
    assert first.headers["content-type"] == "application/json"
    second = irene.raises().json()
    assert second["told"] == [{"about": "asked", "to": ["Sam (Social Worker)"], "copied": []}]
    assert [item["reference"] for item in second["already_open"]] == [first.json()["reference"]]
    assert second["prompts"][0]["kind"] == "already_open"
    assert second["challenge"]["you_are"] == ["child's IRO", "raiser"]


def test_an_answer_is_judged_and_ends_the_matter(world: World) -> None:
    reference = formal(world, "stage_2")
    tess, irene = world.as_("tess"), world.as_("irene")
    said = {"position": "agrees", "answer": "We will.", "actions": [{"what": "Hold the review.", "by": "2026-04-20"}]}
    assert tess.brings(reference, "responded", **said).json()["challenge"]["phase"] == "answered"
    judged = irene.brings(reference, "judged", verdict="enough", what_changed="The review is booked.")
    item = judged.json()["challenge"]
    assert (item["phase"], item["is_open"]) == ("resolved", False)
    assert [window["due"] for window in item["windows"] if window["is_open"]] == ["2026-04-20"]


# Refusals.


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ("resolved", {"what_changed": "There is a plan."}),
        ("ended_unresolved", {"why": "No way on."}),
        ("overtaken", {"by_what": "She moved home."}),
    ],
)
def test_an_end_says_what_changed_for_the_child_or_when_to_look_again(world: World, event: str, words: dict[str, str]) -> None:
    irene, reference = world.as_("irene"), formal(world)
    assert irene.item(reference)["impact"] == ""
    problem(irene.brings(reference, event, **words, found="too early"), 422, "unfit", "look_again_on")
    assert irene.brings(reference, event, **words, found="splendid").status_code == 422
    ended = irene.brings(reference, event, **words, found="better")
    assert ended.status_code == 200, ended.text
    assert ended.json()["challenge"]["impact"] == "better"


def test_a_talk_is_logged_and_settled_with_its_effect_and_no_clock(world: World) -> None:
    irene = world.as_("irene")
    reference = irene.raises(without_clock=True).json()["reference"]
    settled = irene.brings(reference, "resolved", what_changed="She is back at school.", found="better").json()
    assert (settled["challenge"]["phase"], settled["challenge"]["impact"]) == ("resolved", "better")
    assert settled["challenge"]["windows"] == []
    assert settled["told"] == []


def test_what_is_unknown_is_said_with_the_field_that_names_it(world: World) -> None:
    irene = world.as_("irene")
    problem(irene.raises("T-99"), 422, "unfit", "child")
    problem(irene.raises(reasons=["weather"]), 422, "unfit", "reasons")
    problem(irene.raises(ladder="snakes"), 422, "unfit", "ladder")
    problem(irene.raises(item_type="formal", stage="stage_99", stage_reason="High."), 422, "unfit", "stage")
    problem(irene.raises(raiser_role="admiral"), 422, "unfit", "raiser_role")
    problem(irene.raises(linked=["ABCD-EFGH"]), 422, "unfit", "linked")
    problem(irene.raises("", item_type="about_service", team="moon"), 422, "unfit", "team")
    problem(irene.raises(item_type="excellent_practice"), 422, "unfit", "item_type")
    problem(irene.raises(copies=["chief_executive"]), 422, "unfit", "copies")
    body = problem(irene.raises(item_type="riddle"), 422, "invalid")
    assert [error["field"] for error in body["errors"]] == ["item_type"]
    problem(irene.get("/ladders/snakes"), 404, "not-found")
    problem(world.as_("mona").put("/outbox/brake", {"brake": "stage_99", "why": "A rehearsal."}), 422, "unfit", "brake")
    problem(world.as_("mona").post("/ladders/resolution/assumptions", {"path": "stages.x"}), 422, "unfit", "path")


def test_whoever_is_chosen_must_hold_the_role_and_be_named_as_the_directory_names_them(build: Callable[..., World]) -> None:
    north = build(NORTH)
    irene, dates = north.as_("irene"), {"respond_by": "2026-04-10", "resolve_by": "2026-04-30"}
    nina = north.id("nina")

    def chosen(role: str, person: str) -> Any:
        return irene.raises(item_type="partner_agency", to=[{"role": role, "person": person}], **dates)

    for wrong in (str(north.id("sam")), "nina@health.example", "not-a-person", str(nina).upper(), f"urn:uuid:{nina}", nina.hex):
        problem(chosen("agency_practitioner", wrong), 422, "unfit", "to")
    problem(chosen("director", str(north.id("cora"))), 422, "unfit", "to")
    assert chosen("agency_practitioner", str(nina)).status_code == 201


def test_a_move_that_is_not_open_is_answered_with_those_that_are(world: World) -> None:
    reference = formal(world, "stage_2")
    irene = world.as_("irene")
    body = problem(irene.brings(reference, "judged", verdict="enough"), 409, "not-open")
    assert body["moves"] == irene.item(reference)["moves"]
    assert "judged" not in body["moves"]
    for move in ("escalated", "escalation_held", "withdrawn", "referred_to_cafcass"):
        assert move in body["moves"]
        assert move in body["what_to_do"]


def test_a_move_that_is_anothers_is_refused_and_changes_nothing(world: World) -> None:
    reference = formal(world, "stage_2")
    before = world.entries(reference)
    for person, type_, said in (
        ("tess", "resolved", {"what_changed": "All."}),
        ("tess", "withdrawn", {"why": "I say so."}),
        ("sam", "responded", {"position": "agrees", "answer": "Copied in only."}),
        ("mona", "resolved", {"what_changed": "All."}),
        ("bob", "escalated", {"why": "Late."}),
    ):
        problem(world.as_(person).brings(reference, type_, **said), 403, "not-yours")
    assert world.entries(reference) == before


def test_events_of_the_services_own_are_refused_from_outside(world: World) -> None:
    reference = formal(world, "stage_2")
    for kind in (*INTERNAL_TYPES, *WITH_FILE_TYPES, None):
        type_ = kind.type if kind else "raised"
        for person in ("irene", "mona", "ada"):
            problem(world.as_(person).brings(reference, type_, sequence=1, kind="reply", n=1), 422, "invalid")
    assert irene_kinds(world, reference) == ["raised", "stage_skipped", "stage_entered", "window_opened", "window_opened"]


def irene_kinds(world: World, reference: str) -> list[str]:
    return [entry.kind for entry in world.entries(reference)]


@pytest.mark.parametrize("field", ["by", "actor", "person", "at", "now", "parts", "behalf_of", "authority"])
def test_who_acts_and_when_never_comes_from_the_body(world: World, field: str) -> None:
    irene, sam = world.as_("irene"), str(world.id("sam"))
    body = problem(irene.raises(**{field: sam}), 422, "invalid")
    assert body["errors"][0]["field"] == field
    reference = irene.raises().json()["reference"]
    for type_, said in (("noted", {"text": "A note."}), ("withdrawn", {"why": "Done."}), ("acknowledged", {})):
        problem(irene.brings(reference, type_, **said, **{field: sam}), 422, "invalid")
    notice = {"child": "T-1", "what_went_well": "All.", field: sam}
    problem(irene.post("/notices", notice), 422, "invalid")


def test_a_refusal_never_sends_back_what_was_written(world: World) -> None:
    canary = "Canary-Words-Of-A-Child"
    refused = world.as_("irene").raises(concern=canary, item_type=canary)
    assert canary not in refused.text
    assert canary not in world.as_("irene").brings(formal(world), "noted", text=canary, about=canary).text


# If-Match.


def test_an_answer_to_what_has_moved_on_is_refused_as_stale(world: World) -> None:
    reference = formal(world, "stage_2")
    tess = world.as_("tess")
    seen = tess.get(f"/challenges/{reference}")
    etag = seen.headers["etag"]
    assert etag == f'"{seen.json()["version"]}"'
    assert world.as_("irene").brings(reference, "escalated", why="Urgent.").status_code == 200
    said = {"position": "agrees", "answer": "We will."}
    problem(tess.brings(reference, "responded", {"If-Match": etag}, **said), 412, "stale")
    assert "responded" not in irene_kinds(world, reference)
    fresh = tess.get(f"/challenges/{reference}").headers["etag"]
    assert tess.brings(reference, "responded", {"If-Match": fresh}, **said).status_code == 200


def test_a_date_that_passed_before_the_tick_makes_an_answer_stale_too(world: World) -> None:
    reference = formal(world, "stage_2")
    etag = world.as_("tess").get(f"/challenges/{reference}").headers["etag"]
    world.at("Thu 9 April 2026, 09:00")  # the date has passed, and no tick has come yet
    answer = world.as_("tess").brings(reference, "responded", {"If-Match": etag}, position="agrees", answer="We will.")
    problem(answer, 412, "stale")


def test_a_reminder_or_a_note_does_not_throw_away_what_somebody_is_typing(world: World) -> None:
    reference = formal(world, "stage_2")
    etag = world.as_("tess").get(f"/challenges/{reference}").headers["etag"]
    world.pass_to("Wed 8 April 2026, 16:30")
    assert world.told(reference, "will_climb")
    assert world.as_("irene").brings(reference, "noted", text="Rang tess.").status_code == 200
    answer = world.as_("tess").brings(reference, "responded", {"If-Match": etag}, position="agrees", answer="We will.")
    assert answer.status_code == 200


# Idempotency.


def test_a_repeat_with_the_same_key_gets_the_same_answer_and_has_one_effect(world: World) -> None:
    irene = world.as_("irene")
    first, second = (irene.raises(headers={"Idempotency_Key": "k-1"}) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert world.count(ChallengeRow) == 1
    reference = first.json()["reference"]
    answers = [irene.brings(reference, "noted", {"Idempotency-Key": "k-2"}, text="Once.") for _ in range(3)]
    assert len({answer.text for answer in answers}) == 1
    assert irene_kinds(world, reference).count("noted") == 1
    world.at("Mon 4 May 2026, 10:00")
    assert irene.brings(reference, "noted", {"Idempotency-Key": "k-2"}, text="Once.").json() == answers[0].json()


def test_a_key_used_before_the_upgrade_is_known_after_it(world: World) -> None:
    reference = formal(world, "stage_2")
    extended = {"until": "2026-04-10", "why": "She is on leave."}
    key = {"Idempotency-Key": "k-1", "If-Match": '"1.stage_2.awaiting"'}
    first = world.as_("irene").brings(reference, "window_extended", key, **extended)
    assert first.status_code == 200, first.text
    # As 0.1 wrote it.
    written = "WindowExtended(until=datetime.date(2026, 4, 10), why='She is on leave.', type='window_extended')"
    kept = sha256(json.dumps(["event", {"event": written, "reference": reference}]).encode()).hexdigest()
    world.write(update(IdempotencyRow).values(body_hash=kept))
    again = world.as_("irene").brings(reference, "window_extended", key, **extended)
    assert (again.status_code, again.json()) == (200, first.json())
    other = extended | {"until": "2026-04-13"}
    problem(world.as_("irene").brings(reference, "window_extended", key, **other), 422, "key-reused")


def test_the_same_key_with_another_body_is_refused(world: World) -> None:
    irene = world.as_("irene")
    reference = irene.raises(headers={"Idempotency_Key": "k-1"}).json()["reference"]
    problem(irene.raises(concern="Another.", headers={"Idempotency_Key": "k-1"}), 422, "key-reused")
    problem(irene.brings(reference, "noted", {"Idempotency-Key": "k-1"}, text="A note."), 422, "key-reused")
    assert world.count(ChallengeRow) == 1


def test_a_key_belongs_to_one_person(world: World) -> None:
    reference = formal(world, "stage_2")
    for person in ("irene", "tess", "mona"):
        answer = world.as_(person).brings(reference, "noted", {"Idempotency-Key": "k-1"}, text=f"By {person}.")
        assert answer.status_code == 200
    assert irene_kinds(world, reference).count("noted") == 3
    assert world.count(IdempotencyRow) == 3


def test_a_refused_request_spends_no_key(world: World) -> None:
    reference = formal(world, "stage_2")
    irene = world.as_("irene")
    assert irene.brings(reference, "judged", {"Idempotency-Key": "k-1"}, verdict="enough").status_code == 409
    assert irene.brings(reference, "noted", {"Idempotency-Key": "k-1"}, text="A note.").status_code == 200


# Form.


def test_a_time_without_a_zone_is_refused(world: World) -> None:
    reference = formal(world, "stage_4")
    irene = world.as_("irene")
    problem(irene.brings(reference, "meeting_arranged", at="2026-04-03T10:00:00"), 422, "unfit", "at")
    booked = irene.brings(reference, "meeting_arranged", at="2026-04-03T10:00:00+01:00")
    assert booked.json()["challenge"]["meeting_at"] == "2026-04-03T09:00:00Z"
    for absurd in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"):
        problem(irene.brings(reference, "meeting_arranged", at=absurd), 422, "unfit", "at")


def test_text_that_is_too_long_or_holds_control_characters_is_refused(world: World) -> None:
    irene = world.as_("irene")
    problem(irene.raises(concern="x" * 10_001), 422, "unfit", "concern")
    assert irene.raises(concern="x" * 10_000).status_code == 201
    reference = irene.raises(concern="Line one.\nLine two.\tTab.").json()["reference"]
    for mark in ("\x00", "\x07", "\x1b", "\x7f", "\u2028", "\u2029"):
        problem(irene.raises(concern=f"a{mark}b"), 422, "unfit", "concern")
        problem(irene.brings(reference, "noted", text=f"a{mark}b"), 422, "unfit", "text")
        problem(irene.brings(reference, "complaint_opened", reference=f"a{mark}b"), 422, "unfit", "reference")
    for blank in ("", "   ", "\n"):
        assert irene.raises(concern=blank).status_code == 422
        assert irene.brings(reference, "noted", text=blank).status_code == 422


@pytest.mark.parametrize("mark", ["\x00", "\x07", "\x7f"])
def test_a_control_character_in_what_is_only_looked_up_finds_nothing_on_either_engine(world: World, mark: str) -> None:
    irene, mona = world.as_("irene"), world.as_("mona")
    assert irene.raises(f"T-1{mark}").status_code == 422
    assert irene.raises("", item_type="about_service", team=f"north{mark}").status_code == 422
    assert irene.raises(ladder=f"resolution{mark}").status_code == 422
    for field in ("child", "team", "stage", "item_type", "after", "state"):
        assert irene.get("/challenges", **{field: f"x{mark}"}).status_code == 422, field
    quoted = f"%{ord(mark):02X}"
    assert irene.get(f"/challenges/ABCD{quoted}").status_code == 404
    assert irene.get(f"/challenges/ABCD{quoted}/timeline").status_code == 404
    assert irene.brings(f"ABCD{quoted}", "noted", text="A note.").status_code == 404
    assert irene.get(f"/ladders/x{quoted}").status_code == 404
    assert mona.put("/outbox/brake", {"brake": mark, "why": "A rehearsal."}).status_code == 422
    assert mona.post("/ladders/resolution/assumptions", {"path": mark}).status_code == 422


def test_odd_numbers_and_odd_json_are_refused_and_never_a_fault(world: World) -> None:
    reference = formal(world, "stage_2")
    irene = world.as_("irene")
    for number in (0, -1, 99, 2**31, 2**63, 2**70):
        assert irene.brings(reference, "corrected", entry=number, text="No.").status_code == 422
        assert irene.brings(reference, "action_done", action=number).status_code == 422
    for day in ("0001-01-01", "9999-12-31", "2026-02-30", "soon", 20260401):
        assert irene.brings(reference, "window_extended", until=day, why="More time.").status_code == 422
        assert irene.brings(reference, "court_told", hearing=day).status_code in (200, 422)
    for raw in (
        b"",
        b"{",
        b"[]",
        b"null",
        b'"x"',
        b"\xff\xfe",
        b'{"type": "noted", "text": "\\ud800"}',
        b'{"type": NaN}',
        b"1" * 5000,
    ):
        answer = irene.call(
            "POST", f"/api/v1/challenges/{reference}/events", {"Content-Type": "application/json"}, content=raw
        )  # fmt: skip
        assert answer.status_code == 422, raw[:40]
    deep = b'{"a":' * 20_000 + b"1" + b"}" * 20_000
    answer = irene.call("POST", "/api/v1/challenges", {"Content-Type": "application/json"}, content=deep[:60_000])
    assert answer.status_code == 422


# Size.


def chunks(size: int) -> Iterator[bytes]:
    for _ in range(size // 1024):
        yield b" " * 1024


def test_a_body_that_is_too_large_is_refused_declared_chunked_or_lied_about(world: World) -> None:
    irene = world.as_("irene")
    most = world.settings.body_limit_bytes
    kind = {"Content-Type": "application/json"}
    problem(irene.call("POST", "/api/v1/challenges", kind, content=b" " * (most + 1)), 413, "too-large")
    problem(irene.call("POST", "/api/v1/challenges", kind, content=chunks(most + 2048)), 413, "too-large")
    lied = {**kind, "Content-Length": "2"}
    problem(irene.call("POST", "/api/v1/challenges", lied, content=chunks(most + 2048)), 413, "too-large")
    for absurd in ("-1", "1e9", "9" * 30):
        answer = irene.call("POST", "/api/v1/challenges", {**kind, "Content-Length": absurd}, content=b"{}")
        assert answer.status_code == 413
    fits = json.dumps({"type": "noted", "text": "x"}).encode() + b" " * (most - 200)
    reference = formal(world, "stage_2")
    assert irene.call("POST", f"/api/v1/challenges/{reference}/events", kind, content=fits).status_code == 200
    assert world.nobody().call("POST", "/api/v1/challenges", kind, content=chunks(most + 2048)).status_code == 413


# Lists.


def test_paging_shows_every_item_once_newest_first(world: World) -> None:
    irene, expected = world.as_("irene"), []
    for n in range(23):
        world.at(f"Wed 1 April 2026, 10:{n // 3:02}")  # several at one instant
        expected.append(irene.raises("T-1" if n % 2 else "T-2").json()["reference"])
        world.as_("ivor").raises("T-4")  # not hers to see
    for limit in (1, 4, 23, 100):
        seen, after = [], ""
        while True:
            page = irene.get("/challenges", limit=limit, after=after).json()
            seen += page["items"]
            assert len(page["items"]) <= limit
            if page["next"] is None:
                break
            after = page["next"]
        references = [item["reference"] for item in seen]
        assert sorted(references) == sorted(expected)
        assert len(set(references)) == len(references)
        raised = [item["raised_at"] for item in seen]
        assert raised == sorted(raised, reverse=True)


def test_lists_narrow_by_state_stage_kind_child_and_team(world: World) -> None:
    irene = world.as_("irene")
    informal = irene.raises("T-1").json()["reference"]
    high = formal(world, "stage_3")
    ended = irene.raises("T-2").json()["reference"]
    assert irene.brings(ended, "withdrawn", why="Settled.").status_code == 200

    def found(**narrowed: str) -> set[str]:
        return {item["reference"] for item in irene.get("/challenges", **narrowed).json()["items"]}

    assert found() == {informal, high}
    assert found(state="ended") == {ended}
    assert found(state="all") == {informal, high, ended}
    assert found(stage="stage_3") == {high}
    assert found(item_type="formal") == {high}
    assert found(child="T-2", state="all") == {ended}
    assert found(team="north") == {informal, high}
    assert found(team="south") == found(child="T-4") == found(stage="moon") == set()


@pytest.mark.parametrize("after", ["x", "====", "bm8=", "MjAyNnx4", "é", "MjAyNi0wNC0wMVQxMDowMDowMHxub3QtYW4taWQ="])
def test_a_place_in_the_list_that_was_never_given_is_refused(world: World, after: str) -> None:
    problem(world.as_("irene").get("/challenges", after=after), 422, "unfit", "after")


# Headers, description, health.


HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


def test_every_answer_carries_the_protective_headers(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    irene, nobody = world.as_("irene"), world.nobody()
    answers = [
        irene.raises(), irene.raises("T-99"), irene.get("/challenges/NONE-HERE"), nobody.get("/me"),
        world.as_("mona").get("/health"), nobody.call("GET", "/api/v1/openapi.json"), nobody.call("GET", "/docs"),
        nobody.call("GET", "/docs/start.js"),
        nobody.call("GET", "/docs/none.js"), nobody.call("GET", "/api/v1/nowhere"), nobody.call("DELETE", "/api/v1/challenges"),
        irene.call("POST", "/api/v1/challenges", content=b" " * 100_000),
    ]  # fmt: skip
    for answer in answers:
        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS, answer.request.url
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe-inline" not in policy or "/docs" in str(answer.request.url)
        assert "access-control-allow-origin" not in answer.headers
    assert answers[3].headers["www-authenticate"] == "Bearer"


def test_a_fault_of_our_own_says_nothing_of_itself_and_carries_the_headers_too(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from starlette.testclient import TestClient

    def broken(*_: object) -> None:
        raise RuntimeError("Canary of the inside")

    irene = world.as_("irene")
    monkeypatch.setattr("api.json.account.MeShape", broken)
    quiet = TestClient(world.app, raise_server_exceptions=False)
    answer = quiet.get("/api/v1/me", headers={"Authorization": f"Bearer {irene.token}"})
    problem(answer, 500, "fault")
    assert "Canary" not in answer.text
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_the_description_declares_every_route_every_event_and_no_internal_one(world: World) -> None:
    document = world.contract.document
    described = {(method.upper(), path) for path, routes in document["paths"].items() for method in routes}
    assert described == {key for key in JSON_ROUTES if key[1].startswith("/api/v1/") and key[1] != "/api/v1/openapi.json"}
    for path, routes in document["paths"].items():
        for method, route in routes.items():
            assert "500" not in route["responses"]
            assert ("security" in route) == (path != "/api/v1/health/serving"), (method, path)
    offered = document["paths"]["/api/v1/challenges/{reference}/events"]["post"]["requestBody"]["content"]
    union = offered["application/json"]["schema"]["discriminator"]["mapping"]
    assert set(union) == {kind.type for kind in EXTERNAL_TYPES}
    assert "HTTPValidationError" not in document["components"]["schemas"]


def test_the_interface_page_fetches_everything_from_our_own_host(world: World) -> None:
    nobody = world.nobody()
    page = nobody.call("GET", "/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert "://" not in page.text
    assets = [part.split('"')[0] for part in page.text.split('src="')[1:] + page.text.split('href="')[1:]]
    assert "/docs/swagger-ui-bundle.js" in assets
    for asset in assets:
        assert asset.startswith("/")
        answer = nobody.call("GET", asset)
        assert answer.status_code == 200, f"{asset}: run `make assets`"
    policy = page.headers["content-security-policy"]
    assert "http" not in policy
    assert "script-src 'self';" in policy
    for name in ("app.py", "..%2fapp.py", "%2e%2e/app.py", "swagger-ui.js", "%00"):
        assert nobody.call("GET", f"/docs/{name}").status_code == 404


def test_a_replica_serves_while_its_database_has_the_schema_of_this_release(world: World, monkeypatch) -> None:
    def serves() -> tuple[int, bool, list[str]]:
        answer = world.nobody().get("/health/serving")
        return answer.status_code, answer.json()["serves"], answer.json()["reasons"]

    older = (503, False, ["The database is older than this release: run `drp migrate`."])
    assert world.as_("mona").get("/health").status_code == 503, "the heartbeat has not run: that is no reason to serve nobody"
    assert serves() == (200, True, [])
    for stands, answer in (("0001", older), ("", older), ("of a later release", (200, True, []))):
        monkeypatch.setattr(migrate, "stored_revision", lambda connection, stands=stands: stands)
        assert serves() == answer


def test_health_is_red_until_the_first_tick_green_while_it_ticks_and_red_when_it_stops(world: World) -> None:
    def health() -> tuple[int, str, list[str]]:
        answer = world.as_("mona").get("/health")
        return answer.status_code, answer.json()["status"], answer.json()["reasons"]

    assert health() == (503, "red", ["The heartbeat has not run yet."])
    world.sweep()
    assert health() == (200, "green", [])
    world.at("Wed 1 April 2026, 10:01")
    assert health() == (200, "green", [])
    world.at("Wed 1 April 2026, 10:02")
    assert health() == (503, "red", ["The heartbeat has stopped."])


def test_health_is_red_for_windows_and_messages_left_lying_and_names_nothing(world: World) -> None:
    world.mails = False
    reference = formal(world, "stage_2")
    world.sweep()
    world.at("Thu 9 April 2026, 12:00")
    world.write(update(AuthorityRow).values(last_tick=world.now, witnessed_at=world.now, verified_at=world.now))
    world.count_how_it_is()
    answer = world.as_("mona").get("/health")
    assert answer.status_code == 503
    assert answer.json()["reasons"] == [
        "A window that closed has not been acted on.",
        "Messages have waited for more than an hour.",
    ]
    assert reference not in answer.text
    assert world.council.key not in answer.text


def test_health_is_red_while_windows_are_held_and_names_their_number(world: World) -> None:
    formal(world, "stage_2")
    world.sweep()
    world.at("Fri 10 April 2026, 12:00")
    world.sweep()
    world.write(update(NotificationRow).values(state="sent"))
    world.write(update(AuthorityRow).values(witnessed_at=world.now, verified_at=world.now))
    answer = world.as_("mona").get("/health").json()
    assert answer["reasons"] == ["Windows are held for release."]
    assert answer["held_windows"] == 3, "the reply, its reminder and its warning"


def test_an_outage_is_held_and_a_named_person_releases_it_over_http(world: World) -> None:
    reference = formal(world, "stage_2")
    world.sweep()
    world.at("Fri 10 April 2026, 12:00")
    world.sweep()
    item = world.as_("irene").item(reference)
    assert item["stage"]["key"] == "stage_2"
    assert [w["held"] for w in item["windows"] if w["kind"] == "reply"] == [True]
    assert world.told(reference, "held") == [("stage_2", {"mona"}, set())]
    released = world.as_("mona").brings(reference, "windows_released", how="as due", why="All have been told.")
    assert released.status_code == 200
    world.sweep()
    assert world.as_("irene").item(reference)["stage"]["key"] == "stage_3"


def test_reading_an_item_is_logged_and_being_shown_it_in_a_list_too(world: World) -> None:
    reference = formal(world, "stage_2")
    irene = world.as_("irene")
    irene.item(reference)
    irene.timeline(reference)
    irene.get("/challenges")
    irene.get("/challenges/NONE-HERE")
    log = world.service.access_log.of(world.council.key, reference)
    assert [(line["what"], line["person"]) for line in log] == [
        ("challenge", str(world.id("irene"))),
        ("timeline", str(world.id("irene"))),
        ("list", str(world.id("irene"))),
    ]


def test_without_an_access_log_nothing_is_shown_and_what_was_done_is_still_said_to_be_done(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = formal(world, "stage_2")

    def full(*_: object) -> None:
        raise Unavailable("the access log cannot be written")

    monkeypatch.setattr(world.service.access_log, "record", full)
    irene = world.as_("irene")
    for path in (f"/challenges/{reference}", f"/challenges/{reference}/timeline", "/challenges"):
        problem(irene.get(path), 503, "unavailable")
    referred = irene.brings(reference, "referred_to_cafcass", grounds=["case_not_reviewed"], why="At once.")
    assert referred.status_code == 200
    assert "referred_to_cafcass" in irene_kinds(world, reference)


def test_the_access_log_falls_back_to_a_file_of_its_own(world: World) -> None:
    nowhere = f"sqlite:///{world.settings.key_file}/no/folder.sqlite"
    service = assemble_service(world.settings.model_copy(update={"access_log_url": nowhere}), lambda: world.now)
    try:
        service.access_log.record("dunmoor", world.now, "p", "list", "AAAA-2222", "BBBB-3333")
    finally:
        service.close()
    lines = [json.loads(line) for line in (world.settings.var / "access.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["references"] for line in lines] == [["AAAA-2222", "BBBB-3333"]]


def test_recorded_times_are_utc_and_never_run_backwards(world: World) -> None:
    reference = formal(world, "stage_2")
    irene = world.as_("irene")
    world.at("Wed 1 April 2026, 12:00")
    irene.brings(reference, "noted", text="First.")
    world.at("Wed 1 April 2026, 11:00")  # the clock went back
    irene.brings(reference, "noted", text="Second.")
    times = [row.at for row in world.rows(select(EntryRow.at).order_by(EntryRow.number))]
    assert times == sorted(times)
    shown = [entry["at"] for entry in irene.timeline(reference)["entries"]]
    assert all(time.endswith("Z") for time in shown)


def test_a_challenge_moved_to_a_version_without_a_stage_that_it_visited_is_open_to_everybody_as_before(world: World) -> None:
    reference = formal(world, "stage_2")
    irene = world.as_("irene")
    assert irene.brings(reference, "escalated", why="It cannot wait.").status_code == 200
    row = world.rows(select(ChallengeRow.rest).where(ChallengeRow.reference == reference))[0][0]
    row["visits"][0]["stage"] = "a_stage_of_another_version"
    world.write(update(ChallengeRow).where(ChallengeRow.reference == reference).values(rest=row))
    for person in ("irene", "tess", "mona"):
        assert world.as_(person).get(f"/challenges/{reference}").status_code == 200, person
        assert world.as_(person).get("/challenges").status_code == 200
    number = irene.brings(reference, "referred_to_cafcass").json()["entry"]
    assert irene.get(f"/challenges/{reference}/referral/{number}/bundle").status_code == 200
