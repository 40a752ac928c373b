"""axe finds nothing on any page in any state, and neither does what axe cannot see; beside each check a twin that must fail."""

import re
from datetime import timedelta

import pytest

from api.pages.item.move_forms import BY_TYPE
from tests.browser import journeys
from tests.browser.busy import LONG, PART
from tests.browser.hands import DESK, NARROW
from tests.browser.inspecting import SHOWN, Inspection, pages, shows
from tests.browser.journeys import begin, say_what, say_why
from tests.browser.serving import PARTS
from workflows.calendar.working_days import local_date
from workflows.model.ladder import ItemType

MOVES = sorted(BY_TYPE)


@pytest.fixture
def as_(busy, sit):
    """Somebody of the busy service at a narrow browser with axe in it, signed in already."""
    return lambda person, sight=NARROW: sit(busy.served, sight, axe=True).be(busy.council, person)


def press_it(hands):
    """Send the page's own form as it stands."""
    return hands.take(hands.page.locator("main form#form button").last)


@shows("/", "/inbox", "/replies", "/sign-out")
def test_my_work_and_the_inbox(busy, as_, inspection):
    for person, said in (
        (busy.iro, "the IRO"), (busy.head, "the IRO manager"), (busy.manager, "a manager"), (busy.leader, "a leader"),
        (busy.auditor, "nothing to do"), (busy.desk, "business support"),
    ):  # fmt: skip
        inspection.look(as_(person).open("/"), said)
    hands = as_(busy.iro)
    inspection.look(hands.open("/inbox"), "with messages")
    inspection.look(hands.open("/inbox?page=2"), "further")
    inspection.look(hands.press("Newer").press("Mark all as read"), "all read")
    inspection.look(as_(busy.auditor).open("/inbox"), "empty")
    inspection.look(as_(busy.manager).open("/replies"), "asked")
    inspection.look(as_(busy.auditor).open("/replies"), "never asked")
    inspection.look(hands.open("/sign-out"))
    inspection.look(hands.press("Sign out"), "signed out")


@shows("/sign-in", "/sign-in/link/{secret}")
def test_signing_in(alone, sit, inspection):
    place = alone.council(PART)
    hands = sit(alone, NARROW, axe=True)
    inspection.look(hands.open("/sign-in"))
    inspection.look(press_it(hands), "empty", is_faulty=True)
    hands.choose("authority", PART).write("email", _address(place))
    inspection.look(press_it(hands), "sent")
    link = _link_in_the_mail(alone)
    inspection.look(hands.open(link), "the link")
    hands.press("Sign in")
    assert hands.heading == "My tasks"
    hands.open(link).press("Sign in")
    inspection.look(hands, "the link again", status=410, heading="That link is used up, or older than 15 minutes")


def _address(place):
    lines = (line.split(",") for line in _people(place))
    return next(line[2] for line in lines if line[1] == place.name(place.iro_of(place.child())))


def _people(place):
    from api.demo.scene import directory_files

    return directory_files(place.part)["people.csv"].splitlines()


def _link_in_the_mail(served):
    from email import message_from_bytes, policy

    mails = list((served.settings.var / "mail").glob("*.eml"))
    assert len(mails) == 1
    text = message_from_bytes(mails[0].read_bytes(), policy=policy.SMTP).get_body(("plain",)).get_content()
    return next(word for word in text.split() if "/sign-in/link/" in word).removeprefix(served.link)


@shows("/talks/new", "/notices/new")
def test_a_talk_and_a_notice(busy, as_, inspection):
    hands = as_(busy.iro)
    for path in ("/talks/new", "/notices/new"):
        inspection.look(hands.open(path))
        inspection.look(press_it(hands), "empty", is_faulty=True)
    hands.open("/talks/new").write("child", busy.council.child().number).choose("reason", busy.council.reason())
    hands.write("concern", "Ring 07700 900123.")
    inspection.look(press_it(hands), "with personal details", is_faulty=True)


