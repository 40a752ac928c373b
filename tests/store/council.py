"""A small invented council, its directory as files, and the handful of people that directory stories are about."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection

from drp.casework.procedures import Procedures
from drp.casework.service import ActionResult, Casework
from drp.database.engine import Store
from drp.database.ids import Randomness
from drp.directory.importing import import_directory
from drp.directory.lookup import person_by_key
from drp.directory.plan import ImportPlan
from drp.identity.principal import Principal
from drp.identity.tokens import principal_of
from workflows.ladder_language.reader import AuthorityProcedures as Read
from workflows.ladder_language.reader import read_procedures
from workflows.model.events import Raised
from workflows.model.ladder import ItemType

_READ: dict[Any, Any] = {}


def read_once(procedures: Procedures) -> Procedures:
    """What was read once is true under its hash for ever: no need to read it again in every world."""
    procedures.known_rules = _READ
    return procedures


AUTHORITY = """
authority: saltmarsh
name: Saltmarsh Council
version: "1"
in_force: 2020-01-01
source: invented for a test
roles:
  iro: {title: IRO, for: child, acts_as: iro}
  social_worker: {title: Social Worker, for: child}
  team_manager: {title: Team Manager, for: team}
  service_manager: {title: Service Manager, for: service}
  director: {title: Director, for: authority, acts_as: leader}
  named_nurse: {title: Named Nurse, for: agency}
  iro_manager: {title: IRO Manager, for: authority, acts_as: iro_manager}
  business_support: {title: Business Support, for: authority, acts_as: business_support}
facts:
  unregistered_placement: Placed in unregistered provision
themes:
  plan:
    label: Plan
    reasons:
      drift: Drift
ladders:
  - {ladder: process}
"""

LADDER = """
ladder: process
version: "1"
authority: saltmarsh
process: Saltmarsh process
source: invented for a test
in_force: 2020-01-01
raised_by: [iro]
items: [formal]
covers: [looked_after]
judge_within: 3 working days
stages:
  stage_1:
    label: Stage 1
    to: {all of: [team_manager, service_manager]}
    copy: [social_worker]
    respond_within: 10 working days
    no_reply: prompt
  stage_2:
    label: Stage 2
    to: director
    respond_within: 5 working days
    no_reply: prompt
"""

PEOPLE = """key,name,email,agency,left_on
archer,A. Archer,a.archer@saltmarsh.example,,
baker,B. Baker,b.baker@saltmarsh.example,,
service,S. Service,s.service@saltmarsh.example,,
director,D. Director,d.director@saltmarsh.example,,
manager,M. Manager,m.manager@saltmarsh.example,,
irene,Irene Iro,irene.iro@saltmarsh.example,,
ivor,Ivor Iro,ivor.iro@saltmarsh.example,,
worker,W. Worker,w.worker@saltmarsh.example,,
nurse,N. Nurse,n.nurse@health.example,health,
"""
UNITS = """kind,key,name,within
service,care,Care Service,
team,north,North Team,care
team,south,South Team,care
agency,health,Saltmarsh Health,
"""
POSTS = """person,role,of,since,until
archer,team_manager,north,2020-01-01,
baker,team_manager,south,2020-01-01,
service,service_manager,care,2020-01-01,
director,director,,2020-01-01,
manager,iro_manager,,2020-01-01,
nurse,named_nurse,health,2020-01-01,
"""
CHILDREN = """number,initials,born,statuses,in_plo,in_proceedings,facts,team,social_worker,iro,last_review,next_review,conferences
C-1,KT,2014-05-06,looked_after,no,no,,north,worker,irene,2026-01-10,2026-07-10,0
C-2,JO,2016-07-08,child_protection;looked_after,yes,no,unregistered_placement,south,worker,irene,,,2
"""
COVERS = "of,by,since,until,kind\n"

FILES: Mapping[str, str] = {
    "people.csv": PEOPLE,
    "units.csv": UNITS,
    "posts.csv": POSTS,
    "covers.csv": COVERS,
    "children.csv": CHILDREN,
}
FIRST = date(2026, 3, 2)


@cache
def read() -> Read:
    """The council's authority file and its one ladder."""
    return read_procedures({"authority.yaml": AUTHORITY, "ladder.yaml": LADDER})


def seeded(store: Store, procedures: Procedures, now: datetime = datetime(2026, 3, 2, 8, tzinfo=UTC)) -> None:
    """The council's procedures, stored."""
    with store.write("saltmarsh") as connection:
        procedures.seed(connection, read(), now)


def load(
    store: Store, chance: Randomness, day: date = FIRST, files: Mapping[str, bytes | str] = FILES, **more: bool
) -> ImportPlan:
    """Load files, in one transaction."""
    with store.write("saltmarsh") as connection:
        return import_directory(connection, read().authority, read().ladders, files, day, chance, **more)


def person(store: Store, key: str) -> str:
    """A person's id."""
    with store.read("saltmarsh") as connection:
        return str(person_by_key(connection, "saltmarsh", key))


def as_(store: Store, key: str, now: datetime) -> Principal:
    """A person, signed in."""
    with store.read("saltmarsh") as connection:
        id_ = person_by_key(connection, "saltmarsh", key)
        assert id_ is not None
        return principal_of(connection, read().authority, id_, now)


def raised(casework: Casework, now: datetime, child: str = "C-1", by: str = "irene") -> str:
    """A formal challenge about a child; gives its reference."""
    seen: list[ActionResult] = []

    def render(connection: Connection, done: ActionResult) -> dict[str, str]:
        seen.append(done)
        return {}

    event = Raised(ItemType.FORMAL, ("drift",), "The plan drifts.", raiser_role="iro")
    casework.raise_item(as_(casework.store, by, now), child, event, now, render)
    return seen[0].loaded.reference
