"""What a person at a browser is shown when something was refused or failed. What they typed is never lost by it."""

from urllib.parse import quote

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from api.json.problems import RETRY_AFTER
from api.pages.frame import layout
from api.pages.frame.browser_request import NotOurs, check_origin, read_form, safe_path
from api.request_context import service_of_request

WHAT_TO_DO = {
    "not-permitted": "If you need it, ask whoever administers the service.",
    "access-ended": "You could once see this. Ask the IRO if you still need to.",
    "not-found": "Check the reference or the address.",
    "stale": "Somebody acted on it while you wrote. Look at how it stands now; what you wrote is kept below.",
    "precondition-required": "Nothing was done. Look at how it stands now, and send the form as its page gives it.",
    "busy": "Nothing was done. Wait a few seconds, then go on with what you wrote.",
    "unavailable": "Nothing was done. Wait a moment, then go on with what you wrote.",
    "too-large": "Shorten what you send, or attach a smaller document.",
    "fault": "Nothing was done. Tell whoever runs the service, with the time.",
    "no-such-method": "Go back and use the buttons of the page.",
    "invalid": "Go back, and send the form as the page gave it.",
    "not-signed-in": "Nothing was sent.",
}

SAID = {
    "not-signed-in": "You are signed out, because you were away for a while or signed out elsewhere.",
    "precondition-required": "The form did not say how the item stood when you looked at it.",
    "invalid": "What was sent cannot be read as a form of this service.",
}
TITLES = {401: "Sign in again", 403: "This page is not for you", 404: "There is nothing here", 503: "Not just now"}


async def shown(request: Request, status: int, kind: str, title: str, do: str) -> Response:
    """A page that says what happened, what it means and what to do."""
    sends = request.method == "POST"
    path = request.url.path
    if status == 401 and not sends:
        wanted = path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"/sign-in?then={quote(safe_path(wanted))}", status_code=303)
    # Words that another site sent are nobody's here: they are not shown as what this person wrote, nor offered to be sent.
    typed = await _typed(request) if sends and status in (401, 409, 412, 428, 503) and _is_from_here(request) else {}
    said = SAID.get(kind, title)
    title = TITLES.get(status, "That was not done")
    # Only what can be sent again as it is goes on from here; a refusal is shown beside the item as it stands.
    again = path if typed and status in (401, 503) else ""
    back = safe_path(path.rsplit("/do/", 1)[0]) if "/do/" in path else "/"
    response = layout.trouble_page(
        status, title, said, WHAT_TO_DO.get(kind, do), typed, again=again, sign_in="/sign-in" if status == 401 else "", back=back,
        back_text="See how it stands now" if back != "/" else "Go to my tasks", keep_token=status == 503,
    )  # fmt: skip
    if status == 503:
        response.headers["Retry-After"] = RETRY_AFTER.get(kind, "5")
    return response


def _is_from_here(request: Request) -> bool:
    try:
        check_origin(request, service_of_request(request).settings)
    except NotOurs:
        return False
    return True


async def _typed(request: Request) -> dict[str, tuple[str, ...]]:
    typed: dict[str, tuple[str, ...]] | None = getattr(request.state, "typed", None)
    if typed is None:
        typed, _ = await read_form(request)
        await request.close()
    return typed
