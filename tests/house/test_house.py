"""The rules of the house, as tests: names, sizes, docstrings, who may read the clock, and what nobody may switch off.

Each rule is one test that looks at every file it binds and lists every fault at once.
"""

import ast
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FLOORS = ("workflows", "drp", "notifications", "api")
BELOW_THE_EDGE = ("workflows", "drp", "notifications")
LONGEST = 400
"""Lines that say something; blank ones are free."""
LONGER = {
    "workflows/model/events.py": "one closed union of every event: read as a list, it would only be harder to find in two files"
}
EMPTY_NAMES = {"util", "utils", "helper", "helpers", "common", "base", "misc", "shared", "stuff"}


def modules(*floors: str) -> list[Path]:
    """The Python files of some floors; what Alembic generates is not ours to shape."""
    found = [path for floor in floors for path in sorted((ROOT / floor).rglob("*.py"))]
    return [path for path in found if "migrations" not in path.parts and "__pycache__" not in path.parts]


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


@cache
def nodes_of(path: Path) -> tuple[ast.AST, ...]:
    """Everything in a file's tree, walked once for all rules."""
    return tuple(ast.walk(tree_of(path)))


def imports_of(path: Path) -> Iterator[tuple[str, str]]:
    """Each module imported, and the name taken from it."""
    for node in nodes_of(path):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node.module, alias.name) for alias in node.names)


def check(faults_of: Callable[[Path], Iterable[str]], *floors: str) -> None:
    """Hold a rule against every file of some floors. Fails with every fault, each beside its file; and where no file is found."""
    paths = modules(*floors)
    assert all(any((ROOT / floor) in path.parents for path in paths) for floor in floors), "a floor without a file"
    faults = [f"{name_of(path)}: {fault}" for path in paths for fault in sorted(faults_of(path))]
    assert not faults, "\n".join(["", *faults])


def test_a_module_is_named_after_what_it_holds():
    check(lambda path: ["its name says nothing"] if path.stem in EMPTY_NAMES else [], *FLOORS, "tests")


def test_no_file_is_longer_than_a_sitting():
    def faults_of(path: Path) -> Iterator[str]:
        said = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        if name_of(path) in LONGER:
            if len(said) <= LONGEST:
                yield "it is an exception no longer: take it off the list"
        elif len(said) > LONGEST:
            yield f"{len(said)} lines: find the two things that it does"

    check(faults_of, *FLOORS)


def test_everything_public_on_the_first_floor_says_what_it_is():
    def faults_of(path: Path) -> Iterator[str]:
        tree = tree_of(path)
        if not ast.get_docstring(tree):
            yield "the module says nothing of itself"
        for node in tree.body:
            is_public = isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_")
            if is_public and not ast.get_docstring(node):
                yield f"{node.name} says nothing of itself"

    check(faults_of, "workflows")


# The clock and chance are read at the edge and passed in.

CLOCKS = {
    "now", "utcnow", "today", "time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "localtime", "gmtime",
}  # fmt: skip
CLOCK_OWNERS = {"datetime", "date", "time"}
CHANCES = {"uuid1", "uuid4", "urandom", "token_bytes", "token_hex", "token_urlsafe", "randbits", "SystemRandom"}


def reads_the_world(node: ast.AST, aliases: dict[str, str]) -> str:
    """What an expression reads of the clock or of chance, or nothing."""
    if isinstance(node, ast.Attribute):
        owner = node.value
        owner_name = owner.attr if isinstance(owner, ast.Attribute) else owner.id if isinstance(owner, ast.Name) else ""
        owner_name = aliases.get(owner_name, owner_name)
        if node.attr in CLOCKS and owner_name.rpartition(".")[2] in CLOCK_OWNERS:
            # A time of day carries an hour and no clock: `time(9)`, `moment.time()` are values.
            return f"{owner_name}.{node.attr}"
        if node.attr in CHANCES or owner_name == "random":
            return f"{owner_name}.{node.attr}"
    if isinstance(node, ast.Name) and aliases.get(node.id, "").rpartition(".")[2] in CHANCES:
        return aliases[node.id]
    return ""


