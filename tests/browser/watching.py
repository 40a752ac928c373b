"""What a browser notices and nobody sees: errors of scripts and of the policy, things not found, requests that leave."""

from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Request, Response, WebError


class Watch:
    """Looks over every page of one browser context. `faults`: everything that must not be."""

    def __init__(self, context: BrowserContext, link: str) -> None:
        self.link, self.faults = link, list[str]()
        self._context = context
        self._hears = {
            "console": self._said, "weberror": self._threw, "request": self._asked, "response": self._answered,
            "requestfailed": self._failed,
        }  # fmt: skip
        for event, heard in self._hears.items():
            context.on(event, heard)

    def end(self) -> None:
        """Look no longer."""
        for event, heard in self._hears.items():
            self._context.remove_listener(event, heard)

    def _threw(self, error: WebError) -> None:
        self.faults.append(f"a script failed: {error.error}")

    def _said(self, message: ConsoleMessage) -> None:
        # A page that answers 4xx or 5xx is itself named here by the browser: what else was not found, `_answered` hears of.
        if message.type in ("error", "warning") and not message.text.startswith("Failed to load resource"):
            self.faults.append(f"the console: {message.text}")

    def _asked(self, request: Request) -> None:
        if not _of(request.url, self.link):
            self.faults.append(f"a request left for {request.url}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400 and response.request.resource_type != "document":
            self.faults.append(f"{response.status} for {response.url}")

    def _failed(self, request: Request) -> None:
        # A request that its page left behind, or that ended with the browser, was not refused.
        if request.resource_type != "document" and request.failure != "net::ERR_ABORTED":
            self.faults.append(f"{request.url} failed: {request.failure}")

    def check(self) -> None:
        """Fail for anything noticed."""
        assert not self.faults, self.faults


def _of(url: str, link: str) -> bool:
    here, there = urlsplit(link), urlsplit(url)
    return (here.scheme, here.netloc) == (there.scheme, there.netloc)
