"""What people said of the process in a year: kept without a name, and shown from ten answers of a side on."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import Connection, insert
from sqlmodel import col

from drp.database.directory_tables import ChildRow
from drp.database.folding import fold
from drp.database.ids import Randomness
from drp.database.scope import select_of, update_of
from drp.database.voice_tables import VoiceRow
from workflows.model.refusals import Unfit
from workflows.model.voices import LEAST, QUESTIONS, Voice, VoiceSide, check_voice, has_closed


@dataclass(frozen=True)
class VoicesOfSide:
    """How many forms of one side there are in a year; and, where they may be shown, what they say."""

    side: VoiceSide
    number: int
    answers: Mapping[str, Mapping[str, int]] | None
    """By question, how often each answer was given (empty: not answered); None: not shown."""
    words: tuple[tuple[UUID, str], ...] = ()
    """Every line in the order of its letters, with what takes it out; who wrote it, and beside which answers, is not shown."""


def keep_voice(connection: Connection, authority: str, chance: Randomness, voice: Voice, day: date) -> None:
    """Keep a form of a day (Europe/London), and nothing of who filled it in. Raises Unfit, NotOpen."""
    check_voice(voice, day)
    words = " ".join(voice.words.split())
    if _names_a_child(connection, authority, words):
        raise Unfit("The line names a child's number.", "Say it without the number.", "words")
    answers = {key: voice.answers.get(key, "") for key in QUESTIONS}
    row = {"authority": authority, "id": chance.identity(), "year": voice.year, "side": voice.side.value}
    connection.execute(insert(VoiceRow).values(**row, answers=answers, words=words))


def _names_a_child(connection: Connection, authority: str, words: str) -> bool:
    said = {fold(word.strip(".,;:!?()\"'")) for word in words.split()} - {""}
    asked = select_of(ChildRow, authority, ChildRow.id).where(col(ChildRow.number_folded).in_(said)).limit(1)
    return connection.execute(asked).first() is not None


def read_voices(connection: Connection, authority: str, year: int, day: date) -> tuple[VoicesOfSide, ...]:
    """What each side said in a reporting year, as it may be shown on a day: from `LEAST` answers on, once the form has closed."""
    rows = connection.execute(
        select_of(VoiceRow, authority).where(col(VoiceRow.year) == year).order_by(col(VoiceRow.words), col(VoiceRow.id))
    ).all()
    found = []
    for side in VoiceSide:
        own = [row for row in rows if row.side == side.value]
        if len(own) < LEAST or not has_closed(year, day):
            found.append(VoicesOfSide(side, len(own), None))
            continue
        counted = {key: Counter(row.answers.get(key, "") for row in own) for key in QUESTIONS}
        lines = sorted(((row.id, row.words) for row in own if row.words), key=lambda line: (line[1].casefold(), line[1]))
        found.append(VoicesOfSide(side, len(own), counted, tuple(lines)))
    return tuple(found)


def list_voice_years(connection: Connection, authority: str) -> list[int]:
    """The reporting years of which there is any form, the last first."""
    years = connection.execute(select_of(VoiceRow, authority, VoiceRow.year).distinct()).scalars()
    return sorted(years, reverse=True)


def take_words_out(connection: Connection, authority: str, voice: UUID) -> bool:
    """Take the line of words out of a form, for good: it named somebody after all. Its answers stay. False: there was none."""
    line = (col(VoiceRow.id) == voice, col(VoiceRow.words) != "")
    return connection.execute(update_of(VoiceRow, authority).where(*line).values(words="")).rowcount == 1
