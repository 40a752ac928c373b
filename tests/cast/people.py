"""The people of every story by the part they play, and the child. Values alone: what they are is what they may do."""

from dataclasses import replace

from workflows.model.actor import Actor, Part
from workflows.model.challenge import Facts
from workflows.model.ladder import Status


def playing(person: str, *parts: Part, roles: tuple[str, ...] = ()) -> Actor:
    """Somebody who plays some parts on an item."""
    return Actor(person, frozenset(parts), frozenset(roles))


IRO = playing("irene", Part.RAISER, Part.CHILDS_IRO, roles=("iro",))
COVER = replace(playing("colin", Part.RAISER, Part.CHILDS_IRO, roles=("iro",)), behalf_of="irene")
RAISER_ONLY = playing("rhona", Part.RAISER)
"""Whoever raised an item and is not the child's IRO: a child protection chair, a fostering reviewer."""
IRO_MANAGER = playing("mona", Part.IRO_MANAGER)
BUSINESS_SUPPORT = playing("bob", Part.BUSINESS_SUPPORT)
ADMINISTRATOR = playing("ada", Part.ADMINISTRATOR)
LEADER = playing("leo", Part.LEADER)
AUDITOR = playing("audrey", Part.AUDITOR)


def holder(role: str, part: Part, person: str = "") -> Actor:
    """Whoever holds a role and plays a part by it: by name, if it matters who."""
    return playing(person or role.replace("_", " "), part, roles=(role,))


def the(role: str, person: str = "") -> Actor:
    """Whoever holds a role that is asked."""
    return holder(role, Part.ASKED, person)


def once_asked(role: str) -> Actor:
    """Whoever was asked at an earlier stage."""
    return holder(role, Part.WAS_ASKED)


def judge(role: str) -> Actor:
    """Whoever judges the answer beside, or instead of, the IRO."""
    return holder(role, Part.JUDGE)


def arranger(role: str) -> Actor:
    """Whoever arranges the stage's meeting."""
    return holder(role, Part.ARRANGER)


def recorder(role: str) -> Actor:
    """Whoever records the outcome of the stage's meeting."""
    return holder(role, Part.RECORDER)


def endorser(role: str) -> Actor:
    """Whoever must agree before an item is sent."""
    return holder(role, Part.ENDORSER)


def copied(role: str) -> Actor:
    """Whoever is copied in."""
    return holder(role, Part.COPIED)


def in_their_line(actor: Actor) -> Actor:
    """The same person, where the item is about their own casework."""
    return replace(actor, is_concerned=True)


LOOKED_AFTER = Facts(statuses=frozenset({Status.LOOKED_AFTER}))
IN_PLO = Facts(statuses=frozenset({Status.LOOKED_AFTER}), in_plo=True)
PROTECTION_PLAN = Facts(statuses=frozenset({Status.CHILD_PROTECTION}))