@shows("/raise", "/raise/{draft}/{step}", "/challenges/{reference}/raised")
def test_raising_step_by_step(busy, as_, inspection):
    council, child = busy.council, busy.council.child()
    stage = council.rules(ItemType.FORMAL).ladder.first_for(ItemType.FORMAL)
    hands = as_(busy.iro)
    inspection.look(hands.open("/raise"))
    inspection.look(press_it(hands), "empty", is_faulty=True)
    begin(hands.open("/"), council, child, ItemType.FORMAL)
    inspection.look(hands, "the reasons")
    inspection.look(press_it(hands), "no reason", is_faulty=True)
    say_why(hands, council)
    inspection.look(hands, "the effect")
    inspection.look(press_it(hands), "nothing said", is_faulty=True)
    say_what(hands, council, stage)
    inspection.look(hands, "the stage")
    hands.tick("stage", "stage_4").press("Continue")
    inspection.look(hands, "the siblings")
    hands.write("sibling-1", "nobody's number")
    inspection.look(press_it(hands), "an unknown sibling", is_faulty=True)
    hands.write("sibling-1", "").press("Continue")
    inspection.look(hands, "a stage without a reason", is_faulty=True)
    hands.open(hands.path.replace("/check", "/stage")).write("stage_reason", LONG).press("Continue").press("Continue")
    inspection.look(hands, "the check")
    inspection.look(hands.open(hands.path.replace("/check", "/effect")).write("concern", LONG), "very long")
    hands.open("/raise")
    begin(hands.open("/"), council, child, ItemType.FORMAL)
    hands.press("Throw this draft away")
    journeys.raise_item(hands, council, child, ItemType.FORMAL)
    inspection.look(hands)
    inspection.look(hands.open(f"/challenges/{busy.items['notice']}/raised"), "a notice")


@shows("/reviews", "/reviews/child", "/reviews/new", "/reviews/decisions/{decision}", "/challenges/{reference}/make-challenge")
def test_reviews_and_what_they_decided(busy, as_, inspection):
    hands, child = as_(busy.iro), busy.council.child()
    today = local_date(busy.served.now)
    place, new = (f"/reviews/{page}?child={child.number}" for page in ("child", "new"))
    inspection.look(hands.open("/reviews"), "my children")
    inspection.look(hands.open(place), "no review yet")
    inspection.look(hands.open(new), "to begin with")
    hands.write("decisions-0-by", "soon")
    inspection.look(hands.press("Put it on the register"), "with faults", is_faulty=True)
    hands.open(new).date("held_on", today).write("decisions-0-words", LONG[:280])
    hands.write("decisions-1-words", "Passport.").write("decisions-1-by", f"{today + timedelta(days=30):%d/%m/%Y}")
    hands.tick("decisions-1-follow")
    inspection.look(hands.press("Put it on the register"), "with decisions")
    inspection.look(hands.take(hands.page.locator("a", has_text="Follow it")), "how one is followed")
    inspection.look(press_it(hands), "empty", is_faulty=True)
    followed = hands.open(place).take(hands.page.locator("a", has_text="Followed:"))
    inspection.look(followed, "a decision that is followed")
    inspection.look(hands.take(hands.page.locator("a", has_text="Make it a")), "made a challenge")


@shows("/reviews/tracking")
def test_a_case_is_tracked(busy, sit, inspection):
    derby = busy.served.council("derby")
    child, today = derby.child(), local_date(busy.served.now)
    hands = sit(busy.served, NARROW, axe=True).be(derby, derby.iro_of(child))
    inspection.look(hands.open(f"/reviews/tracking?child={child.number}"), "to begin with")
    inspection.look(press_it(hands), "with faults", is_faulty=True)
    hands.tick("priority", "medium").date("on", today).date("update_by", today + timedelta(days=14)).write("why", LONG)
    inspection.look(press_it(hands), "agreed")


