"""Raising a challenge in steps, each kept as it is written, and the last: check, then it is raised and told."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from fastapi import Response
from sqlalchemy import Connection

from api.pages.frame.browser_request import CurrentPage, FormSubmission, PageContext, SentForm, go_to, router
from api.pages.frame.form_fields import Form
from api.pages.item.item_page import ItemOnPage, OpenedItem, raise_one
from api.pages.item.mail_in_words import mail_in_words
from api.pages.raising.wizard_steps import (
    STEPS,
    TITLES,
    DraftInProgress,
    check_ground,
    draft_in_progress,
    fields_of_step,
    first_fields,
    given_in_step,
    initial_values_of_step,
    judge_step,
    raised_event_of,
    texts_of_draft,
)
from api.presenters import item_view, wording
from drp.casework.raise_item import RaisingPreview, preview_raising
from drp.data_protection.child_key import child_key
from drp.items import drafts
from workflows.calendar.promise_in_words import explain_promise
from workflows.calendar.working_days import long_date
from workflows.decision import raising as opening
from workflows.model.challenge import ASKS_RECIPIENTS, WindowKind
from workflows.model.events import EarlierItem, Raised
from workflows.model.ladder import ItemType
from workflows.model.personal_details import personal_details
from workflows.model.refusals import NotYours, Unfit

# The first step makes the draft.


@router.get("/raise")
def show_first_step(visit: CurrentPage, child: str = "") -> Response:
    """About whom?"""
    with visit.reading() as connection:
        fields = first_fields(connection, visit)
    return _page(visit, None, "child", Form(fields, {"child": (child,)} if child else {}))


@router.post("/raise")
def begin_raising(visit: CurrentPage, sent: SentForm) -> Response:
    """Kept as a draft from here on."""
    with visit.reading() as connection:
        form, values = sent.form(first_fields(connection, visit))
        if not form.is_faulty:
            check_ground(connection, visit, form, values)
    if form.is_faulty:
        return _page(visit, None, "child", form)
    once = visit.service.casework.chance.salt()
    draft = _begin(visit, {"steps": {"child": form.typed}, "once": once, "child": values.get("child", "")})
    return go_to(f"/raise/{draft}/reasons")


# The steps.


@router.get("/raise/{draft}")
def go_on(visit: CurrentPage, draft: UUID) -> Response:
    """Back to where one was."""
    with visit.reading() as connection:
        done = drafts.find_draft(connection, visit.authority, visit.person, draft).said["steps"]
    return go_to(f"/raise/{draft}/{next((step for step in STEPS if step not in done), 'check')}")


@router.get("/raise/{draft}/{step}")
def show_step(visit: CurrentPage, draft: UUID, step: str) -> Response:
    """One step, as it was left."""
    with visit.reading() as connection:
        known = draft_in_progress(connection, visit, draft)
        if step == "check":
            return _check(connection, visit, known)
        fields = fields_of_step(connection, visit, known, step)
    given = given_in_step(known.draft, step) or initial_values_of_step(known, step)
    return _page(visit, known, step, Form(fields, given))


@router.post("/raise/{draft}/{step}")
def keep_step(visit: CurrentPage, sent: SentForm, draft: UUID, step: str) -> Response:
    """One step, kept; on to the next."""
    with visit.reading() as connection:
        known = draft_in_progress(connection, visit, draft)
        fields = [] if step == "check" else fields_of_step(connection, visit, known, step)
        form, values = sent.form(fields, may_hold_details=True)
        if not form.is_faulty:
            judge_step(connection, visit, known, step, form, values)
    if step == "check":
        return _raise(visit, sent, known)
    if form.is_faulty:
        return _page(visit, known, step, form)
    said = {**known.draft.said, "steps": {**known.draft.said["steps"], step: form.typed}}
    if step == "child":
        said["child"] = values["child"]
    with visit.writing() as connection:
        drafts.change_draft(connection, visit.authority, visit.person, draft, said, visit.now)
    onward = "check" if sent.pressed("then") == "check" else STEPS[STEPS.index(step) + 1]
    return go_to(f"/raise/{draft}/{onward}")


@router.post("/raise/{draft}")
def drop_raising(visit: CurrentPage, sent: SentForm, draft: UUID) -> Response:
    """It is not wanted any more."""
    sent.confirm()
    _drop(visit, draft)
    return go_to("/")


def _begin(visit: PageContext, said: dict[str, Any]) -> UUID:
    chance = visit.service.casework.chance
    with visit.writing() as connection:
        return drafts.begin_draft(connection, chance, visit.authority, visit.person, said, visit.now)


def _drop(visit: PageContext, draft: UUID) -> None:
    with visit.writing() as connection:
        drafts.drop_draft(connection, visit.authority, visit.person, draft)


# Check, and raise.


def _check(connection: Connection, visit: PageContext, known: DraftInProgress, said: str = "") -> Response:
    """Everything on one page, with what would come of it: who is told, by when they answer, what the procedure asks."""
    plan, event = None, None
    siblings: list[str] = []
    wrong, step = said or known.said, "child"
    if not wrong:
        try:
            event, siblings, _ = raised_event_of(connection, visit, known)
            plan = preview_raising(
                connection, visit.service.casework.procedures, visit.signed, known.child, event, visit.now, known.team
            )
        except (Unfit, NotYours) as refusal:
            wrong = f"{refusal.said} {refusal.do}"
            step = STEP_OF_FIELD.get(refusal.field, "stage")
    details = {kind for text in texts_of_draft(known) for kind in personal_details(text)}
    return visit.page(
        "raise_check.html", 422 if wrong else 200, title=TITLES["check"], known=known, wrong=wrong, wrong_step=step,
        promise=_promise(plan), told=_told(plan), details=sorted(details), prompts=plan.decided.prompts if plan else (),
        rows=_rows(visit, known, event, siblings), urgent=visit.words.duty_numbers,
    )  # fmt: skip


STEP_OF_FIELD = {step: step for step in STEPS} | {
    "item_type": "child", "team": "child", "concern": "effect", "resolve_by": "effect", "first_known_on": "effect",
    "other_reason": "reasons", "priority": "reasons", "happened": "reasons", "facts": "reasons",
}  # fmt: skip
"""Where what was refused is put right; what is not here, where it starts."""


def _promise(plan: RaisingPreview | None) -> str:
    main = plan.decided.decision.challenge.main_window() if plan else None
    return explain_promise(main.promise) if main else ""


def _told(plan: RaisingPreview | None) -> list[tuple[str, str]]:
    if plan is None:
        return []
    visits = plan.decided.decision.challenge.visits
    told = [("To", party) for party in visits[-1].told] + [("Copy", party) for party in visits[-1].copied] if visits else []
    role = plan.decided.decision.challenge.raiser_role
    return [(how, item_view.title_of(plan.rules.authority, party.role, role)) for how, party in told]


def _rows(visit: PageContext, known: DraftInProgress, event: Raised | None, siblings: list[str]) -> list[tuple[str, str, str]]:
    """Each answer with the step that changes it."""
    rows = [
        ("child", wording.capitalised(visit.label("child")), known.child_in_words or known.values.get("team", "")),
        ("child", "Kind", wording.capitalised(visit.label(known.values["item_type"]))),
    ]
    if event is None or known.rules is None:
        return rows
    words, ladder = known.rules.authority, known.rules.ladder
    rows += [
        ("reasons", "Reasons", "; ".join(words.reason(key).label for key in event.reasons)),
        ("reasons", "In words", event.other_reason),
        ("reasons", "Review decision", event.review_decision),
        ("reasons", "What is so here", "; ".join(words.item_facts[fact] for fact in event.facts if fact in words.item_facts)),
        ("effect", "The concern", event.concern),
        ("effect", "For the child", event.effect_on_child),
        ("effect", "What you want", event.outcome_sought),
        ("effect", "First known on", long_date(event.first_known_on) if event.first_known_on else ""),
        ("effect", "To be put right by", long_date(event.resolve_by) if event.resolve_by else ""),
        ("stage", "Starts at", ladder.stage(event.stage or ladder.first_for(event.item_type).key).label),
        ("stage", "Why", event.stage_reason),
        ("siblings", "Brothers and sisters", ", ".join(siblings)),
    ]
    return [row for row in rows if row[2]]


def _raise(visit: PageContext, sent: FormSubmission, known: DraftInProgress) -> Response:
    """It is raised: for the child, and for each sibling where the same words fit; or drafts are made for them."""
    with visit.reading() as connection:
        if known.said:
            return _check(connection, visit, known)
        sent.confirm()
        try:
            event, siblings, alike = raised_event_of(connection, visit, known)
        except Unfit:
            return _check(connection, visit, known)
    try:
        first = raise_one(visit, sent, known.child, event, known.team, known.draft.said["once"])
        _siblings(visit, sent, known, event, siblings, alike, first)
    except (Unfit, NotYours) as refusal:
        with visit.reading() as connection:
            return _check(connection, visit, known, f"{refusal.said} {refusal.do}")
    _drop(visit, known.draft.id)
    return go_to(f"/challenges/{first}/raised")


def _siblings(
    visit: PageContext, sent: FormSubmission, known: DraftInProgress, event: Raised, siblings: list[str], alike: str, first: str
) -> None:
    """Each sibling gets a challenge of its own, linked; with the same words only where that was said."""
    once, written = known.draft.said["once"], known.draft.said["steps"]
    references = [first]
    for n, number in enumerate(siblings):
        if alike == "same":
            also = replace(event, linked=(*event.linked, *references))
            references.append(raise_one(visit, sent, number, also, once=f"{once}-{n}"))
        else:
            steps = {name: values for name, values in written.items() if name in ("reasons", "stage")}
            steps["child"] = {**written["child"], "child": [number]}
            _begin(visit, {"steps": steps, "once": f"{once}-{n}", "child": number, "linked": [first]})


@router.get("/challenges/{reference}/raised")
def show_who_was_told(visit: CurrentPage, seen: OpenedItem) -> Response:
    """Whom it is for, what is so of their messages, and by when they answer, with the working."""
    with visit.reading() as connection:
        begun = drafts.drafts_of(connection, visit.authority, visit.person)
        mail = mail_in_words(connection, visit, seen.item)
    main = next((w for w in seen.shape.windows if w.is_open and w.kind in ASKS_RECIPIENTS | {WindowKind.ENDORSEMENT}), None)
    asked = [PROMPTS.get(prompt["kind"], "") for prompt in seen.raised.facts.get("prompts", [])]
    return visit.page(
        "raised.html", title="It is raised", shape=seen.shape, window=main, prompts=dict.fromkeys(asked),
        drafts=[one for one in begun if seen.shape.reference in one.said.get("linked", [])],
        recipients=views_of_visit(seen), item=seen.item, mail=mail,
    )  # fmt: skip


PROMPTS = {
    "enter_at": "The procedure proposes another stage for such a matter.",
    "repeat": "The same was raised before: the procedure proposes to go higher.",
    "already_open": "Something is open already for the same child and reason.",
    "raise_within": "The procedure asks by when it should be raised: the day it counts from was not given.",
    "raised_late": "It was raised later than the procedure asks; that is on the record and refuses nothing.",
}
"""What the procedure asked to consider when it was raised."""


def views_of_visit(seen: ItemOnPage) -> list[tuple[str, str]]:
    """To whom it went, and who was copied."""
    told = [("To", f"{', '.join(one.people) or 'nobody holds this post'} ({one.title})") for one in seen.shape.asked]
    visit = seen.challenge.visits[-1]
    if not told and visit.sent:
        words, role = seen.item.rules.authority, seen.challenge.raiser_role
        told = [("To", item_view.title_of(words, party.role, role)) for party in visit.told]
    return told + [("Copy", title) for title in seen.shape.copied]


def _page(visit: PageContext, known: DraftInProgress | None, step: str, form: Form) -> Response:
    is_stage = known is not None and step == "stage"
    prompts = _prompts(known, visit) if known and is_stage else []
    before = STEPS[max(0, STEPS.index(step) - 1)]
    return visit.page(
        "raise_step.html", title=TITLES[step].format(child=visit.label("child")), step=step, form=form,
        number=STEPS.index(step) + 1, of=len(STEPS), draft=known.draft if known else None,
        action=f"/raise/{known.draft.id}/{step}" if known else "/raise", urgent=visit.words.duty_numbers,
        prompts=[prompt.text for prompt in prompts], child=known.child_in_words if known else "",
        open_items=_open_items(visit, known) if step == "reasons" else None,
        back=f"/raise/{known.draft.id}/{before}" if known and step != "child" else "/",
        labels=visit.words, is_scrutinised=known and is_stage and _is_scrutinised(known, prompts),
    )  # fmt: skip


@dataclass(frozen=True)
class OpenItems:
    """What is open about a child already: how many, and those that whoever raises may see."""

    count: int
    seen: tuple[EarlierItem, ...]

    @property
    def unseen(self) -> int:
        """How many of them they may not see."""
        return self.count - len(self.seen)


def _open_items(visit: PageContext, known: DraftInProgress | None) -> OpenItems:
    """What is open about the child. That they looked is in the access log, and so is each item that they were shown."""
    ground = known.ground if known else None
    if ground is None or ground.subject.child is None:
        return OpenItems(0, ())
    shown = tuple(one for one in ground.earlier if one.is_open)
    key = child_key(visit.service.casework.keeper.key.secret, visit.authority, ground.subject.child)
    visit.log_access(f"raising {key}", *([one.reference for one in shown] or [""]))
    return OpenItems(ground.open_count, shown)


def _is_scrutinised(known: DraftInProgress, prompts: Sequence[opening.RaisingPrompt]) -> bool:
    """Does the authority record senior scrutiny of such a matter apart: for its reason, or at a stage that is proposed for it?"""
    if known.ground is None or known.ground.subject.child is None:  # it is of a child's arrangement
        return False
    notices = [rules.ladder for rules in known.ground.procedures if ItemType.SENIOR_SCRUTINY in rules.ladder.items]
    named = {rule.reason for ladder in notices for rule in ladder.must_raise} & {*known.values["reasons"]}
    at = {stage.key for ladder in notices for stage in ladder.stages}
    return bool(named) or any(at & {*prompt.stages} for prompt in prompts if prompt.kind == "enter_at")


def _prompts(known: DraftInProgress, visit: PageContext) -> list[opening.RaisingPrompt]:
    """What the procedure asks to consider about where it starts."""
    if known.rules is None or known.ground is None:
        return []
    kind = ItemType(known.values["item_type"])
    event = Raised(kind, tuple(known.values["reasons"]), "", priority=known.values["priority"])
    blank = opening.blank_challenge(
        known.rules, event, known.ground.subject.facts, known.ground.subject.child is not None, visit.now
    )
    found = opening.prompts_at_raising(known.rules, event, blank, known.ground.earlier, visit.now)
    return [prompt for prompt in found if prompt.kind in ("enter_at", "repeat")]
