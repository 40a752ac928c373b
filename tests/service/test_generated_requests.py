"""Requests made from the service's own description of its JSON: none is answered by a fault, each as the description says."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from api.routes import ROUTES
from drp.casework.service import Casework
from tests.cast.councils import DERBY
from tests.cast.world import World
from workflows.model.refusals import Unfit

pytestmark = pytest.mark.deep

EXAMPLES = 40
"""Requests for each route."""

DONE = 2
"""So many of them at least do what they ask for: an operation that only ever refuses was not tried. More there need not be where
nothing is asked but whether what is named is there.
"""

NOT_ASKED = {
    "/api/v1/challenges/{reference}/documents": "takes a form: tests/pages/test_uploads_under_attack.py",
    "/api/v1/openapi.json": "is the description",
}

JSON_ROUTES = [(method, path) for method, path in ROUTES if path.startswith("/api/v1/") and path not in NOT_ASKED]


@dataclass(frozen=True)
class Ground:
    """What nobody could guess: who may ask, and what takes the place of the generated in a path and in a body.

    `words`: fields of the body that stay as they were generated.
    """

    person: str = "irene"
    path: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)
    words: tuple[str, ...] = ()
    query: dict[str, str] = field(default_factory=dict)
    authority: str = ""
    """Whose person asks, where it is not the world's own council."""
    times: int = DONE
    """How often at least it is done; 1 for what can be done to one thing once only."""


def grounds(world: World) -> dict[str, Ground]:
    """What there is to ask each operation for; a child's own IRO, who has referred the child, asks the rest."""
    irene = world.as_("irene")
    reference = str(irene.raises().json()["reference"])
    assert irene.brings(reference, "referred_to_cafcass").status_code == 200
    assumption = irene.get("/ladders/resolution").json()["assumptions"][0]["path"]
    world.sweep()  # health is green once it looked
    (audited,) = world.as_("audrey").get("/audit/items").json()["items"]
    item, ladder = {"reference": reference}, {"name": "resolution"}
    raised = {"child": "T-1", "item_type": "informal", "reasons": [world.reason], "concern": "The plan drifts."}
    world.found(DERBY)
    world.sweep(DERBY.key)
    tracked = {"child": "T-1", "why": "It drifts.", "priority": "low", "on": "2026-04-01"}
    held = {"child": "T-1", "held_on": "2026-03-30", "decisions": [{"words": "Dental check."}]}
    decision = irene.post("/reviews", held).json()["reviews"][0]["decisions"][0]["id"]
    told = {"references": [reference], "role": "social_worker", "how": "rang", "on": "2026-04-01"}
    return {
        "POST /api/v1/challenges": Ground(body=raised, words=("concern",)),
        "GET /api/v1/challenges/{reference}": Ground(path=item),
        "POST /api/v1/challenges/{reference}/events": Ground(path=item, body={"type": "noted", "text": "w"}, words=("text",)),
        "GET /api/v1/challenges/{reference}/timeline": Ground(path=item),
        "GET /api/v1/challenges/{reference}/referral/{number}/bundle": Ground(path={**item, "number": "0"}),
        "POST /api/v1/notices": Ground(body={"child": "T-1", "what_went_well": "w"}, words=("what_went_well",)),
        "GET /api/v1/ladders/{name}": Ground(path=ladder),
        "GET /api/v1/ladders/{name}/diagram": Ground(path=ladder),
        "POST /api/v1/ladders/{name}/assumptions": Ground("mona", ladder, {"path": assumption, "of": "ladder"}),
        "GET /api/v1/health": Ground("mona"),
        "GET /api/v1/outbox": Ground("mona"),
        "PUT /api/v1/outbox/brake": Ground("mona", body={"brake": "all", "why": "w"}, words=("why",)),
        "POST /api/v1/outbox/release": Ground("mona"),
        "GET /api/v1/audit/items": Ground("audrey"),
        "GET /api/v1/audit/readings": Ground("audrey"),
        "GET /api/v1/audit/changes": Ground("audrey"),
        "GET /api/v1/audit/taken-caseloads": Ground("audrey"),
        "GET /api/v1/audit/children/{key}": Ground("mona", {"key": audited["child_key"]}),
        "POST /api/v1/told-otherwise": Ground(body=told),
        "GET /api/v1/reviews": Ground(query={"child": "T-1"}),
        "POST /api/v1/reviews": Ground(body=held),
        "POST /api/v1/reviews/tracking": Ground(body=tracked, authority=DERBY.key),
        "POST /api/v1/reviews/decisions/{decision}/follow": Ground(
            path={"decision": decision}, body={"by": "2026-04-30"}, times=1
        ),
    }


def texts(value: Any) -> Iterator[str]:
    """Every text in a generated body."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for one in value.values() if isinstance(value, dict) else value:
            yield from texts(one)


def sent(case: Any, ground: Ground | None) -> dict[str, Any]:
    """What is sent for a generated case; with a `ground`, of what there is."""
    given_path = {**(case.path_parameters or {}), **(ground.path if ground else {})}
    path = case.path
    for name, value in given_path.items():
        path = path.replace("{" + name + "}", quote(str(value), safe=""))
    query = {name: value for name, value in (case.query or {}).items() if value is not None and ground is None}
    query |= ground.query if ground else {}
    body = {} if isinstance(case.body, type(schemathesis.core.NOT_SET)) else {"json": case.body}
    if ground is not None and body:
        generated = [text for text in texts(case.body) if text.strip()]
        body = {"json": {**ground.body, **dict(zip(ground.words, generated, strict=False))}}
    return {"path": path, "params": query, **body}


@pytest.mark.parametrize(("method", "path"), JSON_ROUTES)
def test_no_generated_request_is_answered_by_a_fault_and_some_do_what_they_ask(world: World, method: str, path: str) -> None:
    operation = schemathesis.openapi.from_dict(world.app.openapi())[path][method]
    ground = grounds(world).get(f"{method} {path}", Ground())
    caller = world.as_(ground.person, ground.authority)
    done: list[int] = []

    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy(), is_there=st.booleans())
    def asks(case: Any, is_there: bool) -> None:
        mark = {"Idempotency-Key": f"k{len(done)}"} if path.endswith("told-otherwise") else {}
        answer = caller.call(method, headers=mark, **sent(case, ground if is_there else None))  # each is held to its description
        assert answer.status_code != 500, answer.text
        done.append(answer.status_code)

    asks()
    assert sum(200 <= status < 300 for status in done) >= ground.times, f"{method} {path} was never reached: {sorted(set(done))}"


def test_planted_fault_is_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(self: Casework, *said: Any, **more: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(Casework, "act", breaks)
    with pytest.raises((AssertionError, ZeroDivisionError)):
        test_no_generated_request_is_answered_by_a_fault_and_some_do_what_they_ask(
            world, "POST", "/api/v1/challenges/{reference}/events"
        )


def test_planted_operation_that_only_ever_refuses_is_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(self: Casework, *said: Any, **more: Any) -> Any:
        raise Unfit("It is not done.", "Do it never.")

    monkeypatch.setattr(Casework, "act", refuses)
    whole = test_no_generated_request_is_answered_by_a_fault_and_some_do_what_they_ask
    monkeypatch.setattr(f"{__name__}.grounds", lambda world: {})
    with pytest.raises(AssertionError, match="was never reached"):
        whole(world, "POST", "/api/v1/challenges/{reference}/events")
