"""Which moves exist, for one ladder version: transitions' machine, built once, asked and never left to hold a state.

No callbacks, no conditions, no add_model, no source='*' (each a measured trap, docs/architecture.md): the machine refuses,
lists and names the next state; plain code decides the rest.
"""

from functools import lru_cache
from typing import Any

from transitions import Machine, MachineError

from workflows.model.challenge import NEW, Outcome, Phase
from workflows.model.ladder import ItemType, Ladder, Stage

CLOSED = (Outcome.RESOLVED, Outcome.ENDED, Outcome.OVERTAKEN, Outcome.WITHDRAWN)

_BESIDE = (
    "note", "correct", "child", "legal_advice", "court", "advocate", "complaint", "action", "impact",
    "respond", "clarify", "service",
)  # fmt: skip
"""What may happen beside the ladder while it is open, and moves nothing."""

_WATCHED = ("acknowledge", "not_for_me", "redirect", "copy_in", "wait_longer", "refer")
"""What may happen besides where an item is watched over, and neither answered nor judged."""

_AFTERWARDS = ("note", "correct", "child", "advocate", "complaint", "action", "impact", "respond", "service")
"""What may still happen once it has ended."""


class _Here:
    """The smallest model that transitions will move."""

    def __init__(self, state: str) -> None:
        self.state = state


class MoveTable:
    """The moves of one ladder version."""

    def __init__(self, ladder: Ladder) -> None:
        table: list[dict[str, Any]] = []
        states = [NEW, *(str(outcome) for outcome in Outcome)]
        for stage in ladder.stages:
            states += [f"{stage.key}.{phase}" for phase in phases_of(stage)]
        if ladder.is_notice:
            states = [NEW, *(str(outcome) for outcome in Outcome)]
            table += _notice_moves(ladder)
        else:
            for stage in ladder.stages:
                table += _stage_moves(ladder, stage)
            table += _closed_moves(ladder)
        self._machine = Machine(
            model=None, states=states, transitions=table, initial=NEW, auto_transitions=False, send_event=False
        )
        self._open = {state: frozenset(self._machine.get_triggers(state)) for state in states}
        self._after: dict[tuple[str, str], str] = {}

    def open_in(self, state: str) -> frozenset[str]:
        """The names of the moves open in a state."""
        return self._open.get(state, frozenset())

    def after(self, state: str, move: str) -> str:
        """The state that a move leads to: the machine is asked once. Raises MachineError if it is not open."""
        if move not in self.open_in(state):
            raise MachineError(f"{move} is not open in {state}")
        after = self._after.get((state, move))
        if after is None:
            here = _Here(state)
            self._machine.events[move].trigger(here)
            after = self._after[state, move] = here.state
        return after

    def states(self) -> tuple[str, ...]:
        """Every state of this ladder."""
        return tuple(self._machine.states)


@lru_cache(maxsize=256)
def moves_of(ladder: Ladder) -> MoveTable:
    """The machine of a ladder version, built once (ladders compare by content hash)."""
    return MoveTable(ladder)


def first_phase(stage: Stage) -> Phase:
    """The phase in which a stage is entered."""
    if stage.referral:
        return Phase.ASKING
    return Phase.ENDORSING if stage.endorsed_by else Phase.AWAITING


def phases_of(stage: Stage) -> tuple[Phase, ...]:
    """The phases that a stage has."""
    if stage.referral:
        return (Phase.ASKING,)
    if stage.keeps_watch:
        return (Phase.AWAITING,)
    phases = [Phase.AWAITING, Phase.ANSWERED, Phase.ASKING]
    if stage.endorsed_by:
        phases.insert(0, Phase.ENDORSING)
    if stage.complete_within:
        phases.append(Phase.COMPLETING)
    return tuple(phases)


def _entered(stage: Stage) -> str:
    return f"{stage.key}.{first_phase(stage)}"


