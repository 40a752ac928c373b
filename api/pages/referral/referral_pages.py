"""The referral to Cafcass: written section by section, looked at, rehearsed, sent; and what became of it. Nothing blocks it."""

import logging
from contextlib import suppress
from uuid import UUID

from fastapi import APIRouter, Response
from sqlalchemy import Connection

from api.exports.referral import paper
from api.exports.referral.bundle import (
    bundle_file_name,
    find_referral,
    gather_bundle,
    log_bundle_export,
    made_on,
    make_bundle,
    take_checkpoint_now,
)
from api.exports.referral.contents import Contents
from api.exports.referral.gather import GatheredReferral, Kind, missing_in_referral
from api.pages.frame import layout
from api.pages.frame.browser_request import CurrentPage, FormSubmission, PageContext, SentForm
from api.pages.frame.form_fields import Form
from api.pages.item import item_page
from api.pages.item.documents_page import AS_A_FILE
from api.pages.item.item_page import ItemOnPage
from api.pages.my_work.my_tasks import child_in_words
from api.pages.referral.referral_fields import ReferralDraft, fields_of_section, initial_values_of_section, read_referral_draft
from api.presenters import item_view
from drp.casework.access import NotFound
from drp.casework.resolve_recipients import resolve_recipients
from drp.database.engine import Unavailable
from drp.directory import lookup
from drp.files.names import content_disposition
from drp.items import drafts
from workflows.decision.decide import decide
from workflows.decision.event_rules import may_bring
from workflows.decision.relation import reads_iro_service
from workflows.model.actor import Act
from workflows.model.events import ReferredToCafcass
from workflows.model.referral import SECTIONS, ReferralSection
from workflows.model.refusals import NotYours, Refused, Unfit

log = logging.getLogger("drp.referral")
router = APIRouter(include_in_schema=False)

DRAFTS: dict[str, Kind] = {"draft": "draft", "rehearsal": "rehearsal"}
"""What is not a referral, and says so on every page."""


def _whole(connection: Connection, visit: PageContext, reference: str) -> ItemOnPage:
    """The item, for whoever of the IRO service may read all of it. Raises NotFound, AccessEnded, NotYours."""
    seen = item_page.read_item(connection, visit, reference)
    if not reads_iro_service(seen.item.actor):
        raise NotYours(
            f"A referral to {visit.label('cafcass')} is written by the child's {visit.label('iro')}.",
            "That one was made stands on the item, where you see it.",
        )
    return seen


def _mine_to_write(connection: Connection, visit: PageContext, reference: str) -> ItemOnPage:
    """The same, for whoever may refer this child: what others wrote here could never be sent. Raises NotYours too."""
    seen = _whole(connection, visit, reference)
    if not may_bring(seen.item.actor, ReferredToCafcass):
        raise NotYours(
            f"A referral to {visit.label('cafcass')} is written by the child's {visit.label('iro')}, or whoever covers for them.",
            "Tell them what should stand in it.",
        )
    return seen


def _log(visit: PageContext, reference: str, what: str = "referral") -> None:
    log_bundle_export(visit.service, visit.authority, visit.signed.person, reference, what)


@router.get("/challenges/{reference}/referral")
def show_referral(visit: CurrentPage, reference: str, done: str = "") -> Response:
    """Where it stands: what is written, what is missing, what was sent and what came of it."""
    with visit.service.store.read(visit.authority) as connection:
        seen = _whole(connection, visit, reference)
        begun = read_referral_draft(connection, visit, seen)
        made = made_on(connection, visit.authority, seen.item)
        found = gather_bundle(connection, visit, seen.item, begun.event, None, "draft")
    _log(visit, seen.shape.reference)
    contents = found.contents
    return layout.render_page(
        visit, "referral.html", title=f"Referral of {seen.shape.reference} to {visit.label('cafcass')}", shape=seen.shape,
        child=child_in_words(seen.item), made=list(reversed(made)), open_to_you=seen.shape.referral.open_to_you,
        why_not=seen.shape.referral.why_not, sections=_sections(contents), gone=missing_in_referral(contents), draft=begun.draft,
        left_out=contents.left_out, done=done, follow=[
            (f"/challenges/{seen.shape.reference}/do/{type_}", text)
            for type_, text in _FOLLOW.items()
            if type_ in seen.shape.moves and not (made and type_ == "referral_considered")
        ],
    )  # fmt: skip


_FOLLOW = {
    "referral_told": "Everyone above was told",
    "referral_acknowledged": "They acknowledged it",
    "referral_outcome": "What they did",
    "referral_considered": "Record that I considered it, and do not refer",
}


