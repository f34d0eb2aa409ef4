"""POST …/info/lfs/objects/batch: which objects must be sent or can be fetched, and where (docs/api/batch.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response

from zoco.core.access import Actor
from zoco.core.errors import Unprocessable
from zoco.core.ids import RepoId, Sha256
from zoco.formats.lfs.batch import BatchRequest, Operation, parse_batch_request
from zoco.hub.lfs.batch import Answer, Step, batch_download, batch_upload
from zoco.hub.lfs.begin import begin_uploads
from zoco.hub.lfs.parts import PartUpload
from zoco.hub.repos.open import open_for_contents, open_for_writing
from zoco.surfaces.bodies import read_body
from zoco.surfaces.context import actor_of
from zoco.surfaces.git_urls import repo_of
from zoco.surfaces.lfs.actions import Actions, Json
from zoco.surfaces.lfs.errors import lfs_json
from zoco.surfaces.lfs.parts import lfs_of
from zoco.surfaces.lfs.xet_transfer import batch_by_xet
from zoco.surfaces.state import Hub, hub_of
from zoco.surfaces.threads import in_long_thread, in_thread

BODY_SIZE_MAX = 4 << 20


async def batch(request: Request) -> Response:
    hub, actor, repo_id = hub_of(request), await actor_of(request), await repo_of(request)
    # access comes first: what an outsider writes in the body must not change the answer
    repo = await in_thread(open_for_contents, hub.storage, repo_id, actor)
    asked = parse_batch_request(await read_body(request, BODY_SIZE_MAX))
    if "xet" in asked.transfers and asked.operation is Operation.UPLOAD:
        return await batch_by_xet(request, repo_id, actor, asked)
    if not {"basic", "multipart"}.intersection(asked.transfers):
        raise Unprocessable("This server transfers by 'basic', 'multipart' or 'xet': name one in 'transfers'.")
    if asked.operation is Operation.UPLOAD:
        plan = await in_long_thread(_to_upload, hub, repo_id, actor, asked)
    else:
        plan = Plan("basic", await in_thread(batch_download, hub.db, repo, asked.objects))
    objects = await in_thread(_objects, Actions(request, repo, actor, plan.transfer), plan)
    return lfs_json({"transfer": plan.transfer, "objects": objects, "hash_algo": "sha256"})


@dataclass(frozen=True, slots=True)
class Plan:
    """`uploads`: what comes in parts or goes straight to the store; the rest comes through us, whole."""

    transfer: str
    answers: list[Answer]
    uploads: Mapping[Sha256, PartUpload] = field(default_factory=dict)


def _to_upload(hub: Hub, repo_id: RepoId, actor: Actor | None, asked: BatchRequest) -> Plan:
    """All of a batch goes by one transfer: by multipart when a file comes in parts or goes straight to the store, and
    the client can. It then says when it has sent all, where by basic @huggingface/hub never does."""
    lfs = lfs_of(hub)
    repo = open_for_writing(hub.storage, repo_id, actor)
    can_multipart = "multipart" in asked.transfers
    room = hub.blobs.room()
    if room and can_multipart:  # some of the parts may be here already: each asks for room itself
        room = None
    answers = batch_upload(hub.db, repo, asked.objects, lfs.limits, room)
    wanted = [answer.asked for answer in answers if answer.step is Step.UPLOAD]
    uploads = begin_uploads(lfs, repo, wanted, can_multipart=can_multipart)
    is_multipart = can_multipart and (bool(uploads) or "basic" not in asked.transfers)
    return Plan("multipart" if is_multipart else "basic", answers, uploads)


def _objects(actions: Actions, plan: Plan) -> list[Json]:
    """Thousands of signatures are no work for the event loop."""
    return [_object(actions, answer, plan) for answer in plan.answers]


def _object(actions: Actions, answer: Answer, plan: Plan) -> Json:
    shown: Json = {"oid": answer.asked.oid, "size": answer.asked.size}
    if answer.step is Step.REFUSED:
        return shown | {"error": {"code": answer.code, "message": answer.message}}
    if answer.step is Step.NOTHING:
        return shown
    if answer.step is Step.DOWNLOAD:
        return shown | {"authenticated": True, "actions": actions.download(answer.asked)}
    by = plan.uploads.get(answer.asked.sha256)
    return shown | {"authenticated": True, "actions": actions.upload(answer.asked, by)}