@shows("/challenges/{reference}")
@pytest.mark.parametrize(
    "state", ["open", "answered", "late", "held", "meeting", "talk", "notice", "ended", "referred", "withdrawn", "long"]
)
def test_an_item_as_its_iro_sees_it(busy, as_, inspection, state):
    inspection.look(as_(busy.iro).open(f"/challenges/{busy.items[state]}?all=1"), state)


@shows("/challenges/{reference}/referral", "/challenges/{reference}/referral/{section}")
def test_a_referral_section_by_section(busy, as_, inspection):
    hands = as_(busy.iro)
    place = f"/challenges/{busy.items['late']}/referral"
    inspection.look(hands.open(place), "nothing written")
    for section in ("who", "why", "tried", "view", "wanted", "documents", "handling"):
        inspection.look(hands.open(f"{place}/{section}"), section)
    hands.write("follow_up_on-day", "31").write("follow_up_on-month", "6").write("follow_up_on-year", "2027").write("route", LONG)
    inspection.look(hands.press("Keep and go back"), "a day that is none", is_faulty=True)
    inspection.look(hands.open(f"{place}/send"), "the last look")
    inspection.look(hands.open(f"{place}/rehearsal"), "rehearsed")
    made = as_(busy.iro).open(f"/challenges/{busy.items['referred']}/referral")
    inspection.look(made, "made")


@shows(
    "/challenges/{reference}/file", "/challenges/{reference}/file/{number}", "/challenges/{reference}/letter",
    "/challenges/{reference}/court-statement",
)  # fmt: skip
def test_what_goes_to_the_childs_file_and_to_the_child(busy, as_, inspection):
    hands = as_(busy.iro)
    place = f"/challenges/{busy.items['answered']}"
    inspection.look(hands.open(f"{place}/file"), "every step")
    inspection.look(hands.open(f"{place}/file/1"), "one step")
    inspection.look(hands.open(f"{place}/court-statement"), "to begin with")
    inspection.look(hands.open(f"{place}/letter"), "to begin with")
    inspection.look(hands.write("letter", "").press("Show it ready to print"), "empty", is_faulty=True)
    inspection.look(hands.write("letter", LONG).write("name", "Kit").press("Show it ready to print"), "ready to print")


@shows("/challenges/{reference}")
def test_an_item_as_others_see_it(busy, as_, inspection):
    items = busy.items
    inspection.look(as_(busy.manager).open(f"/challenges/{items['open']}?all=1"), "whoever is asked")
    inspection.look(as_(busy.copied).open(f"/challenges/{items['open']}"), "whoever is copied: read only")
    inspection.look(as_(busy.desk).open(f"/challenges/{items['meeting']}"), "business support")
    inspection.look(as_(busy.head).open(f"/challenges/{items['held']}"), "the IRO manager, held")
    inspection.look(as_(busy.auditor).open(f"/challenges/{items['ended']}"), "whoever may not see it", status=404)
    for person, status in ((busy.head, 200), (busy.iro, 200), (busy.manager, 404)):
        inspection.look(as_(person).open(f"/challenges/{items['sealed']}"), "sealed", status=status)
    inspection.look(as_(busy.iro).open(f"/challenges/{items['long']}"), "long")


@shows("/challenges/{reference}/answer")
def test_the_one_question(busy, as_, inspection):
    hands = as_(busy.manager)
    inspection.look(hands.open(f"/challenges/{busy.items['open']}/answer"))
    inspection.look(hands.press("Add another action"), "more actions")
    hands.write("actions-0-what", "Write the plan.").write("actions-1-by-month", "13")
    inspection.look(press_it(hands), "faulty", is_faulty=True)
    inspection.look(hands.open(f"/challenges/{busy.items['late']}/answer"), "late")
    inspection.look(hands.open(f"/challenges/{busy.items['long']}/answer"), "long")
    inspection.look(hands.open(f"/challenges/{busy.items['ended']}/answer"), "not open")
    director = busy.council.holding("strategic_manager_cs", busy.items["meeting"])[0]
    inspection.look(as_(director).open(f"/challenges/{busy.items['meeting']}/answer"), "a meeting")


