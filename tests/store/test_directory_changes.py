"""Changes to the directory that a person makes: who may, what makes no sense, and what follows for the open items."""

from collections.abc import Callable
from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import DBAPIError
from sqlmodel import col

from api.jobs import heartbeat
from drp.casework.access import NotFound
from drp.database.authority_tables import AuthorityRow
from drp.database.directory_tables import CoverRow, PersonRow, PostRow
from drp.database.record_tables import AdministeredRow
from drp.database.unavailable import Unavailable
from drp.directory import people
from drp.identity.principal import NotPermitted, Principal
from drp.identity.tokens import NotSigned, principal_of
from drp.staffing import caseloads, changes, cover_changes
from drp.staffing.changes import DirectoryChange
from tests.cast.councils import ELSEWHERE, NORTH, procedures
from tests.cast.world import World
from tests.pages.browser import at_browser
from workflows.model.authority import Authority
from workflows.model.refusals import Unfit

TODAY = date(2026, 4, 1)
"""The world's Wednesday."""


def as_(world: World, person: str, authority: str = "") -> Principal:
    its = procedures(ELSEWHERE).authority if authority else words(world)
    with world.store.read(its.key) as connection:
        return principal_of(connection, its, world.id(person, its.key), world.now)


def words(world: World) -> Authority:
    return procedures(world.council).authority


def cover(world: World, by_whom: str, of: str, by: str, since: date = TODAY, until: date | None = None, **more: bool) -> UUID:
    made = cover_changes.start_cover(
        world.service.casework, as_(world, by_whom), world.now, of=world.id(of), by=world.id(by), since=since, until=until, **more
    )
    changes.tell_open_items(world.service.casework, world.council.key, world.now)
    return made


def hand_over(world: World, by_whom: str, of: str, to: str, since: date = TODAY, children: list[str] | None = None) -> int:
    chosen = None if children is None else {world.child(number) for number in children}
    made = changes.hand_over_cases(
        world.service.casework, as_(world, by_whom), world.now, of=world.id(of), to=world.id(to), since=since, children=chosen
    )
    changes.tell_open_items(world.service.casework, world.council.key, world.now)
    return len(made.cases)


def leaves(world: World, by_whom: str, of: str, last_day: date) -> None:
    changes.record_leaver(world.service.casework, as_(world, by_whom), world.now, of=world.id(of), last_day=last_day)
    changes.tell_open_items(world.service.casework, world.council.key, world.now)


def raised(world: World, child: str = "T-1") -> str:
    """A challenge of Irene's, raised the day before."""
    today = world.now
    world.at("Tue 31 March 2026, 10:00")
    answer = world.as_("irene").raises(child, item_type="formal")
    assert answer.status_code == 201, answer.text
    world.now = today
    return str(answer.json()["reference"])


def iros_of(world: World, child: str, day: date) -> list[str]:
    """Who is a child's IRO on a day."""
    names = {row.id: row.key for row in world.rows(select(PersonRow.id, PersonRow.key))}
    rows = world.rows(
        select(PostRow.person, PostRow.since, PostRow.until).where(PostRow.role == "iro", PostRow.key == str(world.child(child)))
    )
    return sorted(names[row.person] for row in rows if row.since <= day and (row.until is None or row.until >= day))


# Who may.


