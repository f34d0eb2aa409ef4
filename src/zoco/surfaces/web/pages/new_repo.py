"""A new repository: owner, name, licence, who may see it."""

from __future__ import annotations

from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from zoco.core.access import Visibility
from zoco.core.errors import AlreadyExists, Denied, Invalid
from zoco.core.ids import RepoId, RepoType, problem_with_repo_name
from zoco.formats.cards.licenses import LICENSES
from zoco.formats.cards.validate import SDKS
from zoco.hub.repos.create import create_repo
from zoco.surfaces.web import urls
from zoco.surfaces.web.forms import Filled, Form
from zoco.surfaces.web.pages.account import signed_in
from zoco.surfaces.web.pages.owners import owners_of
from zoco.surfaces.web.render import Page, go_to
from zoco.surfaces.web.said import in_words, translate
from zoco.surfaces.web.serve import acts, shows
from zoco.surfaces.web.visit import Visit

README = "README.md"
COMMON_LICENCES = ("apache-2.0", "mit", "cc-by-4.0", "cc-by-sa-4.0", "cc0-1.0", "gpl-3.0", "openrail")


@dataclass(frozen=True, slots=True)
class NewRepoContext:
    type: RepoType
    owners: tuple[str, ...]
    form: Filled = field(default_factory=Filled)
    licences: tuple[tuple[str, str], ...] = ()
    sdks: tuple[str, ...] = ()


def show(visit: Visit, request: Request) -> Page:
    actor, _ = signed_in(visit)
    query = request.query_params
    asked = {name: query[name] for name in ("owner", "name", "license") if name in query}
    return Page("repos/new.html", _context(visit, _type_of(request), owners_of(visit.hub.db, actor), Filled(asked)))


def create(visit: Visit, request: Request, form: Form) -> Page | Response:
    actor, _ = signed_in(visit)
    type, owners = _type_of(request), owners_of(visit.hub.db, actor)
    owner, name, errors = form["owner"] or actor.name, form["name"], {}
    if problem := problem_with_repo_name(name):
        errors["name"] = translate(visit.language, problem)
    else:
        try:
            repo = create_repo(
                visit.hub.storage,
                actor,
                RepoId(type, owner, name),
                visibility=Visibility.PRIVATE if form["visibility"] == "private" else Visibility.PUBLIC,
                license=form["license"] or None,
                sdk=form["sdk"] or "static" if type is RepoType.SPACE else None,
                files=() if form["license"] or type is RepoType.SPACE else ((README, f"# {name}\n".encode()),),
            )
            return go_to(urls.repo(repo.id), visit, said="repo_created")
        except AlreadyExists:
            errors["name"] = visit.language.gettext("You already have a repository with this name.")
        except (Invalid, Denied) as error:
            errors[""] = in_words(visit.language, error)
    return Page("repos/new.html", _context(visit, type, owners, Filled(form.typed(), errors)), status=422)


def _context(visit: Visit, type: RepoType, owners: tuple[str, ...], form: Filled) -> NewRepoContext:
    rest = sorted((name, id) for id, name in LICENSES.items() if id not in COMMON_LICENCES)
    licences = [(id, LICENSES[id]) for id in COMMON_LICENCES if id in LICENSES] + [(id, name) for name, id in rest]
    none = ("", visit.language.gettext("Choose later"))
    return NewRepoContext(type, owners, form, (none, *licences), SDKS if type is RepoType.SPACE else ())


def _type_of(request: Request) -> RepoType:
    return {"/new-dataset": RepoType.DATASET, "/new-space": RepoType.SPACE}.get(request.scope["path"], RepoType.MODEL)


routes: list[BaseRoute] = [
    route for path in ("/new", "/new-dataset", "/new-space") for route in (shows(path, show), acts(path, create))
]
