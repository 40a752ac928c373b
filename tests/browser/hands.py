"""Somebody at a real browser: looks, presses, ticks, writes. Every click and every page load is counted."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from playwright.sync_api import Locator, Page, Response, expect

from tests.browser.counting import Count
from tests.browser.serving import Council
from tests.browser.watching import Watch


@dataclass(frozen=True)
class Sight:
    """How somebody looks: with or without scripts, at a desk or on a telephone."""

    scripts: bool = True
    width: int = 1200
    height: int = 600

    def __str__(self) -> str:
        return ("desk" if self.width > 640 else "phone") + ("" if self.scripts else ", no JS")


DESK, PHONE = Sight(), Sight(width=390, height=640)
NARROW = Sight(width=320, height=640)
DESK_PLAIN, PHONE_PLAIN = Sight(scripts=False), Sight(scripts=False, width=390, height=640)


class Hands:
    """One person at one browser tab, with a mouse."""

    def __init__(self, page: Page, watch: Watch, link: str, sight: Sight) -> None:
        self.page, self.watch, self.link, self.sight = page, watch, link, sight
        self.count = Count()
        self.status = 0
        page.on("load", self._loaded)
        page.on("response", self._answered)

    def _loaded(self, page: Page) -> None:
        self.count.loads += 1

    def _answered(self, response: Response) -> None:
        if response.request.is_navigation_request() and response.frame == self.page.main_frame:
            self.status = response.status

    def rise(self) -> None:
        """Leave the tab to the next."""
        self.watch.end()
        self.page.remove_listener("load", self._loaded)
        self.page.remove_listener("response", self._answered)

    # Looking.

    def open(self, path: str) -> "Hands":
        """Go to an address, as a bookmark or a link in a mail would."""
        self.page.goto(f"{self.link}{path}")
        return self

    @property
    def path(self) -> str:
        """Where they are."""
        return self.page.url.removeprefix(self.link)

    def sees(self, text: str) -> None:
        """Fail unless the page's main part says so."""
        expect(self.page.locator("main")).to_contain_text(text)

    @property
    def heading(self) -> str:
        """The page's heading."""
        return self.page.locator("h1").inner_text()

    def element(self, name: str, value: str = "") -> Locator:
        """An input by its name, and by its value where there are several."""
        chosen = f'[value="{value}"]' if value else ""
        return self.page.locator(f'main [name="{name}"]{chosen}:not([type="hidden"])')

    def _named(self, name: str, within: str = "main") -> Locator:
        """A button or a link by the words on it (a link may be drawn, and said, as a button)."""
        place = self.page.locator(within)
        return place.get_by_role("button", name=name, exact=True).or_(place.get_by_role("link", name=name, exact=True))

    # Doing.

    def press(self, name: str) -> "Hands":
        """Press a button or follow a link, by the words on it, and wait for the page that it leads to."""
        return self.take(self._named(name))

    def press_above(self, name: str) -> "Hands":
        """Follow a link of the page's head: the person's own, or the way back."""
        return self.take(self._named(name, "body"))

    def go(self, place: str) -> "Hands":
        """Go to one of the places in the navigation, which a narrow screen folds away where scripts run."""
        menu = self.page.get_by_role("button", name="Menu: show or hide the places")
        if menu.is_visible():
            self.unfold(menu)
        return self.take(self.page.locator("nav").get_by_role("link", name=place))

    def take(self, found: Locator) -> "Hands":
        """Press what was found on the page, and wait for the page that it leads to."""
        with self._going_on():
            self._activate(found)
        return self

    def unfold(self, found: Locator) -> "Hands":
        """Open what is folded away: no page is loaded."""
        self._activate(found)
        return self

    def tick(self, name: str, value: str = "") -> "Hands":
        """Tick a box, or choose one of several."""
        self.count.clicks += 1
        self._tick(self.element(name, value))
        expect(self.element(name, value)).to_be_checked()
        return self

    def choose(self, name: str, value: str) -> "Hands":
        """Choose in a menu."""
        self.count.clicks += 1
        self._choose(self.element(name), value)
        expect(self.element(name)).to_have_value(value)
        return self

    def write(self, name: str, text: str) -> "Hands":
        """Write into a field."""
        self._write(self.element(name), text)
        return self

    def date(self, name: str, day: Any) -> "Hands":
        """Write a day into its three fields."""
        for part in ("day", "month", "year"):
            self.write(f"{name}-{part}", str(getattr(day, part)))
        return self

    def has(self, name: str) -> bool:
        """Is there an input of that name on the page?"""
        return self.element(name).count() > 0

    @contextmanager
    def _going_on(self) -> Iterator[None]:
        with self.page.expect_event("load"):
            yield

    # By mouse.

    def _activate(self, found: Locator) -> None:
        self.count.clicks += 1
        found.click()

    def _tick(self, found: Locator) -> None:
        found.check()

    def _choose(self, found: Locator, value: str) -> None:
        found.select_option(value)

    def _write(self, found: Locator, text: str) -> None:
        found.fill(text)

    # Signing in.

    def be(self, council: Council, person: UUID) -> "Hands":
        """Be signed in already, where signing in is no part of what is looked at."""
        self.page.context.add_cookies([council.served.cookie(council.key, person)])
        return self

    def at_work(self, council: Council, person: UUID) -> "Hands":
        """Be signed in, at My tasks: where the counting of a journey begins."""
        self.be(council, person).open("/")
        self.count = Count()
        return self

    def sign_in(self, council: Council, person: UUID) -> "Hands":
        """Choose who to be, as the demonstration lets one."""
        self.open("/")
        expect(self.page.locator("h1")).to_have_text("Sign in")
        mine = self.page.locator(f'button[name="person"][value="{council.key}/{person}"]')
        if not mine.is_visible():
            self.unfold(self.page.locator("summary", has_text=council.authority.name))
        return self.take(mine)


