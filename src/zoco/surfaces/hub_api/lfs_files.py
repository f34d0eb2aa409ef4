"""A repository's LFS files on all its refs: list them, delete them for good."""

from __future__ import annotations

from typing import NotRequired

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from zoco.core.errors import Invalid, Moved
from zoco.core.ids import Sha256, is_sha256
from zoco.core.repos import AdminRepo, WritableRepo
from zoco.hub.lfs.objects import link_existing
from zoco.hub.repos.lfs_files import LfsFile, delete_lfs_files, list_lfs_files
from zoco.hub.repos.open import open_for_admin, open_for_contents, open_for_reading, open_for_writing
from zoco.surfaces.hub_api.asked import Asked, asked, cursor_of, flag, number, signed_in
from zoco.surfaces.hub_api.bodies import Body, Text, json_body
from zoco.surfaces.hub_api.calls import API, PAGE, Call, Query
from zoco.surfaces.hub_api.people import PersonItem, person_item
from zoco.surfaces.hub_api.replies import iso, json_reply, page_reply
from zoco.surfaces.hub_api.repos import full_name, repo_type
from zoco.surfaces.threads import in_long_thread, in_thread

DELETIONS_MAX = 1000
COPIES_MAX = 500


class Deletions(Body):
    sha: list[Text] = Field(max_length=DELETIONS_MAX)
    rewriteHistory: bool = False  # noqa: N815 - wire spelling


class DeletionsBody(Body):
    deletions: Deletions


class Target(Body):
    type: Text = "model"
    name: Text


class CopiedFile(Body):
    sha256: Text
    filename: Text | None = None
    xetHash: Text | None = None  # noqa: N815 - wire spelling


class CopyBody(Body):
    target: Target
    files: list[CopiedFile] = Field(max_length=COPIES_MAX)


class NotCopied(TypedDict):
    sha256: str
    error: str
    xetHash: NotRequired[str]


class CopiedFiles(TypedDict):
    success: bool
    processed: int
    succeeded: int
    failed: list[NotCopied]


class LfsItem(TypedDict):
    fileOid: str
    oid: str
    size: int
    pushedAt: str
    filename: NotRequired[str]
    ref: NotRequired[str]
    pusher: NotRequired[PersonItem]
    xetHash: NotRequired[str]


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


async def copy_files_in_lfs(request: Request) -> Response:
    """Called on the source. What it does not have is told file by file (207), and the rest is copied all the same."""
    of = await asked(request)
    source = await in_thread(open_for_contents, of.hub.storage, of.id, of.actor)
    actor = await signed_in(request)
    body = await json_body(request, CopyBody)
    target = await in_thread(_open_target, of, body.target)
    shas = [Sha256(file.sha256) for file in body.files if is_sha256(file.sha256)]
    missing = set(await in_long_thread(link_existing, of.hub.db, source, target, shas, actor.user_id))
    failed = [_not_copied(of, file) for file in body.files if not is_sha256(file.sha256) or file.sha256 in missing]
    answer: CopiedFiles = {
        "success": not failed,
        "processed": len(body.files),
        "succeeded": len(body.files) - len(failed),
        "failed": failed,
    }
    return json_reply(answer, 207 if failed else 200)


def _open_target(of: Asked, target: Target) -> WritableRepo:
    """Under its old name too. Raises Invalid, RepoNotFound, or Denied."""
    id = full_name("target.name", repo_type(target.type), target.name)
    try:
        return open_for_writing(of.hub.storage, id, of.actor)
    except Moved as moved:  # not the repository in the address, so nobody can be redirected
        return open_for_writing(of.hub.storage, moved.to, of.actor)


def _not_copied(of: Asked, file: CopiedFile) -> NotCopied:
    why = "is no SHA-256" if not is_sha256(file.sha256) else f"is not in {of.id.full_name}"
    told: NotCopied = {"sha256": file.sha256, "error": f"{file.filename or 'The file'}: {file.sha256[:80]} {why}"}
    if file.xetHash:
        told["xetHash"] = file.xetHash
    return told


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
    if file.xet_hash:
        item["xetHash"] = file.xet_hash
    if file.pusher:
        item["pusher"] = person_item(request, file.pusher.public_id, file.pusher.name, file.pusher.full_name)
    return item


calls = [
    Call(
        "GET",
        f"{API}/lfs-files",
        list_files_in_lfs,
        "LFS files on all refs",
        query=(*PAGE, Query("xet", "accepted: `xetHash` is told in any case", type="boolean")),
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
        "POST",
        f"{API}/lfs-files/duplicate",
        copy_files_in_lfs,
        "Copy LFS files to another repository, without their bytes",
        body=CopyBody,
        answer=CopiedFiles,
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
