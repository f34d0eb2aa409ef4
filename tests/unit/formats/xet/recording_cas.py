"""A server that takes whatever the real hf-xet client uploads and keeps the bytes, for tests of what reads them."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

_CLIENT = """
import sys, hf_xet
with hf_xet.XetSession().new_upload_commit(
    endpoint=sys.argv[1], token="token", token_expiry_unix_secs=4102444800
) as commit:
    handles = [commit.start_upload_file(path, sha256=hf_xet.COMPUTE_SHA256) for path in sys.argv[2:]]
for handle in handles:
    print(handle.result().xet_info.hash)
"""


@dataclass
class Recorded:
    """`asked`: the chunks that the client asked for."""

    xorbs: dict[str, bytes] = field(default_factory=dict)
    shards: list[bytes] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    file_hashes: list[str] = field(default_factory=list)


@dataclass
class Cas:
    """`dedup` answers the client's queries for chunks. The client keeps what it learnt for this address."""

    url: str = ""
    dedup: Callable[[str], bytes | None] = lambda _: None
    recorded: Recorded = field(default_factory=Recorded)

    def upload(self, paths: Sequence[Path], cache: Path) -> Recorded:
        """What one upload of these files sends; `cache` is the client's own folder."""
        self.recorded = Recorded()
        clean = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
        done = subprocess.run(
            [sys.executable, "-c", _CLIENT, self.url, *map(str, paths)],
            env=clean | {"HF_HOME": str(cache), "HF_XET_CACHE": str(cache)},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        self.recorded.file_hashes = done.stdout.split()
        return self.recorded


@contextmanager
def recording_cas() -> Iterator[Cas]:
    cas = Cas()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(cas))
    cas.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield cas
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(cas: Cas) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            chunk = self.path.rpartition("/")[2]
            if not self.path.startswith("/v1/chunks/"):
                return self._answer(404)
            cas.recorded.asked.append(chunk)
            answer = cas.dedup(chunk)
            return self._answer(404) if answer is None else self._answer(200, answer)

        def do_POST(self) -> None:
            body = self._body()
            if self.path.startswith("/v1/xorbs/"):
                cas.recorded.xorbs[self.path.rpartition("/")[2]] = body
                return self._answer(200, b'{"was_inserted":true}')
            if self.path.endswith("/v2/shards"):
                cas.recorded.shards.append(body)
                return self._answer(200, b'{"type":"result","result":1}\n')
            return self._answer(404)

        def _body(self) -> bytes:
            if length := self.headers.get("Content-Length"):
                return self.rfile.read(int(length))
            parts = []
            while size := int(self.rfile.readline(), 16):  # chunked
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)

        def _answer(self, status: int, body: bytes = b"") -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    return Handler