class Keys(Hands):
    """One person at one browser tab, with a keyboard and nothing else."""

    def _reach(self, found: Locator, or_its_group: bool = False) -> None:
        """Tab until it has the focus; every stop on the way must be seen to have it."""
        expect(found).to_have_count(1)
        for _round in range(2):
            for _ in range(_STOPS):
                self.page.keyboard.press("Tab")
                where = found.evaluate(_FOCUSED)
                assert where != "unseen", f"the focus stands on something that does not show it: {self._focused()}"
                if where == "here" or (or_its_group and where == "in its group"):
                    return
                if where == "nowhere":
                    break  # round once: it may stand above where the round began
        raise AssertionError(f"{found} cannot be reached with the Tab key")

    def _focused(self) -> str:
        return str(self.page.evaluate("() => document.activeElement.outerHTML.slice(0, 200)"))

    def _activate(self, found: Locator) -> None:
        self.count.clicks += 1
        self._reach(found)
        self.page.keyboard.press("Enter")

    def _tick(self, found: Locator) -> None:
        self._reach(found, or_its_group=True)
        for _ in range(50):
            if found.evaluate("e => e === document.activeElement"):
                break
            self.page.keyboard.press("ArrowDown")
        if not found.is_checked():
            self.page.keyboard.press("Space")

    def _choose(self, found: Locator, value: str) -> None:
        self._reach(found)
        self.page.keyboard.type(found.locator(f'option[value="{value}"]').inner_text())

    def _write(self, found: Locator, text: str) -> None:
        self._reach(found)
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.insert_text(text)


_STOPS = 150
"""No page has more places to stop at."""

_FOCUSED = """e => {
  const here = document.activeElement;
  if (here === document.body) return "nowhere";
  const style = getComputedStyle(here);
  const lit = here.type === "radio" || here.type === "checkbox"
    ? getComputedStyle(here.nextElementSibling, "::before").boxShadow !== "none"
      || getComputedStyle(here.nextElementSibling, "::before").outlineStyle !== "none"
    : style.outlineStyle !== "none" || style.boxShadow !== "none";
  if (!lit) return "unseen";
  if (here === e) return "here";
  const both = e.type === "radio" && here.type === "radio";
  return both && here.name === e.name && here.form === e.form ? "in its group" : "elsewhere";
}"""


def words(text: str) -> re.Pattern[str]:
    """A pattern for a text that may be broken by line ends."""
    return re.compile(r"\s+".join(re.escape(part) for part in text.split()))
