"""Is a difference more than chance? Exact Poisson for counts and rates, Wilson for shares, at 95 %.

Of twenty comparisons where nothing differs at most one says so all the same: whoever shows them says how many there were.
"""

from collections.abc import Callable
from math import exp, lgamma, log, sqrt

LEVEL = 0.95
_TAIL = (1 - LEVEL) / 2
_Z = 1.959963984540054
"""Of the normal distribution, at both ends of 95 %."""

_STEPS = 80
"""Halvings of an interval: beyond what a float can tell apart."""


def poisson_interval(count: int) -> tuple[float, float]:
    """Between which two means a count of events is no surprise (exact, two-sided): 5 lies within 1.62 and 11.67."""
    low = _where(lambda mean: 1 - _poisson_up_to(count - 1, mean), _TAIL, 0, count) if count else 0.0
    high = _where(lambda mean: -_poisson_up_to(count, mean), -_TAIL, count, 10 * count + 20)
    return low, high


def _poisson_up_to(count: int, mean: float) -> float:
    if mean <= 0:
        return 1.0
    return sum(exp(n * log(mean) - mean - lgamma(n + 1)) for n in range(count + 1))


def _where(rising: Callable[[float], float], value: float, low: float, high: float) -> float:
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < value else (low, middle)
    return (low + high) / 2


def rate_interval(count: int, children: float) -> tuple[float, float]:
    """The interval of a rate per 100 children. Raises ValueError without children."""
    if children <= 0:
        raise ValueError("a rate is of some children")
    low, high = poisson_interval(count)
    return 100 * low / children, 100 * high / children


def wilson_interval(part: int, whole: int) -> tuple[float, float]:
    """The interval of a share, from 0 to 1; of nothing: all of it."""
    if not whole:
        return 0.0, 1.0
    share, z2 = part / whole, _Z * _Z
    middle = (share + z2 / (2 * whole)) / (1 + z2 / whole)
    half = _Z / (1 + z2 / whole) * sqrt(share * (1 - share) / whole + z2 / (4 * whole * whole))
    return max(0.0, middle - half), min(1.0, middle + half)


def counts_differ(one: int, other: int, of_one: float = 1, of_other: float = 1) -> bool:
    """Do two counts differ beyond chance? `of_one`, `of_other`: days, or children, that they are counts of.

    Exact: given how many there are together, the first is a binomial number with the share of what it is of.
    """
    together = one + other
    if not together or of_one <= 0 or of_other <= 0:
        return False
    share = of_one / (of_one + of_other)
    at_most = _binomial_up_to(one, together, share)
    at_least = 1 - _binomial_up_to(one - 1, together, share)
    return min(at_most, at_least) < _TAIL


def _binomial_up_to(number: int, whole: int, share: float) -> float:
    if number < 0:
        return 0.0
    if number >= whole:
        return 1.0
    ways = lgamma(whole + 1)
    return sum(
        exp(ways - lgamma(n + 1) - lgamma(whole - n + 1) + n * log(share) + (whole - n) * log(1 - share))
        for n in range(number + 1)
    )


def shares_differ(part: int, whole: int, other_part: int, other_whole: int) -> bool:
    """Do two shares differ beyond chance? Only where their intervals do not meet, which is the more careful way."""
    low, high = wilson_interval(part, whole)
    other_low, other_high = wilson_interval(other_part, other_whole)
    return high < other_low or other_high < low if whole and other_whole else False
