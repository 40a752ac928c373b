"""What an export of one child is gathered with."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import Connection

from api.exports.sar_export.marks import NameFinder
from drp.casework.procedures import Procedures
from drp.data_protection import subject_data
from drp.timeline.chain import ChainKey
from workflows.model.authority import Authority


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
