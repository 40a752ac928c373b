"""The parts of a report, each from the record: sentences that state what was counted, and tables that open their items."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from drp.reports import between_reviews, repeats_and_gaps, response_times
from drp.reports.aggregate import CountQuery, Dimension, count_items
from drp.reports.between_reviews import DECISION, FollowedFigures
from drp.reports.percentages import change_in_percent, signed_number
from drp.reports.theme_tables import GOOD, PRACTICE, TableQuestion, break_between, read_table
from drp.reports.what_changed import WhatMoved, find_movements, stretch_of
from drp.timeline.read import list_items_with
from drp.written_reports.contents import ReportFigure, ReportPart, ReportTable
from drp.written_reports.report_kinds import PARTS
from drp.written_reports.report_tables import (
    ReportCounting,
    compared_table,
    crossed_table,
    number_figure,
    plain_table,
    text_figure,
)
from workflows.calendar.report_periods import ReportPeriod
from workflows.calendar.working_days import local_midnight_after, long_date, so_many
from workflows.model.challenge import Outcome
from workflows.model.ladder import ItemType
from workflows.model.register_entry import OPEN

MOST_TOLD = 5
"""Of what moved beyond chance, and of what comes back, how many are told."""

ONE_DAY = timedelta(days=1)


def moments_of(period: ReportPeriod) -> tuple[datetime, datetime]:
    """The instants (UTC) at which a period begins and is over in London."""
    days = stretch_of(period)
    return local_midnight_after(days.first - ONE_DAY), local_midnight_after(days.last)


def part_of(key: str, *sentences: str, tables: tuple[ReportTable, ...] = ()) -> ReportPart:
    """A part with its title."""
    return ReportPart(key=key, title=PARTS[key], sentences=list(sentences), tables=list(tables))


def compare_in_words(counting: ReportCounting, before: ReportPeriod, now: int, then: int) -> str:
    """One period beside another, with the arithmetic."""
    more = f" ({signed_number(now - then)}, {change_in_percent(now, then)})" if then and now != then else ""
    text = f"Raised in {counting.period.in_short()}: {now:,}; in {before.in_short()}: {then:,}{more}."
    if broken := break_between(counting.labels, before.first, counting.period.first):
        text += f" The two are not to be compared: {broken.why}"
    return text


def moved_in_words(moved: WhatMoved, thing: str) -> list[str]:
    """What moved beyond chance, a sentence each, and how many comparisons that is of."""
    if moved.broken:
        return [f"No reasons are compared: recording changed between the two periods. {moved.broken}"]
    if not moved.compared:
        return []
    told = [
        f"“{one.heading.label}”: {one.now:,} after {one.before:,}, {'more' if one.is_more else 'fewer'} than chance explains."
        for one in moved.told[:MOST_TOLD]
    ]
    compared = so_many(len(moved.compared), f"{thing}s")
    if not told:
        return [f"No {thing} moved beyond chance ({compared} compared, at 95%)."]
    return [*told, f"{compared.capitalize()} compared at 95%: at most one in twenty would differ by chance alone."]


def _changed(counting: ReportCounting) -> ReportPart:
    before, year = counting.period.before(), counting.period.year_before()
    totals = {
        one: read_table(counting.connection, counting.labels, counting.question(Dimension.STAGE, period=one)).items
        for one in (counting.period, before, year)
    }
    now = totals[counting.period]
    sentences = [compare_in_words(counting, before, now, totals[before])]
    if before != year:
        sentences.append(compare_in_words(counting, year, now, totals[year]))
    moved = find_movements(
        counting.connection, counting.labels, Dimension.REASON, stretch_of(counting.period), stretch_of(before)
    )
    sentences.append(
        "Fewer or more challenges are not by themselves better or worse: they also show that IROs look, and say what they see."
    )
    return part_of("changed", *sentences, *moved_in_words(moved, "reason"))


def _stages(counting: ReportCounting) -> ReportPart:
    table = compared_table(counting, "stages", Dimension.STAGE, "Challenges by the highest stage that they reached", drawn=True)
    alone = ["Only what was raised about partner agencies is counted here."] if counting.only else []
    return part_of("stages", *alone, tables=(table,))


def _reasons(counting: ReportCounting) -> ReportPart:
    return part_of("reasons", tables=(compared_table(counting, "reasons", Dimension.REASON, "Challenges by reason", drawn=True),))


def _outcomes(counting: ReportCounting) -> ReportPart:
    return part_of("outcomes", tables=(compared_table(counting, "outcomes", Dimension.OUTCOME, "How they ended, or stand"),))


def _impact(counting: ReportCounting) -> ReportPart:
    """What IROs recorded, by stage, beside how many have nothing recorded: no cause is claimed."""
    made = read_table(counting.connection, counting.labels, counting.question(Dimension.IMPACT))
    found = {row.key: made.cell(row) for row in made.rows}
    known = sum(number for key, number in found.items() if key and key != "too early")
    good = sum(found.get(key, 0) for key in GOOD)
    left = made.items - known
    nothing = f"Of {left:,} nothing is recorded yet, or it was too early to say. " if left else ""
    said = (
        f"IROs recorded that it got better, or partly better, for the child in {good:,} of the {known:,} of which they said it. "
        f"{nothing}"
        "What is recorded is what the IRO saw afterwards: no cause is claimed."
        if known
        else f"Of none of {so_many(made.items, 'items')} an IRO has recorded yet what changed for the child."
    )
    if counting.is_published:  # the whole authority's totals alone
        table = compared_table(counting, "impact", Dimension.IMPACT, "What changed for the child")
    else:
        table = crossed_table(counting, "impact", Dimension.STAGE, Dimension.IMPACT, "What changed, by highest stage")
    return part_of("impact", said, tables=(table,))


def _replies(counting: ReportCounting) -> ReportPart:
    headings = ["Stage", "Asked", "In time", "In time, %", "Late", "None", "Not reached", "Median days to reply"]
    rows = []
    for one in response_times.response_times_by_stage(counting.connection, counting.labels, counting.question(Dimension.STAGE)):
        came = {"came_to": one.stage.key, "came_since": counting.period.first, "came_until": counting.period.last}
        came |= {by.value: key for by, key in counting.narrowed()}

        def figure(number: int, reply: str, came: Mapping[str, str] = came) -> ReportFigure:
            return number_figure(number, {**came, "reply": reply})

        days = one.days_to_answer
        rows.append(
            (
                one.stage.key,
                one.stage.label,
                [
                    figure(one.asked, "asked"), figure(one.in_time, "in time"), text_figure(one.share_in_time),
                    figure(one.late, "late"), figure(one.none, "none"), figure(one.not_reached, "not reached"),
                    text_figure("" if days is None else f"{days:g}"),
                ],
            )
        )  # fmt: skip
    if not rows:
        return part_of("replies", "No reply was asked for in this period.")
    said = (
        "A reply is in time by the day that was promised for it. Days are counted with weekends. "
        "Whoever was not reached in good time has not failed to reply."
    )
    return part_of("replies", said, tables=(plain_table("replies", "Replies by stage", headings, rows),))


CAFCASS_ENTRIES = {
    "referral_considered": "A referral was considered",
    "referred_to_cafcass": "A referral was made",
    "referral_outcome": "Cafcass said what came of it",
}


def _referrals(counting: ReportCounting) -> ReportPart:
    when = moments_of(counting.period)
    found = {kind: list_items_with(counting.connection, counting.authority, kind, *when) for kind in CAFCASS_ENTRIES}
    rows = [(kind, CAFCASS_ENTRIES[kind], [number_figure(len(found[kind]))]) for kind in CAFCASS_ENTRIES]
    table = plain_table(
        "referrals", "Items on which it happened in the period", ["What happened", counting.period.in_short()], rows
    )
    listed = "" if counting.is_published else ", ".join(found["referred_to_cafcass"])
    made = len(found["referred_to_cafcass"])
    said = f"A referral to Cafcass was made on {so_many(made, 'items')}" if made else "No referral was made"
    return part_of("referrals", f"{said}{f' ({listed})' if listed else ''}.", tables=(table,))


def _teams(counting: ReportCounting) -> ReportPart:
    tables = (
        crossed_table(counting, "services", Dimension.SERVICE, Dimension.STAGE, "Services, by highest stage"),
        crossed_table(counting, "teams", Dimension.TEAM, Dimension.STAGE, "Teams, by highest stage"),
    )
    said = (
        "A team about which nothing is raised is not thereby a team in which nothing is wrong. "
        "Numbers are true and small: this part is not to be published."
    )
    return part_of("teams", said, tables=tables)


def _children(counting: ReportCounting) -> ReportPart:
    """The one table of what may be published that crosses a child's characteristic: of whole reporting years alone."""
    if not counting.period.is_year:
        return part_of("children", "Tables that cross something about a child are published for whole reporting years alone.")
    table = crossed_table(counting, "children", Dimension.STATUS, Dimension.STAGE, "Children's status, by highest stage")
    if len(table.lines) < 3:  # one status, and all: the authority's own totals say as much
        return part_of("children", "All that was raised was about children of one status: no table crosses anything.")
    return part_of("children", tables=(table,))


