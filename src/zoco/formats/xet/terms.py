"""Which chunks of which xorbs make a file, packed as we keep it? Pure.

Packed: 44 bytes a term: the xorb's raw hash, then start, end and raw size as u32le.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate

from zoco.formats.xet.hashes import XetHash, to_raw, to_wire

_TERM = struct.Struct("<32s3I")
_SIZE = struct.Struct("<40xI")
_XORB = struct.Struct("<32s12x")

TERM_SIZE = _TERM.size


@dataclass(frozen=True, slots=True)
class Term:
    """Chunks [start, end) of a xorb, and how many raw bytes they are."""

    xorb: XetHash
    start: int
    end: int
    raw_size: int


def pack_terms(terms: Iterable[Term]) -> bytes:
    return b"".join(_TERM.pack(to_raw(term.xorb), term.start, term.end, term.raw_size) for term in terms)


def unpack_terms(data: bytes, start: int = 0, end: int | None = None) -> list[Term]:
    """The terms [start, end), or all. Raises ValueError for what `pack_terms` did not write."""
    _check(data)
    names = _Names()
    part = memoryview(data)[TERM_SIZE * start : None if end is None else TERM_SIZE * end]
    return [Term(names[xorb], first, last, size) for xorb, first, last, size in _TERM.iter_unpack(part)]


def xorbs_of_terms(data: bytes) -> list[XetHash]:
    """Each xorb once, in the order of its first use."""
    _check(data)
    return [to_wire(xorb) for xorb in dict.fromkeys(raw for (raw,) in _XORB.iter_unpack(data))]


def raw_ends_of_terms(data: bytes) -> array[int]:
    """Where each term ends in the file; the last one is the file's size."""
    _check(data)
    return array("Q", accumulate(size for (size,) in _SIZE.iter_unpack(data)))


def _check(data: bytes) -> None:
    if len(data) % TERM_SIZE:
        raise ValueError("not the packed terms of a file")


class _Names(dict[bytes, XetHash]):
    """Wire text by raw hash: most terms of a file name few xorbs."""

    def __missing__(self, raw: bytes) -> XetHash:
        name = self[raw] = to_wire(raw)
        return name
