"""Why something is not done: what happened, what it means, what to do. One table at the edge gives each a status."""


class Refused(Exception):
    """An event that cannot be, said so that the person who tried it knows what to do instead."""

    def __init__(self, said: str, do: str, field: str = "") -> None:
        self.said, self.do, self.field = said, do, field
        super().__init__(f"{said} {do}".strip())


class NotOpen(Refused):
    """The move is not open in this state. `moves` names those that are."""

    def __init__(self, said: str, do: str, moves: tuple[str, ...] = ()) -> None:
        self.moves = moves
        super().__init__(said, do)


class NotYours(Refused):
    """The move is open, but not to this person."""


class Unfit(Refused):
    """The event's content does not fit: an unknown reason, a date in the past, a stage that does not exist."""
