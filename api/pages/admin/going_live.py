"""Going live: what it means, and the one press by an IRO manager."""

from fastapi import Response

from api.jobs.heartbeat import go_live
from api.pages.frame.browser_request import CurrentPage, SentForm, go_to, router
from drp.staffing import going_live
from workflows.model.authority import Capacity
from workflows.model.refusals import Unfit


@router.get("/administration/going-live")
def show_going_live(visit: CurrentPage, done: str = "") -> Response:
    """Is the service in use here; if not, what is on trial, and what going live does."""
    with visit.reading() as connection:
        live = going_live.is_live(connection, visit.authority)
        trials = [] if live else going_live.trial_items(connection, visit.authority)
    return visit.page(
        "going_live.html", title="Going live", live=live, trials=trials, done=bool(done),
        may=Capacity.IRO_MANAGER in visit.signed.capacities,
    )  # fmt: skip


@router.post("/administration/going-live")
def go_live_now(visit: CurrentPage, sent: SentForm) -> Response:
    """The service is in use from now on. Pressed twice it is live all the same."""
    sent.confirm()
    try:
        go_live(visit.service, visit.signed)
    except Unfit:
        return go_to("/administration/going-live")
    return go_to("/administration/going-live?done=yes")
