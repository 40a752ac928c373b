"""Letters about reports: a draft for the IRO manager to edit, a released one for whoever it is for. No figure stands in them."""

import logging
from datetime import datetime
from hashlib import sha256

from markupsafe import escape

from drp.casework.service import Casework
from drp.messages.sending_pause import read_pause
from drp.written_reports.copies import UntoldCopy, claim_report_letter, list_untold_copies, put_report_letter_back
from notifications.channels import OutgoingMail, UnsafeMessage
from notifications.outbox import Sender
from notifications.recheck_recipients import find_address_fault
from notifications.wording import WordedMessage, subject_line
from workflows.calendar.working_days import local_date
from workflows.model.authority import Authority

log = logging.getLogger("drp.reports")


def report_letter(authority: Authority, link: str, copy: UntoldCopy) -> WordedMessage:
    """What whoever gets a report reads: that it is there, what is asked of them, and where."""
    if copy.is_draft:
        subject = f"A report is ready to edit: {copy.title}, {copy.period}"
        said = f"The figures of {copy.period} are counted: {copy.title}."
        do = "Write what they mean, check them, and release it. Nobody else sees it until you do."
    else:
        subject = f"A report for you: {copy.title}, {copy.period}"
        said = f"{copy.title}, {copy.period}, has been released."
        do = (
            "Open it to read it, or to take it away as PDF or Word. You can ask for a change there; it is kept beside the report."
        )
    address = f"{link}/reports/{copy.report}"
    office = f"{authority.label('iro_service')}, {authority.name}"
    html = "".join(f"<p>{escape(line)}</p>" for line in (said, do))
    html += f'<p><a href="{escape(address)}">Open the report</a></p><p>{escape(office)}</p>'
    text = "\n\n".join([said, do, address, office]) + "\n"
    return WordedMessage(subject_line(subject), text, f'<!doctype html><html lang="en"><body>{html}</body></html>')


def tell_of_reports(casework: Casework, authority: str, now: datetime, sender: Sender) -> int:
    """Write to everybody who was not told of a report in their inbox. Returns how many; a pause of all holds it."""
    with casework.store.read(authority) as connection:
        pause = read_pause(connection, authority)
        waiting = [] if pause and pause.holds == "all" else list_untold_copies(connection, authority, local_date(now))
        current = casework.procedures.current(connection, authority) if waiting else ()
    told = 0
    for copy in waiting if current else ():
        if find_address_fault(copy.email, sender.allowed_domains):
            continue  # it stands in their inbox
        with casework.store.write(authority) as connection:
            is_claimed = claim_report_letter(connection, authority, copy, now)
        if is_claimed and _send(sender, current[0].authority, copy, now):
            told += 1
        elif is_claimed:
            with casework.store.write(authority) as connection:
                put_report_letter_back(connection, authority, copy)
    return told


def _send(sender: Sender, words: Authority, copy: UntoldCopy, now: datetime) -> bool:
    letter = report_letter(words, sender.link, copy)
    identity = sha256(f"{copy.report.hex} {copy.person.hex} {copy.is_draft}".encode()).hexdigest()[:32]
    post = OutgoingMail(f"<{identity}@{sender.domain}>", (copy.email,), (), (copy.email,), letter, now)
    try:
        return copy.email in sender.channel.send(post).accepted
    except UnsafeMessage as error:
        log.error("a letter about a report was not sent: %s", error)
    except Exception:
        # One letter must not keep the others back: it is put back, and waits for the next turn.
        log.exception("a letter about a report was not sent")
    return False
