"""What somebody wants to raise, before it is kept: about whom, by which procedure, in which capacity, what would come of it."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import Connection

from drp.casework import access, load
from drp.casework.load import StoredChallenge
from drp.casework.procedures import Procedures, choose_ladder
from drp.directory import lookup
from drp.identity import principal
from drp.identity.principal import Principal
from workflows.calendar.working_days import local_date
from workflows.decision import decide as deciding
from workflows.decision import raising
from workflows.decision.decide import RaisedDecision
from workflows.decision.recipients import About, Establishment
from workflows.decision.sensible_days import check_days
from workflows.model.actor import Act, Actor
from workflows.model.authority import Authority, Capacity, HeldFor, Rules
from workflows.model.events import EarlierItem, Event, Raised
from workflows.model.ladder import WITHOUT_CHILD, ItemType
from workflows.model.refusals import NotYours, Unfit


@dataclass(frozen=True)
class RaisingPreview:
    """An item as it would be raised: nothing has been kept yet."""

    rules: Rules
    subject: lookup.ItemSubject
    about: About
    establishment: Establishment
    actor: Actor
    earlier: tuple[EarlierItem, ...]
    decided: RaisedDecision


@dataclass(frozen=True)
class RaisingGround:
    """What is known before anything is decided: about whom, in which capacity, what there was before."""

    procedures: tuple[Rules, ...]
    subject: lookup.ItemSubject
    about: About
    establishment: Establishment
    actor: Actor
    earlier: tuple[EarlierItem, ...]
    """Those about the same child that whoever raises may see."""
    open_count: int = 0
    """How many are open about the child, whoever may see them: that may be said, which they are may not."""

    def rules_for(self, event: Raised, now: datetime, ladder: str = "") -> Rules:
        """The procedure that carries such an item. Raises Unfit where none does."""
        options = [rules for rules in self.procedures if not ladder or rules.ladder.key == ladder]
        if ladder and not options:
            raise Unfit(f"There is no ladder `{ladder}`.", "Leave it out: the authority's file chooses.", "ladder")
        blank = raising.blank_challenge(self.procedures[0], event, self.subject.facts, self.subject.child is not None, now)
        return choose_ladder(options, event.item_type, blank, local_date(now))


def ground_of_raising(
    connection: Connection, procedures: Procedures, signed: Principal, child: str, event: Raised, now: datetime, team: str = ""
) -> RaisingGround:
    """About whom it is, and whether this person may raise it. Raises Refused."""
    authority, day = signed.authority, local_date(now)
    current = procedures.current(connection, authority)
    if not current:
        raise Unfit("This authority has no procedure yet.", "Have its ladder files loaded.", "ladder")
    its_own, role = current[0].authority, event.raiser_role
    # Before the child is looked for: what is said of the role must not tell whether the child exists.
    if not its_own.has_role(role) or all(role not in rules.ladder.raised_by for rules in current):
        raise Unfit(
            f"`{role}` raises nothing under this authority's procedures.", "Name the role you raise it in.", "raiser_role"
        )
    subject = _subject(connection, authority, child, team, event.item_type)
    about = replace(subject.about, raiser=signed.person, raiser_role=event.raiser_role)
    before = load.load_earlier(connection, authority, subject.child) if subject.child else ()
    abouts = [about, *(of_one for one in before for of_one in one.abouts())]
    establishment = load.load_establishment(connection, authority, abouts)
    try:
        actor = access.may_raise(about, its_own, establishment, signed, day)
    except principal.NotPermitted:
        # Whether the child exists is not for somebody to learn who may raise nothing for it.
        if Capacity.IRO in signed.capacities:
            raise NotYours(
                "You do not hold that role for this child.", "Ask their IRO, or have the directory corrected."
            ) from None
        raise Unfit("No such child is known to you.", "Check the case number.", "child") from None
    seen = _those_seen(connection, procedures, signed, before, establishment, day)
    open_count = sum(item.challenge.is_open for item in before)
    return RaisingGround(current, subject, about, establishment, actor, seen, open_count)


def preview_raising(
    connection: Connection, procedures: Procedures, signed: Principal, child: str, event: Raised, now: datetime,
    team: str = "", ladder: str = "",
) -> RaisingPreview:  # fmt: skip
    """Decide what raising it would do; keep nothing. Raises Refused."""
    deciding.check_content(event)
    check_days(event)
    known = ground_of_raising(connection, procedures, signed, child, event, now, team)
    rules, authority, day = known.rules_for(event, now, ladder), signed.authority, local_date(now)
    about, establishment = known.about, known.establishment
    check_chosen(connection, rules.authority, establishment, about, event, day)
    agency = event.agency or lookup.agency_of(connection, authority, [chosen.person for chosen in event.to])
    if agency and not lookup.is_agency(connection, authority, agency):
        raise Unfit(f"There is no agency `{agency}`.", "Name an agency of the directory.", "agency")
    if agency:
        about = replace(about, agency=agency)
        establishment = load.load_establishment(connection, authority, [about])
    complete, facts = replace(event, agency=agency), known.subject.facts
    is_about_child = known.subject.child is not None
    decided = deciding.decide_raise(rules, Act(complete, known.actor), facts, known.earlier, now, is_about_child)
    return RaisingPreview(rules, known.subject, about, establishment, known.actor, known.earlier, decided)


def check_chosen(
    connection: Connection, authority: Authority, establishment: Establishment, about: About, event: Event, day: date
) -> None:
    """Raise Unfit unless everybody whom an event names by person holds that role, for this item, today.

    Somebody of an outside agency: of the agency that the item is for. No address is ever typed (docs/architecture.md rule 14).
    """
    to = getattr(event, "to", ())
    for chosen in to if isinstance(to, tuple) else (to,):
        if not chosen.person or not authority.has_role(chosen.role):
            continue
        if authority.role(chosen.role).held_for is HeldFor.AGENCY:
            agency = lookup.agency_of(connection, authority.key, [chosen.person])
            fits = bool(agency) and agency == (about.agency or agency)
            fits = fits and lookup.holds_role(connection, authority.key, chosen.person, chosen.role, day)
        else:
            fits = chosen.person in establishment.holders(authority, chosen.role, about, day)
        if not fits:
            raise Unfit("That person does not hold that role for this item today.", "Choose somebody from the directory.", "to")


def _subject(connection: Connection, authority: str, child: str, team: str, item_type: ItemType) -> lookup.ItemSubject:
    if child:
        found = lookup.child_by_number(connection, authority, child)
        if found is None:
            raise Unfit("No such child is known to you.", "Check the case number.", "child")
        return found
    if item_type not in WITHOUT_CHILD:
        raise Unfit("This kind of item is about a child.", "Name the child by case number.", "child")
    if not team:
        raise Unfit("Neither a child nor a team is named.", "Name the team that it is about.", "team")
    return lookup.team_as_subject(connection, authority, team)


def _those_seen(
    connection: Connection, procedures: Procedures, signed: Principal, earlier: Sequence[StoredChallenge],
    establishment: Establishment, day: date,
) -> tuple[EarlierItem, ...]:  # fmt: skip
    """Of earlier items those that a person may see."""
    seen = []
    for loaded in earlier:
        challenge = loaded.challenge
        rules = procedures.rules(connection, signed.authority, challenge.ladder_hash, challenge.authority_hash)
        with suppress(access.NotFound, access.AccessEnded):
            on_it = access.actor_on(loaded, rules, establishment, signed.person, day, signed.roles)
            access.check_sees(on_it, lambda: False)
            seen.append(
                EarlierItem(loaded.reference, challenge.item_type, challenge.reasons, challenge.is_open, str(loaded.raiser))
            )
    return tuple(seen)
