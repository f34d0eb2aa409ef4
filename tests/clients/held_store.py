"""An S3 server that can be made to wait: it passes everything on, but reads of uploaded files only when it may."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tests.running import free_port
from tests.services import S3Server


@dataclass
class HeldStore:
    endpoint: str
    may_read: threading.Event = field(default_factory=threading.Event)
    is_asked: threading.Event = field(default_factory=threading.Event)

    def look_at(self, chunk: bytes) -> None:
        line = chunk.split(b"\r\n", 1)[0]
        if line.startswith(b"GET ") and b"/lfs/parts/" in line and b"uploadId" not in line:
            self.is_asked.set()
            self.may_read.wait(300)


@contextlib.contextmanager
def held_store(behind: S3Server) -> Iterator[HeldStore]:
    there = urlsplit(behind.endpoint)
    port = free_port()
    store = HeldStore(f"http://127.0.0.1:{port}")
    with socket.create_server(("127.0.0.1", port)) as listening:
        threading.Thread(target=_serve, args=(listening, (there.hostname, there.port), store), daemon=True).start()
        try:
            yield store
        finally:
            store.may_read.set()


def _serve(listening: socket.socket, there: tuple[str | None, int | None], store: HeldStore) -> None:
    while True:
        try:
            client, _ = listening.accept()
        except OSError:
            return
        behind = socket.create_connection(there)  # type: ignore[arg-type]
        threading.Thread(target=_pass_on, args=(client, behind, store), daemon=True).start()
        threading.Thread(target=_pass_on, args=(behind, client, None), daemon=True).start()


def _pass_on(source: socket.socket, to: socket.socket, store: HeldStore | None) -> None:
    with contextlib.suppress(OSError):
        while chunk := source.recv(1 << 16):
            if store:
                store.look_at(chunk)
            to.sendall(chunk)
    for one in (source, to):
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()
