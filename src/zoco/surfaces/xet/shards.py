"""Shards come in here, and the files they name become true: POST /v1/shards and /v2/shards.

Proving a file's SHA-256 reads the whole file. The second version of the call answers with a line each few seconds
meanwhile (NDJSON), so that no client and no proxy takes the silence for an end. Its last line says what went wrong:
hf-xet shows that to its user, and of an HTTP status only the number.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from zoco.adapters import logs
from zoco.core.errors import HubError, NotAuthenticated, StoreFull, Unavailable
from zoco.formats.xet.shard import SHARD_SIZE_MAX, parse_shard
from zoco.hub.lfs.batch import LfsLimits
from zoco.hub.lfs.xet_files import check_sizes, publish
from zoco.hub.xet.shards import CheckedFile, check, prove
from zoco.surfaces.bodies import read_body
from zoco.surfaces.context import request_id_of
from zoco.surfaces.state import Hub, hub_of
from zoco.surfaces.streaming import StreamedAnswer
from zoco.surfaces.threads import in_long_thread
from zoco.surfaces.xet.tokens import Holder, holder_of, repo_for_writing
from zoco.surfaces.xet.turns import Turn, Work, take_turn, turn

HEARTBEAT_S = 5.0

_NDJSON = {"Content-Type": "application/x-ndjson", "Cache-Control": "no-store"}


@dataclass(slots=True)
class _Registration:
    """A shard that passed every check but the last. `verified` grows while the files are put together."""

    hub: Hub
    holder: Holder
    files: list[CheckedFile]
    verified: int = 0

    @property
    def total(self) -> int:
        return sum(one.file.size for one in self.files)

    def run(self) -> None:
        """Whoever asked may have lost the right to while the files were read: that is checked last."""
        prove(self.hub.storage.xet, self.files, self._progress)
        repo, actor = repo_for_writing(self.hub, self.holder)
        grace_ms = self.hub.storage.limits.gc_grace_ms
        if self.files:
            publish(self.hub.db, repo, self.files, actor.user_id, grace_ms=grace_ms)

    def _progress(self, more: int) -> None:
        self.verified += more


async def register_shard(request: Request) -> Response:
    """The older form: one answer at the end."""
    hub, holder = hub_of(request), holder_of(request, writes=True)
    async with turn(Work.PROOFS, holder.user_id):
        registration = await _received(request, hub, holder)
        await in_long_thread(registration.run)
    return JSONResponse({"result": 1})


async def register_shard_with_events(request: Request) -> Response:
    """When the client leaves, what was begun is still finished: it asked for it, and will ask again."""
    hub, holder = hub_of(request), holder_of(request, writes=True)
    taken = await take_turn(Work.PROOFS, holder.user_id)
    try:
        registration = await _received(request, hub, holder)
    except BaseException as error:
        taken.end()
        if not isinstance(error, HubError) or isinstance(error, NotAuthenticated):  # 401: it may ask for another token
            raise
        return StreamedAnswer(_refused(error, request), 200, _NDJSON)
    running = asyncio.create_task(_run(registration, taken, request_id_of(request)))
    return StreamedAnswer(_events(registration, running, request), 200, _NDJSON)


async def _received(request: Request, hub: Hub, holder: Holder) -> _Registration:
    """Raises everything that is wrong with a shard but a false SHA-256."""
    async with turn(Work.SHARDS, holder.user_id):
        body = await read_body(request, SHARD_SIZE_MAX)
        return await in_long_thread(_checked, hub, holder, body)


def _checked(hub: Hub, holder: Holder, body: bytes) -> _Registration:
    repo_for_writing(hub, holder)
    files = check(hub.storage.xet, parse_shard(body))
    check_sizes(files, LfsLimits(hub.settings.lfs_file_size_max_bytes))
    return _Registration(hub, holder, files)


async def _run(registration: _Registration, taken: Turn, request_id: str) -> HubError | None:
    """What it failed with: the status was sent long ago."""
    try:
        await in_long_thread(registration.run)
    except HubError as error:
        return error
    except Exception as error:  # noqa: BLE001 - the client gets an answer and we a trace, as in outer.py
        logs.error("unexpected", trace=error, id=request_id)
        return HubError(f"Something broke on the server's side; its log tells more under {request_id}.")
    finally:
        taken.end()
    return None


async def _events(
    registration: _Registration, running: asyncio.Task[HubError | None], request: Request
) -> AsyncIterator[bytes]:
    while not running.done():
        yield _line({"type": "validating", "verified": registration.verified, "total": registration.total})
        await asyncio.wait({running}, timeout=HEARTBEAT_S)
    if error := running.result():
        async for line in _refused(error, request):
            yield line
    else:
        yield _line({"type": "result", "result": 1})


async def _refused(error: HubError, request: Request) -> AsyncIterator[bytes]:
    logs.info("shard_refused", why=error.message, id=request_id_of(request))
    retryable = isinstance(error, Unavailable) and not isinstance(error, StoreFull)
    yield _line({"type": "error", "message": error.message, "retryable": retryable})


def _line(event: dict[str, object]) -> bytes:
    return json.dumps(event, separators=(",", ":")).encode() + b"\n"