@shows("/challenges/{reference}/do/{move}")
@pytest.mark.parametrize("half", [0, 1])
def test_every_move(busy, as_, inspection, half):
    hands = as_(busy.iro)
    for move in MOVES[half::2]:
        hands.open(f"/challenges/{busy.items['answered']}/do/{move}")
        asks = hands.page.locator("main form#form").locator("input:not([type=hidden]), textarea, select").count()
        if asks and move not in _GOES_EMPTY:
            inspection.look(press_it(hands), f"{move}, empty", is_faulty=True)  # all that it asks, and every fault
        else:
            inspection.look(hands, move)


_GOES_EMPTY = (
    "endorsed",
    "extension_taken_back",
    "guardian_told",
    "legal_advice_taken",
    "looked_through",
    "meeting_called_off",
    "meeting_held",
    "quote_taken_back",
    "reminded_by_hand",
    "second_name_given",
)
"""Moves that need no answer (the state refuses them here)."""


@shows("/challenges/{reference}/documents")
def test_documents(busy, as_, inspection):
    hands = as_(busy.iro)
    path = f"/challenges/{busy.items['referred']}/documents"
    inspection.look(hands.open(path), "none")
    inspection.look(press_it(hands), "no file", is_faulty=True)
    picture = hands.page.screenshot()
    for name in ("plan.png", "a_very_long_name_without_a_place_to_break_it_" * 3 + ".png"):
        hands.page.locator('main input[type="file"]').set_input_files({"name": name, "mimeType": "image/png", "buffer": picture})
        inspection.look(hands.press("Attach it"), f"with {name[:9]}")


@shows("/search", "/teams", "/teams/{team}")
def test_search_and_teams(busy, as_, inspection):
    hands = as_(busy.iro)
    inspection.look(hands.open("/search"), "empty")
    for q in (busy.council.child().number, "nothing of the kind", "%"):
        inspection.look(hands.open(f"/search?q={q}&state=all"), f"for {q}")
    team = busy.council.loaded(busy.items["open"]).challenge.facts.team
    inspection.look(hands.open("/teams"))
    inspection.look(hands.open(f"/teams/{team}"), "with items")
    inspection.look(as_(busy.auditor).open("/teams"), "of nobody's")
    inspection.look(as_(busy.administrator).open(f"/teams/{team}"), "nothing to see")
    inspection.look(hands.open("/teams/nowhere"), "none such")


@shows("/themes", "/themes/time", "/themes/patterns", "/themes/between-reviews", "/themes/practice")
def test_themes(busy, as_, inspection):
    head = as_(busy.head)
    inspection.look(head.open("/themes"), "this quarter beside the one before")
    inspection.look(head.open("/themes?by=stage&across=impact&span=five&practice=1"), "a wide table")
    inspection.look(head.open("/themes?by=iro&across=none"), "by IRO, for supervision")
    inspection.look(head.open("/themes?since=1991&until=1991"), "nothing in it")
    inspection.look(as_(busy.leader).open("/themes/time?span=five"))
    inspection.look(as_(busy.leader).open("/themes/patterns?span=all"))
    inspection.look(as_(busy.leader).open("/themes/between-reviews?span=all"))
    inspection.look(as_(busy.leader).open("/themes/practice?span=all"))


def test_what_leaders_ask_first_is_one_page_on_paper(busy, as_):
    hands = as_(busy.leader).open("/themes")
    hands.page.emulate_media(media="print")  # whichever way of showing another test chose
    paper = hands.page.pdf(format="A4")
    hands.page.emulate_media(media="null")
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) == 1


