"""Blobs in memory: for tests, and for trying the Hub without leaving anything behind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from zoco.adapters.blobs.durable import appear
from zoco.adapters.blobs.incoming import IncomingFile
from zoco.adapters.blobs.parts import PartStore
from zoco.adapters.blobs.port import CHUNK_BYTES, BlobNotFound, Incoming, checked


class MemoryBlobStore:
    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch
        self.parts: PartStore | None = None
        self._blobs: dict[str, bytes] = {}
        scratch.mkdir(parents=True, exist_ok=True)

    def put_file(self, key: str, source: Path) -> None:
        self._blobs[checked(key)] = source.read_bytes()
        source.unlink()

    def put_bytes(self, key: str, data: bytes) -> None:
        self._blobs[checked(key)] = data

    def begin(self, key: str, size: int) -> Incoming:  # noqa: ARG002 (the port's)
        file = self.scratch / f"{key.replace('/', '-')}.incoming"
        return IncomingFile(file, lambda whole: self.put_file(key, whole))

    def read(self, key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        data = self._found(key)
        stop = len(data) if end is None else min(end, len(data))
        return (data[at : min(at + CHUNK_BYTES, stop)] for at in range(start, stop, CHUNK_BYTES))

    def local_file(self, key: str) -> Path | None:  # noqa: ARG002 (the port's)
        return None

    def size(self, key: str) -> int:
        return len(self._found(key))

    def delete(self, key: str) -> None:
        self._blobs.pop(checked(key), None)

    def keys(self, prefix: str) -> Iterator[str]:
        return (key for key in list(self._blobs) if key.startswith(prefix))

    def fetch(self, key: str, to: Path) -> None:
        data = self._found(key)
        appear(to, lambda half: _write(half, data))

    def room(self) -> int | None:
        return None

    def signed_url(self, key: str, *, lifetime_s: int, filename: str, content_type: str) -> str | None:  # noqa: ARG002
        return None

    def signed_range(self, key: str, start: int, end: int, *, lifetime_s: int) -> str | None:  # noqa: ARG002
        return None

    def _found(self, key: str) -> bytes:
        try:
            return self._blobs[checked(key)]
        except KeyError:
            raise BlobNotFound(key) from None


def _write(path: Path, data: bytes) -> None:
    path.write_bytes(data)
