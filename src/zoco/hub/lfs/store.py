"""The SQL of LFS objects, of which repository has which, and of what pointer blobs say.

An object row and its first link are born in one transaction; garbage collection takes the row before its bytes. Both
lock the object's row first, so that a link never points at a row that is being collected. Rows are locked in one order,
so that nobody waits in a circle: (Xet's xorbs and files,) objects, the repository, its links, each kind by its hash.
SQLite has one writer and locks no rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from sqlalchemy import delete, exists, func, literal, select, update

from zoco.adapters.db.engine import Read, Write
from zoco.adapters.db.tables import lfs_link, lfs_multipart, lfs_object, repo
from zoco.adapters.db.upsert import insert
from zoco.core.ids import Sha256
from zoco.jobs import doomed

T = TypeVar("T")

BATCH = 500
"""Values in one IN (…): SQLite takes at most 32,766 parameters, and small statements keep transactions short."""


@dataclass(frozen=True, slots=True)
class LfsObject:
    """A stored object: `key` names its bytes in the blob store, or `xet_hash` the Xet file they rest in (then `key`
    is empty)."""

    sha256: Sha256
    size: int
    key: str
    xet_hash: str | None = None


@dataclass(frozen=True, slots=True)
class PointerInfo:
    """What a pointer blob says, and how long it is itself."""

    sha256: Sha256
    size: int
    pointer_size: int


def linked(read: Read, repo_key: int, shas: Iterable[Sha256]) -> dict[Sha256, LfsObject]:
    """Those of `shas` that this repository has: never what others have."""
    query = (
        select(lfs_object.c.sha256, lfs_object.c.size, lfs_object.c.key, lfs_object.c.xet_hash)
        .join(lfs_link, lfs_link.c.sha256 == lfs_object.c.sha256)
        .where(lfs_link.c.repo_id == repo_key)
    )
    found: dict[Sha256, LfsObject] = {}
    for some in batches(shas):
        for row in read.execute(query.where(lfs_object.c.sha256.in_(some))):
            found[Sha256(row.sha256)] = LfsObject(Sha256(row.sha256), row.size, row.key, row.xet_hash)
    return found


def has_object(read: Read, sha256: Sha256) -> bool:
    return read.execute(select(lfs_object.c.sha256).where(lfs_object.c.sha256 == sha256)).first() is not None


def hold_object(write: Write, sha256: Sha256) -> LfsObject | None:
    """The object, which no other transaction can collect until this one ends."""
    row = write.execute(
        select(lfs_object.c.size, lfs_object.c.key, lfs_object.c.xet_hash)
        .where(lfs_object.c.sha256 == sha256)
        .with_for_update(read=True, key_share=True)
    ).first()
    return LfsObject(sha256, row.size, row.key, row.xet_hash) if row else None


def insert_object(write: Write, new: LfsObject, now_ms: int) -> LfsObject:
    """The object's row: `new`, or the one that another upload wrote first."""
    values = {"sha256": new.sha256, "size": new.size, "key": new.key, "xet_hash": new.xet_hash, "created_at": now_ms}
    while True:  # again, when the other's row is collected between the two statements
        write.execute(insert(write, lfs_object).values(values).on_conflict_do_nothing())
        if held := hold_object(write, new.sha256):
            return held


def link(write: Write, repo_key: int, of: LfsObject, user_id: int | None, now_ms: int) -> bool:
    """False when the repository has it already: then it is as fresh as if it had come now."""
    values = {
        "repo_id": repo_key,
        "sha256": of.sha256,
        "size": of.size,
        "user_id": user_id,
        "created_at": now_ms,
        "touched_at": now_ms,
    }
    new = insert(write, lfs_link).values(values).on_conflict_do_nothing().returning(lfs_link.c.sha256)
    while True:  # again, when the link is collected between the two statements
        if write.execute(new).first() is not None:  # psycopg tells no row count here
            return True
        if touch(write, repo_key, [of.sha256], now_ms):
            return False


def touched(read: Read, repo_key: int, shas: Iterable[Sha256]) -> dict[Sha256, int]:
    """When somebody was last told that they are here: of those of `shas` that this repository has."""
    query = select(lfs_link.c.sha256, lfs_link.c.touched_at).where(lfs_link.c.repo_id == repo_key)
    found: dict[Sha256, int] = {}
    for some in batches(shas):
        for row in read.execute(query.where(lfs_link.c.sha256.in_(some))):
            found[Sha256(row.sha256)] = row.touched_at
    return found


