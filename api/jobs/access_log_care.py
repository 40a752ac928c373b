"""What the heartbeat does for the access log: room is kept for a full disk, and what is older than its time is taken out."""

import logging
from datetime import time

from api.assembly import Service
from drp.data_protection.retention import is_anything_held
from drp.database.unavailable import Unavailable
from workflows.calendar.working_days import at_local, local_date
from workflows.model.retention import log_kept_since

log = logging.getLogger("drp.heartbeat")


def keep_room(service: Service) -> None:
    """Keep room for a full disk, and bring into the access log what it could not take before; at another turn, if not now."""
    for reserve in service.reserves:
        reserve.make()
    try:
        if came := service.access_log.settle(service.clock()):
            log.warning("%s readings that the access log could not take stand in it now", came)
    except Unavailable as error:
        log.warning("readings that the access log could not take wait for another turn: %s", error)


def thin_access_log(service: Service, authority: str) -> int:
    """Take out who read what before the years for which the authority keeps it. Gives how many readings.

    A list names many children's items, and an inquiry may ask who looked at any of them: while a hold on one child, or on
    everybody, is in force, nothing goes.
    """
    now = service.clock()
    with service.store.read(authority) as connection:
        current = service.casework.procedures.current(connection, authority)
        if not current or is_anything_held(connection, authority):
            return 0
    before = at_local(log_kept_since(current[0].authority, local_date(now)), time(0))
    try:
        return service.access_log.thin(authority, before, now)
    except Unavailable as error:
        log.warning("the access log of %s is thinned another day: %s", authority, error)
        return 0