def _stage_moves(ladder: Ladder, stage: Stage) -> list[dict[str, Any]]:
    here = {phase: f"{stage.key}.{phase}" for phase in phases_of(stage)}
    every = list(here.values())
    table = [_move(f"raise_at_{stage.key}", [NEW], _entered(stage))]
    table += [_move(name, every, None) for name in _BESIDE]
    if stage.keeps_watch:
        table += [_move(name, every, None) for name in _WATCHED]
        return table + _ends(every)
    # What was asked of people goes on while they are asked, also while the IRO considers.
    waiting = [here[phase] for phase in (Phase.AWAITING, Phase.ASKING) if phase in here and not stage.referral]
    if waiting:
        table += [_move(name, waiting, None) for name in ("acknowledge", "not_for_me", "redirect", "copy_in")]
        table.append(_move("answer", waiting, here[Phase.ANSWERED]))
        table.append(_move("wait_longer", waiting, here[Phase.AWAITING]))
        table.append(_move("judge_needs_more", [here[Phase.ANSWERED]], here[Phase.ASKING]))
        table.append(_move("judge_enough", [here[Phase.ANSWERED]], None))
        if stage.contact.meeting:
            table += [_move(name, waiting, None) for name in ("arrange_meeting", "hold_meeting")]
            # A meeting held "if required" has an outcome too, but only a meeting that is the answer ends the wait.
            table.append(_move("record_outcome", waiting, here[Phase.ANSWERED] if stage.answer_is_a_meeting else None))
        asking = [state for phase, state in here.items() if phase is not Phase.ASKING]
        table.append(_move("ask_iro", asking, here[Phase.ASKING]))
        table.append(_move("hold", [here[Phase.AWAITING]], here[Phase.ASKING]))
    if stage.endorsed_by:
        # Endorsed late, while the raiser considers, it is sent all the same.
        table.append(_move("endorse", [here[Phase.ENDORSING], here[Phase.ASKING]], here[Phase.AWAITING]))
        table.append(_move("wait_for_endorsement", [here[Phase.ASKING]], here[Phase.ENDORSING]))
        table.append(_move("decline", [here[Phase.ENDORSING]], here[Phase.ASKING]))
    if stage.complete_within:
        table.append(_move("agree", [here[Phase.ANSWERED]], here[Phase.COMPLETING]))
        table.append(_move("wait_longer", [here[Phase.COMPLETING]], None))
    onward = set(ladder.onward(stage.key)) | ({stage.no_reply_to} if stage.no_reply_to else set())
    for other in ladder.stages:
        if other is stage:
            continue
        table.append(_move(f"jump_to_{other.key}", every, _entered(other)))
        if other.key in onward:
            table.append(_move(f"climb_to_{other.key}", every, _entered(other)))
        if other.key == stage.satisfied:
            table.append(_move(f"satisfied_to_{other.key}", [here[Phase.ANSWERED]], _entered(other)))
        if ladder.position(other.key) < ladder.position(stage.key) and not other.referral:
            table.append(_move(f"recall_to_{other.key}_asking", every, f"{other.key}.{Phase.ASKING}"))
            table.append(_move(f"recall_to_{other.key}_answered", every, f"{other.key}.{Phase.ANSWERED}"))
    table.append(_move("refer", every, None))
    table += _ends(every)
    return table


def _closed_moves(ladder: Ladder) -> list[dict[str, Any]]:
    closed = [str(outcome) for outcome in CLOSED]
    table = [_move(name, closed, None) for name in _AFTERWARDS]
    table.append(_move("follow_referral", closed, None))
    table += [_move(f"reopen_at_{stage.key}", closed, _entered(stage)) for stage in ladder.stages]
    table.append(_move("seal", closed, str(Outcome.IN_ERROR)))
    every = [f"{stage.key}.{phase}" for stage in ladder.stages for phase in phases_of(stage)]
    table.append(_move("follow_referral", every, None))
    return table


def _notice_moves(ladder: Ladder) -> list[dict[str, Any]]:
    noticed = [str(Outcome.NOTICED)]
    table = [_move("raise_notice", [NEW], noticed[0])]
    table += [_move(name, noticed, None) for name in ("note", "correct", "impact", "service")]
    if ItemType.EXCELLENT_PRACTICE in ladder.items:
        table += [_move(name, noticed, None) for name in ("thank", "quote")]
    table.append(_move("withdraw", noticed, str(Outcome.WITHDRAWN)))
    table.append(_move("seal", noticed, str(Outcome.IN_ERROR)))
    return table


def _ends(states: list[str]) -> list[dict[str, Any]]:
    return [
        _move("resolve", states, str(Outcome.RESOLVED)),
        _move("end", states, str(Outcome.ENDED)),
        _move("overtake", states, str(Outcome.OVERTAKEN)),
        _move("withdraw", states, str(Outcome.WITHDRAWN)),
        _move("seal", states, str(Outcome.IN_ERROR)),
    ]


def _move(name: str, source: list[str], dest: str | None) -> dict[str, Any]:
    return {"trigger": name, "source": source, "dest": dest}
