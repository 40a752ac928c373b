"""Versions of procedures: stored whole by hash, read once, the ones in force found by day."""

from collections.abc import Iterable
from datetime import date, datetime
from threading import Lock

from sqlalchemy import Connection, insert, select, update
from sqlmodel import col

from drp.database.authority_tables import AuthorityRow, DocumentRow
from drp.database.scope import select_of, update_of
from drp.database.statements import CURRENT_DOCUMENTS
from workflows.calendar.working_days import Calendar
from workflows.decision.addressing import condition_holds
from workflows.ladder_language import reader
from workflows.model.authority import Authority, Rules, in_force_on, serves_item
from workflows.model.challenge import Challenge
from workflows.model.ladder import TOLD_ONCE, ItemType, Ladder
from workflows.model.refusals import Unfit


class Procedures:
    """Rules by hash. Values never change under a hash, so what was read once is kept for the life of the process.

    `known_rules` holds them, by the hashes of the ladder and of the authority's file; instances may share one dictionary.
    """

    def __init__(self, calendar: Calendar) -> None:
        self.calendar = calendar
        self.known_rules: dict[tuple[str, str], Rules] = {}
        self._calendars: dict[str, Calendar] = {}
        self._one_reads = Lock()

    def seed(self, connection: Connection, read: reader.AuthorityProcedures, now: datetime) -> None:
        """Store an authority's files: new versions are added, none is ever changed; these are the current ones."""
        authority = read.authority
        known = connection.execute(select(col(AuthorityRow.key)).where(col(AuthorityRow.key) == authority.key)).first()
        if known is None:
            connection.execute(
                insert(AuthorityRow).values(
                    key=authority.key, name=authority.name, brake="", label_pack="", last_tick=None, directory_day=None
                )
            )
        stored = self.stored(connection, authority.key)
        connection.execute(update_of(DocumentRow, authority.key).values(is_current=False))
        documents: list[Authority | Ladder] = [authority, *read.ladders]
        for document in (one for one in documents if one.hash not in stored):
            connection.execute(
                insert(DocumentRow).values(
                    authority=authority.key,
                    hash=document.hash,
                    kind="authority" if isinstance(document, Authority) else "ladder",
                    key=document.key,
                    version=document.version,
                    in_force=document.in_force,
                    stored_at=now,
                    is_current=False,  # a text that somebody puts in by itself is never in force (migration 0028)
                    text=read.texts[document.hash],
                )
            )
        here = col(DocumentRow.hash).in_([document.hash for document in documents])
        connection.execute(update_of(DocumentRow, authority.key).where(here).values(is_current=True))

    def note_left_out(self, connection: Connection, authority: str, why: str) -> None:
        """Keep why an authority's own files were left out at this start; empty: they were not."""
        here = update(AuthorityRow).where(col(AuthorityRow.key) == authority)
        connection.execute(here.values(files_left_out=why[:400]))

    def current_hashes(self, connection: Connection, authority: str) -> frozenset[str]:
        """The content hashes of the files that are in force."""
        current = select_of(DocumentRow, authority, DocumentRow.hash).where(col(DocumentRow.is_current))
        return frozenset(connection.execute(current).scalars())

    def stored(self, connection: Connection, authority: str) -> frozenset[str]:
        """The content hashes of every file that was ever loaded for an authority."""
        return frozenset(connection.execute(select_of(DocumentRow, authority, DocumentRow.hash)).scalars())

    def rules(self, connection: Connection, authority: str, ladder_hash: str, authority_hash: str) -> Rules:
        """The rules that a challenge stands under, by the hashes it carries."""
        found = self.known_rules.get((ladder_hash, authority_hash))
        if found is None:
            with self._one_reads:  # a crowd after a start waits for one reading; each reading for itself kept all for seconds
                found = self.known_rules.get((ladder_hash, authority_hash))
                if found is None:
                    found = self._read(connection, authority, ladder_hash, authority_hash)
                    self.known_rules[ladder_hash, authority_hash] = found
        return found

    def _read(self, connection: Connection, authority: str, ladder_hash: str, authority_hash: str) -> Rules:
        wanted = (ladder_hash, authority_hash)
        rows = connection.execute(
            select_of(DocumentRow, authority, DocumentRow.hash, DocumentRow.text).where(col(DocumentRow.hash).in_(wanted))
        ).all()
        texts = {row.hash: row.text for row in rows}
        read = reader.read_procedures({"authority": texts[authority_hash], "ladder": texts[ladder_hash]}, whole=False)
        return Rules(read.ladders[0], read.authority, self._calendar_of(read.authority))

    def _calendar_of(self, authority: Authority) -> Calendar:
        found = self._calendars.get(authority.hash)
        if found is None:
            found = self.calendar
            if authority.closures:
                found = found.closed_also_on(dict(authority.closures), authority.hash[:8])
            self._calendars[authority.hash] = found
        return found

    def current(self, connection: Connection, authority: str) -> tuple[Rules, ...]:
        """The rules of every version of every ladder that the authority's current files hold."""
        rows = connection.execute(CURRENT_DOCUMENTS, {"authority": authority}).all()
        its_own = next((row.hash for row in rows if row.kind == "authority"), None)
        if its_own is None:
            return ()
        return tuple(self.rules(connection, authority, row.hash, its_own) for row in rows if row.kind == "ladder")

    def version(self, connection: Connection, authority: str, ladder: str, version: str) -> Rules:
        """One named version of a ladder. Raises Unfit, naming those that there are."""
        every = [rules for rules in self.current(connection, authority) if rules.ladder.key == ladder]
        for rules in every:
            if rules.ladder.version == version:
                return rules
        listed = ", ".join(rules.ladder.version for rules in every) or "none"
        raise Unfit(f"There is no version {version} of {ladder}.", f"Versions: {listed}.", "version")


def choose_ladder(rules: Iterable[Rules], item_type: ItemType, blank: Challenge, day: date) -> Rules:
    """The ladder that serves an item raised on a day (Europe/London): the first in the authority file's order that fits.

    Raises Unfit where none does, and where several carry what is told once and none is named.
    """
    every = tuple(rules)
    fits: list[Rules] = []
    in_force = {ladder.hash for ladder in in_force_on(day, [one.ladder for one in every])}
    statuses = blank.facts.statuses if blank.about_child else None
    for serves in every[0].authority.serves if every else ():
        for one in every:
            ladder = one.ladder
            if ladder.key != serves.ladder or ladder.hash not in in_force:
                continue
            carries = serves_item(ladder, item_type, blank.raiser_role, statuses)
            if one not in fits and carries and condition_holds(serves.when, blank, one.authority):
                fits.append(one)
    # Of what climbs the authority's file chooses; what is told once says by its ladder at which stage it counts.
    if len(fits) > 1 and item_type in TOLD_ONCE:
        listed = ", ".join(one.ladder.key for one in fits)
        raise Unfit("More than one procedure carries this.", f"Name the one that is meant (`ladder`): {listed}.", "ladder")
    if fits:
        return fits[0]
    kind, whom = item_type.value.replace("_", " "), "this child and raiser" if blank.about_child else "this raiser"
    raise Unfit(
        f"No procedure in force on {day:%-d %B %Y} carries items of the kind “{kind}” for {whom}.",
        f"Choose another kind{', or have the child’s status corrected in the directory' if blank.about_child else ''}.",
        "item_type",
    )
