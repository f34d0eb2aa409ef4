"""Global deduplication: GET /v1/chunks/{prefix}/{chunk}."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response

from zoco.core.errors import NotFound
from zoco.formats.xet.hashes import XetHash
from zoco.hub.repos.xet_scope import files_in_scope
from zoco.hub.xet.dedup import answer_for
from zoco.surfaces.state import Hub, hub_of
from zoco.surfaces.threads import in_thread
from zoco.surfaces.xet.asked import hash_of
from zoco.surfaces.xet.tokens import Holder, holder_of, repo_for_reading

ANSWER_LIFETIME_MAX_S = 86_400


async def find_chunk(request: Request) -> Response:
    hub, holder = hub_of(request), holder_of(request, writes=False)
    answer = await in_thread(_answer, hub, holder, hash_of(request))
    if answer is None:
        raise NotFound("No such chunk.")
    return Response(answer, media_type="application/octet-stream", headers={"Cache-Control": "no-store"})


def _answer(hub: Hub, holder: Holder, chunk: XetHash) -> bytes | None:
    repo, actor = repo_for_reading(hub, holder)

    def may_use(files: Sequence[XetHash]) -> Sequence[XetHash]:
        return files_in_scope(hub.storage, hub.dedup_scope, repo, actor, files)

    # the client may count on the answer for half the time that its xorbs are sure to stay
    lifetime_s = min(ANSWER_LIFETIME_MAX_S, max(1, hub.storage.limits.gc_grace_ms // 2000))
    return answer_for(hub.storage.xet, chunk, may_use, lifetime_s=lifetime_s)
