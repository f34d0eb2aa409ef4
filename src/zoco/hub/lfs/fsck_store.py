"""SQL that walks through LFS objects and who has them, and forgets those that are damaged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import delete, select

from zoco.adapters.db.engine import Read, Write
from zoco.adapters.db.tables import lfs_link, lfs_object
from zoco.core.ids import Sha256
from zoco.formats.xet.hashes import XetHash
from zoco.hub.lfs.store import LfsObject, batches


class LinkRow(NamedTuple):
    repo_key: int
    sha256: Sha256
    size: int


def objects(read: Read, repo_keys: Sequence[int] | None, after: str, limit: int) -> list[LfsObject]:
    """By their hash: all, or those that these repositories have."""
    query = select(lfs_object.c.sha256, lfs_object.c.size, lfs_object.c.key, lfs_object.c.xet_hash).where(
        lfs_object.c.sha256 > after
    )
    if repo_keys is not None:
        theirs = select(lfs_link.c.sha256).where(lfs_link.c.repo_id.in_(repo_keys))
        query = query.where(lfs_object.c.sha256.in_(theirs))
    rows = read.execute(query.order_by(lfs_object.c.sha256).limit(limit))
    return [LfsObject(Sha256(row.sha256), row.size, row.key, row.xet_hash) for row in rows]


def is_as(read: Read, seen: LfsObject) -> bool:
    query = select(lfs_object.c.key, lfs_object.c.xet_hash).where(lfs_object.c.sha256 == seen.sha256)
    row = read.execute(query).first()
    return row is not None and (row.key, row.xet_hash) == (seen.key, seen.xet_hash)


def holders(read: Read, sha256: Sha256) -> list[int]:
    query = select(lfs_link.c.repo_id).where(lfs_link.c.sha256 == sha256).order_by(lfs_link.c.repo_id)
    return list(read.execute(query).scalars())


def files_of(read: Read, repo_keys: Sequence[int]) -> list[XetHash]:
    theirs = select(lfs_link.c.sha256).where(lfs_link.c.repo_id.in_(repo_keys))
    query = select(lfs_object.c.xet_hash).where(lfs_object.c.sha256.in_(theirs), lfs_object.c.xet_hash.is_not(None))
    return sorted({XetHash(one) for one in read.execute(query.distinct()).scalars()})


def links_to(read: Read, shas: Sequence[Sha256]) -> list[LinkRow]:
    rows: list[LinkRow] = []
    for some in batches(shas):
        query = select(lfs_link.c.repo_id, lfs_link.c.sha256, lfs_link.c.size).where(lfs_link.c.sha256.in_(some))
        rows += [LinkRow(row[0], Sha256(row[1]), row[2]) for row in read.execute(query)]
    return rows


def resting_in(read: Read, files: Sequence[str]) -> list[Sha256]:
    found: list[Sha256] = []
    for some in batches(files):
        query = select(lfs_object.c.sha256).where(lfs_object.c.xet_hash.in_(some))
        found += [Sha256(one) for one in read.execute(query).scalars()]
    return found


def hold(write: Write, shas: Sequence[Sha256]) -> list[Sha256]:
    """Those that are there, until the transaction ends."""
    found: list[Sha256] = []
    for some in batches(sorted(set(shas))):
        held = select(lfs_object.c.sha256).where(lfs_object.c.sha256.in_(some)).order_by(lfs_object.c.sha256)
        found += [Sha256(one) for one in write.execute(held.with_for_update()).scalars()]
    return found


def forget(write: Write, shas: Sequence[Sha256]) -> list[str]:
    """Held objects, with all links to them. The keys their bytes had."""
    keys: list[str] = []
    for some in batches(shas):
        write.execute(delete(lfs_link).where(lfs_link.c.sha256.in_(some)))
        gone = delete(lfs_object).where(lfs_object.c.sha256.in_(some)).returning(lfs_object.c.key)
        keys += [key for key in write.execute(gone).scalars() if key]
    return keys
