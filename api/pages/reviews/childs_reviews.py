"""A child's reviews: when each was held, what it decided, how that stands; entered in a minute, marked several at once."""

from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Response
from sqlalchemy import Connection

from api.pages.frame.browser_request import CurrentPage, PageContext, SentForm, go_to, router
from api.pages.frame.field_options import child_field, holders_to_choose, own_children, people_to_choose
from api.pages.frame.form_fields import DayField, Form, FormField, Option, single_value
from api.pages.reviews.decision_fields import DecisionRows, PastedDecisions
from api.pages.reviews.mid_points_page import open_mid_points
from api.pages.staffing.directory import count_in_words
from drp.casework.access import NotFound
from drp.casework.load import load_establishment
from drp.directory import lookup
from drp.directory.lookup import ItemSubject
from drp.reviews import review_register
from drp.reviews.following import EnteredReview, enter_review
from drp.reviews.review_register import (
    PAPER_WITHIN,
    PLAN_DAYS,
    HeldReview,
    PlanDays,
    ReviewDecision,
    check_keeps_reviews,
    paper_due,
)
from drp.reviews.tracking import find_tracked
from workflows.calendar.working_days import Calendar, long_date
from workflows.model.authority import rules_that_follow
from workflows.model.ladder import ItemType, Ladder


@dataclass(frozen=True)
class ChildOfReviews:
    """A child whose register of reviews somebody keeps."""

    subject: ItemSubject
    id: UUID

    @property
    def number(self) -> str:
        """The case-system number."""
        return self.subject.number

    @property
    def shown(self) -> str:
        """Initials and case number."""
        return f"{self.subject.initials} ({self.subject.number})"

    @property
    def path(self) -> str:
        """The address of the child's reviews."""
        return f"/reviews/child?{urlencode({'child': self.number})}"


def child_kept(connection: Connection, visit: PageContext, number: str) -> ChildOfReviews:
    """The child of a case number, whose register this person keeps. Raises NotFound for any other."""
    found = lookup.child_by_number(connection, visit.authority, number)
    if found is None or found.child is None:
        raise NotFound
    check_keeps_reviews(connection, visit.words, visit.signed, found.child, visit.today)
    return ChildOfReviews(found, found.child)


@router.get("/reviews")
def show_children_of_reviews(visit: CurrentPage, child: str = "", looked: int = -1, left: int = 0) -> Response:
    """One's own children with their reviews and what is past its date; for the desk, any child by case number."""
    if child:
        return go_to(f"/reviews/child?{urlencode({'child': child})}")
    with visit.reading() as connection:
        field = child_field(connection, visit)
        lines = review_register.list_children(
            connection, visit.authority, [one.number for one in own_children(connection, visit)], visit.today
        )
        halves, more_halves = open_mid_points(connection, visit)
    visit.log_access("reviews", *(item.loaded.reference for item, _, _ in halves))
    done = f"{count_in_words(looked, 'mid-point is', 'mid-points are')} marked: decisions looked through." if looked >= 0 else ""
    return visit.page(
        "reviews.html", title="Reviews", lines=lines, form=Form([field]), today=visit.today, halves=halves, done=done, left=left,
        more_halves=more_halves, once=visit.service.casework.chance.salt(),
    )  # fmt: skip


@router.get("/reviews/child")
def show_childs_reviews(visit: CurrentPage, child: str = "", done: str = "") -> Response:
    """One child's reviews, the latest first."""
    with visit.reading() as connection:
        kept = child_kept(connection, visit, child)
        reviews = review_register.list_reviews(connection, visit.authority, kept.id)
        current = visit.procedures(connection)
        tracked = find_tracked(connection, visit.authority, kept.id)
    visit.log_access("reviews of a child", *(one.reference for held in reviews for one in held.decisions if one.is_followed))
    follows = rules_that_follow(current, visit.today, ItemType.REVIEW_DECISION) is not None
    return visit.page(
        "childs_reviews.html", title=f"Reviews of {kept.shown}", kept=kept, reviews=reviews, follows=follows,
        done=DONE.get(done, ""), today=visit.today, states=review_register.STATES, who=lambda one: _who(visit, one),
        late_paper=lambda held: late_paper(current[0].calendar, held, visit.today), tracked=tracked,
        tracks=rules_that_follow(current, visit.today, ItemType.TRACKED_CASE) is not None,
    )  # fmt: skip


DONE = {
    "added": "The review is on the register.",
    "followed": "The decision is followed: whoever carries it out has been asked.",
    "marked": "Marked.",
    "tracked": "It is tracked so from now on.",
    "looked": "The mid-point is marked: its decisions were looked through.",
}


def _who(visit: PageContext, one: ReviewDecision) -> str:
    role = one.line.owner_role
    titled = visit.words.role(role).title if visit.words.has_role(role) else ""
    return one.line.owner or titled


