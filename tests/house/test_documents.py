"""The documents say what the code does: every key of the language, every setting, every command."""

import re
from pathlib import Path

import pytest

from api.cli.main import app, directory_app, token_app
from api.request_context import ROUTES
from drp.settings import Settings
from workflows.ladder_language import file_schema

ROOT = Path(__file__).parents[2]
LANGUAGE = (ROOT / "docs" / "writing-a-ladder.md").read_text(encoding="utf-8")
RUNNING = (ROOT / "docs" / "running.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")

MODELS = [value for value in vars(file_schema).values() if isinstance(value, type) and issubclass(value, file_schema.Written)]
COMMANDS = "".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "api" / "cli").glob("*.py")))
TABLES = "".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "drp" / "database").glob("*_tables.py")))
KEYS = sorted({field.alias or name for model in MODELS for name, field in model.model_fields.items()})


def test_every_key_of_the_language_is_described():
    assert KEYS
    missing = [key for key in KEYS if not re.search(rf"(?<![a-z_]){re.escape(key)}(?![a-z_])", LANGUAGE)]
    assert not missing


def test_every_setting_is_described_or_internal():
    internal = {"sweep_batch", "pool_size"}
    missing = [
        setting
        for setting in sorted(set(Settings.model_fields) - internal)
        if f"DRP_{setting.upper()}" not in RUNNING and f"`_{setting.split('_', 1)[-1].upper()}`" not in RUNNING
    ]
    assert not missing


def test_every_command_is_described():
    commands = [command.name or command.callback.__name__ for command in app.registered_commands]
    commands += [
        "directory import",
        "directory spellings",
        "token create",
        "register import",
        "register take-back",
        "reviews import",
        "population import",
    ]
    assert len(directory_app.registered_commands) == 3
    assert len(token_app.registered_commands) == 1
    missing = [name for name in commands if f"drp {name}" not in README]
    assert not missing


@pytest.mark.parametrize("document", ["record-of-processing", "impact-assessment"])
def test_what_the_data_protection_documents_name_is_there(document):
    """A measure that is claimed stands in a file, a setting, a page or a command that exists."""
    text = (ROOT / "docs" / f"{document}.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([^`]+)`", text)) | set(re.findall(r"\]\(([^)]+)\)", text))
    commands = {f"drp {command.name or command.callback.__name__}" for command in app.registered_commands}
    commands |= {
        f"drp {group.name} {command.name or command.callback.__name__}"
        for group in app.registered_groups
        for command in group.typer_instance.registered_commands
    }
    pages = {path for _, path in ROUTES}
    missing = []
    for one in sorted(named):
        if one.startswith("drp "):
            there = any(one == command or one.startswith(f"{command} ") for command in commands)
        elif one.startswith("DRP_"):
            there = one.partition("=")[0].removeprefix("DRP_").lower() in Settings.model_fields
        elif one.startswith(("/", "GET ")):
            there = one.removeprefix("GET ") in pages
        elif "/" in one or one.endswith(".md"):
            there = (ROOT / one).exists() or (ROOT / "docs" / one).exists()
        elif one.startswith("--"):
            there = f'"{one}"' in COMMANDS or f" {one[2:]}: Annotated" in COMMANDS
        elif one.endswith("Row"):
            there = f"class {one}(" in TABLES
        else:
            there = any(one in (ROOT / path).read_text(encoding="utf-8") for path in named if path.endswith(".py"))
        if not there:
            missing.append(one)
    assert not missing
    assert f"({document}.md)" in RUNNING


def test_addresses_in_the_walk_through_exist():
    named = set(re.findall(r"\$API(/[a-z/$A-Z]+)", README)) | set(re.findall(r"(?:GET|POST|PUT) (/[a-z/{}]+)", README))
    known = {path.removeprefix("/api/v1") for _, path in ROUTES}
    for path in named:
        plain = path.replace("$REF", "{reference}").replace("/ladders/resolution", "/ladders/{name}").rstrip("/")
        assert plain in known, path
