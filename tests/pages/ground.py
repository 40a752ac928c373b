"""What the attacks are made on: three authorities with items, drafts and documents that exist, and everybody at a browser."""

import hmac
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx2
from sqlalchemy import event, insert, select, update
from sqlalchemy.engine import make_url

from drp.database.account_tables import TokenRow
from drp.database.directory_tables import ChildRow, UnitRow
from drp.database.engine import Store
from drp.database.migrate import migrate_database
from drp.database.sqlite_driver import sqlite3
from drp.identity import accounts, sessions
from drp.identity.accounts import BoundBy
from drp.identity.tokens import principal_of
from drp.items import drafts
from drp.reviews.mid_points import ask_at_mid_points
from drp.written_reports.copies import give_copies
from drp.written_reports.drafts import NewReport, count_new, keep_draft, read_report, release_report
from drp.written_reports.examples import offer_example
from tests.cast.councils import ELSEWHERE, NORTH, WATCHING, Council
from tests.cast.direct import ask
from tests.cast.world import World
from tests.pages.browser import Visitor, at_browser
from tests.store.files import png
from workflows.calendar.report_periods import ReportPeriod
from workflows.model.reporting import ReportKind

NONE_SUCH = "ABCD-2345"
OWN, OTHER, THEIRS, PARTNER = "own", "another child's", "another authority's", "a partner agency's"
SECRET = "Counsel said what nobody but the IRO service reads."


class Straight(Visitor):
    """Somebody at a browser, wired straight into the application: thousands of requests without a client between."""

    heard: Callable[[str], object] | None = None
    """Told when an answer is out."""

    def send(self, method: str, path: str, headers: Mapping[str, str] | None = None, **more: Any) -> httpx2.Response:
        sent = ({"Cookie": f"drp={self.cookie}"} if self.cookie else {}) | dict(headers or {})
        request = httpx2.Request(method, f"http://testserver{path}", headers=sent, **more)
        return ask(self.world.app, request, self.heard, ("192.0.2.1", 50000))


def token_of(cookie: str) -> str:
    """The token that the forms of a session carry."""
    return hmac.new(cookie.encode(), b"form", sha256).hexdigest()


