"""The authority's procedures to read: stages in words and drawn, reasons, sources; and what in them is assumed, to confirm."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated
from urllib.parse import quote

from fastapi import Depends, Query, Response

from api.json import ladders
from api.pages.frame import layout
from api.pages.frame.browser_request import CurrentPage, PageContext, SentForm, go_to, router
from api.pages.frame.form_fields import Form, RadioPick
from api.presenters import wording
from api.presenters.shapes import AssumptionShape, LadderShape
from api.routes import ROUTES
from drp.identity.principal import serves_principal
from workflows.model.authority import Rules, in_force_on
from workflows.model.refusals import Unfit
from workflows.proofs import drawing

OPEN = "not yet confirmed"
VERDICTS = (("confirmed", "Confirm: this is how we do it", ""), ("struck", "Strike: this is not how we do it", ""))
Change = Annotated[str, Query(max_length=240, description="The one assumption whose answer is changed.")]


@dataclass(frozen=True)
class AssumptionInWords:
    """One assumption as the page shows it: where it stands in words, why it was made, what was said of it."""

    shape: AssumptionShape
    where: str
    why: str
    field: RadioPick | None
    """The question, for somebody who may answer it and while nobody has."""

    @property
    def name(self) -> str:
        """What names it in a form."""
        return name_of_assumption(self.shape)


@dataclass(frozen=True)
class AssumptionGroup:
    """Assumptions that stand together: of a stage, of the procedure as a whole, of the authority's own file."""

    title: str
    open: list[AssumptionInWords] = field(default_factory=list)
    said: list[AssumptionInWords] = field(default_factory=list)


@dataclass(frozen=True)
class VersionOnPage:
    """One version of a procedure, with what the page says of it beside its own words."""

    rules: Rules
    shape: LadderShape
    standing: str
    others: Sequence[tuple[str, str]]
    """The other versions: where each is, and how it is called."""

    @property
    def path(self) -> str:
        """Where this version is."""
        return _path(self.shape.name, self.shape.version)


@router.get("/ladders")
def show_procedures(visit: CurrentPage) -> Response:
    """Every version of every procedure, the newest of each first."""
    with visit.reading() as connection:
        current = visit.procedures(connection)
        listed = [(rules, ladders.describe_ladder(connection, visit, rules)) for rules in current]
    in_force = _in_force(visit, current)
    by_name: dict[str, list[tuple[str, LadderShape, int]]] = {}
    for rules, shape in sorted(listed, key=lambda one: one[0].ladder.in_force, reverse=True):
        by_name.setdefault(rules.ladder.key, []).append((_standing(visit, rules, in_force), shape, _open_in(shape)))
    order = [serves.ladder for serves in visit.words.serves]
    groups = sorted(by_name.items(), key=lambda one: order.index(one[0]) if one[0] in order else len(order))
    return visit.page("procedures.html", title="Procedures", groups=[versions for _, versions in groups])


def version_of_page(visit: CurrentPage, name: str, version: ladders.Version = "") -> VersionOnPage:
    """The version of a procedure that an address names. Raises NotFound."""
    with visit.reading() as connection:
        rules = ladders.version_of(connection, visit, name, version)
        current = visit.procedures(connection)
        others = [one.ladder for one in current if one.ladder.key == name and one.ladder.hash != rules.ladder.hash]
        return VersionOnPage(
            rules,
            ladders.describe_ladder(connection, visit, rules),
            _standing(visit, rules, _in_force(visit, current)),
            [(_path(one.key, one.version), one.version) for one in others],
        )


CurrentVersion = Annotated[VersionOnPage, Depends(version_of_page)]


@router.get("/ladders/{name}")
def show_procedure(visit: CurrentPage, chosen: CurrentVersion, saved: int = 0) -> Response:
    """One version of a procedure."""
    return _page(visit, chosen, Form(_questions(_groups(visit, chosen))), saved)


