"""Somebody's own page: a person's or an organisation's, with what of theirs the visitor may see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from zoco.core.access import Role
from zoco.core.errors import NotFound, RepoNotFound
from zoco.core.ids import RepoType
from zoco.hub.accounts.orgs import MemberInfo, OrgInfo, find_org, list_members, orgs_of
from zoco.hub.accounts.users import UserInfo, find_user
from zoco.hub.catalog.lists import Query, Sort, list_repos
from zoco.hub.repos.open import resolve_alias
from zoco.surfaces.web import urls
from zoco.surfaces.web.pages.rows import Row, rows_of
from zoco.surfaces.web.render import Page
from zoco.surfaces.web.serve import shows
from zoco.surfaces.web.visit import Visit

ROWS = 10


@dataclass(frozen=True, slots=True)
class OwnersRepos:
    rows: Mapping[RepoType, tuple[Row, ...]]
    counts: Mapping[RepoType, int]


@dataclass(frozen=True, slots=True)
class UserContext:
    user: UserInfo
    orgs: tuple[OrgInfo, ...]
    repos: OwnersRepos
    is_me: bool


@dataclass(frozen=True, slots=True)
class OrgContext:
    """`role` is the visitor's."""

    org: OrgInfo
    members: tuple[MemberInfo, ...]
    repos: OwnersRepos
    role: Role | None


def show(visit: Visit, request: Request) -> Page | Response:
    name = request.path_params["ns"]
    if user := find_user(visit.hub.db, name):
        if user.disabled_at_ms is not None:
            raise NotFound("Sorry, we can't find the page you are looking for.")
        return user_page(visit, user)
    if org := find_org(visit.hub.db, name):
        return org_page(visit, org)
    return _canonical(visit, RepoType.MODEL, name)


def show_one_word(visit: Visit, request: Request) -> Response:
    """`/datasets/glue`: the repository an alias stands for."""
    type = RepoType(request.scope["path"].split("/", 2)[1].removesuffix("s"))
    return _canonical(visit, type, request.path_params["ns"])


def _canonical(visit: Visit, type: RepoType, word: str) -> Response:
    try:
        alias = resolve_alias(visit.hub.storage, type, word, visit.actor)
    except RepoNotFound as error:
        raise NotFound("Sorry, we can't find the page you are looking for.") from error
    return RedirectResponse(urls.repo(alias), status_code=307)


def user_page(visit: Visit, user: UserInfo) -> Page:
    context = UserContext(
        user=user,
        orgs=tuple(org for org, _ in orgs_of(visit.hub.db, user.id)),
        repos=repos_of(visit, user.name),
        is_me=visit.user is not None and visit.user.id == user.id,
    )
    return Page("orgs/user.html", context)


def org_page(visit: Visit, org: OrgInfo) -> Page:
    role = visit.actor.role_in(org.name) if visit.actor else None
    members = tuple(list_members(visit.hub.db, org.name))
    return Page("orgs/org.html", OrgContext(org, members, repos_of(visit, org.name), role))


def repos_of(visit: Visit, owner: str) -> OwnersRepos:
    rows, counts = {}, {}
    query = Query(author=owner, sort=Sort.MODIFIED, limit=ROWS)
    for type in RepoType:
        found = list_repos(visit.hub.catalogue, visit.actor, replace(query, type=type))
        rows[type], counts[type] = rows_of(visit, found.items), found.total or 0
    return OwnersRepos(rows, counts)


one_word_routes: list[BaseRoute] = [
    shows("/datasets/{ns:seg}", show_one_word),
    shows("/spaces/{ns:seg}", show_one_word),
]
routes: list[BaseRoute] = [shows("/{ns:seg}", show)]
