"""File locks: there are none here, so lists are empty and taking one is refused (docs/api/locking.md)."""

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


async def verify_locks(request: Request) -> Response:
    """Asked before each push: nobody's lock is in the way."""
    await in_thread(open_for_writing, hub_of(request).storage, await repo_of(request), await actor_of(request))
    return lfs_json({"ours": [], "theirs": []})


async def refuse_lock(request: Request) -> Response:
    await in_thread(open_for_writing, hub_of(request).storage, await repo_of(request), await actor_of(request))
    raise NotOffered(_REFUSAL)
