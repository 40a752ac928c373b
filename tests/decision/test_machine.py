"""A plain ladder lived at random beside a model of it that knows nothing of the code: they never disagree.

The model is a page: stages with working days, who may be late, what climbs. It counts days by itself.
"""

from datetime import date, datetime, time, timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.cast.people import COVER, IRO, IRO_MANAGER, once_asked
from tests.cast.rules import invented
from tests.cast.story import AGREES, REFERRED, Story
from workflows.calendar.working_days import LONDON
from workflows.model import events as e
from workflows.model.actor import Actor, Part
from workflows.model.refusals import Refused

ASKED = ("social_worker", "team_manager", "service_manager", "director")
DAYS = (1, 3, 4, 2)
CLIMBS = (True, True, False, True)
TOP = 4
HOLIDAYS = {
    date(2026, 4, 3), date(2026, 4, 6), date(2026, 5, 4), date(2026, 5, 25), date(2026, 8, 31), date(2026, 12, 25),
    date(2026, 12, 28), date(2027, 1, 1), date(2027, 3, 26), date(2027, 3, 29), date(2027, 5, 3), date(2027, 5, 31),
}  # fmt: skip


def stage(n: int) -> str:
    within = f"{DAYS[n]} working day{'s' if DAYS[n] > 1 else ''}"
    policy = "escalate" if CLIMBS[n] else "prompt"
    return f"  s{n}: {{label: S{n}, to: {ASKED[n]}, respond_within: {within}, no_reply: {policy}}}\n"


STAGES = "".join(stage(n) for n in range(TOP))
LADDER = STAGES + f"  s{TOP}: {{label: Referral, referral: cafcass}}\n"


def worked(day: date) -> bool:
    return day.weekday() < 5 and day not in HOLIDAYS


def on_from(day: date, number: int) -> date:
    """So many working days after a day."""
    while number:
        day += timedelta(days=1)
        number -= worked(day)
    return day


def nine(day: date) -> datetime:
    """Nine o'clock on the working day after."""
    return datetime.combine(on_from(day, 1), time(9), LONDON)


class Model:
    """What an informed colleague would expect."""

    def __init__(self, today: date, at: int) -> None:
        self.stage = at
        self.highest = at if at < TOP else -1
        self.phase = "asking" if at == TOP else "awaiting"
        self.due = on_from(today, DAYS[at]) if at < TOP else None
        self.climbing = at < TOP and CLIMBS[at]
        self.waits = at < TOP
        self.ended = ""
        self.referred = False
        self.climbed_from: int | None = None
        self.late: set[int] = set()

    def enter(self, stage: int, counts_from: date) -> None:
        self.stage, self.phase = stage, "asking" if stage == TOP else "awaiting"
        self.waits = stage < TOP
        self.due = on_from(counts_from, DAYS[stage]) if stage < TOP else None
        self.climbing = stage < TOP and CLIMBS[stage]
        self.highest = max(self.highest, stage) if stage < TOP else self.highest
        self.climbed_from = None

    def pass_time(self, now: datetime) -> None:
        while not self.ended and self.waits and self.due and nine(self.due) <= now:
            self.waits = False
            if self.phase == "awaiting" and self.climbing:
                here, due = self.stage, self.due
                self.enter(self.stage + 1, due)
                self.climbed_from = here
            elif self.phase == "awaiting":
                self.phase = "asking"

    def shown(self) -> tuple[str, date | None, int]:
        state = self.ended or f"s{self.stage}.{self.phase}"
        return state, self.due if not self.ended and self.waits else None, TOP if self.referred else self.highest


