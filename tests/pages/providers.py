"""Identity providers on loopback, one real and one that says what it is told to, and a browser that goes between."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryFile
from threading import Event, Thread
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urljoin, urlsplit

import httpx2
from fastapi import FastAPI
from fastapi.testclient import TestClient
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from sqlalchemy import select, update
from sqlmodel import col

from api.app import create_app
from api.assembly import system_clock
from api.pages.frame.browser_request import cookie_name
from api.pages.sign_in import oidc
from drp.database.account_tables import SignInRow
from drp.settings import Provider
from tests.cast.world import World

BACK = "/sign-in/back"
SECRET = "a+b%c/d e:f~"
"""A client's secret with every character that is easily sent wrong."""

ACCOUNTS: dict[str, dict[str, Any]] = {
    "irene": {
        "oid": "oid-of-irene",
        "email": "Irene@Dunmoor.EXAMPLE",
        "email_verified": True,
        "preferred_username": "irene",
        "roles": ["reader", "drp.user"],
        "realm_access": {"roles": ["drp.user"]},
        "https://council.example/roles": ["drp.user"],
    },
    "mona": {
        "oid": "oid-of-mona",
        "email": "mona@dunmoor.example",
        "email_verified": True,
        "preferred_username": "mona",
        "roles": ["reader"],
    },
    "another-irene": {"email": "irene@dunmoor.example", "email_verified": True, "preferred_username": "another"},
    "unverified-irene": {"email": "irene@dunmoor.example", "email_verified": False},
    "silent-irene": {"email": "irene@dunmoor.example"},
    "stranger": {"email": "stranger@dunmoor.example", "preferred_username": "stranger"},
}


@contextmanager
def real_providers(link: str) -> Iterator[dict[str, str]]:
    """Issuers by name, of oidc-provider in a process of its own that ends with this block."""

    def client(name: str, method: str, algorithm: str = "RS256") -> dict[str, Any]:
        made = {"client_id": name, "redirect_uris": [link + BACK], "token_endpoint_auth_method": method}
        secret = {} if method == "none" else {"client_secret": SECRET}
        return made | secret | {"id_token_signed_response_alg": algorithm}

    basic = "client_secret_basic"
    every = [client("drp", basic), client("public", "none"), client("es", basic, "ES256"), client("ps", basic, "PS256")]
    asked = {
        "main": {"clients": every, "authMethods": [basic, "none"]},
        "post": {"clients": [client("drp", "client_secret_post")], "authMethods": ["client_secret_post"]},
    }
    node = shutil.which("node") or str(Path(sys.executable).with_name("node"))
    script = Path(__file__).with_name("provider.mjs")
    given = json.dumps({"providers": asked, "accounts": ACCOUNTS})
    pipe = subprocess.PIPE
    with (
        TemporaryFile("w+") as complaints,
        subprocess.Popen([node, script, given], stdin=pipe, stdout=pipe, stderr=complaints, text=True) as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        said = process.stdout.readline()
        if not said:
            complaints.seek(0)
            raise AssertionError(f"The provider did not start (`make assets` installs it): {complaints.read()}")
        try:
            yield json.loads(said)
        finally:
            process.stdin.close()
            process.terminate()


@cache
def signing_key(name: str = "one") -> RSAKey:
    """A key pair, made once."""
    return RSAKey.generate_key(2048, {"kid": name, "use": "sig"})


@cache
def curve_key() -> ECKey:
    return ECKey.generate_key("P-256", {"kid": "curve", "use": "sig"})


class Crooked:
    """A provider that says what it is told to: for what no honest one would say. Without being told it is honest."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self.metadata: dict[str, Any] = {}
        self.keys: list[Any] = [signing_key()]
        self.id_token: Any = None
        self.answers: Callable[[], tuple[int, Any]] = lambda: (200, self._token())
        self.asked: list[tuple[str, dict[str, str], dict[str, str]]] = []
        self.hangs = False
        self.ends = Event()

    def says(self, path: str) -> tuple[int, Any]:
        """The answer to a request."""
        if self.hangs:
            self.ends.wait(timeout=20)
        if path == "/.well-known/openid-configuration":
            honest = {"authorization_endpoint": "/auth", "token_endpoint": "/token", "jwks_uri": "/jwks"}
            return 200, {"issuer": self.issuer, **{k: self.issuer + v for k, v in honest.items()}, **self.metadata}
        if path == "/jwks":
            return 200, {"keys": [key.as_dict(private=False) for key in self.keys]}
        return self.answers() if path == "/token" else (404, {})

    def _token(self) -> dict[str, Any]:
        return {"access_token": "access-canary", "token_type": "Bearer", "expires_in": 60, "id_token": self.id_token}

    def claims(self, sent: str, /, **other: Any) -> dict[str, Any]:
        """Honest claims, and what is said instead. None: the claim is left out."""
        now = int(system_clock().timestamp())
        honest = {
            "iss": self.issuer, "aud": "drp", "sub": "subject-canary", "iat": now, "exp": now + 300, "nonce": sent,
            "email": "irene@dunmoor.example", "email_verified": True,
        }  # fmt: skip
        return {name: value for name, value in (honest | other).items() if value is not None}

    def signed(self, sent: str, key: Any = None, /, alg: str = "RS256", kid: str = "one", **claims: Any) -> str:
        """An ID token."""
        header = {"alg": alg, "kid": kid}
        return jwt.encode(header, self.claims(sent, **claims), key or signing_key(), algorithms=[alg])


@contextmanager
def crooked_provider() -> Iterator[Crooked]:
    """A provider that listens for the length of this block."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self, form: dict[str, str]) -> None:
            provider.asked.append((self.path, form, dict(self.headers)))
            status, body = provider.says(self.path)
            text = body if isinstance(body, bytes) else json.dumps(body).encode()
            try:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)
            except OSError:
                pass  # who asked did not wait

        def do_GET(self) -> None:
            self._answer({})

        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._answer(dict(parse_qsl(text)))

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        provider = Crooked(f"http://127.0.0.1:{server.server_address[1]}")
        thread = Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield provider
        finally:
            provider.ends.set()
            server.shutdown()
            thread.join(timeout=10)


