"""The files that pages are made with: built from their packages at set-up, or ours. Nothing is fetched from elsewhere."""

from importlib.resources import files

from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse

router = APIRouter(include_in_schema=False)

KINDS = {
    "pages.css": "text/css; charset=utf-8",
    "start.js": "text/javascript; charset=utf-8",
    "pages.js": "text/javascript; charset=utf-8",
    "govuk-frontend.min.js": "text/javascript; charset=utf-8",
    "mark.svg": "image/svg+xml",
}
"""Every file that there is to be had: a name that is not here is nothing."""


@router.get("/assets/{name}")
def serve_asset(name: str, v: str = "") -> Response:
    """One file. Where its address holds its content's mark, a browser may keep it."""
    file = files("api").joinpath("assets", name)
    if name not in KINDS or not file.is_file():
        return PlainTextResponse("Not here. (If nothing is styled: run `make assets`.)", status_code=404)
    kept = "public, max-age=31536000, immutable" if v else "no-cache"
    return Response(file.read_bytes(), headers={"Cache-Control": kept, "Content-Type": KINDS[name]})
