"""Why the database is not to be had. Apart from the engine: a command that only says what there is loads no database."""


class Unavailable(Exception):
    """The database cannot be written or read now: nothing was done, and it may be tried again."""


class Busy(Unavailable):
    """Somebody else has it in hand, or every connection is in use: nothing was done, and in a moment it may go."""


class DiskFull(Unavailable):
    """The database cannot be written because its disk is full."""
