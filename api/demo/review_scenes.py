"""Between the reviews: what each child's last review decided, what of it is followed, and what became of that."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import cycle
from uuid import UUID

from api.assembly import Service, clock_at
from api.demo.scene import SceneCast, SceneChild
from api.demo.trust_scenes import SceneToSee
from drp.casework.load import load_establishment
from drp.casework.service import ActionResult, Casework
from drp.casework.sweep import sweep_authority
from drp.directory import lookup
from drp.identity.principal import Principal
from drp.reviews import review_register
from drp.reviews.following import HowFollowed, follow_decision
from drp.reviews.review_register import DecisionLine
from notifications.outbox import deliver_messages
from workflows.calendar.working_days import Length, LengthUnit, at_local, local_date, promise_from_date
from workflows.model.authority import Rules, rules_that_follow
from workflows.model.events import Chosen, Event, Judged, Raised, Responded, WindowExtended
from workflows.model.ladder import ItemType, Ladder

DECISIONS = (
    "The health assessment is held, and its plan sent to the carers.",
    "Life-story work begins, with a worker who is named.",
    "Time with the brother every second Saturday is arranged and kept.",
    "The passport application is sent.",
    "The personal education plan is written with the school.",
    "A referral to the dentist is made.",
    "The placement plan is signed by everybody who carries it.",
    "An independent visitor is asked for.",
    "The savings account is opened.",
    "The plan of permanence goes to panel.",
)
SHOWN = "north_yorkshire"
"""The authority whose scenes the README speaks of: there decisions not acted on are the commonest alert."""

OUTSIDE = "The school nurse"
DONE = Responded("agrees", "It is done: the appointment was kept, and the plan is on file.")
NOT_DONE = Responded("disagrees", "Not yet: the clinic has moved it twice. We have asked for another date.")
CAME_OF = ("done", "late", "asked", "made a challenge", "not done", "twice")
"""What became of the decisions that are followed, in turn."""


@dataclass(frozen=True)
class _Followed:
    """One decision that is followed: its item, the child, who was to carry it out."""

    reference: str
    child: SceneChild
    role: str
    due: date


class ReviewScenes:
    """Tells what the reviews of one authority's children decided."""

    def __init__(self, service: Service, casework: Casework, every: tuple[Rules, ...], cast: SceneCast, now: datetime) -> None:
        self._service, self._casework, self._every, self._cast, self._now = service, casework, every, cast, now
        self._key = every[0].authority.key
        self._words = cycle(DECISIONS)
        self._to_see: list[SceneToSee] = []

    def tell(self) -> tuple[int, list[SceneToSee]]:
        """Enter the last review of every child, follow one decision of each. Gives how many items, and what is to be seen."""
        rules = rules_that_follow(self._every, local_date(self._now), ItemType.REVIEW_DECISION)
        items = 0
        for child, came_of in zip(self._cast.looked_after(), cycle(CAME_OF), strict=False):
            with self._service.store.read(self._key) as connection:
                held = lookup.find_last_review(connection, self._key, child.id)
            if held is None or rules is None or held > local_date(self._now):
                continue
            items += self._review(child, held, rules.ladder, came_of)
        return items, self._to_see

    def _review(self, child: SceneChild, held: date, ladder: Ladder, came_of: str) -> int:
        roles = ladder.stages[0].roles_to()
        entered = at_local(held, time(16))
        lines = [
            DecisionLine(next(self._words), str(n), "" if n == 4 else roles[n % 2], OUTSIDE if n == 4 else "", self._due(held, n))
            for n in range(1, 6)
        ]
        iro, casework = self._signed(child, entered), self._casework
        with self._service.store.write(self._key) as connection:
            paper = (self._days_after(held, 4), self._days_after(held, 18) if came_of != "late" else None)
            review_register.note_review(connection, self._key, child.id, held, UUID(iro.person), entered, *paper)
            ids = review_register.add_decisions(
                connection, casework.chance, self._cast.authority, child.id, held, lines, UUID(iro.person), entered
            )
            how = HowFollowed(Chosen(lines[0].owner_role), lines[0].due)
            reference = follow_decision(connection, casework, iro, ids[0], how, entered).loaded.reference
        self._mail(entered)
        assert lines[0].due is not None
        self._became(_Followed(reference, child, lines[0].owner_role, lines[0].due), came_of)
        looked = at_local(self._days_after(held, 12), time(11))
        if looked < self._now:
            with self._service.store.write(self._key) as connection:
                day = local_date(looked)
                review_register.mark_decisions(connection, self._key, child.id, ids[1:2], review_register.DONE, day)
                review_register.mark_decisions(connection, self._key, child.id, ids[2:3], review_register.NOT_DONE, day)
        return 1

    def _became(self, one: _Followed, came_of: str) -> None:
        """What became of it, as far as its time has come."""
        before, after = self._days_before(one.due, 2), at_local(self._days_after(one.due, 1), time(9, 30))
        if came_of in ("done", "not done") and before < self._now:
            self._act(one, DONE if came_of == "done" else NOT_DONE, before, by_owner=True)
            seen = at_local(self._days_after(local_date(before), 1), time(11))
            if came_of == "done" and seen < self._now:
                self._act(one, Judged("enough", what_changed="Seen on file, and heard from the carer.", found="better"), seen)
        if came_of not in ("late", "twice", "made a challenge") or after >= self._now:
            return
        sweep_authority(self._casework, self._key, after)
        self._mail(after)
        if came_of == "late" and self._key == SHOWN:
            self._to_see.append(SceneToSee("a review decision left undone", self._iro(one.child), f"/challenges/{one.reference}"))
        if came_of == "twice":
            again = self._days_after(one.due, 6)
            self._act(one, WindowExtended(again, "The clinic has moved it."), after + timedelta(hours=1))
            passed = at_local(self._days_after(again, 1), time(9, 30))
            if passed < self._now:
                sweep_authority(self._casework, self._key, passed)
                self._mail(passed)
        if came_of == "made a challenge":
            self._make_challenge(one, after + timedelta(hours=2))

    def _make_challenge(self, one: _Followed, now: datetime) -> None:
        kinds = [rules.ladder for rules in self._every if ItemType.FORMAL in rules.ladder.items]
        reasons = [r.key for theme in self._cast.authority.themes for r in theme.reasons if not r.needs_words]
        event = Raised(
            ItemType.FORMAL, (reasons[0],), "A decision of the review has not been carried out.",
            "The waiting shows.", "The decision is carried out within the month.",
            raiser_role=kinds[0].raisers_of(ItemType.FORMAL)[0], linked=(one.reference,),
        )  # fmt: skip
        signed = self._signed(one.child, now)
        answer = self._casework.raise_item(signed, one.child.number, event, now, _reference, ladder=kinds[0].key)
        self._mail(now)
        if self._key == SHOWN:
            path, made = f"/challenges/{one.reference}", str(answer["reference"])
            self._to_see.append(SceneToSee("a review decision made a challenge", signed.name, path, made))

    # What people do.

    def _act(self, one: _Followed, event: Event, now: datetime, by_owner: bool = False) -> None:
        signed = self._owner(one, now) if by_owner else self._signed(one.child, now)
        self._casework.act(signed, one.reference, event, now, _reference)
        self._mail(now)

    def _mail(self, now: datetime) -> None:
        deliver_messages(self._casework, self._key, clock_at(now + timedelta(minutes=5)), self._service.sender)

    # Who, and when.

    def _signed(self, child: SceneChild, now: datetime) -> Principal:
        with self._service.store.read(self._key) as connection:
            return self._cast.signed(connection, self._cast.holder("iro", str(child.id)))

    def _iro(self, child: SceneChild) -> str:
        return self._cast.name(self._cast.holder("iro", str(child.id)))

    def _owner(self, one: _Followed, now: datetime) -> Principal:
        with self._service.store.read(self._key) as connection:
            found = lookup.child_by_number(connection, self._key, one.child.number)
            assert found is not None
            places = load_establishment(connection, self._key, [found.about])
            holders = places.holders(self._cast.authority, one.role, found.about, local_date(now))
            return self._cast.signed(connection, UUID(holders[0]))

    def _due(self, held: date, n: int) -> date:
        return self._days_after(held, 10 + 3 * n)

    def _days_after(self, day: date, number: int) -> date:
        return promise_from_date(Length(number, LengthUnit.WORKING_DAYS), day, self._every[0].calendar).due

    def _days_before(self, day: date, number: int) -> datetime:
        for _ in range(number):
            day = self._every[0].calendar.working_day_on_or_before(day - timedelta(days=1))
        return at_local(day, time(10))


def follow_anew(service: Service, casework: Casework, signed: Principal, child: SceneChild, event: Raised, now: datetime) -> str:
    """Follow a decision of a review of the day before, which is put on the register for it. Gives the item's reference."""
    held, by = local_date(now) - timedelta(days=1), UUID(signed.person)
    with service.store.write(signed.authority) as connection:
        words = casework.procedures.current(connection, signed.authority)[0].authority
        review_register.note_review(connection, signed.authority, child.id, held, by, now)
        line = DecisionLine(event.concern, "", event.to[0].role, "", event.respond_by)
        (id_,) = review_register.add_decisions(connection, casework.chance, words, child.id, held, [line], by, now)
        done = follow_decision(connection, casework, signed, id_, HowFollowed(event.to[0], event.respond_by), now)
    return done.loaded.reference


def _reference(connection: object, done: ActionResult) -> dict[str, object]:
    return {"reference": done.loaded.reference}