@shows(
    "/reports", "/reports/new", "/reports/examples", "/reports/{report}", "/reports/{report}/parts/{part}",
    "/reports/{report}/examples", "/reports/{report}/release",
)  # fmt: skip
def test_reports(busy, as_, inspection):
    head = as_(busy.head)
    inspection.look(head.open("/reports"), "none yet")
    inspection.look(head.open("/reports/new"), "to begin with")
    inspection.look(press_it(head), "with faults", is_faulty=True)
    head.choose("kind", "annual_chapter").choose("period", "2025-04/2026-03")
    inspection.look(press_it(head), "a draft")
    place = head.page.url.partition("/reports/")[2].partition("#")[0]
    inspection.look(head.open(f"/reports/{place}/parts/stages"), "a part")
    head.choose("figure", "stages/all/now").write("shown", "3").write("words", LONG)
    inspection.look(press_it(head), "a figure without a reason", is_faulty=True)
    inspection.look(press_it(head.write("why", "Two came by telephone.")), "changed by hand")
    inspection.look(head.open(f"/reports/{place}/examples"), "no example yet")
    head.write("reference", busy.items["open"]).write("words", LONG[:900])
    inspection.look(press_it(head), "an example")
    iro = as_(busy.iro)
    inspection.look(iro.open("/reports/examples"), "to be judged")
    inspection.look(press_it(iro), "not judged", is_faulty=True)
    inspection.look(head.open(f"/reports/{place}/release"), "the last look")
    inspection.look(press_it_alone(head), "released")
    inspection.look(head.open("/reports"), "one released")


def press_it_alone(hands):
    """Press the one button of a page that has no form to fill in."""
    return hands.take(hands.page.locator("main form button").last)


@shows("/themes/voices", "/voices", "/voices/{side}")
def test_what_people_say_of_the_process(busy, as_, inspection):
    inspection.look(as_(busy.leader).open("/themes/voices"), "nothing shown yet")
    inspection.look(as_(busy.iro).open("/voices"))
    inspection.look(as_(busy.iro).open("/voices/child"), "for a child")


@shows("/register")
def test_the_register(busy, as_, inspection):
    inspection.look(as_(busy.iro).open("/register"), "an IRO")
    head = as_(busy.head)
    inspection.look(head.open("/register?sort=stage&past=0&year=1990&other=1"), "nothing found, more opened")
    inspection.look(head.open("/register?kind=all"), "the IRO manager")
    head.unfold(head.page.locator("main details").last.locator("summary"))
    inspection.look(press_it(head), "a view without a name", is_faulty=True)


@shows("/ladders", "/ladders/{name}")
@pytest.mark.parametrize("part", PARTS)
def test_procedures(shared, sit, inspection, part):
    from workflows.model.authority import Capacity

    place = shared.council(part)
    hands = sit(shared, NARROW, axe=True).be(place, place.acting_as(Capacity.IRO_MANAGER))
    inspection.look(hands.open("/ladders"))
    links = hands.page.locator("main a").evaluate_all("all => all.map(a => a.getAttribute('href'))")
    for link in links:
        inspection.look(hands.open(link), link)
    reader = sit(shared, NARROW, axe=True).be(place, place.iro_of(place.child()))
    inspection.look(reader.open(links[-1]), "a reader")


@shows(
    "/administration", "/administration/health", "/administration/labels", "/administration/messages",
    "/administration/messages/letter", "/administration/outbox", "/administration/access-log", "/administration/changes",
)  # fmt: skip
def test_administration(busy, as_, inspection):
    hands = as_(busy.head)
    for page in ("", "/health", "/labels", "/messages", "/outbox", "/access-log", "/changes"):
        inspection.look(hands.open(f"/administration{page}"))
    inspection.look(hands.open("/administration/outbox").press("Set it"), "left as it is")
    inspection.look(hands.open("/administration/labels").press("Use these words"), "saved")
    inspection.look(hands.open("/administration/changes"), "with changes")
    inspection.look(hands.open(f"/administration/access-log?reference={busy.items['open']}"), "of an item")
    hands.open("/administration/messages").choose("subject", "asked").press("Show it")
    inspection.look(hands, "no stage", is_faulty=True)
    stages = hands.page.locator('main select[name="at"] option').evaluate_all("all => all.map(one => one.value)")
    inspection.look(hands.choose("at", stages[1]).press("Show it"), "a message")
    letter = hands.page.locator("iframe").get_attribute("src")
    assert letter
    inspection.look_at_a_letter(hands, letter)
    inspection.look(as_(busy.administrator).open("/administration"), "the administrator")


