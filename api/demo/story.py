"""The story: each item is walked to its state through the real `handle`, by people of the directory, with a past clock."""

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import cycle, product
from uuid import UUID

from sqlalchemy import Connection

from api.assembly import Service, clock_at
from api.demo.past import OF_PRACTICE, bring_past
from api.demo.practice_scenes import PracticeScenes
from api.demo.report_scenes import ReportScenes
from api.demo.review_scenes import DECISIONS, ReviewScenes, follow_anew
from api.demo.scene import CAST, SceneAuthority, SceneCast, SceneChild, seed_scene
from api.demo.trust_scenes import SceneToSee, TrustScenes
from api.demo.voice_scenes import tell_voices
from api.demo.watched_scenes import WatchedScenes
from drp.casework.load import StoredChallenge, id_of_reference, load_challenges, load_establishment
from drp.casework.service import ActionResult, Casework
from drp.casework.sweep import sweep_authority
from drp.identity.principal import Principal
from drp.reviews.tracking import find_tracked, track_case
from notifications.outbox import deliver_messages
from workflows.calendar.working_days import LengthUnit, at_local, local_date
from workflows.model.actor import Part as Playing
from workflows.model.authority import Rules
from workflows.model.challenge import Challenge, Facts, Outcome
from workflows.model.events import (
    EndedUnresolved,
    Event,
    FoundOrNot,
    Overtaken,
    Raised,
    ReferralStatement,
    ReferredToCafcass,
    Resolved,
    Responded,
    TrackingAgreed,
)
from workflows.model.ladder import ItemType, Status
from workflows.model.refusals import Refused
from workflows.proofs import simulate

Say = Callable[[str], None]

BACK = (34, 27, 20, 15, 12, 9, 7, 5, 4, 3, 2, 1, 0)
"""How many days ago an item may begin, the longest first: as long as it still stands where it should today."""

CLIMBED = (110, 80, 50)
"""How many days ago items began that climbed stage by stage and were settled: in this quarter and the one before."""

PAUSE = timedelta(minutes=20)
A_DAY = timedelta(hours=21)
"""How long each takes to act, where an item climbs."""

CONCERNS = (
    "The review decided in September on a plan of permanence by half term; nothing has been written since.",
    "Life-story work was to begin in the summer and has not; there are questions every week and nobody answers them.",
    "The health assessment is three months late, and the glasses that were promised wait for it.",
    "The report for the review came on the morning of the meeting, so nobody had read it with the young person.",
    "Time with a brother was agreed for every fortnight; it has happened twice since the spring.",
    "The placement does not meet the need that the plan names, and no search for another has begun.",
    "The pathway plan is not finished, and the birthday is six weeks away.",
    "A change of school was decided without the review hearing of it.",
    "The social worker has changed for the third time this year, and visits have been missed in between.",
)
EFFECTS = (
    "Nights are unsettled again, and the question is whether there will be another move.",
    "Trust in what adults say is wearing thin.",
    "School has noticed the worry; mornings are hard.",
    "Plans for next year cannot be made, and it shows.",
)
PRAISE = (
    "Visits were kept through a change of placement, and every promise made at the review was carried out early.",
    "The report was read through with the young person beforehand, who then chaired half of the meeting.",
    "A patient search found family whom nobody had known of, and the first meeting was prepared with care.",
)


SCRUTINY = (
    (
        "The arrangement in unregistered provision: staffing by night, visits, schooling, and the search for a registered home.",
        "Safe for now with two staff at night. Visits become weekly, and the search is looked at again every fortnight.",
    ),
    (
        "Why the placement is not registered, what the provider has applied for, and what has been done to leave it.",
        "The application stands. A foster family has been found and introductions begin; the plan is written down for each week.",
    ),
)
TOOK_PART = "The IRO, the social worker and their manager, with the senior manager who is told."

TRACKED_WHY = (
    "The assessment of the grandparents was due in the spring, and no date for it is known.",
    "The plan has two aims, and nobody works on the second.",
    "Time with the family was agreed anew, and is not yet kept.",
)

IMPACTS: tuple[FoundOrNot, ...] = ("better", "partly", "no change", "too early", "worse", "")
"""What endings say to have changed for the child, in turn: enough of each for a leader to see a difference."""

SINCE_THE_REVIEW = timedelta(days=80)

LOOKED_AGAIN_IN = timedelta(days=42)

