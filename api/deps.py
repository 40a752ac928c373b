"""What every route is given: the service, the moment, and who asks. Deny by default; an undeclared route stops start-up."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Depends, FastAPI, Request
from fastapi.routing import APIRoute, iter_route_contexts
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.routing import Route

from api.assembly import Service
from drp import identity
from drp.access import NotPermitted, Signed, Who, serves

ROUTES: dict[tuple[str, str], Who] = {
    ("POST", "/api/v1/challenges"): Who.RAISERS,
    ("GET", "/api/v1/challenges"): Who.PERSON,
    ("GET", "/api/v1/challenges/{reference}"): Who.ON_IT,
    ("POST", "/api/v1/challenges/{reference}/events"): Who.ON_IT,
    ("GET", "/api/v1/challenges/{reference}/timeline"): Who.ON_IT,
    ("POST", "/api/v1/notices"): Who.RAISERS,
    ("GET", "/api/v1/ladders"): Who.PERSON,
    ("GET", "/api/v1/ladders/{name}"): Who.PERSON,
    ("GET", "/api/v1/ladders/{name}/diagram"): Who.PERSON,
    ("POST", "/api/v1/ladders/{name}/assumptions"): Who.MANAGERS,
    ("GET", "/api/v1/inbox"): Who.PERSON,
    ("GET", "/api/v1/me"): Who.PERSON,
    ("GET", "/api/v1/outbox"): Who.MANAGERS,
    ("PUT", "/api/v1/outbox/brake"): Who.MANAGERS,
    ("POST", "/api/v1/outbox/release"): Who.MANAGERS,
    ("GET", "/api/v1/health"): Who.ANYONE,
    ("GET", "/api/v1/openapi.json"): Who.ANYONE,
    ("GET", "/docs"): Who.ANYONE,
    ("GET", "/docs/{name}"): Who.ANYONE,
}
"""Every route and whom it serves. What one person may do on one item is decided by `drp.access.actor_on`."""

bearer = HTTPBearer(auto_error=False, description="An API token: `drp token create`.")


class Undeclared(Exception):
    """A route that the table above does not name, or the other way round: the service does not start."""


@dataclass(frozen=True)
class Asking:
    """One request: the service, the moment (aware UTC) and the person."""

    service: Service
    now: datetime
    signed: Signed

    @property
    def authority(self) -> str:
        """The authority that the person belongs to."""
        return self.signed.authority


def service_of(request: Request) -> Service:
    """The service that this application was built for."""
    service: Service = request.app.state.service
    return service


def asking(request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)] = None) -> Asking:
    """Who asks. The token is looked up at every request, so what was revoked is out at the next one, on every replica."""
    service = service_of(request)
    now = service.clock()
    if credentials is None:
        raise identity.NotSigned
    authority = identity.authority_of(credentials.credentials)
    with service.store.read(authority) as connection:
        person = identity.person_of_token(connection, authority, credentials.credentials, now)
        current = service.casework.procedures.current(connection, authority)
        if not current:
            raise identity.NotSigned
        signed = identity.signed(connection, current[0].authority, person, now)
    route = request.scope["route"]
    if not serves(ROUTES[request.method, route.path], signed.capacities):
        raise NotPermitted
    return Asking(service, now, signed)


Asked = Annotated[Asking, Depends(asking)]


def check_declared(app: FastAPI) -> None:
    """Raise Undeclared unless the application's routes and the table name exactly the same."""
    # FastAPI keeps an included router whole: its routes do not stand among the application's own.
    routes = [context.original_route for context in iter_route_contexts(app.routes)]
    others = [str(route) for route in routes if not isinstance(route, Route)]
    found = {key: route for route in routes if isinstance(route, Route) for key in _keys(route)}
    undeclared, unbuilt = set(found) - set(ROUTES), set(ROUTES) - set(found)
    if undeclared or unbuilt or others:
        raise Undeclared(f"undeclared: {sorted(undeclared)} {others}; declared and not built: {sorted(unbuilt)}")
    for key, route in found.items():
        asks = isinstance(route, APIRoute) and asking in {dependency.call for dependency in route.dependant.dependencies}
        if ROUTES[key] is not Who.ANYONE and not asks:
            raise Undeclared(f"{key} asks nobody who they are")


def _keys(route: Route) -> set[tuple[str, str]]:
    return {(method, route.path) for method in route.methods or () if method != "HEAD"}
