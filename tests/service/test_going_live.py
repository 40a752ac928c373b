"""An authority first loaded by `drp serve` is on trial until an IRO manager says otherwise; the documented order works."""

import re
import subprocess
import sys
import time
import zipfile
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import select, update

from api.cli.own_files import load_own_files
from api.exports.referral import gather
from api.exports.referral.bundle import verify_file
from api.jobs import heartbeat
from api.jobs.heartbeat import deliver_authority
from api.json.health import health_of
from drp.database.authority_tables import AuthorityRow
from drp.database.register_tables import RegisterRow
from drp.staffing import going_live
from notifications.channels import SendOutcome
from tests.cast.direct import free_port
from tests.cast.world import World
from tests.ladders import reading
from tests.pages.browser import at_browser

ROOT = Path(__file__).parents[2]


@pytest.fixture
def trial(world: World) -> World:
    """Dunmoor, not live yet."""
    world.write(update(AuthorityRow).values(is_live=False))
    world.mails = False
    return world


class Postbag:
    """A relay that keeps what it is given."""

    def __init__(self) -> None:
        self.posts: list[Any] = []

    def send(self, post: Any) -> SendOutcome:
        self.posts.append(post)
        return SendOutcome(accepted=frozenset(post.envelope))


def mails(world: World) -> list[str]:
    """A round of the outbox: the subjects of the mails that left."""
    bag = Postbag()
    world.app.state.service = world.service = replace(world.service, sender=replace(world.service.sender, channel=bag))
    deliver_authority(world.service, world.key)
    return [post.letter.subject for post in bag.posts]


def test_on_trial_no_mail_leaves_but_links_and_the_inbox_has_it(trial: World) -> None:
    reference = str(trial.as_("irene").raises(item_type="formal", stage="stage_2", stage_reason="A trial.").json()["reference"])
    assert mails(trial) == []
    assert reference in trial.as_("tess").get("/inbox").text
    trial.client.post("/sign-in", data={"email": "tess@dunmoor.example", "authority": "dunmoor"})
    assert mails(trial) in ([], ["Your link to sign in"]), "a link leaves; here at once, by the answer's own round"
    page = at_browser(trial, "tess").open("/")
    assert "Not live yet." in page.text
    health = health_of(trial.service)
    assert "An authority is not live" in " ".join(health.reasons)


def test_what_is_referred_on_trial_says_so_throughout(trial: World, tmp_path: Path) -> None:
    irene = trial.as_("irene")
    reference = str(irene.raises().json()["reference"])
    assert irene.brings(reference, "referred_to_cafcass").status_code == 200
    octets = irene.get(f"/challenges/{reference}/referral/0/bundle").content
    (tmp_path / "bundle.zip").write_bytes(octets)
    _, said = verify_file(tmp_path / "bundle.zip")
    assert "A trial (NOT a referral)" in said
    with zipfile.ZipFile(BytesIO(octets)) as bundle:
        assert b"Trial: made before the service went live" in bundle.read("referral.html")


def test_planted_trial_that_leaves_as_a_referral_is_noticed(
    trial: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gather, "is_live", lambda *given: True)
    with pytest.raises(AssertionError):
        test_what_is_referred_on_trial_says_so_throughout(trial, tmp_path)


def test_going_live_seals_the_trial_and_lets_mail_leave(trial: World) -> None:
    old = str(trial.as_("irene").raises(item_type="formal", stage="stage_2", stage_reason="A trial.").json()["reference"])
    assert mails(trial) == []
    mona = at_browser(trial, "mona")
    page = mona.open("/administration/going-live")
    assert f"1 item: {old}" in page.text
    page = mona.fill(page, "/administration/going-live")
    assert "The service is live." in page.text
    assert trial.as_("irene").item(old)["phase"] == "recorded_in_error"
    assert trial.rows(select(RegisterRow.id)) == [], "it counts nowhere"
    assert mails(trial) == [], "nobody is written to about the trial"
    trial.as_("irene").raises("T-2", item_type="formal", stage="stage_2", stage_reason="In earnest.")
    assert len(mails(trial)) >= 1
    assert "Not live yet." not in mona.open("/").text
    again = mona.send("POST", "/administration/going-live", data={"form_token": ["x"]})
    assert again.status_code == 403


