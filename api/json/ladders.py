"""Ladders as an authority reads them: stages in words, a drawing, and what in them is assumed."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from sqlalchemy import Connection

from api.json.problems import declared_refusals
from api.json.written_route import WrittenRoute
from api.presenters.shapes import AssumptionShape, ConfirmBody, LadderShape, LaddersShape, LadderStageShape
from api.request_context import CurrentRequest, RequestContext
from drp.casework.access import NotFound
from drp.data_protection.admin_audit_log import note_admin_change
from drp.directory import lookup
from drp.items.assumptions import AssumptionVerdict, note_verdict, read_verdicts
from workflows.model.authority import Rules
from workflows.model.refusals import Unfit
from workflows.proofs import drawing

router = APIRouter(prefix="/api/v1", route_class=WrittenRoute, tags=["ladders"])
Version = Annotated[str, Query(max_length=120, description="Leave out for the newest.")]


@router.get("/ladders", responses=declared_refusals(), response_model=LaddersShape)
def list_ladders(asked: CurrentRequest) -> LaddersShape:
    """Every version of every ladder of your authority."""
    with asked.service.store.read(asked.authority) as connection:
        every = asked.service.casework.procedures.current(connection, asked.authority)
        return LaddersShape(
            authority=every[0].authority.name, ladders=[describe_ladder(connection, asked, rules) for rules in every]
        )


@router.get("/ladders/{name}", responses=declared_refusals(404, 422), response_model=LadderShape)
def show_ladder(asked: CurrentRequest, name: str, version: Version = "") -> LadderShape:
    """One ladder, with its source, its reasons, and what in it is assumed."""
    with asked.service.store.read(asked.authority) as connection:
        return describe_ladder(connection, asked, version_of(connection, asked, name, version))


@router.get(
    "/ladders/{name}/diagram",
    responses=declared_refusals(404, 422) | {200: {"content": {"image/svg+xml": {}, "text/plain": {}}}},
    response_class=Response,
)
def draw_ladder(
    asked: CurrentRequest,
    name: str,
    version: Version = "",
    as_: Annotated[str, Query(alias="as", pattern="^(svg|mermaid)$")] = "svg",
) -> Response:
    """The ladder drawn, as SVG or as mermaid text."""
    with asked.service.store.read(asked.authority) as connection:
        rules = version_of(connection, asked, name, version)
    if as_ == "mermaid":
        return Response(drawing.draw_mermaid(rules.ladder, rules.authority), media_type="text/plain; charset=utf-8")
    return Response(drawing.draw_ladder_svg(rules.ladder, rules.authority), media_type="image/svg+xml")


@router.post("/ladders/{name}/assumptions", responses=declared_refusals(404, 413, 422), response_model=LadderShape)
def confirm_assumption(asked: CurrentRequest, name: str, body: ConfirmBody, version: Version = "") -> LadderShape:
    """Confirm (or strike) a value that is ours and not the source's: recorded with your name, the file untouched."""
    with asked.service.store.write(asked.authority) as connection:
        rules = version_of(connection, asked, name, version)
        judge_assumption(connection, asked, rules, body.of, body.path, body.verdict)
        return describe_ladder(connection, asked, rules)


def judge_assumption(connection: Connection, asked: RequestContext, rules: Rules, of: str, path: str, verdict: str) -> None:
    """Note that an assumption of a file (`of`: ladder or authority) is confirmed or struck. Raises Unfit for none such."""
    document = rules.ladder if of == "ladder" else rules.authority
    if not any(assumption.path == path for assumption in document.assumed):
        raise Unfit(f"Nothing is assumed at `{path}`.", "Name a path that the ladder lists.", "path")
    said = AssumptionVerdict(verdict, asked.signed.person, asked.now)
    note_verdict(connection, asked.authority, document.hash, path, said)
    note_admin_change(
        connection, asked.service.casework, asked.signed, asked.now, f"assumption {verdict}", files=document.key, path=path
    )


def version_of(connection: Connection, asked: RequestContext, name: str, version: str) -> Rules:
    """One version of a ladder; the newest where none is named. Raises NotFound."""
    every = [r for r in asked.service.casework.procedures.current(connection, asked.authority) if r.ladder.key == name]
    chosen = [rules for rules in every if not version or rules.ladder.version == version]
    if not chosen:
        raise NotFound
    return chosen[-1]


def describe_ladder(connection: Connection, asked: RequestContext, rules: Rules) -> LadderShape:
    """A ladder in words, with what in it is assumed and what was said of that."""
    ladder, authority = rules.ladder, rules.authority
    verdicts = read_verdicts(connection, asked.authority, (ladder.hash, authority.hash))
    names = lookup.names_of(connection, asked.authority, {said.person for said in verdicts.values()})
    assumptions = []
    for document in (ladder, authority):
        for assumption in document.assumed:
            said = verdicts.get((document.hash, assumption.path))
            assumptions.append(
                AssumptionShape(
                    of="ladder" if document is ladder else "authority",
                    path=assumption.path,
                    why=assumption.why,
                    verdict=said.verdict if said else "not yet confirmed",
                    by=names.get(said.person, "") if said else "",
                    at=said.at if said else None,
                )
            )
    whole = ladder.whole_process
    return LadderShape(
        name=ladder.key,
        version=ladder.version,
        revision=ladder.revision,
        reminder=drawing.reminder_in_words(ladder),
        title=ladder.title,
        in_force=ladder.in_force,
        until=ladder.until,
        is_notice=ladder.is_notice,
        items=[item.value for item in ladder.items],
        covers=[status.value for status in ladder.covers],
        raised_by=[drawing.raiser_in_words(authority, ladder, role) for role in ladder.raised_by],
        starts_at={item.value: stage for item, stage in ladder.starts_at},
        source=ladder.source,
        whole_process=f"{whole.limit} from {'raising' if whole.includes_informal else 'the first formal stage'}" if whole else "",
        must_raise=[rule.when for rule in ladder.must_raise],
        raise_within=[f"{deadline.length} of the {deadline.of}" for deadline in ladder.raise_within],
        stages=[
            LadderStageShape(
                key=stage.key,
                label=stage.label,
                to=drawing.recipients_in_words(authority, stage.to),
                copies=[drawing.copy_in_words(authority, copy) for copy in stage.copies],
                respond_within=drawing.within_in_words(stage.respond_within),
                if_no_reply=drawing.no_reply_in_words(authority, ladder, stage),
                contact=", ".join(stage.contact.by).replace("_", " "),
            )
            for stage in ladder.stages
        ],
        reasons={theme.label: {reason.key: reason.label for reason in theme.reasons} for theme in authority.themes},
        assumptions=assumptions,
        hash=ladder.hash,
    )