def touch(write: Write, repo_key: int, shas: Iterable[Sha256], now_ms: int) -> set[Sha256]:
    """Those that are still there: garbage collection leaves them alone for the grace time from now."""
    kept: set[Sha256] = set()
    for some in batches(sorted(set(shas))):
        mine = (lfs_link.c.repo_id == repo_key) & lfs_link.c.sha256.in_(some)
        # locked in one order: whoever touches the same waits, and none for ever
        held = select(lfs_link.c.sha256).where(mine).order_by(lfs_link.c.sha256).with_for_update()
        here = [Sha256(sha) for sha in write.execute(held).scalars()]
        mine = (lfs_link.c.repo_id == repo_key) & lfs_link.c.sha256.in_(here)
        write.execute(update(lfs_link).where(mine).values(touched_at=now_ms))
        kept.update(here)
    return kept


def copy_links(write: Write, source_key: int, target_key: int, user_id: int | None, now_ms: int) -> int:
    """To a repository that has none yet. How many bytes they stand for."""
    theirs = select(
        literal(target_key),
        lfs_link.c.sha256,
        lfs_link.c.size,
        literal(user_id, lfs_link.c.user_id.type),
        literal(now_ms),
        literal(now_ms),
    ).where(lfs_link.c.repo_id == source_key)
    columns = ["repo_id", "sha256", "size", "user_id", "created_at", "touched_at"]
    write.execute(lfs_link.insert().from_select(columns, theirs))
    total = select(func.coalesce(func.sum(lfs_link.c.size), 0)).where(lfs_link.c.repo_id == target_key)
    return int(write.execute(total).scalar_one())


def unlink(write: Write, repo_key: int, shas: Iterable[Sha256]) -> int:
    """Bytes that the repository no longer uses."""
    freed = 0
    for some in batches(shas):
        mine = (lfs_link.c.repo_id == repo_key) & lfs_link.c.sha256.in_(some)
        held = select(lfs_link.c.size).where(mine).order_by(lfs_link.c.sha256).with_for_update()
        freed += sum(write.execute(held).scalars())
        write.execute(delete(lfs_link).where(mine))
    return freed


def hold_repo(write: Write, repo_key: int) -> None:
    """Before any of its links: garbage collection holds the repository and then links."""
    write.execute(select(repo.c.id).where(repo.c.id == repo_key).with_for_update(key_share=True))


def add_used_storage(write: Write, repo_key: int, size_bytes: int) -> None:
    """`repo.used_storage` is a sum over this room's links, so this room keeps it."""
    new = repo.c.used_storage + size_bytes
    write.execute(update(repo).where(repo.c.id == repo_key).values(used_storage=new))


def unlinked(read: Read, created_before_ms: int, after: str, limit: int) -> list[Sha256]:
    """Objects that no repository has, by their hash and from `after` on: a pass reads the table once."""
    has_link = exists().where(lfs_link.c.sha256 == lfs_object.c.sha256)
    query = (
        select(lfs_object.c.sha256)
        .where(~has_link, lfs_object.c.created_at <= created_before_ms, lfs_object.c.sha256 > after)
        .order_by(lfs_object.c.sha256)
        .limit(limit)
    )
    return [Sha256(sha) for sha in read.execute(query).scalars()]


def forget_unlinked(write: Write, shas: Sequence[Sha256], delete_at_ms: int) -> list[LfsObject]:
    """The objects that still have no link are forgotten, and their bytes noted for deletion. One that rests in Xet has
    none of its own: its file goes when no object names it."""
    rows = select(lfs_object.c.sha256).where(lfs_object.c.sha256.in_(shas)).order_by(lfs_object.c.sha256)
    held = write.execute(rows.with_for_update()).scalars().all()
    # a statement of its own: it sees the links of whoever held the rows until now
    has_link = exists().where(lfs_link.c.sha256 == lfs_object.c.sha256)
    columns = (lfs_object.c.sha256, lfs_object.c.size, lfs_object.c.key, lfs_object.c.xet_hash)
    free = [
        LfsObject(Sha256(row.sha256), row.size, row.key, row.xet_hash)
        for row in write.execute(select(*columns).where(lfs_object.c.sha256.in_(held), ~has_link))
    ]
    if free:
        doomed.doom(write, [one.key for one in free if one.key], delete_at_ms)
        write.execute(delete(lfs_object).where(lfs_object.c.sha256.in_([one.sha256 for one in free])))
    return free


def named(read: Read, keys: Sequence[str]) -> set[str]:
    """Those of the store's keys that an object has, or an upload in parts will."""
    return {
        key
        for column in (lfs_object.c.key, lfs_multipart.c.key)
        for some in batches(keys)
        for key in read.execute(select(column).where(column.in_(some))).scalars()
    }


def batches(items: Iterable[T], size: int = BATCH) -> Iterable[list[T]]:
    rest = iter(items)
    while some := list(islice(rest, size)):
        yield some
