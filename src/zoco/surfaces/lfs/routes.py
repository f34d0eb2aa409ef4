"""Git LFS: the batch API, its transfers and its locks, under each repository's address."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from zoco.surfaces.git_urls import repo_routes
from zoco.surfaces.lfs.batch import batch
from zoco.surfaces.lfs.locks import end_lock, list_locks, take_lock, verify_locks
from zoco.surfaces.lfs.parts import complete_upload, list_parts, put_part
from zoco.surfaces.lfs.transfer import confirm_object, get_object, put_object, verify_object


async def _object(request: Request) -> Response:
    if request.method == "POST":
        return await confirm_object(request)
    return await (put_object(request) if request.method == "PUT" else get_object(request))


async def _upload(request: Request) -> Response:
    return await (complete_upload(request) if request.method == "POST" else list_parts(request))


async def _locks(request: Request) -> Response:
    return await (take_lock(request) if request.method == "POST" else list_locks(request))


routes: list[BaseRoute] = [
    *repo_routes("info/lfs/objects/batch", batch, ["POST"]),
    *repo_routes("info/lfs/objects/{sha256:seg}", _object, ["GET", "PUT", "POST"]),
    *repo_routes("info/lfs/uploads/{upload:seg}", _upload, ["GET", "POST"]),
    *repo_routes("info/lfs/uploads/{upload:seg}/{part:seg}", put_part, ["PUT"]),
    *repo_routes("info/lfs/verify", verify_object, ["POST"]),
    *repo_routes("info/lfs/locks", _locks, ["GET", "POST"]),
    *repo_routes("info/lfs/locks/verify", verify_locks, ["POST"]),
    *repo_routes("info/lfs/locks/{lock:seg}/unlock", end_lock, ["POST"]),
]
