"""What the moves' forms ask: each question, or group of questions, once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from api.pages.frame.field_options import (
    FieldOptions,
    advice_before_skipping,
    people_to_choose,
    to_stages,
)
from api.pages.frame.form_fields import (
    DayField,
    FormField,
    Given,
    RadioPick,
    SelectMenu,
    TextArea,
    TextLine,
    TickBox,
    TickBoxes,
    WrongAnswer,
    single_value,
)
from workflows.calendar.working_days import long_date
from workflows.model import events as e
from workflows.model.challenge import WindowKind
from workflows.model.events import ADVICE_FROM
from workflows.model.ladder import Ladder, TrackedBy

Asks = Callable[[FieldOptions], Sequence[FormField]]
"""What a form asks, given what the item leaves to choose."""


@dataclass(frozen=True)
class MoveForm:
    """One move as people meet it: its link, what it means, its questions, its button. Words in braces are the authority's."""

    event: type[e.Event]
    group: str
    title: str
    means: str
    button: str
    asks: Asks
    if_refused: tuple[FormField, ...] = ()
    """What is asked only once the move was refused for want of it."""


def ask_these(*listed: FormField) -> Asks:
    """Ask these, whatever the item leaves to choose."""
    return lambda choices: listed


WHY = TextArea(name="why", label="Why", need="Say why.")
LOOK_AGAIN = DayField(
    name="look_again_on", label="Look again on", hint="A day on which you want to be reminded. Leave it out if none is needed."
)
FOUND = (
    ("better", "Better for the child", ""), ("partly", "Partly better", ""), ("no change", "No change", ""),
    ("worse", "Worse", ""), ("too early", "Too early to say", "Set a day to look again."),
)  # fmt: skip
"""What is found to have changed for the child, in the words of pages."""
TOLD_HOW = [("rang", "I rang them", ""), ("met", "I met them", ""), ("wrote", "I wrote to them", "")]
ENDS_TO_LOOK_AT = (e.Judged, e.Resolved, e.EndedUnresolved)
"""Moves that may end an item so that somebody looks again between two reviews."""

IMPACT = RadioPick(name="found", label="What changed for the child?", hint="If you can say it today.", options=FOUND)


def ask_day(label: str = "On which day") -> DayField:
    """Ask on which day something was."""
    return DayField(name="on", label=label, hint="For example, 27 3 2026", need="Write the day.")


def ask_to_look_again(choices: FieldOptions) -> list[FormField]:
    """When to look again; where the child's next review is known, that no day between is needed may be said too."""
    facts = choices.item.loaded.challenge.facts
    if not facts.next_review or not facts.is_looked_after:
        return [LOOK_AGAIN]
    hint = f"The next review is on {long_date(facts.next_review)}. Half-way to it is offered; you may name another day."
    return [replace(LOOK_AGAIN, hint=hint), TickBox(name="no_look_again", label="Nobody needs to look again before the review")]


def ask_at_end(*first: FormField) -> Asks:
    """Ask these, and whether somebody looks again."""
    return lambda choices: [*first, *ask_to_look_again(choices)]


def ask_where_next(choices: FieldOptions) -> Sequence[FormField]:
    """Taking it higher: where to, and what that stage leaves to the sender."""
    challenge = choices.item.loaded.challenge
    targets = [key for key in to_stages(choices.ladder, challenge) if not choices.ladder.stage(key).referral]
    if not targets:
        return []
    onward = choices.ladder.onward(challenge.stage) if challenge.stage else ()
    options = choices.stages(targets)
    hint = f"If you choose nothing it goes to {choices.ladder.stage(onward[0]).label}." if len(onward) == 1 else ""
    need = "" if len(onward) == 1 else "Choose the stage."
    found: list[FormField] = [RadioPick(name="to_stage", label="To which stage", hint=hint, need=need, options=options)]
    return found + choices.for_stages(targets)


def ask_of_climb(choices: FieldOptions) -> Sequence[FormField]:
    """Ask where it is taken, and why."""
    return [WHY, *ask_where_next(choices), *advice_before_skipping(choices.item.rules)]


