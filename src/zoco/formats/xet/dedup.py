"""How is a client told which chunks we have, so that only who has them too can read it? (docs/xet/shard.md) Pure.

A whole shard without files: xorbs with keyed chunk hashes, the lookups that clients search, the footer with the key.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import starmap
from operator import itemgetter

from zoco.formats.xet import records
from zoco.formats.xet.chunks import Chunks
from zoco.formats.xet.hashes import HASH_SIZE, XetHash, keyed, to_raw, to_wire


def dedup_answer(xorbs: Sequence[tuple[XetHash, Chunks]], key: bytes, created_s: int, expires_s: int) -> bytes:
    """`key`: 32 fresh random bytes. Times are unix seconds; the client's next session forgets an answer that expired.

    A xorb of one chunk is left out: its name is that chunk's hash, and with it the proof (`range_hash`) that makes a
    server believe that somebody has the chunk.
    """
    xorbs = [(name, chunks) for name, chunks in xorbs if len(chunks) > 1]
    head = records.HEADER.pack(records.TAG, records.HEADER_VERSION, records.FOOTER.size) + records.END
    sections, xorb_lookup, chunk_lookup = _sections_and_lookups(xorbs, key)
    body = b"".join((head, *sections, records.END))
    xorb_table = b"".join(starmap(records.XORB_LOOKUP.pack, xorb_lookup))
    chunk_table = b"".join(starmap(records.CHUNK_LOOKUP.pack, chunk_lookup))
    xorbs_at, chunks_at = len(body), len(body) + len(xorb_table)
    footer = records.FOOTER.pack(
        records.FOOTER_VERSION,
        *(records.HEADER.size, len(head)),
        *(xorbs_at, 0),  # no files, so their table is empty
        *(xorbs_at, len(xorb_lookup)),
        *(chunks_at, len(chunk_lookup)),
        *(key, created_s, expires_s),
        *(sum(chunks.stored_size for _, chunks in xorbs), 0, sum(chunks.raw_size for _, chunks in xorbs)),
        chunks_at + len(chunk_table),
    )
    return b"".join((body, xorb_table, chunk_table, footer))


@dataclass(frozen=True, slots=True)
class DedupAnswer:
    """`xorbs`: the keyed hashes of each xorb's chunks."""

    xorbs: dict[XetHash, list[bytes]]
    key: bytes
    created_s: int
    expires_s: int

    def find(self, chunk_hash: bytes) -> list[tuple[XetHash, int]]:
        """Where a chunk is that one has: xorb and number of the chunk in it."""
        wanted = keyed(chunk_hash, self.key)
        return [(xorb, n) for xorb, hashes in self.xorbs.items() for n, hash_ in enumerate(hashes) if hash_ == wanted]


def read_dedup_answer(answer: bytes) -> DedupAnswer:
    """As a client reads it. Raises ValueError."""
    size = records.FOOTER.size
    if len(answer) < records.HEADER.size + size or answer[:32] != records.TAG:
        raise ValueError("not a dedup answer")
    footer = records.FOOTER.unpack(answer[-size:])
    if footer[0] != records.FOOTER_VERSION or footer[-1] != len(answer) - size:
        raise ValueError("not the footer of a dedup answer")
    xorbs: dict[XetHash, list[bytes]] = {}
    at = footer[2]
    while (head := answer[at : at + records.RECORD_SIZE])[:HASH_SIZE] != records.END_HASH:
        if len(head) < records.RECORD_SIZE:
            raise ValueError("the xorbs of a dedup answer do not end")
        name, _, count, _, _ = records.XORB.unpack(head)
        at += records.RECORD_SIZE
        section = answer[at : at + count * records.RECORD_SIZE]
        if len(section) < count * records.RECORD_SIZE:
            raise ValueError("a dedup answer ends in the middle of a xorb")
        xorbs[to_wire(name)] = [hash_ for (hash_,) in records.HASH.iter_unpack(section)]
        at += len(section)
    return DedupAnswer(xorbs, key=footer[9], created_s=footer[10], expires_s=footer[11])


def _sections_and_lookups(
    xorbs: Sequence[tuple[XetHash, Chunks]], key: bytes
) -> tuple[list[bytes], list[tuple[int, int]], list[tuple[int, int, int]]]:
    """The records of each xorb, and the two lookups in the order in which clients search them."""
    sections: list[bytes] = []
    xorb_lookup: list[tuple[int, int]] = []
    chunk_lookup: list[tuple[int, int, int]] = []
    record = 0
    for name, chunks in xorbs:
        hashes = [keyed(hash_, key) for hash_, _ in chunks.leaves()]
        sections.append(_section(to_raw(name), chunks, hashes))
        xorb_lookup.append((_first8(to_raw(name)), record))
        chunk_lookup += [(first8, record, number) for number, first8 in enumerate(map(_first8, hashes))]
        record += 1 + len(hashes)
    xorb_lookup.sort(key=itemgetter(0))
    chunk_lookup.sort(key=itemgetter(0))  # by the hash alone: half the time of comparing the whole entries
    return sections, xorb_lookup, chunk_lookup


def _section(name: bytes, chunks: Chunks, hashes: Iterable[bytes]) -> bytes:
    starts = (0, *chunks.raw_ends[:-1])
    sizes = chunks.raw_sizes_of(0, len(chunks))
    head = records.XORB.pack(name, 0, len(chunks), chunks.raw_size, chunks.stored_size)
    lines = (records.CHUNK.pack(*line, 0) for line in zip(hashes, starts, sizes, strict=True))
    return b"".join((head, *lines))


def _first8(hash_: bytes) -> int:
    return int.from_bytes(hash_[:8], "little")
