"""Sign up, sign in, sign out, and the one-time link of the first administrator."""

from __future__ import annotations

from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from zoco.core.errors import AlreadyExists, Denied, HubError, Invalid, RateLimited
from zoco.core.ids import problem_with_namespace
from zoco.hub.accounts.links import is_setup_link, use_password_link, use_setup_link, user_of_password_link
from zoco.hub.accounts.passwords import problem_with_password
from zoco.hub.accounts.sessions import end_session, start_session
from zoco.hub.accounts.users import UserInfo, check_password, checked_email, create_user, update_profile
from zoco.surfaces.context import SESSION_COOKIE
from zoco.surfaces.web import urls
from zoco.surfaces.web.forms import Filled, Form
from zoco.surfaces.web.render import Page, go_to
from zoco.surfaces.web.said import in_words, translate
from zoco.surfaces.web.serve import acts, shows
from zoco.surfaces.web.visit import Visit

DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class SigningContext:
    next: str
    form: Filled = field(default_factory=Filled)
    is_open: bool = True
    action: str = ""


def show_login(visit: Visit, request: Request) -> Page | Response:
    then = _next(request.query_params.get("next", ""))
    if visit.actor:
        return go_to(then, visit)
    return Page("account/login.html", SigningContext(then, is_open=visit.hub.sign_up_is_open))


def log_in(visit: Visit, _request: Request, form: Form) -> Page | Response:
    then, hub = _next(form["next"]), visit.hub
    try:
        user = check_password(hub.db, hub.limiter, form["name"], form.raw("password"), visit.address)
    except (Invalid, Denied, RateLimited) as error:
        filled = Filled(form.typed(), {"": in_words(visit.language, error)})
        status = 429 if isinstance(error, RateLimited) else 422
        return Page("account/login.html", SigningContext(then, filled, hub.sign_up_is_open), status=status)
    return sign_in(visit, user, then)


def show_join(visit: Visit, request: Request) -> Page | Response:
    then = _next(request.query_params.get("next", ""))
    if visit.actor:
        return go_to(then, visit)
    if not visit.hub.sign_up_is_open:
        return Page("account/join_closed.html", SigningContext(then, is_open=False), status=403)
    return Page("account/join.html", SigningContext(then))


def join(visit: Visit, _request: Request, form: Form) -> Page | Response:
    if not visit.hub.sign_up_is_open:
        raise Denied("Sign-up is closed on this Hub: ask its administrator for an account.")
    then, errors = _next(form["next"]), problems_with_new_user(visit, form)
    user: UserInfo | None = None
    if not errors:
        try:
            user = create_user(
                visit.hub.db,
                form["name"],
                full_name=form["full_name"],
                email=form["email"] or None,
                password=form.raw("password"),
            )
        except (Invalid, AlreadyExists) as error:
            errors = {where_it_hurts(error, form): in_words(visit.language, error)}
    if user is None:
        return Page("account/join.html", SigningContext(then, Filled(form.typed(), errors)), status=422)
    return sign_in(visit, user, then, said="welcome")


def show_setup(visit: Visit, request: Request) -> Page | Response:
    key = request.path_params["key"]
    if not is_setup_link(visit.hub.db, key):
        return Page("account/setup_over.html", SigningContext(urls.HOME), status=404)
    return Page("account/join.html", SigningContext(urls.HOME, action=request.url.path))


def set_up(visit: Visit, request: Request, form: Form) -> Page | Response:
    key, errors = request.path_params["key"], problems_with_new_user(visit, form)
    user: UserInfo | None = None
    if not errors:
        try:
            user = use_setup_link(
                visit.hub.db,
                key,
                form["name"],
                full_name=form["full_name"],
                email=form["email"] or None,
                password=form.raw("password"),
            )
        except (Invalid, AlreadyExists) as error:
            errors = {where_it_hurts(error, form): in_words(visit.language, error)}
    if user is None:
        context = SigningContext(urls.HOME, Filled(form.typed(), errors), action=request.url.path)
        return Page("account/join.html", context, status=422)
    return sign_in(visit, user, urls.HOME, said="welcome")


@dataclass(frozen=True, slots=True)
class PasswordContext:
    user: UserInfo
    action: str
    form: Filled = field(default_factory=Filled)


def show_password_link(visit: Visit, request: Request) -> Page:
    user = user_of_password_link(visit.hub.db, request.path_params["key"])
    if user is None:
        return Page("account/setup_over.html", SigningContext(urls.HOME), status=404)
    return Page("account/password_link.html", PasswordContext(user, request.url.path))


def choose_password(visit: Visit, request: Request, form: Form) -> Page | Response:
    key = request.path_params["key"]
    user = user_of_password_link(visit.hub.db, key)
    if user is None:
        return Page("account/setup_over.html", SigningContext(urls.HOME), status=404)
    if problem := problem_with_password(form.raw("new_password"), user.name):
        filled = Filled({}, {"new_password": translate(visit.language, problem)})
        return Page("account/password_link.html", PasswordContext(user, request.url.path, filled), status=422)
    return sign_in(visit, use_password_link(visit.hub.db, key, form.raw("new_password")), urls.HOME)


def log_out(visit: Visit, _request: Request, _form: Form) -> Page | Response:
    if visit.session_cookie:
        end_session(visit.hub.db, visit.session_cookie)
    response = go_to(urls.HOME, visit, said="logged_out")
    response.delete_cookie(SESSION_COOKIE)
    return response


def sign_in(visit: Visit, user: UserInfo, then: str, *, said: str | None = None) -> Response:
    days = visit.hub.settings.session_days
    cookie = start_session(visit.hub.db, user.id, visit.user_agent, visit.address, days=days)
    if said == "welcome":
        update_profile(visit.hub.db, user.id, language=visit.language.code)
    response = go_to(then, visit, said=said)
    set_session(response, visit, cookie)
    return response


def set_session(response: Response, visit: Visit, cookie: str) -> None:
    response.set_cookie(
        SESSION_COOKIE,
        cookie,
        max_age=visit.hub.settings.session_days * DAY_S,
        httponly=True,
        samesite="lax",
        secure=visit.is_secure,
    )


def problems_with_new_user(visit: Visit, form: Form) -> dict[str, str]:
    """Every fault at once, under its field."""
    found: dict[str, str] = {}
    if problem := problem_with_namespace(form["name"]):
        found["name"] = problem
    try:
        checked_email(form["email"])
    except Invalid as error:
        found["email"] = error.message
    if problem := problem_with_password(form.raw("password"), form["name"]):
        found["password"] = problem
    return {name: translate(visit.language, message) for name, message in found.items()}


def where_it_hurts(error: HubError, form: Form) -> str:
    """Which field a message of the accounts is about: it quotes what was typed there."""
    for name in ("email", "name"):
        if form[name] and f"'{form[name]}'".lower() in error.message.lower():
            return name
    return ""


def _next(address: str) -> str:
    """Where to go after signing in. Anything that could leave this Hub is ignored."""
    return address if urls.is_local(address) and not address.startswith((urls.LOGIN, urls.JOIN)) else urls.HOME


routes: list[BaseRoute] = [
    shows(urls.LOGIN, show_login),
    acts(urls.LOGIN, log_in),
    shows(urls.JOIN, show_join),
    acts(urls.JOIN, join),
    acts(urls.LOGOUT, log_out),
    shows("/login/password/{key:seg}", show_password_link),
    acts("/login/password/{key:seg}", choose_password),
    shows(urls.SETUP + "/{key:seg}", show_setup),
    acts(urls.SETUP + "/{key:seg}", set_up),
]
