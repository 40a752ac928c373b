"""For each type of event, one that fits an item as it stands: what somebody at that screen would send."""

from datetime import timedelta
from typing import Literal

from tests.cast.story import Story
from tests.decision.states import chosen_for
from workflows.calendar.working_days import local_date
from workflows.model import events as e
from workflows.model.actor import Actor, Part
from workflows.model.challenge import WindowKind
from workflows.model.ladder import RAISER

FOUND: tuple[e.FoundOrNot, ...] = ("", "better", "partly", "no change", "worse", "too early")
"""What an ending may say of the child; the last with a day."""

SOMEBODY = frozenset(part for part in Part if part is not Part.SERVICE)


def everybody(story: Story) -> Actor:
    """Somebody who plays every part on this item at once, so that only the state can say no."""
    roles = {role.key for role in story.rules.authority.roles}
    persons = {a.party.person for w in story.challenge.windows for a in w.asked if a.party.person}
    return Actor(next(iter(sorted(persons)), "somebody"), SOMEBODY, frozenset(roles))


def sample(kind: type[e.Event], story: Story, n: int = 0) -> e.Event:
    """An event of this type that fits; `n` varies it."""
    ladder, challenge = story.rules.ladder, story.challenge
    fact = next(iter(story.rules.authority.item_facts), "none_known")
    today = local_date(story.now)
    soon, later = today + timedelta(days=2 + n % 9), today + timedelta(days=30 + n % 60)
    elsewhere = [stage for stage in ladder.stages if stage.key != challenge.stage] or list(ladder.stages)
    other = elsewhere[n % len(elsewhere)]
    main = challenge.main_window()
    # More time is never less than was promised.
    longer = max(soon, main.promise.due) if main and main.is_open and not main.promise.is_without_date else soon
    alone = bool(challenge.stage) and ladder.stage(challenge.stage).judged_by.roles == (RAISER,)
    asked = [a.party.role for a in main.asked if not a.answered_at] if main else []
    told = {party.role for visit in challenge.visits[-1:] for party in (*visit.told, *visit.copied)}
    free = sorted(ladder.roles() - told) or sorted(ladder.roles())
    agreed = [w.key.n for w in challenge.windows if w.key.kind is WindowKind.ACTION and w.closed_as not in ("done", "not done")]
    action = agreed[n % len(agreed)] if agreed else 1
    positions = ("agrees", "in_part", "disagrees", "needs_others", "beyond_our_control")
    said = "I sleep." if challenge.about_child else ""
    known = sorted({party.role for party in challenge.everyone_told() if party.role != RAISER})
    helps: tuple[Literal["an adult", "a lawyer", "not yet"], ...] = ("an adult", "a lawyer", "not yet")
    made: dict[type[e.Event], e.Event] = {
        e.Acknowledged: e.Acknowledged(),
        e.NotForMe: e.NotForMe("Somebody else's."),
        e.Redirected: e.Redirected(asked[n % len(asked)] if asked else "nobody", e.Chosen(free[n % len(free)]), "It is theirs."),
        e.ToldOtherwise: e.ToldOtherwise(asked[n % len(asked)] if asked else "nobody", "rang", today),
        e.DidNotArrive: e.DidNotArrive(asked[n % len(asked)] if asked else "nobody", "I asked."),
        e.Reminded: e.Reminded(),
        e.ClarificationAsked: e.ClarificationAsked("Which sibling?"),
        e.ClarificationGiven: e.ClarificationGiven("The elder."),
        e.Responded: e.Responded(positions[n % 4], "Our answer.", (e.Action("Do it.", later),) if n % 3 == 0 else ()),
        e.Judged: e.Judged(
            ("enough", "needs_more")[n % 2],
            "So I find.",
            climb=n % 4 != 3,
            to_stage=other.key if n % 2 and alone else "",
            to=chosen_for(story.rules, other),
            respond_by=soon if other.respond_within.set_by_raiser else None,
            resolve_by=later,
        ),
        e.MeetingArranged: e.MeetingArranged(story.now + timedelta(days=1)),
        e.MeetingCalledOff: e.MeetingCalledOff("She is ill."),
        e.MeetingHeld: e.MeetingHeld(today),
        e.OutcomeRecorded: e.OutcomeRecorded("A plan."),
        e.Escalated: e.Escalated(
            "It must go there.", other.key, chosen_for(story.rules, other), soon if other.respond_within.set_by_raiser else None
        ),
        e.EscalationHeld: e.EscalationHeld("I consider."),
        e.EscalationRecalled: e.EscalationRecalled("They have answered."),
        e.WindowExtended: e.WindowExtended(longer, "They asked."),
        e.ReaderNamed: e.ReaderNamed("00000000-0000-4000-8000-000000000009", "Counsel's clerk."),
        e.ReaderRemoved: e.ReaderRemoved("00000000-0000-4000-8000-000000000009", "Named in error."),
        e.SecondNameGiven: e.SecondNameGiven("I have read it and agree."),
        e.ExtensionTakenBack: e.ExtensionTakenBack("It was for another child."),
        e.CopyAdded: e.CopyAdded(free[n % len(free)]),
        e.FactSaid: e.FactSaid(fact, fact not in story.challenge.item_facts),
        e.LegalAdviceTaken: e.LegalAdviceTaken("Duty line", today, True, "Refer."),
        e.ChildViewRecorded: e.ChildViewRecorded("the issue", "I want to go home.", n % 2 == 0),
        e.ChildTold: e.ChildTold(True, today),
        e.AdvocateRecorded: e.AdvocateRecorded("offered"),
        e.ComplaintOpened: e.ComplaintOpened("C-9"),
        e.RiskActedOn: e.RiskActedOn("section 47", today, "The duty team has it."),
        e.LearningNoted: e.LearningNoted("Ask the school sooner.", "The team's meeting.", today),
        e.RightsExplained: e.RightsExplained(True, helps[n % 3], today, "Ms Grey, solicitor.", today),
        e.GuardianTold: e.GuardianTold(today, "She agrees."),
        e.GuardianHandedOver: e.GuardianHandedOver(today, "Time with a brother."),
        e.ReviewAskedFor: e.ReviewAskedFor(
            soon, ("regulation 33", "regulation 37")[n % 2], "He cannot wait.", tuple(known[: n % 2])
        ),
        e.ReviewAdjourned: e.ReviewAdjourned(today, soon, "The school was not there.", sure=n % 2 == 1),
        e.Thanked: e.Thanked("She trusts you."),
        e.QuoteOffered: e.QuoteOffered("A worker kept every visit for a year.", True),
        e.QuoteAnswered: e.QuoteAnswered(n % 3 < 2, challenge.quotes_offered),
        e.QuoteTakenBack: e.QuoteTakenBack("Too near to her."),
        e.CourtTold: e.CourtTold(later, "I do not support it."),
        e.ReferralConsidered: e.ReferralConsidered("Not yet."),
        e.ReferredToCafcass: e.ReferredToCafcass(
            ("case_not_reviewed",),
            "It drifts.",
            later if n % 2 else None,
            (e.ReferralStatement("effect", "She waits."),),
            (1,),
            "Mrs Rowe",
        ),
        e.ReferralAcknowledged: e.ReferralAcknowledged("CAF-77", today),
        e.ReferralOutcome: e.ReferralOutcome("advice", today),
        e.ReferralTold: e.ReferralTold((story.rules.authority.roles[0].key,), today),
        e.Resolved: e.Resolved("She moved.", later if n % 2 else None, found=FOUND[n % 6] if n % 2 else FOUND[n % 5]),
        e.EndedUnresolved: e.EndedUnresolved("No way on.", found=FOUND[n % 5]),
        e.Overtaken: e.Overtaken("She came of age.", found=FOUND[n % 5]),
        e.Withdrawn: e.Withdrawn("Raised twice."),
        e.Reopened: e.Reopened(other.key, "It went wrong.", "fresh", chosen_for(story.rules, other), soon),
        e.ActionDone: e.ActionDone(action),
        e.ActionNotDone: e.ActionNotDone(action, "Nothing came.", later if n % 2 else None),
        e.ImpactRecorded: e.ImpactRecorded(("better", "too early")[n % 2], "She sleeps.", later if n % 2 else None, said),
        e.TrackingAgreed: e.TrackingAgreed("high", today, soon, n % 3, later if n % 2 else None, soon if n % 5 else None),
        e.TrackedDone: e.TrackedDone(("look_at_file", "early_review")[n % 2], today),
        e.LookedThrough: e.LookedThrough(today),
        e.MidPointContact: e.MidPointContact(("in person", "none")[n % 2], today if n % 2 == 0 else None, why_not="Away."),
        e.Noted: e.Noted("I rang."),
        e.DocumentAttached: e.DocumentAttached("0f" * 32, "application/pdf", 40_000, "Plan.pdf", "What we will do.", n % 2 == 1),
        e.Corrected: e.Corrected(1, "Tuesday, not Monday."),
        e.RecordedInError: e.RecordedInError("Another child's."),
        e.Endorsed: e.Endorsed(),
        e.EndorsementDeclined: e.EndorsementDeclined("Talk first."),
        e.WindowsReleased: e.WindowsReleased(("as due", "time given back")[n % 2], "Go on."),
    }
    return made[kind]


def internal(story: Story, n: int = 0) -> e.Event:
    """Something that the service itself says."""
    main = story.challenge.main_window()
    role = main.asked[n % len(main.asked)].party.role if main and main.asked else "nobody"
    statuses = (("looked_after",), ("care_leaver",), ("looked_after", "child_protection"))[n % 3]
    facts = e.ChildFactsChanged(statuses, n % 2 == 0, False, (), f"team {n % 2}", "service")
    choices = (e.DeliveryFailed(role, "full"), e.PostTakenOver(role), e.PostEmptied(role), e.IroChanged(), facts)
    return choices[n % len(choices)]
