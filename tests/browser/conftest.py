"""One Chromium and one served application for each worker, one browser context for each test."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests.browser.busy import PART, Busy
from tests.browser.counting import MOST_CLICKS, NAMED, PROPERTY, Count, short
from tests.browser.hands import DESK, Hands, Sight
from tests.browser.inspecting import AXE, Inspection
from tests.browser.serving import Served, sow
from tests.browser.watching import Watch

CHROMIUM = Path("/usr/bin/chromium")
INSTALL = f"no browser at {CHROMIUM}: install Debian's chromium and fonts-dejavu-core (as root, `make browser` does it)."

# Not the whole session: while Playwright stands, its loop runs in this thread, and other packages' tests have loops of theirs.


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """The browser. Where it is missing the tests fail, and say what to install."""
    if not CHROMIUM.exists():
        pytest.fail(INSTALL, pytrace=False)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(CHROMIUM),
            args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--font-render-hinting=none"],
        )
        yield browser
        browser.close()


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


Sit = Callable[..., Hands]


@pytest.fixture
def sit(chromium: Browser) -> Iterator[Sit]:
    """Sits somebody down at a browser of their own; at the end nothing amiss may have been noticed."""
    sat: list[tuple[BrowserContext, Watch]] = []

    def down(served: Served, sight: Sight = DESK, hands: type[Hands] = Hands, axe: bool = False, **more: Any) -> Hands:
        context = chromium.new_context(
            java_script_enabled=sight.scripts,
            viewport={"width": sight.width, "height": sight.height},
            locale="en-GB",
            timezone_id="Europe/London",
            **more,
        )
        context.set_default_timeout(8_000)
        if axe:
            context.add_init_script(path=AXE)
        watch = Watch(context, served.link)
        sat.append((context, watch))
        return hands(context.new_page(), watch, served.link, sight)

    yield down
    for context, _ in sat:
        context.close()
    for _, watch in sat:
        watch.check()


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
        count, signing = hands.count, hands.signing_in
        request.node.user_properties.append((PROPERTY, (name, short(column), count.clicks, count.loads, signing.clicks, signing.loads)))
        if name in NAMED:
            assert count.clicks <= MOST_CLICKS, f"{name}: {count.clicks} clicks"
        return count

    return note