def late_paper(calendar: Calendar, held: HeldReview, today: date) -> list[str]:
    """What of a review's own paper, and of the plans that it heard of, is past its day."""
    said = {"decisions_agreed_on": "its decisions are not agreed", "record_out_on": "its record is not out"}
    plan, made = held.plans.pathway_plan_due_on, held.plans.pathway_plan_made_on
    late = (
        [f"the first pathway plan is not made: that was due by {long_date(plan)}"] if plan and not made and today > plan else []
    )
    return late + [
        f"{said[name]}: that was due by {long_date(due)}"
        for name, due in paper_due(calendar, held.held_on).items()
        if getattr(held, name) is None and today > due
    ]


# Entering what a review decided.


NOT_YET = "Leave it out if not yet."


@router.get("/reviews/new")
def ask_for_review(visit: CurrentPage, child: str = "") -> Response:
    """When it was held, and what it decided."""
    with visit.reading() as connection:
        kept = child_kept(connection, visit, child)
        fields = _fields(connection, visit, kept)
        last = lookup.find_last_review(connection, visit.authority, kept.id)
    shown = last if last and last <= visit.today else None
    return _page(visit, kept, Form(fields, DayField(name="held_on", label="").show(shown)))


@router.post("/reviews/new")
def enter_review_on_page(visit: CurrentPage, sent: SentForm) -> Response:
    """It is on the register; what was ticked is followed at once."""
    with visit.reading() as connection:
        number = single_value(sent.form(())[0].given, "child")
        kept = child_kept(connection, visit, number)
        fields = _fields(connection, visit, kept)
    form, values = sent.form(fields)
    if sent.wants_more():
        return _page(visit, kept, Form(fields, form.given))
    if form.is_faulty:
        return _page(visit, kept, form)
    paper = {name: values[name] for name in PAPER_WITHIN}
    plans = PlanDays(**{name: values[name] for name in PLAN_DAYS})
    review = EnteredReview(values["held_on"], **paper, decisions=(*values["decisions"], *values["pasted"]), plans=plans)
    with form.noting_refusal(), visit.writing() as connection:
        enter_review(connection, visit.service.casework, visit.signed, kept.id, review, visit.now)
    return _page(visit, kept, form) if form.is_faulty else go_to(f"{kept.path}&done=added")


def _fields(connection: Connection, visit: PageContext, kept: ChildOfReviews) -> list[FormField]:
    rules = rules_that_follow(visit.procedures(connection), visit.today, ItemType.REVIEW_DECISION)
    return [
        DayField(name="held_on", label="When the review was held", need="Write the day of the review."),
        DecisionRows(
            name="decisions", label="What it decided",
            hint="A short line each: the case system keeps the whole. Tick the few that you want to follow.",
            owners=owners_to_choose(connection, visit, kept, rules.ladder if rules else None), today=visit.today,
            follows=rules is not None,
        ),
        PastedDecisions(
            name="pasted", label="Or paste rows from a sheet", rows=4, today=visit.today, words=visit.words,
            hint="Columns: number, what was decided, who, by when. A line of words alone will do.",
        ),
        DayField(name="decisions_agreed_on", label="The decisions were agreed on", hint=f"Within five working days. {NOT_YET}"),
        DayField(name="record_out_on", label="The record went out on", hint=f"Within twenty working days. {NOT_YET}"),
        DayField(name="care_plan_ratified_on", label="The care plan was ratified on", hint=NOT_YET),
        DayField(name="pathway_plan_due_on", label="The first pathway plan is due by", hint="If one is to be made."),
        DayField(name="pathway_plan_made_on", label="The first pathway plan was made on", hint=NOT_YET),
    ]  # fmt: skip


def owners_to_choose(connection: Connection, visit: PageContext, kept: ChildOfReviews, ladder: Ladder | None) -> list[Option]:
    """Who may carry a decision out, by post and name: those whom the procedure for following lets be chosen."""
    if ladder is None:
        return []
    roles = ladder.stages[0].roles_to()
    about = kept.subject.about
    establishment = load_establishment(connection, visit.authority, [about])
    return people_to_choose(visit.words, roles, holders_to_choose(connection, visit, visit.words, establishment, about, roles))


def _page(visit: PageContext, kept: ChildOfReviews, form: Form) -> Response:
    return visit.page("review_new.html", title=f"A review of {kept.shown}", form=form, kept=kept)


# Marking several at once.


@router.post("/reviews/marked")
def mark_decisions_on_page(visit: CurrentPage, sent: SentForm) -> Response:
    """How the ticked decisions stand, by the IRO's own look."""
    state = sent.pressed("state")
    given = sent.form(())[0].given
    ids = [id_ for text in given.get("decisions", ()) if (id_ := _uuid(text))]
    with visit.writing() as connection:
        kept = child_kept(connection, visit, single_value(given, "child"))
        review_register.mark_decisions(connection, visit.authority, kept.id, ids, state, visit.today)
    return go_to(f"{kept.path}&done=marked")


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
