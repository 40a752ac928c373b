"""Reports: made by the schedule once for each period, edited and released by the IRO manager alone, kept as they were."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit
from zipfile import ZipFile

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from api.jobs import heartbeat
from api.pages.reports import reading_reports
from drp.database.authority_tables import AuthorityRow
from drp.database.report_tables import ReportDueRow, ReportExampleRow, WrittenReportRow
from drp.written_reports import examples, schedule
from drp.written_reports.contents import ReportQuote
from notifications.channels import OutgoingMail, SendOutcome
from tests.cast.councils import NORTH
from tests.cast.stores import beside_the_service
from tests.cast.world import World
from tests.pages.browser import Page, at_browser
from tests.pages.ground import token_of
from tests.referral.test_bundle import poppler


@pytest.fixture
def north(build: Callable[..., World]) -> World:
    return build(NORTH)


def beat(world: World, text: str) -> int:
    """One beat of the reports' job at a moment: how many scheduled periods it made."""
    return heartbeat.write_reports_of(world.at(text).service, world.key)


def rows(world: World, table: type, *order: object) -> list:
    with world.service.store.read(world.key) as connection:
        mine = select(table.__table__).where(col(table.authority) == world.key)
        return list(connection.execute(mine.order_by(*order)).all())


def due(world: World) -> dict[tuple[str, str], tuple[str, str, date]]:
    return {(row.kind, row.every): (row.first, row.last, row.due) for row in rows(world, ReportDueRow, col(ReportDueRow.kind))}


def made(world: World, kind: str = "management") -> list[tuple[str, str, str]]:
    order = col(WrittenReportRow.made_at), col(WrittenReportRow.first), col(WrittenReportRow.unit)
    return [(row.unit, row.first, row.last) for row in rows(world, WrittenReportRow, *order) if row.kind == kind]


QUARTER_ENDED = "Wed 1 July 2026, 08:00"


class Post:
    """A relay that keeps every message."""

    def __init__(self) -> None:
        self.sent: list[OutgoingMail] = []

    def send(self, post: OutgoingMail) -> SendOutcome:
        self.sent.append(post)
        return SendOutcome(accepted=frozenset(post.envelope))


def posting(world: World, times: int = 1) -> list[OutgoingMail]:
    """Everything that leaves about reports in some rounds of the outbox."""
    post = Post()
    service = replace(world.service, sender=replace(world.service.sender, channel=post))
    for _ in range(times):
        heartbeat.deliver_authority(service, world.key)
    return [one for one in post.sent if "report" in one.letter.subject]


def raised(world: World, child: str = "T-1") -> str:
    """Irene raises an alert that Tess is to answer: its reference."""
    respond_by, resolve_by = (f"{world.now.date() + timedelta(days=days)}" for days in (9, 30))
    to = [{"role": "team_manager"}]
    said = {"reasons": ["decisions_not_acted_on"], "to": to, "respond_by": respond_by, "resolve_by": resolve_by}
    answer = world.as_("irene").raises(child, item_type="informal", **said)
    return str(answer.json()["reference"])


def drafted(world: World) -> str:
    """The quarter's report to the management team, made by the schedule: its address."""
    beat(world, "Wed 20 May 2026, 10:00")
    while beat(world, QUARTER_ENDED):
        pass
    (row,) = [row for row in rows(world, WrittenReportRow, col(WrittenReportRow.id)) if row.kind == "management"]
    return f"/reports/{row.id}"


def release(world: World, path: str) -> Page:
    """Mona releases a draft."""
    mona = at_browser(world, "mona")
    return mona.fill(mona.open(f"{path}/release"), f"{path}/release")


def released(world: World) -> str:
    """The quarter's report to the management team, released by Mona: its address."""
    path = drafted(world)
    assert "Released on" in release(world, path).text
    return path


# The schedule.


def test_a_quarter_is_made_on_the_first_working_day_after_it_and_once(north: World) -> None:
    beat(north, "Wed 20 May 2026, 10:00")
    assert due(north)["management", "quarter"] == ("2026-04", "2026-06", date(2026, 7, 1))
    assert beat(north, "Mon 1 June 2026, 09:00") == 1, "the year that ended in March is due two months later"
    assert beat(north, "Tue 30 June 2026, 23:59") == 0
    assert beat(north, QUARTER_ENDED) == 3
    assert [beat(north, QUARTER_ENDED) for _ in range(2)] == [1, 0]
    assert made(north) == [("", "2026-04", "2026-06")]
    assert due(north)["management", "quarter"] == ("2026-07", "2026-09", date(2026, 10, 1))


