"""Xorbs and files as a Xet client sends them, through the Hub's own services: every check of an upload is made."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from zoco.core.ids import Sha256
from zoco.core.repos import WritableRepo
from zoco.formats.lfs.pointer import Pointer
from zoco.formats.xet.hashes import XetHash, chunk_hash, file_hash, range_hash, to_wire
from zoco.formats.xet.shard import Shard, ShardFile, Term
from zoco.formats.xet.xorb import Scheme, XorbParser, encode_xorb
from zoco.hub.lfs import xet_files
from zoco.hub.xet import shards
from zoco.hub.xet.xorbs import Xet, XorbUpload


@dataclass(frozen=True)
class MadeXorb:
    hash: XetHash
    chunks: tuple[bytes, ...]
    stored: bytes


def make_xorb(chunks: Sequence[bytes], scheme: int = Scheme.NONE) -> MadeXorb:
    stored = encode_xorb(chunks, scheme)
    parser = XorbParser()
    parser.feed(stored)
    return MadeXorb(parser.finish()[0], tuple(chunks), stored)


def send_xorb(xet: Xet, made: MadeXorb) -> None:
    with XorbUpload(xet, made.hash, len(made.stored)) as upload:
        upload.feed(made.stored)
        upload.finish()


Used = tuple[MadeXorb, int, int]
"""Chunks [start, end) of a xorb."""


def bytes_of(terms: Sequence[Used]) -> bytes:
    return b"".join(b"".join(xorb.chunks[start:end]) for xorb, start, end in terms)


def shard_of(terms: Sequence[Used]) -> Shard:
    used = [xorb.chunks[start:end] for xorb, start, end in terms]
    leaves = [(chunk_hash(chunk), len(chunk)) for chunks in used for chunk in chunks]
    ranges = tuple(range_hash(b"".join(chunk_hash(chunk) for chunk in chunks)) for chunks in used)
    sha256 = Sha256(hashlib.sha256(bytes_of(terms)).hexdigest())
    named = tuple(Term(xorb.hash, start, end, len(bytes_of([(xorb, start, end)]))) for xorb, start, end in terms)
    return Shard((ShardFile(to_wire(file_hash(leaves)), named, ranges, sha256),), ())


def register(xet: Xet, repo: WritableRepo, terms: Sequence[Used], user_id: int | None, grace_ms: int) -> Pointer:
    """The file that these terms make. Raises what a client would be told: Invalid, XorbCollected."""
    shard = shard_of(terms)
    files = shards.check(xet, shard)
    shards.prove(xet, files, lambda _count: None)
    xet_files.publish(xet.db, repo, files, user_id, grace_ms=grace_ms)
    return Pointer(files[0].file.sha256, files[0].file.size)
