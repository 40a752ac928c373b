"""Posts and covers from a day on: what a file lists against what stands. The past is not rewritten, nothing is deleted. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TypeVar

from drp.directory.values import PostHolding, StandIn, is_over, runs_on

Span = TypeVar("Span", PostHolding, StandIn)


@dataclass(frozen=True)
class ListedSpan:
    """Days that a file lists, both ends counting. `since` None: it stands today, however long it has."""

    since: date | None
    until: date | None = None


def settle_spans(wanted: Iterable[ListedSpan], standing: Sequence[Span], blank: Span, day: date) -> tuple[Span, ...]:
    """The spans of one person in one place after an import on `day`.

    Listed and standing: its end is what the file says; its beginning stays once it is past. Standing and not listed any
    more: it ends the day before. Listed and ended before: it is taken up again, from `day` unless it ended only yesterday.
    Wanted spans must not overlap. `blank` is a span of that person and place, not stored yet.
    """
    wanted = sorted(wanted, key=lambda w: (w.until is not None and w.until < day, w.since or date.min))
    named = {want.since for want in wanted}
    left = list(standing)
    found: list[Span] = []

    def take(span: Span, since: date, until: date | None) -> None:
        left.remove(span)
        found.append(replace(span, since=since, until=until))

    for want in wanted:
        since = want.since or day
        if want.until is not None and want.until < day:
            same = _ended_alike(left, since, want.until)
            if same is not None:
                take(same, same.since, want.until)
            elif not _holds_already(left + found, since, want.until):
                found.append(replace(blank, since=since, until=want.until))
        elif want.since is not None and want.since > day:
            coming = _live([span for span in left if span.since > day], want.since, named, day)
            if coming is not None:
                take(coming, since, want.until)
            else:
                found.append(replace(blank, since=since, until=want.until))
        elif (running := _live(left, want.since, named, day)) is not None:
            take(running, running.since if running.since <= day else since, want.until)
        else:
            yesterday = day - timedelta(days=1)
            ended = next((span for span in left if want.since in (None, span.since) and span.until == yesterday), None)
            if ended is not None:
                take(ended, ended.since, want.until)
            else:
                again = any(is_over(span, day) and (want.since or day) <= (span.until or day) for span in left)
                found.append(replace(blank, since=day if again else since, until=want.until))
    for span in left:
        found.append(span if is_over(span, day) else ended_before(span, day))
    return tuple(found)


def ended_before(span: Span, day: date) -> Span:
    """The span, over the day before; one that had not begun never will."""
    return replace(span, until=day - timedelta(days=1))


def _live(spans: Iterable[Span], since: date | None, named: set[date | None], day: date) -> Span | None:
    """The span not yet over that a row speaks of: of the same beginning, else one that no other row names by its own."""
    live = [span for span in spans if not is_over(span, day)]
    exact = [span for span in live if span.since == since]
    others = sorted((span for span in live if span.since not in named), key=lambda span: not runs_on(span, day))
    return next(iter(exact or others), None)


def _ended_alike(spans: Iterable[Span], since: date, until: date) -> Span | None:
    """The standing span that a row about the past speaks of: of the same beginning, else one that ran to its end."""
    listed = [span for span in spans if span.until is None or span.since <= span.until]
    exact = [span for span in listed if span.since == since]
    running = [span for span in listed if span.since <= until and span.until is None]
    return next(iter(exact or running), None)


def _holds_already(spans: Iterable[Span], since: date, until: date) -> bool:
    return any(span.since <= until and (span.until is None or since <= span.until) for span in spans)
