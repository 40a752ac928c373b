"""The questions of raising, step by step, and what a draft's answers come to: an event, or what is still amiss."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from api.pages.frame.browser_request import PageContext
from api.pages.frame.field_options import (
    advice_before_skipping,
    child_field,
    chosen_parties,
    for_stages,
    holders_to_choose,
    stages_to_choose,
)
from api.pages.frame.form_fields import DayField, Form, FormField, Option, RadioPick, SelectMenu, TextArea, TextLine, TickBoxes
from api.presenters import wording
from drp.casework.access import NotFound
from drp.casework.raise_item import RaisingGround, ground_of_raising
from drp.directory.lookup import list_team_names
from drp.identity.principal import NotPermitted
from drp.items import drafts
from workflows.model.authority import Authority, Capacity, Rules
from workflows.model.events import Raised
from workflows.model.ladder import WITHOUT_CHILD, ItemType, Stage
from workflows.model.refusals import NotYours, Unfit

STEPS = ("child", "reasons", "effect", "stage", "siblings", "check")
TITLES = {
    "child": "The {child}",
    "reasons": "The reasons",
    "effect": "The effect on the child, and what you want",
    "stage": "Where it starts",
    "siblings": "Brothers and sisters",
    "check": "Check, then raise it",
}


@dataclass(frozen=True)
class DraftInProgress:
    """A draft with what is known of its child and procedure."""

    draft: drafts.Draft
    values: Mapping[str, Any]
    ground: RaisingGround | None
    rules: Rules | None
    said: str = ""
    """Why there is no ground to stand on: what was refused of the child or the kind."""

    @property
    def child(self) -> str:
        """The child's case number; empty where it is about a service."""
        return str(self.values["child"])

    @property
    def team(self) -> str:
        """The team, where it is about a service and no child."""
        return "" if self.child else str(self.values.get("team", ""))

    @property
    def child_in_words(self) -> str:
        """Initials and case number, where the child is known."""
        subject = self.ground.subject if self.ground else None
        return f"{subject.initials} ({subject.number})" if subject and subject.child else ""

    @property
    def first_stage(self) -> Stage:
        """Where the procedure starts such an item."""
        assert self.rules is not None
        return self.rules.ladder.first_for(ItemType(self.values["item_type"]))


def raises_as(connection: Connection, visit: PageContext, item_type: ItemType) -> str:
    """The role in which this person raises such an item. Raises NotPermitted where no procedure lets them."""
    current = visit.procedures(connection)
    carry = [rules.ladder for rules in current if item_type in rules.ladder.items or rules.ladder.is_notice]
    may = [role for ladder in carry for role in ladder.raisers_of(item_type)]
    own = [role for role in may if role in visit.signed.roles]
    desk = visit.signed.capacities & {Capacity.BUSINESS_SUPPORT, Capacity.IRO_MANAGER}
    iros = [role for role in may if role in visit.words.roles_acting_as(Capacity.IRO)] if desk else []
    if not own and not iros:
        raise NotPermitted
    return (own or iros)[0]


def reason_options(words: Authority) -> list[Option]:
    """Every reason, each with its theme."""
    return [(reason.key, reason.label, theme.label) for theme in words.themes for reason in theme.reasons]


def item_fact_options(words: Authority) -> list[Option]:
    """Every fact that is asked of an item."""
    return [(key, label, "") for key, label in words.item_facts.items()]


def first_fields(connection: Connection, visit: PageContext) -> list[FormField]:
    """The child and the kind of item."""
    offered = kinds_to_choose(connection, visit)
    needs_child = not any(ItemType(kind) in WITHOUT_CHILD for kind, _, _ in offered)
    child = child_field(connection, visit, "Write the child's case number or initials." if needs_child else "")
    found: list[FormField] = [child]
    if not needs_child:
        options = [(key, name, "") for key, name in list_team_names(connection, visit.authority).items()]
        found.append(SelectMenu(name="team", label="Or, for a matter about a service: the team", options=options))
    found.append(RadioPick(name="item_type", label="What kind of item is it?", options=offered, need="Choose the kind."))
    return found


def kinds_to_choose(connection: Connection, visit: PageContext) -> list[Option]:
    current = visit.procedures(connection)
    roles = set(visit.signed.roles)
    if visit.signed.capacities & {Capacity.BUSINESS_SUPPORT, Capacity.IRO_MANAGER}:
        roles |= set(visit.words.roles_acting_as(Capacity.IRO))
    ladders = [rules.ladder for rules in current if rules.ladder.climbs]
    carried = {kind for ladder in ladders for kind in ladder.items if roles & set(ladder.raisers_of(kind))}
    if not carried:
        raise NotPermitted
    return [(kind.value, wording.capitalised(visit.label(kind.value)), "") for kind in ItemType if kind in carried]


