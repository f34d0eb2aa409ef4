"""How does a request's body reach plain functions? Whole and bounded, or poured in pieces: memory stays bounded."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Callable

import anyio
from starlette.requests import ClientDisconnect, Request

from zoco.core.errors import Invalid, TooLarge, Unprocessable
from zoco.surfaces.threads import in_long_thread

PIECE_BYTES = 1 << 20
"""Gathered before a thread is asked: servers hand over 64 KiB or so, and a hop costs more than hashing that."""

INFLATED_AT_ONCE_BYTES = 256 << 10


async def read_body(request: Request, size_max: int) -> bytes:
    """The whole body, inflated when it came compressed. Raises TooLarge as soon as it is more than `size_max` bytes."""
    if (announced := announced_size(request)) is not None and announced > size_max:
        raise too_large(size_max)
    body = bytearray()
    async for chunk in body_of(request, size_max):
        body += chunk
        if len(body) > size_max:
            raise too_large(size_max)
    return bytes(body)


async def swallow(chunks: AsyncIterator[bytes]) -> None:
    """The rest of a body that is not wanted: a client that still sends may take the end of its connection for the
    answer, and try again. Call it for bodies that are bounded."""
    try:
        async for _ in chunks:
            pass
    except ClientDisconnect:
        pass


def body_of(request: Request, inflated_size_max: int) -> AsyncIterator[bytes]:
    """The body in the pieces the server hands over, inflated when it came compressed.

    Raises ClientDisconnect when the client left before the end: what came so far is not the body.
    """
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding in ("", "identity"):
        return request.stream()
    if encoding in ("gzip", "x-gzip"):
        return inflated(request.stream(), inflated_size_max)
    raise Unprocessable(
        f"Content-Encoding '{encoding[:40]}' is not understood here: send the body as it is, or in gzip"
    )


def announced_size(request: Request) -> int | None:
    """Content-Length, where the client says it."""
    text = request.headers.get("content-length", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None


async def inflated(chunks: AsyncIterator[bytes], size_max: int) -> AsyncIterator[bytes]:
    """Raises TooLarge when it grows over `size_max` (a bomb), Invalid when it is not gzip or ends in the middle."""
    inflate = zlib.decompressobj(16 + zlib.MAX_WBITS)
    total, came = 0, False
    async for chunk in chunks:
        came = came or bool(chunk)
        rest = chunk
        while rest and not inflate.eof:
            piece = _inflate(inflate, rest)
            rest = inflate.unconsumed_tail
            total += len(piece)
            if total > size_max:
                raise too_large(size_max)
            if piece:
                yield piece
        if inflate.eof and (inflate.unused_data or rest):
            raise Invalid("The gzip body has bytes after its end: send one gzip stream")
    if came and not inflate.eof:
        raise Invalid("The gzip body ends in the middle: send it again")


async def pour(chunks: AsyncIterator[bytes], feed: Callable[[bytes], None]) -> None:
    """Give every byte to `feed`, in order, from a thread. The next piece gathers while one is being fed.

    Whatever stops it (an error of `feed`, a client that leaves), no `feed` runs any more when it returns.
    """
    feeding: asyncio.Task[None] | None = None
    gathered: list[bytes] = []
    size = 0
    try:
        async for chunk in chunks:
            gathered.append(chunk)
            size += len(chunk)
            if size >= PIECE_BYTES:
                if feeding:
                    await feeding
                feeding = asyncio.create_task(in_long_thread(_feed_all, feed, gathered))
                gathered, size = [], 0
        if feeding:
            await feeding
            feeding = None
        if size:
            await in_long_thread(_feed_all, feed, gathered)
    finally:
        if feeding:
            with anyio.CancelScope(shield=True):
                await asyncio.wait([feeding])
                feeding.exception()  # looked at: the first error is the one that travels


def _feed_all(feed: Callable[[bytes], None], chunks: list[bytes]) -> None:
    """One by one: joining them would copy every byte once more."""
    for chunk in chunks:
        feed(chunk)


def too_large(size_max: int) -> TooLarge:
    return TooLarge(f"The body is larger than the {size_max} bytes taken here")


def _inflate(inflate: zlib._Decompress, data: bytes) -> bytes:
    try:
        return inflate.decompress(data, INFLATED_AT_ONCE_BYTES)
    except zlib.error as error:
        raise Invalid("The body says Content-Encoding: gzip and is not gzip") from error
