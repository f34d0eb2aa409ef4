"""From which stored bytes does a client put (a range of) a file together?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from zoco.core.errors import BadRange
from zoco.hub.xet.reassembly import Part, parts_of
from zoco.hub.xet.store import XetFile, Xorb
from zoco.hub.xet.xorbs import Xet


@dataclass(frozen=True, slots=True)
class Fetch:
    """Chunks [start, end) of a xorb rest in its bytes [byte_start, byte_end)."""

    start: int
    end: int
    byte_start: int
    byte_end: int


@dataclass(frozen=True, slots=True)
class Reconstruction:
    """`terms` in the file's order; the first begins `offset` bytes before what was asked. `fetches` by xorb: each term
    lies within one."""

    offset: int
    terms: tuple[Part, ...]
    fetches: Mapping[str, tuple[Xorb, tuple[Fetch, ...]]]


def reconstruct(xet: Xet, file: XetFile, start: int, end: int | None) -> Reconstruction:
    """Of bytes [start, end), clipped to the file. Raises BadRange when it begins behind the file's end."""
    stop = file.size if end is None else min(end, file.size)
    if start >= stop:
        raise BadRange(file.size)
    parts = tuple(parts_of(xet, file, start, stop))
    by_xorb: dict[str, list[Part]] = defaultdict(list)
    for part in parts:
        by_xorb[part.xorb.hash].append(part)
    fetches = {hash: (some[0].xorb, tuple(_fetches(some))) for hash, some in by_xorb.items()}
    return Reconstruction(parts[0].skip, parts, fetches)


def _fetches(parts: Iterable[Part]) -> Iterable[Fetch]:
    """Ranges that touch or overlap become one: a client fetches each range once."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted((part.start, part.end) for part in parts):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    chunks = next(iter(parts)).xorb.chunks
    return [Fetch(start, end, *chunks.stored_range(start, end)) for start, end in joined]
