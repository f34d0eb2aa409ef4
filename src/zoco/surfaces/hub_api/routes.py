"""Every route of the Hub's API, the busiest first: Starlette tries them in this order."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from zoco.core.errors import Moved, NotFound, RepoNotFound
from zoco.core.ids import RepoId, RepoType
from zoco.hub.repos.open import resolve_alias
from zoco.surfaces.context import actor_of
from zoco.surfaces.hub_api import (
    auth_check,
    commit,
    commits,
    facets,
    full_text,
    info,
    lfs_files,
    likes,
    lists,
    my_repos,
    oauth,
    odds,
    openapi,
    orgs,
    preupload,
    refs,
    repos,
    resolve,
    search,
    tree,
    users,
    validate_yaml,
    whoami,
    xet_tokens,
)
from zoco.surfaces.hub_api.calls import Call, routes_of
from zoco.surfaces.state import hub_of
from zoco.surfaces.threads import in_thread

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]

calls: list[Call] = [
    *resolve.calls,
    *tree.calls,
    *info.calls,
    *preupload.calls,
    *xet_tokens.calls,
    *commit.calls,
    *whoami.calls,
    *lists.calls,
    *facets.calls,
    *refs.calls,
    *commits.calls,
    *auth_check.calls,
    *likes.calls,
    *repos.calls,
    *lfs_files.calls,
    *validate_yaml.calls,
    *users.calls,
    *orgs.calls,
    *my_repos.calls,
    *search.calls,
    *full_text.calls,
    *oauth.calls,
    *odds.calls,
    *openapi.calls,
]
later: list[Call] = odds.later


async def one_word(request: Request) -> Response:
    """`/api/models/gpt2/…` and `/gpt2/resolve/…`: an alias answers with its repository's address.

    What nobody serves ends here too, as far as it begins so.
    """
    kind: RepoType = request.path_params["T"]
    word = str(request.path_params["word"])
    try:
        to = await in_thread(resolve_alias, hub_of(request).storage, kind, word, await actor_of(request))
    except RepoNotFound as error:
        raise _what_is_wrong(request, error) from error
    raise Moved(RepoId(kind, "", word), to)


async def unknown(request: Request) -> Response:
    """Without this the pages would take `/api/something` for a repository of the user `api`."""
    raise _no_such(request)


def _no_such(request: Request) -> Exception:
    if any(route.path_regex.match(request.scope["path"]) for route in _served):
        return HTTPException(405)
    return NotFound("Sorry, we can't find the page you are looking for.")


def _what_is_wrong(request: Request, missing: RepoNotFound) -> Exception:
    """Wrong method, no such address, or an address that would be good for a repository that is there."""
    path = request.scope["path"]
    parts = path.split("/")
    first = parts.index(request.path_params["T"].plural) + 1 if path.startswith("/api/") else 0
    with_namespace = "/".join([*parts[:first], "_", *parts[first:]]) if first else path
    is_good = not first or any(route.path_regex.match(with_namespace) for route in _served)
    return missing if is_good else _no_such(request)


_served: list[Route] = routes_of([*calls, *later])

routes: list[BaseRoute] = [
    *_served,
    Route("/{T:prefix}{word:seg}/resolve/{rev:seg}/{path:rest}", one_word, methods=METHODS),
    Route("/{T:prefix}{word:seg}/raw/{rev:seg}/{path:rest}", one_word, methods=METHODS),
    Route("/api/{kind:unoffered}", odds.other_type, methods=METHODS),
    Route("/api/{kind:unoffered}/{rest:rest}", odds.other_type, methods=METHODS),
    Route("/api/{T:types}/{word:seg}", one_word, methods=METHODS),
    Route("/api/{T:types}/{word:seg}/{rest:rest}", one_word, methods=METHODS),
    Route("/api", unknown, methods=METHODS),
    Route("/api/{rest:rest}", unknown, methods=METHODS),
]