def _ground_of(connection: Connection, visit: PageContext, values: Mapping[str, Any]) -> tuple[RaisingGround, Raised]:
    """What is known of the child, and the event as far as the answers make it. Raises NotPermitted, Unfit, NotYours."""
    kind, reasons = ItemType(values["item_type"]), tuple(values.get("reasons", ()))
    role = raises_as(connection, visit, kind)
    event = Raised(kind, reasons, "", raiser_role=role, priority=values.get("priority", ""), facts=tuple(values.get("facts", ())))
    procedures, team = visit.service.casework.procedures, values.get("team", "")
    return ground_of_raising(connection, procedures, visit.signed, values["child"], event, visit.now, team), event


def check_ground(connection: Connection, visit: PageContext, form: Form, values: Mapping[str, Any]) -> None:
    """Note on the form why such an item may not be raised about this child."""
    try:
        ground, event = _ground_of(connection, visit, values)
        ground.rules_for(event, visit.now)
    except (Unfit, NotYours) as refusal:
        form.refuse(f"{refusal.said} {refusal.do}", refusal.field if isinstance(refusal, Unfit) else "child")


def draft_in_progress(connection: Connection, visit: PageContext, draft: UUID) -> DraftInProgress:
    """The draft with what its child and kind lead to. What has become unfit meanwhile is said at the first step."""
    kept = drafts.find_draft(connection, visit.authority, visit.person, draft)
    values = _values(connection, visit, kept)
    try:
        ground, event = _ground_of(connection, visit, values)
        return DraftInProgress(kept, values, ground, ground.rules_for(event, visit.now))
    except (Unfit, NotYours) as refusal:
        return DraftInProgress(kept, values, None, None, f"{refusal.said} {refusal.do}")


def given_in_step(draft: drafts.Draft, step: str) -> dict[str, tuple[str, ...]]:
    """What was typed in a step, as its inputs carry it."""
    return {name: tuple(values) for name, values in draft.said["steps"].get(step, {}).items()}


def _values(connection: Connection, visit: PageContext, kept: drafts.Draft) -> dict[str, Any]:
    """The first step's answers, and whatever of the later ones needs no procedure to be read."""
    reasons = kept.said["steps"].get("reasons", {})
    return Form(first_fields(connection, visit), given_in_step(kept, "child")).read() | {
        "reasons": [key for name, keys in reasons.items() if name.startswith("reasons-") for key in keys],
        "priority": (reasons.get("priority") or [""])[0],
        "facts": reasons.get("facts", []),
    }


def fields_of_step(connection: Connection, visit: PageContext, known: DraftInProgress, step: str) -> list[FormField]:
    if step == "child":
        return first_fields(connection, visit)
    if known.rules is None or known.ground is None or step not in STEPS:
        raise NotFound
    if step == "reasons":
        return _reasons(known.rules)
    if step == "effect":
        return [
            TextArea(name="concern", label="What the concern is", need="Say in a line what it is."),
            TextArea(name="effect_on_child", label="What it means for the child", hint="Now, and if nothing changes."),
            TextArea(name="outcome_sought", label="What you want to happen", rows=3),
            DayField(name="first_known_on", label="When did you first know of this?", hint="Leave empty if today."),
            DayField(name="resolve_by", label="To be put right by", hint="If there is a day by which the child needs it."),
        ]
    if step == "stage":
        return _stage(connection, visit, known.rules, known)
    alike = [
        ("own", "Each gets words of its own", "A draft for each is made, with the reasons and no narrative."),
        ("same", "The same words fit each of them", "I have checked: nothing in them is about one child alone."),
    ]
    return [
        *(TextLine(name=f"sibling-{n}", label=f"Case number of sibling {n}", width="20", spellcheck=False) for n in (1, 2, 3, 4)),
        RadioPick(
            name="alike", label="Their words", hint="Another child's words must not stand on this child's record.", options=alike
        ),
    ]


def _reasons(rules: Rules) -> list[FormField]:
    ticks = [
        TickBoxes(
            name=f"reasons-{theme.key}",
            label=theme.label,
            options=[(r.key, r.label, "Say it in words below." if r.needs_words else "") for r in theme.reasons],
        )
        for theme in rules.authority.themes
    ]
    facts = rules.authority.item_facts
    priorities = [(key, wording.capitalised(key.replace("_", " ")), "") for key in rules.ladder.priorities]
    return [
        *ticks,
        TextLine(name="other_reason", label="If you ticked an “other”: the reason in words"),
        TextLine(name="review_decision", label="The review's decision that it is about, if it is"),
        *([RadioPick(name="priority", label="Priority", options=priorities)] if priorities else []),
        *([TickBoxes(name="facts", label="What is so here", options=item_fact_options(rules.authority))] if facts else []),
        *(DayField(name=f"happened-{what}", label=f"The day of the {what.replace('_', ' ')}") for what in _counted_from(rules)),
    ]


