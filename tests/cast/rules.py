"""By what items are decided: the ladders as shipped, and those of Marsh Council, which is invented."""

from collections.abc import Sequence
from functools import cache

from tests.cast.clock import CALENDAR
from tests.ladders import reading
from workflows.ladder_language.reader import read_procedures
from workflows.model.authority import Rules

# The ladders as shipped.


@cache
def shipped(authority: str, ladder: str, version: str = "") -> Rules:
    """The rules of one shipped ladder."""
    return Rules(reading.ladder(authority, ladder, version), reading.procedures(authority).authority, CALENDAR)


def durham_2016() -> Rules:
    return shipped("durham", "resolution", "2016/17")


def durham_2022() -> Rules:
    return shipped("durham", "resolution", "2022/23")


def derby() -> Rules:
    return shipped("derby", "qa_notification", "2017/18")


def north_yorkshire() -> Rules:
    return shipped("north_yorkshire", "quality_alerts", "2014/15")


def multi_agency() -> Rules:
    return shipped("north_yorkshire", "multi_agency")


def thurrock() -> Rules:
    return shipped("thurrock", "dispute_resolution", "2017/18")


@cache
def durham_climbing() -> Rules:
    """Durham 2016/17 as an authority would have it that lets every passed date climb, in force from 1 January 2026."""
    files = dict(reading.texts(reading.SHIPPED / "durham"))
    name = next(name for name, text in files.items() if 'version: "2016/17"' in text and text.startswith("ladder:"))
    text = files[name]
    assert text.count("no_reply: prompt") == 5
    assert text.count("in_force: 2016-04-01") == 1
    files[name] = text.replace("no_reply: prompt", "no_reply: escalate").replace("in_force: 2016-04-01", "in_force: 2026-01-01")
    read = read_procedures(files)
    ladder = next(ladder for ladder in read.ladders if ladder.version == "2016/17" and not ladder.is_notice)
    return Rules(ladder, read.authority, CALENDAR)


SHIPPED = {
    "durham 2016/17": durham_2016,
    "durham 2022/23": durham_2022,
    "derby": derby,
    "north yorkshire": north_yorkshire,
    "north yorkshire multi-agency": multi_agency,
    "thurrock": thurrock,
}
NOTICES = {
    "durham": lambda: shipped("durham", "excellent_practice", "2016/17"),
    "derby": lambda: shipped("derby", "excellent_practice", "2017/18"),
    "north yorkshire": lambda: shipped("north_yorkshire", "excellent_practice", "2014/15"),
}

# Marsh Council's.

AUTHORITY = """
authority: marsh
name: Marsh Council
version: "1"
in_force: 2020-01-01
source: invented for a test
roles:
  iro: {title: IRO, for: child, acts_as: iro}
  social_worker: {title: Social Worker, for: child}
  team_manager: {title: Team Manager, for: team}
  service_manager: {title: Service Manager, for: service}
  head_of_quality: {title: Head of Quality, for: authority}
  director: {title: Director, for: authority, acts_as: leader}
  chief_executive: {title: Chief Executive, for: authority, acts_as: leader}
  named_nurse: {title: Named Nurse, for: agency}
  iro_manager: {title: IRO Manager, for: authority, acts_as: iro_manager}
  business_support: {title: Business Support, for: authority, acts_as: business_support}
facts:
  unregistered_placement: Placed in unregistered provision
  managers_oversight: {label: The manager's oversight is in question, of: item}
themes:
  plan:
    label: Plan
    reasons:
      drift: Drift
      other: {label: Other, needs_words: true}
labels:
  cafcass: CAFCASS
  challenge: formal resolution
"""


def ladder(key: str, stages: str, top: str, kind: str = "ladder") -> str:
    """A file of Marsh Council's: a ladder's stages as they would be written, with what stands above them."""
    return f"""\
{kind}: {key}
version: "1"
authority: marsh
process: Marsh {key}
source: invented for a test
in_force: 2020-01-01
raised_by: [iro]
{top}{"stages:" if kind == "ladder" else ""}
{stages}"""


