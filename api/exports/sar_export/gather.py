"""Gathers everything that is held about one child: the directory's rows, every item whole, drafts, lines of earlier registers.

Nothing is chosen.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from uuid import UUID

from api.exports.sar_export.contents import (
    ChildHeld,
    DecisionHeld,
    Document,
    Entry,
    ExampleHeld,
    HandOver,
    HoldHeld,
    Item,
    Kept,
    LineHeld,
    Mark,
    PostHeld,
    ReviewKept,
    SubjectAccess,
    Unsent,
    Words,
)
from api.exports.sar_export.gatherer import SarGatherer, SarWriters
from api.exports.sar_export.items import gather_item
from api.exports.sar_export.marks import mark_meanings, mark_words, of_law, of_others
from api.presenters.wording import capitalised, moment_in_words
from drp.data_protection import subject_data
from drp.directory import lookup
from drp.directory.values import DirectoryChild
from drp.reviews.review_register import list_reviews, list_writers
from drp.written_reports.examples import ASKED, KNOWN, SAFE, examples_of_items
from workflows.calendar.working_days import local_date, so_many

CONSIDER_FIRST = (
    "This is everything that the service holds about the child, as it is held. It is for the officer who answers the request. "
    "It is not yet fit to be released: nothing has been taken out.",
    "Serious harm test: this is social work data. Before anything is released, consider with a senior social worker whether that "
    "would be likely to prejudice social work, because it would be likely to cause serious harm to the physical or mental health "
    "of the child or of anybody else (Data Protection Act 2018, Schedule 3, Part 3, paragraph 11).",
    "Other people: consider what identifies anybody else, and whether they agree or it is reasonable without "
    "(Schedule 2, Part 3, paragraphs 16 and 17; what social workers did in their post is as a rule released).",
    "If somebody asks on the child's behalf, consider what the child said in the expectation that it would go no further "
    "(Schedule 3, Part 3, paragraph 10).",
    "Marks are made by a program. It knows the names of the directory's people, what an IRO had made unreadable in a "
    "referral, and the look of names with titles, relations, e-mail addresses, postcodes and telephone numbers. "
    "It does not know the family's names. A piece without a mark must be read too.",
)  # fmt: skip

NOT_HERE = (
    "The child's name and address, and the case file: the service does not hold them. The case system does.",
    "Mentions of this child in what was written about other children, or about a team: those are the others' records and were "
    "not looked through. Linked items stand here by reference only.",
    "What each e-mail said: it is worded when it is sent, is not kept, and holds a reference, a stage, a date and a link, and "
    "nothing about the child.",
    "Copies that machines keep for a time: answers to requests that may be repeated, files waiting in the outbox's folder, "
    "backups. They say nothing that does not stand here, or stood here until it was erased: ask whoever runs the service.",
    "Bundles that left the service, such as a referral to Cafcass: whoever received one holds it. That it was made stands on the "
    "timeline, and who took a copy in who-read-it.csv.",
)  # fmt: skip


def gather_subject_access(desk: SarGatherer, number: str) -> SubjectAccess:
    """Everything about a child of the directory. Raises LookupError where there is none of that number."""
    child = subject_data.child_row(desk.connection, desk.authority, number)
    child_id = child.id if child else None
    lines = _lines(desk, number, child_id)
    if child is None and not lines:
        raise LookupError(
            f"The directory of {desk.authority} has no child with the case-system number {number}, nor has the register: "
            "nothing was exported. Check the number in the case system; it is written exactly as it stands there."
        )
    ids = subject_data.items_about_child(desk.connection, desk.authority, child_id) if child_id else ()
    desk = replace(desk, phrases=subject_data.left_out(desk.connection, desk.authority, ids))
    items = [gather_item(desk, id_) for id_ in ids]
    reviews = _reviews(desk, child_id) if child_id else []
    examples = _examples(desk, ids)
    unsent = _unsent(desk, number, [one.reference for one in items])
    entries = [entry for one in items for entry in one.timeline]
    last = max((entry.recorded_at for entry in entries), default=None)
    return SubjectAccess(
        format="drp subject access 1",
        authority=desk.words.name,
        made_of=f"{so_many(len(items), 'items')}, {so_many(len(entries), 'entries')}"
        + (f", the last of {moment_in_words(last)}" if last else "")
        + (f", {so_many(len(lines), 'lines')} of earlier registers" if lines else ""),
        consider_first=list(CONSIDER_FIRST),
        marks=mark_meanings(_borne(items, entries, unsent, reviews, examples)),
        number=number,
        child=_child(desk, child, child_id) if child and child_id else None,
        reviews=reviews,
        examples=examples,
        items=items,
        lines=lines,
        unsent=unsent,
        not_here=list(NOT_HERE),
    )


def _borne(
    items: list[Item], entries: list[Entry], unsent: list[Unsent], reviews: list[ReviewKept], examples: list[ExampleHeld]
) -> Iterator[Mark]:
    """Every mark, once for each piece that bears it. An entry with words bears its marks by each piece of them."""
    bearers: list[Item | Entry | Words | Document | DecisionHeld | ExampleHeld] = [
        *items,
        *(entry for entry in entries if not entry.words),
        *(words for entry in entries for words in entry.words),
        *(words for draft in unsent for words in draft.words),
        *(document for one in items for document in one.documents),
        *(decision for review in reviews for decision in review.decisions),
        *examples,
    ]
    return (mark for bearer in bearers for mark in bearer.marks)


def _child(desk: SarGatherer, child: DirectoryChild, id_: UUID) -> ChildHeld:
    posts = subject_data.posts_for(desk.connection, desk.authority, id_)
    moved = subject_data.handed_over(desk.connection, desk.authority, id_)
    kept = subject_data.keeping_of(desk.connection, desk.words, id_)
    people = [*(one.person for one in posts), *(who for one in moved for who in (one.by, one.of, one.to))]
    writers = SarWriters(desk.words, desk.people(people))
    service = lookup.service_of(desk.connection, desk.authority, child.team) or ""
    return ChildHeld(
        number=child.number,
        initials=child.initials,
        born=child.born,
        statuses=[desk.words.label(status) for status in child.statuses],
        in_plo=child.in_plo,
        in_proceedings=child.in_proceedings,
        facts=list(child.facts),
        team=desk.units("team").get(child.team, child.team),
        service=desk.units("service").get(service, service),
        last_review=child.last_review,
        next_review=child.next_review,
        conferences=child.conferences,
        posts=[
            PostHeld(
                post=writers.title(one.role), name=writers.name(one.person), agency=writers.agency(one.person),
                since=one.since, until=one.until,
            )
            for one in posts
        ],
        hand_overs=[
            HandOver(
                at_in_words=moment_in_words(one.at), by=writers.name(one.by), of=writers.name(one.of), to=writers.name(one.to),
                since=one.since,
            )
            for one in moved
        ],
        kept=Kept(
            kept_as=kept.retention.kept_as.value, until=kept.retention.until, why=kept.retention.why, died=kept.died,
            last_contact=kept.last_contact, holds=[HoldHeld(**vars(one)) for one in kept.holds],
        ),
    )  # fmt: skip


def _reviews(desk: SarGatherer, child: UUID) -> list[ReviewKept]:
    """Every review that was held, and what it decided, as the register of reviews has it."""
    wrote = list_writers(desk.connection, desk.authority, child)
    writers = SarWriters(desk.words, desk.people(str(one.person) for one in wrote.values()))
    return [
        ReviewKept(
            held_on=review.held_on,
            decisions_agreed_on=review.decisions_agreed_on,
            record_out_on=review.record_out_on,
            **asdict(review.plans),
            by=writers.name(str(wrote[review.held_on].person)),
            at_in_words=moment_in_words(wrote[review.held_on].at),
            decisions=[
                DecisionHeld(
                    number=one.line.number,
                    text=one.line.words,
                    owner=one.line.owner or (writers.title(one.line.owner_role) if one.line.owner_role else ""),
                    due=one.line.due,
                    state=one.phase or one.state,
                    followed=one.reference,
                    by=writers.name(str(wrote[one.id].person)),
                    at_in_words=moment_in_words(wrote[one.id].at),
                    marks=of_others(f"{one.line.words} {one.line.owner}", desk.names),
                )
                for one in review.decisions
            ],
        )
        for review in list_reviews(desk.connection, desk.authority, child)
    ]


EXAMPLES = {ASKED: "the IRO is asked whether the family would know it", SAFE: "may be printed", KNOWN: "is not printed"}


def _examples(desk: SarGatherer, items: Sequence[UUID]) -> list[ExampleHeld]:
    """Every example that is kept for a report, from the child's items."""
    return [
        ExampleHeld(
            reference=one.reference, report=f"{one.title}, {one.period}", text=one.words, state=EXAMPLES[one.state],
            marks=of_others(one.words, desk.names),
        )
        for one in examples_of_items(desk.connection, desk.authority, items)
    ]  # fmt: skip


