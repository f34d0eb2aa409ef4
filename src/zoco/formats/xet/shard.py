"""Which files does an uploaded shard describe, and from which chunks is each made? (docs/xet/shard.md) Pure.

Nothing in a shard is proof: hashes and sizes are what the client says, and its section of xorbs is only a hint which
chunks it would have others find.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from zoco.core.errors import Invalid, TooLarge
from zoco.core.ids import Sha256
from zoco.formats.xet import records
from zoco.formats.xet.dedup import DedupAnswer, dedup_answer, read_dedup_answer
from zoco.formats.xet.hashes import HASH_SIZE, XetHash, to_raw, to_wire
from zoco.formats.xet.terms import Term, pack_terms, raw_ends_of_terms, unpack_terms, xorbs_of_terms

__all__ = [
    "FILES_MAX",
    "SHARD_SIZE_MAX",
    "TERMS_MAX",
    "DedupAnswer",
    "Shard",
    "ShardFile",
    "ShardXorb",
    "Term",
    "dedup_answer",
    "pack_terms",
    "parse_shard",
    "raw_ends_of_terms",
    "read_dedup_answer",
    "unpack_terms",
    "write_shard",
    "xorbs_of_terms",
]

SHARD_SIZE_MAX = 80 << 20
"""Clients cut at 64 MiB; the last file or xorb of a shard may reach over it."""

FILES_MAX = 100_000
TERMS_MAX = 1_000_000
_RECORD = records.RECORD_SIZE
_WORDS = _RECORD // 4


@dataclass(frozen=True, slots=True)
class ShardFile:
    """`range_hashes` is as long as `terms`; `sha256` is None where the client keeps none (buckets).

    An empty file has no terms; hf-xet gives it zeros for its hash and for its sha256, too.
    """

    hash: XetHash
    terms: tuple[Term, ...]
    range_hashes: tuple[bytes, ...]
    sha256: Sha256 | None


@dataclass(frozen=True, slots=True)
class ShardXorb:
    """`chunk_hashes` are raw and joined; `global_chunks` numbers those that others are to find.

    hf-xet leaves `stored_size` 0 and numbers none: the first chunk of each file is for others to find all the same.
    """

    hash: XetHash
    chunk_hashes: bytes
    raw_sizes: array[int]
    stored_size: int
    global_chunks: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Shard:
    files: tuple[ShardFile, ...]
    xorbs: tuple[ShardXorb, ...]


def parse_shard(body: bytes, *, files_max: int = FILES_MAX, terms_max: int = TERMS_MAX) -> Shard:
    """With and without the footer. Raises Invalid, or TooLarge when there is more than may be.

    A count is compared with the bytes that are there before anything is made of it.
    """
    if len(body) > SHARD_SIZE_MAX:
        raise TooLarge(f"The shard is larger than {SHARD_SIZE_MAX >> 20} MiB: upload fewer files at once.")
    reader = _Reader(body)
    tag, version, footer_size = records.HEADER.unpack(reader.take(1))
    if tag != records.TAG:
        raise _invalid("it does not begin as one")
    if version != records.HEADER_VERSION:
        raise _invalid(f"it has version {version}, and only version {records.HEADER_VERSION} is known")
    if footer_size not in (0, records.FOOTER.size):
        raise _invalid(f"it announces a footer of {footer_size} bytes")
    files = tuple(_files(reader, files_max, terms_max))
    xorbs = tuple(_xorbs(reader))
    _check_end(body, reader.at)
    return Shard(files, xorbs)


def write_shard(shard: Shard) -> bytes:
    """As clients upload it: without a footer."""
    parts = [records.HEADER.pack(records.TAG, records.HEADER_VERSION, 0)]
    for file in shard.files:
        flags = records.FILE_HAS_RANGE_HASHES | (records.FILE_HAS_SHA256 if file.sha256 else 0)
        parts.append(records.FILE.pack(to_raw(file.hash), flags, len(file.terms)))
        parts += [records.TERM.pack(to_raw(term.xorb), 0, term.raw_size, term.start, term.end) for term in file.terms]
        parts += [records.HASH.pack(range_hash) for range_hash in file.range_hashes]
        if file.sha256:
            parts.append(records.HASH.pack(to_raw(XetHash(file.sha256))))
    parts.append(records.END)
    for xorb in shard.xorbs:
        parts.append(
            records.XORB.pack(to_raw(xorb.hash), 0, len(xorb.raw_sizes), sum(xorb.raw_sizes), xorb.stored_size)
        )
        flagged = frozenset(xorb.global_chunks)
        starts = accumulate(xorb.raw_sizes, initial=0)
        for number, (start, size) in enumerate(zip(starts, xorb.raw_sizes, strict=False)):
            chunk = xorb.chunk_hashes[HASH_SIZE * number : HASH_SIZE * (number + 1)]
            parts.append(records.CHUNK.pack(chunk, start, size, records.CHUNK_IS_GLOBAL if number in flagged else 0))
    parts.append(records.END)
    return b"".join(parts)


class _Reader:
    """Takes whole records from the front."""

    def __init__(self, body: bytes) -> None:
        self._body = memoryview(body)
        self.at = 0

    def take(self, count: int) -> memoryview:
        start, self.at = self.at, self.at + count * _RECORD
        if self.at > len(self._body):
            raise _invalid(f"it ends after {len(self._body)} bytes, and records should follow up to byte {self.at}")
        return self._body[start : self.at]


def _files(reader: _Reader, files_max: int, terms_max: int) -> Iterator[ShardFile]:
    files = terms = 0
    while True:
        raw, flags, count = records.FILE.unpack(reader.take(1))
        if raw == records.END_HASH:
            return
        files, terms = files + 1, terms + count
        if files > files_max:
            raise TooLarge(f"The shard describes more than {files_max} files: upload fewer at once.")
        if terms > terms_max:
            raise TooLarge(f"The shard has more than {terms_max} terms: upload fewer files at once.")
        if flags & ~(records.FILE_HAS_RANGE_HASHES | records.FILE_HAS_SHA256):
            raise _invalid(f"file {files - 1} has flags that are not known ({flags:#010x})")
        if count and not flags & records.FILE_HAS_RANGE_HASHES:
            raise _invalid(f"file {files - 1} comes without verification hashes")
        yield _file(reader, to_wire(raw), flags, count)


def _file(reader: _Reader, hash_: XetHash, flags: int, count: int) -> ShardFile:
    terms = tuple(_terms(reader.take(count), hash_))
    has_ranges = flags & records.FILE_HAS_RANGE_HASHES
    ranges = tuple(raw for (raw,) in records.HASH.iter_unpack(reader.take(count if has_ranges else 0)))
    sha256 = None
    if flags & records.FILE_HAS_SHA256:
        # written like Xet's own hashes, so the wire text of the field is the hex of the digest
        (raw,) = records.HASH.unpack(reader.take(1))
        sha256 = Sha256(to_wire(raw))
    return ShardFile(hash_, terms, ranges, sha256)


def _terms(data: memoryview, file: XetHash) -> Iterator[Term]:
    names: dict[bytes, XetHash] = {}
    for number, (raw, _flags, size, start, end) in enumerate(records.TERM.iter_unpack(data)):
        if end <= start:
            raise _invalid(f"term {number} of file {file} has no chunks ([{start}, {end}))")
        xorb = names.get(raw) or names.setdefault(raw, to_wire(raw))
        yield Term(xorb, start, end, size)


def _xorbs(reader: _Reader) -> Iterator[ShardXorb]:
    while True:
        raw, _flags, count, _raw_size, stored_size = records.XORB.unpack(reader.take(1))
        if raw == records.END_HASH:
            return
        data = reader.take(count)
        hashes = b"".join(chunk for (chunk,) in records.HASH.iter_unpack(data))
        words = array("I", bytes(data))
        if sys.byteorder == "big":
            words.byteswap()
        flagged = tuple(n for n, flags in enumerate(words[10::_WORDS]) if flags & records.CHUNK_IS_GLOBAL)
        yield ShardXorb(to_wire(raw), hashes, words[9::_WORDS], stored_size, flagged)


def _check_end(body: bytes, at: int) -> None:
    """After the xorbs comes nothing, or a footer, before which older clients leave lookup tables."""
    rest = len(body) - at
    if not rest:
        return
    if rest < records.FOOTER.size:
        raise _invalid(f"{rest} bytes follow its end")
    footer = records.FOOTER.unpack(body[-records.FOOTER.size :])
    files, xorbs, chunks = footer[4], footer[6], footer[8]
    lookups = files * records.FILE_LOOKUP.size + xorbs * records.XORB_LOOKUP.size + chunks * records.CHUNK_LOOKUP.size
    if footer[0] != records.FOOTER_VERSION or rest != lookups + records.FOOTER.size:
        raise _invalid(f"{rest} bytes follow its end that are no footer")


def _invalid(what: str) -> Invalid:
    return Invalid(f"This is not a shard that can be read: {what}. Upload the files again.")
