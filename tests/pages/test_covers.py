"""While I am away: naming a stand-in, what is said about independence, ending it, and for whom somebody may choose."""

from datetime import date

import pytest
from sqlalchemy import insert, select

from api.pages.staffing import covers
from drp.database.directory_tables import CoverRow, PersonRow
from drp.directory.people import DirectoryPerson
from tests.cast.councils import NORTH
from tests.cast.world import World
from tests.pages.browser import Page, at_browser, day


def stand_ins(world: World) -> list[tuple[str, str, str, str, bool]]:
    """Covers as they stand: of, by, from, until, delegate."""
    names = {row.id: row.key for row in world.rows(select(PersonRow.id, PersonRow.key))}
    rows = world.rows(select(CoverRow.__table__).order_by(CoverRow.since))  # type: ignore[attr-defined]
    return [(names[row.of], names[row.by], str(row.since), str(row.until or ""), row.is_delegate) for row in rows]


def names_for(page: Page) -> str:
    """The menu of those who may be named."""
    return page.html.partition('<select class="govuk-select" id="by"')[2].partition("</select>")[0]


def test_an_iro_names_who_covers_in_one_form(world: World) -> None:
    world.at("Tue 31 March 2026, 10:00")
    reference = str(world.as_("irene").raises(item_type="formal").json()["reference"])
    world.at("Wed 1 April 2026, 10:00")
    irene = at_browser(world, "irene")
    page = irene.fill(irene.open("/cover"), by=str(world.id("ivor")), **day("until", "10 4 2026"))
    assert page.status == 200
    assert "It is on the directory now." in page.text
    assert "Ivor from Wednesday 1 April 2026 until Friday 10 April 2026" in page.text
    assert stand_ins(world) == [("irene", "ivor", "2026-04-01", "2026-04-10", False)]
    assert world.told(reference, "iro_changed") == [("stage_2", {"ivor"}, set())]
    assert f"{reference}: KT (T-1)" in at_browser(world, "ivor").open("/").text
    assert "For whom you stand in" in at_browser(world, "ivor").open("/cover").text


def test_a_director_names_somebody_who_answers_beside_them(world: World) -> None:
    cora = at_browser(world, "cora")
    page = cora.fill(cora.open("/cover"), kind="delegate", by=str(world.id("nobody")))
    assert "Nobody, delegate" in page.text
    assert stand_ins(world) == [("cora", "nobody", "2026-04-01", "", True)]


def test_cover_is_ended_at_one_press(world: World) -> None:
    irene = at_browser(world, "irene")
    page = irene.fill(irene.open("/cover"), by=str(world.id("ivor")))
    page = irene.fill(page, "/cover/end")
    assert "It has ended." in page.text
    assert "Who stands in for you" not in page.text
    assert stand_ins(world) == [("irene", "ivor", "2026-04-01", "2026-03-31", False)]


def test_what_makes_no_sense_is_said_beside_the_field_and_what_was_chosen_is_kept(world: World) -> None:
    irene = at_browser(world, "irene")
    page = irene.fill(irene.open("/cover"), by=str(world.id("ivor")), **day("until", "27 3 2026"))
    assert page.status == 422
    assert "That day is before the first one. Correct one of the two days." in page.text
    assert page.form("/cover").inputs["by"] == [str(world.id("ivor"))]
    page = irene.fill(page, **day("since", "27 3 2026"))
    assert "Friday 27 March 2026 has passed." in page.text
    page = irene.fill(page, **day("since", "31 2 2026"))
    assert "There is no such day" in page.text
    assert stand_ins(world) == []


@pytest.mark.parametrize("typed", ["", "ivor@elsewhere.example", "ivor"])
def test_nobody_is_typed_who_is_not_on_the_list(world: World, typed: str) -> None:
    irene = at_browser(world, "irene")
    page = irene.fill(irene.open("/cover"), by=typed)
    assert page.status == 422
    assert stand_ins(world) == []


