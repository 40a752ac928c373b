"""Every page of the service as somebody asks for it, taken from the table of routes: a new one cannot hide from the attacks."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import product
from typing import Any

from api.pages.item.move_forms import BY_TYPE
from api.pages.raising.wizard_steps import STEPS
from api.request_context import ROUTES
from tests.cast.world import JSON_ROUTES
from tests.pages.browser import Visitor
from tests.pages.ground import NONE_SUCH, ON_THEIR_OWN, OTHER, OWN, PARTNER, THEIRS, Ground, token_of
from tests.store.files import png
from workflows.model.voices import VoiceSide

PAGES = [key for key in ROUTES if key not in JSON_ROUTES]
"""Every page's route, in the order of the table."""

SOME = ("escalated", "referral_considered", "withdrawn", "recorded_in_error", "noted", "corrected")
"""Moves that everybody looks at and brings; those who differ look at and bring them all."""

UNKNOWN = "00000000-0000-4000-8000-000000000000"


@dataclass(frozen=True)
class Place:
    """One request of the table: a route with something real in each of its parameters."""

    method: str
    template: str
    path: str
    whose: str = ""
    none: str = ""
    """The same path with something that does not exist, where `whose` is somebody's."""

    @property
    def name(self) -> str:
        """What the table calls it."""
        return f"{self.method} {self.path_in_words}"

    path_in_words: str = ""
    named: str = ""
    """What a query names, and `unnamed` in its place where it does not exist."""
    unnamed: str = ""


def places(ground: Ground, method: str, template: str) -> list[Place]:
    """A route's requests: one for each owner of what it names."""
    names = re.findall(r"{(\w+)}", template)
    if not names:
        return [Place(method, template, template, path_in_words=template), *_queries(ground, method, template)]
    found = []
    for chosen in product(*(_values(ground, template, name) for name in names)):
        owners = {one.owner for one in chosen if one.owner}
        if len(owners) > 1 or not all(one.fits(chosen) for one in chosen):
            continue
        path = in_words = none = template
        for name, one in zip(names, chosen, strict=True):
            path = path.replace(f"{{{name}}}", one.value)
            none = none.replace(f"{{{name}}}", one.none or one.value)
            in_words = in_words.replace(f"{{{name}}}", one.said)
        found.append(Place(method, template, path, next(iter(owners), ""), none if none != path else "", in_words))
    return found


HARMLESS = {
    "v": "a file's mark", "then": "where to go on to (test_sessions)", "state": "of a sign-in (test_oidc)",
    "code": "of a sign-in", "error": "of a sign-in", "iss": "of a sign-in", "all": "how much is shown",
    "done": "what is said on top", "page": "a number", "read": "a number", "kind": "a kind of item", "stage": "a stage",
    "version": "a procedure's", "saved": "a number",
    "change": "an assumption's path, or a change just made", "subject": "a message's kind",
    "at": "a channel", "before": "a number", "handed": "a number", "released": "a number", "left": "a number", "back": "a number",
    "told": "a number", "looked": "a number", "asked": "a number", "format": "a kind of file", "year": "a reporting year",
    "cover": "which of the covers listed was just entered",
    "action": "a number of the item that is asked for",
}  # fmt: skip
"""What may stand in a page's query and names nothing that is somebody's. Everything else is in `_queries`."""


