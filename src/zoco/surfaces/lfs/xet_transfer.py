"""A batch whose client sends its objects to the Xet store: @huggingface/hub, git-xet."""

from __future__ import annotations

import secrets
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from zoco.core.access import Actor
from zoco.core.ids import RepoId
from zoco.core.repos import WritableRepo
from zoco.formats.lfs.batch import BatchRequest
from zoco.hub.lfs.batch import Answer, Step, batch_upload
from zoco.hub.repos.open import open_for_writing
from zoco.surfaces.context import endpoint_of
from zoco.surfaces.lfs.errors import lfs_json
from zoco.surfaces.lfs.parts import lfs_of
from zoco.surfaces.state import Hub, hub_of
from zoco.surfaces.threads import in_thread
from zoco.surfaces.xet.tokens import connection

Json = dict[str, Any]  # Any: JSON of the wire


async def batch_by_xet(request: Request, id: RepoId, actor: Actor | None, asked: BatchRequest) -> Response:
    """All objects need the same address and token; nothing is verified afterwards, because the store did."""
    hub = hub_of(request)
    repo, answers = await in_thread(_to_upload, hub, id, actor, asked)
    at = await connection(request, repo, actor, can_write=True)
    page = f"{endpoint_of(request)}/api/{repo.id.type.plural}/{quote(repo.id.namespace)}/{quote(repo.id.name)}"
    headers = {**at.headers(), "X-Xet-Session-Id": secrets.token_hex(16)}
    upload = {"href": f"{page}/xet-write-token/{quote(repo.default_branch, safe='')}", "header": headers}
    objects = [_object(answer, upload) for answer in answers]
    return lfs_json({"transfer": "xet", "objects": objects, "hash_algo": "sha256"})


def _to_upload(hub: Hub, id: RepoId, actor: Actor | None, asked: BatchRequest) -> tuple[WritableRepo, list[Answer]]:
    repo = open_for_writing(hub.storage, id, actor)
    room = 0 if hub.blobs.room() == 0 else None  # most of a file may be here already
    return repo, batch_upload(hub.db, repo, asked.objects, lfs_of(hub).limits, room)


def _object(answer: Answer, upload: Json) -> Json:
    shown: Json = {"oid": answer.asked.oid, "size": answer.asked.size}
    if answer.step is Step.REFUSED:
        return shown | {"error": {"code": answer.code, "message": answer.message}}
    return shown | ({"authenticated": True, "actions": {"upload": upload}} if answer.step is Step.UPLOAD else {})
