"""Somebody between a client and the server: told of each request before it is handed on, and may answer it instead."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.running import Server

_OWN = {"connection", "transfer-encoding", "content-length"}


@dataclass(frozen=True)
class Answered:
    status: int
    body: bytes = b"{}"


Meddling = Callable[[str, str], Answered | None]
"""Method and path; None hands the request on."""


@contextmanager
def between(server: Server, meddle: Meddling) -> Iterator[Server]:
    """As clients see the server: the same, at another port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            try:
                answered = meddle(self.command, self.path)
            except BaseException:
                self._answer(400, {}, b"the meddling failed")  # a client that hears nothing tries for minutes
                raise
            if answered:
                self._answer(answered.status, {"Content-Type": "application/json"}, answered.body)
                return
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
            headers = {name: value for name, value in self.headers.items() if name.lower() not in _OWN}
            has_body = self.command in {"POST", "PUT", "DELETE"}
            connection.request(self.command, self.path, body if has_body else None, headers)
            response = connection.getresponse()
            sent = {name: value for name, value in response.getheaders() if name.lower() not in _OWN}
            if self.command == "HEAD":
                sent["Content-Length"] = response.getheader("Content-Length") or "0"
            self._answer(response.status, sent, response.read())
            connection.close()

        def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in ({"Content-Length": str(len(body))} | headers).items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            pass

        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = handle_any  # noqa: N815 (the library's names)

    proxy = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    running = threading.Thread(target=proxy.serve_forever, daemon=True)
    running.start()
    try:
        yield Server(server.data, port=proxy.server_address[1])
    finally:
        proxy.shutdown()
        proxy.server_close()
        running.join()
