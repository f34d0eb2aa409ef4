"""The stored bytes of a xorb, wherever they are by now."""

from __future__ import annotations

from collections.abc import Iterator

from zoco.adapters.blobs.port import BlobNotFound
from zoco.core.errors import Unavailable
from zoco.hub.xet.xorbs import Xet, Xorb


def read_stored(xet: Xet, xorb: Xorb, start: int, end: int) -> Iterator[bytes]:
    """Bytes [start, end) in pieces. Raises Unavailable when they are not there, before the first."""
    try:
        return xet.blobs.read(xorb.key, start, end)
    except BlobNotFound:  # collected and sent again since it was looked up: it has another key now
        xet.looked_up.forget(xorb.hash)
    again = xet.xorb(xorb.hash)
    try:
        if again and again.key != xorb.key:
            return xet.blobs.read(again.key, start, end)
    except BlobNotFound:
        pass
    raise Unavailable(f"The bytes of xorb {xorb.hash} are not in the store: run `zoco fsck`.")