def _comes_back(counting: ReportCounting) -> ReportPart:
    found = repeats_and_gaps.repeated_concerns(counting.connection, counting.labels, counting.question(Dimension.REASON))
    if not found:
        return part_of("comes_back", "No concern was raised twice about the same child in the period and left unresolved.")
    quiet = sum(not one.has_climbed for one in found)
    said = (
        f"{so_many(len(found), 'concerns')} {'was' if len(found) == 1 else 'were'} raised twice or more about the same child "
        f"and not resolved; {quiet} of them never escalated."
    )
    rows = [(f"{n}", one.reason.label, [number_figure(len(one.references))]) for n, one in enumerate(found[:MOST_TOLD])]
    table = plain_table("comes_back", "Raised most often", ["Reason", "Times"], rows)
    return part_of("comes_back", said, tables=(table,))


def _between(counting: ReportCounting) -> ReportPart:
    question = TableQuestion(Dimension.TEAM, None, counting.period.first, counting.period.last)
    found = between_reviews.figures_of_decisions(counting.connection, counting.labels, question, Dimension.TEAM, counting.today)
    figures = [one for one in found if not counting.team or one.heading.key == counting.team]
    if not figures:
        return part_of("between", "No review decision was followed in the period.")

    def line(one: FollowedFigures) -> tuple[str, str, list[ReportFigure]]:
        of = {"kind": DECISION, "since": question.first, "until": question.last, Dimension.TEAM.value: one.heading.key}
        ends = {"outcome": Outcome.RESOLVED.value}, {"outcome": Outcome.ENDED.value}, {"outcome": OPEN}
        done, ended, still_open = (
            number_figure(n, of | end) for n, end in zip((one.done, one.ended, one.open), ends, strict=True)
        )
        days = text_figure("" if one.days is None else f"{one.days:g}")
        figures = [number_figure(one.followed, of), done, ended, still_open, number_figure(one.past), days]
        return one.heading.key or "-", one.heading.label, figures

    headings = ["Team", "Followed", "Done", "Ended, not done", "Open", "Past their day", "Median days until done"]
    return part_of(
        "between", tables=(plain_table("between", "Review decisions that are followed", headings, map(line, figures)),)
    )


