"""What a form lets somebody choose from: stages, people to ask, copies, actions, their own children, in the authority's words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection

from api.pages.frame.browser_request import PageContext
from api.pages.frame.form_fields import (
    DayField,
    FormField,
    Given,
    Option,
    TextArea,
    TextLine,
    TickBoxes,
    WrongAnswer,
    single_value,
)
from api.presenters.item_reader import SeenItem
from api.presenters.shapes import TimelineShape
from drp.directory.lookup import list_agency_holders, names_of
from drp.staffing.caseloads import list_reviewed_children
from workflows.calendar.working_days import long_date
from workflows.decision.impact import FURTHEST
from workflows.decision.recipients import About, Establishment
from workflows.model.authority import Authority, HeldFor, Rules
from workflows.model.challenge import SETTLED, Challenge, WindowKind
from workflows.model.events import Chosen
from workflows.model.ladder import EVERYONE_ABOVE, Choice, Ladder, Stage


@dataclass(frozen=True)
class FieldOptions:
    """What one item leaves to choose, for the person who looks at it."""

    item: SeenItem
    people: dict[str, list[tuple[str, str]]]
    """By role: the people who may be chosen in it, as (id, name)."""
    timeline: TimelineShape
    today: date

    @property
    def ladder(self) -> Ladder:
        """The ladder that it climbs."""
        return self.item.rules.ladder

    @property
    def exist(self) -> tuple[Stage, ...]:
        """The stages that there are for such an item."""
        return self.ladder.stages_for(self.item.loaded.challenge.item_type)

    def stages(self, keys: Iterable[str]) -> list[Option]:
        """Stages to choose from, each with whom it goes to."""
        wanted = set(keys)
        return stages_to_choose(self.item.rules.authority, [stage for stage in self.ladder.stages if stage.key in wanted])

    def roles(self, keys: Iterable[str]) -> list[Option]:
        """Roles to choose from, each once, as far as the authority has them."""
        words = self.item.rules.authority
        return [(key, words.role(key).title, "") for key in dict.fromkeys(keys) if words.has_role(key)]

    def for_stages(self, keys: Sequence[str]) -> list[FormField]:
        """What these stages leave to whoever sends: whom to ask, by when, whom to copy in."""
        stages = [self.ladder.stage(key) for key in keys]
        return for_stages(self.item.rules.authority, stages, self.people)

    def actions(self) -> list[Option]:
        """Agreed actions that are not settled yet, each with its date."""
        texts = agreed_actions(self.timeline)
        return [
            (str(w.key.n), texts.get(w.key.n, (f"Action {w.key.n}", ""))[0], f"by {long_date(w.promise.due)}")
            for w in self.item.loaded.challenge.windows
            if w.key.kind is WindowKind.ACTION and w.closed_as not in SETTLED
        ]

    def asked(self) -> list[Option]:
        """Roles that are asked and have not answered."""
        main = self.item.loaded.challenge.main_window()
        words = self.item.rules.authority
        parties = [one.party for one in main.asked if not one.answered_at] if main and main.is_open else []
        return [(party.role, words.role(party.role).title, "") for party in parties if words.has_role(party.role)]


def addressed_in_words(words: Authority, stage: Stage) -> str:
    """To whom a stage goes, for a hint."""
    return ", ".join(words.role(role).title for role in stage.roles_to() if words.has_role(role))


def stages_to_choose(words: Authority, stages: Iterable[Stage]) -> list[Option]:
    """Stages to choose from, each with whom it goes to."""
    return [(stage.key, stage.label, addressed_in_words(words, stage)) for stage in stages]


def for_stages(words: Authority, stages: Sequence[Stage], people: dict[str, list[tuple[str, str]]]) -> list[FormField]:
    """What some stages leave to whoever sends: whom to ask, by when, whom to copy in."""
    found: list[FormField] = []
    choosing = [stage for stage in stages if stage.to and stage.to.how in (Choice.ONE, Choice.CHOSEN)]
    outside = [stage for stage in stages if any(is_outside(words, role) for role in stage.roles_to())]
    roles = list(dict.fromkeys(role for stage in [*choosing, *outside] for role in stage.roles_to()))
    if choosing:
        where = "" if len(stages) == 1 else f"Needed for: {', '.join(stage.label for stage in choosing)}."
        found.append(TickBoxes(name="to", label="Who is to answer", hint=where, options=people_to_choose(words, roles, people)))
    if any(stage.respond_within.set_by_raiser for stage in stages):
        found.append(DayField(name="respond_by", label="Reply by", hint="You set this date. For example, 27 3 2026"))
    if copies := [pair for stage in stages for pair in optional_copies(words, stage)]:
        found.append(
            TickBoxes(
                name="copies", label="Copy in", hint="The procedure leaves this to you.", options=list(dict.fromkeys(copies))
            )
        )
    return found


def advice_before_skipping(rules: Rules) -> list[FormField]:
    """What was advised in the talk that a procedure asks for before a stage is skipped; nothing where it asks for none."""
    first = rules.ladder.before_skipping
    if first is None:
        return []
    label = f"What the {rules.authority.role(first.talk_to).title} advised, if a stage is skipped"
    return [TextArea(name="advice_before_skipping", label=label, rows=2)]


def optional_copies(words: Authority, stage: Stage) -> list[Option]:
    """Copies that a stage leaves to whoever sends it."""
    return [
        (copy.role, words.role(copy.role).title, "")
        for copy in stage.copies
        if copy.role != EVERYONE_ABOVE and copy.when and any(term.kind == "chosen" for term in copy.when.terms())
    ]


def stage_names(every: Sequence[Rules]) -> list[tuple[str, str]]:
    """Every stage that some procedure has, by key, once and in their order, under every name that it goes by."""
    found: dict[str, dict[str, None]] = {}
    for rules in every:
        for stage in rules.ladder.stages:
            found.setdefault(stage.key, {})[stage.label] = None
    return [(key, " / ".join(names)) for key, names in found.items()]


def people_to_choose(words: Authority, roles: Iterable[str], people: dict[str, list[tuple[str, str]]]) -> list[Option]:
    """Roles, or the people who hold them where there is more than one, to choose from."""
    found: list[Option] = []
    for role in roles:
        title = words.role(role).title if words.has_role(role) else role
        holders = people.get(role, [])
        if len(holders) == 1 and not is_outside(words, role):
            found.append((f"{role}|", title, holders[0][1]))
        else:
            found += [(f"{role}|{id_}", f"{title}: {name}", "") for id_, name in holders]
    return found


def is_outside(words: Authority, role: str) -> bool:
    """Is it a role of another agency?"""
    return words.has_role(role) and words.role(role).held_for is HeldFor.AGENCY


def chosen_parties(values: Iterable[str]) -> tuple[Chosen, ...]:
    """What was ticked, as the decision takes it."""
    return tuple(Chosen(*value.partition("|")[::2]) for value in values)


def holders_to_choose(
    connection: Connection, visit: PageContext, words: Authority, establishment: Establishment, about: About, roles: Iterable[str]
) -> dict[str, list[tuple[str, str]]]:
    """Who holds some roles today, for what an item is about; for a role outside, everybody who holds it in any agency."""
    known = [role for role in dict.fromkeys(roles) if words.has_role(role)]
    outside = [role for role in known if is_outside(words, role)]
    inside = {role: establishment.holders(words, role, about, visit.today) for role in known if role not in outside}
    names = names_of(connection, visit.authority, {person for people in inside.values() for person in people})
    found = {role: [(person, names.get(person, "")) for person in people] for role, people in inside.items()}
    agencies = list_agency_holders(connection, visit.authority, outside, visit.today) if outside else {}
    return found | {
        role: [(str(one.person), f"{one.name}, {one.agency}" if one.agency else one.name) for one in holders]
        for role, holders in agencies.items()
    }


def agreed_actions(timeline: TimelineShape) -> dict[int, tuple[str, str]]:
    """Agreed actions by their number on this item: their words, and who put them there. Numbered as they were agreed."""
    texts = [
        (entry.words.get(f"actions.{n}", ""), entry.by)
        for entry in timeline.entries
        for n in range(len(entry.facts.get("actions") or []))
    ]
    return dict(enumerate(texts, 1))


def day_for_actions(challenge: Challenge, today: date) -> date | None:
    """The day that an action is offered: the child's next review. What another agency reads is not told of it."""
    review = challenge.facts.next_review
    return review if review and today <= review <= today + FURTHEST and not challenge.agency else None