class Signing:
    """A world whose council signs in by an identity provider; its clock goes with the machine's, as the provider's does."""

    def __init__(self, world: World, link: str, issuer: str, **set_: Any) -> None:
        self.world, self.authority = world, world.council.key
        self.later = timedelta(0)
        known = {"issuer": issuer, "client_id": "drp", "client_secret": SECRET} | set_
        providers = {self.authority: Provider.model_validate(known)}
        self.settings = world.settings.model_copy(update={"providers": providers, "link": link})
        self.app: FastAPI = create_app(self.settings, self.now)

    def now(self) -> datetime:
        return system_clock() + self.later

    def browser(self) -> "Browser":
        """A browser that was never here."""
        return Browser(self)

    def close(self) -> None:
        self.app.state.service.close()


class Browser:
    """Somebody's browser, at the service and at the provider."""

    def __init__(self, signing: Signing) -> None:
        self._signing = signing
        base = signing.settings.link
        self.here = TestClient(signing.app, base_url=base, follow_redirects=False)

    def sets_out(self, then: str = "/", authority: str = "") -> httpx2.Response:
        """Press "Sign in with …"."""
        return self.here.get(f"/sign-in/with/{authority or self._signing.authority}", params={"then": then})

    def comes_back(self, address: str = BACK, **query: str) -> httpx2.Response:
        """Follow the provider's redirect."""
        parts = urlsplit(address)
        text = parts.query or urlencode(query)
        return self.here.get(f"{parts.path}?{text}")

    def signs_in(self, login: str, then: str = "/") -> httpx2.Response:
        """All of it, at a real provider. Returns the service's last answer."""
        begun = self.sets_out(then)
        assert begun.status_code == 303, begun.text
        return self.comes_back(at_the_provider(begun.headers["location"], login))

    @property
    def session(self) -> str:
        """What the browser holds of a session, or nothing."""
        return str(self.here.cookies.get(cookie_name(self._signing.settings)) or "")

    @property
    def binding(self) -> str:
        """What the browser holds of a sign-in under way, or nothing."""
        return str(self.here.cookies.get(oidc.oidc_cookie_name(self._signing.settings)) or "")

    def is_signed_in(self, name: str = "") -> bool:
        """Does the service know who is here (and is it this person)?"""
        answer = self.here.get("/sign-out")
        assert answer.status_code in (200, 303), answer.text
        return answer.status_code == 200 and name in answer.text


def change_visits(signing: Signing, **changes: Any) -> None:
    """Change every sign-in under way, under the service's own seal."""
    seal, authority = signing.world.service.seal, signing.authority
    with signing.world.store.write(authority) as connection:
        for row in connection.execute(select(SignInRow.__table__)).mappings().all():  # type: ignore[attr-defined]
            changed = {**row, **changes}
            its = update(SignInRow).where(col(SignInRow.id) == row["id"])
            connection.execute(its.values(**changes, seal=seal.of(SignInRow, changed)))


def sent_with(begun: httpx2.Response) -> dict[str, str]:
    """What a redirect carries to the provider."""
    assert begun.status_code == 303, begun.text
    return {name: values[0] for name, values in parse_qs(urlsplit(begun.headers["location"]).query).items()}


def at_the_provider(address: str, login: str, is_willing: bool = True) -> str:
    """What a person does at oidc-provider: sign in, agree (or stop). Returns where they are sent back to."""
    with httpx2.Client(timeout=20) as there:
        answer = there.get(address)
        for _ in range(12):
            if answer.is_redirect:
                target = urljoin(str(answer.url), answer.headers["location"])
                if urlsplit(target).path == BACK:
                    return target
                answer = there.get(target)
                continue
            assert answer.status_code == 200, answer.text
            prompt = re.search(r'name="prompt" value="(\w+)"', answer.text)
            form = re.search(r'<form[^>]* action="([^"]+)"', answer.text)
            assert prompt, answer.text
            assert form, answer.text
            if is_willing:
                filled = {"prompt": prompt[1], "login": login, "password": "any"}
                answer = there.post(urljoin(str(answer.url), form[1]), data=filled)
            else:
                answer = there.get(f"{str(answer.url).rstrip('/')}/abort")
    raise AssertionError("the provider goes round and round")
