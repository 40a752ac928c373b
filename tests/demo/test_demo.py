"""The demonstration shows every state of every ladder, told through the real handle, with nothing left over."""

import json
import subprocess
import sys
import zipfile
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy

import pytest
from sqlalchemy import select
from sqlmodel import col

from api.assembly import assemble_service
from api.cli.retention_commands import erase_child
from api.demo.scene import CAST, directory_files, scene_procedures
from api.demo.story import tell_story
from api.exports.referral.bundle import write_bundle
from api.exports.sar_export.export import export_subject_access
from api.jobs import checkpoints
from api.jobs.heartbeat import beat_once, checkpoint_authority
from api.json.health import health_of
from drp.casework.sweep import sweep_authority
from drp.data_protection import retention
from drp.database.challenge_tables import ChallengeRow, WindowRow
from drp.database.migrate import migrate_database
from drp.database.register_tables import RegisterRow
from drp.proof.open_bundle import open_bundle
from drp.reports import response_times
from drp.reports.aggregate import Dimension
from drp.reports.display_labels import read_labels
from drp.reports.theme_tables import TableQuestion
from drp.settings import Settings
from tests.cast.stores import read_once
from workflows.decision.moves import moves_of
from workflows.model.register_entry import VisitCause

MOMENTS = [
    datetime(2026, 11, 25, 10, 30, tzinfo=UTC),  # a Wednesday morning
    datetime(2026, 12, 27, 23, 30, tzinfo=UTC),  # late on a bank-holiday weekend
]


@pytest.fixture(scope="module", params=MOMENTS, ids=["a Wednesday", "between the years"])
def told(request, tmp_path_factory):
    tmp_path = tmp_path_factory.mktemp("demo")
    settings = Settings(database_url=f"sqlite:///{tmp_path / 'demo.sqlite'}", var=tmp_path, mail="folder", heartbeat=False)
    now = request.param
    service = assemble_service(settings, clock=lambda: now)
    read_once(service.casework.procedures)
    migrate_database(service.store)
    tell_story(service, now, lambda said: None)
    beat_once(service)
    for part in CAST:
        checkpoint_authority(service, part.key)
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
            found = open_bundle(out.read_bytes())
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