def ask_of_judgement(choices: FieldOptions) -> Sequence[FormField]:
    """Ask whether the answer is enough; of what is followed between reviews, whether it is seen to be done."""
    if choices.ladder.is_between_reviews:
        return _ask_whether_done()
    verdicts = [
        ("enough", "Yes, it is enough", "It ends here, or what was agreed is put right. Actions are still followed."),
        ("needs_more", "It needs more", "It goes higher, unless you want to consider first."),
    ]
    need = "Say whether the answer is enough."
    verdict = RadioPick(name="verdict", label="Is the answer enough?", options=verdicts, need=need)
    found = replace(IMPACT, label="If it is enough: what changed for the child?")
    changed = TextArea(name="what_changed", label="In your words", hint="Or set a day to look again.", rows=3)
    why = TextArea(name="why", label="If it needs more: why", rows=3)
    wait = TickBox(name="consider_first", label="Let me consider first, do not take it higher now")
    return [verdict, found, changed, *ask_to_look_again(choices), why, wait, *ask_where_next(choices)]


def _ask_whether_done() -> Sequence[FormField]:
    seen = [
        ("enough", "Yes, I see it done", "It ends here."),
        ("needs_more", "Not yet", "Then you choose: another date, a challenge, or an end."),
    ]
    return [
        RadioPick(name="verdict", label="Do you see it done?", options=seen, need="Say whether you see it done."),
        replace(IMPACT, label="If it is done: what changed for the child?"),
        TextArea(name="what_changed", label="In your words", rows=3),
        TextArea(name="why", label="If not yet: what is missing", rows=3),
    ]


def ask_of_reopening(choices: FieldOptions) -> Sequence[FormField]:
    """Ask at which stage it is opened again, and with what time."""
    keys = [stage.key for stage in choices.exist if not stage.referral]
    clock = [("fresh", "A fresh window", ""), ("as it was", "To the date that was promised there", "")]
    return [
        RadioPick(name="stage", label="At which stage", options=choices.stages(keys), need="Choose the stage."),
        RadioPick(name="clock", label="Its time", options=clock, need="Choose one."),
        WHY,
        *choices.for_stages(keys),
    ]


def ask_to_whom(choices: FieldOptions) -> Sequence[FormField]:
    """Ask whose question goes to whom."""
    words = choices.item.rules.authority
    people = people_to_choose(words, [role.key for role in words.roles if choices.people.get(role.key)], choices.people)
    return [
        RadioPick(name="of", label="Whose question goes elsewhere", options=choices.asked(), need="Choose whose."),
        SelectMenu(name="to", label="To whom", options=people, need="Choose to whom it goes."),
        WHY,
    ]


def ask_whom_to_copy(choices: FieldOptions) -> Sequence[FormField]:
    """Ask whom to copy in."""
    roles = choices.roles(sorted(choices.ladder.roles()))
    return [
        SelectMenu(name="role", label="Whom to copy in", options=roles, need="Choose whom."),
        TextArea(name="why", label="Why", rows=2),
    ]


def ask_of_tracking(choices: FieldOptions) -> Sequence[FormField]:
    """Ask how closely a case is tracked: the priority, and what is chosen for it."""
    return tracking_fields(choices.ladder, choices.item.loaded.challenge.priority)


def tracking_fields(ladder: Ladder, now: str = "") -> list[FormField]:
    """The priorities of a ladder for tracked cases, and what may be chosen at them. `now`: the priority that stands."""
    offered = [
        (key, key.replace("_", " ").capitalize(), ", ".join(one.said for one in each) or "nothing is chosen")
        for key, each in ladder.tracking
    ]
    what = {one for _, each in ladder.tracking for one in each}
    said = f"Now: {now.replace('_', ' ')}." if now else ""
    found: list[FormField] = [
        RadioPick(
            name="priority", label="Priority, as agreed at the review", hint=said, options=offered, need="Choose the priority."
        ),
        replace(ask_day("Agreed on"), hint="The day of the review."),
    ]
    if what & {TrackedBy.UPDATES, TrackedBy.UPDATE}:
        found.append(DayField(name="update_by", label="An update by", hint="Leave out what you do not choose."))
    if TrackedBy.UPDATES in what:
        found.append(WeeksField(name="updates_every_weeks", label="Then again every so many weeks", width="2"))
    if TrackedBy.LOOK_AT_FILE in what:
        found += [
            DayField(name="look_at_file_by", label="I look at the file by"),
            WeeksField(name="look_every_weeks", label="Then again every so many weeks", width="2"),
        ]
    if TrackedBy.EARLY_REVIEW in what:
        found.append(DayField(name="early_review_by", label="An early review by"))
    return [*found, TextArea(name="words", label="In your words", rows=2)]


