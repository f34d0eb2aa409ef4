"""One object arriving: counted and hashed on its way to the store, published only when both are what was announced.

The order of publishing: bytes durable in the blob store, then one transaction for object, link and used storage. A
crash before the transaction leaves bytes that no row names (garbage); after it, the object is there.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final, Self

from zoco.adapters.blobs.port import BlobStore
from zoco.adapters.clock import fresh_uuid, now_ms
from zoco.adapters.db.engine import Database
from zoco.adapters.failpoints import hit
from zoco.core.errors import TooLarge, Unavailable, Unprocessable
from zoco.core.ids import Sha256
from zoco.core.repos import WritableRepo
from zoco.hub.lfs import store
from zoco.hub.lfs.batch import LfsLimits, too_large
from zoco.hub.lfs.publish import attach, publish
from zoco.hub.lfs.store import LfsObject

KEYS: Final = "lfs/"


@dataclass(frozen=True, slots=True)
class Lfs:
    """What this room works with."""

    db: Database
    blobs: BlobStore
    limits: LfsLimits


class Upload:
    """Feed chunks in order, then `finish`. One thread at a time may use it. A context manager: whatever was not
    finished is thrown away when it ends.

    Bytes that the Hub has from another repository are not stored a second time, but they must come all the same: who
    only knows their hash gets nothing.
    """

    def __init__(self, lfs: Lfs, repo: WritableRepo, sha256: Sha256, size: int, user_id: int | None) -> None:
        if size > lfs.limits.file_size_max_bytes:
            raise TooLarge(too_large(size, lfs.limits))
        self._lfs, self._repo, self._user_id = lfs, repo, user_id
        self._new = LfsObject(sha256, size, f"{KEYS}{sha256[:2]}/{fresh_uuid()}")
        self._hash = hashlib.sha256()
        self._received = 0
        with lfs.db.read() as read:
            is_known = store.has_object(read, sha256)
        self._incoming = None if is_known else lfs.blobs.begin(self._new.key, size)

    def feed(self, chunk: bytes) -> None:
        """Raises Unprocessable as soon as more comes than was announced."""
        self._received += len(chunk)
        if self._received > self._new.size:
            raise Unprocessable(f"More bytes came than the {self._new.size} announced: the file changed; add it again.")
        self._hash.update(chunk)
        if self._incoming:
            self._incoming.feed(chunk)

    def finish(self) -> None:
        """Publish. Raises Unprocessable when the bytes are not those announced; then nothing is kept."""
        if self._received != self._new.size:
            raise Unprocessable(f"Only {self._received} of {self._new.size} bytes came: upload the file again.")
        if (found := self._hash.hexdigest()) != self._new.sha256:
            raise Unprocessable(
                f"The bytes have SHA-256 {found}, not {self._new.sha256}: they were damaged on the way or the file"
                " changed meanwhile. Upload it again."
            )
        hit("lfs_before_put")
        if self._incoming:
            self._incoming.finish()
        hit("lfs_after_put")
        self._publish(is_stored=self._incoming is not None)
        hit("lfs_after_commit")

    def abort(self) -> None:
        """Throw away what came. Harmless after `finish`."""
        if self._incoming:
            self._incoming.abort()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.abort()

    def _publish(self, *, is_stored: bool) -> None:
        """Raises Unavailable when the object that was here at the start has been collected meanwhile."""
        new, now = self._new, now_ms()
        with self._lfs.db.write() as write:
            if is_stored:
                publish(write, self._repo, new, self._user_id, now)
            elif held := store.hold_object(write, new.sha256):
                attach(write, self._repo, held, self._user_id, now)
            else:
                raise Unavailable("The stored copy of this file was just collected: upload the file again.")