ASKED = [
    ("irene", DirectoryChange.COVER, "irene"),
    ("tess", DirectoryChange.COVER, "tess"),
    ("irene", DirectoryChange.COVER, "ivor"),
    ("mona", DirectoryChange.COVER, "irene"),
    ("mona", DirectoryChange.COVER, "tess"),
    ("ada", DirectoryChange.COVER, "tess"),
    ("ada", DirectoryChange.COVER, "irene"),
    ("bob", DirectoryChange.COVER, "irene"),
    ("audrey", DirectoryChange.COVER, "irene"),
    ("mona", DirectoryChange.CASELOAD, "irene"),
    ("ada", DirectoryChange.CASELOAD, "irene"),
    ("irene", DirectoryChange.CASELOAD, "irene"),
    ("bob", DirectoryChange.CASELOAD, "irene"),
    ("mona", DirectoryChange.LEAVING, "irene"),
    ("mona", DirectoryChange.LEAVING, "tess"),
    ("ada", DirectoryChange.LEAVING, "tess"),
    ("ada", DirectoryChange.LEAVING, "ada"),
    ("mona", DirectoryChange.LEAVING, "mona"),
    ("irene", DirectoryChange.LEAVING, "irene"),
    ("cora", DirectoryChange.LEAVING, "tess"),
    ("mona", DirectoryChange.ACCESS, "bob"),
    ("mona", DirectoryChange.ACCESS, "tess"),
    ("ada", DirectoryChange.ACCESS, "tess"),
    ("tess", DirectoryChange.ACCESS, "tess"),
    ("tess", DirectoryChange.ACCESS, "sam"),
]
MAY = {
    ("irene", DirectoryChange.COVER, "irene"), ("tess", DirectoryChange.COVER, "tess"), ("mona", DirectoryChange.COVER, "irene"),
    ("ada", DirectoryChange.COVER, "tess"), ("mona", DirectoryChange.CASELOAD, "irene"),
    ("mona", DirectoryChange.LEAVING, "irene"), ("ada", DirectoryChange.LEAVING, "tess"), ("mona", DirectoryChange.ACCESS, "bob"),
    ("ada", DirectoryChange.ACCESS, "tess"), ("tess", DirectoryChange.ACCESS, "tess"),
}  # fmt: skip


def permitted(world: World) -> set[tuple[str, DirectoryChange, str]]:
    found = set()
    for who, change, of in ASKED:
        with world.store.read(world.council.key) as connection:
            one = people.read_person(connection, world.council.key, world.id(of), TODAY)
        assert one is not None
        if changes.may_change(as_(world, who), words(world), change, one):
            found.add((who, change, of))
    return found


def test_who_may_change_what_of_whom_is_as_it_is_written(world: World) -> None:
    assert permitted(world) == MAY


@pytest.mark.parametrize("planted", ["an administrator hands over", "anybody covers anybody", "a manager reaches everybody"])
def test_a_rule_that_gives_too_much_would_be_noticed(world: World, planted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = changes.may_change

    def loose(who: Principal, its: Authority, change: DirectoryChange, of: people.DirectoryPerson) -> bool:
        given = {
            "an administrator hands over": change is DirectoryChange.CASELOAD and "administrator" in who.capacities,
            "anybody covers anybody": change is DirectoryChange.COVER,
            "a manager reaches everybody": "iro_manager" in who.capacities,
        }[planted]
        return given or honest(who, its, change, of)

    monkeypatch.setattr(changes, "may_change", loose)
    assert permitted(world) != MAY


def refused_to_outsiders(world: World) -> list[str]:
    """What people do whose place it is not; those that are let are returned."""
    mona, ada, irene = as_(world, "mona"), as_(world, "ada"), as_(world, "irene")
    casework, now = world.service.casework, world.now
    ids = {name: world.id(name) for name in ("irene", "ivor", "tess", "colin", "mona", "ada", "sam", "silas")}
    theirs = cover(world, "tess", "tess", "tom", until=TODAY + timedelta(days=7))
    tried: dict[str, Callable[[], object]] = {
        "cover for a colleague": lambda: cover_changes.start_cover(
            casework, irene, now, of=ids["ivor"], by=ids["colin"], since=TODAY
        ),
        "cover outside the service": lambda: cover_changes.start_cover(
            casework, mona, now, of=ids["sam"], by=ids["silas"], since=TODAY
        ),
        "end another's cover": lambda: cover_changes.end_cover(casework, irene, now, theirs),
        "hand over as administrator": lambda: changes.hand_over_cases(
            casework, ada, now, of=ids["irene"], to=ids["ivor"], since=TODAY
        ),
        "hand over one's own": lambda: changes.hand_over_cases(
            casework, irene, now, of=ids["irene"], to=ids["ivor"], since=TODAY
        ),
        "a leaver outside the service": lambda: changes.record_leaver(casework, mona, now, of=ids["tess"], last_day=TODAY),
        "one's own leaving": lambda: changes.record_leaver(casework, ada, now, of=ids["ada"], last_day=TODAY),
        "sign out another": lambda: changes.sign_out_person(casework, irene, now, ids["ivor"]),
        "another's tokens": lambda: changes.revoke_tokens_of(casework, mona, now, ids["tess"]),
    }
    let = []
    for name, act in tried.items():
        try:
            act()
        except NotPermitted:
            continue
        except Unfit:
            pass  # the change makes no sense, which is looked at after who makes it
        let.append(name)
    return let


def test_every_change_asks_whether_the_person_may(world: World) -> None:
    assert refused_to_outsiders(world) == []


def test_a_change_that_asks_nobody_would_be_noticed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "may_change", lambda *given: True)
    assert len(refused_to_outsiders(world)) == 9


