"""Stage by stage: to whom, until when, what came; and the working days that it took."""

from datetime import date
from typing import Any

from api.exports.referral.contents import StageReached
from api.exports.referral.material import ReferralMaterial
from api.presenters.wording import moment_in_words
from workflows.calendar.promise_in_words import explain_promise
from workflows.calendar.working_days import local_date, long_date, so_many, working_days_between
from workflows.model.challenge import ASKS_RECIPIENTS, ClosedAs, EnteredHow

HANDBOOK_LIMIT = 20
"""Working days within which the whole formal process should end (IRO Handbook, paragraph 6.2)."""

_HOW = {
    EnteredHow.RAISED: "Raised here",
    EnteredHow.CLIMBED: "Taken higher",
    EnteredHow.NO_REPLY: "It went up by itself: no reply came",
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


def stages_reached(it: ReferralMaterial) -> list[StageReached]:
    found = []
    for visit in it.challenge.visits:
        asking = [w for w in it.challenge.windows if w.key.sequence == visit.sequence and w.key.kind in ASKS_RECIPIENTS]
        window = asking[-1] if asking else None
        promise = window.promise if window and not window.promise.is_without_date else None
        came, on = _came(it, window)
        end = min(on or it.day, it.day)
        allowed = len(promise.counted) if promise and promise.counted else None
        used = working_days_between(promise.counts_from, end, it.seen.rules.calendar) if promise else None
        found.append(
            StageReached(
                stage=it.seen.rules.ladder.stage(visit.stage).label if it.seen.rules.ladder.has(visit.stage) else visit.stage,
                since=visit.entered_at, since_in_words=moment_in_words(visit.entered_at), how=_HOW.get(visit.how, ""),
                to=[it.title(party.role) for party in visit.told], copied=[it.title(party.role) for party in visit.copied],
                promised=promise.due if promise else None, promised_in_words=long_date(promise.due) if promise else "",
                working=explain_promise(promise) if promise else "", came=came, came_on=on, days_allowed=allowed, days_used=used,
            )
        )  # fmt: skip
    return found


def _came(it: ReferralMaterial, window: Any) -> tuple[str, date | None]:
    if window is None:
        return "", None
    answered = [asked.answered_at for asked in window.asked if asked.answered_at]
    if answered:
        late = any(asked.late for asked in window.asked)
        all_of = len(answered) == len(window.asked)
        return f"{'Answered' if all_of else 'Answered in part'}{', after the date' if late else ''}", local_date(max(answered))
    if window.is_open:
        return ("No reply yet, and past the date" if window.is_late(it.at) else "No reply yet"), None
    return _CAME.get(window.closed_as, window.closed_as.capitalize()), local_date(window.closed_at)


def working_days_taken(it: ReferralMaterial) -> list[str]:
    raised = local_date(it.challenge.raised_at)
    calendar = it.seen.rules.calendar
    whole = working_days_between(raised, it.day, calendar)
    said = [f"{so_many(whole, 'working days')} from {long_date(raised)}, when it was raised, to {long_date(it.day)}."]
    formal = next((v for v in it.challenge.visits if _is_formal(it, v.stage)), None)
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


def _is_formal(it: ReferralMaterial, stage: str) -> bool:
    ladder = it.seen.rules.ladder
    return ladder.has(stage) and not ladder.stage(stage).informal and not ladder.stage(stage).referral
