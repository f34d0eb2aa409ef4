"""One's own account: profile, e-mail, language, theme, password and the browsers that are signed in."""

from __future__ import annotations

from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from zoco.core.access import Actor
from zoco.core.errors import AlreadyExists, Invalid, NotAuthenticated
from zoco.hub.accounts.authenticate import actor_from_session
from zoco.hub.accounts.passwords import problem_with_password
from zoco.hub.accounts.sessions import SessionInfo, end_session_by_id, list_sessions
from zoco.hub.accounts.users import UserInfo, change_password, update_profile
from zoco.surfaces.web import urls
from zoco.surfaces.web.forms import Filled, Form
from zoco.surfaces.web.i18n import languages
from zoco.surfaces.web.render import Page, go_to
from zoco.surfaces.web.said import in_words, translate
from zoco.surfaces.web.serve import acts, shows
from zoco.surfaces.web.visit import LANGUAGE_COOKIE, THEME_COOKIE, THEMES, Visit


@dataclass(frozen=True, slots=True)
class AccountContext:
    user: UserInfo
    form: Filled = field(default_factory=Filled)
    sessions: tuple[SessionInfo, ...] = ()
    this_session: int | None = None


def signed_in(visit: Visit) -> tuple[Actor, UserInfo]:
    """Raises NotAuthenticated, which leads to the sign-in page and back."""
    if visit.actor is None or visit.user is None:
        raise NotAuthenticated("Log in to see this page.")
    return visit.actor, visit.user


def show_profile(visit: Visit, _request: Request) -> Page:
    _, user = signed_in(visit)
    return Page("account/profile.html", AccountContext(user))


def save_profile(visit: Visit, _request: Request, form: Form) -> Page | Response:
    _, user = signed_in(visit)
    try:
        update_profile(visit.hub.db, user.id, full_name=form["full_name"], bio=form["bio"], email=form["email"])
    except (Invalid, AlreadyExists) as error:
        field_name = "email" if "'" in error.message else "bio" if "description" in error.message else "full_name"
        filled = Filled(form.typed(), {field_name: in_words(visit.language, error)})
        return Page("account/profile.html", AccountContext(user, filled), status=422)
    return go_to(urls.PROFILE_SETTINGS, visit, said="profile_saved")


def show_account(visit: Visit, _request: Request) -> Page:
    return _account_page(visit, Filled())


def save_preferences(visit: Visit, _request: Request, form: Form) -> Page | Response:
    _, user = signed_in(visit)
    language = form["language"] if form["language"] in languages() else ""
    theme = form["theme"] if form["theme"] in THEMES else "auto"
    update_profile(visit.hub.db, user.id, language=language, theme=theme)
    response = go_to(urls.ACCOUNT_SETTINGS, visit, said="settings_saved")
    for cookie in (LANGUAGE_COOKIE, THEME_COOKIE):  # this browser's earlier choice would win over the account's
        response.delete_cookie(cookie)
    return response


def save_password(visit: Visit, _request: Request, form: Form) -> Page | Response:
    _, user = signed_in(visit)
    new, errors = form.raw("new_password"), {}
    if problem := problem_with_password(new, user.name):
        errors["new_password"] = translate(visit.language, problem)
    elif new != form.raw("new_password_again"):
        errors["new_password_again"] = visit.language.gettext("The two passwords differ.")
    else:
        try:
            change_password(visit.hub.db, user.id, form.raw("password"), new, keep_session=_this_session(visit))
        except Invalid as error:
            errors["password"] = in_words(visit.language, error)
    if errors:
        return _account_page(visit, Filled({}, errors), status=422)
    return go_to(urls.ACCOUNT_SETTINGS, visit, said="password_changed")


def close_session(visit: Visit, _request: Request, form: Form) -> Page | Response:
    _, user = signed_in(visit)
    if not form["session"].isdigit():
        raise Invalid("This is not a session.")
    end_session_by_id(visit.hub.db, user.id, int(form["session"]))
    return go_to(urls.ACCOUNT_SETTINGS, visit, said="session_ended")


def _account_page(visit: Visit, form: Filled, *, status: int = 200) -> Page:
    _, user = signed_in(visit)
    sessions = tuple(list_sessions(visit.hub.db, user.id))
    context = AccountContext(user, form, sessions, _this_session(visit))
    return Page("account/account.html", context, status=status)


def _this_session(visit: Visit) -> int | None:
    found = actor_from_session(visit.hub.db, visit.session_cookie or "")
    return found.session.id if found else None


routes: list[BaseRoute] = [
    shows("/settings", show_profile),
    shows(urls.PROFILE_SETTINGS, show_profile),
    acts(urls.PROFILE_SETTINGS, save_profile),
    shows(urls.ACCOUNT_SETTINGS, show_account),
    acts(urls.ACCOUNT_SETTINGS, save_preferences),
    acts(urls.PASSWORD, save_password),
    acts(urls.SESSIONS, close_session),
]
