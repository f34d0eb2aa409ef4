"""File locks (git-lfs docs/api/locking.md): take, list, ask before a push, end."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from zoco.core.access import Actor
from zoco.core.errors import NotFound
from zoco.core.pages import Page
from zoco.core.repos import WritableRepo
from zoco.formats.lfs.locks import (
    parse_lock_request,
    parse_locks_query,
    parse_unlock_request,
    parse_verify_request,
)
from zoco.hub.lfs import locks
from zoco.hub.lfs.locks import AlreadyLocked, Lock
from zoco.hub.repos.open import open_for_contents, open_for_writing
from zoco.surfaces.bodies import read_body
from zoco.surfaces.context import actor_of, request_id_of
from zoco.surfaces.git_urls import repo_of
from zoco.surfaces.lfs.errors import lfs_json
from zoco.surfaces.state import hub_of
from zoco.surfaces.threads import in_thread

BODY_SIZE_MAX = 64 << 10

Json = dict[str, Any]  # Any: JSON of the wire


async def take_lock(request: Request) -> Response:
    repo, actor = await _opened(request)
    asked = parse_lock_request(await read_body(request, BODY_SIZE_MAX))
    try:
        held = await in_thread(locks.lock, hub_of(request).db, repo, actor, asked)
    except AlreadyLocked as error:
        body = {"lock": _shown(error.lock), "message": error.message, "request_id": request_id_of(request)}
        return lfs_json(body, 409)
    return lfs_json({"lock": _shown(held)}, 201)


async def list_locks(request: Request) -> Response:
    hub = hub_of(request)
    repo = await in_thread(open_for_contents, hub.storage, await repo_of(request), await actor_of(request))
    asked = parse_locks_query(request.query_params)
    page: Page[Lock] = await in_thread(locks.list_locks, hub.db, repo, asked) if asked else Page(())
    return lfs_json({"locks": [_shown(one) for one in page.items]} | _next(page))


async def verify_locks(request: Request) -> Response:
    """git-lfs asks before each push: theirs stop it, where the user has switched that on (`lfs.locksverify`)."""
    repo, actor = await _opened(request)
    asked = parse_verify_request(await read_body(request, BODY_SIZE_MAX))
    page = await in_thread(locks.list_locks, hub_of(request).db, repo, asked)
    ours = [_shown(one) for one in page.items if one.owner_id == actor.user_id]
    theirs = [_shown(one) for one in page.items if one.owner_id != actor.user_id]
    return lfs_json({"ours": ours, "theirs": theirs} | _next(page))


async def end_lock(request: Request) -> Response:
    repo, actor = await _opened(request)
    force = parse_unlock_request(await read_body(request, BODY_SIZE_MAX))
    id = str(request.path_params["lock"])
    if not (id.isascii() and id.isdigit() and len(id) < 19):
        raise NotFound("This repository has no such lock: 'git lfs locks' lists those there are.")
    ended = await in_thread(locks.unlock, hub_of(request).db, repo, actor, int(id), force=force)
    return lfs_json({"lock": _shown(ended)})


async def _opened(request: Request) -> tuple[WritableRepo, Actor]:
    actor = await actor_of(request)
    repo = await in_thread(open_for_writing, hub_of(request).storage, await repo_of(request), actor)
    assert actor, "nobody writes anonymously"
    return repo, actor


def _shown(lock: Lock) -> Json:
    at = datetime.fromtimestamp(lock.locked_at_ms // 1000, UTC)
    return {
        "id": str(lock.id),
        "path": lock.path,
        "locked_at": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "owner": {"name": lock.owner},
    }


def _next(page: Page[Lock]) -> Json:
    return {"next_cursor": page.next_cursor} if page.next_cursor else {}