def test_each_team_has_its_page(north: World) -> None:
    drafted(north)
    assert made(north, "team") == [("north", "2026-04", "2026-06"), ("south", "2026-04", "2026-06")]


def test_what_was_missed_is_made_the_oldest_first_three_at_a_time_and_said_to_be_late(north: World) -> None:
    beat(north, "Wed 20 May 2026, 10:00")
    counts = []
    while made_now := beat(north, "Mon 4 January 2027, 09:00"):
        counts.append(made_now)
    assert max(counts) == schedule.MOST_A_TICK
    assert sorted(first for _, first, _ in made(north)) == ["2026-04", "2026-07", "2026-10"]
    page = at_browser(north, "mona").open("/reports")
    assert "late: it was to be made on Wednesday 1 July 2026" in page.text
    assert page.text.count("it was to be made on") > 3
    assert "it was to be made on Monday 4 January 2027" not in page.text, "the last of them is in time"


def test_two_replicas_make_each_once(north: World) -> None:
    beat(north, "Wed 20 May 2026, 10:00")
    north.at(QUARTER_ENDED)
    with ThreadPoolExecutor(2) as pool:
        for _ in range(4):
            list(pool.map(lambda _: heartbeat.write_reports_of(north.service, north.key), range(2)))
    assert made(north) == [("", "2026-04", "2026-06")]
    assert made(north, "team") == [("north", "2026-04", "2026-06"), ("south", "2026-04", "2026-06")]


def test_a_year_of_schedules_on_two_replicas_makes_each_period_once(north: World) -> None:
    beat(north, "Wed 1 April 2026, 09:00")
    day = north.now
    with ThreadPoolExecutor(2) as pool:
        for _ in range(55):
            north.now = day = day + timedelta(days=7)
            while any(pool.map(lambda _: heartbeat.write_reports_of(north.service, north.key), range(2))):
                pass
    quarters = [
        ("2026-01", "2026-03"),
        ("2026-04", "2026-06"),
        ("2026-07", "2026-09"),
        ("2026-10", "2026-12"),
        ("2027-01", "2027-03"),
    ]
    assert made(north) == [("", *one) for one in quarters]
    assert sorted(made(north, "team")) == sorted((team, *one) for team in ("north", "south") for one in quarters)
    assert made(north, "annual_chapter") == [("", "2025-04", "2026-03")]


