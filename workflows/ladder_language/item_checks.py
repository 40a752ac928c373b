"""Checks what a ladder says of kinds of items: where they start, who raises them, what stands on a file of its own."""

from workflows.ladder_language.check_notes import Check, note_checks, note_targets
from workflows.ladder_language.strict_yaml import FileTree
from workflows.model.authority import Authority, HeldFor
from workflows.model.ladder import BETWEEN_REVIEWS, TOLD_ONCE, Choice, ItemType, Ladder, Stage


def faults_in_items(ladder: Ladder, authority: Authority, tree: FileTree) -> None:
    """Where some items start, who raises them, and that an item about a service asks nobody who is somebody only for a child."""
    for item, start in ladder.starts_at:
        at = ("starts_at", item.value)
        note_targets((start,), at, ladder, tree)
        checks: list[Check] = [
            (item not in ladder.items, at, f"{item.value} is no item of this ladder", "add it to `items`, or remove it here"),
            (
                ladder.has(start) and ladder.stage(start).referral,
                at,
                "a referral is no stage to start at",
                "name a stage that asks somebody",
            ),
        ]
        note_checks(checks, tree)
    own_files = [(TOLD_ONCE, ladder.is_notice, "notice"), (BETWEEN_REVIEWS, ladder.is_between_reviews, "between_reviews")]
    for kinds, stands_there, begins in own_files:
        for item in [] if stands_there and len(ladder.items) == 1 else [item for item in ladder.items if item in kinds]:
            wrong = f"{item.value.replace('_', ' ')} climbs no ladder"
            tree.fault(("items",), wrong, f"write it as a file that begins `{begins}:`")
    for item in ladder.items:
        if not ladder.raisers_of(item):
            tree.fault(("raised_by",), f"nobody raises {item.value}", "add a role to `raised_by` that may")
    if ItemType.ABOUT_SERVICE not in ladder.items:
        return
    asking = {stage.key: asked for stage in ladder.stages if (asked := _asks_of_child(stage, authority))}
    there = next((stage.key for stage in ladder.stages if stage.to and stage.key not in asking), "another stage")
    for stage in ladder.stages_for(ItemType.ABOUT_SERVICE):
        if stage.key in asking:
            asked = authority.role(asking[stage.key]).title
            tree.refuse_new(
                (*ladder.place_of(stage), "to"),
                f"an item about a service would ask the {asked}, who is somebody only for a child",
                f"say where such items start, `starts_at: {{about_service: {there}}}`, or who else is asked",
            )


def _asks_of_child(stage: Stage, authority: Authority) -> str:
    """A role held for a child that a stage asks, whatever is chosen there; empty: none."""
    known = [role for role in stage.roles_to() if authority.has_role(role)]
    of_child = [role for role in known if authority.role(role).held_for is HeldFor.CHILD]
    leaves_a_choice = stage.to is not None and stage.to.how in (Choice.ONE, Choice.CHOSEN)
    return of_child[0] if of_child and not (leaves_a_choice and len(of_child) < len(known)) else ""
