"""A long answer: sent as the client takes it, and stopped when the client leaves."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from contextlib import aclosing
from typing import cast

import anyio
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from zoco.adapters.blobs.port import Segment
from zoco.core.errors import Unavailable
from zoco.surfaces.segments import OpenPart, opened
from zoco.surfaces.threads import iterate

ZERO_COPY = "http.response.zerocopysend"
"""ASGI's extension for sending a part of a file. `zoco serve` has it; elsewhere the part is read and sent as bytes."""


class StreamedAnswer(Response):
    """Closes `chunks` in every case, so that a child process behind them ends with the request.

    The first chunk is awaited before the status is sent, so that what fails at the start is still answered as an
    error. The client's leaving is learnt from `receive`: servers go on taking bytes for nobody.
    """

    def __init__(
        self,
        chunks: AsyncIterator[bytes | OpenPart] | AsyncIterator[bytes],
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        # every iterator given here is one: it can be closed
        self._chunks = cast("AsyncGenerator[bytes | OpenPart]", chunks)
        self.status_code = status_code
        self.background = None
        self.init_headers(headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        out = _Out(send, ZERO_COPY in (scope.get("extensions") or {}), self.headers.get("content-length"))

        async def watch() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass
            group.cancel_scope.cancel()

        try:
            async with aclosing(self._chunks), anyio.create_task_group() as group:
                group.start_soon(watch)
                await self._send(send, out)
                group.cancel_scope.cancel()
        except BaseExceptionGroup as failed:  # the group wraps even a single error; callers know errors by type
            raise failed.exceptions[0] from None
        if not out.is_complete:
            raise ClientDisconnect

    async def _send(self, send: Send, out: _Out) -> None:
        first = await anext(self._chunks, b"")
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await out.send(first)
        while not out.is_complete and (chunk := await anext(self._chunks, None)) is not None:
            await out.send(chunk)
        await send({"type": "http.response.body", "body": b"", "more_body": False})
        out.is_complete = True


def answer_segments(
    segments: Iterator[Segment], status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """The segments one after the other. The iterator runs in threads; what it raises in the middle cuts the answer."""
    return StreamedAnswer(opened(segments), status, headers)


class _Out:
    """The body. Complete as soon as the announced length is out, which is when a client may hang up: that is no
    leaving. Without a length the end of the chunks says so."""

    def __init__(self, send: Send, by_file: bool, length: str | None) -> None:
        self._send = send
        self._by_file = by_file
        self._left = int(length) if length else None
        self.is_complete = False

    async def send(self, chunk: bytes | OpenPart) -> None:
        if isinstance(chunk, bytes):
            await self._send(_body(chunk))
            self._took(len(chunk))
        elif self._by_file:
            await _send_part(self._send, chunk)
            self._took(chunk.size)
        else:
            async with aclosing(iterate(chunk.read())) as pieces:
                async for piece in pieces:
                    await self._send(_body(piece))
            self._took(chunk.size)

    def _took(self, size: int) -> None:
        if self._left is not None:
            self._left -= size
            self.is_complete = self._left <= 0


def _body(chunk: bytes) -> Message:
    return {"type": "http.response.body", "body": chunk, "more_body": True}


async def _send_part(send: Send, part: OpenPart) -> None:
    message = {"type": ZERO_COPY, "file": part.file, "offset": part.offset, "count": part.size, "more_body": True}
    try:
        await send(message)
    except ConnectionError as error:
        raise ClientDisconnect from error
    except EOFError as error:
        raise Unavailable("A stored file is shorter than it was.") from error
    except OSError as error:
        raise Unavailable(f"A stored file cannot be read: {error.strerror}.") from error
