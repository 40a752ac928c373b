"""What the whole run prints at its end."""

import pytest

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
