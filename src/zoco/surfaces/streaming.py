"""A long answer: sent as the client takes it, and stopped when the client leaves."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from typing import cast

import anyio
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Receive, Scope, Send


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
        await send({"type": "http.response.body", "body": first, "more_body": True})
        async for chunk in self._chunks:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
