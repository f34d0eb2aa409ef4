"""What does our web server do that uvicorn's HTTP/1.1 does not? Files by sendfile, and bounds for a request's head.

The application is offered ASGI's own extension `http.response.zerocopysend`: a message names an open file, an offset
and a count; it may come before, between and after messages with bytes (asgi.readthedocs.io, «Extensions»).
"""

from __future__ import annotations

import asyncio
import os
from asyncio.events import TimerHandle
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from zoco.adapters import logs
from zoco.adapters.web_server.file_sender import FileSender

ZERO_COPY = "http.response.zerocopysend"
HEAD_BYTES_MAX = 64 << 10
HEAD_WITHIN_S = 30.0
BODY_HELD_BYTES = 64 << 10

_HEAD_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class HubProtocol(HttpToolsProtocol):
    """One connection."""

    _exchange: _Exchange | None = None
    _is_in_head = True  # or between two requests
    _head_bytes = 0
    _head_timer: TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._start_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        super().connection_lost(exc)
        if self._exchange:
            self._exchange.lose()

    def data_received(self, data: bytes) -> None:
        if self._is_in_head:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._is_in_head:
            self._start_timer()
            if self._head_bytes > HEAD_BYTES_MAX:
                self.send_400_response("")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head_bytes = 0

    def on_headers_complete(self) -> None:
        self._head_bytes = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        if self._head_bytes > HEAD_BYTES_MAX:
            raise ValueError("the head is too large")  # the parser's caller answers it by `send_400_response`
        self._is_in_head = False
        self._stop_timer()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """uvicorn copies what comes into a buffer and out of it again. A piece that is taken before the next one comes,
        as most are, is handed over as it is."""
        cycle = self.cycle
        if cycle.response_complete:
            return
        cycle.body = cycle.body + body if cycle.body else body  # type: ignore[assignment] # uvicorn asks for its bytes
        if len(cycle.body) > BODY_HELD_BYTES:
            self.flow.pause_reading()
        cycle.message_event.set()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._is_in_head, self._head_bytes = True, 0

    def send_400_response(self, msg: str) -> None:
        if self.transport.is_closing():
            return
        if self._exchange and self._exchange.is_answering:
            self.transport.abort()  # no error page in the middle of a file
        elif self._head_bytes > HEAD_BYTES_MAX:
            self.transport.write(_HEAD_TOO_LARGE)
            self.transport.close()
        else:
            super().send_400_response(msg)

    def _start_timer(self) -> None:
        """Who connects and says nothing, or a byte at a time, is cut off. uvicorn's own timeout counts only from the
        end of an answer to the next byte."""
        if self._is_idle and not self._head_timer and not self.transport.is_closing():
            self._head_timer = self.loop.call_later(HEAD_WITHIN_S, self._on_late_head)

    def _stop_timer(self) -> None:
        if self._head_timer:
            self._head_timer.cancel()
            self._head_timer = None

    def _on_late_head(self) -> None:
        self._head_timer = None
        if self._is_idle:
            self.transport.abort()

    @property
    def _is_idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:  # Any: uvicorn's private ASGI types
        self._exchange = _Exchange(self, cycle, app)
        super()._start_asgi_task(cycle, self._exchange)


class _Exchange:
    """One request and its answer: the application as uvicorn sees it, and the server as the application does."""

    def __init__(self, protocol: HubProtocol, cycle: RequestResponseCycle, app: Any) -> None:  # Any: likewise
        self._protocol = protocol
        self._cycle = cycle
        self._app = app
        self._sender: FileSender | None = None

    async def __call__(self, scope: Any, receive: Any, _send: Any) -> None:  # Any: likewise
        if hasattr(os, "sendfile") and self._protocol.scheme == "http":
            scope["extensions"] = {ZERO_COPY: {}}
        try:
            await self._app(scope, receive, self._send)
        except (ConnectionAbortedError, asyncio.CancelledError):
            self._cut()
        finally:
            if self._sender:
                self._sender.close()
                self._sender = None

    @property
    def is_answering(self) -> bool:
        return self._cycle.response_started and not self._cycle.response_complete

    def lose(self) -> None:
        """uvicorn tells only the last request of a connection, which may still wait for its turn."""
        if not self._cycle.response_complete:
            self._cycle.disconnected = True
            self._cycle.message_event.set()
        if self._sender:
            self._sender.lose()

    def _cut(self) -> None:
        """The application cannot go on, or the server ends and has waited long enough: no end of an answer may look
        like the end of the file."""
        if not self._cycle.response_complete:
            logs.info("connection_cut", path=self._cycle.scope["path"])
            self._cycle.disconnected = True
            self._protocol.transport.abort()

    async def _send(self, message: dict[str, Any]) -> None:  # Any: likewise
        if message["type"] == ZERO_COPY:
            await self._send_file(message)
            if message.get("more_body"):
                return
            message = {"type": "http.response.body"}
        if self._sender and not message.get("more_body") and not self._cycle.disconnected:
            self._protocol.transport.set_write_buffer_limits()
        await self._cycle.send(message)  # type: ignore[arg-type]

    async def _send_file(self, message: dict[str, Any]) -> None:  # Any: likewise
        cycle, transport = self._cycle, self._protocol.transport
        if not self.is_answering:
            raise RuntimeError(f"{ZERO_COPY} outside of an answer")
        file, offset, count = _part_of(message)
        if cycle.scope["method"] == "HEAD" or not count:
            return
        if cycle.chunked_encoding:
            transport.write(b"%x\r\n" % count)
        elif count > cycle.expected_content_length:
            raise RuntimeError("Response content longer than Content-Length")
        await self._everything_sent()
        if self._sender is None:
            self._sender = FileSender(self._protocol.loop, transport.get_extra_info("socket").fileno())
        await self._sender.send(file, offset, count)
        if cycle.chunked_encoding:
            transport.write(b"\r\n")
        else:
            cycle.expected_content_length -= count

    async def _everything_sent(self) -> None:
        """A file's bytes go past the transport's buffer, so that has to be empty. Raises ConnectionResetError."""
        if not self._protocol.transport.is_closing():
            self._protocol.transport.set_write_buffer_limits(0)
            await self._protocol.flow.drain()
        if self._cycle.disconnected or self._protocol.transport.is_closing():
            raise ConnectionResetError("the client left")


def _part_of(message: dict[str, Any]) -> tuple[int, int, int]:  # Any: likewise
    """Descriptor, offset, count: without an offset from where the file stands, without a count to its end."""
    given = message["file"]
    file = given if isinstance(given, int) else given.fileno()
    offset = message.get("offset")
    if offset is None:
        offset = os.lseek(file, 0, os.SEEK_CUR)
    count = message.get("count")
    return file, offset, os.fstat(file).st_size - offset if count is None else count
