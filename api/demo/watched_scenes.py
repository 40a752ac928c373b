"""What an IRO watches between two reviews: cases that are tracked, with updates asked for and chased; and the mid-points."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from uuid import UUID

from api.assembly import Service, clock_at
from api.demo.scene import SceneCast, SceneChild
from api.demo.trust_scenes import SceneToSee
from drp.casework.load import load_establishment
from drp.casework.service import ActionResult, Casework
from drp.casework.sweep import sweep_authority
from drp.directory import lookup
from drp.identity.principal import Principal
from drp.reviews.mid_points import ask_at_mid_points, list_mid_points
from drp.reviews.tracking import find_tracked, track_case
from notifications.outbox import deliver_messages
from workflows.calendar.working_days import at_local, local_date
from workflows.model.authority import Rules, rules_that_follow
from workflows.model.events import Event, LookedThrough, MidPointContact, Responded, TrackedDone, TrackingAgreed
from workflows.model.ladder import ItemType

WHY = {
    "high": "The plan of permanence has not moved since the last review, and a hearing waits for it.",
    "medium": "Two decisions of the last review lag, and the placement has had three workers in a year.",
    "low": "Stable, and the plan goes forward.",
}
BEGUN, UPDATE_AFTER, EVERY_WEEKS = timedelta(days=39), timedelta(days=14), 2
UPDATE = Responded("in_part", "The panel has a date. The report for it is still being written.")
HALF_WAY_SINCE = timedelta(days=28)
"""Over how many days the mid-points of this story came."""

PLACEMENT = "Settled with the carers, and at the new school. Time with the brother is wanted more often."


class WatchedScenes:
    """Tells what one authority's IROs watch, in the past before `now` (aware UTC), where its files say that they do."""

    def __init__(self, service: Service, casework: Casework, every: tuple[Rules, ...], cast: SceneCast, now: datetime) -> None:
        self._service, self._casework, self._every, self._cast, self._now = service, casework, every, cast, now
        self._key = every[0].authority.key
        self._to_see: list[SceneToSee] = []

    def tell(self) -> tuple[int, list[SceneToSee]]:
        """Gives how many items were told, and what is to be seen."""
        asks = rules_that_follow(self._every, local_date(self._now), ItemType.MID_POINT) is not None
        return self._track() + (self._half_way() if asks else 0), self._to_see

    # Tracked cases.

    def _track(self) -> int:
        """One case of each priority: the high one's second update is past its date, and has been asked for again."""
        rules = rules_that_follow(self._every, local_date(self._now), ItemType.TRACKED_CASE)
        if rules is None:
            return 0
        began = self._morning(self._now - BEGUN)
        told = 0
        for (priority, _), child in zip(rules.ladder.tracking, self._untracked(), strict=False):
            day = local_date(began)
            first = local_date(self._morning(began + UPDATE_AFTER))
            chosen = {
                "high": TrackingAgreed("high", day, update_by=first, updates_every_weeks=EVERY_WEEKS),
                "medium": TrackingAgreed("medium", day, update_by=first, look_at_file_by=first),
            }.get(priority, TrackingAgreed(priority, day))
            iro = self._iro(child)
            with self._service.store.write(self._key) as connection:
                done = track_case(
                    connection, self._casework, iro, child.id, child.number, chosen, WHY.get(priority, WHY["low"]), (), began
                )
            self._mail(began)
            told += 1
            self._updated(done.loaded.reference, child, chosen, began)
            if priority == "high":
                path = f"/challenges/{done.loaded.reference}"
                self._to_see.append(SceneToSee("an update that is asked for again", iro.name, path, done.loaded.reference))
        self._days_pass(began)
        return told

    def _updated(self, reference: str, child: SceneChild, chosen: TrackingAgreed, began: datetime) -> None:
        if chosen.update_by:
            self._act(self._owner(child, began), reference, UPDATE, at_local(chosen.update_by - timedelta(days=1), time(14)))
        if chosen.look_at_file_by:
            day = chosen.look_at_file_by
            self._act(self._iro(child), reference, TrackedDone("look_at_file", day), at_local(day, time(15)))

    def _days_pass(self, since: datetime) -> None:
        """Each morning's sweep, so that what is past its date was asked for again when it was."""
        for morning in self._mornings(since):
            sweep_authority(self._casework, self._key, morning)
            self._mail(morning)

    def _untracked(self) -> Iterator[SceneChild]:
        for child in self._cast.looked_after():
            with self._service.store.read(self._key) as connection:
                if find_tracked(connection, self._key, child.id) is None:
                    yield child

    # Mid-points.

    def _half_way(self) -> int:
        """The mid-points of some weeks, asked on their days: the first is done, the others wait."""
        before = self._mid_points()
        for morning in self._mornings(self._now - HALF_WAY_SINCE):
            ask_at_mid_points(self._casework, self._key, morning)
            self._mail(morning)
        came = [one for one in self._mid_points() if one not in before]
        for reference, child, raised in came[:1]:
            later = self._morning(raised + timedelta(days=2))
            if later >= self._now:
                continue
            iro = self._iro(next(one for one in self._cast.looked_after() if one.id == child))
            self._act(iro, reference, LookedThrough(local_date(later)), later)
            contact = MidPointContact("in person", local_date(later), alone=True, placement=PLACEMENT)
            self._act(iro, reference, contact, later + timedelta(hours=1))
        waiting = [one for one in came[1:] if one[2] < self._now]
        if waiting:
            iro = self._iro(next(one for one in self._cast.looked_after() if one.id == waiting[0][1]))
            self._to_see.append(SceneToSee("a mid-point between two reviews", iro.name, "/reviews", waiting[0][0]))
        self._days_pass(self._now - HALF_WAY_SINCE)
        return len(came)

    def _mid_points(self) -> list[tuple[str, UUID, datetime]]:
        with self._service.store.read(self._key) as connection:
            return list_mid_points(connection, self._key)

    # Who, and when.

    def _act(self, signed: Principal, reference: str, event: Event, now: datetime) -> None:
        self._casework.act(signed, reference, event, now, _reference)
        self._mail(now)

    def _mail(self, now: datetime) -> None:
        deliver_messages(self._casework, self._key, clock_at(now + timedelta(minutes=5)), self._service.sender)

    def _iro(self, child: SceneChild) -> Principal:
        with self._service.store.read(self._key) as connection:
            return self._cast.signed(connection, self._cast.holder("iro", str(child.id)))

    def _owner(self, child: SceneChild, now: datetime) -> Principal:
        with self._service.store.read(self._key) as connection:
            found = lookup.child_by_number(connection, self._key, child.number)
            assert found is not None
            places = load_establishment(connection, self._key, [found.about])
            (worker, *_) = places.holders(self._cast.authority, "social_worker", found.about, local_date(now))
            return self._cast.signed(connection, UUID(worker))

    def _morning(self, moment: datetime) -> datetime:
        return at_local(self._every[0].calendar.working_day_on_or_before(local_date(moment)), time(9, 30))

    def _mornings(self, since: datetime) -> Iterator[datetime]:
        """Half past nine of each working day from a moment until now."""
        day, calendar = local_date(since), self._every[0].calendar
        while (morning := at_local(day, time(9, 30))) < self._now:
            if calendar.is_working_day(day):
                yield morning
            day += timedelta(days=1)


def _reference(connection: object, done: ActionResult) -> dict[str, object]:
    return {"reference": done.loaded.reference}
