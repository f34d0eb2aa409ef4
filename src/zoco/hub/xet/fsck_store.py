"""SQL that walks through the xorbs and Xet files, and forgets those that are damaged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import delete, select

from zoco.adapters.db.engine import Read, Write
from zoco.adapters.db.tables import xet_file, xet_file_xorb, xet_xorb
from zoco.core.ids import Sha256
from zoco.formats.xet.hashes import XetHash


class XorbRow(NamedTuple):
    """`chunks` as stored: they may be damaged too."""

    hash: XetHash
    key: str
    size: int
    chunks: bytes


class FileRow(NamedTuple):
    hash: XetHash
    sha256: Sha256
    size: int
    terms: bytes


def xorb_hashes(read: Read, after: str, limit: int) -> list[XetHash]:
    query = select(xet_xorb.c.hash).where(xet_xorb.c.hash > after).order_by(xet_xorb.c.hash).limit(limit)
    return [XetHash(one) for one in read.execute(query).scalars()]


def file_hashes(read: Read, after: str, limit: int) -> list[XetHash]:
    query = select(xet_file.c.hash).where(xet_file.c.hash > after).order_by(xet_file.c.hash).limit(limit)
    return [XetHash(one) for one in read.execute(query).scalars()]


def xorbs_used(read: Read, files: Sequence[XetHash]) -> set[XetHash]:
    query = select(xet_file_xorb.c.xorb_hash).where(xet_file_xorb.c.file_hash.in_(files)).distinct()
    return {XetHash(one) for one in read.execute(query).scalars()}


def xorb(read: Read, hash: XetHash) -> XorbRow | None:
    columns = (xet_xorb.c.hash, xet_xorb.c.key, xet_xorb.c.size, xet_xorb.c.chunks)
    row = read.execute(select(*columns).where(xet_xorb.c.hash == hash)).first()
    return XorbRow(*row) if row else None


def file(read: Read, hash: XetHash) -> FileRow | None:
    columns = (xet_file.c.hash, xet_file.c.sha256, xet_file.c.size, xet_file.c.terms)
    row = read.execute(select(*columns).where(xet_file.c.hash == hash)).first()
    return FileRow(*row) if row else None


def files_using(read: Read, xorbs: Sequence[str]) -> list[str]:
    query = select(xet_file_xorb.c.file_hash).where(xet_file_xorb.c.xorb_hash.in_(xorbs)).distinct()
    return list(read.execute(query).scalars())


def hold_xorbs(write: Write, hashes: Sequence[str]) -> None:
    query = select(xet_xorb.c.hash).where(xet_xorb.c.hash.in_(hashes)).order_by(xet_xorb.c.hash)
    write.execute(query.with_for_update())


def hold_files(write: Write, hashes: Sequence[str]) -> list[str]:
    query = select(xet_file.c.hash).where(xet_file.c.hash.in_(hashes)).order_by(xet_file.c.hash)
    return list(write.execute(query.with_for_update()).scalars())


def forget_files(write: Write, hashes: Sequence[str]) -> None:
    write.execute(delete(xet_file).where(xet_file.c.hash.in_(hashes)))


def forget_xorbs(write: Write, hashes: Sequence[str]) -> list[str]:
    """Their keys."""
    gone = delete(xet_xorb).where(xet_xorb.c.hash.in_(hashes)).returning(xet_xorb.c.key)
    return list(write.execute(gone).scalars())
