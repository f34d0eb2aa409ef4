"""How are Xet's chunks, xorbs, files and ranges hashed, and how are hashes written? (docs/xet/hashing.md) Pure.

A raw hash is 32 bytes; in URLs, JSON and our tables it is 64 hex digits: four little-endian u64, each printed as a
number, which is each group of eight bytes backwards.
"""

from __future__ import annotations

import re
import struct
from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import NewType, TypeAlias

from blake3 import blake3

Buffer: TypeAlias = bytes | bytearray | memoryview

XetHash = NewType("XetHash", str)
"""The wire text: 64 lowercase hex digits. Not the hex of the raw bytes."""

HASH_SIZE = 32
NULL_HASH = bytes(HASH_SIZE)

_DATA_KEY = bytes.fromhex("6697f5775b9550de3135cbaca597181c9de421109beb2b58b4d0b04b93adf229")
_NODE_KEY = bytes.fromhex("017ec5c7a5472996fd946666b48a02e65ddd536f37c76dd2f86352e64a53713f")
_RANGE_KEY = bytes.fromhex("7f1857d6ce56ed66127ff913e7a5c3f3a4cd26d5b5db49e64124987f28fb94c3")
_FILE_KEY = bytes(32)

_WIRE = re.compile(r"[0-9a-f]{64}")
_LEAVES_AT_ONCE = 4096


def is_xet_hash(text: str) -> bool:
    return _WIRE.fullmatch(text) is not None


def to_wire(raw: bytes) -> XetHash:
    return XetHash("{:016x}{:016x}{:016x}{:016x}".format(*struct.unpack("<4Q", raw)))


def to_raw(text: XetHash) -> bytes:
    """Raises ValueError for what is no hash."""
    if not is_xet_hash(text):
        raise ValueError("a Xet hash is 64 lowercase hex digits")
    return struct.pack("<4Q", *struct.unpack(">4Q", bytes.fromhex(text)))


def chunk_hash(data: Buffer) -> bytes:
    return blake3(data, key=_DATA_KEY).digest()


def range_hash(chunk_hashes: bytes) -> bytes:
    """The verification hash of a term: proves that its author knows the chunks. Over raw hashes, joined."""
    return blake3(chunk_hashes, key=_RANGE_KEY).digest()


def keyed(chunk_hash: bytes, key: bytes) -> bytes:
    """What stands for a chunk in a dedup answer: only who has the chunk can recognise it."""
    return blake3(chunk_hash, key=key).digest()


def is_global(chunk_hash: bytes) -> bool:
    """May clients ask for it by its hash? About one chunk in a thousand (deduplication.md)."""
    return int.from_bytes(chunk_hash[24:26], "little") % 1024 == 0


def merkle_root(leaves: Iterable[tuple[bytes, int]]) -> bytes:
    """The xorb hash of these chunks: hash and raw size of each."""
    return _tree(leaves).root()


def file_hash(leaves: Iterable[tuple[bytes, int]]) -> bytes:
    return _tree(leaves).file_hash()


class MerkleTree:
    """The tree over chunks, added in any number of steps. Keeps the last nine nodes of each level, not the leaves."""

    def __init__(self) -> None:
        self._levels: list[_Level] = []

    def add(self, hashes: bytes, sizes: Sequence[int]) -> None:
        """More leaves: raw hashes, joined, and as many raw sizes."""
        if len(hashes) != HASH_SIZE * len(sizes):
            raise ValueError("as many hashes as sizes")
        depth = 0
        while sizes:
            if depth == len(self._levels):
                self._levels.append(_Level())
            hashes, sizes = self._levels[depth].add(hashes, sizes)
            depth += 1

    def root(self) -> bytes:
        """Of all that was added so far; nothing is 32 zero bytes. More may be added afterwards."""
        hashes, sizes = b"", list[int]()  # what the level below ends with
        levels = iter(self._levels)
        while True:
            level = next(levels, None) or _Level()
            hashes, sizes = level.hashes + hashes, level.sizes + sizes
            if level.closed + len(sizes) < 2:
                return hashes or NULL_HASH
            groups, rest = _groups(hashes)
            if rest < len(sizes):
                groups.append((rest, len(sizes)))
            hashes, sizes = _parents(hashes, sizes, groups)

    def file_hash(self) -> bytes:
        """The root keyed with zeros; of an empty file it is zeros itself."""
        root = self.root()
        return root if not self._levels else blake3(root, key=_FILE_KEY).digest()


class _Level:
    """Nodes that do not make a whole group yet, and how many nodes went into whole ones."""

    __slots__ = ("closed", "hashes", "sizes")

    def __init__(self) -> None:
        self.hashes = b""
        self.sizes: list[int] = []
        self.closed = 0

    def add(self, hashes: bytes, sizes: Sequence[int]) -> tuple[bytes, list[int]]:
        """The parents of the groups that are whole now."""
        hashes, sizes = self.hashes + hashes, [*self.sizes, *sizes]
        groups, rest = _groups(hashes)
        self.hashes, self.sizes = hashes[HASH_SIZE * rest :], sizes[rest:]
        self.closed += rest
        return _parents(hashes, sizes, groups)


# A node whose last u64 is divisible by 4 ends its group, unless it is one of the first two; nine are a full group.
_ENDS_GROUP = bytes(ord("0") if byte % 4 else ord("1") for byte in range(256))
_GROUP = re.compile(rb"..(?:0{0,5}1|0{6}.)")


def _groups(hashes: bytes) -> tuple[list[tuple[int, int]], int]:
    """The whole groups among these nodes, and where the nodes begin that do not fill one."""
    groups = [match.span() for match in _GROUP.finditer(hashes[24::HASH_SIZE].translate(_ENDS_GROUP))]
    return groups, groups[-1][1] if groups else 0


def _parents(hashes: bytes, sizes: Sequence[int], groups: list[tuple[int, int]]) -> tuple[bytes, list[int]]:
    text = _wire_text(hashes)
    lines = [f"{text[64 * i : 64 * i + 64]} : {size}\n" for i, size in enumerate(sizes)]
    nodes = [blake3("".join(lines[start:end]).encode("ascii"), key=_NODE_KEY).digest() for start, end in groups]
    return b"".join(nodes), [sum(sizes[start:end]) for start, end in groups]


def _wire_text(hashes: bytes) -> str:
    """The wire text of many hashes, joined."""
    words = array("Q", hashes)
    words.byteswap()
    return words.tobytes().hex()


def _tree(leaves: Iterable[tuple[bytes, int]]) -> MerkleTree:
    tree = MerkleTree()
    for batch in _batches(iter(leaves)):
        tree.add(b"".join(hash_ for hash_, _ in batch), [size for _, size in batch])
    return tree


def _batches(leaves: Iterator[tuple[bytes, int]]) -> Iterator[list[tuple[bytes, int]]]:
    while batch := list(islice(leaves, _LEAVES_AT_ONCE)):
        yield batch
