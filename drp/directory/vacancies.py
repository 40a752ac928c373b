"""Where ladder meets directory: every post that a ladder in force names and nobody holds. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from drp.directory.values import Directory, DirectoryChild, runs_on
from workflows.model.authority import Authority, Capacity, HeldFor, in_force_on
from workflows.model.ladder import EVERYONE_ABOVE, RAISER, RECIPIENTS, Ladder, Stage, Status


@dataclass(frozen=True)
class Vacancy:
    """A post that a ladder names and nobody holds. `key`: the child's number, or the unit's, or empty."""

    role: str
    held_for: HeldFor
    key: str
    said: str

    def __str__(self) -> str:
        return self.said


class PostsVacant(Exception):
    """The directory leaves posts empty that a ladder in force names. Nothing was loaded."""

    def __init__(self, vacancies: Iterable[Vacancy]) -> None:
        self.vacancies = tuple(vacancies)
        super().__init__("\n".join(str(vacancy) for vacancy in self.vacancies))


def vacant_posts(directory: Directory, authority: Authority, ladders: Iterable[Ladder], day: date) -> tuple[Vacancy, ...]:
    """Every empty post that the ladders in force on a day (Europe/London) name, in the ladders' order; and no IRO manager.

    A child counts while a post is held for them (or never was: they are new), a team while it has posts or children, a
    service while it has posts or teams: what nobody is listed for any more is not missed.
    """
    found: dict[tuple[str, str], Vacancy] = {}
    served = _Served(directory, day)
    for ladder in in_force_on(day, ladders):
        mentions: dict[str, str] = {}
        for role, beginning in _mentions(ladder):
            mentions.setdefault(role, beginning)
        for role, beginning in mentions.items():
            if not authority.has_role(role):
                continue
            title, held_for = authority.role(role).title, authority.role(role).held_for
            for key in _empty(directory, served, role, held_for, ladder, day):
                if held_for is HeldFor.CHILD and _somebody_else_raises(authority, ladder, role, directory.children[key]):
                    continue
                name = f"child {key}" if held_for is HeldFor.CHILD else directory.unit_name(held_for.value, key)
                where = f" for {name}" if key else ""
                found.setdefault((role, key), Vacancy(role, held_for, key, f"{beginning} the {title}; nobody holds it{where}"))
    managers = authority.roles_acting_as(Capacity.IRO_MANAGER)
    if managers and not any(post.role in managers and runs_on(post, day) for post in directory.posts):
        manager = authority.role(managers[0])
        found.setdefault(
            (manager.key, ""),
            Vacancy(manager.key, manager.held_for, "", f"Whatever finds nobody goes to the {manager.title}; nobody holds it"),
        )
    return tuple(found.values())


def _somebody_else_raises(authority: Authority, ladder: Ladder, role: str, child: DirectoryChild) -> bool:
    """Is it the IRO's post, of a child who is not looked after and for whom others may raise what the ladder carries?"""
    if authority.role(role).acts_as is not Capacity.IRO or Status.LOOKED_AFTER.value in child.statuses:
        return False
    only = dict(ladder.raises_only)
    return any(other != role and other not in only for other in ladder.raised_by)


def _empty(directory: Directory, served: "_Served", role: str, held_for: HeldFor, ladder: Ladder, day: date) -> Iterator[str]:
    """The keys for which nobody holds a role; the empty key for the authority, and for agencies none of which has it."""
    if held_for is HeldFor.AGENCY:
        if not any(post.role == role and runs_on(post, day) for post in directory.posts):
            yield ""
        return
    covered = {status.value for status in ladder.covers}
    keys = {
        HeldFor.AUTHORITY: [""],
        HeldFor.SERVICE: served.services,
        HeldFor.TEAM: served.teams,
        HeldFor.CHILD: [child.number for child in served.children if not covered or covered & set(child.statuses)],
    }[held_for]
    for key in keys:
        if not any(post.role == role and runs_on(post, day) for post in directory.posts_of(held_for, key)):
            yield key


class _Served:
    """The children, teams and services that an authority serves on a day."""

    def __init__(self, directory: Directory, day: date) -> None:
        def counts(held_for: HeldFor, key: str) -> bool:
            return not directory.posts_of(held_for, key) or directory.has_live_posts(held_for, key, day)

        in_items = {item.child for item in directory.items}
        self.children = [c for c in directory.children.values() if c.number in in_items or counts(HeldFor.CHILD, c.number)]
        with_children = {child.team for child in self.children}
        self.teams = [
            key for kind, key in directory.units if kind == "team" and (key in with_children or counts(HeldFor.TEAM, key))
        ]
        with_teams = {directory.service_of(team) for team in self.teams}
        self.services = [
            key for kind, key in directory.units if kind == "service" and (key in with_teams or counts(HeldFor.SERVICE, key))
        ]


def _mentions(ladder: Ladder) -> Iterator[tuple[str, str]]:
    """Every role that a ladder names, with how a sentence about it begins; asking comes before all else."""
    later: list[tuple[str, str]] = [(role, f"{ladder.title} is raised by") for role in ladder.raised_by]
    later += [(role, f"{ladder.title} is seen by") for role in ladder.observers]
    if ladder.before_skipping:
        later.append((ladder.before_skipping.talk_to, f"{ladder.title}, before a stage is skipped, talks to"))
    for stage in ladder.stages:
        yield from ((role, f"{stage.label} asks") for role in stage.roles_to() if role != RAISER)
        later += _beside(stage)
    yield from ((role, beginning) for role, beginning in later if role not in (RAISER, RECIPIENTS, EVERYONE_ABOVE))


def _beside(stage: Stage) -> list[tuple[str, str]]:
    """Every role that a stage names beside those whom it asks, with how a sentence about it begins."""
    meeting = stage.contact.meeting
    named: dict[str, Iterable[str]] = {
        "is judged by": stage.judged_by.roles,
        "is sent by": stage.sent_by,
        "leaves it to be chosen by": [stage.to.chosen_by] if stage.to else [],
        "is endorsed by": [stage.endorsed_by.role] if stage.endorsed_by else [],
        "has its meeting arranged by": [meeting.arranged_by] if meeting else [],
        "has its outcome recorded by": [meeting.outcome_recorded_by] if meeting else [],
        "has at its meeting": meeting.attended_by if meeting else [],
        "is told by": [stage.told_by] if stage.told_by else [],
        "copies in": [copy.role for copy in stage.copies],
        "is seen by": stage.observers,
    }
    stand_ins = [
        mention
        for away, stand_in in stage.stand_ins
        for mention in (("has somebody stand in for", away), ("has to stand in", stand_in))
    ]
    mentions = [*((what, role) for what, roles in named.items() for role in roles), *stand_ins]
    return [(role, f"{stage.label} {what}") for what, role in mentions]