PROCESS = ladder(
    "process",
    """\
  stage_1:
    label: Stage 1
    to: {all of: [team_manager, service_manager]}
    copy: [social_worker, head_of_quality]
    respond_within: 3 working days
    no_reply: escalate
  stage_2:
    label: Stage 2
    to: director
    copy: [team_manager]
    respond_within: 5 working days
    no_reply: escalate
  stage_3:
    label: Stage 3
    to: chief_executive
    copy: [director]
    respond_within: 5 working days
    no_reply: prompt
    contact:
      by: [meeting]
      meeting: {called: meeting, arranged_by: business_support, attended_by: [director], outcome_recorded_by: iro}
  stage_4:
    label: Stage 4, referral to CAFCASS
    referral: cafcass
    tell: {who: everyone above, by: iro_manager}
""",
    """\
items: [formal, urgent]
covers: [looked_after, child_protection]
judge_within: 3 working days
remind_before: 1 working day
whole_process: {limit: 20 working days, from: first formal stage}
""",
)
"""It climbs by itself."""

PATIENT = ladder(
    "process",
    """\
  stage_1:
    label: Stage 1
    to: {all of: [team_manager, service_manager]}
    copy: [social_worker]
    respond_within: 10 working days
    no_reply: prompt
  stage_2: {label: Stage 2, to: director, respond_within: 5 working days, no_reply: prompt}
""",
    "items: [formal]\ncovers: [looked_after]\njudge_within: 3 working days\n",
)
"""It climbs when it is told to, and all that it asks is soon said."""

PARTNER = ladder(
    "partner",
    """\
  alert:
    label: Alert
    to: {chosen by: raiser, from: [named_nurse]}
    copy: [director]
    respond_within: 5 working days
    complete_within: 5 working days
    no_reply: prompt
""",
    "items: [partner_agency]\ncovers: [looked_after, child_protection]\njudge_within: 3 working days\n",
)
EXCELLENT = ladder("excellent", "", "to: social_worker\ncopy: [team_manager]\n", "notice")
NIGHT_AND_DAY = 'sending_hours: {from: "00:00", until: "23:59", on: every day}\n'
"""In an authority's file: messages leave at any time."""


def marsh_files(ladders: Sequence[str], more: str = "") -> dict[str, str]:
    """Marsh Council's files: these ladders, and the authority file that names them, with more lines if they are given."""
    keys = [text.partition("\n")[0].partition(": ")[2] for text in ladders]
    named = "".join(f"  - {{ladder: {key}}}\n" for key in keys)
    files = {f"{key}.yaml": text for key, text in zip(keys, ladders, strict=True)}
    return {"authority.yaml": f"{AUTHORITY}ladders:\n{named}{more}", **files}


@cache
def invented(stages: str, top: str = "items: [informal, formal]\njudge_within: 3 working days\n") -> Rules:
    """Rules of a ladder of Marsh Council's: its stages as they would be written, with what stands above them."""
    read = read_procedures(marsh_files([ladder("process", stages, top)]))
    return Rules(read.ladders[0], read.authority, CALENDAR)


_WATCHING = """\
between_reviews: {key}
item: {key}
version: "1"
authority: {{authority}}
process: {process}
source: invented for a test
in_force: 2026-01-01
raised_by: [iro]
covers: [looked_after]
judge_within: 3 working days
{more}"""
_TRACKING = "{{high: [updates, early_review, look_at_file], medium: [update, look_at_file], low: []}}"
WATCHING = {
    "tracked_case": _WATCHING.format(key="tracked_case", process="Tracking", more=f"to: social_worker\ntracking: {_TRACKING}\n"),
    "mid_point": _WATCHING.format(key="mid_point", process="Half-way", more="respond_within: 10 working days\n"),
}
"""Files of what is watched between two reviews, for a council of any key: `format(authority=…)`."""