def _lines(desk: SarGatherer, number: str, child: UUID | None) -> list[LineHeld]:
    """Every line brought in from a sheet that is about the child, by number or by identity, in the authority's words."""
    found = subject_data.imported_lines(desk.connection, desk.authority, number, child)
    teams, services = desk.units("team"), desk.units("service")
    rules = desk.procedures.current(desk.connection, desk.authority)
    stages = {stage.key: stage.label for one in rules for stage in one.ladder.stages}
    names = lookup.names_of(desk.connection, desk.authority, {str(one.raiser) for one in found if one.raiser})
    return [
        LineHeld(
            reference=one.reference,
            sheet=one.sheet,
            brought_in=moment_in_words(one.at),
            raised_on=one.raised_on,
            ended_on=one.ended_on,
            kind=desk.words.label(one.item_type),
            stage=stages.get(one.stage, one.stage),
            reasons=[desk.words.reason(key).label if desk.words.has_reason(key) else key for key in one.reasons],
            status=desk.words.label(one.status) if one.status else "",
            team=teams.get(one.team, one.team),
            service=services.get(one.service, one.service),
            outcome=desk.words.label(one.outcome) if one.outcome else "",
            impact=one.impact,
            raised_by=names.get(str(one.raiser), ""),
        )
        for one in found
    ]


def _unsent(desk: SarGatherer, number: str, references: list[str]) -> list[Unsent]:
    found = subject_data.unsent_drafts(desk.connection, desk.authority, number, references)
    writers = SarWriters(desk.words, desk.people(one.person for one in found))
    return [
        Unsent(
            by=writers.writer(one.person, local_date(one.changed_at)),
            about=f"A referral on {one.item}" if one.item else "A new item",
            began=moment_in_words(one.began_at),
            changed=moment_in_words(one.changed_at),
            words=list(_words(desk, one)),
        )
        for one in found
    ]


def _words(desk: SarGatherer, draft: subject_data.UnsentDraft) -> Iterator[Words]:
    for step, values in draft.said.get("steps", {}).items():
        for field, texts in values.items():
            if text := "\n".join(texts) if isinstance(texts, list) else str(texts):
                marks = [mark_words("not_sent"), *of_others(text, desk.names), *of_law(text, ())]
                yield Words(field=f"{step}.{field}", question=capitalised(field.replace("_", " ")), text=text, marks=marks)