def test_only_an_iro_manager_goes_live_and_once(trial: World) -> None:
    assert at_browser(trial, "ada").open("/administration/going-live").status == 200
    assert "An IRO manager does this" in at_browser(trial, "ada").open("/administration/going-live").text
    mona = at_browser(trial, "mona")
    page = mona.open("/administration/going-live")
    mona.fill(page, "/administration/going-live")
    assert "The service is live: what is raised counts" in mona.fill(page, "/administration/going-live").text


def test_planted_trial_whose_mail_leaves_is_noticed(trial: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "is_live", lambda connection, authority: True)
    with pytest.raises(AssertionError):
        test_on_trial_no_mail_leaves_but_links_and_the_inbox_has_it(trial)


def test_what_serve_loads_first_is_on_trial_and_what_it_loads_again_is_not(world: World, tmp_path: Path) -> None:
    own = tmp_path / "authorities" / "thurrock"
    own.mkdir(parents=True)
    for path in (reading.SHIPPED / "thurrock").glob("*.yaml"):
        (own / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    list(load_own_files(world.service, tmp_path / "authorities"))
    with world.store.read("thurrock") as connection:
        assert not going_live.is_live(connection, "thurrock")
    with world.store.write("thurrock") as connection:
        connection.execute(update(AuthorityRow).where(AuthorityRow.key == "thurrock").values(is_live=True))
    list(load_own_files(world.service, tmp_path / "authorities"))
    with world.store.read("thurrock") as connection:
        assert going_live.is_live(connection, "thurrock")


# The documented order, word by word.


def documented() -> list[str]:
    """The commands under *Going live* in docs/running.md, in their order."""
    text = (ROOT / "docs" / "running.md").read_text(encoding="utf-8").partition("## Going live")[2]
    block = re.search(r"```\n(.*?)```", text, re.DOTALL)
    assert block
    return block[1].strip().splitlines()


@pytest.mark.deep
@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_the_documented_order_of_going_live_works_word_by_word(world: World, tmp_path: Path) -> None:
    etc, drp = tmp_path / "etc", Path(sys.executable).with_name("drp")
    derby, directory = etc / "authorities" / "derby", etc / "directory"
    for folder in (derby, directory):
        folder.mkdir(parents=True)
    for path in (reading.SHIPPED / "derby").glob("*.yaml"):
        (derby / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    manager = "philippa.draycott"
    for path in (ROOT / "api" / "demo" / "directories" / "derby").glob("*.csv"):
        (directory / path.name).write_text(path.read_text(encoding="utf-8").replace(manager, "i.manager"), encoding="utf-8")
    env = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "DRP_TICK_SECONDS": "1"}
    port, served = free_port(), None
    said: dict[str, str] = {}
    try:
        for line in documented():
            words = line.replace("/etc/drp", str(etc)).replace("durham", "derby").split()
            assert words[0] == "drp"
            if words[1] == "serve":
                with (tmp_path / "serve.log").open("wb") as log:
                    served = subprocess.Popen(
                        [drp, *words[1:], "--port", str(port)], cwd=tmp_path, env=env, stdout=log, stderr=log
                    )
                for _ in range(200):
                    try:
                        if httpx2.get(f"http://127.0.0.1:{port}/api/v1/health/serving", timeout=1).status_code == 200:
                            break
                    except httpx2.HTTPError:
                        time.sleep(0.1)
                continue
            done = subprocess.run([drp, *words[1:]], cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
            said[line] = done.stdout + done.stderr
            assert done.returncode == 0, (line, said[line])
        assert said["drp live durham i.manager"].startswith("derby is live.")
        token = said["drp token create durham i.manager"].strip()
        answer = httpx2.get(f"http://127.0.0.1:{port}/api/v1/me", headers={"Authorization": f"Bearer {token}"}, timeout=5)
        assert answer.status_code == 200
        assert "MAIL DOES NOT LEAVE" in (tmp_path / "serve.log").read_text()
    finally:
        if served:
            served.terminate()
            served.wait(timeout=20)
