"""Shares and changes, rounded as the reports round them."""

from decimal import ROUND_HALF_UP, Decimal


def percent_of(part: int, whole: int, decimals: int = 2) -> str:
    """`part` of `whole` per cent: 9 of 23 is 39.13%. Empty where there is no whole."""
    return f"{round_as_reports(Decimal(part * 100) / Decimal(whole), decimals)}%" if whole else ""


def round_as_reports(number: Decimal, decimals: int) -> Decimal:
    """Rounded as reports round: halves away from nought."""
    return number.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


def change_in_percent(now: int, before: int) -> str:
    """By how much something changed, per cent of what it was, one decimal: −31.7%. Empty where there was nothing before."""
    if not before:
        return ""
    number = round_as_reports(Decimal((now - before) * 100) / Decimal(before), 1)
    return f"{'−' if number < 0 else '+' if number else ''}{abs(number)}%"


def signed_number(number: int) -> str:
    """A whole number with its sign: −52, +3; nothing before nought."""
    return f"{'−' if number < 0 else '+' if number else ''}{abs(number):,}"
