"""What the whole run prints at its end, and which loop asks which test on which engine."""

from typing import Any

import pytest
from hypothesis import settings

from tests import loops
from tests import quick_engines as quick_engines  # every engine of this process is made quick by it
from tests.browser.counting import ABOUT, PROPERTY, table

pytest_plugins = ["tests.cast.stores", "tests.cast.fixtures"]

# A deadline measures how busy the machine is, not what is tested.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")


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


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--part 3/10`: the third tenth of what is asked."""
    parser.addoption("--part", default="", help="one part of the tests that are asked, for example 3/10")


def _name_of(module: str, function: str) -> str:
    return f"{module.replace('.', '/')}.py::{function}"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The engines that a test of a store is asked on: tests/loops.py says which of them wait for `make deep`.

    A twin shows that its test can fail; one engine is enough for that, but where the fault is in how engines lock.
    """
    given = str([mark.args[0] for mark in metafunc.definition.iter_markers("parametrize")])
    if "store" not in metafunc.fixturenames or "store" in given:  # a test may say for itself
        return
    name = _name_of(metafunc.module.__name__, metafunc.function.__name__)
    engines: list[Any] = ["sqlite"]
    if not metafunc.function.__name__.startswith("test_planted_") or "tests/faults" in name:
        engines.append(pytest.param("postgresql", marks=[] if loops.is_on_both(name) else [pytest.mark.deep]))
    metafunc.parametrize("store", engines, indirect=True)


@pytest.hookimpl(tryfirst=True)  # before markers are looked at
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what waits for `make deep`, and what `make check` leaves out."""
    for item in items:
        assert isinstance(item, pytest.Function)
        name = _name_of(item.module.__name__, item.function.__name__)
        if loops.is_named(name, loops.AT_SIZE) or (loops.is_twin(name) and not loops.is_named(name, loops.TWINS)):
            item.add_marker("deep")
        params = item.callspec.params if hasattr(item, "callspec") else {}
        if "postgresql" in item.fixturenames or "postgresql" in params.values():
            item.add_marker("postgresql")
        if loops.is_named(name, loops.LONG):
            item.add_marker("long")
        if name.startswith("tests/browser/"):
            item.add_marker("browser")
            if "part" in params and not loops.is_walked(name, params["part"], str(params.get("sight", "desk"))):
                item.add_marker("deep")


class Parted:
    """Takes one part of what markers left."""

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        chosen = loops.part_of(items, config.getoption("--part"))
        config.hook.pytest_deselected(items=[item for item in items if item not in set(chosen)])
        items[:] = chosen


def pytest_configure(config: pytest.Config) -> None:
    """One part of the tests only, where that is asked for."""
    if config.getoption("--part"):
        config.pluginmanager.register(Parted())
