"""What is a long answer made of? Bytes, and parts of files on this machine, which a server that can sends by itself."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from zoco.adapters import logs
from zoco.adapters.blobs.port import CHUNK_BYTES, FilePart, Segment
from zoco.core.errors import Unavailable
from zoco.surfaces.threads import iterate

SEGMENTS_AT_ONCE = 64
OPEN_FILES_MAX = 8
READ_AT_ONCE_BYTES = 16 << 10
"""A part as small as this is cheaper read than sent as a file."""


@dataclass(frozen=True, slots=True)
class OpenPart:
    """Good until the next one is asked for."""

    file: FileIO
    offset: int
    size: int

    def read(self) -> Iterator[bytes]:
        """For a server that cannot send files. Raises Unavailable."""
        at, end = self.offset, self.offset + self.size
        while at < end:
            chunk = _read(self.file, at, min(CHUNK_BYTES, end - at))
            at += len(chunk)
            yield chunk


async def opened(segments: Iterator[Segment]) -> AsyncIterator[bytes | OpenPart]:
    """The segments in their order, their files opened by a thread: disks and stores may take their time.

    Raises Unavailable when a file cannot be opened.
    """
    async with aclosing(iterate(_Batches(segments))) as batches:
        async for batch in batches:
            for piece in batch:
                yield piece


class _Batches(Iterator[list[bytes | OpenPart]]):
    """Many segments for each visit to a thread, which costs as much as sending a hundred kilobytes. Must be closed."""

    def __init__(self, segments: Iterator[Segment]) -> None:
        self._segments = segments
        self._files: dict[Path, FileIO] = {}

    def __next__(self) -> list[bytes | OpenPart]:
        self._close_files(OPEN_FILES_MAX)  # what the last batch named has been sent
        batch: list[bytes | OpenPart] = []
        held_bytes = 0
        for segment in self._segments:
            piece = segment if isinstance(segment, bytes) else self._open(segment)
            batch.append(piece)
            held_bytes += len(piece) if isinstance(piece, bytes) else 0
            if held_bytes >= CHUNK_BYTES // 2 or len(batch) == SEGMENTS_AT_ONCE:
                break
        if not batch:
            raise StopIteration
        return batch

    def close(self) -> None:
        self._close_files(0)
        if close := getattr(self._segments, "close", None):
            close()

    def _open(self, part: FilePart) -> bytes | OpenPart:
        file = self._files.get(part.path)
        if file is None:
            try:
                file = self._files[part.path] = FileIO(part.path)
            except FileNotFoundError as error:
                logs.error("stored_file_missing", path=part.path)
                told = "The stored bytes are not there: an administrator should run `zoco fsck`."
                raise Unavailable(told) from error
            except OSError as error:
                raise Unavailable(f"A stored file cannot be opened: {error.strerror}.") from error
        if part.size > READ_AT_ONCE_BYTES:
            return OpenPart(file, part.offset, part.size)
        return b"".join(OpenPart(file, part.offset, part.size).read())

    def _close_files(self, but: int) -> None:
        """The oldest first."""
        for path in list(self._files)[: max(0, len(self._files) - but)]:
            self._files.pop(path).close()


def _read(file: FileIO, at: int, size: int) -> bytes:
    try:
        chunk = os.pread(file.fileno(), size, at)
    except OSError as error:
        raise Unavailable(f"A stored file cannot be read: {error.strerror}.") from error
    if not chunk:
        raise Unavailable("A stored file is shorter than it was.")
    return chunk
