"""Shards come in here, and the files they name become true: POST /v1/shards and /v2/shards.

Proving a file's SHA-256 reads the whole file. The second version of the call answers with a line each few seconds
meanwhile (NDJSON), so that no client and no proxy takes the silence for an end.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from zoco.core.access import Actor
from zoco.core.errors import HubError, Unavailable
from zoco.core.repos import WritableRepo
from zoco.formats.xet.shard import SHARD_SIZE_MAX, parse_shard
from zoco.hub.lfs.xet_files import publish
from zoco.hub.xet.shards import CheckedFile, check, prove
from zoco.surfaces.bodies import read_body
from zoco.surfaces.state import Hub, hub_of
from zoco.surfaces.streaming import StreamedAnswer
from zoco.surfaces.threads import in_long_thread
from zoco.surfaces.xet.asked import Bodies, turn
from zoco.surfaces.xet.tokens import Holder, holder_of, repo_for_writing

HEARTBEAT_S = 5.0


@dataclass(slots=True)
class _Work:
    """A shard that passed every check but the last. `verified` grows while the files are put together."""

    hub: Hub
    repo: WritableRepo
    actor: Actor
    files: list[CheckedFile]
    verified: int = 0

    @property
    def total(self) -> int:
        return sum(one.file.size for one in self.files)

    def run(self) -> None:
        prove(self.hub.storage.xet, self.files, self._progress)
        grace_ms = self.hub.storage.limits.gc_grace_ms
        if self.files:
            publish(self.hub.db, self.repo, self.files, self.actor.user_id, grace_ms=grace_ms)

    def _progress(self, more: int) -> None:
        self.verified += more


async def register_shard(request: Request) -> Response:
    """The older form: one answer at the end."""
    work = await _received(request)
    await in_long_thread(work.run)
    return JSONResponse({"result": 1})


async def register_shard_with_events(request: Request) -> Response:
    work = await _received(request)
    return StreamedAnswer(_events(work), 200, {"Content-Type": "application/x-ndjson", "Cache-Control": "no-store"})


async def _received(request: Request) -> _Work:
    """Raises everything that is wrong with a shard but a false SHA-256."""
    hub, holder = hub_of(request), holder_of(request, writes=True)
    async with turn(Bodies.SHARDS):
        body = await read_body(request, SHARD_SIZE_MAX)
        return await in_long_thread(_checked, hub, holder, body)


def _checked(hub: Hub, holder: Holder, body: bytes) -> _Work:
    repo, actor = repo_for_writing(hub, holder)
    return _Work(hub, repo, actor, check(hub.storage.xet, parse_shard(body)))


async def _events(work: _Work) -> AsyncIterator[bytes]:
    """When the client leaves, what was begun is still finished: it asked for it, and will ask again."""
    running = asyncio.create_task(in_long_thread(work.run))
    while not running.done():
        yield _line({"type": "validating", "verified": work.verified, "total": work.total})
        await asyncio.wait({running}, timeout=HEARTBEAT_S)
    try:
        running.result()
    except HubError as error:
        retryable = isinstance(error, Unavailable)
        yield _line({"type": "error", "message": error.message, "retryable": retryable})
    else:
        yield _line({"type": "result", "result": 1})


def _line(event: dict[str, object]) -> bytes:
    return json.dumps(event, separators=(",", ":")).encode() + b"\n"