def test_the_row_is_what_keeps_two_replicas_apart(north: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted: a replica that does not ask whether it was the first to move the row on."""
    beat(north, "Wed 20 May 2026, 10:00")
    north.at(QUARTER_ENDED)
    with north.service.store.read(north.key) as connection:
        words = north.service.casework.procedures.current(connection, north.key)[0].authority
        seen_before = schedule.list_due(connection, words)
    while heartbeat.write_reports_of(north.service, north.key):
        pass
    monkeypatch.setattr(schedule, "list_due", lambda connection, words: seen_before)
    assert heartbeat.write_reports_of(north.service, north.key) == 0, "what another replica saw before moves nothing on"
    monkeypatch.setattr(schedule, "move_on", lambda *_: True)
    assert heartbeat.write_reports_of(north.service, north.key) == 3


def test_an_authority_on_trial_has_no_reports_by_schedule(north: World) -> None:
    north.write(update(AuthorityRow).values(is_live=False))
    beat(north, "Wed 20 May 2026, 10:00")
    assert due(north) == {}


def test_the_schedule_follows_the_authoritys_file(north: World) -> None:
    beat(north, "Wed 20 May 2026, 10:00")
    gone = ("cafcass_liaison", "quarter")
    assert gone in due(north)
    with beside_the_service(north.service.store, north.key) as connection:
        connection.execute(update(ReportDueRow).where(col(ReportDueRow.kind) == "team").values(due=date(2030, 1, 1)))
        connection.execute(update(ReportDueRow).where(col(ReportDueRow.kind) == gone[0]).values(kind="no_more"))
    beat(north, "Wed 20 May 2026, 10:01")
    assert due(north)["team", "quarter"][2] == date(2026, 7, 1), "the day is worked out anew"
    assert gone in due(north)
    assert ("no_more", "quarter") not in due(north)


# Editing and releasing.


def test_nobody_but_the_iro_manager_sees_a_draft(north: World) -> None:
    path = drafted(north)
    for person in ("hugo", "cora", "irene", "tess"):
        visitor = at_browser(north, person)
        assert visitor.open(path).status == 404
        assert visitor.open(f"{path}/file?format=docx").status == 404
        assert path not in visitor.open("/inbox").html + visitor.open("/reports").html
        for route in ("release", "parts/changed", "examples"):
            assert visitor.open(f"{path}/{route}").status == 403
    assert "draft" in at_browser(north, "mona").open(path).text


def test_planted_a_draft_that_readers_may_open_is_noticed(north: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading_reports, "may_read_report", lambda *_: True)
    with pytest.raises(AssertionError):
        test_nobody_but_the_iro_manager_sees_a_draft(north)


def test_the_draft_comes_to_the_iro_manager_by_inbox_and_mail(north: World) -> None:
    path = drafted(north)
    assert path in at_browser(north, "mona").open("/inbox").html
    assert {post.letter.subject for post in posting(north)} == {
        "A report is ready to edit: Report to the management team, Q1 2026/27 (April to June 2026)",
        "A report is ready to edit: Report for the liaison with Cafcass, Q1 2026/27 (April to June 2026)",
        "A report is ready to edit: Partner agencies, Q1 2026/27 (April to June 2026)",
        "A report is ready to edit: Team's page: North Team, Q1 2026/27 (April to June 2026)",
        "A report is ready to edit: Team's page: South Team, Q1 2026/27 (April to June 2026)",
        "A report is ready to edit: Disputes: a chapter of the annual report, 2025/26",
    }


def test_a_released_report_stands_in_a_leaders_inbox_and_mail_says_so_once(north: World) -> None:
    path = released(north)
    told = [post.to for post in posting(north, times=2) if post.letter.subject.startswith("A report for you")]
    assert sorted(address for (address,) in told) == ["cora@northmoor.example", "hugo@northmoor.example"]
    hugo = at_browser(north, "hugo")
    inbox = hugo.open("/inbox")
    assert "Report to the management team, Q1 2026/27 (April to June 2026)" in inbox.text
    assert "1 not read yet" in inbox.text
    assert "Nobody has asked for a change" in hugo.open(path).text
    assert "Nothing is unread" in hugo.open("/inbox").text
    assert at_browser(north, "tess").open(path).status == 404, "it is not hers"


def test_a_teams_page_goes_to_its_own_manager_alone(north: World) -> None:
    drafted(north)
    (row,) = [row for row in rows(north, WrittenReportRow, col(WrittenReportRow.id)) if row.unit == "north"]
    release(north, f"/reports/{row.id}")
    assert at_browser(north, "tess").open(f"/reports/{row.id}").status == 200
    assert at_browser(north, "tom").open(f"/reports/{row.id}").status == 404
    assert 'href="/register' not in at_browser(north, "tess").open(f"/reports/{row.id}").html


def test_every_teams_page_of_a_period_is_released_at_once(north: World) -> None:
    drafted(north)
    mona = at_browser(north, "mona")
    page = mona.open("/reports")
    assert "Teams’ pages of Q1 2026/27 (April to June 2026)" in page.text
    after = mona.fill(page, "/reports/team-pages")
    assert "Teams’ pages" not in after.text
    assert [row.unit for row in rows(north, WrittenReportRow, col(WrittenReportRow.unit)) if row.released_at] == [
        "north",
        "south",
    ]
    assert "Team's page: North Team" in at_browser(north, "tess").open("/inbox").text
    assert "Team's page: South Team" not in at_browser(north, "tess").open("/inbox").text
    assert "Team's page: South Team" in at_browser(north, "tom").open("/inbox").text


def test_what_the_manager_writes_stands_in_page_word_and_pdf(north: World, tmp_path: Path) -> None:
    path = drafted(north)
    mona = at_browser(north, "mona")
    page = mona.fill(mona.open(f"{path}/parts/changed"), words="Drift lessened.\n\nThe panel meets more often.")
    assert "Drift lessened." in page.text
    shown = mona.send("GET", f"{path}/file?format=docx").content
    assert "Drift lessened." in ZipFile(BytesIO(shown)).read("word/document.xml").decode()
    (tmp_path / "report.pdf").write_bytes(mona.send("GET", f"{path}/file?format=pdf").content)
    assert "Drift lessened." in poppler("pdftotext", tmp_path / "report.pdf", "-")
    assert re.search(r"Tagged: +yes", poppler("pdfinfo", tmp_path / "report.pdf"))


def test_a_figure_changed_by_hand_stands_beside_the_records_own(north: World) -> None:
    raised(north)
    path = drafted(north)
    mona = at_browser(north, "mona")
    form = mona.open(f"{path}/parts/stages")
    refused = mona.fill(form, figure="stages/all/now", shown="2")
    assert refused.status == 422
    assert "It is not said why." in refused.text
    page = mona.fill(form, figure="stages/all/now", shown="2", why="One came by telephone.")
    assert "2the record: 1. One came by telephone." in page.text
    release(north, path)
    seen = at_browser(north, "hugo").open(path)
    assert "2the record: 1. One came by telephone." in seen.text


def test_a_figure_changed_by_hand_stays_with_its_column_when_it_is_counted_again(north: World) -> None:
    reference = raised(north)
    north.as_("irene").brings(reference, "resolved", what_changed="Less than hoped.", found="no change")
    path = drafted(north)
    mona = at_browser(north, "mona")
    mona.fill(mona.open(f"{path}/parts/impact"), figure="impact/all/no change", shown="5", why="Four more by telephone.")
    another = raised(north.at("Mon 29 June 2026, 10:00"), "T-2")
    north.as_("irene").brings(another, "resolved", what_changed="A home.", found="better")
    north.at(QUARTER_ENDED)
    mona = at_browser(north, "mona")
    page = mona.fill(mona.open(path), f"{path}/again")
    table = re.search(r"What changed, by highest stage.*?</table>", page.html, re.S)
    assert table
    whole = [
        re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<td.*?</td>", table[0].rpartition("All</th>")[2], re.S)
    ]
    assert whole == ["1", "5the record: 1. Four more by telephone.", "2"], "better, no change, all"


def test_a_page_of_a_part_that_was_changed_since_is_not_kept_over_it(north: World) -> None:
    path = drafted(north)
    mona = at_browser(north, "mona")
    opened = mona.open(f"{path}/parts/changed")
    mona.fill(mona.open(f"{path}/parts/changed"), words="Written by a colleague.")
    refused = mona.fill(opened, words="Written before.")
    assert refused.status == 409
    assert "changed since you looked at it" in refused.text
    assert "Written by a colleague." in mona.open(path).text


def test_on_trial_no_report_is_made_or_released(north: World) -> None:
    path = drafted(north)
    north.write(update(AuthorityRow).values(is_live=False))
    mona = at_browser(north, "mona")
    made = mona.fill(mona.open("/reports/new"), kind="management", period="2025-04/2026-03")
    refused = mona.fill(mona.open(f"{path}/release"), f"{path}/release")
    together = mona.fill(mona.open("/reports"), "/reports/team-pages")
    for page in (made, refused, together):
        assert page.status == 409
        assert "The service is not live yet" in page.text


def test_a_figure_opens_exactly_its_items(north: World) -> None:
    raised(north.at("Mon 16 March 2026, 10:00"))
    north.at("Wed 8 April 2026, 10:00")
    for child in ("T-1", "T-2"):
        raised(north, child)
    path = drafted(north)
    page = at_browser(north, "mona").open(path)
    addresses = {href for href, said in page.links if href.startswith("/register") and said == "2"}
    assert addresses
    for address in addresses:
        listed = north.as_("mona").get("/register", **dict(parse_qsl(urlsplit(address).query))).json()
        assert listed["items_in_all"] == 2, address


def test_what_was_released_is_kept_to_the_byte(north: World) -> None:
    path = released(north)
    mona = at_browser(north, "mona")
    before = {kind: mona.send("GET", f"{path}/file?format={kind}").content for kind in ("pdf", "docx")}
    at_browser(north, "hugo").open(path)  # and it is read
    page_before = at_browser(north, "hugo").open(path).text.partition("What changed")[2]
    raised(north)
    for route in ("parts/changed", "release", "examples"):
        assert mona.open(f"{path}/{route}").status == 409
    after = {kind: mona.send("GET", f"{path}/file?format={kind}").content for kind in ("pdf", "docx")}
    assert before == after
    assert at_browser(north, "hugo").open(path).text.partition("What changed")[2] == page_before


def test_a_draft_that_changed_since_it_was_looked_at_is_not_released(north: World) -> None:
    path = drafted(north)
    mona = at_browser(north, "mona")
    looked_at = mona.open(f"{path}/release")
    mona.fill(mona.open(f"{path}/parts/changed"), words="Something else.")
    refused = mona.fill(looked_at, f"{path}/release")
    assert refused.status == 409
    assert "changed since you looked at it" in refused.text
    assert at_browser(north, "hugo").open(path).status == 404


def test_a_request_to_change_it_is_kept_beside_it_and_a_new_edition_leaves_the_old_one(north: World) -> None:
    path = released(north)
    hugo = at_browser(north, "hugo")
    page = hugo.fill(hugo.open(path), f"{path}/requests", words="Our team is called North by now.")
    assert "Our team is called North by now.Hugo" in page.text
    mona = at_browser(north, "mona")
    assert "Our team is called North by now." in mona.open(path).text
    assert "a change is asked for" in mona.open("/reports").text
    draft = mona.fill(mona.open(path), f"{path}/edition")
    assert draft.answer.url.path != path
    assert "draft" in draft.text
    assert hugo.open(draft.answer.url.path).status == 404
    again = mona.fill(mona.open(path), f"{path}/edition")
    assert again.status == 409, "there is a draft of it already"
    release(north, draft.answer.url.path)
    assert "edition 2" in hugo.open(draft.answer.url.path).text
    assert hugo.open(path).status == 200


def test_what_was_raised_about_the_service_is_answered_before_a_report_is_released(north: World) -> None:
    path = drafted(north)
    assert "Nothing was raised about the IRO service in this period." in at_browser(north, "mona").open(path).text


def test_an_example_is_printed_once_its_iro_says_that_the_family_would_not_know_it(north: World) -> None:
    reference = raised(north)
    path = drafted(north)
    mona, irene = at_browser(north, "mona"), at_browser(north, "irene")
    words = "A young person waited a season for a plan; it came after the challenge."
    mona.fill(mona.open(f"{path}/examples"), f"{path}/examples", reference=reference, words=words)
    assert words not in mona.open(path).text
    assert "An example in a report waits for your word" in irene.open("/").text
    asked = irene.open("/reports/examples")
    assert words in asked.text
    refused = irene.fill(asked, verdict="known")
    assert refused.status == 422
    assert "Say what to change" in refused.text
    irene.fill(asked, verdict="safe")
    assert words in mona.open(path).text
    release(north, path)
    assert words in at_browser(north, "hugo").open(path).text


def test_an_example_is_judged_in_the_words_that_were_read_and_by_its_own_iro(north: World) -> None:
    reference = raised(north)
    path = drafted(north)
    mona, irene = at_browser(north, "mona"), at_browser(north, "irene")
    mona.fill(mona.open(f"{path}/examples"), f"{path}/examples", reference=reference, words="One wording.")
    asked = irene.open("/reports/examples")
    with beside_the_service(north.service.store, north.key) as connection:
        connection.execute(update(ReportExampleRow).values(words="Another wording."))
    refused = irene.fill(asked, verdict="safe")
    assert refused.status == 409
    assert "worded anew" in refused.text
    sam = at_browser(north, "sam")
    assert "Nothing waits for you here." in sam.open("/reports/examples").text
    said = {"report": path.removeprefix("/reports/"), "n": "1", "seen_words": "Another wording.", "verdict": "safe"}
    assert sam.send("POST", "/reports/examples", data={**said, "form_token": token_of(sam.cookie)}).status_code == 403
    assert "Another wording." not in mona.open(path).text


def test_nobody_judges_an_example_that_they_chose(north: World) -> None:
    north.cover("irene", "mona", "2026-06-01")
    reference = raised(north)
    path = drafted(north)
    mona = at_browser(north, "mona")
    mona.fill(mona.open(f"{path}/examples"), f"{path}/examples", reference=reference, words="In other words.")
    assert "Nothing waits for you here." in mona.open("/reports/examples").text


def test_planted_an_example_printed_without_its_iros_word_is_noticed(north: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def every_one(connection: object, authority: str, report: object) -> list[ReportQuote]:
        listed = examples.list_examples(connection, authority, report)  # type: ignore[arg-type]
        return [ReportQuote(words=one.words) for one in listed]

    monkeypatch.setattr(reading_reports, "printed_examples", every_one)
    with pytest.raises(AssertionError):
        test_an_example_is_printed_once_its_iro_says_that_the_family_would_not_know_it(north)


def test_a_report_that_is_asked_for_is_made_once(north: World) -> None:
    north.at("Mon 6 July 2026, 09:00")
    mona = at_browser(north, "mona")
    paths = []
    for _ in range(2):
        page = mona.fill(mona.open("/reports/new"), kind="annual_chapter", period="2025-04/2026-03")
        assert "Disputes: a chapter of the annual report, 2025/26" in page.text
        paths.append(page.answer.url.path)
    assert paths[0] == paths[1]
    refused = mona.fill(mona.open("/reports/new"), kind="team", period="2026-04/2026-06")
    assert refused.status == 422
    assert "Choose the team whose page it is." in refused.text
