"""A repository's LFS files on all its refs: list them, delete them for good."""

from __future__ import annotations

from typing import NotRequired

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from zoco.core.errors import Invalid
from zoco.core.ids import Sha256, is_sha256
from zoco.core.repos import AdminRepo
from zoco.hub.repos.lfs_files import LfsFile, delete_lfs_files, list_lfs_files
from zoco.hub.repos.open import open_for_admin, open_for_reading
from zoco.surfaces.hub_api.asked import Asked, asked, cursor_of, flag, number, signed_in
from zoco.surfaces.hub_api.bodies import Body, Text, json_body
from zoco.surfaces.hub_api.calls import API, PAGE, Call, Query
from zoco.surfaces.hub_api.people import PersonItem, person_item
from zoco.surfaces.hub_api.replies import iso, json_reply, page_reply
from zoco.surfaces.threads import in_long_thread, in_thread

DELETIONS_MAX = 1000


class Deletions(Body):
    sha: list[Text] = Field(max_length=DELETIONS_MAX)
    rewriteHistory: bool = False  # noqa: N815 - wire spelling


class DeletionsBody(Body):
    deletions: Deletions


class LfsItem(TypedDict):
    fileOid: str
    oid: str
    size: int
    pushedAt: str
    filename: NotRequired[str]
    ref: NotRequired[str]
    pusher: NotRequired[PersonItem]


async def list_files_in_lfs(request: Request) -> Response:
    of = await asked(request)
    limit = number(request, "limit", default=1000, least=1, most=1000)
    repo = await in_thread(open_for_reading, of.hub.storage, of.id, of.actor)
    page = await in_long_thread(list_lfs_files, of.hub.storage, repo, cursor=cursor_of(request), limit=limit)
    return page_reply(request, [_item(request, file) for file in page.items], page.next_cursor)


async def delete_files_in_lfs(request: Request) -> Response:
    of = await asked(request)
    repo = await in_thread(open_for_admin, of.hub.storage, of.id, of.actor)
    body = await json_body(request, DeletionsBody)
    await _delete(request, of, repo, body.deletions.sha, rewrite_history=body.deletions.rewriteHistory)
    return json_reply({})


async def delete_file_in_lfs(request: Request) -> Response:
    of = await asked(request)
    repo = await in_thread(open_for_admin, of.hub.storage, of.id, of.actor)
    sha = str(request.path_params["sha"])
    await _delete(request, of, repo, [sha], rewrite_history=flag(request, "rewriteHistory"))
    return json_reply({})


async def _delete(request: Request, of: Asked, repo: AdminRepo, shas: list[str], *, rewrite_history: bool) -> None:
    """Clients send the `fileOid` that the list gave: here a SHA-256."""
    if wrong := [sha for sha in shas if not is_sha256(sha)]:
        raise Invalid(f"{wrong[0][:80]!r} is not a SHA-256: send the fileOid of the list of LFS files")
    actor = await signed_in(request)
    await in_long_thread(
        delete_lfs_files,
        of.hub.storage,
        repo,
        actor,
        [Sha256(sha) for sha in shas],
        rewrite_history=rewrite_history,
    )


def _item(request: Request, file: LfsFile) -> LfsItem:
    item: LfsItem = {
        "fileOid": file.sha256,
        "oid": file.sha256,
        "size": file.size,
        "pushedAt": iso(file.pushed_at_ms),
    }
    if file.path:
        item["filename"] = file.path
    if file.ref:
        item["ref"] = file.ref
    if file.pusher:
        item["pusher"] = person_item(request, file.pusher.public_id, file.pusher.name, file.pusher.full_name)
    return item


calls = [
    Call(
        "GET",
        f"{API}/lfs-files",
        list_files_in_lfs,
        "LFS files on all refs",
        query=(*PAGE, Query("xet", "accepted; there is no Xet storage", type="boolean")),
        answer=list[LfsItem],
        is_paged=True,
    ),
    Call(
        "POST",
        f"{API}/lfs-files/batch",
        delete_files_in_lfs,
        "Delete LFS files for good, and rewrite the history that names them",
        body=DeletionsBody,
        answer=dict[str, str],
    ),
    Call(
        "DELETE",
        f"{API}/lfs-files/{{sha:seg}}",
        delete_file_in_lfs,
        "Delete one LFS file for good",
        query=(Query("rewriteHistory", "also take it out of all commits", type="boolean"),),
        answer=dict[str, str],
    ),
]