@dataclass(frozen=True, kw_only=True)
class WeeksField(TextLine):
    """A number of weeks; 0 where it is left out."""

    def read(self, given: Given) -> int:
        text = single_value(given, self.name)
        if not text:
            return 0
        if not (text.isascii() and text.isdigit() and len(text) < 3):
            raise WrongAnswer("Write a number of weeks, such as 4.")
        return int(text)


def ask_what_was_done(choices: FieldOptions) -> Sequence[FormField]:
    """Ask what of a tracked case was done, of what is open."""
    named = {WindowKind.LOOK_AT_FILE: "I looked at the file", WindowKind.EARLY_REVIEW: "The early review was held"}
    kinds = dict.fromkeys(window.key.kind for window in choices.item.loaded.challenge.open_windows())
    options = [(kind.value, named[kind], "") for kind in kinds if kind in named]
    return [
        RadioPick(name="what", label="What was done", options=options, need="Choose what was done."), ask_day("When"),
        TextArea(name="words", label="What you found", rows=3),
    ]  # fmt: skip


CONTACT_HOW = [
    ("in person", "In person", ""), ("by telephone or video", "By telephone or video", ""), ("in writing", "In writing", ""),
    ("none", "There was none", "Say below why not."),
]  # fmt: skip


def ask_which_fact(choices: FieldOptions) -> Sequence[FormField]:
    """Ask which fact of the item is so, or is so no longer."""
    known = choices.item.loaded.challenge.item_facts
    facts = [
        (key, label, "It is so now." if key in known else "") for key, label in choices.item.rules.authority.item_facts.items()
    ]
    holds = [("yes", "It is so", "Who is copied where it is so is copied in at once."), ("no", "It is so no longer", "")]
    return [
        RadioPick(name="fact", label="What", options=facts, need="Choose what."),
        RadioPick(name="holds", label="Is it so?", options=holds, need="Choose one."),
        TextArea(name="words", label="Anything to add", rows=2),
    ]


def ask_of_meeting(choices: FieldOptions) -> Sequence[FormField]:
    """Ask when a meeting was held, and who was there."""
    key, roles = choices.item.loaded.challenge.stage, []
    if key:
        stage = choices.ladder.stage(key)
        roles = [*stage.roles_to(), *(stage.contact.meeting.attended_by if stage.contact.meeting else ())]
    return [
        ask_day("When it was held"),
        TickBoxes(name="attended", label="Who was there", options=choices.roles(roles)),
        TextArea(name="others", label="Who else was there", rows=2),
    ]


def ask_who_was_told(choices: FieldOptions) -> Sequence[FormField]:
    """Ask who was told of a referral."""
    part = [party.role for party in choices.item.loaded.challenge.everyone_told()]
    above = [role for stage in choices.exist for role in stage.roles_to()]
    return [
        TickBoxes(
            name="told", label="Who was told", hint="Those who took part, and those above them.",
            options=choices.roles((*part, *above)), need="Tick who was told.",
        ),
        ask_day("When"),
        TextArea(name="words", label="Anything to add", rows=2),
    ]  # fmt: skip


def ask_of_rights(choices: FieldOptions) -> Sequence[FormField]:
    """Ask whether the child knows of the right to advice and to go to court, and who helps."""
    return [
        RadioPick(
            name="told", label="Was the child told?", options=[("yes", "Yes", ""), ("no", "Not yet", "")], need="Choose one."
        ),
        DayField(name="on", label="If so: when"),
        TextArea(name="why_not", label="If not yet: why not", rows=2),
        RadioPick(name="help_found", label="Who helps the child with it?", options=HELP_FOUND, need="Choose one."),
        TextLine(name="who", label="If somebody was found: who"),
        DayField(name="found_on", label="And when"),
    ]


def ask_to_hold_review(choices: FieldOptions) -> Sequence[FormField]:
    """Ask by which day a review is wanted, under which regulation, and whom to tell."""
    return [
        DayField(name="review_by", label="To be held by", hint="For example, 27 3 2026", need="Write the day."),
        RadioPick(name="under", label="Why you may ask", options=ASKED_UNDER, need="Choose one."),
        WHY,
        _whom_to_tell(choices),
    ]


