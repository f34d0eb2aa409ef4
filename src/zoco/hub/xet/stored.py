"""The stored bytes of a xorb, wherever they are by now.

A xorb that was collected and sent again since it was looked up has another key.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from zoco.adapters.blobs.port import BlobNotFound, FilePart, Segment
from zoco.core.errors import Unavailable
from zoco.hub.xet.xorbs import Xet, Xorb


def read_stored(xet: Xet, xorb: Xorb, start: int, end: int) -> Iterator[bytes]:
    """Bytes [start, end) in pieces. Raises Unavailable when they are not there, before the first."""
    try:
        return xet.blobs.read(xorb.key, start, end)
    except BlobNotFound:
        again = _looked_up_again(xet, xorb)
    try:
        return xet.blobs.read(again.key, start, end)
    except BlobNotFound as error:
        raise _gone(xorb) from error


def stored_file(xet: Xet, xorb: Xorb) -> Path | None:
    """Its own file on this machine; None where it is not one. Raises Unavailable when it should be and is not there."""
    path = xet.blobs.local_file(xorb.key)
    if path is None or path.exists():
        return path
    path = xet.blobs.local_file(_looked_up_again(xet, xorb).key)
    if path is None or not path.exists():
        raise _gone(xorb)
    return path


def stored_segments(xet: Xet, xorb: Xorb, start: int, end: int) -> Iterator[Segment]:
    """Bytes [start, end), as a part of a file where there is one. Raises likewise."""
    path = stored_file(xet, xorb)
    return iter((FilePart(path, start, end - start),)) if path else read_stored(xet, xorb, start, end)


def _looked_up_again(xet: Xet, xorb: Xorb) -> Xorb:
    xet.looked_up.forget(xorb.hash)
    again = xet.xorb(xorb.hash)
    if again is None or again.key == xorb.key:
        raise _gone(xorb)
    return again


def _gone(xorb: Xorb) -> Unavailable:
    return Unavailable(f"The bytes of xorb {xorb.hash} are not in the store: run `zoco fsck`.")
