"""Where are the bytes of an LFS object? In the store as they are, or in Xet, put together while they are read."""

from __future__ import annotations

from collections.abc import Iterator

from zoco.adapters.blobs.port import FilePart, Segment
from zoco.core.errors import Unavailable
from zoco.formats.xet.hashes import XetHash
from zoco.hub.lfs.store import LfsObject
from zoco.hub.xet.files import XetFile, find_file
from zoco.hub.xet.reassembly import file_segments, read_file
from zoco.hub.xet.xorbs import Xet


def read_object(xet: Xet, found: LfsObject, start: int = 0, end: int | None = None) -> Iterator[bytes]:
    """Bytes [start, end) in pieces. Raises BlobNotFound or Unavailable when they are not there, before the first."""
    stop = found.size if end is None else min(end, found.size)
    if found.key:
        return xet.blobs.read(found.key, start, stop)
    return read_file(xet, _file(xet, found), start, stop)


def segments_of(xet: Xet, found: LfsObject, start: int, end: int) -> Iterator[Segment]:
    """Likewise for an answer: as parts of files where the bytes lie so on this machine."""
    if not found.key:
        return file_segments(xet, _file(xet, found), start, end)
    if path := xet.blobs.local_file(found.key):
        return iter((FilePart(path, start, end - start),))
    return xet.blobs.read(found.key, start, end)


def _file(xet: Xet, found: LfsObject) -> XetFile:
    assert found.xet_hash, "an object rests here or there"
    file = find_file(xet, XetHash(found.xet_hash))
    if file is None:
        raise Unavailable(f"The file of LFS object {found.sha256} is not in Xet: run `zoco fsck`.")
    return file
