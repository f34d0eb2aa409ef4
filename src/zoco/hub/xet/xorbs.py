"""One xorb arriving, and the xorbs that are here.

Every byte is verified on its way in (each chunk's hash, and the xorb's over them), never again when it is read. Bytes
are durable before the row that names them; what fails leaves nothing.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from threading import Lock
from typing import Final, Self

from zoco.adapters.blobs.port import BlobStore
from zoco.adapters.clock import fresh_uuid, now_ms
from zoco.adapters.db.engine import Database
from zoco.adapters.failpoints import hit
from zoco.core.errors import Invalid, Unavailable
from zoco.formats.xet.hashes import XetHash, is_global, to_wire
from zoco.formats.xet.xorb import Chunks, XorbParser
from zoco.hub.xet import store
from zoco.hub.xet.store import Xorb
from zoco.jobs import doomed

__all__ = ["KEYS", "Xet", "Xorb", "XorbCollected", "XorbUpload"]

KEYS: Final = "xorbs/"
_LOOKED_UP_MAX: Final = 256
"""Rows kept in memory: about 40 kB each, 340 kB at most."""


class XorbCollected(Unavailable):
    """It was here when the request began. Sent again, it is here again."""

    def __init__(self) -> None:
        super().__init__("A stored part of this file was just collected: upload the file again.")


class LookedUp:
    """The xorbs that were asked for last: reassembly walks through the same few again and again."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._rows: OrderedDict[XetHash, Xorb] = OrderedDict()

    def get(self, hash: XetHash) -> Xorb | None:
        with self._lock:
            if (found := self._rows.get(hash)) is not None:
                self._rows.move_to_end(hash)
            return found

    def add(self, rows: Iterable[Xorb]) -> None:
        with self._lock:
            for row in rows:
                self._rows[row.hash] = row
                self._rows.move_to_end(row.hash)
            while len(self._rows) > _LOOKED_UP_MAX:
                self._rows.popitem(last=False)

    def forget(self, hash: XetHash) -> None:
        """A xorb that was collected and came again has another key."""
        with self._lock:
            self._rows.pop(hash, None)


@dataclass(frozen=True, slots=True)
class Xet:
    """What this room works with."""

    db: Database
    blobs: BlobStore
    looked_up: LookedUp = field(default_factory=LookedUp)

    def xorb(self, hash: XetHash) -> Xorb | None:
        if found := self.looked_up.get(hash):
            return found
        with self.db.read() as read:
            row = store.find_xorb(read, hash)
        if row:
            self.looked_up.add([row])
        return row


class XorbUpload:
    """Feed pieces in order, then `finish`. One thread at a time may use it. A context manager: whatever was not
    finished is thrown away when it ends. Memory is bounded by a chunk, whatever the xorb's size."""

    def __init__(self, xet: Xet, hash: XetHash, announced_size: int) -> None:
        self._xet, self._hash = xet, hash
        self._key = fresh_key(hash)
        self._parser = XorbParser()
        with xet.db.read() as read:
            is_known = store.has_xorb(read, hash)
        self._incoming = None if is_known else xet.blobs.begin(self._key, announced_size)

    def feed(self, data: bytes) -> None:
        """Raises Invalid and TooLarge, in words for whoever uploads."""
        stored = self._parser.feed(data)
        if stored and self._incoming:
            self._incoming.feed(stored)

    def finish(self) -> bool:
        """Whether it is new here. Raises Invalid when it is not the xorb it is called."""
        found, chunks = self._parser.finish()
        if found != self._hash:
            raise Invalid(f"The bytes are those of xorb {found}, not {self._hash}: they were damaged on the way.")
        hit("xorb_before_put")
        if self._incoming:
            self._incoming.finish()
        hit("xorb_after_put")
        return publish(self._xet, Xorb(self._hash, self._key, chunks), is_stored=self._incoming is not None)

    def abort(self) -> None:
        """Harmless after `finish`."""
        if self._incoming:
            self._incoming.abort()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.abort()


def fresh_key(hash: XetHash) -> str:
    return f"{KEYS}{hash[:2]}/{fresh_uuid()}"


def publish(xet: Xet, new: Xorb, *, is_stored: bool) -> bool:
    """`new` was verified; its bytes are durable under its key where `is_stored`. False when it was here already."""
    now = now_ms()
    with xet.db.write() as write:
        is_new = is_stored and store.insert_xorb(write, new, _askable(new.chunks), now)
        if not is_new:
            if not store.revive(write, new.hash, now):
                raise XorbCollected
            if is_stored:
                doomed.doom(write, [new.key], now)
    hit("xorb_after_commit")
    return is_new


def _askable(chunks: Chunks) -> list[XetHash]:
    hashes = (chunks.hash_at(at) for at in range(len(chunks)))
    return [to_wire(hash) for hash in hashes if is_global(hash)]
