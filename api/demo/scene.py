"""Who takes part: the authorities as their reports describe them, under names of their own, with invented directories."""

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from importlib.resources import files
from uuid import UUID

from sqlalchemy import Connection

from api.assembly import Service
from drp.directory.importing import import_directory, read_standing_directory
from drp.directory.values import runs_on
from drp.identity import tokens
from drp.identity.principal import Principal
from workflows.calendar.working_days import local_date
from workflows.ladder_language.reader import AuthorityProcedures, read_procedures
from workflows.model.authority import Authority
from workflows.model.ladder import Status


@dataclass(frozen=True)
class SceneAuthority:
    """One authority of the demonstration: whose files, under which key and name, and which ladder files it leaves out."""

    key: str
    shipped: str
    name: str
    without: tuple[str, ...] = ()
    reporting: str = ""
    """How its figures are read, where its own file speaks of ladders that are left out."""


_OF_2016 = """\
reporting:
  together:
    - {label: Stages 5–8, stages: [stage_5, stage_6, stage_7, stage_8]}
  breaks:
    - {from: 2016-04-01, why: "By its report 2016/17 does not compare with the year before."}
"""

OF_2022 = ("resolution-2022.yaml", "scrutiny-level-4.yaml", "scrutiny-level-5.yaml")
"""Durham's files that 2022/23 brought."""

KEYED = re.compile(r"^(?:ladder|notice|between_reviews): (\w+)", re.MULTILINE)
LISTED = re.compile(r"  - \{ladder: (\w+)")

REPORTS = re.compile(r"^  reports:\n(?:    .*\n)+(?:  shared:\n(?:    .*\n)+)?", re.MULTILINE)
"""What an authority's file says of its reports, and of themes shared with others: it speaks of no ladder."""

CAST = (
    SceneAuthority("durham_2016", "durham", "Durham, as it stood in 2016/17 (demonstration)", OF_2022, _OF_2016),
    SceneAuthority("durham_2022", "durham", "Durham, as it stood in 2022/23 (demonstration)", ("resolution-2016.yaml",)),
    SceneAuthority("derby", "derby", "Derby, as it stood in 2017/18 (demonstration)"),
    SceneAuthority("north_yorkshire", "north_yorkshire", "North Yorkshire, as it stood in 2014/15 (demonstration)"),
    SceneAuthority("thurrock", "thurrock", "Thurrock, as it stood in 2017/18 (demonstration)", ("dispute-resolution-2018.yaml",)),
)


def scene_procedures(part: SceneAuthority) -> AuthorityProcedures:
    """The shipped files under the demonstration's own key and name, in force today whatever day they ended on."""
    folder = files("workflows").joinpath("authorities", part.shipped)
    chosen = [file for file in folder.iterdir() if file.name.endswith(".yaml") and file.name not in part.without]
    texts = {f"{part.key}/{file.name}": _as_told(file.read_text(encoding="utf-8"), part) for file in chosen}
    return read_procedures(only_present(dict(sorted(texts.items()))))


