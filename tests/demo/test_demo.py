"""The demonstration shows every state of every ladder, told through the real handle, with nothing left over."""

import json
import re
import subprocess
import sys
import zipfile
from collections import defaultdict
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from html import unescape
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlmodel import col

from api.app import create_app
from api.assembly import assemble_service
from api.cli.retention_commands import erase_child
from api.demo.practice_scenes import QUOTE
from api.demo.scene import CAST, directory_files, scene_procedures
from api.demo.story import tell_story
from api.demo.trust_scenes import PAUSED, WHY_PAUSED
from api.exports.referral.bundle import write_bundle
from api.exports.report_paper import report_pdf
from api.exports.report_word import report_word
from api.exports.sar_export.export import export_subject_access
from api.jobs import checkpoints
from api.jobs.heartbeat import beat_once, checkpoint_authority, tick_authority
from api.json.health import health_of
from drp.casework.sweep import sweep_authority
from drp.data_protection import retention
from drp.database.challenge_tables import ChallengeRow, EntryRow, WindowRow
from drp.database.directory_tables import CoverRow, PersonRow
from drp.database.message_tables import DeliveryRow, NotificationRow
from drp.database.migrate import migrate_database
from drp.database.register_tables import RegisterRow
from drp.database.statements import MESSAGE_OF_COPY
from drp.directory import lookup
from drp.directory.people import find_people_named
from drp.identity import sessions
from drp.messages.sending_pause import read_pause
from drp.reports import response_times
from drp.reports.aggregate import Dimension
from drp.reports.display_labels import read_labels
from drp.reports.theme_tables import TableQuestion, read_table
from drp.settings import Settings
from drp.written_reports.count_report import count_report
from drp.written_reports.report_kinds import KINDS
from tests.cast.direct import client_of
from tests.cast.keyed import keyed
from tests.cast.stores import read_once
from tests.referral.matter import opened_bundle
from workflows.calendar.report_periods import ReportEvery, period_holding
from workflows.calendar.reporting_periods import month_of
from workflows.calendar.working_days import local_date
from workflows.decision.moves import moves_of
from workflows.model.register_entry import VisitCause
from workflows.model.reporting import ReportKind

README = Path(__file__).parents[2] / "README.md"

MOMENTS = [
    datetime(2026, 11, 25, 10, 30, tzinfo=UTC),  # a Wednesday morning
    datetime(2026, 12, 27, 23, 30, tzinfo=UTC),  # late on a bank-holiday weekend
]


@pytest.fixture(scope="module", params=MOMENTS, ids=["a Wednesday", "between the years"])
def told(request, tmp_path_factory):
    tmp_path = tmp_path_factory.mktemp("demo")
    settings = Settings(database_url=f"sqlite:///{tmp_path / 'demo.sqlite'}", var=tmp_path, mail="folder", heartbeat=False)
    now = request.param
    service = assemble_service(keyed(settings), clock=lambda: now)
    read_once(service.casework.procedures)
    migrate_database(service.store)
    said: list[str] = []
    tell_story(service, now, said.append)
    (tmp_path / "said.txt").write_text("\n".join(said), encoding="utf-8")
    beat_once(service)
    for part in CAST:
        checkpoint_authority(service, part.key)
        checkpoints.verify_by_own_keys(service, part.key)
    yield service, now, tmp_path
    service.close()


def test_every_state_of_every_ladder_has_an_item(told):
    service, _, _ = told
    missing = []
    for part in CAST:
        with service.store.read(part.key) as connection:
            found = defaultdict(set)
            for row in connection.execute(
                select(col(ChallengeRow.ladder), col(ChallengeRow.stage), col(ChallengeRow.phase), col(ChallengeRow.is_open))
            ):
                found[row.ladder].add(f"{row.stage}.{row.phase}" if row.is_open else row.phase)
            for rules in service.casework.procedures.current(connection, part.key):
                states = set(moves_of(rules.ladder).states()) - {"new"}
                if rules.ladder.is_notice:
                    states = {"noticed"}
                else:
                    states -= {"noticed"}
                missing += [(part.key, rules.ladder.key, state) for state in states - found[rules.ladder.key]]
    assert not missing


def test_nothing_is_overdue_nothing_is_held_and_every_chain_proves_itself(told):
    service, now, _ = told
    assert service.clock() == now
    for part in CAST:
        assert tick_authority(service, part.key).decided == 0
    health = health_of(service)
    assert health.status == "green", health.reasons
    assert health.oldest_overdue_window is None
    assert health.held_windows == 0
    for part in CAST:
        assert sweep_authority(service.casework, part.key, now).decided == 0


