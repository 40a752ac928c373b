"""Told otherwise about many items in one act: whoever rang somebody about several says so once, and each item judges it."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256

from fastapi import APIRouter
from sqlalchemy import Connection

from api.json.problems import declared_refusals
from api.json.retry_headers import SaidOfRepeats
from api.json.written_route import WrittenRoute
from api.presenters.shapes import ToldItemShape, ToldItemsShape, ToldOtherwiseBody
from api.request_context import CurrentRequest, RequestContext
from drp.casework.access import AccessEnded, NotFound
from drp.casework.retry_keys import Answer, KeyReused, RetryKey
from drp.casework.service import ActionResult
from drp.database.unavailable import Unavailable
from workflows.model.events import ToldOtherwise
from workflows.model.refusals import NotOpen, NotYours, Refused, Unfit

router = APIRouter(prefix="/api/v1", route_class=WrittenRoute, tags=["challenges"])

REFUSED: dict[type[Refused], str] = {NotOpen: "not-open", NotYours: "not-yours", Unfit: "unfit"}
"""What each refusal of the decision is called, as at the item's own address."""

IN_WORDS: dict[type[Exception], tuple[str, str, str]] = {
    NotFound: ("not-found", "There is no such item, or it is not yours to see.", "Check the reference."),
    AccessEnded: ("access-ended", "Your access to this item has ended.", "Ask the IRO if you still need to see it."),
    KeyReused: ("key-reused", "It came before with another answer, and that one stands.", "Look at the item; then send it anew."),
    Unavailable: ("unavailable", "It could not be saved just now: nothing is recorded there.", "Send this one again."),
}
"""What else keeps an item from it: its kind, what it means, what to do."""


@dataclass(frozen=True)
class ToldAbout:
    """One item, and what it is to be told: who of those asked was told, how, on which day."""

    reference: str
    event: ToldOtherwise


@router.post("/told-otherwise", responses=declared_refusals(409, 413, 422), response_model=ToldItemsShape)
def record_told_otherwise(
    asked: CurrentRequest,
    body: ToldOtherwiseBody,
    repeats: SaidOfRepeats,
) -> ToldItemsShape:
    """Put on the record of several items that somebody asked was told in another way. One that refuses keeps no other."""
    event = ToldOtherwise(body.role, body.how, body.on)
    references = dict.fromkeys(reference.upper() for reference in body.references)
    told = [ToldAbout(reference, event) for reference in references]
    return ToldItemsShape(items=bring_to_each(asked, told, repeats.key, repeats.made_after))


def bring_to_each(
    asked: RequestContext, told: Sequence[ToldAbout], once: str, made_after: str | None = None
) -> list[ToldItemShape]:
    """What became of each, in their order: a decision and a transaction for each. `once` makes a repeat harmless.

    `made_after` as in RetryKey. Raises Unavailable where nothing at all was recorded, RestoredSince.
    """
    found: list[ToldItemShape] = []
    for one in told:
        try:
            _bring(asked, one, once, made_after)
            found.append(ToldItemShape(reference=one.reference, recorded=True, problem="", title="", what_to_do="", field=""))
        except Refused as refusal:
            kind, field = REFUSED[type(refusal)], refusal.field if isinstance(refusal, Unfit) else ""
            found.append(_refused(one, kind, refusal.said, refusal.do, field))
        except (NotFound, AccessEnded, KeyReused, Unavailable) as error:
            if isinstance(error, Unavailable) and not any(each.recorded for each in found):
                raise
            found.append(_refused(one, *IN_WORDS[type(error)]))
    recorded = dict.fromkeys(each.reference for each in found if each.recorded)
    if recorded:
        with suppress(Unavailable):  # it is done, and each item's own entry says by whom
            asked.service.access_log.record(asked.authority, asked.now, asked.signed.person, "event", *recorded)
    return found


def _refused(told: ToldAbout, kind: str, said: str, do: str, field: str = "") -> ToldItemShape:
    return ToldItemShape(reference=told.reference, recorded=False, problem=kind, title=said, what_to_do=do, field=field)


def _bring(asked: RequestContext, told: ToldAbout, once: str, made_after: str | None) -> None:
    said = f"told otherwise {told.reference} {told.event!r}".encode()
    key = sha256(f"{once}/{told.reference}/{told.event.role}".encode()).hexdigest() if once else ""
    retry = RetryKey(key, sha256(said).hexdigest(), made_after=made_after)
    asked.service.casework.act(asked.signed, told.reference, told.event, asked.now, _receipt, retry)


def _receipt(connection: Connection, done: ActionResult) -> Answer:
    return {"reference": done.loaded.reference}