class Ground:
    """Dunmoor's formal challenge at stage 3 (`own`), and next to it everything that belongs to somebody else.

    `restore` brings the database and the clock back to where they were, so that one ground serves every test of a process.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        for council in (ELSEWHERE, NORTH):
            world.found(council)
        # When stage 2 was asked, Nobody held Tess's post beside her; since then they hold another team's.
        world.post_begins("nobody", "team_manager", "2026-03-01", "team", "north")
        self.references = {OWN: self._formal("irene", "T-1")}
        self.documents: dict[str, dict[str, int]] = {OWN: self._documents("irene", OWN)}
        agreed = {"position": "in_part", "answer": "Soon.", "actions": [{"what": "Write the plan.", "by": "2026-04-20"}]}
        assert world.as_("tess").brings(self.references[OWN], "responded", **agreed).status_code == 200
        world.post_ends("nobody", "team_manager", "2026-04-01")
        world.post_begins("nobody", "team_manager", "2026-04-02", "team", "east")
        world.cover("otto", "silas", "2026-04-01", delegate=True)
        world.cover("irene", "colin", "2026-04-01")
        world.at("Thu 2 April 2026, 10:00")
        assert world.as_("irene").brings(self.references[OWN], "escalated", why="It cannot wait.").status_code == 200
        self.references |= {
            OTHER: self._formal("ivor", "T-4"),
            THEIRS: self._formal("irene", "T-1", "elsewhere"),
            PARTNER: self._to_partner(),
        }
        self.documents |= {
            OTHER: self._documents("ivor", OTHER),
            THEIRS: self._documents("irene", THEIRS, "elsewhere"),
            PARTNER: self._documents("irene", PARTNER, "northmoor"),
        }
        self.drafts = {OWN: self._draft("irene"), OTHER: self._draft("ivor"), THEIRS: self._draft("irene", "elsewhere")}
        kept = {OWN: ("irene", "T-1", ""), OTHER: ("ivor", "T-4", ""), THEIRS: ("irene", "T-1", "elsewhere")}
        self.decisions, self.followed = {}, {}
        for whose, (by, child, authority) in kept.items():
            self.decisions[whose], self.followed[whose] = self._reviewed(by, child, authority)
        self.mid_point = self._mid_point()
        self.reports = {
            "a draft": self._report(""),
            "a report": self._report("2026-03"),
            "a report elsewhere": self._report("2026-03", THEIRS),
        }
        self._only_elsewhere()
        self._waits_for_a_word()
        self.everybody = self._everybody()
        self.irenes_again = self.at("irene").cookie
        self.now = world.now
        self._kept = sqlite3.connect(":memory:")
        self._path = str(make_url(world.store.url).database)
        with sqlite3.connect(self._path) as source:
            source.backup(self._kept)
        source.close()
        self._watch()

    # The database as it was.

    def _watch(self) -> None:
        self._watching = sqlite3.connect(self._path, isolation_level=None)
        self._version = self._data_version()

    def _data_version(self) -> int:
        return int(self._watching.execute("PRAGMA data_version").fetchone()[0])

    @property
    def is_changed(self) -> bool:
        """Has anything at all been committed since it was restored?"""
        return self._data_version() != self._version

    def restore(self) -> None:
        """Everything as it was."""
        self.world.now = self.now
        if not self.is_changed:
            return
        self._watching.close()
        back = sqlite3.connect(self._path)
        back.execute("PRAGMA synchronous=OFF")
        self._kept.backup(back)
        back.close()
        self._watch()

    def close(self) -> None:
        self._watching.close()
        self._kept.close()

    def ask(self, sql: str) -> list[Any]:
        """Look into the database, past every filter."""
        return self._watching.execute(sql).fetchall()

    # What exists.

    def _waits_for_a_word(self) -> None:
        """An account that asks, and a token that wants confirming."""
        world, seal = self.world, self.world.service.seal
        world.token("tom")
        with world.store.write(world.key) as connection:
            named = ("https://login.example", "tess")
            accounts.link_account(connection, seal, world.key, named, world.id("tess"), BoundBy.ASKED, world.now)
            toms = TokenRow.person == world.id("tom")
            assert seal.change(connection, TokenRow, world.key, toms, confirm_by=world.now + timedelta(days=14)) == 1

    def _formal(self, by: str, child: str, authority: str = "") -> str:
        caller = self.world.as_(by, authority)
        said = {"stage": "stage_2", "stage_reason": "It cannot wait.", "effect_on_child": "He waits."}
        raised = caller.raises(child, item_type="formal", **said)
        assert raised.status_code == 201, raised.text
        reference = str(raised.json()["reference"])
        advice = {"source": "Counsel", "on": "2026-04-01", "conflict_checked": True, "content": SECRET}
        assert caller.brings(reference, "legal_advice_taken", **advice).status_code == 200
        return reference

    def _to_partner(self) -> str:
        nina = {"role": "agency_practitioner", "person": str(self.world.id("nina", "northmoor"))}
        said = {"item_type": "partner_agency", "respond_by": "2026-04-10", "resolve_by": "2026-04-30"}
        raised = self.world.as_("irene", "northmoor").raises(to=[nina], reasons=[_reason(NORTH)], **said)
        assert raised.status_code == 201, raised.text
        return str(raised.json()["reference"])

    def _documents(self, by: str, whose: str, authority: str = "") -> dict[str, int]:
        """One document that everybody on the item opens, and one that is the IRO service's own."""
        visitor = at_browser(self.world, by, authority)
        place = f"/challenges/{self.references[whose]}/documents"
        found = {}
        for name, ticks in (("a document", {}), ("a document kept to the IRO service", {"iro_service_only": "yes"})):
            picture = {"file": ("plan.png", png(), "image/png")}
            page = visitor.fill(visitor.open(place), place, files=picture, about=name, **ticks)
            assert page.status == 200, page.text
            opened = [href for href, _ in page.links if href.startswith(f"{place}/")]
            found[name] = max(int(href.rsplit("/", 1)[1]) for href in opened)
        return found

    def _draft(self, by: str, authority: str = "") -> str:
        key = authority or self.world.council.key
        said = {
            "steps": {"child": {"child": ["T-4" if by == "ivor" else "T-1"], "item_type": ["formal"]}},
            "once": self.world.chance.salt(), "child": "T-1",
        }  # fmt: skip
        with self.world.store.write(key) as connection:
            id_ = drafts.begin_draft(connection, self.world.chance, key, self.world.id(by, key), said, self.world.now)
        return str(id_)

    def _reviewed(self, by: str, child: str, authority: str) -> tuple[str, str]:
        """A review with two decisions: the one that waits on the list, and the item that follows the other."""
        visitor = at_browser(self.world, by, authority)
        said = {"held_on-day": "30", "held_on-month": "3", "held_on-year": "2026", "decisions-0-words": "Dental check."}
        said |= {"decisions-1-words": "Passport.", "decisions-1-by": "30/4/2026", "decisions-1-follow": "yes"}
        page = visitor.fill(visitor.open(f"/reviews/new?child={child}"), **said)
        assert page.status == 200, page.text
        waiting = next(href for href, text in page.links if text.startswith("Follow it"))
        following = next(text for _, text in page.links if text.startswith("Followed: "))
        return waiting.rpartition("/")[2], following.removeprefix("Followed: ")

    def _mid_point(self) -> str:
        """T-1 is half-way between two reviews, and their IRO asked."""
        world = self.world
        days = {"last_review": date(2026, 1, 5), "next_review": date(2026, 7, 6)}
        with world.store.write(world.key) as connection:
            mine = (ChildRow.authority == world.key, ChildRow.number == "T-1")
            connection.execute(update(ChildRow).where(*mine).values(**days))
        assert ask_at_mid_points(world.service.casework, world.key, world.now).asked == 1
        (item,) = world.as_("irene").get("/challenges", item_type="mid_point").json()["items"]
        return str(item["reference"])

    def _report(self, released: str, whose: str = OWN) -> str:
        """A report to the management team: of February, or of a month of which it is released. Its draft has an example."""
        world = self.world
        authority = "elsewhere" if whose == THEIRS else world.key
        month = released or "2026-02"
        new = NewReport(ReportKind.MANAGEMENT, ReportPeriod(month, month))
        id_, procedures = world.chance.identity(), world.service.casework.procedures
        with world.store.write(authority) as connection:
            contents = count_new(connection, procedures, authority, new, world.now)
            keep_draft(connection, authority, id_, new, contents, world.now, None)
            offer_example(connection, authority, id_, self.references[whose], "A word.", world.id("mona", authority))
            if released:
                report = read_report(connection, authority, id_)
                words = procedures.current(connection, authority)[0].authority
                signed = principal_of(connection, words, world.id("mona", authority), world.now)
                assert report
                release_report(connection, words, report, contents, {}, signed, world.now)
                give_copies(connection, authority, id_, (world.id("cora", authority),), world.now)
        return str(id_)

    def _only_elsewhere(self) -> None:
        """A team and a child that no other authority has."""
        with self.world.store.write("elsewhere") as connection:
            team = {"kind": "team", "key": "fells", "name": "Fells Team", "within": "care"}
            connection.execute(insert(UnitRow).values(authority="elsewhere", **team))
            theirs = select(ChildRow.__table__).where(ChildRow.authority == "elsewhere", ChildRow.number == "T-2")
            row = dict(connection.execute(theirs).mappings().one())
            connection.execute(insert(ChildRow).values(**row | {"id": self.world.chance.identity(), "number": "E-9"}))

    # Everybody, by what they are to `own`.

    def at(self, person: str, authority: str = "") -> Straight:
        """Somebody of the cast, signed in."""
        return Straight(self.world, at_browser(self.world, person, authority).cookie)

    def _everybody(self) -> dict[str, Straight]:
        world = self.world
        found = {
            "the child's IRO": self.at("irene"),
            "the IRO's cover": self.at("colin"),
            "another IRO": self.at("ivor"),
            "IRO manager": self.at("mona"),
            "business support": self.at("bob"),
            "administrator": self.at("ada"),
            "leader": self.at("hugo"),
            "auditor": self.at("audrey"),
            "asked": self.at("otto"),
            "delegate of the asked": self.at("silas"),
            "asked earlier": self.at("tess"),
            "copied": self.at("gina"),
            "held the post then": self.at("nobody"),
            "same role, other team": self.at("tom"),
            "asked only higher up": self.at("cora"),
            "asked at a partner agency": self.at("nina", "northmoor"),
            "another of that agency": self.at("nora", "northmoor"),
            "IRO elsewhere": self.at("irene", "elsewhere"),
            "IRO manager elsewhere": self.at("mona", "elsewhere"),
            "nobody signed in": Straight(world),
            "a session unused too long": Straight(world, self._session("irene", seen=timedelta(minutes=60))),
            "a session that lasted its time": Straight(world, self._session("irene", began=timedelta(hours=10))),
            "a session that was ended": Straight(world, self._session("irene", is_ended=True)),
            "left the authority": self.at("chris"),
            "last post ended": self.at("petra"),
        }
        # Without the rule that the session ends they would see it: the one as the IRO's cover, the other as who was told.
        world.cover("irene", "chris", "2026-01-01")
        world.leaves("chris", "2026-04-01")
        world.post_ends("petra", "head_of_planning", "2026-04-01")
        irenes = found["the child's IRO"].cookie.partition(".")[2]
        found["another authority's name in the cookie"] = Straight(world, f"elsewhere.{irenes}")
        return found

    def _session(
        self, person: str, began: timedelta = timedelta(0), seen: timedelta = timedelta(0), is_ended: bool = False
    ) -> str:
        world, key, id_ = self.world, self.world.council.key, self.world.id(person)
        with world.store.write(key) as connection:
            cookie = sessions.begin_session(
                connection, world.chance, world.service.seal, key, id_, "link", world.now - max(began, seen)
            )
            if not seen:
                sessions.note_session_used(
                    connection, world.service.seal, sessions.Session(key, id_, "link", cookie, True), world.now
                )
            if is_ended:
                sessions.end_session(connection, key, cookie, world.now)
        return cookie