@router.post("/ladders/{name}/assumptions")
def judge_assumptions(visit: CurrentPage, sent: SentForm, chosen: CurrentVersion, change: Change = "") -> Response:
    """What was assumed is confirmed or struck, as many as were answered; or one answer is changed."""
    if change:
        verdicts = {change: sent.pressed("verdict")}
    else:
        fields = _questions(_groups(visit, chosen))
        form, values = sent.form(fields)
        verdicts = {key: value for key, value in values.items() if value}
        if not verdicts and not form.is_faulty:
            form.refuse("Choose Confirm or Strike for at least one.", fields[0].name if fields else "")
        if form.is_faulty:
            return _page(visit, chosen, form)
    known = {name_of_assumption(one): one for one in chosen.shape.assumptions}
    with visit.writing() as connection:
        for key, verdict in verdicts.items():
            if key not in known or verdict not in [value for value, _, _ in VERDICTS]:
                raise Unfit("Nothing is assumed there.", "Open the procedure again.", "assumption")
            ladders.judge_assumption(connection, visit, chosen.rules, known[key].of, known[key].path, verdict)
    return go_to(f"{chosen.path}&saved={len(verdicts)}")


def _page(visit: PageContext, chosen: VersionOnPage, form: Form, saved: int = 0) -> Response:
    shape, ladder = chosen.shape, chosen.rules.ladder
    return visit.page(
        "procedure.html",
        form=form,
        title=f"{shape.title}, {shape.version}",
        ladder=shape,
        action=f"/ladders/{shape.name}/assumptions?version={quote(shape.version, safe='')}",
        standing=chosen.standing,
        facts=_facts(visit, shape),
        others=chosen.others,
        drawing=layout.drawn_markup(drawing.draw_ladder_svg(ladder, visit.words)),
        groups=_groups(visit, chosen),
        open=_open_in(shape),
        saved=saved,
        may_judge=_may_judge(visit),
        texts=[(key.replace("_", " "), text) for key, text in ladder.texts],
    )


def _path(name: str, version: str) -> str:
    return f"/ladders/{name}?version={quote(version, safe='')}"


def _may_judge(visit: PageContext) -> bool:
    return serves_principal(ROUTES["POST", "/ladders/{name}/assumptions"], visit.signed.capacities)


def _in_force(visit: PageContext, every: Sequence[Rules]) -> set[str]:
    return {ladder.hash for ladder in in_force_on(visit.today, [rules.ladder for rules in every])}


def _standing(visit: PageContext, rules: Rules, in_force: set[str]) -> str:
    """Is it used for what is raised today?"""
    if rules.ladder.hash in in_force:
        return "in force today"
    return "not yet in force" if rules.ladder.in_force > visit.today else "an earlier version"


def _facts(visit: PageContext, shape: LadderShape) -> list[tuple[str, str]]:
    """The procedure in short lines."""
    since = f"From {wording.short_date(shape.in_force)}" + (f" until {wording.short_date(shape.until)}" if shape.until else "")
    labels = {stage.key: stage.label for stage in shape.stages}
    lines = [
        ("In force", since),
        ("Revision", str(shape.revision) if shape.revision > 1 else ""),
        ("For", "; ".join(visit.label(item) for item in shape.items)),
        ("Children", "; ".join(visit.label(status) for status in shape.covers) or "of any standing"),
        ("Raised by", "; ".join(shape.raised_by)),
        ("The whole process", shape.whole_process and f"{shape.whole_process} (a warning; it moves nothing)"),
        ("Starts higher", "; ".join(f"{visit.label(item)}: {labels[stage]}" for item, stage in shape.starts_at.items())),
        ("Reminder", shape.reminder),
        ("To be raised within", "; ".join(shape.raise_within)),
        ("Source", shape.source),
    ]
    return [(key, wording.capitalised(value)) for key, value in lines if value]


def _open_in(shape: LadderShape) -> int:
    return sum(one.verdict == OPEN for one in shape.assumptions)