def test_some_items_fall_due_within_minutes(told):
    service, now, _ = told
    with service.store.read("derby") as connection:
        soon = connection.execute(
            select(col(WindowRow.acts_at)).where(
                col(WindowRow.closed_at).is_(None), col(WindowRow.acts_at) <= now + timedelta(minutes=10)
            )
        ).scalars()
        assert len(list(soon)) == 3


def test_a_leader_sees_what_changed_for_the_children(told):
    service, _, _ = told
    for part in CAST:
        with service.store.read(part.key) as connection:
            found = set(
                connection.execute(select(col(RegisterRow.impact)).where(col(RegisterRow.outcome) == "resolved")).scalars()
            )
        assert found == {"", "better", "partly", "no change", "worse", "too early"}, part.key


def test_a_leader_sees_why_items_climbed(told):
    service, _, _ = told
    for part in CAST:
        with service.store.read(part.key) as connection:
            words = service.casework.procedures.current(connection, part.key)[0].authority
            its = read_labels(connection, service.casework.procedures, words)
            climbs = response_times.escalation_causes(connection, its, TableQuestion(Dimension.STAGE))
            replies = response_times.response_times_by_stage(connection, its, TableQuestion(Dimension.STAGE))
        causes = {cause for one in climbs for cause in one.causes}
        assert {VisitCause.NO_REPLY} < causes, (part.key, causes)
        assert sum(one.none for one in replies) > 2
        assert sum(one.in_time for one in replies) > 3


def test_its_mail_goes_to_example_addresses_and_names_no_child(told):
    _, _, folder = told
    mails = [message_from_bytes(path.read_bytes(), policy=policy.SMTP) for path in (folder / "mail").glob("*.eml")]
    assert len(mails) > 100
    numbers = {
        line.split(",")[0] for part in CAST for line in directory_files(part)["children.csv"].splitlines()[1:] if line.strip()
    }
    for mail in mails:
        for header in ("To", "Cc"):
            if mail[header]:
                assert all(address.domain.endswith(".example") for address in mail[header].addresses)
        text = mail.as_string()
        assert not [number for number in numbers if number in text]


def test_the_cast_reads_without_a_fault():
    for part in CAST:
        read = scene_procedures(part)
        assert read.authority.key == part.key
        assert all(ladder.until is None for ladder in read.ladders)


def test_help_is_quick_because_the_command_line_imports_lightly():
    said = (
        "import sys, json; import api.cli.main; "
        "print(json.dumps([m for m in ('sqlmodel', 'fastapi', 'sqlalchemy', 'pydantic', 'uvicorn') if m in sys.modules]))"
    )
    loaded = json.loads(subprocess.run([sys.executable, "-c", said], capture_output=True, check=True, text=True).stdout)
    assert loaded == []


# The scenes of trust.

TO_SEE = re.compile(r"To see, (.+?): be (.+?) of (.+?), and open http://127.0.0.1:8000(/.+)")

ON_THE_PAGE = {
    "a review decision left undone": "Make it a quality alert",
    "a review decision made a challenge": "It goes on as ",
    "an update that is asked for again": "Update",
    "a mid-point between two reviews": "Half-way",
    "a report that came by schedule": "Report to the management team, Q2 2026/27",
    "a report to edit and release": "Team's page",
    "a message came back": "came back",
    "a cover who is covered": "Beth Robson",
    "a meeting called off": "called off",
    "an item ended by another hand": "ended",
    "a cover recorded as an appointment": "Recorded as the authority's appointment",
    "a cover with no appointment recorded": "No appointment is recorded",
    "a reminder by hand": "The birthday is near",
    "excellent practice that is thanked": "thanks you:",
    "words that reports may quote": QUOTE,
    "what people say of the process": "7 of 10: not shown yet",
    "sending is paused": WHY_PAUSED,
    "sending is paused, and what is asked does not leave": "Sending is paused",
}
"""What stands on the page that each scene says to open, for whom it says to be."""


def to_see(told):
    """The scenes that the story says are there: who to be and what to open, by the scene's name."""
    lines = (told[2] / "said.txt").read_text(encoding="utf-8").splitlines()
    return {found[1]: found.groups()[1:] for found in map(TO_SEE.fullmatch, lines) if found}


