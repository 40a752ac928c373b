"""A decision that is to be followed: by whom, by when. And one left undone made a challenge, with everything filled in."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from fastapi import Response
from sqlalchemy import Connection

from api.pages.frame.browser_request import CurrentPage, PageContext, SentForm, go_to, router
from api.pages.frame.field_options import chosen_parties, holders_to_choose, people_to_choose
from api.pages.frame.form_fields import DayField, Form, FormField, RadioPick, SelectMenu
from api.pages.item.item_page import CurrentItem, ItemOnPage
from api.pages.raising.wizard_steps import DraftInProgress, draft_in_progress, kinds_to_choose, reason_options
from api.pages.reviews.childs_reviews import ChildOfReviews, child_kept, owners_to_choose
from drp.casework.access import NotFound
from drp.directory import lookup
from drp.items import drafts
from drp.reviews.following import HowFollowed, follow_decision
from drp.reviews.review_register import ReviewDecision, check_keeps_reviews, find_decision
from workflows.calendar.working_days import Length, LengthUnit, long_date, promise_from_date
from workflows.model.actor import Part
from workflows.model.authority import rules_that_follow
from workflows.model.challenge import Party
from workflows.model.ladder import BETWEEN_REVIEWS, Choice, ItemType
from workflows.model.refusals import NotYours


@dataclass(frozen=True)
class DecisionToFollow:
    """A decision with the child whose it is, and what following it asks."""

    decision: ReviewDecision
    kept: ChildOfReviews
    fields: list[FormField]


def _read(connection: Connection, visit: PageContext, id_: UUID) -> DecisionToFollow:
    decision = find_decision(connection, visit.authority, id_)
    check_keeps_reviews(connection, visit.words, visit.signed, decision.child, visit.today)
    number = lookup.child_numbers_of(connection, visit.authority, [decision.child])[decision.child]
    kept = child_kept(connection, visit, number)
    rules = rules_that_follow(visit.procedures(connection), visit.today, ItemType.REVIEW_DECISION)
    if rules is None:
        raise NotFound
    ladder = rules.ladder
    owners = owners_to_choose(connection, visit, kept, ladder)
    first = ladder.stages[0].roles_to()[0]
    asked = visit.words.role(first).title if visit.words.has_role(first) else first
    other = f"Somebody else: {decision.line.owner}" if decision.line.owner else "Somebody else"
    fields: list[FormField] = [
        RadioPick(
            name="to", label="Who carries it out",
            options=[*owners, ("other", other, f"Not in the directory: the {asked} is asked.")],
            need="Choose who carries it out.",
        ),
        DayField(name="by", label="By when", hint="The day that the review set.", need="Write the day."),
        SelectMenu(
            name="reason", label="What it is about", hint="Figures count it under this. Leave it out if none fits.",
            options=[one for one in reason_options(visit.words) if not visit.words.reason(one[0]).needs_words],
        ),
    ]  # fmt: skip
    return DecisionToFollow(decision, kept, fields)


@router.get("/reviews/decisions/{decision}")
def ask_how_followed(visit: CurrentPage, decision: UUID) -> Response:
    """Who carries it out, and by when: filled in as the review has it."""
    with visit.reading() as connection:
        found = _read(connection, visit, decision)
    if found.decision.is_followed:
        return go_to(f"/challenges/{found.decision.reference}")
    line = found.decision.line
    owner = next((value for value, _, _ in found.fields[0].options if value.split("|")[0] == line.owner_role), "")  # type: ignore[attr-defined]
    shown = {"to": (owner or ("other" if line.owner else ""),)} | DayField(name="by", label="").show(line.due)
    return _page(visit, found, Form(found.fields, shown))


@router.post("/reviews/decisions/{decision}")
def follow_on_page(visit: CurrentPage, sent: SentForm, decision: UUID) -> Response:
    """It is followed: whoever carries it out is asked, with the day that was set."""
    with visit.reading() as connection:
        found = _read(connection, visit, decision)
    form, values = sent.form(found.fields)
    if not form.is_faulty:
        to = None if values["to"] == "other" else chosen_parties([values["to"]])[0]
        how = HowFollowed(to, values["by"], (values["reason"],) if values["reason"] else ())
        with form.noting_refusal(), visit.writing() as connection:
            follow_decision(connection, visit.service.casework, visit.signed, decision, how, visit.now)
    return _page(visit, found, form) if form.is_faulty else go_to(f"{found.kept.path}&done=followed")


def _page(visit: PageContext, found: DecisionToFollow, form: Form) -> Response:
    return visit.page("follow.html", title="Follow a review decision", form=form, kept=found.kept, decision=found.decision)


# One left undone is made a challenge.


@router.get("/challenges/{reference}/make-challenge")
def ask_to_make_challenge(visit: CurrentPage, seen: CurrentItem) -> Response:
    """Which kind of item, for which reason: everything else is filled in."""
    with visit.reading() as connection:
        fields = _fields_of_challenge(connection, visit, seen)
    usual = next((rule.reason for rule in seen.item.rules.ladder.must_raise if rule.reason), "")
    first = fields[0].options[0][0] if isinstance(fields[0], RadioPick) and fields[0].options else ""
    return _challenge_page(visit, seen, Form(fields, {"item_type": (first,), "reason": (usual,)}))


@router.post("/challenges/{reference}/make-challenge")
def make_challenge_on_page(visit: CurrentPage, sent: SentForm, seen: CurrentItem) -> Response:
    """A draft with every step filled in: it is checked, and raised with one press. What was followed ends then."""
    with visit.reading() as connection:
        form, values = sent.form(_fields_of_challenge(connection, visit, seen))
    if form.is_faulty:
        return _challenge_page(visit, seen, form)
    casework, number = visit.service.casework, seen.item.loaded.child_number
    theme = visit.words.reason(values["reason"]).theme
    said = seen.raised.words
    due = seen.challenge.visits[0].respond_by
    wanted = f"It was to be done by {long_date(due)}." if due else ""
    steps = {
        "child": {"child": [number], "item_type": [values["item_type"]]},
        "reasons": {f"reasons-{theme}": [values["reason"]], "review_decision": [_in_a_line(said)]},
        "effect": {
            "concern": [f"A decision of the review has not been carried out: {said.get('concern', '')}"],
            "outcome_sought": [f"The decision is carried out. {wanted}".strip()],
        },
        "siblings": {"alike": ["own"]},
    }
    with visit.writing() as connection:
        draft = drafts.begin_draft(
            connection, casework.chance, visit.authority, visit.person,
            {"steps": steps, "once": casework.chance.salt(), "child": number, "linked": [seen.shape.reference]}, visit.now,
        )  # fmt: skip
        known = draft_in_progress(connection, visit, draft)
        if known.rules is not None:  # else the check says what is amiss
            steps |= _first_stage(connection, visit, known, steps["effect"], seen.challenge.visits[-1].told)
            drafts.change_draft(connection, visit.authority, visit.person, draft, known.draft.said | {"steps": steps}, visit.now)
    return go_to(f"/raise/{draft}/check")


USUAL_REPLY, USUAL_END = Length(5, LengthUnit.WORKING_DAYS), Length(10, LengthUnit.WORKING_DAYS)
"""What is offered where the raiser names the day of a reply, and of the end: to be changed at the check."""


def _first_stage(
    connection: Connection, visit: PageContext, known: DraftInProgress, effect: dict[str, list[str]], owners: Sequence[Party]
) -> dict[str, dict[str, list[str]]]:
    """What the procedure leaves to whoever raises at its first stage: next after whoever was to carry it out, usual days."""
    assert known.rules is not None
    assert known.ground is not None
    stage, words = known.first_stage, known.rules.authority
    said: dict[str, list[str]] = {"stage": [stage.key]}
    if stage.to and stage.to.how in (Choice.ONE, Choice.CHOSEN):
        roles = stage.roles_to()
        after = next((roles.index(one.role) + 1 for one in owners if one.role in roles), 0)
        asked = roles[min(after, len(roles) - 1)]
        people = holders_to_choose(connection, visit, words, known.ground.establishment, known.ground.about, [asked])
        said["to"] = [value for value, _, _ in people_to_choose(words, [asked], people)][:1]
    for within, length, step, name in (
        (stage.respond_within, USUAL_REPLY, said, "respond_by"),
        (stage.complete_within, USUAL_END, effect, "resolve_by"),
    ):
        if within and within.set_by_raiser:
            day = promise_from_date(length, visit.today, known.rules.calendar).due
            step |= {part: list(values) for part, values in DayField(name=name, label="").show(day).items()}
    return {"stage": said, "effect": effect}


def _in_a_line(said: dict[str, str]) -> str:
    number = said.get("review_decision", "")
    return f"{number}. {said.get('concern', '')}" if number else said.get("concern", "")


def _fields_of_challenge(connection: Connection, visit: PageContext, seen: ItemOnPage) -> list[FormField]:
    if seen.challenge.item_type not in BETWEEN_REVIEWS or not seen.challenge.about_child:
        raise NotFound
    if not seen.item.actor.parts & {Part.RAISER, Part.BUSINESS_SUPPORT}:
        raise NotYours("Raising it is the IRO's.", "Tell the child's IRO.")
    kinds = [one for one in kinds_to_choose(connection, visit) if ItemType(one[0]) in (ItemType.INFORMAL, ItemType.FORMAL)]
    return [
        RadioPick(name="item_type", label="What kind of item", options=kinds, need="Choose the kind."),
        SelectMenu(name="reason", label="Reason", options=reason_options(visit.words), need="Choose the reason."),
    ]


def _challenge_page(visit: PageContext, seen: ItemOnPage, form: Form) -> Response:
    title = f"Make it a {visit.label('challenge')}"
    return visit.page("make_challenge.html", title=title, form=form, shape=seen.shape, item=seen.item, asked=seen.asked)