def _as_told(text: str, part: SceneAuthority) -> str:
    """A shipped file under the demonstration's key and name, and without the day on which it ended."""
    text = re.sub(r"^(?:  )?until:.*\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"^name:.*$", f'name: "{part.name}"', text, flags=re.MULTILINE)
    text = text.replace(f"authority: {part.shipped}\n", f"authority: {part.key}\n", 1)
    if not part.without:
        return text
    kept = REPORTS.search(text)
    return with_reporting(text, (part.reporting or "reporting:\n") + kept[0] if kept else part.reporting)


def only_present(texts: Mapping[str, str]) -> dict[str, str]:
    """An authority's files, whose own file lists no ladder that is left out. Ladders stand there a line each."""
    present = {named for text in texts.values() for named in KEYED.findall(text)}

    def is_left_out(line: str) -> bool:
        named = LISTED.match(line)
        return named is not None and named[1] not in present

    return {
        name: "".join(line for line in text.splitlines(keepends=True) if not is_left_out(line))
        if text.startswith("authority:")
        else text
        for name, text in texts.items()
    }


def with_reporting(text: str, instead: str = "") -> str:
    """An authority's file with another `reporting:` part in the place of its own, and without what is assumed of that.

    For whoever leaves out a ladder that the file's own part speaks of.
    """
    kept, inside = [], False
    for line in text.splitlines(keepends=True):
        inside = line.startswith("reporting:") or (inside and line.startswith((" ", "\n")))
        if line.startswith("reporting:"):
            kept.append(f"{instead}\n")
        elif not inside and not line.startswith("  reporting."):
            kept.append(line)
    return "".join(kept)


def directory_files(part: SceneAuthority, today: date | None = None) -> dict[str, str]:
    """The invented directory of one authority; with reviews some weeks before and after `today`, where that is given."""
    folder = files("api").joinpath("demo", "directories", part.key)
    found = {file.name: file.read_text(encoding="utf-8") for file in folder.iterdir() if file.name.endswith(".csv")}
    return found | ({"children.csv": _with_reviews(found["children.csv"], today)} if today else {})


WEEKS_AGO = (5, 9, 2, 14, 7, 20, 11, 3, 17)
"""How many weeks ago the last reviews were, in turn; the next are half a year after the last."""


def _with_reviews(children: str, today: date) -> str:
    """The children with the days of their reviews moved to where they would be on a day; who has none has none."""
    rows = list(csv.DictReader(io.StringIO(children)))
    for n, row in enumerate(one for one in rows if one["next_review"]):
        last = today - timedelta(weeks=WEEKS_AGO[n % len(WEEKS_AGO)], days=n % 5)
        last -= timedelta(days=max(0, last.weekday() - 4))  # on a Friday, rather than a day at the weekend
        row |= {"last_review": f"{last}", "next_review": f"{last + timedelta(weeks=26)}"}
    out = io.StringIO()
    writer = csv.DictWriter(out, rows[0].keys(), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


@dataclass(frozen=True)
class SceneChild:
    """A child of the invented directory."""

    number: str
    id: UUID
    statuses: tuple[str, ...]


class SceneCast:
    """The people of one authority, found by what they are."""

    def __init__(self, connection: Connection, authority: Authority, now: datetime) -> None:
        self.authority, self.now = authority, now
        day, directory = local_date(now), read_standing_directory(connection, authority.key)
        children = sorted(directory.children.values(), key=lambda child: child.number)
        self.children = [SceneChild(child.number, child.id, child.statuses) for child in children if child.id]
        self.teams = sorted(key for kind, key in directory.units if kind == "team")
        self._names = {person.id: person.name for person in directory.people.values()}
        ids = {child.number: str(child.id) for child in self.children}
        held = sorted((post.role, post.key, post.person) for post in directory.posts if runs_on(post, day))
        self._posts = [(role, ids.get(key, key), directory.people[person].id) for role, key, person in held]
        self._signed: dict[UUID, Principal] = {}

    def looked_after(self) -> list[SceneChild]:
        """Children who are looked after."""
        return [child for child in self.children if Status.LOOKED_AFTER.value in child.statuses]

    def holder(self, role: str, key: str = "") -> UUID:
        """Somebody who holds a role (for a child, team or service). Raises LookupError where nobody does."""
        for held, of, person in self._posts:
            if held == role and (not key or of == key):
                return UUID(str(person))
        raise LookupError(f"nobody holds {role} {key}")

    def agency_person(self, role: str) -> str:
        """Somebody of an outside agency who may be chosen."""
        return str(self.holder(role))

    def name(self, person: UUID) -> str:
        """A person's name."""
        return str(self._names[person])

    def signed(self, connection: Connection, person: UUID) -> Principal:
        """A person as if they had signed in."""
        if person not in self._signed:
            self._signed[person] = tokens.principal_of(connection, self.authority, person, self.now)
        return self._signed[person]


def seed_scene(service: Service, part: SceneAuthority, now: datetime) -> Authority:
    """Store an authority's procedures and its invented directory."""
    read = scene_procedures(part)
    with service.store.write(part.key) as connection:
        service.casework.procedures.seed(connection, read, now)
        # The directory stood before the story begins, so that everybody held their posts throughout.
        today = local_date(now)
        brought = directory_files(part, today)
        import_directory(connection, read.authority, read.ladders, brought, today - timedelta(days=365), service.casework.chance)
    return read.authority
