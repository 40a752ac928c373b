"""Every room of the pages, as the application takes them."""

from api.pages import (
    administration,
    administration_outbox,
    administration_readings,
    answering,
    assets,
    board,
    covers,
    directory,
    documents,
    hand_over,
    inbox,
    item,
    oidc,
    procedures,
    raising,
    referring,
    search,
    sign_in,
    small,
    talks,
    teams,
    work,
)

ROUTERS = tuple(
    room.router
    for room in (
        assets,
        sign_in,
        oidc,
        work,
        item,
        answering,
        raising,
        referring,
        talks,
        documents,
        search,
        teams,
        inbox,
        procedures,
        administration,
        administration_outbox,
        administration_readings,
        small,
        board,
        hand_over,
        covers,
        directory,
    )
)
