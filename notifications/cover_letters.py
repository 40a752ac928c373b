"""Letters to whoever is covered: at once, by whoever entered it, so that nobody is stood in for behind their back."""

import logging
from datetime import datetime

from markupsafe import escape

from drp.casework.service import Casework
from drp.messages.sending_pause import read_pause
from drp.staffing.untold_covers import UntoldCover, claim_cover_letter, list_untold_covers, put_cover_letter_back
from notifications.channels import OutgoingMail, UnsafeMessage
from notifications.outbox import Sender
from notifications.recheck_recipients import find_address_fault
from notifications.wording import WordedMessage
from workflows.calendar.working_days import local_date, long_date
from workflows.model.authority import Authority

log = logging.getLogger("drp.covers")


def cover_letter(authority: Authority, link: str, by: str, giver: str, since: str, until: str) -> WordedMessage:
    """What whoever is covered reads. Names are colleagues'; nothing about a child stands in it."""
    lines = [
        f"{by} covers for you from {since}{f' until {until}' if until else ', with no end yet'}. {giver} entered it.",
        "They are asked and told in your place, and do all that you could. Your own inbox stays yours to read.",
        "If that is not right, open the page and end it, or tell your manager.",
        f"{link}/cover",
        f"{authority.label('iro_service')}, {authority.name}",
    ]
    html = "".join(f"<p>{escape(line)}</p>" for line in [*lines[:3], lines[4]])
    html += f'<p><a href="{escape(lines[3])}">Who stands in for you</a></p>'
    return WordedMessage(
        "Somebody covers for you", "\n\n".join(lines) + "\n", f'<!doctype html><html lang="en"><body>{html}</body></html>'
    )


def tell_the_covered(casework: Casework, authority: str, now: datetime, sender: Sender) -> int:
    """Write to everybody for whom somebody else entered a cover since. Returns how many. A pause of all mail holds it."""
    with casework.store.read(authority) as connection:
        pause = read_pause(connection, authority)
        waiting = [] if pause and pause.holds == "all" else list_untold_covers(connection, authority, local_date(now))
        current = casework.procedures.current(connection, authority) if waiting else ()
    told = 0
    for cover in waiting if current else ():
        if find_address_fault(cover.email, sender.allowed_domains):
            continue  # their own page says it
        with casework.store.write(authority) as connection:
            is_claimed = claim_cover_letter(connection, authority, cover.id, now)
        if is_claimed and _send(sender, current[0].authority, cover, now):
            told += 1
        elif is_claimed:
            with casework.store.write(authority) as connection:
                put_cover_letter_back(connection, authority, cover.id)
    return told


def _send(sender: Sender, words: Authority, cover: UntoldCover, now: datetime) -> bool:
    until = long_date(cover.until) if cover.until else ""
    letter = cover_letter(words, sender.link, cover.by, cover.giver, long_date(cover.since), until)
    post = OutgoingMail(f"<cover-{cover.id.hex}@{sender.domain}>", (cover.email,), (), (cover.email,), letter, now)
    try:
        return cover.email in sender.channel.send(post).accepted
    except UnsafeMessage as error:
        log.error("a letter about cover was not sent: %s", error)
    except Exception:
        # One letter must not keep the others back: it is put back, and waits for the next turn.
        log.exception("a letter about cover was not sent")
    return False
