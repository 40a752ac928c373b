"""Each command's work is where it is declared to be, and takes what the command declares."""

from inspect import signature

import api.cli.main
from api.cli.declare import WORK, work_of


def test_each_command_and_its_work_have_the_same_parameters():
    assert api.cli.main.app.registered_commands
    assert len(WORK) > 25
    for command, work in WORK.items():
        taken = [name for name in signature(work_of(work)).parameters if name != "service"]
        assert taken == list(signature(command).parameters), work
