"""Every page's address. Fixed words come before owners, and an owner's own page last."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from zoco.core.errors import NotFound
from zoco.surfaces.web import assets
from zoco.surfaces.web.pages import (
    account,
    blob,
    card,
    commits,
    device,
    docs,
    edit,
    home,
    lists,
    new_repo,
    orgs,
    profile,
    repo_settings,
    signing,
    spoken,
    tasks,
    tokens,
    tree,
)
from zoco.surfaces.web.serve import shows
from zoco.surfaces.web.visit import Visit

ROBOTS = """\
User-agent: *
Disallow: /api/
Disallow: /login
Disallow: /join
Disallow: /settings/
Disallow: /oauth/
Disallow: /*/resolve/
Disallow: /*/raw/
"""


async def _favicon(_request: Request) -> Response:
    return RedirectResponse(assets.asset("favicon.svg"), status_code=302)


async def _robots(_request: Request) -> Response:
    return PlainTextResponse(ROBOTS)


def _nothing_here(_visit: Visit, _request: Request) -> Response:
    raise NotFound("Sorry, we can't find the page you are looking for.")


routes: list[BaseRoute] = [
    Route("/static/{file:seg}", assets.serve),
    Route("/favicon.ico", _favicon),
    Route("/robots.txt", _robots),
    *home.routes,
    *lists.routes,
    *tasks.routes,
    *spoken.routes,
    *signing.routes,
    *account.routes,
    *tokens.routes,
    *device.routes,
    *new_repo.routes,
    *orgs.routes,
    *docs.routes,
    *profile.one_word_routes,
    *tree.routes,
    *blob.routes,
    *commits.routes,
    *edit.routes,
    *repo_settings.routes,
    *card.routes,
    *profile.routes,
    shows("/{path:rest}", _nothing_here),
]
