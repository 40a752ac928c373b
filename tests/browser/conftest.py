"""One Chromium and one served application for each worker, one browser context for each test."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from tests.browser.busy import PART, Busy
from tests.browser.counting import PROPERTY, Count, check
from tests.browser.hands import DESK, Hands, Sight
from tests.browser.inspecting import AXE, Inspection
from tests.browser.serving import Served, sow
from tests.browser.watching import Watch

CHROMIUM = Path("/usr/bin/chromium")
QUICK = (
    "--disable-features=SpareRendererForSitePerProcess,PaintHolding,Translate,MediaRouter",
    "--renderer-process-limit=1",
    "--disable-extensions",
    "--disable-gpu-rasterization",
    "--disable-background-networking",
)
"""Without what a person's browser does beside the page: measured, a third less work."""
INSTALL = (
    f"no browser at {CHROMIUM}: install Debian's packages chromium and fonts-liberation "
    "(as root on Debian, `make browser` does it)."
)


@contextmanager
def launched(playwright: Playwright) -> Iterator[Browser]:
    """Debian's own browser: the one that Playwright would fetch is never asked for."""
    browser = playwright.chromium.launch(
        executable_path=str(CHROMIUM),
        args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", *QUICK],
    )
    yield browser
    browser.close()


# Not the whole session: while Playwright stands, its loop runs in this thread, and other packages' tests have loops of theirs.


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """The browser. Where it is missing the tests fail, and say what to install."""
    if not CHROMIUM.exists():
        pytest.fail(INSTALL, pytrace=False)
    with sync_playwright() as playwright, launched(playwright) as browser:
        yield browser


@pytest.fixture(scope="package")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five authorities with their directories, nothing raised."""
    return sow(tmp_path_factory.mktemp("sown"))


@pytest.fixture(scope="package")
def shared(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The service that most tests share: its clock stands still."""
    with Served(tmp_path_factory.mktemp("served"), template) as served:
        yield served


@pytest.fixture
def alone(template: Path, tmp_path: Path) -> Iterator[Served]:
    """A service of a test's own: its clock and its database are the test's to move."""
    with Served(tmp_path, template) as served:
        yield served


@pytest.fixture(scope="package")
def busy(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Busy]:
    """A service in the middle of things. It is looked at; nobody changes what others look at."""
    with Served(tmp_path_factory.mktemp("busy"), template) as served:
        yield Busy(served, served.council(PART))


class Seats:
    """Browser tabs that tests sit down at one after another: a process for each test would cost more than the test does."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._free: dict[tuple[Sight, bool], list[Page]] = {}

    def take(self, sight: Sight, axe: bool) -> Page:
        """A tab with nothing in it, and nobody signed in."""
        free = self._free.setdefault((sight, axe), [])
        if free:
            return free.pop()
        context = self._browser.new_context(
            java_script_enabled=sight.scripts,
            viewport={"width": sight.width, "height": sight.height},
            locale="en-GB",
            timezone_id="Europe/London",
        )
        context.set_default_timeout(8_000)
        if axe:
            context.add_init_script(path=AXE)
        return context.new_page()

    def give_back(self, page: Page, sight: Sight, axe: bool) -> None:
        """Clear it for the next: no cookie, no other tab, no page, no way of looking of the last one's."""
        context = page.context
        context.clear_cookies()
        for other in context.pages:
            if other != page:
                other.close()
        page.emulate_media(media="screen")
        page.set_viewport_size({"width": sight.width, "height": sight.height})
        page.goto("about:blank")
        self._free[sight, axe].append(page)


@pytest.fixture(scope="package")
def seats(chromium: Browser) -> Seats:
    """The tabs of one worker."""
    return Seats(chromium)


Sit = Callable[..., Hands]


@pytest.fixture
def sit(seats: Seats) -> Iterator[Sit]:
    """Sits somebody down at a browser of their own; at the end nothing amiss may have been noticed."""
    sat: list[tuple[Hands, bool]] = []

    def down(served: Served, sight: Sight = DESK, hands: type[Hands] = Hands, axe: bool = False) -> Hands:
        page = seats.take(sight, axe)
        sat.append((hands(page, Watch(page.context, served.link), served.link, sight), axe))
        return sat[-1][0]

    yield down
    for one, axe in sat:
        one.rise()
        seats.give_back(one.page, one.sight, axe)
    for one, _ in sat:
        one.watch.check()


@pytest.fixture
def inspection(request: pytest.FixtureRequest) -> Iterator[Inspection]:
    """Looks at pages; at the end nothing may have been found."""
    made = Inspection(request.function.__name__)
    yield made
    made.check()


@pytest.fixture
def counted(request: pytest.FixtureRequest) -> Callable[[str, str, Hands], Count]:
    """Notes what a journey cost, for the table; a named one may cost ten clicks."""

    def note(name: str, column: str, hands: Hands) -> Count:
        count = hands.count
        request.node.user_properties.append((PROPERTY, (name, column, count.clicks, count.loads)))
        check(name, count)
        return count

    return note
