"""Blobs that come in parts into a folder of this machine: one file, each part at its place in it.

`<uploads>/<key>/data` is the file, and `<uploads>/<key>/7` says that part 7 is there, durable, and what its ETag is.
Both stay when the server ends. The file becomes the blob itself, without being copied: so a part that is still on its
way when the upload is completed must not write one byte more. Taking away the right to write is the seal; each piece
is written under a shared lock that is only held while the seal is not there, and the seal is set under the exclusive
one.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, unquote

from zoco.adapters.blobs.durable import make_folder, sync_file, sync_folder
from zoco.adapters.blobs.incoming import WRITEBACK_BYTES
from zoco.adapters.blobs.parts import IncomingPart, InParts, PartsDiffer, ReceivedPart, Unfinished
from zoco.adapters.blobs.port import BlobNotFound, checked
from zoco.adapters.blobs.room import failed, room_in
from zoco.adapters.blobs.writeback import start_writeback
from zoco.core.errors import StoreFull

_DATA = "data"
_WRITABLE, _SEALED = 0o600, 0o444


class FolderParts:
    """`store` is where blobs rest, `put` moves a whole file to its key there."""

    is_straight = False

    def __init__(self, store: Path, put: Callable[[str, Path], None]) -> None:
        self._store = store
        self._put = put
        self._uploads = store / ".uploads"

    def begin(self, key: str) -> str:  # noqa: ARG002 (the port's)
        """On the disk it begins with the first part: who only asks leaves nothing behind."""
        return ""

    def part_url(self, blob: InParts, number: int, *, lifetime_s: int) -> str:  # noqa: ARG002 (the port's)
        raise AssertionError("a folder has no address of its own")

    def receive(self, blob: InParts, number: int) -> IncomingPart:
        folder = self._folder(blob)
        if blob.size_of(number) > room_in(self._store):
            raise StoreFull
        with _translated(blob.key):
            make_folder(folder)
            return _FolderPart(blob, number, folder)

    def received(self, blob: InParts) -> dict[int, ReceivedPart]:
        folder = self._folder(blob)
        with _translated(blob.key):
            if not folder.exists():
                return {}
            numbers = sorted(int(mark.name) for mark in folder.iterdir() if mark.name.isdecimal())
            return {number: ReceivedPart(_text_of(folder, number), blob.size_of(number)) for number in numbers}

    def complete(self, blob: InParts, etags: Sequence[str]) -> None:
        folder, target = self._folder(blob), self._store / checked(blob.key)
        with _translated(blob.key):
            if not target.exists():
                with _opened(folder / _DATA) as data:
                    fcntl.flock(data, fcntl.LOCK_EX)
                    self._check(blob, etags)
                    os.fchmod(data, _SEALED)
                self._put(blob.key, folder / _DATA)
            shutil.rmtree(folder, ignore_errors=True)

    def abort(self, blob: InParts) -> None:
        shutil.rmtree(self._folder(blob), ignore_errors=True)

    def unfinished(self, prefix: str) -> Iterator[Unfinished]:
        with _translated(prefix):
            for folder in self._uploads.glob("*"):
                key = unquote(folder.name)
                if key.startswith(prefix):
                    yield Unfinished(InParts(key, 0, 1, ""), int(folder.stat().st_mtime * 1000))

    def _check(self, blob: InParts, etags: Sequence[str]) -> None:
        """While the lock is held, so that no part becomes another one meanwhile."""
        here = self.received(blob)
        if [here[number].etag for number in sorted(here)] != list(etags) or len(here) != blob.count:
            raise PartsDiffer

    def _folder(self, blob: InParts) -> Path:
        return self._uploads / quote(checked(blob.key), safe="")


class _FolderPart:
    def __init__(self, blob: InParts, number: int, folder: Path) -> None:
        self._blob, self._number, self._folder = blob, number, folder
        self._at = blob.start_of(number)
        self._synced_to = self._at
        self._crc = 0
        try:
            self._out = os.open(folder / _DATA, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, _WRITABLE)
        except PermissionError as error:  # sealed
            raise BlobNotFound(blob.key) from error

    def feed(self, chunk: bytes) -> None:
        with _translated(self._blob.key), self._unsealed():
            rest = memoryview(chunk)
            while rest:
                written = os.pwrite(self._out, rest, self._at)
                self._at += written
                rest = rest[written:]
        self._crc = zlib.crc32(chunk, self._crc)
        if self._at - self._synced_to >= WRITEBACK_BYTES:
            start_writeback(self._out, self._synced_to, self._at - self._synced_to)
            self._synced_to = self._at

    def finish(self) -> str:
        size = self._at - self._blob.start_of(self._number)
        etag = f"{self._crc:08x}-{size}"
        half = self._mark.with_name(f".{self._number}.{os.urandom(4).hex()}")
        with _translated(self._blob.key):
            os.fdatasync(self._out)
            half.write_text(etag)
            sync_file(half)
            with self._unsealed():
                half.replace(self._mark)
            sync_folder(self._folder)
        self.abort()
        return etag

    def abort(self) -> None:
        if self._out >= 0:
            os.close(self._out)
            self._out = -1

    @property
    def _mark(self) -> Path:
        return self._folder / str(self._number)

    @contextmanager
    def _unsealed(self) -> Iterator[None]:
        """Raises BlobNotFound when the upload was completed or given up."""
        fcntl.flock(self._out, fcntl.LOCK_SH)
        try:
            held = os.fstat(self._out)
            if not held.st_mode & stat.S_IWUSR or not held.st_nlink:
                raise BlobNotFound(self._blob.key)
            yield
        finally:
            fcntl.flock(self._out, fcntl.LOCK_UN)


def _text_of(folder: Path, number: int) -> str:
    return (folder / str(number)).read_text()


@contextmanager
def _opened(file: Path) -> Iterator[int]:
    descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)  # once sealed, it opens for nothing else
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def _translated(key: str) -> Iterator[None]:
    try:
        yield
    except (FileNotFoundError, NotADirectoryError) as error:
        raise BlobNotFound(key) from error
    except OSError as error:
        raise failed(error) from error
