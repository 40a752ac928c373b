"""What an export of one child is gathered with: a snapshot of the record, and who stands in it by name, agency and posts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from sqlalchemy import Connection

from api.exports.sar_export.contents import Writer
from api.exports.sar_export.marks import NameFinder
from api.presenters import item_view
from drp.casework.procedures import Procedures
from drp.data_protection import subject_data
from drp.data_protection.subject_data import RecordedPerson
from drp.timeline.chain import ChainKey
from workflows.model.authority import Authority

THE_SERVICE = "the service"
UNKNOWN = "somebody whom the directory does not know"


@dataclass(frozen=True)
class SarGatherer:
    """What the gathering works with: one snapshot of one authority's record, and how its rules and chains are read."""

    connection: Connection
    authority: str
    procedures: Procedures
    keys: Mapping[str, ChainKey]
    phrases: frozenset[str] = frozenset()
    """What an IRO had made unreadable in a referral of this child."""

    @cached_property
    def names(self) -> NameFinder:
        """Everybody's names, to be looked for in what was written."""
        return NameFinder(subject_data.all_names(self.connection, self.authority), self.phrases)

    @cached_property
    def words(self) -> Authority:
        """The authority as its files in force speak. Raises LookupError where it has none."""
        current = self.procedures.current(self.connection, self.authority)
        if not current:
            raise LookupError(
                f"The authority {self.authority} has no procedures yet, and so no record. Load its ladder files first: "
                "drp serve --authorities."
            )
        return current[0].authority

    def people(self, ids: Iterable[str]) -> dict[str, RecordedPerson]:
        """People of the record by their ids."""
        return subject_data.recorded_people(self.connection, self.authority, ids)

    def units(self, kind: str) -> dict[str, str]:
        """Names of teams or services by key."""
        return subject_data.unit_names(self.connection, self.authority, kind)


@dataclass(frozen=True)
class SarWriters:
    """The `known` people of some rows, spoken of in one authority's words. `raiser`: the role by which an item was raised."""

    words: Authority
    known: Mapping[str, RecordedPerson]
    raiser: str = ""

    def person(self, id_: str) -> RecordedPerson:
        """Somebody by their id; without a name for nobody."""
        return self.known.get(id_) or RecordedPerson(UNKNOWN if id_ else "", "")

    def name(self, id_: str) -> str:
        """Their name; empty for nobody."""
        return self.person(id_).name

    def agency(self, id_: str) -> str:
        """The outside agency that they are of, or empty."""
        return self.person(id_).agency

    def title(self, role: str) -> str:
        """A role in the authority's own words."""
        return item_view.title_of(self.words, role, self.raiser)

    def writer(self, id_: str, day: date, parts: Iterable[str] = (), behalf_of: str = "") -> Writer:
        """Who did something on a day (Europe/London), with what they were on it, each post once."""
        return Writer(
            name=self.name(id_) or THE_SERVICE,
            posts=sorted({self.title(post.role) for post in self.person(id_).posts if post.is_held_on(day)}),
            acting_as=list(parts) if id_ else [],
            agency=self.agency(id_) or self.agency(behalf_of),
            on_behalf_of=self.name(behalf_of),
        )