class PlainLadder(RuleBasedStateMachine):
    """People act in any order, time passes, the sweep comes or does not."""

    @initialize(at=st.integers(0, TOP), start=st.sampled_from(["Wed 1 April 2026, 10:00", "Thu 30 April 2026, 16:45"]))
    def begin(self, at, start):
        self.story = Story(invented(LADDER)).raise_(start, stage=f"s{at}", stage_reason="It is right.")
        self.model = Model(self.today, at)

    @property
    def today(self) -> date:
        return self.story.now.astimezone(LONDON).date()

    def act(self, event: e.Event, by: Actor = IRO) -> bool:
        """Try it on the code; the model says beforehand whether it should go."""
        try:
            self.story.do(event, by=by)
        except Refused:
            return False
        return True

    @rule(hours=st.integers(0, 60), swept=st.booleans())
    def time_passes(self, hours, swept):
        to = self.story.now + timedelta(hours=hours)
        if swept:
            self.story.fast_forward(to=to)
        self.story.now = to
        self.model.pass_time(to)

    @rule(by=st.sampled_from([IRO, COVER]))
    def the_iro_takes_it_on(self, by):
        model = self.model
        expected = not model.ended and model.stage < TOP
        assert self.act(e.Escalated("Higher."), by) == expected
        if expected:
            model.enter(model.stage + 1, self.today)

    @rule(to=st.integers(0, TOP))
    def the_iro_jumps(self, to):
        model = self.model
        expected = not model.ended and model.stage != to
        assert self.act(e.Escalated("There.", to_stage=f"s{to}")) == expected
        if expected:
            model.enter(to, self.today)

    @rule()
    def those_asked_answer(self):
        model = self.model
        if model.stage == TOP:
            return
        somebody = Actor("a", frozenset({Part.ASKED}), frozenset({ASKED[model.stage]}))
        assert self.act(AGREES, somebody), "whoever was asked may answer, also after the end"
        if not model.ended and model.phase in ("awaiting", "asking"):
            model.phase, model.waits = "answered", False

    @precondition(lambda self: self.model.climbed_from is not None and not self.model.ended)
    @rule()
    def those_asked_before_answer_late(self):
        where = self.model.shown()
        assert self.act(AGREES, once_asked(ASKED[self.model.climbed_from]))
        self.model.late.add(self.story.challenge.visits[-2].sequence)
        assert self.model.shown() == where

    @rule(enough=st.booleans(), climb=st.booleans())
    def the_iro_judges(self, enough, climb):
        model = self.model
        expected = not model.ended and model.phase == "answered"
        assert self.act(e.Judged("enough" if enough else "needs_more", climb=climb)) == expected
        if expected and enough:
            model.ended = "resolved"
        elif expected and climb:
            model.enter(model.stage + 1, self.today)
        elif expected:
            model.phase = "asking"

    @rule()
    def the_iro_holds(self):
        model = self.model
        expected = not model.ended and model.phase == "awaiting" and model.waits and model.climbing
        assert self.act(e.EscalationHeld("I consider.")) == expected
        if expected:
            model.phase, model.climbing = "asking", False

    @rule(days=st.integers(0, 9))
    def the_iro_gives_more_time(self, days):
        model = self.model
        expected = not model.ended and model.phase in ("awaiting", "asking") and model.stage < TOP
        until = self.today + timedelta(days=days)
        expected = expected and not (model.waits and until < model.due)  # more time is never less than was promised
        assert self.act(e.WindowExtended(until, "They asked.")) == expected
        if expected:
            model.phase, model.due, model.waits, model.climbing = "awaiting", until, True, CLIMBS[model.stage]

    @rule()
    def the_iro_recalls(self):
        model = self.model
        expected = not model.ended and model.climbed_from is not None
        back = self.story.challenge.visits[-2].sequence if expected else 0
        assert self.act(e.EscalationRecalled("Too soon.")) == expected
        if expected:
            model.stage, model.phase = model.climbed_from, "answered" if back in model.late else "asking"
            model.climbed_from, model.waits = None, False

    @rule(by=st.sampled_from([IRO, COVER, IRO_MANAGER]))
    def the_child_is_referred(self, by):
        model = self.model
        expected = not model.ended and not model.referred and by is not IRO_MANAGER
        assert self.act(REFERRED, by) == expected
        model.referred = model.referred or expected

    @rule(event=st.sampled_from([e.Withdrawn("Raised twice."), e.Overtaken("She moved."), e.EndedUnresolved("No way on.")]))
    def the_iro_ends_it(self, event):
        model = self.model
        assert self.act(event) == (not model.ended)
        model.ended = model.ended or event.type

    @rule(to=st.integers(0, TOP))
    def the_iro_opens_it_again(self, to):
        model = self.model
        assert self.act(e.Reopened(f"s{to}", "Again.")) == bool(model.ended)
        if model.ended:
            model.ended = ""
            model.enter(to, self.today)

    @rule()
    def somebody_else_tries_what_is_the_iros(self):
        for event in (e.Withdrawn("No."), e.Escalated("No."), e.WindowExtended(self.today, "No."), e.Reopened("s0", "No.")):
            assert not self.act(event, IRO_MANAGER)

    @invariant()
    def they_agree(self):
        # Both are looked at as of now: what had closed by now is applied to a copy, as any act would.
        seen = self.story.challenge
        looked = Story(self.story.rules)
        looked.challenge, looked.now = seen, self.story.now
        looked.fast_forward(to=self.story.now)
        challenge = looked.challenge
        main = challenge.main_window()
        due = main.promise.due if main and main.is_open and challenge.is_open else None
        highest = int(challenge.highest_stage[1:]) if challenge.highest_stage else -1
        assert (challenge.state, due, highest) == self.model.shown()
        assert (challenge.referral == "referred") == self.model.referred


TestPlainLadder = PlainLadder.TestCase
TestPlainLadder.settings = settings(
    max_examples=60,
    stateful_step_count=40,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
