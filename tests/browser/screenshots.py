"""`make screenshots`: the demonstration's main pages as pictures, at a desk and on a telephone, under var/screenshots."""

import shutil
import sys
from collections.abc import Iterator
from html import escape
from pathlib import Path

from playwright.sync_api import sync_playwright
from sqlalchemy import select

from api.demo.story import tell_story
from drp.database.challenge_tables import ChallengeRow
from tests.browser import journeys
from tests.browser.conftest import CHROMIUM, INSTALL, launched
from tests.browser.hands import DESK, PHONE, Hands, Sight
from tests.browser.journeys import begin, say_what, say_why, send_to
from tests.browser.serving import BEGINS, PARTS, Council, Served
from tests.browser.watching import Watch
from workflows.model.authority import Capacity
from workflows.model.ladder import ItemType

FOLDER = Path("var") / "screenshots"
PART = "durham_2016"


def main() -> None:
    """Tell the story, serve it, take the pictures, and say where they are."""
    if not CHROMIUM.exists():
        sys.exit(INSTALL)
    shutil.rmtree(FOLDER, ignore_errors=True)
    sys.stdout.write("Telling the demonstration's story (about a minute) …\n")
    sys.stdout.flush()
    made = Served(FOLDER / "data")
    tell_story(made.service, BEGINS, lambda said: None)
    names: dict[str, dict[str, str]] = {}
    with made as served, sync_playwright() as playwright, launched(playwright) as browser:
        for sight in (DESK, PHONE):
            for name, hands in _Tour(served, sight, browser).pages():
                file = FOLDER / f"{name} - {sight}.png"
                hands.page.screenshot(path=file, full_page=True)
                names.setdefault(name, {})[str(sight)] = file.name
    (FOLDER / "index.html").write_text(_index(names), encoding="utf-8")
    shutil.rmtree(FOLDER / "data")
    sys.stdout.write(f"{sum(map(len, names.values()))} pictures of {len(names)} pages: {FOLDER / 'index.html'}\n")


def _index(names: dict[str, dict[str, str]]) -> str:
    rows = "".join(
        f"<h2>{escape(name)}</h2><p>"
        + "".join(
            f'<a href="{escape(file)}"><img src="{escape(file)}" alt="{escape(name)}, {escape(sight)}" height="500"></a> '
            for sight, file in files.items()
        )
        + "</p>"
        for name, files in names.items()
    )
    return f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Pages</title><h1>Pages</h1>{rows}</html>\n'


