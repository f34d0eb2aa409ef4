"""How does a client wait for the check of what it sent, which takes as long as reading all of it?

git-lfs gives up after 30 s without a byte, and takes the status of an answer for its end: it never reads on. So whoever
waits is told after some seconds to ask again (a redirection to the same address), and the check goes on meanwhile:
it outlives the request, and who asks again waits for the same one.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass

import anyio
import anyio.to_thread
from anyio.lowlevel import RunVar

CHECKS_AT_ONCE = 8
"""In each worker: they read at the speed of the store, and hash."""

HEARTBEAT_S = 10


@dataclass(frozen=True, slots=True)
class Check:
    """`etags`: what its client believes to have sent, where it said so."""

    etags: tuple[str, ...] | None
    task: asyncio.Task[None]

    async def is_done_within(self, seconds: float) -> bool:
        """Raises what the check raised."""
        done, _ = await asyncio.wait({self.task}, timeout=seconds)
        if done:
            self.task.result()
        return bool(done)


_running: dict[str, Check] = {}
_limiter: RunVar[anyio.CapacityLimiter] = RunVar("zoco_lfs_checks")


def check_of(upload: str, etags: Sequence[str] | None, work: Callable[[], None]) -> Check:
    """The one that runs already, or a new one. What it finds is true for everybody who asks."""
    running = _running.get(upload)
    if running and (etags is None or running.etags == tuple(etags)):
        return running
    task = asyncio.create_task(anyio.to_thread.run_sync(work, limiter=_capacity()))
    check = Check(None if etags is None else tuple(etags), task)
    _running[upload] = check

    def forget(_task: asyncio.Task[None]) -> None:
        if _running.get(upload) is check:
            del _running[upload]
        if not task.cancelled():
            task.exception()  # looked at, also when nobody waits any more

    task.add_done_callback(forget)
    return check


async def heartbeats(check: Check, last: bytes) -> AsyncIterator[bytes]:
    """White space while the check runs, then `last`. Raises what the check raised: the answer is cut."""
    yield b" "
    while not await check.is_done_within(HEARTBEAT_S):
        yield b" "
    yield last


def _capacity() -> anyio.CapacityLimiter:
    try:
        return _limiter.get()
    except LookupError:
        limiter = anyio.CapacityLimiter(CHECKS_AT_ONCE)
        _limiter.set(limiter)
        return limiter
