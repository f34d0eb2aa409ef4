"""One object arriving: bytes to a scratch file, counted and hashed; published only when both are what was announced.

The order of publishing: bytes durable in the blob store, then one transaction for object, link and used storage. A
crash before the transaction leaves bytes that no row names (garbage); after it, the object is there.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from typing import Final, Self

from zoco.adapters.blobs.port import BlobStore
from zoco.adapters.blobs.writeback import start_writeback
from zoco.adapters.clock import fresh_uuid, now_ms
from zoco.adapters.db.engine import Database
from zoco.adapters.failpoints import hit
from zoco.core.errors import TooLarge, Unprocessable
from zoco.core.ids import Sha256
from zoco.core.repos import WritableRepo
from zoco.hub.lfs import store
from zoco.hub.lfs.batch import LfsLimits, too_large
from zoco.hub.lfs.store import LfsObject

KEYS: Final = "lfs/"
WRITEBACK_BYTES: Final = 32 << 20


@dataclass(frozen=True, slots=True)
class Lfs:
    """What this room works with."""

    db: Database
    blobs: BlobStore
    limits: LfsLimits


class Upload:
    """Feed chunks in order, then `finish`, or `abort`. One thread at a time may use it. Use as a context manager:
    whatever was not finished is thrown away."""

    def __init__(self, lfs: Lfs, repo: WritableRepo, sha256: Sha256, size: int, user_id: int | None) -> None:
        if size > lfs.limits.file_size_max_bytes:
            raise TooLarge(too_large(size, lfs.limits))
        self._lfs, self._repo, self._user_id = lfs, repo, user_id
        self._sha256, self._size = sha256, size
        self._hash = hashlib.sha256()
        self._received = 0
        self._on_its_way = 0
        self._file = lfs.blobs.scratch / f"upload-{fresh_uuid()}"
        self._out = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)

    def feed(self, chunk: bytes | bytearray | memoryview) -> None:
        """Raises Unprocessable as soon as more comes than was announced."""
        self._received += len(chunk)
        if self._received > self._size:
            raise Unprocessable(f"More bytes came than the {self._size} announced: the file changed; add it again.")
        self._hash.update(chunk)
        _write_all(self._out, chunk)
        if self._received - self._on_its_way >= WRITEBACK_BYTES:
            start_writeback(self._out, self._on_its_way, self._received - self._on_its_way)
            self._on_its_way = self._received

    def finish(self) -> None:
        """Publish. Raises Unprocessable when the bytes are not those announced; then nothing is kept."""
        if self._received != self._size:
            raise Unprocessable(f"Only {self._received} of {self._size} bytes came: upload the file again.")
        if (found := self._hash.hexdigest()) != self._sha256:
            raise Unprocessable(
                f"The bytes have SHA-256 {found}, not {self._sha256}: they were damaged on the way or the file"
                " changed meanwhile. Upload it again."
            )
        self._publish()

    def abort(self) -> None:
        """Throw away what came. Harmless after `finish`."""
        if self._out >= 0:
            os.close(self._out)
            self._out = -1
        self._file.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.abort()

    def _publish(self) -> None:
        """The bytes may be here already, sent to another repository; they are compared by hash, then let go."""
        os.close(self._out)
        self._out = -1
        with self._lfs.db.read() as read:
            is_known = store.has_object(read, self._sha256)
        if not (is_known and self._link(None)):
            self._link(self._put())
        hit("lfs_after_commit")

    def _put(self) -> LfsObject:
        key = f"{KEYS}{self._sha256[:2]}/{fresh_uuid()}"
        hit("lfs_before_put")
        self._lfs.blobs.put_file(key, self._file)
        hit("lfs_after_put")
        return LfsObject(self._sha256, self._size, key)

    def _link(self, stored: LfsObject | None) -> bool:
        """False when nothing was stored and the object that was seen before has been collected meanwhile."""
        now = now_ms()
        with self._lfs.db.write() as write:
            if stored:
                held: LfsObject | None = store.insert_object(write, stored, now)
            else:
                held = store.hold_object(write, self._sha256)
            if held is None:
                return False
            if store.link(write, self._repo.key, held, self._user_id, now):
                store.add_used_storage(write, self._repo.key, held.size)
            if stored and held.key != stored.key:  # another upload of the same bytes was first
                store.doom_keys(write, [stored.key], now)
        return True


def _write_all(out: int, chunk: bytes | bytearray | memoryview) -> None:
    rest = memoryview(chunk)
    while rest:
        rest = rest[os.write(out, rest) :]
