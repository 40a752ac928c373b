"""Many people at once, as a process of its own: `python -m tests.faults.pressing` reads what to press from standard input.

As JSON: {"port", "connections", "seconds", "think", "patience", "requests": [[method, path, token, body], …]}; a token that has
a name (`name=secret`) is a browser's cookie. Each connection sends a request, reads the answer (within its patience), thinks, and
sends the next, in an order of its own. What came of each is printed as JSON: when it was sent, how long it took, its path and
status.
"""

import asyncio
import json
import random
import sys
import time
from typing import Any


async def press(order: dict[str, Any], n: int, until: float, found: list[tuple[float, float, str, int]]) -> None:
    """One person, until the time is over."""
    chance, keys = random.Random(n), 0
    reader = writer = None
    while time.monotonic() < until:
        method, path, token, body = chance.choice(order["requests"])
        keys += 1
        text = json.dumps(body).replace("@@", f"{n}-{keys}").encode() if body is not None else b""
        head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(text)}\r\nContent-Type: application/json\r\n"
        head += f"{'Cookie:' if '=' in token else 'Authorization: Bearer'} {token}\r\n" if token else ""
        before = time.monotonic()
        try:
            if writer is None:
                reader, writer = await asyncio.wait_for(asyncio.open_connection("127.0.0.1", order["port"]), order["patience"])
            writer.write(head.encode() + b"\r\n" + text)
            status = await asyncio.wait_for(read_answer(reader), order["patience"])
        except (OSError, asyncio.IncompleteReadError, TimeoutError, ValueError):
            status = 0
            if writer is not None:
                writer.close()
            reader = writer = None
        found.append((before, time.monotonic() - before, path, status))
        if order["think"]:
            await asyncio.sleep(chance.uniform(0, 2 * order["think"]))
    if writer is not None:
        writer.close()


async def read_answer(reader: Any) -> int:
    """An answer's status, read to the end of its body."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    if "transfer-encoding: chunked" in head:
        while size := int((await reader.readuntil(b"\r\n")).strip() or b"0", 16):
            await reader.readexactly(size + 2)
        await reader.readuntil(b"\r\n")
    else:
        length = next((line.partition(":")[2] for line in head.split("\r\n") if line.startswith("content-length:")), "0")
        await reader.readexactly(int(length))
    return int(head.split(" ", 2)[1])


async def everybody(order: dict[str, Any]) -> list[tuple[float, float, str, int]]:
    found: list[tuple[float, float, str, int]] = []
    until = time.monotonic() + order["seconds"]
    await asyncio.gather(*(press(order, n, until, found) for n in range(order["connections"])))
    return found


if __name__ == "__main__":
    json.dump(asyncio.run(everybody(json.load(sys.stdin))), sys.stdout)