def aliases_of(path: Path) -> dict[str, str]:
    """Under which name each import goes here."""
    found: dict[str, str] = {}
    for node in nodes_of(path):
        if isinstance(node, ast.Import):
            found |= {alias.asname or alias.name: alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return found


def worlds_read_in(path: Path) -> set[str]:
    """What a file reads of the clock or of chance."""
    aliases = aliases_of(path)
    return {what for node in nodes_of(path) if (what := reads_the_world(node, aliases))}


def test_nothing_below_the_edge_reads_the_clock_or_chance():
    def faults_of(path: Path) -> Iterator[str]:
        yield from (f"reads {what}" for what in worlds_read_in(path))
        taken = {(module, name) for module, name in imports_of(path) if module in {"random", "secrets", "time"}}
        # A Random may be passed in; nothing else is taken from there.
        yield from (f"imports {module} {name}".rstrip() for module, name in taken - {("random", "Random")})

    check(faults_of, *BELOW_THE_EDGE)


def test_the_clock_is_found_however_it_is_called():
    """The finder itself, with each way of hiding that came to mind."""
    hidden = [
        "import datetime\nx = datetime.datetime.now()",
        "from datetime import datetime as d\nx = d.now()",
        "import datetime as dt\nx = dt.date.today()",
        "from datetime import date\nread = date.today",
        "import time\nx = time.time()",
        "import time as t\nx = t.monotonic()",
        "import uuid\nx = uuid.uuid4()",
        "from uuid import uuid4 as fresh\nx = fresh()",
        "import os\nx = os.urandom(3)",
        "import random\nx = random.choice([1])",
    ]
    for text in hidden:
        tree, aliases = ast.parse(text), {}
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                aliases |= {alias.asname or alias.name: alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                aliases |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
        assert any(reads_the_world(node, aliases) for node in ast.walk(tree)), text


# The first floor stands on little.

READERS = {
    "workflows/ladder_language/reader.py",
    "workflows/ladder_language/file_schema.py",
    "workflows/ladder_language/written_phrases.py",
    "workflows/ladder_language/strict_yaml.py",
}


def packages_imported_by(path: Path) -> set[str]:
    """The outermost package of everything that a file imports."""
    return {module.split(".")[0] for module, _ in imports_of(path)}


def test_the_first_floor_imports_the_standard_library_transitions_and_tzdata():
    def faults_of(path: Path) -> Iterator[str]:
        allowed = {"workflows", "transitions", "tzdata"} | set(sys.stdlib_module_names)
        if name_of(path) in READERS:
            allowed |= {"pydantic", "ruamel"}
        yield from (f"imports {package}" for package in packages_imported_by(path) - allowed)

    check(faults_of, "workflows")


def test_the_first_floor_opens_no_file_and_no_connection():
    forbidden = {"os", "socket", "sqlite3", "subprocess", "pathlib", "io", "shutil", "tempfile", "http", "urllib", "threading"}

    def faults_of(path: Path) -> Iterator[str]:
        yield from (f"imports {package}" for package in packages_imported_by(path) & forbidden)
        calls = {node.func.id for node in nodes_of(path) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
        yield from (f"calls {name}" for name in calls & {"open", "print", "input", "eval", "exec", "__import__"})

    check(faults_of, "workflows")


def test_imports_point_down_only():
    def faults_of(path: Path) -> Iterator[str]:
        above = FLOORS[FLOORS.index(path.relative_to(ROOT).parts[0]) + 1 :]
        yield from (f"imports {package}, which is above it" for package in packages_imported_by(path) & set(above))

    check(faults_of, *FLOORS)


# The state machine: each of these is a measured trap (docs/architecture.md).


def test_the_machine_holds_no_model_no_callback_no_condition_and_no_star():
    tree = tree_of(ROOT / "workflows" / "decision" / "moves.py")
    names = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert not names & {"add_model", "add_transition", "add_ordered_transitions", "set_state"}
    hooks = {
        "conditions", "unless", "before", "after", "prepare", "after_state_change", "before_state_change", "finalize_event",
        "on_enter", "on_exit", "on_exception", "on_final", "queued", "initial_model",
    }  # fmt: skip
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            assert not {keyword.arg for keyword in node.keywords} & hooks
        if isinstance(node, ast.Dict):
            assert not {key.value for key in node.keys if isinstance(key, ast.Constant)} & hooks
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            assert node.value not in ("*", "=")
    machines = [call for call in ast.walk(tree) if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "Machine"]
    assert len(machines) == 1
    said = {keyword.arg: ast.literal_eval(keyword.value) for keyword in machines[0].keywords if keyword.arg in SWITCHES}
    assert said == SWITCHES


SWITCHES = {"model": None, "auto_transitions": False}


def test_only_the_machine_uses_transitions():
    users = {
        name_of(path) for path in modules(*FLOORS) if any(module.startswith("transitions") for module, _ in imports_of(path))
    }
    assert users == {"workflows/decision/moves.py"}


# Nothing is switched off.


def attributes_in(path: Path) -> set[str]:
    """Every name that a file reads after a dot."""
    return {node.attr for node in nodes_of(path) if isinstance(node, ast.Attribute)}


def test_no_test_is_skipped_or_expected_to_fail():
    switches = {"skip", "skipif", "xfail", "importorskip"}
    check(lambda path: [f"uses {name}" for name in attributes_in(path) & switches], "tests")


def test_a_story_owns_its_clock():
    def faults_of(path: Path) -> Iterator[str]:
        seeded = {"random.Random"} if "cast" in path.parts else set()
        yield from (f"reads {what}" for what in worlds_read_in(path) if what not in seeded)
        if "sleep" in attributes_in(path):
            yield "sleeps"

    check(faults_of, "tests/decision", "tests/cast")


def test_every_warning_is_an_error():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert 'filterwarnings = ["error"]' in text
    assert "xfail_strict = true" in text
