"""Every room of the pages, as the application takes them."""

from api.pages import answering, assets, item, raising, sign_in, talks, work

ROUTERS = tuple(room.router for room in (assets, sign_in, work, item, answering, raising, talks))
