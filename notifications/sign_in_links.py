"""Links to sign in, sent to the directory's own addresses at once: they wait for no sending hours and stop at no brake."""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from hashlib import sha256

from markupsafe import escape

from drp.casework.service import Casework
from drp.identity import sign_in
from drp.identity.seal import Seal
from notifications.channels import OutgoingMail, UnsafeMessage
from notifications.outbox import Sender
from notifications.recheck_recipients import find_address_fault
from notifications.wording import WordedMessage
from workflows.model.authority import Authority

log = logging.getLogger("drp.sign_in")


_SAID = (
    "Somebody asked to sign in to the resolution service with this address.",
    "Open this link, and press the button on its page. It is good once, for 15 minutes.",
    "If it was not you, do nothing: nobody is signed in by asking.",
)


def sign_in_letter(authority: Authority, link: str) -> WordedMessage:
    """The message that carries a link."""
    lines = [*_SAID[:2], link, _SAID[2], f"{authority.label('iro_service')}, {authority.name}"]
    html = "".join(f"<p>{escape(line)}</p>" for line in [*_SAID[:2]]) + f'<p><a href="{escape(link)}">Sign in</a></p>'
    html += "".join(f"<p>{escape(line)}</p>" for line in lines[3:])
    return WordedMessage(
        "Your link to sign in", "\n\n".join(lines) + "\n", f'<!doctype html><html lang="en"><body>{html}</body></html>'
    )


def send_links(
    casework: Casework, seal: Seal, authority: str, clock: Callable[[], datetime], sender: Sender, conversations: int = 1
) -> int:
    """Send the links that wait, several at once. Returns how many. Never raises for what one message meets."""
    with casework.store.read(authority) as connection:
        waiting = sign_in.unsent_links(connection, authority, clock())
        current = casework.procedures.current(connection, authority)
    if waiting and not current:
        log.warning("a link was not sent: there is no such authority")
    if not waiting or not current:
        return 0
    words = current[0].authority

    def send(asked: sign_in.AskedLink) -> bool:
        return _send(casework, seal, words, clock(), sender, asked)

    many = min(conversations, len(waiting))
    if many == 1:
        return sum(map(send, waiting))
    with ThreadPoolExecutor(many, thread_name_prefix="links") as pool:
        return sum(pool.map(send, waiting))


def _send(casework: Casework, seal: Seal, words: Authority, now: datetime, sender: Sender, asked: sign_in.AskedLink) -> bool:
    if fault := find_address_fault(asked.email, sender.allowed_domains):
        log.warning("a link was not sent: %s", fault)
        return False
    with casework.store.write(words.key) as connection:
        secret = sign_in.give_secret(connection, casework.chance, seal, words.key, asked)
    if secret is None:
        return False
    letter = sign_in_letter(words, f"{sender.link}/sign-in/link/{secret}")
    identity = sha256(secret.encode()).hexdigest()[:32]
    post = OutgoingMail(f"<{identity}@{sender.domain}>", (asked.email,), (), (asked.email,), letter, now)
    try:
        is_sent = asked.email in sender.channel.send(post).accepted
    except UnsafeMessage as error:
        log.error("a link was not sent: %s", error)
        return False
    except Exception:
        # One link must not keep the others back: its secret is taken back, and it waits for the next turn.
        log.exception("a link was not sent")
        is_sent = False
    if not is_sent:
        with casework.store.write(words.key) as connection:
            sign_in.take_secret_back(connection, seal, words.key, asked)
    return is_sent
