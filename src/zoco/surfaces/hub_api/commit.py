"""Commits by the API: the body is read as a stream, and applied whole or not at all."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from zoco.core.access import Actor
from zoco.core.errors import NotOffered
from zoco.core.ids import Oid
from zoco.core.repos import WritableRepo
from zoco.hub.repos.commit import commit
from zoco.hub.repos.commit_ops import CommitRequest
from zoco.hub.repos.open import open_for_reading, open_for_writing
from zoco.surfaces.bodies import body_of, pour, read_body
from zoco.surfaces.context import endpoint_of
from zoco.surfaces.hub_api.asked import Asked, asked, flag, revision_of, signed_in
from zoco.surfaces.hub_api.bodies import media_type_of
from zoco.surfaces.hub_api.calls import API, Call, Query
from zoco.surfaces.hub_api.commit_lines import WholeCommit
from zoco.surfaces.hub_api.commit_upload import CommitUpload
from zoco.surfaces.hub_api.replies import json_reply
from zoco.surfaces.threads import in_long_thread, in_thread

WHOLE_SIZE_MAX = 40_000_000
"""The older form has to be read at once."""


class Committed(TypedDict):
    success: bool
    commitUrl: str
    commitOid: str
    hookOutput: str


async def create_commit(request: Request) -> Response:
    of = await asked(request)
    await refuse_pull_request(request, of)
    repo = await in_thread(open_for_writing, of.hub.storage, of.id, of.actor)
    actor = await signed_in(request)
    limits = of.hub.storage.limits
    with CommitUpload(
        of.hub.blobs.scratch,
        file_size_max=limits.regular_file_size_max_bytes,
        total_size_max=limits.commit_size_max_bytes,
    ) as upload:
        wanted = await _received(request, of, upload)
        oid = await in_long_thread(_commit, of, repo, actor, revision_of(request), wanted)
    answer: Committed = {
        "success": True,
        "commitUrl": f"{endpoint_of(request)}/{repo.id.path}/commit/{oid}",
        "commitOid": oid,
        "hookOutput": "",
    }
    return json_reply(answer)


async def refuse_pull_request(request: Request, of: Asked) -> None:
    """Raises NotOffered for `create_pr=1`, to whoever may know of the repository."""
    if not flag(request, "create_pr"):
        return
    await in_thread(open_for_reading, of.hub.storage, of.id, of.actor)
    raise NotOffered(
        "This Hub has no pull requests yet: create a branch (create_branch) and commit there, without create_pr"
    )


def _commit(of: Asked, repo: WritableRepo, actor: Actor, revision: str, wanted: CommitRequest) -> Oid:
    return commit(of.hub.storage, repo, actor, revision, wanted).oid


async def _received(request: Request, of: Asked, upload: CommitUpload) -> CommitRequest:
    if media_type_of(request) == "application/json":
        body = await read_body(request, WHOLE_SIZE_MAX)
        return await in_long_thread(upload.whole, body)
    await pour(body_of(request, of.hub.storage.limits.commit_size_max_bytes), upload.feed)
    return await in_long_thread(upload.finish)


calls = [
    Call(
        "POST",
        f"{API}/commit/{{rev:seg}}",
        create_commit,
        "Commit files, LFS files and deletions to a branch, all or nothing. The body is NDJSON: one JSON object"
        " `{key, value}` on each line, the header first; the same as one JSON document is accepted too.",
        query=(Query("create_pr", "open a pull request instead of committing (not offered yet)", type="boolean"),),
        body=WholeCommit,
        body_media_type="application/x-ndjson",
        answer=Committed,
    ),
]
