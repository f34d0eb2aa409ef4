"""A blob that arrives in pieces, on its way into each kind of store. Nothing is under its key before `finish`.

A distant store gets the bytes while they come: stored afterwards, a large file would keep its sender waiting longer
for the answer than clients wait (git-lfs gives up after 30 s of silence).
"""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from zoco.adapters.blobs.port import BlobNotFound
from zoco.adapters.blobs.room import failed
from zoco.adapters.blobs.writeback import start_writeback
from zoco.core.errors import HubError, Unavailable

WRITEBACK_BYTES: Final = 32 << 20
_WAITING_MAX: Final = 4  # pieces between the sender and the store


class IncomingFile:
    """Through a scratch file, whose way to the disk starts at once. `put` takes the whole file away."""

    def __init__(self, file: Path, put: Callable[[Path], None]) -> None:
        self._file = file
        self._put = put
        self._size = 0
        self._on_its_way = 0
        self._out = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)

    def feed(self, chunk: bytes) -> None:
        """Raises Unavailable: the disk is full (StoreFull), or gone."""
        rest = memoryview(chunk)
        try:
            while rest:
                rest = rest[os.write(self._out, rest) :]
        except OSError as error:
            raise failed(error) from error
        self._size += len(chunk)
        if self._size - self._on_its_way >= WRITEBACK_BYTES:
            start_writeback(self._out, self._on_its_way, self._size - self._on_its_way)
            self._on_its_way = self._size

    def finish(self) -> None:
        self._close()
        self._put(self._file)

    def abort(self) -> None:
        self._close()
        self._file.unlink(missing_ok=True)

    def _close(self) -> None:
        if self._out >= 0:
            os.close(self._out)
            self._out = -1


class _Aborted(Exception):
    """Raised inside the store's own upload, so that it throws away the parts it has."""


class IncomingStream:
    """Handed on piece by piece to `put`, which reads them in a thread of its own. At most a few pieces wait."""

    def __init__(self, put: Callable[[Iterator[bytes]], None]) -> None:
        self._pieces: queue.Queue[bytes | None] = queue.Queue(_WAITING_MAX)
        self._is_aborted = False
        self._is_stored = False
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._run, args=(put,), daemon=True)
        self._thread.start()

    def feed(self, chunk: bytes) -> None:
        """Raises what `put` failed with."""
        if chunk:
            self._hand_on(bytes(chunk))

    def finish(self) -> None:
        """Returns when `put` has. Raises what it failed with."""
        self._hand_on(None)
        self._thread.join()
        if not self._is_stored:
            raise self._why()

    def abort(self) -> None:
        """Returns when `put` has given up."""
        self._is_aborted = True
        while self._thread.is_alive():
            self._offer(None)
            self._thread.join(0.05)

    def _hand_on(self, piece: bytes | None) -> None:
        while self._thread.is_alive():
            if self._offer(piece):
                return
        if not self._is_stored:
            raise self._why()

    def _why(self) -> Exception:
        """What nobody foresaw was told by the thread itself, in the log."""
        return self._failure or Unavailable("The store did not take the file. Try again in a moment.")

    def _offer(self, piece: bytes | None) -> bool:
        try:
            self._pieces.put(piece, timeout=0.2)
        except queue.Full:
            return False
        return True

    def _run(self, put: Callable[[Iterator[bytes]], None]) -> None:
        try:
            put(self._arriving())
            self._is_stored = True
        except (HubError, BlobNotFound, _Aborted) as error:
            self._failure = error

    def _arriving(self) -> Iterator[bytes]:
        while (piece := self._pieces.get()) is not None:
            if self._is_aborted:
                break
            yield piece
        if self._is_aborted:
            raise _Aborted
