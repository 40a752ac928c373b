"""Every page, as the application takes them: each module of `api.pages` puts its routes on the one router."""

import pkgutil
from importlib import import_module

from api import pages
from api.pages.frame.browser_request import router

for module in pkgutil.walk_packages(pages.__path__, f"{pages.__name__}."):
    import_module(module.name)

ROUTERS = (router,)
