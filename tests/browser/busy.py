"""A service in the middle of things: one authority with an item in each state in which a page may find it."""

from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from sqlalchemy import update

from drp.database.message_tables import DeliveryRow
from tests.browser.serving import Council, Served
from workflows.calendar.working_days import local_date
from workflows.model import events as e
from workflows.model.authority import Capacity
from workflows.model.ladder import ItemType

PART = "durham_2016"
LONG = "An_unbroken_run_of_letters_as_an_address_pasted_from_elsewhere_would_be/" * 8 + "\n\nAnd then, plainly. " * 150
"""What somebody may write who does not hold back: long, with line ends, and with a word that no line holds."""


@dataclass
class Busy:
    """The items, by the state in which they are, and the people who look at them."""

    served: Served
    council: Council
    items: dict[str, str] = field(default_factory=dict)
    iro: UUID = field(init=False)
    manager: UUID = field(init=False)
    desk: UUID = field(init=False)
    """Business support."""
    head: UUID = field(init=False)
    """The IRO manager."""
    leader: UUID = field(init=False)
    administrator: UUID = field(init=False)
    auditor: UUID = field(init=False)
    copied: UUID = field(init=False)

    def __post_init__(self) -> None:
        council = self.council
        self.iro = council.acting_as(Capacity.IRO)
        self.head, self.desk = council.acting_as(Capacity.IRO_MANAGER), council.acting_as(Capacity.BUSINESS_SUPPORT)
        self.leader, self.administrator = council.acting_as(Capacity.LEADER), council.acting_as(Capacity.ADMINISTRATOR)
        self.auditor = council.acting_as(Capacity.AUDITOR)
        self._tell()
        self.manager = council.asked(self.items["open"])[0]
        self.copied = council.holding("social_worker", self.items["open"])[0]

    def _tell(self) -> None:
        """First what is to be past its date, then time passes, then the rest."""
        council, items, iro = self.council, self.items, self.iro
        acts, today = council.acts, local_date(self.served.now)
        items["late"] = council.raised()
        items["held"] = council.raised(ItemType.INFORMAL)
        items["meeting"] = council.raised(stage="stage_4")
        window = council.loaded(items["late"]).challenge.main_window()
        assert window
        informal = council.loaded(items["held"]).challenge.main_window()
        assert informal
        # The service was away when the talk's answer was due: it is held. The other date has passed this very night.
        council.pass_to(informal.acts_at - timedelta(hours=1))
        council.pass_by_without_the_heartbeat(window.promise.closes_at + timedelta(hours=1))
        items["open"] = council.raised()
        items["answered"] = council.answered()
        acts(iro, items["answered"], e.Noted("Only for us.", iro_service_only=True))
        items["talk"] = council.raised(ItemType.INFORMAL, without_clock=True)
        items["notice"] = council.raised(ItemType.EXCELLENT_PRACTICE)
        items["ended"] = council.answered()
        action = e.Action("The plan is carried out.", today + timedelta(days=30))
        acts(self._asked(items["ended"]), items["ended"], e.Responded("agrees", "We will do more.", (action,)))
        acts(iro, items["ended"], e.Resolved("There is a plan.", today + timedelta(days=60)))
        items["referred"] = council.raised()
        acts(iro, items["referred"], e.ReferredToCafcass(("decision_not_carried_out",), "The decision stands unmet."))
        items["withdrawn"] = council.raised()
        acts(iro, items["withdrawn"], e.Withdrawn("Raised on a misunderstanding."))
        items["sealed"] = council.raised()
        acts(iro, items["sealed"], e.RecordedInError("Raised for the wrong child."))
        items["long"] = council.raised(concern=LONG, effect_on_child=LONG, outcome_sought=LONG)
        for n in range(60):
            acts(iro, items["long"], e.Noted(f"{n}: {LONG[: 40 * n]}"))
        self._mail_came_back(items["open"])

    def _asked(self, reference: str) -> UUID:
        told = self.council.loaded(reference).challenge.visits[0].told
        return self.council.holding(told[0].role, reference)[0]

    def _mail_came_back(self, reference: str) -> None:
        with self.served.service.store.write(PART) as connection:
            connection.execute(
                update(DeliveryRow)
                .where(DeliveryRow.authority == PART, DeliveryRow.challenge == self.council.loaded(reference).id)
                .values(mail="refused", error="550 5.1.1 No such user here, whatever the directory says of it")
            )
