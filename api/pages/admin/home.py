"""The administrator's rooms: how the service is today, the words for a child, and every message before anybody gets one."""

from typing import Annotated

from fastapi import Query, Response

from api.json import health as service_health
from api.json import outbox as service_outbox
from api.pages.admin.who_may_come_in import count_wanting_word
from api.pages.frame import layout
from api.pages.frame.browser_request import CurrentPage, PageContext, SentForm, go_to, router
from api.pages.frame.field_options import stage_names
from api.pages.frame.form_fields import Form, RadioPick, SelectMenu
from api.presenters import wording
from drp.data_protection import admin_audit_log
from drp.directory.people import count_people
from drp.items import label_packs
from notifications.message_words import WORDS
from notifications.wording import WordedMessage, message_sentences, word_message
from workflows.decision.decision_builder import NotificationKind
from workflows.model.authority import LABEL_PACKS, Authority, Rules
from workflows.model.refusals import Unfit

OWN = "own"
"""What the form says for the words of the authority's own file."""

EXAMPLE = "EXAMPLE"
"""A reference that no item can have."""

LETTER_CSP = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; base-uri 'none'; form-action 'none'; sandbox"
"""A letter carries its own styles, as mail must. Nothing in it runs, nothing is fetched, and only we may frame it."""


@router.get("/administration")
def show_administration(visit: CurrentPage) -> Response:
    """Today's state, and the way to each room."""
    health, outbox = service_health.health_of(visit.service), service_outbox.show_outbox(visit)
    with visit.reading() as connection:
        people = count_people(connection, visit.authority)
        pack = label_packs.chosen_label_pack(connection, visit.authority)
        waiting = count_wanting_word(connection, visit)
    failed = len({(one.reference, one.about, one.at) for one in outbox.failed})
    return visit.page(
        "administration.html", title="Administration", health=health, outbox=outbox, failed=failed, people=people,
        pack=_pack_in_words(pack), fallen_back=visit.service.access_log.has_fallen_back,
        brake=brake_in_words(visit, outbox.brake), waiting=waiting,
    )  # fmt: skip


def brake_in_words(visit: PageContext, brake: str) -> str:
    """What of the mail is paused."""
    if not brake:
        return "Mail leaves as it comes."
    if brake == "all":
        return "Sending is paused for all mail. The inbox goes on."
    with visit.reading() as connection:
        names = dict(stage_names(visit.procedures(connection)))
    return f"Sending is paused for all mail above {names.get(brake, brake)}. The inbox goes on."


@router.get("/administration/health")
def show_health(visit: CurrentPage) -> Response:
    """How the service is, for whoever looks after it."""
    return visit.page("health.html", title="How the service is", health=service_health.health_of(visit.service))


# The words for a child.


@router.get("/administration/labels")
def show_label_packs(visit: CurrentPage, saved: str = "") -> Response:
    """Which words the pages use for a child."""
    with visit.reading() as connection:
        packs = _packs(visit.procedures(connection)[0].authority)
        chosen = label_packs.chosen_label_pack(connection, visit.authority) or OWN
    return _labels_page(visit, Form([packs], {"pack": (chosen,)}), bool(saved))


@router.post("/administration/labels")
def choose_labels(visit: CurrentPage, sent: SentForm) -> Response:
    """Other words, from the next page on."""
    with visit.reading() as connection:
        form, values = sent.form([_packs(visit.procedures(connection)[0].authority)])
    if form.is_faulty:
        return _labels_page(visit, form)
    pack = values["pack"]
    with visit.writing() as connection:
        label_packs.choose_label_pack(connection, visit.authority, "" if pack == OWN else pack)
        admin_audit_log.note_admin_change(
            connection, visit.service.casework, visit.signed, visit.now, "words for a child", set_to=pack
        )
    return go_to("/administration/labels?saved=yes")


def _labels_page(visit: PageContext, form: Form, saved: bool = False) -> Response:
    return visit.page("labels.html", title="The words for a child", form=form, saved=saved)