def test_nobody_makes_themselves_the_cover_of_another(world: World) -> None:
    with pytest.raises(Unfit, match="what your own post does not"):
        cover(world, "ada", "tess", "ada")
    cover(world, "mona", "irene", "mona")
    assert world.as_("ada").get("/me").json()["capacities"] == ["administrator"]


def test_planted_administrator_who_could_cover_by_themselves_is_noticed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cover_changes, "may_name_themselves", lambda *given: True)
    with pytest.raises(pytest.fail.Exception):
        test_nobody_makes_themselves_the_cover_of_another(world)


def test_cover_for_the_iro_service_is_the_services_to_give_and_never_an_administrators(world: World) -> None:
    for person in ("irene", "mona", "bob"):
        with pytest.raises(NotPermitted):
            cover(world, "ada", person, "ivor")
    cover(world, "ada", "tess", "tom")


def test_planted_cover_of_an_iro_by_anybody_is_noticed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cover_changes, "check_may_cover", lambda *given: None)
    with pytest.raises(pytest.fail.Exception), pytest.raises(Unfit, match="is neither IRO nor a manager"):
        cover(world, "irene", "irene", "chris")


def test_who_covers_an_iro_manager_cannot_make_it_last(world: World) -> None:
    cover(world, "mona", "mona", "irene", until=TODAY)
    assert "iro_manager" in as_(world, "irene").capacities
    with pytest.raises(Unfit, match="what your own post does not"):
        cover(world, "irene", "mona", "irene", since=TODAY + timedelta(days=1))


def test_another_authoritys_people_do_not_exist(two: World) -> None:
    there = two.id("irene", "elsewhere")
    with pytest.raises(NotFound):
        cover_changes.start_cover(two.service.casework, as_(two, "mona"), two.now, of=there, by=two.id("ivor"), since=TODAY)
    with pytest.raises(NotFound):
        cover_changes.start_cover(two.service.casework, as_(two, "irene"), two.now, of=two.id("irene"), by=there, since=TODAY)
    theirs = cover_changes.start_cover(
        two.service.casework, as_(two, "irene", "elsewhere"), two.now, of=there, by=two.id("ivor", "elsewhere"), since=TODAY
    )
    with pytest.raises(NotFound):
        cover_changes.end_cover(two.service.casework, as_(two, "ada"), two.now, theirs)


# Cover.


def test_whoever_covers_is_told_of_what_is_open_and_can_act_at_once(world: World) -> None:
    reference = raised(world)
    cover(world, "irene", "irene", "ivor", until=TODAY + timedelta(days=7))
    assert world.told(reference, "iro_changed") == [("stage_2", {"ivor"}, set())]
    assert world.as_("ivor").item(reference)["reference"] == reference


def test_a_cover_that_begins_later_is_felt_on_its_day(world: World) -> None:
    reference = raised(world)
    cover(world, "irene", "irene", "ivor", since=date(2026, 4, 8))
    assert world.told(reference, "iro_changed") == []
    world.at("Wed 8 April 2026, 08:30").sweep()
    assert world.told(reference, "iro_changed") == [("stage_2", {"ivor"}, set())]


