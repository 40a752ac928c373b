"""More instances of the service on one database, as replicas are, each with its own settings and one clock for all."""

from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from fastapi.testclient import TestClient
from sqlalchemy import event

from api.app import create_app
from notifications.channels import OutgoingMail, SendOutcome
from notifications.sign_in_links import send_links
from tests.cast.direct import client_of
from tests.cast.stores import read_once
from tests.cast.world import World
from tests.pages.browser import Visitor


class Postbag:
    """A channel that keeps what it is given, in memory."""

    def __init__(self) -> None:
        self.posts: list[OutgoingMail] = []
        self.is_down = False

    def send(self, post: OutgoingMail) -> SendOutcome:
        if self.is_down:
            raise OSError("no relay")
        self.posts.append(post)
        return SendOutcome(accepted=frozenset(post.envelope))

    def link(self, n: int = -1) -> str:
        """The path of a link that was sent."""
        lines = self.posts[n].letter.text.splitlines()
        return "/" + next(line for line in lines if "/sign-in/link/" in line).split("://", 1)[1].split("/", 1)[1]


class Replica:
    """One instance. A `Visitor` may be given it in place of a world."""

    def __init__(self, world: World, **settings: Any) -> None:
        self.world = world
        self.settings = world.settings.model_copy(update=settings)
        self.app = create_app(self.settings, lambda: world.now)
        built, self.mail = self.app.state.service, Postbag()
        read_once(built.casework.procedures)
        self.service = self.app.state.service = replace(built, sender=replace(built.sender, channel=self.mail))
        self._opened = ExitStack()
        self._opened.enter_context(TestClient(self.app))
        self.client = self._opened.enter_context(client_of(self.app))
        self.statements: list[str] = []
        store = self.service.store
        for engine in (store.writer, store.reader) if store.is_sqlite else (store.writer,):
            event.listen(engine, "before_cursor_execute", self._note)

    def _note(self, connection: Any, cursor: Any, statement: str, *more: Any) -> None:
        self.statements.append(statement)

    def close(self) -> None:
        self._opened.close()

    def at(self, cookie: str = "") -> Visitor:
        """A browser with a cookie, at this instance."""
        return Visitor(self, cookie)  # type: ignore[arg-type]

    def asks(self, email: str, then: str = "/", authority: str = "dunmoor", **more: Any) -> Any:
        """Somebody asks for a link."""
        return self.at().send("POST", "/sign-in", data={"email": email, "then": then, "authority": authority}, **more)

    def sends_links(self) -> int:
        """A round of the links that wait."""
        service = self.service
        return send_links(service.casework, service.seal, self.world.key, lambda: self.world.now, service.sender)

    def signs_in(self, link: str, cookie: str = "") -> Any:
        """The button of the link's page is pressed."""
        return self.at(cookie).send("POST", link)


def cookie_of(answer: Any, name: str = "drp") -> str:
    """The session that an answer hands to the browser."""
    found = [line for line in answer.headers.get_list("set-cookie") if line.startswith(f"{name}=")]
    assert len(found) == 1, answer.headers
    return str(found[0].split(";")[0].split("=", 1)[1].strip('"'))
