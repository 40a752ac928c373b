"""The referral to Cafcass: written section by section, looked at, rehearsed, sent; and what became of it. Nothing blocks it."""

import logging
from contextlib import suppress
from itertools import pairwise
from typing import Annotated, Any

from fastapi import Depends, Response
from sqlalchemy import Connection

from api.exports import typesetting
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
from api.pages.frame.browser_request import CurrentPage, FormSubmission, PageContext, SentForm, go_to, router
from api.pages.frame.form_fields import Form
from api.pages.item.documents_page import AS_A_FILE
from api.pages.item.item_page import ItemOnPage, bring_event_on_page, read_item
from api.pages.referral.referral_fields import ReferralDraft, fields_of_section, read_referral_draft
from api.presenters import item_view
from drp.casework.access import NotFound
from drp.casework.resolve_recipients import resolve_recipients
from drp.database.unavailable import Unavailable
from drp.directory import lookup
from drp.files.names import content_disposition
from drp.items import drafts
from workflows.decision.decide import decide
from workflows.decision.event_rules import may_bring
from workflows.decision.relation import reads_iro_service
from workflows.model.actor import Act
from workflows.model.events import ReferredToCafcass
from workflows.model.referral import SECTIONS, ReferralSection
from workflows.model.refusals import NotYours, Refused

log = logging.getLogger("drp.referral")

DRAFTS: dict[str, Kind] = {"draft": "draft", "rehearsal": "rehearsal"}
"""What is not a referral, and says so on every page."""


def _whole(connection: Connection, visit: PageContext, reference: str) -> ItemOnPage:
    """The item, for whoever of the IRO service may read all of it. Raises NotFound, AccessEnded, NotYours."""
    seen = read_item(connection, visit, reference)
    if not reads_iro_service(seen.item.actor):
        raise NotYours(
            f"A referral to {visit.label('cafcass')} is written by the child's {visit.label('iro')}.",
            "That one was made stands on the item, where you see it.",
        )
    return seen


def _mine_to_write(connection: Connection, visit: PageContext, reference: str) -> ReferralDraft:
    """What is written, for whoever may refer this child: what others wrote here could never be sent. Raises NotYours too."""
    seen = _whole(connection, visit, reference)
    if not may_bring(seen.item.actor, ReferredToCafcass):
        raise NotYours(
            f"A referral to {visit.label('cafcass')} is written by the child's {visit.label('iro')}, or whoever covers for them.",
            "Tell them what should stand in it.",
        )
    return read_referral_draft(connection, visit, seen)


def referral_to_write(visit: CurrentPage, reference: str) -> ReferralDraft:
    """The referral that an address names, for whoever may write it. Raises NotFound, AccessEnded, NotYours."""
    with visit.reading() as connection:
        return _mine_to_write(connection, visit, reference)


ReferralToWrite = Annotated[ReferralDraft, Depends(referral_to_write)]


def _log(visit: PageContext, reference: str, what: str = "referral") -> None:
    log_bundle_export(visit.service, visit.authority, visit.signed.person, reference, what)