def test_cover_that_ends_gives_the_work_back(world: World) -> None:
    reference = raised(world)
    id_ = cover(world, "irene", "irene", "ivor")
    world.at("Wed 1 April 2026, 11:00")
    cover_changes.end_cover(world.service.casework, as_(world, "irene"), world.now, id_)
    changes.tell_open_items(world.service.casework, world.council.key, world.now)
    assert world.as_("ivor").get(f"/challenges/{reference}").status_code in (403, 404)
    assert [to for _, to, _ in world.told(reference, "iro_changed")] == [{"ivor"}, {"irene"}]
    with pytest.raises(Unfit, match="ended already"):
        cover_changes.end_cover(world.service.casework, as_(world, "irene"), world.now, id_)


def test_cover_taken_back_before_it_began_never_runs(world: World) -> None:
    id_ = cover(world, "irene", "irene", "ivor", since=date(2026, 4, 8))
    cover_changes.end_cover(world.service.casework, as_(world, "irene"), world.now, id_)
    [row] = world.rows(select(CoverRow.since, CoverRow.until).where(CoverRow.id == id_))
    assert row.until < row.since
    cover(world, "irene", "irene", "ivor", since=date(2026, 4, 8))


def test_a_delegate_sees_and_is_not_told_in_their_place(world: World) -> None:
    reference = raised(world)
    cover(world, "tess", "tess", "tom", is_delegate=True)
    assert world.told(reference, "post_taken_over") == []
    assert world.as_("tom").item(reference)["reference"] == reference


@pytest.mark.parametrize(
    ("by", "since", "until", "said", "field"),
    [
        ("irene", TODAY, None, "cannot stand in for themselves", "by"),
        ("ivor", date(2026, 3, 31), None, "has passed", "since"),
        ("ivor", TODAY, date(2026, 3, 1), "before the first", "until"),
        ("ivor", date(2062, 4, 1), None, "more than two years", "since"),
        ("ivor", TODAY, date(2062, 4, 1), "more than two years", "until"),
        ("chris", TODAY, None, "has left by then", "by"),
        ("leif", TODAY, date(2026, 5, 1), "The last day of Leif is Thursday 30 April 2026", "until"),
        ("colin", TODAY, None, "does so already", "by"),
        ("mona", TODAY, None, "Nobody would be there for Irene on Wednesday 1 April 2026: Mona is away that day", "by"),
        ("tom", TODAY, None, "Tom is neither IRO nor a manager of the IRO service", "by"),
    ],
)
def test_cover_that_makes_no_sense_is_refused(
    world: World, by: str, since: date, until: date | None, said: str, field: str
) -> None:
    world.leaves("chris", "2026-03-31")
    world.leaves("leif", "2026-04-30")
    cover(world, "irene", "irene", "colin", since=date(2026, 4, 3))
    world.cover("mona", "ada")
    world.cover("ada", "mona")
    with pytest.raises(Unfit, match=said) as refused:
        cover(world, "irene", "irene", by, since, until)
    assert refused.value.field == field


def test_cover_is_not_given_across_the_authoritys_edge(build: Callable[..., World]) -> None:
    world = build(NORTH)
    with pytest.raises(Unfit, match="same agency"):
        cover(world, "irene", "irene", "nina")
    with pytest.raises(Unfit, match="same agency"):
        cover(world, "nina", "nina", "stella")
    cover(world, "nina", "nina", "nora")


def test_cover_ends_with_whoever_leaves_first(world: World) -> None:
    world.leaves("ivor", "2026-04-30")
    id_ = cover(world, "irene", "irene", "ivor")
    assert world.rows(select(CoverRow.until).where(CoverRow.id == id_)) == [(date(2026, 4, 30),)]


# Caseloads.