def _examples(counting: ReportCounting) -> ReportPart:
    return part_of("examples")


def _practice(counting: ReportCounting) -> ReportPart:
    only = ((Dimension.TEAM, (counting.team,)),) if counting.team else ()
    asked = CountQuery(Dimension.MONTH, None, counting.period.first, counting.period.last, only, (PRACTICE,))
    number = count_items(counting.connection, counting.authority, asked).items
    notices = f"{so_many(number, 'notices')} of {counting.labels.words.label('excellent_practice')}"
    return part_of("practice", f"{notices} {'was' if number == 1 else 'were'} given." if number else "No notice was given.")


def _learning(counting: ReportCounting) -> ReportPart:
    """How often something was learned and told. The words are the item's own: the manager writes what may be said."""
    when = moments_of(counting.period)
    number = len(list_items_with(counting.connection, counting.authority, "learning_noted", *when, counting.team))
    if not number:
        return part_of("learning", "No learning was noted on an item in the period.")
    return part_of("learning", f"What was learned was noted on {so_many(number, 'items')}, and who was told of it.")


def _about_us(counting: ReportCounting) -> ReportPart:
    """Never empty by silence: that nothing was raised is said."""
    about = ((Dimension.ITEM_TYPE, (ItemType.ABOUT_IRO_SERVICE.value,)),)
    asked = CountQuery(Dimension.OUTCOME, None, counting.period.first, counting.period.last, about)
    counted = count_items(counting.connection, counting.authority, asked)
    if not counted.items:
        return part_of("about_us", "Nothing was raised about the IRO service in this period.")
    item = {"item_type": ItemType.ABOUT_IRO_SERVICE.value}
    period = {"since": counting.period.first, "until": counting.period.last}
    rows = [
        (heading.key, heading.label, [number_figure(counted.cells[heading.key, ""], {**period, **item, "outcome": heading.key})])
        for heading in counting.labels.headings(Dimension.OUTCOME, [key for key, _ in counted.cells])
    ]
    table = plain_table(
        "about_us", "Raised about the IRO service, and how it stands", ["How it stands", counting.period.in_short()], rows
    )
    verb = "was" if counted.items == 1 else "were"
    return part_of("about_us", f"{so_many(counted.items, 'items')} {verb} raised about the IRO service.", tables=(table,))


def _remains(counting: ReportCounting) -> ReportPart:
    narrowed = counting.narrowed()
    standing = TableQuestion(Dimension.STAGE, None, "", "", (*narrowed, (Dimension.OUTCOME, OPEN)))
    still_open = read_table(counting.connection, counting.labels, standing).items
    late = repeats_and_gaps.past_date(
        counting.connection, counting.labels, counting.now, TableQuestion(Dimension.STAGE, only=narrowed)
    )
    past = sum(one.items for one in late)
    waits = "; ".join(f"{one.stage.label}: {one.items}" for one in late)
    are = "is" if still_open == 1 else "are"
    said = f"{so_many(still_open, 'challenges')} of any period {are} open" if still_open else "no challenge is open"
    behind = f"; {past} of them wait for a reply past its date ({waits})" if past else "; none waits for a reply past its date"
    day = long_date(counting.today)
    return part_of("remains", f"On {day}, when this was counted: {said}{behind if still_open else ''}.")


COUNTED: Mapping[str, Callable[[ReportCounting], ReportPart]] = {
    "changed": _changed,
    "stages": _stages,
    "reasons": _reasons,
    "outcomes": _outcomes,
    "impact": _impact,
    "replies": _replies,
    "referrals": _referrals,
    "teams": _teams,
    "children": _children,
    "comes_back": _comes_back,
    "between": _between,
    "examples": _examples,
    "practice": _practice,
    "learning": _learning,
    "about_us": _about_us,
    "remains": _remains,
}
"""What counts each part."""
