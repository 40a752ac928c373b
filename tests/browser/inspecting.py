"""A page held against what can be measured of accessibility: axe-core's rules, and what axe cannot see."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from playwright.sync_api import ViewportSize

import api
from api.routes import ROUTES
from tests.browser.hands import DESK, NARROW, Hands

AXE = Path(api.__path__[0]) / "node_modules" / "axe-core" / "axe.min.js"
SHOWN: dict[str, set[str]] = {}
"""By test, the pages that it looks at."""

Test = TypeVar("Test", bound=Callable[..., Any])


def shows(*templates: str) -> Callable[[Test], Test]:
    """Says which pages (by their route) a test looks at, in whatever states."""

    def noted(test: Test) -> Test:
        assert set(templates) <= set(pages()), set(templates) - set(pages())
        SHOWN[test.__name__] = set(templates)
        return test

    return noted


@cache
def pages() -> tuple[str, ...]:
    """Every route that answers a GET with a page of ours."""
    return tuple(path for method, path in ROUTES if method == "GET" and not path.startswith(NO_PAGES))


NO_PAGES = ("/api/", "/assets/", "/docs", "/sign-in/back", "/sign-in/with/", "/challenges/{reference}/documents/{number}",
            "/challenges/{reference}/referral/{which}/", "/register/export", "/themes/file",
            "/reports/{report}/file")  # fmt: skip
"""Programs' answers, files, the interface's own description (a third party's page), and ways out to another sign-in."""


def route_of(path: str) -> str:
    """The route that a path belongs to, the most particular one."""
    parts = urlsplit(path).path.split("/")
    fits = [
        template
        for _, template in ROUTES
        if len(template.split("/")) == len(parts)
        and all(want[:1] == "{" or want == part for want, part in zip(template.split("/"), parts, strict=True))
    ]
    return min(fits, key=lambda template: template.count("{"), default="")


class Inspection:
    """What was found on the pages that one test looks at. Nothing may be."""

    def __init__(self, test: str) -> None:
        self.found: list[str] = []
        self.titles: dict[str, str] = {}
        self._test, self._seen = test, set[str]()

    def look(self, hands: Hands, state: str = "", is_faulty: bool = False, status: int = 200, heading: str = "") -> Hands:
        """Look at the page where somebody is. `is_faulty`: it says that something is to be put right."""
        route = route_of(hands.path)
        where = f"{route} {state}".strip()
        wanted = 422 if is_faulty else status
        if hands.status != wanted:
            self.found.append(f"{where}: answered {hands.status}, not {wanted}: {hands.heading}")
        if heading and hands.heading != heading:
            self.found.append(f"{where}: the heading is {hands.heading!r}")
        self._say(where, hands.page.evaluate(_OWN, is_faulty))
        if hands.page.evaluate("matchMedia('print').matches"):
            self._say(where, list(_of_axe(hands)))
            return hands
        if route not in self._seen:
            with _at(hands, DESK.width, DESK.height):
                self._say(where, list(_of_axe(hands)))
        self._narrow(hands, where)
        if wanted in (200, 422):
            self._seen.add(route)
            self._title(route, where, hands.page.title())
        return hands

    def look_at_a_letter(self, hands: Hands, path: str) -> None:
        """Look at a message as a mail program shows it: there no script runs, so its text is looked at on a page of its own."""
        got = hands.page.request.get(f"{hands.link}{path}")
        assert got.status == 200
        hands.page.goto("about:blank")
        hands.page.set_content(got.text())
        self._seen.add(route_of(path))
        self._say(route_of(path), [said for said in _of_axe(hands) if "landmark" not in said and "heading" not in said])

    def _say(self, where: str, faults: list[str]) -> None:
        self.found += [f"{where}: {fault}" for fault in faults]

    def _title(self, route: str, where: str, title: str) -> None:
        plain = title.removeprefix("Error: ")
        route = _SHOWN_BY.get(route, route)
        other = self.titles.setdefault(plain, route)
        if other != route:
            self.found.append(f"{where}: the title {plain!r} is also that of {other}")

    def _narrow(self, hands: Hands, where: str) -> None:
        """At 320 px, and with the text spaced as WCAG 1.4.12 has it, nothing is cut off and nothing scrolls sideways."""
        with _at(hands, NARROW.width, NARROW.height):
            self._say(f"{where} at 320 px", hands.page.evaluate(_REFLOW))
            self._say(f"{where} at 320 px", list(_of_axe(hands)))
            hands.page.evaluate(_SPACED)
            self._say(f"{where} with its text spaced", hands.page.evaluate(_REFLOW))

    def check(self) -> None:
        """Fail for everything found, and for a page that the test said it would look at and did not."""
        missed = SHOWN.get(self._test, set()) - self._seen
        assert not self.found, "\n".join(dict.fromkeys(self.found))
        assert not missed, f"not looked at: {missed}"


_SHOWN_BY = {"/board/release": "/board", "/ladders/{name}/assumptions": "/ladders/{name}"}
"""Where a form is sent to an address of its own, the page that shows it again."""


@contextmanager
def _at(hands: Hands, width: int, height: int) -> Iterator[None]:
    """The page as wide as this, if it is not so already."""
    before = hands.page.viewport_size
    wanted: ViewportSize = {"width": width, "height": height}
    if before != wanted:
        hands.page.set_viewport_size(wanted)
    yield
    if before and before != wanted:
        hands.page.set_viewport_size(before)


def _of_axe(hands: Hands) -> Iterator[str]:
    for one in hands.page.evaluate(_RUN):
        yield f"axe {one['id']} ({one['impact']}): {one['help']}; {one['nodes']}"


_RUN = """async () => {
  const every = axe.getRules().filter(r => !r.tags.includes("wcag2aaa") && !r.tags.includes("experimental")).map(r => r.ruleId);
  const result = await axe.run(document, {
    runOnly: {type: "rule", values: every}, resultTypes: ["violations"], iframes: false, preload: false,
  });
  return result.violations.map(v => ({
    id: v.id, impact: v.impact, help: v.help,
    nodes: v.nodes.slice(0, 3).map(n => n.html.slice(0, 200) + " | " + n.failureSummary.slice(0, 200)),
  }));
}"""

_OWN = """faulty => {
  const found = [];
  const all = q => [...document.querySelectorAll(q)];
  const heads = all("h1").length;
  if (heads !== 1) found.push(`${heads} first headings`);
  if (document.documentElement.lang !== "en") found.push("no language");
  const summary = document.querySelector(".govuk-error-summary, #details_checked-warning");
  const titled = document.title.startsWith("Error: ");
  if (titled !== faulty) found.push(`the title is ${JSON.stringify(document.title)}`);
  if (!!summary !== faulty) found.push(faulty ? "no error summary" : "an error summary");
  if (faulty && summary && document.activeElement !== summary)
    found.push("the focus is not on the error summary but on " + document.activeElement.outerHTML.slice(0, 100));
  if (summary) for (const link of summary.querySelectorAll('a[href^="#"]'))
    if (!document.getElementById(decodeURIComponent(link.hash.slice(1)))) found.push(`the summary leads nowhere: ${link.hash}`);
  for (const link of all('main a[href^="#"]'))
    if (!document.getElementById(decodeURIComponent(link.hash.slice(1)))) found.push(`a link leads nowhere: ${link.hash}`);
  for (const one of all("[aria-describedby], [aria-labelledby], label[for]"))
    for (const name of ["aria-describedby", "aria-labelledby", "for"])
      for (const id of (one.getAttribute(name) || "").split(" ").filter(Boolean))
        if (!document.getElementById(id)) found.push(`${name} names ${id}, which is not on the page`);
  return found;
}"""

_REFLOW = """() => {
  const found = [], root = document.scrollingElement;
  const inside = e => e.closest(".app-scroll, .govuk-visually-hidden");
  if (root.scrollWidth > root.clientWidth) {
    const over = e => e.getBoundingClientRect().right > root.clientWidth + 1;
    const wide = [...document.body.querySelectorAll("*")].filter(e => over(e) && !inside(e));
    found.push(`scrolls sideways (${root.scrollWidth} of ${root.clientWidth} px): ` +
      wide.slice(-1).map(e => e.outerHTML.slice(0, 160)));
  }
  for (const e of document.querySelectorAll("main *, header *, footer *")) {
    if (!e.clientHeight || inside(e) || e.matches("textarea, select, option, svg, svg *, iframe")) continue;
    const style = getComputedStyle(e);
    if (style.overflow === "hidden" && (e.scrollHeight > e.clientHeight + 1 || e.scrollWidth > e.clientWidth + 1))
      found.push("cut off: " + e.outerHTML.slice(0, 160));
  }
  return found;
}"""

_SPACED = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync("* {line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important}" +
    " p {margin-bottom: 2em !important}");
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
}"""
