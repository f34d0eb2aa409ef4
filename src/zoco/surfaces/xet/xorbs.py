"""Xorbs come in here: POST /v1/xorbs/{prefix}/{hash}."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from zoco.core.errors import NotFound, TooLarge
from zoco.formats.xet.xorb import XORB_BODY_MAX
from zoco.hub.xet.xorbs import XorbUpload
from zoco.surfaces.bodies import announced_size, pour
from zoco.surfaces.state import hub_of
from zoco.surfaces.threads import in_long_thread, in_thread
from zoco.surfaces.xet.asked import Bodies, hash_of, turn
from zoco.surfaces.xet.tokens import holder_of


async def put_xorb(request: Request) -> Response:
    """Bytes alone harm nobody, so the token's own word is enough here; the shard that uses them is checked in full."""
    holder_of(request, writes=True)
    hub, hash, announced = hub_of(request), hash_of(request), announced_size(request)
    if announced is not None and announced > XORB_BODY_MAX:
        raise TooLarge(f"A xorb has at most {XORB_BODY_MAX} bytes; {announced} are announced.")
    async with turn(Bodies.XORBS):
        upload = await in_thread(XorbUpload, hub.storage.xet, hash, announced or XORB_BODY_MAX)
        try:
            await pour(request.stream(), upload.feed)
            was_inserted = await in_long_thread(upload.finish)
        finally:
            await in_long_thread(upload.abort)
    return JSONResponse({"was_inserted": was_inserted})


async def xorb_size(request: Request) -> Response:
    """HEAD: whether a xorb is here. Who may not read it has its hash only from having its chunks."""
    holder_of(request, writes=False)
    found = await in_thread(hub_of(request).storage.xet.xorb, hash_of(request))
    if found is None:
        raise NotFound("No such xorb.")
    return Response(headers={"Content-Length": str(found.chunks.stored_size)})
