"""The IRO's statement to the court about one challenge: what was challenged, when which stage, the replies, what remains.

Made of the record in neutral sentences, with a place for the IRO's own words. What the record keeps to the child's IRO (legal
advice, a child's confidence, why a stage was skipped) never stands in it.
"""

from collections.abc import Sequence
from datetime import date, datetime
from importlib.resources import files

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Connection

from api.exports.export_files import export_template
from api.exports.referral.contents import StageReached
from api.exports.referral.material import ReferralMaterial, stages_reached
from api.exports.typesetting import typeset_paper
from api.presenters.item_reader import SeenItem, names_on
from api.presenters.item_view import where_in_words
from api.presenters.shapes import EntryShape, TimelineShape
from api.presenters.timeline_text import entry_in_words
from api.presenters.wording import capitalised, moment_in_words
from drp.items.referrals import select_entries
from drp.timeline.read import read_timeline
from workflows.calendar.working_days import local_date, long_date, so_many
from workflows.model.events import ReferredToCafcass

DRAFT = "Draft: it is not recorded that the court was told"
TRIAL = "Trial: made before the service went live, about nobody"
REPLIES = ("responded", "outcome_recorded")
TO_BE_WRITTEN = "(To be written by the IRO.)"


class SaidInCourt(BaseModel):
    """A sentence of the record, with what somebody wrote beside it: each under the name of its question."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: str
    words: list[tuple[str, str]]


class CourtStatement(BaseModel):
    """Everything that the statement says. `mark` is empty once the court was told."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str
    mark: str
    facts: list[tuple[str, str]]
    challenged: SaidInCourt
    stages: list[str]
    replies: list[SaidInCourt]
    remains: list[str]
    own: str
    made_of: str
    day: list[int]


def gather_court_statement(
    connection: Connection,
    authority: str,
    seen: SeenItem,
    timeline: TimelineShape,
    open_actions: Sequence[str],
    own_words: str,
    hearing: date | None,
    now: datetime,
    is_live: bool,
) -> CourtStatement:
    """The statement, of what the child's IRO reads of an item at `now` (aware UTC), for a hearing where one is named.

    It is a draft until the record says that the court was told: for that hearing, or for any where none is named.
    """
    told = [date.fromisoformat(entry.facts["hearing"]) for entry in timeline.entries if entry.kind == "court_told"]
    is_told = hearing in told if hearing else bool(told)
    loaded, words, today = seen.loaded, seen.rules.authority, local_date(now)
    last = timeline.entries[-1]
    return CourtStatement(
        title=f"Statement of the {words.label('iro')}: {loaded.reference}",
        mark=TRIAL if not is_live else "" if is_told else DRAFT,
        facts=[
            ("Authority", words.name),
            ("Child", f"{loaded.child_initials}, case-system number {loaded.child_number}"),
            ("Procedure", f"{seen.rules.ladder.title}, {seen.rules.ladder.version_in_words}"),
            ("Hearing", long_date(hearing) if hearing else "not named"),
            ("Made on", long_date(today)),
            *_guardian(timeline),
        ],
        challenged=_challenged(seen, timeline.entries[0]),
        stages=[_stage(one) for one in _stages(connection, authority, seen, now)],
        replies=[_reply(seen, entry) for entry in timeline.entries if entry.kind in REPLIES],
        remains=_remains(seen, timeline.entries[0], open_actions),
        own=own_words or TO_BE_WRITTEN,
        made_of=f"Made of the record of {so_many(last.number, 'entries')}, the last of {moment_in_words(last.recorded_at)}.",
        day=[today.year, today.month, today.day],
    )  # fmt: skip


def _guardian(timeline: TimelineShape) -> list[tuple[str, str]]:
    days = [long_date(date.fromisoformat(entry.facts["on"])) for entry in timeline.entries if entry.kind == "guardian_told"]
    return [("Children's guardian told", "; ".join(days))] if days else []


def _challenged(seen: SeenItem, raised: EntryShape) -> SaidInCourt:
    one = entry_in_words(raised, seen.rules.authority, seen.loaded.challenge.raiser_role, seen.loaded.reference)
    kind = capitalised(seen.rules.authority.label(seen.loaded.challenge.item_type.value))
    known = f" The matter was first known on {long_date(date.fromisoformat(day))}." if (day := _first_known(raised)) else ""
    text = f"{kind}, raised on {long_date(local_date(raised.at))} by {raised.by}.{known}"
    asked = ("concern", "effect_on_child", "outcome_sought")
    names = dict(zip(raised.words, one.words, strict=True))
    return SaidInCourt(text=text, words=[names[name] for name in asked if name in names])


def _first_known(raised: EntryShape) -> str:
    return str(raised.facts.get("first_known_on", ""))


def _stages(connection: Connection, authority: str, seen: SeenItem, now: datetime) -> list[StageReached]:
    kept, event = read_timeline(connection, authority, seen.loaded.id), ReferredToCafcass()
    selection = select_entries(kept.entries, ())
    names = names_on(connection, authority, kept)
    return stages_reached(ReferralMaterial(connection, authority, seen, event, None, now, kept, selection, names, ()))


def _stage(one: StageReached) -> str:
    to = f" It was put to the {', '.join(one.to)}." if one.to else ""
    how = f" ({one.how[:1].lower()}{one.how[1:]})" if one.how else ""
    promised = f" A reply was promised by the end of {one.promised_in_words}." if one.promised_in_words else ""
    came = f" {one.came}{f', on {long_date(one.came_on)}' if one.came_on else ''}." if one.came else ""
    return f"{long_date(local_date(one.since))}: {one.stage}{how}.{to}{promised}{came}"


def _reply(seen: SeenItem, entry: EntryShape) -> SaidInCourt:
    one = entry_in_words(entry, seen.rules.authority, seen.loaded.challenge.raiser_role, seen.loaded.reference)
    what = "A meeting’s outcome" if entry.kind == "outcome_recorded" else "Reply"
    said = "; ".join([*one.facts, *(f"to be done by {long_date(day)}" for _, day in one.actions)])
    agreed = [("What was agreed", text) for text, _ in one.actions if text]
    at = f" at {one.stage}" if one.stage else ""
    text = f"{what} of {long_date(local_date(entry.at))}, by {entry.by}{at}{f': {said}' if said else ''}."
    return SaidInCourt(text=text, words=[*one.words, *agreed])


def _remains(seen: SeenItem, raised: EntryShape, open_actions: Sequence[str]) -> list[str]:
    challenge = seen.loaded.challenge
    stands = where_in_words(seen.rules, challenge)
    said = [f"It is open. {capitalised(stands)}." if challenge.is_open else f"It has ended: {stands}."]
    said += [f"Agreed, and not yet seen to be done: {one}" for one in open_actions]
    if challenge.is_open and (sought := raised.words.get("outcome_sought")):
        said.append(f"What was asked for: {sought}")
    return said


def court_statement_html(statement: CourtStatement) -> bytes:
    """The page: no script, no file beside it."""
    return export_template("court/statement.html").render(it=statement).encode()


def court_statement_pdf(statement: CourtStatement) -> bytes:
    """The PDF: the same bytes for the same statement. Raises NotDrawn."""
    source = files("api").joinpath("templates", "court", "statement.typ").read_bytes()
    return typeset_paper(source, statement.model_dump(mode="json"), {}, "the page holds them as they were written")
