"""The invented councils that the service is tested with: procedures as shipped under keys of their own, people by part."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import workflows
from api.demo.scene import OF_2022, only_present, with_reporting
from workflows.ladder_language.reader import AuthorityProcedures, read_procedures

HERE = Path(workflows.__path__[0]) / "authorities"


@dataclass(frozen=True)
class Council:
    """One council: whose shipped files it copies, under which key, and whether every passed date climbs by itself."""

    key: str
    shipped: str
    without: tuple[str, ...] = ()
    climbing: bool = False


DUNMOOR = Council("dunmoor", "durham", OF_2022)
CLIMBING = Council("dunmoor", "durham", OF_2022, climbing=True)
ELSEWHERE = Council("elsewhere", "durham", OF_2022)
LEVELS = Council("levels", "durham", ("resolution-2016.yaml",))
"""Durham as of 2022/23: levels, and senior scrutiny beside them."""
DERBY = Council("derwentside", "derby")
NORTH = Council("northmoor", "north_yorkshire")


@cache
def procedures(council: Council) -> AuthorityProcedures:
    """The shipped files, copied: own key, Durham's in force from 1 January 2026, and (climbing) no prompt without a reply."""
    texts: dict[str, str] = {}
    for path in sorted((HERE / council.shipped).glob("*.yaml")):
        if path.name in council.without:
            continue
        text = path.read_text(encoding="utf-8").replace(f"authority: {council.shipped}\n", f"authority: {council.key}\n")
        if council.shipped == "durham" and not text.startswith("authority:"):  # one version of two: in force from this year on
            lines = [line for line in text.splitlines(keepends=True) if not line.strip().startswith("until:")]
            head, _, rest = "".join(lines).partition("in_force: ")
            text = f"{head}in_force: 2026-01-01{rest[10:]}"
        if council.without:  # what speaks of a ladder that is left out
            text = with_reporting(text)
        if council.climbing:
            text = text.replace("no_reply: prompt", "no_reply: escalate")
        texts[f"{council.key}/{path.name}"] = text
    return read_procedures(only_present(texts))


POSTS_DURHAM = {
    "team_manager": "tess of north, tom of south",
    "operations_manager": "otto of care",
    "legal_advisor": "lena of care",
    "legal_manager": "gina",
    "iro_operations_manager": "mona",
    "strategic_manager_cs": "clara",
    "strategic_manager_sqd": "quinn",
    "head_of_cs": "hugo",
    "head_of_planning": "petra",
    "corporate_director": "cora",
    "head_of_legal": "leif",
    "chief_executive": "chris",
    "business_support": "bob",
    "administrator": "ada",
    "auditor": "audrey",
}
POSTS_DERBY = {
    "team_manager": "tess of north, tom of south",
    "deputy_head_of_service": "dora of care",
    "head_of_service": "hugo of care",
    "deputy_head_of_service_qa": "mona",
    "head_of_service_qa": "quinn",
    "service_director": "cora",
    "strategic_director": "stan",
    "business_support": "bob",
    "administrator": "ada",
    "auditor": "audrey",
}
POSTS_NORTH = {
    "team_manager": "tess of north, tom of south",
    "service_manager": "otto of care",
    "head_of_service": "hugo",
    "director": "cora",
    "iro_manager": "mona",
    "agency_practitioner": "nina of health, nora of health, stella of school",
    "agency_manager": "noel of health",
    "business_support": "bob",
    "administrator": "ada",
    "auditor": "audrey",
}
POSTS = {"durham": POSTS_DURHAM, "derby": POSTS_DERBY, "north_yorkshire": POSTS_NORTH}
AGENCIES = {"nina": "health", "nora": "health", "noel": "health", "stella": "school"}
OF_CHILDREN = ("irene", "ivor", "colin", "sam", "silas")

CHILDREN = """number,initials,born,statuses,in_plo,in_proceedings,facts,team,social_worker,iro,last_review,next_review,conferences
T-1,KT,2014-05-06,looked_after,no,no,,north,sam,irene,,,0
T-2,JO,2016-07-08,looked_after,yes,no,,north,sam,irene,,,0
T-3,PL,2015-01-02,child_protection,no,no,,north,sam,irene,,,1
T-4,VR,2012-03-04,looked_after,no,no,,south,silas,ivor,,,0
"""


def name_of(person: str) -> str:
    """The name that a person of the cast bears on screen."""
    return person.capitalize()


def directory_files(council: Council) -> dict[str, str]:
    """The directory of a council as files. Everybody is invented; every address ends in .example."""
    held = [
        (person.strip(), role, of.strip())
        for role, listed in POSTS[council.shipped].items()
        for person, _, of in (one.partition(" of ") for one in listed.split(","))
    ]
    people = dict.fromkeys((*(person for person, _, _ in held), *OF_CHILDREN, "nobody"))
    rows = [
        f"{person},{name_of(person)},{person}@{AGENCIES.get(person, council.key)}.example,{AGENCIES.get(person, '')},"
        for person in people
    ]
    agencies = (
        ["agency,health,Moors Health Trust,", "agency,school,Castle School,"] if council.shipped == "north_yorkshire" else []
    )
    units = ["service,care,Care Service,", "team,north,North Team,care", "team,south,South Team,care", *agencies]
    return {
        "people.csv": "key,name,email,agency,left_on\n" + "\n".join(rows) + "\n",
        "units.csv": "kind,key,name,within\n" + "\n".join(units) + "\n",
        "posts.csv": "person,role,of,since,until\n" + "".join(f"{p},{role},{of},2020-01-01,\n" for p, role, of in held),
        "covers.csv": "of,by,since,until,kind\n",
        "children.csv": CHILDREN,
    }
