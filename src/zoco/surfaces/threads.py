"""The one bridge from the event loop to plain functions.

Short work (SQL, small git reads) shares a few threads: more only fight over the interpreter's lock. Work that may take
seconds, or waits for a child process, has threads of its own, so that a large push never holds up a page.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterator
from functools import partial
from typing import ParamSpec, TypeVar

import anyio
import anyio.to_thread
from anyio.lowlevel import RunVar

P = ParamSpec("P")
T = TypeVar("T")

LONG_WORK_MAX = 64

_long: RunVar[anyio.CapacityLimiter] = RunVar("zoco_long_work")


def set_short_limit(threads: int) -> None:
    """Call inside the running loop, once for each worker process."""
    anyio.to_thread.current_default_thread_limiter().total_tokens = threads


async def in_thread(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run short work: a few milliseconds of SQL and git reads."""
    return await anyio.to_thread.run_sync(partial(work, *args, **kwargs))


async def in_long_thread(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run work that may take long: hashing, packs, uploads, waiting for git."""
    return await anyio.to_thread.run_sync(partial(work, *args, **kwargs), limiter=_long_limiter())


async def iterate(chunks: Iterator[T]) -> AsyncGenerator[T]:
    """A plain iterator as an async one, closed at the end. No thread is held while the consumer is slow."""
    limiter = _long_limiter()
    try:
        while (chunk := await anyio.to_thread.run_sync(next, chunks, None, limiter=limiter)) is not None:
            yield chunk
    finally:
        if close := getattr(chunks, "close", None):
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(close, limiter=limiter)


def _long_limiter() -> anyio.CapacityLimiter:
    try:
        return _long.get()
    except LookupError:
        limiter = anyio.CapacityLimiter(LONG_WORK_MAX)
        _long.set(limiter)
        return limiter
