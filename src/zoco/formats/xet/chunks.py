"""Which chunks is a xorb made of, and where is each: packed as we keep it. Pure.

Packed: a version byte, then for n chunks their raw hashes (32 n), the ends of each as stored and of each as raw bytes
(u32le, 4 n both), their schemes (n), and a CRC-32 of all before.
"""

from __future__ import annotations

import struct
import sys
import zlib
from array import array
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from operator import sub
from typing import Self

from zoco.formats.xet.chunk import Scheme
from zoco.formats.xet.hashes import HASH_SIZE

_VERSION = 1
_PACKED_SIZE = HASH_SIZE + 4 + 4 + 1
_AROUND = 1 + 4  # version and checksum


@dataclass(frozen=True, slots=True)
class Chunks:
    """Ends count from the xorb's beginning; a stored chunk includes its header.

    Ranges of chunks are [start, end) and must lie within: ValueError otherwise.
    """

    hashes: bytes
    stored_ends: array[int]
    raw_ends: array[int]
    schemes: bytes

    def __len__(self) -> int:
        return len(self.schemes)

    @property
    def stored_size(self) -> int:
        return self.stored_ends[-1]

    @property
    def raw_size(self) -> int:
        return self.raw_ends[-1]

    def hash_at(self, index: int) -> bytes:
        return self.hashes_of(index, index + 1)

    def hashes_of(self, start: int, end: int) -> bytes:
        """Raw hashes, joined: what `range_hash` and `MerkleTree.add` take."""
        self._check(start, end)
        return self.hashes[HASH_SIZE * start : HASH_SIZE * end]

    def raw_size_of(self, index: int) -> int:
        start, end = self.raw_range(index, index + 1)
        return end - start

    def raw_sizes_of(self, start: int, end: int) -> list[int]:
        """The raw size of each, as `MerkleTree.add` takes them."""
        self._check(start, end)
        ends = self.raw_ends[start:end]
        return list(map(sub, ends, [self.raw_ends[start - 1] if start else 0, *ends[:-1]]))

    def raw_range(self, start: int, end: int) -> tuple[int, int]:
        """Their bytes among the xorb's raw bytes."""
        self._check(start, end)
        return (self.raw_ends[start - 1] if start else 0), self.raw_ends[end - 1]

    def stored_range(self, start: int, end: int) -> tuple[int, int]:
        """Their bytes in the stored object, headers included."""
        self._check(start, end)
        return (self.stored_ends[start - 1] if start else 0), self.stored_ends[end - 1]

    def leaves(self) -> Iterator[tuple[bytes, int]]:
        """Hash and raw size of each."""
        hashes = (self.hashes[at : at + HASH_SIZE] for at in range(0, len(self.hashes), HASH_SIZE))
        return zip(hashes, self.raw_sizes_of(0, len(self)), strict=True)

    def is_plain(self, start: int, end: int) -> bool:
        """None of them is compressed: their raw bytes are their stored ones without the headers."""
        self._check(start, end)
        return self.schemes.count(Scheme.NONE, start, end) == end - start

    def chunk_at_raw(self, offset: int) -> int:
        """The chunk that holds the raw byte at `offset`."""
        if not 0 <= offset < self.raw_size:
            raise ValueError(f"byte {offset} of a xorb that has {self.raw_size}")
        return bisect_right(self.raw_ends, offset)

    def pack(self) -> bytes:
        body = b"".join(
            (bytes((_VERSION,)), self.hashes, _little(self.stored_ends), _little(self.raw_ends), self.schemes)
        )
        return body + struct.pack("<I", zlib.crc32(body))

    @classmethod
    def unpack(cls, data: bytes) -> Self:
        """Raises ValueError for what `pack` did not write, or what was damaged since."""
        count, rest = divmod(len(data) - _AROUND, _PACKED_SIZE)
        if count < 1 or rest or data[0] != _VERSION:
            raise ValueError("not the packed chunks of a xorb")
        body = memoryview(data)[:-4]
        if struct.unpack("<I", data[-4:])[0] != zlib.crc32(body):
            raise ValueError("the packed chunks of a xorb are damaged")
        stored = 1 + HASH_SIZE * count
        raw, schemes = stored + 4 * count, stored + 8 * count
        return cls(data[1:stored], _words(body[stored:raw]), _words(body[raw:schemes]), bytes(body[schemes:]))

    def _check(self, start: int, end: int) -> None:
        if not 0 <= start < end <= len(self.schemes):
            raise ValueError(f"chunks [{start}, {end}) of a xorb that has {len(self.schemes)}")


def _little(words: array[int]) -> bytes:
    if sys.byteorder == "big":
        words = words[:]
        words.byteswap()
    return words.tobytes()


def _words(data: memoryview) -> array[int]:
    words = array("I", bytes(data))
    if sys.byteorder == "big":
        words.byteswap()
    return words
