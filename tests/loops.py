"""Which loop asks which test: `make check` in a minute and a half, `make test` for every change, `make deep` for the rest.

A test is marked `deep` by the lists below and by what it is; `make test` asks all others. `make check` asks of these what
needs neither PostgreSQL nor a browser. Names are those of pytest: a module, or a module and a test.
"""

from collections.abc import Sequence
from itertools import groupby

import pytest

LONG = {
    "tests/backup": "whole services are kept and brought back",
    "tests/demo": "the whole demonstration is made",
    "tests/faults": "services are killed, raced and cut off",
    "tests/notifications/test_calendar_file.py": "a whole life for each file",
    "tests/notifications/test_canaries.py": "everything that is ever sent is read",
    "tests/notifications/test_digest.py": "many messages for each digest",
    "tests/notifications/test_labels_in_mail.py": "everything that is ever sent is built, twice",
    "tests/notifications/test_recipients_at_sending.py": "every recipient who ever left",
    "tests/pages/test_administration.py": "many pages for each test",
    "tests/pages/test_board.py": "many items for each board",
    "tests/pages/test_covers.py": "many pages for each test",
    "tests/pages/test_directory_pages.py": "many pages for each test",
    "tests/pages/test_documents.py": "many people for each document",
    "tests/pages/test_forged_forms.py": "every form",
    "tests/pages/test_free_texts.py": "every page and document, once for each sort of words in the files",
    "tests/pages/test_headers.py": "every page",
    "tests/pages/test_hostile_words.py": "every page, once for each sort of hostile words",
    "tests/pages/test_oidc.py": "a provider of sign-in is served",
    "tests/pages/test_oidc_distrust.py": "a provider of sign-in is served",
    "tests/pages/test_page_access.py": "every page, for everybody",
    "tests/pages/test_register_page.py": "many pages for each test",
    "tests/pages/test_search.py": "many items for each list",
    "tests/pages/test_sessions.py": "two services for each test",
    "tests/pages/test_themes.py": "many lines for each table",
    "tests/pages/test_uploads_under_attack.py": "a service is attacked, and its memory watched",
    "tests/proof/test_checkpoints.py": "many timelines for each checkpoint",
    "tests/proof/test_witness.py": "many timelines for each checkpoint",
    "tests/referral": "a PDF for each bundle",
    "tests/register_list": "many lines for each list",
    "tests/service/test_access.py": "every route, for everybody",
    "tests/service/test_concurrency.py": "many processes at once",
    "tests/service/test_statements.py": "many items for each count",
    "tests/store/test_attachments.py": "a service for each harm done to a folder",
    "tests/subject_access/test_export.py": "everything about a child for each export",
    "tests/themes/test_counting.py": "many lines for each table",
}
"""What `make check` leaves out, each over seven seconds on a busy machine: why it is long."""

AT_SIZE = {
    "tests/proof/test_replay_of_days.py::test_five_days_of_the_demonstration_leave_nothing_to_name": "five days, 40 to 70 s",
    "tests/referral/test_bundle.py::test_ten_thousand_entries_stand_in_it_every_one": "ten thousand entries, 26 s",
    "tests/register/test_reading.py::test_a_million_empty_rows_after_the_last_take_little_memory": "a million rows, 35 s",
}
"""Faults at size: in `make deep` alone. What they grow is asked small in `make test`."""