def named_in_queries(ground: Ground) -> dict[tuple[str, str], list[tuple[str, str, str, str]]]:
    """What a query may name: its value, how the table calls it, whose it is, what does not exist in its place."""
    id_ = ground.world.id
    items = [(value, f"<{whose}>", whose, NONE_SUCH) for whose, value in ground.references.items()]
    children = [
        ("T-1", "<child>", "", "T-99"),
        ("T-4", "<another's child>", "", "T-99"),
        ("E-9", "<a child elsewhere>", THEIRS, "T-99"),
    ]
    teams = [("north", "north", "", "nowhere"), ("fells", "<a team elsewhere>", THEIRS, "nowhere")]
    people = [
        (str(id_("irene")), "<the IRO>", "", UNKNOWN), (str(id_("sam")), "<somebody>", "", UNKNOWN),
        (str(id_("irene", "elsewhere")), "<somebody elsewhere>", THEIRS, UNKNOWN),
    ]  # fmt: skip
    irene = [("Irene", "Irene", "", "")]
    return {
        ("/search", "q"): [*items, *children], ("/search", "team"): teams, ("/search", "after"): [("x", "x", "", "")],
        ("/raise", "child"): children, ("/talks/new", "child"): children, ("/reviews", "child"): children,
        ("/reviews/child", "child"): children, ("/reviews/new", "child"): children,
        ("/reviews/tracking", "child"): children, ("/board/hand-over", "of"): people,
        ("/cover", "of"): people, ("/cover", "find"): irene, ("/directory", "q"): irene,
        ("/administration/access-log", "person"): people,
        ("/register", "child"): children, ("/register", "team"): teams, ("/register", "iro"): people,
        ("/register", "reference"): items, ("/register", "after"): [("x", "x", "", "")],
        ("/register/export", "child"): children,
    }  # fmt: skip


def _queries(ground: Ground, method: str, template: str) -> list[Place]:
    found = []
    for (path, name), listed in named_in_queries(ground).items() if method == "GET" else ():
        for value, said, whose, none in listed if path == template else ():
            place = f"{template}?{name}={value}"
            unknown = f"{template}?{name}={none}" if none else ""
            found.append(Place(method, template, place, whose, unknown, f"{template}?{name}={said}", value, none))
    return found


@dataclass(frozen=True)
class _Value:
    """What stands in one parameter: how the table names it, whose it is, what does not exist in its place."""

    value: str
    said: str
    owner: str = ""
    none: str = ""
    only_for: str = ""
    """Only together with this owner's other values."""

    def fits(self, chosen: tuple["_Value", ...]) -> bool:
        return not self.only_for or any(one.owner == self.only_for for one in chosen)


def _values(ground: Ground, template: str, name: str) -> list[_Value]:
    world = ground.world
    if name == "report":
        owners = {said: THEIRS if said.endswith("elsewhere") else "" for said in ground.reports}
        return [_Value(value, f"<{said}>", owners[said], UNKNOWN) for said, value in ground.reports.items()]
    if name == "part":
        return [_Value("stages", "stages")]
    if name == "decision":
        return [_Value(value, f"<decision, {whose}>", whose, UNKNOWN) for whose, value in ground.decisions.items()]
    if name == "reference" and template.endswith("/make-challenge"):
        return [_Value(value, f"<followed, {whose}>", whose, NONE_SUCH) for whose, value in ground.followed.items()]
    if name == "reference":
        return [_Value(value, f"<{whose}>", whose, NONE_SUCH) for whose, value in ground.references.items()]
    if name == "move":
        everywhere = [_Value(move, move) for move in ("noted", "withdrawn", "recorded_in_error")]
        here = [
            move
            for move in (*SOME, *(one for one in BY_TYPE if one not in SOME))
            if move not in {one.value for one in everywhere}
        ]
        return [*everywhere, *(_Value(move, move, only_for=OWN) for move in (*here, "no-such"))]
    if name == "draft":
        return [_Value(value, f"<draft, {whose}>", whose, UNKNOWN) for whose, value in ground.drafts.items()]
    if name == "side":
        return [_Value(side.value, side.value) for side in VoiceSide]
    if name == "step":
        return [_Value(step, step, only_for="" if step in ("child", "check") else OWN) for step in STEPS]
    if name == "section":
        return [_Value("who", "who"), *(_Value(one, one, only_for=OWN) for one in ("documents", "send", "rehearsal", "no-such"))]
    if name == "which":
        return [_Value("draft", "draft"), _Value("9999", "<none such>", only_for=OWN)]
    if name == "number":
        return [
            _Value(str(number), f"<{what}>", none="9999", only_for=whose)
            for whose, listed in ground.documents.items()
            for what, number in listed.items()
        ]
    if name == "person" and template.startswith("/iros/"):
        named = {"irene": "<the IRO>", "ivor": "<another IRO>"}
        iros = [_Value(str(world.id(one)), said, none=UNKNOWN) for one, said in named.items()]
        return [*iros, _Value(str(world.id("irene", "elsewhere")), "<an IRO elsewhere>", THEIRS, UNKNOWN)]
    if name == "person":
        here = _Value(str(world.id("sam")), "<somebody>", none=UNKNOWN)
        return [here, _Value(str(world.id("sam", "elsewhere")), "<somebody elsewhere>", THEIRS, UNKNOWN)]
    if name == "team":
        return [_Value("north", "north"), _Value("south", "south"), _Value("fells", "<a team elsewhere>", THEIRS, "nowhere")]
    if name == "name":
        return [_Value("pages.css", "pages.css")] if template.startswith("/assets/") else [_Value("resolution", "resolution")]
    if name == "secret":
        return [_Value(f"dunmoor.{'0' * 64}", "<never sent>")]
    if name == "authority":
        return [_Value("dunmoor", "dunmoor")]
    raise KeyError(f"{template}: say in tests/pages/every_page.py what {{{name}}} may be, and whose")


