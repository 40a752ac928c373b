"""Listening: an answer goes out as soon as it is made."""

import asyncio
import socket
import subprocess
import sys

from api.serving import take_port


def is_sent_at_once(listening: socket.socket) -> bool:
    """Does a connection that is accepted there send each piece at once? As the server accepts it."""

    async def accepted() -> bool:
        came: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

        class Protocol(asyncio.Protocol):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                its_own = transport.get_extra_info("socket")
                came.set_result(bool(its_own.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)))
                transport.close()

        server = await asyncio.get_running_loop().create_server(Protocol, sock=listening)
        async with server:
            _, writer = await asyncio.open_connection(*listening.getsockname()[:2])
            said = await asyncio.wait_for(came, 20)
            writer.close()
            return said

    return asyncio.run(accepted())


def test_no_piece_of_an_answer_waits_until_the_one_before_was_acknowledged() -> None:
    """It cost each answer that was sent in two pieces 40 ms: its head had gone, and its body waited."""
    assert is_sent_at_once(take_port("127.0.0.1", 0))


def test_a_listening_socket_of_no_named_protocol_would_wait() -> None:
    """The planted bug."""
    with socket.socket() as plain:
        plain.bind(("127.0.0.1", 0))
        assert not is_sent_at_once(plain)


def loaded_by(words: str) -> set[str]:
    """What a process of its own has loaded when it has run `drp` with some words."""
    asks = (
        "import sys; from api.cli.main import main; sys.argv = ['drp', *sys.argv[1:]]\n"
        "try: main()\nexcept SystemExit: pass\nprint(*sys.modules, sep=chr(10))"
    )
    said = subprocess.run([sys.executable, "-c", asks, *words.split()], capture_output=True, text=True, check=True)
    return set(said.stdout.splitlines())


def test_to_say_what_commands_there_are_loads_no_database() -> None:
    assert not loaded_by("--help") & {"sqlalchemy", "fastapi", "workflows.decision.decide"}


def test_a_start_that_migrates_nothing_and_writes_no_document_loads_nothing_for_it() -> None:
    asks = "import sys, api.app; from drp.database.migrate import newest_revision; newest_revision(); print(*sys.modules)"
    said = subprocess.run([sys.executable, "-c", asks], capture_output=True, text=True, check=True)
    assert "fastapi" in said.stdout.split()
    assert not set(said.stdout.split()) & {"alembic", "mako", "docx"}


def test_a_command_that_needs_the_database_loads_it() -> None:
    """Or the test above could not fail."""
    assert "sqlalchemy" in loaded_by("themes nowhere --by nothing")
