"""`hf auth login` by browser: the code a program shows, and its owner's consent."""

from __future__ import annotations

from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from zoco.core.errors import NotFound
from zoco.hub.accounts.oauth import PendingDevice, answer_device, pending_device
from zoco.surfaces.web import urls
from zoco.surfaces.web.forms import Filled, Form
from zoco.surfaces.web.pages.account import signed_in
from zoco.surfaces.web.render import Page
from zoco.surfaces.web.serve import acts, shows
from zoco.surfaces.web.visit import Visit


@dataclass(frozen=True, slots=True)
class CodeContext:
    form: Filled = field(default_factory=Filled)


@dataclass(frozen=True, slots=True)
class DoneContext:
    is_approved: bool


def show(visit: Visit, request: Request) -> Page | Response:
    """The box for the code; with `?user_code=` the consent at once."""
    signed_in(visit)
    code = request.query_params.get("user_code", request.query_params.get("code", "")).strip()
    return _consent(visit, code) if code else Page("account/device.html", CodeContext())


def answer(visit: Visit, _request: Request, form: Form) -> Page | Response:
    actor, _ = signed_in(visit)
    if form["answer"] not in {"approve", "deny"}:
        return _consent(visit, form["user_code"])
    is_approved = form["answer"] == "approve"
    try:
        answer_device(visit.hub.db, actor, form["user_code"], is_approved)
    except NotFound:
        return _unknown(visit, form["user_code"])
    return Page("account/device_done.html", DoneContext(is_approved))


def _consent(visit: Visit, code: str) -> Page:
    try:
        pending: PendingDevice = pending_device(visit.hub.db, code)
    except NotFound:
        return _unknown(visit, code)
    return Page("account/device_consent.html", pending)


def _unknown(visit: Visit, code: str) -> Page:
    wrong = visit.language.gettext("This code is wrong or has expired. Start again in your terminal.")
    return Page("account/device.html", CodeContext(Filled({"user_code": code}, {"user_code": wrong})), status=422)


routes: list[BaseRoute] = [shows(urls.DEVICE, show), acts(urls.DEVICE_CONSENT, answer)]