def scene_item(told, scene):
    """The item that a scene opens: its row, and the kinds of its entries."""
    service, reference = told[0], to_see(told)[scene][2].rpartition("/")[2]
    with service.store.read(CAST[0].key) as connection:
        row = connection.execute(select(ChallengeRow.__table__).where(col(ChallengeRow.reference) == reference)).one()
        here = select(col(EntryRow.kind)).where(col(EntryRow.challenge) == row.id).order_by(col(EntryRow.number))
        kinds = connection.execute(here).scalars().all()
    return row, kinds


def copies_of(told, challenge, subject):
    """The copies of what was told of an item: to whom (by name), how they were reached, what became of the mail."""
    query = select(col(PersonRow.name), col(DeliveryRow.how), col(DeliveryRow.mail), col(NotificationRow.state))
    query = query.join(PersonRow, col(PersonRow.id) == col(DeliveryRow.person)).join(NotificationRow, MESSAGE_OF_COPY)
    here = (col(DeliveryRow.challenge) == challenge, col(NotificationRow.subject) == subject, col(DeliveryRow.as_to))
    with told[0].store.read(CAST[0].key) as connection:
        return [tuple(row) for row in connection.execute(query.where(*here))]


def test_each_scene_is_seen_by_whom_and_where_the_story_says(told):
    service, now, _ = told
    names = {scene_procedures(part).authority.name: part.key for part in CAST}
    assert set(to_see(told)) == set(ON_THE_PAGE)
    app = create_app(service.settings, lambda: now)
    with closing(app.state.service):
        for scene, (person, authority, path) in to_see(told).items():
            key = names[authority]
            with service.store.write(key) as connection:
                (whose,) = find_people_named(connection, key, person, 2)
                cookie = sessions.begin_session(connection, service.casework.chance, service.seal, key, whose, "link", now)
            client = client_of(app)
            client.cookies.set("drp", cookie)
            page = client.get(path)
            assert (page.status_code, scene) == (200, scene)
            assert ON_THE_PAGE[scene] in unescape(page.text), scene


@pytest.mark.parametrize("part", CAST, ids=lambda part: part.key)
def test_every_report_of_every_authority_is_made_and_its_figures_are_those_of_the_themes(told, part):
    service, now, _ = told
    period = period_holding(month_of(local_date(now)), ReportEvery.YEAR).before()
    procedures = service.casework.procedures
    with service.store.read(part.key) as connection:
        words = procedures.current(connection, part.key)[0].authority
        labels = read_labels(connection, procedures, words)
        (team, *_) = lookup.list_team_names(connection, part.key)
        for kind, what in KINDS.items():
            made = count_report(connection, procedures, part.key, kind, period, now, team if what.of_team else "")
            assert [one.key for one in made.parts] == list(what.parts)
            only = ((Dimension.TEAM, team),) if what.of_team else ()
            only += ((Dimension.ITEM_TYPE, "partner_agency"),) if kind is ReportKind.PARTNER_AGENCIES else ()
            for by in (Dimension.STAGE, Dimension.REASON, Dimension.OUTCOME):
                question = TableQuestion(by, None, period.first, period.last, only)
                themes = read_table(connection, labels, question)
                if table := next((table for one in made.parts for table in one.tables if table.key == f"{by.value}s"), None):
                    *lines, whole = table.lines
                    counted = {line.label: line.figures[0].number for line in lines if line.figures[0].number}
                    assert counted == {row.label: themes.cell(row) for row in themes.rows if themes.cell(row)}, (kind, by)
                    assert whole.figures[0].number == themes.items
            assert report_pdf(made).startswith(b"%PDF")
            assert report_word(made).startswith(b"PK")


def test_the_readme_says_who_to_be_for_each_scene(told):
    readme = README.read_text(encoding="utf-8")
    for scene, (person, _, _) in to_see(told).items():
        assert f"**{person}**" in readme, scene


def test_mail_came_back_and_the_item_says_so(told):
    row, kinds = scene_item(told, "a message came back")
    assert row.is_open
    assert "delivery_failed" in kinds
    assert ("Oluwaseun Adeyemi", "holder", "returned", "sent") in copies_of(told, row.id, "asked")


def test_where_a_cover_is_covered_whoever_is_there_is_asked(told):
    row, kinds = scene_item(told, "a cover who is covered")
    assert "acknowledged" in kinds
    assert {(name, how) for name, how, _, _ in copies_of(told, row.id, "asked")} == {("Beth Robson", "cover")}


