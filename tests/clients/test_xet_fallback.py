"""A client meets a Hub that lacks the newer calls of Xet: it falls back to the older ones by itself."""

from __future__ import annotations

import http.client
import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests.clients.conftest import Seen
from tests.clients.hf_client import hf
from tests.running import Person, Server

pytestmark = pytest.mark.client


class OlderHub(BaseHTTPRequestHandler):
    """Hands everything on to the Hub, but the second version of Xet's calls."""

    protocol_version = "HTTP/1.1"
    hub = ""
    refused: list[str]

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if "/v2/" in self.path:
            self.refused.append(self.path)
            self.send_response(404)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        link = http.client.HTTPConnection(urlsplit(self.hub).netloc, timeout=60)
        link.request(self.command, self.path, body or None, dict(self.headers.items()))
        got = link.getresponse()
        data = got.read()
        self.send_response(got.status)
        for name, value in got.getheaders():
            if name.lower() not in {"transfer-encoding", "connection", "content-length"}:
                self.send_header(name, value)
        length = got.getheader("Content-Length") if self.command == "HEAD" else str(len(data))
        self.send_header("Content-Length", length or "0")
        self.end_headers()
        self.wfile.write(data)
        link.close()

    do_GET = do_HEAD = do_POST = do_PUT = answer  # noqa: N815 - the names it looks for

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def older(server: Server) -> Iterator[tuple[Server, list[str]]]:
    """The shared Hub as seen through the proxy, and what was refused there."""
    refused: list[str] = []
    handler = type("Handler", (OlderHub,), {"hub": server.url, "refused": refused})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as proxy:
        thread = threading.Thread(target=proxy.serve_forever)
        thread.start()
        yield replace(server, port=proxy.server_address[1]), refused
        proxy.shutdown()
        thread.join()


def test_a_client_falls_back_to_the_first_version(
    older: tuple[Server, list[str]], person: Person, tmp_path: Path, seen: Seen
) -> None:
    hub, refused = older
    data, file = os.urandom(3_000_000), tmp_path / "model.bin"
    file.write_bytes(data)
    hf(hub, tmp_path, "upload", f"{person.name}/m", str(file), "model.bin", HF_TOKEN=person.token)
    copy = tmp_path / "copy"
    hf(hub, tmp_path, "download", f"{person.name}/m", "--local-dir", str(copy), HF_TOKEN=person.token)
    assert (copy / "model.bin").read_bytes() == data
    assert any("/v2/shards" in path for path in refused)
    assert any("/v2/reconstructions/" in path for path in refused)
    assert seen("POST", "/v1/shards")
    assert seen("GET", "/v1/reconstructions/")
