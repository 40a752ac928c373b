"""Who may see and do what: the whole table, and what the forbidden looks like from outside."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import text
from starlette.routing import Mount

from api import app as api_app
from api import request_context
from api.jobs import heartbeat
from api.request_context import Undeclared
from drp.database.engine import Store
from drp.identity import tokens
from drp.identity.principal import RouteAudience
from tests.cast.councils import ELSEWHERE
from tests.cast.world import JSON_ROUTES, Caller, World

TABLE = Path(__file__).with_name("access_table.txt")
NONE_SUCH = "ABCD-2345"


class Scene:
    """An item of Dunmoor's at stage 3, one of another authority's, and everybody who stands in some relation to the first."""

    def __init__(self, world: World) -> None:
        self.world = world
        world.found(ELSEWHERE) if not world.rows(text("SELECT 1 FROM authority"), "elsewhere") else None
        irene = world.as_("irene")
        # When stage 2 was asked, Nobody held Tess's post beside her; since then they do not.
        world.post_begins("nobody", "team_manager", "2026-03-01", "team", "north")
        self.reference = self.formal(irene, "stage_2")
        world.post_ends("nobody", "team_manager", "2026-04-01")
        # What ties them to the service since is another team's.
        world.post_begins("nobody", "team_manager", "2026-04-02", "team", "south")
        world.cover("otto", "silas", "2026-04-01", delegate=True)
        world.cover("irene", "colin", "2026-04-01")
        world.at("Thu 2 April 2026, 10:00")
        assert irene.brings(self.reference, "escalated", why="It cannot wait.").status_code == 200
        self.theirs = self.formal(world.as_("irene", "elsewhere"), "stage_2")
        for by, reference in ((irene, self.reference), (world.as_("irene", "elsewhere"), self.theirs)):
            assert by.brings(reference, "referred_to_cafcass").status_code == 200
        self.decision, self.other = self.decided(irene), self.decided(world.as_("irene", "elsewhere"))

    def decided(self, by: Caller) -> str:
        """A decision of a review of T-1 that waits on the list."""
        said = {"child": "T-1", "held_on": "2026-03-30", "decisions": [{"words": "Dental check."}]}
        return str(by.post("/reviews", said).json()["reviews"][0]["decisions"][0]["id"])

    def formal(self, by: Caller, stage: str) -> str:
        raised = by.raises(item_type="formal", stage=stage, stage_reason="It cannot wait.")
        assert raised.status_code == 201, raised.text
        return str(raised.json()["reference"])

    def relations(self) -> dict[str, Caller]:
        """Everybody, by what they are to the item."""
        world = self.world
        expired, revoked, left = (world.token(person) for person in ("leif", "petra", "chris"))
        expired = world.token("leif", lasts=timedelta(minutes=1))
        with world.store.write(world.council.key) as connection:
            tokens.revoke_tokens(connection, world.council.key, world.id("petra"), world.now)
        world.leaves("chris", "2026-04-01")
        world.now += timedelta(minutes=2)
        return {
            "the child's IRO": world.as_("irene"),
            "the IRO's cover": world.as_("colin"),
            "another IRO": world.as_("ivor"),
            "IRO manager": world.as_("mona"),
            "business support": world.as_("bob"),
            "administrator": world.as_("ada"),
            "leader": world.as_("hugo"),
            "auditor": world.as_("audrey"),
            "asked": world.as_("otto"),
            "delegate of the asked": world.as_("silas"),
            "asked earlier": world.as_("tess"),
            "copied": world.as_("gina"),
            "held the post then": world.as_("nobody"),
            "same role, other team": world.as_("tom"),
            "asked only higher up": world.as_("cora"),
            "IRO elsewhere": world.as_("irene", "elsewhere"),
            "IRO manager elsewhere": world.as_("mona", "elsewhere"),
            "asked elsewhere": world.as_("tess", "elsewhere"),
            "no token": world.nobody(),
            "a token that never was": Caller(world, f"drp.{world.council.key}.{'0' * 64}"),
            "a token of no authority": Caller(world, f"drp.nowhere.{'0' * 64}"),
            "not a token": Caller(world, "Bearer"),
            "an expired token": Caller(world, expired),
            "a revoked token": Caller(world, revoked),
            "left the authority": Caller(world, left),
        }

    def requests(self) -> dict[str, Callable[[Caller], Any]]:
        """One request for every route, and those for an item once for each item."""
        note = {"text": "A note."}
        event = "/challenges/{}/events"
        return {
            "me": lambda by: by.get("/me"),
            "own replies": lambda by: by.get("/me/replies"),
            "inbox": lambda by: by.get("/inbox"),
            "list": lambda by: by.get("/challenges", state="all"),
            "show": lambda by: by.get(f"/challenges/{self.reference}"),
            "timeline": lambda by: by.get(f"/challenges/{self.reference}/timeline"),
            "bundle": lambda by: by.get(f"/challenges/{self.reference}/referral/0/bundle"),
            "note": lambda by: by.brings(self.reference, "noted", **note),
            "show theirs": lambda by: by.get(f"/challenges/{self.theirs}"),
            "tell theirs": lambda by: by.get(f"/challenges/{self.theirs}/timeline"),
            "send theirs": lambda by: by.get(f"/challenges/{self.theirs}/referral/0/bundle"),
            "note theirs": lambda by: by.post(event.format(self.theirs), {"type": "noted", **note}),
            "register": lambda by: by.get("/register"),
            "themes": lambda by: by.get("/themes"),
            "raise": lambda by: by.raises(),
            "notice": lambda by: by.post("/notices", {"child": "T-1", "what_went_well": "All."}),
            "ladders": lambda by: by.get("/ladders"),
            "ladder": lambda by: by.get("/ladders/resolution"),
            "diagram": lambda by: by.get("/ladders/resolution/diagram"),
            "assume": lambda by: by.post("/ladders/resolution/assumptions", {"path": "judge_within"}),
            "outbox": lambda by: by.get("/outbox"),
            "brake": lambda by: by.put("/outbox/brake", {"brake": ""}),
            "told": lambda by: by.post("/told-otherwise", {"references": [self.theirs], **MINIMAL["told_otherwise"]}),
            "reviews": lambda by: by.get("/reviews", child="T-1"),
            "reviewed": lambda by: by.post("/reviews", {"child": "T-1", "held_on": "2026-03-30"}),
            "track": lambda by: by.post("/reviews/tracking", {"child": "T-1", "why": "W", "priority": "a", "on": "2026-04-01"}),
            "follow": lambda by: by.post(f"/reviews/decisions/{self.decision}/follow", {"by": "2026-04-30"}),
            "follow theirs": lambda by: by.post(f"/reviews/decisions/{self.other}/follow", {"by": "2026-03-01"}),
            "release": lambda by: by.call("POST", "/api/v1/outbox/release"),
            "audit": lambda by: by.get("/audit/items"),
            "readings": lambda by: by.get("/audit/readings"),
            "changes": lambda by: by.get("/audit/changes"),
            "taken": lambda by: by.get("/audit/taken-caseloads"),
            "child's key": lambda by: by.get("/audit/children/0000000000000000"),
            "health": lambda by: by.get("/health"),
            "serving": lambda by: by.get("/health/serving"),
            "openapi": lambda by: by.call("GET", "/api/v1/openapi.json"),
            "docs": lambda by: by.call("GET", "/docs"),
            "asset": lambda by: by.call("GET", "/docs/start.js"),
        }


SHORT = {"access-ended": "ended", "not-permitted": "403", "not-yours": "not his", "unfit": "422", "not-found": "404"}


def shown(answer: Any) -> str:
    """An answer as the table writes it: its status, or what the problem is."""
    if answer.status_code in (403, 404, 422):
        kind = answer.json()["type"].removeprefix("urn:drp:")
        return SHORT.get(kind, kind)
    return str(answer.status_code)


@pytest.fixture
def scene(two: World) -> Scene:
    return Scene(two)


def test_the_whole_table_of_routes_and_relations_is_as_it_is_written(scene: Scene) -> None:
    requests = scene.requests()
    columns = list(requests)
    lines = [" | ".join(["relation".ljust(24), *(name.ljust(11) for name in columns)]).rstrip()]
    relations = scene.relations()
    heartbeat.beat_once(scene.world.service)
    heartbeat.each_authority(scene.world.service, heartbeat.checkpoint_authority)
    for relation, caller in relations.items():
        answers = [shown(requests[name](caller)) for name in columns]
        lines.append(" | ".join([relation.ljust(24), *(cell.ljust(11) for cell in answers)]).rstrip())
    expected = [line for line in TABLE.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    assert "\n".join(lines) == "\n".join(expected)
    asked = {(method, template) for method, template, _ in scene.world.contract.seen}
    assert asked == JSON_ROUTES, "every route stands in the table"


# What is forbidden looks like what does not exist.


MINIMAL: dict[str, dict[str, Any]] = {
    "reader_named": {"person": "00000000-0000-4000-8000-000000000009"},
    "reader_removed": {"person": "00000000-0000-4000-8000-000000000009"},
    "acknowledged": {}, "not_for_me": {"why": "w"},
    "redirected": {"of": "team_manager", "to": {"role": "operations_manager"}, "why": "w"},
    "clarification_asked": {"question": "w"}, "clarification_given": {"answer": "w"},
    "responded": {"position": "agrees", "answer": "w"}, "judged": {"verdict": "enough"},
    "told_otherwise": {"role": "team_manager", "how": "rang", "on": "2026-04-01"}, "did_not_arrive": {"role": "team_manager"},
    "reminded_by_hand": {}, "meeting_called_off": {}, "meeting_arranged": {"at": "2026-04-07T10:00:00Z"},
    "meeting_held": {"on": "2026-04-01"},
    "outcome_recorded": {"outcome": "w"},
    "escalated": {"why": "w"}, "escalation_held": {"why": "w"}, "escalation_recalled": {"why": "w"},
    "window_extended": {"until": "2026-04-20", "why": "w"}, "extension_taken_back": {}, "second_name_given": {},
    "fact_said": {"fact": "agreed_at_panel"}, "copy_added": {"role": "chief_executive"},
    "legal_advice_taken": {"source": "w", "on": "2026-04-01", "conflict_checked": True},
    "child_view_recorded": {"about": "the issue", "view": "w"}, "child_told": {"told": True},
    "advocate_recorded": {"state": "offered"}, "complaint_opened": {"reference": "C-1"}, "court_told": {"hearing": "2026-05-01"},
    "risk_acted_on": {"how": "LADO", "on": "2026-04-01"},
    "rights_explained": {"told": True, "on": "2026-04-01"}, "guardian_told": {"on": "2026-04-01"},
    "guardian_handed_over": {"on": "2026-04-01", "handed_over": "w"},
    "review_asked_for": {"review_by": "2026-05-01", "under": "regulation 33", "why": "w"},
    "review_adjourned": {"review_on": "2026-04-01", "adjourned_to": "2026-04-20", "why": "w"},
    "learning_noted": {"learned": "w", "told_of_it": "w", "on": "2026-04-01"},
    "thanked": {"words": "w"}, "quote_offered": {"quote": "w", "tells_nothing": True},
    "quote_answered": {"agrees": True, "offer": 1}, "quote_taken_back": {},
    "referral_considered": {"why_not": "w"}, "referred_to_cafcass": {"grounds": ["case_not_reviewed"], "why": "w"},
    "referral_acknowledged": {"cafcass_reference": "R", "on": "2026-04-01"},
    "referral_outcome": {"outcome": "advice", "on": "2026-04-01"}, "referral_told": {"told": ["head_of_cs"], "on": "2026-04-01"},
    "resolved": {"what_changed": "w"},
    "ended_unresolved": {"why": "w"}, "overtaken": {"by_what": "w"}, "withdrawn": {"why": "w"},
    "reopened": {"stage": "stage_2", "why": "w"}, "action_done": {"action": 1}, "action_not_done": {"action": 1, "why": "w"},
    "tracking_agreed": {"priority": "high", "on": "2026-04-01"}, "tracked_done": {"what": "look_at_file", "on": "2026-04-01"},
    "looked_through": {"on": "2026-04-01"}, "mid_point_contact": {"how": "none", "why_not": "w"},
    "impact_recorded": {"found": "better"}, "noted": {"text": "w"}, "corrected": {"entry": 1, "text": "w"},
    "recorded_in_error": {"why": "w"}, "endorsed": {}, "endorsement_declined": {"why": "w"},
    "windows_released": {"how": "as due", "why": "w"}, "ladder_moved": {"version": "2016/17", "stage": "stage_2", "why": "w"},
}  # fmt: skip

STRANGERS = {
    "ivor": "dunmoor", "ada": "dunmoor", "audrey": "dunmoor", "hugo": "dunmoor", "tom": "dunmoor", "cora": "dunmoor",
    "irene": "elsewhere", "mona": "elsewhere", "tess": "elsewhere",
}  # fmt: skip


def test_a_smallest_body_is_known_for_every_event(two: World) -> None:
    described = two.contract.document["paths"]["/api/v1/challenges/{reference}/events"]["post"]["requestBody"]
    assert set(MINIMAL) == set(described["content"]["application/json"]["schema"]["discriminator"]["mapping"])


def test_a_strangers_item_answers_byte_for_byte_like_one_that_does_not_exist(scene: Scene) -> None:
    before = scene.world.entries(scene.reference)
    for person, authority in STRANGERS.items():
        caller = scene.world.as_(person, authority)
        for path in ("", "/timeline"):
            real, none = (caller.get(f"/challenges/{reference}{path}") for reference in (scene.reference, NONE_SUCH))
            assert (real.status_code, real.content, real.headers) == (404, none.content, none.headers), (person, path)
        everything = person in ("ivor", "tom", "mona")
        for type_, said in MINIMAL.items() if everything else [("noted", MINIMAL["noted"])]:
            real, none = (caller.brings(reference, type_, **said) for reference in (scene.reference, NONE_SUCH))
            assert (real.status_code, real.content, real.headers) == (404, none.content, none.headers), (person, type_)
        lower = caller.get(f"/challenges/{scene.reference.lower()}")
        assert lower.content == caller.get(f"/challenges/{NONE_SUCH}").content
    assert scene.world.entries(scene.reference) == before


def test_stale_versions_and_repeated_keys_do_not_tell_either(scene: Scene) -> None:
    tom = scene.world.as_("tom")
    for headers in (
        {"If-Match": '"1.x"'},
        {"Idempotency-Key": "k"},
        {"If-Match": '"2.stage_3.awaiting"', "Idempotency-Key": "j"},
    ):
        real, none = (tom.brings(reference, "noted", headers, text="w") for reference in (scene.reference, NONE_SUCH))
        assert (real.status_code, real.content) == (404, none.content)


def test_a_former_holder_is_told_that_access_has_ended_and_no_more(scene: Scene) -> None:
    former = scene.world.as_("nobody")
    answers = [former.get(f"/challenges/{scene.reference}"), former.get(f"/challenges/{scene.reference}/timeline")]
    answers += [former.brings(scene.reference, type_, **said) for type_, said in MINIMAL.items()]
    for answer in answers:
        assert (answer.status_code, answer.json()["type"]) == (403, "urn:drp:access-ended")
        assert "T-1" not in answer.text
        assert "stage" not in answer.text
    assert former.get("/challenges", state="all").json()["items"] == []


@pytest.mark.parametrize("person", ["tess", "hugo", "ada", "audrey", "chris", "silas"])
def test_whether_a_child_is_known_is_not_for_everybody_to_learn(two: World, person: str) -> None:
    caller = two.as_(person)
    roles = ("iro", "social_worker", "team_manager", "head_of_cs", "chief_executive", "admiral")
    for role in roles:
        for path, body in (
            ("/challenges", {"item_type": "informal", "reasons": [two.reason], "concern": "w"}),
            ("/notices", {"what_went_well": "w"}),
        ):
            known, unknown = (caller.post(path, {**body, "child": child, "raiser_role": role}) for child in ("T-1", "T-99"))
            assert known.status_code == 422
            assert known.content == unknown.content, (role, path)


# Tokens.


def test_a_revoked_token_is_out_at_the_next_request_and_only_hashes_are_kept(two: World) -> None:
    tess = two.as_("tess")
    assert tess.get("/me").status_code == 200
    assert tess.token
    stored = two.rows(text("SELECT hash FROM token"))
    assert tess.token not in str(stored)
    assert tess.token.rpartition(".")[2] not in str(stored)
    with two.store.write("dunmoor") as connection:
        assert tokens.revoke_tokens(connection, "dunmoor", two.id("tess"), two.now) == 1
    assert tess.get("/me").status_code == 401


def test_a_post_taken_up_or_given_up_counts_at_the_next_request(two: World) -> None:
    tess, reference = two.as_("tess"), two.as_("irene").raises(item_type="formal").json()["reference"]
    assert tess.get(f"/challenges/{reference}").status_code == 200
    assert tess.get("/outbox").status_code == 403
    two.post_ends("tess", "team_manager", "2026-03-31")
    two.post_begins("tess", "administrator", "2026-04-01")
    assert tess.get(f"/challenges/{reference}").status_code == 403
    assert tess.get("/outbox").status_code == 200


def test_whoever_left_is_out_the_day_after(two: World) -> None:
    tess = two.as_("tess")
    two.leaves("tess", "2026-04-01")
    assert two.at("Wed 1 April 2026, 23:59").as_("tess").get("/me").status_code == 200
    two.at("Thu 2 April 2026, 00:00")
    assert tess.get("/me").status_code == 401


def test_a_token_of_one_authority_opens_nothing_in_another(two: World) -> None:
    token = two.as_("irene").token or ""
    secret = token.rpartition(".")[2]
    for forged in (f"drp.elsewhere.{secret}", f"drp.dunmoor'--.{secret}", f"drp..{secret}", secret, f"drp.dunmoor.{secret}.x"):
        assert Caller(two, forged).get("/me").status_code == 401
    basic = two.client.get("/api/v1/me", headers={"Authorization": f"Basic {token}"})
    query = two.client.get(f"/api/v1/me?token={token}")
    assert (basic.status_code, query.status_code) == (401, 401)


# A route that nobody declared.

Build = Callable[[], FastAPI]


@pytest.fixture
def declared(world: World) -> Iterator[Callable[[], FastAPI]]:
    """Builds the service again, on the world's database."""
    made: list[FastAPI] = []

    def build() -> FastAPI:
        made.append(api_app.create_app(world.settings, lambda: world.now))
        return made[-1]

    yield build
    for app in made:
        app.state.service.close()


