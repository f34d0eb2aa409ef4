"""Where does a fetch request rest while git reads it? In memory when small, else in a scratch file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Self

from zoco.adapters.clock import fresh_uuid
from zoco.surfaces.bodies import too_large

IN_MEMORY_MAX = 1 << 20


class Spool:
    """Feed, then read `body`; `discard` when it has been read."""

    def __init__(self, scratch: Path, size_max: int) -> None:
        self._file = scratch / f"fetch-{fresh_uuid()}"
        self._size_max = size_max
        self._size = 0
        self._small = bytearray()
        self._out: BinaryIO | None = None

    def feed(self, chunk: bytes) -> None:
        """Raises TooLarge."""
        self._size += len(chunk)
        if self._size > self._size_max:
            raise too_large(self._size_max)
        if self._out is None and self._size > IN_MEMORY_MAX:
            self._out = self._file.open("xb")
            self._out.write(self._small)
            self._small.clear()
        if self._out:
            self._out.write(chunk)
        else:
            self._small += chunk

    def body(self) -> bytes | Path:
        if not self._out:
            return bytes(self._small)
        self._out.close()
        return self._file

    def discard(self) -> None:
        if self._out:
            self._out.close()
            self._file.unlink(missing_ok=True)


class WhileReading:
    """`answer`, which reads the spooled body; closing it discards the body too, even when nothing was read yet."""

    def __init__(self, spool: Spool, answer: Iterator[bytes]) -> None:
        self._spool = spool
        self._answer = answer

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        return next(self._answer)

    def close(self) -> None:
        try:
            if close := getattr(self._answer, "close", None):
                close()
        finally:
            self._spool.discard()
