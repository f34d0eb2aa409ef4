"""The bytes of one LFS object, in and out, by the addresses of a batch (docs/api/basic-transfers.md)."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from zoco.core.errors import NotFound, Unprocessable
from zoco.core.ids import Sha256
from zoco.formats.lfs.batch import parse_json_object, parse_object
from zoco.hub.lfs.objects import find, verify
from zoco.hub.lfs.upload import Upload
from zoco.hub.repos.open import open_for_contents, open_for_writing
from zoco.surfaces.bodies import announced_size, pour, read_body
from zoco.surfaces.bytes import answer_file, in_lfs
from zoco.surfaces.context import actor_of
from zoco.surfaces.git_urls import repo_of
from zoco.surfaces.lfs.addresses import Use, check_same, ticket_of
from zoco.surfaces.lfs.errors import lfs_json
from zoco.surfaces.lfs.parts import lfs_of, verify_upload
from zoco.surfaces.state import hub_of
from zoco.surfaces.threads import in_long_thread, in_thread

VERIFY_SIZE_MAX = 64 << 10
BINARY = "application/octet-stream"


async def put_object(request: Request) -> Response:
    """Published only when every byte came and hashes to the announced name: a client that leaves leaves nothing."""
    hub, ticket = hub_of(request), await ticket_of(request, Use.UPLOAD)
    repo = await in_thread(open_for_writing, hub.storage, await repo_of(request), ticket.actor)
    check_same(repo, ticket)
    if (announced := announced_size(request)) not in (None, ticket.size):
        raise Unprocessable(f"{announced} bytes are announced, not {ticket.size}: the file changed; add it again.")
    upload = await in_thread(Upload, lfs_of(hub), repo, ticket.sha256, ticket.size, ticket.user_id)
    try:
        await pour(request.stream(), upload.feed)
        await in_long_thread(upload.finish)
    finally:
        await in_long_thread(upload.abort)
    return Response(status_code=200, headers={"ETag": f'"{ticket.sha256}"'})


async def confirm_object(request: Request) -> Response:
    """The end of a multipart upload whose one part was the whole object, sent to this very address."""
    hub, ticket = hub_of(request), await ticket_of(request, Use.UPLOAD)
    repo = await in_thread(open_for_writing, hub.storage, await repo_of(request), ticket.actor)
    check_same(repo, ticket)
    await read_body(request, VERIFY_SIZE_MAX)
    await in_thread(verify, hub.db, repo, ticket.sha256, ticket.size)
    return lfs_json({})


async def get_object(request: Request) -> Response:
    hub, ticket = hub_of(request), await ticket_of(request, Use.DOWNLOAD)
    repo = await in_thread(open_for_contents, hub.storage, await repo_of(request), ticket.actor)
    check_same(repo, ticket)
    found = await in_thread(find, hub.db, repo, ticket.sha256)
    if found is None:
        raise NotFound(f"LFS object {ticket.sha256} is no longer in this repository.")
    lifetime_s = hub.settings.signed_url_lifetime_s
    elsewhere = found.key and hub.blobs.signed_url(
        found.key, lifetime_s=lifetime_s, filename=found.sha256, content_type=BINARY
    )
    if elsewhere:
        return RedirectResponse(elsewhere, 302, {"Cache-Control": "no-store"})
    file = in_lfs(hub.storage.xet, found, found.sha256, BINARY)
    return answer_file(request, file, {"Cache-Control": "private, no-transform"})


async def verify_object(request: Request) -> Response:
    """With the signed address of the batch, or with credentials."""
    hub, repo_id = hub_of(request), await repo_of(request)
    if "sig" in request.query_params:
        ticket = await ticket_of(request, Use.VERIFY)
        if ticket.upload:
            return await verify_upload(request, ticket)
        repo = await in_thread(open_for_contents, hub.storage, repo_id, ticket.actor)
        check_same(repo, ticket)
    else:
        repo = await in_thread(open_for_contents, hub.storage, repo_id, await actor_of(request))
    asked = parse_object(parse_json_object(await read_body(request, VERIFY_SIZE_MAX)))
    await in_thread(verify, hub.db, repo, Sha256(asked.oid), asked.size)
    return lfs_json({})
