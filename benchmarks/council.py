"""An invented council of any size, under Durham's procedure of 2016/17, with as many challenges as are wanted."""

import random
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import event, insert, select, update
from sqlmodel import col

from api.assembly import Service
from api.demo.scene import CAST, scene_procedures
from drp.database.challenge_tables import ChallengeRow, EntryRow, InvolvedRow, WindowRow, WordsRow
from drp.database.message_tables import DeliveryRow, MailState, NotificationRow, NotificationState
from drp.directory.importing import import_directory
from drp.directory.lookup import person_by_key
from drp.identity import tokens
from workflows.calendar.working_days import local_date
from workflows.model.events import Raised, Responded, Withdrawn
from workflows.model.ladder import ItemType

KEY = CAST[0].key
IROS, TEAMS, CHILDREN = 40, 30, 2000
RAISED = 1000
OPEN_OF = 20
"""One challenge of so many is still open."""


def directory() -> dict[str, str]:
    """People, posts and children as CSV."""
    people = ["key,name,email,agency,left_on"]
    posts = ["person,role,of,since,until"]
    wide = {
        "iro_operations_manager": "mona", "legal_manager": "gina", "strategic_manager_cs": "clara",
        "strategic_manager_sqd": "quinn", "head_of_cs": "hugo", "head_of_planning": "petra", "corporate_director": "cora",
        "head_of_legal": "leif", "chief_executive": "chris", "business_support": "bob", "administrator": "ada",
        "auditor": "audrey",
    }  # fmt: skip
    everyone = {*wide.values(), "otto", "lena"} | {f"iro{n}" for n in range(IROS)} | {f"tm{n}" for n in range(TEAMS)}
    everyone |= {f"sw{n}" for n in range(TEAMS * 4)}
    people += [f"{key},{key.title()},{key}@council.example,," for key in sorted(everyone)]
    posts += [f"{person},{role},,2020-01-01," for role, person in wide.items()]
    posts += ["otto,operations_manager,care,2020-01-01,", "lena,legal_advisor,care,2020-01-01,"]
    posts += [f"tm{n},team_manager,team{n},2020-01-01," for n in range(TEAMS)]
    units = ["kind,key,name,within", "service,care,Care,"] + [f"team,team{n},Team {n},care" for n in range(TEAMS)]
    head = "number,initials,born,statuses,in_plo,in_proceedings,facts,team,social_worker,iro,last_review,next_review,conferences"
    children = [head]
    for n in range(CHILDREN):
        team = n % TEAMS
        initials = f"{chr(65 + n % 26)}{chr(65 + n // 26 % 26)}"
        children.append(f"C-{n:05},{initials},2015-01-01,looked_after,no,no,,team{team},sw{team * 4 + n % 4},iro{n % IROS},,,0")
    listed = {"people": people, "posts": posts, "units": units, "children": children}
    return {f"{name}.csv": "\n".join(lines) + "\n" for name, lines in listed.items()}


def found(service: Service, now: datetime) -> None:
    """The council, with nobody having raised anything yet."""
    read = scene_procedures(CAST[0])
    with service.store.write(KEY) as connection:
        service.casework.procedures.seed(connection, read, now)
        day = local_date(now) - timedelta(days=400)
        import_directory(connection, read.authority, read.ladders, directory(), day, service.casework.chance)


def fill(service: Service, how_many: int, now: datetime) -> list[str]:
    """So many challenges over the last year; gives the open ones' references.

    Each thousandth is raised through the service itself, the others are copies of its rows under keys of their own: their
    chains do not prove themselves, which costs a page the same work.
    """
    raised = _raise(service, min(how_many, RAISED), now)
    send(service, now - timedelta(days=1))
    for _ in range(how_many // RAISED - 1):
        _copy(service)
    return raised


def send(service: Service, before: datetime) -> None:
    """What was told before yesterday has left by mail, as it has wherever the service runs."""
    with service.store.write(KEY) as connection:
        old = col(NotificationRow.authority) == KEY, col(NotificationRow.at) < before
        connection.execute(
            update(NotificationRow).where(*old).values(state=NotificationState.SENT, sent_at=col(NotificationRow.at))
        )
        told = col(DeliveryRow.authority) == KEY, col(DeliveryRow.told_at) < before
        connection.execute(update(DeliveryRow).where(*told).values(mail=MailState.ACCEPTED, mailed_at=col(DeliveryRow.told_at)))


def _copy(service: Service) -> None:
    """Every challenge that was raised, once more."""
    chance = service.casework.chance
    with service.store.write(KEY) as connection:
        raised = connection.execute(select(ChallengeRow.__table__).limit(RAISED)).mappings().all()  # type: ignore[attr-defined]
        ids = {row["id"]: chance.identity() for row in raised}
        again = [{**row, "id": ids[row["id"]], "reference": chance.reference()} for row in raised]
        connection.execute(insert(ChallengeRow), again)
        for row_type in (WindowRow, EntryRow, WordsRow, InvolvedRow, NotificationRow, DeliveryRow):
            table = row_type.__table__  # type: ignore[attr-defined]
            rows = connection.execute(select(table).where(table.c.challenge.in_(list(ids)))).mappings().all()
            copies = [{**row, "challenge": ids[row["challenge"]]} for row in rows]
            if copies:
                connection.execute(insert(row_type), copies)


def _raise(service: Service, how_many: int, now: datetime) -> list[str]:
    # Filling is not what is measured: nothing here needs to survive a power cut.
    if service.store.is_sqlite:
        event.listen(service.store.engine, "connect", lambda raw, _: raw.execute("PRAGMA synchronous=OFF"))
        service.store.engine.dispose()
    chance = random.Random(20260401)
    read = service.casework.procedures
    signed = {}
    with service.store.read(KEY) as connection:
        words = read.current(connection, KEY)[0].authority
        for person in [f"iro{n}" for n in range(IROS)] + [f"tm{n}" for n in range(TEAMS)]:
            id_ = person_by_key(connection, KEY, person)
            assert id_ is not None
            signed[person] = tokens.principal_of(connection, words, UUID(str(id_)), now)
    reasons = [reason.key for theme in words.themes for reason in theme.reasons if not reason.needs_words]
    still_open = []
    for n in range(how_many):
        child, is_open = chance.randrange(CHILDREN) if n else 0, n % OPEN_OF == 0
        at = now - timedelta(hours=1 + chance.randrange(20)) if is_open else now - timedelta(days=2 + chance.randrange(300))
        iro = signed[f"iro{child % IROS}"]
        raised = Raised(ItemType.FORMAL, (chance.choice(reasons),), "The plan drifts.", "She waits.", "A plan.")
        answer = service.casework.raise_item(iro, f"C-{child:05}", raised, at, lambda _, done: {"r": done.loaded.reference})
        reference = str(answer["r"])
        if is_open:
            still_open.append(reference)
            continue
        if n % 3 == 0:
            reply = Responded("agrees", "We will.")
            service.casework.act(signed[f"tm{child % TEAMS}"], reference, reply, at + timedelta(hours=2), lambda _, done: {})
        service.casework.act(iro, reference, Withdrawn("It was settled."), at + timedelta(hours=5), lambda _, done: {})
    return still_open
