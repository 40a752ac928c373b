"""What every route is given: the service, the moment, and who asks. Deny by default; an undeclared route stops start-up."""

from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Address, ip_address
from typing import Annotated

from fastapi import Depends, FastAPI, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.routing import Route

from api.assembly import Service
from api.routes import ROUTES
from drp.identity import tokens
from drp.identity.principal import NotPermitted, Principal, RouteAudience, serves_principal

bearer = HTTPBearer(auto_error=False, description="An API token: `drp token create`.")


class Undeclared(Exception):
    """A route that the table above does not name, or the other way round: the service does not start."""


@dataclass(frozen=True)
class RequestContext:
    """One request: the service, the moment (aware UTC) and the person."""

    service: Service
    now: datetime
    signed: Principal

    @property
    def authority(self) -> str:
        """The authority that the person belongs to."""
        return self.signed.authority


def service_of_request(request: Request) -> Service:
    """The service that this application was built for."""
    service: Service = request.app.state.service
    return service


def address_of(request: Request) -> str:
    """Where a request comes from: an IPv4 address, or the network (/64) of an IPv6 address, which is one household's."""
    host = request.client.host if request.client else ""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return host[:64]
    if isinstance(address, IPv4Address):
        return str(address)
    return str(address.ipv4_mapped) if address.ipv4_mapped else f"{address.exploded[:19]}::/64"


def request_context(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)] = None
) -> RequestContext:
    """Who asks. The token is looked up at every request, so what was revoked is out at the next one, on every replica."""
    service = service_of_request(request)
    now = service.clock()
    if credentials is None:
        raise tokens.NotSigned
    authority = tokens.authority_of_token(credentials.credentials)
    with service.store.read(authority) as connection:
        person = tokens.person_of_token(connection, service.seal, authority, credentials.credentials, now)
        current = service.casework.procedures.current(connection, authority)
        if not current:
            raise tokens.NotSigned
        signed = tokens.principal_of(connection, current[0].authority, person, now)
        # Whoever has no post today, nor stands in or sees for somebody, has nothing here, by whatever way they come.
        if not tokens.has_a_place(connection, signed, now):
            raise tokens.NotSigned
    route = request.scope["route"]
    asked = request.state.asked = RequestContext(service, now, signed)
    if not serves_principal(ROUTES[request.method, route.path], signed.capacities):
        raise NotPermitted
    return asked


CurrentRequest = Annotated[RequestContext, Depends(request_context)]

ASKERS: set[object] = {request_context}
"""What asks who is there: by a token here, by a session for the pages."""


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
        asks = isinstance(route, APIRoute) and _asks(route.dependant)
        if ROUTES[key] is not RouteAudience.ANYONE and not asks:
            raise Undeclared(f"{key} asks nobody who they are")


def _asks(dependant: Dependant) -> bool:
    """Does a route, or anything that it depends on, ask who is there?"""
    return any(each.call in ASKERS or _asks(each) for each in dependant.dependencies)


def _keys(route: Route) -> set[tuple[str, str]]:
    return {(method, route.path) for method in route.methods or () if method != "HEAD"}