# Forms, as pages give them.


@dataclass
class Control:
    """One input of a form, and what it offers."""

    kind: str
    value: list[str] = field(default_factory=list)
    options: list[str] = field(default_factory=list)


class Forms(HTMLParser):
    """Every form of a page: its action, its method and its controls by name."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, str, dict[str, Control]]] = []
        self._controls: dict[str, Control] | None = None
        self._select = self._area = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        name = has.get("name", "")
        if tag == "form":
            self._controls = {}
            self.found.append((has.get("action", ""), has.get("method", "get"), self._controls))
        if self._controls is None:
            return
        if tag == "option" and self._select:
            control = self._controls[self._select]
            control.options.append(has.get("value", ""))
            if "selected" in has and has.get("value"):
                control.value.append(has["value"])
        elif tag in ("input", "textarea", "select", "button") and name:
            kind = has.get("type", "text") if tag in ("input", "button") else tag
            control = self._controls.setdefault(name, Control("button" if tag == "button" else kind))
            if kind in ("checkbox", "radio"):
                control.options.append(has.get("value", "on"))
            if tag == "button":
                control.options.append(has.get("value", ""))
            elif kind not in ("checkbox", "radio") or "checked" in has:
                control.value += [has["value"]] if has.get("value") else []
            self._select = name if tag == "select" else self._select
            self._area = name if tag == "textarea" else self._area

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._controls = None
        if tag == "select":
            self._select = ""
        if tag == "textarea":
            self._area = ""

    def handle_data(self, data: str) -> None:
        if self._area and self._controls is not None and data.strip():
            self._controls[self._area].value = [data.removeprefix("\n")]


WRITTEN = {
    "child": "T-1", "team": "north", "version": "2016/17", "respond_by": "", "email": "sam@dunmoor.example",
    "sibling-1": "", "sibling-2": "", "sibling-3": "", "sibling-4": "",
    **{f"decisions-{n}-by": "27/4/2026" for n in range(4)},
}  # fmt: skip
"""What is written where a word is not enough. Everything else is a word."""


def answers(controls: dict[str, Control], word: str = "A word.") -> dict[str, list[str]]:
    """A form filled in as somebody would who answers everything."""
    said: dict[str, list[str]] = {}
    for name, one in controls.items():
        if one.kind in ("hidden",) or one.value:
            said[name] = one.value or [""]
        elif one.kind in ("radio", "select"):
            said[name] = next(([option] for option in one.options if option), [])
        elif one.kind == "checkbox":
            said[name] = one.options[:1] if len(one.options) > 1 else []
        elif one.kind in ("button", "file"):
            continue
        elif part := re.fullmatch(r".+-(day|month|year|time)", name):
            year = "2025" if name.startswith(("held_on", "care_plan_ratified_on", "pathway_plan_made_on")) else "2026"
            said[name] = [{"day": "27", "month": "4", "year": year, "time": "14:30"}[part[1]]]
        else:
            said[name] = [WRITTEN.get(name, word)]
    return said


PRESSED: dict[str, Callable[[Ground], dict[str, list[str]]]] = {
    "/reviews/marked": lambda ground: {"state": ["done"], "decisions": [ground.decisions[OWN]]},
    "/reviews/looked-through": lambda ground: {"items": [ground.mid_point]},
    "/reports/{report}/examples": lambda ground: {"reference": [ground.references[OWN]], "words": ["A word."], "remove": [""]},
    "/reports/{report}/requests": lambda ground: {"words": ["A word."]},
    "/reports/team-pages": lambda ground: {"first": ["2026-03"], "last": ["2026-03"]},
    "/reports/{report}/release": lambda ground: {"version": ["1"]},
    "/reviews/tracking": lambda ground: {
        "priority": ["high"],
        **{key: ["2"] for key in ("updates_every_weeks", "look_every_weeks")},
        "on-year": ["2025"],
    },
}
"""Where one of several buttons says what is meant: the one that is pressed, and what is ticked for it."""


class Asker:
    """Asks for places. A form's answers are taken once from the page of whoever may fill it in."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self._forms: dict[str, dict[str, Control] | None] = {}
        self._seen: dict[str, dict[str, Control]] = {}
        self._pages = self._every_page()

    def ask(self, place: Place, by: Visitor, path: str = "", said: Mapping[str, list[str]] | None = None) -> Any:
        """One request. A POST carries the form's answers (and what is `said` instead), with the token of whoever asks."""
        if place.method == "GET":
            return by.send("GET", path or place.path)
        return by.send("POST", path or place.path, **self.sent(place, by.cookie, said))

    def sent(self, place: Place, cookie: str, said: Mapping[str, list[str]] | None = None) -> dict[str, Any]:
        """What a POST carries."""
        body = {**self.body(place), "form_token": [token_of(cookie)] if cookie else [""], **(said or {})}
        more = {"files": {"file": ("plan.png", png(), "image/png")}} if place.template.endswith("/documents") else {}
        return {"data": body, **more}

    def body(self, place: Place) -> dict[str, list[str]]:
        """The answers of a place's form."""
        return answers(self.controls(place)) | PRESSED.get(place.template, lambda ground: {})(self.ground)

    def controls(self, place: Place) -> dict[str, Control]:
        """A place's form: from the page at the same address, or from another that holds it."""
        if place.path not in self._forms:
            self._forms[place.path] = self._from_own_page(place)
        found = self._forms[place.path]
        return found if found is not None else self._from_any_page(place)

    def _from_own_page(self, place: Place) -> dict[str, Control] | None:
        if ("GET", place.template) not in ROUTES:
            return None
        everybody = self.ground.everybody
        for who in dict.fromkeys((ON_THEIR_OWN[place.whose or OWN], "IRO manager", "administrator", "nobody signed in", "asked")):
            answer = everybody[who].send("GET", place.path)
            self.ground.restore()
            if answer.status_code == 200 and (form := _form(answer.text, place.path)) is not None:
                return form
        return None

    def _from_any_page(self, place: Place) -> dict[str, Control]:
        """Look through the pages, one after the other, until one of them holds the form."""
        while place.path not in self._seen and (page := next(self._pages, None)) is not None:
            for action, method, controls in Forms(page).found:
                if method == "post":
                    self._seen.setdefault(action.partition("?")[0], controls)
        return self._seen.get(place.path, {})

    def _every_page(self) -> Iterator[str]:
        gets = [template for method, template in PAGES if method == "GET" and "{move}" not in template]
        for template in gets:
            for place in places(self.ground, "GET", template):
                for who in ("the child's IRO", "IRO manager", "administrator") if place.whose in ("", OWN) else ():
                    answer = self.ground.everybody[who].send("GET", place.path)
                    self.ground.restore()
                    if answer.status_code == 200:
                        yield answer.text


def asker_of(ground: Ground) -> Asker:
    """The one that knows every form of this ground: they are the same whenever it is restored."""
    return ground.__dict__.setdefault("asker", Asker(ground))  # type: ignore[no-any-return]


def _form(html: str, action: str) -> dict[str, Control] | None:
    return next((form for to, how, form in Forms(html).found if how == "post" and to.partition("?")[0] == action), None)


__all__ = ["OTHER", "OWN", "PAGES", "PARTNER", "THEIRS", "Asker", "Forms", "Place", "answers", "asker_of", "places"]
