"""The SQL between LFS objects and the Xet files they rest in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from sqlalchemy import select, update

from zoco.adapters.db.engine import Read, Write
from zoco.adapters.db.tables import lfs_link, lfs_object, xet_file_xorb
from zoco.formats.xet.hashes import XetHash
from zoco.hub.lfs.store import LfsObject, batches

_WITH_LINKS = lfs_object.join(lfs_link, lfs_link.c.sha256 == lfs_object.c.sha256)


def is_linked(read: Read, repo_key: int, file: XetHash) -> bool:
    query = select(lfs_link.c.sha256).select_from(_WITH_LINKS)
    query = query.where(lfs_object.c.xet_hash == file, lfs_link.c.repo_id == repo_key)
    return read.execute(query.limit(1)).first() is not None


def is_xorb_linked(read: Read, repo_key: int, xorb: XetHash) -> bool:
    files = _WITH_LINKS.join(xet_file_xorb, xet_file_xorb.c.file_hash == lfs_object.c.xet_hash)
    query = select(lfs_link.c.sha256).select_from(files)
    query = query.where(xet_file_xorb.c.xorb_hash == xorb, lfs_link.c.repo_id == repo_key)
    return read.execute(query.limit(1)).first() is not None


def holders(read: Read, files: Iterable[XetHash]) -> Mapping[XetHash, frozenset[int]]:
    found: dict[XetHash, set[int]] = defaultdict(set)
    for some in batches(files):
        query = select(lfs_object.c.xet_hash, lfs_link.c.repo_id).select_from(_WITH_LINKS)
        for row in read.execute(query.where(lfs_object.c.xet_hash.in_(some))):
            found[XetHash(row.xet_hash)].add(row.repo_id)
    return {file: frozenset(keys) for file, keys in found.items()}


def move_into(write: Write, held: LfsObject, file: XetHash) -> None:
    write.execute(update(lfs_object).where(lfs_object.c.sha256 == held.sha256).values(key="", xet_hash=file))