ON_SQLITE = {
    "tests/faults/test_clock_stepped.py": "an alarm clock and its watchdog know no database",
    "tests/faults/test_mail_lanes.py": "lanes and conversations; claims are tests/notifications/test_delivery",
    "tests/faults/test_stopping.py": "a process and its port",
    "tests/faults/test_under_load.py": "requests before they reach a database; the replica that freezes is asked on PostgreSQL",
    "tests/faults/test_mail_server.py": "a mail server knows no database; claims are tests/notifications/test_delivery",
    "tests/notifications/test_calendar_file.py": "a file of values that were read: how they are read is asked elsewhere",
    "tests/notifications/test_canaries.py": "what a message may say is decided before it is kept",
    "tests/notifications/test_digest.py": "claims what tests/notifications/test_delivery claims, and groups it in Python",
    "tests/notifications/test_recipients_at_sending.py": "who is written to is decided in Python from rows read by their keys",
    "tests/notifications/test_smtp.py": "about what is said to a mail server",
    "tests/pages": "pages read and write through what tests/store and tests/service ask of both engines",
    "tests/referral": "a bundle is made of what was read; that is read as tests/service/test_json_api does",
    "tests/register_list/test_exports.py": "files of the lines that tests/register_list/test_behind_figures asks of both engines",
    "tests/service/test_access.py": "who may do what is decided in Python; row level security is asked below all the same",
    "tests/service/test_statements.py": "how many statements there are is decided in Python",
    "tests/service/test_senior_scrutiny.py": "another item type, through the same store",
    "tests/subject_access/test_log_exports.py": "files of the two logs, whose reading is tests/store/test_access_log",
}
"""Modules and packages whose tests are asked on SQLite alone in `make test`, and on PostgreSQL in `make deep`: why there.

Everything else that takes a store is asked on both in both: the writing of decisions, sweeps, constraints, row level
security, upserts, JSON columns, dates, the comparing and ordering of text, locks, backups, migrations.
"""

ON_BOTH = {
    "tests/notifications/test_digest.py::test_of_two_rounds_at_once_each_message_leaves_in_one": "locks",
    "tests/notifications/test_digest.py::test_a_sender_that_died_is_followed_up_under_the_same_identity": "leases",
    "tests/notifications/test_canaries.py::test_a_database_error_brings_no_words_into_its_text": "drivers' own words",
    "tests/pages/test_my_work.py": "its own wide SQL, ordered by dates and nulls",
    "tests/pages/test_board.py": "its own wide SQL, with counts and dates",
    "tests/pages/test_search.py": "text is compared, and pages go on after a place in an order",
    "tests/pages/test_sessions.py": "two instances on one database",
    "tests/pages/test_odd_bodies.py": "text that PostgreSQL cannot keep",
    "tests/service/test_access.py::test_a_plain_connection_sees_only_the_authority_that_it_named": "row level security",
    "tests/service/test_access.py::test_rows_of_another_authority_can_be_neither_inserted_changed_nor_taken_over": "the same",
    "tests/service/test_access.py::test_the_applications_role_owns_nothing_and_cannot_step_round_the_policies": "the same",
    "tests/service/test_access.py::test_no_authority_stays_on_a_connection_after_commit_rollback_or_error": "the same",
    "tests/service/test_access.py::test_the_timeline_can_be_neither_changed_nor_deleted_on_either_engine": "triggers",
    "tests/service/test_access.py::test_a_list_shows_exactly_what_can_be_opened": "the list's own SQL against what is decided",
}
"""Exceptions from the list above, asked on both engines in `make test`: what differs."""

