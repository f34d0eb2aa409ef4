"""Blobs in a folder of this machine, each synced with its name before a row may name it.

No library's store does that: obstore's LocalStore renames without a sync, and after a power cut the database would
name a pack that is not there.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from zoco.adapters.blobs.durable import appear, make_folder, sync_file, sync_folder
from zoco.adapters.blobs.folder_parts import FolderParts
from zoco.adapters.blobs.incoming import IncomingFile
from zoco.adapters.blobs.parts import PartStore
from zoco.adapters.blobs.port import CHUNK_BYTES, BlobNotFound, Incoming, checked
from zoco.adapters.blobs.room import failed, room_in
from zoco.core.errors import StoreFull, Unavailable

_NO_LINK = frozenset({errno.EXDEV, errno.EPERM, errno.EMLINK, errno.EOPNOTSUPP})


class FolderBlobStore:
    """Files are read-only, because bare repositories share them by hard links."""

    def __init__(self, root: Path, scratch: Path) -> None:
        self.scratch = scratch
        self.parts: PartStore | None = FolderParts(root, self.put_file)
        self._root = root
        make_folder(scratch)
        make_folder(root)

    def put_file(self, key: str, source: Path) -> None:
        target = self._root / checked(key)
        with _translated(key):
            source.chmod(0o444)
            sync_file(source)
            make_folder(target.parent)
            _link_or_copy(source, target)
            sync_folder(target.parent)
            source.unlink()

    def put_bytes(self, key: str, data: bytes) -> None:
        half = self.scratch / f"{key.replace('/', '-')}.{os.urandom(4).hex()}"
        self._check_room(len(data))
        try:
            with _translated(key):
                half.write_bytes(data)
            self.put_file(key, half)
        finally:
            half.unlink(missing_ok=True)

    def begin(self, key: str, size: int) -> Incoming:
        self._check_room(size)
        file = self.scratch / f"{key.replace('/', '-')}.incoming"
        with _translated(key):
            return IncomingFile(file, lambda whole: self.put_file(key, whole))

    def read(self, key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        size = self.size(key)
        return self._chunks(key, start, size if end is None else min(end, size))

    def local_file(self, key: str) -> Path | None:
        return self._root / checked(key)

    def size(self, key: str) -> int:
        with _translated(key):
            return (self._root / checked(key)).stat().st_size

    def delete(self, key: str) -> None:
        """Leaves the folder: taking it away would race with somebody who puts another blob there."""
        with _translated(key):
            (self._root / checked(key)).unlink(missing_ok=True)

    def keys(self, prefix: str) -> Iterator[str]:
        for folder, folders, names in os.walk(self._root / prefix):
            folders[:] = (name for name in folders if not name.startswith("."))
            at = Path(folder).relative_to(self._root)
            yield from ((at / name).as_posix() for name in names if not name.startswith("."))

    def fetch(self, key: str, to: Path) -> None:
        source = self._root / checked(key)
        with _translated(key):
            try:
                _link_or_copy(source, to)
            except FileExistsError:
                appear(to, lambda half: _link_or_copy(source, half))

    def signed_url(self, key: str, *, lifetime_s: int, filename: str, content_type: str) -> str | None:  # noqa: ARG002
        return None

    def signed_range(self, key: str, start: int, end: int, *, lifetime_s: int) -> str | None:  # noqa: ARG002
        return None

    def room(self) -> int | None:
        return room_in(self._root)

    def _check_room(self, size: int) -> None:
        if size > room_in(self._root):
            raise StoreFull

    def _chunks(self, key: str, at: int, end: int) -> Iterator[bytes]:
        with _translated(key), (self._root / key).open("rb", buffering=0) as file:
            file.seek(at)
            while at < end:
                chunk = file.read(min(CHUNK_BYTES, end - at))
                if not chunk:
                    raise Unavailable(f"The store's file of {key} is shorter than it was.")
                at += len(chunk)
                yield chunk


@contextmanager
def _translated(key: str) -> Iterator[None]:
    try:
        yield
    except (FileNotFoundError, NotADirectoryError) as error:
        raise BlobNotFound(key) from error
    except OSError as error:
        raise failed(error) from error


def _link_or_copy(source: Path, target: Path) -> None:
    """Linked, `target` must not exist yet; a copy is synced before it takes the name."""
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno not in _NO_LINK:
            raise
        appear(target, lambda half: _copy(source, half))


def _copy(source: Path, target: Path) -> None:
    shutil.copyfile(source, target)
    target.chmod(0o444)
    sync_file(target)
