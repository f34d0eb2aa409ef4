"""A page for what went wrong: it says what to do next, in the visitor's language."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from zoco.core import errors as e
from zoco.surfaces.context import client_address, endpoint_of
from zoco.surfaces.http_status import error_headers, status_of
from zoco.surfaces.state import hub_of
from zoco.surfaces.web import urls
from zoco.surfaces.web.i18n import choose_language
from zoco.surfaces.web.render import Page, respond
from zoco.surfaces.web.said import in_words
from zoco.surfaces.web.visit import LANGUAGE_COOKIE, THEME_COOKIE, VISIT_KEY, Csrf, Visit

_BY_KIND: tuple[tuple[type[e.HubError], str], ...] = (
    (e.NotAuthenticated, "sign_in"),
    (e.GatedRepo, "gated"),
    (e.Disabled, "disabled"),
    (e.Denied, "denied"),
    (e.NotFound, "missing"),
    (e.StaleParent, "stale"),
    (e.Conflict, "conflict"),
    (e.TooLarge, "too_large"),
    (e.RateLimited, "too_many"),
    (e.NotOffered, "not_offered"),
    (e.StoreFull, "full"),
    (e.Unavailable, "away"),
    (e.Invalid, "refused"),
    (e.Unprocessable, "refused"),
    (e.BadRange, "refused"),
)


@dataclass(frozen=True, slots=True)
class ErrorContext:
    """`kind` chooses title and advice in the template; `message` is what the Hub said, in the visitor's language."""

    status: int
    kind: str
    message: str
    request_id: str
    can_sign_in: bool
    login: str
    retry_s: int | None


def html_error(error: e.HubError, request: Request) -> Response:
    visit = request.scope.get(VISIT_KEY) or _stranger(request)
    if isinstance(error, e.NotAuthenticated) and request.method == "GET":
        return RedirectResponse(urls.login(visit.here), status_code=303)
    page = Page("errors/error.html", error_context(error, visit, request), status=page_status(error))
    response = respond(page, visit, request)
    for name, value in error_headers(error).items():
        response.headers.setdefault(name, value)
    return response


def error_context(error: e.HubError, visit: Visit, request: Request) -> ErrorContext:
    kind = next((name for type, name in _BY_KIND if isinstance(error, type)), "broken")
    return ErrorContext(
        status=page_status(error),
        kind=kind,
        message=in_words(visit.language, error),
        request_id=request.scope.get("zoco.request_id", ""),
        can_sign_in=visit.actor is None and kind in {"missing", "gated", "sign_in"},
        login=urls.login(visit.here if request.method == "GET" else None),
        retry_s=error.reset_s if isinstance(error, e.RateLimited) else None,
    )


def page_status(error: e.HubError) -> int:
    """A page that may be private is simply not there; 401 would make the browser ask for a password."""
    if isinstance(error, e.NotFound):
        return 404
    if isinstance(error, e.GatedRepo):
        return 403
    if isinstance(error, e.StaleParent):
        return 409
    return status_of(error)


def _stranger(request: Request) -> Visit:
    """For errors that come before anybody was asked who they are: the pages' own cookies are enough."""
    cookies = request.cookies
    return Visit(
        hub=hub_of(request),
        actor=None,
        user=None,
        language=choose_language(cookies.get(LANGUAGE_COOKIE), accept=request.headers.get("accept-language", "")),
        theme=cookies.get(THEME_COOKIE, "auto"),
        csrf=Csrf(""),
        endpoint=endpoint_of(request),
        path=request.url.path,
        query=(),
        address=client_address(request),
        user_agent="",
        session_cookie=None,
        said=None,
    )
