"""The SQL of file locks: one for each path of a repository. They go with their owner and with the repository."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from sqlalchemy import Row, Select, delete, select

from zoco.adapters.db.engine import Read, Write
from zoco.adapters.db.tables import lfs_lock, namespace
from zoco.adapters.db.upsert import insert
from zoco.formats.lfs.locks import LocksQuery


@dataclass(frozen=True, slots=True)
class Lock:
    id: int
    path: str
    ref: str | None
    owner_id: int
    owner: str
    locked_at_ms: int


def take(write: Write, repo_key: int, path: str, ref: str | None, user_id: int, now_ms: int) -> tuple[Lock, bool]:
    """The lock, and whether it is new: else somebody has it."""
    values = {
        "repo_id": repo_key,
        "path_hash": _hash(path),
        "path": path,
        "ref": ref,
        "user_id": user_id,
        "locked_at": now_ms,
    }
    new = insert(write, lfs_lock).values(values).on_conflict_do_nothing().returning(lfs_lock.c.id)
    while True:  # again, when the other's lock ends between the two statements
        is_new = write.execute(new).first() is not None
        if held := find_by_path(write, repo_key, path):
            return held, is_new


def find(read: Read, repo_key: int, id: int) -> Lock | None:
    return _one(read, _locks(repo_key).where(lfs_lock.c.id == id))


def find_by_path(read: Read, repo_key: int, path: str) -> Lock | None:
    return _one(read, _locks(repo_key).where(lfs_lock.c.path_hash == _hash(path)))


def page(read: Read, repo_key: int, asked: LocksQuery, limit: int) -> list[Lock]:
    """The oldest first."""
    query = _locks(repo_key).where(lfs_lock.c.id > asked.after).order_by(lfs_lock.c.id).limit(limit)
    if asked.id is not None:
        query = query.where(lfs_lock.c.id == asked.id)
    if asked.path is not None:
        query = query.where(lfs_lock.c.path_hash == _hash(asked.path))
    return [_lock(row) for row in read.execute(query)]


def drop(write: Write, repo_key: int, id: int) -> bool:
    """Whether it was still there."""
    gone = delete(lfs_lock).where(lfs_lock.c.repo_id == repo_key, lfs_lock.c.id == id).returning(lfs_lock.c.id)
    return write.execute(gone).first() is not None


def _locks(repo_key: int) -> Select[tuple[object, ...]]:
    return (
        select(
            lfs_lock.c.id,
            lfs_lock.c.path,
            lfs_lock.c.ref,
            lfs_lock.c.user_id,
            namespace.c.name,
            lfs_lock.c.locked_at,
        )
        .join(namespace, namespace.c.id == lfs_lock.c.user_id)
        .where(lfs_lock.c.repo_id == repo_key)
    )


def _one(read: Read, query: Select[tuple[object, ...]]) -> Lock | None:
    row = read.execute(query).first()
    return _lock(row) if row else None


def _lock(row: Row[tuple[object, ...]]) -> Lock:
    return Lock(row.id, row.path, row.ref, row.user_id, row.name, row.locked_at)


def _hash(path: str) -> str:
    return hashlib.sha256(path.encode()).hexdigest()
