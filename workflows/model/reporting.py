"""How an authority's figures are read: what counts as what across versions, what is shown together, where a series breaks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True)
class StagesTogether:
    """Stages that a report counts as one row, such as stages 5–8."""

    label: str
    stages: tuple[str, ...]


@dataclass(frozen=True)
class SeriesBreak:
    """From a day on (Europe/London) recording changed: years on either side are not to be compared without saying so."""

    since: date
    why: str


@dataclass(frozen=True)
class Reporting:
    """The `reporting:` part of an authority file. Keys of earlier versions count as keys of the present one."""

    stages: Mapping[str, str] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    together: tuple[StagesTogether, ...] = ()
    breaks: tuple[SeriesBreak, ...] = ()
    counts_practice: bool = False
    """Do this authority's reports count notices of excellent practice in with the rest?"""

    def stage(self, key: str) -> str:
        """As which stage one is counted."""
        return self.stages.get(key, key)

    def reason(self, key: str) -> str:
        """As which reason one is counted."""
        return self.reasons.get(key, key)


NOTHING_SAID = Reporting()
"""Of an authority file that says nothing of it."""