def _sections(contents: Contents) -> list[tuple[str, str, str, int]]:
    """Each section: its key, its heading, what is in it in a few words, how many items are missing."""
    found = []
    for section, title in SECTIONS.items():
        items = [one for one in contents.checklist if one.section == section.value]
        gone = [one for one in items if one.standing == "missing"]
        here = [one for one in items if one.standing == "included"]
        said = f"{len(here)} of {len(items)} included"
        found.append((section.value, title, said, len(gone)))
    return found


@router.get("/challenges/{reference}/referral/{section}")
def show_section(visit: CurrentPage, reference: str, section: str) -> Response:
    """One section; the last look before it is sent; or a rehearsal, which sends nothing."""
    with visit.service.store.read(visit.authority) as connection:
        seen = _mine_to_write(connection, visit, reference)
        begun = read_referral_draft(connection, visit, seen)
        if section in ("send", "rehearsal"):
            answer = _last_look(connection, visit, begun, rehearsed=section == "rehearsal")
        else:
            named = _section(section)
            found = gather_bundle(connection, visit, seen.item, begun.event, None, "draft")
            form = Form(fields_of_section(seen, named), initial_values_of_section(begun, named))
            answer = _section_page(visit, seen, named, form, found.contents)
    _log(visit, seen.shape.reference)
    return answer


def _section(key: str) -> ReferralSection:
    try:
        return ReferralSection(key)
    except ValueError:
        raise NotFound from None


@router.post("/challenges/{reference}/referral/{section}")
def keep_section(sent: SentForm, reference: str, section: str) -> Response:
    """One section, kept as it is written; or the referral itself, sent."""
    visit = sent.visit
    with visit.service.store.read(visit.authority) as connection:
        seen = _mine_to_write(connection, visit, reference)
        begun = read_referral_draft(connection, visit, seen)
    if section == "send":
        return _send(sent, begun)
    named = _section(section)
    form, _ = sent.form(fields_of_section(seen, named), may_hold_details=True)
    if form.is_faulty:
        with visit.service.store.read(visit.authority) as connection:
            found = gather_bundle(connection, visit, seen.item, begun.event, None, "draft")
        return _section_page(visit, seen, named, form, found.contents)
    _keep(visit, begun, named, form)
    order = list(SECTIONS)
    here = order.index(named)
    onward = order[here + 1].value if here + 1 < len(order) and sent.pressed("then") != "overview" else ""
    return layout.go_to(f"/challenges/{seen.shape.reference}/referral{f'/{onward}' if onward else ''}")


def _keep(visit: PageContext, begun: ReferralDraft, section: ReferralSection, form: Form) -> None:
    hidden = ("form_token", "then", "details_checked")
    typed = {name: list(values) for name, values in form.given.items() if name not in hidden and any(values)}
    person = UUID(visit.signed.person)
    with visit.service.store.write(visit.authority) as connection:
        if begun.draft is None:
            said = {"referral": begun.whole.shape.reference, "steps": {section.value: typed}}
            drafts.begin_draft(connection, visit.service.casework.chance, visit.authority, person, said, visit.now)
        else:
            said = {**begun.draft.said, "steps": {**begun.draft.said["steps"], section.value: typed}}
            drafts.change_draft(connection, visit.authority, person, begun.draft.id, said, visit.now)


def _section_page(visit: PageContext, seen: ItemOnPage, section: ReferralSection, form: Form, contents: Contents) -> Response:
    known = {one.key: one.known for one in contents.checklist if one.section == section.value}
    asked = seen.raised.words
    # What was written when it was raised is shown to whoever writes now; it goes only where it was ticked.
    aside = {key: asked[field] for key, field in _RAISED.items() if field in asked and asked[field] not in known.get(key, ())}
    untouched = [one for one in contents.checklist if one.section == section.value and one.key not in _asked(form)]
    return layout.render_page(
        visit, "referral_section.html", 422 if form.is_faulty else 200, title=SECTIONS[section], form=form, known=known,
        aside=aside, untouched=untouched, shape=seen.shape, child=child_in_words(seen.item), section=section.value,
        number=list(SECTIONS).index(section) + 1, of=len(SECTIONS),
        action=f"/challenges/{seen.shape.reference}/referral/{section.value}",
    )  # fmt: skip


_RAISED = {"effect": "effect_on_child", "outcome": "outcome_sought", "failure": "concern"}
"""Items of the list, and what the challenge itself asked about the same."""


def _asked(form: Form) -> set[str]:
    return {each.name for each in form.fields}