def to_stages(ladder: Ladder, challenge: Challenge) -> list[str]:
    """Every stage but the one where it stands, the next ones first."""
    onward = list(ladder.onward(challenge.stage)) if challenge.stage else []
    exist = ladder.stages_for(challenge.item_type)
    rest = [stage.key for stage in exist if stage.key != challenge.stage and stage.key not in onward]
    return [*onward, *rest]


# The child, by case number or initials: as somebody between two visits can type it.


@dataclass(frozen=True)
class OwnChild:
    """A child whom this person reviews, or covers for."""

    number: str
    initials: str

    @property
    def shown(self) -> str:
        """As it is offered: initials and case number."""
        return f"{self.initials} ({self.number})"


@dataclass(frozen=True, kw_only=True)
class ChildField(TextLine):
    """Asks for a child by case number or initials; one's own children are offered as one types."""

    children: Sequence[OwnChild] = ()

    def read(self, given: Given) -> str:
        """The case number."""
        text = single_value(given, self.name)
        if text.endswith(")") and "(" in text:
            return text.rsplit("(", 1)[1].removesuffix(")").strip()
        if any(child.number.casefold() == text.casefold() for child in self.children):
            return next(child.number for child in self.children if child.number.casefold() == text.casefold())
        plain = text.replace(".", "").replace(" ", "").casefold()
        alike = [child for child in self.children if plain and child.initials.casefold() == plain]
        if len(alike) > 1:
            raise WrongAnswer(f"Several have these initials: {', '.join(child.shown for child in alike)}. Write the case number.")
        return alike[0].number if alike else text

    def params(self, given: Given, fault: WrongAnswer | None) -> dict[str, Any]:
        return super().params(given, fault) | {"attributes": {"list": f"{self.name}-known"}, "autocomplete": "off"}


def child_field(
    connection: Connection, visit: PageContext, need: str = "Write the child's case number or initials."
) -> ChildField:
    """The question, with this person's own children to offer."""
    return ChildField(
        name="child",
        label=f"The {visit.label('child')}: case number or initials",
        hint="As the case system has it. Never a name.",
        need=need,
        width="20",
        spellcheck=False,
        children=own_children(connection, visit),
    )


def own_children(connection: Connection, visit: PageContext) -> list[OwnChild]:
    """Children for whom this person, or somebody whom they cover, holds an IRO's role today."""
    found = list_reviewed_children(connection, visit.words, visit.person, visit.today)
    return [OwnChild(number, initials) for number, initials in found.items()]
