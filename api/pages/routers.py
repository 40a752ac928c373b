"""Every room of the pages, as the application takes them."""

from api.pages import static_pages
from api.pages.admin import access_log_page, home, outbox_page, procedures
from api.pages.frame import assets
from api.pages.item import answer_page, childs_file, documents_page, item_page
from api.pages.my_work import inbox, my_tasks, search, teams
from api.pages.raising import raising_pages, talks
from api.pages.referral import referral_pages
from api.pages.reports import register_page, themes_page
from api.pages.service_board import board
from api.pages.sign_in import oidc, sign_in
from api.pages.staffing import covers, directory, hand_over

ROUTERS = tuple(
    room.router
    for room in (
        assets,
        sign_in,
        oidc,
        my_tasks,
        item_page,
        answer_page,
        raising_pages,
        referral_pages,
        talks,
        documents_page,
        childs_file,
        search,
        teams,
        themes_page,
        register_page,
        inbox,
        procedures,
        home,
        outbox_page,
        access_log_page,
        static_pages,
        board,
        hand_over,
        covers,
        directory,
    )
)
