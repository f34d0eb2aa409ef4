"""Xorbs come in here: POST /v1/xorbs/{prefix}/{hash}."""

from __future__ import annotations

from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from zoco.core.errors import HubError, NotFound, TooLarge
from zoco.formats.xet.hashes import XetHash
from zoco.formats.xet.xorb import XORB_BODY_MAX
from zoco.hub.lfs.xet_files import has_xorb
from zoco.hub.xet.xorbs import Xorb, XorbUpload
from zoco.surfaces.bodies import announced_size, pour, swallow
from zoco.surfaces.state import Hub, hub_of
from zoco.surfaces.threads import in_long_thread, in_thread
from zoco.surfaces.xet.asked import hash_of
from zoco.surfaces.xet.tokens import Holder, holder_of, repo_for_reading, repo_for_writing
from zoco.surfaces.xet.turns import Work, turn


async def put_xorb(request: Request) -> Response:
    announced = announced_size(request)
    if announced is not None and announced > XORB_BODY_MAX:
        holder_of(request, writes=True)
        raise TooLarge(f"A xorb has at most {XORB_BODY_MAX} bytes; {announced} are announced.")
    body = request.stream()
    try:
        was_inserted = await _taken_in(request, body, announced or XORB_BODY_MAX)
    except TooLarge:
        raise
    except HubError:
        await swallow(body)
        raise
    return JSONResponse({"was_inserted": was_inserted})


async def _taken_in(request: Request, body: AsyncIterator[bytes], size: int) -> bool:
    """Whoever may no longer write fills no disk either. The shard that uses the xorb is checked again."""
    hub, holder, hash = hub_of(request), holder_of(request, writes=True), hash_of(request)
    await in_thread(repo_for_writing, hub, holder)
    async with turn(Work.XORBS, holder.user_id):
        upload = await in_thread(XorbUpload, hub.storage.xet, hash, size)
        try:
            await pour(body, upload.feed)
            return await in_long_thread(upload.finish)
        finally:
            await in_long_thread(upload.abort)


async def xorb_size(request: Request) -> Response:
    """HEAD: of a xorb that a file of the token's repository rests in. Of others nobody learns here that they exist."""
    hub, holder = hub_of(request), holder_of(request, writes=False)
    found = await in_thread(_of_the_repo, hub, holder, hash_of(request))
    return Response(headers={"Content-Length": str(found.chunks.stored_size)})


def _of_the_repo(hub: Hub, holder: Holder, hash: XetHash) -> Xorb:
    repo, _ = repo_for_reading(hub, holder)
    found = hub.storage.xet.xorb(hash) if has_xorb(hub.db, repo, hash) else None
    if found is None:
        raise NotFound("No such xorb.")
    return found