def ask_of_adjourning(choices: FieldOptions) -> Sequence[FormField]:
    """Ask which review was adjourned to which day, why, and whom to tell."""
    return [
        DayField(name="review_on", label="The day of the review", hint="For example, 27 3 2026", need="Write the review’s day."),
        DayField(name="adjourned_to", label="Adjourned to", need="Write the day to which it was adjourned."),
        WHY,
        _whom_to_tell(choices),
    ]


def _whom_to_tell(choices: FieldOptions) -> FormField:
    told = dict.fromkeys(party.role for party in choices.item.loaded.challenge.everyone_told())
    hint = "Of those who know of this item already. Nobody is told unless you tick them."
    return TickBoxes(name="tells", label="Whom to tell", hint=hint, options=choices.roles(told))


def ask_which_action(choices: FieldOptions) -> Sequence[FormField]:
    """Ask which agreed action is meant."""
    return [RadioPick(name="action", label="Which action", options=choices.actions(), need="Choose the action.")]


def ask_which_entry(choices: FieldOptions) -> Sequence[FormField]:
    """Ask which of their own entries somebody corrects."""
    own = [entry for entry in choices.timeline.entries if entry.words and entry.mine]
    options = [(str(n.number), f"{n.number}: {n.kind.replace('_', ' ')}", next(iter(n.words.values()))[:120]) for n in own]
    return [
        RadioPick(name="entry", label="Which entry of yours", options=options, need="Choose the entry."),
        TextArea(
            name="text", label="What is right", hint="Your first words stay on the record beside it.", need="Say what is right."
        ),
    ]


def ask_for_reader(choices: FieldOptions) -> Sequence[FormField]:
    """Ask whom to let read what is kept to the child's IRO: people of the authority's own posts and of this item."""
    known = {id_: name for listed in choices.people.values() for id_, name in listed}
    fresh = [(id_, name, "") for id_, name in known.items() if id_ not in choices.item.loaded.challenge.readers]
    return [
        SelectMenu(name="person", label="Whom", options=fresh, need="Choose whom."),
        TextArea(name="why", label="Why", rows=2),
    ]


def ask_whom_to_remove(choices: FieldOptions) -> Sequence[FormField]:
    """Ask who is to read it no more."""
    known = {id_: name for listed in choices.people.values() for id_, name in listed}
    named = [(id_, known.get(id_, "somebody"), "") for id_ in choices.item.loaded.challenge.readers]
    return [
        SelectMenu(name="person", label="Whom", options=named, need="Choose whom."),
        TextArea(name="why", label="Why", rows=2),
    ]


def ask_which_version(choices: FieldOptions) -> Sequence[FormField]:
    """Ask to which version and stage it is moved."""
    keys = [stage.key for stage in choices.exist]
    return [
        TextLine(name="version", label="Version of the procedure", need="Name the version, as Procedures lists it."),
        RadioPick(name="stage", label="At which stage of it", options=choices.stages(keys), need="Choose the stage."),
        WHY,
    ]


CAFCASS_DID = [
    ("advice", "Advice", ""), ("negotiation", "Negotiation", ""), ("proceedings", "Proceedings", ""),
    ("no_action", "No action", ""),
]  # fmt: skip
ABOUT = [("the issue", "The issue", ""), ("taking it higher", "Taking it higher", ""), ("a referral", "A referral", "")]
ADVICE_OPTIONS = [(key, key[:1].upper() + key[1:], "") for key in ADVICE_FROM]
HELP_FOUND = [
    ("an adult", "An appropriate adult", "Somebody able and willing to take it on for the child."), ("a lawyer", "A lawyer", ""),
    ("not yet", "Nobody yet", ""), ("not wanted", "The child wants nobody", ""),
]  # fmt: skip
ASKED_UNDER = [
    ("regulation 33", "I want it before its day (regulation 33)", ""),
    ("regulation 36", "At the review it could not be finished (regulation 36)", ""),
    ("regulation 37", "I was told of a failure to act on decisions, or of a change (regulation 37)", ""),
]
ACTED_ON = [
    ("section 47", "Children’s social care, who begin enquiries (section 47)", ""),
    ("LADO", "The designated officer (LADO): somebody who works with children", ""),
    ("the police", "The police", ""),
    ("another way", "Another way", ""),
]
ADVOCATE = [("offered", "Offered", ""), ("in place", "In place", ""), ("declined", "Declined", "")]
