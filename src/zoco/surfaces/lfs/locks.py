"""File locks: there are none here, so lists are empty and the rest is refused (docs/api/locking.md).

`locks/verify`, which git-lfs asks before each push, is refused too: it takes 501 as «no locks» and is silent ever
after, while an empty answer makes it print advice with the remote's URL (and the token in it) at every push.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from zoco.core.errors import NotOffered
from zoco.hub.repos.open import open_for_contents, open_for_writing
from zoco.surfaces.context import actor_of
from zoco.surfaces.git_urls import repo_of
from zoco.surfaces.lfs.errors import lfs_json
from zoco.surfaces.state import hub_of
from zoco.surfaces.threads import in_thread

_REFUSAL = "File locks are not offered here. Agree on a branch each instead, or set lfs.locksverify to false."


async def list_locks(request: Request) -> Response:
    await in_thread(open_for_contents, hub_of(request).storage, await repo_of(request), await actor_of(request))
    return lfs_json({"locks": []})


async def refuse(request: Request) -> Response:
    await in_thread(open_for_writing, hub_of(request).storage, await repo_of(request), await actor_of(request))
    raise NotOffered(_REFUSAL)
