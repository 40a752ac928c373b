"""Somebody at a browser, without one: a cookie, pages read as a tree, forms filled in and sent as a browser would."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import httpx2

from drp.identity import sessions
from tests.cast.world import World


@dataclass
class FormOnPage:
    """A form as the page gives it: where it goes, and what its inputs hold."""

    action: str
    method: str
    inputs: dict[str, list[str]] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    buttons: list[tuple[str, str, str]] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[FormOnPage] = []
        self.links: list[tuple[str, str]] = []
        self.text: list[str] = []
        self.title = ""
        self._form: FormOnPage | None = None
        self._area = self._select = ""
        self._into: list[str] = []
        self._href: str | None = None
        self._button: tuple[str, str] | None = None
        self._said: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = FormOnPage(has.get("action", ""), has.get("method", "get"))
            self.forms.append(self._form)
        elif tag == "a" and "href" in has:
            self._href, self._said = has["href"], []
        elif tag == "title":
            self._into = ["title"]
        elif tag in ("script", "style"):
            self._into = ["skip"]
        if self._form is None:
            return
        name = has.get("name", "")
        if tag == "input" and name:
            self._form.names.add(name)
            if has.get("type") in ("checkbox", "radio"):
                if "checked" in has:
                    self._form.inputs.setdefault(name, []).append(has.get("value", "on"))
            elif has.get("type") != "file":
                self._form.inputs.setdefault(name, []).append(has.get("value", ""))
        elif tag == "textarea":
            self._form.names.add(name)
            self._area, self._said = name, []
        elif tag == "select":
            self._form.names.add(name)
            self._select = name
        elif tag == "option" and self._select and "selected" in has:
            self._form.inputs.setdefault(self._select, []).append(has.get("value", ""))
        elif tag == "button":
            self._button, self._said = (name, has.get("value", "")), []

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "a" and self._href is not None:
            self.links.append((self._href, " ".join("".join(self._said).split())))
            self._href = None
        elif tag == "textarea" and self._form is not None:
            # A browser drops the first line end after <textarea>.
            self._form.inputs[self._area] = ["".join(self._said).removeprefix("\n")]
            self._area = ""
        elif tag == "select":
            self._select = ""
        elif tag == "button" and self._button and self._form is not None:
            self._form.buttons.append((*self._button, " ".join("".join(self._said).split())))
            self._button = None
        elif tag in ("title", "script", "style"):
            self._into = []

    def handle_data(self, data: str) -> None:
        if self._into == ["title"]:
            self.title += data
        if self._into:
            return
        self._said.append(data)
        self.text.append(data)


class Page:
    """A page as somebody reads it."""

    def __init__(self, answer: httpx2.Response) -> None:
        self.answer, self.status, self.html = answer, answer.status_code, answer.text
        read = _Reader()
        read.feed(answer.text)
        self.title, self.forms, self.links = read.title, read.forms, read.links
        self.text = " ".join("".join(read.text).split())

    def form(self, action: str = "") -> FormOnPage:
        """The form that goes to an address (or the only one that is sent)."""
        found = [one for one in self.forms if one.method == "post" and (not action or one.action == action)]
        assert len(found) == 1, [one.action for one in self.forms]
        return found[0]

    def link(self, text: str) -> str:
        """Where a link of these words goes."""
        found = [href for href, said in self.links if said == text]
        assert found, f"no link {text!r} among {[said for _, said in self.links]}"
        return found[0]


class Visitor:
    """One person (or nobody) at a browser of their own."""

    def __init__(self, world: World, cookie: str = "") -> None:
        self.world, self.cookie = world, cookie

    def send(self, method: str, path: str, headers: Mapping[str, str] | None = None, **more: Any) -> httpx2.Response:
        """One request; redirects are not followed."""
        sent = {"Cookie": f"drp={self.cookie}"} if self.cookie else {}
        self.world.client.cookies.clear()
        answer = self.world.client.request(method, path, headers={**sent, **(headers or {})}, follow_redirects=False, **more)
        self.world.client.cookies.clear()
        return answer

    def open(self, path: str) -> Page:
        """A page, wherever it leads."""
        answer = self.send("GET", path)
        for _ in range(5):
            if answer.status_code not in (302, 303):
                break
            answer = self.send("GET", answer.headers["location"])
        return Page(answer)

    def fill(self, page: Page, action: str = "", press: tuple[str, str] | None = None, files: Any = None, **said: Any) -> Page:
        """Fill in a page's form and send it, as a browser would; then the page that it leads to."""
        form = page.form(action)
        data = {name: list(values) for name, values in form.inputs.items()}
        for name, value in said.items():
            name = name.replace("__", "-")
            assert name in form.names, f"the form has no {name!r}: {sorted(form.names)}"
            data[name] = list(value) if isinstance(value, list | tuple) else [str(value)]
        if press:
            data[press[0]] = [press[1]]
        answer = self.send("POST", form.action, data=data, files=files)
        if answer.status_code == 303:
            return self.open(answer.headers["location"])
        return Page(answer)


def at_browser(world: World, person: str, authority: str = "") -> Visitor:
    """A person of the cast, signed in."""
    key = authority or world.council.key
    with world.store.write(key) as connection:
        cookie = sessions.begin_session(
            connection, world.chance, world.service.seal, key, world.id(person, key), "link", world.now
        )
    return Visitor(world, cookie)


def day(name: str, text: str) -> dict[str, str]:
    """A day as the three inputs carry it: day("until", "27 3 2026")."""
    parts = text.split()
    return {f"{name}__{part}": value for part, value in zip(("day", "month", "year"), parts, strict=True)}