@shows("/told-otherwise")
def test_who_was_told_in_another_way(busy, as_, inspection):
    desk = as_(busy.desk)
    inspection.look(desk.open("/told-otherwise"), "who still owes a reply")
    inspection.look(press_it(desk), "nobody ticked", is_faulty=True)


@shows(
    "/board", "/board/hand-over", "/iros/{person}", "/cover", "/directory", "/directory/{person}", "/directory/{person}/leaves",
    "/administration/who-may-come-in", "/administration/going-live",
)  # fmt: skip
def test_the_board_and_the_directory(busy, as_, inspection):
    head = as_(busy.head)
    inspection.look(head.open("/board"), "the IRO manager")
    head.unfold(head.page.locator("main summary").first)
    inspection.look(press_it(head), "release, empty", is_faulty=True)
    inspection.look(as_(busy.desk).open("/board"), "business support")
    inspection.look(head.open(f"/iros/{busy.iro}"), "the IRO manager")
    inspection.look(as_(busy.iro).open(f"/iros/{busy.iro}"), "the IRO themself")
    inspection.look(head.open("/board/hand-over"), "whose")
    inspection.look(head.open(f"/board/hand-over?of={busy.iro}"), "to whom")
    inspection.look(press_it(head), "to nobody", is_faulty=True)
    to = head.page.locator('main input[name="to"]').first.get_attribute("value")
    inspection.look(head.tick("to", to).press("See what it means"), "what it means")
    inspection.look(head.open("/directory"))
    inspection.look(head.open("/directory?q=nobody+at+all"), "nobody found")
    inspection.look(head.open(f"/directory/{busy.iro}"))
    hands = as_(busy.administrator)
    inspection.look(hands.open(f"/directory/{busy.manager}"), "the administrator")
    inspection.look(hands.open(f"/directory/{busy.manager}/leaves"))
    inspection.look(press_it(hands), "no day", is_faulty=True)
    inspection.look(hands.open("/administration/who-may-come-in"))
    inspection.look(head.open("/administration/going-live"))
    inspection.look(head.open("/cover"))
    inspection.look(press_it(head), "nobody", is_faulty=True)


@shows("/help", "/accessibility", "/privacy", "/paper")
def test_pages_for_everybody(busy, as_, sit, inspection):
    for hands, said in ((sit(busy.served, NARROW, axe=True), "signed out"), (as_(busy.iro), "signed in")):
        for path in ("/help", "/accessibility", "/privacy", "/paper"):
            inspection.look(hands.open(path), said)


def test_pages_as_they_are_printed(busy, as_, inspection):
    hands = as_(busy.head, sight=DESK)
    hands.page.emulate_media(media="print")
    hands.page.set_viewport_size({"width": 718, "height": 1000})  # the width of A4 between its margins
    for path in (f"/challenges/{busy.items['long']}", "/paper", "/board", "/ladders/resolution", "/"):
        inspection.look(hands.open(path), "printed")
    assert hands.page.locator(".app-header").is_hidden()