SIGNED_OUT = (
    "nobody signed in", "a session unused too long", "a session that lasted its time", "a session that was ended",
    "left the authority", "last post ended", "another authority's name in the cookie",
)  # fmt: skip
"""To the service these are nobody."""

ON_THEIR_OWN = {OWN: "the child's IRO", OTHER: "another IRO", THEIRS: "IRO elsewhere", PARTNER: "asked at a partner agency"}
"""Whose forms show what a whole answer on each item looks like."""


def _reason(council: Any) -> str:
    from tests.cast.councils import procedures

    return str(procedures(council).authority.themes[0].reasons[0].key)


def _without_waiting_for_the_disk(connection: sqlite3.Connection, record: object) -> None:
    connection.execute("PRAGMA synchronous=OFF")


def made(folder: Path, council: Council = WATCHING) -> Iterator[Ground]:
    """A ground on a SQLite file of its own."""
    store = Store(f"sqlite:///{folder / 'drp.sqlite'}")
    migrate_database(store)
    world = World(store, folder, council)
    for one in (store, world.service.store, world.service.access_log.open_store()):
        for engine in (one.writer, one.reader):
            engine.dispose()
            event.listen(engine, "connect", _without_waiting_for_the_disk)
    found = Ground(world)
    yield found
    found.close()
    world.close()
    store.close()
