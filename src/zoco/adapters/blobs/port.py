"""Where do bytes rest? The port that packs, LFS objects and everything else big goes through.

A key is written once and never again: callers make a fresh one for each object. What `put_*` stored is durable when it
returns, so that a row naming it may be committed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from zoco.adapters.blobs.parts import PartStore

CHUNK_BYTES = 1 << 20

_KEY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)+")


class BlobNotFound(Exception):
    """The store holds nothing under this key."""

    def __init__(self, key: str) -> None:
        super().__init__(f"no blob {key}")
        self.key = key


@dataclass(frozen=True, slots=True)
class FilePart:
    """Bytes [offset, offset + size) of a file on this machine that never changes."""

    path: Path
    offset: int
    size: int


Segment = bytes | FilePart
"""A piece of an answer: a server sends a part of a file without reading it."""


class Incoming(Protocol):
    """A blob that arrives in pieces. One thread at a time may use it."""

    def feed(self, chunk: bytes) -> None:
        """Raises Unavailable, perhaps some pieces late."""

    def finish(self) -> None:
        """Durable under its key when it returns. Raises Unavailable."""

    def abort(self) -> None:
        """Throws away what came; harmless after `finish`."""


class BlobStore(Protocol):
    """Every method raises Unavailable when the store is away, and those that store StoreFull when it is full."""

    scratch: Path
    """A folder for files that will be given to `put_file`, on the file system of a local store."""

    parts: PartStore | None
    """For blobs that come in parts; None where the store takes them only whole."""

    def put_file(self, key: str, source: Path) -> None:
        """Stores the file and takes it away. A folder of the key that has to be made is made."""

    def put_bytes(self, key: str, data: bytes) -> None: ...

    def begin(self, key: str, size: int) -> Incoming:
        """For a blob of `size` bytes that are still to come. Nothing is under the key before it is finished."""

    def read(self, key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Bytes [start, end) in chunks of at most CHUNK_BYTES. Raises BlobNotFound when called, not when iterated."""

    def local_file(self, key: str) -> Path | None:
        """The blob's own file on this machine, to be read and never written; None where it is not one. Nothing is asked
        of the disk: whether the blob is there, opening tells."""

    def size(self, key: str) -> int:
        """Raises BlobNotFound."""

    def delete(self, key: str) -> None:
        """What is not there is fine."""

    def keys(self, prefix: str) -> Iterator[str]:
        """In no order. `prefix` ends with `/` or is empty."""

    def fetch(self, key: str, to: Path) -> None:
        """The blob as a file, never half: a hard link where that is possible. Raises BlobNotFound."""

    def room(self) -> int | None:
        """Bytes that may still come; None where nobody knows a limit."""

    def signed_url(self, key: str, *, lifetime_s: int, filename: str, content_type: str) -> str | None:
        """Where a client may fetch it from the store without us; None: serve it yourself."""

    def signed_range(self, key: str, start: int, end: int, *, lifetime_s: int) -> str | None:
        """Likewise, exactly the bytes [start, end): the client must ask for this one range."""


def demand(blobs: BlobStore) -> None:
    """Raises Unavailable when the whole store is away, not only something in it."""
    with suppress(BlobNotFound):
        blobs.size("probe/demanded")


def checked(key: str) -> str:
    """Keys are made by us, never by a user: a strange one is a programming error."""
    assert _KEY.fullmatch(key), f"not a blob key: {key!r}"
    return key
