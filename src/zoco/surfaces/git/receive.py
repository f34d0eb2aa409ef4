"""POST git-receive-pack: a push arrives in pieces and is answered in git's own report."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from zoco.hub.repos.open import open_for_writing
from zoco.hub.repos.push import Push
from zoco.surfaces.bodies import body_of, pour
from zoco.surfaces.context import actor_of
from zoco.surfaces.git.http import NO_CACHE, RECEIVE_PACK, wrong_type
from zoco.surfaces.git_urls import repo_of
from zoco.surfaces.state import hub_of
from zoco.surfaces.threads import in_long_thread, in_thread


async def receive(request: Request) -> Response:
    hub, actor = hub_of(request), await actor_of(request)
    repo = await in_thread(open_for_writing, hub.storage, await repo_of(request), actor)
    if refusal := wrong_type(request, RECEIVE_PACK):
        return refusal
    assert actor is not None, "only somebody may write"
    push = Push(hub.storage, repo, actor)
    try:
        await pour(body_of(request, hub.settings.push_size_max_bytes), push.feed)
        report = await in_long_thread(push.finish)
    finally:
        await in_long_thread(push.abort)
    return Response(report, 200, {"Content-Type": f"application/x-{RECEIVE_PACK}-result", **NO_CACHE})
