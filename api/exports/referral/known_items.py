"""What the record and the directory say to each item of the list, as lines to be read."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from api.exports.referral.material import GROUNDS, ReferralMaterial
from api.exports.referral.stages import stages_reached, working_days_taken
from api.presenters.wording import moment_in_words
from drp.directory import lookup
from workflows.calendar.working_days import local_date, long_date, so_many
from workflows.decision.recipients import iro_of
from workflows.model.authority import Capacity, HeldFor


def known_to_items(it: ReferralMaterial) -> dict[str, list[str]]:
    """What is known to each item, by its key; items of which nothing is known are absent."""
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
        "senior": _senior(it),
        "bypassed": _bypassed(it),
        "legal_advice": [_advice(facts, words) for _, facts, words in it.of("legal_advice_taken")],
        "complaints": [
            f"A complaint was opened beside it; known here since {long_date(on)}" for on, _, _ in it.of("complaint_opened")
        ],
        "wishes": [
            f"The child's view of {facts['about']} was put on the record on {long_date(on)}"
            for on, facts, _ in it.of("child_view_recorded")
        ],
        "told": [_child_told(on, facts) for on, facts, _ in it.of("child_told")],
        "outcome": [*it.raised_words("outcome_sought"), *_resolve_by(it)],
        "record": _record(it),
        "route": _sent(it),
        "receipt": _receipt(it),
        "decision": _decision(it),
    }  # fmt: skip
    return {key: lines for key, lines in found.items() if lines}


def _child(it: ReferralMaterial) -> list[str]:
    loaded = it.seen.loaded
    day = lookup.find_birth_date(it.connection, it.authority, loaded.child) if loaded.child else None
    born = [f"Born {long_date(day)}"] if day else []
    return [f"Initials {loaded.child_initials}, case-system number {loaded.child_number}", *born]


def _status(it: ReferralMaterial) -> list[str]:
    facts = it.challenge.facts
    said = [", ".join(it.words.label(status.value) for status in sorted(facts.statuses)).capitalize()]
    if facts.in_proceedings:
        said.append("In proceedings")
    if facts.in_plo:
        said.append("In the public law outline, before proceedings")
    return [line for line in said if line]


def _iros(it: ReferralMaterial) -> list[str]:
    about, establishment = it.seen.loaded.about(), it.seen.establishment
    said = [(it.words.label("iro"), person) for person in iro_of(it.words, establishment, about, it.day)]
    for role in it.words.roles_acting_as(Capacity.IRO_MANAGER):
        said += [(it.words.role(role).title, one) for one in establishment.holders(it.words, role, about, it.day)]
    return _people(it, said)


def _line_of_the_child(it: ReferralMaterial) -> list[str]:
    about, establishment = it.seen.loaded.about(), it.seen.establishment
    facts = it.challenge.facts
    units = [f"Team: {facts.team}"] if facts.team else []
    line = [
        (role.title, person)
        for role in it.words.roles
        if role.acts_as is None and role.held_for in (HeldFor.CHILD, HeldFor.TEAM, HeldFor.SERVICE)
        for person in establishment.holders(it.words, role.key, about, it.day)
    ]
    return [it.words.name, *units, *_people(it, line)]


def _people(it: ReferralMaterial, listed: list[tuple[str, str]]) -> list[str]:
    contacts = lookup.contacts_of(it.connection, it.authority, {person for _, person in listed})
    return list(dict.fromkeys(f"{title}: {', '.join(contacts.get(person, ()))}" for title, person in listed))


def _senior(it: ReferralMaterial) -> list[str]:
    return [
        f"{one.stage}: {', '.join(one.to)}, told {one.since_in_words}. "
        f"{one.came}{f' on {long_date(one.came_on)}' if one.came_on else ''}."
        for one in stages_reached(it)
        if one.to
    ]


def _bypassed(it: ReferralMaterial) -> list[str]:
    ladder = it.seen.rules.ladder
    reached = [visit.stage for visit in it.challenge.visits if ladder.has(visit.stage)]
    if not reached:
        return []
    highest = max(ladder.position(stage) for stage in reached)
    passed = [s.label for s in ladder.stages if ladder.position(s.key) < highest and s.key not in reached and not s.referral]
    return [f"Passed over: {', '.join(passed)}"] if passed else ["No stage below the highest one reached was passed over"]


def _advice(facts: Mapping[str, Any], words: Mapping[str, str]) -> str:
    checked = (
        "conflicts of interest checked" if facts.get("conflict_checked") else "conflicts of interest not recorded as checked"
    )
    return f"{words.get('source', 'Advice')}, {long_date(date.fromisoformat(facts['on']))}; {checked}"


def _child_told(day: date, facts: Mapping[str, Any]) -> str:
    if not facts.get("told"):
        return f"Recorded on {long_date(day)}: the child was not told"
    on = date.fromisoformat(facts["on"]) if facts.get("on") else day
    return f"The child was told on {long_date(on)}"


def _resolve_by(it: ReferralMaterial) -> list[str]:
    by = it.challenge.resolve_by
    return [f"To be put right by {long_date(by)}"] if by else []


def _record(it: ReferralMaterial) -> list[str]:
    spoken = it.selection.spoken - {it.made.number if it.made else 0}
    return [f"{so_many(len(spoken), 'entries')} with {'its' if len(spoken) == 1 else 'their'} own words"] if spoken else []


def _sent(it: ReferralMaterial) -> list[str]:
    if not it.made:
        return []
    said = [f"Referred {moment_in_words(it.made.at)} by {it.by(it.made.person, it.made.behalf_of)}"]
    for day, facts, _ in it.of("referral_told"):
        roles = ", ".join(it.title(role) for role in facts["told"])
        said.append(f"Told on {long_date(date.fromisoformat(facts.get('on') or day.isoformat()))}: {roles}")
    return said


def _receipt(it: ReferralMaterial) -> list[str]:
    if it.made is None:
        return ["Comes after it is sent"]
    said = [f"To be followed up on {long_date(it.event.follow_up_on)}"] if it.event.follow_up_on else []
    for _, facts, words in it.of("referral_acknowledged"):
        said.append(
            f"Acknowledged on {long_date(date.fromisoformat(facts['on']))}, reference {words.get('cafcass_reference', '')}"
        )
    for _, facts, _ in it.of("referral_outcome"):
        said.append(f"Outcome on {long_date(date.fromisoformat(facts['on']))}: {facts['outcome'].replace('_', ' ')}")
    return said


def _decision(it: ReferralMaterial) -> list[str]:
    said = [f"Considered on {long_date(day)}, and not made then" for day, _, _ in it.of("referral_considered")]
    return [*said, f"Referred on {long_date(it.day)}" if it.made else "To refer, from the moment that this is sent"]
