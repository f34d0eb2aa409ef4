"""The SQL of xorbs, of files made of them, and of the chunks that clients may ask for.

Rows are locked in one order (xorbs by hash, then files), so that registering a file and collecting garbage never wait
for each other in a circle.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from sqlalchemy import select, update

from zoco.adapters.db.engine import Read, Write
from zoco.adapters.db.tables import xet_dedup, xet_file, xet_file_xorb, xet_xorb
from zoco.adapters.db.upsert import insert
from zoco.core.ids import Sha256
from zoco.formats.xet.hashes import XetHash
from zoco.formats.xet.xorb import Chunks

T = TypeVar("T")

BATCH = 500
TOUCHED_AGAIN_MS = 3_600_000
"""A xorb touched within the hour is not written again: grace times are days."""


@dataclass(frozen=True, slots=True)
class Xorb:
    """A stored xorb: `key` names its bytes in the blob store."""

    hash: XetHash
    key: str
    chunks: Chunks


@dataclass(frozen=True, slots=True)
class XetFile:
    """A file as its terms, packed as `formats/xet/shard.py` says. Its SHA-256 was proven by reassembly."""

    hash: XetHash
    sha256: Sha256
    size: int
    terms: bytes


# --- xorbs --------------------------------------------------------------------------------------------------------


def find_xorb(read: Read, hash: XetHash) -> Xorb | None:
    row = read.execute(
        select(xet_xorb.c.hash, xet_xorb.c.key, xet_xorb.c.chunks).where(xet_xorb.c.hash == hash)
    ).first()
    return Xorb(XetHash(row.hash), row.key, Chunks.unpack(row.chunks)) if row else None


def has_xorb(read: Read, hash: XetHash) -> bool:
    return read.execute(select(xet_xorb.c.hash).where(xet_xorb.c.hash == hash)).first() is not None


def insert_xorb(write: Write, new: Xorb, asked_for: Iterable[XetHash], now: int) -> bool:
    """False when another upload of the same xorb was first. `asked_for` are its chunks that clients may ask for."""
    values = {
        "hash": new.hash,
        "key": new.key,
        "size": new.chunks.stored_size,
        "raw_size": new.chunks.raw_size,
        "chunks": new.chunks.pack(),
        "created_at": now,
        "touched_at": now,
    }
    made = insert(write, xet_xorb).values(values).on_conflict_do_nothing().returning(xet_xorb.c.hash)
    if write.execute(made).first() is None:
        return False
    insert_askable(write, [(chunk, new.hash) for chunk in asked_for])
    return True


def revive(write: Write, hash: XetHash, now: int) -> bool:
    """Whoever sends a xorb again wants it to stay. False when it is not here any more."""
    alive = update(xet_xorb).where(xet_xorb.c.hash == hash).values(touched_at=now, dead_at=None)
    return write.execute(alive.returning(xet_xorb.c.hash)).first() is not None


def hold_xorbs(write: Write, hashes: Sequence[XetHash], now: int) -> set[XetHash]:
    """Those of `hashes` that are here: alive again, and not to be collected before this transaction ends."""
    held: set[XetHash] = set()
    for some in batches(sorted(hashes)):
        locked = select(xet_xorb.c.hash).where(xet_xorb.c.hash.in_(some)).order_by(xet_xorb.c.hash).with_for_update()
        found = [XetHash(hash) for hash in write.execute(locked).scalars()]
        write.execute(update(xet_xorb).where(xet_xorb.c.hash.in_(found)).values(touched_at=now, dead_at=None))
        held.update(found)
    return held


def touch_xorbs(write: Write, hashes: Sequence[XetHash], now: int) -> None:
    """Clients were told of them. Dead ones stay dead: nobody is told of those."""
    for some in batches(sorted(hashes)):
        alive = (xet_xorb.c.hash.in_(some), xet_xorb.c.dead_at.is_(None))
        write.execute(select(xet_xorb.c.hash).where(*alive).order_by(xet_xorb.c.hash).with_for_update())
        write.execute(update(xet_xorb).where(*alive).values(touched_at=now))


def stale_among(read: Read, hashes: Sequence[XetHash], now: int) -> list[XetHash]:
    """Those whose `touched_at` is old enough to be worth a write."""
    stale: list[XetHash] = []
    for some in batches(hashes):
        old = select(xet_xorb.c.hash).where(xet_xorb.c.hash.in_(some), xet_xorb.c.touched_at < now - TOUCHED_AGAIN_MS)
        stale += [XetHash(hash) for hash in read.execute(old).scalars()]
    return stale


# --- files --------------------------------------------------------------------------------------------------------


def find_files(read: Read, hashes: Iterable[XetHash]) -> dict[XetHash, XetFile]:
    found: dict[XetHash, XetFile] = {}
    for some in batches(hashes):
        query = select(xet_file.c.hash, xet_file.c.sha256, xet_file.c.size, xet_file.c.terms)
        for row in read.execute(query.where(xet_file.c.hash.in_(some))):
            found[XetHash(row.hash)] = XetFile(XetHash(row.hash), Sha256(row.sha256), row.size, row.terms)
    return found


def sha256_of_files(read: Read, hashes: Iterable[XetHash]) -> dict[XetHash, Sha256]:
    """Without their terms, which may be megabytes."""
    found: dict[XetHash, Sha256] = {}
    for some in batches(hashes):
        query = select(xet_file.c.hash, xet_file.c.sha256).where(xet_file.c.hash.in_(some))
        found |= {XetHash(row.hash): Sha256(row.sha256) for row in read.execute(query)}
    return found


def insert_file(write: Write, new: XetFile, xorbs: Sequence[XetHash], now: int) -> None:
    """Harmless for a file that is here. The xorbs must be held."""
    values = {
        "hash": new.hash,
        "sha256": new.sha256,
        "size": new.size,
        "terms": new.terms,
        "created_at": now,
        "touched_at": now,
    }
    made = insert(write, xet_file).values(values)
    again = made.on_conflict_do_update(index_elements=["hash"], set_={"touched_at": now})
    write.execute(again)
    for some in batches(xorbs):
        rows = [{"file_hash": new.hash, "xorb_hash": xorb} for xorb in some]
        write.execute(insert(write, xet_file_xorb).values(rows).on_conflict_do_nothing())


# --- chunks that clients ask for ----------------------------------------------------------------------------------


def insert_askable(write: Write, chunks: Iterable[tuple[XetHash, XetHash]]) -> None:
    """(chunk, xorb) pairs."""
    for some in batches(dict.fromkeys(chunks)):
        rows = [{"chunk_hash": chunk, "xorb_hash": xorb} for chunk, xorb in some]
        write.execute(insert(write, xet_dedup).values(rows).on_conflict_do_nothing())


def xorbs_with_chunk(read: Read, chunk: XetHash, limit: int) -> list[XetHash]:
    """Living ones, the last made first."""
    query = (
        select(xet_dedup.c.xorb_hash)
        .join(xet_xorb, xet_xorb.c.hash == xet_dedup.c.xorb_hash)
        .where(xet_dedup.c.chunk_hash == chunk, xet_xorb.c.dead_at.is_(None))
        .order_by(xet_xorb.c.created_at.desc())
        .limit(limit)
    )
    return [XetHash(hash) for hash in read.execute(query).scalars()]


def files_with_xorbs(read: Read, xorbs: Sequence[XetHash], limit: int) -> list[XetHash]:
    query = (
        select(xet_file_xorb.c.file_hash)
        .join(xet_file, xet_file.c.hash == xet_file_xorb.c.file_hash)
        .where(xet_file_xorb.c.xorb_hash.in_(xorbs))
        .group_by(xet_file_xorb.c.file_hash)
        .order_by(xet_file_xorb.c.file_hash)
        .limit(limit)
    )
    return [XetHash(hash) for hash in read.execute(query).scalars()]


def xorbs_of_files(
    read: Read, files: Sequence[XetHash], limit: int, *, among: Sequence[XetHash] | None = None
) -> list[XetHash]:
    """Living ones, each once."""
    query = (
        select(xet_file_xorb.c.xorb_hash)
        .join(xet_xorb, xet_xorb.c.hash == xet_file_xorb.c.xorb_hash)
        .where(xet_file_xorb.c.file_hash.in_(files), xet_xorb.c.dead_at.is_(None))
        .distinct()
        .limit(limit)
    )
    if among is not None:
        query = query.where(xet_file_xorb.c.xorb_hash.in_(among))
    return [XetHash(hash) for hash in read.execute(query).scalars()]


def find_xorbs(read: Read, hashes: Sequence[XetHash]) -> Mapping[XetHash, Xorb]:
    found: dict[XetHash, Xorb] = {}
    for some in batches(hashes):
        query = select(xet_xorb.c.hash, xet_xorb.c.key, xet_xorb.c.chunks).where(xet_xorb.c.hash.in_(some))
        for row in read.execute(query):
            found[XetHash(row.hash)] = Xorb(XetHash(row.hash), row.key, Chunks.unpack(row.chunks))
    return found


def batches(items: Iterable[T], size: int = BATCH) -> Iterator[list[T]]:
    rest = iter(items)
    while some := list(islice(rest, size)):
        yield some
