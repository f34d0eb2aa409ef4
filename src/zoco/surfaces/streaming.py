"""A long answer: sent as the client takes it, and stopped when the client leaves."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from typing import cast

import anyio
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

PIECE_BYTES_MIN = 256 << 10
PIECE_BYTES_MAX = 1 << 20
SENDS_BEFORE_GROWTH = 16
SLOW_SEND_S = 1.0


class StreamedAnswer(Response):
    """Closes `chunks` in every case, so that a child process behind them ends with the request.

    The first chunk is awaited before the status is sent, so that what fails at the start is still answered as an
    error. The client's leaving is learnt from `receive`: granian goes on taking bytes for nobody (met with 2.8).
    """

    def __init__(
        self, chunks: AsyncIterator[bytes], status_code: int = 200, headers: Mapping[str, str] | None = None
    ) -> None:
        self._chunks = cast("AsyncGenerator[bytes]", chunks)  # every iterator given here is one: it can be closed
        self.status_code = status_code
        self.background = None
        self.init_headers(headers)

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        is_sent = False

        async def watch() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass
            group.cancel_scope.cancel()

        try:
            async with aclosing(self._chunks), anyio.create_task_group() as group:
                group.start_soon(watch)
                await self._send(send)
                is_sent = True  # a client may hang up as soon as it has everything: that is no leaving
                group.cancel_scope.cancel()
        except BaseExceptionGroup as failed:  # the group wraps even a single error; callers know errors by type
            raise failed.exceptions[0] from None
        if not is_sent:
            raise ClientDisconnect

    async def _send(self, send: Send) -> None:
        first = await anext(self._chunks, b"")
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        pieces = _Pieces(send)
        await pieces.send(first)
        async for chunk in self._chunks:
            await pieces.send(chunk)
        await send({"type": "http.response.body", "body": b"", "more_body": False})


class _Pieces:
    """The server queues some ten messages for a client that does not read. So pieces begin small, and grow only for
    one who has taken more of them than any queue holds: a slow client costs little memory, a fast one little time."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._size = PIECE_BYTES_MIN
        self._quick_sends = 0

    async def send(self, chunk: bytes) -> None:
        at = 0
        while at < len(chunk):
            piece = chunk[at : at + self._size]
            at += len(piece)
            started = time.perf_counter()
            await self._send({"type": "http.response.body", "body": piece, "more_body": True})
            self._learn(time.perf_counter() - started)

    def _learn(self, took_s: float) -> None:
        if took_s > SLOW_SEND_S:
            self._size, self._quick_sends = PIECE_BYTES_MIN, 0
            return
        self._quick_sends += 1
        if self._quick_sends == SENDS_BEFORE_GROWTH and self._size < PIECE_BYTES_MAX:
            self._size, self._quick_sends = self._size * 2, 0
