"""The operator's commands, as they are typed."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli.main import app
from tests.cast.world import World
from tests.referral.matter import CONCERN, matter

one_engine = pytest.mark.parametrize("store", ["sqlite"], indirect=True)


@one_engine
def test_a_record_is_listed_held_let_go_and_erased(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    matter(world)
    for name, value in {"DRP_DATABASE_URL": world.store.url, "DRP_VAR": str(world.settings.var), "DRP_MAIL": "none"}.items():
        monkeypatch.setenv(name, value)
    runner = CliRunner()

    def drp(*said: str, code: int = 0) -> str:
        done = runner.invoke(app, ["retention", *said])
        assert done.exit_code == code, done.output
        return str(done.output)

    assert "0 listed. Nothing is erased by itself" in drp("review", "dunmoor")
    listed = drp("review", "dunmoor", "--all")
    assert "T-1: kept, looked after, until" in listed
    assert "1 on record" in listed
    drp("child", "dunmoor", "T-1", "--died", "2026-03-01")
    assert "15 years after the death" in drp("review", "dunmoor", "--all")
    assert "no child T-99" in drp("child", "dunmoor", "T-99", code=1)
    drp("hold", "dunmoor", "--child", "T-1", "--why", "A claim.", "--by", "Ada, administrator")
    assert "HELD: A claim." in drp("review", "dunmoor", "--all")
    ground = ("--why", "Ordered.", "--by", "Ada, administrator", "--ordered")
    assert "Nothing was erased. It is held" in drp("erase", "dunmoor", "T-1", *ground, code=1)
    assert "1 lifted" in drp("lift", "dunmoor", "--child", "T-1")
    assert "Would erase" in drp("erase", "dunmoor", "T-1", *ground)
    assert CONCERN in str(world.as_("irene").timeline(next(iter(references(world))))), "only tried"
    assert "Erased" in drp("erase", "dunmoor", "T-1", *ground, "--yes")
    assert "There is no authority nowhere" in drp("review", "nowhere", code=1)
    assert Path(world.settings.var).exists()


def references(world: World) -> list[str]:
    return [item["reference"] for item in world.as_("irene").get("/challenges").json()["items"]]
