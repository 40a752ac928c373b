"""Rows to values: challenges with their windows, and the part of the directory that they need, few queries for many."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping, or_
from sqlmodel import col

from drp.database.challenge_tables import ChallengeRow, LinkRow
from drp.database.folding import fold
from drp.database.gathering import gather_by_key
from drp.database.ids import text_of_identity
from drp.database.json_values import from_json
from drp.database.scope import select_of
from drp.database.statements import CHALLENGE, CHALLENGES, EARLIER_OF_CHILD, ID_OF_REFERENCE, PEOPLE_OF_ITEMS, WINDOWS
from drp.identity.covering import covers_from_rows
from workflows.calendar.working_days import Length, LengthUnit, Promise
from workflows.decision.recipients import About, Establishment, Post
from workflows.decision.relation import at_raising
from workflows.model.authority import HeldFor
from workflows.model.challenge import (
    AskedParty,
    Challenge,
    ClosedAs,
    EnteredHow,
    ExtensionGiven,
    Facts,
    Outcome,
    Party,
    Phase,
    QuoteState,
    ReferralState,
    SecondName,
    StageVisit,
    Window,
    WindowKey,
    WindowKind,
)
from workflows.model.ladder import ItemType, Need, NoReply, Status


@dataclass(frozen=True)
class StoredChallenge:
    """One challenge as it is kept: the value that is decided on, and what the store knows beside it."""

    id: UUID
    reference: str
    version: int
    child: UUID | None
    child_number: str
    child_initials: str
    raiser: UUID
    ladder: str
    challenge: Challenge
    entries: int
    head: str
    told: str = ""

    def about(self) -> About:
        """What it is about, as posts are held."""
        facts = self.challenge.facts
        child = str(self.child) if self.child else ""
        return About(str(self.raiser), self.challenge.raiser_role, child, facts.team, facts.service, self.challenge.agency)

    def abouts(self) -> tuple[About, ...]:
        """The same, and as it was when it was raised."""
        return self.about(), at_raising(self.challenge, self.about())


def load_challenges(
    connection: Connection, authority: str, ids: Sequence[UUID], statement: Any = CHALLENGES
) -> dict[UUID, StoredChallenge]:
    """Challenges by id. `statement` is CHALLENGES, or one of those that keep others from deciding on them meanwhile."""
    rows = connection.execute(statement, {"authority": authority, "ids": ids}).mappings().all()
    return {one.id: one for one in _with_windows(connection, authority, rows)}


def load_challenge(connection: Connection, authority: str, reference: str, statement: Any = CHALLENGE) -> StoredChallenge | None:
    """The challenge of a reference, or None. `statement` is CHALLENGE, or the one that keeps others from deciding on it."""
    if (known := _as_kept(reference)) is None:
        return None
    rows = connection.execute(statement, {"authority": authority, "reference": known}).mappings().all()
    return next(_with_windows(connection, authority, rows), None)


def load_earlier(connection: Connection, authority: str, child: UUID) -> tuple[StoredChallenge, ...]:
    """The challenges about a child, the newest first, as far as they matter to one that is raised."""
    rows = connection.execute(EARLIER_OF_CHILD, {"authority": authority, "child": child}).mappings().all()
    return tuple(_with_windows(connection, authority, rows))


def _with_windows(connection: Connection, authority: str, rows: Sequence[RowMapping]) -> Iterator[StoredChallenge]:
    if not rows:
        return
    windows = gather_by_key(
        (row[0], window_of(row))
        for row in connection.execute(WINDOWS, {"authority": authority, "challenges": [row["id"] for row in rows]})
    )
    by_id = {UUID(str(raw)): tuple(of_one) for raw, of_one in windows.items()}
    yield from (_loaded(row, by_id.get(row["id"], ())) for row in rows)


def id_of_reference(connection: Connection, authority: str, reference: str) -> UUID | None:
    """The id of a reference, or None."""
    if (known := _as_kept(reference)) is None:
        return None
    return connection.execute(ID_OF_REFERENCE, {"authority": authority, "reference": known}).scalar()


def _as_kept(reference: str) -> str | None:
    """A reference as rows have it, however it was typed; None: there can be no such row."""
    reference = fold(reference).upper()
    return reference if reference.isascii() and len(reference) <= 16 else None


def references_of(connection: Connection, authority: str, ids: Collection[UUID]) -> list[str]:
    """The references of some items, in their order."""
    if not ids:
        return []
    query = select_of(ChallengeRow, authority, ChallengeRow.reference).where(col(ChallengeRow.id).in_(ids))
    return list(connection.execute(query.order_by(col(ChallengeRow.reference))).scalars())


def list_siblings(connection: Connection, authority: str, id_: UUID) -> list[str]:
    """List the references of the items that were raised together with one, in their order."""
    here, other = col(LinkRow.challenge), col(LinkRow.other)
    there = select_of(LinkRow, authority, other).where(here == id_)
    back = select_of(LinkRow, authority, here).where(other == id_)
    rows = connection.execute(
        select_of(ChallengeRow, authority, ChallengeRow.reference).where(
            or_(col(ChallengeRow.id).in_(there), col(ChallengeRow.id).in_(back)),
        )
    )
    return sorted(rows.scalars())


def _loaded(row: RowMapping, windows: tuple[Window, ...]) -> StoredChallenge:
    rest = row["rest"]
    phase: Phase | Outcome = Phase(row["phase"]) if row["is_open"] else Outcome(row["phase"])
    challenge = Challenge(
        item_type=ItemType(row["item_type"]),
        raiser_role=row["raiser_role"],
        reasons=tuple(row["reasons"]),
        raised_at=row["raised_at"],
        ladder_hash=row["ladder_hash"],
        authority_hash=row["authority_hash"],
        about_child=row["child"] is not None,
        facts=facts_from_row(rest["facts"]),
        facts_at_raising=facts_from_row(rest["facts_at_raising"]),
        stage=row["stage"],
        phase=phase,
        sequence=row["sequence"],
        highest_stage=row["highest_stage"],
        priority=row["priority"],
        windows=windows,
        visits=tuple(_visit(visit) for visit in rest["visits"]),
        resolve_by=_date(rest["resolve_by"]),
        referral=ReferralState(row["referral"]),
        to_tell=tuple(Party(*party) for party in rest.get("to_tell", ())),  # absent in what earlier releases kept
        actions=rest["actions"],
        meeting_at=_instant(rest["meeting_at"]),
        agency=rest["agency"],
        happened=tuple((what, date.fromisoformat(day)) for what, day in rest["happened"]),
        last_at=row["last_at"],
        ended_at=_instant(rest.get("ended_at")),  # absent in what a replica of an earlier release wrote last
        impact=rest.get("impact", ""),
        taken_over_from=_date(rest.get("taken_over_from")),  # absent in what earlier releases kept
        extension=_extension(rest.get("extension")),  # absent in what earlier releases kept
        item_facts=tuple(rest.get("item_facts", ())),
        updates_every=rest.get("updates_every", 0),
        looks_every=rest.get("looks_every", 0),
        mid_point_done=tuple(rest.get("mid_point_done", ())),
        thanked=row["thanked"],
        quote=QuoteState(row["quote"]),
        quotes_offered=rest.get("quotes_offered", 0),
        quote_agreed=tuple(rest.get("quote_agreed", ())),
        readers=tuple(rest.get("readers", ())),  # absent in what earlier releases kept
        second_name=SecondName(*second) if (second := rest.get("second_name")) else None,
    )
    return StoredChallenge(
        row["id"],
        row["reference"],
        row["version"],
        row["child"],
        row["number"] or "",
        row["initials"] or "",
        row["raiser"],
        row["ladder"],
        challenge,
        row["entries"],
        row["head"],
        row["told"],
    )


def facts_from_row(raw: Mapping[str, Any]) -> Facts:
    """The child's facts as they are kept."""
    return Facts(
        frozenset(Status(status) for status in raw["statuses"]),
        raw["in_plo"],
        raw["in_proceedings"],
        frozenset(raw["facts"]),
        raw["team"],
        raw["service"],
        _date(raw.get("next_review")),  # absent in what earlier releases kept
    )


