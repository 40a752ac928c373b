"""How an authority's figures are read: what counts as what across versions, what is shown together, where a series breaks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from workflows.calendar.report_periods import ReportEvery


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


class ReportKind(StrEnum):
    """Which report. Each has its own parts and readers (`KINDS` in `drp/written_reports/report_kinds.py`)."""

    MANAGEMENT = "management"
    THEMES_MEETING = "themes_meeting"
    TEAM = "team"
    CAFCASS_LIAISON = "cafcass_liaison"
    PARTNER_AGENCIES = "partner_agencies"
    ANNUAL_CHAPTER = "annual_chapter"


@dataclass(frozen=True)
class ReportSchedule:
    """A report that is made again and again. Due on the first working day after its period and `months_after` months more.

    `to`: the roles to whose holders it goes once it is released; empty: nobody in the service, it is handed over as a file.
    """

    report: ReportKind
    every: ReportEvery
    to: tuple[str, ...] = ()
    months_after: int = 0


class SharedTheme(StrEnum):
    """What every authority's reasons can be added up by, where figures of several authorities stand side by side."""

    DRIFT = "drift"
    DECISIONS = "decisions"
    REVIEWS = "reviews"
    PLANS = "plans"
    PLACEMENT = "placement"
    RECORDS = "records"
    NOT_TOLD = "not_told"
    RESOURCES = "resources"
    OTHER = "other"


SHARED_LABELS = {
    SharedTheme.DRIFT: "Drift or delay in permanence and plans",
    SharedTheme.DECISIONS: "Review decisions and tasks not acted on",
    SharedTheme.REVIEWS: "Reviews: preparation, reports, attendance",
    SharedTheme.PLANS: "Plans and assessments not made",
    SharedTheme.PLACEMENT: "Placement",
    SharedTheme.RECORDS: "Records and direct work",
    SharedTheme.NOT_TOLD: "IRO not told of a change",
    SharedTheme.RESOURCES: "Resources",
    SharedTheme.OTHER: "Other, or not mapped by the authority",
}


@dataclass(frozen=True)
class Reporting:
    """The `reporting:` part of an authority file. Keys of earlier versions count as keys of the present one."""

    stages: Mapping[str, str] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    together: tuple[StagesTogether, ...] = ()
    breaks: tuple[SeriesBreak, ...] = ()
    counts_practice: bool = False
    """Do this authority's reports count notices of excellent practice in with the rest?"""
    reports: tuple[ReportSchedule, ...] = ()
    """The reports that are made on a schedule, each kind once for each length of period."""
    shared: Mapping[str, SharedTheme] = field(default_factory=dict)
    """As which theme shared by every authority each reason counts, where several authorities are added up."""

    def stage(self, key: str) -> str:
        """As which stage one is counted."""
        return self.stages.get(key, key)

    def reason(self, key: str) -> str:
        """As which reason one is counted."""
        return self.reasons.get(key, key)

    def goes_to(self, report: ReportKind) -> tuple[str, ...]:
        """The roles to whose holders a report goes, however often it is made."""
        return tuple(dict.fromkeys(role for one in self.reports if one.report is report for role in one.to))


NOTHING_SAID = Reporting()
"""Of an authority file that says nothing of it."""