def test_a_caseload_handed_over_leaves_no_child_without_an_iro_for_a_day(world: World) -> None:
    references = [raised(world, child) for child in ("T-1", "T-2")]
    world.post_begins("irene", "social_worker", "2026-01-01", "team", "south")  # she stays in the service
    assert hand_over(world, "mona", "irene", "ivor") == 3
    for child in ("T-1", "T-2", "T-3"):
        assert iros_of(world, child, TODAY - timedelta(days=1)) == ["irene"]
        assert iros_of(world, child, TODAY) == ["ivor"]
    for reference in references:
        assert world.told(reference, "iro_changed") == [("stage_2", {"ivor"}, set())]
        assert world.as_("irene").get(f"/challenges/{reference}").status_code in (403, 404)
        assert world.as_("ivor").item(reference)["reference"] == reference


def test_a_hand_over_that_begins_later_has_no_day_between(world: World) -> None:
    reference = raised(world)
    since = date(2026, 4, 20)
    assert hand_over(world, "mona", "irene", "ivor", since) == 3
    every = [iros_of(world, child, TODAY + timedelta(days=n)) for n in range(60) for child in ("T-1", "T-2", "T-3")]
    assert all(len(iros) == 1 for iros in every)
    assert iros_of(world, "T-1", date(2026, 4, 19)) == ["irene"]
    assert world.told(reference, "iro_changed") == []
    world.at("Mon 20 April 2026, 09:30").sweep()
    assert world.told(reference, "iro_changed")[-1][1] == {"ivor"}


def test_some_children_go_and_the_others_stay(world: World) -> None:
    assert hand_over(world, "mona", "irene", "ivor", children=["T-2"]) == 1
    assert [iros_of(world, child, TODAY) for child in ("T-1", "T-2", "T-3")] == [["irene"], ["ivor"], ["irene"]]


def test_who_holds_the_post_beside_them_gets_it_once(world: World) -> None:
    world.post_begins("ivor", "iro", "2026-03-01", "child", str(world.child("T-1")))
    hand_over(world, "mona", "irene", "ivor")
    assert iros_of(world, "T-1", TODAY) == ["ivor"]


def test_what_a_leaver_left_behind_can_still_be_handed_over(world: World) -> None:
    reference = raised(world)
    world.leaves("irene", "2026-03-31")
    world.post_ends("irene", "iro", "2026-03-31")
    assert iros_of(world, "T-1", TODAY) == []
    assert hand_over(world, "mona", "irene", "ivor") == 3
    assert iros_of(world, "T-1", TODAY) == ["ivor"]
    assert world.told(reference, "iro_changed") == [("stage_2", {"ivor"}, set())]
    with pytest.raises(Unfit, match="no children"):
        hand_over(world, "mona", "irene", "ivor")


@pytest.mark.parametrize(
    ("to", "since", "children", "said", "field"),
    [
        ("irene", TODAY, None, "has these children already", "to"),
        ("tess", TODAY, None, "is no IRO here", "to"),
        ("bob", TODAY, None, "is no IRO here", "to"),
        ("nobody", TODAY, None, "is no IRO here", "to"),
        ("ivor", date(2026, 3, 31), None, "has passed", "since"),
        ("ivor", date(2026, 5, 2), None, "would have no IRO after it", "since"),
        ("ivor", TODAY, ["T-4"], "not theirs any more", "children"),
        ("ivor", TODAY, [], "no children to hand over", "of"),
        ("mona", TODAY, None, "part of the casework for T-3", "to"),
    ],
)
def test_a_hand_over_that_makes_no_sense_is_refused(
    world: World, to: str, since: date, children: list[str] | None, said: str, field: str
) -> None:
    world.leaves("irene", "2026-04-30")
    world.post_begins("mona", "social_worker", "2019-01-01", "child", str(world.child("T-3")))
    world.post_ends("mona", "social_worker", "2019-12-31")
    before = world.rows(select(PostRow.id, PostRow.person, PostRow.since, PostRow.until).order_by(PostRow.id))
    with pytest.raises(Unfit, match=said) as refused:
        hand_over(world, "mona", "irene", to, since, children)
    assert refused.value.field == field
    assert world.rows(select(PostRow.id, PostRow.person, PostRow.since, PostRow.until).order_by(PostRow.id)) == before


