"""For how long the record of a child is kept: by law for a looked-after child, by the authority's own word for others."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from workflows.calendar.working_days import long_date
from workflows.model.authority import Authority
from workflows.model.ladder import Status

FROM_BIRTH = 75
FROM_DEATH = 15
OF_AGE = 18


class KeptAs(StrEnum):
    """The retention class of a child, from every status that they ever had here."""

    LOOKED_AFTER = "looked after"
    CHILD_PROTECTION = "child protection"
    OTHERS = "others"


@dataclass(frozen=True)
class Retention:
    """Until the end of which local day a child's record is kept, and why. None: nobody has said, so it is kept."""

    kept_as: KeptAs
    until: date | None
    why: str

    def is_over(self, today: date) -> bool:
        """May it be reviewed for erasure?"""
        return self.until is not None and self.until < today


def retention_of(
    authority: Authority, statuses: Collection[Status], born: date, died: date | None, last_contact: date | None
) -> Retention:
    """How long a child's record is kept. `statuses`: all that they ever had here.

    Looked after: until the 75th anniversary of birth, or 15 years after a death before 18 (Care Planning Regulations
    2010, regulation 50). Others: the authority's own years after the last contact.
    """
    if Status.LOOKED_AFTER in statuses:
        until, why = _years_after(born, FROM_BIRTH), f"the {FROM_BIRTH}th anniversary of birth (regulation 50)"
        if died and died < _years_after(born, OF_AGE):
            until = _years_after(died, FROM_DEATH)
            why = f"{FROM_DEATH} years after the death of {long_date(died)} (regulation 50)"
        return Retention(KeptAs.LOOKED_AFTER, until, why)
    is_protection = Status.CHILD_PROTECTION in statuses
    kept_as = KeptAs.CHILD_PROTECTION if is_protection else KeptAs.OTHERS
    years = authority.kept_years[0 if is_protection else 1]
    if years is None:
        return Retention(kept_as, None, f"{authority.name} has not said for how long ({kept_as}): it is kept")
    if last_contact is None:
        return Retention(kept_as, None, "no day of last contact is known: it is kept")
    why = f"{years} years after the last contact on {long_date(last_contact)}"
    return Retention(kept_as, _years_after(last_contact, years), why)


def log_kept_since(authority: Authority, today: date) -> date:
    """The local day from which on readings are kept: each has the authority's whole years, and a day or two more."""
    return _years_after(today, -authority.log_kept_years) - timedelta(days=2)


def _years_after(day: date, years: int) -> date:
    """The anniversary; of 29 February in other years, 1 March: never a day too early."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)
