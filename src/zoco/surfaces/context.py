"""Who asks, from where, and at which address they reached us: read from the request once, in one place."""

from __future__ import annotations

import re
import secrets

from starlette.requests import Request

from zoco.core.access import Actor
from zoco.core.errors import InvalidCredentials
from zoco.formats.basic_auth import parse_basic
from zoco.hub.accounts.authenticate import SignedIn, actor_from_basic, actor_from_session, actor_from_token
from zoco.surfaces.state import Hub, hub_of
from zoco.surfaces.threads import in_long_thread, in_thread

SESSION_COOKIE = "zoco_session"
_HOST = re.compile(r"[A-Za-z0-9.\-_]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?")
_UNKNOWN = object()


def fresh_request_id() -> str:
    return f"Root=1-{secrets.token_hex(12)}"


def request_id_of(request: Request) -> str:
    return str(request.scope["zoco.request_id"])


def client_address(request: Request) -> str:
    """Address of the caller; the last `X-Forwarded-For` hop counts only when a trusted proxy sent it."""
    peer = request.client.host if request.client else ""
    if peer in hub_of(request).trusted_proxies and (forwarded := request.headers.get("x-forwarded-for")):
        return forwarded.rsplit(",", 1)[-1].strip() or peer
    return peer


def endpoint_of(request: Request) -> str:
    """`https://hub.example` without a trailing slash: the configured address, or the one this request came to."""
    hub = hub_of(request)
    if hub.settings.public_url:
        return hub.settings.public_url.rstrip("/")
    scheme, host = request.scope.get("scheme", "http"), request.headers.get("host", "")
    peer = request.client.host if request.client else ""
    if peer in hub.trusted_proxies:
        scheme = request.headers.get("x-forwarded-proto", scheme).split(",")[0].strip()
        host = request.headers.get("x-forwarded-host", host).split(",")[0].strip()
    if scheme not in {"http", "https"} or not _HOST.fullmatch(host):
        return f"http://{hub.settings.host}:{hub.settings.port}"
    return f"{scheme}://{host}"


async def actor_of(request: Request) -> Actor | None:
    """The caller, or None for anonymous ones. Raises InvalidCredentials for a token that is not good.

    A session counts for reading anywhere; requests that change something by session are checked by the pages.
    """
    found = request.scope.get("zoco.actor", _UNKNOWN)
    if found is _UNKNOWN:
        found = request.scope["zoco.actor"] = await _find_actor(request)
    return found if isinstance(found, Actor) else None


async def session_of(request: Request) -> SignedIn | None:
    """The browser session of the request, or None."""
    if not (cookie := request.cookies.get(SESSION_COOKIE)):
        return None
    return await in_thread(actor_from_session, hub_of(request).db, cookie)


async def _find_actor(request: Request) -> Actor | None:
    hub = hub_of(request)
    header = request.headers.get("authorization", "")
    kind, _, value = header.partition(" ")
    value = value.strip()
    if kind.lower() == "bearer" and value:
        return await _by_token(hub, value)
    if kind.lower() == "basic":
        return await _by_basic(request, hub, value)
    if header:
        raise InvalidCredentials
    if request.method in {"GET", "HEAD"} and (signed_in := await session_of(request)):
        return signed_in.actor
    return None


async def _by_basic(request: Request, hub: Hub, value: str) -> Actor | None:
    name, password = parse_basic(value)
    if password.startswith("hf_"):
        return await _by_token(hub, password)
    if not password and name.startswith("hf_"):
        return await _by_token(hub, name)
    if not password and not name:
        return None
    return await in_long_thread(actor_from_basic, hub.db, hub.limiter, name, password, client_address(request))


async def _by_token(hub: Hub, secret: str) -> Actor:
    """Two indexed reads: on SQLite cheaper in the loop than a hop to a thread (measured: 0.4 of the throughput)."""
    if hub.db.is_sqlite:
        return actor_from_token(hub.db, secret)
    return await in_thread(actor_from_token, hub.db, secret)
