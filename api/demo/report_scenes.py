"""Reports of the last quarter: made by the schedule on their days, one edited and released, the others still to edit."""

from datetime import datetime, time
from uuid import UUID

from api.assembly import Service
from api.demo.scene import SceneCast
from api.demo.trust_scenes import SceneToSee
from api.pages.reports.reading_reports import report_files, without_empty
from drp.casework.service import Casework
from drp.identity.principal import Principal
from drp.written_reports import drafts
from drp.written_reports.copies import copies_of_person
from drp.written_reports.drafts import StoredReport
from drp.written_reports.schedule import make_due_reports, plan_reports
from notifications.report_letters import tell_of_reports
from workflows.calendar.report_periods import ReportEvery, day_due, period_holding
from workflows.calendar.reporting_periods import month_of
from workflows.calendar.working_days import at_local, local_date
from workflows.model.authority import Capacity, Rules
from workflows.model.reporting import ReportKind

WRITTEN = {
    "changed": "A steady period. The same two or three reasons come first as before, and most are settled early.\n\nWhat we "
    "ask of heads of service: go through the challenges that waited past their date, and say by when each has its answer.",
    "outcomes": "Most ended resolved, and whoever raised them said so. Where one ended without it, its record says why.",
    "remains": "We go through the open challenges one by one at the next meeting.",
}
"""What the IRO manager writes."""


SHOWN = "north_yorkshire"
"""Whose reports the demonstration points to; every authority has some."""

TOLD = (ReportKind.MANAGEMENT, ReportKind.THEMES_MEETING)
"""Of which one is released."""


class ReportScenes:
    """Tells one authority's reports of the last quarter that is over, up to `now` (aware UTC)."""

    def __init__(self, service: Service, casework: Casework, every: tuple[Rules, ...], cast: SceneCast, now: datetime) -> None:
        self._service, self._casework, self._every, self._cast, self._now = service, casework, every, cast, now
        self._key = every[0].authority.key

    def tell(self) -> list[SceneToSee]:
        """Gives what is to be seen."""
        schedules = self._every[0].authority.reporting.reports
        if not schedules:
            return []
        last = period_holding(month_of(local_date(self._now)), ReportEvery.QUARTER).before()
        made_on = day_due(last, 0, self._every[0].calendar)
        plan_reports(self._casework, self._key, made_on)
        while make_due_reports(self._casework, self._key, at_local(made_on, time(7))):
            pass
        made_at = min(self._now, at_local(self._every[0].calendar.working_day_after(made_on), time(9)))
        while make_due_reports(self._casework, self._key, self._now):
            pass
        tell_of_reports(self._casework, self._key, made_at, self._service.sender)
        return self._release(made_at)

    def _release(self, at: datetime) -> list[SceneToSee]:
        """The longest report to leaders is written and released: it arrives in a leader's inbox."""
        with self._service.store.read(self._key) as connection:
            made = [one for one in drafts.list_reports(connection, self._key) if one.kind in TOLD]
        if not made:
            return []
        longest = max(made, key=lambda one: (one.period.months, one.period.last))
        manager = self._manager()
        for part, text in WRITTEN.items():
            if longest.counted.part(part) is None:
                continue
            with self._service.store.write(self._key) as connection:
                drafts.write_part(connection, self._key, self._read(longest.id), part, text)
        with self._service.store.write(self._key) as connection:
            report = self._read(longest.id)
            said = {"released_on": local_date(at), "released_by": manager.name}
            contents = without_empty(report.contents).model_copy(update=said)
            words = self._every[0].authority
            people = drafts.release_report(connection, words, report, contents, report_files(contents), manager, at)
            told = [person for person in people if copies_of_person(connection, self._key, person, 1)]
        tell_of_reports(self._casework, self._key, at, self._service.sender)
        if self._key != SHOWN or not told:
            return []
        return [
            SceneToSee("a report that came by schedule", self._cast.name(told[0]), "/inbox"),
            SceneToSee("a report to edit and release", manager.name, "/reports"),
        ]

    def _read(self, id_: UUID) -> StoredReport:
        with self._service.store.read(self._key) as connection:
            report = drafts.read_report(connection, self._key, id_)
        assert report is not None
        return report

    def _manager(self) -> Principal:
        role = self._every[0].authority.roles_acting_as(Capacity.IRO_MANAGER)[0]
        with self._service.store.read(self._key) as connection:
            return self._cast.signed(connection, self._cast.holder(role))
