"""What only administrators of a repository do: who may see it, its gate, its name, its end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from zoco.core.access import Actor, Gated, Visibility
from zoco.core.errors import AlreadyExists, Denied, Invalid, NotAuthenticated, NotFound
from zoco.core.ids import RepoId, problem_with_repo_name
from zoco.core.repos import AdminRepo
from zoco.hub.repos.delete import delete_repo
from zoco.hub.repos.move import move_repo
from zoco.hub.repos.open import open_for_admin
from zoco.hub.repos.refs import list_refs
from zoco.hub.repos.settings import change_settings
from zoco.surfaces.web import urls
from zoco.surfaces.web.forms import Filled, Form
from zoco.surfaces.web.pages.owners import owners_of
from zoco.surfaces.web.pages.repo_head import PREFIXES, RepoHead, head_of, repo_id_of
from zoco.surfaces.web.render import Page, go_to
from zoco.surfaces.web.said import in_words, translate
from zoco.surfaces.web.serve import acts, shows
from zoco.surfaces.web.visit import Visit

Choice = TypeVar("Choice", Visibility, Gated)


@dataclass(frozen=True, slots=True)
class SettingsContext:
    head: RepoHead
    owners: tuple[str, ...]
    branches: tuple[str, ...]
    form: Filled = field(default_factory=Filled)


def show(visit: Visit, request: Request) -> Page:
    repo, actor = _opened(visit, request)
    return Page("repos/settings.html", _context(visit, repo, actor))


def save_visibility(visit: Visit, request: Request, form: Form) -> Page | Response:
    repo, actor = _opened(visit, request)
    chosen = _one_of(Visibility, form["visibility"])
    change_settings(visit.hub.storage, repo, actor, visibility=chosen)
    return go_to(urls.settings(repo.id), visit, said="settings_saved")


def save_gate(visit: Visit, request: Request, form: Form) -> Page | Response:
    repo, actor = _opened(visit, request)
    change_settings(visit.hub.storage, repo, actor, gated=_one_of(Gated, form["gated"]))
    return go_to(urls.settings(repo.id), visit, said="settings_saved")


def save_branch(visit: Visit, request: Request, form: Form) -> Page | Response:
    repo, actor = _opened(visit, request)
    change_settings(visit.hub.storage, repo, actor, default_branch=form["branch"])
    return go_to(urls.settings(repo.id), visit, said="settings_saved")


def move(visit: Visit, request: Request, form: Form) -> Page | Response:
    repo, actor = _opened(visit, request)
    if problem := problem_with_repo_name(form["name"]):
        return _refused(visit, repo, actor, form, "name", translate(visit.language, problem))
    try:
        to = move_repo(visit.hub.storage, repo, actor, RepoId(repo.id.type, form["owner"], form["name"]))
    except AlreadyExists:
        taken = visit.language.gettext("The owner already has a repository with this name.")
        return _refused(visit, repo, actor, form, "name", taken)
    except (Invalid, Denied, NotFound) as error:
        return _refused(visit, repo, actor, form, "name", in_words(visit.language, error))
    return go_to(urls.settings(to), visit, said="repo_moved")


def delete(visit: Visit, request: Request, form: Form) -> Page | Response:
    repo, actor = _opened(visit, request)
    if form["confirm"] != repo.id.full_name:
        wrong = visit.language.gettext("Type the full name, as it is written above.")
        return _refused(visit, repo, actor, form, "confirm", wrong)
    delete_repo(visit.hub.storage, repo, actor)
    return go_to(urls.profile(repo.id.namespace), visit, said="repo_deleted")


def _opened(visit: Visit, request: Request) -> tuple[AdminRepo, Actor]:
    repo = open_for_admin(visit.hub.storage, repo_id_of(request), visit.actor)
    if visit.actor is None:
        raise NotAuthenticated("Log in to change this repository.")
    return repo, visit.actor


def _context(visit: Visit, repo: AdminRepo, actor: Actor, form: Filled | None = None) -> SettingsContext:
    owners = owners_of(visit.hub.db, actor)
    if repo.id.namespace not in owners:
        owners = (repo.id.namespace, *owners)
    branches = tuple(branch.name for branch in list_refs(visit.hub.storage, repo).branches)
    return SettingsContext(head_of(visit, repo), owners, branches or (repo.default_branch,), form or Filled())


def _refused(visit: Visit, repo: AdminRepo, actor: Actor, form: Form, field_name: str, why: str) -> Page:
    context = _context(visit, repo, actor, Filled(form.typed(), {field_name: why}))
    return Page("repos/settings.html", context, status=422)


def _one_of(kind: type[Choice], text: str) -> Choice:
    """Raises Invalid."""
    try:
        return kind(text)
    except ValueError as error:
        raise Invalid(f"'{text[:40]}' is not one of the choices.") from error


routes: list[BaseRoute] = [
    route
    for _, prefix in PREFIXES
    for route in (
        shows(f"{prefix}/settings", show),
        acts(f"{prefix}/settings/visibility", save_visibility),
        acts(f"{prefix}/settings/gate", save_gate),
        acts(f"{prefix}/settings/branch", save_branch),
        acts(f"{prefix}/settings/move", move),
        acts(f"{prefix}/settings/delete", delete),
    )
]
