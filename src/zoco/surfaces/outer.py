"""What every request passes through: an id, its path, the rate limits, errors on the right wire, one line of log."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from zoco.adapters import logs
from zoco.core.errors import HubError, Invalid, Moved, NotFound, RepoNotFound, StoreFull, has_no_room
from zoco.hub.accounts.limits import RateState
from zoco.surfaces.context import client_address, fresh_request_id
from zoco.surfaces.http_status import error_headers, status_of
from zoco.surfaces.routing import location_after_move, split_path
from zoco.surfaces.state import Hub

ErrorPage = Callable[[HubError, Request], Response]
"""One wire's way to say what went wrong. Status and `X-Error-*` headers are added here if it did not."""

EXPOSED = ", ".join(
    "X-Repo-Commit X-Request-Id X-Error-Code X-Error-Message X-Total-Count X-Linked-Size X-Linked-Etag X-Xet-Hash"
    " X-Xet-Cas-Url X-Xet-Access-Token X-Xet-Token-Expiration ETag Link Content-Range Content-Disposition"
    " Accept-Ranges RateLimit RateLimit-Policy Retry-After Location".split()
)
"""Response headers that a page on another origin may read (`@huggingface/hub` in a browser)."""


class MethodNotAllowed(HubError):
    pass


class Outer:
    def __init__(self, app: ASGIApp, hub: Hub, error_page: Callable[[str, Request], ErrorPage]) -> None:
        self._app = app
        self._hub = hub
        self._error_page = error_page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope["zoco.request_id"] = fresh_request_id()
        scope["app"] = self._app  # where handlers, and the count below, find the Hub
        await _Exchange(self._app, self._hub, self._error_page, scope).run(receive, send)


class _Exchange:
    """One request and its answer."""

    def __init__(self, app: ASGIApp, hub: Hub, error_page: Callable[[str, Request], ErrorPage], scope: Scope) -> None:
        self._app, self._hub, self._error_page, self._scope = app, hub, error_page, scope
        self._rate: RateState | None = None
        self._status = 0

    async def run(self, receive: Receive, send: Send) -> None:
        started = time.perf_counter()

        async def send_marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._status = message["status"]
                self._mark(MutableHeaders(raw=message["headers"] if isinstance(message["headers"], list) else []))
            await send(message)

        try:
            await self._answer(receive, send_marked)
        finally:
            logs.info(
                "request",
                method=self._scope["method"],
                path=self._scope["path"],
                status=self._status,
                took_ms=round((time.perf_counter() - started) * 1000, 1),
                id=self._scope["zoco.request_id"],
            )

    async def _answer(self, receive: Receive, send: Send) -> None:
        try:
            self._scope["path"] = split_path(self._scope)
            request = Request(self._scope, receive)
            self._count(request)
            if request.method == "OPTIONS" and "access-control-request-method" in request.headers:
                await _preflight()(self._scope, receive, send)
                return
            await self._app(self._scope, receive, send)
        except ClientDisconnect:
            logs.info("client_left", id=self._scope["zoco.request_id"])
        except HTTPException as error:
            await self._fail(_from_http(error), receive, send)
        except HubError as error:
            await self._fail(error, receive, send)
        except Exception as error:  # noqa: BLE001 - the last handler: the client gets an answer and we a trace
            if isinstance(error, OSError) and has_no_room(error):
                await self._fail(StoreFull(), receive, send)
                return
            logs.error("unexpected", trace=error, id=self._scope["zoco.request_id"])
            await self._fail(HubError("Something broke on our side. The log has the request id."), receive, send)

    async def _fail(self, error: HubError, receive: Receive, send: Send) -> None:
        if self._status:  # the answer is under way: all we can do is to cut it
            logs.warning("answer_cut", why=error.message, id=self._scope["zoco.request_id"])
            raise ConnectionAbortedError(error.message) from error
        request = Request(self._scope, receive)
        if isinstance(error, Moved):
            if location := location_after_move(self._scope, error):
                await RedirectResponse(location, status_code=307)(self._scope, receive, send)
                return
            error = RepoNotFound(error.asked)
        response = self._error_page(self._scope["path"], request)(error, request)
        for name, value in error_headers(error).items():
            response.headers.setdefault(name, value)
        if isinstance(error, MethodNotAllowed):
            response.status_code = 405
        if status_of(error) >= 500:
            logs.warning("failed", why=error.message, id=self._scope["zoco.request_id"])
        await response(self._scope, receive, send)

    def _count(self, request: Request) -> None:
        path = self._scope["path"]
        if path.startswith(("/static/", "/healthz")):
            return
        bucket = (
            "api"
            if path.startswith("/api/")
            else "resolvers"
            if "/resolve/" in path or path.startswith("/xet/")
            else "pages"
        )
        self._rate = self._hub.limiter.check(bucket, _who(request))

    def _mark(self, headers: MutableHeaders) -> None:
        headers["X-Request-Id"] = self._scope["zoco.request_id"]
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("Referrer-Policy", "same-origin")
        if not self._scope["path"].startswith("/static/"):  # only our own pages load those
            headers["Access-Control-Allow-Origin"] = "*"  # never with credentials: no cookie counts across origins
            headers["Access-Control-Expose-Headers"] = EXPOSED
        if self._rate:
            bucket, state = self._rate.bucket, self._rate
            headers["RateLimit"] = f'"{bucket}";r={state.remaining};t={state.reset_s}'
            headers["RateLimit-Policy"] = f'"fixed window";"{bucket}";q={state.quota};w={state.window_s}'


def _who(request: Request) -> str:
    """A token counts for itself, so that a class behind one address does not share one allowance."""
    if header := request.headers.get("authorization"):
        return hashlib.blake2b(header.encode("latin-1", "replace"), digest_size=12).hexdigest()
    return client_address(request)


def _from_http(error: HTTPException) -> HubError:
    if error.status_code == 404:
        return NotFound("Sorry, we can't find the page you are looking for.")
    if error.status_code == 405:
        return MethodNotAllowed("This address does not answer to that method")
    return Invalid(str(error.detail))


def _preflight() -> Response:
    return Response(
        status_code=204,
        headers={
            "Access-Control-Allow-Methods": "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS",
            "Access-Control-Allow-Headers": "Authorization, Content-Type, Range, If-None-Match, If-Range, Accept,"
            " X-Request-Id",
            "Access-Control-Max-Age": "86400",
        },
    )
