"""What a referral is made of: the item and its timeline, what of it goes, the stages it went through, what is known of each item
of the list, as lines to be read.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from api.exports.referral.contents import StageReached
from api.presenters import item_view, timeline_text, wording
from api.presenters.item_reader import SeenItem
from api.presenters.shapes import EntryShape
from api.presenters.wording import moment_in_words
from drp.directory import lookup
from drp.items.referrals import EntrySelection, MadeReferral, words_go
from drp.timeline.read import StoredTimeline
from workflows.calendar.promise_in_words import explain_promise
from workflows.calendar.working_days import local_date, long_date, so_many, working_days_between
from workflows.decision.decision_builder import EntryVisibility
from workflows.decision.recipients import iro_of
from workflows.model.authority import Authority, Capacity, HeldFor
from workflows.model.challenge import ASKS_RECIPIENTS, Challenge, ClosedAs, EnteredHow, StageVisit, Window
from workflows.model.events import ReferredToCafcass

GROUNDS = {
    "care_plan_not_prepared": "The care plan was not properly prepared",
    "case_not_reviewed": "The case was not properly reviewed",
    "decision_not_carried_out": "A decision of a review was not carried out",
    "other_material_breach": "Another material breach of the authority's duties to the child",
}
"""Care Planning Regulations 2010, regulation 45."""

HANDBOOK_LIMIT = 20
"""Working days within which the whole formal process should end (IRO Handbook, paragraph 6.2)."""

_HOW = {
    EnteredHow.RAISED: "Raised here",
    EnteredHow.CLIMBED: "Taken higher",
    EnteredHow.NO_REPLY: "It went up by itself: no reply came",
    EnteredHow.NOT_REACHED: "It went up by itself: those asked before were not reached",
    EnteredHow.JUMPED: "Straight to this stage",
    EnteredHow.RECALLED: "Taken back to this stage",
    EnteredHow.REOPENED: "Opened again here",
    EnteredHow.TALKED: "A talk, without a clock",
}
_CAME = {
    ClosedAs.NO_REPLY: "No reply by the date",
    ClosedAs.PART_ANSWERED: "Not all had replied by the date",
    ClosedAs.DATE_PASSED: "The date passed",
    ClosedAs.ENDED: "It ended before a reply",
    ClosedAs.SUPERSEDED: "Taken higher before a reply",
}


@dataclass(frozen=True)
class ReferralMaterial:
    """One referral that was `made`, or (None) is being written. What is asked of the directory is asked as of its day."""

    connection: Connection
    authority: str
    seen: SeenItem
    event: ReferredToCafcass
    made: MadeReferral | None
    at: datetime
    kept: StoredTimeline
    selection: EntrySelection
    names: Mapping[str, str]
    entries: tuple[EntryShape, ...]

    @property
    def day(self) -> date:
        """The local day of the referral, or today."""
        return local_date(self.at)

    @property
    def challenge(self) -> Challenge:
        """The item as it stands."""
        return self.seen.loaded.challenge

    @property
    def words(self) -> Authority:
        """The authority, for its words."""
        return self.seen.rules.authority

    @property
    def shown(self) -> list[EntryShape]:
        """The entries of the chronology."""
        return [entry for entry in self.entries if entry.number in self.selection.shown and timeline_text.is_told(entry)]

    def title(self, role: str) -> str:
        """A role in the authority's own words."""
        return item_view.title_of(self.words, role, self.challenge.raiser_role)

    def by(self, person: UUID | None, behalf_of: UUID | None) -> str:
        """Who did something, and for whom."""
        name = self.names.get(str(person), "")
        return f"{name}, for {self.names.get(str(behalf_of), '')}" if behalf_of else name

    def of(self, kind: str) -> Iterator[tuple[date, Mapping[str, Any], Mapping[str, str]]]:
        """Entries of a kind, sealed ones and those told in confidence left aside: day, facts and words of each."""
        for shape in self.entries:
            sealed = self.kept.entries[shape.number - 1].visible == EntryVisibility.SEALED
            if shape.kind == kind and not sealed and not shape.facts.get("in_confidence"):
                yield local_date(shape.at), shape.facts, shape.words

    def raised_words(self, field: str) -> list[str]:
        """What was written when it was raised, where those words go."""
        text = self.kept.text_of(1).get(field, "")
        return [text] if text and words_go(self.kept.entries[0], field, self.selection) else []


# Stage by stage: to whom, until when, what came; and the working days that it took.


def stages_reached(it: ReferralMaterial) -> list[StageReached]:
    """Each stay at a stage, in order."""
    return [_stage_reached(it, visit) for visit in it.challenge.visits]


