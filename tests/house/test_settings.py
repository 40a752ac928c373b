"""Settings that cannot be right stop the start, in a line each and never in a traceback."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from api.cli.main import app
from api.own_alone import close_to_others
from drp.settings import Provider, Settings, faults_in_settings, misspelt_settings

WRONG: dict[str, tuple[str, str]] = {
    "DRP_LINK": ("drp.council.gov.example", "is no address"),
    "DRP_LINK ": ("ftp://drp.council.gov.example", "is no address"),
    "DRP_LINK  ": ("https://drp.council.gov.example/drp", "goes on behind the host"),
    "DRP_LINK   ": ("https://drp.council.gov.example:99999", "Port out of range"),
    "DRP_LINK    ": ("https://user@drp.council.gov.example", "is no address"),
    "DRP_MAIL_DOMAINS": ('["@council.gov.example"]', "is no domain"),
    "DRP_MAIL_DOMAINS ": ('["https://council.gov.example"]', "is no domain"),
    "DRP_MAIL_DOMAINS  ": ("council.gov.example", "not written as JSON"),
    "DRP_MAIL": ("yes", "folder, smtp or none"),
    "DRP_MAIL_FROM": ("the service", "is no address"),
    "DRP_SESSION_IDLE_MINUTES": ("6000", "longer than DRP_SESSION_HOURS"),
    "DRP_TICK_SECONDS": ("soon", "should be a valid integer"),
    "DRP_PROVIDERS": ('{"durham": {"issuer": "login.durham.example", "client_id": "x"}}', "is no https address of a provider"),
    "DRP_PROVIDERS ": ('{"durham": {"issuer": "https://l.example", "client_id": "x", "role_wanted": "a"}}', "roles_claim is not"),
    "DRP_PROVIDERS  ": ('{"durham": {"issuer": "https://l.example", "client": "x"}}', "client_id"),
    "DRP_SMTP_USER": ("drp", "DRP_MAIL is not smtp"),
    "DRP_MIAL": ("smtp", "did you mean DRP_MAIL?"),
}


@pytest.mark.parametrize("name", sorted(WRONG))
def test_what_is_misspelt_contradictory_or_nonsense_is_refused_in_a_line(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    value, said = WRONG[name]
    for command in (["serve"], ["tick"], ["migrate"], ["keys", "make", "chain"]):
        done = CliRunner().invoke(app, command, env={"DRP_VAR": str(tmp_path / "var"), name.strip(): value})
        assert done.exit_code == 1
        assert "The settings cannot be right. Nothing was done." in done.output
        assert name.strip() in done.output
        assert said in done.output
        assert "Traceback" not in done.output
    assert not (tmp_path / "var").exists()


def test_what_is_read_as_an_address_is_kept_in_one_spelling() -> None:
    settings = Settings(link="https://drp.council.gov.example/", mail_domains=(" Council.GOV.example ", "nhs.example."))
    assert (settings.link, settings.mail_domains) == ("https://drp.council.gov.example", ("council.gov.example", "nhs.example"))


def test_where_nobody_could_sign_in_it_is_said() -> None:
    with pytest.raises(ValidationError, match="nobody could sign in"):
        Settings(link="https://drp.council.gov.example", link_sign_in=False)
    provider = Provider(issuer="https://login.example", client_id="x")
    assert Settings(link="https://drp.council.gov.example", link_sign_in=False, providers={"durham": provider}).providers


def test_planted_settings_that_nobody_checks_go_through() -> None:
    """Without the checks, each of these is a start that goes wrong for somebody later."""
    passed = Settings.model_construct(link="drp.council.gov.example", mail_domains=("@council.gov.example",))
    assert passed.link == "drp.council.gov.example"
    with pytest.raises(ValidationError) as caught:
        Settings(**vars(passed))
    assert len(list(faults_in_settings(caught.value))) == 2


def test_every_setting_is_known_by_its_own_name() -> None:
    assert list(misspelt_settings({f"DRP_{name.upper()}": "" for name in Settings.model_fields})) == []
    assert list(misspelt_settings({"DRP_XYZZY": ""})) == ["DRP_XYZZY is no setting."]


# Whose files they are.


def modes(folder: Path) -> set[tuple[bool, int]]:
    return {(path.is_dir(), stat.S_IMODE(path.stat().st_mode)) for path in (folder, *folder.rglob("*"))}


def test_what_a_command_writes_is_the_services_alone(tmp_path: Path) -> None:
    drp, var = Path(sys.executable).with_name("drp"), tmp_path / "var"
    env = {"DRP_VAR": str(var), "DRP_DATABASE_URL": f"sqlite:///{var / 'drp.sqlite'}", "PATH": "/usr/bin:/bin"}
    for said in (["keys", "make", "chain"], ["migrate"]):
        subprocess.run([drp, *said], env=env, cwd=tmp_path, check=True, capture_output=True, umask=0)
    assert modes(var) == {(True, 0o700), (False, 0o600)}


def test_what_an_earlier_release_left_open_is_closed(tmp_path: Path) -> None:
    (tmp_path / "mail").mkdir(mode=0o755)
    (tmp_path / "mail" / "one.eml").write_text("x")
    (tmp_path / "outside.txt").write_text("x")
    (tmp_path / "mail" / "link").symlink_to(tmp_path / "outside.txt")
    for path in (tmp_path / "mail" / "one.eml", tmp_path / "outside.txt"):
        path.chmod(0o664)
    assert close_to_others(tmp_path / "mail") == 2
    assert modes(tmp_path / "mail") >= {(True, 0o700), (False, 0o600)}
    assert stat.S_IMODE((tmp_path / "outside.txt").stat().st_mode) == 0o664, "a link is not followed"
    assert close_to_others(tmp_path / "mail") == 0


def test_planted_command_that_writes_for_everybody_is_noticed(tmp_path: Path) -> None:
    said = "import os, pathlib; os.umask(0); pathlib.Path('x').write_text('x')"
    subprocess.run([sys.executable, "-c", said], cwd=tmp_path, check=True)
    assert (False, 0o666) in modes(tmp_path)
