"""Every page's address. Fixed words come before owners, and an owner's own page last."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from zoco.core.errors import NotFound
from zoco.surfaces.web import assets
from zoco.surfaces.web.render import Page
from zoco.surfaces.web.serve import shows
from zoco.surfaces.web.visit import Visit


def _nothing_here(_visit: Visit, _request: Request) -> Page | Response:
    raise NotFound("Sorry, we can't find the page you are looking for.")


routes: list[BaseRoute] = [
    Route("/static/{file:seg}", assets.serve),
    shows("/{path:rest}", _nothing_here),
]