def test_pages_of_trouble(busy, as_, sit, inspection):
    served, reference = busy.served, busy.items["open"]
    hands = as_(busy.manager)
    inspection.look(hands.open("/challenges/NONE-SUCH"), "404", status=404, heading="There is nothing here")
    inspection.look(hands.open("/no/such/page"), "404", status=404, heading="There is nothing here")
    inspection.look(hands.open("/administration"), "403", status=403, heading="This page is not for you")
    hands.open(f"/challenges/{reference}/answer").tick("position", "agrees").write("answer", "We will, we will.")
    with served.unavailable():
        inspection.look(press_it(hands), "503", status=503, heading="Not just now")
    hands.page.context.clear_cookies()
    hands.open("/sign-in").be(busy.council, busy.manager)
    hands.open(f"/challenges/{reference}/answer").tick("position", "agrees").write("answer", LONG)
    hands.page.context.clear_cookies()
    inspection.look(press_it(hands), "401", status=401, heading="Sign in again")
    iro = as_(busy.iro)
    iro.open(f"/challenges/{busy.items['referred']}/do/noted").write("text", LONG)
    iro.page.locator('main input[name="seen"]').evaluate("e => e.value = '9.elsewhere'")
    inspection.look(press_it(iro), "412", status=412, heading="That was not done")
    iro.page.goto(f"{served.link}/sign-in/link/durham_2016.{'0' * 64}")
    inspection.look(iro.press("Sign in"), "410", status=410)


def test_every_page_is_looked_at():
    leads_elsewhere = {"/raise/{draft}"}
    missed = set(pages()) - set().union(*SHOWN.values()) - leads_elsewhere
    assert not missed


# What axe cannot see.


def test_the_skip_link_comes_first_and_leads_to_the_main_part(busy, as_):
    hands = as_(busy.iro).open("/")
    hands.page.keyboard.press("Tab")
    assert hands.page.evaluate("document.activeElement.className") == "govuk-skip-link"
    assert hands.page.locator(".govuk-skip-link").bounding_box()["height"] > 20
    hands.page.keyboard.press("Enter")
    assert hands.page.evaluate("document.activeElement.id") == "main-content"


def test_a_link_of_the_error_summary_leads_to_its_field(busy, as_):
    hands = press_it(as_(busy.iro).open("/talks/new"))
    hands.page.locator(".govuk-error-summary a").first.press("Enter")
    assert hands.page.evaluate("document.activeElement.name") == "child"


# The checks can fail.

_PLANTED = {
    "axe label": "document.querySelector('label').remove()",
    "axe color-contrast": "document.querySelector('main label, main p').style.color = '#bbb'",
    "first headings": "document.querySelector('main').append(document.createElement('h1'))",
    "scrolls sideways": "document.querySelector('h1').style.width = '900px'",
    "cut off": "Object.assign(document.querySelector('h1').style, {overflow: 'hidden', height: '10px'})",
    "axe target-size": "document.querySelectorAll('footer a').forEach(a => Object.assign(a.style,"
    " {fontSize: '4px', lineHeight: '4px'})); document.querySelector('footer ul').style.gap = '0'",
    "axe region": "document.body.prepend(Object.assign(document.createElement('p'), {textContent: 'adrift'}))",
    "the title is": "document.title = 'Error: ' + document.title",
}  # fmt: skip


@pytest.mark.parametrize("wanted", _PLANTED)
def test_what_is_planted_is_found(busy, as_, wanted):
    hands = as_(busy.iro).open("/talks/new")
    hands.page.evaluate(f"() => {{ {_PLANTED[wanted]} }}")
    planted = Inspection("none")
    planted.look(hands)
    assert any(wanted in said for said in planted.found), planted.found


def test_a_lost_focus_and_a_doubled_title_are_found(busy, as_):
    hands = press_it(as_(busy.iro).open("/talks/new"))
    hands.page.evaluate("document.activeElement.blur()")
    planted = Inspection("none")
    planted.titles[hands.page.title().removeprefix("Error: ")] = "/elsewhere"
    planted.look(hands, is_faulty=True)
    assert any("the focus is not on the error summary" in said for said in planted.found)
    assert any("is also that of" in said for said in planted.found)


def test_time_is_the_tests_own(busy):
    """The late item is late by the service's clock, not by this machine's."""
    window = busy.council.loaded(busy.items["late"]).challenge.main_window()
    assert timedelta() < busy.served.now - window.promise.closes_at < timedelta(hours=9)
