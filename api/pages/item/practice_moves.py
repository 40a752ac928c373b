"""What may be done with a notice of excellent practice, as forms: thanks, and words that reports may quote."""

from collections.abc import Sequence

from api.pages.frame.field_options import FieldOptions
from api.pages.frame.form_fields import FormField, RadioPick, TextArea, TickBox
from api.pages.item.move_questions import MoveForm, ask_these
from workflows.model import events as e


def ask_to_be_quoted(choices: FieldOptions) -> Sequence[FormField]:
    """Ask whether they agree to be quoted, beside the words that are offered now: the answer is for these and no others."""
    offered = [entry.words.get("quote", "") for entry in choices.timeline.entries if entry.kind == e.QuoteOffered.type]
    said = f"The words: “{offered[-1]}”" if offered else ""
    offer = choices.item.loaded.challenge.quotes_offered
    answers = [(f"yes-{offer}", "Agree to be quoted", "You may take it back later."), (f"no-{offer}", "Do not quote me", "")]
    return [
        RadioPick(name="agrees", label="May reports quote this?", hint=said, options=answers, need="Choose one."),
        TextArea(name="words", label="Anything to add", rows=2),
    ]


PRACTICE_MOVES = (
    MoveForm(
        e.Thanked, "next", "Thank them",
        "They, and whoever raised it, are told that you thank them. Your words stand here and in no mail.", "Thank them",
        ask_these(TextArea(name="words", label="Your words to them", rows=2, need="Write a line.")),
    ),
    MoveForm(
        e.QuoteOffered, "next", "Let reports quote this",
        "Whoever the notice names is asked once. Without their agreement nothing is quoted; other words are asked about anew.",
        "Offer these words",
        ask_these(
            TextArea(
                name="quote", label="The words", need="Write the words.",
                hint="Change them until the family would not know it: no name, place, age or day.",
            ),
            TickBox(name="tells_nothing", label="Nothing in these words tells who the child is"),
        ),
    ),
    MoveForm(
        e.QuoteAnswered, "next", "Say whether reports may quote you",
        "Nobody waits for it and no date runs. Your last answer counts.", "Send my answer", ask_to_be_quoted,
    ),
    MoveForm(
        e.QuoteTakenBack, "next", "Take the words back from reports",
        "Reports quote nothing of this until you offer words again.", "Take them back",
        ask_these(TextArea(name="why", label="Why", rows=2)),
    ),
)  # fmt: skip
"""Each form of `move_forms.MOVES` that only such a notice has."""
