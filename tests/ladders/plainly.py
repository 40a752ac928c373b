"""Parts of a ladder in short words, so that a table in a test can be held against the page that it is taken from."""

from workflows.model.ladder import RAISER, Choice, Ladder, Stage, Within


def to(stage: Stage) -> str:
    """`a`, `all a b`, `any a b`, `one a b`, `raiser picks a b`, or `-`."""
    if stage.to is None:
        return "-"
    roles = " ".join(stage.to.roles)
    if stage.to.how is Choice.CHOSEN:
        return f"{stage.to.chosen_by} picks {roles}"
    return roles if len(stage.to.roles) == 1 else f"{stage.to.how.value.removesuffix(' of')} {roles}"


def copied(stage: Stage) -> str:
    """Roles, each with its condition in brackets."""
    return ", ".join(f"{copy.role} ({copy.when.text})" if copy.when else copy.role for copy in stage.copies) or "-"


def within(window: Within | None) -> str:
    """A window as one would say it."""
    if window is None:
        return "-"
    if window.none_because:
        return "none"
    if window.by_priority:
        return ", ".join(f"{priority} {length}" for priority, length in window.by_priority)
    if window.set_by_raiser:
        return f"{RAISER} sets, at most {window.at_most}" if window.at_most else f"{RAISER} sets"
    return f"{window.length}" if window.unit_stated else f"{window.length}?"


def policy(stage: Stage) -> str:
    """What no reply does, and where to."""
    return f"{stage.no_reply.value} to {stage.no_reply_to}" if stage.no_reply_to else stage.no_reply.value


def rows(ladder: Ladder) -> list[tuple[str, str, str, str, str]]:
    """Stage, recipients, copies, window, what no reply does; for a referral stage, dashes."""
    return [
        (stage.key, "-", "-", "-", "asks the IRO")
        if stage.referral
        else (stage.key, to(stage), copied(stage), within(stage.respond_within), policy(stage))
        for stage in ladder.stages
    ]