def _packs(own: Authority) -> RadioPick:
    options = [
        (pack or OWN, _pack_in_words(pack), _said_with(own.in_words_of(pack) if pack else own)) for pack in ("", *LABEL_PACKS)
    ]
    return RadioPick(name="pack", label="Which words are used", options=options, need="Choose the words.")


def _pack_in_words(pack: str) -> str:
    return wording.capitalised(f"“{LABEL_PACKS[pack]['child']}”") if pack else "The words of our own file"


def _said_with(words: Authority) -> str:
    """A pack's words, in sentences as pages use them."""
    return (
        f"“Raise a {words.label('challenge')} about a {words.label('child')}.” "
        f"“The {words.label('iro')} reviews the plans of {words.label('children')}.” "
        f"“Status: {words.label('looked_after')}.”"
    )


# Messages, before anybody gets one.

Asked = Annotated[str, Query(max_length=120)]


@router.get("/administration/messages")
def show_messages(visit: CurrentPage, subject: Asked = "", at: Asked = "") -> Response:
    """Any message as it would leave, about an item that does not exist."""
    with visit.reading() as connection:
        every = visit.procedures(connection)
    asked = {"subject": (subject,), "at": (at,)} if subject or at else {}
    form = Form(_message_fields(every), asked)
    values = form.read() if asked else {}
    shown = _letter(visit, every, values["subject"], values["at"]) if asked and not form.is_faulty else None
    response = visit.page(
        "messages.html", title="Messages before they leave", form=form, letter=shown,
        subject=subject, at=at,
    )  # fmt: skip
    response.headers["Content-Security-Policy"] = f"{layout.CSP}; frame-src 'self'"
    return response


@router.get("/administration/messages/letter")
def message_as_it_looks(visit: CurrentPage, subject: Asked, at: Asked) -> Response:
    """The same message as a mail program shows it."""
    with visit.reading() as connection:
        every = visit.procedures(connection)
    form = Form(_message_fields(every), {"subject": (subject,), "at": (at,)})
    values = form.read()
    if form.is_faulty:
        raise Unfit("There is no such message.", "Choose one of those listed.", "subject")
    made = _letter(visit, every, str(values["subject"]), str(values["at"]))
    headers = {"Content-Security-Policy": LETTER_CSP, "X-Frame-Options": "SAMEORIGIN", "Cache-Control": "no-store"}
    return Response(made.html, media_type="text/html; charset=utf-8", headers=headers)


def _message_fields(every: tuple[Rules, ...]) -> list[SelectMenu]:
    said = {subject.value: message_sentences(WORDS[subject], every[0].authority, None, False) for subject in NotificationKind}
    lines = [words["subject"] for words in said.values()]
    subjects = [
        (key, words["subject"] if lines.count(words["subject"]) == 1 else f"{words['subject']}: {words['happened']}", "")
        for key, words in said.items()
    ]
    stages = [
        (f"{rules.ladder.hash[:12]}.{stage.key}", f"{rules.ladder.title}, {rules.ladder.version}: {stage.label}", "")
        for rules in every
        for stage in rules.ladder.stages
    ]
    return [
        SelectMenu(
            name="subject", label="The message", options=sorted(subjects, key=lambda one: one[1]), need="Choose a message."
        ),
        SelectMenu(name="at", label="About an item at", options=stages, need="Choose a stage."),
    ]


def _letter(visit: PageContext, every: tuple[Rules, ...], subject: str, at: str) -> WordedMessage:
    mark, _, key = at.partition(".")
    rules = next(rules for rules in every if rules.ladder.hash.startswith(mark))
    stage, kind, words = rules.ladder.stage(key), NotificationKind(subject), rules.authority
    copied = [words.role(copy.role).title for copy in stage.copies if words.has_role(copy.role)]
    return word_message(
        kind,
        words,
        EXAMPLE,
        stage=stage.label,
        team="Example team",
        due=rules.calendar.working_day_after(visit.today) if "{by_when}" in WORDS[kind].do else None,
        expected=False,
        copied=tuple(copied) if kind is NotificationKind.ASKED else (),
        link=f"{visit.service.settings.link.rstrip('/')}/challenges/{EXAMPLE}",
        followed=rules.ladder.followed,
    )