def _visit(raw: Mapping[str, Any]) -> StageVisit:
    return StageVisit(
        raw["sequence"],
        raw["stage"],
        datetime.fromisoformat(raw["entered_at"]),
        EnteredHow(raw["how"]),
        tuple(Party(*party) for party in raw["told"]),
        tuple(Party(*party) for party in raw["copied"]),
        raw["sent"],
        _date(raw["respond_by"]),
        _instant(raw.get("meeting_at")),  # absent in what earlier releases kept
    )


def _extension(raw: Mapping[str, Any] | None) -> ExtensionGiven | None:
    if raw is None:
        return None
    promise = promise_of(raw["promise"], date.fromisoformat(raw["due"]), datetime.fromisoformat(raw["closes_at"]))
    day = date.fromisoformat(raw["on"])
    return ExtensionGiven(window_key(raw["window"]), promise, NoReply(raw["on_close"]), raw["person"], day)


def _date(raw: str | None) -> date | None:
    return date.fromisoformat(raw) if raw else None


def _instant(raw: str | None) -> datetime | None:
    return datetime.fromisoformat(raw) if raw else None


def window_of(row: Sequence[Any]) -> Window:
    """A window as it is kept: a row of WINDOWS."""
    (
        _, sequence, kind, n, parent, owner_role, owner_person, due, closes_at, acts_at, opened_at, closed_at, closed_as,
        held_since, on_close, answer, times_told, climb_waits, asked, promise,
    ) = row  # fmt: skip
    return Window(
        WindowKey(sequence, _KINDS[kind], n), Party(owner_role, owner_person), _promise_kept(promise, due, closes_at), acts_at,
        opened_at, tuple(_asked(one) for one in asked), _NEEDS[answer], _POLICIES[on_close],
        window_key(parent) if parent else None, closed_at, _CLOSINGS[closed_as], held_since, times_told, climb_waits,
    )  # fmt: skip