REFERRAL = ReferredToCafcass(
    grounds=("decision_not_carried_out",),
    why="The decision of the September review stands unmet after every stage here, and half term has passed.",
    said=(
        ReferralStatement("effect", "Nights are unsettled; the question every week is whether there will be another move."),
        ReferralStatement("urgency", "The placement ends in ten weeks. There is no time for another round."),
        ReferralStatement("wishes", "Wants to stay, and has said so at two reviews and in a letter."),
        ReferralStatement("outcome", "A plan of permanence, written and begun, within four weeks."),
        ReferralStatement("guardian", applies=False),
    ),
    includes=(1,),
)
"""One for each authority, where the ladder asks the IRO to decide: its bundle can be taken and checked."""


def tell_story(service: Service, now: datetime, say: Say) -> int:
    """Tell the whole story up to `now` (aware UTC). Returns how many items there are."""
    # The story's clock leaps; only a running service is held to account for being away.
    casework = Casework(
        service.store, service.casework.procedures, service.casework.keeper, service.casework.chance, timedelta(days=36_500)
    )
    items = 0
    to_see: list[tuple[str, SceneToSee]] = []
    for part in CAST:
        seed_scene(service, part, now)
        with service.store.read(part.key) as connection:
            every = casework.procedures.current(connection, part.key)
            cast = SceneCast(connection, every[0].authority, now)
        begun = items
        for rules in every:
            items += _Teller(service, casework, part, cast, rules, now).tell()
        formal = next(rules for rules in every if ItemType.FORMAL in rules.ladder.items)
        between, scenes = ReviewScenes(service, casework, every, cast, now).tell()
        watched, more = WatchedScenes(service, casework, every, cast, now).tell()
        items += between + watched
        scenes += more
        trust = TrustScenes(service, casework, formal, now)
        scenes += trust.tell() + PracticeScenes(service, casework, formal, now).tell()
        earlier = bring_past(service, part, every, cast, now)
        said = f"{items - begun} items, at least one in every state of every ladder; {earlier} lines of earlier registers"
        say(f"{every[0].authority.name}: {said}")
        sweep_authority(casework, part.key, now)
        # What was told in the past was mailed in the past, within the authority's hours.
        deliver_messages(casework, part.key, clock_at(_last_working_noon(every[0], now)), service.sender, most=10_000)
        scenes += trust.pause_sending()
        scenes += tell_voices(casework, part.key, now)
        scenes += ReportScenes(service, casework, every, cast, now).tell()
        items += sum(1 for scene in scenes if scene.reference)
        to_see += [(every[0].authority.name, scene) for scene in scenes]
    for name, scene in to_see:
        say(f"To see, {scene.name}: be {scene.person} of {name}, and open {service.settings.link}{scene.path}")
    return items


def _last_working_noon(rules: Rules, now: datetime) -> datetime:
    day = rules.calendar.working_day_on_or_before(local_date(now) - timedelta(days=1))
    return at_local(day, time(12))


