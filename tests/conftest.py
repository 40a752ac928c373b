"""What the whole run prints at its end, and on which engine twins are asked."""

import pytest

from tests import quick_engines as quick_engines  # every engine of this process is made quick by it
from tests.browser.counting import ABOUT, PROPERTY, table


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Clicks and page loads of each journey in the browser, from every worker."""
    counted = [
        tuple(value)
        for reports in terminalreporter.stats.values()
        for report in reports
        if isinstance(report, pytest.TestReport) and report.when == "call"
        for name, value in report.user_properties
        if name == PROPERTY
    ]
    lines = table(counted)
    if lines:
        terminalreporter.section("clicks/page loads of each journey")
        for line in (*lines, *ABOUT):
            terminalreporter.write_line(line)


PAGES_ON_BOTH = (
    "test_item_pages", "test_raising_pages", "test_my_work", "test_search", "test_board", "test_sessions", "test_odd_bodies",
)  # fmt: skip
"""Pages whose own SQL is wide, and what is asked of two instances on one PostgreSQL. The others stand on rooms that
tests/store and tests/service ask of both engines."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The engines that a test of a store is asked on: both, but for the pages and for twins.

    A twin shows that its test can fail; one engine is enough for that, but where the fault is in how engines lock.
    """
    given = str([mark.args[0] for mark in metafunc.definition.iter_markers("parametrize")])
    if "store" not in metafunc.fixturenames or "store" in given:  # a test may say for itself
        return
    _, package, module = metafunc.module.__name__.split(".")
    on_one = package == "pages" and module not in PAGES_ON_BOTH
    is_twin = metafunc.function.__name__.startswith("test_planted_") and package != "faults"
    metafunc.parametrize("store", ["sqlite"] if on_one or is_twin else ["sqlite", "postgresql"], indirect=True)