TWINS = {
    "tests/decision/test_planted_bugs.py::test_an_iro_manager_who_may_refer": "referral",
    "tests/decision/test_planted_bugs.py::test_a_referral_that_waits_for_the_answer": "referral",
    "tests/decision/test_planted_bugs.py::test_a_referral_that_stops_the_ladder": "referral",
    "tests/decision/test_planted_bugs.py::test_a_last_stage_that_refers_by_itself": "referral",
    "tests/decision/test_planted_bugs.py::test_a_conflict_that_blocks_a_referral": "referral",
    "tests/decision/test_planted_bugs.py::test_a_bounced_message_taken_for_no_reply": "reach",
    "tests/decision/test_planted_bugs.py::test_a_climb_that_goes_on_though_two_stages_were_not_reached": "reach",
    "tests/service/test_covered_covers.py": "reach",
    "tests/service/test_reached.py": "reach",
    "tests/service/test_independence.py": "independence",
    "tests/decision/test_planted_bugs.py::test_a_manager_who_may_withdraw": "independence",
    "tests/decision/test_planted_bugs.py::test_a_conflict_that_nobody_looks_at": "independence",
    "tests/decision/test_planted_bugs.py::test_another_judge_whose_enough_ends_it": "independence",
    "tests/decision/test_planted_bugs.py::test_nobody_asking_who_acts": "independence",
    "tests/decision/test_planted_bugs.py::test_a_legal_advisor_copied_whatever_the_facts": "recipients",
    "tests/decision/test_planted_bugs.py::test_a_recipient_who_is_copied_as_well": "recipients",
    "tests/decision/test_planted_bugs.py::test_an_alert_that_strays_to_another_agency": "recipients",
    "tests/decision/test_planted_bugs.py::test_an_alert_that_asks_the_role_and_not_the_person": "recipients",
    "tests/decision/test_planted_bugs.py::test_something_sent_before_it_is_endorsed": "recipients",
    "tests/faults/test_mail_server.py::test_planted_an_envelope_beyond_the_recipients_is_caught": "recipients",
    "tests/notifications/test_recipients_at_sending.py": "recipients",
    "tests/referral": "referral",
    "tests/service/test_planted_bugs.py::test_a_manager_who_may_end_it_is_noticed": "independence",
    "tests/service/test_planted_bugs.py::test_a_copy_that_reaches_one_person_too_many_is_noticed": "recipients",
    "tests/service/test_planted_bugs.py::test_an_authority_that_outlives_its_transaction_is_noticed": "row level security",
    "tests/service/test_planted_bugs.py::test_without_the_applications_filter_row_level_security_alone_still_hides_it": "same",
    "tests/service/test_planted_bugs.py::test_capacities_are_all_known_to_the_table": "no twin",
}  # fmt: skip
"""Twins that `make test` asks too. Each shows that a test can fail, where a silent one would harm a child."""


WALKED = {"durham_2016": ("desk", "phone, no JS"), "north_yorkshire": ("desk",)}
"""Whose pages `make test` walks in the browser, and how they are looked at; `make deep` walks those of all authorities in
every way. What differs between authorities is in their ladders: tests/pages and tests/ladders ask it without a browser."""

WALKED_TOO = {
    "tests/browser/test_journeys.py::test_where_the_procedure_knows_no_notice_none_is_offered": "only one knows none",
    "tests/browser/test_accessibility.py::test_procedures": "each ladder is drawn as no other",
}
"""Exceptions, walked for every authority in `make test`."""


def is_walked(name: str, part: str, sight: str) -> bool:
    """Does `make test` walk a journey through the pages of an authority, looked at in that way?"""
    return sight in WALKED.get(part, ()) or is_named(name, WALKED_TOO)


def is_named(name: str, names: Sequence[str] | dict[str, str]) -> bool:
    """Is a test, its module or a package of it among some names?"""
    module, _, _ = name.partition("::")
    return name in names or module in names or module.rpartition("/")[0] in names


def is_twin(name: str) -> bool:
    """Does a test plant a fault to show that another can fail?"""
    module, _, function = name.partition("::")
    return function.startswith("test_planted_") or module.rpartition("/")[2].startswith("test_planted_")


def is_on_both(name: str) -> bool:
    """Does `make test` ask a test of both engines?"""
    return is_named(name, ON_BOTH) or not is_named(name, ON_SQLITE)


def part_of(items: Sequence[pytest.Item], part: str) -> list[pytest.Item]:
    """The tests of one part, as "3/10" names it: whole modules, in the order of their names, about as many tests in each.

    Raises UsageError where there is no such part.
    """
    number, _, of = part.partition("/")
    if not (number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of)):
        raise pytest.UsageError(f"--part {part}: which of how many? For example 3/10.")
    modules = [list(group) for _, group in groupby(items, key=lambda item: item.nodeid.partition("::")[0])]
    modules.sort(key=lambda group: group[0].nodeid)
    chosen: list[pytest.Item] = []
    before = 0
    for group in modules:
        if (2 * before + len(group)) * int(of) // (2 * len(items)) + 1 == int(number):
            chosen += group
        before += len(group)
    return chosen
