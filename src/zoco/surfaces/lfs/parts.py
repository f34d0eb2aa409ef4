"""Files that come in parts: each part in, what is there, and the end (docs/protocols/lfs.md, «multipart»)."""

from __future__ import annotations

from functools import partial

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from zoco.core.errors import NotFound, Unprocessable
from zoco.core.repos import WritableRepo
from zoco.formats.lfs.batch import MEDIA_TYPE
from zoco.formats.lfs.multipart import parse_completion
from zoco.hub.lfs.batch import LfsLimits
from zoco.hub.lfs.objects import verify
from zoco.hub.lfs.parts import PartUpload, complete, find_upload, receive_part, received
from zoco.hub.lfs.upload import Lfs
from zoco.hub.repos.open import open_for_writing
from zoco.surfaces.bodies import announced_size, pour, read_body
from zoco.surfaces.context import endpoint_of
from zoco.surfaces.git_urls import repo_of
from zoco.surfaces.lfs.addresses import Ticket, Use, check_same, ticket_of
from zoco.surfaces.lfs.checks import check_of, heartbeats
from zoco.surfaces.lfs.errors import lfs_json
from zoco.surfaces.routing import raw_path_of
from zoco.surfaces.state import Hub, hub_of
from zoco.surfaces.streaming import StreamedAnswer
from zoco.surfaces.threads import in_long_thread, in_thread

COMPLETION_SIZE_MAX = 4 << 20
EMPTY = b"{}"


def lfs_of(hub: Hub) -> Lfs:
    return Lfs(hub.db, hub.blobs, LfsLimits.of(hub.settings))


async def put_part(request: Request) -> Response:
    """The answer's ETag is what the completion must name. Each part may be sent again."""
    lfs, ticket = lfs_of(hub_of(request)), await ticket_of(request, Use.PART)
    repo = await _opened(request, ticket)
    assert ticket.part is not None, "signed by us"
    upload = await in_thread(_find, lfs, ticket)
    if upload is None:
        return await _let_it_pass(request, lfs, repo, ticket)
    if (announced := announced_size(request)) not in (None, size := upload.blob.size_of(ticket.part)):
        raise Unprocessable(f"{announced} bytes are announced, not the {size} of this part: cut by chunk_size.")
    part = await in_long_thread(receive_part, lfs, upload, ticket.part)
    try:
        await pour(request.stream(), part.feed)
        etag = await in_long_thread(part.finish)
    finally:
        await in_long_thread(part.abort)
    return Response(status_code=200, headers={"ETag": f'"{etag}"'})


async def list_parts(request: Request) -> Response:
    """For a client that goes on with an upload it began in another life."""
    lfs, ticket = lfs_of(hub_of(request)), await ticket_of(request, Use.COMPLETE)
    await _opened(request, ticket)
    upload = await in_thread(_find, lfs, ticket)
    if upload is None:
        raise NotFound("This upload was given up or is complete: ask the server for a new one.")
    here = await in_long_thread(received, lfs, upload)
    shown = [
        {"partNumber": number, "etag": f'"{part.etag}"', "size": part.size} for number, part in sorted(here.items())
    ]
    return lfs_json({"oid": upload.sha256, "size": upload.size, "chunk_size": upload.blob.part_size, "parts": shown})


async def complete_upload(request: Request) -> Response:
    """Published when every part is there and the whole is what was announced. White space comes while that takes."""
    lfs, ticket = lfs_of(hub_of(request)), await ticket_of(request, Use.COMPLETE)
    repo = await _opened(request, ticket)
    told = parse_completion(await read_body(request, COMPLETION_SIZE_MAX))
    if told.oid != ticket.sha256:
        raise Unprocessable("'oid' is another than that of this upload")
    upload = await in_thread(_find, lfs, ticket)
    if upload is None:
        await in_thread(verify, lfs.db, repo, ticket.sha256, ticket.size)
        return lfs_json({})
    check = check_of(upload.uuid, told.etags, partial(complete, lfs, repo, upload, ticket.user_id, told.etags))
    if await check.is_done_within(hub_of(request).settings.lfs_answer_within_s):
        return lfs_json({})
    headers = {"Cache-Control": "no-store", "Content-Type": MEDIA_TYPE}
    return StreamedAnswer(heartbeats(check, EMPTY), 200, headers)


async def verify_upload(request: Request, ticket: Ticket) -> Response:
    """Of a file that went straight to the store, or came in parts: git-lfs and huggingface_hub ask when it is sent."""
    lfs, repo = lfs_of(hub_of(request)), await _opened(request, ticket)
    upload = await in_thread(_find, lfs, ticket)
    if upload is None:
        await in_thread(verify, lfs.db, repo, ticket.sha256, ticket.size)
        return lfs_json({})
    check = check_of(upload.uuid, None, partial(complete, lfs, repo, upload, ticket.user_id))
    if await check.is_done_within(hub_of(request).settings.lfs_answer_within_s):
        return lfs_json({})
    path, query = raw_path_of(request.scope).decode("latin-1"), request.scope["query_string"].decode("latin-1")
    return RedirectResponse(f"{endpoint_of(request)}{path}?{query}", 307, {"Cache-Control": "no-store"})


async def _opened(request: Request, ticket: Ticket) -> WritableRepo:
    repo = await in_thread(open_for_writing, hub_of(request).storage, await repo_of(request), ticket.actor)
    check_same(repo, ticket)
    return repo


def _find(lfs: Lfs, ticket: Ticket) -> PartUpload | None:
    assert ticket.upload, "signed by us"
    return find_upload(lfs, ticket.upload)


async def _let_it_pass(request: Request, lfs: Lfs, repo: WritableRepo, ticket: Ticket) -> Response:
    """Somebody else sent the same file and was faster: nobody must fail for that."""
    await in_thread(verify, lfs.db, repo, ticket.sha256, ticket.size)
    await pour(request.stream(), lambda _chunk: None)
    return Response(status_code=200, headers={"ETag": f'"{ticket.upload}"'})