def _stage_reached(it: ReferralMaterial, visit: StageVisit) -> StageReached:
    asking = [w for w in it.challenge.windows if w.key.sequence == visit.sequence and w.key.kind in ASKS_RECIPIENTS]
    promise = asking[-1].promise if asking and not asking[-1].promise.is_without_date else None
    came, on = _came(it, asking[-1]) if asking else ("", None)
    end, ladder = min(on or it.day, it.day), it.seen.rules.ladder
    return StageReached(
        stage=ladder.stage(visit.stage).label if ladder.has(visit.stage) else visit.stage,
        since=visit.entered_at, since_in_words=moment_in_words(visit.entered_at), how=_HOW.get(visit.how, ""),
        to=[it.title(party.role) for party in visit.told], copied=[it.title(party.role) for party in visit.copied],
        promised=promise.due if promise else None, promised_in_words=long_date(promise.due) if promise else "",
        working=explain_promise(promise) if promise else "", came=came, came_on=on,
        days_allowed=len(promise.counted) or None if promise else None,
        days_used=working_days_between(promise.counts_from, end, it.seen.rules.calendar) if promise else None,
    )  # fmt: skip


def _came(it: ReferralMaterial, window: Window) -> tuple[str, date | None]:
    answered = [asked.answered_at for asked in window.asked if asked.answered_at]
    if answered:
        part = "" if len(answered) == len(window.asked) else " in part"
        late = ", after the date" if any(asked.late for asked in window.asked) else ""
        return f"Answered{part}{late}", local_date(max(answered))
    if window.is_open:
        return ("No reply yet, and past the date" if window.is_late(it.at) else "No reply yet"), None
    assert window.closed_at
    return _CAME.get(window.closed_as, window.closed_as.capitalize()), local_date(window.closed_at)


def working_days_taken(it: ReferralMaterial) -> list[str]:
    raised = local_date(it.challenge.raised_at)
    calendar = it.seen.rules.calendar
    whole = working_days_between(raised, it.day, calendar)
    said = [f"{so_many(whole, 'working days')} from {long_date(raised)}, when it was raised, to {long_date(it.day)}."]
    ladder = it.seen.rules.ladder
    stages = [(visit, ladder.stage(visit.stage)) for visit in it.challenge.visits if ladder.has(visit.stage)]
    formal = next((visit for visit, stage in stages if not (stage.informal or stage.referral)), None)
    if formal:
        since = local_date(formal.entered_at)
        used = working_days_between(since, it.day, calendar)
        over = f"{so_many(used - HANDBOOK_LIMIT, 'days')} beyond" if used > HANDBOOK_LIMIT else "within"
        said.append(
            f"{so_many(used, 'working days')} of the formal process, from {long_date(since)}: {over} the "
            f"{HANDBOOK_LIMIT} that the IRO Handbook gives the whole of it (paragraph 6.2)."
        )
    for one in stages_reached(it):
        if one.days_allowed is not None and one.days_used is not None:
            said.append(f"{one.stage}: {one.days_used} of {so_many(one.days_allowed, 'working days')} used. {one.came}.")
    return said


# What the record and the directory say to each item of the list.


def known_to_items(it: ReferralMaterial) -> dict[str, list[str]]:
    """What is known to each item, by its key; items of which nothing is known are absent."""
    spoken, by = len(it.selection.spoken - {it.made.number if it.made else 0}), it.challenge.resolve_by
    found = {
        "child": _child(it),
        "legal_status": _status(it),
        "iro": _iros(it),
        "authority": _line_of_the_child(it),
        "advocate": [f"{long_date(on)}: an advocate is {facts['state']}" for on, facts, _ in it.of("advocate_recorded")],
        "grounds": [GROUNDS[ground] for ground in it.event.grounds],
        "effect": it.raised_words("effect_on_child"),
        "chronology": [f"{so_many(len(it.shown), 'entries')}, from {long_date(local_date(it.challenge.raised_at))}"],
        "days": working_days_taken(it),
        "senior": [
            f"{one.stage}: {', '.join(one.to)}, told {one.since_in_words}. "
            f"{one.came}{f' on {long_date(one.came_on)}' if one.came_on else ''}."
            for one in stages_reached(it)
            if one.to
        ],
        "bypassed": _bypassed(it),
        "legal_advice": [
            f"{words.get('source', 'Advice')}, {_day(facts['on'])}; conflicts of interest "
            f"{'checked' if facts.get('conflict_checked') else 'not recorded as checked'}"
            for _, facts, words in it.of("legal_advice_taken")
        ],
        "complaints": [
            f"A complaint was opened beside it; known here since {long_date(on)}" for on, _, _ in it.of("complaint_opened")
        ],
        "wishes": [
            f"The child's view of {facts['about']} was put on the record on {long_date(on)}"
            for on, facts, _ in it.of("child_view_recorded")
        ],
        "told": [
            f"The child was told on {_day(facts.get('on') or on.isoformat())}"
            if facts.get("told")
            else f"Recorded on {long_date(on)}: the child was not told"
            for on, facts, _ in it.of("child_told")
        ],
        "adult": _rights(it),
        "guardian": [
            f"{'Told of it' if kind == 'guardian_told' else 'Handed over with the IRO'} on {_day(facts['on'])}"
            for kind in ("guardian_told", "guardian_handed_over")
            for _, facts, _ in it.of(kind)
        ],
        "outcome": [*it.raised_words("outcome_sought"), *([f"To be put right by {long_date(by)}"] if by else [])],
        "record": [f"{so_many(spoken, 'entries')} with {'its' if spoken == 1 else 'their'} own words"] if spoken else [],
        "route": _sent(it),
        "receipt": _receipt(it) if it.made else ["Comes after it is sent"],
        "decision": [
            *(f"Considered on {long_date(day)}, and not made then" for day, _, _ in it.of("referral_considered")),
            f"Referred on {long_date(it.day)}" if it.made else "To refer, from the moment that this is sent",
        ],
    }  # fmt: skip
    return {key: lines for key, lines in found.items() if lines}