# By their values: to ask an enumeration for its member takes longer than to read the row.
_HELD_FOR = {one.value: one for one in HeldFor}
_KINDS = {one.value: one for one in WindowKind}
_NEEDS = {one.value: one for one in Need}
_POLICIES = {one.value: one for one in NoReply}
_CLOSINGS = {one.value: one for one in ClosedAs}


@lru_cache(maxsize=8192)
def _promise_kept(text: str, due: date, closes_at: datetime) -> Promise:
    return promise_of(from_json(text), due, closes_at)


def window_key(text: str) -> WindowKey:
    """A window's name from the text of it that rows keep."""
    sequence, kind, n = text.split("/")
    return WindowKey(int(sequence), WindowKind(kind), int(n))


def promise_of(raw: Mapping[str, Any], due: date, closes_at: datetime) -> Promise:
    """A promise from its numbers."""
    return Promise(
        length=Length(raw["length"][0], LengthUnit(raw["length"][1])) if raw["length"] else None,
        counts_from=date.fromisoformat(raw["counts_from"]),
        due=due,
        closes_at=closes_at,
        counted=tuple(date.fromisoformat(day) for day in raw["counted"]),
        skipped=tuple((date.fromisoformat(day), why) for day, why in raw["skipped"]),
        expected=raw["expected"],
        announced_to=date.fromisoformat(raw["announced_to"]),
        calendar=raw["calendar"],
        tzdata=raw["tzdata"],
        since=_instant(raw["since"]),
    )


def _asked(raw: Mapping[str, Any]) -> AskedParty:
    return AskedParty(
        Party(raw["role"], raw["person"]),
        _instant(raw["acknowledged_at"]),
        _instant(raw["answered_at"]),
        raw["answer"],
        raw["late"],
        _date(raw.get("told_on")),  # these three are absent in what earlier releases kept
        raw.get("unreached", False),
        _date(raw.get("reminded_on")),
    )


def load_establishment(connection: Connection, authority: str, abouts: Iterable[About]) -> Establishment:
    """The posts and covers that some items need: the authority's own, and those of their teams, services, children, agencies.

    Ended posts come too: independence asks who was in the line at the time (docs/architecture.md rule 10).
    """
    listed = list(abouts)
    kinds = (HeldFor.TEAM, HeldFor.SERVICE, HeldFor.CHILD, HeldFor.AGENCY)
    keys = ((about.team, about.service, about.child, about.agency) for about in listed)
    places = {(kind.value, key) for four in keys for kind, key in zip(kinds, four, strict=True) if key}
    asked = {
        "authority": authority,
        "places": [(HeldFor.AUTHORITY.value, ""), *sorted(places)],
        "raisers": [UUID(raiser) for raiser in sorted({about.raiser for about in listed} - {""})],
    }
    posts: list[Post] = []
    others: list[Any] = []
    for row in connection.execute(PEOPLE_OF_ITEMS, asked):
        what, role, held_for, key, person, _, _, since, until = row
        if what == "post":
            posts.append(Post(role, _HELD_FOR[held_for], key, text_of_identity(person), since, until))
        else:
            others.append(row)
    return Establishment(tuple(posts), covers_from_rows(others))