def name_of_assumption(one: AssumptionShape) -> str:
    """What names an assumption in a form and in an address."""
    return f"{one.of}-{one.path}"


def _questions(groups: Sequence[AssumptionGroup]) -> list[RadioPick]:
    return [one.field for group in groups for one in group.open if one.field]


def _groups(visit: PageContext, chosen: VersionOnPage) -> list[AssumptionGroup]:
    """What is assumed, under the stage that it concerns."""
    groups: dict[str, AssumptionGroup] = {}
    for one in chosen.shape.assumptions:
        title, where = _where(chosen.rules, one)
        value, is_open = _value(chosen.rules, chosen.shape, one), one.verdict == OPEN
        why = f"{one.why} Here: {value}." if value else one.why
        question = RadioPick(name=name_of_assumption(one), label=where, hint=why, options=VERDICTS)
        group = groups.setdefault(title, AssumptionGroup(title))
        listed = group.open if is_open else group.said
        listed.append(AssumptionInWords(one, where, why, question if is_open and _may_judge(visit) else None))
    return list(groups.values())


def _value(rules: Rules, shape: LadderShape, one: AssumptionShape) -> str:
    """The value itself, where it can be said in a few words."""
    if one.of != "ladder":
        return ""
    stages = {f"stages.{stage.key}": stage for stage in shape.stages}
    # A notice has one stage, and its file writes that at the top.
    at, _, key = one.path.rpartition(".")
    stage = stages.get(at) or (shape.stages[0] if shape.is_notice and not at else None)
    values = {
        "judge_within": str(rules.ladder.judge_within),
        "in_force": f"from {wording.short_date(shape.in_force)}",
        "whole_process": shape.whole_process,
    }
    if stage:
        values |= {
            "to": stage.to,
            "copy": "; ".join(stage.copies),
            "no_reply": stage.if_no_reply,
            "respond_within": stage.respond_within,
        }
    return values.get(key, "")


def _where(rules: Rules, one: AssumptionShape) -> tuple[str, str]:
    """The heading that an assumption stands under, and what it is about, in words."""
    parts = one.path.split(".")
    if one.of == "authority":
        if len(parts) > 1 and parts[0] == "roles" and rules.authority.has_role(parts[1]):
            parts = [rules.authority.role(parts[1]).title, *parts[2:]]
        return "The authority's own file", path_in_words(parts)
    if len(parts) > 1 and parts[0] == "stages" and rules.ladder.has(parts[1]):
        return rules.ladder.stage(parts[1]).label, path_in_words(parts[2:] or ["the whole stage"])
    return "The procedure as a whole", path_in_words(parts)


WORDS = {
    "to": "to whom it goes", "copy": "who is copied in", "no_reply": "what happens without a reply", "by": "by what means",
    "respond_within": "by when a reply is due", "complete_within": "by when it is put right", "contact": "contact",
    "counted_from": "what the time counts from", "judge_within": "by when an answer is judged", "covers": "for which children",
    "judged_by": "who judges the answer", "in_force": "since when", "tell": "who is told", "acts_as": "what the post may do",
    "for": "what the post is held for", "whole_process": "the limit of the whole process", "items": "for which kinds of item",
    "outcome_recorded_by": "who records the outcome", "attended_by": "who attends", "arranged_by": "who arranges it",
    "sent_by": "in whose name it goes out", "themes": "themes", "process": "what it is called",
    "repeat": "what a repeat leads to", "same": "what counts as the same", "form": "the form",
}  # fmt: skip
"""A file's keys, as somebody would say them."""


def path_in_words(parts: Sequence[str]) -> str:
    """Where in a file something stands, as somebody would say it: ["enter_at", "1", "stage"] is "Enter at: no. 2: stage"."""
    said = [f"no. {int(part) + 1}" if part.isdigit() else WORDS.get(part, part.replace("_", " ")) for part in parts]
    return wording.capitalised(": ".join(said))