def _last_look(
    connection: Connection,
    visit: PageContext,
    begun: ReferralDraft,
    rehearsed: bool,
    form: Form | None = None,
    sent: FormSubmission | None = None,
) -> Response:
    """What goes and who is told: the same decision as the sending's own, and nothing of it is kept."""
    seen = begun.whole
    item_ = seen.item
    refused, told_people = "", []
    try:
        decision = decide(item_.rules, item_.loaded.challenge, Act(begun.event, item_.actor), visit.now)
        decision, messages = resolve_recipients(item_.rules, item_.establishment, item_.loaded, decision, visit.now)
        people = {one.person for message in messages for _, one in (*message.to, *message.copy)}
        names = lookup.names_of(connection, visit.authority, people)
        told_people = [
            f"{names.get(one.person, '')} ({item_view.title_of(visit.words, party.role, item_.loaded.challenge.raiser_role)})"
            for message in messages for party, one in (*message.to, *message.copy)
        ]  # fmt: skip
    except Refused as refusal:
        refused = f"{refusal.said} {refusal.do}"
    found = gather_bundle(connection, visit, item_, begun.event, None, "rehearsal" if rehearsed else "draft")
    texts = [text for number in found.selection.spoken for text in found.kept.text_of(number).values()]
    texts += [begun.event.why, *(one.words for one in begun.event.said)]
    faulty = form is not None and form.is_faulty
    return layout.render_page(
        visit, "referral_send.html", 422 if faulty else 200,
        title="Rehearsal: nothing is sent" if rehearsed else f"Refer to {visit.label('cafcass')}",
        rehearsed=rehearsed, refused=refused, told=told_people, contents=found.contents, gone=missing_in_referral(found.contents),
        shape=seen.shape, child=child_in_words(item_), form=form or Form([]), once=item_page.idempotency_key_of(visit, sent),
        blacked=found.black.found_in(texts) if begun.event.leaves_out else None,
    )  # fmt: skip


def _send(sent: FormSubmission, begun: ReferralDraft) -> Response:
    """It is referred: one decision, one transaction. The draft is gone, the record comes under a checkpoint at once."""
    sent.confirm()
    visit, reference = sent.visit, begun.whole.shape.reference
    try:
        item_page.bring_event_on_page(visit, reference, begun.event, sent)
    except Unfit as refusal:
        form = Form([])
        form.refused(refusal)
        with visit.service.store.read(visit.authority) as connection:
            return _last_look(connection, visit, begun, rehearsed=False, form=form, sent=sent)
    if begun.draft:
        with suppress(Unavailable), visit.service.store.write(visit.authority) as connection:
            drafts.drop_draft(connection, visit.authority, UUID(visit.signed.person), begun.draft.id)
    take_checkpoint_now(visit.service, visit.authority)
    return layout.go_to(f"/challenges/{reference}/referral?done=referred")


@router.get("/challenges/{reference}/referral/{which}/bundle")
def download_bundle(visit: CurrentPage, reference: str, which: str) -> Response:
    """The bundle of a referral that was made (by its entry's number), of the draft, or of a rehearsal."""
    with visit.service.store.snapshot(visit.authority) as connection:
        found = _found(connection, visit, reference, which)
        octets = make_bundle(connection, visit.service, visit.authority, found)
    _log(visit, found.contents.reference, "referral bundle")
    name = bundle_file_name(found.contents.reference, found.contents.standing)
    return Response(
        octets, media_type="application/zip", headers=AS_A_FILE | {"Content-Disposition": f'attachment; filename="{name}"'}
    )


@router.get("/challenges/{reference}/referral/{which}/paper")
def show_referral_pdf(visit: CurrentPage, reference: str, which: str) -> Response:
    """The same as one PDF, to look at."""
    with visit.service.store.snapshot(visit.authority) as connection:
        found = _found(connection, visit, reference, which)
    _log(visit, found.contents.reference, "referral")
    headers = AS_A_FILE | {"Content-Disposition": content_disposition(f"{found.contents.reference}.pdf", "application/pdf")}
    try:
        return Response(paper.referral_pdf(found.contents), media_type="application/pdf", headers=headers)
    except paper.NotDrawn as fault:
        log.error("a PDF could not be made, and the page was shown instead: %s", fault)
        own = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox", "Cache-Control": "no-store"}
        return Response(paper.referral_html(found.contents), media_type="text/html; charset=utf-8", headers=own)


def _found(connection: Connection, visit: PageContext, reference: str, which: str) -> GatheredReferral:
    if which in DRAFTS:
        seen = _mine_to_write(connection, visit, reference)
        begun = read_referral_draft(connection, visit, seen)
        return gather_bundle(connection, visit, seen.item, begun.event, None, DRAFTS[which])
    if not (which.isascii() and which.isdigit() and len(which) < 6):
        raise NotFound
    seen = _whole(connection, visit, reference)
    made = find_referral(connection, visit.authority, seen.item, int(which))
    return gather_bundle(connection, visit, seen.item, made.event, made, "referral")
