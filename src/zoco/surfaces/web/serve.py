"""From a request to a page: who visits, then one plain function in a thread, then HTML."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from zoco.surfaces.threads import in_long_thread, in_thread
from zoco.surfaces.web.forms import FORM_SIZE_MAX, Form, read_form
from zoco.surfaces.web.render import Page, respond
from zoco.surfaces.web.visit import VISIT_KEY, Visit, visit_of

Show = Callable[[Visit, Request], Page | Response]
Act = Callable[[Visit, Request, Form], Page | Response]
Endpoint = Callable[[Request], Awaitable[Response]]


def shows(path: str, show: Show, *, takes_long: bool = False) -> Route:
    """A page: GET. What may take its time leaves the short threads to the others."""
    thread = in_long_thread if takes_long else in_thread

    async def endpoint(request: Request) -> Response:
        visit = request.scope[VISIT_KEY] = await visit_of(request)
        return await thread(_answer, visit, request, lambda: show(visit, request))

    return Route(path, endpoint, methods=["GET"])


def acts(path: str, act: Act, *, size_max: int = FORM_SIZE_MAX) -> Route:
    """What a form does: POST, from our own pages only. Passwords and commits take their time, so in a long thread."""

    async def endpoint(request: Request) -> Response:
        visit = request.scope[VISIT_KEY] = await visit_of(request)
        form = await read_form(request, visit, size_max=size_max)
        try:
            return await in_long_thread(_answer, visit, request, lambda: act(visit, request, form))
        finally:
            await form.fields.close()

    return Route(path, endpoint, methods=["POST"])


def _answer(visit: Visit, request: Request, work: Callable[[], Page | Response]) -> Response:
    answer = work()
    return respond(answer, visit, request) if isinstance(answer, Page) else answer
