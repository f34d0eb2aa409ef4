"""POST …/info/lfs/objects/batch: which objects must be sent or can be fetched, and where (docs/api/batch.md)."""

from __future__ import annotations

import secrets
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from zoco.core.access import Actor
from zoco.core.errors import Unprocessable
from zoco.core.ids import RepoId
from zoco.core.repos import ContentsRepo
from zoco.formats.lfs.batch import BatchRequest, Operation, parse_batch_request
from zoco.hub.lfs.batch import Answer, LfsLimits, Step, batch_download, batch_upload
from zoco.hub.repos.open import open_for_contents, open_for_writing
from zoco.surfaces.bodies import read_body
from zoco.surfaces.context import actor_of, endpoint_of
from zoco.surfaces.git_urls import repo_of
from zoco.surfaces.lfs.addresses import Use, signed_address
from zoco.surfaces.lfs.errors import lfs_json
from zoco.surfaces.state import Hub, hub_of
from zoco.surfaces.threads import in_thread
from zoco.surfaces.xet.tokens import connection

BODY_SIZE_MAX = 4 << 20

Json = dict[str, Any]  # Any: JSON of the wire


async def batch(request: Request) -> Response:
    hub, actor, repo_id = hub_of(request), await actor_of(request), await repo_of(request)
    # access comes first: what an outsider writes in the body must not change the answer
    repo = await in_thread(open_for_contents, hub.storage, repo_id, actor)
    asked = parse_batch_request(await read_body(request, BODY_SIZE_MAX))
    if "xet" in asked.transfers and asked.operation is Operation.UPLOAD:
        return await _by_xet(request, hub, repo_id, actor, asked)
    if "basic" not in asked.transfers:
        raise Unprocessable("This server transfers by 'basic' and 'xet' only: name one in 'transfers'.")
    if asked.operation is Operation.UPLOAD:
        answers = await in_thread(_to_upload, hub, repo_id, actor, asked)
    else:
        answers = await in_thread(batch_download, hub.db, repo, asked.objects)
    objects = await in_thread(_objects, request, repo, actor, answers)
    return lfs_json({"transfer": "basic", "objects": objects, "hash_algo": "sha256"})


async def _by_xet(request: Request, hub: Hub, repo_id: RepoId, actor: Actor | None, asked: BatchRequest) -> Response:
    """The client sends its objects to the Xet store; all need the same token. (@huggingface/hub, git-xet)"""
    repo = await in_thread(open_for_writing, hub.storage, repo_id, actor)
    answers = await in_thread(_to_upload, hub, repo_id, actor, asked)
    at = await connection(request, repo, actor, can_write=True)
    page = f"{endpoint_of(request)}/api/{repo.id.type.plural}/{quote(repo.id.namespace)}/{quote(repo.id.name)}"
    headers = {**at.headers(), "X-Xet-Session-Id": secrets.token_hex(16)}
    upload = {"href": f"{page}/xet-write-token/{quote(repo.default_branch, safe='')}", "header": headers}

    def shown(answer: Answer) -> Json:
        if answer.step is Step.UPLOAD:
            named = {"oid": answer.asked.oid, "size": answer.asked.size}
            return named | {"authenticated": True, "actions": {"upload": upload}}
        return _object(request, repo, actor, answer)

    return lfs_json({"transfer": "xet", "objects": [shown(one) for one in answers], "hash_algo": "sha256"})


def _to_upload(hub: Hub, repo_id: RepoId, actor: Actor | None, asked: BatchRequest) -> list[Answer]:
    repo = open_for_writing(hub.storage, repo_id, actor)
    return batch_upload(hub.db, repo, asked.objects, LfsLimits(hub.settings.lfs_file_size_max_bytes))


def _objects(request: Request, repo: ContentsRepo, actor: Actor | None, answers: list[Answer]) -> list[Json]:
    """Thousands of signatures are no work for the event loop."""
    return [_object(request, repo, actor, answer) for answer in answers]


def _object(request: Request, repo: ContentsRepo, actor: Actor | None, answer: Answer) -> Json:
    shown: Json = {"oid": answer.asked.oid, "size": answer.asked.size}
    if answer.step is Step.REFUSED:
        return shown | {"error": {"code": answer.code, "message": answer.message}}
    if answer.step is Step.NOTHING:
        return shown

    def action(use: Use) -> Json:
        href = signed_address(request, use, repo, answer.asked.sha256, answer.asked.size, actor)
        return {"href": href, "expires_in": hub_of(request).settings.signed_url_lifetime_s}

    if answer.step is Step.DOWNLOAD:
        actions = {"download": action(Use.DOWNLOAD)}
    else:
        actions = {"upload": action(Use.UPLOAD), "verify": action(Use.VERIFY)}
    return shown | {"authenticated": True, "actions": actions}
