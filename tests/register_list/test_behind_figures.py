"""Behind every figure of a theme table stand exactly as many items as it says, each once, on both engines."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import permutations

import pytest

from drp.database.engine import Store
from drp.register import write
from drp.register.write import EntryChange, EntryToInsert
from drp.reports import aggregate, register_search, response_times, theme_tables
from drp.reports.aggregate import Dimension
from drp.reports.display_labels import DisplayLabels
from drp.reports.register_search import RegisterFilter, RegisterItem
from drp.reports.response_times import CAUSES, HIGHER, REPLIES, VisitFilter
from drp.reports.theme_tables import TableQuestion, asked_of
from tests.cast.councils import DUNMOOR, procedures
from tests.themes.lines import some_lines
from workflows.model.refusals import Unfit
from workflows.model.register_entry import EntryVisit, ReplyState, VisitCause
from workflows.model.reporting import Reporting, StagesTogether

HERE = "dunmoor"
NOW = datetime(2026, 4, 1, 9, tzinfo=UTC)
REPORTING = Reporting(
    stages={"informal": "stage_2"},
    reasons={"worker": "report"},
    together=(StagesTogether("Stages 3 and 4", ("stage_3", "stage_4")),),
)
PERIODS = (("", ""), ("2024-04", "2025-03"), ("2024-07", "2024-12"))


@pytest.fixture
def filled(store: Store) -> Store:
    """Two hundred lines, some of them of nobody's, and another authority's."""
    lines = some_lines(random.Random(7), 200)
    lines = [replace(one, raiser=None) if n % 9 == 0 else one for n, one in enumerate(lines)]
    for authority, entered in ((HERE, lines), ("elsewhere", some_lines(random.Random(8), 30))):
        with store.write(authority) as connection:
            write.write_entries(connection, authority, [EntryChange(one.id, None, one) for one in entered])
    return store


def labels_of(together: bool = False) -> DisplayLabels:
    read = procedures(DUNMOOR)
    words = replace(read.authority, reporting=REPORTING)
    return DisplayLabels(words, read.ladders, {("team", "north"): "North", ("team", "south"): "South"}, {}, together)


def walked(
    store: Store, labels: DisplayLabels, wanted: RegisterFilter, sort: str = "raised", most: int = 50
) -> list[RegisterItem]:
    """The whole list, page after page."""
    found: list[RegisterItem] = []
    after = ""
    while True:
        with store.read(HERE) as connection:
            page = register_search.search_register(connection, labels, wanted, NOW, sort, most, after)
        assert len(page.items) <= most
        found += page.items
        after = page.next
        if not after:
            return found


def questions(rng: random.Random, number: int) -> Iterator[TableQuestion]:
    """Any two things, some of them narrowed, some of a period, with and without notices, stages together or not."""
    pairs = [*permutations(Dimension, 2), *((by, None) for by in Dimension)]
    narrowings: tuple[tuple[tuple[Dimension, str], ...], ...] = (
        (),
        (),
        ((Dimension.REASON, "report"),),
        ((Dimension.REASON, "excellent_practice"),),
        ((Dimension.REASON, ""),),
        ((Dimension.THEME, "practice"),),
        ((Dimension.TEAM, ""),),
        ((Dimension.YEAR, "2024"),),
        ((Dimension.QUARTER, "2024-Q2"), (Dimension.STATUS, "looked_after")),
        ((Dimension.IRO, ""),),
        ((Dimension.ITEM_TYPE, "excellent_practice"),),
    )
    for by, across in rng.sample(pairs, number):
        first, last = rng.choice(PERIODS)
        yield TableQuestion(by, across, first, last, rng.choice(narrowings), rng.random() < 0.5, rng.random() < 0.5)


def behind(question: TableQuestion, *keys: tuple[Dimension | None, str]) -> RegisterFilter:
    """What the address behind a cell asks for."""
    return RegisterFilter(replace(question, only=(*question.only, *((by, key) for by, key in keys if by))))


def check(store: Store, seed: int) -> None:
    rng = random.Random(seed)
    for question in questions(rng, 25):
        labels = labels_of(question.together)
        with store.read(HERE) as connection:
            table = theme_tables.read_table(connection, labels, question)
        assert len(walked(store, labels, behind(question))) == table.items, question
        cells = [(row, column) for row in table.rows for column in (None, *table.columns)]
        for row, column in rng.sample(cells, min(len(cells), 6)):
            wanted = behind(question, (question.by, row.key), (question.across if column else None, column.key if column else ""))
            found = walked(store, labels, wanted)
            assert len(found) == len({one.id for one in found}) == table.cell(row, column), (question, row, column)
            with store.read(HERE) as connection:
                assert register_search.count_register(connection, labels, wanted, NOW) == len(found)


@pytest.mark.parametrize("seed", range(3))
def test_behind_each_cell_of_a_table_stand_as_many_items_as_it_says(filled: Store, seed: int) -> None:
    check(filled, seed)


@pytest.mark.parametrize("seed", range(3))
def test_a_list_is_as_long_as_counting_the_lines_says(filled: Store, seed: int) -> None:
    labels = labels_of()
    for question in questions(random.Random(100 + seed), 25):
        found = walked(filled, labels, RegisterFilter(question))
        with filled.read(HERE) as connection:
            asked = [asked_of(labels, question, (question.by, None), kind) for kind in theme_tables.kinds_of(question)]
            assert len(found) == sum(
                aggregate.count_items(connection, HERE, replace(one, kinds=(kind,))).items
                for one, kind in zip(asked, theme_tables.kinds_of(question), strict=True)
            )


def test_planted_an_item_listed_once_for_each_of_its_reasons_is_noticed(filled: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = register_search.filter_conditions

    def each_row(*given):  # type: ignore[no-untyped-def]
        return [one for one in whole(*given) if "is_first" not in str(one).split(" AND ")[0]]

    monkeypatch.setattr(register_search, "filter_conditions", each_row)
    with pytest.raises(AssertionError):
        check(filled, 0)


def test_planted_a_reason_looked_for_among_first_reasons_only_is_noticed(filled: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(register_search, "CODED", ())
    with pytest.raises(AssertionError):
        check(filled, 0)


# Behind the figures of replies, of climbs and of what ended.

STAGES = ("informal", "stage_2", "stage_3", "stage_4")


def with_stays(rng: random.Random, one: EntryToInsert) -> EntryToInsert:
    """Up some stages, some of them twice, each with its reply."""
    stages = [rng.choice(STAGES) for _ in range(rng.randrange(1, 5))]
    replies = (ReplyState.NOT_ASKED, ReplyState.WAITING, ReplyState.IN_TIME, ReplyState.LATE, ReplyState.NONE)
    stays = [
        EntryVisit(
            n, stage, rng.choice((*CAUSES, VisitCause.RAISED)), one.line.raised_on + timedelta(days=50 * n), rng.choice(replies)
        )
        for n, stage in enumerate(stages)
    ]
    return replace(one, line=replace(one.line, stays=tuple(stays)))


def check_stays(store: Store) -> None:
    rng = random.Random(21)
    lines = [with_stays(rng, one) for one in some_lines(rng, 120)]
    with store.write(HERE) as connection:
        write.write_entries(connection, HERE, [EntryChange(one.id, None, one) for one in lines])
    for question in (TableQuestion(Dimension.STAGE), *(one for one in questions(rng, 12) if Dimension.IRO not in dict(one.only))):
        labels = labels_of(question.together)
        first, last = question.first, question.last
        there = {item.id for item in walked(store, labels, RegisterFilter(replace(question, first="", last=""), ended=False))}

        def such(stage: str, replies=None, causes=None, there=there, labels=labels, first=first, last=last):  # type: ignore[no-untyped-def]
            return [
                one.id
                for one in lines
                for stay in one.line.stays
                if one.id in there and labels.heading(Dimension.STAGE, stay.stage).key == stage
                and (not first or f"{stay.entered_on:%Y-%m}" >= first) and (not last or f"{stay.entered_on:%Y-%m}" <= last)
                and (replies is None or stay.reply in replies) and (causes is None or stay.cause in causes)
            ]  # fmt: skip

        def opened(stage: str, reply: str = "", cause: str = "", question=question, labels=labels):  # type: ignore[no-untyped-def]
            came = VisitFilter(stage, reply, cause, question.first, question.last)
            return [item.id for item in walked(store, labels, RegisterFilter(replace(question, first="", last=""), came=came))]

        with store.read(HERE) as connection:
            replies = response_times.response_times_by_stage(connection, labels, question)
            climbs = response_times.escalation_causes(connection, labels, question)
            ended = response_times.to_the_end(connection, labels, question)
        for one in replies:
            numbers = {"asked": one.asked, "in time": one.in_time, "late": one.late, "none": one.none, "waiting": one.waiting}
            for reply, number in numbers.items():
                stays = such(one.stage.key, replies=REPLIES[reply][1])
                assert len(stays) == number
                found = opened(one.stage.key, reply=reply)
                assert len(found) == len(set(found))
                assert set(found) == set(stays), (question, one.stage, reply)
        for climb in climbs:
            for cause, number in (*climb.causes.items(), (HIGHER, climb.items)):
                stays = such(climb.stage.key, causes=[*CAUSES] if cause == HIGHER else [cause])
                assert len(stays) == number
                assert set(opened(climb.stage.key, cause=cause)) == set(stays), (question, climb.stage, cause)
        for end in ended:
            at = replace(question, only=(*question.only, (Dimension.STAGE, end.stage.key)))
            assert len(walked(store, labels, RegisterFilter(at, ended=True))) == end.items, (question, end)


def test_behind_replies_climbs_and_ends_stand_the_items_that_they_count(store: Store) -> None:
    check_stays(store)


def test_planted_replies_of_any_stage_are_noticed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = response_times.ids_of_visits
    monkeypatch.setattr(response_times, "ids_of_visits", lambda labels, one, kinds: whole(labels, replace(one, stage=""), kinds))
    with pytest.raises(AssertionError):
        check_stays(store)


@pytest.mark.parametrize("sort", register_search.SORTS)
def test_each_item_is_on_one_page_once_in_the_order_asked_for(filled: Store, sort: str) -> None:
    labels, wanted = labels_of(), RegisterFilter(TableQuestion(Dimension.STAGE), kind="all")
    whole = walked(filled, labels, wanted, sort, most=500)
    assert len(whole) == 200
    assert walked(filled, labels, wanted, sort, most=7) == whole
    by = {
        "raised": lambda one: -one.raised_on.toordinal(),
        "raised_up": lambda one: one.raised_on,
        "ended": lambda one: -(one.ended_on or date.min).toordinal(),
        "stage": lambda one: [heading.key for heading in labels.every(Dimension.STAGE)].index(
            labels.heading(Dimension.STAGE, one.stage).key
        ),
        "team": lambda one: {"north": 0, "south": 1}.get(one.team, 2),
        "reference": None,
    }[sort]
    if by:
        assert [by(one) for one in whole] == sorted(by(one) for one in whole)


def test_what_comes_in_meanwhile_neither_repeats_nor_hides_a_line(filled: Store) -> None:
    labels, wanted = labels_of(), RegisterFilter(TableQuestion(Dimension.STAGE), kind="all")
    with filled.read(HERE) as connection:
        page = register_search.search_register(connection, labels, wanted, NOW, "raised", 50)
    new: list[EntryToInsert] = some_lines(random.Random(11), 5)
    with filled.write(HERE) as connection:
        write.write_entries(connection, HERE, [EntryChange(one.id, None, one) for one in new])
    rest, after = [], page.next
    while after:
        with filled.read(HERE) as connection:
            further = register_search.search_register(connection, labels, wanted, NOW, "raised", 50, after)
        rest += further.items
        after = further.next
    ids = [one.id for one in (*page.items, *rest)]
    assert len(ids) == len(set(ids))
    assert len({*ids} - {one.id for one in new}) == 200


@pytest.mark.parametrize("place", ["x", "bm8=", "WyJyYWlzZWQiLCAiMjAyNC0wMS0wMSIsICJ4Il0=", "WyJ0ZWFtIiwgMWU5OTksIDEsIDFd", "é"])
def test_a_place_that_was_never_given_is_refused(filled: Store, place: str) -> None:
    with filled.read(HERE) as connection:
        for sort in register_search.SORTS:
            with pytest.raises(Unfit):
                register_search.search_register(
                    connection, labels_of(), RegisterFilter(TableQuestion(Dimension.STAGE)), NOW, sort, 50, place
                )


def test_an_order_or_a_kind_that_does_not_exist_is_refused(filled: Store) -> None:
    with filled.read(HERE) as connection:
        with pytest.raises(Unfit):
            register_search.search_register(
                connection, labels_of(), RegisterFilter(TableQuestion(Dimension.STAGE)), NOW, "child", 50
            )
        with pytest.raises(Unfit):
            register_search.count_register(
                connection, labels_of(), RegisterFilter(TableQuestion(Dimension.STAGE), kind="child"), NOW
            )