def test_those_of_the_same_role_come_first_and_oneself_not_at_all(world: World) -> None:
    page = at_browser(world, "irene").open("/cover")
    listed = names_for(page)
    assert str(world.id("irene")) not in listed
    assert listed.index("Ivor, IRO of 1 child") < listed.index("Ada, System Administrator")


def test_only_people_of_the_same_agency_are_listed(build) -> None:
    world = build(NORTH)
    listed = names_for(at_browser(world, "nina").open("/cover"))
    assert "Nora" in listed
    assert "Stella" not in listed
    assert "Irene" not in listed
    assert "Nina" not in names_for(at_browser(world, "irene").open("/cover"))


# Independence.


def test_a_stand_in_of_the_casework_is_asked_about_once(world: World) -> None:
    irene = at_browser(world, "irene")
    page = irene.fill(irene.open("/cover"), by=str(world.id("tess")), kind="delegate")
    assert page.status == 422
    assert "They are Team Manager of North Team. An IRO is independent of the casework" in page.text
    assert stand_ins(world) == []
    page = irene.fill(page, independence="yes")
    assert page.status == 200
    assert stand_ins(world) == [("irene", "tess", "2026-04-01", "", True)]
    reference = str(world.as_("irene").raises(item_type="formal").json()["reference"])
    assert world.as_("tess").brings(reference, "withdrawn", why="No.").json()["type"] == "urn:drp:not-yours"


def test_a_stand_in_who_was_asked_about_by_nobody_would_be_noticed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DirectoryPerson, "casework", lambda self, words: ())
    with pytest.raises(AssertionError):
        test_a_stand_in_of_the_casework_is_asked_about_once(world)
    assert stand_ins(world)


@pytest.mark.parametrize("by", ["ivor", "mona", "colin"])
def test_a_stand_in_of_no_casework_is_not_asked_about(world: World, by: str) -> None:
    irene = at_browser(world, "irene")
    assert irene.fill(irene.open("/cover"), by=str(world.id(by))).status == 200


def test_a_manager_of_casework_is_covered_by_another_without_a_question(world: World) -> None:
    tess = at_browser(world, "tess")
    assert tess.fill(tess.open("/cover"), by=str(world.id("tom"))).status == 200


# For others.


def test_an_iro_manager_names_cover_for_somebody_of_the_service(world: World) -> None:
    mona = at_browser(world, "mona")
    page = mona.open(mona.open("/cover").link("Irene"))
    assert page.title.startswith("While Irene is away")
    page = mona.fill(page, by=str(world.id("ivor")), **day("since", "7 4 2026"))
    assert page.title.startswith("While Irene is away")
    assert "Who stands in for Irene" in page.text
    assert stand_ins(world) == [("irene", "ivor", "2026-04-07", "", False)]
    page = mona.fill(page, "/cover/end")
    assert page.title.startswith("While Irene is away")
    assert "It has ended." in page.text


@pytest.mark.parametrize(
    ("who", "of", "status"),
    [
        ("irene", "ivor", 403), ("mona", "tess", 403), ("bob", "irene", 403), ("tess", "sam", 403), ("audrey", "irene", 403),
        ("mona", "bob", 200), ("ada", "tess", 200), ("ada", "irene", 403), ("tess", "tess", 200),
    ],
)  # fmt: skip
def test_for_whom_somebody_may_choose(world: World, who: str, of: str, status: int) -> None:
    visitor = at_browser(world, who)
    assert visitor.open(f"/cover?of={world.id(of)}").status == status
    token = visitor.open("/cover").form("/cover").inputs["form_token"][0]
    sent = {"form_token": token, "of": str(world.id(of)), "by": str(world.id("tom")), "kind": "delegate", "independence": "yes"}
    sent |= {"since-day": "1", "since-month": "4", "since-year": "2026"}
    answer = visitor.send("POST", "/cover", data=sent)
    assert answer.status_code == (303 if status == 200 else 403)
    assert bool(stand_ins(world)) is (status == 200)