class _Teller:
    """Tells the items of one ladder."""

    def __init__(
        self, service: Service, casework: Casework, part: SceneAuthority, cast: SceneCast, rules: Rules, now: datetime
    ) -> None:
        self._service, self._casework, self._part = service, casework, part
        self._cast, self._rules, self._now = cast, rules, now
        covered = rules.ladder.covers
        looked_after = not covered or Status.LOOKED_AFTER in covered
        self._n = 0
        self._impacts = cycle(IMPACTS)
        self._children = cast.looked_after() if looked_after else cast.children

    def tell(self) -> int:
        """An item for each state, some more that were settled; where a ladder counts hours, some that fall due within minutes."""
        facts = simulate.facts_for(self._rules.ladder)
        start = at_local(local_date(self._now), time(10))
        ways = simulate.shortest_ways(self._rules, facts, start, self._cast.agency_person)
        asked_to_decide = next((f"{stage.key}.asking" for stage in self._rules.ladder.stages if stage.referral), "")
        for n, (state, way) in enumerate(sorted(ways.items())):
            reference = self._walk(way, self._start_of(way, facts), self._child(n))
            if state == asked_to_decide:
                iro = self._cast.holder("iro", str(self._child(n).id))
                self._bring(reference, REFERRAL, iro, self._now - timedelta(minutes=5))
        settled = [ways[Outcome.RESOLVED]] * len(IMPACTS) if Outcome.RESOLVED in ways else []
        for n, way in enumerate(settled):
            self._walk(way, self._start_of(way, facts), self._child(n))
        return len(ways) + len(settled) + self._climbed(facts) + self._due_soon()

    def _child(self, n: int) -> SceneChild:
        """The children in turn; where cases are tracked, of those whose case is not."""
        children = self._children
        if self._rules.ladder.followed is ItemType.TRACKED_CASE:
            with self._service.store.read(self._part.key) as connection:
                children = [one for one in children if find_tracked(connection, self._part.key, one.id) is None]
        return children[n % len(children)]

    def _climbed(self, facts: Facts) -> int:
        """Items that nobody answered, and items that never were answered well enough: what a leader asks after first."""
        told = 0
        for days, is_answered in product(CLIMBED, (False, True)):
            start = self._in_office_hours(days + told)
            way = simulate.way_up(self._rules, facts, start, is_answered, self._cast.agency_person)
            if way and self._stands_today(simulate.play_way(self._rules, way, facts, start, A_DAY)):
                self._walk(way, start, self._child(told), A_DAY)
                told += 1
        return told

    def _start_of(self, way: simulate.Way, facts: Facts) -> datetime:
        for days in BACK:
            start = self._in_office_hours(days)
            try:
                played = simulate.play_way(self._rules, way, facts, start, PAUSE)
            except Refused:
                continue
            if self._stands_today(played):
                return start
        return self._now - PAUSE * (len(way) + 1)

    def _in_office_hours(self, days: int) -> datetime:
        """A moment about so many days ago at which mail leaves, so that who is asked has read it before they answer."""
        day = self._rules.calendar.working_day_on_or_before(local_date(self._now) - timedelta(days=days))
        return min(at_local(day, time(10)), self._now - timedelta(hours=2))

    def _stands_today(self, played: Challenge) -> bool:
        ended = played.last_at or self._now
        return ended <= self._now and all(window.acts_at > self._now for window in played.open_windows())

    def _due_soon(self) -> int:
        """Items whose hours run out in some minutes, so that the heartbeat can be watched at work."""
        first = self._rules.ladder.stages[0]
        length = first.respond_within.length
        if length is None or length.unit is not LengthUnit.HOURS:
            return 0
        soon = (3, 6, 10)
        for n, minutes in enumerate(soon):
            start = self._now - timedelta(hours=length.number) + timedelta(minutes=minutes)
            event = Raised(
                ItemType.INFORMAL,
                (self._rules.authority.themes[0].reasons[0].key,),
                "Due in a few minutes, to watch what happens when the time comes.",
                raiser_role=self._rules.ladder.raisers_of(ItemType.INFORMAL)[0],
            )
            self._walk((simulate.Step(event),), start, self._child(n))
        return len(soon)

    def _walk(self, way: simulate.Way, start: datetime, child: SceneChild, pause: timedelta = PAUSE) -> str:
        reference, now = "", start
        for step in way:
            if step.is_wait:
                self._let_mail_leave(now)
                now = max(now, self._next_acts_at(reference))
                sweep_authority(self._casework, self._part.key, now)
            elif isinstance(step.event, Raised):
                event = simulate.date_step(step, now).event
                assert isinstance(event, Raised)
                reference = self._raise(event, child, now)
            else:
                self._act(reference, step, child, now)
            deliver_messages(self._casework, self._part.key, clock_at(now), self._service.sender)
            now += pause
        return reference

    def _let_mail_leave(self, now: datetime) -> None:
        """What was told in the past was mailed in the past, when sending hours next began: whoever is asked was reached."""
        noon = at_local(self._rules.calendar.working_day_on_or_before(local_date(now)), time(12))
        if noon <= now:
            noon = at_local(self._rules.calendar.working_day_after(local_date(now)), time(9))
        deliver_messages(self._casework, self._part.key, clock_at(noon), self._service.sender)

    def _raise(self, event: Raised, child: SceneChild, now: datetime) -> str:
        event = self._in_other_words(event, local_date(now))
        signed = self._signed(self._cast.holder(event.raiser_role, str(child.id)))
        if self._rules.ladder.followed is ItemType.REVIEW_DECISION:
            return follow_anew(self._service, self._casework, signed, child, event, now)
        if self._rules.ladder.followed is ItemType.TRACKED_CASE:
            agreed = TrackingAgreed(self._rules.ladder.tracking[-1][0], local_date(now))
            with self._service.store.write(self._part.key) as connection:
                done = track_case(connection, self._casework, signed, child.id, child.number, agreed, event.concern, (), now)
            return done.loaded.reference
        answer = self._casework.raise_item(
            signed, child.number, event, now, lambda _, done: {"reference": done.loaded.reference}, ladder=self._rules.ladder.key
        )
        return str(answer["reference"])

    def _signed(self, person: UUID) -> Principal:
        with self._service.store.read(self._part.key) as connection:
            return self._cast.signed(connection, person)

    def _in_other_words(self, event: Raised, day: date) -> Raised:
        """Another concern and reason for each item, so that no two read alike."""
        self._n += 1
        if event.item_type is ItemType.SENIOR_SCRUTINY:
            concern, found = SCRUTINY[self._n % len(SCRUTINY)]
            why = tuple(rule.reason for rule in self._rules.ladder.must_raise if rule.reason)
            return replace(event, reasons=why, concern=concern, effect_on_child=found, took_part=TOOK_PART)
        if self._rules.ladder.is_between_reviews:
            event = replace(event, reasons=(), concern=self._followed_words(), effect_on_child="", outcome_sought="")
            return event if event.happened else replace(event, happened=(("review", day - SINCE_THE_REVIEW),))
        if self._rules.ladder.is_notice:
            return replace(event, concern=PRAISE[self._n % len(PRAISE)])
        reasons = [
            r.key
            for theme in self._rules.authority.themes
            for r in theme.reasons
            if not r.needs_words and r.key not in OF_PRACTICE
        ]
        concern, effect = CONCERNS[self._n % len(CONCERNS)], EFFECTS[self._n % len(EFFECTS)]
        return replace(event, reasons=(reasons[self._n % len(reasons)],), concern=concern, effect_on_child=effect)

    def _followed_words(self) -> str:
        """What is said of something that is followed between reviews, as fits its kind."""
        if self._rules.ladder.followed is ItemType.MID_POINT:
            return "Between the last review and the next."
        words = TRACKED_WHY if self._rules.ladder.followed is ItemType.TRACKED_CASE else DECISIONS
        return words[self._n % len(words)]

    def _act(self, reference: str, step: simulate.Step, child: SceneChild, now: datetime) -> None:
        event = step.event
        assert event is not None
        if isinstance(event, Responded):
            event = replace(event, answer="We agree. The plan will be carried out, and you will hear from us in a week.")
        if isinstance(event, Resolved | EndedUnresolved | Overtaken):
            event = self._with_impact(event)
        with self._service.store.read(self._part.key) as connection:
            loaded = self._loaded(connection, reference)
            if step.part is Playing.RAISER:
                person = self._cast.holder(loaded.challenge.raiser_role, str(child.id))
            else:
                person = UUID(self._asked(connection, loaded, step.roles, local_date(now)))
        self._bring(reference, event, person, now)

    def _asked(self, connection: Connection, loaded: StoredChallenge, roles: Collection[str], day: date) -> str:
        """Who acts in one of some roles: whoever is asked by name, or else the first who holds it."""
        window, about = loaded.challenge.main_window(), loaded.about()
        named = [asked.party.person for asked in window.asked if asked.party.role in roles] if window else []
        places = load_establishment(connection, self._part.key, [about])
        holders = [one for role in roles for one in places.holders(self._rules.authority, role, about, day)]
        return next(one for one in (*named, *holders) if one)

    def _loaded(self, connection: Connection, reference: str) -> StoredChallenge:
        id_ = id_of_reference(connection, self._part.key, reference)
        assert id_ is not None
        return load_challenges(connection, self._part.key, [id_])[id_]

    def _with_impact(self, event: Resolved | EndedUnresolved | Overtaken) -> Event:
        found = next(self._impacts)
        again = local_date(self._now + LOOKED_AGAIN_IN) if found == "too early" else None
        return replace(event, found=found, look_again_on=again)

    def _bring(self, reference: str, event: Event, person: UUID, now: datetime) -> None:
        self._casework.act(self._signed(person), reference, event, now, _nothing)

    def _next_acts_at(self, reference: str) -> datetime:
        with self._service.store.read(self._part.key) as connection:
            return simulate.next_window(self._loaded(connection, reference).challenge).acts_at


def _nothing(connection: object, done: ActionResult) -> dict[str, object]:
    return {}
