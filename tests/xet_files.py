"""Files as a Xet client prepares them: chunks packed into xorbs, and the shards that say which make a file."""

from __future__ import annotations

import hashlib
import random
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from zoco.core.ids import Sha256
from zoco.formats.xet.chunks import Chunks
from zoco.formats.xet.hashes import XetHash, file_hash, range_hash, to_wire
from zoco.formats.xet.shard import Shard, ShardFile, ShardXorb, Term, write_shard
from zoco.formats.xet.xorb import Scheme, XorbParser, encode_xorb


def noise(*sizes: int, seed: object = 0) -> list[bytes]:
    """Chunks that do not compress; the same for the same seed."""
    chance = random.Random(str(seed))
    return [chance.randbytes(size) for size in sizes]


@dataclass(frozen=True)
class Packed:
    """A xorb: `body` is what a client sends, `raws` what its chunks are."""

    raws: tuple[bytes, ...]
    body: bytes
    hash: XetHash
    chunks: Chunks


def pack(raws: Sequence[bytes], scheme: Scheme = Scheme.NONE) -> Packed:
    body = encode_xorb(raws, scheme)
    parser = XorbParser()
    parser.feed(body)
    return Packed(tuple(raws), body, *parser.finish())


@dataclass(frozen=True)
class Span:
    """Chunks [start, end) of a xorb."""

    of: Packed
    start: int
    end: int

    @property
    def data(self) -> bytes:
        return b"".join(self.of.raws[self.start : self.end])

    @property
    def term(self) -> Term:
        return Term(self.of.hash, self.start, self.end, len(self.data))

    @property
    def range_hash(self) -> bytes:
        return range_hash(self.of.chunks.hashes_of(self.start, self.end))


@dataclass(frozen=True)
class MadeFile:
    """A file, and what its shard says of it. `lying` gives one whose shard says something else."""

    data: bytes
    said: ShardFile
    xorbs: tuple[Packed, ...] = field(default=())

    @property
    def hash(self) -> XetHash:
        return self.said.hash

    @property
    def sha256(self) -> Sha256:
        return Sha256(hashlib.sha256(self.data).hexdigest())

    def lying(self, **said: Any) -> MadeFile:
        return replace(self, said=replace(self.said, **said))

    def with_term(self, number: int, **said: Any) -> MadeFile:
        terms = list(self.said.terms)
        terms[number] = replace(terms[number], **said)
        return self.lying(terms=tuple(terms))


def made_of(*spans: Span) -> MadeFile:
    data = b"".join(span.data for span in spans)
    leaves = [leaf for span in spans for leaf in list(span.of.chunks.leaves())[span.start : span.end]]
    said = ShardFile(
        to_wire(file_hash(leaves)),
        tuple(span.term for span in spans),
        tuple(span.range_hash for span in spans),
        Sha256(hashlib.sha256(data).hexdigest()),
    )
    return MadeFile(data, said, tuple({span.of.hash: span.of for span in spans}.values()))


def whole(*xorbs: Packed) -> MadeFile:
    """All chunks of these xorbs, one after the other."""
    return made_of(*(Span(one, 0, len(one.raws)) for one in xorbs))


def fresh_file(*sizes: int, seed: object) -> MadeFile:
    """In a xorb of its own."""
    return whole(pack(noise(*(sizes or (3000, 2000, 1000)), seed=seed)))


EMPTY = MadeFile(b"", ShardFile(XetHash("0" * 64), (), (), Sha256("0" * 64)))
"""As hf-xet names a file without bytes."""


def shard_of(*files: MadeFile) -> bytes:
    xorbs = {xorb.hash: xorb for file in files for xorb in file.xorbs}
    told = tuple(
        ShardXorb(
            one.hash, one.chunks.hashes, array("I", one.chunks.raw_sizes_of(0, len(one.chunks))), len(one.body), (0,)
        )
        for one in xorbs.values()
    )
    return write_shard(Shard(tuple(file.said for file in files), told))
