"""The bytes of a file that rests in xorbs, for those who do not speak Xet: git-lfs, curl, browsers, older clients."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from zoco.adapters.blobs.port import FilePart, Segment
from zoco.core.errors import Unavailable
from zoco.formats.xet.chunk import HEADER_SIZE
from zoco.formats.xet.hashes import Buffer
from zoco.formats.xet.terms import Term, raw_ends_of_terms, unpack_terms
from zoco.formats.xet.xorb import StoredDecoder
from zoco.hub.xet.store import XetFile, Xorb
from zoco.hub.xet.stored import read_stored, stored_file
from zoco.hub.xet.xorbs import Xet

PIECE_BYTES = 1 << 20
"""Gathered before they are handed on: a chunk is 64 KiB, and each hand-over costs a hop between threads."""


@dataclass(frozen=True, slots=True)
class Part:
    """Chunks [start, end) of a xorb, of which `skip` bytes come before what is wanted, and `take` bytes are."""

    xorb: Xorb
    start: int
    end: int
    skip: int
    take: int


def parts_of(xet: Xet, file: XetFile, start: int, end: int) -> Iterator[Part]:
    """What bytes [start, end) of the file are made of, in order. Raises Unavailable when a xorb is not here."""
    ends = raw_ends_of_terms(file.terms)
    at, until = bisect_right(ends, start), bisect_left(ends, end) + 1
    begins = ends[at - 1] if at else 0
    for term in unpack_terms(file.terms, at, min(until, len(ends))):
        stops = begins + term.raw_size
        yield _part(xet, term, max(start, begins) - begins, min(end, stops) - begins)
        begins = stops


def read_file(xet: Xet, file: XetFile, start: int, end: int) -> Iterator[bytes]:
    """Bytes [start, end) in pieces of about PIECE_BYTES. Memory does not depend on the file's size."""
    return _gathered(raw for part in parts_of(xet, file, start, end) for raw in _raw(xet, part))


def file_segments(xet: Xet, file: XetFile, start: int, end: int) -> Iterator[Segment]:
    """Likewise, but chunks that are not compressed stay where they are: parts of the xorb's file, without the headers
    between them."""
    for part in parts_of(xet, file, start, end):
        path = stored_file(xet, part.xorb)
        if path and part.xorb.chunks.is_plain(part.start, part.end):
            yield from _plain(path, part)
        else:
            yield from _gathered(_raw(xet, part))


def _plain(path: Path, part: Part) -> Iterator[FilePart]:
    chunks, skip, left = part.xorb.chunks, part.skip, part.take
    for number in range(part.start, part.end):
        size = min(chunks.raw_size_of(number) - skip, left)
        yield FilePart(path, chunks.stored_range(number, number + 1)[0] + HEADER_SIZE + skip, size)
        skip, left = 0, left - size


def _gathered(raws: Iterable[Buffer]) -> Iterator[bytes]:
    gathered: list[Buffer] = []
    size = 0
    for raw in raws:
        gathered.append(raw)
        size += len(raw)
        if size >= PIECE_BYTES:
            yield b"".join(gathered)
            gathered, size = [], 0
    if gathered:
        yield b"".join(gathered)


def _part(xet: Xet, term: Term, first: int, last: int) -> Part:
    """Bytes [first, last) of a term: no chunk is read that holds none of them."""
    xorb = xet.xorb(term.xorb)
    if xorb is None:
        raise _gone(term)
    base = xorb.chunks.raw_range(term.start, term.end)[0]
    start = xorb.chunks.chunk_at_raw(base + first)
    end = xorb.chunks.chunk_at_raw(base + last - 1) + 1
    skip = base + first - xorb.chunks.raw_range(start, end)[0]
    return Part(xorb, start, end, skip, last - first)


def _raw(xet: Xet, part: Part) -> Iterator[Buffer]:
    decoder = StoredDecoder()
    skip, left = part.skip, part.take
    for stored in read_stored(xet, part.xorb, *part.xorb.chunks.stored_range(part.start, part.end)):
        for chunk in decoder.feed(stored):
            if skip or len(chunk) > left:
                chunk = chunk[skip : skip + left]
                skip = 0
            left -= len(chunk)
            yield chunk
    if left:
        raise Unavailable("A stored part of this file is shorter than it was.")


def _gone(term: Term) -> Unavailable:
    return Unavailable(f"The xorb {term.xorb} of this file is not here: run `zoco fsck`.")