def nothing() -> None:
    """A route that answers nothing."""


def test_a_route_that_the_table_does_not_name_stops_the_service(declared: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    app = declared()
    app.add_api_route("/api/v1/backdoor", nothing, methods=["GET"])
    with pytest.raises(Undeclared, match="backdoor"):
        request_context.check_declared(app)
    app = declared()
    app.router.routes.append(Mount("/files", app=FastAPI()))
    with pytest.raises(Undeclared, match="files"):
        request_context.check_declared(app)
    monkeypatch.delitem(request_context.ROUTES, ("GET", "/api/v1/inbox"))
    with pytest.raises(Undeclared, match="inbox"):
        declared()


def test_a_route_that_asks_nobody_who_they_are_stops_the_service(declared: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(request_context.ROUTES, ("GET", "/api/v1/health/serving"), RouteAudience.PERSON)
    with pytest.raises(Undeclared, match="asks nobody"):
        declared()


def test_a_route_that_is_declared_and_not_built_stops_the_service(declared: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(request_context.ROUTES, ("GET", "/api/v1/dreams"), RouteAudience.PERSON)
    with pytest.raises(Undeclared, match=r"not built.*dreams"):
        declared()


# Entries.


SECRETS = ("What counsel said", "What she told me alone", "A supervision note", "Counsel said more")


def with_secrets(world: World) -> str:
    """An item at stage 2 on which the IRO service keeps four things to itself."""
    irene = world.as_("irene")
    reference = str(irene.raises(item_type="formal").json()["reference"])
    advice = {"source": "Counsel", "on": "2026-04-01", "conflict_checked": True, "content": SECRETS[0]}
    entry = irene.brings(reference, "legal_advice_taken", **advice).json()["entry"]
    irene.brings(reference, "child_view_recorded", about="the issue", view=SECRETS[1], in_confidence=True)
    irene.brings(reference, "noted", text=SECRETS[2], iro_service_only=True)
    assert irene.brings(reference, "corrected", entry=entry, text=SECRETS[3]).status_code == 200
    return reference


def test_advice_confidence_and_supervision_are_the_iro_services_own_and_so_are_corrections_of_them(world: World) -> None:
    reference = with_secrets(world)
    world.cover("irene", "colin")
    for person in ("irene", "colin"):
        told = json.dumps(world.as_(person).timeline(reference))
        assert all(secret in told for secret in SECRETS), person
    for person in ("mona", "bob"):
        told = json.dumps(world.as_(person).timeline(reference))
        read = [secret for secret in SECRETS if secret in told]
        assert read == [SECRETS[2]], (person, "what the child's IRO alone should hold is not for the service at large")
    for person in ("tess", "otto", "sam"):
        seen = world.as_(person).timeline(reference)
        assert seen["proven"]
        assert not any(secret in json.dumps(seen) for secret in SECRETS), person
        assert not any(entry["iro_service_only"] for entry in seen["entries"])
        assert not {"legal_advice_taken", "corrected"} & {entry["kind"] for entry in seen["entries"]}
        item = json.dumps(world.as_(person).item(reference)) + world.as_(person).get("/inbox").text
        assert not any(secret in item for secret in SECRETS)
    noted = world.as_("tess").brings(reference, "noted", text="Mine.", iro_service_only=True)
    assert noted.status_code == 403


def test_a_correction_of_an_open_entry_is_read_by_everybody_and_only_its_writer_makes_it(world: World) -> None:
    reference = with_secrets(world)
    entry = world.as_("tess").brings(reference, "noted", text="Teh note.").json()["entry"]
    assert world.as_("irene").brings(reference, "corrected", entry=entry, text="The note.").status_code == 403
    assert world.as_("tess").brings(reference, "corrected", entry=entry, text="The note.").status_code == 200
    assert "The note." in json.dumps(world.as_("sam").timeline(reference))


def test_a_recipient_is_not_shown_the_references_of_other_items(world: World) -> None:
    irene = world.as_("irene")
    first = irene.raises(item_type="formal").json()["reference"]
    second = irene.raises(linked=[first]).json()["reference"]
    assert irene.item(second)["linked"] == [first]
    assert first in json.dumps(irene.timeline(second))
    sam = world.as_("sam")
    assert sam.item(second)["linked"] == []
    assert first not in json.dumps(sam.timeline(second))
    assert first not in json.dumps(sam.item(second))


def test_what_was_recorded_in_error_is_gone_for_all_but_the_iro_and_the_manager(scene: Scene) -> None:
    world, reference = scene.world, scene.reference
    irene = world.as_("irene")
    assert irene.brings(reference, "recorded_in_error", why="The wrong child.").status_code == 200
    none = world.as_("tess").get(f"/challenges/{NONE_SUCH}").content
    for person in ("otto", "tess", "gina", "silas", "nobody", "bob", "ivor", "ada"):
        caller = world.as_(person)
        for answer in (
            caller.get(f"/challenges/{reference}"), caller.get(f"/challenges/{reference}/timeline"),
            caller.brings(reference, "noted", text="w"),
        ):  # fmt: skip
            assert (answer.status_code, answer.content) == (404, none), person
        assert reference not in caller.get("/challenges", state="all").text
        assert reference not in caller.get("/inbox").text
    for person in ("irene", "mona"):
        assert world.as_(person).item(reference)["phase"] == "recorded_in_error"
        assert world.as_(person).brings(reference, "noted", text="w").status_code == 409
    kinds = [entry["kind"] for entry in irene.timeline(reference)["entries"]]
    assert kinds[-1] == "recorded_in_error"
    assert irene.timeline(reference)["proven"]


def test_a_list_shows_exactly_what_can_be_opened(two: World) -> None:
    irene, ivor = two.as_("irene"), two.as_("ivor")
    references = []
    for stage in ("informal", "stage_2", "stage_3", "stage_6", "stage_7"):
        for caller, child in ((irene, "T-1"), (irene, "T-3"), (ivor, "T-4")):
            said = {} if stage == "informal" else {"item_type": "formal", "stage": stage, "stage_reason": "High."}
            references.append(caller.raises(child, **said).json()["reference"])
    irene.brings(references[0], "withdrawn", why="Settled.")
    irene.brings(references[3], "escalated", why="Higher.")
    irene.brings(references[4], "recorded_in_error", why="Wrong.")
    two.cover("tess", "silas", delegate=True)
    two.cover("irene", "colin", "2026-04-01", "2026-04-01")
    two.post_ends("quinn", "strategic_manager_sqd", "2026-03-31")
    two.post_begins("nobody", "strategic_manager_sqd", "2026-04-01")
    two.post_begins("quinn", "social_worker", "2026-04-01", "team", "south")  # or nothing would tie her to the service
    sizes = {}
    everybody = (
        "irene ivor colin mona bob sam silas tess tom otto lena gina clara quinn nobody hugo petra cora leif chris ada audrey"
    )
    for person in everybody.split():
        caller = two.as_(person)
        listed = {item["reference"] for item in caller.get("/challenges", state="all", limit=100).json()["items"]}
        opened = {reference for reference in references if caller.get(f"/challenges/{reference}").status_code == 200}
        assert listed == opened, person
        sizes[person] = len(listed)
    assert sizes["mona"] == len(references)
    assert sizes["bob"] == len(references) - 1
    assert sizes["irene"] == sizes["colin"] == 10
    assert 0 < sizes["chris"] < sizes["cora"]
    assert sizes["ada"] == sizes["audrey"] == sizes["quinn"] == 0
    assert two.as_("irene", "elsewhere").get("/challenges", state="all").json()["items"] == []


def test_an_inbox_holds_ones_own_messages_only(scene: Scene) -> None:
    for person in ("otto", "tess", "gina", "tom", "cora"):
        messages = scene.world.as_(person).get("/inbox").json()["messages"]
        assert bool(messages) == (person in ("otto", "tess", "gina"))
        assert {message["reference"] for message in messages} <= {scene.reference}
    theirs = scene.world.as_("tess", "elsewhere").get("/inbox").json()["messages"]
    assert {message["reference"] for message in theirs} == {scene.theirs}


# Row level security, with nothing of ours in front of it.


on_postgresql = pytest.mark.parametrize("store", ["postgresql"], indirect=True)


def tables(store: Store) -> dict[str, str]:
    """Every table with its column that names the authority."""
    from drp.database.tables import metadata

    return {table.name: "key" if table.name == "authority" else "authority" for table in metadata.sorted_tables}


@on_postgresql
def test_a_plain_connection_sees_only_the_authority_that_it_named(scene: Scene, store: Store) -> None:
    filled = set()
    for table, column in tables(store).items():
        for authority in ("dunmoor", "elsewhere"):
            with store.read(authority) as connection:
                seen = set(connection.execute(text(f'SELECT DISTINCT "{column}" FROM "{table}"')).scalars())
            assert seen <= {authority}, table
            filled |= {table} if seen else set()
        with store.engine.begin() as connection:  # named none at all
            assert connection.execute(text(f'SELECT count(*) FROM "{table}"')).scalar() == 0, table
    assert {"challenge", "entry", "words", "window", "delivery", "person", "token", "child"} <= filled


@on_postgresql
def test_rows_of_another_authority_can_be_neither_inserted_changed_nor_taken_over(scene: Scene, store: Store) -> None:
    from sqlalchemy.exc import DBAPIError

    for table, column in tables(store).items():
        with store.read("elsewhere") as connection:
            row = connection.execute(text(f'SELECT * FROM "{table}" LIMIT 1')).mappings().first()
        if row is None:
            continue
        names = ", ".join(f'"{name}"' for name in row)
        copied = f'INSERT INTO "{table}" ({names}) SELECT {names} FROM json_populate_record(NULL::"{table}", :row)'
        given = json.dumps({name: str(value) if not isinstance(value, dict | list | bool | int | None) else value
                            for name, value in row.items()})  # fmt: skip
        # A row of an item is refused before its authority is looked at: it does not come with its item.
        refused = r"row-level security|written with its|a text is stored first|the next change is|permission denied"
        with pytest.raises(DBAPIError, match=refused), store.write("dunmoor") as connection:
            connection.execute(text(copied), {"row": given})
        with store.engine.begin() as connection:
            connection.execute(text("SELECT set_config('drp.authority', 'dunmoor', true)"))
            may_change = "SELECT has_column_privilege(:table, :name, 'UPDATE')"
            for name in row:
                if connection.execute(text(may_change), {"table": f'"{table}"', "name": name}).scalar():
                    changing = f'UPDATE "{table}" SET "{name}" = "{name}" WHERE "{column}" = \'elsewhere\''
                    assert connection.execute(text(changing)).rowcount == 0, table
            assert not connection.execute(text(may_change), {"table": f'"{table}"', "name": column}).scalar(), table


@on_postgresql
def test_the_applications_role_owns_nothing_and_cannot_step_round_the_policies(store: Store) -> None:
    from sqlalchemy.exc import DBAPIError

    with store.engine.begin() as connection:
        owned = connection.execute(text("SELECT count(*) FROM pg_tables WHERE tableowner = current_user")).scalar()
        role = connection.execute(text("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")).one()
        forced = connection.execute(
            text(
                "SELECT relname FROM pg_class "
                "WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND NOT relrowsecurity"
            )
        ).scalars()
        assert set(forced) == {"alembic_version"}
    assert (owned, tuple(role)) == (0, (False, False))
    for attempt in (
        "ALTER TABLE entry DISABLE ROW LEVEL SECURITY", "DROP POLICY one_authority ON entry", "SET ROLE drp_owner",
        "TRUNCATE entry", "DELETE FROM challenge", "CREATE TABLE mine (a int)", "DROP TABLE entry",
    ):  # fmt: skip
        with pytest.raises(DBAPIError, match=r"permission|owner"), store.engine.begin() as connection:
            connection.execute(text(attempt))


@on_postgresql
def test_no_authority_stays_on_a_connection_after_commit_rollback_or_error(
    scene: Scene, store: Store, request: pytest.FixtureRequest
) -> None:
    lone = Store(store.url, pool_size=1)
    request.addfinalizer(lone.close)
    counted = text("SELECT count(*) FROM challenge")
    setting = text("SELECT current_setting('drp.authority', true)")

    def bare() -> tuple[Any, Any]:
        with lone.engine.begin() as connection:
            return connection.execute(counted).scalar(), connection.execute(setting).scalar() or ""

    with lone.write("dunmoor") as connection:
        assert connection.execute(counted).scalar() == 1
    assert bare() == (0, "")
    with pytest.raises(RuntimeError), lone.write("dunmoor"):
        raise RuntimeError("rolled back")
    assert bare() == (0, "")
    with pytest.raises(Exception, match="division by zero"), lone.write("dunmoor") as connection:
        connection.execute(text("SELECT 1 / 0"))
    assert bare() == (0, "")
    for n in range(500):
        authority = ("dunmoor", "elsewhere")[n % 2]
        with lone.read(authority) as connection:
            assert set(connection.execute(text("SELECT authority FROM challenge")).scalars()) == {authority}


def test_the_timeline_can_be_neither_changed_nor_deleted_on_either_engine(scene: Scene) -> None:
    from sqlalchemy.exc import DBAPIError

    before = scene.world.entries(scene.reference)
    for attempt in (
        "UPDATE entry SET kind = 'resolved'", "UPDATE entry SET facts = '{}' WHERE number = 1", "DELETE FROM entry",
        "DELETE FROM entry WHERE number > 2",
    ):  # fmt: skip
        with pytest.raises(DBAPIError, match=r"append-only|permission denied"), scene.world.store.write("dunmoor") as connection:
            connection.execute(text(attempt))
    assert scene.world.entries(scene.reference) == before
    assert scene.world.as_("irene").timeline(scene.reference)["proven"]
