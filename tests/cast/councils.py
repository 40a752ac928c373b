"""The councils of the store and of the service: procedures under keys of their own, and a directory of people by part."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache

from api.demo.scene import OF_2022, only_present, with_reporting
from tests.cast import rules
from tests.ladders import reading
from workflows.ladder_language.reader import AuthorityProcedures, read_procedures


@dataclass(frozen=True)
class Council:
    """One council: whose shipped files it copies, under which key; or else Marsh Council, with which ladders."""

    key: str
    shipped: str = ""
    without: tuple[str, ...] = ()
    climbing: bool = False
    """Every passed date climbs by itself, whatever was shipped."""
    ladders: tuple[str, ...] = ()
    more: str = ""
    """Further lines of its authority file."""
    watches: bool = False
    """Does it track cases and ask at the mid-point as well, by files of its own?"""
    rewritten: Callable[[Mapping[str, str]], dict[str, str]] | None = None
    """What is made of its files before they are read."""
    in_force: bool = False
    """Are its files in force already, so that what a later release refuses is only to be weighed?"""


DUNMOOR = Council("dunmoor", "durham", OF_2022)
WATCHING = replace(DUNMOOR, watches=True)
CLIMBING = replace(DUNMOOR, climbing=True)
ELSEWHERE = replace(DUNMOOR, key="elsewhere")
LEVELS = Council("levels", "durham", ("resolution-2016.yaml",))
"""Durham as of 2022/23: levels, and senior scrutiny beside them."""
DERBY = Council("derwentside", "derby")
NORTH = Council("northmoor", "north_yorkshire")
THURROCK = Council("estuary", "thurrock", ("dispute-resolution-2018.yaml",))
MARSH = Council("marsh", ladders=(rules.PROCESS, rules.PARTNER, rules.EXCELLENT))
PATIENT = replace(MARSH, ladders=(rules.PATIENT,))
"""Marsh Council with one ladder of two stages, on which nothing happens by itself."""
NIGHT_AND_DAY = replace(MARSH, more=rules.NIGHT_AND_DAY)


@cache
def procedures(council: Council) -> AuthorityProcedures:
    """What a council's files say."""
    files = only_present(_copied(council)) if council.shipped else rules.marsh_files(council.ladders, council.more)
    return read_procedures(council.rewritten(files) if council.rewritten else files, is_in_force=lambda content: council.in_force)


def _copied(council: Council) -> dict[str, str]:
    """The shipped files: own key, Durham's in force from 1 January 2026, and (climbing) no prompt without a reply."""
    texts: dict[str, str] = {}
    for name, shipped in reading.texts(reading.SHIPPED / council.shipped).items():
        if name in council.without:
            continue
        text = shipped.replace(f"authority: {council.shipped}\n", f"authority: {council.key}\n")
        if council.shipped == "durham" and not text.startswith("authority:"):  # one version of two: in force from this year on
            lines = [line for line in text.splitlines(keepends=True) if not line.strip().startswith("until:")]
            head, _, rest = "".join(lines).partition("in_force: ")
            text = f"{head}in_force: 2026-01-01{rest[10:]}"
        if council.without:  # what speaks of a ladder that is left out
            text = with_reporting(text)
        if council.climbing:
            text = text.replace("no_reply: prompt", "no_reply: escalate")
        if council.watches and text.startswith("authority:"):
            listed = "".join(f"  - {{ladder: {key}}}\n" for key in rules.WATCHING)
            text = text.replace("\nladders:\n", f"\nladders:\n{listed}")
        texts[f"{council.key}/{name}"] = text
    if council.watches:
        texts |= {f"{council.key}/{key}.yaml": text.format(authority=council.key) for key, text in rules.WATCHING.items()}
    return texts


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
POSTS_MARSH = {
    "team_manager": "tess of north, tom of south",
    "service_manager": "otto of care",
    "head_of_quality": "quinn",
    "director": "cora",
    "chief_executive": "chris",
    "iro_manager": "mona",
    "business_support": "bob",
    "named_nurse": "nina of health",
}
POSTS_THURROCK = {
    "team_manager": "tess of north, tom of south",
    "service_manager": "otto of care",
    "head_of_service": "hugo",
    "director": "cora",
    "iro_manager": "mona",
    "business_support": "bob",
    "administrator": "ada",
    "auditor": "audrey",
}
POSTS = {
    "thurrock": POSTS_THURROCK,
    "durham": POSTS_DURHAM,
    "derby": POSTS_DERBY,
    "north_yorkshire": POSTS_NORTH,
    "": POSTS_MARSH,
}
OF_CHILDREN = ("irene", "ivor", "colin", "sam", "silas")
WITHOUT_POST = {"": ("nora",)}
AGENCIES = {"health": "Moors Health Trust", "school": "Castle School"}
IN_AGENCIES = {"nina": "health", "nora": "health", "noel": "health", "stella": "school"}

COLUMNS = "number,initials,born,statuses,in_plo,in_proceedings,facts,team,social_worker,iro,last_review,next_review,conferences\n"
CHILDREN = """\
T-1,KT,2014-05-06,looked_after,no,no,,north,sam,irene,,,0
T-2,JO,2016-07-08,looked_after,yes,no,,north,sam,irene,,,0
T-3,PL,2015-01-02,child_protection,no,no,,north,sam,irene,,,1
T-4,VR,2012-03-04,looked_after,no,no,,south,silas,ivor,,,0
T-5,ME,2013-02-03,looked_after,no,no,,south,silas,colin,,,0
"""
CHILDREN_MARSH = """\
C-1,KT,2014-05-06,looked_after,no,no,,north,sam,irene,2026-01-10,2026-07-10,0
C-2,JO,2016-07-08,child_protection;looked_after,yes,no,unregistered_placement,south,sam,ivor,,,2
"""


def name_of(person: str) -> str:
    """The name that a person of the cast bears on screen."""
    return person.capitalize()


@cache
def directory_files(council: Council) -> dict[str, str]:
    """The directory of a council as files. Everybody is invented; every address ends in .example."""
    held = [
        (person.strip(), role, of.strip())
        for role, listed in POSTS[council.shipped].items()
        for person, _, of in (one.partition(" of ") for one in listed.split(","))
    ]
    extra = WITHOUT_POST.get(council.shipped, ())
    people = {
        person: IN_AGENCIES.get(person, "") for person in (*(person for person, _, _ in held), *OF_CHILDREN, *extra, "nobody")
    }
    units = ["service,care,Care Service,", "team,north,North Team,care", "team,south,South Team,care"]
    units += [f"agency,{key},{name}," for key, name in AGENCIES.items() if key in {of for _, _, of in held}]
    return {
        "people.csv": "key,name,email,agency,left_on\n"
        + "".join(f"{p},{name_of(p)},{p}@{agency or council.key}.example,{agency},\n" for p, agency in people.items()),
        "units.csv": "kind,key,name,within\n" + "\n".join(units) + "\n",
        "posts.csv": "person,role,of,since,until\n" + "".join(f"{p},{role},{of},2020-01-01,\n" for p, role, of in held),
        "covers.csv": "of,by,since,until,kind\n",
        "children.csv": COLUMNS + (CHILDREN if council.shipped else CHILDREN_MARSH),
    }


def addresses(*people: str, council: Council = MARSH) -> list[str]:
    """The addresses of people of the directory as it was loaded."""
    known = {line.split(",")[0]: line.split(",")[2] for line in directory_files(council)["people.csv"].splitlines()[1:]}
    return [known[person] for person in people]
