"""The journeys that have a name, each told once: what somebody presses and writes, read from the authority's own ladder."""

from datetime import timedelta
from uuid import UUID

from playwright.sync_api import expect

from api.demo.scene import SceneChild
from tests.browser.hands import Hands
from tests.browser.serving import Council
from workflows.calendar.working_days import local_date
from workflows.model.authority import HeldFor
from workflows.model.ladder import Choice, ItemType, Stage

CONCERN = "The review decided on a plan of permanence by half term; nothing has been written."
EFFECT = "Nights are unsettled, and the question is whether there will be another move."
WANTED = "A plan, written and shared, within the month."
ANSWER = "We agree. The plan will be written and shared."


def log_a_talk(hands: Hands, council: Council, child: SceneChild) -> None:
    """From My tasks: three fields and one press."""
    hands.press("Log a talk")
    hands.write("child", child.number)
    hands.choose("reason", council.reason())
    hands.write("concern", "Talked with the social worker about school.")
    hands.press("Log it")
    hands.sees("A talk, on the record: nobody is asked and no date runs.")


def begin(hands: Hands, council: Council, child: SceneChild, item: ItemType) -> None:
    """The first step: about whom, and what kind of item."""
    hands.press(f"Raise a {council.authority.label('challenge')}")
    hands.write("child", child.number)
    hands.tick("item_type", item.value)
    hands.press("Continue")


def raise_item(hands: Hands, council: Council, child: SceneChild, item: ItemType) -> str:
    """From My tasks through every step to the page that says who was told. Returns the reference."""
    ladder = council.rules(item).ladder
    stage = ladder.first_for(item)
    begin(hands, council, child, item)
    say_why(hands, council)
    say_what(hands, council, stage)
    send_to(hands, council, stage)
    hands.press("Continue")
    hands.press("Continue")
    hands.press("Raise it now")
    hands.sees("It is raised")
    hands.sees("By when they answer")
    return hands.path.split("/")[2]


def say_why(hands: Hands, council: Council) -> None:
    """The step of reasons."""
    reason = council.authority.reason(council.reason())
    hands.tick(f"reasons-{reason.theme}", reason.key)
    hands.press("Continue")


def say_what(hands: Hands, council: Council, stage: Stage) -> None:
    """The step of the concern, its effect and what is wanted."""
    hands.write("concern", CONCERN)
    hands.write("effect_on_child", EFFECT)
    hands.write("outcome_sought", WANTED)
    if stage.complete_within and stage.complete_within.set_by_raiser:
        hands.date("resolve_by", local_date(council.served.now) + timedelta(days=21))
    hands.press("Continue")


def send_to(hands: Hands, council: Council, stage: Stage, person: UUID | None = None) -> None:
    """Whatever a stage leaves to whoever sends: whom to ask, by when."""
    if stage.to and stage.to.how in (Choice.ONE, Choice.CHOSEN):
        role = stage.to.roles[0]
        outside = council.authority.role(role).held_for is HeldFor.AGENCY
        named = str(person or (council.cast.holder(role) if outside else ""))
        box = hands.page.locator(f'input[name="to"][value^="{role}|{named}"]').first
        hands.tick("to", box.get_attribute("value") or "")
    if stage.respond_within.set_by_raiser:
        hands.date("respond_by", local_date(council.served.now) + timedelta(days=7))


def judge_and_climb(hands: Hands, council: Council, reference: str) -> None:
    """From My tasks: the answer is not enough, and it goes to the next stage."""
    value = council.loaded(reference).challenge
    ladder = council.rules(value.item_type).ladder
    above = ladder.stage(ladder.onward(value.stage)[0])
    hands.take(hands.page.locator("main").get_by_role("link", name=reference).first)
    hands.sees("What was answered")
    hands.press("Judge the answer")
    hands.tick("verdict", "needs_more")
    hands.write("why", "No plan is no plan.")
    if len(ladder.onward(value.stage)) > 1:
        hands.tick("to_stage", above.key)
    send_to(hands, council, above)
    send(hands)
    assert council.loaded(reference).challenge.stage == above.key


def answer(hands: Hands, council: Council, reference: str) -> None:
    """From My tasks: the one question, answered on one page."""
    hands.take(hands.page.locator("main").get_by_role("link", name=reference).first)
    hands.sees("What is asked")
    hands.tick("position", "agrees")
    hands.write("answer", ANSWER)
    hands.write("actions-0-what", "Write the plan.")
    hands.date("actions-0-by", local_date(council.served.now) + timedelta(days=10))
    hands.press("Send my reply")
    hands.sees(ANSWER)
    hands.sees("Write the plan.")


def send_a_notice(hands: Hands, council: Council, child: SceneChild) -> None:
    """From My tasks: whom, and what went well."""
    stage = council.rules(ItemType.EXCELLENT_PRACTICE).ladder.stages[0]
    hands.press(f"Send a notice of {council.authority.label('excellent_practice')}")
    hands.write("child", child.number)
    hands.write("concern", "Every promise made at the review was kept, and early.")
    send_to(hands, council, stage)
    hands.press("Send it")
    hands.sees("It is sent")


def confirm_an_assumption(hands: Hands, council: Council) -> None:
    """From My tasks: one assumed value of the procedure is looked at and confirmed."""
    ladder = council.rules(ItemType.FORMAL).ladder
    hands.go("Procedures")
    hands.press(f"{ladder.title}, {ladder.version}")
    first = hands.page.locator('main input[type="radio"][value="confirmed"]').first
    name = first.get_attribute("name")
    assert name
    hands.tick(name, "confirmed")
    hands.press("Save what I chose")
    hands.sees("Saved: one answer")


def hand_over_a_caseload(hands: Hands, council: Council, of: UUID) -> None:
    """From My tasks: every child of one IRO gets another."""
    hands.go("Service board")
    hands.press(f"Hand over the caseload of {council.name(of)}")
    to = hands.page.locator('main input[name="to"]').first.get_attribute("value")
    assert to
    hands.tick("to", to)
    hands.press("See what it means")
    hands.sees("Nothing is done yet")
    hands.take(hands.page.locator('main button[name="confirmed"]'))
    is_done(hands)


# What else is done on an item.


def open_item(hands: Hands, reference: str) -> None:
    """From My tasks to an item."""
    hands.take(hands.page.locator("main").get_by_role("link", name=reference).first)


def turn_to(hands: Hands, move: str) -> None:
    """From the item's page to the page of a move."""
    hands.take(hands.page.locator(f'main a[href$="/do/{move}"]'))


def refer(hands: Hands, reference: str) -> None:
    """From the item's page: open the referral, say why, look once more, send it; then back to the item."""
    hands.take(hands.page.locator(f'main a[href="/challenges/{reference}/referral"]'))
    hands.press("Why")
    hands.tick("grounds", "decision_not_carried_out").write("failure", "The decision of March stands unmet.")
    hands.press("Keep and go back")
    hands.press("Check and send")
    hands.take(hands.page.locator("main form#form button").last)
    is_done(hands)
    hands.take(hands.page.locator("a.govuk-back-link"))


def offers(hands: Hands, move: str) -> bool:
    """Does the item's page offer a move?"""
    return hands.page.locator(f'main a[href$="/do/{move}"]').count() > 0


def send(hands: Hands) -> None:
    """Press the button of the form on the page; the next page says that it is done."""
    hands.take(hands.page.locator("main form#form button").last)
    is_done(hands)


def is_done(hands: Hands) -> None:
    """Fail unless the page says that it is done."""
    expect(hands.page.locator("main .govuk-notification-banner--success")).to_have_count(1)
