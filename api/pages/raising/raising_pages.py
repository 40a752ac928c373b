"""Raising a challenge in steps, each kept as it is written, and the last: check, then it is raised and told."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from fastapi import APIRouter, Response
from sqlalchemy import Connection

from api.pages.frame import layout
from api.pages.frame.browser_request import CurrentPage, FormSubmission, PageContext, SentForm
from api.pages.frame.form_fields import Form, Given
from api.pages.item import item_page
from api.pages.my_work.my_tasks import child_in_words
from api.pages.raising import wizard_steps
from api.pages.raising.wizard_steps import STEPS, TITLES, DraftInProgress, raised_event_of
from api.presenters import item_view, wording
from drp.casework.raise_item import RaisingPreview, preview_raising
from drp.items import drafts
from workflows.calendar.promise_in_words import explain_promise
from workflows.calendar.working_days import long_date
from workflows.decision import raising as opening
from workflows.decision.raising import RaisingPrompt
from workflows.model.challenge import ASKS_RECIPIENTS, WindowKind
from workflows.model.events import Raised
from workflows.model.ladder import ItemType
from workflows.model.personal_details import personal_details
from workflows.model.refusals import NotYours, Unfit

router = APIRouter(include_in_schema=False)

# The first step makes the draft.


@router.get("/raise")
def show_first_step(visit: CurrentPage, child: str = "") -> Response:
    """About whom?"""
    with visit.service.store.read(visit.authority) as connection:
        fields = wizard_steps.first_fields(connection, visit)
    return _page(visit, None, "child", Form(fields, {"child": (child,)} if child else {}))


@router.post("/raise")
def begin_raising(sent: SentForm) -> Response:
    """Kept as a draft from here on."""
    visit = sent.visit
    with visit.service.store.read(visit.authority) as connection:
        form, values = sent.form(wizard_steps.first_fields(connection, visit))
        if not form.is_faulty:
            wizard_steps.check_ground(connection, visit, form, values)
    if form.is_faulty:
        return _page(visit, None, "child", form)
    chance = visit.service.casework.chance
    said = {"steps": {"child": _kept(form)}, "once": chance.salt(), "child": values.get("child", "")}
    with visit.service.store.write(visit.authority) as connection:
        id_ = drafts.begin_draft(connection, chance, visit.authority, UUID(visit.signed.person), said, visit.now)
    return layout.go_to(f"/raise/{id_}/reasons")


# The steps.


@router.get("/raise/{draft}")
def go_on(visit: CurrentPage, draft: UUID) -> Response:
    """Back to where one was."""
    with visit.service.store.read(visit.authority) as connection:
        kept = drafts.find_draft(connection, visit.authority, UUID(visit.signed.person), draft)
    done = kept.said["steps"]
    return layout.go_to(f"/raise/{draft}/{next((step for step in STEPS if step not in done), 'check')}")


@router.get("/raise/{draft}/{step}")
def show_step(visit: CurrentPage, draft: UUID, step: str) -> Response:
    """One step, as it was left."""
    with visit.service.store.read(visit.authority) as connection:
        known = wizard_steps.draft_in_progress(connection, visit, draft)
        if step == "check":
            return _check(connection, visit, known)
        fields = wizard_steps.fields_of_step(connection, visit, known, step)
    given: Given = {name: tuple(values) for name, values in known.draft.said["steps"].get(step, {}).items()}
    return _page(visit, known, step, Form(fields, given or wizard_steps.initial_values_of_step(known, step)))


@router.post("/raise/{draft}/{step}")
def keep_step(sent: SentForm, draft: UUID, step: str) -> Response:
    """One step, kept; on to the next."""
    visit = sent.visit
    with visit.service.store.read(visit.authority) as connection:
        known = wizard_steps.draft_in_progress(connection, visit, draft)
        fields = [] if step == "check" else wizard_steps.fields_of_step(connection, visit, known, step)
    if step == "check":
        return _raise(sent, known)
    form, values = sent.form(fields, may_hold_details=True)
    if not form.is_faulty:
        with visit.service.store.read(visit.authority) as connection:
            wizard_steps.judge_step(connection, visit, known, step, form, values)
    if form.is_faulty:
        return _page(visit, known, step, form)
    said = dict(known.draft.said)
    said["steps"] = {**said["steps"], step: _kept(form)}
    if step == "child":
        said["child"] = values["child"]
    with visit.service.store.write(visit.authority) as connection:
        drafts.change_draft(connection, visit.authority, UUID(visit.signed.person), draft, said, visit.now)
    if sent.pressed("then") == "check":
        return layout.go_to(f"/raise/{draft}/check")
    return layout.go_to(f"/raise/{draft}/{STEPS[STEPS.index(step) + 1]}")


@router.post("/raise/{draft}")
def drop_raising(sent: SentForm, draft: UUID) -> Response:
    """It is not wanted any more."""
    sent.confirm()
    visit = sent.visit
    with visit.service.store.write(visit.authority) as connection:
        drafts.drop_draft(connection, visit.authority, UUID(visit.signed.person), draft)
    return layout.go_to("/")


def _kept(form: Form) -> dict[str, list[str]]:
    """What was typed, as it was typed."""
    names = ("form_token", "once", "seen", "then")
    return {name: list(values) for name, values in form.given.items() if name not in names and any(values)}


# Check, and raise.


def _plan(connection: Connection, visit: PageContext, known: DraftInProgress, event: Raised) -> RaisingPreview:
    casework, values = visit.service.casework, known.values
    return preview_raising(
        connection,
        casework.procedures,
        visit.signed,
        values["child"],
        event,
        visit.now,
        "" if values["child"] else values.get("team", ""),
    )


def _check(connection: Connection, visit: PageContext, known: DraftInProgress, said: str = "") -> Response:
    """Everything on one page, with what would come of it: who is told, by when they answer, what the procedure asks."""
    plan, event = None, None
    siblings: list[str] = []
    wrong, step = said or known.said, "child"
    if not wrong:
        try:
            event, siblings, _ = raised_event_of(connection, visit, known)
            plan = _plan(connection, visit, known, event)
        except (Unfit, NotYours) as refusal:
            wrong = f"{refusal.said} {refusal.do}"
            field = getattr(refusal, "field", "")
            step = field if field in STEPS else _step_of(field)
    details = sorted({kind for text in wizard_steps.texts_of_draft(known) for kind in personal_details(text)})
    return layout.render_page(
        visit, "raise_check.html", 422 if wrong else 200, title=TITLES["check"], known=known, wrong=wrong, wrong_step=step,
        event=event, siblings=siblings, promise=_promise(plan), told=_told(plan), details=details,
        prompts=plan.decided.prompts if plan else (), rows=_rows(visit, known, event, siblings),
        urgent=visit.words.duty_numbers,
    )  # fmt: skip


def _step_of(field: str) -> str:
    return {
        "concern": "effect",
        "reasons": "reasons",
        "other_reason": "reasons",
        "priority": "reasons",
        "happened": "reasons",
    }.get(field, "child" if field in ("child", "item_type", "team") else "effect" if field == "resolve_by" else "stage")


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
    subject = known.ground.subject if known.ground else None
    child = f"{subject.initials} ({subject.number})" if subject and subject.child else known.values.get("team", "")
    rows = [
        ("child", wording.capitalised(visit.label("child")), child),
        ("child", "Kind", wording.capitalised(visit.label(known.values["item_type"]))),
    ]
    if event is None or known.rules is None:
        return rows
    words, ladder = known.words, known.rules.ladder
    rows += [
        ("reasons", "Reasons", "; ".join(words.reason(key).label for key in event.reasons)),
        ("reasons", "In words", event.other_reason),
        ("reasons", "Review decision", event.review_decision),
        ("effect", "The concern", event.concern),
        ("effect", "For the child", event.effect_on_child),
        ("effect", "What you want", event.outcome_sought),
        ("effect", "To be put right by", long_date(event.resolve_by) if event.resolve_by else ""),
        ("stage", "Starts at", ladder.stage(event.stage or ladder.first_for(event.item_type).key).label),
        ("stage", "Why", event.stage_reason),
        ("siblings", "Brothers and sisters", ", ".join(siblings)),
    ]
    return [row for row in rows if row[2]]


def _raise(sent: FormSubmission, known: DraftInProgress) -> Response:
    """It is raised: for the child, and for each sibling where the same words fit; or drafts are made for them."""
    visit, draft = sent.visit, known.draft
    with visit.service.store.read(visit.authority) as connection:
        try:
            if known.said:
                raise Unfit(known.said, "", "child")
            sent.confirm()
            event, siblings, alike = raised_event_of(connection, visit, known)
        except Unfit:
            return _check(connection, visit, known)
    team = "" if known.values["child"] else known.values.get("team", "")
    try:
        first = str(item_page.raise_one(sent, known.values["child"], event, team, draft.said["once"])["reference"])
        _siblings(sent, known, event, siblings, alike, first)
    except (Unfit, NotYours) as refusal:
        with visit.service.store.read(visit.authority) as connection:
            return _check(connection, visit, known, f"{refusal.said} {refusal.do}")
    with visit.service.store.write(visit.authority) as connection:
        drafts.drop_draft(connection, visit.authority, UUID(visit.signed.person), draft.id)
    return layout.go_to(f"/challenges/{first}/raised")


def _siblings(sent: FormSubmission, known: DraftInProgress, event: Raised, siblings: list[str], alike: str, first: str) -> None:
    """Each sibling gets a challenge of its own, linked; with the same words only where that was said."""
    visit, once = sent.visit, known.draft.said["once"]
    references = [first]
    for n, number in enumerate(siblings):
        if alike == "same":
            also = replace(event, linked=(*event.linked, *references))
            references.append(str(item_page.raise_one(sent, number, also, once=f"{once}-{n}")["reference"]))
            continue
        steps = {name: values for name, values in known.draft.said["steps"].items() if name in ("reasons", "stage")}
        steps["child"] = {**known.draft.said["steps"]["child"], "child": [number]}
        said = {"steps": steps, "once": f"{once}-{n}", "child": number, "linked": [first]}
        with visit.service.store.write(visit.authority) as connection:
            chance = visit.service.casework.chance
            drafts.begin_draft(connection, chance, visit.authority, UUID(visit.signed.person), said, visit.now)


@router.get("/challenges/{reference}/raised")
def show_who_was_told(visit: CurrentPage, reference: str) -> Response:
    """Who has been told, and by when they answer, with the working."""
    with visit.service.store.read(visit.authority) as connection:
        seen = item_page.read_item(connection, visit, reference)
        begun = drafts.drafts_of(connection, visit.authority, UUID(visit.signed.person))
    item_page.log_reading(visit, seen.shape.reference)
    main = next((w for w in seen.shape.windows if w.is_open and w.kind in ASKS_RECIPIENTS | {WindowKind.ENDORSEMENT}), None)
    return layout.render_page(
        visit, "raised.html", title="It is raised", shape=seen.shape, window=main, prompts=_asked_of(seen),
        drafts=[one for one in begun if seen.shape.reference in one.said.get("linked", [])],
        recipients=views_of_visit(seen), child=child_in_words(seen.item),
    )  # fmt: skip


def views_of_visit(seen: item_page.ItemOnPage) -> list[tuple[str, str]]:
    """To whom it went, and who was copied."""
    shape = seen.shape
    told = [("To", f"{', '.join(one.people) or 'nobody holds this post'} ({one.title})") for one in shape.asked]
    visit = seen.item.loaded.challenge.visits[-1]
    if not told:
        words, role = seen.item.rules.authority, seen.item.loaded.challenge.raiser_role
        told = [("To", item_view.title_of(words, party.role, role)) for party in visit.told if visit.sent]
    return told + [("Copy", title) for title in shape.copied]


def _asked_of(seen: item_page.ItemOnPage) -> list[str]:
    """What the procedure asked to consider when it was raised."""
    kinds = {
        "enter_at": "The procedure proposes another stage for such a matter.",
        "repeat": "The same was raised before: the procedure proposes to go higher.",
        "already_open": "Something is open already for the same child and reason.",
        "raise_within": "The procedure asks by when it should be raised: the day it counts from was not given.",
        "raised_late": "It was raised later than the procedure asks; that is on the record and refuses nothing.",
    }
    return list(dict.fromkeys(kinds.get(prompt["kind"], "") for prompt in seen.raised.facts.get("prompts", [])))


def _page(visit: PageContext, known: DraftInProgress | None, step: str, form: Form) -> Response:
    words = {"child": visit.label("child")}
    subject = known.ground.subject if known and known.ground else None
    open_ones = [one for one in known.ground.earlier if one.is_open] if known and known.ground else []
    prompts = _prompts(known, visit) if known and step == "stage" else []
    is_scrutinised = bool(known and known.ground and step == "stage" and _is_scrutinised(known, prompts))
    return layout.render_page(
        visit, "raise_step.html", 422 if form.is_faulty else 200, title=TITLES[step].format(**words), step=step, form=form,
        number=STEPS.index(step) + 1, of=len(STEPS), draft=known.draft if known else None,
        children=getattr(form.fields[0], "children", ()),
        action=f"/raise/{known.draft.id}/{step}" if known else "/raise", urgent=visit.words.duty_numbers,
        prompts=[prompt.text for prompt in prompts],
        child=f"{subject.initials} ({subject.number})" if subject and subject.child else "", earlier=open_ones,
        back=f"/raise/{known.draft.id}/{STEPS[max(0, STEPS.index(step) - 1)]}" if known and step != "child" else "/",
        labels=visit.words, is_scrutinised=is_scrutinised,
    )  # fmt: skip


def _is_scrutinised(known: DraftInProgress, prompts: Sequence[RaisingPrompt]) -> bool:
    """Does the authority record senior scrutiny of such a matter apart: for its reason, or at a stage that is proposed for it?"""
    assert known.ground is not None
    if known.ground.subject.child is None:  # it is of a child's arrangement
        return False
    notices = [rules.ladder for rules in known.ground.procedures if ItemType.SENIOR_SCRUTINY in rules.ladder.items]
    named = {rule.reason for ladder in notices for rule in ladder.must_raise} & {*known.values["reasons"]}
    at = {stage.key for ladder in notices for stage in ladder.stages}
    return bool(named) or any(at & {*prompt.stages} for prompt in prompts if prompt.kind == "enter_at")


def _prompts(known: DraftInProgress, visit: PageContext) -> list[RaisingPrompt]:
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
