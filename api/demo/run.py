"""`make demo`: a fresh database, the story, three lines to try, and the service on this machine."""

import os
import shutil
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy import Connection

from api.assembly import SYSTEM_CHANCE, Service, assemble_service
from api.demo.scene import CAST, SceneCast
from api.demo.story import tell_story
from api.jobs.checkpoints import verify_by_own_keys
from api.keys import make_missing_keys
from api.serving import PortTaken, serve_until_told, take_port
from drp.casework.load import load_challenges, load_establishment
from drp.database.migrate import migrate_database
from drp.identity import tokens
from drp.messages import sent_messages
from drp.settings import Settings
from workflows.calendar.working_days import local_date
from workflows.model.authority import Capacity
from workflows.model.challenge import Phase

LASTS = timedelta(days=7)


def run_demo(port: int, serve: bool) -> None:
    """Make the demonstration anew under var/demo, and serve it on 127.0.0.1."""
    try:
        listening = take_port("127.0.0.1", port) if serve else None
    except PortTaken as refused:
        raise SystemExit(str(refused)) from None
    var = Path(os.environ.get("DRP_VAR", "var")) / "demo"
    shutil.rmtree(var, ignore_errors=True)
    settings = Settings(
        var=var,
        database_url=f"sqlite:///{var / 'drp.sqlite'}",
        link=f"http://127.0.0.1:{port}",
        mail="folder",
        tick_seconds=15,
        choose_a_person=True,
    )
    make_missing_keys(settings, SYSTEM_CHANCE)
    service = assemble_service(settings)
    migrate_database(service.store)
    now = service.clock()
    print("Telling the story of five invented authorities (about a minute) …", flush=True)
    items = tell_story(service, now, lambda said: print(f"  {said}", flush=True))
    print(f"{items} items. No real child, officer or family is in it.\n")
    for part in CAST:
        verify_by_own_keys(service, part.key)
    _show(service, now, port, var)
    service.close()
    if listening:
        from api.app import create_app

        print(f"\nOpen http://127.0.0.1:{port} and choose a person to be. (JSON interface: http://127.0.0.1:{port}/docs)")
        print(f"Mail is written to {var / 'mail'}. Ctrl-C ends it.")
        serve_until_told(create_app(settings), listening, "warning")


def _show(service: Service, now: datetime, port: int, var: Path) -> None:
    part = CAST[0]
    with service.store.write(part.key) as connection:
        authority = service.casework.procedures.current(connection, part.key)[0].authority
        cast = SceneCast(connection, authority, now)
        looked_after = cast.looked_after()[0]
        roles = {one: role for one in Capacity for role in authority.roles_acting_as(one)[:1]}
        people = {
            authority.role(role).title: cast.holder(role, str(looked_after.id) if one is Capacity.IRO else "")
            for one, role in roles.items()
        }
        reference, asked = _somebody_asked(service, connection, part.key, now)
        people[f"a manager who is asked, on {reference}"] = asked
        made = {title: _token(service, connection, part.key, person, now) for title, person in people.items()}
    print(f"Tokens for {authority.name}, in force for 7 days:")
    for title, token in made.items():
        print(f"  {title}: {cast.name(people[title])}\n    {token}")
    print("IROs of the other authorities:")
    for other in CAST[1:]:
        with service.store.write(other.key) as connection:
            its = service.casework.procedures.current(connection, other.key)[0].authority
            others = SceneCast(connection, its, now)
            person = others.holder(its.roles_acting_as(Capacity.IRO)[0], str(others.looked_after()[0].id))
            token = _token(service, connection, other.key, person, now)
        print(f"  {its.name}: {others.name(person)}\n    {token}")
    child, (iro, *_, manager) = looked_after.number, made.values()
    base = f"http://127.0.0.1:{port}/api/v1"
    raise_body = (
        f'{{"child": "{child}", "item_type": "informal", "reasons": ["permanence_plan_delayed"], "concern": "No plan yet."}}'
    )
    answer = '{"type": "responded", "position": "agrees", "answer": "We agree and will act.", "actions": []}'
    print("\nThree lines to try: look, raise, answer.")
    print(f"  curl -s -H 'Authorization: Bearer {manager}' {base}/challenges/{reference}")
    print(f"  curl -s -H 'Authorization: Bearer {iro}' -H 'Content-Type: application/json' -d '{raise_body}' {base}/challenges")
    print(
        f"  curl -s -H 'Authorization: Bearer {manager}' -H 'Content-Type: application/json' -d '{answer}' "
        f"{base}/challenges/{reference}/events"
    )
    (var / "tokens.txt").write_text("\n".join(f"{title}\t{token}" for title, token in made.items()) + "\n", encoding="utf-8")


def _token(service: Service, connection: Connection, authority: str, person: UUID, now: datetime) -> str:
    return tokens.create_token(connection, service.casework.chance, service.seal, authority, person, "demonstration", now, LASTS)


def _somebody_asked(service: Service, connection: Connection, authority: str, now: datetime) -> tuple[str, UUID]:
    """An item at a written stage that waits for one manager, and that manager."""
    ids = sent_messages.items_raised_before(connection, authority)
    found = load_challenges(connection, authority, ids)
    for loaded in (found[id_] for id_ in ids):
        value, main = loaded.challenge, loaded.challenge.main_window()
        if value.phase is Phase.AWAITING and value.stage in ("stage_2", "stage_3") and main and main.is_open:
            rules = service.casework.procedures.rules(connection, authority, value.ladder_hash, value.authority_hash)
            places = load_establishment(connection, authority, [loaded.about()])
            holders = places.holders(rules.authority, main.asked[0].party.role, loaded.about(), local_date(now))
            if holders:
                return loaded.reference, UUID(holders[0])
    raise LookupError("nobody is asked in the demonstration")
