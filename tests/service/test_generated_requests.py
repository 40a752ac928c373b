"""Requests made from the service's own description of its JSON: none is answered by a fault, each as the description says."""

from typing import Any
from urllib.parse import quote

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from api.routes import ROUTES
from drp.casework.service import Casework
from tests.cast.world import World

pytestmark = pytest.mark.deep

EXAMPLES = 40
"""Requests for each route."""

NOT_ASKED = {
    "/api/v1/challenges/{reference}/documents": "takes a form: tests/pages/test_uploads_under_attack.py",
    "/api/v1/openapi.json": "is the description",
}

JSON_ROUTES = [(method, path) for method, path in ROUTES if path.startswith("/api/v1/") and path not in NOT_ASKED]


def sent(case: Any, known: dict[str, str]) -> dict[str, Any]:
    """What is sent for a generated case. `known`: path parameters that exist."""
    given_path = {**(case.path_parameters or {}), **known}
    path = case.path
    for name, value in given_path.items():
        path = path.replace("{" + name + "}", quote(str(value), safe=""))
    query = {name: value for name, value in (case.query or {}).items() if value is not None}
    body = {} if isinstance(case.body, type(schemathesis.core.NOT_SET)) else {"json": case.body}
    return {"path": path, "params": query, **body}


@pytest.mark.parametrize(("method", "path"), JSON_ROUTES)
def test_no_generated_request_is_answered_by_a_fault(world: World, method: str, path: str) -> None:
    operation = schemathesis.openapi.from_dict(world.app.openapi())[path][method]
    irene = world.as_("irene")
    reference = str(irene.raises().json()["reference"])

    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy(), is_there=st.booleans())
    def asks(case: Any, is_there: bool) -> None:
        known = {"reference": reference} if is_there and "reference" in (case.path_parameters or {}) else {}
        answer = irene.call(method, **sent(case, known))  # the caller holds every answer against the description
        assert answer.status_code != 500, answer.text

    asks()


def test_planted_fault_is_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(self: Casework, *said: Any, **more: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(Casework, "act", breaks)
    with pytest.raises((AssertionError, ZeroDivisionError)):
        test_no_generated_request_is_answered_by_a_fault(world, "POST", "/api/v1/challenges/{reference}/events")
