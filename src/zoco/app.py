"""Builds everything, once for each process, and decides nothing."""

from __future__ import annotations

import ipaddress
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from starlette.datastructures import State
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

import zoco
from zoco.adapters import logs
from zoco.adapters.blobs.open import open_blobs
from zoco.adapters.db.engine import Database, open_postgresql, open_sqlite
from zoco.adapters.git.cache import GitCache
from zoco.adapters.parent import die_with_parent
from zoco.core.events import Event, RefUpdated, RepoDeleted
from zoco.hub.accounts.keyring import master_key, signing_key
from zoco.hub.accounts.limits import RateLimiter
from zoco.hub.cards.subscriber import CardSubscriber
from zoco.hub.repos.storage import Limits, RepoStorage
from zoco.settings import Settings, load
from zoco.surfaces.git.errors import git_error
from zoco.surfaces.git.routes import routes as git_routes
from zoco.surfaces.hub_api.errors import json_error
from zoco.surfaces.hub_api.routes import routes as api_routes
from zoco.surfaces.lfs.errors import lfs_error
from zoco.surfaces.lfs.routes import routes as lfs_routes
from zoco.surfaces.outer import ErrorPage, Outer
from zoco.surfaces.state import Hub
from zoco.surfaces.threads import set_short_limit
from zoco.surfaces.web.errors import html_error
from zoco.surfaces.web.routes import routes as web_routes

HOUR_MS = 3_600_000


def open_database(settings: Settings) -> Database:
    """Opens, but does not migrate."""
    if settings.database_url:
        if not settings.secret_key:
            raise ValueError("ZOCO_SECRET_KEY is needed with ZOCO_DATABASE_URL: every node must share one secret")
        return open_postgresql(settings.database_url)
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    return open_sqlite(settings.data / "zoco.db")


def open_storage(settings: Settings, db: Database) -> RepoStorage:
    blobs = open_blobs(settings)
    limits = Limits(
        regular_file_size_max_bytes=settings.regular_file_size_max_bytes,
        commit_size_max_bytes=settings.commit_size_max_bytes,
        push_size_max_bytes=settings.push_size_max_bytes,
        packs_before_consolidation=settings.packs_before_consolidation,
        gc_grace_ms=settings.gc_grace_hours * HOUR_MS,
    )
    cache = GitCache(settings.data / "cache", blobs, settings.cache_size_max_bytes)
    return RepoStorage(db, blobs, cache, limits, subscribers=(CardSubscriber(),))


def open_hub(settings: Settings) -> Hub:
    db = open_database(settings)
    storage = open_storage(settings, db)
    return Hub(
        settings=settings,
        db=db,
        blobs=storage.blobs,
        storage=storage,
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
        sign_up_is_open=settings.sign_up == "open" or (not settings.sign_up and is_loopback(settings.host)),
    )


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Site:
    """The ASGI application inside `Outer`: routes, and what handlers find on `request.app.state`."""

    def __init__(self, hub: Hub, routes: list[BaseRoute]) -> None:
        self.state = State({"hub": hub})
        self._router = Router(routes, redirect_slashes=False, lifespan=_lifespan(hub))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["app"] = self
        await self._router(scope, receive, send)


def create_app(hub: Hub) -> ASGIApp:
    routes = [
        Route("/healthz", _healthz),
        Route("/.well-known/zoco", _about),
        *git_routes,
        *lfs_routes,
        *api_routes,
        *web_routes,
    ]
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
    if path.startswith(("/api/", "/oauth/token", "/.well-known/")):
        return json_error
    if request.method not in {"GET", "POST"} or "text/html" not in request.headers.get("accept", ""):
        return json_error
    return html_error


def _lifespan(hub: Hub) -> Callable[[Any], Any]:  # Any: Starlette's lifespan is typed by the app it is given
    @asynccontextmanager
    async def lifespan(_app: object) -> AsyncIterator[None]:
        set_short_limit(hub.settings.threads)
        yield
        hub.db.close()

    return lifespan


async def _healthz(request: Request) -> JSONResponse:
    """Ready: the database answers."""
    hub: Hub = request.app.state.hub
    with hub.db.read() as read:
        read.exec_driver_sql("SELECT 1")
    return JSONResponse({"status": "ok"})


async def _about(_request: Request) -> JSONResponse:
    return JSONResponse({"name": "zoco", "version": zoco.__version__})


SUBSCRIPTIONS: Mapping[type[Event], tuple[str, ...]] = {
    RefUpdated: ("consolidate", "last_commits"),
    RepoDeleted: ("delete_objects",),
}