class _Tour:
    """Somebody going round, as one person after another."""

    def __init__(self, served: Served, sight: Sight, browser: object) -> None:
        self.served, self.sight, self._browser = served, sight, browser
        self.council = served.council(PART)
        self._number = 0

    def pages(self) -> Iterator[tuple[str, Hands]]:
        """Each page with its name, in the order in which people meet them."""
        for told in (self._in_and_work(), self._raising(), self._items(), self._places(), self._desk(), self._rest()):
            for name, hands in told:
                self._number += 1
                yield f"{self._number:02} {name}", hands

    def _as(self, capacity: Capacity | None = None, council: Council | None = None) -> Hands:
        place = council or self.council
        context = self._browser.new_context(viewport={"width": self.sight.width, "height": self.sight.height})
        context.set_default_timeout(8_000)
        hands = Hands(context.new_page(), Watch(context, self.served.link), self.served.link, self.sight)
        return hands.be(place, place.acting_as(capacity)) if capacity else hands

    def _in_and_work(self) -> Iterator[tuple[str, Hands]]:
        yield "sign in", self._as().open("/sign-in")
        for capacity in Capacity:
            yield f"my work, {capacity.value}", self._as(capacity).open("/")
        yield "my work, a manager", self._manager()[0].open("/")
        for part in PARTS:
            if part != PART:
                yield f"my work, {part}", self._as(Capacity.IRO, self.served.council(part)).open("/")

    def _manager(self) -> tuple[Hands, str]:
        reference = self._item("stage_2", "awaiting")
        hands = self._as()
        return hands.be(self.council, self.council.asked(reference)[0]), reference

    def _raising(self) -> Iterator[tuple[str, Hands]]:
        iro, place, child = self._as(Capacity.IRO), self.council, self.council.child()
        stage = place.rules(ItemType.FORMAL).ladder.first_for(ItemType.FORMAL)
        yield "log a talk", iro.open("/talks/new")
        yield "log a talk, faults", iro.press("Log it")
        yield "a notice", iro.open("/notices/new")
        yield "raise, 1 the child", iro.open("/raise")
        begin(iro.open("/"), place, child, ItemType.FORMAL)
        yield "raise, 2 the reasons", iro
        yield "raise, 2 faults", iro.press("Continue")
        say_why(iro, place)
        yield "raise, 3 the effect", iro
        say_what(iro, place, stage)
        send_to(iro, place, stage)
        yield "raise, 4 the stage", iro
        yield "raise, 5 the siblings", iro.press("Continue")
        yield "raise, 6 the check", iro.press("Continue")
        yield "raised", iro.press("Raise it now")

    def _item(self, stage: str, phase: str, is_open: bool = True) -> str:
        with self.served.service.store.read(PART) as connection:
            query = select(ChallengeRow.reference).where(
                ChallengeRow.authority == PART, ChallengeRow.phase == phase, ChallengeRow.is_open == is_open
            )
            query = query.where(ChallengeRow.stage == stage) if stage else query
            return str(connection.execute(query.order_by(ChallengeRow.reference)).scalars().first())

    def _iro_of(self, reference: str) -> Hands:
        return self._as().be(self.council, self.council.loaded(reference).raiser)

    def _items(self) -> Iterator[tuple[str, Hands]]:
        manager, asked = self._manager()
        yield "the question", manager.open(f"/challenges/{asked}")
        manager.write("answer", journeys.ANSWER).write("actions-0-what", "Write the plan.")
        yield "the question, faults", manager.press("Send my reply")
        yield "an item, the manager", manager.open(f"/challenges/{asked}?all=1")
        answered = self._item("stage_3", "answered")
        iro = self._iro_of(answered)
        yield "an item, answered", iro.open(f"/challenges/{answered}")
        for move in ("judged", "escalated", "meeting_arranged", "resolved", "noted"):
            yield f"a move, {move}", iro.open(f"/challenges/{answered}/do/{move}")
        yield "a move, faults", iro.open(f"/challenges/{answered}/do/withdrawn").press("Withdraw it")
        for section in ("", "/who", "/why", "/documents", "/handling", "/send", "/rehearsal"):
            yield f"a referral {section.strip('/')}".strip(), iro.open(f"/challenges/{answered}/referral{section}")
        yield "the child's file", iro.open(f"/challenges/{answered}/file")
        yield "a letter to the child", iro.open(f"/challenges/{answered}/letter")
        yield "a letter, ready", iro.write("name", "Kit").press("Show it ready to print")
        yield "documents", iro.open(f"/challenges/{answered}/documents")
        for phase in ("resolved", "noticed"):
            reference = self._item("", phase, is_open=False)
            yield f"an item, {phase}", self._iro_of(reference).open(f"/challenges/{reference}")
        high = self._item("stage_7", "awaiting")
        yield "an item, high up", self._iro_of(high).open(f"/challenges/{high}")

    def _places(self) -> Iterator[tuple[str, Hands]]:
        iro = self._as(Capacity.IRO)
        team = self.council.loaded(self._item("stage_2", "awaiting")).challenge.facts.team
        for name, path in (
            ("inbox", "/inbox"), ("search", "/search?q=&state=open"), ("search, nothing found", "/search?q=nothing"),
            ("teams", "/teams"), ("a team", f"/teams/{team}"), ("while I am away", "/cover"),
        ):  # fmt: skip
            yield name, iro.open(path)
        yield "your own replies", self._manager()[0].open("/replies")

    def _desk(self) -> Iterator[tuple[str, Hands]]:
        head, iro = self._as(Capacity.IRO_MANAGER), self.council.acting_as(Capacity.IRO)
        yield "the board", head.open("/board")
        yield "hand over, whose", head.open("/board/hand-over")
        yield "hand over, to whom", head.open(f"/board/hand-over?of={iro}")
        to = head.page.locator('main input[name="to"]').first.get_attribute("value")
        yield "hand over, what it means", head.tick("to", to or "").press("See what it means")
        for name in ("", "health", "outbox", "labels", "messages", "access-log", "changes"):
            yield f"administration {name}".strip(), head.open(f"/administration/{name}".rstrip("/"))
        yield "directory", head.open("/directory")
        yield "directory, a person", head.open(f"/directory/{iro}")
        yield "directory, they leave", head.open(f"/directory/{iro}/leaves")

    def _rest(self) -> Iterator[tuple[str, Hands]]:
        head = self._as(Capacity.IRO_MANAGER)
        yield "procedures", head.open("/ladders")
        for part in PARTS:
            place = self.served.council(part)
            ladder = place.rules(ItemType.FORMAL).ladder.key
            yield f"a procedure, {part}", self._as(Capacity.IRO_MANAGER, place).open(f"/ladders/{ladder}")
        for name in ("help", "paper", "accessibility", "privacy"):
            yield name, head.open(f"/{name}")
        yield "nothing there", head.open("/challenges/NONE-SUCH")
        manager, asked = self._manager()
        manager.open(f"/challenges/{asked}/answer").tick("position", "agrees").write("answer", journeys.ANSWER)
        with self.served.unavailable():
            yield "not just now", manager.press("Send my reply")
        manager.page.context.clear_cookies()
        yield "sign in again", manager.press("Go on with what I wrote")
        yield "sign out", head.open("/sign-out")
        head.page.emulate_media(media="print")
        yield "an item, printed", head.open(f"/challenges/{asked}")


if __name__ == "__main__":
    main()
