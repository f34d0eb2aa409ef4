"""Which repository does a git or LFS address name? `/owner/name[.git]/…`, `/datasets/…`, `/spaces/…`, or one word."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

import zoco.surfaces.routing  # noqa: F401 - registers the convertors that the routes below name
from zoco.core.errors import Moved
from zoco.core.ids import RepoId, RepoType
from zoco.hub.repos.open import resolve_alias
from zoco.surfaces.context import actor_of
from zoco.surfaces.state import hub_of
from zoco.surfaces.threads import in_thread

Handler = Callable[[Request], Awaitable[Response]]

_BY_SEGMENT = {"datasets": RepoType.DATASET, "spaces": RepoType.SPACE}


def repo_routes(rest: str, handler: Handler, methods: Sequence[str], *, one_word: bool = True) -> list[BaseRoute]:
    """The routes of `…/{rest}` for every type, models last: `datasets` is nobody's name.

    `one_word` also for aliases, where `rest` begins with what no repository is called.
    """
    prefixes = [f"/{kind.prefix}" for kind in (RepoType.DATASET, RepoType.SPACE, RepoType.MODEL)]
    names = ("{ns:seg}/{name:seg}", "{name:seg}")[: 2 if one_word else 1]
    return [Route(f"{prefix}{name}/{rest}", handler, methods=methods) for prefix in prefixes for name in names]


async def repo_of(request: Request) -> RepoId:
    """Raises Moved for a one-word id that stands for a repository, RepoNotFound for another word."""
    kind = _BY_SEGMENT.get(request.scope["path"].split("/", 2)[1], RepoType.MODEL)
    name = request.path_params["name"].removesuffix(".git")
    if namespace := request.path_params.get("ns"):
        return RepoId(kind, namespace, name)
    actor = await actor_of(request)
    to = await in_thread(resolve_alias, hub_of(request).storage, kind, name, actor)
    raise Moved(RepoId(kind, "", name), to)