_HELP = {"an adult": "An appropriate adult", "a lawyer": "A lawyer"}


def _rights(it: ReferralMaterial) -> list[str]:
    """What is known of the child's right to advice and to go to court: days and what, never who helps."""
    said = []
    for on, facts, _ in it.of("rights_explained"):
        told = f"told on {_day(facts['on'])}" if facts["told"] else f"not told yet, as recorded on {long_date(on)}"
        said.append(f"The child's right to take advice and to apply to court: {told}")
        if facts["help_found"] in _HELP:
            said.append(f"{_HELP[facts['help_found']]} who helps was found on {_day(facts['found_on'])}")
        elif facts["help_found"] == "not yet":
            said.append(f"Nobody who helps was found yet, as recorded on {long_date(on)}")
        else:
            said.append(f"The child wants nobody to help, as recorded on {long_date(on)}")
    return said


def _day(text: str) -> str:
    return long_date(date.fromisoformat(text))


def _child(it: ReferralMaterial) -> list[str]:
    loaded = it.seen.loaded
    day = lookup.find_birth_date(it.connection, it.authority, loaded.child) if loaded.child else None
    born = [f"Born {long_date(day)}"] if day else []
    return [f"Initials {loaded.child_initials}, case-system number {loaded.child_number}", *born]


def _status(it: ReferralMaterial) -> list[str]:
    facts = it.challenge.facts
    said = {
        ", ".join(it.words.label(status.value) for status in sorted(facts.statuses)).capitalize(): bool(facts.statuses),
        "In proceedings": facts.in_proceedings,
        "In the public law outline, before proceedings": facts.in_plo,
    }
    return [line for line, is_so in said.items() if is_so]


def _iros(it: ReferralMaterial) -> list[str]:
    about, establishment = it.seen.loaded.about(), it.seen.establishment
    said = [(it.words.label("iro"), person) for person in iro_of(it.words, establishment, about, it.day)]
    for role in it.words.roles_acting_as(Capacity.IRO_MANAGER):
        said += [(it.words.role(role).title, one) for one in establishment.holders(it.words, role, about, it.day)]
    return _people(it, said)


def _line_of_the_child(it: ReferralMaterial) -> list[str]:
    about, key = it.seen.loaded.about(), it.challenge.facts.team
    # As the directory calls it now; one that it lists no more is said in words all the same, never by its key.
    team = key and (lookup.find_unit_name(it.connection, it.authority, "team", key) or wording.capitalised(key.replace("_", " ")))
    line = [
        (role.title, person)
        for role in it.words.roles
        if role.acts_as is None and role.held_for in (HeldFor.CHILD, HeldFor.TEAM, HeldFor.SERVICE)
        for person in it.seen.establishment.holders(it.words, role.key, about, it.day)
    ]
    return [it.words.name, *([f"Team: {team}"] if team else []), *_people(it, line)]


def _people(it: ReferralMaterial, listed: list[tuple[str, str]]) -> list[str]:
    contacts = lookup.contacts_of(it.connection, it.authority, {person for _, person in listed})
    return list(dict.fromkeys(f"{title}: {', '.join(contacts.get(person, ()))}" for title, person in listed))


def _bypassed(it: ReferralMaterial) -> list[str]:
    ladder = it.seen.rules.ladder
    reached = [visit.stage for visit in it.challenge.visits if ladder.has(visit.stage)]
    if not reached:
        return []
    highest = max(ladder.position(stage) for stage in reached)
    exist = ladder.stages_for(it.challenge.item_type)
    passed = [s.label for s in exist if ladder.position(s.key) < highest and s.key not in reached and not s.referral]
    return [f"Passed over: {', '.join(passed)}"] if passed else ["No stage below the highest one reached was passed over"]


def _sent(it: ReferralMaterial) -> list[str]:
    if not it.made:
        return []
    return [
        f"Referred {moment_in_words(it.made.at)} by {it.by(it.made.person, it.made.behalf_of)}",
        *(
            f"Told on {_day(facts.get('on') or day.isoformat())}: {', '.join(it.title(role) for role in facts['told'])}"
            for day, facts, _ in it.of("referral_told")
        ),
    ]


def _receipt(it: ReferralMaterial) -> list[str]:
    return [
        *([f"To be followed up on {long_date(it.event.follow_up_on)}"] if it.event.follow_up_on else []),
        *(
            f"Acknowledged on {_day(facts['on'])}, reference {words.get('cafcass_reference', '')}"
            for _, facts, words in it.of("referral_acknowledged")
        ),
        *(f"Outcome on {_day(facts['on'])}: {facts['outcome'].replace('_', ' ')}" for _, facts, _ in it.of("referral_outcome")),
    ]