@router.get("/challenges/{reference}/referral")
def show_referral(visit: CurrentPage, reference: str, done: str = "") -> Response:
    """Where it stands: what is written, what is missing, what was sent and what came of it."""
    with visit.reading() as connection:
        seen = _whole(connection, visit, reference)
        begun = read_referral_draft(connection, visit, seen)
        made = made_on(connection, visit.authority, seen.item)
        found = gather_bundle(connection, visit, seen.item, begun.event, None, "draft")
    _log(visit, seen.shape.reference)
    contents = found.contents
    return visit.page(
        "referral.html", title=f"Referral of {seen.shape.reference} to {visit.label('cafcass')}", shape=seen.shape,
        item=seen.item, made=list(reversed(made)), open_to_you=seen.shape.referral.open_to_you,
        is_looked_after=seen.challenge.facts.is_looked_after,
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
        standings = [one.standing for one in contents.checklist if one.section == section.value]
        said = f"{standings.count('included')} of {len(standings)} included"
        found.append((section.value, title, said, standings.count("missing")))
    return found


@router.get("/challenges/{reference}/referral/{section}")
def show_section(visit: CurrentPage, begun: ReferralToWrite, section: str) -> Response:
    """One section; the last look before it is sent; or a rehearsal, which sends nothing."""
    if section in ("send", "rehearsal"):
        answer = _last_look(visit, begun, Form([]), rehearsed=section == "rehearsal")
    else:
        named = _section(section)
        answer = _section_page(visit, begun, named, Form(fields_of_section(begun.whole, named), begun.given(named)))
    _log(visit, begun.whole.shape.reference)
    return answer


def _section(key: str) -> ReferralSection:
    try:
        return ReferralSection(key)
    except ValueError:
        raise NotFound from None


@router.post("/challenges/{reference}/referral/{section}")
def keep_section(visit: CurrentPage, sent: SentForm, begun: ReferralToWrite, section: str) -> Response:
    """One section, kept as it is written; or the referral itself, sent."""
    if section == "send":
        return _send(visit, sent, begun)
    named = _section(section)
    form, _ = sent.form(fields_of_section(begun.whole, named), may_hold_details=True)
    if form.is_faulty:
        return _section_page(visit, begun, named, form)
    _keep(visit, begun, named, form)
    onward = dict(pairwise(SECTIONS)).get(named) if sent.pressed("then") != "overview" else None
    return go_to(f"{begun.whole.path}/referral{f'/{onward.value}' if onward else ''}")


def _keep(visit: PageContext, begun: ReferralDraft, section: ReferralSection, form: Form) -> None:
    before: dict[str, Any] = begun.draft.said if begun.draft else {"referral": begun.whole.shape.reference, "steps": {}}
    said = {**before, "steps": {**before["steps"], section.value: form.typed}}

    def write() -> None:
        with visit.writing() as connection:
            if begun.draft:
                drafts.change_draft(connection, visit.authority, visit.person, begun.draft.id, said, visit.now)
            else:
                drafts.begin_draft(connection, visit.service.casework.chance, visit.authority, visit.person, said, visit.now)

    visit.service.casework.with_room(write)


def _section_page(visit: PageContext, begun: ReferralDraft, section: ReferralSection, form: Form) -> Response:
    seen = begun.whole
    with visit.reading() as connection:
        contents = gather_bundle(connection, visit, seen.item, begun.event, None, "draft").contents
    listed = [one for one in contents.checklist if one.section == section.value]
    known = {one.key: one.known for one in listed}
    asked = seen.raised.words
    # What was written when it was raised is shown to whoever writes now; it goes only where it was ticked.
    aside = {key: asked[field] for key, field in _RAISED.items() if field in asked and asked[field] not in known.get(key, ())}
    questions = {each.name for each in form.fields}
    return visit.page(
        "referral_section.html", title=SECTIONS[section], form=form, known=known, aside=aside,
        untouched=[one for one in listed if one.key not in questions], shape=seen.shape, item=seen.item,
        section=section.value, number=list(SECTIONS).index(section) + 1, of=len(SECTIONS),
        action=f"{seen.path}/referral/{section.value}",
    )  # fmt: skip


_RAISED = {"effect": "effect_on_child", "outcome": "outcome_sought", "failure": "concern"}
"""Items of the list, and what the challenge itself asked about the same."""


def _last_look(visit: PageContext, begun: ReferralDraft, form: Form, rehearsed: bool = False) -> Response:
    """What goes and who is told: the same decision as the sending's own, and nothing of it is kept."""
    seen, event = begun.whole, begun.event
    item_ = seen.item
    refused, told = "", []
    with visit.reading() as connection:
        try:
            decision = decide(item_.rules, seen.challenge, Act(event, item_.actor), visit.now)
            _, messages = resolve_recipients(connection, item_.rules, item_.establishment, item_.loaded, decision, visit.now)
            told = [pair for message in messages for pair in (*message.to, *message.copy)]
        except Refused as refusal:
            refused = f"{refusal.said} {refusal.do}"
        names = lookup.names_of(connection, visit.authority, {one.person for _, one in told})
        found = gather_bundle(connection, visit, item_, event, None, "rehearsal" if rehearsed else "draft")
    texts = [text for number in found.selection.spoken for text in found.kept.text_of(number).values()]
    texts += [event.why, *(one.words for one in event.said)]
    title = "Rehearsal: nothing is sent" if rehearsed else f"Refer to {visit.label('cafcass')}"
    return visit.page(
        "referral_send.html", title=title, rehearsed=rehearsed, refused=refused, contents=found.contents,
        told=[
            f"{names.get(one.person, '')} ({item_view.title_of(visit.words, party.role, seen.challenge.raiser_role)})"
            for party, one in told
        ],
        gone=missing_in_referral(found.contents), shape=seen.shape, item=item_, form=form,
        blacked=found.black.found_in(texts) if event.leaves_out else None,
    )  # fmt: skip


def _send(visit: PageContext, sent: FormSubmission, begun: ReferralDraft) -> Response:
    """It is referred: one decision, one transaction. The draft is gone, the record comes under a checkpoint at once."""
    sent.confirm()
    form, _ = sent.form(())
    with form.noting_refusal():
        bring_event_on_page(visit, begun.whole.shape.reference, begun.event, sent)
    if form.is_faulty:
        return _last_look(visit, begun, form)
    if begun.draft:
        with suppress(Unavailable), visit.writing() as connection:
            drafts.drop_draft(connection, visit.authority, visit.person, begun.draft.id)
    take_checkpoint_now(visit.service, visit.authority)
    return go_to(f"{begun.whole.path}/referral?done=referred")


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
    except typesetting.NotDrawn as fault:
        log.error("a PDF could not be made, and the page was shown instead: %s", fault)
        own = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox", "Cache-Control": "no-store"}
        return Response(paper.referral_html(found.contents), media_type="text/html; charset=utf-8", headers=own)


def _found(connection: Connection, visit: PageContext, reference: str, which: str) -> GatheredReferral:
    if which in DRAFTS:
        begun = _mine_to_write(connection, visit, reference)
        return gather_bundle(connection, visit, begun.whole.item, begun.event, None, DRAFTS[which])
    if not (which.isascii() and which.isdigit() and len(which) < 6):
        raise NotFound
    seen = _whole(connection, visit, reference)
    made = find_referral(connection, visit.authority, seen.item, int(which))
    return gather_bundle(connection, visit, seen.item, made.event, made, "referral")
