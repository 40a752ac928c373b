"""Excellent practice after its notice: thanks, and words of it that reports may quote. It moves nothing and chases nobody.

Words are quotable once the raiser has offered them, saying that nothing in them tells who the child is, and everybody whom the
notice names has agreed. Other words are asked about anew, and who agreed may take it back.
"""

from datetime import date

from workflows.decision.decision_builder import DecisionBuilder, NotificationKind
from workflows.model.actor import Actor, Part
from workflows.model.authority import Rules
from workflows.model.challenge import THE_RAISER, Challenge, Party, QuoteState
from workflows.model.events import QuoteAnswered, QuoteOffered, QuoteTakenBack, Thanked
from workflows.model.refusals import NotOpen, NotYours, Unfit


def thank_practitioner(turn: DecisionBuilder, event: Thanked) -> None:
    """Somebody who was told thanks whoever the notice names; they and its raiser hear of it. As often as anybody likes."""
    turn.note_event(event)
    turn.change(thanked=turn.challenge.thanked + 1)
    turn.tell(NotificationKind.THANKED, named_in(turn), [THE_RAISER])


def is_not_named(rules: Rules, challenge: Challenge, actor: Actor, today: date) -> NotYours | None:
    """Nobody thanks themselves."""
    if Part.NAMED not in actor.parts:
        return None
    return NotYours("The notice names you: the thanks are for you to read.", "Add a note if you want to say something.")


def offer_quote(turn: DecisionBuilder, event: QuoteOffered) -> None:
    """The raiser writes words that reports may quote, and says that nothing in them tells who the child is."""
    if not event.tells_nothing:
        raise Unfit(
            "It is not said that nothing in these words tells who the child is.",
            "Change them until the family would not know it, then say so.",
            "tells_nothing",
        )
    turn.note_event(event)
    turn.change(quote=QuoteState.OFFERED, quotes_offered=turn.challenge.quotes_offered + 1, quote_agreed=())
    turn.tell(NotificationKind.QUOTE_OFFERED, named_in(turn))


def words_are_offered(rules: Rules, challenge: Challenge) -> NotOpen | None:
    """Do words stand that reports may quote, or that somebody is asked about?"""
    if challenge.quote is not QuoteState.NONE:
        return None
    return NotOpen("No words are offered here that reports could quote.", "Whoever raised it writes them first.")


def answer_quote(turn: DecisionBuilder, event: QuoteAnswered) -> None:
    """Somebody whom the notice names agrees to be quoted, or not; the last word of each counts, and one no is enough."""
    if event.offer != turn.challenge.quotes_offered:
        raise Unfit("Other words have been offered since.", "Read those that stand now, and answer for them.", "offer")
    person = turn.by.person
    turn.note_event(event)
    agreed = [one for one in turn.challenge.quote_agreed if one != person]
    if event.agrees:
        agreed.append(person)
    everybody = {one.person for one in turn.by.named}
    whole = QuoteState.AGREED if everybody <= set(agreed) else QuoteState.OFFERED
    turn.change(quote=whole if event.agrees else QuoteState.DECLINED, quote_agreed=tuple(agreed))
    turn.tell(NotificationKind.QUOTE_ANSWERED, [THE_RAISER])


def take_quote_back(turn: DecisionBuilder, event: QuoteTakenBack) -> None:
    """The raiser takes the words back: reports quote nothing of this until others are offered."""
    turn.note_event(event)
    turn.change(quote=QuoteState.NONE, quote_agreed=())


def named_in(turn: DecisionBuilder) -> tuple[Party, ...]:
    """Whom the notice names, by person; where nobody held the post then, whoever it was addressed to."""
    return turn.by.named or turn.challenge.visit.told