def test_an_iro_whose_children_all_went_may_have_children_again(world: World) -> None:
    hand_over(world, "mona", "irene", "ivor")
    world.at("Thu 2 April 2026, 10:00")
    assert hand_over(world, "mona", "ivor", "irene", date(2026, 4, 2), ["T-1"]) == 1


# Leaving.


def test_a_leavers_posts_and_covers_end_with_their_last_day(world: World) -> None:
    last = date(2026, 4, 10)
    world.cover("tess", "tom")
    world.cover("otto", "tess")
    leaves(world, "ada", "tess", last)
    assert world.rows(select(PostRow.until).where(PostRow.person == world.id("tess"))) == [(last,)]
    assert {until for (until,) in world.rows(select(CoverRow.until))} == {last}
    tess = at_browser(world, "tess")
    assert tess.open("/").status == 200
    world.at("Sat 11 April 2026, 10:00")
    assert at_browser(world, "tess").open("/").title.startswith("Sign in")


def test_who_has_left_already_is_out_at_once(world: World) -> None:
    tess = world.as_("tess")
    assert tess.get("/me").status_code == 200
    leaves(world, "ada", "tess", TODAY - timedelta(days=1))
    assert tess.get("/me").status_code == 401
    with pytest.raises(NotSigned), world.store.write(world.council.key) as connection:
        changes.tokens.person_of_token(connection, world.service.seal, world.council.key, str(tess.token), world.now)


def test_the_post_that_a_leaver_leaves_empty_alarms_the_iro_manager_on_the_day(world: World) -> None:
    reference = raised(world)
    leaves(world, "ada", "tess", TODAY)
    assert world.told(reference, "post_empty") == []
    world.at("Thu 2 April 2026, 09:30").sweep()
    assert [to for _, to, _ in world.told(reference, "post_empty")] == [{"mona"}]


def test_nobody_leaves_while_a_child_would_have_no_iro(world: World) -> None:
    last = date(2026, 4, 30)
    with pytest.raises(Unfit, match="3 children would have no IRO after that day"):
        leaves(world, "mona", "irene", last)
    hand_over(world, "mona", "irene", "ivor", date(2026, 5, 1))
    leaves(world, "mona", "irene", last)
    assert iros_of(world, "T-1", last) == ["irene"]
    assert iros_of(world, "T-1", last + timedelta(days=1)) == ["ivor"]


def test_a_leaver_who_could_leave_children_behind_would_be_noticed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caseloads, "cases_of", lambda *given: ())
    leaves(world, "mona", "irene", TODAY)
    assert iros_of(world, "T-1", TODAY + timedelta(days=1)) == []


@pytest.mark.parametrize(
    ("last_day", "said"),
    [
        (date(2026, 3, 30), "has passed"),
        (date(2062, 3, 30), "more than two years"),
        (date(2026, 5, 1), "recorded as Thursday 30 April 2026"),
    ],
)
def test_a_last_day_that_makes_no_sense_is_refused(world: World, last_day: date, said: str) -> None:
    world.leaves("tess", "2026-04-30")
    with pytest.raises(Unfit, match=said):
        leaves(world, "ada", "tess", last_day)
    leaves(world, "ada", "tess", date(2026, 4, 10))
    world.at("Mon 13 April 2026, 10:00")
    with pytest.raises(Unfit, match="left on Friday 10 April 2026"):
        leaves(world, "ada", "tess", date(2026, 4, 13))


# What is kept with a change.


def test_if_nobody_gets_to_tell_the_next_heartbeat_does(world: World) -> None:
    reference = raised(world)
    world.sweep()
    irene = as_(world, "irene")
    cover_changes.start_cover(world.service.casework, irene, world.now, of=world.id("irene"), by=world.id("ivor"), since=TODAY)
    assert world.told(reference, "iro_changed") == []
    world.sweep()
    assert world.told(reference, "iro_changed") == [("stage_2", {"ivor"}, set())]