def _counted_from(rules: Rules) -> list[str]:
    """Events of which the procedure asks the day."""
    ladder = rules.ladder
    named = [deadline.of for deadline in ladder.raise_within]
    for stage in ladder.stages:
        named += [deadline.of for deadline in stage.raise_within] + [stage.counted_from_event]
    return [what for what in dict.fromkeys(named) if what not in ("", "raising")]


def _stage(connection: Connection, visit: PageContext, rules: Rules, known: DraftInProgress) -> list[FormField]:
    assert known.ground is not None
    exist = rules.ladder.stages_for(ItemType(known.values["item_type"]))
    words, open_to = rules.authority, [stage for stage in exist if not stage.referral]
    roles = [role for stage in open_to for role in stage.roles_to()]
    people = holders_to_choose(connection, visit, words, known.ground.establishment, known.ground.about, roles)
    return [
        RadioPick(
            name="stage",
            label="At which stage",
            hint="You may start at any stage that you judge right.",
            options=stages_to_choose(words, open_to),
            need="Choose the stage.",
        ),
        TextArea(
            name="stage_reason",
            label=f"Why this stage, if it is not {known.first_stage.label}",
            hint="For your own record: you, whoever covers and whom you name read it.",
            rows=2,
        ),
        TextArea(name="line_for_skipped", label="A line for those whom it passes over, if you like", rows=2),
        *advice_before_skipping(rules),
        *for_stages(words, open_to, people),
    ]


def initial_values_of_step(known: DraftInProgress, step: str) -> dict[str, tuple[str, ...]]:
    """What a step shows where nothing was typed yet."""
    if step == "stage":
        return {"stage": (known.first_stage.key,)}
    return {"alike": ("own",)} if step == "siblings" else {}


def judge_step(
    connection: Connection, visit: PageContext, known: DraftInProgress, step: str, form: Form, values: Mapping[str, Any]
) -> None:
    """What a step's answers need beyond each for itself."""
    if step == "child":
        check_ground(connection, visit, form, values)
    if step == "reasons" and known.rules:
        words = known.rules.authority
        ticked = [key for name, keys in values.items() if name.startswith("reasons-") for key in keys]
        if not ticked:
            form.refuse("Tick at least one reason.", form.fields[0].name)
        if any(words.reason(key).needs_words for key in ticked) and not values["other_reason"]:
            form.refuse("Say in words what the reason is.", "other_reason")
    for name, number in _siblings(values).items():
        try:
            _ground_of(connection, visit, {"item_type": known.values["item_type"], "child": number})
        except (Unfit, NotYours) as refusal:
            form.refuse(f"{refusal.said} {refusal.do}", name)


def _siblings(values: Mapping[str, Any]) -> dict[str, str]:
    return {name: number for name, number in values.items() if name.startswith("sibling-") and number}


TAKEN_OVER = (
    "concern", "effect_on_child", "outcome_sought", "other_reason", "stage_reason", "line_for_skipped",
    "advice_before_skipping", "priority",
    "respond_by", "resolve_by", "review_decision", "first_known_on",
)  # fmt: skip
"""Answers that are fields of the event as they stand."""


def raised_event_of(connection: Connection, visit: PageContext, known: DraftInProgress) -> tuple[Raised, list[str], str]:
    """The event that the whole draft makes, the siblings' case numbers, and whose words they get. Raises Unfit."""
    said: dict[str, Any] = {}
    for step in STEPS[1:-1]:
        if step not in known.draft.said["steps"] and step != "siblings":
            raise Unfit(f"“{TITLES[step].format(child='child')}” is not filled in yet.", "Go to that step.", step)
        form = Form(fields_of_step(connection, visit, known, step), given_in_step(known.draft, step))
        said |= form.read()
        if form.is_faulty:
            raise Unfit(form.summary()[0]["text"], "Go back to that step.", step)
    kind, days = ItemType(known.values["item_type"]), [name for name in said if name.startswith("happened-")]
    event = Raised(
        kind,
        tuple(known.values["reasons"]),
        stage="" if said["stage"] == known.first_stage.key else said["stage"],
        to=chosen_parties(said.get("to", ())),
        copies=tuple(said.get("copies", ())),
        facts=tuple(said.get("facts") or ()),
        happened=tuple((name.removeprefix("happened-"), said[name]) for name in days if said[name]),
        raiser_role=raises_as(connection, visit, kind),
        linked=tuple(known.draft.said.get("linked", ())),
        **{name: said[name] for name in TAKEN_OVER if name in said},
    )
    return event, list(_siblings(said).values()), said.get("alike") or "own"


def texts_of_draft(known: DraftInProgress) -> list[str]:
    return [text for step in known.draft.said["steps"].values() for values in step.values() for text in values]
