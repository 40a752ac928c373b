"""Beyond chance: exact Poisson and Wilson intervals against printed tables, and what is said of a difference."""

import pytest

from drp.reports.chance import counts_differ, poisson_interval, rate_interval, shares_differ, wilson_interval


@pytest.mark.parametrize(
    ("count", "low", "high"),
    # Garwood's exact limits, as printed in tables of confidence limits for Poisson counts.
    [(0, 0.0, 3.689), (1, 0.025, 5.572), (5, 1.623, 11.668), (10, 4.795, 18.390), (20, 12.217, 30.888), (100, 81.364, 121.627)],
)
def test_poisson_limits_are_the_printed_ones(count, low, high):
    assert poisson_interval(count) == pytest.approx((low, high), abs=0.001)


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    # Newcombe 1998, table I: Wilson's score method without continuity correction.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718), (29, 29, 0.8830, 1.0)],
)
def test_wilson_limits_are_the_printed_ones(part, whole, low, high):
    assert wilson_interval(part, whole) == pytest.approx((low, high), abs=0.0001)


def test_counts_differ_only_beyond_chance():
    assert not counts_differ(12, 8)
    assert counts_differ(30, 10)
    assert not counts_differ(30, 10, of_one=90, of_other=30), "three times as many in three times as long is the same"
    assert not counts_differ(0, 0)
    assert counts_differ(0, 6), "a chance of 1 in 64 on either side"
    assert not counts_differ(0, 5)


def test_it_is_the_same_whichever_is_named_first():
    for one in range(12):
        for other in range(12):
            assert counts_differ(one, other, 3, 5) == counts_differ(other, one, 5, 3)


def test_shares_differ_where_their_intervals_do_not_meet():
    assert shares_differ(90, 100, 50, 100)
    assert not shares_differ(9, 10, 5, 10)
    assert not shares_differ(0, 0, 5, 10)


def test_a_rate_is_of_some_children():
    assert rate_interval(5, 100) == pytest.approx((1.623, 11.668), abs=0.001)
    with pytest.raises(ValueError, match="some children"):
        rate_interval(5, 0)


def test_one_in_twenty_differs_by_chance_at_most():
    """Of pairs of counts with the same mean, no more than one in twenty is said to differ: the test is exact."""
    from math import exp, lgamma, log

    mean = 9.0
    chance = [exp(n * log(mean) - mean - lgamma(n + 1)) for n in range(40)]
    wrong = sum(a * b for n, a in enumerate(chance) for m, b in enumerate(chance) if counts_differ(n, m))
    assert wrong <= 0.05