def test_a_reminder_by_hand_and_a_meeting_called_off_are_told(told):
    row, kinds = scene_item(told, "a reminder by hand")
    assert row.is_open
    assert "reminded_by_hand" in kinds
    assert {name for name, *_ in copies_of(told, row.id, "reminder")} == {"Vikram Desai"}
    row, kinds = scene_item(told, "a meeting called off")
    assert row.is_open
    assert [kind for kind in kinds if kind.startswith("meeting_")] == ["meeting_arranged", "meeting_called_off"]
    assert "Gareth Pugh" in {name for name, *_ in copies_of(told, row.id, "meeting_off")}


def test_whoever_raised_it_is_told_that_another_ended_it(told):
    service, _, _ = told
    with service.store.read("derby") as connection:
        ended = connection.execute(
            select(col(NotificationRow.challenge)).where(col(NotificationRow.subject) == "ended_by_another")
        ).scalars().all()  # fmt: skip
        covers = connection.execute(select(CoverRow.__table__).where(col(CoverRow.authority) == "derby")).all()
    told_of_it = [copy for one in set(ended) for copy in copies_of(told, one, "ended_by_another")]
    assert [name for name, *_ in told_of_it] == ["Gary Whitmore"]
    assert [cover.appointed_at is not None for cover in covers if not cover.is_delegate].count(True) == 1
    assert [cover.appointed_at is None for cover in covers if not cover.is_delegate].count(True) == 1
    (appointed,) = (cover for cover in covers if cover.appointed_at)
    assert appointed.told_at is not None


def test_sending_of_one_authority_is_paused_and_lapses_on_the_next_working_day(told):
    service, now, _ = told
    for part in CAST:
        with service.store.read(part.key) as connection:
            pause = read_pause(connection, part.key)
        assert (pause is not None) is (part.key == PAUSED)
    with service.store.read(PAUSED) as connection:
        pause = read_pause(connection, PAUSED)
    assert pause.since < now < pause.until
    row, _ = scene_item(told, "sending is paused, and what is asked does not leave")
    states = {state for _, _, _, state in copies_of(told, row.id, "asked")}
    # Outside of sending hours it waits for them first.
    assert states == ({"braked"} if now == MOMENTS[0] else {"waiting"})


# What leaves it, and what is kept.


def test_every_challenge_is_what_its_events_decide(told):
    service, _, _ = told
    for part in CAST:
        count, parted = checkpoints.replay_authority(service, part.key)
        assert (count > 15, parted) == (True, ())


def test_a_bundle_of_each_authority_verifies_where_there_is_neither_database_nor_key(told, tmp_path):
    service, _, _ = told
    referred = 0
    for part in CAST:
        with service.store.read(part.key) as connection:
            here = (col(ChallengeRow.authority) == part.key, col(ChallengeRow.referral) == "referred")
            references = connection.execute(select(col(ChallengeRow.reference)).where(*here)).scalars().all()
        for reference in references:
            referred += 1
            out = tmp_path / f"{reference}.zip"
            write_bundle(service, reference, out, authority=part.key)
            found = opened_bundle(out.read_bytes())
            assert (found.reference, found.standing, found.proven.after) == (reference, "referral", 0)
    assert referred >= len(CAST), "one for each authority, to be looked at"


def test_what_is_held_about_a_child_leaves_whole_and_names_no_other_child(told, tmp_path):
    service, _, _ = told
    part = CAST[0]
    with service.store.read(part.key) as connection:
        authority = service.casework.procedures.current(connection, part.key)[0].authority
        every = list(retention.every_child(connection, authority))
    one = max(every, key=lambda child: child.challenges)
    out = tmp_path / "child.zip"
    assert f"child {one.number}, {one.challenges} items" in export_subject_access(service, part.key, one.number, out)
    with zipfile.ZipFile(out) as archive:
        whole = archive.read("subject-access.json").decode()
    assert one.number in whole
    assert not [other.number for other in every if other.number != one.number and other.number in whole]


def test_a_childs_words_can_be_erased_and_the_record_goes_on_proving_itself(told):
    service, _, _ = told
    part = CAST[0]
    with service.store.read(part.key) as connection:
        authority = service.casework.procedures.current(connection, part.key)[0].authority
        one = max(retention.every_child(connection, authority), key=lambda child: child.challenges)
    assert one.challenges
    said = erase_child(service, authority, one.number, "Ordered by a court.", "Internal auditor", ordered=True, really=True)
    assert "texts" in said
    keys = service.signing.public_key()
    verdict = checkpoints.verify_authority(
        service, part.key, checkpoints.files_of(service.settings.checkpoints_folder, part.key), keys
    )
    assert verdict.is_clean, verdict
    assert checkpoints.replay_authority(service, part.key)[1] == ()