def test_an_administrator_is_not_on_the_list_of_those_whom_they_name(world: World) -> None:
    ada = at_browser(world, "ada")
    page = ada.open(f"/cover?of={world.id('tess')}")
    assert str(world.id("ada")) not in names_for(page)
    assert ada.fill(page, by=str(world.id("ada"))).status == 422
    assert stand_ins(world) == []


def test_ending_anothers_cover_is_refused(world: World) -> None:
    world.cover("irene", "ivor")
    [(id_,)] = world.rows(select(CoverRow.id))
    tess = at_browser(world, "tess")
    token = tess.open("/cover").form("/cover").inputs["form_token"][0]
    assert tess.send("POST", "/cover/end", data={"form_token": token, "cover": str(id_)}).status_code == 403
    assert tess.send("POST", "/cover/end", data={"form_token": token, "cover": "no-such"}).status_code == 404
    irene = at_browser(world, "irene")
    assert irene.send("POST", "/cover/end", data={"form_token": token, "cover": str(id_)}).status_code == 403
    assert stand_ins(world)[0][3] == ""


def test_the_way_back_never_leads_to_another_site(world: World) -> None:
    world.cover("irene", "ivor")
    [(id_,)] = world.rows(select(CoverRow.id))
    irene = at_browser(world, "irene")
    token = irene.open("/cover").form("/cover").inputs["form_token"][0]
    sent = {"form_token": token, "cover": str(id_), "then": "https://elsewhere.example/"}
    assert irene.send("POST", "/cover/end", data=sent).headers["location"] == "/"


def test_another_authoritys_people_cannot_be_named(two: World) -> None:
    irene = at_browser(two, "irene")
    assert irene.open(f"/cover?of={two.id('irene', 'elsewhere')}").status == 404
    assert irene.open("/cover?of=no-such").status == 404
    page = irene.fill(irene.open("/cover"), by=str(two.id("ivor", "elsewhere")))
    assert page.status == 422
    assert stand_ins(two) == []


def test_where_there_are_many_a_search_narrows_them(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(covers, "MOST", 5)
    irene = at_browser(world, "irene")
    page = irene.open("/cover")
    assert "the first 5 are listed" in page.text
    assert "Tom" not in names_for(page)
    page = irene.open("/cover?find=South")
    assert "Tom, Team Manager of South Team" in names_for(page)
    page = irene.fill(page, "/cover", by=str(world.id("tom")), kind="delegate")
    page = irene.fill(page, "/cover", independence="yes")
    assert stand_ins(world) == [("irene", "tom", "2026-04-01", "", True)]


def test_somebody_who_left_is_not_on_the_list(world: World) -> None:
    world.leaves("ivor", "2026-03-31")
    assert str(world.id("ivor")) not in names_for(at_browser(world, "irene").open("/cover"))


def test_a_name_is_text_wherever_it_is_shown(world: World) -> None:
    made = world.chance.identity()
    name = "<b>Bobby</b> & {{ 7 * 7 }}"
    row = {"authority": world.council.key, "id": made, "key": "bobby", "name": name, "email": "", "agency": ""}
    world.write(insert(PersonRow).values(**row, left_on=None))
    world.write(
        insert(CoverRow).values(
            authority=world.council.key, id=world.chance.identity(), of=world.id("irene"), by=made, since=date(2026, 1, 1),
            until=None, is_delegate=False,
        )
    )  # fmt: skip
    for person, path in (("irene", "/cover"), ("ada", "/directory"), ("mona", "/board")):
        html = at_browser(world, person).open(path).html
        assert "&lt;b&gt;Bobby&lt;/b&gt; &amp; {{ 7 * 7 }}" in html
        assert "<b>Bobby" not in html