def test_who_covered_an_iro_before_the_upgrade_and_is_none_sees_and_no_longer_decides(world: World) -> None:
    reference = raised(world)
    held = {"authority": world.council.key, "of": world.id("irene"), "since": TODAY}
    covers = [held | {"id": UUID(int=n), "by": world.id(by)} for n, by in enumerate(("tom", "ivor"))]
    world.write(insert(CoverRow).values(covers))
    world.sweep()
    tom, stay = world.as_("tom"), {"If-Match": '"1.stage_2.awaiting"'}
    assert tom.get(f"/challenges/{reference}").status_code == 200
    assert tom.brings(reference, "escalated", stay, why="I cover for her.").status_code == 403
    assert dict(world.rows(select(CoverRow.by, CoverRow.is_delegate))) == {world.id("tom"): True, world.id("ivor"): False}
    assert world.told(reference, "iro_changed") == [("stage_2", {"ivor", "tom"}, set())], "a delegate sees beside her"


def test_planted_cover_that_stays_what_it_was_is_noticed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "demote_covers", lambda *given: 0)
    with pytest.raises(AssertionError):
        test_who_covered_an_iro_before_the_upgrade_and_is_none_sees_and_no_longer_decides(world)


def test_a_change_that_did_not_ask_for_another_look_would_be_noticed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    reference = raised(world)
    world.sweep()
    irene = as_(world, "irene")
    cover_changes.start_cover(world.service.casework, irene, world.now, of=world.id("irene"), by=world.id("ivor"), since=TODAY)
    with world.store.write(world.council.key) as connection:
        connection.execute(AuthorityRow.__table__.update().values(directory_day=TODAY))  # type: ignore[attr-defined]
    world.sweep()
    assert world.told(reference, "iro_changed") == []


def test_a_database_that_goes_while_telling_loses_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*given: object) -> None:
        raise Unavailable("gone")

    monkeypatch.setattr(changes, "claim_day", gone)
    cover(world, "irene", "irene", "ivor")
    assert world.rows(select(AuthorityRow.directory_day)) == [(None,)]


def test_who_changed_what_is_written_down_with_the_change_and_without_a_name(world: World) -> None:
    cover(world, "irene", "irene", "ivor", until=TODAY)
    hand_over(world, "mona", "irene", "ivor")
    leaves(world, "ada", "tess", TODAY)
    rows = world.rows(select(AdministeredRow.__table__))
    assert {row.what for row in rows} == {"record begun", "cover", "hand-over", "leaver"}
    first = next(row for row in rows if row.what == "cover")
    assert first.person == world.id("irene")
    assert (first.said["of"], first.said["by"]) == (str(world.id("irene")), str(world.id("ivor")))
    names = {row.name for row in world.rows(select(PersonRow.name))} | {"T-1", "KT", "@"}
    assert not [name for name in names for row in rows for said in row.said.values() if name in said]


def test_what_is_refused_leaves_no_record(world: World) -> None:
    with pytest.raises(NotPermitted):
        hand_over(world, "ada", "irene", "ivor")
    assert world.rows(select(AdministeredRow.what)) == []


def test_the_record_of_changes_is_never_altered(world: World) -> None:
    cover(world, "irene", "irene", "ivor", until=TODAY)
    for change in (update(AdministeredRow).values(what="nothing"), delete(AdministeredRow)):
        with pytest.raises(DBAPIError), world.store.write(world.key) as connection:
            connection.execute(change)


def test_signing_out_and_revoking_end_what_stands_and_tell_nobody(world: World) -> None:
    world.sweep()
    tess, caller = at_browser(world, "tess"), world.as_("tess")
    assert changes.sign_out_person(world.service.casework, as_(world, "ada"), world.now, world.id("tess")) == 1
    assert changes.revoke_tokens_of(world.service.casework, as_(world, "ada"), world.now, world.id("tess")) == 1
    assert tess.open("/").title.startswith("Sign in")
    assert caller.get("/me").status_code == 401
    assert world.rows(select(col(AuthorityRow.directory_day))) == [(TODAY,)]
