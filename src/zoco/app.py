"""Builds everything, once for each process, and decides nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from starlette.datastructures import State
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

import zoco
from zoco.adapters import logs
from zoco.adapters.db.migrate import require_current
from zoco.adapters.db.open import open_database
from zoco.adapters.parent import die_with_parent
from zoco.assembly import flush_counts, open_storage
from zoco.core.errors import Unavailable
from zoco.hub.accounts.keyring import master_key, signing_key
from zoco.hub.accounts.limits import RateLimiter
from zoco.hub.catalog.catalogue import Catalogue
from zoco.hub.catalog.current_index import CATALOGUE
from zoco.hub.repos.xet_scope import dedup_scope_of
from zoco.settings import Settings, load
from zoco.surfaces.git.errors import git_error
from zoco.surfaces.git.routes import routes as git_routes
from zoco.surfaces.hub_api.errors import json_error
from zoco.surfaces.hub_api.routes import routes as api_routes
from zoco.surfaces.lfs.errors import lfs_error
from zoco.surfaces.lfs.routes import routes as lfs_routes
from zoco.surfaces.outer import ErrorPage, Outer
from zoco.surfaces.state import Hub
from zoco.surfaces.threads import in_thread, set_short_limit
from zoco.surfaces.web.errors import html_error
from zoco.surfaces.web.routes import routes as web_routes
from zoco.surfaces.xet.routes import routes as xet_routes

FLUSH_EVERY_S = 60


def open_hub(settings: Settings) -> Hub:
    """Raises ValueError when the schema, the master key or a setting is not right."""
    db = open_database(settings)
    require_current(db)
    storage = open_storage(settings, db)
    return Hub(
        settings=settings,
        db=db,
        blobs=storage.blobs,
        storage=storage,
        catalogue=Catalogue(storage, settings.data / CATALOGUE),
        limiter=RateLimiter(
            {
                "api": settings.rate_limit_api,
                "resolvers": settings.rate_limit_resolvers,
                "pages": settings.rate_limit_pages,
                "sign_in": settings.rate_limit_sign_in,
                "sign_in_address": 10 * settings.rate_limit_sign_in,
            }
        ),
        signing_key=signing_key(db, master_key(settings)),
        trusted_proxies=frozenset(part.strip() for part in settings.trusted_proxies.split(",")),
        sign_up_is_open=settings.sign_up_is_open,
        dedup_scope=dedup_scope_of(settings.xet_dedup_scope),
    )


class Site:
    """The ASGI application inside `Outer`: routes, and what handlers find on `request.app.state`."""

    def __init__(self, hub: Hub, routes: list[BaseRoute]) -> None:
        self.state = State({"hub": hub})
        self._router = Router(routes, redirect_slashes=False, lifespan=_lifespan(hub))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["app"] = self
        await self._router(scope, receive, send)


def create_app(hub: Hub) -> ASGIApp:
    routes = [*api_routes, *xet_routes, *git_routes, *lfs_routes, *own_routes, *web_routes]
    return Outer(Site(hub, routes), hub, wire_of)


def build() -> ASGIApp:
    """What the web server imports in each worker process: settings come from the environment."""
    die_with_parent()
    settings = load()
    logs.set_up(settings.log_level)
    return create_app(open_hub(settings))


def wire_of(path: str, request: Request) -> ErrorPage:
    """Which wire a path speaks, so that an error comes in its own form."""
    if "/info/lfs/" in path or path.startswith("/lfs/"):
        return lfs_error
    if path.endswith(("/info/refs", "/git-upload-pack", "/git-receive-pack")):
        return git_error
    if path.startswith(("/api/", "/xet/", "/oauth/token", "/.well-known/")):
        return json_error
    if request.method not in {"GET", "POST"} or "text/html" not in request.headers.get("accept", ""):
        return json_error
    return html_error


def _lifespan(hub: Hub) -> Callable[[Any], Any]:  # Any: Starlette's lifespan is typed by the app it is given
    @asynccontextmanager
    async def lifespan(_app: object) -> AsyncIterator[None]:
        set_short_limit(hub.settings.threads)
        flushing = asyncio.create_task(_flush_each_minute(hub))
        yield
        flushing.cancel()
        await _flush(hub)
        hub.db.close()

    return lifespan


async def _flush_each_minute(hub: Hub) -> None:
    while True:
        await asyncio.sleep(FLUSH_EVERY_S)
        await _flush(hub)


async def _flush(hub: Hub) -> None:
    try:
        await in_thread(flush_counts, hub.db)
    except Unavailable as error:  # kept for the next time
        logs.warning("counts_not_flushed", why=error.message)


async def _healthz(request: Request) -> JSONResponse:
    """Ready: the database answers."""
    hub: Hub = request.app.state.hub
    with hub.db.read() as read:
        read.exec_driver_sql("SELECT 1")
    return JSONResponse({"status": "ok"})


async def _about(_request: Request) -> JSONResponse:
    return JSONResponse({"name": "zoco", "version": zoco.__version__})


own_routes = [Route("/healthz", _healthz), Route("/.well-known/zoco", _about)]
