"""Organisations: a new one, its profile, its members and their roles."""

from __future__ import annotations

from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from zoco.core.access import Actor, Role, Visibility
from zoco.core.errors import AlreadyExists, Conflict, Denied, Invalid, NotFound
from zoco.core.ids import problem_with_namespace
from zoco.hub.accounts.orgs import (
    MemberInfo,
    OrgInfo,
    create_org,
    get_org,
    list_members,
    remove_member,
    set_member,
    update_org,
)
from zoco.surfaces.web import urls
from zoco.surfaces.web.forms import Filled, Form
from zoco.surfaces.web.pages.account import signed_in
from zoco.surfaces.web.render import Page, go_to
from zoco.surfaces.web.said import in_words, translate
from zoco.surfaces.web.serve import acts, shows
from zoco.surfaces.web.visit import Visit


@dataclass(frozen=True, slots=True)
class NewOrgContext:
    form: Filled = field(default_factory=Filled)


@dataclass(frozen=True, slots=True)
class OrgSettingsContext:
    org: OrgInfo
    members: tuple[MemberInfo, ...]
    form: Filled = field(default_factory=Filled)
    me: str = ""


def show_new(visit: Visit, _request: Request) -> Page:
    signed_in(visit)
    return Page("orgs/new.html", NewOrgContext())


def create(visit: Visit, _request: Request, form: Form) -> Page | Response:
    actor, _ = signed_in(visit)
    try:
        if problem := problem_with_namespace(form["name"]):
            raise Invalid(problem)
        visibility = Visibility.PRIVATE if form["visibility"] == "private" else Visibility.PUBLIC
        org = create_org(visit.hub.db, actor, form["name"], form["full_name"], visibility)
    except (Invalid, AlreadyExists) as error:
        where = "full_name" if "full name" in error.message else "name"
        filled = Filled(form.typed(), {where: translate(visit.language, error.message)})
        return Page("orgs/new.html", NewOrgContext(filled), status=422)
    return go_to(urls.profile(org.name), visit, said="org_created")


def show_members(visit: Visit, request: Request) -> Page:
    org, actor = _administered(visit, request)
    return _members_page(visit, org, actor)


def save_member(visit: Visit, request: Request, form: Form) -> Page | Response:
    org, actor = _administered(visit, request)
    name = form["user"]
    try:
        set_member(visit.hub.db, actor, org.name, name, _role(form["role"]))
    except (NotFound, Conflict, Invalid) as error:
        return _members_page(visit, org, actor, Filled(form.typed(), {"user": in_words(visit.language, error)}))
    return go_to(urls.org_members(org.name), visit, said="member_saved")


def drop_member(visit: Visit, request: Request, form: Form) -> Page | Response:
    actor, _ = signed_in(visit)
    org = get_org(visit.hub.db, request.path_params["org"])
    is_self = form["user"].lower() == actor.name.lower()
    if not is_self:
        org, actor = _administered(visit, request)
    try:
        remove_member(visit.hub.db, actor, org.name, form["user"])
    except (NotFound, Conflict) as error:
        return _members_page(visit, org, actor, Filled({}, {"": in_words(visit.language, error)}))
    to = urls.profile(org.name) if is_self else urls.org_members(org.name)
    return go_to(to, visit, said="member_removed")


def show_settings(visit: Visit, request: Request) -> Page:
    org, _ = _administered(visit, request)
    return Page("orgs/settings.html", OrgSettingsContext(org, ()))


def save_settings(visit: Visit, request: Request, form: Form) -> Page | Response:
    org, actor = _administered(visit, request)
    visibility = Visibility.PRIVATE if form["visibility"] == "private" else Visibility.PUBLIC
    try:
        update_org(
            visit.hub.db,
            actor,
            org.name,
            full_name=form["full_name"],
            details=form["details"],
            default_visibility=visibility,
        )
    except Invalid as error:
        filled = Filled(form.typed(), {"full_name": in_words(visit.language, error)})
        return Page("orgs/settings.html", OrgSettingsContext(org, (), filled), status=422)
    return go_to(urls.org_settings(org.name), visit, said="settings_saved")


def _members_page(visit: Visit, org: OrgInfo, actor: Actor, form: Filled | None = None) -> Page:
    members = tuple(list_members(visit.hub.db, org.name))
    context = OrgSettingsContext(org, members, form or Filled(), actor.name)
    return Page("orgs/members.html", context, status=422 if form else 200)


def _administered(visit: Visit, request: Request) -> tuple[OrgInfo, Actor]:
    """Raises NotFound, NotAuthenticated, Denied."""
    actor, _ = signed_in(visit)
    org = get_org(visit.hub.db, request.path_params["org"])
    if actor.role_in(org.name) is not Role.ADMIN and not actor.is_admin:
        raise Denied(f"Only administrators of {org.name} may do this.")
    return org, actor


def _role(text: str) -> Role:
    try:
        return Role(text)
    except ValueError as error:
        raise Invalid("This is not a role.") from error


_SETTINGS = "/organizations/{org:seg}/settings"

routes: list[BaseRoute] = [
    shows(urls.NEW_ORG, show_new),
    acts(urls.NEW_ORG, create),
    shows(_SETTINGS, show_settings),
    shows(f"{_SETTINGS}/profile", show_settings),
    acts(f"{_SETTINGS}/profile", save_settings),
    shows(f"{_SETTINGS}/members", show_members),
    acts(f"{_SETTINGS}/members", save_member),
    acts(f"{_SETTINGS}/members/remove", drop_member),
]
