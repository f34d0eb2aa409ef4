"""Has somebody asked for this history before? Long ones take a while to walk, and never change for a given commit."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from zoco.core.ids import Oid

SIZE_MAX_BYTES = 32 << 20

Key = tuple[int, Oid, str]
"""Repository, commit, path ("" for all)."""


class HistoryCache:
    """Of one process; the least recently used go first."""

    def __init__(self, size_max_bytes: int = SIZE_MAX_BYTES) -> None:
        self._size_max_bytes = size_max_bytes
        self._kept: OrderedDict[Key, bytes] = OrderedDict()
        self._size_bytes = 0
        self._lock = Lock()

    def get(self, key: Key, walk: Callable[[], bytes]) -> bytes:
        with self._lock:
            if (kept := self._kept.get(key)) is not None:
                self._kept.move_to_end(key)
                return kept
        found = walk()
        with self._lock:
            if key not in self._kept:
                self._kept[key] = found
                self._size_bytes += len(found)
            while self._size_bytes > self._size_max_bytes and self._kept:
                self._size_bytes -= len(self._kept.popitem(last=False)[1])
        return found
