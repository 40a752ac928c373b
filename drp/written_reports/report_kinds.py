"""The kinds of report: what each is called, for whom it is, which parts it has, and whether it may be published."""

from collections.abc import Mapping
from dataclasses import dataclass

from workflows.model.reporting import ReportKind

PARTS = {
    "changed": "What changed",
    "stages": "How far challenges were taken",
    "reasons": "What they were about",
    "outcomes": "How they ended",
    "impact": "What changed for children",
    "replies": "How soon there was a reply",
    "referrals": "Cafcass",
    "teams": "Services and teams",
    "children": "About whom",
    "comes_back": "What comes back",
    "between": "Between reviews",
    "examples": "Examples",
    "practice": "Excellent practice",
    "learning": "What was learned",
    "about_us": "What was raised about the IRO service, and the answer",
    "remains": "What remains",
}
"""Every part that a report can have, and its title."""


@dataclass(frozen=True)
class KindOfReport:
    """What one kind of report is. `parts`: the keys of its parts, in order."""

    title: str
    for_whom: str
    parts: tuple[str, ...]
    is_published: bool = False
    of_team: bool = False
    """Is there one for each team?"""


KINDS: Mapping[ReportKind, KindOfReport] = {
    ReportKind.MANAGEMENT: KindOfReport(
        "Report to the management team",
        "the management team",
        (
            "changed", "stages", "reasons", "outcomes", "impact", "replies", "referrals", "teams", "comes_back", "between",
            "examples", "practice", "learning", "about_us", "remains",
        ),
    ),
    ReportKind.THEMES_MEETING: KindOfReport(
        "Themes for the meeting",
        "the themes meeting",
        ("changed", "reasons", "teams", "comes_back", "examples", "practice", "learning", "about_us", "remains"),
    ),
    ReportKind.TEAM: KindOfReport(
        "Team's page",
        "the team",
        ("stages", "reasons", "outcomes", "impact", "between", "practice", "learning", "remains"),
        of_team=True,
    ),
    ReportKind.CAFCASS_LIAISON: KindOfReport(
        "Report for the liaison with Cafcass",
        "Cafcass",
        ("stages", "reasons", "outcomes", "replies", "referrals", "learning", "about_us", "remains"),
        is_published=True,
    ),
    ReportKind.PARTNER_AGENCIES: KindOfReport(
        "Partner agencies",
        "the safeguarding partnership",
        ("stages", "reasons", "outcomes", "replies", "remains"),
    ),
    ReportKind.ANNUAL_CHAPTER: KindOfReport(
        "Disputes: a chapter of the annual report",
        "the corporate parenting panel",
        (
            "changed", "stages", "reasons", "outcomes", "impact", "replies", "referrals", "children", "examples", "practice",
            "learning", "about_us", "remains",
        ),
        is_published=True,
    ),
}  # fmt: skip
